# SPDX-License-Identifier: LGPL-2.1-or-later
"""The processes of a container (top, ListProcesses)."""
import json
import pathlib
import time

import pytest

from quilt import SLICE, TIMEOUT, GLib, ctl, error_name, manager, run, spawn
from test_exec import wait_for
from test_lifecycle import background, props

SLEEP = ("/bin/sleep", "1000")


def top(name):
    return ctl("top", "--json", name).ok().json


def status(pid, key):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split()[1:] for line in lines if line.startswith(key + ":"))


def payload(name):
    return SLICE / f"quilt-{name}.scope/payload"


def test_each_process_is_shown_as_both_sides_see_it(busybox, name):
    begun = time.time()
    background(name, busybox, "/bin/sh", "-c", "sleep 1001 & exec sleep 1000")
    init, child = wait_for(lambda: len(rows := top(name)) == 2 and rows[1]["command"] == "sleep 1001" and rows)
    assert init["pid"] == 1 and init["hostPid"] == props(name)["Pid"] and init["command"] == "sleep 1000"
    assert child["pid"] > 1 and child["hostParent"] == init["hostPid"]
    for row in init, child:
        assert [row["hostPid"], row["pid"]] == [int(pid) for pid in status(row["hostPid"], "NSpid")]
        assert row["uid"] == 0 and row["hostUid"] == int(status(row["hostPid"], "Uid")[0]) > 65536
        assert row["state"] == "S" and row["threads"] == 1 and row["memory"] > 0 and not row["commandCut"]
        assert row["name"] == pathlib.Path(f"/proc/{row['hostPid']}/comm").read_text().rstrip()
        assert begun - 5 < row["started"] / 1e6 < time.time() + 5
        assert row["cpu"] < 10e6
    head, *lines = ctl("top", name).ok().text.splitlines()
    assert head.split() == ["HOST-PID", "PID", "HOST-UID", "UID", "STATE", "CPU", "MEMORY", "STARTED", "COMMAND"]
    assert len(lines) == 2 and lines[0].split()[:2] == [str(init["hostPid"]), "1"] and lines[0].endswith("sleep 1000")
    assert ctl("top", "--format", "{{.Pid}} {{.Command}}", name).ok().text.splitlines()[0] == "1 sleep 1000"


def test_cpu_time_is_counted(busybox, name):
    background(name, busybox, "/bin/sh", "-c", "while :; do :; done")
    row = wait_for(lambda: (rows := top(name)) and rows[0]["cpu"] > 200_000 and rows[0])
    assert row["state"] == "R"
    assert float(ctl("top", name).ok().text.splitlines()[1].split()[5].rstrip("%")) > 1


def test_sessions_and_nested_cgroups_belong_and_others_do_not(busybox, name):
    other = name + "-other"
    background(name, busybox, *SLEEP)
    background(other, busybox, *SLEEP)
    ctl("exec", "-d", name, "/bin/sleep", "2000").ok()
    nested = payload(name) / "a/supervisor"
    nested.mkdir(parents=True)
    with spawn("sleep", "3000") as host:
        (nested / "cgroup.procs").write_text(str(host.pid))
        rows = wait_for(lambda: len(rows := top(name)) == 3 and rows)
        assert sorted(row["command"] for row in rows) == ["/bin/sleep 1000", "/bin/sleep 2000", "sleep 3000"]
        # The process of the host has neither a pid nor a user in the container.
        outside = next(row for row in rows if row["hostPid"] == host.pid)
        assert (outside["pid"], outside["uid"], outside["hostUid"]) == (-1, -1, 0)
        line = next(line.split() for line in ctl("top", name).ok().text.splitlines() if line.startswith(str(host.pid)))
        assert line[:4] == [str(host.pid), "-", "0", "-"]
        assert [row["command"] for row in top(other)] == ["/bin/sleep 1000"]
    assert len(wait_for(lambda: len(rows := top(name)) == 2 and rows)) == 2


