"""The seven questions that VoltTracker's people ask, each one function over events, and one command.

`python -m examples.volttracker.questions events.jsonl weather_timeouts` answers one in JSON. Counts and rates
are weighted: an event that was kept at 5 % stands for twenty.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

Event = Mapping[str, Any]


def errors_of_session(events: Iterable[Event], session_id: str) -> list[Event]:
    """1. All that failed in one session, whatever the operation, in the order of time."""
    return _in_order(one for one in events if one.get("session_id") == session_id and failed(one))


@dataclass(frozen=True)
class HeavyTrip:
    """A trip of a heavy user, with what its events tell; `miles` once it has been finalized."""

    trip_id: str
    vehicle_id: str
    first_seen: str
    events: int
    miles: float | None


def trips_of_heavy_users(
    events: Iterable[Event], *, days: float = 30, now: datetime | None = None
) -> list[HeavyTrip]:
    """2. The trips of heavy users in the last 30 days, oldest first."""
    since = timestamp((now or datetime.now(timezone.utc)) - timedelta(days=days))
    by_trip: dict[str, list[Event]] = defaultdict(list)
    for one in events:
        if one.get("trip_id") and vehicle(one).get("usage_tier") == "heavy" and one["timestamp"] >= since:
            by_trip[one["trip_id"]].append(one)
    trips = [_heavy_trip(trip_id, _in_order(group)) for trip_id, group in by_trip.items()]
    return sorted(trips, key=lambda trip: (trip.first_seen, trip.trip_id))


def errors_in_deployment(events: Iterable[Event], deployment_id: str) -> list[Event]:
    """3. All that failed in one deployment, in the order of time."""
    return _in_order(one for one in events if one.get("deployment_id") == deployment_id and failed(one))


def new_users_with_trip_errors(events: Iterable[Event], *, days: float = 30) -> dict[str, list[str]]:
    """4. Vehicles under 30 days from their first trip that failed at trips, each with the error codes."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in _in_order(one for one in events if failed(one) and _about_trips(one)):
        age = vehicle(one).get("account_age_days")
        if age is not None and age < days:
            found[str(one.get("vehicle_id"))].append(error_code(one))
    return dict(sorted(found.items()))


def slow_finalizations(events: Iterable[Event], *, over_ms: float = 2000) -> list[Event]:
    """5. Trip finalizations that took more than 2 s, the slowest first."""
    slow = [one for one in events if one["operation"] == "trip_finalize" and one["duration_ms"] > over_ms]
    return sorted(slow, key=lambda one: (-one["duration_ms"], one["trace_id"]))


def weather_timeouts(events: Iterable[Event]) -> list[Event]:
    """6. Calls to the weather service that failed because no answer came in time, in the order of time."""
    return _in_order(
        one
        for one in events
        if one["operation"] == "external_api_weather" and failed(one) and error_code(one) == "E101"
    )


@dataclass(frozen=True)
class ErrorRate:
    """How many requests one environment had, and how many of them failed, both estimated by weight."""

    requests: float
    errors: float

    @property
    def rate(self) -> float:
        """Share of the requests that failed, 0 to 1."""
        return self.errors / self.requests if self.requests else 0.0


def error_rate_by_environment(events: Iterable[Event]) -> dict[str, ErrorRate]:
    """7. The error rate of each environment, production against staging."""
    requests: dict[str, float] = defaultdict(float)
    errors: dict[str, float] = defaultdict(float)
    for one in events:
        if one["kind"] == "request":
            requests[one["environment"]] += one["sample_weight"]
            errors[one["environment"]] += one["sample_weight"] if failed(one) else 0.0
    return {name: ErrorRate(requests[name], errors[name]) for name in sorted(requests)}


def failed(event: Event) -> bool:
    """Whether the unit of work failed."""
    return event.get("success") is False


def error_code(event: Event) -> str:
    """The code of what went wrong, or its type where it has no code."""
    error = event.get("error", {})
    return str(error.get("code") or error.get("type") or "unknown")


def vehicle(event: Event) -> Mapping[str, Any]:
    """The `vehicle_context`, empty where there is none."""
    context: Mapping[str, Any] = event.get("vehicle_context", {})
    return context


def timestamp(moment: datetime) -> str:
    """A moment as events write it, so that comparing the texts compares the moments."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_events(paths: Iterable[Path]) -> Iterator[Event]:
    """The events of some files of JSON lines."""
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def _in_order(events: Iterable[Event]) -> list[Event]:
    return sorted(events, key=lambda one: (one["timestamp"], one["span_id"]))


def _about_trips(event: Event) -> bool:
    return str(event["operation"]).startswith(("trip", "telemetry"))


def _heavy_trip(trip_id: str, events: list[Event]) -> HeavyTrip:
    miles = [one.get("business_metrics", {}).get("trip_miles") for one in events]
    return HeavyTrip(
        trip_id=trip_id,
        vehicle_id=str(events[0].get("vehicle_id")),
        first_seen=events[0]["timestamp"],
        events=len(events),
        miles=next((length for length in reversed(miles) if length is not None), None),
    )


def _rates(events: Iterable[Event]) -> dict[str, object]:
    rates = error_rate_by_environment(events)
    return {name: {**asdict(one), "rate": one.rate} for name, one in rates.items()}


QUESTIONS: Mapping[str, Callable[[Iterable[Event], str], object]] = {
    "errors_of_session": errors_of_session,
    "trips_of_heavy_users": lambda events, _: [asdict(trip) for trip in trips_of_heavy_users(events)],
    "errors_in_deployment": errors_in_deployment,
    "new_users_with_trip_errors": lambda events, _: new_users_with_trip_errors(events),
    "slow_finalizations": lambda events, _: slow_finalizations(events),
    "weather_timeouts": lambda events, _: weather_timeouts(events),
    "error_rate_by_environment": lambda events, _: _rates(events),
}
"""Every question by name, as the command asks it: over events, about a session or deployment if need be."""


def main(arguments: list[str] | None = None) -> None:
    """Ask one question of one file, and print the answer as JSON."""
    parser = argparse.ArgumentParser(prog="questions", description="Ask VoltTracker's events a question.")
    parser.add_argument("file", type=Path, help="events as JSON lines")
    parser.add_argument("question", choices=tuple(QUESTIONS))
    parser.add_argument("about", nargs="?", default="", help="the session or the deployment")
    chosen = parser.parse_args(arguments)
    answer = QUESTIONS[chosen.question](read_events([chosen.file]), chosen.about)
    json.dump(answer, sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
