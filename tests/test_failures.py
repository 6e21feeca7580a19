"""How an error is told: place, cause chain, codes, a stable fingerprint; and what is never told."""

from __future__ import annotations

import builtins
import copy
import json
import math
import re
import sqlite3
import sys
from contextlib import closing
from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest

from tests.odd_values import ODD
from wide_events import ErrorCode, StructuredError
from wide_events.encoding import encode
from wide_events.failures import describe
from wide_events.timers import timed

SECRET = "hunter2-in-a-local"


def caught(function: Any, *args: Any) -> BaseException:
    try:
        function(*args)
    except BaseException as error:  # noqa: BLE001 - whatever it is
        return error
    raise AssertionError("nothing was raised")


def run_source(source: str, name: str = "app/jobs.py", **names: Any) -> dict[str, Any]:
    """Describe what a piece of source code raises, as if it were the file `name`."""
    return describe(caught(exec, compile(source, name, "exec"), {"__name__": "app", **names}))


# ---- where -------------------------------------------------------------------------------------------------


def test_the_location_is_where_the_application_was_not_the_library():
    block = describe(caught(json.loads, "{"))
    assert re.fullmatch(r"tests/test_failures\.py:\d+ in caught", block["location"])
    assert any("json/decoder.py" in frame for frame in block["stack"])
    assert block["stack"][0].startswith("tests/test_failures.py:")


def test_the_location_is_found_behind_any_number_of_library_frames():
    deep: Any = (number for number in ())
    for _ in range(60):
        deep = [deep]
    block = describe(caught(copy.deepcopy, deep))
    assert re.fullmatch(r"tests/test_failures\.py:\d+ in caught", block["location"])
    assert len(block["stack"]) == 20


def test_our_own_frames_are_library_frames():
    @lambda function: timed(function, lambda: memoryview(b""))
    def work(given: int) -> None:
        """Takes one."""

    block = describe(caught(work))
    assert "in caught" in block["location"]


def test_an_error_of_a_library_alone_has_a_location_too():
    error = caught(json.loads, "{")
    error.__traceback__ = error.__traceback__.tb_next  # type: ignore[union-attr]
    assert "json" in describe(error)["location"]


def test_a_file_is_told_as_it_is_imported_not_by_the_folders_of_this_machine():
    block = run_source("raise ValueError('x')", name=f"{sys.path[-1]}/app/jobs.py")
    assert block["location"] == "app/jobs.py:1 in <module>"
    assert run_source("raise ValueError('x')", name="/else/where.py")["location"].startswith(
        "/else/where.py:1"
    )


def test_local_variables_are_never_told():
    def login() -> None:
        password = SECRET
        card = {"number": [SECRET, password]}
        raise PermissionError(len(card))

    def outer(password: str) -> None:
        try:
            login()
        except PermissionError as error:
            raise RuntimeError("login failed") from error

    assert SECRET not in json.dumps(describe(caught(outer, SECRET)))


def test_an_error_that_was_never_raised_has_no_place():
    block = describe(ValueError("made"))
    assert block == {"type": "ValueError", "message": "made", "fingerprint": block["fingerprint"]}


# ---- causes ------------------------------------------------------------------------------------------------


def chained() -> None:
    try:
        try:
            raise KeyError("first")  # noqa: TRY301 - it is caught to be chained
        except KeyError as error:
            raise ValueError("second") from error
    except ValueError:
        raise StructuredError("E101", "third")  # noqa: B904 - the implicit cause is the point


def test_the_cause_chain_is_told_nearest_first():
    block = describe(caught(chained))
    assert block["code"] == "E101"
    assert [(cause["type"], cause["message"]) for cause in block["cause"]] == [
        ("ValueError", "second"),
        ("KeyError", "'first'"),
    ]
    assert all("in chained" in cause["location"] for cause in block["cause"])


def test_a_suppressed_context_is_no_cause():
    assert "cause" not in run_source(
        "try:\n 1/0\nexcept ZeroDivisionError:\n raise ValueError('x') from None"
    )


def test_a_cycle_of_causes_ends():
    one, two, three = ValueError("1"), ValueError("2"), ValueError("3")
    one.__cause__, two.__cause__, three.__cause__ = two, three, one
    assert [cause["message"] for cause in describe(one)["cause"]] == ["2", "3"]
    one.__cause__ = one
    assert "cause" not in describe(one)


