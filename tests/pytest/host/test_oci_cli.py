# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line of quilt-oci on real containers: what each verb answers in each state, and how engines read it."""
import json
import os
import pathlib
import signal

import pytest

import oci as tools
from oci import ROOT, Bundle, Container, config, oci, state
from quilt import run, spawn, wait_exit


@pytest.fixture(autouse=True)
def clean():
    yield
    assert tools.remove_all() == []


@pytest.fixture
def bundle():
    return Bundle("one").write(config("sleep", "1000"))


def container_in(status, bundle, name="one"):
    container = Container(name, bundle)
    if status != "created":
        container.start()
    if status == "paused":
        oci("pause", name).ok()
    if status == "stopped":
        container.stop()
    assert container.status == status
    return container


# runtime.md, "Lifecycle": each verb in each state. None: it is done; else what the error says.
NOT_RUNNING = "container not running"
TRANSITIONS = [
    # verb, then created, running, paused, stopped
    (["start"], None, "created", "created", "created"),
    (["kill", "KILL"], None, None, None, NOT_RUNNING),
    (["kill", "--all", "KILL"], None, None, None, None),
    (["delete"], None, "not stopped", "not stopped", None),
    (["delete", "--force"], None, None, None, None),
    (["pause"], None, None, "paused already", NOT_RUNNING),
    (["resume"], "container not paused", "container not paused", None, "container not paused"),
    (["state"], None, None, None, None),
    (["ps"], None, None, None, None),
    (["update", "--pids-limit=-1"], None, None, None, NOT_RUNNING),
    (["events", "--stats"], None, None, None, "NOT_FOUND"),
]
STATES = ["created", "running", "paused", "stopped"]


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: " ".join(row[0]))
def test_each_verb_in_each_state(row, status, bundle):
    container = container_in(status, bundle)
    verb, wanted = row[0], row[1 + STATES.index(status)]
    words = [word for word in verb if word != "KILL"] + ["one"] + (["KILL"] if "KILL" in verb else [])
    done = oci(*words)
    if wanted is None:
        done.ok()
    else:
        assert done.code == 1 and done.out == b""
        assert wanted == "NOT_FOUND" or wanted in done.err.decode()
        assert done.err.count(b"\n") == 1
        assert container.status == status, "what is refused changes nothing"
