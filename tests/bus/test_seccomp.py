# SPDX-License-Identifier: LGPL-2.1-or-later
"""The option seccomp: permission to choose a profile, refusals before anything is made, and a compiler that fails."""
import json
import os

import pytest

import quilt
from test_access import refusal, state

READ = {"names": ["read"], "action": "SCMP_ACT_ERRNO"}


def profile(*rules, action="SCMP_ACT_ALLOW"):
    return json.dumps({"defaultAction": action, "syscalls": rules})


@pytest.mark.parametrize("method", ["CreateContainer", "RunContainer"])
@pytest.mark.parametrize("text, words", [
    (profile(dict(READ, names=["reed"])), "'reed'"),
    (profile(dict(READ, action="SCMP_ACT_ERNO")), "'SCMP_ACT_ERNO'"),
    ("{", "profile"),
])
def test_a_bad_profile_leaves_nothing(method, text, words, image, root, create):
    before = state(root)
    error = refusal(create, "sleep", name="box", seccomp=text, method=method)
    assert error.name == "InvalidArgument" and words in error.text
    assert state(root) == before
    assert create("sleep", name="box", seccomp=profile(READ)).Name == "box"


def test_to_choose_needs_a_right_of_its_own(image, user, root, polkit, create):
    polkit.decide = lambda check: "no" if check["action"] == "org.quilt.privileged" else "yes"
    for text in ("unconfined", profile(READ)):
        error = refusal(create, "sleep", client=user, seccomp=text)
        assert error.name == "NotAuthorized" and "option 'seccomp'" in error.text
    create("sleep", client=user, seccomp="default")


def test_inspect_shows_the_rules(create):
    def shown(box):
        return json.loads(bytes(box.call("Inspect", arguments=({"oci": quilt.GLib.Variant("b", True)},))))["linux"].get("seccomp")

    assert shown(create("sleep"))["defaultErrnoRet"] == 38
    assert shown(create("sleep", seccomp=profile(READ)))["syscalls"] == [dict(READ, errnoRet=1)]
    assert shown(create("sleep", seccomp="unconfined")) is None


def test_a_compiler_that_fails_is_an_error_and_the_next_try_works(stopped, services, root, daemon, create, image):
    helper = stopped.directory / "libexec/quilt-seccomp"
    real = os.readlink(helper)
    helper.unlink()
    error = refusal(create, "sleep", name="box", seccomp=profile(READ))
    assert error.name == "Failed" and "quilt-seccomp" in error.text
    helper.symlink_to("/bin/false")
    error = refusal(create, "sleep", name="box", seccomp=profile(READ))
    assert error.name == "Failed" and "quilt-seccomp" in error.text
    helper.unlink()
    helper.symlink_to(real)
    assert create("sleep", name="box", seccomp=profile(READ)).Name == "box"
    # The next quiltd must compile the filter again.
    daemon.end()
    helper.unlink()
    helper.symlink_to("/bin/false")
    daemon.start()
    [(name, error, text)] = root.call("StartContainers", "asa{sv}", (["box"], {}))
    assert name == "box" and error == "org.quilt.Error.Failed" and "quilt-seccomp" in text
