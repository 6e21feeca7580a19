"""The verbs of an event: what each puts where, and that none raises, whatever it is given."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Any

import pytest

from tests.events import Unwilling, begun, line_of
from wide_events import ErrorCode, Pipeline, WideEvent
from wide_events.settings import Settings
from wide_events.sinks import MemorySink

# ---- what each verb puts where -----------------------------------------------------------------------------


def test_free_fields_lie_at_the_top_level():
    line = line_of(lambda event: event.add_context(plan="pro", seats=3, ratio=0.5, trial=False))
    assert (line["plan"], line["seats"], line["ratio"], line["trial"]) == ("pro", 3, 0.5, False)


@pytest.mark.parametrize(
    ("fill", "block", "content"),
    [
        (
            lambda e: e.add_user_context(user_id="u1", tier="free"),
            "user_context",
            {"user_id": "u1", "tier": "free"},
        ),
        (lambda e: e.add_vehicle_context(total_trips=145), "vehicle_context", {"total_trips": 145}),
        (lambda e: e.add_business_metric("trip_created", True), "business_metrics", {"trip_created": True}),
        (lambda e: e.add_technical_metric("rows", 7), "technical_metrics", {"rows": 7}),
        (lambda e: e.add_feature_flags(new_parser=True), "feature_flags", {"new_parser": True}),
        (lambda e: e.add_cost(vision=0.012, total=0.052), "costs", {"vision": 0.012, "total": 0.052}),
        (lambda e: e.add_tokens(input=812, output=230), "tokens", {"input": 812, "output": 230}),
        (lambda e: e.increment("hits").increment("hits", 2), "technical_metrics", {"hits": 3}),
        (lambda e: e.record_time("db", 2.5), "performance_breakdown", {"db_ms": 2.5}),
    ],
)
def test_each_verb_fills_its_own_block(fill: Any, block: str, content: dict[str, Any]):
    assert line_of(fill)[block] == content


def test_verbs_chain_and_blocks_grow():
    line = line_of(
        lambda e: (
            e.add_user_context(user_id="u1").add_user_context(tier="pro").mark_success().add_context(a=1)
        )
    )
    assert line["user_context"] == {"user_id": "u1", "tier": "pro"}


def test_a_field_without_a_value_is_absent():
    line = line_of(
        lambda e: e.add_context(gone=None, here=0).add_user_context(gone=None, deep={"gone": None})
    )
    assert "gone" not in line
    assert line["here"] == 0
    assert line["user_context"] == {"deep": {}}


def test_deep_values_are_copied_in_when_they_are_added():
    trip: dict[str, Any] = {"legs": [{"km": 1}]}
    event, sink = begun()
    event.add_context(trip=trip).add_vehicle_context(trip=trip).add_business_metric("trip", trip)
    trip["legs"][0]["km"] = 999
    trip["more"] = "later"
    event.emit()
    (line,) = sink.events
    seen = (line["trip"], line["vehicle_context"]["trip"], line["business_metrics"]["trip"])
    assert seen == ({"legs": [{"km": 1}]},) * 3


def test_a_reserved_name_goes_under_context_conflicts_and_is_said(caplog: pytest.LogCaptureFixture):
    event, sink = begun("upload")
    event.add_context(timestamp="yesterday", sample_weight=0, error="mine", mine=1)
    event.add_context(service="other")
    event.emit()
    (line,) = sink.events
    assert line["context_conflicts"] == {
        "timestamp": "yesterday",
        "sample_weight": 0,
        "error": "mine",
        "service": "other",
    }
    assert (line["mine"], line["service"], line["sample_weight"]) == (1, "svc", 1.0)
    (said,) = [record.getMessage() for record in caplog.records if record.name == "wide_events"]
    assert "upload" in said
    assert "timestamp" in said
    assert "yesterday" not in said


def test_the_fields_of_a_request_are_free_in_other_kinds():
    assert line_of(lambda e: e.add_context(method="POST", path="/x"))["method"] == "POST"
    assert line_of(lambda e: e.add_context(path="/x", status_code="odd"))["message"].startswith(
        "job success in "
    )
    line = line_of(lambda e: e.add_context(method="POST"), kind="request")
    assert line["context_conflicts"] == {"method": "POST"}


def test_logs_are_gathered_with_their_time_and_at_most_a_hundred():
    event, sink = begun()
    event.log("start", step=1, gone=None).log("odd", "warning", t_ms="mine")
    for number in range(200):
        event.log(f"line {number}")
    event.emit()
    (line,) = sink.events
    first, second, *_ = line["logs"]
    assert first["message"] == "start"
    assert first["level"] == "info"
    assert first["step"] == 1
    assert "gone" not in first
    assert second["level"] == "warning"
    assert second["t_ms"] >= first["t_ms"] >= 0
    assert len(line["logs"]) == 100
    assert "logs" in line["truncated"]


def test_facts_of_the_table_are_for_the_doors():
    line = line_of(lambda e: e.add_facts({"method": "GET", "status_code": 204, "path": "/a"}))
    assert (line["method"], line["status_code"], line["outcome"]) == ("GET", 204, "success")


def test_an_event_can_get_its_name_later():
    assert line_of(lambda e: e.rename("trip.finalise"))["operation"] == "trip.finalise"


# ---- outcomes and errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fill", "outcome", "success", "level"),
    [
        (lambda e: e, "success", True, "info"),
        (lambda e: e.mark_failure("quota"), "error", False, "error"),
        (lambda e: e.mark_partial("half"), "partial", True, "warning"),
        (lambda e: e.mark_failure().mark_success(), "success", True, "info"),
        (lambda e: e.add_error("boom").mark_success(), "success", True, "info"),
        (lambda e: e.mark_outcome("timeout"), "timeout", False, "error"),
        (lambda e: e.mark_outcome("killed"), "killed", False, "error"),
        (lambda e: e.mark_outcome("disconnected"), "disconnected", False, "warning"),
        (lambda e: e.add_facts({"status_code": 500}), "error", False, "error"),
        (lambda e: e.add_facts({"status_code": 499}), "success", True, "info"),
        (lambda e: e.add_facts({"status_code": "500"}), "success", True, "info"),
    ],
)
def test_the_outcome_says_success_and_level(fill: Any, outcome: str, success: bool, level: str):
    line = line_of(fill)
    assert (line["outcome"], line["success"], line["level"]) == (outcome, success, level)


def test_an_outcome_that_is_none_of_the_six_is_a_failure_to_say_so():
    for odd in ("vanished", ["success"], None, Unwilling()):
        line = line_of(lambda e, odd=odd: e.mark_outcome(odd))
        assert line["outcome"] in {"success", "error", "partial", "timeout", "killed", "disconnected"}
        assert line["success"] is (line["outcome"] in {"success", "partial"})


def test_the_reason_of_an_outcome_is_told():
    assert line_of(lambda e: e.mark_partial("2 of 3 rows"))["outcome_reason"] == "2 of 3 rows"
    assert "outcome_reason" not in line_of(lambda e: e.mark_failure())


def test_an_error_fills_its_block_and_an_earlier_one_is_kept_among_the_handled():
    line = line_of(lambda e: e.add_error(ValueError("first")).add_error(KeyError("second"), trip_id=5))
    assert line["error"]["type"] == "KeyError"
    assert line["error"]["details"] == {"trip_id": 5}
    assert [one["message"] for one in line["handled_errors"]] == ["first"]


def test_the_same_error_told_twice_is_one_error_with_all_that_was_said():
    error = ValueError("once")
    line = line_of(lambda e: e.add_error(error, code="E101").add_error(error, fix="try again"))
    assert "handled_errors" not in line
    assert line["error"]["fix"] == "try again"


def test_an_error_may_be_a_text_or_a_code():
    assert line_of(lambda e: e.add_error("boom"))["error"]["message"] == "boom"
    line = line_of(lambda e: e.add_error(ErrorCode.get("E101")))
    assert line["error"]["code"] == "E101"
    assert line["error"]["category"] == "external_api"


def test_a_handled_error_leaves_the_outcome_alone_and_is_told_once():
    error = ValueError("dealt with")
    line = line_of(lambda e: e.add_handled_error(error).add_handled_error(error))
    assert line["outcome"] == "success"
    assert [one["message"] for one in line["handled_errors"]] == ["dealt with"]
    assert "handled_errors" not in line_of(lambda e: e.add_error(error).add_handled_error(error))


def test_a_handled_error_can_turn_out_to_be_the_error():
    line = line_of(lambda e: e.add_handled_error("a").add_handled_error("b").promote_handled_error())
    assert line["error"]["message"] == "b"
    assert [one["message"] for one in line["handled_errors"]] == ["a"]
    only = line_of(lambda e: e.add_handled_error("a").promote_handled_error().promote_handled_error())
    assert only["error"]["message"] == "a"
    assert "handled_errors" not in only


@pytest.mark.parametrize(
    ("code", "level"), [("E001", "error"), ("E599", "error"), ("mine", "error"), (None, "error")]
)
def test_a_code_never_lowers_the_level_of_a_failure(code: str | None, level: str):
    severity = ErrorCode.get(code).severity
    expected = "critical" if severity == "critical" else level
    assert line_of(lambda e: e.add_error("boom", code=code))["level"] == expected


def test_a_critical_code_raises_the_level_of_a_failure_only():
    critical = ErrorCode("X900", "system", "critical", "the lot")
    from wide_events.taxonomy import register

    register(critical)
    assert line_of(lambda e: e.add_error(critical))["level"] == "critical"
    assert line_of(lambda e: e.add_error(critical).mark_success())["level"] == "info"
    assert line_of(lambda e: e.mark_partial().add_handled_error(critical))["level"] == "warning"


def test_emit_can_name_the_level_but_only_one_that_exists():
    for given_level, level in [
        ("CRITICAL", "critical"),
        ("debug", "info"),
        ("loud", "info"),
        (Unwilling(), "info"),
    ]:
        event, sink = begun()
        event.emit(level=given_level)
        expected = level if given_level != "debug" else None
        assert [line["level"] for line in sink.events] == ([expected] if expected else [])


# ---- identity ----------------------------------------------------------------------------------------------


def test_ids_that_are_given_are_taken_if_they_are_valid():
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    line = line_of(lambda e: e, trace_id=trace, request_id="req-1.2:3_4")
    assert (line["trace_id"], line["request_id"]) == (trace, "req-1.2:3_4")


@pytest.mark.parametrize(
    "bad", ["", "0" * 32, "Z" * 32, "4BF92F3577B34DA6A3CE929D0E0E4736", "a\nb", 5, Unwilling()]
)
def test_ids_that_are_not_valid_are_replaced(bad: Any):
    line = line_of(lambda e: e, trace_id=bad, request_id=f"{bad} \n" if isinstance(bad, str) else bad)
    assert len(line["trace_id"]) == 32
    assert line["trace_id"] != bad
    assert len(line["request_id"]) == 32


class Kind(str, Enum):
    TASK = "task"


@pytest.mark.parametrize("odd", [Kind.TASK, Unwilling(), None, 5, ["a"], "x" * 20_000, "\ud800"])
def test_names_are_plain_text_whatever_is_given(odd: Any):
    line = line_of(lambda e: e.rename(odd), operation=odd, kind=odd)
    assert type(line["operation"]) is str
    assert type(line["kind"]) is str


def test_an_event_tells_what_it_is_and_whether_it_is_sealed():
    event, _ = begun("upload", request_id="r1")
    assert repr(event) == "<WideEvent upload open request_id=r1>"
    assert not event.sealed
    event.emit()
    assert event.sealed
    assert "sealed" in repr(event)
    assert event.operation == "upload"


def test_the_clock_of_an_event_stops_at_its_end():
    event, sink = begun()
    event.emit()
    assert event.elapsed_ms() == event.elapsed_ms() == sink.events[0]["duration_ms"] > 0


# ---- many threads, many events -----------------------------------------------------------------------------


def test_increments_are_exact_from_eight_threads():
    event, sink = begun()

    def count() -> None:
        for _ in range(2_000):
            event.increment("n").increment("half", 0.5)

    with ThreadPoolExecutor(8) as pool:
        for running in [pool.submit(count) for _ in range(8)]:
            running.result()
    event.emit()
    assert sink.events[0]["technical_metrics"] == {"n": 16_000, "half": 8_000.0}


def test_a_hundred_thousand_events_leave_nothing_behind():
    class Nowhere(MemorySink):
        def write(self, line: bytes) -> None:
            assert line.endswith(b"\n")

    pipeline = Pipeline(Settings(sample_default=0.5), sinks=[Nowhere()])

    def run(count: int) -> None:
        for number in range(count):
            with WideEvent("job", pipeline=pipeline) as event:
                event.add_context(number=number, deep={"n": [number]}).increment("n")
                if number % 100 == 0:
                    event.add_error(ValueError("boom")).keep(f"because {number}")

    run(30_000)
    gc.collect()
    before = len(gc.get_objects())
    run(100_000)
    gc.collect()
    assert len(gc.get_objects()) - before < 100
    assert len(pipeline.stats()) < 300


def test_nothing_given_leaves_no_empty_block():
    line = line_of(lambda e: e.add_cost().add_tokens(x=None).add_business_metric("k", None))
    assert not {"costs", "tokens", "business_metrics"} & line.keys()


def test_what_is_put_into_the_dict_of_an_event_that_ended_changes_nothing():
    sink = MemorySink()
    event = WideEvent("upload", pipeline=Pipeline(Settings(sample_default=1.0), sinks=[sink]))
    event.emit()
    event.context["late"] = 1
    assert "late" not in event.context


@pytest.mark.parametrize(("given", "level"), [("WARN", "warning"), ("fatal", "critical"), ("bogus", "info")])
def test_a_level_is_known_by_its_usual_names(given: str, level: str):
    sink = MemorySink()
    WideEvent("upload", pipeline=Pipeline(Settings(sample_default=1.0), sinks=[sink])).emit(level=given)
    assert sink.events[0]["level"] == level


# ---- what verbs are handed by position, or cannot use ------------------------------------------------------


@pytest.mark.parametrize(
    "verb",
    ["add_user_context", "add_vehicle_context", "add_feature_flags", "add_cost", "add_tokens", "add_context"],
)
def test_fields_may_come_as_a_mapping_and_bear_any_name(verb: str):
    line = line_of(lambda e: getattr(e, verb)({"a": 1, "self": 2}, b=3, given=4))
    block = line if verb == "add_context" else next(v for v in line.values() if type(v) is dict and "a" in v)
    assert [block[name] for name in ("a", "self", "b", "given")] == [1, 2, 3, 4]


def test_what_is_no_mapping_becomes_a_value():
    assert line_of(lambda e: e.add_user_context("u_1"))["user_context"] == {"value": "u_1"}


@pytest.mark.parametrize(
    "refused",
    [
        lambda e: e.sample(7),
        lambda e: e.sample("5%"),
        lambda e: e.slow_over("x"),
        lambda e: e.record_time("parse", "long"),
    ],
)
def test_what_a_verb_cannot_use_is_counted_and_said(refused: Any, caplog: pytest.LogCaptureFixture):
    sink = MemorySink()
    pipeline = Pipeline(Settings(sample_default=1.0), sinks=[sink])
    event = WideEvent("upload", pipeline=pipeline)
    assert refused(event) is event
    event.emit()
    assert pipeline.stats()["values_refused"] == len(sink.lines) == 1
    assert "cannot use" in caplog.text
