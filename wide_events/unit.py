"""A unit of work as such: its ids and clocks, how it went, what it tells the policy, that it ends once."""

from __future__ import annotations

from time import time_ns
from typing import TYPE_CHECKING, Any, Final

from wide_events.clock import clock
from wide_events.gathering import Gathered
from wide_events.home import Home, homes
from wide_events.identity import ID_OCTETS
from wide_events.names import BEGUN
from wide_events.plain import as_text, finite
from wide_events.propagation import NO_STATE, TraceState, entropy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Self

    from wide_events.event import WideEvent
    from wide_events.sampling import Decision

_MAX_NAMES: Final = 10
_FAILED: Final = frozenset({"error", "timeout", "killed", "disconnected"})
OUTCOMES: Final = frozenset({"success", "partial", *_FAILED})


class UnitOfWork(Gathered):
    """Begins when it is made, can be told how it went, and is sealed at its end."""

    __slots__ = (
        "__weakref__",
        "_begun_ns",
        "_open",
        "_pipeline",
        "_sealed",
        "decision",
        "ended_ns",
        "hinted",
        "level",
        "marked",
        "outer",
        "parent_id",
        "tracestate",
        "wall_ns",
    )

    def __init__(
        self,
        operation: str,
        *,
        kind: str = "operation",
        request_id: str | None = None,
        trace_id: str | None = None,
        pipeline: Home | None = None,
    ) -> None:
        self.wall_ns = time_ns()
        self._octets = entropy.octets(ID_OCTETS)
        self._trace_id = self._span_id = self._request_id = None
        if trace_id is not None:
            self.trace_id = trace_id
        if request_id is not None:
            self.request_id = request_id
        self._fields = fields = BEGUN.copy()
        fields["kind"] = kind if type(kind) is str else as_text(kind)
        fields["operation"] = operation if type(operation) is str else as_text(operation)
        self._cuts = None
        self._shared = self._sealed = self.hinted = False
        self._open = True
        self._pipeline = pipeline
        self.parent_id: str | None = None
        self.tracestate: TraceState = NO_STATE
        self.outer: WideEvent | None = None
        self.decision: Decision | None = None
        self.level: str | None = None
        self.marked: str | None = None
        self.ended_ns: int | None = None
        self._begun_ns = clock.monotonic_ns()

    @property
    def operation(self) -> str:
        """The name of the unit of work."""
        return as_text(self._fields.get("operation"))

    @property
    def context(self) -> dict[str, Any]:
        """The dict that the event gathers into; after the line, a copy of it."""
        return self._fields.copy() if self._sealed else super().context

    @property
    def sealed(self) -> bool:
        """Whether the line is written, or dropped, and nothing more can be added."""
        return self._sealed

    def elapsed_ms(self) -> float:
        """Milliseconds since the unit of work began, by a clock that never jumps."""
        return ((self.ended_ns or clock.monotonic_ns()) - self._begun_ns) / 1e6

    # ---- how it went ---------------------------------------------------------------------------------------

    def mark_success(self) -> Self:
        """Say that it went well, whatever was noted before."""
        return self._mark("success", None)

    def mark_failure(self, reason: str | None = None) -> Self:
        """Say that it failed though nothing was raised; `reason` becomes `outcome_reason`."""
        return self._mark("error", reason)

    def mark_partial(self, reason: str | None = None) -> Self:
        """Say that part of it was done; counts as success, with `outcome_reason`."""
        return self._mark("partial", reason)

    def mark_outcome(self, outcome: str, reason: str | None = None) -> Self:
        """Set `timeout`, `killed` or `disconnected`: for the doors that see such ends; else it is `error`."""
        return self._mark(outcome if type(outcome) is str and outcome in OUTCOMES else "error", reason)

    # ---- what it tells the policy --------------------------------------------------------------------------

    def keep(self, reason: str | None = "forced") -> Self:
        """Keep this event whatever the policy says; `reason` becomes its `sample_reason`."""
        return self._hint("forced", "forced" if reason is None else as_text(reason, 64) or "forced")

    def sample(self, rate: float) -> Self:
        """Give this event a rate of its own, from 0 to 1, in place of that of its operation."""
        usable = finite(rate) and 0 <= rate <= 1
        return self._hint("own_rate", rate) if usable else self._refuse("sample")

    def sampled_upstream(self, rate: float) -> Self:
        """Note the rate at which the calling service keeps this trace: what it keeps is kept here too."""
        return self._hint("upstream_rate", rate)

    def slow_over(self, threshold_ms: float) -> Self:
        """Give this event a threshold of its own over which it is slow, in milliseconds."""
        if finite(threshold_ms):
            return self._hint("own_slow_threshold_ms", threshold_ms)
        return self._refuse("slow_over")

    def rename(self, operation: str) -> Self:
        """Give the unit of work its name, once it is known."""
        return self._hint("operation", as_text(operation))

    # ---- where it belongs ----------------------------------------------------------------------------------

    def continue_from(self, parent: WideEvent) -> Self:
        """Take over the trace, the request and the sampling state of the event in which this one happens."""
        self.trace_id, self.request_id, self.parent_id = parent.trace_id, parent.request_id, parent.span_id
        self.tracestate = parent.tracestate
        upstream = parent._fields.get("upstream_rate")
        if finite(upstream):
            self.sampled_upstream(upstream)
        return self

    def own_home(self) -> Home | None:
        """The pipeline that this event was given, if any: for the events that begin inside it."""
        return self._pipeline

    def home(self) -> Home:
        """The pipeline that this event goes to."""
        return self._pipeline or homes.default()

    def claim(self) -> bool:
        """Stop the clock. True for one caller only, of any thread: to delete an attribute is atomic."""
        try:
            del self._open
        except AttributeError:
            return False
        self.ended_ns = clock.monotonic_ns()
        return True

    def seal(self) -> dict[str, Any]:
        """Let nothing more in, and return what was gathered."""
        self._sealed = True
        return self.own_fields() if self._shared else self._fields

    def settle(self) -> dict[str, Any]:
        """Bring outcome, success and duration up to date, and return the fields for the policy to read."""
        fields = self._fields
        outcome = self.marked
        if outcome is None:
            status = fields.get("status_code", 0)
            outcome = "error" if type(status) is int and status >= 500 else "success"
        fields["outcome"] = outcome
        fields["success"] = outcome not in _FAILED
        fields["duration_ms"] = ((self.ended_ns or clock.monotonic_ns()) - self._begun_ns) / 1e6
        return fields

    def _mark(self, outcome: str, reason: str | None) -> Self:
        if self._sealed:
            return self._late(("outcome",))
        self.marked = outcome
        if reason is not None:
            self._fields["outcome_reason"] = as_text(reason, 1024)
        return self

    def _hint(self, name: str, value: Any) -> Self:
        if self._sealed:
            return self._late((name,))
        self.hinted = True
        self._fields[name] = value
        return self

    def _refuse(self, verb: str) -> Self:
        self.home().refused(self, verb)
        return self

    def _late(self, names: Iterable[str]) -> Self:
        self.home().late_write(self, list(names)[:_MAX_NAMES])
        return self
