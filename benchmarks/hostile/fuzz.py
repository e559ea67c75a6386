"""`python -m benchmarks.hostile.fuzz TARGET …`: one target in a process of its own, guided by what it reaches.

The process goes on after a failure, so that one defect does not hide the next; each kind of failure is kept once. A
target that never comes back is ended by libFuzzer, with exit code 70.
"""

from __future__ import annotations

import argparse
import json
import random
import time
import traceback
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(
    include=["seme.papers", "seme.web.listing", "bibtexparser", "pylatexenc", "html.parser"]
):
    from benchmarks.hostile.seeds import HOSTILE_VALUES, seeds_of, words_of
    from benchmarks.hostile.targets import TARGETS, Target

SLOW = 2.0
"""Seconds of processor time after which an input counts as a hang."""
STUCK = 30
"""Seconds after which libFuzzer ends the process."""
LONGEST = 4096
_JSON = frozenset({"jsonl", "beir", "archive"})


class Findings:
    """Failures, each kind of them once, written as they are met: the process may not live to its end."""

    def __init__(self, path: Path, target: str) -> None:
        self._path, self._target, self._known = path, target, set[str]()

    def add(self, data: bytes, error: BaseException | None, seconds: float) -> None:
        """Note a failure."""
        frames = traceback.extract_tb(error.__traceback__) if error else []
        places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
        kind = f"{type(error).__name__} at {places[-1]}" if error else "slow"
        if kind in self._known:
            return
        self._known.add(kind)
        found = {
            "target": self._target,
            "kind": kind,
            "message": str(error or "")[:300],
            "seconds": round(seconds, 2),
            "trace": places[-6:],
            "input": ascii(data[:2000]),
        }
        with self._path.open("a") as file:
            file.write(json.dumps(found) + "\n")


def watched(target: Target, findings: Findings, data: bytes) -> None:
    """Run a target on one input and note whatever is wrong."""
    began = time.process_time()
    error: BaseException | None = None
    try:
        target(data)
    except (Exception, RecursionError) as caught:  # every kind of failure is what is looked for here
        error = caught
    seconds = time.process_time() - began
    if error or seconds > SLOW:
        findings.add(data, error, seconds)


def mutated_json(data: bytes, most: int, seed: int) -> bytes:
    """Replace a value somewhere in one of the JSON lines by a hostile one, or let libFuzzer change the bytes."""
    rng = random.Random(seed)
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    try:
        value: Any = json.loads(lines[at])
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not value or rng.random() < 0.3:
        changed: bytes = atheris.Mutate(data, most)
        return changed
    lines[at] = json.dumps(_spoilt(value, rng)).encode()
    return b"\n".join(lines)[:most]


def _spoilt(value: Any, rng: random.Random) -> Any:
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key = rng.choice(list(value))
        if rng.random() < 0.1:
            return {name: one for name, one in value.items() if name != key}
        return {**value, key: _spoilt(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.7:
        at = rng.randrange(len(value))
        return [*value[:at], _spoilt(value[at], rng), *value[at + 1 :]]
    return rng.choice(HOSTILE_VALUES)


def _dictionary(words: list[str]) -> str:
    quoted = ("".join(f"\\x{byte:02x}" for byte in word.encode()) for word in words)
    return "".join(f'"{word}"\n' for word in quoted)


def main() -> None:
    """Fuzz one target for so many runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, required=True, help="for the corpus and the findings")
    given = parser.parse_args()
    corpus = given.folder / "corpus"
    corpus.mkdir(parents=True)
    for number, seed in enumerate(seeds_of(given.target)):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = given.folder / "words"
    words.write_text(_dictionary(list(words_of(given.target))))
    dictionary = [f"-dict={words}"] if words_of(given.target) else []
    findings = Findings(given.folder / "findings.jsonl", given.target)
    target = TARGETS[given.target]
    for seed in seeds_of(given.target):  # imports and caches are made before the clock of a run counts
        watched(target, findings, seed)
    options = {"custom_mutator": mutated_json} if given.target in _JSON else {}
    arguments = [
        f"-runs={given.runs}",
        f"-seed={given.seed}",
        f"-max_len={LONGEST}",
        f"-timeout={STUCK}",
        "-rss_limit_mb=4096",
        f"-artifact_prefix={given.folder}/",
        "-close_fd_mask=1",
        *dictionary,
        str(corpus),
    ]
    atheris.Setup(["fuzz", *arguments], lambda data: watched(target, findings, data), **options)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
