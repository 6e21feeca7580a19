"""The unit of work of a WSGI request: from the call of the application to the last byte of the body.

A body that is whole ends the unit of work before the response is handed to the server: a process killed at
the instant at which the client has its answer has written the line. A streamed body ends it at its last byte.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from wide_events.context import enter, leave
from wide_events.event import WideEvent
from wide_events.guards import attempt
from wide_events.integrations.environ import MAX_PATH, Environ, environ_name, path_of, size_of, truncated
from wide_events.integrations.tracebacks import tell
from wide_events.names import PRESENT
from wide_events.plain import as_text
from wide_events.propagation import (
    ALL,
    NO_STATE,
    RANDOM,
    parse_traceparent,
    parse_tracestate,
    valid_request_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextvars import Token

    from typing_extensions import Self

    from wide_events.pipeline import Pipeline

UNIT: Final = "wide_events.unit"
"""The key of the WSGI environ under which the unit of work lies."""

_MAX_HEADER: Final = 256
_MAX_QUERY: Final = 32
_METHODS: Final = frozenset(
    {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"}
)
_PRESENCE_ONLY: Final = re.compile(
    "AUTHORI[SZ]ATION|COOKIE|TOKEN|SECRET|API_?KEY|CSRF|XSRF|PASSWORD|CREDENTIAL|SESSION|SIGNATURE"
)
_END: Final = object()


class WideEventMiddleware:
    """Wraps a WSGI application, so that each request leaves one event.

    To be the outermost wrapper: what it does not see is not on the event. Nested in another one of its kind
    it steps aside.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], pipeline: Pipeline) -> None:
        self.app = app
        self.pipeline = pipeline
        settings = pipeline.settings
        self.client_ip = settings.client_ip
        self._query = settings.capture_query
        self._headers = tuple((environ_name(name), name.lower()) for name in settings.capture_headers)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Handle one request."""
        around: Unit | None = environ.get(UNIT)
        if around is not None and not around.ended:
            return self.app(environ, start_response)
        unit = attempt(self._begin, environ, start_response, failed=self.failed)
        if unit is None:
            return self.app(environ, start_response)
        with unit:
            body = self.app(environ, unit.start)
        return unit.finish(body)

    def failed(self, failure: Exception) -> None:
        """Count and say a failure of our own; the request goes on without what failed."""
        self.pipeline.health.failed("door_failed", "a request was not wholly observed", failure)

    def _begin(self, environ: Environ, start_response: Callable[..., Any]) -> Unit | None:
        get = environ.get
        method = get("REQUEST_METHOD", "")[:32]
        named = method if method in _METHODS else "_OTHER"
        event = WideEvent(f"{named} <unmatched>", kind="request", pipeline=self.pipeline)
        request_id = get("HTTP_X_REQUEST_ID")
        if request_id is not None:
            self._take_request_id(event, request_id)
        parent = get("HTTP_TRACEPARENT")
        if parent is not None:
            _continue_trace(event, parent, get("HTTP_TRACESTATE"))
        event.add_facts(self._facts(environ, method))
        unit = environ[UNIT] = Unit(self, event, environ, start_response)
        return unit

    def _take_request_id(self, event: WideEvent, request_id: str) -> None:
        if valid_request_id(request_id):
            event.request_id = request_id
        else:
            self.pipeline.health.count("request_ids_replaced")

    def _facts(self, environ: Environ, method: str) -> dict[str, Any]:
        get = environ.get
        facts: dict[str, Any] = {"method": method, "path": path_of(environ)}
        agent = get("HTTP_USER_AGENT")
        if agent is not None:
            facts["user_agent"] = agent[:_MAX_HEADER]
        referrer = get("HTTP_REFERER")
        if referrer is not None:
            facts["referrer"] = referrer.partition("?")[0][:_MAX_HEADER]
        size = size_of(get("CONTENT_LENGTH"))
        if size is not None:
            facts["request_bytes"] = size
        if self._headers:
            facts["request_headers"] = self._captured(environ)
        if self._query and get("QUERY_STRING"):
            query = parse_qsl(environ["QUERY_STRING"][:MAX_PATH], keep_blank_values=True)
            facts["query"] = dict(query[:_MAX_QUERY])
        return facts

    def _captured(self, environ: Environ) -> dict[str, str]:
        return {
            name: PRESENT if _PRESENCE_ONLY.search(key) else as_text(environ[key], _MAX_HEADER)
            for key, name in self._headers
            if key in environ
        }


class Unit:
    """One request under way: its event, what the response said of itself, and how far its body got.

    As a context manager it runs application code: the event is current, and an exception that leaves it ends
    the unit of work.
    """

    __slots__ = (
        "_door",
        "_environ",
        "_sent",
        "_start_response",
        "_token",
        "_write",
        "content_type",
        "ended",
        "event",
        "length",
        "named",
        "page",
        "skipped",
        "status",
        "whole",
    )

    def __init__(
        self,
        door: WideEventMiddleware,
        event: WideEvent,
        environ: Environ,
        start_response: Callable[..., Any],
    ) -> None:
        self.event = event
        self._door = door
        self._environ = environ
        self._start_response = start_response
        self._sent = 0
        self.status = 0
        self.length: int | None = None
        self.content_type: str | None = None
        self.whole = self.named = self.page = self.skipped = self.ended = False

    def __enter__(self) -> Self:
        self._token: Token[WideEvent | None] = enter(self.event)
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        leave(self._token)
        if error is not None and not self.ended:
            attempt(self._escaped, error, failed=self._door.failed)
            self.end()

    def _escaped(self, error: BaseException) -> None:
        """Note what the application raised. Where no byte was sent, no header was: the server answers 500."""
        if not self._sent:
            self.status, self.content_type = 500, None
        tell(self.event.add_error, error)

    # ---- the response --------------------------------------------------------------------------------------

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[..., Any]:
        """Stand in for the server's `start_response`: look at status and headers, and add those of ours."""
        with_ours = attempt(self._observe, status, headers, failed=self._door.failed) or headers
        if exc_info is None:
            self._write = self._start_response(status, with_ours)
        else:
            self._write = self._start_response(status, with_ours, exc_info)
        return self.write

    def write(self, data: bytes) -> object:
        """Stand in for the server's `write`, which a few applications still use: count the bytes."""
        written = self._write(data)
        self.passed(len(data))
        return written

    def _observe(self, status: str, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        self.status = int(status[:3])
        self.length = self.content_type = None
        ours = {
            "x-process-time": ("X-Process-Time", str(round(self.event.elapsed_ms()))),
            "x-request-id": ("X-Request-ID", self.event.request_id),
        }
        for name, value in headers:
            known = name.lower()
            if known == "content-length":
                self.length = size_of(value)
            elif known == "content-type":
                self.content_type = value[:_MAX_HEADER]
            elif known in ours:
                del ours[known]
                if known == "x-request-id":  # what the client is told is what it will ask for
                    self.event.request_id = value
        return [*headers, *ours.values()]

    def finish(self, body: Iterable[bytes]) -> Iterable[bytes]:
        """End the unit of work at once if the body is whole; else give a body that ends it."""
        size = attempt(self._size_of, body, failed=self._door.failed)
        if size is not None:
            self._sent += size
            self.end()
            return body
        wrapper = self._environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type) and isinstance(body, wrapper) and self._watch_file(body):
            return body
        return Stream(self, body)

    def _size_of(self, body: Iterable[bytes]) -> int | None:
        """The size of a body that is whole; `None` for one that is still to be made."""
        listed = isinstance(body, (list, tuple))
        if not listed and not self.whole:
            return None
        if self._bodiless():
            return 0
        return sum(map(len, body)) if listed else self.length

    def _bodiless(self) -> bool:
        status = self.status
        return 100 <= status < 200 or status in (204, 304) or self._environ.get("REQUEST_METHOD") == "HEAD"

    def _watch_file(self, body: Any) -> bool:
        """Leave a file to the server, which may send it by a system call; its `close` ends the unit."""
        close = getattr(body, "close", None)

        def close_and_end() -> None:
            try:
                if close is not None:
                    close()
            finally:
                self._file_closed()

        try:
            body.close = close_and_end
        except (AttributeError, TypeError):
            return False
        return True

    def _file_closed(self) -> None:
        """End; a server that is just handling an error of its socket could not send all of the file."""
        if isinstance(sys.exc_info()[1], OSError):
            self.cut_short()
        else:
            self._sent += self.length or 0
            self.end()

    # ---- the end -------------------------------------------------------------------------------------------

    def passed(self, size: int) -> None:
        """Count bytes of the body, and note when the first of them were there."""
        if not self._sent and size and not self.event.sealed:
            self.event.add_facts({"ttfb_ms": self.event.elapsed_ms()})
        self._sent += size

    def cut_short(self) -> None:
        """End because the server closed the body early: its client has gone, unless all was sent."""
        if self.ended:
            return
        due = not self._bodiless() and (self.length is None or self._sent < self.length)
        if due and self.event.marked != "error" and not self.event.sealed:
            self.event.mark_outcome("disconnected")
        self.end()

    def abandon(self) -> None:
        """End without a line, counted as `dropped.abandoned`.

        A finaliser may run at any instruction, also while this very thread holds the lock of somebody's sink:
        so nothing is written here.
        """
        if not self.ended:
            self.ended = True
            attempt(self._door.pipeline.discard, self.event, "abandoned", failed=self._door.failed)

    def end(self) -> None:
        """End the unit of work, once."""
        if not self.ended:
            self.ended = True
            attempt(self._end, failed=self._door.failed)
            self._environ = {}

    def _end(self) -> None:
        event = self.event
        if event.sealed:  # the application emitted it by hand
            return
        event.add_facts(self._late_facts())
        if self.status >= 500:
            event.promote_handled_error()
        if self.skipped:
            self._door.pipeline.discard(event, "skipped")
        else:
            self._door.pipeline.emit(event)

    def _late_facts(self) -> dict[str, Any]:
        """What is known at the end only: the response, and the client as a proxy's fix inside us left it."""
        facts: dict[str, Any] = {"response_bytes": self._sent}
        scheme = self._environ.get("wsgi.url_scheme")
        if scheme is not None:
            facts["scheme"] = scheme
        if self.status:
            facts["status_code"] = self.status
        if self.content_type is not None:
            facts["content_type"] = self.content_type
        address = self._environ.get("REMOTE_ADDR")
        if address and self._door.client_ip != "off":
            facts["remote_addr"] = address if self._door.client_ip == "full" else truncated(address)
        return facts


