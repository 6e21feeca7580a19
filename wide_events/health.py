"""What the library could not do: counted always, and said at most once a minute for each cause."""

from __future__ import annotations

import logging
import os
from threading import RLock
from typing import Final
from weakref import WeakSet

from wide_events.clock import clock
from wide_events.plain import as_text

_log: Final = logging.getLogger("wide_events")
_QUIET_NS: Final = 60 * 1_000_000_000


class Health:
    """Counters by name, and complaints on the `wide_events` logger. A forked child counts from zero."""

    def __init__(self) -> None:
        self.begin()
        _all.add(self)

    def begin(self) -> None:
        """Forget everything, and take a lock that nobody holds."""
        self._lock = RLock()
        self._counts: dict[str, int] = {}
        self._said_ns: dict[str, int] = {}

    def count(self, name: str, by: int = 1) -> None:
        """Count something, exactly, from any thread or signal handler."""
        with self._lock:
            self._counts[name] = self._counts.get(name, 0) + by

    def complain(self, cause: str, text: str, by: int = 1) -> None:
        """Count a cause of loss, and say it unless it was said within the last minute."""
        self.count(cause, by)
        now = clock.monotonic_ns()
        last = self._said_ns.get(cause)
        if last is None or now - last >= _QUIET_NS:
            self._said_ns[cause] = now
            _log.warning("%s (%s: %d so far)", text, cause, self._counts.get(cause, by))

    def failed(self, cause: str, what: str, failure: BaseException) -> None:
        """Complain about something that raised."""
        self.complain(cause, f"{what}: {type(failure).__qualname__}: {as_text(failure, 300)}")

    def counts(self) -> dict[str, int]:
        """Return all counters as they are now."""
        with self._lock:
            return dict(self._counts)


_all: Final[WeakSet[Health]] = WeakSet()


def _begin_again_in_child() -> None:
    for health in list(_all):
        health.begin()


os.register_at_fork(after_in_child=_begin_again_in_child)
