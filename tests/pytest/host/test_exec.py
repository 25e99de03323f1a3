# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commands in a container that runs (exec): their streams, exit codes, limits and ends."""
import contextlib
import fcntl
import hashlib
import os
import pathlib
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest

from quilt import BUS, SLICE, TIMEOUT, Gio, GLib, ctl, error_name, manager, run, spawn, wait_exit
from test_cli import Terminal
from test_daemon import daemon_pid
from test_lifecycle import background, props

SLEEP = ("/bin/sleep", "1000")
SLEEP_BYTES = [word.encode() for word in SLEEP]


@pytest.fixture
def box(busybox, name):
    """A container that runs."""
    background(name, busybox, *SLEEP)
    return name


def execute(name, *args, **kwargs):
    return ctl("exec", *args[:-1], name, "/bin/sh", "-c", args[-1], **kwargs)


def sessions(name):
    return manager("ListSessions", "(sa{sv})", name, {})[0]


def cgroups(name):
    return sorted(path.name for path in (SLICE / f"quilt-{name}.scope").iterdir() if path.is_dir())


def in_sessions(name):
    """The processes of each session; the cgroup of one that has just ended may still be there, or go meanwhile."""
    found = []
    for path in (SLICE / f"quilt-{name}.scope").glob("session-*/cgroup.procs"):
        with contextlib.suppress(OSError):
            found.append(path.read_text().split())
    return [pids for pids in found if pids]


def wait_for(what, timeout=TIMEOUT):
    """Asks until the answer is true: nothing signals this."""
    deadline = time.monotonic() + timeout
    while not (answer := what()):
        assert time.monotonic() < deadline, "this did not happen in time"
    return answer


def test_a1_streams_are_exact_and_exit_codes_are_true(box):
    done = execute(box, r"printf 'a\000b\377\n'; printf 'err' >&2; exit 7")
    assert (done.code, done.out, done.err) == (7, b"a\0b\xff\n", b"err")
    assert execute(box, "kill -9 $$").code == 137
    assert ctl("exec", box, "/bin/nope").code == 127
    assert ctl("exec", box, "/etc").code == 126
    assert sessions(box) == []
    wait_for(lambda: cgroups(box) == ["payload", "supervisor"])


def test_b1_to_b5_the_options_have_their_effect(box, tmp_path):
    file = tmp_path / "env"
    file.write_text("FROM_FILE=1\n# a comment\n")
    script = "echo $A $B $FROM_FILE; pwd; id -u; id -g; echo \"$HOME\""
    done = execute(box, "-e", "A=x y", "-e", "B", "--env-file", str(file), "-w", "/tmp", "-u", "12:34", script, env={"B": "mine"}).ok()
    assert done.text.splitlines() == ["x y mine 1", "/tmp", "12", "34", "/"]
    assert ctl("exec", "-e", "=x", box, "/bin/true").code == 125
    assert b"absolute" in ctl("exec", "-w", "tmp", box, "/bin/true").err


def test_it_is_as_confined_as_the_command(busybox, name):
    look = "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; ulimit -n; cat /proc/self/oom_score_adj; for n in /proc/self/ns/*; do readlink $n; done"
    options = ("--ulimit", "nofile=100:100", "--cap-drop", "CHOWN")
    background(name, busybox, "/bin/sh", "-c", f"{look}; exec sleep 1000", options=options)
    own = wait_for(lambda: (lines := ctl("logs", "-o", "cat", name).text) and lines.count(":[") == 10 and lines)
    done = execute(name, look).ok().text
    assert done == own
    more = ctl("exec", "--privileged", name, "/bin/grep", "-E", "^(CapEff|NoNewPrivs|Seccomp:)", "/proc/self/status").ok().text
    assert re.search(r"CapEff:\s+0000.*ff\nNoNewPrivs:\s+0\nSeccomp:\s+0", more), more


def test_64_mib_of_random_bytes_come_back_exact(box):
    data = os.urandom(64 << 20)
    done = ctl("exec", "-i", box, "/bin/cat", input=data, timeout=60).ok()
    assert hashlib.sha256(done.out).digest() == hashlib.sha256(data).digest()


