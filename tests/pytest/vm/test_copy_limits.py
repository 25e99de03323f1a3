# SPDX-License-Identifier: LGPL-2.1-or-later
"""Copies within the limits of a container, and on the kernel of the distribution."""
import os

from quilt import TIMEOUT, ctl

SLEEP = ("/bin/sleep", "1000")


def state(name):
    return ctl("list", "--format", "{{.State}}", "--filter", f"name={name}").ok().text.strip()


def test_a_copy_larger_than_the_memory_of_the_container(busybox, name, tmp_path):
    (tmp_path / "f").write_bytes(os.urandom(48 << 20))
    ctl("run", "-d", "--name", name, "--memory", "16M", busybox, *SLEEP).ok()
    ctl("copy", str(tmp_path / "f"), f"{name}:/f", timeout=6 * TIMEOUT).ok()
    ctl("copy", f"{name}:/f", str(tmp_path / "back"), timeout=6 * TIMEOUT).ok()
    assert (tmp_path / "back").read_bytes() == (tmp_path / "f").read_bytes()
    assert state(name).startswith("running")


def test_f_a_tmpfs_takes_no_more_than_the_containers_memory(busybox, name, tmp_path):
    """The copier is in the container's cgroup, and is the first to go if memory runs out."""
    (tmp_path / "f").write_bytes(os.urandom(48 << 20))
    ctl("run", "-d", "--name", name, "--memory", "16M", "--memory-swap", "16M", "--tmpfs", "/t:size=100m", busybox, *SLEEP).ok()
    assert ctl("copy", str(tmp_path / "f"), f"{name}:/t/", timeout=6 * TIMEOUT).code == 1
    assert state(name).startswith("running")


def test_a_full_table_of_processes_is_no_obstacle(busybox, name, tmp_path):
    ctl("run", "-d", "--name", name, "--pids-limit", "2", busybox, "/bin/sh", "-c", "sleep 1000 & sleep 1000").ok()
    assert b"root:" in ctl("copy", f"{name}:/etc/passwd", "-").ok().out


def test_a_stopped_container_is_copied(busybox, name, tmp_path):
    (tmp_path / "f").write_bytes(b"f")
    for options in ((), ("--userns=host",)):
        ctl("create", "--replace", "--name", name, *options, busybox, "/bin/cat", "/f").ok()
        ctl("copy", str(tmp_path / "f"), f"{name}:/f").ok()
        assert len(ctl("export", name).ok().out) > 1 << 20
        ctl("start", name).ok()
        ctl("wait", name).ok()
        assert ctl("logs", "-o", "cat", name).ok().out.strip() == b"f"
