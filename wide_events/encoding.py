"""A record to one line of JSON, whatever is in it: valid, in UTF-8, of at most so many bytes. Never raises.

The usual record takes the short way: one call of orjson and a few looks at the bytes. Whatever orjson refuses
(lone surrogates, integers over 64 bits, objects that are no plain data), raw control characters and lines
that are too long take a slower way.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

import orjson

from wide_events.guards import attempt
from wide_events.names import IDENTITY, SAMPLING, SERVICE
from wide_events.plain import NOT_FINITE, SCALARS, Copier, key_text, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_OPTIONS: Final = (
    orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
)
_NEWLINE: Final = orjson.OPT_APPEND_NEWLINE | _OPTIONS
_DELETE: Final = b"\x7f"
_REFUSALS: Final = (TypeError, ValueError, RecursionError, RuntimeError)
_CLASS: Final = "\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\uffff"
_UNSAFE: Final = re.compile(f"[{_CLASS}]")
_ESCAPES: Final = {
    code: f"\\u{code:04x}"
    for first, last in re.findall("(.)(?:-(.))?", _CLASS)
    for code in range(ord(first), ord(last or first) + 1)
}
_DEEPEST: Final = 32
_MOST: Final = 65_536
_LEAST: Final = 256
_PASSES: Final = ((_DEEPEST, _LEAST), (_DEEPEST, _LEAST), (2, _LEAST), (1, _LEAST), (1, 36))
"""How deep parts are looked for, and how short what is protected may become."""
_AROUND: Final = 3
_SHORTEST: Final = 16
_ROOM_FOR_PATHS: Final = 400
_LONGEST_PATH: Final = 64

PROTECTED: Final = frozenset(
    (*IDENTITY, *SERVICE, *SAMPLING, "truncated", "schema_version", "status_code", "method")
)
"""Never cut away: who, what, how it ended, and what it stands for."""
PROTECTED_IN_ERROR: Final = frozenset({"type", "message", "code", "fingerprint", "location"})


def encode(record: dict[str, Any], limit: int) -> bytes:
    """Write a record as one line, with its newline, of at most `limit` bytes.

    Over the limit, which is 2048 at least, the largest parts are cut first, and `truncated` tells their
    paths; identity, error and sampling stay. A record that cannot be written becomes a skeleton that says so.
    """
    line = _whole(record, limit)
    if line:
        return line
    return attempt(_cut, record, limit - 1, failed=lambda failure: _skeleton(record, failure)) + b"\n"


def fits(record: dict[str, Any], limit: int) -> bool:
    """Say whether `encode` writes all of a record, as it is."""
    return bool(_whole(record, limit))


def decode(line: bytes) -> Any:
    """Read a line back."""
    return orjson.loads(line)


def _whole(record: dict[str, Any], limit: int) -> bytes:
    """The line of a record that can be written as it is, or nothing."""
    try:
        line = orjson.dumps(record, option=_NEWLINE)
    except _REFUSALS:
        return b""
    if len(line) > limit:
        return b""
    if line.isascii() and _DELETE not in line:
        return line
    line = _escaped(line)
    return line if len(line) <= limit else b""


def _cut(record: dict[str, Any], limit: int) -> bytes:
    return _fitted(_mended(record, limit), limit)


def _line(value: Any) -> bytes:
    """Write a value as orjson does, and escape what must not leave raw."""
    line = orjson.dumps(value, option=_OPTIONS)
    return line if line.isascii() and _DELETE not in line else _escaped(line)


def _escaped(line: bytes) -> bytes:
    text = line.decode()
    return text.translate(_ESCAPES).encode() if _UNSAFE.search(text) else line


# ---- mending: what JSON cannot carry --------------------------------------------------------------


def _mended(record: dict[str, Any], limit: int) -> dict[str, Any]:
    """Copy a record, with everything that JSON cannot carry as text; what is never cut away goes first."""
    mender = _Mender(limit)
    names = list(record)
    first = [name for name in names if name == "error" or name in PROTECTED]
    mended = {name: mender.value(record[name], 1) for name in dict.fromkeys((*first, *names))}
    return {mender.text(name): mended[name] for name in names if mended[name] is not None}


class _Mender:
    """Copies what a line can hold at most: so many values, and 32 levels of them."""

    __slots__ = ("left",)

    def __init__(self, limit: int) -> None:
        self.left = min(limit, _MOST)

    def value(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is str:
            return self.text(value)
        if kind is int:
            return value if -(2**63) <= value < 2**64 else _large(value)
        if kind is float:
            return value if math.isfinite(value) else NOT_FINITE[str(value)]
        if kind is bool or value is None:
            return value
        self.left -= 1
        if self.left < 0 or depth > _DEEPEST:
            return "…"
        if kind is dict:
            pairs = [(self.key(key), self.value(item, depth + 1)) for key, item in value.copy().items()]
            return {key: item for key, item in pairs if item is not None}
        if kind is list:
            return [self.value(item, depth + 1) for item in value.copy()]
        return self.value(Copier().value(value, "", 0), depth + 1)

    def key(self, key: Any) -> str:
        """Write a key; long ones count more, for no key is ever cut."""
        text = self.text(key)
        self.left -= len(text) // 16
        return text

    def text(self, text: Any) -> str:
        """Write lone surrogates, which UTF-8 cannot carry, as a backslash and their number."""
        own = text if type(text) is str else key_text(text)
        self.left -= 1
        return own if own.isascii() else own.encode("utf-8", "backslashreplace").decode()


def _large(number: int) -> str:
    return str(number) if number.bit_length() < 4096 else f"<int of {number.bit_length()} bits>"


# ---- fitting: what is too long --------------------------------------------------------------------


def _fitted(record: dict[str, Any], limit: int) -> bytes:
    """Cut the largest parts to one size, so that the line fits; small parts stay as they are.

    First texts and lists wherever they are, and single values; where that is not enough, whole blocks.
    """
    cut = dict.fromkeys(_bounded(record, limit))
    line = _line(record)
    if len(line) <= limit and not cut:
        return line
    known = record.pop("truncated", ())
    for depth, least in _PASSES:
        excess = len(_line(record)) + _ROOM_FOR_PATHS - limit
        if excess <= 0:
            break
        parts = sorted(_parts(record, depth), key=_size, reverse=True)
        cut.update(dict.fromkeys(_cut_largest(parts, excess, least)))
    cut.update(dict.fromkeys(_taken_away(record, len(_line(record)) + _ROOM_FOR_PATHS - limit)))
    record["truncated"] = _paths((*cut, *(known if type(known) is list else ())))
    return _line(record)


def _bounded(record: dict[str, Any], limit: int) -> Iterator[str]:
    """Cut the largest texts and lists by characters, which are fewer than bytes and fast to count.

    What is over the level of characters is over that of bytes too: nothing is cut that would have fitted.
    """
    places = [place for place in _places(record, "", _DEEPEST) if place[2] != "truncated"]
    sizes = [_characters(home[key]) for home, key, _, _ in places]
    excess = sum(sizes) - limit
    if excess <= 0:
        return
    level = _level(sorted(sizes, reverse=True), excess)
    for size, (home, key, path, protected) in zip(sizes, places, strict=True):
        most = max(level, _LEAST) if protected else level
        if size > most and type(home[key]) in (str, list):
            home[key] = _beginning(home[key], most)
            yield path


def _characters(value: Any) -> int:
    """How many characters a value has at least."""
    kind = type(value)
    if kind is str:
        return len(value)
    if kind is list:
        return len(value) + sum(map(_characters, value))
    return sum(map(len, value)) + sum(map(_characters, value.values())) if kind is dict else 1


def _beginning(value: Any, most: int) -> Any:
    """Leave the first characters of a text, or the first items of a list."""
    if type(value) is str:
        return value[:most] + "…"
    ends = list(accumulate(_characters(item) + 1 for item in value))
    return [*value[: bisect_right(ends, most)], "…"]


class _Part:
    """One piece of a record that may be cut: where it sits, and how many bytes it takes with its name."""

    __slots__ = ("home", "key", "path", "protected", "size")

    def __init__(self, home: dict[str, Any], key: str, path: str, *, protected: bool) -> None:
        self.home, self.key, self.path, self.protected = home, key, path, protected
        self.size = len(_line(home[key])) + len(key.encode()) + _AROUND

    def cut(self, level: int, least: int) -> int:
        """Make the part smaller, to about `level` bytes, and return how many bytes that saved.

        Texts and lists are shortened, anything else is taken away; what is protected is shortened to `least`.
        """
        value = self.home[self.key]
        around = self.size - len(_line(value))
        room = max(level - around, least if self.protected else 0)
        if type(value) in (str, list) and (room >= _SHORTEST or self.protected):
            self.home[self.key] = shorter = _shortened(value, self.size - around, room)
            return self.size - around - len(_line(shorter))
        if self.protected:
            return 0
        del self.home[self.key]
        return self.size


def _size(part: _Part) -> int:
    return part.size


def _shortened(value: Any, size: int, room: int) -> Any:
    """Leave so much of a text or list that it takes at most `room` bytes."""
    mark: Any = "…" if type(value) is str else ["…"]
    kept, shorter = len(value), value
    while size > room and kept > 0:
        kept = min(kept - 1, kept * room // size)
        shorter = value[:kept] + mark
        size = len(_line(shorter))
    return shorter


def _cut_largest(parts: list[_Part], excess: int, least: int) -> Iterator[str]:
    level = _level([part.size for part in parts], excess)
    for part in parts:
        if excess <= 0 or part.size <= level:
            return
        saved = part.cut(level, least)
        if saved:
            excess -= saved
            yield part.path


def _taken_away(record: dict[str, Any], excess: int) -> Iterator[str]:
    """Take whole parts away, the largest first, where so many small ones are left that none can be cut."""
    every = (part for part in _parts(record, 1) if part.home is record and part.key not in PROTECTED)
    parts = sorted(every, key=_size)
    while excess > 0 and parts:
        part = parts.pop()
        del record[part.key]
        excess -= part.size
        yield part.path


def _level(sizes: list[int], excess: int) -> int:
    """The size to which the largest parts come down when `excess` bytes are saved; `sizes` fall."""
    for count, (size, following) in enumerate(zip(sizes, (*sizes[1:], 0), strict=True), 1):
        step = count * (size - following)
        if step >= excess:
            return size - -(-excess // count)
        excess -= step
    return 0


def _parts(record: dict[str, Any], depth: int) -> list[_Part]:
    """The parts that may be cut, measured."""
    places = _places(record, "", depth)
    return [_Part(home, key, path, protected=protected) for home, key, path, protected in places]


def _places(home: dict[str, Any], path: str, depth: int) -> Iterator[tuple[dict[str, Any], str, str, bool]]:
    """Where the parts are: what is in the record, in its blocks and in theirs, `depth` levels down.

    Each is told by what it is in, its key, its path, and whether it is protected.
    """
    names = PROTECTED_IN_ERROR if path == "error" else PROTECTED if not path else frozenset()
    for key, value in home.items():
        where = f"{path}.{key}" if path else key
        if type(value) is dict and value and (depth > 1 or where == "error"):
            yield from _places(value, where, depth - 1)
        else:
            yield home, key, where, key in names and type(value) in SCALARS


def _paths(paths: Iterable[Any]) -> list[str]:
    """As many paths as there is room for."""
    told: list[str] = []
    room = _ROOM_FOR_PATHS - 40
    for name in dict.fromkeys(path[:_LONGEST_PATH] if type(path) is str else "…" for path in paths):
        room -= len(_line(name)) + 1
        if room < 0:
            return [*told, "…"]
        told.append(name)
    return told


def _skeleton(record: dict[str, Any], failure: Exception) -> bytes:
    """The line of an event that could not be written: enough to find it and to count it."""
    told = {name: record.get(name) for name in (*IDENTITY, *SERVICE, *SAMPLING)}
    kept = {name: _legible(value) for name, value in told.items() if type(value) in SCALARS}
    return json.dumps({**kept, "encoding_failed": type(failure).__name__}).encode()


def _legible(value: Any) -> Any:
    plain = _Mender(1).value(value, 1)
    return shortened(plain, _LONGEST_PATH) if type(plain) is str else plain
