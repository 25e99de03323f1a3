# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hooks of quilt-oci: when each kind runs, where, with what on stdin, and what comes of one that fails (config.md, "POSIX-platform Hooks")."""
import json
import os
import subprocess

import pytest

from oci import ROOT, Container, config, oci, state
from quilt import TIMEOUT, run, wait_exit, wait_path

KINDS = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
# Writes the state, and the hook's namespaces, root and working directory.
HOOK = """#!/bin/sh
cat >{out}/state.$1
echo "$1 $(readlink /proc/self/ns/mnt) $(readlink /proc/self/ns/pid) $(test -e /hook-is-inside && echo inside || echo outside) $(pwd) ${{WORD-none}}" >>{out}/order
{more}
"""


pytestmark = pytest.mark.usefixtures("oci_clean")


@pytest.fixture
def bundle(bundle):
    """A bundle whose root has a mark, by which hooks see whether they run inside."""
    (bundle.path / "rootfs/hook-is-inside").touch()
    return bundle


class Hooks:
    def __init__(self, bundle, out):
        self.bundle, self.out = bundle, out
        self.table = {}

    def add(self, kind, more="", **members):
        name = f"hook.{kind}.{len(self.table.get(kind, []))}"
        place = self.bundle.path / "rootfs" if kind == "startContainer" else self.out
        (place / name).write_text(HOOK.format(out=self.out, more=more))
        (place / name).chmod(0o755)
        path = f"/{name}" if kind == "startContainer" else str(place / name)
        self.table.setdefault(kind, []).append({"path": path, "args": [name, kind], **members})
        return self

    def write(self, *argv):
        configuration = config(*argv)
        configuration["hooks"] = self.table
        configuration["annotations"] = {"org.example.key": "value"}
        configuration["mounts"].append({"destination": str(self.out), "type": "bind", "source": str(self.out), "options": ["rbind"]})
        self.bundle.write(configuration)
        return self

    @property
    def order(self):
        path = self.out / "order"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def state(self, kind):
        return json.loads((self.out / f"state.{kind}").read_text())


@pytest.fixture
def hooks(bundle, tmp_path):
    return Hooks(bundle, tmp_path)


def kinds(hooks):
    return [line[0] for line in hooks.order]


def test_each_kind_at_its_time_and_place_with_the_state(hooks):
    for kind in KINDS:
        hooks.add(kind)
    hooks.write("sleep", "1000")
    container = Container("one", hooks.bundle)
    assert kinds(hooks) == ["prestart", "createRuntime", "createContainer"]
    container.start()
    assert kinds(hooks) == KINDS[:5]
    inside = os.readlink(f"/proc/{container.pid}/ns/mnt")
    container.stop()
    assert kinds(hooks) == KINDS[:5], "poststop comes when it is deleted"
    oci("delete", "one").ok()
    assert kinds(hooks) == KINDS
    ours = os.readlink("/proc/self/ns/mnt"), os.readlink("/proc/self/ns/pid")
    for kind, mnt, pid, where, *_ in hooks.order:
        is_inside = kind in ("createContainer", "startContainer")
        assert mnt == (inside if is_inside else ours[0]), kind
        assert (pid == ours[1]) != is_inside, kind
        # createContainer is resolved, and runs, before the root is the container's
        assert where == ("inside" if kind == "startContainer" else "outside"), kind
    status = {"prestart": ["creating", "created"], "createRuntime": ["creating", "created"], "createContainer": ["creating", "created"],
              "startContainer": ["created"], "poststart": ["running"], "poststop": ["stopped"]}
    for kind in KINDS:
        said = hooks.state(kind)
        assert said["status"] in status[kind], kind
        assert {key: said[key] for key in ("ociVersion", "id", "bundle", "annotations")} == \
            {"ociVersion": "1.2.0", "id": "one", "bundle": str(hooks.bundle.path), "annotations": {"org.example.key": "value"}}
        assert said["pid"] == (0 if kind == "poststop" else container.pid), kind


def test_run_has_them_all_in_order(hooks):
    for kind in reversed(KINDS):
        hooks.add(kind).add(kind)
    hooks.write("sh", "-c", f"echo command >>{hooks.out}/order")
    oci("run", "--bundle", str(hooks.bundle.path), "one").ok()
    seen = kinds(hooks)
    wanted = [kind for kind in KINDS for _ in range(2)]
    assert seen.count("command") == 1 and seen.index("command") > seen.index("startContainer") + 1 and seen[-2:] == ["poststop"] * 2
    assert [kind for kind in seen if kind != "command"] == wanted


def test_environment_and_arguments_are_its_own(hooks):
    hooks.add("prestart", env=["PATH=/usr/bin:/bin", "WORD=own"]).add("createRuntime").write("true")
    oci("run", "--bundle", str(hooks.bundle.path), "one", env={"WORD": "inherited"}).ok()
    assert [line[-1] for line in hooks.order] == ["own", "inherited"]


# A failed hook: the container is removed, with its poststop hooks. After the container's end, the failure is only reported.
@pytest.mark.parametrize("more, word", [("exit 3", "exit code 3"), ("kill -9 $$", "signal 9"), ("exec sleep 1000", "timeout"), ("echo why >&2; exit 1", "why")],
                         ids=["code", "signal", "timeout", "stderr"])
