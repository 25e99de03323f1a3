# SPDX-License-Identifier: LGPL-2.1-or-later
"""Volumes: files of the host in a container, with the access that each option allows and forbids."""
import contextlib
import json
import os
import pathlib
import platform
import shutil
import tempfile

import pytest
from gi.repository import GLib

from quilt import TIMEOUT, call, ctl, manager, run, wait_exit
from test_access import rule, users  # noqa: F401 (fixtures)
from test_attacks import snapshot
from test_lifecycle import background, props

SUBJECTS = ["auto", "host"]  # of --userns
RENAMEAT2 = {"x86_64": 316, "aarch64": 276}[platform.machine()]


@pytest.fixture
def volume(tmp_path):
    path = tmp_path / "volume"
    path.mkdir()
    (path / "in").write_text("from the host\n")
    yield path


@pytest.fixture
def permissive(tmp_path):
    """A volume on a file system without restrictions. The file system of /tmp may be nosuid and nodev."""
    path = tmp_path / "permissive"
    path.mkdir()
    with mounted(path):
        yield path


@pytest.fixture
def submount(volume):
    """A file system that is mounted below the volume."""
    path = volume / "sub"
    path.mkdir()
    with mounted(path):
        (path / "deep").write_text("deep\n")
        yield path


@contextlib.contextmanager
def mounted(path, *arguments):
    run("mount", *(arguments or ("-t", "tmpfs", "tmpfs")), str(path)).ok()
    try:
        yield
    finally:
        run("umount", str(path)).ok()


def host_mounts():
    return pathlib.Path("/proc/1/mountinfo").read_text()


def sh(image, script, *options, **kwargs):
    return ctl("run", "--rm", *options, image, "/bin/sh", "-c", script, **kwargs)


def mount_options(image, *options):
    """By place, the options of the container's mounts."""
    lines = ctl("run", "--rm", *options, image, "/bin/cat", "/proc/self/mountinfo").ok().text.splitlines()
    return {line.split()[4]: set(line.split()[5].split(",")) for line in lines}


@pytest.mark.parametrize("userns", SUBJECTS)
def test_v1_a_directory_of_the_host_both_ways_and_whose_it_is(busybox, volume, userns):
    """A file has the same owner inside as on the host, whatever ids the container has."""
    volume.chmod(0o777)
    script = "cat /data/in && stat -c %u:%g /data/in && echo out >/data/out && mkdir /data/dir"
    done = sh(busybox, script, f"--userns={userns}", "-v", f"{volume}:/data").ok()
    assert done.text == "from the host\n0:0\n"
    assert (volume / "out").read_text() == "out\n"
    assert [(volume / name).stat().st_uid for name in ("out", "dir")] == [0, 0]
    sh(busybox, "echo x >/data/app", f"--userns={userns}", "-u", "1000:1001", "-v", f"{volume}/:/data/").ok()
    assert ((volume / "app").stat().st_uid, (volume / "app").stat().st_gid) == (1000, 1001)


@pytest.mark.parametrize("userns", SUBJECTS)
def test_v2_read_only_really_is_with_what_is_mounted_below(busybox, volume, submount, userns):
    options = [f"--userns={userns}", "-v", f"{volume}:/data:ro"]
    seen = mount_options(busybox, *options)
    for place in "/data", "/data/sub":
        assert {"ro", "nosuid", "nodev"} <= seen[place], place
        for script in f"echo x >{place}/new", f"rm {place}/*", f"chmod 777 {place}", f"mkdir {place}/d":
            refused = sh(busybox, script, *options)
            assert refused.code != 0 and b"Read-only file system" in refused.err, refused
    assert sorted(os.listdir(volume)) == ["in", "sub"] and os.listdir(submount) == ["deep"]
    sh(busybox, "echo x >/data/sub/new", f"--userns={userns}", "-v", f"{volume}:/data:rw").ok()
    assert (submount / "new").exists()
    assert sh(busybox, "ls -A /data/sub", f"--userns={userns}", "-v", f"{volume}:/data:bind").ok().out == b""


def test_v5_two_containers_append_to_one_file(busybox, volume, name):
    script = 'i=0; while [ $i -lt 500 ]; do echo "$1 $i" >>/data/log; i=$((i+1)); done'
    for who in "a", "b":
        background(f"{name}-{who}", busybox, "/bin/sh", "-c", script, "-", who, options=["-v", f"{volume}:/data"])
    ctl("wait", f"{name}-a", f"{name}-b").ok()
    lines = (volume / "log").read_text().splitlines()
    for who in "a", "b":
        assert [line for line in lines if line.startswith(who)] == [f"{who} {i}" for i in range(500)]
    assert len(lines) == 1000


