"""Whatever a caller hands over, turned into plain data of our own at the moment it is added.

An event holds only `str`, `int`, `float`, `bool`, and the `dict` and `list` that it built itself. So a caller
that goes on changing its objects changes no event, and the encoder never meets an object of a user's: an
encoder that runs a user's code while another thread changes the data can crash the process.
"""

from __future__ import annotations

import math
import numbers
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
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
_NUMBERS: Final = (int, float)
_LARGEST: Final = sys.float_info.max
MAX_ITEMS: Final = 128
MAX_DEPTH: Final = 8
MAX_NODES: Final = 2000
MAX_TEXT: Final = 8192
MAX_KEY: Final = 128
_SEQUENCES: Final = (list, tuple, AbstractSet, deque, range)
_MAX_TEXTS: Final = 131_072
_TRIES: Final = 8
_WORD: Final = 320
_CUT: Final = "…"
NOT_FINITE: Final = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
"""How numbers that JSON does not know are told."""
_name_of: Final = type.__dict__["__qualname__"].__get__


class Copier:
    """Copies one value within limits, and notes the paths of what it had to leave out in `cuts`.

    Limits: 8 levels, 256 keys of a mapping, 128 items of a sequence, 8192 characters of a text, 2000 values
    and 131,072 characters in all, so that no value costs more than a few milliseconds however deep, wide or
    circular it is.
    """

    __slots__ = ("cuts", "left", "room")

    def __init__(self) -> None:
        self.cuts: list[str] = []
        self.left = MAX_NODES
        self.room = _MAX_TEXTS

    def fields(self, source: Mapping[Any, Any], path: str = "", depth: int = 0) -> dict[str, Any]:
        """Copy a mapping: keys become text, keys without a value (`None`) are left out.

        A key whose text is taken already gets a number behind it. Raises what the mapping raises.
        """
        copied: dict[str, Any] = {}
        pairs = _first(source.items, MAX_FIELDS + 1)
        if len(pairs) > MAX_FIELDS:
            pairs.pop()
            self.cuts.append(path or "fields")
        for key, value in pairs:
            name = key_text(key)
            if name in copied:
                name = f"{name}~{len(copied)}"
            plain = self.value(value, f"{path}.{name}" if path else name, depth + 1)
            if plain is not None:
                copied[name] = plain
        return copied

    def value(self, value: Any, path: str, depth: int) -> Any:
        """Copy anything; `None` stays `None`, for the caller to leave out. Never raises."""
        self.left -= 1
        kind = type(value)
        if kind is str:
            return self._text(value, path)
        if kind is float and not math.isfinite(value):
            return NOT_FINITE[str(value)]
        if kind in SCALARS or value is None:
            return value
        if self.left < 0 or depth > MAX_DEPTH:
            self.cuts.append(path)
            return _CUT
        return attempt(self._convert, value, path, depth, failed=lambda failure: _unprintable(value, failure))

    def _text(self, text: str, path: str) -> str:
        most = max(0, min(MAX_TEXT, self.room))
        if len(text) > most:
            self.cuts.append(path)
            text = shortened(text, most)
        self.room -= len(text)
        return text

    def _convert(self, value: Any, path: str, depth: int) -> Any:
        if isinstance(value, Enum):
            return self.value(value.value, path, depth + 1)
        if isinstance(value, Mapping):
            return self.fields(value, path, depth)
        if isinstance(value, _SEQUENCES):
            return self._items(value, path, depth)
        own = _attributes(value)
        if own is not None:
            return self.fields(own, path, depth)
        if isinstance(value, BaseException):
            return self._text(f"{_class_name(value)}: {_exact(value)}", path)
        number = attempt(_number, value, failed=_no_number)
        return self._text(_to_text(value), path) if number is None else self.value(number, path, depth)

    def _items(self, items: Any, path: str, depth: int) -> Any:
        names = getattr(items, "_fields", None)
        if isinstance(items, tuple) and isinstance(names, tuple):
            return self.fields(dict(zip(names, items, strict=False)), path, depth)
        taken = _first(items.__iter__, MAX_ITEMS + 1)
        if len(taken) > MAX_ITEMS:
            taken.pop()
            self.cuts.append(path)
        elif isinstance(items, AbstractSet):
            taken = attempt(_in_order, taken, failed=lambda _: taken)
        return [self.value(item, path, depth + 1) for item in taken]


def _first(items: Callable[[], Iterable[Any]], most: int) -> list[Any]:
    """Take the first items, again where another thread changed their home meanwhile."""
    for _ in range(_TRIES):
        with suppress(RuntimeError):  # "changed size during iteration"
            return list(islice(items(), most))
    return list(islice(items(), most))


def _in_order(items: list[Any]) -> list[Any]:
    return sorted(items, key=str)


def key_text(key: Any) -> str:
    """Make a key a text of at most 128 characters."""
    text = (
        key if type(key) is str else attempt(_to_text, key, failed=lambda failure: _unprintable(key, failure))
    )
    return shortened(text, MAX_KEY)


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


def _attributes(value: Any) -> Mapping[Any, Any] | None:
    """The fields of a dataclass, a pydantic model or an attrs object: the class is asked, which lies less."""
    kind = type(value)
    if is_dataclass(kind):
        return {field.name: getattr(value, field.name, None) for field in dataclass_fields(kind)}
    if callable(getattr(kind, "model_dump", None)):
        dumped = value.model_dump()
        return dumped if isinstance(dumped, Mapping) else None
    described = getattr(kind, "__attrs_attrs__", None)
    if isinstance(described, tuple):
        return {field.name: getattr(value, field.name, None) for field in described}
    return None


def _number(value: Any) -> float | None:
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, timedelta):
        return timedelta.total_seconds(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real | Decimal):
        return float(value)
    if type(value).__name__ in ("bool", "bool_") and type(value).__module__ == "numpy":
        return bool(value)
    return None


def _no_number(_: Exception) -> None:
    """What is a number and has none, such as a signalling NaN, is told as text."""


def _to_text(value: Any) -> str:
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, datetime):
        return attempt(_moment, value, failed=lambda _: datetime.isoformat(value))
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value[: MAX_TEXT + 1]).decode("utf-8", "backslashreplace")
    if callable(value) and isinstance(getattr(value, "__qualname__", None), str):
        return str.__str__(value.__qualname__)
    return _exact(value)


def _exact(value: Any) -> str:
    """`str(value)`, and truly a `str`: a `__str__` may return a subclass of it."""
    return str.__str__(str(value))


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat(timespec="microseconds")
    return value.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _unprintable(value: Any, failure: Exception) -> str:
    return f"<{_class_name(value)}: not readable, {_class_name(failure)}>"


def _class_name(value: Any) -> str:
    """The name of the class, past whatever its metaclass would say."""
    return str.__str__(_name_of(type(value)))[:MAX_KEY]


def finite(value: Any) -> TypeGuard[float]:
    """Say whether this is a number to count with: no bool, not infinite, not NaN, no giant integer."""
    return type(value) in _NUMBERS and -_LARGEST <= value <= _LARGEST
