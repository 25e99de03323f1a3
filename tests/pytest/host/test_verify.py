# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether a program of an image can run (verify, VerifyImage), compared with running it."""
import os
import pathlib
import platform
import signal
import stat
import subprocess
import tarfile

import pytest
from gi.repository import GLib

import elf
from quilt import TIMEOUT, ctl, error_name, manager, run, spawn, wait_exit
from test_crash import daemon_again
from test_daemon import daemon_pid
from test_exec import wait_for
from test_images import BUSYBOX_BYTES, archive
from test_races import injected

LOADER = {"x86_64": "/lib64/ld-linux-x86-64.so.2", "aarch64": "/lib/ld-linux-aarch64.so.1"}.get(platform.machine(), "")
LOADER_BYTES = pathlib.Path(LOADER).read_bytes() if LOADER else b""
FIRST = f"lib/{platform.machine()}-linux-gnu"  # where this loader, which is Debian's, looks first
MUSL = f"/lib/ld-musl-{platform.machine()}.so.1"
MUSL_BYTES = pathlib.Path(MUSL).read_bytes() if os.path.exists(MUSL) else b""
MUSL_PATH, MUSL_LIBC = f"/etc/ld-musl-{platform.machine()}.path", f"libc.musl-{platform.machine()}.so.1"
LINK, FIFO = tarfile.SYMTYPE, tarfile.FIFOTYPE


def link(target):
    return {"type": LINK, "linkname": target}


def program(needed=(), **kwargs):
    return elf.make(needed, LOADER, **kwargs)


def musl(needed=(), interpreter=MUSL, **kwargs):
    return elf.make(needed, interpreter, **kwargs)


def verify(image, *command, options=()):
    """The exit code, the answer, and the kinds of problems of the program itself."""
    done = ctl("verify", "--json=short", *options, image, *command)
    assert done.code in (0, 126), done
    kinds = [row["kind"] for row in done.json["problems"] if not row["kind"].startswith("no-")]
    assert done.json["runs"] == (done.code == 0)
    return done.code, done.json, kinds


@pytest.fixture
def image(name):
    """Makes an image of files, which has the name of the test."""
    def make(files, *changes):
        members = [(path.lstrip("/"), content.encode() if isinstance(content, str) else content) for path, content in files.items()]
        ctl("import", *[word for change in changes for word in ("--change", change)], "-", name, input=archive(*members)).ok()
        return name
    yield make
    ctl("remove-image", name)


LIBRARY = elf.make()
TOOL = program()
ENV = pathlib.Path("/usr/bin/env").read_bytes()
LIBC = f"/{FIRST}/libc.so.6"
LIBC_BYTES = pathlib.Path(LIBC).read_bytes() if os.path.exists(LIBC) else b""
WITH_ENV = {"/usr/bin/env": ENV, LIBC: LIBC_BYTES, "/bin/tool": TOOL}

