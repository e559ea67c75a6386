"""How long training may take."""

from __future__ import annotations

from dataclasses import dataclass

from seme.errors import InputError


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit on training in steps, tokens or seconds; of several, the one that is reached first ends it.

    Parameters
    ----------
    steps
        Updates of the weights.
    tokens
        Tokens (for dictionaries: rows) that are learned from. The step that reaches the limit is the last.
    seconds
        Seconds of training, summed over resumptions. How many steps that is depends on the machine, so only steps
        and tokens give the same result twice.

    Raises
    ------
    InputError
        If no limit is given, or one is not positive.
    """

    steps: int | None = None
    tokens: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        limits = {name: getattr(self, name) for name in ("steps", "tokens", "seconds")}
        if all(limit is None for limit in limits.values()):
            raise InputError("a budget has no limit", hint="give steps=, tokens= or seconds=, e.g. Budget(steps=1000)")
        for name, limit in limits.items():
            if limit is not None and not limit > 0:
                raise InputError(f"{name} is {limit!r}; it must be a positive number")

    def fraction(self, *, steps: int, tokens: int, seconds: float) -> float:
        """Return the share of the budget that is spent, from 0 to 1."""
        spent = [
            done / limit
            for done, limit in ((steps, self.steps), (tokens, self.tokens), (seconds, self.seconds))
            if limit is not None
        ]
        return min(1.0, max(spent))
