# SPDX-License-Identifier: LGPL-2.1-or-later
"""Getting into a container's command: run -i, run -t, attach, start -a, and how to leave it again."""
import contextlib
import hashlib
import os
import pathlib
import re
import signal
import subprocess

import pytest

from quilt import BUS, LONG, TIMEOUT, Gio, GLib, containers, ctl, error_name, manager, spawn
from test_cli import Terminal
from test_daemon import daemon_pid
from test_exec import is_cooked, resize, wait_for
from test_lifecycle import background, props

LEAVE = b"\x10\x11"  # Ctrl-P Ctrl-Q


def on_terminal(name, image, script, *options, **kwargs):
    return Terminal("quiltctl", "run", "-it", "--name", name, *options, image, "/bin/sh", "-c", script, **kwargs)


def state(name):
    return props(name)["State"]


# run -i

def test_64_mib_of_random_bytes_come_back_exact(busybox, name):
    data = os.urandom(64 << 20)
    done = ctl("run", "-i", "--rm", "--name", name, busybox, "/bin/cat", input=data, timeout=120).ok()
    assert hashlib.sha256(done.out).digest() == hashlib.sha256(data).digest()


def test_input_ends(busybox, name):
    done = ctl("run", "-i", "--rm", "--name", name, busybox, "/bin/sh", "-c", "cat; echo end", input=b"x\n").ok()
    assert done.out == b"x\nend\n"
    assert ctl("run", "--rm", "--name", name, busybox, "/bin/sh", "-c", "cat; echo end", input=b"x\n").ok().out == b"end\n"


def test_input_that_the_command_does_not_read_stays(busybox, name, tmp_path):
    text = b"".join(b"%05d\n" % i for i in range(5000))
    (tmp_path / "in").write_bytes(text)
    with open(tmp_path / "in", "rb") as file, subprocess.Popen(["cat"], stdin=file, stdout=subprocess.PIPE) as cat:
        done = subprocess.run(["quiltctl", "run", "-i", "--rm", "--name", name, busybox, "/bin/dd", "bs=6", "count=3"],
                              stdin=cat.stdout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=TIMEOUT)
        assert done.stdout == text[:18]
        assert os.read(cat.stdout.fileno(), 6) == text[18:24]
        cat.kill()


def test_setup_steps_do_not_read_the_input(busybox, name):
    done = ctl("run", "-i", "--rm", "--name", name, "--setup", "cat > /stolen; echo step >> /stolen", busybox,
               "/bin/sh", "-c", "cat /stolen -", input=b"for the command\n").ok()
    assert done.out == b"step\nfor the command\n"


def test_setup_steps_do_not_read_the_terminal(busybox, name):
    with on_terminal(name, busybox, "cat /stolen; read x; echo got $x", "--rm", "--setup", "cat > /stolen; echo step >> /stolen; seq 20000") as terminal:
        terminal.wait(rb"20000\r+\nstep\r+\n")
        terminal.type(b"word\r")
        terminal.wait(b"got word")
        assert terminal.wait() == 0


def test_a_closed_stdout_ends_the_writer(busybox, name):
    with spawn("quiltctl", "run", "-i", "--rm", "--name", name, busybox, "/bin/yes") as process:
        assert process.stdout.read(4) == b"y\ny\n"
        process.stdout.close()
        assert process.wait(TIMEOUT) == 141


# run -t

def test_a_terminal_has_its_size_before_the_first_byte_and_follows(busybox, name, journal):
    script = "stty size; echo $TERM; tty; read x; stty size; echo got $x; exit 4"
    with on_terminal(name, busybox, script, columns=101) as terminal:
        terminal.wait(rb"^24 101\r\nxterm\r\n/dev/(pts/0|console)\r\n")
        resize(terminal, 44, 99)
        wait_for(lambda: ctl("exec", name, "/bin/stty", "-F", "/dev/pts/0", "size").text == "44 99\n")
        terminal.type(b"word\r")
        terminal.wait(rb"44 99\r\ngot word")
        assert terminal.wait() == 4
        assert is_cooked(terminal)
    lines = journal.messages(f"_SYSTEMD_UNIT=quilt-{name}.scope")
    assert lines[0] == b"24 101" and lines[-1] == b"got word"  # without carriage returns


