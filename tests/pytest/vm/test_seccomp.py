# SPDX-License-Identifier: LGPL-2.1-or-later
"""The filter of system calls under the distribution's own kernel, which is older than this machine's may be."""
from quilt import ctl


def test_e_the_default_filter_is_in_force(busybox):
    script = "grep Seccomp: /proc/self/status; unshare -U true 2>/dev/null && echo escaped; mkdir /x && (exit 3); echo $?"
    assert ctl("run", "--rm", busybox, "/bin/sh", "-c", script, timeout=60).ok().out == b"Seccomp:\t2\n3\n"
    refused = ctl("run", "--rm", "--seccomp", "/dev/null", busybox, "/bin/true", timeout=60)
    assert refused.code == 125 and b"seccomp" in refused.err
