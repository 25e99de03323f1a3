# SPDX-License-Identifier: LGPL-2.1-or-later
"""Images made of containers (commit, CommitContainer)."""
import contextlib
import os
import pathlib
import re
import signal
import tempfile

import pytest

from quilt import SLICE, STATE, TIMEOUT, ctl, remove_containers, run, spawn, wait_exit, wait_text
from test_access import rule  # noqa: F401
from test_crash import daemon_again
from test_daemon import daemon_pid
from test_exec import SLEEP, box, wait_for  # noqa: F401
from test_images import archive, layers
from test_lifecycle import background, follow_until, props
from test_races import injected

CHANGES = """busybox mkdir -p /new/deep && echo x >/new/deep/file && echo x >>/etc/passwd && busybox rm /bin/true && busybox ln -s /etc /link &&
    busybox ln /new/deep/file /new/hard && busybox chmod 4755 /new/deep/file && busybox chown 12:34 /link /new && busybox mkfifo /new/fifo &&
    busybox rm -rf /usr && busybox mkdir -p /usr/mine && echo x >/etc/hosts"""
LOOK = """busybox find / -xdev '(' -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp ')' -prune -o -print |
    busybox sort | while read -r f; do busybox stat -c '%n %a %u %g %F %s %Y' "$f"; done"""


@pytest.fixture
def images(name):
    """Removes images whose names begin with the test's."""
    yield
    remove_containers(name)
    for row in ctl("images", "--json=short").ok().json:
        if any(title.startswith(name) for title in row["names"]):
            ctl("remove-image", row["digest"]).ok()


def payload(name):
    return SLICE / f"quilt-{name}.scope/payload"


def is_frozen(name):
    with contextlib.suppress(FileNotFoundError):
        return "frozen 1" in (payload(name) / "cgroup.events").read_text()
    return False


def record(image):
    return ctl("inspect-image", image).ok().json


def look(image, *options):
    lines = ctl("run", "--rm", *options, image, "/bin/sh", "-c", LOOK).ok().text.splitlines()
    return [line for line in lines if not line.startswith(("/etc/hosts ", "/etc/hostname ", "/etc/resolv.conf ", "/ "))]


def transfers():
    return [int(pid) for pid in run("pgrep", "-x", "quilt-transfer").text.split()]


def guards():
    return [int(pid) for pid in run("pgrep", "-x", "quilt-pause").text.split()]


def fill(name, megabytes):
    """Gives the container files that take a while to read."""
    ctl("exec", name, "/bin/sh", "-c", f"busybox dd if=/dev/urandom of=/large bs=1M count={megabytes} 2>/dev/null").ok()


@pytest.mark.parametrize("userns", ["auto", "host"])
@pytest.mark.parametrize("runs", [True, False], ids=["runs", "stopped"])
def test_what_has_changed_is_in_a_container_of_the_image(busybox, name, images, userns, runs):
    background(name, busybox, *SLEEP, options=("--userns", userns))
    ctl("exec", name, "/bin/sh", "-c", CHANGES).ok()
    expected = [line for line in ctl("exec", name, "/bin/sh", "-c", LOOK).ok().text.splitlines()
                if not line.startswith(("/etc/hosts ", "/etc/hostname ", "/etc/resolv.conf ", "/ "))]
    if not runs:
        ctl("stop", "--time", "0", name).ok()
    done = ctl("commit", name, f"{name}:1").ok()
    assert record(f"{name}:1")["digest"] == done.text.strip()
    for other in ("auto", "host"):
        assert look(f"{name}:1", "--userns", other) == expected
    ctl("create", "--name", name + "-2", f"{name}:1", *SLEEP).ok()
    assert ctl("diff", name + "-2").ok().out == b""
    first, second = record(busybox), record(f"{name}:1")
    assert second["layers"][:-1] == first["layers"] and len(second["layers"]) == len(first["layers"]) + 1
    if runs:
        assert props(name)["State"] == "running" and not is_frozen(name)
        assert ctl("exec", name, "/bin/sh", "-c", "echo on").ok().out == b"on\n"


