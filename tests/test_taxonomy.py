"""Codes, errors that carry them, and fingerprints."""

from __future__ import annotations

import copy
import pickle
import re
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wide_events.taxonomy import (
    CATEGORIES,
    LEVELS,
    ErrorCode,
    StructuredError,
    catalogue,
    fingerprint,
    register,
    template,
)

BUILT_IN = [each for each in catalogue() if re.fullmatch(r"E\d{3}", each.code)]


def pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def test_there_are_more_than_thirty_codes_in_six_categories():
    assert len(BUILT_IN) >= 36
    assert {each.category for each in BUILT_IN} == set(CATEGORIES)


@pytest.mark.parametrize("known", BUILT_IN, ids=lambda each: each.code)
def test_each_code_lies_in_the_hundred_of_its_category(known: ErrorCode):
    assert 1 <= int(known.code[1:]) <= 599
    assert known.category == CATEGORIES[int(known.code[1:]) // 100]
    assert known.description


def test_no_code_is_in_the_catalogue_twice():
    assert len({each.code for each in catalogue()}) == len(list(catalogue()))


def test_a_code_is_found_by_its_name():
    found = ErrorCode.get("E101")
    assert found.description == "an external service timed out"
    assert (found.category, found.severity, found.alert, found.retriable) == (
        "external_api",
        "medium",
        False,
        True,
    )
    assert ErrorCode.get(found) is found


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("E042", "validation"),
        ("E199", "external_api"),
        ("E299", "database"),
        ("E399", "parsing"),
        ("E499", "business_logic"),
        ("E599", "system"),
        ("E600", "other"),
        ("E000", "other"),
        ("E1", "other"),
        ("E1234", "other"),
        ("E\u0661\u0662\u0663", "other"),
        ("ERR_3999", "business_logic"),
        ("ERR_4018", "validation"),
        ("ERR_5999", "system"),
        ("ERR_9000", "other"),
        ("PAYMENT_REFUSED", "other"),
        ("", "other"),
        (404, "other"),
        (None, "other"),
        (object(), "other"),
    ],
)
def test_a_code_that_nobody_registered_works_too(code: object, category: str):
    found = ErrorCode.get(code)
    assert found.category == category
    assert isinstance(found.code, str)
    assert (found.alert, found.retriable) == (False, None)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.binary(), st.lists(st.text()), st.none()))
def test_no_code_ever_raises(code: object):
    assert ErrorCode.get(code).severity in LEVELS


def test_one_registers_codes_of_ones_own():
    mine = ErrorCode("SHOP_1", "shop", "critical", "the shop is on fire", alert=True)
    register(mine)
    assert ErrorCode.get("SHOP_1") is mine
    assert mine in list(catalogue())


@pytest.mark.parametrize(
    ("severity", "level"),
    [("low", "warning"), ("medium", "warning"), ("high", "error"), ("critical", "critical")],
)
def test_the_severity_tells_the_level(severity: str, level: str):
    assert ErrorCode("X", "other", severity, "").level == level


def test_a_severity_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"severity='bad' of X: use one of low, medium, high, critical"):
        ErrorCode("X", "other", "bad", "")


def test_a_code_is_frozen_and_survives_pickle():
    known = ErrorCode.get("E101")
    assert pickled(known) == known
    with pytest.raises(AttributeError):
        known.code = "E102"  # type: ignore[misc]


def test_an_error_says_its_code_and_its_message():
    assert str(StructuredError("E101", "weather service timed out")) == "E101: weather service timed out"
    assert str(StructuredError("E101")) == "E101: an external service timed out"
    assert str(StructuredError("MINE")) == "MINE"


def test_what_an_error_does_not_say_the_catalogue_says():
    error = StructuredError("E103")
    assert (error.category, error.severity) == ("external_api", "medium")
    assert (error.retriable, error.alert, error.fix) == (True, False, "wait, and ask less often")


def test_what_an_error_says_outdoes_the_catalogue():
    cause = TimeoutError("30 s")
    error = StructuredError(
        ErrorCode.get("E103"),
        "slow down",
        why="too many",
        fix="buy more",
        retriable=False,
        alert=True,
        provider_code=429,
        cause=cause,
        plan="free",
    )
    assert (error.code, error.message, error.why, error.fix) == ("E103", "slow down", "too many", "buy more")
    assert (error.retriable, error.alert, error.provider_code) == (False, True, 429)
    assert error.details == {"plan": "free"}
    assert error.__cause__ is cause


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, pickled])
def test_a_structured_error_survives_pickle_and_copy(how: Any):
    error = StructuredError("E200", "lost", provider_code="57P01", cause=OSError(), table="trips")
    again = how(error)
    assert vars(again) == vars(error)
    assert str(again) == str(error)


