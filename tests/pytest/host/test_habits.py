# SPDX-License-Identifier: LGPL-2.1-or-later
"""Habits from podman and docker."""
import json
import os
import re
import signal

import pytest

from quilt import containers, ctl, run
from test_lifecycle import background, props

SLEEP = ("sleep", "1000")
pytestmark = pytest.mark.fault(32)


def output(*words):
    return ctl("run", "--rm", *words).ok().text


def test_env_file(busybox, tmp_path):
    (tmp_path / "env").write_text("# a comment\n\nA=from file\nB=two\r\nPATH\nNOT_SET_ANYWHERE\n")
    (tmp_path / "more").write_text("B=three\n")
    print_all = ("sh", "-c", 'echo "$A,$B,$PATH,${NOT_SET_ANYWHERE-unset}"')
    files = (f"--env-file={tmp_path}/env", "--env-file", f"{tmp_path}/more")
    assert output(*files, busybox, *print_all) == f"from file,three,{os.environ['PATH']},unset\n"
    assert output(*files, "-e", "A=from option", busybox, *print_all).startswith("from option,three,")
    for wrong in "/no/such", "/dev/zero", "/":
        refused = ctl("run", "--env-file", wrong, busybox, "true")
        assert refused.code == 125 and f"Failed to read variables '{wrong}'" in refused.err.decode()


def test_label_file(busybox, name, tmp_path):
    (tmp_path / "labels").write_text("# no\nkind=file\nkind=later\nmine\nother=x\n")
    ctl("create", "--name", name, "--label-file", tmp_path / "labels", "-l", "other=y", busybox, "true").ok()
    assert ctl("list", "-f", f"name=^{name}$", "--format", "{{.Labels}}", "--labels").ok().text == "kind=later,mine=,other=y\n"


@pytest.mark.parametrize("verb", [["create"], ["run"], ["run", "-d"]])
def test_cidfile(busybox, name, tmp_path, verb):
    path = tmp_path / "id"
    ctl(*verb, "--name", name, "--cidfile", path, busybox, "true").ok()
    assert path.read_text() == ctl("show", "-p", "Id", "--value", name).ok().text.strip()
    again = ctl(*verb, "--name", f"{name}-2", "--cidfile", path, busybox, "true")
    assert again.code == 125 and "File exists; remove it" in again.err.decode() and f"{name}-2" not in containers()
    path.unlink()
    assert ctl(*verb, "--name", name, "--cidfile", path, busybox, "true").code == 125
    assert not path.exists()


def test_pidfile(busybox, name, tmp_path):
    path = tmp_path / "pid"
    ctl("run", "-d", "--name", name, "--pidfile", path, busybox, *SLEEP).ok()
    assert int(path.read_text()) == props(name)["Pid"]
    refused = ctl("create", "--name", f"{name}-2", "--pidfile", path, busybox, "true")
    assert refused.code == 125 and "--pidfile works only with run" in refused.err.decode()


def test_replace(busybox, name):
    background(name, busybox, *SLEEP)
    first = ctl("show", "-p", "Id", "--value", name).ok().text
    refused = ctl("run", "--replace", "--name", name, "no-such-image")
    assert refused.code == 125 and props(name)["State"] == "running", "what can't be created replaces nothing"
    assert output("--replace", "--name", name, busybox, "echo", "new") == "new\n"
    assert name not in containers()
    ctl("create", "--replace", "--name", name, busybox, "true").ok()
    assert ctl("show", "-p", "Id", "--value", name).ok().text != first
    assert b"--replace needs --name" in ctl("run", "--replace", busybox, "true").err


def test_kill_takes_a_signal_as_kill_does(busybox, name):
    for number, word in enumerate(["-9", "-KILL", "-SIGUSR1"]):
        background(f"{name}-{number}", busybox, "sh", "-c", "trap 'exit 7' USR1; echo ready; while :; do sleep 0.02; done")
        run("timeout", "10", "sh", "-c", f"until quiltctl logs {name}-{number} | grep -q ready; do :; done").ok()
        ctl("kill", word, f"{name}-{number}").ok()
        assert ctl("wait", f"{name}-{number}").text == ("7\n" if "USR1" in word else f"{128 + signal.SIGKILL}\n")
    assert ctl("kill", "-x", name).code == 1


