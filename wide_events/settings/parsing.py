"""From what is written in a variable, or given in code, to a value that can be used, or to the remedy.

Each of these takes text or a value that is right already, and raises ValueError with a phrase that follows
`VARIABLE='value'` in the message: `is not a rate: use a number from 0 to 1`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_TEXT: Final = 256
SHORTEST_KEY: Final = 16
SMALLEST_LIMIT: Final = 2048
LARGEST_LIMIT: Final = 1_048_576
FORMATS: Final = ("auto", "json", "human", "text")
SCHEMAS: Final = ("native", "otel", "ecs", "datadog", "gcp")
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
REDACT_MODES: Final = ("mask", "hash", "drop")
CLIENT_IPS: Final = ("full", "truncate", "off")
DETECTORS: Final = ("email", "card", "phone", "ssn", "bearer", "jwt", "api_key", "url_credentials")

_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "no", "off"})
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_WITH_UNIT: Final = re.compile(r"([0-9.]+)\s*(ms|s|m|min|h)", re.IGNORECASE | re.ASCII)
_UNITS: Final = {"ms": 1, "s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000}
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def rate(value: object) -> float:
    """A probability from 0 to 1."""
    number = _number(value)
    if number is not None and 0 <= number <= 1:
        return number
    percent = _number(value[:-1]) if isinstance(value, str) and value.endswith("%") else None
    hint = f"{percent / 100:g}" if percent is not None and 0 <= percent <= 100 else "a number from 0 to 1"
    raise ValueError(f"is not a rate: use {hint}")


def milliseconds(value: object) -> float:
    """A duration in milliseconds, 0 or more."""
    number = _number(value)
    if number is not None and number >= 0:
        return number
    raise ValueError(f"is not a number of milliseconds: use {_in_milliseconds(value)}")


def _in_milliseconds(value: object) -> str:
    written = _WITH_UNIT.fullmatch(value.strip()) if isinstance(value, str) else None
    number = _number(written[1]) if written else None
    if written is None or number is None:
        return "0 or more, such as 1000"
    return f"{number * _UNITS[written[2].lower()]:.15g}"


def days(value: object) -> float:
    """A number of days, 0 or more."""
    number = _number(value)
    if number is not None and number >= 0:
        return number
    raise ValueError("is not a number of days: use 0 or more, such as 30")


def event_bytes(value: object) -> int:
    """The limit of one line, in bytes, from 2 KiB to 1 MiB."""
    number = _number(value)
    if number is not None and number.is_integer() and SMALLEST_LIMIT <= number <= LARGEST_LIMIT:
        return int(number)
    raise ValueError(
        f"is not a size in bytes: use a whole number from {SMALLEST_LIMIT} to {LARGEST_LIMIT}, such as 15360"
    )


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (str, Real, Decimal)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def boolean(value: object) -> bool:
    """`true`, `1`, `yes`, `on`, or `false`, `0`, `no`, `off`, whatever the case."""
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else None
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError("is neither yes nor no: use true or false")


def text(value: object) -> str:
    """Some printable text of at most 256 characters."""
    if not isinstance(value, str):
        raise ValueError("is not text: use a string")  # noqa: TRY004 - pydantic gathers ValueErrors
    if not value.strip():
        raise ValueError("is empty: say something or leave it out")
    if _UNPRINTABLE.search(value):
        raise ValueError("contains control characters or is not UTF-8: use printable text")
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"is too long: use at most {LONGEST_TEXT} characters")
    return value.strip()


def path(value: object) -> Path:
    """A file; `~` is the home of the user."""
    if not isinstance(value, (str, Path)) or not str(value).strip() or _UNPRINTABLE.search(str(value)):
        raise ValueError("is not a file: use a path such as logs/events.log")
    try:
        return Path(value).expanduser()
    except RuntimeError:
        raise ValueError("names a home that does not exist: use a path from the root") from None


def secret(value: object) -> str:
    """A key that cannot be guessed: 16 characters or more."""
    if not isinstance(value, str) or len(value) < SHORTEST_KEY:
        raise ValueError(f"is no safe key: use {SHORTEST_KEY} random characters or more")
    return value


def names(value: object) -> tuple[str, ...]:
    """Names separated by commas, or given one by one; `none` is no name at all. Each is kept once."""
    given = value.split(",") if isinstance(value, str) else value
    if isinstance(given, Mapping) or not isinstance(given, Iterable):
        raise ValueError("is not a list: use names separated by commas")  # noqa: TRY004 - likewise
    kept = [text(item) for item in given if not isinstance(item, str) or item.strip()]
    return () if [name.lower() for name in kept] == ["none"] else tuple(dict.fromkeys(kept))


def headers(value: object) -> tuple[str, ...]:
    """Names of HTTP headers (RFC 9110, section 5.6.2), in lower case."""
    given = names(value)
    for name in given:
        if not _HEADER.fullmatch(name):
            raise ValueError(
                f"contains {name!r}, which is no name of a header: use names such as accept-language"
            )
    return tuple(dict.fromkeys(name.lower() for name in given))


def detectors(value: object) -> tuple[str, ...]:
    """Names of the patterns that are looked for in values."""
    given = tuple(dict.fromkeys(name.lower() for name in names(value)))
    for name in given:
        if name not in DETECTORS:
            raise ValueError(
                f"contains {name!r}: use none, or some of {', '.join(DETECTORS)}{_meant(name, DETECTORS)}"
            )
    return given


def by_operation(value: object) -> dict[str, Any]:
    """A value for each name of operations; `Trip.Start` and `trip-start` are `trip_start`."""
    if not isinstance(value, Mapping):
        raise ValueError("is not a mapping: use names of operations and numbers")  # noqa: TRY004 - likewise
    return {operation_name(name): each for name, each in value.items()}


def operation_name(name: object) -> str:
    """The form in which names of operations are compared."""
    return re.sub(r"[.-]", "_", str(name).strip()).lower()


def one_of(choices: tuple[str, ...]) -> Callable[[object], str]:
    """A parser for one of these words, whatever the case."""
    by_word = {choice.lower(): choice for choice in choices}

    def choice(value: object) -> str:
        word = value.strip().lower() if isinstance(value, str) else ""
        if word in by_word:
            return by_word[word]
        raise ValueError(f"is not known: use one of {', '.join(choices)}{_meant(word, tuple(by_word))}")

    return choice


def _meant(word: str, choices: tuple[str, ...]) -> str:
    close = get_close_matches(word, choices, 1)
    return f" (did you mean {close[0]}?)" if close else ""
