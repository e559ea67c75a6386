"""Trainings of all systems from the same plain models, and what each finds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from seme.embeddings.crisp import (
    Clusters,
    CrispObjective,
    MultiVectorEncoder,
    PairBatches,
    Reduction,
    reduction,
    train_above,
)
from seme.embeddings.crisp.training import States
from seme.embeddings.encoder import TextEncoder
from seme.experiment import Context
from seme.experiments.crisp import corpus, features, searching
from seme.experiments.crisp.searching import Material, Result
from seme.report.files import write_atomically
from seme.retrieval.tensors import read_tensors, write_tensors
from seme.training.budget import Budget
from seme.training.schedule import linear
from seme.training.trainer import Trainer

if TYPE_CHECKING:
    from seme.experiments.p24_crisp import CrispSettings

Weights = dict[str, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Found:
    """What each system finds, by seed: `MV`, the trained reductions, and `NAME post-hoc` of the plain model."""

    results: dict[str, list[Result]]

    def mean(self, system: str) -> float:
        """Return a system's nDCG@10 over collections and seeds."""
        return float(np.mean(self.by_seed(system)))

    def by_seed(self, system: str) -> list[float]:
        """Return a system's nDCG@10 of each seed."""
        return [one.ndcg() for one in self.results[system]]

    def differences(self, system: str, other: str) -> list[float]:
        """Return how much better a system is than another, for each seed that both were trained with."""
        return [a - b for a, b in zip(self.by_seed(system), self.by_seed(other), strict=False)]


def named(name: str, settings: CrispSettings) -> Reduction:
    """Return a reduction by its name as it is used here."""
    found = reduction(name)
    if isinstance(found, Clusters):
        return Clusters(**{**asdict(found), "start": settings.start, "normalise": settings.unit_means})
    return found


def measure(settings: CrispSettings, context: Context) -> Found:
    """Train every system with each seed, and search with it; what was measured is kept."""
    corpora = [corpus.make(name, settings) for name in settings.collections]
    content = repr(
        (settings.model_dump(exclude={"seeds", "simpler_seeds", "reductions", "simpler"}), context.seed, corpora)
    )
    digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:20]
    base = TextEncoder.load(settings.encoder, device=context.device, longest=settings.longest)
    encoder = MultiVectorEncoder(base)
    train_above(encoder, settings.layer)
    material = [_material(one, base, settings, context) for one in corpora]
    begin = _weights(encoder)
    results: dict[str, list[Result]] = {}
    jobs = [
        (name, seed)
        for seed in range(settings.seeds)
        for name in ("MV", *settings.reductions, *(settings.simpler if seed < settings.simpler_seeds else ()))
    ]
    for name, seed in context.progress(jobs, "Training and searching"):
        file = context.cache / f"crisp-{digest}-{name}-{seed}.json"
        wanted = [] if name != "MV" else [one for one in settings.reductions if not _kept(file, one)]
        if not file.is_file() or wanted:
            _load(encoder, _plain(encoder, begin, material, seed, digest, settings, context))
            _train(encoder, name, seed, material, settings.steps, settings, context)
            found = {key: asdict(one) for key, one in _searched(encoder, name, material, settings)}
            write_atomically(file, json.dumps(found).encode())
        for system, one in json.loads(file.read_text()).items():
            if name != "MV" or system.partition(" ")[0] in ("MV", *settings.reductions):
                results.setdefault(system, []).append(Result(**one))
    return Found(results)


def _searched(
    encoder: MultiVectorEncoder, name: str, material: list[Material], settings: CrispSettings
) -> Iterator[tuple[str, Result]]:
    """Yield what the model finds, and the plain one also after clustering."""
    encoder.reduction = named(name, settings)
    tokens = [searching.tokens(encoder, one, settings.layer) for one in material]
    spread_of = settings.reductions if name == "MV" else (name,)
    spreads = {one: made for one in spread_of if isinstance(made := named(one, settings), Clusters)}
    yield name, searching.search(named(name, settings), tokens, material, spreads)
    if name != "MV":
        return
    for one in settings.reductions:
        way = named(one, settings)
        assert isinstance(way, Clusters)  # noqa: S101  # reductions are clusters
        plain = asdict(way)
        yield f"{one} post-hoc", searching.search(way, tokens, material, {})
        ward = Clusters(**{**plain, "method": "agglomerative"})
        yield f"{one} post-hoc Ward", searching.search(ward, tokens, material, {})
        documents = Clusters(**{**plain, "sides": ("document",)})
        yield f"{one} post-hoc documents", searching.search(documents, tokens, material, {})


