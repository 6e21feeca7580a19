"""Where settings come from: the variables of the process, the resource of OpenTelemetry, a version file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote

from wide_events.exceptions import Problem
from wide_events.settings.parsing import operation_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FAMILIES: Final = {"LOG_SAMPLE_": "sample_rates", "LOG_SLOW_THRESHOLD_MS_": "slow_thresholds_ms"}
"""Variables that are named after operations: how they begin, and the field that gathers them."""

RESOURCE: Final = "OTEL_RESOURCE_ATTRIBUTES"
OTHER_VARIABLES: Final = ("OTEL_SERVICE_NAME", RESOURCE)
_ATTRIBUTES: Final = {
    "service.name": "service_name",
    "service.version": "app_version",
    "deployment.environment": "environment",
    "deployment.environment.name": "environment",
    "cloud.region": "region",
    "service.instance.id": "instance_id",
    "host.name": "host",
}
_VERSION_FILES: Final = ("VERSION", "version.txt")
_LONGEST_VERSION: Final = 4096


class Found(NamedTuple):
    """One value as it was found: the variable that names it in messages, and where it stood."""

    value: Any
    variable: str
    source: str


def process_environ() -> Mapping[str, str]:
    """The variables of this process."""
    return os.environ


def read(
    environ: Mapping[str, str], fields: Mapping[str, str], app_name: str | None
) -> tuple[dict[str, Found], list[Problem]]:
    """What there is for each field, and what could not be understood.

    `fields` names the field of each variable. Members of a family are under `field.name`. A later source
    outdoes an earlier one: version file, name of the application, resource of OpenTelemetry,
    `OTEL_SERVICE_NAME`, our own variables. An empty variable is not set.
    """
    written = {name: value.strip() for name, value in environ.items() if value.strip()}
    found = dict(_version())
    if app_name:
        found["service_name"] = Found(app_name, "app_name", "application")
    attributes, problems = _resource(written.get(RESOURCE, ""))
    found.update(attributes)
    if name := written.get("OTEL_SERVICE_NAME"):
        found["service_name"] = Found(name, "OTEL_SERVICE_NAME", "OTEL_SERVICE_NAME")
    for variable, value in written.items():
        if field := fields.get(variable) or family_member(variable):
            found[field] = Found(value, variable, "environment")
    return found, problems


def family_member(variable: str) -> str | None:
    """`sample_rates.trip` for `LOG_SAMPLE_TRIP`; None for what belongs to no family."""
    for prefix, field in FAMILIES.items():
        name = operation_name(variable[len(prefix) :]) if variable.startswith(prefix) else ""
        if name.strip("_"):
            return f"{field}.{name}"
    return None


def _version() -> Iterator[tuple[str, Found]]:
    for name in _VERSION_FILES:
        if line := _first_line(Path(name)):
            yield "app_version", Found(line, name, name)


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            return file.readline(_LONGEST_VERSION).strip()
    except OSError:  # none there, a folder, or not ours to read: then it names no version
        return ""


def _resource(text: str) -> tuple[dict[str, Found], list[Problem]]:
    """The attributes that we know, percent-decoded; the older name of one gives way to the newer."""
    pairs = [entry.partition("=") for entry in text.split(",") if entry.strip()]
    given = {key.strip(): unquote(value.strip()) for key, _, value in pairs}
    known = {_ATTRIBUTES[key]: given[key] for key in _ATTRIBUTES if given.get(key)}
    found = {field: Found(value, RESOURCE, RESOURCE) for field, value in known.items()}
    bad = any(not key.strip() or not equals for key, equals, _ in pairs)
    remedy = "is not a list of attributes: use key=value,key=value"
    return found, [Problem(RESOURCE, text, remedy)] if bad else []
