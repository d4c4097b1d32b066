#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Burns that fail, are stopped or killed, on every medium and by both writers: the state that is told
# of each disc is the one it has, as the drive tells it to this script and as its sectors are; its
# tray can be opened; the drives beside it are not harmed.
#
# A sample; SPINDLE_LONG has a fault at every WRITE of libburn's, and every phase of more media.
import ctypes
import fcntl
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

import inside
from inside import LONG, SPINDLE, ok

SIM = os.path.join(os.path.abspath(os.environ.get("builddir", ".")), "spindle-sim")
SECTORS = 437  # of the image: no multiple of a medium's block
AT_ONCE = 16   # drives
CD = "cd-r", "cd-rw"
SEQUENTIAL = "dvd-r", "dvd-rw", "dvd+r", "dvd+r-dl", "bd-r"
MEDIA = CD + SEQUENTIAL + ("dvd+rw", "bd-re")
OVERWRITTEN = "dvd+rw", "bd-re"
# what is preloaded into a sanitized program comes before its sanitizer
os.environ["ASAN_OPTIONS"] = "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")


# --- what a drive says: run as PROBE COUNT within spindle-sim --------------------------------------

class SgIo(ctypes.Structure):
    _fields_ = [("interface", ctypes.c_int), ("direction", ctypes.c_int),
                ("cdb_size", ctypes.c_ubyte), ("sense_size", ctypes.c_ubyte),
                ("lists", ctypes.c_ushort), ("size", ctypes.c_uint), ("data", ctypes.c_void_p),
                ("cdb", ctypes.c_void_p), ("sense", ctypes.c_void_p), ("timeout", ctypes.c_uint),
                ("flags", ctypes.c_uint), ("pack", ctypes.c_int), ("user", ctypes.c_void_p),
                ("status", ctypes.c_ubyte), ("masked", ctypes.c_ubyte), ("message", ctypes.c_ubyte),
                ("sense_got", ctypes.c_ubyte), ("host", ctypes.c_ushort),
                ("driver", ctypes.c_ushort), ("left", ctypes.c_int), ("took", ctypes.c_uint),
                ("info", ctypes.c_uint)]


def command(fd, cdb, size=0):
    """what it answers; None: it fails"""
    data = ctypes.create_string_buffer(size or 1)
    bytes_of = ctypes.create_string_buffer(bytes(cdb), len(cdb))
    sense = ctypes.create_string_buffer(32)
    io = SgIo(interface=ord("S"), direction=-3 if size else -1, cdb_size=len(cdb), sense_size=32,
              size=size, data=ctypes.addressof(data), cdb=ctypes.addressof(bytes_of),
              sense=ctypes.addressof(sense), timeout=60000)
    fcntl.ioctl(fd, 0x2285, io)
    return None if io.status or io.host else data.raw[:size - io.left]


def probe(count):
    for i in range(count):
        fd = os.open("/dev/sr%d" % i, os.O_RDONLY | os.O_NONBLOCK)
        for _ in range(20):
            if command(fd, [0] * 6) is not None:
                break
        info = command(fd, [0x51] + [0] * 7 + [34, 0], 34)
        sectors = []
        while len(sectors) < SECTORS:
            data = command(fd, [0x28, 0] + list(len(sectors).to_bytes(4, "big")) + [0, 0, 1, 0], 2048)
            if data is None:
                break
            sectors.append(data)
        open("read.%d" % i, "wb").write(b"".join(sectors))
        print(json.dumps({"status": info[2] & 3, "session": info[2] >> 2 & 3, "sessions": info[4],
                          "read": len(sectors)}))
        os.close(fd)


if sys.argv[1:2] == ["PROBE"]:
    probe(int(sys.argv[2]))
    sys.exit(0)


# --- the tests -------------------------------------------------------------------------------------

def volume(n):
    random.seed(8)
    data = bytearray(random.randbytes(n * 2048))
    data[16 * 2048:17 * 2048] = (b"\1CD001\1\0" + b" " * 32 + b"FAULTS".ljust(32)).ljust(80, b"\0") + \
        struct.pack("<I", n) + struct.pack(">I", n) + bytes(2048 - 88)
    data[17 * 2048:18 * 2048] = b"\xffCD001\1".ljust(2048, b"\0")
    return bytes(data)


