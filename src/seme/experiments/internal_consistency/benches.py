"""What is measured once for each task: sampled paths, the greedy path, and the answer without a rationale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seme.errors import InputError
from seme.experiment import Context
from seme.experiments.internal_consistency import deduction
from seme.experiments.internal_consistency.bench import DEDUCTION, Bench, Source
from seme.experiments.internal_consistency.choosing import choose
from seme.experiments.internal_consistency.language import Language, of_task
from seme.interp.consistency import Paths
from seme.interp.uncertainty import Drawing, sample
from seme.report import Report

if TYPE_CHECKING:
    from seme.experiments.p51_internal_consistency import InternalConsistencySettings


def measure(report: Report, settings: InternalConsistencySettings, context: Context) -> list[Bench]:
    """Sample and read all tasks of the language model, and train and read the small ones."""
    language = Language(settings, context)
    askings, questions = choose(report, language)
    benches = [of_task(asking, questions[asking.task], language) for asking in askings]
    for seed in range(settings.seeds):
        benches.append(_of_deduction(context.seed + seed, settings, context))
    dropped = sum(one.dropped for one in benches)
    total = dropped + sum(len(one.paths.probs) for one in benches)
    report.note(
        f"{dropped} of {total} sampled paths were cut before a full stop, and dropped. Rationales are kept up to their "
        f"last full stop, and the answer is read behind a cue. {settings.model} is too weak for PrOntoQA or CoinFlip "
        "as they are: coin flips of two or three people, WordNet's animals and plants, parity and comparison of "
        f"numbers, and short film reviews stand in, {settings.questions} questions each with {settings.paths} paths; "
        f"and models of {settings.depth} blocks, trained from scratch on deduction by steps of and, or and differs, "
        f"with {settings.deduction_paths} paths at temperature 1 of {settings.deductions} questions. "
        "Their rationales leave the last two steps to the answer: in a trial with whole rationales, the answer was a "
        "copy of the last digit from the second block on."
    )
    return benches


def _of_deduction(seed: int, settings: InternalConsistencySettings, context: Context) -> Bench:
    """Train a model and read its own rationales of new questions."""
    model, tokenizer = deduction.train(settings, seed, context), deduction.tokenizer()
    rng = context.rng("deductions", seed)
    asked = [deduction.deduce(rng) for _ in range(settings.deductions)]
    prompts = [one.prompt for one in asked]
    drawn = sample(
        model, tokenizer, prompts, settings.deduction_paths, Drawing(8, stop="."), seed=seed, batch=len(prompts)
    )
    likeliest = sample(model, tokenizer, prompts, 1, Drawing(8, temperature=0, stop="."), batch=len(prompts))
    sampled, greedy = (
        [
            (number, f"{told}{one.text}.=")
            for number, (told, row) in enumerate(zip(prompts, rows, strict=True))
            for one in row
            if one.ended
        ]
        for rows in (drawn, likeliest)
    )
    if not sampled or not greedy:
        raise InputError(
            f"--steps is {settings.steps}: no rationale of the small model of seed {seed} comes to an end",
            hint="Train it longer",
        )
    direct = [(number, f"{one.prompt}=") for number, one in enumerate(asked)]
    read = {
        name: Paths.read(
            model, tokenizer, [text for _, text in texts], [number for number, _ in texts], ("T", "F"), batch=512
        )
        for name, texts in (("paths", sampled), ("greedy", greedy), ("direct", direct))
    }
    truth = np.array([0 if one.true else 1 for one in asked])
    dropped = settings.deduction_paths * len(asked) - len(sampled)
    parts = [("", prompts[number], text[len(prompts[number]) : -1], "=") for number, text in sampled]
    key = (DEDUCTION, settings.depth, settings.width, settings.steps, seed)
    source = Source(lambda: (model, tokenizer), parts, ("T", "F"), key)
    return Bench(f"{DEDUCTION}, seed {seed}", read["paths"], read["greedy"], read["direct"], truth, source, dropped)
