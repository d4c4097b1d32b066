#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# What info says of what is in an image: descriptors, sizes, what a volume says twice, kinds of discs,
# checksums, tables. Images are made here, from the standards, so that the answers are known; others
# come from xorriso, genisoimage and implantisomd5, and from the corpus, with isoinfo for a judge.
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import inside
from inside import CORPUS, SPINDLE, ok, run, skip
from iso_write import Iso, both32, record, SECTOR


def info(image):
    p = run(SPINDLE, "info", "--json", image)
    if p.returncode:
        return {"exit": p.returncode, "said": p.stderr.decode(), "notes": [], "volumes": [], "kinds": []}
    return json.loads(p.stdout)


def write(name, data):
    with open(name, "wb") as f:
        f.write(data)
    return name


def have(*tools):
    return [t for t in tools if not shutil.which(t)]


# --- descriptors -------------------------------------------------------------------------------
FIELDS = {"system": "THE SYSTEM", "volume": "VOLUME_NAME", "set": "SET OF ONE",
          "publisher": "A PUBLISHER", "preparer": "A PREPARER", "application": "AN APPLICATION",
          "copyright": "COPY.TXT", "abstract": "ABSTRACT.TXT", "bibliographic": "BIBLIO.TXT",
          "created": ("2019030211223300", 22), "modified": ("2020123123595975", -20),
          "expires": ("2999010100000000", 0), "effective": ("0000000000000000", 0)}
FACTS = {"filesystem": "ISO 9660", "system_id": "THE SYSTEM", "volume_id": "VOLUME_NAME",
         "volume_set_id": "SET OF ONE", "publisher_id": "A PUBLISHER", "preparer_id": "A PREPARER",
         "application_id": "AN APPLICATION", "copyright_file": "COPY.TXT",
         "abstract_file": "ABSTRACT.TXT", "bibliographic_file": "BIBLIO.TXT",
         "created": "2019-03-02 11:22:33 +05:30", "modified": "2020-12-31 23:59:59.75 -05:00",
         "expires": "2999-01-01 00:00:00 +00:00", "block_size": 2048}
FILES = {"A.TXT": b"a" * 5000, "B/C.TXT": b"c", "B/D/E.TXT": b"e", "F/G.TXT": b"g"}


def descriptors():
    iso = Iso(FILES, FIELDS)
    write("a.iso", iso.data)
    j = info("a.iso")
    expect = dict(FACTS, blocks=iso.blocks, interchange_level=1,
                  trees=[{"tree": "iso9660", "files": 4, "folders": 3}])
    ok(j["volumes"] == [expect] and not j["notes"] and not j["kinds"],
       "every field of the descriptor, and nothing else", j["volumes"], expect, j["notes"])
    text = run(SPINDLE, "info", "a.iso").stdout.decode()
    ok("Volume id          VOLUME_NAME\n" in text and "Created            2019-03-02 11:22:33 +05:30\n"
       in text and re.search(r"^iso9660 +4 +3$", text, re.M), "the same for a person", text)
    # the same volume in other containers
    run(SPINDLE, "convert", "-q", "a.iso", "a.cue")
    run(SPINDLE, "convert", "-q", "a.iso", "a.dmg")
    run(SPINDLE, "convert", "-q", "a.iso", "a.spindle")
    for name in ("a.cue", "a.dmg", "a.spindle", "sim:a.cue"):
        ok(info(name)["volumes"] == [expect], "the same of %s" % name, info(name))
    long = Iso({"A_LONG_NAME.TXT": b"a"}, {})
    write("level2.iso", long.data)
    ok(info("level2.iso")["volumes"][0].get("interchange_level") == 2, "a level by its names")
    longer = Iso({"A_NAME_OF_MORE_THAN_THIRTY_ONE_LETTERS": b"a"}, {})
    write("longer.iso", longer.data)
    v = info("longer.iso")["volumes"][0]
    ok(v.get("longest_name") == 38 and "interchange_level" not in v, "names too long for any level", v)


def sizes():
    iso = Iso(FILES, {})
    whole = bytes(iso.data)
    write("cut.iso", whole[:-3 * SECTOR])
    j = info("cut.iso")
    ok(j["volumes"][0].get("missing_sectors") == 3, "an image too short: what is missing", j["volumes"])
    text = run(SPINDLE, "info", "cut.iso").stdout.decode().split("\n")[0]
    ok("truncated: 3 sectors of its volume are missing" in text, "the first sentence says so", text)
    write("padded.iso", whole + bytes(7 * SECTOR))
    j = info("padded.iso")
    ok(j["volumes"][0].get("sectors_after") == 7 and "missing_sectors" not in j["volumes"][0],
       "what follows the volume", j["volumes"])
    run(SPINDLE, "convert", "-q", "a.iso", "a.cue")
    with open("a.bin", "r+b") as f:
        f.truncate(f.seek(0, 2) - 2 * 2352)
    j = info("a.cue")
    ok(j["volumes"][0].get("missing_sectors") == 2, "the same of a sheet's data", j["volumes"], j["notes"])


