"""Templates of renamed events: how they are written, filled, and joined with what they do not name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, Union

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Fields: TypeAlias = Mapping[str, Any]
Path: TypeAlias = tuple[str, ...]
MAX_DEPTH: Final = 8


class Source(NamedTuple):
    """A leaf of a template: where a value is read, how it is converted, which native fields it stands for.

    The first of `paths` whose value converts to something other than `None` gives the value. `takes` are the
    paths that are then told in full and need not be told again; `None` means the path that was read.
    """

    paths: tuple[Path, ...]
    convert: Callable[[Any], Any]
    takes: tuple[Path, ...] | None


Template: TypeAlias = Mapping[str, Union["Template", Source, str]]


def move(*paths: str, to: Callable[[Any], Any]) -> Source:
    """A value that leaves its native name for this one: the first of `paths` (`error.type`) that converts."""
    return Source(tuple(_path(path) for path in paths), to, None)


def derive(path: str, to: Callable[[Any], Any], *, takes: tuple[str, ...] = ()) -> Source:
    """A value made from a native field, which stays; the empty path is the whole event."""
    return Source((_path(path),), to, tuple(_path(taken) for taken in takes))


def split(template: Template, fields: Fields) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fill a template from an event; return what it names, and the rest under native names."""
    taken: set[Path] = set()
    return _fill(template, fields, taken), _without(fields, taken)


def join(into: dict[str, Any], more: Fields, template: Template) -> dict[str, Any]:
    """Add fields to a filled template in place; one that bears a name of the template gets an underscore.

    Names are compared with the template, not with what an event happened to fill, so that a field has the
    same name on every line.
    """
    for name, value in more.items():
        slot = template.get(name)
        if isinstance(slot, Mapping) and isinstance(value, dict):
            join(into.setdefault(name, {}), value, slot)
        else:
            into[free_name(name, into, template)] = value
    return into


def free_name(name: str, into: Fields, template: Template) -> str:
    """Return the name, with underscores added until nothing else bears it."""
    while name in into or name in template:
        name += "_"
    return name


def leaves(value: Any, name: str, depth: int = MAX_DEPTH) -> Iterator[tuple[str, Any]]:
    """Flatten nested dicts to dotted names; what lies deeper than 8 levels stays nested."""
    if not isinstance(value, dict) or not value or depth == 0:
        yield name, value
        return
    for key, inner in value.items():
        yield from leaves(inner, f"{name}.{key}", depth - 1)


def _path(path: str) -> Path:
    return tuple(path.split(".")) if path else ()


def _fill(template: Template, fields: Fields, taken: set[Path]) -> dict[str, Any]:
    filled: dict[str, Any] = {}
    for name, slot in template.items():
        if isinstance(slot, Source):
            value = _read(slot, fields, taken)
        else:
            value = slot if isinstance(slot, str) else _fill(slot, fields, taken) or None
        if value is not None:
            filled[name] = value
    return filled


def _read(source: Source, fields: Fields, taken: set[Path]) -> Any:
    for path in source.paths:
        value = _find(fields, path)
        converted = None if value is None else source.convert(value)
        if converted is not None:
            taken.update((path,) if source.takes is None else source.takes)
            return converted
    return None


def _find(fields: Fields, path: Path) -> Any:
    value: Any = fields
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _without(fields: Fields, taken: set[Path]) -> dict[str, Any]:
    rest = {name: value for name, value in fields.items() if (name,) not in taken}
    for name in {path[0] for path in taken if len(path) == 2}:
        block = {key: value for key, value in fields[name].items() if (name, key) not in taken}
        rest.pop(name, None)
        if block:
            rest[name] = block
    return rest
