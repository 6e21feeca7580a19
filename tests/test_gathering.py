from __future__ import annotations

from typing import Any

from wide_events import Pipeline, Settings, WideEvent
from wide_events.plain import MAX_FIELDS, MAX_TEXT
from wide_events.sinks import MemorySink


def emitted(event: WideEvent) -> dict[str, Any]:
    sink = MemorySink()
    event._pipeline = Pipeline(Settings(max_event_bytes=1_048_576), sinks=[sink])
    event.emit(force=True)
    (told,) = sink.events
    return told


def test_plain_fields_are_taken_over_as_they_are():
    event = WideEvent("gather").add_context(a="x", b=1, c=1.5, d=True)
    assert {name: event.context[name] for name in "abcd"} == {"a": "x", "b": 1, "c": 1.5, "d": True}
    assert event.cuts == []


def test_what_is_no_plain_data_is_copied_in():
    inner = {"a": [1]}
    event = WideEvent("gather").add_context(inner=inner, none=None, odd=float("nan"), long="x" * 9000)
    inner["a"].append(2)
    assert event.context["inner"] == {"a": [1]}
    assert event.context["odd"] == "NaN"
    assert "none" not in event.context
    assert len(event.context["long"]) <= MAX_TEXT
    assert event.cuts == ["long"]


def test_an_event_holds_so_many_fields_and_says_so():
    event = WideEvent("gather")
    for number in range(400):
        event.add_context(**{f"field_{number}": number})
        event.add_user_context(**{f"field_{number}": number})
    event.add_error(ValueError("late"))
    event.add_context(one_more=1)
    told = emitted(event)
    assert len(told["user_context"]) == MAX_FIELDS
    assert sum(name.startswith("field_") for name in told) <= MAX_FIELDS
    assert told["error"]["message"] == "late"
    assert {"fields", "user_context"} <= set(told["truncated"])


def test_what_is_put_in_by_hand_never_crowds_out_an_error():
    event = WideEvent("gather")
    event.context.update({f"field_{number}": [number] * 100 for number in range(400)})
    event.add_error(ValueError("late"), code="E101")
    event.add_business_metric("trip_created", True)
    told = emitted(event)
    assert told["error"]["message"] == "late"
    assert told["outcome"] == "error"
    assert told["business_metrics"] == {"trip_created": True}
    assert "fields" in told["truncated"]


def test_what_is_put_in_by_hand_under_odd_names_is_carried():
    event = WideEvent("gather")
    event.context.update({1: "a", None: "b", ("x", 1): object()})  # type: ignore[dict-item]
    told = emitted(event)
    assert (told["1"], told["None"]) == ("a", "b")


def test_names_of_ours_that_are_forged_by_hand_are_kept_apart():
    event = WideEvent("gather")
    event.context.update({"trace_id": "forged", "sample_rate": 7, "logs": "none", "user_context": [1]})
    event.log("a line")
    told = emitted(event)
    assert told["trace_id"] == event.trace_id
    assert told["sample_rate"] == 1.0
    assert [line["message"] for line in told["logs"]] == ["a line"]


def test_only_so_many_lines_and_cuts_are_noted():
    event = WideEvent("gather")
    for number in range(150):
        event.log(f"line {number}").add_context(**{f"long_{number}": "x" * 9000})
    assert len(event.context["logs"]) == 100
    assert len(event.cuts) == 20


def test_a_block_that_was_replaced_by_hand_becomes_a_block_again():
    event = WideEvent("gather")
    event.context["user_context"] = "by hand"
    event.add_user_context(tier="heavy").add_context(tags=["a", {"b": None}])
    assert emitted(event)["user_context"] == {"tier": "heavy"}


def test_fields_for_a_log_line_are_limited_too():
    event = WideEvent("gather").log("many", **{f"field_{number}": number for number in range(400)})
    assert len(event.context["logs"][0]) == MAX_FIELDS
    assert event.cuts == ["logs"]
