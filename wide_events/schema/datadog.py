"""Datadog's reserved and standard attributes, with the ids that tie a log to its trace.

Sources: https://docs.datadoghq.com/standard-attributes/ (names; `duration` is in nanoseconds),
https://docs.datadoghq.com/error_tracking/backend/logs/ (`error.*`), https://docs.datadoghq.com/api/latest/logs/
(`ddsource`, `ddtags`), https://docs.datadoghq.com/tracing/guide/span_and_trace_id_format/ (ids).

Ids are written as Datadog's own Python tracer writes them into logs (`format_trace_id` of ddtrace): a
128-bit `dd.trace_id` as 32 hex digits, which is what a W3C trace id is already, a 64-bit `dd.span_id` as a
decimal number in a string. Everything without a standard attribute keeps its native name at the root.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from wide_events.schema.convert import decimal_id, identifier, integer, nanoseconds, text, traceback_text
from wide_events.schema.mapping import derive, join, move, split

if TYPE_CHECKING:
    from wide_events.schema.mapping import Fields, Template

_NOT_IN_TAGS: Final = re.compile(r"[^\w./:-]+")


def _tags(fields: Fields) -> str | None:
    """`env` and `version` as tags, for unified service tagging; `service` is an attribute of its own."""
    tags = (("env", fields.get("environment")), ("version", fields.get("version")))
    return ",".join(f"{tag}:{_NOT_IN_TAGS.sub('_', v)}" for tag, v in tags if isinstance(v, str)) or None


TEMPLATE: Final[Template] = {
    "timestamp": move("timestamp", to=text),
    "status": move("level", to=text),
    "message": move("message", to=text),
    "ddsource": "python",
    "ddtags": derive("", _tags),
    "service": move("service", to=text),
    "env": move("environment", to=text),
    "version": move("version", to=text),
    "host": move("host", to=text),
    "dd.trace_id": move("trace_id", to=text),
    "dd.span_id": move("span_id", to=decimal_id),
    "duration": move("duration_ms", to=nanoseconds),
    "http": {
        "method": move("method", to=text),
        "route": move("route", to=text),
        "status_code": move("status_code", to=integer),
        "request_id": move("request_id", to=text),
        "useragent": move("user_agent", to=text),
        "referer": move("referrer", to=text),
        "url_details": {"path": move("path", to=text), "scheme": move("scheme", to=text)},
    },
    "network": {
        "client": {"ip": move("remote_addr", to=text)},
        "bytes_read": move("request_bytes", to=integer),
        "bytes_written": move("response_bytes", to=integer),
    },
    "usr": {
        "id": move("user_context.user_id", "user_context.id", "user_id", to=identifier),
        "name": move("user_context.name", to=text),
        "email": move("user_context.email", to=text),
    },
    "error": {
        "kind": move("error.type", to=text),
        "message": move("error.message", to=text),
        "stack": derive("error", traceback_text, takes=("error.stack",)),
    },
}


def rename(fields: Fields) -> dict[str, Any]:
    """Put an event into Datadog's words."""
    renamed, rest = split(TEMPLATE, fields)
    return join(renamed, rest, TEMPLATE)
