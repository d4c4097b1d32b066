#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Files in images, as others see them: every name, type and content of the corpus and of folders made
# into images by three programs is what bsdtar, 7zz or the folder itself has; the same through every
# kind of source; damage by the file it hits; and nothing is ever written outside of the folder.
import hashlib
import json
import os
import random
import shutil
import stat
import sys
import time

sys.dont_write_bytecode = True

from inside import CORPUS, LONG, differ, extract, fresh, listing, ok, plan, run, skip, spindle


# --- the corpus, tree by tree ------------------------------------------------------------------
OPTIONS = {"rockridge": "iso9660:!joliet", "joliet": "iso9660:!rockridge",
           "iso9660": "iso9660:!rockridge,iso9660:!joliet"}
# what differs, and why: (image, tree): names that are left out of the comparison
EXPLAINED = {
    # links that lead out of the folder: told and not made; 5 has components without a name
    ("test_read_format_iso_zisofs.iso", "rockridge"): {b"symlink2", b"symlink3", b"symlink4"},
    ("test_read_format_iso_rockridge_new.iso.Z", "rockridge"): {b"symlink%d" % i for i in range(2, 7)},
    # bsdtar writes devices as it may, spindle tells of them and makes none
    ("copying-rr.iso", "rockridge"): {b"fd0", b"zero"},
    # a file and a folder of one name: spindle renames one, bsdtar puts the file in the folder's place
    ("test_read_format_iso_joliet_long.iso", "iso9660"): {b"12345678", b"12345678~2"},
    # bsdtar lists nothing at all; 7zz and isoinfo have these four, as spindle
    ("test_read_format_iso_3.iso", "iso9660"): {b"A", b"A/B", b"C", b"C/D"},
}


# of HFS nothing is read but its name
HFS = ("apm-prodos-hfs.iso", "blank-800k.po", "hfs.img.xz", "simple-gsos.po", "simple-linux.po")
CUT = ("hfs_plus_header.bin",)  # and has no catalog
unopened = []


def images():
    """of the corpus' folders: where it is, its folder, its name; what is compressed is unpacked first"""
    for sub in ("iso", "iso-boot", "udf", "hfs", "hfsplus", "bad"):
        found = []
        for folder, _, files in os.walk(os.path.join(CORPUS, sub)):
            found += [os.path.join(folder, f) for f in files
                      if f.endswith((".iso", ".img", ".bin", ".po", ".xz", ".Z"))]
        # what UDF has of them the unit test holds as well
        for path in sorted(found)[::1 if LONG or sub != "udf" else 3]:
            base = os.path.basename(path)
            if not path.endswith((".xz", ".Z")):
                yield path, sub, base
            elif shutil.which("xz") and shutil.which("zcat"):
                with open("unpacked", "wb") as f:
                    f.write(run(*(("xz", "-dc") if path.endswith(".xz") else ("zcat",)), path).stdout)
                yield "unpacked", sub, base
            else:
                skip(base, "no xz or zcat")


def peer(tree, image, base, label):
    """who else looks into it, what it finds or None, and what it says"""
    fresh("theirs")
    os.mkdir("theirs")
    if tree in OPTIONS:
        p = run("bsdtar", "-xf", image, "-C", "theirs", "--options", OPTIONS[tree])
        good = b"Unrecognized archive format" not in p.stderr
        return "bsdtar", listing("theirs") if good else None, p.stderr
    p = run("7zz", "x", "-y", "-bd", "-tudf" if tree == "udf" else "-thfs", "-otheirs", image)
    if p.returncode:
        unopened.append(base)
        return "7zz", None, p.stdout + p.stderr
    # of HFS+ the volume's name is a folder, and so are its own two
    top = label.encode() if tree == "hfs+" else b""
    return "7zz", {k: v for k, v in listing(os.path.join("theirs", os.fsdecode(top))).items()
                   if b"HFS+ Private" not in k}, p.stdout + p.stderr


