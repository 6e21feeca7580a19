"""Assertions pass on what is right, and say of what is wrong what there was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wide_events import Decision, Pipeline, WideEvent
from wide_events.sampling import Policy
from wide_events.settings import Settings
from wide_events.testing import (
    assert_dropped,
    assert_event,
    assert_kept,
    assert_no_event,
    assert_one_event,
    assert_policy,
    capture,
)
from wide_events.testing.matching import at, differences

if TYPE_CHECKING:
    from collections.abc import Callable

    from wide_events.testing import CapturedEvent, CapturedEvents

SETTINGS = Settings(sample_default=0.05, sample_rates={"trip": 0.5})


@pytest.fixture
def captured():
    with capture(sampling="none") as captured:
        yield captured


@pytest.fixture
def pipeline():
    return Pipeline(SETTINGS)


def emitted(
    captured: CapturedEvents, pipeline: Pipeline, operation: str = "upload", **context: object
) -> CapturedEvent:
    event = WideEvent(operation, pipeline=pipeline).add_context(**context)
    event.emit()
    return captured[-1]


def message_of(assertion: Callable[..., object], *args: object, **kwargs: object) -> str:
    with pytest.raises(AssertionError) as failure:
        assertion(*args, **kwargs)
    return str(failure.value)


# ---- exactly one -------------------------------------------------------------------------------------------


def test_the_only_event_is_returned(captured: CapturedEvents, pipeline: Pipeline):
    event = emitted(captured, pipeline)
    assert assert_one_event(captured) is captured.one() is event


def test_no_event_at_all_is_said(captured: CapturedEvents):
    told = message_of(captured.one, "upload")
    asked = "expected exactly one event with operation='upload', found 0"
    assert told == f"{asked}: no event ended while events were captured"


def test_too_many_events_are_listed(captured: CapturedEvents, pipeline: Pipeline):
    emitted(captured, pipeline)
    emitted(captured, pipeline, "trip.end")
    first, *lines = message_of(captured.one).splitlines()
    assert first == "expected exactly one event, found 2:"
    assert [line.split(" in ")[0] for line in lines] == [
        "  1  dropped by rate at 0.05  upload    upload success",
        "  2  dropped by rate at 0.5   trip.end  trip.end success",
    ]


def test_events_that_do_not_match_are_listed_with_what_they_say(captured: CapturedEvents, pipeline: Pipeline):
    emitted(captured, pipeline, rows=3)
    emitted(captured, pipeline)
    first, *lines = message_of(captured.one, rows=4).splitlines()
    assert first == "expected exactly one event with rows=4, found 0 of 2:"
    assert [line.rpartition("  ")[2] for line in lines] == ["rows is 3", "rows is (absent)"]


def test_of_many_events_the_last_ones_are_listed(captured: CapturedEvents, pipeline: Pipeline):
    for _ in range(25):
        emitted(captured, pipeline)
    lines = message_of(captured.one).splitlines()
    assert lines[1] == "  … 5 earlier ones"
    assert len(lines) == 22
    assert lines[2].startswith("  6 ")


def test_none_lists_only_what_should_not_be_there(captured: CapturedEvents, pipeline: Pipeline):
    emitted(captured, pipeline, rows=3)
    emitted(captured, pipeline, rows=4)
    captured.none("download")
    assert_no_event(captured, rows=5)
    told = message_of(captured.none, rows=4)
    assert told.startswith("expected no event with rows=4, found 1:\n  1  dropped by rate at 0.05  upload")


def test_events_are_found_by_name_path_and_field(captured: CapturedEvents, pipeline: Pipeline):
    heavy = WideEvent("upload", pipeline=pipeline).add_vehicle_context(usage_tier="heavy")
    heavy.add_context(rows=3).emit()
    emitted(captured, pipeline, rows=3)
    assert len(captured.find(rows=3)) == 2
    assert captured.find("upload", {"vehicle_context.usage_tier": "heavy"}, rows=3) == [captured[0]]
    assert captured.find("upload", vehicle_context=None) == [captured[1]]


# ---- fields ------------------------------------------------------------------------------------------------


def test_expected_may_be_many_things():
    fields = {"a": 1, "b": {"c": "x", "d": {}}, "logs": [{"message": "hi"}], "e": {"dotted.key": 2}}
    for expected in (
        {},
        {"a": 1, "b": {"c": "x"}},
        {"a": int, "b.c": ..., "missing": None, "b.missing": None, "a.b": None},
        {"a": lambda value: value > 0, "b": {"d": {}}},
        {"a": pytest.approx(1.0000001)},
        {"logs.0.message": "hi", "logs.1": None, "logs.first": None, "e.dotted.key": 2},
    ):
        assert differences(fields, expected) == []
    for expected in ({"a": str}, {"a": None}, {"missing": ...}, {"a": lambda value: value > 1}, {"b.c": "y"}):
        assert len(differences(fields, expected)) == 1


def test_a_key_with_dots_wins_over_a_path():
    assert at({"a.b": 1, "a": {"b": 2}}, "a.b") == 1


def test_differences_are_told_by_path():
    event = {"outcome": "success", "error": {"type": "E101"}, "duration_ms": 12.5, "rows": 3}

    def is_quick(value: float) -> bool:
        return value < 10

    told = message_of(
        assert_event,
        event,
        {"error.code": "E101", "user_context": {"type": "x", "plan": "y"}},
        outcome="error",
        duration_ms=is_quick,
        rows=None,
        outcom=...,
        unheard_of=1,
        kind=None,
    )
    assert told.splitlines() == [
        "the event",
        "differs in 8 of 9 expected fields:",
        "  path               expected       got",
        "  error.code         'E101'         (absent)   there is error.type: 'E101'",
        "  user_context.type  'x'            (absent)   there is error.type: 'E101'",
        "  user_context.plan  'y'            (absent)",
        "  outcome            'error'        'success'",
        "  duration_ms        is_quick       12.5",
        "  rows               no such field  3",
        "  outcom             any value      (absent)   there is outcome: 'success'",
        "  unheard_of         1              (absent)",
    ]


def test_the_captured_event_that_differs_is_named(captured: CapturedEvents, pipeline: Pipeline):
    event = emitted(captured, pipeline, rows=3)
    assert_event(event, outcome="success", rows=3)
    told = message_of(assert_event, event, {"rows": 4})
    assert told.splitlines()[0] == f"upload: {event['message']}"
    assert told.splitlines()[1:] == [
        "differs in 1 of 1 expected fields:",
        "  path  expected  got",
        "  rows  4         3",
    ]


# ---- decisions ---------------------------------------------------------------------------------------------


def test_decisions_are_asserted_on_events_of_all_sorts(captured: CapturedEvents, pipeline: Pipeline):
    event = WideEvent("upload", pipeline=pipeline)
    event.emit()
    for subject in (event, captured.one(), event.decision):
        assert_dropped(subject)
        assert_dropped(subject, because="rate", rate=0.05)
    assert_kept(Decision(keep=True, reason="slow", rate=1.0, weight=1.0), because="slow")


def test_what_chance_dropped_is_told_with_the_remedy(captured: CapturedEvents, pipeline: Pipeline):
    event = emitted(captured, pipeline)
    lines = message_of(assert_kept, event, because="slow").splitlines()
    assert lines[:3] == [
        "expected: kept by slow",
        "decided:  dropped by rate at 0.05",
        "  operation      'upload'",
    ]
    assert lines[4:6] == ["  outcome        'success'", f"  duration_ms    {event['duration_ms']}"]
    assert "@pytest.mark.wide_events(sampling='all'), or captured_events.keep_all()" in lines[-1]


def test_what_chance_kept_is_told_with_the_remedy(captured: CapturedEvents, pipeline: Pipeline):
    captured.keep_all()
    told = message_of(assert_dropped, emitted(captured, pipeline))
    assert told.startswith("expected: dropped\ndecided:  kept by rate at 0.05\n")
    assert "sampling='none'), or captured_events.keep_none()" in told


def test_another_reason_or_rate_is_told():
    kept = Decision(keep=True, reason="error", rate=1.0, weight=1.0)
    assert message_of(assert_kept, kept, because="slow") == (
        "expected: kept by slow\ndecided:  kept by error"
    )
    dropped = Decision(keep=False, reason="rate", rate=0.05, weight=0.0)
    assert message_of(assert_dropped, dropped, because="rate", rate=0.5) == (
        "expected: dropped by rate at 0.5\ndecided:  dropped by rate at 0.05"
    )


def test_the_error_that_kept_an_event_is_told(captured: CapturedEvents, pipeline: Pipeline):
    WideEvent("upload", pipeline=pipeline).add_error(ValueError("no rows"), code="E101").emit()
    told = message_of(assert_dropped, captured.one())
    assert "  error.type     'ValueError'\n  error.code     'E101'\n  error.message  'no rows'" in told
    assert "pytest.mark" not in told


def test_an_undecided_event_is_said(pipeline: Pipeline):
    told = message_of(assert_kept, WideEvent("upload", pipeline=pipeline))
    assert told.endswith("nothing was decided; emit it first")


# ---- policies ----------------------------------------------------------------------------------------------


def test_a_policy_is_asserted_as_a_table():
    assert_policy(
        Policy.from_settings(SETTINGS),
        [
            ({"success": False}, "error", 1.0),
            ({"duration_ms": 1001}, "slow"),
            ({"operation": "trip.end"}, "rate", 0.5),
            ({"operation": "upload", "user_context": {"account_age_days": 3}}, "new_user", 0.25),
        ],
    )


def test_every_row_that_fails_is_named():
    rows = [
        ({"duration_ms": 1000}, "slow"),
        ({"success": False}, "error"),
        ({"operation": "trip"}, "rate", 0.05),
    ]
    assert message_of(assert_policy, Policy.from_settings(SETTINGS), rows).splitlines() == [
        "2 of 3 rows fail:",
        "  row  expected      got           fields",
        "  1    slow          rate at 0.05  {'duration_ms': 1000}",
        "  3    rate at 0.05  rate at 0.5   {'operation': 'trip'}",
    ]
