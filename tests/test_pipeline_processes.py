"""Units of work in signal handlers, finalisers and forked children: none dead-locks, none is told twice."""

from __future__ import annotations

import subprocess
import sys


def ran(code: str, *arguments: str) -> str:
    """What a program prints; one that dead-locks is ended by its own watchdog."""
    watched = f"import faulthandler; faulthandler.dump_traceback_later(50, exit=True)\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", watched, *arguments], capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


# ---- signals, finalisers, forks ----------------------------------------------------------------------------


UNIT = """
import gc, os, signal, sys, threading, json
from wide_events import Pipeline, WideEvent, track_operation, current_event
from wide_events.settings import Settings
from wide_events.sinks import MemorySink
class Nowhere(MemorySink):
    def write(self, line): json.loads(line)
pipeline = Pipeline(Settings(sample_default=1.0, service_name="svc"), sinks=[Nowhere()])
def unit(name="job"):
    with track_operation(name, pipeline=pipeline) as event:
        event.add_context(a=[1]).increment("n").log("hello").add_business_metric("m", 1)
        with event.timer("t"): pass
    event.add_context(late=1)
import logging; logging.getLogger("wide_events").setLevel(logging.CRITICAL)
"""


def test_a_unit_of_work_in_a_signal_handler_dead_locks_nothing():
    code = f"""{UNIT}
hits = 0
def handler(*_):
    global hits
    hits += 1
    unit("signal")
    shared.increment("n")
signal.signal(signal.SIGALRM, handler)
shared = WideEvent("shared", pipeline=pipeline)
signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
while hits < 1500:
    unit()
    shared.increment("n").record_time("t", 1.0)
signal.setitimer(signal.ITIMER_REAL, 0)
assert "pipeline_failed" not in pipeline.stats(), pipeline.stats()
assert not any(name.startswith("lost") for name in pipeline.stats()), pipeline.stats()
print("done")
"""
    assert ran(code) == "done\n"


def test_a_unit_of_work_in_a_finaliser_dead_locks_nothing():
    code = f"""{UNIT}
gc.set_threshold(40, 5, 5)
shared = WideEvent("shared", pipeline=pipeline)
finished = 0
class Cyclic:
    def __init__(self): self.me = self
    def __del__(self):
        global finished
        unit("finaliser"); shared.increment("n"); finished += 1
def work():
    for _ in range(1500):
        Cyclic(); unit(); shared.increment("n").record_time("t", 1.0)
threads = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
gc.collect()
assert finished == 6000, finished
assert "pipeline_failed" not in pipeline.stats(), pipeline.stats()
print("done")
"""
    assert ran(code) == "done\n"


def test_a_forked_child_counts_from_zero_and_tells_its_own_pid():
    code = """
import json, os
from wide_events import Pipeline, WideEvent
from wide_events.settings import Settings
from wide_events.sinks import MemorySink
sink = MemorySink()
pipeline = Pipeline(Settings(sample_default=1.0, host="web"), sinks=[sink])
for _ in range(3): WideEvent("before", pipeline=pipeline).emit()
event = WideEvent("in the middle", pipeline=pipeline).add_context(a=1)
read, write = os.pipe()
if os.fork() == 0:
    stats = pipeline.stats()
    event.add_context(b=2).emit()
    line = sink.events[-1]
    out = [stats, pipeline.stats(), line["pid"] == os.getpid(), line["instance_id"] == f"web-{os.getpid()}"]
    os.write(write, json.dumps([*out, line["a"], line["b"]]).encode()); os._exit(0)
os.wait()
told = json.loads(os.read(read, 10_000))
assert told == [{}, {"kept.rate": 1}, True, True, 1, 2], told
event.emit()
line = sink.events[-1]
assert line["pid"] == os.getpid() and "b" not in line
assert pipeline.stats() == {"kept.rate": 4}, pipeline.stats()
print("done")
"""
    assert ran(code) == "done\n"


def test_a_child_forked_while_other_threads_work_dead_locks_nothing():
    code = f"""{UNIT}
import warnings; warnings.simplefilter("ignore")
from wide_events.pipeline import set_default_pipeline
stop = False
shared = WideEvent("shared", pipeline=pipeline)
def work():
    while not stop:
        unit(); shared.increment("n").record_time("t", 1.0)
        set_default_pipeline(None); WideEvent("plain")._pipeline or current_event().child("x").home()
os.environ["LOG_FILE"] = os.devnull
threads = [threading.Thread(target=work, daemon=True) for _ in range(3)]
[t.start() for t in threads]
for _ in range(150):
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        unit("child"); shared.increment("n"); shared.emit()
        with WideEvent("plain"): pass
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
stop = True
print("done")
"""
    assert ran(code) == "done\n"
