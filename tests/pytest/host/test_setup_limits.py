# SPDX-License-Identifier: LGPL-2.1-or-later
"""How much the kept results of setup steps may take, and how long it may take to keep one."""
import contextlib
import json
import pathlib

import pytest

from quilt import STATE, TIMEOUT, containers, ctl, run, spawn
from test_access import rule  # noqa: F401
from test_crash import daemon_again
from test_daemon import daemon_pid, kill_daemon
from test_exec import wait_for
from test_lifecycle import props
from test_setup_cache import kept, last, layers, made, step, steps_run, unfinished  # noqa: F401

CONFIG = pathlib.Path("/etc/quilt/quiltd.conf.d/setup-cache.conf")


def write(*lines):
    CONFIG.write_text("\n".join(("[Manager]", *lines, "")))
    run("systemctl", "reload", "quiltd.service").ok()


@pytest.fixture
def configure():
    """Puts settings in force, until the test ends."""
    CONFIG.parent.mkdir(parents=True, exist_ok=True)
    yield write
    CONFIG.unlink(missing_ok=True)
    run("systemctl", "reload", "quiltd.service").ok()


def fill(mib, path="/big"):
    return f"head -c {mib << 20} /dev/zero >{path}"


def used(digest):
    return (STATE / "images" / f"{digest.partition(':')[2]}.json").stat().st_mtime_ns


def result(name, image, *options):
    """What a new result is, with its digest."""
    before = kept()
    text = made(name, image, "--rm", *options)
    digest, = kept() - before
    return text, digest


def warnings(journal):
    return [text for text in journal.messages("_SYSTEMD_UNIT=quiltd.service", "PRIORITY=4") if b"setup steps" in text]


def wait_clean(before):
    """Nothing is left of a result that was not kept."""
    wait_for(lambda: not unfinished())
    assert kept() == set() and layers() == before


def test_the_least_recently_used_goes_also_after_a_kill(busybox, name, step, configure):
    configure("SetupCacheMaxBytes=25M")
    steps = [("--setup", fill(10), "--setup", f"{step} {i}") for i in range(3)]
    first, first_digest = result(name, busybox, *steps[0])
    _, second_digest = result(name, busybox, *steps[1])
    before = used(first_digest)
    assert made(name, busybox, "--rm", *steps[0]) == first
    wait_for(lambda: used(first_digest) != before)  # quiltd notes the use when the container is gone
    kill_daemon()
    assert kept() == {first_digest, second_digest}
    _, third_digest = result(name, busybox, *steps[2])
    assert kept() == {first_digest, third_digest}
    assert made(name, busybox, "--rm", *steps[0]) == first
    assert not (STATE / "images" / f"{second_digest.partition(':')[2]}.json").exists()


def test_one_in_use_stays_and_the_new_one_is_not_kept(busybox, name, step, configure, journal):
    configure("SetupCacheMaxBytes=25M")
    steps = [("--setup", fill(size), "--setup", f"{step} {size}") for size in (14, 15)]
    first, digest = result(name, busybox, *steps[0])
    ctl("create", "--name", f"{name}-1", *steps[0], busybox, "/bin/cat", "/made").ok()
    before = layers()
    made(f"{name}-2", busybox, *steps[1])
    wait_for(lambda: not unfinished())
    assert kept() == {digest} and layers() == before
    text, = warnings(journal)
    assert f"{name}-2".encode() in text and b"SetupCacheMaxBytes=" in text
    kill_daemon()  # the container still uses it
    made(f"{name}-3", busybox, *steps[1])
    assert last(ctl("start", "--attach", f"{name}-1").ok()) == first
    ctl("remove", f"{name}-1").ok()
    result(name, busybox, *steps[1])
    assert digest not in kept()


@pytest.mark.parametrize("what", [fill(64), "i=0; while [ $i -lt 8000 ]; do : >/tmp/$i; i=$((i+1)); done"], ids=["bytes", "files"])
def test_one_that_is_too_large_is_given_up_early(busybox, name, step, configure, journal, what):
    configure("SetupCacheMaxBytes=20M")
    before = layers()
    options = ("--setup", f"echo ran; {what}", "--setup", step)
    assert made(name, busybox, *options, timeout=6 * TIMEOUT)
    text, = warnings(journal)
    assert name.encode() in text and b"SetupCacheMaxBytes=" in text
    wait_clean(before)
    assert last(ctl("start", "--attach", name).ok())  # it was set up, although nothing is kept
    assert steps_run(journal, name) == 1


