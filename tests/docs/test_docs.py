"""The documentation as tests: what it shows is run and compared, and its links lead somewhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pytest

from tests.docs.blocks import (
    LANGUAGES,
    PAGES,
    REASONS,
    ROOT,
    Block,
    blocks,
    commands,
    matches,
    steady,
    without_blocks,
)
from tests.docs.page import CHECKED_ONLY
from tests.docs.prose import anchors, links
from wide_events.settings import Settings, warnings_about

RunPage = Callable[[Path], dict[str, Any]]
README = ROOT / "README.md"
BLOCKS = [block for page in PAGES for block in blocks(page)]
EXPERIMENT = {
    "APP_VERSION": "2.4.1",
    "DEPLOYMENT_ID": "deploy-2041",
    "DEPLOYMENT_TIMESTAMP": "2026-11-20T09:00:00Z",
    "ENVIRONMENT": "production",
    "OTEL_RESOURCE_ATTRIBUTES": "host.name=web-1",
    "REGION": "eu-central-1",
}
"""The variables under which the pages are run."""

KNOWN_HOSTS = frozenset(
    {
        "cloud.google.com",
        "db.example.com",
        "docs.datadoghq.com",
        "example.com",
        "force-color.org",
        "keepachangelog.com",
        "logging.googleapis.com",
        "no-color.org",
        "opentelemetry.io",
        "semver.org",
        "www.elastic.co",
        "www.rfc-editor.org",
        "www.w3.org",
    }
)


def pages_with(*languages: str) -> list[Path]:
    return sorted({block.page for block in BLOCKS if block.language in languages})


def named(value: object) -> str:
    return str(value.relative_to(ROOT)) if isinstance(value, Path) else str(value)


def run_page(page: Path, folder: Path) -> dict[str, Any]:
    """Run a page with nothing of ours set but the variables of the experiment."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    inherited = {name: os.environ[name] for name in ("HOME", "LANG", "VIRTUAL_ENV") if name in os.environ}
    environ = {**inherited, **EXPERIMENT, "PATH": path, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    results = folder / "results.json"
    work = folder / "work"
    work.mkdir()
    command = [sys.executable, "-W", "error", "-m", "tests.docs.page", str(page), str(results)]
    subprocess.run(command, check=True, cwd=work, env=environ, timeout=120)
    found: dict[str, Any] = json.loads(results.read_text())
    return found


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory):
    @cache
    def run(page: Path) -> dict[str, Any]:
        return run_page(page, tmp_path_factory.mktemp(page.stem))

    return run


# ---- what is run -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", pages_with("python"), ids=named)
def test_the_python_of_a_page_runs_and_writes_what_the_page_shows(page: Path, run: RunPage):
    so_far = {"output": "", "complaints": ""}
    for block in blocks(page):
        if block.is_run and block.not_run is None:
            written = run(page)[str(block.line)]
            assert not written["failure"], f"{block}\n{written['failure']}"
            so_far = {stream: text + written[stream] for stream, text in so_far.items()}
        elif block.shows:
            assert_shown(block, so_far[block.shows])
            so_far[block.shows] = ""


def assert_shown(block: Block, written: str) -> None:
    if block.language == "json":
        assert list(map(steady, block.text.splitlines())) == list(map(steady, written.splitlines())), block
    else:
        assert matches(block.text, written), f"{block}\nshown:\n{block.text}\nwritten:\n{written}"


@pytest.mark.parametrize("page", pages_with("console", "bash"), ids=named)
def test_the_commands_of_a_page_write_what_the_page_shows(page: Path, run: RunPage):
    for block in blocks(page):
        if block.language not in ("console", "bash") or block.not_run is not None:
            continue
        asked = [each for each in commands(block) if not each[0].startswith(CHECKED_ONLY)]
        for (command, shown), written in zip(asked, run(page)[str(block.line)], strict=True):
            assert matches(shown, written), f"{block} $ {command}\nshown:\n{shown}\nwritten:\n{written}"


# ---- what is looked at only --------------------------------------------------------------------------------


def test_each_make_target_that_is_named_exists():
    makefile = (ROOT / "Makefile").read_text()
    told = "\n".join(page.read_text() for page in PAGES)
    targets = {
        *re.findall(r"^(?:\$ )?make ([a-z-]+)", told, re.MULTILINE),
        *re.findall(r"`make ([a-z-]+)", told),
    }
    assert {"demo", "test"} <= targets
    assert {each for each in targets if not re.search(rf"^{each}:", makefile, re.MULTILINE)} == set()


def test_each_extra_that_is_named_exists():
    told = "\n".join(page.read_text() for page in PAGES)
    extras = {extra for found in re.findall(r"wide-events\[([a-z,]+)\]", told) for extra in found.split(",")}
    assert extras <= set(metadata("wide-events").get_all("Provides-Extra"))


def of(language: str) -> list[Block]:
    return [block for block in BLOCKS if block.language == language]


def test_json_is_valid():
    for block in of("json"):
        for line in block.text.splitlines() if block.shows else [block.text]:
            assert json.loads(line), block


def test_toml_is_valid():
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    for block in of("toml"):
        assert toml.loads(block.text), block


def test_variables_are_settings_that_nothing_is_wrong_with():
    for block in of("dotenv"):
        lines = [line for line in block.text.splitlines() if line and not line.startswith("#")]
        environ = dict(line.split("=", 1) for line in lines)
        Settings.from_environ(environ)
        assert warnings_about(environ, Settings.variables()) == (), block


def test_each_block_is_of_a_known_language_and_only_known_reasons_keep_one_from_being_run():
    assert {block.language for block in BLOCKS} <= LANGUAGES
    assert {block.not_run for block in BLOCKS} - {None} == REASONS
    assert [str(block) for block in BLOCKS if block.language == "text" and not block.words] == []


# ---- prose -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path):
    for link in links(page):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{named(page)}: {link}"
        assert not anchor or anchor in anchors(target), f"{named(page)}: {link}"


@pytest.mark.parametrize("page", [each for each in PAGES if each != README], ids=named)
def test_each_page_can_be_reached_from_the_readme(page: Path):
    seen: set[Path] = set()
    todo = [README]
    while todo:
        one = todo.pop()
        seen.add(one)
        paths = (link.partition("#")[0] for link in links(one) if not link.startswith("https://"))
        todo += [
            at for path in paths if path.endswith(".md") and (at := (one.parent / path).resolve()) not in seen
        ]
    assert page in seen


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_no_page_names_a_place_of_one_machine_or_an_unknown_host(page: Path):
    text = page.read_text()
    absolute = {
        path for path in re.findall(r"(?<![\w./<>:*-])/([A-Za-z][\w.-]*)/", text) if Path("/", path).is_dir()
    }
    hosts = set(re.findall(r"\b(?:[\w-]+\.)+(?:org|com|io|net|co)\b", text))
    assert absolute == set()
    assert hosts <= KNOWN_HOSTS


def test_the_readme_begins_with_a_sentence_the_flask_snippet_and_the_line_that_it_emits():
    first = [block for block in blocks(README) if block.line + block.text.count("\n") + 2 <= 30]
    lines = README.read_text().splitlines()
    sentence = " ".join(lines[2 : lines.index("", 2)])
    assert sentence.endswith(".")
    assert sentence.count(". ") == 0
    assert "WideEvents(app)" in first[0].text
    assert first[-1].language == "json"
    assert first[-1].shows == "output"
    assert json.loads(first[-1].text)["kind"] == "request"


def test_no_prose_is_without_an_end():
    for page in PAGES:
        assert "```" not in without_blocks(page), named(page)
