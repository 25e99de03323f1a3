# SPDX-License-Identifier: LGPL-2.1-or-later
"""What everybody may see of a container, what needs a right, and that no way on the bus shows more than another."""
import pytest
from gi.repository import GLib

import quilt
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