FRAMES = [("wsgi.py", "call"), ("routes.py", "upload"), ("weather.py", "fetch")]


def test_a_fingerprint_has_sixteen_hexadecimal_digits():
    assert re.fullmatch(r"[0-9a-f]{16}", fingerprint("ValueError", None, "x"))


def test_a_fingerprint_stays_the_same_for_ever():
    assert fingerprint("ValueError", "E101", "x", FRAMES) == "547d9d8baad6fab8"
    assert fingerprint("ValueError", None, "user 42 not found") == "989e9f554e4a4464"


def test_with_frames_the_message_is_no_part_of_the_fingerprint():
    one, other = (fingerprint("E", None, message, FRAMES) for message in ("a", "b"))
    assert one == other


@pytest.mark.parametrize(
    "other",
    [
        ("KeyError", "E101", "x", FRAMES),
        ("ValueError", "E102", "x", FRAMES),
        ("ValueError", "E101", "x", FRAMES[:2]),
        ("ValueError", "E101", "x", []),
    ],
)
def test_another_type_code_or_origin_is_another_fingerprint(other: tuple[Any, ...]):
    assert fingerprint(*other) != fingerprint("ValueError", "E101", "x", FRAMES)


def test_the_depth_of_a_recursion_does_not_matter():
    deep = [*FRAMES, *[("tree.py", "walk")] * 30]
    deeper = [*FRAMES, *[("tree.py", "walk")] * 50]
    assert fingerprint("E", None, "", deep) == fingerprint("E", None, "", deeper)


def test_a_comprehension_is_no_frame_of_its_own():
    inside = [*FRAMES, ("weather.py", "<listcomp>")]
    assert fingerprint("E", None, "", inside) == fingerprint("E", None, "", FRAMES)


def test_only_the_innermost_frames_count():
    outer = [(f"outer{i}.py", "run") for i in range(9)]
    inner = [(f"inner{i}.py", "run") for i in range(5)]
    assert fingerprint("E", None, "", outer + inner) == fingerprint("E", None, "", inner)


@pytest.mark.parametrize(
    ("message", "same"),
    [
        ("user 42 not found", "user # not found"),
        ("took -12.5 ms, not 1e-05", "took # ms, not #"),
        ("<Trip object at 0x7f3a8b2c1d4e>", "<Trip object at #>"),
        ("request req_7f3a8b2c failed", "request # failed"),
        ("key 'a b' is missing", "key # is missing"),
        ('no such table: "trips"', "no such table: #"),
        ("can't open 'x.txt'", "can't open #"),
        ("unclosed 'quote to the end", "unclosed #"),
        ("connect to 10.0.0.1:5432", "connect to #"),
        ("at 2024-01-15T10:30:00.123Z", "at #"),
        ("digest deadbeef and cafebabe", "digest # and #"),
        ("nothing varies here", "nothing varies here"),
    ],
)
def test_what_varies_in_a_message_is_left_out(message: str, same: str):
    assert template(message) == same


@given(st.integers(), st.integers())
def test_numbers_in_a_message_do_not_matter(one: int, other: int):
    assert template(f"row {one} of 'x{one}'") == template(f"row {other} of 'x{other}'")


@given(st.uuids(), st.uuids())
def test_ids_in_a_message_do_not_matter(one: Any, other: Any):
    assert template(f"no trip {one}") == template(f"no trip {other}")
    assert template(f"no trip {one.hex}") == template(f"no trip {other.hex}")
    assert template(f"no trip {str(uuid4()).upper()}") == "no trip #"


@given(st.text(st.characters(exclude_categories=())), st.lists(st.tuples(st.text(), st.text())))
def test_no_message_and_no_frame_ever_raises(message: str, frames: list[tuple[str, str]]):
    assert len(fingerprint(message, message, message, frames)) == 16


@pytest.mark.parametrize(
    "worst", ["'", '"', "' '", "a", "a'", "1", "1.", "-1", "a-", "deadbee", "0x", "é", " '"]
)
def test_the_longest_message_is_cut_before_it_is_read(worst: str):
    assert len(template(worst * 1_000_000)) <= 512
