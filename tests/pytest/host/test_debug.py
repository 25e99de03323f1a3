# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files of the host beside those of a container (--provide of exec, and debug), also in a hostile one."""
import contextlib
import io
import os
import pathlib
import re
import signal
import tarfile

import pytest

from quilt import SLICE, TIMEOUT, GLib, ctl, error_name, manager, run, spawn, wait_exit, wait_text
from test_cli import Terminal
from test_daemon import daemon_pid, kill_daemon
from test_exec import box, cgroups, execute, in_sessions, is_cooked, sessions, wait_for  # noqa: F401 (box is a fixture)
from test_lifecycle import background

BUNDLE = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")


@pytest.fixture
def certificates():
    """What the host has, or what it gets for the test."""
    made = not BUNDLE.exists()
    if made:
        BUNDLE.parent.mkdir(parents=True, exist_ok=True)
        BUNDLE.write_text("-----BEGIN CERTIFICATE-----\n")
    yield BUNDLE.read_bytes()
    if made:
        BUNDLE.unlink()


@pytest.fixture
def bare(tmp_path, name):
    """A container of an image that has one program, and no shell, that runs."""
    path = tmp_path / "bare.tar"
    with tarfile.open(path, "w") as tar:
        tar.add(os.path.realpath("/usr/bin/busybox"), "sleep")
        for directory in ("data", "etc", "etc/deep"):
            member = tarfile.TarInfo(directory)
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(member)
        member = tarfile.TarInfo("etc/file")
        member.size = 5
        tar.addfile(member, io.BytesIO(b"mine\n"))
        member = tarfile.TarInfo("link")
        member.type, member.linkname = tarfile.SYMTYPE, "etc/file"
        tar.addfile(member)
    ctl("import", str(path), f"{name}-image").ok()
    yield f"{name}-image"
    with contextlib.suppress(Exception):
        ctl("remove", "--force", name)
    ctl("remove-image", f"{name}-image")


def debug(name, script, *options, **kwargs):
    return ctl("debug", *options, name, "/.quilt/bin/sh", "-c", script, **kwargs)


def diff(name):
    return ctl("diff", name).ok().text


def test_a_container_without_a_shell_gets_one(bare, name):
    background(name, bare, "/sleep", "1000")
    assert ctl("exec", name, "sh", "-c", "echo").code == 127
    refused = ctl("shell", name)
    assert refused.code == 127 and b"quiltctl debug" in refused.err
    done = debug(name, "cat /link; ls /; echo $PATH; id -u; ps | grep -c sleep").ok()
    lines = done.text.splitlines()
    assert lines[0] == "mine" and {"data", "etc", "link", "sleep"} <= set(lines) and lines[-3].endswith(":/.quilt/bin")
    assert diff(name) == ""


def test_on_a_terminal(bare, name):
    background(name, bare, "/sleep", "1000", options=("--read-only",))
    with Terminal("quiltctl", "debug", name) as terminal:
        terminal.wait(rb"[#$] ")
        terminal.type(b"tty\r")
        terminal.wait(rb"/dev/pts/\d+\r\n")
        terminal.type(b"/.quilt/bin/sleep 500\r")
        wait_for(lambda: b"sleep 500" in debug(name, "ps").out)
        terminal.type(b"\x1a")
        terminal.wait(rb"Stopped\s+/.quilt/bin/sleep 500")
        terminal.type(b"kill -9 %1\r")
        terminal.type(b"exit 3\r" * 2)
        assert terminal.wait() == 3
        assert is_cooked(terminal)
    assert diff(name) == ""


def test_it_writes_into_the_containers_directories_and_not_into_its_root(box):
    assert debug(box, "echo new > /etc/new; mkdir /more").code != 0
    assert execute(box, "cat /etc/new; ls -d /more /.quilt 2>/dev/null").out == b"new\n"
    assert "/.quilt" not in diff(box)
    with tarfile.open(fileobj=io.BytesIO(ctl("export", box).ok().out)) as tar:
        assert not [member for member in tar.getnames() if ".quilt" in member]


def test_a_read_only_root_stays_read_only(busybox, name):
    background(name, busybox, "/bin/sleep", "1000", options=("--read-only",))
    done = debug(name, "touch /etc/x /x /.quilt/x; ls /.quilt/bin/vi")
    assert done.text == "/.quilt/bin/vi\n" and done.err.count(b"Read-only file system") == 3


