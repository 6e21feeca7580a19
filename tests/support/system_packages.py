"""Programs that tests start and that Python packages do not bring: fetched from Debian where that is allowed.

`debian.txt` beside this file lists them, one a line: the program (a path may hold `*`), the package that
has it, what it is for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.support.environments import run_twice

LIST = Path(__file__).with_name("debian.txt")


class Program(NamedTuple):
    """One line of the list."""

    name: str
    package: str
    purpose: str


def ensure() -> list[str]:
    """Install what is missing, and give a sentence for each program that had to be left out."""
    missing = [program for program in listed() if not _found(program.name)]
    if missing and _may_install():
        _install([program.package for program in missing])
    return [
        f"{program.name} (Debian package {program.package}): {program.purpose}"
        for program in missing
        if not _found(program.name)
    ]


def listed() -> list[Program]:
    """Give the lines of the list; what follows a `#` is a comment."""
    lines = (line.partition("#")[0].strip() for line in LIST.read_text().splitlines())
    return [Program(*line.split(maxsplit=2)) for line in lines if line]


def _found(name: str) -> bool:
    if name.startswith("/"):
        return any(Path("/").glob(name.lstrip("/")))
    return shutil.which(name) is not None


def _may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _install(packages: list[str]) -> None:
    print(f"Installing Debian packages: {' '.join(packages)}", flush=True)
    os.environ.setdefault("DEBIAN_FRONTEND", "noninteractive")
    _apt_get("update")
    for package in packages:
        _apt_get("install", "-y", "--no-install-recommends", package)


def _apt_get(*arguments: str) -> None:
    try:
        run_twice(["apt-get", "-qq", *arguments])
    except subprocess.CalledProcessError as failure:
        print(f"apt-get failed: {failure}", flush=True)
