# SPDX-License-Identifier: LGPL-2.1-or-later
"""SIGKILL of quilt-oci before each of its system calls: everything that it leaves behind is recorded, and delete --force removes it."""
import contextlib
import ctypes
import errno
import os
import pathlib
import platform
import signal
import socket
import subprocess

import pytest

from oci import ROOT, Bundle, Container, config, oci
from quilt import TIMEOUT, run, scopes, unreadable, wait_exit, wait_path

LIBC = ctypes.CDLL(None, use_errno=True)
TRACEME, CONT, DETACH, SYSCALL, SETOPTIONS, SEIZE, INTERRUPT, GET_SYSCALL_INFO = 0, 7, 17, 24, 0x4200, 0x4206, 0x4207, 0x420E
SYSGOOD, EXITKILL = 1, 1 << 20
FLOCK, PIDFD_OPEN = {"x86_64": (73, 434), "aarch64": (32, 434)}[platform.machine()]
CGROUPS = pathlib.Path("/sys/fs/cgroup")
MARK = "86421"  # what the container sleeps for


pytestmark = pytest.mark.usefixtures("oci_clean")


def ptrace(request, pid, address=0, data=0):
    LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if LIBC.ptrace(request, pid, address, data) < 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def run_until(argv, n, log=None):
    """Runs argv up to its n-th system call, which it doesn't come to do; n None: to its end. Returns how many there were."""
    with open(log or "/dev/null", "ab") as output:
        pid = os.fork()
        if pid == 0:
            null = os.open("/dev/null", os.O_RDONLY)
            os.dup2(null, 0)
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            ptrace(TRACEME, 0)
            os.execvp(argv[0], argv)
    os.waitpid(pid, 0)
    ptrace(SETOPTIONS, pid, 0, SYSGOOD | EXITKILL)
    calls, deliver = [], 0
    while True:
        ptrace(SYSCALL, pid, 0, deliver)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            return calls, os.waitstatus_to_exitcode(status)
        deliver = 0
        if os.WSTOPSIG(status) != signal.SIGTRAP | 0x80:
            deliver = os.WSTOPSIG(status) if os.WSTOPSIG(status) != signal.SIGTRAP else 0
            continue
        info = (ctypes.c_uint8 * 88)()
        ptrace(GET_SYSCALL_INFO, pid, ctypes.sizeof(info), ctypes.addressof(info))
        if info[0] != 1:  # on its way out
            continue
        calls.append(int.from_bytes(bytes(info[24:32]), "little"))
        if n is not None and len(calls) > n:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return calls, None


