# SPDX-License-Identifier: LGPL-2.1-or-later
"""Good and bad config.json told apart by quilt-oci create: the field is named, and nothing is left."""
import os
import pathlib
import subprocess

import pytest

from oci import ROOT, config, oci
from quilt import TIMEOUT


pytestmark = pytest.mark.usefixtures("oci_clean")


# The configuration itself

@pytest.mark.parametrize("kind", ["fifo", "directory", "device", "large", "link to a device"])
def test_a_config_json_that_is_no_file(bundle, kind):
    path = bundle.path / "config.json"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    elif kind == "device":
        os.mknod(path, 0o020600, os.makedev(1, 5))
    elif kind == "large":
        path.write_text(" " * (5 << 20))
    else:
        path.symlink_to("/dev/zero")
    done = oci("create", "--bundle", str(bundle.path), "one")
    assert done.code == 1 and b"config.json" in done.err, done
    assert not ROOT.exists() or os.listdir(ROOT) == []


def with_process(**more):
    return lambda it: it["process"].update(more)


def with_linux(**more):
    return lambda it: it["linux"].update(more)


BAD = {
    "process.args": with_process(args=[]),
    "process.cwd": with_process(cwd="relative"),
    "process.user.uid": with_process(user={"uid": 4294967295, "gid": 0}),
    "process.env": with_process(env=["NO_EQUALS"]),
    "process.capabilities": with_process(capabilities={"bounding": [1]}),
    "process.rlimits": with_process(rlimits=[{"type": "RLIMIT_NONE", "hard": 1, "soft": 1}]),
    "linux.namespaces": with_linux(namespaces=[{"type": "none"}]),
    "linux.uidMappings": with_linux(uidMappings=[{"containerID": 0, "hostID": 0, "size": 1}, {"containerID": 0, "hostID": 5, "size": 1}],
                                    namespaces=[{"type": "mount"}, {"type": "user"}]),
    "linux.sysctl": with_linux(sysctl={"kernel.core_pattern": "|/bin/sh"}),
    "linux.maskedPaths": with_linux(maskedPaths=["relative"]),
    "linux.cgroupsPath": with_linux(cgroupsPath="/../../etc"),
    "linux.devices": with_linux(devices=[{"path": "/dev/../etc/x", "type": "b", "major": 8, "minor": 0}]),
    "mounts": lambda it: it["mounts"].append({"destination": "relative", "type": "tmpfs", "source": "tmpfs"}),
    "hooks": lambda it: it.update(hooks={"prestart": [{"path": "relative"}]}),
    "root.path": lambda it: it["root"].update(path="/nowhere"),
    "hostname": lambda it: it.update(hostname="h" * 65),
    "windows": lambda it: it.update(windows={"layerFolders": ["x"]}),
}


@pytest.mark.parametrize("field", BAD)
def test_a_bad_value_is_named_and_nothing_is_left(bundle, field):
    configuration = config("true")
    BAD[field](configuration)
    cgroups = sorted(str(path) for path in pathlib.Path("/sys/fs/cgroup").rglob("*") if path.is_dir() and "quilt-oci" in str(path))
    done = oci("create", "--bundle", str(bundle.write(configuration).path), "one")
    assert done.code == 1 and done.out == b"" and done.err.count(b"\n") == 1, done
    word = {"root.path": "/nowhere", "hostname": "host name"}.get(field, field.split(".")[-1])
    assert word in done.err.decode(), done
    assert not ROOT.exists() or os.listdir(ROOT) == []
    assert sorted(str(path) for path in pathlib.Path("/sys/fs/cgroup").rglob("*") if path.is_dir() and "quilt-oci" in str(path)) == cgroups


# The specification's examples, as the parser's own tests have them
EXAMPLES = pathlib.Path("/opt/quilt-test/data/oci")
WRONG = {"bad-duplicate-key": "noNewPrivileges", "bad-host-namespace": "linux.namespaces", "bad-seccomp": "linux.seccomp.defaultAction",
         "bad-truncated": "config.json", "bad-windows": "process.cwd"}


def create_example(bundle, name):
    (bundle.path / "config.json").write_bytes((EXAMPLES / f"{name}.json").read_bytes())
    with open(bundle.path / "output", "wb") as output:
        return subprocess.run(["quilt-oci", "--root", str(ROOT), "create", "--bundle", str(bundle.path), "one"], stdin=subprocess.DEVNULL,
                              stdout=output, stderr=subprocess.STDOUT, timeout=TIMEOUT).returncode, (bundle.path / "output").read_text()


@pytest.mark.parametrize("name", WRONG)
def test_a_bad_example_is_refused_by_its_field(bundle, name):
    code, said = create_example(bundle, name)
    assert code == 1 and WRONG[name] in said, said
    assert not ROOT.exists() or os.listdir(ROOT) == []


def test_every_bad_example_is_tried():
    assert {path.stem for path in EXAMPLES.glob("bad-*.json")} == set(WRONG)


@pytest.mark.parametrize("name", ["good-minimal", "good-engine", "good-everything", "good-userns"])
def test_a_good_example_is_taken(bundle, name):
    """What this host lacks of it (a directory, a network namespace) may be missed, but nothing is wrong with the configuration."""
    code, said = create_example(bundle, name)
    assert code == 0 or "config.json" not in said and said.startswith("Failed to "), said
    if name == "good-minimal":
        assert code == 0, said
        oci("start", "one").ok()
    oci("delete", "--force", "one").ok()
    assert os.listdir(ROOT) == []
