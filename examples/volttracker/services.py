"""What the routes of one application share: configuration, database, and the settings of its events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app

if TYPE_CHECKING:
    from examples.volttracker.config import Config
    from examples.volttracker.database import Database
    from wide_events import Settings

_NAME = "volttracker"


@dataclass(frozen=True)
class Services:
    """One application's own; several in a process do not share."""

    config: Config
    database: Database
    settings: Settings


def provide(app: Flask, services: Services) -> None:
    """Hand an application its services."""
    app.extensions[_NAME] = services


def services() -> Services:
    """The services of the application that answers the current request."""
    return cast("Services", current_app.extensions[_NAME])