def _plain(
    encoder: MultiVectorEncoder,
    begin: Weights,
    material: list[Material],
    seed: int,
    digest: str,
    settings: CrispSettings,
    context: Context,
) -> Weights:
    """Return the weights of the plain model of a seed, where all reductions begin."""
    file = context.cache / f"crisp-{digest}-plain-{seed}.safetensors"
    if not file.is_file():
        _load(encoder, begin)
        _train(encoder, "MV", 1000 + seed, material, settings.steps_first, settings, context)
        write_tensors(file, {name: one.cpu().numpy() for name, one in _weights(encoder).items()})
    return {name: torch.from_numpy(one) for name, one in read_tensors(file).items()}


def _train(
    encoder: MultiVectorEncoder,
    name: str,
    seed: int,
    material: list[Material],
    steps: int,
    settings: CrispSettings,
    context: Context,
) -> None:
    """Train in place; the batches of a seed are the same for every system."""
    encoder.reduction = named(name, settings)
    queries = [one for part in material for one in part.train_queries]
    documents = [one for part in material for one in part.train_documents]
    groups = [(i, one) for i, part in enumerate(material) for one in part.groups]
    numbers = {one: i for i, one in enumerate(dict.fromkeys(groups))}
    seeded = int(context.rng("batches", seed).integers(2**31))
    batches = PairBatches(
        queries,
        documents,
        [numbers[one] for one in groups],
        size=settings.batch,
        seed=seeded,
        hard=hard_rows(material) if settings.hard else None,
    )
    trained = [one for one in encoder.parameters() if one.requires_grad]
    Trainer(
        encoder,
        CrispObjective(layer=settings.layer, temperature=settings.temperature),
        batches,
        Budget(steps=steps),
        seed=seeded,
        optimizer=torch.optim.AdamW(trained, lr=settings.rate, weight_decay=0.01),
        schedule=linear(warmup=0.1),
        clip_norm=1.0,
        device="cpu" if context.device == "cpu" else None,
        log_every=max(1, steps // 4),
        progress=lambda at: context.say(f"{name}, seed {seed}: step {at.steps}, loss {at.loss:.3f}"),
    ).run()


def hard_rows(material: list[Material]) -> list[npt.NDArray[np.int64]]:
    """Return the rows of each pair's hard negatives among the documents of all collections."""
    begins = np.cumsum([0, *(len(part.hard) for part in material)])
    return [near + begin for part, begin in zip(material, begins[:-1], strict=True) for near in part.hard]


def _material(one: corpus.Corpus, base: TextEncoder, settings: CrispSettings, context: Context) -> Material:
    def of(texts: list[str], longest: int) -> list[States]:
        return features.states(base, texts, longest, settings, context)

    return Material(
        one,
        of([query for query, _ in one.pairs], settings.longest_query),
        of([document for _, document in one.pairs], settings.longest),
        [document for _, document in one.pairs],
        features.near(base, one.pairs, settings),
        of(list(one.documents.values()), settings.longest),
        of(list(one.queries.values()), settings.longest_query),
        of(list(one.noisy.values()), settings.longest_query),
    )


def _kept(file: Path, name: str) -> bool:
    return file.is_file() and f"{name} post-hoc" in json.loads(file.read_text())


def _weights(encoder: MultiVectorEncoder) -> Weights:
    return {name: one.detach().clone() for name, one in encoder.named_parameters() if one.requires_grad}


@torch.no_grad()
def _load(encoder: MultiVectorEncoder, weights: Weights) -> None:
    named_parameters = dict(encoder.named_parameters())
    for name, one in weights.items():
        named_parameters[name].copy_(one)