def test_ctrl_c_goes_to_the_command(busybox, name):
    with on_terminal(name, busybox, "trap 'echo caught; exit 6' INT; echo up; while :; do sleep 0.1; done") as terminal:
        terminal.wait(b"up")
        terminal.type(b"\x03")
        terminal.wait(b"caught")
        assert terminal.wait() == 6


def test_a_shell_is_interactive_and_has_job_control(busybox, name):
    with Terminal("quiltctl", "run", "-it", "--rm", "--name", name, busybox, "/bin/sh") as terminal:
        terminal.wait(rb"[#$] ")
        terminal.type(b"sleep 1000\r")
        wait_for(lambda: b"sleep 1000" in ctl("exec", name, "/bin/ps").out)
        terminal.type(b"\x1a")
        terminal.wait(rb"Stopped\s+sleep 1000")
        terminal.type(b"kill -9 %1\r")
        terminal.type(b"exit 3\r" * 2)  # the first may be answered: You have stopped jobs.
        assert terminal.wait() == 3
        assert b"can't access tty" not in terminal.seen


def test_the_last_output_of_a_short_command_is_not_lost(busybox, name):
    for i in range(20):
        with on_terminal(f"{name}-{i}", busybox, f"seq 2000; echo last {i}", "--rm") as terminal:
            assert terminal.wait() == 0
            assert terminal.seen.endswith(b"2000\r\nlast %d\r\n" % i)


def test_a_process_may_close_the_terminal_and_open_it_again(busybox, name):
    """An init of an image does so with /dev/console. Meanwhile the supervisor waits without using the processor."""
    script = "exec </dev/null >/dev/null 2>&1; sleep 1; echo back >/dev/console; sleep 0.2"
    with on_terminal(name, busybox, script) as terminal:
        pid = wait_for(lambda: name in containers() and props(name)["Pid"])
        supervisor = int(next(line for line in open(f"/proc/{pid}/status") if line.startswith("PPid:")).split()[1])

        def ticks():
            return sum(map(int, open(f"/proc/{supervisor}/stat").read().rsplit(")", 1)[1].split()[11:13]))
        before = ticks()
        terminal.wait(b"back")
        assert ticks() - before <= 10  # of about 100
        assert terminal.wait() == 0 and terminal.seen == b"back\r\n"


def test_without_i_nothing_is_typed(busybox, name):
    with Terminal("quiltctl", "run", "-t", "--rm", "--name", name, busybox, "/bin/sh", "-c", "echo up; read -t 1 x; echo got $x") as terminal:
        terminal.wait(b"up")
        terminal.type(b"word\r")
        assert terminal.wait() == 0 and re.search(rb"got\s*$", terminal.seen)


def test_tty_needs_a_terminal_as_stdin(busybox, name):
    refused = ctl("run", "-it", "--rm", "--name", name, busybox, "/bin/sh", input=b"exit 5\n")
    assert refused.code == 125 and b"--tty" in refused.err
    assert ctl("run", "-t", "--rm", "--name", name, busybox, "/bin/echo", "x").ok().out == b"x\r\n"


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_a_killed_client_leaves_its_terminal_as_it_was_and_the_container_goes_on(busybox, name, signum):
    with on_terminal(name, busybox, "echo up; sleep 1000") as terminal:
        terminal.wait(b"up")
        assert not is_cooked(terminal)
        terminal.process.send_signal(signum)
        terminal.process.wait(TIMEOUT)
        wait_for(lambda: is_cooked(terminal))
    assert state(name) == "running"
    if signum == signal.SIGTERM:
        assert terminal.process.returncode == 143


