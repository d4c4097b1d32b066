#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What is written here other programs must read, and what they write must be read here. Where they
# disagree the reason stands beside the test.
#
# Known and not tested: bchunk 1.2.2 and libcdio 2.1 take every track of a sheet from one file, so
# they cannot be asked about one file a track; libcdio takes that file's name from the sheet's own.

. "${top_srcdir:-.}/tests/try.sh"

# layout SHEET: `NUMBER START` of each track and `out START` of the lead-out, as seen here
layout() {
	"$spindle" info --json "$1" | python3 -c '
import json, sys
disc = json.load(sys.stdin)
for session in disc["sessions"]:
    for track in session["tracks"]:
        print(track["number"], track["start"])
print("out", disc["sessions"][-1]["lead_out"])'
}

# The same from cdrdao and from libcdio. cdrdao names the end of each track, which is the next
# one's index 00.
cdrdao_layout() {
	cdrdao show-toc -v 0 "$1" | awk '
		$1 == "TRACK" { number = $2 }
		{ gsub(/[()]/, " ") }
		$1 == "START" { print number, $3 }
		$1 == "END" { out = $3 }
		END { print "out", out }'
}
cdinfo_layout() {
	cd-info --no-header --no-device-info --no-cddb --no-analyze --cue-file="$1" | awk '
		$1 ~ /^[0-9]+:$/ { sub(/:/, "", $1); print $1 == 170 ? "out" : $1 + 0, $3 + 0 }'
}

same_layout() { # FILE FILE: and neither is empty
	test "$(wc -l <"$1")" -gt 1
	diff "$1" "$2"
}

# A small tree, an image of it, and one noise: what repeats itself can be put together wrongly
# without being seen.
mkdir tree tree/sub
python3 - <<'END'
import random
random.seed(20240501)
with open("tree/noise", "wb") as file:
    file.write(random.randbytes(200001))
with open("tree/sub/readme.txt", "w") as file:
    file.write("one line\n" * 400)
with open("audio.raw", "wb") as file:
    file.write(random.randbytes(1200 * 2352))
END
if command -v xorriso >/dev/null; then
	xorriso -as mkisofs -quiet -r -J -V PEERS -o small.iso tree 2>/dev/null
else # a volume descriptor, and no file system behind it
	python3 - <<'END'
import random, struct
random.seed(1)
volume = bytearray(random.randbytes(282 * 2048))
volume[16 * 2048:17 * 2048] = b"\1CD001\1".ljust(80, b"\0") + struct.pack("<I", 282) + \
    struct.pack(">I", 282) + bytes(2048 - 88)
volume[17 * 2048:18 * 2048] = b"\xffCD001\1".ljust(2048, b"\0")
with open("small.iso", "wb") as file:
    file.write(volume)
END
fi
test -s small.iso && test -s audio.raw || exit 99
data=$(($(wc -c <small.iso) / 2048))

msf() { # FRAMES
	printf '%02d:%02d:%02d' $(($1 / 4500)) $(($1 / 75 % 60)) $(($1 % 75))
}

# sheet [FACTS INDEX02]: of raw.bin: data, audio with a stored pregap, audio without
sheet() {
	cat <<-END
		FILE "raw.bin" BINARY
		TRACK 01 MODE1/2352
		INDEX 01 00:00:00
		TRACK 02 AUDIO
		$1
		INDEX 00 $(msf "$data")
		INDEX 01 $(msf $((data + 150)))
		$2
		TRACK 03 AUDIO
		INDEX 01 $(msf $((data + 700)))
	END
}

make_small() {
	"$spindle" convert small.iso small.cue
	"$spindle" convert small.cue back.iso
	cmp small.iso back.iso
}
try '' 'an ISO becomes BIN/CUE and back, identical' make_small

