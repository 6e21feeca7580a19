"""Time that passes without waiting: the monotonic clock is moved on, and never back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wide_events.clock import clock

if TYPE_CHECKING:
    from collections.abc import Callable


class _Ahead:
    """A clock that runs ahead of another one.

    It stays in place once it is there: what began under it must end under it, or its duration would be wrong,
    and only differences of this clock mean anything.
    """

    def __init__(self, real: Callable[[], int]) -> None:
        self._real = real
        self.ahead_ns = 0
        self.due_ns = 0

    def __call__(self) -> int:
        now = self._real() + self.ahead_ns
        self.ahead_ns += self.due_ns
        self.due_ns = 0
        return now


def _ahead() -> _Ahead:
    if not isinstance(clock.monotonic_ns, _Ahead):
        clock.monotonic_ns = _Ahead(clock.monotonic_ns)
    return clock.monotonic_ns


def pass_time(milliseconds: float) -> None:
    """Move the clock on, now."""
    _ahead().ahead_ns += _nanoseconds(milliseconds)


def delay_next(milliseconds: float) -> None:
    """Move the clock on right after it is next read, which is when the next unit of work begins."""
    _ahead().due_ns = _nanoseconds(milliseconds)


def cancel_delay() -> None:
    """Forget a delay that no unit of work began to take."""
    if isinstance(clock.monotonic_ns, _Ahead):
        clock.monotonic_ns.due_ns = 0


def _nanoseconds(milliseconds: float) -> int:
    if milliseconds < 0:
        raise ValueError(f"{milliseconds} ms: time passes forward only")
    return round(milliseconds * 1_000_000)
