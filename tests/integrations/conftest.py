"""Applications under test: each with a pipeline of its own that keeps everything in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from wide_events import Pipeline, Settings, current_event
from wide_events.integrations.flask import WideEvents
from wide_events.sinks import MemorySink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.test import TestResponse

FLASKS_OWN_WARNINGS = (
    # Flask 2.2 with Werkzeug 2.2 on Python 3.12 and later
    "ignore:ast\\.Str is deprecated:DeprecationWarning",
    "ignore:Attribute s is deprecated:DeprecationWarning",
    "ignore:'pkgutil\\.get_loader' is deprecated:DeprecationWarning",
    "ignore:'pkgutil\\.find_loader' is deprecated:DeprecationWarning",
)


def pytest_configure(config: pytest.Config) -> None:
    for line in FLASKS_OWN_WARNINGS:
        config.addinivalue_line("filterwarnings", line)


class Observed:
    """An instrumented application, and what it left behind."""

    def __init__(self, app: Flask, sink: MemorySink, pipeline: Pipeline) -> None:
        self.app = app
        self.sink = sink
        self.pipeline = pipeline

    @property
    def events(self) -> list[dict[str, Any]]:
        return self.sink.events

    @property
    def event(self) -> dict[str, Any]:
        """The one event that there is."""
        events = self.sink.events
        assert len(events) == 1, events
        return events[0]

    def get(self, path: str = "/", **options: Any) -> TestResponse:
        """Ask, and read the whole answer."""
        return self.open(path, method="GET", **options)

    def open(self, path: str = "/", **options: Any) -> TestResponse:
        answer = self.app.test_client().open(path, **options)
        answer.get_data()
        answer.close()
        return answer


def keeping_all(sink: MemorySink, **settings: Any) -> Pipeline:
    return Pipeline(Settings(service_name="shop", **{"sample_default": 1.0, **settings}), sinks=[sink])


@pytest.fixture
def observe() -> Callable[..., Observed]:
    """Instrument an application: a new one, or the one that is given."""

    def make(app: Flask | None = None, **settings: Any) -> Observed:
        sink = MemorySink()
        pipeline = keeping_all(sink, **settings)
        app = Flask("shop") if app is None else app
        WideEvents(app, pipeline=pipeline)
        return Observed(app, sink, pipeline)

    return make


@pytest.fixture
def shop(observe: Callable[..., Observed]) -> Observed:
    """An application with one view, `index`."""
    observed = observe()
    observed.app.add_url_rule("/", "index", lambda: "hello")
    return observed


@pytest.fixture(autouse=True)
def _nothing_stays_current() -> Iterator[None]:
    yield
    assert repr(current_event()).startswith("<InertEvent")
