# SPDX-License-Identifier: LGPL-2.1-or-later
"""What hostile configurations, root file systems and containers try on quilt-oci, in create, run and exec; and what holds."""
import ctypes
import json
import os
import pathlib
import platform
import pty
import re
import subprocess

import pytest

from oci import CAPABILITIES, ROOT, Bundle, Container, config, oci, state
from quilt import DEBIAN, TIMEOUT, run, spawn, wait_path
from test_attacks import LINKS, bait, snapshot  # noqa: F401  bait is a fixture

DEBIAN_ROOT = pathlib.Path("/var/tmp/quilt-oci-debian")
# system calls by number, for Perl: ptrace, renameat2, add_key, keyctl
PTRACE, RENAMEAT2, ADD_KEY, KEYCTL = {"x86_64": (101, 316, 248, 250), "aarch64": (117, 276, 217, 219)}[platform.machine()]
FAR = 700000  # of the host's ids, those of a container's user namespace


pytestmark = pytest.mark.usefixtures("oci_clean")


@pytest.fixture(scope="module")
def debian_root():
    """A root with Perl, which calls any system call."""
    DEBIAN_ROOT.mkdir()
    run("tar", "-C", str(DEBIAN_ROOT), "--zstd", "-xf", str(DEBIAN), timeout=20 * TIMEOUT).ok()
    yield str(DEBIAN_ROOT)
    run("rm", "-rf", str(DEBIAN_ROOT), timeout=6 * TIMEOUT).ok()


def mapped(configuration, bundle=None):
    """With ids of its own, in which it has the root file system of the bundle."""
    if bundle:
        run("chown", "-hR", f"{FAR}:{FAR}", str(bundle.path / "rootfs")).ok()
    configuration["linux"]["namespaces"].append({"type": "user"})
    for key in "uidMappings", "gidMappings":
        configuration["linux"][key] = [{"containerID": 0, "hostID": FAR, "size": 65536}]
    return configuration


def powerful(configuration, *more):
    sets = {name: CAPABILITIES + list(more) for name in ("bounding", "effective", "permitted")}
    configuration["process"]["capabilities"] = sets
    return configuration


def background(bundle, *argv, change=lambda configuration: configuration):
    """A container that says on /ready that it is so far."""
    bundle.write(change(config("sh", "-c", " ".join(argv) + "\necho ready >/ready; exec sleep 1000")))
    container = Container("one", bundle).start()
    wait_path(bundle.path / "rootfs/ready")
    return container


def command(verb, bundle, *argv, options=(), **kwargs):
    """Runs argv as the command of a new container, or with exec in an existing one."""
    if verb == "run":
        bundle.write(kwargs.pop("change", lambda it: it)(config(*argv, **kwargs.pop("process", {}))))
        return oci("run", "--bundle", str(bundle.path), *options, "one", **kwargs)
    background(bundle, change=kwargs.pop("change", lambda it: it))
    for key, value in kwargs.pop("process", {}).items():
        options = (*options, f"--{key}", value)
    return oci("exec", *options, "one", *argv, **kwargs)


VERBS = pytest.mark.parametrize("verb", ["run", "exec"])
SHOW_FDS = "ls /proc/$$/fd; true"


# A. Descriptors

@pytest.fixture
def careless():
    """Descriptors that a careless caller leaves open: directories of the host, such as its root."""
    fds = [os.open(path, os.O_RDONLY) for path in ("/", "/etc", "/run")]
    for fd in range(3, 13):
        os.dup2(fds[0], fd + 40, inheritable=True)
    yield [fd + 40 for fd in range(3, 13)]
    for fd in [*fds, *range(43, 53)]:
        os.close(fd)


def with_fds(fds, *argv):
    """A command that has fds as 3 and up, and no others."""
    script = "; ".join(f"exec {3 + i}<&{fd}" for i, fd in enumerate(fds))
    return "bash", "-c", script + '; exec "$@"', "-", *argv


