# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a container's processes are and may: capabilities, ids, limits."""
import pytest

from quilt import ctl, manager

DEFAULT = sum(1 << bit for bit in (0, 1, 3, 4, 5, 6, 7, 8, 10, 18, 31))
NET_ADMIN, NET_RAW, CHOWN = 1 << 12, 1 << 13, 1 << 0


def output(image, *argv, options=()):
    return ctl("run", "--rm", *options, image, *argv).ok().text


def status(image, *options):
    """/proc/self/status of a command, by the names of its lines."""
    return dict(line.split(":\t", 1) for line in output(image, "/bin/cat", "/proc/self/status", options=options).splitlines())


def sets(found):
    return {name: int(found["Cap" + name], 16) for name in ("Inh", "Prm", "Eff", "Bnd", "Amb")}


def refused(image, *options):
    """What quiltctl says about options that make no container."""
    before = manager("ListContainers", "(a{sv})", {})
    done = ctl("run", *options, image, "/bin/true")
    assert done.code == 125 and manager("ListContainers", "(a{sv})", {}) == before, done
    return done.err.decode()


@pytest.mark.parametrize("options, expected", [
    ([], DEFAULT),
    (["--cap-add", "net_admin,CAP_NET_RAW"], DEFAULT | NET_ADMIN | NET_RAW),
    (["--cap-drop", "chown"], DEFAULT & ~CHOWN),
    (["--cap-drop=ALL"], 0),
    (["--cap-drop", "all", "--cap-add", "Net_Admin"], NET_ADMIN),
])
def test_capabilities_are_what_was_asked_for(busybox, options, expected):
    assert sets(status(busybox, *options)) == {"Inh": 0, "Prm": expected, "Eff": expected, "Bnd": expected, "Amb": 0}


def test_all_capabilities_but_some(busybox):
    found = sets(status(busybox, "--cap-add", "ALL", "--cap-drop", "SYS_ADMIN"))
    assert found["Bnd"] == found["Eff"] == found["Prm"] and found["Inh"] == found["Amb"] == 0
    assert found["Eff"] & 1 << 21 == 0 and found["Eff"] & NET_ADMIN and found["Eff"] & 1 << 16 and found["Eff"] & DEFAULT == DEFAULT


@pytest.mark.parametrize("options, word", [
    (["--cap-add", "SYS_FOO"], "SYS_FOO"),
    (["--cap-add", "chown,"], "cap-add"),
    (["--cap-add", "KILL", "--cap-drop", "cap_kill"], "CAP_KILL"),
    (["--security-opt", "nonsense=1"], "nonsense=1"),
    (["--security-opt", "no-new-privileges=maybe"], "no-new-privileges=maybe"),
])
def test_bad_values_are_refused_by_name_before_anything_is_created(busybox, options, word):
    assert word in refused(busybox, *options)


def test_a_capability_that_the_host_does_not_give_is_named(busybox):
    """Root here has none of SYS_RESOURCE, unless it is root of a user namespace."""
    if 1 << 24 & int(dict(line.split(":\t", 1) for line in open("/proc/self/status"))["CapBnd"], 16):
        assert sets(status(busybox, "--cap-add", "SYS_RESOURCE"))["Eff"] == DEFAULT | 1 << 24
        return
    done = ctl("run", "--rm", "--cap-add", "SYS_RESOURCE", busybox, "/bin/true")
    assert done.code == 0 or b"CAP_SYS_RESOURCE" in done.err


def test_no_new_privileges(busybox):
    assert status(busybox)["NoNewPrivs"] == "1"
    assert status(busybox, "--security-opt", "no-new-privileges=true")["NoNewPrivs"] == "1"
    assert status(busybox, "--security-opt", "no-new-privileges=false")["NoNewPrivs"] == "0"
