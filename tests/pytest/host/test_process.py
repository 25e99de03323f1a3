# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rights of a container's processes: capabilities, ids, limits."""
import os
import pathlib

import pytest

from quilt import ctl, manager, run

DEFAULT = sum(1 << bit for bit in (0, 1, 3, 4, 5, 6, 7, 8, 10, 18, 31))
NET_ADMIN, NET_RAW, CHOWN = 1 << 12, 1 << 13, 1 << 0


def output(image, *argv, options=()):
    return ctl("run", "--rm", *options, image, *argv).ok().text


def daemon():
    return int(run("systemctl", "show", "quiltd", "-p", "MainPID", "--value").text)


def status(image, *options):
    """/proc/self/status of a command, by the names of its lines."""
    return dict(line.split(":\t", 1) for line in output(image, "/bin/cat", "/proc/self/status", options=options).splitlines())


def sets(found):
    return {name: int(found["Cap" + name], 16) for name in ("Inh", "Prm", "Eff", "Bnd", "Amb")}


def refused(image, *options):
    """The error of quiltctl for options that it refuses."""
    before = manager("ListContainers", "(a{sv})", {})
    done = ctl("run", *options, image, "/bin/true")
    assert done.code == 125 and manager("ListContainers", "(a{sv})", {}) == before, done
    return done.err.decode()


@pytest.mark.parametrize("options, expected", [
    ([], DEFAULT),
    (["--cap-add", "net_admin,CAP_NET_RAW"], DEFAULT | NET_ADMIN | NET_RAW),
    (["--cap-drop", "chown"], DEFAULT & ~CHOWN),
    (["--cap-drop=ALL"], 0),
    (["--cap-drop", "all", "--cap-add", "Net_Admin"], NET_ADMIN),
])
def test_capabilities_are_what_was_asked_for(busybox, options, expected):
    assert sets(status(busybox, *options)) == {"Inh": 0, "Prm": expected, "Eff": expected, "Bnd": expected, "Amb": 0}


def test_all_capabilities_but_some(busybox):
    found = sets(status(busybox, "--cap-add", "ALL", "--cap-drop", "SYS_ADMIN"))
    assert found["Bnd"] == found["Eff"] == found["Prm"] and found["Inh"] == found["Amb"] == 0
    assert found["Eff"] & 1 << 21 == 0 and found["Eff"] & NET_ADMIN and found["Eff"] & 1 << 16 and found["Eff"] & DEFAULT == DEFAULT


@pytest.mark.parametrize("options, word", [
    (["--cap-add", "SYS_FOO"], "SYS_FOO"),
    (["--cap-add", "chown,"], "cap-add"),
    (["--cap-add", "KILL", "--cap-drop", "cap_kill"], "CAP_KILL"),
    (["--security-opt", "nonsense=1"], "nonsense=1"),
    (["--security-opt", "no-new-privileges=maybe"], "no-new-privileges=maybe"),
])
def test_bad_values_are_refused_by_name_before_anything_is_created(busybox, options, word):
    assert word in refused(busybox, *options)


def test_a_capability_that_the_host_does_not_give_is_named(busybox):
    """Root here has none of SYS_RESOURCE, unless it is root of a user namespace."""
    if 1 << 24 & int(dict(line.split(":\t", 1) for line in open("/proc/self/status"))["CapBnd"], 16):
        assert sets(status(busybox, "--cap-add", "SYS_RESOURCE"))["Eff"] == DEFAULT | 1 << 24
        return
    done = ctl("run", "--rm", "--cap-add", "SYS_RESOURCE", busybox, "/bin/true")
    assert done.code == 0 or b"CAP_SYS_RESOURCE" in done.err


def test_no_new_privileges(busybox):
    assert status(busybox)["NoNewPrivs"] == "1"
    assert status(busybox, "--security-opt", "no-new-privileges=true")["NoNewPrivs"] == "1"
    assert status(busybox, "--security-opt", "no-new-privileges=false")["NoNewPrivs"] == "0"


def limits(image, *options):
    """Soft and hard, by the names of the lines of /proc/self/limits."""
    lines = output(image, "/bin/cat", "/proc/self/limits", options=options).splitlines()[1:]
    return {line[:26].strip(): tuple(line[26:].split()[:2]) for line in lines}