# Name: files, kinds of problems, part of what a run says, changes of the image.
CASES = {
    "static": ({"/t": LIBRARY}, [], None),
    "dynamic": ({"/t": TOOL}, [], None),
    "default-directory": ({"/t": program(["liba.so"]), f"/{FIRST}/liba.so": LIBRARY}, [], None),
    "missing-library": ({"/t": program(["liba.so"])}, ["missing-library"], b"liba.so"),
    "missing-indirect": ({"/t": program(["liba.so"]), "/lib/liba.so": elf.make(["libb.so"])}, ["missing-library"], b"libb.so"),
    "local-library": ({"/t": program(["liba.so"]), "/usr/local/lib/liba.so": LIBRARY}, ["missing-library"], b"liba.so"),
    "rpath-origin": ({"/o/bin/t": program(["liba.so"], rpath="$ORIGIN/../lib"), "/o/lib/liba.so": elf.make(["libb.so"]),
                      "/o/lib/libb.so": LIBRARY, "/t": link("o/bin/t")}, [], None),
    "runpath-origin": ({"/o/bin/t": program(["liba.so"], runpath="${ORIGIN}/../lib"), "/o/lib/liba.so": LIBRARY, "/t": link("o/bin/t")}, [], None),
    "runpath-indirect": ({"/t": program(["liba.so"], runpath="/o"), "/o/liba.so": elf.make(["libb.so"]), "/o/libb.so": LIBRARY},
                         ["missing-library"], b"libb.so"),
    "runpath-hides-rpath": ({"/t": program(["liba.so"], rpath="/o", runpath="/x"), "/o/liba.so": LIBRARY}, ["missing-library"], b"liba.so"),
    "environment": ({"/t": program(["liba.so"]), "/o/liba.so": LIBRARY}, [], None, "ENV LD_LIBRARY_PATH=/x:/o"),
    "uncached": ({"/t": program(["liba.so"]), "/o/liba.so": LIBRARY, "/etc/ld.so.conf": "include /etc/ld.so.conf.d/*.conf\n",
                  "/etc/ld.so.conf.d/o.conf": "/o\n"}, ["uncached-library"], b"liba.so"),
    "soname": ({"/t": program(["/o/liba-1.so", "liba.so.1"]), "/o/liba-1.so": elf.make(soname="liba.so.1")}, [], None),
    "empty-library": ({"/t": program(["liba.so"]), "/lib/liba.so": b""}, ["bad-library"], b"file too short"),
    "other-machine-library": ({"/t": program(["liba.so"]), "/lib/liba.so": elf.make(machine=elf.OTHER)},
                              ["library-for-other-machine"], b"liba.so"),
    "other-machine-skipped": ({"/t": program(["liba.so"]), "/lib/liba.so": elf.make(machine=elf.OTHER), "/usr/lib/liba.so": LIBRARY}, [], None),
    "missing-loader": ({"/t": elf.make([], "/lib/ld-gone.so")}, ["missing-loader"], b"/lib/ld-gone.so"),
    "bad-loader": ({"/t": elf.make([], "/lib/ld-text.so"), "/lib/ld-text.so": "text"}, ["bad-loader"], b""),
    "other-machine": ({"/t": elf.make([], LOADER, machine=elf.OTHER)}, ["wrong-machine"], b"machine"),
    "cut": ({"/t": TOOL[:200]}, ["damaged"], b""),
    "text": ({"/t": "hello"}, ["not-a-program"], b""),
    "script": ({"/t": "#!/tool\n", "/tool": TOOL}, [], None),
    "script-missing": ({"/t": "#!/bin/bash\n"}, ["missing-interpreter"], b"/bin/bash"),
    "script-crlf": ({"/t": "#!/tool\r\n", "/tool": TOOL}, ["line-ending"], b""),
    "script-of-script": ({"/t": "#!/b\n", "/b": "#!/c\n", "/c": "#!/tool\n", "/tool": TOOL}, [], None),
    "script-of-itself": ({"/t": "#!/t\n"}, ["too-many-interpreters"], b""),
    "env": ({"/t": "#!/usr/bin/env tool\n", **WITH_ENV}, [], None),
    "env-missing": ({"/t": "#!/usr/bin/env gone\n", **WITH_ENV}, ["missing-interpreter"], b"gone"),
    "env-split": ({"/t": "#!/usr/bin/env -S A=b tool -x\n", **WITH_ENV}, [], None),
    "env-unsplit": ({"/t": "#!/usr/bin/env tool -x\n", **WITH_ENV}, ["unsplit-interpreter"], b"tool -x"),
    "env-path": ({"/t": "#!/usr/bin/env tool\n", **WITH_ENV}, ["missing-interpreter"], b"tool", "ENV PATH=/opt"),
    "env-absent": ({"/t": "#!/usr/bin/env tool\n", "/bin/tool": TOOL}, ["missing-interpreter"], b"/usr/bin/env"),
    "store": ({"/t": link("/nix/store/x-tool/bin/tool"), "/nix/store/x-tool/bin/tool": TOOL}, [], None),
    "store-dangling": ({"/t": link("/nix/store/x-tool/bin/tool")}, ["dangling-link"], b"/nix/store/x-tool/bin/tool"),
    "store-loader-dangling": ({"/t": elf.make([], "/ld.so"), "/ld.so": link("/nix/store/x-glibc/ld.so")}, ["dangling-link"], b"/ld.so"),
    "out-of-the-root": ({"/t": link("../../../../../../../../bin/busybox")}, ["dangling-link"], b"/bin/busybox"),
    "link-circle": ({"/t": link("/t")}, ["not-found"], b""),
    "directory": ({"/t/x": "x"}, ["is-directory"], b""),
    "not-found": ({"/x": "x"}, ["not-found"], b"/t"),
    "fifo": ({"/t": {"type": FIFO}}, ["not-executable"], b""),
    "not-executable": ({"/t": {"mode": 0o644, "content": TOOL}}, ["not-executable"], b""),
}

