"""A model that tells of things, the prompts it is given, and what is kept of each thing it names."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from seme.interp.steering import Caption, Chair, ObjectNames, chair, decode
from seme.report.files import write_atomically

Rows = npt.NDArray[np.float64]
Labels = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Part:
    """Prompts, as the model reads them in batches, and what each one's answer may name."""

    batches: list[dict[str, Tensor]]
    present: list[frozenset[str]]


@dataclass(frozen=True, slots=True)
class Teller:
    """A model, how its texts are read, and prompts to fit, to choose and to measure on.

    `well_formed` says of tokens whether they are whole sentences.
    """

    name: str
    model: Any
    objects: ObjectNames
    sites: tuple[str, ...]
    ends: tuple[int, ...]
    boundaries: tuple[int, ...]
    longest: int
    parts: Mapping[str, Part]
    well_formed: Callable[[Sequence[int]], bool]
    folder: Path | None = None
    """Of the cache, for what takes long to generate."""

    def tell(self, part: str, **options: Any) -> list[Caption]:
        """Generate for all prompts of a part, or find what was generated; options are those of `decode`."""
        if self.folder is None:
            return self._generated(part, options)
        sites = tuple(options.get("keep", ()))
        batches = [batch["input_ids"] for batch in self.parts[part].batches]
        known = repr((self.name, self.sites, self.longest, [tuple(one.shape) for one in batches])).encode()
        known += b"".join([*(one.numpy().tobytes() for one in batches), _described(options)])
        file = self.folder / f"told-{hashlib.sha256(known).hexdigest()[:24]}.npz"
        if not file.is_file():
            _keep(file, self._generated(part, options), sites)
        return _kept(file, sites)

    def _generated(self, part: str, options: Mapping[str, Any]) -> list[Caption]:
        found: list[Caption] = []
        for batch in self.parts[part].batches:
            found += decode(
                self.model,
                batch,
                self.objects,
                longest=self.longest,
                ends=self.ends,
                boundaries=self.boundaries,
                **options,
            )
        return found

    def named(self, captions: Sequence[Caption]) -> list[list[str]]:
        """Return what each text names."""
        return [[one.object for one in self.objects.find(caption.ids)] for caption in captions]

    def chair(self, captions: Sequence[Caption], part: str) -> Chair:
        """Measure texts against what is there."""
        return chair(self.named(captions), self.parts[part].present)


@dataclass(frozen=True, slots=True)
class Mentions:
    """All things that texts name.

    `before` and `after` (mentions, d) by site are the states before the thing's first token and at it; the others are
    (mentions,): the number of the text, the place of the token in it and in its sentence, the thing, and the label.
    """

    before: dict[str, Rows]
    after: dict[str, Rows]
    log_probs: Rows
    entropies: Rows
    text: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]
    within: npt.NDArray[np.int64]
    thing: npt.NDArray[np.str_]
    hallucinated: npt.NDArray[np.bool_]

    def where(self, chosen: npt.NDArray[np.bool_]) -> Mentions:
        """Return some of them."""
        return replace(
            self,
            before={site: rows[chosen] for site, rows in self.before.items()},
            after={site: rows[chosen] for site, rows in self.after.items()},
            **{
                name: getattr(self, name)[chosen]
                for name in ("log_probs", "entropies", "text", "place", "within", "thing", "hallucinated")
            },
        )


def mentions(teller: Teller, captions: Sequence[Caption], part: str) -> Mentions:
    """Gather every thing that texts name, with the states before and at it."""
    rows: list[tuple[int, int, int, str, bool]] = []
    for number, caption in enumerate(captions):
        for one in teller.objects.find(caption.ids):
            ends = [place for place in range(one.position) if caption.ids[place] in teller.boundaries]
            wrong = one.object not in teller.parts[part].present[number]
            rows.append((number, one.position, one.position - (ends[-1] + 1 if ends else 0), one.object, wrong))

    def states(shift: int) -> dict[str, Rows]:
        found = {}
        for site in teller.sites:
            taken = [captions[n].states[site][min(p + shift, len(captions[n].ids) - 1)] for n, p, *_ in rows]
            found[site] = np.array(taken, dtype=np.float64)
        return found

    text, place, within, thing, labels = zip(*rows, strict=True) if rows else ((),) * 5
    return Mentions(
        states(0),
        states(1),
        np.array([captions[n].log_probs[p] for n, p, *_ in rows]),
        np.array([captions[n].entropies[p] for n, p, *_ in rows]),
        np.array(text, dtype=int),
        np.array(place, dtype=int),
        np.array(within, dtype=int),
        np.array(thing, dtype=str),
        np.array(labels, dtype=bool),
    )


def greedy(teller: Teller, part: str) -> list[Caption]:
    """Return what a teller says unhindered, with its states."""
    return teller.tell(part, keep=teller.sites)


def _described(options: Mapping[str, Any]) -> bytes:
    """Return what is to be known of the options of an intervention; nothing for plain decoding."""
    if "detector" not in options:
        return b""
    weights = [one.numpy().tobytes() for one in options["detector"].network_.state_dict().values()]
    return repr((options["site"], options["intervention"])).encode() + b"".join(weights)


def _keep(file: Path, captions: Sequence[Caption], sites: Sequence[str]) -> None:
    arrays: dict[str, Any] = {"lengths": np.array([len(one.ids) for one in captions])}
    arrays["ids"] = np.concatenate([np.array(one.ids, dtype=np.int64) for one in captions])
    for name in ("log_probs", "entropies"):
        arrays[name] = np.concatenate([getattr(one, name) for one in captions])
    for number, site in enumerate(sites):
        arrays[f"states{number}"] = np.concatenate([one.states[site] for one in captions if one.ids])
    with io.BytesIO() as body:
        np.savez(body, **arrays)
        write_atomically(file, body.getvalue())


def _kept(file: Path, sites: Sequence[str]) -> list[Caption]:
    with np.load(file, allow_pickle=False) as read:
        arrays = {name: read[name] for name in read.files}
    ends = np.cumsum(arrays["lengths"])
    spans = [slice(int(end - length), int(end)) for end, length in zip(ends, arrays["lengths"], strict=True)]
    return [
        Caption(
            [int(one) for one in arrays["ids"][span]],
            arrays["log_probs"][span],
            arrays["entropies"][span],
            {site: arrays[f"states{number}"][span] for number, site in enumerate(sites)},
        )
        for span in spans
    ]
