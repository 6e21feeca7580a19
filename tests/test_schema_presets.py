"""One event in the words of each vendor, to the letter."""

from __future__ import annotations

from typing import Any

import pytest

from wide_events.schema import rename

EVENT: dict[str, Any] = {
    "timestamp": "2026-11-22T10:30:45.123456Z",
    "level": "error",
    "message": "POST /telemetry 500 in 41 ms",
    "kind": "request",
    "operation": "telemetry.upload",
    "outcome": "error",
    "success": False,
    "duration_ms": 41.2,
    "request_id": "req-7f3a",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "span_id": "00f067aa0ba902b7",
    "parent_id": "53995c3f42cd8ad8",
    "service": "volttracker",
    "version": "1.4.2",
    "environment": "production",
    "region": "eu-west-1",
    "deployment_id": "d-81",
    "deployed_at": "2026-11-20T08:00:00Z",
    "instance_id": "web-1-312",
    "host": "web-1",
    "pid": 312,
    "method": "POST",
    "route": "/telemetry",
    "path": "/telemetry",
    "status_code": 500,
    "scheme": "https",
    "remote_addr": "203.0.113.7",
    "user_agent": "curl/8.5.0",
    "referrer": "https://example.com/",
    "request_bytes": 5120,
    "response_bytes": 812,
    "ttfb_ms": 40.1,
    "session_id": "sess-1",
    "user_context": {"user_id": 17, "tier": "premium"},
    "feature_flags": {"weather": True, "range": "v2"},
    "performance_breakdown": {"db_query_ms": 31.0},
    "error": {
        "type": "KeyError",
        "message": "'odometer'",
        "code": "E302",
        "stack": ["app.py:40 in upload", "parse.py:14 in read"],
        "cause": [{"type": "ValueError", "message": "odd"}],
    },
    "logs": [{"t_ms": 1.2, "level": "info", "message": "parsed"}],
    "sample_rate": 1.0,
    "sample_reason": "error",
    "sample_weight": 1.0,
    "schema_version": "1",
}
TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "app.py", line 40, in upload\n'
    '  File "parse.py", line 14, in read\n'
    "KeyError: 'odometer'"
)
SAMPLING_FIELDS = {"sample_rate": 1.0, "sample_reason": "error", "sample_weight": 1.0}


def test_otel_speaks_the_semantic_conventions():
    assert rename(EVENT, "otel") == {
        "timestamp": "2026-11-22T10:30:45.123456Z",
        "severity_text": "ERROR",
        "severity_number": 17,
        "body": "POST /telemetry 500 in 41 ms",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "span_id": "00f067aa0ba902b7",
        "parent_span_id": "53995c3f42cd8ad8",
        "service.name": "volttracker",
        "service.version": "1.4.2",
        "service.instance.id": "web-1-312",
        "deployment.environment.name": "production",
        "deployment.id": "d-81",
        "cloud.region": "eu-west-1",
        "host.name": "web-1",
        "process.pid": 312,
        "http.request.method": "POST",
        "http.route": "/telemetry",
        "url.path": "/telemetry",
        "url.scheme": "https",
        "http.response.status_code": 500,
        "http.request.body.size": 5120,
        "http.response.body.size": 812,
        "client.address": "203.0.113.7",
        "user_agent.original": "curl/8.5.0",
        "user.id": "17",
        "error.type": "KeyError",
        "exception.type": "KeyError",
        "exception.message": "'odometer'",
        "exception.stacktrace": TRACEBACK,
        "feature_flag.weather": True,
        "feature_flag.range": "v2",
        "wide_event.kind": "request",
        "wide_event.operation": "telemetry.upload",
        "wide_event.outcome": "error",
        "wide_event.success": False,
        "wide_event.duration_ms": 41.2,
        "wide_event.request_id": "req-7f3a",
        "wide_event.deployed_at": "2026-11-20T08:00:00Z",
        "wide_event.referrer": "https://example.com/",
        "wide_event.ttfb_ms": 40.1,
        "wide_event.session_id": "sess-1",
        "wide_event.user_context.tier": "premium",
        "wide_event.performance_breakdown.db_query_ms": 31.0,
        "wide_event.error.code": "E302",
        "wide_event.error.cause": [{"type": "ValueError", "message": "odd"}],
        "wide_event.logs": [{"t_ms": 1.2, "level": "info", "message": "parsed"}],
        "wide_event.sample_rate": 1.0,
        "wide_event.sample_reason": "error",
        "wide_event.sample_weight": 1.0,
        "wide_event.schema_version": "1",
    }


