# SPDX-License-Identifier: LGPL-2.1-or-later
"""reconnect.py PATH UID SECONDS HELLO MESSAGE: eight threads, each of which connects, sends MESSAGE, hangs up, and begins anew.
The messages are HEX."""
import os
import socket
import sys
import threading
import time


def run(path, words, end):
    while time.monotonic() < end:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
            connection.sendall(words)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass


def main():
    path, uid, seconds, hello, message = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *map(bytes.fromhex, sys.argv[4:6])
    os.setuid(uid)
    words = b"\0AUTH EXTERNAL " + str(uid).encode().hex().encode() + b"\r\nBEGIN\r\n" + hello + message
    for _ in range(8):
        threading.Thread(target=run, args=(path, words, time.monotonic() + seconds)).start()


main()
