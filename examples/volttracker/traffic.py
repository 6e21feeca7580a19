"""Traffic for a running VoltTracker: a seeded mix of journeys by many cars, bounded in time and in number.

`python -m examples.volttracker.traffic http://127.0.0.1:8000 --seconds 10` drives one that you started.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from examples.volttracker import journeys
from examples.volttracker.cars import Car
from examples.volttracker.client import Client, Tally, Target
from examples.volttracker.history import vehicle_ids

if TYPE_CHECKING:
    from examples.volttracker.journeys import Journey

Progress = Callable[[float, Tally], None]

HALF = 0.5


@dataclass(frozen=True)
class Fixture:
    """A journey of every run, by a car of a cohort, once this share (0 to 1) of the time is over."""

    cohort: str
    journey: Journey
    after: float = 0.0


FIXTURES = (
    Fixture("heavy", journeys.in_weather_of(journeys.SLOW_STATION)),
    Fixture("light", journeys.in_weather_of(journeys.SLOW_STATION)),
    Fixture("recent", journeys.parked_too_soon),
    Fixture("recent", journeys.broken_logger),
    Fixture("new", journeys.look_around),
    Fixture("moderate", journeys.in_weather_of(journeys.FAILING_STATION)),
    Fixture("moderate", journeys.in_weather_of(journeys.SILENT_STATION)),
    Fixture("light", journeys.in_weather_of(journeys.BUSY_STATION)),
    Fixture("heavy", journeys.in_weather_of(journeys.SLUGGISH_STATION)),
    Fixture("light", journeys.lost),
    Fixture("light", journeys.buy_reports),
    Fixture("new", journeys.look_around, after=0.5),
    Fixture("new", journeys.look_around, after=0.6),
    Fixture("recent", journeys.parked_too_soon, after=0.6),
)
"""What happens in every run, so that there is something to find for every question."""

USUAL: tuple[tuple[int, Journey], ...] = (
    (34, journeys.commute),
    (9, journeys.long_haul),
    (14, journeys.night_at_the_plug),
    (26, journeys.look_around),
    (10, journeys.watchdog),
    (2, journeys.buy_reports),
    (1, journeys.broken_logger),
    (1, journeys.parked_too_soon),
    (1, journeys.lost),
    (1, journeys.in_weather_of(journeys.FAILING_STATION)),
    (1, journeys.in_weather_of(journeys.SLUGGISH_STATION)),
)


@dataclass(frozen=True)
class Rollout:
    """Where requests go: to production, whose deployment is replaced half-way, and some to staging."""

    before: Target
    after: Target
    staging: Target | None = None
    staging_share: float = 0.25

    def target(self, progress: float, chance: random.Random) -> Target:
        """Where the next journey goes, when this share (0 to 1) of the time is over."""
        if self.staging is not None and chance.random() < self.staging_share:
            return self.staging
        return self.before if progress < HALF else self.after


@dataclass(frozen=True)
class Limits:
    """When traffic ends: after so many seconds or so many requests, whichever is first."""

    seconds: float = 6.0
    requests: int = 1500
    drivers: int = 4
    pause_s: float = 0.01


def run(
    rollout: Rollout,
    limits: Limits = Limits(),
    *,
    seed: int = 11,
    on_progress: Progress | None = None,
    tally: Tally | None = None,
) -> Tally:
    """Drive until a limit is reached; `on_progress` hears now and then how far that is, from 0 to 1."""
    shared = _Run(rollout, limits, tally or Tally(), random.Random(seed))
    with ThreadPoolExecutor(limits.drivers + len(FIXTURES), thread_name_prefix="driver") as drivers:
        jobs = [drivers.submit(shared.fixture, index) for index in range(len(FIXTURES))]
        jobs += [drivers.submit(shared.usual, seed, number) for number in range(limits.drivers)]
        while not all(job.done() for job in jobs):
            if on_progress is not None:
                on_progress(shared.progress(), shared.tally)
            time.sleep(0.1)
    for job in jobs:
        job.result()
    return shared.tally


class _Run:
    """One run's shared state: its clock, its tally, and the cars, each of which belongs to one driver."""

    def __init__(self, rollout: Rollout, limits: Limits, tally: Tally, chance: random.Random) -> None:
        self.rollout, self.limits, self.tally = rollout, limits, tally
        self._begun = time.monotonic()
        self._cars = [Car.parked(vehicle_id, chance) for vehicle_id in vehicle_ids()]
        self._fixture_cars = [self._take(fixture.cohort) for fixture in FIXTURES]

    def progress(self) -> float:
        return min(1.0, (time.monotonic() - self._begun) / self.limits.seconds)

    def fixture(self, index: int) -> None:
        """Go on one of the journeys that are part of every run, in production and in staging."""
        chance, fixture, car = random.Random(index), FIXTURES[index], self._fixture_cars[index]
        time.sleep(fixture.after * self.limits.seconds)
        production = self.rollout.before if fixture.after < HALF else self.rollout.after
        for target in (production, self.rollout.staging):
            if target is not None:
                fixture.journey(Client(target, self.tally), car, chance)

    def usual(self, seed: int, number: int) -> None:
        """Go on journeys until the end."""
        chance = random.Random(f"{seed}/{number}")
        cars: Sequence[Car] = self._cars[number :: self.limits.drivers]
        kinds = [journey for _, journey in USUAL]
        weights = [weight for weight, _ in USUAL]
        while self.progress() < 1 and self.tally.requests < self.limits.requests:
            journey = chance.choices(kinds, weights)[0]
            target = self.rollout.target(self.progress(), chance)
            journey(Client(target, self.tally), chance.choice(cars), chance)
            time.sleep(self.limits.pause_s)

    def _take(self, cohort: str) -> Car:
        mine = next(car for car in self._cars if car.vehicle_id.startswith(f"{cohort}-"))
        self._cars.remove(mine)
        return mine


def main(arguments: list[str] | None = None) -> None:
    """Drive one running application, and say how it answered."""
    parser = argparse.ArgumentParser(prog="traffic", description="Drive a running VoltTracker.")
    parser.add_argument("url", help="where it listens, such as http://127.0.0.1:8000")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--requests", type=int, default=1500)
    chosen = parser.parse_args(arguments)
    target = Target("local", "local", chosen.url.rstrip("/"))
    tally = run(Rollout(target, target), Limits(seconds=chosen.seconds, requests=chosen.requests))
    print(f"{tally.requests} requests answered: {dict(sorted(tally.statuses.items()))}")


if __name__ == "__main__":
    main()
