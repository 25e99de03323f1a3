# SPDX-License-Identifier: LGPL-2.1-or-later
"""What everybody may see of a container, what needs a right, and that no way on the bus shows more than another."""
import json
import os
import tomllib
import unicodedata

import pytest
from gi.repository import GLib

import quilt
from conftest import container_options
from fakes import SOURCE
from test_access import DETAIL, refusal

SECRETS = dict(env=GLib.Variant("aay", [b"KEY=secret-env"]), labels=GLib.Variant("as", ["a=secret-label"]))
COLUMNS = ["path", "Id", "Name", "Image", "command", "State", "Created", "Started", "Finished", "ExitCode", "Reason", "Owner",
           "labels"]


def rows(client, options=None):
    return [dict(zip(COLUMNS, row)) for row in client.call("ListContainers", "a{sv}", (options or {},))]


def managed(client):
    return client.call("GetManagedObjects", path=quilt.ROOT, interface="org.freedesktop.DBus.ObjectManager")


@pytest.mark.fault("11")
def test_without_a_right_a_list_shows_what_the_properties_show(create, user, polkit):
    create("sleep", "secret-argument", name="box", **SECRETS)
    row, = rows(user)
    properties = managed(user)[row["path"]]["org.quilt.Container"]
    assert {key: value for key, value in row.items() if key in properties} == {
        key: value for key, value in properties.items() if key in COLUMNS}
    assert (row["command"], row["labels"]) == ("", {})
    assert [(check["action"], check["flags"]) for check in polkit.checks] == [("org.quilt.inspect", 0)]


@pytest.mark.fault("11")
def test_images_are_listed_as_their_properties_show_them(image, user, polkit):
    (path, digest, names, size, created), = user.call("ListImages", "a{sv}", ({},))
    properties = managed(user)[path]["org.quilt.Image"]
    assert (digest, names, size, created) == tuple(properties[key] for key in ("Digest", "Names", "Size", "Created"))
    assert not polkit.checks


@pytest.mark.fault("11")
def test_with_the_right_a_list_shows_command_and_labels(create, user, root, polkit):
    create("sleep", "secret-argument", name="box", **SECRETS)
    polkit.decide = lambda check: "yes" if check["action"] == "org.quilt.inspect" else "no"
    for client in (user, root):
        for options in ({}, DETAIL):
            row, = rows(client, options)
            assert (row["command"], row["labels"]) == ("sleep secret-argument", {"a": "secret-label"})


def test_a_list_asks_for_a_password_only_if_detail_is_wanted(create, user, polkit):
    create("sleep", name="box")
    polkit.decide = lambda check: "yes" if check["flags"] else "challenge"
    row, = [dict(zip(COLUMNS, row)) for row in user.call("ListContainers", "a{sv}", ({},), flags=quilt.INTERACTIVE)]
    assert row["command"] == ""
    row, = [dict(zip(COLUMNS, row)) for row in user.call("ListContainers", "a{sv}", (DETAIL,), flags=quilt.INTERACTIVE)]
    assert row["command"] == "sleep"
    assert refusal(user.call, "ListContainers", "a{sv}", (DETAIL,)).name == "NotAuthorized"


def test_without_polkit_a_list_is_public_still(create, user, services):
    create("sleep", name="box")
    services.disown("org.freedesktop.PolicyKit1")
    try:
        row, = rows(user)
        assert (row["Name"], row["command"]) == ("box", "")
    finally:
        services.own("org.freedesktop.PolicyKit1")


def test_labels_do_not_make_a_list_too_long(create, root):
    labels = [f"key{n:03}={'x' * 100}" for n in range(100)]
    create("sleep", name="box", labels=GLib.Variant("as", labels))
    found = rows(root)[0]["labels"]
    assert 0 < len(found) < 100
    assert sum(len(key) + len(value) for key, value in found.items()) <= 4096


# Details that only some callers may see.

