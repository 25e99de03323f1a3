# SPDX-License-Identifier: LGPL-2.1-or-later
"""The life of a container: run, exit codes, stop, kill, start again, remove, races (A1 to A10)."""
import io
import os
import signal
import struct
import subprocess
import tarfile
import threading
import time

import pytest
from gi.repository import GLib

from quilt import RUN, SLICE, STATE, TIMEOUT, Events, ctl, error_name, manager, properties, run, spawn, wait_exit, wait_unit

CONTAINER = "org.quilt.Container"


def path_of(name):
    return manager("GetContainer", "(s)", name)[0]


def props(name):
    return properties(path_of(name), CONTAINER)


def background(name, image, *command, options=()):
    """A running container; TERM ends it unless the command says otherwise."""
    ctl("run", "-d", "--name", name, *options, image, *command).ok()
    return props(name)


def test_a1_run_delivers_exact_bytes_and_the_journal_has_them(busybox, name, journal):
    script = r"printf 'a\000b\377\n\n  spaces \n'; printf 'err\n' >&2; printf 'no newline'"
    done = ctl("run", "--name", name, busybox, "/bin/sh", "-c", script)
    assert (done.code, done.out, done.err) == (0, b"a\0b\xff\n\n  spaces \nno newline", b"err\n")

    scope = f"_SYSTEMD_UNIT=quilt-{name}.scope"
    assert journal.messages(scope, "QUILT_STREAM=stdout") == [b"a\0b\xff", b"", b"  spaces ", b"no newline"]
    assert journal.messages(scope, "QUILT_STREAM=stderr") == [b"err"]
    entry = journal.entries(scope, "QUILT_STREAM=stderr")[0]
    container_id = props(name)["Id"]
    assert entry["CONTAINER_NAME"] == name
    assert entry["CONTAINER_ID_FULL"] == container_id
    assert entry["CONTAINER_ID"] == container_id[:12]
    assert entry["IMAGE_NAME"] == "busybox"
    assert "CONTAINER_TAG" in entry
    assert entry["SYSLOG_IDENTIFIER"] == name


def test_a1_large_output_arrives_whole(busybox, name):
    done = ctl("run", "--rm", "--name", name, busybox, "/bin/sh", "-c", "head -c 20000000 /dev/zero | tr '\\0' x", timeout=60)
    assert done.code == 0 and len(done.out) == 20_000_000 and set(done.out) == {ord("x")}


@pytest.mark.parametrize("code", [0, 1, 42, 127, 255])
def test_a2_exit_codes_are_the_commands_own(busybox, name, code):
    assert ctl("run", "--name", name, busybox, "/bin/sh", "-c", f"exit {code}").code == code
    state = props(name)
    assert (state["State"], state["ExitCode"], state["Reason"]) == ("exited", code, "exited")


def test_a2_death_by_sigkill_from_outside(busybox, name, bus_events):
    init = background(name, busybox, "/bin/sleep", "1000")
    path = path_of(name)
    os.kill(init["Pid"], signal.SIGKILL)
    bus_events.wait(lambda where, _i, member, args: where == path and member == "StateChanged" and args[1] == "exited")
    state = props(name)
    assert (state["ExitCode"], state["Reason"]) == (137, "signaled")
    assert ctl("wait", name).text.strip() == "137"


def program(code):
    """A static x86-64 executable of these bytes of machine code."""
    size = 64 + 56 + len(code)
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01" + b"\0" * 9, 2, 62, 1, 0x400078, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    return header + struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, size, size, 0x1000) + code