def test_all_of_them(busybox, name):
    assert not containers(), "other tests leave nothing"
    for number in range(3):
        background(f"{name}-{number}", busybox, *SLEEP)
    ctl("create", "--name", f"{name}-3", busybox, "true").ok()
    ctl("kill", "-a", "-s", "CONT").ok()
    ctl("stop", "--all", "--time", "0").ok()
    assert [props(f"{name}-{number}")["State"] for number in range(4)] == ["exited"] * 3 + ["pending"]
    ctl("start", f"{name}-0").ok()
    assert ctl("rm", "-a").code == 1, "one runs"
    assert containers() == [f"{name}-0"]
    ctl("rm", "-f", "--all").ok()
    assert not containers()
    ctl("rm", "--all").ok()
    for wrong in ["rm"], ["rm", "-a", name], ["stop"], ["kill"]:
        assert ctl(*wrong).code == 1


def test_stop_time(busybox, name):
    background(name, busybox, *SLEEP)
    ctl("stop", "--time", "0", name, timeout=5).ok()
    assert props(name)["ExitCode"] == 137


def test_ps_filter_and_format(busybox, name):
    ctl("create", "--name", f"{name}-new", "-l", f"test={name}", busybox, "true").ok()
    background(f"{name}-up", busybox, *SLEEP, options=["-l", f"test={name}"])
    ctl("run", "--name", f"{name}-done", "-l", f"test={name}", busybox, "sh", "-c", "exit 3")
    mine = ("-f", f"label=test={name}")
    names = lambda *words: ctl("ps", *mine, "--format", "{{.Names}}", *words).ok().text.replace(name + "-", "").split()  # noqa: E731
    assert names() == ["new", "up", "done"]
    assert names("--filter", "status=running") == ["up"]
    assert names("-f", "status=created", "-f", "status=exited") == ["new", "done"]
    assert names("-f", "exited=3") == ["done"]
    assert names("-f", f"name={name}-n") == ["new"]
    assert names("-f", f"since={name}-new") == ["up", "done"]
    assert names("-f", f"before={name}-done") == ["new", "up"]
    assert names("-f", "before=") == names("-f", "since=nothing-of-the-kind") == []
    assert names("-n", "2") == ["done", "up"]
    assert names("--latest") == ["done"]
    line = ctl("ps", *mine, "-l", "--format", "{{.ID}}|{{.Image}}|{{.State}}|{{.Status}}|{{.ExitCode}}|{{.Command}}").ok().text
    assert re.fullmatch(r"[0-9a-f]{12}\|busybox\|exited\|exited \(3\)\|3\|sh -c .*\n", line)
    assert len(ctl("ps", *mine, "-l", "--no-trunc", "--format", "{{.ID}}").ok().text.strip()) == 32
    assert len(ctl("ps", *mine, "-l", "--no-trunc", "--no-legend").ok().text.split()[1]) == 32
    table = ctl("ps", *mine, "--format", "table {{.Names}}\\t{{.State}}").ok().text
    assert [re.split(r"\s{2,}", row.strip()) for row in table.splitlines()][:2] == [["NAMES", "STATE"], [f"{name}-new", "pending"]]
    assert [row["name"] for row in ctl("ps", *mine, "--format", "json").ok().json] == [f"{name}-new", f"{name}-up", f"{name}-done"]
    for wrong, said in [(["-f", "colour=red"], "KEY one of: id, name,"), (["-f", "status=blue"], "must be pending"),
                        (["--format", "{{.Nope}}"], "only .id .name"), (["--format", "{{.Name"], "'}}' is missing"), (["-n", "0"], "1 or more")]:
        refused = ctl("ps", *wrong)
        assert refused.code == 1 and said in refused.err.decode(), refused


