"""The errors by name, and what clients get to see of them."""

from __future__ import annotations

import copy
import json
import pickle
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import InternalServerError, MethodNotAllowed, NotFound

from wide_events import exceptions
from wide_events.exceptions import (
    AuthorizationException,
    BaseAPIException,
    BusinessRuleException,
    ConfigurationError,
    ConflictException,
    DatabaseException,
    ExternalServiceException,
    ForbiddenException,
    InsufficientBalanceException,
    InsufficientCreditsException,
    InvalidStateException,
    NotFoundException,
    Problem,
    RateLimitException,
    ServiceUnavailableException,
    ValidationException,
    WideEventsError,
    client_body,
    problem_body,
    safe_response,
)
from wide_events.taxonomy import catalogue

ONE_OF_EACH = [
    (BaseAPIException("broken"), 500, "ERR_5000"),
    (ValidationException("bad", {"field": "soc"}), 400, "ERR_4000"),
    (exceptions.AuthenticationException(), 401, "ERR_4001"),
    (AuthorizationException("not yours"), 403, "ERR_4003"),
    (NotFoundException("trip", 42), 404, "ERR_4004"),
    (ConflictException("exists", {"id": 7}), 409, "ERR_4009"),
    (RateLimitException(retry_after=30), 429, "ERR_4029"),
    (DatabaseException("connection lost", {"host": "db1"}), 500, "ERR_5100"),
    (ExternalServiceException("weather", "timed out"), 502, "ERR_5002"),
    (ServiceUnavailableException(), 503, "ERR_5003"),
    (BusinessRuleException("one_trip", "only one trip at a time"), 422, "ERR_3003"),
    (InsufficientCreditsException(required=50, available=20), 422, "ERR_3000"),
    (InsufficientBalanceException(10.5, 3), 422, "ERR_3001"),
    (InvalidStateException("closed", "open"), 422, "ERR_3002"),
]
EACH = [each for each, _, _ in ONE_OF_EACH]


class PaymentRefused(ValidationException):
    """An application's own, with a constructor of its own."""

    code, title, problem_type = "ERR_3900", "Payment refused", "https://errors.example/payment"

    def __init__(self, provider: str, *, reason: str) -> None:
        super().__init__(f"{provider}: {reason}", {"type": "card", "provider": provider})


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


def pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


@pytest.mark.parametrize(("error", "status", "code"), ONE_OF_EACH)
def test_each_exception_has_its_status_and_its_code(error: BaseAPIException, status: int, code: str):
    assert (error.status, error.status_code, error.code) == (status, status, code)


def test_every_class_has_a_code_that_the_catalogue_knows():
    known = {each.code for each in catalogue()}
    assert {code for _, _, code in ONE_OF_EACH} <= known


def test_the_table_in_the_documentation_is_that_of_the_classes():
    table = exceptions.__doc__ or ""
    rows = [line for line in table.splitlines() if line.startswith("| ERR_")]
    assert len(rows) == len(ONE_OF_EACH)
    for error, status, code in ONE_OF_EACH:
        assert any(
            row.startswith(f"| {code} | {type(error).__name__}") and f"{status} |" in row for row in rows
        )


@pytest.mark.parametrize("error", [*EACH, PaymentRefused("acme", reason="expired")])
@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, pickled])
def test_exceptions_survive_pickle_and_copy(error: BaseAPIException, how: Any):
    again = how(error)
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_forbidden_is_another_name_for_authorization():
    assert ForbiddenException is AuthorizationException


def test_every_argument_outdoes_what_the_class_says():
    error = ConflictException(
        "later", status=425, code="ERR_9", headers={"X-A": "1"}, why="too early", fix="wait", retriable=True
    )
    assert (error.status, error.code, error.headers) == (425, "ERR_9", {"X-A": "1"})
    assert (error.why, error.fix, error.retriable) == ("too early", "wait", True)


def test_an_exception_without_words_says_its_title():
    assert str(ServiceUnavailableException()) == "Service temporarily unavailable"
    assert str(ExternalServiceException("weather")) == "weather service error"


def test_a_shortfall_tells_how_much_is_missing():
    error = InsufficientCreditsException(required=50, available=20)
    assert error.details == {"rule": "credit_check", "required": 50, "available": 20, "deficit": 30}


