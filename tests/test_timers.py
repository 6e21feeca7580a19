"""Timers of blocks and functions: sync, async, nested, repeated, from many threads, and with errors."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from wide_events import Pipeline, WideEvent
from wide_events.settings import Settings
from wide_events.sinks import MemorySink


@pytest.fixture
def event() -> WideEvent:
    return WideEvent("job", pipeline=Pipeline(Settings(sample_default=1.0), sinks=[MemorySink()]))


def times_of(event: WideEvent) -> dict[str, Any]:
    event.emit()
    (line,) = event.home().outlets[0].sink.events  # type: ignore[attr-defined]
    return dict(line["performance_breakdown"])


def test_a_timer_measures_its_block_in_milliseconds(event: WideEvent):
    before = time.perf_counter()
    with event.timer("db"):
        time.sleep(0.01)
    spent = (time.perf_counter() - before) * 1000
    times = times_of(event)
    assert list(times) == ["db_ms"]
    assert 0 < times["db_ms"] <= spent


def test_a_timer_that_is_used_again_adds_up_counts_and_tells_the_longest(event: WideEvent):
    event.record_time("db", 1.0).record_time("db", 5.0).record_time("db", 2.0)
    assert times_of(event) == {"db_ms": 8.0, "db_count": 3, "db_max_ms": 5.0}


def test_the_same_number_twice_is_two_uses(event: WideEvent):
    for _ in range(2):
        event.record_time("db", 1)
    assert times_of(event) == {"db_ms": 2, "db_count": 2, "db_max_ms": 1}


def test_timers_of_different_names_nest(event: WideEvent):
    with event.timer("outer"), event.timer("inner"):
        time.sleep(0.001)
    times = times_of(event)
    assert times["outer_ms"] >= times["inner_ms"] > 0


def test_one_timer_may_be_entered_inside_itself(event: WideEvent):
    timer = event.timer("walk")
    with timer, timer, timer:
        pass
    with timer:
        pass
    times = times_of(event)
    assert times["walk_count"] == 4
    assert times["walk_ms"] >= times["walk_max_ms"] > 0


def test_a_timer_decorates_a_function_and_keeps_its_name(event: WideEvent):
    @event.timer("parse")
    def parse(text: str, *, twice: bool = False) -> str:
        """Say it."""
        return text * 2 if twice else text

    assert parse("a", twice=True) == "aa"
    assert parse("b") == "b"
    assert (parse.__name__, parse.__doc__) == ("parse", "Say it.")
    assert times_of(event)["parse_count"] == 2


def test_a_decorated_function_may_call_itself(event: WideEvent):
    @event.timer("fact")
    def factorial(number: int) -> int:
        return 1 if number == 0 else number * factorial(number - 1)

    assert factorial(5) == 120
    assert times_of(event)["fact_count"] == 6


def test_a_timer_decorates_a_coroutine_function_and_measures_its_awaiting(event: WideEvent):
    @event.timer("fetch")
    async def fetch() -> int:
        await asyncio.sleep(0.005)
        return 7

    async def run() -> list[int]:
        return await asyncio.gather(fetch(), fetch(), fetch())

    assert inspect.iscoroutinefunction(fetch)
    assert asyncio.run(run()) == [7, 7, 7]
    times = times_of(event)
    assert times["fetch_count"] == 3
    assert times["fetch_max_ms"] > 1


def test_a_timer_is_an_async_context_manager_too(event: WideEvent):
    async def run() -> None:
        async with event.timer("wait"):
            await asyncio.sleep(0)

    asyncio.run(run())
    assert times_of(event)["wait_ms"] > 0


@pytest.mark.parametrize("error", [ValueError("boom"), KeyboardInterrupt(), SystemExit(1), GeneratorExit()])
def test_what_raises_inside_is_measured_and_passes(event: WideEvent, error: BaseException):
    @event.timer("work")
    def work() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        work()
    with pytest.raises(type(error)), event.timer("work"):
        raise error
    assert caught.value is error
    assert times_of(event)["work_count"] == 2


def test_timers_are_exact_from_eight_threads(event: WideEvent):
    together = threading.Barrier(8)

    def work() -> None:
        together.wait()
        for _ in range(500):
            with event.timer("work"):
                pass
            event.record_time("fixed", 0.5)

    with ThreadPoolExecutor(8) as pool:
        for running in [pool.submit(work) for _ in range(8)]:
            running.result()
    times = times_of(event)
    assert times["work_count"] == 4_000
    assert (times["fixed_count"], times["fixed_ms"], times["fixed_max_ms"]) == (4_000, 2_000.0, 0.5)
    assert times["work_ms"] >= times["work_max_ms"] > 0


def test_a_timer_that_ends_after_the_line_changes_nothing(event: WideEvent, caplog: pytest.LogCaptureFixture):
    with event.timer("early"):
        pass
    with event.timer("late"):
        before = times_of(event)
    assert list(before) == ["early_ms"]
    assert ["late" in record.getMessage() for record in caplog.records] == [True]


@pytest.mark.parametrize("name", ["x" * 5000, 5, None, "a.b c"])
def test_the_name_of_a_timer_is_a_short_text(event: WideEvent, name: Any):
    with event.timer(name):
        pass
    (key,) = times_of(event)
    assert key.endswith("_ms")
    assert len(key) < 140