# Likewise, in a root with musl's loader, as Alpine has it: the loader is libc.
MUSL_CASES = {
    "dynamic": ({"/t": musl()}, [], None),
    "libc": ({"/t": musl([MUSL_LIBC, "libc.so", "libm.so.6", "libpthread.so.0"])}, [], None),
    "distribution": ({"/bin/t": musl(["libz.so.1", MUSL_LIBC]), "/t": link("/bin/t"), "/lib/" + MUSL_LIBC: link(MUSL[5:]),
                      "/usr/lib/libz.so.1": link("libz.so.1.2"), "/usr/lib/libz.so.1.2": elf.make([MUSL_LIBC])}, [], None),
    "local-library": ({"/t": musl(["liba.so"]), "/usr/local/lib/liba.so": LIBRARY}, [], None),
    "missing-library": ({"/t": musl(["liba.so"])}, ["missing-library"], b"liba.so"),
    "missing-indirect": ({"/t": musl(["liba.so"]), "/lib/liba.so": elf.make(["libb.so"])}, ["missing-library"], b"libb.so"),
    "no-default-directory": ({"/t": musl(["liba.so"]), "/usr/lib64/liba.so": LIBRARY, f"/{FIRST}/liba.so": LIBRARY}, ["missing-library"], b"liba.so"),
    "path-file": ({"/t": musl(["liba.so", "libb.so"]), MUSL_PATH: "/x\n/o:/p\n", "/o/liba.so": LIBRARY, "/p/libb.so": LIBRARY}, [], None),
    "path-file-replaces-defaults": ({"/t": musl(["liba.so"]), MUSL_PATH: "/o\n", "/lib/liba.so": LIBRARY}, ["missing-library"], b"liba.so"),
    "path-file-empty": ({"/t": musl(["liba.so"]), MUSL_PATH: "", "/lib/liba.so": LIBRARY}, ["missing-library"], b"liba.so"),
    "path-file-of-others": ({"/t": musl(["liba.so"]), "/etc/ld-musl-other.path": "/o\n", "/etc/ld.so.conf": "/o\n", "/o/liba.so": LIBRARY},
                            ["missing-library"], b"liba.so"),
    "path-file-of-a-prefix": ({"/t": musl(["liba.so"], "/opt/m" + MUSL), "/opt/m" + MUSL: MUSL_BYTES, "/opt/m" + MUSL_PATH: "/o\n",
                               "/o/liba.so": LIBRARY}, [], None),
    "loader-is-a-link": ({"/t": musl(["liba.so", "libc.so"]), MUSL: link("libc.so"), "/lib/libc.so": MUSL_BYTES, MUSL_PATH: "/o\n",
                          "/o/liba.so": LIBRARY}, [], None),
    "loader-is-a-link-elsewhere": ({"/t": musl(["liba.so"]), MUSL: link("/opt/musl/libc.so"), "/opt/musl/libc.so": MUSL_BYTES,
                                    "/usr/local/lib/liba.so": LIBRARY}, [], None),
    "loader-by-a-link": ({"/t": musl(["liba.so"], "/ld.so"), "/ld.so": link(MUSL), MUSL_PATH: "/o\n", "/o/liba.so": LIBRARY}, [], None),
    "rpath": ({"/t": musl(["liba.so"], rpath="/x:/o"), "/o/liba.so": LIBRARY}, [], None),
    "runpath-origin": ({"/o/bin/t": musl(["liba.so"], runpath="$ORIGIN/../lib"), "/o/lib/liba.so": LIBRARY, "/t": link("o/bin/t")}, [], None),
    "runpath-indirect": ({"/t": musl(["liba.so"], runpath="/o"), "/o/liba.so": elf.make(["libb.so"]), "/o/libb.so": LIBRARY}, [], None),
    "unknown-token": ({"/t": musl(["liba.so"], runpath="$LIB/x:/o"), "/o/liba.so": LIBRARY}, ["missing-library"], b"liba.so"),
    "environment": ({"/t": musl(["liba.so"]), "/o/liba.so": LIBRARY}, [], None, "ENV LD_LIBRARY_PATH=/x:/o"),
    "soname": ({"/t": musl(["/o/liba-1.so", "liba.so.1"]), "/o/liba-1.so": elf.make(soname="liba.so.1")}, ["missing-library"], b"liba.so.1"),
    "empty-library": ({"/t": musl(["liba.so"]), "/lib/liba.so": b""}, ["bad-library"], b"liba.so"),
    "glibc-program": ({"/t": TOOL}, ["missing-loader"], LOADER.encode()),
    "script": ({"/t": "#!/tool\n", "/tool": musl([MUSL_LIBC])}, [], None),
}


