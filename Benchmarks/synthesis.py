# SPDX-License-Identifier: Apache-2.0
"""Synthesis of 1 to 1,000 stacks with a network, a key and an Aurora, against the same on aws-cdk-lib.

Usage: synthesis.py FOLDER-OF-PROGRAMS NODE NODE-MODULES BUNDLE
"""
import os
import pathlib
import shutil
import sys
import tempfile

from measure import BENCHES, PROJECT, Table, in_turn, run

programs, node, modules, bundle = sys.argv[1:]
folder = pathlib.Path(tempfile.mkdtemp(prefix="aurora-bench-"))
output = folder / "cdk.out"


def measured(*command, **environment):
    def measure():
        shutil.rmtree(output, ignore_errors=True)
        return run(*command, folder=folder, environment={"CDK_OUTDIR": str(output), "NODE_PATH": modules, **environment})
    return measure


def ours(number, bundle=folder / "nothing"):
    return measured(f"{programs}/BenchmarkStacks", number, AURORA_FUNCTIONS_BUNDLE=str(bundle))


def javascript(number, *more):
    return measured(node, BENCHES / "peers/stacks.js", number, *more)


table = Table("Synthesis")
try:
    start_up, = in_turn(9, ours(0))
    for number, runs in [(1, 7), (10, 5), (100, 3), (1000, 1)]:
        mine, peer = in_turn(runs, ours(number), javascript(number))
        name = f"{number:,} stack{'s' if number > 1 else ''}"
        table.add(f"{name}, JavaScript: wall", "s", mine.wall, peer.wall)
        table.add(f"{name}, JavaScript: memory", "MB", mine.memory, peer.memory)
        if number == 1:
            one = mine
    table.add("1,000 stacks, against 1,000 times one", "s", mine.wall - start_up.wall, 1000 * (one.wall - start_up.wall))
    mine, peer = in_turn(5, ours(1, bundle), javascript(1, bundle))
    table.add("1 stack and the functions' 35 MB, JavaScript: wall", "s", mine.wall, peer.wall)
    python = measured(
        sys.executable, BENCHES / "peers/stacks.py", 1, PATH=f"{pathlib.Path(node).parent}:{os.environ['PATH']}",
        PYTHONPATH=str(PROJECT / "Tests/Reference"))
    mine, peer = in_turn(3, ours(1), python)
    table.add("1 stack, Python: wall", "s", mine.wall, peer.wall)
    table.add("1 stack, Python: memory", "MB", mine.memory, peer.memory)
finally:
    shutil.rmtree(folder)
table.finish()
