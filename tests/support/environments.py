"""Virtual environments for the tests: made when they are missing, left alone while nothing changed.

Runs on the standard library alone, since it builds what everything else needs. As a program:
`python3 -m tests.support.environments .venv '-e.[dev]'`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def ensure(folder: Path, *steps: list[str], python: str = sys.executable, as_of: str = "") -> Path:
    """Give the path of the Python of an environment in which `pip install` was run with each of the steps.

    They are run again only when they, `as_of`, `pyproject.toml` or the Python changed since the last time.
    Raises `subprocess.CalledProcessError` where pip fails twice.
    """
    inside = folder / "bin" / "python"
    stamp = folder / "installed"
    wanted = _fingerprint(python, as_of, *(word for step in steps for word in step))
    if stamp.exists() and stamp.read_text() == wanted and _runs(inside):
        stamp.touch()
        return inside
    if not _runs(inside):
        _create(folder, python)
    stamp.unlink(missing_ok=True)
    for step in steps:
        print(f"Installing into {folder}: {' '.join(step)}", flush=True)
        run_twice([str(inside), "-m", "pip", "install", "--quiet", *step])
    stamp.write_text(wanted)
    return inside


def version_of(python: Path, package: str) -> str:
    """Give the version of a package as that Python has it installed."""
    ask = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True).stdout.strip()


def run_twice(command: list[str]) -> None:
    """Run a command that reaches for a registry, and once more if it failed: it may have a bad moment."""
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    if subprocess.run(command, check=False, cwd=ROOT, env=environment).returncode != 0:
        time.sleep(3)
        subprocess.run(command, check=True, cwd=ROOT, env=environment)


def _create(folder: Path, python: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = subprocess.run([python, "-m", "venv", folder], check=False, capture_output=True, text=True)
    if made.returncode != 0 and _install_venv_module(python):
        shutil.rmtree(folder, ignore_errors=True)
        made = subprocess.run([python, "-m", "venv", folder], check=False, capture_output=True, text=True)
    if made.returncode != 0:
        sys.exit(f"{made.stdout}{made.stderr}{python} cannot make environments: install python3-venv.")


def _install_venv_module(python: str) -> bool:
    """Debian ships `venv` apart from Python: fetch it, where that is allowed and it is Debian's Python."""
    if os.geteuid() != 0 or not shutil.which("apt-get") or not python.startswith("/usr/bin/"):
        return False
    run_twice(["apt-get", "-qq", "update"])
    run_twice(["apt-get", "-qq", "install", "-y", "--no-install-recommends", "python3-venv"])
    return True


def _runs(python: Path) -> bool:
    return python.exists() and subprocess.run([python, "-c", ""], check=False).returncode == 0


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\n".join([*parts, (ROOT / "pyproject.toml").read_text()]).encode()).hexdigest()


if __name__ == "__main__":
    ensure(Path(sys.argv[1]), sys.argv[2:])
