"""Some events of one contender, and what came out of it: `python -m tests.bench.check NAME event|flask`.

Raises `AssertionError` unless each event is one line of JSON that carries what the application added.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench import workload
from tests.bench.contenders import load
from tests.bench.worker import event_loop, request_loop

EVENTS = 5
FIELDS = 40


def lines(name: str, kind: str, rate: float) -> list[bytes]:
    """Let the contender make events, and give what it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        sink = Path(folder) / "events.jsonl"
        contender = load(name)(str(sink), rate)
        (request_loop if kind == "flask" else event_loop)(contender)(EVENTS)
        return sink.read_bytes().splitlines() if sink.exists() else []


def leaves(value: Any) -> int:
    """Count the values in an object."""
    return sum(map(leaves, value.values())) if isinstance(value, dict) else 1


def main(name: str, kind: str) -> None:
    """Look at the lines."""
    written = lines(name, kind, 1.0)
    assert len(written) == EVENTS, f"{name}: {len(written)} lines for {EVENTS} events"
    for line in written:
        fields = leaves(json.loads(line))
        assert fields >= FIELDS, f"{name}: {fields} fields"
        assert workload.MARK.encode() in line
    print(f"{name} {kind}: {leaves(json.loads(written[-1]))} fields, {len(written[-1])} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
