"""Events as text for people: exact samples, and what holds for any event."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wide_events.formatting import human, text, wants_colour
from wide_events.formatting.plain_text import columns, visible
from wide_events.formatting.timing import duration_text
from wide_events.names import BLOCKS, IDENTITY, MARKS, REQUEST, SAMPLING, SERVICE

FAST: dict[str, Any] = {
    "timestamp": "2026-11-22T10:30:45.123456Z",
    "level": "info",
    "method": "GET",
    "path": "/trips/42",
    "duration_ms": 12.4,
    "outcome": "success",
}
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
HOSTILE = "".join(map(chr, (*range(0x20), 0x7F, *range(0x80, 0xA0), 0x61C, 0x200B, 0x200E, 0x200F)))
HOSTILE += "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\ud800\udfff\U000e0041"
words = st.text(max_size=30) | st.text(alphabet=HOSTILE + 'a ="\\', max_size=12)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | words
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
own_names = st.sampled_from([*IDENTITY, *SERVICE, *REQUEST, *BLOCKS, *SAMPLING, *MARKS])
error_parts = ("type", "message", "code", "alert", "why", "fix", "details", "location", "stack", "cause", "x")
errors = st.dictionaries(st.sampled_from(error_parts), values, max_size=8)
logged = st.dictionaries(st.sampled_from(("t_ms", "level", "message", "x")), values, max_size=4)
timings = st.dictionaries(
    st.sampled_from(("a_ms", "a_count", "a_max_ms", "b_ms", "_ms", "b_max_ms", "other")), values, max_size=6
)
events = st.builds(
    lambda fields, shaped: {**fields, **shaped},
    st.dictionaries(own_names | words, values, max_size=12),
    st.fixed_dictionaries(
        {},
        optional={
            "level": st.sampled_from(("info", "warning", "error", "critical", "debug", "odd")),
            "message": words,
            "duration_ms": st.floats(min_value=0, max_value=1e7),
            "status_code": st.integers(100, 599),
            "method": st.sampled_from(("GET", "POST")),
            "path": words,
            "error": errors,
            "handled_errors": st.lists(errors, max_size=3),
            "logs": st.lists(logged, max_size=30),
            "performance_breakdown": timings,
        },
    ),
)


def test_an_empty_event_is_a_line_and_a_block_all_the_same():
    assert text({}) == "- - - - - - -\n"
    assert human({}, colour=False) == "▌ -  -      -  -\n\n"


@given(event=events)
def test_a_line_is_exactly_one_printable_line(event: dict[str, Any]):
    line = text(event)
    assert line.endswith("\n")
    assert line[:-1].isprintable()
    line.encode()


@given(event=events, width=st.integers(0, 200))
def test_a_block_holds_nothing_but_printable_text_within_its_width(event: dict[str, Any], width: int):
    block = human(event, colour=False, width=width)
    lines = block.split("\n")
    assert lines[-2:] == ["", ""]
    assert all(line.isprintable() for line in lines)
    assert max(columns(line) for line in lines) <= max(width, 40)
    block.encode()


@given(event=events, width=st.integers(40, 200))
def test_a_coloured_block_is_the_plain_one_with_our_own_colours(event: dict[str, Any], width: int):
    stripped = ESCAPES.sub("", human(event, colour=True, width=width))
    plain = human(event, colour=False, width=width)
    assert [line.rstrip() for line in stripped.split("\n")] == plain.split("\n")


@given(event=events)
def test_formatting_leaves_the_event_as_it_is(event: dict[str, Any]):
    before = repr(event)
    human(event, colour=True)
    text(event)
    assert repr(event) == before


@pytest.mark.parametrize("char", HOSTILE)
def test_a_hostile_character_is_shown_as_a_visible_escape(char: str):
    event = {"message": char, "operation": char, "x" + char: {"y" + char: char}, "error": {"message": char}}
    for shown in (text(event), human(event, colour=True)):
        assert char not in ESCAPES.sub("", shown).replace("\n", "")
        assert char == "\n" or visible(char) in shown


def test_well_known_escapes_are_readable():
    assert visible("a\x1b[31m\u202e\n\U000e0041\ud800\ufeff") == r"a\x1b[31m\u202e\n\U000e0041\ud800\ufeff"


def test_a_value_cannot_forge_a_field_of_a_line():
    line = text({"message": "ok", "note": 'x" admin=true y="', "a b=c": 1})
    assert line == '- - - - - - ok note="x\\" admin=true y=\\"" a_b_c=1\n'


def test_deep_and_huge_values_are_cut_and_never_raise():
    deep: Any = "bottom"
    for _ in range(2000):
        deep = {"d": [deep]}
    event = {"deep": deep, "huge": 10**5000, "long": "x" * 100_000, "nan": float("nan")}
    for shown in (text(event), human(event, colour=False)):
        assert "…" in shown
        assert len(shown) < 20_000


def test_wide_characters_count_for_two_columns():
    block = human({**FAST, "note": "日本語" * 40}, colour=False, width=60)
    assert max(map(columns, block.split("\n"))) <= 60
    assert "…" in block


def test_many_logs_show_the_last_twenty_and_count_the_rest():
    event = {**FAST, "logs": [{"t_ms": n, "level": "info", "message": f"step {n}"} for n in range(50)]}
    block = human(event, colour=False)
    assert "… 30 earlier" in block
    assert "step 29" not in block
    assert "step 30\n" in block
    assert "step 49\n" in block


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [
        (0.42, "0.42 ms"),
        (41.2, "41.2 ms"),
        (1840, "1.84 s"),
        (125_000, "2 min 05 s"),
        ("41ms", "41ms"),
        (None, "null"),
        (True, "true"),
        (-1, "-1"),
        (float("inf"), "inf"),
    ],
)
def test_a_duration_is_shown_in_the_unit_that_people_read(milliseconds: Any, shown: str):
    assert duration_text(milliseconds) == shown


@pytest.mark.parametrize(
    ("terminal", "environ", "coloured"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (False, {"FORCE_COLOR": "1"}, True),
        (True, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (False, {"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        (True, {"TERM": "xterm-256color"}, True),
    ],
)
def test_colours_follow_the_terminal_unless_the_environment_says_otherwise(
    terminal: bool, environ: dict[str, str], coloured: bool
):
    assert wants_colour(terminal, environ) is coloured
