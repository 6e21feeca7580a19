"""The policy: rules in order, and chance by the trace id."""

from __future__ import annotations

from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING, Final

from wide_events.guards import attempt
from wide_events.propagation import randomness_of, threshold_of, valid_trace_id
from wide_events.sampling.decision import Decision
from wide_events.sampling.rules import (
    ByOperation,
    CriticalEvent,
    HeavyUser,
    NewUser,
    Rate,
    Slow,
    Upstream,
    boundary,
    business,
    checked,
    error,
    is_rate,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from typing_extensions import Self

    from wide_events.sampling.decision import Fields, Rule, SamplingSettings

_MEMO: Final = 4096


class Policy:
    """An ordered list of rules, asked until one has an opinion.

    `rules` are callables, named by their `__name__`, or pairs `(name, callable)`. If none has an opinion the
    event is kept. A rule that raises, or whose answer is no rate, has no opinion, and the event is kept:
    `rule_failed`.
    """

    def __init__(self, rules: Iterable[Rule | tuple[str, Rule]]) -> None:
        self.rules = tuple(rule if isinstance(rule, tuple) else (_name_of(rule), rule) for rule in rules)
        self._asked = tuple((name, _callable(rule)) for name, rule in self.rules)
        self.slow = next((rule for _, rule in self.rules if isinstance(rule, Slow)), None)
        self.on_failure: Callable[[str, Exception], None] = _unsaid
        self._answers: dict[tuple[str, float], tuple[int, Decision, Decision]] = {}

    @classmethod
    def from_settings(cls, settings: SamplingSettings, rules: Iterable[Rule | tuple[str, Rule]] = ()) -> Self:
        """Build the standard policy.

        Its rules, in order: error, slow, critical event, heavy user, boundary, business, your own `rules`,
        new user, upstream, and the rate of the operation.
        """
        usual = Rate(ByOperation(settings.sample_default, settings.sample_rates))
        return cls(
            (
                error,
                Slow(ByOperation(settings.slow_threshold_ms, settings.slow_thresholds_ms)),
                CriticalEvent(settings.critical_events),
                HeavyUser(settings.keep_tiers),
                boundary,
                business,
                *rules,
                NewUser(settings.sample_new_user, settings.new_user_days, usual),
                Upstream(usual),
                usual,
            )
        )

    def decide(self, fields: Fields, randomness: int | None = None) -> Decision:
        """Decide about an event, given as the fields of its line.

        `randomness` is a number below 2**56; without it the last 14 hex digits of `fields["trace_id"]` are
        taken. Without either there is nothing to be fair by, and any rate above 0 keeps. Never raises.
        """
        if "forced" in fields and type(fields["forced"]) is str:
            return Decision(keep=True, reason=fields["forced"], rate=1.0, weight=1.0)
        opinion = attempt(self._first_opinion, fields, failed=lambda _: self._despite_failure(fields))
        threshold, kept, dropped = self._answers.get(opinion) or self._answer(*opinion)
        if not threshold:
            return kept
        if randomness is None:
            trace_id = fields.get("trace_id")
            unfair = threshold if opinion[1] else 0
            randomness = randomness_of(trace_id) if valid_trace_id(trace_id) else unfair
        return kept if randomness >= threshold else dropped

    def is_slow(self, fields: Fields) -> bool:
        """Say whether this event is over its threshold, whichever rule keeps it."""
        return self.slow is not None and self.slow(fields) is not None

    def chance(self, fields: Fields) -> float:
        """The rate at which an event of this operation is kept by chance alone, as far as is known by now."""
        rates = [rule(fields) for name, rule in self.rules if name in ("rate", "new_user", "upstream")]
        return max((rate for rate in rates if is_rate(rate)), default=1.0)

    def _first_opinion(self, fields: Fields) -> tuple[str, float]:
        for name, ask in self._asked:
            rate = ask(fields)
            if rate is not None:
                return name, rate if type(rate) is float and 0.0 <= rate <= 1.0 else checked(rate)
        return "no_opinion", 1.0

    def _despite_failure(self, fields: Fields) -> tuple[str, float]:
        """Ask again, one by one: broken rules are said, and after them only a rule that keeps is heard."""
        broken: list[str] = []
        for name, rule in self.rules:
            rate = attempt(self._opinion, rule, fields, failed=partial(self._note_broken, broken, name))
            if rate == 1 or (rate is not None and not broken):
                return name, rate
        return "rule_failed", 1.0

    def _opinion(self, rule: Rule, fields: Fields) -> float | None:
        rate = rule(fields)
        return None if rate is None else checked(rate)

    def _note_broken(self, broken: list[str], name: str, failure: Exception) -> None:
        broken.append(name)
        self.on_failure(f"rule {name!r} failed", failure)

    def _answer(self, name: str, rate: float) -> tuple[int, Decision, Decision]:
        answer = self._answers.get((name, rate))
        if answer is None:
            kept = Decision(keep=True, reason=name, rate=rate, weight=1 / rate if rate else 0.0)
            answer = threshold_of(rate), kept, Decision(keep=False, reason=name, rate=rate, weight=0.0)
            if len(self._answers) >= _MEMO:
                self._answers.clear()
            self._answers[name, rate] = answer
        return answer


def _callable(rule: Rule) -> Rule:
    """A rule as what is quickest to call: of an object, its bound `__call__`."""
    return rule if isinstance(rule, FunctionType) else getattr(rule, "__call__", rule)  # noqa: B004


def _name_of(rule: Rule) -> str:
    return str(getattr(rule, "__name__", None) or type(rule).__name__)


def _unsaid(cause: str, failure: Exception) -> None:
    """A policy that is asked without a pipeline, as in a unit test, has nobody to tell."""
