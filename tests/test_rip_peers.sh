#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Four other rippers and ours read the same simulated discs: what they can read they read alike,
# sector by sector, and what is bad is bad for all. They come unmodified, by spindle-sim; none of
# them needs more than that. What each is not asked, and why:
#   cdrdao    makes a pause out of the pregap between data and audio, and does not read it; tries
#             data twice; gives up audio around a bad sector, by dozens of good ones
#   icedax    reads audio alone; takes what was in its buffer for the sectors of a command behind
#             the bad one
#   ddrescue  knows block devices: data of 2048 bytes, the first track of a mixed disc

. "${top_srcdir:-.}/tests/sim.sh"
export XDG_CONFIG_HOME=$work/config

# 400 sectors of data, 1200 of audio whose second track has a pregap, and both after one another.
python3 - <<'END' || exit 99
import random
random.seed(9)
volume = bytearray(random.randbytes(400 * 2048))
volume[16 * 2048:17 * 2048] = (b"\1CD001\1".ljust(80, b"\0") + (400).to_bytes(4, "little")
                               + (400).to_bytes(4, "big")).ljust(2048, b"\0")
volume[17 * 2048:18 * 2048] = b"\xffCD001\1".ljust(2048, b"\0")
open("data.iso", "wb").write(volume)
open("audio.bin", "wb").write(random.randbytes(1200 * 2352))
open("audio.cue", "w").write("""FILE "audio.bin" BINARY
TRACK 01 AUDIO
INDEX 01 00:00:00
TRACK 02 AUDIO
INDEX 00 00:08:00
INDEX 01 00:10:00
""")
open("mixed.cue", "w").write("""FILE "mixed.bin" BINARY
TRACK 01 MODE1/2352
INDEX 01 00:00:00
TRACK 02 AUDIO
INDEX 00 00:05:25
INDEX 01 00:07:25
""")
END
"$spindle" convert -q data.iso data.cue || exit 99
cat data.bin audio.bin >mixed.bin
# A scratch of one sector, one of four, one that a third reading gets over; and in the mixed disc's
# audio too.
cat >scratches <<'END'
100 unreadable
200..203 unreadable
300 unreadable times 2
700..702 unreadable
END

# ours DISC: rip it once, scratched, into ours-DISC.bin, its map beside it
ours() {
	test -f "ours-$1.bin" && return
	got=0
	"$spindle" rip -q "sim:$1.cue,faults=scratches" "ours-$1.cue" || got=$?
	test "$got" -eq 6
}

# scratched DISC COMMAND…, clean DISC COMMAND…: in another's hands
scratched() {
	local disc=$1
	shift
	"$sim" --faults scratches "$disc.cue" -- timeout 120 "$@"
}
clean() {
	local disc=$1
	shift
	"$sim" "$disc.cue" -- timeout 120 "$@"
}

