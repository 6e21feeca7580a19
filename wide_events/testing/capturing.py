"""Captures the events of every pipeline in the process, in place of their sinks, and says what was decided.

The pipelines' own steps run as they do in production: the policy, enrichers, redaction, layout and encoding.
Only the last one, the write, is taken over (`wide_events.pipeline.diversion`), so that pipelines made before
and during a capture are captured alike, and none is changed.
"""

from __future__ import annotations

from bisect import bisect_right
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, overload

from wide_events.clock import clock
from wide_events.context import _current as current
from wide_events.encoding import decode, encode
from wide_events.outlets import Outlet
from wide_events.pipeline import diversion, set_default_pipeline
from wide_events.propagation import entropy
from wide_events.testing.assertions import (
    assert_no_event,
    assert_one_event,
    expectations,
    matching,
)
from wide_events.testing.captured import CapturedEvent
from wide_events.testing.ids import IdSource, Sampling
from wide_events.testing.telling import listing
from wide_events.testing.timelapse import cancel_delay, delay_next, pass_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wide_events.event import WideEvent
    from wide_events.pipeline import Pipeline
    from wide_events.sampling import Decision
    from wide_events.sinks import Sink


class CapturedEvents:
    """The events that ended during a test, in the order in which they ended, kept and dropped ones alike.

    Also a sequence of them: `len(captured)`, `captured[0]`, `for event in captured`. Made by `capture()` and
    by the fixture `captured_events`.
    """

    def __init__(self, ids: IdSource, *, sinks: bool = False, since_ns: int = 0) -> None:
        self.events: list[CapturedEvent] = []
        """Every event that ended, whatever was decided."""
        self.strays: list[CapturedEvent] = []
        """Events that an earlier test had begun and that ended during this one, in a thread left behind."""
        self._ids = ids
        self._sinks = sinks
        self.since_ns = since_ns

    # ---- what there is -------------------------------------------------------------------------------------

    @property
    def kept(self) -> list[CapturedEvent]:
        """The events that the policy kept."""
        return [event for event in self.events if event.kept]

    @property
    def dropped(self) -> list[CapturedEvent]:
        """The events that the policy dropped, or that a skipped view left, with all of their fields."""
        return [event for event in self.events if not event.kept]

    def find(
        self, operation: str | None = None, where: Mapping[str, Any] | None = None, /, **fields: Any
    ) -> list[CapturedEvent]:
        """Return the events that match: `find("upload", {"user_context.tier": "heavy"}, outcome="error")`.

        Fields may be values, `None` (absent), `...` (present), types, or functions of the value.
        """
        return matching(self.events, expectations(operation, where, fields))

    def one(
        self, operation: str | None = None, where: Mapping[str, Any] | None = None, /, **fields: Any
    ) -> CapturedEvent:
        """Assert that exactly one event matches, and return it; see `assert_one_event`."""
        __tracebackhide__ = True
        return assert_one_event(self.events, operation, where, **fields)

    def none(
        self, operation: str | None = None, where: Mapping[str, Any] | None = None, /, **fields: Any
    ) -> None:
        """Assert that no event matches; see `assert_no_event`."""
        __tracebackhide__ = True
        assert_no_event(self.events, operation, where, **fields)

    def clear(self) -> None:
        """Forget what was captured so far: what setting the scene left behind."""
        self.events.clear()
        self.strays.clear()

    # ---- what happens to the next ones ---------------------------------------------------------------------

    def keep_all(self) -> None:
        """From here on chance keeps every new trace. A rate of 0 still drops."""
        self._ids.choose("all")

    def keep_none(self) -> None:
        """From here on chance keeps no new trace: what is kept is kept by a rule that keeps all."""
        self._ids.choose("none")

    def use_policy(self) -> None:
        """From here on chance decides by the digits of each trace id, as in production."""
        self._ids.choose("policy")

    def seed(self, seed: int | str | None) -> None:
        """Begin a sequence of ids: the same seed gives the same ids, and with them the same chance.

        Under pytest each test has the seed of its own name. `None`: ids from the operating system.
        """
        self._ids.seed(seed)

    def write_through(self) -> None:
        """From here on the sinks get the lines of kept events as well."""
        self._sinks = True

    def pass_time(self, milliseconds: float) -> None:
        """Let time pass, now, without waiting: whatever is under way takes that much longer.

        For what stands in for something slow: a fake of an external service, say. Timestamps do not change.
        Raises `ValueError` for less than 0.
        """
        pass_time(milliseconds)

    def delay_next(self, milliseconds: float) -> None:
        """Make the next unit of work that begins take that much longer, without waiting.

        `captured_events.delay_next(1500)`, then the request. To be called where no unit of work is under way;
        units inside of it take their own time. Raises `ValueError` for less than 0.
        """
        delay_next(milliseconds)

    # ---- a sequence ----------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[CapturedEvent]:
        return iter(self.events)

    @overload
    def __getitem__(self, index: int) -> CapturedEvent: ...

    @overload
    def __getitem__(self, index: slice) -> list[CapturedEvent]: ...

    def __getitem__(self, index: int | slice) -> CapturedEvent | list[CapturedEvent]:
        return self.events[index]

    def __repr__(self) -> str:
        strays = f", {len(self.strays)} of earlier tests" if self.strays else ""
        told = f"<{type(self).__name__}: {len(self.kept)} kept, {len(self.dropped)} dropped{strays}>"
        return f"{told}\n{listing(self.events)}" if self.events else told

    # ---- for the captures ----------------------------------------------------------------------------------

    def take(self, pipeline: Pipeline, event: WideEvent, decision: Decision, *, stray: bool) -> None:
        """Make the line of an event and hold it. Raises what redaction may raise, as the pipeline expects."""
        record = pipeline.record_of(event, decision)
        line = encode(record, pipeline.settings.max_event_bytes)
        written: dict[str, bytes] = {}
        if decision.keep:
            through = self._sinks and not stray
            pipeline.deliver(record, [_observed(outlet, written, through) for outlet in pipeline.outlets])
        home = self.strays if stray else self.events
        home.append(CapturedEvent(decode(line), decision=decision, line=line, written=written))


