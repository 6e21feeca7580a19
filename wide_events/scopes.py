"""What is under way in this context: the current event, and the scopes that were begun and not yet ended.

One scope object may be in use in many tasks and threads at once, and a generator may be suspended inside a
scope: both are kept apart here, by context variables.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

    from wide_events.event import WideEvent

current: Final[ContextVar[WideEvent | None]] = ContextVar("wide_event", default=None)


class _Use:
    """One use of a scope object, in the chain of those of its context. One that has ended has no owner."""

    __slots__ = ("outer", "owner", "state")

    def __init__(self, owner: Reusable, outer: _Use | None, state: Any) -> None:
        self.owner: Reusable | None = owner
        self.outer = outer
        self.state = state


_innermost: Final[ContextVar[_Use | None]] = ContextVar("wide_events_scope", default=None)


def _still_running(use: _Use | None) -> _Use | None:
    while use is not None and use.owner is None:
        use = use.outer
    return use


class Reusable:
    """A scope that may be entered many times at once: nested, in several tasks, in several threads."""

    __slots__ = ("_running",)

    def __init__(self) -> None:
        self._running: list[_Use] = []

    def _begin(self, state: Any) -> None:
        """Remember the state of one use, in this context."""
        use = _Use(self, _still_running(_innermost.get()), state)
        self._running.append(use)
        _innermost.set(use)

    def _mine(self) -> _Use | None:
        """Find the last use in this context."""
        use = _innermost.get()
        while use is not None and use.owner is not self:
            use = use.outer
        return use

    def _finish(self) -> Any:
        """Forget the last use in this context, and return its state.

        A generator may be finished in another context than it was begun in: then it is the last use of all.
        """
        use = self._mine() or self._running[-1]
        self._running.remove(use)
        state, use.owner, use.state = use.state, None, None
        _innermost.set(_still_running(_innermost.get()))
        return state


class Steps:
    """A scope around all the steps of one generator: entered at the first, left at the last.

    Each step is a `with` block of its own; between them the caller finds what was current before. Set `last`
    before a step that closes the generator.
    """

    __slots__ = ("_inside", "_outside", "_scope", "last")

    def __init__(self, scope: Callable[[], Any]) -> None:
        self._scope: Any = scope
        self._inside: tuple[WideEvent | None, _Use | None] | None = None
        self.last = False

    def __enter__(self) -> Self:
        self._outside = _get()
        if self._inside is not None:
            _set(self._inside)
            return self
        self._scope = self._scope()
        self._scope.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if isinstance(error, (StopIteration, StopAsyncIteration)):
                self._scope.__exit__(None, None, None)
            elif error is not None or self.last:
                self._scope.__exit__(kind, error, trace)
            self._inside = _get()
        finally:
            _set(self._outside)


def _get() -> tuple[WideEvent | None, _Use | None]:
    return current.get(), _innermost.get()


def _set(state: tuple[WideEvent | None, _Use | None]) -> None:
    current.set(state[0])
    _innermost.set(state[1])
