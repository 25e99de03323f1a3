# SPDX-License-Identifier: LGPL-2.1-or-later
"""ExitIdleSec=: quiltd exits while no container runs and no call arrives. The next call starts it again, and no call is lost."""
import contextlib
import os
import pathlib
import random
import signal
import subprocess
import threading

import pytest
from gi.repository import Gio, GLib

from quilt import BUSYBOX, LONG, STATE, TIMEOUT, Events, ctl, manager, run, spawn, wait_path, wait_unit
from test_daemon import daemon_pid
from test_lifecycle import props

CONFIG = pathlib.Path("/etc/quilt/quiltd.conf.d/50-idle.conf")
IDLE = 1


@pytest.fixture
def idle():
    """A quiltd that exits after a second."""
    CONFIG.parent.mkdir(parents=True, exist_ok=True)
    CONFIG.write_text(f"[Manager]\nExitIdleSec={IDLE}s\n")
    manager("Reload", "(a{sv})", {})
    yield
    CONFIG.unlink()
    manager("Reload", "(a{sv})", {})


def daemon_pid_quiet():
    """Without a call of quiltd."""
    return int(run("systemctl", "show", "quiltd.service", "-p", "MainPID", "--value").text)


def show():
    """How quiltd ended, and how often systemd has restarted it for that."""
    return tuple(run("systemctl", "show", "quiltd.service", "-p", "Result", "-p", "NRestarts", "--value").ok().text.split())


def wait_gone():
    """A job that has ended, of another test too, can be looked at for 10 s; so long quiltd stays."""
    wait_unit("quiltd.service", "inactive", timeout=3 * TIMEOUT)


def has_owner():
    return "org.quilt" in run("busctl", "list", "--acquired", "--no-legend").ok().text.split()


def test_idle_it_leaves_and_the_next_call_starts_it_again(busybox, name, idle, journal):
    ctl("create", "--name", name, "--label", "a=b", busybox, "/bin/true").ok()
    before, pid = props(name), daemon_pid()
    restarts = show()[1]  # other tests kill quiltd
    wait_gone()
    assert not has_owner() and not pathlib.Path(f"/proc/{pid}").exists()
    assert show() == ("success", restarts)
    assert run("systemctl", "is-failed", "quiltd.service").code != 0
    assert name in ctl("list", "--all").ok().text
    assert props(name) == before
    assert daemon_pid() != pid
    assert ctl("start", name).ok().code == 0  # with a spare supervisor, a filter and ids made anew
    assert ctl("wait", name).text.strip() == "0"


def test_idle_a_container_that_runs_keeps_it(busybox, name, idle):
    with Events() as events:
        ctl("run", "-d", "--name", name, busybox, "/bin/sleep", str(2.5 * IDLE)).ok()
        pid = daemon_pid()
        events.wait(lambda _p, _i, member, args: member == "StateChanged" and args[1] == "exited")
        assert daemon_pid_quiet() == pid
    wait_gone()
    assert props(name)["State"] == "exited"


def test_idle_so_do_a_call_and_a_job_that_have_not_ended(busybox, name, idle):
    pid = daemon_pid()
    reader, writer = os.pipe()
    with Events() as events, open(writer, "wb", 0), spawn("quiltctl", "import", "-", name, stdin=reader) as client:
        os.close(reader)
        events.wait(lambda _p, _i, member, args: member == "InterfacesAdded" and "/job/" in args[0])
        with pytest.raises(subprocess.TimeoutExpired):
            client.wait(2 * IDLE)  # not a wait for an event: observes that quiltd does not exit in this time
        assert daemon_pid_quiet() == pid
    wait_gone()


