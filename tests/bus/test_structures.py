# SPDX-License-Identifier: LGPL-2.1-or-later
"""Options that are lists of structures: paths go over the bus and into records as they are."""
import json
import signal

import pytest
from gi.repository import GLib

from fakes import SOURCE
from test_access import refusal

V = GLib.Variant
RATES = ("device-read-bps", "device-write-bps", "device-read-iops", "device-write-iops")
OLD = json.loads((SOURCE / "tests/data/records/texts.json").read_text())["options"]
KEYS = ("volumes", "tmpfs", "devices", *RATES)


def inspect(box, **options):
    return json.loads(bytes(box.call("Inspect", "a{sv}", ({key: V("b", value) for key, value in options.items()},))))


@pytest.mark.fault("22")
@pytest.mark.parametrize("name", ["a:b", "a,b", "back\\slash\\:", 'all: \\,"it\'s" =é', "\x01\x1b[1m\t", ":ro", "\\"])
def test_a_path_arrives_as_it_is(name, create, daemon):
    volumes = [(f"/srv/{name}", f"/in {name}", ["ro", "noexec"]), (f"/{name}", f"/{name}", [])]
    tmpfs = [(f"/t/{name}", ["size=1M"]), (f"/{name}t", [])]
    devices = [("/dev/null", f"/dev/{name}", "r"), ("/dev/zero", "", "")]
    box = create("sleep", name="box", volumes=V("a(ssas)", volumes), tmpfs=V("a(sas)", tmpfs), devices=V("a(sss)", devices))
    expected = {
        "volumes": [dict(zip(("source", "destination", "options"), entry)) for entry in volumes],
        "tmpfs": [dict(zip(("destination", "options"), entry)) for entry in tmpfs],
        "devices": [dict(zip(("source", "destination", "access"), entry)) for entry in devices],
    }
    record = json.loads((daemon.directory / f"state/containers/{box.Id}/record.json").read_text())
    for options in (inspect(box)["options"], record["options"]):
        assert {key: options[key] for key in expected} == expected
    daemon.end(signal.SIGKILL)
    daemon.start()
    assert {key: inspect(box)["options"][key] for key in expected} == expected
    oci = inspect(box, oci=True)
    sources = {mount["destination"]: mount["source"] for mount in oci["mounts"]}
    assert sources[f"/in {name}"] == f"/srv/{name}" and sources[f"/{name}"] == f"/{name}"
    assert sources[f"/t/{name}"] == sources[f"/{name}t"] == "tmpfs"
    assert [device["path"] for device in oci["linux"]["devices"]] == [f"/dev/{name}", "/dev/zero"]


@pytest.mark.fault("22")
@pytest.mark.parametrize("key,value,text", [
    ("volumes", V("as", ["/srv:/data"]), "'volumes': must be of D-Bus type a(ssas), not as"),
    ("tmpfs", V("as", ["/data"]), "'tmpfs': must be of D-Bus type a(sas), not as"),
    ("devices", V("a(ss)", [("/dev/null", "/dev/null")]), "'devices': must be of D-Bus type a(sss), not a(ss)"),
    ("device-read-bps", V("as", ["/dev/sda:1"]), "'device-read-bps': must be of D-Bus type a(st), not as"),
    ("volumes", V("a(ssas)", [("/srv:/a", "b", [])]), "'volumes' to 'b': the path in the container must be absolute"),
    ("volumes", V("a(ssas)", [("/srv", "/data", ["ro,noexec"])]), "'volumes' with 'ro,noexec': must be ro"),
    ("volumes", V("a(ssas)", [("", "/data", [])]), "'volumes' to '': must be an absolute path"),
    ("volumes", V("a(ssas)", [("/srv", "/\n/../x", [])]), "'volumes' to '/\\x0a/../x': its path must have no"),
    ("tmpfs", V("a(sas)", [("/data", ["size=1M,ro"])]), "'tmpfs' to 'size=1M,ro': must be ro"),
    ("tmpfs", V("a(sas)", [("/proc", [])]), "'tmpfs' to '/proc': the kernel provides what is there"),
    ("devices", V("a(sss)", [("/dev/null", "/data/null", "")]), "'devices' to '/data/null': its path in the container must be below"),
    ("devices", V("a(sss)", [("/dev/no:such", "", "r")]), "'devices' to '/dev/no:such': No such file"),
    ("device-read-bps", V("a(st)", [("/dev/no:such", 1)]), "'device-read-bps' to '/dev/no:such': No such file"),
    ("device-write-iops", V("a(st)", [("/dev/a", 1), ("/dev/a", 2)]), "'device-write-iops' to '/dev/a': this device is given twice"),
    ("device-read-iops", V("a(st)", [("/dev/a", 0)]), "'device-read-iops' to '/dev/a': the rate must be a number above 0"),
])
def test_a_mistake_is_named_by_its_option_and_itself(key, value, text, image, root):
    options = {"command": V("aay", [b"sleep"]), key: value}
    error = refusal(root.call, "CreateContainer", "sa{sv}", ("web", options))
    assert error.name == "InvalidArgument" and text in error.text
    assert root.call("ListContainers", "a{sv}", ({},)) == []


