"""Storing an upload: its trip, its points, and what they reveal about gas, plug, pump and battery."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from examples.volttracker import battery, energy, trips, vehicles
from examples.volttracker.models import TelemetryPoint, Trip
from examples.volttracker.telemetry import Point, Upload
from wide_events import current_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Stored:
    """What became of an upload."""

    trip_id: str | None
    trip_created: bool
    points: int


def store(session: Session, upload: Upload) -> Stored:
    """Store one upload, and tell the current event all that it meant."""
    event = current_event()
    vehicle = vehicles.find(session, upload.vehicle_id, for_update=True)
    vehicles.describe(session, vehicle)
    with event.timer("db_query"):
        trip, created = trips.of_upload(session, upload)
        previous = _latest_point(session, upload.vehicle_id)
    with event.timer("db_insert"):
        rows = _insert(session, upload, trip)
    stretch = [*([previous] if previous else []), *upload.points]
    _find_out_about_energy(session, upload, stretch)
    for point in upload.points:
        if point.capacity_kwh is not None:
            battery.note_capacity(session, vehicle, point.recorded_at, point.capacity_kwh)
    _describe_trip(session, trip, created=created)
    _describe_load(upload, rows)
    return Stored(trip.id if trip else None, created, rows)


def _latest_point(session: Session, vehicle_id: str) -> Point | None:
    row = session.scalars(
        select(TelemetryPoint)
        .where(TelemetryPoint.vehicle_id == vehicle_id)
        .order_by(TelemetryPoint.recorded_at.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    return Point(
        recorded_at=row.recorded_at,
        latitude=row.latitude,
        longitude=row.longitude,
        speed_mph=row.speed_mph,
        odometer_miles=row.odometer_miles,
        soc_percent=row.soc_percent,
        fuel_percent=row.fuel_percent,
        engine_rpm=row.engine_rpm,
        charger_kw=row.charger_kw,
    )


def _insert(session: Session, upload: Upload, trip: Trip | None) -> int:
    for point in upload.points:
        values = {name: value for name, value in asdict(point).items() if name != "capacity_kwh"}
        session.add(
            TelemetryPoint(
                vehicle_id=upload.vehicle_id,
                session_id=upload.session_id,
                trip_id=trip.id if trip else None,
                **values,
            )
        )
    session.flush()
    return len(upload.points)


def _find_out_about_energy(session: Session, upload: Upload, stretch: Sequence[Point]) -> None:
    event = current_event()
    entries = energy.gas_mode_entries(stretch)
    refuelled = energy.record_refuels(session, upload.vehicle_id, stretch)
    with event.timer("db_query"):
        plugged_in = energy.record_charging(session, upload.vehicle_id, upload.points)
    event.add_business_metric("gas_mode_entered", entries > 0)
    event.add_business_metric("gas_mode_entries", entries)
    event.add_business_metric("refuel_detected", refuelled > 0)
    event.add_business_metric("fuel_percent_added", refuelled)
    event.add_business_metric("charging_session_started", plugged_in > 0)


def _describe_trip(session: Session, trip: Trip | None, *, created: bool) -> None:
    event = current_event()
    event.add_business_metric("trip_created", created)
    event.add_business_metric("on_trip", trip is not None)
    if trip is not None:
        event.add_context(trip_id=trip.id)
        with event.timer("db_query"):
            event.add_business_metric("trip_points", trips.count_of_points(session, trip))


def _describe_load(upload: Upload, rows: int) -> None:
    event = current_event()
    first, last = upload.points[0], upload.points[-1]
    event.add_business_metric("soc_percent", last.soc_percent)
    event.add_business_metric("miles_uploaded", round(last.odometer_miles - first.odometer_miles, 2))
    event.add_technical_metric("points_received", len(upload.points))
    event.add_technical_metric("rows_written", rows)
    span = last.recorded_at - first.recorded_at
    event.add_technical_metric("span_seconds", round(span.total_seconds(), 1))
