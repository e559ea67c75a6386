"""Requests that schemathesis makes up from the service's own OpenAPI description."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings

TIMEOUT = 10.0


@dataclass(slots=True)
class Answers:
    """What came back: how often each status, and the requests that failed."""

    statuses: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Number of requests."""
        return sum(self.statuses.values())

    def note(self, status: str, request: str) -> None:
        """Note an answer; those with a status of 500 or more, or without one, are failures."""
        self.statuses[status] += 1
        if (not status.isdigit() or int(status) >= 500) and len(self.failures) < 50:
            self.failures.append(f"{status}: {request[:500]}")


def from_specification(base: str, count: int, number: int) -> Answers:
    """Send `count` requests in all, as many to each operation."""
    schema = schemathesis.openapi.from_url(f"{base}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    answers = Answers()
    for operation in operations:
        examples = -(-count // len(operations))

        @seed(number)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def send(case: schemathesis.Case) -> None:
            status = str(case.call(base_url=base, timeout=TIMEOUT).status_code)
            answers.note(status, f"{case.method} {case.formatted_path} {case.query}")

        before = answers.count
        while answers.count - before < examples:  # hypothesis ends early where a strategy has few values
            sent = answers.count
            send()
            if answers.count == sent:
                break
    return answers
