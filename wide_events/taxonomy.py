"""The catalogue of error codes, the errors that carry them, and the fingerprint that groups like with like.

Six categories share the codes `E001` to `E599` by hundreds: validation 001-099, external_api 100-199,
database 200-299, parsing 300-399, business_logic 400-499, system 500-599. The codes of `exceptions`
(`ERR_3000` …) are in the catalogue too, and any other code works without being in it: see `ErrorCode.get`.
Add your own with `register`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from wide_events.exceptions import PortableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CATEGORIES: Final = ("validation", "external_api", "database", "parsing", "business_logic", "system")
OTHER: Final = "other"
LEVELS: Final = {"low": "warning", "medium": "warning", "high": "error", "critical": "critical"}
_FAMILY_CATEGORIES: Final = {"3": "business_logic", "4": "validation", "5": "system"}
_INNERMOST: Final = 5
_MESSAGE_READ: Final = 4096
_MESSAGE_KEPT: Final = 512
_COMPREHENSIONS: Final = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>"})

_E_NUMBER = re.compile(r"E([0-9])([0-9]{2})", re.ASCII)
_ERR_NUMBER = re.compile(r"ERR_([0-9])[0-9]{3}", re.ASCII)
_QUOTED = re.compile(r"""(?<!\w)(?:"[^"]*(?:"|$)|'[^']*(?:'(?!\w)|$))""")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_LETTERED_HEX = re.compile(r"\b[a-f]{8,}\b", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:(?<!\w)[-+])?\b\w*\d\w*")
_RUN = re.compile(r"#(?:[-+.,:]+#)+")


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """What is known about one kind of failure.

    `severity` is `low`, `medium`, `high` or `critical`; `alert` says that somebody should be told at once;
    `retriable` is `None` when nobody knows. Raises ValueError for a severity that is none of these.
    """

    code: str
    category: str
    severity: str
    description: str
    alert: bool = False
    retriable: bool | None = None
    fix: str | None = None

    def __post_init__(self) -> None:
        if self.severity not in LEVELS:
            raise ValueError(f"severity={self.severity!r} of {self.code}: use one of {', '.join(LEVELS)}")

    @property
    def level(self) -> str:
        """The least level of an event with this code: `warning`, `error` or `critical`."""
        return LEVELS[self.severity]

    @classmethod
    def get(cls, code: object) -> ErrorCode:
        """What is known about `code`; for one that is not in the catalogue, what its form tells.

        An unknown `E…` number belongs to the category of its hundred, an unknown `ERR_3…`, `ERR_4…`, `ERR_5…`
        to business_logic, validation, system; everything else to `other`. Never raises.
        """
        if isinstance(code, ErrorCode):
            return code
        name = code if isinstance(code, str) else _named(code)
        return _catalogue.get(name) or cls(name, _category(name), "medium", "")


def _named(code: object) -> str:
    known = isinstance(code, (int, float)) or code is None
    return str(code) if known else type(code).__name__


def _category(code: str) -> str:
    if (number := _E_NUMBER.fullmatch(code)) and code != "E000":
        hundred = int(number[1])
        return CATEGORIES[hundred] if hundred < len(CATEGORIES) else OTHER
    family = _ERR_NUMBER.fullmatch(code)
    return _FAMILY_CATEGORIES.get(family[1], OTHER) if family else OTHER


_catalogue: dict[str, ErrorCode] = {}


def register(*codes: ErrorCode) -> None:
    """Put `codes` into the catalogue of this process; one that is there already is replaced."""
    _catalogue.update({code.code: code for code in codes})


def catalogue() -> Iterator[ErrorCode]:
    """Every code that has been registered, the built-in ones first."""
    return iter(tuple(_catalogue.values()))


class StructuredError(PortableError):
    """An exception with a code: `raise StructuredError("E101", "weather service timed out", provider="x")`.

    What is not said is taken from the catalogue: the message from the description, `fix`, `retriable` and
    `alert` from the fields of the same name. `cause` becomes `__cause__`, and stays behind when pickled.
    Everything else that is named goes into `details`.
    """

    def __init__(  # noqa: PLR0913 - each says one thing about the error, by its name
        self,
        code: str | ErrorCode,
        message: str | None = None,
        *,
        why: str | None = None,
        fix: str | None = None,
        retriable: bool | None = None,
        alert: bool | None = None,
        provider_code: str | int | None = None,
        cause: BaseException | None = None,
        **details: Any,
    ) -> None:
        known = ErrorCode.get(code)
        self.error_code = known
        self.code = known.code
        self.message = known.description if message is None else message
        self.why, self.provider_code, self.details = why, provider_code, details
        self.fix = known.fix if fix is None else fix
        self.retriable = known.retriable if retriable is None else retriable
        self.alert = known.alert if alert is None else alert
        super().__init__(self.message)
        if cause is not None:
            self.__cause__ = cause

    @property
    def category(self) -> str:
        """The category of the code."""
        return self.error_code.category

    @property
    def severity(self) -> str:
        """The severity of the code."""
        return self.error_code.severity

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.message else self.code


