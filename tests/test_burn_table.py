#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Every medium and every layout of disc: burned, closed and verified, and read by programs of others;
# or refused with its reason before the first write. A sample; with SPINDLE_LONG the whole table,
# which is printed.
#
# Why some are asked the way they are:
#   cdrdao   read-cd takes data before audio for TAO's and leaves its last 150 sectors out: mixed
#            discs are read by readom and cd-read instead
#            and what it reads of audio is big-endian
#   cd-read  says "error reading block" of sectors it has read, so its exit status tells nothing
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading

SPINDLE = os.path.abspath(os.environ.get("SPINDLE", "./spindle"))
BUILD = os.path.abspath(os.environ.get("builddir", "."))
SIM, MAKE = os.path.join(BUILD, "spindle-sim"), os.path.join(BUILD, "tests", "layout_image")
LONG = bool(os.environ.get("SPINDLE_LONG"))
os.environ["ASAN_OPTIONS"] = "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")
CD = "cd-r", "cd-rw"
# dvd-rw-ro and bd-re are formatted first: they are written over as dvd+rw is
OTHERS = "dvd-r", "dvd-rw", "dvd-rw-ro", "dvd+r", "dvd+r-dl", "dvd+rw", "bd-r", "bd-re"
OVERWRITTEN = "dvd-rw-ro", "dvd+rw", "bd-re"
# of one track of data in sectors of 2048, or that become such: what is no CD takes these alone
PLAIN = ("data2048", "one-sector", "mode1-raw", "mode1-user", "dvd", "dvd-layers", "block",
         "mode1-long")
LAYOUTS = PLAIN + ("mode2-raw", "mode2-user", "xa-raw", "xa-2336", "xa-form1", "xa-form2", "audio",
                   "audio-3", "audio-hidden", "gaps-not-stored", "mixed", "mixed-pregap",
                   "cd-extra", "sessions-3", "gap-stored", "tracks-99", "first-4", "indexes",
                   "codes", "cd-text", "gd-rom", "sub-channel", "cd-to-the-end")
NO_CD = {"gap-stored": "a CD recorder begins it at LBA 11270",
         "gd-rom": "a CD recorder begins it at LBA 11315",
         "cd-to-the-end": "no room|the disc needs 449850 sectors"}
MIXED = "mixed", "mixed-pregap", "sub-channel"
SAMPLE = {"data2048": CD, "xa-raw": ("cd-r",), "cd-extra": ("cd-rw",), "tracks-99": ("cd-r",),
          "mixed": CD + ("dvd+r",), "sub-channel": ("cd-r",), "gd-rom": ("cd-r",),
          "block": ("dvd+rw", "bd-r"), "dvd": OTHERS, "audio-hidden": ("cd-r", "bd-re")}
number = 0
at_once = threading.Semaphore(10) # burns wait more than they work


def tell(name, why):
    global number
    number += 1
    if why and why[0] == "SKIP":
        print("ok %d - %s # SKIP %s" % (number, name, why[1]))
        return
    print("not ok" if why else "ok", number, "-", name)
    for line in why:
        print("#", str(line)[:1500].replace("\n", "\n# "))
    sys.stdout.flush()


class Layout:
    """The facts of one, as the table of layouts has them."""

    def __init__(self, name):
        self.name, self.tracks, self.regions = name, [], []

    def line(self, words):
        if words[0] == "layout":
            self.medium, self.sessions = int(words[2]), int(words[3])
        elif words[0] == "track":
            self.tracks.append((int(words[1]), int(words[2]), words[3], int(words[5]), int(words[6])))
        else:
            self.regions.append((int(words[1]), int(words[2]), words[3]))

    def sectors(self):
        """(LBA, mode, bytes) of each region that is stored"""
        size = 2352 if self.medium == 0 else 512 if self.name == "block" else 2048
        with open(os.path.join(top, self.name + ".sectors"), "rb") as file:
            for lba, count, mode in self.regions:
                yield lba, mode, file.read(count * size)


def run(folder, *words):
    return subprocess.run(words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=900, errors="replace")


def user(sectors):
    """2048 bytes of each sector of 2352 of mode 1"""
    return b"".join(sectors[at + 16:at + 2064] for at in range(0, len(sectors), 2352))


