# SPDX-License-Identifier: LGPL-2.1-or-later
"""Permissions of callers: polkit for all users except root (P1 to P6)."""
import json
import pathlib
import signal

import pytest

from quilt import RUN, TIMEOUT, ctl, manager, run, spawn
from test_lifecycle import background, follow_until, props

RULES = pathlib.Path("/etc/polkit-1/rules.d")


@pytest.fixture
def rule():
    """Puts a polkit rule in force, and takes it away."""
    path = RULES / "10-quilt-test.rules"

    def restart():  # polkitd would read it soon; after a restart it has
        run("systemctl", "reset-failed", "polkit.service")
        run("systemctl", "restart", "polkit.service").ok()

    def put(text):
        path.write_text(text)
        restart()

    yield put
    path.unlink(missing_ok=True)
    restart()


@pytest.fixture(scope="module", autouse=True)
def users():
    """Alice and bob are the host's; she is in a group that he is not in."""
    run("groupadd", "web").ok()
    run("usermod", "-aG", "web", "alice").ok()
    yield
    run("groupdel", "web").ok()


def test_p1_an_unprivileged_caller_is_denied_per_action(busybox, name):
    ctl("create", "--name", name, busybox, "/bin/true").ok()
    for argv in (["list", "--labels"], ["run", "--rm", busybox, "/bin/true"], ["start", name], ["stop", name], ["remove", name],
                 ["rename", name, "x"], ["update", "--memory", "1G", name], ["inspect", name], ["wait", name],
                 ["remove-image", busybox], ["import", "/opt/quilt-test/images/busybox.tar.gz", "x"]):
        denied = ctl("--no-ask-password", *argv, user="bob")
        assert denied.code != 0 and b"org.quilt." in denied.err, (argv, denied)
    assert props(name)["State"] == "pending" and props(name)["Name"] == name


