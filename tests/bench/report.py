"""Tables: the median of all pairs, the smallest and largest median of a single launch, and the budgets."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.bench.groups import Budget, Group
    from tests.bench.rounds import Pairs

OURS = "wide_events"


class Figure(NamedTuple):
    """A ratio: its median, and its spread over launches."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f}-{self.high:.2f})"


def verdict(value: float, budget: Budget) -> str:
    """Say whether a figure keeps what must hold, and what is aimed at."""
    levels = {"must": budget.must, "goal": budget.goal}
    return "  ".join(f"{name} <= {most:g} {'✓' if value <= most else '✗'}" for name, most in levels.items())


def group_table(group: Group, measured: dict[str, list[Pairs]]) -> tuple[list[str], dict[str, Figure]]:
    """Give the lines of a group's table, and the figure of each contender."""
    figures = _flask_figures(measured) if group.flask else _figures(measured)
    reference = median(pair[0] for launches in measured.values() for pairs in launches for pair in pairs)
    unit = "overhead, in ratio to the limit's hooks" if group.flask else "CPU, in ratio to the limit"
    lines = [
        "",
        f"{group.title} (reference: {group.reference}, {reference:.1f} us CPU)",
        f"  {'':15}{unit + ', median (launches)':60}{'us CPU':>8}",
    ]
    for name, figure in sorted(figures.items(), key=lambda item: item[1]):
        ratio = median(_ratios(measured[name]))
        cost = (ratio - 1 if group.flask else ratio) * reference
        judged = f"   {verdict(figure.median, group.budget)}" if name == OURS else ""
        lines.append(f"  {name:15}{figure!s:60}{cost:8.1f}{judged}")
    return lines, figures


def _figures(measured: dict[str, list[Pairs]]) -> dict[str, Figure]:
    return {
        name: _spread(median(_ratios(launches)), [median(_ratios([pairs])) for pairs in launches])
        for name, launches in measured.items()
    }


def _flask_figures(measured: dict[str, list[Pairs]]) -> dict[str, Figure]:
    """What each adds to a bare app, against what the hand-written hooks add."""
    floors = [median(_ratios([pairs])) - 1 for pairs in measured["limit"]]
    floor = median(_ratios(measured["limit"])) - 1
    return {
        name: _spread(
            (median(_ratios(launches)) - 1) / floor,
            [(median(_ratios([pairs])) - 1) / own for pairs, own in zip(launches, floors, strict=True)],
        )
        for name, launches in measured.items()
    }


def _ratios(launches: list[Pairs]) -> list[float]:
    return [contender / reference for pairs in launches for reference, contender in pairs]


def _spread(whole: float, launches: list[float]) -> Figure:
    return Figure(whole, min(launches), max(launches))
