from __future__ import annotations

import decimal
import threading
from typing import Any

import pytest
from hypothesis import given

from tests.odd_objects import Point, Trip
from tests.odd_values import ODD
from tests.strategies import anything, plain
from wide_events.plain import (
    MAX_DEPTH,
    MAX_FIELDS,
    MAX_ITEMS,
    MAX_KEY,
    MAX_TEXT,
    Copier,
    as_text,
    finite,
    key_text,
    shortened,
)


def copied(value: Any) -> Any:
    return Copier().value(value, "value", 1)


def check(value: Any, depth: int = 0) -> int:
    """Walk plain data, and count it: exact types only, no `None` under a key."""
    assert depth <= MAX_DEPTH + 2
    if type(value) is dict:
        assert len(value) <= MAX_FIELDS
        assert all(type(key) is str and len(key) <= MAX_KEY + 8 for key in value)
        assert None not in value.values()
        return 1 + sum(check(item, depth + 1) for item in value.values())
    if type(value) is list:
        assert len(value) <= MAX_ITEMS
        return 1 + sum(check(item, depth + 1) for item in value)
    assert value is None or type(value) in (str, int, float, bool)
    assert type(value) is not str or len(value) <= MAX_TEXT + 1
    return 1


@pytest.mark.parametrize("name", ODD)
def test_every_odd_object_becomes_plain_data(name: str):
    check(copied(ODD[name]()))


@pytest.mark.parametrize("name", ODD)
def test_every_odd_object_becomes_plain_data_inside_of_others(name: str):
    check(copied([{"in": (ODD[name](),)}, Trip(legs=[ODD[name]()])]))


@pytest.mark.parametrize("name", ODD)
def test_every_odd_object_becomes_a_text_if_a_text_is_wanted(name: str):
    assert type(as_text(ODD[name]())) is str
    assert type(key_text(ODD[name]())) is str


@given(anything)
def test_whatever_python_can_hold_becomes_plain_data(value: Any):
    check(copied(value))


@given(plain)
def test_small_plain_data_stays_as_it_is(value: Any):
    copier = Copier()
    result = copier.value(value, "value", 1)
    if not copier.cuts and not _long_keys(value):
        assert result == value


def _long_keys(value: Any) -> bool:
    if isinstance(value, dict):
        return any(len(key) > MAX_KEY or _long_keys(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_long_keys, value))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bytes", "\\xff\\xfe\x00ok"),
        ("nan", "NaN"),
        ("minus inf", "-Infinity"),
        ("decimal", 19.99),
        ("decimal nan", "sNaN"),
        ("enum", "red"),
        ("enum of a dict", {"a": [1, 2]}),
        ("int enum", 3),
        ("flag", 3),
        ("lying str", "real"),
        ("lying int", 7),
        ("lying float", 2.5),
        ("lazy text", "ready"),
        ("datetime", "2026-01-02T03:04:05.000000"),
        ("datetime with zone", "2026-01-01T22:00:00.000000Z"),
        ("datetime at the end of time", "9999-12-31T23:59:59.999999-12:00"),
        ("date", "2026-01-02"),
        ("time with zone", "03:04:00+00:00"),
        ("timedelta", 1.5),
        ("uuid", "00000000-0000-0000-0000-000000000005"),
        ("path", "a/b"),
        ("set", [1, 2, 3]),
        ("deque", [1, 2]),
        ("range", [0, 1, 2, 3, 4]),
        ("namedtuple", {"x": 1}),
        ("dataclass", {"miles": 1.5, "legs": [1, {}]}),
        ("slotted dataclass with an unset field", {"miles": 3}),
        ("model", {"name": "jo", "tags": ["a"]}),
        ("dict with none", {"b": {}}),
        ("class", "int"),
        ("exception", "ValueError: outer \ud800"),
        ("unprintable", "<Unprintable: not readable, RuntimeError>"),
        ("lying metaclass", "<OfLyingMeta: not readable, RuntimeError>"),
        ("lies about length", [1, 2]),
        ("fraction", 1 / 3),
        ("lying keys", {"k": 1}),
    ],
)
def test_what_becomes_of_an_object(name: str, expected: Any):
    assert copied(ODD[name]()) == expected


