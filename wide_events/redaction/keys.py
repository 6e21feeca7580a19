"""Which names promise a secret: by whole segments, so `token` hits `access_token` and never `max_tokens`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_SEGMENT: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^\W\d_a-zA-Z]+")
_LONGEST: Final = 256

CLEAN: Final = 0
TEXT: Final = 1
"""Redact texts, dicts and lists under this key; a number here is a count, not a secret."""
ALWAYS: Final = 2
"""Redact numbers too: a PIN is one."""
INNER: Final = 3
"""Redact only the texts, however deep under this key: numbers there are counts, such as costs."""

SEGMENTS: Final = [
    "password",
    "passwords",
    "userpassword",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "secrets",
    "token",
    "authorization",
    "credential",
    "credentials",
    "cookie",
    "cookies",
    "csrf",
    "xsrf",
    "jwt",
    "bearer",
    "signature",
    "sessionid",
    "dsn",
    "apikey",
    "apikeys",
    "accesskey",
    "privatekey",
    "accesstoken",
    "authtoken",
    "refreshtoken",
    "idtoken",
    "apitoken",
    "clientsecret",
    "secretkey",
]
PHRASES: Final = (
    "api key",
    "api keys",
    "access key",
    "private key",
    "signing key",
    "encryption key",
    "account key",
    "connection string",
)
NUMBERS: Final = ("passcode", "cvv", "cvc", "cvv2", "ssn", "iban", "card number", "cardnumber")
WHOLE: Final = {
    "password": ALWAYS,
    "passwd": ALWAYS,
    "pwd": ALWAYS,
    "passphrase": ALWAYS,
    "auth": TEXT,
    "x auth": TEXT,
    "pass": TEXT,
    "tokens": INNER,
    "pins": TEXT,
    "pin": ALWAYS,
    "otp": ALWAYS,
    "pan": ALWAYS,
    "pin code": ALWAYS,
    "otp code": ALWAYS,
}
"""Only as a whole key: `auth`, but not `auth_method`."""

Phrase = tuple[str, ...]


class SensitiveKeys:
    """The built-in names, and one's own: `more` adds phrases, and with a leading `-` takes one away."""

    def __init__(self, more: Iterable[str] = ()) -> None:
        asked = list(more)
        taken = {segments(name[1:]) for name in asked if name.startswith("-")}
        told = [(segments(name), TEXT) for name in (*SEGMENTS, *PHRASES)]
        told += [(segments(name), ALWAYS) for name in NUMBERS]
        told += [(segments(name), ALWAYS) for name in asked if not name.startswith("-")]
        self._phrases: dict[Phrase, int] = {
            phrase: kind for phrase, kind in told if phrase and phrase not in taken
        }
        self._whole = {segments(name): kind for name, kind in WHOLE.items() if segments(name) not in taken}
        self._longest = max(map(len, self._phrases), default=1)

    def verdict(self, key: str) -> int:
        """Say what of a key's values is secret: `CLEAN`, `TEXT`, `ALWAYS` or `INNER`."""
        parts = segments(key[:_LONGEST])
        found = self._whole.get(parts, CLEAN)
        for size in range(1, self._longest + 1):
            for start in range(len(parts) - size + 1):
                found = max(found, self._phrases.get(parts[start : start + size], CLEAN))
        return found


def segments(key: str) -> Phrase:
    """Split a name at `_ - .`, other signs and camelCase, in lower case: `userAPIKey` → `user api key`."""
    return tuple(part.lower() for part in _SEGMENT.findall(key))
