#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The program as its users meet it: exit codes, streams, JSON, what stays behind.

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
silent() { ! test -s err; }
# json EXPRESSION: true of the JSON on out, which is j
json() {
	python3 -c 'import json, sys
j = json.load(open("out"))
sys.exit(not eval("(" + sys.argv[1] + ")"))' "$1"
}
# left NAME…: these and no others are beside us; out has the list then
left() {
	find . -mindepth 1 -maxdepth 1 ! -name out ! -name err -printf '%f\n' | sort >out
	test "$(cat out)" = "$(printf '%s\n' "$@" | sort)"
}

mkdir made && cd made || exit 1
python3 - <<'EOF'
import random
random.seed(1)
data = bytearray(random.randbytes(2048 * 200))
data[32768:32774] = b"\x01CD001"
data[32848:32856] = (200).to_bytes(4, "little") + (200).to_bytes(4, "big")
data[32896:32900] = b"\x00\x08\x08\x00"
data[34816:34822] = b"\xffCD001"
open("a.iso", "wb").write(data)
open("two.bin", "wb").write(random.randbytes(2352 * 400))
open("two.cue", "w").write('''CATALOG 4006408065005
TITLE "Disc"
FILE "two.bin" BINARY
  TRACK 01 AUDIO
    TITLE "First & last"
    FLAGS DCP
    ISRC DEC680000220
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    INDEX 00 00:02:00
    INDEX 01 00:03:00
    INDEX 02 00:04:00
''')
open("escape.cue", "w").write('''TITLE "Disc \x1b[31m"
FILE "two.bin" BINARY
  TRACK 01 AUDIO
    INDEX 01 00:00:00
''')
open("mixed.bin", "wb").write(data + random.randbytes(2352 * 300))
open("mixed.cue", "w").write('''FILE "mixed.bin" BINARY
  TRACK 01 MODE1/2048
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "Song"
    ISRC DEC680000220
    INDEX 01 00:02:50
    INDEX 02 00:03:50
''')
open("text.cue.txt", "w").write("nothing of the kind\n" * 200)
open("bad.cue", "w").write('FILE "two.bin" BINARY\n  TRACK 01 AUDIO\n    INDEX 01 00:00:99\n')
open("short.iso", "wb").write(data[: 2048 * 150])
open("disc.chd", "wb").write(b"MComprHD\x00\x00\x00\x7c\x00\x00\x00\x05" + bytes(4096))
open("mode2.bin", "wb").write(bytes(2352 * 200))
EOF
cd ..
cp made/* .
made=$(ls made)
# shellcheck disable=SC2086
stays() { left made $made "$@"; }

# --- help, versions, typos -------------------------------------------------------------------
for command in info rip convert verify merge hash drives formats; do
	run 0 $command --help && says "^Example" && says "  spindle $command" && silent
	ok "$command --help has an example"
	cp out help
	run 0 help $command && cmp -s out help
	ok "help $command is the same text"
	rm -f help
done
run 0 help && says '^  convert ' && says 'Exit codes'
ok 'help lists the commands'
run 2 && warns '^  convert ' && ! test -s out
ok 'no command: exit 2, stdout empty'
run 0 --version && says '^spindle [0-9]' && says '^reads:.* cue.* iso' && says '^writes:.* iso'
ok '--version names formats'
run 0 --version --json && json '"cue" in j["reads"] and "iso" in j["writes"] and j["version"]'
ok '--version --json'
run 2 convret a b && warns '^spindle: there is no command "convret"; did you mean "convert"?$'
ok 'a mistyped command is guessed'
run 2 convert --los a.iso b.cue --lossi && warns 'did you mean --lossy'
ok 'a mistyped option is guessed'
run 2 convert a.iso && warns 'usage: spindle convert'
ok 'a missing word is a usage error'
run 2 info a.iso -x && warns 'no option -x'
ok 'an unknown letter is named'
run 2 convert a.iso b.cue --to && warns '--to wants a value'
ok 'a missing value is named'
run 2 convert a.iso b.cue --track 0 && warns 'from 1 to 99'
ok 'a number out of range is refused'
run 2 convert a.iso b.cue -O sector && warns 'wants a value'
ok 'an option without = is refused'
run 2 convert a.iso b.cue -O nothing=1 && warns 'nothing'
ok 'an unknown format option is refused'
run 2 info a.iso --progress=often && warns 'auto|always|never|json'
ok 'a wrong choice lists the right ones'
run 4 info -- --json && warns '^spindle: --json: '
ok 'after -- everything is a name'
run 0 formats && says '^iso .*\.iso' && says '^cue .*\.cue' && says '^chd '
ok 'formats lists what opens and what is only known'
run 0 formats --json && json '{"cue", "iso", "chd"} <= {f["name"] for f in j["formats"]} and j["schema"] == 1'
ok 'formats --json'

# --- info --------------------------------------------------------------------------------------
run 0 info a.iso && says '^a\.iso is an ISO image of a CD: 1 track (data2048), 00:02:50, .*, all data present\.$' && silent
ok 'info begins with a sentence'
run 0 info two.cue && says '^two\.cue is a BIN/CUE image of a CD: 2 tracks (2 audio), 00:05:25, .*, all data present\.$'
ok 'info of a sheet begins with a sentence'
says 'DEC680000220' && says 'First & last' && says '4006408065005' && says 'index 02' && says 'CDDB'
ok 'info shows ISRC, title, MCN, index 02 and ids'
run 0 info escape.cue && ! grep -q "$(printf '\033')" out && says 'Disc \\x1B\[31m'
ok 'an escape sequence in a title is shown, not sent'
run 0 info --json two.cue && json 'j["schema"] == 1 and j["path"] == "two.cue" and j["format"] == "cue" and
	j["medium"] == "cd" and j["mcn"] == "4006408065005" and j["cdtext"]["title"] == "Disc" and
	j["cdtext"]["blocks"][0]["title"] == "Disc" and
	[s["number"] for s in j["sessions"]] == [1] and j["sessions"][0]["lead_out"] == 400 and
	"cddb" in j["ids"] and j["notes"] == []'
ok 'info --json has the keys of a disc'
json '[(t["number"], t["mode"], t["start"], t["length"], t["pregap"], t["flags"], t["isrc"]) for t in
	j["sessions"][0]["tracks"]] == [(1, "audio", 0, 150, 150, ["dcp"], "DEC680000220"),
	(2, "audio", 225, 175, 75, [], None)] and
	[i for i in j["sessions"][0]["tracks"][1]["indexes"]] ==
	[{"number": 0, "lba": 150}, {"number": 1, "lba": 225}, {"number": 2, "lba": 300}] and
	j["sessions"][0]["tracks"][0]["title"] == "First & last"'
ok 'info --json has the keys of tracks'
run 0 info short.iso && says 'truncated' && says '^Note: .*50 missing' && silent
ok 'a truncated image is not called whole'
run 0 info two.bin && says '^two\.cue is' && says '^Note: '
ok 'a data file opens its sheet and says so'
run 0 info -v --json two.cue && json 'sum(r["count"] for r in j["regions"] if r["stored"]) == 400'
ok 'info -v --json lists regions'
run 3 info text.cue.txt && warns '^spindle: text\.cue\.txt: ' && ! test -s out
ok 'not an image: exit 3'
run 3 info bad.cue && warns '^spindle: bad\.cue:3:'
ok 'a malformed sheet: exit 3 and the place'
run 4 info missing.iso && warns '^spindle: missing\.iso: .*No such file'
ok 'no such file: exit 4'
run 5 info disc.chd && warns 'chd'
ok 'a known format that cannot be opened: exit 5 and its name'

# --- convert -----------------------------------------------------------------------------------
run 0 convert a.iso b.cue && says '^made b\.cue .*b\.bin .*: 200 sectors' && silent
ok 'iso to cue says what was made'
run 0 convert b.cue c.iso --verify && says 'verified: every sector read back equal' && cmp -s a.iso c.iso
ok 'and back, verified: the same bytes'
stays b.bin b.cue c.iso
ok 'no temporary stays'
run 2 convert a.iso b.cue && warns 'b\.cue: exists; use --force'
ok 'an output that exists: exit 2'
run 0 convert --force -q a.iso b.cue && silent && ! test -s out
ok '--force replaces it, -q says nothing'
rm -f b.bin b.cue c.iso
run 8 convert two.cue c.iso && warns 'cannot hold: .*track' && stays
ok 'audio to iso is refused and leaves nothing'
run 8 convert mixed.cue c.iso && ! test -s out &&
	warns '^spindle: this format cannot hold: .*ISRC.*CD-Text.* (use --lossy to leave them out)$' && stays
ok 'what would be lost is named; exit 8, nothing stays'
warns 'INDEX 02 of track 2'
ok 'the index that would be lost has its track'
run 0 convert mixed.cue c.iso --lossy && warns '^spindle: note: left out: .*CD-Text' && cmp -s a.iso c.iso
ok '--lossy converts and notes what was left out'
rm -f c.iso
run 0 convert mixed.cue c.iso --lossy --verify && cmp -s a.iso c.iso
ok '--lossy --verify does not mind what was left out'
rm -f c.iso
run 0 convert mixed.cue c.iso --track 1 && cmp -s a.iso c.iso
ok '--track takes a part, and only that part counts for losses'
rm -f c.iso
run 8 convert -n mixed.cue c.iso && says '^would write c\.iso (409\.6 kB)$' && says '^would lose .*CD-Text' &&
	says '^would read .*mixed\.cue' && stays
ok '--dry-run shows files, sizes, losses; exit 8, writes nothing'
run 0 convert -n --lossy mixed.cue c.iso && stays
ok '--dry-run --lossy: exit 0'
run 0 convert -n a.iso b.cue --json && json 'j["dry_run"] and [m["path"] for m in j["members"]] == ["b.cue", "b.bin"] and
	j["members"][1]["size"] == 200 * 2352 and not j["losses"]' && stays
ok '--dry-run --json has the members a real run makes'
cp a.iso b.cue
run 2 convert -n a.iso b.cue && says 'which exists' && warns 'exists; use --force'
ok '--dry-run sees that an output exists'
rm -f b.cue
run 0 convert --json --verify a.iso b.cue && json 'j["schema"] == 1 and j["src"] == "a.iso" and j["dst"] == "b.cue" and
	j["from"] == "iso" and j["format"] == "cue" and j["sectors"] == 200 and j["bytes"] == 200 * 2048 and
	j["losses"] == [] and j["verified"] is True and j["proofs"] == 0 and j["dry_run"] is False and
	{m["path"]: m["size"] for m in j["members"]}["b.bin"] == 200 * 2352'
ok 'convert --json has its keys'
rm -f b.bin b.cue
run 0 convert --to iso a.iso - && cmp -s out a.iso
ok 'an image to standard output'
"$SPINDLE" convert --to iso - c.iso <a.iso >out 2>err && cmp -s a.iso c.iso
ok 'an image from standard input'
rm -f c.iso
run 2 convert a.iso - --to cue && warns 'pipe'
ok 'a sheet cannot go to a pipe: exit 2'
run 2 convert --to iso --verify a.iso - && run 2 convert --to iso --json a.iso -
ok 'a pipe takes neither --verify nor --json'
run 2 convert a.iso b.nothing && warns '--to'
ok 'an extension that says nothing asks for --to'
run 2 convert a.iso b.img && warns '--to ccd|img|raw$' && run 8 convert --to img a.iso b.img && warns '--to iso' && stays
ok 'a name that files of several formats have is asked about'
dd if=/dev/zero of=disk bs=512 count=100 2>/dev/null
run 0 convert --from img --verify disk b.img && cmp -s disk b.img
ok 'an .img of a disk is its blocks'
rm -f disk b.img
mkdir b.iso
run 2 convert a.iso b.iso
ok 'a directory is no output'
rmdir b.iso
run 4 convert a.iso nowhere/b.iso && warns 'nowhere.*No such'
ok 'no such directory: exit 4'
run 0 convert two.cue t.cue -O bins=track && says 'Track 1' && stays t.cue 't (Track 1).bin' 't (Track 2).bin'
ok 'a bin a track'

# --- sectors that could not be read --------------------------------------------------------------
mkdir store && run 0 convert -q a.iso store/d.spindle && python3 -c '
f = open("store/d.state", "r+b")
f.seek(2 * 5)
f.write(bytes(4))' && run 0 info store/d.spindle && says '2 sectors are missing'
ok 'info of a work store counts what was not read'
run 6 convert store/d.spindle store/e.iso && says '^made store/e\.iso' &&
	warns '2 sectors that could not be read: filled with zeros; the first is LBA 5 ' &&
	python3 -c '
a, e = open("a.iso", "rb").read(), open("store/e.iso", "rb").read()
assert e == a[: 2048 * 5] + bytes(4096) + a[2048 * 7 :]'
ok 'sectors that could not be read are filled: exit 6'
run 6 convert -n store/d.spindle store/f.iso && run 6 hash store/d.spindle && warns 'filler' &&
	run 1 verify store/d.spindle && says '2 sectors: never read'
ok 'and dry run, hash and verify say so as well'
rm -r store

# --- hash ----------------------------------------------------------------------------------------
run 0 hash --json t.cue && python3 - <<'EOF'
import hashlib, json, zlib
j = json.load(open("out"))
tracks = [open("t (Track %d).bin" % n, "rb").read() for n in (1, 2)]
def check(found, data):
    assert found["size"] == len(data)
    assert found["crc32"] == "%08x" % zlib.crc32(data)
    for name in ("md5", "sha1", "sha256"):
        assert found[name] == hashlib.new(name, data).hexdigest(), name
assert j["schema"] == 1 and [t["number"] for t in j["tracks"]] == [1, 2]
check(j["whole"], open("two.bin", "rb").read())
for found, data in zip(j["tracks"], tracks):
    check(found, data)
EOF
ok 'digests are those of the files, whole and per track'
run 0 hash two.cue && says '^whole' && says '^track 2 (588000 bytes)' && says '  sha256  [0-9a-f]\{64\}$'
ok 'hash prints them'
run 0 hash -a md5,crc32 --json a.iso && json 'sorted(j["whole"]) == ["crc32", "md5", "size"]'
ok '--algorithm chooses'
run 2 hash -a md5,sha3 a.iso && warns 'sha3'
ok 'an unknown algorithm: exit 2'
run 0 hash --dat two.cue && says '<game name="two">' && says 'name="two (Track 1).bin" size="352800" crc="[0-9a-f]\{8\}"' &&
	python3 -c 'import xml.dom.minidom as m; m.parse("out")'
ok '--dat prints XML with redump names'
{
	echo '<?xml version="1.0"?><!DOCTYPE datafile [ <!ELEMENT a (b)> ]><datafile><!-- <game> -->'
	echo '<game name="Other &amp; one"><rom name="o.bin" size="5" crc="00000000"/></game>'
	sed 's/<description>/<rom name="two.cue" size="9" crc="12345678"\/>&/; s/name="two"/name="Two \&lt;1\&gt; \&#233;"/' out
	echo '</datafile>'
} >games.dat
run 0 hash --dat=games.dat two.cue && says 'two\.cue is "Two <1> é" of games\.dat'
ok '--dat=FILE finds the disc'
run 0 hash --dat games.dat two.cue --json && json 'j["match"]["game"] == "Two <1> \u00e9" and j["match"]["different"] == []'
ok '--dat FILE does as well, as JSON'
run 0 hash t.cue --dat games.dat
ok 'the same tracks in other files are the same disc'
sed 's/\(Track 2.*sha1="\)...../\1ababa/' games.dat >wrong.dat
run 1 hash --dat=wrong.dat two.cue && says 'nearest is "Two <1> é": 1 of 2 tracks' && says 'different: track 2'
ok 'one track differs: exit 1, and which'
run 1 hash --dat=games.dat a.iso && says 'is no game of'
ok 'another disc: exit 1'
run 3 hash --dat=text.cue.txt a.iso && warns 'text\.cue\.txt'
ok 'not a DAT: exit 3'
cp a.iso 'a <&"\b.iso'
run 0 hash --dat 'a <&"\b.iso' && python3 -c 'import xml.dom.minidom as m
assert m.parse("out").documentElement.getAttribute("name") == "a <&\"\\b"'
ok 'names are escaped for XML'
rm -f 'a <&"\b.iso' games.dat wrong.dat

# --- verify --------------------------------------------------------------------------------------
run 0 convert a.iso b.cue -q && run 0 verify b.cue && says '^b\.cue: whole: 200 sectors'
ok 'a whole image verifies: exit 0'
run 0 verify b.cue a.iso && says 'are the same'
ok 'two containers of one disc are the same: exit 0'
python3 - <<'EOF'
d = bytearray(open("b.bin", "rb").read())
d[50 * 2352 + 100] ^= 1
d[51 * 2352 + 100] ^= 1
d[60 * 2352 + 2300] ^= 1
open("b.bin", "wb").write(d)
EOF
run 1 verify b.cue && says '^b\.cue: damaged' && says '2 sectors: wrong EDC; the first is LBA 50 (00:02:50, track 1)' &&
	says '3 sectors: wrong P/Q parity'
ok 'damage is counted and placed: exit 1'
run 1 verify --json b.cue && json 'not j["whole"] and j["bad"]["edc"] == {"count": 2, "first": 50} and
	j["bad"]["ecc"]["count"] == 3 and j["bad"]["header"]["first"] is None'
ok 'verify --json has counts and places'
run 1 verify b.cue a.iso && says '2 different' && says 'LBA 50 (00:02:50, track 1) and 1 more: user data'
ok 'a difference is placed and its part named: exit 1'
run 1 verify --json b.cue a.iso && json 'j["different"] == 2 and j["differences"][0]["lba"] == 50 and
	j["differences"][0]["count"] == 2 and not j["same"]'
ok 'verify SRC REF --json'
run 8 convert b.cue c.iso && warns 'EDC' && stays b.cue b.bin t.cue 't (Track 1).bin' 't (Track 2).bin'
ok 'damage an iso cannot hold is a loss: exit 8, nothing stays'
run 1 verify two.cue a.iso && says 'differ'
ok 'two discs differ: exit 1'
run 3 verify a.iso text.cue.txt
ok 'a reference that is no image: exit 3'
rm -f b.* t.* t\ *

# --- streams, progress, signals ------------------------------------------------------------------
if test -w /dev/full; then
	for command in 'info a.iso' 'formats' 'hash --json a.iso' '--version' 'info --help' 'verify a.iso'; do
		# shellcheck disable=SC2086
		"$SPINDLE" $command >/dev/full 2>err
		test $? = 4 && warns '^spindle: cannot write to standard output'
		ok "$command to a full disk: exit 4"
	done
	"$SPINDLE" convert --to iso a.iso - >/dev/full 2>err
	test $? = 4
	ok 'an image to a full disk: exit 4'
else
	skip 'standard output to a full disk' 'no /dev/full'
fi
"$SPINDLE" info a.iso >&- 2>err
test $? = 4
ok 'standard output closed: exit 4'
run 0 convert -q --progress=json a.iso c.iso && ! test -s out && python3 - <<'EOF'
import json
events = [json.loads(line) for line in open("err")]
assert events and all(e["schema"] == 1 and e["event"] == "progress" for e in events)
assert events[-1]["done"] == events[-1]["total"] == 200 and events[0]["phase"] == "copying"
assert {"phase", "percent", "bytes", "bytes_per_second", "speed", "seconds_left", "errors"} <= set(events[0])
EOF
ok '--progress=json: every line of stderr is an event'
run 2 convert --progress=json a.iso c.iso && python3 -c 'import json
e = [json.loads(l) for l in open("err")][-1]
assert e["event"] == "error" and e["exit"] == 2 and "c.iso" in e["text"]'
ok '--progress=json: an error is an event too'
rm -f c.iso
run 0 convert --progress=always a.iso c.iso && warns '^copying 100%'
ok '--progress=always draws without a terminal'
rm -f c.iso
run 0 convert a.iso c.iso && silent
ok 'no progress where there is no terminal'
rm -f c.iso
python3 - 2>err <<'EOF'
import os, pty, subprocess, sys
master, slave = pty.openpty()
p = subprocess.Popen([os.environ["SPINDLE"], "hash", "a.iso"], stdout=subprocess.DEVNULL, stderr=slave)
os.close(slave)
seen = b""
try:
    while True:
        part = os.read(master, 4096)
        if not part:
            break
        seen += part
except OSError:
    pass
assert p.wait() == 0
assert b"hashing 100%" in seen, seen
assert seen.endswith(b" \r"), seen
EOF
ok 'a progress line on a terminal, gone at the end'

# A sparse file is long to convert and cheap to have. Signals go to the program itself, started with
# their actions at default: a shell's background jobs ignore INT.
cat >stop.py <<'EOF'
import os, signal, subprocess, sys
number = getattr(signal, sys.argv[1])
with open("big.iso", "wb") as f:
    f.truncate(32 << 30)
for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(name, signal.SIG_DFL)
p = subprocess.Popen([os.environ["SPINDLE"], "convert", "--progress=json", "big.iso", "c.iso"],
                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
while b'"progress"' not in p.stderr.readline():  # notes come before
    assert p.poll() is None
before = [n for n in os.listdir(".") if n != "c.iso" and "c.iso" in n]
p.send_signal(number)
said = p.stderr.read()
code = p.wait()
os.unlink("big.iso")
assert before, "no temporary was there to remove"
assert code == 128 + number, code
assert b"interrupted" in said, said
EOF
for signal in SIGINT SIGTERM SIGHUP; do
	python3 stop.py $signal 2>err && stays stop.py
	ok "$signal: exit 128 + n, temporaries removed"
done

echo "1..$number"
