# SPDX-License-Identifier: LGPL-2.1-or-later
"""Permissions of callers: bus policy, polkit, quotas. (P1, P3, P6)"""
import concurrent.futures
import os

import pytest
from gi.repository import Gio, GLib

import quilt
from conftest import USER, import_image

COMMAND = {"command": GLib.Variant("aay", [b"sleep"])}
DETAIL = {"detail": GLib.Variant("b", True)}  # with it a list needs a right

# Arguments with which each method gets as far as the question whether the caller may.
CALLS = {
    ("Manager", "CreateContainer"): ("sa{sv}", ("web", COMMAND)),
    ("Manager", "RunContainer"): ("sa{sv}", ("web", COMMAND)),
    ("Manager", "GetContainer"): ("s", ("box",)),
    ("Manager", "GetManagedObjects"): ("", ()),
    ("Manager", "ListContainers"): ("a{sv}", ({},)),
    ("Manager", "StartContainers"): ("asa{sv}", (["box"], {})),
    ("Manager", "StopContainers"): ("asa{sv}", (["box"], {})),
    ("Manager", "RestartContainers"): ("asa{sv}", (["box"], {})),
    ("Manager", "KillContainers"): ("asia{sv}", (["box"], 9, {})),
    ("Manager", "RemoveContainers"): ("asa{sv}", (["box"], {})),
    ("Manager", "WaitContainer"): ("sa{sv}", ("box", {})),
    ("Manager", "ExecContainer"): ("saaya{sv}", ("box", [b"true"], {})),
    ("Manager", "AttachContainer"): ("sa{sv}", ("box", {"stdout": GLib.Variant("h", 0)})),
    ("Manager", "ResizeTerminal"): ("suua{sv}", ("box", 80, 24, {})),
    ("Manager", "CopyFromContainer"): ("sayha{sv}", ("box", b"/etc\0", 0, {})),
    ("Manager", "CopyToContainer"): ("sayha{sv}", ("box", b"/etc\0", 0, {})),
    ("Manager", "ExportContainer"): ("sha{sv}", ("box", 0, {})),
    ("Manager", "ListSessions"): ("sa{sv}", ("box", {})),
    ("Manager", "WaitSession"): ("ssa{sv}", ("box", "other", {})),
    ("Manager", "KillSession"): ("ssia{sv}", ("box", "other", 9, {})),
    ("Manager", "ListProcesses"): ("sa{sv}", ("box", {})),
    ("Manager", "ListChanges"): ("sa{sv}", ("box", {})),
    ("Manager", "CommitContainer"): ("ssa{sv}", ("box", "", {})),
    ("Manager", "ImportImage"): ("hsa{sv}", (0, "", {})),
    ("Manager", "GetImage"): ("s", ("web",)),
    ("Manager", "ListImages"): ("a{sv}", ({},)),
    ("Manager", "RemoveImages"): ("asa{sv}", (["web"], {})),
    ("Manager", "PruneSetups"): ("a{sv}", ({},)),
    ("Manager", "VerifyImage"): ("saaya{sv}", ("web", [b"sleep"], {})),
    ("Manager", "Diagnose"): ("a{sv}", ({},)),
    ("Manager", "Reload"): ("a{sv}", ({},)),
    ("Container", "Start"): ("a{sv}", ({},)),
    ("Container", "Stop"): ("a{sv}", ({},)),
    ("Container", "Restart"): ("a{sv}", ({},)),
    ("Container", "Kill"): ("ia{sv}", (9, {})),
    ("Container", "Remove"): ("a{sv}", ({},)),
    ("Container", "Wait"): ("a{sv}", ({},)),
    ("Container", "Rename"): ("sa{sv}", ("other", {})),
    ("Container", "Update"): ("a{sv}", ({"pids-max": GLib.Variant("t", 5)},)),
    ("Container", "Inspect"): ("a{sv}", ({},)),
    ("Container", "ReadLog"): ("a{sv}", ({},)),
    ("Container", "Exec"): ("aaya{sv}", ([b"true"], {})),
    ("Container", "Attach"): ("a{sv}", ({"stdout": GLib.Variant("h", 0)},)),
    ("Container", "ResizeTerminal"): ("uua{sv}", (80, 24, {})),
    ("Container", "CopyFrom"): ("ayha{sv}", (b"/etc\0", 0, {})),
    ("Container", "CopyTo"): ("ayha{sv}", (b"/etc\0", 0, {})),
    ("Container", "Export"): ("ha{sv}", (0, {})),
    ("Container", "ListSessions"): ("a{sv}", ({},)),
    ("Container", "WaitSession"): ("sa{sv}", ("other", {})),
    ("Container", "KillSession"): ("sia{sv}", ("other", 9, {})),
    ("Container", "ListProcesses"): ("a{sv}", ({},)),
    ("Container", "ListChanges"): ("a{sv}", ({},)),
    ("Container", "Commit"): ("sa{sv}", ("", {})),
    ("Image", "Inspect"): ("a{sv}", ({},)),
    ("Image", "Remove"): ("a{sv}", ({},)),
    ("Job", "Cancel"): ("a{sv}", ({},)),
    ("Job", "GetResult"): ("a{sv}", ({},)),
}


