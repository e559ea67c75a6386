"""Second check, on a language model: it describes places, and may name only what the prompt says is there."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from seme.assets import load_language_model
from seme.experiment import Context
from seme.experiments.truthprint import detecting, intervening, places
from seme.experiments.truthprint.telling import Mentions, Part, Teller
from seme.interp.steering import ComnHallu, ObjectNames, TruthDetector, auroc
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p48_truthprint import TruthprintSettings

_BATCH = 28
_GIVEN = 3
_SHARES = {"fit": 0.35, "validation": 0.15, "test": 0.5}
_ARTICLES = frozenset({"a", "an", "the"})
_NEVER_AFTER = frozenset({".", ",", "and", "a", "an", "the"})
_DOMAINS = "one kind of place to another"


def add(report: Report, settings: TruthprintSettings, context: Context) -> None:
    """Ask the same of a language model, if it is wanted; its detector also goes from indoors to outdoors and back."""
    if not settings.contexts:
        report.claim(
            Claim.not_tested(
                "States of a language model foretell objects that its prompt does not name",
                "The language model was left out: --contexts 0.",
            )
        )
        return
    teller = _teller(settings, context)
    found = detecting.measure(teller, settings, context)
    detecting.add(report, [found], settings.model, context.rng("texts", settings.model))
    turned = intervening.measure(found, settings, choose=False)
    intervening.add(report, [turned], settings.model)
    _move(report, found, settings, context)
    report.note(
        f"{settings.model}: {settings.contexts} prompts, each with a place and {_GIVEN} things that a photo of it is "
        f"said to show; descriptions of at most {settings.longest} tokens, cut there. What counts is one of "
        f"{len(teller.objects.objects)} things of ours, the one or the many; a thing that the prompt does not name is "
        'hallucinated. Answers begin with "Behind the X there is also", which invites more; the wording was chosen by '
        "how often a few answers name what is not there, before any detector was fitted. No rule was chosen by "
        "decoding: it goes back to the nearest plausible place, at the lowest share of false alarms. An earlier run of "
        "120 prompts had 22 hallucinated mentions in its test part, from which nothing could be told; the number of "
        "prompts was raised for that, and nothing else was changed but the length, from 24 tokens to 28."
    )


def _teller(settings: TruthprintSettings, context: Context) -> Teller:
    loaded = load_language_model(settings.model, device=context.device)
    tokenizer, blocks = loaded.tokenizer, int(loaded.model.config.num_hidden_layers)
    layers = sorted({min(blocks - 1, round(depth * blocks)) for depth in settings.depths})
    ends = {token for token in (tokenizer.eos_token_id, tokenizer.pad_token_id) if token is not None}
    ends |= {number for number, piece in enumerate(_pieces(tokenizer)) if "Ċ" in piece}
    boundaries = tuple(number for number, piece in enumerate(_pieces(tokenizer)) if piece.strip("Ġ") in {".", "!", "?"})
    parts, start = {}, 0
    for name, share in _SHARES.items():
        size = max(2, round(share * settings.contexts))
        parts[name] = _part(tokenizer, start, size, context)
        start += size
    objects = ObjectNames.of(tokenizer, places.spellings())

    def well_formed(ids: Sequence[int]) -> bool:
        # Cut at the limit, the last sentence is never whole; an article before a full stop is a hole in any.
        words = str(tokenizer.decode(list(ids))).replace(".", " .").replace(",", " ,").split()
        return not any(one.lower() in _ARTICLES and other.lower() in _NEVER_AFTER for one, other in pairwise(words))

    return Teller(
        settings.model,
        loaded.model,
        objects,
        tuple(f"resid.{layer}" for layer in layers),
        tuple(sorted(ends)),
        boundaries,
        settings.longest,
        parts,
        well_formed,
        context.cache,
    )


def _pieces(tokenizer: Any) -> list[str]:
    found: list[str] = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    return found


def _part(tokenizer: Any, start: int, size: int, context: Context) -> Part:
    rows, present = [], []
    for number in range(start, start + size):
        rng = context.rng("place", number)
        place = list(places.PLACES)[number % len(places.PLACES)]
        there = [str(one) for one in rng.choice(places.things(place), size=_GIVEN, replace=False)]
        given = ", ".join(map(places.article, there[:-1])) + f" and {places.article(there[-1])}"
        ask = f"A photo of {places.article(place)} shows {given}, and nothing else. Describe the photo."
        text = tokenizer.apply_chat_template(
            [{"role": "user", "content": ask}], tokenize=False, add_generation_prompt=True
        )
        rows.append(tokenizer.encode(f"{text}Behind the {there[0]} there is also", add_special_tokens=False))
        present.append(frozenset(there))
    return Part([_padded(rows[place : place + _BATCH]) for place in range(0, size, _BATCH)], present)


def _padded(rows: list[list[int]]) -> dict[str, torch.Tensor]:
    width = max(map(len, rows))
    return {
        "input_ids": torch.tensor([[0] * (width - len(row)) + row for row in rows]),
        "attention_mask": torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows]),
    }


def _move(report: Report, found: detecting.Found, settings: TruthprintSettings, context: Context) -> None:
    """Move a detector between descriptions of indoor and of outdoor places: one model, other data."""
    names = list(places.PLACES)
    first = {"fit": 0, "test": len(found.captions["fit"]) + len(found.captions["validation"])}
    parts = []
    for part, start in first.items():
        one = found.mentions[part]
        indoor = np.array([names[(int(text) + start) % len(names)] in places.INDOOR for text in one.text])
        parts.append((one.where(indoor), one.where(~indoor)))
    (fit_in, fit_out), (held_in, held_out) = parts
    rows: dict[str, list[float]] = {}
    for source, target, test in ((fit_in, fit_out, held_out), (fit_out, fit_in, held_in)):
        if any(_one_class(one) for one in (source, target, test)):
            report.note(f"{settings.model}: a detector could not be moved from {_DOMAINS}: one of them has one class.")
            return
        for name, score in _aligned(source, target, test, found.site, settings, context).items():
            rows.setdefault(name, []).append(score)
    means = {name: float(np.mean(values)) for name, values in rows.items()}
    apart = [a - b for a, b in zip(rows["subspace"], rows["pca"], strict=True)]
    report.claim(
        Claim.at_least(
            f"Subspace alignment takes a detector from {_DOMAINS} better than components alone "
            f"(AUROC, difference, {settings.model})",
            measured=means["subspace"] - means["pca"],
            floor=0.03,
            spread=(min(apart), max(apart)),
            note="Indoors to outdoors and back, on test texts: "
            + ", ".join(f"{name} {value:.3f}" for name, value in means.items())
            + ".",
        )
    )
    table = [[name, *values] for name, values in rows.items()]
    report.table(
        f"Detectors on other places (AUROC), {settings.model}", ["alignment", "to outdoors", "to indoors"], table
    )


def _one_class(one: Mentions) -> bool:
    return bool(one.hallucinated.all() or not one.hallucinated.any())


def _aligned(
    source: Mentions, target: Mentions, test: Mentions, site: str, settings: TruthprintSettings, context: Context
) -> dict[str, float]:
    x, y, z = source.before[site], target.before[site], test.before[site]
    k = min(settings.subspace, len(x), len(y))
    found = {}
    for how in ("none", "pca", "coral", "subspace"):
        common = ComnHallu(k, how=how).fit(x, y)
        detector = TruthDetector(settings.hidden, seed=context.seed).fit(common.source(x), source.hallucinated)
        found[how] = auroc(detector(common.target(z)), test.hallucinated)
    oracle = TruthDetector(settings.hidden, seed=context.seed).fit(y, target.hallucinated)
    return {**found, "labels of the target": auroc(oracle(z), test.hallucinated)}
