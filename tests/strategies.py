"""Strategies shared by all tests: texts, plain data, records as the pipeline makes them, odd objects."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from tests.odd_objects import RAW, Trip
from tests.odd_values import ODD

# ---- texts

SURROGATES: Final = "\ud800\udbff\udc00\udfff"

texts = st.one_of(
    st.text(max_size=40),
    st.text(alphabet=RAW + SURROGATES + 'a"\\€😀', max_size=20),
    st.text(alphabet=st.characters(), max_size=20),
    st.sampled_from(
        ["", "null", "None", "{x} {0} %s", "</script>", "\x1b]52;c;aGk=\x07", "a" * 9000, "é" * 9000]
    ),
)
"""Texts of every sort, lone surrogates and long ones included."""
words = st.text(alphabet="abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12)
keys = st.one_of(words, st.sampled_from(["userId", "x-api-key", "", " ", "a.b", "k" * 200]), texts)
"""Names of fields, as they should be and as they should not."""

# ---- plain data

numbers = st.one_of(
    st.integers(min_value=-(2**63), max_value=2**64 - 1), st.floats(allow_nan=False, allow_infinity=False)
)
scalars = st.one_of(texts, numbers, st.booleans())
plain = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=6), st.dictionaries(keys, inner, max_size=6)),
    max_leaves=24,
)
"""Whatever an event may hold once it is plain: no `None`, nothing of a user's."""
fields = st.dictionaries(keys, plain, max_size=12)
"""Free fields of an event."""


# ---- objects that bite

# Not what is slow to make, nor what hypothesis itself cannot look at: those are tried one by one.
_LEFT_OUT = ("long", "deep", "wide", "raises on touch", "raises about class")
_CHEAP = sorted(name for name in ODD if not any(word in name for word in _LEFT_OUT))
odd = st.sampled_from(sorted(ODD)).map(lambda name: ODD[name]())
"""One of the odd objects."""
cheap_odd = st.sampled_from(_CHEAP).map(lambda name: ODD[name]())
anything = st.recursive(
    st.one_of(
        scalars,
        st.none(),
        st.binary(max_size=20),
        st.integers(),
        st.floats(),
        cheap_odd,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(keys, st.integers(), st.none(), st.binary(max_size=4)), inner, max_size=4),
        st.tuples(inner, inner),
        st.builds(lambda note: Trip(legs=[note]), inner),
        st.builds(ValueError, inner),
    ),
    max_leaves=12,
)
"""Whatever Python can hold, nested."""

# ---- records

_IDENTITY = st.fixed_dictionaries(
    {
        "timestamp": st.just("2026-01-02T03:04:05.000006Z"),
        "level": st.sampled_from(["info", "warning", "error", "critical"]),
        "message": texts.map(lambda text: f"GET /{text} 200 in 41 ms"),
        "kind": st.sampled_from(["request", "operation", "task", "boundary", "business", "summary"]),
        "operation": words,
        "outcome": st.sampled_from(["success", "error", "partial", "timeout", "killed", "disconnected"]),
        "success": st.booleans(),
        "duration_ms": st.floats(min_value=0, max_value=1e6),
        "request_id": st.just("018f7c2e9d3b4a51"),
        "trace_id": st.just("4bf92f3577b34da6a3ce929d0e0e4736"),
        "span_id": st.just("00f067aa0ba902b7"),
        "service": words,
        "version": st.just("1.2.3"),
        "environment": st.just("production"),
        "instance_id": st.just("web-1-17"),
        "host": st.just("web-1"),
        "pid": st.integers(min_value=1, max_value=2**22),
    }
)
_REQUEST = st.fixed_dictionaries(
    {},
    optional={
        "method": st.sampled_from(["GET", "POST"]),
        "route": st.just("/trips/<int:trip_id>"),
        "path": texts.map(lambda text: f"/{text}"),
        "status_code": st.integers(min_value=100, max_value=599),
        "remote_addr": st.just("203.0.113.9"),
        "user_agent": st.just("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"),
        "request_bytes": st.integers(min_value=0, max_value=2**40),
    },
)
errors = st.fixed_dictionaries(
    {"type": words, "message": texts, "code": st.just("E101"), "fingerprint": st.just("9f86d081884c7d65")},
    optional={
        "location": st.just("app/views.py:12 in upload"),
        "stack": st.lists(st.just("app/views.py:12 in upload"), max_size=20),
        "details": fields,
        "cause": st.lists(st.fixed_dictionaries({"type": words, "message": texts}), max_size=3),
        "retriable": st.booleans(),
    },
)
"""The `error` block."""
log_lines = st.builds(
    lambda line, more: {**more, **line},
    st.fixed_dictionaries(
        {"t_ms": st.floats(min_value=0, max_value=1e6), "level": st.just("info"), "message": texts}
    ),
    st.dictionaries(words, scalars, max_size=3),
)
_BLOCKS = st.fixed_dictionaries(
    {},
    optional={
        "user_context": st.fixed_dictionaries({"user_id": words, "account_age_days": st.integers(0, 9999)}),
        "vehicle_context": fields,
        "business_metrics": fields,
        "technical_metrics": st.dictionaries(words, numbers, max_size=5),
        "feature_flags": st.dictionaries(words, st.booleans(), max_size=5),
        "performance_breakdown": st.dictionaries(words.map("{}_ms".format), numbers, max_size=5),
        "error": errors,
        "handled_errors": st.lists(errors, max_size=3),
        "logs": st.lists(log_lines, max_size=5),
    },
)
_SAMPLING = st.fixed_dictionaries(
    {
        "sample_rate": st.sampled_from([1.0, 0.05, 0.25]),
        "sample_reason": st.sampled_from(["error", "slow", "rate", "forced"]),
        "sample_weight": st.sampled_from([1.0, 20.0, 4.0, 0.0]),
        "schema_version": st.just("1.0"),
    }
)


def _laid(identity: Any, request: Any, free: Any, blocks: Any, sampling: Any) -> dict[str, Any]:
    return {**free, **identity, **request, **blocks, **sampling}


records = st.builds(_laid, _IDENTITY, _REQUEST, fields, _BLOCKS, _SAMPLING)
"""Flat records as the pipeline hands them to redaction, schema, formatting and encoding."""
