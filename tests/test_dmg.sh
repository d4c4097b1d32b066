#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Disk images that others made are read: those of the corpus give the bytes 7-Zip gives, those of
# tests/dmg_write.py the disk they were made of, and each fault of theirs is an error with a place
# that leaves nothing behind.

. "${top_srcdir:-.}/tests/try.sh"
try_clean() { rm -rf out.img .out.img.*; }

# Nothing of an output, under no name
nothing_left() {
	! ls -A | grep 'out\.img'
}

# refuses CODE TEXT FILE [OPTION…]: converting ends so, in one line that has TEXT, and leaves nothing
refuses() {
	code=0
	want=$1 text=$2
	shift 2
	timeout 60 "$spindle" convert "$@" out.img 2>err || code=$?
	cat err
	test $code -eq "$want"
	test "$(wc -l <err)" -eq 1
	grep -e "$text" err
	nothing_left
}

# --- the corpus -------------------------------------------------------------------------------

as_seven() { # FILE: the parts one behind the other are the disk
	7zz e -so -tdmg "$1" >seven.img
	"$spindle" convert "$1" out.img
	cmp out.img seven.img
	"$spindle" verify "$1" >said
	grep ': whole:' said
	! grep wrong said
	"$spindle" info "$1"
}
as_qemu() { # FILE
	qemu-img convert -O raw "$1" qemu.img
	"$spindle" convert "$1" out.img
	cmp out.img qemu.img
}
# Wherever it is cut there is an error, and no output
cut_short() { # FILE
	size=$(wc -c <"$1")
	for at in 0 1 511 512 $((size / 3)) $((size / 2)) $((size - 600)) $((size - 513)) \
		$((size - 512)) $((size - 511)) $((size - 1)); do
		head -c $at "$1" >cut.dmg
		! "$spindle" convert cut.dmg out.img
		nothing_left
	done
}
# A byte of the stored data turned: found by method or checksum
turned() { # FILE
	for at in 40 300 2000; do
		python3 - "$1" $at <<'END'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[int(sys.argv[2])] ^= 0x10
open("turned.dmg", "wb").write(data)
END
		code=0
		"$spindle" convert turned.dmg out.img 2>err || code=$?
		cat err
		test $code -eq 3
		nothing_left
	done
}
images=
test -z "$SPINDLE_CORPUS" || images=$(find "$SPINDLE_CORPUS/dmg" -name '*.dmg' | sort)
if test -n "$images"; then
	for file in $images; do
		image=${file##*/}
		try 7zz "$image gives what 7-Zip gives" as_seven "$file"
		case $image in
		*-bz2.dmg | *-lzfse.dmg | *-adc.dmg) ;; # modules qemu-img may not have
		*) try qemu-img "$image gives what qemu-img gives" as_qemu "$file" ;;
		esac
		# a raw image without its trailer is a plain disk
		test $image = raw.dmg || try '' "$image cut short is refused" cut_short "$file"
		# without a checksum of the stored data, bytes no block has may be anything
		test $image = simple-dmg.dmg ||
			try python3 "$image with a byte turned is refused" turned "$file"
	done
else
	skip 'the corpus gives what 7-Zip gives' 'SPINDLE_CORPUS is not set'
fi

# --- the writer in Python ---------------------------------------------------------------------

command -v python3 >/dev/null || {
	skip 'images of a second writer' 'python3 is not installed'
	echo "1..$count"
	exit $failed
}
. "$tests/dmg_disks.sh"

reads() { # KIND SCHEME OPTION…
	kind=$1 scheme=$2
	shift 2
	rm -f ours.*
	write "$kind" ours.dmg "$scheme.img" "$@"
	"$spindle" convert ours.dmg out.img
	cmp out.img "$scheme.img"
	"$spindle" verify ours.dmg
	"$spindle" info --json ours.dmg | python3 -c '
import json, sys
j = json.load(sys.stdin)
assert j["format"] == "dmg" and j["container"]["kind"].lower() == sys.argv[1], j["container"]
assert j["partition_table"]["scheme"] == sys.argv[2].replace("none", "whole"), j
assert sum(b["size"] for b in j["container"]["blocks"]) == 512 * j["sectors"]' "$kind" "$scheme"
}
for kind in udro udco udzo udbz ulfo ulmo mixed; do
	try '' "$kind" reads $kind gpt --never-raw
done
for scheme in apm mbr none; do
	try '' "a disk of scheme $scheme" reads udzo $scheme
done
try '' 'one map for all' reads udzo gpt --map whole
try '' 'maps in pieces' reads udzo apm --map pieces
try '' 'runs that are ignored for zeros' reads udbz gpt --zero 2
try '' 'blocks that do not gain' reads udzo gpt --never-raw --chunk 3
try '' 'LZVN alone' reads ulfo gpt --lzvn
try '' 'blocks over the whole disk' reads ulmo gpt --chunk 100000
try '' 'comments in tables' reads udzo gpt --comments
for sum in md5 sha1 sha256 sha384 sha512 none; do
	try '' "checksums: $sum" reads udzo gpt --checksum $sum
