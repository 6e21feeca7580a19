"""An exception, or whatever else is called an error, described as data: the `error` block of an event.

Frames are told by file, line and function only. Local variables never enter an event: they are where
passwords and card numbers live.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections import deque
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wide_events.exceptions import BaseAPIException
from wide_events.guards import attempt
from wide_events.plain import Copier, as_text
from wide_events.taxonomy import ErrorCode, StructuredError, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

MAX_STACK: Final = 20
MAX_CAUSES: Final = 5
MAX_MESSAGE: Final = 1024
MAX_CODE: Final = 128
_NAMED: Final = ("code", "category", "severity", "alert", "retriable", "why", "fix")
_FLAGS: Final = frozenset({"alert", "retriable"})
_PROVIDER_CODES: Final = (
    "provider_code",
    "sqlstate",
    "pgcode",
    "sqlite_errorname",
    "code",
    "status_code",
    "errno",
)
_LIBRARIES: Final = (
    *{sysconfig.get_path(name) + os.sep for name in ("stdlib", "purelib", "platlib")},
    str(Path(__file__).parent) + os.sep,
    "<frozen ",
)
Frame = tuple[str, int, str]
"""File, line and function."""


def describe(error: object, details: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Describe an error in the shape of the `error` block.

    `error` is an exception, an `ErrorCode`, or anything that can be written as text. Of `details`, those
    named like fields of the block (`code`, `why`, `fix`, `retriable`, `alert`, `category`, `severity`) set
    them; the rest become `details`. Never raises.
    """
    given = dict(details or {})
    if not _is_one_of_these(error, (BaseException, ErrorCode)):
        error = as_text(error, MAX_MESSAGE)
    block: dict[str, Any] = {"type": type_name(error), "message": message_of(error)}
    frames, own = _frames(error)
    for name in _NAMED:
        value = given.pop(name, None)
        block[name] = _said(error, name) if value is None else value
    _complete_from_catalogue(block, error)
    block["details"] = _details(error, given)
    block["fingerprint"] = fingerprint(
        block["type"],
        block.get("code"),
        block["message"],
        [(f.rpartition(os.sep)[2], n) for f, _, n in own],
    )
    if frames:
        block["location"] = _frame_text(own[-1])
        block["stack"] = [_frame_text(frame) for frame in frames]
    block["cause"] = [_brief(cause) for cause in _causes(error)]
    return {name: value for name, value in block.items() if value is not None and value not in ({}, [])}


def type_name(error: object) -> str:
    """Name the type of an error as OpenTelemetry's `exception.type` does: module and all, unless built in."""
    if type(error) is str:
        return "Error"
    kind = type(error)
    module = type.__getattribute__(kind, "__module__")
    name = kind.__qualname__ if type(kind) is type else as_text(kind)
    return name if type(module) is not str or module == "builtins" else f"{module}.{name}"


def message_of(error: object) -> str:
    """Return what an error says, within 1024 characters."""
    if isinstance(error, ErrorCode):
        return error.description
    own = _attribute(error, "message") if isinstance(error, StructuredError | BaseAPIException) else None
    return as_text(own if type(own) is str and own else error, MAX_MESSAGE)


def _is_one_of_these(error: object, kinds: tuple[type, ...]) -> bool:
    """Ask the type itself: an object may say anything about its class."""
    return issubclass(type(error), kinds)


def _said(error: object, name: str) -> Any:
    """What an error says of itself under one of our names; of another type it means something else by it."""
    value = _attribute(error, name)
    return value if _is_one_of_these(value, (str, bool, ErrorCode)) else None


def _attribute(error: object, name: str) -> Any:
    """An attribute, or `None` where there is none, or it cannot be read."""
    return attempt(getattr, error, name, None, failed=lambda _: None)


def _complete_from_catalogue(block: dict[str, Any], error: object) -> None:
    code = block["code"]
    if isinstance(error, ErrorCode):
        known: ErrorCode | None = error
    elif isinstance(error, SystemExit):
        known = None
    elif _is_one_of_these(code, (ErrorCode, str)):
        known = ErrorCode.get(code if type(code) is ErrorCode else as_text(code, MAX_CODE))
    else:
        known = None
    if known is None:
        block["code"] = None
        block["retriable"] = _retriable(error, block["retriable"])
        _scalars_only(block)
        return
    block["code"] = known.code
    for name in ("category", "severity", "alert", "retriable", "fix"):
        if block[name] is None:
            block[name] = getattr(known, name)
    _scalars_only(block)


