# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starts of two builds in turns, each in a host of its own. Usage: bench-versus.py NSHOST DIR DIR, the other build first."""

import statistics
import subprocess
import sys
from pathlib import Path

ROUNDS, WARMUP = 120, 3
INSIDE = Path(__file__).with_name("bench-inside.py").read_text()


def begin(nshost, directory):
    server = subprocess.Popen([nshost, "exec", directory, "--", "/usr/bin/python3", "-u", "-c", INSIDE, "serve"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout.readline() == "ready\n"
    return server


def ask(server, what, before):
    server.stdin.write(f"{what} {before}\n")
    server.stdin.flush()
    return float(server.stdout.readline())


def main():
    other, this = (begin(sys.argv[1], directory) for directory in sys.argv[2:])
    subjects = {"the other": (other, "quilt"), "this": (this, "quilt"), "crun, other host": (other, "crun"), "crun": (this, "crun")}
    for before, words in (("another", "right after another start"), ("peace", "after 100 ms of peace")):
        times = {name: [] for name in subjects}
        for turn in range(WARMUP + ROUNDS):
            for name, (server, what) in subjects.items():
                taken = ask(server, what, before)
                if turn >= WARMUP:
                    times[name].append(taken)
        crun = statistics.median(times["crun"] + times["crun, other host"])
        print(f"versus: {ROUNDS} rounds each, in turns, medians, {words}")
        for name in ("the other", "this"):
            median = statistics.median(times[name])
            print(f"  {name:20} {median:8.2f} ms {median / crun:5.2f} × crun --systemd-cgroup run")
        pairs = [mine - theirs for mine, theirs in zip(times["this"], times["the other"])]
        print(f"  this − the other     {statistics.median(pairs):+8.2f} ms, in pairs")
    for server in (other, this):
        server.stdin.close()
        server.wait()


main()
