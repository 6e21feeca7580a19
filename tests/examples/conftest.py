"""VoltTracker with a past, a weather service and a memory of its events, over SQLite and over PostgreSQL.

PostgreSQL is what `DATABASE_URL` names, else a throw-away server of our own on loopback.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text
from werkzeug.serving import make_server

from examples.volttracker import history
from examples.volttracker.app import create_app
from examples.volttracker.client import Target
from examples.volttracker.config import Config, FeatureFlags
from examples.volttracker.weather_server import (
    TROUBLED_STATIONS,
    Station,
    WeatherServer,
    running_weather_server,
)
from wide_events import Pipeline, Settings
from wide_events.sinks import MemorySink

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from examples.volttracker.cars import Car
    from examples.volttracker.database import Database

GIVEN = os.environ.get("DATABASE_URL", "")
PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), default=None)
HAS_POSTGRESQL = find_spec("psycopg") is not None and (GIVEN.startswith("postgres") or PROGRAMS is not None)
DATABASES = ("sqlite", "postgresql") if HAS_POSTGRESQL else ("sqlite",)

RunVoltTracker = Callable[..., "VoltTracker"]

CRITICAL = ("trip_created", "gas_mode_entered", "charging_session_started", "refuel_detected")
NOTHING_BY_CHANCE = {"sample_default": 0.0, "sample_new_user": 0.0, "sample_rates": {"trip": 1.0}}
STATIONS = {**TROUBLED_STATIONS, 47: Station(delay_s=0.5)}


@dataclass(frozen=True)
class VoltTracker:
    """One application with its client, its events, and its database."""

    client: FlaskClient
    sink: MemorySink
    pipeline: Pipeline
    database: Database

    def events(self, operation: str) -> list[dict[str, Any]]:
        """The kept events of one operation."""
        return [event for event in self.sink.events if event["operation"] == operation]

    def upload(self, car: Car, points: list[dict[str, Any]], session_id: str = "session-1") -> Any:
        """Send points; returns the response."""
        body = {"vehicle_id": car.vehicle_id, "session_id": session_id, "points": points}
        return self.client.post("/telemetry", json=body)

    def drive(self, car: Car, session_id: str = "session-1") -> str:
        """Drive a little; returns the id of the trip."""
        return str(self.upload(car, car.drive(40, 5), session_id).json["trip_id"])


@pytest.fixture
def run_volttracker():
    """Start applications, each over a database of its own or of another one's: see `_running_volttracker`."""
    with ExitStack() as started:
        yield lambda *args, **settings: started.enter_context(_running_volttracker(*args, **settings))


@contextmanager
def _running_volttracker(
    database_url: str,
    weather_url: str = "",
    *,
    predictive: bool = False,
    patience_s: float = 0.15,
    **settings: Any,
) -> Iterator[VoltTracker]:
    """An application over a database with a past; with `NOTHING_BY_CHANCE` only rules decide what is kept."""
    flags = FeatureFlags(predictive_range=predictive)
    config = Config(database_url, weather_url, weather_timeout_s=patience_s, flags=flags)
    chosen = {"service_name": "volttracker", "critical_events": CRITICAL, **NOTHING_BY_CHANCE, **settings}
    sink = MemorySink()
    pipeline = Pipeline(Settings(**chosen), sinks=[sink])
    app = create_app(config, settings=pipeline.settings, pipeline=pipeline)
    database = app.extensions["volttracker"].database
    history.seed(database)
    try:
        yield VoltTracker(app.test_client(), sink, pipeline, database)
    finally:
        database.close()


def pytest_report_header():
    """Say at the start which databases the examples run on."""
    missing = "" if HAS_POSTGRESQL else " (no PostgreSQL: neither DATABASE_URL nor /usr/lib/postgresql)"
    return f"examples: {', '.join(DATABASES)}{missing}"


@pytest.fixture(scope="session")
def postgresql_server():
    """The address of a server's database for maintenance."""
    if GIVEN.startswith("postgres"):
        yield GIVEN
        return
    with _throw_away_server() as url:
        yield url


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path):
    """The address of an empty database: SQLite, and PostgreSQL where there is one."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'volttracker.db'}"
        return
    with _empty_database(request.getfixturevalue("postgresql_server")) as url:
        yield url


@contextmanager
def _empty_database(server_url: str) -> Iterator[str]:
    maintenance = make_url(server_url).set(drivername="postgresql+psycopg")
    engine = create_engine(maintenance, isolation_level="AUTOCOMMIT")
    name = f"volttracker_{uuid4().hex}"
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        yield maintenance.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        engine.dispose()


@contextmanager
def _throw_away_server() -> Iterator[str]:
    """A server that keeps nothing. It refuses to run as root, who therefore hands it to the user postgres."""
    folder = Path(tempfile.mkdtemp(prefix="volttracker-postgresql-"))
    as_user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    if as_user:
        shutil.chown(folder, "postgres", "postgres")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]

    def run(program: str, *arguments: object) -> None:
        command = [PROGRAMS.with_name(program), "-D", folder / "data", *arguments]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=60, **as_user)

    try:
        run("initdb", "-A", "trust", "-U", "postgres", "-N")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        run("pg_ctl", "-o", options, "-l", folder / "log", "-w", "start")
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def weather_server():
    """A weather service in a thread, with its troubled stations."""
    with running_weather_server(STATIONS) as server:
        yield server


@pytest.fixture
def volttracker(tmp_path: Path, weather_server: WeatherServer, run_volttracker: RunVoltTracker):
    """VoltTracker over SQLite."""
    return run_volttracker(f"sqlite:///{tmp_path / 'own.db'}", weather_server.url)


@pytest.fixture
def closed_port():
    """A port of loopback that nobody listens on, and nobody can take meanwhile."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.fixture(scope="session")
def deployments(tmp_path_factory: pytest.TempPathFactory):
    """Production before and after a roll-out, and staging, over real HTTP; sampled as the README says."""
    folder = tmp_path_factory.mktemp("deployments")
    with ExitStack() as started, running_weather_server() as weather:
        yield [
            started.enter_context(_serving(f"sqlite:///{folder / name}.db", weather.url, name, deployment))
            for name, deployment in (
                ("production", "deploy-1"),
                ("production", "deploy-2"),
                ("staging", "deploy-2-rc1"),
            )
        ]


@contextmanager
def _serving(
    database_url: str, weather_url: str, environment: str, deployment: str
) -> Iterator[tuple[Target, VoltTracker]]:
    sampling = {
        "sample_default": 0.05,
        "sample_new_user": 0.25,
        "sample_rates": {"telemetry": 0.05, "trip": 1.0},
    }
    facts = {"environment": environment, "deployment_id": deployment, **sampling}
    predictive = deployment != "deploy-1"
    with _running_volttracker(
        database_url, weather_url, predictive=predictive, patience_s=0.7, **facts
    ) as tracker:
        server = make_server("127.0.0.1", 0, tracker.client.application, threaded=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield Target(environment, deployment, f"http://127.0.0.1:{server.server_port}"), tracker
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
