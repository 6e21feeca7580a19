"""The settings as rows: for people who ask what is configured and from where, and for the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from wide_events.exceptions import masked
from wide_events.settings.environment import process_environ
from wide_events.settings.model import Settings, from_found, variable_of
from wide_events.settings.spelling import warnings_about

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wide_events.settings.environment import Found


class Row(NamedTuple):
    """One setting: its variable, field, value as shown (secrets masked), source, and what it is for."""

    variable: str
    field: str
    value: Any
    source: str
    description: str


class Report(NamedTuple):
    """All settings with their sources, and the warnings about the variables."""

    settings: Settings
    rows: tuple[Row, ...]
    warnings: tuple[str, ...]


def report(
    environ: Mapping[str, str] | None = None, *, app_name: str | None = None, **overrides: Any
) -> Report:
    """What `Settings.from_environ` makes of the same arguments, told row by row.

    Sources are `environment`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `application` (its name),
    `version.txt` or `VERSION`, `code` (an override) and `default`. Raises ConfigurationError.
    """
    environ = process_environ() if environ is None else environ
    settings, found = from_found(environ, app_name, overrides)
    rows = [row for field in Settings.model_fields for row in _rows(settings, field, found, overrides)]
    return Report(settings, tuple(rows), warnings_about(environ, Settings.variables()))


def reference() -> tuple[Row, ...]:
    """Every setting with its default, as the documentation shows it; what depends on the machine in words."""
    fields = Settings.model_fields.items()
    return tuple(
        Row(variable_of(name), name, _default(name), "default", str(f.description)) for name, f in fields
    )


def _rows(
    settings: Settings, field: str, found: Mapping[str, Found], overrides: Mapping[str, Any]
) -> Iterator[Row]:
    description = str(Settings.model_fields[field].description)
    value, variable = getattr(settings, field), variable_of(field)
    members = [label for label in found if label.startswith(f"{field}.")]
    for label in members:
        each = found[label]
        yield Row(each.variable, field, value[label.partition(".")[2]], each.source, description)
    if members:
        return
    source = "code" if field in overrides else found[field].source if field in found else "default"
    shown = _default(field) if value is None else _shown(value)
    yield Row(variable, field, masked(variable, shown), source, description)


def _default(field: str) -> Any:
    extra = Settings.model_fields[field].json_schema_extra
    return _shown(extra["default"]) if isinstance(extra, dict) else None


def _shown(value: Any) -> Any:
    if isinstance(value, tuple):
        return ",".join(value)
    return value if value is None or isinstance(value, (str, int, float, dict)) else str(value)
