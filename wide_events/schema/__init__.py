"""Other people's names for our fields: an event in the words of OpenTelemetry, Elastic, Datadog, Google.

Each preset is a template in the shape of its output, whose leaves say where a value comes from. What holds
for all of them: nothing of an event is lost (a value without a name in the other vocabulary keeps its own),
nothing is overwritten (a free field that bears a name the preset needs gets a trailing underscore), a value
of an odd type is never forced into a typed field, and the event that is handed in stays as it is.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from wide_events.schema import datadog, ecs, gcp, otel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["PRESETS", "rename"]


def _native(fields: dict[str, Any]) -> dict[str, Any]:
    return fields


PRESETS: Final[Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]]] = MappingProxyType(
    {
        "native": _native,
        "otel": otel.rename,
        "ecs": ecs.rename,
        "datadog": datadog.rename,
        "gcp": gcp.rename,
    }
)
"""The presets by the name that `LOG_SCHEMA` calls them."""


def rename(fields: dict[str, Any], preset: str) -> dict[str, Any]:
    """Put an event of native names into the words of a preset; `native` gives the very same dict.

    Raises `ValueError` for a preset that does not exist.
    """
    if preset not in PRESETS:
        raise ValueError(f"there is no schema preset {preset!r}: use one of {', '.join(PRESETS)}")
    return PRESETS[preset](fields)
