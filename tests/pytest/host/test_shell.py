# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shell of a user in a container (shell): who it is for, where it begins, and what a hostile /etc/passwd can do."""
import os
import signal

import pytest

from quilt import GLib, ctl, error_name, manager, wait_exit
from test_cli import Terminal
from test_exec import box, cgroups, is_cooked, sessions, wait_for  # noqa: F401 (box is a fixture)
from test_lifecycle import background

PASSWD = b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/ash\nbare:x:1001:1001::/home/bare\nother:x:1000:5::/other:/bin/other\n"
SHOW = "echo $0 $HOME $USER $LOGNAME $SHELL $PWD"


def write(name, path, data):
    ctl("exec", "-i", name, "/bin/sh", "-c", f"mkdir -p {os.path.dirname(path)}; rm -rf {path}; cat > {path}", input=data).ok()


def shell(name, *words, text=SHOW):
    return ctl("shell", *words, name, input=text.encode())


def test_on_a_terminal_it_is_the_login_shell_of_the_containers_user(box):
    write(box, "/etc/passwd", PASSWD)
    ctl("exec", box, "/bin/mkdir", "-p", "/root").ok()
    with Terminal("quiltctl", "shell", box, TERM="screen.linux", columns=100) as terminal:
        terminal.wait(rb"[#$] ")
        terminal.type(b"echo $0 $HOME $USER $LOGNAME $SHELL $PWD $TERM; tty; stty size\r")
        terminal.wait(rb"\r\n-sh /root root root /bin/sh /root screen.linux\r\n/dev/pts/\d+\r\n24 100\r\n")
        terminal.type(b"exit 3\r")
        assert terminal.wait() == 3
        assert is_cooked(terminal)


def test_it_has_job_control_and_can_be_left(box):
    with Terminal("quiltctl", "shell", box) as terminal:
        terminal.wait(rb"[#$] ")
        terminal.type(b"sleep 500\r")
        wait_for(lambda: b"sleep 500" in ctl("exec", box, "/bin/ps").out)
        terminal.type(b"\x1a")
        terminal.wait(rb"Stopped\s+sleep 500")
        terminal.type(b"\x10\x11")
        assert terminal.wait() == 0
    row, = sessions(box)
    assert ctl("sessions", "--no-legend", box).ok().text.rstrip().endswith("(login shell)")
    assert [bytes(word) for word in row["command"]] == []
    ctl("kill", f"--session={row['session']}", box).ok()
    wait_exit(row["pid"])


def test_without_a_terminal_it_reads_commands(box):
    write(box, "/etc/passwd", PASSWD)
    ctl("exec", box, "/bin/mkdir", "-p", "/root").ok()
    assert shell(box).ok().text == "-sh /root root root /bin/sh /root\n"
    assert shell(box, text="tty; exit 5").code == 5


@pytest.mark.parametrize("user, home, expected", [
    ("app", True, "-ash /home/app app app /bin/ash /home/app"),
    ("app", False, "-ash /home/app app app /bin/ash /"),
    ("bare", False, "-sh /home/bare bare bare /bin/sh /"),
    ("other:7", False, None),
    ("4321", False, "-sh / 4321 4321 /bin/sh /"),
])
def test_a_user_has_its_own_shell_and_home(box, user, home, expected):
    write(box, "/etc/passwd", PASSWD)
    if home:
        ctl("exec", box, "/bin/sh", "-c", "mkdir -p /home/app; chmod 700 /home/app; chown 1000:1000 /home/app").ok()
    done = shell(box, "-u", user)
    if expected:
        assert done.ok().text == expected + "\n"
        assert shell(box, "-u", user, text="id -u").text.strip() in ("1000", "1001", "4321")
    else:
        assert done.code == 127 and b"'/bin/other': it is the shell of the user, which the container does not have" in done.err


def test_a_command_runs_as_after_a_login(box):
    write(box, "/etc/passwd", PASSWD)
    done = ctl("shell", "-u", "app", "-e", "HOME=/mine", "-w", "/etc", box, "/bin/sh", "-c", SHOW + "; exit 4")
    assert (done.code, done.text) == (4, "/bin/sh /mine app app /bin/ash /etc\n")
    assert ctl("shell", "-u", "nobody-here", box).code == 125
    assert ctl("shell", "-w", "/missing", box, "/bin/true").code == 125


