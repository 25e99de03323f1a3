# SPDX-License-Identifier: LGPL-2.1-or-later
"""A process that may trace gets no more from the container's init, before that executes the command, than the container has."""
import os
import pathlib
import platform

import pytest

from oci import BUNDLES, Container, config, oci
from quilt import ctl, run, wait_exit
from test_oci_hostile import debian_root, mapped, powerful  # noqa: F401  debian_root is a fixture
from test_oci_shield import CALLS, EROFS, loader

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the attacker injects system calls of x86-64")

# Has pid 1 execute system calls, and prints what pid 1 has and could do, in lines as "unshare: -1".
ATTACK = r"""
use strict; use warnings; $| = 1;
my ($SEIZE, $INTERRUPT, $GETREGS, $SETREGS, $STEP, $DETACH) = (0x4206, 0x4207, 12, 13, 9, 17);
my ($R10, $RAX, $RDX, $RSI, $RDI, $ORIG, $RIP) = (7, 10, 12, 13, 14, 15, 16);
sub words { open(my $file, "<", "/proc/$_[0]/status") or return; map { /^(Cap...|Seccomp):\s*(\S+)/ ? "$1: $2\n" : () } <$file> }
sub trace { syscall(101, $_[0], 1, 0, $_[1] // 0) >= 0 or die "$!\n" }
sub await { my $status = "\0" x 8; syscall(61, 1, $status, 0x40000000, 0) == 1 or die "wait: $!\n" }
sub regs { my $regs = "\0" x 216; trace($GETREGS, $regs); unpack("q27", $regs) }
sub call {
  my ($saved, $number, @arguments) = @_; my @regs = @$saved;
  @regs[$ORIG, $RAX, $RIP] = (-1, $number, $regs[$RIP] - 2); @regs[($RDI, $RSI, $RDX, $R10)[0 .. $#arguments]] = @arguments;
  trace($SETREGS, pack("q27", @regs)); trace($STEP); await(); (regs())[$RAX]
}
print map { "own $_" } words("self");
eval {
  trace($SEIZE); trace($INTERRUPT); await(); my @saved = regs();
  print "attached\n";
  print "unshare: ", call(\@saved, 272, 0x04000000), "\n";
  print "fsopen: ", call(\@saved, 430, $saved[$RIP], 1), "\n";
  print "sethostname: ", call(\@saved, 170, $saved[$RIP], 4), "\n";
  print "iopl: ", call(\@saved, 172, 3), "\n";
  trace($SETREGS, pack("q27", @saved)); trace($DETACH);
};
print $@ if $@; print words(1);
if (opendir(my $fds, "/proc/1/fd")) {
  print map { "fd: $_\n" } grep { $_ } map { readlink("/proc/1/$_") } "cwd", "root", map { "fd/$_" } readdir $fds;
  print "same root: ", (stat "/proc/1/root/")[1] == (stat "/")[1] && !-e "/proc/1/root/run/dbus/system_bus_socket" ? "yes\n" : "no\n";
} else { print "nothing seen\n" }
"""
# CAP_SETUID, CAP_SETGID, CAP_KILL: to become the command's user, and to end what steps have left.
TO_BECOME = 1 << 7 | 1 << 6 | 1 << 5


def judge(lines, more=0):
    """Attached, and nothing was had that the container does not have."""
    words = dict(line.split(": ", 1) for line in lines if ": " in line)
    assert "attached" in lines, lines
    assert {words[call] for call in ("unshare", "fsopen", "sethostname", "iopl")} <= {"-1", "-38"}, lines
    own = int(words["own CapBnd"], 16)
    assert int(words["CapPrm"], 16) & ~own & ~more == 0 and int(words["CapEff"], 16) & ~own & ~more == 0, lines
    assert int(words["CapBnd"], 16) & ~own == 0 and int(words["CapInh"], 16) == int(words["CapAmb"], 16) == 0, lines
    links = [line.split(": ", 1)[1] for line in lines if line.startswith("fd: ")]
    engines = str(BUNDLES / "one/output")
    assert not [link for link in links if link not in ("/", engines) and not link.startswith(("pipe:", "socket:", "/dev/null", "/memfd:"))], lines
    assert words.get("same root") == "yes" or "nothing seen" in lines, lines


