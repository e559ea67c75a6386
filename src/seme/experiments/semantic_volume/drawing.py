"""The models, and samples that are drawn once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from seme.assets import load_language_model, load_sentence_encoder
from seme.assets.language_models import LanguageModel
from seme.assets.wordnet import Synset, synsets
from seme.experiment import Context
from seme.experiments.keeping import kept
from seme.interp.uncertainty import Drawing, Generation, Judgement, Samples, sample

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from seme.experiments.p34_semantic_volume import SemanticVolumeSettings

_BATCH = 12


class Models:
    """The language model that answers and the encoder, each loaded when it is first needed."""

    def __init__(self, settings: SemanticVolumeSettings, context: Context) -> None:
        self.settings, self.context = settings, context

    @cached_property
    def language(self) -> LanguageModel:
        """The language model."""
        return load_language_model(self.settings.model, device=self.context.device)

    @cached_property
    def nouns(self) -> dict[str, Synset]:
        """WordNet's nouns by their ids."""
        return {one.id: one for one in synsets("noun")}

    @cached_property
    def encoder(self) -> SentenceTransformer:
        """The sentence encoder."""
        return load_sentence_encoder(self.settings.encoder, device=self.context.device)

    def encode(self, texts: list[str]) -> np.ndarray:
        """Return embeddings (texts, d)."""
        return np.asarray(self.encoder.encode(texts, batch_size=64, show_progress_bar=False))

    def draw(self, prompts: Sequence[str], count: int, drawing: Drawing, label: str) -> list[list[Generation]]:
        """Sample continuations batch by batch; a run that was broken off goes on at the batch it was at."""
        found: list[list[Generation]] = []
        for start in self.context.progress(range(0, len(prompts), _BATCH), label):
            part = list(prompts[start : start + _BATCH])
            key = ("samples", self.settings.model, part, count, asdict(drawing), self.context.seed)
            made = kept(self.context.cache, key, partial(self._made, part, count, drawing, start))
            found += [[Generation(t, np.array(p), np.array(e), end) for t, p, e, end in row] for row in made["rows"]]
        return found

    def judge(self, samples: Samples, judgement: tuple[str, str, str], label: str) -> np.ndarray:
        """Return the probability of the second word after a template, of the two."""
        template, certain, uncertain = judgement

        def made() -> dict[str, list[float]]:
            self.context.say(label)
            model = self.language
            score = Judgement(model.model, model.tokenizer, template, certain, uncertain)
            return {"scores": score(samples).tolist()}

        key = ("judgement", self.settings.model, judgement, samples.questions, samples.texts)
        return np.array(kept(self.context.cache, key, made)["scores"])

    def _made(self, prompts: list[str], count: int, drawing: Drawing, start: int) -> dict[str, Any]:
        seed = int(self.context.rng("draws", drawing.longest, count, start).integers(2**62))
        rows = sample(
            self.language.model, self.language.tokenizer, prompts, count, drawing, seed=seed, batch=len(prompts)
        )
        return {"rows": [[(g.text, g.log_probs.tolist(), g.entropies.tolist(), g.ended) for g in row] for row in rows]}
