# SPDX-License-Identifier: LGPL-2.1-or-later
"""quilt-oci where the specification, runc and crun are more lenient or ask for more than it once did. The reproducer is a change to what `spec` writes."""
import json
import os
import pathlib
import shutil
import socket

import pytest

from oci import ROOT, Bundle, Container, oci
from quilt import run, spawn, wait_exit

CGROUPS = pathlib.Path("/sys/fs/cgroup")


pytestmark = pytest.mark.usefixtures("oci_clean")


class Example:
    """What `spec` writes, without a terminal and with a root that can be written to."""

    def __init__(self, name="one"):
        self.bundle = Bundle(name)
        oci("spec", "--bundle", str(self.bundle.path)).ok()
        self.path = self.bundle.path / "config.json"
        self.it = json.loads(self.path.read_text())
        self.it["process"]["terminal"] = False
        self.it["root"]["readonly"] = False

    def command(self, *argv):
        self.it["process"]["args"] = list(argv)
        return self

    def write(self):
        self.path.write_text(json.dumps(self.it))
        return self

    def run(self, *options, before=(), **kwargs):
        return oci("run", "--bundle", str(self.write().bundle.path), *options, "one", options=before, **kwargs)


@pytest.fixture
def example():
    return Example()


@pytest.mark.fault("34")
@pytest.mark.parametrize("version", ["1.3.0", "1.4.1-rc.1", "1.20.0"])
def test_any_later_minor_version_is_taken(example, version):
    example.it["ociVersion"] = version
    assert example.command("echo", "there").run().ok().text == "there\n"


@pytest.mark.fault("34")
@pytest.mark.parametrize("version", ["2.0.0", "0.9.0", "1", ""])
def test_another_major_version_is_refused(example, version):
    example.it["ociVersion"] = version
    done = example.command("true").run()
    assert done.code == 1 and b"ociVersion" in done.err and os.listdir(ROOT) == []


def warned(example, word, *options, before=(), out="there\n"):
    """Checks that the container runs, and that a warning in the log or on stderr names the ignored setting."""
    done = example.run(*options, before=before).ok()
    assert done.text == out and done.err.count(b"\n") == 1 and word in done.err.decode() and b"level=warning" in done.err, done
    log = example.bundle.path / "log"
    done = example.run(*options, before=("--log", str(log), "--log-format", "json", *before)).ok()
    assert done.text == out and done.err == b""
    (line,) = log.read_text().splitlines()
    assert json.loads(line)["level"] == "warning" and word in json.loads(line)["msg"]


@pytest.mark.fault("35")
def test_unknown_keys_are_left_out_with_a_warning(example):
    example.it |= {"unknown": {"process": {}}, "org.example": 1}
    example.it["process"]["unknown"] = [1]
    example.it["linux"]["resources"]["memory"] = {"unknown": 1}
    warned(example.command("echo", "there"), "process.unknown, linux.resources.memory.unknown, unknown, org.example")


@pytest.mark.fault("35")
def test_unknown_capabilities_are_left_out_with_a_warning(example):
    for mask in example.it["process"]["capabilities"].values():
        mask.append("CAP_OF_TOMORROW")
    example.command("echo", "there")
    warned(example, "CAP_OF_TOMORROW")
    Container("one", example.command("sleep", "1000").write().bundle).start()
    done = oci("exec", "--cap", "CAP_OF_TOMORROW", "--cap", "CAP_SYS_TIME", "one", "grep", "CapEff", "/proc/self/status").ok()
    assert int(done.text.split()[1], 16) >> 25 & 1 and b"CAP_OF_TOMORROW" in done.err
    process = example.bundle.path / "process.json"
    process.write_text(json.dumps({**example.it["process"], "args": ["echo", "there"], "unknown": 1}))
    done = oci("exec", "--process", str(process), "one").ok()
    assert done.text == "there\n" and b"process.unknown" in done.err and b"CAP_OF_TOMORROW" in done.err
    done = oci("update", "--resources", "-", "one", input=b'{"unknown":1,"unified":{}}').ok()
    assert b"unknown" in done.err


