"""The battery's health: what it still holds, what it has lost, and how fast it is losing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from examples.volttracker.models import BatteryReading, Vehicle

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

_DAYS_PER_YEAR = 365.25
_READINGS = 60


@dataclass(frozen=True)
class BatteryHealth:
    """`loss_per_year_percent` is the slope of the readings, `None` with fewer than two days of them."""

    capacity_kwh: float
    degradation_percent: float
    readings: int
    loss_per_year_percent: float | None


def health(session: Session, vehicle: Vehicle) -> BatteryHealth:
    """The state after the newest readings; a battery never read counts as new."""
    readings = session.execute(
        select(BatteryReading.recorded_at, BatteryReading.capacity_kwh)
        .where(BatteryReading.vehicle_id == vehicle.id)
        .order_by(BatteryReading.recorded_at.desc())
        .limit(_READINGS)
    ).all()
    series = [(moment, capacity) for moment, capacity in reversed(readings)]
    capacity = series[-1][1] if series else vehicle.rated_capacity_kwh
    return BatteryHealth(
        capacity_kwh=round(capacity, 2),
        degradation_percent=degradation_percent(capacity, vehicle.rated_capacity_kwh),
        readings=len(series),
        loss_per_year_percent=yearly_loss_percent(series, vehicle.rated_capacity_kwh),
    )


def degradation_percent(capacity_kwh: float, rated_capacity_kwh: float) -> float:
    """How much of the rated capacity is gone; never below 0, although a reading may lie above the rating."""
    return round(max(0.0, 100.0 * (1.0 - capacity_kwh / rated_capacity_kwh)), 2)


def yearly_loss_percent(series: Sequence[tuple[datetime, float]], rated_capacity_kwh: float) -> float | None:
    """Slope of the least-squares line through the readings, as percent of the rating lost in a year."""
    if len(series) < 2 or (series[-1][0] - series[0][0]).days < 2:
        return None
    days = [(moment - series[0][0]).total_seconds() / 86_400 for moment, _ in series]
    mean_day = sum(days) / len(days)
    mean_kwh = sum(kwh for _, kwh in series) / len(series)
    covariance = sum((day - mean_day) * (kwh - mean_kwh) for day, (_, kwh) in zip(days, series, strict=True))
    kwh_per_day = covariance / sum((day - mean_day) ** 2 for day in days)
    return round(-100.0 * kwh_per_day * _DAYS_PER_YEAR / rated_capacity_kwh, 2)


def note_capacity(session: Session, vehicle: Vehicle, recorded_at: datetime, capacity_kwh: float) -> None:
    """Add one reading to the series."""
    session.add(BatteryReading(vehicle_id=vehicle.id, recorded_at=recorded_at, capacity_kwh=capacity_kwh))
