"""Checks of hyper-parameters."""

from __future__ import annotations

from seme.errors import InputError


def at_least_one(**arguments: float | None) -> None:
    """Refuse numbers below 1; None means a default."""
    for name, value in arguments.items():
        if value is not None and not value >= 1:
            raise InputError(f"{name} is {value}; it may be 1 or more")


def positive(**arguments: float | None) -> None:
    """Refuse numbers that are not above 0; None means a default."""
    for name, value in arguments.items():
        if value is not None and not value > 0:
            raise InputError(f"{name} is {value}; it has to be above 0")