@pytest.mark.skipif(not elf.MACHINE, reason="programs are made for x86-64 and ARM64 only")
@pytest.mark.parametrize("libc, case", [("glibc", case) for case in CASES] + [("musl", case) for case in MUSL_CASES])
def test_the_verdict_is_true(image, libc, case):
    files, kinds, says, *changes = (CASES if libc == "glibc" else MUSL_CASES)[case]
    made = image({**({LOADER: LOADER_BYTES} if libc == "glibc" else {MUSL: MUSL_BYTES}), **files}, *changes)
    code, answer, found = verify(made, "/t")
    assert found == kinds, answer
    done = ctl("run", "--rm", made, "/t")
    assert (done.code == 0) == (code == 0), done
    assert says is None or says in done.err + done.out, done
    for row in answer["problems"]:
        assert row["message"] and row["severity"] in ("error", "warning")
        assert row["hint"] or row["severity"] == "warning"


def test_real_images(busybox, debian):
    assert verify(busybox, "sh")[0] == 0
    assert verify(busybox, "sh")[1]["program"] == "/bin/sh"
    for name in ("sh", "apt-get", "python3", "/usr/bin/perl"):
        assert verify(debian, name)[0] == 0, name
    assert {row["kind"] for row in verify(debian, "sh")[1]["problems"]} <= {"no-certificates", "no-time-zones"}
    assert {row["kind"] for row in verify(busybox, "sh")[1]["problems"]} >= {"no-certificates", "no-time-zones"}


def test_all_programs_of_a_distribution(debian):
    """Most can run, and those that can't are those that don't."""
    listing = ctl("run", "--rm", debian, "find", "-L", "/usr/bin", "/usr/sbin", "-maxdepth", "1", "-type", "f", "-perm", "/111", timeout=60)
    programs = listing.ok().text.split()
    bad = [name for name in programs if not manager("VerifyImage", "(saaya{sv})", debian, [name.encode() + b"\0"], {})[1]["runs"]]
    assert len(programs) > 100 and len(bad) < 10
    for name in bad:
        done = ctl("run", "--rm", debian, name, "--version", timeout=60)
        assert done.code in (126, 127), done


def test_the_own_command_of_an_image(image):
    files = {LOADER: LOADER_BYTES, "/bin/good": TOOL, "/bin/bad": "text"}
    made = image(files, 'CMD ["good"]', "WORKDIR /bin")
    assert verify(made)[0] == 0 and verify(made)[1]["program"] == "/bin/good"
    assert verify(made, "./good", "-x", "--json")[0] == 0
    assert verify(made, "bad")[2] == ["not-a-program"]


def test_an_entrypoint_comes_first(image):
    made = image({LOADER: LOADER_BYTES, "/bin/good": TOOL, "/bin/bad": "text"}, 'CMD ["good"]', 'ENTRYPOINT ["bad"]')
    assert verify(made)[2] == ["not-a-program"]
    assert verify(made, "good")[0] == 0


def test_in_words(image):
    made = image({LOADER: LOADER_BYTES, "/bin/tool": program(["libgone.so"]), "/bin/good": TOOL})
    done = ctl("verify", made, "tool")
    assert done.code == 126
    lines = done.text.splitlines()
    assert lines[0] == "error    '/bin/tool' needs the library 'libgone.so', which its loader does not find"
    assert lines[1].startswith("         Install the library")
    assert "warning  The image has no '/bin/sh'" in lines and "warning  The image has no CA certificates" in lines
    assert lines[-1] == "bad      '/bin/tool' can't run"
    assert ctl("verify", made, "gone").text.splitlines()[-1] == "bad      'gone' can't run"
    assert ctl("verify", made, "good").ok().text.splitlines()[-1] == "good     '/bin/good' can run"
    table = ctl("verify", "--format", "{{.Kind}} {{.Path}}", made, "tool")
    assert table.code == 126 and table.text.splitlines()[0] == "missing-library libgone.so"
    assert ctl("verify", "--format=json", made, "good").ok().json["runs"] is True


