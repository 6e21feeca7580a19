"""Sample events as text for people, to the letter."""

from __future__ import annotations

import re
from typing import Any

import pytest

from wide_events.formatting import human, text
from wide_events.formatting.plain_text import columns

SERVICE_FIELDS = {"service": "volttracker", "version": "1.4.2", "environment": "production", "host": "web-1"}
FAST: dict[str, Any] = {
    "timestamp": "2026-11-22T10:30:45.123456Z",
    "level": "info",
    "message": "GET /trips/42 200 in 12 ms",
    "kind": "request",
    "operation": "trips.show",
    "outcome": "success",
    "success": True,
    "duration_ms": 12.4,
    "request_id": "req-7f3a",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "span_id": "00f067aa0ba902b7",
    **SERVICE_FIELDS,
    "method": "GET",
    "route": "/trips/<int:trip_id>",
    "path": "/trips/42",
    "endpoint": "trips.show",
    "status_code": 200,
    "remote_addr": "203.0.113.7",
    "user_agent": "curl/8.5.0",
    "sample_rate": 0.05,
    "sample_reason": "rate",
    "sample_weight": 20.0,
    "schema_version": "1",
}
SLOW: dict[str, Any] = {
    **FAST,
    "level": "warning",
    "message": "Slow request detected: POST /telemetry",
    "operation": "telemetry.upload",
    "duration_ms": 1843.2,
    "method": "POST",
    "route": "/telemetry",
    "path": "/telemetry",
    "endpoint": "telemetry.upload",
    "session_id": "sess_01HX",
    "gas_mode": False,
    "user_context": {"user_id": "u_123", "tier": "premium"},
    "vehicle_context": {
        "total_trips": 145,
        "total_miles": 10234.5,
        "battery_capacity_kwh": 18.4,
        "avg_kwh_per_mile": 0.31,
        "usage_tier": "heavy",
    },
    "business_metrics": {"trip_created": True, "energy_kwh": 12.4},
    "feature_flags": {"weather_integration": True, "predictive_range": False},
    "performance_breakdown": {
        "parse_ms": 2.1,
        "db_query_ms": 310.4,
        "db_query_count": 4,
        "db_query_max_ms": 120.0,
        "fetch_weather_ms": 1401.7,
    },
    "db": {"count": 4, "total_ms": 310.4},
    "logs": [
        {"t_ms": 1.2, "level": "info", "message": "payload parsed", "rows": 12},
        {"t_ms": 320.0, "level": "warning", "message": "weather is slow, once more", "attempt": 2},
    ],
    "redacted": ["user_context.email", "headers.authorization"],
    "sample_rate": 1.0,
    "sample_reason": "slow",
    "sample_weight": 1.0,
}
FAILED: dict[str, Any] = {
    **FAST,
    "level": "error",
    "message": "POST /trips/42/finalize 500 in 87 ms",
    "operation": "trips.finalize",
    "outcome": "error",
    "success": False,
    "duration_ms": 87.3,
    "method": "POST",
    "path": "/trips/42/finalize",
    "route": "/trips/<int:trip_id>/finalize",
    "endpoint": "trips.finalize",
    "status_code": 500,
    "error": {
        "type": "sqlalchemy.exc.OperationalError",
        "message": "connection refused\nIs the server running?",
        "code": "E201",
        "category": "database",
        "severity": "high",
        "alert": True,
        "retriable": True,
        "why": "The database did not accept a connection within 3 s.",
        "fix": "Check that the database is up.",
        "details": {"pool_size": 5},
        "fingerprint": "a81f2c",
        "location": "trips.py:88 in save",
        "stack": [f"app.py:{line} in step_{line}" for line in range(1, 7)] + ["trips.py:88 in save"],
        "cause": [
            {"type": "ConnectionRefusedError", "message": "[Errno 111]", "location": "db.py:9 in dial"}
        ],
        "provider": "postgresql",
    },
    "handled_errors": [{"type": "KeyError", "message": "'odometer'", "code": "E302"}],
    "sample_rate": 1.0,
    "sample_reason": "error",
    "sample_weight": 1.0,
}
BUSINESS: dict[str, Any] = {
    "timestamp": "2026-11-22T10:30:48Z",
    "level": "info",
    "message": "payment_completed",
    "kind": "business",
    "operation": "payment_completed",
    "outcome": "success",
    "success": True,
    "duration_ms": 0,
    **SERVICE_FIELDS,
    "extra": {"user_id": 17, "amount": 50.0, "payment_method": "stripe"},
    "sample_rate": 1.0,
    "sample_reason": "boundary",
    "sample_weight": 1.0,
}
BOUNDARY: dict[str, Any] = {
    "timestamp": "2026-11-22T10:30:48.250000Z",
    "level": "error",
    "message": "external_api_weather timeout in 6.1 s",
    "kind": "boundary",
    "operation": "external_api_weather",
    "outcome": "timeout",
    "success": False,
    "duration_ms": 6120.5,
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "parent_id": "00f067aa0ba902b7",
    **SERVICE_FIELDS,
    "provider": "open-meteo",
    "retries": [
        {"attempt": 1, "latency_ms": 2001.2, "outcome": "timeout"},
        {"attempt": 2, "latency_ms": 17.0, "status": 503, "wait_ms": 100},
    ],
    "error": {"type": "TimeoutError", "message": "no answer within 2 s", "code": "E101", "retriable": True},
    "sample_rate": 1.0,
    "sample_reason": "error",
    "sample_weight": 1.0,
}

