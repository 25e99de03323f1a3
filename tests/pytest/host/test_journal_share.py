# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers fill a share of the journal and no more: a flood slows its own container down."""
import pathlib

import pytest

from quilt import ctl, run
from test_lifecycle import background, path_of

JOURNALD = pathlib.Path("/etc/systemd/journald.conf.d/50-quilt-test.conf")
QUILTD = pathlib.Path("/etc/quilt/quiltd.conf.d/50-journal.conf")
HELD = "MESSAGE_ID=5b0f6d0e3c1a4f7c9d52a8e4716b90cd"


def put_in_force():
    run("systemctl", "restart", "systemd-journald.service").ok()
    run("systemctl", "reload", "quiltd.service").ok()


@pytest.fixture
def small_journal():
    """Limits the journal to 64M. Containers may use half of it."""
    JOURNALD.parent.mkdir(exist_ok=True)
    JOURNALD.write_text("[Journal]\nSystemMaxUse=64M\nRuntimeMaxUse=64M\n")
    put_in_force()
    # Journald deletes whole files. The present one may be larger than the new limit, and would take new entries with it.
    run("journalctl", "--rotate").ok()
    yield
    JOURNALD.unlink()
    put_in_force()


@pytest.fixture
def small_share():
    """Sets a share so small that the output of earlier tests fills it."""
    QUILTD.parent.mkdir(exist_ok=True)
    QUILTD.write_text("[Manager]\nJournalShare=100M\n")
    run("systemctl", "reload", "quiltd.service").ok()
    yield
    QUILTD.unlink()
    run("systemctl", "reload", "quiltd.service").ok()


@pytest.mark.fault(10)
def test_a_flood_leaves_old_entries_and_quiet_neighbours_alone(busybox, name, journal, small_journal, bus_events):
    run("systemd-cat", "-t", "neighbour", "/bin/echo", f"old entry of {name}").ok()
    run("journalctl", "--sync").ok()
    background(f"{name}-flood", busybox, "/bin/seq", "100000000")
    bus_events.wait_property(path_of(f"{name}-flood"), "LogHeld", True, timeout=60)
    assert b"held back" in ctl("status", f"{name}-flood").out

    ctl("run", "--name", f"{name}-quiet", busybox, "/bin/seq", "20", timeout=5).ok()
    assert journal.messages(f"CONTAINER_NAME={name}-quiet", "QUILT_STREAM=stdout") == [b"%d" % n for n in range(1, 21)]
    assert [b"slowed down" in message for message in journal.messages(f"CONTAINER_NAME={name}-flood", HELD)] == [True]
    assert journal.messages("SYSLOG_IDENTIFIER=neighbour", f"MESSAGE=old entry of {name}") != []

    ctl("kill", f"{name}-flood", timeout=5).ok()
    # Journald may write an entry twice when it begins a new file.
    lines = list(dict.fromkeys(journal.messages(f"CONTAINER_NAME={name}-flood", "QUILT_STREAM=stdout")))
    assert lines == [b"%d" % n for n in range(1, len(lines) + 1)]  # slowed down, and none lost
    ctl("remove", f"{name}-flood").ok()  # nothing is left to wait for


@pytest.mark.fault(10)
def test_a_restart_of_the_container_gives_no_new_share(busybox, name, journal, small_share, bus_events):
    background(name, busybox, "/bin/seq", "100000000")
    path = path_of(name)
    bus_events.wait_property(path, "LogHeld", True, timeout=60)
    ctl("kill", name).ok()
    bus_events.tape.clear()
    ctl("start", name).ok()
    bus_events.wait_property(path, "LogHeld", True, timeout=2)
    assert len(journal.messages(f"CONTAINER_NAME={name}", HELD)) == 2
    ctl("kill", name).ok()


@pytest.mark.fault(10)
def test_a_restarted_quiltd_and_a_changed_share_hold_for_containers_that_run(busybox, name, small_share, bus_events):
    background(name, busybox, "/bin/seq", "100000000")
    bus_events.wait_property(path_of(name), "LogHeld", True, timeout=60)
    run("systemctl", "restart", "quiltd.service").ok()
    path = path_of(name)
    QUILTD.write_text("[Manager]\nJournalShare=infinity\n")
    run("systemctl", "reload", "quiltd.service").ok()
    bus_events.wait_property(path, "LogHeld", False, timeout=30)
    ctl("kill", name).ok()


@pytest.mark.fault(10)
def test_many_short_runs_get_no_more_than_a_long_one(busybox, name, journal, small_share, bus_events):
    QUILTD.write_text("[Manager]\nJournalShare=4M\n")
    run("systemctl", "reload", "quiltd.service").ok()
    names = [f"{name}-{i}" for i in range(16)]
    for each in names:
        ctl("run", "--detach", "--name", each, busybox, "/bin/seq", "2000").ok()  # 1.2M of journal
        assert ctl("wait", each).text.strip() == "0"
    with_lines = [each for each in names if journal.messages(f"CONTAINER_NAME={each}", "QUILT_STREAM=stdout")]
    assert with_lines == names[:len(with_lines)] and len(with_lines) < 14
    # None of the lines is lost.
    QUILTD.write_text("[Manager]\nJournalShare=infinity\n")
    run("systemctl", "reload", "quiltd.service").ok()
    for each in names:
        run("timeout", "20", "sh", "-c", f"until journalctl -q -n1 -o cat CONTAINER_NAME={each} QUILT_STREAM=stdout | grep -qx 2000; do :; done", timeout=30).ok()
