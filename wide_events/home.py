"""What an event asks of the pipeline that it belongs to, and where events without a pipeline go."""

from __future__ import annotations

import os
from importlib import import_module
from threading import RLock
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wide_events.event import WideEvent
    from wide_events.sampling import Decision
    from wide_events.unit import UnitOfWork


class Home(Protocol):
    """A pipeline, as the events see it."""

    def emit(self, event: WideEvent) -> Decision:
        """Decide, and write the line if it is kept."""

    def decide(self, event: WideEvent) -> Decision:
        """Ask the policy once and remember."""

    def late_write(self, event: UnitOfWork, names: Iterable[str]) -> None:
        """Count and say that something was added after the line."""

    def conflict(self, event: WideEvent, names: Iterable[str]) -> None:
        """Say that a free field had a reserved name."""

    def refused(self, event: UnitOfWork, verb: str) -> None:
        """Count and say that a verb was given what it cannot use."""

    def headers(self, event: WideEvent) -> dict[str, str]:
        """Return what an outgoing call should carry."""


class _Homes:
    default: Callable[[], Home]

    def __init__(self) -> None:
        self.default = self._first

    def _first(self) -> Home:
        """Load the pipeline, which puts its own in this place: importing an event alone does not need it."""
        import_module("wide_events.pipeline")
        return self.default()


homes: Final = _Homes()
"""`homes.default()` is the default pipeline; the pipeline module says so when it is imported."""


class _Locks:
    """One lock for the few bytecodes of an addition.

    It is re-entrant, for signal handlers, and renewed in a forked child: there a lock that another thread
    held would stay locked for ever.
    """

    def __init__(self) -> None:
        self.renew()
        os.register_at_fork(after_in_child=self.renew)

    def renew(self) -> None:
        self.accumulating = RLock()


locks: Final = _Locks()
