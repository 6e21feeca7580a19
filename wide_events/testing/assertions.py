"""Assertions about captured events and about policies; a failure says what there was and what would help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from wide_events.sampling import Decision
from wide_events.testing.captured import CapturedEvent
from wide_events.testing.matching import differences, leaves
from wide_events.testing.telling import diff, facts, headline, listing, shown, table, verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wide_events.event import WideEvent
    from wide_events.sampling import Policy

Where = Mapping[str, Any]
Row = tuple[Mapping[str, Any], str] | tuple[Mapping[str, Any], str, float]

_NOBODY: Final = "no event ended while events were captured"
_BY_CHANCE: Final = (
    "Chance decides at a rate below 1; say what it does: @pytest.mark.wide_events(sampling={wanted!r}), "
    "or captured_events.{method}() before the event begins. A `traceparent` that comes in brings its own."
)


def expectations(operation: str | None, where: Where | None, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Put together what a test asks for: the operation, fields by dotted path, fields by keyword."""
    named = {} if operation is None else {"operation": operation}
    return {**named, **(where or {}), **fields}


def matching(events: Iterable[CapturedEvent], expected: Where) -> list[CapturedEvent]:
    """Return the events that have all of the expected fields."""
    return [event for event in events if not differences(event, expected)]


def assert_one_event(
    events: Iterable[CapturedEvent],
    operation: str | None = None,
    where: Where | None = None,
    /,
    **fields: Any,
) -> CapturedEvent:
    """Assert that exactly one event matches, kept or dropped, and return it.

    `operation`, `where` (fields by dotted path) and `fields` say which ones count; without them all do.
    Fields may be values, `None` (absent), `...` (present), types, or functions of the value.
    Raises `AssertionError` that lists every captured event, and where each differs from what was asked for.
    """
    __tracebackhide__ = True
    events = list(events)
    expected = expectations(operation, where, fields)
    found = matching(events, expected)
    if len(found) != 1:
        raise AssertionError(_not_one(events, found, expected))
    return found[0]


def assert_no_event(
    events: Iterable[CapturedEvent],
    operation: str | None = None,
    where: Where | None = None,
    /,
    **fields: Any,
) -> None:
    """Assert that no event matches, neither a kept nor a dropped one. Arguments as of `assert_one_event`.

    Raises `AssertionError` that lists the events that do match.
    """
    __tracebackhide__ = True
    expected = expectations(operation, where, fields)
    found = matching(events, expected)
    if found:
        raise AssertionError(f"expected no event{_asked(expected)}, found {len(found)}:\n{listing(found)}")


def assert_event(event: Mapping[str, Any], where: Where | None = None, /, **fields: Any) -> None:
    """Assert that an event has these fields; those that are not named may be what they like.

    `assert_event(event, outcome="error", **{"error.code": "E101"})`, or the same as one mapping; a nested
    object stands for the fields in it. Expected may be a value, `None` (there is no such field), `...` (there
    is one), a type, or a function of the value. `pytest.approx` works.
    Raises `AssertionError` with expected and got by path, and the path that was perhaps meant.
    """
    __tracebackhide__ = True
    expected = expectations(None, where, fields)
    found = differences(event, expected)
    if found:
        what = headline(event) if isinstance(event, CapturedEvent) else "the event"
        told = f"{len(found)} of {len(list(leaves(expected)))} expected fields"
        raise AssertionError(f"{what}\ndiffers in {told}:\n{diff(event, found)}")


def assert_kept(
    event: CapturedEvent | WideEvent | Decision, because: str | None = None, *, rate: float | None = None
) -> None:
    """Assert that an event was kept, by the rule named `because`, at this rate, if they are given.

    Takes a captured event, an event that was emitted or decided, or a `Decision`.
    Raises `AssertionError` that tells what was decided and the fields that explain it.
    """
    __tracebackhide__ = True
    _assert_decision(event, because, rate, keep=True)


