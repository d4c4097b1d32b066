#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A disc into a folder of music, as its users meet it: what other programs make of the files, and
# what is left where it did not work.

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
export SPINDLE LC_ALL=C

number=0
# ok NAME: the last command's status is the result
ok() {
	status=$?
	number=$((number + 1))
	if test $status = 0; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		sed 's/^/# out: /' out 2>/dev/null | head -n 8
		sed 's/^/# err: /' err 2>/dev/null | head -n 8
	fi
}
skip() {
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}
# run WANTED ARGUMENT…: spindle's streams go to out and err
run() {
	wanted=$1
	shift
	"$SPINDLE" "$@" >out 2>err </dev/null
	got=$?
	test $got = "$wanted" || {
		echo "# exit $got, wanted $wanted: spindle $*"
		return 1
	}
}
says() { grep -q -e "$1" out; }
warns() { grep -q -e "$1" err; }
# holds FOLDER NAME…: these and no others are in it
holds() {
	folder=$1
	shift
	test "$(ls -A "$folder")" = "$(printf '%s\n' "$@" | sort)" || {
		ls -A "$folder" | sed 's/^/# there is /'
		return 1
	}
}
have() { command -v "$1" >/dev/null; }

python3 - <<'EOF'
import math, random, struct
random.seed(1)
sound = bytearray()
for i in range(588 * 500):
    sound += struct.pack("<hh", int(9000 * math.sin(i / 31)) + random.randrange(-90, 90),
                         int(7000 * math.sin(i / 23)))
sound = bytes(sound)
open("a.bin", "wb").write(sound)
open("a.cue", "w").write('''CATALOG 4006408065005
TITLE "The Album"
PERFORMER "The Band"
FILE "a.bin" BINARY
  TRACK 01 AUDIO
    TITLE "First: a/b"
    ISRC DEC680000220
    INDEX 00 00:00:00
    INDEX 01 00:00:33
  TRACK 02 AUDIO
    TITLE "Zwei \u00e4"
    PERFORMER "A guest"
    INDEX 00 00:02:00
    INDEX 01 00:02:10
    INDEX 02 00:03:00
  TRACK 03 AUDIO
    FLAGS PRE
    INDEX 01 00:05:00
''', )
open("mixed.bin", "wb").write(random.randbytes(2048 * 60) + sound)
open("mixed.cue", "w").write('''FILE "mixed.bin" BINARY
  TRACK 01 MODE1/2048
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "Song"
    PREGAP 00:02:00
    INDEX 01 00:00:60
''')
EOF

