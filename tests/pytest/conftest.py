# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures of the suites host and vm, which run inside a test host as root.

A test is named after the scenario it shows (test_a1_…), asserts something seen from outside
Quilt, and leaves nothing behind: that is checked after each.
"""
import itertools
import re
import sys

import pytest

import oci
import quilt

sys.dont_write_bytecode = True


@pytest.fixture(scope="session")
def leaked():
    """Leaks of earlier tests that could not be removed. Only those tests fail for them."""
    return set()


@pytest.fixture(autouse=True)
def no_leak(leaked):
    """Checks that a test leaves nothing of Quilt behind, whether it passed or not."""
    yield
    left = set(quilt.leaks()) - leaked
    if left:
        quilt.sweep()
        leaked.update(quilt.leaks())
        pytest.fail("left behind: " + ", ".join(sorted(left)), pytrace=False)


@pytest.fixture(scope="session", autouse=True)
def host_unchanged():
    """The suite leaves the host as it found it: mounts, sysctls, name, routes, failed units."""
    before = quilt.host_state()
    yield
    quilt.remove_images()
    after = quilt.host_state()
    changed = [f"{what}: {before[what]!r} → {after[what]!r}" for what in before if before[what] != after[what]]
    assert not changed, "the suite changed the host: " + "; ".join(changed)


@pytest.fixture(scope="session")
def busybox():
    """The name of an image: one static program of 1 MB, imported once."""
    return quilt.import_image(quilt.BUSYBOX, "busybox")


@pytest.fixture(scope="session")
def debian():
    """The name of an image: a Debian root made by mmdebstrap, with apt and python3."""
    return quilt.import_image(quilt.DEBIAN, "debian")


@pytest.fixture(scope="session")
def languages():
    """The name of an image: a Debian root with the package managers pip, gem and npm."""
    return quilt.import_image(quilt.LANGUAGES, "languages")


@pytest.fixture
def name(request):
    """A container name of the test's own; whatever has it, or it with a suffix, is removed."""
    stem = "t-" + re.sub(r"[^a-zA-Z0-9]+", "-", request.node.name)[:40].strip("-").lower()
    yield stem
    quilt.remove_containers(stem)


@pytest.fixture
def oci_clean():
    """No container and no bundle of quilt-oci's is left after the test."""
    yield
    assert oci.remove_all() == []


@pytest.fixture
def bundle(oci_clean):
    """A bundle with the root of busybox, which everybody may enter; the test writes its configuration."""
    return oci.Bundle("one")


@pytest.fixture
def journal():
    """The journal from now on."""
    return quilt.Journal()


@pytest.fixture
def bus_events():
    """The signals that org.quilt sends from now on."""
    with quilt.Events() as events:
        yield events


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows what quiltd said last, and what its processes do: it may never happen again."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        report.sections.append(("quiltd's last words", quilt.last_words()))


# TAP, so that meson counts each test and not the suite.

def pytest_addoption(parser):
    parser.addoption("--tap-fd", type=int, help="write TAP to this file descriptor")


class Tap:
    def __init__(self, fd):
        self.file = open(fd, "w", buffering=1)
        self.numbers = itertools.count(1)
        self.failed = None

    def pytest_collection_finish(self, session):
        print(f"1..{len(session.items)}", file=self.file)

    def pytest_collectreport(self, report):
        if report.failed:
            print(f"Bail out! {report.nodeid} does not load", file=self.file)

    def pytest_runtest_logreport(self, report):
        """A test is its set-up, call and tear-down; the worst of the three is its result."""
        if report.when == "setup":
            self.failed, self.skipped = False, None
        self.failed |= report.failed
        if report.skipped:
            self.skipped = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if report.when == "teardown":
            # A # would start a directive.
            title = report.nodeid.split("::", 1)[1].replace("#", "_")
            line = f"{'not ok' if self.failed else 'ok'} {next(self.numbers)} - {title}"
            if self.skipped and not self.failed:
                line += " # SKIP " + self.skipped.removeprefix("Skipped: ").replace("\n", " ")
            print(line, file=self.file)


def pytest_configure(config):
    fd = config.getoption("--tap-fd")
    if fd is not None:
        config.pluginmanager.register(Tap(fd), "quilt-tap")
