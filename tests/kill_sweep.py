# SPDX-License-Identifier: GPL-3.0-or-later
# Small conversions with every I/O call killed, failed, cut short or interrupted in turn: what bears
# a final name afterwards is whole, and the next run goes through. Run by test_kill.sh.
import concurrent.futures
import hashlib
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

SPINDLE = os.path.abspath(os.environ["SPINDLE"])
LIBFAULT = os.path.abspath(os.environ["LIBFAULT"])
LONG = bool(os.environ.get("SPINDLE_LONG"))
# calls tried of one case beyond which a sample is taken; a sanitized run takes five times as long
SAMPLE = 0 if LONG else 6 if os.environ.get("SPINDLE_SANITIZED") else 36
PLAIN = dict(os.environ, LC_ALL="C", SOURCE_DATE_EPOCH="1700000000",
             ASAN_OPTIONS="verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", ""))
random.seed(1)


def convert(src, dst, more, fault=None, count=None):
    env = dict(PLAIN)
    if fault:
        env.update(LD_PRELOAD=LIBFAULT, SPINDLE_FAULT=fault,
                   SPINDLE_FAULT_PROGRAM=os.path.basename(SPINDLE))
    if count:
        env["SPINDLE_FAULT_COUNT"] = count
    return subprocess.run([SPINDLE, "convert", src, dst] + more, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)


def folder(path):
    out = {}
    for top, folders, names in os.walk(path):
        place = os.path.relpath(top, path)
        for name in names:
            with open(os.path.join(top, name), "rb") as f:
                out[os.path.normpath(os.path.join(place, name))] = \
                    hashlib.sha256(f.read()).hexdigest()
        if not names and not folders and place != ".":
            out[place] = "an empty folder"
    return out


def is_part(name):
    return name.split("/")[0].endswith(".part")


