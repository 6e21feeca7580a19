"""Styled text in lines of a given width: cutting, wrapping, and rows with a label."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from wide_events.formatting.colour import of_value, paint
from wide_events.formatting.plain_text import brief, columns, cut, pairs, scalar, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Span(NamedTuple):
    """A piece of printable text in one style."""

    text: str
    style: str = ""


Line: TypeAlias = list[Span]
GAP: Final = Span("  ")


class Row(NamedTuple):
    """A label and the lines beside it."""

    label: str
    lines: list[Line]
    style: str = "label"


def painted(line: Line, *, colour: bool) -> str:
    """One line as text."""
    if not colour:
        return "".join(span.text for span in line).rstrip()
    runs = ((style, "".join(span.text for span in run)) for style, run in groupby(line, attrgetter("style")))
    return "".join(paint(text, style) for style, text in runs).rstrip()


def length(line: Line) -> int:
    """The columns that a line takes."""
    return sum(columns(span.text) for span in line)


def fit(line: Line, width: int) -> Line:
    """Cut a line to a width."""
    fitted: Line = []
    left = width
    for text, style in line:
        if left <= 0:
            break
        fitted.append(Span(cut(text, left), style))
        left -= columns(fitted[-1].text)
    return fitted


def wrap(units: Iterable[Line], width: int, gap: Span = GAP) -> list[Line]:
    """Set units into lines, as many in each as fit; a unit that is wider than a line is cut."""
    lines: list[Line] = []
    for unit in units:
        fitted = fit(unit, width)
        if lines and length([*lines[-1], gap, *fitted]) <= width:
            lines[-1] += [gap, *fitted]
        else:
            lines.append(fitted)
    return lines


def paragraph(value: Any, width: int, style: str = "", most: int = 6) -> list[Line]:
    """Running text in at most so many lines; line breaks of the text's own are kept."""
    text = value[: most * width] if isinstance(value, str) else scalar(value)
    lines: list[Line] = []
    for part in text.split("\n"):
        lines += wrap(
            ([Span(visible(word), style)] for word in part.split(" ") if word), width, Span(" ", style)
        )
    return limited(lines, most)


def limited(lines: list[Line], most: int) -> list[Line]:
    """The first so many lines, and how many more there are."""
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], [Span(f"… {len(lines) - most + 1} more", "dim")]]


def pair_units(value: Any) -> Iterator[Line]:
    """The fields of a value as `key=value`, flattened; a value without keys stands alone."""
    for key, item in pairs(value):
        shown = Span(brief(item), of_value(item))
        yield [Span(f"{key}=", "key"), shown] if key else [shown]


def rows_to_lines(rows: list[Row], pad: int) -> list[Line]:
    """Set labelled rows into lines, the labels in a column of `pad` columns."""
    lines: list[Line] = []
    for label, beside, style in rows:
        shown = cut(label, pad - 2)
        for line in beside:
            lines.append([Span(shown + " " * (pad - columns(shown)), style), *line])
            shown = ""
    return lines
