"""Under real servers: one event a request, clients that leave, workers that are killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
APP = "tests.integrations.served_app"
PATIENCE = 30
GUNICORN = ["-m", "gunicorn", "-w", "2", "--log-level", "critical", "-b", "127.0.0.1:{port}"]
ALL: dict[str, list[str]] = {
    "gunicorn": [*GUNICORN, "--preload", "-k", "sync", f"{APP}:app"],
    "gunicorn-gthread": [*GUNICORN, "--preload", "-k", "gthread", "--threads", "4", f"{APP}:app"],
    "gevent": [*GUNICORN, "-k", "gevent", f"{APP}:app"],
    "waitress": ["-m", "waitress", "--listen=127.0.0.1:{port}", f"{APP}:app"],
    "werkzeug": ["-m", "flask", "--app", APP, "run", "--port", "{port}"],
    "wsgiref": ["-m", APP, "{port}"],
}
SERVERS = [name for name in ALL if find_spec(name.partition("-")[0]) is not None]
GUNICORNS = [name for name in SERVERS if "gunicorn" in ALL[name]]


class Served:
    """One running server, and the file to which its events go."""

    def __init__(self, name: str, log: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = log
        command = [word.format(port=self.port) for word in ALL[name]]
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "LOG_FILE": str(log), "LOG_SAMPLE_DEFAULT": "1"}
        environ.pop("SERVICE_NAME", None)
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def await_start(self) -> None:
        self._await(self._listens)

    def connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def get(self, path: str, request_id: str) -> tuple[int, bytes, HTTPMessage]:
        connection = self.connect()
        try:
            connection.request("GET", path, headers={"X-Request-ID": request_id})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()

    def leave_early(self, path: str, request_id: str) -> None:
        """Ask, read a little, and go."""
        connection = self.connect()
        connection.request("GET", path, headers={"X-Request-ID": request_id})
        answer: HTTPResponse = connection.getresponse()
        answer.read(1000)
        answer.close()
        connection.close()

    def events(self, name: str, wanted: int = 1) -> list[dict[str, Any]]:
        """The events of the requests with ids of that name, in order, once there are as many as wanted."""
        self._await(lambda: len(self._events(name)) >= wanted)
        return self._events(name)

    def _events(self, name: str) -> list[dict[str, Any]]:
        lines = self.log.read_bytes().splitlines() if self.log.exists() else []
        events = [event for event in map(json.loads, lines) if event["request_id"].startswith(f"{name}-")]
        return sorted(events, key=lambda event: int(event["request_id"].rpartition("-")[2]))

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _await(self, condition: Callable[[], bool]) -> None:
        patience_ends = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, "the server is gone"
            assert time.monotonic() < patience_ends, (
                self.log.read_text() if self.log.exists() else "no events"
            )
            time.sleep(0.02)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Served]]:
    """Give the server of that name; it is started once."""
    running: dict[str, Served] = {}

    def start(name: str) -> Served:
        if name not in running:
            running[name] = Served(name, tmp_path_factory.mktemp(name) / "events.jsonl")
        running[name].await_start()
        return running[name]

    yield start
    for served in running.values():
        served.stop()


@pytest.mark.parametrize("server", SERVERS)
def test_every_kind_of_request_leaves_one_event(server: str, serve: Callable[[str], Served], tmp_path: Path):
    (tmp_path / "file.bin").write_bytes(b"x" * 300_000)
    served = serve(server)
    asked = {
        "/?n=1": (200, "success"),
        "/stream": (200, "success"),
        "/fails": (500, "error"),
        "/aborts": (503, "error"),
        "/nowhere": (404, "success"),
        f"/file?path={tmp_path}/file.bin": (200, "success"),
    }
    for number, (path, (status, _)) in enumerate(asked.items()):
        answered, _, headers = served.get(path, f"kind-{number}")
        assert (answered, headers["X-Request-ID"]) == (status, f"kind-{number}")
        assert headers["X-Process-Time"].isdecimal()
    events = served.events("kind", len(asked))
    assert [(event["status_code"], event["outcome"]) for event in events] == list(asked.values())
    assert [events[1]["response_bytes"], events[5]["response_bytes"]] == [6, 300_000]


@pytest.mark.parametrize("server", SERVERS)
def test_a_client_that_leaves_in_mid_stream_is_disconnected(server: str, serve: Callable[[str], Served]):
    served = serve(server)
    served.leave_early("/endless", "left-1")
    (event,) = served.events("left")
    assert (event["outcome"], event["operation"], event["status_code"]) == ("disconnected", "endless", 200)
    assert event["response_bytes"] > 0


@pytest.mark.parametrize("server", GUNICORNS)
def test_a_client_that_leaves_in_mid_file_is_disconnected(
    server: str, serve: Callable[[str], Served], tmp_path: Path
):
    with (tmp_path / "large.bin").open("wb") as large:
        large.truncate(200_000_000)
    served = serve(server)
    served.leave_early(f"/file?path={tmp_path}/large.bin", "file-1")
    (event,) = served.events("file")
    assert (event["outcome"], event["operation"]) == ("disconnected", "file")


@pytest.mark.parametrize("server", SERVERS)
def test_a_stream_that_breaks_off_is_an_error(server: str, serve: Callable[[str], Served]):
    served = serve(server)
    with suppress(HTTPException, OSError):  # the connection breaks off with it
        served.get("/breaks", "broken-1")
    (event,) = served.events("broken")
    assert (event["outcome"], event["status_code"]) == ("error", 200)
    assert event["error"]["message"] == "broken"


@pytest.mark.parametrize("server", GUNICORNS)
def test_a_view_that_exits_leaves_its_event(server: str, serve: Callable[[str], Served]):
    served = serve(server)
    with suppress(HTTPException, OSError):  # the worker is gone
        served.get("/exits", "exit-1")
    (event,) = served.events("exit")
    assert (event["outcome"], event["error"]["type"]) == ("error", "SystemExit")


@pytest.mark.parametrize("server", GUNICORNS)
def test_nothing_is_lost_when_the_worker_is_killed_as_the_client_has_its_answer(
    server: str, serve: Callable[[str], Served]
):
    served, times = serve(server), 30
    for number in range(times):
        _, body, _ = served.get("/", f"killed-{number}")
        os.kill(json.loads(body)["pid"], signal.SIGKILL)
    told = [event["request_id"] for event in served.events("killed", times)]
    assert told == [f"killed-{number}" for number in range(times)]


@pytest.mark.parametrize("server", SERVERS)
def test_many_clients_at_once_are_not_mixed_up(server: str, serve: Callable[[str], Served]):
    served, times = serve(server), 60
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: served.get(f"/?n={number}", f"many-{number}"), range(times)))
    assert [event["asked"] for event in served.events("many", times)] == [str(n) for n in range(times)]