@pytest.mark.parametrize("userns", ["auto", "host"])
def test_what_only_a_distribution_has(debian, name, images, userns):
    """File capabilities, attributes, holes, devices and sockets."""
    make = """
import os, socket, struct
os.mkdir("/c"); open("/c/cap", "w").close(); open("/c/attribute", "w").close()
os.setxattr("/c/cap", "security.capability", struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0))
os.setxattr("/c/attribute", "user.mine", b"value")
with open("/c/hole", "wb") as file: file.write(b"begin"); file.truncate(1 << 30)
socket.socket(socket.AF_UNIX).bind("/c/socket")
try: os.mknod("/c/device", 0o20666, os.makedev(1, 3))
except PermissionError: pass
os.remove("/etc/debian_version")
"""
    test = """
import os
print(os.getxattr("/c/cap", "security.capability").hex(), os.getxattr("/c/attribute", "user.mine"))
print(os.stat("/c/hole").st_size, os.stat("/c/hole").st_blocks < 100, sorted(os.listdir("/c")), os.path.exists("/etc/debian_version"))
"""
    ctl("run", "--name", name, "--userns", userns, debian, "python3", "-c", make).ok()
    done = ctl("commit", "--json", name, f"{name}:1").ok()
    assert done.json["leftOut"]["sockets"] == 1 and b"Left out of" in done.err
    for other in ("auto", "host"):
        shown = ctl("run", "--rm", "--userns", other, f"{name}:1", "python3", "-c", test).ok().text.splitlines()
        assert shown[0].startswith("0100000200200000") or shown[0].startswith("0100000300200000"), shown
        assert shown[0].endswith("b'value'")
        assert shown[1] == f"{1 << 30} True ['attribute', 'cap', 'hole'] False"


def test_an_unchanged_container_adds_no_layer(busybox, name, images):
    background(name, busybox, *SLEEP)
    before = layers()
    ctl("commit", name, f"{name}:1").ok()
    assert layers() == before and record(f"{name}:1")["layers"] == record(busybox)["layers"]


def test_the_configuration_is_the_images_but_for_what_is_changed(busybox, name, images):
    ctl("create", "--name", name, busybox, "/bin/true").ok()
    ctl("commit", "-a", "Ann", "-m", "a message", "-c", "CMD [\"/bin/sh\", \"-c\", \"echo $A $B; pwd; id -u\"]", "-c", "ENV A=1 B=2",
        "-c", "WORKDIR /etc", "-c", "STOPSIGNAL INT", "--change", "USER 12", name, f"{name}:1").ok()
    assert ctl("run", "--rm", f"{name}:1").ok().text.splitlines() == ["1 2", "/etc", "12"]
    ctl("create", "--name", name + "-2", f"{name}:1").ok()
    ctl("commit", "-c", "ENV B=3", name + "-2", f"{name}:2").ok()
    assert ctl("run", "--rm", f"{name}:2").ok().text.splitlines() == ["1 3", "/etc", "12"]
    assert ctl("run", "--rm", "--user", "0", f"{name}:2").ok().text.splitlines()[2] == "0"
    shown = record(f"{name}:1")
    assert (shown["author"], shown["comment"], shown["config"]["user"]) == ("Ann", "a message", "12")
    for change in ("LABEL a=b", "EXPOSE 80", "VOLUME /x", "NONSENSE y"):
        failed = ctl("commit", "-c", change, name, f"{name}:3")
        assert failed.code == 1 and change.split()[0].encode() in failed.err
    assert ctl("commit", "--pause=perhaps", name).code == 1


