"""Routes and their decorators: how a unit of work is called, and which of them are kept."""

from __future__ import annotations

from functools import partial, wraps
from typing import TYPE_CHECKING, Any

import pytest
from flask import Blueprint, Response, abort, g
from flask.views import MethodView, View

from wide_events.exceptions import ConfigurationError
from wide_events.integrations.flask import always_keep, name_operation, sample, skip

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integrations.conftest import Observed


def hello(**_: Any) -> str:
    return "hello"


def wrapping(view: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator as most are written."""

    @wraps(view)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return wrapped


@pytest.fixture
def quiet(observe: Callable[..., Observed]) -> Observed:
    """An application that keeps nothing by chance."""
    return observe(sample_default=0.0)


# ---- names -------------------------------------------------------------------------------------------------


def test_a_route_tells_its_endpoint_and_its_rule_and_never_its_values(observe: Callable[..., Observed]):
    shop = observe()
    shop.app.add_url_rule("/trips/<int:trip>", "trip", lambda trip: g.wide_event.operation)
    assert shop.get("/trips/42").text == "trip"
    event = shop.event
    assert (event["operation"], event["route"], event["endpoint"]) == ("trip", "/trips/<int:trip>", "trip")
    assert event["path"] == "/trips/42"
    assert "blueprint" not in event


def test_nested_blueprints_are_told_with_their_parents(observe: Callable[..., Observed]):
    shop = observe()
    parent, child = Blueprint("api", __name__), Blueprint("v1", __name__)
    child.add_url_rule("/trips", "trips", hello)
    parent.register_blueprint(child, url_prefix="/v1")
    shop.app.register_blueprint(parent, url_prefix="/api")
    shop.get("/api/v1/trips")
    event = shop.event
    assert (event["blueprint"], event["endpoint"]) == ("api.v1", "api.v1.trips")
    assert (event["operation"], event["route"]) == ("api.v1.trips", "/api/v1/trips")


def test_two_rules_of_one_endpoint_are_told_apart(observe: Callable[..., Observed]):
    shop = observe()
    shop.app.add_url_rule("/a", "hello", hello)
    shop.app.add_url_rule("/b", "hello", hello)
    for path in ("/a", "/b", "/a"):
        shop.get(path)
    assert [event["route"] for event in shop.events] == ["/a", "/b", "/a"]


def test_class_based_views_are_views(observe: Callable[..., Observed]):
    class Ping(View):
        def dispatch_request(self) -> str:
            return g.wide_event.add_context(seen=True).operation

    class Trip(MethodView):
        def post(self) -> tuple[str, int]:
            return "made", 201

    shop = observe()
    shop.app.add_url_rule("/ping", view_func=Ping.as_view("ping"))
    shop.app.add_url_rule("/trip", view_func=Trip.as_view("trip"))
    shop.get("/ping")
    shop.open("/trip", method="POST")
    shop.get("/trip")
    told = [(e["operation"], e["status_code"]) for e in shop.events]
    assert told == [("ping", 200), ("trip", 201), ("GET <unmatched>", 405)]


def test_async_views_have_the_event(observe: Callable[..., Observed]):
    async def view() -> str:
        with g.wide_event.timer("work"):
            return g.wide_event.add_context(seen=True).operation

    async def failing() -> str:
        raise ValueError("broken")

    shop = observe()
    shop.app.add_url_rule("/", "index", view)
    shop.app.add_url_rule("/failing", "failing", failing)
    assert shop.get().text == "index"
    shop.get("/failing")
    first, second = shop.events
    assert (first["seen"], list(first["performance_breakdown"])) == (True, ["work_ms"])
    assert second["error"]["location"].endswith("in failing")


def test_partials_and_methods_are_views(observe: Callable[..., Observed]):
    class Views:
        @name_operation("of_a_method")
        def method(self) -> str:
            return "method"

    views = Views()
    shop = observe()
    shop.app.add_url_rule(
        "/partial", "partial", partial(name_operation("of_a_partial")(wrapping(hello)), n=1)
    )
    shop.app.add_url_rule("/method", "method", views.method)
    shop.app.add_url_rule("/bound", "bound", name_operation("bound")(Views().method))
    for path in ("/partial", "/method", "/bound"):
        assert shop.get(path).status_code == 200
    assert [event["operation"] for event in shop.events] == ["of_a_partial", "bound", "bound"]


def test_static_files_are_told_by_their_route(observe: Callable[..., Observed]):
    shop = observe()
    shop.get("/static/missing.css")
    assert (shop.event["operation"], shop.event["route"]) == ("static", "/static/<path:filename>")
    assert shop.event["status_code"] == 404


# ---- decorators --------------------------------------------------------------------------------------------


def test_skip_leaves_no_line_but_is_counted(observe: Callable[..., Observed]):
    shop = observe()
    shop.app.get("/ping")(skip(wrapping(hello)))
    assert shop.get("/ping").headers["X-Request-ID"]
    assert shop.events == []
    assert shop.pipeline.stats() == {"dropped.skipped": 1}


@pytest.mark.parametrize("failure", [ValueError("broken"), SystemExit(1)], ids=repr)
def test_skip_holds_when_the_view_fails(failure: BaseException, observe: Callable[..., Observed]):
    shop = observe()

    @shop.app.get("/ping")
    @skip
    def ping() -> str:
        g.wide_event.keep()
        raise failure

    shop.app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(type(failure)):
        shop.get("/ping")
    assert shop.events == []
    assert shop.pipeline.stats() == {"dropped.skipped": 1}


def test_skip_holds_for_streams(observe: Callable[..., Observed]):
    shop = observe()
    shop.app.get("/ping")(skip(lambda: Response(iter(["a", "b"]))))
    assert shop.get("/ping").text == "ab"
    assert shop.pipeline.stats() == {"dropped.skipped": 1}


def test_always_keep_keeps(quiet: Observed):
    quiet.app.get("/sale")(always_keep(wrapping(hello)))
    quiet.get("/sale")
    assert (quiet.event["sample_reason"], quiet.event["sample_rate"]) == ("always_keep", 1)


def test_sample_gives_a_view_a_rate_of_its_own(quiet: Observed, observe: Callable[..., Observed]):
    quiet.app.get("/sampled")(sample(1)(wrapping(hello)))
    quiet.get("/sampled")
    assert (quiet.event["sample_reason"], quiet.event["sample_weight"]) == ("rate", 1)
    loud = observe()
    loud.app.get("/sampled")(sample(0.0)(wrapping(hello)))
    loud.get("/sampled")
    assert loud.events == []
    assert loud.pipeline.stats() == {"dropped.rate": 1}


def test_sample_does_not_hide_failures(quiet: Observed):
    quiet.app.get("/sampled")(sample(0)(lambda: abort(500)))
    quiet.get("/sampled")
    assert quiet.event["sample_reason"] == "error"


@pytest.mark.parametrize("rate", [-0.1, 1.1, "half", None, float("nan")])
def test_a_rate_that_is_none_is_refused(rate: Any):
    with pytest.raises(ConfigurationError, match="is not a rate: use a number from 0 to 1"):
        sample(rate)


def test_name_operation_renames_and_is_known_in_the_view(observe: Callable[..., Observed]):
    shop = observe(sample_default=0.0, sample_rates={"telemetry": 1.0})

    @shop.app.post("/t")
    @name_operation("telemetry.upload")
    def upload() -> str:
        return g.wide_event.operation

    assert shop.open("/t", method="POST").text == "telemetry.upload"
    assert (shop.event["operation"], shop.event["endpoint"]) == ("telemetry.upload", "upload")


@pytest.mark.parametrize("order", ["below", "above", "around", "below_wrapped"])
def test_decorators_work_below_and_above_the_route_and_through_others(order: str, quiet: Observed):
    route, ours = quiet.app.get("/sale"), name_operation("sold")
    orders = {
        "below": [always_keep, ours, route],
        "above": [route, ours, always_keep],
        "below_wrapped": [ours, wrapping, always_keep, wrapping, route],
        "around": [ours, route, always_keep],
    }

    def view() -> str:
        return "sold"

    for decorator in orders[order]:
        view = decorator(view)
    quiet.get("/sale")
    assert (quiet.event["operation"], quiet.event["sample_reason"]) == ("sold", "always_keep")


def test_decorators_hold_for_class_based_views(quiet: Observed):
    @always_keep
    class Base(MethodView):
        def get(self) -> str:
            return "got"

    @name_operation("renamed")
    class Renamed(Base):
        pass

    class Listed(MethodView):
        decorators = [always_keep, wrapping]  # noqa: RUF012 - it is how Flask wants it

        def get(self) -> str:
            return "got"

    views = {"base": Base, "changed": Renamed, "listed": Listed}
    for name, view in views.items():
        quiet.app.add_url_rule(f"/{name}", view_func=view.as_view(name))
    for name in views:
        quiet.get(f"/{name}")
    assert [event["operation"] for event in quiet.events] == ["base", "renamed", "listed"]


def test_a_function_under_a_decorated_wrapper_is_another_view(observe: Callable[..., Observed]):
    shop = observe()
    shop.app.add_url_rule("/ping", "ping", skip(wrapping(hello)))
    shop.app.add_url_rule("/hello", "hello", hello)
    shop.get("/ping")
    shop.get("/hello")
    assert shop.event["operation"] == "hello"


def test_views_without_decorators_are_left_to_the_policy(quiet: Observed):
    quiet.app.get("/sale")(wrapping(hello))
    quiet.get("/sale")
    assert quiet.pipeline.stats() == {"dropped.rate": 1}
