# SPDX-License-Identifier: LGPL-2.1-or-later
"""The results of setup steps are kept and used again (S7)."""
import concurrent.futures
import tarfile
import time
import uuid

import pytest

from quilt import BUSYBOX, STATE, TIMEOUT, Events, ctl, remove_containers, spawn
from test_access import rule  # noqa: F401
from test_daemon import daemon_pid, kill_daemon
from test_lifecycle import path_of, props

DRAW = "cat /proc/sys/kernel/random/uuid >/made"  # two runs of it differ


def kept():
    """The digests of the images that keep results."""
    named = {image["digest"] for image in ctl("images", "--json=short").ok().json}
    return {image["digest"] for image in ctl("images", "--all", "--json=short").ok().json} - named


def forget():
    for digest in kept():
        ctl("remove-image", digest)  # quiltd may have removed it, if its last container is gone
    assert kept() == set()


@pytest.fixture
def step(name):
    """A step that no other test has. No other result is kept at the beginning, and none at the end."""
    forget()
    yield f"{DRAW} # {uuid.uuid4()}"
    remove_containers(name)
    forget()


def made(name, image, *options, **kwargs):
    """What a container made by these options finds in /made."""
    return last(ctl("run", "--name", name, *options, image, "/bin/cat", "/made", **kwargs).ok())


def last(done):
    return done.text.splitlines()[-1]


def steps_run(journal, name):
    return len(journal.entries(f"CONTAINER_NAME={name}", "QUILT_STEP=1"))


def test_s7_a_second_container_does_not_repeat_the_steps(busybox, name, step, journal):
    options = ("--setup", "echo ran; sleep 1", "--setup", step)
    first = made(f"{name}-1", busybox, *options)
    assert len(kept()) == 1
    started = time.monotonic()
    assert made(f"{name}-2", busybox, *options) == first
    assert time.monotonic() - started < 1
    assert [steps_run(journal, f"{name}-{i}") for i in (1, 2)] == [1, 0]
    assert len(kept()) == 1
    # Volatile containers too.
    assert made(name, busybox, "--rm", *options) == first


def test_s7_a_second_start_does_not_repeat_the_steps(busybox, name, step, journal):
    options = ("--setup", step, "--setup", "echo ran; echo x >>/count")
    first = made(f"{name}-1", busybox, *options)
    ctl("create", "--name", f"{name}-2", *options, busybox, "/bin/cat", "/count", "/made").ok()
    assert [ctl("start", "--attach", f"{name}-1").ok().text for _ in range(2)] == [f"{first}\n"] * 2
    assert [ctl("start", "--attach", f"{name}-2").ok().text for _ in range(2)] == [f"x\n{first}\n"] * 2
    assert len(journal.entries(f"CONTAINER_NAME={name}-1", "QUILT_STEP=2")) == 1
    assert journal.entries(f"CONTAINER_NAME={name}-2", "QUILT_STEP=2") == []


def test_off_runs_the_steps_at_each_start_and_keeps_nothing(busybox, name, step):
    first = made(name, busybox, "--setup-cache=off", "--setup", step)
    assert last(ctl("start", "--attach", name).ok()) != first
    assert kept() == set()
    assert made(f"{name}-2", busybox, "--setup", step) != first


def test_refresh_replaces_the_result(busybox, name, step):
    first = made(f"{name}-1", busybox, "--setup", step)
    ctl("create", "--name", f"{name}-2", "--setup", step, busybox, "/bin/cat", "/made").ok()
    second = made(f"{name}-3", busybox, "--setup-cache=refresh", "--setup", step)
    assert second != first
    assert made(f"{name}-4", busybox, "--setup", step) == second
    # A container that was made before keeps its own, and that is collected when nothing uses it.
    assert len(kept()) == 2
    assert last(ctl("start", "--attach", f"{name}-2").ok()) == first
    ctl("remove", f"{name}-2").ok()
    third = made(f"{name}-5", busybox, "--setup-cache=refresh", "--setup", step)
    assert third not in (first, second) and made(f"{name}-6", busybox, "--setup", step) == third
    assert len(kept()) == 2  # NAME-4 uses the second


