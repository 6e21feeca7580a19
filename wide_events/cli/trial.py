"""One test event, sent through everything that is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from wide_events import Pipeline, WideEvent
from wide_events.sinks import FileSink, Sink, StderrSink, StdoutSink

if TYPE_CHECKING:
    from wide_events.settings import Settings


class Delivery(NamedTuple):
    """What became of the test event at one sink."""

    sink: str
    taken: bool
    what: str


class WatchedSink:
    """Hands lines on to a sink, and remembers what became of the last one."""

    def __init__(self, sink: Sink, place: str) -> None:
        self._sink = sink
        self._place = place
        self.taken = False
        self.what = "no line came"

    def write(self, line: bytes) -> None:
        """Write the line; a failure is remembered, not raised."""
        try:
            self._sink.write(line)
        except OSError as failure:
            self.taken, self.what = False, f"{self._place} cannot be written: {failure.strerror or failure}"
        else:
            self.taken, self.what = True, f"{len(line)} bytes to {self._place}"

    def flush(self) -> None:
        """Flush the sink."""
        self._sink.flush()

    def close(self) -> None:
        """Close the sink."""
        self._sink.close()


def send_test_event(settings: Settings, *, spare_stdout: bool) -> list[Delivery]:
    """Send an event of the operation `doctor` through every sink, the routed copies included.

    It is sent whatever `LOG_LEVEL` says. With `spare_stdout` what would go to standard output goes to
    standard error. Raises ConfigurationError where the pipeline cannot be built.
    """
    pipeline = Pipeline(settings.model_copy(update={"log_level": "DEBUG"}))
    watched = {}
    for outlet in pipeline.outlets:
        sink = StderrSink() if spare_stdout and isinstance(outlet.sink, StdoutSink) else outlet.sink
        outlet.sink = watched[outlet.name] = WatchedSink(sink, _place(sink))
        outlet.accepts = None
    event = WideEvent("doctor", pipeline=pipeline)
    event.add_context(test_event=True)
    event.emit(force=True)
    pipeline.flush()
    pipeline.close()
    return [Delivery(name, sink.taken, sink.what) for name, sink in watched.items()]


def _place(sink: Sink) -> str:
    if isinstance(sink, FileSink):
        return str(sink.path)
    return "standard error" if isinstance(sink, StderrSink) else "standard output"
