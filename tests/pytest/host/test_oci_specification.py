# SPDX-License-Identifier: LGPL-2.1-or-later
"""quilt-oci where the specification, runc and crun are more lenient or ask for more than it once did. The reproducer is a change to what `spec` writes."""
import json
import os

import pytest

import oci as tools
from oci import ROOT, Bundle, Container, oci
from quilt import run


@pytest.fixture(autouse=True)
def clean():
    yield
    assert tools.remove_all() == []


class Example:
    """What `spec` writes, without a terminal and with a root that can be written to."""

    def __init__(self, name="one"):
        self.bundle = Bundle(name)
        oci("spec", "--bundle", str(self.bundle.path)).ok()
        self.path = self.bundle.path / "config.json"
        self.it = json.loads(self.path.read_text())
        self.it["process"]["terminal"] = False
        self.it["root"]["readonly"] = False

    def command(self, *argv):
        self.it["process"]["args"] = list(argv)
        return self

    def write(self):
        self.path.write_text(json.dumps(self.it))
        return self

    def run(self, *options, before=(), **kwargs):
        return oci("run", "--bundle", str(self.write().bundle.path), *options, "one", options=before, **kwargs)


@pytest.fixture
def example():
    return Example()


@pytest.mark.fault("34")
@pytest.mark.parametrize("version", ["1.3.0", "1.4.1-rc.1", "1.20.0"])
def test_any_later_minor_version_is_taken(example, version):
    example.it["ociVersion"] = version
    assert example.command("echo", "there").run().ok().text == "there\n"


@pytest.mark.fault("34")
@pytest.mark.parametrize("version", ["2.0.0", "0.9.0", "1", ""])
def test_another_major_version_is_refused(example, version):
    example.it["ociVersion"] = version
    done = example.command("true").run()
    assert done.code == 1 and b"ociVersion" in done.err and os.listdir(ROOT) == []


def warned(example, word, *options, before=(), out="there\n"):
    """It runs all the same, and a warning says what was left out: in the log, or on stderr."""
    done = example.run(*options, before=before).ok()
    assert done.text == out and done.err.count(b"\n") == 1 and word in done.err.decode() and b"level=warning" in done.err, done
    log = example.bundle.path / "log"
    done = example.run(*options, before=("--log", str(log), "--log-format", "json", *before)).ok()
    assert done.text == out and done.err == b""
    (line,) = log.read_text().splitlines()
    assert json.loads(line)["level"] == "warning" and word in json.loads(line)["msg"]


@pytest.mark.fault("35")
def test_unknown_keys_are_left_out_with_a_warning(example):
    example.it |= {"unknown": {"process": {}}, "org.example": 1}
    example.it["process"]["unknown"] = [1]
    example.it["linux"]["resources"]["memory"] = {"unknown": 1}
    warned(example.command("echo", "there"), "process.unknown, linux.resources.memory.unknown, unknown, org.example")


@pytest.mark.fault("35")
def test_unknown_capabilities_are_left_out_with_a_warning(example):
    for mask in example.it["process"]["capabilities"].values():
        mask.append("CAP_OF_TOMORROW")
    example.command("echo", "there")
    warned(example, "CAP_OF_TOMORROW")
    Container("one", example.command("sleep", "1000").write().bundle).start()
    done = oci("exec", "--cap", "CAP_OF_TOMORROW", "--cap", "CAP_SYS_TIME", "one", "grep", "CapEff", "/proc/self/status").ok()
    assert int(done.text.split()[1], 16) >> 25 & 1 and b"CAP_OF_TOMORROW" in done.err
    process = example.bundle.path / "process.json"
    process.write_text(json.dumps({**example.it["process"], "args": ["echo", "there"], "unknown": 1}))
    done = oci("exec", "--process", str(process), "one").ok()
    assert done.text == "there\n" and b"process.unknown" in done.err and b"CAP_OF_TOMORROW" in done.err
    done = oci("update", "--resources", "-", "one", input=b'{"unknown":1,"unified":{}}').ok()
    assert b"unknown" in done.err


@pytest.mark.fault("35")
@pytest.mark.parametrize("option", ["mode=755", "size=1m", "remount", "sync"])
def test_what_a_bind_mount_cannot_have_is_left_out_with_a_warning(example, option, tmp_path):
    (tmp_path / "word").write_text("there\n")
    example.it["mounts"].append({"destination": "/mnt", "type": "bind", "source": str(tmp_path), "options": ["bind", option, "ro"]})
    warned(example.command("sh", "-c", "cat /mnt/word; touch /mnt/x 2>/dev/null && echo not read-only; true"), option)


@pytest.mark.fault("35")
def test_unknown_system_calls_are_left_out_with_a_warning(example):
    run("rm", "-rf", "/run/quilt-seccomp").ok()
    names = ["mkdir", "mkdirat", "of_tomorrow", "and_the_day_after"]
    example.it["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": names, "action": "SCMP_ACT_ERRNO", "errnoRet": 122},
                                                                                    {"names": ["of_tomorrow"], "action": "SCMP_ACT_ALLOW"}]}
    example.command("sh", "-c", "mkdir /x; true")
    done = example.run().ok()
    assert b"quota exceeded" in done.err and b"of_tomorrow, and_the_day_after" in done.err
    done = example.run().ok()
    assert b"quota exceeded" in done.err, "the filter that was kept is the same"
    example.it["annotations"] = {"run.oci.seccomp_fail_unknown_syscall": "1"}
    done = example.run()
    assert done.code == 1 and b"'of_tomorrow' is not known" in done.err
