"""What Flask does that its hooks do not show, situation by situation: one event all the same."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, abort, copy_current_request_context, g, request, stream_with_context
from freezegun import freeze_time

from wide_events import current_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integrations.conftest import Observed


def broken(*_: object) -> Any:
    raise ValueError("broken")


def test_a_generator_body_runs_after_teardown_and_still_writes_to_its_event(observe: Callable[..., Observed]):
    shop, order = observe(), []

    def view() -> Iterator[str]:
        event = g.wide_event

        def body() -> Iterator[str]:
            order.append("chunk")
            assert current_event() is event
            event.increment("chunks")
            yield "one"
            yield "two"

        return body()

    shop.app.teardown_request(lambda _: order.append("teardown"))
    shop.app.add_url_rule("/", "index", view)
    shop.get()
    assert order == ["teardown", "chunk"]
    assert shop.event["technical_metrics"] == {"chunks": 1}
    assert shop.event["response_bytes"] == 6


def test_an_error_of_a_generator_body_reaches_only_the_server_and_the_event(
    observe: Callable[..., Observed],
):
    shop, seen = observe(), []

    def body() -> Iterator[str]:
        yield "one"
        broken()

    shop.app.teardown_request(seen.append)
    shop.app.add_url_rule("/", "index", body)
    with pytest.raises(ValueError, match="broken"):
        shop.get()
    assert seen == [None]
    assert shop.event["error"]["message"] == "broken"
    assert (shop.event["status_code"], shop.event["outcome"]) == (200, "error")


def test_stream_with_context_may_tear_down_twice_and_leaves_one_event(observe: Callable[..., Observed]):
    shop, torn = observe(), []

    def view() -> Any:
        def body() -> Iterator[str]:
            g.wide_event.increment("chunks")
            yield request.path
            g.wide_event.increment("chunks")

        return stream_with_context(body())

    shop.app.teardown_request(torn.append)
    shop.app.add_url_rule("/", "index", view)
    shop.get()
    assert torn
    assert shop.event["technical_metrics"] == {"chunks": 2}


def test_a_client_as_context_tears_down_twice_and_leaves_one_event(shop: Observed):
    torn = []
    shop.app.teardown_request(torn.append)
    with shop.app.test_client() as client:
        client.get("/")
        assert g.wide_event.sealed
        assert not current_event().context
        client.get("/")
        assert g.wide_event.request_id == shop.sink.events[1]["request_id"]
    assert torn
    assert len(shop.events) == 2


def test_an_outer_application_context_shares_g_and_shows_no_stale_event(observe: Callable[..., Observed]):
    shop, seen = observe(), []
    shop.app.add_url_rule("/", "index", lambda: seen.append(g.wide_event) or "hello")
    with shop.app.app_context():
        assert g.wide_event is current_event()
        shop.get()
        assert g.wide_event is current_event()
        shop.get()
    assert seen[0] is not seen[1]
    assert [event.request_id for event in seen] == [event["request_id"] for event in shop.events]


def test_a_client_used_inside_a_view_has_an_event_of_its_own(observe: Callable[..., Observed]):
    shop = observe()

    def outer() -> str:
        before = g.wide_event.add_context(place="outer")
        answer = shop.app.test_client().get("/inner").text
        assert g.wide_event is before is current_event()
        return answer

    def inner() -> str:
        g.wide_event.add_context(place="inner")
        return "inner"

    shop.app.add_url_rule("/outer", "outer", outer)
    shop.app.add_url_rule("/inner", "inner", inner)
    shop.get("/outer")
    assert [(e["operation"], e["place"]) for e in shop.events] == [("inner", "inner"), ("outer", "outer")]


def test_a_copied_context_in_another_thread_tears_down_again_and_has_the_same_event(
    observe: Callable[..., Observed],
):
    shop, torn = observe(), []

    def view() -> str:
        @copy_current_request_context
        def work() -> None:
            assert g.wide_event is event
            g.wide_event.increment("worked")

        event = g.wide_event
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return "done"

    shop.app.teardown_request(torn.append)
    shop.app.add_url_rule("/", "index", view)
    shop.get()
    assert len(torn) >= 1
    assert shop.event["technical_metrics"] == {"worked": 1}


def test_a_copied_context_that_outlives_its_request_finds_the_event_sealed(observe: Callable[..., Observed]):
    shop, works = observe(), []

    def view() -> str:
        works.append(copy_current_request_context(lambda: g.wide_event.add_context(late=True)))
        return "done"

    shop.app.add_url_rule("/", "index", view)
    shop.get()
    works[0]()
    assert "late" not in shop.event
    assert shop.pipeline.stats()["late_writes"] == 1


def test_another_extension_s_teardown_that_raises_costs_no_event(shop: Observed):
    shop.app.teardown_request(broken)
    with pytest.raises(Exception, match=r"broken|teardown"):
        shop.get()
    assert (shop.event["outcome"], shop.event["status_code"]) == ("error", 500)


def test_an_earlier_hook_that_returns_costs_no_event(observe: Callable[..., Observed]):
    app = Flask("shop")
    app.before_request(lambda: ("blocked", 403))
    app.add_url_rule("/", "index", broken)
    shop = observe(app)
    shop.get()
    assert (shop.event["status_code"], shop.event["operation"]) == (403, "index")


def test_an_earlier_hook_that_raises_costs_no_event(observe: Callable[..., Observed]):
    app = Flask("shop")
    app.before_request(broken)
    app.add_url_rule("/", "index", lambda: "hello")
    shop = observe(app)
    shop.get()
    assert (shop.event["status_code"], shop.event["error"]["type"]) == (500, "ValueError")


def test_an_exception_that_a_handler_took_is_on_the_event(observe: Callable[..., Observed]):
    shop, seen = observe(), []
    shop.app.teardown_request(seen.append)
    shop.app.register_error_handler(ValueError, lambda _: "never mind")
    shop.app.add_url_rule("/", "index", broken)
    shop.get()
    assert seen == [None]
    assert (shop.event["outcome"], shop.event["handled_errors"][0]["message"]) == ("success", "broken")


@pytest.mark.parametrize("setting", ["TESTING", "PROPAGATE_EXCEPTIONS"])
def test_an_exception_that_is_propagated_leaves_its_event(setting: str, shop: Observed):
    shop.app.config[setting] = True
    shop.app.add_url_rule("/broken", "broken", broken)
    with pytest.raises(ValueError, match="broken") as raised:
        shop.get("/broken")
    assert (shop.event["status_code"], shop.event["error"]["type"]) == (500, "ValueError")
    assert "handled_errors" not in shop.event
    assert raised.traceback[-1].name == "broken"


def test_another_hook_that_raises_after_the_view_leaves_its_event(shop: Observed):
    shop.app.after_request(broken)
    shop.get()
    assert (shop.event["status_code"], shop.event["error"]["type"]) == (500, "ValueError")


@pytest.mark.parametrize(("method", "status"), [("GET", 404), ("POST", 405)])
def test_an_unmatched_request_has_no_route_and_a_name_of_few_values(method: str, status: int, shop: Observed):
    shop.open("/secret/token-1" if status == 404 else "/", method=method)
    event = shop.event
    assert (event["status_code"], event["operation"]) == (status, f"{method} <unmatched>")
    assert not {"route", "endpoint", "blueprint", "handled_errors", "error"} & set(event)
    assert (event["outcome"], event["success"]) == ("success", True)


def test_a_client_that_leaves_early_is_seen_by_close_alone(observe: Callable[..., Observed]):
    shop, closed = observe(), []

    def body() -> Iterator[str]:
        try:
            yield "one"
            yield "two"
        finally:
            closed.append(current_event().request_id)

    shop.app.add_url_rule("/", "index", body)
    answer = shop.app.test_client().get("/")
    assert next(answer.iter_encoded()) == b"one"
    answer.close()
    assert closed == [shop.event["request_id"]]
    assert (shop.event["outcome"], shop.event["success"]) == ("disconnected", False)
    assert shop.event["response_bytes"] == 3
    assert "error" not in shop.event


def test_frozen_time_freezes_no_duration(observe: Callable[..., Observed]):
    shop = observe()
    waited = threading.Event()
    shop.app.add_url_rule("/", "index", lambda: str(waited.wait(0.02)))
    with freeze_time("2031-05-06 07:08:09"):
        answer = shop.get()
    assert shop.event["timestamp"] == "2031-05-06T07:08:09.000000Z"
    assert shop.event["duration_ms"] > 15
    assert int(answer.headers["X-Process-Time"]) > 15


def test_abort_in_a_hook_is_handled_and_no_failure(shop: Observed):
    shop.app.before_request(lambda: abort(401))
    shop.get()
    assert (shop.event["status_code"], shop.event["outcome"]) == (401, "success")
    assert shop.event["handled_errors"][0]["type"] == "werkzeug.exceptions.Unauthorized"