# --- what is said twice ------------------------------------------------------------------------
def consistency():
    def one(name, change, *lines):
        iso = Iso(FILES, FIELDS)
        change(iso)
        write("odd.iso", iso.data)
        notes = [n for n in info("odd.iso")["notes"] if "odd.iso" not in n]
        ok(notes == list(lines), name, notes, lines)

    def poke(sector, at, data):
        return lambda iso: iso.put(sector, data, at)

    def at(path, offset, data):
        return lambda iso: iso.put(iso.place[path], data, offset)

    iso = Iso(FILES, FIELDS)
    b, d, f = iso.place["B"], iso.place["B/D"], iso.place["F"]
    second = 34  # of a folder: ".."
    one("nothing is odd", lambda iso: None)
    one("volume space size differs", poke(16, 84, bytes([0, 0, 1, 0])),
        "LBA 16: volume space size: %u little-endian, 256 big-endian" % iso.blocks)
    one("volume set size differs", poke(16, 122, b"\0\2"),
        "LBA 16: volume set size: 1 little-endian, 2 big-endian")
    one("sequence number differs", poke(16, 126, b"\0\7"),
        "LBA 16: volume sequence number: 1 little-endian, 7 big-endian")
    one("block size differs", poke(16, 130, b"\2\0"),
        "LBA 16: logical block size: 2048 little-endian, 512 big-endian")
    one("path table size differs", poke(16, 136, bytes([0, 0, 0, 9])),
        "LBA 16: path table size: %u little-endian, 9 big-endian" % iso.table_size)
    one("place of the root differs", poke(16, 162, bytes([0, 0, 0, 99])),
        "LBA 16: location of the root folder: 20 little-endian, 99 big-endian")
    one("length of the root differs from its own", poke(16, 166, both32(4096)),
        "sector 21: two folders are said to lie here",
        "LBA 20: the root's own record says 2048 bytes at block 20, the volume descriptor 4096 at 20")
    one("a date is none", poke(16, 813, b"2019130211223300"), "LBA 16: the creation date is none")
    one("no terminator", poke(17, 0, bytes(8)),
        "LBA 17: no terminator ends the volume descriptors, of which the last one lies before here")
    # entries of 8 bytes and the name: the root 10, "B" 10, "F" 10, "D" 10
    one("type M names another block", poke(19, 10 + 2, bytes([0, 0, 0, 77])),
        "LBA 19: the path tables differ, first in entry 2: block %u and parent 1 in type L, block 77 "
        "and parent 1 in type M" % b)
    one("type M names another folder", poke(19, 10 + 8, b"X"),
        "LBA 19: the path tables differ, first in entry 2: another name")
    one("both name no folder", lambda iso: (iso.put(18, b"\x4d", 12), iso.put(19, b"\x4d", 15)),
        "LBA 18: path table entry 2: no folder lies at block 77")
    one("an entry before its parent", lambda iso: (iso.put(18, b"\x09", 16), iso.put(19, b"\x09", 17)),
        "LBA 18: path table entry 2 has no parent before it")
    one("another parent", at("B/D", second, record(b"\1", f, SECTOR, True)),
        "LBA 18: path table entry 4: its parent is the folder at block %u, its own \"..\" the one at %u"
        % (b, f))
    one("a folder without an entry", lambda iso: (iso.put(16, both32(30), 132)),
        "LBA 18: the path table has 3 folders, the tree 4")
    one("tables beyond the end", lambda iso: (iso.put(16, b"\xff\xff", 140), iso.put(16, b"\xff\xff", 150)),
        "LBA 16: the type L path table of 40 bytes at block 65535 goes beyond the end",
        "LBA 16: the type M path table of 40 bytes at block 65535 goes beyond the end")
    one("tables of no size", poke(16, 132, both32(0xfffffff0)),
        "LBA 16: the type L path table of 4294967280 bytes at block 18 has no size a path table can have",
        "LBA 16: the type M path table of 4294967280 bytes at block 19 has no size a path table can have")


# --- kinds -------------------------------------------------------------------------------------
def at(*pieces):
    size = max(p[0] + len(p[1]) for p in pieces)
    out = bytearray(size)
    for place, data in pieces:
        out[place:place + len(data)] = data
    return bytes(out)


SQUASHFS, EROFS, WIM = b"hsqs" + bytes(92), at((1024, b"\xe2\xe1\xf5\xe0")), b"MSWIM\0\0\0" + bytes(200)
SATURN = at((0, b"SEGA SEGASATURN SEGA ENTERPRISES"), (0x20, b"GS-9001   V1.00319941122"),
            (0x60, b"A GAME   OF  SORTS".ljust(112)))
