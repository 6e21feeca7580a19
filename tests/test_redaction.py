from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.secret_texts import CLEAN_KEYS, HARMLESS, PIECES, SECRET_KEYS, SECRETS
from tests.strategies import plain, records, words
from wide_events.exceptions import ConfigurationError
from wide_events.redaction import DETECTORS, FAILED, Redactor
from wide_events.redaction.detectors import suspect
from wide_events.redaction.keys import ALWAYS, CLEAN, TEXT, SensitiveKeys, segments

if TYPE_CHECKING:
    from collections.abc import Callable

MEGABYTE = 1_000_000
HOSTILE: dict[str, Callable[..., str]] = {
    name: lambda size=MEGABYTE, piece=piece: (piece * (size // len(piece) + 1))[:size]
    for name, piece in {
        "signs of addresses": "@",
        "local parts": "a@",
        "addresses that end too early": "a@b.",
        "addresses in unicode": "é@é.é ",
        "long domains": "a@" + "a." * 500,
        "local parts of signs": "!#$%&'*+-/=?^_`{|}~",
        "schemes": "://",
        "schemes with user": "://a",
        "user without end": "://" + "a" * 600,
        "heads of JSON web tokens": "eyJ",
        "JSON web tokens without body": " eyJ",
        "JSON web tokens of dots": "eyJaaaaa.",
        "digits": "1",
        "digits apart": "1 ",
        "digits with dashes": "12-",
        "cards with a wrong check digit": "4111 1111 1111 1112 ",
        "cards": "4111111111111111 ",
        "brackets": "(",
        "heads of telephone numbers": "+1",
        "national telephone numbers": "01/",
        "heads of security numbers": "078-05-",
        "versions": "1.",
        "heads of API keys": "sk-",
        "short API keys": "ghp_",
        "heads of access keys": "AKIA ",
        "names of secrets": "password",
        "names with colon": "password: ",
        "names in quotes": '"password":"',
        "names with sign": "api_key=",
        "flags": "--token ",
        "signatures": "sig ",
        "parameters": "key=a&",
        "cookies": "cookie:",
        "bearers": "bearer ",
        "headers": "Authorization: ",
        "headers in quotes": '"Authorization": "x\\',
        "basics": "Basic dXNlcjpw ",
        "private keys": "-----BEGIN PRIVATE KEY-----",
        "heads of private keys": "-----BEGIN ",
        "dashes": "-",
        "signs of equality": "=",
        "blanks": " ",
        "one letter": "x",
        "camel case": "aB",
        "surrogates": "\ud800",
        "prose": "lorem ipsum dolor sit amet ",
    }.items()
}
"""Texts that patterns choke on, made to any size in characters; by default a million."""

redactor = Redactor()


def redacted(value: Any, using: Redactor = redactor) -> Any:
    return using({"value_": value})[0].get("value_")


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in SECRETS.items() for text in texts]
)
def test_a_secret_is_found_by_its_form(name: str, text: str):
    assert suspect(text)
    assert Redactor(detectors=[name]).text(text) != text
    safe = redactor.text(text)
    assert "hunter" not in safe
    assert redactor.text(safe) == safe


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_secret_stays(text: str):
    fields = {"text": text, "list": [text], "block": {"text": text}}
    assert redactor(fields) == (fields, [])
    assert redactor.text(text) == text


@pytest.mark.parametrize("key", CLEAN_KEYS)
def test_a_key_that_only_contains_a_telling_word_is_clean(key: str):
    assert SensitiveKeys().verdict(key) == CLEAN


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_a_key_that_promises_a_secret_is_known(key: str):
    fields = {"outer": [{key: "hunter2"}, {key: {"a": ["hunter2"]}}]}
    safe, paths = redactor(fields)
    assert "hunter2" not in json.dumps(safe)
    assert paths == [f"outer.0.{key}", f"outer.1.{key}"]


def test_names_are_split_at_signs_and_at_capitals():
    assert segments("userAPIKey_v2.x-ä") == ("user", "api", "key", "v", "2", "x", "ä")


def test_flags_are_no_secrets_and_numbers_only_where_a_number_is_one():
    fields = {
        "has_password": True,
        "token_count": 5,
        "password_age_days": 7,
        "token": 1.5,
        "authorization": None,
    }
    assert redactor(fields)[0] is fields
    assert redactor({"pin": 1234, "card_number": 4111, "cvv": 12, "otp": True})[0] == {
        "pin": "[redacted]",
        "card_number": "[redacted]",
        "cvv": "[redacted]",
        "otp": True,
    }
    assert SensitiveKeys().verdict("pin") == ALWAYS
    assert SensitiveKeys().verdict("token") == TEXT


