"""Bodies: whole ones end before the server has the response, streamed ones at their last byte."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, Response, g, send_file
from werkzeug.test import EnvironBuilder

from tests.integrations.conftest import keeping_all
from wide_events import current_event
from wide_events.integrations.flask import WideEvents
from wide_events.sinks import MemorySink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integrations.conftest import Observed


class Server:
    """A WSGI server in little, which notes in what order everything happens."""

    def __init__(self, view: Callable[[], Any], **environ: Any) -> None:
        self.order: list[str] = []
        order = self.order

        class Sink(MemorySink):
            def write(self, line: bytes) -> None:
                order.append("event")
                super().write(line)

        self.sink = Sink()
        self.app = Flask("shop")
        WideEvents(self.app, pipeline=keeping_all(self.sink))
        self.app.add_url_rule("/", "index", view)
        self.environ = {**EnvironBuilder().get_environ(), **environ}

    def start(self, status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], object]:
        self.order.append("start")
        return self.order.append  # type: ignore[return-value]

    def call(self) -> Any:
        body = self.app(self.environ, self.start)
        self.order.append("handed over")
        return body

    def serve(self, chunks: int = 99) -> list[str]:
        body = self.call()
        made = iter(body)
        for _ in range(chunks):
            chunk = next(made, None)
            if chunk is None:
                break
            self.order.append("sent")
        body.close()
        self.order.append("closed")
        return self.order

    @property
    def event(self) -> dict[str, Any]:
        (event,) = self.sink.events
        return event


class FileWrapper:
    """The server's own wrapper: what the server would send by a system call."""

    def __init__(self, filelike: Any, size: int = 8192) -> None:
        self.filelike = filelike
        self.close = filelike.close


class ClosedWrapper:
    """A wrapper on which nothing can be set, as one written in C may be."""

    __slots__ = ("filelike",)

    def __init__(self, filelike: Any, size: int = 8192) -> None:
        self.filelike = filelike

    def __iter__(self) -> Iterator[bytes]:
        return iter([self.filelike.read()])

    def close(self) -> None:
        self.filelike.close()


def chunks() -> Iterator[str]:
    yield "one"
    yield "three"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "answer", ["hello", ("", 204), ("", 304), ("sorry", 500), {"json": 1}, Response(["one", "two"])], ids=repr
)
def test_the_event_of_a_whole_body_is_written_before_the_server_has_the_response(answer: Any, method: str):
    server = Server(lambda: answer, REQUEST_METHOD=method)
    server.serve()
    assert server.order[:3] == ["start", "event", "handed over"]
    assert server.order.count("event") == 1


@pytest.mark.parametrize("view", [chunks, lambda: send_file(__file__)])
def test_a_head_request_for_a_stream_has_no_body_to_wait_for(view: Callable[[], Any]):
    server = Server(view, REQUEST_METHOD="HEAD")
    assert server.serve()[:3] == ["start", "event", "handed over"]
    assert (server.event["response_bytes"], server.event["outcome"]) == (0, "success")


def test_the_event_of_a_stream_is_written_after_its_last_byte():
    server = Server(chunks)
    assert server.serve() == ["start", "handed over", "sent", "sent", "event", "closed"]
    event = server.event
    assert (event["response_bytes"], event["outcome"]) == (8, "success")
    assert 0 < event["ttfb_ms"] <= event["duration_ms"]


def test_the_bytes_of_whole_bodies_are_counted():
    for answer, size in (("hello", 5), ("tschüß", 8), (Response(["one", "three"]), 8), (("hello", 204), 0)):
        server = Server(lambda answer=answer: answer)
        server.serve()
        assert server.event["response_bytes"] == size
        assert "ttfb_ms" not in server.event


@pytest.mark.parametrize(
    ("sent", "length", "outcome"),
    [
        (0, None, "disconnected"),
        (1, None, "disconnected"),
        (2, None, "disconnected"),
        (3, None, "success"),
        (1, "8", "disconnected"),
        (2, "8", "success"),
    ],
)
def test_a_client_that_leaves_is_told_from_one_that_has_all(sent: int, length: str | None, outcome: str):
    headers = {"Content-Length": length} if length else {}
    server = Server(lambda: Response(chunks(), headers=headers))
    server.serve(chunks=sent)
    event = server.event
    assert (event["outcome"], event["response_bytes"]) == (outcome, (0, 3, 8, 8)[sent])
    assert event["level"] == ("info" if outcome == "success" else "warning")


def test_an_error_noted_before_the_client_left_stays_the_outcome():
    def body() -> Iterator[str]:
        yield "one"

    def view() -> Any:
        g.wide_event.add_error("half of it is missing")
        return body()

    server = Server(view)
    server.serve(chunks=1)
    assert server.event["outcome"] == "error"