def alive():
    """The processes of the container that are there, its waiting init too."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
            state = (process / "stat").read_text().rsplit(")", 1)[1].split()[0]
            inside = os.readlink(process / "ns/mnt") != os.readlink("/proc/self/ns/mnt")
            if state not in "ZX" and (MARK.encode() in words and words.startswith(b"sleep") or b"quilt-oci" in words.split(b"\0")[0] and inside):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def left():
    """The things that must not exist once all containers are deleted."""
    return {
        "states": os.listdir(ROOT) if ROOT.exists() else [],
        # First: it waits until systemd has collected a scope that is empty.
        "scopes": [scope for scope in scopes() if scope.startswith("quiltoci-")],
        "cgroups": [str(path) for path in (CGROUPS / "quilt-oci", SCOPE) if path.exists()],
        "processes": alive(),
        "mounts": [line for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines() if "quilt-oci" in line],
    }


SCOPE = CGROUPS / "system.slice/quiltoci-one.scope"
NOTHING = {"states": [], "cgroups": [], "scopes": [], "processes": [], "mounts": []}
MANAGERS = pytest.mark.parametrize("manager", [(), ("--systemd-cgroup",)], ids=["cgroupfs", "systemd"])


@MANAGERS
@pytest.mark.parametrize("verb", ["create", "start", "run", "exec", "delete"])
def test_killed_at_each_system_call(verb, manager):
    bundle = Bundle("one").write(config("sleep", MARK))
    base = ["quilt-oci", "--root", str(ROOT), *manager]
    create = [*base, "create", "--bundle", str(bundle.path), "one"]
    argv = {"create": create, "start": [*base, "start", "one"], "run": [*base, "run", "--detach", "--bundle", str(bundle.path), "one"],
            "exec": [*base, "exec", "--detach", "one", "sleep", MARK], "delete": [*base, "delete", "--force", "one"]}[verb]
    before = {"start": ["create"], "exec": ["create", "start"], "delete": ["create", "start"]}.get(verb, [])

    def prepare():
        for step in before:
            words = create if step == "create" else [*base, "start", "one"]
            subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=TIMEOUT, check=True)

    def remove():
        oci("delete", "--force", "one").ok()
        found = left()
        if found != NOTHING and found["processes"]:
            for pid in found["processes"]:
                wait_exit(pid)
            found = left()
        assert found == NOTHING, f"before call {n}: {calls[-1]}"

    n = None
    prepare()
    calls, code = run_until(argv, None)
    assert code == 0
    # The libraries are loaded by then, and nothing was done yet.
    first = next(i for i, call in enumerate(calls) if call == (PIDFD_OPEN if verb == "exec" else FLOCK)) - 2
    last = len(calls)
    remove()
    for n in range(first, last):
        prepare()
        calls, code = run_until(argv, n)
        if alive():
            assert oci("state", "one").code == 0, f"before call {n}: it runs, and is not on record"
        remove()
    # And the name is as good as new.
    prepare()
    assert run_until(argv, None)[1] == 0
    remove()


@MANAGERS
def test_the_same_name_again_after_a_create_that_was_killed(manager):
    """Without a deletion before, create reports that the container already exists."""
    bundle = Bundle("one").write(config("sleep", MARK))
    create = ["quilt-oci", "--root", str(ROOT), *manager, "create", "--bundle", str(bundle.path), "one"]
    total = len(run_until(create, None)[0])
    oci("delete", "--force", "one").ok()
    for n in range(total - 30, total, 5):
        run_until(create, n)
        done = run(*create)
        assert done.code == 1 and b"'one' already exists" in done.err
        assert oci("state", "one").json["status"] in ("creating", "created", "stopped")
        oci("delete", "--force", "one").ok()
        assert left() == NOTHING


@pytest.mark.fault(39)
@pytest.mark.parametrize("description", ["somebody else's", "Quilt container one"])
def test_a_scope_of_somebody_elses_stays_where_a_create_is_killed(description):
    """Before create asks systemd for the scope, the name is all that it has of it."""
    bundle = Bundle("one").write(config("sleep", MARK))
    create = ["quilt-oci", "--root", str(ROOT), "--systemd-cgroup", "create", "--bundle", str(bundle.path), "one"]
    other = ["systemd-run", "--quiet", "--scope", "--unit=quiltoci-one.scope", f"--description={description}", "sleep", "1000"]
    with subprocess.Popen(other) as process:
        wait_path(CGROUPS / "system.slice/quiltoci-one.scope/cgroup.procs")
        calls, code = run_until(create, None)
        assert code == 1
        for n in range(next(i for i, call in enumerate(calls) if call == FLOCK), len(calls), 5):
            run_until(create, n)
            oci("delete", "--force", "one").ok()
            assert scopes() == ["quiltoci-one.scope"] and process.poll() is None, f"before call {n}"
        process.kill()
    for pid in alive():
        wait_exit(pid)


@contextlib.contextmanager
def foreign(manager):
    """Somebody else's process, where the container's would be."""
    if manager:
        argv = ["systemd-run", "--quiet", "--scope", "--unit=quiltoci-one.scope", "--description=Quilt container one", "sleep", "1000"]
    else:
        home = CGROUPS / "quilt-oci/one"
        home.mkdir(parents=True)
        argv = ["sh", "-c", f"echo $$ >{home}/cgroup.procs; exec sleep 1000"]
    events = CGROUPS / ("system.slice/quiltoci-one.scope" if manager else "quilt-oci/one") / "cgroup.events"
    with subprocess.Popen(argv) as process:
        try:
            while not events.exists() or "populated 1" not in events.read_text():
                assert process.poll() is None
            yield process, events
        finally:
            process.kill()


@MANAGERS
@pytest.mark.fault(39)
def test_a_cgroup_that_cannot_be_looked_at_is_not_empty(manager):
    """A create that was killed before it recorded which cgroup it made leaves only its name: delete --force must not claim a cgroup that it can't read."""
    bundle = Bundle("one").write(config("sleep", MARK))
    create = ["quilt-oci", "--root", str(ROOT), *manager, "create", "--bundle", str(bundle.path), "one"]
    calls, _ = run_until(create, None)
    oci("delete", "--force", "one").ok()
    for n in range(calls.index(FLOCK), len(calls)):
        run_until(create, n)
        if (ROOT / "one/state.json").exists():
            break
        oci("delete", "--force", "one").ok()
    with foreign(manager) as (process, events):
        with unreadable(events):
            done = oci("delete", "--force", "one")
            assert done.code == 1 and b"Permission denied" in done.err, done
            assert oci("state", "one").json["status"] == "creating"
        oci("delete", "--force", "one", timeout=3 * TIMEOUT).ok()
        assert process.poll() is None
    for path in () if manager else (CGROUPS / "quilt-oci/one", CGROUPS / "quilt-oci"):
        path.rmdir()
    for pid in alive():
        wait_exit(pid)


