"""Ids and headers: the grammar of W3C Trace Context, and OpenTelemetry's entry in `tracestate`."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wide_events import Pipeline, WideEvent
from wide_events.propagation import (
    ALL,
    NO_STATE,
    Parent,
    TraceState,
    parse_traceparent,
    parse_tracestate,
    randomness_of,
    threshold_of,
    valid_request_id,
    valid_trace_id,
    write_traceparent,
    write_tracestate,
)
from wide_events.settings import Settings
from wide_events.sinks import MemorySink

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


# ---- traceparent -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "parent"),
    [
        (f"00-{TRACE}-{SPAN}-01", Parent(TRACE, SPAN, 1)),
        (f"00-{TRACE}-{SPAN}-00", Parent(TRACE, SPAN, 0)),
        (f"00-{TRACE}-{SPAN}-03", Parent(TRACE, SPAN, 3)),
        (f"00-{TRACE}-{SPAN}-ff", Parent(TRACE, SPAN, 255)),
        (f"01-{TRACE}-{SPAN}-01", Parent(TRACE, SPAN, 1)),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like", Parent(TRACE, SPAN, 1)),
        (f"cc-{TRACE}-{SPAN}-01-", Parent(TRACE, SPAN, 1)),
    ],
)
def test_a_good_traceparent_is_read(header: str, parent: Parent):
    assert parse_traceparent(header) == parent


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN.upper()}-01",
        f"00-{TRACE}-{SPAN}-0G",
        f"00-{TRACE}-{SPAN}-FF",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01-",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-1",
        f"0-{TRACE}-{SPAN}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}0-{SPAN}-01",
        f"00_{TRACE}_{SPAN}_01",
        f"cc-{TRACE}-{SPAN}-01.what",
        f"CC-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
        f" 00-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01",
        f"00-{'٤' * 32}-{SPAN}-01",
    ],
)
def test_a_traceparent_that_breaks_the_grammar_is_as_none(header: str):
    assert parse_traceparent(header) is None


@given(st.text(max_size=80) | st.text(alphabet="0123456789abcdef-", min_size=50, max_size=70))
def test_any_header_can_be_read(header: str):
    parse_traceparent(header)
    parse_tracestate(header)
    valid_trace_id(header)
    valid_request_id(header)


def test_what_is_written_can_be_read():
    assert parse_traceparent(write_traceparent(TRACE, SPAN, sampled=True)) == Parent(TRACE, SPAN, 3)
    assert parse_traceparent(write_traceparent(TRACE, SPAN, sampled=False)) == Parent(TRACE, SPAN, 2)


# ---- tracestate --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "state"),
    [
        ("", NO_STATE),
        ("ot=th:8", TraceState(threshold=1 << 55)),
        ("ot=th:0", TraceState(threshold=0)),
        ("ot=th:c", TraceState(threshold=3 << 54)),
        ("ot=th:ffffffffffffff", TraceState(threshold=ALL - 1)),
        ("ot=rv:6e6d1a75832a2f", TraceState(randomness=0x6E6D1A75832A2F)),
        ("ot=th:fd70a4;rv:6e6d1a75832a2f", TraceState(0xFD70A400000000, 0x6E6D1A75832A2F)),
        ("ot=rv:6e6d1a75832a2f;th:fd70a4", TraceState(0xFD70A400000000, 0x6E6D1A75832A2F)),
        ("ot=th:8;x:y;z:1:2", TraceState(threshold=1 << 55, rest="x:y;z:1:2")),
        ("a=1,ot=th:8,b=2", TraceState(threshold=1 << 55, others="a=1,b=2")),
        ("a=1 ,\t b=2,,ot=th:8", TraceState(threshold=1 << 55, others="a=1,b=2")),
        ("ot=th:", NO_STATE),
        ("ot=th:123456789abcdef", NO_STATE),
        ("ot=th:8G", NO_STATE),
        ("ot=th:E", NO_STATE),
        ("ot=th:-8", NO_STATE),
        ("ot=rv:8", NO_STATE),
        ("ot=rv:6E6D1A75832A2F", NO_STATE),
        ("ot=", NO_STATE),
        ("ot=;;th", NO_STATE),
        ("a=\x1b[2J", NO_STATE),
        ("a=ü", NO_STATE),
        (f"a={'x' * 511}", NO_STATE),
    ],
)
def test_tracestate_is_read_as_far_as_it_keeps_to_the_grammar(header: str, state: TraceState):
    assert parse_tracestate(header) == state


def test_no_more_than_32_members_and_512_characters_are_passed_on():
    header = ",".join(f"k{n}=v" for n in range(60))
    written = write_tracestate(parse_tracestate(header), threshold_of(0.5)).split(",")
    assert written == ["ot=th:8", *(f"k{n}=v" for n in range(31))]
    long = ",".join(f"k{n}={'v' * 70}" for n in range(6))
    rest = f"ot=x:{'y' * 60};z:{'y' * 250},{long}"
    for state in (parse_tracestate(long), parse_tracestate(rest), TraceState(0, 1, long, "x:" + "y" * 300)):
        written_text = write_tracestate(state, threshold_of(0.1))
        assert len(written_text) <= 512
        assert written_text.startswith("ot=th:e6666666666666")
        assert len(written_text.split(",")[0]) <= 3 + 256


def test_our_entry_is_the_first_and_the_rest_stays_as_it_was():
    state = parse_tracestate("vendor=a;b:c,ot=rv:6e6d1a75832a2f;x:y;th:8,other=2")
    assert write_tracestate(state, threshold_of(0.25)) == "ot=th:c;rv:6e6d1a75832a2f;x:y,vendor=a;b:c,other=2"
    assert write_tracestate(state, ALL) == "ot=rv:6e6d1a75832a2f;x:y,vendor=a;b:c,other=2"
    assert write_tracestate(NO_STATE, ALL) == ""
    assert write_tracestate(NO_STATE, 0) == "ot=th:0"


@given(st.integers(0, ALL), st.none() | st.integers(0, ALL - 1))
def test_a_written_threshold_is_read_back(threshold: int, randomness: int | None):
    read = parse_tracestate(write_tracestate(TraceState(randomness=randomness), threshold))
    assert read == TraceState(threshold if threshold < ALL else None, randomness)


# ---- thresholds: OpenTelemetry's arithmetic ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "th"),
    [
        # computed with opentelemetry-sdk 1.45.2, composable_traceid_ratio_based
        (1, "0"),
        (0.5, "8"),
        (0.25, "c"),
        (0.1, "e6666666666666"),
        (0.01, "fd70a3d70a3d71"),
        (0.2, "cccccccccccccc"),
        (0.05, "f3333333333333"),
        (1 / 3, "aaaaaaaaaaaaac"),
        (0.001, "ffbe76c8b43958"),
        (2**-56, "ffffffffffffff"),
    ],
)
def test_the_threshold_of_a_rate_is_that_of_opentelemetry(rate: float, th: str):
    assert write_tracestate(NO_STATE, threshold_of(rate)) == f"ot=th:{th}"


@pytest.mark.parametrize(
    ("one_in", "digits"),
    [
        (3, "aaab"),
        (5, "cccd"),
        (8, "e"),
        (10, "e666"),
        (16, "f"),
        (100, "fd70a"),
        (1000, "ffbe77"),
        (10_000, "fff9724"),
    ],
)
def test_the_threshold_rounds_to_the_table_of_the_specification(one_in: int, digits: str):
    """`tracestate-probability-sampling`, "Converting floating-point probability", precision 4."""
    unit = 16 ** (14 - len(digits))
    assert round(threshold_of(1 / one_in) / unit) == int(digits, 16)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_rate_has_no_higher_threshold(one: float, other: float):
    low, high = sorted((one, other))
    assert 0 <= threshold_of(high) <= threshold_of(low) <= ALL


def test_randomness_is_in_the_last_fourteen_digits():
    assert randomness_of(TRACE) == 0xCE929D0E0E4736
    assert randomness_of("f" * 18 + "0" * 14) == 0


# ---- ids ---------------------------------------------------------------------------------------------------


def test_ids_are_random_hexadecimal_and_new_each_time():
    events = [WideEvent("job") for _ in range(5_000)]
    assert len({event.trace_id for event in events}) == len({event.request_id for event in events}) == 5_000
    assert len({event.span_id for event in events}) == 5_000
    assert all(valid_trace_id(event.trace_id) and len(event.span_id) == 16 for event in events)
    assert all(valid_request_id(event.request_id) for event in events)


def test_forked_children_draw_ids_of_their_own():
    code = (
        "import os\n"
        "from wide_events import WideEvent\n"
        "for _ in range(7): WideEvent('job')\n"
        "for _ in range(4):\n"
        "    if os.fork() == 0:\n"
        "        for _ in range(300):\n"
        "            event = WideEvent('job')\n"
        "            os.write(1, f'{event.trace_id} {event.request_id}\\n'.encode())\n"
        "        os._exit(0)\n"
        "while True:\n"
        "    try: os.wait()\n"
        "    except ChildProcessError: break\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=60
    )
    ids = done.stdout.split()
    assert len(ids) == len(set(ids)) == 4 * 300 * 2


@pytest.mark.parametrize("good", ["a", "A-z_0.9:", "x" * 128, "018f7c2e-9d3b"])
def test_a_request_id_is_taken(good: str):
    assert valid_request_id(good)


@pytest.mark.parametrize("bad", ["", "x" * 129, "a b", "a\n", "a\x9b", "é", "a/b", "<b>", None, 5, b"a"])
def test_a_bad_request_id_is_not(bad: object):
    assert not valid_request_id(bad)


# ---- what an outgoing call carries -------------------------------------------------------------------------


def event_at(rate: float, **more: str) -> WideEvent:
    return WideEvent("job", pipeline=Pipeline(Settings(sample_default=rate), sinks=[MemorySink()]), **more)


def test_outgoing_headers_continue_the_trace_and_tell_the_rate():
    event = event_at(0.25, trace_id=TRACE, request_id="r1")
    assert event.headers() == {
        "traceparent": f"00-{TRACE}-{event.span_id}-03",
        "tracestate": "ot=th:c",
        "X-Request-ID": "r1",
        "X-Trace-ID": TRACE,
    }
    assert event_at(0.1, trace_id=TRACE).headers()["traceparent"].endswith("-02")


def test_a_service_that_keeps_nothing_by_chance_tells_no_threshold():
    headers = event_at(0.0, trace_id=TRACE).headers()
    assert "tracestate" not in headers
    assert headers["traceparent"].endswith("-02")


def test_explicit_randomness_and_the_states_of_others_are_carried_on():
    event = event_at(0.5, trace_id=TRACE)
    event.tracestate = parse_tracestate("ot=rv:00000000000001;x:y,vendor=1")
    headers = event.headers()
    assert headers["tracestate"] == "ot=th:8;rv:00000000000001;x:y,vendor=1"
    assert headers["traceparent"].endswith("-02")
    assert not event.emit().keep


def test_a_rule_that_fails_does_not_reach_the_call():
    from wide_events.sampling import Policy

    def rate(fields: object) -> float:
        raise RuntimeError("broken")

    for rules in ([("rate", rate)], [("rate", lambda fields: "often")], [("rate", lambda fields: 7)]):
        pipeline = Pipeline(Settings(), policy=Policy(rules), sinks=[MemorySink()])
        headers = WideEvent("job", pipeline=pipeline, trace_id=TRACE).headers()
        assert headers["X-Trace-ID"] == TRACE
        assert parse_traceparent(headers["traceparent"]) is not None


def test_a_child_carries_the_tracestate_of_its_parent_on():
    event = event_at(0.5, trace_id=TRACE)
    event.tracestate = parse_tracestate("ot=rv:00000000000001,vendor=1")
    child = event.child("mail")
    assert child.tracestate == event.tracestate
    assert child.headers()["tracestate"].endswith(",vendor=1")
