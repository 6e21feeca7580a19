"""The wide event: it gathers while a unit of work runs, and then is data.

No I/O, no policy and no settings live here: `emit` and `decide` hand the event to its pipeline. The verbs
never raise, whatever they are given, and return the event, so that they chain.
"""

from __future__ import annotations

from time import time_ns
from typing import TYPE_CHECKING, Any, Final

from wide_events.clock import clock
from wide_events.failures import describe
from wide_events.gathering import Gathered, is_plain
from wide_events.guards import attempt
from wide_events.home import Home, homes, locks
from wide_events.identity import ID_OCTETS
from wide_events.names import BEGUN, RESERVED, RESERVED_OUTSIDE_REQUESTS
from wide_events.plain import MAX_FIELDS, MAX_KEY, MAX_TEXT, as_text, finite, key_text
from wide_events.propagation import (
    NO_STATE,
    TraceState,
    entropy,
    valid_request_id,
    valid_trace_id,
)
from wide_events.timers import Timer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from typing_extensions import Self

    from wide_events.sampling import Decision

MAX_LOGS: Final = 100
MAX_HANDLED: Final = 10
unreserved: Final = RESERVED.isdisjoint
_FAILED: Final = frozenset({"error", "timeout", "killed", "disconnected"})
OUTCOMES: Final = frozenset({"success", "partial", *_FAILED})


