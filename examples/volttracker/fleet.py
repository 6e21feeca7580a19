"""Deployments of the application under real gunicorn, on free loopback ports, stopped whatever happens."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from examples.volttracker.client import Client, Tally, Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ROOT = Path(__file__).resolve().parents[2]
_START_S = 20.0
_STOP_S = 5.0
_OWN_PREFIXES = ("LOG_", "FEATURE_", "WEATHER_", "SENTRY_", "OTEL_", "GUNICORN_")


@dataclass(frozen=True)
class Deployment:
    """One roll-out: which version, where, with how many workers, and with which further variables."""

    environment: str
    version: str
    deployment_id: str
    region: str
    workers: int = 2
    variables: Mapping[str, str] = field(default_factory=dict)

    def environ(self) -> dict[str, str]:
        """The variables that tell the application who it is."""
        return {
            "SERVICE_NAME": "volttracker",
            "APP_VERSION": self.version,
            "ENVIRONMENT": self.environment,
            "DEPLOYMENT_ID": self.deployment_id,
            "REGION": self.region,
            **self.variables,
        }


class DeploymentError(RuntimeError):
    """A deployment did not start; the message holds the end of what it said."""


@contextmanager
def running(
    deployments: list[Deployment], shared: Mapping[str, str], logs: Path, tally: Tally
) -> Iterator[list[Target]]:
    """All deployments started side by side, and stopped at the end of the block; raises `DeploymentError`.

    `shared` are variables for all of them, and `logs` the folder for what gunicorn says. The requests that
    ask whether they are up are counted in `tally`, as they leave events too.
    """
    shared = {**shared, "DEPLOYMENT_TIMESTAMP": datetime.now(timezone.utc).isoformat()}
    with ExitStack() as stack:
        started = [stack.enter_context(_gunicorn(one, shared, logs)) for one in deployments]
        for process, target in started:
            _wait_until_up(process, target, logs, tally)
        yield [target for _, target in started]


@contextmanager
def _gunicorn(
    deployment: Deployment, shared: Mapping[str, str], logs: Path
) -> Iterator[tuple[subprocess.Popen[bytes], Target]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        target = Target(deployment.environment, deployment.deployment_id, f"http://127.0.0.1:{port}")
        listener.set_inheritable(True)
        with _said(logs, deployment).open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - this Python, and words from this file
                _command(deployment, listener.fileno()),
                cwd=_ROOT,
                env={**_clean_environ(), **shared, **deployment.environ()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(listener.fileno(),),
                start_new_session=True,
            )
    try:
        yield process, target
    finally:
        _stop(process)


def _command(deployment: Deployment, listener: int) -> list[str]:
    """Gunicorn takes the listening socket over, so that no other program can take the port in between."""
    return [
        *(sys.executable, "-m", "gunicorn", "examples.volttracker.app:create_app()"),
        *("--bind", f"fd://{listener}", "--workers", str(deployment.workers)),
        *("--worker-class", "gthread", "--threads", "6", "--graceful-timeout", "4"),
        *("--log-level", "warning"),
    ]


def _clean_environ() -> dict[str, str]:
    """The caller's environment without variables that would change what the example shows."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OWN_PREFIXES)}


def _wait_until_up(process: subprocess.Popen[bytes], target: Target, logs: Path, tally: Tally) -> None:
    client, until = Client(target, tally), time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        if _is_up(client):
            return
        time.sleep(0.1)
    said = "\n".join(path.read_text(errors="replace")[-2000:] for path in sorted(logs.glob("gunicorn-*.log")))
    raise DeploymentError(f"{target.deployment_id} did not come up at {target.url}:\n{said}")


def _is_up(client: Client) -> bool:
    try:
        return client.get("/health").status == 200
    except OSError:
        return False


def _said(logs: Path, deployment: Deployment) -> Path:
    return logs / f"gunicorn-{deployment.environment}-{deployment.deployment_id}.log"


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, and end its whole process group if it does not listen."""
    process.terminate()
    try:
        process.wait(timeout=_STOP_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