done
try '' 'the trailer first' reads udzo gpt --koly start
try '' 'garbage behind the trailer' reads udzo gpt --trailing 500
try '' 'much garbage behind the trailer' reads udzo gpt --trailing 65024

# A trailer further away, or one that does not end what lies in front of it: a file in a disk.
not_a_trailer() {
	write udzo ours.dmg gpt.img --trailing 65025
	refuses 3 'ours.dmg: not recognised as a disc image' ours.dmg
	write udzo part.dmg gpt.img
	{ head -c 4096 /dev/zero && cat part.dmg && head -c 4096 /dev/zero; } >ours.dmg
	refuses 3 'ours.dmg: not recognised as a disc image' ours.dmg
}
try '' 'a trailer too far away, or of a file in another' not_a_trailer
try '' 'a resource fork' reads udzo apm --rsrc
try '' 'a resource fork behind a trailer' reads ulmo gpt --rsrc --koly start
try '' 'three segments' reads udzo gpt --segments 3
try '' 'twelve segments cut anywhere' reads udro apm --segments 12 --split-anywhere

segment_alone() {
	write udzo ours.dmg gpt.img --segments 3
	refuses 2 'ours.002.dmgpart: is segment 2 of 3 of an image: open the first one' ours.002.dmgpart
	rm ours.003.dmgpart
	refuses 4 'ours.003.dmgpart' ours.dmg
}
try '' 'a segment is not opened alone, nor the first without the others' segment_alone

# No terminator is what 7-Zip minds and nothing is wrong with; any order gives the same disk.
try '' 'tables out of order' reads udzo gpt --fault unsorted --chunk 64
try '' 'a table without an end mark' reads udzo gpt --fault no-end

faulty() { # CODE TEXT FAULT OPTION…
	code=$1 text=$2 fault=$3
	shift 3
	rm -f bad.*
	write udzo bad.dmg gpt.img --fault $fault "$@"
	refuses $code "$text" bad.dmg
}
fault() { # FAULT CODE TEXT OPTION…
	fault=$1 code=$2 text=$3
	shift 3
	try '' "fault $fault: exit $code, \"$text\"" faulty $code "$text" $fault "$@"
}
fault data-crc 3 'data fork CRC-32 is '
fault blkx-crc 3 'SHA-512 of .* is ' --checksum sha512
fault blkx-crc 3 'CRC-32 of .* is '
fault master-crc 3 'master CRC-32 is '
fault flip 3 'bad.dmg: block at byte [0-9]* (zlib, .*: damaged\|CRC-32 .* is '
fault corrupt 3 'bad.dmg: block at byte [0-9]* (zlib, .*: damaged\|CRC-32 .* is '
fault unknown-type 5 'block map .* run .*: unknown block type 0x80000009'
fault truncated-chunk 3 'bad.dmg: block at byte [0-9]* (zlib, .*: damaged'
fault short-chunk 3 'bad.dmg: block at byte [0-9]* (zlib, .*: damaged'
fault long-chunk 3 'bad.dmg: block at byte [0-9]* (zlib, .*: damaged'
fault overlap 3 'byte [0-9]* is in two blocks' --chunk 64
fault gap 3 'no block map tells where blocks [0-9]* to [0-9]* of the disk lie' --chunk 64
fault beyond 3 'block map .* run .*: block at byte [0-9]*: its .* do not lie within'
fault wrap 3 'block map .* run .*: block at byte [0-9]*: its .* do not lie within'
fault beyond-sector 3 'block map .* run .*: .* blocks from block .* do not lie within its'
fault early-end 3 'block map .* run .*: stands behind the end mark' --chunk 64
fault count 3 'block map .*: says more runs than it has'
fault blkx-overlap 3 'byte [0-9]* is in two blocks'
fault sectors-less 3 'block map .*: ends behind the last block of the disk'
fault sectors-more 3 'no block map tells where blocks [0-9]* to [0-9]* of the disk lie'
fault base64 3 'property list, line [0-9]*: data is not base64'
fault entities 3 'property list, line [0-9]*: a DOCTYPE that declares something'
fault external 3 'property list, line [0-9]*: a DOCTYPE that declares something'
fault deep 3 'property list, line [0-9]*: nested too deep'
fault plist-cut 3 'property list, line [0-9]*:'
fault plist-beyond 3 'UDIF trailer at byte [0-9]*: the property list does not lie in the file'
fault no-blkx 3 'the property list has no block maps'
fault bomb 3 'block map .* run .*: 2147483648 blocks from block 0 do not lie within its'
fault segment-id 3 'bad.002.dmgpart: is a segment of another image' --segments 3
fault segment-number 3 'bad.002.dmgpart: says it is segment 3 of 3, not 2 of 3' --segments 3

