"""Events as text for people: exact samples, and what holds for any event."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wide_events.formatting import human, text, wants_colour
from wide_events.formatting.plain_text import columns, visible
from wide_events.formatting.timing import duration_text
from wide_events.names import BLOCKS, IDENTITY, MARKS, REQUEST, SAMPLING, SERVICE

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

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
HOSTILE = "".join(map(chr, (*range(0x20), 0x7F, *range(0x80, 0xA0), 0x61C, 0x200B, 0x200E, 0x200F)))
HOSTILE += "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\ud800\udfff\U000e0041"
words = st.text(max_size=30) | st.text(alphabet=HOSTILE + 'a ="\\', max_size=12)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | words
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
own_names = st.sampled_from([*IDENTITY, *SERVICE, *REQUEST, *BLOCKS, *SAMPLING, *MARKS])
error_parts = ("type", "message", "code", "alert", "why", "fix", "details", "location", "stack", "cause", "x")
errors = st.dictionaries(st.sampled_from(error_parts), values, max_size=8)
logged = st.dictionaries(st.sampled_from(("t_ms", "level", "message", "x")), values, max_size=4)
timings = st.dictionaries(
    st.sampled_from(("a_ms", "a_count", "a_max_ms", "b_ms", "_ms", "b_max_ms", "other")), values, max_size=6
)
events = st.builds(
    lambda fields, shaped: {**fields, **shaped},
    st.dictionaries(own_names | words, values, max_size=12),
    st.fixed_dictionaries(
        {},
        optional={
            "level": st.sampled_from(("info", "warning", "error", "critical", "debug", "odd")),
            "message": words,
            "duration_ms": st.floats(min_value=0, max_value=1e7),
            "status_code": st.integers(100, 599),
            "method": st.sampled_from(("GET", "POST")),
            "path": words,
            "error": errors,
            "handled_errors": st.lists(errors, max_size=3),
            "logs": st.lists(logged, max_size=30),
            "performance_breakdown": timings,
        },
    ),
)


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


def test_an_empty_event_is_a_line_and_a_block_all_the_same():
    assert text({}) == "- - - - - - -\n"
    assert human({}, colour=False) == "▌ -  -      -  -\n\n"


@given(event=events)
def test_a_line_is_exactly_one_printable_line(event: dict[str, Any]):
    line = text(event)
    assert line.endswith("\n")
    assert line[:-1].isprintable()
    line.encode()


@given(event=events, width=st.integers(0, 200))
def test_a_block_holds_nothing_but_printable_text_within_its_width(event: dict[str, Any], width: int):
    block = human(event, colour=False, width=width)
    lines = block.split("\n")
    assert lines[-2:] == ["", ""]
    assert all(line.isprintable() for line in lines)
    assert max(columns(line) for line in lines) <= max(width, 40)
    block.encode()


@given(event=events, width=st.integers(40, 200))
def test_a_coloured_block_is_the_plain_one_with_our_own_colours(event: dict[str, Any], width: int):
    stripped = ESCAPES.sub("", human(event, colour=True, width=width))
    plain = human(event, colour=False, width=width)
    assert [line.rstrip() for line in stripped.split("\n")] == plain.split("\n")


@given(event=events)
def test_formatting_leaves_the_event_as_it_is(event: dict[str, Any]):
    before = repr(event)
    human(event, colour=True)
    text(event)
    assert repr(event) == before


@pytest.mark.parametrize("char", HOSTILE)
def test_a_hostile_character_is_shown_as_a_visible_escape(char: str):
    event = {"message": char, "operation": char, "x" + char: {"y" + char: char}, "error": {"message": char}}
    for shown in (text(event), human(event, colour=True)):
        assert char not in ESCAPES.sub("", shown).replace("\n", "")
        assert char == "\n" or visible(char) in shown


def test_well_known_escapes_are_readable():
    assert visible("a\x1b[31m\u202e\n\U000e0041\ud800\ufeff") == r"a\x1b[31m\u202e\n\U000e0041\ud800\ufeff"


def test_a_value_cannot_forge_a_field_of_a_line():
    line = text({"message": "ok", "note": 'x" admin=true y="', "a b=c": 1})
    assert line == '- - - - - - ok note="x\\" admin=true y=\\"" a_b_c=1\n'


def test_deep_and_huge_values_are_cut_and_never_raise():
    deep: Any = "bottom"
    for _ in range(2000):
        deep = {"d": [deep]}
    event = {"deep": deep, "huge": 10**5000, "long": "x" * 100_000, "nan": float("nan")}
    for shown in (text(event), human(event, colour=False)):
        assert "…" in shown
        assert len(shown) < 20_000


def test_a_narrow_terminal_still_gets_a_whole_block():
    lines = human(SLOW, colour=False, width=10).split("\n")
    assert lines[0].startswith("▌ 10:30:45.123  WARN   POST /telem…  200")
    assert max(map(columns, lines)) == 40


def test_wide_characters_count_for_two_columns():
    block = human({**FAST, "note": "日本語" * 40}, colour=False, width=60)
    assert max(map(columns, block.split("\n"))) <= 60
    assert "…" in block


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


def test_many_logs_show_the_last_twenty_and_count_the_rest():
    event = {**FAST, "logs": [{"t_ms": n, "level": "info", "message": f"step {n}"} for n in range(50)]}
    block = human(event, colour=False)
    assert "… 30 earlier" in block
    assert "step 29" not in block
    assert "step 30\n" in block
    assert "step 49\n" in block


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [
        (0.42, "0.42 ms"),
        (41.2, "41.2 ms"),
        (1840, "1.84 s"),
        (125_000, "2 min 05 s"),
        ("41ms", "41ms"),
        (None, "null"),
        (True, "true"),
        (-1, "-1"),
        (float("inf"), "inf"),
    ],
)
def test_a_duration_is_shown_in_the_unit_that_people_read(milliseconds: Any, shown: str):
    assert duration_text(milliseconds) == shown


@pytest.mark.parametrize(
    ("terminal", "environ", "coloured"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (False, {"FORCE_COLOR": "1"}, True),
        (True, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (False, {"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        (True, {"TERM": "xterm-256color"}, True),
    ],
)
def test_colours_follow_the_terminal_unless_the_environment_says_otherwise(
    terminal: bool, environ: dict[str, str], coloured: bool
):
    assert wants_colour(terminal, environ) is coloured
