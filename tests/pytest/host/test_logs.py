# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every line of both streams reaches the journal, in order, whatever it is made of."""
import os
import pathlib
import re
import signal
import threading

import pytest

from quilt import TIMEOUT, ctl, run, spawn, wait_path, wait_unit
from test_cli import Terminal
from test_lifecycle import background, follow_until, props
from test_races import injected


def test_200000_lines_without_a_loss(busybox, name, journal):
    """Journald's own rate limit would let some 35,000 through."""
    ctl("run", "-d", "--name", name, busybox, "/bin/seq", "200000").ok()
    ctl("wait", name, timeout=120).ok()
    assert journal.messages(f"CONTAINER_NAME={name}", "QUILT_STREAM=stdout") == [b"%d" % n for n in range(1, 200_001)]


def test_a_long_line_is_split_marked_and_joined_again(busybox, name, journal):
    ctl("run", "-d", "--name", name, busybox, "/bin/sh", "-c", "head -c 200000 /dev/zero | tr '\\0' x; echo; echo short").ok()
    ctl("wait", name).ok()
    entries = journal.entries(f"CONTAINER_NAME={name}", "QUILT_STREAM=stdout")
    assert [len(e["MESSAGE"]) for e in entries] == [49152] * 4 + [200000 - 4 * 49152, 5]
    assert [e.get("CONTAINER_PARTIAL_MESSAGE") for e in entries] == ["true"] * 4 + [None, None]
    assert ctl("logs", "-o", "cat", name).ok().out == b"x" * 200000 + b"\nshort\n"


def test_a_line_in_the_last_instruction(busybox, name, journal):
    for number in range(50):
        ctl("run", "--rm", "--name", name, busybox, "/bin/echo", f"last {number}").ok()
    assert journal.messages(f"_SYSTEMD_UNIT=quilt-{name}.scope", "QUILT_STREAM=stdout") == [b"last %d" % n for n in range(50)]


def test_a_last_line_keeps_its_unit_although_journald_looks_late(busybox, name, journal):
    """journald takes a line off its socket first, and then looks in /proc for the unit of the sender."""
    journald = int(run("systemctl", "show", "-P", "MainPID", "systemd-journald.service").ok().text)
    with injected("openat", "delay_enter=50ms", pid=journald):
        ctl("run", "--rm", "--name", name, busybox, "/bin/echo", "last").ok()
        assert journal.messages(f"_SYSTEMD_UNIT=quilt-{name}.scope", "QUILT_STREAM=stdout") == [b"last"]


def test_rate_limit_on_request_counts_what_it_drops(busybox, name, journal):
    ctl("run", "-d", "--name", name, "--log-rate-limit", "100/1h", busybox, "/bin/seq", "1000").ok()
    ctl("wait", name).ok()
    assert journal.messages(f"CONTAINER_NAME={name}", "QUILT_STREAM=stdout") == [b"%d" % n for n in range(1, 101)]
    assert [e["QUILT_DROPPED"] for e in journal.entries(f"CONTAINER_NAME={name}", "MESSAGE_ID=0e9d1f5b7e8c4b0aa3a6c2d4f1b7e911")] == ["900"]


def test_a_flood_leaves_its_neighbour_whole(busybox, name, journal):
    background(f"{name}-flood", busybox, "/bin/sh", "-c", "while :; do echo flood; done")
    ctl("run", "--name", name, busybox, "/bin/seq", "5000", timeout=60).ok()
    ctl("kill", f"{name}-flood").ok()  # journald has no time to be asked while it is flooded
    assert len(journal.messages(f"CONTAINER_NAME={name}", "QUILT_STREAM=stdout")) == 5000


def test_a_forced_removal_gives_up_output_that_journald_does_not_take(busybox, name):
    background(name, busybox, "/bin/sh", "-c", "echo ready; while :; do seq 1000; done")
    follow_until(name, b"ready")
    journald = int(run("systemctl", "show", "-P", "MainPID", "systemd-journald.service").ok().text)
    os.kill(journald, signal.SIGSTOP)
    try:
        ctl("remove", "--force", name).ok()
    finally:
        os.kill(journald, signal.SIGCONT)


def test_logs_options(busybox, name):
    ctl("run", "--name", name, busybox, "/bin/sh", "-c", "seq 5; echo e >&2").ok()
    last = ctl("logs", "-n", "2", "-o", "cat", name).ok()
    assert len((last.out + last.err).splitlines()) == 2
    every = ctl("logs", "-o", "cat", name).ok()
    assert (every.out, every.err) == (b"1\n2\n3\n4\n5\n", b"e\n")
    assert ctl("logs", "-o", "cat", "--since", "1 hour ago", name).out.count(b"\n") == 5
    assert ctl("logs", "-o", "cat", "--until", "1 hour ago", name).out == b""
    assert ctl("logs", "no-such-container").code != 0


