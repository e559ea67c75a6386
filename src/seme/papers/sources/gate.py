"""One request per interval, one connection at a time, over all processes of a machine."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from seme.errors import InputError, SourceError


class RequestGate:
    """The turnstile that all requests to one server pass through.

    A file lock is held from before a request until its answer is read, so that there is never a second connection;
    the operating system frees it when a process dies. The time of the last request is kept in a file and counts
    whether the request succeeded or not.

    Parameters
    ----------
    path
        File that keeps the time of the last request; the lock stands beside it.
    interval
        Seconds between the end of one request and the start of the next.
    patience
        Seconds to wait for other processes before giving up.
    clock, monotonic, sleep
        Time of day, time since boot (both in seconds) and how to wait.
    """

    def __init__(
        self,
        path: Path,
        interval: float,
        *,
        patience: float = 600.0,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not (math.isfinite(interval) and interval >= 0):
            raise InputError(f"interval is {interval}, it must be a number of seconds, 0 or more")
        self._path, self._interval, self._patience = path, interval, patience
        self._clock, self._monotonic, self._sleep = clock, monotonic, sleep
        self._lock = FileLock(f"{path}.lock", timeout=patience, thread_local=False)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for this process's turn and hold it.

        Raises
        ------
        SourceError
            If other processes hold the gate for longer than `patience`, or its folder cannot be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout as error:
            raise SourceError(
                f"another process has been fetching for {self._patience:.0f} s", hint="Run again when it has ended"
            ) from error
        except OSError as error:
            raise SourceError(f"the request gate {self._path} cannot be used: {error.strerror}") from error
        try:
            if (wait := self.due_in()) > 0:
                self._sleep(wait)
            self.defer(self._interval)
            try:
                yield
            finally:
                # marked again at the end: two arrivals at the server are then never closer than the interval
                self.defer(self._interval)
        finally:
            self._lock.release()

    def due_in(self) -> float:
        """Return the seconds until the next request is allowed.

        Time of day and time since boot are both asked and the longer wait holds: neither a clock that is set forward
        nor one that is set back makes requests come early, and no wait is longer than what was asked for.
        """
        state = self._read()
        if state is None:
            return 0.0
        hold = max(0.0, state["hold"])
        by_day = hold - (self._clock() - state["wall"])
        by_boot = hold - (self._monotonic() - state["monotonic"])
        return max(min(hold, max(0.0, by_day)), by_boot if 0 <= by_boot <= hold else 0.0)

    def defer(self, seconds: float) -> None:
        """Let no process make a request for so many seconds from now on; a longer wait that stands is kept."""
        hold = max(seconds, self.due_in())
        state = {"wall": self._clock(), "monotonic": self._monotonic(), "hold": hold}
        temporary = self._path.with_name(f"{self._path.name}.{os.getpid()}.tmp")
        with temporary.open("w", encoding="ascii") as file:
            json.dump(state, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)

    def _read(self) -> dict[str, float] | None:
        try:
            state: Any = json.loads(self._path.read_bytes())
            read = {name: float(state[name]) for name in ("wall", "monotonic", "hold")}
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            read = {"wall": math.nan}
        if not all(map(math.isfinite, read.values())):
            # unreadable: a request may just have been made
            return {"wall": self._clock(), "monotonic": self._monotonic(), "hold": self._interval}
        return read
