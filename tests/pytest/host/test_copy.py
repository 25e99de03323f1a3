# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files between the host and containers: copy and export."""
import contextlib
import io
import os
import pathlib
import pwd
import signal
import stat
import subprocess
import tarfile
import time

import pytest

from quilt import SLICE, TIMEOUT, ctl, run, spawn, wait_exit
from test_access import rule  # noqa: F401
from test_daemon import daemon_pid
from test_exec import SLEEP, box, wait_for  # noqa: F401
from test_lifecycle import background


def members(archive):
    return tarfile.open(fileobj=io.BytesIO(archive)).getmembers()


def names(archive):
    return [member.name for member in members(archive)]


def pack(*entries):
    """An archive of (name, text or TarInfo's fields)."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, what in entries:
            info = tarfile.TarInfo(name)
            if isinstance(what, dict):
                for key, value in what.items():
                    setattr(info, key, value)
            else:
                info.size = len(what)
            archive.addfile(info, io.BytesIO(b"" if isinstance(what, dict) else what))
    return file.getvalue()


def inside(name, script):
    return ctl("exec", name, "/bin/sh", "-c", script).ok().text


def copies(name):
    """The processes that copy from or to a container that runs."""
    with contextlib.suppress(FileNotFoundError):
        pids = (SLICE / f"quilt-{name}.scope/supervisor/cgroup.procs").read_text().split()
        return [int(pid) for pid in pids if "quilt-copy" in os.readlink(f"/proc/{pid}/exe")]
    return []


@pytest.fixture
def stopped(busybox, name):
    ctl("create", "--name", name, busybox, *SLEEP).ok()
    return name


@pytest.fixture(params=["box", "stopped"])
def any_box(request):
    """A container that runs, and one that does not."""
    return request.getfixturevalue(request.param)


def test_podmans_rules_both_ways(any_box, tmp_path):
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "f").write_text("f\n")
    (source / "sub/g").write_text("g\n")
    (source / "link").symlink_to("/nowhere")
    for target in ("/new", "/new"):  # made, and then copied into
        ctl("cp", str(source), f"{any_box}:{target}").ok()
    ctl("cp", f"{source}/.", f"{any_box}:/new/sub").ok()
    ctl("cp", str(source / "f"), f"{any_box}:/renamed").ok()
    ctl("cp", str(source / "f"), f"{any_box}:/renamed").ok()
    ctl("cp", str(source / "f"), f"{any_box}:/new/").ok()
    out = tmp_path / "out"
    ctl("cp", f"{any_box}:/new", str(out)).ok()
    ctl("cp", f"{any_box}:/new", str(out)).ok()
    found = sorted(str(path.relative_to(out)) for path in out.rglob("f"))
    assert found == ["f", "new/f", "new/source/f", "new/sub/f", "source/f", "sub/f"]
    assert os.readlink(out / "link") == "/nowhere"
    for source_, target, why in [(str(source), f"{any_box}:/renamed", b"over a file"),
                                 (str(source / "f"), f"{any_box}:/missing/", b"no such directory"),
                                 (str(source / "f"), f"{any_box}:/missing/x", b"No such file"),
                                 (f"{any_box}:/missing", str(out), b"No such file"),
                                 (f"{any_box}:/renamed/", str(out), b"Not a directory"),
                                 (str(source / "missing"), f"{any_box}:/", b"No such file"),
                                 (f"{any_box}:/proc/version", str(out), b"file system of the kernel"),
                                 (str(source / "f"), f"{any_box}:/proc/", b"file system of the kernel"),
                                 (f"{any_box}:/new", "/dev/null", b"neither a file nor a directory")]:
        done = ctl("copy", source_, target)
        assert done.code == 1 and why in done.err, done
    assert b"neither" in ctl("copy", "a", "b").err and b"one side is on the host" in ctl("copy", "a:b", "c:d").err


def test_bytes_modes_times_and_owners(any_box, tmp_path):
    data = os.urandom(3 << 20)
    file = tmp_path / "data"
    file.write_bytes(data)
    file.chmod(0o640)
    os.utime(file, ns=(10**18, 10**18 + 123456789))
    os.chown(file, 5, 6)
    ctl("copy", str(file), f"{any_box}:/data").ok()
    ctl("copy", "-a", str(file), f"{any_box}:/kept").ok()
    archive = {member.name: member for member in members(ctl("export", any_box).ok().out)}
    assert (archive["data"].uid, archive["data"].gid, archive["data"].mode) == (0, 0, 0o640)
    assert (archive["kept"].uid, archive["kept"].gid) == (5, 6)
    assert f"{archive['data'].mtime:.3f}" == "1000000000.123"
    ctl("copy", f"{any_box}:/data", str(tmp_path / "back")).ok()
    back = (tmp_path / "back").stat()
    assert (tmp_path / "back").read_bytes() == data and back.st_uid == 0 and back.st_mtime_ns == 10**18 + 123456789
    ctl("copy", "-a", f"{any_box}:/kept", str(tmp_path / "back2")).ok()
    assert (tmp_path / "back2").stat().st_uid == 5
    os.chown(file, 70000, 0)
    assert b"no ids for its owner" in ctl("copy", "-a", str(file), f"{any_box}:/").err


def test_a_copy_belongs_to_the_containers_user(busybox, name, tmp_path):
    (tmp_path / "f").write_text("")
    background(name, busybox, *SLEEP, options=("--user", "1000:1001"))
    ctl("copy", str(tmp_path / "f"), f"{name}:/tmp/f").ok()
    assert inside(name, "stat -c %u:%g /tmp/f") == "1000:1001\n"
    ctl("stop", "-t", "0", name).ok()
    ctl("copy", str(tmp_path / "f"), f"{name}:/g").ok()
    assert [(m.uid, m.gid) for m in members(ctl("copy", f"{name}:/g", "-").ok().out)] == [(1000, 1001)]


def test_archives_on_the_standard_streams(any_box):
    assert b"existing directory" in ctl("copy", "-", f"{any_box}:/missing", input=pack(("x", b""))).err
    ctl("copy", "-", f"{any_box}:/etc", input=pack(("d", {"type": tarfile.DIRTYPE, "mode": 0o700}), ("d/x", b"text"))).ok()
    assert names(ctl("copy", f"{any_box}:/etc/d", "-").ok().out) == ["d", "d/x"]
    assert names(ctl("copy", f"{any_box}:/etc/d/.", "-").ok().out) == [".", "x"]
    piped = run("sh", "-c", f"tar -C /etc -c hostname | quiltctl cp - {any_box}:/ && quiltctl cp {any_box}:/hostname - | tar -xO").ok()
    assert piped.out == pathlib.Path("/etc/hostname").read_bytes()
    compressed = subprocess.run(["gzip"], input=pack(("x", b"x")), stdout=subprocess.PIPE).stdout
    assert b"compressed" in ctl("copy", "-", f"{any_box}:/", input=compressed).err


def test_volumes_and_tmpfs_are_seen(busybox, name, tmp_path):
    volume = tmp_path / "volume"
    volume.mkdir()
    (volume / "f").write_text("f")
    background(name, busybox, *SLEEP, options=("-v", f"{volume}:/v", "-v", f"{volume}:/ro:ro", "--tmpfs", "/t"))
    ctl("copy", str(volume / "f"), f"{name}:/v/g").ok()
    ctl("copy", str(volume / "f"), f"{name}:/t/h").ok()
    assert (volume / "g").read_text() == "f" and inside(name, "cat /t/h") == "f"
    assert b"Read-only" in ctl("copy", str(volume / "f"), f"{name}:/ro/h").err
    archive = names(ctl("export", name).ok().out)
    assert "v" in archive and not [each for each in archive if each.startswith(("v/", "ro/", "t/", "proc/", "dev/"))]
    done = ctl("copy", f"{name}:/", str(tmp_path / "all")).ok()
    assert (tmp_path / "all/v/g").read_text() == "f" and b"kernel-directories" in done.err
    ctl("stop", "-t", "0", name).ok()
    ctl("copy", str(volume / "f"), f"{name}:/v/late").ok()
    assert (volume / "late").read_text() == "f"
    assert b"Read-only" in ctl("copy", str(volume / "f"), f"{name}:/ro/h").err
    assert b"Read-only" in ctl("copy", str(volume / "f"), f"{name}:/t/h").err
    ctl("start", name).ok()


@pytest.mark.parametrize("options", [("--read-only",), ("--read-only", "--userns=host")])
def test_a_read_only_root_takes_nothing(busybox, name, options, tmp_path):
    (tmp_path / "f").write_text("")
    ctl("create", "--name", name, *options, busybox, *SLEEP).ok()
    assert b"Read-only" in ctl("copy", str(tmp_path / "f"), f"{name}:/").err
    ctl("start", name).ok()
    assert b"Read-only" in ctl("copy", str(tmp_path / "f"), f"{name}:/").err
    ctl("copy", str(tmp_path / "f"), f"{name}:/tmp/").ok()


def test_a_container_with_the_hosts_ids(busybox, name, tmp_path):
    (tmp_path / "f").write_text("f")
    background(name, busybox, *SLEEP, options=("--userns=host",))
    inside(name, "ln -s /f2 /link; mkfifo /fifo")
    ctl("copy", str(tmp_path / "f"), f"{name}:/link").ok()  # a link in the target itself is followed
    assert inside(name, "cat /f2; readlink /link") == "f/f2\n"
    assert {"f2", "link", "fifo"} <= set(names(ctl("export", name).ok().out))
    ctl("stop", "-t", "0", name).ok()
    assert {"f2", "link", "fifo"} <= set(names(ctl("export", name).ok().out))


def test_what_was_copied_before_a_start_is_there_after_it(busybox, name, tmp_path):
    (tmp_path / "f").write_text("f")
    for options in ((), ("--userns=host",), ("--rm",), ("--network=host", "--ipc=host", "--pid=host")):
        ctl("create", "--name", name, *options, busybox, "/bin/cat", "/f").ok()
        ctl("copy", str(tmp_path / "f"), f"{name}:/").ok()
        assert "f" in names(ctl("export", name).ok().out)
        ctl("start", name).ok()
        ctl("wait", name)
        ctl("remove", "--force", name)


def test_a_container_that_shares_namespaces(box, busybox, name, tmp_path):  # noqa: F811
    (tmp_path / "f").write_text("f")
    other = f"{name}-2"
    ctl("create", "--name", other, f"--pid=container:{box}", f"--network=container:{box}", busybox, *SLEEP).ok()
    for _ in range(2):
        ctl("copy", str(tmp_path / "f"), f"{other}:/").ok()
        assert ctl("copy", f"{other}:/f", "-").ok()
        ctl("start", other).ok()


# Attacks

@pytest.fixture
def bait(tmp_path):
    """A directory of the host that nothing may read or change."""
    bait = pathlib.Path("/var/tmp/quilt-bait")
    bait.mkdir()
    (bait / "f").write_text("secret")
    yield bait
    assert [(path.name, path.read_text()) for path in bait.iterdir()] == [("f", "secret")]
    assert bait.stat().st_mode & 0o7777 == 0o755
    run("rm", "-r", str(bait)).ok()


def test_c_links_that_are_swapped_meanwhile_lead_nowhere(busybox, name, bait, tmp_path):
    """CVE-2018-15664: a directory becomes a link to the host's, and back, while files are copied through it."""
    source = tmp_path / "d"
    source.mkdir()
    (source / "f").write_text("mine")
    swap = f"mkdir -p /w/d /w/x{bait}; echo own > /w/d/f; cd /w; while :; do mv d e; ln -s {bait} d; rm d; mv e d; done"
    background(name, busybox, "/bin/sh", "-c", swap)
    began, out, n = time.monotonic(), tmp_path / "out", 0
    while time.monotonic() - began < 8 or n < 20:
        ctl("copy", str(source), f"{name}:/w")
        ctl("copy", str(source / "f"), f"{name}:/w/d/f")
        ctl("copy", f"{name}:/w/d", str(out))
        ctl("copy", f"{name}:/w/d/f", str(tmp_path / "f"))
        ctl("copy", "--overwrite", "-", f"{name}:/w", input=pack(("d/f", b"mine")))
        for file in (*tmp_path.glob("f"), *out.rglob("f")):
            assert b"secret" not in file.read_bytes()
        run("rm", "-rf", str(out), str(tmp_path / "f")).ok()
        n += 1


