# SPDX-License-Identifier: LGPL-2.1-or-later
"""The API as the XML describes it: every method, property, signal and error."""
import concurrent.futures
import json
import os
import signal
import stat

import pytest
from gi.repository import Gio, GLib

import conftest
import quilt
from test_access import CALLS, DESCRIPTORS, call, objects, refusal, state  # noqa: F401 (a fixture)

INFINITY = 2**64 - 1


def options_of(*command, **options):
    return conftest.container_options(command, options)


def names(root):
    return [row[2] for row in root.call("ListContainers", "a{sv}", ({},))]


# The interface itself.

def test_the_bus_shows_what_the_xml_says(objects, root):
    for element in quilt.interfaces():
        name = element.get("name")
        shown = Gio.DBusNodeInfo.new_for_xml(root.call("Introspect", path=objects[name.removeprefix("org.quilt.")],
                                                       interface="org.freedesktop.DBus.Introspectable"))
        interface = shown.lookup_interface(name)
        wanted = Gio.DBusNodeInfo.new_for_xml(quilt.XML).lookup_interface(name)
        for kind in ("methods", "signals"):
            assert [(m.name, [a.signature for a in getattr(m, "in_args", []) + getattr(m, "out_args", getattr(m, "args", []))])
                    for m in getattr(interface, kind)] == \
                   [(m.name, [a.signature for a in getattr(m, "in_args", []) + getattr(m, "out_args", getattr(m, "args", []))])
                    for m in getattr(wanted, kind)]
        values = root.call("GetAll", "s", (name,), objects[name.removeprefix("org.quilt.")], "org.freedesktop.DBus.Properties")
        assert set(values) == {p.name for p in wanted.properties}


@pytest.mark.parametrize("interface,method", [key for key, (signature, _) in CALLS.items() if signature.endswith("a{sv}")])
@pytest.mark.parametrize("uid", [0, conftest.USER])
def test_b9_an_unknown_option_is_refused_by_name(interface, method, uid, objects, root, client, polkit):
    before = state(root)
    polkit.decide = lambda check: "yes"
    signature, arguments = CALLS[interface, method]
    options = {**arguments[-1], "no-such-option": GLib.Variant("b", True)}
    fd = DESCRIPTORS.get(method, quilt.archive)()
    error = refusal(client(uid).call, method, signature, (*arguments[:-1], options), objects[interface],
                    "org.quilt." + interface, fds=[fd])
    os.close(fd)
    assert error.name == "NotSupported"
    assert "no-such-option" in error.text
    assert state(root) == before


@pytest.mark.parametrize("method", ["CreateContainer", "RunContainer", "Update"])
@pytest.mark.parametrize("asked", [True, False, None])
def test_an_error_of_an_option_names_it_as_data(method, asked, image, create, root):
    box = create("sleep", name="box") if method == "Update" else None

    def refuse(options):
        if asked is not None:
            options["error-details"] = GLib.Variant("b", asked)
        if box:
            return refusal(box.call, "Update", "a{sv}", (options,))
        return refusal(root.call, method, "sa{sv}", ("web", options))
    few = refuse({"memory-max": GLib.Variant("t", 1)})
    unknown = refuse({"no\x01such": GLib.Variant("b", True)})
    problem = " to '1': must be at least 4194304 bytes (4M), or infinity"
    assert (few.name, few.text) == ("InvalidArgument", "Failed to set option 'memory-max'" + problem)
    assert few.more == (({"option": "memory-max", "problem": problem},) if asked else ())
    assert unknown.more == (({"option": "no\\x01such", "problem": ": no such option"},) if asked else ())


def test_other_errors_have_a_message_alone(daemon, root):
    options = {"error-details": GLib.Variant("b", True)}
    error = refusal(root.call, "CreateContainer", "sa{sv}", ("no-such-image", options))
    assert (error.name, error.more) == ("NotFound", ())
    options["error-details"] = GLib.Variant("s", "yes")
    error = refusal(root.call, "CreateContainer", "sa{sv}", ("no-such-image", options))
    assert (error.name, error.text) == ("InvalidArgument", "The option 'error-details' must be of type 'b', not 's'")