@VERBS
@pytest.mark.parametrize("n", [0, 2])
def test_a_no_descriptor_but_those_that_are_to_be_preserved(bundle, careless, verb, n):
    bundle.write(config("sh", "-c", SHOW_FDS))
    argv = ["quilt-oci", "--root", str(ROOT), verb, f"--preserve-fds={n}"]
    if verb == "run":
        argv += ["--bundle", str(bundle.path), "one"]
    else:
        background(bundle)
        argv += ["one", "sh", "-c", SHOW_FDS]
    done = run(*with_fds(careless[:5], *argv), close_fds=False).ok()
    assert done.text.split() == [str(fd) for fd in range(3 + n)]


@VERBS
def test_a_what_is_not_open_is_not_preserved(bundle, verb):
    """Instead of a closed descriptor, quilt-oci must not preserve its own, the first of which is the state directory."""
    done = command(verb, bundle, "sh", "-c", SHOW_FDS, options=("--preserve-fds=1",))
    assert done.code in (1, 255) and "descriptor 3 is not open" in done.err.decode()


def test_a_a_waiting_init_has_none_of_them_either(bundle, careless):
    bundle.write(config("sleep", "1000"))
    argv = with_fds(careless[:5], "quilt-oci", "--root", str(ROOT), "create", "--bundle", str(bundle.path), "one")
    subprocess.run(argv, close_fds=False, timeout=TIMEOUT, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    links = [os.readlink(fd) for fd in pathlib.Path(f"/proc/{state('one')['pid']}/fd").iterdir()]
    assert not [link for link in links if link.startswith("/") and not link.startswith(("/dev/null", "/memfd:"))], links


@VERBS
@pytest.mark.parametrize("cwd", ["/proc/self/fd/3", "/proc/self/fd/3/etc", "/proc/thread-self/fd/3", "/proc/self/fd/4", "/proc/self/fd/7", "/way", "/deep/way/etc",
                                 "/proc/1/fd/3", "/proc/self/root/proc/self/fd/3"])
def test_a_a_working_directory_is_inside(bundle, careless, verb, cwd):
    """CVE-2024-21626: also where the descriptor is one that was asked to be preserved."""
    (bundle.path / "rootfs/way").symlink_to("/proc/self/fd/3")
    (bundle.path / "rootfs/deep").mkdir()
    (bundle.path / "rootfs/deep/way").symlink_to("../../../../../../proc/self/fd/3")
    argv = ["quilt-oci", "--root", str(ROOT), verb, "--preserve-fds=1"]
    if verb == "run":
        bundle.write(config("sh", "-c", "pwd -P; cat /etc/shadow ../etc/shadow", cwd=cwd))
        argv += ["--bundle", str(bundle.path), "one"]
    else:
        background(bundle)
        argv += ["--cwd", cwd, "one", "sh", "-c", "pwd -P; ls"]
    done = run(*with_fds(careless[:2], *argv), close_fds=False)
    assert done.code in (1, 255) and done.out == b"", done
    assert "working directory" in done.err.decode() and cwd in done.err.decode(), done


# A. Who joins a container

SPY = r"""
$| = 1; my %seen; open(my $self, "<", "/proc/self/status"); my ($own) = grep { /^CapPrm/ } <$self>; syswrite(STDOUT, "ready\n");
while (1) {
  opendir(my $proc, "/proc"); my @pids = grep { /^[0-9]+$/ && $_ != 1 } readdir $proc; closedir $proc;
  for my $p (@pids) {
    next unless opendir(my $dir, "/proc/$p/fd");
    my @links = map { readlink("/proc/$p/fd/$_") // () } grep { /^[0-9]/ } readdir $dir; closedir $dir;
    open(my $status, "<", "/proc/$p/status") or next; my ($caps) = grep { /^CapPrm/ } <$status>; close $status;
    my $line = join(" ", ($caps // $own) eq $own ? "same" : "more", grep { !/^(pipe|\/dev\/null|\/usr\/|\/etc\/(passwd|ld)|\/lib|socket)/ } @links);
    print "$line\n" unless $seen{$line}++;
  }
}
"""


@pytest.mark.parametrize("change", [lambda it: it, mapped], ids=["host's ids", "own ids"])
def test_a_who_joins_has_no_more_than_the_container(debian_root, bundle, change):
    """A container that may trace reads what there is in its pid namespace, and could do all that it could do."""
    configuration = powerful(change(config("perl", "-e", SPY)), "CAP_SYS_PTRACE")
    configuration["root"]["path"] = debian_root
    container = Container("one", bundle.write(configuration)).start()
    for _ in range(150):
        oci("exec", "one", "true").ok()
    oci("kill", "one", "KILL").ok()
    seen = container.output.read_text().splitlines()
    assert "same" in seen and set(seen) <= {"ready", "same"}, seen


def test_a_nobody_else_reaches_the_gate(bundle):
    bundle.write(config("sleep", "1000"))
    container = Container("one", bundle)
    gate = ROOT / "one/gate"
    assert gate.is_socket()
    assert [stat.st_mode & 0o777 for stat in ((ROOT / "one").stat(), ROOT.stat())] == [0o700, 0o700]
    script = f"import socket; socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect('{gate}')"
    assert "PermissionError" in run("/usr/bin/python3", "-c", script, user="alice").err.decode()
    assert not [line for line in pathlib.Path("/proc/net/unix").read_text().splitlines() if line.split()[-1].startswith("@quilt")]
    assert container.status == "created"


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "-x", "%n", "a%s", "x" * 256, "é", "a\nb", "a b", "\x1b[31m"])
def test_a_a_name_that_is_none(bundle, name):
    bundle.write(config("true"))
    before = sorted(os.listdir("/run"))
    for verb in (["create", "--bundle", str(bundle.path)], ["start"], ["state"], ["kill"], ["delete", "--force"], ["exec"]):
        done = oci(*verb, name, *(["true"] if verb == ["exec"] else []))
        assert done.code in (1, 255) and done.out == b"" and b"\x1b" not in done.err, done
    assert set(os.listdir("/run")) - set(before) <= {ROOT.name}


