"""The dict that an event gathers into: plain data only, within limits, and a note of what was cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wide_events.plain import MAX_FIELDS, MAX_TEXT, SCALARS, Copier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Self

_MAX_CUTS: Final = 100


class Gathered:
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
        """A copy of the gathered fields; a deep one where somebody held the dict itself."""
        if not self._shared:
            return self._fields.copy()
        copier = Copier()
        fields = copier.fields(self._fields)
        self._note_cuts(copier.cuts)
        return fields

    @property
    def cuts(self) -> list[str]:
        """The paths of what was too large to be gathered."""
        return self._cuts or []

    def _gather(self, target: dict[str, Any], fields: dict[str, Any], path: str) -> Self:
        for value in fields.values():
            kind = type(value)
            if kind not in SCALARS or (kind is str and len(value) > MAX_TEXT):
                copier = Copier()
                fields = copier.fields(fields, path)
                self._note_cuts(copier.cuts)
                break
        target.update(fields)
        if len(target) > MAX_FIELDS:
            self._shed(target, path)
        return self

    def _shed(self, target: dict[str, Any], path: str) -> None:
        for name in list(target)[MAX_FIELDS:]:
            target.pop(name, None)
        self._note_cuts([path or "fields"])

    def _append(self, name: str, item: Any, most: int) -> None:
        items = self._fields.setdefault(name, [])
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
