# SPDX-License-Identifier: LGPL-2.1-or-later
"""Limits of a container of quilt-oci as the kernel has them, by both managers, and after systemd reloads."""
import contextlib
import json
import os
import pathlib
import tempfile

from oci_cgroup import MANAGERS, cgroup
from quilt import run

LIMITS = {
    "memory": {"limit": 64 << 20, "swap": 96 << 20, "reservation": 8 << 20, "swappiness": 60, "kernel": -1},
    "cpu": {"shares": 512, "quota": 50000, "period": 20000, "burst": 100, "cpus": "0", "mems": "0"},
    "pids": {"limit": 7}, "unified": {"memory.high": "50331648", "cgroup.max.descendants": "3"},
}
FILES = {
    "memory.max": 64 << 20, "memory.swap.max": 32 << 20, "memory.low": 8 << 20, "memory.high": 48 << 20, "cpu.weight": 59,
    "cpu.max": "50000 20000", "cpu.max.burst": 100, "cpuset.cpus": 0, "cpuset.mems": 0, "pids.max": 7, "cgroup.max.descendants": 3,
}
DISK = os.stat("/").st_dev


def check(it, expected):
    assert {name: it.read(name).strip() for name in expected} == {name: str(value) for name, value in expected.items()}


@contextlib.contextmanager
def fill(it, size):
    """Memory that stays in use by the cgroup: a file in memory, written by a process that is in it."""
    with tempfile.TemporaryFile(dir="/dev/shm") as file:
        if os.fork() == 0:
            (it.directory / "cgroup.procs").write_text(str(os.getpid()))
            file.write(b"x" * size)
            file.flush()
            os._exit(0)
        assert os.wait()[1] == 0
        yield


@MANAGERS
def test_limits_are_in_force_and_updated(manager):
    with cgroup(manager, LIMITS) as it:
        assert not it.first.startswith("error"), it.first
        check(it, FILES)
        # systemd has been told of them: it does not put its own in their place.
        run("systemctl", "daemon-reload", timeout=120).ok()
        check(it, FILES)
        stats = json.loads(it.do("stats").removesuffix(" ok"))
        assert stats["memory"]["usage"]["limit"] == 64 << 20
        assert stats["memory"]["swap"]["limit"] == 96 << 20
        assert stats["pids"] == {"current": 1, "limit": 7}

        # The limit of swap is the limit of both minus that of memory, also if only the limit of memory changes.
        update = {"memory": {"limit": 80 << 20}, "cpu": {"quota": 30000}, "pids": {"limit": -1}, "unified": {"memory.high": "max"}}
        assert it.do("update", json.dumps(update)) == "ok"
        changed = FILES | {"memory.max": 80 << 20, "memory.swap.max": 16 << 20, "memory.high": "max", "cpu.max": "30000 20000",
                           "pids.max": "max"}
        check(it, changed)
        run("systemctl", "daemon-reload", timeout=120).ok()
        check(it, changed)
        with fill(it, 1 << 20):
            assert "in use" in it.do("update", json.dumps({"memory": {"limit": 4096, "checkBeforeUpdate": True}}))
        check(it, changed)


@MANAGERS
def test_disks_are_limited(manager):
    disk = {"major": os.major(DISK), "minor": os.minor(DISK)}
    limits = {"blockIO": {"weight": 500, "throttleReadBpsDevice": [disk | {"rate": 1 << 20}], "throttleWriteIOPSDevice": [disk | {"rate": 9}]}}
    with cgroup(manager, limits) as it:
        assert not it.first.startswith("error"), it.first
        assert it.read("io.max") == f"{os.major(DISK)}:{os.minor(DISK)} rbps=1048576 wbps=max riops=max wiops=9\n"
        weight = pathlib.Path(it.directory / "io.bfq.weight")
        assert it.read("io.bfq.weight" if weight.exists() else "io.weight").split() == ["default", "500" if weight.exists() else "4950"]
        none = {"blockIO": {"throttleReadBpsDevice": [disk | {"rate": 0}], "throttleWriteIOPSDevice": [disk | {"rate": 0}]}}
        assert it.do("update", json.dumps(none)) == "ok"
        assert it.read("io.max") == ""


@MANAGERS
def test_idle_has_no_weight(manager):
    with cgroup(manager, {"cpu": {"shares": 512}}) as it:
        assert it.do("update", json.dumps({"cpu": {"idle": 1}})) == "ok"
        check(it, {"cpu.idle": 1})
        assert it.do("update", json.dumps({"cpu": {"idle": 0}})) == "ok"
        check(it, {"cpu.idle": 0, "cpu.weight": 59})
