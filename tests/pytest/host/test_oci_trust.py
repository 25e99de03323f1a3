# SPDX-License-Identifier: LGPL-2.1-or-later
"""What quilt-oci trusts: its environment, its state directory, a failed create, an existing user namespace."""
import os
import pathlib
import pwd
import subprocess

import pytest

import oci as tools
from oci import ROOT, Container, config, oci
from quilt import run, wait_exit

USER = pwd.getpwnam("alice")
CGROUPS = pathlib.Path("/sys/fs/cgroup")
FAR = 700000  # of the host's ids, those of a container's user namespace


pytestmark = pytest.mark.usefixtures("oci_clean")


@pytest.mark.fault("16")
@pytest.mark.parametrize("path", ["/foo/cgroup.procs", "/foo/cgroup.procs/bar"])
def test_a_create_that_can_have_no_cgroup_leaves_nothing(bundle, path):
    configuration = config("true")
    configuration["linux"]["cgroupsPath"] = path
    done = oci("create", "--bundle", str(bundle.write(configuration).path), "one")
    assert done.code == 1 and b"cgroup" in done.err and done.err.count(b"\n") == 1, done
    assert os.listdir(ROOT) == [] and not (CGROUPS / "foo").exists()


@pytest.mark.fault("16")
def test_delete_force_removes_a_record_whose_cgroup_never_was(bundle):
    """Such a record remains from a killed create, or from an older version that could not undo a create."""
    Container("one", bundle.write(config("sleep", "1000"))).stop()
    path = ROOT / "one/state.json"
    text = path.read_text()
    run("rmdir", str(CGROUPS / "quilt-oci/one"))
    path.write_text(text.replace("/quilt-oci/one", "/foo/cgroup.procs"))
    (CGROUPS / "foo").mkdir()
    try:
        oci("delete", "--force", "one").ok()
    finally:
        (CGROUPS / "foo").rmdir()
    assert os.listdir(ROOT) == []


@pytest.mark.fault("16")
@pytest.mark.parametrize("value", [f"{USER.pw_uid}:{USER.pw_gid}", f"{FAR}:{FAR}", "1"])
def test_root_is_root_whatever_its_environment_says(bundle, monkeypatch, value):
    configuration = config("sleep", "1000")
    configuration["linux"]["namespaces"].append({"type": "user"})
    for key in "uidMappings", "gidMappings":
        configuration["linux"][key] = [{"containerID": 0, "hostID": FAR, "size": 65536}]
    run("chown", "-hR", f"{FAR}:{FAR}", str(bundle.path / "rootfs")).ok()
    monkeypatch.setenv("QUILT_OCI_USER", value)
    container = Container("one", bundle.write(configuration))
    assert tools.state("one")["owner"] == "root"
    assert pathlib.Path(f"/proc/{container.pid}/uid_map").read_text().split() == ["0", str(FAR), "65536"]


@pytest.mark.fault("16")
@pytest.mark.parametrize("mode, owner, word", [(0o700, USER.pw_uid, "another user"), (0o777, 0, "other users"), (0o1777, 0, "other users"), (0o770, 0, "other users")])
@pytest.mark.parametrize("verb", ["run", "list", "state", "kill", "delete"])
def test_a_directory_of_states_that_is_not_ours_alone_is_not_used(bundle, tmp_path, mode, owner, word, verb):
    """Its owner could write any process into it, and root would kill that."""
    victim = subprocess.Popen(["sleep", "1000"])
    theirs = tmp_path / "states"
    theirs.mkdir()
    bundle.write(config("true"))
    arguments = {"run": ["--bundle", str(bundle.path), "one"], "list": [], "state": ["one"], "kill": ["one", "KILL"], "delete": ["--force", "one"]}
    try:
        stat = pathlib.Path(f"/proc/{victim.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        (theirs / "one").mkdir()
        (theirs / "one/state.json").write_text(f'{{"version":1,"pid":{victim.pid},"startTime":{stat[19]},"created":"x"}}')
        os.chown(theirs, owner, owner)
        theirs.chmod(mode)
        done = run("quilt-oci", "--root", str(theirs), verb, *arguments[verb])
        assert done.code == 1 and str(theirs) in done.err.decode() and word in done.err.decode(), done
        assert victim.poll() is None
    finally:
        victim.kill()
        victim.wait()


@pytest.fixture
def users():
    """An existing user namespace with its own ids."""
    process = subprocess.Popen(["unshare", "--user", "sleep", "1000"])
    ours = os.readlink("/proc/self/ns/user")
    while os.readlink(f"/proc/{process.pid}/ns/user") == ours:
        os.sched_yield()
    for name in "uid_map", "gid_map":
        pathlib.Path(f"/proc/{process.pid}/{name}").write_text(f"0 {FAR} 1000\n1000 {FAR + 5000} 10")
    yield process.pid
    process.kill()
    process.wait()


def joining(users, *args, **process):
    configuration = config(*args, **process)
    configuration["linux"]["namespaces"].append({"type": "user", "path": f"/proc/{users}/ns/user"})
    return configuration


@pytest.mark.fault("16")
def test_a_user_namespace_by_path_needs_no_mappings(bundle, users):
    run("chown", "-hR", f"{FAR}:{FAR}", str(bundle.path / "rootfs")).ok()
    (bundle.path / "rootfs/tmp").chmod(0o777)
    script = "touch /tmp/it; echo ready >/tmp/ready; exec sleep 1000"
    container = Container("one", bundle.write(joining(users, "sh", "-c", script, user={"uid": 1005, "gid": 7}))).start()
    assert os.readlink(f"/proc/{container.pid}/ns/user") == os.readlink(f"/proc/{users}/ns/user")
    done = oci("exec", "--user", "0:0", "one", "sh", "-c", "id -u; touch /tmp/root; stat -c %u /tmp/it").ok()
    assert done.text.split() == ["0", "1005"]
    assert (bundle.path / "rootfs/tmp/it").stat().st_uid == FAR + 5005 and (bundle.path / "rootfs/tmp/it").stat().st_gid == FAR + 7
    assert (bundle.path / "rootfs/tmp/root").stat().st_uid == FAR
    container.stop()
    wait_exit(container.pid)
    oci("delete", "one").ok()


@pytest.mark.fault("16")
def test_ids_that_a_user_namespace_by_path_does_not_have_are_refused(bundle, users):
    done = oci("create", "--bundle", str(bundle.write(joining(users, "true", user={"uid": 1010, "gid": 0})).path), "one")
    assert done.code == 1 and b"process.user.uid" in done.err and b"1010" in done.err
    assert os.listdir(ROOT) == []


@pytest.mark.fault("16")
@pytest.mark.parametrize("path", ["/proc/self/ns/user", "/proc/self/ns/net", "/nowhere"])
def test_what_is_no_other_user_namespace_is_refused(bundle, path):
    configuration = config("true")
    configuration["linux"]["namespaces"].append({"type": "user", "path": path})
    done = oci("create", "--bundle", str(bundle.write(configuration).path), "one")
    assert done.code == 1 and path in done.err.decode(), done
    assert not ROOT.exists() or os.listdir(ROOT) == []
