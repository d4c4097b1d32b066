#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Damaged images judged, mended and merged by the program, as its users do it.

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

number=0
# ok NAME: the last command's status is the result
ok() {
	status=$?
	number=$((number + 1))
	if test $status = 0; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		sed 's/^/# out: /' out 2>/dev/null | head -n 12
		sed 's/^/# err: /' err 2>/dev/null | head -n 8
	fi
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
silent() { ! test -s err; }
# json EXPRESSION: true of the JSON on out, which is j
json() {
	python3 -c 'import json, sys
j = json.load(open("out"))
sys.exit(not eval("(" + sys.argv[1] + ")"))' "$1"
}
absent() { for name; do test ! -e "$name" || return 1; done; }

# 200 sectors of data, 100 of audio; copies with damage:
#   light: LBA 20-22 have 40 wrong bytes each, LBA 30 wrong parity
#   heavy: the same and LBA 40 has 700 wrong bytes
#   song1, song2: audio sectors differ
python3 - <<'EOF'
import random
random.seed(5)
data = bytearray(random.randbytes(2048 * 200))
data[32768:32774] = b"\x01CD001"
data[32848:32856] = (200).to_bytes(4, "little") + (200).to_bytes(4, "big")
data[32896:32900] = b"\x00\x08\x08\x00"
data[34816:34822] = b"\xffCD001"
open("a.iso", "wb").write(data)
EOF
"$SPINDLE" convert -q a.iso data.cue || exit 1
python3 - <<'EOF'
import random
random.seed(6)
good = bytearray(open("data.bin", "rb").read()) + random.randbytes(2352 * 100)

def flip(disc, lba, at, count):
    for i in range(count):
        disc[lba * 2352 + at + i] ^= 1 + i % 255

def put(name, disc):
    open(name + ".bin", "wb").write(disc)
    open(name + ".cue", "w").write(f'''FILE "{name}.bin" BINARY
  TRACK 01 MODE1/2352
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    INDEX 01 00:02:50
''')

put("good", good)
light = bytearray(good)
for lba in 20, 21, 22:
    flip(light, lba, 500, 40)
flip(light, 30, 2200, 10)
put("light", light)
heavy = bytearray(light)
flip(heavy, 40, 100, 700)
put("heavy", heavy)
other = bytearray(good)
flip(other, 21, 100, 900)
flip(other, 60, 100, 900)
put("other", other)
song1 = bytearray(good)
flip(song1, 250, 10, 4)
put("song1", song1)
song2 = bytearray(good)
flip(song2, 250, 20, 4)
put("song2", song2)
put("longer", good + bytes(2352 * 10))
EOF

# --- verify ----------------------------------------------------------------------------------
run 0 verify good.cue && ! says 'correct'
ok 'a whole image has nothing to correct'
run 1 verify light.cue && says '3 sectors: can be corrected .*LBA 20 (00:02:20, track 1) and 2 more' &&
	says '1 sector: good data, only the parity is wrong.*LBA 30' && ! says beyond
ok 'verify names what can be corrected'
run 1 verify heavy.cue && says '1 sector: damaged beyond correction: LBA 40 '
ok 'verify names what cannot'
run 1 verify --json heavy.cue && json 'j["correctable"]["sectors"] == 3 and
	j["correctable"]["parity"] == 1 and j["correctable"]["beyond"] == 1 and
	j["correctable"]["bytes"] == 130 and
	[(r["lba"], r["count"], r["verdict"]) for r in j["correctable"]["runs"]] ==
	[(20, 3, "corrected"), (30, 1, "parity"), (40, 1, "beyond")]'
ok 'verify --json lists the runs'

# --- convert -O repair -----------------------------------------------------------------------
run 0 convert -O repair light.cue mended.cue && cmp -s mended.bin good.bin &&
	warns 'note: 3 sectors corrected by P/Q parity: LBA 20 ' && warns '1 sector whose parity'
ok 'convert -O repair gives the disc as it was'
run 0 convert --json -O repair=yes --verify light.cue mended2.cue && cmp -s mended2.bin good.bin &&
	json 'j["verified"] and j["repaired"]["sectors"] == 3 and j["repaired"]["parity"] == 1 and
	j["repaired"]["bytes"] == 130 and j["repaired"]["runs"][0]["lba"] == 20'
ok '--verify compares with what was mended, --json lists it once'
run 0 convert -O repair heavy.cue heavy2.cue && warns '1 sector damaged beyond correction.*LBA 40 ' &&
	python3 -c '
good, heavy, made = (open(n + ".bin", "rb").read() for n in ("good", "heavy", "heavy2"))
at = 40 * 2352
assert made[:at] == good[:at] and made[at:at + 2352] == heavy[at:at + 2352]
assert made[at + 2352:] == good[at + 2352:]'
ok 'what is beyond correction stays as it is'
run 0 convert light.cue plain.cue && cmp -s plain.bin light.bin
ok 'without -O repair nothing is touched'
run 0 convert -O repair=no light.cue no.cue && cmp -s no.bin light.bin
ok 'nor with repair=no'
run 0 convert --json light.cue nojson.cue && json 'j["repaired"] is None'
ok 'JSON says that none was asked for'
run 2 convert -O repair=maybe light.cue x.cue && warns 'no|yes' && absent x.cue x.bin
ok 'repair takes yes or no'
run 0 convert -n -O repair light.cue x.cue && warns '3 sectors corrected' && absent x.cue x.bin
ok 'a dry run says what would be corrected'
run 2 convert -O sector light.cue x.cue && warns 'wants a value' && absent x.cue x.bin
ok 'a key alone is refused where there is no yes'
run 8 convert --track 1 light.cue x.iso && warns '3 sectors whose EDC differs' &&
	run 0 convert --track 1 -O repair light.cue x.iso && cmp -s x.iso a.iso
ok 'mended, a damaged track fits an ISO'

# --- merge -----------------------------------------------------------------------------------
run 0 merge heavy.cue other.cue merged.cue && cmp -s merged.bin good.bin &&
	says 'made merged.cue .*300 sectors of 2 dumps' && says '294 the same in all' && silent
ok 'merge takes each sector where it is good'
run 0 merge --json --verify other.cue heavy.cue merged2.cue && cmp -s merged2.bin good.bin &&
	json 'j["made"] and j["verified"] and j["sectors"] == 300 and j["equal"] == 294 and
	j["evidence"] == 5 and j["repaired"] == 1 and j["conflict"] == 0 and
	[s["sectors"] for s in j["sources"]] == [4, 2] and
	sum(r["count"] for r in j["runs"]) == 6'
ok 'merge --json counts what came from where'
run 1 merge good.cue song1.cue x1.cue && warns '1 sector differs and nothing decides: LBA 250 ' &&
	absent x1.cue x1.bin
ok 'audio that differs in two dumps is refused by name'
run 1 merge --json good.cue song1.cue x1.cue && json 'not j["made"] and j["conflict"] == 1 and
	[(r["lba"], r["how"]) for r in j["runs"]] == [(250, "conflict")]' && absent x1.cue x1.bin
ok 'a refusal has JSON too'
run 0 merge --prefer 2 good.cue song1.cue preferred.cue && cmp -s preferred.bin song1.bin &&
	says 'taken from the preferred one: LBA 250'
ok '--prefer decides'
run 0 merge song1.cue good.cue light.cue most.cue && cmp -s most.bin good.bin &&
	says '1 as most have them: LBA 250'
ok 'most of three decide on audio'
run 1 merge song1.cue song2.cue good.cue x2.cue && absent x2.cue x2.bin
ok 'three that all differ have no majority'
run 1 merge good.cue longer.cue x3.cue && warns 'not dumps of one disc: length of track 2' &&
	absent x3.cue x3.bin
ok 'another layout is refused with the first difference'
run 1 merge data.cue a.iso x4.cue && warns '2048' && absent x4.cue x4.bin
ok 'other sectors are refused in words'
run 0 merge -n heavy.cue other.cue dry.cue && says '^would make dry.cue' && absent dry.cue dry.bin
ok 'a dry run merges nothing'
run 2 merge heavy.cue other.cue merged.cue && warns 'exists'
ok 'an output that exists is kept'
run 0 merge --force heavy.cue other.cue merged.cue
ok '--force replaces it'
run 2 merge --majority heavy.cue other.cue x5.cue && warns 'majority'
ok 'two have no majority'
run 2 merge --prefer 3 heavy.cue other.cue x5.cue && warns 'no source 3'
ok 'who is not there is not preferred'
run 2 merge heavy.cue merged3.cue && warns 'usage'
ok 'one dump is no merge'
run 2 merge heavy.cue other.cue - && warns 'pipe'
ok 'a merge does not go to a pipe'
run 0 merge --majority good.cue song1.cue light.cue -O bins=track tracks.cue && absent tracks.bin
ok 'options of the output format are taken'
run 2 merge good.cue light.cue -O nothing=1 x5.cue && warns nothing && absent x5.cue
ok 'options nobody knows are refused'

echo "1..$number"
