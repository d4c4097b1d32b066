#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Discs are burned on simulated drives, and what is on them is read by others: by comparing files,
# not by the program under test. Nothing but a drive is ever written to.

. "${top_srcdir:-.}/tests/sim.sh"

python3 - <<'END' || exit 99
import random, struct
random.seed(8)
n = 437 # no multiple of a medium's block
volume = bytearray(random.randbytes(n * 2048))
volume[16 * 2048:17 * 2048] = (b"\1CD001\1\0" + b" " * 32 + b"BURNED".ljust(32)).ljust(80, b"\0") + \
    struct.pack("<I", n) + struct.pack(">I", n) + bytes(2048 - 88)
volume[17 * 2048:18 * 2048] = b"\xffCD001\1".ljust(2048, b"\0")
open("data.iso", "wb").write(volume)
open("music.bin", "wb").write(random.randbytes(1500 * 2352))
open("music.cue", "w").write("""CATALOG 4006381333931
TITLE "Disc of Noise"
PERFORMER "Chance"
FILE "music.bin" BINARY
TRACK 01 AUDIO
TITLE "First"
ISRC DEABC2400001
INDEX 01 00:00:00
INDEX 02 00:02:00
TRACK 02 AUDIO
TITLE "Second"
FLAGS DCP
INDEX 00 00:08:00
INDEX 01 00:10:00
TRACK 03 AUDIO
ISRC DEABC2400003
INDEX 01 00:15:00
""")
END

given='data.iso music.bin music.cue'
. "$tests/at_once.sh"

# --- data ----------------------------------------------------------------------------------------

# Four drives at once. The disc as any program reads it begins with the image.
media() {
	said 0 "$spindle" burn data.iso sim:cd-r.disc,medium=cd-r sim:dvd+r.disc,medium=dvd+r \
		sim:dvd-r.disc,medium=dvd-r sim:bd-r.disc,medium=bd-r
	test "$(grep -c 'verified: every sector read back equal' out)" = 4
	test "$(grep -c "sha256 $(sha256sum <data.iso | cut -d' ' -f1)" out)" = 4
	for medium in cd-r dvd+r dvd-r bd-r; do
		"$sim" $medium.disc -- dd if=/dev/sr0 of=back bs=2048 count=437 status=none
		cmp data.iso back
	done
}
at_once '' 'data is burned to CD-R, DVD+R, DVD-R and BD-R, and others read it' media

rewritten() {
	said 0 "$spindle" burn data.iso sim:rw.disc,medium=dvd+rw
	tr '\0' '\377' </dev/zero | head -c 409600 >other.iso
	said 8 "$spindle" burn other.iso sim:rw.disc
	grep -q 'DVD+RW holds ISO 9660: BURNED' out
	"$sim" rw.disc -- cmp -n 894976 data.iso /dev/sr0
	said 0 "$spindle" burn --yes other.iso sim:rw.disc
	"$sim" rw.disc -- cmp -n 409600 other.iso /dev/sr0
}
at_once '' 'what an overwritable disc holds goes only when asked' rewritten

blanked() {
	said 0 "$spindle" burn -q --no-verify data.iso sim:cdrw.disc,medium=cd-rw
	said 7 "$spindle" burn -q data.iso sim:cdrw.disc
	grep -q 'see: spindle blank' out
	said 8 "$spindle" blank sim:cdrw.disc
	"$sim" cdrw.disc -- cmp -n 894976 data.iso /dev/sr0
	said 0 "$spindle" blank --yes sim:cdrw.disc
	said 0 "$spindle" burn -q --no-verify data.iso sim:cdrw.disc
	"$sim" cdrw.disc -- cmp -n 894976 data.iso /dev/sr0
	said 5 "$spindle" blank --yes sim:once.disc,medium=cd-r
}
at_once '' 'a rewritable disc is blanked when asked, then burned again' blanked

formatted() {
	said 7 "$spindle" burn data.iso sim:re.disc,medium=bd-re
	grep -q 'not formatted (see: spindle blank --format)' out
	said 0 "$spindle" blank --format sim:re.disc
	said 0 "$spindle" burn data.iso sim:re.disc
	"$sim" re.disc -- cmp -n 894976 data.iso /dev/sr0
}
at_once '' 'a BD-RE is formatted when asked, and before it is burned' formatted

