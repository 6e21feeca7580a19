"""Several launches of all contenders of a group, each a process, visited in rounds in random order."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.bench.groups import Group

    Pairs = list[tuple[float, float]]


class Effort(NamedTuple):
    """How long to measure."""

    launches: int
    rounds: int
    pairs: int
    seconds: float


FULL = Effort(launches=3, rounds=10, pairs=6, seconds=0.015)
QUICK = Effort(launches=2, rounds=2, pairs=4, seconds=0.01)


class Worker:
    """One contender's process. Raises `RuntimeError` where it does not start."""

    def __init__(self, name: str, group_name: str) -> None:
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("LOG_", "PYTHON"))
        }
        environment["PYTHONHASHSEED"] = str(random.randrange(1, 2**31))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.worker", name, group_name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.name = name

    def wait(self) -> None:
        """Wait until it is warm."""
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"{self.name} did not start:\n{self.process.stderr.read()}")

    def measure(self, effort: Effort) -> Pairs:
        """Ask for pairs."""
        print(effort.seconds, effort.pairs, file=self.process.stdin, flush=True)
        return [(reference, contender) for reference, contender in json.loads(self.process.stdout.readline())]

    def close(self) -> None:
        """Let it end."""
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.stderr.close()
        self.process.wait(20)


def measure(group_name: str, group: Group, effort: Effort) -> dict[str, list[Pairs]]:
    """Give the pairs of each contender, a list for each launch."""
    measured: dict[str, list[Pairs]] = {name: [] for name in group.contenders}
    for _ in range(effort.launches):
        workers = [Worker(name, group_name) for name in group.contenders]
        launch: dict[str, Pairs] = {name: [] for name in group.contenders}
        for worker in workers:
            worker.wait()
        for _ in range(effort.rounds):
            for worker in random.sample(workers, len(workers)):
                launch[worker.name] += worker.measure(effort)
        for worker in workers:
            worker.close()
        for name, pairs in launch.items():
            measured[name].append(pairs)
    return measured