def test_the_containers_own_programs_come_first(box):
    assert ctl("exec", "--provide=shell,tools", box, "sh", "-c", "which ls; which sh").ok().text == "/bin/ls\n/bin/sh\n"
    assert ctl("exec", "--provide=shell", box, "/.quilt/bin/sh", "-c", "ls /.quilt/bin").ok().text.split() == ["busybox", "sh"]


def test_certificates_are_named_unless_the_container_names_its_own(box, certificates):
    done = ctl("exec", "--provide=ca", "-e", "CURL_CA_BUNDLE=/mine", box, "/bin/sh", "-c",
               "cat $SSL_CERT_FILE; echo; echo $CURL_CA_BUNDLE; ls /.quilt").ok()
    assert done.out == certificates + b"\n/mine\nca-certificates.crt\n"


def test_only_the_session_sees_them_and_they_are_copies(box):
    """A privileged session may write to its copy. Neither the host's file nor another session changes."""
    before = pathlib.Path("/usr/bin/busybox").read_bytes()
    with spawn("quiltctl", "debug", "--privileged", box, "/.quilt/bin/sh", "-c",
               "mount -o remount,rw / && cp /bin/true /.quilt/x && echo > /.quilt/bin/vi; rm /.quilt/bin/vi; echo up; exec sleep 500") as process:
        assert process.stdout.readline() == b"up\n"
        assert execute(box, "ls -d /.quilt").code != 0
        assert debug(box, "ls -l /.quilt/bin/vi").code == 0
        process.kill()
    assert pathlib.Path("/usr/bin/busybox").read_bytes() == before


@pytest.mark.parametrize("make", ["ln -s /etc /.quilt", "ln -s ../../../../etc /.quilt", "ln -s /proc/1/root /.quilt", "mkdir /.quilt",
                                  "mkfifo /.quilt", "touch /.quilt", "mkdir -p /.quilt/bin; touch /.quilt/bin/sh"])
def test_what_a_hostile_container_has_at_their_place_is_not_touched(box, make):
    execute(box, make).ok()
    before = diff(box)
    assert debug(box, "readlink -f /proc/self/exe; ls /etc/bin 2>/dev/null; true").ok().text == "/.quilt/bin/busybox\n"
    assert diff(box) == before
    assert not pathlib.Path("/etc/bin").exists() and not pathlib.Path("/.quilt").exists()


def test_a_mount_at_their_place_stays(busybox, name):
    background(name, busybox, "/bin/sleep", "1000", options=("--tmpfs", "/.quilt"))
    execute(name, "echo mine > /.quilt/file").ok()
    assert debug(name, "ls /.quilt").ok().text.split() == ["bin"]
    assert execute(name, "ls -A /.quilt").ok().text == "file\n"


def test_a_container_that_exchanges_its_root_meanwhile_leads_nowhere(busybox, name):
    script = "mkdir /a; ln -s /etc /b; while :; do mv /a /c; mv /b /a; mv /a /b; mv /c /a; done"
    background(name, busybox, "/bin/sh", "-c", script)
    for _ in range(30):
        done = debug(name, "echo on; ls /.quilt/bin/sh")
        assert done.code == 0 and done.text == "on\n/.quilt/bin/sh\n"


def test_a_root_with_too_many_names_is_refused_in_words(box):
    execute(box, "cd /; seq 2000 | xargs touch").ok()
    refused = debug(box, "true")
    assert refused.code == 125 and b"more than 1024 entries" in refused.err
    assert execute(box, "true").code == 0


def test_volumes_and_the_user_namespace_are_the_containers(busybox, name, tmp_path):
    (tmp_path / "file").write_text("volume")
    background(name, busybox, "/bin/sleep", "1000", options=("--userns", "auto", "-v", f"{tmp_path}:/mnt:ro", "--tmpfs", "/scratch"))
    done = debug(name, "cat /mnt/file; touch /mnt/x 2>/dev/null || echo refused; echo in > /scratch/file; id -u; cat /proc/self/uid_map")
    assert done.text.startswith("volumerefused\n0\n") and " 0 " not in done.text.splitlines()[-1][20:]
    assert execute(name, "cat /scratch/file").ok().text == "in\n"


