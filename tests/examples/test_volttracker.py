"""VoltTracker as a user meets it: requests in, and what its events then say."""

from __future__ import annotations

import random
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from examples.volttracker import battery, errors, history, tiers
from examples.volttracker.cars import Car
from examples.volttracker.models import Trip
from wide_events.taxonomy import catalogue

if TYPE_CHECKING:
    from examples.volttracker.weather_server import WeatherServer
    from tests.examples.conftest import RunVoltTracker, VoltTracker

NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)


def a_car(vehicle_id: str = "light-00", latitude: float = 40.2) -> Car:
    car = Car.parked(vehicle_id, random.Random(3))
    car.latitude, car.soc_percent, car.fuel_percent = latitude, 80.0, 50.0
    return car


def leaves(value: Any) -> int:
    return sum(leaves(item) for item in value.values()) if isinstance(value, dict) else 1


# ---- the domain ------------------------------------------------------------------------------------------


def test_a_past_is_filled_in_once_by_one_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'past.db'}")
    history.main()
    history.main()
    first, second = capsys.readouterr().out.splitlines()
    assert first == second
    assert first.startswith("45 vehicles in ")


@pytest.mark.parametrize(
    ("trips", "tier"),
    [(0, "new"), (1, "light"), (19, "light"), (20, "moderate"), (99, "moderate"), (100, "heavy")],
)
def test_a_tier_follows_from_the_number_of_trips(trips: int, tier: str):
    assert tiers.usage_tier(trips) == tier


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_more_trips_never_lower_the_tier(some: int, more: int):
    order = ["new", "light", "moderate", "heavy"]
    assert order.index(tiers.usage_tier(some + more)) >= order.index(tiers.usage_tier(some))


def test_an_account_is_as_old_as_its_first_trip_and_brand_new_without_one():
    assert tiers.account_age_days(NOW - timedelta(days=29, hours=23), NOW) == 29
    assert tiers.account_age_days(None, NOW) == 0


def test_a_battery_ages_along_the_line_through_its_readings():
    series = [(NOW + timedelta(days=day), 18.0 - 0.36 * day / 365.25) for day in range(0, 800, 40)]
    assert battery.yearly_loss_percent(series, 18.0) == pytest.approx(2.0, abs=0.01)
    assert battery.degradation_percent(17.1, 18.0) == pytest.approx(5.0)
    assert battery.yearly_loss_percent(series[:1], 18.0) is None


def test_the_catalogue_has_thirty_codes_each_of_which_the_application_raises():
    room = Path(errors.__file__).parent
    source = "".join(path.read_text() for path in room.rglob("*.py") if path.name != "errors.py")
    codes = [code.code for code in errors.CATALOGUE]
    assert len(set(codes)) == len(codes) >= 30
    assert all(re.fullmatch(r"E[0-5]\d\d", code) and code in source for code in codes)


def test_the_application_registers_its_own_codes(volttracker: VoltTracker):
    assert set(errors.OWN) <= set(catalogue())


# ---- uploads ---------------------------------------------------------------------------------------------


def test_an_upload_leaves_one_event_of_fifty_fields_and_more(volttracker: VoltTracker):
    volttracker.drive(a_car())
    (event,) = volttracker.events("telemetry_upload")
    assert leaves(event) >= 50
    assert event["kind"] == "request"
    assert event["session_id"] == "session-1"
    assert event["trip_id"].startswith("trip-")
    assert event["feature_flags"] == {
        "weather_integration": True,
        "enhanced_route_detection": True,
        "predictive_range": False,
    }
    assert {"parse_ms", "db_query_ms", "db_insert_ms"} <= event["performance_breakdown"].keys()


def test_an_upload_tells_the_lifetime_of_the_vehicle(volttracker: VoltTracker):
    volttracker.drive(a_car("heavy-01"))
    (event,) = volttracker.events("telemetry_upload")
    vehicle = event["vehicle_context"]
    assert vehicle["usage_tier"] == "heavy"
    assert vehicle["total_trips"] >= 100
    assert vehicle["account_age_days"] >= 399
    assert 0.2 < vehicle["avg_kwh_per_mile"] < 0.4
    assert 0 < vehicle["battery_degradation_percent"] < 15
    assert vehicle["battery_capacity_kwh"] < 18.4
    assert event["user_context"]["user_id"] == "driver-heavy-01"


