# SPDX-License-Identifier: LGPL-2.1-or-later
"""ReadLog: logs for callers that may inspect, and have no access to the journal."""
import json
import os
import pathlib

import pytest
from gi.repository import Gio, GLib

from quilt import BUS, TIMEOUT, ctl, run, spawn, wait_exit
from test_daemon import kill_daemon
from test_lifecycle import background, path_of


@pytest.fixture
def inspector():
    """bob may inspect, and nothing else."""
    path = pathlib.Path("/etc/polkit-1/rules.d/10-quilt-test-logs.rules")

    def restart():
        run("systemctl", "reset-failed", "polkit.service")
        run("systemctl", "restart", "polkit.service").ok()

    path.write_text("""
polkit.addRule(function (action, subject) {
  if (action.id == "org.quilt.inspect" && subject.user == "bob" && action.lookup("verb") == "logs")
    return polkit.Result.YES;
});""")
    restart()
    yield "bob"
    path.unlink()
    restart()


@pytest.mark.fault("27")
def test_a_user_without_access_to_the_journal_is_told(busybox, name):
    ctl("run", "--name", name, busybox, "/bin/echo", "hello").ok()
    denied = ctl("--no-ask-password", "logs", name, user="bob")
    assert denied.code != 0 and denied.out == b""
    assert b"systemd-journal" in denied.err and b"org.quilt.inspect" in denied.err
    ctl("remove", name).ok()
    denied = ctl("--no-ask-password", "logs", name, user="bob")
    assert denied.code != 0 and b"systemd-journal" in denied.err


@pytest.mark.fault("27")
@pytest.mark.parametrize("argv", [[], ["-n", "2"], ["-o", "json"], ["--stdout"], ["--stderr", "-n", "1"], ["-t"], ["-r"],
                                  ["--since", "1h ago"], ["--until", "1h ago"]], ids=lambda argv: " ".join(argv) or "all")
def test_a_user_who_may_inspect_reads_the_log_by_way_of_quiltd(argv, busybox, name, inspector):
    ctl("run", "--name", name, busybox, "/bin/sh", "-c", r"echo one; echo two >&2; printf 'three\377\n'").ok()
    shown, wanted = ctl("--no-ask-password", "logs", *argv, name, user=inspector).ok(), ctl("logs", *argv, name).ok()
    assert (shown.out, shown.err) == (wanted.out, wanted.err)
    assert (shown.out + shown.err != b"") == ("--until" not in argv)


@pytest.mark.fault("27")
def test_a_log_is_followed_by_way_of_quiltd_to_its_end(busybox, name, inspector):
    background(name, busybox, "/bin/sh", "-c", "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.1; done")
    with spawn("quiltctl", "--no-ask-password", "logs", "-f", name, user=inspector) as follower:
        assert follower.stdout.readline() == b"ready\n"
        ctl("stop", name).ok()
        assert follower.communicate(timeout=TIMEOUT)[0] == b"bye\n"
        assert follower.returncode == 0


def read_log(name, **options):
    """ReadLog's pipe."""
    path = path_of(name)
    _, fds = BUS.call_with_unix_fd_list_sync("org.quilt", path, "org.quilt.Container", "ReadLog", GLib.Variant("(a{sv})", (options,)),
                                             GLib.VariantType("(h)"), Gio.DBusCallFlags.NONE, TIMEOUT * 1000, None, None)
    return os.fdopen(fds.steal_fds()[0], "rb")


def readers():
    """The processes that read logs for callers."""
    def name(path):
        try:
            return path.read_text()
        except OSError:
            return ""
    return [int(path.parent.name) for path in pathlib.Path("/proc").glob("[0-9]*/comm") if name(path) == "quilt-log\n"]


@pytest.mark.fault("26")
def test_entries_are_json_with_the_fields_of_the_journal(busybox, name, journal):
    ctl("run", "--name", name, busybox, "/bin/sh", "-c", r"echo text; printf 'bytes\377\n' >&2").ok()
    with read_log(name) as pipe:
        entries = [json.loads(line) for line in pipe]
    printed = [entry for entry in entries if "QUILT_STREAM" in entry]
    assert [(entry["QUILT_STREAM"], entry["MESSAGE"], entry["CONTAINER_NAME"]) for entry in printed] == [
        ("stdout", "text", name), ("stderr", list(b"bytes\377"), name)]
    assert [entry["QUILT_STATE"] for entry in entries if "QUILT_STATE" in entry][-1] == "exited"
    with read_log(name, stream=GLib.Variant("s", "stderr"), lines=GLib.Variant("t", 5)) as pipe:
        assert [json.loads(line)["QUILT_STREAM"] for line in pipe] == ["stderr"]
    for pid in readers():
        wait_exit(pid)


# Opens logs until it may not, with a pipe each.
GREEDY = '''
import sys
from gi.repository import Gio, GLib
bus, pipes = Gio.bus_get_sync(Gio.BusType.SYSTEM), []
try:
    while len(pipes) < 1000:
        pipes.append(bus.call_with_unix_fd_list_sync("org.quilt", sys.argv[1], "org.quilt.Container", "ReadLog",
            GLib.Variant("(a{sv})", ({"follow": GLib.Variant("b", True)},)), None, 0, -1, None, None)[1])
except GLib.Error as error:
    print(len(pipes), Gio.DBusError.get_remote_error(error))
'''


@pytest.mark.fault("26")
def test_a_log_counts_until_its_pipe_is_closed(busybox, name, inspector):
    background(name, busybox, "/bin/sleep", "1000")
    for _ in range(2):
        greedy = run("/usr/bin/python3", "-c", GREEDY, path_of(name), user=inspector, timeout=3 * TIMEOUT).ok()
        assert greedy.text.split() == ["64", "org.quilt.Error.QuotaExceeded"]
        for pid in readers():
            wait_exit(pid)


@pytest.mark.fault("26")
def test_a_reader_that_stops_reading_holds_up_nobody(busybox, name):
    """The log is larger than a pipe; its process waits, and ends when the pipe is closed."""
    ctl("run", "--name", name, busybox, "/bin/sh", "-c", "yes 0123456789 | head -n 5000").ok()
    with read_log(name) as pipe:
        pid, = readers()
        pipe.readline()
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        assert "CapEff:\t0000000000000000" in status and "NoNewPrivs:\t1" in status
        assert ctl("list").ok().seconds < 2
        assert readers() == [pid]
    wait_exit(pid)


@pytest.mark.fault("26")
def test_a_reader_ends_with_quiltd(busybox, name):
    background(name, busybox, "/bin/sleep", "1000")
    with read_log(name, follow=GLib.Variant("b", True)) as pipe:
        pid, = readers()
        kill_daemon()
        wait_exit(pid)
        pipe.read()
