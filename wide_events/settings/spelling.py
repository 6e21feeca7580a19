"""Variables that do not do what somebody expects: misspelt ones, and those that are not honoured yet."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from wide_events.settings.environment import FAMILIES, OTHER_VARIABLES, family_member

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

NOT_HONOURED: Final = {
    "LOG_DAILY_BUDGET_MB": "keeps to no budget",
    "LOG_TARGET_EVENTS_PER_SECOND": "adapts no rates",
    "LOG_LEAD_UP_EVENTS": "drops what led up to an error like everything else",
    "LOG_LEAD_UP_SECONDS": "drops what led up to an error like everything else",
    "LOG_MAX_BYTES": "does not rotate files: let logrotate do it",
    "LOG_BACKUP_COUNT": "does not rotate files: let logrotate do it",
    "LOG_ROTATE": "does not rotate files: let logrotate do it",
    "LOG_RETENTION_DAYS": "removes no files",
    "LOG_COMPRESS": "compresses no files",
    "SENTRY_DSN": "sends nothing to Sentry",
    "SENTRY_ENABLED": "sends nothing to Sentry",
    "SENTRY_ENVIRONMENT": "sends nothing to Sentry",
    "SENTRY_TRACES_SAMPLE_RATE": "sends nothing to Sentry",
}
"""Variables that will mean something, and what this version does instead."""

_OFF: Final = frozenset({"", "0", "false", "no", "none", "off"})
_LIKE_OURS: Final = 0.85
_LIKE_MEMBER: Final = 0.8
_LIKE_OTHERS: Final = 0.9
_SHORTEST_NAME: Final = 10
_MISTAKEN: Final = {"LOG_SAMPLE": "LOG_SAMPLE_DEFAULT", "LOG_SAMPLE_RATE": "LOG_SAMPLE_DEFAULT"}


def warnings_about(environ: Mapping[str, str], variables: Iterable[str]) -> tuple[str, ...]:
    """One sentence for each variable that will not do what somebody expects of it, ordered by name."""
    known = frozenset({*variables, *OTHER_VARIABLES, *NOT_HONOURED})
    return tuple(_warnings(environ, known))


def _warnings(environ: Mapping[str, str], known: frozenset[str]) -> Iterator[str]:
    for name in sorted(environ):
        if name in NOT_HONOURED:
            if environ[name].strip().lower() not in _OFF:
                yield f"{name} is set, but this version {NOT_HONOURED[name]}"
        elif name not in known and (warning := _misspelt(name, known)):
            yield warning


def _misspelt(name: str, known: frozenset[str]) -> str | None:
    if member := family_member(name):
        operation = member.partition(".")[2]
        effect = f"governs the operations that begin with {operation!r}"
        meant = _MISTAKEN.get(name) or _member_meant(name, known)
    else:
        effect = "is not a setting"
        meant = _MISTAKEN.get(name.rstrip("_")) or _family_meant(name) or _name_meant(name, known)
    return f"{name} {effect}; did you mean {meant}?" if meant else None


def _member_meant(name: str, known: frozenset[str]) -> str | None:
    """The setting that begins like the members of a family, is none, and goes on nearly like this one."""
    prefix = next(prefix for prefix in FAMILIES if name.startswith(prefix))
    beside = {each.removeprefix(prefix): each for each in sorted(known) if each.startswith(prefix)}
    return beside.get(_closest(name.removeprefix(prefix), list(beside), _LIKE_MEMBER) or "")


def _name_meant(name: str, known: frozenset[str]) -> str | None:
    if name.upper().startswith("LOG_"):
        return _closest(name, sorted(known), _LIKE_OURS)
    return _closest(name, [each for each in sorted(known) if len(each) >= _SHORTEST_NAME], _LIKE_OTHERS)


def _family_meant(name: str) -> str | None:
    """`LOG_SAMPLE_TRIP` for `LOG_SAMPEL_TRIP`: the beginning is compared alone, the rest is a free name."""
    segments = name.upper().split("_")
    for prefix in FAMILIES:
        size = prefix.count("_")
        begin, rest = "_".join(segments[:size]), "_".join(segments[size:])
        meant = prefix + rest
        if rest and meant != name and _closest(begin, [prefix.rstrip("_")], _LIKE_OURS):
            return meant
    return None


def _closest(name: str, candidates: Sequence[str], least: float) -> str | None:
    return next(iter(get_close_matches(name.upper(), candidates, 1, least)), None)
