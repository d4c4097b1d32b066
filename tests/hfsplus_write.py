#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A writer of HFS+ volumes, independent of the library's reader: hfsplus_write.py DIR makes NAME.hfsplus
with NAME.list, what a reader must find in it (lines as fs_walk has them), and bad.NAME.hfsplus with
bad.NAME.list and bad.NAME.say. hfsplus_write.py --seeds DIR makes small ones to begin fuzzing with."""
import os
import struct
import sys
import zlib

EPOCH = 2082844800


def pattern(n, seed=1):
    out = bytearray()
    while len(out) < n:
        seed = seed * 1103515245 + 12345 & 0x7FFFFFFF
        out += struct.pack('<I', seed)
    return bytes(out[:n])


def name(text):
    raw = text.encode('utf-16-be')
    return struct.pack('>H', len(raw) // 2) + raw


def key(body):
    return struct.pack('>H', len(body)) + body


def tree(records, size, blank=0, spoil=()):
    """A B-tree file of sorted (key, data) records in nodes of that size."""
    def node(kind, height, items, number, nxt=0, prev=0):
        out = bytearray(size)
        struct.pack_into('>IIbBH', out, 0, nxt, prev, kind, height, len(items))
        at, places = 14, []
        for item in items:
            places.append(at)
            out[at:at + len(item)] = item
            at += len(item) + len(item) % 2
        places.append(at)
        for i, p in enumerate(places):
            struct.pack_into('>H', out, size - 2 * (i + 1), p)
        return out

    def split(items):
        rows, row, used = [], [], 14
        for item in items:
            n = len(item[1]) + len(item[1]) % 2 + 2
            if used + n + 2 > size:
                rows.append(row)
                row, used = [], 14
            row.append(item)
            used += n
        if row:
            rows.append(row)
        return rows
    nodes, level, height, first = {}, [(k, k + d) for k, d in records], 1, 0
    number, root, last = 1, 0, 0
    while level:
        rows = split(level)
        up = []
        for i, row in enumerate(rows):
            here = number + i
            nodes[here] = node(-1 if height == 1 else 0, height, [item for _, item in row], here,
                               here + 1 if i + 1 < len(rows) else 0, here - 1 if i else 0)
            up.append((row[0][0], row[0][0] + struct.pack('>I', here)))
        if height == 1:
            first, last = number, number + len(rows) - 1
        number += len(rows)
        root = number - 1
        if len(rows) == 1:
            break
        level, height = up, height + 1
    total = number + blank
    head = struct.pack('>HIIIIHHIIHIBBI', height if root else 0, root, len(records), first, last, size,
                       516, total, blank, 0, 0, 0, 0xCF, 6) + bytes(64)
    used = bytearray((size - 256) & ~1)
    for i in range(number):
        used[i // 8] |= 0x80 >> i % 8
    out = node(1, 0, [head, bytes(128), bytes(used[:size - 14 - 106 - 128 - 8])], 0)
    data = bytearray(out)
    for i in range(1, total):
        data += nodes.get(i, bytes(size))
    if 'loop' in spoil:
        struct.pack_into('>I', data, last * size, first)
    if 'index' in spoil:
        struct.pack_into('>b', data, root * size + 8, 5)
    if 'record' in spoil:
        struct.pack_into('>H', data, (first + 1) * size - 6, 0xFFF0)
    if 'records' in spoil:
        struct.pack_into('>H', data, first * size + 10, 0xFFFF)
    if 'self' in spoil:     # an index node whose child it is
        k = struct.unpack_from('>H', data, root * size + 14)[0]
        struct.pack_into('>I', data, root * size + 16 + k, root)
    return bytes(data)


class Node:
    def __init__(self, kind, data=b'', **how):
        self.kind, self.data = kind, data
        self.resource = b''
        self.mode = 0o644
        self.names = []
        self.finder = bytes(32)
        self.xattrs = []        # (name, data, in a fork)
        self.coded = None       # (type, payload of the attribute, resource fork)
        self.pieces = 1
        self.special = 0
        self.links = []         # hard links lead here: it has this number
        self.id = 0
        self.size = None
        self.__dict__.update(how)


class Volume:
    def __init__(self, block=512, node=1024, blocks=800, x=False, wrap=False, spoil=()):
        self.block, self.node, self.blocks, self.x, self.wrap = block, node, blocks, x, wrap
        self.spoil = spoil
        self.at = {}
        self.next = (1536 + block - 1) // block
        self.id = 16
        self.catalog, self.attributes, self.overflow = [], [], []
        self.inodes = []
        self.counts = [0, 0]

    def alloc(self, n):
        self.next += n
        assert self.next < self.blocks - 2, 'volume is full'
        return self.next - n

    def fork(self, data, ident=0, kind=0, pieces=1, size=None):
        """80 bytes of a fork whose data is written in so many pieces."""
        bs = self.block
        blocks = (len(data) + bs - 1) // bs
        each = max((blocks + pieces - 1) // pieces, 1)
        runs, done = [], 0
        while done < blocks:
            n = min(each, blocks - done)
            if pieces > 1:
                self.alloc(1)
            b = self.alloc(n)
            self.at[b * bs] = data[done * bs:(done + n) * bs]
            runs.append((b, n))
            done += n
        if 'extent' in self.spoil and ident >= 16 and data:
            runs[0] = (0xFFFFFFF0, 0x20)

        def eight(part):
            return b''.join(struct.pack('>II', *r) for r in part).ljust(64, b'\0')
        start = sum(n for _, n in runs[:8])
        for i in range(8, len(runs), 8):
            part = runs[i:i + 8]
            self.overflow.append((key(struct.pack('>BBII', kind, 0, ident, start)), eight(part)))
            start += sum(n for _, n in part)
        return struct.pack('>QII', len(data) if size is None else size, 0, blocks) + eight(runs[:8])

    def record(self, node, kind=None):
        mode = {'d': 0o40000, 'f': 0o100000, 'l': 0o120000, 'c': 0o20000, 'b': 0o60000, 'p': 0o10000,
                's': 0o140000}[node.kind] | node.mode
        flags = 4 if node.xattrs or node.coded else 0
        dates = b''.join(struct.pack('>I', EPOCH + t) for t in (1000000000, 1100000000, 1200000000,
                                                              1300000000)) + bytes(4)
        owner = struct.pack('>IIBBHI', 501, 20, 0, 0x20 if node.coded else 0, mode, node.special)
        head = struct.pack('>HHII', 1 if node.kind == 'd' else 2, flags,
                           len(node.names) if node.kind == 'd' else 0, node.id)
        out = head + dates + owner + node.finder + bytes(8)
        if node.kind != 'd':
            out += self.fork(node.data, node.id, 0, node.pieces, node.size)
            out += self.fork(node.coded[2] if node.coded else node.resource, node.id, 0xFF)
        return out

    def number(self, node):
        if not node.id:
            node.id = self.id
            self.id += 1
        for text, data, in_fork in node.xattrs:
            body = struct.pack('>HIIH', 0, node.id, 0, len(text)) + text.encode('utf-16-be')
            value = struct.pack('>II', 0x20, 0) + self.fork(data) if in_fork else \
                struct.pack('>IIII', 0x10, 0, 0, len(data)) + data + bytes(len(data) % 2)
            self.attributes.append((key(body), value))
        if node.coded:
            text = 'com.apple.decmpfs'
            body = struct.pack('>HIIH', 0, node.id, 0, len(text)) + text.encode('utf-16-be')
            data = b'fpmc' + struct.pack('<IQ', node.coded[0], node.coded_size) + node.coded[1]
            self.attributes.append((key(body), struct.pack('>IIII', 0x10, 0, 0, len(data)) + data +
                                    bytes(len(data) % 2)))

    def add(self, parent, text, data):
        self.catalog.append((key(struct.pack('>I', parent) + name(text)), data))

    def folder(self, node, parent, text):
        queue = [(node, parent, text)]
        while queue:
            node, parent, text = queue.pop(0)
            self.number(node)
            self.add(parent, text, self.record(node))
            self.add(node.id, '', struct.pack('>HHI', 3, 0, parent) + name(text))
            for child_name, child in node.names:
                stored = child_name.replace(':', '/')
                if child.links:
                    self.link(child, node.id, stored)
                elif child.kind == 'd':
                    queue.append((child, node.id, stored))
                else:
                    self.number(child)
                    self.add(node.id, stored, self.record(child))

    def link(self, child, parent, stored):
        number = child.links[0]
        if child not in [c for c, _ in self.inodes]:
            self.inodes.append((child, number))
            child.special = child.count
        stub = Node('f', special=number, mode=0o444)
        stub.finder = (b'fdrpMACS' if child.kind == 'd' else b'hlnkhfs+').ljust(32, b'\0')
        self.number(stub)
        self.add(parent, stored, self.record(stub))

    def finish(self, root, label):
        root.id = 2
        self.folder(root, 1, label)
        files = Node('d', id=0)
        folders = Node('d', id=0)
        for child, number in self.inodes:
            text = ('dir_%d' if child.kind == 'd' else 'iNode%d') % number
            hold = folders if child.kind == 'd' else files
            child.links = []
            if 'link' not in self.spoil:
                hold.names.append((text, child))
        if self.inodes:
            self.folder(files, 2, '\0\0\0\0HFS+ Private Data')
            self.folder(folders, 2, '.HFS+ Private Directory Data\r')

        kinds = [d[1] for _, d in self.catalog]
        self.counts = [kinds.count(2), kinds.count(1) - 1]

        def order(item):
            k = item[0]
            return k[2:6], k[8:].decode('utf-16-be').lower()
        self.catalog.sort(key=order)
        self.attributes.sort(key=lambda item: (item[0][4:8], item[0][14:]))
        attributes = self.fork(tree(self.attributes, self.node * 4)) if self.attributes else bytes(80)
        catalog = self.fork(tree(self.catalog, self.node, 2, self.spoil), 4, 0, self.catalog_pieces)
        self.overflow.sort(key=lambda item: (item[0][4:8], item[0][2], item[0][8:12]))
        extents = self.fork(tree(self.overflow, self.node))
        bitmap = bytearray(b'\0' * ((self.blocks + 7) // 8))
        allocation = self.fork(bytes(bitmap))
        header = struct.pack('>2sH16I', b'HX' if self.x else b'H+', 5 if self.x else 4, 0x100,
                             0x31302E30, 0, EPOCH + 1, EPOCH + 2, 0, 0,
                             *self.counts, self.block, self.blocks,
                             self.blocks - self.next, 0, 0, 0, self.id)
        header += struct.pack('>IQ', 1, 1) + bytes(32)
        header = header[:112].ljust(112, b'\0')
        header += allocation + extents + catalog + attributes + bytes(80)
        assert len(header) == 512
        self.header = header

    catalog_pieces = 1

    def save(self, path):
        data = bytearray(self.blocks * self.block)
        for at, piece in self.at.items():
            data[at:at + len(piece)] = piece
        if 'header' not in self.spoil:
            data[1024:1536] = self.header
        data[-1024:-512] = self.header
        if self.wrap:
            mdb = bytearray(512)
            struct.pack_into('>2s', mdb, 0, b'BD')
            struct.pack_into('>HI', mdb, 18, 4, 4096)
            struct.pack_into('>H', mdb, 28, 16)
            mdb[36:42] = b'\5wrap '
            struct.pack_into('>2sHH', mdb, 124, b'H+', 3, (len(data) + 4095) // 4096)
            data = bytes(1024) + bytes(mdb) + bytes(16 * 512 - 1536 + 3 * 4096) + bytes(data)
            data += bytes(-len(data) % 4096)
        with open(path, 'wb') as f:
            f.write(data)


def zlib_fork(data):
    blocks = [zlib.compress(data[i:i + 65536]) for i in range(0, len(data), 65536)]
    blocks[-1] = b'\xff' + data[(len(blocks) - 1) * 65536:]     # kept as it is
    table = struct.pack('<I', len(blocks))
    at = 4 + 8 * len(blocks)
    for b in blocks:
        table += struct.pack('<II', at, len(b))
        at += len(b)
    body = table + b''.join(blocks)
    return struct.pack('>IIII', 0x100, 0x104 + len(body), 4 + len(body), 50).ljust(256, b'\0') + \
        struct.pack('>I', len(body)) + body + \
        bytes(24) + struct.pack('>HHH4sHHHHII', 28, 50, 0, b'cmpf', 0, 10, 1, 0xFFFF, 0, 0)


def everything():
    root = Node('d', mode=0o755)
    linked = Node('f', b'one of two', links=[77], count=2)
    shared = Node('d', links=[99], count=2, mode=0o700)
    shared.names.append(('inside', Node('f', b'in a shared folder')))
    big = pattern(150000)
    sub = Node('d', mode=0o755)
    sub.names += [('again', linked), ('e\u0301', Node('f', b'decomposed')), ('shared', shared),
                  ('x:y', Node('f', b'a slash on the disc')), ('漢字😀', Node('f', b''))]
    root.names += [
        ('a', Node('f', b'hello')),
        ('coded3', Node('f', coded=(3, zlib.compress(pattern(3000)), b''), coded_size=3000,
                        real=pattern(3000))),
        ('coded3raw', Node('f', coded=(3, b'\xff' + b'raw', b''), coded_size=3, real=b'raw')),
        ('coded4', Node('f', coded=(4, b'', zlib_fork(big)), coded_size=150000, real=big)),
        ('first', linked),
        ('link', Node('l', 'sub/é'.encode(), mode=0o755)),
        ('null', Node('c', special=3 << 24 | 2, mode=0o666)),
        ('pieces', Node('f', pattern(40 * 512 - 5, 4), pieces=40)),
        ('resource', Node('f', b'data', resource=b'the resource', finder=b'TEXTttxt'.ljust(32, b'\0'))),
        ('shared', shared),
        ('sub', sub),
        ('x', Node('f', b'x', xattrs=[('user.one', b'1', False), ('user.two', pattern(700), True)])),
    ]
    # as the sort of the catalog has them
    return root


def many(n):
    root = Node('d', mode=0o755)
    for i in range(n):
        root.names.append(('file %04d' % i, Node('f', b'%d' % i)))
    return root


def listing(root):
    lines, queue, told = [], [('', root)], set()
    while queue:
        path, folder = queue.pop(0)
        for text, node in sorted(folder.names, key=lambda i: i[0].replace(':', '/').lower()):
            full = path + '/' + text if path else text
            is_file = node.kind == 'f'
            data = node.real if node.coded else node.data
            size = (len(data) if node.size is None else node.size) if is_file else 0
            line = '%s %04o %d %08x %s' % (node.kind, node.mode, size, zlib.crc32(data) if is_file else 0,
                                           full)
            if node.kind == 'l':
                line += ' -> ' + node.data.decode()
            if node.kind == 'c':
                line += ' 3,2'
            if is_file and hasattr(node, 'count'):
                line += ' links %d' % node.count
            lines.append(line)
            if node.resource:
                lines.append('r %d %08x %s' % (len(node.resource), zlib.crc32(node.resource), full))
            if any(node.finder):
                lines.append('@ 32 %08x com.apple.FinderInfo' % zlib.crc32(node.finder))
            for text_, value, _ in node.xattrs:
                lines.append('@ %d %08x %s' % (len(value), zlib.crc32(value), text_))
            if node.kind == 'd' and id(node) not in told:
                told.add(id(node))
                queue.append((full, node))
    return '\n'.join(lines) + '\n' if lines else ''


def make(folder, text, root, say=None, expect=None, pieces=1, **how):
    volume = Volume(**how)
    volume.catalog_pieces = pieces
    want = listing(root)
    volume.finish(root, 'Größe')
    volume.save(os.path.join(folder, text + '.hfsplus'))
    with open(os.path.join(folder, text + '.list'), 'w') as f:
        f.write(want if expect is None else expect)
    if say is not None:
        with open(os.path.join(folder, text + '.say'), 'w') as f:
            f.write(say)


def main():
    if sys.argv[1] == '--seeds':
        folder = sys.argv[2]
        root = everything()
        root.names = [(t, n) for t, n in root.names if t not in ('coded4', 'pieces')]
        make(folder, 'small', root, blocks=130, node=512 * 2)
        make(folder, 'small-x', many(12), blocks=60, node=512, x=True)
        for text in os.listdir(folder):
            if text.endswith('.list'):
                os.remove(os.path.join(folder, text))
        return
    folder = sys.argv[1]
    for block in (512, 1024, 4096):
        make(folder, 'all-%d' % block, everything(), block=block, blocks=1200)
    make(folder, 'x', everything(), x=True)
    make(folder, 'wrapped', everything(), wrap=True)
    make(folder, 'many', many(700), node=4096, blocks=2500)
    make(folder, 'deep', many(400), node=512, blocks=2500)
    # the catalog itself in more pieces than the header tells of
    make(folder, 'catalog-pieces', many(60), node=512, blocks=1000, pieces=20)
    whole = listing(many(60))
    bad = dict(node=512, blocks=500)
    make(folder, 'bad.header', many(60), 'its copy is used', spoil=('header',), **bad)
    make(folder, 'bad.loop', many(60), 'follows another one', spoil=('loop',), expect=whole, **bad)
    make(folder, 'bad.index', many(60), 'is not what its parent says', spoil=('index',), **bad)
    make(folder, 'bad.self', many(60), 'is not what its parent says', spoil=('self',), **bad)
    make(folder, 'bad.extent', many(2), 'the volume has 500', spoil=('extent',),
         expect='f 0644 1 00000000 file 0000\nf 0644 1 00000000 file 0001\n', **bad)
    huge = many(2)
    huge.names[0][1].size = 1 << 60
    make(folder, 'bad.huge', huge, 'of which its extents have',
         expect='f 0644 1152921504606846976 00000000 file 0000\n' + listing(many(2)).split('\n')[1] + '\n',
         **bad)
    two = everything()
    two.names = [i for i in two.names if i[0] in ('a', 'first')]
    make(folder, 'bad.link', two, 'leads to 77, which is not there', spoil=('link',),
         expect=listing(two).split('\n')[0] + '\n', **bad)
    bomb = Node('d', mode=0o755)
    bomb.names.append(('b', Node('f', coded=(4, b'', zlib_fork(b'x')), coded_size=1 << 50, real=b'')))
    bomb.names.append(('c', Node('f', coded=(13, b'', b''), coded_size=5, real=b'')))
    make(folder, 'bad.coded', bomb, 'claims 1125899906842624 bytes',
         expect='f 0644 1125899906842624 00000000 b\nf 0644 5 00000000 c\n', **bad)
    # leaves that are not understood cost what was in them
    first = [x for x in whole.splitlines(True)]
    make(folder, 'bad.records', many(60), 'has more records than fit', spoil=('records',),
         expect=''.join(first[1:]), **bad)


if __name__ == "__main__":
    main()
