"""The pytest plugin, in real pytest runs over real test files."""

from __future__ import annotations

import sys
from typing import Protocol

import pytest

from wide_events import testing
from wide_events.testing import capture

pytest_plugins = ["pytester"]

STRICT = ("-W", "error", "--strict-markers", "-p", "no:hypothesispytest")

SHOP = """
    import pytest
    from flask import Flask, g
    from wide_events.integrations.flask import WideEvents
    from wide_events.settings import Settings
    from wide_events.testing import assert_dropped, assert_event, assert_kept

    @pytest.fixture
    def client():
        app = Flask("shop")
        WideEvents(app, settings=Settings(service_name="shop", sample_default=0.5))

        @app.post("/upload")
        def upload():
            g.wide_event.add_vehicle_context(usage_tier="light")
            return {"ok": True}

        return app.test_client()
"""
JOBS = """
    import pytest
    from wide_events import Pipeline, WideEvent, track_operation
    from wide_events.settings import Settings

    pipeline = Pipeline(Settings(sample_default=0.5))
"""


class Run(Protocol):
    def __call__(self, head: str, body: str, *options: str) -> pytest.RunResult: ...


@pytest.fixture
def run(pytester: pytest.Pytester):
    """Run pytest over one file, in this process, with everything that is strict."""

    def run(head: str, body: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(_dedented(head) + _dedented(body))
        return pytester.runpytest_inprocess(*STRICT, *options)

    return run


def _dedented(text: str) -> str:
    return "\n".join(line.removeprefix("    ") for line in text.splitlines()) + "\n"


# ---- the fixture -------------------------------------------------------------------------------------------


def test_a_test_gets_its_events_by_naming_the_fixture(run: Run):
    result = run(
        SHOP,
        """
    def test_upload(client, captured_events):
        client.post("/upload")
        event = captured_events.one("upload")
        assert_event(event, {"vehicle_context.usage_tier": "light"}, status_code=200)
        assert event.decision.reason == "rate"

    def test_slow(captured_events, client):
        captured_events.delay_next(1000)
        client.post("/upload")
        assert_kept(captured_events.one(), because="slow")
    """,
    )
    result.assert_outcomes(passed=2)


def test_each_test_has_events_of_its_own_and_chance_of_its_own_that_repeats(run: Run):
    body = """
    kept = {}

    @pytest.mark.parametrize("turn", [1, 2])
    def test_turn(captured_events, turn):
        assert len(captured_events) == 0
        for _ in range(40):
            WideEvent("job", pipeline=pipeline).emit()
        kept[turn] = [event["trace_id"] for event in captured_events.kept]
        print(kept[turn])

    def test_they_differ():
        assert kept[1] != kept[2]
    """
    first, second = run(JOBS, body, "-s"), run(JOBS, body, "-s")
    first.assert_outcomes(passed=3)
    ids = [[line for line in result.outlines if "['" in line] for result in (first, second)]
    assert len(ids[0]) == 2
    assert ids[0] == ids[1]


def test_a_failing_test_shows_its_events(run: Run):
    result = run(
        JOBS,
        """
    @pytest.mark.wide_events(sampling="none")
    def test_total(captured_events):
        WideEvent("import", pipeline=pipeline).emit()
        assert captured_events.one()["rows"] == 3
    """,
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*KeyError: 'rows'",
            "*Captured wide events call*",
            "<CapturedEvents: 0 kept, 1 dropped>",
            "  1  dropped by rate at 0.5  import  import success in * ms",
        ]
    )


def test_a_failed_assertion_points_at_the_test_and_lists_what_there_was(run: Run):
    result = run(
        JOBS,
        """
    def test_imports(captured_events):
        for name in ("import", "import", "report"):
            WideEvent(name, pipeline=pipeline).emit(force=True)
        captured_events.one("import")
    """,
    )
    result.stdout.fnmatch_lines(
        [
            '>*captured_events.one("import")',
            "E*AssertionError: expected exactly one event with operation='import', found 2 of 3:",
            "E*  1  kept by forced  import  import success in * ms  <- matches",
            "E*  2  kept by forced  import  import success in * ms  <- matches",
            "E*  3  kept by forced  report  report success in * ms  operation is 'report'",
            "*test_*.py:*: AssertionError",
        ]
    )
    result.stdout.no_fnmatch_line("*assertions.py*")