def writing_end():
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def empty_archive():
    """The reading end of a pipe that has an archive without files."""
    reading, writing = os.pipe()
    os.write(writing, bytes(1024))
    os.close(writing)
    return reading


def pipe_with_reader():
    """The writing end of a pipe, which is its reading end too."""
    reading, writing = os.pipe()
    both = os.open(f"/proc/self/fd/{writing}", os.O_RDWR)
    os.close(reading)
    os.close(writing)
    return both


DESCRIPTORS = {"ImportImage": quilt.archive, "AttachContainer": writing_end, "CopyFromContainer": pipe_with_reader,
               "CopyToContainer": empty_archive, "ExportContainer": pipe_with_reader,
               "Attach": writing_end, "CopyFrom": pipe_with_reader, "CopyTo": empty_archive, "Export": pipe_with_reader}


@pytest.fixture
def objects(create, image, services):
    """An object of each interface, by path."""
    box = create("exit", "0", name="box")
    job = next(arguments[0] for _, _, what, arguments in services.signals if what == "InterfacesAdded" and "/job/" in arguments[0])
    return {"Manager": quilt.ROOT, "Container": box.path, "Image": image, "Job": job}


def call(client, objects, interface, method, **kwargs):
    signature, arguments = CALLS[interface, method]
    fd = DESCRIPTORS[method]() if method in DESCRIPTORS else None
    try:
        return client.call(method, signature, arguments, objects[interface], "org.quilt." + interface,
                           fds=fd and [fd], **kwargs)
    finally:
        if fd:
            os.close(fd)


def refusal(function, *args, **kwargs):
    with pytest.raises(quilt.Refused) as caught:
        function(*args, **kwargs)
    return caught.value


def state(root):
    return root.call("ListContainers", "a{sv}", ({},)), root.call("ListImages", "a{sv}", ({},))


def test_every_method_is_called_here():
    assert {(interface, method) for interface, method, _ in quilt.methods()} == set(CALLS)


@pytest.mark.parametrize("interface,method,action", quilt.methods())
def test_p1_a_denied_caller_changes_nothing(interface, method, action, objects, user, root, polkit):
    before = state(root)
    if action is None:
        call(user, objects, interface, method)
        assert not any(check["flags"] for check in polkit.checks)
    else:
        error = refusal(call, user, objects, interface, method)
        assert error.name == "NotAuthorized"
        assert action in error.text
        check, = polkit.checks
        assert check["action"] == action
        assert check["subject"] == ("system-bus-name", {"name": user.name})
        assert check["flags"] == 0
    assert state(root) == before


@pytest.mark.parametrize("interface,method,action", quilt.methods())
def test_root_is_not_asked_about(interface, method, action, objects, root, polkit):
    if method.startswith("Wait"):
        root.call("StartContainers", "asa{sv}", (["box"], {}))
    try:
        call(root, objects, interface, method)
    except quilt.Refused as error:  # such as "does not run": he got as far as that
        assert error.name == "NotFound" if method.endswith("Session") else error.name in ("InvalidState", "Busy")
    assert not polkit.checks


