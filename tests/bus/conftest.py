# SPDX-License-Identifier: LGPL-2.1-or-later
"""The level bus: the real quiltd on a private bus, where polkit, systemd and the supervisors are the test's own."""
import os
import pathlib
import pwd
import signal
import sys
import tempfile

import pytest

sys.dont_write_bytecode = True

import fakes
import quilt

# The bus admits only uids that the user database knows; every Unix has these two.
USER, OTHER = pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("daemon").pw_uid


def pytest_configure(config):
    config.addinivalue_line("markers", "fault(number): keeps the right value of a fault that was found (-m fault)")


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="callers of several uids need root"))


@pytest.fixture(scope="session")
def bus():
    """Has its own directory, so that callers of other uids reach the socket: each pytest closes the directories above its own."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o711)
        bus = fakes.PrivateBus(pathlib.Path(directory))
        yield bus
        bus.stop()


@pytest.fixture(scope="session")
def session_services(bus):
    services = fakes.Services(bus.address)
    yield services
    services.stop()


@pytest.fixture
def services(session_services):
    session_services.reset()
    yield session_services


@pytest.fixture
def polkit(services):
    return services.polkit


@pytest.fixture
def systemd(services):
    return services.systemd


@pytest.fixture
def client(bus):
    """Makes callers of any uid."""
    clients = []

    def make(uid=0):
        clients.append(quilt.Client(bus.address, uid))
        return clients[-1]
    yield make
    for each in clients:
        if not each.connection.is_closed():
            each.close()


@pytest.fixture
def root(client):
    return client(0)


@pytest.fixture
def user(client):
    return client(USER)


@pytest.fixture
def other(client):
    return client(OTHER)


@pytest.fixture
def stopped(bus, services, tmp_path):
    """quiltd before its start, to be configured."""
    daemon = quilt.Daemon(tmp_path, bus.address)
    yield daemon
    daemon.close()
    for unit in list(services.systemd.scopes):
        for pid in services.systemd.alive(unit):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def daemon(stopped):
    stopped.start()
    return stopped


@pytest.fixture
def image(daemon, root, services):
    """The object of an imported image, "web"."""
    return import_image(root, services, "web")


@pytest.fixture
def create(root, image):
    """Makes containers: create("sleep", name="x") as root, or as another client."""
    def make(*command, client=root, method="CreateContainer", **options):
        path, _ = client.call(method, "sa{sv}", ("web", container_options(command, options)))
        return quilt.Container(root, path)
    return make


@pytest.fixture
def run(create):
    return lambda *command, **options: create(*command, method="RunContainer", **options)


def container_options(command, options):
    from gi.repository import GLib
    types = {str: "s", bool: "b", int: "t"}
    found = {key.replace("_", "-"): value if isinstance(value, GLib.Variant) else GLib.Variant(types[type(value)], value)
             for key, value in options.items()}
    if command:
        found["command"] = GLib.Variant("aay", [word.encode() for word in command])
    return found


def import_image(client, services, name, **files):
    since = len(services.signals)
    fd = quilt.archive(**files)
    job = client.call("ImportImage", "hsa{sv}", (0, name, {}), fds=[fd])
    os.close(fd)
    success, error, text, results = services.wait_signal("Completed", job, since)
    if not success:
        raise quilt.Refused(error.removeprefix("org.quilt.Error."), text)
    return results["image"]
