# SPDX-License-Identifier: LGPL-2.1-or-later
"""quiltd as a service: start, configuration, watchdog, end, and recovery after it was killed."""
import concurrent.futures
import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import time

import pytest
from gi.repository import Gio, GLib

import conftest
import fakes
import quilt
from test_access import refusal
from test_api import names, options_of


def test_it_says_when_it_is_ready(stopped, root):
    stopped.start()
    assert root.property(quilt.ROOT, "Manager", "Version")
    assert [text for text in stopped.told if text.startswith("STATUS=")]


def test_the_watchdog_is_fed(stopped):
    stopped.spawn(WATCHDOG_USEC="200000")  # without WATCHDOG_PID=, since the pid is unknown: then it applies to every process
    for _ in range(3):
        stopped.wait_told("WATCHDOG=1")


def test_it_ends_when_it_is_asked_to(daemon):
    assert daemon.end(signal.SIGTERM) == 0
    daemon.wait_told("STOPPING=1")


def test_it_ends_when_nothing_goes_on(daemon, root):
    daemon.configure("ExitIdleSec=1s\n")
    root.call("Reload", "a{sv}", ({},))
    assert daemon.process.wait(20) == 0
    assert daemon.wait_told("STOPPING=1")


def test_calls_that_meet_the_end_of_an_idle_quiltd_are_answered(daemon, root):
    """They have reached quiltd's socket when its time is up."""
    answers = []
    daemon.configure("ExitIdleSec=1s\n")
    root.call("Reload", "a{sv}", ({},))
    daemon.kill(signal.SIGSTOP)
    select.select([], [], [], 1.2)  # its time is up, and it can't know
    for number in range(50):
        root.connection.send_message_with_reply(
            root.message("ListContainers", "a{sv}", ({},)), Gio.DBusSendMessageFlags.NONE, 20000, None,
            lambda connection, result: answers.append(connection.send_message_with_reply_finish(result)))
    root.connection.flush_sync(None)
    daemon.kill(signal.SIGCONT)
    while len(answers) < 50:
        GLib.MainContext.default().iteration(True)
    assert {answer.get_message_type() for answer in answers} == {Gio.DBusMessageType.METHOD_RETURN}
    assert daemon.process.wait(20) == 0
    daemon.wait_told("STOPPING=1")


@pytest.mark.parametrize("text,complaint", [("NoSuchKey=1\n", "NoSuchKey"), ("LogLevel=loud\n", "LogLevel=: 'loud'")])
def test_a_mistake_in_the_configuration_prevents_the_start(text, complaint, stopped):
    stopped.configure(text)
    stopped.spawn()
    assert stopped.process.wait(20) not in (0, None)
    assert complaint in stopped.read_log()
    assert "etc/quiltd.conf" in stopped.read_log()


def test_reload_over_the_bus(daemon, root, user, polkit):
    polkit.decide = lambda check: "yes"
    daemon.configure("DefaultPidsMax=7\n")
    user.call("Reload", "a{sv}", ({},))
    assert [told.split("\n")[0] for told in daemon.wait_told("READY=1")][-2:] == ["RELOADING=1", "READY=1"]


def test_reload_of_a_mistake_changes_nothing(daemon, image, root):
    daemon.configure("DefaultPidsMax=7\n")
    root.call("Reload", "a{sv}", ({},))
    daemon.configure("DefaultPidsMax=9\nNope=1\n")
    error = refusal(root.call, "Reload", "a{sv}", ({},))
    assert error.name == "InvalidArgument"
    assert "quiltd.conf" in error.text and "Nope" in error.text
    path, _ = root.call("CreateContainer", "sa{sv}", ("web", options_of("sleep")))
    assert quilt.Container(root, path).PidsMax == 7
    assert daemon.wait_told("READY=1")  # it never stays in "reloading"


def test_reload_by_signal(daemon, image, root):
    daemon.configure("DefaultPidsMax=7\n")
    daemon.kill(signal.SIGHUP)
    daemon.wait_told("RELOADING=1")
    daemon.wait_told("READY=1")
    path, _ = root.call("CreateContainer", "sa{sv}", ("web", options_of("sleep")))
    assert quilt.Container(root, path).PidsMax == 7


def test_drop_ins(stopped, root, services):
    stopped.configure("DefaultPidsMax=7\n")
    (stopped.directory / "etc/quiltd.conf.d/50-more.conf").write_text("[Manager]\nDefaultPidsMax=8\n")
    stopped.start()
    conftest.import_image(root, services, "web")
    path, _ = root.call("CreateContainer", "sa{sv}", ("web", options_of("sleep")))
    assert quilt.Container(root, path).PidsMax == 8


