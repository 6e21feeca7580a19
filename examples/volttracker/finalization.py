"""Closing a trip: look it up, ask for the weather without holding a transaction, then write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from examples.volttracker import trips, vehicles, weather
from wide_events import StructuredError, current_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from examples.volttracker.models import TelemetryPoint, Trip
    from examples.volttracker.services import Services


def finalize(services: Services, trip_id: str) -> dict[str, object]:
    """Close one trip and return what clients see of it.

    A trip without weather is still a trip: the event is then marked partial. Raises what `trips.find`,
    `trips.check_open` and `trips.finalize` raise.
    """
    event = current_event()
    with services.database.reading() as session:
        trip = trips.find(session, trip_id)
        event.add_context(session_id=trip.session_id)
        vehicles.describe(session, vehicles.find(session, trip.vehicle_id))
        trips.check_open(trip)
        with event.timer("db_query"):
            points = trips.points_of(session, trip)
    celsius = _weather(services, trip, points)
    with services.database.writing() as session:
        vehicle = vehicles.find(session, trip.vehicle_id, for_update=True)
        trip = trips.find(session, trip_id)
        trips.check_open(trip)
        with event.timer("db_query"):
            points = trips.points_of(session, trip)
        with event.timer("db_insert"):
            summary = trips.finalize(trip, vehicle, points, celsius)
            session.flush()
    _describe(summary, celsius, enhanced=services.config.flags.enhanced_route_detection)
    return trips.as_json(trip)


def _weather(services: Services, trip: Trip, points: Sequence[TelemetryPoint]) -> float | None:
    config, event = services.config, current_event()
    if not (config.flags.weather_integration and config.weather_url and points):
        return None
    last = points[-1]
    try:
        with event.timer("fetch_weather"):
            return weather.current_celsius(
                config, last.latitude, last.longitude, trip_id=trip.id, session_id=trip.session_id
            )
    except StructuredError as error:
        event.mark_partial("no weather").add_technical_metric("weather_error_code", error.code)
        return None


def _describe(summary: trips.Summary, celsius: float | None, *, enhanced: bool) -> None:
    event = current_event()
    event.add_business_metric("trip_finalized", value=True)
    event.add_business_metric("trip_miles", summary.miles)
    event.add_business_metric("trip_gas_miles", summary.gas_miles)
    event.add_business_metric("trip_kwh_used", summary.kwh_used)
    event.add_business_metric("trip_minutes", summary.minutes)
    event.add_business_metric("trip_kwh_per_mile", summary.kwh_per_electric_mile)
    event.add_business_metric("outside_celsius", celsius)
    event.add_technical_metric("points_read", summary.points)
    event.add_technical_metric("weather_available", celsius is not None)
    if enhanced:
        event.add_technical_metric("gps_miles", summary.gps_miles)
