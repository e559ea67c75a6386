"""Word vectors that were made apart, on the words that both have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seme.assets import load_word_vectors
from seme.experiment import Context
from seme.interp.relative import Comparison, RelativeRepresentation, compare_spaces, linear_cka, select_anchors
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p55_relative import RelativeSettings

_PAPER = "0.94 to 0.98 for FastText and Word2Vec, absolute 0.00"


def shared_vectors(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the vectors of the most frequent words of GloVe that are whole pieces of WordLlama, (count, d) each."""
    glove, llama = load_word_vectors("glove-6b-50d"), load_word_vectors("wordllama-256")
    pairs = []
    for word, row in glove.index.items():
        piece = llama.index.get(f"▁{word}")
        if piece is not None and word.isalpha() and len(word) > 2:
            pairs.append((row, piece))
            if len(pairs) == count:
                break
    rows, pieces = (list(column) for column in zip(*pairs, strict=True))
    return np.asarray(glove.vectors[rows], dtype=np.float64), np.asarray(llama.vectors[pieces], dtype=np.float64)


def add(report: Report, settings: RelativeSettings, context: Context) -> None:
    """Compare GloVe and WordLlama by the paper's three figures."""
    first, second = shared_vectors(settings.words)
    count = min(settings.anchors, len(first) // 2)
    anchors = select_anchors(first, count, seed=context.seed)
    others = np.setdiff1d(np.arange(len(first)), anchors)
    found = {
        name: _relative(first, second, anchors, others, settings.neighbours, centre=centre)
        for name, centre in (("relative", False), ("relative, centred", True))
    }
    chance = _chance(len(others))
    best = max(found.values(), key=lambda one: one.mrr)
    report.claim(
        Claim.at_least(
            "Words find themselves in the other space (mean reciprocal rank, relative)",
            measured=best.mrr,
            floor=0.3,
            paper_value=_PAPER,
            note=f"Chance is {chance:.4f}. The better of with and without centring.",
        )
    )
    report.claim(
        Claim.ratio_at_least(
            "They do so ten times better than by chance", measured=best.mrr, baseline=chance, factor=10.0
        )
    )
    report.claim(
        Claim.not_tested(
            "Two runs of skip-gram on one corpus are alike relatively and not absolutely",
            "No library that trains skip-gram is among the dependencies.",
        )
    )
    procrustes = _procrustes(first, second, anchors, others, settings.neighbours)
    report.baseline("Absolute, cut to the same width", _absolute(first, second, others, settings.neighbours).as_dict())
    report.baseline("Orthogonal map, fitted to the anchors", procrustes.as_dict())
    rows = [[name, *one.as_dict().values()] for name, one in (*found.items(), ("orthogonal map", procrustes))]
    title = f"GloVe and WordLlama on {len(others)} words, {count} anchors (linear CKA {linear_cka(first, second):.3f})"
    report.table(title, ["spaces", "Jaccard", "MRR", "cosine"], rows)
    _add_sizes(report, first, second, settings, context)


def _relative(
    first: np.ndarray, second: np.ndarray, anchors: np.ndarray, others: np.ndarray, k: int, *, centre: bool
) -> Comparison:
    made = [RelativeRepresentation(centre=centre).fit(x[anchors]).transform(x[others]) for x in (first, second)]
    return compare_spaces(*made, k=k)


def _absolute(first: np.ndarray, second: np.ndarray, others: np.ndarray, k: int) -> Comparison:
    width = min(first.shape[1], second.shape[1])
    return compare_spaces(first[others, :width], second[others, :width], k=k)


def _procrustes(first: np.ndarray, second: np.ndarray, anchors: np.ndarray, others: np.ndarray, k: int) -> Comparison:
    """Map the narrower space into the other with orthonormal rows, as well as the anchors allow."""
    a, b = (x - x[anchors].mean(axis=0) for x in (first, second))
    left, _, right = np.linalg.svd(a[anchors].T @ b[anchors], full_matrices=False)
    return compare_spaces(a[others] @ left @ right, b[others], k=k)


def _chance(count: int) -> float:
    return float((1 / np.arange(1, count + 1)).mean())


def _add_sizes(
    report: Report, first: np.ndarray, second: np.ndarray, settings: RelativeSettings, context: Context
) -> None:
    sizes = [size for size in settings.sizes if size <= len(first) // 2]
    others = np.setdiff1d(np.arange(len(first)), select_anchors(first, sizes[-1], seed=context.seed))
    order = context.rng("sizes").permutation(np.setdiff1d(np.arange(len(first)), others))
    mrr = [_relative(first, second, order[:size], others, settings.neighbours, centre=True).mrr for size in sizes]
    tolerance = 0.02
    steps = np.diff(mrr) >= -tolerance
    report.claim(
        Claim.at_least(
            "More anchors do not make it worse (share of steps in the number of anchors)",
            measured=float(steps.mean()),
            floor=1.0,
            note=f"To within {tolerance} of the reciprocal rank.",
        )
    )
    report.table("Mean reciprocal rank by number of anchors", [str(size) for size in sizes], [mrr])
    figure = Figure(figsize=(4.6, 3), layout="constrained")
    axes = figure.subplots()
    axes.plot(sizes, mrr, marker="o", ms=4)
    axes.axvline(first.shape[1], color="0.6", lw=0.8)
    axes.set(xscale="log", xlabel="anchors", ylabel="mean reciprocal rank", ylim=(0, None))
    report.figure(
        "Number of anchors",
        figure,
        "How well words of GloVe find themselves among those of WordLlama, by the number of anchors; the line is the "
        "dimension of GloVe.",
    )
