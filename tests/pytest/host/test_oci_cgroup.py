# SPDX-License-Identifier: LGPL-2.1-or-later
"""The cgroup of a container of quilt-oci, by both managers, under a real systemd: made, limited, frozen, killed, removed."""
import contextlib
import errno
import json
import os
import pathlib
import pwd
import stat
import subprocess

import pytest

import oci
from oci_cgroup import MANAGERS, ROOT, cgroup, shown
from quilt import TIMEOUT, run, wait_exit, wait_unit


@pytest.fixture(autouse=True)
def no_slice():
    yield
    run("systemctl", "stop", "quilttest.slice")


def usage(it):
    return int(dict(line.split() for line in it.read("cpu.stat").splitlines())["usage_usec"])


@MANAGERS
def test_life_of_a_cgroup(manager):
    with cgroup(manager, {"pids": {"limit": -1}, "cpu": {"shares": 1024}, "memory": {"limit": 0}}) as it:
        assert pathlib.Path(f"/proc/{it.pid}/cgroup").read_text().endswith(f"0::{it.path}\n")
        assert it.do("processes") == "1 running"
        assert it.do("freeze") == "ok"
        assert "frozen 1" in it.read("cgroup.events")
        assert it.do("processes") == "1 frozen"
        stats = json.loads(it.do("stats").removesuffix(" ok"))
        assert stats["pids"]["current"] == 1
        assert set(stats) == {"cpu", "memory", "pids", "blkio", "hugetlb"}
        assert stats["cpu"]["usage"]["total"] == usage(it) * 1000
        # Cgroups that the container made are counted, and are removed with its own.
        (it.directory / "a/b").mkdir(parents=True)
        (it.directory / "a/b/cgroup.procs").write_text(it.pid)
        assert it.do("processes").startswith("1 ")
        assert it.do("thaw") == "ok"
        assert "frozen 0" in it.read("cgroup.events")
        assert it.do("freeze") == "ok"
        assert it.do("kill", "9") == "ok"
        assert it.do("remove") == "ok"
        assert not it.directory.exists()
        assert it.do("processes") == "0 running"
        assert it.do("remove") == "ok"
    if manager == "systemd":
        assert shown(it.unit, "LoadState")["LoadState"] == "not-found"


def test_a_scope_has_the_properties_that_were_asked_for():
    annotations = {"org.systemd.property.TimeoutStopSec": "7", "org.systemd.property.CollectMode": "'inactive'"}
    with cgroup("systemd", {"cpu": {"shares": 1024}, "pids": {"limit": -1}}, annotations) as it:
        assert it.unit == "quilt-oci-web.scope"
        assert it.path == "/quilttest.slice/quilt-oci-web.scope"
        assert shown(it.unit, "Slice", "Delegate", "CPUWeight", "TasksMax", "TimeoutStopUSec", "CollectMode", "Description",
                     "MemoryAccounting") == {
            "Slice": "quilttest.slice", "Delegate": "yes", "CPUWeight": "100", "TasksMax": "infinity", "TimeoutStopUSec": "7s",
            "CollectMode": "inactive", "Description": "Quilt container web", "MemoryAccounting": "yes"}
        assert it.do("update", json.dumps({"unified": {"memory.high": "max"}, "memory": {"limit": -1}})).startswith("error")
        with cgroup("systemd") as second:
            assert second.first.startswith("error") and "quilt-oci-web.scope" in second.first
        assert it.do("processes") == "1 running"


@pytest.fixture
def alice():
    """A user with a systemd of her own."""
    uid = pwd.getpwnam("alice").pw_uid
    run("systemctl", "start", f"user@{uid}.service").ok()
    yield uid
    run("systemctl", "stop", f"user@{uid}.service").ok()


