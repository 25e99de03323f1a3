# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers in slices below quilt.slice (--slice)."""
import re

import pytest

from quilt import RUN, SLICE, STATE, containers, ctl, run, scopes, wait_path
from test_daemon import daemon_pid, kill_daemon
from test_lifecycle import background, follow_until, props
from test_recovery import quiltd_away

pytestmark = pytest.mark.fault("32")

HANDLES_TERM = ("/bin/sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done")
BATCH, NIGHT = SLICE / "quilt-batch.slice", SLICE / "quilt-batch.slice/quilt-batch-night.slice"


def started(name, image, slice="batch"):
    background(name, image, *HANDLES_TERM, options=["--slice", slice])
    follow_until(name, b"ready")
    return name


@pytest.fixture
def batch(busybox, name):
    """A container in quilt-batch.slice that exits with 7 at TERM."""
    return started(name, busybox)


def ended(name):
    shown = props(name)
    return shown["State"], shown["ExitCode"], shown["Reason"]


def unit(name, *properties):
    """Properties of a unit of systemd's."""
    return dict(line.split("=", 1) for line in run("systemctl", "show", name, "-p", ",".join(properties)).text.splitlines())


@pytest.mark.parametrize("given, directory", [
    (("--slice", "batch"), BATCH), (("--slice=quilt-batch.slice",), BATCH), (("--cgroup-parent", "quilt-batch"), BATCH),
    (("--slice", "batch-night"), NIGHT), (("--slice", "quilt.slice"), SLICE)])
def test_the_scope_is_in_the_slice(busybox, name, given, directory):
    background(name, busybox, "sleep", "1000", options=given)
    path = directory / f"quilt-{name}.scope"
    assert path.is_dir() and props(name)["Scope"] == path.name
    shown = unit(path.name, "Slice", "ControlGroup")
    assert shown == {"Slice": directory.name, "ControlGroup": f"/{path.relative_to(SLICE.parent)}"}
    assert directory.name in run("systemctl", "status", path.name).ok().text
    assert ctl("inspect", name).ok().json["in_force"]["cgroup"] is not None
    assert ctl("remove", "--force", name).ok().seconds < 2
    assert not path.exists() and path.name not in scopes()


def test_systemd_makes_the_slice_and_ends_it_with_its_last_scope(busybox, name):
    first, second = started(f"{name}-1", busybox, "batch-night"), started(f"{name}-2", busybox, "batch")
    ctl("remove", "--force", first).ok()
    wait_path(NIGHT, present=False)
    assert (BATCH / f"quilt-{second}.scope").is_dir()
    ctl("remove", "--force", second).ok()
    wait_path(BATCH, present=False)
    assert unit("quilt-batch.slice", "ActiveState") == {"ActiveState": "inactive"}


def test_the_next_one_may_come_while_the_slice_goes(busybox, name):
    """systemd refuses a job that contradicts one that waits: the slice's end."""
    for _ in range(100):
        assert ctl("run", "--rm", "--name", name, "--slice", "batch-night", busybox, "echo", "here").ok().text == "here\n"


def test_limits_of_the_slice(busybox, name):
    run("systemctl", "set-property", "--runtime", "quilt-batch.slice", "TasksMax=70", "MemoryMax=512M").ok()
    try:
        started(name, busybox)
        assert unit("quilt-batch.slice", "TasksMax", "MemoryMax", "ActiveState") == {
            "TasksMax": "70", "MemoryMax": str(512 << 20), "ActiveState": "active"}
        ctl("remove", "--force", name).ok()
    finally:
        run("systemctl", "revert", "quilt-batch.slice").ok()


@pytest.mark.parametrize("stop", [("quiltctl", "stop"), ("systemctl", "stop")])
def test_stop_and_start_again(batch, stop):
    for _ in range(2):
        run(*stop, batch if stop[0] == "quiltctl" else f"quilt-{batch}.scope").ok()
        assert ended(batch) == ("exited", 7, "stopped")
        ctl("start", batch).ok()
        assert (BATCH / f"quilt-{batch}.scope").is_dir()
        follow_until(batch, b"ready")


def test_stop_of_the_slice_stops_its_containers_alone(batch, busybox, name):
    other = f"{name}-other"
    background(other, busybox, "sleep", "1000")
    run("systemctl", "stop", "quilt-batch.slice").ok()
    assert ended(batch) == ("exited", 7, "stopped") and props(other)["State"] == "running"


def test_kill(batch):
    assert ctl("kill", batch).ok().seconds < 0.5
    assert ended(batch) == ("exited", 137, "signaled")


