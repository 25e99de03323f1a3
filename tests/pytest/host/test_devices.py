# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devices: the usual ones, those that --device gives, and no others."""
import os
import pathlib

import pytest

from quilt import ctl, manager, run
from test_access import rule, users  # noqa: F401 (fixtures)
from test_lifecycle import background

# What every Linux has, and no container gets by itself: /dev/kmsg.
KMSG = (1, 11)


@pytest.fixture
def node(tmp_path):
    """A device node of the host's: the kernel's own log."""
    path = tmp_path / "node"
    run("mknod", "-m", "600", str(path), "c", *map(str, KMSG)).ok()
    yield path


def shown(name, *properties):
    return run("systemctl", "show", f"quilt-{name}.scope", *[f"--property={key}" for key in properties]).ok().text.split("\n")


def test_the_scope_is_closed_but_for_the_usual(busybox, name):
    background(name, busybox, "/bin/sleep", "1000", options=["--userns=host"])
    assert "DevicePolicy=closed" in shown(name, "DevicePolicy")
    usual = "for i in null zero full random urandom; do head -c0 /dev/$i && echo $i; done; echo x >/dev/null; : <>/dev/tty"
    done = ctl("run", "--rm", busybox, "/bin/sh", "-c", usual)
    assert b"No such device" in done.err, "it may be opened, by who has a terminal"
    assert done.text.split()[:5] == ["null", "zero", "full", "random", "urandom"]


def test_in_a_user_namespace_no_node_can_be_made_whatever_is_granted(busybox):
    """Therefore a container with a user namespace needs no device policy, which would slow down every start."""
    for options in ["--cap-add=MKNOD"], ["--privileged"]:
        for place in "/n", "/dev/n", "/dev/shm/n", "/tmp/n":
            refused = ctl("run", "--rm", *options, busybox, "/bin/sh", "-c", f"mkdir -p /tmp; mknod {place} c 1 11")
            assert refused.code != 0 and b"not permitted" in refused.err, place


def test_no_other_device_can_be_opened_even_with_the_right_to_make_nodes(busybox):
    options = ["--userns=host", "--cap-add=MKNOD"]
    make = "mknod /n c 1 11 && cat </n"
    refused = ctl("run", "--rm", *options, busybox, "/bin/sh", "-c", make)
    assert refused.code != 0 and b"not permitted" in refused.err
    ctl("run", "--rm", *options, busybox, "/bin/sh", "-c", "mknod /n c 1 3 && echo x >/n").ok()  # null is


def test_a_device_is_there_with_what_may_be_done(busybox, name, node):
    listed = ctl("run", "--rm", f"--device={node}:/dev/sub/log:rw", busybox, "/bin/stat", "-c", "%F %t:%T %a %u:%g", "/dev/sub/log").ok()
    assert listed.text.strip() == "character special file 1:b 600 0:0"
    # Everybody who may open the node can open kmsg for writing.
    ctl("run", "--rm", f"--device={node}:/dev/log2", busybox, "/bin/sh", "-c", ": >/dev/log2").ok()
    background(name, busybox, "/bin/sleep", "1000", options=[f"--device={node}:/dev/log2:rw"])
    assert any(line.startswith("DeviceAllow=") and "/dev/char/1:11" in line for line in shown(name, "DeviceAllow"))


def test_a_device_that_may_only_be_read_cannot_be_written(busybox, node):
    refused = ctl("run", "--rm", f"--device={node}:/dev/log2:r", busybox, "/bin/sh", "-c", "echo x >/dev/log2")
    assert refused.code != 0 and b"not permitted" in refused.err


def test_a_directory_stands_for_its_devices(busybox, tmp_path, node):
    (tmp_path / "below").mkdir()
    (tmp_path / "file").write_text("no device")
    run("mknod", str(tmp_path / "below" / "null"), "c", "1", "3").ok()
    seen = ctl("run", "--rm", f"--device={tmp_path}:/dev/mine", busybox, "/bin/find", "/dev/mine", "-type", "c").ok()
    assert sorted(seen.text.split()) == ["/dev/mine/below/null", "/dev/mine/node"]


