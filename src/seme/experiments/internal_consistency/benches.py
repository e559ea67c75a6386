"""What is measured once for each task: sampled paths, the greedy path, and the answer without a rationale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seme.assets import load_language_model
from seme.assets.language_models import LanguageModel
from seme.errors import InputError
from seme.experiment import Context
from seme.experiments.internal_consistency import deduction
from seme.experiments.internal_consistency.questions import (
    CUE,
    LABELS,
    ask,
    direct_prompt,
    prompt,
    whole_sentences,
)
from seme.experiments.keeping import kept
from seme.interp.consistency import Balanced, InternalConsistency, Paths, latent_predictions
from seme.interp.uncertainty import Drawing, Generation, sample
from seme.report import Report

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from seme.experiments.p51_internal_consistency import InternalConsistencySettings

_PART = 8
"""Questions that are sampled and read at a time, and kept."""
DEDUCTION = "deduction"


@dataclass(frozen=True)
class Bench:
    """A task of a model: paths, the greedy path and the direct answer of each question, the right label (0 is true).

    Thresholds are fitted on the sampled paths themselves, as in the paper; greedy paths take the same.
    """

    name: str
    paths: Paths
    greedy: Paths
    direct: Paths
    truth: npt.NDArray[np.int64]
    dropped: int = 0

    @cached_property
    def balanced(self) -> Balanced:
        """Thresholds of the sampled paths."""
        return Balanced().fit(self.paths)

    @cached_property
    def said(self) -> npt.NDArray[np.int64]:
        """What each layer says on each sampled path (paths, layers)."""
        return self.balanced.predict(self.paths)

    @cached_property
    def correct(self) -> npt.NDArray[np.bool_]:
        """Whether each sampled path's answer is right."""
        return np.asarray(self.said[:, -1] == self.truth[self.paths.questions])

    @cached_property
    def consistency(self) -> npt.NDArray[np.float64]:
        """Internal consistency of each sampled path."""
        return InternalConsistency(self.balanced)(self.paths)

    @property
    def family(self) -> str:
        """The task, without the seed of the model."""
        return self.name.partition(",")[0]


def measure(report: Report, settings: InternalConsistencySettings, context: Context) -> list[Bench]:
    """Sample and read all tasks of the language model, and train and read the small ones."""
    language = _Language(settings, context)
    benches = [_of_task(task, language) for task in settings.tasks]
    for seed in range(settings.seeds):
        benches.append(_of_deduction(context.seed + seed, settings, context))
    dropped = sum(one.dropped for one in benches)
    total = dropped + sum(len(one.paths.probs) for one in benches)
    report.note(
        f"{dropped} of {total} sampled paths were cut before a full stop, and dropped. Rationales are kept up to their "
        f"last full stop, and the answer is read behind the cue {CUE.strip()!r}. {settings.model} is too weak for "
        "PrOntoQA or CoinFlip as they are: coin flips of two or three people, WordNet's categories, parity and "
        f"comparison of numbers stand in, {settings.questions} questions each with {settings.paths} paths; and models "
        f"of {settings.depth} blocks, trained from scratch on deduction by steps of and, or and differs, with "
        f"{settings.deduction_paths} paths at temperature 1 of {settings.deductions} questions. "
        "Their rationales leave the last two steps to the answer: in a trial with whole rationales, the answer was a "
        "copy of the last digit from the second block on."
    )
    return benches


class _Language:
    def __init__(self, settings: InternalConsistencySettings, context: Context) -> None:
        self.settings, self.context = settings, context

    @cached_property
    def loaded(self) -> LanguageModel:
        return load_language_model(self.settings.model, device=self.context.device)


