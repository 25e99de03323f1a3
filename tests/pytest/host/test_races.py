# SPDX-License-Identifier: LGPL-2.1-or-later
"""Events during a call. strace makes one of quiltd's system calls take long."""
import contextlib
import json
import os
import signal

import pytest

from quilt import RUN, SLICE, STATE, TIMEOUT, containers, ctl, run, spawn, wait_exit, wait_path
from test_crash import daemon_again
from test_daemon import daemon_pid, kill_daemon
from test_lifecycle import background, follow_until, props


@contextlib.contextmanager
def injected(syscall, fault, pid=None, log="/dev/null"):
    """quiltd, or another process, while strace does something to this system call of its threads."""
    with spawn("strace", "-f", "-o", log, "-e", f"trace={syscall}", f"--inject={syscall}:{fault}",
               "-p", str(pid or daemon_pid())) as tracer:
        assert b"attached" in tracer.stderr.readline()
        yield
        tracer.terminate()
        tracer.wait()


@pytest.mark.fault(5)
@pytest.mark.parametrize("change", ["rename", "update"])
def test_a_container_that_is_removed_at_its_end_is_changed_meanwhile(busybox, name, change):
    container = background(name, busybox, "/bin/sleep", "1000", options=["--rm"])
    record = STATE / "containers" / container["Id"] / ".volatile.json.tmp"
    daemon = daemon_pid()
    verb = {"rename": ("rename", name, f"{name}-new"), "update": ("update", "--stop-timeout", "3s", name)}[change]
    with injected("fsync", "delay_enter=1s:when=1"), spawn("quiltctl", *verb) as changing:
        wait_path(record)
        ctl("kill", name).ok()
        ctl("create", "--name", name, busybox, "/bin/true").ok()
        assert changing.wait(10) == 0, changing.stderr.read()
    assert daemon_pid() == daemon
    assert containers() == [name] and props(name)["Id"] != container["Id"]
    ctl("create", "--name", f"{name}-new", busybox, "/bin/true").ok()


@pytest.mark.fault("6c")
@pytest.mark.parametrize("chance", ["room", "shutdown"])
def test_an_exit_code_that_met_a_full_disk_is_written_later(busybox, name, chance):
    container = background(name, busybox, "/bin/sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done")
    follow_until(name, b"ready")
    with injected("renameat", "error=ENOSPC"):
        ctl("stop", name).ok()
        assert props(name)["ExitCode"] == 9
    if chance == "room":
        wait_path(RUN / "containers" / container["Id"], present=False)
    else:
        run("systemctl", "stop", "quiltd.service").ok()
    result = json.loads((STATE / "containers" / container["Id"] / "result.json").read_text())
    assert (result["exit-code"], result["reason"]) == (9, "stopped")
    assert props(name)["ExitCode"] == 9


@pytest.mark.fault("6c")
def test_a_layer_whose_image_was_never_written_is_removed(busybox, name, tmp_path):
    before = set((STATE / "layers").iterdir())
    (tmp_path / "file").write_text("x")
    run("tar", "-C", str(tmp_path), "-cf", str(tmp_path / "image.tar"), "file").ok()
    daemon = daemon_pid()
    run("systemctl", "mask", "--runtime", "quiltd.service").ok()
    try:
        with injected("fsync", "signal=KILL:when=1"):
            assert ctl("import", str(tmp_path / "image.tar"), name).code == 1
            wait_exit(daemon)
        layer, = set((STATE / "layers").iterdir()) - before
    finally:
        run("systemctl", "unmask", "--runtime", "quiltd.service").ok()
    daemon_again()
    wait_path(layer, present=False)
    assert name not in ctl("images", "--json=short").ok().text
    assert ctl("run", "--rm", busybox, "/bin/echo", "there").ok().out == b"there\n"
    run("systemctl", "reset-failed", "quiltd.service")


SLOW_END = ("/bin/sh", "-c", "trap 'for i in 1 2 3 4 5 6 7 8; do sleep 1; done; exit 5' USR1 TERM; echo ready; while :; do sleep 0.01; done")


@pytest.mark.fault(5)
@pytest.mark.parametrize("daemon", ["there", "away"])
def test_a_stop_timeout_that_was_raised_meanwhile_is_systemds_too(busybox, name, daemon):
    background(name, busybox, *SLOW_END, options=["--stop-timeout", "1s"])
    follow_until(name, b"ready")
    ctl("update", "--stop-timeout", "60s", name).ok()
    if daemon == "away":
        run("systemctl", "mask", "--runtime", "quiltd.service").ok()
    try:
        if daemon == "away":
            kill_daemon()
            run("systemctl", "stop", "quiltd.service")
        run("systemctl", "stop", f"quilt-{name}.scope", timeout=3 * TIMEOUT).ok()
    finally:
        run("systemctl", "unmask", "--runtime", "quiltd.service").ok()
    assert ctl("wait", name).text.strip() == "5"
    assert props(name)["Reason"] == "stopped"


@pytest.mark.fault(5)
def test_a_stop_timeout_that_systemd_would_not_honour_is_refused(busybox, name):
    background(name, busybox, "/bin/sleep", "1000")
    refused = ctl("update", "--stop-timeout", "91s", name)
    assert refused.code == 1 and b"90 s" in refused.err and props(name)["StopTimeout"] == 10_000_000
    ctl("kill", name).ok()
    ctl("update", "--stop-timeout", "91s", name).ok()


@pytest.mark.fault(5)
def test_signals_that_a_stopped_supervisor_does_not_read_are_refused_and_a_kill_is_not(busybox, name):
    container = background(name, busybox, "/bin/sleep", "1000")
    supervisor = int((SLICE / f"quilt-{name}.scope/supervisor/cgroup.procs").read_text())
    os.kill(supervisor, signal.SIGSTOP)
    try:
        codes = []
        while not codes or codes[-1] == 0:
            refused = ctl("kill", "-s", "URG", name)
            codes.append(refused.code)
        assert b"has not read the earlier signals" in refused.err
        assert ctl("rename", name, f"{name}-new").code == 1
        with spawn("quiltctl", "kill", name) as killing:
            os.kill(supervisor, signal.SIGCONT)
            assert killing.wait(TIMEOUT) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(supervisor, signal.SIGCONT)
    assert props(name)["ExitCode"] == 137 and props(name)["Id"] == container["Id"]