def test_a_the_longest_name_is_one(bundle):
    name = "x" * 64 + "." * 100 + "_+-" + "y" * 88
    bundle.write(config("true"))
    assert len(name) == 255
    oci("run", "--bundle", str(bundle.path), name).ok()


# B. Links in the root file system

def hostile_root(bundle, name, where):
    place = bundle.path / "rootfs" / name
    run("rm", "-rf", str(place)).ok()
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(where)


LOOK = "stat -f -c %T /proc /sys /dev; echo x >/dev/null; ls /dev/pts /dev/shm; true"


@pytest.mark.parametrize("change", [lambda it, bundle: it, mapped], ids=["host's ids", "own ids"])
@pytest.mark.parametrize("upward", [False, True], ids=["absolute", "upward"])
@pytest.mark.parametrize("target", LINKS)
def test_b_a_link_where_a_mount_goes_leads_nowhere(bundle, bait, target, upward, change):  # noqa: F811
    """CVE-2025-31133, CVE-2025-52565, CVE-2023-27561: it is refused, or stays within; nothing of the host's changes."""
    if target.startswith(("proc/", "sys/", "dev/")) and not (bundle.path / "rootfs" / target.split("/")[0]).is_dir():
        (bundle.path / "rootfs" / target.split("/")[0]).mkdir()
    hostile_root(bundle, target, ("../" * 20 + str(bait).lstrip("/")) if upward else str(bait))
    before = snapshot(bait)
    configuration = change(config("sh", "-c", LOOK), bundle)
    configuration["linux"] |= {"maskedPaths": ["/proc/kcore", "/sys/firmware", "/run/secret", "/dev/null/x"], "readonlyPaths": ["/proc/sys", "/run/x"]}
    done = oci("run", "--bundle", str(bundle.write(configuration).path), "one")
    if done.code == 0:
        assert done.out.splitlines()[:3] == [b"proc", b"sysfs", b"tmpfs"]
    else:
        assert done.code == 1 and target.split("/")[0].encode() in done.err, done
    assert snapshot(bait) == before
    assert not ROOT.exists() or os.listdir(ROOT) == []


