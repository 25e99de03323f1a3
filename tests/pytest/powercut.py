#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""powercut.py prepare         import the image that containers need
powercut.py load SEED       create, run, rename, import and remove until the power goes
powercut.py check EXPECTED  after the boot: compare what is there with what `load` said

`load` prints a line before and after each command: {"item": ITEM, "may": [STATE, …]}. An item is a container or an image,
whatever its names are, and may be in one of these states from then on. A command that has succeeded leaves one state.
EXPECTED is the last list of each item. The host keeps the lines, so a line that it has was acknowledged before the cut.
"""
import collections
import io
import json
import random
import sys
import tarfile
import threading
import time

import quilt
from quilt import STATE, TIMEOUT, ctl, manager, run

BROKEN = "MESSAGE_ID=2333735fcbff49ff8632626c1c49bf82"  # quiltd found a record that it can't read
ABSENT = ""
print_lock = threading.Lock()


def tell(item, may):
    with print_lock:
        print(json.dumps({"item": item, "may": sorted(may)}), flush=True)


def act(item, before, after, *argv, **kwargs):
    tell(item, before | after)
    ctl(*argv, timeout=6 * TIMEOUT, **kwargs).ok()
    tell(item, after)


# Items: each begins and ends with nothing, or with the remains when the worker continues with the next

def container(item):
    first, second = f"{item}-a", f"{item}-b"
    pending, lost, ended = {f"{first} pending -1"}, {f"{first} failed -1"}, {f"{first} exited 7"}
    yield {ABSENT}, pending, "create", "--name", first, "busybox", "/bin/sh", "-c", "exit 7"
    yield pending, lost | ended, "start", first
    yield lost | ended, ended, "wait", first
    yield ended, {f"{second} exited 7"}, "rename", first, second
    yield {f"{second} exited 7"}, {ABSENT}, "remove", second


def volatile(item):
    yield {ABSENT}, {ABSENT}, "run", "--rm", "--name", f"{item}-a", "busybox", "/bin/true"


def once(item):
    """A container that is created first and goes with its end."""
    first = f"{item}-a"
    yield {ABSENT}, {f"{first} pending -1"}, "create", "--rm", "--name", first, "busybox", "/bin/true"
    yield {f"{first} pending -1"}, {ABSENT}, "start", first


def image(item):
    first, second = f"{item}-a", f"{item}-b"
    yield {ABSENT}, {first}, "import", "-", first
    yield {first}, {f"{first} {second}"}, "import", "-", second
    yield {f"{first} {second}"}, {second}, "remove-image", first
    yield {second}, {ABSENT}, "remove-image", second


def files(item):
    """The files of that item's image: {path: bytes}. They depend only on the item's name."""
    contents = random.Random(item)
    return {f"d{n % 3}/f{n}": contents.randbytes(contents.choice([0, 1, 5000, 70_000])) for n in range(12)}


def archive(item):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for path, content in files(item).items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return data.getvalue()


def work(seed, worker):
    choice = random.Random(f"{seed} {worker}")
    number = 0
    while True:
        number += 1
        life = choice.choice([container, container, volatile, once, image])
        item = f"{life.__name__}-{worker}-{number}"
        kwargs = {"input": archive(item)} if life is image else {}
        for before, after, *argv in life(item):
            act(item, before, after, *argv, **kwargs)
            if choice.random() < 0.1:
                break


def load(seed):
    """One worker shows what a command leaves unflushed; more of them, what commands do to each other."""
    workers = [threading.Thread(target=work, args=(seed, worker)) for worker in range(random.Random(seed).randint(1, 3))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


# What is there

def found():
    """{item: state}"""
    items = collections.defaultdict(list)
    for row in manager("ListContainers", "(a{sv})", {}, timeout=6 * TIMEOUT)[0]:
        items[row[2][:-2]].append(f"{row[2]} {row[5]} {row[9]}")
    for record in images():
        for name in record["names"]:
            if name != "busybox":
                items[name[:-2]].append(name)
    return {item: " ".join(sorted(states)) for item, states in items.items()}


def images():
    return [json.loads(path.read_text()) for path in (STATE / "images").iterdir()]


def wrong(expected):
    """The differences from the expected states, as sentences."""
    items = found()
    for item in items.keys() | expected.keys():
        may, state = expected.get(item, [ABSENT]), items.get(item, ABSENT)
        if state not in may:
            yield f"{item} is '{state}', not one of {may}"
    for image_record in images():
        for layer in image_record["layers"]:
            yield from wrong_layer(image_record["names"][0], STATE / "layers" / layer.removeprefix("sha256:") / "fs")
    if "busybox" not in ctl("images", "--json=short").ok().text:
        yield "the image busybox is gone"


def wrong_layer(name, root):
    if name == "busybox":
        return
    there = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    if there != files(name[:-2]):
        yield f"the files of image {name} are not those of its archive: {sorted(there)}"


def leftovers():
    """Files of the store that belong to no image and no container."""
    layers = {layer.removeprefix("sha256:") for record in images() for layer in record["layers"]}
    yield from (f"leftover layer {path.name}" for path in (STATE / "layers").iterdir() if path.name not in layers)
    ids = {row[1] for row in manager("ListContainers", "(a{sv})", {})[0]}
    yield from (f"leftover container {path.name}" for path in (STATE / "containers").iterdir() if path.name not in ids)
    yield from (f"leftover {path.name}" for path in (STATE / "images").glob(".*"))


def check(expected):
    deadline = time.monotonic() + TIMEOUT
    # quiltd removes leftovers when it has answered the first call.
    while (problems := [*wrong(expected), *leftovers()]) and time.monotonic() < deadline:
        pass
    problems += run("journalctl", "--boot", "--quiet", "-o", "cat", BROKEN).text.splitlines()
    findings = {row["check"]: row for row in ctl("doctor", "--json=short", timeout=6 * TIMEOUT).json}
    if findings["trial container"]["verdict"] != "good":
        problems.append(f"quiltctl doctor says {findings['trial container']}")
    if not problems:
        clear(list(found()))
        problems += quilt.leaks()
    sys.exit("\n".join(problems) or 0)


def clear(items):
    """The next load begins with an empty store; what a cut has left can be removed like anything else."""
    quilt.remove_containers()
    names = [name for record in images() for name in record["names"] if name[:-2] in items]
    if names:
        ctl("remove-image", *names, timeout=6 * TIMEOUT).ok()


if sys.argv[1] == "prepare":
    quilt.import_image(quilt.BUSYBOX, "busybox")
elif sys.argv[1] == "load":
    load(sys.argv[2])
else:
    check(json.loads(sys.argv[2]))
