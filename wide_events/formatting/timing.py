"""Time for people: durations as text, and timers as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeGuard

from wide_events.formatting.layout import Line, Span, fit, limited, pair_units, wrap
from wide_events.formatting.plain_text import brief, columns, cut, visible

if TYPE_CHECKING:
    from collections.abc import Mapping

BAR: Final = 28
WIDEST_NAME: Final = 24
MAX_TIMERS: Final = 12


def duration_text(value: Any) -> str:
    """Milliseconds as a person reads them: `0.42 ms`, `41.2 ms`, `1.84 s`, `2 min 05 s`."""
    if not is_time(value):
        return brief(value)
    if value < 1000:
        return f"{value:.2f} ms" if value < 1 else f"{value:.1f} ms"
    minutes, seconds = divmod(value / 1000, 60)
    return f"{minutes:.0f} min {seconds:02.0f} s" if minutes else f"{seconds:.2f} s"


def is_time(value: Any) -> TypeGuard[int | float]:
    """Whether a value is a duration that can be drawn: a number from 0 to 30 years."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12


def timers(value: Any, width: int, whole: Any = None) -> list[Line]:
    """Timers as bars, the longest first and standing out; `whole` is the duration that they are parts of."""
    times = _times(value)
    if not times:
        return wrap(pair_units(value), width)
    longest = max(times.values())
    scale = whole if is_time(whole) and whole >= longest else longest
    pad = min(max(columns(visible(name)) for name in times), WIDEST_NAME)
    lines = []
    for name, spent in sorted(times.items(), key=lambda timer: -timer[1]):
        style = "notice strong" if spent == longest else "bar"
        shown = cut(visible(name), pad)
        line = [Span(shown + " " * (pad - columns(shown)) + f"{duration_text(spent):>11}  ", "")]
        line += [*_bar(spent / scale if scale else 0.0, style), Span(_repeats(name, value), "dim")]
        lines.append(fit(line, width))
    rest = {key: item for key, item in value.items() if not _told(key, times)}
    return limited(lines, MAX_TIMERS) + (wrap(pair_units(rest), width) if rest else [])


def _times(value: Any) -> dict[str, int | float]:
    """The timers by name, without the longest uses (`<timer>_max_ms`) of those that have one."""
    if not isinstance(value, dict):
        return {}
    found = {key[:-3]: item for key, item in value.items() if key.endswith("_ms") and is_time(item)}
    return {
        name: item for name, item in found.items() if name.removesuffix("_max") not in found.keys() - {name}
    }


def _told(key: str, times: Mapping[str, Any]) -> bool:
    return any(key.removesuffix(part) in times for part in ("_max_ms", "_ms", "_count") if key.endswith(part))


def _bar(share: float, style: str) -> Line:
    halves = round(share * BAR * 2)
    bar = "━" * (halves // 2) + "╸" * (halves % 2)
    return [Span(bar, style), Span("─" * (BAR - len(bar)) + f" {share:>4.0%}", "dim")]


def _repeats(name: str, value: Mapping[str, Any]) -> str:
    """How often a timer ran, and its longest use."""
    count, longest = value.get(f"{name}_count"), value.get(f"{name}_max_ms")
    often = "" if count is None else f"  {brief(count)} times"
    return often if longest is None else f"{often}, longest {duration_text(longest)}"