# alike DISC SIZE FILE OURS THEIRS COUNT: sectors from OURS on in our image are those from THEIRS on
# in FILE, where the first 2352 bytes of each SIZE are compared, or 2048 of user data; but for those
# that our map has as bad, which are those of the script. What is good is the medium's. `but` is a
# sector that the other one did not read often enough.
but=
alike() {
	BUT=$but python3 - "$@" <<'END'
import os, sys
disc, size, name, ours, theirs, count = sys.argv[1], int(sys.argv[2]), sys.argv[3], *map(int, sys.argv[4:])
mine, peer, disc_bin = (open(n, "rb").read() for n in (f"ours-{disc}.bin", name, f"{disc}.bin"))
bad = set()
lines = [line.split() for line in open(f"ours-{disc}.map") if not line.startswith("#")]
for at, length, status in lines[1:]:
    if status != "+":
        assert status == "-"
        bad.update(range(int(at, 16) // 2352, (int(at, 16) + int(length, 16)) // 2352))
assert bad == {n for n in (100, 200, 201, 202, 203, 700, 701, 702) if n * 2352 < len(disc_bin)}, bad
assert len(mine) == len(disc_bin) and len(peer) >= (theirs + count) * size
seen = 0
for i in range(count):
    if ours + i in bad or str(ours + i) == os.environ["BUT"]:
        continue
    sector = mine[(ours + i) * 2352:(ours + i + 1) * 2352]
    assert sector == disc_bin[(ours + i) * 2352:(ours + i + 1) * 2352], ours + i
    if size == 2048:
        sector = sector[16:2064]
    at = (theirs + i) * size
    assert peer[at:at + len(sector)] == sector, ours + i
    seen += 1
print(seen, "sectors alike,", count - seen, "bad")
assert seen > count * 9 // 10
END
}

turned() { # FILE: each two bytes changed about, for cdrdao has samples in the other order
	python3 -c 'import array, sys
a = array.array("H", open(sys.argv[1], "rb").read()); a.byteswap()
open(sys.argv[1] + ".le", "wb").write(a.tobytes())' "$1"
}

cdrdao_data() {
	ours data
	scratched data cdrdao read-cd -v 0 --read-raw --device /dev/sr0 --datafile d.dao d.toc
	but=300
	alike data 2352 d.dao 0 0 400
}
try cdrdao 'data: cdrdao read-cd' cdrdao_data

cdrdao_audio() {
	ours audio
	clean audio cdrdao read-cd -v 0 --device /dev/sr0 --datafile a.dao a.toc
	turned a.dao
	alike audio 2352 a.dao.le 0 0 1200
	grep '^START' a.toc # where is its own affair: see test_judges.sh
	tr -d '\r' <ours-audio.cue | grep 'INDEX 00 00:08:00'
}
try cdrdao 'audio: cdrdao read-cd, with the pregap' cdrdao_audio

cdrdao_mixed() {
	ours mixed
	clean mixed cdrdao read-cd -v 0 --read-raw --device /dev/sr0 --datafile m.dao m.toc
	alike mixed 2352 m.dao 0 0 400
	turned m.dao
	alike mixed 2352 m.dao.le 550 400 1050
}
try cdrdao 'mixed: cdrdao read-cd' cdrdao_mixed

readom_blocks() {
	ours data
	scratched data readom dev=/dev/sr0 -noerror retries=4 f=d.iso
	alike data 2048 d.iso 0 0 400
}
try readom 'data: readom' readom_blocks

readom_clone() { # DISC COUNT
	ours "$1"
	scratched "$1" readom dev=/dev/sr0 -clone -noerror retries=4 f="$1.clone"
	alike "$1" 2448 "$1.clone" 0 0 "$2"
}
try readom 'data: readom -clone' readom_clone data 400
try readom 'audio: readom -clone' readom_clone audio 1200
try readom 'mixed: readom -clone' readom_clone mixed 1600

icedax_audio() {
	ours audio
	clean audio icedax -D /dev/sr0 -q -H -B -O raw --no-infofile -E little adax
	cat adax_01.raw adax_02.raw >adax
	alike audio 2352 adax 0 0 1200
}
try icedax 'audio: icedax' icedax_audio

icedax_mixed() {
	ours mixed
	clean mixed icedax -D /dev/sr0 -q -H -t 2 -O raw --no-infofile -E little mdax
	alike mixed 2352 mdax.raw 550 0 1050
}
try icedax 'mixed: icedax' icedax_mixed

# The map too, byte by byte, but for comments and what was being done.
blocks() {
	grep -v '^#' "$1" | tail -n +2 | tr A-F a-f
}
ddrescue_data() {
	ours data
	scratched data ddrescue -q -b2048 -r3 /dev/sr0 d.dd d.map
	alike data 2048 d.dd 0 0 400
	got=0
	"$spindle" rip -q sim:data.cue,faults=scratches block.iso || got=$?
	test "$got" -eq 6
	blocks block.map >a
	blocks d.map | cmp - a
	cmp block.iso d.dd
}
try ddrescue 'data: ddrescue, and its map' ddrescue_data

ddrescue_mixed() {
	ours mixed
	scratched mixed ddrescue -q -b2048 -r3 -s 819200 /dev/sr0 m.dd m.map
	alike mixed 2048 m.dd 0 0 400
}
try ddrescue 'mixed: ddrescue, of the data' ddrescue_mixed

# With our image and our map ddrescue has nothing to do but what is bad for good.
goes_on() {
	scratched data ddrescue -q -b2048 -r3 /dev/sr0 all.dd all.map
	got=0
	"$spindle" rip -q sim:data.cue,faults=scratches on.iso || got=$?
	test "$got" -eq 6
	cp on.iso on.dd
	scratched data ddrescue -q -b2048 -r1 /dev/sr0 on.dd on.map
	cmp on.dd all.dd
	ddrescuelog -q -p on.map all.map
}
try 'ddrescue ddrescuelog' 'data: ddrescue goes on with what we left' goes_on

echo "1..$count"
exit $failed
