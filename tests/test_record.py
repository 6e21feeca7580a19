"""The record of an event: exactly the fields of the contract, in its order, and the line for people."""

from __future__ import annotations

import re
from typing import Any

import pytest

from wide_events import Pipeline, WideEvent
from wide_events.names import RESERVED
from wide_events.record import level_of
from wide_events.settings import Settings
from wide_events.sinks import MemorySink

IDENTITY = [
    "timestamp",
    "level",
    "message",
    "kind",
    "operation",
    "outcome",
    "success",
    "duration_ms",
    "request_id",
    "trace_id",
    "span_id",
    "parent_id",
]
SERVICE = [
    "service",
    "version",
    "environment",
    "region",
    "deployment_id",
    "deployed_at",
    "instance_id",
    "host",
    "pid",
]
SAMPLING = ["sample_rate", "sample_reason", "sample_weight"]
REQUEST = [
    "method",
    "route",
    "path",
    "endpoint",
    "blueprint",
    "status_code",
    "scheme",
    "remote_addr",
    "user_agent",
    "referrer",
    "request_bytes",
    "response_bytes",
    "content_type",
    "ttfb_ms",
    "queue_ms",
    "cpu_ms",
]
BLOCKS = [
    "user_context",
    "vehicle_context",
    "business_metrics",
    "technical_metrics",
    "feature_flags",
    "performance_breakdown",
    "error",
    "handled_errors",
    "costs",
    "tokens",
    "logs",
    "context_conflicts",
]
TYPES: dict[str, type] = {
    "timestamp": str,
    "level": str,
    "message": str,
    "kind": str,
    "operation": str,
    "outcome": str,
    "success": bool,
    "duration_ms": float,
    "request_id": str,
    "trace_id": str,
    "span_id": str,
    "parent_id": str,
    "pid": int,
    "sample_rate": float,
    "sample_reason": str,
    "sample_weight": float,
    "schema_version": str,
}
TYPES |= dict.fromkeys(set(SERVICE) - {"pid"}, str)


def pipeline(**more: Any) -> tuple[Pipeline, MemorySink]:
    sink = MemorySink()
    told = {
        "service_name": "trips",
        "app_version": "1.2.3",
        "environment": "test",
        "region": "eu",
        "host": "web-1",
    }
    return Pipeline(Settings(**{**told, "sample_default": 1.0, **more}), sinks=[sink]), sink


def full_line() -> dict[str, Any]:
    made, sink = pipeline()
    event = WideEvent("outer", pipeline=made).child("trip.create", kind="request")
    event.add_facts(dict.fromkeys(REQUEST, "x") | {"status_code": 500, "method": "POST", "path": "/trips"})
    event.add_context(free=1, kind="mine")
    event.add_user_context(user_id="u").add_vehicle_context(total_trips=1).add_business_metric("m", 1)
    event.add_technical_metric("rows", 1).add_feature_flags(f=True).add_cost(total=1.0).add_tokens(input=1)
    event.record_time("db", 1.0).add_handled_error("h").add_error("e").log("hello").keep("because").slow_over(
        -1
    )
    event.emit()
    return dict(sink.events[0])


def test_a_line_has_exactly_the_fields_of_the_contract_and_those_that_were_put_in():
    line = full_line()
    expected = {
        *IDENTITY,
        *SERVICE,
        *SAMPLING,
        *REQUEST,
        *BLOCKS,
        "free",
        "threshold_exceeded",
        "schema_version",
    }
    assert set(line) == expected
    assert {*expected} - {"free"} <= RESERVED


def test_a_line_without_anything_put_in_has_what_every_line_has():
    made, sink = pipeline()
    WideEvent("job", pipeline=made).emit()
    (line,) = sink.events
    assert set(line) == {*IDENTITY, *SERVICE, *SAMPLING, "schema_version"} - {"parent_id"}


def test_a_line_tells_identity_first_each_group_in_its_order_and_sampling_after_what_was_put_in():
    line = list(full_line())
    own = IDENTITY[:-1]
    assert line[: len(own)] == own
    begin = line.index("service")
    assert line[begin : begin + len(SERVICE)] == SERVICE
    begin = line.index("sample_rate")
    assert line[begin : begin + len(SAMPLING)] == SAMPLING
    assert max(map(line.index, (*BLOCKS, "free", "parent_id"))) < begin


def test_every_field_has_its_type():
    line = full_line()
    assert {name: type(line[name]) for name in TYPES} == TYPES
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["timestamp"])
    assert re.fullmatch(
        r"[0-9a-f]{32} [0-9a-f]{16} [0-9a-f]{16}", f"{line['trace_id']} {line['span_id']} {line['parent_id']}"
    )


def test_who_ran_it_comes_from_the_settings():
    line = full_line()
    told = (line["service"], line["version"], line["environment"], line["region"], line["host"])
    assert told == ("trips", "1.2.3", "test", "eu", "web-1")
    assert line["instance_id"] == f"web-1-{line['pid']}"
    made, sink = pipeline(instance_id="a-7", deployment_id="d-1")
    WideEvent("job", pipeline=made).emit()
    assert (sink.events[0]["instance_id"], sink.events[0]["deployment_id"]) == ("a-7", "d-1")


# ---- the line for people -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "facts", "slow", "message"),
    [
        ("operation", {}, False, r"job success in \d+ ms"),
        ("request", {"method": "POST", "path": "/t", "status_code": 200}, False, r"POST /t 200 in \d+ ms"),
        ("request", {"method": "POST", "path": "/t"}, False, r"POST /t success in \d+ ms"),
        (
            "request",
            {"method": "GET", "path": "/t", "status_code": 200},
            True,
            r"Slow request detected: GET /t 200 in \d+ ms",
        ),
        ("task", {}, True, r"Slow operation detected: job success in \d+ ms"),
        ("business", {}, True, r"job"),
    ],
)
def test_the_message_says_it_in_one_line(kind: str, facts: dict[str, Any], slow: bool, message: str):
    made, sink = pipeline()
    event = WideEvent("job", kind=kind, pipeline=made).add_facts(facts)
    if slow:
        event.slow_over(-1)
    event.emit()
    (line,) = sink.events
    assert re.fullmatch(message, line["message"])
    assert line.get("threshold_exceeded") is (True if slow else None)


@pytest.mark.parametrize(
    ("outcome", "slow", "code", "level"),
    [
        ("success", False, None, "info"),
        ("success", True, None, "warning"),
        ("success", True, "E599", "warning"),
        ("partial", True, None, "warning"),
        ("disconnected", False, None, "warning"),
        ("error", True, None, "error"),
        ("timeout", False, None, "error"),
        ("killed", False, None, "error"),
        ("error", False, "unheard-of", "error"),
        ("error", False, 5, "error"),
        ("disconnected", False, "unheard-of", "warning"),
        ("unheard-of", True, None, "warning"),
    ],
)
def test_the_level_follows_from_outcome_slowness_and_code(outcome: str, slow: bool, code: Any, level: str):
    fields: dict[str, Any] = {"outcome": outcome, "success": outcome in ("success", "partial")}
    if code is not None:
        fields["error"] = {"code": code}
    assert level_of(fields, slow=slow) == level


def test_a_slow_failure_is_an_error_that_says_slow():
    made, sink = pipeline()
    WideEvent("job", pipeline=made).slow_over(-1).add_error("boom").emit()
    (line,) = sink.events
    assert (line["level"], line["sample_reason"]) == ("error", "error")
    assert line["message"].startswith("Slow operation detected: job error in ")
