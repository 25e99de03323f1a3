# SPDX-License-Identifier: LGPL-2.1-or-later
"""Setup steps run in order inside the container, before its command (S1 to S6)."""
import gzip
import hashlib
import io
import json
import tarfile
import zipfile

import pytest

from quilt import TIMEOUT, ctl, run
from test_lifecycle import props


def test_s1_order_and_environment(busybox, name):
    done = ctl("run", "--rm", "--name", name, "-e", "WHO=me", "--setup", "echo one $WHO >>/trace", "--setup", "echo two >>/trace",
               busybox, "/bin/cat", "/trace").ok()
    assert done.out == b"one me\ntwo\n"


def test_s2_output_is_in_the_journal_with_its_step(busybox, name, journal):
    ctl("run", "--name", name, "--setup", "echo first; echo second >&2", "--setup", "printf third", busybox,
        "/bin/echo", "command").ok()
    entries = journal.entries(f"CONTAINER_NAME={name}", "QUILT_STREAM=stdout", "QUILT_STREAM=stderr")
    assert [(entry["MESSAGE"], entry.get("QUILT_STEP")) for entry in entries if entry["QUILT_STREAM"] == "stdout"] == \
        [("first", "1"), ("third", "2"), ("command", None)]
    assert [(entry["MESSAGE"], entry.get("QUILT_STEP")) for entry in entries if entry["QUILT_STREAM"] == "stderr"] == \
        [("second", "1")]


def test_s3_a_failing_step_is_named_and_the_command_never_runs(busybox, name, journal):
    done = ctl("run", "--name", name, "--setup", "true", "--setup", "echo why >&2; exit 3", busybox, "/bin/echo", "ran")
    assert done.code == 125 and done.out == b""
    assert b"step 2" in done.err and b"3" in done.err and b"why" in done.err
    state = props(name)
    assert (state["State"], state["SetupStep"], state["Reason"]) == ("failed", 2, "failed")
    assert (state["ErrorName"], state["Error"]) == ("org.quilt.Error.SetupFailed", "A setup step failed")
    assert "why" in ctl("inspect", name).ok().json["result"]["error"]
    assert b"ran" not in journal.messages(f"CONTAINER_NAME={name}", "QUILT_STREAM=stdout")
    assert "step 2" in ctl("status", name).text


def test_s4_a_step_has_a_timeout(busybox, name):
    done = ctl("run", "--name", name, "--setup-timeout", "1", "--setup", "sleep 1000", busybox, "/bin/echo", "ran")
    assert done.code == 125 and b"step 1" in done.err and done.out == b"" and done.seconds < 3
    assert props(name)["State"] == "failed"


def test_s5_steps_run_in_the_same_sandbox(busybox, name):
    probe = "cat /proc/self/cgroup /proc/self/status | grep -E '^0::|^Cap|^NoNew'; readlink /proc/self/ns/*; hostname"
    lines = ctl("run", "--rm", "--name", name, "--setup", f"({probe}) >/step", busybox, "/bin/sh", "-c",
                f"({probe}) >/command; cmp /step /command && cat /step").ok().text
    assert "NoNewPrivs" in lines


def test_processes_of_a_step_do_not_outlive_it(busybox, name):
    done = ctl("run", "--rm", "--name", name, "--setup", "(setsid sleep 4712 &); true", busybox, "/bin/sh", "-c", "ps").ok()
    assert b"4712" not in done.out


def test_sugar_names_the_package_manager(busybox, name):
    """There is no apt in the image: the error says so, since the step is apt's own argv."""
    done = ctl("run", "--name", name, "--setup", "apt: hello", busybox, "/bin/true")
    assert done.code == 125 and b"apt" in done.err


def archive(path, files, mode="w:gz"):
    with tarfile.open(path, mode) as tar:
        for name, (content, permissions) in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), permissions
            tar.addfile(member, io.BytesIO(content))


def make_apt(directory):
    root = directory / "root"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "usr/bin").mkdir(parents=True)
    (root / "DEBIAN/control").write_text("Package: quilt-tool\nVersion: 1.0\nArchitecture: all\nMaintainer: x <x@example.com>\nDescription: x\n")
    (root / "usr/bin/quilt-tool").write_text("#!/bin/sh\necho made by apt\n")
    (root / "usr/bin/quilt-tool").chmod(0o755)
    run("dpkg-deb", "--root-owner-group", "--build", str(root), str(directory / "tool_1.deb")).ok()
    return "tool_1.deb"