def damaged(image, base):
    """bsdtar goes round in a circle there; 7zz says nothing of some damage and makes what it can"""
    p, mine = extract(image, "-q")
    fresh("theirs")
    run("7zz", "x", "-y", "-bd", "-tiso", "-otheirs", image)
    peers = listing("theirs") if os.path.isdir("theirs") else {}
    same = [k for k in mine if mine[k][0] == "file" and peers.get(k, ("",))[0] == "file"]
    ok(p.returncode in (0, 6) and all(mine[k] == peers[k] for k in same),
       "%s: what is made of it is as 7zz has it (%d files)" % (base, len(same)), *differ(mine, peers),
       p.returncode, p.stderr)


def corpus_tree(image, base, tree, label):
    ours, mine = extract(image, "--tree=" + tree, "-q")
    what = "%s: %s" % (base, tree)
    if tree not in OPTIONS and not shutil.which("7zz"):
        skip(what, "no 7zz")
        return
    who, peers, said = peer(tree, image, base, label)
    left = EXPLAINED.get((base, tree), set())
    mine = {k: v for k, v in mine.items() if k not in left}
    peers = {} if peers is None else {k: v for k, v in peers.items() if k not in left}
    if b"Unrecognized archive format" in said or base in unopened or (not peers and not mine):
        ok(not mine or ours.returncode == 0, "%s: %s has nothing to compare" % (what, who), ours.stderr)
    else:
        ok(mine == peers, "%s: as %s" % (what, who), *differ(mine, peers), ours.stderr, said)


def corpus():
    for image, sub, base in images():
        p = spindle("ls", "--json", *(("--tree=list",) if base not in CUT else ()), image)
        if base in HFS:
            ok(p.returncode == 5 and b"its file system is HFS, which is not looked into" in p.stderr,
               base + ": HFS is named and not read", p.returncode, p.stderr)
            continue
        if base in CUT:
            ok(p.returncode == 3 and p.stderr.split(b"\n")[-2].startswith(b"spindle: %s: " % image.encode()),
               base + ": is refused, by its name", p.returncode, p.stderr)
        elif sub == "bad":
            damaged(image, base)
        else:
            trees = json.loads(p.stdout)["trees"] if p.stdout else []
            ok(trees, base + ": has trees", p.stderr) if not trees else None
            for tree in trees:
                corpus_tree(image, base, tree["name"], tree["label"])
    print("# 7zz cannot open:", ", ".join(unopened))


# --- folders made into images by three programs ------------------------------------------------
def folder_of(top, files, long_names=True):
    os.makedirs(top)
    folders = [top]
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    for i in range(files):
        if random.random() < 0.15:
            folders.append(os.path.join(random.choice(folders[:20]), "d%d" % i))
            os.makedirs(folders[-1], exist_ok=True)
        name = "".join(random.choice(letters) for _ in range(random.choice((3, 8, 20, 60)))) + "." + str(i)
        path = os.path.join(random.choice(folders), name)
        size = random.choice((0, 1, 2047, 2048, 2049, 5000, 300000 if i % 17 == 0 else 100))
        with open(path, "wb") as f:
            f.write(random.randbytes(size))
        os.chmod(path, random.choice((0o644, 0o600, 0o755, 0o444)))
        os.utime(path, (1600000000 + i, 1500000000 + 86400 * i))
    deep = os.path.join(top, *["deep%d" % i for i in range(12)])
    os.makedirs(deep)
    with open(os.path.join(deep, "bottom"), "w") as f:
        f.write("bottom\n")
    os.symlink("../d", os.path.join(top, "deep0", "link"))
    os.symlink("deep0/deep1/" + "x" * 200, os.path.join(top, "long-link"))
    if long_names:
        with open(os.path.join(top, "n" * 200), "w") as f:
            f.write("a name that goes on in a continuation\n")
    for folder, _, _ in os.walk(top, topdown=False):
        os.utime(folder, (1600000000, 1400000000))


