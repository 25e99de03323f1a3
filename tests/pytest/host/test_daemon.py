# SPDX-License-Identifier: LGPL-2.1-or-later
"""quiltd can be killed at any time, and leaves and leaks nothing (D1, D2, D3, D5, D7, D9)."""
import os
import pathlib
import re
import select
import signal
import subprocess
import threading
import time

import pytest
from gi.repository import GLib

from quilt import LONG, STATE, TIMEOUT, Events, call, ctl, manager, run, scopes, spawn, wait_exit
from test_lifecycle import background, follow_until, path_of, props


def daemon_pid():
    manager("ListContainers", "(a{sv})", {})
    return int(run("systemctl", "show", "quiltd.service", "-p", "MainPID", "--value").text)


def owner_of_name():
    try:
        return call("/org/freedesktop/DBus", "org.freedesktop.DBus", "GetNameOwner", "(s)", "org.quilt", name="org.freedesktop.DBus")[0]
    except GLib.Error:
        return None


def kill_daemon():
    """Kills quiltd. Until the bus has noticed, it would deliver calls to the dead one."""
    pid, owner = daemon_pid(), owner_of_name()
    os.kill(pid, signal.SIGKILL)
    wait_exit(pid)
    while owner_of_name() == owner:
        pass


def test_d1_kill_with_20_running_one_flooding_one_exiting_meanwhile(busybox, name, journal):
    for number in range(18):
        background(f"{name}-{number}", busybox, "/bin/sleep", "1000")
    background(f"{name}-flood", busybox, "/bin/sh", "-c", "trap 'exit 6' TERM; i=0; while :; do echo $i; i=$((i+1)); done")
    background(f"{name}-late", busybox, "/bin/sh", "-c", "trap 'echo last; exit 17' TERM; echo ready; while :; do sleep 0.1; done")
    follow_until(f"{name}-late", b"ready")
    late, pids = props(f"{name}-late")["Pid"], {n: props(f"{name}-{n}")["Pid"] for n in range(18)}

    run("systemctl", "mask", "--runtime", "quiltd.service").ok()  # stays away until it is asked to come back
    try:
        kill_daemon()
        run("systemctl", "stop", "quiltd.service")
        os.kill(late, signal.SIGTERM)
        wait_exit(late)
    finally:
        run("systemctl", "unmask", "--runtime", "quiltd.service").ok()

    assert ctl("wait", f"{name}-late").text.strip() == "17"
    for number, pid in pids.items():
        state = props(f"{name}-{number}")
        assert (state["State"], state["Pid"]) == ("running", pid)
    ctl("stop", f"{name}-flood", timeout=60).ok()
    assert props(f"{name}-flood")["ExitCode"] == 6
    # Not before: journald has no time to be asked while it is flooded.
    assert journal.messages(f"CONTAINER_NAME={name}-late", "QUILT_STREAM=stdout") == [b"ready", b"last"]
    lines = journal.messages(f"CONTAINER_NAME={name}-flood", "QUILT_STREAM=stdout")
    assert lines == [b"%d" % n for n in range(len(lines))] and len(lines) > 100


def test_d1_a_foreground_run_survives_the_daemon(busybox, name):
    with spawn("quiltctl", "run", "--rm", "--name", name, busybox, "/bin/sh", "-c",
               "echo ready; trap 'echo end; exit 11' TERM; while :; do sleep 0.1; done") as client:
        assert client.stdout.readline() == b"ready\n"
        init = props(name)["Pid"]
        kill_daemon()
        os.kill(init, signal.SIGTERM)
        assert client.stdout.read() == b"end\n"
        assert client.wait(TIMEOUT) == 11


def test_d1_the_code_of_a_removed_one_survives_the_daemon(busybox, name):
    """Whoever waited when quiltd was killed asks its successor, by the ID."""
    ident = ctl("run", "-d", "--rm", "--name", name, busybox, "/bin/sh", "-c", "exit 21").ok().text.strip()
    ctl("wait", ident)
    assert name not in [row[2] for row in manager("ListContainers", "(a{sv})", {})[0]]
    kill_daemon()
    assert manager("WaitContainer", "(sa{sv})", ident, {}) == (21, "exited")


