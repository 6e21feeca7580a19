"""Renamed events: the words of each vendor, and that nothing is lost or overwritten on the way."""

from __future__ import annotations

import json
from collections import Counter
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wide_events.names import BLOCKS, IDENTITY, MARKS, REQUEST, SAMPLING, SERVICE
from wide_events.schema import PRESETS, rename
from wide_events.schema.datadog import TEMPLATE as DATADOG
from wide_events.schema.ecs import TEMPLATE as ECS
from wide_events.schema.gcp import TEMPLATE as GCP
from wide_events.schema.otel import TEMPLATE as OTEL

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENT: dict[str, Any] = {
    "timestamp": "2026-11-22T10:30:45.123456Z",
    "level": "error",
    "message": "POST /telemetry 500 in 41 ms",
    "success": False,
    "duration_ms": 41.2,
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "span_id": "00f067aa0ba902b7",
    "service": "volttracker",
    "host": "web-1",
    "method": "POST",
    "status_code": 500,
    "remote_addr": "203.0.113.7",
    "user_context": {"user_id": 17, "tier": "premium"},
    "feature_flags": {"weather": True},
    "error": {"type": "KeyError", "message": "odd", "stack": ["app.py:40 in upload"]},
}
SAMPLING_FIELDS = {"sample_rate": 1.0, "sample_reason": "error", "sample_weight": 1.0}
RENAMED = sorted(set(PRESETS) - {"native"})

# What each preset tells in other words; written down here a second time, so that the two are compared.
IDS = (("user_context", "user_id"), ("user_context", "id"), ("user_id",))
SIZES = (("request_bytes",), ("response_bytes",))
LEVELS = {
    "otel": {"info": "INFO", "warning": "WARN", "error": "ERROR", "critical": "FATAL", "debug": "DEBUG"},
    "gcp": {level: level.upper() for level in ("info", "warning", "error", "critical", "debug")},
}


def whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


def lookup(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def in_other_words(preset: str, event: dict[str, Any]) -> dict[tuple[str, ...], Any]:
    """The values of an event that a preset converts, by path."""
    converted: dict[tuple[str, ...], Any] = {}
    level, duration, span = (event.get(name) for name in ("level", "duration_ms", "span_id"))
    if isinstance(level, str) and level in LEVELS.get(preset, ()):
        converted[("level",)] = LEVELS[preset][level]
    number = isinstance(duration, int | float) and not isinstance(duration, bool)
    if preset in ("ecs", "datadog") and number and abs(duration) <= 9_223_372_036_854:
        converted[("duration_ms",)] = round(duration * 1_000_000)
    if (
        preset == "datadog"
        and isinstance(span, str)
        and len(span) == 16
        and set(span) <= set("0123456789abcdef")
    ):
        converted[("span_id",)] = str(int(span, 16))
    if preset == "gcp":
        return converted | {path: str(lookup(event, path)) for path in SIZES if whole(lookup(event, path))}
    ids = [path for path in IDS if isinstance(lookup(event, path), str) or whole(lookup(event, path))]
    return converted | {path: str(lookup(event, path)) for path in ids[:1]}


def walk(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from walk(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, path)
    else:
        yield path, value


def frames_only(stack: Any) -> bool:
    return isinstance(stack, list) and all(isinstance(frame, str) for frame in stack)


def told(value: Any) -> tuple[str, Any]:
    """A leaf as something that can be counted, a bool apart from a number."""
    return type(value).__name__, value


def reserved(template: Any, prefix: str = "") -> Iterator[str]:
    for name, slot in template.items():
        yield prefix + name
        if isinstance(slot, dict):
            yield name
            yield from reserved(slot, f"{prefix}{name}.")


TARGETS = sorted({name for template in (OTEL, ECS, DATADOG, GCP) for name in reserved(template)})
NATIVE = [*IDENTITY, *SERVICE, *REQUEST, *BLOCKS, *SAMPLING, *MARKS]
BESIDE = [
    *(f"{name}_" for name in TARGETS),
    "user_id",
    "trace_sampled",
    "usr__",
    "wide_event.kind",
    "a.b",
    "a",
]
keys = st.sampled_from(NATIVE) | st.sampled_from(TARGETS) | st.sampled_from(BESIDE) | st.text(max_size=8)
scalars = st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=6,
)
frames = st.lists(st.sampled_from(("app.py:40 in upload", "<frozen>:1 in x", "odd", "")), max_size=3)
shaped = {
    "level": st.sampled_from(("info", "warning", "error", "critical", "debug", "odd")),
    "success": st.booleans(),
    "duration_ms": st.floats(min_value=0, max_value=1e9) | st.integers(0, 10**12),
    "trace_id": st.text("0123456789abcdef", min_size=32, max_size=32),
    "span_id": st.text("0123456789abcdef", min_size=16, max_size=16),
    "kind": st.sampled_from(("request", "boundary")),
    "method": st.sampled_from(("GET", "POST")),
    "status_code": st.integers(100, 599),
    "request_bytes": st.integers(0, 2**40),
    "remote_addr": st.sampled_from(("203.0.113.7", "::1", "fe80::1%eth0", "unix:", "")),
    "user_context": st.dictionaries(
        st.sampled_from(("user_id", "id", "name", "email", "x")), values, max_size=4
    ),
    "feature_flags": st.dictionaries(keys, values, max_size=3),
    "error": st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("type", "message", "code", "cause", "kind"), values)
        | {"stack": frames | values, "stack_trace": values},
    ),
}
events = st.builds(
    lambda free, own: {**free, **own},
    st.dictionaries(keys, values, max_size=10),
    st.fixed_dictionaries({}, optional=shaped),
)


