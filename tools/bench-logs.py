# SPDX-License-Identifier: LGPL-2.1-or-later
"""The part of tools/bench that measures the way of a container's output to the journal, inside the test host.

Usage: bench-logs.py [ROUNDS [LINES]]. A container prints the same lines that a bare loop sends to journald as the same
datagrams. They take turns; figures are medians, and ratios to the bare loop. Where podman is installed, the CPU time of
its conmon stands beside that of Quilt's supervisor.
"""

import fcntl
import os
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

TARBALL = "/opt/quilt-test/images/busybox.tar.gz"
JOURNALD = Path("/etc/systemd/journald.conf.d/50-quilt-bench.conf")
QUILTD = Path("/etc/quilt/quiltd.conf.d/50-bench.conf")
PLACE = Path("/var/tmp/quilt-bench-logs")
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
LINES = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
TEXT = [b"line %07d of what a container prints, as long as lines in a log often are\n" % n for n in range(LINES)]
NAME = "bench-logs"


def run(*argv):
    return subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout.decode()


def set_share(share):
    QUILTD.write_text(f"[Manager]\nJournalShare={share}\n")
    run("systemctl", "restart", "quiltd.service")


def make_image():
    """busybox and the lines, so that a container has them without work."""
    shutil.rmtree(PLACE, ignore_errors=True)
    (PLACE / "root").mkdir(parents=True)
    run("tar", "-C", str(PLACE / "root"), "-xf", TARBALL)
    (PLACE / "root/lines").write_bytes(b"".join(TEXT))
    run("tar", "-C", str(PLACE / "root"), "-cf", str(PLACE / "image.tar"), ".")
    run("quiltctl", "import", str(PLACE / "image.tar"), NAME)