def test_holes_do_not_count(busybox, name, step, configure):
    configure("SetupCacheMaxBytes=20M")
    options = ("--setup", "truncate -s 200M /hole", "--setup", step)
    first = made(f"{name}-1", busybox, *options, timeout=6 * TIMEOUT)
    assert made(f"{name}-2", busybox, *options) == first


def test_0_keeps_nothing(busybox, name, step, configure, journal):
    first = made(f"{name}-1", busybox, "--setup", step)
    ctl("create", "--name", f"{name}-2", "--setup", step, busybox, "/bin/cat", "/made").ok()
    digest, = kept()
    daemon = daemon_pid()
    configure("SetupCacheMaxBytes=0")
    assert kept() == {digest}  # it is in use
    assert last(ctl("start", "--attach", f"{name}-2").ok()) == first
    ctl("remove", f"{name}-2").ok()
    wait_for(lambda: not kept())
    assert made(f"{name}-3", busybox, "--setup", step) != first
    assert made(f"{name}-4", busybox, "--setup-cache=refresh", "--setup", step)
    assert kept() == set() and warnings(journal) == [] and daemon_pid() == daemon


def test_a_lower_limit_holds_at_once(busybox, name, step, configure):
    digests = [result(name, busybox, "--setup", fill(5), "--setup", f"{step} {i}")[1] for i in range(3)]
    configure("SetupCacheMaxBytes=7M")
    wait_for(lambda: kept() == {digests[2]})


# The time: nothing copies 64 MiB within a millisecond

def transfers():
    return run("pgrep", "-x", "quilt-transfer").text.split()


def test_a_result_that_takes_too_long_is_given_up(busybox, name, step, configure, journal):
    configure("SetupCacheTimeoutSec=1ms")
    before = layers()
    options = ("--setup", f"echo ran; {fill(64)}", "--setup", step)
    first = made(name, busybox, *options)
    text, = warnings(journal)
    assert name.encode() in text and b"SetupCacheTimeoutSec=" in text
    wait_for(lambda: not transfers())  # it was killed
    wait_clean(before)
    assert last(ctl("start", "--attach", name).ok()) == first
    assert steps_run(journal, name) == 1


def test_starts_that_have_waited_for_it_do_not_wait_for_each_other(busybox, name, step, configure, journal):
    """One after the other would take as long, and not be kept either."""
    configure("SetupCacheTimeoutSec=1ms")
    before = layers()
    options = ("--setup", f"echo ran; sleep 98765; {fill(64)}", "--setup", step, busybox, "/bin/cat", "/made")
    names = [f"{name}-{i}" for i in range(3)]
    with contextlib.ExitStack() as stack:
        clients = []
        for one in names:
            clients.append(stack.enter_context(spawn("quiltctl", "run", "--name", one, *options)))
            wait_for(lambda: ctl("inspect", one).code == 0 and (one != names[0] or props(one)["SetupStep"] == 1))
        # The others wait for the first. Its step ends now, and theirs when they have begun.
        wait_for(lambda: run("pkill", "-f", "^sleep 98765") and all(client.poll() is not None for client in clients), 6 * TIMEOUT)
        assert [client.poll() for client in clients] == [0] * 3
    assert len(warnings(journal)) == 1
    assert [journal.messages(f"CONTAINER_NAME={one}", "QUILT_STEP=1").count(b"ran") for one in names] == [1] * 3
    wait_clean(before)


def test_the_time_limit_can_be_off(busybox, name, step, configure):
    configure("SetupCacheTimeoutSec=0")
    first = made(f"{name}-1", busybox, "--setup", step)
    assert made(f"{name}-2", busybox, "--setup", step) == first


# prune