@pytest.mark.parametrize("kind", ["file", "pipe"])
def test_input_that_the_command_does_not_read_stays(box, kind, tmp_path):
    text = b"".join(b"%05d\n" % i for i in range(5000))
    (tmp_path / "in").write_bytes(text)
    with open(tmp_path / "in", "rb") as file:
        source = file if kind == "file" else subprocess.Popen(["cat"], stdin=file, stdout=subprocess.PIPE).stdout
        ctl_args = ["quiltctl", "exec", "-i", box, "/bin/dd", "bs=6", "count=3"]
        done = subprocess.run(ctl_args, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=TIMEOUT)
        assert done.stdout == text[:18]
        assert os.read(source.fileno(), 6) == text[18:24]
        source.close()


def test_without_i_the_command_has_no_input(box):
    assert execute(box, "cat; echo end", input=b"not for it").ok().out == b"end\n"


def test_a_closed_stdout_ends_the_writer(box):
    with spawn("quiltctl", "exec", box, "/bin/yes") as process:
        assert process.stdout.read(4) == b"y\ny\n"
        process.stdout.close()
        assert process.wait(TIMEOUT) == 141


def test_exec_does_not_wait_for_what_the_command_left_running(box):
    """Docker and podman wait for Enter, or until the last holder of the streams has ended."""
    began = time.monotonic()
    with open(os.devnull, "rb") as nothing, pathlib.Path("/tmp/exec-out").open("wb") as file:
        done = subprocess.run(["quiltctl", "exec", box, "/bin/sh", "-c", "echo kept; sleep 100 & exit 3"],
                              stdin=nothing, stdout=file, timeout=TIMEOUT)
    assert done.returncode == 3 and time.monotonic() - began < 5
    assert pathlib.Path("/tmp/exec-out").read_bytes() == b"kept\n"
    os.unlink("/tmp/exec-out")
    # What is left belongs to the container, and ends with it.
    assert "sleep 100\n" in ctl("exec", box, "/bin/ps").text
    left, = in_sessions(box)
    assert len(left) == 1
    read, write = os.pipe()
    with spawn("quiltctl", "exec", "-i", box, "/bin/true", stdin=read) as process:
        assert process.wait(TIMEOUT) == 0  # although its stdin stays open
    os.close(read)
    os.close(write)


def test_what_a_command_leaves_running_outlives_the_client(box):
    """The supervisor of the session may see at once that quiltd knows the end and that the client is gone."""
    for _ in range(30):
        ctl("exec", box, "/bin/sh", "-c", "sleep 500 &").ok()
    assert ctl("exec", box, "/bin/ps").ok().text.count("sleep 500\n") == 30


def test_a_timeout_ends_the_whole_session(box):
    done = execute(box, "--timeout", "300ms", "trap '' TERM HUP; (trap '' TERM; sleep 1000) & sleep 1000")
    assert done.code == 124 and b"300ms" in done.err
    assert ctl("exec", box, "/bin/ps").text.count("sleep 1000") == 1  # the container's own
    wait_for(lambda: cgroups(box) == ["payload", "supervisor"])


def test_sessions_are_listed_and_can_be_killed(box):
    id = ctl("exec", "-d", box, "/bin/sleep", "500").ok().text.strip()
    row, = sessions(box)
    assert row["session"] == id and row["user"] == "" and row["owner"] == 0 and not row["terminal"]
    assert bytes(row["command"][0]).rstrip(b"\0") == b"/bin/sleep"
    assert re.search(rf"^{id[:12]} +- +{row['pid']} .* /bin/sleep 500$", ctl("sessions", box).ok().text, re.M)
    assert [row["command"] for row in ctl("sessions", "--json=short", box).ok().json] == ["/bin/sleep 500"]
    assert pathlib.Path(f"/proc/{row['pid']}/cgroup").read_text().strip().endswith(f"/session-{id}")
    with pytest.raises(GLib.Error) as refused:
        manager("KillSession", "(ssia{sv})", box, id, 65, {})
    assert error_name(refused.value).endswith(".InvalidArgument")
    manager("KillSession", "(ssia{sv})", box, id, signal.SIGTERM, {})
    assert manager("WaitSession", "(ssa{sv})", box, id, {}) == (143, "signaled")
    assert sessions(box) == []
    wait_for(lambda: cgroups(box) == ["payload", "supervisor"])
    with pytest.raises(GLib.Error) as refused:
        manager("WaitSession", "(ssa{sv})", box, "other", {})
    assert error_name(refused.value).endswith(".NotFound")


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGHUP, signal.SIGTERM])
def test_a_killed_client_ends_the_session(box, signum):
    with spawn("quiltctl", "exec", box, "/bin/sh", "-c", "trap 'exit 9' HUP TERM; echo up; while :; do sleep 0.1; done") as process:
        assert process.stdout.readline() == b"up\n"
        pid = sessions(box)[0]["pid"]
        process.send_signal(signum)
        wait_exit(pid)
        assert process.wait(TIMEOUT) == (-9 if signum == signal.SIGKILL else 9)
    wait_for(lambda: cgroups(box) == ["payload", "supervisor"])


