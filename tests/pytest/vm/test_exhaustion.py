# SPDX-License-Identifier: LGPL-2.1-or-later
"""A container that takes all there is hurts itself (F). Fork bomb and memory hog are in test_limits.py."""
import os
import pathlib
import time

import pytest

from quilt import SLOWNESS, STATE, TIMEOUT, ctl, manager, properties, run, wait_exit

FULL = b"No space left on device"
FILLERS = {
    "disk": "for i in 1 2 3 4 5; do cat /dev/zero >/fill-$i; sync; done; exit 1",
    "inodes": "cd /; i=0; while : >file-$i; do i=$((i+1)); done",
}


def props(name):
    return properties(manager("GetContainer", "(s)", name)[0], "org.quilt.Container")


@pytest.fixture
def small_store(busybox, tmp_path):
    """The containers' files on a file system of their own, of 16 MB and 256 inodes."""
    disk = tmp_path / "disk"
    with open(disk, "wb") as file:
        file.truncate(16 << 20)
    run("mke2fs", "-q", "-F", "-t", "ext4", "-N", "256", "-m", "0", str(disk)).ok()
    run("systemctl", "stop", "quiltd.service").ok()
    run("mount", "-o", "loop", str(disk), str(STATE / "containers"), timeout=6 * TIMEOUT).ok()
    (STATE / "containers/lost+found").rmdir()
    yield os.statvfs(STATE / "containers")
    run("systemctl", "stop", "quiltd.service").ok()
    run("umount", str(STATE / "containers")).ok()


@pytest.mark.fault(3)
@pytest.mark.parametrize("what", FILLERS)
def test_f_who_fills_the_store_is_told_and_the_others_go_on(busybox, small_store, name, what):
    other = ["/bin/sh", "-c", "trap 'echo bye; exit 3' TERM; echo hello; while :; do sleep 1; done"]
    ctl("run", "-d", "--name", f"{name}-other", busybox, *other).ok()
    done = ctl("run", "--name", name, busybox, "/bin/sh", "-c", FILLERS[what], timeout=6 * TIMEOUT)
    assert done.code != 0 and FULL in done.err, done
    used = os.statvfs(STATE / "containers")
    assert used.f_bavail < 8 if what == "disk" else used.f_favail == 0, used

    # What needs room is refused and leaves nothing; all else answers.
    refused = ctl("create", "--name", f"{name}-more", busybox, "/bin/true")
    assert refused.code == 125 and b"space" in refused.err.lower(), refused
    assert {entry["name"] for entry in ctl("list", "--all", "--json=short").ok().json} == {name, f"{name}-other"}
    assert ctl("list").ok().seconds < 2 * SLOWNESS
    # On a full disk, a restarted quiltd must not report a running container as ended (fault 3).
    before = props(f"{name}-other")
    daemon = int(run("systemctl", "show", "--property=MainPID", "--value", "quiltd.service").ok().text)
    run("systemctl", "kill", "--signal=KILL", "quiltd.service").ok()
    # The bus may still deliver a call to the quiltd that dies. Its successor has the name once the unit is started.
    wait_exit(daemon)
    run("systemctl", "start", "quiltd.service", timeout=6 * TIMEOUT).ok()
    after = props(f"{name}-other")
    assert before["State"] == after["State"] == "running" and before["Pid"] == after["Pid"] != 0
    ctl("stop", f"{name}-other").ok()
    assert ctl("logs", "-o", "cat", f"{name}-other").ok().out == b"hello\nbye\n"
    assert (props(f"{name}-other")["ExitCode"], props(f"{name}-other")["Reason"]) == (3, "stopped")
    run("systemctl", "restart", "quiltd.service", timeout=6 * TIMEOUT).ok()
    assert props(f"{name}-other")["ExitCode"] == 3 and props(name)["ExitCode"] == done.code

    # Removing the container that filled the disk makes the room available again.
    ctl("remove", name).ok()
    assert ctl("run", "--rm", busybox, "/bin/sh", "-c", "echo x >/x; cat /x").ok().out == b"x\n"
    ctl("remove", f"{name}-other").ok()
    left = os.statvfs(STATE / "containers")
    assert (left.f_bfree, left.f_ffree) == (small_store.f_bfree, small_store.f_ffree)


def test_f_what_is_in_memory_is_bounded(busybox):
    script = "for place in /dev/shm /t; do cat /dev/zero 2>/dev/null >$place/fill; stat -c %s $place/fill; done"
    done = ctl("run", "--rm", "--shm-size", "1M", "--tmpfs", "/t:size=2m", busybox, "/bin/sh", "-c", script, timeout=6 * TIMEOUT).ok()
    assert done.out.split() == [b"%d" % (1 << 20), b"%d" % (2 << 20)]


def test_f_zombies_that_nobody_reaps_are_limited_and_end_with_the_container(busybox, name):
    """The first process only sleeps: it inherits all orphans and waits for none."""
    script = "sh -c 'while :; do (true &); done' 2>/dev/null & exec sleep 1000"
    ctl("run", "-d", "--name", name, "--pids-limit", "40", busybox, "/bin/sh", "-c", script).ok()
    scope = pathlib.Path(f"/sys/fs/cgroup/quilt.slice/quilt-{name}.scope")
    deadline = time.monotonic() + TIMEOUT
    while (scope / "pids.events").read_text().split()[1] == "0":
        assert time.monotonic() < deadline, "the zombies never reached the limit"
    assert int((scope / "pids.current").read_text()) >= 35
    assert ctl("run", "--rm", busybox, "/bin/echo", "alive", timeout=6 * TIMEOUT).ok().out == b"alive\n"
    ctl("remove", "--force", name, timeout=6 * TIMEOUT).ok()
    assert not scope.exists()
