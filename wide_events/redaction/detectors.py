r"""Secrets inside of texts, found by their form, in linear time.

No pattern here can scan a stretch of text more than a bounded number of times: each is led by a character and
by what may not stand before it, and every repetition has a limit. Python's engine skips at once to the
characters that a pattern can begin with, but only where no look-behind comes first: hence the odd
`\d(?<![\w.]\d)`, "a digit with no word before it".
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_WORDS: Final = re.compile(
    r"@|%40|\+\d|j(?<=eyj)|w(?:(?<=passw)|(?<=pw)d)|p(?:ass[^a-z]|(?<=passp)hrase|(?<=otp))|u(?<=au)th(?:[^a-z]|oriz|$)"
    r"|k(?:(?<=tok)en|(?<=cook)ie|ey(?:id)?(?:[^a-z]|$)|(?<=[spr]k)[-_]|(?<=ak)ia)"
    r"|c(?:(?<=sec)ret|(?<=acc)a|redential)"
    r"|z(?<=aiz)a|g(?:(?<=sig)(?:nature)?[^a-z]|(?<=sg)\.)|b(?:earer\s|asic\s|(?<=-b)egin |(?<=ab)ia)"
    r"|v(?<=cv)[cv]|y(?:a29\.|(?<=py)pi-)|i(?:(?<=asi)a|(?<=pi)n[^a-z]|(?<=ession[_-]i)d|(?<=essioni)d)"
    r"|_(?:(?<=gh[opsur]_)|(?<=github_)pat|(?<=npm_)|(?<=hf_)|(?<=hsec_)|(?<=_v1_)|(?<=shp(?:at|ca|pa|ss)_))"
    r"|-(?:(?<=xox[abeoprs]-)|(?<=glpat-))"
)
_NUMBERS: Final = re.compile(
    r"\d(?<![\w.]\d)(?:\d\d\)?[ .-]?\d{3}[ .-]\d{4}|\d\d-\d\d-\d{4}|(?<=0)\d{1,4}[ /-]\d{3}"
    r"|(?<=1)[ .-]\(?\d{3}\)?[ .-]\d{3}|(?:[ -]?\d){12})"
)


_OF_ONE_WORD: Final = ("AKIA", "ASIA", "ABIA", "ACCA", "AIza")


def suspect(text: str) -> bool:
    """Say whether a detector needs to read this text: a quick look, which is wrong only towards caution."""
    if text.isalnum() and text.isascii():
        return text.startswith(_OF_ONE_WORD) or (12 < len(text) < 20 and text.isdecimal())
    return _WORDS.search(text.lower()) is not None or _NUMBERS.search(text) is not None


_DOMAIN: Final = re.compile(r"(?:@|%40)[^\W_](?:[\w-]{0,62})(?:\.[\w-]{1,63}){1,8}")
_LOCAL_SIGNS: Final = frozenset("._%+-'!")
"""Rarer ones, such as `/` and `=`, are more often the end of what stands before the address."""
_LONGEST_LOCAL: Final = 64

MARK: Final = re.compile(
    r"\[(?:redacted|credentials|bearer|jwt|api_key|email|card|ssn|phone)(?::[0-9a-f]{12}|: failed)?\]"
)
"""What stands in the place of a secret."""
_NEW: Final = f"(?!{MARK.pattern})"
_USERINFO: Final = re.compile(rf"://(?!{MARK.pattern}@)[^\s/?#\"'<>]{{1,512}}@")
_NAMED: Final = re.compile(
    r"[aAcCoOpPsStT](?:(?<![A-Za-z].)|(?<=[a-z][A-Z]))(?ai:"
    r"(?<=a)(?:pi[_-]?key|ccess[_-]?key(?:[_-]?id)?|uth(?:orization)?)|(?<=t)oken|(?<=o)tp"
    r"|(?<=p)(?:assw(?:or[dt]|d)|assphrase|rivate[_-]?key(?:[_-]?id)?|wd|in"
    r"|ass(?:(?<=--pass)|(?==|\\?[\"']\s{0,2}:)))|(?<=c)(?:redentials?|v[vc])"
    r"|(?<=s)(?:ecret|ig(?:nature)?|ession[_-]?id))"
)
_GIVEN: Final = re.compile(
    rf"=(?P<quote>[\"'])?{_NEW}(?P<value>(?(quote)[^\"'\n]|[^&\s#\"'<>;,)}}\]]){{1,4096}})"
    rf"|\\?[\"'](?:\s{{0,2}}[:,]\s{{0,2}}|\s)\\?[\"']{_NEW}(?P<quoted>(?:[^\"'\n\\]|\\[^\n]){{1,4096}})"
    rf"|\\?[\"']\s{{0,2}}:\s{{0,2}}(?P<bare>\d{{3,19}})"
    rf"|\s?:\s{{0,2}}{_NEW}(?P<told>(?=[^\s,;]{{0,64}}\d)[^\s\"'<>,;)}}\]]{{4,4096}})"
)
_FLAGGED: Final = re.compile(rf"\s{_NEW}(?P<flagged>[^\s-]\S{{0,4096}})")
_QUERY_KEY: Final = re.compile(rf"([?&]key=){_NEW}([^&\s#\"'<>;,)}}]{{1,4096}})", re.IGNORECASE)
_COOKIES: Final = re.compile(
    rf"(cookie[\"']?\s{{0,2}}[:=]\s{{0,2}}[\"']?){_NEW}([^\s\"'][^\n\"']{{0,8192}})", re.IGNORECASE
)
_AUTHORIZATION: Final = re.compile(
    r"(?P<head>(?:(?P<outer>[\"'])|(?<![\"']))(?:proxy-)?authorization"
    r"(?:[ \t]?:[ \t]{0,2}(?!(?P=outer))|\\?[\"'][ \t]{0,2}[:,][ \t]{0,2})"
    rf"(?P<inner>\\?[\"'])?)(?=[^\s\\\"']){_NEW}"
    r"(?P<value>(?:(?(inner)(?!(?P=inner))|(?(outer)(?!(?P=outer))))(?:\\[^\r\n]|[^\r\n])){1,8192})",
    re.IGNORECASE | re.ASCII,
)
"""To the end of the line; of what stands in quotes, to the closing one."""
_BEARER: Final = re.compile(
    r"[bB](?<![A-Za-z0-9][bB])((?ai:earer|asic))(\s{1,4})([A-Za-z0-9._~+/=-]{8,4096})"
)
_JWT: Final = re.compile(r"eyJ(?<![\w-]eyJ)[\w-]{5,4096}\.[\w-]{2,8192}(?:\.[\w-]{0,4096}){0,4}")
_API_KEY: Final = re.compile(
    r"s(?<![A-Za-z0-9]s)(?:k_(?:live|test)_[A-Za-z0-9]{10,255}|k-[\w-]{20,255}"
    r"|hp(?:at|ca|pa|ss)_[a-fA-F0-9]{32})"
    r"|[pr](?<![A-Za-z0-9][pr])(?:k_(?:live|test)_[A-Za-z0-9]{10,255}|ypi-[\w-]{16,255})"
    r"|g(?<![A-Za-z0-9]g)(?:h[opsur]_[A-Za-z0-9]{20,255}|ithub_pat_\w{20,255}|lpat-[\w-]{20,255})"
    r"|x(?<![A-Za-z0-9]x)ox[abeoprs]-[\w-]{10,255}"
    r"|A(?<![A-Za-z0-9]A)(?:(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}|Iza[\w-]{35})"
    r"|n(?<![A-Za-z0-9]n)pm_[A-Za-z0-9]{30,255}|S(?<![A-Za-z0-9]S)G\.[\w-]{16,64}\.[\w-]{16,128}"
    r"|h(?<![A-Za-z0-9]h)f_[A-Za-z0-9]{20,255}|d(?<![A-Za-z0-9]d)op_v1_[a-f0-9]{64}"
    r"|y(?<![A-Za-z0-9]y)a29\.[\w-]{20,1024}|w(?<![A-Za-z0-9]w)hsec_[A-Za-z0-9+/=]{20,255}"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{0,16384}(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?"
)
_CARD: Final = re.compile(r"\d(?<![\w.]\d)(?:[ -]?\d){12,18}(?!\w)")
_CARD_LENGTHS: Final = {
    "2": (16,),
    "3": (14, 15, 16, 17, 18, 19),
    "4": (13, 16, 19),
    "5": (16,),
    "6": range(13, 20),
}
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
"""The sum of the digits of twice a digit."""
_SSN: Final = re.compile(r"\d(?<![\w.-]\d)(?<!9)\d\d(?<!000)(?<!666)-(?!00)\d\d-(?!0000)\d{4}(?![\w-])")
_PHONE: Final = re.compile(
    r"\+(?<![\w.+-]\+)\d(?:[ ().-]{0,2}\d){7,14}(?![\w-])"
    r"|\((?<![\w.+-]\()\d{3}\) ?\d{3}[ .-]\d{4}(?![\w-])"
    r"|\d(?<![\w.+/-]\d)(?:(?<=1)[ .-]\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}|\d\d[ .-]\d{3}[ .-]\d{4}"
    r"|(?<=0)\d{1,4}[ /-]\d{3,4}[ -]?\d{3,5})(?![\w-])"
)
_DECIMALS: Final = re.compile(r"\+?\d{1,3}\.\d+(?:[ -]\d{1,3}\.\d+)?")


def email(text: str, mask: Callable[[str, str], str]) -> tuple[str, int]:
    """Find e-mail addresses: from each `@` with a domain behind it, back over what may stand before it."""
    if "@" not in text and "%40" not in text:
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
    """Find `user:password@` in addresses, and secrets by the name before them.

    `api_key=…`, `"password": "…"`, `--token …`, `pin: 1234`, `Cookie: …`, `Authorization: …`; after other
    colons only with a digit.
    """
    one = two = three = four = 0
    if "://" in text and "@" in text:
        text, one = _USERINFO.subn(
            lambda m: f"://{mask('credentials', m.group()[3:-1])}@", text, count=TOO_MANY
        )
    folded = text.lower()
    if "key=" in folded:
        text, two = _QUERY_KEY.subn(lambda m: m.group(1) + mask("redacted", m.group(2)), text, count=TOO_MANY)
    if "cookie" in folded:
        text, three = _COOKIES.subn(lambda m: m.group(1) + mask("redacted", m.group(2)), text, count=TOO_MANY)
    if "authorization" in folded:
        text, four = _AUTHORIZATION.subn(
            lambda m: m.group("head") + mask("redacted", m.group("value")), text, count=TOO_MANY
        )
    text, five = _named_secrets(text, mask)
    return text, one + two + three + four + five


def _named_secrets(text: str, mask: Callable[[str, str], str]) -> tuple[str, int]:
    done: list[str] = []
    end = found = 0
    for name in _NAMED.finditer(text):
        marked = name.start() < end or MARK.match(text, max(0, name.start() - 1))
        given = None if marked else _GIVEN.match(text, name.end())
        if given is None and text.startswith("--", max(end, name.start() - 2)):
            given = _FLAGGED.match(text, name.end())
        if given is None:
            continue
        kind = str(given.lastgroup)
        done += (text[end : given.start(kind)], mask("redacted", given.group(kind)))
        end = given.end(kind)
        found += 1
        if found >= TOO_MANY:
            break
    return "".join((*done, text[end:])), found


def bearer(text: str, mask: Callable[[str, str], str]) -> tuple[str, int]:
    """Find what `Authorization` headers carry: `Bearer …`, and `Basic …` that decodes to `user:password`."""

    def masked(match: re.Match[str]) -> str:
        scheme, space, token = match.groups()
        if not (_is_basic(token) if scheme.lower() == "asic" else _is_opaque(token)):
            return match.group()
        return f"{match.group()[0]}{scheme}{space}{mask('bearer', token)}"

    redacted = _BEARER.sub(masked, text)
    return redacted, int(redacted != text)


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
    if len(digits) not in _CARD_LENGTHS.get(str(digits[0]), ()):
        return False
    return (sum(digits[-1::-2]) + sum(map(_DOUBLED.__getitem__, digits[-2::-2]))) % 10 == 0


def ssn(text: str, mask: Callable[[str, str], str]) -> tuple[str, int]:
    """Find US social security numbers, in their written form."""
    return _SSN.subn(lambda m: mask("ssn", m.group()), text, count=TOO_MANY)


def phone(text: str, mask: Callable[[str, str], str]) -> tuple[str, int]:
    """Find telephone numbers: international with `+`, or national with separators; never bare digits."""
    return _checked(_PHONE, lambda found: _DECIMALS.fullmatch(found) is None, "phone", text, mask)


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
