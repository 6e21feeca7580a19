"""How an event ends: what keeps it, one decision that is remembered, and nothing after the line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from tests.events import Unwilling, begun
from wide_events import Pipeline, WideEvent
from wide_events.settings import Settings
from wide_events.sinks import MemorySink

if TYPE_CHECKING:
    from collections.abc import Callable


# ---- keeping -----------------------------------------------------------------------------------------------


def dropped_unless_kept() -> tuple[WideEvent, MemorySink]:
    sink = MemorySink()
    return WideEvent("job", pipeline=Pipeline(Settings(sample_default=0.0), sinks=[sink])), sink


@pytest.mark.parametrize(
    ("fill", "reason"),
    [
        (lambda e: e.keep(), "forced"),
        (lambda e: e.keep("canary"), "canary"),
        (lambda e: e.keep(""), "forced"),
        (lambda e: e.add_business_metric("refuel", 1, critical=True), "critical_event"),
        (lambda e: e.add_business_metric("refuel", Unwilling(), critical=True), "critical_event"),
        (lambda e: e.add_error("boom"), "error"),
        (lambda e: e.slow_over(-1), "slow"),
        (lambda e: e.sample(1), "rate"),
    ],
)
def test_what_keeps_an_event_says_why(fill: Any, reason: str):
    event, sink = dropped_unless_kept()
    fill(event)
    decision = event.emit()
    assert (decision.keep, decision.reason, decision.weight) == (True, reason, 1.0)
    assert sink.events[0]["sample_reason"] == reason


def test_a_critical_metric_that_is_false_keeps_nothing():
    event, sink = dropped_unless_kept()
    assert not event.add_business_metric("refuel", 0, critical=True).emit().keep
    assert sink.lines == []


def test_emit_force_keeps():
    event, sink = dropped_unless_kept()
    assert event.emit(force=True).reason == "forced"
    assert len(sink.lines) == 1


def test_should_emit_takes_a_rate_and_a_threshold_of_its_own_once():
    event, _ = dropped_unless_kept()
    assert event.should_emit(sample_rate=1.0)
    assert event.should_emit(sample_rate=0.0)
    assert dropped_unless_kept()[0].should_emit(slow_threshold_ms=-1)
    assert not dropped_unless_kept()[0].should_emit()
    assert not dropped_unless_kept()[0].should_emit(sample_rate=math.nan)


def test_an_early_decision_is_remembered_but_a_later_error_survives_it():
    event, sink = dropped_unless_kept()
    assert not event.decide().keep
    event.slow_over(-1)
    assert not event.decide().keep
    event.add_error("boom")
    assert event.emit().reason == "error"
    assert len(sink.lines) == 1


def test_keep_after_an_early_decision_is_heard():
    event, sink = dropped_unless_kept()
    event.decide()
    assert event.keep("after all").emit().reason == "after all"
    assert len(sink.lines) == 1


# ---- sealed ------------------------------------------------------------------------------------------------


LATE: list[Callable[[WideEvent], object]] = [
    lambda e: e.add_context(late_field=1),
    lambda e: e.add_user_context(late_field=1),
    lambda e: e.add_vehicle_context(late_field=1),
    lambda e: e.add_business_metric("late_field", 1, critical=True),
    lambda e: e.add_technical_metric("late_field", 1),
    lambda e: e.add_feature_flags(late_field=1),
    lambda e: e.add_cost(late_field=1),
    lambda e: e.add_tokens(late_field=1),
    lambda e: e.increment("late_field"),
    lambda e: e.record_time("late_field", 1.0),
    lambda e: e.add_facts({"late_field": 1}),
    lambda e: e.log("late"),
    lambda e: e.add_error("late"),
    lambda e: e.add_handled_error("late"),
    lambda e: e.mark_failure("late"),
    lambda e: e.keep("late"),
    lambda e: e.rename("late"),
]


@pytest.mark.parametrize("write", LATE)
def test_a_late_write_changes_nothing_is_counted_and_said_with_its_keys(
    write: Callable[[WideEvent], object], caplog: pytest.LogCaptureFixture
):
    event, sink = begun()
    event.emit()
    before, context = list(sink.lines), dict(event.context)
    assert write(event) is event
    write(event)
    event.emit()
    assert sink.lines == before
    assert event.context == context
    assert event.home().stats()["late_writes"] == 2  # type: ignore[attr-defined]
    (said,) = [record.getMessage() for record in caplog.records]
    keys_told = ("late_field", "logs", "error", "handled_errors", "outcome", "forced", "operation")
    assert any(key in said for key in keys_told)
