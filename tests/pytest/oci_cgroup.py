# SPDX-License-Identifier: LGPL-2.1-or-later
"""Drives the cgroup managers of quilt-oci without a container, by the program tests/unit/oci/oci-cgroup.c."""
import contextlib
import json
import os
import pathlib
import pwd
import subprocess

import pytest

from quilt import run

TOOL = "/opt/quilt-test/oci-cgroup"
ROOT = pathlib.Path("/sys/fs/cgroup")
PATHS = {"cgroupfs": "/quilt-oci-test/web", "systemd": "quilttest.slice:quilt-oci:web"}
MANAGERS = pytest.mark.parametrize("manager", PATHS)


class Cgroup:
    """A cgroup with a process in it. Sends the program that made it commands, a line each, and reads a line for each."""

    def __init__(self, process):
        self.process = process
        self.first = self.answer()
        if not self.first.startswith("error"):
            self.pid, self.path, self.unit = self.first.split()
            self.directory = ROOT / self.path[1:]

    def answer(self):
        return self.process.stdout.readline().rstrip("\n")

    def do(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def read(self, name):
        return (self.directory / name).read_text()


@contextlib.contextmanager
def cgroup(manager, resources=None, annotations=None, path=None, user=None, env=None, **members):
    config = {"ociVersion": "1.2.0", "root": {"path": "/r"}, "process": {"args": ["a"], "cwd": "/"}, "annotations": annotations or {},
              "linux": {"namespaces": [{"type": "mount"}], "resources": resources or {}} | members.pop("linux", {})} | members
    argv = [TOOL, manager, path or PATHS[manager], "web", json.dumps(config)]
    who = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **(env or {})}, **who) as process:
        it = Cgroup(process)
        try:
            yield it
        finally:
            if not it.first.startswith("error") and process.poll() is None:
                assert it.do("kill", "9") == "ok"
                assert it.do("remove") == "ok"
    with contextlib.suppress(OSError):
        (ROOT / "quilt-oci-test").rmdir()


def shown(unit, *names):
    lines = run("systemctl", "show", unit, "-p", ",".join(names)).ok().text.splitlines()
    return dict(line.split("=", 1) for line in lines)
