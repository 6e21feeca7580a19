"""`wide-events doctor`: every setting with its source, what looks wrong, a test event through every sink."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wide_events.cli.trial import send_test_event
from wide_events.exceptions import ConfigurationError
from wide_events.settings import report

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wide_events.cli.trial import Delivery
    from wide_events.settings import Report, Row

FINE: Final = 0
WARNED: Final = 1
REFUSED: Final = 2
WIDTH_OF_NO_TERMINAL: Final = 160

_HELP_END = """
\b
Exit status:
  0  all is well
  1  there are warnings, or a sink did not take the test event
  2  a setting cannot be used; each is named on a line of its own

\b
Examples:
  wide-events doctor
  LOG_SAMPLE_DEFAULT=0.1 wide-events doctor
  wide-events doctor --send
  wide-events doctor --json | jq '.[] | select(.source == "environment")'
"""


@click.command(epilog=_HELP_END)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array of objects, and nothing else.")
@click.option("--send", is_flag=True, help="Send a test event through every sink, and say what became of it.")
@click.pass_context
def doctor(context: click.Context, *, as_json: bool, send: bool) -> None:
    """Show every setting, its value, and where it comes from.

    Looks at the environment, not at what an application sets in code. Warns of variables that look misspelt,
    and of those that this version does not honour. Secrets are masked.
    """
    try:
        healthy = _as_json(report(), send=send) if as_json else _as_table(report(), send=send)
    except ConfigurationError as failure:
        _refuse(failure, as_json=as_json)
        context.exit(REFUSED)
    context.exit(FINE if healthy else WARNED)


def _as_json(found: Report, *, send: bool) -> bool:
    deliveries = send_test_event(found.settings, spare_stdout=True) if send else []
    objects: list[dict[str, Any]] = [{"kind": "setting", **row._asdict()} for row in found.rows]
    objects += [{"kind": "warning", "message": warning} for warning in found.warnings]
    objects += [{"kind": "test_event", **each._asdict()} for each in deliveries]
    click.echo(json.dumps(objects, indent=2))
    return _healthy(found, deliveries)


def _as_table(found: Report, *, send: bool) -> bool:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH_OF_NO_TERMINAL)
    console.print(_table(found.rows))
    for warning in found.warnings:
        console.print(Text.assemble(("warning: ", "yellow"), printable(warning)))
    sys.stdout.flush()  # the test event may go to the same place, by a shorter way
    deliveries = send_test_event(found.settings, spare_stdout=False) if send else []
    for each in deliveries:
        mark = ("test event: ", "green") if each.taken else ("test event lost: ", "red")
        console.print(Text.assemble(mark, printable(f"{each.sink}: {each.what}")))
    return _healthy(found, deliveries)


def _healthy(found: Report, deliveries: list[Delivery]) -> bool:
    return not found.warnings and all(each.taken for each in deliveries)


def _refuse(failure: ConfigurationError, *, as_json: bool) -> None:
    for problem in failure.problems:
        click.echo(printable(str(problem)), err=True)
    if as_json:
        problems = [{"kind": "problem", **problem._asdict()} for problem in failure.problems]
        click.echo(json.dumps(problems, indent=2, default=str))


def _table(rows: Iterable[Row]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("variable", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("source", overflow="fold")
    for row in rows:
        style = "dim" if row.source == "default" else ""
        name = row.variable or f"({row.field})"
        table.add_row(*(Text(printable(part), style) for part in (name, _value(row.value), row.source)))
    return table


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "-" if value in (None, "", {}) else f"{value:.15g}" if isinstance(value, float) else str(value)


def printable(text: str) -> str:
    """`text` with what a terminal would obey written as an escape that people can read."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