def test_d1_a_kept_result_survives_the_daemon(busybox, name):
    assert ctl("run", "--name", name, busybox, "/bin/sh", "-c", "exit 33").code == 33
    kill_daemon()
    assert (props(name)["State"], props(name)["ExitCode"], props(name)["Reason"]) == ("exited", 33, "exited")


def test_d2_restart_under_a_load_of_creates(busybox, name):
    """Every create either succeeded or reported a failure and left nothing."""
    outcomes, stop = {}, threading.Event()

    def load(worker):
        number = 0
        while not stop.is_set():
            title = f"{name}-{worker}-{number}"
            outcomes[title] = ctl("create", "--name", title, busybox, "/bin/true", timeout=60).code
            number += 1

    workers = [threading.Thread(target=load, args=(worker,)) for worker in range(4)]
    for worker in workers:
        worker.start()
    for _ in range(5):
        run("systemctl", "restart", "quiltd.service").ok()
        manager("ListContainers", "(a{sv})", {})
        kill_daemon()
    stop.set()
    for worker in workers:
        worker.join(60)
    manager("ListContainers", "(a{sv})", {})
    there = {row[2] for row in manager("ListContainers", "(a{sv})", {})[0]}
    assert {title for title, code in outcomes.items() if code == 0} <= there
    # If the answer to a create was lost, its container may exist, but is then complete.
    for title in there:
        assert props(title)["State"] == "pending"
    ctl("remove", *there, timeout=60).ok()
    run("systemctl", "reset-failed", "quiltd.service")


def test_d1_the_supervisors_death_is_not_hidden(busybox, name):
    init = background(name, busybox, "/bin/sleep", "1000")["Pid"]
    supervisor = int(pathlib.Path(f"/proc/{init}/stat").read_text().rsplit(")", 1)[1].split()[1])
    assert pathlib.Path(f"/proc/{supervisor}/comm").read_text().startswith("quilt-supervis")
    with Events() as events:
        os.kill(supervisor, signal.SIGKILL)
        wait_exit(init)
        path = path_of(name)
        events.wait(lambda where, _i, member, args: where == path and member == "StateChanged" and args[1] in ("exited", "failed"))
    assert (props(name)["ExitCode"], props(name)["Reason"]) == (-1, "lost")


def test_d3_pids_are_never_used_to_signal(busybox, name):
    """Pid reuse can't be forced here, so: what quiltd and a supervisor hold is a pidfd, and kill(2) is never called."""
    background(name, busybox, "/bin/sleep", "1000")
    supervisor = int(run("pgrep", "-o", "-x", "quilt-superviso").ok().text)  # one that waits is "quilt-spare"
    links = [os.readlink(path) for path in pathlib.Path(f"/proc/{supervisor}/fd").iterdir()]
    assert any("pidfd" in link for link in links)
    with spawn("strace", "-f", "-qq", "-e", "trace=kill,tgkill,pidfd_send_signal", "-p", str(supervisor), "-p", str(daemon_pid())) as tracer:
        while not pathlib.Path(f"/proc/{supervisor}/status").read_text().count(f"TracerPid:\t{tracer.pid}"):
            assert tracer.poll() is None
        ctl("kill", name).ok()
        tracer.send_signal(signal.SIGINT)
        trace = tracer.communicate()[1].decode()
    assert "pidfd_send_signal" in trace and "kill(" not in trace.replace("pidfd", "")


def test_d5_every_state_change_is_signalled_once_in_order_and_in_the_journal(busybox, name, journal, bus_events):
    ctl("create", "--name", name, "--setup", "true", "--stop-timeout", "0", busybox, "/bin/sleep", "1000").ok()
    path = path_of(name)
    ctl("start", name).ok()
    ctl("stop", name).ok()
    expected = ["setting-up", "running", "stopping", "exited"]
    bus_events.wait(lambda where, _i, member, args: where == path and member == "StateChanged" and args[1] == "exited")
    changes = [args for where, _i, member, args in bus_events.tape if where == path and member == "StateChanged"]
    assert [new for _, new in changes] == expected
    assert [old for old, _ in changes] == ["pending"] + expected[:-1]
    entries = journal.entries(f"CONTAINER_NAME={name}", "QUILT_STATE=setting-up", "QUILT_STATE=running", "QUILT_STATE=stopping",
                              "QUILT_STATE=exited")
    assert [entry["QUILT_STATE"] for entry in entries] == expected
    assert all(len(entry["MESSAGE_ID"]) == 32 for entry in entries)


