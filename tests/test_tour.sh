#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# One disc through every container that can hold it and back: the same bytes, or a named refusal.

SPINDLE=${SPINDLE:-${builddir:-.}/spindle}
case $SPINDLE in /*) ;; *) SPINDLE=$PWD/$SPINDLE ;; esac
if ! command -v python3 >/dev/null; then
	echo '1..0 # SKIP no python3'
	exit 0
fi
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
cd "$dir" || exit 1
export LC_ALL=C

# Noise under a volume descriptor, and sounds that are not silent anywhere.
python3 - <<'EOF'
import random, struct
noise = random.Random(3)
def both(n): return struct.pack("<I", n) + struct.pack(">I", n)
pvd = bytearray(2048)
pvd[0:7] = b"\x01CD001\x01"
pvd[80:88] = both(220)
pvd[128:132] = struct.pack("<H", 2048) + struct.pack(">H", 2048)
end = b"\xffCD001\x01" + bytes(2041)
open("data.iso", "wb").write(noise.randbytes(16 * 2048) + bytes(pvd) + end + noise.randbytes(202 * 2048))
open("sound.bin", "wb").write(noise.randbytes(900 * 2352))
EOF
"$SPINDLE" convert -q data.iso data.cue 2>/dev/null || exit 1
cat data.bin sound.bin >mixed-source.bin
cat >mixed-source.cue <<'EOF'
CATALOG 4006381333931
TITLE "Tour"
FILE "mixed-source.bin" BINARY
  TRACK 01 MODE1/2352
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "One"
    FLAGS DCP
    ISRC DEA123456789
    INDEX 00 00:02:70
    INDEX 01 00:04:70
    INDEX 02 00:06:00
  TRACK 03 AUDIO
    TITLE "Two"
    INDEX 00 00:08:00
    INDEX 01 00:09:30
EOF
cat >sound-source.cue <<'EOF'
FILE "sound.bin" BINARY
  TRACK 01 AUDIO
    INDEX 00 00:00:00
    INDEX 01 00:01:00
  TRACK 02 AUDIO
    INDEX 00 00:05:00
    INDEX 01 00:06:10
EOF
"$SPINDLE" convert -q mixed-source.cue mixed.cue || exit 1
"$SPINDLE" convert -q sound-source.cue sound1.cue || exit 1

number=0
# tour NAME FIRST STATION…: from one to the next ("TARGET OPTION…" each), the last is a sheet; its
# bytes and its text, but for the file's name, are the first one's
tour() {
	name=$1 first=$2 from=$2.cue
	shift 2
	number=$((number + 1))
	rm -rf ./[a-e].* ./[a-e]' '* music # what the tours before made
	for station; do
		# shellcheck disable=SC2086 # a station is a target and its options
		set -- $station
		if ! "$SPINDLE" convert -q --verify "$from" "$@" >out 2>&1; then
			echo "not ok $number - $name: $from to $station"
			sed 's/^/# /' out
			return
		fi
		from=$1
		case $from in */) from=$(ls "$from"*.cue) ;; esac
	done
	last=${from%.cue}
	if cmp "$first.bin" "$last.bin" && sed "s/$last/$first/" "$from" | cmp - "$first.cue"; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name: not the same bytes"
	fi
}
# refused NAME CODE WORDS FROM TARGET: nothing is made, and the words say why
refused() {
	number=$((number + 1))
	"$SPINDLE" convert -q "$4" "$5" >out 2>&1
	code=$?
	if test $code = "$2" && grep -q -e "$3" out && ! test -e "$5"; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1: exit $code"
		sed 's/^/# /' out
	fi
}

echo 1..14
tour 'one bin, a bin a track, and back' mixed 'a.cue -O bins=track' b.cue
tour 'pregaps in the file before, and back' mixed 'a.cue -O bins=track -O gaps=previous' b.cue
tour 'ccd and back' mixed a.ccd b.cue
tour 'a folder of FLAC and back' mixed music/ b.cue
tour 'WAVE files and back' mixed 'a.cue -O audio=wav -O bins=track' b.cue
tour 'one FLAC file and back' mixed 'a.cue -O audio=flac' b.cue
tour 'every one of them in turn' mixed a.ccd music/ c.ccd 'd.cue -O audio=wav' e.ccd b.cue
tour 'the work store and back' mixed a.spindle b.cue
tour 'sound alone with a hidden track: ccd, FLAC, ccd' sound1 a.ccd music/ c.ccd b.cue
tour 'data alone: raw and back' data 'a.raw --to raw' b.cue
tour 'data alone: iso and back' data a.iso b.cue
tour 'data alone: ccd, raw, iso' data a.ccd 'c.raw --to raw' d.iso b.cue
refused 'iso names what it cannot hold' 8 'CD-Text' mixed.cue no.iso
refused 'raw names what it cannot hold' 8 'track' mixed.cue no.raw
