# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a container may ask of the kernel: tried from inside, as its root, by system calls made by hand (E)."""
import errno
import json
import os
import pathlib
import re
import sys
import sysconfig

import pytest
from gi.repository import GLib

from quilt import containers, ctl, error_name, import_image, manager, run, spawn
from test_lifecycle import background

CACHE = pathlib.Path("/var/cache/quilt/seccomp")

# Prints "NAME ERRNO" for each call; 0 is success. int80 is the entry of i386, by machine code:
# push rbx; mov eax, edi; mov ebx, esi; mov ecx, edx; xor edx, edx; xor esi, esi; int 0x80; pop rbx; ret
ATTEMPTS = r"""
import ctypes, mmap, sys
forks = "--no-forks" not in sys.argv  # where they would succeed
libc = ctypes.CDLL(None, use_errno=True)

def call(number, *args):
    ctypes.set_errno(0)
    return ctypes.get_errno() if libc.syscall(ctypes.c_long(number), *map(ctypes.c_ulong, args)) == -1 else 0

code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex("53 89f8 89f3 89d1 31d2 31f6 cd80 5b c3".replace(" ", "")))
int80 = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint, ctypes.c_uint, ctypes.c_uint)(
    ctypes.addressof(ctypes.c_char.from_buffer(code)))

HIGH = 1 << 32
for name, number, *args in [
        ("getppid", 110), ("unshare-user", 272, 0x10000000), ("unshare-mount", 272, 0x20000), ("setns", 308, 0, 0),
        ("clone-user", 56, 0x10000011), ("clone-user-high", 56, HIGH | 0x10000011), ("clone3", 435, 0, 0),
        ("keyctl", 250, 0, -3 & (2**64 - 1), 0), ("add_key", 248, 0, 0, 0), ("request_key", 249, 0, 0, 0),
        ("io_uring_setup", 425, 8, 0), ("io_uring_enter", 426, 0), ("bpf", 321, 0, 0, 0), ("userfaultfd", 323, 0),
        ("perf_event_open", 298, 0), ("mount", 165, 0, 0, 0), ("fsopen", 430, 0, 0), ("open_tree", 428, 0, 0, 1),
        ("move_mount", 429, 0), ("pivot_root", 155, 0, 0), ("umount2", 166, 0, 0), ("kexec_load", 246, 0),
        ("init_module", 175, 0), ("swapon", 167, 0), ("reboot", 169, 0), ("quotactl", 179, 0),
        ("open_by_handle_at", 304, 0, 0, 0), ("syslog", 103, 3, 0, 0), ("iopl", 172, 3), ("settimeofday", 164, 0, 0),
        ("fanotify_init", 300, 0, 0), ("personality-exec", 135, 0x0400000), ("personality", 135, 0xffffffff),
        ("uselib", 134, 0), ("unknown", 1000), ("unknown-negative", 0xffffffff),
        ("TIOCSTI", 16, 0, 0x5412, 0), ("TIOCSTI-high", 16, 0, HIGH | 0x5412, 0),
        ("TIOCSTI-sign", 16, 0, 0xffffffff00005412, 0), ("TIOCLINUX", 16, 0, 0x541c, 0),
        ("TIOCLINUX-high", 16, 0, HIGH | 0x541c, 0), ("vsock", 41, 40, 1, 0), ("vsock-high", 41, HIGH | 40, 1, 0),
        ("unix", 41, 1, 1, 0), ("inet", 41, 2, 1, 0),
        ("x32-getpid", 0x40000000 | 39), ("x32-keyctl", 0x40000000 | 250, 0), ("x32-ioctl", 0x40000000 | 514, 0, 0x5412, 0)]:
    if forks or "clone-" not in name:
        print(name, call(number, *args))
for name, number, first, second in [
        ("i386-getpid", 20, 0, 0), ("i386-keyctl", 288, 0, 0), ("i386-unshare", 310, 0x10000000, 0),
        ("i386-clone", 120, 0x10000011, 0), ("i386-clone3", 435, 0, 0), ("i386-io_uring", 425, 8, 0),
        ("i386-bpf", 357, 0, 0), ("i386-mount", 21, 0, 0), ("i386-TIOCSTI", 54, 0, 0x5412), ("i386-vsock", 359, 40, 1),
        ("i386-socketcall", 102, 1, 0), ("i386-unknown", 1000, 0, 0)]:
    if forks or name != "i386-clone":
        print(name, -min(int80(number, first, second), 0))
"""