@pytest.mark.fault(9)
@pytest.mark.parametrize("options", [[], ["--security-opt=no-new-privileges=false"], ["--init"], ["--init", "--user=7", "--security-opt=no-new-privileges=false"],
                                     ["--cap-drop=ALL", "--user=7"], ["--seccomp=unconfined", "--security-opt=no-new-privileges=false"]], ids=" ".join)
def test_a_setup_step_takes_nothing_from_the_init(debian, name, tmp_path, options):
    (tmp_path / "attack").write_text(ATTACK)
    step = ctl("run", "--name", name, "--userns=host", *options, "--cap-add=SYS_PTRACE", f"--volume={tmp_path}:/mnt:ro", "--setup", "perl /mnt/attack >/seen",
               "--setup", "chmod 644 /seen", debian, "sh", "-c", "cat /seen; id -u; echo to the output >/dev/stdout")
    *lines, uid, last = step.ok().text.splitlines()
    judge(lines, TO_BECOME)
    assert uid == ("7" if "--user=7" in options else "0") and last == "to the output"
    assert ("Seccomp: 2" in lines) == ("--security-opt=no-new-privileges=false" in options and "--seccomp=unconfined" not in options)


@pytest.mark.fault(9)
@pytest.mark.parametrize("options", [[], ["--security-opt=no-new-privileges=false"]], ids=" ".join)
def test_a_setup_step_with_ids_of_its_own_does_not_even_see_the_init(debian, name, tmp_path, options):
    (tmp_path / "attack").write_text(ATTACK)
    step = ctl("run", "--name", name, *options, "--cap-add=SYS_PTRACE", f"--volume={tmp_path}:/mnt:ro", "--setup", "perl /mnt/attack >/seen",
               debian, "cat", "/seen")
    lines = step.ok().text.splitlines()
    assert "attached" not in lines and "nothing seen" in lines, lines


@pytest.mark.fault(9)
def test_a_setup_step_that_speaks_for_the_init_ends_its_own_container_alone(debian, name, tmp_path, journal):
    """It takes the init's connection to the supervisor, and sends warnings (struct QuiltReport, type 5) without end."""
    (tmp_path / "attack").write_text(r"""
my $pid = syscall(434, 1, 0); my $report = pack("C4 L l l a512 a512", 5, 0, 1, 0, 0, 0, 0, "x", "");
for my $fd (3 .. 20) { my $mine = syscall(438, $pid, $fd, 0); next if $mine < 0; 1 while syscall(44, $mine, $report, length $report, 0, 0, 0) > 0 }
""")
    done = ctl("run", "--name", name, "--userns=host", "--cap-add=SYS_PTRACE", "--seccomp=unconfined", "--setup-timeout=3", f"--volume={tmp_path}:/mnt:ro",
               "--setup", "perl /mnt/attack", debian, "echo", "ran")
    assert len(journal.entries(f"CONTAINER_NAME={name}")) < 1000
    assert done.code == 125 and b"in the name of the container's init" in done.err and done.out == b""


RULES = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
         "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}]}


def exposed(root, no_new_privileges, uid, *args):
    configuration = config(*args, noNewPrivileges=no_new_privileges, user={"uid": uid, "gid": uid})
    configuration = powerful(configuration, "CAP_SYS_PTRACE")
    configuration["root"]["path"] = root
    configuration["linux"]["seccomp"] = RULES
    return configuration


OCI_CASES = pytest.mark.parametrize("no_new_privileges, uid", [(False, 0), (False, 7), (True, 0), (True, 7)])


@pytest.mark.fault(9)
@OCI_CASES
def test_a_process_in_a_created_container_takes_nothing_from_the_init(debian_root, bundle, no_new_privileges, uid):  # noqa: F811
    bundle.write(exposed(debian_root, no_new_privileges, uid, "sh", "-c", "id -u; grep Seccomp: /proc/self/status"))
    container = Container("one", bundle)
    assert container.status == "created"
    judge(oci("exec", "--user=0", "--cap=CAP_SYS_PTRACE", "one", "perl", "-e", ATTACK).ok().text.splitlines())
    container.start()
    wait_exit(container.pid)
    assert container.output.read_text().split() == [str(uid), "Seccomp:", "2"]


