# SPDX-License-Identifier: LGPL-2.1-or-later
"""The part of tools/bench that times copies, inside the test host: 300 MB in 12,000 files into a container and out of it, by
`quiltctl copy` and, on the same file system, by `tar | tar`, in turns."""
import os
import shutil
import statistics
import subprocess
import time
from pathlib import Path

TARBALL = "/opt/quilt-test/images/busybox.tar.gz"
PLACE = Path("/var/lib/quilt/bench")
ROUNDS, WARMUP = 7, 1
FILES, SIZE = 12000, 25000


def run(*argv):
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def make_source():
    data = os.urandom(2 * SIZE)
    for i in range(FILES):
        path = PLACE / f"source/{i % 40}/{i % 11}/file-{i}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data[i % SIZE:][:SIZE])


def tar(source, target):
    target.mkdir()
    run("sh", "-c", f"tar -C {source} -c . | tar -C {target} -x")


def into():
    run("quiltctl", "copy", str(PLACE / "source"), "bench:/copy")


def out():
    run("quiltctl", "copy", "bench:/copy", str(PLACE / "out"))


def timed(function, *args):
    run("sync")
    begin = time.perf_counter()
    function(*args)
    return time.perf_counter() - begin


def main():
    shutil.rmtree(PLACE, ignore_errors=True)
    make_source()
    run("quiltctl", "import", TARBALL, "bench")
    run("quiltctl", "run", "-d", "--name", "bench", "bench", "/bin/sleep", "10000")
    times = {"tar | tar": [], "into": [], "out": []}
    for turn in range(WARMUP + ROUNDS):
        for name, function in {"tar | tar": lambda: tar(PLACE / "source", PLACE / "tar"), "into": into, "out": out}.items():
            seconds = timed(function)
            if turn >= WARMUP:
                times[name].append(seconds)
        for path in ("tar", "out"):
            shutil.rmtree(PLACE / path)
        run("quiltctl", "exec", "bench", "/bin/rm", "-r", "/copy")
    run("quiltctl", "remove", "--force", "bench")
    run("quiltctl", "remove-image", "bench")
    shutil.rmtree(PLACE)
    medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"copy: 300 MB in {FILES} files, {ROUNDS} rounds, in turns, medians, and ratios to tar | tar")
    for name, value in medians.items():
        print(f"  {name:12} {value:6.2f} s  {value / medians['tar | tar']:5.2f} ×")


main()
