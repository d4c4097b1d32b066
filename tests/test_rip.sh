#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Rips of simulated drives, from the command to the image: nothing is lost, damage is told, and
# whatever stops a rip, the same command goes on.

libfault=${LIBFAULT:-${builddir:-.}/tests/libfault.so}
case $libfault in /*) ;; *) libfault=$PWD/$libfault ;; esac
. "${top_srcdir:-.}/tests/try.sh"
XDG_CONFIG_HOME=$work/config
export XDG_CONFIG_HOME

python3 - <<'P' || exit 99
import random
random.seed(5)
open("audio.bin", "wb").write(random.randbytes(2000 * 2352))
open("audio.cue", "w").write('''CATALOG 4006381333931
TITLE "An Album"
FILE "audio.bin" BINARY
  TRACK 01 AUDIO
    ISRC DEABC2400001
    INDEX 00 00:00:00
    INDEX 01 00:04:00
    INDEX 02 00:05:10
  TRACK 02 AUDIO
    FLAGS PRE
    INDEX 00 00:14:40
    INDEX 01 00:17:00
''')
open("disc.iso", "wb").write(random.randbytes(6000 * 2048))
P


# status CODE COMMAND…
status() {
	want=$1
	shift
	got=0
	"$@" || got=$?
	test "$got" = "$want"
}

audio() {
	"$spindle" rip sim:audio.cue a.cue
	cmp audio.bin a.bin
	tr -d '\r' <a.cue | sed 's/a\.bin/audio.bin/' | cmp - audio.cue
	test ! -e a.cue.spindle
	# the seal of the log is that of its bytes
	head -n -1 a.log | sha256sum | cut -d ' ' -f 1 >seal
	sed -n 's/^sha256: //p' a.log | cmp - seal
	python3 -c '
import hashlib, json
log = json.load(open("a.json"))
data = open("audio.bin", "rb").read()
assert log["schema"] == 1 and log["tracks"][0]["sha1"] == hashlib.sha1(data[:1090 * 2352]).hexdigest()
assert log["tracks"][1]["sha1"] == hashlib.sha1(data[1090 * 2352:]).hexdigest()
assert log["trouble"] == [] and log["mcn"] == "4006381333931"'
	"$spindle" rip --algorithm md5,sha256 sim:audio.cue other.cue
	python3 -c '
import hashlib, json
track = json.load(open("other.json"))["tracks"][1]
data = open("audio.bin", "rb").read()[1090 * 2352:]
assert track["md5"] == hashlib.md5(data).hexdigest() and "sha1" not in track
assert track["sha256"] == hashlib.sha256(data).hexdigest()'
	# no dates in it: once more is the same
	"$spindle" rip sim:audio.cue again.cue
	cmp a.log again.log
}

# The whole log of a scratched disc, as text and as JSON; no clock is in it.
golden() {
	printf '500..501 unreadable\n900 c2 20\n1200 unreadable times 2\n1500 bad-q\n' >f
	status 6 "$spindle" rip --retries=2 sim:audio.cue,faults=f golden.cue
	version=$("$spindle" --version | sed 's/^spindle //; q')
	# of the seal, which has the version in it too, that it is right
	head -n -1 golden.log | sha256sum | cut -d ' ' -f 1 >seal
	sed -n 's/^sha256: //p' golden.log | cmp - seal
	sed "s/^spindle $version\$/spindle VERSION/; s/^sha256: .*/sha256: SEAL/" golden.log |
		diff "$tests/data/rip/golden.log" -
	sed "s/\"spindle\": \"$version\"/\"spindle\": \"VERSION\"/" golden.json |
		diff "$tests/data/rip/golden.json" -
}

offset() {
	"$spindle" rip --offset=+6 sim:audio.cue o.cue
	# sample i is sample i + 6; the last six are not on the disc
	python3 -c '
a, o = open("audio.bin", "rb").read(), open("o.bin", "rb").read()
assert len(a) == len(o) and o[:-24] == a[24:]'
	grep -q '^+6 ' config/spindle/offsets
	"$spindle" rip sim:audio.cue o2.cue
	cmp o.bin o2.bin
	rm -r config
}

music() {
	mkdir m
	"$spindle" rip sim:audio.cue m/
	test "$(ls m/*.flac | wc -l)" = 2
	test ! -e m.spindle
}

part() {
	"$spindle" rip --tracks=2 sim:audio.cue p.cue
	tail -c $((910 * 2352)) audio.bin | cmp - p.bin
	status 2 "$spindle" rip --tracks=3 sim:audio.cue p3.cue
	status 2 "$spindle" rip --tracks=x sim:audio.cue p3.cue
}

# Bad sectors: all others are there, what is bad is told by LBA, the map is one of ddrescue's.
bad() {
	printf '100..102 unreadable\n3000 unreadable\n4000..4003 unreadable times 2\n' >f
	status 6 "$spindle" rip sim:disc.iso,faults=f b.iso 2>said
	grep -q 'bad: LBA 100 .* and 2 more' said
	python3 -c '
want, got = (open(n, "rb").read() for n in ("disc.iso", "b.iso"))
for i in range(6000):
    bad = i in (100, 101, 102, 3000)
    assert got[i * 2048:(i + 1) * 2048] == (bytes(2048) if bad else want[i * 2048:(i + 1) * 2048]), i
import json
runs = [(r["lba"], r["count"]) for r in json.load(open("b.json"))["trouble"]]
assert runs == [(100, 3), (3000, 1)], runs'
	test -d b.iso.spindle
	if command -v ddrescuelog >/dev/null; then
		ddrescuelog -b2048 -l- b.map >list
		printf '100\n101\n102\n3000\n' | cmp - list
	fi
	# the disc was cleaned
	rm b.map
	"$spindle" rip --force sim:disc.iso b.iso
	cmp disc.iso b.iso
	test ! -e b.iso.spindle
}