@pytest.mark.parametrize("level,logged", [("info", True), ("warning", False)])
def test_the_log_level(level, logged, stopped, services, root):
    stopped.configure(f"LogLevel={level}\n")
    stopped.start()
    conftest.import_image(root, services, "web")
    assert ("Image web was imported" in stopped.read_log()) is logged


def test_every_state_change_is_logged_once(run, daemon):
    box = run("sleep", name="box")
    box.call("Stop")
    log = [line.split(": ", 2)[2] for line in daemon.read_log().splitlines() if "Container box" in line]
    assert len(log) == 5, log  # created, setting-up, running, stopping, exited
    assert "created" in log[0] and "running" in log[2]


def test_a_second_quiltd_is_refused(daemon, bus, tmp_path):
    second = quilt.Daemon(tmp_path / "second", bus.address)
    second.spawn()
    assert second.process.wait(20) not in (0, None)
    assert "another quiltd" in second.read_log()
    second.close()


def test_one_state_directory_has_one_quiltd(daemon, tmp_path, bus):
    second = quilt.Daemon(tmp_path / "second", bus.address)
    (second.directory / "state").rmdir()
    (second.directory / "state").symlink_to(daemon.directory / "state")
    second.spawn()
    assert second.process.wait(20) not in (0, None)
    second.close()


# systemd.

def test_a_scope_whose_job_fails(image, root, systemd):
    systemd.result = "failed"
    error = refusal(root.call, "RunContainer", "sa{sv}", ("web", options_of("sleep", name="box")))
    assert error.name == "Failed"
    assert "quilt-box.scope" in error.text
    assert quilt.Container(root, root.call("GetContainer", "s", ("box",))).State == "failed"
    systemd.result = "done"
    assert root.call("StartContainers", "asa{sv}", (["box"], {})) == []


def test_a_scope_that_systemd_refuses(image, root, systemd):
    systemd.result = "BadUnitSetting"
    error = refusal(root.call, "RunContainer", "sa{sv}", ("web", options_of("sleep", name="box")))
    assert "systemd says so" in error.text


def test_a_scope_name_that_is_taken(image, root, systemd):
    systemd.result = "UnitExists"
    error = refusal(root.call, "RunContainer", "sa{sv}", ("web", options_of("sleep", name="box")))
    assert error.name == "Busy"
    assert "quilt-box.scope" in error.text


def test_nothing_runs_before_the_scope_is_there(image, root, client, systemd, services):
    systemd.result = None
    with concurrent.futures.ThreadPoolExecutor() as pool:
        starting = pool.submit(client().call, "RunContainer", "sa{sv}", ("web", options_of("exit", "0", name="box")))
        services.wait(lambda: any(method == "StartTransientUnit" for method, _ in systemd.calls))
        assert quilt.Container(root, root.call("GetContainer", "s", ("box",))).State == "setting-up"
        root.call("StopContainers", "asa{sv}", (["box"], {}))
        assert refusal(starting.result).name == "Cancelled"


def test_a9_systemctl_stop_is_a_graceful_stop(run, root, systemd, services):
    box = run("sleep", name="box")
    systemd.stop("quilt-box.scope")
    assert box.call("Wait")[1] == "stopped"


@pytest.mark.fault("6b")
def test_systemctl_stop_is_a_graceful_stop_once_quiltd_was_restarted(run, daemon, systemd, services):
    """By then the scope has no controller any more."""
    box = run("sleep", name="box")
    assert systemd.properties["quilt-box.scope"]["Controller"] == "org.quilt"
    restart(daemon)
    services.wait(lambda: "Controller" not in systemd.properties["quilt-box.scope"])
    systemd.stop("quilt-box.scope")
    assert box.call("Wait") == (143, "stopped")


def test_what_ignores_systemctl_stop_is_killed_after_its_timeout(run, systemd):
    box = run("ignore", name="box")
    systemd.properties["quilt-box.scope"]["TimeoutStopUSec"] = 1
    systemd.stop("quilt-box.scope")
    assert box.call("Wait") == (-1, "lost")  # its supervisor is in there


def test_an_update_changes_the_scope_that_runs(run, systemd):
    box = run("sleep", name="box")
    box.call("Update", arguments=({"memory-max": GLib.Variant("t", 64 << 20), "pids-max": GLib.Variant("t", 7)},))
    assert (systemd.properties["quilt-box.scope"]["MemoryMax"], systemd.properties["quilt-box.scope"]["TasksMax"]) == (64 << 20, 8)