def test_polkit_is_told_what_it_is_about(create, image, user, root, polkit):
    digest = "sha256:" + image.rpartition("/")[2]
    box = create("sleep", name="web-1", client=root)
    refusal(user.call, "StopContainers", "asa{sv}", (["web-1"], {}))
    assert polkit.checks[0]["details"] == {"verb": "stop", "container": "web-1", "owner": "0", "own": "no", "image": "web"}
    refusal(user.call, "CreateContainer", "sa{sv}", ("web", {**COMMAND, "name": GLib.Variant("s", "mine")}))
    assert polkit.checks[1]["details"] == {"verb": "create", "container": "mine", "image": "web", "digest": digest}
    refusal(user.call, "ListProcesses", "sa{sv}", ("web-1", {}))
    refusal(box.call, "ListProcesses", "a{sv}", ({},), client=user)
    own = {"cancellation_id": 0, "invocation": None}
    assert polkit.checks[-2] | own == polkit.checks[-1] | own
    assert polkit.checks[-1]["details"] == {"verb": "top", "container": "web-1", "owner": "0", "own": "no", "image": "web"}


def test_p1_a_rule_can_grant_one_verb_on_some_containers(create, user, polkit):
    create("sleep", name="web-1")
    create("sleep", name="db-1")
    polkit.decide = lambda check: ("yes" if check["details"].get("verb") in ("start", "stop") and
                                   check["details"]["container"].startswith("web-") else "no")
    assert user.call("StartContainers", "asa{sv}", (["web-1"], {})) == []
    assert refusal(user.call, "StartContainers", "asa{sv}", (["db-1"], {})).name == "NotAuthorized"
    assert refusal(user.call, "RemoveContainers", "asa{sv}", (["web-1"], {})).name == "NotAuthorized"


@pytest.mark.fault(16)
def test_a_rule_about_an_image_holds_for_its_digest_too(create, image, user, root, services, polkit):
    assert import_image(root, services, "secret") == image  # the same, with another name
    digest = image.rpartition("/")[2]
    polkit.decide = lambda check: "no" if check["details"].get("image") == "secret" else "yes"
    for asked in (digest, "sha256:" + digest, digest[:9]):
        for method, signature, arguments in (("CreateContainer", "sa{sv}", (asked, COMMAND)), ("RunContainer", "sa{sv}", (asked, COMMAND)),
                                             ("RemoveImages", "asa{sv}", ([asked], {}))):
            polkit.checks.clear()
            assert "image 'secret'" in refusal(user.call, method, signature, arguments).text
            assert polkit.checks[-1]["details"]["digest"] == "sha256:" + digest
    assert "image 'secret'" in refusal(user.call, "Inspect", "a{sv}", ({},), image, "org.quilt.Image").text
    assert root.call("ListContainers", "a{sv}", ({},)) == [] and len(root.call("ListImages", "a{sv}", ({},))) == 1

    # Later questions, and lists, have a name of the image as well.
    path, _ = root.call("CreateContainer", "sa{sv}", (digest[:9], {**COMMAND, "name": GLib.Variant("s", "box")}))
    assert quilt.Container(root, path).Image == "secret"
    assert "image 'secret'" in refusal(user.call, "StartContainers", "asa{sv}", (["box"], {})).text
    # By the name that is allowed, all of it is.
    user.call("CreateContainer", "sa{sv}", ("web", COMMAND))


@pytest.mark.fault(16)
def test_an_image_without_a_name_is_known_by_its_digest(daemon, user, root, services, polkit):
    image = import_image(root, services, "")
    digest = image.rpartition("/")[2]
    polkit.decide = lambda check: "yes"
    path, _ = user.call("CreateContainer", "sa{sv}", (digest[:12], COMMAND))
    assert polkit.checks[0]["details"]["image"] == "sha256:" + digest
    assert quilt.Container(root, path).Image == "sha256:" + digest


