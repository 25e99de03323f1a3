# SPDX-License-Identifier: LGPL-2.1-or-later
"""Functions of the tests to drive and observe Quilt. Nothing here sleeps: whatever takes time is waited
for by its event, and a timeout is a failure."""
import contextlib
import errno
import json
import os
import pathlib
import pwd
import re
import select
import subprocess
import time

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

IMAGES = pathlib.Path("/opt/quilt-test/images")
BUSYBOX = IMAGES / "busybox.tar.gz"
DEBIAN = IMAGES / "debian.tar.zst"
LANGUAGES = IMAGES / "languages.tar.zst"
STATE = pathlib.Path("/var/lib/quilt")
RUN = pathlib.Path("/run/quilt")
SLICE = pathlib.Path("/sys/fs/cgroup/quilt.slice")

# A virtual host emulates its processor, and takes up to 20 times as long.
SLOWNESS = 1 if "container" in pathlib.Path("/proc/1/environ").read_text(errors="replace") else 10
TIMEOUT = 10 * SLOWNESS
LONG = bool(os.environ.get("QUILT_LONG"))  # tools/check --long: more repetitions


# Commands

class Result:
    """The result of a command: its exit code, the exact bytes that it wrote, and the time that it took (s)."""

    def __init__(self, argv, code, out, err, seconds):
        self.argv, self.code, self.out, self.err, self.seconds = argv, code, out, err, seconds

    def ok(self):
        assert self.code == 0, repr(self)
        return self

    @property
    def text(self):
        return self.out.decode()

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"{self.argv} exited with {self.code}\nstdout: {self.out!r}\nstderr: {self.err!r}"


def run(*argv, input=b"", timeout=TIMEOUT, env=None, user=None, **kwargs):
    """Runs a command to its end. `user` is the name of an unprivileged one to run it as."""
    if user:
        kwargs |= {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
    if env:
        kwargs["env"] = {**os.environ, **env}
    started = time.monotonic()
    done = subprocess.run(argv, input=input, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, **kwargs)
    return Result(argv, done.returncode, done.stdout, done.stderr, time.monotonic() - started)


def ctl(*argv, **kwargs):
    """quiltctl, which must never ask anything."""
    return run("quiltctl", *argv, **kwargs)


@contextlib.contextmanager
def spawn(*argv, **kwargs):
    """A command in the background, which is killed at the end if it still runs."""
    kwargs = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **kwargs}
    with subprocess.Popen(argv, **kwargs) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def import_image(path, image):
    ctl("import", str(path), image, timeout=30 * TIMEOUT).ok()
    return image


def containers():
    return [entry["name"] for entry in ctl("list", "--json=short").ok().json]


def remove_containers(stem=""):
    names = [name for name in containers() if name.startswith(stem)]
    if names:
        ctl("remove", "--force", *names).ok()


def remove_images():
    images = ctl("images", "--json=short").ok().json
    if images:
        ctl("remove-image", *[image["digest"] for image in images], timeout=6 * TIMEOUT).ok()


# The bus

BUS = Gio.bus_get_sync(Gio.BusType.SYSTEM)


def call(path, interface, method, signature=None, *args, name="org.quilt", timeout=TIMEOUT):
    """Calls a method; returns its results as a tuple, raises GLib.Error."""
    parameters = GLib.Variant(signature, args) if signature else None
    return BUS.call_sync(name, path, interface, method, parameters, None, Gio.DBusCallFlags.NONE,
                         int(timeout * 1000), None).unpack()


def manager(method, signature=None, *args, **kwargs):
    return call("/org/quilt", "org.quilt.Manager", method, signature, *args, **kwargs)


def properties(path, interface, **kwargs):
    return call(path, "org.freedesktop.DBus.Properties", "GetAll", "(s)", interface, **kwargs)[0]


def error_name(error):
    """The D-Bus name of a GLib.Error that a call raised."""
    return Gio.DBusError.get_remote_error(error)


