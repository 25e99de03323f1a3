# SPDX-License-Identifier: LGPL-2.1-or-later
"""The wiring: the host runs, and quiltd answers when it is called."""
import quilt


def test_system_is_running():
    assert quilt.run("systemctl", "is-system-running").text.strip() == "running"


def test_bus_activation_starts_quiltd():
    """The first call starts quiltd."""
    tree = quilt.run("busctl", "introspect", "org.quilt", "/org/quilt").ok().text
    assert "org.quilt.Manager" in tree
    assert "org.freedesktop.DBus.ObjectManager" in tree
    assert quilt.run("systemctl", "is-active", "quiltd.service").text.strip() == "active"


def test_images_are_at_hand():
    assert quilt.BUSYBOX.stat().st_size < 2 << 20
    assert quilt.DEBIAN.stat().st_size > 10 << 20
