"""VoltTracker's range with its bug, its reports that cost credits, and what it tells of its deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from examples.volttracker import battery
from examples.volttracker.models import Driver

if TYPE_CHECKING:
    from pathlib import Path

    from tests.examples.conftest import RunVoltTracker, VoltTracker


def test_the_prediction_fails_new_vehicles_and_only_where_its_flag_is_on(
    tmp_path: Path, run_volttracker: RunVoltTracker
):
    url = f"sqlite:///{tmp_path / 'range.db'}"
    before, after = run_volttracker(url), run_volttracker(url, predictive=True)
    for tracker in (before, after):
        assert tracker.client.get("/vehicles/moderate-00/range").json["miles"] > 20
    assert before.client.get("/vehicles/new-00/range").status_code == 200
    answer = after.client.get("/vehicles/new-00/range")
    assert answer.status_code == 500
    assert "division" not in answer.text
    (event,) = after.events("vehicle_range")
    assert event["error"]["type"] == "ZeroDivisionError"
    assert event["error"]["location"].endswith("in predicted_miles")
    assert event["feature_flags"]["predictive_range"] is True
    assert event["vehicle_context"]["usage_tier"] == "new"


def test_reports_cost_credits_and_a_sale_is_a_business_event_of_the_same_trace(volttracker: VoltTracker):
    sold = volttracker.client.post("/vehicles/heavy-03/reports", json={"kind": "battery_health"})
    assert sold.status_code == 201
    assert sold.json["credits_left"] == 47
    (request,), (sale,) = volttracker.events("report_buy"), volttracker.events("report_sold")
    assert (sale["kind"], sale["trace_id"]) == ("business", request["trace_id"])
    assert sale["extra"]["credits_spent"] == 3


def test_a_report_beyond_the_credits_is_refused_and_costs_nothing(
    tmp_path: Path, run_volttracker: RunVoltTracker
):
    tracker = run_volttracker(f"sqlite:///{tmp_path / 'reports.db'}", sample_default=1.0)
    answer = tracker.client.post("/vehicles/light-07/reports", json={"kind": "battery_health"})
    with tracker.database.reading() as session:
        left = session.get_one(Driver, "driver-light-07").report_credits
    assert tracker.client.post("/vehicles/light-07/reports", json={"kind": "x"}).status_code == 400
    assert (answer.status_code, left) == (422, 2)
    assert answer.json["error"]["code"] == "ERR_3000"
    assert answer.json["error"]["details"] == {
        "rule": "credit_check",
        "required": 3,
        "available": 2,
        "deficit": 1,
    }
    assert tracker.events("report_buy")[0]["handled_errors"][0]["code"] == "ERR_3000"
    assert not tracker.events("report_sold")


def test_a_report_about_a_battery_never_read_has_to_wait(volttracker: VoltTracker):
    with volttracker.database.writing() as session:
        session.execute(battery.BatteryReading.__table__.delete())
    answer = volttracker.client.post("/vehicles/heavy-03/reports", json={"kind": "battery_health"})
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "E426")


def test_the_deployment_is_told_in_the_words_of_the_events(tmp_path: Path, run_volttracker: RunVoltTracker):
    facts = {"app_version": "2.5.0", "deployment_id": "deploy-7", "environment": "staging", "region": "eu-1"}
    url = f"sqlite:///{tmp_path / 'deployment.db'}"
    tracker = run_volttracker(url, sample_default=1.0, **facts)
    told = tracker.client.get("/deployment").json
    tracker.client.get("/health")
    (event,) = tracker.events("deployment")
    for name in ("service", "version", "deployment_id", "environment", "region", "deployed_at"):
        assert told[name] == event[name]
    assert told["feature_flags"]["predictive_range"] is False


def test_a_database_that_is_gone_is_said_so(tmp_path: Path, run_volttracker: RunVoltTracker):
    tracker = run_volttracker(f"sqlite:///{tmp_path / 'gone.db'}")
    tracker.database.close()
    for path in tmp_path.glob("gone.db*"):
        path.unlink()
    tmp_path.joinpath("gone.db").mkdir()
    answer = tracker.client.get("/health")
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "E220")
    (event,) = tracker.events("health")
    assert event["error"]["alert"] is True
    assert event["error"]["cause"][0]["type"].endswith("StructuredError")
