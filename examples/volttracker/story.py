"""What the demonstration tells once the traffic is over: some events, the accounts, and the seven answers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from examples.volttracker import questions
from examples.volttracker.accounts import account, by_reason, requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from examples.volttracker.client import Tally
    from examples.volttracker.questions import Event
    from examples.volttracker.screen import Screen

_MOST_SHOWN = 5


def show_examples(screen: Screen, events: Sequence[Event]) -> None:
    """One kept event of each of four sorts, as people read them."""
    screen.heading("Four of the kept events")
    chosen: tuple[Callable[[Event], bool], ...] = (
        lambda one: one["operation"] == "telemetry_upload" and one["sample_reason"] == "critical_event",
        lambda one: one["operation"] == "trip_finalize" and one["sample_reason"] == "slow",
        lambda one: one["operation"] == "external_api_weather" and questions.failed(one),
        lambda one: one["operation"] == "vehicle_range" and questions.failed(one),
    )
    for wanted in chosen:
        found = next(filter(wanted, events), None)
        if found is not None:
            screen.event(found)


def show_accounts(screen: Screen, events: Sequence[Event], tally: Tally) -> None:
    """Why requests were kept, how many were dropped, and how well the kept ones estimate what was sent."""
    screen.heading("Why requests were kept, and what they stand for")
    of_requests = requests(events)
    rows = [
        (reason, rate, one.kept, one.stands_for) for (reason, rate), one in by_reason(of_requests).items()
    ]
    screen.table(("reason", "rate", "kept", "stand for"), [(r, f"{rate:g}", k, w) for r, rate, k, w in rows])
    environments = sorted({target.environment for target in tally.answered})
    compared = [
        (name, tally.in_environment(name), [one for one in of_requests if one["environment"] == name])
        for name in environments
    ]
    compared.append(("together", tally.requests, of_requests))
    screen.table(
        ("environment", "really sent", "kept", "dropped", "dropped, by weight", "± 2 sigma", "total off by"),
        [_comparison(name, sent, kept) for name, sent, kept in compared],
    )
    others = Counter(str(one["kind"]) for one in events if one["kind"] != "request")
    told = ", ".join(f"{count} {kind} events" for kind, count in sorted(others.items()))
    screen.say(f"  Besides: {told}, all of them kept.")
    screen.say("  An estimate is right on average; the more was sent, the closer it is.")


def _comparison(name: str, sent: int, kept: Iterable[Event]) -> tuple[object, ...]:
    one = account(kept)
    off = (one.stands_for - sent) / sent if sent else 0.0
    return name, sent, one.kept, sent - one.kept, one.dropped, one.uncertainty, f"{off:+.1%}"


def show_answers(screen: Screen, events: Sequence[Event], tally: Tally, deployment_id: str) -> None:
    """The seven questions, answered from the file of events alone."""
    screen.heading("The seven questions, asked of the file")
    _errors_of_session(screen, events, tally)
    heavy = questions.trips_of_heavy_users(events)
    screen.table(
        ("trip", "vehicle", "events", "miles"),
        [(one.trip_id, one.vehicle_id, one.events, one.miles or "still open") for one in heavy[:_MOST_SHOWN]],
        title=f"2. Trips of heavy users in the last 30 days: {len(heavy)}",
    )
    in_deployment = questions.errors_in_deployment(events, deployment_id)
    counted = Counter((str(one["operation"]), questions.error_code(one)) for one in in_deployment)
    screen.table(
        ("operation", "error", "times"),
        [(operation, code, times) for (operation, code), times in counted.most_common(_MOST_SHOWN)],
        title=f"3. Errors in {deployment_id}: {len(in_deployment)}",
    )
    new = questions.new_users_with_trip_errors(events)
    screen.table(
        ("vehicle", "errors"),
        [(name, ", ".join(codes)) for name, codes in list(new.items())[:_MOST_SHOWN]],
        title=f"4. New users with trip errors: {len(new)}",
    )
    _slow_and_timeouts(screen, events)
    rates = questions.error_rate_by_environment(events)
    screen.table(
        ("environment", "requests (estimated)", "errors", "rate"),
        [(name, one.requests, one.errors, f"{one.rate:.1%}") for name, one in rates.items()],
        title="7. Error rates, production against staging",
    )


def _errors_of_session(screen: Screen, events: Sequence[Event], tally: Tally) -> None:
    session_id = max(
        tally.broken_sessions, key=lambda each: len(questions.errors_of_session(events, each)), default=""
    )
    found = questions.errors_of_session(events, session_id)
    screen.table(
        ("time", "operation", "status", "code", "what"),
        [
            (one["timestamp"][11:23], one["operation"], str(one["status_code"]), *_what(one))
            for one in found[:_MOST_SHOWN]
        ],
        title=f"1. Errors of {session_id}: {len(found)}",
    )


def _slow_and_timeouts(screen: Screen, events: Sequence[Event]) -> None:
    slow = questions.slow_finalizations(events)
    screen.table(
        ("trip", "ms", "of which weather, ms", "outcome"),
        [
            (
                one["trip_id"],
                float(one["duration_ms"]),
                float(one["performance_breakdown"].get("fetch_weather_ms", 0.0)),
                one["outcome"],
            )
            for one in slow[:_MOST_SHOWN]
        ],
        title=f"5. Trip finalizations over 2 s: {len(slow)}",
    )
    timeouts = questions.weather_timeouts(events)
    screen.table(
        ("time", "trace", "attempts", "latencies, ms"),
        [
            (
                one["timestamp"][11:23],
                one["trace_id"],
                one["attempt_count"],
                ", ".join(f"{attempt['latency_ms']:.0f}" for attempt in one["attempts"]),
            )
            for one in timeouts[:_MOST_SHOWN]
        ],
        title=f"6. Weather failures by timeout: {len(timeouts)}",
    )


def _what(event: Event) -> tuple[str, str]:
    return questions.error_code(event), str(event.get("error", {}).get("message", ""))
