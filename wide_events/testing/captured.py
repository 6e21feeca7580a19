"""One captured event: the fields of its line, as read back from the line's bytes, and what was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wide_events.testing.matching import at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wide_events.sampling import Decision


class CapturedEvent(dict[str, Any]):
    """The fields of one event, as a dict; `event["status_code"]`, `event.at("error.code")`.

    The fields are decoded from the bytes of the event's line: redacted, cut to size and encoded as in
    production, in the native schema whatever `LOG_SCHEMA` says. A dropped event has all of its fields too,
    less those of enrichers, which run for kept events only.

    - `decision`: what the policy decided: `keep`, `reason`, `rate`, `weight`.
    - `line`: the bytes from which the fields were read, newline included.
    - `written`: the bytes that each outlet of the pipeline was due, by its name (`stdout`, `file`,
      `error_file`, `business_file`, `performance_file`, or the class of a sink that was given), in the format
      and the schema of the settings. Empty for a dropped event, and for one below `LOG_LEVEL`.
    """

    def __init__(
        self, fields: Mapping[str, Any], *, decision: Decision, line: bytes, written: Mapping[str, bytes]
    ) -> None:
        super().__init__(fields)
        self.decision = decision
        self.line = line
        self.written = written

    @property
    def kept(self) -> bool:
        """Whether the policy kept it; `decision` says why."""
        return self.decision.keep

    def at(self, path: str) -> Any:
        """The value at a dotted path, `"error.code"` or `"logs.0.message"`; `None` where there is none."""
        return at(self, path)