def test_an_error_when_a_stream_is_closed_is_on_the_event():
    def body() -> Iterator[str]:
        try:
            yield "one"
            yield "two"
        finally:
            raise OSError("cannot clean up")

    server = Server(body)
    with pytest.raises(OSError, match="cannot clean up"):
        server.serve(chunks=1)
    assert (server.event["error"]["message"], server.event["status_code"]) == ("cannot clean up", 200)


def test_server_sent_events_are_passed_one_by_one():
    def events() -> Iterator[str]:
        for n in range(3):
            current_event().increment("made")
            yield f"data: {n}\n\n"

    server = Server(lambda: Response(events(), mimetype="text/event-stream"))
    body = iter(server.call())
    assert next(body) == b"data: 0\n\n"
    assert server.sink.events == []
    assert list(body) == [b"data: 1\n\n", b"data: 2\n\n"]
    assert server.event["technical_metrics"] == {"made": 3}
    assert server.event["content_type"].startswith("text/event-stream")


def test_empty_chunks_are_no_first_byte():
    server = Server(lambda: Response(iter(["", "", "one"])))
    body = iter(server.call())
    assert [next(body), next(body)] == [b"", b""]
    assert list(body) == [b"one"]
    assert server.event["ttfb_ms"] > 0


# ---- files -------------------------------------------------------------------------------------------------


def test_a_file_without_the_server_s_wrapper_is_streamed():
    server = Server(lambda: send_file(__file__))
    assert server.serve()[-2:] == ["event", "closed"]
    assert server.event["response_bytes"] == Path(__file__).stat().st_size


def test_a_file_in_the_server_s_wrapper_is_left_to_the_server():
    server = Server(
        lambda: send_file(io.BytesIO(b"x" * 99), "text/plain"), **{"wsgi.file_wrapper": FileWrapper}
    )
    body = server.call()
    assert type(body) is FileWrapper
    body.close()
    assert body.filelike.closed
    assert (server.event["outcome"], server.event["status_code"]) == ("success", 200)


def test_the_size_of_a_file_in_the_server_s_wrapper_is_the_length_that_was_told():
    server = Server(lambda: send_file(__file__), **{"wsgi.file_wrapper": FileWrapper})
    server.call().close()
    assert server.event["response_bytes"] == Path(__file__).stat().st_size


def test_a_file_that_is_closed_twice_leaves_one_event():
    server = Server(
        lambda: send_file(io.BytesIO(b"x" * 99), "text/plain"), **{"wsgi.file_wrapper": FileWrapper}
    )
    body = server.call()
    body.close()
    body.close()
    assert server.event["response_bytes"] == 99


def test_a_socket_error_while_a_file_is_sent_means_that_the_client_left():
    server = Server(lambda: send_file(__file__), **{"wsgi.file_wrapper": FileWrapper})
    body = server.call()
    with pytest.raises(BrokenPipeError), closing(body):
        raise BrokenPipeError
    assert (server.event["outcome"], server.event["response_bytes"]) == ("disconnected", 0)


def test_a_file_wrapper_that_cannot_be_watched_is_streamed():
    server = Server(
        lambda: send_file(io.BytesIO(b"x" * 9), "text/plain"), **{"wsgi.file_wrapper": ClosedWrapper}
    )
    assert server.serve()[-3:] == ["sent", "event", "closed"]
    assert server.event["response_bytes"] == 9


def test_a_file_wrapper_that_is_no_class_is_streamed():
    def wrapper(file: Any, size: int = 0) -> Any:
        return ClosedWrapper(file, size)

    server = Server(lambda: send_file(__file__), **{"wsgi.file_wrapper": wrapper})
    assert server.serve()[-2:] == ["event", "closed"]


def test_a_file_wrapper_that_has_no_close_is_given_one():
    class Plain:
        def __init__(self, filelike: Any, size: int = 8192) -> None:
            filelike.close()

    server = Server(lambda: send_file(__file__), **{"wsgi.file_wrapper": Plain})
    server.call().close()
    assert server.event["outcome"] == "success"


def test_a_file_that_is_not_modified_has_no_body(observe: Callable[..., Observed]):
    shop = observe()
    shop.app.add_url_rule("/", "index", lambda: send_file(__file__, etag="v1"))
    assert shop.get(headers={"If-None-Match": '"v1"'}).status_code == 304
    assert (shop.event["outcome"], shop.event["response_bytes"]) == ("success", 0)


def test_a_part_of_a_file_is_counted(observe: Callable[..., Observed]):
    shop = observe()
    shop.app.add_url_rule("/", "index", lambda: send_file(__file__))
    assert shop.get(headers={"Range": "bytes=0-9"}).status_code == 206
    assert shop.event["response_bytes"] == 10
