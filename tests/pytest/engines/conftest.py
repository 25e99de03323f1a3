# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures of the suite engines: Docker, Podman, containerd and Buildah, each told to use quilt-oci
by the files that Quilt ships for that."""
import pytest

import engine
import quilt


@pytest.fixture(autouse=True)
def no_leak(leaked):
    """Checks that a test leaves nothing of an engine's containers behind, whether it passed or not."""
    yield
    left = engine.leaks(leaked)
    if left:
        engine.sweep()
        leaked.update(engine.leaks())
        pytest.fail("left behind: " + ", ".join(sorted(left)), pytrace=False)


@pytest.fixture(scope="session", autouse=True)
def host_unchanged():
    """Engines change their host: links, rules, sysctls. Only that no unit fails is asked for."""
    yield
    failed = quilt.run("systemctl", "--failed", "--plain", "--no-legend").text
    assert not failed, failed


@pytest.fixture(scope="session")
def docker():
    """Docker's engine with quilt-oci as its default runtime, and an image busybox."""
    engine.start_docker()
    yield engine.docker
    engine.stop_docker()


@pytest.fixture(scope="session")
def podman():
    """Podman with quilt-oci as its runtime, and an image busybox."""
    engine.configure_podman()
    engine.podman("import", str(quilt.BUSYBOX), "busybox").ok()
    yield engine.podman
    engine.podman("rmi", "--all", "--force", timeout=6 * quilt.TIMEOUT).ok()
