# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devices under the distribution's kernel: the scope's policy holds whatever nodes there are."""
from quilt import ctl, run


def test_no_other_device_can_be_opened_even_with_the_right_to_make_nodes(busybox, name):
    ctl("run", "-d", "--name", name, "--userns=host", busybox, "/bin/sleep", "1000").ok()
    assert "DevicePolicy=closed" in run("systemctl", "show", f"quilt-{name}.scope", "-p", "DevicePolicy").text
    options = ["--userns=host", "--cap-add=MKNOD"]
    refused = ctl("run", "--rm", *options, busybox, "/bin/sh", "-c", "mknod /disk b 254 0 && head -c1 </disk")
    assert refused.code != 0 and b"not permitted" in refused.err
    ctl("run", "--rm", *options, busybox, "/bin/sh", "-c", "mknod /n c 1 3 && echo x >/n").ok()


def test_a_device_is_given_to_a_container_with_ids_of_its_own(busybox):
    read = ["/bin/sh", "-c", "head -c1024 /dev/disk | wc -c"]
    assert ctl("run", "--rm", "--device=/dev/vda:/dev/disk:r", busybox, *read).ok().text.strip() == "1024"
    refused = ctl("run", "--rm", "--device=/dev/vda:/dev/disk:r", busybox, "/bin/sh", "-c", ": >>/dev/disk")
    assert refused.code != 0 and b"not permitted" in refused.err
