"""One contender in one process, measured against the group's reference in that same process.

`python -m tests.bench.worker NAME GROUP` says that it is ready, and then answers each line on standard input,
`SECONDS PAIRS`, with one line of JSON: pairs of CPU microseconds, reference and contender, each of a slice of
work of some `SECONDS`. The two slices of a pair are adjacent and in turn first, so that their ratio holds
while the machine's speed drifts.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

from tests.bench import workload
from tests.bench.contenders import load
from tests.bench.contenders.limit import Bare
from tests.bench.groups import GROUPS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.contenders.base import Contender

    Loop = Callable[[int], None]

SINK = os.devnull
WARM_UP = 300


def event_loop(contender: Contender) -> Loop:
    """Give what makes a number of events."""
    one, flush = contender.one, contender.flush

    def loop(times: int) -> None:
        for _ in range(times):
            one()
        flush()

    return loop


def request_loop(contender: Contender) -> Loop:
    """Give what makes a number of requests, each iterated and closed as a server does."""
    app, flush = contender.app(), contender.flush
    # One peer patches `Flask.__call__`, of every app: the reference goes round it.
    wsgi = app.wsgi_app if isinstance(contender, Bare) else app

    def loop(times: int) -> None:
        for _ in range(times):
            body: Any = wsgi(workload.fresh_environ(), start_response)
            for _chunk in body:
                pass
            body.close()
        flush()

    return loop


def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
    """A server that does nothing."""


def cpu_us(loop: Loop, times: int) -> float:
    """CPU microseconds of one turn of the loop, all threads of the process included."""
    begun = time.process_time_ns()
    loop(times)
    return (time.process_time_ns() - begun) / times / 1e3


def turns(loop: Loop, seconds: float) -> int:
    """How many turns of the loop take some `seconds`."""
    fastest = min(cpu_us(loop, 100) for _ in range(3))
    return max(30, int(seconds * 1e6 / fastest))


def pairs(reference: Loop, contender: Loop, seconds: float, count: int) -> list[tuple[float, float]]:
    """Measure pairs of slices."""
    first, second = turns(reference, seconds), turns(contender, seconds)
    gc.collect()
    measured = []
    for number in range(count):
        if number % 2:
            after = cpu_us(contender, second)
            measured.append((cpu_us(reference, first), after))
        else:
            before = cpu_us(reference, first)
            measured.append((before, cpu_us(contender, second)))
    return measured


def main(name: str, group_name: str) -> None:
    """Serve until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print is not for the one who asks
    warnings.simplefilter("ignore")
    group = GROUPS[group_name]
    make = request_loop if group.flask else event_loop
    reference = make(load(group.reference)(SINK, group.rate))
    contender = make(load(name)(SINK, group.rate))
    reference(WARM_UP)
    contender(WARM_UP)
    print("ready", file=answers)
    for line in sys.stdin:
        seconds, count = line.split()
        print(json.dumps(pairs(reference, contender, float(seconds), int(count))), file=answers)
    os._exit(0)  # some peers would wait for their threads


if __name__ == "__main__":
    main(*sys.argv[1:])
