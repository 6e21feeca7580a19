"""The demonstration, `python -m examples.volttracker.demo`: real servers, real traffic, and what events tell.

Starts a weather service and three deployments under gunicorn, drives them for some seconds, stops everything,
and asks the one file that they all wrote to. Uses nothing beyond loopback and a temporary folder.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from examples.volttracker import history, questions, story, traffic
from examples.volttracker.client import Tally
from examples.volttracker.database import Database
from examples.volttracker.fleet import Deployment, running
from examples.volttracker.screen import Screen
from examples.volttracker.weather_server import running_weather_server

if TYPE_CHECKING:
    from collections.abc import Mapping

PRODUCTION_BEFORE = Deployment("production", "2.4.1", "deploy-2041", "us-east-1")
PRODUCTION_AFTER = Deployment(
    "production", "2.5.0", "deploy-2050", "us-east-1", variables={"FEATURE_PREDICTIVE_RANGE": "true"}
)
STAGING = Deployment(
    "staging",
    "2.5.0",
    "deploy-2050-rc1",
    "us-east-2",
    workers=1,
    variables={"FEATURE_PREDICTIVE_RANGE": "true"},
)

SAMPLING: Mapping[str, str] = {
    "LOG_SAMPLE_DEFAULT": "0.05",
    "LOG_SAMPLE_TELEMETRY": "0.05",
    "LOG_SAMPLE_TRIP": "1.0",
    "LOG_SLOW_THRESHOLD_MS": "1000",
    "LOG_CRITICAL_EVENTS": "trip_created,gas_mode_entered,charging_session_started,refuel_detected",
}


def main(arguments: list[str] | None = None) -> None:
    """Run the demonstration once."""
    parser = argparse.ArgumentParser(
        prog="demo", description="VoltTracker under gunicorn, and what its events tell."
    )
    parser.add_argument("--seconds", type=float, default=6.0, help="how long to drive traffic")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="copy the events there at the end")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="volttracker-") as folder:
        events_file = Path(folder) / "events.jsonl"
        screen = Screen()
        tally = drive(Path(folder), events_file, screen, chosen.seconds)
        tell(list(questions.read_events([events_file])), tally, screen)
        if chosen.keep is not None:
            chosen.keep.write_bytes(events_file.read_bytes())
            print(f"\nevents kept in {chosen.keep}")


def drive(folder: Path, events_file: Path, screen: Screen, seconds: float) -> Tally:
    """Run three deployments and a weather service under traffic; returns what was really sent."""
    staging_url = _seeded(folder / "staging.db")
    production = {"DATABASE_URL": _seeded(folder / "production.db")}
    deployments = [
        _with(PRODUCTION_BEFORE, production),
        _with(PRODUCTION_AFTER, production),
        _with(STAGING, {"DATABASE_URL": staging_url}),
    ]
    tally = Tally()
    with running_weather_server() as weather:
        shared = {**SAMPLING, "LOG_FILE": str(events_file), "WEATHER_URL": weather.url}
        screen.heading("VoltTracker under gunicorn: production is rolled out anew half-way, beside staging")
        for one in deployments:
            screen.say(
                f"   {one.environment:<11} {one.version}  {one.deployment_id:<16} {one.workers} workers"
            )
        with running(deployments, shared, folder, tally) as (before, after, staging):
            rollout = traffic.Rollout(before, after, staging)
            with screen.progress("traffic") as moved:
                traffic.run(rollout, traffic.Limits(seconds=seconds), tally=tally, on_progress=moved)
    return tally


def tell(events: list[questions.Event], tally: Tally, screen: Screen) -> None:
    """Show some events, the accounts, and the answers to the seven questions."""
    story.show_examples(screen, events)
    story.show_accounts(screen, events, tally)
    story.show_answers(screen, events, tally, PRODUCTION_AFTER.deployment_id)


def _seeded(path: Path) -> str:
    url = f"sqlite:///{path}"
    database = Database(url)
    database.create_tables()
    history.seed(database)
    database.close()
    return url


def _with(deployment: Deployment, variables: Mapping[str, str]) -> Deployment:
    return replace(deployment, variables={**deployment.variables, **variables})


if __name__ == "__main__":
    main()
