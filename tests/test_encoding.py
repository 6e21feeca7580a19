from __future__ import annotations

import json
import threading
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.odd_objects import RAW
from tests.odd_values import ODD
from tests.strategies import SURROGATES, anything, keys, plain, records, words
from wide_events import Pipeline, Settings, WideEvent
from wide_events.encoding import PROTECTED_IN_ERROR, decode, encode
from wide_events.names import IDENTITY, SAMPLING
from wide_events.sinks import MemorySink

LIMITS = (2048, 4096, 15_360, 1_048_576)
UNSAFE = frozenset(RAW + "\u2067\u2068") - {"\n"}

IDENTIFIED: dict[str, Any] = {
    "timestamp": "2026-01-02T03:04:05.000006Z",
    "level": "error",
    "message": "POST /telemetry 500 in 41 ms",
    "kind": "request",
    "operation": "telemetry_upload",
    "outcome": "error",
    "success": False,
    "duration_ms": 41.2,
    "request_id": "018f7c2e9d3b4a51",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "span_id": "00f067aa0ba902b7",
    "service": "volttracker",
    "sample_rate": 1.0,
    "sample_reason": "error",
    "sample_weight": 1.0,
    "schema_version": "1.0",
}
ERROR = {
    "type": "ValueError",
    "message": "bad",
    "code": "E101",
    "fingerprint": "9f86d081",
    "location": "app.py:1 in f",
}


def repr_or_large(value: Any) -> str:
    return "large" if type(value) is int and value > 2**70 else repr(value)


def read(line: bytes, limit: int) -> dict[str, Any]:
    """Check all that is promised of any line, and read it."""
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert len(line) <= limit
    assert UNSAFE.isdisjoint(line.decode("utf-8")[:-1])
    told = json.loads(line, parse_constant=pytest.fail, object_pairs_hook=without_doubles)
    assert orjson.loads(line) == told == decode(line)
    assert "encoding_failed" not in told
    assert len(told.get("truncated", [])) <= 100
    return dict(told)


def without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len({name for name, _ in pairs}) == len(pairs)
    return dict(pairs)


def emitted(limit: int, change: Any) -> dict[str, Any]:
    """Put something in through the verbs, emit it, and read the line."""
    sink = MemorySink()
    event = WideEvent("attack", pipeline=Pipeline(Settings(max_event_bytes=limit), sinks=[sink]))
    change(event)
    event.emit(force=True)
    (line,) = sink.lines
    told = read(line, limit)
    assert {*IDENTITY, *SAMPLING} - {"parent_id"} <= told.keys()
    assert told["trace_id"] == event.trace_id
    return told


@pytest.mark.parametrize("limit", [2048, 15_360])
@pytest.mark.parametrize("name", ODD)
def test_every_odd_object_leaves_one_good_line(name: str, limit: int):
    def change(event: WideEvent) -> None:
        event.add_context(odd=ODD[name](), small="stays")
        event.add_business_metric("odd", ODD[name]())
        event.log("odd", odd=ODD[name]())
        event.context["by_hand"] = ODD[name]()
        event.add_error(ValueError("bad"), odd=ODD[name]())

    told = emitted(limit, change)
    assert told["error"]["type"] == "ValueError"
    assert told["error"]["message"] == "bad"
    assert told["error"]["fingerprint"]


@given(anything, st.sampled_from(LIMITS))
def test_whatever_is_added_leaves_one_good_line(value: Any, limit: int):
    emitted(limit, lambda event: event.add_context(value=value).add_user_context(value=value))


@given(records, st.sampled_from(LIMITS))
def test_every_record_becomes_one_good_line(record: dict[str, Any], limit: int):
    told = read(encode(record, limit), limit)
    for name in ("timestamp", "level", "outcome", "success", "trace_id", "span_id", "request_id", *SAMPLING):
        assert told[name] == record[name]
    if "error" in record:
        assert record["error"].keys() & PROTECTED_IN_ERROR <= told["error"].keys()


@given(st.dictionaries(keys, plain, max_size=30), st.integers(2048, 20_000))
def test_identity_survives_any_fields_at_any_limit(fields: dict[str, Any], limit: int):
    told = read(encode({**fields, **IDENTIFIED, "error": ERROR}, limit), limit)
    assert told.items() >= IDENTIFIED.items()
    assert told["error"] == ERROR


