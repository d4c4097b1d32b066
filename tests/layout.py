#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# What each cue sheet of the corpus must become: a second cue reader and layout model, which shares
# nothing with the one under test. Writes the expectations of tests/expect.
#
#   layout.py [--json] CORPUS OUTDIR
#
# A sheet's data files mostly no longer exist. Their sizes are chosen here: where the sheet names
# its disc (REM DISCID, the FreeDB id) so that the id comes out right, otherwise a plausible number.
# Files that were compressed audio are given as WAVE; data is zeros, so a MODE2/2352 track, whose
# sectors alone say whether they are XA, is formless here.

import json
import os
import re
import sys

FRAME = 2352
WAVE_HEADER = 44
MAIN = {  # TRACK type: mode, parts, bytes of a sector
    "AUDIO": ("audio", ["user"], 2352),
    "CDG": ("audio", ["user", "pw"], 2448),
    "MODE1/2048": ("mode1", ["user"], 2048),
    "MODE1/2352": ("mode1", ["sync", "header", "user", "ecc"], 2352),
    "MODE2/2336": ("mode2", ["user"], 2336),
    "MODE2/2352": ("mode2", ["sync", "header", "user"], 2352),
}
CONTROL = {"PRE": 1, "DCP": 2, "4CH": 8}
TEXTS = ["title", "performer", "songwriter", "composer", "arranger", "message", "disc_id", "genre",
         "upc_ean", "remark"]  # in the order of their pack types


class Refused(Exception):
    def __init__(self, line, why):
        super().__init__(why)
        self.line = line


# ------------------------------------------------------------------------------------------ parser

def words(line):
    """Words of a line; a quoted one ends at a quote that white space or the line's end follows."""
    found, at = [], 0
    while True:
        while at < len(line) and line[at] in " \t":
            at += 1
        if at == len(line):
            return found
        if line[at] == '"':
            end = at + 1
            while end < len(line) and not (
                    line[end] == '"' and (end + 1 == len(line) or line[end + 1] in " \t")):
                end += 1
            found.append(line[at + 1:end])
            at = min(end + 1, len(line))
        else:
            end = at
            while end < len(line) and line[end] not in " \t":
                end += 1
            found.append(line[at:end])
            at = end


def frames(text, line):
    """mm:ss:ff of a length or a time in a file."""
    match = re.fullmatch(r"(\d{1,3}):(\d\d):(\d\d)", text)
    if not match:
        raise Refused(line, "not a time: " + text)
    minute, second, frame = map(int, match.groups())
    if second >= 60 or frame >= 75:
        raise Refused(line, "no such time: " + text)
    return (minute * 60 + second) * 75 + frame


class Track:
    def __init__(self, number, kind):
        self.number, self.kind = number, kind
        self.flags, self.isrc, self.pregap, self.postgap = [], "", 0, 0
        self.marks = []  # (index, frame in its file)


class Sheet:
    def __init__(self):
        self.mcn, self.texts, self.discid = "", [], None
        self.files = []   # {name, type, marks: [(track, index, frame)]}
        self.tracks = []

    def command(self, line, word, rest):
        """One line; `rest` is what follows its first word."""
        args = words(rest)
        name = word.upper()
        track = self.tracks[-1] if self.tracks else None
        number = track.number if track else 0

        def want(count):
            if len(args) != count:
                raise Refused(line, "%s takes %d words" % (name, count))

        if name == "REM":
            self.texts.append((number, "remark", rest.strip(" \t")))
            if args[:1] == ["DISCID"]:
                self.discid = int(args[1], 16)
            if args[:1] in (["SESSION"], ["LEAD-OUT"], ["LEAD-IN"], ["PREGAP"],
                            ["SINGLE-DENSITY"], ["HIGH-DENSITY"]):
                raise NotImplementedError("no sheet of the corpus has several sessions")
        elif name == "CATALOG":
            want(1)
            if not re.fullmatch(r"\d{13}", args[0]):
                raise Refused(line, "a catalogue number has 13 digits")
            self.mcn = args[0] if int(args[0]) else ""  # all zeros: EAC found none
        elif name.lower() in TEXTS:
            self.texts.append((number, name.lower(), args[0] if rest.strip()[:1] == '"'
                               else rest.strip(" \t")))
        elif name == "FILE":
            want(2)
            if args[1].upper() not in ("BINARY", "MOTOROLA", "WAVE", "AIFF", "MP3", "FLAC"):
                raise Refused(line, "unknown file type " + args[1])
            self.files.append({"name": args[0], "type": args[1].upper(), "marks": []})
        elif name == "TRACK":
            want(2)
            if not self.files:
                raise Refused(line, "TRACK before FILE")
            if args[1].upper() not in MAIN:
                raise Refused(line, "unknown track mode " + args[1])
            if not args[0].isdigit() or not 1 <= int(args[0]) <= 99:
                raise Refused(line, "no such track number")
            if track and int(args[0]) != track.number + 1:
                raise Refused(line, "track numbers do not ascend")
            self.tracks.append(Track(int(args[0]), args[1].upper()))
        elif not track:
            raise Refused(line if self.files else None, "")
        elif name == "FLAGS":
            if not args or any(flag.upper() not in (*CONTROL, "SCMS") for flag in args):
                raise Refused(line, "unknown flag")
            track.flags = [flag.upper() for flag in args]
        elif name == "ISRC":
            want(1)
            track.isrc = args[0] if args[0].strip("0") else ""
        elif name in ("PREGAP", "POSTGAP"):
            want(1)
            setattr(track, name.lower(), frames(args[0], line))
        elif name == "INDEX":
            want(2)
            index, at = int(args[0]), frames(args[1], line)
            if track.marks and index != track.marks[-1][0] + 1 or \
                    not track.marks and index > 1:
                raise Refused(line, "index numbers do not ascend")
            marks = self.files[-1]["marks"]
            if marks and at < marks[-1][2]:
                raise Refused(line, "times do not ascend")
            track.marks.append((index, at))
            marks.append((track, index, at))
        else:
            raise Refused(line, "unknown command " + word)


