# SPDX-License-Identifier: LGPL-2.1-or-later
"""--init: a first process of Quilt's own that reaps and passes signals on."""
import os
import pathlib
import re
from signal import SIGKILL

import pytest

from engine import eventually
from quilt import ctl, run, wait_exit
from test_lifecycle import background, follow_until, props

# Their parent is gone, and they end only when the test says so: an end while the shell still waits for another child would be seen by it.
ORPHANS = "for i in 1 2 3 4 5 6 7 8 9 10; do (sleep 2000 & sleep 2000 & exit) ; done; echo made; exec sleep 1000"


def status(pid, key):
    return re.search(rf"^{key}:\s*(.*)$", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M).group(1)


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_the_command_is_its_child_and_ends_with_its_code(busybox):
    seen = ctl("run", "--rm", "--init", busybox, "/bin/sh", "-c", "echo $$ $PPID; cat /proc/1/comm; exit 42")
    assert seen.code == 42 and seen.text.split() == ["2", "1", "quilt-init"]
    assert ctl("run", "--rm", "--init", busybox, "/bin/sh", "-c", "kill -SEGV $$").code == 128 + 11
    assert ctl("run", "--rm", "--init", busybox, "/bin/true").code == 0


def test_what_cannot_be_executed_is_said_as_without(busybox):
    for argv in (["/no/such"], ["/etc"]):
        plain, init = (ctl("run", "--rm", *options, busybox, *argv) for options in ([], ["--init"]))
        assert (init.code, init.err) == (plain.code, plain.err) and init.code in (126, 127)


def end_the_orphans(init):
    def all_orphans():
        """the shell's ten children left two processes each"""
        found = [child for child in children(init) if b"2000" in pathlib.Path(f"/proc/{child}/cmdline").read_bytes()]
        return len(found) == 20 and found
    orphans = eventually(all_orphans)
    for orphan in orphans:
        os.kill(orphan, SIGKILL)
    return orphans


def test_it_reaps_what_nobody_waits_for(busybox, name):
    init = background(name, busybox, "/bin/sh", "-c", ORPHANS, options=["--init"])["Pid"]
    follow_until(name, b"made")
    end_the_orphans(init)
    assert eventually(lambda: len(children(init)) == 1)
    assert status(children(init)[0], "State").startswith("S")


def test_without_it_zombies_stay(busybox, name):
    """The test above would not see a difference if they did not."""
    init = background(name, busybox, "/bin/sh", "-c", ORPHANS)["Pid"]
    follow_until(name, b"made")
    orphans = end_the_orphans(init)
    assert eventually(lambda: all(status(orphan, "State").startswith("Z") for orphan in orphans))


@pytest.mark.parametrize("signal, word", [("TERM", "15"), ("USR1", "10"), ("HUP", "1"), ("WINCH", "28")])
def test_signals_are_passed_on(busybox, name, signal, word):
    script = f"trap 'exit 7' {signal}; echo ready; while :; do sleep 0.1; done"
    background(name, busybox, "/bin/sh", "-c", script, options=["--init"])
    follow_until(name, b"ready")
    ctl("kill", "--signal", signal, name).ok()
    assert ctl("wait", name).text.strip() == "7"


def test_a_command_that_minds_no_signal_is_ended_by_term(busybox, name):
    """The kernel ignores such a signal for the first process of a pid namespace."""
    background(name, busybox, "/bin/sleep", "1000", options=["--init", "--stop-timeout", "60"])
    assert ctl("stop", name).ok().seconds < 30
    state = props(name)
    assert (state["ExitCode"], state["Reason"]) == (128 + 15, "stopped")


def test_all_are_gone_with_the_command(busybox, name):
    script = "(setsid sleep 98765 >/dev/null 2>&1 &); sleep 0.2; exit 0"
    ctl("run", "--name", name, "--init", busybox, "/bin/sh", "-c", script).ok()
    assert run("pgrep", "-f", "sleep 98765").code != 0


def test_it_can_do_next_to_nothing(busybox, name):
    init = background(name, busybox, "/bin/sleep", "1000", options=["--init"])["Pid"]
    assert list(pathlib.Path(f"/proc/{init}/fd").iterdir()) == []
    for key in ("CapPrm", "CapEff", "CapBnd"):
        assert int(status(init, key), 16) == 1 << 5, key  # CAP_KILL
    for key in ("CapInh", "CapAmb"):
        assert int(status(init, key), 16) == 0, key
    assert os.readlink(f"/proc/{init}/ns/pid") == os.readlink(f"/proc/{children(init)[0]}/ns/pid")


@pytest.mark.fault(14)
@pytest.mark.parametrize("options", [[], ["--security-opt", "no-new-privileges=false", "--seccomp", "unconfined"]])
def test_it_has_a_filter_and_no_new_privileges_whatever_the_command_has(busybox, name, options):
    init = background(name, busybox, "/bin/sleep", "1000", options=["--init", *options])["Pid"]
    assert (status(init, "NoNewPrivs"), status(init, "Seccomp")) == ("1", "2")
    command = children(init)[0]
    assert (status(command, "NoNewPrivs"), status(command, "Seccomp")) == (("0", "0") if options else ("1", "2"))
    ctl("stop", name).ok()
    assert props(name)["ExitCode"] == 128 + 15


def test_a1_its_binary_cannot_be_had_from_inside(debian):
    """CVE-2019-5736, through pid 1, by a root that may trace."""
    script = """
import os
for flags in (os.O_RDONLY, os.O_WRONLY, os.O_PATH):
    try:
        fd = os.open("/proc/1/exe", flags)
        print("opened", flags)
        os.open(f"/proc/self/fd/{fd}", os.O_WRONLY)
        print("WRITABLE")
    except OSError as e:
        print(e.strerror)
try:
    print("descriptors", os.listdir("/proc/1/fd"))
except PermissionError:
    print("descriptors []")
for what in ("mem", "environ", "cwd", "root", "maps"):
    try:
        os.readlink(f"/proc/1/{what}") if what in ("cwd", "root") else open(f"/proc/1/{what}").read(1)
        print("READ", what)
    except OSError as e:
        print(e.strerror)
"""
    seen = ctl("run", "--rm", "--init", debian, "/usr/bin/python3", "-c", script).ok().text
    assert "WRITABLE" not in seen and "opened 1" not in seen and "READ" not in seen, seen
    assert "descriptors []" in seen
    traced = ctl("run", "--rm", "--init", "--cap-add=SYS_PTRACE", debian, "/usr/bin/python3", "-c", script).ok().text
    assert "WRITABLE" not in traced and "opened 1" not in traced, traced


def test_in_the_hosts_pid_namespace_it_still_reaps(busybox, name):
    init = background(name, busybox, "/bin/sh", "-c", ORPHANS, options=["--init", "--pid=host"])["Pid"]
    follow_until(name, b"made")
    end_the_orphans(init)
    assert eventually(lambda: len(children(init)) == 1)
    command = children(init)[0]
    ctl("kill", name).ok()
    ctl("wait", name)
    wait_exit(command)


def test_steps_run_before_it(busybox, name):
    seen = ctl("run", "--name", name, "--init", "--setup", "echo 1 >/made", busybox, "/bin/cat", "/made").ok()
    assert seen.text == "1\n"
