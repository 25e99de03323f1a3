# SPDX-License-Identifier: LGPL-2.1-or-later
"""/etc/hosts, /etc/hostname and /etc/resolv.conf are the container's own, whatever its image has there (H3)."""
import io
import pathlib
import socket
import tarfile

import pytest

from quilt import ctl

pytestmark = pytest.mark.fault(25)


def image_with(*members):
    """A tar of busybox and members: (name, bytes | None for a directory | str for a link)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add("/bin/busybox", "bin/busybox")
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.mode = 0o755
            data = content if isinstance(content, bytes) else b""
            info.size = len(data)
            if content is None:
                info.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


IN_THE_IMAGE = {
    "nothing": (),
    "files": (("etc/hosts", b"the image's\n"), ("etc/hostname", b"the image's\n"), ("etc/resolv.conf", b"the image's\n")),
    "links": (("etc/static", None), ("etc/static/hosts", b"the image's\n"), ("etc/hosts", "static/hosts"),
              ("etc/static/hostname", b"the image's\n"), ("etc/hostname", "/etc/static/hostname")),
}


@pytest.mark.parametrize("case", IN_THE_IMAGE)
@pytest.mark.parametrize("options", [(), ("--userns=host",), ("--read-only",), ("--user=1000",)], ids=str)
def test_whatever_the_image_has(name, case, options):
    ctl("import", "-", name, input=image_with(*IN_THE_IMAGE[case])).ok()
    done = ctl("run", "--rm", "--name", name, "--hostname=harbour", *options, name, "/bin/busybox", "sh", "-c",
               "cd /etc; /bin/busybox cat hosts; echo =; /bin/busybox cat hostname; echo =; /bin/busybox cat resolv.conf 2>&1; true").ok()
    hosts, hostname, resolv = done.text.split("=\n")
    assert [line.split() for line in hosts.splitlines()] == [
        ["127.0.0.1", "localhost"], ["::1", "localhost", "ip6-localhost", "ip6-loopback"], ["127.0.1.1", "harbour", name]]
    assert hostname == "harbour\n"
    # Without a network nothing is asked: the image's file, if any, stays.
    assert resolv == "the image's\n" if case == "files" else "No such file" in resolv
    ctl("remove-image", name).ok()


def test_h3_localhost_and_its_own_name_resolve(debian, name):
    script = "import socket; print(*(socket.gethostbyname(n) for n in ('localhost', socket.gethostname(), '%s')))" % name
    done = ctl("run", "--rm", "--name", name, "--hostname=harbour", debian, "python3", "-c", script, timeout=60).ok()
    assert done.text.split() == ["127.0.0.1", "127.0.1.1", "127.0.1.1"]


def test_root_inside_can_edit_them_until_the_next_start(busybox, name):
    script = "grep -c edited /etc/hosts; echo 192.0.2.9 edited >>/etc/hosts; grep -c edited /etc/hosts; stat -c %U:%a /etc/hosts"
    ctl("create", "--name", name, busybox, "/bin/sh", "-c", script).ok()
    for _ in range(2):
        ctl("start", name).ok()
        ctl("wait", name).ok()
    assert ctl("logs", name).ok().text.split() == ["0", "1", "root:644"] * 2


@pytest.mark.parametrize("options", [(), ("--userns=host",)], ids=str)
def test_they_are_in_a_memory_of_their_own_and_small(busybox, name, options):
    """Through them, a container can fill neither the host's disks nor /run, and reaches no file of the host."""
    script = "dd if=/dev/zero of=/etc/hosts bs=64k count=100 2>&1 | grep -c 'No space'; stat -c %s /etc/hosts; stat -f -c %T /etc/hostname"
    done = ctl("run", "--name", name, *options, busybox, "/bin/sh", "-c", f"{script}; echo full >&2").ok()
    full, size, kind = done.text.split()
    assert full == "1" and 0 < int(size) < 2 << 20 and kind == "tmpfs"
    ctl("remove", name).ok()


def test_with_a_root_that_is_read_only_they_are_too(busybox, name):
    script = "for file in /etc/hosts /etc/hostname; do echo more >>$file || echo refused; done"
    assert ctl("run", "--rm", "--read-only", "--name", name, busybox, "/bin/sh", "-c", script).ok().text == "refused\n" * 2


def test_a_volume_in_their_place_is_the_users(busybox, name, tmp_path):
    (tmp_path / "hosts").write_text("192.0.2.1 mine\n")
    done = ctl("run", "--rm", "-v", f"{tmp_path}/hosts:/etc/hosts:ro", busybox, "/bin/cat", "/etc/hosts", "/etc/hostname").ok()
    assert done.text.startswith("192.0.2.1 mine\n") and done.text.count("\n") == 2


def test_with_the_hosts_network_they_have_the_hosts_content(busybox, name):
    hosts, resolv = pathlib.Path("/etc/hosts"), pathlib.Path("/etc/resolv.conf")
    assert not resolv.exists()
    for content in ("nameserver 192.0.2.53\n", ""):
        try:
            if content:
                resolv.write_text(content)
            done = ctl("run", "--rm", "--name", name, "--network=host", busybox, "/bin/sh", "-c", "cat /etc/hosts; echo =; cat /etc/resolv.conf").ok()
        finally:
            resolv.unlink(missing_ok=True)
        assert done.text == f"{hosts.read_text()}127.0.1.1\t{name[:63]} {name}\n=\n{content}".replace(f"{name} {name}", name)


def test_a_shared_hostname_is_the_others(busybox, name):
    ctl("run", "-d", "--name", name, "--hostname=harbour", busybox, "/bin/sleep", "1000").ok()
    assert ctl("run", "--rm", f"--uts=container:{name}", busybox, "/bin/cat", "/etc/hostname").ok().out == b"harbour\n"
    assert ctl("run", "--rm", "--uts=host", busybox, "/bin/cat", "/etc/hostname").ok().text == socket.gethostname() + "\n"
    ctl("remove", "--force", name).ok()


def test_a_large_file_of_the_host_has_room(busybox, name):
    """Lists of names to be blocked have megabytes."""
    hosts = pathlib.Path("/etc/hosts")
    before = hosts.read_bytes()
    try:
        hosts.write_bytes(before + b"0.0.0.0 ads.example.com\n" * 60000)
        done = ctl("run", "--rm", "--name", name, "--network=host", busybox, "/bin/sh", "-c", "echo more >>/etc/hosts; wc -c </etc/hosts").ok()
        assert int(done.text) >= hosts.stat().st_size + 5
    finally:
        hosts.write_bytes(before)