def test_a_quiltd_that_was_killed_finds_it(batch, journal):
    pid = props(batch)["Pid"]
    kill_daemon()
    daemon_pid()
    assert (props(batch)["State"], props(batch)["Pid"], props(batch)["Scope"]) == ("running", pid, f"quilt-{batch}.scope")
    assert ctl("inspect", batch).ok().json["in_force"]["cgroup"] is not None
    ctl("stop", batch).ok()
    assert ended(batch) == ("exited", 7, "stopped")
    ctl("remove", batch).ok()


def test_a_reload_of_systemd_changes_nothing(batch):
    run("systemctl", "daemon-reload").ok()
    run("systemctl", "daemon-reexec").ok()
    assert props(batch)["State"] == "running" and unit("quilt-batch.slice", "ActiveState") == {"ActiveState": "active"}
    ctl("stop", batch).ok()
    assert ended(batch) == ("exited", 7, "stopped")


def test_a_quiltd_that_was_away_learns_how_it_ended(batch):
    with quiltd_away():
        run("systemctl", "stop", f"quilt-{batch}.scope").ok()
    assert ended(batch) == ("exited", 7, "stopped")
    ctl("start", batch).ok()


def test_one_without_a_directory_in_run_is_found_by_its_mark_and_left_alone(batch, journal):
    ident = props(batch)["Id"]
    with quiltd_away():
        (RUN / "containers" / ident).rename(RUN / "moved")
        (STATE / "containers" / ident).rename(STATE / "moved")
    try:
        daemon_pid()
        assert (BATCH / f"quilt-{batch}.scope").is_dir() and batch not in containers()
        assert any(ident.encode() in text for text in journal.messages("_SYSTEMD_UNIT=quiltd.service"))
    finally:
        with quiltd_away():
            (RUN / "moved").rename(RUN / "containers" / ident)
            (STATE / "moved").rename(STATE / "containers" / ident)
    daemon_pid()
    assert props(batch)["State"] == "running"


def test_its_name_goes_to_another_slice(busybox, name):
    for slice, directory in (("batch", BATCH), ("batch-night", NIGHT), ("quilt", SLICE)) * 5:
        background(name, busybox, "sleep", "1000", options=["--replace", "--slice", slice])
        assert (directory / f"quilt-{name}.scope").is_dir()


def test_a_frozen_scope_is_thawed(batch):
    run("systemctl", "freeze", f"quilt-{batch}.scope").ok()
    assert ctl("stop", batch).ok().seconds < 2
    assert ended(batch) == ("exited", 7, "stopped")


@pytest.mark.parametrize("frozen", ["quilt-batch.slice", "quilt.slice"])
def test_in_a_frozen_slice_the_way_out_is_named(batch, busybox, name, frozen):
    other = started(f"{name}-other", busybox, "quilt")
    run("systemctl", "freeze", frozen).ok()
    try:
        done = ctl("stop", batch)
        assert done.code == 1 and f"systemctl thaw {frozen} first" in done.err.decode()
        if frozen != "quilt.slice":
            ctl("stop", other).ok()
    finally:
        run("systemctl", "thaw", frozen).ok()
    ctl("stop", batch).ok()
    assert ended(batch) == ("exited", 7, "stopped")


def test_journald_loses_none_of_its_lines_and_the_links_go(busybox, name):
    background(name, busybox, "sleep", "1000", options=["--slice", "batch"])
    links = [RUN.parent / f"systemd/units/log-rate-limit-{what}:quilt-{name}.scope" for what in ("interval", "burst")]
    kill_daemon()
    daemon_pid()
    assert all(link.is_symlink() for link in links)
    ctl("remove", "--force", name).ok()
    assert not any(link.is_symlink() for link in links)


def test_pressure_and_use_are_those_of_its_scope(batch):
    assert props(batch)["CPUUsage"] > 0
    assert ctl("status", batch).ok().text
    if (BATCH / "cpu.pressure").exists():
        assert props(batch)["CPUPressure"]


@pytest.mark.parametrize("given", ["system.slice", "batch.slice", "/quilt.slice/x", "../system.slice", "..", "a--b", "a-", "", "a" * 65, "a b"])
@pytest.mark.parametrize("verb", ["run", "create"])
def test_what_is_no_slice_of_quilts_is_refused(busybox, name, verb, given):
    refused = ctl(verb, "--name", name, f"--slice={given}", busybox, "true")
    assert refused.code == 125 and re.search(rb"slice.*\S", refused.err) and refused.err.count(b"\n") == 1
    assert name not in containers()
