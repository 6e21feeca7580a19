"""One wide event for each unit of work: gathered while it runs, sampled at its end, written as one line."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from wide_events.context import current_event, propagate
from wide_events.event import WideEvent
from wide_events.operations import log_business_event, track_operation, track_time
from wide_events.pipeline import Pipeline
from wide_events.sampling import Decision
from wide_events.taxonomy import ErrorCode, StructuredError

if TYPE_CHECKING:
    from wide_events.settings import Settings

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


def __getattr__(name: str) -> Any:
    """Load `Settings` when it is first asked for: pydantic would double the time of the import."""
    if name == "Settings":
        return import_module("wide_events.settings").Settings
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
