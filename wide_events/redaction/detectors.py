"""Secrets inside of texts, found by their form, in linear time.

No pattern here can scan a stretch of text more than a bounded number of times: each is led by a literal or
anchored by what may not stand before it, and every repetition has a limit. `SUSPECT` is the first look, which
says of nearly every text that no detector needs to read it.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

SUSPECT: Final = re.compile(
    r"[@=]|://|eyJ|-----BEGIN|\d(?:[ ()./-]{0,2}\d){6}|[Bb](?:earer|asic|EARER|ASIC)\s"
    r"|(?<![A-Za-z0-9])(?:[spr]k[-_]|gh[opsur]_|github_pat_|xox[abeoprs]-|A[KSBC][ICI]A|AIza|glpat-|npm_|pypi-|SG\."
    r"|hf_|dop_v1_|shp[acps]|ya29\.|whsec_)"
)

_DOMAIN: Final = re.compile(r"@[^\W_](?:[\w-]{0,62})(?:\.[\w-]{1,63}){1,8}")
_LOCAL_SIGNS: Final = frozenset(".!#$%&'*+-/=?^_`{|}~")
_LONGEST_LOCAL: Final = 64

_USERINFO: Final = re.compile(r"://(?!\[credentials[\]:])[^\s/?#\"'<>]{1,512}@")
_ASSIGNED: Final = re.compile(
    r"((?:[?&]key|(?:^|[?&;\s,({\"'])(?:[A-Za-z0-9]{1,24}[_-]){0,2}"
    r"(?:api[_-]?key|access[_-]?key|token|secret|passwor[dt]|passwd|pwd|passphrase|signature|sig|auth))=)"
    r"(?!\[\w{1,12}[\]:])([^&\s#\"'<>;,)}]{1,4096})",
    re.IGNORECASE,
)
_BEARER: Final = re.compile(
    r"(?<![A-Za-z0-9])(bearer|basic)(\s{1,4})([A-Za-z0-9._~+/=-]{8,4096})", re.IGNORECASE
)
_JWT: Final = re.compile(r"(?<![\w-])eyJ[\w-]{5,4096}\.[\w-]{2,8192}(?:\.[\w-]{0,4096}){0,4}")
_API_KEY: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"[spr]k_(?:live|test)_[A-Za-z0-9]{10,255}|sk-[\w-]{20,255}|gh[opsur]_[A-Za-z0-9]{20,255}"
    r"|github_pat_\w{20,255}|xox[abeoprs]-[\w-]{10,255}|A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}|AIza[\w-]{35}"
    r"|glpat-[\w-]{20,255}|npm_[A-Za-z0-9]{30,255}|pypi-[\w-]{16,255}|SG\.[\w-]{16,64}\.[\w-]{16,128}"
    r"|hf_[A-Za-z0-9]{20,255}|dop_v1_[a-f0-9]{64}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|ya29\.[\w-]{20,1024}"
    r"|whsec_[A-Za-z0-9+/=]{20,255})"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{0,16384}(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?"
)
_CARD: Final = re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w])")
_SSN: Final = re.compile(r"(?<![\w.-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")
_PHONE: Final = re.compile(
    r"(?<![\w.+-])(?:\+\d(?:[ ().-]{0,2}\d){7,14}"
    r"|(?:\+?1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}"
    r"|0\d{1,4}[ /-]\d{3,4}[ -]?\d{3,5})(?![\w-])"
)
_DECIMAL: Final = re.compile(r"\+?\d+\.\d+")


def email(text: str, mask: Callable[[str, str], str]) -> tuple[str, int]:
    """Find e-mail addresses: from each `@` with a domain behind it, back over what may stand before it."""
    if "@" not in text:
        return text, 0
    done: list[str] = []
    end = found = 0
    for match in _DOMAIN.finditer(text):
        at = match.start()
        begin = _local_part(text, at, end)
        if begin < at:
            done += (text[end:begin], mask("email", text[begin : match.end()]))
            end = match.end()
            found += 1
            if found >= TOO_MANY:
                break
    return "".join((*done, text[end:])), found


def _local_part(text: str, at: int, floor: int) -> int:
    begin = at
    while (
        begin > floor
        and at - begin < _LONGEST_LOCAL
        and (text[begin - 1].isalnum() or text[begin - 1] in _LOCAL_SIGNS)
    ):
        begin -= 1
    return begin


def url_credentials(text: str, mask: Callable[[str, str], str]) -> tuple[str, int]:
    """Find `user:password@` in addresses, and secrets given as `name=value` in addresses and elsewhere."""
    one = two = 0
    if "://" in text:
        text, one = _USERINFO.subn(
            lambda m: f"://{mask('credentials', m.group()[3:-1])}@", text, count=TOO_MANY
        )
    if "=" in text:
        text, two = _ASSIGNED.subn(lambda m: m.group(1) + mask("redacted", m.group(2)), text, count=TOO_MANY)
    return text, one + two


def bearer(text: str, mask: Callable[[str, str], str]) -> tuple[str, int]:
    """Find the values of `Authorization` headers: `Bearer …`, and `Basic …` that decodes to `user:password`."""
    found = 0

    def masked(match: re.Match[str]) -> str:
        nonlocal found
        scheme, space, token = match.groups()
        if not (_is_basic(token) if scheme.lower() == "basic" else _is_opaque(token)):
            return match.group()
        found += 1
        return f"{scheme}{space}{mask('bearer', token)}"

    return _BEARER.sub(masked, text), found


def _is_opaque(token: str) -> bool:
    """Not a word of prose: digits in it, or too long for one."""
    return len(token) >= 24 or any(char.isdigit() for char in token)


def _is_basic(token: str) -> bool:
    try:
        return b":" in base64.b64decode(token + "=" * (-len(token) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False


def jwt(text: str, mask: Callable[[str, str], str]) -> tuple[str, int]:
    """Find JSON web tokens."""
    if "eyJ" not in text:
        return text, 0
    return _JWT.subn(lambda m: mask("jwt", m.group()), text, count=TOO_MANY)


def api_key(text: str, mask: Callable[[str, str], str]) -> tuple[str, int]:
    """Find API keys that are known by their prefix, and private keys in PEM."""
    return _API_KEY.subn(lambda m: mask("api_key", m.group()), text, count=TOO_MANY)


def card(text: str, mask: Callable[[str, str], str]) -> tuple[str, int]:
    """Find payment card numbers: 13 to 19 digits of an issuer's range whose check digit is right (Luhn)."""
    return _checked(_CARD, _is_card, "card", text, mask)


