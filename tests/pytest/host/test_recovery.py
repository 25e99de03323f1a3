# SPDX-License-Identifier: LGPL-2.1-or-later
"""A restart of quiltd ends no process of another program, and no container that it can't read at the moment."""
import contextlib
import json
import os
import pathlib
import signal
import socket

import pytest

import oci
from quilt import RUN, SLICE, STATE, ctl, run, scopes, spawn, unreadable, wait_exit, wait_path
from test_daemon import daemon_pid
from test_lifecycle import background, props

UNTIL_TERM = ("/bin/sh", "-c", "trap 'exit 5' TERM; while :; do sleep 0.05; done")


@contextlib.contextmanager
def quiltd_away():
    """Killed, and not back before the end."""
    pid = daemon_pid()
    run("systemctl", "mask", "--runtime", "quiltd.service").ok()
    try:
        os.kill(pid, signal.SIGKILL)
        wait_exit(pid)
        run("systemctl", "stop", "quiltd.service").ok()
        yield
    finally:
        run("systemctl", "unmask", "--runtime", "quiltd.service").ok()
        run("systemctl", "reset-failed", "quiltd.service")


@contextlib.contextmanager
def foreign(unit, *options):
    """A scope of the administrator's."""
    with spawn("systemd-run", "--scope", "--quiet", f"--unit={unit}", *options, "/bin/sh", "-c", "echo up; exec sleep 1000") as process:
        assert process.stdout.readline() == b"up\n"
        yield process
    run("systemctl", "reset-failed", unit)


def supervisor_of(name):
    return int(pathlib.Path(f"/proc/{props(name)['Pid']}/stat").read_text().rsplit(")", 1)[1].split()[1])


@pytest.mark.fault(1)
def test_a_restart_kills_no_scope_for_its_name(name):
    bundle = oci.Bundle(name).write(oci.config("/bin/sleep", "1000"))
    with foreign(f"quilt-{name}-1.scope") as first, foreign(f"quilt-{name}-2.scope", "--slice=quilt.slice") as second:
        oci.Container("web", bundle, before=("--systemd-cgroup",))
        try:
            oci.oci("start", "web").ok()
            with quiltd_away():
                pass
            daemon_pid()
            assert first.poll() is None and second.poll() is None
            assert oci.state("web")["status"] == "running"
        finally:
            oci.oci("delete", "--force", "web").ok()
    run("rm", "-r", str(bundle.path)).ok()


@pytest.mark.fault(1)
def test_a_container_and_one_of_quilt_oci_do_not_share_a_name(busybox, name):
    bundle = oci.Bundle(name).write(oci.config("/bin/sleep", "1000"))
    oci.Container("web", bundle, before=("--systemd-cgroup",))
    try:
        assert "quiltoci-web.scope" in scopes()
        assert ctl("run", "--rm", "--name", "oci-web", busybox, "/bin/true").code == 0
    finally:
        oci.oci("delete", "--force", "web").ok()
        run("rm", "-r", str(bundle.path)).ok()


@pytest.mark.fault(1)
def test_a_scope_that_took_the_name_of_a_lost_container_is_left_alone(busybox, name):
    """Even in quilt.slice: it lacks the mark."""
    take_name_of_lost(busybox, name, contextlib.nullcontext)


@pytest.mark.fault(39)
def test_a_scope_that_cannot_be_looked_at_is_neither_empty_nor_ours(busybox, name):
    """Once quiltd can read the scope again, the remains of the lost container can be removed."""
    take_name_of_lost(busybox, name, lambda: unreadable(SLICE / f"quilt-{name}.scope/cgroup.events"))


