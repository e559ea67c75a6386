"""Cells that were measured are kept, so that a run that is broken off goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from seme.experiments.collecting import Corpus
from seme.experiments.interpolation.cell import Cell
from seme.experiments.keeping import kept

if TYPE_CHECKING:
    from seme.experiments.p28_interpolation import InterpolationSettings


def kept_cell(
    corpus: Corpus, names: tuple[str, str], settings: InterpolationSettings, folder: Path, make: Callable[[], Cell]
) -> Cell:
    """Return a cell from the folder, or make it and keep it there.

    Parameters
    ----------
    corpus, names, settings
        What a cell follows from: the texts, the sparse retriever and the dense one, and all that is set.
    folder
        Where cells are kept.
    make
        Measures it.
    """
    asked = {
        split: (dict(part.queries), {q: dict(g) for q, g in part.judgements.items()})
        for split, part in corpus.parts.items()
    }
    chosen = settings.model_dump(exclude={"collections", "dense", "sparse"})
    key = (corpus.name, dict(corpus.documents), asked, names, chosen)
    found = kept(folder, key, lambda: asdict(make()))
    # JSON's names are texts.
    sweep = {system: {float(alpha): value for alpha, value in one.items()} for system, one in found["sweep"].items()}
    return Cell(**{**found, "sweep": sweep})
