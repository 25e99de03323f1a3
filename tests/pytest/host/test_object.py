# SPDX-License-Identifier: LGPL-2.1-or-later
"""The methods of a container's own object that do what the manager does by name."""
import os
import signal

import pytest

from quilt import BUS, Gio, GLib, call, ctl, error_name, manager, run
from test_exec import SLEEP_BYTES, box  # noqa: F401 (box is a fixture)
from test_lifecycle import props

INTERFACE = "org.quilt.Container"


@pytest.fixture
def path(box):
    return manager("GetContainer", "(s)", box)[0]


def on(path, method, signature, *args):
    return call(path, INTERFACE, method, signature, *args)


def refused(function, *args):
    with pytest.raises(GLib.Error) as caught:
        function(*args)
    return error_name(caught.value), caught.value.message


def read_all(fd):
    with open(fd, "rb") as file:
        return file.read()


def with_pipe(path, method, signature, args):
    """Calls a method that gets the writing end of a pipe as the handle 0. Returns the results and what was written."""
    ours, theirs = os.pipe()
    fds = Gio.UnixFDList.new()
    fds.append(theirs)
    os.close(theirs)
    answer, _ = BUS.call_with_unix_fd_list_sync("org.quilt", path, INTERFACE, method, GLib.Variant(signature, args), None,
                                                Gio.DBusCallFlags.NONE, 10000, fds, None)
    fds = None  # its descriptor is a writing end, too
    return answer.unpack(), read_all(ours)


def test_busctl_shows_and_calls_them(box, path):
    lines = [line.split() for line in run("busctl", "introspect", "org.quilt", path, INTERFACE).ok().text.splitlines()]
    methods = {line[0]: line[2:4] for line in lines if line[1] == "method"}
    assert methods[".Exec"] == ["aaya{sv}", "sa{sv}"] and methods[".WaitSession"] == ["sa{sv}", "is"]
    command = ("3", "7", *map(str, b"/bin/sh"), "2", *map(str, b"-c"), "6", *map(str, b"exit 5"))
    done = run("busctl", "call", "org.quilt", path, INTERFACE, "Exec", "aaya{sv}", *command, "1", "wait", "b", "true").ok().text
    assert '"exit-code" i 5' in done and f'"container" s "{path.rpartition("/")[2]}"' in done


def test_exec_and_its_sessions(box, path):
    assert with_pipe(path, "Exec", "(aaya{sv})", ([b"/bin/echo", b"hello"], {"stdout": GLib.Variant("h", 0), "wait": GLib.Variant("b", True)}))[1] == b"hello\n"
    session, results = on(path, "Exec", "(aaya{sv})", SLEEP_BYTES, {})
    assert results == {"container": path.rpartition("/")[2]}
    rows = on(path, "ListSessions", "(a{sv})", {})
    assert rows == manager("ListSessions", "(sa{sv})", box, {}) and [row["session"] for row in rows[0]] == [session]
    on(path, "KillSession", "(sia{sv})", session, signal.SIGTERM, {})
    assert on(path, "WaitSession", "(sa{sv})", session, {}) == (143, "signaled")


def test_what_is_inside(box, path):
    rows, _ = on(path, "ListProcesses", "(a{sv})", {})
    assert [row["host-pid"] for row in rows] == [props(box)["Pid"]]
    results, archive = with_pipe(path, "CopyFrom", "(ayha{sv})", (b"/etc/passwd\0", 0, {}))
    assert results[0]["entries"] == 1 and archive.startswith(b"passwd\0") and b"root:x:0:0:" in archive


def test_they_mean_the_container_whatever_its_name_is(box, path, name):
    """Also if another container has its old name."""
    ctl("rename", box, f"{name}-new").ok()
    ctl("create", "--name", box, "busybox", "/bin/true").ok()
    _, results = on(path, "Exec", "(aaya{sv})", [b"/bin/true"], {"wait": GLib.Variant("b", True)})
    assert results["container"] == path.rpartition("/")[2] and results["exit-code"] == 0


def test_who_may(box, path):
    refusal = run("busctl", "call", "org.quilt", path, INTERFACE, "Exec", "aaya{sv}", "1", "1", "97", "0", user="bob")
    assert refusal.code == 1 and b"org.quilt.exec" in refusal.err
    refusal = run("busctl", "call", "org.quilt", path, INTERFACE, "ListProcesses", "a{sv}", "0", user="bob")
    assert refusal.code == 1 and b"org.quilt.inspect" in refusal.err


def test_wrong_calls(box, path):
    assert refused(on, path, "Exec", "(saaya{sv})", box, [b"/bin/true"], {})[0].endswith(".InvalidArgs")
    assert refused(on, path, "ExecContainer", "(aaya{sv})", [b"/bin/true"], {})[0].endswith(".UnknownMethod")
    for command, options, error in (([], {}, "InvalidArgument"), ([b"/no/such"], {"wait": GLib.Variant("b", True)}, "CommandNotFound"),
                                    ([b"/bin/true"], {"no": GLib.Variant("b", True)}, "NotSupported"),
                                    ([b"/bin/true"], {"stdout": GLib.Variant("h", 7)}, "InvalidArgument")):
        assert refused(on, path, "Exec", "(aaya{sv})", command, options)[0] == "org.quilt.Error." + error
    assert refused(on, path, "WaitSession", "(sa{sv})", "gone", {})[0].endswith(".NotFound")
    ctl("stop", "-t", "0", box).ok()
    assert refused(on, path, "Exec", "(aaya{sv})", [b"/bin/true"], {})[0].endswith(".InvalidState")
    ctl("remove", box).ok()
    assert refused(on, path, "Exec", "(aaya{sv})", [b"/bin/true"], {})[0].endswith(".UnknownObject")
