"""Which event is current: in threads, tasks and generators, and the inert one where there is none."""

from __future__ import annotations

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wide_events
import wide_events.pipeline as pipeline_module
from tests.odd_values import ODD
from wide_events import Pipeline, WideEvent, current_event, propagate, track_operation, track_time
from wide_events.context import enter, leave
from wide_events.home import homes
from wide_events.pipeline import default_pipeline, set_default_pipeline
from wide_events.settings import Settings
from wide_events.sinks import MemorySink

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


@pytest.fixture
def pipeline(sink: MemorySink) -> Pipeline:
    return Pipeline(Settings(sample_default=1.0), sinks=[sink])


# ---- no unit of work ---------------------------------------------------------------------------------------


def test_outside_of_a_unit_of_work_everything_is_taken_and_nothing_kept(caplog: pytest.LogCaptureFixture):
    event = current_event()
    event.add_context(a=1, error="x").add_user_context(tier="heavy").increment("n").log("hello").add_error(
        "boom"
    )
    event.mark_failure("x").keep().add_business_metric("m", 1, critical=True).rename("x").record_time(
        "t", 1.0
    )
    with event.timer("t"), event:
        pass
    assert event.context == {}
    assert event.headers() == {}
    assert event.continue_from(WideEvent("other")) is event
    assert event.operation == "inert"
    assert not event.should_emit()
    assert not event.decide().keep
    assert not event.emit(level="error", force=True).keep
    event.context["forged"] = 1
    assert current_event().context == {}
    assert caplog.records == []


def test_the_inert_event_needs_no_pipeline(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LOG_SAMPLE_DEFAULT", "not a rate")
    before = set_default_pipeline(None)
    try:
        assert not current_event().emit().keep
        assert not current_event().decide().keep
        assert current_event().decide().reason == "no_unit_of_work"
    finally:
        set_default_pipeline(before)


@pytest.mark.parametrize("name", sorted(ODD))
def test_the_inert_event_takes_any_object(name: str):
    odd = ODD[name]()
    event = current_event().add_context(odd=odd).add_error(odd, odd=odd).increment("n", odd).log(odd, odd)
    event.add_business_metric("odd", odd, critical=True).mark_failure(odd).sample(odd).keep(odd)
    assert event.context == {}


def test_the_ids_of_the_inert_event_stay_its_own():
    inert = current_event()
    before = (inert.request_id, inert.trace_id)
    inert.request_id, inert.trace_id = "x", "4bf92f3577b34da6a3ce929d0e0e4736"
    assert (inert.request_id, inert.trace_id) == before
    assert current_event().request_id != "x"


def test_a_child_of_the_inert_event_is_a_real_event(pipeline: Pipeline, sink: MemorySink):
    before = set_default_pipeline(pipeline)
    try:
        with current_event().child("mail") as child:
            child.add_context(to=1)
    finally:
        assert set_default_pipeline(before) is pipeline
    assert [(line["kind"], line["to"]) for line in sink.events] == [("boundary", 1)]


def test_the_default_pipeline_is_made_from_the_environment_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SERVICE_NAME", "from-environment")
    before = set_default_pipeline(None)
    try:
        with ThreadPoolExecutor(8) as pool:
            made = {id(running.result()) for running in [pool.submit(default_pipeline) for _ in range(32)]}
        assert len(made) == 1
        assert default_pipeline().settings.service_name == "from-environment"
    finally:
        set_default_pipeline(before)


def test_the_pipeline_is_loaded_when_the_first_event_asks_for_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(homes, "default", homes._first)
    monkeypatch.setattr(wide_events, "pipeline", pipeline_module)
    monkeypatch.delitem(sys.modules, "wide_events.pipeline")
    monkeypatch.setenv("SERVICE_NAME", "loaded-late")
    home: Any = WideEvent("job").home()
    assert home.settings.service_name == "loaded-late"
    assert WideEvent("job").home() is home


# ---- threads -----------------------------------------------------------------------------------------------


def test_a_thread_begins_without_an_event_unless_it_is_propagated(pipeline: Pipeline):
    seen: list[Any] = []
    with track_operation("job", pipeline=pipeline) as event:
        for target in (lambda: seen.append(current_event()), propagate(lambda: seen.append(current_event()))):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()
    assert seen[0] is not event
    assert seen[1] is event


def test_propagate_carries_into_an_executor_and_leaves_nothing_there(pipeline: Pipeline, sink: MemorySink):
    def work(number: int, *, factor: int) -> int:
        """Count."""
        current_event().increment("done")
        return number * factor

    with ThreadPoolExecutor(4) as pool:
        with track_operation("job", pipeline=pipeline):
            carried = propagate(work)
            assert carried.__doc__ == "Count."
            results = [running.result() for running in [pool.submit(carried, n, factor=2) for n in range(50)]]
        left = {running.result().operation for running in [pool.submit(current_event) for _ in range(50)]}
    assert results == [n * 2 for n in range(50)]
    assert left == {"inert"}
    assert sink.events[0]["technical_metrics"] == {"done": 50}


def test_propagate_restores_what_was_current_also_when_the_function_raises(pipeline: Pipeline):
    def boom() -> None:
        raise ValueError("boom")

    with track_operation("outer", pipeline=pipeline):
        carried = propagate(boom)
        with track_operation("inner", pipeline=pipeline) as inner:
            with pytest.raises(ValueError, match="boom"):
                carried()
            assert current_event() is inner


def test_propagate_outside_of_a_unit_of_work_carries_nothing():
    assert propagate(current_event)() is current_event()


def test_propagate_carries_into_coroutines_and_generators_while_they_run(pipeline: Pipeline):
    async def work() -> list[WideEvent]:
        await asyncio.sleep(0)
        return [current_event()]

    def rows() -> Iterator[WideEvent]:
        yield current_event()
        yield current_event()

    async def pages() -> AsyncIterator[WideEvent]:
        yield current_event()
        await asyncio.sleep(0)
        yield current_event()

    async def paged(carried: Callable[[], AsyncIterator[WideEvent]]) -> list[WideEvent]:
        seen = []
        async for event in carried():
            seen.append(event)
            assert current_event().operation == "inert"
        return seen

    with track_operation("job", pipeline=pipeline) as job:
        carried = (propagate(work), propagate(rows), propagate(pages))
    assert asyncio.run(carried[0]()) == [job]
    for event in carried[1]():
        assert event is job
        assert current_event().operation == "inert"
    assert asyncio.run(paged(carried[2])) == [job, job]


# ---- tasks and generators ----------------------------------------------------------------------------------


def test_a_task_sees_the_event_of_the_code_that_made_it(pipeline: Pipeline, sink: MemorySink):
    async def part() -> None:
        await asyncio.sleep(0)
        current_event().increment("parts")

    async def run() -> None:
        async with track_operation("job", pipeline=pipeline):
            await asyncio.gather(
                part(), part(), asyncio.create_task(part()), asyncio.to_thread(current_event)
            )

    asyncio.run(run())
    assert sink.events[0]["technical_metrics"] == {"parts": 3}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6), min_size=1, max_size=8))
