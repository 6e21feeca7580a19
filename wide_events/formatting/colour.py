"""The few colours that events are shown in, and whether to use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Parameters of the escape sequence SGR (ECMA-48, 8.3.117).
STYLES: Final[Mapping[str, str]] = {
    "strong": "1",
    "dim": "2",
    "key": "2",
    "label": "36",
    "good": "32",
    "notice": "33",
    "bad": "31",
    "good strong": "1;32",
    "notice strong": "1;33",
    "bad strong": "1;31",
    "bar": "36",
    "alarm": "1;97;41",
}
_LEVELS: Final = {"debug": "dim", "info": "good", "warning": "notice", "error": "bad", "critical": "alarm"}
_OUTCOMES: Final = {"success": "good", "partial": "notice", "disconnected": "notice"}


def wants_colour(stream_is_terminal: bool, environ: Mapping[str, str]) -> bool:  # noqa: FBT001
    """Decide from the stream and a mapping of environment variables whether to colour.

    `NO_COLOR` (https://no-color.org) switches colours off and `FORCE_COLOR` (https://force-color.org) on,
    each when it is not empty; then `TERM=dumb` switches them off, and else a terminal has them.
    """
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return stream_is_terminal and environ.get("TERM") != "dumb"


def paint(text: str, style: str) -> str:
    """Wrap a text into the escapes of a style; no style, no escapes."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if style in STYLES else text


def of_level(level: Any) -> str:
    """The style of a level's name."""
    return _LEVELS.get(level, "") if isinstance(level, str) else ""


def rule_style(fields: Mapping[str, Any]) -> str:
    """The style of what belongs to a whole event: that of its level, without the alarm's background."""
    return of_level(fields.get("level")).replace("alarm", "bad strong")


def of_outcome(outcome: Any) -> str:
    """The style of an outcome: what is neither a success nor half of one went wrong."""
    return _OUTCOMES.get(outcome, "bad strong") if isinstance(outcome, str) else ""


def of_status(status: Any) -> str:
    """The style of an HTTP status by its class."""
    if not isinstance(status, int) or isinstance(status, bool):
        return ""
    return "bad strong" if status >= 500 else "notice strong" if status >= 400 else "good"


def of_value(value: Any) -> str:
    """The style of a plain value: what is on, off or missing shows at a glance."""
    if isinstance(value, bool):
        return "good" if value else "notice"
    return "dim" if value is None else ""
