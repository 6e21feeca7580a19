"""The contenders: one file each, named after the library that it drives as that library's users would."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.bench.contenders.base import Contender

WHERE = {
    "bare": "limit:Bare",
    "limit": "limit:Limit",
    "limit_wsgi": "limit:LimitWsgi",
    "wide_events": "wide_events:WideEvents",
    "structlog": "structlog:Structlog",
    "stdlib": "stdlib:Stdlib",
    "loguru": "loguru:Loguru",
    "opentelemetry": "opentelemetry:OpenTelemetry",
    "sentry": "sentry:Sentry",
}
"""Name to module and class; a peer is imported only in the process that measures it."""

FLASK_ONLY = ("bare", "limit_wsgi")


def load(name: str) -> type[Contender]:
    """Import a contender. Raises `ImportError` where its library is not installed."""
    module, _, attribute = WHERE[name].partition(":")
    contender: type[Contender] = getattr(import_module(f"{__name__}.{module}"), attribute)
    return contender
