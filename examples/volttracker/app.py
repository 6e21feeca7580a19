"""The application factory: `flask --app examples.volttracker.app run`, or gunicorn with `create_app()`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from flask import Flask, g

from examples.volttracker.config import Config
from examples.volttracker.database import Database
from examples.volttracker.errors import register_errors, status_of
from examples.volttracker.routes import BLUEPRINTS
from examples.volttracker.services import Services, provide, services
from wide_events import Pipeline, Settings, StructuredError
from wide_events.integrations.flask import WideEvents, register_error_handlers

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue


def create_app(
    config: Config | None = None, *, settings: Settings | None = None, pipeline: Pipeline | None = None
) -> Flask:
    """Build one application; without arguments everything comes from the environment.

    `config` is about the application, `settings` about its events; `pipeline` takes the place of the one that
    would be built from `settings`, for tests that want to look at the events.
    """
    app = Flask(__name__)
    config = config or Config.from_environ()
    settings = settings or Settings.from_environ(app_name="volttracker")
    database = Database(config.database_url)
    database.create_tables()
    provide(app, Services(config, database, settings))
    WideEvents(app, settings=settings, pipeline=pipeline)
    register_errors()
    register_error_handlers(app)
    app.register_error_handler(StructuredError, answer_structured_error)
    app.before_request(note_feature_flags)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def note_feature_flags() -> None:
    """Put the state of every flag on the event of every request."""
    g.wide_event.add_feature_flags(**asdict(services().config.flags))
    g.wide_event.add_technical_metric("database", services().database.dialect)


def answer_structured_error(error: StructuredError) -> ResponseReturnValue:
    """Answer with the status of the error's category; the unit of work has failed, whatever the status."""
    g.wide_event.add_error(error)
    status = status_of(error)
    told = error.message if status < 500 else "the service cannot do this now"
    details = error.details if status < 500 else {}
    shown = {"code": error.code, "message": told, "type": error.category, "details": details}
    return {"error": {**shown, "request_id": g.wide_event.request_id}}, status
