"""Cells that were measured are kept, so that a run that is broken off goes on."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from seme.experiments.collecting import Corpus
from seme.experiments.interpolation.cell import Cell

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
    asked = {split: (dict(part.queries), {q: dict(g) for q, g in part.judgements.items()})
             for split, part in corpus.parts.items()}  # fmt: skip
    chosen = settings.model_dump(exclude={"collections", "dense", "sparse"})
    content = json.dumps([corpus.name, dict(corpus.documents), asked, names, chosen])
    file = folder / f"cell-{hashlib.sha256(content.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}.json"
    if file.is_file():
        found = json.loads(file.read_text(encoding="utf-8"))
        found["sweep"] = {
            system: {float(alpha): value for alpha, value in one.items()} for system, one in found["sweep"].items()
        }
        return Cell(**found)
    cell = make()
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".cell-")
    with os.fdopen(handle, "w", encoding="utf-8") as target:
        json.dump(asdict(cell), target)
        target.flush()
        os.fsync(target.fileno())
    Path(temporary).replace(file)
    return cell