@pytest.mark.parametrize("dev", [True, False], ids=["own /dev", "the root's /dev"])
def test_b_a_mask_is_the_hosts_null(bundle, bait, dev):  # noqa: F811
    """CVE-2025-31133: what the root has as /dev/null does not become what hides a file."""
    (bundle.path / "rootfs/dev").mkdir(exist_ok=True)
    hostile_root(bundle, "dev/null", str(bait / "sysrq-trigger"))
    (bundle.path / "rootfs/secret").write_text("secret\n")
    configuration = config("sh", "-c", "cat /secret; echo b >/secret; stat -c '%t,%T' /secret; grep -c bait /proc/self/mountinfo")
    configuration["linux"]["maskedPaths"] = ["/secret"]
    if not dev:
        configuration["mounts"] = [mount for mount in configuration["mounts"] if not mount["destination"].startswith("/dev")]
    done = oci("run", "--bundle", str(bundle.write(configuration).path), "one")
    assert done.out.split() == [b"1,3", b"0"], done
    assert (bait / "sysrq-trigger").read_text() == "" and (bundle.path / "rootfs/secret").read_text() == "secret\n"


@pytest.mark.parametrize("destination", ["/way/in", "/way", "/up/in", "/data/../../../../../../{bait}/in", "/loop", "/file/in"])
def test_b_a_mount_does_not_lead_out(bundle, bait, destination):  # noqa: F811
    rootfs = bundle.path / "rootfs"
    (rootfs / "way").symlink_to(bait)
    (rootfs / "up").symlink_to("../" * 20 + str(bait).lstrip("/"))
    (rootfs / "loop").symlink_to("loop")
    (rootfs / "file").write_text("")
    before = snapshot(bait), sorted(os.listdir(bait.parent))
    configuration = config("true")
    destination = destination.format(bait=str(bait).lstrip("/"))
    configuration["mounts"].append({"destination": destination, "type": "tmpfs", "source": "tmpfs"})
    oci("run", "--bundle", str(bundle.write(configuration).path), "one")
    assert (snapshot(bait), sorted(os.listdir(bait.parent))) == before


FALSE = ["proc/self/attr/exec", "proc/self/attr/apparmor/exec", "proc/thread-self/attr/exec", "proc/self/oom_score_adj", "proc/sys/kernel/domainname",
         "proc/sys/net/ipv4/ip_forward", "proc/1/status"]


@pytest.mark.parametrize("verb", ["run", "exec"])
def test_b_a_false_proc_gets_no_label_and_no_sysctl(bundle, verb):
    """CVE-2019-16884, CVE-2025-52881: a label that can't be had ends it; none is written to a file of the container's."""
    for name in FALSE:
        path = bundle.path / "rootfs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")

    def change(configuration):
        configuration["mounts"] = [mount for mount in configuration["mounts"] if mount["destination"] != "/proc"]
        configuration["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1"}
        configuration["process"]["oomScoreAdj"] = 500
        return configuration

    if verb == "exec":
        container = background(bundle, change=change)
        assert pathlib.Path(f"/proc/{container.pid}/oom_score_adj").read_text() == "500\n"
        for option in "--apparmor=quilt-none", "--process-label=system_u:system_r:container_t:s0":
            done = oci("exec", option, "one", "sh", "-c", "echo unconfined")
            assert done.code == 255 and done.out == b"", done
    else:
        for label in {"apparmorProfile": "quilt-none"}, {"selinuxLabel": "system_u:system_r:container_t:s0"}:
            configuration = change(config("sh", "-c", "echo unconfined"))
            configuration["process"] |= label
            done = oci("run", "--bundle", str(bundle.write(configuration).path), "one")
            assert done.code == 1 and done.out == b"", done
    assert [name for name in FALSE if (bundle.path / "rootfs" / name).read_text()] == []


