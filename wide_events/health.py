"""What the library could not do: counted always, and said at most once a minute for each cause."""

from __future__ import annotations

import logging
import os
from itertools import count
from typing import Final
from weakref import WeakSet

from wide_events.clock import clock
from wide_events.home import locks
from wide_events.plain import as_text

_log: Final = logging.getLogger("wide_events")
_QUIET_NS: Final = 60 * 1_000_000_000
_MAX_TALLIES: Final = 256


class Health:
    """Counters by name, and complaints on the `wide_events` logger. A forked child counts from zero."""

    def __init__(self) -> None:
        self.begin()
        _all.add(self)

    def begin(self) -> None:
        """Forget everything."""
        self._tallies: dict[str, count[int]] = {}
        self._said_ns: dict[str, int] = {}

    def count(self, name: str) -> int:
        """Count one more of something, exactly, from any thread or signal handler; return how many before.

        After 256 names, further ones are counted together as `<first part>.other`.
        `next` of an `itertools.count` is one step of the interpreter, so no lock is needed.
        """
        tally = self._tallies.get(name)
        if tally is None:
            if len(self._tallies) >= _MAX_TALLIES:
                name = f"{name.partition('.')[0]}.other"
            tally = self._tallies.setdefault(name, count())
        return next(tally)

    def complain(self, cause: str, text: str) -> None:
        """Count a cause of loss, and say it unless it was said within the last minute."""
        seen = self.count(cause) + 1
        if self._is_due(cause):
            _log.warning("%s (%s: %d so far)", text, cause, seen)

    def _is_due(self, cause: str) -> bool:
        now = clock.monotonic_ns()
        with locks.accumulating:
            last = self._said_ns.get(cause)
            due = last is None or now - last >= _QUIET_NS
            if due:
                self._said_ns[cause] = now
        return due

    def failed(self, cause: str, what: str, failure: BaseException) -> None:
        """Complain about something that raised."""
        self.complain(cause, f"{what}: {type(failure).__qualname__}: {as_text(failure, 300)}")

    def counts(self) -> dict[str, int]:
        """Return all counters as they are now."""
        return {name: _value(tally) for name, tally in list(self._tallies.items())}


def _value(tally: count[int]) -> int:
    """Read a tally without counting: its text is `count(n)`."""
    return int(repr(tally)[6:-1])


_all: Final[WeakSet[Health]] = WeakSet()


def _begin_again_in_child() -> None:
    for health in list(_all):
        health.begin()


os.register_at_fork(after_in_child=_begin_again_in_child)