@pytest.mark.parametrize("signum, code", [(signal.SIGSEGV, b"\x31\xc0\x89\x00"), (signal.SIGILL, b"\x0f\x0b")])
def test_a2_death_by_a_fault_of_its_own(name, signum, code):
    """The kernel spares pid 1 every signal that would end it, but for a fault of its own."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        info = tarfile.TarInfo("crash")
        info.size, info.mode = len(program(code)), 0o755
        tar.addfile(info, io.BytesIO(program(code)))
    ctl("import", "-", name, input=buffer.getvalue()).ok()
    assert ctl("run", "--name", name, name, "/crash").code == 128 + signum
    assert (props(name)["ExitCode"], props(name)["Reason"]) == (128 + signum, "signaled")
    ctl("remove", name).ok()
    ctl("remove-image", name).ok()


def test_a2_a_short_job_200_times(busybox):
    for number in range(200):
        assert ctl("run", "--rm", busybox, "/bin/sh", "-c", f"exit {number % 256}").code == number % 256


def test_a3_the_term_handler_runs_and_its_code_counts(busybox, name):
    background(name, busybox, "/bin/sh", "-c", "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.1; done")
    follow_until(name, b"ready")
    assert ctl("stop", name).ok().seconds < 2
    state = props(name)
    assert (state["State"], state["ExitCode"], state["Reason"]) == ("exited", 7, "stopped")
    assert b"bye" in ctl("logs", name).ok().out


def follow_until(name, text):
    """Waits until a container has printed something."""
    with spawn("quiltctl", "logs", "-f", "-o", "cat", name) as follow:
        for line in follow.stdout:
            if text in line:
                return
    raise AssertionError(f"{name} ended without printing {text}")


@pytest.mark.parametrize("seconds", [1, 5])
def test_a3_a_command_that_ignores_term_is_killed_after_the_timeout(busybox, name, seconds):
    background(name, busybox, "/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done",
               options=["--stop-timeout", str(seconds)])
    follow_until(name, b"ready")
    assert abs(ctl("stop", name).ok().seconds - seconds) < 0.5
    assert (props(name)["ExitCode"], props(name)["Reason"]) == (137, "stopped")


def test_a3_every_descendant_is_gone(busybox, name):
    script = "(setsid sh -c 'trap \"\" TERM HUP; (sleep 4711 &) ; sleep 4711' &) ; echo ready; exec sleep 4711"
    background(name, busybox, "/bin/sh", "-c", script, options=["--stop-timeout", "0"])
    follow_until(name, b"ready")
    ctl("stop", name).ok()
    assert run("pgrep", "-f", "sleep 4711").code == 1


def test_a4_kill_is_fast(busybox, name):
    background(name, busybox, "/bin/sleep", "1000")
    assert ctl("kill", name).ok().seconds < 0.5
    assert (props(name)["State"], props(name)["ExitCode"]) == ("exited", 137)


def test_a4_kill_sends_any_signal(busybox, name):
    background(name, busybox, "/bin/sh", "-c", "trap 'echo usr1' USR1; echo ready; while :; do sleep 0.1; done")
    follow_until(name, b"ready")
    ctl("kill", "--signal", "USR1", name).ok()
    follow_until(name, b"usr1")
    ctl("kill", name).ok()
    refused = ctl("kill", name)
    assert refused.code != 0 and b"run" in refused.err


def test_a5_start_of_an_exited_one_keeps_its_files_and_has_a_new_pid(busybox, name):
    first = background(name, busybox, "/bin/sh", "-c", "echo run >>/data; wc -l </data; exec sleep 1000",
                       options=["--stop-timeout", "0"])
    follow_until(name, b"1")
    ctl("stop", name).ok()
    ctl("stop", name).ok()
    ctl("start", name).ok()
    follow_until(name, b"2")
    second = props(name)
    assert second["State"] == "running" and second["Pid"] != first["Pid"] and second["Id"] == first["Id"]
    ctl("stop", name).ok()


def test_a6_remove_of_a_running_one_is_refused_force_leaves_nothing(busybox, name, journal):
    container = background(name, busybox, "/bin/sh", "-c", "echo here; exec sleep 1000")
    refused = ctl("remove", name)
    assert refused.code != 0 and b"--force" in refused.err
    assert props(name)["State"] == "running"
    ctl("remove", "--force", name).ok()
    assert not (STATE / "containers" / container["Id"]).exists()
    assert not (RUN / "containers" / container["Id"]).exists()
    assert not (SLICE / f"quilt-{name}.scope").exists()
    assert run("systemctl", "is-active", f"quilt-{name}.scope").text.strip() == "inactive"
    wait_exit(container["Pid"])
    assert journal.messages(f"CONTAINER_NAME={name}", "QUILT_STREAM=stdout") == [b"here"]
    with pytest.raises(GLib.Error) as error:
        path_of(name)
    assert error_name(error.value) == "org.quilt.Error.NotFound"


def test_a7_of_20_racing_creators_one_wins(busybox, name):
    racers = [subprocess.Popen(["quiltctl", "create", "--name", name, busybox, "/bin/true"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(20)]
    outcomes = [(*racer.communicate(), racer.returncode) for racer in racers]
    assert sorted(code for _, _, code in outcomes) == [0] + [125] * 19
    assert all(b"exists" in err.lower() or b"in use" in err.lower() for _, err, code in outcomes if code)


def test_a8_unknown_names_and_ambiguous_prefixes_are_typed_errors(busybox, name):
    missing = ctl("stop", "no-such-container")
    assert missing.code != 0 and b"no-such-container" in missing.err
    for number in range(17):  # of 17 IDs two begin with the same digit
        ctl("create", "--name", f"{name}-{number}", busybox, "/bin/true").ok()
    ids = [row[1] for row in manager("ListContainers", "(a{sv})", {})[0]]
    digit = next(i[0] for i in ids if sum(other[0] == i[0] for other in ids) > 1)
    for argument, expected in [("no-such-container", "NotFound"), (digit, "Ambiguous")]:
        with pytest.raises(GLib.Error) as error:
            path_of(argument)
        assert error_name(error.value) == f"org.quilt.Error.{expected}"
    assert path_of(ids[0][:31]).endswith(ids[0])


def test_a9_systemctl_stop_of_the_scope_is_graceful(busybox, name):
    background(name, busybox, "/bin/sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.1; done")
    follow_until(name, b"ready")
    run("systemctl", "stop", f"quilt-{name}.scope").ok()
    assert ctl("wait", name).text.strip() == "9"
    assert props(name)["Reason"] == "stopped"


def test_a10_a_hanging_start_delays_nobody(busybox, name):
    """One container hangs in a setup step; list, status and every verb on another answer within 50 ms.

    Takes the fastest of some rounds: a hanging start would delay each round, but other load of the machine does not.
    """
    path = f"{name}-other"
    with Events() as events, spawn("quiltctl", "run", "--name", name, "--setup", "sleep 1000", busybox, "/bin/true"):
        events.wait(lambda _p, _i, member, args: member == "StateChanged" and args[1] == "setting-up")
        steps = [
            ("ListContainers", "(a{sv})", {}), ("GetContainer", "(s)", name), ("GetContainer", "(s)", path),
            ("StartContainers", "(asa{sv})", [path], {}), ("KillContainers", "(asia{sv})", [path], signal.SIGCONT, {}),
            ("StopContainers", "(asa{sv})", [path], {}), ("RemoveContainers", "(asa{sv})", [path], {}),
        ]
        fastest = {}
        for _ in range(5):
            ctl("create", "--name", path, "--stop-timeout", "0", busybox, "/bin/sleep", "1000").ok()
            for method, *arguments in steps:
                begin = time.monotonic()
                result = manager(method, *arguments)
                key = method, str(arguments)
                fastest[key] = min(fastest.get(key, TIMEOUT), time.monotonic() - begin)
                assert method.startswith("Get") or method.startswith("List") or result == ([],)
        assert {key: seconds for key, seconds in fastest.items() if seconds >= 0.05} == {}
        assert props(name)["State"] == "setting-up"
        ctl("kill", name).ok()


def test_wait_answers_all_callers(busybox, name):
    background(name, busybox, "/bin/sh", "-c", "trap 'exit 3' TERM; echo ready; while :; do sleep 0.1; done")
    follow_until(name, b"ready")
    answers = []
    waiters = [threading.Thread(target=lambda: answers.append(ctl("wait", name).text.strip())) for _ in range(5)]
    for waiter in waiters:
        waiter.start()
    ctl("stop", name).ok()
    for waiter in waiters:
        waiter.join(TIMEOUT)
    assert answers == ["3"] * 5


def test_rename_keeps_the_container_and_frees_the_name(busybox, name):
    ctl("create", "--name", name, busybox, "/bin/true").ok()
    container = props(name)["Id"]
    ctl("create", "--name", f"{name}-2", busybox, "/bin/true").ok()
    assert ctl("rename", name, f"{name}-2").code != 0
    ctl("rename", name, f"{name}-3").ok()
    assert props(f"{name}-3")["Id"] == container
    ctl("create", "--name", name, busybox, "/bin/true").ok()


@pytest.mark.parametrize("options", [[], ["--memory=64M"], ["--replace"]], ids=str)
def test_run_passes_signals_on(busybox, name, options):
    """quiltctl passes signals on even if options made it call quiltd before."""
    with spawn("quiltctl", "run", "--rm", "--name", name, *options, busybox, "/bin/sh", "-c",
               "trap 'echo got; exit 5' TERM; echo ready; while :; do sleep 0.1; done") as client:
        assert client.stdout.readline() == b"ready\n"
        client.send_signal(signal.SIGTERM)
        assert client.stdout.read() == b"got\n"
        assert client.wait(TIMEOUT) == 5


def test_busctl_alone_does_a_whole_life(busybox, name):
    def busctl(*argv):
        return run("busctl", "call", "org.quilt", *argv).ok().text.split()

    path = busctl("/org/quilt", "org.quilt.Manager", "CreateContainer", "sa{sv}", busybox, "2",
                  "name", "s", name, "command", "aay", "2",
                  *[word for arg in (b"/bin/sleep", b"1000") for word in (str(len(arg) + 1), *map(str, arg), "0")])[1].strip('"')
    busctl(path, CONTAINER, "Start", "a{sv}", "0")
    assert run("busctl", "get-property", "org.quilt", path, CONTAINER, "State").text.strip() == 's "running"'
    busctl(path, CONTAINER, "Update", "a{sv}", "1", "stop-timeout", "t", "0")
    busctl(path, CONTAINER, "Stop", "a{sv}", "0")
    assert busctl(path, CONTAINER, "Wait", "a{sv}", "0") == ["is", "137", '"stopped"']
    busctl(path, CONTAINER, "Remove", "a{sv}", "0")


def test_a_scope_of_somebody_else_is_left_alone(busybox, name):
    unit = f"quilt-{name}.scope"
    with spawn("systemd-run", "--scope", "--quiet", f"--unit={unit}", "sleep", "1000") as other:
        try:
            wait_unit(unit, "active")
            refused = ctl("run", "--rm", "--name", name, busybox, "/bin/true", timeout=60)
            assert refused.code == 125 and unit.encode() in refused.err, refused
            assert other.poll() is None and run("systemctl", "is-active", unit).text.strip() == "active"
        finally:
            run("systemctl", "stop", unit)


def test_remove_waits_for_its_own_scope_and_for_no_other_of_that_name(busybox, name):
    for _ in range(20):
        ctl("run", "--name", name, busybox, "/bin/true").ok()
        ctl("rename", name, f"{name}-old").ok()
        ctl("run", "-d", "--name", name, busybox, "/bin/sleep", "1000").ok()
        ctl("remove", f"{name}-old").ok()
        assert props(name)["State"] == "running"
        ctl("remove", "--force", name).ok()


def test_a_name_that_was_given_up_can_be_started_at_once(busybox, name):
    for _ in range(20):
        ctl("run", "--name", name, busybox, "/bin/true").ok()
        ctl("rename", name, f"{name}-old").ok()
        ctl("run", "--rm", "--name", name, busybox, "/bin/true").ok()
        ctl("remove", f"{name}-old").ok()