@pytest.mark.parametrize("userns", SUBJECTS)
def test_a_setuid_file_raises_nobody_unless_asked_for(debian, permissive, userns):
    shutil.copy("/usr/bin/cat", permissive / "cat")
    (permissive / "cat").chmod(0o4755)
    options = [f"--userns={userns}", "-u", "1000", "--security-opt=no-new-privileges=false"]

    def effective(volume_options):
        done = ctl("run", "--rm", *options, "-v", f"{permissive}:/data{volume_options}", debian, "/data/cat", "/proc/self/status").ok()
        return next(line.split()[2] for line in done.text.splitlines() if line.startswith("Uid:"))

    assert effective("") == "1000"
    assert effective(":suid") == "0"
    run("mount", "-o", "remount,nosuid", str(permissive)).ok()
    assert effective(":suid") == "1000", "what the host's mount forbids stays forbidden"


@pytest.mark.parametrize("userns", SUBJECTS)
def test_a_device_node_cannot_be_opened_unless_asked_for(busybox, permissive, userns):
    run("mknod", "-m", "666", str(permissive / "zero"), "c", "1", "5").ok()
    run("mknod", "-m", "666", str(permissive / "kmsg"), "c", "1", "11").ok()
    refused = sh(busybox, "head -c1 /data/zero", f"--userns={userns}", "-v", f"{permissive}:/data")
    assert refused.code != 0 and b"Permission denied" in refused.err
    options = [f"--userns={userns}", "-v", f"{permissive}:/data:dev"]
    assert sh(busybox, "head -c1 /data/zero", *options).ok().out == b"\0"
    refused = sh(busybox, "head -c1 /data/kmsg", *options)
    assert refused.code != 0 and b"not permitted" in refused.err, "none but the usual ones and those of --device"


def test_who_can_take_nodev_off_a_mount_has_a_policy_on_devices(busybox, permissive):
    run("mknod", "-m", "666", str(permissive / "kmsg"), "c", "1", "11").ok()
    options = ["--cap-add=SYS_ADMIN", "-v", f"{permissive}:/data"]
    run("mknod", "-m", "666", str(permissive / "zero"), "c", "1", "5").ok()
    refused = sh(busybox, "mount -o remount,bind,dev /data && head -c1 /data/zero && head -c1 /data/kmsg", *options)
    assert refused.code != 0 and refused.out == b"\0" and b"kmsg: Operation not permitted" in refused.err, refused


def test_noexec_is_for_who_asks(busybox, volume):
    (volume / "run").write_text("#!/bin/sh\necho ran\n")
    (volume / "run").chmod(0o755)
    assert sh(busybox, "/data/run", "-v", f"{volume}:/data").ok().out == b"ran\n"
    refused = sh(busybox, "/data/run", "-v", f"{volume}:/data:noexec")
    assert refused.code == 126 and b"Permission denied" in refused.err


@pytest.mark.parametrize("userns", SUBJECTS)
def test_a_file_and_a_directory_hide_what_the_image_has(busybox, volume, userns):
    options = [f"--userns={userns}", "-v", f"{volume}/in:/etc/passwd:ro", "-v", f"{volume}/in:/new/file", "-v", f"{volume}:/usr"]
    done = sh(busybox, "cat /etc/passwd /new/file; ls /usr", *options).ok()
    assert done.text == "from the host\nfrom the host\nin\n"


