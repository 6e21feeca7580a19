"""What goes into sampling and what comes out: fields, rules, the decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

Fields = Mapping[str, Any]
"""The fields of an event, as its line would tell them."""

Rule = Callable[[Fields], "float | None"]
"""Gives a rate from 0 to 1, or `None` for no opinion."""


class Decision(NamedTuple):
    """What becomes of an event: kept or not, by which rule, at which rate, and how many it stands for.

    `weight` is `1 / rate` of a kept event and 0 of a dropped one, so that the weights of kept events add up
    to an unbiased count of all.
    """

    keep: bool
    reason: str
    rate: float
    weight: float


class SamplingSettings(Protocol):
    """What the standard policy takes from the settings."""

    @property
    def sample_default(self) -> float:
        """The rate of a fast success."""

    @property
    def sample_rates(self) -> Mapping[str, float]:
        """Rates by the beginning of an operation's name."""

    @property
    def sample_new_user(self) -> float:
        """The rate to which young accounts are raised."""

    @property
    def new_user_days(self) -> float:
        """Below this age in days an account is young."""

    @property
    def slow_threshold_ms(self) -> float:
        """Over it, strictly, is slow."""

    @property
    def slow_thresholds_ms(self) -> Mapping[str, float]:
        """The same by the beginning of an operation's name."""

    @property
    def critical_events(self) -> tuple[str, ...]:
        """Names of business metrics that keep an event."""

    @property
    def keep_tiers(self) -> tuple[str, ...]:
        """Tiers that are always kept."""