@pytest.mark.parametrize("key,value,text", [
    ("name", GLib.Variant("t", 5), "name"),
    ("name", GLib.Variant("s", "-x"), "-x"),
    ("command", GLib.Variant("as", ["true"]), "command"),
    ("memory-max", GLib.Variant("s", "64M"), "memory-max"),
    ("memory-max", GLib.Variant("t", 1), "memory-max"),
    ("pids-max", GLib.Variant("t", 0), "pids-max"),
    ("stop-signal", GLib.Variant("i", 65), "stop-signal"),
    ("env", GLib.Variant("aay", [b"NOEQUALS"]), "env"),
    ("hostname", GLib.Variant("s", "a b"), "hostname"),
    ("working-directory", GLib.Variant("s", "tmp"), "working-directory"),
    ("auto-remove", GLib.Variant("s", "yes"), "auto-remove"),
    ("stdout", GLib.Variant("h", 0), "stdout"),
])
def test_a_bad_value_is_refused_by_name(key, value, text, image, root):
    options = {**options_of("sleep"), key: value}
    error = refusal(root.call, "RunContainer" if key == "stdout" else "CreateContainer", "sa{sv}", ("web", options))
    assert error.name == "InvalidArgument"
    assert text in error.text
    assert names(root) == []


def test_a_deep_variant_is_a_value_of_the_wrong_type(image, root):
    value = GLib.Variant("s", "x")
    for _ in range(50):
        value = GLib.Variant("v", value)
    error = refusal(root.call, "CreateContainer", "sa{sv}", ("web", {**options_of("sleep"), "name": value}))
    assert error.name == "InvalidArgument" and "name" in error.text


def test_a_large_call_is_answered(daemon, root):
    failures = root.call("StopContainers", "asa{sv}", ([f"no-{n}" for n in range(20000)], {}))
    assert len(failures) == 20000 and {row[1] for row in failures} == {"org.quilt.Error.NotFound"}


def test_output_goes_to_a_run_alone(image, root):
    """A container that is created has no output yet."""
    fd = os.memfd_create("out")
    options = {**options_of("sleep"), "stdout": GLib.Variant("h", 0)}
    assert refusal(root.call, "CreateContainer", "sa{sv}", ("web", options), fds=[fd]).name == "NotSupported"
    os.close(fd)


# The life of a container.

def test_a_whole_life(create, root, services, systemd):
    box = create("sleep", name="box", memory_max=64 << 20)
    assert (box.State, box.Scope, box.Pid, box.ExitCode, box.Reason) == ("pending", "", 0, -1, "")
    box.call("Start")
    assert (box.State, box.Scope) == ("running", "quilt-box.scope")
    assert box.Pid > 0 and box.Started > 0
    box.call("Stop")
    assert (box.State, box.Scope, box.Pid, box.Reason) == ("exited", "", 0, "stopped")
    assert box.Finished >= box.Started
    box.call("Start")
    box.call("Kill", "ia{sv}", (9, {}))
    assert (box.State, box.ExitCode, box.Reason) == ("exited", 137, "signaled")
    box.call("Remove")
    assert names(root) == []
    services.wait_signal("InterfacesRemoved")
    assert [method for method, _ in systemd.calls if method == "StartTransientUnit"] == ["StartTransientUnit"] * 2


def test_d5_every_change_is_signalled_once_and_in_order(create, services):
    box = create("sleep", name="box")
    box.call("Start")
    box.call("Stop")
    wanted = [("pending", "setting-up"), ("setting-up", "running"), ("running", "stopping"), ("stopping", "exited")]
    services.wait(lambda: ("stopping", "exited") in [a for _, _, what, a in services.signals if what == "StateChanged"])
    seen, known = [], "pending"
    for path, _, what, arguments in services.signals:
        if path != box.path:
            continue
        if what == "PropertiesChanged":
            known = arguments[1].get("State", known)
        elif what == "StateChanged":
            seen.append(arguments)
            assert known == arguments[1]  # the properties were told before
    assert seen == wanted


