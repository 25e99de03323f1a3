# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the time of `quiltctl run --rm` goes, step by step. Usage: bench-steps.py NSHOST DIR, of a running host.

perf(1), from the package linux-perf, records the system calls and the births of processes. That makes a start slower by
about a half, so the shares of the steps count, not their sums.
"""

import re
import shutil
import statistics
import subprocess
import sys
import tempfile

ROUNDS, WARMUP = 40, 5
EVENTS = ("raw_syscalls:sys_enter", "raw_syscalls:sys_exit", "sched:sched_process_exec", "sched:sched_process_fork",
          "sched:sched_process_exit")
SENDMSG, RECVMSG, CONNECT, PIPE2 = 46, 47, 42, 293  # x86_64
GO_SIZE = 24  # a message without fields, see proto/wire.c
LINE = re.compile(r"\s*(.+?)\s+(\d+)/(\d+)\s+([\d.]+):\s+(?:\S+:)?(\w+):\s*(.*)")

STEPS = {
    "connected": "quiltctl was loaded, and has connected to the bus",
    "asked": "the bus knows quiltctl, and quiltctl has called RunContainer",
    "begun": "quiltd has checked the call, made the container, and begun its supervisor",
    "cloned": "the supervisor has read the configuration, and cloned the init",
    "scoped": "systemd has made the scope, and quiltd has sent GO; the init builds meanwhile",
    "executed": "the init has built the root, and executed the command",
    "ended": "the command has run and ended",
    "told": "the supervisor has logged the output, and told quiltd the exit status",
    "answered": "quiltd has recorded the end, deleted the files, and answered",
    "gone": "quiltctl has ended",
}


def record(nshost, directory):
    """The events as (time, comm, pid, name, detail); detail is a number for a system call: its own or its result."""
    loop = f"i=0; while [ $i -lt {ROUNDS + WARMUP} ]; do quiltctl run --rm bench /bin/true; i=$((i + 1)); done"
    with tempfile.NamedTemporaryFile(suffix=".perf") as file:
        arguments = [word for event in EVENTS for word in ("-e", event)]
        subprocess.run(["perf", "record", "-q", "-a", "-m", "4M", *arguments, "-o", file.name, "--", nshost, "exec", directory,
                        "--", "sh", "-c", loop], check=True, stdout=subprocess.DEVNULL)
        text = subprocess.run(["perf", "script", "-i", file.name, "-F", "comm,pid,tid,time,event,trace"], check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode(errors="replace")
    calls = {}
    for comm, pid, tid, time, event, rest in (match.groups() for match in map(LINE.match, text.splitlines()) if match):
        if event == "sys_enter":
            calls[tid] = int(rest.split()[1])
        elif event == "sys_exit":
            yield float(time), comm, int(pid), calls.pop(tid, -1), int(rest.split()[-1])
        else:
            yield float(time), comm, int(pid), event, rest


def divide(events):
    """A list of the events of each run: from the execution of its quiltctl to its end."""
    runs, current, client = [], None, None
    for event in events:
        time, _, pid, name, detail = event
        if name == "sched_process_exec" and "/quiltctl" in detail:
            current, client = [], pid
        if current is not None:
            current.append(event)
        if current is not None and pid == client and name == "sched_process_exit":
            runs.append(current)
            current = None
    return runs[WARMUP:]


class Cursor:
    """The events of a run, from which each search goes on where the last one ended."""

    def __init__(self, events):
        self.events, self.at = events, 0

    def find(self, matches):
        while self.at < len(self.events):
            event = self.events[self.at]
            self.at += 1
            if matches(event):
                return event
        raise LookupError


def marks(run):
    """The time of each step of a run; LookupError: perf has lost an event."""
    begin, client = run[0][0], run[0][2]
    cursor, found = Cursor(run), {}

    def mark(step, matches):
        event = cursor.find(matches)
        found[step] = 1000 * (event[0] - begin)
        return event

    mark("connected", lambda e: e[2] == client and e[3] == CONNECT)
    cursor.find(lambda e: e[2] == client and e[3] == PIPE2)
    mark("asked", lambda e: e[2] == client and e[3] == SENDMSG)
    supervisor = mark("begun", lambda e: e[1].startswith("quilt-s") and e[3] == RECVMSG and isinstance(e[4], int) and e[4] > 0)[2]
    child = mark("cloned", lambda e: e[2] == supervisor and e[3] == "sched_process_fork")[4]
    child = int(re.search(r"child_pid=(\d+)", child)[1])
    mark("scoped", lambda e: e[2] == supervisor and e[3] == RECVMSG and e[4] == GO_SIZE)
    mark("executed", lambda e: e[2] == child and e[3] == "sched_process_exec")
    mark("ended", lambda e: e[2] == child and e[3] == "sched_process_exit")
    # The supervisor's last two messages may be RUNNING and EXITED, or EXITED alone.
    sent = [e for e in run[cursor.at:] if e[2] == supervisor and e[3] == SENDMSG]
    received = [e for e in run if e[2] == client and e[3] == RECVMSG and e[4] > 0]
    if not sent or not received:
        raise LookupError
    for step, event in (("told", sent[-1]), ("answered", received[-1]), ("gone", run[-1])):
        found[step] = 1000 * (event[0] - begin)
    return found


def main():
    nshost, directory = sys.argv[1:]
    if not shutil.which("perf"):
        sys.exit("bench: install the package linux-perf, which has perf(1)")
    in_host = [nshost, "exec", directory, "--", "quiltctl"]
    subprocess.run([*in_host, "import", "/opt/quilt-test/images/busybox.tar.gz", "bench"], check=True, stdout=subprocess.DEVNULL)
    series = []
    for run in divide(record(nshost, directory)):
        try:
            series.append(marks(run))
        except LookupError:
            pass
    print(f"steps: quiltctl run --rm, {len(series)} runs, medians in ms under perf, one right after the other")
    total, before = statistics.median(found["gone"] for found in series), dict.fromkeys(range(len(series)), 0)
    for step, words in STEPS.items():
        taken = statistics.median(found[step] - before[i] for i, found in enumerate(series))
        before = {i: found[step] for i, found in enumerate(series)}
        print(f"  {taken:6.2f}  {100 * taken / total:3.0f} %  {words}")
    print(f"  {total:6.2f}         in all")
    subprocess.run([*in_host, "remove-image", "bench"], check=True, stdout=subprocess.DEVNULL)


main()
