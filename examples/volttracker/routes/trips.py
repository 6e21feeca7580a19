"""`/trips`: looking at trips, and closing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, g, request

from examples.volttracker import finalization
from examples.volttracker import trips as trip_book
from examples.volttracker import vehicles as garage
from examples.volttracker.services import services
from wide_events import StructuredError
from wide_events.integrations.flask import name_operation

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

trips = Blueprint("trips", __name__, url_prefix="/trips")

MOST_LISTED = 100


@trips.get("")
@name_operation("trips_list")
def listing() -> ResponseReturnValue:
    """The latest trips of `?vehicle_id=`, at most `?limit=` of them."""
    limit = request.args.get("limit", 20, type=int)
    if not 1 <= limit <= MOST_LISTED:
        raise StructuredError("E003", field="limit", value=limit, low=1, high=MOST_LISTED)
    with services().database.reading() as session:
        vehicle = garage.find(session, request.args.get("vehicle_id", ""))
        garage.describe(session, vehicle)
        with g.wide_event.timer("db_query"):
            found = trip_book.newest(session, vehicle.id, limit)
    g.wide_event.add_technical_metric("rows_read", len(found))
    return {"trips": [trip_book.as_json(trip) for trip in found]}


@trips.get("/<trip_id>")
@name_operation("trips_get")
def one(trip_id: str) -> ResponseReturnValue:
    """One trip."""
    g.wide_event.add_context(trip_id=trip_id)
    with services().database.reading() as session:
        trip = trip_book.find(session, trip_id)
        garage.describe(session, garage.find(session, trip.vehicle_id))
    return trip_book.as_json(trip)


@trips.post("/<trip_id>/finalize")
@name_operation("trip_finalize")
def finalize(trip_id: str) -> ResponseReturnValue:
    """Close a trip: sum it up, and note the weather at its end where that can be had."""
    g.wide_event.add_context(trip_id=trip_id)
    return finalization.finalize(services(), trip_id)
