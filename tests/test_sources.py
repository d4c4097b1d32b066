#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# ls and extract work unchanged on whatever has files: images with and without framing, a disk image, a
# track of a mixed-mode disc, a work store, a simulated drive. Resource forks come out as AppleDouble,
# which a reader written here takes apart. What cannot be looked into is called by its name.
import json
import os
import random
import resource
import struct
import sys
import time

sys.dont_write_bytecode = True
import hfsplus_write
import udf_write
from inside import CORPUS, SPINDLE, differ, extract, fresh, listing, ok, plan, run, skip, spindle


def write(name, data):
    with open(name, "wb") as f:
        f.write(data)


def folder():
    os.makedirs("folder/sub/deeper")
    for name, size in (("a.bin", 70000), ("sub/b.txt", 3), ("sub/deeper/c", 5000), ("empty", 0)):
        write("folder/" + name, random.randbytes(size))
    return {k: v for k, v in listing("folder").items() if v[0] == "file"}


def sources():
    wanted = folder()
    spindle("mkiso", "-q", "folder", "-o", "disc.iso")
    for name in ("disc.cue", "disc.ccd"):
        spindle("convert", "-q", "disc.iso", name)
    with open("disc.bin", "rb") as f:
        raw = f.read()
    n = len(raw) // 2352
    write("mixed.bin", raw + random.randbytes(2352 * 600))
    write("mixed.cue", b'FILE "mixed.bin" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n  TRACK 02 AUDIO\n'
          b'    INDEX 01 %02d:%02d:%02d\n' % (n // 4500, n // 75 % 60, n % 75))
    # HFS+ in a compressed disk image
    root = hfsplus_write.Node("d", mode=0o755)
    nodes = {b"": root}
    for folder_ in (b"sub", b"sub/deeper"):
        nodes[folder_] = hfsplus_write.Node("d", mode=0o755)
        parent, _, name = folder_.rpartition(b"/")
        nodes[parent].names.append((name.decode(), nodes[folder_]))
    for path in wanted:
        parent, _, name = path.rpartition(b"/")
        with open(b"folder/" + path, "rb") as f:
            nodes[parent].names.append((name.decode(), hfsplus_write.Node("f", f.read())))
    volume = hfsplus_write.Volume(block=512, blocks=1200)
    volume.catalog_pieces = 1
    volume.finish(root, "Disk")
    volume.save("disk.img")
    spindle("convert", "-q", "disk.img", "disk.dmg")
    # a work store stays when a sector could not be read: of the music, so that the files are whole
    write("f", b"%d unreadable\n" % (n + 300))
    p = spindle("rip", "-q", "--retries=0", "sim:mixed.cue,faults=f", "ripped.cue")
    ok(p.returncode == 6 and os.path.isdir("ripped.cue.spindle"), "a rip leaves its store", p.stderr)
    names = {"a.bin", "empty", "sub/"}
    for words in (["disc.iso"], ["disc.cue"], ["disc.ccd"], ["disk.dmg"], ["mixed.cue", "--track=1"],
                  ["mixed.cue"], ["ripped.cue.spindle"], ["ripped.cue"], ["sim:mixed.cue"], ["sim:disc.iso"]):
        what = " ".join(words)
        p = spindle("ls", *words)
        ok(p.returncode == 0 and set(p.stdout.decode().split("\n")) - {""} == names, "ls " + what,
           p.stdout, p.stderr)
        p, got = extract(words[0], *words[1:], "-q")
        got = {k: v for k, v in got.items() if v[0] == "file"}
        ok(p.returncode == 0 and got == wanted, "extract " + what, *differ(got, wanted), p.stderr)
    if not CORPUS:
        skip("a disk of FAT", "no SPINDLE_CORPUS")
        return
    p = spindle("ls", os.path.join(CORPUS, "dmg/node-udif/compression-zlib.dmg"))
    ok(p.returncode == 5 and b"its file system is FAT12, which is not looked into" in p.stderr,
       "a disk of FAT is called that", p.returncode, p.stderr)


def apart(data):
    """the entries of an AppleDouble file, RFC 1740"""
    magic, version, filler, count = struct.unpack(">II16sH", data[:26])
    assert (magic, version, filler) == (0x00051607, 0x00020000, bytes(16)), data[:26]
    out = {}
    for i in range(count):
        kind, at, size = struct.unpack(">III", data[26 + 12 * i:38 + 12 * i])
        assert 26 + 12 * count <= at and at + size <= len(data) and kind not in out
        out[kind] = data[at:at + size]
    assert sum(map(len, out.values())) + 26 + 12 * count == len(data)
    return out


def appledouble():
    finder, fork = b"TEXTttxt".ljust(32, b"\1"), random.randbytes(300000)
    root = hfsplus_write.Node("d", mode=0o755)
    sub = hfsplus_write.Node("d", mode=0o755)
    sub.names.append(("both", hfsplus_write.Node("f", b"data", resource=fork, finder=finder, mode=0o640)))
    root.names += [("._taken", hfsplus_write.Node("f", b"mine")), ("finder", hfsplus_write.Node("f", b"x", finder=finder)),
                   ("none", hfsplus_write.Node("f", b"y")), ("sub", sub),
                   ("taken", hfsplus_write.Node("f", b"z", resource=b"short"))]
    volume = hfsplus_write.Volume(block=512, blocks=1600)
    volume.catalog_pieces = 1
    volume.finish(root, "Forks")
    volume.save("forks.hfsplus")

    def took(*options):
        p, got = extract("forks.hfsplus", *options)
        return p, {k.decode() for k, v in got.items() if v[0] == "file"}
    p, plain = took()
    ok(p.returncode == 0 and plain == {"._taken", "finder", "none", "sub/both", "taken"},
       "without being asked there are none", plain, p.stderr)
    p, with_forks = took("--appledouble")
    ok(with_forks - plain == {"._finder", "sub/._both", "._taken~2"} and b"._taken" in p.stderr,
       "a file beside each that has a fork or Finder information; no name is taken from another",
       with_forks, p.stderr)

    def read(name):
        with open("ours/" + name, "rb") as f:
            return f.read()
    both, one, short = apart(read("sub/._both")), apart(read("._finder")), apart(read("._taken~2"))
    ok(both == {9: finder, 2: fork}, "both are in it", {k: len(v) for k, v in both.items()})
    ok(one == {9: finder, 2: b""} and short == {9: bytes(32), 2: b"short"}, "or one of them", one, short)
    ok(read("sub/both") == b"data" and os.stat("ours/sub/._both").st_mode & 0o777 == 0o640,
       "the data is untouched, and modes are the file's")
    p, got = took("--appledouble", "sub/both")
    ok(got == {"sub/both", "sub/._both"}, "of what was wanted alone", got, p.stderr)


def limited(*words):
    """exit status, seconds, MB at most"""
    begun = time.monotonic()
    child = os.posix_spawn(SPINDLE, [SPINDLE, *words], os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0), (os.POSIX_SPAWN_OPEN, 2, "said", os.O_WRONLY | os.O_CREAT
                                                                  | os.O_TRUNC, 0o600)])
    _, status, usage = os.wait4(child, 0)
    return os.waitstatus_to_exitcode(status), time.monotonic() - begun, usage.ru_maxrss / 1024


def bombs():
    """small volumes that claim very much"""
    bomb = hfsplus_write.Node("d", mode=0o755)
    bomb.names += [("coded", hfsplus_write.Node("f", coded=(4, b"", hfsplus_write.zlib_fork(b"x")), coded_size=1 << 50,
                                               real=b"")), ("huge", hfsplus_write.Node("f", b"x"))]
    bomb.names[1][1].size = 1 << 60
    volume = hfsplus_write.Volume(block=512, blocks=500)
    volume.catalog_pieces = 1
    volume.finish(bomb, "Bomb")
    volume.save("bomb.hfsplus")
    udf_write.bad(".")
    slow = float(os.environ.get("ASAN_OPTIONS") is not None) * 20  # a sanitizer's own time and memory
    for name in ("bomb.hfsplus", "bad.chain-endless.udf", "bad.folder-loop.udf", "bad.folder-huge.udf"):
        for words in (("tree", name), ("extract", name, "-o", fresh("out"))):
            code, took, peak = limited(*words)
            ok(code in (0, 3, 4, 6) and took < 2 + slow and peak < (256 if not slow else 1024),
               " ".join(words[:2]) + ": ends soon, in little memory", code, took, peak, open("said").read())


plan(sources, appledouble, bombs)
