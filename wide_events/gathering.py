"""The dict that an event gathers into: plain data only, within limits, and a note of what was cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wide_events.identity import Identified
from wide_events.names import BLOCKS, HINTS, IDENTITY, LISTS, RESERVED, SAMPLING, SERVICE
from wide_events.plain import MAX_FIELDS, MAX_TEXT, Copier

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from typing_extensions import Self

_MAX_CUTS: Final = 20
_GATHERED: Final = {"kind": str, "operation": str, "outcome": str, "success": bool, "duration_ms": float}
_MADE_LATER: Final = frozenset((*IDENTITY, *SERVICE, *SAMPLING, "schema_version")) - frozenset(_GATHERED)
_FORMS: Final = {**_GATHERED, **{name: list if name in LISTS else dict for name in (*BLOCKS, *LISTS)}}


class Gathered(Identified):
    """Holds the fields of one event: values are copied in, at most 256 a level, and cuts are noted."""

    __slots__ = ("_cuts", "_fields", "_shared")

    _fields: dict[str, Any]
    _cuts: list[str] | None
    _shared: bool

    @property
    def context(self) -> dict[str, Any]:
        """The dict that the event gathers into. What is put there directly is checked before the line."""
        self._shared = True
        return self._fields

    def own_fields(self) -> dict[str, Any]:
        """A copy of the gathered fields, for an event whose dict somebody held, and may hold still."""
        own = self._fields.copy()
        # Ours come first: what was put in by hand is cut before an error is.
        names = sorted(own, key=lambda name: type(name) is not str or name not in RESERVED)
        return checked(self._copied({name: own[name] for name in names}, ""))

    @property
    def cuts(self) -> list[str]:
        """The paths of what was too large to be gathered."""
        return self._cuts or []

    def _copied(self, fields: Mapping[str, Any], path: str) -> dict[str, Any]:
        copier = Copier()
        copied = copier.fields(fields, path)
        self._note_cuts(copier.cuts)
        return copied

    def _gather(self, target: dict[str, Any], fields: dict[str, Any], path: str) -> Self:
        target.update(fields if is_plain(fields.values()) else self._copied(fields, path))
        if len(target) > MAX_FIELDS:
            self._shed(target, path)
        return self

    def _shed(self, target: dict[str, Any], path: str) -> None:
        """Take the youngest fields away; at the top level those of our own names stay."""
        ours = frozenset() if path else RESERVED
        for name in [name for name in list(target) if name not in ours][MAX_FIELDS:]:
            target.pop(name, None)
            self._note_cuts([path or "fields"])

    def _new_block(self, name: str, other: Any) -> dict[str, Any]:
        """Make a block, in the place of what is no block: somebody changed `context` by hand."""
        if other is not None:
            self._fields.pop(name, None)
            self._note_cuts([name])
        block: dict[str, Any] = self._fields.setdefault(name, {})
        return block

    def _append(self, name: str, item: Any, most: int) -> None:
        items = self._fields.setdefault(name, [])
        if type(items) is not list:
            items = self._fields[name] = []
        if len(items) < most:
            items.append(item)
        else:
            self._note_cuts([name])

    def _note_cuts(self, paths: Iterable[str]) -> None:
        for path in paths:
            if self._cuts is None:
                self._cuts = []
            if path not in self._cuts and len(self._cuts) < _MAX_CUTS:
                self._cuts.append(path)


def is_plain(values: Iterable[Any]) -> bool:
    """Whether values can be taken over as they are: numbers, flags and texts of moderate length."""
    for value in values:
        kind = type(value)
        if kind is str:
            if len(value) > MAX_TEXT:
                return False
        elif kind is float:
            if value - value != 0:
                return False
        elif kind is not int and kind is not bool:
            return False
    return True


def checked(fields: dict[str, Any]) -> dict[str, Any]:
    """Set right what was changed by hand: fields of ours that are forged or misshapen are kept apart."""
    odd = {
        name: fields.pop(name)
        for name, value in list(fields.items())
        if (name in _MADE_LATER and value != "") or type(value) is not _FORMS.get(name, type(value))
    }
    for hint in HINTS:
        fields.pop(hint, None)
    fields.setdefault("kind", "operation")
    fields.setdefault("operation", "unknown")
    if odd:
        fields.setdefault("context_conflicts", {}).update(odd)
    return fields