def test_a_shortfall_of_numbers_that_do_not_mix_leaves_the_deficit_out():
    error = InsufficientBalanceException(required=Decimal("10.50"), available=3.0)
    assert error.details == {"rule": "balance_check", "required": Decimal("10.50"), "available": 3.0}


def test_a_missing_thing_need_not_have_an_identifier():
    assert NotFoundException("trip").details == {"resource": "trip"}
    assert NotFoundException("trip", 42).details == {"resource": "trip", "identifier": "42"}


def test_a_rate_limit_says_when_to_come_back_in_whole_seconds():
    status, headers, body = safe_response(RateLimitException(retry_after=0.2, headers={"X-Limit": "9"}))
    assert status == 429
    assert headers == {"Retry-After": "1", "X-Limit": "9", "Content-Type": "application/json"}
    assert body["error"]["details"] == {"retry_after": 0.2}


def test_a_client_error_is_told_in_full():
    body = client_body(InsufficientCreditsException(required=50, available=20), request_id="r-1")
    assert body == {
        "error": {
            "code": "ERR_3000",
            "message": "Insufficient credits: 50 required, 20 available",
            "type": "InsufficientCreditsException",
            "details": {"rule": "credit_check", "required": 50, "available": 20, "deficit": 30},
            "request_id": "r-1",
        }
    }


@pytest.mark.parametrize(
    "error",
    [
        DatabaseException("password=hunter2", {"dsn": "hunter2"}),
        ValidationException("hunter2", {"a": "hunter2"}, status=500),
        ExternalServiceException("hunter2", "hunter2"),
        RuntimeError("hunter2"),
        InternalServerError("hunter2", original_exception=ValueError("hunter2")),
    ],
)
@pytest.mark.parametrize("problem_json", [True, False])
def test_a_server_error_never_shows_its_message_or_details(error: Exception, problem_json: bool):
    status, headers, body = safe_response(error, "r-1", problem_json=problem_json)
    assert status >= 500
    assert "hunter2" not in json.dumps([headers, body])
    assert "r-1" in json.dumps(body)


def test_a_server_error_shows_its_details_when_they_are_exposed():
    body = client_body(DatabaseException("lost", {"host": "db1"}), request_id=None, expose_details=True)
    assert body["error"]["message"] == "lost"
    assert body["error"]["details"] == {"host": "db1"}


def test_an_unknown_exception_is_a_plain_500():
    status, headers, body = safe_response(KeyError("secret"), "r-1")
    assert (status, headers) == (500, {"Content-Type": "application/json"})
    assert body["error"] == {
        "code": "ERR_5000",
        "message": "Internal server error",
        "type": "InternalServerError",
        "details": {},
        "request_id": "r-1",
    }


def test_an_unknown_exception_is_told_when_details_are_exposed():
    body = client_body(ValueError("no such thing"), request_id=None, expose_details=True)
    assert body["error"]["message"] == "Internal server error"
    assert body["error"]["details"] == {"type": "ValueError", "message": "no such thing"}


def test_an_exception_whose_text_raises_is_answered_all_the_same():
    body = client_body(RuntimeError(Unprintable()), request_id=None, expose_details=True)
    assert body["error"]["details"]["message"] == "<RuntimeError: not readable>"


def test_an_exception_of_werkzeug_keeps_its_status_description_and_headers():
    status, headers, body = safe_response(MethodNotAllowed(valid_methods=["GET", "HEAD"]), "r-1")
    assert status == 405
    assert headers == {"Allow": "GET, HEAD", "Content-Type": "application/json"}
    assert body["error"]["code"] == "ERR_4005"
    assert body["error"]["type"] == "MethodNotAllowed"
    assert "not allowed" in body["error"]["message"]


def test_an_exception_of_werkzeug_without_a_description_says_the_phrase_of_its_status():
    error = NotFound()
    error.description = None
    assert client_body(error, request_id=None)["error"]["message"] == "Not Found"


def test_the_exception_behind_a_500_of_werkzeug_is_told_when_details_are_exposed():
    error = InternalServerError(original_exception=ValueError("no such thing"))
    body = client_body(error, request_id=None, expose_details=True)
    assert body["error"]["details"] == {"type": "ValueError", "message": "no such thing"}


@pytest.mark.parametrize("code", ["e3q8", 42, 302, True, None])
def test_an_exception_that_merely_has_a_code_is_no_http_exception(code: object):
    error = RuntimeError("x")
    error.code = code  # type: ignore[attr-defined]
    error.get_response = dict  # type: ignore[attr-defined]
    assert safe_response(error)[0] == 500