class WideEvent(Gathered):
    """Everything that happened in one unit of work, gathered for one line.

    `operation` names the sort of work; `kind` is `operation`, `request`, `task`, `boundary`, `business` or
    `summary`. `request_id` (1-128 of `A-Za-z0-9._:-`) and `trace_id` (32 hex digits) are made where they are
    not given or not valid. `pipeline` decides and writes; without one the default pipeline does, which is
    made from the environment when it is first needed.

    As a context manager it notes an exception that passes, and emits at the end.
    """

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
        if trace_id is not None and valid_trace_id(trace_id):
            self.trace_id = trace_id
        if request_id is not None and valid_request_id(request_id):
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

    # ---- gathering -----------------------------------------------------------------------------------------

    def add_context(self, **fields: Any) -> Self:
        """Add free fields, at the top level of the line. A reserved name goes under `context_conflicts`."""
        if self._sealed:
            return self._late(fields)
        if not unreserved(fields):
            fields = self._without_conflicts(fields)
        own = self._fields
        for value in fields.values():
            kind = type(value)
            if kind is str and len(value) <= MAX_TEXT:
                continue
            if kind is not int and kind is not bool and (kind is not float or value - value != 0):
                fields = self._copied(fields, "")
                break
        own.update(fields)
        if len(own) > MAX_FIELDS:
            self._shed(own, "")
        return self

    def add_user_context(self, **fields: Any) -> Self:
        """Say who it was for: `user_id`, `tier`, `account_age_days` and the like, under `user_context`."""
        return self._add("user_context", fields)

    def add_vehicle_context(self, **fields: Any) -> Self:
        """Say which vehicle: `usage_tier`, `total_trips`, `account_age_days`, … under `vehicle_context`."""
        return self._add("vehicle_context", fields)

    def add_business_metric(self, key: str, value: Any, critical: bool = False) -> Self:  # noqa: FBT001, FBT002
        """Note what it meant to the business; with `critical=True` a true value always keeps the event."""
        if critical and not self._sealed and attempt(bool, value, failed=_in_doubt):
            self._append("critical_events", key_text(key), MAX_LOGS)
        return self._add("business_metrics", {key_text(key): value})

    def add_technical_metric(self, key: str, value: Any) -> Self:
        """Note what it took: cache hits, rows, bytes, retries, under `technical_metrics`."""
        return self._add("technical_metrics", {key_text(key): value})

    def add_feature_flags(self, **fields: Any) -> Self:
        """Note the feature flags that were in force."""
        return self._add("feature_flags", fields)

    def add_cost(self, **fields: Any) -> Self:
        """Note what it cost, in a currency of your choice: `add_cost(vision=0.012, total=0.052)`."""
        return self._add("costs", fields)

    def add_tokens(self, **fields: Any) -> Self:
        """Note language-model tokens: `add_tokens(input=812, output=230)`."""
        return self._add("tokens", fields)

    def increment(self, key: str, by: float = 1) -> Self:
        """Count something up under `technical_metrics`, exactly, from any number of threads."""
        if self._sealed:
            return self._late((key_text(key),))
        name, step = key_text(key), by if finite(by) else 1
        with locks.accumulating:
            block = self._fields.setdefault("technical_metrics", {})
            if type(block) is not dict:
                block = self._new_block("technical_metrics", block)
            so_far = block.get(name, 0)
            block[name] = so_far + step if finite(so_far) else step
        return self

    def log(self, message: str, level: str = "info", **fields: Any) -> Self:
        """Gather a log line under `logs`: kept only if the event is; at most 100, then they are counted."""
        if self._sealed:
            return self._late(("logs",))
        line = {"t_ms": self.elapsed_ms(), "level": as_text(level, 20), "message": as_text(message)}
        self._gather(line, {name: value for name, value in fields.items() if name not in line}, "logs")
        self._append("logs", line, MAX_LOGS)
        return self

    def add_error(self, error: object, **details: Any) -> Self:
        """Note what went wrong; the event has failed, unless it is marked otherwise later.

        `error` is an exception, an `ErrorCode` or a text. `code`, `why`, `fix`, `retriable` and `alert` among
        the details set those fields of the block; all others become its `details`. An earlier, different
        error moves to `handled_errors`.
        """
        if self._sealed:
            return self._late(("error",))
        block = describe(error, details)
        earlier = self._fields.get("error")
        if type(earlier) is dict:
            if _same(earlier, block):
                block = {**earlier, **block}
            else:
                self._append("handled_errors", earlier, MAX_HANDLED)
        self._fields["error"] = block
        self.marked = "error"
        return self

    def add_handled_error(self, error: object, **details: Any) -> Self:
        """Note an error that was dealt with, under `handled_errors`; the outcome stays as it is."""
        if self._sealed:
            return self._late(("handled_errors",))
        block = describe(error, details)
        handled = self._fields.get("handled_errors")
        known = (self._fields.get("error"), *(handled if type(handled) is list else ()))
        if not any(_same(block, one) for one in known):
            self._append("handled_errors", block, MAX_HANDLED)
        return self

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

    def keep(self, reason: str = "forced") -> Self:
        """Keep this event whatever the policy says; `reason` becomes its `sample_reason`."""
        return self._hint("forced", as_text(reason, 64) or "forced")

    def sample(self, rate: float) -> Self:
        """Give this event a rate of its own, from 0 to 1, in place of that of its operation; else ignored."""
        return self._hint("own_rate", rate) if finite(rate) else self

    def sampled_upstream(self, rate: float) -> Self:
        """Note the rate at which the calling service keeps this trace: what it keeps is kept here too."""
        return self._hint("upstream_rate", rate)

    def slow_over(self, threshold_ms: float) -> Self:
        """Give this event a threshold of its own over which it is slow, in milliseconds."""
        return self._hint("own_slow_threshold_ms", threshold_ms) if finite(threshold_ms) else self

    def add_facts(self, facts: dict[str, Any]) -> Self:
        """Add fields of the event's own table, such as `status_code`: for the doors of frameworks."""
        if self._sealed:
            return self._late(facts)
        return self._gather(self._fields, facts, "")

    def promote_handled_error(self) -> Self:
        """Make the last handled error the `error`, where it turned out to be why the unit of work failed."""
        handled = self._fields.get("handled_errors")
        if type(handled) is list and handled and "error" not in self._fields and not self._sealed:
            self._fields["error"] = handled.pop()
            if not handled:
                del self._fields["handled_errors"]
        return self

    def note_failed_enricher(self, name: str) -> None:
        """Note that an enricher failed, whose fields are therefore missing."""
        self._append("failed_enrichers", name, MAX_HANDLED)

    def rename(self, operation: str) -> Self:
        """Give the unit of work its name, once it is known."""
        return self._hint("operation", as_text(operation))

    def timer(self, name: str) -> Timer:
        """Time a block or a function, sync or async: `performance_breakdown.<name>_ms`.

        Used again, it adds up, and `<name>_count` and `<name>_max_ms` tell of the uses.
        """
        return Timer(self, name if type(name) is str and len(name) < MAX_KEY else key_text(name))

    def record_time(self, name: str, milliseconds: float) -> Self:
        """Add a time that was measured elsewhere to the timer of that name; what is no number is left out."""
        return self.add_time(key_text(name), milliseconds + 0.0) if finite(milliseconds) else self

    def add_time(self, name: str, milliseconds: float) -> Self:
        """Add a time that was just measured: a float object of its own, for the timers."""
        if self._sealed:
            return self._late((name,))
        times = self._fields.get("performance_breakdown")
        if type(times) is not dict:
            times = self._new_block("performance_breakdown", times)
        key = f"{name}_ms"
        if times.setdefault(key, milliseconds) is milliseconds:
            return self
        with locks.accumulating:
            if self._shared:
                self._forget_what_is_no_time(times)
            so_far = times.get(key, 0.0)
            count, longest = f"{name}_count", f"{name}_max_ms"
            times[key] = so_far + milliseconds
            times[count] = times.get(count, 1) + 1
            times[longest] = max(times.get(longest, so_far), milliseconds)
        return self

    # ---- reading -------------------------------------------------------------------------------------------

    @property
    def operation(self) -> str:
        """The name of the unit of work."""
        return as_text(self._fields.get("operation"))

    @property
    def sealed(self) -> bool:
        """Whether the line is written, or dropped, and nothing more can be added."""
        return self._sealed

    def elapsed_ms(self) -> float:
        """Milliseconds since the unit of work began, by a clock that never jumps."""
        return ((self.ended_ns or clock.monotonic_ns()) - self._begun_ns) / 1e6

    def headers(self) -> dict[str, str]:
        """Return what an outgoing call carries: `traceparent`, `tracestate`, `X-Request-ID`, `X-Trace-ID`."""
        return self.home().headers(self)

    # ---- deciding and emitting -----------------------------------------------------------------------------

    def decide(self) -> Decision:
        """Ask the policy, once, and remember its answer."""
        return self.decision or self.home().decide(self)

    def should_emit(self, sample_rate: float | None = None, slow_threshold_ms: float | None = None) -> bool:
        """Decide, with a rate or a threshold of its own if given, and say whether the event is kept."""
        if self.decision is None and not self._sealed:
            if sample_rate is not None:
                self.sample(sample_rate)
            if slow_threshold_ms is not None:
                self.slow_over(slow_threshold_ms)
        return self.decide().keep

    def emit(self, level: str | None = None, force: bool = False) -> Decision:  # noqa: FBT001, FBT002
        """End the unit of work: decide, and write its line if it is kept. The second call does nothing more.

        `level` overrides the level that follows from the outcome; `force` keeps the event as `keep()` does.
        """
        if force and not self._sealed:
            self.keep()
        if level is not None and not self._sealed:
            self.level = as_text(level, 20).lower()
        return self.home().emit(self)

    def child(self, operation: str, kind: str = "boundary") -> WideEvent:
        """Begin an event of its own in the same trace: `with event.child("mail") as boundary:`.

        It is for a call across a boundary, and does not become the current event.
        """
        child = WideEvent(operation, kind=kind, pipeline=self._pipeline)
        return child.continue_from(self)

    def continue_from(self, parent: WideEvent) -> Self:
        """Take over the trace, the request and the sampling state of the event in which this one happens."""
        self.trace_id, self.request_id, self.parent_id = parent.trace_id, parent.request_id, parent.span_id
        self.tracestate = parent.tracestate
        upstream = parent._fields.get("upstream_rate")
        if finite(upstream):
            self.sampled_upstream(upstream)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.add_error(error)
        self.emit()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __repr__(self) -> str:
        state = "sealed" if self._sealed else "open"
        return f"<{type(self).__name__} {self.operation} {state} request_id={self.request_id}>"

    # ---- for the pipeline ----------------------------------------------------------------------------------

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
        return self.own_fields()

    def settle(self) -> dict[str, Any]:
        """Bring outcome, success and duration up to date, and return the fields for the policy to read."""
        fields = self._fields
        outcome = self.marked
        if outcome is None:
            status = fields.get("status_code", 0)
            outcome = "error" if type(status) is int and status >= 500 else "success"
        fields["outcome"] = outcome
        fields["success"] = outcome not in _FAILED
        fields["duration_ms"] = self.elapsed_ms()
        return fields

    # ---- inside --------------------------------------------------------------------------------------------

    def _add(self, name: str, fields: dict[str, Any]) -> Self:
        if self._sealed:
            return self._late(fields)
        if not is_plain(fields.values()):
            fields = self._copied(fields, name)
        block = self._fields.setdefault(name, fields)
        if block is not fields:
            if type(block) is not dict:
                block = self._new_block(name, block)
            block.update(fields)
        if len(block) > MAX_FIELDS:
            self._shed(block, name)
        return self

    def _without_conflicts(self, fields: dict[str, Any]) -> dict[str, Any]:
        reserved = RESERVED if self._fields.get("kind") == "request" else RESERVED_OUTSIDE_REQUESTS
        refused = {name: value for name, value in fields.items() if name in reserved}
        if refused:
            self._add("context_conflicts", refused)
            self.home().conflict(self, refused)
        return {name: value for name, value in fields.items() if name not in reserved}

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

    def _forget_what_is_no_time(self, times: dict[str, Any]) -> None:
        for name in [name for name, time in list(times.items()) if not finite(time)]:
            del times[name]

    def _late(self, names: Iterable[str]) -> Self:
        self.home().late_write(self, list(names)[:MAX_HANDLED])
        return self


def _in_doubt(_: Exception) -> bool:
    """What cannot say whether it is true, is kept."""
    return True


def _same(one: dict[str, Any], other: Any) -> bool:
    """Whether two error blocks tell of one error: a view's `add_error` and what then left the view."""
    return type(other) is dict and all(
        one.get(name) == other.get(name) for name in ("type", "message", "location")
    )