def test_it_is_as_confined_as_exec(busybox, name):
    background(name, busybox, "/bin/sleep", "1000")
    script = "grep -E '^(Cap|Seccomp|NoNewPrivs)' /proc/self/status; ls /proc/self/fd | wc -l"
    assert debug(name, script).ok().text == execute(name, script).ok().text


def test_a_user_without_power_gets_them_too(box):
    execute(box, "echo 'app:x:1000:1000::/:' > /etc/passwd").ok()
    assert debug(box, "id -u; vi --help 2>&1 | head -1", "-u", "app").ok().text.startswith("1000\n")


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_of_a_killed_client(box, signum):
    with Terminal("quiltctl", "debug", box) as terminal:
        terminal.wait(rb"[#$] ")
        pid = sessions(box)[0]["pid"]
        terminal.process.send_signal(signum)
        wait_exit(pid)
    wait_for(lambda: cgroups(box) == ["payload", "supervisor"])
    assert diff(box) == ""


def test_a_host_without_busybox_says_what_to_install(box):
    path = os.path.realpath("/usr/bin/busybox")
    run("mount", "--bind", "/usr/bin/true", path).ok()  # a program that is not static
    try:
        refused = debug(box, "true")
    finally:
        run("umount", path).ok()
    assert refused.code == 125 and b"busybox-static" in refused.err


def test_other_words_are_refused(box):
    for words in ("", "all", "shell,"):
        assert ctl("exec", f"--provide={words}", box, "/bin/true").code == 125
        with pytest.raises(GLib.Error) as refused:
            manager("ExecContainer", "(saaya{sv})", box, [b"/bin/true"], {"provide": GLib.Variant("s", words)})
        assert error_name(refused.value).endswith(".InvalidArgument")


# run --provide

def test_a_container_has_them_from_its_first_setup_step(busybox, name, certificates):
    script = "cat /.quilt/ca-certificates.crt; echo; echo $PATH; cat /setup; touch /.quilt/x 2>&1; touch /more"
    done = ctl("run", "--name", name, "--provide=shell,tools,ca", "--setup", "ls /.quilt/bin/vi > /setup", busybox, "sh", "-c", script).ok()
    assert done.out.startswith(certificates + b"\n/") and b":/.quilt/bin\n/.quilt/bin/vi\n" in done.out
    assert b"Read-only file system" in done.out
    assert sorted(diff(name).split()) == ["/more", "/setup", "A", "A"]
    with tarfile.open(fileobj=io.BytesIO(ctl("export", name).ok().out)) as tar:
        assert not [member for member in tar.getnames() if ".quilt" in member]
    assert done.ok() and ctl("start", "-a", name).ok().out.startswith(certificates)


def test_a_running_one_is_exported_without_them_and_sessions_see_them(bare, name):
    background(name, bare, "sh", "-c", "sleep 1000", options=("--provide", "shell,tools", "--read-only"))
    assert ctl("exec", name, "sh", "-c", "which sh; ls / | grep -c data").ok().text == "/.quilt/bin/sh\n1\n"
    assert debug(name, "ls /.quilt").ok().text == "bin\n"
    with tarfile.open(fileobj=io.BytesIO(ctl("export", name).ok().out)) as tar:
        names = tar.getnames()
        assert "./data" in names or "data" in names
        assert not [member for member in names if ".quilt" in member]
    assert diff(name) == ""


def test_a_container_without_the_option_has_no_mount_point(box):
    assert execute(box, "ls -A /").ok().text.count(".quilt") == 0


@pytest.mark.parametrize("options", [("--userns", "auto"), ("--tmpfs", "/.quilt"), ("--cap-add", "all"), ("--init",)])
def test_they_come_above_all_else(busybox, name, options):
    done = ctl("run", "--rm", "--name", name, "--provide", "tools", *options, busybox, "/.quilt/bin/sh", "-c", "ls /.quilt; ls -l /.quilt/bin/vi").ok()
    assert done.text.startswith("bin\n")


@pytest.mark.parametrize("kind", ["link", "file"])
def test_an_image_with_something_else_there_is_refused(tmp_path, name, kind):
    path = tmp_path / "image.tar"
    with tarfile.open(path, "w") as tar:
        tar.add(os.path.realpath("/usr/bin/busybox"), "bin/sleep")
        for directory in ("etc", "tmp"):
            member = tarfile.TarInfo(directory)
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(member)
        member = tarfile.TarInfo(".quilt")
        if kind == "link":
            member.type, member.linkname = tarfile.SYMTYPE, "../../../../tmp"
        tar.addfile(member)
    ctl("import", str(path), f"{name}-image").ok()
    try:
        before = sorted(os.listdir("/tmp"))
        refused = ctl("run", "--name", name, "--provide", "shell", f"{name}-image", "/bin/sleep", "1")
        assert refused.code == 125 and b".quilt" in refused.err
        assert sorted(os.listdir("/tmp")) == before
        ctl("remove", "--force", name)
    finally:
        ctl("remove-image", f"{name}-image")


