# SPDX-License-Identifier: LGPL-2.1-or-later
"""Joining the pid namespace of a container that may trace: no process in it ever has more access than the container itself."""
import json

import pytest

from oci import BUNDLES, Bundle, Container, config, oci, state
from quilt import ctl, run
from test_lifecycle import background
from test_oci_hooks import Hooks
from test_oci_hostile import debian_root, mapped, powerful  # noqa: F401  debian_root is a fixture

# Watches all processes in its pid namespace, and prints everything of them that gives it more access: the host's root, capabilities over its own
# user namespace, descriptors.
SPY = r"""
$| = 1; my %seen; my $users = readlink "/proc/self/ns/user";
sub permitted { open(my $status, "<", "/proc/$_[0]/status") or return; my ($caps) = map { /^CapPrm:\s*(\S+)/ ? hex $1 : () } <$status>; $caps }
my $own = permitted("self"); syswrite(STDOUT, "ready\n");
while (1) {
  opendir(my $proc, "/proc"); my @pids = grep { /^[0-9]+$/ && $_ != $$ } readdir $proc; closedir $proc;
  for my $p (@pids) {
    my @found = ("a process");
    push @found, "the host's root" if -e "/proc/$p/root/run/dbus/system_bus_socket" || -e "/proc/$p/cwd/run/dbus/system_bus_socket";
    my $caps = permitted($p);
    push @found, "capabilities" if $caps && $caps & ~$own && (readlink("/proc/$p/ns/user") // $users) eq $users;
    opendir(my $dir, "/proc/$p/fd") or next; my @fds = readdir $dir; closedir $dir;
    push @found, grep { !/^(pipe:|socket:|\/dev\/|anon_inode:|\/memfd:|\/var\/tmp\/quilt-oci-test\/[a-z]+\/output|\/lib|\/bin|\/usr|\/etc)/ } map { readlink("/proc/$p/fd/$_") // () } @fds;
    $seen{$_}++ || print "$_\n" for @found;
  }
}
"""
OWN_IDS = pytest.mark.parametrize("change", [lambda it, bundle=None: it, mapped], ids=["host's ids", "own ids"])


pytestmark = pytest.mark.usefixtures("oci_clean")


@pytest.fixture
def spy(debian_root):  # noqa: F811
    """A container with the host's ids that may trace, and watches."""
    configuration = powerful(config("perl", "-e", SPY), "CAP_SYS_PTRACE")
    configuration["root"]["path"] = debian_root
    return Container("spy", Bundle("spy").write(configuration)).start()


def seen(spy):
    oci("kill", "spy", "KILL").ok()
    return spy.output.read_text().splitlines()


def joining(configuration, spy, *others):
    """The configuration with the spy's pid namespace in place of its own."""
    for namespace in configuration["linux"]["namespaces"]:
        if namespace["type"] in ("pid", *others):
            namespace["path"] = f"/proc/{spy.pid}/ns/{'net' if namespace['type'] == 'network' else namespace['type']}"
    return configuration


@pytest.mark.fault(9)
@OWN_IDS
def test_a_container_that_joins_shows_nothing_of_the_host(spy, change):
    bundle = Bundle("one")
    bundle.write(joining(change(config("true"), bundle), spy))
    for _ in range(60):
        oci("run", "--bundle", str(bundle.path), "one").ok()
    assert seen(spy) == ["ready", "a process"]


@pytest.mark.fault(9)
@OWN_IDS
def test_one_that_waits_to_be_started_is_in_the_namespace_and_has_nothing_either(spy, change):
    bundle = Bundle("one")
    bundle.write(joining(change(config("sleep", "1000"), bundle), spy))
    for _ in range(10):
        container = Container("one", bundle)
        status = dict(line.split(":\t", 1) for line in open(f"/proc/{container.pid}/status").read().splitlines() if ":\t" in line)
        assert len(status["NSpid"].split()) == 2 and container.status == "created"
        container.start()
        assert container.status == "running" and state("one")["pid"] == container.pid
        assert open(f"/proc/{container.pid}/cmdline").read().split("\0")[0] == "sleep"
        container.stop()
        oci("delete", "one").ok()
    assert seen(spy) == ["ready", "a process"]


