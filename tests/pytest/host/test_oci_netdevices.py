# SPDX-License-Identifier: LGPL-2.1-or-later
"""linux.netDevices: network devices of the host that a container gets."""
import json
import pathlib
import socket

import pytest

from oci import ROOT, Container, config, oci
from quilt import TIMEOUT, run

ADDRESSES = {"192.0.2.7/24", "198.51.100.7/32", "2001:db8::7/64"}
NAMESPACE = pathlib.Path("/run/quilt-oci-test-network")
RTMGRP_LINK = 1


pytestmark = pytest.mark.usefixtures("oci_clean")


def links(*before):
    """The network devices of a namespace, by name."""
    return {link["ifname"]: link for link in json.loads(run(*before, "ip", "-json", "address").ok().out)}


def enter(namespace):
    return ["nsenter", f"--net={namespace}"]


def inside(container):
    return links(*enter(f"/proc/{container.pid}/ns/net"))


def addresses(link):
    return {f"{info['local']}/{info['prefixlen']}" for info in link["addr_info"] if info["scope"] == "global"}


def known(devices):
    return {name: (link["ifindex"], addresses(link), "UP" in link["flags"]) for name, link in devices.items()}


@pytest.fixture
def cables():
    """Two pairs of devices, up at both ends; the ones to be moved have addresses."""
    names = ["qmove0", "qmove1"]
    before = links()
    for name in names:
        run("ip", "link", "add", name, "type", "veth", "peer", "name", name + "p").ok()
        run("ip", "link", "set", name, "up").ok()
        run("ip", "link", "set", name + "p", "up").ok()
    run("ip", "address", "add", "192.0.2.7/24", "broadcast", "192.0.2.99", "dev", "qmove0").ok()
    run("ip", "address", "add", "198.51.100.7", "peer", "198.51.100.8/32", "dev", "qmove0").ok()
    run("ip", "address", "add", "2001:db8::7/64", "nodad", "dev", "qmove0").ok()
    yield names
    for name in names:
        run("ip", "link", "delete", name + "p")
    assert links().keys() == before.keys()


@pytest.fixture
def namespace():
    NAMESPACE.touch()
    run("unshare", f"--net={NAMESPACE}", "true").ok()
    yield NAMESPACE
    run("umount", str(NAMESPACE)).ok()
    NAMESPACE.unlink()


def configuration(devices, *args, path=None):
    value = config(*(args or ("sleep", "1000")))
    value["linux"]["netDevices"] = devices
    if path:
        for entry in value["linux"]["namespaces"]:
            if entry["type"] == "network":
                entry["path"] = str(path)
    return value


def refused(bundle, value, *words):
    """run and create refuse it and leave nothing behind. The host's devices are unchanged."""
    bundle.write(value)
    before = links()
    for verb in ("run", "create"):
        done = oci(verb, "--bundle", str(bundle.path), "one")
        assert done.code == 1 and done.err.count(b"\n") == 1, done
        for word in words:
            assert word in done.err.decode()
        assert oci("list", "--quiet").ok().text == ""
        assert not (ROOT / "one").exists()
        assert known(links()) == known(before)


def test_it_has_its_name_its_addresses_and_is_up(bundle, cables):
    mac = links()["qmove0"]["address"]
    container = Container("one", bundle.write(configuration({"qmove0": {}})))
    assert "qmove0" not in links() and "qmove1" in links()
    device = inside(container)["qmove0"]
    assert addresses(device) == ADDRESSES
    assert {"broadcast": "192.0.2.99"}.items() <= device["addr_info"][0].items()
    assert {info.get("address") for info in device["addr_info"]} >= {"198.51.100.8"}
    assert {"UP", "LOWER_UP"} <= set(device["flags"])
    assert device["address"] == mac
    container.start()
    seen = oci("exec", "one", "ip", "address", "show", "dev", "qmove0").ok().text
    assert "192.0.2.7/24" in seen and ",UP" in seen


def test_packets_go_through_it(bundle, cables):
    run("ip", "address", "add", "192.0.2.1/24", "dev", "qmove0p").ok()
    run("ip", "link", "set", "qmove0p", "up").ok()
    value = configuration({"qmove0": {"name": "wire"}}, "ping", "-c", "1", "-w", "5", "192.0.2.1")
    for kind in value["process"]["capabilities"].values():
        kind.append("CAP_NET_RAW")
    bundle.write(value)
    assert "1 packets received" in oci("run", "--bundle", str(bundle.path), "one").ok().text


@pytest.mark.parametrize("user", [False, True])
def test_other_names_inside(bundle, cables, user):
    value = configuration({"qmove0": {"name": "qmove1"}, "qmove1": {"name": "fast0"}})
    if user:
        run("chown", "-hR", "100000:100000", str(bundle.path / "rootfs")).ok()
        value["linux"]["namespaces"].append({"type": "user"})
        value["linux"] |= {kind: [{"containerID": 0, "hostID": 100000, "size": 65536}] for kind in ("uidMappings", "gidMappings")}
    container = Container("one", bundle.write(value))
    devices = inside(container)
    assert devices.keys() == {"lo", "qmove1", "fast0"}
    assert addresses(devices["qmove1"]) == ADDRESSES and addresses(devices["fast0"]) == set()
    assert all("UP" in device["flags"] for device in devices.values())


