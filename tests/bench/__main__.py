"""What an event costs, beside other libraries: `make bench`, also with `ARGS="--quick --only event-kept"`."""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path
from typing import Any

from tests.bench import report, rounds
from tests.bench.groups import GROUPS
from tests.bench.single import SINGLE

RESULTS = Path(".bench")


def main() -> None:
    """Measure what is asked for, print as it comes, keep the figures in `.bench/`."""
    asked = arguments()
    effort = rounds.QUICK if asked.quick else rounds.FULL
    begun = time.monotonic()
    results: dict[str, Any] = {"python": platform.python_version(), "effort": effort._asdict()}
    print(
        f"Python {platform.python_version()}, {effort.launches} launches; every ratio is of adjacent slices."
    )
    for name in asked.only or [*GROUPS, *SINGLE]:
        lines, results[name] = one(name, effort, quick=asked.quick)
        print("\n".join(lines), flush=True)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / time.strftime("%Y%m%d-%H%M%S.json")
    path.write_text(json.dumps(results, indent=1))
    print(f"\n{time.monotonic() - begun:.0f} s; all figures: {path}")


def one(name: str, effort: rounds.Effort, *, quick: bool) -> tuple[list[str], Any]:
    """Measure one group or single figure."""
    if name in SINGLE:
        return SINGLE[name](quick)
    measured = rounds.measure(name, GROUPS[name], effort)
    lines, figures = report.group_table(GROUPS[name], measured)
    table = {contender: figure._asdict() for contender, figure in figures.items()}
    return lines, {"figures": table, "pairs": measured}


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a first look: less time, more noise")
    parser.add_argument(
        "--only", action="append", choices=[*GROUPS, *SINGLE], help="just this; may be repeated"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
