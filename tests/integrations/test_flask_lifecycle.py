"""From the first hook to the last callback: which event is at hand, and where there is none."""

from __future__ import annotations

import contextvars
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from inspect import signature
from typing import TYPE_CHECKING, Any

import pytest
from flask import Blueprint, Flask, Response, current_app, g, render_template_string
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from tests.integrations.conftest import keeping_all
from wide_events import (
    Pipeline,
    Settings,
    WideEvent,
    current_event,
    log_business_event,
    propagate,
    track_operation,
)
from wide_events.context import enter
from wide_events.exceptions import ConfigurationError
from wide_events.integrations.flask import WideEvents
from wide_events.sinks import MemorySink

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integrations.conftest import Observed


def test_the_event_is_the_same_in_every_hook_helper_and_handler(observe: Callable[..., Observed]):
    shop, seen = observe(), {}

    def note(place: str, result: Any = None) -> Any:
        seen[place] = (g.wide_event, current_event())
        return result

    app = shop.app
    app.url_value_preprocessor(lambda *_: note("url_value_preprocessor"))
    app.before_request(lambda: note("before_request"))
    app.after_request(lambda response: note("after_request", response))
    app.teardown_request(lambda _: note("teardown_request"))
    app.teardown_appcontext(lambda _: note("teardown_appcontext"))
    app.context_processor(lambda: note("context_processor", {}))
    app.register_error_handler(KeyError, lambda _: note("errorhandler", ("sorry", 400)))

    def view() -> str:
        note("view")
        render_template_string("{{ 1 }}")
        return {}["missing"]

    app.add_url_rule("/", "index", view)
    shop.get()
    assert len(seen) == 8
    assert {id(event) for pair in seen.values() for event in pair} == {id(seen["view"][0])}
    assert seen["view"][0].request_id == shop.event["request_id"]


def test_g_can_be_asked_for_the_event_in_every_way(observe: Callable[..., Observed]):
    shop = observe()

    def view() -> str:
        g.other = 1
        assert "wide_event" in g
        assert "other" in g
        assert "missing" not in g
        assert g.get("wide_event") is g.wide_event is getattr(g, "wide_event", None)
        assert g.get("other") == 1
        assert g.get("missing", 2) == 2
        assert list(g) == ["other"]
        return "done"

    shop.app.add_url_rule("/", "index", view)
    assert shop.get().status_code == 200


def test_a_view_called_by_hand_is_no_request(shop: Observed):
    takes_context = "ctx" in signature(Flask.full_dispatch_request).parameters
    with shop.app.test_request_context("/") as context:
        answer = shop.app.full_dispatch_request(*([context] if takes_context else []))
    assert answer.get_data() == b"hello"
    assert shop.events == []


def test_bare_contexts_leave_no_event(shop: Observed):
    for context in (shop.app.app_context(), shop.app.test_request_context("/")):
        with context:
            g.wide_event.add_context(nobody="hears this")
            assert g.wide_event is current_event()
    assert shop.events == []
    assert shop.pipeline.stats() == {}


def test_a_bare_context_inside_a_request_has_the_event_of_the_request(observe: Callable[..., Observed]):
    shop = observe()

    def view() -> str:
        outer = g.wide_event
        with shop.app.app_context():
            assert g.wide_event is outer
        with shop.app.test_request_context("/other"):
            assert g.wide_event is outer
        return "done"

    shop.app.add_url_rule("/", "index", view)
    shop.get()
    assert shop.event["path"] == "/"


def test_an_operation_inside_a_request_has_an_event_of_its_own_and_g_keeps_the_request_s(
    observe: Callable[..., Observed],
):
    shop = observe()

    def view() -> str:
        with track_operation("import") as operation:
            assert current_event() is operation is not g.wide_event
            assert g.wide_event.operation == "index"
        log_business_event("sold", amount=3)
        return "done"

    shop.app.add_url_rule("/", "index", view)
    shop.get()
    assert [event["operation"] for event in shop.events] == ["import", "sold", "index"]
    assert len({event["trace_id"] for event in shop.events}) == 1


def test_an_operation_around_an_application_context_is_what_g_shows(observe: Callable[..., Observed]):
    shop = observe()
    with (
        shop.app.app_context(),
        track_operation("job", pipeline=shop.pipeline) as job,
        track_operation("step"),
    ):
        assert g.wide_event is job
    assert [event["operation"] for event in shop.events] == ["step", "job"]