@pytest.mark.parametrize("who", ["supervisor", "container"])
def test_the_terminal_is_restored_when_the_other_side_is_killed(busybox, name, who):
    with on_terminal(name, busybox, "echo up; sleep 1000") as terminal:
        terminal.wait(b"up")
        pid = props(name)["Pid"]
        if who == "supervisor":
            pid = int(next(line for line in open(f"/proc/{pid}/status") if line.startswith("PPid:")).split()[1])
        os.kill(pid, signal.SIGKILL)
        terminal.process.wait(TIMEOUT)
        wait_for(lambda: is_cooked(terminal))


def test_it_goes_on_while_quiltd_is_killed(busybox, name):
    with on_terminal(name, busybox, "echo up; read x; echo got $x; exit 7") as terminal:
        terminal.wait(b"up")
        os.kill(daemon_pid(), signal.SIGKILL)
        terminal.type(b"word\r")
        terminal.wait(b"got word")
        assert terminal.wait() == 7


# Leaving and returning

def test_detach_and_attach_again(busybox, name):
    with on_terminal(name, busybox, "echo first; while read x; do echo got $x; done; exit 5") as terminal:
        terminal.wait(b"first")
        terminal.type(b"one\r")
        terminal.wait(b"got one")
        terminal.type(LEAVE)
        assert terminal.wait() == 0
        assert is_cooked(terminal)
        assert b"quiltctl attach" in terminal.seen
    assert state(name) == "running"
    with Terminal("quiltctl", "attach", name) as terminal:
        terminal.wait(rb"(?s)first.*got one")
        terminal.type(b"two\r")
        terminal.wait(b"got two")
        terminal.type(b"\x04")
        assert terminal.wait() == 5


def test_a_detach_key_that_is_not_followed_by_the_other_is_passed_on(busybox, name):
    script = "stty raw -echo; echo up; dd bs=1 count=4 2>/dev/null | od -An -tx1"
    with on_terminal(name, busybox, script, "--detach-keys", "ctrl-a,x") as terminal:
        terminal.wait(b"up")
        for key in (b"\x01", b"\x01", b"b\x10"):
            terminal.type(key)
        terminal.wait(b"01 01 62 10")
        assert terminal.wait() == 0


def test_detach_keys_can_be_turned_off(busybox, name):
    with on_terminal(name, busybox, "stty raw -echo; echo up; dd bs=1 count=2 2>/dev/null | od -An -tx1", "--detach-keys=") as terminal:
        terminal.wait(b"up")
        terminal.type(LEAVE)
        terminal.wait(b"10 11")
        assert terminal.wait() == 0
    assert ctl("attach", "--detach-keys", "ctrl-", name).code == 1


def test_attach_shows_the_last_lines_first_and_returns_the_exit_code(busybox, name):
    background(name, busybox, "/bin/sh", "-c", "seq 100; echo err >&2; while [ ! -e /go ]; do sleep 0.05; done; echo later; exit 9")
    wait_for(lambda: b"err" in ctl("logs", name).err)
    with spawn("quiltctl", "attach", "--replay", "3", name, stderr=subprocess.PIPE) as process:
        assert process.stdout.read(10) == b"98\n99\n100\n"
        ctl("exec", name, "/bin/touch", "/go").ok()
        out, err = process.communicate(timeout=TIMEOUT)
        assert (out, err, process.returncode) == (b"later\n", b"err\n", 9)


def test_input_reaches_a_container_in_the_background_and_ends(busybox, name):
    background(name, busybox, "/bin/sh", "-c", "cat; echo end", options=("-i",))
    # A client that leaves does not end the input; one that ends its input does.
    with spawn("quiltctl", "attach", name, stdin=subprocess.PIPE) as process:
        process.stdin.write(b"one\n")
        process.stdin.flush()
        assert process.stdout.read(4) == b"one\n"
        process.kill()
        process.wait(TIMEOUT)
    done = ctl("attach", "--replay=0", name, input=b"two\n").ok()
    assert done.out == b"two\nend\n"