def test_they_lie_on_each_other_in_whatever_order_they_were_given(busybox, volume, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other/mark").write_text("other\n")
    done = sh(busybox, "cat /a/b/mark; echo x >/a/b/t/x; ls /a", "--tmpfs=/a/b/t", "-v", f"{tmp_path}/other:/a/b", "-v", f"{volume}:/a").ok()
    assert done.text == "other\nb\nin\n"
    assert sorted(os.listdir(tmp_path / "other")) == ["mark", "t"] and not os.listdir(tmp_path / "other/t")
    # In the place of what a read-only root has there by itself, and below it.
    done = sh(busybox, "cat /tmp/in /run/x/in; echo x >/var/tmp/y", "--read-only", "-v", f"{volume}:/tmp", "-v", f"{volume}:/run/x").ok()
    assert done.out == b"from the host\n" * 2


def test_ids_that_are_not_mapped_are_nobodys(busybox, volume):
    done = sh(busybox, "stat -c %u /data/in; cat /data/in", "-v", f"{volume}:/data:noidmap").ok()
    assert done.text == "65534\nfrom the host\n"
    refused = sh(busybox, "echo x >/data/new", "-v", f"{volume}:/data:noidmap")
    assert refused.code != 0 and b"Permission denied" in refused.err and not (volume / "new").exists()


def test_a_file_system_that_cannot_map_ids_is_named(busybox):
    """The test host's own root is an overlay."""
    refused = sh(busybox, "true", "-v", "/srv:/data")
    assert refused.code == 125 and all(word in refused.err for word in (b"'/srv'", b"overlay", b"noidmap", b"--userns=host"))
    sh(busybox, "test -d /data", "-v", "/srv:/data:noidmap").ok()


@pytest.mark.parametrize("userns", SUBJECTS)
def test_a_source_that_is_not_there_is_named(busybox, volume, name, userns):
    refused = sh(busybox, "true", f"--userns={userns}", "-v", f"{volume}/no-such:/data")
    assert refused.code == 125 and f"Failed to mount {volume}/no-such on '/data': No such file".encode() in refused.err
    assert not (volume / "no-such").exists()
    ctl("create", "--name", name, f"--userns={userns}", "-v", f"{volume}/in:/data", busybox, "/bin/cat", "/data").ok()
    (volume / "in").unlink()
    refused = ctl("start", name)
    assert refused.code != 0 and f"{volume}/in".encode() in refused.err
    (volume / "in").write_text("again")
    ctl("start", name).ok()
    ctl("wait", name).ok()
    assert props(name)["ExitCode"] == 0


@pytest.mark.parametrize("options", ["z", "Z,ro", "ro,z"])
def test_labelling_has_no_effect_without_selinux(busybox, tmp_path, options):
    """As with podman; quiltd's own interface refuses the words."""
    (tmp_path / "file").write_text("there")
    tmp_path.chmod(0o755)
    done = ctl("run", "--rm", "-v", f"{tmp_path}:/data:{options}", busybox, "sh", "-c", "cat /data/file; grep -c ' /data ro' /proc/self/mountinfo")
    assert done.text == f"there{int('ro' in options)}\n", done
    assert done.err.count(b"\n") == 1 and b"has no effect: SELinux is not on" in done.err


@pytest.mark.parametrize("value, words", [
    ("name:/data", ["named volumes", "not supported yet"]), ("/data", ["not supported yet"]), ("/a:/b:ro:rw", ["HOST-PATH"]),
    ("", ["HOST-PATH"]), ("/a/../b:/data", ["'..'"]), ("/a//b:/data", ["'//'"]), ("/" + "a" * 4096 + ":/data", ["absolute"]),
    ("/srv:data", ["absolute"]), ("/srv:/", ["root file system"]), ("/srv:/a/../etc", ["'..'"]), ("/srv:/proc/sys", ["the kernel provides"]),
    ("/srv:/sys", ["the kernel provides"]), ("/srv:/dev", ["the kernel provides"]), ("/srv:/data:U", ["'U'"]),
    ("/srv:/data:O", ["'O'"]), ("/srv:/data:rshared", ["'rshared'", "rslave"]), ("/srv:/data:nocopy", ["'nocopy'"]),
    ("/srv:/data:ro,rw", ["'rw'", "contradicts"]), ("/srv:/data:ro,ro", ["'ro'", "twice"]), ("/srv:/data:idmap=uids=0-1-2", ["'idmap="]),
    ("/srv:/data:x", ["'x'", "must be ro"]),
])
def test_what_is_no_volume_is_refused_before_anything_is_made(busybox, value, words):
    before = manager("ListContainers", "(a{sv})", {})
    refused = ctl("create", "--volume", value, busybox, "/bin/true")
    assert refused.code == 125 and b"option --volume " in refused.err, refused
    assert all(word.encode() in refused.err for word in words), refused
    assert manager("ListContainers", "(a{sv})", {}) == before


@pytest.mark.parametrize("options, word", [
    (["-v", "/srv:/data", "-v", "/opt:/data/"], b"given twice"), (["-v", "/srv:/data", "--tmpfs=/data:ro"], b"tmpfs"),
    (["--userns=host", "-v", "/srv:/data:idmap"], b"needs a user namespace"),
])
def test_volumes_that_contradict_are_refused(busybox, options, word):
    refused = ctl("create", *options, busybox, "/bin/true")
    assert refused.code == 125 and b"option --volume " in refused.err and word in refused.err, refused


def test_a_path_that_begins_here_is_the_callers(busybox, volume):
    for source in ".", "./", "./in", "../volume/in":
        assert sh(busybox, "cat /data /data/in 2>/dev/null; true", "-v", f"{source}:/data", cwd=volume).ok().out == b"from the host\n"


def test_a_mount_is_a_volume(busybox, volume):
    mount = f"type=bind,source={volume},dst=/data,readonly"
    refused = sh(busybox, "cat /data/in /file && echo x >/data/in", "--mount", mount, "-v", f"{volume}/in:/file")
    assert refused.out == b"from the host\n" * 2 and b"Read-only file system" in refused.err
    refused = ctl("create", "--mount", "type=tmpfs,dst=/data", busybox, "/bin/true")
    assert refused.code == 125 and b"--tmpfs" in refused.err


def test_what_is_mounted_later_arrives_where_asked_for(busybox, volume, name):
    with mounted(volume, "--bind", str(volume)):
        run("mount", "--make-shared", str(volume)).ok()
        (volume / "sub").mkdir()
        wait = "until test -e /data/go; do usleep 10000; done; test -e /data/sub/here"
        background(f"{name}-private", busybox, "/bin/sh", "-c", wait, options=["-v", f"{volume}:/data"])
        background(f"{name}-slave", busybox, "/bin/sh", "-c", wait, options=["-v", f"{volume}:/data:rslave"])
        with mounted(volume / "sub"):
            (volume / "sub/here").touch()
            (volume / "go").touch()
            ctl("wait", f"{name}-private", f"{name}-slave").ok()
            assert [props(f"{name}-{which}")["ExitCode"] for which in ("private", "slave")] == [1, 0]
        run("mount", "--make-private", str(volume)).ok()


def test_no_mount_of_it_is_the_hosts_and_inspect_shows_it(busybox, volume, name):
    before = host_mounts()
    background(name, busybox, "/bin/sleep", "1000", options=["-v", f"{volume}:/data:ro", "-v", f"{volume}/in:/file"])
    assert host_mounts() == before
    shown = ctl("inspect", name).ok()
    shown = json.loads(shown.out)
    shown = shown[0] if isinstance(shown, list) else shown
    assert shown["options"]["volumes"] == [{"source": str(volume), "destination": "/data", "options": ["ro"]},
                                           {"source": f"{volume}/in", "destination": "/file", "options": []}]
    oci = json.loads(ctl("inspect", "--oci", name).ok().out)
    oci = oci[0] if isinstance(oci, list) else oci
    mount = next(mount for mount in oci["mounts"] if mount["destination"] == "/data")
    assert mount == {"destination": "/data", "type": "bind", "source": str(volume),
                     "options": ["rbind", "rro", "rnosuid", "rnodev", "rprivate", "ridmap"]}


def test_p4_a_volume_needs_its_own_action(busybox, rule):  # noqa: F811
    rule("""
polkit.addRule(function (action, subject) {
  if (action.id == "org.quilt.manage-containers")
    return polkit.Result.YES;
});""")
    denied = ctl("--no-ask-password", "create", "-v", "/srv:/data", busybox, "/bin/true", user="bob")
    assert denied.code == 125 and b"org.quilt.privileged" in denied.err and b"volumes" in denied.err


# CVE-2021-30465, CVE-2024-45310

SWAP = r"""
    use strict;
    my ($renameat2, $at_fdcwd, $exchange, $rounds) = (shift, -100, 2, 0);
    chdir "/shared/dir" or die;  # whatever it is called
    open my $count, ">", "/count/count" or die;
    while (1) {
        for my $link ("/shared/absolute", "/shared/upward") {
            for (1, 2) {  # there and back
                my ($from, $to) = ("/shared/dir", $link);
                syscall($renameat2, $at_fdcwd, $from, $at_fdcwd, $to, $exchange) == 0 or die "renameat2: $!";
                $rounds++;
            }
        }
        next if $rounds % 8000;
        sysseek $count, 0, 0;
        syswrite $count, sprintf "%20d", $rounds;
        rmdir for "target", "t";  # so that they have to be made again
    }
    """


@pytest.fixture
def canaries():
    """Directories of the host that anybody could write to, so that nothing but how Quilt resolves paths is between."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        top = pathlib.Path(directory)
        for path in "canary/target", "canary/t", "bare":
            (top / path).mkdir(parents=True)
        for path in [top, *top.rglob("*")]:
            path.chmod(0o777)
            (path / "word").write_text("CANARY")
        yield top / "canary", top / "bare"


@pytest.mark.parametrize("userns", SUBJECTS)
def test_b_a_container_that_swaps_links_under_anothers_mounts_reaches_nothing(debian, busybox, canaries, tmp_path, name, userns):
    """A swaps a directory of the volume that both have for links to the host's, while B is started with mounts below it."""
    for path in "shared/dir", "count", "other":
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "other/mark").write_text("MARK")
    shared = tmp_path / "shared"
    (shared / "absolute").symlink_to(canaries[0])
    (shared / "upward").symlink_to("../" * 20 + str(canaries[1]).lstrip("/"))
    before = [snapshot(path) for path in canaries], os.listdir("/"), host_mounts()
    counter = tmp_path / "count/count"
    swapper = background(name, debian, "perl", "-e", SWAP, str(RENAMEAT2), options=["-v", f"{shared}:/shared", "-v", f"{tmp_path}/count:/count"])
    options = [f"--userns={userns}", "-v", f"{shared}:/shared", "-v", f"{tmp_path}/other:/shared/dir/target", "--tmpfs=/shared/dir/t"]
    # Where a link leads to nothing, the mount's place is made inside B's own root: there may be a path like the canary's.
    places = f"{canaries[0]} {canaries[0]}/* {canaries[1]} /shared/* /shared/*/*"
    look = f"for place in {places}; do cat $place/word; done 2>/dev/null; cat /shared/*/target/mark 2>/dev/null; true"
    starts = mounted_there = refused = 0

    def has_seen_enough():
        # About one start in twenty has its mounts in place. The limit of 1000 ends the test if the swapper hangs.
        return starts >= 100 and counter.exists() and int(counter.read_text() or 0) >= 10000 and (mounted_there and refused or starts >= 1000)

    while not has_seen_enough():
        done = sh(busybox, look, *options, timeout=3 * TIMEOUT)
        starts += 1
        assert b"CANARY" not in done.out, done
        assert host_mounts() == before[2]
        if done.code == 0:
            mounted_there += b"MARK" in done.out
        else:
            refused += 1
            assert done.code == 125 and b"'/shared/dir/" in done.err, done
        assert props(name)["State"] == "running", ctl("logs", name)
    ctl("remove", "--force", name).ok()
    wait_exit(swapper["Pid"])
    assert ([snapshot(path) for path in canaries], os.listdir("/"), host_mounts()) == before
    assert mounted_there > 0 and refused > 0, (starts, mounted_there, refused)
    assert os.listdir(tmp_path / "other") == ["mark"]


