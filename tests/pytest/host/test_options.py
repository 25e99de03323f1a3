# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every option has an effect that is seen from inside or outside, and no other is accepted (B1 to B9)."""
import os

import pytest
from gi.repository import GLib

from quilt import call, ctl, error_name, manager, properties, run
from test_lifecycle import background, follow_until, path_of, props


def output(image, *argv, options=(), **kwargs):
    return ctl("run", "--rm", *options, image, *argv, **kwargs).ok().out


def test_b1_environment(busybox):
    lines = output(busybox, "/bin/env", "-0", options=["-e", "A=1", "-e", "B=two words\n$x", "-e", "FROM_CALLER"],
                   env={"FROM_CALLER": "yes", "NOT_ASKED": "no"}).split(b"\0")
    assert {b"A=1", b"B=two words\n$x", b"FROM_CALLER=yes", b"container=quilt"} <= set(lines)
    assert not any(line.startswith(b"NOT_ASKED") for line in lines)
    assert any(line.startswith(b"PATH=/") for line in lines)


def test_b2_working_directory(busybox):
    assert output(busybox, "/bin/pwd", options=["-w", "/tmp"]) == b"/tmp\n"
    assert output(busybox, "/bin/pwd") == b"/\n"
    missing = ctl("run", "--rm", "-w", "/no/such", busybox, "/bin/pwd")
    assert missing.code == 125 and b"/no/such" in missing.err


def test_b3_argv_arrives_as_sent(busybox):
    argv = [b"plain", b"two words", b"", b"'single' \"double\"", b"$HOME `id` \\", b"line\nbreak", b"\xff\xfe bytes", b"--name", b"*"]
    printed = output(busybox, "/bin/sh", "-c", 'for a; do printf "%s\\0" "$a"; done', "sh", *argv)
    assert printed == b"".join(arg + b"\0" for arg in argv)


def test_b6_b4_b5_limits_are_properties_of_the_scope(busybox, name):
    """That they bind is shown in the virtual host, which has the controllers."""
    background(name, busybox, "/bin/sleep", "1000", options=["--memory", "64M", "--cpus", "0.5", "--pids-limit", "32"])
    shown = run("systemctl", "show", f"quilt-{name}.scope", "-p", "MemoryMax,CPUQuotaPerSecUSec,TasksMax,Slice,Delegate").text
    assert set(shown.split()) >= {f"MemoryMax={64 << 20}", "CPUQuotaPerSecUSec=500ms", "Slice=quilt.slice", "Delegate=yes"}
    assert "TasksMax=33" in shown  # one for the supervisor, which counts too
    ctl("update", "--memory", "128M", "--pids-limit", "64", name).ok()
    shown = run("systemctl", "show", f"quilt-{name}.scope", "-p", "MemoryMax,TasksMax").text
    assert set(shown.split()) == {f"MemoryMax={128 << 20}", "TasksMax=65"}
    assert props(name)["MemoryMax"] == 128 << 20
    ctl("kill", name).ok()
    ctl("start", name).ok()
    assert f"MemoryMax={128 << 20}" in run("systemctl", "show", f"quilt-{name}.scope", "-p", "MemoryMax").text


def test_b8_pid_1_own_hostname_ipc_and_net(busybox, name):
    script = "echo $$; hostname; cat /sys/class/net/*/operstate /proc/net/dev | wc -l; ls /sys/class/net; ps -o pid,args"
    lines = output(busybox, "/bin/sh", "-c", script, options=["--hostname", "inside"]).decode().split("\n")
    assert lines[0] == "1" and lines[1] == "inside"
    assert "lo" in lines and not any(link.startswith(("eth", "veth")) for link in lines)
    assert not any("systemd" in line or "quilt" in line for line in lines)
    assert os.uname().nodename != "inside"

    init = background(name, busybox, "/bin/sleep", "1000")["Pid"]
    for namespace in ("pid", "mnt", "uts", "ipc", "net", "cgroup"):
        assert os.readlink(f"/proc/{init}/ns/{namespace}") != os.readlink(f"/proc/1/ns/{namespace}"), namespace


