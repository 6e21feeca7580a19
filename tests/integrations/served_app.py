"""The application that the real servers of `test_flask_servers.py` serve; as a program, wsgiref serves it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from flask import Flask, Response, abort, g, request, send_file

from wide_events.integrations.flask import WideEvents

if TYPE_CHECKING:
    from collections.abc import Iterator

app = Flask("served")
WideEvents(app)


@app.get("/")
def index() -> dict[str, Any]:
    g.wide_event.add_context(threads="are apart", asked=request.args.get("n", ""))
    return {"pid": os.getpid()}


@app.get("/stream")
def stream() -> Iterator[str]:
    return iter(["one", "two"])


@app.get("/endless")
def endless() -> Response:
    def body() -> Iterator[bytes]:
        while True:
            yield b"x" * 65536

    return Response(body())


@app.get("/breaks")
def breaks() -> Response:
    def body() -> Iterator[bytes]:
        yield b"x"
        raise ValueError("broken")

    return Response(body())


@app.get("/file")
def file() -> Response:
    return send_file(request.args["path"], "application/octet-stream")


@app.get("/fails")
def fails() -> str:
    raise ValueError("broken")


@app.get("/aborts")
def aborts() -> str:
    abort(503)


@app.get("/exits")
def exits() -> str:
    sys.exit(1)


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]), app, handler_class=QuietHandler).serve_forever()
