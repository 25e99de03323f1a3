# SPDX-License-Identifier: LGPL-2.1-or-later
"""The part of tools/bench that runs inside the test host. Usage: bench-inside.py start|setup|cpu|parallel|seccomp|list|memory|serve"""

import gzip
import json
import os
import re
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import time
from pathlib import Path

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

TARBALL = "/opt/quilt-test/images/busybox.tar.gz"
ROUNDS, WARMUP = 30, 3


def run(*argv):
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def peace():
    time.sleep(0.1)


def another_start():
    run("systemd-run", "--scope", "--quiet", "/bin/true")


def time_in_turns(subjects, before=lambda: None, rounds=ROUNDS):
    """The ms of each round of each of {name: function}, each right after before().

    The subjects take turns, so that a drift of the machine hits all alike. What came before matters: the first to move
    a process between cgroups after a while waits for a grace period of the kernel's (RCU, some 8 ms), and who comes
    right after it does not.
    """
    times = {name: [] for name in subjects}
    for turn in range(WARMUP + rounds):
        for name, subject in subjects.items():
            before()
            begin = time.perf_counter()
            subject()
            if turn >= WARMUP:
                times[name].append((time.perf_counter() - begin) * 1000)
    return times


def measure(subjects, before=lambda: None):
    """The medians of time_in_turns()."""
    return {name: statistics.median(values) for name, values in time_in_turns(subjects, before).items()}


def crun_bundle(path):
    """An OCI bundle of the same root with the same program, as crun's own `spec` makes it."""
    root = path / "rootfs"
    root.mkdir(parents=True)
    run("tar", "-C", str(root), "-xf", TARBALL)
    subprocess.run(["crun", "spec"], cwd=path, check=True)
    config = json.loads((path / "config.json").read_text())
    config["process"]["terminal"] = False
    config["process"]["args"] = ["/bin/true"]
    config["process"].pop("rlimits", None)  # the host may lack CAP_SYS_RESOURCE …
    config["linux"].pop("resources", None)  # … which crun's device filter needs too; so it saves that work
    (path / "config.json").write_text(json.dumps(config))


def phases(total):
    """Where the ms of `quiltctl run --rm` go, by the time stamps of quiltd's own events of the last series: medians."""
    run("journalctl", "--sync")
    lines = subprocess.run(["journalctl", "-q", "-o", "json", "-t", "quiltd", "IMAGE_NAME=bench"],
                           check=True, stdout=subprocess.PIPE).stdout.decode().splitlines()
    runs = {}
    for entry in map(json.loads, lines):
        event = re.match(r"Container \S+ (?:is|was) (\S+)", entry["MESSAGE"])
        if event:
            stamp = int(entry["_SOURCE_REALTIME_TIMESTAMP"])
            runs.setdefault(entry["CONTAINER_ID_FULL"], []).append((event[1].strip("."), stamp))
    deltas = {}
    for marks in list(runs.values())[-ROUNDS:]:
        for (before, begin), (name, end) in zip(marks, marks[1:]):
            deltas.setdefault(f"{before} → {name}", []).append((end - begin) / 1000)
    medians = {name: statistics.median(values) for name, values in deltas.items()}
    return {"quiltctl, the bus, the answers": total - sum(medians.values()), **medians}


def crun_start():
    """What starts crun's container of the same root."""
    bundle = Path("/run/quilt-bench")
    shutil.rmtree(bundle, ignore_errors=True)
    crun_bundle(bundle)
    return lambda: run("crun", "--systemd-cgroup", "run", "--bundle", str(bundle), "bench")


CONFIG = Path("/etc/quilt/quiltd.conf.d/50-bench.conf")


def warm(count):
    """Sets WarmStarts=."""
    CONFIG.parent.mkdir(parents=True, exist_ok=True)
    CONFIG.write_text(f"[Manager]\nWarmStarts={count}\n")
    run("systemctl", "reload-or-restart", "quiltd")
    refill(count)


def refill(count):
    """Waits until so many starts are prepared."""
    while subprocess.run(["pgrep", "-xc", "quilt-warm"], stdout=subprocess.PIPE).stdout.strip() != str(count).encode():
        time.sleep(0.01)
    time.sleep(0.1)