def test_the_scope_gets_everything_in_one_call(run, systemd):
    run("sleep", name="box", memory_max=64 << 20, cpu_quota=500000, pids_max=33, stop_timeout=100000000)
    (unit, mode, properties, aux), = [a for method, a in systemd.calls if method == "StartTransientUnit"]
    properties = dict(properties)
    assert (unit, mode, aux) == ("quilt-box.scope", "fail", [])
    assert {key: properties[key] for key in ("Slice", "Delegate", "Controller", "MemoryMax", "CPUQuotaPerSecUSec",
                                             "TasksMax", "TimeoutStopUSec", "CollectMode")} == {
        "Slice": "quilt.slice", "Delegate": True, "Controller": "org.quilt", "MemoryMax": 64 << 20,
        "CPUQuotaPerSecUSec": 500000, "TasksMax": 34, "TimeoutStopUSec": 105000000,  # the supervisor's share
        "CollectMode": "inactive-or-failed"}
    assert len(systemd.calls) == 1


@pytest.mark.parametrize("code", [0, 1, 42, 127, 255])
def test_a2_exit_codes(code, run, root):
    box = run("exit", str(code), name="box")
    assert box.call("Wait") == (code, "exited")
    assert (box.State, box.ExitCode) == ("exited", code)
    assert root.call("WaitContainer", "sa{sv}", ("box", {})) == (code, "exited")


def test_run_returns_when_the_command_runs(run):
    assert run("sleep", name="box").State == "running"


def test_a_command_that_is_not_there(image, root):
    error = refusal(root.call, "RunContainer", "sa{sv}", ("web", options_of("fail", "Failed to execute 'x'", name="box")))
    assert error.name == "CommandNotFound"
    assert "Failed to execute 'x'" in error.text
    box = quilt.Container(root, root.call("GetContainer", "s", ("box",)))
    assert box.State == "failed"
    assert "Failed to execute 'x'" in json.loads(bytes(box.call("Inspect")))["result"]["error"]
    assert box.call("Wait") == (-1, "failed")


@pytest.mark.fault(5)
def test_wait_tells_of_the_run_that_ended_and_not_of_the_next(run, root):
    box = run("exit", "3", name="box")
    assert root.call("WaitContainer", "sa{sv}", ("box", {})) == (3, "exited")
    for _ in range(30):
        answer = []
        root.connection.send_message_with_reply(root.message("WaitContainer", "sa{sv}", ("box", {})), Gio.DBusSendMessageFlags.NONE, -1, None,
                                                lambda bus, result: answer.append(bus.send_message_with_reply_finish(result)))
        root.call("Start", "a{sv}", ({},), box.path, "org.quilt.Container")
        while not answer:
            GLib.MainContext.default().iteration(True)
        assert answer[0].get_body().unpack() == (3, "exited")
        assert root.call("WaitContainer", "sa{sv}", ("box", {})) == (3, "exited")


def test_auto_remove(image, root, services):
    path, id_ = root.call("RunContainer", "sa{sv}", ("web", options_of("exit", "3", name="box", auto_remove=True)))
    assert root.call("WaitContainer", "sa{sv}", (id_, {})) == (3, "exited")
    assert names(root) == []
    assert path
    error = refusal(root.call, "RunContainer", "sa{sv}", ("web", options_of("fail", "no", name="box", auto_remove=True)))
    assert error.name == "CommandNotFound"
    services.wait(lambda: len([1 for _, _, what, _ in services.signals if what == "InterfacesRemoved"]) >= 2)
    assert names(root) == []


def test_a5_what_has_stopped_stops_and_what_runs_starts(run):
    box = run("sleep", name="box")
    box.call("Start")
    box.call("Stop")
    box.call("Stop")
    assert refusal(box.call, "Kill", "ia{sv}", (9, {})).name == "InvalidState"


def test_a6_a_running_one_is_not_removed_but_by_force(run, root):
    box = run("sleep", name="box")
    assert refusal(box.call, "Remove").name == "Busy"
    assert box.State == "running"
    box.call("Remove", "a{sv}", ({"force": GLib.Variant("b", True)},))
    assert names(root) == []