@pytest.mark.parametrize("change", [
    ("--env", "A=b"), ("--user", "1"), ("--workdir", "/tmp"), ("--hostname", "other"), ("--network", "host"),
    ("--cap-add", "SYS_PTRACE"), ("--setup", "true"), ("--userns", "host"), ("--tmpfs", "/mnt")], ids=lambda change: change[0].strip("-"))
def test_a_different_key_runs_the_steps(busybox, name, step, change):
    first = made(f"{name}-1", busybox, "--setup", step)
    assert made(f"{name}-2", busybox, "--setup", step, *change) != first


def test_what_does_not_matter_is_not_in_the_key(busybox, name, step):
    first = made(f"{name}-1", busybox, "--setup", step)
    assert made(f"{name}-2", busybox, "--setup", step, "--memory", "100m", "--label", "a=b", "--setup-timeout", "60", "--init") == first


def test_another_user_gets_nothing_of_it(busybox, name, step, rule):  # noqa: F811
    rule("""
polkit.addRule(function (action, subject) {
  if (action.id == "org.quilt.inspect" || action.id == "org.quilt.manage-containers")
    return polkit.Result.YES;
});""")
    first = made(f"{name}-1", busybox, "--setup", step)
    second = made(f"{name}-2", busybox, "--setup", step, user="alice")
    assert second != first
    assert made(f"{name}-3", busybox, "--setup", step, user="alice") == second
    assert made(f"{name}-4", busybox, "--setup", step, user="bob") not in (first, second)
    assert made(f"{name}-5", busybox, "--setup", step) == first


def test_a_failing_step_keeps_nothing(busybox, name, step):
    done = ctl("run", "--name", name, "--setup", step, "--setup", "exit 3", busybox, "/bin/true")
    assert done.code == 125 and b"step 2" in done.err
    assert kept() == set()
    assert ctl("start", name).code != 0  # runs them again
    assert kept() == set()


@pytest.mark.parametrize("more", [(), ("--rm",)], ids=["kept", "rm"])
def test_two_at_once_run_the_steps_once(busybox, name, step, journal, more):
    options = (*more, "--setup", "echo ran; sleep 1", "--setup", step)
    names = [f"{name}-{i}" for i in range(4)]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        results = set(pool.map(lambda one: made(one, busybox, *options), names))
    assert len(results) == 1 and len(kept()) == 1
    assert sum(steps_run(journal, one) for one in names) == 1


def test_created_before_and_started_at_once(busybox, name, step):
    names = [f"{name}-{i}" for i in range(3)]
    for one in names:
        ctl("create", "--name", one, "--setup", "sleep 0.5", "--setup", step, busybox, "/bin/cat", "/made").ok()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        results = set(pool.map(lambda one: last(ctl("start", "--attach", one).ok()), names))
    assert len(results) == 1 and len(kept()) == 1
    records = [ctl("inspect", one).ok().json for one in names]
    assert sorted("setup-image" in record for record in records) == [False, True, True]


@pytest.mark.parametrize("how", ["fails", "is-killed", "is-removed"])
def test_the_second_runs_them_itself_if_the_first(busybox, name, step, how):
    options = ("--setup", "sleep 2", "--setup", step)
    first_options = ("--setup-timeout", "1") if how == "fails" else ()  # the timeout is not in the key
    with spawn("quiltctl", "run", "--name", f"{name}-1", *first_options, *options, busybox, "/bin/true") as first:
        with Events() as events:
            while ctl("inspect", f"{name}-1").code != 0 or props(f"{name}-1")["SetupStep"] != 1:
                pass
            with spawn("quiltctl", "run", "--name", f"{name}-2", *options, busybox, "/bin/cat", "/made") as second:
                while ctl("inspect", f"{name}-2").code != 0:
                    pass
                assert props(f"{name}-2")["State"] == "pending"
                if how == "is-killed":
                    ctl("kill", f"{name}-1").ok()
                elif how == "is-removed":
                    ctl("remove", "--force", f"{name}-1").ok()
                assert first.wait(TIMEOUT) == 125
                assert kept() == set()
                events.wait(lambda path, _interface, member, arguments: member == "StateChanged" and arguments[1] == "setting-up")
                assert second.wait(TIMEOUT) == 0
                text = second.stdout.read().decode().splitlines()[-1]
    assert made(f"{name}-3", busybox, *options) == text


