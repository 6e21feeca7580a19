"""The two clocks: one for durations, that only ever runs forward, and one for the time of day.

The monotonic clock is held where tools that freeze time do not find it: under a frozen wall clock a duration
is still the time that passed, and is never negative.
"""

from __future__ import annotations

import time
from datetime import datetime, timezone
from functools import partial
from types import BuiltinFunctionType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable


class _Clock:
    __slots__ = ("monotonic_ns",)

    def __init__(self, monotonic_ns: Callable[[], int]) -> None:
        self.monotonic_ns = monotonic_ns


def _real(found: Callable[[], int]) -> Callable[[], int]:
    """The system's own clock, also where time was frozen already when this module was imported."""
    if isinstance(found, BuiltinFunctionType):
        return found
    return partial(time.clock_gettime_ns, time.CLOCK_MONOTONIC)


clock: Final = _Clock(_real(time.perf_counter_ns))
"""`clock.monotonic_ns()`: nanoseconds since some moment; only differences mean anything."""

_FIRST: Final = datetime(1, 1, 1, tzinfo=timezone.utc)
_LAST: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
_second = (-1, "")


def wall_ns() -> int:
    """Nanoseconds since 1970, from the wall clock: for timestamps only, never for durations."""
    return time.time_ns()


def rfc3339(ns: int) -> str:
    """Write nanoseconds since 1970 as RFC 3339 in UTC, always with six digits of fraction and `Z`.

    Years outside 0001 to 9999, which only a broken clock gives, become the nearest that can be written.
    """
    global _second  # noqa: PLW0603 - the text of the running second, made once a second
    seconds, rest = divmod(ns, 1_000_000_000)
    known, text = _second
    if known != seconds:
        text = _whole_second(seconds)
        _second = (seconds, text)
    return f"{text}.{rest // 1000:06d}Z"


def _whole_second(seconds: int) -> str:
    try:
        moment = datetime.fromtimestamp(seconds, timezone.utc)
    except (ValueError, OverflowError, OSError):
        moment = _FIRST if seconds < 0 else _LAST
    return moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
