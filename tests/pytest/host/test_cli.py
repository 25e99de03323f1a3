# SPDX-License-Identifier: LGPL-2.1-or-later
"""quiltctl as a person meets it: on a terminal, with other tools' habits, and with mistakes."""
import contextlib
import fcntl
import io
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import tarfile
import termios
import threading
import time

import pytest

from quilt import TIMEOUT, Events, call, containers, ctl, run, spawn

COMPLETION = "/usr/share/bash-completion/completions/quiltctl"
ESCAPES = "\x1b[31mred\x1b]0;title\x07\u202eright\u009b31m"


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, *argv, columns=80, stdin=None, **env):
        self.seen = b""
        self.fd, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen(argv, stdin=theirs if stdin is None else stdin, stdout=theirs, stderr=theirs, start_new_session=True,
                                        env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **env},
                                        preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0))
        os.close(theirs)
        if stdin is not None:
            os.close(stdin)

    def type(self, keys):
        os.write(self.fd, keys)

    def wait(self, pattern=None, timeout=3 * TIMEOUT):
        """Reads until the pattern is there, or to the end."""
        deadline = time.monotonic() + timeout
        while pattern is None or not re.search(pattern, self.seen):
            assert select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0], f"only {self.seen!r}"
            try:
                self.seen += os.read(self.fd, 65536)
            except OSError:  # as a terminal's end reads
                assert pattern is None, f"ended after {self.seen!r}"
                return self.process.wait(timeout)
        return None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.fd)


@pytest.mark.parametrize("words, lines", [(["-n2"], 2), (["-n", "2"], 2), (["-n2", "-ocat"], 2), (["-fn3"], 3),
                                          (["--tail", "2"], 2), (["--tail=all"], 9), (["-f", "--tail=3"], 3)])
def test_cli_short_options_take_their_value_as_elsewhere(busybox, name, words, lines):
    ctl("run", "--name", name, busybox, "seq", "9").ok()
    assert len(ctl("logs", *words, name).ok().text.splitlines()) == lines


def test_cli_what_follows_the_image_is_not_read(busybox):
    assert ctl("run", "--rm", "-eA=b", busybox, "echo", "-n5", "-fn5", "--rm=false").ok().text == "-n5 -fn5 --rm=false\n"


def test_cli_a_flag_may_be_true_or_false(busybox, name):
    """As in podman and docker; --rm=false is not --rm."""
    ctl("run", "--rm=true", "--init=1", "--name", name, busybox, "true").ok()
    assert name not in containers()
    ctl("run", "--rm=false", "-d=False", "--name", name, busybox, "true").ok()
    assert name in containers()
    refused = ctl("remove", "--force=no", name)
    assert refused.code == 1 and "--force is a flag" in refused.err.decode()
    refused = ctl("remove", "-f", "--force=false", name)
    assert refused.code == 1 and "--force is given as true and as false" in refused.err.decode()
    assert name in containers()
    ctl("remove", "-f=true", name).ok()
    assert name not in containers()


def test_cli_a_short_option_may_have_an_equals_sign(busybox, name):
    assert ctl("run", "-m=64m", "-e=A=b=c", "--name", name, busybox, "sh", "-c", "echo $A").ok().text == "b=c\n"
    assert ctl("show", "-p=MemoryMax", "--value", name).ok().text == f"{64 << 20}\n"


def test_cli_a_host_name_is_made_of_the_name(busybox, name):
    assert ctl("run", "--name", f"{name}_a.b", busybox, "sh", "-c", "hostname; echo $HOSTNAME").ok().text == f"{name}-a-b\n" * 2


@pytest.mark.parametrize("words, near", [(["run", "--memroy", "64M", "image"], "--memory"), (["run", "--memroy=64M", "image"], "--memory"),
                                         (["list", "--quite"], "--quiet"), (["--jsn=short", "list"], "--json")])
def test_cli_a_mistyped_option_is_answered_by_the_near_one(words, near):
    refused = ctl(*words)
    typed = next(word for word in words if word.startswith("--")).split("=")[0]
    assert refused.code != 0 and f"unknown option {typed}; did you mean {near}?\n" in refused.err.decode(), refused


