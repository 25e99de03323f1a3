# SPDX-License-Identifier: LGPL-2.1-or-later
"""Limits are properties of the scope, and can change while it runs. quiltd refuses limits that name a CPU or device which the host lacks.

That the kernel keeps them is shown in the virtual host, which has the controllers; addresses are filtered here too."""
import os
import pathlib
import stat

import pytest

from quilt import ctl, run
from test_lifecycle import background

GIVEN = {
    "--memory": "64M", "--memory-high": "48M", "--memory-reservation": "8M", "--memory-swap": "96M", "--cpu-shares": "1024",
    "--cpuset-cpus": "0", "--cpuset-mems": "0", "--io-weight": "50", "--ip-allow": "10.0.0.0/8", "--ip-deny": "any",
}


@pytest.fixture
def block_device():
    """A block device by its path: which one does not matter, since nothing is written to it."""
    path = "/dev/quilt-test-disk"
    os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(7, 0))
    yield path
    os.unlink(path)


def shown(name, *names):
    lines = run("systemctl", "show", f"quilt-{name}.scope", "-p", ",".join(names)).ok().text.splitlines()
    return {name: "" for name in names} | dict(line.split("=", 1) for line in lines)


def test_every_limit_is_a_property_of_the_scope_and_update_takes_it_off(busybox, name, block_device):
    given = [word for pair in GIVEN.items() for word in pair]
    rates = ["--device-read-bps", f"{block_device}:1M", "--device-write-bps", f"{block_device}:2M",
             "--device-read-iops", f"{block_device}:100", "--device-write-iops", f"{block_device}:200"]
    background(name, busybox, "/bin/sleep", "1000", options=[*given, *rates])
    names = ["MemoryMax", "MemoryHigh", "MemoryLow", "MemorySwapMax", "CPUWeight", "AllowedCPUs", "AllowedMemoryNodes", "IOWeight",
             "IPAddressAllow", "IPAddressDeny", "IOReadBandwidthMax", "IOWriteBandwidthMax", "IOReadIOPSMax", "IOWriteIOPSMax"]
    values = shown(name, *names)
    assert values == {
        "MemoryMax": str(64 << 20), "MemoryHigh": str(48 << 20), "MemoryLow": str(8 << 20), "MemorySwapMax": str(32 << 20),
        "CPUWeight": "100", "AllowedCPUs": "0", "AllowedMemoryNodes": "0", "IOWeight": "50", "IPAddressAllow": "10.0.0.0/8",
        "IPAddressDeny": values["IPAddressDeny"], "IOReadBandwidthMax": f"{block_device} 1048576",
        "IOWriteBandwidthMax": f"{block_device} 2097152", "IOReadIOPSMax": f"{block_device} 100",
        "IOWriteIOPSMax": f"{block_device} 200",
    }
    assert set(values["IPAddressDeny"].split()) == {"0.0.0.0/0", "::/0"}

    ctl("update", "--memory-high=infinity", "--memory-reservation=0", "--memory-swap=-1", "--cpu-weight=300", "--cpuset-cpus=",
        "--cpuset-mems=", "--io-weight=infinity", "--ip-allow=", "--ip-deny=10.1.0.0/16", "--device-read-bps=",
        "--device-write-bps", f"{block_device}:3M", "--device-read-iops=", "--device-write-iops=", name).ok()
    assert shown(name, *names) == {
        "MemoryMax": str(64 << 20), "MemoryHigh": "infinity", "MemoryLow": "0", "MemorySwapMax": "infinity", "CPUWeight": "300",
        "AllowedCPUs": "", "AllowedMemoryNodes": "", "IOWeight": "[not set]", "IPAddressAllow": "", "IPAddressDeny": "10.1.0.0/16",
        "IOReadBandwidthMax": "", "IOWriteBandwidthMax": f"{block_device} 3145728", "IOReadIOPSMax": "", "IOWriteIOPSMax": "",
    }

    # The next run has the updated values too.
    ctl("kill", name).ok()
    ctl("start", name).ok()
    assert shown(name, "CPUWeight", "IPAddressDeny") == {"CPUWeight": "300", "IPAddressDeny": "10.1.0.0/16"}