def test_nobody_else_can_ask_for_a_stop(run, user, systemd, root):
    box = run("sleep", name="box")
    systemd.request_stop("quilt-box.scope", "org.quilt", user.connection)
    user.call("GetContainer", "s", ("box",))  # by the same way, so the signal has been there
    assert box.State == "running"


# Recovery.

def restart(daemon):
    daemon.end(signal.SIGKILL)
    daemon.start()


def test_d1_what_runs_is_found_again(run, daemon, root, services):
    box = run("sleep", name="box")
    pid, started = box.Pid, box.Started
    restart(daemon)
    assert (box.State, box.Pid, box.Started, box.Scope) == ("running", pid, started, "quilt-box.scope")
    box.call("Stop")
    assert box.Reason == "stopped"
    assert "box" in "".join(line for line in daemon.read_log().splitlines() if "Found container" in line)


def test_d1_an_end_that_nobody_saw_is_true(run, daemon, root, systemd):
    box = run("sleep", name="box")
    daemon.end(signal.SIGKILL)
    pid, = systemd.scopes["quilt-box.scope"]
    directory, = (daemon.directory / "run/containers").iterdir()
    message = b"".join([(1).to_bytes(4, "little"), (20).to_bytes(4, "little"), bytes(8), (42).to_bytes(4, "little"), bytes(12),
                        (1700000000000000).to_bytes(8, "little"), bytes(16), b"exited\0"])
    (directory / "exit").write_bytes(message)  # as its supervisor would, which then went too
    os.kill(pid, signal.SIGKILL)
    daemon.start()
    assert (box.State, box.ExitCode, box.Reason) == ("exited", 42, "exited")


def test_d1_an_end_that_nobody_can_know_is_not_guessed(run, daemon, root, systemd):
    box = run("sleep", name="box")
    daemon.end(signal.SIGKILL)
    os.kill(systemd.scopes["quilt-box.scope"][0], signal.SIGKILL)
    daemon.start()
    assert (box.State, box.ExitCode, box.Reason) == ("failed", -1, "lost")


def test_a_crash_of_a_supervisor_is_not_an_exit_code(run):
    box = run("sleep", name="box")
    os.kill(box.Pid, signal.SIGKILL)
    assert box.call("Wait") == (-1, "lost")


@pytest.mark.fault(1)
def test_no_scope_is_touched_for_its_name(run, daemon, systemd):
    """quiltd touches neither a scope without a container, nor another program's scope with the name of a lost container's scope."""
    box = run("sleep", name="box")
    daemon.end(signal.SIGKILL)
    supervisor, = systemd.scopes["quilt-box.scope"]
    os.kill(supervisor, signal.SIGKILL)
    with subprocess.Popen(["sleep", "1000"]) as foreign:
        systemd.scopes = {"quilt-foreign.scope": [foreign.pid], "quilt-box.scope": [foreign.pid]}
        systemd.calls.clear()
        daemon.start()
        assert (box.State, box.Reason) == ("failed", "lost")
        assert foreign.poll() is None and systemd.calls == []
        foreign.kill()


@pytest.mark.fault(3)
def test_a_run_that_is_not_in_the_store_is_left_alone(run, daemon, root, client):
    """The store may be on a disk that is not mounted yet."""
    box = run("sleep", name="box")
    pid, containers, away = box.Pid, daemon.directory / "state/containers", daemon.directory / "away"
    daemon.end(signal.SIGKILL)
    containers.rename(away)
    daemon.start()
    assert names(root) == []
    daemon.end(signal.SIGKILL)
    containers.rmdir()
    away.rename(containers)
    daemon.start()
    assert (box.State, box.Pid) == ("running", pid)


@pytest.mark.fault(3)
def test_a_supervisor_that_takes_no_connection_is_alive(run, daemon, systemd):
    """Its backlog is full. It has not ended, and will accept connections again."""
    box = run("sleep", name="box")
    box_id, (supervisor,) = box.Id, systemd.scopes["quilt-box.scope"]
    daemon.end(signal.SIGKILL)
    os.kill(supervisor, signal.SIGSTOP)
    directory = os.open(daemon.directory / "run/containers" / box_id, os.O_PATH)
    with contextlib.ExitStack() as callers:
        callers.callback(os.close, directory)
        with contextlib.suppress(BlockingIOError):
            while True:
                caller = callers.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
                caller.setblocking(False)
                caller.connect(f"/proc/self/fd/{directory}/supervisor")  # the path itself is too long
        daemon.start()
        assert box.State == "running"
        box.call("Rename", "sa{sv}", ("first", {}))
        # The supervisor has yet to learn the first name, which a second one must not replace unheard.
        assert refusal(box.call, "Rename", "sa{sv}", ("second", {})).name == "Busy"
    os.kill(supervisor, signal.SIGCONT)
    box.call("Stop")
    assert (box.Name, box.Reason) == ("first", "stopped")