@pytest.mark.parametrize("kind", KINDS)
def test_one_that_fails(hooks, kind, more, word):
    hooks.add(kind, more, timeout=1)
    for other in KINDS:
        if other != kind:
            hooks.add(other)
    hooks.write("sh", "-c", f"echo command >>{hooks.out}/order")
    done = oci("run", "--bundle", str(hooks.bundle.path), "one")
    assert kind in done.err.decode() and word in done.err.decode(), done
    seen = kinds(hooks)
    if kind == "poststop":
        assert done.code == 0 and "command" in seen and seen[-1] == "poststop"
    elif kind == "poststart":
        assert done.code == 1 and seen[-1] == "poststop"
    else:
        assert done.code == 1 and "command" not in seen
        assert seen == [*KINDS[:KINDS.index(kind) + 1], "poststop"]
    assert os.listdir(ROOT) == []
    assert run("pgrep", "-f", "^sleep 1000$").out == b""


@pytest.mark.fault(39)
@pytest.mark.parametrize("verb, kind", [*(("create", kind) for kind in KINDS[:3]), *(("run", kind) for kind in KINDS[:5])])
def test_term_ends_the_wait_for_a_hook_that_hangs(hooks, verb, kind):
    hooks.add(kind, f"touch {hooks.out}/begun; exec sleep 1000").add("poststop").write("sleep", "1000")
    argv = ["quilt-oci", "--root", str(ROOT), verb, "--bundle", str(hooks.bundle.path), "one"]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        wait_path(hooks.out / "begun")
        process.terminate()
        try:
            _, said = process.communicate(timeout=TIMEOUT)
        finally:
            process.kill()
    assert process.returncode == 1 and b"signal 15 (Terminated)" in said, said
    assert kinds(hooks) == [kind, "poststop"]
    assert os.listdir(ROOT) == []
    assert run("pgrep", "-f", "^sleep 1000$").out == b""


def test_start_that_fails_by_a_hook_leaves_it_stopped(hooks):
    """config.md: an error of startContainer stops the container, and the lifecycle goes on with delete."""
    hooks.add("startContainer", "exit 7").add("poststop").write("sleep", "1000")
    container = Container("one", hooks.bundle)
    done = oci("start", "one")
    assert done.code == 1 and "exit code 7" in done.err.decode()
    wait_exit(container.pid)
    assert state("one")["status"] == "stopped"
    oci("delete", "one").ok()
    assert kinds(hooks)[-1] == "poststop"


HOSTILE = {
    "a relative path": ({"path": "bin/true"}, "path"),
    "no path": ({"args": ["x"]}, "path"),
    "a timeout of nothing": ({"path": "/bin/true", "timeout": 0}, "timeout"),
    "a timeout before it": ({"path": "/bin/true", "timeout": -1}, "timeout"),
    "an environment without names": ({"path": "/bin/true", "env": ["x"]}, "env"),
    "a program that is not there": ({"path": "/nowhere/\x1b[31mhook"}, "/nowhere"),
    "a directory": ({"path": "/etc"}, "/etc"),
}


@pytest.mark.parametrize("hook, word", HOSTILE.values(), ids=HOSTILE)
def test_one_that_makes_no_sense_is_refused_by_name(bundle, hook, word):
    configuration = config("true")
    configuration["hooks"] = {"createRuntime": [hook]}
    done = oci("create", "--bundle", str(bundle.write(configuration).path), "one")
    assert done.code == 1 and word in done.err.decode() and b"\x1b" not in done.err, done
    assert not ROOT.exists() or os.listdir(ROOT) == []


def test_a_hook_that_writes_a_gigabyte_ends_all_the_same(hooks):
    hooks.add("createRuntime", "head -c 100000000 /dev/zero | tr '\\0' x >&2; echo end >&2; exit 1").write("true")
    done = oci("run", "--bundle", str(hooks.bundle.path), "one")
    assert done.code == 1 and len(done.err) < 2000 and b"end" in done.err


def test_a_hook_has_none_of_our_descriptors(hooks):
    for kind in KINDS:
        hooks.add(kind, f"for fd in /proc/self/fd/*; do readlink $fd; done >{hooks.out}/fds.$1; true")
    hooks.write("true")
    oci("run", "--bundle", str(hooks.bundle.path), "one").ok()
    for kind in KINDS:
        links = (hooks.out / f"fds.{kind}").read_text().splitlines()
        assert links and not [link for link in links if link.startswith(("socket:", "anon_inode:", "mnt:", str(ROOT), "/sys"))], (kind, links)


@pytest.mark.parametrize("how", ["kill", "delete --force"])
def test_poststop_once_and_only_once(hooks, how):
    hooks.add("poststop").write("sleep", "1000")
    container = Container("one", hooks.bundle).start()
    if how == "kill":
        container.stop()
        oci("delete", "one").ok()
    else:
        oci("delete", "--force", "one").ok()
    oci("delete", "--force", "one").ok()
    assert kinds(hooks) == ["poststop"]
