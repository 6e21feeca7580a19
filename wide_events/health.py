"""What the library could not do: counted always, and said at most once a minute for each cause."""

from __future__ import annotations

import logging
import os
from itertools import count
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from wide_events.clock import clock
from wide_events.home import locks
from wide_events.plain import as_text, shortened

if TYPE_CHECKING:
    from collections.abc import Callable

_log: Final = logging.getLogger("wide_events")
_QUIET_NS: Final = 60 * 1_000_000_000
_MAX_TALLIES: Final = 256
_LONGEST_READ: Final = 8192
_LONGEST_SAID: Final = 1_000


class Health:
    """Counters by name, and complaints on the `wide_events` logger. A forked child counts from zero.

    `clean` makes a text fit to be said: without secrets, and nothing in it that a terminal obeys.
    It must not raise.
    """

    def __init__(self, clean: Callable[[str], str] = str) -> None:
        self._clean = clean
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
        return self._count_new(self._named(name)) if tally is None else next(tally)

    def _count_new(self, name: str) -> int:
        if name not in self._tallies and len(self._tallies) >= _MAX_TALLIES:
            name = f"{name.partition('.')[0]}.other"
        return next(self._tallies.setdefault(name, count()))

    def _named(self, name: str) -> str:
        """Clean a name, which may end in what a caller gave: `kept.<reason>`."""
        first, dot, rest = name.partition(".")
        return f"{self._clean(first)}.{self._clean(rest)}" if dot else self._clean(first)

    def complain(self, cause: str, text: str) -> None:
        """Count a cause of loss, and say it unless it was said within the last minute."""
        seen = self.count(cause) + 1
        if self._is_due(cause):
            told = shortened(self._clean(text), _LONGEST_SAID)
            _log.warning("%s (%s: %d so far)", told, self._named(cause), seen)

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
        self.complain(cause, f"{what}: {type(failure).__qualname__}: {as_text(failure, _LONGEST_READ)}")

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