@pytest.mark.fault(3)
def test_a_restart_with_its_descriptors_used_up(create, daemon, root, services):
    """Containers that quiltd can't reach now keep running. quiltd reaches them once it has free descriptors."""
    boxes = [create("sleep", name=f"box-{number}") for number in range(30)]
    for box in boxes:
        box.call("Start")
    pids = [box.Pid for box in boxes]
    daemon.end(signal.SIGKILL)
    daemon.start(limit=48)
    assert [box.State for box in boxes] == ["running"] * 30
    daemon.end(signal.SIGKILL)
    daemon.start()
    assert [box.Pid for box in boxes] == pids


@pytest.mark.fault(3)
@pytest.mark.parametrize("result", ['{"version":1,"started":1,"exit-code":-1,"of-tomorrow":[5]}', '{"version":2}', "{", '{"version":1}',
                                    '{"version":1,"started":1,"finished":2,"exit-code":7,"reason":"exited"}'])
def test_what_the_record_says_ends_nothing_that_runs(run, daemon, result):
    box = run("sleep", name="box")
    pid, file = box.Pid, daemon.directory / f"state/containers/{box.Id}/result.json"
    daemon.end(signal.SIGKILL)
    file.write_text(result)
    daemon.start()
    assert (box.State, box.Pid) == ("running", pid)
    box.call("Stop")
    assert (box.State, box.Reason) == ("exited", "stopped")
    now = json.loads(file.read_text())
    assert now["reason"] == "stopped" and ("of-tomorrow" in result) == (now.get("of-tomorrow") == [5])


def test_a_broken_record_hides_no_other(create, daemon, root):
    box, broken = create("sleep", name="box"), create("sleep", name="broken")
    id_ = broken.Id
    daemon.end(signal.SIGKILL)
    (daemon.directory / f"state/containers/{id_}/record.json").write_text("{")
    daemon.start()
    assert names(root) == ["box"]
    assert id_ in daemon.read_log()
    assert (daemon.directory / f"state/containers/{id_}/record.json").read_text() == "{"
    assert box.State == "pending"


@pytest.mark.parametrize("leave", [lambda box: None, lambda box: (box / "volatile.json").write_text(""),
                                   lambda box: (box / "result.json").write_text(""), lambda box: (box / "result.json").unlink()],
                         ids=["all", "an empty record", "an empty result", "no result"])
def test_nothing_of_run_rm_is_there_after_a_power_cut(create, run, daemon, root, systemd, leave):
    box, kept = run("sleep", name="box", auto_remove=True), create("sleep", name="kept", auto_remove=True)
    directory, supervisor = daemon.directory / f"state/containers/{box.Id}", systemd.scopes["quilt-box.scope"][0]
    daemon.end(signal.SIGKILL)
    os.kill(supervisor, signal.SIGKILL)
    shutil.rmtree(daemon.directory / "run/containers")
    leave(directory)
    daemon.start()
    deadline = time.monotonic() + fakes.PATIENCE
    while (left := names(root) + os.listdir(directory.parent)) != ["kept", kept.Id]:
        assert time.monotonic() < deadline, left
    assert kept.State == "pending"


def test_d2_a_restart_under_load_loses_nothing(create, daemon, client, root):
    def attempt(number):
        try:
            return client_of[number].call("CreateContainer", "sa{sv}", ("web", options_of("sleep", name=f"box-{number}")))[1]
        except (quilt.Refused, GLib.Error):
            return None
    create("sleep", name="first")
    client_of = [client() for _ in range(30)]
    with concurrent.futures.ThreadPoolExecutor(30) as pool:
        answers = pool.map(attempt, range(30))
        daemon.end(signal.SIGKILL)
        made = {answer for answer in answers if answer}
    daemon.start()
    rows = root.call("ListContainers", "a{sv}", ({},))
    assert made <= {row[1] for row in rows}
    assert all(row[5] == "pending" for row in rows)
    left = {entry.name for entry in (daemon.directory / "state/containers").iterdir()}
    assert left == {row[1] for row in rows}
