"""How long 1 MB of the text that is worst for each pattern takes to redact: the texts of the redaction tests.

Prints one line of JSON: milliseconds for each text, the shortest of some tries.
"""

from __future__ import annotations

import json
import time

from tests.test_redaction import HOSTILE
from wide_events.redaction import Redactor

TRIES = 3


def milliseconds(redactor: Redactor, text: str) -> float:
    """The shortest of some tries."""
    tries = []
    for _ in range(TRIES):
        begun = time.perf_counter_ns()
        redactor.text(text)
        tries.append((time.perf_counter_ns() - begun) / 1e6)
    return min(tries)


def main() -> None:
    """Measure all of them, at the size that they have by themselves: 1 MB."""
    redactor = Redactor()
    print(json.dumps({name: milliseconds(redactor, text()) for name, text in HOSTILE.items()}))


if __name__ == "__main__":
    main()