def test_layers_are_shared_and_go_with_the_last_image(busybox, name, images):
    before = layers()
    for number in (1, 2, 3):
        ctl("run", "--name", f"{name}-{number}", f"{name}:{number - 1}" if number > 1 else busybox, "/bin/sh", "-c", f"echo {number} >/{number}").ok()
        ctl("commit", f"{name}-{number}", f"{name}:{number}").ok()
    assert len(layers()) == len(before) + 3
    refused = ctl("remove-image", f"{name}:1")
    assert refused.code == 1 and b"in use" in refused.err
    ctl("remove", *[f"{name}-{number}" for number in (1, 2, 3)]).ok()
    ctl("remove-image", f"{name}:1").ok()
    assert len(layers()) == len(before) + 3  # the others have its layer
    assert ctl("run", "--rm", "--userns", "host", f"{name}:3", "/bin/sh", "-c", "busybox cat /1 /2 /3").ok().out == b"1\n2\n3\n"
    ctl("remove-image", f"{name}:3").ok()
    assert len(layers()) == len(before) + 2
    sizes = {title: row["size"] for row in ctl("images", "--json=short").ok().json for title in row["names"]}
    assert sizes[f"{name}:2"] == record(busybox)["size"] + 4
    ctl("remove-image", f"{name}:2").ok()
    assert layers() == before


def test_the_base_can_be_imported_again_and_taken_away_under_an_image(name, images, tmp_path):
    """An import of the archive whose layer another image still has."""
    (tmp_path / "a.tar").write_bytes(archive(("bin/", None), ("bin/x", b"x")))
    ctl("import", str(tmp_path / "a.tar"), f"{name}:base").ok()
    before = layers()
    ctl("create", "--name", name, f"{name}:base", "/bin/x").ok()
    ctl("copy", "/etc/hostname", f"{name}:/added").ok()
    ctl("commit", name, f"{name}:1").ok()
    ctl("remove", name).ok()
    ctl("remove-image", f"{name}:base").ok()
    ctl("import", str(tmp_path / "a.tar"), f"{name}:base").ok()
    assert len(layers()) == len(before) + 1
    ctl("remove-image", f"{name}:1").ok()
    assert layers() == before


def test_a_name_that_is_taken_moves(busybox, name, images):
    ctl("create", "--name", name, busybox, "/bin/true").ok()
    first = ctl("commit", name, f"{name}:1").ok().text.strip()
    second = ctl("commit", name, f"{name}:1").ok().text.strip()
    assert first != second and record(f"{name}:1")["digest"] == second and record(first)["names"] == []
    ctl("remove-image", first).ok()
    assert ctl("commit", name, "Not/a:name:x").code == 1


def test_a_container_is_paused_until_its_files_are_read(box, name, images):
    fill(box, 300)
    with spawn("quiltctl", "commit", box, f"{name}:1") as client:
        wait_for(lambda: is_frozen(box))
        refused = ctl("exec", box, "/bin/true")
        second = ctl("commit", box, f"{name}:2")
        assert client.wait(10 * TIMEOUT) == 0
    if refused.code:  # it may have ended before
        assert b"committed" in refused.err
    assert second.code == 0 or b"is being committed" in second.err
    wait_for(lambda: not is_frozen(box) and guards() == [])
    with spawn("quiltctl", "commit", "--pause=no", box, f"{name}:3") as client:
        while client.poll() is None:
            assert not is_frozen(box)
    assert client.returncode == 0


def stopped_at(syscall, stack, *command, parent=None):
    """A command, and the process of quiltd, or of another parent, that stops at this system call then."""
    log = stack.enter_context(tempfile.NamedTemporaryFile()).name
    with injected(syscall, "signal=STOP:when=1", parent, log):
        client = stack.enter_context(spawn(*command))
        text = wait_text(log, b"stopped by SIGSTOP")
    return client, int(re.search(rb"(\d+) +--- stopped by SIGSTOP", text).group(1))


@contextlib.contextmanager
def committing(box, image, *options):
    """A commit whose quilt-transfer is stopped when it has paused the container, until the end of the context."""
    with contextlib.ExitStack() as stack:
        client, transfer = stopped_at("capset", stack, "quiltctl", "commit", *options, box, image)
        assert is_frozen(box)
        try:
            yield client
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(transfer, signal.SIGCONT)
            client.err = client.stderr.read()
            client.wait(TIMEOUT)


