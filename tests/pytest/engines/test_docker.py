# SPDX-License-Identifier: LGPL-2.1-or-later
"""Docker's engine with quilt-oci as its default runtime."""
import contextlib
import pathlib
import re
import urllib.request

import pytest

import engine
import quilt

pytestmark = pytest.mark.usefixtures("docker")


@pytest.fixture
def service(docker, request):
    """Starts containers in the background, each seen in quilt-oci's own list; they are removed at the end."""
    started = []

    def start(*argv):
        container = docker("run", "-d", *argv).ok().text.strip()
        started.append(container)
        return container
    yield start
    if started:
        docker("rm", "-f", "-v", *started).ok()


def inspect(container, what):
    return engine.docker("inspect", "--format", "{{" + what + "}}", container).ok().text.strip()


def pid_of(container):
    return int(inspect(container, ".State.Pid"))


def test_quilt_oci_is_the_default_runtime(docker, service):
    assert docker("info", "--format", "{{.DefaultRuntime}}").text.strip() == "quilt-oci"
    container = service("busybox", "sleep", "1000")
    assert inspect(container, ".HostConfig.Runtime") == "quilt-oci"
    assert engine.listed(engine.DOCKER) == {container: "running"}


def test_run_delivers_bytes_and_exit_codes(docker):
    done = docker("run", "--rm", "-i", "busybox", "sh", "-c", "cat; printf '\\377\\0e' >&2; exit 42", input=b"\0in\xfe\n")
    assert (done.code, done.out, done.err) == (42, b"\0in\xfe\n", b"\xff\0e")


@pytest.mark.parametrize("command, code, words", [
    ("no-such-command", 127, "no-such-command"),
    ("/no/such/file", 127, "no such file or directory"),
    ("/etc/passwd", 126, "permission denied"),
    ("/etc", 126, "permission denied"),
])
def test_a_command_that_can_not_be_executed(docker, command, code, words):
    done = docker("run", "--rm", "busybox", command)
    assert done.code == code, done
    assert command in done.err.decode() and words in done.err.decode().lower()


def test_a_process_that_dies_by_a_signal(docker):
    assert docker("run", "--rm", "--init", "busybox", "sh", "-c", "kill -SEGV $$").code == 139


def test_exec(docker, service):
    container = service("-e", "FROM=run", "busybox", "sleep", "1000")
    done = docker("exec", "-i", "-u", "1000:1001", "-w", "/tmp", "-e", "ALSO=exec", container,
                  "sh", "-c", "id; pwd; echo $FROM $ALSO; cat; exit 3", input=b"in")
    assert (done.code, done.out) == (3, b"uid=1000 gid=1001 groups=1001\n/tmp\nrun exec\nin"), done
    assert docker("exec", container, "no-such-command").code == 126
    assert docker("exec", "-w", "/no/such", container, "true").code == 126


def test_exec_on_a_terminal(service):
    container = service("busybox", "sleep", "1000")
    with engine.Terminal("docker", "exec", "-it", container, "sh") as terminal:
        # Docker tells the terminal its size once the command runs.
        terminal.send(b"tty; until stty size 2>/dev/null | grep .; do :; done\n")
        terminal.expect(rb"\r\n/dev/pts/\d+\r\n")
        terminal.expect(rb"30 100\r\n")
        terminal.send(b"exit 5\n")
        assert terminal.wait() == 5


def test_run_on_a_terminal(docker):
    with engine.Terminal("docker", "run", "--rm", "-it", "busybox", "sh") as terminal:
        # Docker tells the terminal its size once the container runs.
        terminal.send(b"tty; ls -l /dev/console | cut -c1; until stty size 2>/dev/null | grep .; do :; done\n")
        terminal.expect(rb"\r\n/dev/\S+\r\nc\r\n30 100\r\n")
        terminal.send(b"sh -c 'echo rea''dy; exec sleep 1000'\n")
        terminal.expect(rb"ready\r\n")
        terminal.send(b"\x03")
        terminal.expect(rb"\r\n/ # ")
        terminal.send(b"exit 6\n")
        assert terminal.wait() == 6


def test_logs(docker, service):
    container = service("busybox", "sh", "-c", "echo first; echo second >&2; echo third")
    docker("wait", container).ok()
    done = docker("logs", container).ok()
    assert (done.out, done.err) == (b"first\nthird\n", b"second\n")


