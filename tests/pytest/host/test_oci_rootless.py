# SPDX-License-Identifier: LGPL-2.1-or-later
"""quilt-oci inside a user namespace with one id, as rootless engines call it: no node can be made, no cgroup, no group, no sysfs of the host's network."""
import json
import os
import pathlib
import pwd
import subprocess

import pytest

from oci import config
from quilt import TIMEOUT, Result, run, wait_exit

USER = pwd.getpwnam("alice")
RUNTIME = pathlib.Path("/run/quilt-rootless")  # $XDG_RUNTIME_DIR
INIT = "id -u; stat -c '%n %F %t,%T' /dev/null /dev/tty; echo x >/dev/null; stat -f -c %T /proc /sys; mkdir /made; echo ready; exec sleep 1000"


@pytest.fixture
def bundle(bundle):
    RUNTIME.mkdir(mode=0o700)
    os.chown(RUNTIME, USER.pw_uid, USER.pw_gid)
    yield bundle
    run("rm", "-rf", str(RUNTIME)).ok()


class Inside:
    """A user namespace in which alice is root and no other user exists. Runs commands in it, one after another."""

    def __init__(self):
        env = {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(RUNTIME)}
        self.process = subprocess.Popen(["unshare", "-Ur", "--mount", "--propagation", "private", "sh", "-c", "echo ready; exec cat"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, user=USER.pw_uid, group=USER.pw_gid, extra_groups=[USER.pw_gid, 4], env=env)
        assert self.process.stdout.readline() == b"ready\n"

    def oci(self, *argv, output=None):
        enter = ["nsenter", "-t", str(self.process.pid), "-U", "-m", "--preserve-credentials", "--wd=/", "env", f"XDG_RUNTIME_DIR={RUNTIME}", "quilt-oci", *argv]
        done = subprocess.run(enter, stdin=subprocess.DEVNULL, stdout=output or subprocess.PIPE, stderr=output or subprocess.PIPE, timeout=TIMEOUT,
                              user=USER.pw_uid, group=USER.pw_gid, extra_groups=[USER.pw_gid, 4])
        return Result(enter, done.returncode, done.stdout, done.stderr, 0)

    def end(self):
        self.process.stdin.close()
        self.process.wait(TIMEOUT)


@pytest.fixture
def inside():
    it = Inside()
    yield it
    it.end()


def rootless(network=True, user=False):
    configuration = config("sh", "-c", INIT)
    sets = {name: ["CAP_KILL"] for name in ("bounding", "effective", "permitted")}
    configuration["process"]["capabilities"] = sets
    # There is no group 5.
    configuration["mounts"][2]["options"].remove("gid=5")
    left_out = [] if network else ["network"]
    configuration["linux"]["namespaces"] = [entry for entry in configuration["linux"]["namespaces"] if entry["type"] not in left_out]
    if not network:
        configuration["mounts"][3] |= {"options": ["nosuid", "noexec", "nodev", "ro"]}
    if user:
        configuration["linux"]["namespaces"].append({"type": "user"})
        configuration["linux"]["uidMappings"] = configuration["linux"]["gidMappings"] = [{"containerID": 0, "hostID": 0, "size": 1}]
    return configuration


@pytest.mark.parametrize("configuration", [rootless(), rootless(user=True), rootless(network=False)], ids=["plain", "a user namespace more", "the host's network"])
def test_life_of_a_container(inside, bundle, configuration):
    bundle.write(configuration)
    run("chown", "-R", f"{USER.pw_uid}:{USER.pw_gid}", str(bundle.path)).ok()
    with open(bundle.path / "output", "wb") as output:
        done = inside.oci("create", "--bundle", str(bundle.path), "one", output=output)
        assert done.code == 0, (bundle.path / "output").read_text()
    assert (RUNTIME / "quilt-oci/one").is_dir(), "the default directory of states is the user's"
    assert inside.oci("state", "one").ok().json["status"] == "created"
    pid = inside.oci("state", "one").json["pid"]
    inside.oci("start", "one").ok()
    lines = inside.oci("exec", "one", "sh", "-c", "id -u; stat -c '%F %t,%T' /dev/null /dev/zero; echo x >/dev/null && echo written; stat -f -c %T /proc /sys").ok()
    assert lines.text.splitlines() == ["0", "character special file 1,3", "character special file 1,5", "written", "proc", "sysfs"]
    assert inside.oci("exec", "--tty", "one", "tty").ok().out.startswith(b"/dev/pts/")
    assert f"Uid:\t{USER.pw_uid}" in pathlib.Path(f"/proc/{pid}/status").read_text()
    assert [row["status"] for row in inside.oci("list", "--format", "json").ok().json] == ["running"]
    assert inside.oci("exec", "one", "sh", "-c", "echo 1 >/proc/sys/kernel/core_pattern").code != 0
    inside.oci("kill", "one", "KILL").ok()
    wait_exit(pid)
    assert inside.oci("state", "one").ok().json["status"] == "stopped"
    inside.oci("delete", "one").ok()
    assert os.listdir(RUNTIME / "quilt-oci") == []
    assert (bundle.path / "rootfs/made").stat().st_uid == USER.pw_uid


def test_run_and_its_exit_code(inside, bundle):
    configuration = rootless()
    configuration["process"]["args"] = ["sh", "-c", "exit 42"]
    bundle.write(configuration)
    run("chown", "-R", f"{USER.pw_uid}:{USER.pw_gid}", str(bundle.path)).ok()
    assert inside.oci("run", "--bundle", str(bundle.path), "one").code == 42
    assert os.listdir(RUNTIME / "quilt-oci") == []


def test_groups_that_cannot_be_had_are_an_error(inside, bundle):
    """quilt-oci must not start the container without the groups."""
    configuration = rootless()
    configuration["process"]["user"]["additionalGids"] = [0]
    bundle.write(configuration)
    run("chown", "-R", f"{USER.pw_uid}:{USER.pw_gid}", str(bundle.path)).ok()
    done = inside.oci("run", "--bundle", str(bundle.path), "one")
    assert done.code == 1 and os.listdir(RUNTIME / "quilt-oci") == []


def test_another_users_containers_are_not_seen(inside, bundle):
    assert json.loads(inside.oci("--root", "/run/quilt-rootless/quilt-oci", "list", "--format=json").ok().out) == []
    done = inside.oci("--root", "/run/quilt-oci-other", "list")
    assert done.code == 1 and b"/run/quilt-oci-other" in done.err


def as_alice(*argv):
    """Without anybody's namespace around it."""
    done = subprocess.run(["quilt-oci", *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT, cwd=RUNTIME,
                          user=USER.pw_uid, group=USER.pw_gid, extra_groups=[], env={"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(RUNTIME)})
    return Result(argv, done.returncode, done.stdout, done.stderr, 0)


def test_an_ordinary_user_runs_what_spec_writes(bundle):
    run("chown", "-R", f"{USER.pw_uid}:{USER.pw_gid}", str(bundle.path)).ok()
    as_alice("spec", "--rootless", "--bundle", str(bundle.path)).ok()
    path = bundle.path / "config.json"
    configuration = json.loads(path.read_text())
    configuration["process"].update(terminal=False, args=["sh", "-c", INIT])
    configuration["root"]["readonly"] = False
    path.write_text(json.dumps(configuration))
    # The output must be a file, since the container keeps it open.
    with open(bundle.path / "output", "wb") as output:
        assert subprocess.run(["quilt-oci", "run", "--detach", "--bundle", str(bundle.path), "one"], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                              user=USER.pw_uid, group=USER.pw_gid, extra_groups=[], timeout=TIMEOUT,
                              env={"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(RUNTIME)}).returncode == 0, (bundle.path / "output").read_text()
    state = json.loads(as_alice("state", "one").ok().out)
    assert state["status"] == "running" and state["owner"] == str(USER.pw_uid)
    assert os.stat(f"/proc/{state['pid']}").st_uid == USER.pw_uid
    done = as_alice("exec", "one", "sh", "-c", "id -u; cat /proc/1/comm; touch /made/it; exit 5")
    assert done.code == 5 and done.out == b"0\nsleep\n"
    assert (bundle.path / "rootfs/made/it").stat().st_uid == USER.pw_uid
    as_alice("kill", "one", "KILL").ok()
    wait_exit(state["pid"])
    as_alice("delete", "one").ok()
    assert os.listdir(RUNTIME / "quilt-oci") == []


def test_an_ordinary_user_has_no_ids_but_his_own(bundle):
    run("chown", "-R", f"{USER.pw_uid}:{USER.pw_gid}", str(bundle.path)).ok()
    as_alice("spec", "--rootless", "--bundle", str(bundle.path)).ok()
    path = bundle.path / "config.json"
    configuration = json.loads(path.read_text())
    configuration["process"]["terminal"] = False
    configuration["linux"]["uidMappings"][0]["size"] = 2
    path.write_text(json.dumps(configuration))
    done = as_alice("run", "--bundle", str(bundle.path), "one")
    assert done.code == 1 and b"linux.uidMappings" in done.err and b"podman" in done.err
    assert os.listdir(RUNTIME / "quilt-oci") == []
