# SPDX-License-Identifier: LGPL-2.1-or-later
"""Terminals of quilt-oci: of run and exec on a terminal of the caller's, and through --console-socket."""
import array
import contextlib
import fcntl
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import termios
import time

import pytest

from oci import ROOT, Container, config, oci
from quilt import TIMEOUT, wait_exit


pytestmark = pytest.mark.usefixtures("oci_clean")


def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Terminal:
    """What a user sits at, with a command in its foreground."""

    def __init__(self, argv, rows=33, columns=99):
        self.master, self.slave = pty.openpty()
        resize(self.master, rows, columns)
        self.before = termios.tcgetattr(self.slave)
        self.shown = b""

        def take():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(argv, stdin=self.slave, stdout=self.slave, stderr=self.slave, preexec_fn=take)

    def expect(self, text):
        while text not in self.shown:
            assert select.select([self.master], [], [], TIMEOUT)[0], self.shown
            self.shown += os.read(self.master, 4096)
        after = self.shown.split(text, 1)[1]
        self.shown = after
        return self

    def type(self, data):
        os.write(self.master, data)
        return self

    def end(self):
        """The exit code; the terminal is as it was."""
        deadline = time.monotonic() + TIMEOUT
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.shown
            if select.select([self.master], [], [], 0.1)[0]:
                self.shown += os.read(self.master, 4096)
        assert termios.tcgetattr(self.slave) == self.before
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@contextlib.contextmanager
def terminal(verb, bundle, script, **process):
    argv = ["quilt-oci", "--root", str(ROOT), verb]
    if verb == "run":
        bundle.write(config("sh", "-c", script, terminal=True, **process))
        argv += ["--bundle", str(bundle.path), "one"]
    else:
        bundle.write(config("sleep", "1000"))
        Container("one", bundle).start()
        argv += ["--tty", "one", "sh", "-c", script]
    it = Terminal(argv)
    try:
        yield it
    finally:
        it.close()


VERBS = pytest.mark.parametrize("verb", ["run", "exec"])


@VERBS
def test_it_is_a_terminal_of_the_callers_size(bundle, verb):
    script = "tty; stty size; echo out; echo err >&2; test -t 0 -a -t 1 -a -t 2 && echo all; echo tty >/dev/tty; read line; echo got $line; exit 7"
    with terminal(verb, bundle, script) as it:
        it.expect(b"/dev/pts/").expect(b"33 99\r\n").expect(b"out\r\n").expect(b"err\r\n").expect(b"all\r\n").expect(b"tty\r\n")
        assert termios.tcgetattr(it.slave) != it.before, "ours is raw meanwhile"
        it.type(b"hello\r").expect(b"hello\r\n").expect(b"got hello\r\n")
        assert it.end() == 7


@VERBS
def test_a_change_of_size_reaches_it(bundle, verb):
    with terminal(verb, bundle, "trap 'stty size' WINCH; echo ready; while :; do sleep 1000 & wait; done") as it:
        it.expect(b"ready\r\n")
        resize(it.master, 50, 150)
        it.process.send_signal(signal.SIGWINCH)
        it.expect(b"50 150\r\n")
        it.process.send_signal(signal.SIGKILL if verb == "exec" else signal.SIGTERM)


@VERBS
def test_keys_are_signals_inside(bundle, verb):
    """^C reaches the foreground of the container's terminal, not quilt-oci."""
    with terminal(verb, bundle, "trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 1000 & wait; done") as it:
        it.expect(b"ready\r\n").type(b"\x03").expect(b"interrupted\r\n")
        assert it.end() == 9


@VERBS
def test_job_control_of_a_shell_inside(bundle, verb):
    with terminal(verb, bundle, "PS1='$ ' exec sh -i") as it:
        it.expect(b"$ ")
        assert b"job control" not in it.shown
        it.type(b"(echo be''gun; exec sleep 1000)\r").expect(b"begun\r\n").type(b"\x1a").expect(b"Stopped").expect(b"$ ").type(b"kill -KILL %1; wait; echo st$((1))ill\r").expect(b"st1ill")
        assert it.type(b"exit 5\rexit 5\r").end() == 5  # once may only warn of the stopped job


def test_a_dead_quilt_oci_hangs_up(bundle):
    """If quilt-oci is killed, the container's terminal has no other end, so the kernel sends SIGHUP."""
    with terminal("run", bundle, "trap 'echo hup >/hup; exit' HUP; echo ready; while :; do sleep 1000 & wait; done") as it:
        it.expect(b"ready\r\n")
        pid = oci("state", "one").json["pid"]
        it.process.kill()
        it.process.wait()
        wait_exit(pid)
        assert (bundle.path / "rootfs/hup").exists()