class Stream:
    """A streamed body: passes each chunk on; the event is current while the application makes it."""

    __slots__ = ("_body", "_chunks", "_unit")

    _chunks: Iterator[bytes]

    def __init__(self, unit: Unit, body: Iterable[bytes]) -> None:
        self._unit = unit
        self._body = body

    def __iter__(self) -> Self:
        with self._unit:
            self._chunks = iter(self._body)
        return self

    def __next__(self) -> bytes:
        with self._unit:
            chunk: Any = next(self._chunks, _END)
        if chunk is _END:
            self._unit.end()
            raise StopIteration
        self._unit.passed(len(chunk))
        return chunk  # type: ignore[no-any-return]

    def close(self) -> None:
        """Close the application's body, and end the unit of work if the body did not come to its end."""
        close = getattr(self._body, "close", None)
        try:
            if close is not None:
                with self._unit:
                    close()
        finally:
            self._unit.cut_short()

    def __del__(self) -> None:
        """Count a body that nobody read to its end nor closed."""
        self._unit.abandon()


def _continue_trace(event: WideEvent, traceparent: str, tracestate: str | None) -> None:
    parent = parse_traceparent(traceparent)
    if parent is None:
        return
    event.trace_id, event.parent_id = parent.trace_id, parent.span_id
    state = parse_tracestate(tracestate) if tracestate else NO_STATE
    event.tracestate = state._replace(random=bool(parent.flags & RANDOM))
    if state.threshold is not None:
        event.sampled_upstream(1 - state.threshold / ALL)
