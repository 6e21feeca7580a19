"""The door of the command line. Without click and rich it says how to get them, and leaves with status 2."""

from __future__ import annotations

import io
import sys
from typing import Final

_NEEDED: Final = frozenset({"click", "rich"})
USAGE: Final = 2


def main() -> None:
    """Run the command line with the arguments of the process; never returns."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        from wide_events.cli.commands import commands  # noqa: PLC0415 - needs an extra
    except ModuleNotFoundError as failure:
        missing = (failure.name or "").partition(".")[0]
        if missing not in _NEEDED:
            raise
        sys.stderr.write(f"The command line needs {missing}: pip install 'wide-events[cli]'\n")
        sys.exit(USAGE)
    commands(prog_name="wide-events")
