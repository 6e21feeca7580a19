"""Scopes that are shared by tasks and threads, and scopes around generators."""

from __future__ import annotations

import asyncio
import gc
import inspect
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from wide_events import Pipeline, WideEvent, current_event, track_operation, track_time
from wide_events.clock import clock
from wide_events.pipeline import set_default_pipeline
from wide_events.settings import Settings
from wide_events.sinks import MemorySink

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterator

    from wide_events.timers import Timer


@pytest.fixture
def sink() -> Iterator[MemorySink]:
    """The sink of the default pipeline, which keeps all."""
    sink = MemorySink()
    before = set_default_pipeline(Pipeline(Settings(sample_default=1.0), sinks=[sink]))
    yield sink
    set_default_pipeline(before)
    assert current_event().operation == "inert"


SCOPES: list[Callable[[], Any]] = [lambda: track_operation("job"), lambda: track_time("job")]


# ---- one scope, many users ---------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", SCOPES, ids=["track_operation", "track_time"])
def test_tasks_that_share_a_scope_each_end_their_own_event(scope: Callable[[], Any], sink: MemorySink):
    shared = scope()

    async def job(name: str, *, enter_after: asyncio.Event, leave_after: asyncio.Event) -> None:
        await enter_after.wait()
        try:
            with shared as mine:
                mine.add_context(name=name)
                begun[name].set()
                await leave_after.wait()
                assert current_event() is mine
                if name == "first":
                    raise ValueError(name)
        finally:
            ended[name].set()

    async def run() -> list[BaseException | None]:
        for name in ("first", "second"):
            begun[name], ended[name] = asyncio.Event(), asyncio.Event()
        now = asyncio.Event()
        now.set()
        first = job("first", enter_after=now, leave_after=begun["second"])
        second = job("second", enter_after=begun["first"], leave_after=ended["first"])
        return await asyncio.gather(first, second, return_exceptions=True)

    begun: dict[str, asyncio.Event] = {}
    ended: dict[str, asyncio.Event] = {}
    failed, done = asyncio.run(run())
    assert (type(failed), done) == (ValueError, None)
    assert {line["name"]: line["outcome"] for line in sink.events} == {"first": "error", "second": "success"}


def test_threads_that_share_a_scope_each_end_their_own_event(sink: MemorySink):
    shared = track_operation("job")
    together = threading.Barrier(8)

    def work(number: int) -> None:
        for turn in range(50):
            together.wait()
            with shared as mine:
                mine.add_context(number=number, turn=turn)
                assert current_event() is mine
                if number % 2:
                    mine.mark_failure()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert len({(line["number"], line["turn"]) for line in sink.events}) == 400
    assert {line["number"] % 2 == 0 for line in sink.events if line["success"]} == {True}
    assert sum(line["success"] for line in sink.events) == 200


def test_a_shared_timer_tells_the_longest_use_of_tasks_that_overlap(
    sink: MemorySink, monkeypatch: pytest.MonkeyPatch
):
    now = 0

    def at(milliseconds: int) -> None:
        nonlocal now
        now = milliseconds * 1_000_000

    async def use(timer: Timer, begin: int, end: int) -> None:
        for moment in range(30):
            at(moment)
            if moment == begin:
                timer.__enter__()
            if moment == end:
                timer.__exit__(None, None, None)
            await asyncio.sleep(0)

    async def run(timer: Timer) -> None:
        await asyncio.gather(use(timer, 1, 11), use(timer, 6, 16), use(timer, 9, 29), use(timer, 12, 14))

    with WideEvent("job") as event:
        monkeypatch.setattr(clock, "monotonic_ns", lambda: now)
        asyncio.run(run(event.timer("db")))
    times = sink.events[0]["performance_breakdown"]
    assert times == {"db_ms": 42.0, "db_count": 4, "db_max_ms": 20.0}


def test_a_scope_may_be_entered_inside_itself(sink: MemorySink):
    shared = track_operation("job")
    with shared as outer:
        with shared as inner:
            assert current_event() is inner
        assert current_event() is outer
    assert [line.get("parent_id") for line in sink.events] == [outer.span_id, None]


def test_timers_that_are_finished_in_another_thread_are_all_told(sink: MemorySink):
    def rows(timer: Timer) -> Iterator[int]:
        with timer:
            yield 1

    with WideEvent("job") as event:
        timer = event.timer("rows")
        begun = [rows(timer) for _ in range(3)]
        for one in begun:
            next(one)
        with ThreadPoolExecutor(1) as pool:
            for one in begun:
                pool.submit(one.close).result()
        with timer:
            pass
    assert sink.events[0]["performance_breakdown"]["rows_count"] == 4


