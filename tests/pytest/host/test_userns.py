# SPDX-License-Identifier: LGPL-2.1-or-later
"""User namespaces: the owners of a container's processes and files, inside and on the host."""
import concurrent.futures
import os
import pathlib
import pwd

import pytest
from gi.repository import GLib

from quilt import RUN, STATE, ctl, error_name, manager, properties, run
from test_lifecycle import background, path_of, props

FIRST, LAST, RANGE = 0x80000, 0x6FFFFFFF, 65536


def output(image, *argv, options=(), **kwargs):
    return ctl("run", "--rm", *options, image, *argv, **kwargs).ok().out.decode()


def id_map(pid, kind="uid"):
    """Lines of (inside, outside, count), as the host sees them."""
    return [tuple(map(int, line.split())) for line in pathlib.Path(f"/proc/{pid}/{kind}_map").read_text().splitlines()]


def ids(pid, key="Uid"):
    return [line.split()[1:] for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
            if line.startswith(key + ":")][0]


def upper(name):
    return STATE / "containers" / props(name)["Id"] / "upper"


def base_of(name):
    return id_map(props(name)["Pid"])[0][1]


@pytest.fixture(scope="module")
def carol():
    """A user who may do everything except actions that would make her root."""
    rule = pathlib.Path("/etc/polkit-1/rules.d/10-quilt-userns.rules")

    def restart():  # polkitd would read it soon; after a restart it has
        run("systemctl", "reset-failed", "polkit.service")
        run("systemctl", "restart", "polkit.service").ok()

    run("useradd", "--no-create-home", "carol").ok()
    rule.write_text("""
polkit.addRule(function (action, subject) {
  if (action.id.indexOf("org.quilt.") == 0 && action.id != "org.quilt.privileged" && subject.user == "carol")
    return polkit.Result.YES;
});
""")
    restart()
    yield pwd.getpwnam("carol")
    rule.unlink()
    restart()
    run("userdel", "carol").ok()


def test_root_inside_is_nobody_on_the_host(busybox, name):
    pid = background(name, busybox, "/bin/sleep", "1000")["Pid"]
    (inside, first, count), = id_map(pid)
    assert inside == 0 and count == RANGE and first % RANGE == 0 and FIRST <= first <= LAST - RANGE + 1
    assert id_map(pid, "gid") == [(0, first, RANGE)]
    assert ids(pid) == [str(first)] * 4 and ids(pid, "Gid") == [str(first)] * 4 and ids(pid, "Groups") == []
    assert os.readlink(f"/proc/{pid}/ns/user") != os.readlink("/proc/1/ns/user")


def test_inside_it_is_root_of_its_own_ids(busybox):
    lines = output(busybox, "/bin/sh", "-c", "id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map; ls -lnd / /bin/busybox /dev/null").splitlines()
    assert lines[:2] == ["0", "0"]
    assert lines[2].split()[::2] == ["0", str(RANGE)] and lines[3].split()[::2] == ["0", str(RANGE)]
    assert all(line.split()[2:4] == ["0", "0"] for line in lines[4:]), lines


def test_files_on_the_disk_keep_their_small_ids(busybox, name, carol):
    script = "echo x >/mine; echo y >/theirs; chown 1000:1000 /theirs; chmod 4755 /mine; rm /bin/yes; echo done"
    assert ctl("run", "--name", name, busybox, "/bin/sh", "-c", script).ok().out == b"done\n"
    mine, theirs = (upper(name) / "mine").stat(), (upper(name) / "theirs").stat()
    assert (mine.st_uid, mine.st_gid, theirs.st_uid, theirs.st_gid) == (0, 0, 1000, 1000)
    # The file is setuid to root on the host's disk. Only root can reach it.
    assert mine.st_mode & 0o7777 == 0o4755
    assert run("ls", str(upper(name)), user="carol").code != 0
    assert {path.stat().st_uid for path in STATE.glob("layers/*/fs/bin/busybox")} == {0}


def test_file_capabilities_can_be_given_inside(debian, name):
    script = ("import os, struct; open('/tool', 'w'); "
              "os.setxattr('/tool', 'security.capability', struct.pack('<IIIII', 0x02000001, 1 << 10, 0, 0, 0)); "
              "print(os.getxattr('/tool', 'security.capability').hex())")
    assert output(debian, "/usr/bin/python3", "-c", script).startswith("01000002000400")


