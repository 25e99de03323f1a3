# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a container has changed of its image (diff, ListChanges)."""
import pytest

from quilt import ctl, spawn
from test_lifecycle import background

SLEEP = ("/bin/sleep", "1000")


def diff(name):
    return ctl("diff", name).ok().text.splitlines()


@pytest.mark.parametrize("options", [
    (), ("--userns", "host"), ("--privileged",), ("--read-only",), ("--tmpfs", "/made/for/tmpfs"), ("--init",), ("--network", "host"),
    ("-v", "{tmp}:/data", "-v", "{tmp}:/var/run/deep/place", "-v", "{tmp}/file:/etc/deep/file"), ("--pid", "host"), ("--ipc", "host"),
], ids=lambda options: " ".join(options) or "none")
def test_a_container_that_changes_nothing_has_no_changes(busybox, name, options, tmp_path):
    (tmp_path / "file").write_text("x")
    options = [option.replace("{tmp}", str(tmp_path)) for option in options]
    background(name, busybox, *SLEEP, options=options)
    assert diff(name) == []
    ctl("stop", "--time", "0", name).ok()
    assert diff(name) == []
    ctl("start", name).ok()
    assert diff(name) == []


def test_nor_has_one_of_a_distribution(debian, name):
    ctl("create", "--name", name, debian, "/bin/true").ok()
    assert diff(name) == []
    ctl("start", name).ok()
    ctl("wait", name).ok()
    assert diff(name) == []


@pytest.mark.parametrize("userns", ["auto", "host"])
def test_added_changed_deleted(busybox, name, userns, tmp_path):
    script = """busybox mkdir -p /new/deep && echo x >/new/deep/file && echo x >>/etc/passwd && busybox rm /bin/true && busybox ln -s /etc /link
                busybox touch /data/in-the-volume /tmp-mounted/x && echo x >/etc/hosts; echo ready; exec sleep 1000"""
    background(name, busybox, "/bin/sh", "-c", script,
               options=("--userns", userns, "-v", f"{tmp_path}:/data", "--tmpfs", "/tmp-mounted"))
    with spawn("quiltctl", "logs", "-f", "-o", "cat", name) as logs:
        assert logs.stdout.readline() == b"ready\n"
    expected = ["C /bin", "D /bin/true", "C /etc", "C /etc/passwd", "A /link", "A /new", "A /new/deep", "A /new/deep/file"]
    assert diff(name) == expected
    rows = ctl("diff", "--json", name).ok().json
    assert [f"{row['change']} {row['path']}" for row in rows] == expected
    assert ctl("diff", "--format", "{{.Path}}", name).ok().text.splitlines()[0] == "/bin"
    ctl("stop", "--time", "0", name).ok()
    assert diff(name) == expected


def test_a_directory_that_was_replaced(busybox, name):
    ctl("run", "--name", name, busybox, "/bin/busybox", "sh", "-c",
        "busybox cp /bin/busybox /busybox2; for c in 'rm -rf /bin' 'mkdir /bin' 'cp /busybox2 /bin/sh' 'touch /bin/new' 'rm /busybox2'; do"
        " /busybox2 $c; done").ok()
    lines = diff(name)
    assert lines[0] == "C /bin" and "A /bin/new" in lines and "C /bin/sh" in lines and "D /bin/cat" in lines
    assert all(line.startswith(("D /bin/", "A /bin/new", "C /bin/sh")) for line in lines[1:])
    assert [line[2:] for line in lines] == sorted(line[2:] for line in lines)


def test_hostile_names_are_escaped(busybox, name):
    ctl("run", "--name", name, busybox, "/bin/sh", "-c", r"""busybox touch "$(printf '/\033[2Jx\nA \377')" """).ok()
    done = ctl("diff", name).ok()
    assert done.out == b"A /\\x1b[2Jx\\x0aA \\xff\n"
    assert b"\x1b" not in ctl("diff", "--json", name).ok().out


def test_links_and_changes_meanwhile_lead_nowhere(busybox, name):
    """The container swaps a directory and a link to the host's root in a loop."""
    script = "busybox mkdir /d && busybox ln -s / /l; while :; do for m in '/d /x' '/l /d' '/d /l' '/x /d'; do busybox mv -T $m; done; done"
    background(name, busybox, "/bin/sh", "-c", script)
    for _ in range(50):
        for line in diff(name):
            assert line.split(" ")[1] in ("/d", "/l", "/x"), line


def test_who_may_and_what_fails(busybox, name):
    background(name, busybox, *SLEEP)
    denied = ctl("--no-ask-password", "diff", name, user="bob")
    assert denied.code == 1 and b"org.quilt.inspect" in denied.err and denied.out == b""
    assert ctl("diff", name + "x").code == 1