@pytest.mark.fault(12)
def test_p1_a_rule_about_names_holds_for_the_new_name_too(create, user, root, polkit):
    box = create("sleep", name="web-1")
    polkit.decide = lambda check: "yes" if check["details"]["container"].startswith("web-") else "no"
    error = refusal(box.call, "Rename", "sa{sv}", ("db-backup", {}), client=user)
    assert error.name == "NotAuthorized" and "container 'db-backup'" in error.text
    assert box.Name == "web-1"
    assert [(check["details"]["verb"], check["details"]["container"]) for check in polkit.checks] == [
        ("rename", "web-1"), ("rename", "db-backup")]
    box.call("Rename", "sa{sv}", ("web-2", {}), client=user)
    assert box.Name == "web-2"
    error = refusal(create("sleep", name="db-1").call, "Rename", "sa{sv}", ("web-3", {}), client=user)
    assert error.name == "NotAuthorized" and "container 'db-1'" in error.text
    polkit.decide = lambda check: "yes" if check["details"].get("container", "").startswith("web-") else "no"
    error = refusal(user.call, "CreateContainer", "sa{sv}", ("web", COMMAND))  # a name that nobody knows yet
    assert error.name == "NotAuthorized"


def test_p3_a_rule_can_tell_whose_a_container_is(create, user, other, polkit):
    polkit.decide = lambda check: "yes" if check["details"]["verb"] == "create" or check["details"].get("own") == "yes" else "no"
    box = create("sleep", name="mine", client=user)
    assert box.Owner == USER
    assert user.call("StartContainers", "asa{sv}", (["mine"], {})) == []
    error = refusal(other.call, "StopContainers", "asa{sv}", (["mine"], {}))
    assert error.name == "NotAuthorized"
    assert "container 'mine'" in error.text
    assert box.State == "running"
    assert [(check["details"]["owner"], check["details"]["own"]) for check in polkit.checks[-2:]] == [
        (str(USER), "yes"), (str(USER), "no")]


def test_all_of_several_containers_have_to_be_allowed(create, user, polkit):
    boxes = [create("sleep", name=name) for name in ("a", "b", "c")]
    polkit.decide = lambda check: "no" if check["details"]["container"] == "b" else "yes"
    assert "container 'b'" in refusal(user.call, "StartContainers", "asa{sv}", (["a", "b", "c"], {})).text
    assert [box.State for box in boxes] == ["pending"] * 3
    assert [check["details"]["container"] for check in polkit.checks] == ["a", "b"]


def test_people_are_asked_only_if_the_caller_says_so(image, user, polkit):
    polkit.decide = lambda check: "challenge" if not check["flags"] else "yes"
    error = refusal(user.call, "ListContainers", "a{sv}", (DETAIL,))
    assert error.name == "NotAuthorized" and "password" in error.text
    assert user.call("ListContainers", "a{sv}", (DETAIL,), flags=quilt.INTERACTIVE) == []


def test_without_polkit_only_root_may(image, user, root, services):
    services.disown("org.freedesktop.PolicyKit1")
    try:
        error = refusal(user.call, "ListContainers", "a{sv}", (DETAIL,))
        assert error.name == "NotAuthorized" and "polkit did not answer" in error.text
        assert root.call("ListContainers", "a{sv}", ({},)) == []
    finally:
        services.own("org.freedesktop.PolicyKit1")


def test_p6_a_caller_who_goes_is_denied(image, client, root, polkit, services):
    polkit.decide = lambda check: None
    caller = client(USER)
    caller.send("CreateContainer", "sa{sv}", ("web", {**COMMAND, "name": GLib.Variant("s", "ghost")}), flags=quilt.INTERACTIVE)
    check = services.wait(lambda: polkit.checks)[0]
    caller.close()
    services.wait(lambda: polkit.cancelled)
    assert polkit.cancelled == [check["cancellation_id"]]
    polkit.answer(check, "yes")  # too late
    assert root.call("ListContainers", "a{sv}", ({},)) == []
    assert refusal(root.call, "GetContainer", "s", ("ghost",)).name == "NotFound"


def test_p6_his_quota_is_free_again(stopped, bus, client, services, polkit):
    stopped.configure("MaxPendingPerUser=1\n")
    stopped.start()
    polkit.decide = lambda check: None
    for n in range(3):
        caller = client(USER)
        caller.send("ListContainers", "a{sv}", (DETAIL,))
        services.wait(lambda: len(polkit.checks) > n)
        caller.close()
        services.wait(lambda: len(polkit.cancelled) > n)


