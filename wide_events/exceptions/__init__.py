"""What may go wrong, by name: bad settings, and the errors that an application raises for its clients.

`ConfigurationError` stops a start. `BaseAPIException` and its family end a request: raise one, and the status
of the answer, a stable code and a message follow. Codes are stable for ever, whatever the message says:

| code | class | status |
|---|---|---|
| ERR_3000 | InsufficientCreditsException | 422 |
| ERR_3001 | InsufficientBalanceException | 422 |
| ERR_3002 | InvalidStateException | 422 |
| ERR_3003 | BusinessRuleException | 422 |
| ERR_4000 | ValidationException | 400 |
| ERR_4001 | AuthenticationException | 401 |
| ERR_4003 | AuthorizationException (ForbiddenException) | 403 |
| ERR_4004 | NotFoundException | 404 |
| ERR_4009 | ConflictException | 409 |
| ERR_4029 | RateLimitException | 429 |
| ERR_5000 | BaseAPIException, and every exception that is none of these | 500 |
| ERR_5002 | ExternalServiceException | 502 |
| ERR_5003 | ServiceUnavailableException | 503 |
| ERR_5100 | DatabaseException | 500 |

Any other HTTP status s has the code `ERR_40xx` (4000 + s - 400) or `ERR_50xx` (5000 + s - 500).

`safe_response` turns any exception into an answer that tells clients nothing they should not know: of
a status of 500 and above they see neither message nor details, unless the application exposes them.
"""

from __future__ import annotations

from wide_events.exceptions.base import PortableError, WideEventsError
from wide_events.exceptions.configuration import ConfigurationError, Problem, is_secret, masked, shorten
from wide_events.exceptions.hierarchy import (
    AuthenticationException,
    AuthorizationException,
    BaseAPIException,
    BusinessRuleException,
    ConflictException,
    DatabaseException,
    ExternalServiceException,
    ForbiddenException,
    InsufficientBalanceException,
    InsufficientCreditsException,
    InvalidStateException,
    NotFoundException,
    RateLimitException,
    ServiceUnavailableException,
    ValidationException,
)
from wide_events.exceptions.responses import client_body, problem_body, safe_response

__all__ = [
    "AuthenticationException",
    "AuthorizationException",
    "BaseAPIException",
    "BusinessRuleException",
    "ConfigurationError",
    "ConflictException",
    "DatabaseException",
    "ExternalServiceException",
    "ForbiddenException",
    "InsufficientBalanceException",
    "InsufficientCreditsException",
    "InvalidStateException",
    "NotFoundException",
    "PortableError",
    "Problem",
    "RateLimitException",
    "ServiceUnavailableException",
    "ValidationException",
    "WideEventsError",
    "client_body",
    "is_secret",
    "masked",
    "problem_body",
    "safe_response",
    "shorten",
]

for _name in __all__:
    globals()[_name].__module__ = __name__  # the name that events and pickles carry, wherever the class lives