def test_texts_under_tokens_are_secrets_and_numbers_are_counts():
    counts = {"tokens": {"input": 812, "by_model": [{"output": 1.5}], "cached": True, "more": {}}}
    assert redactor(counts)[0] is counts
    mixed = {"tokens": {"access": "hunter2", "input": 812, "deep": [{"x": "hunter2", "pin": 12}, 5]}}
    safe = {"access": "[redacted]", "input": 812, "deep": [{"x": "[redacted]", "pin": "[redacted]"}, 5]}
    paths = ["tokens.access", "tokens.deep.0.x", "tokens.deep.0.pin"]
    assert redactor(mixed) == ({"tokens": safe}, paths)
    assert redactor({"tokens": safe}) == ({"tokens": safe}, [])
    assert redactor({"tokens": "hunter2"})[0] == {"tokens": "[redacted]"}
    assert Redactor(mode="drop")({"tokens": {"a": "x", "b": 1}}) == ({"tokens": {"b": 1}}, ["tokens.a"])
    assert Redactor(mode="drop")({"tokens": ["x", 1]}) == ({"tokens": ["", 1]}, ["tokens.0"])


def test_of_a_header_everything_is_masked_and_nothing_behind_it():
    assert redactor.text('Authorization: Digest a="x", b\nAccept: all') == (
        "Authorization: [redacted]\nAccept: all"
    )
    assert redactor.text("['-H', 'Authorization: Token x', 'all']") == (
        "['-H', 'Authorization: [redacted]', 'all']"
    )
    assert redactor.text('{"authorization": "ApiKey x", "accept": "all"}') == (
        '{"authorization": "[redacted]", "accept": "all"}'
    )
    empty = "['-H', 'Authorization: ', 'all']"
    assert redactor.text(empty) == empty


def test_keys_are_added_and_taken_away():
    own = Redactor(keys=["vin", "home address", "-session_id", "-token", "-pin", ""])
    fields = {"vin": 7, "homeAddress": "x", "token": "abc", "pin": 12, "password": "p", "cVin": "c"}
    safe, paths = own(fields)
    assert safe == {**fields, **dict.fromkeys(["vin", "homeAddress", "password", "cVin"], "[redacted]")}
    assert paths == ["vin", "homeAddress", "password", "cVin"]


def test_names_and_values_in_pairs_are_understood():
    headers = [["Authorization", "hunter2"], ["Accept", "text/html"], ["Cookie", "hunter2"]]
    named = [{"name": "X-Api-Key", "value": "hunter2"}, {"key": "a", "value": "b"}, {"value": "c"}]
    safe, paths = redactor({"headers": headers, "more": named})
    assert safe["headers"] == [
        ["Authorization", "[redacted]"],
        ["Accept", "text/html"],
        ["Cookie", "[redacted]"],
    ]
    assert safe["more"] == [{"name": "X-Api-Key", "value": "[redacted]"}, *named[1:]]
    assert paths == ["headers.0.1", "headers.2.1", "more.0.value"]
    assert redactor({"more": named[1:], "pair": [["a", "b"], [1, 2]]})[1] == []


def test_a_secret_in_a_key_is_redacted_there():
    safe, paths = redactor({"by": {"jane@example.com": 1, "password=hunter2": {"x": "jane@example.com"}}})
    assert safe == {"by": {"[email]": 1, "password=[redacted]": "[redacted]"}}
    assert paths == ["by.password=[redacted]"]


def test_hashes_tell_like_from_like_and_depend_on_the_key():
    one, other = Redactor(mode="hash", hash_key="a"), Redactor(mode="hash", hash_key="b")
    marks = [redacted(text, one) for text in ("jane@example.com", "jane@example.com", "joe@example.com")]
    assert marks[0] == marks[1] != marks[2]
    assert marks[0].startswith("[email:")
    assert redacted("jane@example.com", other) != marks[0]
    safe = one({"password": "x", "url": "http://u:p@h/?token=abc"})[0]
    assert one(safe) == (safe, [])


def test_what_is_dropped_leaves_nothing():
    drop = Redactor(mode="drop")
    safe, paths = drop({"password": "x", "text": "mail jane@example.com", "pairs": [["token", "x"]], "a": 1})
    assert safe == {"text": "mail ", "pairs": [["token", ""]], "a": 1}
    assert paths == ["password", "text", "pairs.0.1"]