def test_the_kernel_chooses_a_number(bundle, cables):
    container = Container("one", bundle.write(configuration({"qmove0": {"name": "port%d"}, "qmove1": {"name": "port%d"}})))
    devices = inside(container)
    assert devices.keys() == {"lo", "port0", "port1"}
    assert addresses(devices["port0"]) == ADDRESSES


def test_its_sysctls_are_there(bundle, cables):
    value = configuration({"qmove0": {"name": "fast0"}}, "cat", "/proc/sys/net/ipv4/conf/fast0/forwarding")
    value["linux"]["sysctl"] = {"net.ipv4.conf.fast0.forwarding": "1"}
    bundle.write(value)
    assert oci("run", "--bundle", str(bundle.path), "one").ok().text == "1\n"


def test_only_what_is_permanent_and_global_is_kept(bundle, cables):
    run("ip", "address", "add", "203.0.113.1/32", "dev", "qmove1", "valid_lft", "1000", "preferred_lft", "1000").ok()
    run("ip", "address", "add", "203.0.113.2/32", "dev", "qmove1", "scope", "link").ok()
    run("ip", "address", "add", "203.0.113.3/32", "dev", "qmove1").ok()
    device = inside(Container("one", bundle.write(configuration({"qmove1": {}}))))["qmove1"]
    assert {info["local"] for info in device["addr_info"] if info["family"] == "inet"} == {"203.0.113.3"}


def test_a_joined_namespace_keeps_it(bundle, cables, namespace):
    # Its number is taken there.
    index = links()["qmove0"]["ifindex"]
    run(*enter(namespace), "ip", "link", "add", "index", str(index), "name", "other", "type", "veth", "peer", "name", "other1").ok()
    Container("one", bundle.write(configuration({"qmove0": {}}, path=namespace))).start().stop()
    oci("delete", "one").ok()
    assert "qmove0" not in links()
    device = links(*enter(namespace))["qmove0"]
    assert addresses(device) == ADDRESSES and device["ifindex"] != index


def test_a_virtual_one_ends_with_the_container(bundle, cables):
    container = Container("one", bundle.write(configuration({"qmove0": {}}))).start()
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as events:
        events.bind((0, RTMGRP_LINK))
        events.settimeout(TIMEOUT)
        container.stop()
        oci("delete", "one").ok()
        while {"qmove0", "qmove0p"} & links().keys():
            events.recv(65536)


def test_one_that_is_not_there(bundle, cables):
    # The device before it is not moved either.
    refused(bundle, configuration({"qmove0": {}, "qnone": {}}), "linux.netDevices.qnone", "no network device")


def test_a_name_that_is_taken(bundle, cables, namespace):
    refused(bundle, configuration({"qmove0": {"name": "lo"}}), "linux.netDevices.qmove0", "'lo' already", "'name'")
    run(*enter(namespace), "ip", "link", "add", "taken", "type", "veth", "peer", "name", "taken1").ok()
    refused(bundle, configuration({"qmove1": {"name": "fast0"}, "qmove0": {"name": "taken"}}, path=namespace), "'taken' already")
    assert links(*enter(namespace)).keys() == {"lo", "taken", "taken1"}


def test_one_that_cannot_be_moved(bundle, cables):
    # The first is there already, and comes back.
    run("ip", "link", "add", "qmovebr", "type", "bridge").ok()
    try:
        refused(bundle, configuration({"qmove0": {"name": "fast0"}, "qmovebr": {}}), "linux.netDevices.qmovebr", "can't move devices of its kind")
    finally:
        run("ip", "link", "delete", "qmovebr").ok()


def test_one_whose_address_cannot_be_set(bundle, cables, namespace):
    # It is there already when the kernel says so, and comes back, as what was moved before it.
    run(*enter(namespace), "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6").ok()
    refused(bundle, configuration({"qmove1": {"name": "fast0"}, "qmove0": {"name": "fast1"}}, path=namespace),
            "addresses of network device 'qmove0'", "IPv6 disabled")
    assert links(*enter(namespace)).keys() == {"lo"}


def test_no_namespace_of_its_own(bundle, cables):
    refused(bundle, configuration({"qmove0": {}}, path="/proc/self/ns/net"), "linux.netDevices", "runtime's own")
    value = configuration({"qmove0": {}})
    value["linux"]["namespaces"] = [entry for entry in value["linux"]["namespaces"] if entry["type"] != "network"]
    refused(bundle, value, "linux.netDevices", "needs a namespace of type 'network'")


def test_features_say_so():
    assert oci("features").ok().json["linux"]["netDevices"] == {"enabled": True}
