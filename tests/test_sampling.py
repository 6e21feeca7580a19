"""The policy, asked as a pure function: each rule, their order, odd values, rules of one's own."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.odd_values import ODD
from wide_events import Decision, Pipeline, WideEvent
from wide_events.sampling import Policy
from wide_events.settings import Settings
from wide_events.sinks import MemorySink

if TYPE_CHECKING:
    from collections.abc import Mapping

LOWEST = "4bf92f3577b34da6a300000000000000"
"""A trace that only a rate of 1 keeps."""
HIGHEST = "4bf92f3577b34da6a3ffffffffffffff"
"""A trace that any rate but 0 keeps."""


def policy(*rules: Any, **more: Any) -> Policy:
    return Policy.from_settings(Settings(**more), rules)


def reason(fields: Mapping[str, Any], trace_id: str = LOWEST, **more: Any) -> str | None:
    """Why an event is kept, or `None`."""
    decision = policy(**more).decide({"trace_id": trace_id, "operation": "job", "success": True, **fields})
    return decision.reason if decision.keep else None


# ---- each rule ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"forced": "canary"}, "canary"),
        ({"success": False}, "error"),
        ({"status_code": 500}, "error"),
        ({"status_code": 599}, "error"),
        ({"status_code": 499}, None),
        ({"duration_ms": 1000.01}, "slow"),
        ({"duration_ms": 1000}, None),
        ({"duration_ms": 1500, "own_slow_threshold_ms": 2000}, None),
        ({"duration_ms": 5, "own_slow_threshold_ms": 4}, "slow"),
        ({"business_metrics": {"refuel": True}}, "critical_event"),
        ({"business_metrics": {"refuel": 1, "other": 0}}, "critical_event"),
        ({"business_metrics": {"refuel": False}}, None),
        ({"business_metrics": {"refuel": 0}}, None),
        ({"business_metrics": {"other": True}}, None),
        ({"critical_events": ["said in code"]}, "critical_event"),
        ({"critical_events": []}, None),
        ({"vehicle_context": {"usage_tier": "heavy"}}, "heavy_user"),
        ({"user_context": {"tier": "heavy"}}, "heavy_user"),
        ({"user_context": {"tier": "Heavy"}}, None),
        ({"user_context": {"usage_tier": "heavy"}}, None),
        ({"kind": "boundary"}, "boundary"),
        ({"kind": "business"}, "business"),
        ({"kind": "request"}, None),
        ({"own_rate": 1.0}, "rate"),
        ({"upstream_rate": 1.0}, "upstream"),
    ],
)
def test_each_rule_keeps_what_it_is_for(fields: dict[str, Any], expected: str | None):
    assert reason(fields, critical_events=("refuel",)) == expected


ORDER: list[tuple[str, dict[str, Any]]] = [
    ("forced", {"forced": "forced"}),
    ("error", {"success": False}),
    ("slow", {"duration_ms": 5000}),
    ("critical_event", {"business_metrics": {"refuel": True}}),
    ("heavy_user", {"user_context": {"tier": "heavy", "account_age_days": 1}}),
    ("boundary", {"kind": "boundary"}),
    ("mine", {"mine": True}),
    ("new_user", {"vehicle_context": {"account_age_days": 1}}),
    ("upstream", {"upstream_rate": 1.0}),
    ("rate", {}),
]


def test_the_first_rule_with_an_opinion_wins():
    asked = policy(
        ("mine", lambda fields: 1.0 if fields.get("mine") else None),
        critical_events=("refuel",),
        sample_new_user=1.0,
    )
    fields: dict[str, Any] = {"trace_id": HIGHEST, "operation": "job", "success": True}
    for name, more in reversed(ORDER):
        fields.update(more)
        assert asked.decide(fields).reason == name


def test_a_kept_event_tells_rate_and_weight_and_a_dropped_one_weighs_nothing():
    assert policy(sample_default=0.05).decide({"trace_id": HIGHEST}) == Decision(True, "rate", 0.05, 20.0)
    assert policy(sample_default=0.05).decide({"trace_id": LOWEST}) == Decision(False, "rate", 0.05, 0.0)
    assert policy(sample_default=0.3).decide({"trace_id": HIGHEST}).weight == 1 / 0.3
    assert policy().decide({"success": False}) == Decision(True, "error", 1.0, 1.0)
    assert policy(sample_default=0.0).decide({"trace_id": HIGHEST}) == Decision(False, "rate", 0.0, 0.0)


def test_errors_survive_a_rate_of_nothing():
    asked = policy(sample_default=0.0, sample_rates={"job": 0.0}, sample_new_user=0.0)
    assert asked.decide({"operation": "job", "success": False, "trace_id": LOWEST, "own_rate": 0.0}).keep


def test_a_decision_cannot_be_changed():
    with pytest.raises(AttributeError):
        policy().decide({}).keep = False  # type: ignore[misc]


def test_deciding_is_pure():
    fields = MappingProxyType({"trace_id": HIGHEST, "operation": "job", "success": True})
    asked = policy()
    assert len({asked.decide(fields) for _ in range(10)}) == 1
    assert asked.decide(fields, randomness=0) == asked.decide({**fields, "trace_id": LOWEST})


@pytest.mark.parametrize("trace_id", [None, "", "short", "0" * 32, "G" * 32, 5])
def test_without_a_trace_any_rate_above_nothing_keeps(trace_id: Any):
    assert policy(sample_default=0.001).decide({"trace_id": trace_id}).keep
    assert not policy(sample_default=0.0).decide({"trace_id": trace_id}).keep


# ---- rates by name -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "rate"),
    [
        ("telemetry", 0.2),
        ("telemetry_upload", 0.2),
        ("telemetry.upload", 0.2),
        ("telemetry-upload", 0.2),
        ("Telemetry/Upload", 0.2),
        ("TELEMETRY UPLOAD", 0.2),
        ("telemetry.batch.upload", 0.3),
        ("telemetry_batch", 0.3),
        ("telemetry_batches", 0.2),
        ("telemetryupload", 0.05),
        ("my_telemetry", 0.05),
        ("", 0.05),
        (None, 0.05),
        (5, 0.05),
    ],
)
def test_a_name_governs_what_begins_with_it_at_a_word_boundary(operation: Any, rate: float):
    asked = policy(sample_rates={"telemetry": 0.2, "telemetry_batch": 0.3})
    for _ in range(2):
        assert asked.decide({"operation": operation, "trace_id": HIGHEST}).rate == rate


def test_the_same_from_the_environment():
    environ = {
        "LOG_SAMPLE_TELEMETRY": "0.2",
        "LOG_SAMPLE_TELEMETRY_BATCH": "0.3",
        "LOG_SLOW_THRESHOLD_MS_REPORT": "9",
    }
    asked = Policy.from_settings(Settings.from_environ(environ))
    assert asked.decide({"operation": "Telemetry.batch-7", "trace_id": HIGHEST}).rate == 0.3
    assert asked.decide({"operation": "report.daily", "duration_ms": 10}).reason == "slow"
    assert asked.decide({"operation": "reporting", "duration_ms": 10}).reason == "rate"


def test_so_many_names_that_some_are_forgotten_change_no_rate():
    asked = policy(sample_rates={"job": 0.5})
    for _ in range(2):
        for number in range(5_000):
            assert asked.decide({"operation": f"job.{number}", "trace_id": HIGHEST}).rate == 0.5


@pytest.mark.parametrize("own", [math.nan, math.inf, -0.1, 1.1, True, "1", None, [1], 10**400])
def test_a_rate_of_ones_own_that_is_none_is_ignored(own: Any):
    assert policy(sample_default=0.5).decide({"own_rate": own, "trace_id": HIGHEST}).rate == 0.5


# ---- new users ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "default", "expected"),
    [
        (0, 0.05, ("new_user", 0.25)),
        (29.9, 0.05, ("new_user", 0.25)),
        (-1, 0.05, ("new_user", 0.25)),
        (30, 0.05, ("rate", 0.05)),
        (3000, 0.05, ("rate", 0.05)),
        (1, 0.25, ("rate", 0.25)),
        (1, 0.9, ("rate", 0.9)),
    ],
)
@pytest.mark.parametrize("block", ["vehicle_context", "user_context"])
def test_a_young_account_raises_the_rate_and_never_lowers_it(
    block: str, age: float, default: float, expected: Any
):
    decision = policy(sample_default=default).decide({"trace_id": HIGHEST, block: {"account_age_days": age}})
    assert (decision.reason, decision.rate) == expected


@pytest.mark.parametrize(
    "age", [None, math.nan, math.inf, -math.inf, "30", "5", True, False, [5], {"days": 5}, 1j]
)
def test_an_odd_age_is_nobodys(age: Any):
    for block in ("vehicle_context", "user_context"):
        assert policy().decide({"trace_id": HIGHEST, block: {"account_age_days": age}}).reason == "rate"


def test_an_own_rate_can_be_raised_by_a_young_account_only():
    fields = {"trace_id": HIGHEST, "user_context": {"account_age_days": 1}}
    assert policy().decide({**fields, "own_rate": 0.9}).rate == 0.9
    assert policy().decide({**fields, "own_rate": 0.1}).rate == 0.25


# ---- upstream ----------------------------------------------------------------------------------------------


def test_the_callers_rate_raises_ours_and_never_lowers_it():
    asked = policy(sample_default=0.2)
    assert asked.decide({"trace_id": HIGHEST, "upstream_rate": 0.5}) == Decision(True, "upstream", 0.5, 2.0)
    for odd in (0.1, 0.2, None, math.nan, "0.5", True, 1.5):
        assert asked.decide({"trace_id": HIGHEST, "upstream_rate": odd}).reason == "rate"


# ---- odd values --------------------------------------------------------------------------------------------


FIELDS = [
    "success",
    "status_code",
    "duration_ms",
    "own_slow_threshold_ms",
    "business_metrics",
    "critical_events",
    "vehicle_context",
    "user_context",
    "kind",
    "own_rate",
    "upstream_rate",
    "operation",
    "trace_id",
    "forced",
]


@pytest.mark.parametrize("name", sorted(ODD))
def test_no_value_makes_deciding_raise(name: str):
    asked = policy(critical_events=("refuel",))
    for field in FIELDS:
        odd = ODD[name]()
        for value in (odd, {"refuel": odd, "usage_tier": odd, "tier": odd, "account_age_days": odd}):
            decision = asked.decide({"trace_id": HIGHEST, "operation": "job", "success": True, field: value})
            matches = type(odd) in (int, float) or field == "forced"
            assert matches or decision.reason in {"rate", "critical_event", "rule_failed"}


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(FIELDS), st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    )
)
def test_any_plain_fields_give_a_sound_decision(fields: dict[str, Any]):
    decision = policy().decide(fields)
    assert decision == policy().decide(fields)
    assert 0 <= decision.rate <= 1
    assert decision.weight == (1 / decision.rate if decision.keep else 0)


# ---- rules of one's own ------------------------------------------------------------------------------------


def weekend(fields: Mapping[str, Any]) -> float | None:
    return 1.0 if fields.get("day") in ("saturday", "sunday") else None


class Canary:
    def __call__(self, fields: Mapping[str, Any]) -> float | None:
        return 0.5 if fields.get("canary") else None


def test_rules_are_named_after_themselves_or_as_one_says():
    asked = policy(weekend, Canary(), ("weekday", lambda fields: 0.75 if "day" in fields else None))
    assert asked.decide({"day": "sunday"}).reason == "weekend"
    assert asked.decide({"canary": 1, "trace_id": HIGHEST}) == Decision(True, "Canary", 0.5, 2.0)
    assert asked.decide({"day": "monday", "trace_id": HIGHEST}).reason == "weekday"
    assert asked.decide({"trace_id": HIGHEST}).reason == "rate"


def test_rules_of_ones_own_come_after_what_must_be_kept():
    asked = policy(("never", lambda fields: 0.0))
    assert asked.decide({"success": False}).reason == "error"
    assert asked.decide({"trace_id": HIGHEST}) == Decision(False, "never", 0.0, 0.0)


def test_without_any_opinion_the_event_is_kept():
    assert Policy([]).decide({}) == Decision(True, "no_opinion", 1.0, 1.0)
    assert not Policy([]).is_slow({"duration_ms": 10**9})
    assert Policy([]).chance({}) == 1.0


def raises(fields: Mapping[str, Any]) -> float:
    raise KeyError("broken")


BROKEN: list[Any] = [
    raises,
    *(lambda fields, answer=a: answer for a in (True, 2, -0.1, math.nan, "1", [], 10**400)),
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_rule_keeps_the_event_and_is_said(broken: Any, caplog: pytest.LogCaptureFixture):
    sink = MemorySink()
    asked = policy(("mine", broken), sample_default=0.0)
    pipeline = Pipeline(Settings(), policy=asked, sinks=[sink])
    for _ in range(3):
        assert WideEvent("job", pipeline=pipeline).emit() == Decision(True, "rule_failed", 1.0, 1.0)
    assert [line["sample_reason"] for line in sink.events] == ["rule_failed"] * 3
    assert pipeline.stats() == {"kept.rule_failed": 3, "rule_failed": 3}
    (said,) = [record.getMessage() for record in caplog.records]
    assert "'mine'" in said


@pytest.mark.parametrize("broken", BROKEN)
def test_the_other_rules_are_still_heard(broken: Any):
    asked = Policy([("broken", broken), weekend, ("often", lambda fields: 0.5)])
    assert asked.decide({"day": "sunday"}).reason == "weekend"
    assert asked.decide({"trace_id": LOWEST}) == Decision(True, "rule_failed", 1.0, 1.0)
    behind = Policy([("often", lambda fields: 0.5 if "often" in fields else None), ("broken", broken)])
    assert behind.decide({"often": 1, "trace_id": HIGHEST}).reason == "often"
    assert behind.decide({"trace_id": LOWEST}).reason == "rule_failed"


def test_a_rule_that_is_no_callable_is_broken_too():
    assert Policy([("mine", "not callable")]).decide({}).reason == "rule_failed"  # type: ignore[list-item]


def test_a_rule_that_fails_once_only_does_not_decide_by_its_failure():
    answers = iter([KeyError("once")])

    def flaky(fields: Mapping[str, Any]) -> float | None:
        for answer in answers:
            raise answer
        return None

    assert Policy([flaky, ("often", lambda fields: 0.5)]).decide({"trace_id": HIGHEST}).reason == "often"


def test_a_rule_may_give_any_number_of_rates():
    asked = Policy([("many", lambda fields: fields["n"] / 10_000)])
    for number in range(1, 9_000):
        assert asked.decide({"n": number, "trace_id": HIGHEST}).rate == number / 10_000


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_belongs_to_the_process_passes(error: type[BaseException]):
    def interrupted(fields: Mapping[str, Any]) -> float:
        raise error

    with pytest.raises(error):
        Policy([interrupted]).decide({})
