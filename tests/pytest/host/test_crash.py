# SPDX-License-Identifier: LGPL-2.1-or-later
"""SIGKILL at each step, races of clients, and containers that reach for their helper (attacks A, F, G, J)."""
import collections
import concurrent.futures
import io
import os
import pathlib
import platform
import random
import re
import socket
import struct
import subprocess
import tarfile

import pytest
from gi.repository import Gio, GLib

from quilt import TIMEOUT, Events, containers, ctl, error_name, import_image, manager, run, spawn, wait_exit
from test_daemon import daemon_pid
from test_lifecycle import background, follow_until, path_of, props

LIBEXEC = pathlib.Path("/usr/libexec/quilt")
ENDS_WITH_7 = ("/bin/sh", "-c", "echo line; exit 7")
ENDS_WITH_9 = ("/bin/sh", "-c", "trap 'exit 9' TERM; while :; do sleep 0.01; done")


def rows():
    return {row[2]: row for row in manager("ListContainers", "(a{sv})", {})[0]}


def daemon_again():
    """The first call may still meet the quiltd that is being killed."""
    try:
        return daemon_pid()
    except GLib.Error:
        return daemon_pid()


def archive(path, files):
    with tarfile.open(path, "w") as tar:
        for title, content in files.items():
            entry = tarfile.TarInfo(title)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    return path


# SIGKILL of quiltd before its Nth SYSCALL of an operation

def prepare_ended(name, image):
    ctl("create", "--name", name, "--setup", "true", "--setup-cache=off", image, *ENDS_WITH_7).ok()


def prepare_running(name, image):
    background(name, image, *ENDS_WITH_9)


def ends_with(name, trapped, expected):
    """A run that began continues under its supervisor to its own end. If quiltd was killed before the run began, the run has
    failed, and its command was never executed. The run is lost only if the trap also killed its supervisor."""
    if name in rows() and rows()[name][5] != "pending":
        found, reason = int(ctl("wait", name).text), rows()[name][10] if name in rows() else "gone"
        assert (found, reason) in [(expected, "exited"), (expected, "gone"), (-1, "failed")] + [(-1, "lost")] * trapped
        if reason == "failed":
            assert run("journalctl", "-o", "cat", f"CONTAINER_NAME={name}", "QUILT_STREAM=stdout").out == b""


def check_run(name, code, trapped):
    assert code != 7 or rows()[name][9] == 7
    ends_with(name, trapped, 7)


def check_start(name, code, trapped):
    if code == 0 or rows()[name][5] not in ("pending", "failed"):
        ends_with(name, trapped, 7)


def check_stop(name, code, trapped):
    ctl("stop", name).ok()
    assert rows()[name][9] == 9


def check_remove(name, code, trapped):
    assert code != 0 or name not in rows()


def check_rename(name, code, trapped):
    assert (name + "-new" if code == 0 else name) in rows() or name + "-new" in rows()


OPERATIONS = {
    "create": (None, lambda n, i: ("create", "--name", n, i, *ENDS_WITH_7), lambda n, code, trapped: code != 0 or rows()[n],
               ["mkdirat:1", "mkdirat:3", "fsync:1", "fsync:2", "renameat2:1", "fsync:3", "sendmsg:1"]),
    "run": (None, lambda n, i: ("run", "--name", n, i, *ENDS_WITH_7), check_run,
            ["renameat2:1", "symlinkat:1", "socketpair:1", "vfork,clone3,clone:1", "pidfd_open:1", "renameat:1", "unlinkat:1"]),
    "run --rm": (None, lambda n, i: ("run", "--rm", "--name", n, i, *ENDS_WITH_7), lambda n, code, trapped: ends_with(n, trapped, 7),
                 ["mkdirat:1", "renameat2:1", "symlinkat:1", "renameat:1", "unlinkat:1", "unlinkat:3"]),
    "start": (prepare_ended, lambda n, i: ("start", n), check_start, ["mkdirat:1", "symlinkat:2", "pidfd_open:1", "fsync:1", "renameat:1"]),
    "stop": (prepare_running, lambda n, i: ("stop", n), check_stop, ["renameat:1", "fsync:1", "fsync:2", "unlinkat:1"]),
    "remove": (prepare_ended, lambda n, i: ("remove", n), check_remove, ["renameat:1", "fsync:1", "unlinkat:1", "unlinkat:4"]),
    "remove --force": (prepare_running, lambda n, i: ("remove", "--force", n), check_remove, ["renameat:1", "unlinkat:2"]),
    "rename": (prepare_running, lambda n, i: ("rename", n, n + "-new"), check_rename, ["fsync:1", "renameat:1", "fsync:2"]),
}


