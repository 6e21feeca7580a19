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
from typing import TYPE_CHECKING, Any, Final

from wide_events.plain import SCALARS, Copier, as_text
from wide_events.taxonomy import ErrorCode, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

MAX_STACK: Final = 20
MAX_CAUSES: Final = 5
MAX_MESSAGE: Final = 1024
_NAMED: Final = ("code", "category", "severity", "alert", "retriable", "why", "fix")
_PROVIDER_CODES: Final = ("provider_code", "sqlstate", "pgcode", "code", "status_code", "errno")
_LIBRARY_DIRS: Final = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})


def describe(error: object, details: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Describe an error in the shape of the `error` block.

    `error` is an exception, an `ErrorCode`, or anything that can be written as text. Of `details`, those
    named like fields of the block (`code`, `why`, `fix`, `retriable`, `alert`, `category`, `severity`) set
    them; the rest become `details`. Never raises.
    """
    given = dict(details or {})
    block: dict[str, Any] = {"type": type_name(error), "message": message_of(error)}
    frames = list(_frames(error))
    for name in _NAMED:
        value = given.pop(name, None)
        block[name] = getattr(error, name, None) if value is None else value
    _complete_from_catalogue(block, error)
    block["details"] = _details(error, given)
    block["fingerprint"] = fingerprint(
        block["type"],
        block.get("code"),
        block["message"],
        [(f.rpartition(os.sep)[2], n) for f, _, n in frames],
    )
    if frames:
        block["location"] = _location(frames)
        block["stack"] = [_frame_text(frame) for frame in frames]
    block["cause"] = [_brief(cause) for cause in _causes(error)]
    return {name: value for name, value in block.items() if value is not None and value not in ({}, [])}


def type_name(error: object) -> str:
    """Name the type of an error as OpenTelemetry's `exception.type` does: with its module, if it has one."""
    if isinstance(error, str):
        return "Error"
    kind = type(error)
    module = getattr(kind, "__module__", None)
    return kind.__qualname__ if module in (None, "builtins") else f"{module}.{kind.__qualname__}"


def message_of(error: object) -> str:
    """Return what an error says, within 1024 characters."""
    if isinstance(error, ErrorCode):
        return error.description
    own = getattr(error, "message", None) if isinstance(error, BaseException) else None
    return as_text(own if type(own) is str and own else error, MAX_MESSAGE)


def _complete_from_catalogue(block: dict[str, Any], error: object) -> None:
    code = block["code"]
    if isinstance(error, ErrorCode):
        known: ErrorCode | None = error
    elif isinstance(code, ErrorCode) or type(code) is str:
        known = ErrorCode.get(code)
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
    for name in _NAMED:
        value = block[name]
        if value is not None and type(value) not in SCALARS:
            block[name] = as_text(value, MAX_MESSAGE)
        elif type(value) is str:
            block[name] = value[:MAX_MESSAGE]


def _retriable(error: object, said: object) -> bool | None:
    if type(said) is bool:
        return said
    return True if isinstance(error, TimeoutError | ConnectionError) else None


def _details(error: object, given: Mapping[str, Any]) -> dict[str, Any]:
    own = getattr(error, "details", None)
    source = dict(own) if isinstance(own, dict) else {}
    source.update(given)
    if "provider_code" not in source:
        source["provider_code"] = _provider_code(error)
    return Copier().fields(source, "error.details", 2)


def _provider_code(error: object) -> Any:
    """The code that a database, an API client or the operating system gave to its exception."""
    said = getattr(error, "code", None)
    ours = ErrorCode.get(said).code if type(said) is str else None
    for name in _PROVIDER_CODES:
        value = getattr(error, name, None)
        if type(value) in (str, int) and value != ours and isinstance(error, BaseException):
            return value
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return (response.get("Error") or {}).get("Code")
    return getattr(response, "status_code", None)


def _frames(error: object) -> list[tuple[str, int, str]]:
    """The innermost frames as (file, line, function), outermost first."""
    last: deque[tuple[str, int, str]] = deque(maxlen=MAX_STACK)
    step: TracebackType | None = getattr(error, "__traceback__", None)
    while step is not None:
        code = step.tb_frame.f_code
        last.append((code.co_filename, step.tb_lineno, code.co_name))
        step = step.tb_next
    return list(last)


def _location(frames: list[tuple[str, int, str]]) -> str:
    """The innermost frame of the application's own code, else the innermost of all."""
    for frame in reversed(frames):
        if not frame[0].startswith(_LIBRARY_DIRS):
            return _frame_text(frame)
    return _frame_text(frames[-1])


def _frame_text(frame: tuple[str, int, str]) -> str:
    filename, line, function = frame
    return f"{_short(filename)}:{line} in {function}"


@lru_cache(maxsize=1024)
def _short(filename: str) -> str:
    """A file as its import path shows it, without the folders of this machine."""
    roots = [root for root in (*sys.path, os.path.curdir) if root and filename.startswith(root + os.sep)]
    return filename[len(max(roots, key=len)) + 1 :] if roots else filename


def _causes(error: object) -> Iterator[BaseException]:
    seen = {id(error)}
    yield from (getattr(error, "exceptions", None) or ())[:MAX_CAUSES]
    step = _cause_of(error)
    while step is not None and id(step) not in seen and len(seen) <= MAX_CAUSES:
        seen.add(id(step))
        yield step
        step = _cause_of(step)


def _cause_of(error: object) -> BaseException | None:
    named: BaseException | None = getattr(error, "__cause__", None)
    if named is not None or getattr(error, "__suppress_context__", True):
        return named
    return getattr(error, "__context__", None)


def _brief(error: BaseException) -> dict[str, Any]:
    frames = _frames(error)
    brief = {"type": type_name(error), "message": message_of(error)}
    return {**brief, "location": _location(frames)} if frames else brief
