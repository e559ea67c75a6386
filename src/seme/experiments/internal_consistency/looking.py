"""Inside the blocks: probes of attention and FFN, where attention looks, and which value vectors promote the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seme.experiment import Context
from seme.experiments.internal_consistency.bench import Bench
from seme.experiments.internal_consistency.layers import kinds
from seme.experiments.internal_consistency.measures import Floats, band, resampled
from seme.experiments.intervals import interval
from seme.experiments.keeping import kept
from seme.interp.consistency import attention_mass, read_modules
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p51_internal_consistency import InternalConsistencySettings

_FOLDS, _RIDGE = 5, 100.0
_EACH = 5
"""Of the paths that are looked into, every fifth one's attention is read, for whole prompts take long."""
_TOP = 10
"""Value vectors of a block that count."""
_THIRDS = (1 / 3, 2 / 3)


@dataclass(frozen=True, slots=True)
class Looks:
    """By path and block: whether probes were right, how far value vectors promote the path's own answer, and attention.

    `attention`, `ffn` and `promoting` are (paths, blocks) of the questions (paths,); `mass` is (some paths, blocks, 3)
    on question, rationale and cue, of `mass_questions`. `floor` is what a probe that knows nothing would reach.
    """

    questions: npt.NDArray[np.int64]
    attention: Floats
    ffn: Floats
    promoting: Floats
    mass_questions: npt.NDArray[np.int64]
    mass: Floats
    floor: float


def add(report: Report, benches: list[Bench], settings: InternalConsistencySettings, context: Context) -> None:
    """Look into the blocks of both kinds of models."""
    found = {one.name: _look(one, settings, context) for one in context.progress(benches, "Looking into blocks")}
    drawn = {
        name: _Drawn.of([found[one.name] for one in chosen], settings.resamples, context.rng("looks", name))
        for name, chosen in kinds(benches).items()
    }
    for name, one in drawn.items():
        _claim(report, name, one)
    _draw(report, drawn)
    report.note(
        f"Modules were read at the last position, on at most {settings.analysed} paths of a task, and attention on "
        f"every fifth of these. Probes are ridge classifiers of the right answer, with {_FOLDS} folds that keep a "
        "question's paths together. A value vector promotes an answer if, times its activation, it raises that "
        f"answer's logit; of the {_TOP} strongest of each block it is the share that does, above the share on the mean "
        "path, so that a lean towards one label counts for nothing."
    )


def _look(bench: Bench, settings: InternalConsistencySettings, context: Context) -> Looks:
    rng = context.rng("looked", bench.name)
    total = len(bench.source.parts)
    places = np.sort(rng.permutation(total)[: settings.analysed])
    said = bench.said[places, -1]
    parts = [bench.source.parts[place] for place in places]
    key = ("looks", bench.source.key, bench.source.labels, parts, said.tolist(), _FOLDS, _RIDGE, _TOP, _EACH)
    made = kept(context.cache, key, partial(_measured, bench, places, said))
    questions = bench.paths.questions[places]
    share = float((bench.truth[questions] == 0).mean())
    attention, ffn, promoting = (np.array(made[name], dtype=np.float64) for name in ("attention", "ffn", "promoting"))
    return Looks(
        questions, attention, ffn, promoting, questions[::_EACH], np.array(made["mass"]), max(share, 1 - share)
    )


def _measured(bench: Bench, places: npt.NDArray[np.int64], said: npt.NDArray[np.int64]) -> dict[str, Any]:
    model, tokenizer = bench.source.load()
    parts = [bench.source.parts[place] for place in places]
    questions = bench.paths.questions[places]
    read = read_modules(
        model, tokenizer, ["".join(one) for one in parts], bench.source.labels, top=_TOP, groups=questions, batch=24
    )
    lean = read.promoting[:, :, 0] - read.promoting[:, :, 0].mean(0)
    mass = attention_mass(model, tokenizer, parts[::_EACH])[:, :, 1:]
    truth = bench.truth[questions]
    return {
        "attention": _probed(read.attention, truth, questions).tolist(),
        "ffn": _probed(read.ffn, truth, questions).tolist(),
        "promoting": np.where(said[:, None] == 0, lean, -lean).astype(float).round(6).tolist(),
        "mass": mass.astype(float).round(6).tolist(),
    }


