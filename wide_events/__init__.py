"""One wide event for each unit of work: gathered while it runs, sampled at its end, written as one line.

The names load when they are first asked for: whoever imports one room does not pay for the others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from wide_events.context import current_event, propagate
    from wide_events.event import WideEvent
    from wide_events.operations import log_business_event, track_operation, track_time
    from wide_events.pipeline import Pipeline
    from wide_events.sampling import Decision
    from wide_events.settings import Settings
    from wide_events.taxonomy import ErrorCode, StructuredError

__version__ = "0.1.0"

__all__ = [
    "Decision",
    "ErrorCode",
    "Pipeline",
    "Settings",
    "StructuredError",
    "WideEvent",
    "current_event",
    "log_business_event",
    "propagate",
    "track_operation",
    "track_time",
]

_ROOMS: Final = {
    "Decision": "sampling",
    "ErrorCode": "taxonomy",
    "Pipeline": "pipeline",
    "Settings": "settings",
    "StructuredError": "taxonomy",
    "WideEvent": "event",
    "current_event": "context",
    "log_business_event": "operations",
    "propagate": "context",
    "track_operation": "operations",
    "track_time": "operations",
}


def __getattr__(name: str) -> Any:
    """Load a name when it is first asked for."""
    room = _ROOMS.get(name)
    if room is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = globals()[name] = getattr(import_module(f"wide_events.{room}"), name)
    return value
