"""Lines to a file, appended whole: several processes may share it."""

from __future__ import annotations

import os
from pathlib import Path

from wide_events.sinks.stream import DescriptorSink

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
_MODE = 0o640


class FileSink(DescriptorSink):
    """Appends to a file, which is opened at the first line and again after `close`.

    The folder is made if it is missing; a new file is readable by its owner and group (0640, less the umask).
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def write(self, line: bytes) -> None:
        """Append one line. Raises `OSError`."""
        if "_descriptor" not in vars(self):
            self._open()
        super().write(line)

    def close(self) -> None:
        """Close the file."""
        descriptor = vars(self).pop("_descriptor", None)
        if descriptor is not None:
            os.close(descriptor)

    def _open(self) -> None:
        """Open the file; of several threads that do so at once, one wins: `setdefault` is one step."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        opened = os.open(self.path, _FLAGS, _MODE)
        if vars(self).setdefault("_descriptor", opened) != opened:
            os.close(opened)
