# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kernel enforces limits from the first instruction on, and reports name the limit that was reached (A2, B4 to B7, S5)."""
import os
import pathlib
import signal
import time

import pytest

from quilt import SLOWNESS, TIMEOUT, ctl, manager, properties, run

HOG = "x=x; while :; do x=$x$x; done"


def props(name):
    return properties(manager("GetContainer", "(s)", name)[0], "org.quilt.Container")


def cgroup(name):
    return pathlib.Path(f"/sys/fs/cgroup/quilt.slice/quilt-{name}.scope")


def test_b4_out_of_memory_is_reported_as_such(busybox, name):
    done = ctl("run", "--name", name, "--memory", "32M", busybox, "/bin/sh", "-c", HOG, timeout=10 * TIMEOUT)
    assert done.code == 137
    assert (props(name)["ExitCode"], props(name)["Reason"]) == (137, "oom-killed")
    assert "oom" in ctl("status", name).text.lower()


@pytest.mark.fault("32")
def test_a_limit_of_the_slice_binds_all_that_is_in_it(busybox, name):
    run("systemctl", "set-property", "--runtime", "quilt-batch.slice", "MemoryMax=48M", "TasksMax=20").ok()
    try:
        done = ctl("run", "--name", name, "--slice", "batch", busybox, "/bin/sh", "-c", HOG, timeout=10 * TIMEOUT)
        assert (done.code, props(name)["Reason"]) == (137, "oom-killed")
        ctl("run", "-d", "--replace", "--name", name, "--slice", "batch", "--pids-limit=50", busybox, "sleep", "1000").ok()
        assert (cgroup(name).parent / "quilt-batch.slice/pids.max").read_text() == "20\n"
        assert (cgroup(name).parent / f"quilt-batch.slice/quilt-{name}.scope/pids.max").read_text() == "51\n"
        ctl("remove", "--force", name).ok()
    finally:
        run("systemctl", "revert", "quilt-batch.slice").ok()


def test_b5_cpu_quota_within_10_percent(busybox, name):
    ctl("run", "-d", "--name", name, "--cpus", "0.3", busybox, "/bin/sh", "-c", "while :; do :; done").ok()

    def used():
        stat = dict(line.split() for line in (cgroup(name) / "cpu.stat").read_text().splitlines())
        return int(stat["usage_usec"]), time.monotonic()

    # The load is over a fixed span of wall clock, for which the quota's own period is the clock.
    before, begin = used()
    throttled = int(dict(line.split() for line in (cgroup(name) / "cpu.stat").read_text().splitlines())["nr_periods"]) + 50
    while int(dict(line.split() for line in (cgroup(name) / "cpu.stat").read_text().splitlines())["nr_periods"]) < throttled:
        pass
    after, end = used()
    assert abs((after - before) / (end - begin) / 1e6 - 0.3) < 0.03
    ctl("kill", name).ok()


def test_b6_the_pids_limit_stops_a_fork_bomb_and_the_host_answers(busybox, name):
    """A shell ends when it can't fork, so the first process must not be one of the bomb's."""
    bomb = "f() { while :; do f & f & done; }; f"
    ctl("run", "-d", "--name", name, "--pids-limit", "50", busybox, "/bin/sh", "-c", f"sh -c '{bomb}' & exec sleep 1000").ok()
    maximum = int((cgroup(name) / "pids.max").read_text())
    assert maximum == 51
    deadline = time.monotonic() + TIMEOUT
    while (cgroup(name) / "pids.events").read_text().split()[1] == "0":
        assert time.monotonic() < deadline, "the bomb never reached the limit"
    assert ctl("list").ok().seconds < 2 * SLOWNESS
    assert int((cgroup(name) / "pids.current").read_text()) <= maximum
    ctl("remove", "--force", name, timeout=6 * TIMEOUT).ok()


def test_b7_s5_limits_bind_from_the_first_instruction_and_setup_steps_too(busybox, name):
    done = ctl("run", "--name", name, "--memory", "32M", "--setup", "cat /proc/self/cgroup >/step", "--setup", HOG, busybox, "/bin/true",
               timeout=10 * TIMEOUT)
    assert done.code == 125 and b"step 2" in done.err
    assert props(name)["State"] == "failed"


def test_update_binds_at_once(busybox, name):
    ctl("run", "-d", "--name", name, "--memory", "256M", busybox, "/bin/sleep", "1000").ok()
    ctl("update", "--memory", "64M", "--cpus", "0.5", "--pids-limit", "10", name).ok()
    assert int((cgroup(name) / "memory.max").read_text()) == 64 << 20
    assert (cgroup(name) / "cpu.max").read_text().split()[0] != "max"
    assert int((cgroup(name) / "pids.max").read_text()) == 11
    ctl("kill", name).ok()