@pytest.mark.parametrize("verb", [("stop",), ("kill",), ("remove", "--force")], ids=lambda verb: verb[0])
def test_a_start_that_waits_can_be_called_off(busybox, name, step, verb):
    options = ("--setup", "sleep 3", "--setup", step)
    with spawn("quiltctl", "run", "--name", f"{name}-1", *options, busybox, "/bin/true") as first:
        while ctl("inspect", f"{name}-1").code != 0 or props(f"{name}-1")["SetupStep"] != 1:
            pass
        with spawn("quiltctl", "run", "--name", f"{name}-2", *options, busybox, "/bin/true") as second:
            while ctl("inspect", f"{name}-2").code != 0:
                pass
            ctl(*verb, f"{name}-2").ok()
            assert second.wait(2) == 125 and b"waited for the same setup steps" in second.stderr.read()
        assert first.poll() is None
        assert first.wait(TIMEOUT) == 0
    if verb[0] != "remove":
        assert ctl("start", f"{name}-2").ok()


def test_everything_that_steps_change_is_kept(busybox, name, step):
    script = ("rm /bin/ls; rm -r /usr /var; mkdir -p /opt/new/deep; echo text >/opt/new/file; ln -s file /opt/new/link; ln /opt/new/file /hard;"
              "chmod 4755 /hard; chown 7:8 /opt/new; mkfifo /opt/fifo; rm /etc/passwd; echo root:x:0:0:::/bin/sh >/etc/passwd;"
              "touch -d @1000000000 /opt/new/link /opt/new/file")
    look = "cd /; find . -xdev ! -path './dev*' ! -path './proc*' ! -path './sys*' ! -path './etc/host*' | sort | while read f; do stat -c '%n %f %u:%g %s %Y' $f; done; cat /made /opt/new/file"
    options = ("--setup", script, "--setup", step)
    first, second = (ctl("run", "--name", f"{name}-{i}", *options, busybox, "/bin/sh", "-c", look).ok().text for i in range(2))
    lines = [[line for line in text.splitlines() if not line.startswith(". ")] for text in (first, second)]
    assert lines[0] == lines[1] and "./hard 89ed 0:0 5 1000000000" in lines[0] and "text" in lines[0]
    assert not any(line.startswith(("./bin/ls ", "./usr ")) for line in lines[0])
    assert len(kept()) == 1
    # Nothing has changed since the steps, and what they changed is no change of the second.
    assert ctl("diff", f"{name}-1").ok().text == ""


def test_steps_that_change_nothing_are_kept_too(busybox, name, step, journal):
    options = ("--setup", f"echo ran # {uuid.uuid4()}")
    for i in range(2):
        ctl("run", "--name", f"{name}-{i}", *options, busybox, "/bin/true").ok()
    assert [steps_run(journal, f"{name}-{i}") for i in range(2)] == [1, 0]


def test_volumes_turn_it_off(busybox, name, step, tmp_path):
    volume = ("--volume", f"{tmp_path}:/srv:ro")
    first = made(f"{name}-1", busybox, *volume, "--setup", step)
    assert made(f"{name}-2", busybox, *volume, "--setup", step) != first
    assert kept() == set()
    for mode in "use", "refresh":
        done = ctl("run", "--name", f"{name}-3", *volume, f"--setup-cache={mode}", "--setup", step, busybox, "/bin/true")
        assert done.code == 125 and b"volumes" in done.err
    assert ctl("run", "--name", f"{name}-3", "--setup-cache=on", busybox, "/bin/true").code == 125


