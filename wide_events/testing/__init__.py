"""What an application's tests need: captured events, and assertions whose failures say what there was.

Under pytest the fixture `captured_events` is there without any import (see `wide_events.testing.plugin`).
Everywhere else, in `unittest` as in a script, `with capture() as captured:` gives the same object:

    from wide_events.testing import assert_kept, capture

    with capture(sampling="none") as captured:
        client.post("/telemetry", json={"trip": "t1"})
    assert_kept(captured.one("telemetry_upload"), because="heavy_user")

Nothing here is loaded before it is asked for: the plugin is part of every pytest start.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from wide_events.testing.assertions import (
        assert_dropped,
        assert_event,
        assert_kept,
        assert_no_event,
        assert_one_event,
        assert_policy,
    )
    from wide_events.testing.captured import CapturedEvent
    from wide_events.testing.capturing import CapturedEvents, capture

__all__ = [
    "CapturedEvent",
    "CapturedEvents",
    "assert_dropped",
    "assert_event",
    "assert_kept",
    "assert_no_event",
    "assert_one_event",
    "assert_policy",
    "capture",
]

_ROOMS: Final = {"CapturedEvent": "captured", "CapturedEvents": "capturing", "capture": "capturing"}


def __getattr__(name: str) -> Any:
    """Load a name when it is first asked for."""
    if name not in __all__:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_ROOMS.get(name, 'assertions')}"), name)