def _of_task(task: str, language: _Language) -> Bench:
    """Work through a task's questions part by part, each of which is kept."""
    settings, context = language.settings, language.context
    questions = ask(task, settings.questions, context.rng("questions", task))
    parts = []
    for start in context.progress(range(0, len(questions), _PART), f"Reasoning: {task}"):
        part = questions[start : start + _PART]
        prompts, direct = ([form(task, one) for one in part] for form in (prompt, direct_prompt))
        drawing = Drawing(settings.longest, settings.temperature, settings.top_p)
        key = ("paths", settings.model, prompts, direct, settings.paths, asdict(drawing), context.seed)
        parts.append(kept(context.cache, key, partial(_read_part, language, prompts, direct, drawing, start)))
    shift = [start * _PART for start in range(len(parts))]
    sampled, greedy, plain = (
        Paths.of(
            np.concatenate([np.array(one[name]["probs"]) for one in parts if one[name]["probs"]]),
            np.concatenate(
                [np.array(one[name]["questions"], dtype=np.int64) + s for one, s in zip(parts, shift, strict=True)]
            ),
        )
        for name in ("sampled", "greedy", "direct")
    )
    truth = np.array([0 if one.true else 1 for one in questions])
    return Bench(task, sampled, greedy, plain, truth, sum(one["dropped"] for one in parts))


def _read_part(
    language: _Language, prompts: list[str], direct: list[str], drawing: Drawing, start: int
) -> dict[str, Any]:
    settings = language.settings
    model, tokenizer = language.loaded.model, language.loaded.tokenizer
    seed = int(language.context.rng("draws", prompts, start).integers(2**62))
    drawn = sample(model, tokenizer, prompts, settings.paths, drawing, seed=seed, batch=len(prompts))
    likeliest = sample(
        model, tokenizer, prompts, 1, Drawing(drawing.longest, temperature=0), batch=len(prompts)
    )  # fmt: skip
    sampled, dropped = _behind(prompts, drawn)
    greedy, _ = _behind(prompts, likeliest)
    return {
        "sampled": _probs(model, tokenizer, sampled),
        "greedy": _probs(model, tokenizer, greedy),
        "direct": _probs(model, tokenizer, list(enumerate(direct))),
        "dropped": dropped,
    }


def _behind(prompts: Sequence[str], drawn: Sequence[Sequence[Generation]]) -> tuple[list[tuple[int, str]], int]:
    """Return the number of each path's question and what the answer follows, and how many paths were dropped."""
    found, dropped = [], 0
    for number, (told, row) in enumerate(zip(prompts, drawn, strict=True)):
        for one in row:
            rationale = whole_sentences(one.text)
            if rationale is None:
                dropped += 1
            else:
                found.append((number, f"{told} {rationale}{CUE}"))
    return found, dropped


def _probs(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: list[tuple[int, str]]
) -> dict[str, list[Any]]:
    if not texts:
        return {"probs": [], "questions": []}
    numbers = [number for number, _ in texts]
    probs = latent_predictions(model, tokenizer, [text for _, text in texts], LABELS, groups=numbers, batch=64)
    return {"probs": np.round(probs, 8).tolist(), "questions": numbers}


def _of_deduction(seed: int, settings: InternalConsistencySettings, context: Context) -> Bench:
    """Train a model and read its own rationales of new questions."""
    model, tokenizer = deduction.train(settings, seed, context), deduction.tokenizer()
    rng = context.rng("deductions", seed)
    asked = [deduction.deduce(rng) for _ in range(settings.deductions)]
    prompts = [one.prompt for one in asked]
    drawn = sample(
        model, tokenizer, prompts, settings.deduction_paths, Drawing(8, stop="."), seed=seed, batch=len(prompts)
    )  # fmt: skip
    likeliest = sample(model, tokenizer, prompts, 1, Drawing(8, temperature=0, stop="."), batch=len(prompts))
    sampled, greedy = (
        [(number, f"{told}{one.text}.=") for number, (told, row) in enumerate(zip(prompts, rows, strict=True))
         for one in row if one.ended]
        for rows in (drawn, likeliest)
    )  # fmt: skip
    if not sampled or not greedy:
        raise InputError(
            f"--steps is {settings.steps}: no rationale of the small model of seed {seed} comes to an end",
            hint="Train it longer",
        )
    direct = [(number, f"{one.prompt}=") for number, one in enumerate(asked)]
    read = {
        name: Paths.read(model, tokenizer, [text for _, text in texts], [number for number, _ in texts], ("T", "F"),
                         batch=512)
        for name, texts in (("paths", sampled), ("greedy", greedy), ("direct", direct))
    }  # fmt: skip
    truth = np.array([0 if one.true else 1 for one in asked])
    dropped = settings.deduction_paths * len(asked) - len(sampled)
    return Bench(f"{DEDUCTION}, seed {seed}", read["paths"], read["greedy"], read["direct"], truth, dropped)