def bench_start():
    crun = crun_start()
    for name in ("bench", "bench-host"):
        run("quiltctl", "import", TARBALL, name)
    subjects = {
        "quiltctl run --rm": lambda: run("quiltctl", "run", "--rm", "bench", "/bin/true"),
        "… --userns=host": lambda: run("quiltctl", "run", "--rm", "--userns=host", "bench-host", "/bin/true"),
        "… and no system call filter": lambda: run("quiltctl", "run", "--rm", "--userns=host", "--seccomp", "unconfined",
                                                   "bench-host", "/bin/true"),
        "crun --systemd-cgroup run": crun,
        "crun run (cgroupfs)": lambda: run("crun", "run", "--bundle", "/run/quilt-bench", "bench"),
        "systemd-run --scope": lambda: run("systemd-run", "--scope", "--quiet", "/bin/true"),
        "quiltctl version (one call)": lambda: run("quiltctl", "version"),
        "quiltctl --help (no bus)": lambda: run("quiltctl", "--help"),
    }
    lone, figures = measure(subjects, peace), measure(subjects, another_start)
    print(f"start: {ROUNDS} rounds each, taking turns, medians, and ratios to crun --systemd-cgroup run")
    print(f"  {'':32} {'right after another':>20}   {'after 100 ms of peace':>21}")
    for name in subjects:
        columns = [f"{series[name]:8.2f} ms {series[name] / series['crun --systemd-cgroup run']:5.2f} ×"
                   for series in (figures, lone)]
        print(f"  {name:32} {columns[0]:>20}   {columns[1]:>21}")
    print("  where quiltctl run --rm spends it:")
    for name, value in phases(figures["quiltctl run --rm"]).items():
        print(f"    {name:30} {value:7.2f} ms")
    warm(1)
    subjects = {"… WarmStarts=1": subjects["quiltctl run --rm"], "crun --systemd-cgroup run": crun}
    series = [measure(subjects, lambda before=before: (refill(1), before())) for before in (another_start, lambda: None)]
    columns = [f"{one['… WarmStarts=1']:8.2f} ms {one['… WarmStarts=1'] / one['crun --systemd-cgroup run']:5.2f} ×" for one in series]
    print(f"  {'… WarmStarts=1, by turns with crun':32} {columns[0]:>20}   {columns[1]:>21}")
    warm(0)
    run("quiltctl", "remove-image", "bench", "bench-host")


def bench_setup():
    """What a start with setup steps takes longer than one without, if their result is kept, and if they run each time."""
    rounds = 4 * ROUNDS
    run("quiltctl", "import", TARBALL, "bench")
    steps = ("--setup", "echo made > /made", "--setup", "mkdir /more")

    def start(*options):
        return lambda: run("quiltctl", "run", "--rm", *options, "bench", "/bin/true")

    subjects = {"no setup": start(), "setup, kept": start(*steps), "setup, each time": start("--setup-cache=off", *steps)}
    print(f"setup: quiltctl run --rm, {rounds} rounds each, taking turns, medians, and of the differences to no setup in each round")
    for title, before in (("right after another", another_start), ("after 100 ms of peace", peace)):
        times = time_in_turns(subjects, before, rounds)
        print(f"  {title}:")
        for name, values in times.items():
            more = statistics.median(one - none for one, none in zip(values, times["no setup"]))
            print(f"    {name:20} {statistics.median(values):8.2f} ms   {more:+6.2f} ms")
    run("quiltctl", "remove-image", "bench")


def together(count, argv):
    """Seconds until as many of argv(number) as count, begun at the same moment, have ended."""
    begin = time.perf_counter()
    started = [subprocess.Popen(argv(number), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) for number in range(count)]
    for process in started:
        assert process.wait() == 0, argv(0)
    return time.perf_counter() - begin


def bench_parallel():
    """Starts that begin at the same moment, until the last one has ended."""
    run("quiltctl", "import", TARBALL, "bench")
    crun_start()
    subjects = {
        "quiltctl run --rm": lambda number: ["quiltctl", "run", "--rm", "bench", "/bin/true"],
        "crun --systemd-cgroup run": lambda number: ["crun", "--systemd-cgroup", "run", "--bundle", "/run/quilt-bench", f"b{number}"],
    }
    times = {name: [] for name in subjects}
    for turn in range(8):
        for name, argv in subjects.items():
            taken = together(100 if turn else 10, argv)
            if turn:
                times[name].append(taken)
    medians = {name: statistics.median(values) for name, values in times.items()}
    print("parallel: 100 starts at once, 7 rounds, medians of the time until the last has ended")
    for name, value in medians.items():
        print(f"  {name:28} {value:7.3f} s  {value / medians['crun --systemd-cgroup run']:5.2f} ×")
    warm(100)
    prepared = []
    for _ in range(7):
        refill(100)
        prepared.append(together(100, subjects["quiltctl run --rm"]))
    value = statistics.median(prepared)
    print(f"  {'… WarmStarts=100':28} {value:7.3f} s  {value / medians['crun --systemd-cgroup run']:5.2f} ×")
    warm(0)
    # crun fails then: the bus refuses its connections.
    taken, (daemon,) = together(1000, subjects["quiltctl run --rm"]), pids_of("quiltd")
    peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{daemon}/status").read_text())[1]
    print(f"  1,000 at once: {taken:.1f} s; the peak of quiltd's memory: {int(peak) // 1024} MiB")
    run("quiltctl", "remove-image", "bench")


