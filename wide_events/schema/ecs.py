"""Elastic Common Schema 9: nested objects, durations in nanoseconds.

Source: the field reference of https://www.elastic.co/docs/reference/ecs. Fields that Elasticsearch maps to a
number or an IP address are filled only with such values: one wrong type and it refuses the whole document.
Everything else keeps its name and type under the object `wide_event`; `labels` holds keywords only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wide_events.schema.convert import identifier, integer, ip_address, nanoseconds, text, traceback_text
from wide_events.schema.mapping import derive, move, split

if TYPE_CHECKING:
    from wide_events.schema.mapping import Fields, Template

ECS_VERSION: Final = "9.4.0"
_OUTCOMES: Final = {True: "success", False: "failure"}


def _outcome(fields: Fields) -> str:
    success = fields.get("success")
    return _OUTCOMES[success] if isinstance(success, bool) else "unknown"


def _transaction_id(fields: Fields) -> str | None:
    """A call to another service is a span of the transaction that made it; any other event is one itself."""
    return text(fields.get("parent_id" if fields.get("kind") == "boundary" else "span_id"))


TEMPLATE: Final[Template] = {
    "@timestamp": move("timestamp", to=text),
    "message": move("message", to=text),
    "ecs": {"version": ECS_VERSION},
    "log": {"level": move("level", to=text)},
    "event": {
        "action": move("operation", to=text),
        "outcome": derive("", _outcome),
        "duration": move("duration_ms", to=nanoseconds),
    },
    "trace": {"id": move("trace_id", to=text)},
    "transaction": {"id": derive("", _transaction_id)},
    "span": {"id": move("span_id", to=text)},
    "service": {
        "name": move("service", to=text),
        "version": move("version", to=text),
        "environment": move("environment", to=text),
        "node": {"name": move("instance_id", to=text)},
    },
    "cloud": {"region": move("region", to=text)},
    "host": {"name": move("host", to=text)},
    "process": {"pid": move("pid", to=integer)},
    "http": {
        "request": {
            "id": move("request_id", to=text),
            "method": move("method", to=text),
            "referrer": move("referrer", to=text),
            "body": {"bytes": move("request_bytes", to=integer)},
        },
        "response": {
            "status_code": move("status_code", to=integer),
            "body": {"bytes": move("response_bytes", to=integer)},
        },
    },
    "url": {"path": move("path", to=text), "scheme": move("scheme", to=text)},
    "client": {"address": move("remote_addr", to=text), "ip": derive("remote_addr", ip_address)},
    "user_agent": {"original": move("user_agent", to=text)},
    "user": {
        "id": move("user_context.user_id", "user_context.id", "user_id", to=identifier),
        "name": move("user_context.name", to=text),
        "email": move("user_context.email", to=text),
    },
    "error": {
        "type": move("error.type", to=text),
        "message": move("error.message", to=text),
        "code": move("error.code", to=text),
        "stack_trace": derive("error", traceback_text, takes=("error.stack",)),
    },
    "labels": {
        "kind": move("kind", to=text),
        "deployment_id": move("deployment_id", to=text),
        "deployed_at": move("deployed_at", to=text),
    },
}


def rename(fields: Fields) -> dict[str, Any]:
    """Put an event into Elastic's words."""
    renamed, rest = split(TEMPLATE, fields)
    return {**renamed, "wide_event": rest} if rest else renamed
