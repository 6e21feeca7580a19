"""The settings themselves: one frozen model, each field with its variable, its default and what it is for."""

from __future__ import annotations

import logging
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from wide_events.clock import rfc3339, wall_ns
from wide_events.exceptions import ConfigurationError, Problem
from wide_events.settings import parsing
from wide_events.settings.environment import process_environ, read
from wide_events.settings.spelling import warnings_about

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pydantic_core import ErrorDetails

    from wide_events.settings.environment import Found

STARTED: Final = rfc3339(wall_ns())
"""When this process began to have settings: as near to its start as makes no difference to a deployment."""

Text = Annotated[str, BeforeValidator(parsing.text)]
Rate = Annotated[float, BeforeValidator(parsing.rate)]
Milliseconds = Annotated[float, BeforeValidator(parsing.milliseconds)]
Names = Annotated[tuple[str, ...], BeforeValidator(parsing.names)]
File = Annotated[Path, BeforeValidator(parsing.path)]
Switch = Annotated[bool, BeforeValidator(parsing.boolean)]

_log = logging.getLogger("wide_events")
_said: set[str] = set()


def _setting(
    variable: str,
    default: Any,
    description: str,
    *,
    made: Callable[[], Any] | None = None,
    secret: bool = False,
) -> Any:
    """A field; where its default is `made` when needed, `default` is what people read about it."""
    extra = {"variable": variable, "default": default}
    if made is not None:
        return Field(default_factory=made, description=description, json_schema_extra=extra)
    return Field(default, description=description, json_schema_extra=extra, repr=not secret)