def take_name_of_lost(busybox, name, hindrance):
    background(name, busybox, *UNTIL_TERM)
    supervisor = supervisor_of(name)
    with contextlib.ExitStack() as stack:
        with quiltd_away():
            os.kill(supervisor, signal.SIGKILL)
            wait_exit(supervisor)
            wait_path(SLICE / f"quilt-{name}.scope", present=False)
            other = stack.enter_context(foreign(f"quilt-{name}.scope", "--slice=quilt.slice"))
            hindered = stack.enter_context(contextlib.ExitStack())
            hindered.enter_context(hindrance())
        assert (props(name)["State"], props(name)["Reason"]) == ("failed", "lost")
        hindered.close()
        run("systemctl", "daemon-reload").ok()  # the last one, of unmask, made systemd watch what hid the file
        ctl("remove", name).ok()
        assert other.poll() is None


@contextlib.contextmanager
def descriptors_used_up():
    """Allows quiltd so few descriptors that it can't connect to all supervisors."""
    drop_in = pathlib.Path("/run/systemd/system/quiltd.service.d/few.conf")
    drop_in.parent.mkdir(parents=True)
    drop_in.write_text("[Service]\nLimitNOFILE=48\n")
    run("systemctl", "daemon-reload").ok()
    yield
    drop_in.unlink()
    drop_in.parent.rmdir()
    run("systemctl", "daemon-reload").ok()


@contextlib.contextmanager
def backlog_full(ids):
    """Each supervisor has as many callers as it takes, and more."""
    with contextlib.ExitStack() as callers:
        for ident in ids:
            directory = os.open(RUN / "containers" / ident, os.O_PATH)
            callers.callback(os.close, directory)
            with contextlib.suppress(BlockingIOError):
                while True:
                    caller = callers.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
                    caller.setblocking(False)
                    caller.connect(f"/proc/self/fd/{directory}/supervisor")
        yield


@pytest.mark.fault(3)
@pytest.mark.parametrize("trouble", ["descriptors", "backlog"])
def test_a_restart_in_trouble_ends_nothing(busybox, name, trouble):
    names = [f"{name}-{number}" for number in range(12)]
    before = {title: background(title, busybox, *UNTIL_TERM) for title in names}
    with contextlib.ExitStack() as stack:
        with quiltd_away():
            stack.enter_context(descriptors_used_up() if trouble == "descriptors" else backlog_full([it["Id"] for it in before.values()]))
        daemon_pid()
        assert all(props(title)["State"] == "running" for title in names)
    if trouble == "descriptors":
        run("systemctl", "restart", "quiltd.service").ok()
    for title in names:
        os.kill(before[title]["Pid"], 0)
        ctl("stop", title).ok()
        assert (props(title)["ExitCode"], props(title)["Reason"]) == (5, "stopped")


@pytest.mark.fault(3)
@pytest.mark.parametrize("result", ['{"version":1,"started":1,"exit-code":-1,"of-tomorrow":{"a":[1]}}', '{"version":9}', ""])
def test_a_result_of_a_newer_quilt_ends_nothing(busybox, name, result):
    before = background(name, busybox, *UNTIL_TERM)
    file = STATE / "containers" / before["Id"] / "result.json"
    with quiltd_away():
        file.write_text(result)
    assert (props(name)["State"], props(name)["Pid"]) == ("running", before["Pid"])
    ctl("stop", name).ok()
    assert props(name)["ExitCode"] == 5
    assert ("of-tomorrow" in result) == (json.loads(file.read_text()).get("of-tomorrow") == {"a": [1]})
    with quiltd_away():
        pass
    assert (props(name)["State"], props(name)["ExitCode"]) == ("exited", 5)


@pytest.mark.fault(3)
def test_options_of_a_newer_quilt_are_kept_and_not_ignored(busybox, name):
    before = background(name, busybox, *UNTIL_TERM)
    file = STATE / "containers" / before["Id"] / "record.json"
    with quiltd_away():
        record = json.loads(file.read_text())
        record["options"]["of-tomorrow"] = record["of-tomorrow"] = "x"
        file.write_text(json.dumps(record))
    assert (props(name)["State"], props(name)["Pid"]) == ("running", before["Pid"])
    ctl("rename", name, f"{name}-2").ok()
    record = json.loads(file.read_text())
    assert record["of-tomorrow"] == record["options"]["of-tomorrow"] == "x"
    ctl("stop", f"{name}-2").ok()
    refused = ctl("start", f"{name}-2")
    assert refused.code == 1 and b"of-tomorrow" in refused.err