ALLOWED = {"getppid", "personality", "unix", "inet", "i386-getpid"}
NOT_THERE = {"clone3", "uselib", "unknown", "unknown-negative", "x32-getpid", "x32-keyctl", "x32-ioctl", "i386-clone3", "i386-unknown"}


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The name of an image with this host's complete Python: the Debian image has none that can make system calls by number."""
    library = pathlib.Path(sysconfig.get_path("stdlib"))
    programs = [os.path.realpath(sys.executable), *map(str, library.glob("lib-dynload/*.so"))]
    needed = set(re.findall(r"(/\S+) \(0x", run("ldd", *programs).text))
    archive = tmp_path_factory.mktemp("python") / "python.tar"
    run("tar", "-cf", str(archive), "-C", "/", "--hard-dereference", "--exclude=__pycache__", "--exclude=dist-packages", "--exclude=test",
        "--dereference", "--transform=s,^lib,usr/lib,", str(library)[1:], programs[0][1:],
        *sorted({path[1:] for path in needed})).ok()
    root = tmp_path_factory.mktemp("links")
    for link in ("lib", "lib64"):
        (root / link).symlink_to("usr/" + link)
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/python3").symlink_to(programs[0])
    run("tar", "-rf", str(archive), "-C", str(root), "lib", "lib64", "usr/bin/python3").ok()
    return import_image(archive, "python")


def attempts(image, *options, arguments=()):
    out = ctl("run", "--rm", *options, image, "python3", "-c", ATTEMPTS, *arguments, timeout=60).ok().text
    return {name: int(number) for name, number in map(str.split, out.splitlines())}


def expected(name):
    if name in ALLOWED:
        return 0
    return errno.ENOSYS if name in NOT_THERE else errno.EPERM


def test_e_forbidden_calls_by_every_entry(python):
    got = attempts(python)
    assert len(got) == 60
    assert got == {name: expected(name) for name in got}


def test_e_the_same_without_no_new_privileges(python):
    got = attempts(python, "--security-opt", "no-new-privileges=false")
    assert got == {name: expected(name) for name in got}


def test_e_unconfined_is_what_the_kernel_says(python):
    got = attempts(python, "--seccomp", "unconfined", arguments=["--no-forks"])
    assert got["clone3"] == errno.EINVAL and got["unshare-user"] == 0 and got["perf_event_open"] != errno.EPERM


def status(text):
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def status_of(image, *options):
    return status(ctl("run", "--rm", *options, image, "/bin/cat", "/proc/self/status").ok().text)


def test_e_the_mode_is_said_by_the_kernel(busybox, name):
    ours = status(pathlib.Path("/proc/self/status").read_text())  # filters of the environment around this host
    inside = status_of(busybox)
    assert inside["Seccomp"] == "2" and int(inside["Seccomp_filters"]) == int(ours["Seccomp_filters"]) + 1
    assert status_of(busybox, "--security-opt", "seccomp=unconfined")["Seccomp_filters"] == ours["Seccomp_filters"]
    assert status_of(busybox, "--privileged")["Seccomp_filters"] == ours["Seccomp_filters"]
    assert status_of(busybox, "--privileged", "--seccomp", "default")["Seccomp"] == "2"
    assert status_of(busybox, "--init", "--user", "1000")["Seccomp"] == "2"
    background(name, busybox, "/bin/sleep", "1000")
    assert ctl("inspect", name).ok().json["in_force"]["seccomp"] == "filter"


def test_e_setup_steps_are_filtered_too(busybox):
    done = ctl("run", "--rm", "--setup", "grep -x 'Seccomp:\t2' /proc/self/status && ! unshare -U true", busybox, "/bin/true")
    assert done.code == 0, repr(done)


