# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman on quilt-oci."""
import json
import os
import pathlib
import pwd
import re
import shutil
import urllib.request

import pytest

import engine
import quilt

pytestmark = pytest.mark.usefixtures("podman")
# Podman asks for a limit of 2048 processes by itself, which a host without the pids controller can't keep.
NO_LIMIT = ("--pids-limit=-1",)
QUIET = (*NO_LIMIT, "--network=none")


@pytest.fixture
def service(podman):
    """Starts containers in the background, each seen in quilt-oci's own list; they are removed at the end."""
    started = []

    def start(*argv):
        container = podman("run", "-d", "--stop-timeout=1", *argv).ok().text.strip()
        started.append(container)
        assert engine.listed(engine.PODMAN)[container] == "running"
        return container
    yield start
    if started:
        podman("rm", "-f", "-t", "0", "-v", *started).ok()


def inspect(container, what):
    return engine.podman("inspect", "--format", "{{" + what + "}}", container).ok().text.strip()


def test_quilt_oci_is_the_runtime(podman, service):
    info = podman("info", "--format", "json").ok().json["host"]["ociRuntime"]
    assert (info["name"], info["path"]) == ("quilt-oci", engine.RUNTIME)
    container = service(*QUIET, "busybox", "sleep", "1000")
    assert inspect(container, ".OCIRuntime") == "quilt-oci"


def test_run_delivers_bytes_and_exit_codes(podman):
    done = podman("run", "--rm", "-i", *QUIET, "busybox", "sh", "-c", "cat; printf '\\377\\0e' >&2; exit 42", input=b"\0in\xfe\n")
    assert (done.code, done.out, done.err) == (42, b"\0in\xfe\n", b"\xff\0e")


@pytest.mark.parametrize("command, code, words", [
    ("no-such-command", 127, "no-such-command"),
    ("/no/such/file", 127, "no such file or directory"),
    ("/etc/passwd", 126, "permission denied"),
    ("/etc", 126, "permission denied"),
])
def test_a_command_that_can_not_be_executed(podman, service, command, code, words):
    done = podman("run", "--rm", *QUIET, "busybox", command)
    assert done.code == code, done
    # From the JSON log: the message alone.
    assert command in done.err.decode() and words in done.err.decode().lower() and "level" not in done.err.decode()
    container = service(*QUIET, "busybox", "sleep", "1000")
    assert podman("exec", container, command).code == code


def test_exec(podman, service):
    container = service(*QUIET, "-e", "FROM=run", "busybox", "sleep", "1000")
    done = podman("exec", "-i", "-u", "1000:1001", "-w", "/tmp", "-e", "ALSO=exec", container,
                  "sh", "-c", "id; pwd; echo $FROM $ALSO; cat; exit 3", input=b"in")
    assert (done.code, done.out) == (3, b"uid=1000 gid=1001\n/tmp\nrun exec\nin"), done


def test_terminals(service):
    container = service(*QUIET, "busybox", "sleep", "1000")
    for argv in (("exec", "-it", container, "sh"), ("run", "--rm", "-it", *QUIET, "busybox", "sh")):
        with engine.Terminal("podman", *argv) as terminal:
            terminal.send(b"tty; until stty size 2>/dev/null | grep .; do :; done\n")
            terminal.expect(rb"\r\n/dev/\S+\r\n30 100\r\n")
            terminal.send(b"exit 5\n")
            assert terminal.wait() == 5


def test_stop_start_kill_and_pause(podman, service):
    container = service(*QUIET, "busybox", "sh", "-c", "trap 'echo bye; exit 7' TERM; while :; do sleep 0.1; done")
    podman("pause", container).ok()
    assert engine.listed(engine.PODMAN)[container] == "paused"
    podman("unpause", container).ok()
    assert engine.listed(engine.PODMAN)[container] == "running"
    podman("stop", "-t", "20", container).ok()
    assert inspect(container, ".State.ExitCode") == "7"
    podman("start", container).ok()
    assert engine.listed(engine.PODMAN)[container] == "running"
    podman("kill", container).ok()
    assert podman("wait", container).ok().text == "137\n"
    assert podman("logs", container).ok().text == "bye\n"


def test_a_pid_namespace_of_the_host(podman, service):
    container = service(*QUIET, "--pid=host", "busybox", "sh", "-c", "sleep 1000 & exec sleep 1001")
    podman("stop", "-t", "1", container).ok()
    assert not quilt.run("pgrep", "-f", "sleep 100[01]").text