def test_b8_the_loopback_is_up(busybox):
    assert b"127.0.0.1" in output(busybox, "/bin/ip", "-4", "addr", "show", "up", "dev", "lo")


def test_b8_host_processes_cannot_be_seen_or_signalled(busybox):
    victim = os.getpid()
    script = f"kill -0 {victim} 2>/dev/null && echo reached; ls /proc | grep -cE '^[0-9]+$'; cat /proc/1/comm"
    lines = output(busybox, "/bin/sh", "-c", script).decode().split()
    assert "reached" not in lines and int(lines[0]) < 6


def test_b8_no_descriptor_leaks_in_and_no_capability_to_mount_or_make_devices(busybox):
    assert output(busybox, "/bin/sh", "-c", "ls /proc/self/fd").split() in ([b"0", b"1", b"2", b"3"], [b"0", b"1", b"2"])
    status = output(busybox, "/bin/cat", "/proc/self/status").decode()
    sets = {line.split(":")[0]: line.split()[1] for line in status.split("\n") if line.startswith(("Cap", "NoNewPrivs"))}
    assert sets["CapInh"] == sets["CapAmb"] == "0" * 16
    assert int(sets["CapBnd"], 16) & (1 << 21) == 0  # CAP_SYS_ADMIN
    assert int(sets["CapEff"], 16) == int(sets["CapBnd"], 16)
    assert sets["NoNewPrivs"] == "1"


def test_read_only_root(busybox):
    refused = ctl("run", "--rm", "--read-only", busybox, "/bin/sh", "-c", "echo x >/file")
    assert refused.code != 0 and b"Read-only" in refused.err
    output(busybox, "/bin/sh", "-c", "echo x >/tmp/file", options=["--read-only"])
    output(busybox, "/bin/sh", "-c", "echo x >/file")


def test_proc_and_sys_cannot_be_written(busybox):
    for path in ("/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/sys/kernel/mm/ksm/run"):
        assert ctl("run", "--rm", busybox, "/bin/sh", "-c", f"echo 1 >{path}").code != 0, path


def test_labels_stop_signal_and_timeout(busybox, name):
    background(name, busybox, "/bin/sh", "-c", "trap 'exit 4' USR2; echo ready; while :; do sleep 0.1; done",
               options=["--label", "team=web", "--stop-signal", "USR2", "--stop-timeout", "7"])
    follow_until(name, b"ready")
    assert b"team" in ctl("inspect", name).ok().out
    assert props(name)["StopTimeout"] == 7_000_000
    ctl("stop", name).ok()
    assert props(name)["ExitCode"] == 4


def test_rm_removes_after_the_one_run(busybox, name):
    assert ctl("run", "--rm", "--name", name, busybox, "/bin/sh", "-c", "exit 3").code == 3
    with pytest.raises(GLib.Error):
        path_of(name)


def test_rm_of_a_detached_one(busybox, name, bus_events):
    ctl("run", "-d", "--rm", "--name", name, busybox, "/bin/true").ok()
    bus_events.wait(lambda path, _i, member, args: member == "InterfacesRemoved" and "/container/" in args[0])


@pytest.mark.parametrize("option", [["--pod"], ["-v", "/:/host"], ["-p", "80:80"], ["-P"], ["--no-such-option"]])
def test_b9_unknown_options_of_the_command_line_are_refused_by_name(busybox, option):
    refused = ctl("run", "--rm", *option, busybox, "/bin/true")
    assert refused.code == 125 and option[0].lstrip("-").encode() in refused.err


