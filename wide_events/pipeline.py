"""The whole way of an event on one screen: decide, enrich, redact, encode, write. Where failures stop."""

from __future__ import annotations

import os
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

from wide_events import assembly
from wide_events.context import INERT
from wide_events.guards import attempt
from wide_events.health import Health
from wide_events.home import homes
from wide_events.names import LEVELS, MEASURED
from wide_events.plain import Copier, as_text
from wide_events.propagation import threshold_of, write_traceparent, write_tracestate
from wide_events.record import record
from wide_events.redaction import FAILED as REPLACED
from wide_events.redaction import Redactor
from wide_events.sampling import Decision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wide_events.event import WideEvent
    from wide_events.outlets import Outlet
    from wide_events.sampling import Policy
    from wide_events.settings import Settings
    from wide_events.sinks import Sink
    from wide_events.unit import UnitOfWork

FAILED: Final = Decision(keep=False, reason="pipeline_failed", rate=1.0, weight=0.0)


class _Diversion:
    __slots__ = ("taker",)

    def __init__(self) -> None:
        self.taker: Callable[[Pipeline, WideEvent, Decision], object] | None = None


diversion: Final = _Diversion()
"""For tests: `diversion.taker(pipeline, event, decision)`, if set, is handed every decided event of every
pipeline of this process, kept or dropped, in place of the outlets. It seals the event (`record_of` does)."""


