"""The way of an event: each thing that can fail on it, and that the unit of work never notices."""

from __future__ import annotations

import logging
import math
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from wide_events import Pipeline, WideEvent, track_operation
from wide_events.exceptions import ConfigurationError
from wide_events.pipeline import diversion, set_default_pipeline
from wide_events.sampling import Policy
from wide_events.settings import Settings
from wide_events.sinks import MemorySink

if TYPE_CHECKING:
    from collections.abc import Callable


def begun(**more: Any) -> tuple[WideEvent, MemorySink, Pipeline]:
    sink = MemorySink()
    told = {"service_name": "svc", "sample_default": 1.0}
    settings = Settings(**{**told, **more.pop("settings", {})})
    pipeline = Pipeline(settings, sinks=[*more.pop("sinks", ()), sink], **more)
    return WideEvent("job", pipeline=pipeline), sink, pipeline


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "wide_events"]


# ---- decided once, written once ----------------------------------------------------------------------------


def test_however_often_it_is_called_there_is_one_decision_and_one_line():
    event, sink, pipeline = begun()
    decisions = {
        event.decide(),
        event.emit(),
        event.emit(force=True),
        event.decide(),
        pipeline.emit(event),
        pipeline.decide(event),
    }
    assert len(decisions) == 1
    assert event.should_emit()
    assert len(sink.lines) == 1
    assert pipeline.stats() == {"kept.rate": 1}


def test_an_event_that_was_dropped_stays_dropped():
    event, sink, pipeline = begun(settings={"sample_default": 0.0})
    assert not event.emit().keep
    assert not event.emit(force=True).keep
    assert not event.decide().keep
    assert sink.lines == []
    assert pipeline.stats() == {"dropped.rate": 1}


@pytest.mark.parametrize("rate", [1.0, 0.5])
def test_thirty_two_threads_that_emit_at_once_agree_and_write_one_line(rate: float):
    sink = MemorySink()
    pipeline = Pipeline(Settings(sample_default=rate), sinks=[sink])
    events = [WideEvent(f"job{number}", pipeline=pipeline) for number in range(200)]
    together = threading.Barrier(32)
    before = sys.getswitchinterval()

    def emit_all() -> list[Any]:
        together.wait()
        return [event.emit() for event in events]

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(32) as pool:
            answers = [running.result() for running in [pool.submit(emit_all) for _ in range(32)]]
    finally:
        sys.setswitchinterval(before)
    kept = {event.operation for event, decision in zip(events, answers[0], strict=True) if decision.keep}
    assert all(answer == answers[0] for answer in answers)
    assert sorted(line["operation"] for line in sink.events) == sorted(kept)
    assert sum(pipeline.stats().values()) == 200


def test_writing_while_others_emit_loses_no_line_and_breaks_none():
    event, sink, pipeline = begun()
    together = threading.Barrier(9)

    def write(number: int) -> None:
        together.wait()
        for step in range(300):
            event.add_context(**{f"k{number}": "x" * step}).increment("n").log("hello").add_user_context(
                a=[step]
            )
            event.add_error(ValueError(number))

    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(write, number) for number in range(8)]
        together.wait()
        for _ in range(20):
            event.elapsed_ms()
        event.emit()
        for one in running:
            one.result()
    assert len(sink.events) == 1
    assert "pipeline_failed" not in pipeline.stats()
    assert "lost.MemorySink" not in pipeline.stats()


def test_an_event_that_is_discarded_leaves_no_line_but_is_counted():
    event, sink, pipeline = begun()
    pipeline.discard(event.add_error("boom"), "skipped")
    pipeline.discard(event, "skipped")
    assert not event.emit().keep
    assert event.decide().reason == "skipped"
    assert sink.lines == []
    assert pipeline.stats() == {"dropped.skipped": 1}


def test_an_event_that_is_discarded_can_be_seen_by_a_test():
    event, _, pipeline = begun()
    taken: list[Any] = []
    before, diversion.taker = diversion.taker, lambda *what: taken.append(what)
    try:
        pipeline.discard(event, "skipped")
        kept = WideEvent("job", pipeline=pipeline)
        kept.emit()
    finally:
        diversion.taker = before
    assert [(what[0], what[1], what[2].reason) for what in taken] == [
        (pipeline, event, "skipped"),
        (pipeline, kept, "rate"),
    ]


# ---- a setting ---------------------------------------------------------------------------------------------