def test_otel_leaves_a_free_field_that_has_a_namespace_of_its_own():
    renamed = rename({**EVENT, "shop.cart.id": 7, "http.route": "mine"}, "otel")
    assert renamed["shop.cart.id"] == 7
    assert renamed["http.route"] == "/telemetry"
    assert renamed["http.route_"] == "mine"


def test_ecs_is_nested_with_nanoseconds_and_its_own_outcome():
    assert rename(EVENT, "ecs") == {
        "@timestamp": "2026-11-22T10:30:45.123456Z",
        "message": "POST /telemetry 500 in 41 ms",
        "ecs": {"version": "9.4.0"},
        "log": {"level": "error"},
        "event": {"action": "telemetry.upload", "outcome": "failure", "duration": 41_200_000},
        "trace": {"id": "4bf92f3577b34da6a3ce929d0e0e4736"},
        "transaction": {"id": "00f067aa0ba902b7"},
        "span": {"id": "00f067aa0ba902b7"},
        "service": {
            "name": "volttracker",
            "version": "1.4.2",
            "environment": "production",
            "node": {"name": "web-1-312"},
        },
        "cloud": {"region": "eu-west-1"},
        "host": {"name": "web-1"},
        "process": {"pid": 312},
        "http": {
            "request": {
                "id": "req-7f3a",
                "method": "POST",
                "referrer": "https://example.com/",
                "body": {"bytes": 5120},
            },
            "response": {"status_code": 500, "body": {"bytes": 812}},
        },
        "url": {"path": "/telemetry", "scheme": "https"},
        "client": {"address": "203.0.113.7", "ip": "203.0.113.7"},
        "user_agent": {"original": "curl/8.5.0"},
        "user": {"id": "17"},
        "error": {
            "type": "KeyError",
            "message": "'odometer'",
            "code": "E302",
            "stack_trace": TRACEBACK,
        },
        "labels": {"kind": "request", "deployment_id": "d-81", "deployed_at": "2026-11-20T08:00:00Z"},
        "wide_event": {
            "outcome": "error",
            "success": False,
            "parent_id": "53995c3f42cd8ad8",
            "route": "/telemetry",
            "ttfb_ms": 40.1,
            "session_id": "sess-1",
            "user_context": {"tier": "premium"},
            "feature_flags": {"weather": True, "range": "v2"},
            "performance_breakdown": {"db_query_ms": 31.0},
            "error": {"cause": [{"type": "ValueError", "message": "odd"}]},
            "logs": [{"t_ms": 1.2, "level": "info", "message": "parsed"}],
            "sample_rate": 1.0,
            "sample_reason": "error",
            "sample_weight": 1.0,
            "schema_version": "1",
        },
    }


@pytest.mark.parametrize(
    ("success", "outcome"), [(True, "success"), (False, "failure"), (None, "unknown"), ("yes", "unknown")]
)
def test_ecs_knows_three_outcomes(success: Any, outcome: str):
    assert rename({**EVENT, "success": success}, "ecs")["event"]["outcome"] == outcome


def test_a_boundary_is_a_span_of_the_transaction_that_made_the_call():
    renamed = rename({**EVENT, "kind": "boundary"}, "ecs")
    assert renamed["transaction"] == {"id": "53995c3f42cd8ad8"}
    assert renamed["span"] == {"id": "00f067aa0ba902b7"}


@pytest.mark.parametrize("address", ["unix:", "", "203.0.113", "fe80::1%eth0", "localhost"])
def test_ecs_puts_only_ip_addresses_into_the_field_that_takes_nothing_else(address: str):
    assert rename({"remote_addr": address}, "ecs")["client"] == {"address": address}


