"""Greedy decoding that is watched token by token, and turned before it hallucinates."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from transformers import PreTrainedModel

from seme.errors import InputError
from seme.interp.binary import Floats
from seme.interp.steering.arguments import Detector
from seme.interp.steering.detector import TruthDetector
from seme.interp.steering.intervention import Intervention
from seme.interp.steering.mentions import ObjectNames
from seme.interp.steering.path import Path, Step
from seme.interp.steering.stepping import Reading, Stepper

States = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Caption:
    """A text that was generated or read.

    Parameters
    ----------
    ids
        Its tokens, without the one that ended it.
    log_probs, entropies
        Of each token, and of the distribution that it was taken from (tokens,), in nats.
    states
        By site, the state before each token (tokens, d): row t predicts token t, and row t + 1 is at it.
    interventions
        How often decoding was broken into.
    """

    ids: list[int]
    log_probs: Floats
    entropies: Floats
    states: dict[str, States]
    interventions: int = 0


def decode(
    model: PreTrainedModel,
    batch: Mapping[str, Tensor],
    objects: ObjectNames,
    *,
    longest: int,
    ends: Collection[int],
    boundaries: Collection[int] = (),
    site: str | None = None,
    detector: Detector | None = None,
    intervention: Intervention | None = None,
    keep: Sequence[str] = (),
) -> list[Caption]:
    """Generate greedily, scoring each object before it is named and turning back where it would be hallucinated.

    Each prompt gives the text that it would give alone, up to rounding. Of an object with several tokens the first is
    scored, and refused; what it began with is not named by another spelling that begins alike.

    Parameters
    ----------
    model
        A causal or vision-language model of transformers (see `Stepper`).
    batch
        Its arguments, padded on the left.
    objects
        What counts as an object.
    longest
        Tokens of a text at most.
    ends
        Tokens that end a text and are no part of it.
    boundaries
        Tokens that end a sentence, beyond which nothing is taken back.
    site, detector, intervention
        Whose states the detector scores, and what is done about it; all or none of them. The threshold of a
        `TruthDetector` is a probability.
    keep
        Sites whose states are returned.

    Raises
    ------
    InputError
        If a site is not there, a prompt is empty, `longest` is less than one, `ends` is empty, the detector comes
        without a site or an intervention, or the threshold of a `TruthDetector` is not between 0 and 1.
    """
    if longest < 1 or not ends:
        raise InputError(f"longest is {longest} and ends has {len(ends)} tokens, expected at least 1 of each")
    _check_rule(site, detector, intervention)
    sites = list(dict.fromkeys([*keep, *([site] if site else [])]))
    stepper = Stepper(model, batch, sites)
    paths = [Path(objects.starts, boundaries, intervention) for _ in range(len(stepper))]
    watch = _Watch(intervention.candidates if intervention else 1, detector, site)
    records = _follow(stepper, paths, watch, lambda path: path.tokens[-1] in ends or len(path.tokens) >= longest, keep)
    return [_caption(path, rows, ends, keep) for path, rows in zip(paths, records, strict=True)]


def _follow(
    stepper: Stepper, paths: Sequence[Path], watch: _Watch, done: Callable[[Path], bool], keep: Sequence[str]
) -> list[list[_Row]]:
    """Take every path to its end; return what was read at each of its positions."""
    records: list[list[_Row]] = [[] for _ in paths]
    alive, reading = list(range(len(paths))), stepper.start()
    while True:
        steps, stay = watch.steps(reading), []
        for row, (number, step) in enumerate(zip(alive, steps, strict=True)):
            path = paths[number]
            records[number].append(_Row.of(reading, row, keep))
            back = path.advance(step)
            del records[number][len(path.steps) :]
            stepper.forget(row, back)
            if not path.dropped and not done(path):
                stay.append(row)
        if not stay:
            return records
        alive = [alive[row] for row in stay]
        if len(stay) < len(steps):
            stepper.keep(stay)
        reading = stepper.feed([paths[number].tokens[-1] for number in alive])


def read(
    model: PreTrainedModel, batch: Mapping[str, Tensor], captions: Sequence[Sequence[int]], *, keep: Sequence[str] = ()
) -> list[Caption]:
    """Read given texts after their prompts: what `decode` returns, for texts from elsewhere (teacher forcing).

    Raises
    ------
    InputError
        If there is not one text for each prompt, one is empty, or a site is not there.
    """
    stepper = Stepper(model, batch, keep)
    empty = [number for number, one in enumerate(captions) if not len(one)]
    if len(captions) != len(stepper) or empty:
        raise InputError(
            f"captions has {len(captions)} texts for {len(stepper)} prompts, {len(empty)} of them without tokens",
            hint="Leave empty captions out, with their prompts",
        )
    records: list[list[_Row]] = [[] for _ in captions]
    alive, reading = list(range(len(captions))), stepper.start()
    for place in range(max(map(len, captions))):
        for row, number in enumerate(alive):
            records[number].append(_Row.of(reading, row, keep, int(captions[number][place])))
        stay = [row for row, number in enumerate(alive) if len(captions[number]) > place + 1]
        if not stay:
            break
        if len(stay) < len(alive):
            stepper.keep(stay)
        alive = [alive[row] for row in stay]
        reading = stepper.feed([int(captions[number][place]) for number in alive])
    return [_as_caption(list(map(int, ids)), rows, keep) for ids, rows in zip(captions, records, strict=True)]


@dataclass(frozen=True, slots=True)
class _Row:
    """One position of one text."""

    entropy: float
    states: dict[str, Tensor]
    log_prob: float = 0.0

    @classmethod
    def of(cls, reading: Reading, row: int, keep: Sequence[str], token: int | None = None) -> _Row:
        log_p = reading.logits[row].log_softmax(-1)
        entropy = -(log_p.exp() * log_p).nan_to_num().sum()
        states = {site: reading.states[site][row].clone() for site in keep}
        return cls(float(entropy), states, 0.0 if token is None else float(log_p[token]))


def _check_rule(site: str | None, detector: Detector | None, intervention: Intervention | None) -> None:
    if (detector is None) != (intervention is None) or (detector is not None and site is None):
        raise InputError(
            "site, detector and intervention belong together",
            hint='decode(..., site="resid.20", detector=detector, intervention=Intervention(threshold))',
        )
    if isinstance(detector, TruthDetector) and intervention is not None and not 0 < intervention.threshold < 1:
        raise InputError(
            f"threshold is {intervention.threshold}, expected a probability above 0 and below 1",
            hint="threshold_at(scores, hallucinated) gives one for held-out mentions",
        )


@dataclass(frozen=True, slots=True)
class _Watch:
    """What is looked at before a token is taken: so many likely ones, and the detector's score."""

    count: int
    detector: Detector | None
    site: str | None

    def steps(self, reading: Reading) -> list[Step]:
        top = reading.logits.softmax(-1).topk(self.count, dim=-1)
        scores = np.zeros(len(reading.logits))
        if self.detector is not None and self.site is not None:
            scores = np.asarray(self.detector(reading.states[self.site], reading.logits), dtype=np.float64)
        return [
            Step(tuple(tokens), tuple(chances), float(score))
            for tokens, chances, score in zip(top.indices.tolist(), top.values.tolist(), scores, strict=True)
        ]


def _caption(path: Path, rows: list[_Row], ends: Collection[int], keep: Sequence[str]) -> Caption:
    ids = path.tokens[:-1] if path.tokens and path.tokens[-1] in ends else path.tokens
    taken = zip(ids, path.steps, rows, strict=False)  # the steps go on to what was not taken or ended the text
    chosen = [replace(row, log_prob=math.log(step.chance(token))) for token, step, row in taken]
    return _as_caption(ids, chosen, keep, path.interventions)


def _as_caption(ids: list[int], rows: list[_Row], keep: Sequence[str], interventions: int = 0) -> Caption:
    used = rows[: len(ids)]
    states = {
        site: torch.stack([one.states[site] for one in used]).numpy() if used else np.zeros((0, 0), dtype=np.float32)
        for site in keep
    }
    log_probs, entropies = (np.array([getattr(one, name) for one in used]) for name in ("log_prob", "entropy"))
    return Caption(ids, log_probs, entropies, states, interventions)
