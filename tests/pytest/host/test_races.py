# SPDX-License-Identifier: LGPL-2.1-or-later
"""What happens while a call is under way. strace makes one of quiltd's system calls take long."""
import contextlib

import pytest

from quilt import STATE, containers, ctl, spawn, wait_path
from test_daemon import daemon_pid
from test_lifecycle import background, props


@contextlib.contextmanager
def slow_daemon(syscall, seconds=1):
    """Each thread of quiltd that makes this system call waits before its first one."""
    pid = daemon_pid()
    with spawn("strace", "-f", "-o", "/dev/null", "-e", f"trace={syscall}", f"--inject={syscall}:delay_enter={seconds}s:when=1",
               "-p", str(pid)) as tracer:
        assert b"attached" in tracer.stderr.readline()
        yield
        tracer.terminate()
        tracer.wait()
    assert daemon_pid() == pid


@pytest.mark.fault(5)
@pytest.mark.parametrize("change", ["rename", "update"])
def test_a_container_that_is_removed_at_its_end_is_changed_meanwhile(busybox, name, change):
    container = background(name, busybox, "/bin/sleep", "1000", options=["--rm"])
    record = STATE / "containers" / container["Id"] / ".record.json.tmp"
    verb = {"rename": ("rename", name, f"{name}-new"), "update": ("update", "--stop-timeout", "3s", name)}[change]
    with slow_daemon("fsync"), spawn("quiltctl", *verb) as changing:
        wait_path(record)
        ctl("kill", name).ok()
        ctl("create", "--name", name, busybox, "/bin/true").ok()
        assert changing.wait(10) == 0, changing.stderr.read()
    assert containers() == [name] and props(name)["Id"] != container["Id"]
    ctl("create", "--name", f"{name}-new", busybox, "/bin/true").ok()
