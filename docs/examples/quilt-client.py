#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""quilt-client.py IMAGE COMMAND...: a client of org.quilt(5), whole: runs a command in a container, shows its output as
it comes, reads its log again from the journal, and ends with its exit code."""
import json
import os
import sys

from gi.repository import Gio, GLib

FOREVER = GLib.MAXINT  # setup steps and waiting may take long


class Quilt:
    def __init__(self):
        self.bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)

    def call(self, path, interface, method, arguments, fds=()):
        """A method's results, and the descriptors that came with them. polkit may ask for a password."""
        passed = Gio.UnixFDList()
        for fd in fds:
            passed.append(fd)  # a copy; ours stays open
        answer, found = self.bus.call_with_unix_fd_list_sync(
            "org.quilt", path, "org.quilt." + interface, method, arguments, None,
            Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION, FOREVER, passed, None)
        return answer.unpack(), found.steal_fds() if found else []

    def run(self, image, command, output):
        """Creates and starts a container whose stdout and stderr go into a pipe too; its object."""
        options = {"command": GLib.Variant("aay", [os.fsencode(word) for word in command]),
                   "network": GLib.Variant("s", "none"),
                   "tmpfs": GLib.Variant("a(sas)", [("/scratch", ["size=16M"])]),  # a list of structures
                   "stdout": GLib.Variant("h", 0),  # the first descriptor of the message
                   "stderr": GLib.Variant("h", 0)}
        (path, _id), _ = self.call("/org/quilt", "Manager", "RunContainer", GLib.Variant("(sa{sv})", (image, options)), [output])
        return path

    def wait(self, path):
        return self.call(path, "Container", "Wait", GLib.Variant("(a{sv})", ({},)))[0]

    def read_log(self, path):
        """The journal's entries of a container."""
        _, fds = self.call(path, "Container", "ReadLog", GLib.Variant("(a{sv})", ({},)))
        with os.fdopen(fds[0], "rb") as log:
            for line in log:
                yield json.loads(line)

    def remove(self, path):
        self.call(path, "Container", "Remove", GLib.Variant("(a{sv})", ({},)))


def main(image, command):
    quilt = Quilt()
    reader, writer = os.pipe()
    path = quilt.run(image, command, writer)
    os.close(writer)  # the container has it now: the end of its output is the end of the file
    with os.fdopen(reader, "rb") as output:
        for line in output:
            sys.stdout.buffer.write(line)
            sys.stdout.flush()
    code, reason = quilt.wait(path)
    for entry in quilt.read_log(path):
        if "QUILT_STREAM" in entry:  # text, or an array of bytes where it is not UTF-8
            message = entry["MESSAGE"] if isinstance(entry["MESSAGE"], str) else bytes(entry["MESSAGE"]).decode(errors="replace")
            print(f"journal: {entry['QUILT_STREAM']}: {message}", file=sys.stderr)
    quilt.remove(path)
    print(f"The container has ended: {reason}, {code}", file=sys.stderr)
    return max(code, 0)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        sys.exit(main(sys.argv[1], sys.argv[2:]))
    except GLib.Error as error:
        name = Gio.DBusError.get_remote_error(error)  # org.quilt.Error.NotFound, say
        Gio.DBusError.strip_remote_error(error)
        sys.exit(f"{name}: {error.message}")
