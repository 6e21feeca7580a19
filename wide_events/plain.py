"""Whatever a caller hands over, turned into plain data of our own at the moment it is added.

An event holds only `str`, `int`, `float`, `bool`, and the `dict` and `list` that it built itself. So a caller
that goes on changing its objects changes no event, and the encoder never meets an object of a user's: an
encoder that runs a user's code while another thread changes the data can crash the process.
"""

from __future__ import annotations

import math
import numbers
from collections import deque
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from wide_events.guards import attempt

if TYPE_CHECKING:
    from typing import TypeGuard

SCALARS: Final = frozenset({str, int, float, bool})
"""The types that are carried as they are; a subclass of one may run code of its own and is converted."""

MAX_FIELDS: Final = 256
MAX_ITEMS: Final = 128
MAX_DEPTH: Final = 8
MAX_NODES: Final = 2000
MAX_TEXT: Final = 8192
MAX_KEY: Final = 128
_SEQUENCES: Final = (list, tuple, AbstractSet, deque, range)
_WORD: Final = 320
_CUT: Final = "…"


class Copier:
    """Copies one value within limits, and notes the paths of what it had to leave out in `cuts`.

    Limits: 8 levels, 256 keys of a mapping, 128 items of a sequence, 8192 characters of a text, 2000 values
    in all, so that no value costs more than a few milliseconds however deep, wide or circular it is.
    """

    __slots__ = ("cuts", "left")

    def __init__(self) -> None:
        self.cuts: list[str] = []
        self.left = MAX_NODES

    def fields(self, source: Mapping[Any, Any], path: str = "", depth: int = 0) -> dict[str, Any]:
        """Copy a mapping: keys become text, keys without a value (`None`) are left out."""
        copied: dict[str, Any] = {}
        for key, value in list(islice(source.items(), MAX_FIELDS)):
            name = key_text(key)
            plain = self.value(value, f"{path}.{name}" if path else name, depth + 1)
            if plain is not None:
                copied[name] = plain
        if len(source) > MAX_FIELDS:
            self.cuts.append(path or "fields")
        return copied

    def value(self, value: Any, path: str, depth: int) -> Any:
        """Copy anything; `None` stays `None`, for the caller to leave out."""
        self.left -= 1
        kind = type(value)
        if kind is str:
            return self._text(value, path)
        if kind in SCALARS or value is None:
            return value
        if self.left < 0 or depth > MAX_DEPTH:
            self.cuts.append(path)
            return _CUT
        return attempt(self._convert, value, path, depth, failed=lambda failure: _unprintable(value, failure))

    def _text(self, text: str, path: str) -> str:
        if len(text) > MAX_TEXT:
            self.cuts.append(path)
        return shortened(text, MAX_TEXT)

    def _convert(self, value: Any, path: str, depth: int) -> Any:
        if isinstance(value, Enum):
            return self.value(value.value, path, depth + 1)
        if isinstance(value, Mapping):
            return self.fields(value, path, depth)
        if isinstance(value, _SEQUENCES):
            return self._items(value, path, depth)
        if is_dataclass(value) and not isinstance(value, type):
            own = {field.name: getattr(value, field.name, None) for field in dataclass_fields(value)}
            return self.fields(own, path, depth)
        if isinstance(value, BaseException):
            return self._text(f"{type(value).__qualname__}: {value}", path)
        number = _number(value)
        return self._text(_to_text(value), path) if number is None else number

    def _items(self, items: Any, path: str, depth: int) -> Any:
        names = getattr(items, "_fields", None)
        if isinstance(items, tuple) and isinstance(names, tuple):
            return self.fields(dict(zip(names, items, strict=False)), path, depth)
        size = len(items)
        copied = [self.value(item, path, depth + 1) for item in list(islice(_in_order(items), MAX_ITEMS))]
        if size > MAX_ITEMS:
            self.cuts.append(path)
        return copied


def key_text(key: Any) -> str:
    """Make a key a text of at most 128 characters."""
    text = key if type(key) is str else attempt(str, key, failed=lambda failure: _unprintable(key, failure))
    return text if len(text) <= MAX_KEY else text[:MAX_KEY] + _CUT


def shortened(text: str, limit: int) -> str:
    """Cut a text to at most `limit` characters and `…`, at white space: half a secret looks like none."""
    if len(text) <= limit:
        return text
    head = text[:limit]
    word = min(_WORD, limit // 4)
    space = max(head.rfind(" ", limit - word), head.rfind("\n", limit - word))
    return (head[:space] if space > 0 else head[: limit - word]) + _CUT


def as_text(value: Any, limit: int = MAX_TEXT) -> str:
    """Make anything a text of at most `limit` characters; never raises."""
    text = attempt(_to_text, value, failed=lambda failure: _unprintable(value, failure))
    return shortened(text, limit)


def _in_order(items: Any) -> Iterable[Any]:
    return sorted(items, key=str) if isinstance(items, AbstractSet) and len(items) <= MAX_ITEMS else items


def _number(value: Any) -> float | None:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real | Decimal):
        return float(value)
    return None


def _to_text(value: Any) -> str:
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value[: MAX_TEXT + 1]).decode("utf-8", "backslashreplace")
    if callable(value) and isinstance(getattr(value, "__qualname__", None), str):
        return str.__str__(value.__qualname__)
    return str.__str__(str(value))


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat(timespec="microseconds")
    return value.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _unprintable(value: Any, failure: Exception) -> str:
    return f"<{type(value).__qualname__}: not readable, {type(failure).__qualname__}>"


def finite(value: Any) -> TypeGuard[float]:
    """Say whether this is a number that can be compared: not a bool, not infinite, not NaN."""
    return type(value) is int or (type(value) is float and math.isfinite(value))
