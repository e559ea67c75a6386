"""The report's tables, picture and notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from seme.experiments.matryoshka_2d.judging import LABELS
from seme.experiments.matryoshka_2d.reading import Array
from seme.experiments.matryoshka_2d.texts import Material
from seme.report import Report

if TYPE_CHECKING:
    from seme.experiments.p29_matryoshka_2d import Matryoshka2dSettings

_STYLES = {"plain": ":", "last": "--o", "mse": "-.s", "2dmse": "-^", "ese": "-D", "half": "*"}
_COLOURS = {
    "plain": "#000000",
    "last": "#666666",
    "mse": "#999999",
    "2dmse": "#0072b2",
    "ese": "#d55e00",
    "half": "#000000",
}


def add(
    report: Report, grids: dict[str, Array], searched: Sequence[Sequence[float]], settings: Matryoshka2dSettings
) -> None:
    """Add the correlations by layer and width, and the search of the rate."""
    rows = [
        [LABELS[name], layer, *grid.mean(axis=0)[layer - 1].tolist(), float(grid.std(axis=0)[layer - 1].max())]
        for name, grid in grids.items()
        for layer in range(1, grid.shape[1] + 1)
    ]
    widths = [f"d = {dim}" for dim in settings.dims]
    report.table("Correlation by layer and width", ["method", "layer", *widths, "full", "largest sd over seeds"], rows)
    report.table(
        "Rates on validation pairs",
        ["rate", "last layer alone: full depth and width", "its shallow layers, mean"],
        searched,
    )
    _draw(report, grids, settings)


def explain(report: Report, material: Material, rate: float, settings: Matryoshka2dSettings) -> None:
    """Say what stood in for what, and how settings were chosen."""
    report.note(
        f"Spearman's correlation of cosines of {len(material.test.first)} pairs of definitions with Wu-Palmer likeness "
        f"of WordNet's nouns stands in for STS. {len(material.examples)} words and definitions with an example, and "
        f"{len(material.hypernyms)} nouns with their hypernyms, by their definitions, stand in for AllNLI; batches of "
        "the two take turns. No definition of a test or validation pair is trained on."
    )
    report.note(
        f"The rate is {rate:g}: of those tried, the one at which training of the last layer alone does best at full "
        f"depth and width on {len(material.validation.first)} validation pairs, with batches of its own; all methods "
        "take it. It falls linearly after a tenth of the steps."
    )
    report.note(
        f"All methods begin at an encoder that was trained for sentences before, which the paper's BERT was not: "
        f"its shallow layers are good already, and {settings.steps} steps of {settings.batch} pairs of at most "
        f"{settings.longest} tokens change them less than ten epochs. The embeddings' table is frozen, there is no "
        "dropout, and the base loss is the batch's cross-entropy alone."
    )
    report.note(
        "An earlier report trained 160 steps of 8 pairs of at most 12 tokens, and the shallow layers learned nothing: "
        "their mean rho was .375 with 2DMSE and with Matryoshka. The training was made longer for that, for all "
        "methods; how long was chosen on the validation pairs."
    )


def _draw(report: Report, grids: dict[str, Array], settings: Matryoshka2dSettings) -> None:
    figure = Figure(figsize=(7.5, 3.4), layout="constrained")
    places = ((-1, "Full width"), (0, f"{settings.dims[0]} dimensions"))
    for axes, (column, title) in zip(figure.subplots(1, 2, sharey=True), places, strict=True):
        for name, style in _STYLES.items():
            seeds = grids[name][:, :, column]
            layers = range(1, seeds.shape[1] + 1)
            shown = slice(-1, None) if name == "half" else slice(None)  # trained for its last layer, one point
            axes.plot(
                layers[shown],
                seeds.mean(axis=0)[shown],
                style,
                color=_COLOURS[name],
                ms=4.5,
                lw=1.2,
                label=LABELS[name],
            )
            if len(seeds) > 1 and name != "half":
                axes.fill_between(layers, seeds.min(axis=0), seeds.max(axis=0), color=_COLOURS[name], alpha=0.15, lw=0)
        axes.set(xlabel="layers that are run", title=title)
        axes.grid(alpha=0.2)
    figure.axes[0].set_ylabel("Spearman's rho")
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(), fontsize=7.5, frameon=False, loc="outside lower center", ncols=3
    )
    report.figure(
        "Depth and width",
        figure,
        "Correlation with WordNet's likeness by the number of layers that are run, at full and at least width: means "
        "over seeds, and bands from the lowest to the highest.",
    )