def forget():
    """What one measurement has left is not to be cleared away in the next one."""
    subprocess.run(["quiltctl", "remove", NAME], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run("journalctl", "--sync")
    run("journalctl", "--quiet", "--rotate", "--vacuum-size=1M")


def bare_loop():
    """The entries of a container, sent one by one by a process that does nothing else."""
    head = (b"PRIORITY=6\nSYSLOG_IDENTIFIER=%(name)s\nCONTAINER_ID=0123456789ab\n"
            b"CONTAINER_ID_FULL=0123456789abcdef0123456789abcdef\nCONTAINER_NAME=%(name)s\nCONTAINER_TAG=%(name)s\n"
            b"IMAGE_NAME=%(name)s\nQUILT_STREAM=stdout\nMESSAGE=") % {b"name": NAME.encode()}
    out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    out.setsockopt(socket.SOL_SOCKET, 32, 8 << 20)  # SO_SNDBUFFORCE, as libsystemd
    out.connect("/run/systemd/journal/socket")
    for line in TEXT:
        out.send(head + line)
    while struct.unpack("i", fcntl.ioctl(out, termios.TIOCOUTQ, b"\0" * 4))[0] > 0:
        time.sleep(0.0005)


def detached():
    run("quiltctl", "run", "-d", "--name", NAME, NAME, "/bin/cat", "/lines")
    run("quiltctl", "wait", NAME)


def attached():
    with open("/dev/null", "wb") as null:
        subprocess.run(["quiltctl", "run", "--name", NAME, NAME, "/bin/cat", "/lines"], check=True, stdout=null,
                       stdin=subprocess.DEVNULL)


def podman(*argv):
    return run("podman", "--runtime=/usr/bin/runc", *argv)


def podman_run():
    podman("run", "--rm", "--name", NAME, "--log-driver=journald", "--network=none", "--pids-limit=-1", NAME, "/bin/cat",
           "/lines")


def seconds(subject):
    begin = time.perf_counter()
    subject()
    return time.perf_counter() - begin


def bench_speed(title, subjects):
    subjects = {"a bare loop of the datagrams": bare_loop, **subjects}
    times = {name: [] for name in subjects}
    for turn in range(ROUNDS + 1):
        for name, subject in subjects.items():
            forget()
            taken = seconds(subject)
            if turn > 0:
                times[name].append(taken)
    bare = statistics.median(times["a bare loop of the datagrams"])
    print(f"logs, {title}: {LINES} lines, {ROUNDS} rounds each, taking turns, medians, ratios to the bare loop")
    for name, series in times.items():
        taken = statistics.median(series)
        spread = f"{LINES / max(series) / 1000:.1f} to {LINES / min(series) / 1000:.1f}"
        print(f"  {name:30} {LINES / taken / 1000:7.1f} thousand lines a second ({spread}) {bare / taken:6.2f} ×", flush=True)


def find(comm):
    """The only process of that name."""
    return next(pid for pid in filter(str.isdigit, os.listdir("/proc"))
                if Path(f"/proc/{pid}/comm").read_text().strip() == comm)


def cpu_seconds(comm):
    """Of a process that will have nothing to do once it has passed all lines on."""
    path, before, now = Path(f"/proc/{find(comm)}/schedstat"), -1, 0
    while now == 0 or now != before:
        time.sleep(0.5)
        before, now = now, int(path.read_text().split()[0])
    return now / 1e9


def supervisor_cpu(*options):
    argv = ["quiltctl", "run", *options, "--name", NAME, NAME, "/bin/sh", "-c", "cat /lines; echo end >&2; exec sleep 1000"]
    client = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    client.stderr.readline()  # attached: the container has printed its lines; detached: quiltctl has ended
    taken = cpu_seconds("quilt-superviso")
    run("quiltctl", "remove", "--force", NAME)
    client.communicate()
    return taken


def conmon_cpu():
    podman("run", "-d", "--name", NAME, "--log-driver=journald", "--network=none", "--pids-limit=-1", NAME, "/bin/sh",
           "-c", "cat /lines; exec sleep 1000")
    taken = cpu_seconds("conmon")
    podman("rm", "--force", "--time=0", NAME)
    return taken


def bench_cpu(has_podman):
    subjects = {
        "quilt-supervisor, detached": lambda: supervisor_cpu("-d"),
        "quilt-supervisor, attached": supervisor_cpu,
        **({"podman's conmon, detached": conmon_cpu} if has_podman else {}),
    }
    times = {name: [] for name in subjects}
    for _ in range(ROUNDS):
        for name, subject in subjects.items():
            forget()
            times[name].append(subject() / LINES * 1e6)
    print("logs: CPU time of the process between the container and journald, medians")
    for name, series in times.items():
        print(f"  {name:30} {statistics.median(series):7.2f} µs a line ({min(series):.2f} to {max(series):.2f})")


def main():
    has_podman = shutil.which("podman") and shutil.which("runc")
    JOURNALD.parent.mkdir(parents=True, exist_ok=True)
    JOURNALD.write_text("[Journal]\nRateLimitIntervalSec=0\nSystemMaxUse=4G\nRuntimeMaxUse=4G\n")
    QUILTD.parent.mkdir(parents=True, exist_ok=True)
    run("systemctl", "restart", "systemd-journald.service")
    set_share("infinity")
    make_image()
    if has_podman:
        podman("import", str(PLACE / "image.tar"), NAME)
    try:
        bench_speed("no share of the journal", {
            "a container, detached": detached,
            "a container, attached": attached,
            **({"podman run, attached": podman_run} if has_podman else {}),
        })
        bench_cpu(has_podman)
        set_share("50%")
        bench_speed("within the default share of the journal", {"a container, detached": detached})
    finally:
        forget()
        run("quiltctl", "remove-image", NAME)
        if has_podman:
            podman("rmi", "--force", NAME)
        JOURNALD.unlink()
        QUILTD.unlink()
        run("systemctl", "restart", "systemd-journald.service")
        run("systemctl", "restart", "quiltd.service")
        shutil.rmtree(PLACE)


main()