def test_ulimits(busybox):
    found = limits(busybox, "--ulimit", "nofile=100:200", "--ulimit", "core=0", "--ulimit", "nproc=50:60", "--ulimit", "cpu=unlimited",
                   "--ulimit", "fsize=1000000")
    assert found["Max open files"] == ("100", "200") and found["Max core file size"] == ("0", "0")
    assert found["Max processes"] == ("50", "60") and found["Max cpu time"] == ("unlimited", "unlimited")
    assert found["Max file size"] == ("1000000", "1000000")


def test_the_limit_of_files_is_podmans_and_not_quiltds(busybox):
    """1048576, where quiltd may give so much."""
    mine = int(pathlib.Path(f"/proc/{daemon()}/limits").read_text().split("Max open files")[1].split()[1])
    soft, hard = map(int, limits(busybox)["Max open files"])
    assert soft == hard and (hard == 1048576 or hard == mine)


def test_a_limit_beyond_the_kernels_is_named(busybox):
    done = ctl("run", "--rm", "--ulimit", "nofile=2000000000", busybox, "/bin/true")
    assert done.code == 125 and b"RLIMIT_NOFILE to 2000000000" in done.err


def test_a_limit_binds_a_step_too(busybox):
    failed = ctl("run", "--rm", "--ulimit", "nofile=64", "--setup", "exit $(ulimit -n)", busybox, "/bin/true")
    assert failed.code == 125 and b"exit code 64" in failed.err


def test_a_low_limit_is_not_in_quilts_own_way(busybox):
    assert output(busybox, "/bin/sh", "-c", "ulimit -n", options=["--ulimit", "nofile=3"]) == "3\n"


def test_sysctls_of_the_containers_own(busybox):
    options = ["--sysctl", "net.ipv4.ip_forward=1", "--sysctl", "kernel.shmmax=123456", "--sysctl", "fs.mqueue.msg_max=20",
               "--sysctl", "kernel.domainname=example.org", "--sysctl", "kernel.sem=100 200 10 5",
               "--sysctl", "net/ipv4/conf/lo/forwarding=0"]
    paths = ["net/ipv4/ip_forward", "kernel/shmmax", "fs/mqueue/msg_max", "kernel/domainname", "kernel/sem", "net/ipv4/conf/lo/forwarding"]
    before = [pathlib.Path("/proc/sys", path).read_text() for path in paths]
    found = output(busybox, "/bin/cat", *("/proc/sys/" + path for path in paths), options=options).splitlines()
    assert found == ["1", "123456", "20", "example.org", "100\t200\t10\t5", "0"]
    assert [pathlib.Path("/proc/sys", path).read_text() for path in paths] == before


@pytest.mark.parametrize("text", ["kernel.panic=1", "vm.overcommit_memory=1", "kernel.core_pattern=|/x", "net/../kernel/panic=1",
                                  "kernel.hostname=x", "net.ipv4.ip_forward", "fs.file-max=5"])
def test_sysctls_of_the_host_are_refused(busybox, text):
    assert text in refused(busybox, "--sysctl", text)


def test_a_sysctl_that_the_kernel_has_not_is_named(busybox):
    done = ctl("run", "--rm", "--sysctl", "net.nonsense=1", busybox, "/bin/true")
    assert done.code == 125 and b"net.nonsense" in done.err


def test_tmpfs(busybox):
    script = ("mount; stat -c %a /data; echo x >/data/file && cat /data/file; dd if=/dev/zero of=/data/big bs=1k count=100 2>/dev/null;"
              "wc -c </data/big")
    lines = output(busybox, "/bin/sh", "-c", script, options=["--tmpfs", "/data:size=64k,mode=750", "--tmpfs", "/data/sub:ro"]).splitlines()
    mounts = {line.split()[2]: line for line in lines if line.startswith("tmpfs on")}
    assert {"nosuid", "nodev", "noexec", "size=64k", "mode=750"} <= set(mounts["/data"].split("(")[1].rstrip(")").split(","))
    assert "(ro," in mounts["/data/sub"]
    assert lines[-3:-1] == ["750", "x"] and 0 < int(lines[-1]) < 65536


def test_tmpfs_in_the_place_of_one_of_a_read_only_root(busybox):
    found = output(busybox, "/bin/stat", "-c", "%a", "/tmp", options=["--read-only", "--tmpfs", "/tmp:mode=711"])
    assert found == "711\n"


def test_tmpfs_never_leaves_the_root(busybox, name):
    """The first run makes a link that would lead to the host's /etc; the second mounts below it."""
    ctl("create", "--name", name, "--setup", "ln -sfn ../../../../etc /link", "--tmpfs", "/link/sub", busybox, "/bin/true").ok()
    ctl("start", name)
    ctl("start", name)
    assert not os.path.exists("/etc/sub") and "/etc/sub" not in pathlib.Path("/proc/self/mountinfo").read_text()