@pytest.mark.fault("11")
def test_what_everybody_may_see_is_the_same_on_every_way(busybox, name):
    """list, images, show and D-Bus: names and states for everybody, commands, labels and environments for none of them."""
    ctl("create", "--name", name, "--label", "hidden=label", "--env", "HIDDEN=env", busybox, "/bin/echo", "hidden-argument").ok()
    ways = [ctl("--no-ask-password", *argv, user="bob").text
            for argv in (["list"], ["list", "--json=short"], ["show", name], ["status", name])]
    ways.append(run("busctl", "call", "org.quilt", "/org/quilt", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", user="bob").ok().text)
    for shown in ways:
        assert name in shown and "pending" in shown
        assert "hidden" not in shown.lower()
    assert busybox in ctl("images", user="bob").ok().text
    assert "HIDDEN=env" in ctl("inspect", name).ok().json["options"]["env"]
    row, = ctl("list", "--json=short", "--label", "hidden=label").ok().json
    assert (row["name"], row["command"], row["labels"]) == (name, "/bin/echo hidden-argument", {"hidden": "label"})
    assert ctl("list", "--json=short", "--label", "hidden=other").ok().json == []
    assert "hidden=label" in ctl("list", "--labels").ok().text


def test_p1_a_rule_can_grant_one_group_one_verb_on_some_names(busybox, name, rule):
    rule("""
polkit.addRule(function (action, subject) {
  if (action.id == "org.quilt.manage-containers" && subject.isInGroup("web") && action.lookup("verb") == "start" &&
      action.lookup("container").indexOf("t-test-p1") == 0)
    return polkit.Result.YES;
});""")
    ctl("create", "--name", name, busybox, "/bin/sleep", "1000").ok()
    ctl("create", "--name", "other", "--stop-timeout", "0", busybox, "/bin/sleep", "1000").ok()
    assert run("setpriv", "--reuid", "alice", "--regid", "alice", "--init-groups", "quiltctl", "--no-ask-password", "start", name).code == 0
    assert props(name)["State"] == "running"
    for user, verb, target in [("bob", "start", name), ("alice", "stop", name), ("alice", "start", "other")]:
        denied = run("setpriv", "--reuid", user, "--regid", user, "--init-groups", "quiltctl", "--no-ask-password", verb, target)
        assert denied.code != 0, (user, verb, target)
    assert props(name)["State"] == "running" and props("other")["State"] == "pending"
    ctl("remove", "--force", name, "other").ok()


def test_p2_nobody_listens_on_tcp(busybox, name):
    background(name, busybox, "/bin/sleep", "1000")
    assert "quilt" not in run("ss", "-H", "-l", "-t", "-u", "-p").ok().text
    sockets = run("ss", "-H", "-l", "-x", "-p").text.splitlines()
    abstract = [line for line in sockets if "quilt" in line and " @" in line]
    assert not abstract
    assert all(path.stat().st_mode & 0o077 == 0 for path in RUN.glob("containers/*/supervisor"))


def test_p3_containers_of_others_only_by_policy(busybox, name, rule):
    rule("""
polkit.addRule(function (action, subject) {
  if (action.id == "org.quilt.inspect")
    return polkit.Result.YES;
  if (action.id == "org.quilt.manage-containers" && (action.lookup("verb") == "create" || action.lookup("own") == "yes"))
    return polkit.Result.YES;
});""")
    ctl("create", "--name", name, busybox, "/bin/true", user="alice").ok()
    denied = ctl("--no-ask-password", "remove", name, user="bob")
    assert denied.code != 0 and props(name)["Name"] == name
    ctl("remove", name, user="alice").ok()


def test_the_rules_of_the_example_let_a_group_use_containers_of_its_own(busybox, name, rule):
    """Alice is in the group `web`, bob is not; in the example the group with containers of its own is `quilt`."""
    example = pathlib.Path("/usr/share/doc/quilt/examples/50-quilt.rules").read_text()
    rule(example.replace('isInGroup("quilt")', 'isInGroup("web")'))

    def alice(*words):
        return run("setpriv", "--reuid", "alice", "--regid", "alice", "--init-groups", "quiltctl", "--no-ask-password", *words)

    ran = alice("run", "--name", name, busybox, "sh", "-c", "echo hello; exit 3")
    assert (ran.code, ran.text, ran.err) == (3, "hello\n", b"")
    assert alice("logs", name).ok().text == "hello\n" and alice("wait", name).ok().text == "3\n"
    assert alice("inspect", name).ok().json["command"][0] == "sh"
    alice("remove", name).ok()
    ctl("create", "--name", name, busybox, "true").ok()
    for words in ("inspect", name), ("remove", name), ("run", "--privileged", busybox, "true"):
        assert "Not authorized" in alice(*words).err.decode(), words
    assert "Not authorized" in ctl("--no-ask-password", "run", busybox, "true", user="bob").err.decode()


def test_p4_options_that_make_root_need_their_own_action(busybox, name, rule):
    rule("""
polkit.addRule(function (action, subject) {
  if (action.id == "org.quilt.manage-containers" || action.id == "org.quilt.inspect")
    return polkit.Result.YES;
  if (action.id == "org.quilt.privileged" && subject.isInGroup("web") && action.lookup("option") == "cap-add")
    return polkit.Result.YES;
});""")
    before = manager("ListContainers", "(a{sv})", {})
    for verb in ("run", "create"):
        denied = ctl("--no-ask-password", verb, "--name", name, "--cap-add", "NET_ADMIN", busybox, "/bin/true", user="bob")
        assert denied.code == 125 and b"org.quilt.privileged" in denied.err and b"cap-add" in denied.err
    assert manager("ListContainers", "(a{sv})", {}) == before
    ctl("run", "--rm", "--cap-drop", "ALL", "--cap-add", "CHOWN", busybox, "/bin/true", user="bob").ok()
    status = run("setpriv", "--reuid", "alice", "--regid", "alice", "--init-groups", "quiltctl", "--no-ask-password", "run", "--rm",
                 "--cap-drop", "ALL", "--cap-add", "NET_ADMIN", busybox, "/bin/grep", "CapEff", "/proc/self/status").ok().text
    assert int(status.split()[1], 16) == 1 << 12


@pytest.mark.fault(8)
def test_p6_more_names_than_a_call_takes(busybox, name, rule):
    """quiltctl makes as many calls as it needs. It tries each name, and reports each failure."""
    rule("""
polkit.addRule(function (action, subject) {
  if (action.id == "org.quilt.manage-containers")
    return polkit.Result.YES;
});""")
    ctl("create", "--name", name, busybox, "/bin/true").ok()
    absent = [f"no-{number}" for number in range(2500)]
    done = ctl("--no-ask-password", "remove", *absent, name, user="bob")
    assert done.code != 0
    assert [line for line in done.err.decode().splitlines() if "no-" in line] == [
        f"quiltctl: There is no container '{other}': 'quiltctl list' lists the containers" for other in absent]
    assert name not in ctl("list").ok().text


@pytest.mark.fault(13)
def test_p4_limits_that_take_from_the_host_need_its_own_action(busybox, name, rule):
    rule("""
polkit.addRule(function (action, subject) {
  if (action.id == "org.quilt.manage-containers" || action.id == "org.quilt.inspect")
    return polkit.Result.YES;
});""")
    for limit in ("rtprio=99", "nice=40", "memlock=-1", "msgqueue=-1"):
        for verb in ("run", "create"):
            denied = ctl("--no-ask-password", verb, "--name", name, "--ulimit", limit, busybox, "/bin/true", user="bob")
            assert denied.code == 125 and b"org.quilt.privileged" in denied.err and b"ulimits" in denied.err, (limit, denied)
    script = "ulimit -r; ulimit -e; ulimit -l; ulimit -n"
    found = ctl("run", "--rm", "--ulimit", "rtprio=0", "--ulimit", "nice=0", "--ulimit", "memlock=8388608", "--ulimit", "nofile=99",
                busybox, "/bin/sh", "-c", script, user="bob").ok().out
    assert found == b"0\n0\n8192\n99\n"


def test_p5_json_is_documented_and_stable(busybox, name):
    ctl("create", "--name", name, busybox, "/bin/true").ok()
    row = next(entry for entry in ctl("list", "--json=short").ok().json if entry["name"] == name)
    assert {"id", "name", "image", "state", "created", "exitCode"} <= set(row)
    assert json.loads(ctl("list", "--json=pretty").ok().out) == ctl("list", "--json=short").ok().json
    assert {"digest", "names", "size", "created"} <= set(ctl("images", "--json=short").ok().json[0])
    assert ctl("inspect", name).ok().json["id"] == row["id"]
    assert ctl("inspect", "--oci", name).ok().json["process"]["args"] == ["/bin/true"]


def test_p6_a_caller_who_vanishes_while_polkit_asks_changes_nothing(busybox, name, rule, journal):
    """The rule takes its time by running a program; the caller is gone before it ends."""
    fifo = pathlib.Path("/run/quilt-test-p6")
    run("mkfifo", "-m", "666", str(fifo)).ok()
    rule(f"""
polkit.addRule(function (action, subject) {{
  if (action.id.indexOf("org.quilt.") == 0) {{
    polkit.spawn(["/bin/sh", "-c", "echo asked >{fifo}; cat {fifo}"]);
    return polkit.Result.YES;
  }}
}});""")
    ctl("create", "--name", name, busybox, "/bin/true").ok()
    try:
        with spawn("quiltctl", "--no-ask-password", "start", name, user="bob") as client:
            assert fifo.read_text() == "asked\n"
            client.send_signal(signal.SIGKILL)
            client.wait()
        manager("ListContainers", "(a{sv})", {})
        fifo.write_text("go\n")
        run("busctl", "call", "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
            "org.freedesktop.PolicyKit1.Authority", "EnumerateActions", "s", "C", timeout=30).ok()
        assert props(name)["State"] == "pending"
    finally:
        fifo.unlink()


WAITS = """
import sys
from gi.repository import Gio, GLib
bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
options = GLib.Variant("(a{sv})", ({"timeout": GLib.Variant("t", 10**12)} if sys.argv[2] == "Stop" else {},))
for _ in range(63):
    bus.call("org.quilt", sys.argv[1], "org.quilt.Container", sys.argv[2], options, None, Gio.DBusCallFlags.NONE, -1, None, None)
bus.call_sync("org.quilt", "/org/quilt", "org.quilt.Manager", "ListContainers", GLib.Variant("(a{sv})", ({},)), None,
              Gio.DBusCallFlags.NONE, -1, None)
print(bus.get_unique_name())
"""


@pytest.mark.fault(40)
@pytest.mark.parametrize("method", ["Wait", "Stop"])
def test_p6_the_waits_of_a_caller_who_vanishes_end(busybox, name, rule, method):
    """They count towards MaxPendingPerUser=, which is 64, until the container ends."""
    rule("""
polkit.addRule(function (action, subject) {
  if (action.id == "org.quilt.inspect" || action.id == "org.quilt.manage-containers")
    return polkit.Result.YES;
});""")
    background(name, busybox, "/bin/sh", "-c", "trap '' TERM; while :; do sleep 1000; done")
    path = manager("GetContainer", "(s)", name)[0]
    for _ in range(3):
        caller = run("/usr/bin/python3", "-c", WAITS, path, method, user="bob", timeout=3 * TIMEOUT).ok().text.strip()
        while run("busctl", "status", caller).code == 0:  # the bus tells quiltd before
            pass
        manager("ListContainers", "(a{sv})", {})
    assert name in ctl("list", "--all", user="bob").ok().text