def test_copied_files_are_nobody_elses(busybox, name, step, tmp_path):
    (tmp_path / "secret").write_text("secret\n")
    ctl("create", "--name", f"{name}-1", "--setup", step, busybox, "/bin/cat", "/made", "/secret").ok()
    ctl("copy", str(tmp_path / "secret"), f"{name}-1:/secret").ok()
    assert "secret" in ctl("start", "--attach", f"{name}-1").ok().text
    assert kept() == set()


def test_images_lists_them_on_demand_and_none_can_be_used_directly(busybox, name, step):
    made(name, busybox, "--env", "PASSWORD=hunter2", "--setup", step)
    digest, = kept()
    assert digest not in ctl("images", "--no-trunc").ok().text and digest in ctl("images", "--all", "--no-trunc").ok().text
    assert digest not in ctl("images", "-q").ok().text
    record = ctl("inspect-image", digest).ok().json
    base, = [image["digest"] for image in ctl("images", "--json=short").ok().json if any("busybox" in one for one in image["names"])]
    assert record["base"] == base and "setup-key" not in record
    for words in (["run", "--name", f"{name}-2", digest, "/bin/cat", "/made"], ["verify", digest, "/made"]):
        done = ctl(*words)
        assert done.code == 125 and b"keeps the result of setup steps" in done.err
    ctl("remove-image", digest).ok()
    assert kept() == set()


def overlay_layers(name):
    lower, = (option for mount in ctl("inspect", "--oci", name).ok().json["mounts"] if mount["destination"] == "/"
              for option in mount["options"] if option.startswith("lowerdir="))
    return lower.partition("=")[2].split(":")


def test_inspect_shows_what_is_used(busybox, name, step):
    ctl("run", "--name", f"{name}-1", "--setup", step, busybox, "/bin/true").ok()
    ctl("create", "--name", f"{name}-2", "--setup", step, busybox, "/bin/true").ok()
    assert "setup-image" not in ctl("inspect", f"{name}-1").ok().json
    assert {ctl("inspect", f"{name}-2").ok().json["setup-image"]} == kept()
    base, used = overlay_layers(f"{name}-1"), overlay_layers(f"{name}-2")
    assert used[1:] == base and ctl("inspect-image", *kept()).ok().json["layers"][-1].partition(":")[2] in used[0]


def test_the_digests_tell_nothing_of_a_secret(busybox, name, step, rule):  # noqa: F811
    """Every user may see them, so a guess at the content must not lead to the same."""
    rule("""
polkit.addRule(function (action, subject) {
  if (action.id == "org.quilt.inspect" || action.id == "org.quilt.manage-containers")
    return polkit.Result.YES;
});""")
    before, digests = layers(), set()
    for user in ("root", "alice"):
        ctl("run", "--rm", "--name", name, "--setup", "printf hunter2 >/secret; touch -d @0 /secret /", busybox, "/bin/true", user=user).ok()
        digests |= kept()
    assert len(digests) == len(layers() - before) == 2


@pytest.fixture
def own_image(name, tmp_path):
    """An image of the test's own."""
    with tarfile.open(BUSYBOX) as source, tarfile.open(tmp_path / "own.tar", "w") as target:
        for member in source:
            target.addfile(member, source.extractfile(member) if member.isreg() else None)
        target.addfile(tarfile.TarInfo(name))
    ctl("import", str(tmp_path / "own.tar"), name).ok()
    yield name
    ctl("remove-image", name)


def layers():
    return {path.name for path in (STATE / "layers").iterdir()}


