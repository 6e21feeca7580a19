"""`/vehicles`: the state of a car, its range, and reports about it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from flask import Blueprint, g, request

from examples.volttracker import battery, ranges, reports
from examples.volttracker import trips as trip_book
from examples.volttracker import vehicles as garage
from examples.volttracker.services import services
from wide_events import StructuredError, log_business_event
from wide_events.integrations.flask import name_operation

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

vehicles = Blueprint("vehicles", __name__, url_prefix="/vehicles")


@vehicles.get("/<vehicle_id>")
@name_operation("vehicle_get")
def one(vehicle_id: str) -> ResponseReturnValue:
    """A vehicle with its lifetime and its battery."""
    with services().database.reading() as session:
        vehicle = garage.find(session, vehicle_id)
        life = garage.describe(session, vehicle)
        state = battery.health(session, vehicle)
    return {
        "id": vehicle.id,
        "model": vehicle.model,
        "usage_tier": life.usage_tier,
        "total_trips": life.total_trips,
        "total_miles": life.total_miles,
        "battery": asdict(state),
    }


@vehicles.get("/<vehicle_id>/range")
@name_operation("vehicle_range")
def remaining(vehicle_id: str) -> ResponseReturnValue:
    """Miles left at `?soc_percent=`; by prediction where the flag `predictive_range` is on."""
    soc_percent = request.args.get("soc_percent", 100.0, type=float)
    if not 0 <= soc_percent <= 100:
        raise StructuredError("E027", field="soc_percent", value=soc_percent)
    predictive = services().config.flags.predictive_range
    with services().database.reading() as session:
        vehicle = garage.find(session, vehicle_id)
        garage.describe(session, vehicle)
        capacity = battery.health(session, vehicle).capacity_kwh
        latest = trip_book.newest(session, vehicle.id, ranges.LATEST_TRIPS)
    g.wide_event.add_business_metric("range_predicted", predictive)
    if predictive:
        miles = ranges.predicted_miles(capacity, soc_percent, latest)
    else:
        miles = ranges.rated_miles(capacity, soc_percent)
    return {"vehicle_id": vehicle.id, "miles": miles, "predicted": predictive}


@vehicles.post("/<vehicle_id>/reports")
@name_operation("report_buy")
def buy_report(vehicle_id: str) -> ResponseReturnValue:
    """Make the report of `{"kind": …}`, for credits."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("kind"), str):
        raise StructuredError("E001", field="kind")
    with services().database.writing() as session:
        vehicle = garage.find(session, vehicle_id)
        garage.describe(session, vehicle)
        report = reports.buy(session, vehicle, body["kind"])
    log_business_event("report_sold", vehicle_id=vehicle_id, report=report.kind, credits_spent=report.price)
    return asdict(report), 201