def test_shm_size(busybox):
    def size(*options):
        return int(output(busybox, "/bin/df", "-k", "/dev/shm", options=options).splitlines()[-1].split()[1])
    assert size() == 65536 and size("--shm-size", "1M") == 1024


def test_oom_score_adj_and_umask(busybox):
    script = "cat /proc/self/oom_score_adj; umask; touch /tmp/x; stat -c %a /tmp/x"
    assert output(busybox, "/bin/sh", "-c", script).split() == ["0", "0022", "644"]
    assert output(busybox, "/bin/sh", "-c", script, options=["--oom-score-adj", "300", "--umask", "027"]).split() == ["300", "0027", "640"]


@pytest.mark.parametrize("options, word", [
    (["--ulimit", "files=1"], "files=1"), (["--ulimit", "nofile=2:1"], "nofile=2:1"),
    (["--ulimit", "nofile=1", "--ulimit", "nofile=2"], "nofile=2"),
    (["--tmpfs", "/proc/x"], "/proc/x"), (["--tmpfs", "/x:size=lots"], "size=lots"), (["--tmpfs", "/x:nonsense"], "nonsense"),
    (["--tmpfs", "/a/../.."], "/a/../.."), (["--umask", "999"], "999"), (["--oom-score-adj", "1001"], "1001"), (["--shm-size", "x"], "x"),
])
def test_bad_limits_are_refused_by_name(busybox, options, word):
    assert word in refused(busybox, *options)


# Users

USERS = "app:x:1000:1001:An app:/home/app:/bin/sh\\nplain:x:1002:1002\\nbad:x:4294967295:0::/:\\nzero:x:0:0::/zero:\\n"
GROUPS = "web:x:33:app,bob\\nlog:x:4:bob\\nmany:x:77:app\\nnone:x:4294967295:\\n"
FILES = ["--setup", f"mkdir -p /etc; printf '{USERS}' >/etc/passwd; printf '{GROUPS}' >/etc/group"]


def who(image, *options, command=("/bin/sh", "-c", "cat /proc/self/status; printf 'HOME:\\t%s' \"$HOME\""), files=FILES):
    text = output(image, *command, options=[*files, *options])
    found = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    return found["Uid"].split()[0], found["Gid"].split()[0], found["Groups"].split(), found["HOME"]


@pytest.mark.parametrize("options, expected", [
    (["-u", "app"], ("1000", "1001", ["33", "77"], "/home/app")),
    (["-u", "1000"], ("1000", "1001", ["33", "77"], "/home/app")),
    (["-u", "app:log"], ("1000", "4", [], "/home/app")),
    (["-u", "app:1234"], ("1000", "1234", [], "/home/app")),
    (["-u", "4321"], ("4321", "0", [], "/")),
    (["-u", "4321:web"], ("4321", "33", [], "/")),
    (["-u", "plain"], ("1002", "1002", [], "/")),
    (["-u", "zero"], ("0", "0", [], "/zero")),
    (["-u", "app", "--group-add", "log,555"], ("1000", "1001", ["4", "33", "77", "555"], "/home/app")),
    (["--group-add", "log", "--group-add", "7"], ("0", "0", ["4", "7"], "/root")),
    (["-u", "app", "-e", "HOME=/elsewhere"], ("1000", "1001", ["33", "77"], "/elsewhere")),
    ([], ("0", "0", [], "/root")),
])
def test_users_are_those_of_the_container(busybox, options, expected):
    uid, gid, groups, home = who(busybox, *options)
    assert (uid, gid, sorted(groups, key=int), home) == expected


def test_a_user_by_number_needs_no_files(busybox):
    assert who(busybox, "-u", "5:6", files=["--setup", "rm -f /etc/passwd /etc/group"]) == ("5", "6", [], "/")


def test_a_user_is_not_the_hosts(busybox):
    """alice is known to the host's name services alone."""
    run("useradd", "--no-create-home", "quilt-alice").ok()
    try:
        done = ctl("run", "--rm", "-u", "quilt-alice", busybox, "/bin/true")
        assert done.code == 125 and b"quilt-alice" in done.err
    finally:
        run("userdel", "quilt-alice").ok()


@pytest.mark.parametrize("user, word", [("nobody-here", "nobody-here"), ("bad", "bad"), ("app:nothing", "nothing"), ("app:none", "none"),
                                        ("plain:x", "x")])
