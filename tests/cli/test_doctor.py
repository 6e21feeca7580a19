"""`wide-events doctor`, in this process and as a program of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import wide_events
from wide_events.cli.commands import commands
from wide_events.cli.doctor import printable
from wide_events.cli.main import main
from wide_events.settings import Settings

ROOT = Path(__file__).parent.parent.parent
ESCAPE = "\x1b["
BARE = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


@pytest.fixture(autouse=True)
def _no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name not in BARE]:
        monkeypatch.delenv(name)


def doctor(*arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(commands, ["doctor", *arguments], env=environ)


def program(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wide_events", *arguments],
        env={**BARE, "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def rows(text: str, kind: str) -> list[dict[str, Any]]:
    return [each for each in json.loads(text) if each["kind"] == kind]


def test_every_setting_is_on_the_table_and_all_is_well():
    result = doctor()
    assert result.exit_code == 0
    for variable in Settings.variables():
        assert re.search(rf"^{variable} .* default\s*$", result.stdout, re.MULTILINE), variable


def test_a_setting_is_shown_with_its_value_and_its_source():
    result = doctor(LOG_SAMPLE_TRIP="1.0", OTEL_SERVICE_NAME="volt", EXPOSE_ERROR_DETAILS="yes")
    assert result.exit_code == 0
    assert re.search(r"^LOG_SAMPLE_TRIP +1 +environment", result.stdout, re.MULTILINE)
    assert re.search(r"^SERVICE_NAME +volt +OTEL_SERVICE_NAME", result.stdout, re.MULTILINE)
    assert re.search(r"^EXPOSE_ERROR_DETAILS +true +environment", result.stdout, re.MULTILINE)


def test_a_secret_is_masked():
    for arguments in ([], ["--json"]):
        result = doctor(*arguments, LOG_REDACT_HASH_KEY="0123456789abcdef")
        assert "0123456789abcdef" not in result.output
        assert "***" in result.output


def test_a_misspelt_variable_is_a_warning_and_status_1():
    result = doctor(LOG_SAMPEL_TRIP="1", LOG_ROTATE="size")
    assert result.exit_code == 1
    assert "warning: LOG_SAMPEL_TRIP is not a setting; did you mean LOG_SAMPLE_TRIP?" in result.stdout
    assert "warning: LOG_ROTATE is set, but this version does not rotate files" in result.stdout


def test_json_is_one_array_of_objects():
    result = doctor("--json", LOG_SAMPEL_TRIP="1", REGION="eu")
    assert result.exit_code == 1
    (region,) = [row for row in rows(result.stdout, "setting") if row["variable"] == "REGION"]
    assert region == {
        "kind": "setting",
        "variable": "REGION",
        "field": "region",
        "value": "eu",
        "source": "environment",
        "description": "The region of the data centre.",
    }
    (warning,) = rows(result.stdout, "warning")
    assert warning["message"].endswith("did you mean LOG_SAMPLE_TRIP?")


def test_what_cannot_be_used_is_named_line_by_line_with_status_2():
    result = doctor(LOG_SAMPLE_TRIP="abc", LOG_FORMAT="xml")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert sorted(result.stderr.splitlines()) == [
        "LOG_FORMAT='xml' is not known: use one of auto, json, human, text",
        "LOG_SAMPLE_TRIP='abc' is not a rate: use a number from 0 to 1",
    ]


def test_what_cannot_be_used_is_json_too():
    result = doctor("--json", LOG_SAMPLE_TRIP="abc")
    assert result.exit_code == 2
    assert json.loads(result.stdout) == [
        {
            "kind": "problem",
            "variable": "LOG_SAMPLE_TRIP",
            "value": "abc",
            "remedy": "is not a rate: use a number from 0 to 1",
        }
    ]


def test_the_test_event_goes_through_every_sink(tmp_path: Path):
    result = doctor(
        "--send", LOG_FILE="app.log", LOG_FILE_ERROR="logs/errors.log", LOG_LEVEL="ERROR", SERVICE_NAME="volt"
    )
    assert result.exit_code == 0
    for name in ("app.log", "logs/errors.log"):
        (line,) = (tmp_path / name).read_text().splitlines()
        event = json.loads(line)
        assert (event["operation"], event["service"], event["test_event"]) == ("doctor", "volt", True)
        assert event["sample_reason"] == "forced"
        assert re.search(rf"^test event: \w+: \d+ bytes to {name}$", result.stdout, re.MULTILINE)


def test_a_sink_that_does_not_take_the_test_event_is_status_1(tmp_path: Path):
    (tmp_path / "folder").mkdir()
    result = doctor("--send", LOG_FILE="folder", LOG_FILE_ERROR="fine.log")
    assert result.exit_code == 1
    assert "test event lost: file: folder cannot be written: Is a directory" in result.stdout
    assert "test event: error_file: " in result.stdout
    (lost,) = rows(doctor("--send", "--json", LOG_FILE="folder").stdout, "test_event")
    assert lost == {
        "kind": "test_event",
        "sink": "file",
        "taken": False,
        "what": "folder cannot be written: Is a directory",
    }


def test_help_has_examples_and_the_exit_statuses():
    result = doctor("--help")
    assert result.exit_code == 0
    assert "Examples:" in result.stdout
    assert "Exit status:" in result.stdout


def test_a_value_cannot_give_orders_to_the_terminal():
    assert printable("a\x1b[31m\u2028é") == r"a\x1b[31m\u2028é"
    result = doctor(**{"LOG_SAMPEL_\x1b[31m": "1"})
    assert ESCAPE not in result.output


def test_markup_in_a_value_is_shown_as_it_is():
    assert "[red]x[/red]" in doctor(REGION="[red]x[/red]").stdout


def test_the_program_prints_the_table_and_nothing_else():
    done = program("doctor", REGION="eu")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^REGION +eu +environment", done.stdout, re.MULTILINE)
    assert ESCAPE not in done.stdout


def test_colours_can_be_forced_and_forbidden():
    assert ESCAPE in program("doctor", FORCE_COLOR="1").stdout
    colours = re.findall(
        r"\x1b\[([0-9;]+)m", program("doctor", FORCE_COLOR="1", NO_COLOR="1", LOG_ROTATE="x").stdout
    )
    assert not [each for each in colours if re.search(r"(^|;)[349][0-7]", each)]


def test_the_event_goes_to_standard_output_before_its_report():
    done = program("doctor", "--send")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("variable")
    assert json.loads(lines[-2])["operation"] == "doctor"
    assert re.fullmatch(
        rf"test event: stdout: {len(lines[-2].encode()) + 1} bytes to standard output", lines[-1]
    )


def test_with_json_the_event_leaves_standard_output_alone():
    done = program("doctor", "--send", "--json")
    assert done.returncode == 0
    (sent,) = rows(done.stdout, "test_event")
    assert (sent["sink"], sent["taken"]) == ("stdout", True)
    assert sent["what"].endswith("bytes to standard error")
    assert json.loads(done.stderr)["operation"] == "doctor"


def test_the_program_tells_bad_settings_without_a_traceback():
    done = program("doctor", LOG_SAMPLE_DEFAULT="5%")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "LOG_SAMPLE_DEFAULT='5%' is not a rate: use 0.05\n"


def test_the_program_tells_its_version():
    assert program("--version").stdout == f"wide-events {wide_events.__version__}\n"


def test_a_terminal_that_knows_only_ascii_gets_the_help_and_the_table():
    done = program("doctor", PYTHONIOENCODING="ascii", PYTHONUTF8="0", REGION="café")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_its_libraries_the_program_says_how_to_get_them(tmp_path: Path, missing: str):
    code = f"import sys; sys.modules['{missing}'] = None; from wide_events.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**BARE, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"The command line needs {missing}: pip install 'wide-events[cli]'\n"


def test_the_door_runs_the_commands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(sys, "argv", ["wide-events", "--version"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 0
    assert capsys.readouterr().out.startswith("wide-events ")