def test_a_context_that_outlived_its_request_gives_way_to_what_runs_now(shop: Observed):
    with shop.app.test_client() as client:
        client.get("/")
        with track_operation("job", pipeline=shop.pipeline) as job:
            assert g.wide_event is job


def test_threads_of_a_request_have_its_event(observe: Callable[..., Observed]):
    shop = observe()

    def view() -> str:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(propagate(lambda n: current_event().increment("n", n)), range(5)))
            pool.submit(contextvars.copy_context().run, lambda: g.wide_event.increment("copied")).result()
        return "done"

    shop.app.add_url_rule("/", "index", view)
    shop.get()
    assert shop.event["technical_metrics"] == {"n": 10, "copied": 1}


def test_many_requests_at_once_do_not_mix(observe: Callable[..., Observed]):
    shop = observe()

    def view(n: int) -> str:
        for _ in range(20):
            assert current_event() is g.wide_event
            g.wide_event.increment("n", n)
        return "done"

    shop.app.add_url_rule("/<int:n>", "index", view)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: shop.get(f"/{n}"), range(1, 101)))
    assert {event["path"]: event["technical_metrics"]["n"] for event in shop.events} == {
        f"/{n}": n * 20 for n in range(1, 101)
    }


def test_an_event_that_the_view_emitted_by_hand_is_written_once_and_blames_nobody(
    observe: Callable[..., Observed],
):
    shop = observe()
    shop.app.add_url_rule("/", "index", lambda: g.wide_event.emit() and "done")
    shop.app.add_url_rule("/stream", "stream", lambda: g.wide_event.emit() and Response(iter(["a", "b"])))
    assert shop.get().text == "done"
    assert shop.get("/stream").text == "ab"
    answer = shop.app.test_client().get("/stream")
    answer.close()
    assert len(shop.events) == 3
    assert "late_writes" not in shop.pipeline.stats()


def test_an_environ_that_is_used_again_is_another_request(shop: Observed):
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.url_scheme": "http", "SERVER_NAME": "x"}
    environ["SERVER_PORT"] = "80"
    for _ in range(2):
        shop.app(environ, lambda *_: None).close()
    assert len({event["request_id"] for event in shop.events}) == 2


# ---- applications ------------------------------------------------------------------------------------------


def test_a_factory_instruments_with_init_app():
    sink = MemorySink()
    extension = WideEvents(pipeline=keeping_all(sink))

    def create_app(name: str) -> Flask:
        app = Flask(name)
        extension.init_app(app)
        app.add_url_rule("/", "index", lambda: current_app.name)
        return app

    for name in ("one", "two"):
        assert create_app(name).test_client().get("/").text == name
    assert len(sink.events) == 2


def test_init_app_twice_instruments_once(shop: Observed):
    WideEvents(shop.app).init_app(shop.app)
    shop.get()
    assert shop.event["operation"] == "index"
    assert shop.app.extensions["wide_events"].pipeline is shop.pipeline


def test_instrumenting_after_the_first_request_works(observe: Callable[..., Observed]):
    app = Flask("shop")
    app.add_url_rule("/", "index", lambda: "hello")
    app.test_client().get("/")
    shop = observe(app)
    shop.get()
    assert shop.event["operation"] == "index"


