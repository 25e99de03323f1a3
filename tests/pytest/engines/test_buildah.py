# SPDX-License-Identifier: LGPL-2.1-or-later
"""Buildah on quilt-oci, by its option and by the configuration that Podman has."""
import pytest

import engine
import quilt


def buildah(*argv, **kwargs):
    return quilt.run("buildah", *argv, **{"timeout": 6 * quilt.TIMEOUT, **kwargs})


@pytest.fixture
def container(podman):
    name = buildah("from", "localhost/busybox").ok().text.strip()
    yield name
    buildah("rm", name).ok()


def test_run(container):
    done = buildah("run", "--runtime", engine.RUNTIME, container, "sh", "-c", "cat; pwd; exit 3", input=b"in\n")
    assert (done.code, done.out) == (3, b"in\n/\n"), done
    assert buildah("run", "--runtime", engine.RUNTIME, container, "no-such-command").code != 0


def test_the_runtime_is_quilt_oci(container):
    """While a step runs, it is in quilt-oci's list."""
    with quilt.spawn("buildah", "run", "--runtime", engine.RUNTIME, container, "sh", "-c", "echo up; exec sleep 1000") as process:
        assert process.stdout.readline() == b"up\n"
        (name, status), = engine.listed(engine.PODMAN).items()
        assert name.startswith("buildah-") and status == "running"
        quilt.run(engine.RUNTIME, "kill", name, "KILL").ok()
        assert process.wait(quilt.TIMEOUT) != 0


def test_a_terminal(container):
    with engine.Terminal("buildah", "run", "--tty", "--runtime", engine.RUNTIME, container, "sh") as terminal:
        terminal.send(b"tty\n")
        terminal.expect(rb"\r\n/dev/\S+\r\n")
        terminal.send(b"exit 5\n")
        assert terminal.wait() == 5


@pytest.mark.parametrize("build", [("buildah", "build", "--runtime", engine.RUNTIME), ("podman", "build")])
def test_build(podman, tmp_path, build):
    (tmp_path / "Dockerfile").write_text("FROM localhost/busybox\nENV WHO=me\nRUN echo $WHO >/who\n"
                                         'RUN ["/bin/busybox", "touch", "/two words"]\nUSER 1000\nCMD cat /who; ls -d /two*; id -u\n')
    quilt.run(*build, "-t", "built", str(tmp_path), timeout=6 * quilt.TIMEOUT).ok()
    try:
        assert podman("run", "--rm", "--network=none", "--pids-limit=-1", "built").ok().text == "me\n/two words\n1000\n"
    finally:
        podman("rmi", "built").ok()
