"""Dictionaries that are sparse autoencoders: what they share."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import torch

from seme.errors import InputError
from seme.interp.activations import as_store
from seme.interp.dictionaries.arguments import at_least_one, positive
from seme.interp.dictionaries.base import Dictionary, Rows, sample
from seme.interp.dictionaries.codes import Codes, Floats
from seme.interp.dictionaries.learning import Plan, ShowProgress, Stepper, learn
from seme.interp.dictionaries.network import Network, Start
from seme.interp.dictionaries.starting import first_directions
from seme.training import Budget

_TRANSIENT = ("idle", "scale")  # buffers that matter to training alone
_SAMPLE = 16_384  # rows that the mean, the scale and the first directions are taken from


class SparseAutoencoder(Dictionary):
    """A dictionary whose encoder is learned with it, by gradient descent.

    Subclasses name their arguments; these they have in common.

    Parameters
    ----------
    n_atoms
        Number of units, m; None for four times the width.
    learning_rate
        Of Adam.
    batch_size
        Rows per step.
    steps
        How long `fit` trains where no budget is given.
    revive_every
        Steps after which units that were never active since are restarted; 0 leaves them dead.
    seed
        Of the start, the order of the rows, and the revived units.
    device
        "cpu" keeps to the CPU; None takes a GPU where there is one.
    """

    network_: Network

    n_atoms: int | None
    learning_rate: float
    batch_size: int
    steps: int
    revive_every: int
    seed: int
    device: Literal["cpu"] | None
    start: Literal["data", "random"] = "random"  # what the first directions are

    _stepper: Stepper | None = None  # what `partial_fit` goes on with

    def fit(
        self,
        x: Rows,
        y: None = None,
        *,
        budget: Budget | None = None,
        folder: Path | str | None = None,
        progress: ShowProgress | None = None,
    ) -> Self:
        """Learn from rows, from the start.

        Parameters
        ----------
        x
            Rows (n, d): an array, a tensor, a `Store` or its folder.
        y
            Not used.
        budget
            When to stop; None for `steps` steps.
        folder
            For checkpoints; a run that was killed goes on from there, with the same result.
        progress
            Called with a `seme.training.trainer.Progress` every few steps.

        Raises
        ------
        InputError
            If an argument is wrong, there are too few rows, or they hold NaN or infinity.
        """
        del y
        train_together([self], x, budget, folder=folder, progress=progress)
        return self

    def partial_fit(self, x: Rows, y: None = None) -> Self:
        """Take one step of training on a batch of rows (n, d).

        The first call starts from its rows; after `fit` or `load_dictionary` training goes on, with new moments in the
        optimiser. The learning rate stays as it is, and so does the penalty.
        """
        del y
        store = self.checked(x) if hasattr(self, "n_features_in_") else self._begin(x, least=2)
        rows = store.rows(slice(None))
        if self._stepper is None:
            self._stepper = Stepper(self._continued(rows), self.plan())
        self._stepper.step(torch.from_numpy(rows))
        self._stepper.network.workspace = torch.zeros(0)  # not to be copied
        self._take_over(copy.deepcopy(self._stepper.network))
        return self

    def make_network(self, start: Start) -> Network:
        """Return a network with this dictionary's settings."""
        raise NotImplementedError

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """Return the network's parameters and buffers, in the model's units."""
        self._require_fit()
        return {name: tensor.numpy() for name, tensor in self.network_.state_dict().items() if name not in _TRANSIENT}

    def set_tensors(self, tensors: dict[str, npt.NDArray[Any]]) -> None:
        """Take over a network's parameters and buffers."""
        decoder = torch.from_numpy(np.array(tensors["decoder"]))
        network = self.make_network(Start(decoder, torch.zeros(decoder.shape[1]), 1.0))
        wanted = {name: tensor for name, tensor in network.state_dict().items() if name not in _TRANSIENT}
        if {name: tuple(tensor.shape) for name, tensor in wanted.items()} != {
            name: tensor.shape for name, tensor in tensors.items()
        }:
            raise InputError(f"the tensors {sorted(tensors)} are not those of {type(self).__name__}")
        given = {name: torch.from_numpy(np.array(tensor, order="C")) for name, tensor in tensors.items()}
        network.load_state_dict(given, strict=False)
        self._set_network(network)

    def start_from(self, rows: Floats) -> Network:
        """Return an untrained network for rows of which some (n, d) are given."""
        at_least_one(n_atoms=self.n_atoms, batch_size=self.batch_size, steps=self.steps)
        positive(learning_rate=self.learning_rate)
        given = torch.from_numpy(rows)
        units = 4 * rows.shape[1] if self.n_atoms is None else self.n_atoms
        directions = first_directions(given, units, self.seed, start=self.start)
        network = self.make_network(Start(directions, given.mean(dim=0), _scale(given)))
        network.prepare(given)
        return network

    def plan(self) -> Plan:
        """Return how this dictionary is trained."""
        return Plan(self.learning_rate, self.revive_every, self.seed)

    def _encode(self, rows: Floats) -> Codes:
        values, active = self.network_.encode(torch.from_numpy(rows))
        return Codes.from_lists(active.offsets.numpy(), active.units.numpy(), values.numpy(), active.width)

    def _take_over(self, network: Network) -> None:
        network.workspace = torch.zeros(0)
        network.fold()
        self._set_network(network)

    def _set_network(self, network: Network) -> None:
        self.network_ = network.eval().requires_grad_(False)
        self.atoms_, self.bias_ = network.decoder.detach().numpy(), network.bias.detach().numpy()

    def _continued(self, rows: Floats) -> Network:
        if not hasattr(self, "network_"):
            return self.start_from(rows)
        network = copy.deepcopy(self.network_).requires_grad_(True).train()
        network.unfold(_scale(torch.from_numpy(rows)))
        return network