def test_the_image_takes_them_along(own_image, name, step):
    before = layers()
    made(f"{name}-1", own_image, "--setup", step)
    used = layers() - before
    assert len(used) == 1
    ctl("create", "--name", f"{name}-2", "--setup", step, own_image, "/bin/cat", "/made").ok()
    ctl("remove", f"{name}-1").ok()
    refused = ctl("remove-image", own_image)
    assert refused.code != 0 and f"{name}-2".encode() in refused.err
    kill_daemon()  # the record names what it uses
    refused = ctl("remove-image", own_image)
    assert refused.code != 0 and f"{name}-2".encode() in refused.err
    refused = ctl("remove-image", *kept())
    assert refused.code != 0 and f"{name}-2".encode() in refused.err
    ctl("start", "--attach", f"{name}-2").ok()
    ctl("remove", f"{name}-2").ok()
    assert len(kept()) == 1
    ctl("remove-image", own_image).ok()
    deadline = time.monotonic() + TIMEOUT
    while (kept() or layers() & used) and time.monotonic() < deadline:
        pass
    assert not kept() and not layers() & used


def unfinished():
    return [path for path in (STATE / "layers").iterdir() if path.name.startswith(".tmp-")]


def test_j_quiltd_is_killed_while_the_result_is_copied(busybox, name, step, journal):
    """The container goes on, nothing is kept, and nothing unfinished is left."""
    fill = "for i in $(seq 1500); do echo $i >/tmp/$i; done; head -c 60000000 /dev/zero >/tmp/big"
    options = ("--setup", fill, "--setup", step)
    with spawn("quiltctl", "run", "-d", "--name", f"{name}-1", *options, busybox, "/bin/sleep", "1000"):
        while not unfinished():
            pass
        kill_daemon()
    assert daemon_pid()
    with Events() as events:
        if props(f"{name}-1")["State"] != "running":
            events.wait_property(path_of(f"{name}-1"), "State", "running")
    assert kept() == set() and not unfinished()
    first = last(ctl("exec", f"{name}-1", "/bin/cat", "/made").ok())
    ctl("stop", "-t", "0", f"{name}-1").ok()
    ctl("start", f"{name}-1").ok()
    assert last(ctl("exec", f"{name}-1", "/bin/cat", "/made").ok()) == first  # it was set up
    ctl("remove", "--force", f"{name}-1", timeout=6 * TIMEOUT).ok()
    second = made(f"{name}-2", busybox, *options, timeout=6 * TIMEOUT)
    assert second != first and len(kept()) == 1
    assert made(f"{name}-3", busybox, *options) == second


def test_j_quiltd_is_killed_while_steps_run(busybox, name, step):
    options = ("--setup", "sleep 1", "--setup", step)
    with spawn("quiltctl", "run", "-d", "--name", f"{name}-1", *options, busybox, "/bin/sleep", "1000"):
        while ctl("inspect", f"{name}-1").code != 0 or props(f"{name}-1")["SetupStep"] != 1:
            pass
        with spawn("quiltctl", "run", "--name", f"{name}-2", *options, busybox, "/bin/cat", "/made") as second:
            while ctl("inspect", f"{name}-2").code != 0:
                pass
            kill_daemon()
            assert second.wait(TIMEOUT) is not None
    with Events() as events:
        if props(f"{name}-1")["State"] != "running":
            events.wait_property(path_of(f"{name}-1"), "State", "running")
    assert kept() == set()
    text = made(f"{name}-3", busybox, *options)
    assert last(ctl("start", "--attach", f"{name}-2").ok()) == text


@pytest.mark.parametrize("verb", [("stop", "-t", "0"), ("remove", "--force")], ids=lambda verb: verb[0])
def test_a_container_that_ends_while_its_result_is_copied_keeps_nothing(busybox, name, step, verb):
    fill = "for i in $(seq 1500); do echo $i >/tmp/$i; done; head -c 60000000 /dev/zero >/tmp/big"
    with spawn("quiltctl", "run", "--name", name, "--setup", fill, "--setup", step, busybox, "/bin/true") as client:
        while not unfinished():
            pass
        ctl(*verb, name, timeout=6 * TIMEOUT).ok()
        assert client.wait(6 * TIMEOUT) == 125
    assert kept() == set()
    while unfinished():
        pass
