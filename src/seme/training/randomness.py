"""PyTorch's random generators: kept from the outside, saved, and set again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch


@contextmanager
def generators_kept(device: torch.device) -> Iterator[None]:
    """Give the generators back as they were."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield


def generator_states(device: torch.device) -> dict[str, torch.Tensor]:
    """Return the state of the CPU's generator and of the device's own."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def set_generators(states: Mapping[str, torch.Tensor], rank: int) -> None:
    """Set the generators of this process (number `rank`) to saved states."""
    if f"{rank}.cpu" in states:
        torch.set_rng_state(states[f"{rank}.cpu"])
    if f"{rank}.cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states[f"{rank}.cuda"])