make_mixed() {
	cat small.bin audio.raw >raw.bin
	sheet >raw.cue
	"$spindle" convert raw.cue mixed.cue
	cmp raw.bin mixed.bin
	"$spindle" verify mixed.cue raw.cue
	"$spindle" convert -O bins=track raw.cue multi.cue
	test "$(grep -c '^FILE' multi.cue)" -eq 3
	echo CATALOG 4006381333931 >facts.cue
	sheet 'FLAGS DCP PRE
ISRC DEABC2400002' "INDEX 02 $(msf $((data + 300)))" >>facts.cue
	"$spindle" convert facts.cue full.cue
	grep -q '^CATALOG 4006381333931' full.cue
}
try '' 'a mixed disc becomes one file, and one file a track' make_mixed

# What others write

xorriso_written() {
	mkdir tree2
	cp -r tree tree2/inner
	xorriso -as mkisofs -quiet -r -V SECOND -o second.iso tree2
	"$spindle" convert second.iso second.cue
	"$spindle" convert second.cue third.iso
	cmp second.iso third.iso
	"$spindle" verify second.cue second.iso
}
try xorriso 'an image by xorriso comes back identical' xorriso_written

chdman_written() {
	chdman createcd -i mixed.cue -o mixed.chd
	chdman extractcd -i mixed.chd -o chd.cue -ob chd.bin
	"$spindle" verify chd.cue mixed.cue
	layout mixed.cue >want
	layout chd.cue >found
	same_layout want found
}
try chdman 'a sheet by chdman is the disc it was made from' chdman_written

# toc2cue warns that the byte order of audio is wrong in its sheets: TOC files have big-endian
# audio, and it leaves the file as it is. The file here has a cue sheet's order from the start.
toc2cue_written() {
	cat >toc.toc <<-END
		CD_ROM
		TRACK MODE1_RAW
		NO COPY
		DATAFILE "raw.bin" $(msf "$data")
		TRACK AUDIO
		NO COPY
		FILE "raw.bin" #$((data * 2352)) 0 $(msf 700)
		START 00:02:00
		TRACK AUDIO
		NO COPY
		FILE "raw.bin" #$(((data + 700) * 2352)) 0 $(msf 500)
	END
	toc2cue toc.toc toc.cue
	"$spindle" verify toc.cue mixed.cue
}
try toc2cue 'a sheet by toc2cue is the disc it was made from' toc2cue_written

# What we write

bchunk_reads() {
	bchunk small.bin small.cue bchunk-
	cmp bchunk-01.iso small.iso
}
try bchunk 'bchunk takes the image out of our BIN/CUE' bchunk_reads

# It writes audio as it stands in the file, and stored pregaps with no track: the one before ends at
# INDEX 00, its own begins at INDEX 01.
bchunk_reads_mixed() {
	bchunk mixed.bin mixed.cue mixed-
	cmp mixed-01.iso small.iso
	tail -c +$((150 * 2352 + 1)) audio.raw | head -c $((550 * 2352)) | cmp - mixed-02.cdr
	tail -c +$((700 * 2352 + 1)) audio.raw | cmp - mixed-03.cdr
}
try bchunk 'bchunk splits our mixed disc where we do' bchunk_reads_mixed

iat_reads() {
	iat small.bin iat.iso
	cmp iat.iso small.iso
}
try iat 'iat takes the image out of our BIN' iat_reads

cdrdao_reads() {
	for name in mixed multi; do
		layout "$name.cue" >want
		cdrdao_layout "$name.cue" >found
		same_layout want found
	done
}
try cdrdao 'cdrdao sees our layout, in one file and in three' cdrdao_reads