def killed_supervisor(trace):
    """Whether strace, which follows quiltd's children, has killed one that executed a supervisor."""
    supervisors = re.findall(r'^(\d+) +execve\("[^"]*/quilt-supervisor"', trace, re.M)
    return bool(set(supervisors) & set(re.findall(r"^(\d+) +\+\+\+ killed by SIGKILL", trace, re.M)))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_j_quiltd_is_killed_at_each_step(busybox, name, operation, tmp_path):
    """Reported objects exist. Other objects are complete or do not exist. no_leak checks the rest."""
    prepare, verb, check, traps = OPERATIONS[operation]
    for number, trap in enumerate(traps):
        title = f"{name}-{number}"
        if prepare:
            prepare(title, busybox)
        syscall, _, when = trap.partition(":")
        pid = daemon_pid()
        with spawn("strace", "-f", "-o", str(tmp_path / "trace"), "-e", f"trace={syscall},execve", f"--inject={syscall}:signal=KILL:when={when}",
                   "-p", str(pid)) as tracer:
            assert b"attached" in tracer.stderr.readline()
            code = ctl(*verb(title, busybox)).code
            tracer.kill()
        daemon_again()
        check(title, code, killed_supervisor((tmp_path / "trace").read_text()))
        run("systemctl", "reset-failed", "quiltd.service")
    names = [title for title in rows() if title.startswith(name)]
    if names:
        ctl("remove", "--force", *names).ok()