CGROUPS = {
    "systemd": "init.scope", "D-Bus": "system.slice/dbus.service", "journald": "system.slice/systemd-journald.service",
    "quiltd": "system.slice/quiltd.service", "the container and its supervisor": "quilt.slice",
}


def cpu_usage(cgroup):
    path = Path("/sys/fs/cgroup", cgroup, "cpu.stat")
    return int(path.read_text().split()[1]) / 1000 if path.exists() else 0


def bench_cpu():
    """The CPU time of a start in all processes of the host: another load of the machine changes it little."""
    run("quiltctl", "import", TARBALL, "bench")
    crun, rounds = crun_start(), 4 * ROUNDS
    subjects = {
        "quiltctl run --rm": lambda: run("quiltctl", "run", "--rm", "bench", "/bin/true"),
        "crun --systemd-cgroup run": crun,
        "systemd-run --scope": another_start,
    }
    totals = {}
    print(f"cpu: ms of CPU time of one start, means of {rounds}")
    for name, subject in subjects.items():
        subject()
        time.sleep(1)
        before = {cgroup: cpu_usage(cgroup) for cgroup in (".", *CGROUPS.values())}
        for _ in range(rounds):
            subject()
        time.sleep(1)  # what a start leaves to be done is a part of it
        spent = {cgroup: (cpu_usage(cgroup) - value) / rounds for cgroup, value in before.items()}
        totals[name] = spent.pop(".")
        parts = {what: spent[cgroup] for what, cgroup in CGROUPS.items()}
        parts["the rest"] = totals[name] - sum(parts.values())
        print(f"  {name:28} {totals[name]:6.2f}   " + ", ".join(f"{what} {value:.2f}" for what, value in parts.items()))
    print(f"  ratio: {totals['quiltctl run --rm'] / totals['crun --systemd-cgroup run']:.2f} × crun --systemd-cgroup run")
    run("quiltctl", "remove-image", "bench")


def bench_seccomp():
    """What a start pays for its filter: ready in memory, none, compiled for this one start, and that by itself."""
    run("quiltctl", "import", TARBALL, "bench")
    profile = json.loads(Path("/usr/share/quilt/seccomp.json").read_text())
    path, numbers = Path("/run/quilt-bench.json"), iter(range(1 << 40, 1 << 41))

    def new_profile():
        """The default one with a rule that no cache has seen."""
        rule = {"names": ["dup3"], "action": "SCMP_ACT_ERRNO",
                "args": [{"index": 0, "value": next(numbers), "op": "SCMP_CMP_EQ"}]}
        path.write_text(json.dumps({**profile, "syscalls": profile["syscalls"] + [rule]}))

    def start(*options):
        run("quiltctl", "run", "--rm", *options, "bench", "/bin/true")

    def missed():
        new_profile()
        start("--seccomp", str(path))

    new_profile()
    cached = Path("/run/quilt-bench-cached.json")
    cached.write_bytes(path.read_bytes())
    # Measured separately: work that a compilation leaves behind would slow down the next start.
    loaded = {"run, the default filter": start, "run, no filter (unconfined)": lambda: start("--seccomp", "unconfined")}
    compiled = {"run, a profile seen before": lambda: start("--seccomp", str(cached)), "run, a profile never seen": missed}
    lone, figures = ({**measure(loaded, before), **measure(compiled, before)} for before in (peace, another_start))
    print(f"seccomp: {ROUNDS} rounds each, taking turns, medians, right after another start and after 100 ms of peace")
    for name in figures:
        print(f"  {name:32} {figures[name]:8.2f} ms   {lone[name]:8.2f} ms")
    for what, series in (("right after another", figures), ("after peace", lone)):
        print(f"  {what}: the filter costs {series['run, the default filter'] - series['run, no filter (unconfined)']:.2f} ms, "
              f"its compilation {series['run, a profile never seen'] - series['run, a profile seen before']:.2f} ms")
    path.unlink()
    cached.unlink()
    run("quiltctl", "remove-image", "bench")


