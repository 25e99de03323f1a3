# SPDX-License-Identifier: LGPL-2.1-or-later
"""What hostile images and processes try, and what holds: files and links of the root file system, descriptors, privilege inside.

What is tried from inside is tried by Python or Perl of the Debian image, so that a system call is called and not some program's idea of it.
"""
import io
import os
import pathlib
import platform
import pty
import tarfile

import pytest

from quilt import BUSYBOX, RUN, STATE, ctl, import_image, run, spawn
from test_lifecycle import background, props

LINKS = {  # of a root file system: where a mount or a mask goes
    "dev": "dev", "proc": "proc", "sys": "sys", "run": "run", "dev/null": "dev/null", "dev/pts": "dev/pts", "dev/shm": "dev/shm",
    "sys/fs/cgroup": "sys/fs/cgroup", "proc/self/attr/exec": "proc/self/attr/exec", "proc/sys": "proc/sys",
}


IOCTL, MOUNT, UNSHARE = {"x86_64": (16, 165, 272), "aarch64": (29, 40, 97)}[platform.machine()]


def inside(image, script, *arguments, options=()):
    """What a Python script prints in a container of image, as a list of lines."""
    return ctl("run", "--rm", *options, image, "python3", "-c", script, *arguments, timeout=60).ok().text.splitlines()


def snapshot(path):
    """Everything about the files below path that a container could have changed."""
    return sorted((str(file), st.st_mode, st.st_uid, st.st_gid, st.st_size, st.st_mtime_ns, st.st_ctime_ns)
                  for file in [path, *path.rglob("*")] for st in [file.lstat()])


def hostile_root(path, links):
    """Busybox's root, with some of its names as links instead."""
    with tarfile.open(BUSYBOX) as source, tarfile.open(path, "w") as target:
        for member in source:
            name = member.name.removeprefix("./").rstrip("/")
            if any(name == link or name.startswith(link + "/") for link in links):
                continue
            target.addfile(member, source.extractfile(member) if member.isreg() else None)
        for link, where in links.items():
            info = tarfile.TarInfo(link)
            info.type, info.linkname = tarfile.SYMTYPE, where
            target.addfile(info, io.BytesIO())
    return path


@pytest.fixture
def bait(tmp_path):
    """A directory of the host that looks like what a container's mounts are put on."""
    place = tmp_path / "bait"
    for name in "null", "pts", "shm", "self/attr", "sys/kernel", "fs/cgroup":
        (place / name).mkdir(parents=True)
    (place / "self/attr/exec").write_text("")
    (place / "sysrq-trigger").write_text("")
    return place


# B. Links in the root file system

@pytest.mark.parametrize("upward", [False, True], ids=["absolute", "upward"])
@pytest.mark.parametrize("target", LINKS.values())
def test_b_a_link_where_a_mount_goes_leads_nowhere(name, tmp_path, bait, target, upward):
    """CVE-2025-31133, CVE-2025-52565, CVE-2023-27561: it is refused, or stays within; nothing of the host's changes."""
    where = ("../" * 20 + str(bait).lstrip("/")) if upward else str(bait)
    image = import_image(hostile_root(tmp_path / "root.tar", {target: where}), name)
    before = snapshot(bait)
    try:
        done = ctl("run", "--rm", image, "/bin/sh", "-c", "stat -f -c %T /proc /sys /dev; echo x >/dev/null; ls /dev/pts /dev/shm; true")
        if done.code == 0:
            assert done.out.splitlines()[:3] == [b"proc", b"sysfs", b"tmpfs"]
        else:
            assert done.code == 125 and target.split("/")[0].encode() in done.err, done
        assert snapshot(bait) == before
    finally:
        ctl("remove-image", image).ok()


def test_b_a_false_proc_is_covered_by_the_true_one(name, tmp_path):
    """CVE-2019-16884, CVE-2025-52881: Quilt's writes to /proc reach procfs, whatever the image has at that path."""
    path = tmp_path / "root.tar"
    with tarfile.open(BUSYBOX) as source, tarfile.open(path, "w") as target:
        for member in source:
            target.addfile(member, source.extractfile(member) if member.isreg() else None)
        for false in "proc/self/attr/exec", "proc/self/oom_score_adj", "proc/sys/kernel/hostname", "proc/1/status":
            info = tarfile.TarInfo(false)
            info.mode = 0o666
            target.addfile(info, io.BytesIO())
    image = import_image(path, name)
    try:
        done = ctl("run", "--rm", image, "/bin/sh", "-c", "stat -f -c %T /proc/self/attr/exec /proc/sys; grep -c ^CapEff /proc/1/status").ok()
        assert done.out.split() == [b"proc", b"proc", b"1"]
    finally:
        ctl("remove-image", image).ok()


