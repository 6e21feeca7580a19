"""The one workload that every contender runs: the wide event of one booking request, some 50 fields, 1.5 kB.

It is built in twelve steps, as an application would: ids, request, eight steps of work with four timers that
really measure, and the end. Peers take each step as a mapping, through whatever of theirs takes mappings.
"""

from __future__ import annotations

import io
from random import getrandbits, random
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Add = Callable[[dict[str, Any]], object]

ROUTE = "/api/v2/vehicles/<int:vehicle_id>/bookings"
MARK = "usr_01H8ZQ4T7M"
"""A value that is on every line, whatever the contender calls its fields."""

SERVICE = {
    "service_name": "booking-api",
    "service_version": "2026.11.3+g4f1c9ab",
    "service_env": "production",
    "service_region": "eu-central-1",
    "service_instance": "booking-api-7c9d8f6b5-x2k4q",
    "deployment_id": "dep_01JCX7Q3M9T5Y8ZK2V4N6B0H1R",
}

BODY = (
    b'{"booking_id":"bk_01JCX7R0M2","status":"confirmed","price_cents":4275,'
    b'"currency":"EUR","vehicle":{"id":"veh_88213","model":"ID.3"},'
    b'"links":{"self":"/api/v2/vehicles/88213/bookings/01JCX7R0M2"}}'
)

ENVIRON: dict[str, Any] = {
    "REQUEST_METHOD": "POST",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/api/v2/vehicles/88213/bookings",
    "QUERY_STRING": "expand=vehicle&dry_run=0",
    "SERVER_NAME": "api.example.com",
    "SERVER_PORT": "443",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "HTTP_HOST": "api.example.com",
    "HTTP_USER_AGENT": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) "
    "AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 BookingApp/8.4.1",
    "HTTP_ACCEPT": "application/json",
    "CONTENT_TYPE": "application/json",
    "CONTENT_LENGTH": "18",
    "REMOTE_ADDR": "203.0.113.57",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "https",
    "wsgi.errors": io.StringIO(),
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}


def fresh_environ() -> dict[str, Any]:
    """Give the environ of one request."""
    environ = ENVIRON.copy()
    environ["wsgi.input"] = io.BytesIO(b'{"vehicle":"88213"}')
    return environ


def add_request_id(add: Add) -> None:
    """The one id, where the contender makes trace and span ids itself."""
    add({"request_id": f"req_{getrandbits(128):032x}"})


def add_ids(add: Add) -> None:
    """All three ids, where the contender makes none."""
    add(
        {
            "request_id": f"req_{getrandbits(128):032x}",
            "trace_id": f"{getrandbits(128):032x}",
            "span_id": f"{getrandbits(64):016x}",
        }
    )


def add_request(add: Add, environ: dict[str, Any]) -> None:
    """What is known when the request arrives."""
    add(
        {
            "http_method": environ["REQUEST_METHOD"],
            "http_path": environ["PATH_INFO"],
            "http_route": ROUTE,
            "http_host": environ["HTTP_HOST"],
            "http_scheme": environ["wsgi.url_scheme"],
            "http_user_agent": environ["HTTP_USER_AGENT"],
            "http_client_ip": environ["REMOTE_ADDR"],
            "http_request_bytes": int(environ["CONTENT_LENGTH"]),
        }
    )


def add_work(add: Add) -> None:
    """What the application adds while it runs, in eight steps with four timers."""
    add({"user_id": MARK, "user_tier": "premium", "user_org_id": "org_4417", "user_locale": "de-DE"})
    add(
        {
            "vehicle_id": "veh_88213",
            "vehicle_model": "ID.3 Pro S 2025",
            "vehicle_firmware": "fw-5.12.0-rc2",
            "vehicle_battery_pct": 78.5,
        }
    )
    add({"ff_new_checkout": True, "ff_dynamic_pricing": False, "ff_map_variant": "variant_b"})
    begun = perf_counter_ns()
    add({"db_ms": (perf_counter_ns() - begun) / 1e6, "db_query_count": 4})
    begun = perf_counter_ns()
    add({"cache_ms": (perf_counter_ns() - begun) / 1e6, "cache_hit": True})
    add({"trip_id": "trip_01JCX7R0M2V5", "trip_distance_km": 12.875, "trip_zone": "berlin-mitte"})
    begun = perf_counter_ns()
    add(
        {
            "payment_ms": (perf_counter_ns() - begun) / 1e6,
            "price_cents": 4275,
            "currency": "EUR",
            "payment_provider": "stripe",
        }
    )
    begun = perf_counter_ns()
    add({"render_ms": (perf_counter_ns() - begun) / 1e6, "retry_count": 0})


def add_end(add: Add, status: int, size: int | None, duration_ms: float) -> None:
    """What is known when the response is made."""
    add(
        {
            "http_status": status,
            "http_response_bytes": size,
            "outcome": "success" if status < 500 else "error",
            "duration_ms": duration_ms,
            "sample_rate": 1,
            "sample_reason": "random",
        }
    )


def keep(status: int, duration_ms: float, rate: float) -> bool:
    """The tail decision, where the contender has none of its own."""
    return status >= 500 or duration_ms > 1000.0 or random() < rate
