"""Time that passes without waiting, and time that stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from freezegun import freeze_time

from wide_events import WideEvent, track_operation
from wide_events.clock import clock
from wide_events.testing import assert_dropped, assert_kept, capture

if TYPE_CHECKING:
    from flask import Flask


def test_timestamps_freeze_and_durations_stay_real():
    with freeze_time("2024-03-01 12:00:00"), capture() as captured, track_operation("job"):
        pass
    event = captured.one("job")
    assert event["timestamp"] == "2024-03-01T12:00:00.000000Z"
    assert event["duration_ms"] > 0


def test_the_next_unit_of_work_is_slow_without_waiting(app: Flask):
    client = app.test_client()
    with capture(sampling="none") as captured:
        captured.delay_next(1000)
        client.post("/upload")
        client.post("/upload")
    slow, usual = captured
    assert_kept(slow, because="slow")
    assert slow["threshold_exceeded"] is True
    assert_dropped(usual, because="rate")


def test_time_passes_for_whatever_is_under_way():
    with capture() as captured, track_operation("outer") as outer, outer.timer("weather"):
        captured.pass_time(300)
    event = captured.one()
    assert 300 <= event.at("performance_breakdown.weather_ms") <= event["duration_ms"]


def test_time_does_not_run_backwards():
    with capture() as captured:
        with pytest.raises(ValueError, match="forward only"):
            captured.pass_time(-1)
        with pytest.raises(ValueError, match="forward only"):
            captured.delay_next(-1)


def test_what_was_begun_in_delayed_time_is_not_negative_after_the_capture():
    with capture() as captured:
        captured.pass_time(60_000)
        event = WideEvent("job")
    assert 0 <= event.elapsed_ms() < 60_000


def test_a_delay_that_nothing_took_is_over_with_the_capture():
    with capture() as captured:
        captured.delay_next(3_600_000)
    before = clock.monotonic_ns()
    assert clock.monotonic_ns() - before < 3_600_000_000_000