def test_logs_follow_ends_with_the_container_and_misses_nothing(busybox, name):
    background(name, busybox, "/bin/sh", "-c", "echo begin; trap 'seq 1000; exit 0' TERM; while :; do sleep 0.1; done")
    with spawn("quiltctl", "logs", "-f", "-o", "cat", name) as follow:
        assert follow.stdout.readline() == b"begin\n"
        ctl("stop", name).ok()
        assert follow.stdout.read().split() == [b"%d" % n for n in range(1, 1001)]
        assert follow.wait(5) == 0


def test_logs_follow_survives_a_rotation(busybox, name):
    background(name, busybox, "/bin/sh", "-c", "echo one; trap 'echo two; exit 0' TERM; while :; do sleep 0.1; done")
    with spawn("quiltctl", "logs", "-f", "-o", "cat", name) as follow:
        assert follow.stdout.readline() == b"one\n"
        run("journalctl", "--rotate").ok()
        ctl("stop", name).ok()
        assert follow.stdout.read() == b"two\n"


def test_a_restart_of_journald_loses_nothing(busybox, name, journal):
    background(name, busybox, "/bin/sh", "-c", "echo ready; trap 'seq 1000; exit 0' TERM; while :; do sleep 0.1; done")
    follow_until(name, b"ready")
    run("systemctl", "restart", "systemd-journald.service").ok()
    ctl("stop", name).ok()
    assert props(name)["ExitCode"] == 0
    assert journal.messages(f"CONTAINER_NAME={name}", "QUILT_STREAM=stdout") == [b"ready"] + [b"%d" % n for n in range(1, 1001)]


def test_journald_gets_the_last_lines_however_long_it_is_away(busybox, name, journal):
    background(name, busybox, "/bin/sh", "-c", "echo ready; trap 'seq 5000; exit 7' TERM; while :; do sleep 0.1; done")
    follow_until(name, b"ready")
    journald = int(run("systemctl", "show", "-P", "MainPID", "systemd-journald.service").ok().text)
    os.kill(journald, signal.SIGSTOP)
    try:
        ctl("stop", name).ok()
        assert props(name)["ExitCode"] == 7
        with pytest.raises(TimeoutError):  # if a supervisor gave up after a time, it would have ended by now
            wait_unit(f"quilt-{name}.scope", "inactive", timeout=13)
        for verb in "start", "remove", "export":
            refused = ctl(verb, name)
            assert refused.code == 1 and b"has not accepted its last output yet" in refused.err, refused
    finally:
        os.kill(journald, signal.SIGCONT)
    wait_unit(f"quilt-{name}.scope", "inactive")
    assert journal.messages(f"CONTAINER_NAME={name}", "QUILT_STREAM=stdout") == [b"ready"] + [b"%d" % n for n in range(1, 5001)]
    ctl("start", name).ok()


BOTH = "for i in 1 2 3; do echo o$i; echo e$i >&2; done"


@pytest.mark.fault(29)
@pytest.mark.parametrize("options, out, err", [
    ([], b"o1\no2\no3\n", b"e1\ne2\ne3\n"),
    (["--tail", "-1"], b"o1\no2\no3\n", b"e1\ne2\ne3\n"),
    (["--stdout"], b"o1\no2\no3\n", b""),
    (["--stderr"], b"", b"e1\ne2\ne3\n"),
    (["--stdout", "--stderr"], b"o1\no2\no3\n", b"e1\ne2\ne3\n"),
    (["--stderr", "-n2"], b"", b"e2\ne3\n"),
    (["--stdout", "--tail=1"], b"o3\n", b""),
    (["-r"], b"o3\no2\no1\n", b"e3\ne2\ne1\n"),
    (["-r", "--stdout", "-n2"], b"o3\no2\n", b""),
    (["--since", "10m"], b"o1\no2\no3\n", b"e1\ne2\ne3\n"),
    (["--since", "1700000000"], b"o1\no2\no3\n", b"e1\ne2\ne3\n"),
    (["--until", "1700000000"], b"", b""),
])
def test_logs_has_the_streams_apart_and_podmans_options(busybox, name, options, out, err):
    ctl("run", "--name", name, busybox, "sh", "-c", BOTH).ok()
    logs = ctl("logs", *options, name).ok()
    assert (logs.out, logs.err) == (out, err)


@pytest.mark.fault(29)
def test_logs_into_one_file_are_in_order(busybox, name):
    ctl("run", "--name", name, busybox, "sh", "-c", "for i in 1 2 3; do echo o$i; sleep 0.1; echo e$i >&2; sleep 0.1; done").ok()
    both = run("sh", "-c", f"quiltctl logs {name} 2>&1").ok().out.split()
    assert both == [b"o1", b"e1", b"o2", b"e2", b"o3", b"e3"]
    assert run("sh", "-c", f"quiltctl logs -r {name} 2>&1").ok().out.split() == both[::-1]