def iso_bytes(sectors, seed):
    """Sectors that name their LBA, with a primary volume descriptor that has the right size."""
    data = bytearray(random.Random(seed).randbytes(2048 * sectors))
    for lba in range(sectors):
        struct.pack_into("<I", data, 2048 * lba, lba)
    if sectors > 17:
        data[16 * 2048:18 * 2048] = bytes(4096)
        data[16 * 2048:16 * 2048 + 7] = b"\x01CD001\x01"
        struct.pack_into("<I", data, 16 * 2048 + 80, sectors)
        struct.pack_into(">I", data, 16 * 2048 + 84, sectors)
        struct.pack_into("<H", data, 16 * 2048 + 128, 2048)
        struct.pack_into(">H", data, 16 * 2048 + 130, 2048)
        data[17 * 2048:17 * 2048 + 7] = b"\xffCD001\x01"
    return bytes(data)


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def audio_sheet(directory, stem, lengths, seed):
    write(os.path.join(directory, stem + ".bin"),
          random.Random(seed).randbytes(2352 * sum(lengths)))
    lines = ['FILE "%s.bin" BINARY' % stem]
    at = 0
    for n, length in enumerate(lengths, 1):
        lines += ["  TRACK %02d AUDIO" % n, "    INDEX 01 00:%02d:%02d" % (at // 75, at % 75)]
        at += length
    write(os.path.join(directory, stem + ".cue"), ("\r\n".join(lines) + "\r\n").encode())


class Case:
    """One conversion, fresh or over an old set, with what it makes when nothing fails."""

    def __init__(self, base, name, src, old_src, dst, more, force, sample=SAMPLE):
        self.name = name + (" over an old set" if force else "")
        self.base, self.src, self.dst, self.force = base, src, dst, force
        self.sample = sample
        # what is there last, and tells that all is
        self.last = dst + "/Info.plist" if dst.endswith(".sparsebundle") else dst
        self.more = more + (["--force"] if force else [])
        self.tidy = more + ["--force"]
        self.old = {}
        self.old_dir = None
        if force:
            self.old_dir = tempfile.mkdtemp(dir=base)
            self.must(convert(old_src, os.path.join(self.old_dir, dst), more))
            self.old = folder(self.old_dir)
        fresh = tempfile.mkdtemp(dir=base)
        self.must(convert(src, os.path.join(fresh, dst), more))
        self.new = folder(fresh)
        if force and self.old == self.new:
            raise SystemExit("the old set must differ")
        self.calls = self.count("io")
        if not self.calls:
            raise SystemExit("%s: no call was counted" % self.name)

    def count(self, call):
        """How many calls of that kind one conversion makes."""
        counts = os.path.join(self.base, "count")
        work = self.work()
        self.must(convert(self.src, os.path.join(work, self.dst), self.more, call + ":0", counts))
        shutil.rmtree(work)
        with open(counts) as f:
            number = int(f.read().split()[0])
        os.unlink(counts)
        return number

    @staticmethod
    def must(run):
        if run.returncode:
            raise SystemExit("exit %d: %s" % (run.returncode, run.stderr.decode(errors="replace")))

    def work(self):
        path = tempfile.mkdtemp(dir=self.base)
        if self.old_dir:
            shutil.copytree(self.old_dir, path, dirs_exist_ok=True)
        return path

    def sound(self, found):
        """None when what bears a final name is whole and no sheet stands without its files."""
        final = {n: h for n, h in found.items() if not is_part(n)}
        for name, digest in final.items():
            if digest not in (self.new.get(name), self.old.get(name)):
                return "%s is not whole" % name
        if self.last not in final:
            return "%s without %s" % (sorted(final), self.last) if "/" in self.last and final else None
        sets = [s for s in (self.new, self.old) if s.get(self.last) == final[self.last]]
        if not any(all(final.get(n) == h for n, h in s.items()) for s in sets):
            return "%s stands without its files: %s" % (self.dst, sorted(final))
        return None

    def killed(self, fault):
        """Killed by the fault; then the same again undisturbed."""
        work = self.work()
        try:
            run = convert(self.src, os.path.join(work, self.dst), self.more, fault)
            if run.returncode not in (0, -signal.SIGKILL):
                return "exit %d: %s" % (run.returncode, run.stderr.decode(errors="replace"))
            found = folder(work)
            wrong = self.sound(found)
            if not wrong and run.returncode == 0 and found != dict(self.old, **self.new):
                wrong = "exit 0, but not what it should be"
            if wrong:
                return wrong
            # members without their descriptor are leavings, which the next run knows for its own
            final = self.last in found
            again = convert(self.src, os.path.join(work, self.dst),
                            self.tidy if final else self.more)
            if again.returncode:
                return "the next run: exit %d: %s" % (again.returncode,
                                                      again.stderr.decode(errors="replace"))
            found = folder(work)
            if any(is_part(n) for n in found):
                return "the next run leaves %s" % sorted(found)
            wrong = {n: h for n, h in found.items() if self.new.get(n, h) != h}
            if wrong or not set(self.new) <= set(found):
                return "the next run makes %s" % sorted(found)
            return None
        finally:
            shutil.rmtree(work)

    def failed(self, fault, may_fail, may_pass=True):
        """An error: one line, nothing half-made, nothing left; or no harm at all."""
        work = self.work()
        try:
            run = convert(self.src, os.path.join(work, self.dst), self.more, fault)
            text = run.stderr.decode(errors="replace")
            found = folder(work)
            if any(is_part(n) for n in found):
                return "exit %d leaves %s" % (run.returncode, sorted(found))
            if run.returncode == 0:
                whole = {n: h for n, h in found.items() if n in self.new}
                if whole != self.new:
                    return "exit 0, but not what it should be"
                return None if may_pass else "exit 0, as if nothing had failed"
            if not may_fail:
                return "exit %d: %s" % (run.returncode, text)
            if run.returncode != 4:
                return "exit %d: %s" % (run.returncode, text)
            lines = text.splitlines()
            errors = [l for l in lines
                      if l.startswith("spindle: ") and not l.startswith("spindle: note: ")]
            if len(errors) != 1 or not text.endswith("\n") or "Sanitizer" in text:
                return "says %r" % text
            if not self.force and found:
                return "exit %d leaves %s" % (run.returncode, sorted(found))
            return self.sound(found)
        finally:
            shutil.rmtree(work)

    def numbers(self):
        every = list(range(1, self.calls + 1))
        if self.sample and len(every) > self.sample:
            # the ends are where names change; the middle is one transfer like another
            first, last = self.sample * 2 // 9, self.sample // 2
            middle = random.sample(every[first:-last], self.sample - first - last)
            every = every[:first] + sorted(middle) + every[-last:]
        return every


tests = []
failures = 0


def report(name, wrong):
    global failures
    tests.append(name)
    print("%sok %d - %s" % ("not " if wrong else "", len(tests), name))
    for line in wrong[:8]:
        print("#   " + line.replace("\n", " | "))
    failures += bool(wrong)
    sys.stdout.flush()


def sweep(pool, name, jobs):
    """jobs: (label, function, arguments)"""
    waits = [(label, pool.submit(run, *arguments)) for label, run, *arguments in jobs]
    wrong = ["%s: %s" % (label, wait.result()) for label, wait in waits if wait.result()]
    report(name + " (%d)" % len(waits), wrong if waits else ["nothing was tried"])


def interrupted(base):
    """A signal in the middle of a long conversion."""
    src = os.path.join(base, "large.iso")
    with open(src, "wb") as f:
        f.write(iso_bytes(20, 3))
        f.truncate(400 << 20)
    for number in (signal.SIGINT, signal.SIGTERM):
        work = tempfile.mkdtemp(dir=base)
        run = subprocess.Popen([SPINDLE, "convert", src, os.path.join(work, "out.cue")], env=PLAIN,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE,
                               # in a shell's background job SIGINT is ignored
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        began = time.monotonic()
        while run.poll() is None and time.monotonic() - began < 20:
            if any(os.path.getsize(os.path.join(work, n)) > 1 << 20 for n in os.listdir(work)):
                break
            time.sleep(0.002)
        run.send_signal(number)
        text = run.communicate(timeout=30)[1].decode(errors="replace")
        wrong = []
        if run.returncode not in (130, 128 + number):
            wrong.append("exit %d: %s" % (run.returncode, text))
        if os.listdir(work):
            wrong.append("leaves %s" % os.listdir(work))
        report("a conversion stopped by %s leaves nothing" % number.name, wrong)
        shutil.rmtree(work)
    os.unlink(src)


def main():
    base = tempfile.mkdtemp(prefix="spindle-kill-")
    try:
        write(os.path.join(base, "a.iso"), iso_bytes(40, 1))
        write(os.path.join(base, "b.iso"), iso_bytes(25, 2))
        audio_sheet(base, "a-audio", [20, 30, 10], 3)
        audio_sheet(base, "b-audio", [15, 12, 21], 4)
        for stem in "ab":
            # of the same bands, with zeros between
            write(os.path.join(base, stem + ".img"), b"".join(
                random.Random(ord(stem) + i).randbytes(20000) + bytes(40000) for i in range(2)))
            for end in ".cue", ".dmg":
                Case.must(convert(os.path.join(base, stem + ".iso"), os.path.join(base, stem + end),
                                  []))
        for stem in "ab":
            os.makedirs(os.path.join(base, stem + "-folder", "inner"))
            for i in range(5):
                write(os.path.join(base, stem + "-folder", "inner" if i & 1 else "", str(i)),
                      random.Random(stem).randbytes(3000 * i))
        kinds = [("folder to iso", "%s-folder", "out.iso", []),
                 ("iso to cue", "%s.iso", "out.cue", []),
                 ("cue to a bin a track", "%s-audio.cue", "out.cue", ["-O", "bins=track"]),
                 ("cue to FLAC", "%s-audio.cue", "out.cue", ["-O", "audio=flac", "-O", "bins=track"]),
                 ("cue to iso", "%s.cue", "out.iso", []),
                 ("iso to cue, verified", "%s.iso", "out.cue", ["--verify"]),
                 ("iso to dmg", "%s.iso", "out.dmg", ["-O", "chunk=4"]),
                 ("dmg to iso", "%s.dmg", "out.iso", []),
                 ("img to sparsebundle", "%s.img", "out.sparsebundle", ["-O", "band=16"])]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for name, src, dst, more in kinds:
                authored = src.endswith("-folder")
                # one file is like another: disk images are sampled less densely
                few = "dmg" in name and not LONG
                for force in (False,) if authored or few else (False, True):
                    case = Case(base, name, os.path.join(base, src % "a"),
                                os.path.join(base, src % "b"), dst, more, force,
                                min(12, SAMPLE) if few else SAMPLE)
                    numbers = case.numbers()
                    sweep(pool, case.name + ": killed at any call",
                          [("call %d of %d" % (n, case.calls), case.killed, "io:%d:%s" % (n, how))
                           for n in numbers for how in ("kill", "killafter")])
                    sweep(pool, case.name + ": any call fails",
                          [("call %d of %d %s" % (n, case.calls, how), case.failed,
                            "io:%d:%s" % (n, how), True)
                           for n in numbers for how in ("EIO", "ENOSPC", "EINTR")])
                    # what was not written, synced or named cannot be a success
                    sweep(pool, case.name + ": what cannot be done is not done",
                          [("%s %s" % (call, n), case.failed, "%s:%s:%s" % (call, n, how), True,
                            False)
                           for call, how in (("pwrite", "ENOSPC"), ("fsync", "EIO"),
                                             ("renameat2", "EACCES"), ("renameat", "EIO"))
                           for i in range(1, case.count(call) + 1) for n in (i, "%d+" % i)]
                          + [("pread %d on" % n, case.failed, "pread:%d+:EIO" % n, True)
                             for n in (1, 2, 3)])
                    sweep(pool, case.name + ": transfers interrupted or short",
                          [("%s %d %s" % (call, n, how), case.failed, "%s:%d:%s" % (call, n, how),
                            # libisofs takes an interrupted read of a file for a failed one
                            authored and call == "read" and how == "EINTR")
                           for call in ("pread", "pwrite", "read", "write")
                           for how in ("EINTR", "short") for n in (1, 2, 5)])
        interrupted(base)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    print("1..%d" % len(tests))
    return 1 if failures else 0


sys.exit(main())