SWAP = r"""
my ($a, $b) = ("/shared/place", "/shared/lure"); my $n = 0; syswrite(STDOUT, "ready\n");
while (1) { syscall(RENAMEAT2, -100, $a, -100, $b, 2); if (++$n == 10000) { open(my $f, ">", "/shared/enough"); close $f } }
"""


@pytest.mark.parametrize("lure", ["/", "/proc/self", "OUTSIDE", "/proc/1/root"])
def test_b_a_race_for_masked_paths_and_mounts_on_a_shared_volume(debian_root, bundle, bait, lure):  # noqa: F811
    """CVE-2021-30465: a second container swaps a directory with a link while containers are started with mounts and masks there."""
    shared = bundle.path / "shared"
    (shared / "place/sub").mkdir(parents=True)
    (shared / "place/secret").write_text("secret\n")
    (shared / "lure").symlink_to(str(bait) if lure == "OUTSIDE" else lure)
    volume = {"destination": "/shared", "type": "bind", "source": str(shared), "options": ["rbind"]}
    attacker = config("perl", "-e", SWAP.replace("RENAMEAT2", str(RENAMEAT2)))
    attacker["root"]["path"] = debian_root
    attacker["mounts"].append(volume)
    other = Bundle("two")
    Container("two", other.write(attacker)).start()
    before, mounts = snapshot(bait), pathlib.Path("/proc/self/mountinfo").read_text()
    # A link to the bait leads to a place of that name in the container's own root, which has none of the bait's files.
    victim = config("sh", "-c", f"ls {bait} 2>/dev/null | sed 's,^,seen ,'; cat /proc/self/mountinfo; stat -f -c %T /proc")
    victim["mounts"] += [volume, {"destination": "/shared/place/sub", "type": "tmpfs", "source": "inner"}]
    victim["linux"] |= {"maskedPaths": ["/shared/place/secret", "/shared/place/sys"], "readonlyPaths": ["/shared/place"]}
    bundle.write(victim)
    outcomes = set()
    for _ in range(60):
        done = oci("run", "--bundle", str(bundle.path), "one")
        outcomes.add(done.code)
        if done.code == 0:
            assert done.out.splitlines()[-1] == b"proc"
            seen = {line.removeprefix("seen ") for line in done.text.splitlines() if line.startswith("seen ")}
            assert not seen & {file.name for file in bait.iterdir()}, done
        else:
            assert done.code == 1 and done.err, done
    wait_path(shared / "enough")
    assert outcomes <= {0, 1}
    assert snapshot(bait) == before
    assert pathlib.Path("/proc/self/mountinfo").read_text() == mounts
    oci("delete", "--force", "two").ok()


# B. exec into a container that was changed

CHANGES = {
    "ptmx a FIFO": "rm /dev/ptmx; mkfifo /dev/ptmx", "ptmx a link out": "rm /dev/ptmx; ln -s ../../../../../dev/ptmx /dev/ptmx",
    "ptmx a file": "rm /dev/ptmx; echo >/dev/ptmx", "ptmx another device": "rm /dev/ptmx; mknod /dev/ptmx c 1 5", "ptmx a loop": "rm /dev/ptmx; ln -s ptmx /dev/ptmx",
    "pts gone": "umount -l /dev/pts; rmdir /dev/pts; ln -s /tmp /dev/pts", "console a link": "rm -f /dev/console; ln -s /etc/passwd /dev/console",
    "proc a link": "umount -l /proc; rmdir /proc; mkdir -p /fake/self/attr; echo >/fake/self/attr/exec; ln -s /fake /proc", "proc empty": "umount -l /proc",
    "dev gone": "umount -l /dev/pts; umount -l /dev; mkfifo /dev/null /dev/tty", "passwd a FIFO": "rm -f /etc/passwd; mkfifo /etc/passwd",
    "passwd endless": "rm -f /etc/passwd; ln -s /dev/zero /etc/passwd", "passwd a link out": "rm -f /etc/passwd; ln -s ../../../../../../etc/passwd /etc/passwd",
    "passwd of 1 GB": "rm -f /etc/passwd; dd if=/dev/zero of=/etc/passwd bs=1 count=1 seek=1073741823 2>/dev/null",
}


