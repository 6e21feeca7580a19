"""What clients get to see of an exception: enough to act on, and nothing that they should not know."""

from __future__ import annotations

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from wide_events.exceptions.hierarchy import BaseAPIException
from wide_events.guards import attempt

if TYPE_CHECKING:
    from collections.abc import Iterable

_DEEPEST_SHOWN: Final = 6
_NEVER_COPIED: Final = frozenset({"content-type", "content-length"})


class _Answer(NamedTuple):
    status: int
    code: str
    message: str
    type: str
    details: Mapping[str, Any]
    headers: Mapping[str, str]
    problem_type: str = "about:blank"
    title: str = ""


def safe_response(
    exception: BaseException,
    request_id: str | None = None,
    *,
    expose_details: bool = False,
    problem_json: bool = False,
) -> tuple[int, dict[str, str], dict[str, Any]]:
    """The answer to a request that ended with `exception`: status, headers, a body of plain JSON data.

    Knows the family of `BaseAPIException`, and HTTP exceptions in the manner of Werkzeug (an int `code` from
    400 to 599, a `description`, a `get_response`); all others are answered with 500. Redirects are not
    errors: let them pass before asking.
    """
    answer = _answer(exception, expose=expose_details)
    media = "application/problem+json" if problem_json else "application/json"
    body = _problem(answer, request_id) if problem_json else _error(answer, request_id)
    return answer.status, {**answer.headers, "Content-Type": media}, body


def client_body(
    exception: BaseException, *, request_id: str | None, expose_details: bool = False
) -> dict[str, Any]:
    """`{"error": {"code", "message", "type", "details", "request_id"}}`, safe to show."""
    return _error(_answer(exception, expose=expose_details), request_id)


def problem_body(
    exception: BaseException, *, request_id: str | None, expose_details: bool = False
) -> dict[str, Any]:
    """The same as an object of RFC 9457: `type` `title` `status` `detail` `instance`, and extension members.

    The details are members of their own, beside `code` and `request_id`; one that has the name of a member
    that is taken goes under `details`. `type` is `about:blank`, and `title` then the phrase of the status as
    the RFC asks, unless the class of the exception sets `problem_type`.
    """
    return _problem(_answer(exception, expose=expose_details), request_id)


def _error(answer: _Answer, request_id: str | None) -> dict[str, Any]:
    shown = {
        "code": answer.code,
        "message": answer.message,
        "type": answer.type,
        "details": {**answer.details},
    }
    return {"error": {**shown, "request_id": request_id}}


def _problem(answer: _Answer, request_id: str | None) -> dict[str, Any]:
    blank = answer.problem_type == "about:blank"
    members: dict[str, Any] = {
        "type": answer.problem_type,
        "title": _phrase(answer.status) if blank else answer.title,
        "status": answer.status,
        "detail": answer.message,
        "code": answer.code,
    }
    if request_id:
        members.update(instance=f"urn:request:{quote(request_id, safe=':')}", request_id=request_id)
    taken = {name: value for name, value in answer.details.items() if name in members}
    return {**answer.details, **members, **({"details": taken} if taken else {})}


def _answer(exception: BaseException, *, expose: bool) -> _Answer:
    if isinstance(exception, BaseAPIException):
        return _own(exception, expose=expose)
    status = getattr(exception, "code", None)
    if type(status) is int and 400 <= status <= 599 and hasattr(exception, "get_response"):
        return _http(exception, status, expose=expose)
    told = _told(exception) if expose else {}
    return _Answer(500, BaseAPIException.code, BaseAPIException.title, "InternalServerError", told, {})


def _own(exception: BaseAPIException, *, expose: bool) -> _Answer:
    kind, status = type(exception), exception.status
    title = kind.title if status == kind.status else _phrase(status)
    hidden = status >= 500 and not expose
    return _Answer(
        status,
        exception.code,
        title if hidden else _text(exception.message),
        kind.__name__,
        {} if hidden else plain(exception.details),
        _header_lines(exception.headers.items()),
        kind.problem_type,
        title,
    )


def _http(exception: BaseException, status: int, *, expose: bool) -> _Answer:
    description = getattr(exception, "description", None)
    original = getattr(exception, "original_exception", None)
    hidden = status >= 500 and not expose
    family, rest = divmod(status, 100)
    return _Answer(
        status,
        f"ERR_{family}0{rest:02}",
        _phrase(status) if hidden or not description else _text(description),
        type(exception).__name__,
        _told(original) if expose and original is not None else {},
        _header_lines(getattr(exception, "get_headers", tuple)()),
    )


def _told(exception: BaseException) -> dict[str, Any]:
    return {"type": type(exception).__qualname__, "message": _text(exception)}


def _phrase(status: int) -> str:
    known = {each.value: each.phrase for each in HTTPStatus}
    return known.get(status, "Error")


def _header_lines(headers: Iterable[tuple[str, object]]) -> dict[str, str]:
    lines = {str(name): " ".join(str(value).split()) for name, value in headers}
    return {name: value for name, value in lines.items() if name.lower() not in _NEVER_COPIED}


def plain(details: Mapping[str, Any]) -> dict[str, Any]:
    """`details` as data that every JSON encoder takes; what cannot be read is said to be so."""
    return {
        _text(name): attempt(_plain, value, 1, failed=lambda _: "<not readable>")
        for name, value in details.items()
    }


def _plain(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 2**63:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, Mapping) and depth < _DEEPEST_SHOWN:
        return {_text(name): _plain(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth < _DEEPEST_SHOWN:
        return [_plain(item, depth + 1) for item in value]
    return _text(value)


def _text(value: object) -> str:
    return attempt(_encodable, value, failed=lambda _: f"<{type(value).__name__}: not readable>")


def _encodable(value: object) -> str:
    return str(value).encode("utf-8", "replace").decode()
