"""Classes whose objects bite a logger, and objects of theirs that take more than a call to make."""

from __future__ import annotations

import decimal
import enum
import itertools
from collections import (
    deque,
)
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator

RAW: Final = (
    "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
    + "\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2066\u2069\ufeff\ufffe\uffff"
)
"""Characters that may not leave raw: C0, DEL, C1, separators, bidirectional controls, byte order marks."""


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

    def __getattribute__(cls, name: str) -> Any:
        if name in ("__qualname__", "__name__", "__module__"):
            raise RuntimeError("no name")
        return super().__getattribute__(name)

    def __repr__(cls) -> str:
        raise RuntimeError("no repr")


class OfLyingMeta(metaclass=LyingMeta):
    def __str__(self) -> str:
        raise RuntimeError("no text")


class LiesAboutLength(list[Any]):
    def __len__(self) -> int:
        return -5  # noqa: PLE0303 - the point


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
        raise ValueError("outer \ud800") from KeyError("inner")  # noqa: TRY301
    except ValueError as error:
        return error


def released() -> memoryview:
    view = memoryview(b"abc")
    view.release()
    return view
