"""What the package promises from outside: names, docstrings, a light import, and no hand on the process."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import wide_events

if TYPE_CHECKING:
    from collections.abc import Iterator

FRAMEWORKS = [
    "pydantic",
    "pydantic_core",
    "flask",
    "werkzeug",
    "click",
    "rich",
    "duckdb",
    "pytest",
    "sqlalchemy",
    "celery",
    "starlette",
    "asgiref",
]
NAMES = [
    "Decision",
    "ErrorCode",
    "Pipeline",
    "Settings",
    "StructuredError",
    "WideEvent",
    "current_event",
    "log_business_event",
    "propagate",
    "track_operation",
    "track_time",
]


def test_these_names_and_no_others_are_public():
    assert sorted(wide_events.__all__) == NAMES
    for name in NAMES:
        assert getattr(wide_events, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        wide_events.nothing  # noqa: B018 - that it raises is the point


def test_a_star_import_gives_exactly_these():
    given: dict[str, Any] = {}
    exec("from wide_events import *", given)  # noqa: S102 - our own text
    assert sorted(set(given) - {"__builtins__"}) == NAMES


def in_a_new_process(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=60
    ).stdout


def test_importing_loads_no_framework():
    code = f"import sys, wide_events\nprint([name for name in {FRAMEWORKS!r} if name in sys.modules])"
    assert in_a_new_process(code).strip() == "[]"


def test_using_it_loads_pydantic_and_nothing_else():
    code = (
        "import sys, wide_events\n"
        "with wide_events.track_operation('job') as e: e.add_context(a=1).add_error('x')\n"
        f"print([name for name in {FRAMEWORKS!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=60
    )
    assert done.stderr.strip() == "['pydantic', 'pydantic_core']"


def test_importing_starts_nothing_and_changes_nothing():
    code = (
        "import logging, os, signal, sys, threading\n"
        "def state(): return (threading.active_count(), list(logging.root.handlers), logging.root.level,\n"
        "    [signal.getsignal(s) for s in (2, 15, 14)], sys.excepthook, sys.getswitchinterval(),\n"
        "    len(os.listdir('/proc/self/fd')), dict(os.environ), os.getcwd())\n"
        "before = state()\n"
        "import wide_events\n"
        "assert state() == before\n"
    )
    in_a_new_process(code)


def modules() -> Iterator[Any]:
    for found in pkgutil.walk_packages(wide_events.__path__, "wide_events."):
        if "__main__" not in found.name:
            yield importlib.import_module(found.name)


def public_things(module: Any) -> Iterator[tuple[str, Any]]:
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(thing) or inspect.isfunction(thing):
            yield f"{module.__name__}.{name}", thing
        if inspect.isclass(thing) and not getattr(thing, "_is_protocol", False):
            for member, method in vars(thing).items():
                if not member.startswith("_") and (
                    inspect.isfunction(method) or isinstance(method, property)
                ):
                    yield f"{module.__name__}.{name}.{member}", method


def test_everything_public_says_what_it_is_for():
    silent = [
        name for module in modules() for name, thing in public_things(module) if not inspect.getdoc(thing)
    ]
    silent += [module.__name__ for module in modules() if not module.__doc__]
    assert silent == []


def test_every_verb_of_the_contract_is_there():
    verbs = [
        "add_context",
        "add_user_context",
        "add_vehicle_context",
        "add_business_metric",
        "add_technical_metric",
        "add_feature_flags",
        "add_cost",
        "add_tokens",
        "add_error",
        "mark_success",
        "mark_failure",
        "mark_partial",
        "increment",
        "log",
        "keep",
        "timer",
        "child",
        "decide",
        "should_emit",
        "emit",
        "context",
    ]
    assert [verb for verb in verbs if not hasattr(wide_events.WideEvent, verb)] == []


def test_the_package_is_typed():
    assert (Path(wide_events.__file__).parent / "py.typed").exists()