@pytest.mark.parametrize("victim", ["quilt-transfer", "quiltd"])
def test_j_a_kill_during_an_import_leaves_nothing(name, tmp_path, victim):
    whole = archive(tmp_path / "image.tar", {f"file-{number}": b"x" * 4096 for number in range(64)}).read_bytes()
    daemon = daemon_pid()
    with Events() as events, spawn("quiltctl", "import", "-", name, stdin=subprocess.PIPE) as client:
        client.stdin.write(whole[:len(whole) // 2])
        client.stdin.flush()
        events.wait(lambda where, interface, member, args: "/job/" in str(where) or "/job/" in str(args))
        transfer = int(run("pgrep", "-x", "quilt-transfer").ok().text)
        os.kill(transfer if victim == "quilt-transfer" else daemon, 9)
        wait_exit(transfer)
        assert client.wait(TIMEOUT) == 1
    assert name not in ctl("images", "--json=short").ok().text
    run("systemctl", "reset-failed", "quiltd.service")


def test_j_a_kill_of_the_supervisor_while_a_step_runs_is_told(busybox, name):
    ctl("create", "--name", name, "--setup", "echo ready; sleep 1000", busybox, *ENDS_WITH_7).ok()
    with spawn("quiltctl", "start", name) as client:
        follow_until(name, b"ready")
        os.kill(int(run("pgrep", "-o", "-x", "quilt-superviso").ok().text), 9)  # the other is the init
        assert client.wait(TIMEOUT) == 1
    assert props(name)["State"] == "failed"


# Races

def test_100_runs_of_20_clients_are_all_true(busybox, name, journal):
    def one(number):
        return ctl("run", "--name", f"{name}-{number}", busybox, "/bin/sh", "-c", f"echo line {number}; exit {number}", timeout=60)

    with concurrent.futures.ThreadPoolExecutor(20) as clients:
        for number, done in enumerate(clients.map(one, range(100))):
            assert (done.code, done.out) == (number, b"line %d\n" % number)
    logged = collections.Counter(journal.messages("QUILT_STREAM=stdout"))
    assert logged == {b"line %d" % number: 1 for number in range(100)}


def test_12_clients_that_do_all_at_once_with_two_names(busybox, name):
    verbs = [("create", "--name", "{0}-a", "--setup", "true", "--setup-cache=off", busybox, *ENDS_WITH_9), ("start", "{0}-a"), ("stop", "{0}-a"),
             ("kill", "{0}-a"), ("remove", "{0}-a"), ("remove", "--force", "{0}-a"), ("rename", "{0}-a", "{0}-b"), ("rename", "{0}-b", "{0}-a"),
             ("run", "-d", "--name", "{0}-a", busybox, "/bin/true"), ("run", "--rm", "--name", "{0}-b", busybox, "/bin/true")]
    daemon = daemon_pid()

    def client(seed):
        dice = random.Random(seed)
        for _ in range(40):
            ctl(*[word.format(name) for word in dice.choice(verbs)])

    with concurrent.futures.ThreadPoolExecutor(12) as clients:
        list(clients.map(client, range(12)))
    assert daemon_pid() == daemon


def test_a_run_that_cannot_have_its_scope_leaves_nothing(busybox, name):
    background(name, busybox, *ENDS_WITH_9)
    ctl("rename", name, f"{name}-2").ok()
    refused = ctl("run", "--rm", "--name", name, busybox, "/bin/true")
    assert refused.code == 125 and f"{name}-2".encode() in refused.err
    ctl("stop", f"{name}-2").ok()
    ctl("run", "--rm", "--name", name, busybox, "/bin/true").ok()


def test_restarts_under_a_load_of_runs_wait_for_each_other_and_end(busybox, name):
    """The answers to clients agree with the records. Starts and restarts never wait for each other for ever."""
    def one(number):
        return ctl("run", "--name", f"{name}-{number}", busybox, "/bin/sh", "-c", f"exit {number}", timeout=60)

    with concurrent.futures.ThreadPoolExecutor(8) as clients:
        runs = [clients.submit(one, number) for number in range(1, 61)]
        while not all(done.done() for done in runs):
            run("systemctl", "restart", "quiltd.service", timeout=5).ok()
            run("systemctl", "reset-failed", "quiltd.service")
    there = rows()
    for number, done in enumerate((done.result() for done in runs), 1):
        title = f"{name}-{number}"
        # A call that comes while quiltd exits may be lost. Then either no run has begun, or the run continues.
        if done.code != number:
            assert done.code == 125, done
            assert b"quiltd went away" in done.err or b"no such container" in done.err and title not in there, done
        if title in there and there[title][5] != "pending":
            assert int(ctl("wait", title).text) == number, there[title]


def test_stop_of_40_scopes_at_once(busybox, name):
    names = [f"{name}-{number}" for number in range(40)]
    with concurrent.futures.ThreadPoolExecutor(8) as clients:
        list(clients.map(lambda title: background(title, busybox, *ENDS_WITH_9), names))
    run("systemctl", "stop", "quilt-*.scope", timeout=60).ok()
    for title in names:
        assert ctl("wait", title).text.strip() == "9"
        assert rows()[title][10] == "stopped"


# Attacks of a container on its helper

def loader():
    """An ELF interpreter that does chmod("/proc/self/exe", 0755) and exits with the errno."""
    code = bytes.fromhex("b85a000000 488d3d15000000 beed010000 0f05 f7d8 89c7 b8e7000000 0f05").ljust(33, b"\x90") + b"/proc/self/exe\0"
    start = 64 + 56
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 3, 62, 1, start, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return header + struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, start + len(code), start + len(code), 4096) + code


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the attacker's machine code is x86-64's")
def test_a_cve_2019_5736_the_helper_cannot_be_changed_from_inside(name, tmp_path):
    """/proc/self/exe as the command is the supervisor's program, run with the image's loader and libraries."""
    program = LIBEXEC / "quilt-supervisor"
    libraries = [line.split()[0] for line in run("ldd", str(program)).ok().text.splitlines() if "=>" in line]
    files = {"lib64/ld-linux-x86-64.so.2": loader()} | {f"lib/{library}": b"" for library in libraries}
    image = import_image(archive(tmp_path / "image.tar", files), name)
    before = os.stat(program)
    try:
        assert ctl("run", "--rm", image, "/proc/self/exe").code == 30  # EROFS
        assert os.stat(program).st_ctime_ns == before.st_ctime_ns
    finally:
        ctl("remove-image", image).ok()


def test_a_setup_step_reaches_nothing_of_the_init(busybox, name):
    """The init is the supervisor's copy and has the channel to it: nothing of it can be opened, nor can it be killed."""
    step = "for f in exe root cwd fd/3 mem environ; do (exec 9</proc/1/$f) 2>&- && exit 1; done; kill -9 1; kill -STOP 1; exit 0"
    assert ctl("run", "--rm", "--setup", step, busybox, "/bin/echo", "alive").out == b"alive\n"


def test_e_a_command_begins_with_no_signal_ignored_or_blocked(busybox):
    lines = ctl("run", "--rm", busybox, "/bin/grep", "-E", "SigBlk|SigIgn|SigCgt", "/proc/self/status").ok().text.splitlines()
    assert [int(line.split()[1], 16) for line in lines] == [0, 0, 0]


# The bus

def test_g_a_caller_that_never_reads_delays_no_other(busybox):
    def message(serial, target, path, member, body=None):
        call = Gio.DBusMessage.new_method_call(target, path, target + ".Manager" if body else target, member)
        if body:
            call.set_body(body)
        call.set_serial(serial)
        return bytes(call.to_blob(Gio.DBusCapabilityFlags.NONE))

    with socket.socket(socket.AF_UNIX) as bus:
        bus.connect("/run/dbus/system_bus_socket")
        bus.sendall(b"\0AUTH EXTERNAL 30\r\n")
        assert bus.recv(100).startswith(b"OK")
        bus.sendall(b"BEGIN\r\n" + message(1, "org.freedesktop.DBus", "/org/freedesktop/DBus", "Hello"))
        for serial in range(2, 1000):
            bus.sendall(message(serial, "org.quilt", "/org/quilt", "ListContainers", GLib.Variant("(a{sv})", ({},))))
        ctl("run", "--rm", busybox, "/bin/true").ok()


@pytest.mark.fault(7)
@pytest.mark.parametrize("path", ["/", "/proc/self/timerslack_ns", "/dev/null", "/dev/ptmx", "socket", "file"])
def test_g_only_a_pipe_is_taken_for_output(busybox, name, tmp_path, path):
    """Whatever else it is would be written with root's power."""
    fds = Gio.UnixFDList()
    if path == "socket":
        journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        journal.connect("/run/systemd/journal/socket")
        fd = journal.detach()
    else:
        fd = os.open(tmp_path / path, os.O_PATH if path == "/" else os.O_RDWR | os.O_NOCTTY | os.O_CREAT)
    fds.append(fd)
    os.close(fd)
    options = {"name": GLib.Variant("s", name), "command": GLib.Variant("aay", [b"/bin/echo\0", b"x\0"]), "stdout": GLib.Variant("h", 0)}
    bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
    with pytest.raises(GLib.Error) as refused:
        bus.call_with_unix_fd_list_sync("org.quilt", "/org/quilt", "org.quilt.Manager", "RunContainer",
                                        GLib.Variant("(sa{sv})", (busybox, options)), None, Gio.DBusCallFlags.NONE, TIMEOUT * 1000, fds, None)
    assert error_name(refused.value) == "org.quilt.Error.InvalidArgument"
    assert name not in containers()