class _Observed:
    """A sink in front of a sink: notes each line, and passes it on where that was asked for."""

    def __init__(self, name: str, written: dict[str, bytes], behind: Sink | None) -> None:
        self._name, self._written, self._behind = name, written, behind

    def write(self, line: bytes) -> None:
        self._written[self._name] = line
        if self._behind is not None:
            self._behind.write(line)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """The sink behind is its pipeline's."""


def _observed(outlet: Outlet, written: dict[str, bytes], through: bool) -> Outlet:  # noqa: FBT001
    sink = _Observed(outlet.name, written, outlet.sink if through else None)
    observed = Outlet(outlet.name, sink, outlet.render, outlet.accepts)
    observed.failed = outlet.failed
    return observed


class _Captures:
    """Which capture gets an event: the innermost open one; what began in one and ends after it is nobody's.

    An event belongs to where it began: one that an earlier test left running reaches neither the sinks nor
    the events of the test in which it ends.
    """

    def __init__(self) -> None:
        self._open: list[CapturedEvents] = []
        self._begun_ns: list[int] = []
        self._ended_ns: list[int] = []

    def begin(self, captured: CapturedEvents) -> None:
        diversion.taker = self.take
        self._open.append(captured)

    def end(self, captured: CapturedEvents, begun_ns: int) -> None:
        self._open.remove(captured)
        if not self._open:
            self._begun_ns.append(begun_ns)
            self._ended_ns.append(clock.monotonic_ns())

    def take(self, pipeline: Pipeline, event: WideEvent, decision: Decision) -> None:
        begun_ns = (event.ended_ns or 0) - round(event.elapsed_ms() * 1e6)
        over = self._is_over(begun_ns)
        captured = next(iter(self._open[-1:]), None)
        if captured is not None:
            captured.take(pipeline, event, decision, stray=over or begun_ns < captured.since_ns)
        elif decision.keep and not over:
            pipeline.deliver(pipeline.record_of(event, decision), pipeline.outlets)
        else:
            event.seal()

    def _is_over(self, begun_ns: int) -> bool:
        """Whether an event began during a capture that is over."""
        earlier = bisect_right(self._begun_ns, begun_ns)
        return earlier > 0 and begun_ns <= self._ended_ns[earlier - 1]


_captures: Final = _Captures()


@contextmanager
def capture(
    *,
    sampling: Sampling = "policy",
    seed: int | str | None = None,
    sinks: bool = False,
    since_ns: int = 0,
) -> Iterator[CapturedEvents]:
    """Capture the events of every pipeline in this process, instead of writing them to their sinks.

    `sampling` says what chance does: `"policy"` what the digits of each trace id say, as in production;
    `"all"` keeps every new trace; `"none"` keeps none, so that what is kept is kept by a rule that keeps all.
    A `seed` makes ids, and with them chance, repeat. `sinks=True` writes the lines of kept events as well.
    Events that began before `since_ns` (a reading of `wide_events.clock.clock`) are `strays`. Of captures
    inside of each other the inner one gets the events.

    At the end the default pipeline and the current event are again what they were at the beginning.
    Raises `ValueError` for another `sampling`.
    """
    captured = CapturedEvents(IdSource(seed, sampling), sinks=sinks, since_ns=since_ns)
    octets, entropy.octets = entropy.octets, captured._ids  # noqa: SLF001 - one room
    default = set_default_pipeline(None)
    set_default_pipeline(default)
    event, begun_ns = current.get(), since_ns or clock.monotonic_ns()
    _captures.begin(captured)
    try:
        yield captured
    finally:
        _captures.end(captured, begun_ns)
        cancel_delay()
        entropy.octets = octets
        current.set(event)
        set_default_pipeline(default)