def test_a_bad_setting_stops_the_start_and_names_variable_value_and_remedy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LOG_SAMPLE_TRIP", "abc")
    with pytest.raises(ConfigurationError, match=r"LOG_SAMPLE_TRIP='abc'.*0 to 1"):
        Pipeline()


# ---- an enricher -------------------------------------------------------------------------------------------


def enrich(event: WideEvent) -> None:
    event.add_context(enriched=True)


def boom(event: WideEvent) -> None:
    raise LookupError("no region")


class Nameless:
    def __call__(self, event: WideEvent) -> None:
        raise LookupError("no region")


def test_a_failing_enricher_is_noted_on_the_event_counted_and_said_once(caplog: pytest.LogCaptureFixture):
    sink = MemorySink()
    pipeline = Pipeline(Settings(sample_default=1.0), enrichers=[boom, Nameless(), enrich], sinks=[sink])
    for _ in range(3):
        assert WideEvent("job", pipeline=pipeline).emit().keep
    for line in sink.events:
        assert line["enriched"] is True
        assert line["failed_enrichers"] == ["boom", "Nameless"]
    assert pipeline.stats() == {"kept.rate": 3, "enricher_failed": 6}
    (complaint,) = said(caplog)
    assert "enricher boom failed: LookupError: no region" in complaint


def test_what_is_dropped_is_not_enriched():
    event, _, _ = begun(settings={"sample_default": 0.0}, enrichers=[boom])
    event.emit()
    assert "failed_enrichers" not in event.context


def test_an_enricher_that_emits_changes_nothing():
    event, sink, _ = begun(enrichers=[lambda event: event.emit()])
    event.emit()
    assert len(sink.lines) == 1


# ---- a rule ------------------------------------------------------------------------------------------------


def test_a_failing_policy_loses_no_event_without_counting_it(caplog: pytest.LogCaptureFixture):
    class Broken(Policy):
        def decide(self, fields: Any, randomness: int | None = None) -> Any:
            raise RuntimeError("broken policy")

    event, sink, pipeline = begun(policy=Broken([]))
    assert not event.decide().keep
    assert not event.emit().keep
    event.add_context(late=1)
    assert event.sealed
    assert sink.lines == []
    assert pipeline.stats() == {"pipeline_failed": 2, "late_writes": 1}
    assert len(said(caplog)) == 2


# ---- redaction ---------------------------------------------------------------------------------------------


def test_a_failing_redaction_lets_nothing_unredacted_out(caplog: pytest.LogCaptureFixture):
    def broken(fields: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        raise RuntimeError("broken redaction")

    event, sink, pipeline = begun(redact=broken)
    event.add_context(password="hunter2", harmless="hello").add_error("token hunter2").add_user_context(
        mail="hunter2"
    )
    assert event.emit().keep
    (line,) = sink.events
    assert b"hunter2" not in sink.lines[0]
    assert b"hello" not in sink.lines[0]
    assert (line["outcome"], line["sample_reason"], line["service"]) == ("error", "error", "svc")
    assert line["harmless"] == "[redacted: failed]"
    assert {"password", "harmless", "error", "user_context"} <= set(line["redacted"])
    assert pipeline.stats() == {"kept.error": 1, "redaction_failed": 1}
    assert len(said(caplog)) == 1


def test_redaction_is_on_by_default_and_its_paths_are_told():
    event, sink, _ = begun()
    event.add_user_context(password="hunter2", note="ask jane.doe@example.com").emit()
    (line,) = sink.events
    assert b"hunter2" not in sink.lines[0]
    assert b"jane.doe" not in sink.lines[0]
    assert sorted(line["redacted"]) == ["user_context.note", "user_context.password"]


def test_the_reason_for_keeping_and_the_level_are_redacted_too():
    event, sink, _ = begun()
    event.keep("ask jane.doe@example.com").emit(level="jane.doe@example.com")
    assert b"jane.doe" not in sink.lines[0]
    assert sink.events[0]["sample_reason"]


# ---- encoding ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", ["\ud800", 2**70, math.nan, math.inf, {1: {2: 3}}, "x" * 10**7, [["deep"] * 10] * 500]
)
def test_what_json_cannot_carry_is_carried_as_well_as_it_can(value: Any):
    event, sink, _ = begun()
    event.add_context(value=value).emit()
    (line,) = sink.events
    assert "value" in line or "value" in line["truncated"]
    assert len(sink.lines[0]) <= 15360


