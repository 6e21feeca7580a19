"""A small weather service on loopback, whose stations can be slow, fail, refuse too many calls, or hang up.

`GET /v1/current?latitude=47.2&longitude=8.5` is answered by the station of that whole degree of latitude, 47.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class Station:
    """How a station behaves: seconds until it answers, with which status, or whether it hangs up without one.

    With `good_every` n, every n-th call is answered well all the same.
    """

    delay_s: float = 0.0
    status: int = 200
    hangs_up: bool = False
    good_every: int = 0


FAIR = Station()
TROUBLED_STATIONS: Mapping[int, Station] = {
    47: Station(delay_s=1.5),
    48: Station(status=500),
    49: Station(status=429, good_every=2),
    50: Station(hangs_up=True),
    51: Station(status=500, delay_s=0.6, good_every=3),
}


class WeatherServer(ThreadingHTTPServer):
    """The service; `received` keeps the headers of each call, `report` replaces every body."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, stations: Mapping[int, Station], port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.stations = dict(stations)
        self.received: list[dict[str, str]] = []
        self.report: bytes | None = None
        self.stopping = threading.Event()
        self._calls: Counter[int] = Counter()

    @property
    def url(self) -> str:
        """The base address, without a slash at its end."""
        return f"http://127.0.0.1:{self.server_port}"

    def station_for(self, latitude: float) -> Station:
        """The station of this latitude, as it behaves on this call."""
        degree = int(latitude)
        station = self.stations.get(degree, FAIR)
        self._calls[degree] += 1
        recovered = station.good_every > 0 and self._calls[degree] % station.good_every == 0
        return FAIR if recovered else station

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet about callers that lost their patience: that is what slow stations are for."""


class _Handler(BaseHTTPRequestHandler):
    server: WeatherServer

    def do_GET(self) -> None:
        self.server.received.append(dict(self.headers.items()))
        latitude = float(parse_qs(urlsplit(self.path).query).get("latitude", ["0"])[0])
        station = self.server.station_for(latitude)
        self.server.stopping.wait(station.delay_s)
        if station.hangs_up:
            self.close_connection = True
            return
        self._answer(station.status, latitude)

    def _answer(self, status: int, latitude: float) -> None:
        celsius = round(30.0 - 0.5 * abs(latitude), 1)
        content = {"celsius": celsius, "wind_kmh": 11.0} if status == 200 else {"error": status}
        body = self.server.report or json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("Retry-After", "0.1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the parent class
        """Say nothing: the caller's events tell about every call."""


@contextmanager
def running_weather_server(stations: Mapping[int, Station] = TROUBLED_STATIONS) -> Iterator[WeatherServer]:
    """A weather service in a thread of its own, stopped at the end of the block."""
    server = WeatherServer(stations)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
