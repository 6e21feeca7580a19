"""Sinks: whole lines, one system call each, untorn whoever else writes to the same place."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wide_events import Pipeline, WideEvent
from wide_events.settings import Settings
from wide_events.sinks import DescriptorSink, FileSink, MemorySink, StderrSink, StdoutSink


def ran(code: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        check=False,
        timeout=120,
        env={**os.environ, **environ},
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return done


# ---- memory ------------------------------------------------------------------------------------------------


def test_memory_holds_lines_as_bytes_and_as_objects():
    sink = MemorySink()
    for number in range(3):
        sink.write(f'{{"n": {number}}}\n'.encode())
    sink.flush()
    sink.close()
    assert sink.lines == [b'{"n": 0}\n', b'{"n": 1}\n', b'{"n": 2}\n']
    assert sink.events == [{"n": 0}, {"n": 1}, {"n": 2}]
    sink.clear()
    assert sink.lines == sink.events == []


# ---- descriptors -------------------------------------------------------------------------------------------


def test_one_line_is_one_write():
    """A pipe in packet mode keeps apart what was written apart."""
    read, write = os.pipe2(os.O_DIRECT)
    code = (
        "import os, sys\n"
        "os.dup2(int(sys.argv[1]), 1); os.dup2(int(sys.argv[1]), 2)\n"
        "from wide_events import Pipeline, WideEvent\n"
        "from wide_events.settings import Settings\n"
        "from wide_events.sinks import StderrSink, StdoutSink\n"
        "for sink in (StdoutSink(), StderrSink()):\n"
        "    pipeline = Pipeline(Settings(sample_default=1.0), sinks=[sink])\n"
        "    for n in range(7): WideEvent('job', pipeline=pipeline).add_context(fill='x' * 200 * n).emit()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(write)],
        pass_fds=[write],
        check=False,
        timeout=60,
        stderr=subprocess.PIPE,
    )
    os.close(write)
    assert done.returncode == 0, done.stderr
    packets = [os.read(read, 65_536) for _ in range(14)]
    assert os.read(read, 1) == b""
    os.close(read)
    assert all(packet.endswith(b"\n") and packet.count(b"\n") == 1 for packet in packets)
    assert [len(json.loads(packet)["fill"]) for packet in packets] == [200 * n for n in range(7)] * 2


def test_standard_output_and_error_are_where_lines_go():
    code = (
        "from wide_events import Pipeline, WideEvent\n"
        "from wide_events.settings import Settings\n"
        "from wide_events.sinks import StderrSink, StdoutSink\n"
        "both = Pipeline(Settings(sample_default=1.0), sinks=[StdoutSink(), StderrSink()])\n"
        "WideEvent('both', pipeline=both).emit()\n"
        "WideEvent('default').emit()\n"
        "both.flush(); both.close(); WideEvent('after', pipeline=both).emit()\n"
    )
    done = ran(code, LOG_SAMPLE_DEFAULT="1")
    assert [json.loads(line)["operation"] for line in done.stdout.splitlines()] == [
        "both",
        "default",
        "after",
    ]
    assert [json.loads(line)["operation"] for line in done.stderr.splitlines()] == ["both", "after"]


def test_a_line_that_the_system_took_in_part_is_completed():
    """A signal interrupts the write of a line that is larger than the pipe."""
    read, write = os.pipe()
    lines = [bytes([65 + number]) * 700_000 + b"\n" for number in range(3)]
    got: list[bytes] = []

    def slowly() -> None:
        while chunk := os.read(read, 30_000):
            got.append(chunk)
            time.sleep(0.002)

    reader = threading.Thread(target=slowly)
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.003, 0.003)
        reader.start()
        for line in lines:
            DescriptorSink(write).write(line)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        os.close(write)
        reader.join()
        os.close(read)
    assert b"".join(got) == b"".join(lines)


def test_after_a_torn_line_the_next_one_stands_alone_and_the_loss_is_counted():
    read, write = os.pipe2(os.O_NONBLOCK)
    sink = DescriptorSink(write)
    pipeline = Pipeline(Settings(sample_default=1.0), sinks=[sink])
    with pytest.raises(BlockingIOError):
        sink.write(b"x" * 1_000_000 + b"\n")
    WideEvent("full", pipeline=pipeline).emit()
    assert pipeline.stats()["lost.DescriptorSink"] == 1
    torn = os.read(read, 1_000_000)
    assert set(torn) == {ord("x")}
    sink.write(b"one\n")
    sink.write(b"")
    sink.write(b"two\n")
    assert os.read(read, 100) == b"\none\ntwo\n"
    os.close(read)
    os.close(write)


def test_a_line_torn_on_a_full_disk_is_parted_from_the_next(tmp_path: Path):
    """A limit of the file's size stands in for the full disk: the system takes what fits, then refuses."""
    code = (
        "import resource, signal, sys\n"
        "from wide_events.sinks import FileSink\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "sink = FileSink(sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))\n"
        "for line in (b'first\\n', b'second\\n', b'third\\n'):\n"
        "    try: sink.write(line)\n"
        "    except OSError: print('lost')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)\n"
        "sink.write(b'fourth\\n')\n"
        "sink.write(b'fifth\\n')\n"
    )
    assert ran(code, str(tmp_path / "events.jsonl")).stdout == b"lost\nlost\n"
    assert (tmp_path / "events.jsonl").read_bytes() == b"first\nseco\nfourth\nfifth\n"


