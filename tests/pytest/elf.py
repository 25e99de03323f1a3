# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes small ELF programs and libraries, which the real loaders load: a program exits with code 0."""
import platform
import struct

NATIVE = {"x86_64": (62, bytes.fromhex("31ffb83c0000000f05")),  # xor edi, edi; mov eax, SYS_exit; syscall
          "aarch64": (183, bytes.fromhex("000080d2a80b80d2010000d4"))}  # mov x0, #0; mov x8, #SYS_exit; svc #0
OTHER = 22  # s390
MACHINE, CODE = NATIVE.get(platform.machine(), (0, b""))

NULL, NEEDED, HASH, STRTAB, SYMTAB, STRSZ, SYMENT, SONAME, RPATH, RUNPATH = 0, 1, 4, 5, 6, 10, 11, 14, 15, 29
LOAD, DYNAMIC, INTERP, HEADERS, STACK = 1, 2, 3, 6, 0x6474e551


def make(needed=(), interpreter=None, rpath=None, runpath=None, soname=None, machine=None):
    """The bytes of a program, or of a library if it has no interpreter."""
    strings, dynamic = b"\0", []

    def add(tag, text):
        nonlocal strings
        dynamic.append((tag, len(strings)))
        strings += text.encode() + b"\0"

    for name in needed:
        add(NEEDED, name)
    for tag, text in ((RPATH, rpath), (RUNPATH, runpath), (SONAME, soname)):
        if text is not None:
            add(tag, text)
    count = 5 if interpreter else 4
    at = 64 + 56 * count
    code_at, at = at, at + (len(CODE) + 15) // 16 * 16
    symbols_at, at = at, at + 24
    hash_at, at = at, at + 16
    name = (interpreter or "").encode() + b"\0"
    name_at, at = at, at + len(name)
    strings_at, at = at, at + len(strings)
    dynamic_at = (at + 15) // 16 * 16
    dynamic += [(HASH, hash_at), (STRTAB, strings_at), (SYMTAB, symbols_at), (STRSZ, len(strings)), (SYMENT, 24), (NULL, 0)]
    table = b"".join(struct.pack("<QQ", *entry) for entry in dynamic)
    size = dynamic_at + len(table)

    def segment(kind, flags, offset, length, align):
        return struct.pack("<IIQQQQQQ", kind, flags, offset, offset, offset, length, length, align)

    segments = segment(HEADERS, 4, 64, 56 * count, 8)  # by these a loader knows where the program is
    segments += segment(INTERP, 4, name_at, len(name), 1) if interpreter else b""
    segments += segment(LOAD, 7, 0, size, 0x10000) + segment(DYNAMIC, 6, dynamic_at, len(table), 8)
    segments += struct.pack("<IIQQQQQQ", STACK, 6, 0, 0, 0, 0, 0, 16)
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", 3, machine or MACHINE, 1, code_at, 64, 0, 0, 64, 56, count, 0, 0, 0)
    file = bytearray(size)
    for place, part in ((0, header), (64, segments), (code_at, CODE), (hash_at, struct.pack("<IIII", 1, 1, 0, 0)), (name_at, name), (strings_at, strings), (dynamic_at, table)):
        file[place:place + len(part)] = part
    return bytes(file)
