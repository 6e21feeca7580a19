"""Which events are meant: fields by dotted path, compared with what a test expects of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple


class Difference(NamedTuple):
    """A path at which an event is not what was expected; `got` is `None` where it has no such field."""

    path: str
    expected: Any
    got: Any


def at(value: Any, path: str) -> Any:
    """Return what lies at a dotted path: keys of objects, positions in lists; `None` where nothing does."""
    if isinstance(value, Mapping) and path in value:
        return value[path]
    head, dot, rest = path.partition(".")
    inner = _step(value, head)
    return at(inner, rest) if dot else inner


def _step(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name)
    if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
        return value[int(name)]
    return None


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give every path of nested objects, with what lies there; an empty object is a leaf."""
    if not isinstance(value, Mapping) or (path and not value):
        yield path, value
        return
    for name, inner in value.items():
        yield from leaves(inner, f"{path}.{name}" if path else str(name))


def differences(fields: Mapping[str, Any], expected: Mapping[str, Any]) -> list[Difference]:
    """Compare the fields that are named; all others may be what they like.

    Expected may be a value, `None` (there is no such field), `...` (there is one, whatever it says), a type,
    or a function of the value that says whether it is right. An object stands for the fields in it.
    """
    compared = ((path, wanted, at(fields, path)) for path, wanted in leaves(expected))
    return [Difference(*each) for each in compared if not _meets(each[2], each[1])]


def _meets(got: Any, wanted: Any) -> bool:
    if wanted is None or got is None:
        return wanted is None and got is None
    if wanted is ...:
        return True
    if isinstance(wanted, type):
        return isinstance(got, wanted)
    return bool(wanted(got) if callable(wanted) else wanted == got)


def nearest(fields: Mapping[str, Any], path: str) -> str | None:
    """Return the path that was probably meant: the same name elsewhere, or one spelled like it."""
    known = [known for known, _ in leaves(fields)]
    name = path.rpartition(".")[2]
    same = [known for known in known if known.rpartition(".")[2] == name]
    return next(iter([*same, *get_close_matches(path, known, 1)]), None)
