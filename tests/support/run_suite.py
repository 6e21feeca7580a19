"""All of the tests: sets up what they need, runs them, and names what had to be left out.

Without arguments everything, on every Flask, with the coverage of the core; with arguments for pytest, those.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support import flask_versions, system_packages
from tests.support.environments import ROOT, version_of

PYTEST = ["pytest", "-p", "tests.support.report"]


def main(arguments: list[str]) -> int:
    """Give the exit status: 0 only if tests ran and all of them passed, on every version."""
    left_out = system_packages.ensure()
    if arguments:
        return _pytest(["-m", *PYTEST, *_options("--left-out", left_out), *arguments])
    own = version_of(Path(sys.executable), "flask")
    others = flask_versions.run(but=(own,))
    left_out += [outcome.sentence for outcome in others if outcome.left_out]
    notes = [outcome.sentence for outcome in others if not outcome.left_out]
    notes.append(f"Flask {own}: in the tests above")
    options = [*_options("--note", notes), *_options("--left-out", left_out)]
    status = _pytest(["-m", "coverage", "run", "-m", *PYTEST, "--core-coverage", *options])
    return status or int(not all(outcome.passed for outcome in others))


def _pytest(arguments: list[str]) -> int:
    return subprocess.run([sys.executable, *arguments], check=False, cwd=ROOT).returncode


def _options(name: str, values: list[str]) -> list[str]:
    return [f"{name}={value}" for value in values]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
