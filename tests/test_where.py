#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Damage by the name of the file it hits: sectors of known files, folders and tables are spoilt in images
# of every file system, found there by their content alone, and named by verify, info and rip.
import json
import os
import random
import struct
import sys

sys.dont_write_bytecode = True
import hfsplus_write
import udf_write
from inside import ok, plan, spindle


def read(name):
    with open(name, "rb") as f:
        return f.read()


def write(name, data):
    with open(name, "wb") as f:
        f.write(data)


def spoil(data, unit, sectors, at=700):
    data = bytearray(data)
    for sector in sectors:
        data[sector * unit + at] ^= 0xFF
        data[sector * unit + at + 1] ^= 0x55
    return bytes(data)


def files(p):
    """what is hit: (what, name): sectors"""
    out = {}
    for part in json.loads(p.stdout)["files"] or ():
        key = (part["what"], part["name"])
        out.setdefault(key, []).extend(range(part["lba"], part["lba"] + part["count"]))
    return out


def discs():
    """an ISO image, where its things lie, and the disc it makes with a track of music"""
    os.makedirs("d/sub")
    for name, size in (("a.bin", 100000), ("sub/b.bin", 50001), ("sub/c", 300)):
        write("d/" + name, random.randbytes(size))
    spindle("mkiso", "-q", "--no-joliet", "d", "-o", "good.iso")
    image = read("good.iso")
    at = {n: image.index(read("d/" + n)[:300]) // 2048 for n in ("a.bin", "sub/b.bin", "sub/c")}
    # ECMA-119: 140 the path table, 158 the root's block; the folder's name leads to its block
    at["path"] = struct.unpack_from("<I", image, 32768 + 140)[0]
    at["root"] = struct.unpack_from("<I", image, 32768 + 158)[0]
    record = image.index(b"\x03SUB", at["root"] * 2048)
    at["sub"] = struct.unpack_from("<I", image, record - 30)[0]
    spindle("convert", "-q", "good.iso", "good.cue")
    raw = read("good.bin")
    n = len(raw) // 2352
    write("mixed.bin", raw + random.randbytes(2352 * 400))
    sheet = ('FILE "%%s" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n  TRACK 02 AUDIO\n'
             '    INDEX 01 %02d:%02d:%02d\n' % (n // 4500, n // 75 % 60, n % 75))
    write("mixed.cue", (sheet % "mixed.bin").encode())
    return at, image, n, sheet


def iso9660():
    at, image, n, sheet = discs()
    hit = [at["a.bin"] + 3, at["a.bin"] + 4, at["sub/c"], at["sub"], at["path"], 4]
    want = {("file", "a.bin"): hit[:2], ("file", "sub/c"): [hit[2]], ("folder", "sub"): [hit[3]],
            ("volume", "path table"): [hit[4]], ("volume", "system area"): [hit[5]]}
    write("bad.iso", spoil(image, 2048, hit, 100))
    p = spindle("verify", "--json", "bad.iso", "good.iso")
    ok(p.returncode == 1 and files(p) == want, "what differs is named by its file", files(p), want, p.stderr)
    where = [f for f in json.loads(p.stdout)["files"] if f["name"] == "a.bin"][0]
    ok(where["offset"] == 3 * 2048, "and from which byte on", where)
    p = spindle("verify", "bad.iso", "good.iso")
    ok(b"hit: a.bin: LBA %d" % hit[0] in p.stdout and b"and 1 more, from byte 6144 of it on" in p.stdout and
       b"hit: the folder sub: LBA %d" % hit[3] in p.stdout and b"hit: the path table: LBA" in p.stdout,
       "in words too", p.stdout)
    p = spindle("verify", "good.iso", "bad.iso")
    ok(b"hit: a.bin" in p.stdout, "either way around", p.stdout, p.stderr)

    # sectors with EDC, and music behind them
    raw = read("mixed.bin")
    write("bad.bin", spoil(raw, 2352, hit))
    write("bad.cue", (sheet % "bad.bin").encode())
    p = spindle("verify", "--json", "bad.cue")
    ok(p.returncode == 1 and files(p) == want and json.loads(p.stdout)["files_complete"],
       "wrong EDC is named by its file on a mixed-mode disc", files(p), p.stderr)
    write("cut.bin", raw[:-2352 * 10])
    write("cut.cue", (sheet % "cut.bin").encode())
    p = spindle("verify", "cut.cue", "mixed.cue")
    ok(p.returncode == 1 and b"hit:" not in p.stdout, "music is in no file", p.stdout, p.stderr)
    # a folder that cannot be made good: what is in it is not known, and that is said
    bad = bytearray(raw)
    bad[2352 * at["sub"]:2352 * at["sub"] + 2352] = random.randbytes(2352)
    bad[2352 * at["sub/c"] + 700] ^= 1
    write("bad.bin", bytes(bad))
    p = spindle("verify", "--json", "bad.cue")
    got = files(p)
    ok(p.returncode == 1 and got == {("folder", "sub"): [at["sub"]], ("none", None): [at["sub/c"]]} and
       not json.loads(p.stdout)["files_complete"] and b"more files may be hit" in p.stderr,
       "a damaged folder: the LBA alone, and a line that says so", got, p.stderr)
    bad[2352 * 16 + 16:2352 * 16 + 2064] = bytes(2048)
    write("bad.bin", bytes(bad))
    p = spindle("verify", "--json", "bad.cue")
    ok(p.returncode == 1 and json.loads(p.stdout)["files"] is None and
       b"which files are hit cannot be told: no file system is known" in p.stderr,
       "without a volume: the LBA alone, and why", p.stdout, p.stderr)

    # several names of the same data are all told
    os.makedirs("same")
    write("same/one", random.randbytes(9000))
    os.link("same/one", "same/two")
    spindle("mkiso", "-q", "same", "-o", "same.iso")
    same = read("same.iso")
    lba = same.index(read("same/one")[:2048]) // 2048
    write("bad.iso", spoil(same, 2048, [lba + 1]))
    p = spindle("verify", "--json", "bad.iso", "same.iso")
    ok({("file", "one"), ("file", "two")} == set(files(p)), "each name of a file with two", files(p))


def rips():
    at, image, n, _ = discs()
    a, sub, c = at["a.bin"] + 10, at["sub"], at["sub/c"]
    write("f", b"%d..%d unreadable\n%d unreadable\n" % (a, a + 2, c))
    p = spindle("rip", "--retries=1", "sim:mixed.cue,faults=f", "out.cue")
    log, facts = read("out.log").decode(), json.loads(read("out.json"))
    names = [(f["what"], f["name"], f["lba"], f["count"]) for f in facts["files"]]
    ok(p.returncode == 6 and b"and 2 more, in a.bin" in p.stderr and b", in sub/c" in p.stderr,
       "rip says which files its bad sectors are in", p.returncode, p.stderr)
    ok("    in a.bin\n" in log and "    in sub/c\n" in log and
       names == [("file", "a.bin", a, 3), ("file", "sub/c", c, 1)], "the logs too", names, log)
    p = spindle("verify", "--json", "out.cue.spindle")
    ok(p.returncode == 1 and files(p) == {("file", "a.bin"): [a, a + 1, a + 2], ("file", "sub/c"): [c]},
       "verify of the work store", files(p), p.stderr)
    p = spindle("info", "--json", "out.cue.spindle")
    ok(files(p) == {("file", "a.bin"): [a, a + 1, a + 2], ("file", "sub/c"): [c]}, "info of it", p.stdout)
    p = spindle("info", "out.cue.spindle")
    ok(b"a.bin" in p.stdout and b"sub/c" in p.stdout, "for a person", p.stdout)
    write("f", b"%d unreadable\n%d unreadable\n" % (sub, c))
    p = spindle("rip", "--retries=1", "sim:good.iso,faults=f", "dir.iso")
    facts = json.loads(read("dir.json"))
    ok(p.returncode == 6 and b", in the folder sub" in p.stderr and b"more files may be hit" in p.stderr and
       [(f["what"], f["lba"]) for f in facts["files"]] == [("folder", sub), ("none", c)],
       "a folder that cannot be read: its files are not known, and that is said", p.stderr, facts["files"])
    p = spindle("info", "--json", "out.cue.spindle")
    ok(json.loads(p.stdout)["missing"] == 4, "and how many there are", p.stdout, p.stderr)


def udf():
    for kind, rev, bs in (("plain", 0x102, 2048), ("metadata", 0x250, 2048), ("sparable", 0x201, 2048),
                          ("plain", 0x102, 512), ("vat", 0x200, 1024), ("metadata", 0x250, 4096)):
        root = udf_write.Node("d")
        big = random.randbytes(9 * bs)
        sub = udf_write.Node("d", layout="long", pieces=1)
        sub.names += [("in", udf_write.Node("f", random.randbytes(3 * bs), layout="long", pieces=[1, 2]), 0)]
        root.names += [("big", udf_write.Node("f", big, layout="short", pieces=[4, 5]), 0), ("sub", sub, 0),
                       ("tiny", udf_write.Node("f", b"embedded, and told from other things"), 0)]
        udf_write.make(".", "good", root, kind=kind, rev=rev, bs=bs, anchors="begin", efe=rev >= 0x200)
        image = read("good.udf")
        inside = sub.names[0][1].data
        unit = 512 if len(image) % 2048 else 2048  # of a disk, or a disc
        hit = {("file", "big"): [image.index(big[bs:2 * bs]) // unit, image.index(big[7 * bs:8 * bs]) // unit],
               ("file", "sub/in"): [image.index(inside[bs:2 * bs]) // unit],
               ("entry", "tiny"): [image.index(b"embedded, and") // unit],
               ("volume", "anchor"): [256 * bs // unit]}
        bad = spoil(image, unit, [s for v in hit.values() for s in v], unit - 8)
        write("bad.iso", bad)
        write("ref.iso", image)
        p = spindle("verify", "--json", "bad.iso", "ref.iso")
        got = files(p)
        want = {k: sorted(v) for k, v in hit.items()}
        ok(p.returncode == 1 and got == want, "UDF, %s, blocks of %d: by the file" % (kind, bs), got, want, p.stderr)


def hfsplus():
    root = hfsplus_write.Node("d", mode=0o755)
    big, small = random.randbytes(40 * 512), random.randbytes(700)
    fork = random.randbytes(2000)
    sub = hfsplus_write.Node("d")
    sub.names.append(("small", hfsplus_write.Node("f", small)))
    root.names += [("big", hfsplus_write.Node("f", big, resource=fork)), ("sub", sub)]
    volume = hfsplus_write.Volume(block=512, blocks=1200)
    volume.catalog_pieces = 1
    volume.finish(root, "HFS")
    volume.save("good.img")
    image = read("good.img")
    catalog = struct.unpack_from(">I", image, 1024 + 272 + 16)[0]
    hit = {("file", "big"): [image.index(big[512 * i:512 * i + 512]) // 512 for i in (3, 4)],
           ("resource", "big"): [image.index(fork[512:1024]) // 512],
           ("file", "sub/small"): [image.index(small[:512]) // 512], ("volume", "catalog"): [catalog + 1],
           ("volume", "volume header"): [1]}
    write("bad.img", spoil(image, 512, [s for v in hit.values() for s in v], 400))
    for name in ("good", "bad"):
        p = spindle("convert", "-q", name + ".img", name + ".dmg")
    p = spindle("verify", "--json", "bad.dmg", "good.dmg")
    ok(p.returncode == 1 and files(p) == hit, "HFS+ in a .dmg: by the file", files(p), hit, p.stderr)


plan(iso9660, rips, udf, hfsplus)