def parse(data):
    sheet = Sheet()
    text = data.decode("utf-8-sig")
    for line, content in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        match = re.match(r"[ \t]*([^ \t]+)(.*)", content)
        if match:
            sheet.command(line, match.group(1), match.group(2))
    for track in sheet.tracks:
        if all(index != 1 for index, _ in track.marks):
            raise Refused(None, "INDEX 01")
    if not sheet.tracks:
        raise Refused(None, "")
    return sheet


# ------------------------------------------------------------------------------------------- model

class Disc:
    def __init__(self, sheet, sectors):
        """`sectors`: of each FILE line's file, all of one sector size."""
        self.regions, self.lba = [], -150
        self.index = {track.number: {} for track in sheet.tracks}
        self.kind = {track.number: track.kind for track in sheet.tracks}
        first = sheet.tracks[0]
        self.index[first.number][0] = -150
        self.add(150, "pregap", first, False)
        begun = None
        for file, length in zip(sheet.files, sectors):
            marks = file["marks"]
            if not marks:
                raise Refused(None, "a file without an index")
            if marks[0][2]:  # what lies before the first index is a pregap
                self.start(marks[0][0], 0)
                self.add(marks[0][2], "pregap", marks[0][0], True)
            for (track, index, at), after in zip(marks, marks[1:] + [(None, None, length)]):
                if track is not begun:
                    if begun:
                        self.add(begun.postgap, "postgap", begun, False)
                    begun = track
                    if track.pregap:
                        self.start(track, 0)
                        self.add(track.pregap, "pregap", track, False)
                if after[2] < at:
                    raise Refused(None, "an index beyond the end of the file")
                self.start(track, index)
                self.add(after[2] - at, "pregap" if index == 0 else "track", track, True)
        self.add(begun.postgap, "postgap", begun, False)
        self.lead_out = self.lba

    def start(self, track, index):
        self.index[track.number].setdefault(index, self.lba)

    def add(self, count, kind, track, stored):
        """Neighbours alike in all but their place are one region."""
        mode, parts, _ = MAIN[track.kind]
        region = {"lba": self.lba, "count": count, "kind": kind, "track": track.number,
                  "session": 1, "mode": mode, "parts": parts if stored else [], "stored": stored}
        self.lba += count
        if not count:
            return
        last = self.regions[-1] if self.regions else None
        alike = last and all(last[key] == region[key] for key in region if key not in
                             ("lba", "count"))
        if alike:
            last["count"] += count
        else:
            self.regions.append(region)


def layout(sheet, sectors):
    disc = Disc(sheet, sectors)
    tracks = []
    for at, track in enumerate(sheet.tracks):
        index = disc.index[track.number]
        after = disc.lead_out
        if at + 1 < len(sheet.tracks):
            following = disc.index[sheet.tracks[at + 1].number]
            after = following.get(0, following[1])
        tracks.append({
            "number": track.number, "mode": MAIN[track.kind][0], "start": index[1],
            "length": after - index[1], "pregap": index[1] - index.get(0, index[1]),
            "indexes": [{"number": number, "lba": index[number]} for number in sorted(index)],
            "flags": track.flags, "isrc": track.isrc,
            "control": (0 if track.kind in ("AUDIO", "CDG") else 4) |
            sum(CONTROL.get(flag, 0) for flag in set(track.flags))})
    order = sorted(sheet.texts, key=lambda text: (text[0], TEXTS.index(text[1])))
    return {"medium": "cd", "mcn": sheet.mcn,
            "sessions": [{"number": 1, "lead_out": disc.lead_out, "tracks": tracks}],
            "texts": [{"track": t, "type": k, "text": v} for t, k, v in order],
            "regions": disc.regions}


