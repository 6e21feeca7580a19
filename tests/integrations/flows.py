"""The ways in which a request can go through a Flask application, and how each ends: one function a way.

Each builds its application; `FLOWS` lists them with the request that is made, and what its event must say.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from flask import (
    Flask,
    Response,
    abort,
    make_response,
    redirect,
    request,
    send_file,
    session,
    stream_with_context,
)
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


TEARDOWN_ERRORS_ARE_GROUPED = sys.version_info >= (3, 11) and version("flask") >= "3.2"


@dataclass(frozen=True)
class Flow:
    """One way: how the application is built, what is asked, and what the event says of it."""

    name: str
    build: Callable[[Flask], None]
    status: int
    outcome: str = "success"
    operation: str = "index"
    error: str | None = None
    handled: tuple[str, ...] = ()
    escapes: type[BaseException] | None = None
    method: str = "GET"
    path: str = "/"
    config: dict[str, Any] = field(default_factory=dict)

    def app(self) -> Flask:
        app = Flask("shop")
        app.config.update(self.config)
        app.logger.disabled = True
        self.build(app)
        return app


FLOWS: list[Flow] = []


def ends(status: int, outcome: str = "success", **told: Any) -> Callable[[Callable[[Flask], None]], None]:
    def register(build: Callable[[Flask], None]) -> None:
        FLOWS.append(Flow(build.__name__.strip("_"), build, status, outcome, **told))

    return register


def fails(status: int = 500, error: str = "ValueError", **told: Any) -> Callable[..., None]:
    return ends(status, "error", error=error, **told)


def index(app: Flask, view: Callable[..., Any] = lambda: "hello", **options: Any) -> None:
    app.add_url_rule("/", "index", view, **options)


def broken(*_: object) -> Any:
    raise ValueError("broken")


def plain(app: Flask) -> None:
    index(app)


def failing(app: Flask) -> None:
    index(app, broken)


# ---- ordinary ends -----------------------------------------------------------------------------------------

ends(200)(plain)
ends(200, method="HEAD")(plain)
ends(200, method="OPTIONS")(plain)
ends(404, operation="GET <unmatched>", path="/nowhere")(plain)
ends(405, operation="POST <unmatched>", method="POST")(plain)


@ends(308, operation="GET <unmatched>", path="/trips")
def a_missing_slash_is_redirected(app: Flask) -> None:
    app.add_url_rule("/trips/", "trips", lambda: "trips")


@ends(302)
def a_view_redirects(app: Flask) -> None:
    index(app, lambda: redirect("/elsewhere", 302))


@ends(302)
def a_view_aborts_with_a_response(app: Flask) -> None:
    index(app, lambda: abort(redirect("/elsewhere", 302)))


@ends(204)
def a_204_has_no_body_whatever_the_view_says(app: Flask) -> None:
    index(app, lambda: ("a body", 204))


@ends(304)
def a_304_has_no_body(app: Flask) -> None:
    index(app, lambda: ("", 304))


@ends(200)
def a_file_is_sent(app: Flask) -> None:
    index(app, lambda: send_file(__file__))


@ends(200)
def the_session_is_saved(app: Flask) -> None:
    app.secret_key = "not a secret"
    index(app, lambda: session.setdefault("seen", "yes"))


@ends(200)
def an_application_has_a_request_id_of_its_own(app: Flask) -> None:
    index(app, lambda: ("hello", {"X-Request-ID": "mine", "X-Process-Time": "0.5"}))


@ends(503, "error")
def a_view_answers_503(app: Flask) -> None:
    index(app, lambda: ("come back later", 503))


# ---- errors ------------------------------------------------------------------------------------------------

fails()(failing)
fails(escapes=ValueError, config={"PROPAGATE_EXCEPTIONS": True})(failing)
fails(escapes=ValueError, config={"TESTING": True})(failing)
fails(escapes=ValueError, config={"DEBUG": True})(failing)


@ends(404, handled=("werkzeug.exceptions.NotFound",))
def a_view_aborts(app: Flask) -> None:
    index(app, lambda: abort(404))


@fails(error="werkzeug.exceptions.ServiceUnavailable", status=503)
def a_view_aborts_with_503(app: Flask) -> None:
    index(app, lambda: abort(503))


@ends(200, handled=("ValueError",))
def a_handler_swallows_all(app: Flask) -> None:
    index(app, broken)
    app.register_error_handler(Exception, lambda _: "never mind")


@fails()
def a_handler_answers_500(app: Flask) -> None:
    index(app, broken)
    app.register_error_handler(ValueError, lambda _: ("sorry", 500))


@fails()
def a_handler_of_500_answers(app: Flask) -> None:
    index(app, broken)
    app.register_error_handler(500, lambda _: ("sorry", 500))


@fails(error="RuntimeError")
def a_handler_raises(app: Flask) -> None:
    def handler(error: Exception) -> str:
        raise RuntimeError("the handler broke") from error

    index(app, broken)
    app.register_error_handler(ValueError, handler)


@fails(error="SystemExit", escapes=SystemExit)
def a_view_exits(app: Flask) -> None:
    def view() -> str:
        raise SystemExit(3)

    index(app, view)


@fails(error="KeyboardInterrupt", escapes=KeyboardInterrupt)
def a_view_is_interrupted(app: Flask) -> None:
    def view() -> str:
        raise KeyboardInterrupt

    index(app, view)


@fails(error="TypeError")
def a_view_returns_nothing(app: Flask) -> None:
    index(app, lambda: None)


# ---- hooks -------------------------------------------------------------------------------------------------


@ends(200)
def a_hook_before_answers(app: Flask) -> None:
    app.before_request(lambda: "from the hook")
    index(app, broken)


@fails()
def a_hook_before_raises(app: Flask) -> None:
    app.before_request(broken)
    index(app)


@fails()
def a_preprocessor_of_url_values_raises(app: Flask) -> None:
    app.url_value_preprocessor(broken)
    index(app)


@fails()
def a_hook_after_raises(app: Flask) -> None:
    app.after_request(broken)
    index(app)


@ends(201)
def a_hook_after_changes_the_status(app: Flask) -> None:
    def created(response: Response) -> Response:
        response.status_code = 201
        return response

    app.after_request(created)
    index(app)


@fails(error="ExceptionGroup" if TEARDOWN_ERRORS_ARE_GROUPED else "ValueError", escapes=Exception)
def a_teardown_raises(app: Flask) -> None:
    app.teardown_request(broken)
    index(app)


@fails(operation="GET <unmatched>")
def a_session_fails_to_open(app: Flask) -> None:
    class Sessions(SecureCookieSessionInterface):
        def open_session(self, app: Flask, request: Any) -> SecureCookieSession:
            raise ValueError("broken")

    app.session_interface = Sessions()
    index(app)


@fails()
def a_session_fails_to_be_saved(app: Flask) -> None:
    class Sessions(SecureCookieSessionInterface):
        def save_session(self, app: Flask, session: Any, response: Any) -> None:
            if "fail" not in response.headers:
                raise ValueError("broken")

    app.secret_key = "not a secret"
    app.session_interface = Sessions()
    app.register_error_handler(500, lambda _: ("sorry", 500, {"fail": "told"}))
    index(app)


# ---- streams -----------------------------------------------------------------------------------------------


def chunks() -> Iterator[str]:
    yield "one"
    yield "two"


def broken_chunks() -> Iterator[str]:
    yield "one"
    broken()


def chunks_of_nothing() -> Iterator[str]:
    broken()
    yield ""


ends(200)(lambda app: index(app, chunks))
ends(200, method="HEAD")(lambda app: index(app, chunks))


@ends(200)
def a_stream_has_its_context(app: Flask) -> None:
    def view() -> Any:
        def with_context() -> Iterator[str]:
            yield request.path

        return stream_with_context(with_context())

    index(app, view)


@ends(200)
def a_stream_has_a_length(app: Flask) -> None:
    index(app, lambda: Response(chunks(), headers={"Content-Length": "6"}))


@ends(200)
def a_stream_ends_in_events(app: Flask) -> None:
    index(app, lambda: Response(iter(["data: 1\n\n", "data: 2\n\n"]), mimetype="text/event-stream"))


@fails(200, escapes=ValueError)
def a_stream_breaks_off(app: Flask) -> None:
    index(app, broken_chunks)


@fails(200, escapes=ValueError)
def a_stream_with_context_breaks_off(app: Flask) -> None:
    index(app, lambda: stream_with_context(broken_chunks()))


@fails(500, escapes=ValueError)
def a_stream_breaks_before_its_first_byte(app: Flask) -> None:
    index(app, chunks_of_nothing)


@ends(200)
def a_body_is_whole_but_has_no_length(app: Flask) -> None:
    def view() -> Response:
        response = make_response("hello")
        response.automatically_set_content_length = False
        return response

    index(app, view)


# ---- comparing answers -------------------------------------------------------------------------------------

OURS = {"x-request-id", "x-process-time"}


def common_headers(answer: Any) -> list[tuple[str, str]]:
    """The headers of an answer, with the library or without: less ours and the second that `Date` tells."""
    theirs = [(name, value) for name, value in answer.headers if name.lower() not in OURS]
    return [(name, "now" if name == "Date" else value) for name, value in theirs]
