# SPDX-License-Identifier: LGPL-2.1-or-later
"""Images: formats, hostile and broken archives, unpacked once, what can't run is named (I1 to I4)."""
import io
import os
import pathlib
import struct
import subprocess
import tarfile

import pytest

from quilt import BUSYBOX, STATE, ctl, manager, properties, run
from test_lifecycle import props


def layers():
    return sorted(path.name for path in (STATE / "layers").iterdir())


def archive(*members, mode="w"):
    """A tar of (name, bytes | None for a directory | dict of TarInfo attributes, and "content")."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.mode = 0o755
            if content is None:
                info.type = tarfile.DIRTYPE
            elif isinstance(content, dict):
                attributes, content = content, content.get("content")
                for key in attributes.keys() - {"content"}:
                    setattr(info, key, attributes[key])
            if isinstance(content, bytes):
                info.size = len(content)
            tar.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
    return buffer.getvalue()


BUSYBOX_BYTES = pathlib.Path("/bin/busybox").read_bytes()


@pytest.mark.parametrize("compress", [["cat"], ["gzip"], ["xz", "-1"], ["zstd", "-q"], ["bzip2"]])
def test_formats(name, compress):
    tar = subprocess.run(compress, input=archive(("bin", None), ("bin/sh", BUSYBOX_BYTES)), stdout=subprocess.PIPE, check=True).stdout
    ctl("import", "-", name, input=tar, timeout=60).ok()
    assert ctl("run", "--rm", name, "/bin/sh", "-c", "echo $0 runs").ok().out == b"/bin/sh runs\n"
    ctl("remove-image", name).ok()


def test_a_real_debian_root(debian):
    assert b"apt" in ctl("run", "--rm", debian, "apt-get", "--version", timeout=60).ok().out
    assert ctl("run", "--rm", debian, "python3", "-c", "print(6 * 7)", timeout=60).ok().out == b"42\n"
    assert ctl("run", "--rm", debian, "sh", "-c", "seq 100 | sort -rn | head -n1").ok().out == b"100\n"


def test_a_root_as_nix_builds_it(name):
    """All of it in /nix/store: read-only directories that come before their contents, times of 1, links by absolute path."""
    store = "nix/store/0c0h1z3xm9y8s2f5-busybox-1.36"
    frozen = {"type": tarfile.DIRTYPE, "mode": 0o555, "mtime": 1}
    tar = archive(("./", frozen), ("./nix", frozen), ("./nix/store", {**frozen, "mode": 0o1775}), (f"./{store}", frozen),
                  (f"./{store}/bin", frozen), (f"./{store}/bin/busybox", BUSYBOX_BYTES),
                  ("./bin", {"type": tarfile.SYMTYPE, "linkname": f"/{store}/bin"}),
                  (f"./{store}/bin/sh", {"type": tarfile.SYMTYPE, "linkname": "busybox"}))
    ctl("import", "-", name, input=tar).ok()
    assert ctl("run", "--rm", name, "/bin/sh", "-c", "busybox readlink /bin; busybox stat -c '%a %Y' /nix/store").ok().out == \
        b"/%s/bin\n1775 1\n" % store.encode()
    ctl("remove-image", name).ok()


def test_i3_the_same_image_50_times_is_unpacked_once(name):
    ctl("import", str(BUSYBOX), name).ok()
    before, inode = layers(), [os.stat(STATE / "layers" / layer).st_ino for layer in layers()]
    for number in range(50):
        ctl("import", str(BUSYBOX), f"{name}:{number}").ok()
    assert layers() == before and [os.stat(STATE / "layers" / layer).st_ino for layer in layers()] == inode
    image = properties(manager("GetImage", "(s)", name)[0], "org.quilt.Image")
    assert len([n for n in image["Names"] if n.startswith(f"{name}:")]) == 50
    ctl("remove-image", *[f"{name}:{number}" for number in range(50)], name).ok()


def test_run_takes_a_tarball_and_imports_it_once():
    for _ in range(2):
        assert ctl("run", "--rm", str(BUSYBOX), "/bin/echo", "hello").ok().out == b"hello\n"
    assert len([i for i in manager("ListImages", "(a{sv})", {})[0]]) >= 1


def test_i4_an_image_without_a_shell(name):
    ctl("import", "-", name, input=archive(("true", BUSYBOX_BYTES))).ok()
    ctl("run", "--rm", name, "/true").ok()
    missing = ctl("run", "--rm", name, "/bin/sh")
    assert missing.code == 127 and b"/bin/sh" in missing.err
    ctl("remove-image", name).ok()


HOSTILE = {
    "parent": ("../outside", b"x"),
    "absolute": ("/../../outside", b"x"),
    "empty-name": ("", b"x"),
    "hardlink-outside": ("h", {"type": tarfile.LNKTYPE, "linkname": "../../../../../../etc/passwd"}),
    "hardlink-absolute": ("h", {"type": tarfile.LNKTYPE, "linkname": "/etc/hostname"}),
    "owner-overflow": ("f", {"uid": 2**32 - 1}),
    "negative-time": ("f", {"mtime": -1}),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_i1_hostile_archives_are_refused_or_contained(name, case):
    canary = pathlib.Path("/etc/hostname").read_bytes(), pathlib.Path("/etc/passwd").read_bytes()
    before = layers()
    done = ctl("import", "-", name, input=archive(("etc", None), HOSTILE[case]))
    assert (pathlib.Path("/etc/hostname").read_bytes(), pathlib.Path("/etc/passwd").read_bytes()) == canary
    assert not list(STATE.glob("outside")) and not list(STATE.glob("layers/outside")) and not pathlib.Path("/outside").exists()
    assert os.stat("/etc/passwd").st_nlink == 1
    if done.code == 0:
        ctl("remove-image", name).ok()
    else:
        assert done.err.count(b"\n") == 1
    assert layers() == before


def test_i1_links_that_lead_out_are_contained(name):
    """A link to /, then an entry through it: it lands in the image's root, not in the host's."""
    ctl("import", "-", name, input=archive(("bin", None), ("bin/sh", BUSYBOX_BYTES), ("out", {"type": tarfile.SYMTYPE, "linkname": "/"}),
                                           ("out/escaped", b"x"))).ok()
    assert not pathlib.Path("/escaped").exists()
    assert ctl("run", "--rm", name, "/bin/sh", "-c", "/bin/sh -c 'test -e /escaped || test -e /out/escaped'").code == 0
    ctl("remove-image", name).ok()


def test_setuid_files_and_devices_cannot_be_reached_from_the_host(name):
    ctl("import", "-", name, input=archive(("su", {"mode": 0o4755}), ("dev", None),
                                           ("dev/sda", {"type": tarfile.BLKTYPE, "devmajor": 8, "devminor": 0}))).ok()
    assert os.stat(STATE).st_mode & 0o7777 == 0o700
    refused = run("ls", str(STATE / "layers"), user="nobody")
    assert refused.code != 0
    ctl("remove-image", name).ok()


BROKEN = {
    "empty": b"",
    "text": b"this is not an archive\n" * 100,
    "elf": BUSYBOX_BYTES[:100_000],
    "truncated-gzip": BUSYBOX.read_bytes()[:200_000],
    "truncated-tar": archive(("file", b"x" * 10_000))[:5_000],
    "no-entries": b"\0" * 10240,
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_archives_are_typed_errors_and_leave_nothing(name, case):
    before = layers()
    done = ctl("import", "-", name, input=BROKEN[case])
    assert done.code != 0 and done.err.count(b"\n") == 1, done
    assert layers() == before
    assert ctl("inspect-image", name).code != 0


def test_import_names_a_missing_or_unusable_file(name):
    for path in ("/no/such/file", "/etc", "/dev/zero", "/dev/null"):
        done = ctl("import", path, name)
        assert done.code != 0 and path.encode() in done.err, done


def test_remove_image_in_use_is_refused(busybox, name):
    ctl("create", "--name", name, busybox, "/bin/true").ok()
    refused = ctl("remove-image", busybox)
    assert refused.code != 0 and name.encode() in refused.err
    ctl("remove", name).ok()


def elf(machine=62, interpreter=b"/lib64/ld-linux-x86-64.so.2\0"):
    """An ELF executable that is no more than its headers and a PT_INTERP."""
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01" + b"\0" * 9, 2, machine, 1, 0x400000, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    return header + struct.pack("<IIQQQQQQ", 3, 4, 120, 0, 0, len(interpreter), len(interpreter), 1) + interpreter


UNRUNNABLE = {
    "missing": (("x", b""), "/no/such", 127, "/no/such"),
    "not-executable": (("cmd", {"mode": 0o644}), "/cmd", 126, "/cmd"),
    "directory": (("cmd", None), "/cmd", 126, "/cmd"),
    "dangling-absolute-link": (("cmd", {"type": tarfile.SYMTYPE, "linkname": "/nix/store/gone"}), "/cmd", 127, "/nix/store/gone"),
    "script-without-interpreter": (("cmd", b"#!/usr/bin/perl6\n"), "/cmd", 126, "/usr/bin/perl6"),
    "elf-without-interpreter": (("cmd", elf()), "/cmd", 126, "/lib64/ld-linux-x86-64.so.2"),
    "foreign-architecture": (("cmd", elf(machine=183)), "/cmd", 126, "ARM64"),
    "not-in-path": (("x", b""), "nosuchcommand", 127, "nosuchcommand"),
}


@pytest.mark.parametrize("case", UNRUNNABLE)
def test_i2_what_cannot_run_is_named_before_it_starts(name, case):
    member, command, code, word = UNRUNNABLE[case]
    ctl("import", "-", name, input=archive(("etc", None), member)).ok()
    tree = next((STATE / "layers").glob("*/fs/etc")).parent
    done = ctl("run", "--name", name, name, command)
    assert done.code == code and word.encode() in done.err, done
    assert done.err.count(b"\n") == 1
    assert props(name)["State"] == "failed"
    assert tree.exists()
    ctl("remove", name).ok()
    ctl("remove-image", name).ok()


def test_create_without_an_inode_left_is_a_clear_error(busybox, name):
    run("systemctl", "stop", "quiltd.service").ok()
    run("mount", "-t", "tmpfs", "-o", "nr_inodes=3,mode=700", "tmpfs", str(STATE / "containers")).ok()
    try:
        done = ctl("create", "--name", name, busybox, "/bin/true")
        assert done.code == 125 and b"space" in done.err.lower(), done
        assert not list((STATE / "containers").iterdir()) and ctl("list", "--json=short").json == []
    finally:
        run("systemctl", "stop", "quiltd.service").ok()
        run("umount", str(STATE / "containers")).ok()


def test_disk_full_is_a_clear_error_and_leaves_the_store_clean(name):
    """A small file system in the place of the layers' directory."""
    before = layers()
    run("systemctl", "stop", "quiltd.service").ok()
    run("mount", "-t", "tmpfs", "-o", "size=400k,mode=700", "tmpfs", str(STATE / "layers")).ok()
    try:
        done = ctl("import", str(BUSYBOX), name)
        assert done.code != 0 and b"space" in done.err.lower(), done
        assert layers() == []
    finally:
        run("systemctl", "stop", "quiltd.service").ok()
        run("umount", str(STATE / "layers")).ok()
    assert layers() == before