def freedb(disc):
    """The id players and EAC compute: a sum of digits of the tracks' seconds, length, tracks."""
    session = disc["sessions"][0]
    seconds = [(track["start"] + 150) // 75 for track in session["tracks"]]
    digits = sum(int(digit) for second in seconds for digit in str(second))
    length = (session["lead_out"] + 150) // 75 - seconds[0]
    return digits % 255 << 24 | length << 8 | len(seconds)


# ------------------------------------------------------------------------------------------ choice

def ending(seconds, first):
    """Sectors up to a lead-out that is `seconds` after the whole second track 1 starts in."""
    return (seconds + (first + 150) // 75) * 75 - 150 + 37


def steps(starts):
    return [b - a for a, b in zip(starts, starts[1:])]


def times(text):
    return [frames(time, None) for time in text.split()]


KINGS = times("00:00:00 03:57:36 08:03:67 11:27:18 15:18:00 18:42:17 22:03:72 25:09:25 28:10:13 "
              "33:17:47 37:04:58") + [ending(0x09ff, 0)]
# Where the files of "Surfer Rosa" part when each pregap lies in front of its own track
PIXIES = times("00:00:00 03:03:42 05:08:42 06:56:67 08:27:00 12:21:70 14:53:60 18:47:15 21:03:70 "
               "22:56:15 24:43:32 29:49:20 31:31:27 33:32:20 36:46:45 39:40:22 41:21:47 43:51:47 "
               "46:06:10 48:23:25 51:24:07") + [ending(0x0caa, 32)]
PIXIES_FILES = steps(PIXIES)


def pixies(first, second, third):
    """The first three files with these sectors less or more."""
    change = [first, second, third] + [0] * (len(PIXIES_FILES) - 3)
    return [a + b for a, b in zip(PIXIES_FILES, change)]


SECTORS = {  # of each FILE line; one number: the same for all
    "cue/libcdio/cdda.cue": 302,
    "cue/libcdio/cdda_4_5.cue": 302,
    "cue/libcdio/isofs-m1.cue": 302,
    "cue/libcdio/p1.cue": 302,
    "cue/libcdio/t2.cue": 5000,
    "cue/libcdio/t3.cue": 5000,
    "cue/libcdio/vcd_demo.cue": 2110,  # what libcdio's own expected listing ends with
    "cue/libcue/99_tracks.cue": 140000,
    "cue/libcue/issue10.cue": 1000,
    "cue/whipper/bloc.cue": ending(0x0be0, 15220) - 15220,
    "cue/whipper/breeders.cue": ending(0x0899, 0),
    "cue/whipper/cure.cue": ending(0x0c65, 0),
    "cue/whipper/kanye.cue": 30000,
    "cue/whipper/kings-separate.cue": steps(KINGS),
    "cue/whipper/kings-single.cue": KINGS[-1],
    "cue/whipper/strokes-someday.eac.cue": ending(0x00ba, 1) - 1,
    "cue/whipper/surferrosa.eac.corrected.cue": PIXIES_FILES,
    "cue/whipper/surferrosa.eac.currentgap.cue": pixies(-32, 45, -45),
    "cue/whipper/surferrosa.eac.leftout.cue": pixies(-32, 0, -45),
    "cue/whipper/surferrosa.eac.noncompliant.cue": pixies(-32, 45, -45),
    "cue/whipper/surferrosa.eac.single.cue": PIXIES[-1],
    "cue/whipper/track-separate.cue": 10,
    "cue/whipper/track-single.cue": 10,
    "bad/libcdio/bad-cat1.cue": 302,
    "bad/libcdio/bad-cat3.cue": 302,
    "bad/libcdio/bad-mode1.cue": 302,
    "bad/libcdio/bad-msf-2.cue": 302,
    "bad/libcue/clusterfuzz-testcase-minimized-fuzz-6416083458064384.cue": 140000,
    "bad/libcue/leak.cue": 302,
    "cue/dfirlabs/image.cue": 302,
}
# Not for the cue reader at all: what they are found to be instead
RECOGNISED = {"cue/dfirlabs/image.cue": "toc"}


def siblings(corpus, path, data, sectors):
    """Every file a sheet names, also one that will be refused."""
    folder = os.path.dirname(os.path.join(corpus, path))
    there = {name.lower(): name for name in os.listdir(folder)}
    found = {}
    named = re.findall(rb'^[ \t]*FILE[ \t]+("[^"\r\n]*"|[^ \t]+)[ \t]+([^ \t\r\n]+)', data, re.M)
    for (name, kind), count in zip(named, sectors):
        name = name.decode().strip('"').replace("\\", "/")
        real = there.get(name.lower())
        size = count * FRAME
        if real:
            found[name] = {"name": real, "kind": "real",
                           "size": os.path.getsize(os.path.join(folder, real))}
        elif kind in (b"WAVE", b"FLAC"):
            found[name] = {"name": name, "kind": "wave", "size": size + WAVE_HEADER}
        else:
            found[name] = {"name": name, "kind": "binary", "size": size}
    return list(found.values())


def expectation(corpus, path):
    with open(os.path.join(corpus, path), "rb") as file:
        data = file.read()
    count = len(re.findall(rb"^[ \t]*FILE[ \t]", data, re.M))
    sectors = SECTORS[path]
    if isinstance(sectors, int):
        sectors = [sectors] * count
    want = {"sheet": path, "siblings": siblings(corpus, path, data, sectors)}
    base = os.path.basename(path)
    if path in RECOGNISED:
        want["refused"] = {"status": 5, "contains": [RECOGNISED[path]]}
        return want
    try:
        sheet = parse(data)
        for sibling in want["siblings"]:
            if sibling["kind"] == "real" and sibling["size"] != sectors[0] * FRAME:
                raise SystemExit(path + ": the real file has another size")
        want["layout"] = layout(sheet, sectors)
        if sheet.discid is not None and freedb(want["layout"]) != sheet.discid:
            raise SystemExit("%s: id %08X, not %08X" % (path, freedb(want["layout"]),
                                                        sheet.discid))
    except Refused as refused:
        place = "%s:%d:" % (base, refused.line) if refused.line else base
        want["refused"] = {"status": 3, "contains": [place]}
        if not refused.line and str(refused):
            want["refused"]["contains"].append(str(refused))
    return want


# ------------------------------------------------------------------------------------------ output

def quote(text):
    out = "".join(c if c not in '"\\' else "\\" + c for c in text)
    return '"' + "".join(c if c >= " " else "\\x%02x" % ord(c) for c in out) + '"'


def lines(want):
    """The form tests/disc_print.c prints a disc in; above it what the test has to prepare."""
    yield "sheet " + want["sheet"]
    for sibling in want["siblings"]:
        yield "sibling %s %d %s" % (sibling["kind"], sibling["size"], sibling["name"])
    if "refused" in want:
        yield "refused %d" % want["refused"]["status"]
        for text in want["refused"]["contains"]:
            yield "contains " + text
        return
    disc = want["layout"]
    yield "disc"
    yield "medium " + disc["medium"]
    if disc["mcn"]:
        yield "mcn " + disc["mcn"]
    for session in disc["sessions"]:
        yield "session %d leadout %d" % (session["number"], session["lead_out"])
        for track in session["tracks"]:
            yield "track %d %d %s %d %d %d %s" % (
                track["number"], session["number"], track["mode"], track["start"],
                track["length"], track["control"], track["isrc"] or "-")
            for index in track["indexes"]:
                yield "index %d %d %d" % (track["number"], index["number"], index["lba"])
    for region in disc["regions"]:
        yield "region %d %d %s %d %d %s %s %s" % (
            region["lba"], region["count"], region["kind"], region["track"], region["session"],
            region["mode"], "+".join(region["parts"]) or "-",
            "stored" if region["stored"] else "absent")
    for text in disc["texts"]:
        yield "text %d %s %s" % (text["track"], text["type"], quote(text["text"]))


def same_disc(wants):
    """The forms of one rip describe one disc, whatever they keep of the gaps."""
    forms = [want["layout"]["sessions"] for want in wants]
    if any(form != forms[0] for form in forms):
        raise SystemExit("the forms of one disc differ")


def main(args):
    as_json = args[:1] == ["--json"]
    corpus, out = args[as_json:]
    found = sorted(os.path.relpath(os.path.join(folder, name), corpus)
                   for folder, _, names in os.walk(corpus)
                   for name in names if name.lower().endswith(".cue"))
    wants = {path: expectation(corpus, path) for path in found}
    same_disc([want for path, want in wants.items() if "surferrosa" in path])
    for path, want in wants.items():
        name = os.path.join(out, path.replace("/", "_"))
        with open(name + (".json" if as_json else ".txt"), "w", encoding="utf-8",
                  newline="\n") as file:
            if as_json:
                json.dump(want, file, indent=1, ensure_ascii=False)
                file.write("\n")
            else:
                file.writelines(line + "\n" for line in lines(want))


if __name__ == "__main__":
    main(sys.argv[1:])