def test_images_filter_and_format(busybox):
    assert ctl("images", "-f", "reference=busy*", "--format", "{{.Repository}} {{.Name}}").ok().text == "busybox busybox\n"
    assert ctl("images", "-f", "dangling=true", "-f", "reference=busybox", "-q").ok().text == ""
    digest = ctl("images", "--filter", "reference=busybox", "-q").ok().text.strip()
    assert ctl("images", "--no-trunc", "-f", f"id={digest}", "--format", "{{.ID}}").ok().text.split()[0] == digest
    assert ctl("images", "-f", "label=x").code == 1
    assert ctl("images", "-q", "-f", "since=busybox", "-f", "reference=busybox").ok().text == ""
    for names in (["busybox"], ["busybox:latest"], ["busy*:latest", "-q"], ["none", "busybox"], ["busybox", "-f", f"id={digest}"]):
        assert len(ctl("images", "--no-legend", *names).ok().text.splitlines()) == 1, names
    for names in (["busybox:1"], ["busybo"], ["none"], ["busybox", "-f", "dangling=true"]):
        assert ctl("images", "--no-legend", *names).ok().text == "", names


def test_inspect_format(busybox, name):
    background(name, busybox, *SLEEP)
    pid = props(name)["Pid"]
    assert ctl("inspect", "-f", "{{.State}} {{.Pid}} {{.Name}}", name).ok().text == f"running {pid} {name}\n"
    assert json.loads(ctl("inspect", "--format", "{{json .}}", name).ok().text)["id"] == ctl("show", "-p", "Id", "--value", name).text.strip()
    assert ctl("inspect", "--oci", "-f", "{{.Process.Cwd}}", name).ok().text == "/\n"
    assert ctl("inspect-image", "-f", "{{.Names}}", busybox).ok().text == "[busybox]\n"
    refused = ctl("inspect", "-f", "{{.Nope}}", name)
    assert refused.code == 1 and ".state" in refused.err.decode()


def test_info(busybox, name):
    background(name, busybox, *SLEEP)
    info = json.loads(ctl("info", "--format", "json").ok().text)
    assert info["containers"]["running"] >= 1 and info["host"]["kernel"] == os.uname().release
    assert ctl("info", "-f", "{{.Version.Quiltd}}").ok().text.strip() == ctl("show", "-p", "Version", "--value").ok().text.strip()
    assert "\n  kernel: " in ctl("info").ok().text


def test_quiet_shows_no_progress(busybox, name):
    assert output("-q", "--name", name, busybox, "echo", "hello") == "hello\n"


def test_restart(busybox, name, journal):
    graceful = "echo begin; trap 'echo end; exit 7' USR1; while :; do sleep 0.02; done"
    background(name, busybox, "sh", "-c", graceful, options=["--stop-signal", "USR1"])
    run("timeout", "10", "sh", "-c", f"until quiltctl logs {name} | grep -q begin; do :; done").ok()
    first = props(name)["Pid"]
    ctl("restart", name).ok()
    assert props(name)["State"] == "running" and props(name)["Pid"] != first
    run("timeout", "10", "sh", "-c", f"until [ $(quiltctl logs {name} | grep -c begin) = 2 ]; do :; done").ok()
    assert ctl("logs", name).ok().text == "begin\nend\nbegin\n"
    ctl("stop", name).ok()
    ctl("restart", "-t", "1", name).ok()
    assert props(name)["State"] == "running", "one that does not run is started"
    background(f"{name}-rm", busybox, *SLEEP, options=["--rm"])
    refused = ctl("restart", "--time", "0", f"{name}-rm", "no-such", name)
    assert refused.code == 1 and b"is removed when it ends" in refused.err and b"no-such" in refused.err
    assert props(f"{name}-rm")["State"] == props(name)["State"] == "running"


def test_domainname(busybox):
    assert output("--domainname", "example.org", busybox, "cat", "/proc/sys/kernel/domainname") == "example.org\n"
    for wrong in (["--domainname", "a b"], ["--domainname", "x", "--uts", "host"]):
        refused = ctl("run", *wrong, busybox, "true")
        assert refused.code == 125 and "domain" in refused.err.decode(), refused