@pytest.mark.fault("6a")
def test_an_end_that_nobody_saw_outlives_run(busybox, name):
    """As after a boot, /run is empty and no supervisor exists."""
    init, supervisor = background(name, busybox, "/bin/sh", "-c", "exec sleep 1000"), supervisor_of(name)
    with quiltd_away():
        os.kill(init["Pid"], signal.SIGTERM)
        os.kill(init["Pid"], signal.SIGKILL)
        wait_path(STATE / "containers" / init["Id"] / "exit")
        os.kill(supervisor, signal.SIGKILL)
        wait_exit(supervisor)
        run("rm", "-r", str(RUN / "containers" / init["Id"])).ok()
    assert (props(name)["State"], props(name)["ExitCode"], props(name)["Reason"]) == ("exited", 137, "signaled")
    # The next run's end is not taken from there.
    ctl("start", name).ok()
    assert not (STATE / "containers" / init["Id"] / "exit").exists()


@pytest.mark.fault("6b")
def test_systemctl_stop_without_quiltd_honours_the_stop_signal(busybox, name):
    loop = "while :; do sleep 0.05; done"
    script = f"sh -c \"trap 'touch /hit; exit' TERM USR1; touch /up; {loop}\" & trap 'exit 5' USR1; trap 'exit 66' TERM; {loop}"
    files = STATE / "containers" / background(name, busybox, "/bin/sh", "-c", script, options=("--stop-signal", "USR1"))["Id"] / "upper"
    wait_path(files / "up")
    with quiltd_away():
        run("systemctl", "stop", f"quilt-{name}.scope").ok()
    assert (props(name)["ExitCode"], props(name)["Reason"]) == (5, "stopped")
    assert not (files / "hit").exists()


@pytest.mark.fault("5")
@pytest.mark.parametrize("number", ["USR1", "TERM"])
def test_systemctl_stop_without_quiltd_tells_the_first_process_alone(busybox, name, number):
    """Its child would die of any stop signal; told to stop, the first process asks the child whether it lives."""
    child = "trap 'touch /answer' USR2; touch /up; while :; do sleep 0.05; done"
    ask = "kill -USR2 $!; until [ -e /answer ]; do kill -0 $! || exit 66; sleep 0.05; done; exit 5"
    script = f"trap '{ask}' {number}; sh -c \"{child}\" & while :; do sleep 0.05; done"
    container = background(name, busybox, "/bin/sh", "-c", script, options=("--stop-signal", number))
    wait_path(STATE / "containers" / container["Id"] / "upper/up")
    with quiltd_away():
        run("systemctl", "stop", f"quilt-{name}.scope").ok()
    assert (props(name)["State"], props(name)["ExitCode"], props(name)["Reason"]) == ("exited", 5, "stopped")


@pytest.mark.fault("5")
def test_systemctl_stop_without_quiltd_kills_after_the_stop_timeout(busybox, name):
    background(name, busybox, "/bin/sh", "-c", "trap '' USR1; while :; do sleep 0.05; done",
               options=("--stop-signal", "USR1", "--stop-timeout", "1s"))
    with quiltd_away():
        run("systemctl", "stop", f"quilt-{name}.scope").ok()
    assert (props(name)["State"], props(name)["ExitCode"]) == ("exited", 137)


def test_the_files_of_what_runs_are_not_removed_though_its_directory_in_run_is_gone(busybox, name):
    container = ctl("run", "-d", "--rm", "--name", name, busybox, *UNTIL_TERM).ok() and props(name)["Id"]
    place, aside = RUN / f"containers/{container}", RUN / "aside"
    with quiltd_away():
        place.rename(aside)
    daemon_pid()
    assert (STATE / f"containers/{container}/upper").is_dir() and f"quilt-{name}.scope" in scopes()
    with quiltd_away():
        aside.rename(place)
    daemon_pid()
    assert props(name)["State"] == "running"
    ctl("stop", name).ok()
