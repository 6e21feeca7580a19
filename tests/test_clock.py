"""The two clocks: timestamps follow the time of day, frozen or not; durations only ever run forward."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from wide_events import Pipeline, WideEvent
from wide_events.clock import _real, clock, rfc3339, wall_ns
from wide_events.settings import Settings
from wide_events.sinks import MemorySink

FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def begun() -> tuple[WideEvent, MemorySink]:
    sink = MemorySink()
    return WideEvent("job", pipeline=Pipeline(Settings(sample_default=1.0), sinks=[sink])), sink


def test_timestamps_follow_a_frozen_clock_and_durations_stay_real():
    with freeze_time("2012-01-14T03:21:34.123456Z"):
        event, sink = begun()
        began = clock.monotonic_ns()
        while clock.monotonic_ns() - began < 2_000_000:
            pass
        with event.timer("work"):
            pass
        event.emit()
        assert wall_ns() == 1_326_511_294_123_456_000
    (line,) = sink.events
    assert line["timestamp"] == "2012-01-14T03:21:34.123456Z"
    assert line["duration_ms"] >= 2
    assert line["performance_breakdown"]["work_ms"] > 0


@pytest.mark.parametrize(
    "step", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=-9000), timedelta(0)]
)
def test_a_clock_that_is_set_while_work_is_done_changes_no_duration(step: timedelta):
    with freeze_time("2026-03-29T00:59:59Z") as frozen:
        event, sink = begun()
        frozen.tick(step)
        event.log("hello").emit()
    (line,) = sink.events
    assert line["timestamp"] == "2026-03-29T00:59:59.000000Z"
    assert 0 < line["duration_ms"] < 60_000
    assert 0 < line["logs"][0]["t_ms"] <= line["duration_ms"]


def test_a_library_that_was_imported_under_a_frozen_clock_measures_real_time_all_the_same():
    code = (
        "from freezegun import freeze_time\n"
        "with freeze_time('2012-01-14'):\n"
        "    from wide_events.clock import _real, clock, wall_ns\n"
        "    one = clock.monotonic_ns(); sum(range(100_000)); two = clock.monotonic_ns()\n"
        "    assert two > one, (one, two)\n"
        "    assert wall_ns() == 1326499200_000000000\n"
        "three = clock.monotonic_ns()\n"
        "assert three > two\n"
        "import time; assert abs(wall_ns() - time.time_ns()) < 60e9\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_a_clock_that_somebody_replaced_is_not_taken():
    with freeze_time("2012-01-14"):
        assert abs(_real(time.perf_counter_ns)() - clock.monotonic_ns()) < 10**12
    assert _real(len) is len  # type: ignore[comparison-overlap, arg-type]


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (999, "1970-01-01T00:00:00.000000Z"),
        (1_000, "1970-01-01T00:00:00.000001Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (2**31 * 10**9, "2038-01-19T03:14:08.000000Z"),
        (1_483_228_799_999_999_999, "2016-12-31T23:59:59.999999Z"),
        (1_483_228_800_000_000_000, "2017-01-01T00:00:00.000000Z"),
        (-62_135_596_800 * 10**9, "0001-01-01T00:00:00.000000Z"),
        (10**30, "9999-12-31T23:59:59.000000Z"),
        (-(10**30), "0001-01-01T00:00:00.000000Z"),
    ],
)
def test_a_moment_is_written_in_rfc_3339(ns: int, text: str):
    assert rfc3339(ns) == text


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))  # noqa: DTZ001 - as it asks
def test_any_moment_is_written_exactly(moment: datetime):
    aware = moment.replace(tzinfo=timezone.utc)
    microseconds = (aware - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1)
    text = rfc3339(microseconds * 1000)
    assert FORM.fullmatch(text)
    assert datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc) == aware


@given(st.integers(-(2**100), 2**100))
def test_even_a_broken_clock_gives_a_timestamp(ns: int):
    assert FORM.fullmatch(rfc3339(ns))


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/St_Johns", "UTC"])
def test_the_zone_of_the_machine_does_not_matter(zone: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert rfc3339(1_700_000_000_000_000_000) == "2023-11-14T22:13:20.000000Z"
        event, sink = begun()
        event.emit()
    finally:
        monkeypatch.undo()
        time.tzset()
    told = datetime.strptime(sink.events[0]["timestamp"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(
        tzinfo=timezone.utc
    )
    assert abs(told - datetime.now(timezone.utc)) < timedelta(hours=1)
