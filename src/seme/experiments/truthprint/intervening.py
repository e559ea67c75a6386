"""Second question: does decoding that turns back hallucinate less, and does it leave what is true alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from seme.experiments.truthprint.detecting import Found
from seme.experiments.truthprint.telling import Rows, Teller
from seme.interp.steering import Caption, Chair, Intervention, shifted, threshold_at, truthful_direction
from seme.report import Claim, Report
from seme.retrieval.significance import paired_randomisation

if TYPE_CHECKING:
    from seme.experiments.p48_truthprint import TruthprintSettings

GREEDY, REJECT, AVOID, TURN, BEAM, SHIFT = (
    "greedy",
    "next token instead",
    "next token that names nothing",
    "TruthPrInt",
    "beam search",
    "shifted states",
)
_RECALL, _UNCHANGED = 0.03, 0.95
_AMOUNTS = (0.1, 0.3, 1.0)
"""Lengths of the shift to choose from, as shares of the mean length of a state."""


@dataclass(frozen=True, slots=True)
class Turned:
    """How one teller's test texts came out of each way of decoding."""

    found: Found
    rule: Intervention
    false: float
    chairs: dict[str, Chair]
    wrong: dict[str, Rows]
    """Hallucinated mentions of each text."""

    well_formed: dict[str, float]
    unchanged: dict[str, float]
    """Share of the texts without hallucination that each way leaves as they are."""


def measure(found: Found, settings: TruthprintSettings, *, choose: bool = True) -> Turned:
    """Choose a rule on validation texts (or go `nearest` with the fewest false alarms), and decode the test part."""
    rules = list(_rules(found, settings, choose=choose))
    false, rule = _chosen(found, rules) if choose else rules[0]
    texts = {GREEDY: found.captions["test"]}
    for name, kind in ((REJECT, "reject"), (AVOID, "avoid"), (TURN, rule.kind)):
        texts[name] = _tell(found, "test", _like(rule, kind))
    if choose:
        texts[BEAM] = _beams(found.teller, "test")
        texts[SHIFT] = _shift(found)
    teller = found.teller
    present = teller.parts["test"].present
    named = {name: teller.named(one) for name, one in texts.items()}
    wrong = {
        name: np.array(
            [sum(thing not in here for thing in one) for one, here in zip(names, present, strict=True)], float
        )
        for name, names in named.items()
    }
    clean = np.flatnonzero(wrong[GREEDY] == 0)
    unchanged = {
        name: float(np.mean([one[row].ids == texts[GREEDY][row].ids for row in clean])) if len(clean) else float("nan")
        for name, one in texts.items()
    }
    grammar = {name: float(np.mean([teller.well_formed(one.ids) for one in told])) for name, told in texts.items()}
    chairs = {name: teller.chair(told, "test") for name, told in texts.items()}
    return Turned(found, rule, false, chairs, wrong, grammar, unchanged)


def _rules(found: Found, settings: TruthprintSettings, *, choose: bool) -> Any:
    held = found.mentions["validation"]
    scores = found.detector(held.before[found.site])
    starts = ("nearest", "least", "earliest") if choose else ("nearest",)
    for false, start in product(settings.false_alarms, starts):
        threshold = float(np.clip(threshold_at(scores, held.hallucinated, false), 1e-6, 1 - 1e-6))
        yield false, Intervention(threshold, start=start, budget=settings.budget, candidates=settings.candidates)  # type: ignore[arg-type]


def _like(rule: Intervention, kind: Any) -> Intervention:
    return Intervention(rule.threshold, kind=kind, start=rule.start, budget=rule.budget, candidates=rule.candidates)


def _tell(found: Found, part: str, rule: Intervention) -> list[Caption]:
    return found.teller.tell(part, site=found.site, detector=found.detector, intervention=rule)


