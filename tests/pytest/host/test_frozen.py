# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers whose cgroup is frozen, and their supervisor with them."""
import pytest

from quilt import SLICE, TIMEOUT, containers, ctl, run
from test_daemon import daemon_pid, kill_daemon
from test_lifecycle import background, follow_until, props

HANDLES_TERM = ("/bin/sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done")


@pytest.fixture
def frozen(busybox, name):
    background(name, busybox, *HANDLES_TERM)
    follow_until(name, b"ready")
    run("systemctl", "freeze", f"quilt-{name}.scope").ok()
    return name


def ended(name):
    shown = props(name)
    return shown["State"], shown["ExitCode"], shown["Reason"]


@pytest.mark.parametrize("unit", ["quilt-{}.scope", "quilt.slice"])
def test_a_frozen_container_is_shown_as_paused(busybox, name, unit):
    def shown():
        row = next(row for row in ctl("list", "--json=short").ok().json if row["name"] == name)
        listed = name in ctl("list", "--filter=status=paused", "--format={{.Name}}").ok().text.split()
        status = ctl("status", name).text
        return row["state"], listed, "paused" in status, props(name)["Frozen"], props(name)["State"]
    background(name, busybox, "sleep", "1000")
    assert shown() == ("running", False, False, False, "running")
    run("systemctl", "freeze", unit.format(name)).ok()
    assert shown() == ("paused", True, True, True, "running")
    assert " paused" in ctl("status").ok().text
    run("systemctl", "thaw", unit.format(name)).ok()
    assert shown() == ("running", False, False, False, "running")
    run("systemctl", "freeze", f"quilt-{name}.scope").ok()
    assert ctl("list", "-f", "status=paused").ok().text.count(name) == 1
    ctl("kill", name).ok()
    assert shown()[0] == "exited" and not props(name)["Frozen"]


@pytest.mark.fault(4)
def test_kill_thaws_and_is_as_fast_as_ever(frozen):
    assert ctl("kill", frozen).ok().seconds < 0.5
    assert ended(frozen) == ("exited", 137, "signaled")


@pytest.mark.fault(4)
@pytest.mark.parametrize("stop", [("quiltctl", "stop"), ("systemctl", "stop")])
def test_stop_thaws_and_the_handler_runs(frozen, stop):
    done = run(*stop, frozen if stop[0] == "quiltctl" else f"quilt-{frozen}.scope").ok()
    assert done.seconds < 2 and ended(frozen) == ("exited", 7, "stopped")


@pytest.mark.fault(4)
def test_a_signal_thaws(frozen):
    ctl("kill", "-s", "TERM", frozen).ok()
    assert ctl("wait", frozen).text.strip() == "7"


@pytest.mark.fault(4)
def test_remove_thaws_and_leaves_nothing(frozen):
    assert ctl("remove", "--force", frozen).ok().seconds < 2
    assert frozen not in containers()


@pytest.mark.fault(4)
def test_a_quiltd_that_finds_it_frozen_can_end_it(frozen):
    kill_daemon()
    daemon_pid()
    assert props(frozen)["State"] == "running"
    assert ctl("kill", frozen).ok().seconds < 0.5
    assert ended(frozen) == ("exited", 137, "signaled")


@pytest.mark.fault(4)
def test_stop_of_a_container_that_is_frozen_below_its_scope(busybox, name):
    background(name, busybox, *HANDLES_TERM)
    follow_until(name, b"ready")
    (SLICE / f"quilt-{name}.scope/payload/cgroup.freeze").write_text("1")
    assert ctl("stop", name).ok().seconds < 2
    assert ended(name) == ("exited", 7, "stopped")


@pytest.mark.fault(4)
@pytest.mark.parametrize("verb", [("stop",), ("kill",), ("remove", "--force")])
def test_in_a_frozen_slice_nothing_is_done_and_the_way_out_is_named(busybox, name, verb):
    background(name, busybox, *HANDLES_TERM)
    follow_until(name, b"ready")
    run("systemctl", "freeze", "quilt.slice").ok()
    try:
        done = ctl(*verb, name)
        assert done.code == 1 and b"systemctl thaw quilt.slice" in done.err
    finally:
        run("systemctl", "thaw", "quilt.slice").ok()
    assert props(name)["State"] == "running"
    ctl("stop", name, timeout=TIMEOUT).ok()
    assert ended(name) == ("exited", 7, "stopped")
