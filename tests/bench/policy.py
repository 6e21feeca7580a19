"""The share that deciding has of a kept event: 20 rules, of which none but the last has an opinion."""

from __future__ import annotations

import os
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.contenders import load
from tests.bench.worker import event_loop, pairs
from wide_events.sampling import Policy
from wide_events.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

RULES = 20
SECONDS = 0.015


def own_rule(number: int) -> Callable[[Mapping[str, Any]], float | None]:
    """Make a rule as people write them: it looks at a field and has an opinion about one value."""

    def rule(fields: Mapping[str, Any]) -> float | None:
        return 0.5 if fields.get("payment_provider") == number else None

    return rule


def main() -> None:
    """Print the share."""
    contender = load("wide_events")(os.devnull, 1.0)
    event = contender.in_flight()
    settings = Settings.from_environ()
    standard = len(Policy.from_settings(settings).rules)
    policy = Policy.from_settings(settings, [own_rule(number) for number in range(RULES - standard)])
    fields = dict(event.context)

    def decide(times: int) -> None:
        for _ in range(times):
            policy.decide(fields, 12345)

    kept = event_loop(contender)
    kept(300)
    decide(300)
    print(median(decided / whole for whole, decided in pairs(kept, decide, SECONDS, 24)), len(policy.rules))


if __name__ == "__main__":
    main()
