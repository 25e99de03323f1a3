# SPDX-License-Identifier: LGPL-2.1-or-later
"""Copies from and to containers that do not run, by the real quilt-copy."""
import concurrent.futures
import contextlib
import io
import os
import select
import subprocess
import tarfile
import time

import pytest
from gi.repository import GLib

import fakes
import quilt
from test_access import refusal


@pytest.fixture
def box(create):
    return create("sleep", name="box")


@pytest.fixture
def ctl(daemon):
    """Runs quiltctl; returns what it prints, or raises with its error."""
    def run(*args, code=0, **kwargs):
        done = subprocess.run([f"{quilt.BUILD}/src/ctl/quiltctl", *map(str, args)], capture_output=True, timeout=60,
                              env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": daemon.address}, **kwargs)
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr.decode()
    return run


def pack(**files):
    with os.fdopen(quilt.archive(**files), "rb") as file:
        return file.read()


def names(archive):
    return [entry.name for entry in tarfile.open(fileobj=io.BytesIO(archive))]


def owners(archive):
    return {entry.name: (entry.uid, entry.gid) for entry in tarfile.open(fileobj=io.BytesIO(archive))}


def test_a_file_comes_out(box, ctl, tmp_path):
    ctl("copy", "box:/etc/hostname", tmp_path / "new")
    assert (tmp_path / "new").read_text() == "x\n"
    ctl("cp", "box:etc/hostname", tmp_path)
    assert (tmp_path / "hostname").read_text() == "x\n"


def test_podmans_rules_for_what_comes_out(box, ctl, tmp_path):
    tmp_path = tmp_path / "out"
    tmp_path.mkdir()
    ctl("copy", "box:/etc", tmp_path / "new")
    ctl("copy", "box:/etc", tmp_path / "new")
    ctl("copy", "box:/etc/.", tmp_path / "content/")
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("hostname")) == [
        "content/hostname", "new/etc/hostname", "new/hostname"]
    (tmp_path / "file").write_text("")
    assert "over a file" in ctl("copy", "box:/etc", tmp_path / "file", code=1)
    assert "no such directory" in ctl("copy", "box:/etc/hostname", f"{tmp_path}/no/", code=1)
    assert "No such file" in ctl("copy", "box:/etc/hostname", tmp_path / "no/no", code=1)
    assert "No such file" in ctl("copy", "box:/no", tmp_path, code=1)
    assert "Not a directory" in ctl("copy", "box:/etc/hostname/", tmp_path, code=1)
    assert "neither a file" in ctl("copy", "box:/etc/hostname", "/dev/null", code=1)


