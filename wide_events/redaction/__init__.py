"""What must never leave the process: secrets under telling keys, and secrets inside of texts.

The policy decides on raw fields; after that, and before a line is written, the redactor goes over all of it.
"""

from __future__ import annotations

from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, Protocol

from wide_events.exceptions import ConfigurationError
from wide_events.guards import attempt
from wide_events.names import BEGUN, HINTS, PRESENT
from wide_events.plain import shortened
from wide_events.redaction.detectors import DETECTORS, MARK, TOO_MANY, suspect
from wide_events.redaction.keys import ALWAYS, CLEAN, INNER, SensitiveKeys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Self

__all__ = ["DETECTORS", "Redactor"]

FAILED: Final = "[redacted: failed]"
_MEMO: Final = 4096
_LONGEST_READ: Final = 65_536
_LONGEST_REMEMBERED: Final = 256
_MAX_PATHS: Final = 50
_DROPPED: Final = object()
_NOTHING: Final[list[str]] = []

ALWAYS_ALLOWED: Final = frozenset(
    [
        *BEGUN,
        *HINTS,
        "sample_reason",
        "critical_events",
        "failed_enrichers",
        "threshold_exceeded",
        "truncated",
        "kind",
        "operation",
        "outcome",
        "success",
        "duration_ms",
        "method",
        "route",
        "endpoint",
        "blueprint",
        "status_code",
        "request_bytes",
        "response_bytes",
        "content_type",
        "ttfb_ms",
        "queue_ms",
        "cpu_ms",
        "performance_breakdown",
        "error.type",
        "error.code",
        "error.category",
        "error.severity",
        "error.alert",
        "error.retriable",
        "error.fingerprint",
        "error.location",
        "error.stack",
    ]
)
"""What allow-list mode lets pass without being named."""

CANARIES: Final = {
    "email": "ask jane.doe@example.com",
    "card": "paid with 4111 1111 1111 1111",
    "phone": "call +49 30 901820 55",
    "ssn": "ssn 078-05-1120",
    "bearer": "Authorization: Bearer a1b2c3d4e5f6g7h8",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "api_key": "sk_live_51H8xPq2eZvKYlo2C",
    "url_credentials": "postgres://app:hunter2@db/main",
}


class RedactionSettings(Protocol):
    """What a redactor takes from the settings; `redact_hash_key` is a pydantic `SecretStr`, or `None`."""

    @property
    def redact_keys(self) -> tuple[str, ...]: ...
    @property
    def redact_values(self) -> tuple[str, ...]: ...
    @property
    def redact_mode(self) -> str: ...
    @property
    def redact_allow_only(self) -> tuple[str, ...]: ...
    @property
    def redact_hash_key(self) -> Any: ...