@pytest.mark.fault(9)
@OCI_CASES
@pytest.mark.parametrize("verb", ["create", "run"])
def test_a_start_container_hook_takes_nothing_from_the_init(debian_root, bundle, verb, no_new_privileges, uid):  # noqa: F811
    seen = pathlib.Path(debian_root) / "seen"
    seen.touch()
    seen.chmod(0o666)
    configuration = exposed(debian_root, no_new_privileges, uid, "sh", "-c", "grep Seccomp: /proc/self/status")
    script = f"exec >/seen; exec perl -e '{ATTACK}'"
    if uid:
        sets = configuration["process"]["capabilities"]
        sets["inheritable"] = sets["ambient"] = ["CAP_SYS_PTRACE"]
    configuration["hooks"] = {"startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", script], "env": ["PATH=/usr/bin:/bin"]}]}
    bundle.write(configuration)
    if verb == "create":
        container = Container("one", bundle).start()
        wait_exit(container.pid)
        assert container.output.read_text().split() == ["Seccomp:", "2"]
    else:
        oci("run", "--bundle", str(bundle.path), "one").ok()
    lines = seen.read_text().splitlines()
    seen.unlink()
    judge([line for line in lines if not (uid and line.startswith(("CapInh", "CapAmb")))] + ["CapInh: 0", "CapAmb: 0"])


@pytest.mark.fault(9)
def test_a_created_container_with_ids_of_its_own_can_not_be_traced(debian_root, bundle):  # noqa: F811
    configuration = mapped(exposed(debian_root, False, 0, "true"))
    bundle.write(configuration)
    Container("one", bundle)
    lines = oci("exec", "--cap=CAP_SYS_PTRACE", "one", "perl", "-e", ATTACK).ok().text.splitlines()
    assert "attached" not in lines and "nothing seen" in lines, lines


SUPERVISOR = pathlib.Path("/usr/libexec/quilt/quilt-supervisor")


@pytest.fixture
def unchanged():
    """No byte, no mode, no owner of the supervisor's program, not even for a moment: each would change the time."""
    before = os.stat(SUPERVISOR)
    yield
    after = os.stat(SUPERVISOR)
    assert (after.st_ino, after.st_ctime_ns, after.st_size) == (before.st_ino, before.st_ctime_ns, before.st_size)


@pytest.mark.parametrize("call", CALLS)
def test_a_cve_2019_5736_a_command_that_is_the_supervisor_can_not_change_it(busybox, name, tmp_path, unchanged, call):
    """The container's own loader and libraries are what /proc/self/exe is run with."""
    libraries = [line.split()[0] for line in run("ldd", str(SUPERVISOR)).ok().text.splitlines() if "=>" in line]
    (tmp_path / "loader").write_bytes(loader(*CALLS[call]))
    step = "mkdir -p /lib /lib64 && cp /mnt/loader /lib64/ld-linux-x86-64.so.2 && chmod 755 /lib64/* && touch " + " ".join(f"/lib/{library}" for library in libraries)
    done = ctl("run", "--name", name, "--userns=host", f"--volume={tmp_path}:/mnt:ro", "--setup", step, busybox, "/proc/self/exe")
    assert done.code == EROFS, done


def test_a_cve_2019_5736_a_step_that_sees_the_supervisors_program_can_not_change_it(debian, name, unchanged):
    """The mount that it is executed from stays read-only, even after the last process that executes it has ended."""
    attack = 'chmod 0777, "/proc/1/exe"; print "$!\n"; chown 1, 1, "/proc/1/exe"; print "$!\n"; open(my $exe, ">>", "/proc/1/exe") and print "opened\n";'
    done = ctl("run", "--name", name, "--userns=host", "--cap-add=SYS_PTRACE", "--setup", f"perl -e '{attack}' >/seen", debian, "cat", "/seen")
    assert done.ok().text.splitlines() == [os.strerror(EROFS)] * 2
