"""The blocks of the documentation: where each stands, what it is, and how what it shows is compared.

- `python` is run, all blocks of a page in order in one namespace; with `file=NAME` it is also written to that
  file, and with `only` not run, since a command below does that;
- `text output`, `json output`, `text complaints`: what the Python before it wrote to standard output, as text
  or as lines of JSON, or to standard error; `text diagram` is a drawing;
- `console`: each `$ command` is run, and what follows it compared; `bash`: each line is run;
- `dotenv`: variables that the settings take without a warning; `toml`, `json`: parsed.

In text `…` stands for anything within a line, and alone in a line for any lines. Of JSON the ids, times and
versions of other people's software are not compared. A block that cannot be run has the comment
`<!-- not run: reason -->` right above it, with a reason out of `REASONS`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
REASONS: frozenset[str] = frozenset()
LANGUAGES = frozenset({"python", "text", "json", "console", "bash", "dotenv", "toml"})

_OPENED = re.compile(r"^```([a-z]*) ?(.*)$")
_NOT_RUN = re.compile(r"<!-- not run: (.+) -->")
_CHANGING = frozenset(
    {"timestamp", "request_id", "trace_id", "span_id", "parent_id", "pid", "instance_id", "user_agent"}
)
_CHANGING_TEXT = re.compile(r"in \d+ ms$|:\d+ in |^\d{4}-\d\d-\d\dT.+Z$")


class Block(NamedTuple):
    """One fenced block: its page, the number of its first line, and what stands behind the fence."""

    page: Path
    line: int
    language: str
    words: tuple[str, ...]
    text: str
    not_run: str | None

    @property
    def file(self) -> str | None:
        """The name of the file that it is to be written to."""
        return next((word.removeprefix("file=") for word in self.words if word.startswith("file=")), None)

    @property
    def is_run(self) -> bool:
        """Whether it is Python to be run, not only written for a command."""
        return self.language == "python" and "only" not in self.words

    @property
    def shows(self) -> str | None:
        """Which stream of the Python before it this block shows."""
        return next((word for word in self.words if word in ("output", "complaints")), None)

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """All blocks of a page, in order."""
    found: list[Block] = []
    lines = page.read_text().splitlines()
    number = 0
    while number < len(lines):
        opened = _OPENED.match(lines[number])
        if opened is None:
            number += 1
            continue
        end = lines.index("```", number + 1)
        above = _NOT_RUN.fullmatch(lines[number - 1]) if number else None
        text = "\n".join(lines[number + 1 : end])
        language, words = opened[1], tuple(opened[2].split())
        found.append(Block(page, number + 1, language, words, text, above[1] if above else None))
        number = end + 1
    return found


def without_blocks(page: Path) -> str:
    """The prose of a page."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def commands(block: Block) -> list[tuple[str, str]]:
    """The commands of a `console` or `bash` block, each with the output that is shown."""
    if block.language == "bash":
        return [(line, "…") for line in block.text.splitlines() if line and not line.startswith("#")]
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
    return [(command, shown) for command, _, shown in (part.partition("\n") for part in parts)]


def matches(shown: str, written: str) -> bool:
    """Whether what was written is what is shown, where `…` stands for anything."""
    pattern = ""
    for line in shown.strip().splitlines():
        if line.strip() == "…":
            pattern += r"(?:.*\n)*"
        else:
            pattern += ".*".join(map(re.escape, line.rstrip().split("…"))) + r"[ ]*\n"
    return re.fullmatch(pattern, f"{written.strip()}\n".lstrip("\n")) is not None


def steady(line: str) -> Any:
    """A line of JSON as its members in order, without what is different each time."""
    return json.loads(line, object_pairs_hook=_steady_members)


def _steady_members(members: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [(name, _steady(name, value)) for name, value in members]


def _steady(name: str, value: Any) -> Any:
    if name in _CHANGING or (name.endswith("_ms") and isinstance(value, float)):
        return "…"
    if isinstance(value, list):
        return [_steady("", item) for item in value]
    return _CHANGING_TEXT.sub("…", value) if isinstance(value, str) else value
