"""What hypothesis and the parametrised tests attack with: texts, plain data, records, and objects that bite.

`ODD` names builders of single objects that no logger should choke on; `plain`, `records` and `anything` are
strategies. All of them are deterministic: a builder makes a new object at each call.
"""

from __future__ import annotations

import array
import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import itertools
import pathlib
import re
import threading
import types
import uuid
from collections import (
    ChainMap,
    Counter,
    OrderedDict,
    UserDict,
    UserList,
    UserString,
    defaultdict,
    deque,
    namedtuple,
)
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, make_dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hypothesis import strategies as st
from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# ---- texts -----------------------------------------------------------------------------------------------------

RAW: Final = (
    "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
    + "\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2066\u2069\ufeff\ufffe\uffff"
)
"""Characters that may not leave raw: C0, DEL, C1, separators, bidirectional controls, byte order marks."""
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

# ---- plain data ------------------------------------------------------------------------------------------------

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


# ---- objects that bite -----------------------------------------------------------------------------------------


class Colour(enum.Enum):
    RED = "red"
    NESTED = {"a": [1, 2]}  # noqa: RUF012 - the value of a member
    STRANGE = object()


class Level(enum.IntEnum):
    HIGH = 3


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


class Name(str):
    """A text that lies about itself."""

    __slots__ = ()

    def __str__(self) -> str:
        return Name("lied")

    def __len__(self) -> int:
        return 10**9

    def __getitem__(self, _: object) -> str:
        raise RuntimeError("no slices")


class Whole(int):
    def __int__(self) -> int:
        return Whole(1)

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


class Real(float):
    def __float__(self) -> float:
        raise RuntimeError("no float")


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    __str__ = __repr__


class PrintsNoText:
    def __str__(self) -> str:
        return 5  # type: ignore[return-value]  # noqa: PLE0307 - the point


class PrintsMuch:
    def __str__(self) -> str:
        return "x" * 10_000_000


