"""OpenTelemetry semantic conventions 1.44, flat, on the fields of the log data model.

Sources: the registry of https://opentelemetry.io/docs/specs/semconv/registry/attributes/ and
https://opentelemetry.io/docs/specs/otel/logs/data-model/; the spelling of ids in JSON is that of
https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/.

What has no convention goes under `wide_event.`: applications are told to put their attributes into a
namespace of their own. A free field whose name has a dot is in one already and stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wide_events.schema.convert import identifier, integer, mapping, one_of, text, traceback_text
from wide_events.schema.mapping import derive, free_name, leaves, move, split

if TYPE_CHECKING:
    from wide_events.schema.mapping import Fields, Template

SEVERITY_TEXT: Final = {
    "trace": "TRACE",
    "debug": "DEBUG",
    "info": "INFO",
    "warning": "WARN",
    "error": "ERROR",
    "critical": "FATAL",
}
SEVERITY_NUMBER: Final = {"trace": 1, "debug": 5, "info": 9, "warning": 13, "error": 17, "critical": 21}

TEMPLATE: Final[Template] = {
    "timestamp": move("timestamp", to=text),
    "severity_text": move("level", to=one_of(SEVERITY_TEXT)),
    "severity_number": derive("level", one_of(SEVERITY_NUMBER)),
    "body": move("message", to=text),
    "trace_id": move("trace_id", to=text),
    "span_id": move("span_id", to=text),
    "parent_span_id": move("parent_id", to=text),
    "service.name": move("service", to=text),
    "service.version": move("version", to=text),
    "service.instance.id": move("instance_id", to=text),
    "deployment.environment.name": move("environment", to=text),
    "deployment.id": move("deployment_id", to=text),
    "cloud.region": move("region", to=text),
    "host.name": move("host", to=text),
    "process.pid": move("pid", to=integer),
    "http.request.method": move("method", to=text),
    "http.route": move("route", to=text),
    "url.path": move("path", to=text),
    "url.scheme": move("scheme", to=text),
    "http.response.status_code": move("status_code", to=integer),
    "http.request.body.size": move("request_bytes", to=integer),
    "http.response.body.size": move("response_bytes", to=integer),
    "client.address": move("remote_addr", to=text),
    "user_agent.original": move("user_agent", to=text),
    "user.id": move("user_context.user_id", "user_context.id", "user_id", to=identifier),
    "user.name": move("user_context.name", to=text),
    "user.email": move("user_context.email", to=text),
    "error.type": move("error.type", to=text),
    "exception.type": derive("error.type", text),
    "exception.message": move("error.message", to=text),
    "exception.stacktrace": derive("error", traceback_text, takes=("error.stack",)),
    "feature_flag": move("feature_flags", to=mapping),
}


def rename(fields: Fields) -> dict[str, Any]:
    """Put an event into OpenTelemetry's words: one flat object."""
    renamed, rest = split(TEMPLATE, fields)
    flags = {"feature_flag": renamed.pop("feature_flag")} if "feature_flag" in renamed else {}
    own = {name if "." in name else f"wide_event.{name}": value for name, value in rest.items()}
    for block in (flags, own):
        for name, value in block.items():
            _place(renamed, name, value)
    return renamed


def _place(renamed: dict[str, Any], name: str, value: Any) -> None:
    for dotted, leaf in leaves(value, name):
        renamed[free_name(dotted, renamed, TEMPLATE)] = leaf
