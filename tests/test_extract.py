#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Files that are taken out of an image: a file under its name is whole, whatever fails beside it and
# whenever the program is killed; one that cannot have its name takes none with it; and a failure is
# an exit status and one line.
import functools
import os
import random
import signal
import sys

sys.dont_write_bytecode = True
import iso_write
from inside import LONG, SPINDLE, differ, extract, fresh, listing, ok, plan, run, skip, spindle

LIBFAULT = os.path.abspath(os.environ.get("LIBFAULT", os.path.join(
    os.environ.get("builddir", "."), "tests/libfault.so")))
MOST = 10000 if LONG else 2 if os.environ.get("SPINDLE_SANITIZED") else 4  # calls tried of a kind


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def temporary(top):
    return [n for _, _, names in os.walk(top) for n in names if n.startswith(".spindle")]


# --- all of it ---------------------------------------------------------------------------------
def whole():
    """More files than are written at once, and sizes about those that are read at once."""
    for i in range(300):
        write("tree/many/file %d" % i, random.randbytes(random.choice((0, 1, 900, 2048, 5000))))
    for size in (1, 2047, 2048, 2049, 262143, 262144, 262145, 524287, 524288, 524289, 3000001):
        write("tree/sizes/%d" % size, random.randbytes(size))
        write("tree/sizes/%d and a small one" % size, b"small")
        write("tree/empty/%d" % size, b"")
    for i in range(9):
        write("tree" + "/folder" * i + "/f", random.randbytes(100))
    for folder, folders, files in os.walk("tree", topdown=False):
        for name in files:
            os.chmod(os.path.join(folder, name), random.choice((0o644, 0o600, 0o755, 0o444)))
            os.utime(os.path.join(folder, name), (1e9, 1e9 + random.randrange(10 ** 8)))
        os.utime(folder, (1e9, 1e9 + random.randrange(10 ** 8)))
    spindle("mkiso", "-q", "tree", "-o", "tree.iso")
    wanted = listing("tree", modes=True)
    p = spindle("extract", "tree.iso", "-o", "ours")
    got = listing("ours", modes=True)
    ok(p.returncode == 0 and got == wanted, "files with their bytes, modes and times", p.stderr,
       differ(got, wanted))
    ok(b"%d files" % sum(v[0] == "file" for v in wanted.values()) in p.stdout, "are counted", p.stdout)
    p = spindle("extract", "tree.iso", "-o", "ours", "--force")
    got = listing("ours", modes=True)
    ok(p.returncode == 0 and got == wanted, "and once more over themselves", p.stderr,
       differ(got, wanted))


def scattered():
    """Files that lie in another order than that of their folders, which are more than are kept open:
    none goes to another's folder."""
    files = {"T%d/D%d/F%d" % (d // 10, d, n): random.randbytes(random.randrange(1, 2048))
             for d in range(80) for n in range(4)}
    image = iso_write.Iso(files)
    places = [image.place[path] for path in sorted(files)]
    random.shuffle(places)
    for path, place in zip(sorted(files), places):
        image.place[path] = place
        image.put(place, files[path].ljust(2048, b"\0"))
    for folder in image.order:
        image.put(image.place[folder], image.directory(folder))
    write("./scattered.iso", bytes(image.data))
    p, got = extract("scattered.iso")
    for path, data in files.items():
        write("wanted/" + path.lower(), data)
    wanted = listing("wanted")
    got = {k.lower(): v for k, v in got.items()}
    ok(p.returncode == 0 and got == wanted, "files of many folders in any order", p.stderr,
       differ(got, wanted))


# --- one of many -------------------------------------------------------------------------------
def beside():
    """Of many files of a folder a few cannot have their names."""
    for i in range(40):
        write("tree/%02d" % i, random.randbytes(700))
    write("tree/20 large", random.randbytes(1 << 20))
    spindle("mkiso", "-q", "tree", "-o", "tree.iso")
    wanted = listing("tree")
    there = {b"07": "file", b"20 large": "file", b"31": "folder", b"33": "link"}
    for force in (), ("--force",):
        fresh("to")
        os.mkdir("to")
        for name, kind in there.items():
            path = os.path.join(b"to", name)
            if kind == "folder":
                os.mkdir(path)
            elif kind == "link":
                os.symlink("nowhere", path)
            else:
                write(os.fsdecode(path), b"mine")
        before = listing("to")
        p = spindle("extract", "tree.iso", "-o", "to", *force)
        got = listing("to")
        stays = [n for n in there if not force or there[n] == "folder"]
        expected = {**wanted, **{n: before[n] for n in stays}}
        told = all(b"%s: exists" % n in p.stderr for n in stays)
        ok(p.returncode == 2 and got == expected and told and b"%d of the names" % len(stays) in p.stderr,
           "names that exist stay and are told, the others are there %s" % " ".join(force),
           p.returncode, p.stderr, differ(got, expected))


# --- calls that fail ---------------------------------------------------------------------------
def faulty(fault, *more, count=None):
    env = dict(os.environ, LD_PRELOAD=LIBFAULT, SPINDLE_FAULT=fault,
               SPINDLE_FAULT_PROGRAM=os.path.basename(SPINDLE),
               ASAN_OPTIONS="verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", ""))
    if count:
        env["SPINDLE_FAULT_COUNT"] = os.path.abspath(count)
    return run(SPINDLE, "extract", "tree.iso", "-o", fresh("to"), *more, env=env)