def test_unknown_users_and_groups_are_named(busybox, user, word):
    done = ctl("run", "--rm", *FILES, "-u", user, busybox, "/bin/true")
    assert done.code == 125 and f"'{word}'".encode() in done.err and b"/etc/" in done.err


@pytest.mark.parametrize("user", ["", "a b", "4294967295", "a:b:c", ":x", "a/b", "-x"])
def test_bad_users_are_refused_before_anything_is_created(busybox, user):
    assert "user" in refused(busybox, f"--user={user}")
    assert "group-add" in refused(busybox, f"--group-add={user}")


@pytest.mark.fault(19)
@pytest.mark.parametrize("make", ["mkfifo /etc/passwd", "mkdir /etc/passwd", "truncate -s 1G /etc/passwd", "truncate -s 1G /etc/group"])
def test_a_number_needs_no_account_file(busybox, make):
    files = ["--setup", f"mkdir -p /etc; rm -rf /etc/passwd /etc/group; {make}"]
    for user, gid in ("5:6", "6"), ("5", "0"):
        assert who(busybox, "-u", user, "--group-add", "77", files=files) == ("5", gid, ["77"], "/")
    done = ctl("run", "--rm", *files, "-u", "5:staff", busybox, "/bin/true")
    assert done.code == 125 and (b"/etc/group" in done.err), done


@pytest.mark.fault(19)
def test_a_number_needs_no_name_and_no_groups_that_can_be_read(busybox):
    """Only the valid fields of the line in /etc/passwd are used."""
    name = "mkdir -p /etc; rm -rf /etc/passwd /etc/group; n=$(yes n | head -300 | tr -d '\\n'); echo $n:x:5:6::/home/long: >/etc/passwd; echo g:x:70:$n >/etc/group"
    assert who(busybox, "-u", "5", "--group-add", "g", files=["--setup", name]) == ("5", "6", ["70"], "/home/long")
    short = "mkdir -p /etc; rm -rf /etc/passwd /etc/group; echo app:x:5:6::/home/app: >/etc/passwd; mkfifo /etc/group"
    assert who(busybox, "-u", "5", files=["--setup", short])[:2] == ("5", "6")
    done = ctl("run", "--rm", "--setup", short, "-u", "app", busybox, "/bin/true")
    assert done.code == 125 and b"/etc/group" in done.err, done


@pytest.mark.fault(19)
def test_groups_of_long_lines_and_users_of_large_files_are_found(busybox):
    """A line of several MiB, and a file of more than 1 MiB."""
    script = ("mkdir -p /etc; rm -f /etc/passwd /etc/group; printf 'many:x:70:' >/etc/group; "
              "yes some-member | head -400000 | tr '\\n' , >>/etc/group; echo app >>/etc/group; echo few:x:71:app >>/etc/group; "
              "yes 'filler:x:9:9:a user who is here for the size of the file alone:/:/bin/false' | head -20000 >/etc/passwd; "
              "echo app:x:1000:1001::/home/app:/bin/sh >>/etc/passwd")
    assert who(busybox, "-u", "app", files=["--setup", script]) == ("1000", "1001", ["70", "71"], "/home/app")


@pytest.mark.parametrize("make", ["mkfifo /etc/passwd", "mkdir /etc/passwd", "truncate -s 1G /etc/passwd", "ln -s /dev/zero /etc/passwd",
                                  "ln -s passwd /etc/passwd", "ln -s /proc/self/fd/0 /etc/passwd", "ln -s ../../../../etc/shadow /etc/passwd"])
def test_hostile_passwd_files_are_refused(busybox, make):
    """A FIFO without a writer, a directory, 1 GB, a device, links to itself, to a descriptor and to the host: the init neither follows nor waits."""
    done = ctl("run", "--rm", "--setup", f"mkdir -p /etc; rm -rf /etc/passwd; {make}", "-u", "root", busybox, "/bin/true")
    assert done.code == 125 and (b"/etc/passwd" in done.err), done


def test_a_passwd_file_may_be_a_link_inside(busybox):
    files = ["--setup", f"mkdir -p /etc /nix; rm -f /etc/passwd; printf '{USERS}' >/nix/passwd; ln -s /nix/passwd /etc/passwd"]
    assert who(busybox, "-u", "app", files=files)[0] == "1000"


def test_who_is_not_root_has_no_capability(busybox):
    found = sets(status(busybox, "-u", "1000"))
    assert found == {"Inh": 0, "Prm": 0, "Eff": 0, "Bnd": DEFAULT, "Amb": 0}