def test_podmans_rules_for_what_goes_in(box, ctl, tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d/f").write_text("f")
    ctl("copy", tmp_path / "d", "box:/new")
    ctl("copy", tmp_path / "d", "box:/new")
    ctl("copy", f"{tmp_path}/d/.", "box:/content")
    ctl("copy", tmp_path / "d/f", "box:/etc/")
    ctl("copy", tmp_path / "d/f", "box:/etc/hostname")
    assert {name for name in names(ctl("export", "box")) if name.endswith(("/f", "hostname"))} == {
        "etc/f", "etc/hostname", "new/f", "new/d/f", "content/f"}
    assert ctl("copy", "box:/etc/hostname", "-").count(b"f") == 1
    assert "over a file" in ctl("copy", tmp_path / "d", "box:/etc/hostname", code=1)
    assert "no such directory" in ctl("copy", tmp_path / "d/f", "box:/no/", code=1)
    assert "No such file" in ctl("copy", tmp_path / "d/f", "box:/no/no", code=1)
    assert "directory is in its place" in ctl("copy", tmp_path / "d/f", "box:/new/d/..", code=0).decode() + ctl(
        "copy", "-", "box:/new", input=pack(d="x"), code=1)
    ctl("copy", "--overwrite", "-", "box:/new", input=pack(d="x"))


def test_an_archive_goes_in_and_out(box, ctl):
    ctl("copy", "-", "box:/", input=pack(**{"a/b": "b"}))
    assert names(ctl("copy", "box:/a", "-")) == ["a", "a/b"]
    assert names(ctl("copy", "box:/a/.", "-")) == [".", "b"]
    assert "existing directory" in ctl("copy", "-", "box:/no", input=pack(), code=1)
    assert "existing directory" in ctl("copy", "-", "box:/a/b", input=pack(), code=1)
    assert "not a tar archive" in ctl("copy", "-", "box:/", input=b"x" * 5000, code=1)
    assert "cut off" in ctl("copy", "-", "box:/", input=pack(x="y" * 5000)[:3000], code=1)
    assert not [name for name in names(ctl("export", "box")) if "quilt-copy" in name]


def test_owners(create, ctl, tmp_path):
    create("sleep", name="box")
    create("sleep", name="user", user="1000:1001")
    (tmp_path / "f").write_text("")
    os.chown(tmp_path / "f", 7, 8)
    for name in ("box", "user"):
        ctl("copy", tmp_path / "f", f"{name}:/f")
        ctl("copy", "--archive", tmp_path / "f", f"{name}:/kept")
    assert {**owners(ctl("copy", "box:/.", "-")), "": 0}.items() >= {"f": (0, 0), "kept": (7, 8)}.items()
    assert owners(ctl("copy", "user:/.", "-")).items() >= {"f": (1000, 1001), "kept": (7, 8)}.items()
    os.chown(tmp_path / "f", 100000, 8)
    assert "no ids for its owner" in ctl("copy", "-a", tmp_path / "f", "box:/", code=1)
    ctl("copy", "-a", "box:/kept", tmp_path / "out")
    ctl("copy", "box:/kept", tmp_path / "mine")
    assert (tmp_path / "out").stat().st_uid == 7 and (tmp_path / "mine").stat().st_uid == 0


def test_a_read_only_root_and_a_tmpfs_take_nothing(create, ctl, tmp_path):
    create("sleep", name="box", read_only=True)
    (tmp_path / "f").write_text("")
    assert "Read-only" in ctl("copy", tmp_path / "f", "box:/etc/", code=1)
    assert "Read-only" in ctl("copy", tmp_path / "f", "box:/tmp/", code=1)
    assert ctl("copy", "box:/etc/hostname", "-")


def test_a_volume_is_seen_and_ro_is_kept(create, ctl, tmp_path):
    volume = tmp_path / "volume"
    volume.mkdir()
    (volume / "f").write_text("f")
    for name, options in (("rw", []), ("ro", ["ro"])):
        create("sleep", name=name, volumes=GLib.Variant("a(ssas)", [(str(volume), "/v", options)]))
    ctl("copy", volume / "f", "rw:/v/g")
    assert (volume / "g").read_text() == "f"
    assert "Read-only" in ctl("copy", volume / "f", "ro:/v/h", code=1)
    assert sorted(names(ctl("copy", "ro:/v", "-"))) == ["v", "v/f", "v/g"]
    assert "v/f" not in names(ctl("export", "rw"))


def test_setuid_does_not_come_out(box, ctl, tmp_path):
    (tmp_path / "f").write_text("")
    (tmp_path / "f").chmod(0o6755)
    ctl("copy", tmp_path / "f", "box:/f")
    entry, = tarfile.open(fileobj=io.BytesIO(ctl("copy", "box:/f", "-")))
    assert entry.mode == 0o6755
    ctl("copy", "-a", "box:/f", tmp_path / "out")
    assert (tmp_path / "out").stat().st_mode & 0o7777 == 0o755


def test_while_files_are_copied_the_container_stays_as_it_is(box, root, daemon):
    reader, writer = os.pipe()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        # Nothing is written, so quilt-copy waits in the container's files.
        waiting = pool.submit(root.call, "CopyToContainer", "sayha{sv}", ("box", b"/\0", 0, {}), fds=[reader])
        until(lambda: is_copying(daemon))
        os.close(reader)
        assert refusal_of_second(root) == "Busy"
        assert "copied" in root.call("StartContainers", "asa{sv}", (["box"], {}))[0][2]
        assert root.call("RemoveContainers", "asa{sv}", (["box"], {}))[0][1] == "org.quilt.Error.Busy"
        os.write(writer, bytes(1024))
        os.close(writer)
        assert waiting.result()["entries"] == 0
    assert root.call("StartContainers", "asa{sv}", (["box"], {})) == []


def until(predicate):
    """Waits for what no signal tells."""
    end = time.monotonic() + fakes.PATIENCE
    while not predicate():
        assert time.monotonic() < end, "waited in vain"
        select.select([], [], [], 0.01)


def is_copying(daemon):
    """Whether quiltd has executed a quilt-copy."""
    pid = daemon.process.pid
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        for child in children.read().split():
            with contextlib.suppress(FileNotFoundError):  # it has just ended
                if os.readlink(f"/proc/{child}/exe").endswith("quilt-copy"):
                    return True
    return False


def refusal_of_second(root):
    reader, writer = os.pipe()
    try:
        root.call("ExportContainer", "sha{sv}", ("box", 0, {}), fds=[writer])
    except quilt.Refused as error:
        return error.name
    finally:
        os.close(reader)
        os.close(writer)
    return None


def test_quiltd_goes_and_the_next_one_finds_the_files_free(box, daemon, client):
    reader, writer = os.pipe()
    client().send("CopyToContainer", "sayha{sv}", ("box", b"/\0", 0, {}), fds=[reader])
    os.close(reader)
    until(lambda: is_copying(daemon))
    daemon.end(9)
    daemon.start()
    until(lambda: refusal_of_second(client()) is None)
    os.close(writer)


@pytest.mark.parametrize("path", [b"", b"/etc", b"\0", b"/a\0b\0", b"/" + b"x" * 5000 + b"\0"])
def test_bad_paths(path, box, root):
    reader, writer = os.pipe()
    error = refusal(root.call, "CopyFromContainer", "sayha{sv}", ("box", path, 0, {}), fds=[writer])
    os.close(reader)
    os.close(writer)
    assert error.name == "InvalidArgument"


def test_only_pipes_are_taken(box, root):
    reader, writer = os.pipe()
    with open("/dev/null", "r+") as null, open("/proc/self/comm", "r+") as comm:
        for fds in ([null.fileno()], [comm.fileno()], [reader]):
            assert refusal(root.call, "ExportContainer", "sha{sv}", ("box", 0, {}), fds=fds).name == "InvalidArgument"
        assert refusal(root.call, "CopyToContainer", "sayha{sv}", ("box", b"/\0", 0, {}), fds=[writer]).name == "InvalidArgument"
    os.close(reader)
    os.close(writer)


def test_a_container_of_another_user_than_root_needs_more(create, user, polkit):
    create("sleep", name="box", user="1000")
    reader, writer = os.pipe()
    polkit.decide = lambda check: "yes" if check["action"] == "org.quilt.exec" else "no"
    error = refusal(user.call, "ExportContainer", "sha{sv}", ("box", 0, {}), fds=[writer])
    os.close(reader)
    os.close(writer)
    assert "org.quilt.privileged" in error.text


def test_a_copy_ends_when_its_caller_has_left(box, daemon, client):
    """Although another process, the test, still holds the pipe."""
    reader, writer = os.pipe()
    caller = client()
    caller.send("CopyToContainer", "sayha{sv}", ("box", b"/\0", 0, {}), fds=[reader])
    os.close(reader)
    until(lambda: is_copying(daemon))
    caller.close()
    until(lambda: not is_copying(daemon))
    os.close(writer)
