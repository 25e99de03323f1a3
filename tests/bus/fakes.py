# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private bus, and on it a polkit and a systemd that do what a test tells them."""
import os
import signal
import subprocess
import threading
from pathlib import Path

from gi.repository import Gio, GLib

SOURCE = Path(os.environ["QUILT_SOURCE"])
PATIENCE = 20  # seconds; nothing here takes one, a test that waits so long has failed

# Like the distribution's system.conf: without a policy that allows it, nobody may own a name or call a method.
BUS_CONFIG = """
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
  </policy>
  <policy user="root">
    <allow own="org.freedesktop.systemd1"/>
    <allow own="org.freedesktop.PolicyKit1"/>
    <allow send_destination="org.freedesktop.systemd1"/>
    <allow send_destination="org.freedesktop.PolicyKit1"/>
  </policy>
  <include>{source}/dbus/org.quilt.conf</include>
  <limit name="max_replies_per_connection">1024</limit>
</busconfig>
"""

POLKIT = """
<node><interface name="org.freedesktop.PolicyKit1.Authority">
  <method name="CheckAuthorization">
    <arg type="(sa{sv})" direction="in"/><arg type="s" direction="in"/><arg type="a{ss}" direction="in"/>
    <arg type="u" direction="in"/><arg type="s" direction="in"/><arg type="(bba{ss})" direction="out"/>
  </method>
  <method name="CancelCheckAuthorization"><arg type="s" direction="in"/></method>
</interface></node>
"""

SYSTEMD = """
<node><interface name="org.freedesktop.systemd1.Manager">
  <method name="StartTransientUnit">
    <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="a(sv)" direction="in"/>
    <arg type="a(sa(sv))" direction="in"/><arg type="o" direction="out"/>
  </method>
  <method name="StopUnit"><arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="o" direction="out"/></method>
  <method name="AbandonScope"><arg type="s" direction="in"/></method>
  <method name="SetUnitProperties"><arg type="s" direction="in"/><arg type="b" direction="in"/><arg type="a(sv)" direction="in"/></method>
</interface></node>
"""

NAMES = {"org.freedesktop.PolicyKit1": "/org/freedesktop/PolicyKit1/Authority",
         "org.freedesktop.systemd1": "/org/freedesktop/systemd1"}


def connect(address):
    flags = Gio.DBusConnectionFlags
    return Gio.DBusConnection.new_for_address_sync(
        address, flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION, None, None)


class PrivateBus:
    """A dbus-daemon with Quilt's own policy."""

    def __init__(self, directory):
        config = directory / "bus.conf"
        config.write_text(BUS_CONFIG.format(socket=directory / "bus", source=SOURCE))
        self.process = subprocess.Popen(["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1"],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = self.process.stdout.readline().strip()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Services:
    """polkit, systemd, and an ear for what quiltd signals, in a thread of their own. What a test sees and sets is
    guarded by one condition, and wait() waits until it is so."""

    def __init__(self, address):
        self.condition = threading.Condition()
        self.polkit = Polkit(self)
        self.systemd = Systemd(self)
        self.signals = []
        self.context = GLib.MainContext.new()
        self.loop = GLib.MainLoop.new(self.context, False)
        ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(address, ready), daemon=True)
        self.thread.start()
        assert ready.wait(PATIENCE)

    def _run(self, address, ready):
        self.context.push_thread_default()
        self.connection = connect(address)
        self.connection.set_exit_on_close(False)
        for xml, path, handler in ((POLKIT, NAMES["org.freedesktop.PolicyKit1"], self.polkit.on_call),
                                   (SYSTEMD, NAMES["org.freedesktop.systemd1"], self.systemd.on_call)):
            info = Gio.DBusNodeInfo.new_for_xml(xml).interfaces[0]
            self.connection.register_object(path, info, handler, None, None)
        for name in NAMES:
            self.own(name)
        self.connection.signal_subscribe("org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged", None, None,
                                         Gio.DBusSignalFlags.NONE, self._on_owner)
        self.connection.signal_subscribe("org.quilt", None, None, None, None, Gio.DBusSignalFlags.NONE, self._on_signal)
        self.connection.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetId", None,
                                  None, 0, -1, None)
        ready.set()
        self.loop.run()
        self.context.pop_thread_default()

    def _bus(self, method, arguments):
        self.connection.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method, arguments,
                                  None, 0, -1, None)

    def own(self, name):
        self._bus("RequestName", GLib.Variant("(su)", (name, 0)))

    def disown(self, name):
        self._bus("ReleaseName", GLib.Variant("(s)", (name,)))

    def _on_owner(self, _connection, _sender, _path, _interface, _name, arguments):
        name, _, owner = arguments.unpack()
        if not owner:
            self.systemd.on_name_lost(name)

    def _on_signal(self, _connection, _sender, path, interface, name, arguments):
        with self.condition:
            self.signals.append((path, interface.removeprefix("org.quilt."), name, arguments.unpack()))
            self.condition.notify_all()

    def wait(self, predicate):
        """Waits until predicate() is true, and returns its value."""
        with self.condition:
            assert self.condition.wait_for(predicate, PATIENCE), "waited in vain"
            return predicate()

    def wait_signal(self, name, path=None, since=0):
        """The arguments of the first such signal after the first `since` ones."""
        def find():
            found = [arguments for at, _, what, arguments in self.signals[since:] if what == name and path in (None, at)]
            return (found[0],) if found else None
        return self.wait(find)[0]

    def reset(self):
        with self.condition:
            self.polkit.reset()
            self.systemd.reset()
            self.signals.clear()

    def stop(self):
        self.loop.quit()
        self.thread.join()
        self.connection.close_sync(None)