def test_what_was_checked_is_looked_up_again(create, user, root, polkit, services):
    box = create("sleep", name="old")
    polkit.decide = lambda check: None
    with concurrent.futures.ThreadPoolExecutor() as pool:
        answer = pool.submit(user.call, "RemoveContainers", "asa{sv}", (["old"], {}))
        check = services.wait(lambda: polkit.checks)[0]
        box.call("Rename", "sa{sv}", ("new", {}))
        create("sleep", name="old")  # another one: not the one that was asked about
        polkit.answer(check, "yes")
        failures = answer.result()
    assert [row[0] for row in failures] == ["old"]
    assert sorted(row[2] for row in root.call("ListContainers", "a{sv}", ({},))) == ["new", "old"]


def test_one_user_cannot_have_more_pending_than_his_quota(stopped, services, client, user, other, root, polkit):
    stopped.configure("MaxPendingPerUser=2\n")
    stopped.start()
    polkit.decide = lambda check: None
    with concurrent.futures.ThreadPoolExecutor() as pool:
        pending = [pool.submit(client(USER).call, "ListContainers", "a{sv}", (DETAIL,)) for _ in range(2)]
        services.wait(lambda: len(polkit.checks) == 2)
        error = refusal(user.call, "ListContainers", "a{sv}", (DETAIL,))
        assert error.name == "QuotaExceeded"
        assert "MaxPendingPerUser=" in error.text
        assert root.call("ListContainers", "a{sv}", ({},)) == []
        polkit.decide = lambda check: "yes"
        assert other.call("ListContainers", "a{sv}", (DETAIL,)) == []

        polkit.answer(polkit.checks[0], "yes")
        concurrent.futures.wait(pending, return_when=concurrent.futures.FIRST_COMPLETED)
        assert user.call("ListContainers", "a{sv}", (DETAIL,)) == []
        polkit.answer(polkit.checks[1], "yes")


def test_a_long_call_counts_as_long_as_it_takes(stopped, client, user, root, services, polkit):
    stopped.configure("MaxPendingPerUser=1\n")
    stopped.start()
    import_image(root, services, "web")
    polkit.decide = lambda check: "yes"
    path, _ = root.call("RunContainer", "sa{sv}", ("web", {"command": GLib.Variant("aay", [b"sleep"]),
                                                             "name": GLib.Variant("s", "box")}))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(client(USER).call, "WaitContainer", "sa{sv}", ("box", {}))
        services.wait(lambda: polkit.checks)
        assert refusal(user.call, "ListContainers", "a{sv}", (DETAIL,)).name == "QuotaExceeded"
        assert root.call("StopContainers", "asa{sv}", (["box"], {})) == []
        assert waiting.result()[1] == "stopped"
    assert len(user.call("ListContainers", "a{sv}", (DETAIL,))) == 1
    assert path


def test_a_flood_of_one_user_leaves_the_others_alone(daemon, image, user, root, services, polkit):
    polkit.decide = lambda check: None
    for _ in range(500):
        user.send("CreateContainer", "sa{sv}", ("web", COMMAND))
    assert root.call("ListContainers", "a{sv}", ({},)) == []
    services.wait(lambda: len(polkit.checks) == 64)
    assert refusal(user.call, "ListContainers", "a{sv}", (DETAIL,)).name == "QuotaExceeded"
    assert len(polkit.checks) == 64


def test_a_call_without_a_reply_counts_until_it_ends(stopped, root, user, services, polkit):
    stopped.configure("MaxPendingPerUser=1\n")
    stopped.start()
    import_image(root, services, "web")
    polkit.decide = lambda check: None
    user.send("CreateContainer", "sa{sv}", ("web", COMMAND), flags=Gio.DBusMessageFlags.NO_REPLY_EXPECTED)
    check = services.wait(lambda: polkit.checks)[0]
    assert refusal(user.call, "ListContainers", "a{sv}", (DETAIL,)).name == "QuotaExceeded"
    polkit.decide = lambda check: "yes"
    polkit.answer(check, "yes")
    services.wait(lambda: any(what == "InterfacesAdded" and "/container/" in a[0] for _, _, what, a in services.signals))
    assert len(user.call("ListContainers", "a{sv}", (DETAIL,))) == 1


