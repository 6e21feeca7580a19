"""Values and keys as text that no terminal and no reader of lines can take for anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from unicodedata import combining, east_asian_width

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TEXT: Final = 8192
MAX_READ: Final = 512
MAX_DEPTH: Final = 8
_SHORT_ESCAPES: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """Show what cannot be printed as an escape; cut after 8192 characters.

    Printable is what `str.isprintable` says: no control or format characters, no separators other than the
    space, no surrogates, no code points without a character.
    """
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT] + "…"
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def scalar(value: Any) -> str:
    """One value as text; a container that is still here lies too deep, or is empty."""
    if isinstance(value, str):
        return visible(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value) if value.bit_length() <= 256 else visible(hex(value))
    if isinstance(value, float):
        return repr(value)
    opened, closed = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return f"{opened}…{closed}" if value else opened + closed


def brief(value: Any) -> str:
    """One value as text short enough to read: 512 characters, four digits of a fraction."""
    if isinstance(value, str):
        return visible(value if len(value) <= MAX_READ else value[:MAX_READ] + "…")
    return scalar(round(value, 4) if isinstance(value, float) and abs(value) >= 0.01 else value)


def pairs(value: Any, name: str = "", depth: int = MAX_DEPTH) -> Iterator[tuple[str, Any]]:
    """Flatten a value to (dotted key, scalar): `{"a": {"b": 1}}` to `a.b`, items of lists by their number."""
    if depth == 0 or not value or not isinstance(value, dict | list):
        yield visible(name), value
        return
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in inner:
        yield from pairs(item, f"{name}.{key}" if name else str(key), depth - 1)


def columns(text: str) -> int:
    """How many columns of a terminal a printable text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(char) else 1 + (east_asian_width(char) in "WF") for char in text)


def cut(text: str, width: int) -> str:
    """Cut a printable text to a number of columns; an ellipsis stands for what is missing."""
    if columns(text) <= width:
        return text
    kept, used = "", 0
    for char in text:
        used += columns(char)
        if used > width - 1:
            break
        kept += char
    return kept + "…"


def _escape(char: str) -> str:
    code = ord(char)
    if char in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[char]
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
