"""What a capture holds of the events that end while it is open, and what it leaves as it was."""

from __future__ import annotations

import json
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from tests.testing.shop import rated
from wide_events import Pipeline, WideEvent, current_event, log_business_event, track_operation
from wide_events.clock import clock
from wide_events.context import active, enter
from wide_events.pipeline import default_pipeline, set_default_pipeline
from wide_events.propagation import entropy
from wide_events.sampling import Policy
from wide_events.sinks import MemorySink
from wide_events.testing import assert_dropped, capture

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask


# ---- what is captured --------------------------------------------------------------------------------------


def test_events_of_a_flask_app_made_before_the_capture_are_captured_and_not_written(
    app: Flask, capfd: pytest.CaptureFixture[str]
):
    with capture() as captured:
        app.test_client().post("/upload")
    event = captured.one("upload")
    assert event["status_code"] == 200
    assert event.at("vehicle_context.usage_tier") == "light"
    assert capfd.readouterr().out == ""


def test_events_of_pipelines_made_during_the_capture_and_of_the_default_one_are_captured(
    capfd: pytest.CaptureFixture[str],
):
    with capture() as captured:
        with track_operation("mine", pipeline=Pipeline(rated(1.0))):
            pass
        log_business_event("paid", amount=5)
    assert [event["operation"] for event in captured] == ["mine", "paid"]
    assert capfd.readouterr().out == ""


def test_the_fields_are_those_of_the_redacted_and_encoded_line(app: Flask):
    with capture() as captured:
        app.test_client().post("/upload")
    event = captured.one()
    assert event["password"] != "hunter2"
    assert event["redacted"] == ["password"]
    assert event == json.loads(event.line)
    assert event.line.endswith(b"\n")


def test_a_dropped_event_has_all_of_its_fields_and_its_decision():
    with capture(sampling="none") as captured, track_operation("job", pipeline=Pipeline(rated(0.5)), step=3):
        pass
    event = captured.dropped[0]
    assert event["step"] == 3
    assert (event.decision.reason, event.decision.rate, event.kept) == ("rate", 0.5, False)
    assert event.written == {}


def test_enrichers_run_for_kept_events_only():
    def where(event: WideEvent) -> None:
        event.add_context(place="here")

    pipeline = Pipeline(rated(0.5), enrichers=[where])
    with capture(sampling="none") as captured:
        for _ in range(2):
            with track_operation("job", pipeline=pipeline):
                captured.keep_all()
            with track_operation("job", pipeline=pipeline):
                pass
    assert [event.at("place") for event in captured] == [None, "here", "here", "here"]


def test_a_skipped_view_leaves_a_dropped_event(app: Flask):
    with capture() as captured:
        app.test_client().get("/ping")
    assert_dropped(captured.one("ping"), because="skipped")


def test_what_each_outlet_was_due_is_told_in_its_own_format(tmp_path: Path):
    settings = rated(1.0, log_schema="otel", log_file_error=tmp_path / "errors.log")
    with capture() as captured:
        WideEvent("good", pipeline=Pipeline(settings)).emit()
        WideEvent("bad", pipeline=Pipeline(settings)).add_error(ValueError("no")).emit()
    assert list(captured.one("good").written) == ["stdout"]
    assert list(captured.one("bad").written) == ["stdout", "error_file"]
    assert "operation" not in json.loads(captured.one("good").written["stdout"])
    assert not (tmp_path / "errors.log").exists()


def test_an_event_below_the_level_is_captured_but_was_due_nowhere():
    pipeline = Pipeline(rated(1.0, log_level="ERROR"))
    with capture() as captured:
        WideEvent("job", pipeline=pipeline).emit()
    assert captured.one("job").kept
    assert captured.one("job").written == {}
    assert pipeline.stats() == {"kept.rate": 1, "below_level": 1}


def test_the_pipeline_counts_as_in_production():
    pipeline = Pipeline(rated(0.5))
    with capture() as captured:
        for keep in (captured.keep_all, captured.keep_none):
            keep()
            WideEvent("job", pipeline=pipeline).emit()
    assert pipeline.stats() == {"kept.rate": 1, "dropped.rate": 1}


def test_a_redactor_that_fails_lets_no_text_through_as_in_production():
    def broken(fields: dict[str, object]) -> tuple[dict[str, object], list[str]]:
        raise ValueError("no")

    pipeline = Pipeline(rated(1.0), redact=broken)
    with capture() as captured:
        WideEvent("job", pipeline=pipeline).add_context(said="hunter2").emit()
    assert captured.one()["said"] == "[redacted: failed]"
    assert pipeline.stats()["redaction_failed"] == 1


# ---- sinks -------------------------------------------------------------------------------------------------


def test_sinks_get_nothing_unless_they_are_asked_for():
    sink = MemorySink()
    pipeline = Pipeline(rated(0.5), sinks=[sink])
    with capture(sampling="all") as captured:
        WideEvent("unseen", pipeline=pipeline).emit()
        captured.write_through()
        WideEvent("seen", pipeline=pipeline).emit()
    with capture(sampling="none", sinks=True):
        WideEvent("dropped", pipeline=pipeline).emit()
    assert [event["operation"] for event in sink.events] == ["seen"]
    assert captured.one("seen").written == {"MemorySink": sink.lines[0]}