def test_programs_run_as_ever(debian, python, busybox):
    """Runs programs that make threads and processes, and inspect them."""
    script = ("import subprocess, threading, multiprocessing, asyncio, socket, sys\n"
              "t = [threading.Thread(target=lambda: None) for _ in range(20)]; [x.start() for x in t]; [x.join() for x in t]\n"
              "assert subprocess.run([sys.executable, '-c', 'raise SystemExit(3)']).returncode == 3\n"
              "async def main():\n"
              "    p = await asyncio.create_subprocess_exec(sys.executable, '-c', ''); return await p.wait()\n"
              "assert asyncio.run(main()) == 0\n"
              "a, b = socket.socketpair(); a.send(b'x'); assert b.recv(1) == b'x'\n"
              "p = multiprocessing.get_context('fork').Process(target=len, args=('',)); p.start(); p.join(); assert p.exitcode == 0\n"
              "print('fine')\n")
    assert ctl("run", "--rm", python, "python3", "-c", script, timeout=60).ok().out == b"fine\n"
    assert ctl("run", "--rm", debian, "sh", "-c", "apt-get --version >/dev/null && dpkg --audit && apt-get -s install bash | tail -1",
               timeout=60).ok().out
    assert ctl("run", "--rm", "--cap-add", "SYS_ADMIN", busybox, "unshare", "-m", "true").code == 0, "a capability opens its calls"


def profile(path, **changes):
    path.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": errno.EDOM}], **changes}))
    return str(path)


