"""Runs one page, in a process and a folder of its own: `python -m tests.docs.page PAGE RESULTS`.

What each block wrote goes as JSON into the file RESULTS: by the line of the block, standard output and
standard error of Python, or for `console` and `bash` a list of what each command wrote.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tests.docs.blocks import Block, blocks, commands
from wide_events.propagation import entropy
from wide_events.testing.ids import IdSource

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKED_ONLY = ("make ", "pip install ")
"""Commands that set up machines: the tests look at what they name, and do not run them."""

BASH = str(shutil.which("bash"))


def main(page: Path, results: Path) -> None:
    """Run the blocks of a page in the present folder; chance is seeded, so that it always says the same."""
    entropy.octets = IdSource(page.name, "policy")
    module = sys.modules["shop"] = ModuleType("shop")
    module.__file__ = str(Path("shop.py").resolve())
    sys.path.insert(0, str(Path.cwd()))
    written: dict[int, Any] = {}
    for block in blocks(page):
        if block.not_run is None:
            _run(block, module, written)
    results.write_text(json.dumps(written))


def _run(block: Block, module: ModuleType, written: dict[int, Any]) -> None:
    if block.language == "python" and block.file:
        Path(block.file).write_text(block.text + "\n")
    if block.is_run:
        written[block.line] = _python(block, module)
    elif block.language in ("console", "bash"):
        asked = [each for each, _ in commands(block) if not each.startswith(CHECKED_ONLY)]
        written[block.line] = [_command(each) for each in asked]


def _python(block: Block, module: ModuleType) -> dict[str, str]:
    code = compile(block.text, block.file or "shop.py", "exec")
    with _captured(1) as output, _captured(2) as complaints:
        try:
            exec(code, module.__dict__)  # noqa: S102 - that is what a page is for
        except BaseException:  # noqa: BLE001 - told to the test, with the place
            failure = traceback.format_exc()
        else:
            failure = ""
    return {"output": output[0], "complaints": complaints[0], "failure": failure}


def _command(command: str) -> str:
    done = subprocess.run(
        [BASH, "-c", command], check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return done.stdout


@contextmanager
def _captured(descriptor: int) -> Iterator[list[str]]:
    """Gather what is written to a file descriptor, by Python's streams or past them."""
    text = [""]
    streams = (sys.stdout, sys.stderr)
    kept = os.dup(descriptor)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), descriptor)
        try:
            yield text
        finally:
            streams[descriptor - 1].flush()
            os.dup2(kept, descriptor)
            os.close(kept)
            file.seek(0)
            text[0] = file.read().decode()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