@pytest.mark.fault(29)
def test_logs_have_a_prefix_where_a_person_reads_or_asks(busybox, name):
    ctl("run", "--name", name, busybox, "echo", "hello").ok()
    time = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} "
    assert ctl("logs", name).ok().out == b"hello\n"
    assert ctl("logs", "--names", name).ok().out == b"%s: hello\n" % name.encode()
    assert re.fullmatch(time + rb"hello\n", ctl("logs", "-t", name).ok().out)
    assert re.fullmatch(time + rb"%s: hello\n" % name.encode(), ctl("logs", "-t", "--names", name).ok().out)
    for wrong in ["-t", "-ocat"], ["--names", "-oshort"], ["-f", "-r"]:
        assert ctl("logs", *wrong, name).code == 1
    with Terminal("quiltctl", "logs", name, PAGER="") as terminal:
        assert terminal.wait() == 0
    assert re.fullmatch(rb"\w{3} \d\d \d\d:\d\d:\d\d %s: hello\r\n" % name.encode(), terminal.seen)


@pytest.mark.fault(29)
def test_logs_are_those_of_the_last_container_of_the_name(busybox, name):
    for word in "first", "second":
        ctl("run", "--rm", "--name", name, busybox, "echo", word).ok()
        assert ctl("logs", name).ok().text == word + "\n"
    ctl("create", "--name", name, busybox, "echo", "third").ok()
    assert ctl("logs", name).ok().text == ""
    ctl("remove", name).ok()
    assert ctl("logs", name).ok().text == ""


class Stranger:
    """A process outside of the container that has the container's stdout, and writes to it without end."""

    def __init__(self, pid):
        self.fd = os.open(f"/proc/{pid}/fd/1", os.O_WRONLY)
        self.begun, self.refused = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._write)
        self.thread.start()
        assert self.begun.wait(TIMEOUT)

    def _write(self):
        try:
            while True:
                os.write(self.fd, b"stranger\n" * 100)
                self.begun.set()
        except BrokenPipeError:
            self.refused.set()
        os.close(self.fd)


@pytest.mark.fault(16)
def test_somebody_else_who_writes_to_the_output_keeps_no_container_from_its_end(busybox, name, journal):
    pid = background(name, busybox, "/bin/sh", "-c", "trap 'echo last words; exit 3' TERM; echo ready; while :; do sleep 0.1; done")["Pid"]
    follow_until(name, b"ready")
    stranger = Stranger(pid)
    ctl("stop", name).ok()
    assert (props(name)["ExitCode"], props(name)["Reason"]) == (3, "stopped")
    assert stranger.refused.wait(TIMEOUT)
    ctl("start", name).ok()
    ctl("remove", "--force", name).ok()
    stranger.thread.join(TIMEOUT)
    assert b"last words" in journal.messages(f"CONTAINER_NAME={name}", "QUILT_STREAM=stdout")


@pytest.mark.fault(16)
def test_somebody_else_who_writes_to_the_output_keeps_no_setup_from_going_on(busybox, name, tmp_path):
    tmp_path.chmod(0o777)
    step = "touch /go/ready; until test -e /go/now; do sleep 0.1; done"
    with spawn("quiltctl", "run", "-d", "--name", name, "-v", f"{tmp_path}:/go:noidmap", "--setup", step, busybox,
               "/bin/sleep", "1000") as starting:
        wait_path(tmp_path / "ready")
        procs = pathlib.Path(f"/sys/fs/cgroup/quilt.slice/quilt-{name}.scope/payload/cgroup.procs").read_text(encoding="ascii").split()
        stranger = Stranger(procs[0])
        (tmp_path / "now").touch()
        assert starting.wait(TIMEOUT) == 0
    assert props(name)["State"] == "running"
    ctl("kill", name).ok()
    assert stranger.refused.wait(TIMEOUT)
    stranger.thread.join(TIMEOUT)


@pytest.mark.fault("6c")
@pytest.mark.parametrize("options", [[], ["--rm"]])
def test_while_journald_is_away_a_foreground_run_returns_with_all_its_output(busybox, name, journal, options):
    """And the journal has it too, once journald is back."""
    lines = b"".join(b"%d\n" % number for number in range(1, 20001))
    units = ["systemd-journald.service", "systemd-journald.socket", "systemd-journald-dev-log.socket"]
    run("systemctl", "stop", *units)
    try:
        done = ctl("run", "--name", name, *options, busybox, "/bin/sh", "-c", "seq 20000; exit 7")
    finally:
        run("systemctl", "start", *reversed(units)).ok()
    assert (done.code, done.out) == (7, lines) and done.seconds < 3
    journal.wait(f"CONTAINER_NAME={name}", "QUILT_STREAM=stdout", wanted=lambda entry: entry["MESSAGE"] == "20000")
    assert b"".join(text + b"\n" for text in journal.messages(f"CONTAINER_NAME={name}", "QUILT_STREAM=stdout")) == lines
