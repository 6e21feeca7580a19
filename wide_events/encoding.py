"""A record to one line of JSON, whatever is in it: valid, in UTF-8, of at most so many bytes. Never raises.

The usual record takes the short way: one call of orjson and a few looks at the bytes. Whatever orjson refuses
(lone surrogates, integers over 64 bits), whatever it would write as `null` (NaN), raw control characters and
lines that are too long take a slower way.
"""

from __future__ import annotations

import json
import math
import re
from heapq import heapify, heappop, heapreplace
from typing import Any, Final

import orjson

from wide_events.guards import attempt
from wide_events.names import IDENTITY, SAMPLING, SERVICE
from wide_events.plain import MAX_KEY, Copier

_NEWLINE: Final = orjson.OPT_APPEND_NEWLINE
_REFUSALS: Final = (TypeError, ValueError, RecursionError, RuntimeError)
_UNSAFE: Final = re.compile(
    "[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\uffff\ud800-\udfff]"
)
_SHORTEST: Final = 64
_MAX_PATHS: Final = 16
_ROOM_FOR_PATHS: Final = 300
_MAX_PROTECTED: Final = 256

PROTECTED: Final = frozenset(
    (*IDENTITY, *SERVICE, *SAMPLING, "truncated", "schema_version", "status_code", "method")
)
"""Never cut away: who, what, how it ended, and what it stands for."""
PROTECTED_IN_ERROR: Final = frozenset({"type", "message", "code", "fingerprint", "location"})


def encode(record: dict[str, Any], limit: int) -> bytes:
    """Write a record as one line, with its newline, of at most `limit` bytes.

    Over the limit the largest parts are cut first, and `truncated` tells their paths; identity, error and
    sampling stay. A record that cannot be written at all becomes a skeleton that says so.
    """
    return attempt(_encode, record, limit, failed=lambda failure: _skeleton(record, failure))


def decode(line: bytes) -> Any:
    """Read a line back."""
    return orjson.loads(line)


def _encode(record: dict[str, Any], limit: int) -> bytes:
    try:
        line = orjson.dumps(record, option=_NEWLINE)
    except _REFUSALS:
        return _fitted(_mended(record), limit)
    if len(line) > limit or b"null" in line:
        return _fitted(_mended(record), limit)
    if line.isascii() and b"\x7f" not in line:
        return line
    line = _UNSAFE.sub(_escaped, line.decode()).encode()
    return line if len(line) <= limit else _fitted(_mended(record), limit)


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"


# ---- mending: what JSON cannot carry -----------------------------------------------------------------------


def _mended(record: dict[str, Any]) -> dict[str, Any]:
    """Copy a record with everything that JSON cannot carry as text, within the limits of a gathered value."""
    copier = Copier()
    copier.left *= 4
    mended: dict[str, Any] = _mend(copier.fields(record))
    if copier.cuts:
        mended["truncated"] = _paths(mended, copier.cuts)
    return mended


def _mend(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        return {_mend_text(key): _mend(item) for key, item in value.items()}
    if kind is list:
        return [_mend(item) for item in value]
    if kind is str:
        return _mend_text(value)
    if kind is int and not -(2**63) <= value < 2**64:
        return str(value) if value.bit_length() < 4096 else f"<int of {value.bit_length()} bits>"
    if kind is float and not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    return value


def _mend_text(text: str) -> str:
    return _UNSAFE.sub(_escaped, text) if not text.isascii() or "\x7f" in text else text


# ---- fitting: what is too long -----------------------------------------------------------------------------


class _Part:
    """One piece of a record that may be cut: where it sits, and how many bytes it takes."""

    __slots__ = ("home", "key", "path", "size")

    def __init__(self, home: dict[str, Any], key: str, path: str) -> None:
        self.home, self.key, self.path = home, key, path
        self.size = len(orjson.dumps(home[key]))

    def __lt__(self, other: _Part) -> bool:
        return self.size > other.size

    def cut(self, excess: int) -> None:
        """Make the part smaller by about `excess` bytes: shorten a text or a list, remove all else."""
        value = self.home[self.key]
        kept = int(len(value) * (1 - (excess + _SHORTEST) / self.size)) if type(value) in (str, list) else 0
        if kept > 0:
            self.home[self.key] = value[:kept] + ("…" if type(value) is str else ["…"])
            self.size = len(orjson.dumps(self.home[self.key]))
        else:
            del self.home[self.key]
            self.size = 0


def _fitted(record: dict[str, Any], limit: int) -> bytes:
    """Cut the largest parts, one after the other, until the line fits."""
    line = orjson.dumps(record, option=_NEWLINE)
    if len(line) <= limit:
        return line
    excess = len(line) + _ROOM_FOR_PATHS - limit
    parts = _parts(record, "")
    heapify(parts)
    cut: list[str] = []
    while excess > 0 and parts:
        largest = parts[0]
        excess += -largest.size
        largest.cut(excess + largest.size)
        excess += largest.size
        cut.append(largest.path)
        if largest.size:
            heapreplace(parts, largest)
        else:
            heappop(parts)
    record["truncated"] = _paths(record, cut)
    line = orjson.dumps(record, option=_NEWLINE)
    return line if len(line) <= limit else orjson.dumps(_shortened(record), option=_NEWLINE)


def _parts(record: dict[str, Any], path: str) -> list[_Part]:
    """The parts that may be cut: each field, and of a block each field of its own."""
    parts: list[_Part] = []
    protected = PROTECTED_IN_ERROR if path == "error" else PROTECTED if not path else frozenset()
    for key, value in record.items():
        where = f"{path}.{key}" if path else key
        if type(value) is dict and value and not path:
            parts.extend(_parts(value, where))
        elif key not in protected:
            parts.append(_Part(record, key, where))
    return parts


def _shortened(record: dict[str, Any]) -> dict[str, Any]:
    """The last resort: only what is protected, and of it only so many characters."""
    short = {name: _clip(value) for name, value in record.items() if name in PROTECTED}
    error = record.get("error")
    if type(error) is dict:
        short["error"] = {name: _clip(value) for name, value in error.items() if name in PROTECTED_IN_ERROR}
    return short


def _clip(value: Any) -> Any:
    if type(value) is str and len(value) > MAX_KEY:
        return value[:MAX_KEY] + "…"
    return value[:4] if type(value) is list else value


def _paths(record: dict[str, Any], more: list[str]) -> list[str]:
    known = record.get("truncated")
    told = dict.fromkeys(path[:_SHORTEST] for path in (*(known if type(known) is list else ()), *more))
    return list(told)[:_MAX_PATHS]


def _skeleton(record: dict[str, Any], failure: Exception) -> bytes:
    """The line of an event that could not be written: enough to find it and to count it."""
    told = {name: record.get(name) for name in (*IDENTITY, *SERVICE, *SAMPLING)}
    kept = {name: value for name, value in told.items() if type(value) in (str, int, float, bool)}
    kept["encoding_failed"] = type(failure).__qualname__
    text = json.dumps(
        {name: value[:_MAX_PROTECTED] if type(value) is str else value for name, value in kept.items()}
    )
    return text.encode() + b"\n"