def test_a_signal_right_after_the_first_output_arrives(box):
    """The supervisor may not know yet that the command is executed."""
    for _ in range(30):
        with spawn("quiltctl", "exec", box, "/bin/sh", "-c", "trap 'exit 9' TERM; echo up; while :; do sleep 0.01; done") as process:
            assert process.stdout.readline() == b"up\n"
            process.send_signal(signal.SIGTERM)
            assert process.wait(TIMEOUT) == 9


def test_a_session_that_ignores_signals_ends_with_its_client_too(box):
    with spawn("quiltctl", "exec", box, "/bin/sh", "-c", "trap '' HUP TERM INT; echo up; while :; do sleep 0.1; done") as process:
        assert process.stdout.readline() == b"up\n"
        pid = sessions(box)[0]["pid"]
        process.kill()
        wait_exit(pid)
    wait_for(lambda: cgroups(box) == ["payload", "supervisor"])


def test_a_closed_stdin_is_closed_although_the_session_goes_on(box):
    read, write = os.pipe()
    with spawn("quiltctl", "exec", "-i", box, "/bin/sh", "-c", "exec <&-; echo closed; exec sleep 1000", stdin=read) as process:
        os.close(read)
        assert process.stdout.readline() == b"closed\n"
        poll = select.poll()
        poll.register(write, 0)
        assert poll.poll(TIMEOUT * 1000) == [(write, select.POLLERR)]  # nobody holds its reading end
        os.close(write)