@pytest.mark.parametrize("terminal", [False, True], ids=["plain", "terminal"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_b_exec_into_a_container_whose_root_was_changed(bundle, change, terminal):
    """It is executed, or refused in words; it never waits, and nothing of the host's is opened for it."""
    background(bundle, change, change=lambda it: powerful(it, "CAP_SYS_ADMIN", "CAP_MKNOD"))
    passwd = pathlib.Path("/etc/passwd").read_bytes()
    done = oci("exec", *(["--tty"] if terminal else []), "one", "echo", "done")
    if not terminal or done.code == 0:
        assert done.code == 0 and done.out.split() == [b"done"], done
    else:
        assert done.code == 255 and b"/dev/ptmx" in done.err and done.err.count(b"\n") == 1, done
    if terminal and "ptmx" in change:
        assert done.code == 255
    assert pathlib.Path("/etc/passwd").read_bytes() == passwd


# E. Privilege inside

STATUS = "grep -E '^(Cap|Groups|NoNewPrivs|Seccomp:)' /proc/self/status"


def sets(done):
    return {key: value.strip() for key, value in (line.split(":", 1) for line in done.ok().text.splitlines())}


@VERBS
@pytest.mark.parametrize("uid", [0, 1000])
def test_e_inheritable_and_ambient_sets_are_empty(bundle, verb, uid):
    options = (f"--user={uid}:{uid}",) if verb == "exec" else ()
    process = {"user": {"uid": uid, "gid": uid}} if verb == "run" else {}
    shown = sets(command(verb, bundle, "sh", "-c", STATUS, options=options, process=process))
    wanted = sum(1 << bit for bit in (0, 1, 5, 6, 7, 10))
    assert int(shown["CapInh"], 16) == int(shown["CapAmb"], 16) == 0
    assert int(shown["CapBnd"], 16) == wanted
    assert [int(shown[key], 16) for key in ("CapPrm", "CapEff")] == [0 if uid else wanted] * 2
    assert shown["Groups"] == ""


def test_e_exec_gives_what_it_was_asked_for_and_no_more(bundle):
    background(bundle)
    shown = sets(oci("exec", "--cap=CAP_NET_ADMIN", "--no-new-privs", "--additional-gids=7", "one", "sh", "-c", STATUS))
    assert int(shown["CapPrm"], 16) & 1 << 12 and int(shown["CapAmb"], 16) == int(shown["CapInh"], 16) == 0
    assert shown["NoNewPrivs"] == "1" and shown["Groups"] == "7"
    done = oci("exec", "--cap=CAP_NONE", "one", "true").ok()
    assert "CAP_NONE" in done.err.decode()


def test_e_a_hook_of_the_image_has_no_more_than_the_command(bundle):
    """startContainer names a program of the root file system."""
    hook = bundle.path / "rootfs/hook"
    hook.write_text(f"#!/bin/sh\n{STATUS} >/hooked; cat >/state; ls /proc/self/fd >/fds\n")
    hook.chmod(0o755)
    configuration = config("sh", "-c", STATUS, noNewPrivileges=True)
    configuration["hooks"] = {"startContainer": [{"path": "/hook"}]}
    configuration["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ERRNO"}]}
    done = oci("run", "--bundle", str(bundle.write(configuration).path), "one").ok()
    assert (bundle.path / "rootfs/hooked").read_text() == done.text and "Seccomp:\t2" in done.text
    assert json.loads((bundle.path / "rootfs/state").read_text())["id"] == "one"
    assert (bundle.path / "rootfs/fds").read_text().split() == ["0", "1", "2", "3"]  # 3: the directory


