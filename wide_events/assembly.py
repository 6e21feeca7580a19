"""From settings to the parts of a pipeline: what is built, once, at start-up."""

from __future__ import annotations

import os
import socket
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from wide_events.encoding import decode, encode, fits
from wide_events.formatting import human, text, wants_colour
from wide_events.formatting.plain_text import visible
from wide_events.guards import attempt
from wide_events.outlets import Outlet, is_business, is_error, is_slow
from wide_events.redaction import FAILED, Redactor
from wide_events.sampling import Policy
from wide_events.schema import PRESETS
from wide_events.sinks import FileSink, StdoutSink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wide_events.settings import Settings
    from wide_events.sinks import Sink

_STDOUT: Final = 1
_WHOLE: Final = sys.maxsize
_ROOM_FOR_NAMES: Final = 64
_LEAST_ROOM: Final = 1024


def settings_from(settings: Settings | None) -> Settings:
    """Return the settings, or read them from the environment. Raises `ConfigurationError`."""
    if settings is not None:
        return settings
    from wide_events.settings import Settings  # noqa: PLC0415 - loads pydantic, which no import of ours may do

    return Settings.from_environ()


def policy_from(settings: Settings) -> Policy:
    """Build the standard policy."""
    return Policy.from_settings(settings)


def redactor_from(settings: Settings) -> Redactor:
    """Build the redactor, which tests itself."""
    return Redactor.from_settings(settings)


def cleaner_from(redact: object) -> Callable[[str], str]:
    """Return what makes a text fit for standard error: redacted, on one line, nothing that a terminal obeys.

    A redactor that is only a callable of fields cannot read a text: then it is only escaped. Never raises.
    """
    return partial(_cleaned, getattr(redact, "text", str))


def _cleaned(redacted: Callable[[str], str], told: str) -> str:
    return attempt(lambda: visible(redacted(told)), failed=lambda _: FAILED)


class Service:
    """Who runs the units of work: the same few fields on every line, made anew in a forked child."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pid = 0
        self._facts: dict[str, Any] = {}

    def facts(self) -> dict[str, Any]:
        """Return the fields `service` to `pid`; not to be changed."""
        pid = os.getpid()
        if pid != self._pid:
            self._facts, self._pid = self._gather(pid), pid
        return self._facts

    def _gather(self, pid: int) -> dict[str, Any]:
        settings = self._settings
        host = settings.host or socket.gethostname()
        return {
            "service": settings.service_name,
            "version": settings.app_version,
            "environment": settings.environment,
            "region": settings.region,
            "deployment_id": settings.deployment_id,
            "deployed_at": settings.deployed_at,
            "instance_id": settings.instance_id or f"{host}-{pid}",
            "host": host,
            "pid": pid,
        }


def outlets_from(settings: Settings, sinks: Iterable[Sink | Outlet] | None) -> tuple[Outlet, ...]:
    """Build the outlets: the given sinks, or a file, or standard output; and the routed copies."""
    return (*_main_outlets(settings, sinks), *_routed_copies(settings))


def _main_outlets(settings: Settings, sinks: Iterable[Sink | Outlet] | None) -> list[Outlet]:
    if sinks is not None:
        render = renderer(settings, terminal=False)
        return [s if isinstance(s, Outlet) else Outlet(type(s).__name__, s, render) for s in sinks]
    if settings.log_file is not None:
        return [Outlet("file", FileSink(settings.log_file), renderer(settings, terminal=False))]
    return [Outlet("stdout", StdoutSink(), renderer(settings, terminal=_is_terminal()))]


def _routed_copies(settings: Settings) -> list[Outlet]:
    routes = (
        ("error_file", settings.log_file_error, is_error),
        ("business_file", settings.log_file_business, is_business),
        ("performance_file", settings.log_file_performance, is_slow),
    )
    render = renderer(settings, terminal=False)
    return [
        Outlet(name, FileSink(path), render, accepts) for name, path, accepts in routes if path is not None
    ]


def renderer(settings: Settings, *, terminal: bool) -> Callable[[dict[str, Any]], bytes]:
    """Return what makes bytes of a record, by `LOG_FORMAT`; `auto` is human on a terminal, else JSON."""
    wanted, limit = settings.log_format, settings.max_event_bytes
    if wanted == "auto":
        wanted = "human" if terminal else "json"
    if wanted == "human":
        from wide_events.settings import process_environ  # noqa: PLC0415 - as above

        colour = wants_colour(terminal, process_environ())
        return partial(_fitted, partial(_human_bytes, colour=colour), limit)
    if wanted == "text":
        return partial(_fitted, _text_bytes, limit)
    if settings.log_schema == "native":
        return partial(encode, limit=limit)
    return partial(_renamed, PRESETS[settings.log_schema], limit)


def _renamed(rename: Callable[[dict[str, Any]], dict[str, Any]], limit: int, record: dict[str, Any]) -> bytes:
    line = _fitted(lambda told: encode(rename(told), _WHOLE), limit, record)
    return line if len(line) <= limit else encode(decode(line), limit)


def _fitted(write: Callable[[dict[str, Any]], bytes], limit: int, record: dict[str, Any]) -> bytes:
    """Write a record in another form, cut to the limit in its native one, where it is known what must stay.

    What the other form takes more than the native one, the record is cut by in a further try.
    """
    line, room = write(record if fits(record, limit) else decode(encode(record, limit))), limit
    while len(line) > limit and room > _LEAST_ROOM:
        room = max(room * limit // len(line) - _ROOM_FOR_NAMES, _LEAST_ROOM)
        line = write(decode(encode(record, room)))
    return line


def _human_bytes(record: dict[str, Any], *, colour: bool) -> bytes:
    return human(record, colour=colour).encode()


def _text_bytes(record: dict[str, Any]) -> bytes:
    return text(record).encode()


def _is_terminal() -> bool:
    return os.isatty(_STDOUT)
