"""The benchmark measures what it says: each contender that is installed makes one right line an event."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.bench.contenders import FLASK_ONLY, WHERE

ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = {
    "structlog": "structlog",
    "stdlib": "pythonjsonlogger",
    "loguru": "loguru",
    "opentelemetry": "opentelemetry",
    "sentry": "sentry_sdk",
}
INSTALLED = [name for name in WHERE if name != "bare" and find_spec(LIBRARIES.get(name, "wide_events"))]
RUNS = [(name, "flask") for name in INSTALLED] + [
    (name, "event") for name in INSTALLED if name not in FLASK_ONLY
]


@pytest.mark.parametrize(("name", "kind"), RUNS)
def test_each_contender_makes_one_right_line_an_event(name: str, kind: str):
    # In a process of its own: contenders configure themselves process-wide.
    command = [sys.executable, "-m", "tests.bench.check", name, kind]
    checked = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)

    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.startswith(f"{name} {kind}: ")