@pytest.mark.fault("35")
@pytest.mark.parametrize("option", ["mode=755", "size=1m", "remount", "sync"])
def test_what_a_bind_mount_cannot_have_is_left_out_with_a_warning(example, option, tmp_path):
    (tmp_path / "word").write_text("there\n")
    example.it["mounts"].append({"destination": "/mnt", "type": "bind", "source": str(tmp_path), "options": ["bind", option, "ro"]})
    warned(example.command("sh", "-c", "cat /mnt/word; touch /mnt/x 2>/dev/null && echo not read-only; true"), option)


@pytest.mark.fault("35")
def test_unknown_system_calls_are_left_out_with_a_warning(example):
    run("rm", "-rf", "/run/quilt-seccomp").ok()
    names = ["mkdir", "mkdirat", "of_tomorrow", "and_the_day_after"]
    example.it["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": names, "action": "SCMP_ACT_ERRNO", "errnoRet": 122},
                                                                                    {"names": ["of_tomorrow"], "action": "SCMP_ACT_ALLOW"}]}
    example.command("sh", "-c", "mkdir /x; true")
    done = example.run().ok()
    assert b"quota exceeded" in done.err and b"of_tomorrow, and_the_day_after" in done.err
    done = example.run().ok()
    assert b"quota exceeded" in done.err, "the filter that was kept is the same"
    example.it["annotations"] = {"run.oci.seccomp_fail_unknown_syscall": "1"}
    done = example.run()
    assert done.code == 1 and b"'of_tomorrow' is not known" in done.err


# Devices

@pytest.mark.fault("37")
def test_a_device_outside_of_dev(example):
    example.it["linux"]["devices"] = [{"path": "/foo-dev", "type": "c", "major": 1, "minor": 3, "fileMode": 0o606, "uid": 7, "gid": 8},
                                      {"path": "/made/on/the/way", "type": "p"}]
    script = "stat -c '%n %F %t:%T %a %u %g' /foo-dev /made/on/the/way; echo x >/foo-dev && echo written"
    assert example.command("sh", "-c", script).run().ok().text.splitlines() == [
        "/foo-dev character special file 1:3 606 7 8", "/made/on/the/way fifo 0:0 666 0 0", "written"]
    assert example.run().ok(), "what is there is the device"
    (example.bundle.path / "rootfs/made/on/the/way").unlink()
    (example.bundle.path / "rootfs/made/on/the/way").mkdir()
    done = example.run()
    assert done.code == 1 and b"/made/on/the/way" in done.err and os.listdir(ROOT) == []


DEFAULT = ["null", "zero", "full", "random", "urandom", "tty"]


@pytest.mark.fault("37")
@pytest.mark.parametrize("image", ["no /dev", "an empty /dev", "files in /dev"])
def test_the_default_devices_are_there_without_a_mount_on_dev(example, image):
    dev = example.bundle.path / "rootfs/dev"
    run("rm", "-rf", str(dev)).ok()
    if image != "no /dev":
        dev.mkdir()
    if image == "files in /dev":
        for name in DEFAULT[:3]:
            (dev / name).touch()
    example.it["mounts"] = [mount for mount in example.it["mounts"] if not mount["destination"].startswith("/dev")]
    script = "cd /dev; stat -c '%n %F %t:%T' null zero full random urandom tty; for it in ptmx fd stdin; do readlink $it; done; echo x >null; head -c 3 zero | wc -c"
    assert example.command("sh", "-c", script).run().ok().text.splitlines() == [
        *(f"{name} character special file {number}" for name, number in zip(DEFAULT, ["1:3", "1:5", "1:7", "1:8", "1:9", "5:0"])),
        "pts/ptmx", "/proc/self/fd", "/proc/self/fd/0", "3"]
    example.it["root"]["readonly"] = True
    assert example.run().ok()


@pytest.mark.fault("37")
def test_no_nodes_are_made_in_what_is_mounted_on_dev(example, tmp_path):
    example.it["mounts"] = [mount for mount in example.it["mounts"] if not mount["destination"].startswith("/dev")]
    example.it["mounts"].append({"destination": "/dev", "type": "bind", "source": str(tmp_path), "options": ["rbind"]})
    assert example.command("echo", "there").run().ok().text == "there\n"
    assert os.listdir(tmp_path) == []


