"""A trip's life: opened by the first moving point of a session, finalized once, summed up from its points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import pairwise
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import func, select

from examples.volttracker.energy import ENGINE_RUNS_RPM
from examples.volttracker.models import TelemetryPoint, Trip, Vehicle
from wide_events import StructuredError
from wide_events.exceptions import ConflictException, NotFoundException

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from examples.volttracker.telemetry import Point, Upload

MOVING_MPH = 1.0
_EARTH_RADIUS_MILES = 3958.8
_FEWEST_POINTS = 2


@dataclass(frozen=True)
class Summary:
    """What the points of one trip amount to; `gps_miles` is the way over the ground, point to point."""

    points: int
    miles: float
    gas_miles: float
    kwh_used: float
    gps_miles: float
    minutes: float

    @property
    def kwh_per_electric_mile(self) -> float | None:
        """Efficiency of the electric part, `None` without one."""
        electric = self.miles - self.gas_miles
        return round(self.kwh_used / electric, 4) if electric > 0 else None


def find(session: Session, trip_id: str) -> Trip:
    """The trip; raises `NotFoundException` (E421)."""
    trip = session.get(Trip, trip_id)
    if trip is None:
        raise NotFoundException("trip", trip_id, code="E421")
    return trip


def newest(session: Session, vehicle_id: str, limit: int) -> Sequence[Trip]:
    """The latest trips of a vehicle, newest first."""
    of_vehicle = select(Trip).where(Trip.vehicle_id == vehicle_id)
    return session.scalars(of_vehicle.order_by(Trip.started_at.desc()).limit(limit)).all()


def of_upload(session: Session, upload: Upload) -> tuple[Trip | None, bool]:
    """The trip that these points belong to, and whether it began with them; a parked car is on no trip.

    Raises `StructuredError` (E425) when the session has been another vehicle's.
    """
    of_session = select(Trip).where(Trip.session_id == upload.session_id).order_by(Trip.started_at.desc())
    latest = session.scalars(of_session.limit(1)).first()
    if latest is not None and latest.vehicle_id != upload.vehicle_id:
        raise StructuredError("E425", why="two loggers use one session id", owner=latest.vehicle_id)
    if latest is not None and latest.state == "active":
        return latest, False
    departure = next((point for point in upload.points if point.speed_mph >= MOVING_MPH), None)
    if departure is None:
        return None, False
    return _open(session, upload, departure), True


def _open(session: Session, upload: Upload, departure: Point) -> Trip:
    trip = Trip(
        id=f"trip-{uuid4().hex[:16]}",
        vehicle_id=upload.vehicle_id,
        session_id=upload.session_id,
        state="active",
        started_at=departure.recorded_at,
    )
    session.add(trip)
    session.flush()
    return trip


def points_of(session: Session, trip: Trip) -> Sequence[TelemetryPoint]:
    """The points of a trip, oldest first."""
    of_trip = select(TelemetryPoint).where(TelemetryPoint.trip_id == trip.id)
    return session.scalars(of_trip.order_by(TelemetryPoint.recorded_at)).all()


def count_of_points(session: Session, trip: Trip) -> int:
    """How many points have been stored for a trip so far."""
    of_trip = select(func.count(TelemetryPoint.id)).where(TelemetryPoint.trip_id == trip.id)
    return session.scalars(of_trip).one()


def check_open(trip: Trip) -> None:
    """Raise `ConflictException` (E422) for a trip that is finalized already."""
    if trip.state != "active":
        raise ConflictException("trip is finalized already", {"trip_id": trip.id}, code="E422")


def finalize(
    trip: Trip, vehicle: Vehicle, points: Sequence[TelemetryPoint], celsius: float | None
) -> Summary:
    """Close a trip with what its points amount to.

    Raises `StructuredError`: E423 with fewer than two points, E424 when no battery could give that much.
    """
    if len(points) < _FEWEST_POINTS:
        raise StructuredError("E423", fix="upload the rest of the session first", points=len(points))
    summary = summarize(points, vehicle.rated_capacity_kwh)
    if summary.kwh_used > 2 * vehicle.rated_capacity_kwh:
        raise StructuredError("E424", kwh_used=summary.kwh_used, rated_kwh=vehicle.rated_capacity_kwh)
    trip.state = "finalized"
    trip.ended_at = points[-1].recorded_at
    trip.miles, trip.gas_miles, trip.kwh_used = summary.miles, summary.gas_miles, summary.kwh_used
    trip.outside_celsius = celsius
    return summary


def summarize(points: Sequence[TelemetryPoint], capacity_kwh: float) -> Summary:
    """Add up the stretches between the points; a stretch is a gas one when the engine ran at its end."""
    stretches = list(pairwise(points))
    gas_miles = math.fsum(
        b.odometer_miles - a.odometer_miles for a, b in stretches if b.engine_rpm >= ENGINE_RUNS_RPM
    )
    soc_used = sum(max(0.0, a.soc_percent - b.soc_percent) for a, b in stretches)
    seconds = (points[-1].recorded_at - points[0].recorded_at).total_seconds()
    return Summary(
        points=len(points),
        miles=round(points[-1].odometer_miles - points[0].odometer_miles, 2),
        gas_miles=round(gas_miles, 2),
        kwh_used=round(soc_used / 100 * capacity_kwh, 3),
        gps_miles=round(sum(ground_miles(a, b) for a, b in stretches), 2),
        minutes=round(seconds / 60, 1),
    )


def ground_miles(a: TelemetryPoint, b: TelemetryPoint) -> float:
    """Great-circle distance between two points, by the haversine formula."""
    north_a, north_b = math.radians(a.latitude), math.radians(b.latitude)
    half_north = math.sin((north_b - north_a) / 2) ** 2
    half_east = math.sin(math.radians(b.longitude - a.longitude) / 2) ** 2
    half_chord = half_north + math.cos(north_a) * math.cos(north_b) * half_east
    return 2 * _EARTH_RADIUS_MILES * math.asin(math.sqrt(half_chord))


def as_json(trip: Trip) -> dict[str, object]:
    """What clients get to see of a trip."""
    return {
        "id": trip.id,
        "vehicle_id": trip.vehicle_id,
        "state": trip.state,
        "started_at": _moment(trip.started_at),
        "ended_at": _moment(trip.ended_at),
        "miles": trip.miles,
        "gas_miles": trip.gas_miles,
        "kwh_used": trip.kwh_used,
        "outside_celsius": trip.outside_celsius,
    }


def _moment(value: datetime | None) -> str | None:
    return value.astimezone(timezone.utc).isoformat() if value is not None else None
