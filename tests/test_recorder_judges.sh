#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Other people's programs read what our own writer has recorded: what libburn cannot write is there
# as it was sent.

record=${builddir:-.}/tests/record
case $record in /*) ;; *) record=$PWD/$record ;; esac
if ! test -x "$record"; then
	echo "1..0 # SKIP $record is not built"
	exit 0
fi
. "${top_srcdir:-.}/tests/sim.sh"

# A mixed disc of noise: mode 1, then audio with a pause and a second index.
python3 - <<'END' || exit 99
import random
random.seed(20250301)
user = [random.randbytes(2048) for _ in range(350)]
open("user.bin", "wb").write(b"".join(user))
open("audio.bin", "wb").write(random.randbytes(1350 * 2352))
open("mixed.cue", "w").write("""CATALOG 4006381333931
TITLE "Disc of Noise"
PERFORMER "Chance"
FILE "user.bin" BINARY
TRACK 01 MODE1/2048
INDEX 01 00:00:00
FILE "audio.bin" BINARY
TRACK 02 AUDIO
TITLE "Second"
FLAGS PRE
ISRC DEABC2400002
INDEX 00 00:00:00
INDEX 01 00:02:00
INDEX 02 00:04:00
TRACK 03 AUDIO
TITLE "Third"
FLAGS DCP
ISRC DEABC2400003
INDEX 01 00:10:00
""")
END

recorded() { # MODE: the mixed disc in that way
	"$record" mixed.cue "$1" "sim:$1.disc,medium=cd-r"
}

cdinfo() { # MODE
	on "$1.disc" cd-info --no-cddb --no-header >info
	grep '^  1: 00:02:00  000000 data ' info
	grep '^  2: 00:08:50  000500 audio  false  no  *2  *yes' info
	grep '^  3: 00:16:50  001100 audio  true  *yes  *2  *no' info
	grep '^170: 00:24:50  001700 leadout' info
	grep '(MCN): 4006381333931' info
	grep 'TRACK  2 ISRC: DEABC2400002' info
	grep 'TRACK  3 ISRC: DEABC2400003' info
	grep -i 'title: .*Disc of Noise' info
	grep -i 'title: .*Third' info
}

toc() { # MODE
	rm -f toc.toc
	on "$1.disc" cdrdao read-toc -v 0 --device /dev/sr0 toc.toc
	grep '^TRACK MODE1' toc.toc
	test "$(grep -c '^TRACK AUDIO' toc.toc)" -eq 2
	grep 'CATALOG "4006381333931"' toc.toc
	grep 'ISRC "DEABC2400002"' toc.toc
	grep '^PRE_EMPHASIS' toc.toc
	test "$(grep -c '^COPY' toc.toc)" -eq 1
	grep 'TITLE "Second"' toc.toc
}

sectors() { # MODE: by dd and cd-read
	on "$1.disc" dd if=/dev/sr0 bs=2048 count=350 | cmp - user.bin
	on "$1.disc" cd-read -m audio -s 350 -e 1699 -o read.bin
	cmp read.bin audio.bin
}

for mode in sao raw; do
	try '' "a mixed disc is recorded: $mode" recorded $mode
	try cd-info "cd-info sees it: $mode" cdinfo $mode
	try cdrdao "cdrdao sees it: $mode" toc $mode
	try cd-read "its sectors are those that were sent: $mode" sectors $mode
done
echo "1..$count"
exit $failed
