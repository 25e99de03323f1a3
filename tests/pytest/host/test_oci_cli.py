# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line of quilt-oci on real containers: what each verb answers in each state, and how engines read it."""
import json
import os
import pathlib
import pty
import signal
import subprocess
import time

import pytest

from oci import ROOT, Bundle, Container, config, oci, state
from quilt import TIMEOUT, run, spawn, wait_exit, wait_path, wait_unit


pytestmark = pytest.mark.usefixtures("oci_clean")


@pytest.fixture
def bundle(bundle):
    return bundle.write(config("sleep", "1000"))


def container_in(status, bundle, name="one"):
    container = Container(name, bundle)
    if status != "created":
        container.start()
    if status == "paused":
        oci("pause", name).ok()
    if status == "stopped":
        container.stop()
    assert container.status == status
    return container


# runtime.md, "Lifecycle": each verb in each state. None: it is done; else what the error says.
NOT_RUNNING = "container not running"
TRANSITIONS = [
    # verb, then created, running, paused, stopped
    (["start"], None, "created", "created", "created"),
    (["kill", "KILL"], None, None, None, NOT_RUNNING),
    (["kill", "--all", "KILL"], None, None, None, None),
    (["delete"], None, "not stopped", "not stopped", None),
    (["delete", "--force"], None, None, None, None),
    (["pause"], None, None, "paused already", NOT_RUNNING),
    (["resume"], "container not paused", "container not paused", None, "container not paused"),
    (["state"], None, None, None, None),
    (["ps"], None, None, None, None),
    (["update", "--pids-limit=-1"], None, None, None, NOT_RUNNING),
    (["events", "--stats"], None, None, None, NOT_RUNNING),
]
STATES = ["created", "running", "paused", "stopped"]


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: " ".join(row[0]))
def test_each_verb_in_each_state(row, status, bundle):
    container = container_in(status, bundle)
    verb, wanted = row[0], row[1 + STATES.index(status)]
    words = [word for word in verb if word != "KILL"] + ["one"] + (["KILL"] if "KILL" in verb else [])
    done = oci(*words)
    if wanted is None:
        done.ok()
    else:
        assert done.code == 1 and done.out == b""
        assert wanted in done.err.decode()
        assert done.err.count(b"\n") == 1
        assert container.status == status, "what is refused changes nothing"


@pytest.mark.parametrize("status", STATES)
def test_exec_in_each_state(status, bundle):
    container = container_in(status, bundle)
    done = oci("exec", "one", "sh", "-c", "exit 9")
    if status in ("created", "running"):
        assert done.code == 9, done
    else:
        assert done.code == 255 and done.err.count(b"\n") == 1 and status in done.err.decode()
    assert container.status == status


def test_a_create_that_was_killed_leaves_what_can_be_deleted(bundle):
    gate = bundle.path / "gate"
    os.mkfifo(gate)
    waiting = config("sleep", "1000")
    waiting["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", f"echo > {bundle.path}/waits; read line < {gate}"]}]}
    bundle.write(waiting)
    with spawn("quilt-oci", "--root", str(ROOT), "create", "--bundle", str(bundle.path), "one") as create:
        wait_path(bundle.path / "waits")
        left = pids()
        create.kill()
    gate.write_text("go\n")
    assert len(left) == 1
    assert oci("list", "-q").ok().text == "one\n"
    assert oci("start", "one").code == 1
    oci("delete", "--force", "one").ok()
    wait_exit(left[0])
    assert oci("list", "-q").ok().text == ""


def test_a_container_that_is_not_there():
    assert oci("exec", "none", "true").code == 255
    for verb in ("start", "state", "kill", "delete", "ps", "pause", "resume", "update", "events"):
        done = oci(verb, "none")
        assert done.code == 1 and done.out == b"" and "container 'none' does not exist" in done.err.decode(), verb
    oci("delete", "--force", "none").ok()
    for name in ("", ".", "..", "a/b", "../etc", "a b", "x" * 256):
        assert "invalid container id" in oci("state", name).err.decode()
        assert oci("create", name).code == 1


