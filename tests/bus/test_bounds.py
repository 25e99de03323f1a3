# SPDX-License-Identifier: LGPL-2.1-or-later
"""A user's requests, however large, cost other users nothing: quiltd checks sizes and quotas before any work. (P6)"""
import concurrent.futures
import contextlib
import os
import pathlib
import re
import socket
import subprocess
import threading
import time

import pytest
from gi.repository import Gio, GLib

import quilt
from conftest import OTHER, USER
from test_access import CALLS

V = GLib.Variant
# Another user's list may take at most this time meanwhile.
PATIENCE_MS = 50
# quiltd needs at least this time for such a list.
LIST_MS = 0.2
MIB = 1 << 20
TOO_LARGE = "A call may have at most 1048576 bytes and 65536 values"


class RawCaller:
    """A caller that prepares its messages as bytes, so that the measurement excludes the cost of making them."""

    def __init__(self, address, uid):
        os.seteuid(uid)
        try:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(quilt.PATIENCE)
            self.socket.connect(re.search("path=([^,]*)", address)[1])
            self.socket.sendall(b"\0AUTH EXTERNAL " + str(uid).encode().hex().encode() + b"\r\n")
            assert self.socket.recv(100).startswith(b"OK")
        finally:
            os.seteuid(0)
        self.socket.sendall(b"BEGIN\r\n")
        hello = Gio.DBusMessage.new_method_call("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "Hello")
        hello.set_serial(1)
        self.socket.sendall(bytes(hello.to_blob(Gio.DBusCapabilityFlags.NONE)))
        self.serial = 1
        self.answer(1)

    def blob(self, method, signature, arguments, path=quilt.ROOT, interface="org.quilt.Manager"):
        """(serial, bytes) of a call; arguments may be a ready tuple."""
        message = Gio.DBusMessage.new_method_call("org.quilt", path, interface, method)
        message.set_body(arguments if isinstance(arguments, V) else V(f"({signature})", arguments))
        self.serial += 1
        message.set_serial(self.serial)
        return self.serial, bytes(message.to_blob(Gio.DBusCapabilityFlags.NONE))

    def receive(self):
        data = b""
        size = 16
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            assert part, "the bus hung up"
            data += part
            size = Gio.DBusMessage.bytes_needed(data) if len(data) == 16 else size
        return Gio.DBusMessage.new_from_blob(data, Gio.DBusCapabilityFlags.NONE)

    def answer(self, serial):
        """(name of the error after org.quilt.Error., text), or ("", values)."""
        while True:
            message = self.receive()
            if message.get_reply_serial() == serial:
                values = message.get_body().unpack() if message.get_body() else ()
                error = message.get_error_name()
                return (error.removeprefix("org.quilt.Error."), values[0]) if error else ("", values)

    def send(self, blob):
        self.socket.sendall(blob)


@pytest.fixture
def hostile(bus):
    caller = RawCaller(bus.address, USER)
    yield caller
    caller.socket.close()


def cpu_ms(daemon):
    """The CPU time that all threads of quiltd have used so far. A thread may end meanwhile."""
    total = 0
    for task in pathlib.Path(f"/proc/{daemon.process.pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e6


@pytest.fixture
def measured(stopped, hostile, other, polkit):
    """Sends one call while another user lists, again and again; the answer, if no list took too long. On a machine that
    has other things to do, a list can wait for the machine: it is quiltd's fault only if quiltd worked for so long."""
    polkit.decide = lambda check: "yes"

    def once(serial, blob):
        other.call("ListContainers", "a{sv}", ({},))
        answers, worst, lists = [], 0, 0
        begin_cpu = cpu_ms(stopped)
        hostile.send(blob)
        thread = threading.Thread(target=lambda: answers.append(hostile.answer(serial)))
        thread.start()
        while thread.is_alive():
            begin = time.monotonic()
            other.call("ListContainers", "a{sv}", ({},))
            worst = max(worst, time.monotonic() - begin)
            lists += 1
        return answers[0], min(worst * 1000, cpu_ms(stopped) - begin_cpu - lists * LIST_MS)

    def measure(*args, ready=None, **kwargs):
        for _ in range(3):
            answer, worst = once(*(ready() if ready else hostile.blob(*args, **kwargs)))
            if worst < PATIENCE_MS:
                return answer
        pytest.fail(f"another user's list took {worst:.0f} ms")
    return measure


def rss(daemon):
    """MiB of memory that quiltd has."""
    with open(f"/proc/{daemon.process.pid}/status", encoding="utf-8") as file:
        return int(re.search(r"VmRSS:\s*(\d+)", file.read())[1]) >> 10


@pytest.mark.fault(8)
@pytest.mark.parametrize("interface,method", [key for key in CALLS if "as" in CALLS[key][0]])
def test_names_in_a_call(interface, method, image, measured, polkit):
    """A call with the maximum of names gets an answer for each name. One more name is refused, without asking polkit."""
    signature, (_, *rest) = CALLS[interface, method]
    error, values = measured(method, signature, ([f"no-{n}" for n in range(1024)], *rest))
    assert error == "" and len(values[0]) == 1024
    asked = len(polkit.checks)
    error, text = measured(method, signature, ([f"no-{n}" for n in range(1025)], *rest))
    assert error == "InvalidArgument" and "at most 1024 names" in text
    error, text = measured(method, signature, (["a"] * 40000, *rest))
    assert error == "InvalidArgument" and "at most 1024 names" in text
    assert [check["details"]["verb"] for check in polkit.checks[asked:]] == ["list"] * (len(polkit.checks) - asked)


@pytest.mark.fault(8)
def test_many_names_of_many_containers(create, measured, root):
    """Known ones, unknown ones and beginnings of IDs, each of which is looked up among all others."""
    names = [f"box-{n}" for n in range(150)]
    for name in names:
        create("sleep", name=name)
    for given in (names + [f"no-{n}" for n in range(800)], ["a", "0", "ff"] * 341, names * 6):
        error, _ = measured("StopContainers", "asa{sv}", (given, {}))
        assert error == ""
    assert len(root.call("ListContainers", "a{sv}", ({},))) == len(names)


@pytest.mark.fault(8)
@pytest.mark.parametrize("interface,method", [call for call in CALLS if "a{sv}" in CALLS[call][0] and call[0] != "Job"])
def test_no_call_is_larger_than_a_mebibyte(interface, method, create, image, measured):
    """Whatever the method: its options as large as a call may be, and larger."""
    path = {"Manager": quilt.ROOT, "Container": create("sleep", name="box").path, "Image": image}
    signature, arguments = CALLS[interface, method]
    for size, expected in ((MIB - 4096, None), (MIB + 1, TOO_LARGE), (20 * MIB, TOO_LARGE)):
        options = {"x" * 1000: V("s", "y" * size)}
        error, text = measured(method, signature, (*arguments[:-1], options), path[interface], "org.quilt." + interface)
        assert error in ("InvalidArgument", "NotSupported")
        assert expected is None or expected in text


# The smallest element of an array of each kind: a decoder pays by the element.
COSTLY = {"ag": b"\0\0", "as": b"\3\0\0\0abc\0", "av": b"\1y\0\0", "aay": b"\0\0\0\0"}


def costly(caller, kind, count, message=None):
    """A call, or another message, with an array of the smallest elements of a kind."""
    message = message or Gio.DBusMessage.new_method_call("org.quilt", quilt.ROOT, "org.quilt.Manager", "StopContainers")
    message.set_body(V.new_tuple(V.new_array(GLib.VariantType(kind[1:]), [])))
    caller.serial += 1
    message.set_serial(caller.serial)
    blob = bytearray(message.to_blob(Gio.DBusCapabilityFlags.NONE))
    elements = COSTLY[kind] * count
    blob[-4:] = len(elements).to_bytes(4, "little")
    blob[4:8] = (4 + len(elements)).to_bytes(4, "little")
    return caller.serial, bytes(blob) + elements


@pytest.mark.fault(8)
@pytest.mark.parametrize("kind", COSTLY)
def test_calls_that_cost_most_to_decode(kind, image, hostile, measured, stopped):
    """To decode a call of 12 MiB would take quiltd a second and hundreds of MiB."""
    before, huge = rss(stopped), 12 * MIB // len(COSTLY[kind])
    for count, expected in ((30000, "Type of message"), (65536, TOO_LARGE), (huge, TOO_LARGE)):
        _, text = measured(ready=lambda count=count: costly(hostile, kind, count))
        assert expected in text
    # A signal can be sent to anybody, too.
    signal = Gio.DBusMessage.new_signal("/", "org.quilt.Manager", "ContainerNew")
    signal.set_destination("org.quilt")
    hostile.send(costly(hostile, kind, huge, signal)[1])
    _, text = measured(ready=lambda: costly(hostile, kind, 1000))
    assert "Type of message" in text
    assert rss(stopped) < before + 40


def nested(caller, depth, kind, message=None):
    """A call, or another message, with so many variants in each other around an array without elements."""
    message = message or Gio.DBusMessage.new_method_call("org.quilt", quilt.ROOT, "org.quilt.Manager", "StopContainers")
    message.set_body(V("(v)", (V("y", 7),)))
    caller.serial += 1
    message.set_serial(caller.serial)
    blob = bytes(message.to_blob(Gio.DBusCapabilityFlags.NONE))[:-4]
    body = b"\1v\0" * (depth - 1) + bytes([len(kind)]) + kind.encode() + b"\0"
    body += bytes(-len(body) % 4 + 4)
    body += bytes(-len(body) % 8 if kind[1] == "{" else 0)
    return caller.serial, blob[:4] + len(body).to_bytes(4, "little") + blob[8:] + body


@pytest.mark.fault(8)
@pytest.mark.parametrize("depth,kind", [(64, "ay"), (64, "as"), (63, "a{sv}"), (34, "a" * 32 + "y"), (63, "a" * 32 + "y")])
def test_values_in_each_other_end_nothing(depth, kind, image, hostile, stopped):
    """The bus passes them on. quiltd does not decode them."""
    serial, blob = nested(hostile, depth, kind)
    hostile.send(blob)
    error, text = hostile.answer(serial)
    assert error == "InvalidArgument" and TOO_LARGE in text
    signal = Gio.DBusMessage.new_signal("/", "org.quilt.Manager", "ContainerNew")
    signal.set_destination("org.quilt")
    hostile.send(nested(hostile, depth, kind, signal)[1])
    serial, blob = nested(hostile, 20, kind)
    hostile.send(blob)
    assert "Type of message" in hostile.answer(serial)[1]
    assert stopped.process.poll() is None


@pytest.mark.fault(8)
def test_a_call_that_is_too_large_leaves_no_descriptor(stopped, user, image):
    """Checks the caller's descriptor only: meanwhile quiltd opens and closes others, such as those of the helper that makes the filter."""
    def held(target):
        for fd in os.listdir(f"/proc/{stopped.process.pid}/fd"):
            try:
                if os.readlink(f"/proc/{stopped.process.pid}/fd/{fd}") == target:
                    return True
            except FileNotFoundError:
                pass  # closed meanwhile
        return False
    read, write = os.pipe()
    try:
        for _ in range(3):
            with pytest.raises(quilt.Refused) as caught:
                user.call("CreateContainer", "sa{sv}", ("web", {"command": V("aay", [b"x" * 100000] * 11)}), fds=[read] * 10)
            assert TOO_LARGE in caught.value.text
        assert not held(os.readlink(f"/proc/self/fd/{read}"))
    finally:
        os.close(read)
        os.close(write)


def fill(form, number):
    """form, a text or a structure, with number in the place of each {}."""
    if isinstance(form, (tuple, list)):
        return type(form)(fill(part, number) for part in form)
    return form.replace("{}", str(number)) if isinstance(form, str) else form


def long(count, form="{}", kind="as"):
    """A list of count different texts or structures of an option."""
    entries = [fill(form, n) for n in range(count)]
    return V(kind, [text.encode() for text in entries] if kind == "aay" else entries)


LISTS = {
    "labels": ("k{}=v", "as"), "setup": ("true {}", "as"), "ip-allow": ("10.0.0.1", "as"), "ip-deny": ("::1", "as"),
    "cap-add": ("CHOWN", "as"), "cap-drop": ("CHOWN", "as"), "group-add": ("{}", "as"), "ulimits": ("nofile={}", "as"),
    "sysctls": ("net.x{}=1", "as"), "label": ("type:t{}", "as"),
    "tmpfs": (("/t{}", ["ro"]), "a(sas)"), "volumes": (("/usr", "/v{}", ["ro"]), "a(ssas)"),
    "devices": (("/dev/null", "/dev/n{}", ""), "a(sss)"),
    "device-read-bps": (("/dev/d{}", 1), "a(st)"), "device-write-bps": (("/dev/d{}", 1), "a(st)"),
    "device-read-iops": (("/dev/d{}", 1), "a(st)"), "device-write-iops": (("/dev/d{}", 1), "a(st)"),
}
STRINGS = {
    "name": "n", "working-directory": "/w", "hostname": "h", "cpuset-cpus": "0-8191,", "cpuset-mems": "0-8191,", "pid": "container:",
    "ipc": "container:", "uts": "container:", "network": "container:", "cgroupns": "private", "userns": "0:0:1,", "user": "u",
    "apparmor": "a", "domainname": "d", "timezone": "z", "slice": "s-",
    "setup-cache": "use", "provide": "shell,",
}


def test_every_option_that_can_be_long_is_tried_here():
    text = re.sub(r"\s+", " ", quilt.XML)
    found = set(re.findall(r'"([a-z-]+)" (?:as|aay|s|a\([st]+(?:as)?\))(?![a-z])', text[text.index('"command"'):text.index('<method name="CreateContainer">')]))
    found = found - {"stdout", "stderr", "option", "problem"} | {"pid", "ipc", "uts", "network"}  # which the text lists at once
    assert found == set(LISTS) | set(STRINGS) | {"command", "entrypoint", "env", "seccomp"}


@pytest.mark.fault(8)
@pytest.mark.parametrize("key", sorted(LISTS))
def test_a_list_of_an_option(key, image, measured):
    for count in (1024, 1025, 8000):
        options = {"command": V("aay", [b"sleep"]), key: long(count, *LISTS[key])}
        error, text = measured("CreateContainer", "sa{sv}", ("web", options))
        if count > 1024:
            assert error == "InvalidArgument" and f"'{key}': there can be at most 1024, not {count}" in text


@pytest.mark.fault(8)
@pytest.mark.parametrize("key", sorted(STRINGS))
def test_a_string_of_an_option(key, image, measured):
    unit = STRINGS[key]
    for size in (4096, 4097, MIB // 2):
        options = {"command": V("aay", [b"sleep"]), key: V("s", (unit * (size // len(unit) + 1))[:size])}
        error, text = measured("CreateContainer", "sa{sv}", ("web", options))
        assert size == 4096 or error == "InvalidArgument" and f"'{key}': must be at most 4096 bytes long" in text


@pytest.mark.fault(8)
@pytest.mark.parametrize("key,most", [("command", 16384), ("env", 16384), ("entrypoint", 16384)])
def test_words_of_a_program(key, most, image, measured):
    options = {"command": V("aay", [b"sleep"])}
    error, _ = measured("CreateContainer", "sa{sv}", ("web", {**options, key: long(most, "a{}=b", "aay")}))
    assert error == ""
    for count in (most + 1, 40000):
        error, text = measured("CreateContainer", "sa{sv}", ("web", {**options, key: long(count, "a=", "aay")}))
        assert error == "InvalidArgument" and f"there can be at most {most}" in text


@pytest.mark.fault(8)
def test_a_profile_of_system_calls(image, measured):
    rule = '{"names": ["read"], "action": "SCMP_ACT_ALLOW"}'
    for size, expected in ((250000, None), (300000, "must be at most 262144 bytes long")):
        profile = '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [' + ",".join([rule] * (size // (len(rule) + 1))) + "]}"
        options = {"command": V("aay", [b"sleep"]), "seccomp": V("s", profile)}
        error, text = measured("CreateContainer", "sa{sv}", ("web", options))
        assert expected is None or (error, expected in text) == ("InvalidArgument", True)


@pytest.mark.fault(8)
def test_lists_that_are_compared_with_each_other(image, measured):
    options = {"command": V("aay", [b"sleep"]), "volumes": long(1024, *LISTS["volumes"]), "tmpfs": long(1024, *LISTS["tmpfs"])}
    error, _ = measured("CreateContainer", "sa{sv}", ("web", options))
    assert error == ""
    options["tmpfs"] = long(1024, ("/v{}", []), "a(sas)")
    error, text = measured("CreateContainer", "sa{sv}", ("web", options))
    assert error == "InvalidArgument" and "a tmpfs has that place" in text


@pytest.mark.fault("22")
@pytest.mark.parametrize("key,kind,value", [
    ("volumes", "a(ssas)", ("/" + "x" * MIB, "/v", [])), ("volumes", "a(ssas)", ("/usr", "/" + "x" * 4096, [])),
    ("volumes", "a(ssas)", ("/usr", "/v", ["ro"] * 100000)), ("tmpfs", "a(sas)", ("/" + "x" * 4096, [])),
    ("tmpfs", "a(sas)", ("/t", ["ro"] * 150000)), ("tmpfs", "a(sas)", ("/t", ["size=" + "1" * 500000])),
    ("devices", "a(sss)", ("/dev/" + "x" * 4096, "", "")), ("devices", "a(sss)", ("/dev/null", "/dev/" + "x" * 4096, "")),
    ("devices", "a(sss)", ("/dev/null", "", "r" * 100000)), ("device-read-bps", "a(st)", ("/dev/" + "x" * 4096, 1)),
])
def test_members_of_structures(key, kind, value, image, measured):
    options = {"command": V("aay", [b"sleep"]), key: V(kind, [value])}
    error, text = measured("CreateContainer", "sa{sv}", ("web", options))
    assert error == "InvalidArgument" and len(text) < 1000


@pytest.mark.fault(8)
def test_a_key_as_often_as_a_call_can_hold(create, image, measured):
    create("sleep", name="box")
    for method, first, key, value in (("CreateContainer", V("s", "web"), "hostname", V("s", "x")),
                                      ("StopContainers", V("as", ["box"]), "timeout", V("t", 1))):
        entry = V.new_dict_entry(V("s", key), V.new_variant(value))
        options = V.new_array(GLib.VariantType("{sv}"), [entry] * 10000)
        error, _ = measured(method, None, V.new_tuple(first, options))
        assert error == ("InvalidArgument" if method == "CreateContainer" else "")


@pytest.mark.fault(8)
def test_quiltd_does_no_work_beyond_a_users_quota(stopped, hostile, client, root, services, polkit):
    """quiltd does not even read the arguments: otherwise the answer would be an error about them."""
    stopped.configure("MaxPendingPerUser=1\n")
    stopped.start()
    polkit.decide = lambda check: None
    client(USER).send("ListContainers", "a{sv}", ({},))
    services.wait(lambda: polkit.checks)
    for method, signature, arguments in (("CreateContainer", "sa{sv}", ("no", {"no": V("b", True)})),
                                         ("StopContainers", "asa{sv}", (["x"] * 2000, {})),
                                         ("GetContainer", "s", ("x",)), ("GetImage", "s", ("x",)),
                                         ("KillContainers", "asia{sv}", (["x"], 99, {}))):
        serial, blob = hostile.blob(method, signature, arguments)
        hostile.send(blob)
        error, _ = hostile.answer(serial)
        assert error == "QuotaExceeded", method
    assert root.call("ListContainers", "a{sv}", ({},)) == []


PROPERTIES, STANDARD = "org.freedesktop.DBus.Properties", "org.freedesktop.DBus."
# Method, signature, arguments, interface; a container's object, if no other path follows.
FLOODS = {
    "get-all": ("GetAll", "s", ("org.quilt.Container",), PROPERTIES),
    "get": ("Get", "ss", ("org.quilt.Container", "Name"), PROPERTIES),
    "set": ("Set", "ssv", ("org.quilt.Container", "Name", V("s", "x")), PROPERTIES),
    "introspect": ("Introspect", "", (), STANDARD + "Introspectable"),
    "introspect-all": ("Introspect", "", (), STANDARD + "Introspectable", "/org/quilt/container"),
    "ping": ("Ping", "", (), STANDARD + "Peer"),
    "unknown": ("NoSuchMethod", "", (), "org.example.NoSuchInterface"),
    "no-object": ("GetAll", "s", ("org.quilt.Container",), PROPERTIES, "/org/quilt/no"),
    "beyond-quota": ("GetContainer", "s", ("box",), "org.quilt.Manager", quilt.ROOT),
}


@pytest.fixture
def flood(bus, hostile, stopped):
    """Four connections of a user, each of which keeps 1,000 calls waiting."""
    processes = []

    def begin(method, signature, arguments, interface, path):
        _, blob = hostile.blob(method, signature, arguments, path, interface)
        process = subprocess.Popen(
            ["/usr/bin/python3", "-B", pathlib.Path(__file__).with_name("flood.py"), bus.address, str(USER), "4", "1000", blob.hex()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdout.readline() == "ready\n"
        return process
    yield begin
    for process in processes:
        process.communicate()


def list_ms(caller, times=9):
    """How long a list takes, the median."""
    found = []
    for _ in range(times):
        begin = time.monotonic()
        caller.call("ListContainers", "a{sv}", ({},))
        found.append((time.monotonic() - begin) * 1000)
    return sorted(found)[times // 2]


@pytest.mark.fault(8)
@pytest.mark.parametrize("kind", FLOODS)
def test_calls_that_wait_delay_no_other_user(kind, create, flood, other, polkit):
    """Includes calls that are not charged, and refused calls: each takes some time until its answer."""
    polkit.decide = lambda check: "yes"
    path = create("sleep", name="box").path
    process = flood(*(FLOODS[kind] + (path,))[:5])
    for _ in range(3):
        worst = list_ms(other)
        if worst < PATIENCE_MS:
            break
    assert worst < PATIENCE_MS
    assert process.poll() is None, "the flood ended early"


@pytest.mark.fault(8)
def test_signals_without_end_delay_no_user(create, hostile, stopped, other, polkit):
    """Everybody may send them to quiltd, which must read them to see that it does not want them."""
    polkit.decide = lambda check: "yes"
    signal = Gio.DBusMessage.new_signal("/", "org.freedesktop.systemd1.Manager", "JobRemoved")
    signal.set_destination("org.quilt")
    signal.set_body(V("(uoss)", (1, "/", "x", "done")))
    signal.set_serial(7)
    blob, before, over = bytes(signal.to_blob(Gio.DBusCapabilityFlags.NONE)) * 100, rss(stopped), threading.Event()

    def send():
        while not over.is_set():
            hostile.send(blob)
    sender = threading.Thread(target=send)
    sender.start()
    try:
        for _ in range(3):
            worst = list_ms(other)
            if worst < PATIENCE_MS:
                break
        assert worst < PATIENCE_MS
        create("sleep", name="box")
    finally:
        over.set()
        sender.join()
    assert rss(stopped) < before + 40


@pytest.mark.fault(8)
def test_endless_new_callers_do_not_starve_others(bus, image, hostile, other, stopped, polkit):
    """Each connection is another caller; what a caller has left behind is not done."""
    polkit.decide = lambda check: "yes"
    signal = Gio.DBusMessage.new_signal("/", "org.quilt.Manager", "ContainerNew")
    signal.set_destination("org.quilt")
    hello = Gio.DBusMessage.new_method_call("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "Hello")
    hello.set_serial(1)
    words = [bytes(hello.to_blob(Gio.DBusCapabilityFlags.NONE)).hex(), costly(hostile, "av", 15000, signal)[1].hex()]
    before, script = rss(stopped), pathlib.Path(__file__).with_name("reconnect.py")
    with subprocess.Popen(["/usr/bin/python3", "-B", script, re.search("path=([^,]*)", bus.address)[1], str(USER), "5", *words]) as flood:
        lists = 0
        while flood.poll() is None:
            assert other.call("ListContainers", "a{sv}", ({},)) == []
            assert rss(stopped) < before + 40
            lists += 1
    assert flood.returncode == 0 and lists > 1


@pytest.mark.fault(8)
def test_calls_that_wait_have_a_limit_and_are_answered(image, hostile, other, stopped, polkit):
    """Large ones, which take quiltd longer than the bus. What is beyond the limit is refused before it is decoded."""
    polkit.decide = lambda check: "yes"
    calls = [hostile.blob("StopContainers", "asa{sv}", ([f"no-{n:012}" for n in range(1024)], {})) for _ in range(400)]
    before = rss(stopped)
    hostile.send(b"".join(blob for _, blob in calls))
    assert other.call("ListContainers", "a{sv}", ({},)) == []
    texts = [hostile.receive().get_body().unpack()[0] for _ in calls]
    assert 0 < texts.count("Too many calls wait for quiltd: wait for the answers to earlier calls") < len(calls)
    assert rss(stopped) < before + 40
    deadline = time.monotonic() + quilt.PATIENCE
    while rss(stopped) > before + 12:
        assert time.monotonic() < deadline, "quiltd has not given the memory back"
        other.call("ListContainers", "a{sv}", ({},))


def managed_objects(caller):
    return caller.call("GetManagedObjects", path=quilt.ROOT, interface="org.freedesktop.DBus.ObjectManager")


@pytest.mark.fault(8)
def test_get_managed_objects_counts_as_any_other_call(stopped, client, root, services, polkit):
    """It is the dearest of all that everybody may call."""
    stopped.configure("MaxPendingPerUser=1\n")
    stopped.start()
    polkit.decide = lambda check: None
    assert managed_objects(client(USER)) == {}
    client(USER).send("ListContainers", "a{sv}", ({},))
    services.wait(lambda: polkit.checks)
    with pytest.raises(quilt.Refused) as refused:
        managed_objects(client(USER))
    assert refused.value.name == "QuotaExceeded"
    assert managed_objects(root) == managed_objects(client(OTHER)) == {}


@pytest.mark.fault(8)
def test_many_calls_of_get_managed_objects_are_all_answered_with_what_is_true(create, client, root):
    box = create("sleep", name="box")
    callers = [client(uid) for uid in (USER, USER, OTHER, OTHER)]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for n in range(20):
            waiting = [pool.submit(managed_objects, caller) for caller in callers]
            box.call("Rename", "sa{sv}", (f"box-{n}", {}), client=root)
            assert managed_objects(root)[box.path]["org.quilt.Container"]["Name"] == f"box-{n}"
            for answer in waiting:
                assert answer.result()[box.path]["org.quilt.Container"]["Name"] in (f"box-{n - 1}" if n else "box", f"box-{n}")
            for caller in callers:
                assert managed_objects(caller)[box.path]["org.quilt.Container"]["Name"] == f"box-{n}"
    root.call("RemoveContainers", "asa{sv}", (["box-19"], {}))
    assert box.path not in managed_objects(client(USER))


@pytest.mark.fault(8)
def test_the_calls_of_a_new_connection_are_counted_too(stopped, bus, root, services, polkit):
    """They arrive before the bus has told quiltd the uid of their caller."""
    stopped.configure("MaxPendingPerUser=4\n")
    stopped.start()
    polkit.decide = lambda check: None
    caller = RawCaller(bus.address, USER)
    blobs = [caller.blob("ListContainers", "a{sv}", ({},)) for _ in range(100)]
    caller.send(b"".join(blob for _, blob in blobs))
    names = []
    while len(names) < 96:
        message = caller.receive()
        if message.get_message_type() == Gio.DBusMessageType.ERROR:
            names.append(message.get_error_name())
    assert set(names) == {"org.quilt.Error.QuotaExceeded"}
    assert len(services.wait(lambda: len(polkit.checks) == 4 and polkit.checks)) == 4
    caller.socket.close()


@pytest.mark.fault(15)
def test_jobs_are_charged_until_they_end(stopped, user, other, root, services, polkit):
    """Endless imports are so many processes of root: as many as the quota says, and not one more."""
    stopped.configure("MaxPendingPerUser=3\n")
    stopped.start()
    polkit.decide = lambda check: "yes"
    pipes = [os.pipe() for _ in range(5)]

    def begin(client, pipe):
        return client.call("ImportImage", "hsa{sv}", (0, "", {}), fds=[pipe[0]])
    jobs = [begin(user, pipe) for pipe in pipes[:3]]
    with pytest.raises(quilt.Refused) as caught:
        begin(user, pipes[3])
    assert caught.value.name == "QuotaExceeded" and "cancel a job" in caught.value.text
    children = subprocess.run(["ps", "-o", "comm=", "--ppid", str(stopped.process.pid)], capture_output=True, text=True, check=True)
    assert children.stdout.count("quilt-transfer") == 3
    begin(other, pipes[4])

    # The user can take his own back, and has room again.
    since = len(services.signals)
    user.call("Cancel", "a{sv}", ({},), jobs[0], "org.quilt.Job")
    services.wait_signal("Completed", jobs[0], since)
    assert user.call("ListContainers", "a{sv}", ({},)) == []
    # Jobs that end by themselves or fail are no longer charged either.
    since = len(services.signals)
    for _, write in pipes:
        os.close(write)
    for job in jobs[1:]:
        services.wait_signal("Completed", job, since)
    for _ in range(3):
        assert user.call("ListContainers", "a{sv}", ({},)) == []
    for read, _ in pipes:
        os.close(read)


def test_the_numbers_are_documented():
    text = re.sub(r"\s+", " ", quilt.XML)
    for words in ("at most 1048576 bytes", "at most 65536 values", "at most 1024 names", "at most 4096 bytes", "16384", "262144"):
        assert words in text, words