@contextlib.contextmanager
def leaving(image, name):
    """quiltd has told systemd that it exits. Only a call that came at that moment keeps it, until this returns."""
    for _ in range(20):
        wait_gone()
        ctl("create", "--name", name, image, "/bin/true").ok()
        path = manager("GetContainer", "(s)", name)[0]
        pid = daemon_pid_quiet()
        threading.Event().wait(0.6 * IDLE)  # these waits are for nothing: quiltd would exit meanwhile
        os.kill(pid, signal.SIGSTOP)
        threading.Event().wait(0.6 * IDLE)
        with spawn("busctl", "call", "org.quilt", path, "org.quilt.Container", "Wait", "a{sv}", "0"):
            threading.Event().wait(0.2)
            os.kill(pid, signal.SIGCONT)
            threading.Event().wait(0.2)
            met = run("systemctl", "is-active", "quiltd.service").text.strip() == "deactivating" and daemon_pid_quiet() == pid
            if met:
                yield
            ctl("remove", name).ok()
        if met:
            return
    pytest.fail("the moment was not met")


def test_idle_a_call_during_the_exit_is_not_cut_off(busybox, name, idle):
    reader, writer = os.pipe()
    with open(writer, "wb", 0) as archive, leaving(busybox, name), spawn("quiltctl", "import", "-", name, stdin=reader) as client:
        os.close(reader)
        with pytest.raises(subprocess.TimeoutExpired):
            client.wait(12)
        archive.write(BUSYBOX.read_bytes())
        archive.close()
        assert client.wait(TIMEOUT) == 0, client.stderr.read()
    ctl("remove-image", name).ok()


def test_idle_a_container_that_begins_as_it_leaves_is_removed_at_its_end(busybox, name, idle):
    """Nobody calls. quiltd waits for the end, or systemd starts it again."""
    seconds = 75 if LONG else 12
    with leaving(busybox, name + "-call"):
        found = ctl("run", "-d", "--rm", "--name", name, busybox, "/bin/sleep", str(seconds)).ok().text.strip()
    wait_path(STATE / "containers" / found, present=False, timeout=seconds + TIMEOUT)
    assert run("systemctl", "is-failed", "quiltd.service").code != 0


def connect():
    address = Gio.dbus_address_get_for_bus_sync(Gio.BusType.SYSTEM)
    flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
    return Gio.DBusConnection.new_for_address_sync(address, flags, None, None)


def test_idle_no_call_is_lost(busybox, name, idle, journal):
    """Four clients call around the moment of each exit, 2,000 times in all."""
    clients, rounds, calls = 4, 20, 25
    ctl("create", "--name", name, busybox, "/bin/true").ok()
    path = manager("GetContainer", "(s)", name)[0]
    barrier, answers, failures = threading.Barrier(clients), [], []
    random.seed(1)
    moments = [IDLE + random.uniform(-0.002, 0.02) for _ in range(rounds)]
    offsets = [[moment + random.uniform(0, 0.003) for _ in range(clients)] for moment in moments]

    def client(number):
        connection = connect()
        for turn in range(rounds):
            barrier.wait(6 * TIMEOUT)
            threading.Event().wait(offsets[turn][number])  # aims at a moment, waits for nothing
            for n in range(calls):
                where, interface, method, arguments = [
                    ("/org/quilt", "org.quilt.Manager", "ListContainers", GLib.Variant("(a{sv})", ({},))),
                    ("/org/quilt", "org.quilt.Manager", "GetContainer", GLib.Variant("(s)", (name,))),
                    (path, "org.freedesktop.DBus.Properties", "Get", GLib.Variant("(ss)", ("org.quilt.Container", "State"))),
                ][n % 3]
                try:
                    answers.append(connection.call_sync("org.quilt", where, interface, method, arguments, None,
                                                        Gio.DBusCallFlags.NONE, 3000 * TIMEOUT, None).unpack())
                except GLib.Error as error:
                    failures.append((turn, number, n, error.message))
        connection.close_sync(None)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [] and len(answers) == clients * rounds * calls == 2000
    starts = sum("is ready" in entry["MESSAGE"] for entry in journal.entries("_SYSTEMD_UNIT=quiltd.service"))
    assert starts >= rounds / 4, "the moment was not met"