def test_state_and_list_tell_the_same_truth(bundle):
    assert oci("list", "--format=json").ok().json == []
    bundle.write({**config("sleep", "1000"), "annotations": {"org.example.key": "value"}})
    container = Container("one", bundle).start()
    shown = state("one")
    assert pathlib.Path(f"/proc/{container.pid}/cmdline").read_bytes() == b"sleep\0" b"1000\0"
    assert shown == {
        "ociVersion": "1.2.0", "id": "one", "status": "running", "pid": container.pid, "bundle": str(bundle.path), "rootfs": str(bundle.path / "rootfs"),
        "created": shown["created"], "owner": "root", "annotations": {"org.example.key": "value"}}
    row, = oci("list", "--format", "json").ok().json
    assert {key: row[key] for key in shown if key not in ("annotations", "ociVersion")} == \
        {key: value for key, value in shown.items() if key not in ("annotations", "ociVersion")}
    header, line = oci("list").ok().text.splitlines()
    assert header.split() == ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]
    assert line.split() == ["one", str(container.pid), "running", str(bundle.path), shown["created"], "root"]
    assert oci("list", "-q").ok().text == "one\n"
    container.stop()
    assert state("one")["pid"] == 0 and state("one")["status"] == "stopped"


def test_one_broken_container_does_not_hide_the_others(bundle):
    Container("one", bundle)
    (ROOT / "broken").mkdir()
    (ROOT / "torn").mkdir()
    (ROOT / "torn/state.json").write_text('{"version": 1, "pid":')
    assert oci("list", "-q").ok().text.split() == ["broken", "one", "torn"]
    listed = oci("list", "-f", "json").ok()
    assert {row["id"]: row["status"] for row in listed.json} == {"broken": "creating", "one": "created"}
    assert "'torn'" in listed.err.decode()
    assert oci("state", "torn").code == 1
    (ROOT / "torn/state.json").unlink()
    for name in ("broken", "torn"):
        oci("delete", "--force", name).ok()
    assert oci("list", "-q").ok().text == "one\n"


TRAP = "trap 'echo got >> /signals' USR1; echo ready > /ready; while :; do sleep 1000 & wait; done"


@pytest.mark.parametrize("word", ["10", "USR1", "SIGUSR1", "usr1"])
def test_kill_by_number_and_by_name(bundle, word):
    bundle.write(config("sh", "-c", TRAP))
    Container("one", bundle).start()
    wait_path(bundle.path / "rootfs/ready")
    oci("kill", "one", word).ok()
    wait_path(bundle.path / "rootfs/signals")


@pytest.mark.parametrize("word", ["0", "65", "-9", "NOSUCH", "SIG", ""])
def test_kill_refuses_what_is_no_signal(bundle, word):
    container = Container("one", bundle).start()
    assert oci("kill", "one", word).code == 1
    assert container.status == "running"


def pids(name="one"):
    return oci("ps", "--format", "json", name).ok().json


CROWD = "sleep 1001 & sleep 1002 & echo ready > /ready; wait"


@pytest.mark.parametrize("before", [(), ("--systemd-cgroup",)], ids=["cgroupfs", "systemd"])
def test_all_of_a_container(bundle, before):
    bundle.write(config("sh", "-c", CROWD))
    container = Container("one", bundle, before=before).start()
    wait_path(bundle.path / "rootfs/ready")
    crowd = pids()
    assert len(crowd) == 3 and container.pid in crowd
    assert len({os.readlink(f"/proc/{pid}/ns/pid") for pid in crowd} | {os.readlink(f"/proc/{container.pid}/ns/pid")}) == 1
    oci("pause", "one").ok()
    assert container.status == "paused" and sorted(pids()) == sorted(crowd)
    oci("resume", "one").ok()
    assert container.status == "running"
    oci("kill", "--all", "one", "9").ok()
    for pid in crowd:
        wait_exit(pid)
    assert container.status == "stopped" and pids() == []
    oci("kill", "--all", "one", "9").ok()
    oci("delete", "one").ok()


