"""Trainings of all systems from the same plain models, and what each finds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Self

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
from seme.embeddings.encoder import TextEncoder
from seme.errors import InputError
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
    """What each system finds, by seed: `MV`, the trained reductions, and `NAME post-hoc` of the plain model.

    `tried` has, for each trained system, nDCG@10 of the validation queries by learning rate (first seed).
    """

    results: dict[str, list[Result]]
    tried: dict[str, dict[float, float]]

    def mean(self, system: str) -> float:
        """Return a system's nDCG@10 over collections and seeds."""
        return float(np.mean(self.by_seed(system)))

    def by_seed(self, system: str) -> list[float]:
        """Return a system's nDCG@10 of each seed."""
        return [one.ndcg() for one in self.results[system]]

    def differences(self, system: str, other: str) -> list[float]:
        """Return how much better a system is than another, for each seed that both were trained with."""
        return [a - b for a, b in zip(self.by_seed(system), self.by_seed(other), strict=False)]

    def rate(self, system: str) -> float:
        """Return the learning rate that a trained system took: the best one for validation, the first of equals."""
        return max(self.tried[system], key=self.tried[system].__getitem__)


def named(name: str, settings: CrispSettings) -> Reduction:
    """Return a reduction by its name as it is used here."""
    found = reduction(name)
    if isinstance(found, Clusters):
        return Clusters(**{**asdict(found), "start": settings.start, "normalise": settings.unit_means})
    return found


def measure(settings: CrispSettings, context: Context) -> Found:
    """Train every system, at all rates with the first seed and at its best with the others, and search with it.

    Raises
    ------
    InputError
        If a rate is not positive, or a collection has too few long documents.
    """
    if min(settings.rates) <= 0:
        raise InputError(f"rates is {settings.rates}, expected numbers above 0")
    systems = _Systems.prepare(settings, context)
    names = ("MV", *settings.reductions)
    every = (*names, *settings.simpler)
    first = [(name, rate) for name in every for rate in settings.rates]
    kept = {
        (name, rate): systems.found(name, 0, rate)
        for name, rate in context.progress(first, "Training and searching, first seed, all rates")
    }
    tried = {name: {rate: kept[name, rate].validated for rate in settings.rates} for name in every}
    found = Found({}, tried)
    rest = [
        (name, seed)
        for seed in range(1, settings.seeds)
        for name in (*names, *(settings.simpler if seed < settings.simpler_seeds else ()))
    ]
    made = [kept[name, found.rate(name)] for name in every]
    made += [
        systems.found(name, seed, found.rate(name))
        for name, seed in context.progress(rest, "Training and searching, other seeds")
    ]
    for one in made:
        for system, result in one.results.items():
            found.results.setdefault(system, []).append(result)
    return found


@dataclass(frozen=True, slots=True)
class _Kept:
    """What one training found: nDCG@10 of the validation queries, and the results of the test queries by system."""

    validated: float
    results: dict[str, Result]


