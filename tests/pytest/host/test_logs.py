# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every line of both streams reaches the journal, in order, whatever it is made of."""
import os
import signal

import pytest

from quilt import ctl, run, spawn, wait_unit
from test_lifecycle import background, follow_until, props


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


def test_logs_options(busybox, name):
    ctl("run", "--name", name, busybox, "/bin/sh", "-c", "seq 5; echo e >&2").ok()
    assert ctl("logs", "-n", "2", "-o", "cat", name).ok().out.splitlines()[-1] in (b"5", b"e")
    assert len(ctl("logs", "-n", "2", "-o", "cat", name).out.splitlines()) == 2
    assert sorted(ctl("logs", "-o", "cat", name).out.splitlines()) == [b"1", b"2", b"3", b"4", b"5", b"e"]
    assert ctl("logs", "-o", "cat", "--since", "1 hour ago", name).out.count(b"\n") == 6
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
        with pytest.raises(TimeoutError):  # longer than whoever would give up has patience
            wait_unit(f"quilt-{name}.scope", "inactive", timeout=13)
        for verb in "start", "remove":
            refused = ctl(verb, name)
            assert refused.code == 1 and b"its last output was not taken yet" in refused.err, refused
    finally:
        os.kill(journald, signal.SIGCONT)
    wait_unit(f"quilt-{name}.scope", "inactive")
    assert journal.messages(f"CONTAINER_NAME={name}", "QUILT_STREAM=stdout") == [b"ready"] + [b"%d" % n for n in range(1, 5001)]
    ctl("start", name).ok()