def _scalars_only(block: dict[str, Any]) -> None:
    """Give each named field its one type: `alert` and `retriable` are flags, the others texts."""
    for name in _NAMED:
        value = block[name]
        if name in _FLAGS:
            block[name] = value if type(value) is bool else None
        elif value is not None:
            block[name] = as_text(value, MAX_MESSAGE)


def _retriable(error: object, said: object) -> bool | None:
    if type(said) is bool:
        return said
    return True if isinstance(error, TimeoutError | ConnectionError) else None


def _details(error: object, given: Mapping[str, Any]) -> dict[str, Any]:
    own = _attribute(error, "details")
    source: dict[str, Any] = attempt(dict, own, failed=lambda _: {}) if type(own) is dict else {}
    source.update(given)
    if "provider_code" not in source:
        source["provider_code"] = _provider_code(error)
    return Copier().fields(source, "error.details", 2)


def _provider_code(error: object) -> Any:
    """The code that a database, an API client or the operating system gave to its exception.

    What is raised to answer a client (ours, and Werkzeug's, which can `get_response`) has a status instead,
    and `SystemExit` its arguments.
    """
    if isinstance(error, BaseAPIException | SystemExit) or _attribute(error, "get_response") is not None:
        return None
    own = _attribute(error, "code")
    ours = ErrorCode.get(own).code if type(own) is str else None
    for name in _PROVIDER_CODES:
        value = _attribute(error, name)
        if type(value) in (str, int) and value != ours and isinstance(error, BaseException):
            return value
    return _code_of_response(_attribute(error, "response"))


def _code_of_response(response: object) -> Any:
    """What an HTTP client's answer says: botocore's is a dict, that of requests and httpx has a status."""
    if type(response) is dict:
        said = response.get("Error")
        return said.get("Code") if type(said) is dict else None
    status = _attribute(response, "status_code")
    return status if type(status) is int else None


def _frames(error: object) -> tuple[list[Frame], list[Frame]]:
    """The innermost frames, outermost first; and those of the application's own code, or all if none is."""
    last: deque[Frame] = deque(maxlen=MAX_STACK)
    own: deque[Frame] = deque(maxlen=MAX_STACK)
    step: TracebackType | None = error.__traceback__ if isinstance(error, BaseException) else None
    while step is not None:
        code = step.tb_frame.f_code
        frame = (code.co_filename, step.tb_lineno, code.co_name)
        last.append(frame)
        if not code.co_filename.startswith(_LIBRARIES):
            own.append(frame)
        step = step.tb_next
    return list(last), list(own or last)


def _frame_text(frame: Frame) -> str:
    filename, line, function = frame
    return f"{_short(filename)}:{line} in {function}"


@lru_cache(maxsize=1024)
def _short(filename: str) -> str:
    """A file as its import path shows it, without the folders of this machine."""
    roots = [root for root in (*sys.path, os.path.curdir) if root and filename.startswith(root + os.sep)]
    return filename[len(max(roots, key=len)) + 1 :] if roots else filename


def _causes(error: object) -> Iterator[BaseException]:
    seen = {id(error)}
    yield from _members(error)
    step = _cause_of(error)
    while step is not None and id(step) not in seen and len(seen) <= MAX_CAUSES:
        seen.add(id(step))
        yield step
        step = _cause_of(step)


def _members(error: object) -> list[BaseException]:
    """The first exceptions of an exception group."""
    members = _attribute(error, "exceptions")
    found = list(members[:MAX_CAUSES]) if type(members) in (tuple, list) else []
    return [member for member in found if _is_one_of_these(member, (BaseException,))]


def _cause_of(error: object) -> BaseException | None:
    if not isinstance(error, BaseException):
        return None
    if error.__cause__ is not None or error.__suppress_context__:
        return error.__cause__
    return error.__context__


def _brief(error: BaseException) -> dict[str, Any]:
    _, own = _frames(error)
    brief = {"type": type_name(error), "message": message_of(error)}
    return {**brief, "location": _frame_text(own[-1])} if own else brief
