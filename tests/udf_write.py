#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second writer of UDF, independent of the library's reader: udf_write.py DIR makes NAME.udf of
every kind of volume with NAME.list, what a reader must find in it (lines as fs_walk has them), and
bad.NAME.udf with bad.NAME.list and bad.NAME.say, what it must say of them.
udf_write.py --seeds DIR makes small ones to begin fuzzing with."""
import os
import struct
import sys
import zlib


def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1
    return crc


def tag(ident, where, body, version=3):
    """ECMA-167 3/7.2: a descriptor of that body."""
    head = bytearray(struct.pack('<HHBBHHHI', ident, version, 0, 0, 1, crc16(body), len(body), where))
    head[4] = sum(head) & 0xFF
    return bytes(head) + body


def cs0(text):
    try:
        return b'\x08' + text.encode('latin-1')
    except UnicodeEncodeError:
        return b'\x10' + text.encode('utf-16-be')


def dstring(text, size):
    raw = cs0(text)
    return raw.ljust(size - 1, b'\0') + bytes([len(raw)])


def regid(name, suffix=b''):
    return b'\0' + name.encode().ljust(23, b'\0') + suffix.ljust(8, b'\0')


def stamp(year, month, day, hour, minute, second, zone=0):
    return struct.pack('<HhBBBBBBBB', 1 << 12 | zone & 0xFFF, year, month, day, hour, minute, second,
                       0, 0, 0)


STAMP = stamp(2021, 3, 4, 5, 6, 7, 60)  # 1614830767
SET = b'\0' + b'OSTA Compressed Unicode'.ljust(63, b'\0')


class Node:
    def __init__(self, kind, data=b'', **how):
        self.kind, self.data = kind, data   # kind as fs_walk prints it
        self.names = []                     # of a folder: (name, node, flags)
        self.mode = 0o755
        self.place = None                   # (part, block) of its ICB
        self.attributes = b''
        self.streams = []                   # (name, node)
        self.layout = 'embed'               # embed, short, long, ext
        self.pieces = None                  # sizes in blocks; negative: a hole
        self.chain = 0                      # descriptors in a block before the next
        self.links = 1
        self.size = None                    # claimed
        self.old = 0                        # versions before this one (strategy 4096)
        self.__dict__.update(how)


class Image:
    def __init__(self, kind='plain', bs=512, blocks=200, rev=0x201, efe=True, strategy=4, anchors='end',
                 label='Üben 漢字', spoil=(), meta=32, tail=40):
        self.kind, self.bs, self.rev, self.efe, self.strategy = kind, bs, rev, efe, strategy
        self.label, self.spoil = label, spoil
        # descriptors begin behind the recognition sequence, which ends with byte 38912 or sooner
        self.first = max(20, 38912 // bs)
        self.start = self.first + 20
        self.count = blocks                 # of the partition
        self.anchors = anchors
        if anchors != 'end':
            self.start = 257
        self.total = self.start + blocks + tail
        self.at = {}                        # sector -> bytes
        self.next = 0
        self.vat = []
        self.meta = {}                      # metadata block -> physical block
        self.mirror = {}
        self.meta_next = 0
        self.moved = {}
        self.top = 1 if kind in ('vat', 'vat150', 'metadata') else 0   # where ICBs lie
        if kind == 'metadata':
            # two runs for the file, one for its mirror, not in order
            self.alloc(4)
            first, _, second = self.alloc(meta), self.alloc(3), self.alloc(meta)
            self.meta_runs = [(second, meta), (first, meta)]
            blocks = [b for run, n in self.meta_runs for b in range(run, run + n)]
            self.meta = dict(enumerate(blocks))
            again = self.alloc(2 * meta)
            self.mirror_runs = [(again, 2 * meta)]
            self.mirror = dict(enumerate(range(again, again + 2 * meta)))

    # --- blocks ---
    def alloc(self, n=1):
        self.next += n
        assert self.next <= self.count, 'partition is full'
        return self.next - n

    def put(self, part, block, data):
        """Write `data` at a block of a partition map."""
        for i in range(0, max(len(data), 1), self.bs):
            piece = data[i:i + self.bs].ljust(self.bs, b'\0')
            b = block + i // self.bs
            if part == 1 and self.kind.startswith('vat'):
                self.at[self.start + self.vat[b]] = piece
            elif part == 1 and self.kind == 'metadata':
                self.at[self.start + self.meta[b]] = piece
                self.at[self.start + self.mirror[b]] = piece
            else:
                self.at[self.start + b] = piece

    def place(self, n=1):
        """An ICB of n blocks: (part, block)."""
        if self.kind.startswith('vat'):
            at = [self.alloc() for _ in range(n)]
            self.vat += at
            return 1, len(self.vat) - n
        if self.kind == 'metadata':
            self.meta_next += n
            return 1, self.meta_next - n
        return 0, self.alloc(n)

    # --- files ---
    def descriptors(self, node, data):
        """Allocation descriptors of a node, its data written; (kind, bytes)."""
        if node.layout == 'embed':
            return 3, data
        # in the metadata partition short ones mean blocks of that partition
        layout = 'long' if node.layout == 'short' and self.kind == 'metadata' and node.kind != 'm' \
            else node.layout
        kind = {'short': 0, 'long': 1, 'ext': 2}[layout]
        pieces = node.pieces or [(len(data) + self.bs - 1) // self.bs]
        folder = node.kind == 'd' and self.kind == 'metadata'
        ads, at = [], 0

        def one(size, what, block, part):
            if kind == 0:
                return struct.pack('<II', size | what << 30, block)
            if kind == 1:
                return struct.pack('<IIH6x', size | what << 30, block, part)
            return struct.pack('<IIIIH2x', size | what << 30, size, size, block, part)
        for n in pieces:
            size = min(abs(n) * self.bs, len(data) - at)
            if n < 0:
                ads.append(one(size, 2 if n % 2 else 1, 0, 0))
            elif folder:
                self.meta_next += n
                b = self.meta_next - n
                self.put(1, b, data[at:at + size])
                ads.append(one(size, 0, b, 1))
            elif kind == 0 and self.kind.startswith('vat'):
                self.vat += [self.alloc() for _ in range(n)]
                b = len(self.vat) - n
                self.put(1, b, data[at:at + size])
                ads.append(one(size, 0, b, 1))
            else:
                self.alloc(self.next % 3)      # so that pieces do not follow each other
                b = self.alloc(n)
                self.put(0, b, data[at:at + size])
                ads.append(one(size, 0, b, 0))
            at += size
        assert at == len(data), (at, len(data))
        if not node.chain or len(ads) <= node.chain:
            return kind, b''.join(ads)
        groups = [ads[i:i + node.chain] for i in range(0, len(ads), node.chain)]
        virtual = self.kind == 'metadata' or (self.kind.startswith('vat') and kind == 0)
        places = [self.place() if virtual else (0, self.alloc()) for _ in groups[1:]]
        for i, (part, block) in enumerate(places):
            body = b''.join(groups[i + 1])
            if i + 1 < len(places):
                body += one(self.bs, 3, places[i + 1][1], places[i + 1][0])
            elif 'chain loop' in self.spoil:
                body += one(self.bs, 3, places[0][1], places[0][0])
            d = tag(258, block, struct.pack('<II', 0, len(body)) + body)
            if 'chain tag' in self.spoil:
                d = d[:3] + b'\xff' + d[4:]
            self.put(part, block, d)
        return kind, b''.join(groups[0]) + one(self.bs, 3, places[0][1], places[0][0])

    def long_ad(self, place, n=1):
        return struct.pack('<IIH6x', n * self.bs, place[1], place[0])

    def entry(self, node, where, ads, kind, size, version=0):
        ftype = {'d': 4, 'f': 5, 'b': 6, 'c': 7, 'p': 9, 's': 10, 'l': 12, 'v': 248, 'V': 0, 'm': 250,
                 'M': 251, 'S': 13}[node.kind]
        flags = kind | (0x40 if node.mode & 0o4000 else 0)
        perm = node.mode & 7 | (node.mode >> 3 & 7) << 5 | (node.mode >> 6 & 7) << 10
        icb = struct.pack('<IHHHBBIHH', 0, self.strategy, 0, 1, 0, ftype, 0, 0, flags)
        efe = self.efe or node.streams
        body = icb + struct.pack('<IIIHBBIQ', 1000, 100, perm, node.links, 0, 0, 0, size)
        if efe:
            body += struct.pack('<Q', size)
        body += struct.pack('<Q', 0) + STAMP + stamp(2022, 1, 2, 3, 4, 5)
        if efe:
            body += stamp(2019, 1, 1, 0, 0, 0)
        body += stamp(2023, 1, 1, 0, 0, 0) + struct.pack('<I', 1)
        if efe:
            body += struct.pack('<I', 0)
        body += bytes(16)
        if efe:
            stream = bytes(16)
            if node.streams:
                stream = self.long_ad(self.folder_of_streams(node))
            body += stream
        body += regid('*spindle test') + struct.pack('<Q', 77)
        attributes = node.attributes
        if attributes:
            size = 24 + len(attributes)
            attributes = tag(262, where, struct.pack('<II', size, size)) + attributes
        claimed = len(attributes)
        if 'attributes' in self.spoil and node.kind == 'f':
            claimed = 0xFFFFFFF0
        body += struct.pack('<II', claimed, len(ads)) + attributes + ads
        assert 16 + len(body) <= self.bs, 'entry is too long'
        return tag(266 if efe else 261, where, body)

    def folder_of_streams(self, node):
        folder = Node('S')
        data = self.identifier('', (0, 0), 8 | 2)
        for name, stream in node.streams:
            self.write(stream)
            data += self.identifier(name, stream.place, 16)
        folder.place = self.place()
        self.put(*folder.place, self.entry(folder, folder.place[1], data, 3, len(data)))
        return folder.place

    def identifier(self, name, place, flags, raw=None):
        raw = raw if raw is not None else cs0(name) if name else b''
        use = b'\0' * 4 if flags & 1 else b''
        body = struct.pack('<HBB', 1, flags, len(raw)) + self.long_ad(place, 2 if self.strategy == 4096
                                                                      else 1)
        body += struct.pack('<H', len(use)) + use + raw
        body += bytes(-(16 + len(body)) % 4)
        d = tag(257, place[1], body)
        if 'id crc' in self.spoil and name == 'b':
            d = d[:32] + b'?' + d[33:]
        if 'id tag' in self.spoil and name == 'b':
            d = d[:4] + bytes([d[4] ^ 1]) + d[5:]
        return d

    def write(self, node, parent=None):
        """The node and, of a folder, all it holds."""
        if node.place:
            return
        n = 2 if self.strategy == 4096 else 1
        node.place = self.place(n)
        data = node.data
        if node.kind == 'd':
            data = self.identifier('', (parent or node).place, 8 | 2)
            for name, child, flags in node.names:
                if child is not None and not flags & 4:
                    self.write(child, node)
                place = child.place if child is not None and child.place else (0, 0)
                f = flags | (2 if child is not None and child.kind == 'd' else 0)
                data += self.identifier(name if isinstance(name, str) else '', place, f,
                                        name if isinstance(name, bytes) else None)
            if isinstance(node.pieces, int):
                node.pieces = [1] * ((len(data) + self.bs - 1) // self.bs)
        elif node.kind == 'l':
            data = node.data
        kind, ads = self.descriptors(node, data)
        size = len(data) if node.size is None else node.size
        part, block = node.place
        for i in range(node.old):
            # what was before, and where the next version is
            self.put(part, block, self.entry(node, block, b'', 3, 0))
            nxt = self.place(2)
            icb = struct.pack('<IHHHBBIHH', 0, 4096, 0, 1, 0, 3, 0, 0, 0)
            to = (part, block) if 'icb loop' in self.spoil else nxt
            self.put(part, block + 1, tag(259, block + 1, icb + self.long_ad(to, 2)))
            part, block = nxt
        e = self.entry(node, block, ads, kind, size)
        if 'entry crc' in self.spoil and node.kind == 'f':
            e = e[:8] + bytes([e[8] ^ 1]) + e[9:]
            e = e[:4] + bytes([(sum(e[:4]) + sum(e[5:16])) & 0xFF]) + e[5:]
        if 'entry tag' in self.spoil and node.kind == 'f':
            e = e[:4] + bytes([e[4] ^ 1]) + e[5:]
        if 'mirror' in self.spoil and node.kind == 'f':
            self.put(part, block, e)
            self.at[self.start + self.meta[block]] = b'\xff' * self.bs
        else:
            self.put(part, block, e)

    # --- the volume ---
    def finish(self, root):
        part = self.top
        if self.kind == 'metadata':
            self.meta_next = max(self.meta_next, 0)
        fsd_place = self.place()
        self.write(root)
        domain = regid('*OSTA UDF Compliant', struct.pack('<H', self.rev))
        body = STAMP + struct.pack('<HHIIII', 3, 3, 1, 1, 0, 0) + SET + dstring(self.label, 128) + SET
        body += dstring('files', 32) + bytes(64)
        body += self.long_ad(root.place, 2 if self.strategy == 4096 else 1) + domain + bytes(64)
        self.put(*fsd_place, tag(256, fsd_place[1], body))
        if self.kind == 'metadata':
            for i, (where, runs, kind) in enumerate(((0, self.meta_runs, 'm'), (2, self.mirror_runs, 'M'))):
                node = Node(kind)
                ads = b''.join(struct.pack('<II', n * self.bs, b) for b, n in runs)
                d = self.entry(node, where, ads, 0, len(self.meta) * self.bs)
                if 'meta file' in self.spoil and not i:
                    d = b'\xff' * 512
                self.put(0, where, d)
        if self.kind.startswith('vat'):
            vat = b''.join(struct.pack('<I', b) for b in self.vat)
            if 'vat' in self.spoil:
                vat = vat[:4] + b'\xfe\xff\xff\xff' + vat[8:]
            if self.kind == 'vat150':
                vat += regid('*UDF Virtual Alloc Tbl') + struct.pack('<I', 0xFFFFFFFF)
                node = Node('V')
            else:
                vat = struct.pack('<HH', 152, 0) + dstring(self.label, 128) + \
                    struct.pack('<IIIHHHH', 0xFFFFFFFF, 5, 2, 0x201, 0x201, 0x201, 0) + vat
                node = Node('v')
            node.layout = 'short' if len(vat) + 216 > self.bs else 'embed'
            save, self.kind = self.kind, 'plain'
            kind, ads = self.descriptors(node, vat)
            self.kind = save
            last = self.alloc()
            self.put(0, last, self.entry(node, last, ads, kind, len(vat)))
            self.total = self.start + last + 1 + self.padding
        if self.kind == 'sparable':
            self.spare()
        self.descriptor_sequences(fsd_place, domain)
        self.recognition()

    padding = 0

    def spare(self):
        """Two packets lie elsewhere; where they belong there is garbage."""
        packet, self.packet = 4, 4
        table = b''
        count = 0
        to = self.start + self.count + 4
        for first in (0, 8):
            for i in range(packet):
                self.at[to + i] = self.at.get(self.start + first + i, bytes(self.bs))
                self.at[self.start + first + i] = b'\xee' * self.bs
            table += struct.pack('<II', first, to)
            to += packet
            count += 1
        table += struct.pack('<II', 0xFFFFFFFF, to)
        for where, order in ((self.first + 14, 3), (self.first + 16, 4)):
            body = regid('*UDF Sparing Table') + struct.pack('<HHI', count + 1, 0, order)
            d = tag(0, where, body + (table if order == 4 else struct.pack('<II', 0xFFFFFFFF, 0) * 3))
            if 'sparing' in self.spoil:
                d = d[:16] + b'?' * 30 + d[46:]
            self.at[where] = d.ljust(self.bs, b'\0')

    def descriptor_sequences(self, fsd_place, domain):
        def primary(where):
            body = struct.pack('<II', 1, 0) + dstring('primary', 32) + struct.pack('<HHHHII', 1, 1, 3, 3,
                                                                                 1, 1)
            body += dstring('set', 128) + SET + SET + bytes(16) + regid('*app') + STAMP + regid('*imp')
            return tag(1, where, body.ljust(496, b'\0'))

        def partition(where):
            body = struct.pack('<IHH', 2, 1, 7) + regid('+NSR03') + bytes(128)
            access = 2 if self.kind.startswith('vat') else 4     # write once, or overwritable
            body += struct.pack('<III', access, self.start, self.count) + regid('*imp')
            return tag(5, where, body.ljust(496, b'\0'))

        def logical(where):
            one = struct.pack('<BBHH', 1, 6, 1, 7)

            def two(name, tail):
                return b'\2\x40' + bytes(2) + regid(name) + struct.pack('<HH', 1, 7) + tail.ljust(24, b'\0')
            maps = [one]
            if self.kind.startswith('vat'):
                maps.append(two('*UDF Virtual Partition', b''))
            if self.kind == 'sparable':
                maps = [two('*UDF Sparable Partition', struct.pack('<HBBIII', 4, 2, 0, self.bs, self.first + 14,
                                                                     self.first + 16))]
            if self.kind == 'metadata':
                maps.append(two('*UDF Metadata Partition', struct.pack('<IIIIHB', 0, 2, 0xFFFFFFFF, 8, 1,
                                                                     1)))
            table = b''.join(maps)
            count, size = len(maps), len(table)
            if 'maps' in self.spoil:
                count = 0xFFFFFFFF
            if 'map table' in self.spoil:
                size = 0xFFFFFFFF
            body = struct.pack('<I', 3) + SET + dstring(self.label, 128)
            body += struct.pack('<I', 0x01000003 if 'block size' in self.spoil else self.bs) + domain
            body += self.long_ad(fsd_place) + struct.pack('<II', size, count) + regid('*imp') + bytes(128)
            body += struct.pack('<II', self.bs, self.first + 12) + table
            return tag(6, where, body.ljust(max(496, len(body)), b'\0'))

        for first, name in ((self.first, 'main'), (self.first + 6, 'reserve')):
            all_ = [primary, logical, partition, lambda w: tag(8, w, bytes(496))]
            for i, make in enumerate(all_):
                d = make(first + i).ljust(self.bs, b'\0')
                if name + ' vds' in self.spoil and make is logical:
                    d = d[:100] + b'~' + d[101:]
                self.at[first + i] = d
            if 'pointer loop' in self.spoil:
                self.at[first] = tag(3, first, struct.pack('<III', 1, 4 * self.bs, first).ljust(496, b'\0'))
        body = STAMP + struct.pack('<III', 1, 0, 0) + struct.pack('<Q', 500) + bytes(24)
        body += struct.pack('<II', 1, 46) + struct.pack('<II', 5, self.count)
        body += regid('*imp') + struct.pack('<IIHHH', 5, 2, self.rev, self.rev, self.rev)
        self.at[self.first + 12] = tag(9, self.first + 12, body).ljust(self.bs, b'\0')
        if self.kind.startswith('vat') and self.anchors == 'end':
            self.total += 1
        end = self.total - 1
        for where in {'begin': [256], 'end': [end], 'both': [256, end - 256, end]}[self.anchors]:
            body = struct.pack('<IIII', 6 * self.bs, self.first, 6 * self.bs, self.first + 6)
            assert where not in self.at
            if 'anchor' not in self.spoil:
                self.at[where] = tag(2, where, body.ljust(496, b'\0')).ljust(self.bs, b'\0')

    def recognition(self):
        step = max(self.bs, 2048)
        for i, name in enumerate((b'BEA01', b'NSR03' if self.rev >= 0x200 else b'NSR02', b'TEA01')):
            at = (32768 + i * step) // self.bs
            assert at not in self.at
            self.at[at] = (b'\0' + name + b'\1').ljust(self.bs, b'\0')

    def save(self, path):
        with open(path, 'wb') as f:
            f.truncate(self.total * self.bs)
            for sector, data in self.at.items():
                f.seek(sector * self.bs)
                f.write(data[:self.bs])


def component(kind, name=''):
    raw = cs0(name) if name else b''
    return struct.pack('<BBH', kind, len(raw), 0) + raw


def pattern(n, seed=1):
    out = bytearray()
    while len(out) < n:
        seed = seed * 1103515245 + 12345 & 0x7FFFFFFF
        out += struct.pack('<I', seed)
    return bytes(out[:n])


def device(major, minor):
    return struct.pack('<IB3xIIII', 12, 1, 24, 0, major, minor)


def attribute(name, data):
    size = 48 + len(data)
    return struct.pack('<IB3xII', 2048, 1, size, len(data)) + regid(name) + data


def tree(bs, small=False):
    """A folder with one of everything, and what a reader must print of it."""
    layouts = ['embed', 'short', 'long', 'ext']
    root = Node('d', layout='long', pieces=1)
    one = Node('f', b'hello\n', links=2, mode=0o4711)
    root.names += [('a', one, 0), ('b', Node('f', b'', mode=0o644), 0)]
    root.names.append(('gone', None, 4))
    holes = pattern(bs) + bytes(2 * bs) + pattern(bs, 2) + bytes(bs) + pattern(10, 3)
    for layout in layouts[1:]:
        root.names.append((layout, Node('f', holes, layout=layout, pieces=[1, -2, 1, -1, 1]), 0))
    sub = Node('d', layout='long', pieces=1)
    sub.names += [('Übung', Node('f', pattern(100), mode=0o600), 0), ('漢字 €', Node('f', b'x'), 0),
                  ('😀', Node('f', b'y'), 0), ('again', one, 0), ('..', Node('f', b'z'), 0),
                  ('a/b', Node('f', b'slash'), 0), ('hidden', Node('f', b'h'), 1)]
    if not small:
        sub.names += [('n%03d' % i, Node('f', b'%d' % i), 0) for i in range(8)]
    root.names.append(('sub', sub, 0))
    chain = pattern(9 * bs - 7, 9)
    root.names.append(('chain', Node('f', chain, layout='short', pieces=[1] * 9, chain=2), 0))
    root.names.append(('link', Node('l', component(2) + component(5, 'tmp') + component(3) +
                                    component(5, 'é€')), 0))
    root.names.append(('rel', Node('l', component(4) + component(5, 'a')), 0))
    root.names.append(('tty', Node('c', attributes=device(4, 64)), 0))
    root.names.append(('disk', Node('b', attributes=device(8, 1)), 0))
    root.names += [('pipe', Node('p'), 0), ('sock', Node('s'), 0)]
    info = attribute('*UDF Mac FinderInfo', bytes(8) + b'TEXTttxt'.ljust(32, b'\0'))
    root.names.append(('mac', Node('f', b'data', attributes=info,
                                   streams=[('*UDF Macintosh Resource Fork', Node('f', b'resource')),
                                            ('notes', Node('f', b'a stream'))]), 0))
    return root


TARGET = {'link': '/tmp/../é€', 'rel': './a'}
DEVICE = {'tty': ' 4,64', 'disk': ' 8,1'}


def listing(root):
    lines, queue = [], [('', root)]
    while queue:
        path, folder = queue.pop(0)
        for name, node, flags in folder.names:
            if flags & 4 or node is None:
                continue
            text = name if isinstance(name, str) else name.decode()
            full = path + '/' + text if path else text
            is_file = node.kind == 'f'
            line = '%s %04o %d %08x %s' % (node.kind, node.mode, len(node.data) if is_file else 0,
                                           zlib.crc32(node.data) if is_file else 0, full)
            if node.kind == 'l':
                line += ' -> ' + TARGET[text]
            line += DEVICE.get(text, '')
            if flags & 1:
                line += ' hidden'
            if is_file and node.links > 1:
                line += ' links %d' % node.links
            lines.append(line)
            if node.streams:
                lines.append('r 8 %08x %s' % (zlib.crc32(b'resource'), full))
            if b'FinderInfo' in node.attributes:
                lines.append('@ 32 %08x com.apple.FinderInfo' % zlib.crc32(b'TEXTttxt'.ljust(32, b'\0')))
            if node.streams:
                lines.append('@ 8 %08x udf.stream.notes' % zlib.crc32(b'a stream'))
            if node.kind == 'd':
                queue.append((full, node))
    return '\n'.join(lines) + '\n'


def make(folder, name, root=None, expect=None, say=None, padding=0, **how):
    image = Image(**how)
    image.padding = padding
    if root is None:
        root = tree(image.bs, how.get('blocks', 0) < 300)
    image.finish(root)
    path = os.path.join(folder, name)
    image.save(path + '.udf')
    with open(path + '.list', 'w') as f:
        f.write(listing(root) if expect is None else expect)
    if say is not None:
        with open(path + '.say', 'w') as f:
            f.write(say)


def small_tree():
    root = Node('d')
    sub = Node('d', layout='long', pieces=1)
    sub.names.append(('c', Node('f', b'c'), 0))
    chain = pattern(5 * 512 - 3)
    root.names += [('b', Node('f', b'abc'), 0), ('sub', sub, 0),
                   ('chain', Node('f', chain, layout='short', pieces=[1] * 5, chain=2), 0),
                   ('l', Node('l', component(5, 'b')), 0)]
    return root


TARGET['l'] = 'b'


def bad(folder):
    """What is damaged must be named, and the rest found."""
    whole = listing(small_tree()).splitlines(True)
    rest = ''.join(whole[1:])

    def one(name, expect, say, **how):
        root = how.pop('root', None) or small_tree()
        make(folder, 'bad.' + name, root, expect, say, **how)
    no_chain = ''.join('f 0755 2557 00000000 chain\n' if ' chain' in x else x for x in whole)
    one('entry-crc', ''.join(whole), 'has a wrong CRC', spoil=('entry crc',))
    one('entry-tag', ''.join(x for x in whole if x[0] != 'f'), 'b: the file entry at block',
        spoil=('entry tag',))
    one('id-crc', ''.join(whole), 'b: the file identifier has a wrong CRC', spoil=('id crc',))
    one('id-tag', rest, 'the file identifier has no valid tag', spoil=('id tag',))
    one('chain-loop', ''.join(whole), '', spoil=('chain loop',))
    long_ = small_tree()
    long_.names[2][1].size = 1 << 40
    one('chain-endless', ''.join('f 0755 1099511627776 00000000 chain\n' if ' chain' in x else x
                                 for x in whole), 'lead back to themselves', spoil=('chain loop',),
        root=long_)
    one('chain-tag', no_chain, 'the descriptor has no valid tag', spoil=('chain tag',))
    one('attributes', ''.join(x for x in whole if x[0] != 'f'), 'is longer than its block',
        spoil=('attributes',))
    one('main', ''.join(whole), 'the reserve one is used', spoil=('main vds',))
    one('anchor', ''.join(whole), 'no anchor at sector 256', spoil=('anchor',), bs=2048, rev=0x102)
    one('meta-file', ''.join(whole), 'the metadata file', spoil=('meta file',), kind='metadata', rev=0x250)
    one('mirror', ''.join(whole), '', spoil=('mirror',), kind='metadata', rev=0x250)
    old = small_tree()
    old.names[0][1].old = 1
    one('icb-loop', rest, 'leads back to itself', spoil=('icb loop',), strategy=4096, root=old)
    # volumes that cannot be opened: no list, one line
    for name, say, how in (
            ('both', 'no logical volume descriptor', dict(spoil=('main vds', 'reserve vds'))),
            ('maps', '', dict(spoil=('maps',))),
            ('map-table', 'longer than their descriptor', dict(spoil=('map table',))),
            ('block-size', 'logical blocks of 16777219 bytes', dict(spoil=('block size',))),
            ('pointer-loop', 'no logical volume descriptor', dict(spoil=('pointer loop', 'main vds'))),
            ('vat', 'no file set descriptor', dict(kind='vat', spoil=('vat',)))):
        if name == 'maps':
            one(name, ''.join(whole), 'partition map 1: is not there whole', **how)
        elif name == 'vat':
            lost = small_tree()
            one(name, None, 'root', root=lost, **how) if False else \
                one(name, '', 'the partition has', root=lost, **how)
        else:
            one(name, '', say, **how)
    # a folder that holds itself, and one that claims more than the disc has
    loop = small_tree()
    loop.names[1][1].names.append(('up', loop, 0))
    one('folder-loop', ''.join(whole[:4]) + ''.join(whole[4:]) + 'd 0755 0 00000000 sub/up\n', '',
        root=loop)
    huge = small_tree()
    huge.names[1][1].size = 1 << 60
    one('folder-huge', ''.join(x for x in whole if 'sub/' not in x), 'claims 1152921504606846976 bytes',
        root=huge)


def main():
    if sys.argv[1] == '--seeds':
        folder = sys.argv[2]
        for kind in ('plain', 'vat', 'sparable', 'metadata'):
            make(folder, 'small-' + kind, small_tree(), kind=kind, blocks=66 if kind == 'metadata' else 40,
                 meta=10, tail=20 if kind == 'sparable' else 2)
        old = small_tree()
        old.names[0][1].old = 2
        make(folder, 'small-4096', old, strategy=4096, blocks=40, efe=False, tail=2)
        for name in os.listdir(folder):
            if name.endswith('.list'):
                os.remove(os.path.join(folder, name))
        return
    folder = sys.argv[1]
    for bs in (512, 1024, 2048, 4096):
        for kind, rev in (('plain', 0x102), ('vat150', 0x150), ('vat', 0x200), ('sparable', 0x201),
                          ('metadata', 0x250)):
            make(folder, '%s-%d' % (kind, bs), kind=kind, bs=bs, rev=rev, blocks=320,
                 efe=rev >= 0x200, anchors='begin' if bs == 2048 else 'end')
        make(folder, 'both-%d' % bs, bs=bs, anchors='both', blocks=320, tail=300)
        make(folder, 'short-%d' % bs, bs=bs, blocks=320, tail=41)   # of no whole sector of 2048
        make(folder, 'first-vat-%d' % bs, kind='vat', bs=bs, anchors='begin', blocks=320)
    make(folder, 'anchor-256', anchors='begin', blocks=320)
    make(folder, 'runout', kind='vat', bs=2048, blocks=320, padding=150)
    old = tree(512)
    for i in (0, 1, 3):
        old.names[i if i < 3 else 3][1].old = i + 1
    old.names[1][1].data = b'the newest'
    make(folder, 'strategy-4096', old, strategy=4096, blocks=320)
    bad(folder)


if __name__ == "__main__":
    main()