def test_a_long_chain_of_causes_is_bounded():
    error = ValueError("0")
    first = error
    for number in range(1, 5_000):
        error.__cause__ = ValueError(str(number))
        error = error.__cause__
    assert [cause["message"] for cause in describe(first)["cause"]] == ["1", "2", "3", "4", "5"]


def test_the_members_of_an_exception_group_are_told():
    group = type("Group", (Exception,), {"exceptions": (ValueError("a"), "no exception", KeyError("b"))})(
        "two"
    )
    assert [cause["type"] for cause in describe(group)["cause"]] == ["ValueError", "KeyError"]
    if sys.version_info >= (3, 11):
        many = builtins.ExceptionGroup("many", [ValueError(str(n)) for n in range(50)])
        block = describe(many)
        assert block["type"] == "ExceptionGroup"
        assert [cause["message"] for cause in block["cause"]] == ["0", "1", "2", "3", "4"]


def test_the_stack_of_endless_recursion_is_bounded():
    def down(number: int) -> int:
        return down(number + 1)

    block = describe(caught(down, 0))
    assert block["type"] == "RecursionError"
    assert len(block["stack"]) == 20
    assert "in down" in block["location"]


# ---- what it says ------------------------------------------------------------------------------------------


class MuteError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("mute")


class HostileError(Exception):
    """Raises at every attribute of its own."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    @property
    def code(self) -> str:
        raise KeyError("code")

    @property
    def response(self) -> object:
        raise KeyError("response")


def test_an_error_that_cannot_say_what_it_is_is_told_all_the_same():
    block = describe(MuteError("x"))
    assert block["type"].endswith("MuteError")
    assert "MuteError" in block["message"]
    assert describe(HostileError("still here"))["message"] == "still here"


def test_a_message_is_at_most_a_thousand_characters_and_a_bit():
    assert len(describe(ValueError("word " * 10_000))["message"]) <= 1025


def test_a_type_is_told_with_its_module_unless_it_is_built_in():
    assert describe(ValueError())["type"] == "ValueError"
    assert describe(json.JSONDecodeError("m", "d", 0))["type"] == "json.decoder.JSONDecodeError"
    assert describe("just text")["type"] == "Error"


@pytest.mark.parametrize("error", [ValueError("x"), "x", ErrorCode.get("E101")])
def test_what_is_named_sets_the_field_and_the_rest_are_details(error: object):
    block = describe(
        error, {"code": "E205", "why": "w", "fix": "f", "retriable": False, "alert": True, "trip": 5}
    )
    assert block["code"] == ("E101" if isinstance(error, ErrorCode) else "E205")
    assert (block["why"], block["fix"]) == ("w", "f")
    assert (block["retriable"], block["alert"]) == (False, True)
    assert block["details"] == {"trip": 5}


def test_a_code_brings_what_the_catalogue_knows():
    known = ErrorCode.get("E101")
    block = describe(StructuredError("E101", "weather timed out", provider="w", why="slow"))
    assert (block["category"], block["severity"]) == (known.category, known.severity)
    assert (block["message"], block["why"]) == ("weather timed out", "slow")
    assert block["details"] == {"provider": "w"}


def test_what_is_named_is_always_plain():
    block = describe(ValueError("x"), {"why": object(), "fix": "f" * 5_000, "category": ["c"]})
    assert type(block["why"]) is str
    assert len(block["fix"]) <= 1025
    assert type(block["category"]) is str


def test_each_named_field_has_one_type():
    block = describe(
        ValueError("x"), {"why": math.nan, "fix": 7, "severity": 2.0, "alert": 1, "retriable": "yes"}
    )
    assert (block["why"], block["fix"], block["severity"]) == ("nan", "7", "2.0")
    assert "alert" not in block
    assert "retriable" not in block


def test_an_exception_s_own_attributes_are_taken_only_where_they_mean_the_same():
    class Page(Exception):  # noqa: N818
        alert = "page"
        severity = 7

        def fix(self) -> None: ...

    assert not {"alert", "severity", "fix"} & describe(Page("x")).keys()


@pytest.mark.parametrize(
    ("error", "retriable"),
    [
        (TimeoutError(), True),
        (ConnectionResetError(), True),
        (ValueError(), None),
        (FileNotFoundError(), None),
    ],
)
def test_what_is_worth_trying_again_is_said(error: Exception, retriable: bool | None):
    assert describe(error).get("retriable") is retriable
    assert describe(error, {"retriable": False})["retriable"] is False


# ---- the provider's own code -------------------------------------------------------------------------------


def of(name: str, **attributes: Any) -> Exception:
    error = type(name, (Exception,), {})(name)
    for key, value in attributes.items():
        setattr(error, key, value)
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (of("UniqueViolation", sqlstate="23505"), "23505"),
        (of("OldPsycopg", pgcode="40001", diag=object()), "40001"),
        (of("ClientError", response={"Error": {"Code": "Throttling", "Message": "m"}}), "Throttling"),
        (of("ClientError", response={"Error": "odd"}), None),
        (of("ClientError", response={}), None),
        (of("HTTPError", response=SimpleNamespace(status_code=429)), 429),
        (of("HTTPError", response=SimpleNamespace(status_code=object())), None),
        (of("HTTPError", response=None), None),
        (of("UrlError", code=404), 404),
        (FileNotFoundError(2, "no such file"), 2),
        (StructuredError("E101", provider_code="rate_limited"), "rate_limited"),
        (StructuredError("E101"), None),
    ],
)
def test_the_code_of_the_provider_is_kept(error: Exception, code: Any):
    assert describe(error).get("details", {}).get("provider_code") == code


def test_the_code_of_sqlite_is_kept_where_python_tells_it():
    def insert_twice() -> None:
        with closing(sqlite3.connect(":memory:")) as db:
            db.execute("create table t (a unique)")
            for _ in range(2):
                db.execute("insert into t values (1)")

    error = caught(insert_twice)
    expected = "SQLITE_CONSTRAINT_UNIQUE" if sys.version_info >= (3, 11) else None
    assert describe(error).get("details", {}).get("provider_code") == expected
    assert describe(error, {"provider_code": "mine"})["details"]["provider_code"] == "mine"


# ---- the fingerprint ---------------------------------------------------------------------------------------


JOB = "def run(n):\n    raise LookupError(f'trip {n} of user-{n} is missing')\nrun(number)"


def test_the_fingerprint_survives_moved_lines_and_other_numbers():
    first = run_source(JOB, number=1)
    moved = run_source("# a comment\n\n\n" + JOB, number=98_765)
    assert first["fingerprint"] == moved["fingerprint"]
    assert first["location"] != moved["location"]
    assert first["message"] != moved["message"]


def test_the_fingerprint_tells_places_types_and_codes_apart():
    prints = {
        run_source(JOB, number=1)["fingerprint"],
        run_source(JOB.replace("run", "other"), number=1)["fingerprint"],
        run_source(JOB.replace("LookupError", "KeyError"), number=1)["fingerprint"],
        run_source(JOB, name="app/other.py", number=1)["fingerprint"],
        describe("trip 1 is missing")["fingerprint"],
        describe("trip 1 is missing", {"code": "E205"})["fingerprint"],
    }
    assert len(prints) == 6


def test_the_fingerprint_is_of_the_applications_frames_not_of_a_librarys():
    one = "def one():\n    import json\n    json.loads('{')\none()"
    two = "def two():\n    import json\n    json.loads('{')\ntwo()"
    assert run_source(one)["fingerprint"] != run_source(two)["fingerprint"]
    deep = "def {0}(copy, deep):\n    copy.deepcopy(deep)\n{0}(copy, deep)"
    nested: Any = (number for number in ())
    for _ in range(60):
        nested = [nested]
    prints = {run_source(deep.format(n), copy=copy, deep=nested)["fingerprint"] for n in ("a", "b")}
    assert len(prints) == 2


def test_errors_without_a_place_are_grouped_by_what_they_say_less_what_varies():
    assert describe("trip 17 failed")["fingerprint"] == describe("trip 18 failed")["fingerprint"]
    assert describe("trip 17 failed")["fingerprint"] != describe("user 17 failed")["fingerprint"]


# ---- whatever is called an error ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(ODD))
def test_any_object_can_be_called_an_error(name: str):
    odd = ODD[name]()
    for block in (describe(odd), describe(ValueError(odd), {"odd": odd, "why": odd, "code": odd})):
        assert type(block["type"]) is str
        assert type(block["message"]) is str
        assert json.loads(encode({"error": block}, 15360))["error"]["fingerprint"] == block["fingerprint"]


class Code(str, Enum):
    WEATHER = "E101"


def test_a_code_may_be_a_member_of_an_enumeration():
    assert describe("slow", {"code": Code.WEATHER})["category"] == "external_api"
    assert describe("slow", {"code": Code.WEATHER})["code"] == "E101"
