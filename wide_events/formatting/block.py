"""An event as a block on a terminal: a line that says what happened, then one row a concern."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from wide_events.formatting.colour import of_level, of_outcome, of_status, rule_style
from wide_events.formatting.layout import Line, Row, Span, fit, length, painted, rows_to_lines, wrap
from wide_events.formatting.plain_text import brief, columns, scalar, visible
from wide_events.formatting.sections import render
from wide_events.formatting.timing import duration_text
from wide_events.names import HINTS, IDENTITY, REQUEST, SAMPLING, SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NARROWEST: Final = 40
WIDEST_LABEL: Final = 12
_CLOCK: Final = re.compile(r"\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)(?:(\.\d{3})\d*)?Z")
_SHORT_LEVELS: Final = {"WARNING": "WARN", "CRITICAL": "CRIT"}
_NOT_BELOW: Final = ("method", "path", "status_code", "scheme", "blueprint")
_TOLD: Final = frozenset((*IDENTITY, *SERVICE, *REQUEST, *SAMPLING, *HINTS, "schema_version"))
_FIRST: Final = {
    "user_context": "user",
    "vehicle_context": "vehicle",
    "business_metrics": "business",
    "technical_metrics": "technical",
    "performance_breakdown": "timers",
    "db": "db",
    "http_client": "http",
    "retries": "retries",
    "costs": "costs",
    "tokens": "tokens",
    "feature_flags": "flags",
}
_LAST: Final = {
    "context_conflicts": "conflicts",
    "error": "error",
    "handled_errors": "handled",
    "slow_stacks": "slow in",
    "logs": "logs",
    "redacted": "redacted",
    "truncated": "truncated",
}
_KNOWN: Final = _TOLD | _FIRST.keys() | _LAST.keys()
_LABEL_STYLES: Final = {"error": "bad strong", "handled_errors": "notice", "context_conflicts": "notice"}


def human(fields: Mapping[str, Any], *, colour: bool, width: int = 100) -> str:
    """Set an event as a block of lines for a terminal of `width` columns (at least 40), and an empty line.

    With `colour` the block is coloured by level and by meaning; without, it holds no escape at all.
    """
    width = max(width, NARROWEST)
    concerns = list(_concerns(fields))
    pad = min(max((columns(label) for _, label, _ in concerns), default=0), WIDEST_LABEL) + 2
    rows = [
        Row(label, render(name, value, width - pad - 2, fields), _LABEL_STYLES.get(name, "label"))
        for name, label, value in concerns
    ]
    lines = [_head(fields, width - 2), *rows_to_lines(rows, pad), *_foot(fields, width - 2)]
    return "".join(painted(line, colour=colour) + "\n" for line in [*_guttered(lines, fields), []])


def _guttered(lines: list[Line], fields: Mapping[str, Any]) -> list[Line]:
    """The block's lines behind a rule in the colour of its level."""
    style = rule_style(fields)
    rules = ["▌ ", *["│ "] * (len(lines) - 2), "╵ "]
    return [[Span(rule, style), *line] for rule, line in zip(rules, lines, strict=False)]


def _head(fields: Mapping[str, Any], width: int) -> Line:
    """Time in UTC, level, what it was, status, duration, outcome."""
    level = scalar(fields.get("level", "-")).upper()
    level = _SHORT_LEVELS.get(level, level)[:5]
    timed = fields.get("duration_ms") not in (None, 0)
    before = [
        Span(_clock(fields.get("timestamp")) + "  ", "dim"),
        Span(level, of_level(fields.get("level"))),
        Span(" " * (7 - columns(level))),
    ]
    after = [
        Span("  " + brief(fields["status_code"]), of_status(fields["status_code"]))
        if "status_code" in fields
        else Span(""),
        Span("  " + duration_text(fields.get("duration_ms")) if timed else "", _duration_style(fields)),
        Span("  " + scalar(fields.get("outcome", "-")), of_outcome(fields.get("outcome"))),
    ]
    what = fit(_what(fields), max(width - length(before) - length(after), 12))
    return fit([*before, *what, *after], width)


def _what(fields: Mapping[str, Any]) -> Line:
    where = fields.get("path", fields.get("route"))
    if "method" in fields and where is not None:
        return [Span(scalar(fields["method"]), "strong"), Span(" " + scalar(where), "strong")]
    kind = fields.get("kind", "operation")
    shown = [] if kind in ("request", "operation") else [Span(scalar(kind) + " ", "dim")]
    return [*shown, Span(scalar(fields.get("operation", "-")), "strong")]


def _clock(timestamp: Any) -> str:
    known = _CLOCK.fullmatch(timestamp) if isinstance(timestamp, str) else None
    return (
        f"{known[1]}{known[2] or '.000'}" if known else scalar("-" if timestamp is None else timestamp)[:32]
    )


def _duration_style(fields: Mapping[str, Any]) -> str:
    slow = fields.get("sample_reason") == "slow" or fields.get("threshold_exceeded") is True
    return "notice strong" if slow or fields.get("level") == "warning" else ""


def _concerns(fields: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Which rows there are, in their order: (field, label, value)."""
    if _says_more(fields):
        yield "message", "", fields["message"]
    request = {name: fields[name] for name in REQUEST if name in fields and name not in _NOT_BELOW}
    if request.get("route") == fields.get("path"):
        request.pop("route", None)
    if request:
        yield "request", "request", request
    yield from ((name, label, fields[name]) for name, label in _FIRST.items() if name in fields)
    yield from _free(fields)
    yield from ((name, label, fields[name]) for name, label in _LAST.items() if name in fields)


def _free(fields: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """The fields that are the application's own: the plain ones in one row, each object in its own."""
    free = {name: fields[name] for name in fields if name not in _KNOWN}
    plain = {name: value for name, value in free.items() if not isinstance(value, dict | list)}
    if plain:
        yield "fields", "fields", plain
    yield from ((name, visible(name), value) for name, value in free.items() if name not in plain)


def _says_more(fields: Mapping[str, Any]) -> bool:
    """Whether the message tells what the first line does not."""
    message = fields.get("message")
    told = (f"{fields.get('method')} {fields.get('path')}", fields.get("operation"))
    return message is not None and not any(
        isinstance(message, str) and isinstance(known, str) and message.startswith(known) for known in told
    )


def _foot(fields: Mapping[str, Any], width: int) -> list[Line]:
    """Who ran it, its ids, and why it was kept."""
    ran = (
        ("", " ".join(part for part in (_who(fields), _shown(fields, "environment")) if part)),
        ("request ", _shown(fields, "request_id")),
        ("trace ", _shown(fields, "trace_id")),
    )
    kept = (
        ("kept: ", _shown(fields, "sample_reason")),
        ("rate ", _shown(fields, "sample_rate")),
        ("stands for ", _shown(fields, "sample_weight")),
    )
    told = ([[Span(label + value, "dim")] for label, value in part if value] for part in (ran, kept))
    return [line for units in told for line in wrap(units, width, Span(" · ", "dim"))]


def _who(fields: Mapping[str, Any]) -> str:
    version = _shown(fields, "version")
    return _shown(fields, "service") + (f"@{version}" if version else "")


def _shown(fields: Mapping[str, Any], name: str) -> str:
    if name not in fields:
        return ""
    shown = brief(fields[name])
    return shown.removesuffix(".0") if type(fields[name]) is float else shown