def test_supervisor_and_payload_have_cgroups_of_their_own(busybox, name):
    ctl("run", "-d", "--name", name, busybox, "/bin/sleep", "1000").ok()
    assert (cgroup(name) / "payload/cgroup.procs").read_text().split() == [str(props(name)["Pid"])]
    assert len((cgroup(name) / "supervisor/cgroup.procs").read_text().split()) == 1
    assert (cgroup(name) / "cgroup.procs").read_text() == ""
    ctl("kill", name).ok()


def test_the_container_does_not_inherit_quiltds_oom_score(busybox):
    daemon = run("systemctl", "show", "quiltd.service", "-p", "MainPID", "--value").text.strip()
    assert pathlib.Path(f"/proc/{daemon}/oom_score_adj").read_text() == "-900\n"
    assert ctl("run", "--rm", busybox, "/bin/cat", "/proc/self/oom_score_adj").ok().out == b"0\n"


def test_oom_score_adj_below_0_and_no_lower_from_inside(busybox):
    script = "cat /proc/self/oom_score_adj; (echo -600 >/proc/self/oom_score_adj) 2>/dev/null && echo lower; true"
    found = ctl("run", "--rm", "--oom-score-adj", "-500", busybox, "/bin/sh", "-c", script).ok().out
    assert found == b"-500\n"


def test_sysctls_of_its_own(busybox):
    """Which id may write which of them has changed between this kernel and later ones."""
    options = ["--sysctl", "net.ipv4.ip_forward=1", "--sysctl", "kernel.shmmax=123456", "--sysctl", "kernel.domainname=example.org",
               "--sysctl", "fs.mqueue.msg_max=20"]
    paths = ["net/ipv4/ip_forward", "kernel/shmmax", "kernel/domainname", "fs/mqueue/msg_max"]
    found = ctl("run", "--rm", *options, busybox, "/bin/cat", *("/proc/sys/" + path for path in paths)).ok().out
    assert found.split() == [b"1", b"123456", b"example.org", b"20"]


def test_ulimits_above_quiltds(busybox):
    """Here quiltd has the capability for it, and the default is podman's."""
    assert ctl("run", "--rm", busybox, "/bin/sh", "-c", "ulimit -Sn; ulimit -Hn").ok().out == b"1048576\n" * 2
    found = ctl("run", "--rm", "--ulimit", "memlock=-1", "--ulimit", "nofile=600000", busybox, "/bin/sh", "-c", "ulimit -l; ulimit -n")
    assert found.ok().out == b"unlimited\n600000\n"


@pytest.mark.fault(13)
def test_no_real_time_process_without_the_limit(busybox):
    """Here a scheduler of its own would run it beside all that --cpus says. With the limit it is what was asked for."""
    libraries = "/usr/lib/x86_64-linux-gnu"
    schedule = [f"{libraries}/ld-linux-x86-64.so.2", "--library-path", libraries, "/usr/bin/chrt", "-f", "99", "/bin/echo", "now"]
    refused = ctl("run", "--rm", "-v", "/usr:/usr:ro", busybox, *schedule)
    assert refused.code != 0 and refused.out == b"" and b"failed to set" in refused.err
    for limit in ("rtprio=98", "nice=40"):
        refused = ctl("run", "--rm", "--ulimit", limit, "-v", "/usr:/usr:ro", busybox, *schedule)
        assert refused.code != 0 and refused.out == b""
    assert ctl("run", "--rm", "--ulimit", "rtprio=99", "-v", "/usr:/usr:ro", busybox, *schedule).ok().out == b"now\n"


def test_who_is_killed_for_memory_is_told_by_name_also_when_it_is_not_the_first_process(busybox, name, journal):
    """busybox's tail keeps what has no line break, and /dev/zero has none. Before its memory is free again the shell may go too."""
    ctl("run", "-d", "--name", name, "--memory", "32M", "--memory-swap", "32M", busybox, "/bin/sh", "-c",
        "tail /dev/zero; exec sleep 1000").ok()
    init = props(name)["Pid"]
    entry = journal.wait("MESSAGE_ID=8c1f4e0b27d94f6aa5e93b7d60c2f815", timeout=TIMEOUT)
    assert (entry["CONTAINER_NAME"], entry["QUILT_VICTIM"]) == (name, "tail")
    assert int(entry["QUILT_VICTIM_PID"]) != init and int(entry["QUILT_OOM_KILLS"]) >= 1
    assert "'tail'" in entry["MESSAGE"] and entry["_SYSTEMD_UNIT"] == f"quilt-{name}.scope"


