# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kernel keeps what the options say: files of the container's cgroup, and what the container sees."""
import pathlib
import time

from quilt import TIMEOUT, ctl

DISK = "/dev/vda"


def cgroup(name, file):
    return pathlib.Path(f"/sys/fs/cgroup/quilt.slice/quilt-{name}.scope", file).read_text().strip()


def disk_limits(name):
    """io.max of the disk: KEY=VALUE, without the keys that have no limit."""
    lines = [line.split()[1:] for line in cgroup(name, "io.max").splitlines()]
    return {key: value for line in lines for key, value in (word.split("=") for word in line) if value != "max"}


def test_limits_are_in_the_kernel_and_change_while_it_runs(busybox, name):
    ctl("run", "-d", "--name", name, "--memory", "128M", "--memory-high", "96M", "--memory-reservation", "8M",
        "--memory-swap", "160M", "--cpu-weight", "50", "--cpuset-cpus", "1", "--cpuset-mems", "0",
        "--device-read-bps", f"{DISK}:1M", "--device-write-iops", f"{DISK}:100", busybox, "/bin/sleep", "1000").ok()
    assert cgroup(name, "memory.max") == str(128 << 20)
    assert cgroup(name, "memory.high") == str(96 << 20)
    assert cgroup(name, "memory.low") == str(8 << 20)
    assert cgroup(name, "memory.swap.max") == str(32 << 20)
    assert cgroup(name, "cpu.weight") == "50"
    assert cgroup(name, "cpuset.cpus.effective") == "1"
    assert cgroup(name, "cpuset.mems.effective") == "0"
    assert disk_limits(name) == {"rbps": str(1 << 20), "wiops": "100"}

    ctl("update", "--memory-high", "infinity", "--memory-reservation", "0", "--memory-swap", "-1", "--cpu-shares", "1024",
        "--cpuset-cpus", "0", "--device-read-bps", f"{DISK}:2M", "--device-write-iops=", name).ok()
    assert cgroup(name, "memory.high") == cgroup(name, "memory.swap.max") == "max"
    assert cgroup(name, "memory.low") == "0"
    assert cgroup(name, "cpu.weight") == "100"
    assert cgroup(name, "cpuset.cpus.effective") == "0"
    assert disk_limits(name) == {"rbps": str(2 << 20)}
    ctl("kill", name).ok()


def test_a_cpu_set_binds_the_container(busybox):
    done = ctl("run", "--rm", "--cpuset-cpus", "1", busybox, "/bin/sh", "-c", "grep Cpus_allowed_list /proc/self/status; nproc").ok()
    assert done.text.split() == ["Cpus_allowed_list:", "1", "1"]


def test_memory_high_slows_down_and_does_not_kill(busybox, name):
    """The kernel can reclaim a file in the page cache at once."""
    fill = "dd if=/dev/zero of=/file bs=1M count=64 2>/dev/null; echo done; exec sleep 1000"
    ctl("run", "-d", "--name", name, "--memory-high", "16M", busybox, "/bin/sh", "-c", fill).ok()
    deadline = time.monotonic() + 6 * TIMEOUT
    while "high 0\n" in cgroup(name, "memory.events") + "\n" or "done" not in ctl("logs", name).text:
        assert time.monotonic() < deadline, cgroup(name, "memory.events")
    assert "oom_kill 0" in cgroup(name, "memory.events")
    assert int(cgroup(name, "memory.current")) < 32 << 20
    ctl("kill", name).ok()


def test_a_rate_of_writing_is_kept_and_can_be_lifted_while_it_runs(busybox, name):
    """4 MB past the page cache take 4 s of the disk's time at 1 MB/s; the limit goes before the second 64 MB."""
    write = "dd if=/dev/zero of=/file bs=64k count=%d oflag=direct 2>/dev/null"
    script = f"trap 'go=1' USR1; {write % 64}; echo slow; while ! test $go; do sleep 0.1; done; {write % 1024}; echo fast"
    begin = time.monotonic()
    ctl("run", "-d", "--name", name, "--device-write-bps", f"{DISK}:1M", busybox, "/bin/sh", "-c", script).ok()

    def seconds_until(word):
        while word not in ctl("logs", "-o", "cat", name).text.split():
            assert time.monotonic() - begin < 12 * TIMEOUT, f"not yet {word}"
        return time.monotonic() - begin

    assert 3.5 < seconds_until("slow") < 12
    assert disk_limits(name) == {"wbps": str(1 << 20)}
    ctl("update", "--device-write-bps=", name).ok()
    lifted = time.monotonic() - begin
    ctl("kill", "--signal", "USR1", name).ok()
    assert seconds_until("fast") - lifted < 32
