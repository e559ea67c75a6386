"""Losses of all documents with all heads, without the retrieval heads, and without as many others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seme.experiment import Context
from seme.experiments.attention_influence.scorer import Document, Subject
from seme.experiments.keeping import kept
from seme.interp.heads import Head, MaskedHeads, draw_heads, head_mask
from seme.interp.influence import attention_influence, masked_losses

if TYPE_CHECKING:
    from seme.experiments.p07_attention_influence import AttentionInfluenceSettings

Floats = npt.NDArray[np.float64]
_TOGETHER = 24


@dataclass(frozen=True, slots=True)
class Scored:
    """Of all documents: losses, and which documents are of which kind.

    Attributes
    ----------
    base, uniform, zero
        (documents,): with all heads, with the heads made uniform, and with them silent.
    random
        Without as many random heads, by document: (draws,); only some documents have them.
    passes
        Share of the model's blocks computed for each document in both passes.
    """

    base: Floats
    uniform: Floats
    zero: Floats
    random: dict[int, Floats]
    passes: float
    kinds: tuple[str, ...]

    @property
    def scores(self) -> Floats:
        """AttentionInfluence of each document."""
        return np.asarray((self.uniform - self.base) / self.base)

    def of(self, kind: str) -> npt.NDArray[np.int64]:
        """Return the numbers of the documents of a kind."""
        return np.flatnonzero([one == kind for one in self.kinds])


def score(subject: Subject, heads: Sequence[Head], settings: AttentionInfluenceSettings, context: Context) -> Scored:
    """Score all documents."""
    documents = subject.documents
    parts = [documents[start : start + _TOGETHER] for start in range(0, len(documents), _TOGETHER)]
    found = [_losses(subject, part, heads, settings, context) for part in context.progress(parts, "Scoring documents")]
    base, uniform, zero = (np.concatenate([one[name] for one in found]) for name in ("base", "uniform", "zero"))
    kinds = tuple(one.kind for one in documents)
    chosen = _controls(kinds, settings.controls)
    random = _random_losses(subject, chosen, heads, settings, context)
    return Scored(base, uniform, zero, dict(zip(chosen, random.T, strict=True)), float(found[0]["passes"]), kinds)


def _losses(
    subject: Subject, part: Sequence[Document], heads: Sequence[Head], settings: AttentionInfluenceSettings,
    context: Context,
) -> dict[str, Any]:  # fmt: skip
    def measure() -> dict[str, Any]:
        ids, mask = [one.ids for one in part], head_mask(subject.model, heads)
        patches = [MaskedHeads(mask, "uniform"), MaskedHeads(mask, "zero")]
        base, (uniform, zero), _ = masked_losses(subject.model, ids, patches)
        passes = attention_influence(subject.model, ids[:1], heads).passes
        return {"base": base.tolist(), "uniform": uniform.tolist(), "zero": zero.tolist(), "passes": passes}

    key = ("losses", settings.model, context.seed, tuple(heads), [one.ids for one in part])
    return kept(context.cache / "attention-influence", key, measure)


def _controls(kinds: Sequence[str], count: int) -> list[int]:
    look_ups = [number for number, kind in enumerate(kinds) if kind == "look-up"]
    shuffled = [number for number, kind in enumerate(kinds) if kind == "documentation, tokens shuffled"]
    return look_ups[:count] + shuffled[:count]


def _random_losses(
    subject: Subject, chosen: Sequence[int], heads: Sequence[Head], settings: AttentionInfluenceSettings,
    context: Context,
) -> Floats:  # fmt: skip
    """Return the losses without random heads, none of which is among those masked, (draws, documents)."""
    config = subject.model.config
    shape, rng = (int(config.num_hidden_layers), int(config.num_attention_heads)), context.rng("random heads")
    ids = [subject.documents[one].ids for one in chosen]

    def measured(drawn: Sequence[Head]) -> list[float]:
        def measure() -> dict[str, Any]:
            patch = MaskedHeads(head_mask(subject.model, drawn), "uniform")
            _, (losses,), _ = masked_losses(subject.model, ids, [patch])
            return {"losses": losses.tolist()}

        key = ("random", settings.model, context.seed, tuple(drawn), ids)
        found: list[float] = kept(context.cache / "attention-influence", key, measure)["losses"]
        return found

    sets = [draw_heads(rng, shape, len(heads), excluded=heads) for _ in range(settings.draws)]
    return np.array([measured(one) for one in context.progress(sets, "Random heads")])