def test_an_empty_value_takes_a_limit_off(busybox, name):
    background(name, busybox, "/bin/sleep", "1000",
               options=["--memory", "64M", "--memory-high", "48M", "--memory-reservation", "8M", "--memory-swap", "96M", "--cpus", "0.5",
                        "--cpu-weight", "50", "--pids-limit", "9", "--io-weight", "50", "--stop-timeout", "1"])
    names = ["MemoryMax", "MemoryHigh", "MemoryLow", "MemorySwapMax", "CPUQuotaPerSecUSec", "CPUWeight", "TasksMax", "IOWeight"]
    assert not {"infinity", "[not set]"} & set(shown(name, *names).values())
    ctl("update", "--memory=", "--memory-high=", "--memory-reservation=", "--memory-swap=", "--cpus=", "--cpu-weight=", "--pids-limit=",
        "--io-weight=", "--stop-timeout=", name).ok()
    assert shown(name, *names) == {
        "MemoryMax": "infinity", "MemoryHigh": "infinity", "MemoryLow": "0", "MemorySwapMax": "infinity", "CPUQuotaPerSecUSec": "infinity",
        "CPUWeight": "[not set]", "TasksMax": "infinity", "IOWeight": "[not set]",
    }
    assert ctl("show", "-p", "StopTimeout", "--value", name).ok().text == "10000000\n"
    ctl("update", "--memory", "64M", name).ok()
    ctl("update", "--memory", "-1", name).ok()
    assert shown(name, "MemoryMax") == {"MemoryMax": "infinity"}


# Listens on the loopback, and when it does: how a client fares.
LISTEN = "(while :; do echo yes | nc -l -p 99; done) & until grep -q :0063 /proc/net/tcp /proc/net/tcp6; do :; done; "
CONNECT = "nc -w 5 127.0.0.1 99 </dev/null"


def test_addresses_are_filtered_and_update_lets_them_through(busybox, name):
    def connect(*options):
        return ctl("run", "--rm", *options, busybox, "/bin/sh", "-c", LISTEN + CONNECT)

    assert connect().ok().out == b"yes\n"
    assert connect("--ip-deny", "any", "--ip-allow", "localhost").ok().out == b"yes\n"
    denied = connect("--ip-deny", "127.0.0.0/8")
    assert denied.code != 0 and denied.out == b""

    ctl("run", "-d", "--name", name, "--ip-deny", "any", busybox, "/bin/sh", "-c", f"{LISTEN} until {CONNECT}; do :; done").ok()
    ctl("update", "--ip-deny=", name).ok()
    assert ctl("wait", name).ok().code == 0
    assert ctl("logs", "-o", "cat", name).ok().text.splitlines()[-1] == "yes"


@pytest.mark.parametrize("options, words", [
    (["--cpuset-cpus", "8000"], "cpuset-cpus"), (["--cpuset-mems", "900"], "cpuset-mems"), (["--cpuset-cpus", "0-"], "'0-'"),
    (["--device-read-bps", "/dev/null:1M"], "/dev/null"), (["--device-write-iops", "/dev/no-such:1"], "/dev/no-such"),
    (["--device-read-bps", "/etc/passwd:1M"], "/etc/passwd"), (["--ip-deny", "example.org"], "example.org"),
    (["--memory-swap", "64M"], "memory-swap"), (["--memory", "64M", "--memory-swap", "32M"], "memory-swap"),
    (["--cpu-weight", "0"], "'0'"), (["--cpu-weight", "5", "--cpu-shares", "5"], "cpu-weight"),
])
def test_what_can_not_be_is_refused_by_name_and_nothing_is_made(busybox, name, options, words):
    refused = ctl("create", "--name", name, *options, busybox, "/bin/true")
    assert refused.code == 125 and words in refused.err.decode(), refused
    assert name not in ctl("list").text