def test_health(podman, service):
    container = service(*QUIET, "--health-cmd", "test -e /well", "--health-interval=disable", "--health-retries=1",
                        "busybox", "sleep", "1000")
    assert podman("healthcheck", "run", container).code == 1
    assert inspect(container, ".State.Health.Status") == "unhealthy"
    podman("exec", container, "touch", "/well").ok()
    podman("healthcheck", "run", container).ok()
    assert inspect(container, ".State.Health.Status") == "healthy"


def test_a_pod_shares_namespaces(podman):
    podman("pod", "create", "--name", "pod", "--hostname", "of-the-pod").ok()
    try:
        first = podman("run", "-d", "--pod", "pod", "--stop-timeout=0", *NO_LIMIT, "busybox", "sleep", "1000").ok().text.strip()
        done = podman("run", "--rm", "--pod", "pod", *NO_LIMIT, "busybox", "sh", "-c",
                      "for kind in ipc net uts; do readlink /proc/self/ns/$kind; done; hostname").ok().text.split()
        pid = inspect(first, ".State.Pid")
        assert done == [*(os.readlink(f"/proc/{pid}/ns/{kind}") for kind in ("ipc", "net", "uts")), "of-the-pod"]
        # The first container, and the pause process that holds the namespaces.
        assert list(engine.listed(engine.PODMAN).values()) == ["running", "running"]
    finally:
        podman("pod", "rm", "-f", "-t", "0", "pod").ok()


def test_user_namespaces(podman):
    for argv, rows in ((("--uidmap=0:200000:1000", "--gidmap=0:300000:1000"), ["0 200000 1000", "0 300000 1000"]),
                       (("--userns=host",), ["0 0 4294967295", "0 0 4294967295"])):
        done = podman("run", "--rm", *QUIET, *argv, "busybox", "sh", "-c",
                      "cat /proc/self/uid_map /proc/self/gid_map; touch /tmp/x; stat -c '%u %g' /tmp/x").ok().text
        assert [" ".join(line.split()) for line in done.splitlines()] == [*rows, "0 0"]


def test_userns_auto(podman):
    ids = "containers:500000:1000000\n"
    saved = {file: pathlib.Path(file).read_text() for file in ("/etc/subuid", "/etc/subgid")}
    try:
        for file, text in saved.items():
            pathlib.Path(file).write_text(text + ids)
        first, size = podman("run", "--rm", *QUIET, "--userns=auto", "busybox", "cat", "/proc/self/uid_map").ok().text.split()[1:]
        assert int(first) >= 500000 and int(size) >= 1024
    finally:
        for file, text in saved.items():
            pathlib.Path(file).write_text(text)


def test_what_a_container_is_given(podman):
    done = podman("run", "--rm", *QUIET, "--read-only", "--cap-drop=all", "--cap-add=chown", "--umask=027", "--init",
                  "--hostname=its-own", "--sysctl=net.ipv4.ip_default_ttl=9", "--device=/dev/fuse", "--security-opt=no-new-privileges",
                  "--mount=type=tmpfs,destination=/t,tmpfs-size=1m", "busybox", "sh", "-c",
                  "grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status; umask; hostname; cat /proc/sys/net/ipv4/ip_default_ttl;"
                  "ls /dev/fuse; df -k /t | tail -n1 | awk '{print $2}'; tr '\\0' ' ' </proc/1/cmdline | cut -c1-19; touch /x").text
    assert done.split("\n") == ["CapEff:\t0000000000000001", "NoNewPrivs:\t1", "Seccomp:\t2", "0027", "its-own", "9", "/dev/fuse",
                                "1024", "/run/podman-init --", ""]


def test_privileged(podman):
    done = podman("run", "--rm", *QUIET, "--privileged", "busybox", "sh", "-c",
                  "mount -t tmpfs none /tmp && grep CapEff /proc/self/status; ls /dev/loop-control").ok().text
    mine = re.search(r"CapBnd:\t(\w+)", pathlib.Path("/proc/self/status").read_text())[1]
    assert done == f"CapEff:\t{mine}\n/dev/loop-control\n"


def test_cgroup_managers(podman):
    for manager, place in (("systemd", "machine.slice/libpod-{}.scope"), ("cgroupfs", "libpod_parent/libpod-{}")):
        container = podman("--cgroup-manager", manager, "run", "-d", *QUIET, "busybox", "sleep", "1000").ok().text.strip()
        try:
            pid = inspect(container, ".State.Pid")
            assert f"0::/{place.format(container)}" in pathlib.Path(f"/proc/{pid}/cgroup").read_text()
        finally:
            podman("rm", "-f", "-t", "0", container).ok()


