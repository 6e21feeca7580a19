"""Units of work outside of a web request: operations, timed functions, business events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from wide_events.context import active, enter, leave
from wide_events.event import WideEvent
from wide_events.home import homes
from wide_events.scopes import Reusable
from wide_events.timers import timed

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from wide_events.home import Home

F = TypeVar("F", bound="Callable[..., Any]")


class track_operation(Reusable):  # noqa: N801 - it reads as a verb: `with track_operation("import"):`
    """Run a block, a function or a generator, sync or async, as a unit of work with an event of its own.

    The event is current inside; of a generator, while it runs. Within another unit of work it continues that
    one's trace, unless `trace_id` names another; a job that runs across several processes keeps one trace by
    handing `trace_id` on. Further keywords are free fields: `track_operation("generation", user_id="u_1")`.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        kind: str = "operation",
        trace_id: str | None = None,
        request_id: str | None = None,
        pipeline: Home | None = None,
        **context: Any,
    ) -> None:
        super().__init__()
        self._name = name
        self._kind = kind
        self._ids = {"trace_id": trace_id, "request_id": request_id}
        self._pipeline = pipeline
        self._context = context

    def __enter__(self) -> WideEvent:
        outer = active()
        home = self._pipeline or _home_within(outer)
        event = WideEvent(self._name or "operation", kind=self._kind, pipeline=home, **self._ids)
        if outer is not None:
            event.outer = outer
            if self._ids["trace_id"] is None:
                event.continue_from(outer)
        if self._context:
            event.add_context(**self._context)
        self._begin((event, enter(event)))
        return event

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        event, token = self._finish()
        leave(token)
        event.__exit__(kind, error, trace)

    async def __aenter__(self) -> WideEvent:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: F) -> F:
        """Run each call of a function as a unit of work, named after the function if no name was given."""
        name = self._name or function.__qualname__

        def scope() -> track_operation:
            return track_operation(
                name, kind=self._kind, pipeline=self._pipeline, **self._ids, **self._context
            )

        return timed(function, scope)


class track_time(Reusable):  # noqa: N801 - it reads as a verb: `@track_time("parse")`
    """Time a block or a function: a timer on the current event, or an event of its own where there is none.

    `threshold_ms` is what counts as slow for the event of its own; without it the settings say.
    """

    def __init__(self, name: str | None = None, *, threshold_ms: float | None = None) -> None:
        super().__init__()
        self._name = name
        self._threshold_ms = threshold_ms

    def __enter__(self) -> WideEvent:
        event = active()
        if event is not None and event.sealed:
            event = None
        name = self._name or "block"
        scope: Any = track_operation(name) if event is None else event.timer(name)
        entered = scope.__enter__()
        self._begin(scope)
        if event is not None:
            return event
        if self._threshold_ms is not None:
            entered.slow_over(self._threshold_ms)
        return entered  # type: ignore[no-any-return]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish().__exit__(kind, error, trace)

    def __call__(self, function: F) -> F:
        """Time each call of a function, sync or async; without a name the function's own is taken."""
        name = self._name or function.__qualname__
        return timed(function, lambda: track_time(name, threshold_ms=self._threshold_ms))


def _home_within(outer: WideEvent | None) -> Home | None:
    """The pipeline of the unit of work around, if that has its own.

    Else the default one, which is made now, so that bad settings stop the work before it begins, and the time
    of their reading counts to nobody.
    """
    home = outer.own_home() if outer is not None else None
    if home is None:
        homes.default()
    return home


def log_business_event(name: str, /, **values: Any) -> WideEvent:
    """Emit a business event: an event of its own, always kept, the values also under `extra`.

    Within a unit of work it carries that one's trace and request id. Its `kind` is `business`.
    """
    outer = active()
    event = WideEvent(name, kind="business", pipeline=_home_within(outer))
    if outer is not None:
        event.continue_from(outer)
    event.add_context(**values)
    event.add_context(extra=values)
    event.emit()
    return event