@functools.cache
def calls(call):
    """Which of them are tried: some of those that one extraction makes."""
    p = faulty(call + ":0", count="count")
    with open("count") as f:
        n = int(f.read())
    os.unlink("count")
    if p.returncode or not n:
        ok(False, "a %s is seen" % call, p.returncode, p.stderr)
    numbers = list(range(1, n + 1))
    return numbers if n <= MOST else sorted({1, n, *random.sample(numbers, MOST - 2)})


def partial(wanted):
    """Names that stand for anything but the whole of what they name."""
    got = listing("to") if os.path.exists("to") else {}
    return [(k, v) for k, v in got.items() if v[0] == "file" and v != wanted.get(k)
            and not os.path.basename(k).startswith(b".spindle")]


def faults():
    if not os.path.exists(LIBFAULT):
        return skip("calls that fail", "no libfault.so")
    for folder in "ab":
        for i in range(6):
            write("tree/%s/%d" % (folder, i), random.randbytes(1500 * i))
    write("tree/a/3 large", random.randbytes(5 << 20))  # more than is read ahead
    os.link("tree/a/2", "tree/b/same")
    os.symlink("a/1", "tree/link")
    spindle("mkiso", "-q", "tree", "-o", "tree.iso")
    wanted = listing("tree")
    p, got = extract("tree.iso", to="to")
    ok(p.returncode == 0 and got == wanted, "nothing fails", p.stderr, differ(got, wanted))

    # what is not written, named, dated or on the disk is no success
    for call, how, code in (("pwrite", "ENOSPC", (4,)), ("renameat2", "EACCES", (4,)),
                            ("openat", "EACCES", (4,)), ("openat2", "EACCES", (4,)),
                            ("mkdirat", "EROFS", (4,)), ("fsync", "EIO", (4,)),
                            ("futimens", "EIO", (0, 4)),  # of folders it is no loss of content
                            ("close", "EIO", (0, 4)), ("pread", "EIO", (0, 4, 6))):
        wrong = []
        numbers = calls(call)
        for n in numbers:
            p = faulty("%s:%d:%s" % (call, n, how))
            text = p.stderr.decode()
            errors = [line for line in text.splitlines() if not line.startswith("spindle: note: ")]
            complete = listing("to") == wanted if os.path.exists("to") else False
            if (p.returncode not in code or partial(wanted) or temporary("to") or "Sanitizer" in text or
                    len(errors) != (p.returncode != 0) or (p.returncode == 0 and not complete)):
                wrong.append((n, p.returncode, text, partial(wanted), temporary("to")))
        ok(not wrong, "%s %s (%d)" % (call, how, len(numbers)), *wrong[:4])

    # all from one on: what is there is whole
    wrong = []
    for call in "pwrite", "renameat2", "pread":
        for n in calls(call)[:2]:
            p = faulty("%s:%d+:EIO" % (call, n))
            if p.returncode not in (3, 4, 6) or partial(wanted) or temporary("to"):
                wrong.append((call, n, p.returncode, p.stderr, partial(wanted), temporary("to")))
    ok(not wrong, "all calls from one on", *wrong[:4])

    # a transfer that does less, and a file system that cannot promise not to replace
    wrong = []
    for fault in ("pwrite:2:short", "pwrite:4:EINTR", "pwrite:9:short", "pread:9:short", "pread:9:EINTR",
                  "renameat2:1+:EINVAL", "renameat2:3:ENOSYS"):
        p = faulty(fault)
        if p.returncode or listing("to") != wanted:
            wrong.append((fault, p.returncode, p.stderr, differ(listing("to"), wanted)))
    ok(not wrong, "calls that do half, or are not there", *wrong)
    p = faulty("renameat2:1+:EINVAL,unlinkat:2:EIO")
    ok(p.returncode == 4 and not partial(wanted), "a file that has two names is told", p.returncode,
       p.stderr)

    # killed
    wrong = []
    kills = 0
    for call in "pwrite", "renameat2", "openat":
        for n in calls(call):
            for how in ("kill", "killafter")[:MOST // 2]:
                p = faulty("%s:%d:%s" % (call, n, how))
                kills += p.returncode == -signal.SIGKILL
                if p.returncode not in (0, -signal.SIGKILL) or partial(wanted):
                    wrong.append((call, n, how, p.returncode, p.stderr, partial(wanted)))
    ok(not wrong and kills, "killed at any call, a name is a whole file (%d)" % kills, *wrong[:4])
    left = {k: v for k, v in listing("to").items()}
    p = spindle("extract", "tree.iso", "-o", "to", "--force")
    got = {k: v for k, v in listing("to").items() if k in wanted}
    ok(p.returncode == 0 and got == wanted, "and the next run makes all of it", p.stderr,
       differ(got, wanted), left)


plan(whole, scattered, beside, faults)
