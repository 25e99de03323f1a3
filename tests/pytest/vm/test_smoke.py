# SPDX-License-Identifier: LGPL-2.1-or-later
"""The wiring: the host runs with the controllers that a namespace host lacks, and quiltd answers."""
import pathlib

import quilt


def test_system_is_running():
    assert quilt.run("systemctl", "is-system-running").text.strip() == "running"


def test_controllers():
    have = pathlib.Path("/sys/fs/cgroup/cgroup.controllers").read_text().split()
    assert {"cpu", "cpuset", "io", "memory", "pids"} <= set(have)


def test_bus_activation_starts_quiltd():
    assert "org.quilt.Manager" in quilt.run("busctl", "introspect", "org.quilt", "/org/quilt").ok().text
