# SPDX-License-Identifier: LGPL-2.1-or-later
"""The output of `quiltctl status` for a container, and of `systemctl status` for quiltd."""
import re
import time

import pytest

from quilt import TIMEOUT, ctl, run
from test_lifecycle import background


def fields(text):
    return dict(re.findall(r"^ +(\w+): (.*)$", text, re.M))


@pytest.mark.fault("31")
def test_status_shows_command_and_cpu_time_of_now(busybox, name):
    background(name, busybox, "/bin/sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; exec sleep 1000")
    shown = fields(ctl("status", name).ok().text)
    assert shown["Command"].startswith("/bin/sh -c 'i=0; while")
    # Some time, but not "0": the start alone takes milliseconds.
    assert re.fullmatch(r"([1-9]\d*(min|s|ms) ?)+", shown["CPU"]), shown
    for_everybody = fields(ctl("--no-ask-password", "status", name, user="bob").ok().text)
    assert "Command" not in for_everybody and "CPU" in for_everybody


def test_status_fits_a_terminal_and_shows_nothing_empty(busybox, name):
    """Each resource has a line of its own. A container with an entrypoint alone has no command."""
    background(name, busybox, "sleep", "1000")
    shown = ctl("status", name).ok().text
    assert max(map(len, shown.splitlines())) <= 80, shown
    assert re.search(r"^  Pressure: memory [^,\n]*\n            CPU [^,\n]*\n            IO [^,\n]*$", shown, re.M), shown
    ctl("run", "--name", f"{name}-2", "--entrypoint=/no/such", busybox)
    shown = ctl("status", f"{name}-2").text
    assert not re.search(r": *$", shown, re.M), shown


@pytest.mark.fault("11")
def test_status_shows_the_full_message_of_an_error_to_users_who_may_see_it(busybox, name):
    assert ctl("run", "--name", name, busybox, "/no/such/command").code == 127
    assert "/no/such/command" in fields(ctl("status", name).text)["Error"]
    assert fields(ctl("--no-ask-password", "status", name, user="bob").text)["Error"] == "The command was not found"


@pytest.mark.fault("31")
def test_the_status_line_of_quiltd_is_of_now(busybox, name):
    def wait_for(number):
        deadline = time.monotonic() + TIMEOUT
        while f"({number} running)" not in run("systemctl", "show", "-P", "StatusText", "quiltd.service").ok().text:
            assert time.monotonic() < deadline
    background(name, busybox, "/bin/sleep", "1000")
    wait_for(1)
    ctl("kill", name).ok()
    wait_for(0)
