# SPDX-License-Identifier: LGPL-2.1-or-later
"""The part of tools/bench that measures quilt-oci beside crun and runc, inside the test host.

Usage: bench-oci.py [ROUNDS]. All take turns on the same bundle; figures are medians, and ratios to crun. Docker is
measured where its engine is installed.
"""

import itertools
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

PLACE = Path("/run/quilt-bench-oci")
ROUNDS, WARMUP = int(sys.argv[1]) if len(sys.argv) > 1 else 50, 3
RUNTIMES = [name for name in ("quilt-oci", "crun", "runc") if shutil.which(name)]
NULL = os.open("/dev/null", os.O_RDWR)


def run(*argv):
    """Without the module subprocess, which takes longer than what is measured."""
    files = [(os.POSIX_SPAWN_DUP2, NULL, 0), (os.POSIX_SPAWN_DUP2, NULL, 1)]
    pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=files)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status == 0, f"{' '.join(argv)} ended with {status}"


def ways(runtime, bundle):
    """What is measured, by name: each starts the bundle's container, and leaves nothing of it."""
    def create(*options):
        run(runtime, *options, "create", "--bundle", bundle, "bench")
        run(runtime, *options, "start", "bench")
        # --force, as engines do: it waits for the end of a command as short as this one.
        run(runtime, *options, "delete", "--force", "bench")

    return {
        "run": lambda: run(runtime, "run", "--bundle", bundle, "bench"),
        "--systemd-cgroup run": lambda: run(runtime, "--systemd-cgroup", "run", "--bundle", bundle, "bench"),
        "create, start, delete": create,
        "--systemd-cgroup create, …": lambda: create("--systemd-cgroup"),
    }


def measure(subjects):
    """Median ms of each of {key: function}.

    They take turns, so that a drift of the machine hits all alike, in an order that is drawn for each round: to move a
    process between cgroups waits for a grace period of the kernel's (RCU) unless one was moved just before, so who
    always came after the same one would have it easier or harder.
    """
    times = {key: [] for key in subjects}
    for turn in range(WARMUP + ROUNDS):
        for key in random.sample(list(subjects), len(subjects)):
            begin = time.perf_counter()
            subjects[key]()
            if turn >= WARMUP:
                times[key].append((time.perf_counter() - begin) * 1000)
    return {key: statistics.median(values) for key, values in times.items()}


def peak(runtime, bundle, *options):
    """KB that the run command had resident at most until its container ran."""
    process = subprocess.Popen([runtime, *options, "run", "--bundle", bundle, "bench"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    process.stdout.read(1)  # the command prints a byte, and ends when it reads our line
    status = Path(f"/proc/{process.pid}/status").read_text()
    process.communicate(b"\n")
    assert process.returncode == 0
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1])


def table(title, unit, figures, decimals=2):
    print(title)
    print(f"  {'':28}" + "".join(f"{name:>20}" for name in RUNTIMES))
    for row in dict.fromkeys(way for _, way in figures):
        crun = figures["crun", row]
        cells = (f"{figures[name, row]:8.{decimals}f} {unit} {figures[name, row] / crun:5.2f} ×" for name in RUNTIMES)
        print(f"  {row:28}" + "".join(f"{cell:>20}" for cell in cells), flush=True)


def bench_runtimes():
    for title, seccomp in (("no system call filter", None), ("with a system call filter", seccomp_rules())):
        bundle = make_bundle(PLACE / ("with" if seccomp else "without"), ["/bin/true"], seccomp)
        subjects = {(name, way): call for name in RUNTIMES for way, call in ways(name, bundle).items()}
        table(f"oci, {title}: {ROUNDS} rounds each, taking turns, medians, ratios to crun", "ms", measure(subjects))
    speaks = ["/bin/sh", "-c", "echo; read line"]
    plain, filtered = make_bundle(PLACE / "peak", speaks), make_bundle(PLACE / "peak-with", speaks, seccomp_rules())
    rows = {"run": (plain,), "run, with a filter": (filtered,), "--systemd-cgroup run": (plain, "--systemd-cgroup")}
    figures = {(name, row): statistics.median(peak(name, *args) for _ in range(5))
               for name, (row, args) in itertools.product(RUNTIMES, rows.items())}
    table("oci, peak resident memory", "KB", figures, 0)


def bench_docker():
    """`docker run --rm`, with each runtime in turn."""
    daemon = Path("/etc/docker/daemon.json")
    kept = daemon.read_bytes() if daemon.exists() else None
    paths = {name: {"path": shutil.which(name)} for name in RUNTIMES if name != "runc"}
    daemon.parent.mkdir(exist_ok=True)
    daemon.write_text(json.dumps({"runtimes": paths, "bridge": "none", "iptables": False}))
    try:
        subprocess.run(["systemctl", "restart", "docker.service"], check=True)
        subprocess.run(["docker", "import", TARBALL, "bench"], check=True, stdout=subprocess.DEVNULL)
        subjects, missing = {}, []
        for name in RUNTIMES:
            argv = ["docker", "run", "--rm", "--network=none", f"--runtime={name}", "bench", "/bin/true"]
            tried = subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            if tried.returncode == 0:
                subjects[name] = lambda argv=argv: run(*argv)
            else:
                missing.append(f"  {name} can't: {tried.stderr.strip().splitlines()[0]}")
        figures = measure(subjects)
        print(f"oci, docker run --rm --network=none: {ROUNDS} rounds each, taking turns, medians, ratios to runc")
        for name, value in figures.items():
            print(f"  {name:28} {value:8.2f} ms {value / figures['runc']:5.2f} ×")
        print(*missing, sep="\n")
        subprocess.run(["docker", "rmi", "bench"], check=True, stdout=subprocess.DEVNULL)
    finally:
        subprocess.run(["systemctl", "stop", "docker.socket", "docker.service", "containerd.service"])
        daemon.write_bytes(kept) if kept else daemon.unlink()


shutil.rmtree(PLACE, ignore_errors=True)
bench_runtimes()
if shutil.which("dockerd"):
    bench_docker()
shutil.rmtree(PLACE)
