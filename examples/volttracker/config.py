"""What the application itself can be told; how events are sampled and written is the library's settings."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TRUE = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True)
class FeatureFlags:
    """The switches whose state goes on every event, so that a regression can be laid at their door."""

    weather_integration: bool = True
    enhanced_route_detection: bool = True
    predictive_range: bool = False


@dataclass(frozen=True)
class Config:
    """Where the database and the weather service are, and how patient to be; times are in seconds."""

    database_url: str
    weather_url: str = ""
    weather_timeout_s: float = 0.8
    weather_attempts: int = 3
    flags: FeatureFlags = FeatureFlags()

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Config:
        """Read `DATABASE_URL`, `WEATHER_URL`, `WEATHER_TIMEOUT_S`, `WEATHER_ATTEMPTS` and `FEATURE_*`."""
        return cls(
            database_url=environ.get("DATABASE_URL") or default_database_url(),
            weather_url=environ.get("WEATHER_URL", ""),
            weather_timeout_s=float(environ.get("WEATHER_TIMEOUT_S", "0.8")),
            weather_attempts=int(environ.get("WEATHER_ATTEMPTS", "3")),
            flags=FeatureFlags(
                weather_integration=_flag(environ, "FEATURE_WEATHER_INTEGRATION", default=True),
                enhanced_route_detection=_flag(environ, "FEATURE_ENHANCED_ROUTE_DETECTION", default=True),
                predictive_range=_flag(environ, "FEATURE_PREDICTIVE_RANGE", default=False),
            ),
        )


def default_database_url() -> str:
    """An SQLite file in the temporary folder, so that trying the example leaves the work tree clean."""
    return f"sqlite:///{Path(tempfile.gettempdir()) / 'volttracker.db'}"


def _flag(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = environ.get(name)
    return default if value is None else value.strip().lower() in _TRUE