def test_a_problem_has_the_members_of_rfc_9457_and_the_details_beside_them():
    status, headers, body = safe_response(InsufficientCreditsException(50, 20), "r-1", problem_json=True)
    assert (status, headers["Content-Type"]) == (422, "application/problem+json")
    assert body.pop("title").startswith("Unprocessable")
    assert body == {
        "type": "about:blank",
        "status": 422,
        "detail": "Insufficient credits: 50 required, 20 available",
        "instance": "urn:request:r-1",
        "code": "ERR_3000",
        "request_id": "r-1",
        "rule": "credit_check",
        "required": 50,
        "available": 20,
        "deficit": 30,
    }


def test_a_detail_with_the_name_of_a_member_goes_under_details():
    body = problem_body(PaymentRefused("acme", reason="expired"), request_id=None)
    assert body["type"] == "https://errors.example/payment"
    assert body["title"] == "Payment refused"
    assert body["provider"] == "acme"
    assert body["details"] == {"type": "card"}
    assert "instance" not in body


def test_a_status_that_nobody_knows_has_a_phrase_too():
    assert problem_body(BaseAPIException("x", status=599), request_id=None)["title"] == "Error"
    assert client_body(BaseAPIException("x", status=599), request_id=None)["error"]["message"] == "Error"


def test_a_header_has_one_line():
    headers = safe_response(ValidationException("x", headers={"X-Why": "a\r\nSet-Cookie: b"}))[1]
    assert headers["X-Why"] == "a Set-Cookie: b"


@given(
    st.dictionaries(
        st.one_of(st.text(), st.integers(), st.none()),
        st.recursive(
            st.one_of(
                st.none(),
                st.booleans(),
                st.integers(),
                st.floats(),
                st.text(st.characters(exclude_categories=())),
                st.binary(),
                st.decimals(),
                st.dates(),
                st.builds(Unprintable),
            ),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        ),
        max_size=4,
    )
)
def test_whatever_is_in_the_details_the_body_is_valid_json(details: dict[Any, Any]):
    error = ValidationException("bad", details)
    for body in (client_body(error, request_id="r"), problem_body(error, request_id="r")):
        again = json.loads(json.dumps(body, allow_nan=False).encode("utf-8"))
        assert again == json.loads(json.dumps(body))


def test_details_that_contain_themselves_end_somewhere():
    details: dict[str, Any] = {"list": [{1, 2}, 10**5000, float("nan")]}
    details["self"] = details
    assert json.dumps(client_body(ValidationException("bad", details), request_id=None), allow_nan=False)


def test_a_configuration_error_names_variable_value_and_remedy():
    error = ConfigurationError("LOG_SAMPLE_TRIP", "abc", "is not a rate: use a number from 0 to 1")
    assert str(error) == "LOG_SAMPLE_TRIP='abc' is not a rate: use a number from 0 to 1"
    assert (error.variable, error.value) == ("LOG_SAMPLE_TRIP", "abc")
    assert error.remedy == "is not a rate: use a number from 0 to 1"
    assert isinstance(error, WideEventsError)


def test_several_problems_are_one_error_with_a_line_for_each():
    error = ConfigurationError.of([Problem("A", 1, "is bad"), Problem("B", "x", "is worse")])
    assert str(error).splitlines() == ["A=1 is bad", "B='x' is worse"]
    assert [problem.variable for problem in error.problems] == ["A", "B"]
    assert str(pickled(error)) == str(error)


@pytest.mark.parametrize("variable", ["SENTRY_DSN", "LOG_REDACT_HASH_KEY", "redact_hash_key", "X_TOKEN"])
def test_the_value_of_a_secret_is_nowhere_in_the_error(variable: str):
    error = ConfigurationError("A", "b", "c", also=[Problem(variable, "hunter2", "is bad")])
    assert "hunter2" not in f"{error} {error!r} {vars(error)}"
    assert f"{variable}='***' is bad" in str(error)


def test_an_operation_that_is_named_like_a_secret_is_none():
    assert "LOG_SAMPLE_API_KEY='abc'" in str(ConfigurationError("LOG_SAMPLE_API_KEY", "abc", "is bad"))


def test_a_long_value_is_cut_in_the_message():
    message = str(ConfigurationError("A", "x" * 10_000, "is bad"))
    assert len(message) < 300
    assert message.endswith("x… is bad")