@VERBS
def test_e_keys_of_the_callers_session_are_not_the_containers(debian_root, bundle, verb):
    """Only with --no-new-keyring does the container find them, which shows that the test works."""
    script = f'my ($t, $n) = ("user", "quilt-secret"); print syscall({KEYCTL}, 10, -3, $t, $n, 0) > 0 ? "found" : "none"'
    libc = ctypes.CDLL(None, use_errno=True)

    def fresh_session():
        libc.syscall(KEYCTL, 1, None)
        assert libc.syscall(ADD_KEY, b"user", b"quilt-secret", b"secret", 6, -3) > 0

    configuration = config("perl", "-e", script if verb == "run" else "sleep 1000")
    configuration["root"]["path"] = debian_root
    bundle.write(configuration)
    if verb == "exec":
        Container("one", bundle).start()
        assert oci("exec", "one", "perl", "-e", script, preexec_fn=fresh_session).ok().out == b"none"
        return
    for option, wanted in (("--no-new-keyring", b"found"), (None, b"none")):
        argv = ["run", "--bundle", str(bundle.path), *([option] if option else []), "one"]
        assert oci(*argv, preexec_fn=fresh_session).ok().out == wanted


@VERBS
def test_e_the_callers_terminal_cannot_be_typed_at(debian_root, bundle, verb):
    """TIOCSTI and TIOCLINUX, with high bits too: neither the caller's own terminal, where it is passed through, is theirs."""
    ioctl = {"x86_64": 16, "aarch64": 29}[platform.machine()]
    script = r"""
        $| = 1; for $path ("/dev/tty", "/dev/console") { open(my $tty, "+<", $path) and push(@kept, $tty) }
        for $request (0x5412, 0x541c, 0x5412 | 1 << 32, 0x541c | 1 << 40) {
            for $fd (0, 1, 2) { my $byte = "\x0b"; print syscall(IOCTL, $fd, $request, $byte) . "\n" }
        }""".replace("IOCTL", str(ioctl))
    configuration = config(*(["perl", "-e", script] if verb == "run" else ["sleep", "1000"]))
    configuration["root"]["path"] = debian_root
    bundle.write(configuration)
    argv = ["quilt-oci", "--root", str(ROOT), verb]
    if verb == "exec":
        Container("one", bundle).start()
        argv += ["one", "perl", "-e", script]
    else:
        argv += ["--bundle", str(bundle.path), "one"]
    pid, master = pty.fork()
    if pid == 0:
        os.execvp(argv[0], argv)
    shown = b""
    try:
        while chunk := os.read(master, 4096):
            shown += chunk
    except OSError:
        pass  # the terminal's other side is closed
    os.close(master)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, shown
    assert shown.split() == [b"-1"] * 12


@pytest.mark.parametrize("key", ["org.quilt.user", "org.quilt.groups"])
def test_e_an_annotation_makes_nobody_root(bundle, key):
    """Engines pass on annotations from users whom they forbid to be root."""
    configuration = config("id", "-u", user={"uid": 1000, "gid": 1000})
    configuration["annotations"] = {key: "root"}
    done = oci("run", "--bundle", str(bundle.write(configuration).path), "one")
    assert done.code == 1 and done.out == b"" and key in done.err.decode()


def test_e_a_filter_that_an_annotation_names_takes_none_away(bundle):
    configuration = config("sh", "-c", STATUS)
    configuration["annotations"] = {"org.quilt.seccomp": "0" * 64}
    done = oci("run", "--bundle", str(bundle.write(configuration).path), "one")
    assert done.code == 1 and b"seccomp" in done.err


