"""An event that has ended, as the flat record of its line: who ran it, what happened, how it was sampled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wide_events.clock import rfc3339
from wide_events.names import HINTS, LEVELS
from wide_events.plain import finite
from wide_events.taxonomy import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wide_events.event import WideEvent
    from wide_events.sampling import Decision

SCHEMA_VERSION: Final = "1.0"
_OF_OUTCOME: Final = {
    "success": "info",
    "partial": "warning",
    "disconnected": "warning",
    "error": "error",
    "timeout": "error",
    "killed": "error",
}


def level_of(fields: Mapping[str, Any], *, slow: bool) -> str:
    """Derive the level: from the outcome; slow is a warning; an error code may raise it, never lower it."""
    outcome = fields["outcome"]
    if outcome == "success":
        return "warning" if slow else "info"
    level = _OF_OUTCOME.get(outcome, "info")
    if slow and level == "info":
        level = "warning"
    error = fields.get("error")
    if isinstance(error, dict) and not fields["success"]:
        of_code = ErrorCode.get(error["code"]).level if type(error.get("code")) is str else level
        level = max(level, of_code, key=LEVELS.__getitem__)
    return level


def message_of(fields: Mapping[str, Any], *, slow: bool) -> str:
    """Say it in one line for people: `POST /telemetry 200 in 41 ms`."""
    if fields["kind"] == "business":
        return str(fields["operation"])
    method, path, status = fields.get("method"), fields.get("path"), fields.get("status_code")
    what = f"{method} {path}" if type(path) is type(method) is str else fields["operation"]
    took = f"{what} {status if finite(status) else fields['outcome']} in {fields['duration_ms']:.0f} ms"
    if not slow:
        return took
    return f"Slow {'request' if fields['kind'] == 'request' else 'operation'} detected: {took}"


def record(
    event: WideEvent, fields: dict[str, Any], service: dict[str, Any], decision: Decision, *, slow: bool
) -> dict[str, Any]:
    """Complete the fields, in place, to the record: identity, who ran it, and what it stands for."""
    fields["timestamp"] = rfc3339(event.wall_ns)
    fields["level"] = event.level if event.level in LEVELS else level_of(fields, slow=slow)
    fields["message"] = message_of(fields, slow=slow)
    fields["request_id"] = event.request_id
    fields["trace_id"] = event.trace_id
    fields["span_id"] = event.span_id
    if event.parent_id is not None:
        fields["parent_id"] = event.parent_id
    if slow:
        fields["threshold_exceeded"] = True
    fields.update(service)
    fields["sample_rate"] = decision.rate
    fields["sample_reason"] = fields.pop("sample_reason", "") if event.hinted else decision.reason
    fields["sample_weight"] = decision.weight
    fields["schema_version"] = SCHEMA_VERSION
    if event.hinted:
        for hint in HINTS:
            fields.pop(hint, None)
    return fields