def test_a_number_that_is_one_to_others_only_is_carried_as_a_number():
    class Share:
        def __float__(self) -> float:
            return 0.5

        def __int__(self) -> int:
            return 2

    import numbers

    numbers.Real.register(Share)
    assert copied(Share()) == 0.5

    class Count(Share): ...

    numbers.Integral.register(Count)
    assert copied(Count()) == 2


def test_a_flag_of_numpy_is_a_flag():
    flag = type("bool_", (), {"__bool__": lambda self: True, "__module__": "numpy"})
    assert copied(flag()) is True


def test_the_fields_of_an_attrs_object_are_taken():
    class Attribute:
        def __init__(self, name: str) -> None:
            self.name = name

    class Car:
        __attrs_attrs__ = (Attribute("wheels"), Attribute("name"))
        wheels = 4
        name = None

    assert copied(Car()) == {"wheels": 4}


def test_a_model_that_dumps_something_else_is_told_as_text():
    class Odd:
        def model_dump(self) -> int:
            return 5

        def __str__(self) -> str:
            return "odd"

    assert copied(Odd()) == "odd"


def test_a_signalling_number_is_told_as_text():
    assert copied([decimal.Decimal("sNaN")]) == ["sNaN"]


def test_keys_of_one_text_are_told_apart():
    assert copied({1: "a", "1": "b"}) == {"1": "a", "1~1": "b"}


def test_what_is_too_much_is_left_out_and_noted():
    copier = Copier()
    taken = copier.fields(
        {
            "wide": dict.fromkeys(range(1000), 1),
            "long": list(range(1000)),
            "text": "x" * 10_000,
            "deep": ODD["deep list"](),
        }
    )
    assert [len(taken[name]) for name in ("wide", "long")] == [MAX_FIELDS, MAX_ITEMS]
    assert len(taken["text"]) <= MAX_TEXT
    assert copier.cuts[:3] == ["wide", "long", "text"]
    assert copier.cuts[3].startswith("deep")
    copier.fields(dict.fromkeys(map(str, range(1000)), 1))
    assert copier.cuts[-1] == "fields"


def test_one_value_holds_so_many_values_and_characters_at_most():
    wide: Any = "leaf"
    for _ in range(6):
        wide = [wide] * 20
    assert check(copied(wide)) < 6000
    texts = copied(["x" * 8000] * 100)
    assert sum(map(len, texts)) < 140_000


def test_what_the_caller_changes_later_changes_nothing():
    inner = {"list": [1, {"a": 1}]}
    taken = copied({"inner": inner, "point": Point(1, inner)})
    inner["list"].append(2)
    inner["list"][1]["a"] = 2  # type: ignore[index]
    inner["new"] = []
    assert taken == {"inner": {"list": [1, {"a": 1}]}, "point": {"x": 1, "y": {"list": [1, {"a": 1}]}}}


def test_a_dict_that_another_thread_changes_is_copied_all_the_same():
    shared: dict[str, Any] = {}
    done = threading.Event()

    def change() -> None:
        number = 0
        while not done.is_set():
            number += 1
            shared[str(number % 300)] = [number]
            shared.pop(str((number * 7) % 300), None)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(300):
            check(copied({"shared": shared}))
    finally:
        done.set()
        thread.join()


def test_a_home_that_changes_at_every_look_is_not_readable():
    class Restless(dict[str, int]):
        looks = 0

        def items(self) -> Any:
            Restless.looks += 1
            if Restless.looks < 4:
                raise RuntimeError("changed")
            return super().items()

    class Hopeless(dict[str, int]):
        def items(self) -> Any:
            raise RuntimeError("changed")

    assert copied(Restless(a=1)) == {"a": 1}
    assert copied(Hopeless(a=1)).endswith("Hopeless: not readable, RuntimeError>")


def test_a_process_that_is_told_to_end_ends():
    class Ending:
        def __str__(self) -> str:
            raise SystemExit(3)

    with pytest.raises(SystemExit):
        copied(Ending())


def test_a_text_is_cut_at_white_space():
    assert shortened("one two three", 9) == "one two…"
    assert shortened("one\ntwo", 100) == "one\ntwo"
    assert len(shortened("x" * 10_000, 8192)) == 8192 - 320 + 1
    assert shortened("abc", 0) == "…"


def test_only_numbers_that_can_be_compared_are_finite():
    assert finite(1)
    assert finite(1.5)
    assert not any(map(finite, (True, None, "1", float("nan"), float("inf"))))