@pytest.mark.fault("22")
@pytest.mark.parametrize("name", ["a:b", "a,b", 'say "x"', "back\\slash", "all: \\,\"it\""])
def test_a_path_may_have_any_byte(busybox, tmp_path, name):
    path = tmp_path / name
    path.mkdir()
    (path / "in").write_text("there")
    field = name.replace('"', '""')
    mount = f'type=bind,"source={tmp_path}/{field}","destination=/in {field}",ro'
    assert ctl("run", "--rm", "--mount", mount, busybox, "cat", f"/in {name}/in").ok().text == "there"
    escaped = name.replace("\\", "\\\\").replace(":", "\\:")
    assert ctl("run", "--rm", "-v", f"{tmp_path}/{escaped}:/in {escaped}:ro", busybox, "cat", f"/in {name}/in").ok().text == "there"
    done = ctl("run", "--rm", "--tmpfs", f"/t {escaped}:size=1M", busybox, "stat", "-f", "-c", "%T", f"/t {name}").ok()
    assert done.text == "tmpfs\n"


@pytest.mark.fault("22")
@pytest.mark.parametrize("odd", ["a:b,c\\d", "\\:", ":ro", "\x01\t\x1b[1m", "é ☃"])
def test_a_structure_on_the_bus_is_mounted_as_it_is(busybox, tmp_path, name, odd):
    """Without quiltctl, which divides texts: a volume, a tmpfs and a device at paths that a separator would break."""
    path = tmp_path / odd
    path.mkdir()
    (path / "in").write_text("there")
    script = '[ "$(cat "/in $1/in")" = there ] && [ "$(stat -f -c %T "/t $1")" = tmpfs ] && [ -c "/dev/$1" ] && echo x >"/dev/$1"'
    options = {
        "name": GLib.Variant("s", name),
        "command": GLib.Variant("aay", [word.encode() for word in ("/bin/sh", "-c", script, "sh", odd)]),
        "volumes": GLib.Variant("a(ssas)", [(str(path), f"/in {odd}", ["ro"])]),
        "tmpfs": GLib.Variant("a(sas)", [(f"/t {odd}", ["size=1M"])]),
        "devices": GLib.Variant("a(sss)", [("/dev/null", f"/dev/{odd}", "rw")]),
    }
    made, _ = manager("RunContainer", "(sa{sv})", busybox, options)
    assert call(made, "org.quilt.Container", "Wait", "(a{sv})", {}) == (0, "exited"), ctl("logs", name)