def test_no_cgroup_of_its_own(podman, service):
    container = service("--cgroups=disabled", "--network=none", "busybox", "sleep", "1000")
    mine, its = (pathlib.Path(f"/proc/{pid}/cgroup").read_text() for pid in ("self", inspect(container, ".State.Pid")))
    assert its == mine


def test_descriptors(podman):
    """The standard ones and what was asked for, whatever else podman and conmon have open."""
    argv = ("podman", "run", "--rm", *QUIET, "--preserve-fds=1", "busybox", "sh", "-c", "cat <&3; ls /proc/self/fd")
    done = quilt.run("sh", "-c", 'exec "$@" 3</etc/hostname', "-", *argv, timeout=3 * quilt.TIMEOUT).ok()
    # ls itself opens descriptor 3 for the directory.
    assert done.text.split() == ["quilt-test", "0", "1", "2", "3", "4"]


def test_ports_and_volumes(podman, service, tmp_path):
    (tmp_path / "index.html").write_text("it works")
    container = service(*NO_LIMIT, "-p", "127.0.0.1:8088:80", "-v", f"{tmp_path}:/www:ro", "busybox", "httpd", "-f", "-h", "/www")

    def page():
        """the page is served"""
        try:
            return urllib.request.urlopen("http://127.0.0.1:8088/", timeout=quilt.TIMEOUT).read()
        except OSError:
            return None
    assert engine.eventually(page) == b"it works"
    assert b"Read-only" in podman("exec", container, "touch", "/www/x").err


def test_without_root(podman):
    """alice runs containers in a user namespace of hers, without a cgroup of her own to manage."""
    alice = pwd.getpwnam("alice")
    storage, runtime_dir = pathlib.Path("/var/lib/containers/alice"), pathlib.Path(f"/run/user/{alice.pw_uid}")
    quilt.run("loginctl", "enable-linger", "alice").ok()
    quilt.wait_unit(f"user@{alice.pw_uid}.service", "active")
    os.makedirs(storage)
    os.chmod("/var/lib/containers", 0o755)
    os.chown(storage, alice.pw_uid, alice.pw_gid)
    config = pathlib.Path("/home/alice/.config/containers")
    quilt.run("mkdir", "-p", str(config), user="alice").ok()
    (config / "storage.conf").write_text(f'[storage]\ndriver = "overlay"\ngraphroot = "{storage}"\nrunroot = "{runtime_dir}/containers"\n')
    env = {"HOME": "/home/alice", "XDG_RUNTIME_DIR": str(runtime_dir), "DBUS_SESSION_BUS_ADDRESS": f"unix:path={runtime_dir}/bus"}

    def mine(*argv, **kwargs):
        return quilt.run("podman", *argv, user="alice", env=env, cwd="/", timeout=6 * quilt.TIMEOUT, **kwargs)
    try:
        mine("import", str(quilt.BUSYBOX), "busybox").ok()
        container = mine("run", "-d", *QUIET, "busybox", "sleep", "1000").ok().text.strip()
        pid = mine("inspect", "--format", "{{.State.Pid}}", container).ok().text.strip()
        assert pathlib.Path(f"/proc/{pid}/uid_map").read_text().split()[1] == str(alice.pw_uid)
        listed = quilt.run(engine.RUNTIME, "list", "-q", user="alice", env=env).ok().text.split()
        assert listed == [container]
        assert mine("exec", container, "id", "-u").ok().text == "0\n"
        mine("rm", "-f", "-t", "0", container).ok()
        done = mine("run", "--rm", *QUIET, "--userns=keep-id", "busybox", "sh", "-c", "id -u; exit 4")
        assert (done.code, done.text) == (4, f"{alice.pw_uid}\n"), done
    finally:
        mine("system", "reset", "--force")
        quilt.run("loginctl", "disable-linger", "alice").ok()
        quilt.wait_unit(f"user@{alice.pw_uid}.service", "inactive")
        shutil.rmtree(storage)
        shutil.rmtree("/home/alice/.config")


@pytest.mark.fault(24)
def test_h2_the_command_of_readme(podman):
    """Runs the command of README with an image and a command, without options whose controllers this host lacks."""
    line = next(line for line in engine.README.read_text().splitlines() if line.startswith("podman "))
    line = line.split(" # ")[0].replace("IMAGE COMMAND", "busybox echo it runs").replace(" run ", f" run {' '.join(QUIET)} ")
    assert quilt.run("bash", "-c", line, timeout=6 * quilt.TIMEOUT).ok().out == b"it runs\n"
