#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""poweroff.py before|after there|stopped|killed: checks the records after a boot, of containers that had ended and of
containers that ran when the host was powered off, with quiltd running, stopped or killed (faults 6a, 6b)."""
import os
import signal
import sys

import quilt
from quilt import STATE, ctl, run, wait_exit, wait_path

LOOP = "touch /up; while :; do sleep 0.1; done"
CHILD = f"trap 'touch /hit; exit' TERM; {LOOP}"

# name: (options, script, the signal that ends it before the power goes, its record)
CONTAINERS = {
    "three": ((), f"trap 'exit 3' HUP; {LOOP}", signal.SIGHUP, ("exited", 3, "exited")),
    "four": ((), f"trap 'exit 4' HUP; {LOOP}", signal.SIGHUP, ("exited", 4, "exited")),
    "shot": ((), LOOP, signal.SIGKILL, ("exited", 137, "signaled")),
    "usr1": (("--stop-signal", "USR1"), f"trap 'exit 5' USR1; trap 'exit 66' TERM; {LOOP}", None, ("exited", 5, "stopped")),
    "child": ((), f'sh -c "{CHILD}" & trap "exit 6" TERM; while :; do sleep 0.1; done', None, ("exited", 6, "stopped")),
}


def props(name):
    return quilt.properties(quilt.manager("GetContainer", "(s)", name)[0], "org.quilt.Container")


def send_away(how):
    pid = int(run("systemctl", "show", "quiltd.service", "-p", "MainPID", "--value").ok().text)
    if how == "stopped":
        run("systemctl", "stop", "quiltd.service").ok()
    elif how == "killed":
        run("systemctl", "mask", "--runtime", "quiltd.service").ok()
        os.kill(pid, signal.SIGKILL)
        wait_exit(pid)


def before(how):
    quilt.import_image(quilt.BUSYBOX, "busybox")
    there = {}
    for name, (options, script, _, _) in CONTAINERS.items():
        ctl("run", "-d", "--name", name, *options, "busybox", "/bin/sh", "-c", script).ok()
        there[name] = props(name)
        wait_path(STATE / "containers" / there[name]["Id"] / "upper/up")
    send_away(how)
    for name, (_, _, number, _) in CONTAINERS.items():
        if number:
            os.kill(there[name]["Pid"], number)
            wait_exit(there[name]["Pid"])
            if how == "there":
                ctl("wait", name).ok()


def after(_how):
    wrong = []
    for name, (_, _, _, record) in CONTAINERS.items():
        found = props(name)
        if (found["State"], found["ExitCode"], found["Reason"]) != record:
            wrong.append(f"{name} is {found}, not {record}")
        if (STATE / "containers" / found["Id"] / "upper/hit").exists():
            wrong.append(f"{name}: a process other than the first got the stop signal")
    ctl("remove", *CONTAINERS).ok()
    sys.exit("\n".join(wrong) or 0)


{"before": before, "after": after}[sys.argv[1]](sys.argv[2])
