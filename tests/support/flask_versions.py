"""The Flask tests on every Flask that is promised, each in an environment of its own: `make test-flask`."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING, NamedTuple

from tests.support.environments import ROOT, ensure, version_of

if TYPE_CHECKING:
    from pathlib import Path

NEWEST = "newest"
VERSIONS: dict[str, list[str]] = {
    "2.2": ["flask==2.2.5", "werkzeug~=2.2.0"],
    "3.0": ["flask==3.0.3"],
    "3.1": ["flask==3.1.3"],
    NEWEST: ["--upgrade", "--pre", "flask"],
}
SUITE = ["-e.[suite]"]
TESTS = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/integrations"]


class Outcome(NamedTuple):
    """What became of one version: a sentence for people, and whether all is well or was left out."""

    sentence: str
    passed: bool
    left_out: bool = False


def run(*, but: tuple[str, ...] = ()) -> list[Outcome]:
    """Run the tests on each version, but those that somebody else tests; a version comes round only once."""
    seen = set(but)
    outcomes = []
    for name, requirements in VERSIONS.items():
        outcome, version = _run_on(name, requirements, seen)
        outcomes += outcome
        seen.add(version)
    return outcomes


def _run_on(name: str, requirements: list[str], seen: set[str]) -> tuple[list[Outcome], str]:
    try:
        python = _environment(name, requirements)
    except subprocess.CalledProcessError as failure:
        return [Outcome(f"Flask {name} could not be installed: {failure}", passed=True, left_out=True)], name
    version = version_of(python, "flask")
    if version in seen:
        again = Outcome(f"Flask {version} is the newest, pre-releases included", passed=True)
        return [again] if name == NEWEST else [], version
    title = f"Flask {version}, Werkzeug {version_of(python, 'werkzeug')}"
    print(f"\n{title}", flush=True)
    tests = subprocess.run([python, *TESTS], check=False, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    print(tests.stdout, flush=True)
    return [Outcome(f"{title}: {tests.stdout.strip().splitlines()[-1]}", tests.returncode == 0)], version


def _environment(name: str, requirements: list[str]) -> Path:
    folder = ROOT / ".venvs" / f"flask-{name}"
    if name != NEWEST:
        return ensure(folder, [*SUITE, *requirements])
    today = datetime.now(tz=timezone.utc).date()
    return ensure(folder, SUITE, requirements, as_of=f"{today:%Y-%m-%d}")


def main() -> int:
    """Run all versions and print one line for each."""
    outcomes = run()
    print("\n".join(outcome.sentence for outcome in outcomes))
    return int(not all(outcome.passed for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