def fingerprint(
    type_name: str, code: str | None, message: str, frames: Iterable[tuple[str, str]] = ()
) -> str:
    """16 hexadecimal digits that are the same for errors with the same origin, from deploy to deploy.

    `frames` are (file name, function) of the application's own frames, outermost first; line numbers are no
    part. The recipe: BLAKE2b with 8 bytes over the type, the code, and the innermost five frames, where
    repetitions next to each other (recursion) count once and comprehensions not at all (since Python 3.12
    they have no frame). Without frames the message takes their place, with everything in it that varies
    written as `#`: see `template`.
    """
    origin = _innermost(frames) or [template(message)]
    text = "\x1f".join([str(type_name), str(code or ""), *origin])
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def template(message: str) -> str:
    """`message` with quoted values, numbers, ids, addresses and words that contain a digit written as `#`."""
    text = _QUOTED.sub("#", message[:_MESSAGE_READ])
    for varying in (_UUID, _LETTERED_HEX, _NUMBERED, _RUN):
        text = varying.sub("#", text)
    return text[:_MESSAGE_KEPT]


def _innermost(frames: Iterable[tuple[str, str]]) -> list[str]:
    origin: list[str] = []
    for file, function in frames:
        frame = f"{file}:{function}"
        if function not in _COMPREHENSIONS and origin[-1:] != [frame]:
            origin.append(frame)
    return origin[-_INNERMOST:]


def _built_in(category: str, table: str) -> None:
    """Register a table of `code severity [alert] [retriable|final] | description [| fix]`, a line each."""
    for line in table.strip().splitlines():
        marks, description, *fix = (part.strip() for part in line.split("|"))
        code, severity, *flags = marks.split()
        retriable = True if "retriable" in flags else False if "final" in flags else None
        fixed = fix[0] if fix else None
        register(ErrorCode(code, category, severity, description, "alert" in flags, retriable, fixed))


_built_in(
    "validation",
    """
    E001 low final | a required field is missing | send the field
    E002 low final | a field has the wrong type | send the type that the reference names
    E003 low final | a value lies outside its range
    E004 low final | a value has the wrong format
    E005 low final | a value is none of those allowed
    E006 low final | the request has no body | send a body
    E007 low final | the request is too large | send less at once
    E008 low final | the same request was sent before
    E009 medium final | the request is not authenticated | send valid credentials
    E010 medium final | the caller may not do this
    ERR_4000 low final | the request is not valid
    ERR_4001 low final | the request is not authenticated
    ERR_4003 low final | the caller may not do this
    ERR_4004 low final | the thing asked for does not exist
    ERR_4009 low final | the request contradicts the present state
    ERR_4029 low retriable | the caller asks too often
    """,
)
_built_in(
    "external_api",
    """
    E100 medium retriable | an external service failed
    E101 medium retriable | an external service timed out
    E102 high alert retriable | an external service refused the connection
    E103 medium retriable | an external service limits the rate | wait, and ask less often
    E104 high retriable | an external service sent a response that cannot be used
    E105 critical alert final | an external service refused the credentials | renew the credentials
    E106 medium final | an external service has no such resource
    E107 high retriable | an external service reported a failure of its own
    E108 high alert retriable | the name of an external service could not be resolved
    E109 high alert final | the TLS connection to an external service failed
    E110 high alert retriable | every attempt at an external service failed
    ERR_5002 high alert retriable | an external service failed
    """,
)
_built_in(
    "database",
    """
    E200 high alert | the database failed
    E201 critical alert retriable | the database cannot be reached
    E202 high alert retriable | a database query timed out
    E203 medium final | the database refused a row that breaks a constraint
    E204 medium final | a row exists already
    E205 high retriable | transactions blocked each other | try the transaction again
    E206 high alert retriable | no database connection is free | enlarge the pool or hold connections shorter
    E207 high retriable | a transaction was rolled back
    E208 critical alert final | a migration is missing or failed | run the migrations
    E209 low final | a row that should exist is not there
    ERR_5100 high alert | the database failed
    """,
)
_built_in(
    "parsing",
    """
    E300 medium final | the input could not be parsed
    E301 medium final | the input is no valid JSON
    E302 medium final | a row of CSV could not be read
    E303 medium final | a date or time could not be read | use RFC 3339
    E304 medium final | a number could not be read
    E305 medium final | the text has the wrong encoding | use UTF-8
    E306 medium final | the input has a version that is not known
    E307 medium retriable | the input ends too early
    """,
)
_built_in(
    "business_logic",
    """
    E400 medium final | a rule of the business was broken
    E401 medium final | there is no way from the present state to the one asked for
    E402 low final | the balance does not suffice
    E403 low final | a quota is used up
    E404 low final | the thing asked for does not exist
    E405 medium retriable | somebody else changed the same thing
    E406 medium final | a calculation gave an implausible result
    E407 low retriable | there is not enough data yet
    E408 high final | a payment was refused
    ERR_3000 low final | not enough credits
    ERR_3001 low final | not enough balance
    ERR_3002 low final | no way from one state to the other
    ERR_3003 low final | a rule of the business was broken
    """,
)
_built_in(
    "system",
    """
    E500 critical alert | an unexpected failure
    E501 critical alert | memory is used up
    E502 critical alert | the disk is full
    E503 high alert | a file or folder cannot be used
    E504 critical alert final | the configuration is wrong | correct the setting that the message names
    E505 high alert | a job in the background failed
    E506 high retriable | the work took longer than it may
    E507 medium retriable | the cache cannot be reached
    E508 high alert retriable | the queue cannot be reached
    E509 medium retriable | the process is shutting down
    ERR_5000 high alert | an unexpected failure
    ERR_5003 high alert retriable | the service cannot answer now
    """,
)
