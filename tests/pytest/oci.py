# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bundles, and containers of quilt-oci that the tests make of them."""
import json
import pathlib
import subprocess

from quilt import BUSYBOX, TIMEOUT, run, wait_exit

ROOT = pathlib.Path("/run/quilt-oci-test")
# Where a test host has room, and a real file system.
BUNDLES = pathlib.Path("/var/tmp/quilt-oci-test")

CAPABILITIES = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SETGID", "CAP_SETUID"]


def config(*args, **process):
    """A config.json that runs args in the busybox root; change what a test is about."""
    return {
        "ociVersion": "1.2.0",
        "process": {"args": list(args), "cwd": "/", "env": ["PATH=/bin:/sbin:/usr/bin:/usr/sbin"], "user": {"uid": 0, "gid": 0},
                    "capabilities": {name: CAPABILITIES for name in ("bounding", "effective", "permitted")}, **process},
        "root": {"path": "rootfs"},
        "hostname": "quilt-oci",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"]},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
             "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
            {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "ro"]},
        ],
        "linux": {"namespaces": [{"type": name} for name in ("pid", "ipc", "uts", "mount", "cgroup", "network")]},
    }


class Bundle:
    """A bundle of its own, with the busybox root, which everybody may enter."""

    def __init__(self, name):
        self.path = BUNDLES / name
        root = self.path / "rootfs"
        root.mkdir(parents=True)
        run("tar", "-C", str(root), "-xf", str(BUSYBOX)).ok()
        root.chmod(0o755)

    def write(self, configuration):
        (self.path / "config.json").write_text(json.dumps(configuration))
        return self


def oci(*argv, options=(), **kwargs):
    """quilt-oci, with states apart from the host's own."""
    return run("quilt-oci", "--root", str(ROOT), *options, *argv, **kwargs)


def state(name):
    return oci("state", name).ok().json


class Container:
    """A container that is created from a bundle. Its output goes to a file, since it would keep a pipe open."""

    def __init__(self, name, bundle, *options, before=()):
        self.name, self.bundle = name, bundle
        self.output = bundle.path / "output"
        with open(self.output, "wb") as output:
            done = subprocess.run(["quilt-oci", "--root", str(ROOT), *before, "create", "--bundle", str(bundle.path), *options, name],
                                  stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, timeout=TIMEOUT)
        assert done.returncode == 0, self.output.read_bytes()
        self.pid = state(name)["pid"]

    def start(self):
        oci("start", self.name).ok()
        return self

    def stop(self):
        oci("kill", self.name, "KILL").ok()
        wait_exit(self.pid)
        return self

    @property
    def status(self):
        return state(self.name)["status"]


def remove_all():
    """Removes every container and bundle; returns what could not be removed."""
    if ROOT.exists():
        for name in oci("list", "--quiet").ok().text.split():
            oci("delete", "--force", name).ok()
        for left in ROOT.iterdir():
            return [str(left)]
        ROOT.rmdir()
    run("rm", "-rf", str(BUNDLES)).ok()
    return []