@pytest.mark.parametrize("option, value", [("--memory", "1M"), ("--cpus", "0"), ("--device", "/dev/none"), ("--ulimit", "x=1"),
                                           ("--workdir", "here"), ("--log-rate-limit", "1/0")])
def test_cli_errors_name_the_option_that_was_typed(busybox, name, option, value):
    for verb in ["create"], ["run"], ["run", "-d"]:
        refused = ctl(*verb, "--name", name, option, value, busybox, "true")
        assert refused.code == 125 and f"option {option} to '" in refused.err.decode(), refused
    assert name not in containers()


def test_cli_errors_of_update_name_the_option_too(busybox, name):
    ctl("create", "--name", name, busybox, "true").ok()
    refused = ctl("update", "--memory", "1M", name)
    assert refused.code == 1 and "option --memory to '1048576'" in refused.err.decode(), refused


def test_cli_list_all(busybox, name):
    ctl("run", "--name", name, busybox, "true").ok()
    assert ctl("ps", "-aq").ok().text == ctl("list", "--quiet").ok().text != ""


def test_cli_doctor_breaks_lines_between_words_on_a_terminal(busybox):
    with Terminal("quiltctl", "doctor", columns=80) as terminal:
        terminal.wait()
        shown = terminal.seen.decode()
    assert max(map(len, shown.splitlines())) <= 80, shown
    assert re.sub(r"[\s\d]+", " ", shown) == re.sub(r"[\s\d]+", " ", ctl("doctor").text)


def test_cli_show_says_how_to_find_a_property(busybox):
    said = ctl("show", "-p", "NoSuch").err.decode()
    assert said == "quiltctl: no property 'NoSuch'; without --property, show prints all\n"


@pytest.mark.parametrize("verb, answer", [("lst", "did you mean 'list'"), ("frobnicate", "see quiltctl --help"), ("pull", "see quiltctl import")])
def test_cli_suggestions_help(verb, answer):
    assert answer in ctl(verb).err.decode()


@pytest.mark.parametrize("verb", ["stats", "pull", "push", "build", "pause"])
def test_cli_verbs_that_quilt_has_not_yet_are_known(verb):
    for words in [verb, "x"], ["help", verb]:
        refused = ctl(*words)
        assert refused.code == 1 and f"verb '{verb}' is podman's; Quilt does not have it yet" in refused.err.decode(), refused


@pytest.mark.parametrize("line, words", [
    ("quiltctl sto", ["stop"]),
    ("quiltctl run --userns ke", ["keep-id"]),
    ("quiltctl --json=short sho", ["show"]),
    ("quiltctl ps --json = s", ["short"]),
    ("quiltctl run -v busyb", []),
    ("quiltctl run --volume = busyb", []),
    ("quiltctl run -e busyb", []),
    ("quiltctl run -v /a:/b busyb", ["busybox"]),
    ("quiltctl run --json busyb", ["busybox"]),
    ("quiltctl ps --json =", ["off", "pretty", "short"]),
    ("quiltctl run --name = x busyb", ["busybox"]),
    ("quiltctl logs --ta", ["--tail"]),
    ("quiltctl kill --signal = TE", ["TERM"]),
    ("quiltctl show -p MemoryM", ["MemoryMax"]),
])
def test_cli_bash_completion(busybox, line, words):
    """Words as readline divides them: at = as well."""
    got = run("bash", "-c", 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _quiltctl; printf "%s\\n" "${COMPREPLY[@]}"',
              COMPLETION, *line.replace("=short", " = short").split()).ok()
    assert sorted(got.text.split()) == words


@pytest.fixture
def archive(tmp_path):
    """An image that no other test has, in pieces that take a while since their writer does."""
    with tarfile.open(tmp_path / "root.tar", "w") as tar:
        for i in range(4):
            member = tarfile.TarInfo(f"file{i}")
            member.size = 1 << 20
            tar.addfile(member, io.BytesIO(os.urandom(member.size)))
    data = (tmp_path / "root.tar").read_bytes()
    return [data[at:at + (1 << 20)] for at in range(0, len(data), 1 << 20)]


