# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every command of README and of the manual pages' examples works as written (H2)."""
import os
import pathlib
import re
import select
import subprocess

import pytest

from quilt import BUSYBOX, DEBIAN, TIMEOUT, ctl, run

pytestmark = pytest.mark.fault(24)
DOCS = pathlib.Path("/opt/quilt-test/docs")
# Run by others: the suite's own start, tools/check and tools/demo; the suite `engines`.
ELSEWHERE = ("sudo tools/", "meson setup", "sudo systemctl daemon-reload", "podman ", "docker ")


def examples(page):
    """The lines of code of a page, without comments, in order."""
    text = (DOCS / page).read_text()
    if page.endswith(".md"):
        blocks = re.findall(r"^```\n(.*?)^```$", text, re.S | re.M)
    else:
        blocks = re.findall(r"^[^\n]*::\n\n((?:    [^\n]*\n|\n)+)", text[text.index("EXAMPLES\n===="):], re.M)
    blocks = [block.replace("\\\n", "") for block in blocks]
    lines = [re.sub(r"(^|\s+)# .*", "", line).strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def until_first_output(command, cwd):
    """Runs a command that does not end by itself until it has printed something."""
    with subprocess.Popen(["bash", "-c", f"exec {command}"], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            assert select.select([process.stdout], [], [], TIMEOUT)[0], command
            assert os.read(process.stdout.fileno(), 1000), command
        finally:
            process.terminate()


@pytest.fixture
def place(tmp_path, debian):
    """A directory with the files that the examples need: archives, and an mmdebstrap that works without a network."""
    mmdebstrap = tmp_path / "bin" / "mmdebstrap"
    mmdebstrap.parent.mkdir()
    mmdebstrap.write_text(f"#!/bin/sh\nexec cat {DEBIAN}\n")
    mmdebstrap.chmod(0o755)
    (tmp_path / "src").mkdir()
    (tmp_path / "debian.tar.zst").symlink_to(DEBIAN)
    (tmp_path / "root.tar").symlink_to(BUSYBOX)
    yield tmp_path
    ctl("remove", "--force", "web")
    for row in ctl("list", "--all", "--json=short").ok().json:  # of RunContainer, which gives it no name
        ctl("remove", "--force", row["id"]).ok()


@pytest.mark.parametrize("page", ["README.md", "quilt.7.rst", "quiltctl.1.rst", "quilt-oci.1.rst"])
def test_h2_each_example_works(page, place):
    lines = [line for line in examples(page) if not line.startswith(ELSEWHERE)]
    assert len(lines) >= 4
    environment = {"PATH": f"{place}/bin:{os.environ['PATH']}"}
    for line in lines:
        if re.search(r" -f\b.* web$| -f CONTAINER_NAME", line):
            until_first_output(line, place)
        elif "quilt-oci run" in line:
            # A shell on a terminal.
            run("script", "--quiet", "--return", "--command", line, "/dev/null", cwd=place, input=b"exit\n").ok()
        else:
            run("bash", "-c", line, cwd=place, env=environment, timeout=6 * TIMEOUT).ok()
