#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# A second writer of Apple disk images, which shares nothing with the program under test: the kinds
# no corpus has, and bad ones whose fault has a name. Python's library and OpenSSL's libcrypto only.
#
#   dmg_write.py KIND OUT [OPTION…] INPUT
#   KIND     udro udco udzo udbz ulfo ulmo mixed (each chunk another method)
#            raw (INPUT as it is, for --encrypt) bomb (no INPUT: 1 TiB of zeros)
#            sparseimage sparsebundle (OUT is a directory)
#            disk (no INPUT: a disk to make images of)
#   --help says the rest. The same arguments always give the same bytes.

import argparse
import base64
import bz2
import ctypes
import ctypes.util
import hashlib
import hmac
import lzma
import os
import struct
import sys
import uuid
import zlib

SECTOR = 512
ZERO, RAW, IGNORE, COMMENT, END = 0, 1, 2, 0x7FFFFFFE, 0xFFFFFFFF
ADC, ZLIB, BZIP2, LZFSE, XZ = 0x80000004, 0x80000005, 0x80000006, 0x80000007, 0x80000008
METHODS = {"udro": [RAW], "udco": [ADC], "udzo": [ZLIB], "udbz": [BZIP2], "ulfo": [LZFSE],
           "ulmo": [XZ], "mixed": [ZLIB, ADC, BZIP2, LZFSE, XZ, RAW]}

FAULTS = {
    "data-crc": "the data fork's checksum is wrong",
    "blkx-crc": "the last partition's checksum is wrong",
    "master-crc": "the master checksum is wrong",
    "flip": "one byte of the data fork differs from what all checksums say",
    "corrupt": "a byte of a chunk is turned; the data fork's checksum knows nothing of it",
    "unknown-type": "a chunk's type is 0x80000009",
    "truncated-chunk": "a chunk's length says four bytes less than it needs",
    "short-chunk": "a chunk decompresses to a sector less than it should",
    "long-chunk": "a chunk decompresses to a sector more than it should",
    "unsorted": "two chunks stand in each other's place in the table",
    "overlap": "a chunk begins in the middle of the one before",
    "gap": "a chunk is missing from the table",
    "beyond": "a chunk lies beyond the end of the file",
    "wrap": "a chunk's offset and length add up to more than 64 bits",
    "beyond-sector": "a chunk reaches beyond its partition",
    "no-end": "the table has no terminator",
    "early-end": "the terminator stands before the last chunk",
    "count": "the table says more chunks than it has",
    "blkx-overlap": "the second partition begins in the first one",
    "sectors-less": "the trailer says fewer sectors than the tables",
    "sectors-more": "the trailer says more sectors than the tables",
    "base64": "a table is no base64",
    "entities": "the plist defines entities that unfold to gigabytes",
    "external": "the plist wants a file of the system",
    "deep": "the plist's arrays are nested 100,000 deep",
    "plist-cut": "the plist ends in the middle",
    "plist-beyond": "the plist lies beyond the end of the file",
    "no-blkx": "the plist has no tables",
    "bomb": "one compressed chunk of a few bytes claims 1 TiB",
    "segment-id": "the second segment belongs to another image",
    "segment-number": "the second segment says it is the third",
}


def crc32(*parts):
    value = 0
    for part in parts:
        value = zlib.crc32(part, value)
    return value


# ------------------------------------------------------------------------------------ compression

def adc_encode(data):
    """Literals of up to 128 bytes, copies of 3…67 bytes from up to 65536 back."""
    out, literal, seen, at = bytearray(), bytearray(), {}, 0

    def flush():
        for i in range(0, len(literal), 128):
            piece = literal[i:i + 128]
            out.append(0x80 | (len(piece) - 1))
            out.extend(piece)
        literal.clear()

    while at < len(data):
        key = data[at:at + 4]
        back = at - seen.get(key, at)
        seen[key] = at
        if len(key) == 4 and 0 < back <= 65536:
            size = 4
            while size < 67 and at + size < len(data) and data[at + size] == data[at - back + size]:
                size += 1
            flush()
            if back <= 1024 and size <= 18:
                out.append((size - 3) << 2 | (back - 1) >> 8)
                out.append((back - 1) & 0xFF)
            else:
                out.append(0x40 | (size - 4))
                out.extend(struct.pack(">H", back - 1))
            at += size
        else:
            literal.append(data[at])
            at += 1
    flush()
    return bytes(out)


def lzvn_encode(data):
    """A bvxn payload of literals and large-distance matches."""
    out, literal, seen, at = bytearray(), bytearray(), {}, 0

    def flush(keep):
        while len(literal) > keep:
            n = min(len(literal), 271)
            if n < 16:
                out.append(0xE0 | n)
            else:
                out.extend((0xE0, n - 16))
            out.extend(literal[:n])
            del literal[:n]

    while at < len(data):
        key = data[at:at + 4]
        back = at - seen.get(key, at)
        seen[key] = at
        if len(key) == 4 and 0 < back <= 65535:
            flush(3)
            size, most = 4, (10, 8, 6, 4)[len(literal)]  # other pairs are other opcodes
            while size < most and at + size < len(data) and \
                    data[at + size] == data[at - back + size]:
                size += 1
            out.append(len(literal) << 6 | (size - 3) << 3 | 7)
            out.extend(struct.pack("<H", back))
            out.extend(literal)
            literal.clear()
            at += size
        else:
            literal.append(data[at])
            at += 1
    flush(0)
    return bytes(out) + b"\x06" + bytes(7)


