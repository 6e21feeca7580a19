"""An event in a pipeline that keeps all, and the one line that it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wide_events import Pipeline, WideEvent
from wide_events.settings import Settings
from wide_events.sinks import MemorySink

if TYPE_CHECKING:
    from collections.abc import Callable


def begun(operation: Any = "job", **more: Any) -> tuple[WideEvent, MemorySink]:
    sink = MemorySink()
    pipeline = Pipeline(Settings(service_name="svc", sample_default=1.0), sinks=[sink])
    return WideEvent(operation, pipeline=pipeline, **more), sink


def line_of(fill: Callable[[WideEvent], object], **more: Any) -> dict[str, Any]:
    event, sink = begun(**more)
    fill(event)
    event.emit()
    (line,) = sink.events
    return dict(line)


class Unwilling:
    """Refuses to be text, to be true, to be compared."""

    def __bool__(self) -> bool:
        raise RuntimeError("no truth")

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__