@pytest.mark.fault(9)
@OWN_IDS
def test_its_hooks_show_nothing_of_the_host(spy, change):
    """The engine's hooks run outside of the pid namespace, the image's in it; all of them in the container's other namespaces."""
    bundle = Bundle("one")
    (bundle.path / "rootfs/hook-is-inside").touch()
    out = bundle.path / "hooks"
    out.mkdir()
    for path in (out, bundle.path, BUNDLES):
        path.chmod(0o777)
    hooks = Hooks(bundle, out)
    for kind in "createContainer", "startContainer":
        hooks.add(kind, more="exec 2>/dev/null; for i in 1 2 3 4 5 6 7 8 9; do readlink /proc/self/root; done")
    hooks.write("true")
    configuration = joining(change(json.loads((bundle.path / "config.json").read_text()), bundle), spy)
    bundle.write(configuration)
    for _ in range(5):
        oci("run", "--bundle", str(bundle.path), "one").ok()
    order = {kind: rest for kind, *rest in hooks.order}
    assert [order[kind][2] for kind in ("createContainer", "startContainer")] == ["outside", "inside"]
    assert order["createContainer"][0] == order["startContainer"][0], "they are in the same mount namespace"
    assert order["startContainer"][1] == run("readlink", f"/proc/{spy.pid}/ns/pid").text.strip()
    found = seen(spy)
    assert "the host's root" not in found and "capabilities" not in found, found


@pytest.mark.fault(9)
@OWN_IDS
@pytest.mark.parametrize("also", [[], ["network"], ["network", "ipc", "uts"]], ids=lambda also: "+".join(["pid", *also]))
def test_what_is_joined_is_joined_and_seen_in_proc(spy, change, also):
    bundle = Bundle("one")
    links = " ".join(f"/proc/self/ns/{name}" for name in ("pid", "net", "ipc", "uts", "mnt"))
    configuration = joining(change(config("sh", "-c", f"cat /proc/1/comm; for i in {links}; do readlink $i; done; echo $$; head -1 /proc/net/dev >/dev/null"), bundle),
                            spy, *also)
    if "uts" in also:
        del configuration["hostname"]
    bundle.write(configuration)
    comm, *own, _pid = oci("run", "--bundle", str(bundle.path), "one").ok().text.split()
    theirs = [run("readlink", f"/proc/{spy.pid}/ns/{name}").text.strip() for name in ("pid", "net", "ipc", "uts", "mnt")]
    assert comm == "perl"
    assert [a == b for a, b in zip(own, theirs)] == [True, "network" in also, "ipc" in also, "uts" in also, False]


@pytest.mark.fault(9)
@pytest.mark.parametrize("userns", ["host", "auto"])
def test_a_container_of_quiltd_that_joins_shows_nothing_of_the_host(debian, busybox, name, userns):
    background(name, debian, "/usr/bin/perl", "-e", SPY, options=["--userns=host", "--cap-add=SYS_PTRACE"])
    run("timeout", "10", "sh", "-c", f"until quiltctl logs {name} | grep -q .; do :; done").ok()
    for options in ([], ["--init", "--user=7"], ["--init"]):
        for _ in range(15):
            ctl("run", "--rm", f"--userns={userns}", f"--pid=container:{name}", *options, busybox, "/bin/true").ok()
    log = ctl("logs", name).ok().text
    assert log.splitlines() == ["ready", "a process"], log


@pytest.mark.fault(9)
def test_an_exit_code_of_who_joins_is_its_own(busybox, name):
    background(name, busybox, "/bin/sleep", "1000")
    for options in ([], ["--init"]):
        done = ctl("run", "--rm", f"--pid=container:{name}", *options, busybox, "/bin/sh", "-c", "exit 7")
        assert done.code == 7, done
        done = ctl("run", "--rm", f"--pid=container:{name}", *options, busybox, "/nothing")
        assert done.code == 127, done
