# SPDX-License-Identifier: LGPL-2.1-or-later
"""The installed documents, and whether their examples work."""
import pathlib

import pytest

from quilt import containers, ctl, run

DOCUMENTS = pathlib.Path("/usr/share/doc/quilt")
CLIENTS = [(str(DOCUMENTS / "examples/quilt-client.py"),), ("/opt/quilt-test/quilt-client",)]


@pytest.mark.fault("31")
def test_readme_and_examples_are_installed():
    assert (DOCUMENTS / "README.md").read_text().startswith("# Quilt")
    assert {path.name for path in (DOCUMENTS / "examples").iterdir()} >= {"50-quilt.rules", "quilt-client.py", "quilt-client.c"}


@pytest.mark.fault("26")
@pytest.mark.parametrize("client", CLIENTS, ids=["python", "c"])
def test_an_example_client_runs_a_command_and_reads_its_log(client, busybox):
    before = containers()
    done = run(*client, busybox, "/bin/sh", "-c", "echo out; echo err >&2; exit 3")
    assert (done.code, sorted(done.out.split())) == (3, [b"err", b"out"]), done
    assert b"The container has ended: exited, 3" in done.err
    log = done.err.split(b"\n")
    assert [line for line in log if b"stdout" in line and b"out" in line] and [line for line in log if b"stderr" in line and b"err" in line]
    assert containers() == before


@pytest.mark.fault("26")
@pytest.mark.parametrize("client", CLIENTS, ids=["python", "c"])
def test_an_example_client_tells_an_error_by_its_name(client):
    failed = run(*client, "no-such-image", "true")
    assert failed.code == 1 and b"org.quilt.Error.NotFound" in failed.err and b"no-such-image" in failed.err


@pytest.mark.parametrize("page", ["quiltctl.1", "quiltd.8", "org.quilt.5"])
def test_manual_pages_are_installed(page):
    text = (pathlib.Path("/usr/share/man") / f"man{page[-1]}" / page).read_text()
    assert text.count(".SH") > 3