def test_the_first_upload_of_a_drive_creates_its_trip_and_is_critical(volttracker: VoltTracker):
    car = a_car("light-01")
    first = volttracker.upload(car, car.drive(40, 3))
    second = volttracker.upload(car, car.drive(40, 3))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json["trip_id"] == second.json["trip_id"]
    (kept,) = volttracker.events("telemetry_upload")
    assert kept["business_metrics"]["trip_created"] is True
    assert kept["sample_reason"] == "critical_event"


def test_gas_mode_charging_and_refuelling_are_critical_too(volttracker: VoltTracker):
    car = a_car("light-02")
    car.soc_percent = 19.0
    stories = {
        "gas_mode_entered": car.drive(60, 5),
        "charging_session_started": car.charge(6.6, 4),
        "refuel_detected": car.refuel(),
    }
    for name, points in stories.items():
        volttracker.sink.clear()
        volttracker.upload(car, points)
        (event,) = volttracker.events("telemetry_upload")
        assert event["business_metrics"][name] is True, name
        assert event["sample_reason"] == "critical_event"


def test_an_ordinary_upload_is_kept_for_heavy_users_and_left_to_chance_for_others(volttracker: VoltTracker):
    for vehicle_id in ("heavy-00", "moderate-02"):
        car = a_car(vehicle_id)
        volttracker.upload(car, car.read_battery(16.0), f"session-of-{vehicle_id}")
    (kept,) = volttracker.events("telemetry_upload")
    assert kept["vehicle_id"] == "heavy-00"
    assert kept["sample_reason"] == "heavy_user"
    assert volttracker.pipeline.stats()["dropped.rate"] == 1


def test_a_battery_reading_changes_what_the_next_request_tells(volttracker: VoltTracker):
    car = a_car("heavy-02")
    volttracker.upload(car, car.read_battery(12.5))
    shown = volttracker.client.get("/vehicles/heavy-02").json
    assert shown["battery"]["capacity_kwh"] == 12.5
    assert volttracker.events("vehicle_get")[0]["vehicle_context"]["battery_capacity_kwh"] == 12.5


WRONG = [
    ({"speed_mph": 900}, "E028"),
    ({"latitude": 91}, "E026"),
    ({"soc_percent": -1}, "E027"),
    ({"fuel_percent": "full"}, "E002"),
    ({"capacity_kwh": 700}, "E030"),
    ({"recorded_at": "yesterday"}, "E303"),
    ({"recorded_at": "2026-11-20T12:00:00"}, "E303"),
    ({"recorded_at": "2199-01-01T00:00:00Z"}, "E025"),
    ({"odometer_miles": float("nan")}, "E002"),
    ({"odometer_miles": None}, "E001"),
]


@pytest.mark.parametrize(("changed", "code"), WRONG)
def test_a_bad_point_is_refused_by_its_code_and_found_by_its_session(
    volttracker: VoltTracker, changed: dict[str, Any], code: str
):
    car = a_car()
    answer = volttracker.upload(car, [{**car.drive(30, 1)[0], **changed}], "session-bad")
    assert answer.status_code == 400
    assert answer.json["error"]["code"] == code
    (event,) = volttracker.events("telemetry_upload")
    assert (event["session_id"], event["outcome"], event["error"]["code"]) == ("session-bad", "error", code)
    assert event["error"]["category"] in {"validation", "parsing"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "E006"),
        (b"[1, 2]", 400, "E301"),
        (b'{"vehicle_id": "light-00"', 400, "E301"),
        (b'{"session_id": "s-1"}', 400, "E001"),
        (b'{"vehicle_id": "NO SPACES", "session_id": "s-1"}', 400, "E020"),
        (b'{"vehicle_id": "light-00", "session_id": 7}', 400, "E021"),
        (b'{"vehicle_id": "light-00", "session_id": "s-1", "points": []}', 400, "E022"),
        (b'{"vehicle_id": "light-00", "session_id": "s-1", "points": [7]}', 400, "E320"),
    ],
)
def test_a_bad_body_is_refused_by_its_code(
    volttracker: VoltTracker, body: bytes, status: int | None, code: str
):
    answer = volttracker.client.post("/telemetry", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)


def test_points_must_go_forward_in_time_and_in_miles(volttracker: VoltTracker):
    car = a_car()
    points = car.drive(30, 3)
    swapped = volttracker.upload(car, [points[1], points[0]])
    backwards = volttracker.upload(car, [*points, {**car.drive(30, 1)[0], "odometer_miles": 1.0}])
    many = volttracker.upload(car, points * 100)
    codes = [answer.json["error"]["code"] for answer in (swapped, backwards, many)]
    assert codes == ["E024", "E029", "E023"]


