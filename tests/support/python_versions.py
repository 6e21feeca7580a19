"""The suite on every promised Python that this machine has, each in its own environment: `make test-all`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.environments import ROOT, ensure

VERSIONS = ("3.10", "3.11", "3.12", "3.13")
FINDER = Path(__file__).with_name("find_python.sh")


def main(arguments: list[str]) -> int:
    """Run the suite on each version, with a line for each; gives 1 where one failed or none was found."""
    pythons = {version: _find(version) for version in VERSIONS}
    results = {version: _run(version, path, arguments) for version, path in pythons.items() if path}
    print()
    for version in VERSIONS:
        print(f"Python {version}: {results.get(version, 'not installed here, left out')}")
    return int(not results or any(result != "passed" for result in results.values()))


def _find(version: str) -> str:
    found = subprocess.run([FINDER, version], check=False, capture_output=True, text=True)
    return found.stdout.strip()


def _run(version: str, path: str, arguments: list[str]) -> str:
    print(f"\nPython {version}: {path}", flush=True)
    python = ensure(ROOT / ".venvs" / f"python-{version}", ["-e.[suite]"], python=path)
    tests = subprocess.run([python, "-m", "pytest", "-q", *arguments], check=False, cwd=ROOT)
    return "passed" if tests.returncode == 0 else f"FAILED (pytest's exit status {tests.returncode})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
