"""wide_events through its public API, set up from the environment, with every protection at its default."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from flask import Flask, g

from tests.bench import workload
from tests.bench.contenders.base import Contender
from wide_events import WideEvent
from wide_events.integrations import flask as extension

if TYPE_CHECKING:
    from typing import Any


class WideEvents(Contender):
    """Ids, redaction of keys and values, the size limit, weights and counters: all on."""

    library = "wide_events"

    def __init__(self, sink: str, rate: float) -> None:
        super().__init__(sink, rate)
        os.environ |= {
            "SERVICE_NAME": workload.SERVICE["service_name"],
            "APP_VERSION": workload.SERVICE["service_version"],
            "ENVIRONMENT": workload.SERVICE["service_env"],
            "REGION": workload.SERVICE["service_region"],
            "INSTANCE_ID": workload.SERVICE["service_instance"],
            "DEPLOYMENT_ID": workload.SERVICE["deployment_id"],
            "LOG_SAMPLE_DEFAULT": str(rate),
            "LOG_FILE": sink,
        }

    def one(self) -> None:
        """One event of its own, in the default pipeline."""
        self.in_flight().add_context(http_status=200, http_response_bytes=201).emit()

    def in_flight(self) -> WideEvent:
        """The event before its end."""
        environ = workload.ENVIRON
        event = WideEvent("create_booking")
        event.add_context(
            http_method=environ["REQUEST_METHOD"],
            http_path=environ["PATH_INFO"],
            http_route=workload.ROUTE,
            http_host=environ["HTTP_HOST"],
            http_scheme=environ["wsgi.url_scheme"],
            http_user_agent=environ["HTTP_USER_AGENT"],
            http_client_ip=environ["REMOTE_ADDR"],
            http_request_bytes=int(environ["CONTENT_LENGTH"]),
        )
        add_work(event)
        return event

    def app(self) -> Flask:
        """The extension, and the view of the README."""
        app = Flask("bench")
        extension.WideEvents(app)

        @app.post(workload.ROUTE)
        def view(vehicle_id: int) -> bytes:
            add_work(g.wide_event)
            return workload.BODY

        return app


def add_work(event: Any) -> None:
    """The application's eight steps, in the library's verbs."""
    event.add_user_context(
        user_id=workload.MARK, user_tier="premium", user_org_id="org_4417", user_locale="de-DE"
    )
    event.add_vehicle_context(
        vehicle_id="veh_88213",
        vehicle_model="ID.3 Pro S 2025",
        vehicle_firmware="fw-5.12.0-rc2",
        vehicle_battery_pct=78.5,
    )
    event.add_feature_flags(new_checkout=True, dynamic_pricing=False, map_variant="variant_b")
    with event.timer("db"):
        pass
    event.add_context(db_query_count=4)
    with event.timer("cache"):
        pass
    event.add_context(cache_hit=True)
    event.add_context(trip_id="trip_01JCX7R0M2V5", trip_distance_km=12.875, trip_zone="berlin-mitte")
    with event.timer("payment"):
        pass
    event.add_context(price_cents=4275, currency="EUR", payment_provider="stripe")
    with event.timer("render"):
        pass
    event.add_context(retry_count=0)