def test_a_sink_that_fails_is_counted_as_in_production():
    class Full(MemorySink):
        def write(self, line: bytes) -> None:
            raise OSError("full")

    pipeline = Pipeline(rated(1.0), sinks=[Full()])
    with capture(sinks=True):
        WideEvent("job", pipeline=pipeline).emit()
    assert pipeline.stats()["lost.Full"] == 1


def test_a_pipeline_may_flush_and_close_as_ever():
    pipeline = Pipeline(rated(1.0), sinks=[MemorySink()])
    with capture():
        WideEvent("job", pipeline=pipeline).emit()
        pipeline.flush()
        pipeline.close()
    assert pipeline.stats() == {"kept.rate": 1}


# ---- nothing leaks -----------------------------------------------------------------------------------------


def test_of_captures_inside_of_each_other_the_inner_one_gets_the_events():
    pipeline = Pipeline(rated(1.0))
    with capture() as outer:
        with capture() as inner:
            WideEvent("in", pipeline=pipeline).emit()
        WideEvent("out", pipeline=pipeline).emit()
    assert [event["operation"] for event in (*inner, *outer)] == ["in", "out"]


def test_after_a_capture_events_are_written_again():
    sink = MemorySink()
    pipeline = Pipeline(rated(0.0), sinks=[sink])
    with capture() as captured:
        pass
    WideEvent("kept", pipeline=pipeline).emit(force=True)
    WideEvent("dropped", pipeline=pipeline).emit()
    assert [event["operation"] for event in sink.events] == ["kept"]
    assert len(captured) == 0


def test_an_event_that_began_before_a_capture_and_ends_in_it_is_captured():
    event = WideEvent("early", pipeline=Pipeline(rated(1.0)))
    with capture() as captured:
        event.emit()
    captured.one("early")


def test_a_late_event_of_a_capture_that_is_over_reaches_neither_sinks_nor_another_capture():
    sink = MemorySink()
    pipeline = Pipeline(rated(1.0), sinks=[sink])
    begun, first_over, second_open = Event(), Event(), Event()

    def work() -> None:
        early, late = WideEvent("early", pipeline=pipeline), WideEvent("late", pipeline=pipeline)
        begun.set()
        first_over.wait(5)
        early.emit()
        second_open.wait(5)
        late.emit()

    with capture() as first:
        thread = Thread(target=work)
        thread.start()
        begun.wait(5)
    first_over.set()
    with capture(sinks=True) as second:
        second_open.set()
        thread.join()
    assert (len(first), len(second), sink.lines) == (0, 0, [])
    assert [event["operation"] for event in second.strays][-1] == "late"
    assert "of earlier tests>" in repr(second)


def test_events_before_the_given_moment_are_strays():
    event = WideEvent("early", pipeline=Pipeline(rated(1.0)))
    with capture(since_ns=clock.monotonic_ns()) as captured:
        event.emit()
    assert [len(captured.strays), len(captured)] == [1, 0]
    captured.clear()
    assert captured.strays == []


def test_a_unit_of_work_that_was_left_open_is_not_current_afterwards():
    with capture():
        enter(WideEvent("left open"))
        assert current_event().operation == "left open"
    assert active() is None


def test_a_capture_leaves_the_default_pipeline_and_the_ids_as_they_were():
    default, octets = default_pipeline(), entropy.octets
    with pytest.raises(ZeroDivisionError), capture(seed=3):
        raise ZeroDivisionError(set_default_pipeline(Pipeline(rated(1.0))))
    assert default_pipeline() is default
    assert entropy.octets is octets


def test_a_default_pipeline_that_was_made_during_a_capture_is_gone_afterwards():
    before = set_default_pipeline(None)
    with capture() as captured:
        WideEvent("job").emit()
    assert set_default_pipeline(before) is None
    captured.one("job")


# ---- a sequence --------------------------------------------------------------------------------------------


def test_captured_events_are_a_sequence_and_show_as_a_table():
    with capture(sampling="none") as captured:
        assert repr(captured) == "<CapturedEvents: 0 kept, 0 dropped>"
        WideEvent("job", pipeline=Pipeline(rated(0.5))).emit()
        WideEvent("paid", kind="business", pipeline=Pipeline(rated(0.5))).emit()
    assert len(captured) == len(captured[:2]) == 2
    assert captured[0]["operation"] == "job"
    assert (captured.kept, captured.dropped) == ([captured[1]], [captured[0]])
    heading, first, second = repr(captured).splitlines()
    assert heading == "<CapturedEvents: 1 kept, 1 dropped>"
    assert first.startswith("  1  dropped by rate at 0.5  job   job success in ")
    assert second == "  2  kept by business        paid  paid"


def test_policies_of_ones_own_decide():
    def gone(fields: object) -> float:
        return 0.0

    with capture() as captured:
        WideEvent("job", pipeline=Pipeline(rated(1.0), policy=Policy([gone]))).emit()
    assert_dropped(captured.one(), because="gone", rate=0.0)
