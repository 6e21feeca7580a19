"""The rows of a block, one function a kind of content: a value of any type in, lines of a given width out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wide_events.formatting.colour import of_level, rule_style
from wide_events.formatting.layout import (
    Line,
    Row,
    Span,
    fit,
    limited,
    pair_units,
    paragraph,
    rows_to_lines,
    wrap,
)
from wide_events.formatting.plain_text import brief, scalar
from wide_events.formatting.timing import duration_text, timers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_ROWS: Final = 12
MAX_FRAMES: Final = 5
MAX_CAUSES: Final = 5
MAX_LOGS: Final = 20
_ERROR_PAD: Final = 9
_ERROR_TITLE: Final = ("type", "code", "category", "severity", "alert", "retriable")
_ERROR_ROWS: Final = ("message", "why", "fix", "details", "location", "cause", "stack")
_ERROR_HIDDEN: Final = frozenset((*_ERROR_TITLE, *_ERROR_ROWS, "fingerprint"))


def render(name: str, value: Any, width: int, fields: Mapping[str, Any]) -> list[Line]:
    """Set the value of one field of an event into lines."""
    if name == "performance_breakdown":
        return timers(value, width, fields.get("duration_ms"))
    if name == "message":
        return paragraph(value, width, rule_style(fields) if fields.get("level") != "info" else "")
    return _RENDERERS.get(name, block)(value, width)


def block(value: Any, width: int) -> list[Line]:
    """An object as `key=value`; a list of objects as one line an object."""
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return limited([line for item in value for line in wrap(pair_units(item), width)], MAX_ROWS)
    return limited(wrap(pair_units(value), width), MAX_ROWS)


def names(value: Any, width: int) -> list[Line]:
    """A list of names, without their numbers."""
    if not isinstance(value, list):
        return block(value, width)
    return limited(wrap(([Span(scalar(item), "dim")] for item in value), width), MAX_ROWS)


def error(value: Any, width: int) -> list[Line]:
    """An error with all that helps to understand it: reason, remedy, place, causes, last frames."""
    if not isinstance(value, dict):
        return paragraph(value, width, "bad")
    inner = width - _ERROR_PAD
    rows = [
        Row("why", _told(value, "why", inner), "dim"),
        Row("fix", _told(value, "fix", inner, "good"), "dim"),
        Row("details", block(value["details"], inner) if "details" in value else [], "dim"),
        Row("also", _others(value, inner), "dim"),
        Row("at", _told(value, "location", inner, "strong"), "dim"),
        Row("cause", limited(briefs(value.get("cause", []), inner), MAX_CAUSES), "dim"),
        Row("stack", _stack(value.get("stack", []), inner), "dim"),
    ]
    return (
        wrap(_title(value), width) + _told(value, "message", width, "bad") + rows_to_lines(rows, _ERROR_PAD)
    )


def briefs(value: Any, width: int) -> list[Line]:
    """Errors that were handled or are causes, one line each."""
    if not isinstance(value, list):
        return block(value, width)
    return [line for item in value for line in wrap(_brief_units(item), width)]


def logs(value: Any, width: int) -> list[Line]:
    """The lines that were logged meanwhile, the last twenty of them."""
    if not isinstance(value, list):
        return block(value, width)
    lines: list[Line] = [[Span(f"… {len(value) - MAX_LOGS} earlier", "dim")]] if len(value) > MAX_LOGS else []
    for entry in value[-MAX_LOGS:]:
        lines += _log(entry, width)
    return lines


def _log(entry: Any, width: int) -> list[Line]:
    if not isinstance(entry, dict):
        return wrap(pair_units(entry), width)
    level = entry.get("level", "-")
    rest = {name: item for name, item in entry.items() if name not in ("t_ms", "level", "message")}
    units: list[Line] = [
        [
            Span(f"+{duration_text(entry.get('t_ms', '-')):<9} ", "dim"),
            Span(f"{scalar(level):<8} ", of_level(level)),
            Span(scalar(entry.get("message", ""))),
        ]
    ]
    return wrap([*units, *(pair_units(rest) if rest else ())], width)


def _title(value: Mapping[str, Any]) -> list[Line]:
    """Type, code, and what kind of error it is."""
    kinds = [scalar(value[name]) for name in ("category", "severity") if name in value]
    kinds += [name for name in ("alert", "retriable") if value.get(name) is True]
    units = [[Span(scalar(value.get("type", "error")), "bad strong")]]
    units += [[Span(scalar(value["code"]), "bad strong")]] if "code" in value else []
    return [*units, [Span(" · ".join(kinds), "dim")]] if kinds else units


def _told(value: Mapping[str, Any], name: str, width: int, style: str = "") -> list[Line]:
    return paragraph(value[name], width, style) if name in value else []


def _others(value: Mapping[str, Any], width: int) -> list[Line]:
    others = {name: item for name, item in value.items() if name not in _ERROR_HIDDEN}
    return block(others, width) if others else []


def _stack(value: Any, width: int) -> list[Line]:
    """The last frames, the innermost at the end."""
    if not isinstance(value, list):
        return paragraph(value, width, "bad")
    left_out = len(value) - MAX_FRAMES
    lines: list[Line] = [[Span(f"… {left_out} outer frames", "dim")]] if left_out > 0 else []
    return lines + [
        fit([Span(scalar(frame), "bad" if frame == value[-1] else "")], width)
        for frame in value[-MAX_FRAMES:]
    ]


def _brief_units(item: Any) -> list[Line]:
    if not isinstance(item, dict):
        return [[Span(scalar(item))]]
    code = f" {scalar(item['code'])}" if "code" in item else ""
    said = f": {brief(item['message'])}" if "message" in item else ""
    place = [[Span(f"at {scalar(item['location'])}", "dim")]] if "location" in item else []
    return [[Span(scalar(item.get("type", "error")) + code, "strong"), Span(said)], *place]


_RENDERERS: Final[Mapping[str, Callable[[Any, int], list[Line]]]] = {
    "error": error,
    "handled_errors": briefs,
    "logs": logs,
    "critical_events": names,
    "failed_enrichers": names,
    "redacted": names,
    "truncated": names,
}