def test_a_profile_of_ones_own(busybox, tmp_path, name):
    mine = profile(tmp_path / "mine.json")
    refused = ctl("run", "--rm", "--seccomp", mine, busybox, "mkdir", "/x")
    assert refused.code != 0 and os.strerror(errno.EDOM).encode() in refused.err
    assert ctl("run", "--rm", "--security-opt", f"seccomp={mine}", busybox, "mkdir", "/x").code != 0
    assert ctl("run", "--rm", "--seccomp", "default", busybox, "mkdir", "/x").code == 0
    killed = ctl("run", "--rm", "--seccomp", profile(tmp_path / "kill.json", syscalls=[
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_KILL_PROCESS"}]), busybox, "sh", "-c", "exec mkdir /x")
    assert killed.code == 128 + 31, repr(killed)  # SIGSYS
    # The container keeps the filter when it is started again, and when quiltd is restarted.
    ctl("create", "--name", name, "--seccomp", mine, busybox, "mkdir", "/x").ok()
    run("systemctl", "restart", "quiltd").ok()
    for _ in range(2):
        ctl("start", name).ok()
        assert ctl("wait", name).ok().out == b"1\n"


def test_inspect_shows_the_rules(busybox, tmp_path, name):
    ctl("create", "--name", name, busybox, "/bin/true").ok()
    shown = ctl("inspect", "--oci", name).ok().json["linux"]["seccomp"]
    assert shown["defaultAction"] == "SCMP_ACT_ERRNO" and shown["defaultErrnoRet"] == errno.ENOSYS
    assert "SCMP_ARCH_X32" not in shown["architectures"]
    rules = {(name, rule["action"]) for rule in shown["syscalls"] for name in rule["names"] if "args" not in rule}
    assert ("openat", "SCMP_ACT_ALLOW") in rules and ("mount", "SCMP_ACT_ERRNO") in rules
    assert ("chroot", "SCMP_ACT_ALLOW") in rules, "CAP_SYS_CHROOT is one of the default capabilities"
    # The shown profile has the same effect.
    (tmp_path / "shown.json").write_text(json.dumps(shown))
    assert ctl("run", "--rm", "--seccomp", str(tmp_path / "shown.json"), busybox, "unshare", "-U", "true").code != 0
    ctl("create", "--name", name + "-2", "--seccomp", "unconfined", busybox, "/bin/true").ok()
    assert "seccomp" not in ctl("inspect", "--oci", name + "-2").ok().json["linux"]


@pytest.mark.parametrize("text, word", [
    ("", b"default"), ("{", b"profile"), ("[]", b"profile"), ('{"defaultAction": "SCMP_ACT_ALOW"}', b"SCMP_ACT_ALOW"),
    ('{"defaultAction": "SCMP_ACT_ALLOW", "sycalls": []}', b"sycalls"),
    ('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["reed"], "action": "SCMP_ACT_ERRNO"}]}', b"reed"),
    ('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO",'
     ' "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQUAL"}]}]}', b"SCMP_CMP_EQUAL"),
    ('{"defaultAction": "SCMP_ACT_NOTIFY"}', b"SCMP_ACT_NOTIFY"),
    ('{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/run/x"}', b"listenerPath"),
])
def test_b9_a_bad_profile_is_refused_by_the_word(busybox, tmp_path, name, text, word):
    (tmp_path / "bad.json").write_text(text)
    before = containers()
    for verb in ("run", "create"):
        refused = ctl(verb, "--name", name, "--seccomp", str(tmp_path / "bad.json"), busybox, "/bin/true")
        assert refused.code == 125 and word in refused.err and refused.err.count(b"\n") == 1, repr(refused)
    assert containers() == before
    # The name was not used up.
    ctl("run", "--rm", "--name", name, busybox, "/bin/true").ok()


def test_b9_a_profile_that_is_not_there(busybox):
    refused = ctl("run", "--rm", "--seccomp", "/no/such", busybox, "/bin/true")
    assert refused.code == 125 and b"/no/such" in refused.err
    refused = ctl("run", "--rm", "--seccomp", "default", "--security-opt", "seccomp=unconfined", busybox, "/bin/true")
    assert refused.code == 125 and b"seccomp" in refused.err
    with pytest.raises(GLib.Error) as caught:
        manager("CreateContainer", "(sa{sv})", busybox, {"seccomp": GLib.Variant("s", "{" + " " * 300000 + "}")})
    assert error_name(caught.value) == "org.quilt.Error.InvalidArgument"


def filters():
    return {path.name: path.read_bytes() for path in CACHE.glob("*.bpf")}


def restart_with(change):
    run("systemctl", "stop", "quiltd").ok()
    for path in CACHE.glob("*.bpf"):
        change(path)
    run("systemctl", "start", "quiltd").ok()


def test_the_cache_is_used_and_never_trusted(busybox, tmp_path, journal):
    mine = profile(tmp_path / "mine.json")

    def holds():
        """Both filters are in force; a run by each has put each into the cache."""
        return (ctl("run", "--rm", "--seccomp", mine, busybox, "mkdir", "/x").code != 0
                and ctl("run", "--rm", busybox, "unshare", "-U", "true").code != 0
                and ctl("run", "--rm", busybox, "mkdir", "/x").code == 0)

    restart_with(pathlib.Path.unlink)
    assert holds()
    good = filters()
    assert len(good) == 2 and {oct(path.stat().st_mode & 0o777) for path in CACHE.iterdir()} == {"0o600"}
    assert oct(CACHE.stat().st_mode & 0o777) == "0o700"
    # A restarted quiltd finds all of it, and writes nothing.
    times = {path.name: path.stat().st_mtime_ns for path in CACHE.iterdir()}
    restart_with(lambda path: None)
    assert holds() and times == {path.name: path.stat().st_mtime_ns for path in CACHE.iterdir()}
    # Damaged in all ways: zeros are instructions that the kernel may well take.
    for damage in (lambda data: data[:48] + bytes(len(data) - 48), lambda data: data[:-8], lambda data: b"",
                   lambda data: data + data, lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:]):
        restart_with(lambda path: path.write_bytes(damage(good[path.name])))
        assert holds() and filters() == good
    said = [entry["MESSAGE"] for entry in journal.entries() if "is compiled again" in entry.get("MESSAGE", "")]
    assert len(said) == 10, said
    # One that others may write to, or that lies elsewhere.
    restart_with(lambda path: path.chmod(0o666))
    assert holds() and {oct(path.stat().st_mode & 0o777) for path in CACHE.iterdir()} == {"0o600"}


def test_concurrent_misses(busybox, tmp_path):
    mine = profile(tmp_path / "mine.json", defaultAction="SCMP_ACT_LOG")
    with spawn("quiltctl", "run", "--rm", "--seccomp", mine, busybox, "mkdir", "/x") as one, \
            spawn("quiltctl", "run", "--rm", "--seccomp", mine, busybox, "mkdir", "/x") as two, \
            spawn("quiltctl", "run", "--rm", "--seccomp", mine, busybox, "mkdir", "/x") as three:
        assert all(each.wait(30) != 0 for each in (one, two, three))
        assert all(os.strerror(errno.EDOM).encode() in each.stderr.read() for each in (one, two, three))