def test_the_quota_can_be_changed_at_run_time(daemon, services, client, user, root, polkit):
    polkit.decide = lambda check: None
    client(USER).send("ListContainers", "a{sv}", (DETAIL,))
    services.wait(lambda: polkit.checks)
    daemon.configure("MaxPendingPerUser=1\n")
    root.call("Reload", "a{sv}", ({},))
    assert refusal(user.call, "ListContainers", "a{sv}", (DETAIL,)).name == "QuotaExceeded"


def test_only_root_can_be_quiltd(daemon, user):
    with pytest.raises(GLib.Error) as caught:
        user.connection.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                                  GLib.Variant("(su)", ("org.quilt", 0)), None, 0, -1, None)
    assert "AccessDenied" in caught.value.message


def test_properties_are_public_and_hold_no_secret(create, user, polkit):
    box = create("sleep", "secret", name="box", env=GLib.Variant("aay", [b"KEY=secret"]),
                 labels=GLib.Variant("as", ["a=secret"]))
    found = user.call("GetManagedObjects", path=quilt.ROOT, interface="org.freedesktop.DBus.ObjectManager")
    assert found[box.path]["org.quilt.Container"]["Name"] == "box"
    assert "secret" not in str(found)
    assert not polkit.checks


def test_nobody_can_write_a_property(create, user, root):
    box = create("sleep", name="box")
    for client in (user, root):
        error = refusal(client.call, "Set", "ssv", ("org.quilt.Container", "Name", GLib.Variant("s", "x")), box.path,
                        "org.freedesktop.DBus.Properties")
        assert error.name.startswith("org.freedesktop.DBus.Error.")
    assert box.Name == "box"


def added(*names):
    return {**COMMAND, "cap-add": GLib.Variant("as", names)}


@pytest.mark.parametrize("method", ["CreateContainer", "RunContainer"])
def test_p4_options_that_make_root_need_an_action_of_their_own(method, image, user, root, polkit):
    polkit.decide = lambda check: "no" if check["action"] == "org.quilt.privileged" else "yes"
    before = state(root)
    error = refusal(user.call, method, "sa{sv}", ("web", added("NET_ADMIN")))
    assert error.name == "NotAuthorized" and "org.quilt.privileged" in error.text and "option 'cap-add'" in error.text
    assert [check["action"] for check in polkit.checks] == ["org.quilt.manage-containers", "org.quilt.privileged"]
    assert polkit.checks[1]["details"] == {"verb": method[:-len("Container")].lower(), "image": "web",
                                           "digest": "sha256:" + image.rpartition("/")[2], "option": "cap-add"}
    assert state(root) == before


def test_p4_the_right_to_manage_is_needed_too(image, user, root, polkit):
    polkit.decide = lambda check: "yes" if check["action"] == "org.quilt.privileged" else "no"
    error = refusal(user.call, "CreateContainer", "sa{sv}", ("web", added("NET_ADMIN")))
    assert error.name == "NotAuthorized" and "org.quilt.manage-containers" in error.text
    assert [check["action"] for check in polkit.checks] == ["org.quilt.manage-containers"]


def test_p4_a_caller_with_both_actions_may_and_counts_once(stopped, services, user, root, polkit):
    stopped.configure("MaxPendingPerUser=1\n")
    stopped.start()
    import_image(root, services, "web")
    polkit.decide = lambda check: "yes"
    user.call("CreateContainer", "sa{sv}", ("web", added("NET_ADMIN")))
    assert [check["action"] for check in polkit.checks] == ["org.quilt.manage-containers", "org.quilt.privileged"]
    user.call("CreateContainer", "sa{sv}", ("web", added("CHOWN")))  # of the default set
    assert [check["action"] for check in polkit.checks[2:]] == ["org.quilt.manage-containers"]
    assert len(root.call("ListContainers", "a{sv}", ({},))) == 2


def test_p4_root_is_not_asked(image, root, polkit):
    root.call("CreateContainer", "sa{sv}", ("web", added("ALL")))
    assert not polkit.checks
