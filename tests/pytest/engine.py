# SPDX-License-Identifier: LGPL-2.1-or-later
"""Functions to drive container engines, and to check that quilt-oci ran a container: they list the
containers in the state directory that the engine passed to it."""
import contextlib
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import shutil
import struct
import subprocess
import termios
import time

import quilt

RUNTIME = "/usr/bin/quilt-oci"
README = pathlib.Path("/opt/quilt-test/docs/README.md")
SNIPPETS = pathlib.Path("/usr/share/quilt/engines")
# The state directories that the engines of Debian 12 name; Podman and Buildah leave it to the runtime.
DOCKER = "/run/docker/runtime-runc/moby"
CONTAINERD = "/run/containerd/runc/default"
PODMAN = "/run/quilt-oci"
ROOTS = (DOCKER, CONTAINERD, PODMAN)
CGROUPS = pathlib.Path("/sys/fs/cgroup")


def listed(root):
    """The status of each container in a state directory of quilt-oci, by its id."""
    if not os.path.isdir(root):
        return {}
    found = quilt.run(RUNTIME, "--root", root, "list", "--format", "json").ok().json
    return {container["id"]: container["status"] for container in found or []}


def docker(*argv, **kwargs):
    return quilt.run("docker", *argv, **{"timeout": 3 * quilt.TIMEOUT, **kwargs})


def podman(*argv, **kwargs):
    return quilt.run("podman", *argv, **{"timeout": 3 * quilt.TIMEOUT, **kwargs})


def ctr(*argv, **kwargs):
    return quilt.run("ctr", *argv, **{"timeout": 3 * quilt.TIMEOUT, **kwargs})


def start_docker(**more):
    """Starts Docker's engine with the configuration that is shipped and more, and gives it a busybox image."""
    shipped = json.loads((SNIPPETS / "docker-daemon.json").read_text())
    pathlib.Path("/etc/docker").mkdir(exist_ok=True)
    pathlib.Path("/etc/docker/daemon.json").write_text(json.dumps(shipped | more))
    quilt.run("systemctl", "start", "docker.service", timeout=6 * quilt.TIMEOUT).ok()
    docker("import", str(quilt.BUSYBOX), "busybox").ok()


def configure_podman():
    """Tells Podman and Buildah of quilt-oci by the file that is shipped."""
    drop_ins = pathlib.Path("/etc/containers/containers.conf.d")
    drop_ins.mkdir(parents=True, exist_ok=True)
    shutil.copy(SNIPPETS / "podman.conf", drop_ins / "50-quilt-oci.conf")


def stop_docker():
    docker("image", "rm", "busybox").ok()
    quilt.run("systemctl", "stop", "docker.socket", "docker.service", "containerd.service", timeout=6 * quilt.TIMEOUT).ok()


def eventually(look, timeout=None):
    """Waits until `look` returns a true value, and returns it: for actions that an engine does later without a report."""
    deadline = time.monotonic() + (timeout or 2 * quilt.TIMEOUT)
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not true in time: {look.__doc__ or 'what was waited for'}")
    return seen


class Terminal:
    """A command on a terminal of 100 columns and 30 lines."""

    def __init__(self, *argv):
        self.fd, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.process = subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(theirs)
        self.seen = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.fd)

    def send(self, data):
        os.write(self.fd, data)

    def expect(self, pattern, timeout=2 * quilt.TIMEOUT):
        """Reads until a pattern has come; returns its match."""
        deadline = time.monotonic() + timeout
        while not (match := re.search(pattern, self.seen)):
            if not select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"{pattern!r} is not in {self.seen!r}")
            try:
                self.seen += os.read(self.fd, 65536)
            except OSError:  # nobody has the other end any more
                raise AssertionError(f"{pattern!r} is not in {self.seen!r}") from None
        self.seen = self.seen[match.end():]
        return match

    def wait(self):
        """Returns its exit code. Reads its remaining output meanwhile, since it could not end otherwise."""
        deadline = time.monotonic() + 2 * quilt.TIMEOUT
        with contextlib.suppress(OSError):
            while select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0] and os.read(self.fd, 65536):
                pass
        return self.process.wait(2 * quilt.TIMEOUT)


# Leaks

def leaks(known=frozenset()):
    """The leaks of engines and quilt-oci except the known ones, as a set of sentences. Waits some seconds
    for each to vanish, since engines clean up after they have answered."""
    deadline = time.monotonic() + quilt.TIMEOUT
    while (left := set(_leaks()) - known) and time.monotonic() < deadline:
        pass
    return left


def _leaks():
    left = []
    for root in ROOTS:
        left += [f"{status} container {container} in {root}" for container, status in listed(root).items()]
    left += [f"cgroup {path.relative_to(CGROUPS)}" for path in CGROUPS.glob("**/")
             if re.match(r"(docker|libpod|ctr|buildah)-|machine-libpod_pod_", path.name) or path.parent.name == "default"]
    for line in pathlib.Path("/proc/1/mountinfo").read_text().splitlines():
        place = line.split()[4]
        if re.search(r"/merged$|/runtime-runc/|/quilt-oci/|/containerd/.*/rootfs$|^/run/netns/.", place):
            left.append(f"mount {place}")
    left += [f"process {pid} ({comm})" for pid, comm in quilt._processes()
             if comm.startswith(("quilt-oci", "containerd-shim", "conmon"))]
    return left


def sweep():
    """Removes what a failed test has left, so that it can't fail the next."""
    running = quilt.run("systemctl", "is-active", "docker.service").code == 0
    for engine in (docker, podman) if running else (podman,):
        names = engine("ps", "-aq").text.split()
        if names:
            engine("rm", "-f", "-v", *names)
    podman("pod", "rm", "-fa")
    if running:
        for container in ctr("container", "ls", "-q").text.split():
            ctr("task", "delete", "--force", container)
            ctr("container", "delete", container)
    for root in ROOTS:
        for container in listed(root):
            quilt.run(RUNTIME, "--root", root, "delete", "--force", container)
