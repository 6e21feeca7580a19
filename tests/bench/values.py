"""What values that nobody should log cost: each is added to an event, and the event is emitted.

Prints one line of JSON: milliseconds for each value, the shortest of some tries.
"""

from __future__ import annotations

import json
import os
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from tests.bench.contenders import load
from wide_events import WideEvent

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES = 5


class Unreadable:
    """Raises when it is looked at."""

    def __str__(self) -> str:
        raise ValueError

    __repr__ = __str__


def circular() -> dict[str, Any]:
    """A dict that holds itself, twice."""
    ring: dict[str, Any] = {"list": []}
    ring["self"] = ring
    ring["list"].append(ring)
    return ring


def deep() -> list[Any]:
    """A list in a list, 100,000 times."""
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    return nested


def bushy(depth: int = 3) -> Any:
    """Three levels of eight branches each, and a long text in every leaf."""
    return {str(branch): bushy(depth - 1) for branch in range(8)} if depth else {"leaf": "x" * 8000}


VALUES: dict[str, Callable[[], Any]] = {
    "text of 100 MB": lambda: "x" * 100_000_000,
    "text of 1 MB, all surrogates": lambda: "\ud800" * 1_000_000,
    "text of 1 MB, all control characters": lambda: "\x1b" * 1_000_000,
    "bytes of 100 MB": lambda: bytes(100_000_000),
    "dict with 1,000,000 keys": lambda: dict.fromkeys(map(str, range(1_000_000)), 1),
    "list of 1,000,000": lambda: list(range(1_000_000)),
    "set of 1,000,000": lambda: set(range(1_000_000)),
    "deque of 1,000,000": lambda: deque(range(1_000_000)),
    "range of 10**12": lambda: range(10**12),
    "circular": circular,
    "100,000 levels deep": deep,
    "8 x 8 x 8 texts of 8 kB": bushy,
    "2,000 texts of 8 kB": lambda: [["x" * 8000] * 100] * 20,
    "text of 8,000 line separators": lambda: "\u2028" * 8000,
    "16 texts of 8,000 zero-width spaces": lambda: ["\u200b" * 8000] * 16,
    "20 x 100 texts of 120 line separators": lambda: [["\u2028" * 120] * 100] * 20,
    "8,000 characters, every other one unsafe": lambda: "é\u200b" * 4000,
    "text of 8 kB, all @": lambda: "a@" * 4000,
    "number of 30,000 digits": lambda: 1 << 100_000,
    "10,000 objects that raise": lambda: [Unreadable()] * 10_000,
    "keys that raise": lambda: {Unreadable(): number for number in range(1000)},
    "not a number": lambda: {"nan": float("nan"), "infinite": float("inf"), "large": 2**70},
}


def crowded() -> dict[str, Any]:
    """The worst record: as many fields as fit, each with as many characters that must be escaped as fit."""
    return {f"field_{number}": ["\u2028" * 120] * 100 for number in range(250)}


def milliseconds(fields: dict[str, Any]) -> float:
    """The shortest of some tries to add and emit."""
    tries = []
    for _ in range(TRIES):
        event = WideEvent("pathological")
        begun = time.perf_counter_ns()
        event.add_context(**fields).emit()
        tries.append((time.perf_counter_ns() - begun) / 1e6)
    return min(tries)


def main() -> None:
    """Measure all of them."""
    contender = load("wide_events")(os.devnull, 1.0)
    for _ in range(100):
        contender.one()
    took = {name: milliseconds({"value": make()}) for name, make in VALUES.items()}
    print(json.dumps({**took, "250 lists of 100 texts of line separators": milliseconds(crowded())}))


if __name__ == "__main__":
    main()