def add_records(count):
    """Adds records to the store of a quiltd that is stopped, made of one that it wrote itself."""
    store = Path("/var/lib/quilt/containers")
    record = json.loads(next(store.glob("*/record.json")).read_text())
    del record["uid-map"], record["gid-map"]
    record["options"]["userns"] = "host"
    for number in range(count):
        record["id"] = f"{number:032x}"
        record["options"]["name"] = f"more-{number}"
        directory = store / record["id"]
        for name in ("upper", "work"):
            (directory / name).mkdir(parents=True)
        (directory / "record.json").write_text(json.dumps(record))


def seconds_of(*argv):
    begin = time.perf_counter()
    run(*argv)
    return time.perf_counter() - begin


class RawBus:
    """A client that only receives an answer: to make values of it is the work of whoever wants them."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect("/run/dbus/system_bus_socket")
        self.file = self.socket.makefile("rb", buffering=1 << 20)
        self.serial = 0
        self.socket.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
        assert self.file.readline().startswith(b"OK ")
        self.socket.sendall(b"BEGIN\r\n")
        self.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello")

    def call(self, destination, path, interface, method, signature="", body=b""):
        """The size of the answer's body in bytes."""
        fields = b""
        for code, kind, value in ((1, "o", path), (6, "s", destination), (2, "s", interface), (3, "s", method)):
            fields += b"\0" * (-len(fields) % 8) + bytes([code, 1]) + kind.encode() + b"\0"
            fields += struct.pack("<I", len(value)) + value.encode() + b"\0"
        if signature:
            fields += b"\0" * (-len(fields) % 8) + b"\x08\1g\0" + bytes([len(signature)]) + signature.encode() + b"\0"
        self.serial += 1
        head = struct.pack("<BBBBIII", ord("l"), 1, 0, 1, len(body), self.serial, len(fields)) + fields
        self.socket.sendall(head + b"\0" * (-len(head) % 8) + body)
        while True:
            head = self.file.read(16)
            size, _, fields_size = struct.unpack("<III", head[4:])
            self.file.read(fields_size + -fields_size % 8 + size)
            assert head[1] != 3, "the call failed"
            if head[1] == 2:
                return size


def bench_list():
    count, more = 1000, 9000
    run("quiltctl", "import", TARBALL, "bench")
    bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)

    def call(method, parameters):
        return bus.call_sync("org.quilt", "/org/quilt", "org.quilt.Manager", method, parameters, None,
                             Gio.DBusCallFlags.NONE, -1, None)

    def show(title, subjects):
        print(f"list: {title}, {ROUNDS} rounds each, medians")
        for name, value in measure(subjects).items():
            print(f"  {name:34} {value:7.2f} ms")

    options = {"command": GLib.Variant("aay", [b"/bin/true\0"])}
    names = [f"bench-{number}" for number in range(count)]
    for name in names:
        call("CreateContainer", GLib.Variant("(sa{sv})", ("bench", {**options, "name": GLib.Variant("s", name)})))
    raw = RawBus()
    lists = {
        "ListContainers, until it is there": lambda: raw.call("org.quilt", "/org/quilt", "org.quilt.Manager", "ListContainers",
                                                              "a{sv}", struct.pack("<II", 0, 0)),
        "ListContainers by GDBus": lambda: call("ListContainers", GLib.Variant("(a{sv})", ({},))),
        "quiltctl list": lambda: run("quiltctl", "list"),
    }
    show(f"{count} containers in the store", {
        **lists,
        # It exits with 3, as of a unit that does not run.
        "quiltctl status NAME": lambda: subprocess.run(["quiltctl", "status", names[-1]], stdout=subprocess.DEVNULL),
        "quiltctl inspect NAME": lambda: run("quiltctl", "inspect", names[-1]),
        "quiltctl version (one call)": lambda: run("quiltctl", "version"),
    })
    run("systemctl", "stop", "quiltd")
    add_records(more)
    starts = []
    for _ in range(3):
        run("systemctl", "stop", "quiltd")
        starts.append(seconds_of("systemctl", "start", "quiltd"))
    show(f"{count + more} containers in the store", lists)
    print(f"  {'systemctl start quiltd':34} {statistics.median(starts) * 1000:7.2f} ms")
    names += [f"more-{number}" for number in range(more)]
    for first in range(0, len(names), 1000):
        call("RemoveContainers", GLib.Variant("(asa{sv})", (names[first:first + 1000], {})))
    run("quiltctl", "remove-image", "bench")