FAST_BLOCK = """
▌ 10:30:45.123  INFO   GET /trips/42  200  12.4 ms  success
│ request  route=/trips/<int:trip_id>  endpoint=trips.show  remote_addr=203.0.113.7
│          user_agent=curl/8.5.0
│ volttracker@1.4.2 production · request req-7f3a · trace 4bf92f3577b34da6a3ce929d0e0e4736
╵ kept: rate · rate 0.05 · stands for 20
"""
SLOW_BLOCK = """
▌ 10:30:45.123  WARN   POST /telemetry  200  1.84 s  success
│           Slow request detected: POST /telemetry
│ request   endpoint=telemetry.upload  remote_addr=203.0.113.7  user_agent=curl/8.5.0
│ user      user_id=u_123  tier=premium
│ vehicle   total_trips=145  total_miles=10234.5  battery_capacity_kwh=18.4  avg_kwh_per_mile=0.31
│           usage_tier=heavy
│ business  trip_created=true  energy_kwh=12.4
│ timers    fetch_weather     1.40 s  ━━━━━━━━━━━━━━━━━━━━━╸──────  76%
│           db_query        310.4 ms  ━━━━╸───────────────────────  17%  4 times, longest 120.0 ms
│           parse             2.1 ms  ────────────────────────────   0%
│ db        count=4  total_ms=310.4
│ flags     weather_integration=true  predictive_range=false
│ fields    session_id=sess_01HX  gas_mode=false
│ logs      +1.2 ms    info     payload parsed  rows=12
│           +320.0 ms  warning  weather is slow, once more  attempt=2
│ redacted  user_context.email  headers.authorization
│ volttracker@1.4.2 production · request req-7f3a · trace 4bf92f3577b34da6a3ce929d0e0e4736
╵ kept: slow · rate 1 · stands for 1
"""
FAILED_BLOCK = """
▌ 10:30:45.123  ERROR  POST /trips/42/finalize  500  87.3 ms  error
│ request  route=/trips/<int:trip_id>/finalize  endpoint=trips.finalize  remote_addr=203.0.113.7
│          user_agent=curl/8.5.0
│ error    sqlalchemy.exc.OperationalError  E201  database · high · alert · retriable
│          connection refused
│          Is the server running?
│          why      The database did not accept a connection within 3 s.
│          fix      Check that the database is up.
│          details  pool_size=5
│          also     provider=postgresql
│          at       trips.py:88 in save
│          cause    ConnectionRefusedError: [Errno 111]  at db.py:9 in dial
│          stack    … 2 outer frames
│                   app.py:3 in step_3
│                   app.py:4 in step_4
│                   app.py:5 in step_5
│                   app.py:6 in step_6
│                   trips.py:88 in save
│ handled  KeyError E302: 'odometer'
│ volttracker@1.4.2 production · request req-7f3a · trace 4bf92f3577b34da6a3ce929d0e0e4736
╵ kept: error · rate 1 · stands for 1
"""
BUSINESS_BLOCK = """
▌ 10:30:48.000  INFO   business payment_completed  success
│ extra  user_id=17  amount=50.0  payment_method=stripe
│ volttracker@1.4.2 production
╵ kept: boundary · rate 1 · stands for 1
"""
BOUNDARY_BLOCK = """
▌ 10:30:48.250  ERROR  boundary external_api_weather  6.12 s  timeout
│ retries  attempt=1  latency_ms=2001.2  outcome=timeout
│          attempt=2  latency_ms=17.0  status=503  wait_ms=100
│ fields   provider=open-meteo
│ error    TimeoutError  E101  retriable
│          no answer within 2 s
│ volttracker@1.4.2 production · trace 4bf92f3577b34da6a3ce929d0e0e4736
╵ kept: error · rate 1 · stands for 1
"""


