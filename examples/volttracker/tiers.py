"""How much a vehicle is used, in one word, and how long its account has been alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

HEAVY_TRIPS = 100
MODERATE_TRIPS = 20


def usage_tier(total_trips: int) -> str:
    """`heavy` from 100 trips, `moderate` from 20, `light` from 1, `new` at none."""
    if total_trips >= HEAVY_TRIPS:
        return "heavy"
    if total_trips >= MODERATE_TRIPS:
        return "moderate"
    return "light" if total_trips > 0 else "new"


def account_age_days(first_trip_at: datetime | None, now: datetime) -> int:
    """Whole days since the first trip; 0 before there is one, because such an account is as new as can be."""
    if first_trip_at is None:
        return 0
    return max(0, (now - first_trip_at).days)
