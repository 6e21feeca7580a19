"""Memory of an event in flight: `python -m tests.bench.memory NAME` prints bytes an event, by tracemalloc."""

from __future__ import annotations

import gc
import os
import sys
import tracemalloc

from tests.bench.contenders import load

EVENTS = 2000


def main(name: str) -> None:
    """Keep many unfinished events alive and look at the difference."""
    contender = load(name)(os.devnull, 1.0)
    warm = [contender.in_flight() for _ in range(100)]
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    alive = [contender.in_flight() for _ in range(EVENTS)]
    gc.collect()
    held = tracemalloc.get_traced_memory()[0] - before - sys.getsizeof(alive)
    print(held / len(alive), len(warm))


if __name__ == "__main__":
    main(*sys.argv[1:])
