"""Whether emotions are regions of the states: angles, silhouette, and how far apart they are for how wide."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure

from seme.experiments.emotion.corpus import EMOTIONS
from seme.experiments.emotion.layers import Read
from seme.experiments.emotion.recording import Recorder
from seme.interp.emotion import Geometry, class_geometry, principal_plane
from seme.report import Claim, Report

_MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def add(report: Report, read: Read, recorder: Recorder) -> None:
    """Measure the geometry at every layer and of the input embeddings, on held-out situations."""
    test, train = read.corpus.test, read.corpus.train
    labels = np.array(EMOTIONS)[read.corpus.labels[test]]
    words = _embedded(read, recorder)
    spaces = {"input embeddings, mean": _standard(words, train, test)}
    for number in range(1, read.states.layers):
        spaces[f"layer {number}"] = _standard(read.states.layer(number), train, test)
    found = {name: class_geometry(rows, labels) for name, rows in spaces.items()}
    first, best = found["input embeddings, mean"], found[f"layer {read.best}"]
    for what, one, other in (
        ("variance between over within classes", first.fisher, best.fisher),
        ("silhouette", first.silhouette, best.silhouette),
    ):
        report.claim(
            Claim.ordered(f"The model pulls emotions apart ({what})", {"embeddings": one, "best layer": other},
                          paper_value="well-defined internal geometry",
                          note=f"States of held-out situations, standardised on the training part; layer {read.best}. "
                               "The mean of the input embeddings stands for the embedding layer, for all last tokens "
                               "are full stops.")
        )  # fmt: skip
    rows = [[name, one.fisher, one.silhouette, float(_highest(one))] for name, one in found.items()]
    columns = ["space", "between over within", "silhouette", "highest cosine of two centroids"]
    report.table("Geometry of the seven emotions", columns, rows)
    report.table(
        f"Cosines between the centroids at layer {read.best}", ["emotion", *EMOTIONS],
        [[name, *map(float, row)] for name, row in zip(EMOTIONS, best.cosines, strict=True)],
    )  # fmt: skip
    _draw(report, {"input embeddings, mean": spaces["input embeddings, mean"],
                   f"layer {read.best}": spaces[f"layer {read.best}"]}, labels)  # fmt: skip


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
        "Emotions in a plane", figure,
        "Held-out utterances on the first two principal components; large marks are the means of the emotions.",
    )  # fmt: skip


def _viridis(share: float) -> tuple[float, ...]:
    from matplotlib import colormaps  # noqa: PLC0415

    return tuple(colormaps["viridis"](share))
