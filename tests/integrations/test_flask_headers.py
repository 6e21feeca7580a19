"""The headers in and out: request ids, processing time, and the trace that goes through services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask import g

from wide_events.propagation import valid_request_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integrations.conftest import Observed

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def broken() -> str:
    raise ValueError("broken")


@pytest.mark.parametrize("path", ["/", "/nowhere", "/broken"])
@pytest.mark.parametrize("given", ["a", "A.b_c:d-9", "x" * 128, "0f" * 16])
def test_a_good_request_id_is_taken_and_echoed(given: str, path: str, shop: Observed):
    shop.app.add_url_rule("/broken", "broken", broken)
    answer = shop.get(path, headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] == given == shop.event["request_id"]
    assert "request_ids_replaced" not in shop.pipeline.stats()


BAD_IDS = {
    "empty": "",
    "spaces": "   ",
    "c1": "\x9b31m",
    "tab": "a\tb",
    "escape": "\x1b[2J",
    "nul": "a\x00b",
    "line": "a\r\nSet-Cookie: x=1",
    "newline at the end": "abc\n",
    "7 KB": "x" * 7000,
    "129": "x" * 129,
    "duplicated": "a,b",
    "utf-8": "caf\xc3\xa9",
    "quote": 'a"b',
    "slash": "../../etc",
    "percent": "%0d%0a",
    "markup": "<script>",
}


@pytest.mark.parametrize("given", BAD_IDS.values(), ids=BAD_IDS)
def test_a_bad_request_id_is_replaced_and_counted(given: str, shop: Observed):
    answer = shop.get(environ_overrides={"HTTP_X_REQUEST_ID": given})
    replaced = answer.headers["X-Request-ID"]
    assert replaced == shop.event["request_id"] != given
    assert replaced.isalnum()
    assert shop.pipeline.stats()["request_ids_replaced"] == 1


def test_an_application_cannot_put_a_bad_request_id_into_the_headers(shop: Observed):
    def view() -> str:
        g.wide_event.request_id = "a\r\nSet-Cookie: x=1"
        return "done"

    shop.app.add_url_rule("/bad", "bad", view)
    answer = shop.get("/bad")
    assert answer.status_code == 200
    assert valid_request_id(answer.headers["X-Request-ID"])
    assert "Set-Cookie" not in answer.headers


def test_without_a_request_id_each_request_gets_its_own(shop: Observed):
    told = {shop.get().headers["X-Request-ID"] for _ in range(20)}
    assert told == {event["request_id"] for event in shop.events}
    assert len(told) == 20


@pytest.mark.parametrize("path", ["/", "/nowhere", "/broken"])
def test_the_processing_time_is_whole_milliseconds_on_every_answer(path: str, shop: Observed):
    shop.app.add_url_rule("/broken", "broken", broken)
    assert shop.get(path).headers["X-Process-Time"].isdecimal()


def test_headers_of_the_application_s_own_are_not_doubled(shop: Observed):
    own = {"X-Request-ID": "mine", "x-process-time": "0.25"}
    shop.app.add_url_rule("/own", "own", lambda: ("hello", own))
    answer = shop.get("/own", headers={"X-Request-ID": "theirs"})
    assert answer.headers.getlist("X-Request-ID") == ["mine"]
    assert answer.headers.getlist("X-Process-Time") == ["0.25"]
    assert shop.event["request_id"] == "mine"


def test_a_request_id_of_the_application_s_own_that_is_none_stays_off_the_event(shop: Observed):
    shop.app.add_url_rule("/own", "own", lambda: ("hello", {"X-Request-ID": "not one"}))
    answer = shop.get("/own", headers={"X-Request-ID": "theirs"})
    assert answer.headers.getlist("X-Request-ID") == ["not one"]
    assert shop.event["request_id"] == "theirs"


# ---- the trace ---------------------------------------------------------------------------------------------


@pytest.fixture
def relay(observe: Callable[..., Observed]) -> Observed:
    """An application whose view answers with the headers that it would send on."""
    observed = observe()
    observed.app.add_url_rule("/", "index", lambda: dict(g.wide_event.headers()))
    return observed


def test_a_trace_is_continued_and_sent_on(relay: Observed):
    sent: dict[str, Any] = relay.get(headers={"traceparent": f"00-{TRACE}-{SPAN}-01"}).get_json()
    event = relay.event
    assert (event["trace_id"], event["parent_id"]) == (TRACE, SPAN)
    assert event["span_id"] != SPAN
    assert sent["traceparent"].startswith(f"00-{TRACE}-{event['span_id']}-")
    assert (sent["X-Trace-ID"], sent["X-Request-ID"]) == (TRACE, event["request_id"])


@pytest.mark.parametrize(
    "header",
    [
        "",
        "garbage",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f" 00-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
    ],
)
def test_a_malformed_trace_is_ignored(header: str, relay: Observed):
    relay.get(environ_overrides={"HTTP_TRACEPARENT": header, "HTTP_TRACESTATE": "ot=th:8"})
    assert relay.event["trace_id"] != TRACE
    assert "parent_id" not in relay.event


def test_the_sampling_of_the_caller_is_read_and_written_on(relay: Observed):
    state = "ot=th:8;rv:ffffffffffffff,vendor=x"
    headers = {"traceparent": f"00-{TRACE}-{SPAN}-03", "tracestate": state}
    sent: dict[str, Any] = relay.get(headers=headers).get_json()
    members = sent["tracestate"].split(",")
    assert members[0].startswith("ot=th:")
    assert "rv:ffffffffffffff" in members[0]
    assert members[1] == "vendor=x"
    assert sent["traceparent"].endswith("-03")
    assert "upstream_rate" not in relay.event


def test_explicit_randomness_decides(observe: Callable[..., Observed]):
    shop = observe(sample_default=0.5)
    shop.app.add_url_rule("/", "index", lambda: "hello")
    for randomness in ("00000000000000", "ffffffffffffff"):
        headers = {"traceparent": f"00-{TRACE}-{SPAN}-03", "tracestate": f"ot=rv:{randomness}"}
        shop.get(headers=headers)
    assert shop.pipeline.stats() == {"dropped.rate": 1, "kept.rate": 1}
    assert shop.event["sample_rate"] == 0.5