def test_it_goes_on_while_quiltd_is_killed(box):
    with spawn("quiltctl", "exec", "-i", box, "/bin/sh", "-c", "echo up; read x; echo $x; exit 42", stdin=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"up\n"
        before = sessions(box)
        os.kill(daemon_pid(), signal.SIGKILL)
        wait_for(lambda: ctl("list").code == 0)
        assert sessions(box) == before
        process.stdin.write(b"on\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"on\n"
        assert process.wait(TIMEOUT) == 42
    wait_for(lambda: cgroups(box) == ["payload", "supervisor"])


def test_an_end_while_quiltd_is_away_is_known_to_the_next(box):
    id = ctl("exec", "-d", box, "/bin/sh", "-c", "sleep 0.5; exit 5").ok().text.strip()
    pid = sessions(box)[0]["pid"]
    run("systemctl", "stop", "quiltd.service").ok()
    wait_exit(pid)
    assert manager("WaitSession", "(ssa{sv})", box, id, {}) == (5, "exited")
    wait_for(lambda: cgroups(box) == ["payload", "supervisor"])


def test_a_killed_supervisor_of_a_session_is_told(box):
    with spawn("quiltctl", "exec", box, *SLEEP) as process:
        pid = wait_for(lambda: sessions(box) and sessions(box)[0]["pid"])
        supervisor = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        os.kill(supervisor, signal.SIGKILL)
        assert process.wait(TIMEOUT) == 125 and b"supervisor" in process.stderr.read()
        wait_exit(pid)
    assert props(box)["State"] == "running"
    assert execute(box, "echo on").ok().out == b"on\n"


def test_sessions_end_with_their_container(box):
    with spawn("quiltctl", "exec", box, "/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done") as process:
        assert process.stdout.readline() == b"up\n"
        detached = ctl("exec", "-d", box, "/bin/sleep", "500").ok().text.strip()
        ctl("kill", box).ok()
        assert process.wait(TIMEOUT) == 137
        assert manager("WaitSession", "(ssa{sv})", box, detached, {}) == (137, "signaled")
    refused = ctl("exec", box, "/bin/true")
    assert refused.code == 125 and b"is exited" in refused.err


def test_a_session_ends_with_a_container_of_the_hosts_pid_namespace(busybox, name):
    background(name, busybox, *SLEEP, options=("--pid", "host"))
    with spawn("quiltctl", "exec", name, "/bin/sh", "-c", "sleep 500 & echo up; sleep 500") as process:
        assert process.stdout.readline() == b"up\n"
        cgroup = SLICE / f"quilt-{name}.scope"
        pids = next(cgroup.glob("session-*/cgroup.procs")).read_text().split()
        assert len(pids) > 1
        ctl("kill", name).ok()
        assert process.wait(TIMEOUT) == 137
        for pid in map(int, pids):
            wait_exit(pid)


@pytest.mark.parametrize("killed", [False, True])
def test_a_renamed_container_changes_nothing(box, name, killed):
    script = "trap 'echo asked' TERM; echo up; until read x; do :; done; exit 8"
    with spawn("quiltctl", "exec", "-i", box, "/bin/sh", "-c", script, stdin=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"up\n"
        ctl("rename", name, f"{name}-2").ok()
        if killed:
            os.kill(daemon_pid(), signal.SIGKILL)
            wait_for(lambda: ctl("list").code == 0)
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == b"asked\n"
        process.stdin.write(b"on\n")
        process.stdin.close()
        assert process.wait(TIMEOUT) == 8


def test_one_call_executes_and_waits(box):
    def call(options, *command):
        return manager("ExecContainer", "(saaya{sv})", box, command, {key: GLib.Variant(*value) for key, value in options.items()})
    wait = {"wait": ("b", True), "session": ("s", "mine")}
    id, results = call(wait, b"/bin/sh", b"-c", b"exit 7")
    assert (id, results) == ("mine", {"container": props(box)["Id"], "exit-code": 7, "reason": "exited"})
    assert call(wait | {"session": ("s", "slow"), "timeout": ("t", 100_000)}, b"/bin/sleep", b"100")[1]["reason"] == "timed-out"
    for options, command, error in ((wait, b"/no/such", "CommandNotFound"), (wait | {"terminal": ("b", True)}, b"/bin/true", "InvalidArgument")):
        with pytest.raises(GLib.Error) as refused:
            call(options | {"session": ("s", error)}, command)
        assert error_name(refused.value).endswith(error)


def test_a_session_is_found_without_its_container(box):
    id = ctl("exec", "-d", box, *SLEEP).ok().text.strip()
    for part in (id[:8], "", "other"):
        with pytest.raises(GLib.Error) as refused:
            manager("KillSession", "(ssia{sv})", "", part, signal.SIGTERM, {})
        assert error_name(refused.value).endswith(".NotFound")
    manager("KillSession", "(ssia{sv})", "", id, signal.SIGTERM, {})
    assert manager("WaitSession", "(ssa{sv})", "", id, {}) == (143, "signaled")


def test_a_session_of_two_containers_is_found_only_with_its_container(box, busybox, name):
    background(f"{name}-2", busybox, *SLEEP)
    for container in (box, f"{name}-2"):
        manager("ExecContainer", "(saaya{sv})", container, SLEEP_BYTES, {"session": GLib.Variant("s", "same")})
    with pytest.raises(GLib.Error) as refused:
        manager("WaitSession", "(ssa{sv})", "", "same", {})
    assert error_name(refused.value).endswith(".Ambiguous")


def test_who_waits_for_a_part_of_an_id_and_leaves_is_forgotten(box):
    """Meanwhile that part became the ID of another session, or of two."""
    start = lambda id: manager("ExecContainer", "(saaya{sv})", box, SLEEP_BYTES, {"session": GLib.Variant("s", id)})  # noqa: E731
    start("abc")
    flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
    caller = Gio.DBusConnection.new_for_address_sync(Gio.dbus_address_get_for_bus_sync(Gio.BusType.SYSTEM), flags, None, None)
    to_quiltd = "org.quilt", "/org/quilt", "org.quilt.Manager"
    caller.call(*to_quiltd, "WaitSession", GLib.Variant("(ssa{sv})", (box, "ab", {})), None, Gio.DBusCallFlags.NONE, -1, None, None)
    caller.call_sync(*to_quiltd, "ListSessions", GLib.Variant("(sa{sv})", (box, {})), None, Gio.DBusCallFlags.NONE, -1, None)
    start("ab")
    start("abd")
    caller.close_sync()
    before = daemon_pid()
    for id in ("abc", "ab", "abd"):
        manager("KillSession", "(ssia{sv})", box, id, signal.SIGKILL, {})
        assert manager("WaitSession", "(ssa{sv})", box, id, {}) == (137, "signaled")
    assert daemon_pid() == before


def test_only_pipes_are_taken_from_a_caller(box):
    """A descriptor of a directory would lead out of the container."""
    fds = Gio.UnixFDList.new_from_array([os.open("/", os.O_RDONLY)])
    for key in ("stdin", "stdout", "stderr", "leash"):
        arguments = GLib.Variant("(saaya{sv})", (box, [b"/bin/true"], {key: GLib.Variant("h", 0)}))
        with pytest.raises(GLib.Error) as refused:
            BUS.call_with_unix_fd_list_sync("org.quilt", "/org/quilt", "org.quilt.Manager", "ExecContainer", arguments, None,
                                            Gio.DBusCallFlags.NONE, 5000, fds, None)
        assert error_name(refused.value).endswith(".InvalidArgument")


def test_who_may_exec(box):
    refused = ctl("exec", box, "/bin/true", user="nobody")
    assert refused.code == 125 and b"org.quilt.exec" in refused.err
    inside = ctl("exec", "--privileged", box, "/bin/true", user="nobody")
    assert inside.code == 125


def test_1000_in_a_row_leave_quiltd_as_it_was(box):
    def state():
        pid = daemon_pid()
        fds = len(os.listdir(f"/proc/{pid}/fd"))
        kb = int(re.search(r"RssAnon:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1))
        return pid, fds, kb

    for _ in range(50):
        ctl("exec", box, "/bin/true").ok()
    before = state()
    for _ in range(200):
        ctl("exec", box, "/bin/true").ok()
    after = state()
    assert after[0] == before[0] and after[1] <= before[1] + 4 and after[2] <= before[2] + 2000


# Terminals

def resize(terminal, rows, columns):
    fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def is_cooked(terminal):
    return bool(termios.tcgetattr(terminal.fd)[3] & termios.ICANON)


def on_terminal(name, script, **kwargs):
    return Terminal("quiltctl", "exec", "-it", name, "/bin/sh", "-c", script, **kwargs)


def test_a_terminal_has_its_size_before_the_first_byte_and_follows(box):
    with on_terminal(box, "stty size; echo $TERM; tty; read x; stty size; echo got $x; exit 4", columns=101) as terminal:
        terminal.wait(rb"^24 101\r\nxterm\r\n/dev/pts/\d")
        resize(terminal, 44, 99)
        terminal.type(b"word\r")
        terminal.wait(rb"44 99\r\ngot word")
        assert terminal.wait() == 4
        assert is_cooked(terminal)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_a_killed_client_leaves_its_terminal_as_it_was(box, signum):
    with on_terminal(box, "echo up; sleep 1000") as terminal:
        terminal.wait(b"up")
        assert not is_cooked(terminal)
        pid = sessions(box)[0]["pid"]
        terminal.process.send_signal(signum)
        wait_exit(pid)
        terminal.process.wait(TIMEOUT)
        wait_for(lambda: is_cooked(terminal))


def test_ctrl_c_goes_to_the_command(box):
    with on_terminal(box, "trap 'echo caught; exit 6' INT; echo up; while :; do sleep 0.1; done") as terminal:
        terminal.wait(b"up")
        terminal.type(b"\x03")
        terminal.wait(b"caught")
        assert terminal.wait() == 6


def test_the_terminal_is_of_the_container_and_not_of_the_caller(box):
    with on_terminal(box, "ls -l /proc/self/fd; cat /proc/self/stat") as terminal:
        assert terminal.wait() == 0
        assert set(re.findall(rb"-> (/dev/pts/\d+)", terminal.seen)) == {b"/dev/pts/0"}
    assert ctl("exec", box, "/bin/ls", "/dev/pts").ok().text.split() == ["ptmx"]


def test_the_last_output_of_a_short_command_is_not_lost(box):
    for i in range(20):
        with on_terminal(box, f"seq 2000; echo last {i}") as terminal:
            assert terminal.wait() == 0
            assert terminal.seen.endswith(b"2000\r\nlast %d\r\n" % i)


def test_input_that_is_not_read_does_not_stop_the_output(box):
    with on_terminal(box, "stty raw -echo; echo up; sleep 1; echo later; sleep 1000") as terminal:
        terminal.wait(b"up")
        os.set_blocking(terminal.fd, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                terminal.type(b"x" * 1024)
        terminal.wait(b"later")
        terminal.process.kill()


LEAVE = b"\x10\x11"  # Ctrl-P Ctrl-Q


def on_left(name, script, *options):
    """Starts the script on a terminal, and leaves it when it says that it is up. Returns the session."""
    with Terminal("quiltctl", "exec", "-it", *options, name, "/bin/sh", "-c", script) as terminal:
        terminal.wait(b"up\r\n")
        terminal.type(LEAVE)
        assert terminal.wait() == 0
        assert is_cooked(terminal)
        row, = sessions(name)
        assert f"Session {row['session'][:12]} goes on; to end it: quiltctl kill --session=".encode() in terminal.seen
    return row


def test_a_session_that_is_left_goes_on_with_its_terminal(box):
    """It prints far more than a terminal holds, and closes and opens its terminal, and none of that stops it."""
    script = "echo up; while [ ! -e /tmp/go ]; do sleep 0.1; done; seq 50000; tty > /tmp/tty; exec < /dev/null > /dev/null 2>&1; sleep 0.1; echo on > /dev/tty; exit 9"
    row = on_left(box, script)
    execute(box, "touch /tmp/go").ok()
    assert manager("WaitSession", "(ssa{sv})", box, row["session"], {}) == (9, "exited")
    assert ctl("exec", box, "/bin/cat", "/tmp/tty").ok().text.startswith("/dev/pts/")
    assert sessions(box) == []
    wait_for(lambda: cgroups(box) == ["payload", "supervisor"])


def test_a_session_that_is_left_can_be_killed_and_keeps_its_time_limit(box):
    row = on_left(box, "trap '' HUP; echo up; sleep 1000")
    ctl("kill", f"--session={row['session'][:12]}", box).ok()
    wait_exit(row["pid"])
    row = on_left(box, "trap '' HUP; echo up; sleep 1000", "--timeout", "3s")
    assert manager("WaitSession", "(ssa{sv})", box, row["session"], {}) == (124, "timed-out")
    wait_for(lambda: cgroups(box) == ["payload", "supervisor"])


def test_a_session_can_be_left_while_quiltd_is_away(box):
    with on_terminal(box, "echo up; read x; echo $x > /tmp/x; sleep 1000") as terminal:
        terminal.wait(b"up")
        pid = sessions(box)[0]["pid"]
        os.kill(daemon_pid(), signal.SIGKILL)
        terminal.type(b"typed\r" + LEAVE)
        assert terminal.wait() == 0
    wait_for(lambda: ctl("exec", box, "/bin/cat", "/tmp/x").text == "typed\n")
    assert [row["pid"] for row in sessions(box)] == [pid]


def test_other_keys_can_leave_or_none(box):
    script = "stty raw -echo; echo up; dd bs=1 count=4 2>/dev/null | od -An -tx1"
    with Terminal("quiltctl", "exec", "-it", "--detach-keys", "ctrl-a,x", box, "/bin/sh", "-c", script) as terminal:
        terminal.wait(b"up")
        for key in (b"\x01", b"\x01", b"b\x10"):
            terminal.type(key)
        terminal.wait(b"01 01 62 10")
        assert terminal.wait() == 0
    with Terminal("quiltctl", "exec", "-it", "--detach-keys=", box, "/bin/sh", "-c", script) as terminal:
        terminal.wait(b"up")
        terminal.type(LEAVE * 2)
        terminal.wait(b"10 11 10 11")
        assert terminal.wait() == 0
    assert ctl("exec", "--detach-keys", "ctrl-", box, "/bin/true").code == 125


def execute_on_terminal(name, script):
    """The session's ID, its terminal's master, and the pipe that leaves it."""
    leash, held = os.pipe()
    fds = Gio.UnixFDList.new_from_array([leash])
    options = {"terminal": GLib.Variant("b", True), "leash": GLib.Variant("h", 0)}
    arguments = GLib.Variant("(saaya{sv})", (name, [b"/bin/sh", b"-c", script], options))
    answer, got = BUS.call_with_unix_fd_list_sync("org.quilt", "/org/quilt", "org.quilt.Manager", "ExecContainer", arguments, None,
                                                  Gio.DBusCallFlags.NONE, TIMEOUT * 1000, fds, None)
    return answer[0], got.get(0), held


def cpu_seconds(pid):
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def test_a_terminal_left_in_packet_mode_does_not_keep_its_supervisor_busy(box):
    """A flush by the session leaves a status to read, which a flush by the supervisor does not take."""
    id, master, held = execute_on_terminal(box, b"trap '' HUP; echo up; read x; stty -ixon; touch /tmp/done; sleep 1000")
    seen = b""
    while b"up" not in seen:
        seen += os.read(master, 4096)
    parent = next(row["pid"] for row in sessions(box) if row["session"] == id)
    supervisor = int(re.search(r"PPid:\s+(\d+)", pathlib.Path(f"/proc/{parent}/status").read_text()).group(1))
    fcntl.ioctl(master, termios.TIOCPKT, struct.pack("i", 1))
    os.write(held, b"x")
    os.write(master, b"x\n")
    wait_for(lambda: ctl("exec", box, "/bin/ls", "/tmp/done").code == 0)
    before, started = cpu_seconds(supervisor), time.process_time()
    while time.process_time() - started < 1:  # while this process uses a second, one that spins uses much of one
        pass
    assert cpu_seconds(supervisor) - before < 0.2
    fcntl.ioctl(master, termios.TIOCPKT, struct.pack("i", 1))  # the caller has it still
    ctl("kill", f"--session={id}", box).ok()
    assert manager("WaitSession", "(ssa{sv})", box, id, {})[0] == 137
    os.close(held)
    os.close(master)


def test_a_caller_that_reads_what_is_discarded_does_not_stop_the_supervisor(box):
    """It has left, and makes the terminal's master, which it keeps, wait for readers."""
    id, master, held = execute_on_terminal(box, b"trap '' HUP; while :; do echo x; sleep 0.01; done")
    os.set_blocking(master, True)
    os.write(held, b"x")
    os.close(held)
    for _ in range(100):
        os.read(master, 4096)
    manager("KillSession", "(ssia{sv})", box, id, signal.SIGKILL, {})
    assert manager("WaitSession", "(ssa{sv})", box, id, {})[0] == 137
    os.close(master)


def test_a_terminal_needs_one_as_stdin(box):
    """Docker refuses it too. A shell would drop what is typed before its prompt, and wait for ever."""
    refused = ctl("exec", "-it", box, "/bin/sh", input=b"exit 5\n")
    assert refused.code == 125 and b"--tty" in refused.err
    assert ctl("exec", "-t", box, "/bin/echo", "x").ok().out == b"x\r\n"


def test_the_end_does_not_wait_for_processes_that_hold_the_terminal(box):
    with on_terminal(box, "setsid sleep 1000 & sleep 0.2; echo last; exit 7") as terminal:
        assert terminal.wait() == 7 and terminal.seen.endswith(b"last\r\n")


def test_the_callers_own_pipes_stay_the_callers(box):
    """Whoever owns a pipe can open it by /proc/PID/fd, also its other end."""
    input, output = os.pipe(), os.pipe()
    with spawn("quiltctl", "exec", "-i", box, "/bin/sh", "-c", "echo x; read y", stdin=input[0], stdout=output[1]) as process:
        assert os.read(output[0], 2) == b"x\n"
        assert os.fstat(input[0]).st_uid == os.fstat(output[0]).st_uid == 0
        os.write(input[1], b"y\n")
        assert process.wait(TIMEOUT) == 0
    assert execute(box, "echo err >/dev/stderr; echo out >/dev/stdout").ok().out == b"out\n"
    for fd in (*input, *output):
        os.close(fd)


def test_a_paused_container_refuses_it(box):
    run("systemctl", "freeze", f"quilt-{box}.scope").ok()
    refused = ctl("exec", box, "/bin/true")
    run("systemctl", "thaw", f"quilt-{box}.scope").ok()
    assert refused.code == 125 and b"frozen" in refused.err
    ctl("exec", box, "/bin/true").ok()


def test_a_wait_ends_with_its_caller_and_the_session_goes_on(box):
    id = ctl("exec", "-d", box, "/bin/sleep", "500").ok().text.strip()
    with spawn("busctl", "call", "--timeout=100", "org.quilt", "/org/quilt", "org.quilt.Manager", "WaitSession", "ssa{sv}", box, id, "0"):
        pass
    ctl("kill", "--session", id[:6], "--signal", "TERM", box).ok()
    assert manager("WaitSession", "(ssa{sv})", box, id, {}) == (143, "signaled")
