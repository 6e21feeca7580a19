"""An event as one line: time, service, level and message, then every other field as `key=value`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from wide_events.formatting.plain_text import pairs, scalar, visible

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOLD_FIRST: Final = ("timestamp", "service", "level", "message")
_UTC: Final = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z")
_NEEDS_QUOTES: Final = re.compile(r'[\s="\\]')
_NOT_IN_KEYS: Final = re.compile(r'[\s="]')


def text(fields: Mapping[str, Any]) -> str:
    """Write an event as one line that ends with a newline.

    `2026-11-22 10:30:45 - shop - INFO - POST /cart 200 in 41 ms method=POST status_code=200 …`: UTC to the
    second, and the fields of nested objects by dotted keys, items of lists by their number. Values are quoted
    as logfmt does when they hold a space, `=`, a quote or a backslash, or nothing at all.
    """
    timestamp, service, level, message = (fields.get(name) for name in _TOLD_FIRST)
    first = " - ".join((_time(timestamp), _word(service), _word(level).upper(), _word(message)))
    rest = (pairs(value, name) for name, value in fields.items() if name not in _TOLD_FIRST)
    told = (f"{_key(key)}={_value(value)}" for field in rest for key, value in field)
    return " ".join((first, *told)) + "\n"


def _time(timestamp: Any) -> str:
    known = _UTC.fullmatch(timestamp) if isinstance(timestamp, str) else None
    return f"{known[1]} {known[2]}" if known else _word(timestamp)


def _word(value: Any) -> str:
    return "-" if value is None or value == "" else scalar(value)


def _key(key: str) -> str:
    return _NOT_IN_KEYS.sub("_", key) or "_"


def _value(value: Any) -> str:
    shown = scalar(value)
    if isinstance(value, str) and (not value or _NEEDS_QUOTES.search(value)):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{visible(escaped)}"'
    return shown