@pytest.mark.fault("37")
def test_what_an_image_has_in_the_place_of_a_default_device_is_kept(example):
    dev = example.bundle.path / "rootfs/dev"
    dev.mkdir(exist_ok=True)
    (dev / "zero").mkdir()
    (dev / "full").symlink_to("null")
    example.it["mounts"] = [mount for mount in example.it["mounts"] if not mount["destination"].startswith("/dev")]
    done = example.command("sh", "-c", "cd /dev; stat -c '%n %F' null zero full").run().ok()
    assert done.text.splitlines() == ["null character special file", "zero directory", "full symbolic link"]


@pytest.mark.fault("37")
def test_a_link_at_dev_leads_nowhere_outside(example, tmp_path):
    rootfs = example.bundle.path / "rootfs"
    run("rm", "-rf", str(rootfs / "dev")).ok()
    (rootfs / "dev").symlink_to(tmp_path)
    (rootfs / "out").symlink_to(tmp_path)
    example.it["mounts"] = [mount for mount in example.it["mounts"] if not mount["destination"].startswith("/dev")]
    example.it["linux"]["devices"] = [{"path": "/out/node", "type": "c", "major": 1, "minor": 3}]
    example.command("true").run()
    assert os.listdir(tmp_path) == []


# Namespaces by path

@pytest.fixture
def names():
    """An existing uts namespace."""
    with spawn("unshare", "--uts", "sleep", "1000") as process:
        ours = os.readlink("/proc/self/ns/uts")
        while os.readlink(f"/proc/{process.pid}/ns/uts") == ours:
            os.sched_yield()
        yield process.pid


def with_uts(example, path):
    namespaces = example.it["linux"]["namespaces"]
    namespaces[:] = [entry for entry in namespaces if entry["type"] != "uts"] + [{"type": "uts", "path": path}]
    example.it["hostname"] = "by-path"
    return example


@pytest.mark.fault("37")
def test_hostname_in_a_uts_namespace_by_path(example, names):
    assert with_uts(example, f"/proc/{names}/ns/uts").command("hostname").run().ok().text == "by-path\n"
    assert run("nsenter", "-t", str(names), "-u", "hostname").ok().text == "by-path\n"


@pytest.mark.fault("37")
def test_the_hosts_own_name_is_not_changed(example):
    before = os.uname().nodename
    done = with_uts(example, "/proc/self/ns/uts").command("hostname").run()
    assert done.code == 1 and b"hostname would change it" in done.err and os.uname().nodename == before


