"""Headings, tables and progress for a terminal: by rich where it is installed, else in plain text."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from wide_events.formatting import human, wants_colour

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from examples.volttracker.client import Tally

Row = tuple[object, ...]


class Screen:
    """Where the demonstration speaks; `width` is in columns. `rich` chooses, instead of looking for it."""

    width = 110

    def __init__(self, *, rich: bool | None = None) -> None:
        self.rich = find_spec("rich") is not None if rich is None else rich
        self.terminal = sys.stdout.isatty()

    def heading(self, text: str) -> None:
        """Begin a part."""
        self.say(f"\n━━ {text} " + "━" * max(0, self.width - len(text) - 4))

    def say(self, text: str = "") -> None:
        """One line, or several."""
        print(text, flush=True)

    def event(self, event: Mapping[str, Any]) -> None:
        """One event as a block for people."""
        colour = wants_colour(self.terminal, os.environ)
        self.say(human(event, colour=colour, width=self.width).rstrip("\n") + "\n")

    def table(self, columns: Sequence[str], rows: Sequence[Row], *, title: str = "") -> None:
        """A table; numbers are set to the right."""
        if title:
            self.say(title)
        if not rows:
            self.say("  none\n")
        elif self.rich:
            _rich_table(columns, rows, self.width)
        else:
            self.say("\n".join(_plain_table(columns, rows)) + "\n")

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[float, Tally], None]]:
        """A bar that moves, on a terminal; otherwise a line now and then."""
        if self.rich and self.terminal:
            with _rich_progress(what) as moved:
                yield moved
        else:
            yield _Lines(what, self.say)


class _Lines:
    """Progress for logs: one line for each quarter."""

    def __init__(self, what: str, say: Callable[[str], None]) -> None:
        self._what, self._say, self._quarter = what, say, -1

    def __call__(self, share: float, tally: Tally) -> None:
        quarter = int(share * 4)
        if quarter > self._quarter:
            self._quarter = quarter
            self._say(f"   {self._what}: {share:4.0%}, {tally.requests} requests answered")


def cell(value: object) -> str:
    """A value as a table shows it; numbers with a fraction get one digit of it, whole ones commas."""
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _plain_table(columns: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    shown = [list(columns), *([cell(value) for value in row] for row in rows)]
    widths = [max(len(row[index]) for row in shown) for index in range(len(columns))]
    for number, row in enumerate(shown):
        values = rows[number - 1] if number else columns
        cells = (
            text.rjust(width) if isinstance(value, int | float) else text.ljust(width)
            for text, width, value in zip(row, widths, values, strict=True)
        )
        yield ("  " + "  ".join(cells)).rstrip()
        if not number:
            yield "  " + "  ".join("-" * width for width in widths)


def _rich_table(columns: Sequence[str], rows: Sequence[Row], width: int) -> None:
    from rich import box  # noqa: PLC0415 - rich may be missing
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD)
    for index, name in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int | float) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    console = Console(highlight=False)
    Console(highlight=False, width=max(width, console.width)).print(table)


@contextmanager
def _rich_progress(what: str) -> Iterator[Callable[[float, Tally], None]]:
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        TextColumn("   {task.description}"),
        BarColumn(40),
        TextColumn("{task.fields[requests]} requests"),
    )
    with Progress(*columns, TimeElapsedColumn()) as bar:
        task = bar.add_task(what, total=1.0, requests=0)

        def moved(share: float, tally: Tally) -> None:
            bar.update(task, completed=share, requests=tally.requests)

        yield moved