added() {
	mkdir first second
	head -c 100000 data.iso >first/old
	head -c 50000 music.bin >second/new
	"$spindle" mkiso -q first -o first.iso
	said 0 "$spindle" burn --multi first.iso sim:multi.disc,medium=cd-r
	"$spindle" mkiso -q second -o second.iso --append sim:multi.disc
	said 7 "$spindle" burn second.iso sim:multi.disc
	grep -q -e '--multi adds one' out
	said 0 "$spindle" burn --multi second.iso sim:multi.disc
	grep -q 'verified: every sector read back equal' out
	"$sim" multi.disc -- xorriso -osirrox on -indev /dev/sr0 -extract / got >log2 2>&1
	cmp got/old first/old
	cmp got/new second/new
}
at_once xorriso 'a session is added, and the disc has the files of both' added

# Where it begins, the drive says.
added_dvd() {
	mkdir first second
	head -c 100000 data.iso >first/old
	head -c 50000 music.bin >second/new
	"$spindle" mkiso -q first -o first.iso
	local medium media=${SPINDLE_LONG:+dvd-r bd-r dvd-rw dvd+r-dl}
	for medium in dvd+r $media; do
		said 0 "$spindle" burn --no-verify --multi first.iso sim:$medium.disc,medium=$medium
		"$spindle" mkiso -q second -o $medium.iso --append sim:$medium.disc
		said 0 "$spindle" burn --multi $medium.iso sim:$medium.disc
		"$sim" $medium.disc -- xorriso -osirrox on -indev /dev/sr0 \
			-extract / got-$medium >log2 2>&1
		cmp got-$medium/old first/old
		cmp got-$medium/new second/new
	done
}
at_once xorriso 'a session is added to a DVD where the drive says that it goes on' added_dvd