def test_without_stdin_the_container_only_tells(busybox, name):
    background(name, busybox, "/bin/sh", "-c", "echo up; read x; echo got $x", options=("-i",))
    with spawn("quiltctl", "attach", "--no-stdin", name, stdin=subprocess.PIPE) as process:
        process.stdin.close()
        assert process.stdout.readline() == b"up\n"
        ctl("attach", name, input=b"word\n").ok()
        assert process.stdout.read() == b"got word\n"
        assert process.wait(TIMEOUT) == 0


def test_signals_are_passed_on_or_not(busybox, name):
    background(name, busybox, "/bin/sh", "-c", "trap 'echo usr1' USR1; trap 'exit 8' TERM; echo up; while :; do sleep 0.05; done")
    with spawn("quiltctl", "attach", name) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGUSR1)
        assert process.stdout.readline() == b"usr1\n"
    with spawn("quiltctl", "attach", "--sig-proxy=false", "--replay=1", name) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 143
    assert state(name) == "running"
    with spawn("quiltctl", "attach", "--replay=1", name) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 8


def test_many_clients_get_the_same(busybox, name):
    background(name, busybox, "/bin/sh", "-c", "echo up; while [ ! -e /go ]; do sleep 0.05; done; seq 1000")
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(spawn("quiltctl", "attach", name)) for _ in range(30)]
        for client in clients:
            assert client.stdout.readline() == b"up\n"
        ctl("exec", name, "/bin/touch", "/go").ok()
        expected = b"".join(b"%d\n" % i for i in range(1, 1001))
        for client in clients:
            assert client.stdout.read() == expected and client.wait(TIMEOUT) == 0