@pytest.mark.parametrize("columns", [20, 200])
def test_cli_progress_fits_the_terminal(archive, columns):
    reader, writer = os.pipe()
    with Terminal("quiltctl", "import", "-", columns=columns, stdin=reader) as terminal, open(writer, "wb", 0) as pipe:
        for piece in archive:
            drawn = terminal.seen.count(b"Importing")
            pipe.write(piece)
            terminal.wait(rb"(?s)(Importing.*){%d}" % (drawn + 1))
        pipe.close()
        assert terminal.wait() == 0
    first, *drawn, digest = terminal.seen.decode().split("\r\x1b[K")
    ctl("remove-image", digest.strip()).ok()
    assert not first and all(line.startswith("Importing ") and len(line) < columns for line in drawn), terminal.seen


def test_cli_interrupted_import_leaves_nothing(archive):
    reader, writer = os.pipe()
    with Terminal("quiltctl", "import", "-", "interrupted", stdin=reader) as terminal, open(writer, "wb", 0) as pipe:
        pipe.write(archive[0])
        terminal.wait(rb"Importing ")
        terminal.type(b"\x03")
        assert terminal.wait() == 1
    assert b"\r\x1b[Kquiltctl: " in terminal.seen and b"cancelled" in terminal.seen
    assert "interrupted" not in ctl("images").ok().text


@pytest.mark.fault(30)
def test_cli_interrupted_twice_says_what_stops_it(busybox, name):
    """The first process of a pid namespace may go on after any signal that it chooses to."""
    stubborn = "sleep 1000 & trap 'echo got it' INT; echo ready; while :; do wait; done"
    with Terminal("quiltctl", "run", "--name", name, busybox, "sh", "-c", stubborn) as terminal:
        terminal.wait(rb"ready")
        terminal.type(b"\x03")
        terminal.wait(rb"\nquiltctl: Sent SIGINT to container %s; if it does not end, the third Ctrl-C kills it\r\n" % name.encode())
        terminal.wait(rb"got it")
        assert b"quiltctl stop" not in terminal.seen
        terminal.type(b"\x03")
        terminal.wait(rb"\nquiltctl: .*quiltctl stop %s; to kill it: Ctrl-C once more\r\n" % name.encode())
        ctl("kill", name).ok()
        assert terminal.wait() == 128 + signal.SIGKILL


@pytest.mark.fault(30)
def test_cli_interrupted_three_times_kills_and_says_so(busybox):
    """The kernel spares a first process that has no handler; a name that quiltd made up is in the hints."""
    with Terminal("quiltctl", "run", busybox, "sh", "-c", "echo ready; exec sleep 1000") as terminal:
        terminal.wait(rb"ready")
        made = containers()
        for _ in range(10):  # signals that are pending at once are one
            terminal.type(b"\x03")
            try:
                terminal.wait(rb"\nquiltctl: .*quiltctl stop (\S+); to kill it: Ctrl-C once more\r\n", timeout=1)
                break
            except AssertionError:
                pass
        terminal.type(b"\x03")
        assert terminal.wait() == 128 + signal.SIGKILL
    stopped = re.search(rb"quiltctl stop (\S+);", terminal.seen)[1]
    assert b"\nquiltctl: Killing container %s," % stopped in terminal.seen
    assert stopped.decode() in made
    ctl("remove", stopped.decode()).ok()


@pytest.mark.fault(30)
def test_cli_interrupts_of_a_program_are_only_passed_on(busybox, name):
    counts = "n=0; trap 'n=$((n + 1)); echo $n; [ $n = 4 ] && exit 5' INT; echo 0; while :; do sleep 0.02; done"
    with spawn("quiltctl", "run", "--name", name, busybox, "sh", "-c", counts) as process:
        for number in range(4):
            assert process.stdout.readline() == b"%d\n" % number
            process.send_signal(signal.SIGINT)
        assert process.wait(TIMEOUT) == 5
        assert process.stderr.read() == b""