class Redactor:
    """Redacts the fields of one event: `redactor(fields)` gives `(fields, paths)`.

    `keys` are further names of secrets (a leading `-` takes one off the built-in list), `detectors` the forms
    that are looked for inside of texts. `mode`: `mask` writes `[redacted]` or `[email]`; `hash` adds a keyed
    hash, so that like can be counted with like; `drop` leaves nothing. With `allow_only`, everything but the
    named paths (and what identifies and measures) is redacted. Tests itself; raises `ConfigurationError` if a
    secret passes.
    """

    def __init__(
        self,
        *,
        keys: Iterable[str] = (),
        detectors: Iterable[str] = tuple(DETECTORS),
        mode: str = "mask",
        hash_key: str | None = None,
        allow_only: Iterable[str] = (),
    ) -> None:
        wanted = set(detectors)
        self._detectors = {name: detect for name, detect in DETECTORS.items() if name in wanted}
        self._keys = SensitiveKeys(keys)
        self._mode = mode
        self._hash_key = (hash_key or "").encode()[:64]
        self._allowed = frozenset(allow_only) | ALWAYS_ALLOWED if allow_only else None
        self._clean_keys: set[str] = set()
        self._clean_texts: set[str] = set()
        self.self_test()

    @classmethod
    def from_settings(cls, settings: RedactionSettings) -> Self:
        """Build the redactor that the settings describe."""
        secret: Any = settings.redact_hash_key
        return cls(
            keys=settings.redact_keys,
            detectors=settings.redact_values,
            mode=settings.redact_mode,
            hash_key=secret.get_secret_value() if hasattr(secret, "get_secret_value") else secret,
            allow_only=settings.redact_allow_only,
        )

    def __call__(self, fields: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """Return the fields without secrets, and the dotted paths of what was redacted.

        Where there is nothing to redact, it is the very dict that was given. Never raises: a field that
        cannot be read is replaced, never passed on.
        """
        try:
            clean = self._allowed is None and self._is_clean(fields)
        except RuntimeError:  # it changed while it was looked at: look again, slowly
            clean = False
        return (fields, _NOTHING) if clean else _Pass(self).run(fields)

    def text(self, text: str) -> str:
        """Return a text without the secrets that its form gives away; of a long one, 65,536 characters."""
        text = shortened(text, _LONGEST_READ)
        if not suspect(text):
            return text
        for detect in self._detectors.values():
            text, found = detect(text, self._masked)
            if found >= TOO_MANY:
                return self.masked("redacted", text)
        return text

    def masked(self, label: str, secret: object) -> str:
        """Return what stands in the place of a secret."""
        if self._mode == "hash":
            digest = blake2b(str(secret).encode("utf-8", "replace"), digest_size=6, key=self._hash_key)
            return f"[{label}:{digest.hexdigest()}]"
        return f"[{label}]" if self._mode == "mask" else ""

    def self_test(self) -> None:
        """Redact one canary for each kind of secret; raise `ConfigurationError` if one gets through."""
        for name, canary in CANARIES.items():
            if name in self._detectors and self.text(canary) == canary:
                raise ConfigurationError(
                    "LOG_REDACT_VALUES", name, "does not redact its own example: reinstall wide-events"
                )

    # ---- the first look ------------------------------------------------------------------------------------

    def _is_clean(self, fields: dict[str, Any]) -> bool:
        if not self._clean_keys.issuperset(fields) and not self._keys_are_clean(fields):
            return False
        clean_texts = self._clean_texts
        for value in fields.values():
            kind = type(value)
            if kind is str:
                if value not in clean_texts and not self._text_is_clean(value):
                    return False
            elif kind is dict:
                if not self._is_clean(value):
                    return False
            elif kind is list and not all(map(self._item_is_clean, value)):
                return False
        return True

    def _item_is_clean(self, item: Any) -> bool:
        kind = type(item)
        if kind is str:
            return item in self._clean_texts or self._text_is_clean(item)
        if kind is dict:
            return self._is_clean(item)
        return kind is not list or (not self._is_secret_pair(item) and all(map(self._item_is_clean, item)))

    def _is_secret_pair(self, items: list[Any]) -> bool:
        """Whether this is a name and a secret, such as a header: `["Authorization", "…"]`."""
        return len(items) == 2 and type(items[0]) is str and self._is_secret(items[0], items[1])

    def _is_secret(self, name: str, value: Any) -> bool:
        if name in self._clean_keys:
            return False
        verdict = self._keys.verdict(name)
        return verdict != CLEAN and _is_covered(verdict, value)

    def _keys_are_clean(self, fields: dict[str, Any]) -> bool:
        for key, value in fields.items():
            if key in self._clean_keys:
                continue
            name = _label(fields) if key == "value" else key
            if self._is_secret(name, value) or not self._text_is_clean(key):
                return False
            if key != "value" and self._keys.verdict(key) == CLEAN:
                _remember(self._clean_keys, key)
        return True

    def _text_is_clean(self, text: str) -> bool:
        if len(text) > _LONGEST_READ or (suspect(text) and self.text(text) != text):
            return False
        _remember(self._clean_texts, text)
        return True

    def _masked(self, label: str, secret: str) -> str:
        return self.masked(label, secret)


class _Pass:
    """One event on its way through the redactor: a copy is built, and the paths are noted."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._allowed = redactor._allowed  # noqa: SLF001 - two halves of one room
        self._paths: list[str] = []

    def run(self, fields: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        redacted = self._fields(fields, "")
        if len(self._paths) > _MAX_PATHS:
            self._paths[_MAX_PATHS:] = ["…"]
        return redacted, self._paths

    def _fields(self, fields: dict[str, Any], path: str, under: str | None = None) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        label = _label(fields)
        for key, value in list(fields.items()):
            name = self._redactor.text(key)
            where = f"{path}.{name}" if path else name
            safe = attempt(
                self._field,
                self._telling(label if key == "value" else key, value, under),
                value,
                where,
                failed=partial(self._failed, where),
            )
            if safe is not _DROPPED:
                kept[name] = safe
        return kept

    def _field(self, key: str, value: Any, path: str) -> Any:
        if self._redactor._is_secret(key, value):  # noqa: SLF001
            return self._inner(key, value, path) or self._replaced(value, path)
        return self._value(value, path)

    def _telling(self, key: str, value: Any, under: str | None) -> str:
        """Which key tells whether the value is a secret: its own, or the one that it lies under."""
        return key if under is None or self._redactor._is_secret(key, value) else under  # noqa: SLF001

    def _inner(self, key: str, value: Any, path: str) -> Any:
        """Redact the texts below a key under which numbers are counts; `None` if this is none such."""
        if type(value) not in (dict, list) or self._redactor._keys.verdict(key) != INNER:  # noqa: SLF001
            return None
        if type(value) is list:
            items = [self._field(key, item, f"{path}.{index}") for index, item in enumerate(list(value))]
            return ["" if item is _DROPPED else item for item in items]
        return self._fields(value, path, under=key)

    def _value(self, value: Any, path: str) -> Any:
        kind = type(value)
        if kind is dict:
            return self._fields(value, path)
        if kind is list:
            return [self._item(item, f"{path}.{index}") for index, item in enumerate(list(value))]
        if self._allowed is not None and not self._is_allowed(path):
            return self._replaced(value, path)
        if kind is not str:
            return value
        safe = self._redactor.text(value)
        if safe != value:
            self._paths.append(path)
        return safe

    def _item(self, item: Any, path: str) -> Any:
        if type(item) is list and self._redactor._is_secret_pair(item):  # noqa: SLF001
            replaced = self._replaced(item[1], f"{path}.1")
            return [item[0], "" if replaced is _DROPPED else replaced]
        return self._value(item, path)

    def _replaced(self, value: Any, path: str) -> Any:
        mark = self._redactor.masked("redacted", value)
        if value == mark or _is_mark(value):
            return value
        self._paths.append(path)
        return mark or _DROPPED

    def _is_allowed(self, path: str) -> bool:
        while path:
            if path in self._allowed:  # type: ignore[operator]
                return True
            path = path.rpartition(".")[0]
        return False

    def _failed(self, path: str, _: Exception) -> Any:
        self._paths.append(path)
        return FAILED


def _is_covered(verdict: int, value: Any) -> bool:
    """A flag is no secret, and a number only under a name that promises a secret number."""
    kind = type(value)
    if kind is bool or value is None or value == PRESENT:
        return False
    if verdict == INNER and kind in (dict, list):
        return any(_is_covered(INNER, item) for item in (value.values() if kind is dict else value))
    return verdict == ALWAYS or kind not in (int, float)


def _label(fields: dict[str, Any]) -> str:
    """What `value` is the value of, in `{"name": "Authorization", "value": "…"}`."""
    label = fields.get("name", fields.get("key"))
    return label if type(label) is str else "value"


def _is_mark(value: Any) -> bool:
    return type(value) is str and MARK.fullmatch(value) is not None


def _remember(memo: set[str], text: str) -> None:
    if len(text) <= _LONGEST_REMEMBERED:
        if len(memo) >= _MEMO:
            memo.clear()
        memo.add(text)