class Disc:
    """One drive of a burn: its medium, and what goes wrong in it."""

    def __init__(self, medium, fault="", trace=True):
        self.medium, self.fault, self.trace = medium, fault, trace

    def name(self, i):
        self.path = "%d.disc" % i
        text = "sim:%s,medium=%s" % (self.path, self.medium)
        if self.trace:
            text += ",trace=%d.trace" % i
        if self.fault:
            open("%d.faults" % i, "w").write(self.fault + "\n")
            text += ",faults=%d.faults" % i
        return text

    def unlocked(self, i):
        locks = [line for line in open("%d.trace" % i) if " 1e 00 00 00 " in line]
        return not locks or " 1e 00 00 00 00 " in locks[-1]


def truth(discs):
    words = [SIM]
    for disc in discs:
        words += ["--drive", disc.path]
    done = subprocess.run(words + ["--", sys.executable, os.path.abspath(__file__), "PROBE",
                                   str(len(discs))], stdout=subprocess.PIPE, timeout=120)
    return [json.loads(line) for line in done.stdout.splitlines()]


STATES = {0: "blank", 1: "appendable", 2: "complete"}


def wrong(report, real, i, image, overwritten):
    """What of the report is not so; None: it is the truth."""
    written, sectors = report["written"], report["sectors"]
    read = open("read.%d" % i, "rb").read()
    if overwritten:
        if report["state"] != "overwritable":
            return "state"
    elif STATES[real["status"]] != report["state"]:
        return "state"
    if written == "nothing":
        good = overwritten or real["status"] == 0
    elif written == "part":
        good = real["session"] == 3 or (real["session"] == 0 and real["sessions"] > 1)
        good = good and real["read"] >= min(sectors, SECTORS)
    elif written == "damaged":
        good = overwritten or real["session"] in (1, 2)
    else:
        good = written == "whole" and read == image and report["planned"] == sectors
    if not good:
        return "written"
    if sectors > report["planned"]:
        return "sectors"
    # a CD without its TOC gives nothing back
    if (real["read"] or written == "part") and read[:sectors * 2048] != image[:sectors * 2048]:
        return "what was sent"
    return None


class Burn(threading.Thread):
    """A burn in a folder of its own; many run at a time, as they mostly wait."""

    def __init__(self, name, src, discs, words=(), want=(7,)):
        super().__init__()
        self.name, self.src, self.discs, self.words, self.want = name, src, discs, words, want
        self.why = []

    def run(self):
        self.folder = tempfile.mkdtemp(dir=top)
        try:
            self.burn()
        except Exception as error:  # pylint: disable=broad-except
            self.why.append(repr(error))

    def shell(self, words):
        """Runs it: its status."""
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=600, cwd=self.folder)
        self.out, self.err = done.stdout, done.stderr.decode(errors="replace")
        return done.returncode

    def burn(self):
        with folder_lock:
            os.chdir(self.folder)
            words = [SPINDLE, "burn", "--json", *self.words, self.src,
                     *[disc.name(i) for i, disc in enumerate(self.discs)]]
        for disc in self.discs:
            if disc.medium == "bd-re":
                self.shell([SPINDLE, "blank", "-q", "--format", "sim:" + disc.path + ",medium=bd-re"])
        self.status = self.shell(words)

    def judge(self):
        """Once it has ended: in its own folder, as all names there are short."""
        if self.why:
            ok(False, self.name, *self.why)
            return
        os.chdir(self.folder)
        why = []
        if self.status not in self.want:
            why.append("exit %d" % self.status)
        try:
            drives = json.loads(self.out)["drives"]
            real = truth(self.discs)
        except (ValueError, KeyError) as error:
            ok(False, self.name, repr(error), self.out.decode(), self.err)
            return
        if len(real) != len(self.discs):
            why.append("probe")
        image = open(self.src, "rb").read()[:SECTORS * 2048]
        for i, (disc, report, found) in enumerate(zip(self.discs, drives, real)):
            what = None
            if self.src.endswith(".iso"):
                what = wrong(report, found, i, image, disc.medium in OVERWRITTEN)
            elif report["written"] == "whole":
                what = None if found["session"] == 3 else "written"
            elif STATES[found["status"]] != report["state"] or \
                    (report["written"] == "damaged") != (found["session"] in (1, 2)):
                what = "state"
            killed = i == 0 and getattr(self, "how", "") == "SIGKILL"
            if not what and not killed and disc.fault == "" and "whole" not in report["written"] and 7 in self.want:
                what = "harmed by others"
            if not what and disc.fault and disc.fault != "whole" and report["exit"] not in self.want:
                what = "exit"
            if not what and disc.trace and not disc.unlocked(i):
                what = "locked"
            if what:
                why.append("%s, %s: %s: said %s, is %s" % (disc.medium, disc.fault, what, report,
                                                          found))
        lines = [line for line in self.err.splitlines() if line]
        if len(lines) > 2 * len(self.discs) + 3:
            why.append("%d lines for %d drives" % (len(lines), len(self.discs)))
        ok(not why, self.name, *why, self.err if why else "")