def _chosen(found: Found, rules: Sequence[tuple[float, Intervention]]) -> tuple[float, Intervention]:
    """Return the rule with the least hallucination on validation texts, of those that keep recall and clean texts."""
    teller, plain = found.teller, found.captions["validation"]
    before = teller.chair(plain, "validation")
    named, present = teller.named(plain), teller.parts["validation"].present
    clean = [row for row, (one, here) in enumerate(zip(named, present, strict=True)) if set(one) <= set(here)]
    best, least = rules[0], np.inf
    for false, rule in rules:
        told = _tell(found, "validation", rule)
        after = teller.chair(told, "validation")
        kept = np.mean([told[row].ids == plain[row].ids for row in clean]) if clean else 1.0
        if kept >= _UNCHANGED and before.recall - after.recall <= _RECALL and after.instance < least:
            best, least = (false, rule), after.instance
    return best


def _beams(teller: Teller, part: str) -> list[Caption]:
    found = []
    for batch in teller.parts[part].batches:
        start = batch["input_ids"].shape[1]
        out = teller.model.generate(
            **{name: one.to(teller.model.device) for name, one in batch.items()},
            num_beams=5,
            do_sample=False,
            max_new_tokens=teller.longest,
            eos_token_id=list(teller.ends),
            pad_token_id=0,
        )
        for row in out[:, start:].tolist():
            ends = [place for place, token in enumerate(row) if token in teller.ends]
            found.append(Caption(row[: ends[0]] if ends else row, np.zeros(0), np.zeros(0), {}))
    return found


def _shift(found: Found) -> list[Caption]:
    """Return test texts of a model whose states are moved along the truthful direction, as far as validation bears."""
    teller, fit = found.teller, found.mentions["fit"].before[found.site]
    direction = truthful_direction(fit, found.mentions["fit"].hallucinated)
    length = float(np.linalg.norm(fit, axis=1).mean())
    before = teller.chair(found.captions["validation"], "validation")
    best, least = 0.0, before.instance
    for share in _AMOUNTS:
        with shifted(teller.model, found.site, direction, share * length):
            told = teller.tell("validation")
        if not any(teller.named(told)):
            continue  # pushed so far that nothing is named any more
        after = teller.chair(told, "validation")
        if before.recall - after.recall <= _RECALL and after.instance < least:
            best, least = share, after.instance
    with shifted(teller.model, found.site, direction, best * length):
        return teller.tell("test")


def add(report: Report, turned: Sequence[Turned], who: str) -> None:
    """Claim, tabulate and draw what turning back came to."""
    mean = {name: _mean(turned, name) for name in turned[0].chairs}
    gain = np.array([1 - one.chairs[TURN].instance / max(one.chairs[GREEDY].instance, 1e-9) for one in turned])
    loss = np.array([one.chairs[GREEDY].recall - one.chairs[TURN].recall for one in turned])
    wrong = {name: np.concatenate([one.wrong[name] for one in turned]) for name in mean}
    p = {name: _p(wrong[name], wrong[TURN]) for name in mean if name != TURN}
    report.claim(
        Claim.at_least(
            f"Turning back hallucinates less than greedy decoding (relative drop of CHAIR_I, {who})",
            measured=float(gain.mean()),
            floor=0.2,
            spread=_spread(gain),
            paper_value="significantly better than before",
            note=f"From {mean[GREEDY].instance:.3f} to {mean[TURN].instance:.3f}, p = {p[GREEDY]:.2g}.",
        )
    )
    report.claim(
        Claim.at_most(
            f"And still names what is there (loss of object recall, {who})",
            measured=float(loss.mean()),
            ceiling=_RECALL,
            spread=_spread(loss),
            note=f"Greedy decoding has {mean[GREEDY].recall:.3f}.",
        )
    )
    if BEAM in mean:
        _claim_less(report, f"It hallucinates less than beam search of five beams (p, {who})", BEAM, mean, p)
    _claim_less(report, f"Going back hallucinates less than taking another token in place (p, {who})", REJECT, mean, p)
    _claim_form(report, turned, mean, who)
    kept = np.array([one.unchanged[TURN] for one in turned])
    if np.isfinite(kept).all():
        report.claim(
            Claim.at_least(
                f"Texts without hallucination stay as they are (share, {who})",
                measured=float(kept.mean()),
                floor=_UNCHANGED,
                spread=_spread(kept),
                note=f"Share of false alarms aimed at: {_listed(f'{one.false:.0%}' for one in turned)}.",
            )
        )
    _table(report, turned, mean, p, who)
    _draw(report, turned, mean, who)