def test_a_session_that_is_another_vehicles_is_refused(volttracker: VoltTracker):
    volttracker.drive(a_car("light-03"), "session-shared")
    car = a_car("light-04")
    answer = volttracker.upload(car, car.drive(30, 2), "session-shared")
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "E425")


def test_an_unknown_vehicle_is_not_found(volttracker: VoltTracker):
    car = a_car("nobodys-car")
    answer = volttracker.upload(car, car.drive(30, 2))
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "E420")


def test_uploads_of_one_session_at_the_same_moment_create_one_trip(
    database_url: str, run_volttracker: RunVoltTracker
):
    tracker = run_volttracker(database_url)
    uploads = [(car := a_car("light-05"), car.drive(30, 3)) for _ in range(8)]
    with ThreadPoolExecutor(8) as loggers:
        answers = list(loggers.map(lambda one: tracker.upload(*one, "session-busy"), uploads))
    assert {answer.status_code for answer in answers} == {200, 201}
    with tracker.database.reading() as session:
        created = session.scalar(select(func.count(Trip.id)).where(Trip.session_id == "session-busy"))
    assert created == 1


# ---- trips -----------------------------------------------------------------------------------------------


def test_a_trip_lives_from_its_first_point_to_its_sum_on_every_database(
    database_url: str, weather_server: WeatherServer, run_volttracker: RunVoltTracker
):
    tracker = run_volttracker(database_url, weather_server.url)
    car = a_car("light-06")
    trip_id = tracker.drive(car)
    tracker.upload(car, car.drive(60, 10))
    closed = tracker.client.post(f"/trips/{trip_id}/finalize")
    seen = tracker.client.get(f"/trips/{trip_id}").json
    listed = tracker.client.get("/trips?vehicle_id=light-06&limit=5").json["trips"]
    assert closed.status_code == 200
    assert seen == closed.json == listed[0]
    assert seen["state"] == "finalized"
    assert seen["miles"] == pytest.approx(6.33, abs=0.02)
    assert seen["outside_celsius"] == pytest.approx(9.9, abs=0.1)
    (event,) = tracker.events("trip_finalize")
    assert event["technical_metrics"]["database"] in database_url
    assert event["technical_metrics"]["gps_miles"] == pytest.approx(6.33, abs=0.05)
    assert event["performance_breakdown"]["fetch_weather_ms"] > 0
    assert event["business_metrics"]["trip_kwh_used"] > 0


def test_a_trip_is_finalized_once(volttracker: VoltTracker):
    trip_id = volttracker.drive(a_car())
    first, second = (volttracker.client.post(f"/trips/{trip_id}/finalize") for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 409)
    assert second.json["error"]["code"] == "E422"
    _, event = volttracker.events("trip_finalize")
    assert event["handled_errors"][0]["code"] == "E422"


def test_a_trip_is_finalized_once_by_however_many_at_the_same_moment(
    database_url: str, run_volttracker: RunVoltTracker
):
    tracker = run_volttracker(database_url)
    path = f"/trips/{tracker.drive(a_car())}/finalize"
    with ThreadPoolExecutor(6) as owners:
        answers = list(owners.map(lambda _: tracker.client.application.test_client().post(path), range(6)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 5}


def test_a_trip_of_one_point_cannot_be_summed_up(volttracker: VoltTracker):
    car = a_car("recent-00")
    trip_id = volttracker.upload(car, car.drive(30, 1)).json["trip_id"]
    answer = volttracker.client.post(f"/trips/{trip_id}/finalize")
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "E423")
    (event,) = volttracker.events("trip_finalize")
    assert event["vehicle_context"]["account_age_days"] < 30
    assert event["error"]["fix"] == "upload the rest of the session first"
    assert event["error"]["retriable"] is True


def test_a_trip_that_used_more_than_the_battery_holds_is_refused(volttracker: VoltTracker):
    car, trip_id = a_car(), ""
    for _ in range(3):
        car.soc_percent = 99.0
        points = [*car.drive(60, 1), {**car.drive(60, 1)[0], "soc_percent": 1.0}]
        trip_id = volttracker.upload(car, points).json["trip_id"]
    assert volttracker.client.post(f"/trips/{trip_id}/finalize").json["error"]["code"] == "E424"


def test_what_is_not_there_is_not_found(volttracker: VoltTracker):
    assert volttracker.client.get("/trips/trip-0").json["error"]["code"] == "E421"
    assert volttracker.client.get("/vehicles/no-such-car").json["error"]["code"] == "E420"
    assert volttracker.client.get("/trips?vehicle_id=light-00&limit=0").json["error"]["code"] == "E003"
    assert volttracker.client.get("/nowhere").status_code == 404