def assert_dropped(
    event: CapturedEvent | WideEvent | Decision, because: str | None = None, *, rate: float | None = None
) -> None:
    """Assert that an event was dropped: `because="rate"` by chance, `"skipped"` for a view under `skip`.

    Takes and raises what `assert_kept` does.
    """
    __tracebackhide__ = True
    _assert_decision(event, because, rate, keep=False)


def assert_policy(policy: Policy, rows: Iterable[Row]) -> None:
    """Assert what a policy says of a table of events, without a server and without chance.

    Each row is `(fields, reason)` or `(fields, reason, rate)`: the fields of an event's line, the name of the
    rule that is to decide, and the rate that it is to give:

        assert_policy(Policy.from_settings(settings), [
            ({"success": False}, "error", 1.0),
            ({"duration_ms": 1001}, "slow"),
            ({"operation": "telemetry_upload"}, "rate", 0.05),
        ])

    Raises `AssertionError` that names every row that fails, and how.
    """
    __tracebackhide__ = True
    asked = list(rows)
    failed = [told for number, row in enumerate(asked, 1) if (told := _row_failed(policy, number, row))]
    if failed:
        heading = f"{len(failed)} of {len(asked)} rows fail:"
        raise AssertionError("\n".join([heading, table([("row", "expected", "got", "fields"), *failed])]))


# ---- messages ----------------------------------------------------------------------------------------------


def _asked(expected: Where) -> str:
    told = ", ".join(f"{path}={shown(value)}" for path, value in expected.items())
    return f" with {told}" if told else ""


def _not_one(events: Sequence[CapturedEvent], found: Sequence[CapturedEvent], expected: Where) -> str:
    heading = f"expected exactly one event{_asked(expected)}, found {len(found)}"
    if not events:
        return f"{heading}: {_NOBODY}"
    if len(found) == len(events):
        return f"{heading}:\n{listing(events)}"
    notes = [_note(event, expected) for event in events]
    return f"{heading} of {len(events)}:\n{listing(events, notes)}"


def _note(event: CapturedEvent, expected: Where) -> str:
    found = differences(event, expected)
    return "; ".join(f"{each.path} is {shown(each.got)}" for each in found) or "<- matches"


def _assert_decision(
    event: CapturedEvent | WideEvent | Decision, because: str | None, rate: float | None, *, keep: bool
) -> None:
    __tracebackhide__ = True
    decision = event if isinstance(event, Decision) else event.decision
    if decision is None:
        raise AssertionError(f"{event!r}: nothing was decided; emit it first")
    right = because in (None, decision.reason) and rate in (None, decision.rate)
    if decision.keep is not keep or not right:
        raise AssertionError(_decided_otherwise(event, decision, because, rate, keep=keep))


def _decided_otherwise(
    event: object, decision: Decision, because: str | None, rate: float | None, *, keep: bool
) -> str:
    wanted = f"{'kept' if keep else 'dropped'}{f' by {because}' if because else ''}"
    lines = [f"expected: {wanted}{'' if rate is None else f' at {rate:g}'}", f"decided:  {verdict(decision)}"]
    if isinstance(event, CapturedEvent):
        lines.append(facts(event))
    if decision.keep is not keep and 0 < decision.rate < 1:
        wanted, method = ("all", "keep_all") if keep else ("none", "keep_none")
        lines.append(_BY_CHANCE.format(wanted=wanted, method=method))
    return "\n".join(lines)


def _row_failed(policy: Policy, number: int, row: Row) -> tuple[str, str, str, str] | None:
    fields, reason, *rest = row
    decision = policy.decide(fields)
    rate = next(iter(rest), decision.rate)
    if (decision.reason, decision.rate) == (reason, rate):
        return None
    expected = f"{reason} at {rate:g}" if rest else reason
    return str(number), expected, f"{decision.reason} at {decision.rate:g}", shown(dict(fields))