def _p(first: Rows, second: Rows) -> float:
    pair = [{str(row): float(value) for row, value in enumerate(one)} for one in (first, second)]
    return paired_randomisation(*pair, samples=2000).p


def _claim_less(report: Report, statement: str, other: str, mean: dict[str, Chair], p: dict[str, float]) -> None:
    """Claim that turning back hallucinates less, beyond chance; where it does not, p counts as 1."""
    less = mean[TURN].instance < mean[other].instance
    report.claim(
        Claim.at_most(
            statement,
            measured=p[other] if less else 1.0,
            ceiling=0.05,
            note=f"CHAIR_I {mean[TURN].instance:.3f} against {mean[other].instance:.3f} of {other}; paired "
            f"randomisation of hallucinated mentions by text, p = {p[other]:.2g}.",
        )
    )


def _claim_form(report: Report, turned: Sequence[Turned], mean: dict[str, Chair], who: str) -> None:
    form = {name: float(np.mean([one.well_formed[name] for one in turned])) for name in mean}
    report.claim(
        Claim.ordered(
            f"Going back leaves more whole sentences than leaving the object out in place (share, {who})",
            {AVOID: form[AVOID], TURN: form[TURN]},
            note=f"Leaving it out has a CHAIR_I of {mean[AVOID].instance:.3f}; greedy texts are whole in "
            f"{form[GREEDY]:.3f} of cases. This claim is ours: CHAIR does not see broken sentences.",
        )
    )


def _mean(turned: Sequence[Turned], name: str) -> Chair:
    parts = ("instance", "sentence", "recall", "mentions")
    return Chair(*(float(np.mean([getattr(one.chairs[name], part) for one in turned])) for part in parts))


def _spread(values: Rows) -> tuple[float, float] | None:
    return (float(values.min()), float(values.max())) if len(values) > 1 else None


def _listed(words: Any) -> str:
    return ", ".join(words)


def _table(report: Report, turned: Sequence[Turned], mean: dict[str, Chair], p: dict[str, float], who: str) -> None:
    rows = []
    for name, one in mean.items():
        form, kept = (float(np.mean([getattr(t, part)[name] for t in turned])) for part in ("well_formed", "unchanged"))
        rows.append([name, one.instance, one.sentence, one.recall, one.mentions, form, kept, p.get(name)])
    columns = [
        "decoding",
        "CHAIR_I",
        "CHAIR_S",
        "recall",
        "mentions",
        "whole",
        "clean texts unchanged",
        "p against TruthPrInt",
    ]
    report.table(f"Ways of decoding, {who}", columns, rows)
    chosen = [[t.found.teller.name, t.found.site, t.rule.start, t.false, t.rule.threshold] for t in turned]
    report.table(f"Rules, {who}", ["model", "site", "goes back to", "false alarms aimed at", "threshold"], chosen)
    report.baseline(f"greedy decoding, {who}", {"CHAIR_I": mean[GREEDY].instance, "recall": mean[GREEDY].recall})


def _draw(report: Report, turned: Sequence[Turned], mean: dict[str, Chair], who: str) -> None:
    figure = Figure(figsize=(5.6, 3.6), layout="constrained")
    axes = figure.subplots()
    for marker, (number, name) in zip("osD^vP", enumerate(mean), strict=False):
        for one in turned if len(turned) > 1 else ():
            axes.plot(one.chairs[name].instance, one.chairs[name].recall, marker, ms=3, color=f"C{number}", alpha=0.45)
        axes.plot(mean[name].instance, mean[name].recall, marker, ms=9, color=f"C{number}", mec="black", label=name)
    axes.set_xlabel("hallucinated mentions (CHAIR_I)")
    axes.set_ylabel("objects that are named (recall)")
    axes.margins(0.12)
    axes.legend(fontsize=8)
    report.figure(
        f"Hallucination and recall, {who}",
        figure,
        "Ways of decoding: further left hallucinates less, higher up names more of what is there"
        + ("; small marks are single models, large ones their mean." if len(turned) > 1 else "."),
    )
