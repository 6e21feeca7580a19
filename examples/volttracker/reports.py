"""Reports that a driver pays for with credits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from examples.volttracker import battery
from examples.volttracker.models import Driver, Vehicle
from wide_events import StructuredError, current_event
from wide_events.exceptions import InsufficientCreditsException

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

PRICES = {"efficiency": 1, "battery_health": 3}


@dataclass(frozen=True)
class Report:
    """A report that was sold: its sort, what it cost, what the driver has left, and what it says."""

    kind: str
    price: int
    credits_left: int
    degradation_percent: float


def buy(session: Session, vehicle: Vehicle, kind: str) -> Report:
    """Take the credits and make the report.

    Raises `StructuredError` (E005 for a kind that is not sold, E426 for a battery never read) and
    `InsufficientCreditsException`.
    """
    price = PRICES.get(kind)
    if price is None:
        raise StructuredError("E005", field="kind", value=kind, allowed=list(PRICES))
    driver = session.get_one(Driver, vehicle.driver_id, with_for_update=True)
    current_event().add_user_context(report_credits=driver.report_credits)
    if driver.report_credits < price:
        raise InsufficientCreditsException(required=price, available=driver.report_credits)
    state = battery.health(session, vehicle)
    if kind == "battery_health" and not state.readings:
        raise StructuredError("E426", vehicle_id=vehicle.id)
    driver.report_credits -= price
    return Report(kind, price, driver.report_credits, state.degradation_percent)