def test_with_an_allow_list_everything_else_is_redacted():
    allow = Redactor(allow_only=["user_context.tier", "tags"])
    fields = {
        "operation": "upload",
        "duration_ms": 1.5,
        "user_context": {"tier": "heavy", "name": "jane"},
        "tags": ["a", {"b": "jane@example.com"}],
        "error": {"type": "E", "message": "m", "stack": ["a.py:1 in f"]},
        "free": [1, "x"],
    }
    safe, paths = allow(fields)
    assert safe == {
        **fields,
        "user_context": {"tier": "heavy", "name": "[redacted]"},
        "tags": ["a", {"b": "[email]"}],
        "error": {"type": "E", "message": "[redacted]", "stack": ["a.py:1 in f"]},
        "free": ["[redacted]", "[redacted]"],
    }
    assert paths == ["user_context.name", "tags.1.b", "error.message", "free.0", "free.1"]
    assert allow(safe)[0] == safe


def test_only_the_wanted_detectors_read():
    only = Redactor(detectors=["email"])
    assert redacted("jane@example.com 078-05-1120", only) == "[email] 078-05-1120"


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_that_misses_its_own_example_stops_the_start(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(DETECTORS, name, lambda text, _: (text, 0))
    with pytest.raises(ConfigurationError, match=name):
        Redactor(detectors=[name])


def test_a_detector_that_raises_lets_nothing_through(monkeypatch: pytest.MonkeyPatch):
    def failing(text: str, _: Any) -> tuple[str, int]:
        if "boom" in text:
            raise RuntimeError
        return text.replace("jane.doe@example.com", ""), 1

    monkeypatch.setitem(DETECTORS, "email", failing)
    safe, paths = Redactor()({"a": {"b": "boom jane@x.com"}, "c": "fine"})
    assert safe == {"a": {"b": FAILED}, "c": "fine"}
    assert paths == ["a.b"]


def test_a_text_full_of_secrets_is_replaced_as_a_whole():
    for text in (
        "jane@example.com " * 100,
        "4111111111111111 " * 100,
        "token=abc1 " * 100,
        "a://b:c@d " * 100,
    ):
        assert redactor.text(text) == "[redacted]"


def test_of_an_endless_text_only_the_beginning_is_read_and_kept():
    safe, paths = redactor({"text": "word " * 100_000 + "jane@example.com"})
    assert len(safe["text"]) <= 65_537
    assert "jane" not in safe["text"]
    assert paths == ["text"]


def test_not_every_path_is_told():
    safe, paths = redactor({"all": [{"password": "x"}] * 200})
    assert safe["all"] == [{"password": "[redacted]"}] * 200
    assert len(paths) == 51
    assert paths[-1] == "…"


def test_what_is_remembered_as_clean_is_bounded():
    own = Redactor()
    for number in range(10_000):
        own({f"key{number}": f"text {number}"})
    assert len(own._clean_texts) <= 4096
    assert len(own._clean_keys) <= 4096
    assert own({"password": "x", "key1": "text 1"})[0] == {"password": "[redacted]", "key1": "text 1"}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_read_to_the_end(name: str):
    text = HOSTILE[name](70_000)
    assert len(text) == 70_000
    safe = redactor.text(text)
    assert type(safe) is str
    assert redactor.text(safe) == safe
    planted = HOSTILE[name](3000) + "\n mail jane.doe@example.com now"
    assert "jane.doe@" not in redactor.text(planted)


@given(plain)
def test_any_data_comes_back_plain_and_stays_so(value: Any):
    fields = {"field": value}
    safe, paths = redactor(fields)
    again, none = redactor(safe)
    assert again == safe
    assert none == []
    if not paths and safe == fields:
        assert redactor(fields)[0] is fields or safe is not fields
    json.dumps(safe)


@given(
    st.dictionaries(words, st.one_of(words, st.integers(), st.booleans()), max_size=20).filter(
        lambda fields: not any(map(SensitiveKeys().verdict, fields))
    )
)
def test_clean_fields_come_back_as_the_same_object(fields: dict[str, Any]):
    assert redactor(fields) == (fields, [])
    assert redactor(fields)[0] is fields


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=8).map("".join))
def test_whatever_a_detector_changes_is_suspect(text: str):
    changed = any(detect(text, lambda label, _: f"[{label}]")[0] != text for detect in DETECTORS.values())
    assert suspect(text) or not changed


@given(
    records,
    st.sampled_from(SECRET_KEYS),
    st.text(alphabet="0123456789abcdefXYZ!$%", min_size=8, max_size=30),
    st.sampled_from(["mask", "hash", "drop"]),
)
def test_a_planted_secret_never_survives(record: dict[str, Any], key: str, secret: str, mode: str):
    own = Redactor(mode=mode, hash_key="k")
    planted = {**record, "deep": [{"er": {key: [secret]}}], "text": f"failed: postgres://app:{secret}@db/x"}
    planted["error"] = {
        "message": f"GET https://api/x?api_key={secret}&b=1",
        "stack": [f"x password={secret} y"],
    }
    safe = own(planted)[0]
    for name in ("deep", "text", "error"):
        assert secret not in json.dumps(safe[name])