def test_two_containers_never_share_an_id(busybox, name):
    names = [f"{name}-{number}" for number in range(12)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda each: ctl("run", "-d", "--name", each, busybox, "/bin/sleep", "1000").ok(), names))
    assert len({base_of(each) for each in names}) == len(names)


def test_it_keeps_its_ids_over_restarts_of_itself_and_of_quiltd(busybox, name):
    background(name, busybox, "/bin/sh", "-c", "echo x >>/kept; exec sleep 1000")
    first = base_of(name)
    ctl("kill", name).ok()
    ctl("start", name).ok()
    assert base_of(name) == first
    ctl("kill", name).ok()
    run("systemctl", "restart", "quiltd").ok()
    ctl("start", name).ok()
    assert base_of(name) == first
    assert (upper(name) / "kept").stat().st_uid == 0


def test_removal_releases_the_ids(busybox, name):
    background(name, busybox, "/bin/sleep", "1000")
    taken = f"0:{base_of(name)}:1000"
    refused = ctl("create", f"--userns={taken}", "--name", f"{name}-2", busybox, "/bin/true")
    assert refused.code == 125 and name.encode() in refused.err and taken.encode() in refused.err
    # Also if quiltd knows the container only from its record.
    run("systemctl", "restart", "quiltd").ok()
    assert ctl("create", f"--userns={taken}", "--name", f"{name}-2", busybox, "/bin/true").code == 125
    ctl("remove", "--force", name).ok()
    assert output(busybox, "/bin/cat", "/proc/self/uid_map", options=["--userns", taken]).split() == taken.split(":")


def test_a_broken_record_keeps_its_ids(busybox, name):
    background(name, busybox, "/bin/sleep", "1000")
    taken, record = f"0:{base_of(name)}:1", upper(name).parent / "record.json"
    text = record.read_text()
    run("systemctl", "stop", "quiltd").ok()
    record.write_text(text.replace('"version":1', '"version":2'))
    try:
        run("systemctl", "start", "quiltd").ok()
        assert name not in ctl("list").text
        assert ctl("create", f"--userns={taken}", "--name", f"{name}-2", busybox, "/bin/true").code == 125
    finally:
        run("systemctl", "stop", "quiltd").ok()
        record.write_text(text)
        run("systemctl", "start", "quiltd").ok()
    assert base_of(name) == int(taken.split(":")[1])


def test_an_explicit_map(busybox, name):
    map_text = "0:1000000:1000,1000:2000000:1"
    pid = background(name, busybox, "/bin/sleep", "1000", options=["--userns", map_text])["Pid"]
    assert id_map(pid) == id_map(pid, "gid") == [(0, 1000000, 1000), (1000, 2000000, 1)]
    assert ids(pid)[0] == "1000000"
    assert f'"uid-map":"{map_text}"' in (upper(name).parent / "record.json").read_text()


def test_host_is_no_user_namespace(busybox, name):
    pid = background(name, busybox, "/bin/sleep", "1000", options=["--userns=host"])["Pid"]
    assert os.readlink(f"/proc/{pid}/ns/user") == os.readlink("/proc/1/ns/user")
    assert ids(pid)[0] == "0"


def test_keep_id_is_the_callers_own(busybox, name, carol):
    ctl("run", "-d", "--userns=keep-id", "--user=root", "--name", name, busybox, "/bin/sh", "-c",
        f"echo x >/hers; chown {carol.pw_uid}:{carol.pw_gid} /hers; exec sleep 1000", user="carol").ok()
    pid = props(name)["Pid"]
    for kind, own in (("uid", carol.pw_uid), ("gid", carol.pw_gid)):
        before, kept, after = id_map(pid, kind)
        assert before[0] == 0 and before[2] == own and FIRST <= before[1] <= LAST
        assert kept == (own, own, 1)
        assert after == (own + 1, before[1] + own + 1, RANGE - own - 1)
    assert ids(pid)[0] == str(id_map(pid)[0][1])


