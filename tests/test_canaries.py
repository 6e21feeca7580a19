"""Secrets planted wherever they have been seen to leak, looked for in whatever leaves the process."""

from __future__ import annotations

import base64
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from wide_events import Pipeline, Settings, WideEvent
from wide_events.sinks import MemorySink

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BASIC = base64.b64encode(b"app:hunter2!").decode()
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJl"
Canary = tuple[str, "Callable[[WideEvent], object]"]


def failed(text: str) -> Callable[[WideEvent], object]:
    return lambda event: event.add_error(RuntimeError(text))


def added(**fields: Any) -> Callable[[WideEvent], object]:
    return lambda event: event.add_context(**fields)


def caused(event: WideEvent) -> None:
    try:
        try:
            raise ValueError("redis://:hunter2@cache:6379")  # noqa: TRY301 - a cause
        except ValueError as cause:
            raise KeyError("outer") from cause
    except KeyError as error:
        event.add_error(error)


CANARIES: dict[str, Canary] = {
    "authorization header": ("hunter2", added(headers={"Authorization": "hunter2"})),
    "cookie header": ("hunter2", added(headers={"Cookie": "sid=hunter2"})),
    "header pairs": ("hunter2", added(headers=[("Proxy-Authorization", "hunter2")])),
    "named headers": ("hunter2", added(headers=[{"name": "X-Api-Key", "value": "hunter2"}])),
    "basic": (BASIC, added(note=f"Basic {BASIC}")),
    "bearer": ("abc123def456", added(note="sent Bearer abc123def456")),
    "jwt": (JWT, added(note=JWT)),
    "jwt in a list": (JWT, added(notes=["x", [JWT]])),
    "database address": (
        "hunter2",
        failed("could not connect to postgresql+psycopg://app:hunter2@db:5432/main"),
    ),
    "cause": ("hunter2", caused),
    "requests": (
        "hunter2",
        failed("HTTPSConnectionPool(host='x'): Max retries: /v1?city=a&api_key=hunter2 (Caused by)"),
    ),
    "argv with sign": (
        "hunter2",
        lambda e: e.add_error(subprocess.CalledProcessError(1, ["psql", "--password=hunter2"])),
    ),
    "argv": (
        "hunter2",
        lambda e: e.add_error(subprocess.CalledProcessError(1, ["curl", "--token", "hunter2"])),
    ),
    "argv header": (
        "hunter2x99",
        lambda e: e.add_error(
            subprocess.CalledProcessError(1, ["curl", "-H", "Authorization: Bearer hunter2x99"])
        ),
    ),
    "camel case": ("hunter2", added(userPassword="hunter2")),
    "kebab case": ("hunter2", added(form={"x-api-key": "hunter2"})),
    "prefix": ("hunter2", added(x_api_key="hunter2")),
    "capitals": ("hunter2", added(PWD="hunter2")),
    "dotted": ("hunter2", added(form={"db.password": "hunter2"})),
    "deep": ("hunter2", added(a={"b": [{"c": {"clientSecret": "hunter2"}}]})),
    "bytes": ("hunter2", added(body=b"password=hunter2")),
    "set": ("hunter2", added(seen={"token=hunter2"})),
    "tuple under key": ("hunter2", added(token=("hunter2", 1))),
    "key of a dict": ("jane@example.com", added(by={"jane@example.com": 1})),
    "email": ("jane@example.com", added(note="ask jane@example.com")),
    "email as operation": ("jane@example.com", lambda e: e.rename("mail jane@example.com")),
    "email as reason": ("jane@example.com", lambda e: e.mark_failure("no jane@example.com")),
    "card": ("4111111111111111", added(note="4111111111111111")),
    "card with spaces": ("4111 1111 1111 1111", added(note="paid 4111 1111 1111 1111")),
    "card under key": ("4111111111111111", added(card_number=4111111111111111)),
    "phone": ("+49 30 901820 55", added(note="call +49 30 901820 55")),
    "ssn": ("078-05-1120", added(note="078-05-1120")),
    "api key": ("sk_live_51H8xPq2eZvKYlo2C", added(note="stripe said sk_live_51H8xPq2eZvKYlo2C")),
    "aws": ("AKIAIOSFODNN7EXAMPLE", added(note="AKIAIOSFODNN7EXAMPLE")),
    "private key": ("MIIEpAIBAAKCAQEA", added(note="-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n")),
    "json in a text": ("hunter two", failed('bad body: {"password": "hunter two"}')),
    "repr in a text": ("hunter two", failed(repr({"dsn": 1, "secret": "hunter two"}))),
    "repr of a config": (
        "hunter2",
        added(config=type("C", (), {"__repr__": lambda _: "C(api_key='hunter2')"})()),
    ),
    "log": ("hunter2", lambda e: e.log("login password=hunter2", password="hunter2")),
    "metric": ("hunter2", lambda e: e.add_business_metric("apiToken", "hunter2")),
    "error details": ("hunter2", lambda e: e.add_error("bad", password="hunter2", url="https://u:hunter2@h")),
    "handled error": ("hunter2", lambda e: e.add_handled_error(ValueError("token=hunter2"))),
    "by hand": ("hunter2", lambda e: e.context.update({"secret": "hunter2", "x": ["pwd=hunter2"]})),
    "conflict": ("jane@example.com", added(message="jane@example.com")),
    "scheme of one's own": ("hunter2", failed("refused: Authorization: Token hunter2")),
    "digest": ("hunter2", failed('sent Authorization: Digest username="a", response="hunter2"')),
    "texts under tokens": ("hunter2", added(tokens={"access": "hunter2"})),
    "query of a session": ("hunter2", failed("GET /x?session_id=hunter2")),
}


