# SPDX-License-Identifier: LGPL-2.1-or-later
"""CVE-2019-5736: what a container can do to the program of quilt-oci that starts its processes."""
import os
import pathlib
import platform
import shutil
import struct
import subprocess

import pytest

import oci as tools
from oci import Bundle, Container, config, oci
from quilt import TIMEOUT, run, wait_exit

PROGRAM = pathlib.Path(shutil.which("quilt-oci"))
OWN = b"/proc/self/exe"
EROFS = 30

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the attacker's machine code is x86-64's")


@pytest.fixture(autouse=True)
def unchanged():
    """No byte, no mode, no owner, not even for a moment: each would change the time."""
    before = os.stat(PROGRAM)
    yield
    assert tools.remove_all() == []
    after = os.stat(PROGRAM)
    assert (after.st_ino, after.st_ctime_ns, after.st_size) == (before.st_ino, before.st_ctime_ns, before.st_size)


def loader(number, argument):
    """An ELF interpreter that makes that system call on /proc/self/exe and exits with the errno."""
    code = bytes.fromhex("b8") + struct.pack("<I", number) + bytes.fromhex("488d3d15000000be") + struct.pack("<I", argument)
    code += bytes.fromhex("0f05f7d889c7b8e70000000f05").ljust(16, b"\x90") + OWN + b"\0"
    start = 64 + 56
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 3, 62, 1, start, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return header + struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, start + len(code), start + len(code), 4096) + code


def make_hostile(bundle, interpreter):
    """The container's own loader and libraries are what /proc/self/exe is run with."""
    libraries = [line.split()[0] for line in run("ldd", str(PROGRAM)).ok().text.splitlines() if "=>" in line]
    files = {"lib64/ld-linux-x86-64.so.2": interpreter} | {f"lib/{library}": b"" for library in libraries}
    for name, content in files.items():
        path = bundle.path / "rootfs" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755)
    script = bundle.path / "rootfs/script"
    script.write_text("#!/proc/self/exe\n")
    script.chmod(0o755)
    return bundle


CALLS = {"chmod": (90, 0o777), "chown": (92, 1), "truncate": (76, 0)}
COMMANDS = {"by name": OWN.decode(), "by a script": "/script"}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("call", CALLS)
def test_a_cve_2019_5736_a_command_that_is_the_runtime_can_not_change_it(call, command):
    bundle = make_hostile(Bundle("one").write(config(COMMANDS[command])), loader(*CALLS[call]))
    assert oci("run", "--bundle", str(bundle.path), "one").code == EROFS


@pytest.mark.parametrize("command", COMMANDS)
def test_a_cve_2019_5736_nor_can_one_that_is_executed_later(command):
    bundle = make_hostile(Bundle("one").write(config("sleep", "1000")), loader(*CALLS["chmod"]))
    Container("one", bundle).start()
    assert oci("exec", "one", COMMANDS[command]).code == EROFS


def test_a_cve_2019_5736_the_runtime_can_not_be_opened_again_when_nobody_runs_it(tmp_path):
    """An attacker with a descriptor of the program could wait until it is no longer busy."""
    pause = loader(34, 0)
    attack = """read pid </tell; exec 9</proc/$pid/exe; kill -9 $pid
                until (echo x >>/proc/self/fd/9) 2>/answer; do grep -q busy /answer || break; done; cat /answer"""
    bundle = make_hostile(Bundle("one").write(config("sh", "-c", attack)), pause)
    os.mkfifo(bundle.path / "rootfs/tell")
    container = Container("one", bundle).start()
    argv = ["quilt-oci", "--root", str(tools.ROOT), "exec", "--detach", "--pid-file", str(tmp_path / "pid"), "one", OWN.decode()]
    subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True, timeout=TIMEOUT)
    status = pathlib.Path(f"/proc/{(tmp_path / 'pid').read_text()}/status").read_text()
    inside = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[-1]
    (bundle.path / "rootfs/tell").write_text(inside + "\n")
    wait_exit(container.pid)
    assert "Read-only file system" in container.output.read_text()