# ---- generators --------------------------------------------------------------------------------------------


def test_the_scope_of_a_generator_spans_its_iteration(sink: MemorySink):
    @track_operation("export")
    def export(count: int) -> Generator[str, str, int]:
        """Export."""
        for number in range(count):
            given = yield current_event().operation
            current_event().add_context(**{f"given_{number}": given})
        return count

    assert inspect.isgeneratorfunction(export)
    running = export(2)
    assert sink.events == []
    assert next(running) == "export"
    assert current_event().operation == "inert"
    with track_operation("between"):
        assert running.send("a") == "export"
        assert current_event().operation == "between"
    with pytest.raises(StopIteration) as end:
        running.send("b")
    assert end.value.value == 2
    between, line = sink.events
    assert (line["operation"], line["outcome"], line["given_0"], line["given_1"]) == (
        "export",
        "success",
        "a",
        "b",
    )
    assert "parent_id" not in between


def test_a_generator_that_nobody_begins_leaves_no_event(sink: MemorySink):
    export = track_operation("export")(lambda: iter(()))
    begun = track_operation("begun")(one_and_two)
    begun().close()
    assert list(export()) == []
    assert [line["operation"] for line in sink.events] == ["export"]


def one_and_two() -> Iterator[int]:
    yield 1
    yield 2


def test_a_generator_that_is_closed_has_not_failed(sink: MemorySink):
    closed = []

    @track_operation("export")
    def export() -> Iterator[int]:
        try:
            yield 1
        finally:
            closed.append(current_event().operation)

    running = export()
    next(running)
    running.close()  # type: ignore[attr-defined]
    for _ in export():
        break
    gc.collect()
    assert closed == ["export", "export"]
    assert [line["outcome"] for line in sink.events] == ["success", "success"]


def test_what_is_thrown_into_a_generator_reaches_it_and_what_it_raises_is_noted(sink: MemorySink):
    @track_operation("export")
    def export() -> Iterator[int]:
        try:
            yield 1
        except KeyError:
            yield 2
        raise ValueError("broken")

    running: Any = export()
    assert [next(running), running.throw(KeyError("k"))] == [1, 2]
    with pytest.raises(ValueError, match="broken"):
        next(running)
    assert (sink.events[0]["outcome"], sink.events[0]["error"]["message"]) == ("error", "broken")


def test_what_a_generator_begins_inside_stays_inside(sink: MemorySink):
    @track_operation("export")
    def export() -> Iterator[int]:
        with track_operation("part"):
            yield 1
            assert current_event().operation == "part"
        yield 2

    for _ in export():
        assert current_event().operation == "inert"
    assert [line["operation"] for line in sink.events] == ["part", "export"]


def test_a_timed_generator_is_timed_to_its_end(sink: MemorySink, monkeypatch: pytest.MonkeyPatch):
    now = 0
    with track_operation("job") as event:
        monkeypatch.setattr(clock, "monotonic_ns", lambda: now)
        running = [event.timer("rows")(one_and_two)(), track_time("more")(one_and_two)()]
        for one in running:
            next(one)
        now = 7_000_000
        for one in running:
            list(one)
    assert sink.events[0]["performance_breakdown"] == {"rows_ms": 7.0, "more_ms": 7.0}


def test_the_scope_of_an_async_generator_spans_its_iteration(sink: MemorySink):
    @track_operation("pages")
    async def pages(*, fail: bool = False) -> AsyncIterator[str]:
        try:
            yield current_event().operation
        except KeyError:
            yield "caught"
        await asyncio.sleep(0)
        if fail:
            raise ValueError("broken")
        yield current_event().operation

    async def run() -> None:
        async for told in pages():
            assert (told, current_event().operation) == ("pages", "inert")
        running: Any = pages(fail=True)
        assert await anext_of(running) == "pages"
        assert await running.athrow(KeyError("k")) == "caught"
        with pytest.raises(ValueError, match="broken"):
            await anext_of(running)
        closed: Any = pages()
        await anext_of(closed)
        await closed.aclose()

    assert inspect.isasyncgenfunction(pages)
    asyncio.run(run())
    assert [line["outcome"] for line in sink.events] == ["success", "error", "success"]


async def anext_of(running: Any) -> Any:
    return await running.__anext__()


def test_timers_that_end_in_another_order_than_they_began_are_all_told(sink: MemorySink):
    with track_operation("job") as event:
        one, other = event.timer("one"), event.timer("other")
        for timer in (one, one, other, other):
            timer.__enter__()
        for timer in (one, other, one, other):
            timer.__exit__(None, None, None)
    times = sink.events[0]["performance_breakdown"]
    assert (times["one_count"], times["other_count"]) == (2, 2)
