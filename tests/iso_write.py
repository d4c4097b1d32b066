# SPDX-License-Identifier: GPL-3.0-or-later
# Small ISO 9660 volumes made from ECMA-119 alone, each field of which a test can set: what info says
# of them is known beforehand.
import struct

SECTOR = 2048


def both16(n):
    return struct.pack("<H", n) + struct.pack(">H", n)


def both32(n):
    return struct.pack("<I", n) + struct.pack(">I", n)


def text(s, size):
    return s.encode().ljust(size, b" ")[:size]


def date17(s="", zone=0):
    """ "YYYYMMDDhhmmsscc" and quarters of an hour """
    return (s or "0" * 16).encode() + struct.pack("b", zone)


def record(name, extent, size, folder):
    body = bytes([0]) + both32(extent) + both32(size) + bytes([126, 11, 27, 16, 5, 9, 0])
    body += bytes([2 if folder else 0, 0, 0]) + both16(1) + bytes([len(name)]) + name
    body += b"" if len(name) % 2 else b"\0"
    return bytes([len(body) + 1]) + body


class Iso:
    """files: {"VCD/INFO.VCD": bytes}; folders come of themselves. fields: of the descriptor."""

    def __init__(self, files, fields=None, pad=0, system=b""):
        self.folders = {"": []}
        for path in sorted(files):
            parts = path.split("/")
            for i in range(1, len(parts)):
                self.folders.setdefault("/".join(parts[:i]), [])
        self.order = sorted(self.folders, key=lambda p: (p.count("/") + (p != ""), p))
        at = 18 + 2  # descriptors, path tables
        self.l, self.m = 18, 19
        self.place = {}
        for folder in self.order:
            self.place[folder] = at
            at += 1
        content = []
        for path in sorted(files):
            self.place[path] = at
            content.append(files[path])
            at += (len(files[path]) + SECTOR - 1) // SECTOR
        self.blocks = at
        self.files = files
        self.data = bytearray(SECTOR * (at + pad))
        self.data[:len(system)] = system
        for path in files:
            self.put(self.place[path], files[path])
        for folder in self.order:
            self.put(self.place[folder], self.directory(folder))
        self.table()
        self.descriptor(fields or {})
        self.put(17, b"\xffCD001\1")

    def put(self, sector, data, at=0):
        self.data[sector * SECTOR + at:sector * SECTOR + at + len(data)] = data

    def parent(self, folder):
        return folder.rsplit("/", 1)[0] if "/" in folder else ""

    def directory(self, folder):
        out = record(b"\0", self.place[folder], SECTOR, True)
        out += record(b"\1", self.place[self.parent(folder)], SECTOR, True)
        for path in sorted(list(self.files) + [f for f in self.order if f]):
            if self.parent(path) != folder:
                continue
            name = path.rsplit("/", 1)[-1].encode()
            if path in self.files:
                out += record(name + b";1", self.place[path], len(self.files[path]), False)
            else:
                out += record(name, self.place[path], SECTOR, True)
        assert len(out) <= SECTOR
        return out

    def table(self):
        little, big = b"", b""
        for folder in self.order:
            name = folder.rsplit("/", 1)[-1].encode() or b"\0"
            up = self.order.index(self.parent(folder)) + 1
            pad = b"\0" * (len(name) % 2)
            little += struct.pack("<BBIH", len(name), 0, self.place[folder], up) + name + pad
            big += struct.pack(">BBIH", len(name), 0, self.place[folder], up) + name + pad
        self.table_size = len(little)
        self.put(self.l, little)
        self.put(self.m, big)

    def descriptor(self, f):
        d = bytearray(SECTOR)
        d[:7] = b"\1CD001\1"
        for key, at, size in (("system", 8, 32), ("volume", 40, 32), ("set", 190, 128),
                              ("publisher", 318, 128), ("preparer", 446, 128),
                              ("application", 574, 128), ("copyright", 702, 37),
                              ("abstract", 739, 37), ("bibliographic", 776, 37)):
            d[at:at + size] = text(f.get(key, ""), size)
        d[80:88] = both32(f.get("blocks", self.blocks))
        d[120:124], d[124:128], d[128:132] = both16(1), both16(1), both16(SECTOR)
        d[132:140] = both32(self.table_size)
        d[140:144] = struct.pack("<I", self.l)
        d[148:152] = struct.pack(">I", self.m)
        d[156:190] = record(b"\0", self.place[""], SECTOR, True)
        for i, key in enumerate(("created", "modified", "expires", "effective")):
            d[813 + 17 * i:830 + 17 * i] = date17(*f.get(key, ("",)))
        d[881] = 1
        self.put(16, d)