@given(st.text(alphabet=RAW + SURROGATES + "aé€😀"))
def test_no_raw_character_leaves_in_a_text_or_a_key(text: str):
    told = read(encode({"text": text, text + "k": 1}, 4096), 4096)
    if not set(text) & set(SURROGATES):
        assert told["text"] == text


def test_what_fits_stays_as_it_is():
    record = {**IDENTIFIED, "error": ERROR, "text": "é\u2028\x7f", "list": [1, None, {}]}
    before = json.dumps(record)
    assert read(encode(record, 15_360), 15_360) == record
    assert json.dumps(record) == before


@pytest.mark.parametrize("size", range(15_360 - 560, 15_360 - 440))
def test_a_line_is_cut_only_when_it_passes_the_limit(size: int):
    record = {**IDENTIFIED, "text": "x" * size}
    whole = len(json.dumps(record, separators=(",", ":"))) + 1
    told = read(encode(record, 15_360), 15_360)
    assert ("truncated" in told) == (whole > 15_360)


def test_the_record_itself_is_never_changed():
    record = {**IDENTIFIED, "block": {"text": "x" * 9000, "list": ["y" * 100] * 100}}
    before = json.dumps(record)
    encode(record, 2048)
    assert json.dumps(record) == before


def test_the_largest_parts_are_cut_to_one_size_and_small_ones_not_at_all():
    record = {**IDENTIFIED, "a": "x" * 9000, "block": {"b": "y" * 8000, "c": "z" * 100}, "d": 5}
    told = read(encode(record, 4096), 4096)
    assert told["truncated"] == ["a", "block.b"]
    assert abs(len(told["a"]) - len(told["block"]["b"])) < 64
    assert told["a"].endswith("…")
    assert told["block"]["c"] == "z" * 100
    assert told["d"] == 5
    assert len(encode(record, 4096)) > 4096 - 500


def test_a_list_loses_its_end():
    told = read(encode({**IDENTIFIED, "list": list(range(5000))}, 4096), 4096)
    assert told["list"][:3] == [0, 1, 2]
    assert told["list"][-1] == "…"
    assert told["truncated"] == ["list"]


def test_many_small_parts_are_taken_away_only_as_far_as_is_needed():
    told = read(encode({**IDENTIFIED, **{f"k{n}": n for n in range(1000)}}, 4096), 4096)
    assert sum(name.startswith("k") for name in told) > 100
    assert told.items() >= IDENTIFIED.items()
    assert told["truncated"][-1] == "…"


def test_blocks_of_nothing_but_blocks_are_taken_away_in_the_end():
    shells = {f"k{n}": {"a": {"b": n, "c": {}}} for n in range(1000)}
    told = read(encode({**IDENTIFIED, **shells, "error": ERROR}, 2048), 2048)
    assert told.items() >= IDENTIFIED.items()
    assert told["error"] == ERROR


def test_what_is_protected_is_shortened_at_the_worst():
    large = {
        name: f"{value}" + "\x00\x7fé" * 300 if type(value) is str else value
        for name, value in IDENTIFIED.items()
    }
    error = dict.fromkeys(ERROR, "\x01" * 5000)
    told = read(encode({**large, "pid": 10**3000, "truncated": "odd", "error": error}, 2048), 2048)
    assert told.keys() >= IDENTIFIED.keys()
    assert told["error"].keys() == ERROR.keys()
    assert told["trace_id"].startswith(IDENTIFIED["trace_id"][:30])


def test_what_gathering_cut_is_still_told_after_fitting():
    record = {**IDENTIFIED, "text": "x" * 9000, "truncated": ["body", 7, "k" * 1000]}
    told = read(encode(record, 2048), 2048)
    assert told["truncated"] == ["text", "body", "…", "k" * 64]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2**64 - 1, 2**64 - 1),
        (-(2**63), -(2**63)),
        (2**64, str(2**64)),
        (-(2**63) - 1, str(-(2**63) - 1)),
        (10**5000, "<int of 16610 bits>"),
        ("\ud800", "\\ud800"),
        (1.5, 1.5),
        ((1, 2), [1, 2]),
        ({"a": None, 1: 2**70}, {"1": str(2**70)}),
    ],
    ids=repr_or_large,
)
def test_what_json_cannot_carry_is_carried_as_text(value: Any, expected: Any):
    assert read(encode({"value": value, "odd": {1, 2}, "gone": None}, 2048), 2048)["value"] == expected


