"""A vehicle's lifetime in numbers, and how it goes on the event of whatever request is about that vehicle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from examples.volttracker import battery
from examples.volttracker.models import Driver, Trip, Vehicle
from examples.volttracker.tiers import account_age_days, usage_tier
from wide_events import current_event
from wide_events.exceptions import NotFoundException

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Lifetime:
    """All trips of one vehicle taken together; `avg_kwh_per_mile` counts electric miles only."""

    total_trips: int
    total_miles: float
    gas_miles: float
    avg_kwh_per_mile: float | None
    first_trip_at: datetime | None

    @property
    def usage_tier(self) -> str:
        """`heavy`, `moderate`, `light` or `new`."""
        return usage_tier(self.total_trips)


def find(session: Session, vehicle_id: str, *, for_update: bool = False) -> Vehicle:
    """The vehicle, held against other writers if so wished; raises `NotFoundException` (E420)."""
    current_event().add_context(vehicle_id=vehicle_id)
    vehicle = session.get(Vehicle, vehicle_id, with_for_update=for_update)
    if vehicle is None:
        raise NotFoundException("vehicle", vehicle_id, code="E420")
    return vehicle


def lifetime(session: Session, vehicle_id: str) -> Lifetime:
    """Count and sum up in the database, in one statement."""
    trips, miles, gas_miles, kwh, first = session.execute(
        select(
            func.count(Trip.id),
            func.coalesce(func.sum(Trip.miles), 0.0),
            func.coalesce(func.sum(Trip.gas_miles), 0.0),
            func.coalesce(func.sum(Trip.kwh_used), 0.0),
            func.min(Trip.started_at),
        ).where(Trip.vehicle_id == vehicle_id)
    ).one()
    electric = miles - gas_miles
    average = round(kwh / electric, 4) if electric > 0 else None
    return Lifetime(trips, round(miles, 1), round(gas_miles, 1), average, first)


def describe(session: Session, vehicle: Vehicle) -> Lifetime:
    """Put who drives and what the vehicle has been through on the current event."""
    event = current_event()
    with event.timer("db_query"):
        life = lifetime(session, vehicle.id)
        state = battery.health(session, vehicle)
        driver = session.get_one(Driver, vehicle.driver_id)
    now = datetime.now(timezone.utc)
    event.add_user_context(user_id=driver.id, member_for_days=(now - driver.registered_at).days)
    event.add_vehicle_context(
        model=vehicle.model,
        total_trips=life.total_trips,
        total_miles=life.total_miles,
        gas_miles=life.gas_miles,
        account_age_days=account_age_days(life.first_trip_at, now),
        avg_kwh_per_mile=life.avg_kwh_per_mile,
        battery_capacity_kwh=state.capacity_kwh,
        battery_degradation_percent=state.degradation_percent,
        battery_readings=state.readings,
        battery_loss_per_year_percent=state.loss_per_year_percent,
        usage_tier=life.usage_tier,
    )
    return life
