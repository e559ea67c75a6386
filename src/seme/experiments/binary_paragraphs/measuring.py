"""Trainings of one seed, and how well each kind of code finds documents of a query's class."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seme.embeddings.binary_paragraphs import BinaryParagraphVector, HashingSettings, ParagraphSettings, SemanticHashing
from seme.experiment import Context
from seme.experiments.binary_paragraphs.corpora import Labelled, Material
from seme.retrieval.binary import RandomHyperplanes, hamming, tied_average_precision, tied_ndcg, tied_precision

if TYPE_CHECKING:
    from seme.experiments.p19_binary_paragraphs import BinaryParagraphsSettings

Floats = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint8]
Bar = Callable[[Iterable[int], str], Iterable[int]]
_DEPTH = 10
_CONTEXT = 4
DEPTHS = (1, 2, 5, 10, 20, 50, 100, 200)
"""Depths at which precision is drawn."""


@dataclass(slots=True)
class Found:
    """What was measured of one seed, by system: values of each query, and the mean precision at some depths."""

    precision: dict[str, list[float]] = field(default_factory=dict)
    """Average precision."""
    ndcg: dict[str, list[float]] = field(default_factory=dict)
    curve: dict[str, list[float]] = field(default_factory=dict)
    touched: float = 0.0
    """Share of the documents that Real-Binary's short lists hold."""

    def add(self, system: str, scores: Floats, documents: Labelled, queries: Labelled, *, itself: bool = False) -> None:
        """Measure scores (queries, documents); `itself` leaves out the diagonal."""
        labels = np.array(documents.labels)
        values: list[tuple[float, float]] = []
        curves = []
        for number, (row, label) in enumerate(zip(scores, queries.labels, strict=True)):
            kept = np.arange(len(labels)) != number if itself else np.ones(len(labels), dtype=np.bool_)
            right = labels[kept] == label
            if right.any():
                values.append((tied_average_precision(row[kept], right), tied_ndcg(row[kept], right, _DEPTH)))
                curves.append(tied_precision(row[kept], right, [one for one in DEPTHS if one <= len(right)]))
        self.precision[system], self.ndcg[system] = ([pair[side] for pair in values] for side in (0, 1))
        self.curve[system] = np.mean(curves, axis=0).tolist()


def of_seed(seed: int, material: Material, settings: BinaryParagraphsSettings, context: Context) -> Found:
    """Train everything with one seed and measure it, unless that was done before."""
    facts = (settings.model_dump(exclude={"rows", "seeds"}), context.seed, material.documents, material.other)
    digest = hashlib.sha256(repr(facts).encode()).hexdigest()[:20]
    file = context.cache / f"binary-paragraphs-{digest}-{seed}.json"
    if file.is_file():
        return Found(**json.loads(file.read_text()))
    found = Found()
    numbers = int(context.rng("models", seed).integers(2**31))
    _add_binary(found, numbers, material, settings, context)
    _add_real_binary(found, numbers, material, settings, context)
    _add_hashing(found, numbers, material, settings, context)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps({name: getattr(found, name) for name in Found.__slots__}))
    part.replace(file)
    return found


def _add_binary(
    found: Found, seed: int, material: Material, settings: BinaryParagraphsSettings, context: Context
) -> None:
    """Measure Binary PV-DBOW and PV-DM, and random hyperplanes of PV-DBOW, at home and in the other domain."""
    documents, queries, other = material.documents, material.queries, material.other
    for name, changed in (("BPV", {}), ("Binary PV-DM", {"context": _CONTEXT})):
        model = _fit(material, settings, context.progress, seed, kind="binary", **changed)
        codes = model.transform(queries.texts)
        found.add(f"{name}-{settings.bits}", _nearness(codes, model.codes_), documents, queries)
        if name == "BPV":
            carried = model.transform(other.texts)
            found.add("BPV, carried over", _nearness(carried, carried), other, other, itself=True)
    real = _fit(material, settings, context.progress, seed, kind="real")
    asked, carried_real = real.vectors(queries.texts), real.vectors(other.texts)
    planes = RandomHyperplanes(settings.dim, settings.bits, seed=seed)
    known = planes.transform(real.vectors_)
    found.add("PV-DBOW, cosine", _cosine(asked, real.vectors_), documents, queries)
    found.add(f"PV-DBOW, LSH-{settings.bits}", _nearness(planes.transform(asked), known), documents, queries)
    signs = planes.transform(carried_real)
    found.add("LSH, carried over", _nearness(signs, signs), other, other, itself=True)


def _add_real_binary(
    found: Found, seed: int, material: Material, settings: BinaryParagraphsSettings, context: Context
) -> None:
    """Measure Real-Binary PV-DBOW by its code, and re-ranked by cosine within a ball around the code."""
    model = _fit(material, settings, context.progress, seed, kind="real-binary", bits=settings.hash_bits)
    vectors = model.vectors(material.queries.texts)
    near = _nearness(model.encode(vectors), model.codes_)
    cosines = _cosine(vectors, model.vectors_)
    radius = np.sort(-near, axis=1)[:, min(settings.shortlist, near.shape[1]) - 1]
    ball = -near <= radius[:, None]
    # Beyond the ball the order of the codes stays; within it cosines, which are at most 1, stand above.
    found.add("Real-Binary, code", near, material.documents, material.queries)
    found.add("Real-Binary, re-ranked", np.where(ball, 2 + cosines, near), material.documents, material.queries)
    found.add("Real-Binary, cosine", cosines, material.documents, material.queries)
    found.touched = float(ball.mean())


def _add_hashing(
    found: Found, seed: int, material: Material, settings: BinaryParagraphsSettings, context: Context
) -> None:
    """Measure the autoencoder at both lengths."""
    for bits in (settings.bits, settings.long_bits):
        given = HashingSettings(bits=bits, hidden=settings.hidden, noise=1.0, epochs=settings.hashing_epochs)
        made = SemanticHashing(material.terms, given, seed=seed)
        made.fit(material.documents.texts, progress=context.progress)
        near = _nearness(made.transform(material.queries.texts), made.transform(material.documents.texts))
        found.add(f"Semantic hashing-{bits}", near, material.documents, material.queries)


def _fit(
    material: Material, settings: BinaryParagraphsSettings, progress: Bar, seed: int, **changed: Any
) -> BinaryParagraphVector:
    given = {"bits": settings.bits, "dim": settings.dim, "epochs": settings.epochs, "rate": settings.rate, **changed}
    return BinaryParagraphVector(ParagraphSettings(**given), seed=seed).fit(material.documents.texts, progress=progress)


def _nearness(queries: Codes, documents: Codes) -> Floats:
    return -hamming(queries, documents).astype(np.float32)


def _cosine(queries: Floats, documents: Floats) -> Floats:
    one, other = (v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-9) for v in (queries, documents))
    found: Floats = one @ other.T
    return found