class Events:
    """A tape of D-Bus signals, from the moment it is made: act, then wait for what was recorded.

    An event is (path, interface, member, arguments).
    """

    def __init__(self, sender="org.quilt"):
        self.tape = []
        self.subscription = BUS.signal_subscribe(sender, None, None, None, None, Gio.DBusSignalFlags.NONE, self._record)
        # The match is in place once the bus has answered a later call.
        call("/org/freedesktop/DBus", "org.freedesktop.DBus", "GetId", name="org.freedesktop.DBus")

    def _record(self, _bus, _sender, path, interface, member, arguments, *_):
        self.tape.append((path, interface, member, arguments.unpack()))

    def wait(self, wanted, timeout=TIMEOUT):
        """The first event, recorded or to come, for which wanted(*event) is true."""
        seen = 0
        with _deadline(timeout, lambda: f"no such event; recorded: {self.tape}") as context:
            while True:
                for event in self.tape[seen:]:
                    if wanted(*event):
                        return event
                seen = len(self.tape)
                context.iteration(True)

    def wait_property(self, path, key, value, timeout=TIMEOUT):
        return self.wait(lambda where, _interface, member, arguments:
                         where == path and member == "PropertiesChanged" and arguments[1].get(key) == value, timeout)

    def states(self, path):
        """The states that a container's StateChanged told of, so far."""
        while GLib.MainContext.default().iteration(False):
            pass
        return [arguments[0] for where, _, member, arguments in self.tape if where == path and member == "StateChanged"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        BUS.signal_unsubscribe(self.subscription)


@contextlib.contextmanager
def _deadline(timeout, complaint):
    """A main context that a timeout wakes up and fails."""
    expired = []

    def expire():
        expired.append(True)
        return GLib.SOURCE_REMOVE

    class Context:
        def iteration(self, may_block):
            if expired:
                raise TimeoutError(complaint())
            GLib.MainContext.default().iteration(may_block)

    source = GLib.timeout_add(int(timeout * 1000), expire)
    try:
        yield Context()
    finally:
        if not expired:
            GLib.source_remove(source)


# The journal

class Journal:
    """The journal from a cursor on: from now, when it is made."""

    def __init__(self):
        # Journald answers when everything sent before has been written.
        run("journalctl", "--sync").ok()
        last = run("journalctl", "-n1", "-q", "--show-cursor", "-ojson").text
        self.cursor = re.search(r"^-- cursor: (.*)$", last, re.M).group(1)

    def entries(self, *matches):
        """Entries up to now that match, as dicts from field to str, or to bytes if it isn't text."""
        run("journalctl", "--sync", timeout=6 * TIMEOUT).ok()
        lines = run(*self._query(), *matches, timeout=6 * TIMEOUT).ok().out
        return list(self._parse(lines.splitlines()))

    def _query(self):
        # Not --after-cursor: until systemd 253 that skips an entry too many if the cursor's own
        # doesn't match.
        return "journalctl", "-q", "-ojson", "--all", f"--cursor={self.cursor}"

    def _parse(self, lines):
        for line in lines:
            entry = json.loads(line)
            if entry["__CURSOR"] != self.cursor:
                yield {field: bytes(value) if isinstance(value, list) and value and isinstance(value[0], int) else value
                       for field, value in entry.items()}

    def messages(self, *matches):
        """Their messages, as bytes."""
        return [entry["MESSAGE"] if isinstance(entry["MESSAGE"], bytes) else entry["MESSAGE"].encode()
                for entry in self.entries(*matches)]

    def wait(self, *matches, wanted=lambda entry: True, timeout=TIMEOUT):
        """The first matching entry that is wanted, written already or yet to come."""
        deadline = time.monotonic() + timeout
        with spawn(*self._query(), "--follow", *matches) as follow:
            pending = b""
            while True:
                left = deadline - time.monotonic()
                if left <= 0 or not select.select([follow.stdout], [], [], left)[0]:
                    raise TimeoutError(f"no such entry within {timeout} s: {matches}")
                pending += os.read(follow.stdout.fileno(), 1 << 20)
                *lines, pending = pending.split(b"\n")
                for entry in self._parse(lines):
                    if wanted(entry):
                        return entry


# Waiting

def wait_exit(pid, timeout=TIMEOUT):
    """Waits for the end of any process."""
    try:
        fd = os.pidfd_open(pid)
    except OSError as error:
        # EINVAL: no process has the number any more, but a process group or a session has.
        assert error.errno in (errno.ESRCH, errno.EINVAL), error
        return
    try:
        if not select.select([fd], [], [], timeout)[0]:
            raise TimeoutError(f"process {pid} lives after {timeout} s")
    finally:
        os.close(fd)


@contextlib.contextmanager
def unreadable(path):
    """A file that root can't open either (EACCES): a device on a mount without devices."""
    run("mount", "--bind", "/dev/null", str(path)).ok()
    try:
        run("mount", "-o", "remount,bind,nodev", str(path)).ok()
        yield
    finally:
        run("umount", str(path)).ok()


def wait_unit(unit, state, timeout=TIMEOUT):
    """Waits until systemd says that a unit is active, inactive or failed."""
    path = call("/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "LoadUnit", "(s)", unit,
                name="org.freedesktop.systemd1")[0]
    with contextlib.suppress(GLib.Error):  # subscribed already
        call("/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "Subscribe", name="org.freedesktop.systemd1")
    with Events("org.freedesktop.systemd1") as events:
        now = properties(path, "org.freedesktop.systemd1.Unit", name="org.freedesktop.systemd1")["ActiveState"]
        if now != state:
            events.wait_property(path, "ActiveState", state, timeout)


def wait_path(path, present=True, timeout=TIMEOUT):
    """Waits until a path exists, or no longer does, by inotify on its directory."""
    path = pathlib.Path(path)
    monitor = Gio.File.new_for_path(str(path.parent)).monitor_directory(Gio.FileMonitorFlags.NONE)
    monitor.connect("changed", lambda *_: None)  # wakes the main context
    monitor.set_rate_limit(0)
    with _deadline(timeout, lambda: f"{path} {'does not exist' if present else 'is still there'}") as context:
        while path.exists() != present:
            context.iteration(True)
    monitor.cancel()


def wait_text(path, *texts, timeout=TIMEOUT):
    """Waits by inotify until the file contains all of texts (bytes), and returns its content."""
    path = pathlib.Path(path)
    monitor = Gio.File.new_for_path(str(path)).monitor_file(Gio.FileMonitorFlags.NONE)
    monitor.connect("changed", lambda *_: None)  # wakes the main context
    monitor.set_rate_limit(0)
    with _deadline(timeout, lambda: f"{path} contains only {path.read_bytes()}") as context:
        while not all(text in (content := path.read_bytes()) for text in texts):
            context.iteration(True)
    monitor.cancel()
    return content


# Leaks

def _processes():
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                yield entry.name, (entry / "comm").read_text().strip()


def _lasting(look):
    """Calls look() until it finds nothing, for at most a second. Returns its last result."""
    deadline = time.monotonic() + 1
    while (seen := look()) and time.monotonic() < deadline:
        pass
    return seen


def last_words():
    """What quiltd and the supervisors have logged last, and what each of their processes waits for."""
    said = run("journalctl", "-b", "-o", "short-precise", "--no-pager", "-n", "40", "_COMM=quiltd", "+", "_COMM=quilt-superviso",
               "+", "UNIT=quiltd.service")
    processes = run("ps", "-eo", "pid,ppid,stat,etimes,wchan:24,args")
    return said.text + "".join(line + "\n" for line in processes.text.splitlines() if "quilt" in line)


def scopes():
    """The scopes that systemd knows. The kernel reports an empty scope to systemd up to 16 ms later."""
    return _lasting(lambda: [line.split()[0] for line in run(
        "systemctl", "list-units", "--all", "--plain", "--no-legend", "quilt-*.scope", "quiltoci-*.scope").text.splitlines()])


def helpers():
    """The helper processes. A supervisor that waits for a container is "quilt-spare" as soon as it has begun."""
    return _lasting(lambda: [f"{pid} ({comm})" for pid, comm in _processes()
                             if comm.startswith(("quilt-supervis", "quilt-transfer", "quilt-copy", "quilt-log", "quilt-look"))])


def leaks():
    """The leaks of containers, as a list of sentences. Images and quiltd may stay."""
    left = []
    left += [f"scope {scope}" for scope in scopes()]
    left += [f"cgroup {path.relative_to(SLICE.parent)}" for path in _lasting(lambda: list(SLICE.glob("*/")))]
    left += [f"mount {line.split()[4]}" for line in pathlib.Path("/proc/1/mountinfo").read_text().splitlines()
             if "/var/lib/quilt/" in line.split(" - ")[0].split()[4] or "/run/quilt/" in line.split(" - ")[0].split()[4]]
    left += [f"process {process}" for process in helpers()]
    left += [f"directory {path}" for path in STATE.glob("containers/*")]
    left += [f"temporary {path}" for path in STATE.glob("layers/*") if not re.fullmatch(r"(sha256-)?[0-9a-f]{64}", path.name)]
    left += [f"directory {path}" for path in RUN.glob("containers/*")]
    left += [f"link {path}" for path in pathlib.Path("/run/systemd/units").glob("log-rate-limit-*:quilt-*")]
    left += [f"network namespace {path}" for path in pathlib.Path("/run/netns").glob("*")]
    return left


def sweep():
    """Removes what a failed test has left, so that it can't fail the next."""
    names = ctl("list", "--json=short")
    if names.code == 0:
        ctl("remove", "--force", *[entry["name"] for entry in names.json])
    run("systemctl", "stop", "quilt-*.scope", "quilt-*.slice", "quiltoci-*.scope")
    run("systemctl", "reset-failed")


def host_state():
    """The host's state that no container may change."""
    return {
        "mounts": sorted(line.split()[4] for line in pathlib.Path("/proc/1/mountinfo").read_text().splitlines()
                         if "/proc/sys/fs/binfmt_misc" not in line),
        "hostname": os.uname().nodename,
        "routes": run("ip", "route", "show", "table", "all").out,
        "links": run("ip", "-brief", "link").out,
        "sysctls": _sysctls(),
        "failed": run("systemctl", "--failed", "--plain", "--no-legend").out,
        "hosts": pathlib.Path("/etc/hosts").read_bytes() if os.path.exists("/etc/hosts") else None,
        "resolv.conf": pathlib.Path("/etc/resolv.conf").read_bytes() if os.path.exists("/etc/resolv.conf") else None,
    }


def _sysctls():
    """Those of the kernel and the network that are settings, not counters."""
    lines = run("sysctl", "-a", "-r", r"^(net\.ipv[46]\.(conf|ip_forward)|kernel\.(hostname|domainname|core_pattern|keys|yama|unprivileged))").text
    return sorted(lines.splitlines())