DREAMCAST = at((0, b"SEGA SEGAKATANA SEGA ENTERPRISES"), (0x40, b"MK-51000  V1.005"),
               (0x50, b"19990909        "), (0x80, b"ANOTHER GAME".ljust(128)))
MEGACD = at((0, b"SEGADISCSYSTEM  "), (0x100, b"SEGA MEGA DRIVE "), (0x150, b"OVERSEAS NAME".ljust(48)),
            (0x180, b"GM MK-4407 -00"))
# files, bytes from the first sector on, fields, then kind: details
KINDS = [
    ({"SYSTEM.CNF": b"BOOT = cdrom:\\SLUS_005.94;1\r\nTCB = 4\r\n", "SLUS_005.94": b"PS-X EXE"}, b"", {},
     {"PlayStation": "SLUS-00594"}),
    ({"SYSTEM.CNF": b"BOOT=cdrom:\\GAME\\MAIN.EXE;1\r\n"},
     at((4 * SECTOR, b"          Licensed  by          Sony Computer Entertainment Euro pe   ")),
     {"system": "PLAYSTATION"}, {"PlayStation": "licensed for Europe, MAIN.EXE"}),
    ({"PSX.EXE": b"PS-X EXE"}, b"", {}, {"PlayStation": ""}),
    ({"PSX.EXE": b"another"}, b"", {}, {}),
    ({"SYSTEM.CNF": b"BOOT2 = cdrom0:\\SCES_509.67;1\r\nVER = 1.00\r\nVMODE = PAL\r\n"}, b"", {},
     {"PlayStation 2": "SCES-50967, version 1.00"}),
    ({"SYSTEM.CNF": b"nothing of the kind"}, b"", {}, {}),
    ({"PS3_DISC.SFB": b".SFB\0\1\0\0"}, b"", {}, {"PlayStation 3": ""}),
    ({"UMD_DATA.BIN": b"ULUS-10041|0123456789ABCDEF|0001|G"}, b"", {}, {"PSP": "ULUS-10041"}),
    ({"0.BIN": b"x"}, SATURN, {}, {"Sega Saturn": "GS-9001, V1.003, 19941122, A GAME OF SORTS"}),
    ({"0.BIN": b"x"}, DREAMCAST, {}, {"Sega Dreamcast": "MK-51000, V1.005, 19990909, ANOTHER GAME"}),
    ({"0.BIN": b"x"}, MEGACD, {}, {"Sega Mega-CD": "GM MK-4407 -00, OVERSEAS NAME"}),
    ({"0.BIN": b"x"}, at((0, b"\1ZZZZZ\1\0"), (40, b"CD-ROM")), {}, {"3DO": ""}),
    ({"0.BIN": b"x"}, at((SECTOR + 32, b"PC Engine CD-ROM SYSTEM\0Copyright")), {}, {"PC Engine CD": ""}),
    ({"0.BIN": b"x"}, b"PC-FX:Hu_CD-ROM \0", {}, {"PC-FX": ""}),
    ({"0.BIN": b"x"}, at((0, b"GM4E01"), (0x1c, b"\xc2\x33\x9f\x3d"), (0x20, b"A CUBE")), {},
     {"Nintendo GameCube": "GM4E01, A CUBE"}),
    ({"VCD/INFO.VCD": at((0, b"VIDEO_CD\2\0"), (10, b"ALBUM           "), (26, b"\0\1\0\1"))}, b"",
     {"system": "CD-RTOS CD-BRIDGE"}, {"CD-i bridge": "", "Video CD": "2.0, ALBUM"}),
    ({"VCD/INFO.VCD": at((0, b"VIDEO_CD\1\1"), (26, b"\0\1\0\1"))}, b"", {}, {"Video CD": "1.1"}),
    ({"SVCD/INFO.SVD": at((0, b"SUPERVCD\1\0"), (10, b"TWO             "), (26, b"\0\1\0\1"))}, b"", {},
     {"Super Video CD": "TWO"}),
    ({"VIDEO_TS/VIDEO_TS.IFO": b"DVDVIDEO-VMG"}, b"", {}, {"DVD-Video": ""}),
    ({"VIDEO_TS/VIDEO_TS.IFO": b"DVDVIDEO-VTS"}, b"", {}, {}),
    ({"AUDIO_TS/AUDIO_TS.IFO": b"DVDAUDIO-AMG"}, b"", {}, {"DVD-Audio": ""}),
    ({"DVD_RTAV/VR_MANGR.IFO": b"DVD_RTR_VMG0"}, b"", {}, {"DVD Video Recording": ""}),
    ({"BDMV/INDEX.BDMV": b"INDX0200" + bytes(32)}, b"", {}, {"Blu-ray video": "version 2.00"}),
    ({"BDMV/INDEX.BDMV": b"INDX0300" + bytes(32)}, b"", {}, {"Blu-ray video": "Ultra HD, version 3.00"}),
    ({"PHOTO_CD/INFO.PCD": b"PHOTO_CD\0"}, b"", {}, {"Photo CD": ""}),
    ({".DISK/INFO": b"Debian GNU/Linux 12.4.0 \"Bookworm\" - Official amd64 NETINST\n",
      "LIVE/FILESYSTEM.SQUASHFS": SQUASHFS}, b"", {},
     {"Debian family": "Debian GNU/Linux 12.4.0 \"Bookworm\" - Official amd64 NETINST",
      "live system (live-boot)": ""}),
    ({"CASPER/MINIMAL.SQUASHFS": SQUASHFS, "CASPER/B.SQUASHFS": b"other"}, b"", {},
     {"live system (casper)": ""}),
    ({"LIVEOS/SQUASHFS.IMG": EROFS, ".DISCINFO": b"1712345678.123\n40\nx86_64\n"}, b"", {},
     {"live system (dracut)": "", "Fedora family": "40, x86_64"}),
    ({"ARCH/X86_64/AIROOTFS.SFS": SQUASHFS}, b"", {}, {"live system (archiso)": ""}),
    ({"ARCH/X86_64/AIROOTFS.SFS": b"nothing"}, b"", {}, {}),
    ({"SOURCES/BOOT.WIM": WIM, "SOURCES/INSTALL.WIM": WIM}, b"", {}, {"Windows installer": ""}),
    ({"SYSTEM/LIBRARY/CORESERVICES/SYSTEMVERSION.PLIST":
      b"<dict><key>ProductVersion</key>\n<string>14.5</string></dict>"}, b"", {}, {"macOS": "14.5"}),
]


