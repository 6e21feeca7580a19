"""A past for the database: cars of every tier, their trips and ageing batteries, the same every time."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from sqlalchemy import select

from examples.volttracker.config import Config
from examples.volttracker.database import Database
from examples.volttracker.models import Base, BatteryReading, Driver, Trip, Vehicle

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Cohort:
    """So many vehicles with `trips` each (from, to), the first of them `days` ago (from, to)."""

    name: str
    vehicles: int
    trips: tuple[int, int]
    days: tuple[int, int]
    credits: int


COHORTS = (
    Cohort("heavy", 5, (100, 180), (400, 900), 50),
    Cohort("moderate", 10, (20, 99), (150, 500), 4),
    Cohort("light", 14, (1, 19), (35, 200), 2),
    Cohort("recent", 8, (1, 6), (3, 25), 1),
    Cohort("new", 8, (0, 0), (0, 1), 0),
)
_MODELS = (("Volt 2013", 16.5), ("Volt 2017", 18.4), ("Ampera", 16.0))
_READING_EVERY_DAYS = 45


def seed(database: Database, *, now: datetime | None = None, number: int = 7) -> list[str]:
    """Fill an empty database, and return the ids of its vehicles; one that has vehicles stays as it is."""
    with database.writing() as session:
        known = list(session.scalars(select(Vehicle.id).order_by(Vehicle.id)))
        if known:
            return known
        chance = random.Random(number)
        moment = now or datetime.now(timezone.utc)
        for cohort in COHORTS:
            for index in range(cohort.vehicles):
                for rows in _vehicle(chance, cohort, index, moment):
                    session.add_all(rows)
                    session.flush()
    return vehicle_ids()


def vehicle_ids() -> list[str]:
    """The ids of all vehicles that `seed` makes, cohort by cohort."""
    return [f"{cohort.name}-{index:02}" for cohort in COHORTS for index in range(cohort.vehicles)]


def _vehicle(chance: random.Random, cohort: Cohort, index: int, now: datetime) -> Iterator[list[Base]]:
    """The rows of one vehicle in the order in which they refer to each other."""
    vehicle_id = f"{cohort.name}-{index:02}"
    model, rated = chance.choice(_MODELS)
    since = now - timedelta(days=chance.randint(*cohort.days))
    driver_id = f"driver-{vehicle_id}"
    yield [Driver(id=driver_id, registered_at=since, report_credits=cohort.credits)]
    yield [Vehicle(id=vehicle_id, driver_id=driver_id, model=model, rated_capacity_kwh=rated)]
    trips = chance.randint(*cohort.trips)
    yield [_trip(chance, vehicle_id, number, since, now) for number in range(trips)]
    yield list(_readings(chance, vehicle_id, rated, since, now))


def _trip(chance: random.Random, vehicle_id: str, number: int, since: datetime, now: datetime) -> Trip:
    age = (now - since) if number == 0 else (now - since) * chance.random()
    started = now - age
    miles = round(chance.uniform(3, 60), 2)
    gas_miles = round(max(0.0, miles - chance.uniform(25, 45)), 2)
    return Trip(
        id=f"trip-{vehicle_id}-{number:04}",
        vehicle_id=vehicle_id,
        session_id=f"past-{vehicle_id}-{number:04}",
        state="finalized",
        started_at=started,
        ended_at=started + timedelta(minutes=miles * 1.8),
        miles=miles,
        gas_miles=gas_miles,
        kwh_used=round((miles - gas_miles) * chance.uniform(0.25, 0.38), 3),
        outside_celsius=round(chance.uniform(-5, 30), 1),
    )


def _readings(
    chance: random.Random, vehicle_id: str, rated: float, since: datetime, now: datetime
) -> Iterator[BatteryReading]:
    loss_per_year = chance.uniform(0.01, 0.04)
    for day in range(0, (now - since).days + 1, _READING_EVERY_DAYS):
        kept = 1 - loss_per_year * day / 365 + chance.uniform(-0.002, 0.002)
        moment = since + timedelta(days=day)
        yield BatteryReading(vehicle_id=vehicle_id, recorded_at=moment, capacity_kwh=round(rated * kept, 2))


def main() -> None:
    """Fill the database of the environment, `DATABASE_URL`."""
    url = Config.from_environ().database_url
    database = Database(url)
    database.create_tables()
    print(f"{len(seed(database))} vehicles in {url.rpartition('@')[2]}")
    database.close()


if __name__ == "__main__":
    main()
