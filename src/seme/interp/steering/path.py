"""The tokens of one text as they are taken and taken back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from seme.interp.steering.intervention import Intervention


@dataclass(frozen=True, slots=True)
class Step:
    """What may follow at a position: the likeliest tokens, their probabilities, and the score of the state there."""

    tokens: tuple[int, ...]
    probabilities: tuple[float, ...]
    score: float

    def chance(self, token: int) -> float:
        """Return the probability of one of these tokens."""
        return self.probabilities[self.tokens.index(token)]


class Path:
    """One text on its way.

    A token that was refused after some tokens is never taken after the same ones again; so every intervention either
    refuses one more or spends the sentence's budget, and there is no loop without end.
    """

    def __init__(
        self, names_object: Callable[[int], bool], boundaries: Collection[int], intervention: Intervention | None
    ) -> None:
        self._names_object, self._boundaries, self._rule = names_object, boundaries, intervention
        self.tokens: list[int] = []
        self.steps: list[Step] = []
        self.interventions = 0
        self.dropped = False
        self._refused: defaultdict[tuple[int, ...], set[int]] = defaultdict(set)
        self._forced: list[int] = []
        self._tried: list[tuple[float, list[int]]] = []
        self._spent = 0
        self._settled = False

    def advance(self, step: Step) -> int:
        """Take the next token, given what may follow all that were taken; return how many of them were taken back.

        Afterwards the newest token is new, and those before it have been read; or the sentence was `dropped`.
        """
        read = lowest = len(self.tokens)
        self.steps.append(step)
        while not self.dropped:
            forced = bool(self._forced)
            token = self._forced.pop(0) if forced else self._next()
            if forced or self._rule is None or not self._alarming(token, self._rule):
                self._take(token)
                break
            self._intervene(token, self._rule)
            lowest = min(lowest, len(self.tokens))
        return read - min(lowest, len(self.tokens))

    def _next(self) -> int:
        step, refused = self.steps[-1], self._refused[tuple(self.tokens)]
        left = [token for token in step.tokens if token not in refused]
        return left[0] if left else step.tokens[0]

    def _alarming(self, token: int, rule: Intervention) -> bool:
        return not self._settled and self._names_object(token) and self.steps[-1].score >= rule.threshold

    def _take(self, token: int) -> None:
        self.tokens.append(token)
        if token in self._boundaries:
            self._spent, self._tried, self._settled = 0, [], False
            self._refused.clear()

    def _intervene(self, token: int, rule: Intervention) -> None:
        self.interventions += 1
        if rule.kind != "rollback":
            strict = rule.kind == "avoid"
            others = [one for one in self.steps[-1].tokens if one != token and not (strict and self._names_object(one))]
            self._forced = [others[0] if others else token]
            return
        self._tried.append((self.steps[-1].score, [*self.tokens, token]))
        place = self._start(token, rule) if self._spent < rule.budget else None
        if place is None:
            self._settle(rule)
            return
        self._spent += 1
        taken = [*self.tokens, token]
        self._refused[tuple(taken[:place])].add(taken[place])
        self._back_to(place)

    def _start(self, token: int, rule: Intervention) -> int | None:
        """Return the position from which another way is tried; None where nothing else may follow anywhere."""
        taken, first = [*self.tokens, token], self._sentence()
        found = []
        for place in range(first, len(taken)):
            step = self.steps[place]
            refused = self._refused[tuple(taken[:place])] | {taken[place]}
            others = [step.chance(one) for one in step.tokens if one not in refused]
            if others:
                found.append((place, step.chance(taken[place]), max(others)))
        open_to_others = [(place, p) for place, p, other in found if other >= rule.plausible * p]
        if not open_to_others:
            return max(found, key=lambda one: one[2])[0] if found else None
        if rule.start == "least":
            return min(open_to_others, key=lambda one: one[1])[0]
        return open_to_others[0 if rule.start == "earliest" else -1][0]

    def _settle(self, rule: Intervention) -> None:
        """Take the calmest of the ways that were tried, or end the text before the sentence."""
        if rule.spent == "drop":
            self._back_to(self._sentence())
            self.dropped = True
            return
        best = min(self._tried, key=lambda one: one[0])[1]
        shared = 0
        while shared < min(len(self.tokens), len(best)) and self.tokens[shared] == best[shared]:
            shared += 1
        self._back_to(shared)
        self._forced, self._settled = best[shared:], True

    def _back_to(self, place: int) -> None:
        del self.tokens[place:], self.steps[place + 1 :]

    def _sentence(self) -> int:
        """Return where the current sentence begins."""
        ends = [place for place, token in enumerate(self.tokens) if token in self._boundaries]
        return ends[-1] + 1 if ends else 0