def test_a_stop_that_is_ignored_does_not_hold_up_others(run, root, client):
    deaf, other = run("ignore", name="deaf"), run("sleep", name="other")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        stopping = pool.submit(client().call, "StopContainers", "asa{sv}", (["deaf"], {}))
        other.call("Stop")
        assert sorted(names(root)) == ["deaf", "other"]
        deaf.call("Kill", "ia{sv}", (9, {}))
        assert stopping.result() == []


def test_a_hanging_setup_step_can_be_stopped(image, root, client, services):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        starting = pool.submit(client().call, "RunContainer", "sa{sv}", ("web", options_of("setup", name="box")))
        services.wait(lambda: any(what == "PropertiesChanged" and arguments[1].get("SetupStep") == 1
                                  for _, _, what, arguments in services.signals))
        box = quilt.Container(root, root.call("GetContainer", "s", ("box",)))
        assert box.State == "setting-up"
        assert root.call("StopContainers", "asa{sv}", (["box"], {})) == []
        assert refusal(starting.result).name == "Cancelled"
    assert (box.State, box.ExitCode, box.Reason) == ("failed", -1, "stopped")


def test_rename_and_update(run, root, systemd):
    box = run("sleep", name="old", pids_max=5)
    box.call("Rename", "sa{sv}", ("new", {}))
    assert (box.Name, box.Scope) == ("new", "quilt-old.scope")
    assert refusal(root.call, "GetContainer", "s", ("old",)).name == "NotFound"
    box.call("Update", "a{sv}", ({"pids-max": GLib.Variant("t", 50), "stop-timeout": GLib.Variant("t", 1000000)},))
    assert (box.PidsMax, box.StopTimeout) == (50, 1000000)
    unit, runtime, properties = next(a for method, a in systemd.calls if method == "SetUnitProperties")
    assert (unit, runtime) == ("quilt-old.scope", True)
    assert dict(properties)["TasksMax"] >= 50


def test_an_update_is_all_or_nothing(create):
    box = create("sleep", name="box", pids_max=5)
    for bad in ({"memory-max": GLib.Variant("t", 1)}, {"hostname": GLib.Variant("s", "x")}, {"stop-signal": GLib.Variant("i", 99)}):
        refusal(box.call, "Update", "a{sv}", ({"pids-max": GLib.Variant("t", 50), **bad},))
        assert (box.PidsMax, box.MemoryMax) == (5, INFINITY)


def test_inspect_is_json(create, root, image):
    box = create("printf", "a b", name="box", labels=GLib.Variant("as", ["k=v"]))
    assert json.loads(bytes(box.call("Inspect")))["id"] == box.Id
    config = json.loads(bytes(box.call("Inspect", "a{sv}", ({"oci": GLib.Variant("b", True)},))))
    assert config["process"]["args"] == ["printf", "a b"]
    record = json.loads(bytes(root.call("Inspect", "a{sv}", ({},), image, "org.quilt.Image")))
    assert record["names"] == ["web"]


def test_b3_arguments_are_bytes(create):
    words = [b"a b", b"$HOME", b"\n", b"\xff\xfe", b""]
    box = create(name="box", command=GLib.Variant("aay", [b"printf", *words]))
    config = bytes(box.call("Inspect", "a{sv}", ({"oci": GLib.Variant("b", True)},)))
    assert b'"\xff\xfe"' in config


# Names.

def test_a7_of_many_creators_of_one_name_one_wins(image, client):
    def attempt(caller):
        try:
            return caller.call("CreateContainer", "sa{sv}", ("web", options_of("sleep", name="box")))
        except quilt.Refused as error:
            return error.name
    callers = [client() for _ in range(20)]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        results = list(pool.map(attempt, callers))
    assert results.count("Exists") == 19


def test_a8_names_ids_and_prefixes(create, root):
    box = create("sleep", name="box")
    for name in ("box", box.Id, box.Id[:8]):
        assert root.call("GetContainer", "s", (name,)) == box.path
    assert refusal(root.call, "GetContainer", "s", ("nope",)).name == "NotFound"
    assert refusal(root.call, "GetContainer", "s", ("",)).name in ("NotFound", "InvalidArgument")
    for n in range(17):  # two of them begin with the same digit
        create("sleep")
    ids = [row[1] for row in root.call("ListContainers", "a{sv}", ({},))]
    digit = next(d for d in "0123456789abcdef" if sum(i.startswith(d) for i in ids) > 1)
    assert refusal(root.call, "GetContainer", "s", (digit,)).name == "Ambiguous"


