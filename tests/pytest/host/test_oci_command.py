# SPDX-License-Identifier: LGPL-2.1-or-later
"""The last steps to a command: its working directory, its filter of system calls, and why it could not be executed."""
import os
import struct

import pytest

from oci import CAPABILITIES, Container, config, oci
from quilt import ctl

# System calls that Quilt makes on the way to execute the command, and the command does not make.
OURS = ["openat2", "close_range", "faccessat2", "setresuid", "setresgid", "setgroups", "fchdir", "umask", "getcwd", "keyctl", "seccomp", "accept4"]
# Also the calls that only a process of exec makes under the filter.
ALL_OURS = OURS + ["capset", "capget", "sendto", "sendmsg", "recvfrom", "setsid", "rt_sigprocmask", "clone", "clone3", "socket"]
FILES = ["stat", "lstat", "newfstatat", "statx", "openat", "open", "pread64", "access", "faccessat"]


pytestmark = pytest.mark.usefixtures("oci_clean")


def killing(configuration, names, no_new_privs):
    """With a filter that kills for each of these calls."""
    configuration["process"]["noNewPrivileges"] = no_new_privs
    configuration["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": names, "action": "SCMP_ACT_KILL_PROCESS"}]}
    return configuration


@pytest.mark.fault(36)
@pytest.mark.parametrize("no_new_privs", [False, True])
@pytest.mark.parametrize("uid", [0, 7])
def test_no_call_of_ours_comes_after_the_filter(bundle, no_new_privs, uid):
    names = ALL_OURS if uid else ALL_OURS + FILES  # busybox reads its configuration, if it is not root
    bundle.write(killing(config("/bin/true", user={"uid": uid, "gid": uid}), names, no_new_privs))
    oci("run", "--bundle", str(bundle.path), "one").ok()
    Container("one", bundle).start()


@pytest.mark.fault(36)
@pytest.mark.parametrize("no_new_privs", [False, True])
@pytest.mark.parametrize("uid", [0, 7])
def test_the_filter_of_exec_need_allow_only_what_is_old(bundle, no_new_privs, uid):
    bundle.write(killing(config("sleep", "1000"), OURS, no_new_privs))
    Container("one", bundle).start()
    oci("exec", f"--user={uid}:{uid}", "one", "/bin/true").ok()


@pytest.mark.fault(36)
@pytest.mark.parametrize("more", [[], ["CAP_SYS_ADMIN"]], ids=["without", "with"])
@pytest.mark.parametrize("uid", [0, 7])
def test_what_it_takes_to_load_the_filter_is_not_the_commands(bundle, uid, more):
    configuration = killing(config("grep", "-E", "^(Seccomp|Cap(Prm|Eff|Bnd|Amb)):", "/proc/self/status", user={"uid": uid, "gid": uid}), OURS, False)
    for name in ("bounding", "effective", "permitted"):
        configuration["process"]["capabilities"][name] = CAPABILITIES + more
    bundle.write(configuration)
    status = dict(line.split(":\t") for line in oci("run", "--bundle", str(bundle.path), "one").ok().text.splitlines())
    has = {key for key in status if key.startswith("Cap") and int(status[key], 16) >> 21 & 1}
    assert has == ((({"CapPrm", "CapEff"} if uid == 0 else set()) | {"CapBnd"}) if more else set()) and status["Seccomp"] == "2"


@pytest.mark.fault(18)
@pytest.mark.parametrize("owner, mode, uid", [(0, 0o700, 1000), (1000, 0o700, 0), (1000, 0o700, 1000), (5, 0o700, 1000)])
def test_a_working_directory_is_entered_as_root_or_as_the_user(bundle, owner, mode, uid):
    place = bundle.path / "rootfs/place"
    place.mkdir()
    os.chown(place, owner, owner)
    place.chmod(mode)
    configuration = config("pwd", cwd="/place", user={"uid": uid, "gid": uid})
    configuration["process"]["capabilities"] = {name: ["CAP_KILL"] for name in ("bounding", "effective", "permitted")}
    assert oci("run", "--bundle", str(bundle.write(configuration).path), "one").ok().text == "/place\n"
    configuration["process"]["args"] = ["sleep", "1000"]
    configuration["process"]["cwd"] = "/"
    Container("one", bundle.write(configuration)).start()
    assert oci("exec", "--cwd=/place", f"--user={uid}:{uid}", "one", "pwd").ok().text == "/place\n"


@pytest.mark.fault(18)
def test_a_working_directory_of_root_alone_with_a_user(busybox):
    options = ["--setup", "mkdir -m 700 /place", "--user=7", "--workdir=/place"]
    assert ctl("run", "--rm", *options, busybox, "/bin/pwd").ok().text == "/place\n"


def with_capability(path):
    """cap_sys_time=ep, which the container may not have: linux/capability.h, struct vfs_cap_data."""
    path.write_bytes((path.parent / "busybox").read_bytes())
    os.setxattr(path, "security.capability", struct.pack("<IIIII", 0x02000001, 1 << 25, 0, 0, 0))


def script_of(interpreter):
    return lambda path: path.write_text(f"#!{interpreter}\n")


BAD = [
    pytest.param(with_capability, [], "CAP_SYS_TIME", id="EPERM"),
    pytest.param(script_of("/etc/passwd"), [], "/etc/passwd", id="an interpreter that may not be executed"),
    pytest.param(script_of("/nothing"), [], "/nothing", id="an interpreter that is not there"),
    pytest.param(lambda path: path.write_bytes((path.parent / "busybox").read_bytes()), ["x" * 200000], "Argument list too long", id="E2BIG"),
]


@pytest.mark.fault(21)
@pytest.mark.parametrize("make, args, words", BAD)
def test_what_can_not_be_executed_is_said_in_the_words_of_126(bundle, make, args, words):
    path = bundle.path / "rootfs/bin/bad"
    make(path)
    path.chmod(0o755)
    configuration = config("/bin/bad", *args)
    configuration["process"]["noNewPrivileges"] = True
    done = oci("run", "--bundle", str(bundle.write(configuration).path), "one")
    assert done.code == 1 and words in done.err.decode() and done.err.endswith(b": permission denied\n"), done


@pytest.mark.fault(21)
def test_a_program_that_is_being_written_or_has_too_long_a_name(bundle, busybox, tmp_path):
    (tmp_path / "busy").write_bytes((bundle.path / "rootfs/bin/busybox").read_bytes())
    (tmp_path / "busy").chmod(0o755)
    with open(tmp_path / "busy", "r+b"):
        done = ctl("run", "--rm", "--userns=host", "--volume", f"{tmp_path}:/mnt", busybox, "/mnt/busy", "true")
    assert done.code == 126 and b"Text file busy" in done.err, done
    done = ctl("run", "--rm", busybox, "/" + "x" * 300)
    assert done.code == 126 and b"File name too long" in done.err, done
