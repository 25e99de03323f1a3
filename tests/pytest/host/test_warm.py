# SPDX-License-Identifier: LGPL-2.1-or-later
"""WarmStarts=: starts that are prepared before their containers. Each test leaves none of them behind."""
import concurrent.futures
import os
import pathlib
import random
import re
import subprocess
import threading
import time

import pytest
from gi.repository import GLib

from quilt import LONG, SLICE, TIMEOUT, call, containers, ctl, manager, run, scopes, spawn, wait_exit, wait_path, wait_unit
from test_crash import ENDS_WITH_7, daemon_again, rows
from test_daemon import daemon_pid, kill_daemon
from test_idle import daemon_pid_quiet
from test_lifecycle import background, props

CONFIG = pathlib.Path("/etc/quilt/quiltd.conf.d/50-warm.conf")
DESCRIPTION = "Quilt's prepared start of a future container (WarmStarts= in quiltd.conf)"


def prepared():
    """The processes of prepared starts by the names that they have for containers."""
    found = {}
    for path in SLICE.glob("quilt-*.scope/supervisor/cgroup.procs"):
        try:
            pid = int(path.read_text())
            if pathlib.Path(f"/proc/{pid}/comm").read_text() == "quilt-warm\n":
                found[path.parent.parent.name.removeprefix("quilt-").removesuffix(".scope")] = pid
        except (OSError, ValueError):  # it has ended, or its cgroup has more processes
            pass
    return found


def wait_prepared(count, without=()):
    """Waits until so many starts are prepared, other than those."""
    deadline = time.monotonic() + TIMEOUT
    while len(found := {name: pid for name, pid in prepared().items() if name not in without}) != count:
        assert time.monotonic() < deadline, f"{found} are prepared, not {count}"
    ctl("version").ok()  # quiltd has handled what came before this call
    return found


def configure(text):
    CONFIG.parent.mkdir(parents=True, exist_ok=True)
    CONFIG.write_text("[Manager]\n" + text)
    manager("Reload", "(a{sv})", {})


@pytest.fixture
def warm():
    """Sets WarmStarts=, and waits until they are prepared."""
    def set_number(count, more=""):
        configure(f"WarmStarts={count}\n{more}")
        return wait_prepared(count)

    yield set_number
    CONFIG.unlink(missing_ok=True)
    manager("Reload", "(a{sv})", {})
    run("systemctl", "reset-failed", "quiltd.service")
    for name in containers():
        ctl("remove", "--force", name).ok()


def detached(image, *command, options=()):
    """The name of a container that runs, and was run without one."""
    found = ctl("run", "-d", *options, image, *command).ok().text.strip()
    return next(name for name, row in rows().items() if row[1].startswith(found) or name == found)


def show(unit):
    return dict(line.split("=", 1) for line in run("systemctl", "show", unit).ok().text.splitlines())


def test_nothing_is_prepared_by_default(busybox):
    ctl("run", "--rm", busybox, "/bin/true").ok()
    assert prepared() == {} and scopes() == []


def test_a_run_takes_a_prepared_scope_and_another_is_prepared(busybox, warm):
    first = warm(2)
    assert ctl("list", "--all", "--json=short").ok().json == []
    for name in first:
        shown = show(f"quilt-{name}.scope")
        assert (shown["Description"], shown["Slice"], shown["ActiveState"]) == (DESCRIPTION, "quilt.slice", "active")
    name = detached(busybox, "/bin/sleep", "1000")
    assert name in first
    (init,) = (SLICE / f"quilt-{name}.scope/payload/cgroup.procs").read_text().split()
    assert int(init) == props(name)["Pid"]
    assert (SLICE / f"quilt-{name}.scope/supervisor/cgroup.procs").read_text().split() == [str(first[name])]
    assert show(f"quilt-{name}.scope")["Description"] == f"Quilt container {name}"
    assert len(wait_prepared(2).keys() - first.keys()) == 1
    ctl("stop", "--timeout", "0", name).ok()
    assert ctl("start", name).ok().code == 0  # by a scope of its own
    assert props(name)["State"] == "running"