@pytest.mark.fault(30)
@pytest.mark.parametrize("script, code", [("while echo $1; do :; done; exit 3", 3), ("trap 'exit 7' TERM; yes $1 | cat; while :; do sleep 0.02; done", 7)])
def test_cli_a_container_to_be_removed_ends_with_its_reader(busybox, name, script, code, bus_events):
    """The first one is not killed by SIGTERM, being the first process, but its writes fail. Of long lines no more
    are left than the journal takes at once."""
    pipeline = 'quiltctl run --rm --stop-timeout 1h --name "$0" "$1" sh -c "$2" - "$3" | head -1; echo ${PIPESTATUS[0]}'
    line = 1000 * "y"
    done = run("bash", "-c", pipeline, name, busybox, script, line)
    assert done.out == f"{line}\n141\n".encode()
    assert done.err == f"quiltctl: The reader of the output is gone; stopping container {name} (--rm)\n".encode()
    assert name not in containers()
    bus_events.wait(lambda _path, _interface, member, arguments:
                    member == "PropertiesChanged" and arguments[1].get("ExitCode") == code)


@pytest.mark.fault(30)
def test_cli_another_container_goes_on_without_its_reader(busybox, name):
    pipeline = 'quiltctl run --name "$0" "$1" sh -c "yes | head -n 100000; exec sleep 1000" | head -1; echo ${PIPESTATUS[0]}'
    done = run("bash", "-c", pipeline, name, busybox)
    assert done.out == b"y\n141\n"
    assert f"container {name} goes on; to stop it: quiltctl stop {name}".encode() in done.err
    ctl("kill", name).ok()


def test_cli_tables_are_safe_on_a_terminal(busybox, name):
    ctl("run", "--name", name, "--label", "a=" + ESCAPES, busybox, "echo", ESCAPES).ok()
    for words in (["list"], ["status", name], ["logs", name], ["inspect", name], ["inspect", "--oci", name],
                  ["show", name], ["status", ESCAPES], [ESCAPES], ["list", "--" + ESCAPES]):
        with Terminal("quiltctl", *words, columns=300, NO_COLOR="1", PAGER="") as terminal:
            terminal.wait()
        bad = re.findall("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]", terminal.seen.decode().replace("\x1b[0m", ""))
        assert not bad, (words, terminal.seen)


def test_cli_status_says_an_end_once(busybox, name):
    ctl("run", "--name", name, busybox, "sh", "-c", "exit 3")
    status = ctl("status", name)
    assert status.code == 3 and re.search(r"State: exited \(3\) since ", status.text), status


def test_cli_status_is_an_overview(busybox, name):
    """The log has a line of 1 MB whose bytes each take four columns."""
    ctl("run", "--name", name, busybox, "sh", "-c", "head -c 1000000 /dev/zero; echo; echo last").ok()
    *_, long, last = ctl("status", name).text.splitlines()
    assert len(long) == 500 and long.endswith("…") and last.endswith(": last"), (long, last)


def test_cli_json_of_bytes_that_are_not_text(busybox, name):
    ctl("run", "--name", name, busybox, "printf", b"\\377\xff\xfe\\033").ok()
    for words in (["list", "--json=short"], ["inspect", name], ["inspect", "--oci", name], ["show", "--json=short", name],
                  ["status", "--json=pretty", name], ["logs", "-ojson", name]):
        json.loads(ctl(*words).out.decode())


def test_cli_run_outlives_a_quiltd_killed_during_setup(busybox, name):
    with Terminal("quiltctl", "run", "--rm", "--name", name, "--setup", "echo in setup; sleep 1", busybox,
                  "sh", "-c", "sleep 1; echo main; exit 7") as terminal:
        terminal.wait(rb"in setup")
        pid = run("systemctl", "show", "--property=MainPID", "--value", "quiltd").ok().text
        os.kill(int(pid), signal.SIGKILL)
        assert terminal.wait() == 7, terminal.seen
    assert terminal.seen == b"in setup\r\nmain\r\n"


