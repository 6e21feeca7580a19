"""Every way through Flask: exactly one event, with the true end; the answer is the application's own."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from tests.integrations.flows import FLOWS, Flow, common_headers
from wide_events import current_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

numbers = count(1)


def named(flow: Flow) -> str:
    return f"{next(numbers)}-{flow.name}-{flow.method}-{flow.status}"


every_flow = pytest.mark.parametrize("flow", FLOWS, ids=named)


def answer_of(app: Flask, flow: Flow) -> tuple[Any, ...]:
    """What a client sees: status, headers but for ours, body; or what leaves the application."""
    try:
        with app.test_client().open(flow.path, method=flow.method) as answer:
            body = answer.get_data()
    except BaseException as escaped:  # noqa: BLE001 - some of them are none of Exception's
        return type(escaped), str(escaped)
    return answer.status, common_headers(answer), body


@every_flow
def test_a_flow_leaves_exactly_one_event_that_tells_its_true_end(flow: Flow, observe: Callable[..., Any]):
    shop = observe(flow.app())
    escaped = answer_of(shop.app, flow)[0]
    event = shop.event
    assert (event["status_code"], event["outcome"], event["operation"]) == (
        flow.status,
        flow.outcome,
        flow.operation,
    )
    error = event.get("error", {})
    assert error.get("type") == flow.error
    assert tuple(error["type"] for error in event.get("handled_errors", ())) == flow.handled
    assert isinstance(escaped, type) is (flow.escapes is not None)
    assert not [frame for frame in error.get("stack", ()) if "wide_events/" in frame]


@every_flow
def test_a_flow_answers_as_it_does_without_the_library(flow: Flow, observe: Callable[..., Any]):
    bare = answer_of(flow.app(), flow)
    for settings in ({}, {"sample_default": 0.0}):
        assert answer_of(observe(flow.app(), **settings).app, flow) == bare


@every_flow
def test_a_flow_leaves_nothing_current_and_counts_its_event(flow: Flow, observe: Callable[..., Any]):
    shop = observe(flow.app(), sample_default=0.0)
    answer_of(shop.app, flow)
    assert not current_event().context
    counted = shop.pipeline.stats()
    assert sum(n for name, n in counted.items() if name.startswith(("kept.", "dropped."))) == 1
    assert set(counted) == {"kept.error" if flow.outcome == "error" else "dropped.rate"}


@every_flow
def test_every_answer_of_the_application_carries_both_headers(flow: Flow, observe: Callable[..., Any]):
    shop = observe(flow.app())
    try:
        answer = shop.open(flow.path, method=flow.method, headers={"X-Request-ID": "asked-1"})
    except BaseException:  # noqa: BLE001 - the server answers then
        return
    assert answer.headers.getlist("X-Request-ID") in (["asked-1"], ["mine"])
    assert len(answer.headers.getlist("X-Process-Time")) == 1
    assert [shop.event["request_id"]] == answer.headers.getlist("X-Request-ID")