def test_exit_codes_and_output_are_the_commands_own(busybox, warm, journal):
    warm(8)
    for code in (0, 1, 42, 255):
        done = ctl("run", "--rm", busybox, "/bin/sh", "-c", f"echo out {code}; echo err >&2; grep ^0:: /proc/self/cgroup; exit {code}")
        assert (done.code, done.out, done.err) == (code, b"out %d\n0::/\n" % code, b"err\n")
    assert journal.messages("QUILT_STREAM=stderr") == [b"err"] * 4
    units = {entry["_SYSTEMD_UNIT"] for entry in journal.entries("QUILT_STREAM=stderr")}
    assert len(units) == 4 and all(re.fullmatch(r"quilt-\w+\.scope", unit) for unit in units)


# Properties that tell one scope from another, or its past: quiltd.conf(5) names those of the past.
OWN = re.compile(r"Id|Names|Description|.*Timestamp(Monotonic)?|InvocationID|ControlGroup(Id)?|DropInPaths|FragmentPath|"
                 r"(CPUUsage|Memory|Tasks|IO|IP).*(NSec|Current|Available|Bytes|Operations|Packets)|TasksCurrent|EffectiveMemory.*")
COUNTERS = re.compile(r"cgroup\.procs|cgroup\.threads|.*\.(current|peak|stat|pressure|events|local|numa_stat)|cgroup\.kill")


def cgroup_files(scope):
    """All settings of its cgroups."""
    files = {}
    for directory in (".", "supervisor", "payload"):
        for path in (SLICE / scope / directory).iterdir():
            if path.is_file() and not COUNTERS.fullmatch(path.name) and path.stat().st_mode & 0o400:
                files[f"{directory}/{path.name}"] = path.read_text(errors="replace")
    return files


@pytest.mark.parametrize("options", [
    (),
    ("--userns=host",),
    ("--memory=64M", "--memory-high=32M", "--cpus=0.5", "--pids-limit=50", "--cpu-weight=7", "--io-weight=9"),
    ("--userns=host", "--device=/dev/null:/dev/other", "--ip-deny=10.0.0.0/8", "--ip-allow=10.1.0.0/16"),
    ("--privileged",),
    ("--stop-timeout=20s", "--stop-signal=INT"),
    ("--cpuset-cpus=0",),
], ids=lambda options: " ".join(options) or "none")
def test_the_scope_is_that_of_a_cold_start(busybox, name, warm, options):
    first = warm(1)
    taken = detached(busybox, "/bin/sleep", "1000", options=options)
    assert taken in first
    background(name, busybox, "/bin/sleep", "1000", options=options)
    shown = [show(f"quilt-{title}.scope") for title in (taken, name)]
    differences = {key: [properties.get(key) for properties in shown] for key in shown[0].keys() | shown[1].keys()
                   if shown[0].get(key) != shown[1].get(key) and not OWN.fullmatch(key)}
    assert differences == {}
    assert [properties["Description"] for properties in shown] == [f"Quilt container {title}" for title in (taken, name)]
    files = [cgroup_files(f"quilt-{title}.scope") for title in (taken, name)]
    assert files[0] == files[1]
    extended = [os.getxattr(SLICE / f"quilt-{title}.scope", key) for title in (taken, name)
                for key in os.listxattr(SLICE / f"quilt-{title}.scope") if "quilt" in key]
    assert [text.decode() for text in extended] == [props(title)["Id"] for title in (taken, name)]


@pytest.mark.parametrize("options", [
    ("--slice=batch",), ("--stop-timeout=200s",), ("--timeout=200s",), ("--pids-limit=5",), ("--memory=8M",), ("--cpus=0.05",)], ids=lambda options: options[0])
def test_a_container_of_another_kind_starts_cold(busybox, warm, options):
    first = warm(1)
    assert detached(busybox, "/bin/sleep", "1000", options=options) not in first
    assert prepared() == first


def test_a_caller_gets_the_name_that_it_wants(busybox, warm):
    created, run_now, renamed = warm(3)
    ctl("create", "--name", created, busybox, "/bin/true").ok()
    assert ctl("run", "--name", run_now, busybox, "/bin/sh", "-c", "exit 3").code == 3
    ctl("rename", created, renamed).ok()
    ctl("start", renamed).ok()
    assert ctl("wait", renamed).text == "0\n"
    assert not wait_prepared(3).keys() & {created, run_now, renamed}


