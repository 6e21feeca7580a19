"""Keeping accounts of sampling: what was kept and why, what that stands for, and how sure that is."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from examples.volttracker.questions import Event


@dataclass(frozen=True)
class Account:
    """The kept events of one sort: how many, and what their weights add up to."""

    kept: int
    stands_for: float
    uncertainty: float
    """Two standard deviations of `stands_for`, estimated from the weights (Horvitz and Thompson, 1952)."""

    @property
    def dropped(self) -> float:
        """How many were dropped, as far as the kept ones tell."""
        return self.stands_for - self.kept


def account(events: Iterable[Event]) -> Account:
    """Add up events."""
    weights = [float(one["sample_weight"]) for one in events]
    variance = sum(weight * (weight - 1) for weight in weights if weight > 1)
    return Account(len(weights), sum(weights), 2 * math.sqrt(variance))


def by_reason(events: Iterable[Event]) -> dict[tuple[str, float], Account]:
    """The account of each reason and rate, the largest first."""
    groups: dict[tuple[str, float], list[Event]] = defaultdict(list)
    for one in events:
        groups[str(one["sample_reason"]), float(one["sample_rate"])].append(one)
    accounts = {key: account(group) for key, group in groups.items()}
    return dict(sorted(accounts.items(), key=lambda item: (-item[1].kept, item[0])))


def requests(events: Iterable[Event]) -> list[Event]:
    """The events of requests alone: what can be compared with the requests that were sent."""
    return [one for one in events if one["kind"] == "request"]
