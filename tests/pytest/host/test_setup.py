# SPDX-License-Identifier: LGPL-2.1-or-later
"""Setup steps run in order inside the container, before its command (S1 to S5)."""
from quilt import ctl
from test_lifecycle import props


def test_s1_order_and_environment(busybox, name):
    done = ctl("run", "--rm", "--name", name, "-e", "WHO=me", "--setup", "echo one $WHO >>/trace", "--setup", "echo two >>/trace",
               busybox, "/bin/cat", "/trace").ok()
    assert done.out == b"one me\ntwo\n"


def test_s2_output_is_in_the_journal_with_its_step(busybox, name, journal):
    ctl("run", "--name", name, "--setup", "echo first; echo second >&2", "--setup", "printf third", busybox,
        "/bin/echo", "command").ok()
    entries = journal.entries(f"CONTAINER_NAME={name}", "QUILT_STREAM=stdout", "QUILT_STREAM=stderr")
    assert [(entry["MESSAGE"], entry.get("QUILT_STEP")) for entry in entries if entry["QUILT_STREAM"] == "stdout"] == \
        [("first", "1"), ("third", "2"), ("command", None)]
    assert [(entry["MESSAGE"], entry.get("QUILT_STEP")) for entry in entries if entry["QUILT_STREAM"] == "stderr"] == \
        [("second", "1")]


def test_s3_a_failing_step_is_named_and_the_command_never_runs(busybox, name, journal):
    done = ctl("run", "--name", name, "--setup", "true", "--setup", "echo why >&2; exit 3", busybox, "/bin/echo", "ran")
    assert done.code == 125 and done.out == b""
    assert b"step 2" in done.err and b"3" in done.err and b"why" in done.err
    state = props(name)
    assert (state["State"], state["SetupStep"], state["Reason"]) == ("failed", 2, "failed")
    assert (state["ErrorName"], state["Error"]) == ("org.quilt.Error.SetupFailed", "A setup step failed")
    assert "why" in ctl("inspect", name).ok().json["result"]["error"]
    assert b"ran" not in journal.messages(f"CONTAINER_NAME={name}", "QUILT_STREAM=stdout")
    assert "step 2" in ctl("status", name).text


def test_s4_a_step_has_a_timeout(busybox, name):
    done = ctl("run", "--name", name, "--setup-timeout", "1", "--setup", "sleep 1000", busybox, "/bin/echo", "ran")
    assert done.code == 125 and b"step 1" in done.err and done.out == b"" and done.seconds < 3
    assert props(name)["State"] == "failed"


def test_s5_steps_run_in_the_same_sandbox(busybox, name):
    probe = "cat /proc/self/cgroup /proc/self/status | grep -E '^0::|^Cap|^NoNew'; readlink /proc/self/ns/*; hostname"
    lines = ctl("run", "--rm", "--name", name, "--setup", f"({probe}) >/step", busybox, "/bin/sh", "-c",
                f"({probe}) >/command; cmp /step /command && cat /step").ok().text
    assert "NoNewPrivs" in lines


def test_processes_of_a_step_do_not_outlive_it(busybox, name):
    done = ctl("run", "--rm", "--name", name, "--setup", "(setsid sleep 4712 &); true", busybox, "/bin/sh", "-c", "ps").ok()
    assert b"4712" not in done.out


def test_sugar_names_the_package_manager(busybox, name):
    """There is no apt in the image: the error says so, since the step is apt's own argv."""
    done = ctl("run", "--name", name, "--setup", "apt: hello", busybox, "/bin/true")
    assert done.code == 125 and b"apt" in done.err