def footprint():
    assert not scopes()
    pid = daemon_pid()
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {
        "fds": len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir())),
        "memory": next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")),
        "units": len(run("systemctl", "list-units", "--all", "--plain", "--no-legend").text.splitlines()),
        "mounts": len(pathlib.Path("/proc/1/mountinfo").read_text().splitlines()),
        "cgroups": sum(1 for _ in pathlib.Path("/sys/fs/cgroup").rglob("cgroup.procs")),
    }


def cycle(image, name, number):
    """A container from its creation to its removal, in one call or in four."""
    if number % 4:
        ctl("run", "--rm", "--name", name, image, "/bin/true").ok()
        return
    for verb in (("create", "--name", name, image, "/bin/true"), ("start", name), ("wait", name), ("remove", name)):
        ctl(*verb).ok()


def test_d7_thousands_of_containers_leave_quiltd_and_the_host_as_they_were(busybox, name):
    for number in range(100):
        cycle(busybox, name, number)
    before = footprint()
    for number in range(10_000 if LONG else 1000):
        cycle(busybox, name, number)
    after = footprint()
    assert after["memory"] <= before["memory"] + 1024, (before, after)
    for what in ("fds", "units", "mounts", "cgroups"):
        assert after[what] <= before[what] + 1, (what, before, after)


