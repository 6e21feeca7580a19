"""Applications put together by chance: they answer as without the library, and leave one true event."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, abort, redirect, request, send_file, stream_with_context
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.integrations.conftest import keeping_all
from tests.integrations.flows import common_headers
from wide_events.integrations.flask import WideEvents
from wide_events.sinks import MemorySink

if TYPE_CHECKING:
    from collections.abc import Iterator


def broken(*_: object) -> Any:
    raise ValueError("broken")


def leaving() -> str:
    raise SystemExit(3)


def chunks() -> Iterator[str]:
    yield "one"
    yield request.path if request else "two"


def broken_chunks() -> Iterator[str]:
    yield "one"
    broken()


def created(response: Response) -> Response:
    response.status_code = 201
    return response


VIEWS: dict[str, Any] = {
    "text": lambda: "hello",
    "unicode": lambda: "tschüß",
    "json": lambda: {"a": [1, 2]},
    "status": lambda: ("made", 201, {"X-Made": "yes"}),
    "empty": lambda: ("body", 204),
    "not modified": lambda: ("", 304),
    "unavailable": lambda: ("later", 503),
    "redirect": lambda: redirect("/elsewhere"),
    "abort": lambda: abort(404),
    "abort 500": lambda: abort(500),
    "abort answer": lambda: abort(Response("teapot", 418)),
    "raise": broken,
    "nothing": lambda: None,
    "exit": leaving,
    "stream": lambda: iter(["a", "b"]),
    "stream with context": lambda: stream_with_context(chunks()),
    "broken stream": broken_chunks,
    "stream with length": lambda: Response(iter(["a", "b"]), headers={"Content-Length": "2"}),
    "file": lambda: send_file(io.BytesIO(b"x" * 9000), "text/plain"),
    "echo": lambda: request.get_data(cache=True),
    "cookie": lambda: Response("hello", headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]),
}
BEFORE = {"nothing": lambda: None, "answer": lambda: "early", "raise": broken, "abort": lambda: abort(403)}
AFTER = {"nothing": lambda response: response, "raise": broken, "change": created}
TEARDOWN = {"nothing": lambda _: None, "raise": broken}
HANDLERS: dict[str, tuple[Any, Any] | None] = {
    "none": None,
    "all": (Exception, lambda _: "never mind"),
    "value": (ValueError, lambda _: ("sorry", 422)),
    "500": (500, lambda _: ("sorry", 500)),
    "raise": (ValueError, lambda _: {}["missing"]),
}

plans = st.fixed_dictionaries(
    {
        "view": st.sampled_from(sorted(VIEWS)),
        "before": st.sampled_from(sorted(BEFORE)),
        "after": st.sampled_from(sorted(AFTER)),
        "teardown": st.sampled_from(sorted(TEARDOWN)),
        "handler": st.sampled_from(sorted(HANDLERS)),
        "propagate": st.sampled_from([None, True]),
        "instrument_first": st.booleans(),
        "method": st.sampled_from(["GET", "GET", "POST", "HEAD", "OPTIONS", "DELETE"]),
        "path": st.sampled_from(["/", "/", "/", "/nowhere", "/trips", "/%ff%0a"]),
        "data": st.binary(max_size=20),
    }
)


def application(plan: dict[str, Any], extension: WideEvents | None) -> Flask:
    app = Flask("shop")
    app.logger.disabled = True
    app.config["PROPAGATE_EXCEPTIONS"] = plan["propagate"]
    if extension is not None and plan["instrument_first"]:
        extension.init_app(app)
    app.add_url_rule("/", "index", VIEWS[plan["view"]], methods=["GET", "POST"])
    app.add_url_rule("/trips/", "trips", lambda: "trips")
    app.before_request(BEFORE[plan["before"]])
    app.after_request(AFTER[plan["after"]])
    app.teardown_request(TEARDOWN[plan["teardown"]])
    handler = HANDLERS[plan["handler"]]
    if handler is not None:
        app.register_error_handler(*handler)
    if extension is not None:
        extension.init_app(app)
    return app


def answer_of(plan: dict[str, Any], extension: WideEvents | None) -> tuple[Any, ...]:
    client = application(plan, extension).test_client()
    try:
        with client.open(plan["path"], method=plan["method"], data=plan["data"]) as answer:
            body = answer.get_data()
    except BaseException as escaped:  # noqa: BLE001 - some of them are none of Exception's
        return type(escaped), str(escaped)
    return answer.status, common_headers(answer), body


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plan=plans)
def test_an_application_answers_as_without_the_library_and_leaves_one_true_event(plan: dict[str, Any]):
    # a stream that nobody reads leaves its context whenever Python collects it, outside of any request
    assume(plan["view"] != "stream with context" or "raise" not in (plan["after"], plan["teardown"]))
    sink = MemorySink()
    bare = answer_of(plan, None)
    observed = answer_of(plan, WideEvents(pipeline=keeping_all(sink)))
    assert observed == bare
    (event,) = sink.events
    escaped = isinstance(bare[0], type)
    status = event["status_code"]
    assert escaped or status == int(bare[0][:3])
    assert (event["outcome"] == "error") is (escaped or status >= 500 or "error" in event)
    assert not escaped or event["error"]["type"]
    assert escaped or event["response_bytes"] == len(bare[2])
