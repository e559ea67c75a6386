"""Whether emotions are regions of the states: angles, silhouette, and how far apart they are for how wide."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure

from seme.experiment import Context
from seme.experiments.clear import clearly_above
from seme.experiments.emotion.corpus import EMOTIONS
from seme.experiments.emotion.layers import Read
from seme.experiments.emotion.recording import Recorder
from seme.experiments.intervals import interval
from seme.interp.emotion import Geometry, class_geometry, principal_plane
from seme.report import Report

_HALVES = 100
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def add(report: Report, read: Read, recorder: Recorder, context: Context) -> None:
    """Measure the geometry at every layer and of the input embeddings, on held-out situations."""
    test, train = read.corpus.test, read.corpus.train
    labels = np.array(EMOTIONS)[read.corpus.labels[test]]
    words = _embedded(read, recorder)
    spaces = {"input embeddings, mean": _standard(words, train, test)}
    for number in range(1, read.states.layers):
        spaces[_at(read, number)] = _standard(read.states.layer(number), train, test)
    found = {name: class_geometry(rows, labels) for name, rows in spaces.items()}
    first, best = found["input embeddings, mean"], found[_at(read, read.best)]
    drawn = _sampled(spaces["input embeddings, mean"], spaces[_at(read, read.best)], read, labels, context)
    for number, (what, one, other) in enumerate(
        (
            ("variance between over within classes", first.fisher, best.fisher),
            ("silhouette", first.silhouette, best.silhouette),
        )
    ):
        report.claim(
            clearly_above(
                f"The model pulls emotions apart ({what}, chosen layer less embeddings)",
                other - one,
                interval(drawn[:, number]),
                paper_value="well-defined internal geometry",
                note=f"{one:.4f} and {other:.4f}: states of held-out situations, standardised on the "
                f"training part; {_at(read, read.best)}. The mean of the input embeddings stands for "
                "the embedding layer, for all last tokens are full stops. The interval is over halves "
                "of the situations, and so rather too wide.",
            )
        )
    rows = [[name, one.fisher, one.silhouette, float(_highest(one))] for name, one in found.items()]
    columns = ["space", "between over within", "silhouette", "highest cosine of two centroids"]
    report.table("Geometry of the seven emotions", columns, rows)
    report.table(
        f"Cosines between the centroids, {_at(read, read.best)}",
        ["emotion", *EMOTIONS],
        [[name, *map(float, row)] for name, row in zip(EMOTIONS, best.cosines, strict=True)],
    )
    _draw(
        report,
        {
            "input embeddings, mean": spaces["input embeddings, mean"],
            _at(read, read.best): spaces[_at(read, read.best)],
        },
        labels,
    )


def _at(read: Read, layer: int) -> str:
    return f"after {read.blocks[layer]} blocks"


def _sampled(one: np.ndarray, other: np.ndarray, read: Read, labels: np.ndarray, context: Context) -> np.ndarray:
    """Return what both measures gain from one space to another, over halves of the situations, (draws, 2)."""
    situations = read.corpus.situations[read.corpus.test]
    rng = context.rng("shape")
    gains = []
    for _ in range(_HALVES):
        kept = [number for label in np.unique(labels) for number in _half(np.unique(situations[labels == label]), rng)]
        rows = np.isin(situations, kept)
        first, second = (class_geometry(space[rows], labels[rows]) for space in (one, other))
        gains.append([second.fisher - first.fisher, second.silhouette - first.silhouette])
    return np.array(gains)


def _half(situations: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    half: np.ndarray = rng.permutation(situations)[: max(2, len(situations) // 2)]
    return half


def _embedded(read: Read, recorder: Recorder) -> np.ndarray:
    loaded = recorder.loaded
    table: Any = loaded.model.get_input_embeddings()
    rows = []
    with torch.no_grad():
        for text in read.corpus.texts:
            ids = torch.tensor(loaded.tokenizer.encode(text, add_special_tokens=False), device=table.weight.device)
            rows.append(table(ids).float().mean(0).cpu().numpy())
    return np.stack(rows)


def _standard(rows: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    scale = rows[train].std(axis=0)
    standard: np.ndarray = (rows[test] - rows[train].mean(axis=0)) / np.where(scale > 0, scale, 1)
    return standard


def _highest(one: Geometry) -> float:
    return float(one.cosines[~np.eye(len(one.classes), dtype=bool)].max())


def _draw(report: Report, spaces: dict[str, np.ndarray], labels: np.ndarray) -> None:
    figure = Figure(figsize=(7.5, 3.6), layout="constrained")
    panels = figure.subplots(1, 2)
    shades = np.linspace(0, 0.85, len(EMOTIONS))
    for axes, (name, rows) in zip(panels, spaces.items(), strict=True):
        plane, shares = principal_plane(rows)
        for emotion, marker, shade in zip(EMOTIONS, _MARKERS, shades, strict=True):
            points = plane[labels == emotion]
            colour = _viridis(shade)
            axes.plot(points[:, 0], points[:, 1], marker, ms=3.5, alpha=0.6, color=colour, mew=0)
            axes.plot(*points.mean(axis=0), marker, ms=10, color=colour, mec="black", label=emotion)
        axes.set_title(name, fontsize=9)
        axes.set_xlabel(f"first component ({shares[0]:.0%})")
        axes.set_ylabel(f"second component ({shares[1]:.0%})")
    panels[1].legend(fontsize=7, markerscale=0.6)
    report.figure(
        "Emotions in a plane",
        figure,
        "Held-out utterances on the first two principal components; large marks are the means of the emotions.",
    )


def _viridis(share: float) -> tuple[float, ...]:
    from matplotlib import colormaps  # noqa: PLC0415

    return tuple(colormaps["viridis"](share))