def test_update_is_all_or_nothing(busybox, name):
    background(name, busybox, "/bin/sleep", "1000", options=["--cpu-weight", "50"])
    refused = ctl("update", "--cpu-weight", "60", "--cpuset-cpus", "8000", name)
    assert refused.code == 1 and b"8000" in refused.err
    assert shown(name, "CPUWeight") == {"CPUWeight": "50"}


def test_a_limit_without_its_controller_is_told_of(busybox, name, journal):
    have = open("/sys/fs/cgroup/cgroup.controllers").read().split()
    ctl("run", "--rm", "--name", name, "--cpu-weight", "50", "--io-weight", "50", busybox, "/bin/true").ok()
    told = journal.messages(f"CONTAINER_NAME={name}", "MESSAGE_ID=5d0c3a9e6f1742b5b8f2e07c94d16a3b")
    missing = [word for word, controller in (("cpu-weight", "cpu"), ("io-weight", "io")) if controller not in have]
    assert len(told) == (1 if missing else 0)
    assert all(word in told[0].decode() for word in missing)


@pytest.mark.skipif(os.path.exists("/sys/kernel/security/apparmor") or os.path.exists("/sys/fs/selinux/enforce"),
                    reason="the host has a security module; shown in the suite vm")
def test_a_security_module_that_is_not_there_can_not_be_asked_for(busybox, name):
    for option, word in (("apparmor=quilt-default", "AppArmor is not enabled"), ("label=type:spc_t", "SELinux is not enabled")):
        refused = ctl("create", "--name", name, "--security-opt", option, busybox, "/bin/true")
        assert refused.code == 125 and word in refused.err.decode(), refused
        assert name not in ctl("list").text
    for option in ("apparmor=unconfined", "label=disable"):
        ctl("run", "--rm", "--security-opt", option, busybox, "/bin/true").ok()
    for bad in (["apparmor="], ["apparmor=two words"], ["label=nonsense"], ["label=type:"], ["label=disable", "label=type:x"]):
        words = [word for option in bad for word in ("--security-opt", option)]
        assert ctl("create", "--name", name, *words, busybox, "/bin/true").code == 125, bad


@pytest.mark.fault("28")
@pytest.mark.parametrize("option, said", [("--memory=64M", "memory-max needs memory"), ("--cpus=0.5", "cpu-quota needs cpu"),
                                          ("--cpuset-cpus=0", "cpuset-cpus needs cpuset")])
def test_limits_that_are_not_in_force_are_said(busybox, name, option, said):
    """This host has no controllers. quiltctl names the option, quiltd its key."""
    named = f"{option.split('=')[0]} needs {said.split()[-1]}"
    done = ctl("run", "--name", name, option, busybox, "echo", "there").ok()
    assert done.text == "there\n" and named in done.err.decode() and done.err.count(b"\n") == 1
    assert f"not in force: {named}" in ctl("status", name).text
    assert ctl("show", "-p", "LimitsNotInForce", "--value", name).ok().text == said + "\n"
    ctl("remove", name).ok()
    for verb in ("create", "run"):
        refused = ctl(verb, "--name", name, "--strict-limits", option, busybox, "true")
        assert refused.code == 125 and said in refused.err.decode() and refused.err.count(b"\n") == 1
        assert b"option --strict-limits: this host lacks" in refused.err
        assert ctl("show", name).code != 0
    assert ctl("create", "--name", name, option, busybox, "true").ok().err.count(b"\n") == 1


@pytest.mark.fault("28")
def test_what_limits_nothing_is_not_said(busybox, name):
    assert ctl("run", "--name", name, "--strict-limits", "--memory=infinity", busybox, "true").ok().err == b""
    assert "not in force" not in ctl("status", name).text
    refused = ctl("update", "--memory=64M", name)
    assert refused.code == 1 and "memory-max needs memory" in refused.err.decode()


