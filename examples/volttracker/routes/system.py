"""`/health` and `/deployment`: for those who run the application."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from flask import Blueprint, g
from sqlalchemy import text

from examples.volttracker.services import services
from wide_events import StructuredError
from wide_events.integrations.flask import name_operation, sample

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

system = Blueprint("system", __name__)

HEALTH_RATE = 0.1


@system.get("/health")
@name_operation("health")
@sample(HEALTH_RATE)
def health() -> ResponseReturnValue:
    """Whether the database answers; asked often, so that one in ten is enough on record."""
    database = services().database
    g.wide_event.add_technical_metric("database", database.dialect)
    try:
        with g.wide_event.timer("db_query"), database.reading() as session:
            session.execute(text("SELECT 1"))
    except StructuredError as error:
        raise StructuredError("E220", cause=error) from error
    return {"status": "ok", "database": database.dialect}


@system.get("/deployment")
@name_operation("deployment")
def deployment() -> ResponseReturnValue:
    """Which build answers, where, and with which features: the same words as on its events."""
    config = services().config
    settings = services().settings
    return {
        "service": settings.service_name,
        "version": settings.app_version,
        "environment": settings.environment,
        "deployment_id": settings.deployment_id,
        "deployed_at": settings.deployed_at,
        "region": settings.region,
        "feature_flags": asdict(config.flags),
    }
