"""An event that is given odd objects, odd numbers, or a context that somebody changed by hand."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.events import Unwilling, begun, line_of
from tests.odd_values import ODD
from tests.strategies import anything, keys

if TYPE_CHECKING:
    from collections.abc import Callable


# ---- nothing raises ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(ODD))
def test_no_verb_raises_whatever_object_it_gets(name: str):
    odd = ODD[name]()
    event, sink = begun()
    event.add_context(odd=odd, nested={"odd": [odd]}).add_user_context(tier=odd, account_age_days=odd)
    event.add_business_metric("odd", odd, critical=True).increment("odd", odd).log(odd, odd, odd=odd)
    event.record_time("odd", odd).record_time("odd", 1.0)
    event.add_error(odd, odd=odd).add_handled_error(odd).mark_failure(odd).keep(odd).sample(odd).slow_over(
        odd
    )
    event.add_facts({"status_code": odd})
    event.emit(level=odd)
    assert len(sink.events) == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(keys, max_size=6), st.lists(anything, max_size=6))
def test_an_event_of_any_fields_gives_one_line(names: list[str], values: list[Any]):
    event, sink = begun()
    for key, value in zip(names, values, strict=False):
        event.add_context(**{key: value}).add_business_metric(key, value).increment(key, value)
    event.emit()
    assert len(sink.events) == 1
    assert len(sink.lines[0]) <= 15360


HOSTILE: list[Callable[[dict[str, Any]], object]] = [
    lambda c: c.clear(),
    lambda c: c.pop("kind"),
    lambda c: c.update(kind=Unwilling(), operation=Unwilling()),
    lambda c: c.update(dict.fromkeys(("error", "handled_errors", "logs", "critical_events"), 5)),
    lambda c: c.update(dict.fromkeys(("technical_metrics", "performance_breakdown", "user_context"), "x")),
    lambda c: c.update(technical_metrics={"n": Unwilling()}, performance_breakdown={"t_ms": Unwilling()}),
    lambda c: c.update(forced=Unwilling(), own_rate=Unwilling(), own_slow_threshold_ms="x"),
    lambda c: c.update(status_code=Unwilling(), business_metrics=Unwilling()),
    lambda c: c.update({5: 1, None: 2, ("a",): 3, Unwilling(): 4}),
    lambda c: c.update(loop=c),
    lambda c: c.update(error={"code": [], "type": Unwilling(), "message": None}),
]


@pytest.mark.parametrize("attack", HOSTILE)
def test_a_context_changed_by_hand_raises_nowhere_and_still_gives_a_line(
    attack: Callable[[dict[str, Any]], object],
):
    event, sink = begun()
    attack(event.context)
    event.add_context(a=1, error="reserved").increment("n").record_time("t", 1.0).record_time("t", 1.0).log(
        "x"
    )
    event.add_business_metric("m", 1, critical=True).add_user_context(user_id="u")
    event.add_handled_error("h").add_error("e").add_error("f").promote_handled_error()
    assert event.operation is not None
    assert repr(event)
    event.headers()
    event.decide()
    event.emit()
    (line,) = sink.events
    assert line["error"]["message"] == "f"
    assert line["user_context"]["user_id"] == "u"
    assert line["technical_metrics"]["n"] == 1
    assert line["kind"]


def test_a_context_changed_by_hand_cannot_forge_what_identifies_an_event():
    event, sink = begun("upload")
    forged = {
        "timestamp": "never",
        "level": ["info"],
        "trace_id": "mine",
        "sample_weight": 0,
        "service": "other",
        "duration_ms": "fast",
        "schema_version": 9,
    }
    event.context.update(forged)
    event.emit()
    (line,) = sink.events
    assert line["trace_id"] == event.trace_id
    assert (line["service"], line["sample_weight"], line["level"]) == ("svc", 1.0, "info")
    assert isinstance(line["duration_ms"], float)
    assert line["context_conflicts"]["sample_weight"] == 0


def test_an_event_of_too_many_fields_says_so_and_keeps_its_blocks():
    event, sink = begun()
    event.add_context(**{f"f{n}": n for n in range(256)})
    event.add_error("boom").add_user_context(user_id="u")
    event.add_context(**{f"g{n}": n for n in range(200)})
    event.emit()
    (line,) = sink.events
    assert line["error"]["message"] == "boom"
    assert line["user_context"] == {"user_id": "u"}
    assert "fields" in line["truncated"]
    assert line["f0"] == 0


def test_a_block_of_too_many_fields_says_so():
    many = {f"f{n}": n for n in range(300)}
    line = line_of(lambda e: e.add_user_context(**many).log("hello", **many).add_facts(many))
    assert line["truncated"] == ["user_context", "logs", "fields"]
    assert len(line["user_context"]) == len(line["logs"][0]) == 256


# ---- odd numbers -----


@pytest.mark.parametrize("step", [math.nan, math.inf, True, "2", None, Decimal("2.5")])
def test_a_step_that_is_no_number_counts_one(step: Any):
    assert line_of(lambda e: e.increment("n", step))["technical_metrics"] == {"n": 1}


def test_a_count_over_something_else_begins_anew():
    assert line_of(lambda e: e.add_technical_metric("n", "text").increment("n"))["technical_metrics"] == {
        "n": 1
    }


@pytest.mark.parametrize("time", [math.nan, math.inf, None, "5", [1]])
def test_a_time_that_is_no_number_is_left_out(time: Any):
    line = line_of(lambda e: e.record_time("db", 2.0).record_time("db", time))
    assert line["performance_breakdown"]["db_ms"] == 2.0
