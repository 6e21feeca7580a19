"""Whatever the form of a line is, it keeps the limit, and it keeps who, what and how it ended."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wide_events.assembly import renderer
from wide_events.schema import PRESETS
from wide_events.settings import Settings

LIMITS = (2048, 15_360)
ERROR = {"type": "KeyError", "message": "odometer", "code": "E302", "fingerprint": "9f86d081"}
IDENTIFIED: dict[str, Any] = {
    "timestamp": "2026-11-22T10:30:45.123456Z",
    "level": "error",
    "message": "POST /telemetry 500 in 41 ms",
    "kind": "request",
    "operation": "telemetry.upload",
    "outcome": "error",
    "success": False,
    "duration_ms": 41.2,
    "request_id": "018f7c2e9d3b4a51",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "span_id": "00f067aa0ba902b7",
    "service": "volttracker",
    "version": "1.4.2",
    "environment": "production",
    "method": "POST",
    "status_code": 500,
    "error": ERROR,
    "sample_rate": 1.0,
    "sample_reason": "error",
    "sample_weight": 1.0,
    "schema_version": "1.0",
}
LOADS: dict[str, dict[str, Any]] = {
    "many fields": {f"field_{number}": "v" * 40 for number in range(1000)},
    "many numbers": {f"k{number}": number for number in range(3000)},
    "many blocks": {f"b{number}": {f"k{inner}": inner for inner in range(20)} for number in range(100)},
    "one text": {"text": "\u2028" * 9000},
    "what needs mending": {"text": "\ud800" * 9000, "number": 2**70},
    "a long stack": {"error": {**ERROR, "stack": [f"app.py:{line} in upload" for line in range(500)]}},
}


def render(record: dict[str, Any], limit: int, **more: Any) -> bytes:
    return renderer(Settings(max_event_bytes=limit, **more), terminal=False)(record)


def assert_has(told: Any, expected: Any, path: str = "") -> None:
    if isinstance(expected, dict):
        assert isinstance(told, dict), path
        for key, value in expected.items():
            assert key in told, f"{path}.{key}"
            assert_has(told[key], value, f"{path}.{key}")
    elif isinstance(expected, list):
        assert all(item in told for item in expected), path
    else:
        assert told == expected, path


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("preset", PRESETS)
def test_in_the_words_of_every_preset_identity_stays_and_the_limit_holds(preset: str, load: str, limit: int):
    line = render({**IDENTIFIED, **LOADS[load]}, limit, log_schema=preset)
    assert len(line) <= limit
    assert line.count(b"\n") == 1
    assert_has(json.loads(line), PRESETS[preset](IDENTIFIED))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_large_record_fills_its_line_in_every_preset(preset: str):
    record = {**IDENTIFIED, **LOADS["many fields"]}
    assert len(render(record, 15_360, log_schema=preset)) > 13_000


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("preset", PRESETS)
def test_even_an_odd_identity_passes_no_limit(preset: str, limit: int):
    long = {name: "\x01é" * 3000 if type(value) is str else value for name, value in IDENTIFIED.items()}
    error = dict.fromkeys(ERROR, "\u2028" * 5000)
    line = render({**long, "error": error, **LOADS["many blocks"]}, limit, log_schema=preset)
    assert len(line) <= limit
    assert "encoding_failed" not in json.loads(line)


@pytest.mark.parametrize("preset", PRESETS)
def test_what_fits_is_only_renamed(preset: str):
    assert json.loads(render(IDENTIFIED, 15_360, log_schema=preset)) == PRESETS[preset](IDENTIFIED)


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("form", ["text", "human"])
def test_forms_for_people_keep_the_limit_too(form: str, load: str, limit: int):
    told = render({**IDENTIFIED, **LOADS[load]}, limit, log_format=form).decode()
    assert len(told.encode()) <= limit
    assert IDENTIFIED["trace_id"] in told
    assert "odometer" in told