@pytest.mark.fault("22")
def test_the_texts_of_an_earlier_record_are_read_and_written_as_structures(create, daemon):
    """The record was written by a version of quiltd that joined paths by colons and commas."""
    box = create("sleep", name="box")
    file = daemon.directory / f"state/containers/{box.Id}/record.json"
    record = json.loads(file.read_text())
    record["options"] |= {key: OLD[key] for key in KEYS}
    daemon.end(signal.SIGKILL)
    file.write_text(json.dumps(record))
    daemon.start()
    expected = {
        "volumes": [{"source": "/srv/a:b", "destination": "/in\\side,1", "options": ["ro", "noexec"]},
                    {"source": "/srv", "destination": "/v", "options": []}],
        "tmpfs": [{"destination": "/t", "options": []}, {"destination": "/t:1", "options": ["size=1M"]}],
        "devices": [{"source": "/dev/null", "destination": "/dev/a:b", "access": "rw"},
                    {"source": "/dev/null", "destination": "", "access": "r"}, {"source": "/dev/zero", "destination": "", "access": ""}],
        "device-read-bps": [{"device": "/dev/loop0", "rate": 1048576}, {"device": "/dev/loop1", "rate": 1536}],
        "device-write-bps": [{"device": "/dev/loop0", "rate": 7}], "device-read-iops": [{"device": "/dev/loop0", "rate": 100}],
        "device-write-iops": [{"device": "/dev/loop0", "rate": 9}],
    }
    assert {key: inspect(box)["options"][key] for key in KEYS} == expected
    assert json.loads(file.read_text())["options"]["volumes"] == OLD["volumes"], "nothing is written without a change"
    box.call("Rename", "sa{sv}", ("crate", {}))
    assert {key: json.loads(file.read_text())["options"][key] for key in KEYS} == expected


@pytest.mark.fault("22")
def test_rates_are_changed_and_taken_away(create, daemon):
    box = create("sleep", name="box")
    file = daemon.directory / f"state/containers/{box.Id}/record.json"
    assert refusal(box.call, "Update", "a{sv}", ({"volumes": V("a(ssas)", [])},)).name == "NotSupported"
    record = json.loads(file.read_text())
    record["options"] |= {key: [{"device": "/dev/a:0", "rate": 5}] for key in RATES}
    daemon.end(signal.SIGKILL)
    file.write_text(json.dumps(record))
    daemon.start()
    assert all(inspect(box)["options"][key] == [{"device": "/dev/a:0", "rate": 5}] for key in RATES)
    box.call("Update", "a{sv}", ({key: V("a(st)", []) for key in RATES},))
    assert not set(RATES) & set(inspect(box)["options"])
    assert not set(RATES) & set(json.loads(file.read_text())["options"])
