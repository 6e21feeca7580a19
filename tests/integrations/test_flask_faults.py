"""Whatever fails inside of the library: the request never notices, and it is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, Response, g

from tests.integrations.conftest import keeping_all
from wide_events import Pipeline, Settings
from wide_events.integrations.flask import WideEvents, register_error_handlers
from wide_events.integrations.wsgi import WideEventMiddleware
from wide_events.sinks import MemorySink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.test import TestResponse

    from tests.integrations.conftest import Observed

FAILURES = [OSError(28, "No space left on device"), MemoryError(), RecursionError(), ValueError("bug")]
of_any_kind = pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)


class Broken:
    """Raises at whatever is done with it."""

    def __init__(self, failure: Exception) -> None:
        vars(self)["failure"] = failure

    def __getattr__(self, name: str) -> Any:
        raise vars(self)["failure"]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise vars(self)["failure"]


class BrokenSink(MemorySink):
    def __init__(self, failure: Exception) -> None:
        super().__init__()
        self.failure = failure

    def write(self, line: bytes) -> None:
        raise self.failure


def hello_of(pipeline: Pipeline, path: str = "/", **options: Any) -> TestResponse:
    app = Flask("shop")
    app.logger.disabled = True
    WideEvents(app, pipeline=pipeline)
    register_error_handlers(app)
    app.add_url_rule("/", "index", lambda: str(g.wide_event.add_context(seen=True) is not None))
    app.add_url_rule("/stream", "stream", lambda: Response(iter(["Tr", "ue"])))
    app.add_url_rule("/broken", "broken", lambda: 1 / 0)
    return app.test_client().get(path, **options)


@of_any_kind
@pytest.mark.parametrize("path", ["/", "/stream"])
def test_a_sink_that_fails_costs_a_line_and_is_counted(failure: Exception, path: str):
    pipeline = Pipeline(Settings(sample_default=1.0), sinks=[BrokenSink(failure)])
    assert hello_of(pipeline, path).text == "True"
    assert pipeline.stats() == {"kept.rate": 1, "lost.BrokenSink": 1}


@of_any_kind
def test_an_enricher_that_fails_costs_its_fields(failure: Exception):
    def enricher(event: object) -> None:
        raise failure

    sink = MemorySink()
    pipeline = Pipeline(Settings(sample_default=1.0), sinks=[sink], enrichers=[enricher])
    assert hello_of(pipeline).text == "True"
    assert sink.events[0]["failed_enrichers"] == ["enricher"]
    assert pipeline.stats()["enricher_failed"] == 1


@of_any_kind
@pytest.mark.parametrize("part", ["policy", "redact", "service", "settings", "outlets", "enrichers"])
@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/stream", 200), ("/broken", 500), ("/no", 404)])
def test_a_pipeline_with_a_broken_part_fails_no_request(
    failure: Exception, part: str, path: str, status: int
):
    sink = MemorySink()
    pipeline = keeping_all(sink)
    setattr(pipeline, part, Broken(failure))
    if part == "settings":
        with pytest.raises(type(failure)):  # at the start, settings may complain
            hello_of(pipeline)
        return
    answer = hello_of(pipeline, path, headers={"X-Request-ID": "r-1"})
    assert answer.get_data() is not None
    assert (answer.status_code, answer.headers["X-Request-ID"]) == (status, "r-1")
    assert len(sink.events) or pipeline.stats()["pipeline_failed"] == 1


@of_any_kind
def test_settings_that_break_after_the_start_fail_no_request(failure: Exception, shop: Observed):
    register_error_handlers(shop.app)
    shop.pipeline.settings = Broken(failure)  # type: ignore[assignment]
    assert shop.get().text == "hello"
    assert shop.get("/nowhere").get_json()["error"]["code"] == "ERR_4004"
    assert len(shop.events) == 2


@of_any_kind
def test_a_broken_pipeline_behind_the_event_fails_no_request(failure: Exception, shop: Observed):
    shop.app.wsgi_app.pipeline = BrokenPipeline(shop.pipeline, failure)  # type: ignore[attr-defined]
    answer = shop.get()
    assert answer.text == "hello"
    assert shop.pipeline.stats() == {"door_failed": 1}


class BrokenPipeline:
    """Can count and nothing else."""

    def __init__(self, pipeline: Pipeline, failure: Exception) -> None:
        self.health = pipeline.health
        self.emit = self.discard = Broken(failure)


@pytest.mark.parametrize("key", ["HTTP_USER_AGENT", "HTTP_REFERER", "PATH_INFO", "REQUEST_METHOD"])
def test_an_environ_that_no_server_makes_is_served_without_an_event(key: str):
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [])
        return [b"hello"]

    sink = MemorySink()
    pipeline = keeping_all(sink)
    seen = []
    wrapped = WideEventMiddleware(application, pipeline)
    assert wrapped({key: 5}, lambda *said: seen.append(said)) == [b"hello"]
    assert seen == [("200 OK", [])]
    assert (sink.events, pipeline.stats()) == ([], {"door_failed": 1})


def test_a_client_address_that_is_no_text_costs_the_event_alone():
    sink = MemorySink()
    pipeline = keeping_all(sink, client_ip="truncate")
    assert hello_of(pipeline, environ_overrides={"REMOTE_ADDR": 5}).text == "True"
    assert pipeline.stats()["door_failed"] == 1


def test_a_body_of_no_bytes_is_the_server_s_to_refuse():
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[Any]:
        start_response("200 OK", [])
        return [None]

    sink = MemorySink()
    pipeline = keeping_all(sink)
    body = WideEventMiddleware(application, pipeline)({}, lambda *_: None)
    made: Iterator[Any] = iter(body)
    with pytest.raises(TypeError):
        list(made)
    body.close()  # type: ignore[attr-defined]
    assert pipeline.stats()["door_failed"] == 1
    assert len(sink.events) == 1


def test_a_view_with_a_broken_mark_of_a_decorator_is_served(observe: Callable[..., Observed]):
    shop = observe()

    def view() -> str:
        return "hello"

    view._wide_events_route = 5  # type: ignore[attr-defined]
    shop.app.add_url_rule("/", "index", view)
    assert shop.get().text == "hello"
    assert shop.pipeline.stats() == {"door_failed": 1, "kept.rate": 1}
    assert shop.event["status_code"] == 200
