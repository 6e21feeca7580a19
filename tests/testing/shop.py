"""The application that the tests of the fixture drive: one route with a secret, one that is skipped."""

from __future__ import annotations

from flask import Flask, g

from wide_events.integrations.flask import WideEvents, skip
from wide_events.settings import Settings


def rated(rate: float, **settings: object) -> Settings:
    return Settings(service_name="shop", sample_default=rate, log_format="json", **settings)


def shop() -> Flask:
    app = Flask("shop")
    WideEvents(app, settings=rated(0.5))

    @app.post("/upload")
    def upload() -> dict[str, bool]:
        g.wide_event.add_vehicle_context(usage_tier="light").add_context(password="hunter2")
        return {"ok": True}

    @app.get("/ping")
    @skip
    def ping() -> str:
        return "pong"

    return app