def test_a_closed_output_is_counted_and_the_work_goes_on():
    read, write = os.pipe()
    os.close(read)
    sink = DescriptorSink(write)
    pipeline = Pipeline(Settings(sample_default=1.0), sinks=[sink])
    assert WideEvent("job", pipeline=pipeline).emit().keep
    os.close(write)
    assert WideEvent("job", pipeline=pipeline).emit().keep
    assert pipeline.stats() == {"kept.rate": 2, "lost.DescriptorSink": 2}


def test_closing_a_borrowed_descriptor_leaves_it_open():
    for sink in (StdoutSink(), StderrSink()):
        sink.flush()
        sink.close()
    os.fstat(1)
    os.fstat(2)


# ---- files -------------------------------------------------------------------------------------------------


def test_a_file_is_made_with_its_folders_and_appended_to(tmp_path: Path):
    path = tmp_path / "a" / "b" / "events.jsonl"
    sink = FileSink(path)
    assert not path.exists()
    sink.write(b"one\n")
    sink.flush()
    FileSink(str(path)).write(b"two\n")
    sink.write(b"three\n")
    assert path.read_bytes() == b"one\ntwo\nthree\n"
    assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0


def test_a_closed_file_is_opened_again(tmp_path: Path):
    path = tmp_path / "events.jsonl"
    sink = FileSink(path)
    sink.close()
    sink.write(b"one\n")
    sink.close()
    sink.close()
    path.rename(tmp_path / "old.jsonl")
    sink.write(b"two\n")
    assert path.read_bytes() == b"two\n"


def test_a_file_is_not_left_open_for_the_programs_that_are_started(tmp_path: Path):
    sink = FileSink(tmp_path / "events.jsonl")
    sink.write(b"one\n")
    code = (
        "import os, sys\n"
        "for fd in os.listdir('/proc/self/fd'):\n"
        "    try: assert sys.argv[1] not in os.readlink(f'/proc/self/fd/{fd}')\n"
        "    except FileNotFoundError: pass\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, close_fds=False, timeout=60)
    sink.close()


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_many_threads_open_one_file_once(tmp_path: Path):
    before = open_descriptors()
    sinks = [FileSink(tmp_path / f"{number}.jsonl") for number in range(20)]
    with ThreadPoolExecutor(16) as pool:
        for running in [pool.submit(sink.write, b"line\n") for sink in sinks for _ in range(16)]:
            running.result()
    assert open_descriptors() == before + len(sinks)
    for sink in sinks:
        sink.close()
        assert sink.path.read_bytes() == b"line\n" * 16
    assert open_descriptors() == before


def test_what_cannot_be_written_raises_for_the_pipeline_to_count(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "file").write_text("no folder")
    blocked = FileSink(tmp_path / "file" / "events.jsonl")
    with pytest.raises(OSError, match="file"):
        blocked.write(b"one\n")
    with pytest.raises(IsADirectoryError):
        FileSink(tmp_path).write(b"one\n")
    memory = MemorySink()
    pipeline = Pipeline(Settings(sample_default=1.0), sinks=[blocked, memory])
    for _ in range(3):
        assert WideEvent("job", pipeline=pipeline).emit().keep
    assert pipeline.stats() == {"kept.rate": 3, "lost.FileSink": 3}
    assert len(memory.lines) == 3
    assert len(caplog.records) == 1
    (tmp_path / "file").unlink()
    WideEvent("job", pipeline=pipeline).emit()
    assert len(blocked.path.read_text().splitlines()) == 1
    blocked.close()


def test_eight_processes_share_one_file_and_tear_no_line(tmp_path: Path):
    path = tmp_path / "events.jsonl"
    code = (
        "import json, os, random, sys\n"
        "from wide_events.sinks import FileSink\n"
        "sink = FileSink(sys.argv[1])\n"
        "for worker in range(8):\n"
        "    if os.fork() == 0:\n"
        "        chance = random.Random(worker)\n"
        "        for n in range(2000):\n"
        "            fill = 'x' * chance.choice([chance.randrange(400), chance.randrange(3000, 9000)])\n"
        "            line = json.dumps({'worker': worker, 'n': n, 'size': len(fill), 'fill': fill})\n"
        "            sink.write(line.encode() + b'\\n')\n"
        "        os._exit(0)\n"
        "for _ in range(8): assert os.wait()[1] == 0\n"
    )
    ran(code, str(path))
    seen: dict[int, list[int]] = {worker: [] for worker in range(8)}
    with path.open("rb") as lines:
        for line in lines:
            told = json.loads(line)
            assert len(told["fill"]) == told["size"]
            seen[told["worker"]].append(told["n"])
    assert seen == {worker: list(range(2000)) for worker in range(8)}