@pytest.mark.fault("28")
def test_a_limit_that_an_update_asks_for_is_said_too(busybox, name):
    ctl("create", "--name", name, busybox, "true").ok()
    done = ctl("update", "--memory=64M", name).ok()
    assert "--memory needs memory" in done.err.decode()
    assert "not in force: --memory needs memory" in ctl("status", name).text
    assert ctl("update", "--memory=", name).ok().err == b""
    assert "not in force" not in ctl("status", name).text


@pytest.fixture
def configure():
    """Puts a drop-in of quiltd.conf in force."""
    path = pathlib.Path("/etc/quilt/quiltd.conf.d/50-limits.conf")
    path.parent.mkdir(parents=True, exist_ok=True)

    def write(text):
        path.write_text(f"[Manager]\n{text}\n")
        run("systemctl", "reload", "quiltd").ok()
    yield write
    path.unlink(missing_ok=True)
    run("systemctl", "reload", "quiltd").ok()


@pytest.mark.fault("28")
def test_quiltd_conf_may_be_strict(busybox, name, configure):
    configure("StrictLimits=yes")
    refused = ctl("create", "--name", name, "--memory=64M", busybox, "true")
    assert refused.code == 125 and b"StrictLimits" in refused.err
    ctl("create", "--name", name, busybox, "true").ok()


@pytest.mark.fault("28")
def test_limits_of_quiltd_conf_that_are_not_in_force_are_said(busybox, name, configure):
    configure("DefaultMemoryMax=1G\nDefaultCPUQuota=1.5")
    said = "--memory needs memory, --cpus needs cpu"
    for verb in (["create"], ["run"], ["run", "-d"]):
        done = ctl(*verb, "--name", name, busybox, "true").ok()
        assert said in done.err.decode() and done.err.count(b"\n") == 1, verb
        assert f"not in force: {said}" in ctl("status", name).text
        started = ctl("start", name).ok()
        assert said in started.err.decode() and name in started.err.decode() and started.err.count(b"\n") == 1
        ctl("remove", "-f", name).ok()
    done = ctl("run", "--rm", "--memory=infinity", "--cpus=infinity", busybox, "true").ok()
    assert done.err == b""
    done = ctl("run", "--rm", "--memory=infinity", "--cpus=0.5", "--cpuset-cpus=0", busybox, "true").ok()
    assert b": --cpus needs cpu, --cpuset-cpus needs cpuset; " in done.err and done.err.count(b"\n") == 1


@pytest.mark.fault("28")
def test_the_built_in_limit_is_said_if_quiltd_conf_sets_it(busybox, name, configure):
    said = b"--pids-limit needs pids"
    assert ctl("create", "--name", name, busybox, "true").ok().err == b""
    configure("DefaultPidsMax=2048")
    assert said in ctl("start", name).ok().err
    assert said in ctl("run", "--rm", busybox, "true").ok().err
    configure("DefaultPidsMax=2048\nStrictLimits=yes")
    refused = ctl("run", "--rm", busybox, "true")
    assert refused.code == 125 and b"pids-max needs pids" in refused.err


@pytest.mark.fault("28")
def test_limits_of_quiltd_conf_that_are_not_in_force_may_be_refused(busybox, name, configure):
    ctl("create", "--name", name, busybox, "true").ok()
    configure("DefaultMemoryMax=1G")
    for verb in ("create", "run"):
        refused = ctl(verb, "--strict-limits", busybox, "true")
        assert refused.code == 125 and b"memory-max needs memory" in refused.err and refused.err.count(b"\n") == 1
    configure("DefaultMemoryMax=1G\nStrictLimits=yes")
    refused = ctl("run", busybox, "true")
    assert refused.code == 125 and b"StrictLimits" in refused.err and b"memory-max needs memory" in refused.err
    assert ctl("start", name).ok().err == b""