def test_a_client_that_does_not_read_is_dropped_and_does_not_slow_the_container(busybox, name):
    background(name, busybox, "/bin/sh", "-c", "echo up; while [ ! -e /go ]; do sleep 0.05; done; head -c 6000000 /dev/zero | tr '\\0' '\\n' >&2; echo done; sleep 1000",
               options=("--log-rate-limit", "10/1s"))
    with spawn("quiltctl", "attach", name, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"up\n"
        process.send_signal(signal.SIGSTOP)
        ctl("exec", name, "/bin/touch", "/go").ok()
        with spawn("quiltctl", "attach", name, stderr=subprocess.DEVNULL) as other:
            assert [other.stdout.readline(), other.stdout.readline()] == [b"up\n", b"done\n"]
            other.kill()
        process.send_signal(signal.SIGCONT)
        out, err = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 1 and b"did not read" in err and b"quiltctl logs" in err
    assert state(name) == "running"


def test_start_attaches_from_the_first_byte(busybox, name):
    ctl("create", "-i", "--name", name, busybox, "/bin/sh", "-c", "echo first; read -t 1 x; echo got $x; exit 3").ok()
    done = ctl("start", "-a", "-i", name, input=b"typed\n")
    assert (done.code, done.out) == (3, b"first\ngot typed\n")
    done = ctl("start", "-a", name, input=b"typed\n")
    assert (done.code, done.out) == (3, b"first\ngot\n")
    assert ctl("start", "-a", name, name).code == 1


def test_start_stays_with_a_container_that_runs_long(busybox, name):
    ctl("create", "--name", name, busybox, "/bin/sh", "-c", "echo first; sleep 2; exit 4").ok()
    for _ in range(2):  # the second start may have to wait until the last run has settled
        done = ctl("start", "-a", name)
        assert (done.code, done.out) == (4, b"first\n")


def test_attach_says_why_it_refuses(busybox, name):
    assert b"no container" in ctl("attach", f"{name}-none").err.lower()
    ctl("create", "--name", name, busybox, "/bin/true").ok()
    refused = ctl("attach", name)
    assert refused.code == 1 and b"pending" in refused.err
    with pytest.raises(GLib.Error) as caught:
        manager("AttachContainer", "(sa{sv})", name, {})
    assert error_name(caught.value).endswith(".InvalidArgument")
    ours, theirs = os.pipe()
    fds = Gio.UnixFDList.new_from_array([ours, theirs])
    with pytest.raises(GLib.Error) as caught:
        BUS.call_with_unix_fd_list_sync("org.quilt", "/org/quilt", "org.quilt.Manager", "AttachContainer",
                                        GLib.Variant("(sa{sv})", (name, {"leash": GLib.Variant("h", 0), "stdout": GLib.Variant("h", 1)})),
                                        None, Gio.DBusCallFlags.NONE, 10000, fds, None)
    assert "leash" in caught.value.message
    with pytest.raises(GLib.Error) as caught:
        manager("ResizeTerminal", "(suua{sv})", name, 0, 10, {})
    assert error_name(caught.value).endswith(".InvalidArgument")


def attach_pipe(name, keep=False):
    """A client that only gets output; the reading end, and the writing end if it is kept."""
    ours, theirs = os.pipe()
    fds = Gio.UnixFDList.new()
    fds.append(theirs)
    BUS.call_with_unix_fd_list_sync("org.quilt", "/org/quilt", "org.quilt.Manager", "AttachContainer",
                                    GLib.Variant("(sa{sv})", (name, {"stdout": GLib.Variant("h", 0), "replay": GLib.Variant("t", 1)})),
                                    None, Gio.DBusCallFlags.NONE, 10000, fds, None)
    if keep:
        return ours, theirs
    os.close(theirs)
    return ours


def test_the_callers_pipe_stays_as_it_was(busybox, name):
    background(name, busybox, "/bin/sh", "-c", "echo up; sleep 1000")
    ours, theirs = attach_pipe(name, keep=True)
    assert os.read(ours, 3) == b"up\n"
    assert os.get_blocking(theirs) and os.fstat(theirs).st_uid == os.getuid()
    os.close(ours)
    os.close(theirs)


def measure(pid):
    """The descriptors of a process, and its own memory in KB."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return len(os.listdir(f"/proc/{pid}/fd")), int(re.search(r"RssAnon:\s+(\d+)", status).group(1))


def test_f_many_clients_one_after_another_and_500_at_once(busybox, name):
    """The supervisor and quiltd have no more descriptors and hardly more memory afterwards than before."""
    background(name, busybox, "/bin/sh", "-c", "seq 10000; echo up; sleep 1000")
    wait_for(lambda: ctl("logs", "-n", "1", "-o", "cat", name).text == "up\n")
    supervisor = int(re.search(r"PPid:\s+(\d+)", pathlib.Path(f"/proc/{props(name)['Pid']}/status").read_text()).group(1))
    pids = supervisor, daemon_pid()

    def come_and_go(count):
        for _ in range(count):
            ours = attach_pipe(name)
            assert os.read(ours, 3) == b"up\n"
            os.close(ours)

    def wait_as_before():
        """Nobody tells when the supervisor has noticed that clients have left."""
        limits = [(fds + 2, kb + more) for (fds, kb), more in zip(before, (400, 1500))]
        wait_for(lambda: all(fds <= most_fds and kb <= most_kb for (fds, kb), (most_fds, most_kb) in zip(map(measure, pids), limits)))

    come_and_go(200)
    before = [measure(pid) for pid in pids]
    come_and_go(10_000 if LONG else 1000)
    wait_as_before()
    held = [attach_pipe(name) for _ in range(500)]
    assert all(os.read(fd, 3) == b"up\n" for fd in held)
    for fd in held:
        os.close(fd)
    wait_as_before()
    assert daemon_pid() == pids[1] and state(name) == "running"
