"""The rules of the standard policy: each a callable that gives a rate, or `None` for no opinion.

Fields may be absent or of any type: what is odd never raises and never matches.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from wide_events.plain import finite

if TYPE_CHECKING:
    from typing import TypeGuard

    from wide_events.sampling.decision import Fields

_MEMO: Final = 4096
_TIERS: Final = (("vehicle_context", "usage_tier"), ("user_context", "tier"))


def error(fields: Fields) -> float | None:
    """Keep what failed: `success` false, or a status of 500 and more."""
    if fields.get("success") is False:
        return 1.0
    status = fields.get("status_code")
    return 1.0 if type(status) is int and status >= 500 else None


def boundary(fields: Fields) -> float | None:
    """Keep every call across a boundary."""
    return 1.0 if fields.get("kind") == "boundary" else None


def business(fields: Fields) -> float | None:
    """Keep every business event."""
    return 1.0 if fields.get("kind") == "business" else None


class ByOperation:
    """Looks a number up by the name of an operation: the longest configured name with which it begins."""

    def __init__(self, default: float, by_name: Mapping[str, float]) -> None:
        self.default = default
        named = ((normal(name), number) for name, number in by_name.items())
        self._by_length = sorted(named, key=lambda item: len(item[0]), reverse=True)
        self._memo: dict[object, float] = {}

    def __getitem__(self, operation: object) -> float:
        known = self._memo.get(operation) if type(operation) is str else self.default
        if known is None:
            known = self._look_up(normal(str(operation)))
            if len(self._memo) >= _MEMO:
                self._memo.clear()
            self._memo[operation] = known
        return known

    def lowest(self) -> float:
        """The lowest number that any operation has."""
        return min((self.default, *(number for _, number in self._by_length)))

    def _look_up(self, operation: str) -> float:
        for name, number in self._by_length:
            if operation == name or operation.startswith(f"{name}_"):
                return number
        return self.default


def normal(name: str) -> str:
    """Write a name so that case and signs do not matter: `Telemetry.upload` → `telemetry_upload`."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


class Slow:
    """Keeps what took longer than its threshold, strictly."""

    __name__ = "slow"

    def __init__(self, thresholds_ms: ByOperation) -> None:
        self._thresholds_ms = thresholds_ms
        self._lowest_ms = thresholds_ms.lowest()

    def threshold_ms(self, fields: Fields) -> float:
        """The threshold for this event: its own, or that of its operation."""
        own = fields.get("own_slow_threshold_ms")
        return float(own) if finite(own) else self._thresholds_ms[fields.get("operation")]

    def __call__(self, fields: Fields) -> float | None:
        """Give 1 over the threshold."""
        duration = fields.get("duration_ms")
        if type(duration) is float and duration <= self._lowest_ms and "own_slow_threshold_ms" not in fields:
            return None
        return 1.0 if finite(duration) and duration > self.threshold_ms(fields) else None


class CriticalEvent:
    """Keeps events with a business metric that is named critical and true."""

    __name__ = "critical_event"

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)

    def __call__(self, fields: Fields) -> float | None:
        """Give 1 where one of the names is true, or where the code said `critical=True`."""
        if fields.get("critical_events"):
            return 1.0
        metrics = fields.get("business_metrics")
        if metrics is None:
            return None
        if isinstance(metrics, Mapping) and any(metrics.get(name) for name in self._names):
            return 1.0
        return None


class HeavyUser:
    """Keeps events of the tiers that matter most."""

    __name__ = "heavy_user"

    def __init__(self, tiers: Iterable[str]) -> None:
        self._tiers = frozenset(tiers)

    def __call__(self, fields: Fields) -> float | None:
        """Give 1 for `vehicle_context.usage_tier` or `user_context.tier` of such a tier."""
        for block, name in _TIERS:
            context = fields.get(block)
            if type(context) is dict or (context is not None and isinstance(context, Mapping)):
                tier = context.get(name)
                if type(tier) is str and tier in self._tiers:
                    return 1.0
        return None


class Rate:
    """The rate of the operation, or the event's own."""

    __name__ = "rate"

    def __init__(self, rates: ByOperation) -> None:
        self._rates = rates

    def __call__(self, fields: Fields) -> float:
        """Give a rate, always: this is the last rule."""
        if "own_rate" in fields and is_rate(own := fields["own_rate"]):
            return float(own)
        return self._rates[fields.get("operation")]


class NewUser:
    """Raises the rate of young accounts; never lowers it."""

    __name__ = "new_user"

    def __init__(self, rate: float, days: float, usual: Rate) -> None:
        self._rate, self._days, self._usual = rate, days, usual

    def __call__(self, fields: Fields) -> float | None:
        """Give the raised rate for an `account_age_days` under the limit."""
        for block, _ in _TIERS:
            context = fields.get(block)
            if type(context) is dict or (context is not None and isinstance(context, Mapping)):
                age = context.get("account_age_days")
                if age is not None and finite(age) and age < self._days:
                    return self._rate if self._rate > self._usual(fields) else None
        return None


class Upstream:
    """Keeps what the calling service keeps by chance, so that a trace is whole; never lowers a rate."""

    __name__ = "upstream"

    def __init__(self, usual: Rate) -> None:
        self._usual = usual

    def __call__(self, fields: Fields) -> float | None:
        """Give the rate behind the caller's `tracestate` `th`, where it is the higher one."""
        rate = fields.get("upstream_rate")
        if rate is None:
            return None
        return rate if is_rate(rate) and rate > self._usual(fields) else None


def is_rate(value: object) -> TypeGuard[float]:
    """Say whether this is a probability from 0 to 1."""
    return type(value) in (int, float) and 0 <= value <= 1  # type: ignore[operator]


def checked(rate: object) -> float:
    """Return a rule's answer; raise `ValueError` where it is no rate."""
    if not is_rate(rate):
        msg = f"{rate!r} is no rate from 0 to 1"
        raise ValueError(msg)
    return rate
