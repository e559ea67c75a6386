"""What one seed gives: codes beside OPQ, dense vectors of each way of sampling, and training of both at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seme.embeddings.bidr import BatchGenerator, Head, Proximity, dead_codewords, fit_opq, project
from seme.experiment import Context
from seme.experiments.bidr.collection import Given
from seme.experiments.bidr.training import Trainings
from seme.retrieval.bigranular import BigranularIndex, ProductQuantiser
from seme.retrieval.evaluation import Measure, per_query, recall, reciprocal_rank_at

if TYPE_CHECKING:
    from seme.experiments.p11_bidr import BidrSettings

Float32 = npt.NDArray[np.float32]
Values = Mapping[str, float]
"""Of each query of the test."""
DENSE: Mapping[str, tuple[BatchGenerator, bool]] = {
    "random negatives": ("random", False),
    "hard negatives": ("random", True),
    "random walk": ("random_walk", True),
    "snowball": ("snow_sample", True),
}
"""Second stages by name: how batches are made, and whether negatives are candidates."""
_DEPTH = 100


@dataclass
class Codes:
    """Codes of one length: recall@100 of each system by query, and what is lost of vectors and words."""

    recall: dict[str, Values]
    lost: dict[str, float]
    dead: int


@dataclass
class Measured:
    """One seed: codes by their bytes; MRR@10 by system of the verified candidates and of the whole corpus."""

    codes: dict[int, Codes] = field(default_factory=dict)
    verified: dict[str, Values] = field(default_factory=dict)
    whole: dict[str, Values] = field(default_factory=dict)
    memory: float = 0.0
    """Bytes in memory over those of the dense vectors."""


def measure(given: Given, seed: int, settings: BidrSettings, context: Context) -> Measured:
    """Train and measure everything once."""
    trainings, found = Trainings(given, seed, settings, context), Measured()
    first = trainings.dense("initial", settings.steps_initial)
    longer = trainings.dense("dense, as long as the codes", settings.steps_codes, start=first)
    for parts in settings.parts:
        begun = _opq(first, parts, given, settings)
        light, quantiser = trainings.codes(f"codes of {parts}", settings.steps_codes, start=first, quantiser=begun)
        found.codes[parts] = _compare_codes(given, light, quantiser, longer, settings)
    graph = _graph(given, light, quantiser, settings)
    for name, (method, local) in DENSE.items():
        near = graph if local else None
        dense = trainings.dense(name, settings.steps_dense, start=first, graph=near, method=method)
        _serve(found, name, given, dense, light, quantiser, settings)
    both, joint = trainings.codes("joint", settings.steps_codes + settings.steps_dense, start=first, quantiser=begun)
    _serve(found, "joint", given, both, both, joint, settings)
    index = _index(given, light, light, quantiser)
    found.verified["codes alone"] = _judge(given, _codes_run(index, light, given, 10), reciprocal_rank_at(10))
    return found


def _opq(head: Head, parts: int, given: Given, settings: BidrSettings) -> ProductQuantiser:
    vectors = project(head, given.pool.documents[: settings.fitted_on])
    return fit_opq(vectors, parts=parts, centroids=settings.centroids, iterations=settings.iterations)


def _compare_codes(
    given: Given, light: Head, quantiser: ProductQuantiser, longer: Head, settings: BidrSettings
) -> Codes:
    same = _opq(light, quantiser.parts, given, settings)
    systems = {
        "contrastive": (light, quantiser),
        "OPQ, same encoder": (light, same),
        "OPQ, dense encoder": (longer, _opq(longer, quantiser.parts, given, settings)),
    }
    found = {}
    for name, (head, of_codes) in systems.items():
        index = _index(given, head, head, of_codes)
        found[name] = _judge(given, _codes_run(index, head, given, _DEPTH), recall(_DEPTH))
    vectors = project(light, given.pool.documents)
    codes = quantiser.encode(vectors)
    lost = {name: _lost(vectors, one) for name, one in (("contrastive", quantiser), ("OPQ, same encoder", same))}
    return Codes(found, lost, dead_codewords(quantiser, codes))


def _lost(vectors: Float32, quantiser: ProductQuantiser) -> float:
    rest = vectors - quantiser.decode(quantiser.encode(vectors))
    return float(np.square(rest).sum() / np.square(vectors).sum())


def _index(given: Given, dense: Head, light: Head, quantiser: ProductQuantiser) -> BigranularIndex:
    index = BigranularIndex(quantiser, encoder=given.label)
    documents = given.pool.documents
    index.add(given.ids, project(dense, documents), light=project(light, documents))
    return index


def _codes_run(index: BigranularIndex, head: Head, given: Given, k: int) -> dict[str, dict[str, float]]:
    hits = index.search_codes(project(head, given.test), min(k, len(index)))
    return {query: dict(one) for query, one in zip(given.judgements, hits, strict=True)}


def _graph(given: Given, light: Head, quantiser: ProductQuantiser, settings: BidrSettings) -> Proximity:
    index = _index(given, light, light, quantiser)
    row = {one: number for number, one in enumerate(given.ids)}
    hits = index.search_codes(project(light, given.pool.queries), min(settings.near, len(index)))
    near = [np.array([row[one] for one in found.ids], dtype=np.int64) for found in hits]
    pairs = zip(near, given.pool.positives, strict=True)
    return Proximity([rows[~np.isin(rows, right)] for rows, right in pairs], len(given.ids))


def _serve(
    found: Measured,
    name: str,
    given: Given,
    dense: Head,
    light: Head,
    quantiser: ProductQuantiser,
    settings: BidrSettings,
) -> None:
    """Search as one would, from the index; and all dense vectors without any index."""
    index = _index(given, dense, light, quantiser)
    queries = project(dense, given.test)
    count = min(settings.candidates, len(index))
    hits = index.search(
        queries, min(10, len(index)), light=project(light, given.test), candidates=count, weight=settings.weight
    )
    run = {query: dict(one) for query, one in zip(given.judgements, hits, strict=True)}
    found.verified[name] = _judge(given, run, reciprocal_rank_at(10))
    scores = queries @ project(dense, given.pool.documents).T
    best = np.argsort(-scores, axis=1)[:, :10]
    whole = {
        query: {given.ids[i]: float(of_query[i]) for i in rows.tolist()}
        for query, rows, of_query in zip(given.judgements, best, scores, strict=True)
    }
    found.whole[name] = _judge(given, whole, reciprocal_rank_at(10))
    size = index.footprint()
    # Vectors and ids of an index that was not saved are still in memory: they are what lies on disk.
    codes = quantiser.parts * len(index) + len(index) + quantiser.nbytes
    found.memory = codes / size.vectors


def _judge(given: Given, run: Mapping[str, Mapping[str, float]], measure: Measure) -> Values:
    return per_query(given.judgements, run, measure)
