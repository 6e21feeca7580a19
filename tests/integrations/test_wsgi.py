"""The WSGI wrapper around any application: what it reads, what it counts, when it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from tests.integrations.conftest import keeping_all
from wide_events import current_event
from wide_events.integrations.environ import truncated
from wide_events.integrations.wsgi import WideEventMiddleware
from wide_events.sinks import MemorySink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Application = Any


def hello(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hel", b"lo"]


def served(application: Application, *, settings: dict[str, Any] | None = None, **request: Any) -> Any:
    """Serve one request, and return the answer of the application and the one event."""
    sink = MemorySink()
    wrapped = WideEventMiddleware(application, keeping_all(sink, **(settings or {})))
    environ = {**EnvironBuilder().get_environ(), **request}
    answer = run_wsgi_app(wrapped, environ, buffered=True)
    (event,) = sink.events
    return answer, event


def event_of(application: Application = hello, **request: Any) -> dict[str, Any]:
    event: dict[str, Any] = served(application, **request)[1]
    return event


# ---- applications ------------------------------------------------------------------------------------------


def test_an_application_of_any_kind_leaves_an_event():
    (chunks, status, headers), event = served(hello)
    assert (list(chunks), status) == ([b"hel", b"lo"], "200 OK")
    assert {"X-Request-ID", "X-Process-Time", "Content-Type"} == {name for name, _ in headers}
    assert (event["operation"], event["kind"], event["method"]) == ("GET <unmatched>", "request", "GET")
    assert (event["status_code"], event["response_bytes"], event["outcome"]) == (200, 5, "success")
    assert (event["content_type"], event["scheme"]) == ("text/plain", "http")


def test_an_application_that_starts_when_it_is_iterated():
    def lazy(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("201 Created", [])
        yield b"made"

    event = event_of(lazy)
    assert (event["status_code"], event["response_bytes"]) == (201, 4)


def test_an_application_that_writes():
    def writing(environ: Any, start_response: Any) -> list[bytes]:
        write = start_response("200 OK", [])
        write(b"one")
        write(b"two")
        return [b"three"]

    sink, sent = MemorySink(), []
    wrapped = WideEventMiddleware(writing, keeping_all(sink))
    sent += wrapped(EnvironBuilder().get_environ(), lambda *_: sent.append)
    assert sent == [b"one", b"two", b"three"]
    assert sink.events[0]["response_bytes"] == 11
    assert sink.events[0]["ttfb_ms"] > 0


def test_an_application_that_fails_after_it_wrote_keeps_its_status():
    def writing(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])(b"one")
        raise ValueError("broken")

    sink = MemorySink()
    with pytest.raises(ValueError, match="broken"):
        Client(WideEventMiddleware(writing, keeping_all(sink))).get("/")
    assert (sink.events[0]["status_code"], sink.events[0]["outcome"]) == (200, "error")


def test_an_application_that_starts_again_after_an_error():
    def restarting(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "99")])
        start_response("500 Oops", [], (ValueError, ValueError("broken"), None))
        return [b"oops"]

    sink, started = MemorySink(), []
    wrapped = WideEventMiddleware(restarting, keeping_all(sink))
    wrapped(EnvironBuilder().get_environ(), lambda *said: started.append(said))
    (first, second) = started
    assert (len(first), len(second), second[0]) == (2, 3, "500 Oops")
    assert [name for name, _ in second[1]] == ["X-Process-Time", "X-Request-ID"]
    assert (sink.events[0]["status_code"], sink.events[0]["outcome"]) == (500, "error")


def test_an_application_that_starts_again_tells_the_type_and_the_length_of_its_last_start_only():
    def restarting(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/csv"), ("Content-Length", "2")])
        start_response("500 Oops", [], (ValueError, ValueError("broken"), None))
        return iter([b"oops", b"more"])

    sink = MemorySink()
    body = WideEventMiddleware(restarting, keeping_all(sink))(EnvironBuilder().get_environ(), lambda *_: None)
    assert next(iter(body)) == b"oops"
    body.close()  # type: ignore[attr-defined]
    (event,) = sink.events
    assert "content_type" not in event
    assert (event["outcome"], event["response_bytes"]) == ("disconnected", 4)


def test_a_stream_that_nobody_reads_nor_closes_is_counted():
    def streaming(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        return iter([b"ab"])

    sink = MemorySink()
    pipeline = keeping_all(sink)
    wrapped = WideEventMiddleware(streaming, pipeline)
    wrapped(EnvironBuilder().get_environ(), lambda *_: None)
    assert (pipeline.stats(), sink.events) == ({"dropped.abandoned": 1}, [])
    list(wrapped(EnvironBuilder().get_environ(), lambda *_: None))
    assert pipeline.stats() == {"dropped.abandoned": 1, "kept.rate": 1}


def test_an_application_that_names_exc_info():
    def naming(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [], exc_info=None)
        return [b""]

    assert event_of(naming)["status_code"] == 200


def test_an_application_that_returns_no_body():
    def without_body(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])

    sink = MemorySink()
    with pytest.raises(TypeError):
        Client(WideEventMiddleware(without_body, keeping_all(sink))).get("/")
    assert (sink.events[0]["outcome"], sink.events[0]["error"]["type"]) == ("error", "TypeError")


@pytest.mark.parametrize(("status", "method"), [("204 No Content", "GET"), ("200 OK", "HEAD")])
def test_a_stream_that_nobody_reads_since_no_body_is_due(status: str, method: str):
    def streaming(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response(status, [])
        return iter([b""])

    sink = MemorySink()
    wrapped = WideEventMiddleware(streaming, keeping_all(sink))
    body = wrapped({**EnvironBuilder(method=method).get_environ()}, lambda *_: None)
    body.close()
    assert sink.events[0]["outcome"] == "success"


@pytest.mark.parametrize("status", ["", "OK", "2"])
def test_a_status_that_is_none_is_passed_on_and_counted(status: str):
    sink = MemorySink()
    pipeline = keeping_all(sink)
    seen = []

    def odd(environ: Any, start_response: Any) -> list[bytes]:
        start_response(status, [])
        return []

    WideEventMiddleware(odd, pipeline)(EnvironBuilder().get_environ(), lambda *said: seen.append(said[0]))
    assert seen == [status]
    assert len(sink.events) == 1


@pytest.mark.parametrize("length", ["abc", "-1", "", "9" * 400, "1.5"])
def test_a_length_that_is_none_is_passed_on(length: str):
    def odd(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Length", length)])
        return iter([b"ab"])

    (_, _, headers), event = served(odd)
    assert ("Content-Length", length) in list(headers)
    assert event["response_bytes"] == 2


def test_wrapped_twice_leaves_one_event():
    sink = MemorySink()
    pipeline = keeping_all(sink)
    Client(WideEventMiddleware(WideEventMiddleware(hello, pipeline), pipeline)).get("/")
    assert len(sink.events) == 1


def test_an_event_is_current_while_a_stream_is_made_and_nowhere_between():
    def streaming(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        for _ in range(2):
            yield current_event().request_id.encode()

    sink = MemorySink()
    wrapped = WideEventMiddleware(streaming, keeping_all(sink))
    body = wrapped(EnvironBuilder().get_environ(), lambda *_: None)
    told = []
    for chunk in body:
        told.append(chunk.decode())
        assert current_event().request_id.encode() != chunk
    body.close()
    assert told == [sink.events[0]["request_id"]] * 2


# ---- what a request says -----------------------------------------------------------------------------------


def test_the_request_is_told_in_the_fields_of_the_table():
    event = event_of(
        REQUEST_METHOD="POST",
        SCRIPT_NAME="/shop",
        PATH_INFO="/cart",
        QUERY_STRING="card=4111",
        CONTENT_LENGTH="12",
        REMOTE_ADDR="203.0.113.9",
        HTTP_USER_AGENT="x" * 8000,
        HTTP_REFERER="https://shop.example/page?token=secret",
    )
    assert (event["path"], event["request_bytes"], event["remote_addr"]) == ("/shop/cart", 12, "203.0.113.9")
    assert (event["user_agent"], event["referrer"]) == ("x" * 256, "https://shop.example/page")
    assert not {"query", "request_headers"} & set(event)
    assert "4111" not in json.dumps(event)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ("/caf\xc3\xa9", "/café"),
        ("/\xff", "/\ufffd"),
        ("/\xed\xa0\x80", "/\ufffd\ufffd\ufffd"),
        ("/a\nb", "/a\nb"),
        ("/\x1b[2J", "/\x1b[2J"),
        ("/\u0416", "/?"),
        ("/" + "x" * 9000, "/" + "x" * 2047),
        ("", None),
    ],
    ids=ascii,
)
def test_hostile_paths_are_told_as_text(raw: str, told: str | None):
    event = event_of(PATH_INFO=raw)
    assert event["path"] == (told or "")


def test_no_line_is_broken_by_a_path():
    sink = MemorySink()
    wrapped = WideEventMiddleware(hello, keeping_all(sink))
    for path in ("/a\nb", "/a\x1b[2J", "/a\xc2\x85b", "/a\xe2\x80\xa8b"):
        run_wsgi_app(wrapped, {**EnvironBuilder().get_environ(), "PATH_INFO": path})
    for line in sink.lines:
        assert line.count(b"\n") == 1
        assert line.endswith(b"}\n")
        assert line[:-1].decode().isprintable()


@pytest.mark.parametrize("method", ["GET", "QUERY", "BREW", "x" * 1000, "", "get"])
def test_operations_have_few_names_whatever_the_method(method: str):
    event = event_of(REQUEST_METHOD=method)
    assert event["operation"] in ("GET <unmatched>", "QUERY <unmatched>", "_OTHER <unmatched>")
    assert event["method"] == method[:32]


@pytest.mark.parametrize("length", ["", "-5", "abc", "9" * 30, " 5"])
def test_an_odd_request_length_is_left_out(length: str):
    assert "request_bytes" not in event_of(CONTENT_LENGTH=length)


def test_what_a_bare_environ_lacks_is_left_out():
    sink = MemorySink()
    pipeline = keeping_all(sink, capture_query=True)
    WideEventMiddleware(hello, pipeline)({}, lambda *_: None)
    (event,) = sink.events
    assert (event["path"], event["method"]) == ("", "")
    assert not {"scheme", "remote_addr", "user_agent", "query"} & set(event)


# ---- settings ----------------------------------------------------------------------------------------------


def test_captured_headers_are_those_named_and_secret_ones_only_as_present():
    names = ("Accept", "Content-Type", "Authorization", "Cookie", "X-Api-Key", "X-CSRF-Token", "X-Missing")
    secrets = ("HTTP_AUTHORIZATION", "HTTP_COOKIE", "HTTP_X_API_KEY", "HTTP_X_CSRF_TOKEN", "HTTP_X_OTHER")
    event = event_of(
        settings={"capture_headers": names},
        **dict.fromkeys(secrets, "hunter2"),
        HTTP_ACCEPT="text/html",
        CONTENT_TYPE="text/csv",
    )
    told = event["request_headers"]
    assert (told["accept"], told["content-type"]) == ("text/html", "text/csv")
    assert set(told) == {name.lower() for name in names} - {"x-missing"}
    assert "hunter2" not in json.dumps(event)


def test_a_captured_query_is_bounded_and_redacted():
    query = "page=2&flag&password=hunter2&card=4111111111111111&" + "n=1&" * 1000
    event = event_of(settings={"capture_query": True}, QUERY_STRING=query)
    told = event["query"]
    assert (told["page"], told["flag"], told["n"]) == ("2", "", "1")
    assert len(told) <= 32
    assert "hunter2" not in json.dumps(event)
    assert "4111111111111111" not in json.dumps(event)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("::1", "::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("unix:/run/shop.sock", None),
        ("not an address", None),
    ],
)
def test_addresses_are_truncated_on_request(address: str, told: str | None):
    assert truncated(address) == told
    event = event_of(settings={"client_ip": "truncate"}, REMOTE_ADDR=address)
    assert event.get("remote_addr") == told
    assert event_of(REMOTE_ADDR=address)["remote_addr"] == address
    assert "remote_addr" not in event_of(settings={"client_ip": "off"}, REMOTE_ADDR=address)