@dataclass(frozen=True, slots=True)
class _Systems:
    """One encoder that is trained as every system in turn; what each training found is kept on disk."""

    encoder: MultiVectorEncoder
    begin: Weights
    material: list[Material]
    validation: list[Material]
    digest: str
    settings: CrispSettings
    context: Context

    @classmethod
    def prepare(cls, settings: CrispSettings, context: Context) -> Self:
        """Load the encoder, and run its frozen blocks over all texts."""
        corpora = [corpus.make(name, settings) for name in settings.collections]
        held = [corpus.make(name, settings, split="validation") for name in settings.collections]
        elsewhere = {"seeds", "simpler_seeds", "reductions", "simpler", "rates"}
        content = repr((settings.model_dump(exclude=elsewhere), context.seed, corpora, held))
        digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:20]
        base = TextEncoder.load(settings.encoder, device=context.device, longest=settings.longest)
        encoder = MultiVectorEncoder(base)
        train_above(encoder, settings.layer)
        material = [features.material(one, base, settings, context) for one in corpora]
        validation = [features.material(replace(one, pairs=[]), base, settings, context) for one in held]
        return cls(encoder, _weights(encoder), material, validation, digest, settings, context)

    def found(self, name: str, seed: int, rate: float) -> _Kept:
        """Train a system and search with it, or read what that found."""
        file = self.context.cache / f"crisp-{self.digest}-{name}-{seed}-{rate:g}.json"
        wanted = [f"{one} post-hoc" for one in self.settings.reductions] if name == "MV" else []
        known = json.loads(file.read_text()) if file.is_file() else {"results": {}}
        if not {name, *wanted} <= known["results"].keys():
            _load(self.encoder, self._plain(seed))
            self._train(name, seed, self.settings.steps, rate)
            results = {key: asdict(one) for key, one in self._searched(name)}
            known = {"validated": self._validated(name), "results": results}
            write_atomically(file, json.dumps(known).encode())
        asked = ("MV", *self.settings.reductions)
        return _Kept(
            known["validated"],
            {
                key: Result(**one)
                for key, one in known["results"].items()
                if name != "MV" or key.partition(" ")[0] in asked
            },
        )

    def _validated(self, name: str) -> float:
        tokens = [searching.tokens(self.encoder, one, self.settings.layer) for one in self.validation]
        return searching.search(named(name, self.settings), tokens, self.validation, {}).ndcg()

    def _searched(self, name: str) -> Iterator[tuple[str, Result]]:
        """Yield what the model finds, and the plain one also after clustering."""
        settings, material = self.settings, self.material
        tokens = [searching.tokens(self.encoder, one, settings.layer) for one in material]
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

    def _plain(self, seed: int) -> Weights:
        """Return the weights of the plain model of a seed, where all reductions begin."""
        file = self.context.cache / f"crisp-{self.digest}-plain-{seed}.safetensors"
        if not file.is_file():
            _load(self.encoder, self.begin)
            self._train("MV", 1000 + seed, self.settings.steps_first, self.settings.rate)
            write_tensors(file, {name: one.cpu().numpy() for name, one in _weights(self.encoder).items()})
        return {name: torch.from_numpy(one) for name, one in read_tensors(file).items()}

    def _train(self, name: str, seed: int, steps: int, rate: float) -> None:
        """Train in place; the batches of a seed are the same for every system."""
        encoder, settings, context = self.encoder, self.settings, self.context
        encoder.reduction = named(name, settings)
        seeded = int(context.rng("batches", seed).integers(2**31))
        trained = [one for one in encoder.parameters() if one.requires_grad]
        Trainer(
            encoder,
            CrispObjective(layer=settings.layer, temperature=settings.temperature),
            _batches(self.material, seeded, settings),
            Budget(steps=steps),
            seed=seeded,
            optimizer=torch.optim.AdamW(trained, lr=rate, weight_decay=0.01),
            schedule=linear(warmup=0.1),
            clip_norm=1.0,
            device="cpu" if context.device == "cpu" else None,
            log_every=max(1, steps // 4),
            progress=lambda at: context.say(f"{name}, seed {seed}, rate {rate:g}: step {at.steps}, loss {at.loss:.3f}"),
        ).run()


def _batches(material: list[Material], seed: int, settings: CrispSettings) -> PairBatches:
    groups = [(i, one) for i, part in enumerate(material) for one in part.groups]
    numbers = {one: i for i, one in enumerate(dict.fromkeys(groups))}
    return PairBatches(
        [one for part in material for one in part.train_queries],
        [one for part in material for one in part.train_documents],
        [numbers[one] for one in groups],
        size=settings.batch,
        seed=seed,
        hard=hard_rows(material) if settings.hard else None,
    )


def hard_rows(material: list[Material]) -> list[npt.NDArray[np.int64]]:
    """Return the rows of each pair's hard negatives among the documents of all collections."""
    begins = np.cumsum([0, *(len(part.hard) for part in material)])
    return [near + begin for part, begin in zip(material, begins[:-1], strict=True) for near in part.hard]


def _weights(encoder: MultiVectorEncoder) -> Weights:
    return {name: one.detach().clone() for name, one in encoder.named_parameters() if one.requires_grad}


@torch.no_grad()
def _load(encoder: MultiVectorEncoder, weights: Weights) -> None:
    named_parameters = dict(encoder.named_parameters())
    for name, one in weights.items():
        named_parameters[name].copy_(one)
