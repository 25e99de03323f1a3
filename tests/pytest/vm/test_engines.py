# SPDX-License-Identifier: LGPL-2.1-or-later
"""Engines on quilt-oci, where the kernel has all cgroup controllers, and AppArmor."""
import pathlib

import pytest

import engine
import quilt

SYSTEM = engine.CGROUPS / "system.slice"


@pytest.fixture(autouse=True)
def no_leak_of_engines(no_leak):
    yield
    left = engine.leaks()
    engine.sweep()
    assert not left


@pytest.fixture(scope="module")
def docker():
    """Docker's engine without a network, for which it would change the host."""
    engine.start_docker(**{"bridge": "none", "iptables": False, "ip-forward": False})
    yield engine.docker
    engine.stop_docker()


def test_docker_has_its_limits_kept(docker):
    container = docker("run", "-d", "--network", "none", "--memory", "64m", "--memory-swap", "64m", "--cpus", "0.5",
                       "--pids-limit", "50", "busybox", "sleep", "1000").ok().text.strip()
    try:
        assert engine.listed(engine.DOCKER) == {container: "running"}
        cgroup = SYSTEM / f"docker-{container}.scope"

        def limits():
            return [(cgroup / file).read_text().strip() for file in ("memory.max", "memory.swap.max", "cpu.max", "pids.max")]
        assert limits() == [str(64 << 20), "0", "50000 100000", "50"]
        docker("update", "--memory", "128m", "--memory-swap", "128m", "--pids-limit", "60", container).ok()
        assert limits() == [str(128 << 20), "0", "50000 100000", "60"]
        # systemd knows of them, too, or its next change of the scope would undo them.
        assert quilt.run("systemctl", "show", "-P", "MemoryMax", cgroup.name).text.strip() == str(128 << 20)
        assert docker("stats", "--no-stream", "--format", "{{.MemUsage}}", container).ok().text.strip().endswith("/ 128MiB")
    finally:
        docker("rm", "-f", container).ok()


def test_docker_sees_that_memory_ran_out(docker):
    """Docker's shim may learn of it too late, with runc too, if the container ends at once: this one goes on for a while."""
    limits = ("--network", "none", "--memory", "16m", "--memory-swap", "16m")
    assert docker("run", "--rm", *limits, "busybox", "tail", "/dev/zero").code == 137
    done = docker("run", "--name", "hog", *limits, "busybox", "sh", "-c", "tail /dev/zero; echo $?; exec sleep 3")
    try:
        assert (done.code, done.text) == (0, "137\n")
        assert docker("inspect", "--format", "{{.State.OOMKilled}}", "hog").text == "true\n"
    finally:
        docker("rm", "hog").ok()


def test_docker_has_its_profile_applied(docker):
    done = docker("run", "--rm", "--network", "none", "busybox", "cat", "/proc/self/attr/current").ok()
    assert done.text == "docker-default (enforce)\n"


def test_podman_with_the_limit_that_it_sets_unasked():
    engine.configure_podman()
    engine.podman("import", str(quilt.BUSYBOX), "busybox", timeout=6 * quilt.TIMEOUT).ok()
    try:
        done = engine.podman("run", "--rm", "--network=host", "--memory=64m", "busybox", "cat",
                             "/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/memory.max", timeout=6 * quilt.TIMEOUT).ok()
        assert done.text.split() == ["2048", str(64 << 20)]
    finally:
        engine.podman("rmi", "--all", "--force", timeout=6 * quilt.TIMEOUT).ok()


def test_containerd_has_a_share_kept(docker, tmp_path):
    docker("save", "-o", str(tmp_path / "busybox.tar"), "busybox").ok()
    engine.ctr("images", "import", str(tmp_path / "busybox.tar")).ok()
    image = "docker.io/library/busybox:latest"
    try:
        done = engine.ctr("run", "--rm", "--runc-binary", engine.RUNTIME, "--cpu-shares", "262144",
                          "--mount", "type=bind,src=/sys/fs/cgroup,dst=/cgroups,options=rbind:ro", image, "share",
                          "sh", "-c", "cat /cgroups$(cut -d: -f3 /proc/self/cgroup)/cpu.weight").ok()
        # The most of both: 262144 of version 1, 10000 of version 2.
        assert done.text == "10000\n"
    finally:
        engine.ctr("images", "rm", image).ok()
        pathlib.Path("/sys/fs/cgroup/default").rmdir()
