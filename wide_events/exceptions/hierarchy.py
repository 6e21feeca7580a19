"""The errors that an application raises to end a request: HTTP status, stable code, message, details."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from wide_events.exceptions.base import PortableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Unpack


class Options(TypedDict, total=False):
    """What every exception of the family takes by keyword."""

    status: int | None
    code: str | None
    headers: Mapping[str, str] | None
    why: str | None
    fix: str | None
    retriable: bool | None


class BaseAPIException(PortableError):  # noqa: N818 - the family's names are given
    """An error that ends a request with an answer of its own. Subclass it, and set the class attributes.

    `details` go to the client with the message when the status is below 500; `why` and `fix` are for the
    event alone. `retriable` says whether the same request may succeed later; `None` when nobody knows.
    """

    status: int = 500
    code: str = "ERR_5000"
    title: str = "Internal server error"
    retriable: bool | None = None
    problem_type: ClassVar[str] = "about:blank"

    def __init__(  # noqa: PLR0913 - each says one thing about the error, by its name
        self,
        message: str | None = None,
        details: Mapping[str, Any] | None = None,
        *,
        status: int | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
        why: str | None = None,
        fix: str | None = None,
        retriable: bool | None = None,
    ) -> None:
        kind = type(self)
        self.message = kind.title if message is None else message
        self.status = kind.status if status is None else status
        self.code = kind.code if code is None else code
        self.retriable = kind.retriable if retriable is None else retriable
        self.details: dict[str, Any] = dict(details or {})
        self.headers: dict[str, str] = dict(headers or {})
        self.why, self.fix = why, fix
        super().__init__(self.message)

    @property
    def status_code(self) -> int:
        """The status under the name that many frameworks use."""
        return self.status

    def __str__(self) -> str:
        return str(self.message)


class ValidationException(BaseAPIException):
    """400: the request is not what this endpoint understands."""

    status, code, title, retriable = 400, "ERR_4000", "Validation failed", False


class AuthenticationException(BaseAPIException):
    """401: nobody knows who is asking."""

    status, code, title, retriable = 401, "ERR_4001", "Authentication failed", False


class AuthorizationException(BaseAPIException):
    """403: who is asking may not."""

    status, code, title, retriable = 403, "ERR_4003", "Access denied", False


ForbiddenException = AuthorizationException


class NotFoundException(BaseAPIException):
    """404: `NotFoundException("trip", 42)` says "trip not found"."""

    status, code, title, retriable = 404, "ERR_4004", "Not found", False

    def __init__(
        self, resource: str = "resource", identifier: object = None, **options: Unpack[Options]
    ) -> None:
        details: dict[str, Any] = {"resource": resource}
        if identifier is not None:
            details["identifier"] = str(identifier)
        super().__init__(f"{resource} not found", details, **options)


class ConflictException(BaseAPIException):
    """409: the request contradicts the present state."""

    status, code, title, retriable = 409, "ERR_4009", "Conflict", False


class RateLimitException(BaseAPIException):
    """429: too many requests; `retry_after` seconds also go out as the header `Retry-After`."""

    status, code, title, retriable = 429, "ERR_4029", "Rate limit exceeded", True

    def __init__(
        self, retry_after: float = 60, message: str | None = None, **options: Unpack[Options]
    ) -> None:
        options["headers"] = {"Retry-After": str(math.ceil(retry_after)), **(options.get("headers") or {})}
        super().__init__(message, {"retry_after": retry_after}, **options)


class DatabaseException(BaseAPIException):
    """500: the database failed. Clients see neither message nor details."""

    status, code, title = 500, "ERR_5100", "Database error"


class ExternalServiceException(BaseAPIException):
    """502: a service that this one needs failed."""

    status, code, title, retriable = 502, "ERR_5002", "External service error", True

    def __init__(self, service: str, message: str | None = None, **options: Unpack[Options]) -> None:
        said = f"{service} service error" + (f": {message}" if message else "")
        super().__init__(said, {"service": service}, **options)


class ServiceUnavailableException(BaseAPIException):
    """503: not now."""

    status, code, title, retriable = 503, "ERR_5003", "Service temporarily unavailable", True


class BusinessRuleException(BaseAPIException):
    """422: understood, and against a rule of the business, which `rule` names."""

    status, code, title, retriable = 422, "ERR_3003", "Business rule violated", False

    def __init__(
        self,
        rule: str,
        message: str | None = None,
        details: Mapping[str, Any] | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(message, {"rule": rule, **(details or {})}, **options)


class _ShortfallException(BusinessRuleException):
    rule: ClassVar[str]

    def __init__(self, required: Any, available: Any, **options: Unpack[Options]) -> None:
        said = f"{type(self).title}: {required} required, {available} available"
        super().__init__(self.rule, said, _shortfall(required, available), **options)


class InsufficientCreditsException(_ShortfallException):
    """422: `InsufficientCreditsException(required=50, available=20)`; `details` tell the deficit, 30."""

    code, title, rule = "ERR_3000", "Insufficient credits", "credit_check"


class InsufficientBalanceException(_ShortfallException):
    """422: not enough money for this; `details` as for credits."""

    code, title, rule = "ERR_3001", "Insufficient balance", "balance_check"


class InvalidStateException(BusinessRuleException):
    """422: `InvalidStateException("closed", "open")`: there is no way from one state to the other."""

    code, title = "ERR_3002", "Invalid state"

    def __init__(self, current_state: str, target_state: str, **options: Unpack[Options]) -> None:
        said = f"Cannot transition from {current_state} to {target_state}"
        states = {"current_state": current_state, "target_state": target_state}
        super().__init__("state_transition", said, states, **options)


def _shortfall(required: Any, available: Any) -> dict[str, Any]:
    known = {"required": required, "available": available}
    try:
        return {**known, "deficit": required - available}
    except TypeError:  # Decimal and float do not mix
        return known
