# SPDX-License-Identifier: LGPL-2.1-or-later
"""linux.seccomp through quilt-oci: the filter in run and in exec, kept compiled, and the listener that is asked."""
import fcntl
import json
import pathlib
import socket
import struct
import subprocess
import threading

import pytest

import oci as tools
from oci import BUNDLES, Bundle, Container, config, oci
from quilt import TIMEOUT, run, spawn, wait_exit, wait_text

CACHE = pathlib.Path("/run/quilt-seccomp")
# linux/seccomp.h: SECCOMP_IOCTL_NOTIF_RECV and _SEND, of struct seccomp_notif (80 bytes) and seccomp_notif_resp (24).
RECV, SEND = (3 << 30 | 80 << 16 | ord("!") << 8 | 0), (3 << 30 | 24 << 16 | ord("!") << 8 | 1)
EDQUOT = 122


pytestmark = pytest.mark.usefixtures("oci_clean")


def seccomp(action, names, **more):
    return {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
            "syscalls": [{"names": names, "action": action}], **more}


def filtered(name, rules, *args, **process):
    configuration = config(*args, **process)
    configuration["linux"]["seccomp"] = rules
    return Bundle(name).write(configuration)


class Agent(threading.Thread):
    """Listens, and lets each system call that it is asked about fail with EDQUOT."""

    def __init__(self, path, times):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen()
        self.socket.settimeout(20)
        self.times, self.states, self.calls = times, [], []
        self.start()

    def run(self):
        for _ in range(self.times):
            peer, _ = self.socket.accept()
            data, fds, _, _ = socket.recv_fds(peer, 1 << 16, 1)
            self.states.append(json.loads(data))
            asked = bytearray(80)
            fcntl.ioctl(fds[0], RECV, asked)
            ident, pid, _, number = struct.unpack_from("QIIi", asked)
            self.calls.append((pid, number))
            fcntl.ioctl(fds[0], SEND, bytearray(struct.pack("QqiI", ident, 0, -EDQUOT, 0)))


@pytest.mark.fault("37")
@pytest.mark.parametrize("no_new_privileges", [False, True])
def test_a_listener_is_asked_in_run_and_in_exec(no_new_privileges):
    BUNDLES.mkdir(exist_ok=True)
    path = BUNDLES / "agent"
    agent = Agent(path, 2)
    rules = seccomp("SCMP_ACT_NOTIFY", ["mkdir", "mkdirat"], listenerPath=str(path), listenerMetadata="what the engine likes")
    bundle = filtered("one", rules, "sh", "-c", "mkdir /tmp/x; exec sleep 1000", noNewPrivileges=no_new_privileges)
    container = Container("one", bundle).start()
    done = oci("exec", "one", "mkdir", "/tmp/y")
    assert done.code == 1 and b"quota exceeded" in done.err
    agent.join(20)
    assert [number for _, number in agent.calls] in ([83, 83], [258, 258])
    first, second = agent.states
    assert first["fds"] == ["seccompFd"] and first["metadata"] == "what the engine likes"
    assert first["state"]["status"] == "creating", "fault 37: as runc and crun say it"
    assert first["pid"] == container.pid == first["state"]["pid"] and first["state"]["id"] == "one"
    assert second["pid"] != container.pid and second["state"]["status"] == "running"
    assert b"quota exceeded" in container.output.read_bytes()


# quilt-oci(1) lists the calls that a filter must allow besides these.
NEW = ["openat2", "close_range", "faccessat2", "execveat", "setresuid", "setresgid", "setgroups", "capset", "keyctl", "fchdir", "chdir", "umask", "mount", "umount2"]


@pytest.mark.fault("37")
@pytest.mark.parametrize("uid", [0, 7])
@pytest.mark.parametrize("no_new_privileges", [False, True])
def test_a_listener_hears_of_a_container_while_it_is_created(no_new_privileges, uid):
    BUNDLES.mkdir(exist_ok=True)
    path = BUNDLES / "agent"
    agent = Agent(path, 1)
    rules = seccomp("SCMP_ACT_NOTIFY", ["mkdir", "mkdirat"], listenerPath=str(path))
    # Without no_new_privs the init loads the filter by CAP_SYS_ADMIN, and must give that up before others can use it.
    late = [name for name in NEW if no_new_privileges or name != "capset"]
    rules["syscalls"].append({"names": late, "action": "SCMP_ACT_KILL_PROCESS"})
    bundle = filtered("one", rules, "mkdir", "/tmp/x", noNewPrivileges=no_new_privileges, user={"uid": uid, "gid": uid})
    container = Container("one", bundle)
    (first,) = agent.states
    assert first["state"]["status"] == "creating" and first["pid"] == first["state"]["pid"] == container.pid
    assert container.status == "created" and agent.calls == []
    assert "Seccomp:\t2" in open(f"/proc/{container.pid}/status").read()
    oci("kill", "one", "TERM").ok()
    container.start()
    agent.join(20)
    wait_exit(container.pid)
    assert [number for _, number in agent.calls] in ([83], [258])
    assert b"quota exceeded" in container.output.read_bytes().lower()