@pytest.mark.fault(31)
def test_cli_json_alone_is_pretty(busybox, name):
    ctl("create", "--name", name, busybox, "true").ok()
    for words in ["--json", "list"], ["list", "--json"], ["images", "--json"]:
        got = ctl(*words).ok()
        assert isinstance(got.json, list) and b"\n" in got.out.strip()
    assert ctl("inspect", "--json", name).ok().json["id"]
    assert b"\n" not in ctl("list", "--json=short").ok().out.strip()
    assert ctl("list", "--json=nonsense").code == 1


@pytest.mark.fault(31)
def test_cli_help_by_h_names_the_host_name(busybox):
    refused = ctl("run", "-h", "web", busybox, "true")
    assert refused.code == 125 and b"--hostname" in refused.err
    assert ctl("run", "-h").ok().text.startswith("Usage:")
    assert ctl("run", "--rm", busybox, "echo", "-h", "web").ok().text == "-h web\n"


@pytest.mark.fault(31)
@pytest.mark.parametrize("words, said", [
    (["run", "-p", "80:80"], "-p of podman or docker: Quilt publishes no ports yet; use --network host"),
    (["run", "--gpus=all"], "--gpus of podman or docker: use --device"),
    (["ps", "--size"], "--size of podman or docker: "),
    (["rm", "-v", "x"], "-v of podman or docker: "),
    (["run", "--nonsense"], "--nonsense; see quiltctl run --help"),
    (["run", "-y"], "-y; see quiltctl run --help"),
    (["list", "-y"], "-y; see quiltctl list --help"),
    (["--nonsense", "list"], "--nonsense; see quiltctl --help"),
])
def test_cli_unknown_options_are_answered_in_one_style(words, said):
    refused = ctl(*words)
    assert refused.code != 0 and refused.err.decode().startswith(f"quiltctl: unknown option {said}"), refused


@pytest.mark.fault(31)
def test_cli_a_masked_unit_is_named(busybox):
    run("systemctl", "mask", "--runtime", "quiltd.service").ok()
    try:
        run("systemctl", "stop", "quiltd.service").ok()
        refused = ctl("list")
        assert refused.code == 1 and b"systemctl unmask quiltd" in refused.err, refused
    finally:
        run("systemctl", "unmask", "--runtime", "quiltd.service").ok()
        run("systemctl", "start", "quiltd.service").ok()
    ctl("list").ok()


@pytest.mark.fault(31)
def test_cli_completion_of_zsh_is_where_debian_looks():
    assert os.path.exists("/usr/share/zsh/vendor-completions/_quiltctl")


@pytest.mark.fault(31)
def test_cli_the_pager_knows_what_it_is_given(busybox, name, tmp_path):
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho charset=$LESSCHARSET\ncat\n")
    pager.chmod(0o755)
    with Terminal("quiltctl", "list", QUILT_PAGER=str(pager), LANG="C", LC_ALL="C") as terminal:
        assert terminal.wait() == 0
    assert b"charset=utf-8" in terminal.seen


@pytest.mark.fault(31)
def test_cli_the_widest_column_is_cut(busybox):
    wide = "w" * 60
    ctl("create", "--name", wide, busybox, "true").ok()
    try:
        with Terminal("quiltctl", "list", columns=80, PAGER="") as terminal:
            assert terminal.wait() == 0
        lines = terminal.seen.decode().split("\r\n")[:-1]
        assert all(len(line) <= 80 for line in lines) and any("…" in line and "pending" in line for line in lines), lines
    finally:
        ctl("remove", wide).ok()


@pytest.mark.fault(30)
def test_cli_what_interrupted_setup_says_begins_on_a_line_of_its_own(busybox):
    with Terminal("quiltctl", "run", "--rm", "--setup", "echo in setup; sleep 1000", busybox, "true") as terminal:
        terminal.wait(rb"in setup")
        terminal.type(b"\x03")
        assert terminal.wait() == 128 + signal.SIGINT
    assert re.search(rb"\^C\r\nquiltctl: ", terminal.seen), terminal.seen


