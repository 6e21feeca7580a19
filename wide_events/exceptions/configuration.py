"""Bad settings: all that is wrong with one start, each with its variable, its value and the remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from wide_events.exceptions.base import WideEventsError

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK: Final = "***"
LONGEST_SHOWN: Final = 200
_SECRET_ENDINGS: Final = frozenset({"DSN", "KEY", "SECRET", "TOKEN", "PASSWORD"})
_NAMED_AFTER_OPERATIONS: Final = ("LOG_SAMPLE_", "LOG_SLOW_THRESHOLD_MS_")


class Problem(NamedTuple):
    """One bad setting: the variable (or field) that holds it, its value, and what would be right."""

    variable: str
    value: object
    remedy: str

    def __str__(self) -> str:
        return f"{self.variable}={shorten(repr(self.value))} {self.remedy}"


class ConfigurationError(WideEventsError):
    """A setting that cannot be used: `LOG_SAMPLE_TRIP='abc' is not a rate: use a number from 0 to 1`.

    Carries all that is wrong with one start in `problems`; `variable`, `value` and `remedy` are those of the
    first. The values of secrets are masked.
    """

    def __init__(self, variable: str, value: object, remedy: str, *, also: Iterable[Problem] = ()) -> None:
        problems = (Problem(variable, value, remedy), *also)
        self.problems = tuple(p._replace(value=masked(p.variable, p.value)) for p in problems)
        self.variable, self.value, self.remedy = self.problems[0]
        super().__init__("\n".join(map(str, self.problems)))

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> ConfigurationError:
        """All of `problems`, at least one, as one error."""
        first, *rest = problems
        return cls(*first, also=rest)


def is_secret(variable: str) -> bool:
    """Whether the values of this variable or field must never be shown."""
    name = variable.upper()
    if "." in name:  # a member of a mapping, named after an operation
        return False
    return not name.startswith(_NAMED_AFTER_OPERATIONS) and name.rpartition("_")[2] in _SECRET_ENDINGS


def masked(variable: str, value: object) -> object:
    """`value`, or a mask when the variable holds a secret and the value is not empty."""
    return MASK if value and is_secret(variable) else value


def shorten(text: str, limit: int = LONGEST_SHOWN) -> str:
    """`text`, cut at `limit` characters with an ellipsis."""
    return text if len(text) <= limit else f"{text[:limit]}…"