def test_a_hook_that_runs_while_quilt_oci_is_killed(tmp_path):
    """A hook that the init runs ends with the init, and does not delay delete."""
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\necho >{tmp_path}/begun\nexec sleep {MARK}\n")
    hook.chmod(0o755)
    configuration = config("true")
    configuration["hooks"] = {"createContainer": [{"path": str(hook)}]}
    bundle = Bundle("one").write(configuration)
    with subprocess.Popen(["quilt-oci", "--root", str(ROOT), "create", "--bundle", str(bundle.path), "one"]) as process:
        wait_path(tmp_path / "begun")
        process.kill()
    oci("delete", "--force", "one").ok()
    for pid in alive():
        wait_exit(pid)
    assert left() == NOTHING


def gate():
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    channel.connect(str(ROOT / "one/gate"))  # waits while others do; with a timeout it would fail then
    channel.settimeout(TIMEOUT)
    return channel


@pytest.mark.fault(39)
def test_a_start_that_is_killed_has_started_it_or_not():
    """Before its word to the init, the container is created; after it, though the socket is still there, it runs."""
    bundle = Bundle("one").write(config("sleep", "1000"))
    container = Container("one", bundle)
    for _ in range(3):
        gate().close()
        assert container.status == "created"
    with gate() as channel:
        channel.send(b"\0")
        while channel.recv(4096):
            pass
    assert (ROOT / "one/gate").is_socket() and container.status == "running"
    for verb in "start", "delete":
        done = oci(verb, "one")
        assert done.code == 1 and b"running" in done.err, done
    container.stop()
    oci("delete", "one").ok()
    container = Container("one", bundle)
    gate().close()
    assert container.start().status == "running"


@pytest.mark.fault(39)
def test_a_connection_that_says_nothing_does_not_hold_the_start():
    container = Container("one", Bundle("one").write(config("sleep", "1000")))
    with gate() as silent:
        assert silent.recv(1) == b""  # closed after a while
        assert container.status == "created"
    with gate():
        assert container.start().status == "running"
    container.stop()


def stop_after_timeout(pid, n):
    """Stops the traced init n stops (at the beginning and the end of system calls) after its reading from the gate has timed out."""
    info, passed = (ctypes.c_int64 * 11)(), None
    while passed != n:
        ptrace(SYSCALL, pid)
        os.waitpid(pid, 0)
        ptrace(GET_SYSCALL_INFO, pid, ctypes.sizeof(info), ctypes.addressof(info))
        if passed is not None:
            passed += 1
        elif info[0] & 0xFF == 2 and info[3] == -errno.EAGAIN:
            passed = 0


@pytest.mark.fault(39)
@pytest.mark.parametrize("stop", [0, 3, 6])
def test_a_word_that_comes_too_late_is_read_or_refused(stop):
    """The init is held at some moment between the end of its patience and its next accept, and a start that was held up gives its word then."""
    container = Container("one", Bundle("one").write(config("sleep", "1000")))
    pid = container.pid
    with gate() as channel:
        ptrace(SEIZE, pid, 0, SYSGOOD)
        ptrace(INTERRUPT, pid)
        os.waitpid(pid, 0)
        stop_after_timeout(pid, stop)
        try:
            channel.send(b"\0")
        except BrokenPipeError:
            ptrace(DETACH, pid)
            container.start()
        else:
            ptrace(DETACH, pid)
            while channel.recv(4096):
                pass
    assert container.status == "running"
    container.stop()
