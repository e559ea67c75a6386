"""The atoms themselves: a page for each layer, and the dictionaries as files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from seme.experiment import Context
from seme.experiments.atoms.recording import Recorded, residual
from seme.interp.atoms import AtomDictionary
from seme.interp.dictionaries import dictionary_page
from seme.report import Report

if TYPE_CHECKING:
    from seme.experiments.p01_atoms import AtomsSettings

_QUICK_UNITS = 24


def add(
    report: Report,
    recorded: Recorded,
    dictionaries: Mapping[int, AtomDictionary],
    settings: AtomsSettings,
    context: Context,
) -> None:
    """Save the atoms of each layer in the folder of the run, and show some of them with the texts they answer to."""
    for layer, atoms in context.progress(dictionaries.items(), "Showing atoms", total=len(dictionaries)):
        site = residual(layer)
        (context.folder / "dictionaries").mkdir(exist_ok=True)
        atoms.save(context.folder / "dictionaries" / site)
        html = dictionary_page(
            atoms,
            recorded.train[site],
            recorded.batches,
            recorded.language_model.tokenizer,
            model=recorded.language_model.model,
            title=f"Atoms of {site}",
            note=f"The texts ({settings.texts}) are those that the metric was estimated on; the atoms were learned "
            "from a part of their tokens.",
            units=_QUICK_UNITS if context.quick else 60,
            seed=context.seed,
        )
        report.page(f"Atoms of {site}", html)
