"""The figures that are no group: memory, imports, policy, redaction of hostile text, pathological values.

Each is measured in processes of its own, and gives lines for the report and values for the record.
"""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median
from typing import Any

from tests.bench.groups import Budget
from tests.bench.report import verdict

MEMORY_KB = Budget(4, 2)
IMPORT_SHARE = Budget(0.35, 0.10)
POLICY_SHARE = Budget(0.25, 0.15)
VALUE_MS = Budget(5, 5)
HOSTILE_MS = Budget(100, 100)

Result = tuple[list[str], Any]


def memory(_: bool) -> Result:
    """Bytes that an unfinished event holds."""
    held = {name: float(_ask("memory", name).split()[0]) for name in ("limit", "wide_events")}
    lines = ["", "Memory of an event in flight, 50 fields"]
    lines += [f"  {name:15}{size / 1000:6.2f} kB" for name, size in held.items()]
    lines[-1] += f"   {verdict(held['wide_events'] / 1000, MEMORY_KB)}"
    return lines, held


def imports(quick: bool) -> Result:
    """Share of `import flask` that the extension adds."""
    tries = [[float(number) for number in _ask("imports").split()] for _ in range(3 if quick else 12)]
    added = median(extension / flask for flask, extension, _ in tries)
    ready = median(setup / flask for flask, _, setup in tries)
    base = median(flask for flask, _, _ in tries)
    lines = [
        "",
        f"Import of the Flask extension on top of Flask ({base:.0f} ms CPU), as a share of it",
        f"  import          +{added:6.1%}   {verdict(added, IMPORT_SHARE)}",
        f"  WideEvents(app) +{ready:6.1%}   on top of that: settings are read and checked",
    ]
    return lines, {"import": added, "set-up": ready}


def policy(_: bool) -> Result:
    """Share of a kept event that a large policy has."""
    share, rules = _ask("policy").split()
    judged = verdict(float(share), POLICY_SHARE)
    lines = ["", f"Policy of {rules} rules, share of a kept event", f"  {float(share):15.1%}   {judged}"]
    return lines, float(share)


def hostile(_: bool) -> Result:
    """Milliseconds to redact 1 MB of the worst text for each pattern."""
    return _slowest("Redaction of 1 MB of hostile text, ms", json.loads(_ask("hostile")), HOSTILE_MS)


def values(_: bool) -> Result:
    """Milliseconds to add and emit values that nobody should log."""
    return _slowest("Pathological values, added and emitted, ms", json.loads(_ask("values")), VALUE_MS)


SINGLE = {"memory": memory, "imports": imports, "policy": policy, "hostile": hostile, "values": values}


def _slowest(title: str, times: dict[str, float], budget: Budget) -> Result:
    worst = sorted(times.items(), key=lambda item: -item[1])
    lines = ["", f"{title} (the slowest of {len(worst)})"]
    lines += [f"  {name[:60]:62}{taken:8.2f}" for name, taken in worst[:5]]
    lines[2] += f"   {verdict(worst[0][1], budget)}"
    return lines, times


def _ask(module: str, *arguments: str) -> str:
    command = [sys.executable, "-m", f"tests.bench.{module}", *arguments]
    asked = subprocess.run(command, check=False, capture_output=True, text=True)
    if asked.returncode != 0:
        raise RuntimeError(f"{module} failed:\n{asked.stderr}")
    return asked.stdout