@pytest.mark.fault("37")
def test_a_listener_path_means_nothing_without_notify(example):
    example.it["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/run/nobody", "listenerMetadata": "x",
                                      "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 122}]}
    done = example.command("sh", "-c", "mkdir /x; echo there").run().ok()
    assert done.text == "there\n" and b"quota exceeded" in done.err


# Things that systemd gives a service, and other options

class Notified:
    """A service manager's socket."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(20)

    def hear(self):
        return self.socket.recv(4096).decode().split("\n")

    def is_silent(self):
        self.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            self.socket.recv(4096)
        self.socket.settimeout(20)


@pytest.fixture
def manager(tmp_path, monkeypatch):
    it = Notified(tmp_path / "manager")
    monkeypatch.setenv("NOTIFY_SOCKET", it.path)
    return it


def notifying(example):
    """A Debian root has what talks to the socket: here the host's Python, bound in."""
    say = ("import os,socket,sys; s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.connect(os.environ['NOTIFY_SOCKET'])\n"
           "[s.send(word.encode().decode('unicode_escape').encode()) for word in sys.argv[1:]]")
    (example.bundle.path / "rootfs/say.py").write_text(say)
    for path in "/usr", "/lib", "/lib64":
        example.it["mounts"].append({"destination": path, "type": "bind", "source": os.path.realpath(path), "options": ["rbind", "ro"]})
    example.it["process"]["user"] = {"uid": 65534, "gid": 65534}
    return example


SAY = "/usr/bin/python3 /say.py STATUS=x MAINPID=1 'READY=0\\nMAINPID=1' 'STATUS=y\\nREADY=1\\nMAINPID=1' STOPPING=1"


@pytest.mark.fault("38")
def test_start_waits_until_the_container_says_that_it_is_ready(example, manager):
    notifying(example).command("sh", "-c", f"read x </go; {SAY}; exec sleep 1000")
    os.mkfifo(example.bundle.path / "rootfs/go")
    container = Container("one", example.write().bundle)
    with spawn("quilt-oci", "--root", str(ROOT), "start", "one") as start:
        with open(example.bundle.path / "rootfs/go", "w") as go:
            assert start.poll() is None
            manager.is_silent()
            go.write("go\n")
        assert manager.hear() == [f"MAINPID={container.pid}", "READY=1"]
        assert start.wait(20) == 0
    manager.is_silent()
    assert os.listdir(ROOT / "one/notify") == ["notify.sock"]


@pytest.mark.fault("38")
def test_a_container_that_is_never_ready_can_be_killed(example, manager):
    notifying(example).command("sh", "-c", "read x </go")
    os.mkfifo(example.bundle.path / "rootfs/go")
    Container("one", example.write().bundle)
    with spawn("quilt-oci", "--root", str(ROOT), "start", "one") as start:
        with open(example.bundle.path / "rootfs/go", "w"):  # it is executed by then; start fails for a command that is killed earlier
            oci("kill", "one", "KILL").ok()
        assert start.wait(20) == 0
    manager.is_silent()


@pytest.mark.fault("38")
def test_start_does_not_wait_for_what_has_ended(example, manager):
    Container("one", notifying(example).command("true").write().bundle).start()
    manager.is_silent()


@pytest.mark.fault("38")
def test_run_passes_readiness_on_and_is_the_main_process(example, manager):
    notifying(example).command("sh", "-c", f"{SAY}; /usr/bin/python3 /say.py READY=1 $(seq 1000); exit 7")
    with spawn("quilt-oci", "--root", str(ROOT), "run", "--bundle", str(example.write().bundle.path), "one") as process:
        assert manager.hear() == [f"MAINPID={process.pid}", "READY=1"]
        assert process.wait(20) == 7, "what comes later does not block the container"
    manager.is_silent()


@pytest.mark.fault("38")
@pytest.mark.parametrize("pid_namespace", [True, False])
def test_sockets_of_systemd_are_the_containers(example, pid_namespace):
    listening = socket.create_server(("127.0.0.1", 0))
    other = os.open("/etc/hostname", os.O_RDONLY)
    if not pid_namespace:
        example.it["linux"]["namespaces"] = [entry for entry in example.it["linux"]["namespaces"] if entry["type"] != "pid"]
        example.it["mounts"] = [mount for mount in example.it["mounts"] if mount["type"] != "proc"]
        example.it["mounts"].append({"destination": "/proc", "type": "bind", "source": "/proc", "options": ["rbind"]})
        example.it["linux"] |= {"maskedPaths": [], "readonlyPaths": []}
    for fd in listening.fileno(), other:
        os.set_inheritable(fd, True)
    script = "for fd in 3 4 5; do readlink /proc/$$/fd/$fd; done; echo $LISTEN_FDS $LISTEN_FDNAMES; test $LISTEN_PID = $$ && echo mine"
    example.command("sh", "-c", script).write()
    inner = f"exec 3<&{listening.fileno()} 4<&{other} {listening.fileno()}<&- {other}<&-; exec quilt-oci --root {ROOT} run --preserve-fds=1 --bundle {example.bundle.path} one"
    done = run("bash", "-c", inner, close_fds=False, env={"LISTEN_FDS": "1", "LISTEN_PID": "1", "LISTEN_FDNAMES": "web"}).ok()
    first, second, *rest = done.text.splitlines()
    assert first.startswith("socket:") and second == "/etc/hostname" and rest == ["1 web", "mine"]


@pytest.mark.fault("38")
@pytest.mark.parametrize("n", [-1, 2147483647])
def test_a_count_of_descriptors_that_nobody_can_have_is_refused_beside_sockets(example, n):
    example.command("true").write()
    inner = f"exec 3</etc/hostname; exec quilt-oci --root {ROOT} run --preserve-fds={n} --bundle {example.bundle.path} one"
    done = run("bash", "-c", inner, close_fds=False, env={"LISTEN_FDS": "1"})
    assert done.code in (1, 125, 255) and f"preserve {n} descriptors" in done.err.decode()


@pytest.mark.fault("38")
def test_sockets_that_are_not_there_are_said_and_no_error(example):
    done = example.command("sh", "-c", "echo ${LISTEN_FDS-none}").run(env={"LISTEN_FDS": "2"}).ok()
    assert done.text == "none\n" and b"LISTEN_FDS" in done.err


@pytest.mark.fault("38")
def test_another_configuration_than_the_bundles(example, tmp_path):
    example.command("echo", "there").write()
    other = tmp_path / "other.json"
    shutil.move(example.path, other)
    assert oci("run", "--bundle", str(example.bundle.path), "--config", str(other), "one").ok().text == "there\n"
    assert oci("run", "--bundle", str(example.bundle.path), "-f", "other.json", "one", cwd=tmp_path).ok().text == "there\n"
    done = oci("run", "--bundle", str(example.bundle.path), "--config", "/nowhere/x.json", "one")
    assert done.code == 1 and b"/nowhere" in done.err


@pytest.mark.fault("38")
def test_delete_by_a_regular_expression(example):
    for name in "web-1", "web-2", "db":
        Container(name, example.command("sleep", "1000").write().bundle).start()
    done = oci("delete", "--regex", "^web-")
    assert done.code == 1 and b"web-1" in done.err and b"web-2" in done.err, "they run"
    oci("delete", "--force", "--regex", "^web-[0-9]+$").ok()
    assert os.listdir(ROOT) == ["db"]
    oci("delete", "--force", "--regex", "nothing").ok()
    done = oci("delete", "--regex", "(")
    assert done.code == 1 and b"regular expression" in done.err and os.listdir(ROOT) == ["db"]


@pytest.mark.fault("38")
def test_exec_in_a_cgroup_below(example):
    Container("one", example.command("sleep", "1000").write().bundle).start()
    own = CGROUPS / "quilt-oci/one"
    (own / "below").mkdir()
    with spawn("quilt-oci", "--root", str(ROOT), "exec", "--cgroup", "/below", "one", "sh", "-c", "echo ready; exec sleep 1000") as process:
        assert process.stdout.readline() == b"ready\n"
        assert len((own / "below/cgroup.procs").read_text().split()) == 1
    done = oci("exec", "--cgroup", "/", "one", "true").ok()
    for bad in "nowhere", "../../", "../two":
        done = oci("exec", "--cgroup", bad, "one", "true")
        assert done.code == 255 and bad in done.err.decode()


@pytest.mark.fault("38")
def test_a_log_that_cannot_be_opened_is_an_error(example):
    done = example.command("true").run(before=("--log", "/nowhere/log"))
    assert done.code == 1 and b"/nowhere/log" in done.err and not ROOT.joinpath("one").exists()


@pytest.mark.fault("38")
def test_a_poststart_hook_that_fails_stops_the_container(example):
    example.it["hooks"] = {"poststart": [{"path": "/bin/false"}, {"path": "/usr/bin/touch", "args": ["touch", str(example.bundle.path / "second")]}]}
    example.it["linux"]["namespaces"] = [entry for entry in example.it["linux"]["namespaces"] if entry["type"] != "pid"]
    container = Container("one", example.command("sh", "-c", "sleep 1000 & exec sleep 1000").write().bundle)
    done = oci("start", "one")
    assert done.code == 1 and b"poststart" in done.err
    wait_exit(container.pid)
    assert container.status == "stopped" and not (example.bundle.path / "second").exists()
    assert (CGROUPS / "quilt-oci/one/cgroup.procs").read_text() == ""
    oci("delete", "one").ok()
