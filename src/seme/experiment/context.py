"""What a run is given: device, seed, folders, progress and random numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from seme.errors import InputError

if TYPE_CHECKING:
    import torch

T = TypeVar("T")


@dataclass(slots=True)
class Context:
    """The surroundings of one run.

    Parameters
    ----------
    folder
        Of this run: what the method leaves behind beside the report. A run that was broken off finds it again.
    cache
        Folder of what other runs can use too, e.g. recorded activations.
    seed
        All random numbers follow from it.
    device
        `cpu`, `cuda` or `cuda:N`.
    quick
        Whether this is the smallest honest run.
    console
        Where progress and remarks go; standard error by default.
    """

    folder: Path
    cache: Path
    seed: int = 0
    device: str = "cpu"
    quick: bool = False
    console: Console = field(default_factory=lambda: Console(stderr=True))
    _progress: Progress | None = field(default=None, init=False, repr=False)

    def progress(self, iterable: Iterable[T], label: str, total: float | None = None) -> Iterator[T]:
        """Yield the items and show how far it is; bars may stand within each other.

        Parameters
        ----------
        iterable
            What is worked through.
        label
            What is done, e.g. `"Training layer 6"`.
        total
            How many items there are, if `len` does not know it.
        """
        known = len(iterable) if total is None and isinstance(iterable, Sized) else total
        outermost = self._progress is None
        bars = self._progress = self._progress or self._bars()
        if outermost:
            bars.start()
        task = bars.add_task(escape(label), total=known)
        try:
            for item in iterable:
                yield item
                bars.advance(task)
        finally:
            bars.remove_task(task)
            if outermost:
                bars.stop()
                self._progress = None

    def say(self, text: str) -> None:
        """Print a line that is not part of the result."""
        (self._progress.console if self._progress else self.console).print(escape(text), highlight=False)

    def rng(self, *key: Any) -> np.random.Generator:
        """Return NumPy's generator for a purpose: the same seed and key give the same numbers, other keys others."""
        return np.random.default_rng(self._entropy(key))

    def torch_generator(self, *key: Any) -> torch.Generator:
        """Return PyTorch's generator, on the CPU, for a purpose."""
        import torch  # noqa: PLC0415  # the base install has no PyTorch

        return torch.Generator().manual_seed(self._entropy(key) & (2**63 - 1))

    def _entropy(self, key: tuple[Any, ...]) -> int:
        return int.from_bytes(hashlib.sha256(repr((self.seed, *key)).encode()).digest()[:16])

    def _bars(self) -> Progress:
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        return Progress(TextColumn("{task.description}"), *columns, console=self.console, transient=True)


def resolve_device(device: str, *, with_torch: bool = True) -> str:
    """Return a device that exists; `auto` is a GPU where there is one and the experiment uses PyTorch.

    Raises
    ------
    InputError
        If there is no such device.
    """
    count = 0
    if with_torch and device != "cpu":
        import torch  # noqa: PLC0415  # the base install has no PyTorch

        count = torch.cuda.device_count()
    names = ["cpu", *(["cuda"] if count else []), *(f"cuda:{number}" for number in range(count))]
    if device == "auto":
        return "cuda" if count else "cpu"
    if device not in names:
        raise InputError(f"device is {device!r}, expected one of: auto, {', '.join(names)}")
    return device
