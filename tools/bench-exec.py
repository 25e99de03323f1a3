# SPDX-License-Identifier: LGPL-2.1-or-later
"""The part of tools/bench that times commands in a running container, inside the test host: `quiltctl exec`, `crun exec` and
`podman exec` into containers of the same root, in turns; and how many bytes a second pass through `exec`
and `run -i`."""
import os
import re
import shutil
import statistics
import subprocess
import time
from pathlib import Path

ROUNDS, WARMUP = 50, 5
BUNDLES = Path("/run/quilt-bench")
SIZE = 1 << 30


def run(*argv, **kwargs):
    subprocess.run(argv, check=True, **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **kwargs})


def podman(*argv):
    run("podman", "--runtime=/usr/bin/runc", *argv)


def start_crun():
    """Two containers: one that crun's own `spec` describes, and one that has a system call filter, as Quilt's has."""
    shutil.rmtree(BUNDLES, ignore_errors=True)
    for name, seccomp in (("bench", None), ("bench-filter", seccomp_rules())):
        bundle = make_bundle(BUNDLES / name, ["/bin/sleep", "1000"], seccomp)
        run("crun", "--systemd-cgroup", "run", "--detach", "--bundle", bundle, name, stdout=None)


def measure(subjects):
    times = {name: [] for name in subjects}
    for turn in range(WARMUP + ROUNDS):
        for name, argv in subjects.items():
            begin = time.perf_counter()
            run(*argv)
            if turn >= WARMUP:
                times[name].append((time.perf_counter() - begin) * 1000)
    return {name: statistics.median(values) for name, values in times.items()}


def feed(argv):
    """Seconds for SIZE bytes through a pipe, argv and another pipe."""
    begin = time.perf_counter()
    head = subprocess.Popen(["head", "-c", str(SIZE), "/dev/zero"], stdout=subprocess.PIPE)
    middle = subprocess.Popen(argv, stdin=head.stdout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    head.stdout.close()
    out = subprocess.run(["wc", "-c"], stdin=middle.stdout, stdout=subprocess.PIPE, check=True).stdout
    assert int(out) == SIZE and middle.wait() == 0
    return time.perf_counter() - begin


def daemon_state():
    pid = int(subprocess.run(["pidof", "quiltd"], check=True, stdout=subprocess.PIPE).stdout)
    kb = int(re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])
    return kb, len(os.listdir(f"/proc/{pid}/fd"))


def main():
    has_podman = shutil.which("podman")
    run("quiltctl", "import", TARBALL, "bench")
    run("quiltctl", "run", "-d", "--name", "bench", "bench", "/bin/sleep", "1000")
    start_crun()
    subjects = {"quiltctl exec": ["quiltctl", "exec", "bench", "/bin/true"],
                "crun exec": ["crun", "exec", "bench", "/bin/true"],
                "crun exec, with a filter": ["crun", "exec", "bench-filter", "/bin/true"],
                "quiltctl version (one call)": ["quiltctl", "version"]}
    if has_podman:
        podman("import", TARBALL, "bench")
        podman("run", "-d", "--name", "bench", "--network=none", "--pids-limit=-1", "bench", "/bin/sleep", "1000")
        subjects["podman exec"] = ["podman", "--runtime=/usr/bin/runc", "exec", "bench", "/bin/true"]
    figures = measure(subjects)
    print(f"exec: {ROUNDS} rounds, in turns, medians, and ratios to crun exec")
    for name, value in figures.items():
        print(f"  {name:28} {value:8.2f} ms  {value / figures['crun exec']:5.2f} ×")
    pipes = {"pipes and dd": [str(BUNDLES / "bench/rootfs/bin/busybox"), "dd", "bs=1M"],
             "quiltctl exec -i": ["quiltctl", "exec", "-i", "bench", "/bin/dd", "bs=1M"],
             "quiltctl run -i": ["quiltctl", "run", "-i", "--rm", "--log-rate-limit=1/1h", "bench", "/bin/dd", "bs=1M"]}
    seconds = {name: [] for name in pipes}
    for _ in range(5):
        for name, argv in pipes.items():
            seconds[name].append(feed(argv))
    seconds = {name: statistics.median(values) for name, values in seconds.items()}
    print("  1 GiB, 5 rounds, in turns, medians, and the speed in ratio to plain pipes")
    for name, value in seconds.items():
        print(f"    {name:26} {value:8.2f} s   {seconds['pipes and dd'] / value:5.2f} ×")
    before = daemon_state()
    for _ in range(1000):
        run("quiltctl", "exec", "bench", "/bin/true")
    after = daemon_state()
    print(f"  1,000 in a row: quiltd's memory {before[0]} → {after[0]} KB, descriptors {before[1]} → {after[1]}")
    for name in ("bench", "bench-filter"):
        run("crun", "delete", "--force", name)
    run("quiltctl", "remove", "--force", "bench")
    run("quiltctl", "remove-image", "bench")
    if has_podman:
        podman("rm", "--force", "--time=0", "bench")
        podman("rmi", "--force", "bench")


main()