def test_bulk_verbs_do_what_they_can(create, root):
    create("sleep", name="a")
    create("sleep", name="b")
    failures = root.call("StartContainers", "asa{sv}", (["a", "nope", "b", "nope"], {}))
    assert [row[:2] for row in failures] == [("nope", "org.quilt.Error.NotFound")]
    assert "nope" in failures[0][2]
    assert [row[5] for row in root.call("ListContainers", "a{sv}", ({},))] == ["running", "running"]
    failures = root.call("KillContainers", "asia{sv}", (["a", "a", "b"], 9, {}))
    assert failures == []
    failures = root.call("RemoveContainers", "asa{sv}", (["a", "b", "b"], {}))
    assert failures == [] and names(root) == []


def test_objects_that_are_not_there(root, daemon):
    for path, interface in ((quilt.ROOT + "/container/" + "0" * 32, "Container"), (quilt.ROOT + "/image/" + "0" * 64, "Image")):
        error = refusal(root.call, "Inspect", "a{sv}", ({},), path, "org.quilt." + interface)
        assert error.name.startswith("org.freedesktop.DBus.Error.Unknown")


# Images.

def test_i3_the_same_image_twice_is_unpacked_once(image, root, services):
    before = len(services.signals)
    assert conftest.import_image(root, services, "again") == image
    results = services.wait_signal("Completed", since=before)[3]
    assert results["existed"] is True
    (path, digest, found, _, _), = root.call("ListImages", "a{sv}", ({},))
    assert (path, found) == (image, ["again", "web"])
    assert results["digest"] == digest == root.property(image, "Image", "Digest")


def test_removing_names_and_images(image, create, root, services):
    conftest.import_image(root, services, "again")
    assert root.call("RemoveImages", "asa{sv}", (["again"], {})) == []
    assert root.property(image, "Image", "Names") == ["web"]
    box = create("sleep", name="box")
    (name, error, text), = root.call("RemoveImages", "asa{sv}", (["web"], {}))
    assert (name, error) == ("web", "org.quilt.Error.Busy") and "in use" in text
    box.call("Remove")
    assert root.call("RemoveImages", "asa{sv}", (["web"], {})) == []
    assert root.call("ListImages", "a{sv}", ({},)) == []


def test_i1_files_that_are_not_archives_are_refused(daemon, root, services):
    fd = os.memfd_create("nonsense")
    os.write(fd, b"nonsense" * 1000)
    os.lseek(fd, 0, os.SEEK_SET)
    job = root.call("ImportImage", "hsa{sv}", (0, "bad", {}), fds=[fd])
    success, error, text, _ = services.wait_signal("Completed", job)
    os.close(fd)
    assert (success, error) == (False, "org.quilt.Error.BadArchive") and text
    assert root.call("ListImages", "a{sv}", ({},)) == []


@pytest.mark.parametrize("kind", ["directory", "path", "write-only", "none"])
def test_descriptors_that_cannot_be_read_are_refused(kind, daemon, root, tmp_path):
    (tmp_path / "file").write_text("x")
    fds = {"directory": lambda: os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY),
           "path": lambda: os.open(tmp_path / "file", os.O_PATH),
           "write-only": lambda: os.open(tmp_path / "file", os.O_WRONLY),
           "none": lambda: None}
    fd = fds[kind]()
    error = refusal(root.call, "ImportImage", "hsa{sv}", (0, "x", {}), fds=None if fd is None else [fd])
    assert error.name == "InvalidArgument"
    if fd is not None:
        os.close(fd)


def test_an_import_can_be_cancelled(daemon, root, services, client):
    reader, writer = os.pipe()
    caller = client()
    job = caller.call("ImportImage", "hsa{sv}", (0, "endless", {}), fds=[reader])
    os.close(reader)
    assert root.property(job, "Job", "Operation") == "import"
    root.call("Cancel", "a{sv}", ({},), job, "org.quilt.Job")
    success, error, _, _ = services.wait_signal("Completed", job)
    assert (success, error) == (False, "org.quilt.Error.Cancelled")
    os.close(writer)
    assert root.call("ListImages", "a{sv}", ({},)) == []