@pytest.mark.parametrize("preset", RENAMED)
@given(event=events)
def test_every_value_of_an_event_is_told_in_every_preset(preset: str, event: dict[str, Any]):
    output = Counter(told(value) for _, value in walk(rename(event, preset)))
    tracebacks = "\n".join(value for kind, value in output if kind == "str" and value[:9] == "Traceback")
    converted = in_other_words(preset, event)
    for path, value in walk(event):
        if path == ("error", "stack") and frames_only(event["error"]["stack"]):
            assert all(part in tracebacks for part in value.replace(" in ", ":").split(":"))
            continue
        form = told(converted.get(path, value))
        assert output[form] > 0, f"{'.'.join(path)}: {value!r}"
        output[form] -= 1


@pytest.mark.parametrize("preset", RENAMED)
@given(names=st.sets(keys, min_size=1, max_size=40))
def test_no_free_field_overwrites_another_or_a_name_of_the_preset(preset: str, names: set[str]):
    free = {name: f"value {number}" for number, name in enumerate(sorted(names - set(NATIVE)))}
    output = Counter(value for _, value in walk(rename({**EVENT, **free}, preset)) if isinstance(value, str))
    assert all(output[value] == 1 for value in free.values())
    plain = dict(walk_named(rename(EVENT, preset)))
    busy = dict(walk_named(rename({**EVENT, **free}, preset)))
    assert {name: busy.get(name) for name in plain} == plain


def walk_named(value: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    for path, leaf in walk(value):
        if not {"logs", "cause"} & set(path):
            yield path, json.dumps(leaf)


@pytest.mark.parametrize("preset", PRESETS)
@given(event=events)
def test_renaming_never_changes_the_event(preset: str, event: dict[str, Any]):
    before = deepcopy(event)
    rename(event, preset)
    assert event == before


@pytest.mark.parametrize("preset", RENAMED)
@given(event=events)
def test_sampling_survives_in_every_preset(preset: str, event: dict[str, Any]):
    output = rename(event | SAMPLING_FIELDS, preset)
    own = output["wide_event"] if preset == "ecs" else output
    prefix = "wide_event." if preset == "otel" else ""
    assert {name: own[prefix + name] for name in SAMPLING_FIELDS} == SAMPLING_FIELDS


def test_native_is_the_very_same_event():
    assert rename(EVENT, "native") is EVENT


def test_a_preset_that_does_not_exist_is_refused_with_the_names_of_those_that_do():
    with pytest.raises(ValueError, match="'splunk': use one of native, otel, ecs, datadog, gcp"):
        rename(EVENT, "splunk")


def test_a_free_field_named_like_one_of_the_preset_gets_an_underscore_on_every_line():
    for event in (EVENT, {}):
        renamed = rename(
            {**event, "usr": "me", "duration": 5, "http": {"method": "X", "version": 2}}, "datadog"
        )
        assert renamed["usr_"] == "me"
        assert renamed["duration_"] == 5
        assert renamed["http"]["method_"] == "X"
        assert renamed["http"]["version"] == 2


def test_underscores_are_added_until_a_name_is_free():
    renamed = rename({"usr_": "first", "usr": "second", "usr__": "third"}, "datadog")
    assert sorted(name for name in renamed if name.startswith("usr")) == ["usr_", "usr__", "usr___"]
    flat = rename({"feature_flags": {"a": {"b": 1}, "a.b": 2}, "feature_flag.a.b": 3}, "otel")
    assert flat == {"feature_flag.a.b": 1, "feature_flag.a.b_": 2, "feature_flag.a.b__": 3}


@pytest.mark.parametrize("preset", RENAMED)
def test_values_of_odd_types_stay_under_their_own_names(preset: str):
    odd = {"status_code": "200", "duration_ms": "41ms", "error": "a word", "span_id": 7, "pid": True}
    output = walk(rename(odd, preset))
    named = {path[-1].removeprefix("wide_event.").rstrip("_"): value for path, value in output}
    assert named.items() >= odd.items()


@pytest.mark.parametrize("preset", RENAMED)
@pytest.mark.parametrize("huge", [10**400, 2**70, float("inf"), -(2**70)])
def test_numbers_that_no_64_bits_hold_stay_as_they_are(preset: str, huge: float):
    fields = ("duration_ms", "status_code", "request_bytes", "pid")
    output = rename({**dict.fromkeys(fields, huge), "method": "GET"}, preset)
    assert [value for _, value in walk(output)].count(huge) == len(fields)
