"""Outlets: which events go where, in which form, and what a terminal gets."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from wide_events import Pipeline, WideEvent, log_business_event, track_operation
from wide_events.outlets import Outlet, is_business, is_error, is_slow
from wide_events.settings import Settings
from wide_events.sinks import MemorySink

if TYPE_CHECKING:
    from pathlib import Path


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


# ---- routed copies -----------------------------------------------------------------------------------------


def emit_one_of_each(pipeline: Pipeline) -> None:
    WideEvent("fine", pipeline=pipeline).emit()
    WideEvent("failed", pipeline=pipeline).add_error("boom").emit()
    WideEvent("critical", pipeline=pipeline).emit(level="critical")
    WideEvent("slow", pipeline=pipeline).slow_over(-1).emit()
    with track_operation("selling", pipeline=pipeline):
        log_business_event("sold", amount=5)


def test_failed_business_and_slow_events_are_copied_to_files_of_their_own(tmp_path: Path):
    files = {
        name: tmp_path / "logs" / f"{name}.jsonl" for name in ("main", "error", "business", "performance")
    }
    settings = Settings(
        sample_default=1.0,
        log_file=files["main"],
        log_file_error=files["error"],
        log_file_business=files["business"],
        log_file_performance=files["performance"],
    )
    pipeline = Pipeline(settings)
    emit_one_of_each(pipeline)
    pipeline.close()
    told = {name: [line["operation"] for line in lines_of(path)] for name, path in files.items()}
    assert told == {
        "main": ["fine", "failed", "critical", "slow", "sold", "selling"],
        "error": ["failed", "critical"],
        "business": ["sold"],
        "performance": ["slow"],
    }
    assert lines_of(files["error"])[0] == lines_of(files["main"])[1]


def test_a_copy_that_fails_is_counted_by_its_name_and_the_rest_goes_on(tmp_path: Path):
    sink = MemorySink()
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    pipeline = Pipeline(Settings(sample_default=1.0, log_file_error=blocked / "error.jsonl"), sinks=[sink])
    emit_one_of_each(pipeline)
    assert len(sink.lines) == 6
    assert {name: n for name, n in pipeline.stats().items() if name.startswith("lost")} == {
        "lost.error_file": 2
    }


def test_an_outlet_chooses_by_the_record():
    memory = MemorySink()
    outlet = Outlet(
        "odd", memory, lambda record: f"{record['n']}\n".encode(), lambda record: record["n"] % 2 == 1
    )
    for number in range(5):
        outlet.write({"n": number})
    assert memory.lines == [b"1\n", b"3\n"]


@pytest.mark.parametrize(
    ("record", "routes"),
    [
        ({"level": "info", "kind": "request"}, (False, False, False)),
        ({"level": "warning", "kind": "request", "threshold_exceeded": True}, (False, False, True)),
        ({"level": "error", "kind": "business"}, (True, True, False)),
        ({"level": "critical", "kind": "business", "threshold_exceeded": True}, (True, True, True)),
    ],
)
def test_what_belongs_where(record: dict[str, Any], routes: tuple[bool, bool, bool]):
    assert (is_error(record), is_business(record), is_slow(record)) == routes


# ---- formats and presets -----------------------------------------------------------------------------------


def line_as(**settings: Any) -> bytes:
    sink = MemorySink()
    pipeline = Pipeline(Settings(service_name="svc", sample_default=1.0, **settings), sinks=[sink])
    event = WideEvent("upload", kind="request", pipeline=pipeline)
    event.add_facts({"method": "POST", "path": "/t", "route": "/t", "status_code": 200})
    event.add_context(evil="a\x1b[31m\u2028b").add_user_context(user_id="u1").emit()
    (line,) = sink.lines
    assert pipeline.stats() == {"kept.rate": 1}
    return line


@pytest.mark.parametrize("log_format", ["json", "human", "text", "auto"])
@pytest.mark.parametrize("log_schema", ["native", "otel", "ecs", "datadog", "gcp"])
def test_every_format_gives_safe_text_that_ends_with_a_newline(log_format: str, log_schema: str):
    line = line_as(log_format=log_format, log_schema=log_schema)
    assert line.endswith(b"\n")
    text = line.decode()
    assert "\x1b[31m" not in text
    assert "\u2028" not in text
    assert log_format == "human" or text.count("\n") == 1
    assert "upload" in text or "/t" in text


def test_json_is_what_a_sink_gets_unless_told_otherwise():
    assert json.loads(line_as())["operation"] == "upload"
    assert json.loads(line_as(log_format="json"))["operation"] == "upload"
    with pytest.raises(json.JSONDecodeError):
        json.loads(line_as(log_format="text"))
    with pytest.raises(json.JSONDecodeError):
        json.loads(line_as(log_format="human"))


@pytest.mark.parametrize(
    ("preset", "path", "value"),
    [
        ("native", ["method"], "POST"),
        ("otel", ["http.request.method"], "POST"),
        ("otel", ["service.name"], "svc"),
        ("ecs", ["http", "request", "method"], "POST"),
        ("ecs", ["service", "name"], "svc"),
        ("datadog", ["service"], "svc"),
        ("datadog", ["status"], "info"),
        ("gcp", ["severity"], "INFO"),
        ("gcp", ["httpRequest", "requestMethod"], "POST"),
    ],
)
def test_a_preset_renames_on_the_way_out(preset: str, path: list[str], value: str):
    found: Any = json.loads(line_as(log_schema=preset))
    for name in path:
        found = found[name]
    assert found == value


@pytest.mark.parametrize("preset", ["native", "otel", "ecs", "datadog", "gcp"])
def test_the_longest_line_holds_in_every_preset(preset: str):
    sink = MemorySink()
    pipeline = Pipeline(Settings(sample_default=1.0, log_schema=preset, max_event_bytes=2048), sinks=[sink])
    WideEvent("job", pipeline=pipeline).add_context(**{f"f{n}": "x" * 300 for n in range(50)}).emit()
    assert len(sink.lines[0]) <= 2048


# ---- the terminal ------------------------------------------------------------------------------------------


EMIT = (
    "from wide_events import WideEvent\nWideEvent('upload').add_context(plan='pro').add_error('boom').emit()"
)


def on_terminal(**environ: str) -> str:
    """What a terminal shows that is the standard output of a program that emits one event."""
    ours, theirs = pty.openpty()
    clean = {
        key: value for key, value in os.environ.items() if not key.startswith(("LOG_", "NO_COLOR", "FORCE_"))
    }
    with subprocess.Popen(
        [sys.executable, "-c", EMIT],
        stdout=theirs,
        stderr=subprocess.PIPE,
        env={**clean, "TERM": "xterm", **environ},
    ) as program:
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 65_536):
                shown += part
        except OSError:  # the other side is closed
            pass
        assert program.stderr is not None
        assert program.wait(60) == 0, program.stderr.read()
    os.close(ours)
    return shown.decode()


def in_pipe(**environ: str) -> str:
    clean = {
        key: value for key, value in os.environ.items() if not key.startswith(("LOG_", "NO_COLOR", "FORCE_"))
    }
    return subprocess.run(
        [sys.executable, "-c", EMIT],
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
        env={**clean, **environ},
    ).stdout


def test_a_terminal_gets_a_coloured_block_and_a_pipe_json():
    shown = on_terminal()
    assert "upload" in shown
    assert "boom" in shown
    assert "\x1b[" in shown
    assert not shown.startswith("{")
    assert json.loads(in_pipe())["plan"] == "pro"


def test_no_color_is_honoured():
    shown = on_terminal(NO_COLOR="1")
    assert "boom" in shown
    assert "\x1b" not in shown


def test_the_format_may_be_forced_either_way():
    assert json.loads(on_terminal(LOG_FORMAT="json"))["plan"] == "pro"
    assert on_terminal(LOG_FORMAT="text").count("\n") == 1
    shown = in_pipe(LOG_FORMAT="human")
    assert "boom" in shown
    assert "\x1b" not in shown


def test_a_program_without_standard_output_counts_its_lost_lines():
    code = (
        "import os, sys\nos.close(1)\n"
        "from wide_events import WideEvent\n"
        "from wide_events.pipeline import default_pipeline\n"
        "WideEvent('job').add_error('boom').emit()\n"
        "stats = default_pipeline().stats()\n"
        "assert stats == {'kept.error': 1, 'lost.stdout': 1}, stats\n"
    )
    done = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, check=False, timeout=60)
    assert b"AssertionError" not in done.stderr
    assert b"a line did not reach stdout" in done.stderr


def test_a_file_takes_the_place_of_standard_output(tmp_path: Path):
    path = tmp_path / "events.jsonl"
    assert in_pipe(LOG_FILE=str(path)) == ""
    assert [line["plan"] for line in lines_of(path)] == ["pro"]
