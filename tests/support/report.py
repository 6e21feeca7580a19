"""A pytest plugin: what the whole run did beside its tests, said just before pytest's own summary.

`--note TEXT` and `--left-out TEXT` (each as often as needed) are printed; with `--core-coverage`, under
`coverage run -m pytest`, a run that passed prints the coverage of the core, and fails where that is too low.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import coverage
import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("report")
    group.addoption("--note", action="append", default=[], help="a line for the end of the report")
    group.addoption("--left-out", action="append", default=[], help="what could not be tested here")
    group.addoption("--core-coverage", action="store_true", help="report coverage, and fail where it is low")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    measured = coverage.Coverage.current()
    if not session.config.getoption("--core-coverage") or measured is None:
        return
    measured.stop()
    measured.save()
    if session.exitstatus != pytest.ExitCode.OK:
        return
    table = io.StringIO()
    reached = measured.report(file=table)
    goal = measured.config.fail_under
    session.config.stash[COVERAGE] = table.getvalue()
    if reached < goal:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        session.config.option.note.append(f"FAILED: the core's coverage is {reached:.2f} %, not {goal:.0f} %")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    config = terminalreporter.config
    sections = {
        "coverage of the core": config.stash.get(COVERAGE, ""),
        "also run": "\n".join(config.getoption("--note")),
        "left out, since this machine lacks it": "\n".join(config.getoption("--left-out")),
    }
    for title, text in sections.items():
        if text:
            terminalreporter.section(title)
            terminalreporter.write_line(text)


COVERAGE = pytest.StashKey[str]()
