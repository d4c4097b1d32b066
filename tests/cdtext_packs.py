#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second reader of CD-Text packs, written from MMC annex J alone: what tests/test_cdtext_encode
makes of random texts must read here as those texts, and every pack's own rules must hold.

    builddir=BUILD python3 tests/cdtext_packs.py
"""

import os
import subprocess
import sys
import tempfile

WIDE = range(0x80, 0x86)  # types whose letters are those of the block's character set
PER_TRACK = (*WIDE, 0x8E)


def crc(data):
    """Remainder by x^16+x^12+x^5+1, bit by bit, inverted."""
    rest = 0
    for byte in data:
        for bit in range(7, -1, -1):
            top = rest >> 15 ^ byte >> bit & 1
            rest = rest << 1 & 0xFFFF ^ (0x1021 if top else 0)
    return rest ^ 0xFFFF


def blocks_of(data):
    assert len(data) % 18 == 0, "not whole packs"
    blocks = {}
    last = 0
    for at in range(0, len(data), 18):
        pack = data[at : at + 18]
        assert crc(pack[:16]) == int.from_bytes(pack[16:], "big"), f"CRC of pack {at // 18}"
        block = pack[3] >> 4 & 7
        assert block >= last, "blocks are not one after another"
        last = block
        blocks.setdefault(block, []).append(pack)
    return blocks


def check_sizes(number, packs, blocks):
    """The table over the three packs of type 8F; returns character set, first and last track."""
    tables = [pack for pack in packs if pack[0] == 0x8F]
    assert [pack[1] for pack in tables] == [0, 1, 2], "three packs of type 8F"
    assert packs[-3:] == tables, "packs of type 8F are the last"
    table = b"".join(pack[4:16] for pack in tables)
    for kind in range(16):
        count = sum(pack[0] == 0x80 + kind for pack in packs)
        assert table[4 + kind] == count, f"block {number}: number of packs of type 8{kind:x}"
    for other in range(8):
        want = len(blocks[other]) - 1 if other in blocks else 0
        assert table[20 + other] == want, f"last sequence number of block {other}"
    return table[0], table[1], table[2], table[28 + number]


def texts_of(kind, packs, first, last, charset):
    """The texts of one type as {track: text}; track numbers and positions of packs are checked."""
    unit = 2 if packs[0][3] & 0x80 else 1
    assert unit == (2 if charset == 0x80 and kind in WIDE else 1), f"type {kind:x}: byte width"
    assert all((pack[3] & 0x80) == (packs[0][3] & 0x80) for pack in packs)
    stream = b"".join(pack[4:16] for pack in packs)
    skip = 2 if kind == 0x87 else 0
    tracks = [0, *range(first, last + 1)] if kind in PER_TRACK else [0]
    out, begins, at = {}, [], skip
    for track in tracks:
        begins.append((at - skip if not begins else at, track))
        end = at
        while stream[end : end + unit] != bytes(unit):
            assert end < len(stream), f"type {kind:x}: the text of track {track} has no end"
            end += unit
        raw = stream[at:end]
        if unit == 2:
            raw = b"".join(raw[i : i + 1] if not raw[i + 1] else raw[i : i + 2]
                           for i in range(0, len(raw), 2))
        letters = "cp932" if charset == 0x80 and kind in WIDE else "latin-1"
        text = raw.decode(letters)
        out[track] = out.get(track - 1, "") if text in ("\t", "\t\t") and track > first else text
        at = end + unit
    assert not stream[at:].strip(b"\0"), f"type {kind:x}: something behind the last text"
    assert len(stream) - at < 12, f"type {kind:x}: an empty pack at the end"
    for i, pack in enumerate(packs):
        begin, track = [b for b in begins if b[0] <= 12 * i][-1]
        assert pack[1] == track, f"type {kind:x}: pack {i} is of track {track}, not {pack[1]}"
        letters = 12 * i - begin - (skip if i and not track else 0)
        assert pack[3] & 15 == min(15, letters // unit), f"type {kind:x}: position in pack {i}"
    return out


def read(data):
    """{(block, track, type): text}"""
    blocks = blocks_of(data)
    out = {}
    for number, packs in blocks.items():
        assert [pack[2] for pack in packs] == list(range(len(packs))), "sequence numbers"
        types = [pack[0] for pack in packs]
        assert types == sorted(types), "types are not one after another"
        charset, first, last, _ = check_sizes(number, packs, blocks)
        for kind in sorted(set(types) - {0x8F}):
            own = [pack for pack in packs if pack[0] == kind]
            for track, text in texts_of(kind, own, first, last, charset).items():
                if text:
                    out[number, track, kind] = text
    return out


def main():
    program = os.path.join(os.environ.get("builddir", "."), "tests", "test_cdtext_encode")
    if not os.access(program, os.X_OK):
        print(f"1..1\nok 1 - packs as read by another program # SKIP no {program}")
        return 0
    with tempfile.NamedTemporaryFile() as dump:
        subprocess.run([program], env={**os.environ, "SPINDLE_CDTEXT_DUMP": dump.name},
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        lines = dump.read().decode().splitlines()
    failed, number, want = 0, 0, {}
    for line in lines:
        word = line.split(" ")
        if word[0] == "text":
            want[int(word[1]), int(word[2]), int(word[3])] = bytes.fromhex(word[4]).decode()
            continue
        number += 1
        try:
            got = read(bytes.fromhex(word[1]))
            wrong = [key for key in {*got, *want} if got.get(key) != want.get(key)]
            assert not wrong, f"{wrong[0]}: {got.get(wrong[0])!r}, not {want.get(wrong[0])!r}"
            print(f"ok {number} - {len(want)} texts in {len(word[1]) // 36} packs")
        except AssertionError as why:
            failed += 1
            print(f"not ok {number} - {why}")
        want = {}
    if number < 40:
        failed += 1
        print(f"not ok {number + 1} - only {number} discs were made")
        number += 1
    print(f"1..{number}")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
