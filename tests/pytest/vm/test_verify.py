# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether a program of an image can run, on an older kernel and with AppArmor."""
from quilt import ctl


def test_programs_of_an_image(busybox):
    assert ctl("verify", busybox, "sh").ok().text.splitlines()[-1] == "good     '/bin/sh' can run"
    gone = ctl("verify", "--json", busybox, "gone")
    assert gone.code == 126 and [row["kind"] for row in gone.json["problems"]][0] == "not-found"