def test_a_format_that_fails_is_counted_as_a_lost_line(caplog: pytest.LogCaptureFixture):
    from wide_events.outlets import Outlet

    def unreadable(record: dict[str, Any]) -> bytes:
        raise ValueError("no format")

    memory = MemorySink()
    event, sink, pipeline = begun(sinks=[Outlet("odd", memory, unreadable)])
    assert event.emit().keep
    assert memory.lines == []
    assert len(sink.lines) == 1
    assert pipeline.stats() == {"kept.rate": 1, "lost.odd": 1}
    assert "a line did not reach odd: ValueError: no format" in said(caplog)[0]


# ---- a sink ------------------------------------------------------------------------------------------------


class FullDisk(MemorySink):
    def write(self, line: bytes) -> None:
        raise OSError(28, "No space left on device")

    flush = close = write  # type: ignore[assignment]


def test_a_failing_sink_is_counted_and_said_and_the_others_get_their_line(caplog: pytest.LogCaptureFixture):
    sink = MemorySink()
    pipeline = Pipeline(Settings(sample_default=1.0), sinks=[FullDisk(), sink])
    with track_operation("job", pipeline=pipeline):
        pass
    assert WideEvent("job", pipeline=pipeline).emit().keep
    pipeline.flush()
    pipeline.close()
    assert len(sink.lines) == 2
    assert pipeline.stats() == {"kept.rate": 2, "lost.FullDisk": 4}
    (complaint,) = said(caplog)
    assert "No space left on device" in complaint


def test_a_sink_may_emit_events_of_its_own():
    class Reporting(MemorySink):
        def write(self, line: bytes) -> None:
            super().write(line)
            if len(self.lines) < 3:
                WideEvent("reported", pipeline=pipeline).emit()

    sink = Reporting()
    pipeline = Pipeline(Settings(sample_default=1.0), sinks=[sink])
    WideEvent("job", pipeline=pipeline).emit()
    assert [line["operation"] for line in sink.events] == ["job", "reported", "reported"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_belongs_to_the_process_passes_through(error: type[BaseException]):
    class Interrupted(MemorySink):
        def write(self, line: bytes) -> None:
            raise error

    event, _, _ = begun(sinks=[Interrupted()])
    with pytest.raises(error):
        event.emit()


# ---- the library itself ------------------------------------------------------------------------------------


def test_complaints_are_repeated_after_a_minute_only(caplog: pytest.LogCaptureFixture):
    event, _, pipeline = begun()
    event.emit()
    with ThreadPoolExecutor(16) as pool:
        for running in [pool.submit(event.add_context, late=1) for _ in range(500)]:
            running.result()
    assert pipeline.stats()["late_writes"] == 500
    assert len(said(caplog)) == 1


def test_the_root_logger_is_left_alone():
    before = (
        list(logging.root.handlers),
        logging.root.level,
        list(logging.getLogger("wide_events").handlers),
    )
    event, _, _ = begun()
    event.emit()
    after = (list(logging.root.handlers), logging.root.level, list(logging.getLogger("wide_events").handlers))
    assert after == before


def test_what_is_below_the_level_is_counted_and_not_written():
    event, sink, pipeline = begun(settings={"log_level": "ERROR"})
    assert event.emit().keep
    WideEvent("job", pipeline=pipeline).slow_over(-1).emit()
    WideEvent("job", pipeline=pipeline).add_error("boom").emit()
    assert [line["level"] for line in sink.events] == ["error"]
    assert pipeline.stats() == {"kept.rate": 1, "kept.slow": 1, "kept.error": 1, "below_level": 2}


def test_replacing_the_default_pipeline_gives_the_one_before():
    _, sink, pipeline = begun()
    before = set_default_pipeline(pipeline)
    try:
        WideEvent("job").emit()
    finally:
        assert set_default_pipeline(before) is pipeline
    assert len(sink.lines) == 1


COUNTED: list[Callable[[Pipeline], object]] = [Pipeline.flush, Pipeline.close]


@pytest.mark.parametrize("call", COUNTED)
def test_flushing_and_closing_reach_every_sink(call: Callable[[Pipeline], object]):
    reached: list[str] = []

    class Told(MemorySink):
        def flush(self) -> None:
            reached.append("flush")

        def close(self) -> None:
            reached.append("close")

    call(Pipeline(Settings(), sinks=[Told(), Told()]))
    assert reached == [call.__name__] * 2
