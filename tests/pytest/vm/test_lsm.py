# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where AppArmor is on, containers run under quilt-default: a wall behind capabilities and masked paths."""
import pathlib

import pytest

from quilt import TIMEOUT, ctl, run

PROFILE = "/etc/apparmor.d/quilt-default"
CURRENT = "/proc/self/attr/current"


@pytest.fixture(scope="module", autouse=True)
def profile():
    assert pathlib.Path("/sys/module/apparmor/parameters/enabled").read_text() == "Y\n"
    run("apparmor_parser", "--replace", "--skip-cache", PROFILE, timeout=6 * TIMEOUT).ok()


def test_containers_and_their_setup_steps_are_confined(busybox):
    done = ctl("run", "--rm", "--setup", f"cat {CURRENT} >/step", busybox, "/bin/cat", "/step", CURRENT).ok()
    assert done.out == b"quilt-default (enforce)\n" * 2


def test_inspect_shows_the_profile_in_force(busybox, name):
    ctl("run", "-d", "--name", name, busybox, "/bin/sleep", "1000").ok()
    assert "quilt-default (enforce)" in ctl("inspect", name).ok().text
    ctl("kill", name).ok()


def test_the_profile_holds_what_a_capability_would_allow(busybox):
    """CAP_SYS_ADMIN may mount, and the profile says no: with EACCES, not with the EPERM of a missing capability."""
    def mount(*options):
        return ctl("run", "--rm", "--cap-add", "sys_admin", *options, busybox, "/bin/mount", "-t", "tmpfs", "none", "/tmp")

    assert b"Permission denied" in mount().err
    assert b"Permission denied" not in mount("--security-opt", "apparmor=unconfined").err


def test_another_profile_and_none(busybox):
    def current(option):
        return ctl("run", "--rm", "--security-opt", option, busybox, "/bin/cat", CURRENT)

    assert current("apparmor=unconfined").ok().out == b"unconfined\n"
    text = "profile quilt-test-other flags=(attach_disconnected) { file, capability, signal, deny /etc/passwd r, }"
    run("apparmor_parser", "--replace", input=text.encode(), timeout=6 * TIMEOUT).ok()
    assert current("apparmor=quilt-test-other").ok().out == b"quilt-test-other (enforce)\n"
    denied = ctl("run", "--rm", "--security-opt", "apparmor=quilt-test-other", busybox, "/bin/cat", "/etc/passwd")
    assert denied.code == 1 and b"Permission denied" in denied.err
    run("apparmor_parser", "--remove", input=text.encode(), timeout=6 * TIMEOUT).ok()
    refused = current("apparmor=quilt-test-other")
    assert refused.code == 125 and b"not loaded" in refused.err and b"quilt-test-other" in refused.err


def test_without_its_profile_a_container_runs_unconfined_and_says_so(busybox, name):
    run("apparmor_parser", "--remove", PROFILE, timeout=6 * TIMEOUT).ok()
    try:
        assert ctl("run", "--rm", busybox, "/bin/cat", CURRENT).ok().out == b"unconfined\n"
        assert ctl("create", "--name", name, "--security-opt", "apparmor=quilt-default", busybox, "/bin/true").code == 125
    finally:
        run("apparmor_parser", "--replace", "--skip-cache", PROFILE, timeout=6 * TIMEOUT).ok()