# Stopped again and again, then gone on with to the end.
killed() {
	for i in 03 06 10 15 20 30; do # at every command: test_rip
		timeout --foreground -s KILL "0.$i" "$spindle" rip sim:audio.cue k.cue || true
		test ! -e k.cue || break
	done
	test -e k.cue || "$spindle" rip sim:audio.cue k.cue
	cmp audio.bin k.bin
	tr -d '\r' <k.cue | sed 's/k\.bin/audio.bin/' | cmp - audio.cue
}

# Digests made while the disc is read are those of the image, whatever comes between.
sums() {
	sums_of() { # IMAGE
		python3 -c '
import hashlib, json, sys
log = json.load(open(sys.argv[1].rsplit(".", 1)[0] + ".json"))
assert len(log["tracks"]) == 1
assert log["tracks"][0]["sha1"] == hashlib.sha1(open(sys.argv[1], "rb").read()).hexdigest()' "$1"
	}
	"$spindle" burn --no-verify disc.iso sim:dvd.disc,medium=dvd+r
	"$spindle" rip sim:dvd.disc s1.iso
	sums_of s1.iso
	# some at the second try, out of order
	printf '700 unreadable times 3\n2000..2100 unreadable times 2\n5999 unreadable times 2\n' >f
	"$spindle" rip --retries=9 sim:dvd.disc,faults=f s2.iso
	cmp s1.iso s2.iso
	sums_of s2.iso
	# some never
	printf '0 unreadable\n3000..3040 unreadable\n' >f
	status 6 "$spindle" rip --retries=0 sim:dvd.disc,faults=f s3.iso
	sums_of s3.iso
	# and the rest later
	"$spindle" rip --force sim:dvd.disc s3.iso
	cmp s1.iso s3.iso
	sums_of s3.iso
	# whole sectors of a CD, samples that are moved, and both with trouble
	printf 'FILE "audio.bin" BINARY\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n' >one.cue
	printf '900 c2 20\n1200 unreadable times 2\n' >f
	"$spindle" convert disc.iso data.cue
	printf '40 wrong-sector 3 times 1\n100 unreadable times 2\n' >g
	"$spindle" rip sim:one.cue s4.cue
	status 6 "$spindle" rip --offset=-700 sim:one.cue,faults=f s5.cue
	"$spindle" rip sim:data.cue s6.cue
	"$spindle" rip sim:data.cue,faults=g s7.cue
	cmp data.bin s7.bin
	for name in s4 s5 s6 s7; do
		sums_of $name.bin
	done
	rm -r config
}

# Killed while the image takes over the file of the store: both may have it, and the store may be
# written to again.
taken() {
	cp disc.iso s.iso
	for fault in linkat:1:killafter fsync:3:kill renameat2:1:kill renameat2:1:killafter; do
		rm -rf t.* kept
		status 137 env LD_PRELOAD="$libfault" SPINDLE_FAULT=$fault \
			ASAN_OPTIONS="verify_asan_link_order=0:${ASAN_OPTIONS-}" \
			"$spindle" rip sim:s.iso t.iso
		test -d t.iso.spindle
		if test -e t.iso; then
			cmp disc.iso t.iso
			ln t.iso kept
			# all is read again, of a disc that differs in a byte
			: >t.iso.spindle/disc.state
			printf x | dd of=s.iso bs=1 conv=notrunc seek=9000000 2>/dev/null
			"$spindle" rip --force sim:s.iso t.iso
			cmp s.iso t.iso
			cmp disc.iso kept
			cp disc.iso s.iso
		else
			"$spindle" rip sim:s.iso t.iso
			cmp disc.iso t.iso
		fi
		test ! -e t.iso.spindle
		test -z "$(find . -name '.t.*')"
	done
	test -e kept
}

other() {
	printf '5000 unreadable\n' >f
	status 6 "$spindle" rip --retries=0 sim:disc.iso,faults=f w.iso
	cp disc.iso copy.iso
	printf 'x' | dd of=copy.iso bs=1 conv=notrunc seek=40000 2>/dev/null
	truncate -s 10240000 copy.iso
	status 2 "$spindle" rip --force sim:copy.iso w.iso 2>said
	grep -q 'another disc' said
	"$spindle" rip --force sim:disc.iso w.iso
	cmp disc.iso w.iso
}

troubles() {
	status 2 "$spindle" rip sim:audio.cue audio.cue
	status 2 "$spindle" rip sim:audio.cue -
	# nor for its log, after an hour
	: >there.log
	status 2 "$spindle" rip sim:audio.cue there.cue 2>said
	grep -q 'there.log: exists' said
	test ! -e there.cue.spindle
	status 8 "$spindle" rip sim:audio.cue lost.iso
	test -d lost.iso.spindle
	status 2 "$spindle" rip --accuraterip=audio.cue sim:audio.cue n.cue || true
	"$spindle" rip -n sim:audio.cue n.cue >plan
	grep -q 'would write n.cue' plan
	test ! -e n.cue
}

echo 1..11
try python3 'an audio disc with a hidden track, indexes and codes' audio
try 'python3 sha256sum' 'the log, to the letter' golden
try python3 'the read offset moves samples and is remembered' offset
try '' 'a folder gets FLAC files' music
try '' 'some tracks' part
try python3 'bad sectors' bad
try timeout 'killed and gone on with' killed
try python3 'digests made on the way' sums
try '' 'killed while the image takes over what was read' taken
try '' 'another disc is refused, the same one goes on' other
try '' 'what cannot be is said at once' troubles
exit $failed
