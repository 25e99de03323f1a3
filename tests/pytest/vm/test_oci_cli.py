# SPDX-License-Identifier: LGPL-2.1-or-later
"""update and events of quilt-oci, where there are controllers."""
import json
import pathlib

import pytest

import oci as tools
from oci import ROOT, Bundle, Container, config, oci
from quilt import TIMEOUT, spawn


pytestmark = pytest.mark.usefixtures("oci_clean")


def cgroup_of(container):
    return pathlib.Path("/sys/fs/cgroup") / pathlib.Path(f"/proc/{container.pid}/cgroup").read_text().strip()[4:]


@pytest.mark.parametrize("before", [(), ("--systemd-cgroup",)], ids=["cgroupfs", "systemd"])
def test_update_changes_what_is_named_and_nothing_else(before):
    limited = config("sleep", "1000")
    limited["linux"]["resources"] = {"memory": {"limit": 128 << 20}, "pids": {"limit": 20}}
    container = Container("one", Bundle("one").write(limited), before=before).start()
    cgroup = cgroup_of(container)
    read = lambda name: (cgroup / name).read_text().strip()
    assert (read("memory.max"), read("pids.max")) == (str(128 << 20), "20")
    oci("update", "--memory=64m", "--memory-swap=96m", "one").ok()
    assert (read("memory.max"), read("memory.swap.max"), read("pids.max")) == (str(64 << 20), str(32 << 20), "20")
    # The swap of the update before is remembered: it is memory and swap together.
    oci("update", "--memory", "48m", "--pids-limit=-1", "one").ok()
    assert (read("memory.max"), read("memory.swap.max"), read("pids.max")) == (str(48 << 20), str(48 << 20), "max")
    oci("update", "--cpu-quota=20000", "--cpu-period=100000", "--cpu-share=512", "one").ok()
    assert read("cpu.max") == "20000 100000" and int(read("cpu.weight")) < 100
    oci("update", "--resources", "-", "one", input=json.dumps({"memory": {"limit": 0}, "pids": {"limit": 7}}).encode()).ok()
    assert (read("memory.max"), read("pids.max"), read("cpu.max")) == (str(48 << 20), "7", "20000 100000")


def test_events_tell_of_a_process_that_was_killed_for_memory():
    hog = config("sh", "-c", "read line < /go; dd if=/dev/zero of=/dev/null bs=64M count=1; sleep 1000")
    hog["linux"]["resources"] = {"memory": {"limit": 16 << 20, "swap": 16 << 20}}
    bundle = Bundle("one").write(hog)
    tools.run("mkfifo", str(bundle.path / "rootfs/go")).ok()
    container = Container("one", bundle).start()
    with spawn("quilt-oci", "--root", str(ROOT), "events", "--interval=100ms", "one") as events:
        first = json.loads(events.stdout.readline())
        assert first["type"] == "stats" and first["data"]["memory"]["usage"]["limit"] == 16 << 20
        (bundle.path / "rootfs/go").write_text("go\n")
        while (event := json.loads(events.stdout.readline()))["type"] == "stats":
            pass
        assert event == {"type": "oom", "id": "one"}
        container.stop()
        events.communicate(timeout=TIMEOUT)
        assert events.returncode == 0