def train_together(
    dictionaries: Sequence[SparseAutoencoder],
    x: Rows,
    budget: Budget | None = None,
    *,
    folder: Path | str | None = None,
    progress: ShowProgress | None = None,
) -> None:
    """Fit several dictionaries in one pass over the activations; each ends as if it had been fitted alone.

    Parameters
    ----------
    dictionaries
        Of any kinds and sizes, but with the same `batch_size` and `device`. The first one's seed orders the rows.
    x
        Rows (n, d): an array, a tensor, a `Store` or its folder.
    budget
        When to stop; None for as many steps as the first one asks for.
    folder
        For checkpoints; a run that was killed goes on from there, with the same result.
    progress
        Called with a `seme.training.trainer.Progress` every few steps.

    Raises
    ------
    InputError
        If an argument is wrong, there are too few rows, or they hold NaN or infinity.
    """
    if not dictionaries:
        raise InputError("no dictionary was given")
    first = dictionaries[0]
    for name in ("batch_size", "device"):
        values = [getattr(dictionary, name) for dictionary in dictionaries]
        if len(set(values)) > 1:
            raise InputError(f"{name} is {values}; dictionaries that see the same batches need the same one")
    store = as_store(x)
    for dictionary in dictionaries:
        dictionary._begin(store, least=2)
    networks = [dictionary.start_from(sample(store, _SAMPLE, seed=dictionary.seed)) for dictionary in dictionaries]
    learn(
        networks,
        [dictionary.plan() for dictionary in dictionaries],
        store,
        budget or Budget(steps=first.steps),
        batch_size=first.batch_size,
        seed=first.seed,
        device=first.device,
        folder=folder,
        settings={"dictionaries": [_settings(dictionary) for dictionary in dictionaries], "rows": len(store)},
        progress=progress,
    )
    for dictionary, network in zip(dictionaries, networks, strict=True):
        dictionary._stepper = None
        dictionary._take_over(network)


def _scale(rows: torch.Tensor) -> float:
    """Return what gives rows (n, d) a mean length of the root of d."""
    length = float(rows.norm(dim=1).double().mean())
    if length == 0:
        raise InputError("all activations are 0, so there is nothing to learn")
    return float(rows.shape[1] ** 0.5 / length)


def _settings(dictionary: SparseAutoencoder) -> dict[str, Any]:
    return {"kind": type(dictionary).__name__, **dictionary.get_params(), "width": dictionary.n_features_in_}