# E. Namespaces and ids

def test_e_ids_inside_and_outside(bundle):
    container = background(bundle, change=lambda it: mapped(it, bundle))
    proc = pathlib.Path(f"/proc/{container.pid}")
    assert proc.stat().st_uid == FAR
    assert [(proc / name).read_text().split() for name in ("uid_map", "gid_map")] == [["0", str(FAR), "65536"]] * 2
    script = "id -u; id -g; cat /proc/self/uid_map; touch /made; exec sleep 1000"
    with spawn("quilt-oci", "--root", str(ROOT), "exec", "--pid-file", str(bundle.path / "pid"), "--user=5:6", "one", "sh", "-c",
               script.replace("touch /made; ", "")) as process:
        lines = [process.stdout.readline().split() for _ in range(3)]
        assert lines == [[b"5"], [b"6"], [b"0", str(FAR).encode(), b"65536"]]
        wait_path(bundle.path / "pid")  # the command does not wait for it
        pid = int((bundle.path / "pid").read_text())
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        assert re.search(r"^Uid:\s*" + rf"{FAR + 5}\s*" * 4 + "$", status, re.M)
        assert re.search(r"^Gid:\s*" + rf"{FAR + 6}\s*" * 4 + "$", status, re.M)
        assert {os.readlink(f"/proc/{pid}/ns/{name}") == os.readlink(proc / "ns" / name) for name in os.listdir(proc / "ns")} == {True}
        os.kill(pid, 9)
        assert process.wait(TIMEOUT) == 137
    oci("exec", "one", "touch", "/made").ok()
    assert (bundle.path / "rootfs/made").stat().st_uid == FAR
    assert oci("exec", "--user=70000", "one", "true").code == 255


@pytest.mark.parametrize("before", [(), ("--systemd-cgroup",)], ids=["cgroupfs", "systemd"])
def test_e_a_container_among_the_hosts_processes_is_ended_whole(bundle, before):
    """A container in the host's pid and network namespaces: delete ends all of its processes, and no others."""
    configuration = config("sh", "-c", "setsid sleep 12321 & setsid sleep 12322 & echo $$ >/pid; mv /pid /ready; exec sleep 12323")
    configuration["linux"]["namespaces"] = [entry for entry in configuration["linux"]["namespaces"] if entry["type"] not in ("pid", "network")]
    container = Container("one", bundle.write(configuration), before=before).start()
    wait_path(bundle.path / "rootfs/ready")
    assert (bundle.path / "rootfs/ready").read_text().strip() == str(container.pid)
    assert os.readlink(f"/proc/{container.pid}/ns/net") == os.readlink("/proc/self/ns/net")
    assert os.readlink("/proc/self/ns/net").encode() in oci("exec", "one", "readlink", "/proc/self/ns/net").ok().out
    with spawn("sleep", "12324") as bystander:
        oci("delete", "--force", "one").ok()
        assert bystander.poll() is None
        assert run("pgrep", "-f", "^sleep 1232[123]$").out == b""
        bystander.kill()


@pytest.mark.parametrize("before, path", [((), "/quilt-oci-shared"), (("--systemd-cgroup",), "system.slice:quilt-oci-test:shared")], ids=["cgroupfs", "systemd"])
def test_e_another_containers_cgroup_is_left_alone(bundle, before, path):
    """A configuration with another container's cgroup is refused. The clean-up then leaves that container alone."""
    configuration = config("sleep", "1000")
    configuration["linux"]["cgroupsPath"] = path
    container = Container("one", bundle.write(configuration), before=before).start()
    done = oci("create", "--bundle", str(bundle.path), "two", options=before)
    assert done.code == 1 and done.err, done
    oci("delete", "--force", "two").ok()
    assert container.status == "running" and oci("list", "-q").text.split() == ["one"]
    oci("exec", "one", "true").ok()
