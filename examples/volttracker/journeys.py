"""What people do with their cars, a few requests that belong together: good days, bad days, bad loggers."""

from __future__ import annotations

import random
from collections.abc import Callable

from examples.volttracker.cars import Car
from examples.volttracker.client import Answer, Client

Journey = Callable[[Client, Car, random.Random], None]

SLOW_STATION, FAILING_STATION, BUSY_STATION, SILENT_STATION, SLUGGISH_STATION = 47, 48, 49, 50, 51


def commute(client: Client, car: Car, chance: random.Random) -> None:
    """A drive of a few uploads, finalized at its end."""
    session_id = new_session(car, chance)
    trip_id = _drive(client, car, chance, session_id, uploads=chance.randint(2, 5))
    client.post(f"/trips/{trip_id}/finalize")
    client.get(f"/trips/{trip_id}")


def in_weather_of(degree: int) -> Journey:
    """A commute that ends where the station of this degree of latitude tells the weather."""

    def weather_trouble(client: Client, car: Car, chance: random.Random) -> None:
        home = car.latitude
        car.latitude = degree + 0.4
        commute(client, car, chance)
        car.latitude = home

    return weather_trouble


def long_haul(client: Client, car: Car, chance: random.Random) -> None:
    """A drive beyond what the battery holds, and to the pump."""
    session_id = new_session(car, chance)
    car.soc_percent = 19.0
    trip_id = _drive(client, car, chance, session_id, uploads=3)
    _upload(client, car, session_id, car.refuel())
    client.post(f"/trips/{trip_id}/finalize")


def night_at_the_plug(client: Client, car: Car, chance: random.Random) -> None:
    """Charging, and reading the battery when it is full."""
    session_id = new_session(car, chance)
    _upload(client, car, session_id, car.charge(chance.choice((3.3, 6.6)), steps=6))
    _upload(client, car, session_id, car.read_battery(round(chance.uniform(14.5, 18.0), 2)))


def look_around(client: Client, car: Car, chance: random.Random) -> None:
    """The owner looks at the app."""
    client.get(f"/vehicles/{car.vehicle_id}")
    client.get(f"/trips?vehicle_id={car.vehicle_id}&limit={chance.randint(5, 20)}")
    client.get(f"/vehicles/{car.vehicle_id}/range?soc_percent={car.soc_percent}")


def buy_reports(client: Client, car: Car, chance: random.Random) -> None:
    """Reports until the credits are used up, or one too many."""
    for kind in ("efficiency", "battery_health", chance.choice(("efficiency", "resale_value"))):
        client.post(f"/vehicles/{car.vehicle_id}/reports", {"kind": kind})


def broken_logger(client: Client, car: Car, chance: random.Random) -> None:
    """A session whose uploads go wrong in several ways, and whose trip is finalized twice."""
    session_id = new_session(car, chance)
    client.tally.broken_sessions.append(session_id)
    trip_id = _drive(client, car, chance, session_id, uploads=1)
    backwards = car.drive(30, 3)
    backwards[-1]["odometer_miles"] -= 50
    _upload(client, car, session_id, backwards)
    _upload(client, car, session_id, [{**point, "speed_mph": 900} for point in car.drive(30, 2)])
    _upload(client, car, session_id, [{"recorded_at": "yesterday"}])
    client.post(f"/trips/{trip_id}/finalize")
    client.post(f"/trips/{trip_id}/finalize")


def parked_too_soon(client: Client, car: Car, chance: random.Random) -> None:
    """A trip of a single point, which cannot be summed up."""
    session_id = new_session(car, chance)
    client.tally.broken_sessions.append(session_id)
    answer = _upload(client, car, session_id, car.drive(20, 1))
    client.post(f"/trips/{answer.body['trip_id']}/finalize")


def lost(client: Client, car: Car, chance: random.Random) -> None:
    """Asking for what is not there, and paths that lead nowhere."""
    client.get(f"/trips/trip-{chance.randrange(16**8):08x}")
    points = car.drive(30, 2)
    stranger = {"vehicle_id": "nobodys-car", "session_id": new_session(car, chance), "points": points}
    client.post("/telemetry", stranger)
    client.get("/favicon.json")


def watchdog(client: Client, _car: Car, _chance: random.Random) -> None:
    """What the load balancer and the dashboards ask."""
    client.get("/health")
    client.get("/deployment")


def new_session(car: Car, chance: random.Random) -> str:
    """An id for one drive."""
    return f"session-{car.vehicle_id}-{chance.randrange(16**10):010x}"


def _drive(client: Client, car: Car, chance: random.Random, session_id: str, *, uploads: int) -> str:
    """Send a drive in pieces; returns the id of its trip."""
    trip_id = ""
    for _ in range(uploads):
        answer = _upload(client, car, session_id, car.drive(chance.uniform(20, 65), 5))
        trip_id = str(answer.body.get("trip_id"))
    return trip_id


def _upload(client: Client, car: Car, session_id: str, points: list[dict[str, object]]) -> Answer:
    body = {"vehicle_id": car.vehicle_id, "session_id": session_id, "points": points}
    return client.post("/telemetry", body)