@pytest.mark.parametrize("cwd", ["/way/out/new", "/proc/self/fd/3", "/proc/self/fd/4", "/proc/self/fd/7", "/proc/1/root/../..", "/proc/self/root/proc/1/cwd/.."])
def test_a_b_a_working_directory_does_not_lead_out_nor_make_directories(name, tmp_path, bait, cwd):
    """CVE-2024-21626, and a WORKDIR whose link makes the host create a directory."""
    image = import_image(hostile_root(tmp_path / "root.tar", {"way": str(bait.parent)}), name)
    before = snapshot(bait.parent / "bait")
    try:
        done = ctl("run", "--rm", "-w", cwd, image, "/bin/sh", "-c", "pwd -P; ls ..")
        assert done.code == 125 or b"bait" not in done.out and not done.out.startswith(b"(unreachable)"), done
        assert snapshot(bait) == before and sorted(os.listdir(bait.parent)) == ["bait", "root.tar"]
    finally:
        ctl("remove-image", image).ok()


def test_b_nothing_of_a_container_changes_its_image(debian, name):
    """The layers on disk keep their bytes, owners and times after a container's root has tried to change them."""
    layer = STATE / "layers"
    before = snapshot(layer)
    inside(debian, """if True:
        import os
        for root, directories, files in os.walk("/etc"):
            for file in files:
                path = os.path.join(root, file)
                try:
                    os.chmod(path, 0o777, follow_symlinks=False) if os.chmod in os.supports_follow_symlinks else os.chmod(path, 0o777)
                    os.lchown(path, 1, 1)
                    open(path, "a").write("x")
                except OSError:
                    pass
        os.rename("/etc/passwd", "/etc/group")
        """)
    assert [entry[:5] for entry in snapshot(layer)] == [entry[:5] for entry in before]


# A. Helpers and descriptors

def test_a_no_abstract_socket_is_ours(busybox, name):
    """A container with the host's network could connect to an abstract socket."""
    background(name, busybox, "/bin/sleep", "1000")
    ours = set()
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (process / "comm").read_text().startswith("quilt"):
                ours |= {os.readlink(fd) for fd in (process / "fd").iterdir()}
        except OSError:
            continue
    assert any(fd.startswith("socket:") for fd in ours)
    for line in pathlib.Path("/proc/net/unix").read_text().splitlines()[1:]:
        fields = line.split()
        assert not (len(fields) > 7 and fields[7].startswith("@") and f"socket:[{fields[6]}]" in ours), line


def test_a_nobody_else_reads_or_traces_a_supervisor(busybox, name):
    background(name, busybox, "/bin/sleep", "1000")
    helpers = [process.name for process in pathlib.Path("/proc").glob("[0-9]*")
               if (process / "comm").exists() and (process / "comm").read_text().startswith("quilt-supervis")]
    assert helpers
    for pid in helpers:
        for file in "mem", "environ", "fd/3", "cwd/", "root/":
            assert run("test", "-r", f"/proc/{pid}/{file}", user="nobody").code != 0, file
    assert run("ls", str(RUN / "containers"), user="nobody").code != 0


# E. Privilege inside

def test_e_no_set_of_capabilities_grows_for_a_step_or_a_command(busybox):
    done = ctl("run", "--rm", "--setup", "grep -E '^(Cap|Groups|NoNewPrivs)' /proc/self/status >/was",
               busybox, "/bin/sh", "-c", "cat /was; grep -E '^(Cap|Groups|NoNewPrivs)' /proc/self/status").ok().text.splitlines()
    assert done[:7] == done[7:]
    sets = dict(line.split(":", 1) for line in done[7:])
    assert sets["CapInh"].strip() == sets["CapAmb"].strip() == "0" * 16 and sets["CapPrm"] == sets["CapEff"] == sets["CapBnd"]
    assert sets["Groups"].split() == [] and sets["NoNewPrivs"].strip() == "1"


def test_e_the_callers_terminal_cannot_be_typed_at(debian):
    """TIOCSTI and TIOCLINUX, with high bits too, on whatever the container has open; quiltctl itself has a terminal."""
    script = r"""
        use POSIX; $| = 1;
        for $path ("/dev/tty", "/dev/console", "/dev/ptmx") { open(my $tty, "+<", $path) and push(@kept, $tty) }
        for $request (0x5412, 0x541c, 0x5412 | 1 << 32, 0x541c | 1 << 40) {
            for $fd (0, 1, 2) { my $byte = "\x0b"; print syscall(IOCTL, $fd, $request, $byte) . "\n" }
        }
        print "tty " . join(",", map { isatty($_) ? 1 : 0 } 0, 1, 2) . "\n";
        """
    master, slave = pty.openpty()
    with spawn("quiltctl", "run", "--rm", debian, "perl", "-e", script.replace("IOCTL", str(IOCTL)), stdin=slave, stdout=slave, stderr=slave, start_new_session=True) as client:
        os.close(slave)
        shown = b""
        try:
            while chunk := os.read(master, 4096):
                shown += chunk
        except OSError:
            pass  # the terminal's other side is closed
        assert client.wait(timeout=60) == 0, shown
    os.close(master)
    lines = shown.decode().split("\r\n")
    assert lines == ["-1"] * 12 + ["tty 0,0,0", ""]