def test_what_the_image_sets_for_its_command_is_not_for_the_user(busybox, name):
    background(name, busybox, "/bin/sleep", "1000", options=("-e", "HOME=/srv", "-e", "SHELL=/srv/sh", "-e", "USER=srv", "-e", "KEPT=1", "-w", "/bin"))
    write(name, "/etc/passwd", PASSWD)
    assert shell(name, text=SHOW + " $KEPT").ok().text == "-sh /root root root /bin/sh /root 1\n"


def test_without_passwd_it_is_root_with_bin_sh(box):
    ctl("exec", box, "/bin/rm", "-f", "/etc/passwd").ok()
    assert shell(box).ok().text == "-sh / root root /bin/sh /\n"
    ctl("exec", box, "/bin/rm", "/bin/sh").ok()
    done = shell(box)
    assert done.code == 127 and b"'/bin/sh': it is the shell of the user" in done.err and b"name a program" in done.err


@pytest.mark.parametrize("line", [
    b"root:x:0:0::/proc/self/fd/3:/bin/sh",
    b"root:x:0:0::/proc/1/root/tmp:/bin/sh",
    b"root:x:0:0::/proc/self/cwd/../../..:/bin/sh",
    b"root:x:0:0::/out:/bin/sh",
    b"root:x:0:0::relative:bin/sh",
    b"root:x:0:0:::",
    b"root:x:0:0::/" + b"a" * 5000 + b":/" + b"b" * 5000,
    b"root:x:0:0::/%n%s$(id);`id`:",
])
def test_a_hostile_line_leads_nowhere(box, line):
    """The shell begins inside the container, or at its root."""
    ctl("exec", box, "/bin/ln", "-s", "/proc/self/fd", "/out").ok()
    write(box, "/etc/passwd", line + b"\n")
    done = shell(box, text="/bin/pwd; ls /proc/self/fd | wc -l; readlink -f /proc/self/cwd").ok()
    where, descriptors, real = done.text.split("\n")[:3]
    assert where == real and where in ("/", "/tmp") and int(descriptors) == 4


@pytest.mark.parametrize("make", ["mkfifo /etc/passwd", "ln -s /dev/zero /etc/passwd", "ln -s /proc/kmsg /etc/passwd", "mkdir /etc/passwd",
                                  "ln -s /etc/passwd /etc/passwd", "ln -s ../../../../../../etc/hostname /etc/passwd",
                                  "dd if=/dev/zero of=/etc/passwd bs=1M count=1 seek=2000"])
def test_a_hostile_file_holds_nobody_up(box, make):
    ctl("exec", box, "/bin/sh", "-c", f"mkdir -p /etc; rm -rf /etc/passwd; {make}").ok()
    assert shell(box).ok().text == "-sh / root root /bin/sh /\n"
    assert ctl("shell", "-u", "app", box).code == 125


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_killed_client_ends_it(box, signum):
    with Terminal("quiltctl", "shell", box) as terminal:
        terminal.wait(rb"[#$] ")
        pid = sessions(box)[0]["pid"]
        terminal.process.send_signal(signum)
        wait_exit(pid)
    wait_for(lambda: cgroups(box) == ["payload", "supervisor"])


def test_only_a_login_needs_no_command(box):
    for command, options in (([], {}), ([b""], {"login": GLib.Variant("b", True)}), ([b"a\0b"], {"login": GLib.Variant("b", True)})):
        with pytest.raises(GLib.Error) as refused:
            manager("ExecContainer", "(saaya{sv})", box, command, options)
        assert error_name(refused.value).endswith(".InvalidArgument")


def test_with_a_user_namespace_it_is_the_same(busybox, name):
    background(name, busybox, "/bin/sleep", "1000", options=("--userns", "auto"))
    write(name, "/etc/passwd", PASSWD)
    assert shell(name, "-u", "app").ok().text == "-ash /home/app app app /bin/ash /\n"


def test_in_a_real_image(debian, name):
    background(name, debian, "sleep", "1000")
    assert shell(name).ok().text == "-bash /root root root /bin/bash /root\n"
    done = shell(name, "-u", "nobody")
    assert done.code == 1 and "not available" in done.text