def test_names_are_escaped(image):
    made = image({LOADER: LOADER_BYTES, "/t": "#!/bin/\x1b[2Jx\x07\n"})
    for options in ((), ("--json",), ("--format", "{{.Message}}")):
        done = ctl("verify", *options, made, "/t")
        assert done.code == 126 and b"\x1b" not in done.out and b"\x07" not in done.out


def test_what_fails(busybox, image):
    made = image({"/x": "x"})
    assert ctl("verify", made).code == 125
    assert ctl("verify", made + "-gone", "x").code == 125
    assert ctl("verify").code == 125
    denied = ctl("--no-ask-password", "verify", busybox, "sh", user="bob")
    assert denied.code == 125 and b"org.quilt.inspect" in denied.err and denied.out == b""
    for name, command, options, error in ((made, [], {}, "InvalidArgument"), (made, [b"\0"], {}, "InvalidArgument"),
                                          (made, [b"a\0"], {"x": GLib.Variant("b", True)}, "NotSupported"),
                                          ("gone", [b"a\0"], {}, "NotFound")):
        with pytest.raises(GLib.Error) as caught:
            manager("VerifyImage", "(saaya{sv})", name, command, options)
        assert error_name(caught.value) == "org.quilt.Error." + error


def test_a_setuid_program_and_its_owner_do_not_matter(image):
    """Files that only their owner may read are read, and nothing of the image is executed."""
    made = image({"/t": {"mode": stat.S_ISUID | 0o500, "uid": 1234, "gid": 1234, "content": b"#!/bin/touch /marker\n"},
                  "/bin/touch": {"mode": 0o100, "uid": 55, "content": BUSYBOX_BYTES}})
    assert verify(made, "/t")[0] == 0
    assert not os.path.exists("/marker")


def test_an_image_that_takes_long_gets_an_answer(image):
    many = program([f"lib{i}.so" for i in range(100000)])
    paths = program([f"lib{i}.so" for i in range(5000)], runpath=":".join(f"/d{i}" for i in range(5000)))
    made = image({LOADER: LOADER_BYTES, "/many": many, "/paths": paths})
    assert verify(made, "/many")[2] == ["too-large"]
    assert verify(made, "/paths")[0] == 126


def test_many_at_once(debian):
    started = [subprocess.Popen(["quiltctl", "verify", debian, "python3"], stdout=subprocess.PIPE) for _ in range(20)]
    assert [process.wait(60) for process in started] == [0] * 20
    for process in started:
        process.stdout.close()


def lookers():
    return [int(pid) for pid in run("pgrep", "-x", "quilt-look").text.split()]


def stopped(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "tT"


@pytest.mark.parametrize("victim", ["quilt-look", "quiltd", "both"])
def test_j_a_kill_meanwhile_leaves_nothing_and_says_so(image, victim):
    """quilt-look has mounted the image, and is about to give its power up."""
    made = image({"/t": LIBRARY})
    daemon, mounts = daemon_pid(), pathlib.Path("/proc/mounts").read_text()
    with injected("capset", "signal=STOP:when=1"), spawn("quiltctl", "verify", made, "/t") as client:
        look = wait_for(lookers)[0]
        wait_for(lambda: stopped(look))
        if victim != "quilt-look":
            os.kill(daemon, signal.SIGKILL)
        if victim != "quiltd":
            os.kill(look, signal.SIGKILL)
        _, err = client.communicate(timeout=TIMEOUT)
    wait_exit(look)
    assert client.returncode == 125 and err.count(b"\n") == 1
    assert (b"quilt-look ended without an answer" if victim == "quilt-look" else b"quiltd") in err, err
    if victim != "quilt-look":
        assert daemon_again() != daemon
    assert pathlib.Path("/proc/mounts").read_text() == mounts and lookers() == []
    assert verify(made, "/t")[0] == 0
    ctl("remove-image", made).ok()
    run("systemctl", "reset-failed", "quiltd.service")