def generated():
    makers = {
        "spindle": lambda d, o: spindle("mkiso", "-q", "--no-joliet", d, "-o", o),
        "xorriso": lambda d, o: run("xorriso", "-as", "mkisofs", "-quiet", "-iso-level", "3", "-R",
                                    "-J", "-joliet-long", "-o", o, d),
        "genisoimage": lambda d, o: run("genisoimage", "-quiet", "-allow-limited-size", "-R", "-J",
                                        "-joliet-long", "-o", o, d),
        "zisofs 2": lambda d, o: run("xorriso", "-outdev", o, "-zisofs", "version_2=on", "-map", d,
                                     "/", "-find", "/", "-type", "f", "-exec", "set_filter",
                                     "--zisofs", "--", "-commit"),
    }
    for n in range(66 if LONG else 4):
        folder_of("folder", (20, 60, 150, 400)[n % 4])
        wanted = listing("folder", True)
        for maker, make in makers.items():
            if shutil.which(maker.split()[0]) is None and maker not in ("spindle", "zisofs 2"):
                skip("folder %d by %s" % (n, maker), "no " + maker)
                continue
            if os.path.exists("made.iso"):
                os.remove("made.iso")
            made = make("folder", "made.iso")
            if maker == "zisofs 2" and not os.path.exists("made.iso"):
                skip("folder %d by %s" % (n, maker), "xorriso cannot")
                continue
            p = spindle("extract", "made.iso", "-o", fresh("ours"), "-q")
            got = listing("ours", True) if os.path.isdir("ours") else {}
            same = dict(wanted)
            if b"rr_moved" in got:  # genisoimage's place for what lies too deep
                del got[b"rr_moved"]
            if maker == "genisoimage":  # its -R keeps modes and not the times of relocated folders
                same = {k: v[:3] if v[0] == "file" else v[:1] if v[0] == "folder" else v
                        for k, v in same.items()}
                got = {k: v[:3] if v[0] == "file" else v[:1] if v[0] == "folder" else v
                       for k, v in got.items()}
            ok(got == same and p.returncode == 0, "folder %d by %s: as it was" % (n, maker),
               *differ(got, same, ("got", "was")), p.stderr, made.stderr)
            if maker == "xorriso":
                p = spindle("tree", "--json", "--tree=joliet", "made.iso")
                names = {e["path"] for e in json.loads(p.stdout)["entries"] if e["type"] == "file"}
                have = {k.decode() for k, v in wanted.items() if v[0] == "file"}
                cut = {k for k in have if max(len(c) for c in k.split("/")) > 64 or k.count("/") > 7}
                ok(have - cut <= names, "folder %d by %s: Joliet has its names" % (n, maker),
                   (have - cut) - names)
        fresh("folder")