@pytest.mark.fault("22")
def test_a_directory_of_links_and_of_names_with_colons(busybox, tmp_path, node):
    """A directory like /dev/serial/by-path. Links that another user than root could have made are not followed."""
    (tmp_path / "pci-0000:00:14.0-usb-0:1:1.0-port0").symlink_to(node)
    run("mknod", str(tmp_path / "bus:1"), "c", "1", "3").ok()
    tmp_path.chmod(0o755)
    seen = ctl("run", "--rm", f"--device={tmp_path}:/dev/mine", busybox, "/bin/find", "/dev/mine", "-type", "c").ok()
    assert sorted(seen.text.split()) == ["/dev/mine/bus:1", "/dev/mine/node", "/dev/mine/pci-0000:00:14.0-usb-0:1:1.0-port0"]
    tmp_path.chmod(0o777)
    seen = ctl("run", "--rm", f"--device={tmp_path}:/dev/mine", busybox, "/bin/find", "/dev/mine", "-type", "c").ok()
    assert sorted(seen.text.split()) == ["/dev/mine/bus:1", "/dev/mine/node"]


@pytest.mark.parametrize("device, word", [
    ("/dev/no-such-device", b"/dev/no-such-device"),
    ("/etc/passwd:/dev/passwd", b"neither a device"),
    ("/etc/apt:/dev/apt", b"without devices"),
    ("/dev/null:/data/null", b"below /dev"),
    ("/dev/null:/dev/null:x", b"letters r, w and m"),
    ("/dev/../etc/passwd", b"absolute"),
])
def test_files_that_are_not_devices_are_refused_before_anything_is_made(busybox, device, word):
    before = manager("ListContainers", "(a{sv})", {})
    refused = ctl("create", f"--device={device}", busybox, "/bin/true")
    assert refused.code == 125 and word in refused.err and b"option --device " in refused.err, refused
    assert manager("ListContainers", "(a{sv})", {}) == before


def test_a_device_that_went_away_is_named_at_the_start(busybox, name, node):
    ctl("create", "--name", name, f"--device={node}:/dev/log2", busybox, "/bin/true").ok()
    node.unlink()
    refused = ctl("start", name)
    assert refused.code != 0 and str(node).encode() in refused.err


def test_p4_a_device_needs_its_own_action(busybox, rule):  # noqa: F811
    rule("""
polkit.addRule(function (action, subject) {
  if (action.id == "org.quilt.manage-containers")
    return polkit.Result.YES;
});""")
    denied = ctl("--no-ask-password", "create", "--device=/dev/null", busybox, "/bin/true", user="bob")
    assert denied.code == 125 and b"org.quilt.privileged" in denied.err and b"devices" in denied.err


def test_the_rest_of_the_file_system_is_as_narrow(busybox):
    mounts = {}
    for line in ctl("run", "--rm", busybox, "/bin/cat", "/proc/self/mountinfo").ok().text.splitlines():
        fields = line.split()
        mounts[fields[4]] = (set(fields[5].split(",")), fields[6])
    assert all(optional == "-" for _, optional in mounts.values()), "propagation is private everywhere"
    assert "ro" in mounts["/sys"][0] and "ro" in mounts["/sys/fs/cgroup"][0] and "ro" in mounts["/proc/sys"][0]
    for target in ("/proc", "/sys", "/dev/shm", "/dev/mqueue", "/sys/fs/cgroup"):
        assert {"nosuid", "nodev", "noexec"} <= mounts[target][0], target
    assert "nosuid" in mounts["/dev"][0] and {"nosuid", "noexec"} <= mounts["/dev/pts"][0]
    shm = ctl("run", "--rm", busybox, "/bin/stat", "-c", "%a", "/dev/shm").ok().text.strip()
    assert shm == "1777"
