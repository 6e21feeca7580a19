"""Ids and chance, as a test asks for them."""

from __future__ import annotations

import os

import pytest

from wide_events import Pipeline, WideEvent, track_operation
from wide_events.identity import ID_OCTETS
from wide_events.propagation import entropy
from wide_events.settings import Settings
from wide_events.testing import assert_dropped, assert_kept, capture


def drawn() -> str:
    return entropy.octets(ID_OCTETS).hex()


def rated(rate: float, **settings: object) -> Settings:
    return Settings(service_name="shop", sample_default=rate, log_format="json", **settings)


def decisions(**options: object) -> list[bool]:
    pipeline = Pipeline(rated(0.5))
    with capture(**options) as captured:
        for _ in range(40):
            WideEvent("job", pipeline=pipeline).emit()
    return [event.kept for event in captured]


def test_chance_keeps_all_or_none_where_that_is_asked_for():
    assert all(decisions(sampling="all"))
    assert not any(decisions(sampling="none"))


def test_chance_repeats_with_a_seed_and_only_then():
    assert decisions(seed=1) == decisions(seed=1)
    assert decisions(seed=1) != decisions(seed=2)
    assert decisions() != decisions()


def test_ids_repeat_from_where_the_seed_was_given():
    with capture() as captured:
        captured.seed("upload")
        first = [drawn(), drawn()]
        captured.seed("upload")
        assert [drawn(), drawn()] == first
        assert first[0] != first[1]


def test_rules_that_keep_all_are_not_touched_by_chance():
    with capture(sampling="none") as captured:
        WideEvent("job", pipeline=Pipeline(rated(0.5))).add_error(ValueError("no")).emit()
    assert_kept(captured.one(), because="error")


def test_what_chance_does_can_be_changed_on_the_way():
    pipeline = Pipeline(rated(0.0))
    with capture(sampling="none") as captured:
        captured.keep_all()
        WideEvent("never", pipeline=pipeline).emit()
        captured.use_policy()
        ids = {drawn()[18:32] for _ in range(2)}
    assert_dropped(captured.one("never"), because="rate", rate=0.0)
    assert len(ids) == 2


def test_span_ids_are_not_touched_by_chance():
    with capture(sampling="all", seed=5), track_operation("outer") as outer:
        assert not outer.child("inner").span_id.endswith("f" * 14)


def test_another_word_for_sampling_is_refused():
    with pytest.raises(ValueError, match="sampling='most' is none of"), capture(sampling="most"):
        pass


def test_a_forked_child_draws_its_ids_from_the_operating_system():
    reader, writer = os.pipe()
    with capture(seed=1) as captured:
        child = os.fork()
        if child == 0:
            os.write(writer, drawn().encode())
            os._exit(0)
        os.waitpid(child, 0)
        captured.seed(1)
        assert os.read(reader, 80).decode() != drawn()
    os.close(reader)
    os.close(writer)