def test_datadog_has_ids_at_the_root_and_its_standard_attributes():
    assert rename(EVENT, "datadog") == {
        "timestamp": "2026-11-22T10:30:45.123456Z",
        "status": "error",
        "message": "POST /telemetry 500 in 41 ms",
        "ddsource": "python",
        "ddtags": "env:production,version:1.4.2",
        "service": "volttracker",
        "env": "production",
        "version": "1.4.2",
        "host": "web-1",
        "dd.trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "dd.span_id": "67667974448284343",
        "duration": 41_200_000,
        "http": {
            "method": "POST",
            "route": "/telemetry",
            "status_code": 500,
            "request_id": "req-7f3a",
            "useragent": "curl/8.5.0",
            "referer": "https://example.com/",
            "url_details": {"path": "/telemetry", "scheme": "https"},
        },
        "network": {"client": {"ip": "203.0.113.7"}, "bytes_read": 5120, "bytes_written": 812},
        "usr": {"id": "17"},
        "error": {
            "kind": "KeyError",
            "message": "'odometer'",
            "stack": TRACEBACK,
            "code": "E302",
            "cause": [{"type": "ValueError", "message": "odd"}],
        },
        "kind": "request",
        "operation": "telemetry.upload",
        "outcome": "error",
        "success": False,
        "parent_id": "53995c3f42cd8ad8",
        "region": "eu-west-1",
        "deployment_id": "d-81",
        "deployed_at": "2026-11-20T08:00:00Z",
        "instance_id": "web-1-312",
        "pid": 312,
        "ttfb_ms": 40.1,
        "session_id": "sess-1",
        "user_context": {"tier": "premium"},
        "feature_flags": {"weather": True, "range": "v2"},
        "performance_breakdown": {"db_query_ms": 31.0},
        "logs": [{"t_ms": 1.2, "level": "info", "message": "parsed"}],
        **SAMPLING_FIELDS,
        "schema_version": "1",
    }


def test_tags_hold_no_comma_of_a_value():
    renamed = rename({"environment": "eu, west", "version": "1"}, "datadog")
    assert renamed["ddtags"] == "env:eu_west,version:1"
    assert renamed["env"] == "eu, west"


def test_google_cloud_gets_its_special_fields_and_a_reported_error():
    assert rename(EVENT, "gcp") == {
        "time": "2026-11-22T10:30:45.123456Z",
        "severity": "ERROR",
        "message": "POST /telemetry 500 in 41 ms",
        "httpRequest": {
            "requestMethod": "POST",
            "requestUrl": "/telemetry",
            "requestSize": "5120",
            "status": 500,
            "responseSize": "812",
            "userAgent": "curl/8.5.0",
            "remoteIp": "203.0.113.7",
            "referer": "https://example.com/",
            "latency": "0.041200s",
        },
        "logging.googleapis.com/trace": "4bf92f3577b34da6a3ce929d0e0e4736",
        "logging.googleapis.com/spanId": "00f067aa0ba902b7",
        "logging.googleapis.com/labels": {
            "environment": "production",
            "region": "eu-west-1",
            "deployment_id": "d-81",
            "instance_id": "web-1-312",
        },
        "serviceContext": {"service": "volttracker", "version": "1.4.2"},
        "@type": "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent",
        "stack_trace": TRACEBACK,
        "kind": "request",
        "operation": "telemetry.upload",
        "outcome": "error",
        "success": False,
        "duration_ms": 41.2,
        "request_id": "req-7f3a",
        "parent_id": "53995c3f42cd8ad8",
        "deployed_at": "2026-11-20T08:00:00Z",
        "host": "web-1",
        "pid": 312,
        "route": "/telemetry",
        "scheme": "https",
        "ttfb_ms": 40.1,
        "session_id": "sess-1",
        "user_context": {"user_id": 17, "tier": "premium"},
        "feature_flags": {"weather": True, "range": "v2"},
        "performance_breakdown": {"db_query_ms": 31.0},
        "error": {
            "type": "KeyError",
            "message": "'odometer'",
            "code": "E302",
            "cause": [{"type": "ValueError", "message": "odd"}],
        },
        "logs": [{"t_ms": 1.2, "level": "info", "message": "parsed"}],
        **SAMPLING_FIELDS,
        "schema_version": "1",
    }


def test_google_cloud_is_told_of_errors_only_by_events_that_failed():
    assert "@type" not in rename({**EVENT, "level": "warning"}, "gcp")
    assert "@type" not in rename({"level": "error", "error": "a word"}, "gcp")
    assert rename({"level": "error", "error": {"type": "KeyError"}}, "gcp")["@type"].endswith("ErrorEvent")


def test_an_operation_that_is_no_request_has_no_http_request():
    assert "httpRequest" not in rename({"operation": "job", "duration_ms": 41.2}, "gcp")