def test_an_exec_that_was_admitted_before_the_pause_does_not_run_in_it(box, name, images):
    """Its supervisor is stopped before it makes the session's cgroup. The template forks supervisors."""
    ctl("exec", box, "/bin/true").ok()
    template = wait_for(lambda: run("pgrep", "-x", "quilt-template").text)
    with contextlib.ExitStack() as stack:
        client, supervisor = stopped_at("signalfd4", stack, "quiltctl", "exec", box, "/bin/touch", "/ran", parent=template.strip())
        with committing(box, f"{name}:1") as commit:
            os.kill(supervisor, signal.SIGCONT)
            _, err = client.communicate(timeout=TIMEOUT)
            assert is_frozen(box)
        assert commit.returncode == 0
    assert client.returncode == 125 and b"is paused while it is committed" in err
    assert ctl("exec", box, "/bin/ls", "/ran").code == 1
    assert sorted(path.name for path in payload(box).parent.iterdir() if path.is_dir()) == ["payload", "supervisor"]


def test_a_pause_that_lasts_too_long_ends_the_commit(box, name, images):
    ctl("exec", box, "/bin/touch", "/file").ok()
    before = layers()
    failed = ctl("commit", "--pause-timeout", "1us", box, f"{name}:1")
    assert failed.code == 1 and b"--pause-timeout" in failed.err and failed.err.count(b"\n") == 1, failed
    assert layers() == before
    wait_for(lambda: not is_frozen(box) and guards() == [])
    assert f"{name}:1" not in ctl("images", "--json=short").ok().text
    assert b"more than 0" in ctl("commit", "--pause-timeout", "0", box).err
    for limit in ("1h", "infinity"):
        ctl("commit", "--pause-timeout", limit, box, f"{name}:1").ok()
    ctl("commit", "--pause-timeout", "1us", "--pause=no", box, f"{name}:1").ok()


def test_a_pause_is_over_in_time_if_quilt_transfer_hangs(box, name, images):
    """Its guard ends the pause."""
    before = layers()
    with committing(box, f"{name}:1", "--pause-timeout", "5s") as client:
        wait_for(lambda: not is_frozen(box))
        ctl("exec", box, "/bin/touch", "/file").ok()
    assert client.returncode == 1 and b"--pause-timeout" in client.err
    assert f"{name}:1" not in ctl("images", "--json=short").ok().text and layers() == before


def test_a_container_that_is_thawed_meanwhile_makes_no_image(box, name, images):
    before = layers()
    with committing(box, f"{name}:1") as client:
        (payload(box) / "cgroup.freeze").write_text("0")
    assert client.returncode == 1 and b"stopped or thawed" in client.err
    assert layers() == before
    wait_for(lambda: guards() == [])


@pytest.mark.parametrize("victim", ["quilt-transfer", "quilt-pause", "quiltd", "cgroup", "quiltctl", "TERM"])
def test_j_a_kill_during_a_commit_leaves_nothing_and_the_container_goes_on(box, name, images, victim):
    fill(box, 300)
    before, daemon = layers(), daemon_pid()
    with spawn("quiltctl", "commit", box, f"{name}:1") as client:
        wait_for(lambda: is_frozen(box))
        transfer = transfers()[0]
        if victim == "quiltctl":
            client.kill()
        elif victim == "TERM":
            client.terminate()
        elif victim == "cgroup":  # as systemd does
            run("systemctl", "kill", "--signal=KILL", "quiltd.service").ok()
        else:
            os.kill({"quilt-transfer": transfer, "quiltd": daemon}.get(victim) or guards()[0], 9)
        client.wait(10 * TIMEOUT)
        wait_exit(transfer, 10 * TIMEOUT)
    wait_for(lambda: not is_frozen(box))
    wait_for(lambda: guards() == [])
    assert ctl("exec", box, "/bin/sh", "-c", "echo on").ok().out == b"on\n"
    if victim in ("quilt-pause", "quiltctl"):  # the job goes on
        wait_for(lambda: f"{name}:1" in ctl("images").ok().text)
    else:
        assert client.returncode == 1
        assert f"{name}:1" not in ctl("images", "--json=short").ok().text
        wait_for(lambda: layers() == before)
    run("systemctl", "reset-failed", "quiltd.service")