class Settings(BaseModel):
    """Everything that can be set. Frozen; made from the environment (`from_environ`) or in code.

    Raises ConfigurationError that lists all that is wrong, each with its field (or variable), value, remedy.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    service_name: Text = _setting("SERVICE_NAME", "unknown_service", "The name of the service.")
    app_version: Text = _setting("APP_VERSION", "0.0.0", "The version of the application.")
    environment: Text = _setting(
        "ENVIRONMENT", "development", "Where it runs, such as production or staging."
    )
    deployment_id: Text = _setting(
        "DEPLOYMENT_ID",
        "local-<hostname>",
        "Which roll-out of that version this is.",
        made=lambda: f"local-{socket.gethostname()}",
    )
    deployed_at: Text = _setting(
        "DEPLOYMENT_TIMESTAMP", "process start", "When it was rolled out (RFC 3339).", made=lambda: STARTED
    )
    region: Text = _setting("REGION", "local", "The region of the data centre.")
    instance_id: Text | None = _setting(
        "INSTANCE_ID",
        "<hostname>-<pid>",
        "Which instance of the service; unset, it stays right in a forked child.",
        made=lambda: None,
    )
    host: Text = _setting("", "<hostname>", "The name of the machine.", made=socket.gethostname)

    sample_default: Rate = _setting("LOG_SAMPLE_DEFAULT", 0.05, "The rate of a fast success, from 0 to 1.")
    sample_rates: Annotated[dict[str, Rate], BeforeValidator(parsing.by_operation)] = _setting(
        "LOG_SAMPLE_<NAME>", {}, "The rate of the operations that begin with NAME; the longest name wins."
    )
    sample_new_user: Rate = _setting(
        "LOG_SAMPLE_NEW_USER", 0.25, "Raises the rate of young accounts to this, never lowers it."
    )
    new_user_days: Annotated[float, BeforeValidator(parsing.days)] = _setting(
        "LOG_NEW_USER_DAYS", 30.0, "An account of fewer days is young."
    )
    slow_threshold_ms: Milliseconds = _setting(
        "LOG_SLOW_THRESHOLD_MS", 1000.0, "What takes longer, in milliseconds, is slow and always kept."
    )
    slow_thresholds_ms: Annotated[dict[str, Milliseconds], BeforeValidator(parsing.by_operation)] = _setting(
        "LOG_SLOW_THRESHOLD_MS_<NAME>", {}, "The same for the operations that begin with NAME."
    )
    critical_events: Names = _setting(
        "LOG_CRITICAL_EVENTS", (), "Business metrics that, when truthy, always keep the event."
    )
    keep_tiers: Names = _setting("LOG_KEEP_TIERS", ("heavy",), "Tiers of users that are always kept.")

    log_format: Annotated[
        Literal["auto", "json", "human", "text"], BeforeValidator(parsing.one_of(parsing.FORMATS))
    ] = _setting("LOG_FORMAT", "auto", "auto, json, human or text; auto is human on a terminal, else json.")
    log_schema: Annotated[
        Literal["native", "otel", "ecs", "datadog", "gcp"], BeforeValidator(parsing.one_of(parsing.SCHEMAS))
    ] = _setting("LOG_SCHEMA", "native", "Names of the fields: native, otel, ecs, datadog or gcp.")
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
        BeforeValidator(parsing.one_of(parsing.LEVELS)),
    ] = _setting("LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING, ERROR or CRITICAL.")
    log_file: File | None = _setting("LOG_FILE", None, "A file instead of standard output.")
    log_file_error: File | None = _setting(
        "LOG_FILE_ERROR", None, "A copy of every event of level error or critical."
    )
    log_file_business: File | None = _setting("LOG_FILE_BUSINESS", None, "A copy of every business event.")
    log_file_performance: File | None = _setting("LOG_FILE_PERFORMANCE", None, "A copy of every slow event.")
    max_event_bytes: Annotated[int, BeforeValidator(parsing.event_bytes)] = _setting(
        "LOG_MAX_EVENT_BYTES", 15360, "The longest line, in bytes; container runtimes split at 16 KiB."
    )

    redact_keys: Names = _setting(
        "LOG_REDACT_KEYS",
        (),
        "Further keys whose values are redacted; `-name` takes one off the built-in list.",
    )
    redact_values: Annotated[tuple[str, ...], BeforeValidator(parsing.detectors)] = _setting(
        "LOG_REDACT_VALUES", parsing.DETECTORS, "Patterns that are redacted inside of values, or none."
    )
    redact_mode: Annotated[
        Literal["mask", "hash", "drop"], BeforeValidator(parsing.one_of(parsing.REDACT_MODES))
    ] = _setting("LOG_REDACT_MODE", "mask", "What takes the place of a redacted value: mask, hash or drop.")
    redact_hash_key: Annotated[str, BeforeValidator(parsing.secret)] | None = _setting(
        "LOG_REDACT_HASH_KEY",
        None,
        "The key of the hash, 16 characters or more; needed for hash.",
        secret=True,
    )
    redact_allow_only: Names = _setting(
        "LOG_REDACT_ALLOW_ONLY", (), "If set, every other field of the application is redacted."
    )
    capture_headers: Annotated[tuple[str, ...], BeforeValidator(parsing.headers)] = _setting(
        "LOG_CAPTURE_HEADERS", (), "Headers of the request that go onto the event."
    )
    capture_query: Switch = _setting(
        "LOG_CAPTURE_QUERY",
        default=False,
        description="Whether the query string goes onto the event, redacted.",
    )
    client_ip: Annotated[
        Literal["full", "truncate", "off"], BeforeValidator(parsing.one_of(parsing.CLIENT_IPS))
    ] = _setting("LOG_CLIENT_IP", "full", "The address of the client: full, truncate or off.")
    expose_error_details: Switch = _setting(
        "EXPOSE_ERROR_DETAILS",
        default=False,
        description="Whether clients see what went wrong inside; for development.",
    )

    if not TYPE_CHECKING:  # type checkers see the fields

        def __init__(self, **values: Any) -> None:
            try:
                super().__init__(**{"redact_hash_key": None, **values})  # checked even when it is not given
            except ValidationError as failure:
                problems = _problems(failure)
            else:
                return
            raise ConfigurationError.of(problems)

    @field_validator("redact_hash_key", mode="before")
    @classmethod
    def _hashing_needs_a_key(cls, key: object, so_far: ValidationInfo) -> object:
        if so_far.data.get("redact_mode") == "hash" and not key:
            raise ValueError("is missing: to hash, use a key of 16 random characters or more")
        return key

    @classmethod
    def from_environ(
        cls, environ: Mapping[str, str] | None = None, *, app_name: str | None = None, **overrides: Any
    ) -> Settings:
        """The settings that `environ` (default: the variables of this process) asks for.

        `app_name` is the name of the service when nothing else says one. `overrides` are fields, and outdo
        the variables. Variables that look misspelt are reported on the logger `wide_events`, once a process.
        Raises ConfigurationError with everything that is wrong.
        """
        environ = process_environ() if environ is None else environ
        settings, _ = from_found(environ, app_name, overrides)
        _warn(environ)
        return settings

    @classmethod
    def variables(cls) -> dict[str, str]:
        """The field of each variable, families (`LOG_SAMPLE_<NAME>`) left out."""
        named = {variable_of(field): field for field in cls.model_fields}
        return {variable: field for variable, field in named.items() if variable and "<" not in variable}


def variable_of(field: str) -> str:
    """The variable of a field, or the empty string."""
    extra = Settings.model_fields[field].json_schema_extra
    return str(extra["variable"]) if isinstance(extra, dict) else ""


def from_found(
    environ: Mapping[str, str], app_name: str | None, overrides: Mapping[str, Any]
) -> tuple[Settings, dict[str, Found]]:
    """The settings, and where each of those that were set was found."""
    found, problems = read(environ, Settings.variables(), app_name)
    found = {label: each for label, each in found.items() if label.partition(".")[0] not in overrides}
    try:
        settings = Settings(**{**_values(found), **overrides})
    except ConfigurationError as failure:
        renamed = [_by_variable(problem, found) for problem in failure.problems]
        raise ConfigurationError.of([*problems, *renamed]) from None
    if problems:
        raise ConfigurationError.of(problems)
    return settings, found


def _values(found: Mapping[str, Found]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for label, each in found.items():
        field, _, name = label.partition(".")
        if name:
            values.setdefault(field, {})[name] = each.value
        else:
            values[field] = each.value
    return values


def _by_variable(problem: Problem, found: Mapping[str, Found]) -> Problem:
    """The problem with the name of the variable that was, or should have been, set."""
    if problem.variable in found:
        return problem._replace(variable=found[problem.variable].variable)
    return problem._replace(variable="LOG_REDACT_HASH_KEY") if "hash_key" in problem.variable else problem


def _problems(failure: ValidationError) -> Iterator[Problem]:
    for error in failure.errors(include_url=False):
        yield Problem(".".join(map(str, error["loc"])), error["input"], _remedy(error))


def _remedy(error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        return f"is not a setting: use one of {', '.join(Settings.model_fields)}"
    return str(error.get("ctx", {}).get("error") or error["msg"])


def _warn(environ: Mapping[str, str]) -> None:
    for warning in warnings_about(environ, Settings.variables()):
        if warning not in _said:
            _said.add(warning)
            _log.warning("%s", warning)
