"""What a contender can be asked for, and the shape that most loggers share."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from flask import Flask, g, request

from tests.bench import workload

if TYPE_CHECKING:
    from flask import Response


class Contender:
    """One way to make the event of the workload and to write it to the sink, or to drop it at its end.

    `sink` is a path; `rate` is 1.0 to keep every event and 0.0 to drop every one.
    """

    library = ""
    """What has to be importable, beside Flask."""

    def __init__(self, sink: str, rate: float) -> None:
        self.sink = sink
        self.rate = rate

    def one(self) -> None:
        """One event, without a framework."""

    def app(self) -> Flask:
        """Give a Flask app, each of whose requests is one event."""
        return Flask("bench")

    def in_flight(self) -> object:
        """Give something that keeps one unfinished event alive."""
        return None

    def flush(self) -> None:
        """Wait for what is written behind."""


class DictThenLog(Contender):
    """For loggers that gather nothing themselves: a dict, and one call at the end."""

    def log(self, event: dict[str, Any]) -> None:
        """Write the event."""

    def one(self) -> None:
        """Build the dict, decide, log."""
        event: dict[str, Any] = {}
        add = event.update
        begun = perf_counter_ns()
        workload.add_ids(add)
        workload.add_request(add, workload.ENVIRON)
        workload.add_work(add)
        duration = (perf_counter_ns() - begun) / 1e6
        workload.add_end(add, 200, 201, duration)
        if workload.keep(200, duration, self.rate):
            self.log(event)

    def app(self) -> Flask:
        """The same in hooks."""
        rate, log = self.rate, self.log
        app = Flask("bench")

        @app.before_request
        def before() -> None:
            g.begun = perf_counter_ns()
            g.event = {}
            workload.add_ids(g.event.update)
            workload.add_request(g.event.update, request.environ)

        @app.after_request
        def after(response: Response) -> Response:
            duration = (perf_counter_ns() - g.begun) / 1e6
            workload.add_end(g.event.update, response.status_code, response.content_length, duration)
            return response

        @app.teardown_request
        def teardown(_: BaseException | None) -> None:
            event = g.event
            if workload.keep(event["http_status"], event["duration_ms"], rate):
                log(event)

        @app.post(workload.ROUTE)
        def view(vehicle_id: int) -> bytes:
            workload.add_work(g.event.update)
            return workload.BODY

        return app