def kinds():
    wrong = []
    for i, (files, system, fields, expect) in enumerate(KINDS):
        write("kind.iso", Iso(files, fields, system=system).data)
        found = {k["kind"]: k["details"] for k in info("kind.iso")["kinds"]}
        if found != expect:
            wrong.append((i, found, expect))
    ok(not wrong, "%d discs are of the kind they are" % len(KINDS), *wrong)
    # the same in sectors with framing, behind an audio track
    write("kind.iso", Iso(*KINDS[1][:1], fields=KINDS[1][2], system=KINDS[1][1]).data)
    run(SPINDLE, "convert", "-q", "kind.iso", "kind.cue")
    ok([k["by"] for k in info("kind.cue")["kinds"]] == ["track 1, sector 4, SYSTEM.CNF"],
       "a kind in sectors of 2352 bytes, and by what", info("kind.cue")["kinds"])
    write("audio.bin", bytes(2352 * 900))
    sheet = 'FILE "audio.bin" BINARY\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n%s'
    write("audio.cue", (sheet % "").encode())
    ok([k["kind"] for k in info("audio.cue")["kinds"]] == ["Audio CD"], "an audio CD")
    data = open("kind.bin", "rb").read()
    write("mixed.bin", data + bytes(2352 * 900))
    n = len(data) // 2352
    write("mixed.cue", ('FILE "mixed.bin" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n'
                        '  TRACK 02 AUDIO\n    INDEX 01 %02d:%02d:%02d\n'
                        % (n // 4500, n // 75 % 60, n % 75)).encode())
    ok([k["kind"] for k in info("mixed.cue")["kinds"]] == ["mixed mode CD", "PlayStation"], "a mixed CD")
    write("enhanced.cue", ('REM SESSION 01\n' + sheet % "" + 'REM SESSION 02\nFILE "kind.bin" BINARY\n'
                           '  TRACK 02 MODE1/2352\n    INDEX 01 00:00:00\n').encode())
    j = info("enhanced.cue")
    ok([k["kind"] for k in j["kinds"]] == ["Enhanced CD", "PlayStation"] and
       [(v["session"], v["track"], v["volume_id"] if "volume_id" in v else "") for v in j["volumes"]] ==
       [(2, 2, "")], "an Enhanced CD, and the volume of its second session", j["kinds"], j["volumes"])


# --- other programs' images --------------------------------------------------------------------
def peers():
    lacking = have("xorriso", "genisoimage", "isoinfo")
    if lacking:
        skip("what isoinfo says of images", "no " + lacking[0])
        return
    os.makedirs("tree/deep/deeper")
    for i in range(40):
        write("tree/file number %d" % i, b"x" * i)
    write("tree/deep/deeper/z", b"0" * 70000)
    makers = {"genisoimage": ["genisoimage", "-quiet", "-V", "VOL", "-publisher", "PUB", "-p", "PREP", "-A",
                              "APP", "-sysid", "SYS", "-volset", "SET", "-R", "-J", "-o"],
              "xorriso": ["xorriso", "-as", "mkisofs", "-quiet", "-V", "VOL", "-publisher", "PUB", "-p",
                          "PREP", "-A", "APP", "-sysid", "SYS", "-volset", "SET", "-R", "-J", "-o"]}
    names = {"system_id": "System id", "volume_id": "Volume id", "volume_set_id": "Volume set id",
             "publisher_id": "Publisher id", "preparer_id": "Data preparer id",
             "application_id": "Application id", "blocks": "Volume size is",
             "block_size": "Logical block size is"}
    images = []
    for name, words in makers.items():
        run(*words, name + ".iso", "tree")
        images.append(name + ".iso")
        j = info(name + ".iso")
        trees = {t["tree"]: (t["files"], t["folders"]) for t in j["volumes"][0]["trees"]}
        ok(trees == {t: (41, 2) for t in ("rockridge", "joliet", "iso9660")} and not j["notes"] and
           j["volumes"][0]["joliet_level"] == 3, "%s: every tree is counted, nothing is odd" % name, trees,
           j["notes"])
    run("genisoimage", "-quiet", "-R", "-J", "-udf", "-hide-joliet", "file number 3*", "-o", "hidden.iso", "tree")
    said = [n for n in info("hidden.iso")["notes"] if " that " in n]
    # genisoimage's UDF has what its Joliet has
    ok(len(said) == 2 and all(re.search(r"^rockridge has 11 files that %s has not: (/file number 3\d?, ){3}…$" % tree,
                                        "\n".join(said), re.M) for tree in ("udf", "joliet")),
       "where the trees of a hybrid disc disagree is told", said)
    for folder, _, files in os.walk(os.path.join(CORPUS, "iso")) if CORPUS else ():
        images += [os.path.join(folder, f) for f in sorted(files) if f.endswith(".iso")]
    wrong = []
    for image in images:
        judge = dict(line.split(": ", 1) for line in
                     run("isoinfo", "-d", "-i", image).stdout.decode("latin-1").split("\n") if ": " in line)
        volumes = [v for v in info(image)["volumes"] if v["filesystem"] == "ISO 9660"]
        if "Volume id" not in judge or not volumes or volumes[0].get("kind"):
            continue
        for key, theirs in names.items():
            ours = str(volumes[0].get(key, ""))
            if ours != judge.get(theirs, "").strip() and "?" not in ours and ours.isascii():
                wrong.append((os.path.basename(image), key, ours, judge.get(theirs)))
    ok(not wrong, "the fields of %d images are what isoinfo says" % len(images), *wrong)


def others():
    """UDF as udfinfo has it, HFS+ by its volume header (TN1150)"""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    lacking = have("mkudffs", "udfinfo")
    if lacking:
        skip("UDF as udfinfo has it", "no " + lacking[0])
    else:
        write("udf.iso", b"")
        os.truncate("udf.iso", 8 << 20)
        run("mkudffs", "-b", "2048", "--label=NAME", "--udfrev=0x0201", "udf.iso")
        judge = dict(line.split("=", 1) for line in run("udfinfo", "udf.iso").stdout.decode().split("\n")
                     if "=" in line)
        v = info("udf.iso")["volumes"][0]
        wrong = [(ours, v.get(ours), judge.get(theirs)) for ours, theirs in
                 (("revision", "udfrev"), ("volume_id", "vid"), ("volume_set_id", "fullvsid"),
                  ("file_set_id", "fsid"), ("application_id", "appid"), ("implementation_id", "impid"),
                  ("block_size", "blocksize"), ("integrity", "integrity"), ("declared_files", "numfiles"),
                  ("declared_folders", "numdirs")) if str(v.get(ours)) != judge.get(theirs)]
        ok(not wrong and v["filesystem"] == "UDF", "UDF as udfinfo has it", *wrong)
    image = os.path.join(CORPUS, "hfsplus/hfsplus-forensic/hfs_plus_volume.bin")
    if not os.path.exists(image):
        skip("HFS+ by its header", "no corpus")
        return
    with open(image, "rb") as f:
        head = f.read(1536)[1024:]
    number = dict(zip(("declared_files", "declared_folders", "block_size", "blocks", "free_blocks"),
                      struct.unpack(">IIIII", head[32:52])))
    stamp = struct.unpack(">I", head[20:24])[0] - 2082844800
    number["modified"] = time.strftime("%Y-%m-%d %H:%M:%S +00:00", time.gmtime(stamp))
    v = info(image)["volumes"][0]
    ok(v["filesystem"] == "HFS+" and all(v.get(k) == n for k, n in number.items()), "HFS+ by its header", v, number)


# --- checksums ---------------------------------------------------------------------------------
def proofs(image):
    """exit code, {what: (ok, where)}"""
    p = run(SPINDLE, "verify", "--json", image)
    j = json.loads(p.stdout) if p.stdout else {"proofs": []}
    return p.returncode, {x["what"]: (x["ok"], x.get("where", "")) for x in j["proofs"]}, p.stderr


def damaged(source, name, *places):
    data = bytearray(open(source, "rb").read())
    for place in places:
        data[place] ^= 0x10
    return write(name, data)


def fragments(data, blocks, pieces=20):
    """where pieces end, as implantisomd5 counts: a buffer of 32 KiB that begins in another one"""
    end, out, last = (blocks - 15) * SECTOR, [], 0
    for begin in range(0, end, 32768):
        now = begin // (end // (pieces + 1))
        if now != last:
            out.append(min(begin + 32768, end))
            last = now
    return out


def isomd5():
    lacking = have("implantisomd5", "checkisomd5", "genisoimage")
    if lacking:
        skip("isomd5sum", "no " + lacking[0])
        return
    os.makedirs("media", exist_ok=True)
    write("media/big", random.randbytes(3 << 20))
    run("genisoimage", "-quiet", "-o", "media.iso", "media")
    run("implantisomd5", "media.iso")
    blocks = os.path.getsize("media.iso") // SECTOR
    printed = run("checkisomd5", "--md5sumonly", "media.iso").stdout.decode()
    j = info("media.iso")["checksums"]
    ok(len(j) == 1 and j[0]["checksum"] == "isomd5sum" and j[0]["md5"] in printed and
       j[0]["fragments"] == 20 and j[0]["lba"] == 16 and j[0]["length"] == blocks - 15,
       "info shows what implantisomd5 put there", j, printed)
    code, found, said = proofs("media.iso")
    what = "isomd5sum MD5 (LBA 16)"
    ok((code, found) == (0, {what: (True, "")}), "verify checks it", code, found, said)
    ends = fragments(open("media.iso", "rb").read(), blocks)
    wrong = []
    for sector in (3, 100, 700, ends[-1] // SECTOR - 1, ends[-1] // SECTOR + 1):
        damaged("media.iso", "bad.iso", sector * SECTOR + 9)
        code, found, said = proofs("bad.iso")
        theirs = run("checkisomd5", "bad.iso").returncode
        piece = [i for i, end in enumerate(ends) if sector * SECTOR < end]
        if piece:
            i = piece[0]
            expect = "the first wrong fragment is %d of 20, LBA %d to %d" % (
                i + 1, (ends[i - 1] if i else 0) // SECTOR, ends[i] // SECTOR - 1)
        else:
            expect = "every fragment is right up to LBA %d" % (ends[-1] // SECTOR - 1)
        if code != 1 or found != {what: (False, expect)} or theirs != 1:
            wrong.append((sector, code, found, expect, theirs))
    ok(not wrong, "damage is found where it is, as checkisomd5 finds it", *wrong)
    damaged("media.iso", "bad.iso", (blocks - 3) * SECTOR)
    ok(proofs("bad.iso")[0] == 0 and run("checkisomd5", "bad.iso").returncode == 0,
       "sectors that are skipped do not count")
    run(SPINDLE, "convert", "-q", "media.iso", "media.cue")
    ok(proofs("media.cue")[1].get(what) == (True, ""), "the same in sectors of 2352 bytes",
       proofs("media.cue"))
    write("cut.iso", open("media.iso", "rb").read()[:900 * SECTOR])
    code, found, said = proofs("cut.iso")
    ok(code == 1 and found.get(what, (True,))[0] is False, "an image cut short is not right", code, found)
    text = run(SPINDLE, "verify", damaged("media.iso", "bad.iso", 100 * SECTOR)).stdout.decode()
    ok("bad.iso: damaged" in text and "the first wrong fragment is" in text, "the same for a person", text)


def libisofs():
    lacking = have("xorriso")
    if lacking:
        skip("libisofs' tags", "no " + lacking[0])
        return
    if os.path.exists("tags.iso"):
        os.unlink("tags.iso")
    os.makedirs("tagged", exist_ok=True)
    write("tagged/content", random.randbytes(400000))
    run("xorriso", "-md5", "all", "-outdev", "tags.iso", "-map", "tagged", "/", "-commit")
    names = ["relocated superblock", "superblock", "tree", "session"]
    listed = {c["checksum"]: c for c in info("tags.iso")["checksums"]}
    ok(sorted(listed) == sorted("libisofs " + n for n in names), "info shows every tag", listed)
    code, found, said = proofs("tags.iso")
    ok(code == 0 and len(found) == 4 and all(v[0] for v in found.values()), "verify checks them", found, said)

    def wrong(*places):
        code, found, _ = proofs(damaged("tags.iso", "bad.iso", *places))
        return code, sorted(w.split(" MD5")[0][9:] for w, v in found.items() if not v[0])

    def first(name):
        return listed["libisofs " + name]["lba"]

    start = listed["libisofs session"]["start"]
    ok(wrong((first("session") - 1) * SECTOR) == (1, ["session"]), "damage of a file", wrong(
        (first("session") - 1) * SECTOR))
    ok(wrong((first("tree") - 1) * SECTOR + 2000) == (1, ["session", "tree"]), "damage of the tree")
    ok(wrong((start + 15) * SECTOR) == (1, ["session", "superblock", "tree"]), "damage before the tree")
    ok(wrong(5 * SECTOR) == (1, ["relocated superblock"]), "damage of the copy at the beginning")
    code, found, _ = proofs(damaged("tags.iso", "bad.iso", first("tree") * SECTOR + 60))
    ok(code == 1 and found.get("libisofs tag (LBA %d)" % first("tree")) == (False, "the tag itself is damaged"),
       "damage of a tag", found)
    damaged("tags.iso", "bad.iso", (first("tree") - 1) * SECTOR + 2000)
    good, bad = (run("xorriso", "-md5", "on", "-indev", image).stderr for image in ("tags.iso", "bad.iso"))
    ok(b"mismatch" not in good and b"mismatch" in bad, "xorriso finds the tree damaged, too", bad[-600:])
    write("tagged/more", b"another session")
    run("xorriso", "-md5", "on", "-dev", "tags.iso", "-map", "tagged/more", "/more", "-commit")
    code, found, said = proofs("tags.iso")
    ok(code == 0 and len(found) == 7 and all(v[0] for v in found.values()), "two sessions", found, said)
    for kind, count in (("isomd5", 1), ("libisofs", 3)):
        run(SPINDLE, "mkiso", "-q", "-f", "media" if os.path.isdir("media") else "tagged", "--checksum", kind,
            "-o", kind + ".iso")
        code, found, said = proofs(kind + ".iso")
        ok(code == 0 and len(found) >= count and all(v[0] for v in found.values()),
           "mkiso --checksum %s is verified" % kind, found, said)


# --- tables ------------------------------------------------------------------------------------
ESP = bytes.fromhex("28732ac11ff8d211ba4b00a0c93ec93b")
BASIC = bytes.fromhex("a2a0d0ebe5b9334487c068b6b72699c7")


def gpt(data, parts, entries=(16, None), block=512):
    """both headers of a GPT with 128 entries; where those lie, the second before its header"""
    total = len(data) // block
    table = bytearray(128 * 128)
    for i, (kind, first, last, name) in enumerate(parts):
        table[i * 128:i * 128 + 56] = kind + bytes([i + 1] * 16) + struct.pack("<QQQ", first, last, 0)
        table[i * 128 + 56:i * 128 + 56 + 2 * len(name)] = name.encode("utf-16-le")
    for here, other, at in ((1, total - 1, entries[0]), (total - 1, 1, total - 33)):
        def header(crc):
            return struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, crc, 0, here, other, 48,
                               total - 34, bytes(range(16)), at, 128, 128, zlib.crc32(table))
        data[here * block:here * block + 92] = header(zlib.crc32(header(0)))
        data[at * block:at * block + len(table)] = table


def mbr(data, *parts):
    for i, (status, kind, first, count) in enumerate(parts):
        struct.pack_into("<B3sB3sII", data, 446 + 16 * i, status, b"", kind, b"", first, count)
    data[510:512] = b"\x55\xaa"


def tables():
    iso = Iso(FILES, {}, pad=100)
    blocks, volume = len(iso.data) // 512, 4 * iso.blocks
    plain = bytearray(iso.data)
    mbr(plain, (0x80, 0x17, 0, volume))
    write("mbr.iso", plain)
    j = info("mbr.iso")
    row = {"number": 1, "start": 0, "length": volume, "filesystem": "ISO 9660", "kind": "hidden NTFS",
           "type": "0x17", "name": "", "covers": "the volume"}
    ok(j["partition_table"] == {"scheme": "mbr", "table_blocks": 512, "partitions": [row]},
       "a partition that begins with the disc", j["partition_table"])
    run(SPINDLE, "convert", "-q", "mbr.iso", "mbr.cue")
    ok(info("mbr.cue")["partition_table"] == j["partition_table"], "the same in sectors of 2352 bytes",
       info("mbr.cue")["partition_table"])
    hybrid = bytearray(iso.data)
    mbr(hybrid, (0, 0xee, 1, blocks - 1), (0x80, 0xcd, 4, volume))
    gpt(hybrid, [(BASIC, 64, volume - 1, "ISOHybrid"), (ESP, volume, volume + 99, "EFI")])
    hybrid[:8] = b"ER" + struct.pack(">HI", 2048, blocks // 4)
    for i, (first, count, name, kind) in enumerate(((1, 2, b"Apple", b"Apple_partition_map"),
                                                    (9, 30, b"disc", b"Apple_HFS"))):
        hybrid[2048 * (i + 1):2048 * (i + 1) + 80] = (b"PM\0\0" + struct.pack(">III", 2, first, count)
                                                      + name.ljust(32, b"\0") + kind.ljust(32, b"\0"))
    write("hybrid.iso", hybrid)
    j = info("hybrid.iso")
    t = j["partition_table"]
    short = [(p["number"], p["start"], p["length"], p["kind"], p["name"]) for p in t["partitions"]]
    others = [(p["table"], p["number"], p["start"], p["length"], p["type"]) for p in t["other_tables"]]
    ok(t["scheme"] == "gpt" and short == [(1, 64, volume - 64, "basic data", "ISOHybrid"),
                                          (2, volume, 100, "EFI system", "EFI")],
       "a GPT before the volume", t["partitions"], volume)
    ok(others == [("mbr", 1, 1, blocks - 1, "0xee"), ("mbr", 2, 4, volume, "0xcd"),
                  ("apm", 1, 4, 8, "Apple_partition_map"), ("apm", 2, 36, 120, "Apple_HFS")],
       "the other tables of a hybrid", others)

    def notes(change):
        data = bytearray(hybrid)
        change(data)
        write("odd.iso", data)
        return [n for n in info("odd.iso")["notes"] if "odd.iso" not in n]

    base = notes(lambda d: None)
    ok(len(base) == 1 and "a hybrid" in base[0], "nothing else is odd", base)

    def flip(at):
        return lambda d: d.__setitem__(at, d[at] ^ 1)

    ok(notes(flip(512 + 40)) == ["the partition table: the GPT is damaged, its backup is used"] + base,
       "a wrong CRC of the header", notes(flip(512 + 40)))
    ok(notes(flip(16 * 512 + 60)) == ["the partition table: the GPT is damaged, its backup is used"] + base,
       "a wrong CRC of the entries")
    ok(notes(flip(blocks * 512 - 512 + 40)) == ["the partition table: the GPT's backup is missing or damaged"]
       + base, "a damaged backup")
    far = bytearray(iso.data)
    mbr(far, (0x80, 0x17, 0, volume), (0, 0xef, volume, blocks))
    write("far.iso", far)
    found = [n for n in info("far.iso")["notes"] if "far.iso" not in n]
    ok(found == ["the partition table: partition 2 ends at block %d, beyond the end at %d"
                 % (volume + blocks, blocks)], "a partition beyond the end is named", found)


# --- what it costs -----------------------------------------------------------------------------
def cost(image):
    """seconds and bytes read: the least of five"""
    out = []
    for _ in range(5):
        begin = time.monotonic()
        p = run("sh", "-c", '"$0" info --json "$1" >/dev/null; cat /proc/$$/io', SPINDLE, image)
        took = time.monotonic() - begin
        read = re.search(rb"rchar: (\d+)", p.stdout)
        out.append((took, int(read.group(1)) if read else 0))
    return min(t for t, _ in out), min(n for _, n in out)


def large():
    for name, size in (("small.iso", 50 << 20), ("large.iso", 50 << 30)):
        write(name, Iso(FILES, {"blocks": size // SECTOR}).data)
        try:
            os.truncate(name, size)
        except OSError:
            skip("an image of 50 GB", "no such file here")
            return
    small, large = cost("small.iso"), cost("large.iso")
    ok(info("large.iso")["volumes"][0]["blocks"] == (50 << 30) // SECTOR, "an image of 50 GB is told")
    ok(large[1] <= 2 * small[1], "info reads no more than twice of it than of one of 50 MB", small, large)
    ok(large[0] <= 2 * small[0] + 0.2, "and takes no more than twice the time", small, large)


def hostile():
    with open(SPINDLE, "rb") as f:
        sanitized = b"__asan_init" in f.read()
    seconds, most = (8, 1 << 20) if sanitized else (2, 256 << 10)  # KiB
    source = bytes(Iso(FILES, FIELDS).data)
    bad = []
    for i in range(40):
        data = bytearray(source)
        for _ in range(random.choice((1, 5, 40))):
            data[random.randrange(16 * SECTOR, len(data))] = random.choice((0, 1, 255, random.randrange(256)))
        write("mutant.iso", data)
        begin = time.monotonic()
        with open("out", "wb") as out, open("err", "wb") as err:
            p = subprocess.Popen([SPINDLE, "info", "--json", "mutant.iso"], stdout=out, stderr=err)
            _, status, usage = os.wait4(p.pid, 0)
            p.returncode = os.waitstatus_to_exitcode(status)
        took = time.monotonic() - begin
        with open("out") as out:
            good = p.returncode in (3, 5) or p.returncode == 0 and "volumes" in json.load(out)
        if took > seconds or usage.ru_maxrss > most or not good:
            bad.append((i, p.returncode, took, usage.ru_maxrss))
    ok(not bad, "mutants are told of, within two seconds and 256 MB each", *bad)


with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as top:
    os.chdir(top)
    for part in (descriptors, sizes, consistency, kinds, peers, others, isomd5, libisofs, tables, large, hostile):
        part()
    os.chdir("/")
print("1..%d" % inside.number)