def test_hostile_names_and_arguments_are_escaped_and_cut(busybox, name):
    script = r"""y=$(printf '/busybox\033[2Jevil\nroot 1\t\377.'); busybox cp /bin/busybox "$y"
                 x=$(busybox head -c 100000 /dev/zero | busybox tr '\0' x)
                 "$y" sh -c 'sleep 1000; :' $x $x $x $x $x $x $x $x $x $x $x $x & exec sleep 2000"""
    background(name, busybox, "/bin/sh", "-c", script)
    wait_for(lambda: any(row["commandCut"] for row in top(name)))
    done = ctl("top", name).ok()
    assert b"\x1b" not in done.out and b"\xff" not in done.out
    assert b"/busybox\\x1b[2Jevil\\x0aroot 1\\x09\\xff. sh -c sleep 1000; : xxxx" in done.out
    rows, results = manager("ListProcesses", "(sa{sv})", name, {})
    assert len(done.text.splitlines()) == 1 + len(rows) and results == {"left-out": 0}
    big = next(row for row in rows if row.get("command-cut"))
    command = [bytes(word) for word in big["command"]]
    assert command[:3] == [b"/busybox\x1b[2Jevil\nroot 1\t\xff.\0", b"sh\0", b"-c\0"]
    assert sum(map(len, command)) <= 2049 and bytes(big["name"]) == b"busybox\x1b[2Jevil\0"
    short = ctl("top", "--json=short", name).ok().out
    assert b"\x1b" not in short and len(json.loads(short)) == len(rows)


def test_pids_are_those_of_the_containers_own_namespace(busybox, name):
    background(name, busybox, *SLEEP, options=("--pid", "host"))
    row, = top(name)
    assert row["pid"] == row["hostPid"]
    ctl("remove", "--force", name).ok()
    background(name, busybox, "/bin/sh", "-c", "busybox unshare -p -f sleep 1001 & exec sleep 1000", options=("--privileged",))
    rows = wait_for(lambda: {row["command"]: row for row in top(name)}.get("sleep 1001") and top(name))
    nested = next(row for row in rows if row["command"] == "sleep 1001")
    pids = [int(pid) for pid in status(nested["hostPid"], "NSpid")]
    assert len(pids) == 3 and nested["pid"] == pids[1] != 1


def test_a_paused_container_can_be_looked_at(busybox, name):
    background(name, busybox, *SLEEP)
    run("systemctl", "freeze", f"quilt-{name}.scope").ok()
    try:
        assert [row["command"] for row in top(name)] == ["/bin/sleep 1000"]
    finally:
        run("systemctl", "thaw", f"quilt-{name}.scope").ok()


def test_a8_errors_are_clear(busybox, name):
    ctl("create", "--name", name, busybox, *SLEEP).ok()
    refused = ctl("top", name)
    assert refused.code == 1 and refused.err.decode() == f"quiltctl: Container '{name}' does not run\n"
    with pytest.raises(GLib.Error) as caught:
        manager("ListProcesses", "(sa{sv})", name, {})
    assert error_name(caught.value) == "org.quilt.Error.InvalidState"
    ctl("start", name).ok()
    assert len(top(name)) == 1
    ctl("stop", "--time", "0", name).ok()
    assert b"does not run" in ctl("top", name).err
    assert (name + "x").encode() in ctl("top", name + "x").err
    descriptors = ctl("top", name, "pid", "args")
    assert descriptors.code == 1 and b"use --format" in descriptors.err


def test_p1_who_may_look(busybox, name):
    background(name, busybox, *SLEEP)
    denied = ctl("--no-ask-password", "top", name, user="bob")
    assert denied.code == 1 and b"org.quilt.inspect" in denied.err and b"sleep" not in denied.out


def test_many_processes_are_bounded_and_stall_nobody(busybox, name):
    script = 'i=0; while [ $i -lt 1500 ]; do sleep 1000 & i=$((i+1)); done; busybox touch /ready; wait'
    background(name, busybox, "/bin/sh", "-c", script, options=("--pids-limit", "4000"))
    wait_for(lambda: ctl("exec", name, "/bin/busybox", "test", "-e", "/ready").code == 0, 5 * TIMEOUT)
    slowest = 0
    with spawn("sh", "-c", f"for i in 1 2 3 4 5; do quiltctl top --json=short {name} >/dev/null 2>&1; done") as looking:
        while looking.poll() is None:
            begun = time.monotonic()
            manager("GetContainer", "(s)", name)
            slowest = max(slowest, time.monotonic() - begun)
    assert slowest < 0.5
    done = ctl("top", "--json=short", name).ok()
    rows = done.json
    assert 0 < len(rows) <= 1000
    assert done.err.decode() == f"quiltctl: {1501 - len(rows)} more processes are not shown\n"


def test_ends_and_reused_pids_show_nobody_else(busybox, name):
    """Processes come and go by the hundred: each row is one of the container's, whatever the host does meanwhile."""
    background(name, busybox, "/bin/sh", "-c", "while :; do /bin/busybox true inside; done")
    with spawn("sh", "-c", "while :; do /bin/true outside; done"):
        for _ in range(20):
            for row in top(name):
                assert "outside" not in row["command"] and row["hostUid"] > 65536, row