def make_npm(directory):
    package = {"name": "quilt-tool", "version": "1.0.0", "bin": {"quilt-tool": "tool.js"}}
    archive(directory / "tool.tgz", {
        "package/package.json": (json.dumps(package).encode(), 0o644),
        "package/tool.js": (b"#!/usr/bin/env node\nconsole.log('made by npm')\n", 0o755)})
    return "tool.tgz"


def make_pip(directory):
    name = "quilt_tool-1.0-py3-none-any.whl"
    with zipfile.ZipFile(directory / name, "w") as wheel:
        wheel.writestr("quilt_tool.py", "def main():\n    print('made by pip')\n")
        wheel.writestr("quilt_tool-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: quilt-tool\nVersion: 1.0\n")
        wheel.writestr("quilt_tool-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("quilt_tool-1.0.dist-info/entry_points.txt", "[console_scripts]\nquilt-tool = quilt_tool:main\n")
        wheel.writestr("quilt_tool-1.0.dist-info/RECORD", "")
    return name


def make_gem(directory):
    """As `gem build` makes it: an archive of three compressed files."""
    specification = b"""--- !ruby/object:Gem::Specification
name: quilt-tool
version: !ruby/object:Gem::Version
  version: '1.0'
platform: ruby
authors: [x]
bindir: bin
executables: [quilt-tool]
files: [bin/quilt-tool]
require_paths: [lib]
specification_version: 4
summary: x
"""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as tar:
        content = b"#!/usr/bin/env ruby\nputs 'made by gem'\n"
        member = tarfile.TarInfo("bin/quilt-tool")
        member.size, member.mode = len(content), 0o755
        tar.addfile(member, io.BytesIO(content))
    parts = {"metadata.gz": gzip.compress(specification), "data.tar.gz": inner.getvalue()}
    sums = "---\nSHA256:\n" + "".join(f"  {name}: {hashlib.sha256(data).hexdigest()}\n" for name, data in parts.items())
    parts["checksums.yaml.gz"] = gzip.compress(sums.encode())
    archive(directory / "quilt-tool-1.0.gem", {name: (data, 0o444) for name, data in parts.items()}, "w")
    return "quilt-tool-1.0.gem"


@pytest.mark.parametrize("keyword, make, image", [
    ("apt", make_apt, "debian"), ("npm", make_npm, "languages"),
    ("pip", make_pip, "languages"), ("gem", make_gem, "languages")])
def test_s6_a_package_manager_installs_a_local_package(request, name, tmp_path, keyword, make, image):
    package = make(tmp_path)
    done = ctl("run", "--rm", "--name", name, "--volume", f"{tmp_path}:/srv:ro", "--setup", f"{keyword}: /srv/{package}",
               request.getfixturevalue(image), "quilt-tool", timeout=12 * TIMEOUT).ok()
    assert done.text.splitlines()[-1] == f"made by {keyword}"


def test_an_unknown_keyword_is_refused_at_creation(busybox, name):
    done = ctl("create", "--name", name, "--setup", "yarm: left-pad", busybox, "/bin/true")
    assert done.code == 125 and b"'yarm:' is not a keyword" in done.err and b"composer:" in done.err
    assert ctl("inspect", name).code != 0
    done = ctl("create", "--name", name, "--setup", "crago: x", busybox, "/bin/true")
    assert b"did you mean 'cargo:'?" in done.err


def test_the_words_of_a_keyword_reach_no_shell(busybox, name):
    """The image's npm prints its arguments, one per line."""
    made = "printf '#!/bin/sh\\nfor word; do echo \"$word\"; done\\n' >/bin/npm; chmod +x /bin/npm"
    done = ctl("run", "--rm", "--name", name, "--setup", made, "--setup", "npm: a@1 $(reboot) ';x' *", busybox, "/bin/true").ok()
    assert done.text.split("\n")[:-1] == ["install", "--global", "--no-fund", "--no-audit", "--", "a@1", "$(reboot)", "';x'", "*"]
    done = ctl("run", "--rm", "--name", name, "--setup", "npm: --script-shell=/bin/x a", busybox, "/bin/true")
    assert done.code == 125 and b"can't begin with '-'" in done.err