def lzfse_encode(data, lzvn):
    """Raw blocks, or a LZVN block where that is wanted."""
    if lzvn:
        body = lzvn_encode(data)
        return b"bvxn" + struct.pack("<II", len(data), len(body)) + body + b"bvx$"
    half = len(data) // 2
    return b"".join(b"bvx-" + struct.pack("<I", len(part)) + part
                    for part in (data[:half], data[half:]) if part) + b"bvx$"


def encode(method, data, args):
    if method == ADC:
        return adc_encode(data)
    if method == ZLIB:
        return zlib.compress(data, 9)
    if method == BZIP2:
        # a decoder takes memory for whole blocks: no larger ones than the data fills
        return bz2.compress(data, min(9, len(data) * 5 // 4 // 100_000 + 1))
    if method == LZFSE:
        return lzfse_encode(data, args.lzvn)
    if method == XZ:
        return lzma.compress(data, format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, preset=6)
    return data


# ------------------------------------------------------------------------------------- partitions

def guid_name(raw):
    known = {"48465300": "Apple_HFS", "7C3457EF": "Apple_APFS", "EBD0A0A2": "Microsoft Basic Data",
             "C12A7328": "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"}
    first = "%08X" % struct.unpack("<I", raw[:4])
    return known.get(first, first)


def gpt_parts(data, sectors):
    entry_at, count, size = struct.unpack_from("<QII", data, SECTOR + 72)
    table = -(-count * size // SECTOR)
    parts = [("Protective Master Boot Record (MBR : 0)", 0, 1, False),
             ("GPT Header (Primary GPT Header : 1)", 1, 1, False),
             ("GPT Partition Data (Primary GPT Table : 2)", entry_at, table, False)]
    entries = []
    for i in range(count):
        raw = data[entry_at * SECTOR + i * size:][:size]
        first, last = struct.unpack_from("<QQ", raw, 32)
        if raw[:16] != bytes(16):
            name = raw[56:128].decode("utf-16-le").split("\0")[0]
            entries.append((first, last - first + 1, "%s (%s : %%d)" % (name, guid_name(raw))))
    at = entry_at + table
    for first, length, name in sorted(entries):
        if first > at:
            parts.append((" (Apple_Free : %d)" % len(parts), at, first - at, True))
        parts.append((name % len(parts), first, length, False))
        at = first + length
    back = sectors - 1 - table
    if back > at:
        parts.append((" (Apple_Free : %d)" % len(parts), at, back - at, True))
    parts.append(("GPT Partition Data (Backup GPT Table : %d)" % len(parts), back, table, False))
    parts.append(("GPT Header (Backup GPT Header : %d)" % len(parts), sectors - 1, 1, False))
    return parts


def apm_parts(data, sectors):
    unit = max(struct.unpack_from(">H", data, 2)[0], SECTOR) // SECTOR
    parts = [("Driver Descriptor Map (DDM : 0)", 0, unit, False)]
    count = struct.unpack_from(">I", data, unit * SECTOR + 4)[0]
    entries = []
    for i in range(count):
        raw = data[(i + 1) * unit * SECTOR:][:SECTOR]
        first, length = struct.unpack_from(">II", raw, 8)
        name, kind = (raw[at:at + 32].split(b"\0")[0].decode("mac-roman") for at in (16, 48))
        entries.append((first * unit, length * unit, "%s (%s : %%d)" % (name, kind),
                        kind == "Apple_Free"))
    at = unit
    for first, length, name, free in sorted(entries):
        if first > at:
            parts.append((" (Apple_Free : %d)" % len(parts), at, first - at, True))
        parts.append((name % len(parts), first, length, free))
        at = first + length
    if at < sectors:
        parts.append((" (Apple_Free : %d)" % len(parts), at, sectors - at, True))
    return parts


def mbr_parts(data, sectors):
    parts = [("Master Boot Record (MBR : 0)", 0, 1, False)]
    at = 1
    entries = [data[446 + 16 * i:][:16] for i in range(4)]
    for raw in sorted(entries, key=lambda e: e[8:12][::-1]):
        first, length = struct.unpack_from("<II", raw, 8)
        if not raw[4]:
            continue
        if first > at:
            parts.append((" (Apple_Free : %d)" % len(parts), at, first - at, True))
        parts.append((" (0x%02X : %d)" % (raw[4], len(parts)), first, length, False))
        at = first + length
    if at < sectors:
        parts.append((" (Apple_Free : %d)" % len(parts), at, sectors - at, True))
    return parts


def partitions(data, args):
    """(name, first sector, sectors, free) that cover the whole disk."""
    sectors = len(data) // SECTOR
    if args.map == "whole":
        return [("whole disk (Apple_XXX : 0)", 0, sectors, False)]
    if args.map == "pieces":
        size = max(sectors // 3, 1)
        return [("piece (Apple_HFS : %d)" % i, at, min(size, sectors - at), False)
                for i, at in enumerate(range(0, sectors, size))]
    if data[SECTOR:SECTOR + 8] == b"EFI PART":
        return gpt_parts(data, sectors)
    if data[:2] == b"ER" and b"PM" in (data[512:514], data[2048:2050]):
        return apm_parts(data, sectors)
    if data[510:512] == b"\x55\xAA" and any(data[450 + 16 * i] for i in range(4)):
        return mbr_parts(data, sectors)
    return [("whole disk (Apple_XXX : 0)", 0, sectors, False)]


# -------------------------------------------------------------------------------------------- UDIF

class Checksum:
    """Of one kind: (type, bits, bytes)."""
    KINDS = {"crc32": (2, 32, None), "md5": (4, 128, "md5"), "sha1": (6, 160, "sha1"),
             "sha256": (8, 256, "sha256"), "sha384": (9, 384, "sha384"), "sha512": (9, 512, "sha512"), "none": (0, 0, None)}

    def __init__(self, kind):
        self.type, self.bits, self.name = self.KINDS[kind]
        self.kind = kind

    def of(self, *parts):
        if self.kind == "none":
            return b""
        if not self.name:
            return struct.pack(">I", crc32(*parts))
        digest = hashlib.new(self.name)
        for part in parts:
            digest.update(part)
        return digest.digest()

    def field(self, value):
        return struct.pack(">II", self.type, self.bits) + value.ljust(128, b"\0")


def wrong(value):
    return bytes([value[0] ^ 1]) + value[1:]


class Part:
    def __init__(self, name, first, sectors):
        self.name, self.first, self.sectors = name, first, sectors
        self.runs = []  # [type, sector, count, offset, length]
        self.value = b""


def store_runs(part, data, free, fork, methods, args):
    """The chunks of one partition; what of it counts for its checksum is returned."""
    counted = []
    begin = part.first
    for at in range(0, part.sectors, args.chunk):
        count = min(args.chunk, part.sectors - at)
        chunk = data[(begin + at) * SECTOR:(begin + at + count) * SECTOR]
        if not any(chunk):
            kind = IGNORE if free else args.zero
            if kind == ZERO:
                counted.append(chunk)
            last = part.runs[-1] if part.runs else None
            if last and last[0] == kind:
                last[2] += count
            else:
                part.runs.append([kind, at, count, len(fork), 0])
            continue
        counted.append(chunk)
        method = methods[len(part.runs) % len(methods)]
        packed = encode(method, chunk, args)
        if len(packed) >= len(chunk) and not args.never_raw:
            method, packed = RAW, chunk
        part.runs.append([method, at, count, len(fork), len(packed)])
        fork.extend(packed)
    return counted


def first_run(parts, packed=True):
    """The first compressed (or only stored) chunk, with the list it stands in."""
    for part in parts:
        for i, run in enumerate(part.runs):
            if run[4] and (run[0] > END // 2 or not packed):
                return part, i
    sys.exit("dmg_write: no chunk to spoil: INPUT is too plain for this fault")


def spoil_runs(fault, parts, fork, args):
    """Faults of tables and chunks, before checksums are made. New table entries for `fork`."""
    if fault in ("short-chunk", "long-chunk"):
        part, i = first_run(parts)
        kind, at, count = part.runs[i][:3]
        data = args.data[(part.first + at) * SECTOR:(part.first + at + count) * SECTOR]
        packed = encode(kind, data[:-SECTOR] if fault == "short-chunk" else data + data[:SECTOR],
                        args)
        part.runs[i][3:] = [len(fork), len(packed)]
        fork.extend(packed)
    elif fault == "unknown-type":
        part, i = first_run(parts, False)
        part.runs[i][0] = 0x80000009
    elif fault == "truncated-chunk":
        part, i = first_run(parts)
        part.runs[i][4] -= 4
    elif fault == "corrupt":
        part, i = first_run(parts)
        fork[part.runs[i][3] + part.runs[i][4] // 2] ^= 0x55
    elif fault == "beyond":
        part, i = first_run(parts, False)
        part.runs[i][3] = 1 << 40
    elif fault == "wrap":
        part, i = first_run(parts, False)
        part.runs[i][3] = (1 << 64) - 16
    elif fault == "beyond-sector":
        parts[-1].runs[-1][2] += 1 << 20
    elif fault == "bomb":
        part, i = first_run(parts)
        part.runs[i][2] = 1 << 31
    elif fault in ("unsorted", "overlap", "gap", "early-end"):
        part = max(parts, key=lambda p: len(p.runs))
        if len(part.runs) < 3:
            sys.exit("dmg_write: needs three chunks: give a smaller --chunk")
        if fault == "unsorted":
            part.runs[0], part.runs[1] = part.runs[1], part.runs[0]
        elif fault == "overlap":
            part.runs[1][1] -= 1
        elif fault == "gap":
            del part.runs[1]
        else:
            part.runs.insert(-1, [END, part.runs[-1][1], 0, 0, 0])
    elif fault == "blkx-overlap":
        if len(parts) < 2:
            sys.exit("dmg_write: needs two partitions: give --map pieces")
        parts[1].first -= 1


def mish(part, number, args):
    runs = list(part.runs)
    if args.comments:
        runs.insert(0, [COMMENT, 0, 0, 0, 0])
    if args.fault != "no-end":
        runs.append([END, part.sectors, 0, 0, 0])
    count = len(runs) + (1000 if args.fault == "count" else 0)
    head = struct.pack(">4sIQQQIi", b"mish", 1, part.first, part.sectors, 0, args.chunk + 8,
                       number)
    table = b"".join(struct.pack(">IIQQQQ", kind, 0x2B626567 if kind == COMMENT else 0, *rest)
                     for kind, *rest in runs)
    return head + bytes(24) + args.checksum.field(part.value) + struct.pack(">I", count) + table


def plist_text(parts, tables, fault):
    def data_lines(blob):
        text = base64.b64encode(blob).decode()
        if fault == "base64":
            text = "*" + text[1:]
        return "".join("\t\t\t\t%s\n" % text[i:i + 52] for i in range(0, len(text), 52))

    doctype = '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" ' \
              '"http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n'
    name_entity = ""
    if fault == "entities":
        doctype = "<!DOCTYPE plist [\n<!ENTITY a0 \"" + "lol" * 100 + "\">\n" + "".join(
            '<!ENTITY a%d "%s">\n' % (i, ("&a%d;" % (i - 1)) * 100) for i in range(1, 8)) + "]>\n"
        name_entity = "&a7;"
    elif fault == "external":
        doctype = '<!DOCTYPE plist [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n'
        name_entity = "&x;"
    body = ""
    for i, (part, table) in enumerate(zip(parts, tables)):
        name = part.name.replace("&", "&amp;").replace("<", "&lt;") + name_entity
        body += ("\t\t\t<dict>\n\t\t\t\t<key>Attributes</key>\n\t\t\t\t<string>0x0050</string>\n"
                 "\t\t\t\t<key>CFName</key>\n\t\t\t\t<string>%s</string>\n"
                 "\t\t\t\t<key>Data</key>\n\t\t\t\t<data>\n%s\t\t\t\t</data>\n"
                 "\t\t\t\t<key>ID</key>\n\t\t\t\t<string>%d</string>\n"
                 "\t\t\t\t<key>Name</key>\n\t\t\t\t<string>%s</string>\n\t\t\t</dict>\n"
                 % (name, data_lines(table), i - 1, name))
    if fault == "deep":
        body = "<array>" * 100000 + "</array>" * 100000 + body
    blkx = "" if fault == "no-blkx" else \
        "\t\t<key>blkx</key>\n\t\t<array>\n%s\t\t</array>\n" % body
    plst = base64.b64encode(bytes(1032)).decode()
    text = ('<?xml version="1.0" encoding="UTF-8"?>\n' + doctype +
            '<plist version="1.0">\n<dict>\n\t<key>resource-fork</key>\n\t<dict>\n' + blkx +
            "\t\t<key>plst</key>\n\t\t<array>\n\t\t\t<dict>\n\t\t\t\t<key>Attributes</key>\n"
            "\t\t\t\t<string>0x0050</string>\n\t\t\t\t<key>Data</key>\n\t\t\t\t<data>" + plst +
            "</data>\n\t\t\t\t<key>ID</key>\n\t\t\t\t<string>0</string>\n\t\t\t\t<key>Name</key>\n"
            "\t\t\t\t<string></string>\n\t\t\t</dict>\n\t\t</array>\n"
            "\t</dict>\n</dict>\n</plist>\n").encode()
    return text[:len(text) // 2] if fault == "plist-cut" else text


def resource_fork(parts, tables):
    """Inside Macintosh, More Macintosh Toolbox 1-121: header, data at 256, map."""
    data, refs, names = b"", b"", b""
    for i, (part, table) in enumerate(zip(parts, tables)):
        name = part.name.encode("mac-roman")[:255]
        refs += struct.pack(">hHI", i - 1, len(names), 0x50 << 24 | len(data)) + bytes(4)
        names += bytes([len(name)]) + name
        data += struct.pack(">I", len(table)) + table
    types = struct.pack(">H4sHH", 0, b"blkx", len(parts) - 1, 10)
    head = struct.pack(">IIII", 256, 256 + len(data), len(data), 28 + len(types + refs + names))
    the_map = head + bytes(8) + struct.pack(">HH", 28, 28 + len(types + refs)) + types + refs + names
    return head + bytes(240) + data + the_map


def koly(args, fork_at, fork_size, value, master, sectors, identity, running=0, number=1, count=1,
         plist=(0, 0), rsrc=(0, 0)):
    head = struct.pack(">4sIIIQQQQQII16s", b"koly", 4, 512, 1, running, fork_at, fork_size, *rsrc,
                       number, count, identity)
    head += args.checksum.field(value) + struct.pack(">QQ", *plist) + bytes(120)
    head += args.checksum.field(master)
    return head + struct.pack(">IQ", 1, sectors) + bytes(12)


def write_file(path, *parts):
    with open(path, "wb") as out:
        for part in parts:
            out.write(part)


def split_fork(fork, parts, args):
    """Places where segments begin, 0 first: at chunks, or with --split-anywhere inside of them."""
    cuts = [len(fork) * i // args.segments for i in range(args.segments)]
    if args.split_anywhere:
        return cuts
    begins = sorted({run[3] for part in parts for run in part.runs if run[4]})
    return [max(b for b in begins if b <= cut) for cut in cuts]


def write_segments(path, fork, parts, plist, value_of, master, sectors, identity, args):
    stem = path[:-4] if path.endswith(".dmg") else path
    cuts = split_fork(fork, parts, args)
    for i, begin in enumerate(cuts):
        end = cuts[i + 1] if i + 1 < len(cuts) else len(fork)
        piece = bytes(fork[begin:end])
        ident, number = identity, i + 1
        if i == 1 and args.fault == "segment-id":
            ident = wrong(identity)
        if i == 1 and args.fault == "segment-number":
            number = 3
        place = (len(piece), len(plist)) if i == 0 else (0, 0)
        write_file(path if i == 0 else "%s.%03d.dmgpart" % (stem, i + 1), piece,
                   plist if i == 0 else b"",
                   koly(args, 0, len(piece), value_of(piece), master, sectors, ident, begin,
                        number, len(cuts), place))


def make_udif(args, data):
    """Bytes of the image, or None where it was written in segments."""
    fork, parts = bytearray(), []
    for name, first, sectors, free in partitions(data, args):
        part = Part(name, first, sectors)
        counted = store_runs(part, data, free, fork, METHODS[args.kind], args)
        part.value = args.checksum.of(*counted)
        if not any(run[0] != IGNORE for run in part.runs) and args.checksum.kind == "crc32":
            part.value = bytes(4)
        parts.append(part)
    return finish_udif(args, parts, fork, len(data) // SECTOR)


def finish_udif(args, parts, fork, sectors):
    fault = args.fault
    spoil_runs(fault, parts, fork, args)
    fork = bytes(fork)
    value = args.checksum.of(fork)
    if fault == "blkx-crc":
        parts[-1].value = wrong(parts[-1].value)
    master = args.checksum.of(*(part.value for part in parts))
    if fault == "master-crc":
        master = wrong(master)
    if fault == "data-crc":
        value = wrong(value)
    if fault == "flip":
        fork = fork[:len(fork) // 2] + wrong(fork[len(fork) // 2:])
    sectors += {"sectors-less": -1, "sectors-more": 1}.get(fault, 0)
    tables = [mish(part, i - 1, args) for i, part in enumerate(parts)]
    plist = plist_text(parts, tables, fault)
    identity = hashlib.md5(fork).digest()
    if args.segments > 1:
        write_segments(args.out, fork, parts, plist, args.checksum.of, master, sectors, identity,
                       args)
        return None
    prefix = SECTOR if args.koly == "start" else 0
    rest = resource_fork(parts, tables) if args.rsrc else plist
    at = prefix + len(fork) + (1 << 40 if fault == "plist-beyond" else 0)
    where = {"rsrc" if args.rsrc else "plist": (at, len(rest))}
    trailer = koly(args, prefix, len(fork), value, master, sectors, identity, **where)
    if args.koly == "start":
        return trailer + fork + rest
    return fork + rest + trailer + b"\xA5" * args.trailing


def make_bomb(args):
    """A zero run of 1 TiB that a few bytes describe."""
    part = Part("whole disk (Apple_XXX : 0)", 0, 1 << 31)
    part.runs = [[args.zero, 0, 1 << 31, 0, 0]]
    args.checksum = Checksum("none")
    return finish_udif(args, [part], bytearray(b"\0" * SECTOR), 1 << 31)


# -------------------------------------------------------------------------------------- encryption

class Crypto:
    """OpenSSL's ciphers; Python has none."""

    def __init__(self):
        name = ctypes.util.find_library("crypto")
        if not name:
            sys.exit("dmg_write: no libcrypto here")
        lib = self.lib = ctypes.CDLL(name)
        for fn in ("EVP_CIPHER_CTX_new", "EVP_aes_128_cbc", "EVP_aes_192_cbc", "EVP_aes_256_cbc",
                   "EVP_des_ede3_cbc"):
            getattr(lib, fn).restype = ctypes.c_void_p
        lib.EVP_EncryptInit_ex.argtypes = [ctypes.c_void_p] * 3 + [ctypes.c_char_p] * 2
        lib.EVP_CIPHER_CTX_set_padding.argtypes = [ctypes.c_void_p, ctypes.c_int]
        lib.EVP_EncryptUpdate.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p,
                                          ctypes.c_char_p, ctypes.c_int]
        lib.EVP_CIPHER_CTX_free.argtypes = [ctypes.c_void_p]
        self.context = lib.EVP_CIPHER_CTX_new()

    def encrypt(self, cipher, key, iv, data):
        """Without padding: whole blocks in, as many bytes out."""
        lib, n = self.lib, ctypes.c_int()
        out = ctypes.create_string_buffer(len(data) + 32)
        if not (lib.EVP_EncryptInit_ex(self.context, getattr(lib, "EVP_" + cipher)(), None, key, iv)
                and lib.EVP_CIPHER_CTX_set_padding(self.context, 0)
                and lib.EVP_EncryptUpdate(self.context, out, ctypes.byref(n), bytes(data),
                                          len(data)) and n.value == len(data)):
            sys.exit("dmg_write: OpenSSL does not do " + cipher)
        return out.raw[:len(data)]


def pkcs7(data, block):
    n = block - len(data) % block
    return data + bytes([n]) * n


def encrypt_blocks(crypto, args, data, key, hmac_key, first=0):
    """Each block's IV is HMAC-SHA1 of its number, 32 bits big-endian, cut to 16 bytes."""
    size = args.block
    out = []
    for i in range(0, len(data), size):
        number = struct.pack(">I", first + i // size)
        iv = hmac.new(hmac_key, number, "sha1").digest()[:16]
        out.append(crypto.encrypt("aes_%d_cbc" % (8 * len(key)), key, iv,
                                  data[i:i + size].ljust(size, b"\0")))
    return b"".join(out)


def secrets(args):
    """Keys and salts: nobody's secret, so that the same arguments give the same bytes."""
    seed = hashlib.sha512(args.password + b"\0" + args.kind.encode()).digest()
    more = hashlib.sha512(seed).digest()
    return seed[:args.bits // 8], more[:20], more[20:40], more[40:56]


def encrypt_v2_header(crypto, args, size):
    key, hmac_key, salt, iv = secrets(args)
    derived = hashlib.pbkdf2_hmac("sha1", args.password, salt, args.iterations, 24)
    if args.wrap == "3des":
        iv, algorithm = iv[:8], 17
        blob = crypto.encrypt("des_ede3_cbc", derived, iv, pkcs7(key + hmac_key + b"CKIE\0", 8))
    else:  # AES-192, whose IV of 16 bytes the field calls 8
        algorithm = 0x80000001
        blob = crypto.encrypt("aes_192_cbc", derived, iv, pkcs7(key + hmac_key + b"CKIE\0", 16))
    keyblob = struct.pack(">IIII32sI32sIIIII", 103, 0, args.iterations, len(salt), salt, 8, iv,
                          192, algorithm, 7, 6, len(blob)) + blob.ljust(512, b"\0")
    other = b"\xEE" * 564  # a certificate's key, which a password does not open
    count = 2 if args.other_key else 1
    places, at = b"", 76 + 20 * count
    for kind, piece in ([(2, other)] if args.other_key else []) + [(1, keyblob)]:
        places += struct.pack(">IQQ", kind, at, len(piece))
        at += len(piece)
    offset = args.data_offset if args.data_offset is not None else 122880
    head = b"encrcdsa" + struct.pack(">IIIIIII16sIQQI", 2, 16, 5, 0x80000001, args.bits, 91, 160,
                                     hashlib.md5(salt).digest(), args.block, size, offset, count)
    return (head + places + (other if args.other_key else b"") + keyblob).ljust(offset, b"\0")


def encrypt_v2(args, data):
    crypto = Crypto()
    key, hmac_key = secrets(args)[:2]
    return encrypt_v2_header(crypto, args, len(data)) + \
        encrypt_blocks(crypto, args, data, key, hmac_key)


def wrap_v1(crypto, derived, iv, secret):
    """The key wrapping of Apple's CSP: no descriptive data, padded, turned round, padded again."""
    inner = iv + crypto.encrypt("des_ede3_cbc", derived, iv, pkcs7(bytes(4) + secret, 8))
    return crypto.encrypt("des_ede3_cbc", derived, bytes.fromhex("4adda22c79e82105"),
                          pkcs7(inner[::-1], 8))


def encrypt_v1(args, data):
    """Blocks of 4096 bytes, and a trailer of 1276, whose layout is keramics' cdsaencr.md."""
    args.bits, args.block = 128, 4096
    crypto = Crypto()
    key, hmac_key, salt, iv = secrets(args)
    derived = hashlib.pbkdf2_hmac("sha1", args.password, salt, args.iterations, 24)
    wrapped = [wrap_v1(crypto, derived, iv[:8], secret) for secret in (key, hmac_key, hmac_key)]
    trailer = hashlib.md5(salt).digest() + struct.pack(
        ">IIIIIIIIII32sI", args.block, 17, 7, 6, 192, 8, 103, 0, args.iterations, len(salt), salt,
        16)
    for words, blob in zip(((5, 0x80000001, 128), (91, 160), (91, 160)), wrapped):
        trailer += struct.pack(">%dI32sI256s" % len(words), *words, iv[:8], len(blob), blob)
    trailer += struct.pack(">I256sQI8s", 0, b"", len(data), 1, b"cdsaencr")
    return encrypt_blocks(crypto, args, data, key, hmac_key) + trailer


# ------------------------------------------------------------------------------------------ sparse

def bands_of(args, data):
    size = args.band * SECTOR
    return size, [data[at:at + size] for at in range(0, len(data), size)]


def make_sparseimage(args, data):
    """A node of 4096 bytes holds the numbers of the bands behind it; the next node, where there is
    one, is behind the last of those. --shuffle stores bands in another order."""
    size, bands = bands_of(args, data)
    used = [i for i, band in enumerate(bands) if any(band)]
    if args.shuffle:
        used = used[1::2] + used[0::2][::-1]
    first, later = args.node_bands or 1008, args.node_bands or 1010
    groups, rest = [used[:first]], used[first:]
    while rest:
        groups.append(rest[:later])
        rest = rest[later:]
    out, at = b"", 0
    for i, group in enumerate(groups):
        # a node before the last one is full
        end = at + 4096 + size * len(group)
        following = end if i + 1 < len(groups) else 0
        if i == 0:
            node = struct.pack(">4sIIIIQQ28x", b"sprs", 3, args.band, 1,
                               len(data) // SECTOR & 0xFFFFFFFF, following, len(data) // SECTOR)
        else:
            node = struct.pack(">4sIIQ36x", b"sprs", i - 1, 1, following)
        node += b"".join(struct.pack(">I", number + 1) for number in group)
        out += node.ljust(4096, b"\0")
        for number in group:
            out += bands[number].ljust(size, b"\0")
        at = end
    return out


def make_sparsebundle(args, data):
    size, bands = bands_of(args, data)
    os.makedirs(os.path.join(args.out, "bands"))
    info = ('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST '
            '1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">\n'
            "<dict>\n\t<key>CFBundleInfoDictionaryVersion</key>\n\t<string>6.0</string>\n"
            "\t<key>band-size</key>\n\t<integer>%d</integer>\n"
            "\t<key>bundle-backingstore-version</key>\n\t<integer>%d</integer>\n"
            "\t<key>diskimage-bundle-type</key>\n"
            "\t<string>com.apple.diskimage.sparsebundle</string>\n"
            "\t<key>size</key>\n\t<integer>%d</integer>\n</dict>\n</plist>\n"
            % (size, args.store_version, len(data))).encode()
    token = b""
    if args.encrypt:
        crypto = Crypto()
        key, hmac_key = secrets(args)[:2]
        args.data_offset = 0
        token = encrypt_v2_header(crypto, args, 0)
    for name in "Info.plist", "Info.bckup":
        write_file(os.path.join(args.out, name), info)
    write_file(os.path.join(args.out, "token"), token)
    for number, band in enumerate(bands):
        if not any(band):
            continue  # a band that is not there reads as zeros
        if args.encrypt:
            band = encrypt_blocks(crypto, args, band, key, hmac_key, number * size // args.block)
        elif args.short_bands:
            band = band.rstrip(b"\0")
        write_file(os.path.join(args.out, "bands", "%x" % number), band)


# ------------------------------------------------------------------------------------- plain disks

def noise(size, seed):
    out = b""
    while len(out) < size:
        out += hashlib.sha512(b"%d %d" % (seed, len(out))).digest()
    return out[:size]


def prose(size, seed):
    words = [noise(3 + i % 7, seed + i).translate(bytes(97 + i % 26 for i in range(256)))
             for i in range(200)]
    picks = noise(size // 4, seed)
    return b" ".join(words[pick % 200] for pick in picks)[:size].ljust(size, b".")


def gpt_disk(sectors):
    entries = bytearray(128 * 128)
    plan = (("48465300-0000-11AA-AA11-00306543ECAC", 40, sectors // 2, "disk image"),
            ("EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", sectors * 5 // 8, sectors - 40, "second"))
    for i, (kind, first, last, name) in enumerate(plan):
        head = uuid.UUID(kind).bytes_le + noise(16, i) + struct.pack("<QQQ", first, last, 0)
        entries[128 * i:128 * i + 128] = head + name.encode("utf-16-le").ljust(72, b"\0")

    def header(own, other, table):
        def pack(value):
            return struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, value, 0, own,
                               other, 34, sectors - 34, noise(16, 9), table, 128, 128,
                               crc32(entries))
        return pack(crc32(pack(0)))
    mbr = bytes(446) + bytes((0, 0, 2, 0, 0xEE, 255, 255, 255)) + \
        struct.pack("<II", 1, sectors - 1)
    return [(0, mbr.ljust(510, b"\0") + b"\x55\xAA"), (1, header(1, sectors - 1, 2)),
            (2, entries), (sectors - 33, entries),
            (sectors - 1, header(sectors - 1, 1, sectors - 33))], \
        [(first, last) for _, first, last, _ in plan]


def apm_disk(sectors):
    plan = ((1, 63, "Apple", "Apple_partition_map"), (64, sectors // 2, "disk image", "Apple_HFS"),
            (64 + sectors // 2, sectors - 64 - sectors // 2, "", "Apple_Free"))
    place = [(0, b"ER" + struct.pack(">HI", SECTOR, sectors))]
    for i, (first, count, name, kind) in enumerate(plan):
        place.append((1 + i, struct.pack(">2sHIII32s32sIII", b"PM", 0, len(plan), first, count,
                                         name.encode(), kind.encode(), 0, count, 0x33)))
    return place, [(64, 63 + sectors // 2)]


def mbr_disk(sectors):
    plan = ((63, sectors // 3, 0xAF), (63 + sectors // 2, sectors // 3, 0x0B))
    table = b"".join(bytes((0, 0, 2, 0, kind, 0, 0, 0)) + struct.pack("<II", first, count)
                     for first, count, kind in plan)
    return [(0, (bytes(446) + table).ljust(510, b"\0") + b"\x55\xAA")], \
        [(first, first + count - 1) for first, count, _ in plan]


def make_disk(args):
    """Partitions of prose, zeros and noise; without a scheme the same from end to end."""
    sectors = args.sectors
    disk = bytearray(sectors * SECTOR)
    schemes = {"gpt": gpt_disk, "apm": apm_disk, "mbr": mbr_disk,
               "none": lambda n: ([], [(0, n - 1)])}
    place, used = schemes[args.scheme](sectors)
    for i, (first, last) in enumerate(used):
        part = (last + 1 - first) * SECTOR // 4
        for at, piece in ((0, prose(part, 10 + i)), (2 * part, noise(part, 20 + i)),
                          (4 * part - 1000, b"the last bytes of this one: %d\n" % last)):
            at += first * SECTOR
            disk[at:at + len(piece)] = piece
    for sector, piece in place:
        disk[sector * SECTOR:sector * SECTOR + len(piece)] = piece
    return bytes(disk)


# ---------------------------------------------------------------------------------------- the rest

def arguments():
    p = argparse.ArgumentParser(
        usage="dmg_write.py KIND OUT [OPTION...] INPUT", allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="faults:\n" + "".join("  %-16s %s\n" % f for f in FAULTS.items()))
    p.add_argument("kind", choices=list(METHODS) + ["raw", "bomb", "disk", "sparseimage", "sparsebundle"])
    p.add_argument("out")
    p.add_argument("input", nargs="?")
    p.add_argument("--chunk", type=int, default=512, help="sectors of a chunk")
    p.add_argument("--map", choices=["auto", "whole", "pieces"], default="auto",
                   help="a table per partition, one for all, or three for nothing")
    p.add_argument("--zero", type=int, choices=[ZERO, IGNORE], default=ZERO,
                   help="type of runs of zeros outside of free partitions")
    p.add_argument("--never-raw", action="store_true", help="compress also where it does not gain")
    p.add_argument("--lzvn", action="store_true", help="LZFSE chunks are LZVN blocks")
    p.add_argument("--comments", action="store_true", help="a comment begins each table")
    p.add_argument("--checksum", choices=list(Checksum.KINDS), default="crc32")
    p.add_argument("--koly", choices=["end", "start"], default="end")
    p.add_argument("--trailing", type=int, default=0, help="bytes of garbage behind the trailer")
    p.add_argument("--rsrc", action="store_true", help="tables in a resource fork, no plist")
    p.add_argument("--segments", type=int, default=1)
    p.add_argument("--split-anywhere", action="store_true", help="segments cut through chunks")
    p.add_argument("--fault", choices=list(FAULTS))
    p.add_argument("--encrypt", choices=["v1", "v2"])
    p.add_argument("--password-file")
    p.add_argument("--bits", type=int, choices=[128, 256], default=128)
    p.add_argument("--wrap", choices=["3des", "aes192"], default="3des")
    p.add_argument("--iterations", type=int, default=1000)
    p.add_argument("--block", type=int, default=4096, help="bytes of an encrypted block")
    p.add_argument("--data-offset", type=int, help="where encrypted data begins")
    p.add_argument("--other-key", action="store_true", help="a certificate's key comes first")
    p.add_argument("--band", type=int, default=2048, help="sectors of a band")
    p.add_argument("--shuffle", action="store_true", help="bands of a sparseimage in no order")
    p.add_argument("--node-bands", type=int, help="bands a node of a sparseimage is filled with")
    p.add_argument("--short-bands", action="store_true", help="bands end at their last byte not 0")
    p.add_argument("--store-version", type=int, default=1)
    p.add_argument("--sectors", type=int, default=2048, help="size of a disk")
    p.add_argument("--scheme", choices=["gpt", "apm", "mbr", "none"], default="gpt")
    args = p.parse_intermixed_args()
    args.checksum = Checksum(args.checksum)
    if args.encrypt:
        if not args.password_file:
            p.error("--encrypt wants --password-file")
        with open(args.password_file, "rb") as f:
            args.password = f.read().split(b"\n")[0]
    if (args.kind in ("bomb", "disk")) != (args.input is None):
        p.error("INPUT is missing" if args.input is None else args.kind + " takes no INPUT")
    return args


def main():
    args = arguments()
    data = b""
    if args.input:
        with open(args.input, "rb") as f:
            data = f.read()
        if args.kind != "raw" or args.encrypt:
            data += bytes(-len(data) % SECTOR)
    args.data = data
    if args.kind == "sparsebundle":
        make_sparsebundle(args, data)
        return
    if args.kind == "bomb":
        image = make_bomb(args)
    elif args.kind == "disk":
        image = make_disk(args)
    elif args.kind == "sparseimage":
        image = make_sparseimage(args, data)
    elif args.kind == "raw":
        image = data
    else:
        image = make_udif(args, data)
    if image is None:
        return
    if args.encrypt:
        image = {"v1": encrypt_v1, "v2": encrypt_v2}[args.encrypt](args, image)
    write_file(args.out, image)


main()
