#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Reads a UDIF image by the layout alone, holds every field and checksum of it against the disk it
# was made of, and prints its parts: dmg_check.py IMAGE DISK KIND
# What is not as macOS writes it is told on standard error, with status 1.

import bz2
import lzma
import plistlib
import struct
import sys
import zlib

KINDS = {"UDZO": 0x80000005, "UDBZ": 0x80000006, "ULFO": 0x80000007, "ULMO": 0x80000008, "UDRO": 1}
UNPACK = {0x80000005: zlib.decompress, 0x80000006: bz2.decompress, 0x80000008: lzma.decompress}
wrong = 0


def hold(fact, text):
    global wrong
    if not fact:
        print("wrong: " + text, file=sys.stderr)
        wrong = 1


def checksum(data, at):
    kind, bits, value = struct.unpack_from(">III", data, at)
    hold((kind, bits) == (2, 32) and not any(data[at + 12:at + 136]), "a checksum's form")
    return value


def main():
    image, disk = (open(name, "rb").read() for name in sys.argv[1:3])
    kind = KINDS[sys.argv[3]]
    koly = image[-512:]
    head = struct.unpack_from(">4sIIIQQQQQII", koly)
    hold(head[:4] == (b"koly", 4, 512, 1), "the trailer's head")
    fork = head[6]
    hold(head[4:] == (0, 0, fork, 0, 0, 1, 1), "the trailer's forks and segments")
    hold(any(koly[0x40:0x50]), "the segment's ID")
    hold(checksum(koly, 0x50) == zlib.crc32(image[:fork]), "the data fork's checksum")
    xml_at, xml_size = struct.unpack_from(">QQ", koly, 0xD8)
    hold(xml_at == fork and xml_at + xml_size == len(image) - 512, "the plist's place")
    hold(not any(koly[0xE8:0x160]) and not any(koly[0x1F4:]), "what is reserved")
    variant, sectors = struct.unpack_from(">IQ", koly, 0x1E8)
    hold(sectors * 512 == len(disk), "the number of sectors")

    forks = plistlib.loads(image[xml_at:xml_at + xml_size])["resource-fork"]
    hold(sorted(forks) == ["blkx", "plst"], "the plist's resources")
    whole = len(forks["blkx"]) == 1
    hold(variant == (2 if whole else 1), "the variant")
    master, sector, place, seen = b"", 0, 0, set()
    for number, blkx in enumerate(forks["blkx"]):
        mish, name = blkx["Data"], blkx["Name"]
        hold(blkx["Attributes"] == "0x0050" and blkx["CFName"] == name, "attributes")
        hold(blkx["ID"] == str(number - (not whole)), "the ID of " + name)
        hold(name.endswith(" : %d)" % number), "the number of " + name)
        magic, version, first, count, offset, buffers, descriptor = struct.unpack_from(
            ">4sIQQQII", mish)
        hold((magic, version, offset) == (b"mish", 1, 0), "the head of " + name)
        hold(first == sector, "%s begins at %d, not at %d" % (name, first, sector))
        hold(descriptor == (0xFFFFFFFE if whole else number), "the descriptor of " + name)
        runs, = struct.unpack_from(">I", mish, 200)
        hold(len(mish) == 204 + 40 * runs, "the size of " + name)
        at, summed, types = 0, 0, []
        for i in range(runs):
            run, comment, start, n, where, size = struct.unpack_from(">IIQQQQ", mish, 204 + 40 * i)
            types.append(run)
            plain = disk[(first + start) * 512:(first + start + n) * 512]
            hold(start == at and comment == 0 and where == place, "run %d of %s" % (i, name))
            if run == 0xFFFFFFFF:
                hold(i == runs - 1 and n == 0 and size == 0, "the end of " + name)
                continue
            hold(n > 0 and n < 0x20000 or run in (0, 2), "the length of a run of " + name)
            if run in (0, 2):
                hold(size == 0 and not any(plain), "zeros of %s that are none" % name)
            else:
                hold(run in (1, kind), "run type %#x" % run)
                stored = image[where:where + size]
                hold(where + size <= fork, "a run beyond the fork")
                hold(run == 1 or size < n * 512, "a block that did not gain")
                if run != 0x80000007:  # no decoder here
                    hold((stored if run == 1 else UNPACK[run](stored)) == plain,
                         "bytes of %s" % name)
                if run != 1:
                    hold(buffers >= n, "the buffers of " + name)
            if run != 2:
                summed = zlib.crc32(plain, summed)
            seen.add(run)
            at, place = at + n, place + size
        hold(at == count, "%s has %d of %d sectors" % (name, at, count))
        hold(types[-1] == 0xFFFFFFFF, "%s does not end" % name)
        if "(Apple_Free :" in name and not any(disk[first * 512:(first + count) * 512]):
            hold(types == [2, 0xFFFFFFFF], "free space that is stored")
        else:
            hold(2 not in types, "unused space in " + name)
        hold(checksum(mish, 64) == summed, "the checksum of " + name)
        master += struct.pack(">I", summed)
        sector += count
        print("%s %d %d" % (name, first, count))
    hold(sector == sectors and place == fork, "the end of the last part")
    hold(checksum(koly, 0x160) == zlib.crc32(master), "the master checksum")
    hold(kind in seen or not any(disk), "no block is of kind " + sys.argv[3])
    return wrong


sys.exit(main())