def test_with_keep_id_the_command_is_the_callers(busybox, carol):
    keep = ["run", "--rm", "--userns=keep-id", "--setup", "id -u >/step; chmod 644 /step"]
    done = ctl(*keep, busybox, "/bin/sh", "-c", "id -u; id -g; cat /step", user="carol").ok()
    assert done.out.split() == [b"%d" % carol.pw_uid, b"%d" % carol.pw_gid, b"0"]
    assert ctl(*keep, "--user=5:6", busybox, "/bin/sh", "-c", "id -u; id -g", user="carol").ok().out.split() == [b"5", b"6"]


@pytest.mark.parametrize("userns", ["host", "0:1000000:65536"])
def test_ids_of_the_host_need_privilege(busybox, carol, userns):
    denied = ctl("--no-ask-password", "run", "--rm", f"--userns={userns}", busybox, "/bin/true", user="carol")
    assert denied.code == 125 and b"org.quilt.privileged" in denied.err
    ctl("run", "--rm", busybox, "/bin/true", user="carol").ok()


@pytest.mark.parametrize("userns, word", [
    ("private", "private"), ("", "userns"), ("0:1", "0:1"), ("0:5:0", "0:5:0"), ("1:100000:5", "1:100000:5"),
    ("0:100:10,5:200:10", "5:200:10"), ("0:100:10,20:105:10", "20:105:10"), ("0:4294967290:10", "0:4294967290:10"),
    ("keep-id", "keep-id"),  # of root
])
def test_bad_maps_are_refused_before_anything_is_made(busybox, userns, word):
    before = manager("ListContainers", "(a{sv})", {})
    with pytest.raises(GLib.Error) as caught:
        manager("CreateContainer", "(sa{sv})", busybox, {"userns": GLib.Variant("s", userns)})
    assert error_name(caught.value) == "org.quilt.Error.InvalidArgument"
    assert "userns" in caught.value.message and word in caught.value.message
    assert manager("ListContainers", "(a{sv})", {}) == before


def test_delegated_ids_are_nobody_elses(busybox, name):
    """With all but the last of the ranges given to a user in /etc/subuid, and all but that in /etc/subgid, it is the one."""
    last = LAST - RANGE + 1
    files = {pathlib.Path("/etc/subuid"): f"alice:0:{last - 1000}\n", pathlib.Path("/etc/subgid"): f"bob:{last - 1000}:1000\n"}
    before = {path: path.read_bytes() if path.exists() else None for path in files}
    try:
        for path, text in files.items():
            path.write_text(text)
        background(name, busybox, "/bin/sleep", "1000")
        assert base_of(name) == last
        full = ctl("run", "--rm", busybox, "/bin/true")
        assert full.code == 125 and b"/etc/subuid" in full.err and b"--userns" in full.err
    finally:
        for path, text in before.items():
            path.unlink() if text is None else path.write_bytes(text)
    output(busybox, "/bin/true")


def test_what_belongs_to_the_host_cannot_be_written(busybox, name):
    """A container could escape through files in /proc and /sys that belong to the host's root. Inside, they belong to 65534."""
    script = ("for f in /proc/sysrq-trigger /proc/sys/kernel/hostname /proc/sys/vm/drop_caches /sys/kernel/uevent_helper; do "
              "[ -e $f ] && echo x 2>/dev/null >$f && echo $f; done; ls -ln /proc/sysrq-trigger 2>/dev/null; true")
    lines = output(busybox, "/bin/sh", "-c", script).splitlines()
    assert not any(line.startswith("/") for line in lines)
    assert all(line.split()[2] == "65534" for line in lines)


def test_the_mount_table_inside_names_no_directory_of_the_host(busybox):
    table = output(busybox, "/bin/cat", "/proc/self/mountinfo")
    assert str(STATE) not in table and str(RUN) not in table


def test_a_file_system_that_cannot_map_ids_is_named(busybox, name):
    ctl("create", "--name", name, busybox, "/bin/true").ok()
    place = upper(name).parent
    run("mount", "-t", "ramfs", "ramfs", str(place)).ok()
    try:
        refused = ctl("start", name)
        assert refused.code != 0
        assert all(word in refused.err for word in (b"ramfs", str(place).encode(), b"--userns=host")), refused
    finally:
        run("umount", str(place)).ok()
    ctl("start", name).ok()
    assert properties(path_of(name), "org.quilt.Container")["Error"] == ""
