"""Units of work without a web request: operations, boundary calls, timed functions, business events."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from wide_events import (
    Pipeline,
    WideEvent,
    current_event,
    log_business_event,
    track_operation,
    track_time,
)
from wide_events.pipeline import set_default_pipeline
from wide_events.settings import Settings
from wide_events.sinks import MemorySink

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


@pytest.fixture
def pipeline(sink: MemorySink) -> Iterator[Pipeline]:
    """A pipeline that keeps all by rate, and is the default one."""
    made = Pipeline(Settings(service_name="svc", sample_default=1.0), sinks=[sink])
    before = set_default_pipeline(made)
    yield made
    set_default_pipeline(before)


# ---- track_operation ---------------------------------------------------------------------------------------


def test_an_operation_is_an_event_of_its_own_and_current_inside(pipeline: Pipeline, sink: MemorySink):
    with track_operation("import", kind="task", user_id="u1") as event:
        assert current_event() is event
        current_event().add_context(rows=3)
    (line,) = sink.events
    assert (line["operation"], line["kind"], line["user_id"], line["rows"]) == ("import", "task", "u1", 3)
    assert current_event() is not event


def test_an_operation_decorates_a_function_and_is_named_after_it(pipeline: Pipeline, sink: MemorySink):
    @track_operation(tier="pro")
    def rebuild(number: int) -> int:
        """Build again."""
        current_event().add_context(number=number)
        return number + 1

    assert [rebuild(1), rebuild(2)] == [2, 3]
    assert rebuild.__doc__ == "Build again."
    assert [line["number"] for line in sink.events] == [1, 2]
    assert all(line["operation"].endswith("rebuild") and line["tier"] == "pro" for line in sink.events)
    assert sink.events[0]["trace_id"] != sink.events[1]["trace_id"]


def test_an_operation_decorates_a_coroutine_function(pipeline: Pipeline, sink: MemorySink):
    @track_operation("fetch")
    async def fetch(number: int) -> int:
        await asyncio.sleep(0)
        current_event().add_context(number=number)
        return number

    async def run() -> list[int]:
        return await asyncio.gather(*(fetch(number) for number in range(5)))

    assert asyncio.run(run()) == [0, 1, 2, 3, 4]
    assert sorted(line["number"] for line in sink.events) == [0, 1, 2, 3, 4]
    assert {line["operation"] for line in sink.events} == {"fetch"}


def test_a_nested_operation_continues_the_trace_and_the_pipeline(sink: MemorySink):
    own = Pipeline(Settings(sample_default=1.0), sinks=[sink])
    with track_operation("outer", pipeline=own, request_id="r1"), track_operation("inner"):
        pass
    inner, outer = sink.events
    assert (inner["operation"], outer["operation"]) == ("inner", "outer")
    assert (inner["trace_id"], inner["request_id"]) == (outer["trace_id"], "r1")
    assert inner["parent_id"] == outer["span_id"]
    assert inner["span_id"] != outer["span_id"]
    assert "parent_id" not in outer


def test_a_trace_goes_on_in_another_process(pipeline: Pipeline, sink: MemorySink):
    with track_operation("upload") as event:
        code = (
            "import sys\n"
            "from wide_events import track_operation\n"
            "with track_operation('finalise', trace_id=sys.argv[1], request_id=sys.argv[2]):\n"
            "    pass\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, event.trace_id, event.request_id],
            env={**os.environ, "LOG_SAMPLE_DEFAULT": "1"},
            capture_output=True,
            check=True,
            text=True,
            timeout=60,
        )
    other = json.loads(done.stdout)
    (line,) = sink.events
    assert other["operation"] == "finalise"
    assert (other["trace_id"], other["request_id"]) == (line["trace_id"], line["request_id"])
    assert other["pid"] != line["pid"]


def test_a_named_trace_wins_over_the_one_around(pipeline: Pipeline, sink: MemorySink):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    with track_operation("outer"), track_operation("inner", trace_id=trace) as event:
        assert event.trace_id == trace
    assert sink.events[0]["trace_id"] == trace
    assert "parent_id" not in sink.events[0]


@pytest.mark.parametrize(
    "error", [ValueError("boom"), KeyboardInterrupt(), SystemExit(3), asyncio.CancelledError()]
)
def test_what_raises_inside_is_noted_and_passes(pipeline: Pipeline, sink: MemorySink, error: BaseException):
    with pytest.raises(type(error)) as caught, track_operation("job"):
        raise error
    assert caught.value is error
    (line,) = sink.events
    assert (line["outcome"], line["sample_reason"]) == ("error", "error")
    assert line["error"]["type"].rpartition(".")[2] == type(error).__name__
    assert current_event().operation == "inert"


def test_what_a_coroutine_raises_is_noted_and_passes(pipeline: Pipeline, sink: MemorySink):
    @track_operation("fetch")
    async def fetch() -> None:
        await asyncio.sleep(0)
        raise TimeoutError("late")

    with pytest.raises(TimeoutError):
        asyncio.run(fetch())
    assert sink.events[0]["error"]["retriable"] is True


def test_an_event_is_a_context_manager_itself_sync_and_async(pipeline: Pipeline, sink: MemorySink):
    with WideEvent("plain") as event:
        event.add_context(a=1)

    async def run() -> None:
        async with WideEvent("plain") as awaited:
            awaited.add_context(a=2)

    asyncio.run(run())
    with pytest.raises(ValueError, match="boom"), WideEvent("plain"):
        raise ValueError("boom")
    assert [line.get("a") for line in sink.events] == [1, 2, None]
    assert sink.events[2]["outcome"] == "error"


def test_the_outcome_may_be_said_though_something_was_raised(pipeline: Pipeline, sink: MemorySink):
    with track_operation("job") as event:
        try:
            raise ValueError("expected")  # noqa: TRY301 - an error that is dealt with
        except ValueError as error:
            event.add_handled_error(error)
        event.mark_partial("one of two")
    (line,) = sink.events
    assert (line["outcome"], line["success"], line["outcome_reason"]) == ("partial", True, "one of two")


def test_an_operation_without_a_name_has_one_anyway(pipeline: Pipeline, sink: MemorySink):
    with track_operation():
        pass
    assert sink.events[0]["operation"] == "operation"


# ---- boundary calls ----------------------------------------------------------------------------------------


def test_a_child_has_the_same_trace_and_is_always_kept(sink: MemorySink):
    never = Pipeline(Settings(sample_default=0.0), sinks=[sink])
    event = WideEvent("upload", pipeline=never, request_id="r1")
    for _ in range(200):
        with event.child("weather") as child:
            child.add_context(provider="w")
    assert not event.emit().keep
    assert len(sink.events) == 200
    for line in sink.events:
        assert (line["kind"], line["sample_reason"], line["sample_weight"]) == ("boundary", "boundary", 1.0)
        assert (line["trace_id"], line["parent_id"], line["request_id"]) == (
            event.trace_id,
            event.span_id,
            "r1",
        )


def test_a_child_that_raises_has_failed_and_its_parent_has_not(pipeline: Pipeline, sink: MemorySink):
    with track_operation("upload") as event:
        with pytest.raises(ConnectionError), event.child("weather"):
            raise ConnectionError("refused")
        assert current_event() is event
    child, parent = sink.events
    assert (child["outcome"], parent["outcome"]) == ("error", "success")
    assert child["error"]["retriable"] is True
    assert "error" not in parent


def test_a_child_of_another_kind_is_sampled_like_any_other(sink: MemorySink):
    event = WideEvent("upload", pipeline=Pipeline(Settings(sample_default=0.0), sinks=[sink]))
    with event.child("step", kind="operation"):
        pass
    assert sink.events == []


def test_children_carry_the_callers_sampling_on(pipeline: Pipeline, sink: MemorySink):
    event = WideEvent("upload", pipeline=Pipeline(Settings(sample_default=0.0), sinks=[sink]))
    event.add_facts({"upstream_rate": 1.0})
    with event.child("step", kind="operation"):
        pass
    assert [line["sample_reason"] for line in sink.events] == ["upstream"]


# ---- track_time --------------------------------------------------------------------------------------------


def test_within_a_unit_of_work_a_timed_block_is_a_timer_of_it(pipeline: Pipeline, sink: MemorySink):
    @track_time()
    def parse() -> None:
        """Parse."""

    @track_time("fetch")
    async def fetch() -> None:
        await asyncio.sleep(0)

    with track_operation("job") as event:
        with track_time("db") as given:
            assert given is event
        parse()
        parse()
        asyncio.run(fetch())
    (line,) = sink.events
    times = line["performance_breakdown"]
    assert times["db_ms"] >= 0
    assert times["fetch_ms"] >= 0
    assert [count for name, count in times.items() if name.endswith("parse_count")] == [2]


def test_outside_of_one_a_timed_block_is_an_event_of_its_own(pipeline: Pipeline, sink: MemorySink):
    with track_time("nightly") as event:
        event.add_context(rows=1)

    @track_time()
    def rebuild() -> None:
        """Build."""

    rebuild()
    with track_time():
        pass
    first, second, third = sink.events
    assert (first["operation"], first["rows"]) == ("nightly", 1)
    assert second["operation"].endswith("rebuild")
    assert third["operation"] == "block"


def test_a_timed_block_has_a_threshold_of_its_own(sink: MemorySink):
    before = set_default_pipeline(Pipeline(Settings(sample_default=0.0), sinks=[sink]))
    try:
        with track_time("quick"):
            pass
        with track_time("slow", threshold_ms=0):
            pass
    finally:
        set_default_pipeline(before)
    (line,) = sink.events
    assert (line["operation"], line["sample_reason"], line["threshold_exceeded"]) == ("slow", "slow", True)
    assert line["message"].startswith("Slow operation detected: slow success in ")


def test_what_a_timed_block_raises_passes(pipeline: Pipeline, sink: MemorySink):
    with pytest.raises(ValueError, match="boom"), track_time("db"):
        raise ValueError("boom")
    with track_operation("job"), pytest.raises(ValueError, match="boom"), track_time("db"):
        raise ValueError("boom")
    alone, within = sink.events
    assert alone["outcome"] == "error"
    assert within["outcome"] == "success"
    assert "db_ms" in within["performance_breakdown"]


# ---- business events ---------------------------------------------------------------------------------------


def test_a_business_event_is_always_kept_and_carries_its_values_twice(sink: MemorySink):
    never = Pipeline(Settings(sample_default=0.0), sinks=[sink])
    with track_operation("upload", pipeline=never, request_id="r1") as event:
        assert current_event() is event
        told = log_business_event("trip_created", trip_id=5, km=12.5, nothing=None)
    (line,) = sink.events
    assert (line["operation"], line["kind"], line["message"]) == ("trip_created", "business", "trip_created")
    assert (line["trip_id"], line["km"]) == (5, 12.5)
    assert line["extra"] == {"trip_id": 5, "km": 12.5}
    assert (line["trace_id"], line["parent_id"], line["request_id"]) == (event.trace_id, event.span_id, "r1")
    assert line["sample_reason"] == "business"
    assert told.sealed


def test_a_business_event_needs_no_unit_of_work(pipeline: Pipeline, sink: MemorySink):
    log_business_event("signed_up", name="n", operation="mine", kind="k")
    (line,) = sink.events
    assert line["operation"] == "signed_up"
    assert line["extra"] == {"name": "n", "operation": "mine", "kind": "k"}
    assert line["context_conflicts"] == {"operation": "mine", "kind": "k"}


def test_the_values_of_a_business_event_are_copied(pipeline: Pipeline, sink: MemorySink):
    values: dict[str, Any] = {"legs": [1]}
    log_business_event("trip", values=values)
    values["legs"].append(2)
    assert sink.events[0]["values"] == {"legs": [1]}