@pytest.mark.parametrize("path", ["/proc/kcore", "/proc/keys", "/proc/interrupts", "/proc/timer_list", "/proc/sched_debug", "/proc/latency_stats",
                                  "/sys/firmware", "/sys/devices/virtual/powercap", "/sys/devices/virtual/thermal",
                                  "/sys/devices/system/cpu/cpu0/thermal_throttle", "/proc/acpi", "/proc/scsi"])
def test_e_what_tells_of_the_host_is_masked(busybox, path):
    done = ctl("run", "--rm", busybox, "/bin/sh", "-c", f"if [ -d {path} ]; then ls -A {path}; elif [ -e {path} ]; then head -c 100 {path}; fi").ok()
    assert done.out == b""


@pytest.mark.parametrize("path", ["/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", "/proc/irq/default_smp_affinity",
                                  "/sys/kernel/uevent_helper", "/sys/fs/cgroup/cgroup.procs", "/proc/sys/kernel/modprobe"])
def test_e_what_governs_the_host_cannot_be_written(debian, path):
    errors = inside(debian, "import os, sys\ntry:\n  os.write(os.open(sys.argv[1], os.O_WRONLY), b'1')\n  print('written')\nexcept OSError as e: print(e.errno)", path)
    assert errors[0] in ("2", "13", "30", "1"), errors  # not there, no permission, read-only


def test_e_no_device_of_the_host_can_be_made_or_opened(debian):
    """Not even at a path where a node could be made: the node can't be opened."""
    script = """if True:
        import os, stat
        def attempt(what, function):
            try:
                function()
                print(what, "done")
            except OSError as error:
                print(what, error.errno)
        for place in ("/disk", "/dev/disk", "/dev/shm/disk", "/tmp/disk"):
            for major, minor in ((8, 0), (1, 1), (254, 0)):
                attempt("mknod", lambda: os.mknod(place, stat.S_IFBLK | 0o666, os.makedev(major, minor)))
                attempt("open", lambda: os.open(place, os.O_RDONLY))
        attempt("mem", lambda: os.open("/dev/mem", os.O_RDONLY))
        attempt("kmsg", lambda: os.open("/dev/kmsg", os.O_RDONLY))
        print(sorted(os.listdir("/dev")))
        """
    lines = inside(debian, script)
    assert not any(line.endswith("done") for line in lines), lines
    assert lines[-1] == str(sorted(["core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom", "zero"]))


def test_e_a_release_agent_has_no_place(debian):
    """CVE-2022-0492: no hierarchy of version 1 can be mounted, and nothing of version 2 is written."""
    script = r"""
        mkdir "/tmp/c";
        for ("cgroup,rdma", "cgroup,none,name=x", "cgroup2,") {
            my ($kind, $data) = split(",", $_, 2); my ($source, $target) = ("x", "/tmp/c");
            print syscall(MOUNT, $source, $target, $kind, 0, $data) . "\n";
        }
        print syscall(UNSHARE, 0x02000000 | 0x00020000) . "\n";
        print((-e "/sys/fs/cgroup/release_agent" ? "agent" : "none") . "\n");
        """
    script = script.replace("MOUNT", str(MOUNT)).replace("UNSHARE", str(UNSHARE))
    assert ctl("run", "--rm", debian, "perl", "-e", script, timeout=60).ok().text.split() == ["-1", "-1", "-1", "-1", "none"]


def test_e_neighbours_cannot_be_reached(debian, name):
    """Another container's processes, sockets and files have no name inside."""
    background(name, debian, "python3", "-c", "import signal, socket; s = socket.socket(socket.AF_UNIX); s.bind('\\0quilt-neighbour'); s.listen(); signal.pause()")
    pid = props(name)["Pid"]
    script = f"""if True:
        import os, socket
        def attempt(function):
            try:
                function()
                print("reached")
            except OSError as error:
                print(error.errno)
        attempt(lambda: os.kill({pid}, 0))
        attempt(lambda: os.open("/proc/{pid}/root/etc", os.O_RDONLY))
        attempt(lambda: socket.socket(socket.AF_UNIX).connect("\\0quilt-neighbour"))
        attempt(lambda: os.open("/run/quilt/containers", os.O_RDONLY))
        attempt(lambda: os.open("/var/lib/quilt", os.O_RDONLY))
        attempt(lambda: socket.socket(socket.AF_UNIX).connect("/run/dbus/system_bus_socket"))
        """
    assert inside(debian, script) == ["3", "2", "111", "2", "2", "2"]
