"""The prose of the documentation: headings and their anchors, links, tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.docs.blocks import ROOT, without_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


def links(page: Path) -> list[str]:
    """Where the links of a page lead."""
    return _LINK.findall(without_blocks(page))


def anchors(page: Path) -> set[str]:
    """The anchors that the headings of a page get: lower case, without signs, spaces as hyphens."""
    titles = (title for _, title in _HEADING.findall(without_blocks(page)))
    return {_NOT_IN_ANCHORS.sub("", title.lower()).replace(" ", "-") for title in titles}


def section(page: str, heading: str) -> str:
    """The text below a heading, down to the next one of its level or above."""
    text = without_blocks(ROOT / page)
    found = next(each for each in _HEADING.finditer(text) if each[2] == heading)
    ends = (each.start() for each in _HEADING.finditer(text, found.end()) if len(each[1]) <= len(found[1]))
    return text[found.end() : next(ends, len(text))]


def rows(text: str) -> list[list[str]]:
    """The rows of all tables in a text, without their heads, as the text of their cells."""
    return [cells for table in _tables(text) for cells in table[2:]]


def _tables(text: str) -> Iterator[list[list[str]]]:
    for part in re.findall(r"(?:^\|.*\|$\n?)+", text, flags=re.MULTILINE):
        yield [
            [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in part.splitlines()
        ]


def names(cells: list[str]) -> list[str]:
    """What stands in back-quotes in cells."""
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def first_names(text: str) -> list[str]:
    """What stands in back-quotes in the first cells of the tables of a text."""
    return names([row[0] for row in rows(text)])