# SIGKILL while the private root of a session, or the directory of a container, is made

@contextlib.contextmanager
def stopped(syscall, tmp_path, *argv):
    """Executes a client, and stops the next init in this system call. Gives the client and the pid of the init."""
    assert daemon_pid()
    helpers = wait_for(lambda: len(pids := run("pgrep", "-x", "quilt-template|quilt-spare").text.split()) == 2 and pids)
    trace = tmp_path / "trace"
    trace.touch()
    name, _, when = syscall.partition(":")
    with spawn("strace", "-f", "-o", str(trace), "-e", f"trace={name}", f"--inject={name}:signal=STOP:when={when}",
               *[word for pid in helpers for word in ("-p", pid)]) as tracer:
        for _ in helpers:
            assert b"attached" in tracer.stderr.readline()
        with spawn(*argv) as client:
            wait_text(trace, b"stopped by SIGSTOP")
            pid = int(re.search(rb"^(\d+) +--- stopped by SIGSTOP", trace.read_bytes(), re.M).group(1))
            tracer.terminate()
            tracer.wait(TIMEOUT)
            yield client, pid


def kill_one(victim, init):
    """Kills quiltd, the supervisor or the init. Then the init goes on if it was not killed."""
    if victim == "quiltd":
        kill_daemon()
        run("systemctl", "reset-failed", "quiltd.service")
        assert daemon_pid()
    elif victim == "supervisor":
        os.kill(int(re.search(r"PPid:\s+(\d+)", pathlib.Path(f"/proc/{init}/status").read_text()).group(1)), signal.SIGKILL)
    else:
        os.kill(init, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(init, signal.SIGCONT)
    wait_exit(init)


@pytest.mark.parametrize("victim", ["quiltd", "supervisor", "init"])
@pytest.mark.parametrize("syscall", ["sendfile:1", "symlinkat:50", "pivot_root:1"])
def test_j_a_kill_while_the_private_root_is_made_leaves_nothing(box, tmp_path, syscall, victim):
    with stopped(syscall, tmp_path, "quiltctl", "debug", box, "/.quilt/bin/sh", "-c", "echo executed") as (client, init):
        kill_one(victim, init)
        out, err = client.communicate(timeout=TIMEOUT)
    said = b"supervisor of the session was killed" if victim == "supervisor" else b"The process's init ended"
    assert (client.returncode, out) == (125, b"") and said in err
    assert sessions(box) == [] and in_sessions(box) == [] and diff(box) == ""
    assert debug(box, "echo again").ok().text == "again\n"
    if victim != "supervisor":  # otherwise a later session removes the empty cgroup
        wait_for(lambda: cgroups(box) == ["payload", "supervisor"])


@pytest.mark.parametrize("victim", ["quiltd", "supervisor", "init"])
@pytest.mark.parametrize("syscall", ["sendfile:1", "symlinkat:50"])
def test_j_a_kill_while_a_container_gets_them_leaves_nothing(busybox, name, tmp_path, syscall, victim):
    """If quiltd is killed, the run goes on, since quiltd has told the supervisor to go on before."""
    command = ("/.quilt/bin/sh", "-c", "ls /.quilt; exit 3")
    with stopped(syscall, tmp_path, "quiltctl", "run", "--name", name, "--provide", "tools", busybox, *command) as (client, init):
        payload = SLICE / f"quilt-{name}.scope/payload/cgroup.procs"
        wait_for(lambda: payload.exists() and str(init) in payload.read_text().split())
        kill_one(victim, init)
        out, err = client.communicate(timeout=TIMEOUT)
    assert (client.returncode, out) == ((3, b"bin\n") if victim == "quiltd" else (125, b""))
    assert victim == "quiltd" or b"before it executed the command" in err
    again = ctl("start", "-a", name)
    assert (again.code, again.text) == (3, "bin\n")
    assert diff(name) == ""
