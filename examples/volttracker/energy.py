"""Where the energy comes from: the engine starting, the plug, and the pump, seen between two points."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy import select

from examples.volttracker.models import ChargingSession, Refuel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy.orm import Session

    from examples.volttracker.telemetry import Point

ENGINE_RUNS_RPM = 400.0
REFUEL_PERCENT = 5.0


def engine_runs(point: Point) -> bool:
    """Whether the car burns gasoline at this moment."""
    return point.engine_rpm >= ENGINE_RUNS_RPM


def gas_mode_entries(points: Iterable[Point]) -> int:
    """How often a drive changed from the battery to the engine."""
    return sum(engine_runs(later) and not engine_runs(earlier) for earlier, later in pairwise(points))


def refuels(points: Iterable[Point]) -> Iterator[tuple[Point, float]]:
    """The points after which the tank was fuller than before, each with the percent of the tank put in."""
    for earlier, later in pairwise(points):
        added = later.fuel_percent - earlier.fuel_percent
        if added >= REFUEL_PERCENT:
            yield later, round(added, 1)


def record_refuels(session: Session, vehicle_id: str, points: Iterable[Point]) -> float:
    """Store each refuel; returns the percent of the tank put in, 0 for none."""
    total = 0.0
    for point, added in refuels(points):
        session.add(Refuel(vehicle_id=vehicle_id, refuelled_at=point.recorded_at, percent_added=added))
        total += added
    return round(total, 1)


def record_charging(session: Session, vehicle_id: str, points: Iterable[Point]) -> int:
    """Open and close sessions at the plug as the points tell; returns how many were opened."""
    current = session.scalars(
        select(ChargingSession).where(
            ChargingSession.vehicle_id == vehicle_id, ChargingSession.ended_at.is_(None)
        )
    ).first()
    opened = 0
    for point in points:
        if point.charger_kw > 0 and current is None:
            current = _plug_in(session, vehicle_id, point)
            opened += 1
        elif point.charger_kw > 0 and current is not None:
            current.peak_kw = max(current.peak_kw, point.charger_kw)
        elif current is not None:
            current.ended_at = point.recorded_at
            current = None
    return opened


def _plug_in(session: Session, vehicle_id: str, point: Point) -> ChargingSession:
    opened = ChargingSession(
        vehicle_id=vehicle_id,
        started_at=point.recorded_at,
        start_soc_percent=point.soc_percent,
        peak_kw=point.charger_kw,
    )
    session.add(opened)
    return opened
