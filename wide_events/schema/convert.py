"""From our values to those of another vocabulary. `None` means: not a value for that field, leave it."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LARGEST: Final = 2**63 - 1
_FRAME: Final = re.compile(r"(.+):(\d+) in (.+)", re.DOTALL)
_HEX_64_BIT: Final = re.compile(r"[0-9a-f]{16}")


def text(value: Any) -> str | None:
    """A string, as it is."""
    return value if isinstance(value, str) else None


def integer(value: Any) -> int | None:
    """A whole number that fits into 64 bits with a sign."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and -_LARGEST <= value <= _LARGEST else None


def boolean(value: Any) -> bool | None:
    """True or false."""
    return value if isinstance(value, bool) else None


def mapping(value: Any) -> dict[str, Any] | None:
    """An object with something in it."""
    return value if isinstance(value, dict) and value else None


def identifier(value: Any) -> str | None:
    """An id as text: ids of databases are often numbers, ids of vendors are strings."""
    number = integer(value)
    return text(value) if number is None else str(number)


def integer_text(value: Any) -> str | None:
    """A whole number as text, which is how protobuf's JSON writes 64 bits."""
    number = integer(value)
    return None if number is None else str(number)


def nanoseconds(milliseconds: Any) -> int | None:
    """Milliseconds as whole nanoseconds."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    fits = abs(milliseconds) <= _LARGEST // 1_000_000
    return round(milliseconds * 1_000_000) if fits else None


def seconds_text(milliseconds: Any) -> str | None:
    """Milliseconds as protobuf's JSON writes a duration: `0.041200s`."""
    nanos = nanoseconds(milliseconds)
    return None if nanos is None else f"{nanos / 1e9:.6f}s"


def ip_address(value: Any) -> str | None:
    """An IP address without a zone: a field of type `ip` refuses the whole document over anything else."""
    if not isinstance(value, str) or "%" in value:
        return None
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        return None


def decimal_id(value: Any) -> str | None:
    """A 64-bit id of 16 hex digits as the decimal number that it is."""
    return str(int(value, 16)) if isinstance(value, str) and _HEX_64_BIT.fullmatch(value) else None


def one_of(table: Mapping[str, Any]) -> Callable[[Any], Any]:
    """Make a converter that looks a string up."""
    return lambda value: table.get(value) if isinstance(value, str) else None


def traceback_text(error: Any) -> str | None:
    """The `error` block as Python prints an exception: what trackers of errors parse and group by."""
    if not isinstance(error, dict):
        return None
    stack = error.get("stack")
    if not isinstance(stack, list) or not stack or not all(isinstance(frame, str) for frame in stack):
        return None
    frames = "\n".join(_frame(frame) for frame in stack)
    said = ": ".join(str(error[part]) for part in ("type", "message") if isinstance(error.get(part), str))
    return f"Traceback (most recent call last):\n{frames}\n{said or 'Error'}"


def _frame(frame: str) -> str:
    parts = _FRAME.fullmatch(frame)
    return '  File "{}", line {}, in {}'.format(*parts.groups()) if parts else f"  {frame}"