# A CD-Extra by hand: an album, then a session of XA by our own writer.
added_xa() {
	said 0 "$spindle" burn --multi music.cue sim:extra.disc,medium=cd-r
	"$image" xa-raw >facts
	said 7 "$spindle" burn xa-raw.disc sim:extra.disc
	said 0 "$spindle" burn --multi xa-raw.disc sim:extra.disc
	grep -q 'verified: every sector read back equal' out
	"$sim" extra.disc -- cdrdao read-cd -v 0 --read-raw --session 2 --datafile back.bin \
		--device /dev/sr0 back.toc >log2 2>&1
	grep -q '^TRACK MODE2_RAW' back.toc
	python3 - <<'END'
def bodies(name):
    data = open(name, "rb").read()
    return [data[at + 16:at + 2352] for at in range(0, len(data), 2352)]
assert bodies("back.bin") == bodies("xa-raw.sectors") and len(bodies("back.bin")) == 30
END
	"$sim" extra.disc -- cd-info --no-cddb --no-header --no-device-info >info
	grep -q '^  4: 02:54:00  012900 data' info
	said 8 "$spindle" burn --multi music.cue sim:extra.disc
	grep -q 'CD-Text is in the lead-in' out
	said 0 "$spindle" burn --lossy --multi music.cue sim:extra.disc
}
image=${builddir:-.}/tests/layout_image
case $image in /*) ;; *) image=$PWD/$image ;; esac
at_once 'cdrdao cd-info' 'a session of XA is added to an album' added_xa

folder() {
	mkdir tree
	head -c 100000 data.iso >tree/file
	said 0 "$spindle" burn tree sim:folder.disc,medium=dvd-r
	grep -q verified out
	"$sim" folder.disc -- dd if=/dev/sr0 of=folder.iso bs=2048 status=none
	xorriso -osirrox on -indev folder.iso -extract /file got >log2 2>&1
	cmp got tree/file
	test "$(find "$TMPDIR" -name 'spindle-burn*' | wc -l)" = 0
}
at_once xorriso 'a folder becomes a disc' folder

disc_to_disc() {
	"$spindle" convert -q data.iso data.cue
	cat data.bin music.bin >mixed.bin
	cat >mixed.cue <<-END
		FILE "mixed.bin" BINARY
		TRACK 01 MODE1/2352
		INDEX 01 00:00:00
		TRACK 02 AUDIO
		INDEX 00 00:05:62
		INDEX 01 00:07:62
	END
	said 0 "$spindle" burn sim:mixed.cue sim:copy.disc,medium=cd-r
	"$sim" copy.disc -- dd if=/dev/sr0 of=back bs=2048 count=437 status=none
	cmp back data.iso
	"$sim" copy.disc -- cdparanoia -q -d /dev/sr0 -Z -r -- 2 back.raw
	tail -c +$((150 * 2352 + 1)) music.bin | cmp - back.raw
}
at_once cdparanoia 'a disc of data and audio is copied by our own writer' disc_to_disc

sums() {
	sha256sum data.iso >SHA256SUMS
	said 0 "$spindle" burn --json -n data.iso sim:sums.disc,medium=cd-r
	grep -q '"checksums": "SHA256SUMS"' out
	echo "$(md5sum <SHA256SUMS | cut -d' ' -f1)  data.iso" >data.iso.md5
	said 3 "$spindle" burn data.iso sim:sums.disc
	grep -q 'data.iso.md5: data.iso is not what it says' out
}
at_once '' 'checksums beside the image are held' sums

# --- audio ---------------------------------------------------------------------------------------

audio() {
	said 0 "$spindle" burn music.cue sim:music.disc,medium=cd-r
	"$sim" music.disc -- cdrdao read-toc --device /dev/sr0 read.toc >log2 2>&1
	grep -q 'CATALOG "4006381333931"' read.toc
	test "$(grep -c 'ISRC "DEABC240000[13]"' read.toc)" = 2
	grep -q 'TITLE "Disc of Noise"' read.toc
	grep -q 'TITLE "Second"' read.toc
	"$sim" music.disc -- cdparanoia -q -d /dev/sr0 -Z -r -B -- '1-3'
	cat track0[123].cdda.raw | cmp - music.bin
}
at_once 'cdrdao cdparanoia' 'an audio disc has its samples, texts and codes' audio

# Sound of two kinds, in the order of their tags, which is not that of their names.
album() {
	mkdir album
	python3 - <<'END'
import random, struct
random.seed(10)
for name, frames, tag in ("a", 588 * 320 + 77, b"2\0"), ("b", 588 * 310 + 5, None):
    data = random.randbytes(frames * 4)
    open(name + ".raw", "wb").write(data)
    info = b"INFOITRK" + struct.pack("<I", 2) + tag if tag else b""
    body = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 2, 44100, 176400, 4, 16) + \
        b"data" + struct.pack("<I", len(data)) + data
    if info:
        body += b"LIST" + struct.pack("<I", len(info)) + info
    open(name + ".wav", "wb").write(b"RIFF" + struct.pack("<I", len(body)) + body)
END
	flac -s --no-utf8-convert b.wav -T TRACKNUMBER=1 -T 'TITLE=Zwei Wörter' -T ALBUM=Noise -T ARTIST=Chance \
		-T ISRC=DE-ABC-24-00007 -o album/b.flac
	mv a.wav album/a.wav
	echo text >album/info.txt
	said 0 "$spindle" burn --audio album sim:album.disc,medium=cd-r
	grep -q 'album: no sound, left out: info.txt' out
	grep -q 'verified: every sector read back equal' out
	"$sim" album.disc -- cdrdao read-toc --device /dev/sr0 album.toc >log2 2>&1
	grep -qF 'TITLE "Zwei W\366rter"' album.toc
	grep -q 'ISRC "DEABC2400007"' album.toc
	"$sim" album.disc -- cdparanoia -q -d /dev/sr0 -Z -r -B -- '1-2'
	cat b.raw a.raw >both.raw
	cat track0[12].cdda.raw | cmp -n "$(stat -c %s both.raw)" - both.raw
	said 0 "$spindle" burn -n album sim:files.disc,medium=cd-r
	grep -q 'burned as files; --audio makes an audio CD' out
}
at_once 'python3 flac cdrdao cdparanoia' 'a folder of sound files becomes an audio disc' album

audio_offset() {
	said 0 "$spindle" burn music.cue sim:shift.disc,medium=cd-r,profile=pioneer
	grep -q 'verified: every sector' out
	grep -q 'shifted by +667 samples' out
}
at_once '' 'samples that come shifted are the same samples' audio_offset

# --- what our own writer is for ------------------------------------------------------------------

# 300 sectors of mode 1, one of whose EDC is wrong when asked for; then audio
mixed() { # NAME [BAD]
	python3 - "$@" <<'PY'
import random, sys
random.seed(9)
name, bad = sys.argv[1], len(sys.argv) > 2
open("one.iso", "wb").write(random.randbytes(300 * 2048))
open("two.bin", "wb").write(random.randbytes(900 * 2352))
PY
	"$spindle" convert -q --force one.iso one.cue
	test -z "$2" || printf '\252\252\252\252' |
		dd of=one.bin bs=1 seek=$((123 * 2352 + 2064)) conv=notrunc status=none
	cat one.bin two.bin >"$1.bin"
	cat >"$1.cue" <<CUE
FILE "$1.bin" BINARY
TRACK 01 MODE1/2352
INDEX 01 00:00:00
TRACK 02 AUDIO
ISRC DEABC2400002
INDEX 00 00:04:00
INDEX 01 00:06:00
INDEX 02 00:08:00
CUE
}

own() {
	mixed mixed
	said 0 "$spindle" burn mixed.cue sim:mixed.disc,medium=cd-r
	grep -q 'verified: every sector read back equal' out
	"$sim" mixed.disc -- cdrdao read-toc --device /dev/sr0 mixed.toc >log2 2>&1
	grep -q '^TRACK MODE1' mixed.toc
	grep -q 'ISRC "DEABC2400002"' mixed.toc
	said 0 "$spindle" rip -q sim:mixed.disc back.cue
	cmp mixed.bin back.bin
	for line in 'TRACK 01 MODE1/2352' 'INDEX 00 00:04:00' 'INDEX 01 00:06:00' \
		'INDEX 02 00:08:00' 'ISRC DEABC2400002'; do
		grep -q "$line" back.cue
	done
	said 5 "$spindle" burn mixed.cue sim:none.disc,medium=dvd+r
	blank_still none.disc
}
try 'cdrdao sg_raw' 'a mixed disc is burned by session at once' own

# Sectors of both XA forms from another program's hand.
own_xa() {
	cp "$SPINDLE_CORPUS"/vcd/vcdimager/*.xml "$SPINDLE_CORPUS"/vcd/vcdimager/*.m1p .
	vcdxbuild -c vcd20.cue -b vcd20.bin check_vcd20.xml
	said 0 "$spindle" burn vcd20.cue sim:vcd.disc,medium=cd-rw
	grep -q 'verified: every sector read back equal' out
	said 0 "$spindle" rip -q sim:vcd.disc vcd-back.cue
	cmp vcd20.bin vcd-back.bin
}
if test -d "${SPINDLE_CORPUS-}/vcd/vcdimager"; then
	try vcdxbuild 'a Video CD is burned by session at once' own_xa
else
	skip 'a Video CD is burned by session at once' 'no corpus'
fi

own_raw() {
	mixed odd bad
	said 0 "$spindle" burn odd.cue sim:odd.disc,medium=cd-r
	grep -q 'written raw, to keep 1 sector whose EDC differs' out
	grep -q 'verified: every sector read back equal' out
	said 8 "$spindle" burn odd.cue sim:no-raw.disc,medium=cd-r,profile=pioneer
	grep -q 'this drive does not write raw; --lossy' out
	blank_still no-raw.disc
	said 0 "$spindle" burn --lossy --no-verify odd.cue sim:no-raw.disc,profile=pioneer
}
try sg_raw 'a foreign EDC is burned raw, or refused where the drive cannot' own_raw

# --- the wrong device ----------------------------------------------------------------------------

wrong_devices() {
	local name
	head -c 8192 data.iso >regular.img
	cp regular.img before
	mkfifo fifo
	ln -s regular.img link
	ln -s fifo link-fifo
	ln -s /dev/null link-null
	mkdir folder
	for name in regular.img link fifo link-fifo link-null /dev/null /dev/zero folder \
		nothing /dev/sr99 stdio:regular.img "$PWD/regular.img"; do
		said 7 timeout 60 "$spindle" burn --yes data.iso "$name"
		said 7 timeout 60 "$spindle" blank --yes "$name"
	done
	cmp regular.img before
	test ! -e nothing
	test "$(find . -name '*regular.img*' | wc -l)" = 1
}
at_once '' 'a file, a fifo, a folder, nothing and links to them are no drives' wrong_devices

# A disk with a partition that has a file system: named as a whole, by its part, by links, not
# mounted and mounted. Its every byte is as before.
wrong_block() {
	local name
	python3 - <<'END'
import struct
disk = bytearray(4 << 20)
disk[446:462] = struct.pack("<B3sB3sII", 0, b"\0\2\0", 0x83, b"\0\0\0", 64, 8000)
disk[510:512] = b"\x55\xaa"
open("disk", "wb").write(disk)
END
	loop=$(losetup -f --show disk)
	trap 'umount mounted 2>/dev/null || :; partx -d "$loop" 2>/dev/null || :
		losetup -d "$loop"' EXIT
	test "$1" = whole || partx -a "$loop"
	part=$loop
	test "$1" = whole || part=${loop}p1
	mke2fs -qF "$part"
	sync
	cp disk disk.before
	ln -s "$loop" link-disk
	ln -s "$part" link-part
	mkdir mounted
	for name in "$loop" "$part" link-disk link-part; do
		said 7 timeout 60 "$spindle" burn --yes data.iso "$name"
		grep -q 'is no optical drive' out
		said 7 timeout 60 "$spindle" blank --yes "$name"
	done
	mount -o ro "$part" mounted
	for name in "$loop" "$part" link-disk link-part; do
		said 7 timeout 60 "$spindle" burn --yes data.iso "$name"
		said 7 timeout 60 "$spindle" blank --yes "$name"
	done
	umount mounted
	cmp "$loop" disk.before
	cmp disk disk.before
}
wrong_whole() { wrong_block whole; }
wrong_part() { wrong_block part; }
whole='a disk (a loop device) is no drive, mounted or not'
part='a partition of a disk is no drive, mounted or not'
loops=no
if losetup -f >/dev/null 2>&1 && test -b "$(losetup -f)"; then
	loops=yes
	at_once 'losetup mke2fs mount' "$whole" wrong_whole
else
	names+=("$whole")
	whys[${#names[@]}]='no loop devices here'
fi
# the kernel finds partitions where it was built to
has_parts() {
	local loop
	head -c 1048576 /dev/zero >probe
	loop=$(losetup -f --show probe) || return 1
	printf '\0\0\2\0\203\0\0\0\100\0\0\0\0\4\0\0' |
		dd of=probe bs=1 seek=446 conv=notrunc status=none
	printf '\125\252' | dd of=probe bs=1 seek=510 conv=notrunc status=none
	partx -a "$loop" >/dev/null 2>&1
	test -b "${loop}p1"
	local there=$?
	partx -d "$loop" >/dev/null 2>&1
	losetup -d "$loop"
	return $there
}
if test $loops = yes && command -v partx >/dev/null && has_parts; then
	at_once 'mke2fs mount' "$part" wrong_part
else
	names+=("$part")
	whys[${#names[@]}]='no partitions of loop devices here'
fi

# Numbers of devices that are not there: a disk's is refused by what it is, a drive's as it does not
# answer.
wrong_numbers() {
	mknod sd b 8 240 && mknod md b 9 200 && mknod sr b 11 200 && mknod sg c 21 200 &&
		mknod tty c 4 63
	for name in sd md tty; do
		said 7 timeout 60 "$spindle" burn --yes data.iso $name
		grep -q 'is no optical drive' out
	done
	for name in sr sg; do
		said 7 timeout 60 "$spindle" burn --yes data.iso $name
		grep -q 'no drive answers' out
	done
}
numbers='device files of disks and of drives that are not there are refused'
if mknod probe-node c 1 3 2>/dev/null && rm probe-node && test ! -e /sys/dev/block/8:240 &&
	test ! -e /sys/dev/block/9:200 && test ! -e /sys/dev/block/11:200 &&
	test ! -e /sys/dev/char/21:200; then
	at_once '' "$numbers" wrong_numbers
else
	names+=("$numbers")
	whys[${#names[@]}]='no device files can be made here'
fi

no_name() {
	said 2 "$sim" --drive one.disc,medium=cd-r --drive two.disc,medium=cd-r -- \
		"$spindle" burn data.iso
	grep -q 'several drives.*/dev/sr0.*/dev/sr1' out
	said 2 "$spindle" burn data.iso sim:same.disc,medium=cd-r sim:same.disc,medium=cd-r
	said 0 "$sim" --drive one.disc -- "$spindle" burn data.iso
	"$sim" one.disc -- cmp -n 894976 data.iso /dev/sr0
}
at_once '' 'of several drives one is to be named; the only one need not' no_name