def test_console_size_and_the_consoles_own_node(bundle):
    """process.consoleSize, and /dev/console is the terminal itself."""
    with terminal("run", bundle, "stty size; stat -c %t,%T /dev/console /dev/console; echo through >/dev/console; exit 3",
                  consoleSize={"height": 20, "width": 70}) as it:
        it.expect(b"through\r\n")
        assert it.end() == 3


class Receiver:
    """An engine's end of --console-socket."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen(1)
        self.socket.settimeout(TIMEOUT)

    def receive(self):
        connection, _ = self.socket.accept()
        connection.settimeout(TIMEOUT)
        name, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(64))
        fds = array.array("i")
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds.frombytes(data)
        assert len(fds) == 1
        return name, fds[0]


def read_until(fd, text):
    shown = b""
    while text not in shown:
        assert select.select([fd], [], [], TIMEOUT)[0], shown
        shown += os.read(fd, 4096)
    return shown


@pytest.fixture
def receiver(tmp_path):
    it = Receiver(tmp_path / "console")
    yield it
    it.socket.close()


@pytest.mark.parametrize("verb", ["create", "run", "exec"])
def test_a_console_socket_gets_the_master(bundle, receiver, verb):
    options = ["--console-socket", str(receiver.path)]
    script = "stty size; read line; echo got $line"
    process = {"terminal": True, "consoleSize": {"height": 21, "width": 71}}
    if verb == "exec":
        Container("one", bundle.write(config("sleep", "1000"))).start()
        oci("exec", "--detach", "--tty", *options, "one", "sh", "-c", script).ok()
    else:
        bundle.write(config("sh", "-c", script, **process))
        oci(verb, *(["--detach"] if verb == "run" else []), "--bundle", str(bundle.path), *options, "one").ok()
    name, master = receiver.receive()
    if verb == "create":
        oci("start", "one").ok()
    if verb != "exec":
        assert b"21 71" in read_until(master, b"\r\n")
    os.write(master, b"word\r")
    read_until(master, b"got word")
    assert name
    os.close(master)


@pytest.mark.parametrize("kind", ["nobody", "file", "long", "datagram"])
def test_a_console_socket_that_is_none(bundle, tmp_path, kind):
    path = tmp_path / ("x" * 100 + "console" if kind == "long" else "console")
    if kind == "file":
        path.write_text("")
    if kind == "datagram":
        other = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        other.bind(str(path))
    bundle.write(config("true", terminal=True))
    done = oci("create", "--bundle", str(bundle.path), "--console-socket", str(path), "one")
    assert done.code == 1 and b"console" in done.err, done
    assert os.listdir(ROOT) == []


def test_a_console_socket_whose_reader_goes_away(bundle, receiver):
    """Between the connection and the terminal: an error, and nothing is left."""
    receiver.socket.close()
    bundle.write(config("true", terminal=True))
    done = oci("create", "--bundle", str(bundle.path), "--console-socket", str(receiver.path), "one")
    assert done.code == 1 and os.listdir(ROOT) == []


@pytest.mark.parametrize("verb, options, terminal_wanted", [("create", [], True), ("create", ["--console-socket=/x"], False), ("run", ["--detach"], True),
                                                            ("run", ["--console-socket=/x"], True)])
def test_options_that_contradict(bundle, verb, options, terminal_wanted):
    bundle.write(config("true", terminal=terminal_wanted))
    done = oci(verb, "--bundle", str(bundle.path), *options, "one")
    assert done.code == 1 and (b"console" in done.err or b"terminal" in done.err)
    assert os.listdir(ROOT) == []


def test_run_without_a_terminal_of_the_callers(bundle):
    """From a pipe to a pipe, though the container has one."""
    bundle.write(config("sh", "-c", "test -t 0 && test -t 1 && read line && echo got $line; exit 4", terminal=True))
    done = oci("run", "--bundle", str(bundle.path), "one", input=b"word\n")
    assert done.code == 4 and done.out.endswith(b"got word\r\n")


def test_output_is_whole(bundle):
    """quilt-oci prints all of a large output, including its last bytes."""
    bundle.write(config("sh", "-c", "i=0; while [ $i -lt 20000 ]; do echo line-$i; i=$((i+1)); done; printf end", terminal=True))
    done = oci("run", "--bundle", str(bundle.path), "one", timeout=6 * TIMEOUT).ok()
    assert done.out.split() == [f"line-{i}".encode() for i in range(20000)] + [b"end"]