# ---- the mark ----------------------------------------------------------------------------------------------


def test_a_mark_says_what_chance_does_and_the_nearest_one_wins(run: Run):
    result = run(
        JOBS,
        """
    pytestmark = pytest.mark.wide_events(sampling="all", seed=7)

    def test_module(captured_events):
        WideEvent("job", pipeline=pipeline).emit()
        assert captured_events.kept

    class TestOthers:
        ids = []

        @pytest.mark.wide_events(sampling="none")
        def test_own(self, captured_events):
            event = WideEvent("job", pipeline=pipeline)
            assert not event.emit().keep
            self.ids.append(event.request_id)

        def test_seed_of_the_module(self, captured_events):
            assert WideEvent("job", pipeline=pipeline).request_id == self.ids[0]
    """,
    )
    result.assert_outcomes(passed=3)


def test_a_marked_test_captures_without_the_fixture(run: Run):
    result = run(
        JOBS,
        """
    import unittest

    @pytest.mark.wide_events
    def test_silent(capfd):
        WideEvent("job", pipeline=pipeline).emit(force=True)
        assert capfd.readouterr().out == ""

    @pytest.mark.wide_events
    class TestCase(unittest.TestCase):
        @pytest.fixture(autouse=True)
        def _hold(self, captured_events):
            self.captured = captured_events

        def test_one(self):
            WideEvent("job", pipeline=pipeline).emit()
            self.captured.one("job")

    def test_written(capfd):
        WideEvent("job", pipeline=pipeline).emit(force=True)
        assert '"job"' in capfd.readouterr().out

    @pytest.mark.wide_events(sinks=True)
    def test_written_as_well(capfd, captured_events):
        WideEvent("job", pipeline=pipeline).emit(force=True)
        assert capfd.readouterr().out.encode() == captured_events.one().written["stdout"]
    """,
    )
    result.assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("rate=0.5", "takes the keywords sampling, seed, sinks, not rate"),
        ('"all"', "takes the keywords sampling, seed, sinks, not 'all'"),
        ('sampling="most"', "sampling='most' is none of 'policy', 'all' and 'none'"),
    ],
)
def test_a_mark_that_makes_no_sense_is_refused(run: Run, arguments: str, told: str):
    result = run(
        JOBS,
        f"""
    @pytest.mark.wide_events({arguments})
    def test_it():
        pass
    """,
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{told}*"])


def test_the_mark_and_the_fixture_are_documented(pytester: pytest.Pytester):
    assert (
        "@pytest.mark.wide_events(sampling='policy'"
        in pytester.runpytest_inprocess(*STRICT, "--markers").stdout.str()
    )
    fixtures = pytester.runpytest_inprocess(*STRICT, "--fixtures", "-v").stdout.str()
    assert "captured_events" in fixtures


def test_doctests_and_other_items_are_left_alone(pytester: pytest.Pytester):
    pytester.makepyfile('"""\n>>> 1 + 1\n2\n"""\nimport pytest\npytestmark = pytest.mark.wide_events\n')
    pytester.runpytest_inprocess(*STRICT, "--doctest-modules").assert_outcomes(passed=1)


# ---- nothing leaks -----------------------------------------------------------------------------------------


def test_a_test_that_fails_inside_a_unit_of_work_leaves_nothing_to_the_next(run: Run):
    result = run(
        JOBS,
        """
    from wide_events.context import active

    def test_fails(captured_events):
        track_operation("left open", pipeline=pipeline).__enter__()
        raise RuntimeError

    def test_next(captured_events):
        assert active() is None
        captured_events.none()
    """,
    )
    result.assert_outcomes(passed=1, failed=1)


def test_an_event_that_ends_late_in_a_thread_is_no_event_of_the_next_test(run: Run):
    result = run(
        JOBS,
        """
    from threading import Event, Thread

    go, begun = Event(), Event()
    threads = []

    def late():
        event = WideEvent("late", pipeline=pipeline)
        begun.set()
        go.wait(5)
        event.keep().emit()

    @pytest.mark.parametrize("fixture", ["captured_events", "tmp_path"])
    def test_leaves_a_thread(request, fixture):
        request.getfixturevalue(fixture)
        threads.append(Thread(target=late))
        threads[-1].start()
        begun.wait(5)
        begun.clear()

    def test_next(captured_events, capfd):
        go.set()
        [thread.join() for thread in threads]
        captured_events.none()
        assert [event["operation"] for event in captured_events.strays] == ["late", "late"]
        assert capfd.readouterr().out == ""
    """,
    )
    result.assert_outcomes(passed=3)


def test_a_run_inside_of_a_capture_leaves_the_outer_one_alone(run: Run):
    with capture() as captured:
        run(JOBS, "    def test_it(captured_events):\n        WideEvent('in', pipeline=pipeline).emit()\n")
    captured.none()


# ---- a good neighbour --------------------------------------------------------------------------------------


def test_the_plugin_can_be_turned_off(pytester: pytest.Pytester):
    pytester.makepyfile("def test_it(captured_events): pass")
    result = pytester.runpytest_subprocess("-p", "no:wide_events")
    result.stdout.fnmatch_lines(["*fixture 'captured_events' not found*"])


def test_pytest_starts_without_flask_pydantic_and_the_rooms_of_a_capture(pytester: pytest.Pytester):
    pytester.makepyfile("""
        import sys

        def test_start():
            rooms = ("flask", "pydantic", "wide_events.testing.capturing", "wide_events.testing.assertions")
            assert [name for name in rooms if name in sys.modules] == []
            assert "wide_events.testing.plugin" in sys.modules
    """)
    result = pytester.runpytest_subprocess(*STRICT)
    result.assert_outcomes(passed=1)


def test_asynchronous_code_and_threads_are_captured_too(run: Run):
    result = run(
        JOBS,
        """
    import asyncio
    from threading import Thread

    def test_both(captured_events):
        async def work(name):
            async with track_operation(name, pipeline=pipeline):
                await asyncio.sleep(0)

        async def both():
            await asyncio.gather(work("a"), work("b"))

        asyncio.run(both())
        thread = Thread(target=WideEvent("c", pipeline=pipeline).emit)
        thread.start()
        thread.join()
        assert sorted(event["operation"] for event in captured_events) == ["a", "b", "c"]
    """,
    )
    result.assert_outcomes(passed=1)


def test_every_public_name_is_there_and_no_other():
    assert {getattr(testing, name).__name__ for name in testing.__all__} == set(testing.__all__)
    with pytest.raises(AttributeError, match="no attribute 'missing'"):
        testing.missing  # noqa: B018


def test_without_pytest_a_capture_works_in_unittest(pytester: pytest.Pytester):
    path = pytester.makepyfile("""
        import sys
        import unittest
        from wide_events import WideEvent
        from wide_events.testing import assert_kept, capture

        class Uploads(unittest.TestCase):
            def setUp(self):
                scope = capture(sampling="all")
                self.captured = scope.__enter__()
                self.addCleanup(scope.__exit__, None, None, None)

            def test_one(self):
                WideEvent("upload").emit()
                assert_kept(self.captured.one("upload"), because="rate")
                self.assertNotIn("pytest", sys.modules)

        unittest.main()
    """)
    result = pytester.run(sys.executable, "-W", "error", path)
    result.stderr.fnmatch_lines(["Ran 1 test in *", "OK"])
    assert result.ret == 0
