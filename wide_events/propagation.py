"""The headers that tie services together: ids, W3C `traceparent` and `tracestate`, and OpenTelemetry's `ot=`.

Sources: W3C Trace Context level 2 (the random flag), OpenTelemetry "TraceState: probability sampling"
(`th`, the rejection threshold, and `rv`, explicit randomness; 56 bits each, `th` with trailing zeros cut).
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeGuard

_POOLED: Final = 100
_TRACEPARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_TRACE_ID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
_TH: Final = re.compile(r"[0-9a-f]{1,14}", re.ASCII)
_RV: Final = re.compile(r"[0-9a-f]{14}", re.ASCII)
_MAX_TRACESTATE: Final = 512
_MAX_MEMBERS: Final = 32
_MAX_OURS: Final = 256

RANDOMNESS_BITS: Final = 56
ALL: Final = 1 << RANDOMNESS_BITS
"""The number of values that 56 bits of randomness can take: a threshold of 0 keeps all, of ALL nothing."""


class Parent(NamedTuple):
    """What `traceparent` said: the trace, the calling span and the flags (1 sampled, 2 random)."""

    trace_id: str
    span_id: str
    flags: int


class TraceState(NamedTuple):
    """What `tracestate` said: OpenTelemetry's threshold and randomness if given, and all else as it was."""

    threshold: int | None = None
    randomness: int | None = None
    others: str = ""
    rest: str = ""
    """What else stood in OpenTelemetry's own entry: passed on, as its specification asks."""
    random: bool = True
    """Whether `traceparent` said that the trace id is random in all its bits; of our own it is."""


SAMPLED: Final = 1
RANDOM: Final = 2
"""The flags of `traceparent`."""

NO_STATE: Final = TraceState()


class _Entropy:
    """Octets from the operating system, a hundred ids at a time; a forked child draws its own."""

    def __init__(self) -> None:
        self.octets: Callable[[int], bytes] = self.pooled
        self.forget()
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        """Draw anew: what is left belongs to another process."""
        self._size = 0
        self._pool: Iterator[bytes] = iter(())

    def pooled(self, size: int) -> bytes:
        """Return that many octets; whoever takes them from the pool has them alone: `next` is one step."""
        if size != self._size:
            self._size, self._pool = size, iter(())
        try:
            return next(self._pool)
        except StopIteration:
            drawn = os.urandom(size * _POOLED)
            pool = iter([drawn[start : start + size] for start in range(0, len(drawn), size)])
            octets = next(pool)
            self._pool = pool
            return octets


entropy: Final = _Entropy()
"""`entropy.octets(n)`: what ids are made of. Tests may put a repeatable source in its place."""


def valid_trace_id(text: object) -> TypeGuard[str]:
    """Say whether this is a W3C trace id: 32 lower-case hex digits, not all zero."""
    return type(text) is str and _TRACE_ID.fullmatch(text) is not None and text != "0" * 32


def valid_request_id(text: object) -> TypeGuard[str]:
    """Say whether a request id is taken over: 1 to 128 of `A-Z a-z 0-9 . _ : -`."""
    return type(text) is str and _REQUEST_ID.fullmatch(text) is not None


def parse_traceparent(header: str) -> Parent | None:
    """Read a `traceparent` header; `None` where it breaks the W3C grammar, and a new trace begins."""
    match = _TRACEPARENT.fullmatch(header)
    if match is None:
        return None
    version, trace_id, span_id, flags, rest = match.groups()
    if version == "ff" or (version == "00" and rest) or trace_id == "0" * 32 or span_id == "0" * 16:
        return None
    return Parent(trace_id, span_id, int(flags, 16))


def parse_tracestate(header: str) -> TraceState:
    """Read a `tracestate` header; parts that break the grammar count as not said, the rest is passed on."""
    header = header.replace("\t", " ")
    if len(header) > _MAX_TRACESTATE or not header.isprintable() or not header.isascii():
        return NO_STATE
    members = [member.strip() for member in header.split(",")]
    others = [member for member in members if member and not member.startswith("ot=")][:_MAX_MEMBERS]
    ours = next((member[3:] for member in members if member.startswith("ot=")), "")
    said = dict(part.split(":", 1) for part in reversed(ours[:_MAX_OURS].split(";")) if ":" in part)
    th, rv = said.get("th", ""), said.get("rv", "")
    return TraceState(
        int(th.ljust(14, "0"), 16) if _TH.fullmatch(th) else None,
        int(rv, 16) if _RV.fullmatch(rv) else None,
        ",".join(others),
        ";".join(f"{key}:{said[key]}" for key in reversed(said) if key not in ("th", "rv")),
    )


def randomness_of(trace_id: str) -> int:
    """Return the 56 bits of randomness of a trace id: its last 14 hex digits."""
    return int(trace_id[-14:], 16)


def threshold_of(rate: float) -> int:
    """Return the rejection threshold of a rate: a trace is kept where its randomness reaches it."""
    return ALL - round(rate * ALL)


def write_traceparent(trace_id: str, span_id: str, *, sampled: bool, random: bool = True) -> str:
    """Write `traceparent`; the random flag as whoever began the trace set it: our own ids are random."""
    return f"00-{trace_id}-{span_id}-{sampled * SAMPLED | random * RANDOM:02x}"


def write_tracestate(state: TraceState, threshold: int) -> str:
    """Write `tracestate` with the threshold of this service in front, as the newest entry."""
    parts = []
    if threshold < ALL:
        parts.append(f"th:{f'{threshold:014x}'.rstrip('0') or '0'}")
    if state.randomness is not None:
        parts.append(f"rv:{state.randomness:014x}")
    if state.rest:
        parts.append(state.rest)
    ours = ["ot=" + _within(";".join(parts), ";", _MAX_OURS)] if parts else []
    members = [*ours, *filter(None, state.others.split(","))]
    return _within(",".join(members[:_MAX_MEMBERS]), ",", _MAX_TRACESTATE)


def _within(text: str, separator: str, limit: int) -> str:
    """Leave the oldest entries out until the text is short enough."""
    while len(text) > limit:
        text = text.rpartition(separator)[0]
    return text
