"""VoltTracker's calls to the weather service: an event of their own, in the trace of the trip."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from examples.volttracker import journeys
from examples.volttracker.cars import Car

if TYPE_CHECKING:
    from pathlib import Path

    from examples.volttracker.weather_server import WeatherServer
    from tests.examples.conftest import RunVoltTracker, VoltTracker


def finalize_at(tracker: VoltTracker, degree: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Drive where this station is, finalize, and return the events of the trip and of the call."""
    car = Car.parked("light-00", random.Random(3))
    car.latitude = degree + 0.5
    answer = tracker.client.post(f"/trips/{tracker.drive(car)}/finalize")
    assert answer.status_code == 200
    (trip,), (call,) = tracker.events("trip_finalize"), tracker.events("external_api_weather")
    return trip, call


def test_the_call_is_a_boundary_event_of_the_same_trace_that_tells_its_attempt(volttracker: VoltTracker):
    trip, call = finalize_at(volttracker, 40)
    assert call["kind"] == "boundary"
    assert (call["trace_id"], call["parent_id"]) == (trip["trace_id"], trip["span_id"])
    assert (call["trip_id"], call["session_id"]) == (trip["trip_id"], trip["session_id"])
    assert (call["outcome"], call["sample_reason"], call["attempt_count"]) == ("success", "boundary", 1)
    (attempt,) = call["attempts"]
    assert (attempt["number"], attempt["status_code"]) == (1, 200)
    assert attempt["latency_ms"] > 0


def test_the_trace_and_the_request_id_travel_along(volttracker: VoltTracker, weather_server: WeatherServer):
    trip, call = finalize_at(volttracker, 40)
    (received,) = weather_server.received
    headers = {name.lower(): value for name, value in received.items()}
    assert headers["traceparent"].split("-")[1:3] == [trip["trace_id"], call["span_id"]]
    assert headers["x-request-id"] == trip["request_id"]
    assert headers["x-trace-id"] == trip["trace_id"]


@pytest.mark.parametrize(
    ("degree", "code", "status"),
    [
        (journeys.SLOW_STATION, "E101", None),
        (journeys.FAILING_STATION, "E107", 500),
        (journeys.SILENT_STATION, "E120", None),
    ],
)
def test_trouble_is_tried_three_times_and_costs_the_trip_only_its_weather(
    volttracker: VoltTracker, degree: int, code: str, status: int | None
):
    trip, call = finalize_at(volttracker, degree)
    assert [attempt["error_code"] for attempt in call["attempts"]] == [code] * 3
    assert [attempt.get("status_code") for attempt in call["attempts"]] == [status] * 3
    assert (call["outcome"], call["sample_reason"], call["error"]["code"]) == ("error", "error", code)
    assert call["error"]["retriable"] is True
    assert (trip["outcome"], trip["success"], trip["outcome_reason"]) == ("partial", True, "no weather")
    assert trip["technical_metrics"]["weather_error_code"] == code
    assert "outside_celsius" not in trip["business_metrics"]


def test_a_busy_station_is_asked_again(volttracker: VoltTracker):
    trip, call = finalize_at(volttracker, journeys.BUSY_STATION)
    assert [attempt["status_code"] for attempt in call["attempts"]] == [429, 200]
    assert call["attempts"][0]["error_code"] == "E103"
    assert (call["outcome"], trip["outcome"]) == ("success", "success")


def test_a_refused_connection_has_a_code_of_its_own(
    run_volttracker: RunVoltTracker, tmp_path: Path, closed_port: int
):
    tracker = run_volttracker(f"sqlite:///{tmp_path / 'refused.db'}", f"http://127.0.0.1:{closed_port}")
    _, call = finalize_at(tracker, 40)
    assert [attempt["error_code"] for attempt in call["attempts"]] == ["E102"] * 3
    assert call["error"]["alert"] is True


@pytest.mark.parametrize(("body", "code"), [(b"sunny", "E104"), (b'{"celsius": 999}', "E121")])
def test_a_report_that_makes_no_sense_is_no_weather(
    run_volttracker: RunVoltTracker, tmp_path: Path, weather_server: WeatherServer, body: bytes, code: str
):
    weather_server.report = body
    tracker = run_volttracker(f"sqlite:///{tmp_path / 'nonsense.db'}", weather_server.url)
    trip, call = finalize_at(tracker, 40)
    assert call["error"]["code"] == code
    assert trip["outcome"] == "partial"