@pytest.mark.parametrize("key, value, error", [
    ("no-such-key", GLib.Variant("s", "x"), "NotSupported"),
    ("memory-max", GLib.Variant("s", "64M"), "InvalidArgument"),
    ("memory-max", GLib.Variant("t", 1), "InvalidArgument"),
    ("pids-max", GLib.Variant("t", 0), "InvalidArgument"),
    ("name", GLib.Variant("s", "../x"), "InvalidArgument"),
    ("stop-signal", GLib.Variant("i", 65), "InvalidArgument"),
    ("working-directory", GLib.Variant("s", "relative"), "InvalidArgument"),
    ("env", GLib.Variant("aay", [b"NOVALUE\0"]), "InvalidArgument"),
    ("hostname", GLib.Variant("s", "a b"), "InvalidArgument"),
])
def test_b9_unknown_keys_and_values_are_refused_by_name(busybox, key, value, error):
    before = manager("ListContainers", "(a{sv})", {})
    with pytest.raises(GLib.Error) as caught:
        manager("CreateContainer", "(sa{sv})", busybox, {key: value})
    assert error_name(caught.value) == f"org.quilt.Error.{error}" and key in caught.value.message
    assert manager("ListContainers", "(a{sv})", {}) == before


@pytest.mark.parametrize("bad", ["../x", "-x", "", "a" * 65, "a/b", "a b", "ü", "%n", "foo@"])
def test_names_out_of_grammar_are_refused(busybox, bad):
    refused = ctl("create", f"--name={bad}", busybox, "/bin/true")
    assert refused.code == 125 and refused.err.count(b"\n") == 1


def test_every_other_method_refuses_unknown_keys(busybox, name):
    ctl("create", "--name", name, busybox, "/bin/true").ok()
    bad = {"no-such-key": GLib.Variant("b", True)}
    for method, signature, *arguments in [
            ("StartContainers", "(asa{sv})", [name]), ("StopContainers", "(asa{sv})", [name]),
            ("RemoveContainers", "(asa{sv})", [name]), ("ListContainers", "(a{sv})"), ("WaitContainer", "(sa{sv})", name),
            ("ListImages", "(a{sv})"), ("RemoveImages", "(asa{sv})", [busybox]), ("Reload", "(a{sv})")]:
        with pytest.raises(GLib.Error) as caught:
            manager(method, signature, *arguments, bad)
        assert error_name(caught.value) == "org.quilt.Error.NotSupported" and "no-such-key" in caught.value.message
    for method in ("Start", "Stop", "Remove", "Wait", "Update", "Inspect"):
        with pytest.raises(GLib.Error) as caught:
            call(path_of(name), "org.quilt.Container", method, "(a{sv})", bad)
        assert error_name(caught.value) == "org.quilt.Error.NotSupported" and "no-such-key" in caught.value.message
    assert properties(path_of(name), "org.quilt.Container")["State"] == "pending"


def test_inspect_shows_what_is_in_force(busybox, name):
    background(name, busybox, "/bin/sleep", "1000", options=["--pids-limit", "32"])
    shown = ctl("inspect", name).ok().json
    in_force = shown["in_force"]
    status = run("cat", f"/proc/{props(name)['Pid']}/status").ok().text
    assert shown["options"]["pids-max"] == 32
    assert f"Uid:\t{in_force['user']['uids'][0]}\t" in status
    assert in_force["no_new_privileges"] is True
    assert "CAP_CHOWN" in in_force["capabilities"]["effective"] and "CAP_SYS_ADMIN" not in in_force["capabilities"]["bounding"]
    assert in_force["capabilities"]["ambient"] == in_force["capabilities"]["inheritable"] == []
    for namespace in "cgroup", "ipc", "mnt", "net", "pid", "uts":
        assert in_force["namespaces"][namespace]["private"] is True, namespace
    assert in_force["resource_limits"]["NOFILE"][0] > 0
    assert in_force["oom_score_adj"] == 0
    assert sorted(in_force["cgroup"]) == ["cpu.max", "cpu.weight", "cpuset.cpus.effective", "cpuset.mems.effective", "io.max", "io.weight",
                                          "memory.high", "memory.low", "memory.max", "memory.swap.max", "pids.max"]
    ctl("kill", name).ok()
    assert ctl("inspect", name).ok().json["in_force"] is None