in_use() {
	said 7 "$sim" --medium cd-r busy.disc -- sh -c 'exec 3</dev/sr0
		python3 -c "
import os, subprocess, sys
fd = os.open(\"/dev/sr0\", os.O_RDWR | os.O_NONBLOCK | os.O_EXCL)
sys.exit(subprocess.call(sys.argv[1:]))" "$@"' sh "$spindle" burn data.iso /dev/sr0
	grep -q busy out
}
at_once python3 'a drive that another program has for itself is refused' in_use

read_only() {
	said 7 "$spindle" burn data.iso sim:data.iso
	grep -q 'cannot be written' out
	said 0 "$spindle" burn -q data.iso sim:full.disc,medium=cd-r
	"$sim" full.disc -- sg_raw -r 34 /dev/sr0 51 00 00 00 00 00 00 00 22 00 >before 2>&1
	said 7 "$spindle" burn data.iso sim:full.disc
	grep -q 'written and closed' out
	mkdir tree
	said 7 "$spindle" mkiso tree -o next.iso --append sim:full.disc
	grep -q 'the CD-R is closed: no session can be added to it' out
	test ! -e next.iso
	"$sim" full.disc -- cmp -n 894976 data.iso /dev/sr0
}
at_once '' 'a pressed disc and a closed one are refused' read_only

# --- before anything is written ------------------------------------------------------------------

no_room() {
	truncate -s 900M large.iso
	said 7 "$spindle" burn large.iso sim:small.disc,medium=cd-r
	rm -f large.iso
	grep -q 'no room: 460800 sectors are needed, 3598.. are free' out
	blank_still small.disc
}
at_once sg_raw 'what does not fit is refused before the first write' no_room

dry() {
	said 0 "$spindle" burn -n data.iso sim:dry.disc,medium=dvd-r,trace=dry.trace
	grep -q 'would burn' out
	grep -q ' 51 00' dry.trace
	! grep -E '^[0-9]+ \+[0-9]+ (2a|5b|53|aa|5d|bf|a1|04) ' dry.trace
}
at_once '' 'a dry run writes nothing' dry

test_write() {
	said 0 "$spindle" burn --simulate data.iso sim:test.disc,medium=cd-r
	grep -q 'nothing was written' out
	blank_still test.disc
	said 5 "$spindle" burn --simulate data.iso sim:plus.disc,medium=dvd+r,trace=plus.trace
	! grep -E '^[0-9]+ \+[0-9]+ 2a ' plus.trace
}
at_once sg_raw 'a simulation leaves the disc blank, or is refused' test_write

# --- copies, and being asked ---------------------------------------------------------------------

# The first disc cannot be written at sector 200, once: it does not count.
copies() {
	echo '200 write-error times 1' >faults
	said 0 "$spindle" burn --copies 2 --json data.iso \
		sim:1.disc,medium=cd-r,next=2.disc,next=3.disc,faults=faults
	python3 - <<'END'
import json
text = open("out").read()
d = json.JSONDecoder().raw_decode(text[text.index("{\n"):])[0]
assert (d["copies"], d["good"]) == (2, 2), d
assert [(x["copy"], x["exit"]) for x in d["drives"]] == [(None, 7), (1, 0), (2, 0)], d
END
	for n in 2 3; do "$sim" $n.disc -- cmp -n 894976 data.iso /dev/sr0; done
	test "$(grep -c 'the tray opens: put in another disc' out)" = 2
	said 7 "$spindle" burn --no-verify --copies 2 --wait 1 data.iso sim:5.disc,medium=cd-r
	grep -q 'no other disc came within 1 s' out
	grep -q '1 of 2 copies are good' out
}
at_once 'python3' 'one drive makes several copies, and a bad one does not count' copies

# One drive has one disc, the other one goes on with the rest; a disc that is full is changed.
copies_by_two() {
	said 0 "$spindle" burn -q --no-verify data.iso sim:old.disc,medium=cd-r
	said 0 "$spindle" burn --copies 3 --wait 60 data.iso sim:a1.disc,medium=cd-r \
		sim:b1.disc,medium=cd-r,next=old.disc,next=b2.disc
	grep -q 'CD-R is written and closed' out
	test "$(grep -c '^copy [1-3] of 3: burned .*verified: every sector read back equal' out)" = 3
	for disc in a1 b1 b2; do "$sim" $disc.disc -- cmp -n 894976 data.iso /dev/sr0; done
}
at_once '' 'two drives share the copies, and a disc that is full is changed' copies_by_two

# answer.py TEXT COMMAND…: on a terminal, where TEXT answers a question; exits as it does
cat >"$work/answer.py" <<'END'
import os, pty, sys
pid, fd = pty.fork()
if not pid:
    os.execvp(sys.argv[2], sys.argv[2:])
said = b""
while True:
    try:
        data = os.read(fd, 4096)
    except OSError:
        data = b""
    if not data:
        break
    if b"[y/N]" in said + data and b"[y/N]" not in said:
        os.write(fd, sys.argv[1].encode() + b"\n")
    said += data
sys.stdout.write(said.decode(errors="replace").replace("\r", "\n"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
answer() { python3 "$work/answer.py" "$@"; }

asked() {
	said 8 answer n "$spindle" burn data.iso sim:ask.disc,medium=dvd+rw
	grep -q 'SIMULATED DRIVE): data.iso, 894.9 kB, onto the DVD+RW' out
	grep -q 'not begun, as it was not confirmed' out
	said 0 answer y "$spindle" burn --no-verify data.iso sim:ask.disc
	"$sim" ask.disc -- cmp -n 894976 data.iso /dev/sr0
	head -c 409600 music.bin >other.iso
	said 8 answer '' "$spindle" burn other.iso sim:ask.disc
	grep -q 'over what is on the DVD+RW: ISO 9660: BURNED' out
	"$sim" ask.disc -- cmp -n 894976 data.iso /dev/sr0
	said 0 answer YES "$spindle" burn --no-verify other.iso sim:ask.disc
	"$sim" ask.disc -- cmp -n 409600 other.iso /dev/sr0
	said 0 answer x "$spindle" burn -n --yes data.iso sim:ask.disc
	! grep -q y/N out
}
at_once python3 'on a terminal it is asked before anything is written' asked

asked_blank() {
	said 0 "$spindle" burn -q --no-verify data.iso sim:rw.disc,medium=cd-rw
	said 8 answer no "$spindle" blank sim:rw.disc
	grep -q 'what is on the CD-RW will be lost' out
	"$sim" rw.disc -- cmp -n 894976 data.iso /dev/sr0
	said 0 answer y "$spindle" blank sim:rw.disc
	blank_still rw.disc
	said 0 answer x "$spindle" blank sim:rw.disc
	! grep -q y/N out
}
at_once 'python3 sg_raw' 'on a terminal it is asked before a disc is wiped' asked_blank

# --- what goes wrong -----------------------------------------------------------------------------

one_fails() {
	echo '200 write-error' >faults
	said 7 "$spindle" burn --json data.iso sim:a.disc,medium=cd-r \
		sim:b.disc,medium=cd-r,faults=faults sim:c.disc,medium=dvd+r sim:d.disc,medium=cd-r
	python3 - <<'END'
import json
text = open("out").read()
d = json.JSONDecoder().raw_decode(text[text.index("{\n"):])[0]["drives"]
assert [x["exit"] for x in d] == [0, 7, 0, 0], d
assert [x["verified"] for x in d] == [True, False, True, True], d
assert [x["written"] for x in d] == ["whole", "damaged", "whole", "whole"], d
assert "3 0C 00" in d[1]["error"], d
END
	for disc in a c d; do "$sim" $disc.disc -- cmp -n 894976 data.iso /dev/sr0; done
}
at_once '' 'one of four drives fails, three discs are good' one_fails

differs() {
	echo '300 wrong-sector 5' >faults
	echo '300 unreadable always' >faults2
	said 1 "$spindle" burn data.iso sim:wrong.disc,medium=dvd+r,faults=faults \
		sim:wrong2.disc,medium=dvd+r,faults=faults2
	grep -q 'wrong.disc.*: read back, it differs: LBA 300 differs' out
	grep -q 'wrong2.disc.*: read back, it differs' out
}
at_once '' 'a disc that reads back otherwise is found' differs

# Whatever the moment, the disc is what was said of it.
interrupted() {
	truncate -s 200M long.iso
	"$spindle" burn --json long.iso sim:stop.disc,medium=cd-r >out 2>log2 &
	local pid=$! status=0
	for i in $(seq 100); do
		test -s stop.main && test "$(stat -c %b stop.main)" -gt 4000 && break
		sleep 0.1
	done
	kill -TERM $pid
	wait $pid || status=$?
	cat out log2
	test $status -eq 143
	grep -q stopping log2
	python3 - <<'END'
import json
d = json.load(open("out"))["drives"][0]
assert d["exit"] == 130 and d["written"] in ("part", "damaged") and not d["verified"], d
END
}
at_once python3 'an interrupt ends it in an orderly way and says what the disc is' interrupted

told
echo "1..$count"
exit $failed