# cdrdao takes every index beyond 01 for one past the end of its track, although INDEX 02 is legal:
# the sheet is refused whole. Without that line it reads the other facts.
cdrdao_reads_facts() {
	if cdrdao show-toc full.cue >refused 2>&1; then exit 1; fi
	grep 'Index beyond track end' refused
	grep -v 'INDEX 02' full.cue >less.cue
	layout full.cue >want
	cdrdao_layout less.cue >found
	same_layout want found
	cdrdao show-toc less.cue >facts
	grep 'CATALOG NUMBER: 4006381333931' facts
	grep 'ISRC DE ABC 24 00002' facts
	test "$(grep -c '^ *COPY PERMITTED' facts)" -eq 1
	test "$(grep -c '^ *PRE-EMPHASIS' facts)" -eq 1
}
try cdrdao 'cdrdao reads our MCN, ISRC and flags' cdrdao_reads_facts

# libcdio has data tracks from their index 01 as well, and MCN and flags; no ISRC is printed.
cdinfo_reads() {
	layout full.cue >want
	cdinfo_layout full.cue >found
	same_layout want found
	cd-info --no-header --no-device-info --no-cddb --no-analyze --cue-file=full.cue >facts
	grep '(MCN): 4006381333931' facts
	grep '^ *2: .* audio .* yes .* yes' facts
}
try cd-info 'libcdio sees our layout, MCN and flags' cdinfo_reads

chdman_reads_multi() {
	chdman createcd -i multi.cue -o multi.chd
	chdman extractcd -i multi.chd -o multi-chd.cue -ob multi-chd.bin
	cmp multi-chd.bin mixed.bin
	"$spindle" verify multi-chd.cue multi.cue
}
try chdman 'chdman reads our one file a track' chdman_reads_multi

# chdman 0.251 has no place for MCN, ISRC, flags and INDEX 02, and says nothing: the sectors are the
# same, the layout is not, and verify has to see it.
chdman_loses() {
	chdman createcd -i full.cue -o full.chd
	chdman extractcd -i full.chd -o lost.cue -ob lost.bin
	cmp lost.bin full.bin
	if grep -E 'CATALOG|ISRC|FLAGS|INDEX 02' lost.cue; then exit 1; fi
	status=0
	"$spindle" verify lost.cue full.cue || status=$?
	test "$status" -eq 1
}
try chdman 'what chdman drops is seen by verify' chdman_loses

# A hidden track before track 1: stored from LBA 0 on, by all alike.

hidden() {
	cat >hidden-raw.cue <<-END
		FILE "audio.raw" BINARY
		TRACK 01 AUDIO
		INDEX 00 00:00:00
		INDEX 01 00:04:00
		TRACK 02 AUDIO
		INDEX 01 00:09:00
	END
	"$spindle" convert hidden-raw.cue hidden.cue
	cmp hidden.bin audio.raw
	layout hidden.cue >want
	grep '^1 300$' want
}
try '' 'a hidden track is kept' hidden
hidden_cdrdao() {
	cdrdao_layout hidden.cue >found
	same_layout want found
}
hidden_cdinfo() {
	cdinfo_layout hidden.cue >found
	same_layout want found
}
hidden_chdman() {
	chdman createcd -i hidden.cue -o hidden.chd
	chdman extractcd -i hidden.chd -o hidden-chd.cue -ob hidden-chd.bin
	"$spindle" verify hidden-chd.cue hidden.cue
}
try cdrdao 'cdrdao finds our hidden track' hidden_cdrdao
try cd-info 'libcdio finds our hidden track' hidden_cdinfo
try chdman 'chdman keeps our hidden track' hidden_chdman

xorriso_reads() {
	xorriso -osirrox on -indev back.iso -extract / from-xorriso
	chmod -R u+w from-xorriso
	diff -r tree from-xorriso
}
try xorriso 'xorriso reads the image that came back' xorriso_reads

sevenzip_reads() {
	7zz t back.iso
	7zz l back.iso | grep readme.txt
	7zz x -ofrom-7zz back.iso
	diff -r tree from-7zz
}
if command -v xorriso >/dev/null; then
	try 7zz '7-Zip reads the image that came back' sevenzip_reads
else
	try xorriso '7-Zip reads the image that came back' sevenzip_reads
fi

echo "1..$count"
exit $failed
