"""Where lines go. A sink takes whole lines of bytes; what it raises is counted and said by the pipeline."""

from __future__ import annotations

from typing import Protocol

from wide_events.sinks.file import FileSink
from wide_events.sinks.memory import MemorySink
from wide_events.sinks.stream import DescriptorSink, StderrSink, StdoutSink

__all__ = ["DescriptorSink", "FileSink", "MemorySink", "Sink", "StderrSink", "StdoutSink"]


class Sink(Protocol):
    """Anything that takes lines."""

    def write(self, line: bytes) -> None:
        """Take one whole line, newline included. May raise `OSError`."""

    def flush(self) -> None:
        """Hand on whatever is still held."""

    def close(self) -> None:
        """Let go of files and connections; a later `write` may open them again."""
