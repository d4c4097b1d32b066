#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Known answers for the sector engine, computed the slow way straight from ECMA-130: the EDC bit by
bit as a remainder (14.3), P/Q parity by solving the check matrices' equations (annex A), the
scrambler bit by bit (annex B).

    python3 tests/sector_vectors.py > tests/data/sector_vectors.h
"""

SYNC = bytes([0] + [255] * 10 + [0])


def fill(seed, size):
    """The test's own pseudo-random bytes; test_sector.c has the same."""
    out = bytearray()
    for _ in range(size):
        seed = (seed * 1664525 + 1013904223) & 0xFFFFFFFF
        out.append(seed >> 24)
    return bytes(out)


def edc(data):
    """Remainder of the message times x^32 by (x^16+x^15+x^2+1)(x^16+x^2+x+1); bytes go in least
    significant bit first, and the remainder's bits come out in the same order."""
    poly = 0
    for a in (16, 15, 2, 0):
        for b in (16, 2, 1, 0):
            poly ^= 1 << (a + b)
    rest = 0
    for byte in data:
        for bit in range(8):
            rest = rest << 1 ^ ((byte >> bit & 1) << 32)
            if rest >> 32 & 1:
                rest ^= poly
    return int("{:032b}".format(rest & 0xFFFFFFFF)[::-1], 2).to_bytes(4, "little")


def times(a, b):
    """Product in GF(2^8) with x^8+x^4+x^3+x^2+1."""
    out = 0
    while b:
        if b & 1:
            out ^= a
        a = a << 1 ^ (0x11D if a & 0x80 else 0)
        b >>= 1
    return out


def power(n):
    out = 1
    for _ in range(n):
        out = times(out, 2)
    return out


def inverse(a):
    return next(b for b in range(256) if times(a, b) == 1)


def solve(word):
    """The two last bytes of a code word of len(word)+2 bytes, from H x V = 0 with
    H = (1 1 ... 1; alpha^(n-1) ... alpha 1)."""
    n = len(word) + 2
    s0 = s1 = 0
    for i, v in enumerate(word):
        s0 ^= v
        s1 ^= times(power(n - 1 - i), v)
    # p + q = s0, alpha p + q = s1
    p = times(s0 ^ s1, inverse(1 ^ 2))
    return p, p ^ s0


def parity(raw, zero_header):
    data = bytearray(raw[12:12 + 2236 + 104])
    if zero_header:
        data[0:4] = bytes(4)
    for half in (0, 1):  # least and most significant byte of each 16-bit word
        def at(word):
            return 2 * word + half

        for n in range(43):
            p, q = solve([data[at(43 * m + n)] for m in range(24)])
            data[at(43 * 24 + n)] = p
            data[at(43 * 25 + n)] = q
        for n in range(26):
            p, q = solve([data[at((44 * m + 43 * n) % 1118)] for m in range(43)])
            data[at(43 * 26 + n)] = p
            data[at(44 * 26 + n)] = q
    return bytes(data[2064:])


def bcd(n):
    return n // 10 << 4 | n % 10


def header(lba, mode):
    frames = (lba + 150) % 450000
    return bytes([bcd(frames // 4500), bcd(frames // 75 % 60), bcd(frames % 75), mode])


def sector(kind, lba, sub, user):
    if kind == "MODE1":
        raw = SYNC + header(lba, 1) + user
        raw += edc(raw) + bytes(8)
        return raw + parity(raw + bytes(276), False)
    raw = SYNC + header(lba, 2) + sub + user
    raw += edc(raw[16:])
    if kind == "XA_FORM1":
        raw += parity(raw + bytes(276), True)
    return raw


def scrambler():
    register, out = 1, bytearray()
    for _ in range(2340):
        byte = 0
        for bit in range(8):
            byte |= (register & 1) << bit
            new = (register ^ register >> 1) & 1
            register = register >> 1 | new << 14
        out.append(byte)
    return bytes(out)


def array(data, indent="\t\t"):
    lines = []
    for i in range(0, len(data), 14):
        lines.append(indent + " ".join("0x%02x," % b for b in data[i:i + 14]))
    return "\n".join(lines)


def main():
    plain = {"MODE1": bytes(8), "XA_FORM1": bytes([0, 0, 8, 0] * 2),
             "XA_FORM2": bytes([0, 0, 0x20, 0] * 2)}
    cases = [("MODE1", 0, 1, None), ("MODE1", -150, 2, None), ("MODE1", 449849, 3, None),
             ("MODE1", -45150, 4, None), ("XA_FORM1", 16, 5, None),
             ("XA_FORM1", 17, 6, bytes([1, 2, 0x89, 4] * 2)), ("XA_FORM2", 16, 7, None),
             ("XA_FORM2", 18, 8, bytes([1, 1, 0x64, 0x7F] * 2))]
    size = {"MODE1": 2048, "XA_FORM1": 2048, "XA_FORM2": 2324}
    print("/* SPDX-License-Identifier: GPL-3.0-or-later */")
    print("/* Made by tests/sector_vectors.py. The user data is fill(seed). */")
    print("static const struct vector {")
    print("\tunsigned mode;\n\tint lba;\n\tunsigned seed;\n\tuint8_t header[4], subheader[8];")
    print("\tuint8_t tail[288]; /* what follows the user data */\n} vectors[] = {")
    for kind, lba, seed, sub in cases:
        sub = sub or plain[kind]
        raw = sector(kind, lba, sub, fill(seed, size[kind]))
        assert len(raw) == 2352, len(raw)
        tail = raw[(16 if kind == "MODE1" else 24) + size[kind]:]
        print("\t{SP_MODE_%s, %d, %d,\n\t {%s}," % (kind, lba, seed, ", ".join(
            "0x%02x" % b for b in raw[12:16])))
        print("\t {%s},\n\t {\n%s\n\t }}," % (", ".join("0x%02x" % b for b in sub), array(tail)))
    print("};\n\nstatic const uint8_t scrambler_bytes[2340] = {\n%s\n};" % array(scrambler(), "\t"))


main()