def test_a_created_container_that_is_paused_is_started_after_resume(bundle):
    container = Container("one", bundle.write(config("echo", "ran")))
    oci("pause", "one").ok()
    assert container.status == "paused"
    for verb, why in (("start", "it is paused"), ("pause", "it is paused already"), ("delete", "it is paused")):
        refused = oci(verb, "one")
        assert refused.code == 1 and why in refused.err.decode(), verb
    oci("resume", "one").ok()
    assert container.status == "created" and b"container not paused" in oci("resume", "one").err
    container.start()
    wait_exit(container.pid)
    assert container.output.read_text() == "ran\n"


def test_kill_ends_all_where_the_pids_are_the_hosts(bundle):
    shared = config("sh", "-c", CROWD)
    shared["linux"]["namespaces"] = [ns for ns in shared["linux"]["namespaces"] if ns["type"] != "pid"]
    bundle.write(shared)
    container = Container("one", bundle).start()
    wait_path(bundle.path / "rootfs/ready")
    crowd = pids()
    assert len(crowd) == 3
    oci("kill", "one", "KILL").ok()
    for pid in crowd:
        wait_exit(pid)
    assert container.status == "stopped"


def test_ps_prints_rows_of_the_hosts_ps(bundle):
    container = Container("one", bundle).start()
    header, row = oci("ps", "one").ok().text.splitlines()
    assert "PID" in header.split() and row.split()[1] == str(container.pid)
    header, row = oci("ps", "one", "-eo", "comm,pid").ok().text.splitlines()
    assert header.split() == ["COMMAND", "PID"] and row.split() == ["sleep", str(container.pid)]
    assert "PID" in oci("ps", "one", "-eo", "comm").err.decode()
    assert oci("ps", "--format", "json", "one", "-ef").code == 1
    assert oci("ps", "--format", "yaml", "one").code == 1


def test_events_until_the_end(bundle):
    container = Container("one", bundle).start()
    with spawn("quilt-oci", "--root", str(ROOT), "events", "--interval", "50ms", "one") as events:
        first = json.loads(events.stdout.readline())
        assert first["type"] == "stats" and first["id"] == "one"
        assert first["data"]["pids"]["current"] == 1
        container.stop()
        rest, err = events.communicate(timeout=TIMEOUT)
        assert events.returncode == 0, err
        assert all(json.loads(line)["type"] == "stats" for line in rest.splitlines())
    for interval in ("0", "0s", "soon", "-1s"):
        assert "--interval" in oci("events", "--interval=" + interval, "one").err.decode()


# What Docker sends for "nothing".
ZEROS = {"memory": {"limit": 0, "reservation": 0, "kernel": 0}, "cpu": {"shares": 0, "quota": 0, "period": 0}, "blockIO": {"weight": 0}}


def test_update_reads_a_file_and_standard_input(bundle, tmp_path):
    Container("one", bundle).start()
    oci("update", "--resources", "-", "one", input=json.dumps(ZEROS).encode()).ok()
    path = tmp_path / "resources.json"
    path.write_text(json.dumps(ZEROS))
    oci("update", f"--resources={path}", "one").ok()
    for text in (b"", b"{", b'{"memory": {"limit": "much"}}', b"[]", b" " * (1 << 20) + b"{}"):
        done = oci("update", "-r", "-", "one", input=text)
        assert done.code == 1 and done.err.count(b"\n") == 1, text
    assert oci("update", "-r", "/nonexistent", "one").code == 1
    assert "--resources" in oci("update", "-r", str(path), "--pids-limit=5", "one").err.decode()
    assert "--memory" in oci("update", "--memory=lots", "one").err.decode()


