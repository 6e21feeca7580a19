"""A redactor of the user's own: what it gives back is made plain; what makes no sense lets nothing out."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any
from uuid import UUID

import pytest

from wide_events import Pipeline, WideEvent
from wide_events.outlets import Outlet
from wide_events.settings import Settings
from wide_events.sinks import MemorySink


class Tier(Enum):
    GOLD = "gold"


def emitted(redact: Any) -> tuple[bytes, dict[str, int]]:
    sink = MemorySink()
    pipeline = Pipeline(Settings(sample_default=1.0), sinks=[sink], redact=redact)
    WideEvent("job", pipeline=pipeline).add_context(password="hunter2", plan="free").emit()
    (line,) = sink.lines
    return line, pipeline.stats()


def test_what_a_redactor_gives_back_is_plain_data_before_it_reaches_an_outlet():
    def redact(fields: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
        return {**fields, "password": Tier.GOLD, "owner": UUID(int=7), "ids": {7}}, ["password", Tier.GOLD]

    records: list[dict[str, Any]] = []
    outlet = Outlet("records", MemorySink(), lambda record: records.append(record) or b"\n")
    pipeline = Pipeline(Settings(sample_default=1.0), sinks=[outlet], redact=redact)
    WideEvent("job", pipeline=pipeline).add_context(password="hunter2").emit()
    (told,) = records
    assert type(told["password"]) is str
    assert (told["password"], told["owner"]) == ("gold", str(UUID(int=7)))
    assert told["ids"] == [7]
    assert told["redacted"] == ["password", "Tier.GOLD"]


def test_the_same_dict_may_be_given_back():
    line, stats = emitted(lambda fields: (fields, []))
    told = json.loads(line)
    assert (told["plan"], "redacted" in told) == ("free", False)
    assert stats == {"kept.rate": 1}


def test_what_making_it_plain_had_to_cut_is_told():
    line, _ = emitted(lambda fields: ({**fields, "wide": list(range(1000))}, []))
    assert "wide" in json.loads(line)["truncated"]


@pytest.mark.parametrize(
    "answer", [None, {}, 7, "ab", ({}, None), ([], []), ({}, [], []), ("a", ["b"])], ids=repr
)
def test_an_answer_that_is_no_dict_with_a_list_is_a_failed_redaction(answer: Any):
    line, stats = emitted(lambda _: answer)
    assert b"hunter2" not in line
    assert json.loads(line)["plan"] == "[redacted: failed]"
    assert stats == {"kept.rate": 1, "redaction_failed": 1}
