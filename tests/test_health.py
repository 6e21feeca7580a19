"""What the library could not do: counted exactly, and said at most once a minute for each cause."""

from __future__ import annotations

import gc
import os
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from wide_events.clock import clock
from wide_events.health import Health, _begin_again_in_child
from wide_events.home import locks

if TYPE_CHECKING:
    from collections.abc import Iterator

MINUTE_NS = 60 * 10**9


@pytest.fixture
def moment() -> Iterator[list[int]]:
    """The moment that the library's clock tells, in a list, to be set."""
    now, real = [10**12], clock.monotonic_ns
    clock.monotonic_ns = lambda: now[0]
    yield now
    clock.monotonic_ns = real


def test_what_is_counted_is_told():
    health = Health()
    assert health.counts() == {}
    for _ in range(3):
        health.count("kept.rate")
    health.count("dropped.rate")
    assert health.counts() == {"kept.rate": 3, "dropped.rate": 1}
    health.counts().clear()
    assert health.counts() == {"kept.rate": 3, "dropped.rate": 1}


def test_counting_is_exact_from_many_threads():
    health, together = Health(), threading.Barrier(8)

    def count() -> None:
        together.wait()
        for number in range(5_000):
            health.count("all")
            health.count(f"one.{number % 7}")

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=count) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    counts = health.counts()
    assert counts.pop("all") == 40_000
    assert sum(counts.values()) == 40_000


def test_names_without_end_are_counted_together():
    health = Health()
    for number in range(1_000):
        health.count(f"kept.because {number}")
        health.count("dropped.rate")
    counts = health.counts()
    assert len(counts) < 300
    assert sum(counts.values()) == 2_000
    assert counts["kept.other"] > 500
    assert counts["dropped.rate"] == 1_000


def test_each_cause_is_said_at_most_once_a_minute(moment: list[int], caplog: pytest.LogCaptureFixture):
    health = Health()
    for _ in range(5):
        health.complain("late_writes", "too late")
    health.complain("other", "something else")
    moment[0] += MINUTE_NS - 1
    health.complain("late_writes", "too late")
    assert [record.getMessage() for record in caplog.records] == [
        "too late (late_writes: 1 so far)",
        "something else (other: 1 so far)",
    ]
    moment[0] += 1
    health.complain("late_writes", "too late")
    assert caplog.records[-1].getMessage() == "too late (late_writes: 7 so far)"
    assert {record.name for record in caplog.records} == {"wide_events"}
    assert {record.levelname for record in caplog.records} == {"WARNING"}


def test_threads_that_complain_at_once_are_said_once(caplog: pytest.LogCaptureFixture):
    health, together = Health(), threading.Barrier(16)

    def complain() -> None:
        together.wait()
        for _ in range(50):
            health.complain("cause", "text")

    threads = [threading.Thread(target=complain) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(caplog.records) == 1
    assert health.counts() == {"cause": 800}


class MuteError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("mute")


def test_a_failure_is_said_with_its_type_even_if_it_cannot_speak(caplog: pytest.LogCaptureFixture):
    health = Health()
    health.failed("sink", "a line was lost", OSError(28, "No space left"))
    health.failed("mute", "a line was lost", MuteError())
    health.failed("long", "a line was lost", ValueError("word " * 1_000))
    first, second, third = (record.getMessage() for record in caplog.records)
    assert first == "a line was lost: OSError: [Errno 28] No space left (sink: 1 so far)"
    assert second.startswith("a line was lost: MuteError: <MuteError")
    assert len(third) < 1_100


def test_what_is_said_and_every_name_is_cleaned_first(caplog: pytest.LogCaptureFixture):
    health = Health(lambda text: text.replace("hunter2", "[redacted]").replace("\n", "\\n"))
    health.failed("lost.hunter2", "a line was lost", OSError("hunter2\nnext" + " word" * 1_000))
    health.complain("late_writes", "hunter2 had ended")
    first, second = (record.getMessage() for record in caplog.records)
    assert first.startswith("a line was lost: OSError: [redacted]\\nnext word")
    assert first.endswith("(lost.[redacted]: 1 so far)")
    assert second == "[redacted] had ended (late_writes: 1 so far)"
    assert [health.count("kept.hunter2") for _ in range(3)] == [0, 1, 2]
    assert health.counts() == {"lost.[redacted]": 1, "late_writes": 1, "kept.[redacted]": 3}


def test_a_name_that_was_counted_is_not_cleaned_again():
    asked: list[str] = []
    health = Health(lambda text: asked.append(text) or text)
    for _ in range(3):
        health.count("kept.rate")
    assert asked == ["kept", "rate"]


def test_a_forked_child_counts_from_zero_and_may_complain_anew():
    health = Health()
    health.count("kept.rate")
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        told = str(health.counts())
        health.count("kept.rate")
        os.write(write, f"{told} {health.counts()}".encode())
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(read, 1_000) == b"{} {'kept.rate': 1}"
    assert health.counts() == {"kept.rate": 1}
    os.close(read)
    os.close(write)


def test_beginning_again_forgets_everything(caplog: pytest.LogCaptureFixture):
    health = Health()
    health.complain("cause", "text")
    _begin_again_in_child()
    assert health.counts() == {}
    health.complain("cause", "text")
    assert len(caplog.records) == 2


def test_a_lock_that_somebody_held_is_renewed():
    before = locks.accumulating
    locks.renew()
    assert locks.accumulating is not before


def test_nobody_is_held_alive():
    before = sum(isinstance(one, Health) for one in gc.get_objects())
    for _ in range(50):
        Health().count("x")
    gc.collect()
    assert sum(isinstance(one, Health) for one in gc.get_objects()) <= before