@pytest.mark.fault("39")
def test_a_slow_listener_costs_no_processor():
    """Its backlog is full, so that the hand-over waits: the process that waits for it is stopped, not spinning."""
    BUNDLES.mkdir(exist_ok=True)
    path = BUNDLES / "agent"
    bundle = filtered("one", seccomp("SCMP_ACT_NOTIFY", ["mkdir"], listenerPath=str(path)), "true")
    with socket.socket(socket.AF_UNIX) as agent, socket.socket(socket.AF_UNIX) as other:
        agent.bind(str(path))
        agent.listen(0)
        other.connect(str(path))
        with spawn("quilt-oci", "--root", str(tools.ROOT), "create", "--bundle", str(bundle.path), "one", stdout=subprocess.DEVNULL) as create:
            children = f"cat /proc/{create.pid}/task/{create.pid}/children"
            run("timeout", "10", "sh", "-c", f"until for pid in $({children}); do grep -q '^State:.T' /proc/$pid/status && exit 0; done; false; do :; done").ok()
            accepted = [agent.accept() for _ in range(2)]  # held: an end that is closed at once refuses the listener
            assert create.wait(TIMEOUT) == 0, create.stderr.read()
            assert len(accepted) == 2
    oci("delete", "--force", "one").ok()


@pytest.mark.fault("37")
def test_a_created_container_with_a_listener_is_deleted():
    BUNDLES.mkdir(exist_ok=True)
    path = BUNDLES / "agent"
    with socket.socket(socket.AF_UNIX) as agent:  # it never accepts the connection
        agent.bind(str(path))
        agent.listen()
        container = Container("one", filtered("one", seccomp("SCMP_ACT_NOTIFY", ["mkdir"], listenerPath=str(path)), "true"))
        assert container.status == "created"
        oci("delete", "--force", "one").ok()
    wait_exit(container.pid)
    assert oci("state", "one").code == 1


@pytest.mark.fault("37")
@pytest.mark.parametrize("verb", ["run", "create"])
def test_hooks_of_the_container_are_under_its_listener(verb):
    BUNDLES.mkdir(exist_ok=True)
    path = BUNDLES / "agent"
    agent = Agent(path, 1)
    bundle = filtered("one", seccomp("SCMP_ACT_NOTIFY", ["mkdir", "mkdirat"], listenerPath=str(path)), "true")
    configuration = json.loads((bundle.path / "config.json").read_text())
    configuration["hooks"] = {"startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", "mkdir /tmp/x && exit 1; exit 0"]}]}
    bundle.write(configuration)
    if verb == "run":
        oci("run", "--bundle", str(bundle.path), "one").ok()
    else:
        Container("one", bundle).start()
    agent.join(20)
    assert [number for _, number in agent.calls] in ([83], [258])


@pytest.mark.fault("37")
@pytest.mark.parametrize("verb", ["create", "run"])
def test_a_listener_that_nobody_is_at_fails_the_verb(verb):
    rules = seccomp("SCMP_ACT_NOTIFY", ["mkdir"], listenerPath="/run/nobody")
    bundle = filtered("one", rules, "true")
    done = oci(verb, "--bundle", str(bundle.path), "one")
    assert done.code == 1 and b"'/run/nobody'" in done.err
    assert oci("state", "one").code == 1


def test_notify_without_a_listener_is_refused():
    bundle = filtered("one", seccomp("SCMP_ACT_NOTIFY", ["mkdir"]), "true")
    done = oci("run", "--bundle", str(bundle.path), "one")
    assert done.code == 1 and b"SCMP_ACT_NOTIFY" in done.err and b"listenerPath" in done.err


def test_a_filter_holds_in_run_and_in_exec_and_is_compiled_once():
    run("rm", "-rf", str(CACHE)).ok()
    bundle = filtered("one", seccomp("SCMP_ACT_ERRNO", ["mkdir", "mkdirat"], defaultErrnoRet=1), "sh", "-c",
                      "mkdir /tmp/x; grep Seccomp: /proc/self/status; exec sleep 1000")
    container = Container("one", bundle).start()
    done = oci("exec", "one", "sh", "-c", "mkdir /tmp/y; grep Seccomp: /proc/self/status")
    assert b"not permitted" in done.err and b"Seccomp:\t2" in done.out
    wait_text(container.output, b"not permitted", b"Seccomp:\t2")
    (kept,) = CACHE.iterdir()
    assert kept.stat().st_mode & 0o077 == 0 and CACHE.stat().st_mode & 0o077 == 0
    born = kept.stat().st_ino
    oci("delete", "--force", "one").ok()
    Container("one", bundle)
    assert kept.stat().st_ino == born
    kept.write_bytes(kept.read_bytes()[:-8])  # damaged: never loaded, but made again
    oci("delete", "--force", "one").ok()
    Container("one", bundle).start()
    assert b"not permitted" in oci("exec", "one", "mkdir", "/tmp/y").err
