"""An outlet: a sink, the form in which it gets its lines, and which events it gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from wide_events.sinks import Sink

Record = dict[str, Any]


class Outlet:
    """Renders records for one sink. `accepts` chooses among them; without it the sink gets all."""

    __slots__ = ("accepts", "failed", "name", "render", "sink")

    failed: Callable[[Exception], None]

    def __init__(
        self,
        name: str,
        sink: Sink,
        render: Callable[[Record], bytes],
        accepts: Callable[[Record], bool] | None = None,
    ) -> None:
        self.name, self.sink, self.render, self.accepts = name, sink, render, accepts

    def write(self, record: Record) -> None:
        """Write one record, unless it is none of this outlet's. Raises whatever the sink raises."""
        if self.accepts is None or self.accepts(record):
            self.sink.write(self.render(record))


def is_error(record: Record) -> bool:
    """For `LOG_FILE_ERROR`: events of level error and critical."""
    return bool(record["level"] in ("error", "critical"))


def is_business(record: Record) -> bool:
    """For `LOG_FILE_BUSINESS`: business events."""
    return bool(record["kind"] == "business")


def is_slow(record: Record) -> bool:
    """For `LOG_FILE_PERFORMANCE`: events that passed their threshold."""
    return record.get("threshold_exceeded") is True
