"""Errors: what the event tells of them, and what clients are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask import Blueprint, Flask, Response, abort, redirect
from werkzeug.exceptions import HTTPException, NotFound

from wide_events import exceptions
from wide_events.integrations.flask import register_error_handlers

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integrations.conftest import Observed

SECRET = "postgres://admin:hunter2@db/prod"
FAMILY = [
    (exceptions.ValidationException("no name", {"field": "name"}), 400, "ERR_4000"),
    (exceptions.AuthenticationException(), 401, "ERR_4001"),
    (exceptions.AuthorizationException(), 403, "ERR_4003"),
    (exceptions.NotFoundException("trip", 42), 404, "ERR_4004"),
    (exceptions.ConflictException("already there"), 409, "ERR_4009"),
    (exceptions.BusinessRuleException("age", "too young"), 422, "ERR_3003"),
    (exceptions.InsufficientCreditsException(50, 20), 422, "ERR_3000"),
    (exceptions.InsufficientBalanceException(5, 2), 422, "ERR_3001"),
    (exceptions.InvalidStateException("closed", "open"), 422, "ERR_3002"),
    (exceptions.RateLimitException(7), 429, "ERR_4029"),
    (exceptions.BaseAPIException(SECRET), 500, "ERR_5000"),
    (exceptions.DatabaseException(SECRET), 500, "ERR_5100"),
    (exceptions.ExternalServiceException("weather", SECRET), 502, "ERR_5002"),
    (exceptions.ServiceUnavailableException(SECRET), 503, "ERR_5003"),
]
of_the_family = pytest.mark.parametrize(("error", "status", "code"), FAMILY, ids=lambda x: type(x).__name__)


def raising(error: BaseException) -> Callable[[], str]:
    def view() -> str:
        raise error

    return view


@pytest.fixture
def serve(observe: Callable[..., Observed]) -> Callable[..., Observed]:
    """An application with the handlers, whose view raises."""

    def make(error: BaseException, problem_json: bool = False, **settings: Any) -> Observed:
        shop = observe(**settings)
        shop.app.logger.disabled = True
        register_error_handlers(shop.app, problem_json)
        shop.app.add_url_rule("/", "index", raising(error))
        return shop

    return make


# ---- what clients are told ---------------------------------------------------------------------------------


@of_the_family
def test_the_family_is_answered_with_its_status_and_code(
    error: Exception, status: int, code: str, serve: Callable[..., Observed]
):
    shop = serve(error)
    answer = shop.get(headers={"X-Request-ID": "r-1"})
    told = answer.get_json()["error"]
    assert (answer.status_code, answer.mimetype) == (status, "application/json")
    assert (told["code"], told["request_id"], told["type"]) == (code, "r-1", type(error).__name__)
    assert set(told) == {"code", "message", "type", "details", "request_id"}
    assert "hunter2" not in answer.text


@of_the_family
def test_a_handled_error_fails_the_event_from_500_on(
    error: Exception, status: int, code: str, serve: Callable[..., Observed]
):
    shop = serve(error)
    shop.get()
    event = shop.event
    failed = status >= 500
    block = event["error"] if failed else event["handled_errors"][0]
    assert (event["outcome"], event["success"]) == ("error" if failed else "success", not failed)
    assert (block["type"].rpartition(".")[2], block["code"]) == (type(error).__name__, code)
    assert ("error" in event, "handled_errors" in event) == (failed, not failed)
    assert block["location"].endswith("in view")


def test_headers_of_an_error_reach_the_client(serve: Callable[..., Observed]):
    assert serve(exceptions.RateLimitException(7)).get().headers["Retry-After"] == "7"


def test_an_unforeseen_error_is_hidden(serve: Callable[..., Observed]):
    shop = serve(RuntimeError(SECRET))
    answer = shop.get()
    told = answer.get_json()["error"]
    assert (answer.status_code, told["code"], told["message"]) == (500, "ERR_5000", "Internal server error")
    assert told["request_id"] == shop.event["request_id"]
    assert "hunter2" not in answer.text
    assert shop.event["error"]["type"] == "RuntimeError"
    assert "handled_errors" not in shop.event


def test_errors_are_shown_where_the_settings_say_so(serve: Callable[..., Observed]):
    answer = serve(RuntimeError("the disk is full"), expose_error_details=True).get()
    assert "the disk is full" in answer.text


@pytest.mark.parametrize("on_request", [True, False])
def test_problem_details_are_spoken_on_request_and_by_accept(
    on_request: bool, serve: Callable[..., Observed]
):
    shop = serve(exceptions.NotFoundException("trip", 42), problem_json=on_request)
    accepting = {} if on_request else {"Accept": "application/problem+json, application/json;q=0.5"}
    answer = shop.get(headers={"X-Request-ID": "r-1", **accepting})
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "trip not found",
        "instance": "urn:request:r-1",
        "code": "ERR_4004",
        "request_id": "r-1",
        "resource": "trip",
        "identifier": "42",
    }


def test_unmatched_requests_get_a_body_of_the_same_shape(serve: Callable[..., Observed]):
    shop = serve(ValueError("never"))
    missing = shop.get("/nowhere")
    wrong = shop.open("/", method="POST")
    assert (missing.status_code, missing.get_json()["error"]["code"]) == (404, "ERR_4004")
    assert (wrong.status_code, wrong.get_json()["error"]["code"]) == (405, "ERR_4005")
    assert "GET" in wrong.headers["Allow"]
    assert [event["success"] for event in shop.events] == [True, True]
    assert not any("handled_errors" in event for event in shop.events)


class NotModified(HTTPException):
    code = 304


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (HTTPException(response=Response("teapot", 418)), 418),
        (NotFound(response=Response("own page", 404)), 404),
        (HTTPException(response=redirect("/elsewhere", 302)), 302),
        (NotModified(), 304),
    ],
)
def test_answers_given_to_abort_pass_as_they_are(
    error: HTTPException, status: int, serve: Callable[..., Observed]
):
    shop = serve(error)
    answer = shop.get()
    assert answer.status_code == status
    assert not answer.is_json
    assert ("handled_errors" in shop.event) is (status >= 400)


def test_redirects_of_the_router_are_not_errors(serve: Callable[..., Observed]):
    shop = serve(ValueError("never"))
    shop.app.add_url_rule("/trips/", "trips", lambda: "trips")
    assert shop.get("/trips").status_code == 308
    assert "handled_errors" not in shop.event


def test_a_blueprint_s_own_handler_goes_first(serve: Callable[..., Observed]):
    shop = serve(ValueError("never"))
    api = Blueprint("api", __name__)
    api.register_error_handler(exceptions.NotFoundException, lambda _: ("own", 404))
    api.add_url_rule("/own", "own", raising(exceptions.NotFoundException()))
    shop.app.register_blueprint(api)
    assert shop.get("/own").text == "own"


def test_the_handlers_work_before_and_without_the_extension(observe: Callable[..., Observed]):
    app = Flask("shop")
    register_error_handlers(app)
    app.add_url_rule("/", "index", lambda: abort(404))
    told = app.test_client().get("/").get_json()["error"]
    assert (told["code"], told["request_id"]) == ("ERR_4004", None)
    answer = observe(app).get(headers={"X-Request-ID": "r-1"})
    assert answer.get_json()["error"]["request_id"] == "r-1"


# ---- what the event tells ----------------------------------------------------------------------------------


def deep() -> None:
    raise KeyError("cause")


def test_the_event_tells_location_stack_and_causes_in_frames_of_the_application(
    observe: Callable[..., Observed],
):
    def view() -> str:
        try:
            deep()
        except KeyError as error:
            raise RuntimeError("broken") from error
        return "never"

    shop = observe()
    shop.app.logger.disabled = True
    shop.app.add_url_rule("/", "index", view)
    shop.get()
    error = shop.event["error"]
    assert error["location"].startswith("tests/integrations/test_flask_errors.py:")
    assert error["location"].endswith(" in view")
    assert error["stack"][-1] == error["location"]
    assert error["cause"][0]["type"] == "KeyError"
    assert error["cause"][0]["location"].endswith(" in deep")
    assert not [frame for frame in error["stack"] if "wide_events/integrations" in frame]
    assert len(error["fingerprint"]) > 8


def test_a_traceback_is_handed_on_as_it_was(observe: Callable[..., Observed]):
    error, seen = ValueError("broken"), []
    shop = observe()

    def handler(error: Exception) -> str:
        trace = error.__traceback__
        while trace is not None:
            seen.append(trace.tb_frame.f_code.co_name)
            trace = trace.tb_next
        return "handled"

    shop.app.register_error_handler(ValueError, handler)
    shop.app.add_url_rule("/", "index", raising(error))
    shop.get()
    assert (seen[-1], "full_dispatch_request" in seen) == ("view", True)


def test_a_handler_that_raises_leaves_both_errors(observe: Callable[..., Observed]):
    def handler(error: Exception) -> str:
        raise RuntimeError("the handler broke")

    shop = observe()
    shop.app.logger.disabled = True
    shop.app.register_error_handler(ValueError, handler)
    shop.app.add_url_rule("/", "index", raising(ValueError("broken")))
    shop.get()
    error = shop.event["error"]
    assert (error["type"], error["cause"][0]["type"]) == ("RuntimeError", "ValueError")


def test_an_error_under_a_failing_hook_is_kept_beside_the_hook_s(observe: Callable[..., Observed]):
    def broken_hook(_: Response) -> Response:
        raise RuntimeError("the hook broke")

    shop = observe()
    shop.app.logger.disabled = True
    shop.app.register_error_handler(ValueError, lambda _: ("sorry", 400))
    shop.app.after_request(broken_hook)
    shop.app.add_url_rule("/", "index", raising(ValueError("broken")))
    shop.get()
    assert shop.event["error"]["type"] == "RuntimeError"
    assert shop.event["handled_errors"][0]["type"] == "ValueError"


def test_a_503_that_the_view_returned_has_no_error_block(observe: Callable[..., Observed]):
    shop = observe()
    shop.app.add_url_rule("/", "index", lambda: ("later", 503))
    shop.get()
    assert (shop.event["outcome"], shop.event["level"]) == ("error", "error")
    assert "error" not in shop.event
