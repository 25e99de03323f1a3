# SPDX-License-Identifier: LGPL-2.1-or-later
"""A container's own namespaces, and those that it shares with another container or the host."""
import os
import pathlib

import pytest
from gi.repository import GLib

from quilt import call, ctl, error_name, manager, run, wait_exit
from test_access import rule, users  # noqa: F401 (fixtures)
from test_lifecycle import background, follow_until, path_of, props

SLEEP = ("/bin/sleep", "1000")


def namespace(pid, kind):
    return os.readlink(f"/proc/{pid}/ns/{kind}")


def processes(marker):
    """The pids of the processes whose command line has the argument marker."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if marker.encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            pass  # it has gone meanwhile
    return found


def output(image, *argv, options=()):
    return ctl("run", "--rm", *options, image, *argv).ok().text


def test_network_none_is_a_loopback_and_nothing_else(busybox):
    for options in ([], ["--network=none"], ["--net", "none"], ["--network=private"]):
        assert output(busybox, "/bin/ls", "/sys/class/net", options=options).split() == ["lo"], options
        assert output(busybox, "/bin/ip", "route", options=options) == ""


def test_network_of_the_host(busybox, name):
    run("ip", "link", "add", "quilt-test0", "type", "bridge").ok()
    try:
        assert "quilt-test0" in output(busybox, "/bin/ls", "/sys/class/net", options=["--network=host"]).split()
        assert "quilt-test0" not in output(busybox, "/bin/ls", "/sys/class/net").split()
        assert "quilt-test0" in output(busybox, "/bin/cat", "/proc/net/dev", options=["--net=host"])
    finally:
        run("ip", "link", "del", "quilt-test0").ok()
    init = background(name, busybox, *SLEEP, options=["--network=host"])["Pid"]
    assert namespace(init, "net") == namespace(1, "net") and namespace(init, "pid") != namespace(1, "pid")


def test_network_of_another_container(busybox, name):
    server = background(name, busybox, "/bin/nc", "-ll", "-p", "7777", "-e", "/bin/echo", "through the loopback")
    script = "while ! nc 127.0.0.1 7777 2>/dev/null; do :; done; readlink /proc/self/ns/net; ls /sys/class/net"
    seen = output(busybox, "/bin/sh", "-c", script, options=[f"--network=container:{name}"]).split("\n")
    assert seen[:3] == ["through the loopback", namespace(server["Pid"], "net"), "lo"]


def test_network_outlives_the_container_that_it_came_from(busybox, name):
    first = background(name, busybox, *SLEEP)
    second = background(name + "-b", busybox, *SLEEP, options=[f"--network=container:{name}"])
    third = background(name + "-c", busybox, *SLEEP, options=[f"--network=container:{name}-b"])
    kinds = {kind: namespace(first["Pid"], kind) for kind in ("net", "pid", "ipc", "uts")}
    for other in (second, third):
        assert namespace(other["Pid"], "net") == kinds["net"]
        assert not any(namespace(other["Pid"], kind) == kinds[kind] for kind in ("pid", "ipc", "uts"))
    ctl("kill", name).ok()
    ctl("wait", name).ok()
    assert props(name + "-b")["State"] == "running"
    assert namespace(second["Pid"], "net") == kinds["net"]


def test_a_name_means_the_container_that_had_it_at_creation(busybox, name):
    first = background(name, busybox, *SLEEP)
    ctl("create", "--name", name + "-b", f"--network=container:{name}", busybox, *SLEEP).ok()
    ctl("rename", name, name + "-old").ok()
    ctl("create", "--name", name, busybox, *SLEEP).ok()
    ctl("start", name + "-b").ok()
    assert namespace(props(name + "-b")["Pid"], "net") == namespace(first["Pid"], "net")
    shown = ctl("inspect", name + "-b").ok().json
    assert shown["options"]["network"] == "container:" + props(name + "-old")["Id"]


def test_a_container_that_does_not_run_cannot_be_joined(busybox, name):
    ctl("create", "--name", name, busybox, *SLEEP).ok()
    refused = ctl("run", "--name", name + "-b", f"--pid=container:{name}", busybox, "/bin/true")
    assert refused.code == 125 and name.encode() in refused.err and b"not running" in refused.err
    ctl("remove", name).ok()
    again = ctl("start", name + "-b")
    assert again.code != 0 and b"was removed" in again.err


@pytest.mark.parametrize("option, words", [
    ("--network=container:no-such", [b"network", b"no-such"]),
    ("--pid=container:", [b"pid", b"container:"]),
    ("--network=bridge", [b"network", b"bridges are not supported yet"]),
    ("--network=ns:/proc/1/ns/net", [b"network", b"ns:/proc/1/ns/net"]),
    ("--ipc=none", [b"ipc", b"none"]),
    ("--cgroupns=container:x", [b"cgroupns", b"must be private or host"]),
])
def test_bad_modes_are_refused_before_anything_is_made(busybox, option, words):
    before = manager("ListContainers", "(a{sv})", {})
    refused = ctl("create", option, busybox, "/bin/true")
    assert refused.code == 125 and all(word in refused.err for word in words), refused
    assert manager("ListContainers", "(a{sv})", {}) == before


def test_contradictions_are_refused_before_anything_is_made(busybox):
    before = manager("ListContainers", "(a{sv})", {})
    for options, word in [(["--uts=host", "--hostname=x"], b"hostname"), (["--pid=host", "--setup", "true"], b"setup")]:
        refused = ctl("create", *options, busybox, "/bin/true")
        assert refused.code == 125 and word in refused.err, refused
    assert manager("ListContainers", "(a{sv})", {}) == before


def test_pid_of_the_host_sees_the_host_and_leaves_nobody_there(busybox, name):
    marker = f"left-by-{name}"
    script = f"""
        cat /proc/1/comm
        setsid sh -c 'sleep 1000; : {marker}' {marker} >/dev/null 2>&1 &
        (setsid sh -c 'trap "" TERM HUP; while :; do sleep 1; done' {marker} >/dev/null 2>&1 &)
        echo done"""
    done = ctl("run", "--name", name, "--pid=host", busybox, "/bin/sh", "-c", script).ok()
    assert done.text.split() == ["systemd", "done"]
    assert processes(marker) == []
    assert props(name)["ExitCode"] == 0


@pytest.mark.parametrize("verb", ["stop", "kill", "remove"])
def test_pid_of_the_host_all_are_gone_after(busybox, name, verb):
    marker = f"left-by-{name}"
    script = f"(setsid sh -c 'trap \"\" TERM HUP; echo up; while :; do sleep 1; done' {marker} &); exec sleep 1000"
    init = background(name, busybox, "/bin/sh", "-c", script, options=["--pid=host", "--stop-timeout=1"])
    assert namespace(init["Pid"], "pid") == namespace(1, "pid")
    follow_until(name, b"up")
    left = processes(marker)
    assert left
    ctl(verb, *(["--force"] if verb == "remove" else []), name).ok()
    if verb != "remove":
        ctl("wait", name)
    assert processes(marker) == []


def test_pid_of_another_container(busybox, name):
    first = background(name, busybox, "/bin/sleep", "1234")
    script = f"cat /proc/1/comm; ls -d /proc/self/cwd >/dev/null && ps -o args; (setsid sleep 4321 </dev/null >/dev/null 2>&1 &); readlink /proc/self/ns/pid"
    seen = output(busybox, "/bin/sh", "-c", script, options=[f"--pid=container:{name}"])
    assert seen.startswith("sleep\n") and "/bin/sleep 1234" in seen and namespace(first["Pid"], "pid") in seen
    assert not any(word in seen for word in ("systemd", "quiltd", "dbus")), "it sees the host's processes"
    assert processes("4321") == [], "what it left behind lives on in the other's pid namespace"
    assert props(name)["State"] == "running"


def test_pid_of_another_container_ends_with_that(busybox, name, bus_events):
    first = background(name, busybox, *SLEEP)
    second = background(name + "-b", busybox, *SLEEP, options=[f"--pid=container:{name}"])
    path = path_of(name + "-b")
    assert namespace(first["Pid"], "pid") == namespace(second["Pid"], "pid")
    ctl("kill", name).ok()
    wait_exit(second["Pid"])
    bus_events.wait(lambda where, _i, member, args: where == path and member == "StateChanged" and args[1] == "exited")
    state = props(name + "-b")
    assert (state["ExitCode"], state["Reason"]) == (137, "signaled")


def test_a_joining_process_can_neither_be_traced_nor_its_binary_be_written(debian, name):
    """CVE-2016-9962, CVE-2019-5736: a container can watch the process that enters its pid namespace, but can use nothing of it."""
    script = r"""
        $| = 1;
        print "ready\n";
        while (1) {
          opendir (my $proc, "/proc");
          for my $pid (grep { /^\d+$/ && $_ != 1 } readdir $proc) {
            open (my $comm, "<", "/proc/$pid/comm") or next;
            next unless (<$comm> // "") =~ /quilt/;
            print "saw it\n" unless $seen++;
            opendir (my $fds, "/proc/$pid/fd");
            my @reached = map { readlink "/proc/$pid/$_" } "exe", "cwd", "root", map { "fd/$_" } $fds ? readdir $fds : ();
            push @reached, "memory" if open (my $memory, "<", "/proc/$pid/mem");
            # If it is still no command of the other's, what was reached is Quilt's.
            open ($comm, "<", "/proc/$pid/comm") or next;
            next unless (<$comm> // "") =~ /quilt/;
            for (@reached) { print "REACHED $_\n" if defined; }
          }
        }"""
    background(name, debian, "/usr/bin/perl", "-e", script)
    run("timeout", "10", "sh", "-c", f"until quiltctl logs {name} | grep -q .; do :; done").ok()
    for _ in range(40):
        ctl("run", "--rm", f"--pid=container:{name}", debian, "/bin/true").ok()
    log = ctl("logs", name).ok().text
    assert "REACHED" not in log, log
    assert "saw it" in log, "the test saw nobody join"


def test_ipc_is_shared_with_whom_it_is_asked_for(debian, busybox, name):
    hold = "$| = 1; print shmget (4711, 4096, 01600), \"\\n\"; sleep 1000"
    first = background(name, debian, "/usr/bin/perl", "-e", hold, options=["--ipc=shareable"])
    run("timeout", "10", "sh", "-c", f"until quiltctl logs {name} | grep -q .; do :; done").ok()
    assert props(name)["State"] == "running", ctl("logs", name).text
    shm = ("/bin/cat", "/proc/sysvipc/shm")
    assert "4711" in output(busybox, *shm, options=[f"--ipc=container:{name}"])
    assert "4711" not in output(busybox, *shm)
    background(name + "-b", busybox, *SLEEP, options=[f"--ipc=container:{name}"])
    assert namespace(props(name + "-b")["Pid"], "ipc") == namespace(first["Pid"], "ipc") != namespace(1, "ipc")


def test_ipc_that_is_private_stays_so(busybox, name):
    background(name, busybox, *SLEEP)
    refused = ctl("create", f"--ipc=container:{name}", busybox, "/bin/true")
    assert refused.code == 125 and b"--ipc=shareable" in refused.err


def test_ipc_of_the_host_is_all_of_it(busybox, name):
    path = pathlib.Path("/dev/shm/quilt-test-ipc")
    path.write_text("of the host")
    try:
        assert output(busybox, "/bin/cat", str(path), options=["--ipc=host"]) == "of the host"
        assert ctl("run", "--rm", busybox, "/bin/cat", str(path)).code != 0
    finally:
        path.unlink()
    init = background(name, busybox, *SLEEP, options=["--ipc=host"])["Pid"]
    assert namespace(init, "ipc") == namespace(1, "ipc")


def test_host_name_of_the_host_and_of_another(busybox, name):
    assert output(busybox, "/bin/hostname", options=["--uts=host"]).strip() == os.uname().nodename
    background(name, busybox, *SLEEP, options=["--hostname", "of-the-first"])
    assert output(busybox, "/bin/hostname", options=[f"--uts=container:{name}"]).strip() == "of-the-first"


def test_cgroup_namespace_of_the_host(busybox, name):
    assert output(busybox, "/bin/grep", "0::", "/proc/self/cgroup") == "0::/\n"
    seen = output(busybox, "/bin/grep", "0::", "/proc/self/cgroup", options=["--name", name, "--cgroupns=host"])
    assert seen.endswith(f"/quilt.slice/quilt-{name}.scope/payload\n")


def test_p4_namespaces_of_the_host_need_their_own_action(busybox, name, rule):  # noqa: F811
    rule("""
polkit.addRule(function (action, subject) {
  if (action.id == "org.quilt.manage-containers")
    return polkit.Result.YES;
});""")
    background(name, busybox, *SLEEP, options=["--network=host"])
    before = manager("ListContainers", "(a{sv})", {})
    for option in ("--pid=host", "--ipc=host", "--uts=host", "--network=host", "--cgroupns=host", f"--network=container:{name}"):
        denied = ctl("--no-ask-password", "create", option, busybox, "/bin/true", user="bob")
        assert denied.code == 125 and b"org.quilt.privileged" in denied.err, (option, denied)
    assert manager("ListContainers", "(a{sv})", {}) == before


def test_p3_sharing_with_a_container_needs_the_right_to_manage_it(busybox, name, rule):  # noqa: F811
    rule("""
polkit.addRule(function (action, subject) {
  if (action.id == "org.quilt.manage-containers" && (action.lookup("verb") == "create" || action.lookup("own") == "yes"))
    return polkit.Result.YES;
});""")
    background(name, busybox, *SLEEP)
    denied = ctl("--no-ask-password", "create", f"--network=container:{name}", busybox, "/bin/true", user="alice")
    assert denied.code == 125 and b"org.quilt.manage-containers" in denied.err
    ctl("create", "--name", name + "-a", busybox, *SLEEP, user="alice").ok()
    ctl("create", "--name", name + "-b", f"--network=container:{name}-a", busybox, *SLEEP, user="alice").ok()