class RaisesOnTouch:
    """Raises at every attribute that anybody asks for."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)


class ClaimsAll:
    """Has every attribute: is a dataclass, a model and a namedtuple to whoever believes it."""

    def __getattr__(self, name: str) -> Any:
        return self

    def __call__(self, *_: object, **__: object) -> Any:
        return self


class LiesAboutClass:
    """Says that it is a dict, and is none."""

    @property
    def __class__(self) -> type:  # type: ignore[override]
        return dict

    @__class__.setter
    def __class__(self, _: type) -> None: ...


class RaisesAboutClass:
    @property
    def __class__(self) -> type:  # type: ignore[override]
        raise RuntimeError("no class")

    @__class__.setter
    def __class__(self, _: type) -> None: ...


class LyingMeta(type):
    """A class whose class lies about names and instances."""

    def __instancecheck__(cls, _: object) -> bool:
        raise RuntimeError("no check")

    @property
    def __qualname__(cls) -> str:  # type: ignore[override]
        raise RuntimeError("no name")

    def __repr__(cls) -> str:
        raise RuntimeError("no repr")


class OfLyingMeta(metaclass=LyingMeta):
    def __str__(self) -> str:
        raise RuntimeError("no text")


class LiesAboutLength(list[Any]):
    def __len__(self) -> int:
        return -5


class EndlessLength(deque[Any]):
    def __len__(self) -> int:
        return 10**18

    def __iter__(self) -> Iterator[Any]:
        return itertools.count()


class RaisingItems(dict[Any, Any]):
    def items(self) -> Any:
        raise RuntimeError("no items")


class ChangingItems(dict[Any, Any]):
    def items(self) -> Any:
        for key in list(self):
            self[f"{key}+"] = 1
            yield key, self[key]


class EndlessItems(Mapping[Any, Any]):
    def __getitem__(self, key: Any) -> Any:
        return key

    def __iter__(self) -> Iterator[Any]:
        return itertools.count()

    def __len__(self) -> int:
        return 3


class OddItems(Mapping[Any, Any]):
    """Gives triples where pairs are expected."""

    def __getitem__(self, key: Any) -> Any:
        return key

    def __iter__(self) -> Iterator[Any]:
        return iter("abc")

    def __len__(self) -> int:
        return 3

    def items(self) -> Any:
        return [(1, 2, 3)]


class EndlessSequence(Sequence[Any]):
    def __getitem__(self, index: Any) -> Any:
        return index

    def __len__(self) -> int:
        return 2**62


class BrokenHash:
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparing")


class BrokenNumber(decimal.Decimal):
    def __float__(self) -> float:
        raise RuntimeError("no float")


class BrokenException(Exception):  # noqa: N818 - one that cannot say what it is
    def __str__(self) -> str:
        raise RuntimeError("no text")


class LazyText:
    """Like the lazy strings of translations: a text once it is asked."""

    def __str__(self) -> str:
        return "ready"


@dataclass
class Trip:
    miles: float = 1.5
    note: str | None = None
    legs: list[Any] = field(default_factory=lambda: [1, {"a": None}])


@dataclass
class Slotted:
    __slots__ = ("miles", "unset")
    miles: int
    unset: int


class Point(NamedTuple):
    x: int
    y: Any


class Profile(BaseModel):
    name: str = "jo"
    age: int | None = None
    tags: list[str] = ["a"]


class BrokenModel(BaseModel):
    def model_dump(self, **_: Any) -> dict[str, Any]:
        raise RuntimeError("no dump")


def slotted() -> Slotted:
    made = object.__new__(Slotted)
    made.miles = 3
    return made


def circular_dict() -> dict[str, Any]:
    ring: dict[str, Any] = {"list": [], "name": "ring"}
    ring["self"] = ring
    ring["list"] += [ring, ring["list"]]
    return ring


def circular_dataclass() -> Trip:
    trip = Trip()
    trip.legs = [trip]
    return trip


def circular_enum() -> Any:
    class Ring(enum.Enum):
        A = [1]  # noqa: RUF012 - the value of a member

    Ring.A.value.append(Ring.A)
    return Ring.A


def deep_list(levels: int = 100_000) -> list[Any]:
    nested: list[Any] = []
    for _ in range(levels):
        nested = [nested]
    return nested


def deep_dict(levels: int = 3000) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for _ in range(levels):
        nested = {"in": nested}
    return nested


def raised() -> BaseException:
    try:
        raise ValueError("outer \ud800") from KeyError("inner")
    except ValueError as error:
        return error


ODD: Final[dict[str, Callable[[], Any]]] = {
    "lone high surrogate": lambda: "\ud800",
    "lone low surrogate": lambda: "a\udcffb",
    "surrogateescape path": lambda: pathlib.PurePosixPath("/tmp/\udcff"),  # noqa: S108 - nothing is opened
    "raw characters": lambda: RAW,
    "NUL": lambda: "\0",
    "long text": lambda: "x" * 10_000_000,
    "long text of surrogates": lambda: "\ud800" * 100_000,
    "bytes": lambda: b"\xff\xfe\x00ok",
    "bytearray": lambda: bytearray(b"\xff"),
    "memoryview": lambda: memoryview(b"abc"),
    "memoryview of numbers": lambda: memoryview(array.array("d", [1.5, 2.5])),
    "released memoryview": lambda: released(),
    "array": lambda: array.array("i", [1, 2]),
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "minus inf": lambda: float("-inf"),
    "minus zero": lambda: -0.0,
    "2**63": lambda: 2**63,
    "2**64": lambda: 2**64,
    "-2**63-1": lambda: -(2**63) - 1,
    "10**5000": lambda: 10**5000,
    "fraction": lambda: fractions.Fraction(1, 3),
    "fraction of giants": lambda: fractions.Fraction(10**5000, 3),
    "complex": lambda: 1 + 2j,
    "decimal": lambda: decimal.Decimal("19.99"),
    "decimal nan": lambda: decimal.Decimal("sNaN"),
    "decimal giant": lambda: decimal.Decimal("1e999999"),
    "broken decimal": lambda: BrokenNumber(1),
    "enum": lambda: Colour.RED,
    "enum of a dict": lambda: Colour.NESTED,
    "enum of an object": lambda: Colour.STRANGE,
    "int enum": lambda: Level.HIGH,
    "flag": lambda: Rights.READ | Rights.WRITE,
    "circular enum": circular_enum,
    "lying str": lambda: Name("real"),
    "lying int": lambda: Whole(7),
    "lying float": lambda: Real(2.5),
    "UserString": lambda: UserString("user"),
    "lazy text": LazyText,
    "datetime": lambda: dt.datetime(2026, 1, 2, 3, 4, 5),  # noqa: DTZ001 - a naive one
    "datetime with zone": lambda: dt.datetime(2026, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2))),
    "datetime at the end of time": lambda: dt.datetime.max.replace(
        tzinfo=dt.timezone(-dt.timedelta(hours=12))
    ),
    "date": lambda: dt.date(2026, 1, 2),
    "time with zone": lambda: dt.time(3, 4, tzinfo=dt.timezone.utc),
    "timedelta": lambda: dt.timedelta(milliseconds=1500),
    "uuid": lambda: uuid.UUID(int=5),
    "path": lambda: pathlib.PurePosixPath("a/b"),
    "address": lambda: ipaddress.ip_address("::1"),
    "set": lambda: {3, 1, 2},
    "set of mixed": lambda: {1, "a", None, (1, 2)},
    "frozenset": lambda: frozenset({1}),
    "set of unprintables": lambda: {Unprintable(), 1},
    "deque": lambda: deque([1, 2]),
    "range": lambda: range(5),
    "range of 10**30": lambda: range(10**30),
    "tuple": lambda: (1, (2, [3])),
    "UserList": lambda: UserList([1]),
    "UserDict": lambda: UserDict({"a": 1}),
    "ChainMap": lambda: ChainMap({"a": 1}, {"b": 2}),
    "Counter": lambda: Counter("aab"),
    "OrderedDict": lambda: OrderedDict(a=1),
    "defaultdict": lambda: defaultdict(list, a=[1]),
    "mapping proxy": lambda: types.MappingProxyType({"a": 1}),
    "SimpleNamespace": lambda: types.SimpleNamespace(a=1),
    "dict view": lambda: {"a": 1}.items(),
    "dataclass": Trip,
    "slotted dataclass with an unset field": slotted,
    "dataclass made at run time": lambda: make_dataclass("Made", ["a"])(1),
    "dataclass type": lambda: Trip,
    "namedtuple": lambda: Point(1, None),
    "old namedtuple": lambda: namedtuple("Old", "a b")(1, 2),  # noqa: PYI024 - the old form is the point
    "model": Profile,
    "broken model": BrokenModel,
    "generator": lambda: (number for number in range(3)),
    "endless generator": itertools.count,
    "lambda": lambda: lambda: None,
    "class": lambda: int,
    "module": lambda: re,
    "lock": threading.Lock,
    "object": object,
    "ellipsis": lambda: ...,
    "not implemented": lambda: NotImplemented,
    "none": lambda: None,
    "list with none": lambda: [None, 1],
    "dict with none": lambda: {"a": None, "b": {"c": None}},
    "exception": raised,
    "broken exception": BrokenException,
    "exception of exceptions": lambda: ValueError({"a": ValueError(b"\xff")}, 1),
    "unprintable": Unprintable,
    "prints no text": PrintsNoText,
    "prints much": PrintsMuch,
    "raises on touch": RaisesOnTouch,
    "claims all": ClaimsAll,
    "lies about class": LiesAboutClass,
    "raises about class": RaisesAboutClass,
    "lying metaclass": OfLyingMeta,
    "lying metaclass itself": lambda: OfLyingMeta,
    "lies about length": lambda: LiesAboutLength([1, 2]),
    "endless deque": EndlessLength,
    "raising items": lambda: RaisingItems(a=1),
    "changing items": lambda: ChangingItems(a=1),
    "endless items": EndlessItems,
    "odd items": OddItems,
    "endless sequence": EndlessSequence,
    "unhashable": BrokenHash,
    "circular dict": circular_dict,
    "circular list": lambda: circular_dict()["list"],
    "circular dataclass": circular_dataclass,
    "deep list": deep_list,
    "deep dict": deep_dict,
    "list of 255 levels": lambda: deep_list(255),
    "wide dict": lambda: dict.fromkeys(map(str, range(100_000)), 1),
    "wide list": lambda: list(range(100_000)),
    "keys of every sort": lambda: {
        1: "a",
        "1": "b",
        None: 1,
        (1, 2): 2,
        b"k": 3,
        1.5: 4,
        True: 5,
        Colour.RED: 6,
    },
    "surrogate keys": lambda: {"\ud800": 1, "\udfff": {"\udc00": 2}},
    "unprintable keys": lambda: {Unprintable(): 1, Unprintable(): 2},
    "lying keys": lambda: {Name("k"): 1},
    "long keys": lambda: {"k" * 100_000: 1, "k" * 100_001: 2},
    "empty key": lambda: {"": {"": ""}},
}
"""Every kind of object that somebody has put into a logger, by name; each builder makes a new one."""


def released() -> memoryview:
    view = memoryview(b"abc")
    view.release()
    return view


odd = st.sampled_from(sorted(ODD)).map(lambda name: ODD[name]())
"""One of the odd objects."""
cheap_odd = st.sampled_from(sorted(name for name in ODD if "long" not in name and "deep" not in name))
anything = st.recursive(
    st.one_of(
        scalars,
        st.none(),
        st.binary(max_size=20),
        st.integers(),
        st.floats(),
        cheap_odd.map(lambda n: ODD[n]()),
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

# ---- records ---------------------------------------------------------------------------------------------------

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