@pytest.mark.fault(6)
@pytest.mark.parametrize("options", [[], ["--init"]])
def test_a_kill_long_after_another_process_ran_out_of_memory_is_a_signal(busybox, name, journal, options):
    ctl("run", "-d", "--name", name, "--memory", "64M", "--memory-swap", "64M", *options, busybox, "/bin/sh", "-c",
        "(tail /dev/zero; tail /dev/zero); echo over; exec sleep 100000").ok()
    journal.wait(f"CONTAINER_NAME={name}", "QUILT_STREAM=stdout", timeout=3 * TIMEOUT)
    assert journal.entries("MESSAGE_ID=8c1f4e0b27d94f6aa5e93b7d60c2f815", f"CONTAINER_NAME={name}")
    os.kill(props(name)["Pid"], signal.SIGKILL)
    assert ctl("wait", name).text.strip() == "137"
    assert props(name)["Reason"] == "signaled"


def test_the_first_process_that_is_killed_for_memory_is_told_by_name(busybox, name, journal):
    done = ctl("run", "--name", name, "--memory", "32M", "--memory-swap", "32M", busybox, "/bin/tail", "/dev/zero", timeout=10 * TIMEOUT)
    assert (done.code, props(name)["Reason"]) == (137, "oom-killed")
    entries = journal.entries("MESSAGE_ID=8c1f4e0b27d94f6aa5e93b7d60c2f815", f"CONTAINER_NAME={name}")
    assert [entry["QUILT_VICTIM"] for entry in entries] == ["tail"]


def test_pressure_is_shown_while_it_runs(busybox, name):
    ctl("run", "-d", "--name", name, "--cpus", "0.1", busybox, "/bin/sh", "-c", "while :; do :; done").ok()
    deadline = time.monotonic() + 6 * TIMEOUT
    while props(name)["CPUPressure"]["some-avg10"] == 0:
        assert time.monotonic() < deadline, props(name)["CPUPressure"]
    shown = props(name)
    for resource in ("MemoryPressure", "CPUPressure", "IOPressure"):
        assert set(shown[resource]) == {f"{line}-{key}" for line in ("some", "full") for key in ("avg10", "avg60", "avg300", "total")}
    assert shown["CPUPressure"]["some-total"] > 0
    status = ctl("status", name).ok().text
    assert "Pressure: memory 0.0%" in status and "CPU " in status
    assert ctl("show", name, "--json=short").ok().json["cpuPressure"]["some-total"] > 0
    ctl("kill", name).ok()
    ctl("wait", name)
    assert props(name)["CPUPressure"] == {}


@pytest.mark.fault("31")
def test_limits_of_set_property_are_seen(busybox, name):
    ctl("run", "-d", "--name", name, "--memory", "64M", "--pids-limit", "50", busybox, "/bin/sleep", "1000").ok()
    shown = props(name)
    assert (shown["MemoryMax"], shown["PidsMax"], shown["CPUQuota"]) == (64 << 20, 50, 2**64 - 1)
    assert 0 < shown["MemoryCurrent"] < 64 << 20
    run("systemctl", "set-property", "--runtime", f"quilt-{name}.scope", "MemoryMax=48M", "TasksMax=20", "CPUQuota=30%").ok()
    shown = props(name)
    assert (shown["MemoryMax"], shown["PidsMax"], shown["CPUQuota"]) == (48 << 20, 19, 300000)
    assert "MemoryMax=50331648" in ctl("show", name).ok().text
    assert "memory 48M" in ctl("status", name).ok().text
    ctl("kill", name).ok()
    assert props(name)["MemoryMax"] == 64 << 20


@pytest.fixture
def prepared_start():
    """WarmStarts=1, and the name of the start that is prepared."""
    config = pathlib.Path("/etc/quilt/quiltd.conf.d/50-warm.conf")
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("[Manager]\nWarmStarts=1\n")
    manager("Reload", "(a{sv})", {})
    deadline = time.monotonic() + TIMEOUT
    while not (found := run("pgrep", "-x", "quilt-warm").text.split()):
        assert time.monotonic() < deadline
    ctl("version").ok()  # quiltd has handled what came before this call
    scope = pathlib.Path(f"/proc/{found[0]}/cgroup").read_text().split("/")[-2]
    yield scope.removeprefix("quilt-").removesuffix(".scope")
    config.unlink()
    manager("Reload", "(a{sv})", {})


def test_limits_bind_a_container_whose_start_was_prepared(busybox, prepared_start):
    ctl("run", "-d", "--memory=32M", "--pids-limit=50", "--cpus=0.3", busybox, "sleep", "1000").ok()
    files = {"memory.max": "33554432\n", "memory.swap.max": "33554432\n", "pids.max": "51\n", "cpu.max": "30000 100000\n"}
    try:
        assert {name: (cgroup(prepared_start) / name).read_text() for name in files} == files
    finally:
        ctl("remove", "--force", prepared_start).ok()


def test_a_container_whose_start_was_prepared_runs_out_of_memory(busybox, prepared_start):
    done = ctl("run", "--memory", "32M", busybox, "/bin/sh", "-c", HOG, timeout=10 * TIMEOUT)
    assert (done.code, props(prepared_start)["Reason"]) == (137, "oom-killed")
    ctl("remove", prepared_start).ok()