def test_a_users_own_systemd_makes_a_scope(alice):
    with cgroup("systemd", path=":quilt-oci:web", user="alice", env={"XDG_RUNTIME_DIR": f"/run/user/{alice}"}) as it:
        assert it.path == f"/user.slice/user-{alice}.slice/user@{alice}.service/user.slice/quilt-oci-web.scope"
        assert it.directory.stat().st_uid == alice
        assert it.do("freeze") == "ok"
        assert it.do("processes") == "1 frozen"
        assert it.do("kill", "9") == "ok"
        assert it.do("remove") == "ok"
        assert not it.directory.exists()


def test_a_user_without_rights_has_no_cgroup_but_is_told_of_limits():
    with cgroup("cgroupfs", user="alice") as it:
        assert it.path == "(null)"
        assert it.do("processes") == "0 running"
    with cgroup("cgroupfs", {"pids": {"limit": 5}}, user="alice") as it:
        assert it.first == "error: Failed to make cgroup '/quilt-oci-test/web': Permission denied"


@MANAGERS
def test_a_limit_without_its_controller_is_an_error_that_names_it(manager):
    if "memory" in (ROOT / "cgroup.controllers").read_text():
        pytest.skip("this host has the controller")
    with cgroup(manager, {"memory": {"limit": 1 << 30}}) as it:
        assert it.first.startswith("error") and "the controller 'memory' is not available" in it.first
    assert not (ROOT / "quilt-oci-test").exists()
    assert shown("quilt-oci-web.scope", "LoadState")["LoadState"] == "not-found"


def test_a_cgroup_with_somebody_in_it_is_refused():
    with cgroup("cgroupfs") as it:
        with cgroup("cgroupfs") as second:
            assert second.first.startswith("error") and "already contains processes" in second.first
        assert it.do("processes") == "1 running"


def may_open(it, path, flags):
    """Whether a process in the cgroup may open the device."""
    pid = os.fork()
    if pid == 0:
        code = 2
        try:
            (it.directory / "cgroup.procs").write_text(str(os.getpid()))
            code = 0
            os.open(path, flags)
        except OSError as e:
            code = 1 if code == 0 and e.errno == errno.EPERM else code
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in (0, 1)
    return code == 0


@pytest.fixture
def disk():
    """The node of a block device."""
    path = "/dev/quilt-test-disk"
    os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(7, 0))
    yield path
    os.unlink(path)


@MANAGERS
def test_devices_are_filtered_and_an_update_replaces_the_filter(manager, disk):
    rule = {"allow": True, "type": "b", "major": 7, "minor": 0}
    with cgroup(manager, {"devices": [{"allow": False, "access": "rwm"}]}) as it:
        assert may_open(it, "/dev/null", os.O_RDWR)
        assert not may_open(it, disk, os.O_RDONLY)
        assert it.do("update", json.dumps({"devices": [{"allow": False}, rule | {"access": "r"}]})) == "ok"
        assert may_open(it, disk, os.O_RDONLY)
        assert not may_open(it, disk, os.O_RDWR)
        assert it.do("update", json.dumps({"devices": [{"allow": True}]})) == "ok"
        assert may_open(it, disk, os.O_RDWR)
        assert it.do("update", json.dumps({"devices": [{"allow": True}, rule | {"allow": False}]})) == "ok"
        assert not may_open(it, disk, os.O_RDONLY)