def test_time_zone(debian):
    now = ("date", "+%Z %H", "-d", "@1700000000")
    assert output("--tz", "Asia/Tokyo", debian, *now) == "JST 07\n"
    assert output("--tz", "UTC", debian, *now) == "UTC 22\n"
    if os.path.exists("/etc/localtime"):
        assert output("--tz", "local", debian, *now) == run("date", *now[1:]).ok().text
    assert output("--tz", "Asia/Tokyo", "--read-only", debian, *now) == "JST 07\n"
    for wrong in "../../../etc/passwd", "/etc/passwd", "Asia", "Nowhere/Nothing", "", "Asia//Tokyo":
        refused = ctl("run", "--rm", "--tz", wrong, debian, "true")
        assert refused.code == 125 and "zone" in refused.err.decode(), refused


def test_entrypoint(busybox):
    assert output("--entrypoint", "/bin/echo", busybox, "a", "b c") == "a b c\n"
    assert output("--entrypoint", '["sh", "-c", "echo $0 $1"]', busybox, "x", "y") == "x y\n"
    assert output("--entrypoint", "", busybox, "echo", "plain") == "plain\n"
    assert ctl("run", "--rm", "--entrypoint", "/bin/true", busybox).ok().text == ""
    for wrong in '["sh", 1]', "[", "[]", '["", "x"]':
        assert ctl("run", "--rm", "--entrypoint", wrong, busybox, "true").code == 125


def test_timeout_stops_it(busybox, name):
    polite = "trap 'echo stopped; exit 9' TERM; while :; do sleep 0.02; done"
    done = ctl("run", "--name", name, "--timeout", "0.5", busybox, "sh", "-c", polite)
    assert (done.code, done.text) == (9, "stopped\n")
    assert output("--timeout", "0", busybox, "echo", "in time") == "in time\n"
    assert ctl("run", "--rm", "--timeout", "soon", busybox, "true").code == 125


@pytest.mark.fault(31)
def test_import_gives_an_image_a_command(busybox, name, tmp_path):
    run("sh", "-c", f"mkdir -p {tmp_path}/root/bin && cp $(command -v busybox || echo /bin/busybox) {tmp_path}/root/bin/busybox && "
        f"ln -s busybox {tmp_path}/root/bin/sh && echo {name} > {tmp_path}/root/mark && tar -C {tmp_path}/root -cf {tmp_path}/root.tar .").ok()
    archive, image = f"{tmp_path}/root.tar", f"{name}-image"
    changes = ("-c", "CMD echo $GREETING from $(pwd)", "--change", "ENV GREETING='good morning'", "-c", "workdir /bin")
    try:
        ctl("import", *changes, archive, image).ok()
        assert output(image) == "good morning from /bin\n"
        assert output(image, "busybox", "echo", "other") == "other\n"
        assert output("--entrypoint", "busybox", image, "echo", "mine") == "mine\n"
        assert ctl("import", archive, image).ok() and ctl("import", *changes, archive, image).ok()
        refused = ctl("import", "-c", "CMD echo evil", archive, image)
        assert refused.code == 1 and "with another configuration" in refused.err.decode()
        assert output(image) == "good morning from /bin\n"
        ctl("remove-image", image).ok()
        ctl("import", "-c", 'ENTRYPOINT ["busybox", "echo", "-n"]', "-c", 'CMD ["a", "b c"]', archive, image).ok()
        assert output(image) == "a b c" and output(image, "d") == "d"
        for wrong, said in [("CMD", "an instruction and its value"), ("EXPOSE 80", "Quilt takes CMD"), ("CMD [1]", "JSON array"),
                            ("ENV x", "NAME=VALUE"), ("WORKDIR here", "absolute"), ("STOPSIGNAL no", "signal")]:
            refused = ctl("import", "-c", wrong, archive)
            assert refused.code == 1 and said in refused.err.decode(), refused
    finally:
        ctl("remove-image", image).ok()