def test_a_supervisor_that_was_killed_is_replaced(busybox, warm):
    first = warm(2)
    for pid in first.values():
        os.kill(pid, 9)
    assert ctl("run", "--rm", busybox, "/bin/sh", "-c", "exit 3").code == 3
    wait_prepared(2, without=first)
    assert not set(first) & set(prepared())


def test_starts_go_on_while_all_supervisors_are_killed(busybox, warm):
    """Either the supervisor was killed before its start, which is then a cold one, or it had the container."""
    warm(4)
    stop = threading.Event()

    def kill():
        while not stop.wait(0.005):
            for pid in prepared().values():
                try:
                    os.kill(pid, 9)
                except ProcessLookupError:
                    pass

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        for number in range(60 if LONG else 20):
            done = ctl("run", "--rm", busybox, "/bin/sh", "-c", f"exit {number}")
            assert done.code == number or (done.code == 125 and b"supervisor failed or was killed" in done.err), done
            threading.Event().wait(random.uniform(0, 0.15))  # aims at the moments of preparation, waits for nothing
    finally:
        stop.set()
        killer.join()


def test_systemctl_stop_ends_one_and_it_is_not_replaced_at_once(busybox, warm):
    first = warm(2)
    stopped, left = first
    assert run("systemctl", "stop", f"quilt-{stopped}.scope").ok().seconds < 2
    assert not (SLICE / f"quilt-{stopped}.scope").exists()
    wait_exit(first[stopped])
    assert prepared() == {left: first[left]}
    assert detached(busybox, "/bin/sleep", "1000") == left


def test_the_number_follows_a_reload(warm):
    first = warm(3)
    second = warm(1)
    assert second.keys() < first.keys()
    third = warm(2)
    assert second.keys() < third.keys()
    assert not warm(2, more="DefaultPidsMax=77\n").keys() & third.keys()
    (name, *_) = prepared()
    assert show(f"quilt-{name}.scope")["TasksMax"] == "78"
    warm(0)
    assert scopes() == []


def test_none_is_left_when_quiltd_stops(warm):
    pids = warm(4).values()
    run("systemctl", "stop", "quiltd.service").ok()
    for pid in pids:
        wait_exit(pid)
    assert scopes() == []
    assert daemon_pid()
    wait_prepared(4)


def test_they_do_not_keep_an_idle_quiltd(warm):
    first = warm(4, more="ExitIdleSec=1s\n")
    pid = daemon_pid_quiet()
    wait_exit(pid, timeout=3 * TIMEOUT)
    wait_unit("quiltd.service", "inactive")
    assert scopes() == []
    ctl("version").ok()
    assert not wait_prepared(4).keys() & first.keys()


def test_a_start_waits_for_a_supervisor_that_is_stopped(busybox, warm):
    """For as long as for any other that does not respond."""
    (pid,) = warm(1).values()
    os.kill(pid, 19)
    with spawn("quiltctl", "run", "--rm", busybox, "/bin/sh", "-c", "exit 3") as client:
        with pytest.raises(subprocess.TimeoutExpired):
            client.wait(0.5)  # the supervisor can't act
        os.kill(pid, 18)
        assert client.wait(TIMEOUT) == 3


# SIGKILL of quiltd

def wait_none_of(pids):
    for pid in pids:
        wait_exit(pid)
    assert not [scope for scope in scopes() if scope[len("quilt-"):-len(".scope")] not in prepared()]


def test_j_a_killed_quiltd_leaves_none(warm):
    first = warm(8)
    kill_daemon()
    for pid in first.values():
        wait_exit(pid)
    assert daemon_again()
    assert containers() == []
    assert not wait_prepared(8).keys() & first.keys()
    wait_none_of(first.values())


def test_j_quiltd_is_killed_while_it_prepares(warm):
    """At random moments. The next quiltd finds no container, and nothing of the last one is left."""
    random.seed(4)
    configure("WarmStarts=8\n")
    for _ in range(60 if LONG else 15):
        daemon = daemon_again()
        threading.Event().wait(random.uniform(0, 0.06))  # aims at a moment, waits for nothing
        seen = prepared()
        os.kill(daemon, 9)
        wait_exit(daemon)
        run("systemctl", "reset-failed", "quiltd.service")
        for pid in seen.values():
            wait_exit(pid)
        assert daemon_again() != daemon
        assert containers() == []
    wait_prepared(8)
    assert len(scopes()) == 8


