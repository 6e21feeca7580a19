"""Lines to a file descriptor: one system call a line, on the thread that ends the unit of work."""

from __future__ import annotations

import os
from typing import Final

STDOUT: Final = 1
STDERR: Final = 2


class DescriptorSink:
    """Writes to an open file descriptor, which stays the caller's to close."""

    _torn = False
    """Whether the last line was lost in its middle: the next one must not be glued to what is there of it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, line: bytes) -> None:
        """Write one line; the rest of one that the system took in part follows at once. Raises `OSError`."""
        if self._torn:
            line = b"\n" + line
        written = 0
        try:
            while written < len(line):
                written += os.write(self._descriptor, line[written:])
        finally:
            if written:
                self._torn = written < len(line) and not line.endswith(b"\n", 0, written)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """The descriptor belongs to the process."""


class StdoutSink(DescriptorSink):
    """Writes to the standard output of the process."""

    def __init__(self) -> None:
        super().__init__(STDOUT)


class StderrSink(DescriptorSink):
    """Writes to the standard error of the process."""

    def __init__(self) -> None:
        super().__init__(STDERR)