# --- FLAC ---------------------------------------------------------------------------------------
run 0 convert a.cue music/ && says '^made music/a\.cue .*music/01 - First_ a_b\.flac .*: 500 sectors'
ok 'a folder that is not there is made, and said what is in it'
holds music a.cue '01 - First_ a_b.flac' '02 - Zwei ä.flac' 03.flac
ok 'a file a track by number and title, and a sheet by the name of what was converted'
if have flac; then
	flac -t -s -w music/*.flac >out 2>err
	ok 'flac -t finds nothing wrong'
	for i in music/*.flac; do
		flac -s -d -c --force-raw-format --endian=little --sign=signed "$i"
	done >back.pcm 2>err
	cmp back.pcm a.bin >out
	ok 'decoded by flac and joined they are the samples of the disc'
	rm -f back.pcm
	run 0 convert -q a.cue small/ -O level=8 && flac -t -s small/*.flac >out 2>&1 &&
		run 0 convert -q a.cue quick/ -O level=0 && flac -t -s quick/*.flac >out 2>&1 &&
		test "$(cat small/*.flac | wc -c)" -lt "$(cat quick/*.flac | wc -c)"
	ok 'level=8 is smaller than level=0'
	rm -rf small quick
else
	skip 'flac -t finds nothing wrong' 'no flac'
	skip 'decoded by flac and joined they are the samples of the disc' 'no flac'
	skip 'level=8 is smaller than level=0' 'no flac'
fi
if have metaflac; then
	metaflac --export-tags-to=- 'music/01 - First_ a_b.flac' >out 2>err
	printf '%s\n' 'TITLE=First: a/b' 'ARTIST=The Band' 'ALBUM=The Album' 'ALBUMARTIST=The Band' \
		TRACKNUMBER=1 TRACKTOTAL=3 ISRC=DEC680000220 | cmp - out
	ok 'metaflac reads the tags'
	metaflac --no-utf8-convert --show-tag=TITLE --show-tag=ARTIST 'music/02 - Zwei ä.flac' >out &&
		says '^TITLE=Zwei ä$' && says '^ARTIST=A guest$'
	ok 'a track has its own performer, in UTF-8'
else
	skip 'metaflac reads the tags' 'no metaflac'
	skip 'a track has its own performer, in UTF-8' 'no metaflac'
fi
printf '%s\r\n' 'CATALOG 4006408065005' 'TITLE "The Album"' 'PERFORMER "The Band"' \
	'FILE "01 - First_ a_b.flac" WAVE' '  TRACK 01 AUDIO' '    TITLE "First: a/b"' \
	'    ISRC DEC680000220' '    INDEX 00 00:00:00' '    INDEX 01 00:00:33' \
	'FILE "02 - Zwei ä.flac" WAVE' '  TRACK 02 AUDIO' '    TITLE "Zwei ä"' \
	'    PERFORMER "A guest"' '    INDEX 00 00:00:00' '    INDEX 01 00:00:10' \
	'    INDEX 02 00:01:00' 'FILE "03.flac" WAVE' '  TRACK 03 AUDIO' '    FLAGS PRE' \
	'    INDEX 01 00:00:00' >want
cmp want music/a.cue >out
ok 'the sheet has codes, texts, flags and indexes, and says WAVE'
run 0 verify a.cue music/a.cue && says 'are the same'
ok 'the folder is the same disc'
run 0 convert -q music/a.cue back.cue && cmp -s a.bin back.bin
ok 'and makes the first image again, byte for byte'
run 2 convert a.cue music/ && warns 'music/a\.cue: exists; use --force'
ok 'what is there is not replaced'
run 0 convert -q --force a.cue music
ok 'an existing folder needs no slash'
run 0 convert a.cue checked/ --verify && says 'verified: every sector read back equal'
ok '--verify reads the FLAC files back before they have their names'
rm -rf back.cue back.bin checked

# --- WAVE ---------------------------------------------------------------------------------------
run 0 convert a.cue wave/ -O audio=wav &&
	holds wave a.cue '01 - First_ a_b.wav' '02 - Zwei ä.wav' 03.wav
ok '-O audio=wav makes WAVE files of the same names'
python3 - 2>err <<'EOF'
import glob, struct, wave
data = b""
for name in sorted(glob.glob("wave/*.wav")):
    w = wave.open(name)
    assert w.getparams()[:3] == (2, 2, 44100), name
    data += w.readframes(w.getnframes())
assert data == open("a.bin", "rb").read()
raw = open("wave/01 - First_ a_b.wav", "rb").read()
assert struct.unpack("<I", raw[4:8])[0] == len(raw) - 8
assert raw[36:40] == b"data" and b"INAM\x0b\0\0\0First: a/b\0\0IART" in raw
assert open("wave/03.wav", "rb").read().endswith(b"ITRK\x02\0\0\x003\0"), "tags after the samples"
EOF
ok "python's wave module: samples, head and tags"
if have sndfile-info; then
	sndfile-info wave/01*.wav >out 2>err && says 'INAM' && ! grep -qi 'error' out
	ok 'sndfile-info reads them'
else
	skip 'sndfile-info reads them' 'no sndfile-info'
fi
run 0 verify a.cue wave/a.cue && run 0 convert -q wave/a.cue back.cue && cmp -s a.bin back.bin
ok 'WAVE and back: byte for byte'
run 0 convert -q a.cue set.cue -O audio=wav -O bins=track -O gaps=previous &&
	run 0 verify a.cue set.cue && test -f 'set (Track 1).wav'
ok 'a sheet of WAVE files with gaps=previous is the same disc'
if have chdman; then
	(cd wave && chdman createcd -i a.cue -o a.chd && chdman extractcd -i a.chd -o chd.cue -ob chd.bin) \
		>out 2>err && cmp -s a.bin wave/chd.bin
	ok 'chdman reads the WAVE sheet as the same samples'
else
	skip 'chdman reads the WAVE sheet as the same samples' 'no chdman'
fi
if have cdrdao; then
	(cd wave && cdrdao show-toc a.cue) >out 2>&1 && says '^TRACK  3  Mode AUDIO' &&
		says 'START  00:02:10( *160)' && says 'END    00:06:50( *500)'
	ok 'cdrdao reads the WAVE sheet with its pregaps'
else
	skip 'cdrdao reads the WAVE sheet with its pregaps' 'no cdrdao'
fi
rm -rf wave back.* set.cue set*.wav

# --- other shapes -------------------------------------------------------------------------------
run 0 convert mixed.cue mixed/ -O audio=wav && holds mixed mixed.cue 01.bin '02 - Song.wav' &&
	test "$(stat -c %s mixed/01.bin)" = $((60 * 2352)) &&
	grep -q 'TRACK 01 MODE1/2352' mixed/mixed.cue && grep -q 'PREGAP 00:02:00' mixed/mixed.cue &&
	run 0 verify mixed.cue mixed/mixed.cue
ok 'a data track is a .bin of MODE1/2352 beside them'
run 0 convert -q mixed.cue one/ --track 2 && holds one mixed.cue '02 - Song.flac'
ok '--track takes one track'
mkdir plain && run 0 convert -q a.cue plain --to cue && holds plain a.bin a.cue && cmp -s a.bin plain/a.bin
ok 'with --to a folder is only a place'
mkdir dot && cd dot && run 0 convert -q ../a.cue . && cd .. &&
	holds dot a.cue err out '01 - First_ a_b.flac' '02 - Zwei ä.flac' 03.flac
ok 'the folder we are in is one too'
"$SPINDLE" convert -q --from iso - piped/ <mixed.bin >out 2>err && holds piped 01.bin piped.cue
ok 'what has no name gives the sheet its folder'\''s'
rm -rf mixed one dot piped
run 0 convert -n a.cue new/ && says '^would write new/a\.cue ' &&
	says '^would write new/01 - First_ a_b\.flac ' && ! test -e new
ok '--dry-run names the files and makes no folder'
run 0 convert --json a.cue new/ && python3 -c '
import json, os
j = json.load(open("out"))
assert j["dst"] == "new/a.cue" and j["format"] == "cue" and len(j["members"]) == 4
assert all(os.path.getsize(m["path"]) == m["size"] for m in j["members"])'
ok '--json has the members with their sizes'
rm -rf new

# --- what does not work -------------------------------------------------------------------------
run 2 convert a.cue new/ -O audio=mp3 && warns 'raw|wav|flac' && ! test -e new
ok 'an unknown kind of sound: exit 2, no folder'
run 2 convert a.cue new/ -O level=9 && warns '0 to 8' && ! test -e new
ok 'an unknown level: exit 2, no folder'
run 2 convert a.cue new/ -O nothing=1 && warns 'nothing' && ! test -e new
ok 'an unknown option: exit 2, no folder'
run 4 convert a.cue no/new/ && warns 'no/new/: .*No such' && ! test -e no
ok 'only the last folder of a name is made'
run 8 convert a.cue new/ --to iso && warns 'cannot hold' && ! test -e new
ok 'a refusal takes its folder with it'
run 8 convert a.cue plain/ --to iso && holds plain a.bin a.cue
ok 'and leaves a folder that was there'
: >file && run 4 convert a.cue file/ && warns '^spindle: file/'
ok 'a file is no folder'
(ulimit -f 300 && "$SPINDLE" convert a.cue new/ >out 2>err)
test $? = 4 && warns '^spindle: new/0' && ! test -e new
ok 'no room: exit 4, the file is named, no folder stays'
(ulimit -f 300 && "$SPINDLE" convert -f a.cue music/ -O audio=wav >out 2>err)
test $? = 4 && holds music a.cue '01 - First_ a_b.flac' '02 - Zwei ä.flac' 03.flac &&
	cmp -s want music/a.cue
ok 'no room: an old set stays as it is'

# Signals go to the program itself; a sparse file is long to encode.
python3 - 2>err <<'EOF'
import os, signal, subprocess, time
with open("long.bin", "wb") as f:
    f.truncate(2352 * 75 * 60 * 70)
sheet = 'FILE "long.bin" BINARY\n'
for n in range(1, 8):
    sheet += "  TRACK %02d AUDIO\n    INDEX 01 %02d:00:00\n" % (n, (n - 1) * 10)
open("long.cue", "w").write(sheet)
signal.signal(signal.SIGINT, signal.SIG_DFL)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
    p = subprocess.Popen([os.environ["SPINDLE"], "convert", "long.cue", "new/"],
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    end = time.monotonic() + 20
    while time.monotonic() < end and not (os.path.isdir("new") and len(os.listdir("new")) > 3):
        assert p.poll() is None
        time.sleep(0.01)
    time.sleep(0.1)
    p.send_signal(number)
    p.communicate()
    if number == signal.SIGKILL:
        assert p.returncode == -number
        assert all(n.endswith(".part") for n in os.listdir("new")), os.listdir("new")
    else:
        assert p.returncode == 128 + number, p.returncode
        assert not os.path.exists("new")
EOF
ok 'stopped: no folder stays; killed: nothing has its final name'
run 0 convert -q a.cue new/ && ls -A new >out && test "$(grep -c '^[^.]' out)" = 4
ok 'and the next run goes through'

echo "1..$number"