def test_cli_a_bus_that_does_not_answer_can_be_left(tmp_path):
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(str(tmp_path / "bus"))
        bus.listen()
        bus.settimeout(TIMEOUT)
        with spawn("quiltctl", "list", env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/bus"}) as process:
            peer, _ = bus.accept()
            with peer:
                peer.recv(1)
                process.send_signal(signal.SIGINT)
                assert process.wait(TIMEOUT) == -signal.SIGINT


class BusProxy:
    """Passes bytes and descriptors between one client and the system bus, until it is closed."""

    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.ends = []
        self.env = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={path}"}
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        client, _ = self.listener.accept()
        bus = socket.socket(socket.AF_UNIX)
        bus.connect("/run/dbus/system_bus_socket")
        self.ends = [client, bus]
        for source, target in ((client, bus), (bus, client)):
            threading.Thread(target=self._pass, args=(source, target), daemon=True).start()

    @staticmethod
    def _pass(source, target):
        with contextlib.suppress(OSError):
            while True:
                data, fds, _, _ = socket.recv_fds(source, 1 << 16, 16)
                if not data:
                    break
                socket.send_fds(target, [data], fds)
                for fd in fds:
                    os.close(fd)
            target.shutdown(socket.SHUT_WR)

    def close(self):
        """To the client it looks as if the bus did that: what the bus has sent before still arrives."""
        self.ends[1].shutdown(socket.SHUT_RD)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for end in [self.listener, *self.ends]:
            end.close()


def test_cli_a_bus_that_closes_the_connection_ends_what_waits_for_signals(busybox, name, tmp_path):
    ctl("run", "-d", "--name", name, busybox, "/bin/sh", "-c", "echo begin; exec sleep 1000").ok()
    with BusProxy(tmp_path / "logs") as bus, spawn("quiltctl", "logs", "-f", "-o", "cat", name, env=bus.env) as follow:
        assert follow.stdout.readline() == b"begin\n"
        bus.close()
        assert follow.wait(TIMEOUT) == 1
        assert b"The connection to the bus was closed" in follow.stderr.read()
    ctl("remove", "--force", name).ok()
    with BusProxy(tmp_path / "import") as bus, Events() as events, \
         spawn("quiltctl", "import", "-", name, env=bus.env, stdin=subprocess.PIPE) as client:
        job = events.wait(lambda path, _i, member, _a: member == "InterfacesAdded")[3][0]
        # Its caller knows of it: the answer comes after the signal, on the same connection as this one.
        assert call(job, "org.freedesktop.DBus.Properties", "Get", "(ss)", "org.quilt.Job", "Operation")
        bus.close()
        assert client.wait(TIMEOUT) == 1
        assert b"closed during the import" in client.stderr.read()
        client.stdin.close()
        events.wait(lambda path, _i, member, _a: path == job and member == "Completed")


HOARD = """
from gi.repository import Gio, GLib
held = []
try:
    while len(held) < 1000:
        held.append(Gio.DBusConnection.new_for_address_sync(
            "unix:path=/run/dbus/system_bus_socket",
            Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None))
except GLib.Error:
    print(len(held), flush=True)
input()
"""


def test_a_client_waits_while_the_bus_has_all_connections_of_its_user():
    """dbus-daemon allows 256 of them, and a user who starts a thousand containers at once has more clients."""
    alice = ("runuser", "-u", "alice", "--")
    with spawn(*alice, "/usr/bin/python3", "-c", HOARD, stdin=subprocess.PIPE) as hoard:
        assert int(hoard.stdout.readline()) > 100
        with spawn(*alice, "quiltctl", "list") as client:
            with pytest.raises(subprocess.TimeoutExpired):
                client.wait(timeout=0.5)
            hoard.communicate(b"\n", timeout=TIMEOUT)
            assert client.wait(timeout=TIMEOUT) == 0