def test_who_is_not_root_keeps_what_was_added(busybox):
    found = sets(status(busybox, "-u", "1000", "--cap-add", "KILL", "--cap-drop", "CHOWN"))
    assert found == {"Inh": 1 << 5, "Prm": 1 << 5, "Eff": 1 << 5, "Bnd": DEFAULT & ~CHOWN, "Amb": 1 << 5}


def test_steps_are_roots_and_the_command_is_not(busybox):
    script = "id -u >/step; id -G >>/step; grep CapEff /proc/self/status >>/step; echo $HOME >>/step"
    lines = output(busybox, "/bin/sh", "-c", "id -u; cat /step", options=["-u", "1000", "--setup", script]).splitlines()
    assert lines[:3] == ["1000", "0", "0"] and int(lines[3].split()[1], 16) == DEFAULT and lines[4] == "/root"


def test_who_is_not_root_can_open_his_output_by_name(busybox):
    assert output(busybox, "/bin/sh", "-c", "echo hello >/dev/stdout", options=["-u", "1000"]) == "hello\n"


# Privileged

def test_privileged_takes_the_walls_inside_down(busybox):
    found = sets(status(busybox, "--privileged"))
    assert found["Eff"] == found["Prm"] == found["Bnd"] and found["Inh"] == found["Amb"] == 0
    assert found["Eff"] & 1 << 21 and found["Eff"] & NET_ADMIN and found["Eff"] & DEFAULT == DEFAULT
    script = "grep -c -E ' (/proc|/sys)/' /proc/self/mountinfo; grep -E ' /sys ' /proc/mounts; mount -t tmpfs x /tmp && echo mounted"
    lines = output(busybox, "/bin/sh", "-c", script, options=["--privileged"]).splitlines()
    assert lines[0] == "1" and " rw," in lines[1] and lines[-1] == "mounted"  # below is /sys/fs/cgroup alone
    refused_mount = ctl("run", "--rm", busybox, "/bin/sh", "-c", script)
    ordinary = refused_mount.text.splitlines()
    assert status(busybox, "--privileged")["Seccomp"] == "0" and status(busybox)["Seccomp"] == "2"
    assert refused_mount.code != 0 and int(ordinary[0]) > 5 and " ro," in ordinary[1] and ordinary[-1] != "mounted"


def test_privileged_but_for_one(busybox):
    assert sets(status(busybox, "--privileged", "--cap-drop", "SYS_ADMIN"))["Eff"] & 1 << 21 == 0
    assert "privileged" in refused(busybox, "--privileged", "--cap-drop", "ALL")


def test_privileged_is_nobody_on_the_host_but_without_a_user_namespace_root(busybox):
    """A device that no container has by default. Only a process that is root on the host can make and open it."""
    script = "mknod /fuse c 10 229 && exec 3<>/fuse && echo opened"
    assert ctl("run", "--rm", "--privileged", busybox, "/bin/sh", "-c", script).out == b""
    assert ctl("run", "--rm", "--userns=host", "--cap-add", "ALL", busybox, "/bin/sh", "-c", script).out == b""
    assert output(busybox, "/bin/sh", "-c", script, options=["--privileged", "--userns=host"]) == "opened\n"


def test_without_a_user_namespace_all_is_the_same(busybox):
    assert sets(status(busybox, "--userns=host")) == {"Inh": 0, "Prm": DEFAULT, "Eff": DEFAULT, "Bnd": DEFAULT, "Amb": 0}
    assert who(busybox, "--userns=host", "-u", "app") == ("1000", "1001", ["33", "77"], "/home/app")
    assert limits(busybox, "--userns=host", "--ulimit", "nofile=9:10")["Max open files"] == ("9", "10")
    options = ["--userns=host", "--sysctl", "net.ipv4.ip_forward=1", "--sysctl", "kernel.domainname=x", "--sysctl", "kernel.shmmax=4096"]
    paths = ["/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/domainname", "/proc/sys/kernel/shmmax"]
    assert output(busybox, "/bin/cat", *paths, options=options).split() == ["1", "x", "4096"]


def test_an_id_that_the_user_namespace_has_not_is_named(busybox):
    for user in ("70000", "0:70000"):
        done = ctl("run", "--rm", "-u", user, busybox, "/bin/true")
        assert done.code == 125 and b"not in the container's user namespace" in done.err
    assert who(busybox, "--userns=host", "-u", "70000", files=[])[0] == "70000"
