"""How far the battery will take a car: by its rating, or, where the flag is on, by how it was driven lately.

The prediction has a bug on purpose, of the sort that passes every review: it divides by the miles of the
latest trips, and a new vehicle has none. The events tell which deployment brought it, and whom it hits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from examples.volttracker.models import Trip

RATED_KWH_PER_MILE = 0.34
LATEST_TRIPS = 5


def rated_miles(capacity_kwh: float, soc_percent: float) -> float:
    """Miles left at the consumption that the maker states."""
    return round(capacity_kwh * soc_percent / 100 / RATED_KWH_PER_MILE, 1)


def predicted_miles(capacity_kwh: float, soc_percent: float, latest: Sequence[Trip]) -> float:
    """Miles left at the consumption of the latest trips."""
    used = sum(trip.kwh_used for trip in latest)
    electric_miles = sum(trip.miles - trip.gas_miles for trip in latest)
    return round(capacity_kwh * soc_percent / 100 / (used / electric_miles), 1)