def swapped(samples):
    data = bytearray(samples)
    data[::2], data[1::2] = samples[1::2], samples[::2]
    return bytes(data)


class Job(threading.Thread):
    """A layout on media that all take it, or all do not."""

    def __init__(self, layout, media, takes):
        super().__init__()
        self.layout, self.media, self.takes = layout, media, takes
        self.result = {medium: ["nothing came of it"] for medium in media}

    def run(self):
        self.folder = tempfile.mkdtemp(dir=top)
        try:
            with at_once:
                self.burn()
        except Exception as error:  # pylint: disable=broad-except
            self.result = {medium: [repr(error)] for medium in self.media}
        shutil.rmtree(self.folder, ignore_errors=True)

    def burn(self):
        drives = []
        for medium in self.media:
            kind = "dvd-rw" if medium == "dvd-rw-ro" else medium
            if medium in ("dvd-rw-ro", "bd-re"):
                run(self.folder, SPINDLE, "blank", "-q", "--format",
                    "sim:%s.disc,medium=%s" % (medium, kind))
            drives.append("sim:%s.disc,%strace=%s.trace" % (
                medium, "" if medium in ("dvd-rw-ro", "bd-re") else "medium=%s," % kind, medium))
        done = subprocess.run(
            [SPINDLE, "burn", "--json", os.path.join(top, self.layout.name + ".disc")] + drives,
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=900)
        err = done.stderr.decode()
        try:
            reports = json.loads(done.stdout)["drives"]
        except ValueError:
            self.result = {medium: [err] for medium in self.media}
            return
        if self.layout.name == "block" and "1024 bytes of zeros fill up the last sector" not in err:
            self.result = {medium: ["the padding is not told", err] for medium in self.media}
            return
        for medium, report in zip(self.media, reports):
            why = self.burned(medium, report) if self.takes else self.refused(medium, report)
            self.result[medium] = why + [report, err] if why else []

    def refused(self, medium, report):
        want = NO_CD[self.layout.name] if medium in CD else \
            "holds one track of data"
        trace = open(os.path.join(self.folder, medium + ".trace")).read()
        if report["exit"] not in (5, 7) or not re.search(want, report["error"] or ""):
            return ["is not refused so"]
        if report["written"] != "nothing":
            return ["something was written"]
        # WRITE, FORMAT, BLANK, RESERVE, CLOSE, SEND CUE SHEET, SEND DISC STRUCTURE
        if re.search(r"(?m)^\d+ \+\d+ (2a|aa|04|a1|53|5b|5d|bf) ", trace):
            return ["the medium was changed"]
        return []

    def burned(self, medium, report):
        state = "overwritable" if medium in OVERWRITTEN else "complete"
        if report["exit"] or not report["verified"] or report["written"] != "whole" or \
                report["state"] != state:
            return ["is not burned, closed and verified"]
        return self.read_cd(medium) if medium in CD else self.read_blocks(medium)

    def on(self, medium, *words):
        return run(self.folder, SIM, medium + ".disc", "--", "timeout", "300", *words)

    def file(self, name):
        return open(os.path.join(self.folder, name), "rb").read()

    def read_blocks(self, medium):
        sectors = b"".join(user(data) if self.layout.medium == 0 else data
                           for _, mode, data in self.layout.sectors())
        if not sectors:
            return ["there is nothing to compare"]
        sectors += bytes(-len(sectors) % 2048)
        count = len(sectors) // 2048
        info = self.on(medium, "dvd+rw-mediainfo", "/dev/sr0")
        if "complete" not in (re.search(r"Disc status: *(.*)", info.stdout) or [0, ""])[1]:
            return ["dvd+rw-mediainfo", info.stdout]
        self.on(medium, "readom", "dev=/dev/sr0", "sectors=0-%d" % count, "f=back")
        if self.file("back") != sectors:
            return ["readom has read something else"]
        return []

    def read_cd(self, medium):
        info = self.on(medium, "cd-info", "--no-cddb", "--no-header", "--no-device-info").stdout
        for track, _, mode, start, _ in self.layout.tracks:
            kind = {"audio": "audio", "xa": "(data|XA)"}.get(mode, "(data|XA)")
            if not re.search(r"(?m)^ *%d: \d\d:\d\d:\d\d  %06d %s " % (track, start, kind), info):
                return ["cd-info: track %d at %d" % (track, start), info]
        if self.layout.name in MIXED:
            return self.read_mixed(medium)
        if self.layout.name in PLAIN:
            return self.read_plain(medium)
        return self.read_sessions(medium)

    def read_plain(self, medium):
        sectors = b"".join(user(data) if self.layout.medium == 0 else data
                           for _, mode, data in self.layout.sectors())
        sectors += bytes(-len(sectors) % 2048)
        self.on(medium, "readom", "dev=/dev/sr0", "sectors=0-%d" % (len(sectors) // 2048), "f=back")
        return [] if self.file("back") == sectors else ["readom has read something else"]

    def read_mixed(self, medium):
        for lba, mode, data in self.layout.sectors():
            end = lba + len(data) // 2352
            if mode == "audio":
                self.on(medium, "cd-read", "-m", "audio", "-s", str(lba), "-e", str(end - 1),
                        "-o", "back")
            else:
                self.on(medium, "readom", "dev=/dev/sr0", "sectors=%d-%d" % (lba, end), "f=back")
                data = user(data)
            if self.file("back") != data:
                return ["%s at LBA %d is something else" % (mode, lba)]
        return []

    def read_sessions(self, medium):
        """cdrdao reads each session's sectors raw, from its first track's index 1 on, or LBA 0"""
        for session in range(1, self.layout.sessions + 1):
            tracks = [t for t in self.layout.tracks if t[1] == session]
            first, end = tracks[0][3], tracks[-1][3] + tracks[-1][4]
            if session == 1:
                first = 0
            done = self.on(medium, "cdrdao", "read-cd", "-v", "1", "--read-raw", "--session",
                           str(session), "--datafile", "back", "--device", "/dev/sr0",
                           "%s.%d.toc" % (medium, session))
            back = self.file("back")
            os.unlink(os.path.join(self.folder, "back"))
            if len(back) != (end - first) * 2352:
                return ["cdrdao: session %d has %d bytes" % (session, len(back)), done.stdout]
            for lba, mode, data in self.layout.sectors():
                at = (lba - first) * 2352
                if mode == "audio":
                    data = swapped(data)
                if first <= lba < end and back[at:at + len(data)] != data:
                    return ["cdrdao: LBA %d, %s, is something else" % (lba, mode)]
        return []


def main():
    names = LAYOUTS if LONG else tuple(SAMPLE)
    layouts = {}
    for line in subprocess.run([MAKE, *names], cwd=top, stdout=subprocess.PIPE, check=True,
                               text=True).stdout.splitlines():
        words = line.split()
        if words[0] == "layout":
            layout = layouts[words[1]] = Layout(words[1])
        layout.line(words)
    jobs = []
    for name in names:
        media = CD + OTHERS if LONG else SAMPLE[name]
        takes = {m: name not in NO_CD if m in CD else name in PLAIN for m in media}
        for taken in True, False:
            some = [m for m in media if takes[m] is taken]
            if some:
                jobs.append(Job(layouts[name], some, taken))
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    for name in names:
        for job in jobs:
            if job.layout.name != name:
                continue
            for medium in job.media:
                tell("%s on %s: %s" % (name, medium, "burned, closed, verified and read by others"
                                       if job.takes else "refused before the first write"),
                     job.result[medium])
    if LONG:
        print("# %-16s" % "" + " ".join("%-9s" % m for m in CD + OTHERS))
        for name in names:
            cells = {m: "FAILED" if job.result[m] else "burned" if job.takes else "refused"
                     for job in jobs if job.layout.name == name for m in job.media}
            print("# %-16s" % name + " ".join("%-9s" % cells[m] for m in CD + OTHERS))


for program in SIM, MAKE:
    if not os.access(program, os.X_OK):
        print("1..0 # SKIP %s is not built" % program)
        sys.exit(0)
for program in "cd-info", "cd-read", "cdrdao", "readom", "dvd+rw-mediainfo":
    if not shutil.which(program):
        print("1..0 # SKIP %s is not installed" % program)
        sys.exit(0)
top = tempfile.mkdtemp(prefix="spindle-table-")
os.environ["TMPDIR"] = top
try:
    main()
finally:
    shutil.rmtree(top, ignore_errors=True)
print("1..%d" % number)