# Each partition is what its place in the disk has, also out of a hybrid of an encrypted one
partitions() { # SCHEME FIRST:COUNT…
	scheme=$1 number=0
	shift
	write udzo ours.dmg "$scheme.img"
	for place; do
		number=$((number + 1))
		dd if="$scheme.img" of=part.img bs=512 skip="${place%:*}" count="${place#*:}" 2>/dev/null
		"$spindle" convert --verify --partition $number ours.dmg out.img
		cmp out.img part.img
		rm out.img
		said=$("$spindle" hash --partition $number --json --algorithm sha256 ours.dmg)
		case $said in *"$(sha256sum <part.img | cut -d' ' -f1)"*) ;; *) false ;; esac
	done
	refuses 2 "there is no partition $((number + 1)); the table has: 1.*, $number\$" ours.dmg \
		--partition $((number + 1))
	# a wrong checksum of the whole leaves nothing of a part
	write udzo bad.dmg "$scheme.img" --fault data-crc
	refuses 3 'data fork CRC-32 is ' bad.dmg --partition 2
}
try '' 'partitions of a GPT' partitions gpt 40:985 1280:729
try '' "partitions of Apple's map" partitions apm 1:63 64:1024 1088:960
try '' 'partitions of an MBR' partitions mbr 63:682 1087:682

# 512-byte blocks become sectors of 2048; the last one is filled up, which is told
sectors() {
	for blocks in 2048 2047 2045; do
		head -c $((512 * blocks)) none.img >cut.img
		write udzo ours.dmg cut.img
		"$spindle" convert --verify ours.dmg out.iso 2>err
		cat err
		pad=$((-blocks & 3))
		truncate -s $((512 * (blocks + pad))) cut.img
		cmp cut.img out.iso
		test $pad -eq 0 || grep "out.iso: $((512 * pad)) bytes of zeros fill up the last sector" err
		test $pad -ne 0 || ! grep zeros err
		rm out.iso
	done
}
try '' 'a disk becomes an .iso, its last sector filled up' sectors

# What FAT volumes do not use is left out, by name; each cluster that is used comes back
omitted() { # SECTORS MFORMAT-OPTION…
	sectors=$1
	shift
	rm -f ours.dmg out.img fat.img
	truncate -s $((512 * sectors)) fat.img
	mformat -i fat.img "$@" ::
	head -c 300000 /dev/urandom >kept.bin
	head -c 400000 /dev/urandom >gone.bin
	mcopy -i fat.img gone.bin ::/GONE.BIN
	mcopy -i fat.img kept.bin ::/KEPT.BIN
	mdel -i fat.img ::/GONE.BIN
	python3 - <<'END'
import struct
disk = bytearray(open("fat.img", "rb").read())
size, per, reserved, fats, root, small = struct.unpack_from("<HBHBHH", disk, 11)
each = struct.unpack_from("<H", disk, 22)[0] or struct.unpack_from("<I", disk, 36)[0]
total = small or struct.unpack_from("<I", disk, 32)[0]
data = reserved + fats * each + (root * 32 + size - 1) // size
clusters = (total - data) // per
for n in range(2, clusters + 2):
    at = reserved * size
    if clusters < 4085:
        entry = struct.unpack_from("<H", disk, at + n * 3 // 2)[0] >> (4 * (n & 1)) & 0xFFF
    elif clusters < 65525:
        entry = struct.unpack_from("<H", disk, at + 2 * n)[0]
    else:
        entry = struct.unpack_from("<I", disk, at + 4 * n)[0] & 0xFFFFFFF
    if not entry:
        where = (data + (n - 2) * per) * size
        disk[where:where + per * size] = bytes(per * size)
open("wanted.img", "wb").write(disk)
END
	! cmp fat.img wanted.img
	refused=0
	"$spindle" convert -O omit-free fat.img lost.dmg 2>err || refused=$?
	test $refused -eq 8
	grep 'blocks of unused space that are not empty' err
	test ! -e lost.dmg
	"$spindle" convert -O omit-free --lossy fat.img ours.dmg
	"$spindle" convert ours.dmg out.img
	cmp out.img wanted.img
	"$spindle" verify ours.dmg
	mcopy -n -i out.img ::/KEPT.BIN back.bin
	cmp back.bin kept.bin
	rm -f back.bin
}
try 'mformat mcopy mdel' 'unused clusters of a FAT12 volume' omitted 2880 -t 80 -h 2 -s 18
try 'mformat mcopy mdel' 'unused clusters of a FAT16 volume' omitted 65536 -c 4 -t 64 -h 32 -s 32
try 'mformat mcopy mdel' 'unused clusters of a FAT32 volume' omitted 131072 -F -c 1 -t 64 -h 64 -s 32

# What claims a terabyte costs nothing to look at, and is not begun where it has no room.
terabyte() { # OPTION…
	write "$@"
	timeout 5 "$spindle" info bomb.dmg
	test $(($(stat -f -c '%f * %S' .) >> 40)) -eq 0 || return 0 # there is room for it
	code=0
	timeout 5 "$spindle" convert bomb.dmg out.img 2>err || code=$?
	cat err
	test $code -eq 4
	test "$(wc -l <err)" -eq 1
	grep '^spindle: out.img: needs 1099511627776 bytes, and there is room for [0-9]* there$' err
	nothing_left
}
try '' 'a terabyte of zeros is looked at at once' terabyte bomb bomb.dmg

echo "1..$count"
exit $failed
