"""The unit of work of a WSGI request: from the call of the application to the last byte of the body.

A body that is whole ends the unit of work before the response is handed to the server: a process killed at the
instant at which the client has its answer has written the line. A streamed body ends it at its last byte.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from wide_events.context import enter, leave
from wide_events.event import WideEvent
from wide_events.guards import attempt
from wide_events.plain import as_text
from wide_events.propagation import (
    ALL,
    parse_traceparent,
    parse_tracestate,
    valid_request_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextvars import Token

    from typing_extensions import Self

    from wide_events.pipeline import Pipeline

Environ = dict[str, Any]
UNIT: Final = "wide_events.unit"
"""The key of the WSGI environ under which the open unit of work lies."""

_MAX_HEADER: Final = 256
_MAX_PATH: Final = 2048
_MAX_QUERY: Final = 32
_PRESENCE_ONLY: Final = re.compile(r"AUTHORIZATION|COOKIE|TOKEN|SECRET|API_KEY|CSRF", re.IGNORECASE)
_BODILESS: Final = frozenset({204, 304})


class WideEventMiddleware:
    """Wraps a WSGI application, so that each request leaves one event.

    To be the outermost wrapper: what it does not see is not on the event. Nested in another one of its kind it
    steps aside.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], pipeline: Pipeline) -> None:
        self.app = app
        self.pipeline = pipeline
        self._headers = tuple(
            (_environ_name(name), name.lower()) for name in pipeline.settings.capture_headers
        )

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Handle one request."""
        if UNIT in environ:
            return self.app(environ, start_response)
        unit: Unit | None = attempt(self._begin, environ, start_response, failed=self._failed)
        if unit is None:
            return self.app(environ, start_response)
        with unit:
            body = self.app(environ, unit.start)
        return unit.finish(body)

    def _begin(self, environ: Environ, start_response: Callable[..., Any]) -> Unit:
        get = environ.get
        method = as_text(get("REQUEST_METHOD", ""), 32)
        event = WideEvent(f"{method} <unmatched>", kind="request", pipeline=self.pipeline)
        request_id = get("HTTP_X_REQUEST_ID")
        if request_id is not None:
            self._take_request_id(event, request_id)
        parent = get("HTTP_TRACEPARENT")
        if parent is not None:
            _continue_trace(event, parent, get("HTTP_TRACESTATE"))
        event.add_facts(self._facts(environ, method))
        unit = environ[UNIT] = Unit(event, environ, start_response, self.pipeline)
        return unit

    def _take_request_id(self, event: WideEvent, request_id: str) -> None:
        if valid_request_id(request_id):
            event.request_id = request_id
        else:
            self.pipeline.health.count("request_ids_replaced")

    def _facts(self, environ: Environ, method: str) -> dict[str, Any]:
        get = environ.get
        facts = {"method": method, "path": _path(environ), "scheme": get("wsgi.url_scheme")}
        if self.pipeline.settings.client_ip != "off":
            facts["remote_addr"] = client_address(get("REMOTE_ADDR"), self.pipeline.settings.client_ip)
        agent = get("HTTP_USER_AGENT")
        if agent is not None:
            facts["user_agent"] = agent[:_MAX_HEADER]
        referrer = get("HTTP_REFERER")
        if referrer is not None:
            facts["referrer"] = referrer.partition("?")[0][:_MAX_HEADER]
        length = get("CONTENT_LENGTH")
        if length and length.isdecimal() and len(length) < 16:
            facts["request_bytes"] = int(length)
        if self._headers:
            facts["request_headers"] = self._captured(environ)
        if self.pipeline.settings.capture_query and get("QUERY_STRING"):
            facts["query"] = dict(parse_qsl(environ["QUERY_STRING"][:_MAX_PATH])[:_MAX_QUERY])
        return facts

    def _captured(self, environ: Environ) -> dict[str, str]:
        found = ((key, name) for key, name in self._headers if key in environ)
        return {
            name: "[present]" if _PRESENCE_ONLY.search(key) else as_text(environ[key], _MAX_HEADER)
            for key, name in found
        }

    def _failed(self, failure: Exception) -> None:
        self.pipeline.health.failed("door_failed", "a request could not be begun", failure)


class Unit:
    """One request under way: its event, what the response said of itself, and how far its body got."""

    __slots__ = (
        "_environ",
        "_pipeline",
        "_sent",
        "_start_response",
        "_token",
        "_write",
        "content_type",
        "ended",
        "event",
        "length",
        "skipped",
        "status",
        "whole",
    )

    def __init__(
        self, event: WideEvent, environ: Environ, start_response: Callable[..., Any], pipeline: Pipeline
    ) -> None:
        self.event = event
        self._environ = environ
        self._start_response = start_response
        self._pipeline = pipeline
        self._sent = 0
        self.status = 0
        self.length: int | None = None
        self.content_type: str | None = None
        self.whole = self.skipped = self.ended = False

    def __enter__(self) -> Self:
        self._token: Token[WideEvent | None] = enter(self.event)
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        leave(self._token)
        if error is not None:
            self.event.add_error(error)
            self.end()

    # ---- the response --------------------------------------------------------------------------------------

    def start(self, status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Callable[[bytes], object]:
        """Stand in for the server's `start_response`: look at status and headers, and add those of ours."""
        headers = attempt(self._observe, status, headers, failed=partial(self._failed, headers))
        self._write = self._start_response(status, headers, *exc_info)
        return self.write

    def write(self, data: bytes) -> object:
        """Stand in for the server's `write`, which a few applications still use: count the bytes."""
        self._sent += len(data)
        return self._write(data)

    def _observe(self, status: str, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        self.status = int(status[:3])
        self.length = None
        echoed = False
        for name, value in headers:
            lowered = name.lower()
            if lowered == "content-length":
                self.length = int(value)
            elif lowered == "content-type":
                self.content_type = value[:_MAX_HEADER]
            elif lowered == "x-request-id":
                echoed = True
        ours = [("X-Process-Time", str(round(self.event.elapsed_ms())))]
        if not echoed:
            ours.append(("X-Request-ID", self.event.request_id))
        return [*headers, *ours]

    def finish(self, body: Iterable[bytes]) -> Iterable[bytes]:
        """End the unit of work at once if the body is whole; else give a body that ends it."""
        if isinstance(body, (list, tuple)):
            self._sent += sum(map(len, body))
            self.end()
            return body
        if self.whole and self.length is not None:
            self._sent += self.length
            self.end()
            return body
        if isinstance(body, self._environ.get("wsgi.file_wrapper", ())):
            return self._watch_file(body)
        return Stream(self, body)

    def _watch_file(self, body: Any) -> Iterable[bytes]:
        """Leave a file to the server, which may send it by a system call of its own; its `close` ends the unit."""
        close = getattr(body, "close", None)

        def close_and_end() -> None:
            try:
                if close is not None:
                    close()
            finally:
                self._sent += self.length or 0
                self.end()

        body.close = close_and_end
        return body  # type: ignore[no-any-return]

    # ---- the end -------------------------------------------------------------------------------------------

    def first_byte(self) -> None:
        """Note that the body begins."""
        self.event.add_facts({"ttfb_ms": self.event.elapsed_ms()})

    def passed(self, size: int) -> None:
        """Count bytes of the body."""
        self._sent += size

    def cut_short(self) -> None:
        """End because the server closed the body early: its client has gone, unless no body was due."""
        due = self._environ.get("REQUEST_METHOD") != "HEAD" and self.status not in _BODILESS
        if due and (self.length is None or self._sent < self.length):
            self.event.mark_outcome("disconnected")
        self.end()

    def end(self) -> None:
        """End the unit of work, once."""
        if not self.ended:
            self.ended = True
            attempt(self._end, failed=partial(self._failed, None))

    def _end(self) -> None:
        event, status = self.event, self.status
        facts: dict[str, Any] = {"status_code": status} if status else {}
        if event.marked == "error" and not status:
            facts["status_code"] = 500
        if status:
            facts["response_bytes"] = self._sent
        if self.content_type is not None:
            facts["content_type"] = self.content_type
        event.add_facts(facts)
        if status >= 500:
            event.promote_handled_error()
        if self.skipped:
            self._pipeline.discard(event, "skipped")
        else:
            self._pipeline.emit(event)

    def _failed(self, instead: Any, failure: Exception) -> Any:
        self._pipeline.health.failed("door_failed", f"{self.event.operation}: the door failed", failure)
        return instead


class Stream:
    """A streamed body: passes each chunk on, with the request's event current while the application makes it."""

    __slots__ = ("_begun", "_body", "_chunks", "_unit")

    def __init__(self, unit: Unit, body: Iterable[bytes]) -> None:
        self._unit = unit
        self._body = body
        self._chunks: Iterator[bytes] = iter(body)
        self._begun = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        with Passing(self._unit):
            chunk = next(self._chunks)
        if not self._begun:
            self._begun = True
            self._unit.first_byte()
        self._unit.passed(len(chunk))
        return chunk

    def close(self) -> None:
        """Close the application's body, and end the unit of work if the body did not come to its end."""
        close = getattr(self._body, "close", None)
        try:
            if close is not None:
                with Passing(self._unit):
                    close()
        finally:
            self._unit.cut_short()


class Passing:
    """The making of one chunk: the event is current; the end of the body or an error ends the unit of work."""

    __slots__ = ("_token", "_unit")

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def __enter__(self) -> None:
        self._token = enter(self._unit.event)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        leave(self._token)
        if error is None or self._unit.ended:
            return
        if not isinstance(error, StopIteration):
            self._unit.event.add_error(error)
        self._unit.end()


def client_address(address: str | None, mode: str) -> str | None:
    """Return the client's address; with `truncate` without its last 8 bits (IPv4) or last 80 bits (IPv6)."""
    if address is None or mode == "full":
        return address
    if ":" in address:
        return ":".join([*address.split(":")[:3], ":"]) if "." not in address else "::"
    return address.rpartition(".")[0] + ".0"


def _continue_trace(event: WideEvent, traceparent: str, tracestate: str | None) -> None:
    parent = parse_traceparent(traceparent)
    if parent is None:
        return
    event.trace_id, event.parent_id = parent.trace_id, parent.span_id
    if tracestate:
        event.tracestate = parse_tracestate(tracestate)
        if event.tracestate.threshold is not None:
            event.add_facts({"upstream_rate": 1 - event.tracestate.threshold / ALL})


def _path(environ: Environ) -> str:
    path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    if not path.isascii():
        path = path.encode("latin-1", "replace").decode("utf-8", "replace")
    return path[:_MAX_PATH]


def _environ_name(header: str) -> str:
    name = header.upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