def test_prune_removes_what_no_container_uses(busybox, name, step, configure):
    first, digest = result(name, busybox, "--setup", fill(5), "--setup", step)
    _, other = result(name, busybox, "--setup", fill(3), "--setup", f"{step} other")
    before = layers()
    ctl("create", "--name", f"{name}-1", "--setup", fill(5), "--setup", step, busybox, "/bin/cat", "/made").ok()
    said = ctl("prune", "--setups", "--dry-run").ok().text.splitlines()
    assert said == [other, "Would free 3.0M"] and kept() == {digest, other} and layers() == before
    assert ctl("prune", "--setups").ok().text.splitlines() == [other, "Freed 3.0M"]
    assert kept() == {digest} and len(before - layers()) == 1
    assert last(ctl("start", "--attach", f"{name}-1").ok()) == first
    ctl("remove", f"{name}-1").ok()
    answer = ctl("prune", "--setups", "--json=short").ok().json
    assert [row["digest"] for row in answer["removed"]] == [digest] and answer["dryRun"] is False
    assert answer["freed"] == answer["removed"][0]["freed"] >= 5 << 20
    assert kept() == set() and "busybox" in ctl("images").ok().text
    assert ctl("prune", "--setups").ok().text == "Freed 0B\n"


def test_prune_wants_to_be_told_what(busybox, name, step):
    _, digest = result(name, busybox, "--setup", step)
    for words in ((), ("--dry-run",)):
        refused = ctl("prune", *words)
        assert refused.code != 0 and b"--setups" in refused.err
    refused = ctl("prune", "--force", "--setups")
    assert refused.code != 0 and b"leave it out" in refused.err
    assert kept() == {digest}


def test_who_may_prune(busybox, name, step, rule):  # noqa: F811
    _, digest = result(name, busybox, "--setup", step)
    grant = """polkit.addRule(function (action, subject) {
      if (action.id == "org.quilt.manage-images" && %s) return polkit.Result.YES; });"""
    rule(grant % 'action.lookup("image") == "busybox"')
    for words in ((), ("--dry-run",)):
        refused = ctl("--no-ask-password", "prune", "--setups", *words, user="bob")
        assert refused.code == 1 and b"org.quilt.manage-images" in refused.err
    assert kept() == {digest}
    rule(grant % 'action.lookup("verb") == "prune"')
    ctl("--no-ask-password", "prune", "--setups", user="bob").ok()
    assert kept() == set()


# Kills

def wait_consistent():
    """Each record has its layers, and a quiltd that has started removes all other layers."""
    def records():
        return [json.loads(path.read_text()) for path in (STATE / "images").glob("*.json")]

    wait_for(lambda: layers() == {layer.partition(":")[2] for record in records() for layer in record["layers"]})
    assert {record["digest"] for record in records() if "setup-key" in record} == kept()


@pytest.mark.parametrize("operation, traps", [
    ("prune", ["unlinkat:1", "unlinkat:2", "fsync:1", "renameat:1", "fsync:2", "unlinkat:4"]),
    ("run", ["unlinkat:1", "renameat:1", "renameat2:1", "renameat2:2", "fsync:1", "fsync:2", "fsync:3", "fsync:5"])])
def test_j_quiltd_is_killed_while_results_go(busybox, name, step, configure, tmp_path, operation, traps):
    """The third result does not fit, so the oldest goes first."""
    configure("SetupCacheMaxBytes=25M")
    for number, trap in enumerate(traps):
        options = [("--setup", fill(10), "--setup", f"{step} {number} {i}") for i in range(3)]
        for i in range(2):
            result(f"{name}-{i}", busybox, *options[i])
        words = ("prune", "--setups") if operation == "prune" else ("run", "--rm", "--name", name, *options[2], busybox, "/bin/true")
        syscall, _, when = trap.partition(":")
        pid = daemon_pid()
        with spawn("strace", "-f", "-o", str(tmp_path / "trace"), "-e", f"trace={syscall}", f"--inject={syscall}:signal=KILL:when={when}",
                   "-p", str(pid)) as tracer:
            assert b"attached" in tracer.stderr.readline()
            ctl(*words)
            tracer.kill()
        daemon_again()
        assert operation == "run" or daemon_pid() != pid
        # One of --rm may be gone by itself.
        wait_for(lambda: ctl("remove", "--force", name, f"{name}-0", f"{name}-1") and not any(one.startswith(name) for one in containers()))
        wait_consistent()
        for mine in options:
            assert made(f"{name}-again", busybox, "--rm", *mine)
        run("systemctl", "reset-failed", "quiltd.service")
