"""Which event is current: one context variable, set with a token and reset with it.

`asyncio` tasks see the event of the code that created them. A `threading.Thread` and an executor's threads
start empty: hand them `propagate(function)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from wide_events.event import WideEvent
from wide_events.scopes import current
from wide_events.timers import timed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextvars import Token

    from typing_extensions import Self

    from wide_events.sampling import Decision

F = TypeVar("F", bound="Callable[..., Any]")

_current: Final = current

active: Final = _current.get
"""Return the current event, or `None` outside of any unit of work."""


def enter(event: WideEvent) -> Token[WideEvent | None]:
    """Make an event current; give the token to `leave`."""
    return _current.set(event)


def leave(token: Token[WideEvent | None]) -> None:
    """Make current again what was before `enter`.

    A generator may be finished in another context than it was begun in; there is nothing to restore there.
    """
    try:
        _current.reset(token)
    except ValueError:
        _current.set(None)


class _Carried:
    """An event that is current for the length of a block."""

    __slots__ = ("_event", "_token")

    def __init__(self, event: WideEvent | None) -> None:
        self._event = event

    def __enter__(self) -> None:
        self._token: Token[WideEvent | None] = _current.set(self._event)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        leave(self._token)


class InertEvent(WideEvent):
    """What `current_event()` gives outside of any unit of work: it takes everything and keeps nothing.

    Its `child()` is a real event, with a trace of its own.
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("inert")
        self.claim()
        self.seal()

    def _late(self, names: Iterable[str]) -> Self:  # noqa: ARG002 - nothing is late where nothing was begun
        return self

    @property
    def trace_id(self) -> str:
        """An id that belongs to nobody, and stays as it is."""
        return super().trace_id

    @trace_id.setter
    def trace_id(self, trace_id: str) -> None:
        """Stay inert."""

    @property
    def request_id(self) -> str:
        """An id that belongs to nobody, and stays as it is."""
        return super().request_id

    @request_id.setter
    def request_id(self, request_id: str) -> None:
        """Stay inert."""

    @property
    def context(self) -> dict[str, Any]:
        """An empty dict, new each time."""
        return {}

    def continue_from(self, parent: WideEvent) -> Self:  # noqa: ARG002
        """Stay inert."""
        return self

    def child(self, operation: str, kind: str = "boundary") -> WideEvent:
        """Begin an event with a trace of its own."""
        return WideEvent(operation, kind=kind)

    def emit(self, level: str | None = None, force: bool = False) -> Decision:  # noqa: ARG002, FBT001, FBT002
        """Nothing was begun, so nothing is written."""
        return self.decide()

    def headers(self) -> dict[str, str]:
        """Nothing to carry on."""
        return {}


INERT: Final = InertEvent()
"""The one inert event; its decision, to drop, is made where decisions are known."""


def current_event() -> WideEvent:
    """Return the event of the running unit of work, or an inert one: enrichment needs no `if`."""
    event = _current.get()
    return INERT if event is None else event


def propagate(function: F) -> F:
    """Carry the current event into another thread: `executor.submit(propagate(work), item)`.

    The event is that of the moment of this call. The function may run in many threads at once; it may be a
    coroutine function or a generator function, and then the event is current while that runs.
    """
    event = _current.get()
    return timed(function, lambda: _Carried(event))