def start_scope(unit, pid):
    """Asks systemd for a scope with that process."""
    properties = [("PIDs", GLib.Variant("au", [pid])), ("Slice", GLib.Variant("s", "quilt.slice")), ("Delegate", GLib.Variant("b", True))]
    call("/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "StartTransientUnit", "(ssa(sv)a(sa(sv)))",
         unit, "fail", properties, [], name="org.freedesktop.systemd1")


def test_j_a_scope_whose_supervisor_ended_before_it_was_there_is_collected():
    """systemd does not notice that a scope is empty if its process was exiting when it came. The next quiltd does."""
    with spawn("/bin/true") as gone, spawn("/bin/sleep", "1000") as lives:
        os.waitid(os.P_PID, gone.pid, os.WEXITED | os.WNOWAIT)  # a zombie until the end of this block
        start_scope("quilt-empty.scope", gone.pid)
        start_scope("quilt-full.scope", lives.pid)
        wait_unit("quilt-full.scope", "active")
        assert (SLICE / "quilt-empty.scope").exists()
        kill_daemon()
        daemon_again()
        wait_path(SLICE / "quilt-empty.scope", present=False)
        assert "quilt-full.scope" in scopes()  # somebody else's
    run("systemctl", "reset-failed", "quiltd.service")


TRAPS = ["renameat2:1", "mkdirat:1", "symlinkat:1", "sendmsg:1", "sendmsg:2", "sendmsg:3", "sendmsg:4", "sendmsg:5", "sendmsg:6",
         "renameat:1", "unlinkat:1", "unlinkat:3"]


@pytest.mark.parametrize("options", [("--rm",), ()], ids=["--rm", "kept"])
def test_j_quiltd_is_killed_at_each_step_of_a_prepared_start(busybox, warm, options, tmp_path):
    """The start is lost, or found again, as one that was not prepared."""
    for trap in TRAPS:
        first = warm(2)
        syscall, _, when = trap.partition(":")
        pid = daemon_pid()
        with spawn("strace", "-f", "-o", str(tmp_path / "trace"), "-e", f"trace={syscall}", f"--inject={syscall}:signal=KILL:when={when}",
                   "-p", str(pid)) as tracer:
            assert b"attached" in tracer.stderr.readline()
            code = ctl("run", *options, busybox, *ENDS_WITH_7).code
            tracer.kill()
            tracer.wait()
        daemon_again()
        for name, row in rows().items():
            # The trap may close before the call comes. Then the next quiltd starts the container, without preparation.
            assert name in first or row[5] == "pending" or (code, row[5]) == (7, "exited"), (trap, code, row)
            if row[5] != "pending":
                found = int(ctl("wait", row[1]).text)  # by ID: the container may have been removed meanwhile
                reason = rows()[name][10] if name in rows() else "gone"
                # strace follows quiltd's children, so the trap may have killed the supervisor.
                assert (found, reason) in [(7, "exited"), (7, "gone"), (-1, "failed"), (-1, "lost"), (-1, "gone")], (trap, code, found, reason)
        names = list(rows())
        if names:
            ctl("remove", "--force", *names).ok()
        run("systemctl", "reset-failed", "quiltd.service")


# Many

def test_100_at_once_are_all_true(busybox, warm):
    warm(100)

    def one(number):
        return ctl("run", "--rm", busybox, "/bin/sh", "-c", f"echo {number}; exit {number}", timeout=60)

    with concurrent.futures.ThreadPoolExecutor(100) as clients:
        for number, done in enumerate(clients.map(one, range(100))):
            assert (done.code, done.out) == (number, b"%d\n" % number), done
    wait_prepared(100)


@pytest.mark.parametrize("turn", range(4))
def test_no_start_is_lost_while_systemd_is_executed_anew(busybox, warm, turn):
    warm(8)

    def start(number):
        return ctl("run", "--rm", busybox, "sh", "-c", f"exit {number}", timeout=60)

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        done = [threads.submit(start, number) for number in range(16)]
        for _ in zip(range(turn + 1), concurrent.futures.as_completed(done)):
            pass
        run("systemctl", "daemon-reexec", timeout=60).ok()
    failed = [start.result() for number, start in enumerate(done) if start.result().code != number]
    assert not failed, failed
    wait_prepared(8)