def test_j_all_that_could_thaw_is_killed_at_once(box, name, images):
    """The next quiltd finds the mark."""
    fill(box, 300)
    with spawn("quiltctl", "commit", box, f"{name}:1"):
        wait_for(lambda: is_frozen(box))
        for pid in guards() + transfers() + [daemon_pid()]:
            os.kill(pid, 9)
    daemon_again()
    wait_for(lambda: not is_frozen(box))
    assert ctl("exec", box, "/bin/true").code == 0
    run("systemctl", "reset-failed", "quiltd.service")


@pytest.mark.parametrize("how", ["stop", "systemctl", "restart"])
def test_a_stop_ends_the_pause_and_the_commit(busybox, name, images, how):
    """The command can handle the signal, and has the time that it always has."""
    background(name, busybox, "/bin/sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done")
    follow_until(name, b"ready")
    before = layers()
    verb = {"stop": ("quiltctl", "stop", name), "systemctl": ("systemctl", "stop", f"quilt-{name}.scope"), "restart": ("quiltctl", "restart", name)}[how]
    with committing(name, f"{name}:1") as client:
        run(*verb).ok()
        if how != "restart":
            shown = props(name)
            assert (shown["State"], shown["ExitCode"], shown["Reason"]) == ("exited", 7, "stopped")
        client.wait(TIMEOUT)
    assert client.returncode == 1 and b"was stopped before" in client.err, client.err
    assert f"{name}:1" not in ctl("images", "--json=short").ok().text and layers() == before
    wait_for(lambda: guards() == [])
    if how == "restart":
        assert props(name)["State"] == "running" and not is_frozen(name)
        assert ctl("exec", name, "/bin/true").code == 0
    ctl("commit", name, f"{name}:1").ok()


def test_a_commit_goes_on_if_the_container_is_killed(box, name, images):
    ctl("exec", box, "/bin/touch", "/file").ok()
    with committing(box, f"{name}:1") as client:
        ctl("kill", box).ok()
    assert client.returncode == 0
    ctl("run", "--rm", f"{name}:1", "/bin/ls", "/file").ok()


def test_a_removal_meanwhile_makes_no_image(box, name, images):
    fill(box, 300)
    before = layers()
    with spawn("quiltctl", "commit", box, f"{name}:1") as client:
        wait_for(lambda: is_frozen(box))
        ctl("remove", "--force", box).ok()
        assert client.wait(10 * TIMEOUT) == 1
        assert b"removed while" in client.stderr.read()
    assert f"{name}:1" not in ctl("images", "--json=short").ok().text and layers() == before


def test_a_start_and_a_removal_wait_for_the_commit_of_a_container_that_does_not_run(box, name, images):
    fill(box, 300)
    ctl("stop", "--time", "0", box).ok()
    with spawn("quiltctl", "commit", box, f"{name}:1") as client:
        wait_for(transfers)
        answers = [ctl("start", box), ctl("remove", box)]
        still = client.poll() is None
        assert client.wait(10 * TIMEOUT) == 0
    if still:
        assert all(answer.code == 1 and b"copied" in answer.err for answer in answers)
        ctl("start", box).ok()


