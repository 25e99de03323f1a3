# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where a mount goes if its place in the image is a link that leads to nothing: where the link leads, inside the root."""
import os

import pytest

from oci import ROOT, Bundle, config, oci
from quilt import BUSYBOX, ctl, run
from test_oci_hostile import mapped

# The links in the image; the mount's destination; the path where the mount then is.
WAYS = [
    pytest.param({"etc/localtime": "/usr/share/zoneinfo/Europe/Berlin"}, "/etc/localtime", "/usr/share/zoneinfo/Europe/Berlin", id="absolute"),
    pytest.param({"etc/resolv.conf": "../run/systemd/resolve/stub-resolv.conf"}, "/etc/resolv.conf", "/run/systemd/resolve/stub-resolv.conf", id="relative"),
    pytest.param({"var/run": "../run"}, "/var/run/secret/name", "/run/secret/name", id="a directory on the way"),
    pytest.param({"etc/a": "b", "etc/b": "/opt/c", "opt": "var/opt", "var/opt": "../srv/deep/opt"}, "/etc/a", "/srv/deep/opt/c", id="a chain"),
    pytest.param({"etc/up": "../../../../../../new/file"}, "/etc/up", "/new/file", id="upward"),
    pytest.param({"way": "etc/there/..//./here/"}, "/way/file", "/etc/here/file", id="with dots"),
]


pytestmark = pytest.mark.usefixtures("oci_clean")


def with_links(root, links):
    run("rm", "-rf", *(str(root / name) for name in ("run", "opt", "srv", "new", "var/run", "var/opt"))).ok()
    for name, target in links.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).unlink(missing_ok=True)
        (root / name).symlink_to(target)


def entries():
    """The entries of those directories of the host to which the links would lead."""
    return {path: set(os.listdir(path)) - {ROOT.name} for path in ("/", "/run", "/usr/share", "/etc", "/var")}


@pytest.mark.fault(17)
@pytest.mark.parametrize("change", [lambda it, bundle: it, mapped], ids=["host's ids", "own ids"])
@pytest.mark.parametrize("kind", ["file", "directory"])
@pytest.mark.parametrize("links, at, there", WAYS)
def test_a_dangling_link_is_followed_inside_the_root(links, at, there, kind, change):
    bundle = Bundle("one")
    with_links(bundle.path / "rootfs", links)
    source = bundle.path / "source"
    if kind == "file":
        source.write_text("mounted\n")
    else:
        source.mkdir()
        (source / "inside").write_text("mounted\n")
    (bundle.path / "rootfs/etc/there").mkdir(parents=True, exist_ok=True)
    end = "" if kind == "file" else "/inside"
    configuration = change(config("sh", "-c", f"cat {at}{end} {there}{end}; touch /x; echo $?"), bundle)
    configuration["mounts"].append({"destination": at, "type": "bind", "source": str(source), "options": ["rbind", "ro"]})
    configuration["root"]["readonly"] = True
    before = entries()
    done = oci("run", "--bundle", str(bundle.write(configuration).path), "one")
    assert done.code == 0 and done.out.decode().split() == ["mounted", "mounted", "1"], done
    assert entries() == before, "something was made on the host"


@pytest.mark.fault(17)
@pytest.mark.parametrize("links", [{"etc/a": "b", "etc/b": "a"}, {"etc/a": "a"}, {"etc/a": "a/b"}, {"etc/a": "/proc/1/nothing"}, {"etc/a": "x" * 255 + "/" + "y" * 300}],
                         ids=["a loop", "itself", "below itself", "where nothing can be made", "too long a name"])
def test_a_link_that_leads_nowhere_at_all_is_an_error(links):
    bundle = Bundle("one")
    with_links(bundle.path / "rootfs", links)
    configuration = config("true")
    configuration["mounts"].append({"destination": "/etc/a", "type": "bind", "source": "/etc/hostname", "options": ["bind"]})
    done = oci("run", "--bundle", str(bundle.write(configuration).path), "one")
    assert done.code == 1 and b"/etc/a" in done.err, done


@pytest.mark.fault(17)
def test_a_working_directory_that_is_a_dangling_link_is_made():
    bundle = Bundle("one")
    with_links(bundle.path / "rootfs", {"srv/work": "/data/work"})
    done = oci("run", "--bundle", str(bundle.write(config("pwd", "-P", cwd="/srv/work")).path), "one").ok()
    assert done.text == "/data/work\n"


@pytest.mark.fault(17)
@pytest.mark.parametrize("options", [[], ["--read-only"], ["--userns=host", "--read-only"]], ids=" ".join)
def test_a_volume_goes_where_the_images_link_leads(name, tmp_path, options):
    """Also works if --read-only makes the root read-only in the end."""
    root = tmp_path / "root"
    root.mkdir()
    run("tar", "-C", str(root), "-xf", str(BUSYBOX)).ok()
    with_links(root, {"etc/localtime": "../usr/share/zoneinfo/Etc/UTC"})
    archive = tmp_path / "links.tar"
    run("tar", "-C", str(root), "-cf", str(archive), ".").ok()
    ctl("import", str(archive), name).ok()
    try:
        (tmp_path / "zone").write_text("mounted\n")
        done = ctl("run", "--rm", *options, "--volume", f"{tmp_path}/zone:/etc/localtime:ro,noidmap", name, "/bin/cat", "/usr/share/zoneinfo/Etc/UTC").ok()
        assert done.text == "mounted\n"
    finally:
        ctl("remove-image", name).ok()
