"""Classifiers of every size: nested, independent, slimmable, and out of a finished embedding."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from seme.assets.wordnet import FILES
from seme.embeddings.matryoshka import (
    Cascade,
    NestedCrossEntropy,
    PrincipalComponents,
    SeparateHeads,
    TiedHeads,
    nested_dims,
    random_coordinates,
)
from seme.experiment import Context
from seme.experiments.keeping import fingerprint, kept
from seme.experiments.matryoshka.networks import Perceptron, Slimmable, descend
from seme.experiments.matryoshka.texts import Material

if TYPE_CHECKING:
    from seme.experiments.p08_matryoshka import MatryoshkaSettings

Labels = npt.NDArray[np.int64]
Heads = SeparateHeads | TiedHeads
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Task:
    """Inputs (n, d) and labels of three parts that share nothing, and the sizes of the embedding."""

    train: tuple[torch.Tensor, Labels]
    validation: tuple[torch.Tensor, Labels]
    test: tuple[torch.Tensor, Labels]
    dims: tuple[int, ...]
    classes: int
    hidden: int
    steps: int
    batch: int
    rate: float

    @property
    def between(self) -> tuple[int, ...]:
        """Sizes that nothing is trained for: one and a half times each but the last."""
        return tuple(dim * 3 // 2 for dim in self.dims[:-1])


@dataclass(frozen=True, slots=True)
class Found:
    """Results of one data set over seeds, each: method -> size -> accuracy, for heads and neighbours; the cascade."""

    name: str
    dims: tuple[int, ...]
    classes: int
    runs: list[dict[str, Any]]

    def values(self, kind: str, method: str, dim: int) -> list[float]:
        """Return the accuracies of each seed."""
        return [run[kind][method][str(dim)] for run in self.runs]

    def mean(self, kind: str, method: str, dim: int) -> float:
        """Return the mean over seeds."""
        return float(np.mean(self.values(kind, method, dim)))


def measure(name: str, material: Material, settings: MatryoshkaSettings, context: Context) -> Found:
    """Train and test everything once for each seed."""
    runs = []
    for seed in context.progress(range(settings.seeds), f"Classifying {name}"):
        task = _digits(settings, context, seed) if name == "digits" else _glosses(material, settings)
        chosen = (task.steps, task.batch, task.rate, context.seed, seed, task.dims, task.hidden)
        data = fingerprint(
            *(array for part in (task.train, task.validation, task.test) for array in (part[0].numpy(), part[1]))
        )
        make = partial(_run, name, task, context, seed)
        runs.append(kept(context.cache, (name, chosen, data), make))
    return Found(name, task.dims, task.classes, runs)


def _digits(settings: MatryoshkaSettings, context: Context, seed: int) -> Task:
    from sklearn.datasets import load_digits  # noqa: PLC0415  # slow to import

    data = load_digits()
    inputs = torch.from_numpy((data.data / 16).astype(np.float32))
    order = context.rng("digits", seed).permutation(len(inputs))
    parts = [(inputs[torch.from_numpy(part)], data.target[part]) for part in np.split(order, [1000, 1300])]
    return Task(
        parts[0],
        parts[1],
        parts[2],
        settings.dims_digits,
        10,
        settings.hidden,
        settings.steps,
        settings.batch,
        settings.rate,
    )


def _glosses(material: Material, settings: MatryoshkaSettings) -> Task:
    edges = np.cumsum([0, settings.train, settings.test // 2, settings.test])
    parts = [(material.glosses[start:stop], material.fields[start:stop]) for start, stop in pairwise(edges)]
    dims = nested_dims(material.glosses.shape[1], settings.smallest)
    return Task(
        parts[0],
        parts[1],
        parts[2],
        dims,
        len(FILES),
        dims[-1],
        settings.steps_texts,
        settings.batch,
        settings.rate_texts,
    )


def _run(name: str, task: Task, context: Context, seed: int) -> dict[str, Any]:
    def trained(kind: str, dims: tuple[int, ...]) -> tuple[nn.Module, Heads]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            body = Perceptron(task.train[0].shape[1], task.hidden, task.dims[-1])
            heads: Heads = TiedHeads(dims, task.classes) if kind == "tied" else SeparateHeads(dims, task.classes)
        _fit(body, heads, task.train, task, context.rng("batches", name, seed))
        return body, heads

    nested, tied, whole = trained("apart", task.dims), trained("tied", task.dims), trained("apart", task.dims[-1:])
    heads = {"MRL": _accuracies(*nested, task), "MRL-E": _accuracies(*tied, task), "FF": {}}
    learned = {"MRL": _accuracies(*nested, task, task.train), "FF": {}}
    for dim in task.dims:
        body, own = whole if dim == task.dims[-1] else trained("apart", (dim,))
        heads["FF"] |= _accuracies(body, own, task)
        learned["FF"] |= _accuracies(body, own, task, task.train)
    heads["slimmable"] = _slimmable(task, context.rng("batches", name, seed), seed)
    heads["cut, head cut"] = _cut_heads(*whole, task)
    spaces = _spaces(whole[0], task, context.torch_generator("random", name, seed))
    neighbours = {"MRL": _neighbours(nested[0], task), "MRL-E": _neighbours(tied[0], task)}
    for kind, (train, test) in spaces.items():
        heads[kind] = _probe(train, test, task, context.rng("probe", name, seed), seed)
        neighbours[kind] = {
            str(dim): nearest(train[:, :dim], task.train[1], test[:, :dim], task.test[1]) for dim in task.dims
        }
    return {
        "heads": heads,
        "learned": learned,
        "neighbours": neighbours,
        "cascade": _cascade(*nested, task),
        "parameters": next(tied[1].parameters()).numel(),
    }


def _fit(
    body: nn.Module,
    heads: Heads,
    train: tuple[torch.Tensor, Labels],
    task: Task,
    rng: np.random.Generator,
) -> None:
    inputs, labels = train[0], torch.from_numpy(train[1])
    loss = NestedCrossEntropy(heads.dims)
    descend(
        [*body.parameters(), *heads.parameters()],
        lambda rows: loss(heads(body(inputs[rows])), labels[rows]),
        len(inputs),
        steps=task.steps,
        batch=task.batch,
        rate=task.rate,
        rng=rng,
    )


@torch.no_grad()
def _accuracy(vectors: torch.Tensor, heads: Heads, dim: int, labels: Labels) -> float:
    return float(np.mean(heads.logits(vectors, dim).argmax(1).numpy() == labels))


@torch.no_grad()
def _accuracies(
    body: nn.Module, heads: Heads, task: Task, part: tuple[torch.Tensor, Labels] | None = None
) -> dict[str, float]:
    """Return the accuracy at each size of the heads, on the test examples or on another part."""
    inputs, labels = part or task.test
    vectors = body(inputs)
    dims = sorted({*task.dims, *task.between}) if isinstance(heads, TiedHeads) else heads.dims
    return {str(dim): _accuracy(vectors, heads, dim, labels) for dim in dims}


@torch.no_grad()
def _cut_heads(body: nn.Module, heads: Heads, task: Task) -> dict[str, float]:
    """Cut the vectors of the fixed-size model, and its head with them: nothing was trained for that."""
    tied = TiedHeads(heads.dims, task.classes)
    tied.head.load_state_dict(dict(zip(("weight", "bias"), heads.parameters(), strict=True)))
    vectors = body(task.test[0])
    return {str(dim): _accuracy(vectors, tied, dim, task.test[1]) for dim in task.dims}


def _slimmable(task: Task, rng: np.random.Generator, seed: int) -> dict[str, float]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Slimmable(task.train[0].shape[1], task.hidden, task.dims, task.classes)
    inputs, labels, loss = task.train[0], torch.from_numpy(task.train[1]), NestedCrossEntropy(task.dims)
    descend(
        model.parameters(),
        lambda rows: loss(model(inputs[rows]), labels[rows]),
        len(inputs),
        steps=task.steps,
        batch=task.batch,
        rate=task.rate,
        rng=rng,
    )
    with torch.no_grad():
        said = [one.argmax(1).numpy() for one in model(task.test[0])]
    return {str(dim): float(np.mean(one == task.test[1])) for dim, one in zip(task.dims, said, strict=True)}


@torch.no_grad()
def _spaces(body: nn.Module, task: Task, generator: torch.Generator) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Return training and test vectors whose prefixes are the fixed-size model's, its components, and chance's."""
    train, test = body(task.train[0]), body(task.test[0])
    components = PrincipalComponents.fit(train)
    width = train.shape[1]
    drawn = random_coordinates(width, width, generator=generator)[torch.randperm(width, generator=generator)]
    full = min(width, len(components.components))

    def rotated(vectors: torch.Tensor) -> torch.Tensor:  # fewer vectors than coordinates leave the last ones empty
        return nn.functional.pad(components.apply(vectors, full), (0, width - full))

    return {
        "cut": (train, test),
        "PCA": (rotated(train), rotated(test)),
        "random": (train[:, drawn], test[:, drawn]),
    }


