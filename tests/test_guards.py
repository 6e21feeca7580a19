"""The guard: what raises inside of it stops there, and what belongs to the process does not."""

from __future__ import annotations

import pytest

from wide_events.guards import attempt


def divide(one: int, other: int) -> float:
    return one / other


def test_a_call_that_works_is_just_a_call():
    assert attempt(divide, 6, 3, failed=lambda _: -1) == 2


def test_what_raises_is_handed_over():
    seen: list[Exception] = []
    assert attempt(divide, 6, 0, failed=lambda failure: seen.append(failure) or -1.0) == -1
    assert [type(failure) for failure in seen] == [ZeroDivisionError]


@pytest.mark.parametrize("error", [MemoryError, RecursionError, AssertionError, StopIteration, UnicodeError])
def test_every_exception_stops_there(error: type[Exception]):
    def boom() -> str:
        raise error

    assert attempt(boom, failed=lambda failure: type(failure).__name__) == error.__name__


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_belongs_to_the_process_passes(error: type[BaseException]):
    def boom() -> str:
        raise error

    with pytest.raises(error):
        attempt(boom, failed=lambda _: "stopped")