@pytest.mark.fault(20)
def test_what_an_import_leaves_out_is_counted_and_named(name):
    device = {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3}
    tar = archive(("bin", None), ("bin/sh", BUSYBOX_BYTES), ("null", device), ("again", {"type": tarfile.LNKTYPE, "linkname": "null"}),
                  ("attribute", {"pax_headers": {"SCHILY.xattr.security.selinux": "label"}}))
    done = ctl("import", "-", name, input=tar).ok()
    assert b"1 device-nodes, 1 hard-links, 1 extended-attributes" in done.err
    record = ctl("inspect-image", name).ok().json
    assert record["left-out"] == {"device-nodes": 1, "hard-links": 1, "extended-attributes": 1, "examples": ["null", "again", "attribute"]}
    assert ctl("run", "--rm", name, "/bin/sh", "-c", "test ! -e /null && test ! -e /again && test -e /attribute").code == 0
    again = ctl("import", "--json=short", "-", f"{name}:again", input=tar).ok()
    assert again.json["existed"] and again.json["leftOut"] == {"device-nodes": 1, "hard-links": 1, "extended-attributes": 1}
    ctl("remove-image", name, f"{name}:again").ok()


@pytest.mark.fault(20)
@pytest.mark.parametrize("compress", [["gzip"], ["xz", "-1"], ["zstd", "-q"], ["bzip2"]])
def test_archives_as_other_writers_end_them(name, compress):
    """Without the end mark, padded by zeros, and with an index behind the end, as pixz writes it."""
    tar = archive(("bin", None), ("bin/sh", BUSYBOX_BYTES))
    unmarked = tar.rstrip(b"\0") + b"\0" * (-len(tar.rstrip(b"\0")) % 512)
    for plain, padding in ((unmarked, b""), (tar, b"\0" * 512), (tar + b"index", b"")):
        packed = subprocess.run(compress, input=plain, stdout=subprocess.PIPE, check=True).stdout
        ctl("import", "-", name, input=packed + padding, timeout=60).ok()
        assert ctl("run", "--rm", name, "/bin/sh", "-c", "echo whole").ok().out == b"whole\n"
        ctl("remove-image", name).ok()
    refused = ctl("import", "-", name, input=unmarked)
    assert refused.code != 0 and b"--no-end-mark" in refused.err
    ctl("import", "--no-end-mark", "-", name, input=unmarked).ok()
    ctl("remove-image", name).ok()


@pytest.mark.fault(20)
def test_a_root_below_one_directory_is_kept_with_a_hint(name):
    done = ctl("import", "-", name, input=archive(("rootfs", None), ("rootfs/bin", None), ("rootfs/bin/sh", BUSYBOX_BYTES))).ok()
    assert b"below one directory" in done.err and done.out.startswith(b"sha256:")
    assert ctl("run", "--rm", name, "/rootfs/bin/sh", "-c", "echo kept").ok().out == b"kept\n"
    ctl("remove-image", name).ok()


@pytest.mark.fault(23)
@pytest.mark.parametrize("members", [("oci-layout", "index.json"), ("manifest.json", "repositories")])
def test_an_archive_of_a_whole_image_is_named(name, members):
    refused = ctl("import", "-", name, input=archive(*((member, b"{}") for member in members)))
    assert refused.code != 0 and b"podman export" in refused.err and refused.err.count(b"\n") == 1


@pytest.mark.fault(23)
def test_import_refuses_an_address(name):
    refused = ctl("import", "https://example.org/root.tar", name)
    assert refused.code != 0 and b"https://example.org/root.tar" in refused.err and refused.err.count(b"\n") == 1
