"""Tail sampling: from what happened to a decision, as a pure function.

A rule is a callable that looks at the fields of an event and gives a rate, or `None` for no opinion. Rules
are asked in order; the first opinion wins, and the rule's name is the reason on the line. Chance is no die
but the trace id's own random bits, compared with the threshold of the rate (OpenTelemetry "consistent
probability sampling"): so every service keeps the same traces, and what is kept at one rate is kept at every
higher one.
"""

from __future__ import annotations

from wide_events.sampling.decision import Decision, Fields, Rule, SamplingSettings
from wide_events.sampling.policy import Policy
from wide_events.sampling.rules import is_rate

__all__ = ["Decision", "Fields", "Policy", "Rule", "SamplingSettings", "is_rate"]
