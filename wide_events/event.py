"""The wide event: it gathers while a unit of work runs, and then is data.

No I/O, no policy and no settings live here: `emit` and `decide` hand the event to its pipeline. The verbs
never raise, whatever they are given, and return the event, so that they chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from wide_events.failures import describe
from wide_events.gathering import is_plain
from wide_events.guards import attempt
from wide_events.home import homes, locks
from wide_events.names import LEVELS, RESERVED, RESERVED_OUTSIDE_REQUESTS
from wide_events.plain import MAX_FIELDS, MAX_KEY, MAX_TEXT, as_text, finite, key_text
from wide_events.timers import Timer
from wide_events.unit import UnitOfWork

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from wide_events.sampling import Decision

MAX_LOGS: Final = 100
MAX_HANDLED: Final = 10
_ALIASES: Final = {"warn": "warning", "err": "error", "fatal": "critical"}
unreserved: Final = RESERVED.isdisjoint


class WideEvent(UnitOfWork):
    """Everything that happened in one unit of work, gathered for one line.

    `operation` names the sort of work; `kind` is `operation`, `request`, `task`, `boundary`, `business` or
    `summary`. `request_id` (1-128 of `A-Za-z0-9._:-`) and `trace_id` (32 hex digits) are made where they are
    not given or not valid. `pipeline` decides and writes; without one the default pipeline does, which is
    made from the environment when it is first needed.

    As a context manager it notes an exception that passes, and emits at the end.
    """

    __slots__ = ()

    # ---- gathering -----------------------------------------------------------------------------------------

    def add_context(self, given: Mapping[str, Any] | None = None, /, **fields: Any) -> Self:
        """Add free fields, at the top level of the line, by keyword or as a mapping.

        A reserved name goes under `context_conflicts`.
        """
        if given is not None:
            fields = {**self._named(given), **fields}
        if self._sealed:
            return self._late(fields)
        if not unreserved(fields):
            fields = self._without_conflicts(fields)
        own = self._fields
        for value in fields.values():  # `is_plain`, in line: nothing is called more often
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

    def add_user_context(self, given: Mapping[str, Any] | None = None, /, **fields: Any) -> Self:
        """Say who it was for: `user_id`, `tier`, `account_age_days` and the like, under `user_context`."""
        return self._add("user_context", fields, given)

    def add_vehicle_context(self, given: Mapping[str, Any] | None = None, /, **fields: Any) -> Self:
        """Say which vehicle: `usage_tier`, `total_trips`, `account_age_days`, … under `vehicle_context`."""
        return self._add("vehicle_context", fields, given)

    def add_business_metric(self, key: str, value: Any, critical: bool = False) -> Self:  # noqa: FBT001, FBT002
        """Note what it meant to the business; with `critical=True` a true value always keeps the event."""
        if critical and not self._sealed and attempt(bool, value, failed=_in_doubt):
            self._append("critical_events", key_text(key), MAX_LOGS)
        return self._add("business_metrics", {key_text(key): value})

    def add_technical_metric(self, key: str, value: Any) -> Self:
        """Note what it took: cache hits, rows, bytes, retries, under `technical_metrics`."""
        return self._add("technical_metrics", {key_text(key): value})

    def add_feature_flags(self, given: Mapping[str, Any] | None = None, /, **fields: Any) -> Self:
        """Note the feature flags that were in force."""
        return self._add("feature_flags", fields, given)

    def add_cost(self, given: Mapping[str, Any] | None = None, /, **fields: Any) -> Self:
        """Note what it cost, in a currency of your choice: `add_cost(vision=0.012, total=0.052)`."""
        return self._add("costs", fields, given)

    def add_tokens(self, given: Mapping[str, Any] | None = None, /, **fields: Any) -> Self:
        """Note language-model tokens: `add_tokens(input=812, output=230)`."""
        return self._add("tokens", fields, given)

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
        """Gather a log line under `logs`: kept only if the event is; of more than 100, `truncated` tells."""
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

    def add_facts(self, facts: dict[str, Any]) -> Self:
        """Add fields of the event's own table, such as `status_code`: for the doors of frameworks."""
        if self._sealed:
            return self._late(facts)
        return self._gather(self._fields, facts, "")

    def promote_handled_error(self) -> Self:
        """Make the last handled error the `error`, where it turned out to be why the unit of work failed."""
        handled = self._fields.get("handled_errors")
        if type(handled) is list and handled and "error" not in self._fields and not self._sealed:
            *others, last = handled
            self._fields["error"] = last
            if others:
                self._fields["handled_errors"] = others
            else:
                del self._fields["handled_errors"]
        return self

    def note_failed_enricher(self, name: str) -> None:
        """Note that an enricher failed, whose fields are therefore missing."""
        self._append("failed_enrichers", name, MAX_HANDLED)

    def timer(self, name: str) -> Timer:
        """Time a block or a function, sync or async: `performance_breakdown.<name>_ms`.

        Used again, it adds up, and `<name>_count` and `<name>_max_ms` tell of the uses.
        """
        return Timer(self, name if type(name) is str and len(name) < MAX_KEY else key_text(name))

    def record_time(self, name: str, milliseconds: float) -> Self:
        """Add a time that was measured elsewhere to the timer of that name; what is no number is left out."""
        if finite(milliseconds):
            return self.add_time(key_text(name), milliseconds + 0.0)
        return self._refuse("record_time")

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
            self._take_level(as_text(level, 20).lower())
        return (self._pipeline or homes.default()).emit(self)

    def _take_level(self, level: str) -> None:
        level = _ALIASES.get(level, level)
        if level in LEVELS:
            self.level = level
        else:
            self._refuse("emit")

    def child(self, operation: str, kind: str = "boundary") -> WideEvent:
        """Begin an event of its own in the same trace: `with event.child("mail") as boundary:`.

        It is for a call across a boundary, and does not become the current event.
        """
        child = WideEvent(operation, kind=kind, pipeline=self._pipeline)
        return child.continue_from(self)

    def __enter__(self) -> Self:
        self.home()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.add_error(error)
        self.emit()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __repr__(self) -> str:
        state = "sealed" if self._sealed else "open"
        return f"<{type(self).__name__} {self.operation} {state} request_id={self.request_id}>"

    # ---- inside --------------------------------------------------------------------------------------------

    def _add(self, name: str, fields: dict[str, Any], given: object = None) -> Self:
        if given is not None:
            fields = {**self._named(given), **fields}
        if self._sealed:
            return self._late(fields)
        if not is_plain(fields.values()):
            fields = self._copied(fields, name)
        if not fields:
            return self
        block = self._fields.setdefault(name, fields)
        if block is not fields:
            if type(block) is not dict:
                block = self._new_block(name, block)
            block.update(fields)
        if len(block) > MAX_FIELDS:
            self._shed(block, name)
        return self

    def _named(self, given: object) -> dict[str, Any]:
        """What was handed over by position: a mapping as its fields, anything else as `value`."""
        if isinstance(given, Mapping):
            return attempt(self._copied, given, "", failed=lambda _: {"value": given})
        return {"value": given}

    def _without_conflicts(self, fields: dict[str, Any]) -> dict[str, Any]:
        reserved = RESERVED if self._fields.get("kind") == "request" else RESERVED_OUTSIDE_REQUESTS
        refused = {name: value for name, value in fields.items() if name in reserved}
        if refused:
            self._add("context_conflicts", refused)
            self.home().conflict(self, refused)
        return {name: value for name, value in fields.items() if name not in reserved}

    def _forget_what_is_no_time(self, times: dict[str, Any]) -> None:
        for name in [name for name, time in list(times.items()) if not finite(time)]:
            del times[name]


def _in_doubt(_: Exception) -> bool:
    """What cannot say whether it is true, is kept."""
    return True


def _same(one: dict[str, Any], other: Any) -> bool:
    """Whether two error blocks tell of one error: a view's `add_error` and what then left the view."""
    return type(other) is dict and all(
        one.get(name) == other.get(name) for name in ("type", "message", "location")
    )
