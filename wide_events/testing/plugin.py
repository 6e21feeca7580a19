"""The pytest plugin: the fixture `captured_events` and the mark `wide_events`. Installed with the package.

    def test_uploads_of_heavy_users_are_kept(client, captured_events):
        client.post("/telemetry", json={"trip": "t1"})
        assert_kept(captured_events.one("telemetry_upload"), because="heavy_user")

Neither Flask nor pydantic is loaded at the start of pytest, and nothing is captured in a test that does not
ask for it. `-p no:wide_events` turns the plugin off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from wide_events.clock import clock

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from wide_events.testing.capturing import CapturedEvents

FIXTURE: Final = "captured_events"
MARK: Final = "wide_events"

_OPTIONS: Final = ("sampling", "seed", "sinks")
_began_ns: Final = pytest.StashKey[int]()
_captured: Final = pytest.StashKey["CapturedEvents"]()


@pytest.fixture
def captured_events(request: pytest.FixtureRequest) -> Iterator[CapturedEvents]:
    """Capture the wide events of this test, of every pipeline in the process, instead of writing them.

    Gives a `wide_events.testing.CapturedEvents`: `events`, `kept`, `dropped`, `one()`, `find()` and more. The
    policy decides as in production, by ids that are the same each time this test runs; what it drops is in
    `dropped`, with all of its fields and the decision. A test, class or module asks for something else by
    `@pytest.mark.wide_events(sampling=…, seed=…, sinks=…)`: what `wide_events.testing.capture` takes.
    """
    from wide_events.testing.capturing import capture  # noqa: PLC0415 - nothing is loaded before a test asks

    item = request.node
    options = {"seed": item.nodeid, **_options_of(item)}
    with capture(since_ns=item.stash[_began_ns], **options) as captured:
        item.stash[_captured] = captured
        yield captured


def _options_of(item: pytest.Item) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for mark in item.iter_markers(MARK):
        unknown = [*map(repr, mark.args), *(name for name in mark.kwargs if name not in _OPTIONS)]
        if unknown:
            told = f"takes the keywords {', '.join(_OPTIONS)}, not {', '.join(unknown)}"
            pytest.fail(f"@pytest.mark.{MARK} {told}", pytrace=False)
        options = {**mark.kwargs, **options}
    return options


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known to `--strict-markers`."""
    config.addinivalue_line(
        "markers",
        f"{MARK}(sampling='policy', seed=<test's name>, sinks=False): capture this test's wide events, as the"
        " fixture captured_events does; sampling: 'policy', 'all' or 'none'; sinks: write them as well.",
    )


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let a marked test capture even where it does not name the fixture."""
    if isinstance(item, pytest.Function) and item.get_closest_marker(MARK) is not None:
        item.fixturenames = list(dict.fromkeys([FIXTURE, *item.fixturenames]))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note when the test began: events that began before are another test's."""
    item.stash[_began_ns] = clock.monotonic_ns()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, None]:
    """Show the captured events in the report of a test that fails."""
    outcome = yield
    captured = item.stash.get(_captured, None)
    if captured is not None and outcome.excinfo is not None:
        item.add_report_section("call", "wide events", repr(captured))
