# SPDX-License-Identifier: LGPL-2.1-or-later
"""quiltd as a process, and its callers."""
import io
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import tarfile
import xml.etree.ElementTree as xml

from gi.repository import Gio, GLib

from fakes import PATIENCE, SOURCE, connect

BUILD = os.environ["QUILT_BUILD"]
ROOT = "/org/quilt"
XML = (pathlib.Path(BUILD) / "dbus/org.quilt.xml").read_text()
INTERACTIVE = Gio.DBusMessageFlags.ALLOW_INTERACTIVE_AUTHORIZATION


class Refused(Exception):
    """An error that quiltd answered with: its name after org.quilt.Error., its text, and what else it has."""

    def __init__(self, name, text, *more):
        super().__init__(f"{name}: {text}")
        self.name, self.text, self.more = name, text, more


class Client:
    """A caller on the bus, of some uid. Each has a connection of its own."""

    def __init__(self, address, uid=0):
        # The bus takes the uid from the connecting process, as every bus does.
        os.seteuid(uid)
        try:
            self.connection = connect(address)
        finally:
            os.seteuid(0)
        self.connection.set_exit_on_close(False)
        self.uid = uid
        self.name = self.connection.get_unique_name()

    def message(self, method, signature="", arguments=(), path=ROOT, interface="org.quilt.Manager", fds=None, flags=None):
        message = Gio.DBusMessage.new_method_call("org.quilt", path, interface, method)
        message.set_body(GLib.Variant(f"({signature})", tuple(arguments)))
        if flags:
            message.set_flags(flags)
        if fds:
            message.set_unix_fd_list(Gio.UnixFDList.new_from_array([os.dup(fd) for fd in fds]))
        return message

    def call(self, *args, **kwargs):
        """The answer's arguments; one alone is not wrapped."""
        reply, _ = self.connection.send_message_with_reply_sync(
            self.message(*args, **kwargs), Gio.DBusSendMessageFlags.NONE, PATIENCE * 1000, None)
        if reply.get_message_type() == Gio.DBusMessageType.ERROR:
            name = reply.get_error_name()
            body = reply.get_body().unpack() if reply.get_body() else ("",)
            raise Refused(name.removeprefix("org.quilt.Error."), *body)
        values = reply.get_body().unpack() if reply.get_body() else ()
        return values[0] if len(values) == 1 else values

    def send(self, *args, **kwargs):
        """Calls without waiting for the answer, which nothing may receive."""
        self.connection.send_message(self.message(*args, **kwargs), Gio.DBusSendMessageFlags.NONE)
        self.connection.flush_sync(None)

    def property(self, path, interface, name):
        return self.call("Get", "ss", ("org.quilt." + interface, name), path, "org.freedesktop.DBus.Properties")

    def close(self):
        self.connection.close_sync(None)


class Container:
    """The object of a container, by way of one caller."""

    def __init__(self, client, path):
        self.client, self.path = client, path

    def call(self, method, signature="a{sv}", arguments=({},), client=None, **kwargs):
        return (client or self.client).call(method, signature, arguments, self.path, "org.quilt.Container", **kwargs)

    def __getattr__(self, name):
        return self.client.property(self.path, "Container", name)


class Daemon:
    """quiltd, on directories of its own."""

    def __init__(self, directory, address):
        self.directory, self.address = directory, address
        self.process = None
        for name in ("state", "run", "libexec", "etc/quiltd.conf.d"):
            (directory / name).mkdir(parents=True)
        (directory / "libexec/quilt-supervisor").symlink_to(SOURCE / "tests/bus/quilt-supervisor")
        (directory / "libexec/quilt-seccomp").symlink_to(f"{BUILD}/src/seccomp/quilt-seccomp")
        (directory / "libexec/quilt-transfer").symlink_to(f"{BUILD}/src/transfer/quilt-transfer")
        (directory / "libexec/quilt-copy").symlink_to(f"{BUILD}/src/copy/quilt-copy")
        (directory / "libexec/quilt-log").symlink_to(f"{BUILD}/src/journal/quilt-log")
        (directory / "libexec/quilt-doctor").symlink_to(f"{BUILD}/src/doctor/quilt-doctor")
        (directory / "libexec/quilt-look").symlink_to(f"{BUILD}/src/look/quilt-look")
        self.log = open(directory / "log", "w+b")
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(directory / "notify"))
        self.notify.settimeout(PATIENCE)
        self.told = []

    def configure(self, text):
        (self.directory / "etc/quiltd.conf").write_text("[Manager]\n" + text)

    def spawn(self, limit=None, **environment):
        """limit: of open files, which quiltd can't raise."""
        self.process = subprocess.Popen(
            [f"{BUILD}/src/daemon/quiltd", f"--state-dir={self.directory}/state", f"--run-dir={self.directory}/run",
             f"--libexec-dir={self.directory}/libexec", f"--cache-dir={self.directory}/cache", f"--config-dir={self.directory}/etc"],
            env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address, "NOTIFY_SOCKET": str(self.directory / "notify"),
                 **environment},
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            preexec_fn=limit and (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))))

    def start(self, **environment):
        self.spawn(**environment)
        self.wait_told("READY=1")

    def wait_told(self, text):
        """Until quiltd has told the service manager something that begins so; returns all that it told since."""
        told = []
        while not told or not told[-1].startswith(text):
            told.append(self.notify.recv(4096).decode())
        self.told += told
        return told

    def kill(self, number):
        self.process.send_signal(number)

    def end(self, number=signal.SIGTERM):
        """Its exit status, negative for a signal."""
        if self.process.poll() is None:
            self.kill(number)
        return self.process.wait(PATIENCE)

    def read_log(self):
        self.log.flush()
        return (self.directory / "log").read_text()

    def close(self):
        if self.process:
            self.end(signal.SIGKILL)
        self.log.close()
        self.notify.close()


def archive(**files):
    """An open file with a tar archive of files: name → text."""
    descriptor = os.memfd_create("archive")
    with os.fdopen(os.dup(descriptor), "wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
        for name, text in {"etc/hostname": "x\n", **files}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def interfaces():
    """The interfaces of the XML, as elements."""
    return xml.fromstring(XML[XML.index("<node>"):]).findall("interface")


def methods():
    """(interface, method, its polkit action; None: public) of every method, as the documentation in the XML says."""
    found = []
    for element in interfaces():
        interface = element.get("name")
        text = XML[XML.index(f'<interface name="{interface}">'):]
        for method in element.findall("method"):
            at = text.index(f'<method name="{method.get("name")}">')
            comment = text[text.rindex("<!--", 0, at):at]
            action = re.search(r"Action: (org\.quilt\.[a-z-]+)", comment)
            assert action or "Public" in comment, f"{interface}.{method.get('name')} names no action"
            found.append((interface.removeprefix("org.quilt."), method.get("name"), action and action[1]))
    return found