def test_stop_is_graceful_and_then_not(docker, service):
    polite = service("busybox", "sh", "-c", "trap 'echo bye; exit 7' TERM; while :; do sleep 0.1; done")
    docker("stop", polite).ok()
    assert (inspect(polite, ".State.ExitCode"), docker("logs", polite).out) == ("7", b"bye\n")
    rude = service("busybox", "sleep", "1000")
    done = docker("stop", "-t", "1", rude).ok()
    assert inspect(rude, ".State.ExitCode") == "137" and done.seconds > 1
    docker("start", rude).ok()
    assert engine.listed(engine.DOCKER)[rude] == "running"


def test_kill_pause_and_top(docker, service):
    container = service("busybox", "sh", "-c", "trap 'exit 9' USR1; while :; do sleep 0.1; done")
    docker("pause", container).ok()
    assert engine.listed(engine.DOCKER)[container] == "paused"
    docker("unpause", container).ok()
    assert engine.listed(engine.DOCKER)[container] == "running"
    assert "trap" in docker("top", container).ok().text
    docker("kill", "-s", "USR1", container).ok()
    assert docker("wait", container).ok().text == "9\n"


def test_restart_policy(docker, service):
    container = service("--restart", "on-failure:2", "busybox", "false")
    engine.eventually(lambda: inspect(container, ".State.Status") == "exited" and inspect(container, ".RestartCount") == "2")
    always = service("--restart", "always", "busybox", "sleep", "1000")
    first = pid_of(always)
    quilt.run("kill", "-KILL", str(first)).ok()
    quilt.wait_exit(first)
    engine.eventually(lambda: pid_of(always) not in (0, first))
    engine.eventually(lambda: engine.listed(engine.DOCKER).get(always) == "running")


def test_health(docker, service):
    container = service("--health-cmd", "test -e /well", "--health-interval", "200ms", "--health-retries", "2",
                        "busybox", "sleep", "1000")
    engine.eventually(lambda: inspect(container, ".State.Health.Status") == "unhealthy")
    docker("exec", container, "touch", "/well").ok()
    engine.eventually(lambda: inspect(container, ".State.Health.Status") == "healthy")


def test_init(docker):
    processes = docker("run", "--rm", "--init", "busybox", "ps", "-o", "pid,args").ok().text.splitlines()
    assert re.match(r" +1 /sbin/docker-init -- ps", processes[1])


def test_ports(docker, service):
    container = service("-p", "127.0.0.1::80", "busybox", "sh", "-c",
                        "mkdir /www; echo it works >/www/index.html; exec httpd -f -h /www")
    port = docker("port", container, "80").ok().text.strip()

    def page():
        """the page is served"""
        try:
            return urllib.request.urlopen(f"http://{port}/", timeout=quilt.TIMEOUT).read()
        except OSError:
            return None
    assert engine.eventually(page) == b"it works\n"


def test_volumes(docker, service, tmp_path):
    (tmp_path / "file").write_text("of the host")
    docker("volume", "create", "volume").ok()
    try:
        docker("run", "--rm", "-v", "volume:/data", "busybox", "sh", "-c", "echo kept >/data/file").ok()
        done = docker("run", "--rm", "-v", "volume:/data:ro", "-v", f"{tmp_path}:/host", "--tmpfs", "/t:size=1m", "busybox", "sh", "-c",
                      "cat /data/file /host/file; echo back >/host/answer; touch /data/x; df -k /t | tail -n1 | awk '{print $2}'")
        assert done.out == b"kept\nof the host1024\n" and b"Read-only" in done.err, done
        assert (tmp_path / "answer").read_text() == "back\n"
    finally:
        docker("volume", "rm", "volume").ok()


def test_what_a_container_is_given(docker):
    done = docker("run", "--rm", "--read-only", "--cap-drop", "all", "--cap-add", "chown", "--ulimit", "nofile=100",
                  "--hostname", "its-own", "--sysctl", "net.ipv4.ip_default_ttl=9", "--oom-score-adj", "10",
                  "--device", "/dev/fuse", "--security-opt", "no-new-privileges", "--shm-size", "2m", "busybox", "sh", "-c",
                  "grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status; ulimit -n; hostname; cat /proc/sys/net/ipv4/ip_default_ttl "
                  "/proc/self/oom_score_adj; ls /dev/fuse; df -k /dev/shm | tail -n1 | awk '{print $2}'; touch /x").text
    assert done.split("\n") == ["CapEff:\t0000000000000001", "NoNewPrivs:\t1", "Seccomp:\t2", "100", "its-own", "9", "10", "/dev/fuse",
                                "2048", ""]