def test_settings_come_from_the_environment_and_the_application_names_the_service(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.delenv("SERVICE_NAME", raising=False)
    monkeypatch.setenv("APP_VERSION", "3.2.1")
    app = Flask("volttracker")
    WideEvents(app)
    settings = app.extensions["wide_events"].pipeline.settings
    assert (settings.service_name, settings.app_version) == ("volttracker", "3.2.1")


def test_a_copied_context_in_a_thread_finds_the_event_of_its_request(shop: Observed):
    def view() -> str:
        with track_operation("part"):
            context = contextvars.copy_context()
        context.run(enter, WideEvent("another"))
        with ThreadPoolExecutor(1) as pool:
            return str(pool.submit(context.run, lambda: g.wide_event is request_event).result())

    def note() -> None:
        nonlocal request_event
        request_event = g.wide_event

    request_event: object = None
    shop.app.before_request(note)
    shop.app.add_url_rule("/copied", "copied", view)
    assert shop.get("/copied").text == "True"


def test_settings_given_in_code_hold(monkeypatch: pytest.MonkeyPatch):
    app = Flask("volttracker")
    WideEvents(app, settings=Settings(service_name="given"))
    assert app.extensions["wide_events"].pipeline.settings.service_name == "given"


def test_a_bad_setting_stops_the_start(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LOG_SAMPLE_DEFAULT", "abc")
    with pytest.raises(ConfigurationError, match="LOG_SAMPLE_DEFAULT='abc' is not a rate"):
        WideEvents(Flask("volttracker"))


def test_applications_in_one_process_do_not_share(observe: Callable[..., Observed]):
    shop, office = observe(), observe(Flask("office"))
    shop.app.add_url_rule("/", "index", lambda: office.app.test_client().get("/desk").text)
    office.app.add_url_rule("/desk", "desk", lambda: g.wide_event.operation)
    assert shop.get().text == "desk"
    assert shop.event["operation"] == "index"
    assert office.event["operation"] == "desk"


def test_an_application_without_the_library_inside_a_request_leaves_no_event(
    observe: Callable[..., Observed],
):
    shop, other = observe(), Flask("other")
    other.add_url_rule("/", "other", lambda: str("wide_event" in g))
    shop.app.add_url_rule("/", "index", lambda: other.test_client().get("/").text)
    assert shop.get().text == "False"
    assert shop.event["operation"] == "index"


def test_dispatched_applications_leave_one_event_each(observe: Callable[..., Observed]):
    shop, office = observe(), observe(Flask("office"))
    for observed in (shop, office):
        observed.app.add_url_rule("/", "index", lambda: g.wide_event.operation)
    client = Client(DispatcherMiddleware(shop.app, {"/office": office.app}))
    assert client.get("/").text == client.get("/office/").text == "index"
    assert (shop.event["path"], office.event["path"]) == ("/", "/office/")


def test_an_application_nested_in_another_s_wrapper_adds_to_the_outer_event(
    observe: Callable[..., Observed],
):
    office = observe(Flask("office"))
    office.app.add_url_rule("/desk", "desk", lambda: g.wide_event.operation)
    app = Flask("shop")
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/office": office.app})  # type: ignore[method-assign]
    shop = observe(app)
    assert shop.get("/office/desk").text == "desk"
    assert (shop.event["route"], shop.event["path"]) == ("/desk", "/office/desk")
    assert office.events == []


def test_an_application_called_with_the_same_environ_leaves_the_name_to_the_outer_one(
    observe: Callable[..., Observed],
):
    shop, office = observe(), observe(Flask("office"))
    office.app.add_url_rule("/", "desk", lambda: "desk")
    shop.app.add_url_rule("/", "index", lambda: office.app)
    assert shop.get().text == "desk"
    assert (shop.event["operation"], office.events) == ("index", [])


@pytest.mark.parametrize("outside", [True, False])
def test_the_client_is_the_one_that_a_proxy_fix_found(outside: bool, observe: Callable[..., Observed]):
    app = Flask("shop")
    shop = observe(app) if outside else None
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    shop = shop or observe(app)
    app.add_url_rule("/", "index", lambda: "hello")
    shop.get(headers={"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"})
    assert (shop.event["remote_addr"], shop.event["scheme"]) == ("203.0.113.9", "https")


def test_other_middleware_and_extensions_keep_their_places(observe: Callable[..., Observed]):
    class Overriding(Flask):
        def wsgi_app(self, environ: Any, start_response: Any) -> Any:
            return super().wsgi_app(environ, start_response)

    app = Overriding("shop")
    app.handle_user_exception = partial(app.handle_user_exception)  # type: ignore[method-assign]
    shop = observe(app)
    app.add_url_rule("/", "index", lambda: "hello")
    assert shop.get().text == "hello"
    assert shop.event["route"] == "/"


def test_blueprint_hooks_see_the_event(observe: Callable[..., Observed]):
    shop = observe()
    api = Blueprint("api", __name__, url_prefix="/api")
    api.before_request(lambda: g.wide_event.add_context(hook="before") and None)
    api.after_request(lambda response: g.wide_event.add_context(after="yes") and response)
    api.register_error_handler(KeyError, lambda _: ("sorry", 409))
    api.add_url_rule("/", "index", lambda: {}["missing"])
    shop.app.register_blueprint(api)
    shop.get("/api/")
    event = shop.event
    assert (event["hook"], event["after"], event["status_code"]) == ("before", "yes", 409)
    assert event["handled_errors"][0]["type"] == "KeyError"


def test_the_pipeline_of_an_application_is_its_own_by_default():
    apps = [Flask("one"), Flask("two")]
    for app in apps:
        WideEvents(app, settings=Settings())
    one, two = (app.extensions["wide_events"].pipeline for app in apps)
    assert isinstance(one, Pipeline)
    assert one is not two