@MANAGERS
def test_the_containers_root_owns_what_it_may_divide(manager):
    linux = {"namespaces": [{"type": "mount"}, {"type": "cgroup"}, {"type": "user"}],
             "uidMappings": [{"containerID": 0, "hostID": 70000, "size": 10}], "gidMappings": [{"containerID": 0, "hostID": 70000, "size": 10}]}
    mount = {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup"}
    with cgroup(manager, linux=linux, mounts=[mount]) as it:
        assert it.directory.stat().st_uid == 70000
        assert {name: (it.directory / name).stat().st_uid for name in ("cgroup.procs", "cgroup.subtree_control", "cgroup.freeze")} == {
            "cgroup.procs": 70000, "cgroup.subtree_control": 70000, "cgroup.freeze": 0}


@pytest.mark.fault(39)
def test_the_parent_of_cgroups_goes_with_the_last_container():
    home = ROOT / "quilt-oci"
    bundle = oci.Bundle("one").write(oci.config("true"))
    try:
        for name in "one", "two":
            oci.Container(name, bundle)
        oci.oci("delete", "one").ok()
        assert (home / "two").is_dir()
        oci.oci("delete", "two").ok()
        assert not home.exists()
        # A parent that another container takes along is made again.
        command = f"for i in $(seq 30); do quilt-oci --root {oci.ROOT} run --bundle {bundle.path} $0 </dev/null || exit 1; done"
        with contextlib.ExitStack() as stack:
            for process in [stack.enter_context(subprocess.Popen(["sh", "-c", command, f"many{n}"])) for n in range(4)]:
                assert process.wait(TIMEOUT) == 0
        assert not home.exists()
    finally:
        assert oci.remove_all() == []


def end_and_lose_cgroup(bundle, systemd):
    """A container that has ended, and whose cgroup is removed."""
    container = oci.Container("one", bundle, before=["--systemd-cgroup"] if systemd else []).start()
    wait_exit(container.pid)
    if systemd:
        wait_unit("quiltoci-one.scope", "inactive")
    else:
        (ROOT / "quilttest.slice/one").rmdir()


@contextlib.contextmanager
def somebody_else(systemd):
    """A process of somebody else's in a cgroup of the same path, and that cgroup."""
    place = ROOT / ("system.slice/quiltoci-one.scope" if systemd else "quilttest.slice/one")
    argv = ["systemd-run", "--quiet", "--scope", "--unit=quiltoci-one.scope", "sleep", "1000"] if systemd else ["sleep", "1000"]
    with subprocess.Popen(argv) as process:
        try:
            if systemd:
                wait_unit("quiltoci-one.scope", "active")
            else:
                place.mkdir()
                (place / "cgroup.procs").write_text(str(process.pid))
            yield process, place
        finally:
            process.kill()
    if not systemd:
        place.rmdir()
        place.parent.rmdir()


@pytest.mark.parametrize("systemd", [False, True], ids=["cgroupfs", "systemd"])
def test_a_later_cgroup_of_the_same_path_is_somebody_elses(systemd):
    configuration = oci.config("true")
    if not systemd:
        configuration["linux"]["cgroupsPath"] = "/quilttest.slice/one"
    end_and_lose_cgroup(oci.Bundle("one").write(configuration), systemd)
    with somebody_else(systemd) as (process, place):
        oci.oci("kill", "--all", "one", "KILL").ok()
        assert oci.oci("ps", "--format=json", "one").ok().json in ([], None)
        oci.oci("delete", "one").ok()
        oci.oci("delete", "--force", "one").ok()
        assert process.poll() is None and (place / "cgroup.procs").read_text().split() == [str(process.pid)]
    assert oci.remove_all() == []


def test_of_a_create_that_was_killed_only_an_empty_cgroup_is_removed():
    """It recorded the path, and not yet which cgroup has it."""
    configuration = oci.config("true")
    configuration["linux"]["cgroupsPath"] = "/quilttest.slice/one"
    end_and_lose_cgroup(oci.Bundle("one").write(configuration), False)
    record = oci.ROOT / "one/state.json"
    state = json.loads(record.read_text())
    assert state.pop("cgroupInode") > 1
    for key in "created", "pid", "startTime":
        del state[key]
    record.write_text(json.dumps(state))
    with somebody_else(False) as (process, place):
        oci.oci("delete", "--force", "one", timeout=3 * TIMEOUT).ok()
        assert process.poll() is None and (place / "cgroup.procs").read_text().split() == [str(process.pid)]
    assert oci.remove_all() == []