def test_links_and_changes_meanwhile_lead_nowhere(busybox, name, images):
    script = "busybox mkdir /d && busybox ln -s / /l; while :; do for m in '/d /x' '/l /d' '/d /l' '/x /d'; do busybox mv -T $m; done; done"
    background(name, busybox, "/bin/sh", "-c", script)
    for pause in ("no", "yes") * 5:
        done = ctl("commit", f"--pause={pause}", name, f"{name}:1")
        if done.code == 0:
            digest = record(f"{name}:1")["layers"][-1].partition(":")[2]
            found = sorted(path.name for path in (STATE / "layers" / digest / "fs").iterdir())
            assert set(found) <= {"d", "l", "x"}, found
        else:
            assert pause == "no", done


def test_a_layer_beyond_the_limit_leaves_nothing(name, images, busybox):
    config = pathlib.Path("/etc/quilt/quiltd.conf.d/commit.conf")
    background(name, busybox, *SLEEP)
    fill(name, 20)
    before = layers()
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("[Manager]\nImportMaxBytes=10M\n")
    try:
        run("systemctl", "reload", "quiltd.service").ok()
        failed = ctl("commit", name, f"{name}:1")
        assert failed.code == 1 and b"larger" in failed.err
    finally:
        config.unlink()
        run("systemctl", "reload", "quiltd.service").ok()
    assert layers() == before
    wait_for(lambda: not is_frozen(name))


@pytest.mark.parametrize("runs", [True, False], ids=["runs", "stopped"])
def test_a_full_disk_leaves_nothing_and_says_so(name, images, busybox, runs):
    """A small file system in the place of the layers' directory, which has the layers of the image."""
    background(name, busybox, *SLEEP)
    fill(name, 8)
    if not runs:
        ctl("stop", "--time", "0", name).ok()
    base = [layer.partition(":")[2] for layer in record(busybox)["layers"]]
    small = pathlib.Path("/run/small-layers")
    small.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=6m,mode=700", "tmpfs", str(small)).ok()
    try:
        for layer in base:
            run("cp", "-a", str(STATE / "layers" / layer), str(small)).ok()
        run("systemctl", "stop", "quiltd.service").ok()
        run("mount", "--move", str(small), str(STATE / "layers")).ok()
        failed = ctl("commit", name, f"{name}:1")
        assert failed.code == 1 and b"space" in failed.err.lower() and failed.err.count(b"\n") == 1, failed
        assert layers() == base
        wait_for(lambda: not is_frozen(name) and guards() == [])
        assert f"{name}:1" not in ctl("images", "--json=short").ok().text
        if runs:
            ctl("exec", name, "/bin/true").ok()
    finally:
        run("systemctl", "stop", "quiltd.service").ok()
        run("umount", str(small))
        run("umount", str(STATE / "layers"))
        small.rmdir()
    ctl("commit", name, f"{name}:1").ok()
    assert record(f"{name}:1")["layers"][:-1] == record(busybox)["layers"]


def test_who_may(busybox, name, images, rule):
    background(name, busybox, *SLEEP)
    background(name + "-user", busybox, *SLEEP, options=("--user", "12"))
    denied = ctl("--no-ask-password", "commit", name, f"{name}:1", user="bob")
    assert denied.code == 1 and b"org.quilt.exec" in denied.err and not is_frozen(name)
    grant = """polkit.addRule(function (action, subject) {
      if (subject.user == "bob" && %s && action.lookup("verb") == "commit") return polkit.Result.YES; });"""
    rule(grant % 'action.id == "org.quilt.exec"')
    denied = ctl("--no-ask-password", "commit", name, f"{name}:1", user="bob")
    assert denied.code == 1 and b"org.quilt.manage-images" in denied.err
    rule(grant % f'(action.id == "org.quilt.exec" || action.id == "org.quilt.manage-images" && action.lookup("image") == "{name}:1")')
    ctl("--no-ask-password", "commit", name, f"{name}:1", user="bob").ok()
    assert ctl("--no-ask-password", "commit", name, f"{name}:2", user="bob").code == 1
    denied = ctl("--no-ask-password", "commit", name + "-user", f"{name}:1", user="bob")
    assert denied.code == 1 and b"org.quilt.privileged" in denied.err