def _is_card(text: str) -> bool:
    digits = [int(char) for char in text if char.isdecimal()]
    issuer = digits[0] in (3, 4, 5, 6) or (digits[0] == 2 and 2 <= digits[1] <= 7)
    return issuer and sum(digits[-1::-2]) % 10 == -sum(sum(divmod(2 * d, 10)) for d in digits[-2::-2]) % 10


def ssn(text: str, mask: Callable[[str, str], str]) -> tuple[str, int]:
    """Find US social security numbers, in their written form."""
    return _SSN.subn(lambda m: mask("ssn", m.group()), text, count=TOO_MANY)


def phone(text: str, mask: Callable[[str, str], str]) -> tuple[str, int]:
    """Find telephone numbers: international with `+`, or national with separators; never bare runs of digits."""
    return _checked(_PHONE, lambda found: _DECIMAL.fullmatch(found) is None, "phone", text, mask)


def _checked(
    pattern: re.Pattern[str],
    holds: Callable[[str], bool],
    label: str,
    text: str,
    mask: Callable[[str, str], str],
) -> tuple[str, int]:
    found = 0

    def masked(match: re.Match[str]) -> str:
        nonlocal found
        if found >= TOO_MANY or not holds(match.group()):
            return match.group()
        found += 1
        return mask(label, match.group())

    return pattern.sub(masked, text), found


TOO_MANY: Final = 64
"""A text with so many secrets is replaced as a whole."""

DETECTORS: Final = {
    "url_credentials": url_credentials,
    "jwt": jwt,
    "bearer": bearer,
    "api_key": api_key,
    "email": email,
    "card": card,
    "ssn": ssn,
    "phone": phone,
}
"""All detectors by name, in the order in which they read a text."""
