"""The names of an event's fields that are ours, by what they tell of."""

from __future__ import annotations

from typing import Final

IDENTITY: Final = (
    "timestamp",
    "level",
    "message",
    "kind",
    "operation",
    "outcome",
    "success",
    "duration_ms",
    "request_id",
    "trace_id",
    "span_id",
    "parent_id",
)
SERVICE: Final = (
    "service",
    "version",
    "environment",
    "region",
    "deployment_id",
    "deployed_at",
    "instance_id",
    "host",
    "pid",
)
REQUEST: Final = (
    "method",
    "route",
    "path",
    "endpoint",
    "blueprint",
    "status_code",
    "scheme",
    "remote_addr",
    "user_agent",
    "referrer",
    "request_bytes",
    "response_bytes",
    "content_type",
    "ttfb_ms",
    "queue_ms",
    "cpu_ms",
    "query",
    "request_headers",
)
BLOCKS: Final = (
    "user_context",
    "vehicle_context",
    "business_metrics",
    "technical_metrics",
    "feature_flags",
    "performance_breakdown",
    "error",
    "handled_errors",
    "db",
    "http_client",
    "retries",
    "costs",
    "tokens",
    "logs",
    "slow_stacks",
    "context_conflicts",
)
LISTS: Final = ("handled_errors", "logs", "slow_stacks", "critical_events", "failed_enrichers")
"""The fields that are lists; all other blocks are objects."""

SAMPLING: Final = ("sample_rate", "sample_reason", "sample_weight")
MARKS: Final = (
    "outcome_reason",
    "critical_events",
    "threshold_exceeded",
    "failed_enrichers",
    "redacted",
    "truncated",
    "schema_version",
)
BEGUN: Final = {
    "timestamp": "",
    "level": "",
    "message": "",
    "kind": "",
    "operation": "",
    "outcome": "success",
    "success": True,
    "duration_ms": 0.0,
    "request_id": "",
    "trace_id": "",
    "span_id": "",
}
"""What every event begins with, so that its line begins with it; what is empty is filled in at the end."""

MEASURED: Final = (frozenset(BEGUN) - {"operation"}) | {
    "status_code",
    "request_bytes",
    "response_bytes",
    "ttfb_ms",
    "queue_ms",
    "cpu_ms",
}
"""What no caller fills with words of their own: the rest of a record that could not be redacted."""

PRESENT: Final = "[present]"
"""Stands for a secret of which only that it was there is told."""

HINTS: Final = ("forced", "own_rate", "own_slow_threshold_ms", "upstream_rate")
"""What an event tells the policy only; never written."""

RESERVED: Final = frozenset((*IDENTITY, *SERVICE, *REQUEST, *BLOCKS, *SAMPLING, *MARKS, *HINTS))
"""A free field of one of these names goes under `context_conflicts`."""

RESERVED_OUTSIDE_REQUESTS: Final = RESERVED - frozenset(REQUEST)
"""An event of another kind may carry fields of these names: `WideEvent("job").add_context(method="POST")`."""

LEVELS: Final = {"debug": 0, "info": 1, "warning": 2, "error": 3, "critical": 4}
"""The levels of an event, by rank."""