def test_c_links_on_both_sides_lead_nowhere(any_box, bait, tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d/f").write_text("mine")
    (tmp_path / "in").symlink_to(bait)
    link = {"type": tarfile.SYMTYPE, "linkname": str(bait)}
    up = {"type": tarfile.SYMTYPE, "linkname": "../../../../../.." + str(bait)}
    hard = {"type": tarfile.LNKTYPE, "linkname": "../../.." + str(bait / "f")}
    for target, entries in [("/", [("l", link), ("l/f", b"x")]), ("/", [("u", up), ("u/f", b"x")]), ("/", [("h", hard)]),
                            ("/", [("../../../.." + str(bait / "f"), b"x")])]:
        assert ctl("copy", "-", f"{any_box}:{target}", input=pack(*entries)).code == 1
    # Such paths mean the container's own files, which do not exist.
    for path in (f"/l{'/..' * 9}{bait}/f", "/l/f", "/u/f", f"{'../' * 9}{bait}/f"):
        assert ctl("copy", f"{any_box}:{path}", str(tmp_path / "out")).code == 1
        assert ctl("copy", str(tmp_path / "d/f"), f"{any_box}:{path}").code == 1
    # What a container sends does not go through links of the host below the target, either.
    ctl("copy", "-", f"{any_box}:/", input=pack(("in/f", b"evil"))).ok()
    assert b"a file or a link is in its place" in ctl("copy", f"{any_box}:/in", str(tmp_path)).err


def test_c_no_setuid_program_or_device_reaches_the_host(busybox, name, tmp_path):
    background(name, busybox, *SLEEP, options=("--userns=host",))
    inside(name, "mkdir /d; cp /bin/busybox /d/suid; chmod 6755 /d/suid; mkfifo /d/fifo")
    done = ctl("copy", f"{name}:/dev", str(tmp_path / "dev")).ok()
    assert b"device-nodes" in done.err and not [path for path in (tmp_path / "dev").rglob("*") if stat.S_ISCHR(path.lstat().st_mode)]
    assert b"device node" in ctl("copy", f"{name}:/dev/null", str(tmp_path / "null")).err
    ctl("copy", "-a", f"{name}:/d", str(tmp_path)).ok()
    assert (tmp_path / "d/suid").stat().st_mode & 0o7777 == 0o755


def test_c_nothing_of_the_container_is_opened_but_what_is_copied(busybox, name, tmp_path):
    """CVE-2019-14271: libraries, locales and character sets are the host's. A FIFO would block whoever opens it."""
    places = ["/usr/lib/x86_64-linux-gnu/charset.alias", "/usr/lib/charset.alias", "/etc/nsswitch.conf", "/etc/ld.so.cache",
              "/usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache", "/usr/lib/locale/locale-archive", "/etc/localtime",
              "/lib/x86_64-linux-gnu/libnss_files.so.2", "/dev/urandom2"]
    make = "; ".join(f"mkdir -p {os.path.dirname(place)}; mkfifo {place}" for place in places)
    background(name, busybox, *SLEEP, options=("--user", "0:0"))
    inside(name, make + "; rm /dev/urandom; mkfifo /dev/urandom")
    (tmp_path / "f").write_text("")
    assert ctl("copy", f"{name}:/missing/x", str(tmp_path)).code == 1
    ctl("copy", str(tmp_path / "f"), f"{name}:/f").ok()
    assert ctl("export", name).ok()
    assert ctl("copy", f"{name}:/dev/urandom", "-").ok()  # as a FIFO, without opening it
    inside(name, "rm -f /etc/passwd; mkfifo /etc/passwd")
    ctl("copy", str(tmp_path / "f"), f"{name}:/f").ok()


def test_c_the_copier_can_not_be_seen_or_traced(busybox, name):
    """It stays out of the container's pid namespace, and without the host's capabilities."""
    background(name, busybox, *SLEEP)
    reader, writer = os.pipe()
    with spawn("quiltctl", "copy", "-", f"{name}:/", stdin=reader):
        pid, = wait_for(lambda: copies(name))
        status = wait_for(lambda: (text := pathlib.Path(f"/proc/{pid}/status").read_text()) and "Seccomp:\t2" in text and text)
        fields = dict(line.split(":\t", 1) for line in status.splitlines())
        assert fields["NoNewPrivs"] == "1" and int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 0x8000001b
        assert int(fields["Uid"].split()[0]) >= 0x80000
        assert os.readlink(f"/proc/{pid}/ns/user") != os.readlink("/proc/self/ns/user")
        assert os.readlink(f"/proc/{pid}/ns/pid") == os.readlink("/proc/self/ns/pid")
        assert "quilt-copy" not in inside(name, "ps -o comm")
        os.close(writer)
    os.close(reader)
    wait_for(lambda: not copies(name))


# Ends

@pytest.mark.parametrize("victim", ["quiltd", "quiltctl", "quilt-copy"])
def test_j_a_kill_in_the_middle_leaves_nothing(any_box, victim, tmp_path):
    runs = "running" in ctl("list", "--format", "{{.Names}} {{.State}}").text
    reader, writer = os.pipe()
    with spawn("quiltctl", "copy", "-", f"{any_box}:/", stdin=reader) as process:
        os.write(writer, pack(("f", b"x" * 100000))[:60000])
        pid, = wait_for(lambda: find_copies())
        if victim == "quilt-copy":
            # It has begun the file, so that its temporary name is left.
            wait_for(lambda: pathlib.Path(f"/proc/{pid}/status").read_text().count("Seccomp:\t2"))
        os.kill({"quiltd": daemon_pid(), "quiltctl": process.pid, "quilt-copy": pid}[victim], signal.SIGKILL)
        wait_exit(pid)
        os.close(writer)
        process.wait(TIMEOUT)
    os.close(reader)
    wait_for(lambda: not find_copies())
    archive = names(ctl("export", any_box).ok().out)
    assert "f" not in archive
    assert victim == "quilt-copy" or not [each for each in archive if "quilt-copy" in each]
    if runs:
        assert inside(any_box, "echo alive") == "alive\n"
    else:
        ctl("start", any_box).ok()


def find_copies():
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[1]
                if os.readlink(entry / "exe").endswith("quilt-copy") and "quilt-copy" not in os.readlink(f"/proc/{parent}/exe"):
                    found.append(int(entry.name))
    return found


def test_a_copy_ends_when_its_container_stops(box):  # noqa: F811
    reader, writer = os.pipe()
    with spawn("quiltctl", "copy", "-", f"{box}:/", stdin=reader) as process:
        wait_for(lambda: copies(box))
        ctl("stop", "-t", "0", box).ok()
        os.write(writer, bytes(512))
        os.close(writer)
        process.wait(TIMEOUT)
        assert process.returncode == 1 and b"stopped" in process.stderr.read()
    os.close(reader)
    ctl("start", box).ok()


def test_a_stopped_container_can_not_start_or_go_while_it_is_copied(stopped):
    reader, writer = os.pipe()
    with spawn("quiltctl", "copy", "-", f"{stopped}:/", stdin=reader) as process:
        wait_for(lambda: find_copies())
        for verb in (("start",), ("remove",), ("remove", "--force")):
            assert b"copied" in ctl(*verb, stopped).err
        assert b"being copied" in ctl("export", stopped).err
        os.write(writer, pack(("f", b"x")))
        os.close(writer)
        assert process.wait(TIMEOUT) == 0
    os.close(reader)
    ctl("start", stopped).ok()
    assert inside(stopped, "cat /f") == "x"


def test_a_reader_that_goes_ends_the_copy(any_box):
    with spawn("quiltctl", "copy", f"{any_box}:/bin", "-") as process:
        process.stdout.read(10)
        process.stdout.close()
        process.wait(TIMEOUT)
    wait_for(lambda: not find_copies())


def test_a_full_file_system_is_an_error(busybox, name, tmp_path):
    background(name, busybox, *SLEEP, options=("--tmpfs", "/t:size=1m"))
    (tmp_path / "f").write_bytes(os.urandom(4 << 20))
    done = ctl("copy", str(tmp_path / "f"), f"{name}:/t/")
    assert done.code == 1 and b"No space" in done.err
    assert inside(name, "ls -A /t") == ""


def test_a_signal_ends_quiltctl_and_leaves_nothing(box, tmp_path):  # noqa: F811
    inside(box, "truncate -s 1000G /hole")
    with spawn("quiltctl", "copy", f"{box}:/hole", str(tmp_path / "hole")) as process:
        wait_for(lambda: list(tmp_path.glob(".quilt-copy-*")))
        process.send_signal(signal.SIGINT)
        process.wait(TIMEOUT)
    assert list(tmp_path.iterdir()) == []
    wait_for(lambda: not copies(box))


def test_many_files_are_exact(box, tmp_path):  # noqa: F811
    source = tmp_path / "source"
    for i in range(1000):
        path = source / f"{i % 10}/{i % 7}/file-{i}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(i * 13))
    ctl("copy", str(source), f"{box}:/all").ok()
    ctl("copy", f"{box}:/all", str(tmp_path / "back")).ok()
    run("diff", "-r", str(source), str(tmp_path / "back")).ok()


def test_an_export_can_be_imported(box, tmp_path, name):  # noqa: F811
    inside(box, "echo kept > /etc/kept")
    ctl("export", "-o", str(tmp_path / "root.tar"), box).ok()
    ctl("import", str(tmp_path / "root.tar"), f"{name}-image").ok()
    assert ctl("run", "--rm", f"{name}-image", "/bin/cat", "/etc/kept").ok().out == b"kept\n"
    ctl("remove-image", f"{name}-image").ok()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["root.tar"]


# Permissions and states

BOB_MAY_EXEC = """
polkit.addRule(function (action, subject) {
  if (action.id == "org.quilt.exec" && subject.user == "bob" && action.lookup("verb") == "copy")
    return polkit.Result.YES;
});
"""


def test_who_may_copy(busybox, name, rule, tmp_path):  # noqa: F811
    background(name, busybox, *SLEEP)
    background(f"{name}-2", busybox, *SLEEP, options=("--user", "1000"))
    denied = ctl("--no-ask-password", "copy", f"{name}:/etc/passwd", "-", user="bob")
    assert denied.code == 1 and b"org.quilt.exec" in denied.err
    rule(BOB_MAY_EXEC)
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, pwd.getpwnam("bob").pw_uid, -1)
    for path in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        path.chmod(path.stat().st_mode | 0o711)
    ctl("--no-ask-password", "copy", f"{name}:/etc", str(home / "etc"), user="bob").ok()
    assert {path.stat().st_uid for path in home.rglob("*")} == {pwd.getpwnam("bob").pw_uid}
    assert b"Permission denied" in ctl("--no-ask-password", "copy", f"{name}:/etc/passwd", "/usr/new", user="bob").err
    assert b"Permission denied" in ctl("--no-ask-password", "copy", "/etc/shadow", f"{name}:/", user="bob").err
    assert b"only root" in ctl("--no-ask-password", "copy", "-a", f"{name}:/etc/passwd", str(home), user="bob").err
    assert b"org.quilt.privileged" in ctl("--no-ask-password", "copy", f"{name}-2:/etc/passwd", "-", user="bob").err
    assert b"org.quilt.exec" in ctl("--no-ask-password", "export", name, user="bob").err


