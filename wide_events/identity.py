"""The ids of an event: drawn as octets when it begins, written as text when somebody asks for them."""

from __future__ import annotations

from typing import Final

from wide_events.propagation import valid_request_id, valid_trace_id

ID_OCTETS: Final = 40
"""16 octets of trace id, 8 of span id, 16 of request id."""

_RANDOMNESS: Final = slice(9, 16)


class Identified:
    """Holds the ids of one event. Most events are dropped, and never need their ids as text."""

    __slots__ = ("_octets", "_request_id", "_span_id", "_trace_id")

    _octets: bytes
    _trace_id: str | None
    _span_id: str | None
    _request_id: str | None

    @property
    def trace_id(self) -> str:
        """The trace, in W3C form: 32 hex digits."""
        if self._trace_id is None:
            self._trace_id = self._octets[:16].hex()
        return self._trace_id

    @trace_id.setter
    def trace_id(self, trace_id: str) -> None:
        """Take over a trace; what is no W3C trace id is refused."""
        if valid_trace_id(trace_id):
            self._trace_id = trace_id

    @property
    def span_id(self) -> str:
        """The unit of work within the trace: 16 hex digits."""
        if self._span_id is None:
            self._span_id = self._octets[16:24].hex()
        return self._span_id

    @property
    def request_id(self) -> str:
        """The id that clients are told: their own, if it was a valid one. Another one can be set."""
        if self._request_id is None:
            self._request_id = self._octets[24:].hex()
        return self._request_id

    @request_id.setter
    def request_id(self, request_id: str) -> None:
        """Take over an id; one that could not stand in a header is refused."""
        if valid_request_id(request_id):
            self._request_id = request_id

    def randomness(self) -> int:
        """The 56 random bits of the trace id, its last 14 hex digits, by which chance decides."""
        if self._trace_id is None:
            return int.from_bytes(self._octets[_RANDOMNESS], "big")
        return int(self._trace_id[-14:], 16)
