"""Chance by the trace id: fair, consistent, and countable. Ids are seeded, so these tests cannot flicker."""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wide_events import Pipeline, WideEvent
from wide_events.propagation import ALL, randomness_of, threshold_of
from wide_events.sampling import Policy
from wide_events.settings import Settings
from wide_events.sinks import MemorySink

SIGMAS = 4
_random = random.Random(20_261_122)
TRACES = [f"{_random.getrandbits(128) | 1 << 127:032x}" for _ in range(200_000)]


def policy(**more: Any) -> Policy:
    return Policy.from_settings(Settings(**more))


RATES = {
    "one": 1.0,
    "half": 0.5,
    "third": 1 / 3,
    "tenth": 0.1,
    "hundredth": 0.01,
    "thousandth": 0.001,
    "nothing": 0.0,
}


@pytest.mark.parametrize("name", sorted(RATES))
def test_each_configured_rate_is_met_over_200_000_traces(name: str):
    decide, rate = policy(sample_rates=RATES).decide, RATES[name]
    kept = sum(decide({"operation": name, "trace_id": trace}).keep for trace in TRACES)
    sigma = math.sqrt(len(TRACES) * rate * (1 - rate))
    assert abs(kept - rate * len(TRACES)) <= SIGMAS * sigma


def mixed_load() -> list[tuple[str, dict[str, Any]]]:
    """Events of every tier, as an application of many kinds of users would make them."""
    chance = random.Random(7)
    load = []
    for trace in TRACES:
        tier = chance.choices(["heavy", "free", "new", "pro"], [1, 60, 9, 30])[0]
        load.append(
            (
                tier,
                {
                    "trace_id": trace,
                    "operation": chance.choice(["telemetry.upload", "trip.finalise", "home"]),
                    "success": chance.random() > 0.02,
                    "duration_ms": chance.expovariate(1 / 150),
                    "user_context": {"tier": tier, "account_age_days": 3 if tier == "new" else 300},
                },
            )
        )
    return load


def test_the_weights_of_what_is_kept_count_what_happened_for_every_tier():
    decide = policy(sample_default=0.05, sample_rates={"telemetry": 0.01, "trip": 0.3}).decide
    happened: Counter[tuple[str, bool]] = Counter()
    estimated: Counter[tuple[str, bool]] = Counter()
    variance: Counter[tuple[str, bool]] = Counter()
    kept = 0
    for tier, fields in mixed_load():
        decision, group = decide(fields), (tier, fields["success"])
        kept += decision.keep
        happened[group] += 1
        estimated[group] += decision.weight  # type: ignore[assignment]
        variance[group] += (1 - decision.rate) / decision.rate  # type: ignore[assignment]
    assert kept < len(TRACES) / 4
    for group, count in happened.items():
        assert abs(estimated[group] - count) <= SIGMAS * math.sqrt(variance[group]), group
        if not group[1]:
            assert estimated[group] == count


def test_the_lines_themselves_count_what_happened_also_when_it_was_decided_early():
    sink = MemorySink()
    pipeline = Pipeline(Settings(sample_default=0.1), sinks=[sink])
    for number, trace in enumerate(TRACES[:20_000]):
        event = WideEvent("job", pipeline=pipeline, trace_id=trace)
        if number % 2:
            event.decide()
        if number % 4 < 2:
            event.add_error("boom")
        event.emit()
    lines = sink.events
    assert sum(line["sample_weight"] for line in lines if not line["success"]) == 10_000
    fine = sum(line["sample_weight"] for line in lines if line["success"])
    assert abs(fine - 10_000) <= SIGMAS * math.sqrt(10_000 * 0.9 / 0.1)


def test_services_with_different_rates_keep_the_same_traces():
    low, high = policy(sample_default=0.1), policy(sample_default=0.3)
    by_low = {trace for trace in TRACES[:50_000] if low.decide({"trace_id": trace}).keep}
    by_high = {trace for trace in TRACES[:50_000] if high.decide({"trace_id": trace}).keep}
    assert by_low < by_high
    assert by_low == {
        trace for trace in TRACES[:50_000] if policy(sample_default=0.1).decide({"trace_id": trace}).keep
    }


def test_a_callee_keeps_what_its_caller_kept():
    caller, callee = policy(sample_default=0.3), policy(sample_default=0.01)
    for trace in TRACES[:20_000]:
        if caller.decide({"trace_id": trace}).keep:
            assert callee.decide({"trace_id": trace, "upstream_rate": 0.3}).keep


@given(st.integers(0, ALL - 1), st.floats(0, 1), st.floats(0, 1))
def test_raising_a_rate_never_drops_what_was_kept(randomness: int, one: float, other: float):
    low, high = sorted((one, other))
    kept_low = Policy([("rate", lambda fields: low)]).decide({}, randomness).keep
    kept_high = Policy([("rate", lambda fields: high)]).decide({}, randomness).keep
    assert kept_high or not kept_low


@given(st.sampled_from(TRACES), st.floats(0, 1))
def test_the_decision_is_that_of_opentelemetry(trace: str, rate: float):
    """Keep where the 56 bits of randomness reach the rejection threshold of the rate."""
    decision = Policy([("rate", lambda fields: rate)]).decide({"trace_id": trace})
    assert decision.keep == (randomness_of(trace) >= threshold_of(rate))


@given(
    st.dictionaries(
        st.sampled_from(["success", "status_code"]), st.sampled_from([False, 500, 503]), min_size=1
    )
)
def test_errors_survive_any_rate(fields: dict[str, Any]):
    failed = {**fields, "success": False}
    for rate in (0.0, 1e-9, 0.5):
        assert (
            policy(sample_default=rate)
            .decide({**failed, "trace_id": "f" * 18 + "0" * 14, "own_rate": rate})
            .keep
        )
