"""The floor: a dict, one `orjson.dumps`, one `os.write`; nothing is redacted, bounded, guarded or counted."""

from __future__ import annotations

import os
from contextvars import ContextVar
from datetime import datetime, timezone
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

import orjson
from flask import Flask, g, request

from tests.bench import workload
from tests.bench.contenders.base import Contender

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Response

OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z
EVENT: ContextVar[dict[str, Any]] = ContextVar("event")


class Bare(Contender):
    """Flask and nothing else."""

    def app(self) -> Flask:
        """One view."""
        app = Flask("bench")

        @app.post(workload.ROUTE)
        def view(vehicle_id: int) -> bytes:
            return workload.BODY

        return app


class Limit(Contender):
    """Written by hand, in Flask by hooks."""

    def __init__(self, sink: str, rate: float) -> None:
        super().__init__(sink, rate)
        self.file = os.open(sink, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def one(self) -> None:
        """Build, decide, write."""
        event: dict[str, Any] = workload.SERVICE.copy()
        add = event.update
        begun = perf_counter_ns()
        workload.add_ids(add)
        workload.add_request(add, workload.ENVIRON)
        workload.add_work(add)
        duration = (perf_counter_ns() - begun) / 1e6
        workload.add_end(add, 200, 201, duration)
        if workload.keep(200, duration, self.rate):
            event["event"] = "request"
            event["level"] = "info"
            event["timestamp"] = datetime.now(timezone.utc)
            os.write(self.file, orjson.dumps(event, option=OPTIONS))

    def in_flight(self) -> object:
        """The dict."""
        event: dict[str, Any] = workload.SERVICE.copy()
        workload.add_ids(event.update)
        workload.add_request(event.update, workload.ENVIRON)
        workload.add_work(event.update)
        return event

    def app(self) -> Flask:
        """Three hooks and the view."""
        file, rate = self.file, self.rate
        app = Flask("bench")

        @app.before_request
        def before() -> None:
            g.begun = perf_counter_ns()
            g.event = event = workload.SERVICE.copy()
            workload.add_ids(event.update)
            workload.add_request(event.update, request.environ)

        @app.after_request
        def after(response: Response) -> Response:
            duration = (perf_counter_ns() - g.begun) / 1e6
            workload.add_end(g.event.update, response.status_code, response.content_length, duration)
            return response

        @app.teardown_request
        def teardown(_: BaseException | None) -> None:
            event = g.event
            if workload.keep(event["http_status"], event["duration_ms"], rate):
                event["event"] = "request"
                event["level"] = "info"
                event["timestamp"] = datetime.now(timezone.utc)
                os.write(file, orjson.dumps(event, option=OPTIONS))

        @app.post(workload.ROUTE)
        def view(vehicle_id: int) -> bytes:
            workload.add_work(g.event.update)
            return workload.BODY

        return app


class LimitWsgi(Limit):
    """Written by hand, as a WSGI wrapper with one ContextVar in place of the hooks."""

    def app(self) -> Flask:
        """The view, inside the wrapper."""
        app = Flask("bench")

        @app.post(workload.ROUTE)
        def view(vehicle_id: int) -> bytes:
            workload.add_work(EVENT.get().update)
            return workload.BODY

        app.wsgi_app = self._wrapped(app.wsgi_app)  # type: ignore[method-assign]
        return app

    def _wrapped(self, inner: Any) -> Any:
        file, rate = self.file, self.rate

        def wsgi(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            begun = perf_counter_ns()
            event: dict[str, Any] = workload.SERVICE.copy()
            token = EVENT.set(event)
            workload.add_ids(event.update)
            workload.add_request(event.update, environ)
            status, size = 0, None

            def started(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
                nonlocal status, size
                status = int(line[:3])
                for name, value in headers:
                    if name == "Content-Length":
                        size = int(value)
                        break
                return start_response(line, headers, exc_info)

            try:
                return inner(environ, started)  # type: ignore[no-any-return]
            finally:
                duration = (perf_counter_ns() - begun) / 1e6
                workload.add_end(event.update, status, size, duration)
                EVENT.reset(token)
                if workload.keep(status, duration, rate):
                    event["event"] = "request"
                    event["level"] = "info"
                    event["timestamp"] = datetime.now(timezone.utc)
                    os.write(file, orjson.dumps(event, option=OPTIONS))

        return wsgi