@pytest.mark.fault("11")
def test_the_message_of_a_failed_start_is_for_authorized_callers(image, root, user, services, polkit):
    options = container_options(("fail", "Failed to execute '/opt/secret': no"), {"name": "box"})
    error = refusal(root.call, "RunContainer", "sa{sv}", ("web", options))
    assert (error.name, "/opt/secret" in error.text) == ("CommandNotFound", True)
    box = quilt.Container(root, root.call("GetContainer", "s", ("box",)))
    assert (box.ErrorName, box.Error) == ("org.quilt.Error.CommandNotFound", "The command was not found")
    result = json.loads(bytes(box.call("Inspect")))["result"]
    assert (result["error-name"], "/opt/secret" in result["error"]) == ("CommandNotFound", True)
    services.wait_signal("PropertiesChanged", box.path)
    assert "secret" not in str(managed(user)) + str(rows(user)) + str(services.signals)


@pytest.mark.fault("11")
def test_the_message_of_a_failed_import_is_for_its_caller(daemon, root, user, other, services, polkit):
    polkit.decide = lambda check: "yes" if check["details"].get("verb") == "import" else "no"
    fd = os.memfd_create("archive")
    os.write(fd, b"no archive")
    job = user.call("ImportImage", "hsa{sv}", (0, "x", {}), fds=[fd])
    os.close(fd)
    assert services.wait_signal("Completed", job) == (False, "org.quilt.Error.BadArchive", "The archive is damaged or not a root file system", {})
    success, name, text, results = user.call("GetResult", "a{sv}", ({},), job, "org.quilt.Job")
    assert (success, name, results) == (False, "org.quilt.Error.BadArchive", {})
    assert text != "The archive is damaged or not a root file system"
    assert refusal(other.call, "GetResult", "a{sv}", ({},), job, "org.quilt.Job").name == "NotAuthorized"
    assert root.call("GetResult", "a{sv}", ({},), job, "org.quilt.Job")[2] == text


def test_the_result_of_an_import_is_told_once_it_is_done(daemon, root, services):
    reader, writer = os.pipe()
    job = root.call("ImportImage", "hsa{sv}", (0, "slow", {}), fds=[reader])
    os.close(reader)
    assert refusal(root.call, "GetResult", "a{sv}", ({},), job, "org.quilt.Job").name == "InvalidState"
    os.close(writer)
    completed = services.wait_signal("Completed", job)
    assert root.call("GetResult", "a{sv}", ({},), job, "org.quilt.Job")[:2] == completed[:2] == (False, "org.quilt.Error.BadArchive")


@pytest.mark.fault("11")
@pytest.mark.parametrize("oci", [False, True])
def test_values_of_an_environment_are_for_callers_that_may_manage(oci, create, user, root, polkit):
    box = create("sleep", name="box", **SECRETS)

    def environment(client):
        options = {"oci": GLib.Variant("b", oci)}
        found = json.loads(bytes(client.call("Inspect", "a{sv}", (options,), box.path, "org.quilt.Container")))
        return found["process"]["env"] if oci else found["options"]["env"]

    polkit.decide = lambda check: "yes" if check["action"] == "org.quilt.inspect" else "no"
    assert "KEY" in environment(user) and "secret" not in str(environment(user))
    assert polkit.checks[-1]["action"] == "org.quilt.manage-containers" and polkit.checks[-1]["flags"] == 0
    polkit.decide = lambda check: "yes"
    assert "KEY=secret-env" in environment(user)
    assert "KEY=secret-env" in environment(root)


@pytest.mark.fault("11")
def test_texts_carry_no_control_or_format_characters(image, root):
    bad = "\x1b[31m\x9b1m\u202e\u2066\x7f\n"
    options = container_options(("fail", f"Failed {bad}"), {"name": "box"})
    error = refusal(root.call, "RunContainer", "sa{sv}", ("web", options))
    failure, = root.call("StartContainers", "asa{sv}", (["box"], {}))
    options = {"command": GLib.Variant("aay", [f"sleep {bad}".encode()]), "labels": GLib.Variant("as", [f"a{bad}=b{bad}"])}
    root.call("CreateContainer", "sa{sv}", ("web", options))
    for text in [error.text, failure[2], *(str([row["command"], *row["labels"].items()]) for row in rows(root))]:
        assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cf")]
    assert "\\x1b" in error.text and "\\x1b" in failure[2]