def vary(archive, kind, number):
    """Appends a part that holds nothing: quiltd unpacks no archive that it has already."""
    part = gzip.compress(b"", mtime=number) if kind == "gz" else struct.pack("<III", 0x184D2A50, 4, number)
    with archive.open("ab") as file:
        file.write(part)


def bench_import():
    """Nothing is removed before the end: ext4 looks for seconds for inodes that were not freed just now."""
    rounds = 3
    work = Path("/var/lib/quilt/.bench")  # the disk that quiltd unpacks to
    plain = Path("/tmp/bench.tar")  # memory, so that reading costs both the same
    run("tar", "-C", "/", "--numeric-owner", "-cf", str(plain), "usr", "etc")
    run("gzip", "-k", str(plain))
    run("zstd", "-q", "-k", str(plain))
    work.mkdir()
    times = {}
    images = []
    for number in range(rounds):
        for kind, option in (("gz", "--gzip"), ("zst", "--zstd")):
            archive = Path(f"{plain}.{kind}")
            tree = work / f"{kind}-{number}"
            vary(archive, kind, number)
            tree.mkdir()
            images.append(f"bench-{kind}-{number}")
            for name, command in (
                    ("tar and sync", f"tar -C {tree} {option} --numeric-owner -xpf {archive} && sync -f {tree}"),
                    ("quiltctl import", f"quiltctl import {archive} {images[-1]}")):
                run("sync", "-f", str(work))
                times.setdefault((kind, name), []).append(seconds_of("sh", "-c", command))
    print(f"import: {plain.stat().st_size / 1e6:.0f} MB of a real root, {rounds} rounds, taking turns, medians")
    for kind in ("gz", "zst"):
        tar, quilt = (statistics.median(times[kind, name]) for name in ("tar and sync", "quiltctl import"))
        print(f"  {kind:4} tar and sync {tar:6.2f} s   quiltctl import {quilt:6.2f} s   {quilt / tar:5.2f} of tar's")
    run("quiltctl", "remove-image", *images)
    shutil.rmtree(work)
    for path in Path("/tmp").glob("bench.tar*"):
        path.unlink()


def pss(pid):
    return sum(int(line.split()[1]) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
               if line.startswith("Pss:"))


def pids_of(comm):
    pids = [pid for pid in os.listdir("/proc") if pid.isdigit()]
    return [int(pid) for pid in pids if Path(f"/proc/{pid}/comm").exists() and Path(f"/proc/{pid}/comm").read_text().strip() == comm]


def bench_memory():
    count = 20
    run("quiltctl", "import", TARBALL, "bench")
    names = [f"bench-{number}" for number in range(count)]
    for name in names:
        run("quiltctl", "run", "-d", "--name", name, "--stop-signal", "KILL", "bench", "/bin/sleep", "infinity")
    supervisors = [pss(pid) for pid in pids_of("quilt-superviso")]
    daemon = [pss(pid) for pid in pids_of("quiltd")]
    print(f"memory: {count} running, proportional set size, medians")
    print(f"  quilt-supervisor                 {statistics.median(supervisors):7.0f} KB (of {len(supervisors)})")
    print(f"  quiltd                           {daemon[0]:7.0f} KB")
    run("quiltctl", "remove", "--force", *names)
    run("quiltctl", "remove-image", "bench")


def serve():
    """A line "quilt|crun peace|another" in, the ms of that start after that out: for tools/bench-versus.py."""
    run("quiltctl", "import", TARBALL, "bench")
    starts = {"quilt": lambda: run("quiltctl", "run", "--rm", "bench", "/bin/true"), "crun": crun_start()}
    befores = {"peace": peace, "another": another_start}
    print("ready", flush=True)
    for line in sys.stdin:
        what, before = line.split()
        befores[before]()
        begin = time.perf_counter()
        starts[what]()
        print((time.perf_counter() - begin) * 1000, flush=True)
    run("quiltctl", "remove-image", "bench")


{"start": bench_start, "setup": bench_setup, "cpu": bench_cpu, "parallel": bench_parallel, "seccomp": bench_seccomp, "list": bench_list, "memory": bench_memory, "import": bench_import,
 "serve": serve}[sys.argv[1]]()