@pytest.mark.parametrize("mode", ["mask", "hash", "drop"])
@pytest.mark.parametrize("form", ["json", "human", "text"])
@pytest.mark.parametrize("name", CANARIES)
def test_a_planted_secret_leaves_in_no_form(name: str, form: str, mode: str, tmp_path: Path):
    secret, plant = CANARIES[name]
    sink, copy = MemorySink(), tmp_path / "errors.jsonl"
    settings = Settings(log_format=form, log_file_error=copy, redact_mode=mode, redact_hash_key="k" * 16)
    pipeline = Pipeline(settings, sinks=[sink])
    event = WideEvent("canary", pipeline=pipeline)
    plant(event)
    event.mark_failure().emit(force=True)
    pipeline.close()
    written = [*sink.lines, copy.read_bytes()]
    assert len(written) == 2
    for line in written:
        assert b"canary" in line or b"mail" in line
        assert secret.encode() not in line
        assert b"hunter" not in line


def broken(_: object) -> None:
    raise RuntimeError("postgres://app:hunter2@db/main token=hunter2\n\x1b[31mred\u202e")


def said_of_trouble(pipeline: Pipeline, caplog: pytest.LogCaptureFixture) -> str:
    """Everything that the library says of a broken enricher, a late write, and a failing sink."""
    event = WideEvent("mail jane@example.com\x1b[2J", pipeline=pipeline)
    event.keep("jane@example.com").emit()
    event.add_context(**{"jane@example.com": 1, "line\nbreak": 2})
    pipeline.close()
    return "\n".join([*(record.getMessage() for record in caplog.records), *pipeline.stats()])


def test_what_the_library_says_of_trouble_is_redacted_and_escaped(caplog: pytest.LogCaptureFixture):
    said = said_of_trouble(Pipeline(Settings(), enrichers=[broken], sinks=[MemorySink()]), caplog)
    assert "RuntimeError: postgres://[credentials]@db/main token=[redacted]" in said
    assert "kept.[email]" in said
    assert "mail [email]" in said
    assert "hunter2" not in said
    assert "jane" not in said
    assert said.replace("\n", "").isprintable()


def test_without_a_reader_of_texts_what_is_said_is_still_escaped(caplog: pytest.LogCaptureFixture):
    pipeline = Pipeline(
        Settings(), enrichers=[broken], sinks=[MemorySink()], redact=lambda fields: (fields, [])
    )
    said = said_of_trouble(pipeline, caplog)
    assert "\\x1b[31mred\\u202e" in said
    assert said.replace("\n", "").isprintable()


class Unreadable:
    def __call__(self, fields: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        return fields, []

    def text(self, text: str) -> str:
        if not text.isidentifier():
            raise ValueError(text)
        return text


def test_what_cannot_be_redacted_is_not_said(caplog: pytest.LogCaptureFixture):
    pipeline = Pipeline(Settings(), enrichers=[broken], sinks=[MemorySink()], redact=Unreadable())
    said = said_of_trouble(pipeline, caplog)
    assert "[redacted: failed] (enricher_failed: 1 so far)" in said
    assert "kept.[redacted: failed]" in said
    assert "hunter2" not in said
    assert "jane" not in said