def test_an_import_has_limits(stopped, root, services):
    stopped.configure("ImportMaxBytes=64k\nImportMaxEntries=5\n")
    stopped.start()
    with pytest.raises(quilt.Refused) as caught:
        conftest.import_image(root, services, "big", big="x" * 100000)
    assert caught.value.name == "QuotaExceeded"
    with pytest.raises(quilt.Refused) as caught:
        conftest.import_image(root, services, "many", **{f"f{n}": "" for n in range(10)})
    assert caught.value.name == "QuotaExceeded"
    assert conftest.import_image(root, services, "small")


def test_defaults_of_the_configuration(stopped, root, services):
    stopped.configure("DefaultStopTimeout=3s\nDefaultMemoryMax=64M\nDefaultCPUQuota=50%\nDefaultPidsMax=33\n")
    stopped.start()
    conftest.import_image(root, services, "web")
    path, _ = root.call("CreateContainer", "sa{sv}", ("web", options_of("sleep", pids_max=44)))
    box = quilt.Container(root, path)
    assert (box.StopTimeout, box.MemoryMax, box.CPUQuota, box.PidsMax) == (3000000, 64 << 20, 500000, 44)


# What quilt-look finds.

def changes(client, name):
    """The records of ListChanges."""
    reply, _ = client.connection.send_message_with_reply_sync(
        client.message("ListChanges", "sa{sv}", (name, {})), Gio.DBusSendMessageFlags.NONE, quilt.PATIENCE * 1000, None)
    assert reply.get_message_type() == Gio.DBusMessageType.METHOD_RETURN, reply.get_body()
    with open(reply.get_unix_fd_list().steal_fds()[0], "rb") as pipe:
        return pipe.read().split(b"\0")[:-1]


def test_changes_come_through_a_pipe_and_end_with_a_mark(create, daemon, root):
    box = create("sleep", name="box")
    upper = daemon.directory / "state/containers" / box.Id / "upper"
    assert changes(root, "box") == [b"."]
    (upper / "etc").mkdir()
    os.mknod(upper / "etc/hostname", stat.S_IFCHR | 0o600, os.makedev(0, 0))
    (upper / "proc").mkdir()
    (upper / "new\n").write_text("x")
    assert changes(root, "box") == [b"C/etc", b"D/etc/hostname", b"A/new\n", b"."]


def test_changes_wait_for_their_reader_and_count_until_he_is_gone(create, daemon, root, user, polkit):
    polkit.decide = lambda check: "yes"
    daemon.configure("MaxPendingPerUser=1\n")
    daemon.kill(signal.SIGHUP)
    daemon.wait_told("READY=1")
    box = create("sleep", name="box")
    upper = daemon.directory / "state/containers" / box.Id / "upper"
    for i in range(400):
        (upper / f"{i:0200}").touch()
    reply, _ = user.connection.send_message_with_reply_sync(
        user.message("ListChanges", "sa{sv}", ("box", {})), Gio.DBusSendMessageFlags.NONE, quilt.PATIENCE * 1000, None)
    fd = reply.get_unix_fd_list().steal_fds()[0]
    assert refusal(user.call, "ListChanges", "sa{sv}", ("box", {})).name == "QuotaExceeded"
    os.close(fd)
    while True:  # until quilt-look has seen that
        try:
            user.call("ListChanges", "sa{sv}", ("box", {}))
            break
        except quilt.Refused as error:
            assert error.name == "QuotaExceeded"
    root.call("ListContainers", "a{sv}", ({},))


def test_processes_of_a_container_that_does_not_run(create, root):
    create("sleep", name="box")
    error = refusal(root.call, "ListProcesses", "sa{sv}", ("box", {}))
    assert (error.name, error.text) == ("InvalidState", "Container 'box' does not run")
    assert refusal(root.call, "ListProcesses", "sa{sv}", ("nothing", {})).name == "NotFound"