def _probe(
    train: torch.Tensor,
    test: torch.Tensor,
    task: Task,
    rng: np.random.Generator,
    seed: int,
) -> dict[str, float]:
    """Train a new linear head for each size of a fixed space; they share batches, and nothing else."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        heads = SeparateHeads(task.dims, task.classes)
    scale = train.std()
    _fit(nn.Identity(), heads, (train / scale, task.train[1]), task, rng)
    return {str(dim): _accuracy(test / scale, heads, dim, task.test[1]) for dim in task.dims}


@torch.no_grad()
def _neighbours(body: nn.Module, task: Task) -> dict[str, float]:
    train, test = body(task.train[0]), body(task.test[0])
    return {
        str(dim): nearest(train[:, :dim], task.train[1], test[:, :dim], task.test[1])
        for dim in sorted({*task.dims, *task.between})
    }


@torch.no_grad()
def nearest(train: torch.Tensor, labels: Labels, test: torch.Tensor, right: Labels) -> float:
    """Return the accuracy of the nearest neighbour's class (Euclidean distance)."""
    half = (train * train).sum(1) / 2
    found = [(half - part @ train.T).argmin(1).numpy() for part in test.split(_CHUNK)]
    return float(np.mean(labels[np.concatenate(found)] == right))


@torch.no_grad()
def _cascade(body: nn.Module, heads: Heads, task: Task) -> dict[str, Any]:
    validation, test = ([one.numpy() for one in heads(body(part[0]))] for part in (task.validation, task.test))
    found: dict[str, Any] = {}
    for tolerance in (0.0, 0.005, 0.01):
        fitted = Cascade.fit(task.dims, validation, task.validation[1], tolerance=tolerance)
        answers = fitted.answer(test)
        accuracy = float(np.mean(answers.classes == task.test[1]))
        found[str(tolerance)] = {"accuracy": accuracy, "dims": answers.expected_dims}
    return found
