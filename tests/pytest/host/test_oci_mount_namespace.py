# SPDX-License-Identifier: LGPL-2.1-or-later
"""An existing mount namespace: quilt-oci makes the container's mounts in it, and its other processes keep their root."""
import os
import subprocess

import pytest

from oci import Bundle, Container, config, oci
from quilt import run, wait_exit, wait_text


pytestmark = pytest.mark.usefixtures("oci_clean")


@pytest.fixture
def other():
    """A process in a mount namespace of its own, in which all is private."""
    yield from process("private")


@pytest.fixture
def sharer():
    yield from process("shared")


def process(propagation):
    with subprocess.Popen(["unshare", "--mount", "--propagation", propagation, "sh", "-c", "echo ready; exec sleep 1000"],
                          stdout=subprocess.PIPE) as one:
        assert one.stdout.readline() == b"ready\n"
        yield one.pid
        one.kill()


def joining(configuration, pid):
    for namespace in configuration["linux"]["namespaces"]:
        if namespace["type"] == "mount":
            namespace["path"] = f"/proc/{pid}/ns/mnt"
    return configuration


def mounts(pid):
    return open(f"/proc/{pid}/mountinfo").read().splitlines()


def root_of(pid):
    there = os.stat(f"/proc/{pid}/root/")
    return there.st_dev, there.st_ino


def protected(configuration):
    configuration["linux"].update(maskedPaths=["/proc/version", "/bin"], readonlyPaths=["/etc"], rootfsPropagation="rshared")
    return configuration


@pytest.mark.fault("37")
def test_a_mount_namespace_is_joined_below_the_root(bundle, other):
    here, there, roots = mounts("self"), mounts(other), (root_of(other), root_of("self"))
    script = "readlink /proc/self/ns/mnt; cat /proc/1/comm; cat /proc/version; ls /sbin/..; touch /etc/x; exec sleep 1000"
    configuration = protected(joining(config("/sbin/sh", "-c", script), other))
    configuration["process"]["env"] = ["PATH=/sbin"]
    (bundle.path / "rootfs/sbin").mkdir(exist_ok=True)
    run("cp", str(bundle.path / "rootfs/bin/busybox"), str(bundle.path / "rootfs/sbin/busybox")).ok()
    run("sh", "-c", f"cd {bundle.path}/rootfs/sbin && for i in sh readlink cat ls touch sleep; do ln -sf busybox $i; done").ok()
    bundle.write(configuration)
    container = Container("one", bundle).start()
    done = oci("exec", "one", "sh", "-c", "readlink /proc/self/ns/mnt; ls /; echo end").ok().text.split()
    text = wait_text(container.output, b"Read-only file system").decode()
    output = text.splitlines()
    assert output[0] == os.readlink(f"/proc/{other}/ns/mnt") == done[0] != os.readlink("/proc/self/ns/mnt")
    assert output[1] == "sleep" or output[1] == "sh"
    assert "Linux" not in text
    assert set(done[1:-1]) == set(os.listdir(bundle.path / "rootfs")), "exec is in the root of the container"
    assert root_of(container.pid) != root_of(other)
    assert mounts("self") == here and (root_of(other), root_of("self")) == roots
    assert mounts(other)[:len(there)] == there, "what was mounted there is as it was"
    assert all(f" {bundle.path}/rootfs" in line for line in mounts(other)[len(there):]) and len(mounts(other)) > len(there)


@pytest.mark.fault("37")
def test_nothing_stays_of_a_root_that_could_not_be_made(bundle, other):
    there = mounts(other)
    for change in ({"mounts": [{"destination": "/x", "source": "/nothing", "options": ["bind"]}]},
                   {"hooks": {"createContainer": [{"path": "/bin/false"}]}}, {"process": {"args": ["/nothing"], "cwd": "/"}}):
        configuration = joining(config("true"), other)
        configuration.update(change)
        bundle.write(configuration)
        assert oci("create", "--bundle", str(bundle.path), "one").code == 1
        assert mounts(other) == there, change


@pytest.mark.fault("37")
def test_a_shared_mount_is_not_mounted_on(bundle, sharer):
    here, there = mounts("self"), mounts(sharer)
    bundle.write(joining(config("true"), sharer))
    done = oci("run", "--bundle", str(bundle.path), "one")
    assert done.code == 1 and b"shared" in done.err and b"private" in done.err
    assert (mounts("self"), mounts(sharer)) == (here, there)


@pytest.mark.fault("37")
def test_a_mount_namespace_that_can_not_be_joined_is_refused(bundle, other):
    here, there = mounts("self"), mounts(other)
    ours = joining(config("true"), "self")
    wrong = joining(config("true"), other)
    wrong["linux"]["namespaces"] = [{**it, "path": f"/proc/{other}/ns/net"} if it["type"] == "mount" else it for it in wrong["linux"]["namespaces"]]
    mapped = joining(config("true"), other)
    ids = [{"containerID": 0, "hostID": 600000, "size": 65536}]
    mapped["linux"].update(uidMappings=ids, gidMappings=ids)
    mapped["linux"]["namespaces"].append({"type": "user"})
    for configuration, word in ((ours, b"the runtime's own 'mount' namespace"), (wrong, b"it is not a namespace of the type"), (mapped, b"'user' namespace")):
        bundle.write(configuration)
        done = oci("run", "--bundle", str(bundle.path), "one")
        assert done.code == 1 and word in done.err, done
    assert (mounts("self"), mounts(other)) == (here, there)


@pytest.mark.fault("37")
def test_a_mount_namespace_is_joined_beside_others(bundle, other):
    """A pid namespace too, in which the init is born late."""
    bundle.write(config("sleep", "1000"))
    first = Container("first", bundle).start()
    second = Bundle("two")
    configuration = joining(config("sh", "-c", "readlink /proc/self/ns/mnt; readlink /proc/self/ns/pid; cat /proc/1/comm"), other)
    for namespace in configuration["linux"]["namespaces"]:
        if namespace["type"] == "pid":
            namespace["path"] = f"/proc/{first.pid}/ns/pid"
    second.write(configuration)
    lines = oci("run", "--bundle", str(second.path), "one").ok().text.split()
    assert lines == [os.readlink(f"/proc/{other}/ns/mnt"), os.readlink(f"/proc/{first.pid}/ns/pid"), "sleep"]
    first.stop()
    wait_exit(first.pid)
