#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of what is in images share: TAP lines, running programs, folders compared."""
import hashlib
import os
import random
import shutil
import stat
import subprocess
import sys
import tempfile

SPINDLE = os.path.abspath(os.environ.get("SPINDLE", "./spindle"))
CORPUS = os.environ.get("SPINDLE_CORPUS", "")
LONG = bool(os.environ.get("SPINDLE_LONG"))
number = 0
sys.dont_write_bytecode = True
random.seed(9)
os.umask(0o022)


def ok(good, name, *why):
    global number
    number += 1
    print("ok" if good else "not ok", number, "-", name)
    for line in why if not good else ():
        print("#", str(line)[:2000].replace("\n", "\n# "))
    sys.stdout.flush()


def skip(name, why):
    global number
    number += 1
    print("ok %d - %s # SKIP %s" % (number, name, why))


def run(*words, **more):
    return subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120, **more)


def spindle(*words):
    return run(SPINDLE, *words)


def listing(top, modes=False):
    """path: what it is, below the folder"""
    out = {}
    top = os.fsencode(top)
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            st = os.lstat(path)
            key = os.path.relpath(path, top)
            if stat.S_ISLNK(st.st_mode):
                out[key] = ("link", os.readlink(path))
            elif stat.S_ISDIR(st.st_mode):
                out[key] = ("folder",) + ((st.st_mode & 0o777, int(st.st_mtime)) if modes else ())
            else:
                with open(path, "rb") as f:
                    data = f.read()
                out[key] = ("file", len(data), hashlib.sha1(data).hexdigest()) + (
                    (st.st_mode & 0o777, int(st.st_mtime)) if modes else ())
    return out


def differ(a, b, names=("ours", "theirs")):
    return ["%s: %s %s, %s %s" % (k, names[0], a.get(k), names[1], b.get(k))
            for k in sorted(set(a) | set(b)) if a.get(k) != b.get(k)][:8]


def fresh(name):
    if os.path.exists(name):
        for folder, folders, files in os.walk(name):
            os.chmod(folder, 0o700)
        shutil.rmtree(name)
    return name


def extract(image, *more, to="ours"):
    p = spindle("extract", image, "-o", fresh(to), *more)
    return p, (listing(to) if os.path.isdir(to) else {})


def plan(*parts):
    """each of them in a folder of its own that is gone afterwards, then the plan"""
    for part in parts:
        folder = tempfile.mkdtemp()
        try:
            os.chdir(folder)
            part()
        finally:
            os.chdir("/")
            fresh(folder)
    print("1..%d" % number)
