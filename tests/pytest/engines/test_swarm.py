# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Swarm of two hosts, on each Docker's engine with quilt-oci as its default runtime."""
import json
import re
import socket

import pytest

import engine
import quilt

HERE, PEER = "192.0.2.1", "192.0.2.2"


def peer(script):
    """Runs a shell script on the other host."""
    with socket.create_connection((PEER, 1), timeout=12 * quilt.TIMEOUT) as connection:
        connection.sendall(script.encode())
        connection.shutdown(socket.SHUT_WR)
        out, code = connection.makefile().read().rsplit("\n", 1)
    assert code == "0", f"{script} exited with {code}: {out}"
    return out.strip()


def on_peer():
    """The containers of quilt-oci on the peer, as engine.listed()."""
    found = json.loads(peer(f"{engine.RUNTIME} --root {engine.DOCKER} list --format json 2>/dev/null")) or []
    return {container["id"]: container["status"] for container in found}


def running():
    """How many containers run here and there."""
    return tuple(list(found.values()).count("running") for found in (engine.listed(engine.DOCKER), on_peer()))


@pytest.fixture(scope="module")
def swarm(docker):
    """Both hosts as nodes; each has the image."""
    peer("mkdir -p /etc/docker && cp /usr/share/quilt/engines/docker-daemon.json /etc/docker/daemon.json && systemctl start docker"
         f" && docker import {quilt.BUSYBOX} busybox")
    docker("swarm", "init", "--advertise-addr", HERE, "--dispatcher-heartbeat", "1s").ok()
    token = docker("swarm", "join-token", "-q", "worker").ok().text.strip()
    peer(f"docker swarm join --token {token} {HERE}:2377")
    yield
    peer("systemctl start docker && docker swarm leave --force; docker image rm busybox; systemctl stop docker.socket docker containerd")
    docker("swarm", "leave", "--force").ok()


def replicas(service):
    """Where the running tasks of a service are: the names of their nodes."""
    tasks = engine.docker("service", "ps", "--filter", "desired-state=running", "--format", "{{.Node}} {{.CurrentState}}", service).ok()
    return sorted(line.split()[0] for line in tasks.text.splitlines() if line.split()[1] == "Running")


def test_a_service_is_spread_scaled_and_moved(docker, swarm):
    nodes = {"quilt-test": 0, "peer": 1}
    docker("service", "create", "--detach", "--name", "web", "--replicas", "4", "--no-resolve-image", "--restart-delay", "1s",
           "--publish", "mode=host,target=80", "--stop-grace-period", "1s",
           "busybox", "sh", "-c", "mkdir /www && hostname >/www/index.html && exec httpd -f -h /www").ok()
    try:
        engine.eventually(lambda: replicas("web") == ["peer", "peer", "quilt-test", "quilt-test"])
        assert running() == (2, 2)
        assert set(nodes) == set(replicas("web"))
        ports = [re.search(r":(\d+)->", line)[1] for line in docker("ps", "--format", "{{.Ports}}").text.split()]
        answers = {quilt.run("busybox", "wget", "-qO-", f"http://127.0.0.1:{port}/").ok().text.strip() for port in ports}
        assert len(answers) == 2

        docker("service", "scale", "--detach", "web=6").ok()
        engine.eventually(lambda: running() == (3, 3))
        docker("service", "scale", "--detach", "web=4").ok()
        engine.eventually(lambda: running() == (2, 2))

        # Its engine ends, and with it its containers: the other node gets them all.
        peer("systemctl stop docker.socket docker")
        engine.eventually(lambda: replicas("web") == 4 * ["quilt-test"], 60)
        assert running()[0] == 4
        peer("systemctl start docker")
        engine.eventually(lambda: "Ready" in docker("node", "ls", "--format", "{{.Hostname}} {{.Status}}").text.split("peer")[1], 60)
    finally:
        docker("service", "rm", "web").ok()
    engine.eventually(lambda: running() == (0, 0))