class Pipeline:
    """Takes events that have ended to the sinks, or drops them, as the policy says.

    Everything comes from `settings` (by default: from the environment) unless it is given: a `policy`,
    `enrichers` (callables on the event, run for kept events only), `sinks`, and `redact`.
    Raises `ConfigurationError` for settings that make no sense; after that, nothing.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        policy: Policy | None = None,
        enrichers: Iterable[Callable[[WideEvent], object]] = (),
        sinks: Iterable[Sink] | None = None,
        redact: Callable[[dict[str, Any]], tuple[dict[str, Any], list[str]]] | None = None,
    ) -> None:
        self.settings = assembly.settings_from(settings)
        self.policy = policy or assembly.policy_from(self.settings)
        self.enrichers = tuple(enrichers)
        self.redact = redact or assembly.redactor_from(self.settings)
        self.outlets = assembly.outlets_from(self.settings, sinks)
        self.service = assembly.Service(self.settings)
        self.health = Health(assembly.cleaner_from(self.redact))
        for outlet in self.outlets:
            outlet.failed = partial(self._sink_failed, outlet.name)
        self.policy.on_failure = partial(self.health.failed, "rule_failed")
        self._least = LEVELS.get(self.settings.log_level.lower(), 1)

    # ---- the way of an event -------------------------------------------------------------------------------

    def emit(self, event: WideEvent) -> Decision:
        """Seal the event, decide, and write its line if it is kept. Never raises; once for an event."""
        if not event.claim():
            return self._decided_elsewhere(event)
        try:
            decision = self._decided(event)
            self.health.count(f"kept.{decision.reason}" if decision.keep else f"dropped.{decision.reason}")
            if diversion.taker is not None:
                diversion.taker(self, event, decision)
            elif decision.keep:
                self.deliver(self.record_of(event, decision), self.outlets)
            else:
                event.seal()
        except Exception as failure:  # noqa: BLE001 - the second guard: what is ours may fail too
            return self._emit_failed(event, failure)
        return decision

    def record_of(self, event: WideEvent, decision: Decision) -> dict[str, Any]:
        """Seal the event and return its record: enriched if it is kept, redacted, laid out as on its line."""
        if decision.keep:
            for enricher in self.enrichers:
                attempt(enricher, event, failed=partial(self._enricher_failed, event, enricher))
                event.settle()
        fields = event.seal()
        slow = self.policy.is_slow(fields)
        if event.cuts:
            fields["truncated"] = event.cuts
        if event.hinted:
            fields["sample_reason"] = decision.reason
        fields, redacted = attempt(self._redacted, fields, failed=partial(self._redaction_failed, fields))
        line = record(event, fields, self.service.facts(), decision, slow=slow)
        if redacted:
            line["redacted"] = redacted
        return line

    def deliver(self, line: dict[str, Any], outlets: Iterable[Outlet]) -> None:
        """Write a record to the outlets, unless it is below the level of the settings."""
        if LEVELS.get(line["level"], 1) < self._least:
            self.health.count("below_level")
            return
        for outlet in outlets:
            attempt(outlet.write, line, failed=outlet.failed)

    def discard(self, event: WideEvent, reason: str) -> None:
        """End an event that is to leave no line whatever happened, and count it."""
        if event.claim():
            decision = event.decision = Decision(keep=False, reason=reason, rate=0.0, weight=0.0)
            self.health.count(f"dropped.{reason}")
            if diversion.taker is not None:
                diversion.taker(self, event, decision)
            event.seal()

    def decide(self, event: WideEvent) -> Decision:
        """Ask the policy, and remember its answer on the event. Never raises."""
        if event.decision is None and not event.sealed:
            attempt(self._decided, event, failed=partial(self._emit_failed, event))
        return event.decision or FAILED

    def _decided_elsewhere(self, event: WideEvent) -> Decision:
        """The decision of an event that another caller emits: at this very moment, or long ago."""
        if not event.sealed:
            attempt(self._decided, event, failed=partial(self._emit_failed, event))
        return event.decision or FAILED

    def _decided(self, event: WideEvent) -> Decision:
        fields = event.settle()
        decision = event.decision
        if decision is None or (decision.weight != 1 and (not fields["success"] or "forced" in fields)):
            said = event.tracestate.randomness
            decision = self.policy.decide(fields, event.randomness() if said is None else said)
            event.decision = decision
        return decision

    # ---- what events ask for -------------------------------------------------------------------------------

    def headers(self, event: WideEvent) -> dict[str, str]:
        """Return what an outgoing call carries, so that the called service continues trace and sampling.

        `tracestate` tells the threshold of the rate at which this service keeps the trace by chance, as far
        as it is known by now; the sampled flag says whether chance alone would keep it.
        """
        chance = attempt(self.policy.chance, event.settle(), failed=partial(self._chance_unknown, event))
        threshold = threshold_of(chance)
        randomness = event.tracestate.randomness
        reached = event.randomness() if randomness is None else randomness
        state = write_tracestate(event.tracestate, threshold)
        headers = {
            "traceparent": write_traceparent(
                event.trace_id, event.span_id, sampled=reached >= threshold, random=event.tracestate.random
            ),
            "X-Request-ID": event.request_id,
            "X-Trace-ID": event.trace_id,
        }
        return {**headers, "tracestate": state} if state else headers

    def late_write(self, event: UnitOfWork, names: Iterable[str]) -> None:
        """Count and say what was added after the line of an event."""
        told = ", ".join(names)
        self.health.complain("late_writes", f"{event.operation} had ended when these were added: {told}")

    def refused(self, event: UnitOfWork, verb: str) -> None:
        """Count and say that a verb was given what it cannot use; not what, which may be a secret."""
        self.health.complain("values_refused", f"{event.operation}: {verb} was given what it cannot use")

    def conflict(self, event: WideEvent, names: Iterable[str]) -> None:
        """Count and say free fields that have names of ours."""
        told = ", ".join(names)
        self.health.complain("context_conflicts", f"{event.operation}: reserved names, kept apart: {told}")

    # ---- keeping accounts ----------------------------------------------------------------------------------

    def stats(self) -> dict[str, int]:
        """Return the counters of this process: `kept.<reason>`, `dropped.<reason>`, and losses by cause."""
        return self.health.counts()

    def flush(self) -> None:
        """Flush every sink."""
        for outlet in self.outlets:
            attempt(outlet.sink.flush, failed=outlet.failed)

    def close(self) -> None:
        """Close every sink."""
        for outlet in self.outlets:
            attempt(outlet.sink.close, failed=outlet.failed)

    def _emit_failed(self, event: WideEvent, failure: Exception) -> Decision:
        """Count what could not be decided or written; an event that was claimed takes nothing more in."""
        self.health.failed("pipeline_failed", f"{event.operation} could not be emitted", failure)
        if event.ended_ns is not None:
            event.seal()
        return FAILED

    def _redacted(self, fields: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """Redact; what a redactor of a user's gives back is made plain data."""
        told, paths = self.redact(fields)
        if isinstance(self.redact, Redactor):
            return told, paths
        if type(told) is not dict or type(paths) is not list:
            raise TypeError("a redactor returns a dict and a list of paths")
        copier = Copier()
        if told is not fields:
            told = copier.fields(told)
        if copier.cuts:
            told["truncated"] = [*fields.get("truncated", ()), *copier.cuts]
        return told, [as_text(path) for path in paths]

    def _redaction_failed(
        self, fields: dict[str, Any], failure: Exception
    ) -> tuple[dict[str, Any], list[str]]:
        """Replace everything but what measures: what could not be redacted is never passed through."""
        self.health.failed("redaction_failed", "an event could not be redacted", failure)
        doubtful = [name for name in fields if name not in MEASURED]
        left = {name: REPLACED if name in doubtful else value for name, value in fields.items()}
        objects = [name for name in doubtful if type(fields[name]) is not str]
        return {name: value for name, value in left.items() if name not in objects}, doubtful

    def _chance_unknown(self, event: WideEvent, failure: Exception) -> float:
        self.health.failed("rule_failed", f"the rate of {event.operation} is not known", failure)
        return 0.0

    def _sink_failed(self, name: str, failure: Exception) -> None:
        self.health.failed(f"lost.{name}", f"a line did not reach {name}", failure)

    def _enricher_failed(self, event: WideEvent, enricher: object, failure: Exception) -> None:
        name = attempt(_name_of, enricher, failed=lambda _: "enricher")
        event.note_failed_enricher(name)
        self.health.failed("enricher_failed", f"enricher {name} failed", failure)


def _name_of(enricher: object) -> str:
    return as_text(getattr(enricher, "__name__", type(enricher).__name__), 64)


class _Default:
    """The one pipeline of events that name none: made from the environment when it is first needed."""

    def __init__(self) -> None:
        self._pipeline: Pipeline | None = None
        self._renew()
        os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        """Take a lock that nobody holds: in a forked child nobody is left to let go of the old one."""
        self._lock = RLock()

    def __call__(self) -> Pipeline:
        return self._pipeline or self._made()

    def _made(self) -> Pipeline:
        with self._lock:
            made = self._pipeline or Pipeline()
            self._pipeline = made
        return made

    def replace(self, pipeline: Pipeline | None) -> Pipeline | None:
        """Put another in its place; `None` makes it anew from the environment when it is next needed."""
        before, self._pipeline = self._pipeline, pipeline
        return before


default_pipeline: Final = _Default()
"""`default_pipeline()` returns the pipeline of events that were given none."""

set_default_pipeline: Final = default_pipeline.replace
"""Replace the default pipeline, and return the one before; for tests and for set-up in code."""

homes.default = default_pipeline
INERT.decision = Decision(keep=False, reason="no_unit_of_work", rate=0.0, weight=0.0)
