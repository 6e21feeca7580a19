"""The seven questions, asked of the events of real traffic; the demonstration, run as people run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from examples.volttracker import questions, story, traffic
from examples.volttracker.accounts import account, by_reason, requests
from examples.volttracker.screen import Screen

if TYPE_CHECKING:
    from examples.volttracker.client import Tally, Target
    from tests.examples.conftest import VoltTracker

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Traffic:
    """What was really sent, which events came of it, and what the pipelines counted."""

    tally: Tally
    events: list[dict[str, Any]]
    counted: Counter[str]


@pytest.fixture(scope="module")
def driven(deployments: list[tuple[Target, VoltTracker]]):
    """Some seconds of traffic over all deployments."""
    rollout = traffic.Rollout(*(target for target, _ in deployments))
    tally = traffic.run(rollout, traffic.Limits(seconds=2.0, requests=400, drivers=2))
    events = [event for _, tracker in deployments for event in tracker.sink.events]
    counted: Counter[str] = Counter()
    for _, tracker in deployments:
        counted.update(tracker.pipeline.stats())
    return Traffic(tally, events, counted)


# ---- the seven questions -----------------------------------------------------------------------------------


def test_every_request_is_decided_once_and_every_kept_one_leaves_one_line(driven: Traffic):
    decided = {name: n for name, n in driven.counted.items() if name.startswith(("kept.", "dropped."))}
    others = sum(event["kind"] != "request" for event in driven.events)
    assert sum(decided.values()) == driven.tally.requests + others
    assert sum(n for name, n in decided.items() if name.startswith("kept.")) == len(driven.events)
    assert len({event["span_id"] for event in driven.events}) == len(driven.events)


def test_1_errors_of_a_session(driven: Traffic):
    for session_id in driven.tally.broken_sessions:
        found = questions.errors_of_session(driven.events, session_id)
        assert found
        assert {event["session_id"] for event in found} == {session_id}
        assert all(event["outcome"] == "error" for event in found)


def test_2_trips_of_heavy_users(driven: Traffic):
    found = questions.trips_of_heavy_users(driven.events)
    assert len({trip.trip_id for trip in found}) == len(found) >= 2
    assert all(trip.vehicle_id.startswith(("heavy", "moderate")) for trip in found)
    assert any(trip.miles for trip in found)
    later = datetime.now(timezone.utc) + timedelta(days=31)
    assert questions.trips_of_heavy_users(driven.events, now=later) == []


def test_3_errors_in_a_deployment(driven: Traffic):
    found = questions.errors_in_deployment(driven.events, "deploy-2")
    assert "ZeroDivisionError" in {questions.error_code(event) for event in found}
    before = questions.errors_in_deployment(driven.events, "deploy-1")
    assert before
    assert "ZeroDivisionError" not in {questions.error_code(event) for event in before}


def test_4_new_users_with_trip_errors(driven: Traffic):
    found = questions.new_users_with_trip_errors(driven.events)
    assert found
    assert all(name.startswith(("recent", "new")) for name in found)
    assert "E423" in {code for codes in found.values() for code in codes}


def test_5_finalizations_over_two_seconds(driven: Traffic):
    found = questions.slow_finalizations(driven.events)
    assert found
    assert all(event["duration_ms"] > 2000 and event["operation"] == "trip_finalize" for event in found)
    assert all(event["performance_breakdown"]["fetch_weather_ms"] > 2000 for event in found)


def test_6_weather_failures_by_timeout(driven: Traffic):
    found = questions.weather_timeouts(driven.events)
    assert found
    assert all(event["attempts"][-1]["error_code"] == "E101" for event in found)
    slow = {event["trace_id"] for event in questions.slow_finalizations(driven.events)}
    assert slow <= {event["trace_id"] for event in found}


def test_7_error_rates_of_production_and_staging(driven: Traffic):
    rates = questions.error_rate_by_environment(driven.events)
    assert set(rates) == {"production", "staging"}
    for name, rate in rates.items():
        failed = [e for e in requests(driven.events) if e["environment"] == name and not e["success"]]
        assert rate.errors == len(failed) > 0
        assert 0 < rate.rate < 1


def test_each_question_is_one_command(driven: Traffic, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in driven.events))
    about = {"errors_of_session": driven.tally.broken_sessions[0], "errors_in_deployment": "deploy-2"}
    for question in questions.QUESTIONS:
        questions.main([str(file), question, *([about[question]] if question in about else [])])
        assert json.loads(capsys.readouterr().out), question


# ---- questions and accounts over events made by hand -----------------------------------------------------


def an_event(**changed: Any) -> dict[str, Any]:
    """An event of a fast success that was kept at 5 %."""
    return {
        "timestamp": "2026-11-20T12:00:00.000000Z",
        "kind": "request",
        "operation": "trips_get",
        "success": True,
        "duration_ms": 5.0,
        "span_id": "1",
        "trace_id": "1",
        "environment": "production",
        "sample_reason": "rate",
        "sample_rate": 0.05,
        "sample_weight": 20.0,
        **changed,
    }


def test_an_error_rate_counts_what_the_kept_ones_stand_for():
    failure = an_event(success=False, sample_rate=1.0, sample_weight=1.0)
    boundary = an_event(kind="boundary", success=False, sample_weight=1.0)
    rates = questions.error_rate_by_environment([an_event(), an_event(), failure, boundary])
    assert (rates["production"].requests, rates["production"].errors) == (41.0, 1.0)
    assert rates["production"].rate == pytest.approx(1 / 41)


def test_exactly_two_seconds_are_not_over_two_seconds():
    events = [an_event(operation="trip_finalize", duration_ms=ms) for ms in (2000.0, 2000.1, 3000.0)]
    assert [event["duration_ms"] for event in questions.slow_finalizations(events)] == [3000.0, 2000.1]


def test_an_account_says_what_is_dropped_and_how_sure_that_is():
    kept_for_sure = an_event(sample_reason="error", sample_rate=1.0, sample_weight=1.0)
    one = account([an_event(), an_event(), kept_for_sure])
    assert (one.kept, one.stands_for, one.dropped) == (3, 41.0, 38.0)
    assert one.uncertainty == pytest.approx(2 * (2 * 20 * 19) ** 0.5)
    assert account([kept_for_sure]).uncertainty == 0
    assert list(by_reason([kept_for_sure, an_event(), an_event()])) == [("rate", 0.05), ("error", 1.0)]


# ---- what people see ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_rich", [True, False])
def test_the_story_is_told_with_rich_and_without(
    driven: Traffic, capsys: pytest.CaptureFixture[str], with_rich: bool
):
    screen = Screen(rich=with_rich)
    story.show_examples(screen, driven.events)
    story.show_accounts(screen, driven.events, driven.tally)
    story.show_answers(screen, driven.events, driven.tally, "deploy-2")
    told = capsys.readouterr().out
    assert f"{driven.tally.requests:,}" in told
    for part in ("heavy_user", "really sent", "ZeroDivisionError", "7. Error rates", "kept: critical_event"):
        assert part in told


def test_traffic_can_drive_an_application_that_somebody_started(
    deployments: list[tuple[Target, VoltTracker]], driven: Traffic, capsys: pytest.CaptureFixture[str]
):
    traffic.main([deployments[0][0].url, "--seconds", "0.1", "--requests", "5"])
    assert "requests answered" in capsys.readouterr().out


def test_the_demonstration_runs_under_gunicorn_and_leaves_nothing_behind(tmp_path: Path):
    kept = tmp_path / "kept.jsonl"
    room = tmp_path / "room"
    room.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "examples.volttracker.demo", "--seconds", "1", "--keep", str(kept)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(room), "LOG_SAMPLE_DEFAULT": "not for the demonstration"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "The seven questions" in done.stdout
    events = list(questions.read_events([kept]))
    assert {event["environment"] for event in events} == {"production", "staging"}
    assert {event["deployment_id"] for event in events} == {"deploy-2041", "deploy-2050", "deploy-2050-rc1"}
    assert len({event["pid"] for event in events}) >= 4
    assert list(room.iterdir()) == []
    assert not [path for path in Path("/proc").glob("[0-9]*/environ") if _mentions(path, str(room))]


def _mentions(environ: Path, text: str) -> bool:
    try:
        return text.encode() in environ.read_bytes()
    except OSError:
        return False