def test_tasks_never_see_each_others_events_however_they_interleave(pauses: list[list[int]]):
    sink = MemorySink()
    pipeline = Pipeline(Settings(sample_default=1.0), sinks=[sink])

    async def job(number: int, steps: list[int]) -> None:
        async with track_operation(f"job{number}", pipeline=pipeline) as mine:
            for step, pause in enumerate(steps):
                for _ in range(pause):
                    await asyncio.sleep(0)
                assert current_event() is mine
                current_event().add_context(**{f"of_{number}_{step}": pause})
                async with track_operation(f"part{number}", pipeline=pipeline) as part:
                    await asyncio.sleep(0)
                    assert current_event() is part
                    assert part.trace_id == mine.trace_id

    async def run() -> None:
        await asyncio.gather(*(job(number, steps) for number, steps in enumerate(pauses)))
        assert current_event().operation == "inert"

    asyncio.run(run())
    for number, steps in enumerate(pauses):
        (line,) = [line for line in sink.events if line["operation"] == f"job{number}"]
        told = {key: value for key, value in line.items() if key.startswith("of_")}
        assert told == {f"of_{number}_{step}": pause for step, pause in enumerate(steps)}
        parts = [line for line in sink.events if line["operation"] == f"part{number}"]
        assert [part["parent_id"] for part in parts] == [line["span_id"]] * len(steps)


def test_a_task_that_outlives_its_unit_of_work_is_heard_as_late(pipeline: Pipeline, sink: MemorySink):
    async def run() -> None:
        async def straggler() -> None:
            await asyncio.sleep(0)
            current_event().add_context(late=1)

        async with track_operation("job", pipeline=pipeline):
            task = asyncio.create_task(straggler())
        await task

    asyncio.run(run())
    assert "late" not in sink.events[0]
    assert pipeline.stats()["late_writes"] == 1


def test_a_generator_may_be_finished_in_another_thread(pipeline: Pipeline, sink: MemorySink):
    def rows() -> Iterator[int]:
        with track_operation("export", pipeline=pipeline):
            yield 1
            yield 2

    def run() -> None:
        begun = rows()
        assert next(begun) == 1
        finished = threading.Thread(target=begun.close)
        finished.start()
        finished.join()
        with track_time("afterwards"):
            pass

    copy_context().run(run)
    assert [line["operation"] for line in sink.events] == ["export", "afterwards"]
    assert current_event().operation == "inert"


def test_leaving_makes_the_former_event_current(pipeline: Pipeline):
    first, second = WideEvent("first", pipeline=pipeline), WideEvent("second", pipeline=pipeline)
    one = enter(first)
    two = enter(second)
    assert current_event() is second
    leave(two)
    assert current_event() is first
    leave(one)
    assert current_event().operation == "inert"