# --- every kind of source ----------------------------------------------------------------------
def sources():
    folder_of("folder", 40, False)
    wanted = listing("folder")
    spindle("mkiso", "-q", "--no-joliet", "folder", "-o", "disc.iso")
    for name in ("disc.cue", "disc.ccd"):
        spindle("convert", "-q", "disc.iso", name)
    # a mixed-mode disc: the data track, then music
    with open("disc.bin", "rb") as f:
        data = f.read()
    with open("mixed.bin", "wb") as f:
        f.write(data + random.randbytes(2352 * 700))
    with open("mixed.cue", "w") as f:
        blocks = len(data) // 2352
        f.write('FILE "mixed.bin" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n  TRACK 02 '
                'AUDIO\n    INDEX 01 %02d:%02d:%02d\n' % (blocks // 4500, blocks // 75 % 60, blocks % 75))
    p = spindle("rip", "-q", "sim:mixed.cue", "ripped.cue")
    for name in ("disc.iso", "disc.cue", "disc.bin", "disc.ccd", "mixed.cue", "sim:mixed.cue",
                 "sim:disc.iso", "ripped.cue", "folder"):
        p, got = extract(name, "-q")
        ok(got == wanted and p.returncode == 0, name + ": the files are those of the folder",
           *differ(got, wanted, ("got", "was")), p.stderr)
    p, got = extract("mixed.cue", "--track=1", "-q")
    ok(got == wanted, "mixed.cue --track=1", p.stderr)
    p = spindle("ls", "mixed.cue", "--track=2")
    ok(p.returncode == 3 and b"audio" in p.stderr, "a track of music has no files", p.stderr)

    # sessions: the last one's tree has the files of both
    os.mkdir("more")
    with open("more/added", "w") as f:
        f.write("by the second session\n")
    p = spindle("mkiso", "-q", "more", "-o", "second.iso", "--append", "disc.iso")
    ls = spindle("ls", "second.iso")
    names = set(os.listdir("folder")) | {"added"}
    ok(p.returncode == 0 and {n.rstrip("/") for n in ls.stdout.decode().split("\n") if n} == names
       and b"a session without those before it" in ls.stderr, "a later session alone lists both's files",
       p.stderr, ls.stdout, ls.stderr)
    p, got = extract("second.iso", "added", "-q")
    ok(got.get(b"added", ())[1:2] == (22,), "and gives its own", got, p.stderr)
    fresh("folder")
    return wanted


# --- damage ------------------------------------------------------------------------------------
def damage(wanted):
    p = spindle("tree", "--json", "disc.iso")
    entries = [e for e in json.loads(p.stdout)["entries"] if e["type"] == "file" and e["size"] >= 5000]
    victim = entries[0]["path"]
    with open("disc.iso", "rb") as f:
        image = f.read()
    inside = open("ours/" + victim, "rb").read() if os.path.exists("ours/" + victim) else spindle(
        "cat", "disc.iso", victim).stdout
    lba = image.index(inside[:2048]) // 2048
    with open("mixed.bin", "r+b") as f:
        f.seek(2352 * lba + 700)
        f.write(b"\xff" * 2)
        f.seek(2352 * (lba + 1) + 100)
        f.write(random.randbytes(1500))
    p, got = extract("mixed.cue")
    changed = {k.decode() for k in wanted if got.get(k) != wanted[k]}
    ok(p.returncode == 6 and victim.encode() in p.stderr and b"1 damaged sector" in p.stderr,
       "a damaged sector is named by its file", p.returncode, p.stderr)
    ok(changed == {victim}, "and every other file is whole; what the parity can correct is", changed)
    p = spindle("cat", "mixed.cue", victim)
    ok(p.returncode == 6 and victim.encode() in p.stderr, "cat says so too", p.stderr)
    with open("cut.iso", "wb") as f:
        f.write(image[:2048 * (lba + 1)])
    p = spindle("extract", "cut.iso", "-o", fresh("ours"))
    ok(p.returncode == 6 and b"beyond the end" in p.stderr and not os.path.exists("ours/" + victim),
       "a file that is cut off is told and not made", p.returncode, p.stderr)


# --- nothing outside ---------------------------------------------------------------------------
def both(n, size):
    return n.to_bytes(size, "little") + n.to_bytes(size, "big")


def record(name, extent, size, flags, use=b""):
    head = bytes(1) + both(extent, 4) + both(size, 4) + bytes([126, 1, 1, 0, 0, 0, 0, flags, 0, 0]) + both(
        1, 2) + bytes([len(name)]) + name + (b"" if len(name) & 1 else b"\0") + use
    head += b"\0" * ((len(head) + 1) % 2)
    return bytes([len(head) + 1]) + head


def px(mode):
    return b"PX\x24\x01" + both(mode, 4) + both(1, 4) + both(0, 4) + both(0, 4)


def nm(name):
    return b"NM" + bytes([5 + len(name), 1, 0]) + name


def sl(target):
    parts = b""
    if target.startswith(b"/"):
        parts, target = b"\x08\x00", target.lstrip(b"/")
    for part in target.split(b"/") if target else []:
        parts += b"\x04\x00" if part == b".." else b"\x00" + bytes([len(part)]) + part
    return b"SL" + bytes([5 + len(parts), 1, 0]) + parts


def hostile(entries):
    """entries of the root: (name, kind, what): file content, link target, or a folder's entries"""
    sectors = {}
    free = [30]

    def folder(entries, at, top):
        use = b"SP\x07\x01\xbe\xef\x00" + px(0o40755) if top else px(0o40755)
        out = record(b"\0", at, 2048, 2, use) + record(b"\1", at, 2048, 2, px(0o40755))
        for i, (name, kind, what) in enumerate(entries):
            here = free[0]
            free[0] += 1
            short = b"F%d" % i
            if kind == "file":
                sectors[here] = what
                out += record(short, here, len(what), 0, px(0o104755) + nm(name))
            elif kind == "link":
                out += record(short, 0, 0, 0, px(0o120777) + nm(name) + sl(what))
            else:
                folder(what, here, False)
                out += record(short, here, 2048, 2, px(0o40755) + nm(name))
        sectors[at] = out
    folder(entries, 20, True)
    image = bytearray(2048 * (free[0] + 1))
    pvd = bytearray(2048)
    pvd[0:7] = b"\1CD001\1"
    pvd[80:88] = both(free[0] + 1, 4)
    pvd[128:132] = both(2048, 2)
    pvd[156:190] = record(b"\0", 20, 2048, 2)
    image[32768:34816] = pvd
    image[34816:34823] = b"\xffCD001\1"
    for at, data in sectors.items():
        assert len(data) <= 2048
        image[2048 * at:2048 * at + len(data)] = data
    return bytes(image)


def traversal():
    outside = os.path.realpath(fresh("outside"))
    evil = b"evil"
    target = outside.encode()
    cases = {
        "names that lead up": [(b"..", "file", evil), (b".", "file", evil), (b"../evil", "file", evil),
                               (b"../../outside/evil", "file", evil), (b"/tmp/evil", "file", evil),
                               (target + b"/evil", "file", evil), (b"a/../../evil", "file", evil)],
        "folders that lead up": [(b"..", "folder", [(b"evil", "file", evil)]),
                                 (b"../outside", "folder", [(b"evil", "file", evil)]),
                                 (b"x/..", "folder", [(b"..", "folder", [(b"evil", "file", evil)])])],
        "a link, then a folder of its name": [(b"d", "link", target),
                                              (b"d", "folder", [(b"evil", "file", evil)])],
        "a link, then a file of its name": [(b"f", "link", target + b"/evil"), (b"f", "file", evil)],
        "a folder, then a link of its name": [(b"d", "folder", [(b"evil", "file", evil)]),
                                              (b"d", "link", target)],
        "links that lead out": [(b"a", "link", b"../outside"), (b"b", "link", b"/"),
                                (b"c", "link", b"in/../../outside"), (b"u", "link", b"in/.."),
                                (b"in", "folder", [(b"up", "link", b".."), (b"upper", "link", b"../.."),
                                                   (b"twice", "link", b"up/../..")])],
        "names that clash": [(b"same", "file", b"one"), (b"same", "file", b"two"),
                             (b"same", "folder", [(b"x", "file", b"three")]),
                             (b"same~2", "file", b"four")],
        "a setuid file": [(b"su", "file", evil)],
    }
    os.mkdir(outside)
    for name, entries in cases.items():
        with open("hostile.iso", "wb") as f:
            f.write(hostile(entries))
        fresh("cage")
        os.mkdir("cage")
        before = {k: v for k, v in listing(".").items() if not k.startswith(b"cage")}
        tmp = set(os.listdir("/tmp"))
        p = spindle("extract", "hostile.iso", "-o", "cage/to")
        after = {k: v for k, v in listing(".").items() if not k.startswith(b"cage")}
        got = listing("cage")
        leads = []
        for k, v in got.items():
            if v[0] == "link":
                real = os.path.realpath(b"cage/" + k)
                if not real.startswith(os.path.realpath(b"cage/to")):
                    leads.append((k, v, real))
        ok(before == after and not leads and "evil" not in set(os.listdir("/tmp")) - tmp and
           all(k == b"to" or k.startswith(b"to/") for k in got) and p.returncode in (0, 2, 6),
           name + ": nothing outside", leads, differ(after, before), p.returncode, p.stderr)
        count = json.loads(spindle("extract", "hostile.iso", "--json", "-o", fresh("again")).stdout)
        if name == "names that clash":
            texts = sorted(v[2] for v in listing("again").values() if v[0] == "file")
            ok(texts == sorted(hashlib.sha1(t).hexdigest() for t in (b"one", b"two", b"three", b"four"))
               and count["renamed"] >= 2, "and none is lost", listing("again"), count)
        if name == "a setuid file":
            ok(stat.S_IMODE(os.lstat("again/su").st_mode) & 0o7000 == 0, "and loses that bit")
    # what is there already, and what it is a link to
    with open("hostile.iso", "wb") as f:
        f.write(hostile([(b"d", "folder", [(b"evil", "file", evil)]), (b"f", "file", evil)]))
    for force in ((), ("--force",)):
        fresh("cage")
        os.mkdir("cage")
        os.symlink(outside, "cage/d")
        os.symlink(outside + "/evil", "cage/f")
        p = spindle("extract", "hostile.iso", "-o", "cage", *force)
        ok(not os.listdir(outside) and p.returncode == 2, "links that are there already %s"
           % " ".join(force), p.returncode, p.stderr, os.listdir(outside))
    fresh("cage")
    os.mkdir("cage")
    with open("cage/f", "w") as f:
        f.write("mine")
    p = spindle("extract", "hostile.iso", "-o", "cage")
    ok(p.returncode == 2 and open("cage/f").read() == "mine" and os.path.exists("cage/d/evil"),
       "a file that exists stays", p.returncode, p.stderr)
    p = spindle("extract", "hostile.iso", "-o", "cage", "--force")
    ok(p.returncode == 0 and open("cage/f").read() == "evil", "but with --force", p.stderr)
    ok(not [n for _, _, f in os.walk("cage") for n in f if n.startswith(".spindle")],
       "nothing temporary stays")


def bombs():
    huge = (1 << 62).to_bytes(8, "little")
    use = px(0o100644) + b"ZF\x10\x02PZ\x06\x0f" + huge
    image = bytearray(hostile([(b"z", "file", b"\xef\x22\x55\xa1\xbc\x1b\x95\xa0" + bytes(40))]))
    at = image.index(nm(b"z"))
    image[at:at + 22] = nm(b"z") + use[36:52]
    start = image.rindex(b"F0", 0, at) - 33
    image[start] += 16
    with open("bomb.iso", "wb") as f:
        f.write(image)
    begun = time.monotonic()
    p = spindle("extract", "bomb.iso", "-o", fresh("again"))
    took = time.monotonic() - begun
    ok(p.returncode in (4, 6) and took < 2, "a file that claims 4 EiB", p.returncode, p.stderr, took)
    ok(not os.path.exists("again") or not os.listdir("again"), "and takes no room", listing("again")
       if os.path.exists("again") else "")


def looked_into():
    if not CORPUS:
        skip("the corpus", "no SPINDLE_CORPUS")
    elif not shutil.which("bsdtar"):
        skip("the corpus", "no bsdtar")
    else:
        corpus()


plan(looked_into, generated, lambda: damage(sources()), traversal, bombs)
