"""Batches that can be taken up again at any number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import torch

from seme.errors import InputError


@runtime_checkable
class Batches(Protocol):
    """An endless sequence of batches of which any can be reached at once."""

    def starting_at(self, number: int) -> Iterator[Any]:
        """Yield the batches from that number on (from 0)."""


class RowSource(Protocol):
    """Rows of numbers that are read by their numbers: a store of activations."""

    def __len__(self) -> int: ...

    def rows(self, index: npt.NDArray[np.int64], /) -> npt.NDArray[np.float32]:
        """Return the rows (n, d)."""


class RowBatches:
    """Batches of rows in a new permutation per epoch, without end.

    Parameters
    ----------
    source
        A 2-d array or tensor, or anything with `len()` and `rows(index)`.
    size
        Rows per batch; at most as many as there are. What is left at the end of an epoch opens the next.
    seed
        Of the permutations: batch number k is the same in every process.
    """

    def __init__(self, source: RowSource | npt.NDArray[Any] | torch.Tensor, size: int, *, seed: int = 0) -> None:
        if len(source) == 0:
            raise InputError("the data has no rows", hint="record some activations first")
        if size < 1:
            raise InputError(f"size is {size}; a batch needs at least 1 row")
        self.source, self.size, self.seed = source, min(size, len(source)), seed

    def starting_at(self, number: int) -> Iterator[torch.Tensor]:
        """Yield float32 tensors (size, d)."""
        order = _Permutations(len(self.source), self.seed)
        while True:
            yield self._read(order.between(number * self.size, (number + 1) * self.size))
            number += 1

    def _read(self, index: npt.NDArray[np.int64]) -> torch.Tensor:
        if isinstance(self.source, torch.Tensor):
            return self.source[torch.from_numpy(index).to(self.source.device)].float()
        if isinstance(self.source, np.ndarray):
            return torch.from_numpy(np.ascontiguousarray(self.source[index], dtype=np.float32))
        return torch.from_numpy(np.ascontiguousarray(self.source.rows(index), dtype=np.float32))


class _Permutations:
    """One permutation of n after another, as a single endless sequence."""

    def __init__(self, n: int, seed: int) -> None:
        self._n, self._seed = n, seed
        self._epoch, self._order = -1, np.empty(0, dtype=np.int64)

    def between(self, first: int, last: int) -> npt.NDArray[np.int64]:
        """Return the entries first..last-1, which may span two epochs."""
        parts = []
        while first < last:
            epoch, offset = divmod(first, self._n)
            if epoch != self._epoch:
                self._epoch, self._order = epoch, np.random.default_rng([self._seed, epoch]).permutation(self._n)
            part = self._order[offset : offset + last - first]
            parts.append(part)
            first += len(part)
        return np.concatenate(parts)


class Repeated:
    """Any iterable as endless batches: it is iterated again when it ends, and what was consumed is skipped.

    To resume to the same result it must yield the same batches each time; a loader that shuffles does not.
    """

    def __init__(self, batches: Iterable[Any]) -> None:
        self._batches = batches

    def starting_at(self, number: int) -> Iterator[Any]:
        """Yield the batches from that number on."""
        while True:
            empty = True
            for batch in self._batches:
                empty = False
                if number > 0:
                    number -= 1
                else:
                    yield batch
            if empty:
                raise InputError("data has no batches", hint="an iterator is empty once it was read: pass a list")


def as_batches(data: Batches | Iterable[Any]) -> Batches:
    """Return the data as batches that can be taken up at any number."""
    return data if isinstance(data, Batches) else Repeated(data)


def count_tokens(batch: Any) -> int:
    """Return how many tokens a batch holds: what its attention mask keeps, else its ids, else its rows."""
    if isinstance(batch, Mapping):
        if "attention_mask" in batch:
            return int(batch["attention_mask"].sum())
        return int(batch["input_ids"].numel()) if "input_ids" in batch else count_tokens(next(iter(batch.values())))
    return count_tokens(batch[0]) if isinstance(batch, (tuple, list)) else len(batch)
