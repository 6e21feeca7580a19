"""Timing a block or a function; the time goes onto the event."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from wide_events.clock import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from wide_events.event import WideEvent

F = TypeVar("F", bound="Callable[..., Any]")


class Timer:
    """One timer of one event: a context manager, sync and async, and a decorator of sync and async functions.

    It may be entered again inside itself; the time of each use is added.
    """

    __slots__ = ("_begun", "_event", "_name", "_outer")

    def __init__(self, event: WideEvent, name: str) -> None:
        self._event = event
        self._name = name
        self._begun = 0
        self._outer: tuple[int, Any] | None = None

    def __enter__(self) -> Self:
        if self._begun:
            self._outer = (self._begun, self._outer)
        self._begun = clock.monotonic_ns()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._event.add_time(self._name, (clock.monotonic_ns() - self._begun) / 1e6)
        if self._outer is None:
            self._begun = 0
        else:
            self._begun, self._outer = self._outer

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: F) -> F:
        """Time each call of a function."""
        return timed(function, lambda: Timer(self._event, self._name))


def timed(function: F, scope: Callable[[], Any]) -> F:
    """Wrap a function, sync or async, so that each call runs inside a fresh `scope()`."""
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def timed_coroutine(*args: Any, **kwargs: Any) -> Any:
            with scope():
                return await function(*args, **kwargs)

        return timed_coroutine  # type: ignore[return-value]

    @wraps(function)
    def timed_function(*args: Any, **kwargs: Any) -> Any:
        with scope():
            return function(*args, **kwargs)

    return timed_function  # type: ignore[return-value]
