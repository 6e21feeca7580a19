"""Timing a block, a function or a generator; the time goes onto the event."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from wide_events.clock import clock
from wide_events.scopes import Reusable, Steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from wide_events.event import WideEvent

F = TypeVar("F", bound="Callable[..., Any]")


class Timer(Reusable):
    """One timer of one event: a context manager, sync and async, and a decorator of functions of any kind.

    It may be entered again inside itself, and in several tasks and threads; the time of each use is added.
    """

    __slots__ = ("_begun", "_event", "_idle", "_name")

    def __init__(self, event: WideEvent, name: str) -> None:
        self._running = []
        self._event = event
        self._name = name
        self._idle = True

    def __enter__(self) -> Self:
        """Begin one use; one that begins during another is remembered in its context.

        Only one caller, of any thread, can delete the attribute: most timers have one use and need no more.
        """
        if self._running:
            self._begin(clock.monotonic_ns())
            return self
        try:
            del self._idle
        except AttributeError:
            self._begin(clock.monotonic_ns())
        else:
            self._begun = clock.monotonic_ns()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        ended = clock.monotonic_ns()
        if self._running and (self._mine() is not None or hasattr(self, "_idle")):
            begun = self._finish()
        else:
            begun = self._begun
            self._idle = True
        self._event.add_time(self._name, (ended - begun) / 1e6)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: F) -> F:
        """Time each call of a function."""
        return timed(function, lambda: Timer(self._event, self._name))


def timed(function: F, scope: Callable[[], Any]) -> F:
    """Wrap a function, sync or async, so that each call runs inside a fresh `scope()`.

    Of a generator, sync or async, the scope spans the iteration: from the first step to exhaustion, an
    exception or `close`; what the scope makes current is so only while the generator runs.
    """
    if inspect.isgeneratorfunction(function):
        return _timed_generator(function, scope)  # type: ignore[return-value]
    if inspect.isasyncgenfunction(function):
        return _timed_async_generator(function, scope)  # type: ignore[return-value]
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


def _timed_generator(function: Callable[..., Any], scope: Callable[[], Any]) -> Callable[..., Any]:
    @wraps(function)
    def timed_generator(*args: Any, **kwargs: Any) -> Any:
        steps, body = Steps(scope), function(*args, **kwargs)
        step, given = body.send, None
        while True:
            try:
                with steps:
                    value = step(given)
            except StopIteration as end:
                return end.value
            try:
                step, given = body.send, (yield value)
            except GeneratorExit:
                steps.last = True
                with steps:
                    body.close()
                raise
            except BaseException as error:  # noqa: BLE001 - handed on to the generator
                step, given = body.throw, error

    return timed_generator


def _timed_async_generator(function: Callable[..., Any], scope: Callable[[], Any]) -> Callable[..., Any]:
    @wraps(function)
    async def timed_generator(*args: Any, **kwargs: Any) -> Any:
        steps, body = Steps(scope), function(*args, **kwargs)
        step, given = body.asend, None
        while True:
            try:
                with steps:
                    value = await step(given)
            except StopAsyncIteration:
                return
            try:
                step, given = body.asend, (yield value)
            except GeneratorExit:
                steps.last = True
                with steps:
                    await body.aclose()
                raise
            except BaseException as error:  # noqa: BLE001 - handed on to the generator
                step, given = body.athrow, error

    return timed_generator