def test_a_paused_container_is_not_copied(box):  # noqa: F811
    run("systemctl", "freeze", f"quilt-{box}.scope").ok()
    try:
        assert b"paused" in ctl("copy", f"{box}:/etc/passwd", "-").err
    finally:
        run("systemctl", "thaw", f"quilt-{box}.scope").ok()
    assert ctl("copy", f"{box}:/etc/passwd", "-").ok()


def test_a_container_with_a_terminal(busybox, name, tmp_path):
    ctl("create", "-it", "--init", "--name", name, busybox, "/bin/sh").ok()
    assert names(ctl("copy", f"{name}:/etc/passwd", "-").ok().out) == ["passwd"]


def test_a_name_is_bytes(any_box, tmp_path):
    path = os.fsencode(tmp_path) + b"/new\nline \xff"
    with open(path, "w") as file:
        file.write("x")
    ctl("copy", path, any_box.encode() + b":/etc/\xfe").ok()
    ctl("copy", any_box.encode() + b":/etc/\xfe", path + b"2").ok()
    with open(path + b"2") as file:
        assert file.read() == "x"
    ctl("copy", path, any_box.encode() + b":/etc/").ok()
    assert os.fsdecode(b"new\nline \xff") in [os.path.basename(each) for each in names(ctl("copy", f"{any_box}:/etc", "-").ok().out)]
    refused = ctl("copy", any_box.encode() + b":/no\n\xff", path)
    assert refused.code == 1 and refused.err.count(b"\n") == 1 and b"\xff" not in refused.err