def test_devices_are_the_usual_ones(docker):
    done = docker("run", "--rm", "busybox", "sh", "-c",
                  "echo x >/dev/null && head -c1 /dev/zero | od -An -tx1; mknod /tmp/fuse c 10 229; : </tmp/fuse")
    assert b" 00" in done.out and b"Operation not permitted" in done.err, done


def test_no_other_descriptor_comes_along(docker):
    # ls itself opens descriptor 3 for the directory.
    assert docker("run", "--rm", "busybox", "ls", "/proc/self/fd").ok().text.split() == ["0", "1", "2", "3"]


def test_many_at_once(docker):
    with contextlib.ExitStack() as stack:
        runs = [stack.enter_context(quilt.spawn("docker", "run", "--rm", "busybox", "sh", "-c", f"echo {code}; exit {code}"))
                for code in range(16)]
        assert [(run.communicate(timeout=6 * quilt.TIMEOUT)[0], run.returncode) for run in runs] == \
            [(b"%d\n" % code, code) for code in range(16)]


def test_privileged(docker):
    with_all = docker("run", "--rm", "--privileged", "busybox", "sh", "-c",
                      "mount -t tmpfs none /tmp && grep CapEff /proc/self/status").ok().text
    mine = int(re.search(r"CapBnd:\t(\w+)", pathlib.Path("/proc/self/status").read_text())[1], 16)
    # Docker 20.10 knows no capability after CAP_AUDIT_READ (37).
    assert int(with_all.split()[1], 16) == mine & ((1 << 38) - 1)


def test_namespaces_of_the_host_and_of_another(docker, service):
    donor = service("--ipc", "shareable", "--hostname", "donor", "busybox", "sleep", "1000")
    theirs = docker("run", "--rm", "--pid", f"container:{donor}", "--ipc", f"container:{donor}", "--network", f"container:{donor}",
                    "busybox", "sh", "-c", "for kind in ipc net pid; do readlink /proc/self/ns/$kind; done; hostname").ok().text
    kinds = [quilt.run("readlink", f"/proc/{pid_of(donor)}/ns/{kind}").text.strip() for kind in ("ipc", "net", "pid")]
    assert theirs.split() == [*kinds, "donor"]
    shared = docker("run", "--rm", "--pid", "host", "--network", "host", "--uts", "host", "--ipc", "host", "busybox", "sh", "-c",
                    "for kind in ipc net pid uts; do readlink /proc/self/ns/$kind; done").ok().text
    assert shared.split() == [quilt.run("readlink", f"/proc/1/ns/{kind}").text.strip() for kind in ("ipc", "net", "pid", "uts")]


def test_build(docker, tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM busybox\nENV WHO=me\nRUN grep -c . /proc/self/cgroup >/groups && echo $WHO >/who\n"
                                         'RUN ["/bin/busybox", "touch", "/two words"]\nUSER 1000\nCMD cat /who; ls -d /two*; id -u\n')
    # BuildKit of Docker 20.10 executes "runc", whatever the default runtime is.
    docker("build", "-t", "built", str(tmp_path), env={"DOCKER_BUILDKIT": "0"}, timeout=6 * quilt.TIMEOUT).ok()
    try:
        assert docker("run", "--rm", "built").ok().text == "me\n/two words\n1000\n"
    finally:
        docker("rmi", "built").ok()


def test_the_engine_is_restarted_and_killed(docker, service):
    container = service("busybox", "sh", "-c", "while [ ! -e /go ]; do sleep 0.1; done; exit 11")
    quilt.run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", "containerd.service").ok()
    quilt.run("systemctl", "restart", "containerd.service", timeout=6 * quilt.TIMEOUT).ok()
    engine.eventually(lambda: docker("exec", container, "touch", "/go").code == 0)
    assert docker("wait", container).ok().text == "11\n"


@pytest.mark.fault(24)
def test_h2_the_command_of_readme(docker):
    """Runs the command of README with an image and a command."""
    line = next(line for line in engine.README.read_text().splitlines() if line.startswith("docker "))
    line = line.split(" # ")[0].replace("IMAGE COMMAND", "busybox echo it runs")
    assert quilt.run("bash", "-c", line, timeout=6 * quilt.TIMEOUT).ok().out == b"it runs\n"
    docker("container", "prune", "--force").ok()
