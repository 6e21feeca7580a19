"""What is measured: four groups, each of one kind of work at one rate, and what each may cost."""

from __future__ import annotations

from typing import NamedTuple

from tests.bench.contenders import FLASK_ONLY, WHERE


class Budget(NamedTuple):
    """At most; what must hold, and what is aimed at."""

    must: float
    goal: float


class Group(NamedTuple):
    """One table of the report."""

    title: str
    flask: bool
    rate: float
    budget: Budget
    """Of wide_events, in ratio to the hand-written limit."""

    @property
    def reference(self) -> str:
        """What runs in turn with every contender, in the contender's own process."""
        return "bare" if self.flask else "limit"

    @property
    def contenders(self) -> list[str]:
        """The names of those that take part."""
        return [name for name in WHERE if self.flask or name not in FLASK_ONLY]


GROUPS = {
    "event-kept": Group("One event, kept", flask=False, rate=1.0, budget=Budget(1.8, 1.4)),
    "event-dropped": Group("One event, dropped", flask=False, rate=0.0, budget=Budget(1.4, 1.2)),
    "flask-kept": Group("A Flask request, its event kept", flask=True, rate=1.0, budget=Budget(1.1, 0.9)),
    "flask-dropped": Group(
        "A Flask request, its event dropped", flask=True, rate=0.0, budget=Budget(0.9, 0.75)
    ),
}
