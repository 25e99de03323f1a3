# SPDX-License-Identifier: LGPL-2.1-or-later
"""flood.py ADDRESS UID CONNECTIONS CALLS HEX: each connection keeps so many calls waiting, which are HEX but for their serial
numbers. A process of its own: what it costs to send them is not paid by the test's other callers. Says "ready" when the
first calls are answered, and ends when its input does."""
import itertools
import os
import socket
import sys
import threading

from test_bounds import RawCaller


def skip_answer(caller):
    start = caller.socket.recv(16, socket.MSG_WAITALL)
    body, fields = (int.from_bytes(start[at:at + 4], "little") for at in (4, 12))
    rest = (fields + 7) // 8 * 8 + body
    assert len(caller.socket.recv(rest, socket.MSG_WAITALL)) == rest, "the bus hung up"


def flood(caller, call, most, begun):
    serials = itertools.count(caller.serial + 1)
    waiting = 0
    while True:
        more = itertools.islice(serials, most - waiting)
        caller.send(b"".join(call[:8] + serial.to_bytes(4, "little") + call[12:] for serial in more))
        for _ in range(most // 10):
            skip_answer(caller)
        waiting = most - most // 10
        begun.set()


def main():
    address, uid, connections, most = sys.argv[1], *map(int, sys.argv[2:5])
    floods = []
    for _ in range(connections):
        floods.append(threading.Event())
        threading.Thread(target=flood, daemon=True,
                         args=(RawCaller(address, uid), bytes.fromhex(sys.argv[5]), most, floods[-1])).start()
    for begun in floods:
        begun.wait()
    print("ready", flush=True)
    sys.stdin.read()
    os._exit(0)


main()
