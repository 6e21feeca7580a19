"""How failures say what there was: short, aligned lines."""

from __future__ import annotations

from reprlib import Repr
from typing import TYPE_CHECKING, Any, Final

from wide_events.testing.matching import at, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from wide_events.sampling import Decision
    from wide_events.testing.captured import CapturedEvent
    from wide_events.testing.matching import Difference

_MOST: Final = 20
_TELLING: Final = (
    "operation",
    "kind",
    "outcome",
    "status_code",
    "duration_ms",
    "error.type",
    "error.code",
    "error.message",
    "sample_reason",
    "sample_rate",
)

_repr: Final = Repr()
_repr.maxstring = _repr.maxother = 70
_repr.maxdict = _repr.maxlist = 6


def shown(value: Any) -> str:
    """A value as a test would write it, shortened; a function by its name."""
    if value is ...:
        return "any value"
    if callable(value):
        return str(getattr(value, "__name__", value))
    return "(absent)" if value is None else _repr.repr(value)


def table(rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells as lines of aligned columns, indented by two."""
    lines = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    aligned = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in lines)
    return "\n".join(f"  {line}" for line in aligned)


def verdict(decision: Decision) -> str:
    """`kept by slow`, `dropped by rate at 0.05`."""
    rate = f" at {decision.rate:g}" if 0 < decision.rate < 1 else ""
    return f"{'kept' if decision.keep else 'dropped'} by {decision.reason}{rate}"


def headline(event: CapturedEvent) -> str:
    """An event on one line: `upload: POST /telemetry 200 in 41 ms`."""
    return f"{event.get('operation')}: {event.get('message')}"


def listing(events: Sequence[CapturedEvent], notes: Sequence[str] = ()) -> str:
    """Events as a table, in the order in which they ended, with a note on each; the last ones, if many."""
    notes = notes or [""] * len(events)
    numbered = list(enumerate(zip(events, notes, strict=True), 1))
    rows = [
        (str(n), verdict(event.decision), str(event.get("operation")), str(event.get("message")), note)
        for n, (event, note) in numbered[-_MOST:]
    ]
    left_out = f"  … {len(events) - _MOST} earlier ones\n" if len(events) > _MOST else ""
    return left_out + table(rows) if rows else "  (none)"


def facts(fields: Mapping[str, Any]) -> str:
    """The fields by which a decision is usually explained, as far as the event has them."""
    found = ((path, at(fields, path)) for path in _TELLING)
    return table((path, shown(value)) for path, value in found if value is not None)


def diff(fields: Mapping[str, Any], found: Iterable[Difference]) -> str:
    """Differences as a table by path, and for an absent field the one that was perhaps meant."""
    rows = [(each.path, shown_as_expected(each), shown(each.got), _hint(fields, each)) for each in found]
    return table([("path", "expected", "got", ""), *rows])


def shown_as_expected(difference: Difference) -> str:
    """What was expected there."""
    return "no such field" if difference.expected is None else shown(difference.expected)


def _hint(fields: Mapping[str, Any], difference: Difference) -> str:
    meant = nearest(fields, difference.path) if difference.got is None else None
    return "" if meant is None else f"there is {meant}: {shown(at(fields, meant))}"