def test_update_of_what_the_host_can_not_limit_names_the_controller(bundle):
    if "memory" in pathlib.Path("/sys/fs/cgroup/cgroup.controllers").read_text():
        pytest.skip("this host has the controller")
    Container("one", bundle).start()
    assert "memory" in oci("update", "--memory=64m", "one").err.decode()
    # It is not in force, and so does not come back with the next one.
    oci("update", "--resources", "-", "one", input=json.dumps(ZEROS).encode()).ok()


def test_features_name_what_a_container_can_have(tmp_path):
    features = run("quilt-oci", "--root", str(tmp_path / "states"), "features").ok().json
    assert features["ociVersionMin"] == "1.0.0" and features["linux"]["seccomp"]["enabled"] is True
    assert {"bind", "ro", "rprivate"} <= set(features["mountOptions"])
    assert not (tmp_path / "states").exists(), "it needs no place for states"


def on_terminal(*argv, keys):
    """Runs a command on a terminal, and types; its exit code and what the terminal showed."""
    ours, theirs = pty.openpty()
    with spawn(*argv, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        os.write(ours, keys)
        shown = b""
        try:
            while data := os.read(ours, 4096):
                shown += data
        except OSError:  # the other end was closed
            pass
        os.close(ours)
        return process.wait(TIMEOUT), shown


def test_spec_writes_what_run_runs(bundle):
    (bundle.path / "config.json").unlink()
    oci("spec", "--bundle", str(bundle.path)).ok()
    assert "File exists" in oci("spec", "--bundle", str(bundle.path)).err.decode()
    code, shown = on_terminal("quilt-oci", "--root", str(ROOT), "run", "--bundle", str(bundle.path), "one", keys=b"tty; hostname; exit 7\n")
    assert code == 7 and b"/dev/pts/0" in shown and b"quilt\r\n" in shown, shown


def test_spec_for_a_user(bundle):
    (bundle.path / "config.json").unlink()
    oci("spec", "-b", str(bundle.path), "--rootless", "--file=other.json").ok()
    written = json.loads((bundle.path / "other.json").read_text())
    assert {"type": "user"} in written["linux"]["namespaces"] and "resources" not in written["linux"]


def test_checkpoint_is_refused_by_name(bundle):
    Container("one", bundle).start()
    for words in (["checkpoint", "--image-path", "/tmp/x", "one"], ["restore", "one"], ["checkpoint", "--help"]):
        done = oci(*words)
        assert done.code == 1 and done.out == b"" and b"CRIU" in done.err


# The calls of engines, and the files and output that they read.

def test_errors_go_to_the_log_and_to_stderr(bundle, tmp_path):
    for command, words in (("/no/such", "no such file or directory"), ("nosuch", "executable file not found in $PATH"), ("/etc", "permission denied")):
        log = tmp_path / "log.json"
        bundle.write(config(command))
        done = oci("run", "--bundle", str(bundle.path), "one", options=("--log", str(log), "--log-format", "json"))
        assert done.code == 1, done
        entry, = map(json.loads, log.read_text().splitlines())
        assert entry["level"] == "error" and f"'{command}'" in entry["msg"] and entry["msg"].endswith(words)
        assert done.err.decode() == entry["msg"] + "\n"
        log.unlink()
        assert oci("list", "-q").ok().text == ""


def test_the_calls_of_containerd(bundle, tmp_path):
    engine = ("--log", str(tmp_path / "log.json"), "--log-format", "json", "--systemd-cgroup")
    Container("one", bundle, "--pid-file", str(tmp_path / "init.pid"), before=engine)
    pid = int((tmp_path / "init.pid").read_text())
    oci("start", "one", options=engine).ok()
    assert oci("ps", "--format", "json", "one", options=engine).ok().json == [pid]
    oci("kill", "one", "9", options=engine).ok()
    wait_exit(pid)
    assert b"container not running" in oci("kill", "one", "9", options=engine).err
    oci("delete", "one", options=engine).ok()
    # Without --systemd-cgroup. As runc and crun, it needs the log's directory.
    oci("delete", "--force", "one", options=engine[:4]).ok()
    assert oci("delete", "--force", "one", options=("--log", "/nonexistent/log.json", "--log-format", "json")).code == 1
    last = (tmp_path / "log.json").read_text().splitlines()[-1]
    assert "container not running" in json.loads(last)["msg"]


def test_global_options(tmp_path):
    assert run("quilt-oci", "--version").ok().text.startswith("quilt-oci version ")
    assert run("quilt-oci", "-v").ok().text.splitlines()[1].startswith("spec: 1.2")
    for words in (["--rootless", "false"], ["--rootless=auto"], ["--cgroup-manager=cgroupfs"], ["--cgroup-manager", "systemd"], ["--systemd-cgroup=false"]):
        run("quilt-oci", f"--root={tmp_path}/new/root", *words, "list").ok()
    assert (tmp_path / "new/root").stat().st_mode & 0o777 == 0o700
    for words in (["--rootless=perhaps"], ["--cgroup-manager=none"], ["--systemd-cgroup", "--cgroup-manager=disabled"], ["--log-format=xml"], ["--criu=/x"], ["--root="], ["--nosuch"], []):
        done = run("quilt-oci", *words, *(["list"] if words else []))
        assert done.code == 1 and done.err.count(b"\n") == 1, words
    done = run("quilt-oci", "--root", str(tmp_path), "--debug", "--log", str(tmp_path / "log"), "list").ok()
    assert done.err == b"" and "level=debug" in (tmp_path / "log").read_text()


def test_without_a_cgroup_of_its_own(bundle):
    container = Container("one", bundle, before=("--cgroup-manager=disabled",)).start()
    cgroup = pathlib.Path(f"/proc/{container.pid}/cgroup").read_text()
    assert cgroup == pathlib.Path("/proc/self/cgroup").read_text()
    assert pids() == []
    assert oci("pause", "one").code == 1 and container.status == "running"
    container.stop()
    oci("delete", "one").ok()
    limited = config("true")
    limited["linux"]["resources"] = {"pids": {"limit": 5}}
    bundle.write(limited)
    done = oci("run", "--bundle", str(bundle.path), "one", options=("--cgroup-manager", "disabled"))
    assert done.code == 1 and "pids.max" in done.err.decode()


def test_descriptors_that_were_closed_become_nobodys(bundle):
    bundle.write(config("sh", "-c", "ls -l /proc/self/fd > /fds"))
    script = 'exec quilt-oci --root "$0" run --bundle "$1" one <&- >&- 2>&-'
    subprocess.run(["sh", "-c", script, str(ROOT), str(bundle.path)], timeout=TIMEOUT, check=True)
    targets = [line.split(" -> ")[1] for line in (bundle.path / "rootfs/fds").read_text().splitlines() if " -> " in line]
    assert targets[0] == "/dev/null" and targets[2] == "/dev/null", targets
    assert not any("quilt" in target or "socket" in target for target in targets)


def test_exec_cpu_affinity(bundle):
    configuration = config("sleep", "1000")
    configuration["process"]["execCPUAffinity"] = {"initial": "0", "final": "1"}
    container = Container("one", Bundle("two").write(configuration)).start()
    listed = "Cpus_allowed_list:\t"
    assert listed + "1\n" in oci("exec", "one", "cat", "/proc/self/status").ok().text
    # Only processes that exec starts have the affinity.
    own = pathlib.Path(f"/proc/{container.pid}/status").read_text()
    assert listed + pathlib.Path("/proc/self/status").read_text().split(listed)[1].split("\n")[0] + "\n" in own


def sockets(pid):
    """How many it has; a descriptor may be closed while we look."""
    return sum("socket:" in os.path.realpath(fd) for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir())


def test_a_run_that_lasts_keeps_no_connection_to_systemd(bundle):
    """quilt-oci would not read the signals that systemd sends. For a container that ends at once, it uses the same connection."""
    with spawn("quilt-oci", "--root", str(ROOT), "--systemd-cgroup", "run", "--bundle", str(bundle.path), "one") as process:
        wait_unit("quiltoci-one.scope", "active")
        end = time.monotonic() + TIMEOUT
        while sockets(process.pid) > 1:  # what is left is the container's own
            assert time.monotonic() < end, "it is still connected"
        oci("kill", "one", "KILL").ok()
        assert process.wait(TIMEOUT) == 128 + signal.SIGKILL
    assert run("systemctl", "show", "-P", "LoadState", "quiltoci-one.scope").ok().text.strip() == "not-found"


def test_what_runs_in_the_foreground_can_be_changed_and_deleted(bundle):
    bundle.write(config("sh", "-c", "echo ready; exec sleep 1000"))
    with spawn("quilt-oci", "--root", str(ROOT), "run", "--bundle", str(bundle.path), "one") as process:
        assert process.stdout.readline() == b"ready\n"
        oci("pause", "one").ok()
        assert state("one")["status"] == "paused"
        oci("resume", "one").ok()
        oci("delete", "--force", "one").ok()
        assert process.wait(TIMEOUT) == 128 + signal.SIGKILL
        assert process.stderr.read() == b""
    assert not list(ROOT.iterdir())


def test_nothing_is_done_in_a_container_that_is_still_being_created(bundle):
    """Its first process may not have left the host's root yet."""
    configuration = config("true")
    fifo = bundle.path / "fifo"
    os.mkfifo(fifo)
    configuration["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", f"cat {fifo} >{bundle.path}/state; cat >>{bundle.path}/state"]}]}
    bundle.write(configuration)
    with spawn("quilt-oci", "--root", str(ROOT), "run", "--bundle", str(bundle.path), "one") as process:
        with open(fifo, "w"):  # returns when the hook reads it
            assert state("one")["status"] == "creating"
            done = oci("exec", "one", "cat", "/etc/shadow")
            assert done.code == 255 and b"it is creating" in done.err and done.out == b""
        assert process.wait(20) == 0
    assert json.loads((bundle.path / "state").read_text())["status"] == "creating"


