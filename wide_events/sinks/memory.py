"""Lines kept in memory, for tests."""

from __future__ import annotations

import json
from typing import Any


class MemorySink:
    """Holds every line that it is given, as bytes in `lines` and as objects in `events`."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def write(self, line: bytes) -> None:
        """Hold one line."""
        self.lines.append(line)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """The lines stay."""

    def clear(self) -> None:
        """Forget the lines."""
        self.lines.clear()

    @property
    def events(self) -> list[dict[str, Any]]:
        """The lines, read."""
        return [json.loads(line) for line in self.lines]