def test_numbers_that_are_none_are_told_where_a_line_is_mended():
    told = read(encode({"nan": float("nan"), "inf": float("-inf"), "mend": "\ud800"}, 2048), 2048)
    assert (told["nan"], told["inf"]) == ("NaN", "-Infinity")


def test_nesting_ends_somewhere():
    ring: dict[str, Any] = {}
    ring["ring"] = [ring, ring]
    read(encode({"ring": ring, "deep": ODD["deep list"]()}, 15_360), 15_360)


def test_a_record_that_cannot_be_read_becomes_a_skeleton():
    class Broken(dict[str, Any]):
        def __iter__(self) -> Any:
            raise KeyError("broken")

    record = Broken(IDENTIFIED, operation="o" * 999, pid=2**70, duration_ms=float("nan"), host=["odd"])
    line = encode(record, 2048)
    told = json.loads(line)
    assert line.count(b"\n") == 1
    assert told["encoding_failed"] == "KeyError"
    assert told["trace_id"] == IDENTIFIED["trace_id"]
    assert (told["pid"], told["duration_ms"]) == (str(2**70), "NaN")
    assert "host" not in told


def test_a_dict_that_threads_change_while_it_is_written_leaves_one_good_line():
    sink = MemorySink()
    pipeline = Pipeline(Settings(), sinks=[sink])
    done = threading.Event()
    shared: dict[str, Any] = {"block": {}}

    def change() -> None:
        number = 0
        while not done.is_set():
            number += 1
            shared["block"][f"k{number % 400}"] = ["x" * (number % 50), {"n": number}]
            shared["block"].pop(f"k{number * 7 % 400}", None)
            if number % 100 == 0:
                shared["block"].clear()

    threads = [threading.Thread(target=change) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(150):
            event = WideEvent("hammered", pipeline=pipeline)
            event.context["shared"] = shared
            event.emit(force=True)
            encode({**IDENTIFIED, "shared": shared}, 4096)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert len(sink.lines) == 150
    for line in sink.lines:
        assert read(line, 15_360)["operation"] == "hammered"


# ---- what is slow to write --------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [2048, 15_360])
@pytest.mark.parametrize("character", ["\u2028", "\u200b", "\x7f", "\x01", "é", "x", "\ud800"], ids=ascii)
def test_lists_of_long_texts_are_bounded_before_they_are_measured(character: str, limit: int):
    lists = {f"k{number}": [character * 120] * 100 for number in range(250)}
    told = read(encode({**IDENTIFIED, **lists, "error": ERROR}, limit), limit)
    assert told.items() >= IDENTIFIED.items()
    assert told["error"] == ERROR
    assert told["truncated"][0] == "k0"


def test_blocks_of_long_keys_are_bounded_too():
    blocks = {f"b{block}": {"\u2028" * 100 + str(key): key for key in range(100)} for block in range(250)}
    told = read(encode({**blocks, **IDENTIFIED, "error": ERROR}, 15_360), 15_360)
    assert told.items() >= IDENTIFIED.items()
    assert told["error"] == ERROR


def test_a_text_that_is_bounded_is_cut_as_short_as_one_that_is_measured():
    texts = {"a": "\u2028" * 9000, "b": "x" * 9000, "c": "y" * 200}
    told = read(encode({**IDENTIFIED, **texts}, 4096), 4096)
    assert told["truncated"] == ["a", "b"]
    assert told["c"] == texts["c"]
    assert abs(len(json.dumps(told["a"])) - len(told["b"])) < 64
    assert len(encode({**IDENTIFIED, **texts}, 4096)) > 4096 - 500


@given(st.dictionaries(words, st.text(alphabet="\u2028é\x01x", max_size=3000), max_size=12))
def test_whatever_loses_a_character_is_told(fields: dict[str, str]):
    told = read(encode({**fields, **IDENTIFIED}, 4096), 4096)
    changed = {name for name in fields.keys() - IDENTIFIED.keys() if told.get(name) != fields[name]}
    assert changed <= set(told.get("truncated", ()))
