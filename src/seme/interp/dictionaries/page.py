"""A dictionary to look at: its units with the texts they answer to, as one page that needs nothing beside it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2 import ChoiceLoader, Environment, PackageLoader, select_autoescape
from markupsafe import Markup
from torch import nn

from seme.interp.dictionaries.activity import Activity, measure_activity
from seme.interp.dictionaries.base import Dictionary, Rows
from seme.interp.dictionaries.density import choose_units, density_histogram
from seme.interp.dictionaries.evaluation import evaluate
from seme.interp.dictionaries.examples import Context, Place, read_contexts
from seme.interp.dictionaries.lens import Lens, has_lens, logit_lens
from seme.report.page import loader

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_STRENGTHS = 4
_SIGNS = {"\n": "↵", "\t": "⇥", "\r": "␍"}


@dataclass(frozen=True, slots=True)
class _Example:
    """A text with the token at which a unit is active; `strength` is the value's share of the largest, in steps."""

    value: float
    strength: int
    context: Context


@dataclass(frozen=True, slots=True)
class _Unit:
    number: int
    count: int
    rate: float
    mean: float
    examples: list[_Example]
    raised: list[tuple[str, float]]
    lowered: list[tuple[str, float]]


def dictionary_page(
    dictionary: Dictionary,
    x: Rows,
    batches: Iterable[Mapping[str, Any]],
    tokenizer: PreTrainedTokenizerBase,
    *,
    model: nn.Module | None = None,
    title: str = "",
    note: str = "",
    units: int = 60,
    examples: int = 6,
    seed: int = 0,
) -> str:
    """Return a page that shows units of a dictionary: where they are active, how often, and what they speak for.

    The units are taken from every decade of density, half of them the most frequent ones, half at random.

    Parameters
    ----------
    dictionary
        Fitted to a site of a language model.
    x
        Recorded rows: a `Store` or its folder. They may be others than those it was fitted to.
    batches
        The batches that were recorded, in their order.
    tokenizer
        Of the model.
    model
        For the tokens that units raise and lower; None leaves them out, and so does a site that the LM head does not
        read.
    title, note
        Heading of the page, and a sentence about its rows.
    units
        Units that are shown, at most.
    examples
        Texts for each unit.
    seed
        Of the units that are drawn.

    Returns
    -------
    str
        HTML without scripts, links to other places or anything to be loaded; texts are escaped.

    Raises
    ------
    InputError
        If rows, batches and dictionary do not belong together.
    """
    store = dictionary.checked(x)
    activity = measure_activity(dictionary, store, k=examples)
    bands = choose_units(activity, units, seed=seed)
    chosen = np.concatenate([band.units for band in bands]) if bands else np.empty(0, dtype=np.int64)
    rows = activity.top_rows[chosen]
    contexts = read_contexts(store.index[rows[rows >= 0]], batches, tokenizer)
    lens = None
    if model is not None and len(chosen) and has_lens(model, dictionary.site_, store.width):
        lens = logit_lens(dictionary.atoms_[chosen], model, seed=seed)
    shown = {unit: _unit(unit, activity, store.index, contexts) for unit in chosen.tolist()}
    if lens is not None:
        for line, unit in enumerate(shown.values()):
            _add_tokens(unit, lens, line, tokenizer)
    template = _environment().get_template("dictionary.html")
    return template.render(
        dictionary=dictionary,
        kind=type(dictionary).__name__,
        title=title or "Units of a dictionary",
        note=note,
        figures=evaluate(dictionary, store),
        activity=activity,
        histogram=density_histogram(activity),
        bands=bands,
        shown=shown,
        lens=lens,
        documents=len(np.unique(store.index[:, 0])),
        stylesheet=_stylesheet(),
    )


def visible(text: str) -> str:
    """Return a text in one line: breaks and tabs as signs, other control characters as dots."""
    return "".join(
        _SIGNS.get(character, "·") if unicodedata.category(character) == "Cc" else character for character in text
    )


def percent(rate: float) -> str:
    """Return a share with two figures, as in 0.012 %."""
    return f"{Decimal(f'{100 * rate:.2g}'):f} %"


def figure(value: float) -> str:
    """Return a number with three figures or, from a thousand on, none after the point."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _unit(number: int, activity: Activity, index: Any, contexts: Mapping[Place, Context]) -> _Unit:
    largest = float(activity.top_values[number, 0])
    examples = []
    for row, value in zip(activity.top_rows[number].tolist(), activity.top_values[number].tolist(), strict=True):
        if row >= 0:
            document, position = index[row].tolist()
            share = value / largest if largest > 0 else 0.0
            strength = max(1, int(np.ceil(share * _STRENGTHS)))
            examples.append(_Example(value, strength, contexts[document, position]))
    count, rate, mean = int(activity.counts[number]), float(activity.rates[number]), float(activity.means[number])
    return _Unit(number, count, rate, mean, examples, [], [])


def _add_tokens(unit: _Unit, lens: Lens, line: int, tokenizer: PreTrainedTokenizerBase) -> None:
    parts = ((unit.raised, lens.highest, lens.high), (unit.lowered, lens.lowest, lens.low))
    for words, ids, scores in parts:
        names = (str(tokenizer.decode([one])) for one in ids[line].tolist())
        words.extend(zip(names, scores[line].tolist(), strict=True))


@cache
def _environment() -> Environment:
    templates = ChoiceLoader([PackageLoader("seme.interp.dictionaries"), loader()])
    environment = Environment(loader=templates, autoescape=select_autoescape(default=True), trim_blocks=True)
    environment.filters |= {"visible": visible, "percent": percent, "figure": figure}
    return environment


@cache
def _stylesheet() -> Markup:
    environment = _environment()
    sources = (environment.get_template(name).render() for name in ("report.css", "dictionary.css"))
    return Markup("".join(sources))  # noqa: S704  # both are files of this package