@pytest.mark.parametrize(
    ("event", "block"),
    [
        (FAST, FAST_BLOCK),
        (SLOW, SLOW_BLOCK),
        (FAILED, FAILED_BLOCK),
        (BUSINESS, BUSINESS_BLOCK),
        (BOUNDARY, BOUNDARY_BLOCK),
    ],
    ids=["fast", "slow", "failed", "business", "boundary"],
)
def test_a_block_tells_an_event_concern_by_concern(event: dict[str, Any], block: str):
    assert human(event, colour=False) == block.lstrip("\n") + "\n"


def test_a_line_tells_time_service_level_and_message_and_then_every_field():
    event = {**BOUNDARY, "note": 'said "no"', "empty": "", "path": "C:\\x", "flags": {}}
    assert text(event) == (
        "2026-11-22 10:30:48 - volttracker - ERROR - external_api_weather timeout in 6.1 s"
        " kind=boundary operation=external_api_weather outcome=timeout success=false duration_ms=6120.5"
        " trace_id=4bf92f3577b34da6a3ce929d0e0e4736 parent_id=00f067aa0ba902b7"
        " version=1.4.2 environment=production host=web-1 provider=open-meteo"
        " retries.0.attempt=1 retries.0.latency_ms=2001.2 retries.0.outcome=timeout"
        " retries.1.attempt=2 retries.1.latency_ms=17.0 retries.1.status=503 retries.1.wait_ms=100"
        ' error.type=TimeoutError error.message="no answer within 2 s" error.code=E101 error.retriable=true'
        ' sample_rate=1.0 sample_reason=error sample_weight=1.0 note="said \\"no\\"" empty="" path="C:\\\\x"'
        " flags={}\n"
    )


def test_a_narrow_terminal_still_gets_a_whole_block():
    lines = human(SLOW, colour=False, width=10).split("\n")
    assert lines[0].startswith("▌ 10:30:45.123  WARN   POST /telem…  200")
    assert max(map(columns, lines)) == 40


def test_the_longest_timer_and_the_slow_duration_stand_out():
    block = human(SLOW, colour=True)
    assert "\x1b[1;33m  1.84 s\x1b[0m" in block
    assert re.search(r"fetch_weather +1\.40 s  \x1b\[1;33m━", block)
    assert re.search(r"db_query +310\.4 ms  \x1b\[36m━", block)


def test_an_error_is_red():
    block = human(FAILED, colour=True)
    for red in ("error  ", "sqlalchemy.exc.OperationalError", "E201", "500"):
        assert re.search(rf"\x1b\[1;31m[^\x1b]*{red}", block)
    assert "\x1b[31mconnection refused\x1b[0m" in block
