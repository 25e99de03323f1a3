# SPDX-License-Identifier: LGPL-2.1-or-later
"""systemd is executed anew (`systemctl daemon-reexec`) while quiltd asks it for scopes."""
import concurrent.futures

import pytest

from quilt import ctl, run

AT_ONCE, PATIENCE = 8, 60


# Not faster: systemd-run, which waits for the suite outside, fails if systemd goes again before it has answered.
@pytest.mark.parametrize("turn", range(6))
def test_no_start_is_lost(busybox, name, turn):
    def start(number):
        return ctl("run", "--rm", f"--name={name}-{number}", busybox, "sh", "-c", f"exit {number}", timeout=PATIENCE)

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as threads:
        done = [threads.submit(start, number) for number in range(AT_ONCE * 2)]
        for _ in zip(range(turn + 1), concurrent.futures.as_completed(done)):
            pass
        run("systemctl", "daemon-reexec", timeout=PATIENCE).ok()
    failed = [start.result() for number, start in enumerate(done) if start.result().code != number]
    assert not failed, failed
