# SPDX-License-Identifier: Apache-2.0
"""What the benches share: the cost of whole processes, paired runs, and the table with its thresholds."""
import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parents[1]
BENCHES = PROJECT / "Benchmarks"
# The servers, the Runtime API and the original's functions are those of the tests.
sys.path.insert(0, str(PROJECT / "Tests/CommandLine"))


@dataclasses.dataclass
class Cost:
    """What a process took: seconds on the clock, seconds of processors, and its largest resident size in MB."""

    wall: float
    cpu: float = 0
    memory: float = 0

    @staticmethod
    def of(process, start):
        """Waits for a process that was started by `subprocess`, and gives what it took."""
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)

    def __add__(self, other):
        return Cost(self.wall + other.wall, self.cpu + other.cpu, max(self.memory, other.memory))


def run(*command, folder=None, environment=None):
    """The cost of a command that has to succeed."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command], cwd=folder, env={**os.environ, **(environment or {})}, stdout=output,
            stderr=subprocess.STDOUT)
        cost = Cost.of(process, start)
        if process.returncode != 0:
            output.seek(0)
            sys.exit(f"{command} failed:\n{output.read().decode()[-3000:]}")
        return cost


def in_turn(runs, *measured):
    """The medians of several measurements, which are made in turn, so that what disturbs one disturbs all."""
    costs = [[measure() for measure in measured] for _ in range(runs)]
    return [
        Cost(*(statistics.median(getattr(cost, figure) for cost in column) for figure in ("wall", "cpu", "memory")))
        for column in zip(*costs)]


def text(value, unit):
    if unit == "s":
        return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"
    return f"{value:.1f} {unit}"


class Table:
    """The rows of one bench, each held against its threshold: how many times the peer's figure ours has to be better by,
    or may be worse by. A goal that is not reached in every run is shown beside it."""

    thresholds = json.loads((BENCHES / "thresholds.json").read_text())

    def __init__(self, title):
        self.title, self.rows, self.failed = title, [], False

    def add(self, name, unit, ours, peer):
        limit = self.thresholds[self.title][name]
        if "at least" in limit:
            ratio, wanted, good = peer / ours, f"at least {limit['at least']}", peer / ours >= limit["at least"]
        else:
            ratio, wanted, good = ours / peer, f"at most {limit['at most']}", ours / peer <= limit["at most"]
        if "goal" in limit:
            wanted += f", goal {limit['goal']}"
        self.failed = self.failed or not good
        digits = 0 if ratio >= 100 else 1 if ratio >= 10 else 2
        row = (name, text(ours, unit), text(peer, unit), f"{ratio:.{digits}f}", wanted)
        self.rows.append(row)
        print(f"  {row[0]:44} {row[1]:>10}, peer {row[2]:>10}: {row[3]:>5}, {row[4]}{'' if good else '   <-- FAILED'}", flush=True)

    def finish(self):
        """Writes the rows where `make bench` asks for them, and ends with status 1 where one was not good enough."""
        if folder := os.environ.get("AURORA_BENCH_RESULTS"):
            lines = ["| | aurora | peer | ratio | wanted |", "| --- | --- | --- | --- | --- |"]
            lines += [f"| {' | '.join(row)} |" for row in self.rows]
            pathlib.Path(folder, f"{self.title}.md").write_text("\n".join(lines) + "\n")
        sys.exit(self.failed)
