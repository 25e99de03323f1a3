# SPDX-License-Identifier: LGPL-2.1-or-later
"""A supervisor that an earlier version of Quilt started. The test replays its recorded messages (tests/data/wire-v1)."""
import os
import shutil
import signal
import subprocess

import pytest

from fakes import SOURCE

RECORDED = SOURCE / "tests/data/wire-v1"


@pytest.fixture
def orphan(run, daemon, systemd):
    """A container that runs; quiltd and its supervisor are gone. (container, its ID, the run directory)"""
    box = run("sleep", name="box")
    box_id = box.Id
    supervisor, = systemd.scopes["quilt-box.scope"]
    directory = daemon.directory / "run/containers" / box_id
    daemon.end(signal.SIGKILL)
    os.kill(supervisor, signal.SIGKILL)
    return box, box_id, directory


def test_a_supervisor_of_version_1_is_spoken_to_in_version_1(orphan, daemon):
    box, _, directory = orphan
    with subprocess.Popen([SOURCE / "tests/bus/recorded-peer", directory, RECORDED / "life"],
                          stdout=subprocess.PIPE, text=True) as peer:
        assert peer.stdout.readline() == "listening\n"
        daemon.start()
        assert box.State == "running"
        box.call("Stop")
        assert (box.State, box.Reason, box.ExitCode) == ("exited", "stopped", 3)
        assert peer.stdout.readline() == "as recorded\n"


def test_an_exit_record_of_version_1_is_read(orphan, daemon):
    box, _, directory = orphan
    (directory / "supervisor").unlink()
    shutil.copy(RECORDED / "exit", directory / "exit")
    daemon.start()
    assert (box.State, box.Reason, box.ExitCode) == ("exited", "stopped", 3)


def test_an_end_that_version_1_kept_in_the_store_is_read(orphan, daemon):
    box, box_id, directory = orphan
    shutil.rmtree(directory)
    shutil.copy(RECORDED / "exit", daemon.directory / "state/containers" / box_id / "exit")
    daemon.start()
    assert (box.State, box.Reason, box.ExitCode) == ("exited", "stopped", 3)