class Stop(Burn):
    """A burn that is ended at a phase: by a signal to the program, or to one drive's process."""

    def __init__(self, phase, how, src, discs, words=(), want=(130,)):
        super().__init__("%s at %s: %s" % (how, phase, ", ".join(d.medium for d in discs)), src,
                         discs, words, want)
        self.phase, self.how = phase, how

    @staticmethod
    def worker(parent):
        """the process of the first drive: a child of spindle-sim"""
        for _ in range(3):
            for name in os.listdir("/proc"):
                if not name.isdigit():
                    continue
                try:
                    words = open("/proc/%s/cmdline" % name, "rb").read().split(b"\0")
                    stat = open("/proc/%s/stat" % name).read().rsplit(")", 1)[1].split()
                    above = open("/proc/%s/stat" % stat[1]).read().rsplit(")", 1)[1].split()
                    drive = open("/proc/%s/cmdline" % stat[1], "rb").read()
                except OSError:
                    continue
                if b"__burn" in words[:2] and b"\0" + b"0.disc," in drive and \
                        int(above[1]) == parent:
                    return int(name)
        return 0

    def shell(self, words):
        if "blank" in words:
            return super().shell(words)
        child = subprocess.Popen(words + ["--progress=json"], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder,
                                 preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        self.err, told = "", False
        for line in child.stderr:
            line = line.decode(errors="replace")
            event = json.loads(line) if line.startswith("{") else {}
            if event.get("event") != "progress":
                self.err += line
            elif not told and (event["phase"] == self.phase or
                               (self.phase == "closing" and event["phase"] == "writing" and
                                event["done"] * 2 >= event["total"] - 1)):
                told = True
                pid = child.pid if self.how == "SIGINT" else self.worker(child.pid)
                if pid:
                    os.kill(pid, signal.SIGINT if self.how == "SIGINT" else signal.SIGKILL)
                else:
                    self.why.append("no process of a drive")
        self.out = child.stdout.read()
        if not told:
            self.why.append("there was no such phase")
        return child.wait()


folder_lock = threading.Lock()
top = tempfile.mkdtemp(prefix="spindle-faults-")
os.environ["TMPDIR"] = top


def faults_of(lbas, word):
    return ["%d %s" % (lba, word) for lba in lbas]


def table():
    """(medium, fault) of libburn's burns, of the writer of our own session at once, and raw"""
    words = "write-error", "full", "underrun", "write-reset"
    if not LONG:
        some = [(m, "%d %s" % (97 * i % SECTORS, words[i % 4])) for i, m in enumerate(MEDIA)]
        some += [("cd-r", "-1 write-error"), ("dvd-r", "0 write-error"),
                 ("dvd+r", "any calibration"), ("cd-r", "any calibration"), ("bd-r", "0 full")]
        own = [("cd-r", f) for f in ("-150 write-error", "300 underrun", "any calibration",
                                     "700 write-reset", "1349 full")]
        raw = [("cd-rw", f) for f in ("-9000 write-error", "10 write-reset", "1350 write-error")]
        return some, own, raw
    some = [(m, "%d %s" % (lba, word)) for m in MEDIA for word in words
            for lba in range(0, SECTORS, 16 if word == "write-error" else 96)]
    some += [(m, "%d write-error" % lba) for m in CD for lba in range(-150, 0, 16)]
    some += [(m, "any calibration") for m in MEDIA]
    own = [("cd-r", "%d %s" % (lba, word)) for word in words for lba in range(-150, 1350, 75)]
    raw = [("cd-r", "%d %s" % (lba, word)) for word in words
           for lba in list(range(-11000, -150, 1500)) + list(range(-150, 1350, 150)) + [1350, 3000]]
    return some, own, raw


def burns(kind, src, rows, words):
    out = []
    # one of every sixteen has nothing wrong with it
    for at in range(0, len(rows), AT_ONCE - 1):
        part = rows[at:at + AT_ONCE - 1]
        discs = [Disc(m, fault) for m, fault in part]
        discs.insert(len(discs) // 2, Disc(part[0][0]))
        out.append(Burn("%s: what is said of a disc that failed is so: %s" %
                        (kind, ", ".join("%s %s" % row for row in part)), src, discs, words))
    return out


def run_all(jobs, at_once=9):
    for at in range(0, len(jobs), at_once):
        for job in jobs[at:at + at_once]:
            job.start()
        for job in jobs[at:at + at_once]:
            job.join()
        for job in jobs[at:at + at_once]:
            job.judge()


def main():
    os.chdir(top)
    open("data.iso", "wb").write(volume(SECTORS))
    random.seed(9)
    open("mixed.bin", "wb").write(b"")
    with open("mixed.cue", "w") as cue:
        open("one.iso", "wb").write(random.randbytes(300 * 2048))
        subprocess.run([SPINDLE, "convert", "-q", "one.iso", "one.cue"], check=True)
        open("mixed.bin", "wb").write(open("one.bin", "rb").read() + random.randbytes(1050 * 2352))
        cue.write('TITLE "Mixed"\nFILE "mixed.bin" BINARY\nTRACK 01 MODE1/2352\n'
                  "INDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 00 00:04:00\nINDEX 01 00:06:00\n")
    libburn, own, raw = table()
    jobs = burns("libburn", os.path.join(top, "data.iso"), libburn, ())
    jobs += burns("our own, at once", os.path.join(top, "mixed.cue"), own, ("--mode=sao",))
    jobs += burns("our own, raw", os.path.join(top, "mixed.cue"), raw, ("--mode=raw",))
    jobs += stops()
    run_all(jobs)


def stops():
    """A signal at each phase, on both writers' media."""
    for name, size in ("long.iso", 24 << 20), ("longer.iso", 64 << 20):
        os.truncate(shutil.copy("data.iso", name), size)
    long, longer = os.path.join(top, "long.iso"), os.path.join(top, "longer.iso")
    open("long.bin", "wb").truncate(20000 * 2352)
    open("long.cue", "w").write('TITLE "Long"\nFILE "long.bin" BINARY\nTRACK 01 AUDIO\n'
                                "INDEX 01 00:00:00\n")
    audio = os.path.join(top, "long.cue")
    some, more = ("cd-r", "dvd-r", "dvd+r", "bd-r"), ("cd-rw", "dvd-rw", "dvd+r-dl", "dvd+rw", "bd-re")

    def discs(kinds, trace=True):
        # what goes on with the disc of one that was killed makes no second trace
        return [Disc(kind, trace=trace) for kind in kinds]
    jobs = [Stop("writing", "SIGINT", long, discs(some)),
            Stop("closing", "SIGINT", long, discs(("cd-r", "dvd+r")), want=(130, 0)),
            Stop("verifying", "SIGINT", longer, discs(("cd-r", "bd-r"))),
            Stop("lead-in", "SIGINT", audio, discs(("cd-r",)), ("--mode=raw",)),
            Stop("writing", "SIGKILL", long, discs(("bd-r", "dvd+r"), False), want=(7,)),
            Stop("lead-in", "SIGKILL", audio, discs(("cd-r",), False), ("--mode=raw",), want=(7,))]
    if LONG:
        for kinds in some, more:
            jobs += [Stop(phase, "SIGINT", longer, discs(kinds), want=(130, 0))
                     for phase in ("writing", "closing", "verifying")]
        jobs += [Stop(phase, "SIGINT", audio, discs(("cd-r",)), ("--mode=" + mode,), want=(130, 0))
                 for phase in ("writing", "verifying") for mode in ("raw", "sao")]
        jobs += [Stop(phase, "SIGKILL", longer, discs((kind, "dvd-r"), False), want=(7,))
                 for phase in ("writing", "closing", "verifying") for kind in some + more]
    return jobs


if not os.access(SIM, os.X_OK):
    print("1..0 # SKIP %s is not built" % SIM)
    sys.exit(0)
try:
    main()
finally:
    os.chdir("/")
    shutil.rmtree(top, ignore_errors=True)
print("1..%d" % inside.number)