def test_d9_idle_with_100_running_there_are_no_wake_ups(busybox, name):
    names = [f"{name}-{number}" for number in range(100)]
    for title in names:
        ctl("run", "-d", "--name", title, "--stop-timeout", "0", busybox, "/bin/sleep", "1000").ok()

    def switches():
        pids = [daemon_pid_quiet()] + [int(pid) for pid in run("pgrep", "-x", "quilt-superviso").ok().text.split()]
        return {pid: sum(int(line.split()[1]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
                         for line in (task / "status").read_text().splitlines() if "ctxt_switches" in line) for pid in pids}

    def daemon_pid_quiet():
        return int(run("systemctl", "show", "quiltd.service", "-p", "MainPID", "--value").text)

    before = switches()
    assert len(before) == 101
    select.select([], [], [], 5)  # not a wait for an event: observes five idle seconds
    woken = {pid: count - before[pid] for pid, count in switches().items() if count != before[pid]}
    watchdog = 2  # quiltd itself answers systemd's watchdog
    assert set(woken) <= {daemon_pid_quiet()} and sum(woken.values()) <= watchdog, woken
    ctl("kill", *names).ok()


def test_reload_keeps_what_is_in_force_when_the_file_is_broken(busybox, name):
    drop_in = pathlib.Path("/etc/quilt/quiltd.conf.d/test.conf")
    drop_in.parent.mkdir(parents=True, exist_ok=True)
    try:
        drop_in.write_text("[Manager]\nDefaultStopTimeout=3s\n")
        run("systemctl", "reload", "quiltd.service").ok()
        ctl("create", "--name", name, busybox, "/bin/true").ok()
        assert props(name)["StopTimeout"] == 3_000_000
        drop_in.write_text("[Manager]\nNoSuchKey=1\n")
        try:
            manager("Reload", "(a{sv})", {})
            raise AssertionError("a broken file was accepted")
        except GLib.Error as error:
            assert "NoSuchKey" in error.message and "test.conf" in error.message
        ctl("create", "--name", f"{name}-2", busybox, "/bin/true").ok()
        assert props(f"{name}-2")["StopTimeout"] == 3_000_000
    finally:
        drop_in.unlink()
        manager("Reload", "(a{sv})", {})


def test_one_broken_record_hides_nothing(busybox, name):
    ctl("create", "--name", name, busybox, "/bin/true").ok()
    broken = pathlib.Path("/var/lib/quilt/containers/" + "0" * 32)
    broken.mkdir()
    (broken / "record.json").write_text("{ half")
    try:
        kill_daemon()
        assert props(name)["State"] == "pending"
        ctl("run", "--rm", busybox, "/bin/true").ok()
        assert broken.exists()
    finally:
        subprocess.run(["rm", "-rf", str(broken)], check=True)
        run("systemctl", "restart", "quiltd.service").ok()


def test_doctor_says_what_this_host_can_isolate(busybox):
    rows = {row["check"]: row for row in ctl("doctor", "--json=short").json}
    assert rows["trial container"]["verdict"] == "good", rows["trial container"]
    assert rows["kernel"]["finding"] == f"Linux {os.uname().release}"
    assert all(row["advice"] for row in rows.values() if row["verdict"] != "good")
    missing = [row for row in rows.values() if row["verdict"] == "missing"]
    said = ctl("doctor")
    assert said.code == (1 if missing else 0)
    assert all(row["finding"].encode() in said.out and row["advice"].encode() in said.out for row in rows.values())
    assert not (STATE / "trial").exists()


def spare():
    """The pid of the supervisor that waits for a container, once there is one."""
    daemon_pid()
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        pids = run("pgrep", "-x", "quilt-spare").text.split()
        if pids:
            assert len(pids) == 1
            return int(pids[0])
    raise TimeoutError("no supervisor waits")


def test_a_container_gets_the_supervisor_that_waited_and_the_next_one_another(busybox, name):
    first = spare()
    assert pathlib.Path(f"/proc/{first}/cgroup").read_text().endswith("/quiltd.service\n")
    background(name, busybox, "/bin/sleep", "1000")
    procs = pathlib.Path(f"/sys/fs/cgroup/quilt.slice/quilt-{name}.scope/supervisor/cgroup.procs")
    assert procs.read_text().split() == [str(first)]
    assert spare() != first


def test_the_supervisor_that_waits_is_seen_as_the_manual_says():
    daemon, pid = daemon_pid(), spare()
    assert run("ps", "-o", "ppid=,comm=", "-p", str(pid)).ok().text.split() == [str(daemon), "quilt-spare"]
    assert re.search(rf"\b{pid} \S*/quilt-supervisor$", run("systemctl", "--no-pager", "--full", "status", "quiltd").ok().text, re.M)


def test_a_start_needs_no_supervisor_that_waited(busybox, name):
    first = spare()
    os.kill(first, signal.SIGKILL)
    assert ctl("run", "--rm", busybox, "/bin/echo", "one").ok().out == b"one\n"
    # Killed, and quiltd doesn't know it yet.
    second, daemon = spare(), daemon_pid()
    os.kill(daemon, signal.SIGSTOP)
    os.kill(second, signal.SIGKILL)
    with spawn("quiltctl", "run", "--rm", busybox, "/bin/echo", "two") as client:
        os.kill(daemon, signal.SIGCONT)
        assert client.communicate(timeout=TIMEOUT)[0] == b"two\n" and client.returncode == 0


def template():
    """The pid of the supervisor that forks the others, once there is one."""
    spare()
    return int(run("pgrep", "-x", "quilt-template").ok().text)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_start_needs_no_supervisor_to_fork(busybox, number):
    """Without the template, quiltd executes supervisors; the next spare has a template again."""
    first, waiting = template(), spare()
    os.kill(first, number)
    os.kill(waiting, signal.SIGKILL)
    assert ctl("run", "--rm", busybox, "/bin/echo", "there").ok().out == b"there\n"
    wait_exit(first)
    spare()
    assert template() != first
    assert run("ps", "-o", "ppid=", "-p", str(template())).ok().text.split() == [str(daemon_pid())]


def test_the_supervisor_that_waits_ends_with_quiltd():
    first, forked = template(), spare()
    run("systemctl", "stop", "quiltd.service").ok()
    wait_exit(first)
    wait_exit(forked)
    second, forked = template(), spare()
    kill_daemon()
    wait_exit(second)
    wait_exit(forked)


def test_one_name_again_and_again(busybox, name):
    """A run is over while systemd may still have its scope; the next of that name gets one all the same."""
    for number in range(50):
        assert ctl("run", "--rm", "--name", name, busybox, "/bin/sh", "-c", f"exit {number}").code == number
    background(name, busybox, "/bin/sleep", "1000")
    for _ in range(20):
        ctl("kill", name).ok()
        ctl("start", name).ok()
    assert props(name)["State"] == "running"