def test_a_working_directory_is_made_on_a_read_only_root_too(bundle):
    configuration = config("pwd", cwd="/made/for/it")
    configuration["root"]["readonly"] = True
    done = oci("run", "--bundle", str(bundle.write(configuration).path), "one").ok()
    assert done.text == "/made/for/it\n"


def test_ro_is_the_mounts_own_and_rro_that_of_those_below_too(bundle):
    source = bundle.path / "source"
    (source / "below").mkdir(parents=True)
    run("mount", "-t", "tmpfs", "tmpfs", str(source / "below")).ok()
    try:
        for option, below in (("ro", 0), ("rro", 1)):
            configuration = config("sh", "-c", "touch /data/a; touch /data/below/a; echo $?")
            configuration["mounts"].append({"destination": "/data", "type": "bind", "source": str(source), "options": ["rbind", option]})
            done = oci("run", "--bundle", str(bundle.write(configuration).path), "one").ok()
            assert done.text == f"{below}\n" and b"/data/a" in done.err
    finally:
        run("umount", str(source / "below")).ok()


def test_kill_all_without_a_cgroup_reaches_the_first_process(bundle):
    container = Container("one", bundle, before=("--cgroup-manager=disabled",)).start()
    oci("kill", "--all", "one", "KILL").ok()
    wait_exit(container.pid)
    assert container.status == "stopped"


def test_whoever_waits_behind_a_hook_that_hangs_is_told(bundle):
    configuration = config("true")
    fifo = bundle.path / "fifo"
    os.mkfifo(fifo)
    configuration["hooks"] = {"createRuntime": [{"path": "/bin/cat", "args": ["cat", str(fifo)]}]}
    bundle.write(configuration)
    with spawn("quilt-oci", "--root", str(ROOT), "run", "--bundle", str(bundle.path), "one") as process:
        with open(fifo, "w"):
            done = oci("delete", "--force", "one", timeout=30)
            assert done.code == 1 and b"does a hook hang?" in done.err
        assert process.wait(20) == 0
