"""Google Cloud Logging's special fields, and Error Reporting's for events that failed.

Sources: https://cloud.google.com/logging/docs/structured-logging (special fields),
https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry (`HttpRequest`: 64-bit sizes are strings,
the latency is a protobuf duration), https://cloud.google.com/error-reporting/docs/formatting-error-messages
(`@type`, `serviceContext`, and `stack_trace` in the format of Python's own tracebacks).

The trace is the bare id: an event does not know its project, and the logging agents complete it to
`projects/<project>/traces/<id>`. Everything without a special field keeps its native name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wide_events.schema.convert import (
    boolean,
    integer,
    integer_text,
    one_of,
    seconds_text,
    text,
    traceback_text,
)
from wide_events.schema.mapping import derive, join, move, split

if TYPE_CHECKING:
    from wide_events.schema.mapping import Fields, Template

SEVERITY: Final = {
    "debug": "DEBUG",
    "info": "INFO",
    "notice": "NOTICE",
    "warning": "WARNING",
    "error": "ERROR",
    "critical": "CRITICAL",
    "alert": "ALERT",
    "emergency": "EMERGENCY",
}
REPORTED_ERROR: Final = "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent"


def _latency(fields: Fields) -> str | None:
    """The duration of a request; the native field stays, for the events that are none."""
    return seconds_text(fields.get("duration_ms")) if isinstance(fields.get("method"), str) else None


def _error_type(fields: Fields) -> str | None:
    """What makes Error Reporting take an entry in, with a stack trace or without."""
    failed = fields.get("level") in ("error", "critical") and isinstance(fields.get("error"), dict)
    return REPORTED_ERROR if failed else None


TEMPLATE: Final[Template] = {
    "time": move("timestamp", to=text),
    "severity": move("level", to=one_of(SEVERITY)),
    "message": move("message", to=text),
    "httpRequest": {
        "requestMethod": move("method", to=text),
        "requestUrl": move("path", to=text),
        "requestSize": move("request_bytes", to=integer_text),
        "status": move("status_code", to=integer),
        "responseSize": move("response_bytes", to=integer_text),
        "userAgent": move("user_agent", to=text),
        "remoteIp": move("remote_addr", to=text),
        "referer": move("referrer", to=text),
        "latency": derive("", _latency),
    },
    "logging.googleapis.com/trace": move("trace_id", to=text),
    "logging.googleapis.com/spanId": move("span_id", to=text),
    "logging.googleapis.com/trace_sampled": move("trace_sampled", to=boolean),
    "logging.googleapis.com/labels": {
        "environment": move("environment", to=text),
        "region": move("region", to=text),
        "deployment_id": move("deployment_id", to=text),
        "instance_id": move("instance_id", to=text),
    },
    "serviceContext": {"service": move("service", to=text), "version": move("version", to=text)},
    "@type": derive("", _error_type),
    "stack_trace": derive("error", traceback_text, takes=("error.stack",)),
}


def rename(fields: Fields) -> dict[str, Any]:
    """Put an event into Google Cloud's words."""
    renamed, rest = split(TEMPLATE, fields)
    return join(renamed, rest, TEMPLATE)
