# SPDX-License-Identifier: LGPL-2.1-or-later
"""containerd by its own client, with quilt-oci as the program of its runtime `runc.v2`."""
import pathlib
import re

import pytest

import engine
import quilt

# ctr asks for a share of the processors by itself, which a host without the cpu controller can't give.
RUN = ("run", "--runc-binary", engine.RUNTIME, "--cpu-shares", "0")
IMAGE = "docker.io/library/busybox:latest"


@pytest.fixture(scope="module")
def ctr(docker, tmp_path_factory):
    archive = tmp_path_factory.mktemp("images") / "busybox.tar"
    docker("save", "-o", str(archive), "busybox").ok()
    engine.ctr("images", "import", str(archive)).ok()
    yield engine.ctr
    engine.ctr("images", "rm", IMAGE).ok()


def test_run_delivers_bytes_and_exit_codes(ctr):
    done = ctr(*RUN, "--rm", IMAGE, "bytes", "sh", "-c", "printf '\\377\\0o'; printf '\\377\\0e' >&2; exit 42")
    assert (done.code, done.out, done.err) == (42, b"\xff\0o", b"\xff\0e")


def test_tasks(ctr):
    ctr(*RUN, "-d", IMAGE, "tasks", "sleep", "1000").ok()
    try:
        assert engine.listed(engine.CONTAINERD) == {"tasks": "running"}
        assert ctr("task", "exec", "--exec-id", "first", "tasks", "echo", "inside").ok().out == b"inside\n"
        assert ctr("task", "exec", "--exec-id", "second", "--cwd", "/tmp", "tasks", "sh", "-c", "pwd; exit 3").code == 3
        pids = [int(line.split()[0]) for line in ctr("task", "ps", "tasks").ok().text.splitlines()[1:]]
        assert [pathlib.Path(f"/proc/{pid}/comm").read_text() for pid in pids] == ["sleep\n"]
        ctr("task", "pause", "tasks").ok()
        assert engine.listed(engine.CONTAINERD) == {"tasks": "paused"}
        ctr("task", "resume", "tasks").ok()
        ctr("task", "kill", "-s", "SIGKILL", "tasks").ok()
        quilt.wait_exit(pids[0])
        engine.eventually(lambda: "STOPPED" in ctr("task", "ls").text)
        ctr("task", "delete", "tasks")
        assert engine.listed(engine.CONTAINERD) == {}
    finally:
        ctr("task", "delete", "--force", "tasks")
        ctr("container", "delete", "tasks").ok()


def test_a_terminal(ctr):
    with engine.Terminal("ctr", *RUN, "--rm", "--tty", IMAGE, "terminal", "sh") as terminal:
        terminal.send(b"tty; until stty size 2>/dev/null | grep .; do :; done\n")
        terminal.expect(rb"\n/dev/\S+\r+\n30 100\r+\n")
        terminal.send(b"exit 5\n")
        assert terminal.wait() == 5


def test_both_cgroup_managers(ctr):
    for argv, place in ((("--cgroup", "/ctr-files/manager"), "/ctr-files/manager"),
                        (("--runc-systemd-cgroup", "--cgroup", "system.slice:ctr:manager"), "/system.slice/ctr-manager.scope")):
        ctr(*RUN, *argv, "-d", IMAGE, "manager", "sleep", "1000").ok()
        try:
            pid = int(re.search(r"^manager +(\d+)", ctr("task", "ls").ok().text, re.M)[1])
            assert f"0::{place}\n" in pathlib.Path(f"/proc/{pid}/cgroup").read_text()
        finally:
            ctr("task", "kill", "-s", "SIGKILL", "manager").ok()
            quilt.wait_exit(pid)
            engine.eventually(lambda: "STOPPED" in ctr("task", "ls").text)
            ctr("task", "delete", "manager")
            ctr("container", "delete", "manager").ok()
    # Nobody removes the cgroup above the container's, which the engine named and the runtime had to make.
    pathlib.Path("/sys/fs/cgroup/ctr-files").rmdir()


def test_user_namespaces(ctr):
    done = ctr(*RUN, "--rm", "--uidmap", "0:100000:1000", "--gidmap", "0:200000:1000", IMAGE, "users",
               "sh", "-c", "cat /proc/self/uid_map /proc/self/gid_map").ok().text
    assert [" ".join(line.split()) for line in done.splitlines()] == ["0 100000 1000", "0 200000 1000"]


def test_a_command_that_can_not_be_executed(ctr):
    done = ctr(*RUN, "--rm", IMAGE, "nothing", "no-such-command")
    assert done.code == 1 and b"OCI runtime create failed" in done.err and b"no-such-command" in done.err, done


def test_the_shipped_configuration_is_read():
    """What the CRI plugin makes of it; a kubelet, its client, is not in the archive."""
    config = pathlib.Path("/etc/containerd/with-quilt-oci.toml")
    snippet = engine.SNIPPETS / "containerd.toml"
    config.write_text(f'version = 2\nimports = ["{snippet}"]\n')
    try:
        dump = quilt.run("containerd", "--config", str(config), "config", "dump").ok().text
    finally:
        config.unlink()
    section = dump.split('containerd.runtimes.quilt-oci]', 1)[1]
    assert 'runtime_type = "io.containerd.runc.v2"' in section
    assert f'BinaryName = "{engine.RUNTIME}"' in section and "SystemdCgroup = true" in section