class Polkit:
    """decide() is given each check and returns "yes", "no", "challenge", or None: the answer comes later."""

    def __init__(self, services):
        self.services = services
        self.reset()

    def reset(self):
        self.decide = lambda check: "no"
        self.checks = []
        self.cancelled = []

    def on_call(self, _connection, _sender, _path, _interface, method, arguments, invocation):
        with self.services.condition:
            if method == "CancelCheckAuthorization":
                self.cancelled.append(arguments.unpack()[0])
                invocation.return_value(None)
            else:
                subject, action, details, flags, cancellation_id = arguments.unpack()
                check = {"subject": subject, "action": action, "details": details, "flags": flags,
                         "cancellation_id": cancellation_id, "invocation": invocation}
                self.checks.append(check)
                answer = self.decide(check)
                if answer:
                    self.answer(check, answer)
            self.services.condition.notify_all()

    @staticmethod
    def answer(check, answer):
        check["invocation"].return_value(GLib.Variant("((bba{ss}))", ((answer == "yes", answer == "challenge", {}),)))


class Systemd:
    """Scopes whose processes are the fake supervisors; result is the result of each start's job. This fake has the behaviour
    of systemd on which quiltd relies: a stop asks the scope's Controller, as long as that has its bus name. Without one, the
    scope's processes get KillSignal. All get SIGKILL after TimeoutStopUSec."""

    def __init__(self, services):
        self.services = services
        self.reset()

    def reset(self):
        self.result = "done"  # or None: the job hangs; or the name of an error that refuses the start
        self.calls = []
        self.scopes = {}  # name → pids
        self.properties = {}  # name → those that it was started with, or that were set later
        self.jobs = 0

    def on_call(self, connection, _sender, path, interface, method, arguments, invocation):
        with self.services.condition:
            self.calls.append((method, arguments.unpack()))
            getattr(self, method)(invocation, *arguments.unpack())
            self.services.condition.notify_all()

    def _job(self, invocation, unit, result):
        self.jobs += 1
        job = f"/org/freedesktop/systemd1/job/{self.jobs}"
        invocation.return_value(GLib.Variant("(o)", (job,)))
        if result:
            self.services.connection.emit_signal(None, NAMES["org.freedesktop.systemd1"],
                                                 "org.freedesktop.systemd1.Manager", "JobRemoved",
                                                 GLib.Variant("(uoss)", (self.jobs, job, unit, result)))

    def StartTransientUnit(self, invocation, unit, _mode, properties, _aux):
        if self.result and self.result[0].isupper():
            invocation.return_dbus_error("org.freedesktop.systemd1." + self.result, "systemd says so")
            return
        if self.result == "done":
            self.scopes[unit] = dict(properties)["PIDs"]
            self.properties[unit] = dict(properties)
        self._job(invocation, unit, self.result)

    def StopUnit(self, invocation, unit, _mode):
        self._job(invocation, unit, "done")

    def AbandonScope(self, invocation, unit):
        self.properties.get(unit, {}).pop("Controller", None)
        invocation.return_value(None)

    def SetUnitProperties(self, invocation, unit, _runtime, properties):
        if unit not in self.properties:
            invocation.return_dbus_error("org.freedesktop.systemd1.NoSuchUnit", f"Unit {unit} not loaded.")
            return
        self.properties[unit] |= dict(properties)
        invocation.return_value(None)

    def on_name_lost(self, name):
        """A scope never gets a controller back."""
        with self.services.condition:
            for properties in self.properties.values():
                if properties.get("Controller") == name:
                    del properties["Controller"]
            self.services.condition.notify_all()

    def alive(self, unit):
        """Its processes that still run; a zombie doesn't."""
        def runs(pid):
            try:
                return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
            except OSError:
                return False
        return [pid for pid in self.scopes.get(unit, []) if runs(pid)]

    def kill(self, unit, number):
        for pid in self.alive(unit):
            os.kill(pid, number)

    def stop(self, unit):
        """`systemctl stop`, or the host's shutdown."""
        properties = self.properties[unit]
        if "Controller" in properties:
            self.request_stop(unit, properties["Controller"])
        else:
            self.kill(unit, properties["KillSignal"])
        timer = GLib.timeout_source_new(min(properties["TimeoutStopUSec"] // 1000, 2**31))
        timer.set_callback(lambda *_: self.kill(unit, signal.SIGKILL))
        timer.attach(self.services.context)

    def request_stop(self, unit, destination, connection=None):
        """Sends the signal that systemd sends to a scope's controller on `systemctl stop`."""
        path = "/org/freedesktop/systemd1/unit/" + "".join(c if c.isalnum() else f"_{ord(c):02x}" for c in unit)
        connection = connection or self.services.connection
        connection.emit_signal(destination, path, "org.freedesktop.systemd1.Scope", "RequestStop", None)
        connection.flush_sync(None)
