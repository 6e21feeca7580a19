"""`POST /telemetry`: what the cars send."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from flask import Blueprint, g, request

from examples.volttracker import uploads
from examples.volttracker.services import services
from examples.volttracker.telemetry import parse_upload
from wide_events import StructuredError
from wide_events.integrations.flask import name_operation

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

telemetry = Blueprint("telemetry", __name__)


@telemetry.post("/telemetry")
@name_operation("telemetry_upload")
def upload() -> ResponseReturnValue:
    """Take in the points of one vehicle's session; 201 when a trip began with them."""
    with g.wide_event.timer("parse"):
        received = parse_upload(_json_body())
    with services().database.writing() as session:
        stored = uploads.store(session, received)
    return asdict(stored), 201 if stored.trip_created else 200


def _json_body() -> object:
    if not request.content_length:
        raise StructuredError("E006")
    return request.get_json(silent=True)
