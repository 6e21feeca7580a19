"""An event that has ended, as the flat record of its line: who ran it, what happened, how it was sampled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wide_events.clock import rfc3339
from wide_events.names import HINTS
from wide_events.taxonomy import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wide_events.event import WideEvent
    from wide_events.sampling import Decision

SCHEMA_VERSION: Final = "1.0"
LEVELS: Final = {"debug": 0, "info": 1, "warning": 2, "error": 3, "critical": 4}
_HINTS: Final = frozenset(HINTS)
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
    level = _OF_OUTCOME.get(fields["outcome"], "info")
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
    what = f"{fields['method']} {fields['path']}" if "path" in fields else fields["operation"]
    status = fields.get("status_code")
    took = f"{what} {fields['outcome'] if status is None else status} in {fields['duration_ms']:.0f} ms"
    if not slow:
        return took
    return f"Slow {'request' if fields['kind'] == 'request' else 'operation'} detected: {took}"


def record(
    event: WideEvent, fields: dict[str, Any], service: dict[str, Any], decision: Decision, *, slow: bool
) -> dict[str, Any]:
    """Lay out the record: identity, who ran it, all that was gathered, and what it stands for."""
    if not _HINTS.isdisjoint(fields):
        for hint in HINTS:
            fields.pop(hint, None)
    laid = {
        "timestamp": rfc3339(event.wall_ns),
        "level": event.level or level_of(fields, slow=slow),
        "message": message_of(fields, slow=slow),
        "kind": fields["kind"],
        "operation": fields["operation"],
        "outcome": fields["outcome"],
        "success": fields["success"],
        "duration_ms": fields["duration_ms"],
        "request_id": event.request_id,
        "trace_id": event.trace_id,
        "span_id": event.span_id,
    }
    if event.parent_id is not None:
        laid["parent_id"] = event.parent_id
    laid.update(service)
    laid.update(fields)
    if slow:
        laid["threshold_exceeded"] = True
    laid["sample_rate"] = decision.rate
    laid["sample_reason"] = decision.reason
    laid["sample_weight"] = decision.weight
    laid["schema_version"] = SCHEMA_VERSION
    return laid