# Properties.

@pytest.mark.fault("31")
def test_limits_are_properties(create):
    limits = {"memory_max": ("MemoryMax", 64 << 20), "memory_high": ("MemoryHigh", 32 << 20), "memory_low": ("MemoryLow", 1 << 20),
              "memory_swap": ("MemorySwap", 128 << 20), "cpu_quota": ("CPUQuota", 500000), "cpu_weight": ("CPUWeight", 50),
              "io_weight": ("IOWeight", 500), "cpuset_cpus": ("CpusetCpus", "0"), "cpuset_mems": ("CpusetMems", "0"),
              "pids_max": ("PidsMax", 33)}
    box = create("sleep", name="box", **{option: value for option, (_, value) in limits.items()})
    assert {name: getattr(box, name) for name, _ in limits.values()} == dict(limits.values())
    box.call("Update", "a{sv}", ({"memory-max": GLib.Variant("t", 80 << 20), "cpuset-cpus": GLib.Variant("s", "")},))
    assert (box.MemoryMax, box.CpusetCpus, box.PidsMax) == (80 << 20, "", 33)
    box.call("Start")
    assert (box.MemoryMax, box.PidsMax, box.CPUWeight) == (80 << 20, 33, 50)


def test_each_property_of_the_table_shows_its_option(create):
    table = tomllib.loads((SOURCE / "src/spec/options/options.toml").read_text())
    shown = {key: columns["property"] for key, columns in table.items() if "property" in columns}
    values = {"name": "box", "auto-remove": True, "read-only": True, "interactive": True, "terminal": True, "stop-signal": 10, "stop-timeout": 3000000, "memory-max": 64 << 20,
              "memory-high": 32 << 20, "memory-low": 1 << 20, "memory-swap": 128 << 20, "cpu-quota": 500000, "cpu-weight": 50,
              "io-weight": 500, "cpuset-cpus": "0", "cpuset-mems": "0", "pids-max": 33}
    assert set(values) == set(shown), "each option with a property needs a value here"
    box = create("sleep", **{key.replace("-", "_"): GLib.Variant(table[key]["type"], value) for key, value in values.items()})
    assert {key: getattr(box, name) for key, name in shown.items()} == values
    box.call("Rename", "sa{sv}", ("other", {}))
    box.call("Update", "a{sv}", ({"stop-signal": GLib.Variant("i", 12), "cpuset-mems": GLib.Variant("s", "")},))
    box.call("Start")
    assert (box.Name, box.StopSignal, box.CpusetMems, box.StopTimeout, box.AutoRemove) == ("other", 12, "", 3000000, True)


@pytest.mark.fault("31")
def test_inspect_tells_state_exit_code_and_command(create, run):
    def inspect(box):
        found = json.loads(bytes(box.call("Inspect")))
        return found["state"], found["result"]["exit-code"], found["command"]
    assert inspect(create("sleep", name="one")) == ("pending", -1, ["sleep"])
    ended = run("exit", "3", name="two")
    ended.call("Wait")
    assert inspect(ended) == ("exited", 3, ["exit", "3"])


@pytest.mark.fault("31")
def test_the_service_manager_is_told_how_many_there_are(daemon, create):
    boxes = [create("sleep") for _ in range(3)]
    daemon.wait_told("STATUS=3 containers (0 running), 1 images")
    boxes[0].call("Start")
    daemon.wait_told("STATUS=3 containers (1 running), 1 images")
    boxes[0].call("Kill", "ia{sv}", (9, {}))
    for box in boxes[1:]:
        box.call("Remove")
    daemon.wait_told("STATUS=1 containers (0 running), 1 images")
