"""Search by prefixes of contrastively trained vectors: at one size, adaptively, and through a funnel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save
from torch import nn

from seme.embeddings.contrastive import ContrastiveLoss
from seme.embeddings.matryoshka import MatryoshkaLoss, PrincipalComponents, nested_dims
from seme.experiment import Context
from seme.experiments.keeping import fingerprint, kept
from seme.experiments.matryoshka import searched
from seme.experiments.matryoshka.networks import Projection, descend
from seme.experiments.matryoshka.texts import Material
from seme.report import Report
from seme.report.files import write_atomically
from seme.retrieval.funnel import FunnelIndex, Stage, adaptive, funnel

if TYPE_CHECKING:
    from seme.experiments.p08_matryoshka import MatryoshkaSettings

Vectors = npt.NDArray[np.float32]
_DEPTH = 10
_ELSEWHERE = (
    "seeds",
    "timed",
    "rounds",
    "dims_digits",
    "hidden",
    "train",
    "test",
    "steps",
    "rate",
    "steps_texts",
    "rate_texts",
)
"""Settings that nothing here follows from."""
_FITTED = 20_000
"""Glosses that the principal components are of."""


@dataclass(frozen=True, slots=True)
class Vectorised:
    """Vectors of glosses (n, d) and of the queries (q, d) by the nested head of the first seed, and its sizes."""

    ids: list[str]
    glosses: Vectors
    queries: Vectors
    dims: tuple[int, ...]


def add(report: Report, material: Material, settings: MatryoshkaSettings, context: Context) -> Vectorised:
    """Train heads over all sizes and over the full one alone, search by all of them, and report."""
    dims = nested_dims(material.glosses.shape[1], settings.smallest)
    data = fingerprint(material.glosses.numpy(), material.sentences.numpy(), material.rows)
    base = (settings.model_dump(exclude=set(_ELSEWHERE)), context.seed, data)

    def nested(sizes: tuple[int, ...], seed: int, *, stages: bool) -> dict[str, Any]:
        head = _head(sizes, seed, base, material, settings, context)
        return _searched(material, *_mapped(head, material), dims, settings, stages=stages)

    plain = (material.glosses, material.sentences[: material.asked])
    seeds = range(settings.seeds)
    ways: dict[str, list[Callable[[], dict[str, Any]]]] = {
        "MRL": [partial(nested, dims, seed, stages=True) for seed in seeds],
        "full size only": [partial(nested, dims[-1:], seed, stages=False) for seed in seeds],
        "MiniLM": [lambda: _searched(material, *plain, dims, settings)],
        "PCA of MiniLM": [lambda: _searched(material, *_rotated(*plain), dims, settings)],
    }
    runs = {
        kind: [kept(context.cache, (base, kind, seed), make) for seed, make in enumerate(own)]
        for kind, own in context.progress(ways.items(), "Searching", total=len(ways))
    }
    searched.add(report, runs, dims, settings)
    glosses, queries = _mapped(_head(dims, 0, base, material, settings, context), material)
    return Vectorised(material.ids, glosses.numpy(), queries.numpy(), dims)


def _head(
    dims: tuple[int, ...], seed: int, base: Any, material: Material, settings: MatryoshkaSettings, context: Context
) -> Projection:
    """Train a head on sentences and their glosses over some sizes, or read it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = Projection(material.glosses.shape[1])
    file = context.cache / f"head-{fingerprint(np.frombuffer(repr((base, dims, seed)).encode(), np.uint8))}.safetensors"
    if file.is_file():
        head.load_state_dict(load_file(file))
        return head.eval()
    loss = MatryoshkaLoss(ContrastiveLoss(temperature=settings.temperature), dims)
    sentences, rows = material.sentences[material.asked :], torch.from_numpy(material.rows[material.asked :])
    descend(
        head.parameters(),
        lambda at: loss(head(sentences[at]), head(material.glosses[rows[at]])),
        len(rows),
        steps=settings.steps_search,
        batch=settings.batch,
        rate=settings.rate_search,
        rng=context.rng("pairs", seed),
    )
    write_atomically(file, save(head.state_dict()))
    return head.eval()


@torch.no_grad()
def _mapped(head: nn.Module, material: Material) -> tuple[torch.Tensor, torch.Tensor]:
    return head(material.glosses), head(material.sentences[: material.asked])


def _rotated(glosses: torch.Tensor, queries: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    components = PrincipalComponents.fit(glosses[:_FITTED])
    full = len(components.components)
    padding = (0, glosses.shape[1] - full)  # fewer vectors than coordinates leave the last ones empty
    first, second = (nn.functional.pad(components.apply(one, full), padding) for one in (glosses, queries))
    return first, second


def plans(dims: Sequence[int], *, shortlist: int, widest: int) -> dict[str, tuple[Stage, ...]]:
    """Return the adaptive searches and the funnel that are tried, for vectors of the width `dims[-1]`."""
    full = dims[-1]
    found = {f"AR, {full // part}": adaptive(full // part, full, shortlist=shortlist) for part in (16, 12, 8)}
    sizes = [full // part for part in (16, 8, 4, 2, 1)]
    lists = [max(_DEPTH, widest // 2**step) for step in range(len(sizes) - 1)]
    return {**found, "funnel": funnel(sizes, lists)}


def _searched(
    material: Material,
    glosses: torch.Tensor,
    queries: torch.Tensor,
    dims: Sequence[int],
    settings: MatryoshkaSettings,
    *,
    stages: bool = False,
) -> dict[str, Any]:
    """Measure the search at each size, and by stages where asked for."""
    whole = {str(dim): (Stage(dim, _DEPTH),) for dim in dims}
    wanted = {**whole, **(plans(dims, shortlist=settings.shortlist, widest=settings.widest) if stages else {})}
    found = {}
    for name, one in wanted.items():
        index = FunnelIndex(material.ids, glosses.numpy(), one)
        hits = index.search(queries.numpy(), _DEPTH)
        found[name] = {**judge([each.ids for each in hits], material), "multiply-adds": index.multiply_adds}
    return found


def judge(found: Sequence[Sequence[str]], material: Material) -> Mapping[str, list[float]]:
    """Return, for each query, the average precision at 10 of its field, and the reciprocal rank of its own gloss."""
    rows = {name: row for row, name in enumerate(material.ids)}
    precision, reciprocal = [], []
    for own, names in zip(material.rows[: material.asked], found, strict=True):
        places = np.array([rows[name] for name in names])
        right = material.fields[places] == material.fields[own]
        precision.append(float((np.cumsum(right) / np.arange(1, len(right) + 1) * right).sum() / _DEPTH))
        hit = np.flatnonzero(places == own)
        reciprocal.append(1 / (int(hit[0]) + 1) if len(hit) else 0.0)
    return {"field": precision, "own": reciprocal}