def _probed(outputs: npt.NDArray[np.float32], truth: npt.NDArray[np.int64], questions: npt.NDArray[np.int64]) -> Floats:
    """Return whether a probe of each block, fitted on other questions, says the right answer (paths, blocks)."""
    from sklearn.linear_model import RidgeClassifier  # noqa: PLC0415
    from sklearn.model_selection import GroupKFold  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    right = np.zeros(outputs.shape[:2])
    folds = GroupKFold(min(_FOLDS, len(np.unique(questions))))
    for fit, test in folds.split(outputs[:, 0], groups=questions):
        for block in range(outputs.shape[1]):
            if len(np.unique(truth[fit])) < 2:
                right[test, block] = truth[test] == truth[fit][0]
                continue
            probe = make_pipeline(StandardScaler(), RidgeClassifier(_RIDGE)).fit(outputs[fit, block], truth[fit])
            right[test, block] = probe.predict(outputs[test, block]) == truth[test]
    return right


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Means over tasks and their resamples, by block."""

    curves: dict[str, tuple[Floats, Floats]]
    floor: float

    @classmethod
    def of(cls, looks: list[Looks], draws: int, rng: np.random.Generator) -> _Drawn:
        readings: dict[str, Callable[[Looks], tuple[Floats, npt.NDArray[np.int64]]]] = {
            "attention": lambda one: (one.attention, one.questions),
            "ffn": lambda one: (one.ffn, one.questions),
            "promoting": lambda one: (one.promoting, one.questions),
            "question": lambda one: (one.mass[:, :, 0], one.mass_questions),
            "rationale": lambda one: (one.mass[:, :, 1], one.mass_questions),
            "cue": lambda one: (one.mass[:, :, 2], one.mass_questions),
        }
        curves = {}
        for name, reading in readings.items():
            pairs = [reading(one) for one in looks]
            mean = np.mean([values.mean(0) for values, _ in pairs], axis=0)
            drawn = np.mean([resampled(values, asked, draws, rng) for values, asked in pairs], axis=0)
            curves[name] = (mean, drawn)
        return cls(curves, float(np.mean([one.floor for one in looks])))


def _claim(report: Report, name: str, found: _Drawn) -> None:
    blocks = len(found.curves["ffn"][0])
    depth = (np.arange(blocks) + 1) / blocks
    middle = (depth > _THIRDS[0]) & (depth <= _THIRDS[1])
    for module in ("attention", "ffn"):
        mean, drawn = found.curves[module]
        spread = interval(drawn[:, middle].mean(1) - found.floor)
        report.claim(
            Claim.at_least(
                f"{name}: what {module if module == 'attention' else 'FFN'} writes in the middle third of "
                "the blocks tells the right answer (lower end of the 95 % interval of a probe's accuracy "
                "above the commoner label)",
                measured=spread[0],
                floor=0.0,
                spread=spread,
                note=f"{mean[middle].mean():.3f} on average there, {found.floor:.3f} for the commoner "
                f"label; the best block is {int(mean.argmax()) + 1} of {blocks}, with "
                f"{mean.max():.3f}.",
            )
        )
    _claim_rationale(report, name, found, depth, middle)
    _claim_promoting(report, name, found, depth)


def _claim_rationale(report: Report, name: str, found: _Drawn, depth: Floats, middle: npt.NDArray[np.bool_]) -> None:
    blocks = len(depth)
    mean, drawn = found.curves["rationale"]
    more = interval(drawn[:, middle].mean(1) - drawn[:, ~middle].mean(1))
    peaks = interval((drawn.argmax(1) + 1) / blocks)
    report.claim(
        Claim.at_least(
            f"{name}: the answer looks at the rationale most in the middle third of the blocks (lower end "
            "of the 95 % interval of the attention there above that elsewhere)",
            measured=more[0],
            floor=0.0,
            spread=more,
            paper_value="peaks in middle layers",
            note=f"The peak is block {int(mean.argmax()) + 1} of {blocks}, with {mean.max():.3f} (relative "
            f"depth {peaks[0]:.2f} to {peaks[1]:.2f} in resamples).",
        )
    )


def _claim_promoting(report: Report, name: str, found: _Drawn, depth: Floats) -> None:
    blocks = len(depth)
    mean, drawn = found.curves["promoting"]
    late = depth > _THIRDS[1]
    above = interval(drawn[:, late].mean(1) - drawn[:, ~late].mean(1))
    report.claim(
        Claim.at_least(
            f"{name}: value vectors promote the answer near the last blocks (lower end of the 95 % interval "
            "of the share that does in the last third above that before)",
            measured=above[0],
            floor=0.0,
            spread=above,
            paper_value="FFN of the last layers dominate the answer",
            note=f"{mean[late].mean():.3f} in the last third and {mean[~late].mean():.3f} before, above the "
            f"mean path; the largest is at block {int(mean.argmax()) + 1} of {blocks}.",
        )
    )


def _draw(report: Report, drawn: dict[str, _Drawn]) -> None:
    figure = Figure(figsize=(9.2, 2.7 * len(drawn)), layout="constrained")
    panels = figure.subplots(len(drawn), 3, squeeze=False)
    for row, (name, found) in zip(panels, drawn.items(), strict=True):
        _curve(row[0], found.curves["attention"], "o-", "black", "attention")
        _curve(row[0], found.curves["ffn"], "s--", "0.45", "FFN")
        row[0].axhline(found.floor, color="0.3", lw=0.8, ls=":")
        row[0].set_ylabel(f"{name}\nprobe's accuracy", fontsize=9)
        for part, style, color in (("rationale", "o-", "black"), ("question", "s--", "0.45"), ("cue", "^:", "0.6")):
            _curve(row[1], found.curves[part], style, color, part)
        row[1].set_ylabel("attention of the answer", fontsize=9)
        _curve(row[2], found.curves["promoting"], "o-", "black", "")
        row[2].axhline(0, color="0.3", lw=0.8, ls=":")
        row[2].set_ylabel("value vectors that promote\nthe answer, above the mean", fontsize=9)
        for axes in row:
            axes.set_xlabel("block", fontsize=9)
        row[0].legend(fontsize=8)
        row[1].legend(fontsize=8)
    report.figure(
        "Inside the blocks",
        figure,
        "Left: probes of the right answer on what attention and FFN write; the dotted line is the commoner "
        "label. Middle: where attention of the last position looks. Right: share of the strongest value "
        "vectors that promote the path's answer, above the mean path. Bands are 95 % intervals over "
        "resampled questions.",
    )


def _curve(axes: Axes, curve: tuple[Floats, Floats], style: str, color: str, label: str) -> None:
    blocks = np.arange(1, len(curve[0]) + 1)
    axes.fill_between(blocks, *band(curve[1]), color=color, alpha=0.2, lw=0)
    axes.plot(blocks, curve[0], style, color=color, ms=3, lw=1.2, label=label)
