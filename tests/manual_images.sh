#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the images the manual's examples speak of, in the current folder, with "$SPINDLE":
#
#   disc.iso       200 sectors with an ISO 9660 volume descriptor
#   disc.cue       two audio tracks with titles, the second one with a pregap
#   album.cue      the same tracks with a catalog number, an ISRC and INDEX 02
#   mixed.cue      the sectors of disc.iso as mode 1, then an audio track
#   scratched.cue, scratched-2.cue   mixed.cue, each with other damaged sectors, which the parity can
#                  correct
#   tree           a folder with files
#   nothing.txt    no image
set -e

python3 - <<'END'
import random

random.seed(3)
data = bytearray(random.randbytes(2048 * 200))
data[32768:32774] = b"\x01CD001"
data[32848:32856] = (200).to_bytes(4, "little") + (200).to_bytes(4, "big")
data[32896:32900] = b"\x00\x08\x08\x00"
data[34816:34822] = b"\xffCD001"
open("disc.iso", "wb").write(data)
sound = random.randbytes(2352 * 700)
tracks = """  TRACK 01 AUDIO
    TITLE "First"%s
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "Second"
    INDEX 00 00:05:00
    INDEX 01 00:05:20%s
"""
for name, head, first, second in (("disc", "", "", ""), (
        "album", "CATALOG 4006408065005\n", "\n    ISRC DEC680000220", "\n    INDEX 02 00:06:00")):
    open(name + ".bin", "wb").write(sound)
    open(name + ".cue", "w").write('%sTITLE "Disc"\nFILE "%s.bin" BINARY\n' % (head, name)
                                   + tracks % (first, second))
open("nothing.txt", "w").write("nothing of the kind\n")
END

"$SPINDLE" convert -q disc.iso data.cue
python3 - <<'END'
data = open("data.bin", "rb").read() + open("disc.bin", "rb").read()[:2352 * 300]
scratched = {"mixed": [], "scratched": [30, 31, 90], "scratched-2": [40, 91, 120]}
for name, sectors in scratched.items():
    dump = bytearray(data)
    for sector in sectors:
        for byte in (100, 700, 1900):
            dump[2352 * sector + byte] ^= 0x55
    open(name + ".bin", "wb").write(dump)
    open(name + ".cue", "w").write('''FILE "%s.bin" BINARY
  TRACK 01 MODE1/2352
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    ISRC DEC680000220
    INDEX 01 00:02:50
''' % name)
END
rm data.cue data.bin
mkdir -p tree/src tree/empty
echo 'read me' >tree/readme
echo 'int x;' >tree/src/x.c
cp disc.iso tree/src/x.o
ln -s readme tree/link
