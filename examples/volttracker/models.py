"""The tables: who drives what, where it went, what its battery still holds."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, ClassVar

from sqlalchemy import DateTime, Dialect, ForeignKey, Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC that comes back with its zone, from SQLite too, which would forget it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Store UTC, whatever zone the value was in."""
        return value.astimezone(timezone.utc) if value is not None else None

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Give back a moment with a zone."""
        if value is None:
            return None
        return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)


class Base(DeclarativeBase):
    """Parent of all tables."""

    type_annotation_map: ClassVar[dict[type, TypeEngine[Any]]] = {datetime: UtcDateTime(), str: String(64)}


class Driver(Base):
    """A person with an account; `report_credits` pays for reports."""

    __tablename__ = "drivers"

    id: Mapped[str] = mapped_column(primary_key=True)
    registered_at: Mapped[datetime]
    report_credits: Mapped[int] = mapped_column(default=0)


class Vehicle(Base):
    """A plug-in hybrid; `rated_capacity_kwh` is what its battery held when new."""

    __tablename__ = "vehicles"

    id: Mapped[str] = mapped_column(primary_key=True)
    driver_id: Mapped[str] = mapped_column(ForeignKey("drivers.id"))
    model: Mapped[str]
    rated_capacity_kwh: Mapped[float]


class Trip(Base):
    """One drive. `state` is `active` until it is finalized; miles, kWh and gas miles are known only then."""

    __tablename__ = "trips"
    __table_args__ = (Index("trips_by_vehicle", "vehicle_id", "started_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    vehicle_id: Mapped[str] = mapped_column(ForeignKey("vehicles.id"))
    session_id: Mapped[str] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(default="active")
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    miles: Mapped[float] = mapped_column(default=0.0)
    gas_miles: Mapped[float] = mapped_column(default=0.0)
    kwh_used: Mapped[float] = mapped_column(default=0.0)
    outside_celsius: Mapped[float | None]


class TelemetryPoint(Base):
    """What the car said at one moment; percentages are 0 to 100, `charger_kw` is above 0 while plugged in."""

    __tablename__ = "telemetry_points"
    __table_args__ = (Index("points_by_vehicle", "vehicle_id", "recorded_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    vehicle_id: Mapped[str] = mapped_column(ForeignKey("vehicles.id"))
    trip_id: Mapped[str | None] = mapped_column(ForeignKey("trips.id"), index=True)
    session_id: Mapped[str]
    recorded_at: Mapped[datetime]
    latitude: Mapped[float]
    longitude: Mapped[float]
    speed_mph: Mapped[float]
    odometer_miles: Mapped[float]
    soc_percent: Mapped[float]
    fuel_percent: Mapped[float]
    engine_rpm: Mapped[float]
    charger_kw: Mapped[float]


class BatteryReading(Base):
    """How many kWh a full charge held at one moment; the series of them is the battery's ageing."""

    __tablename__ = "battery_readings"
    __table_args__ = (Index("readings_by_vehicle", "vehicle_id", "recorded_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    vehicle_id: Mapped[str] = mapped_column(ForeignKey("vehicles.id"))
    recorded_at: Mapped[datetime]
    capacity_kwh: Mapped[float]


class ChargingSession(Base):
    """One time at the plug; `ended_at` is empty while the car is still there."""

    __tablename__ = "charging_sessions"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    vehicle_id: Mapped[str] = mapped_column(ForeignKey("vehicles.id"), index=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    start_soc_percent: Mapped[float]
    peak_kw: Mapped[float]


class Refuel(Base):
    """Gasoline put in, as a share of the tank in percent."""

    __tablename__ = "refuels"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    vehicle_id: Mapped[str] = mapped_column(ForeignKey("vehicles.id"), index=True)
    refuelled_at: Mapped[datetime]
    percent_added: Mapped[float]
