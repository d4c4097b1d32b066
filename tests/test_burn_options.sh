#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What may be asked of a burn: how fast, where layers part, more than fits, the tray; and what is told
# while it goes on.

. "${top_srcdir:-.}/tests/sim.sh"
python3 -c 'import random; random.seed(12); open("data.iso", "wb").write(random.randbytes(437 * 2048))' ||
	exit 99
given=data.iso
. "$tests/at_once.sh"

# A simulated CD drive of 48x offers 48x and each half of the one before, to 6x.
speeds() {
	said 0 "$spindle" burn -n --speed 3x data.iso sim:a.disc,medium=cd-r
	grep -q 'sim:a.*: 3x is not offered for this CD-R, but 6x, 12x, 24x, 48x: 6x is taken' out
	grep -q '^speed: 6x, 1056 kB/s' out
	said 0 "$spindle" burn -n --json --speed min data.iso sim:a.disc
	grep -q '"speed": 1056' out
	said 0 "$spindle" burn -n --json --speed max data.iso sim:a.disc
	grep -q '"speed": 8448' out
	! grep -q 'is not offered' out
	said 0 "$spindle" burn -n --json data.iso sim:a.disc
	grep -q '"speed": null' out
	for wrong in 0 x 8y 100x -1 fast ''; do
		said 2 "$spindle" burn -n --speed "$wrong" data.iso sim:a.disc
		grep -q -e '--speed wants kB/s, a number with x' out
	done
	said 2 "$spindle" burn -n --wait 9 data.iso sim:a.disc
	said 0 "$spindle" burn -n --copies 3 data.iso sim:a.disc
	grep -q '^copies: 3' out
	said 7 "$spindle" burn -n data.iso sim:a.disc,medium=cd-rw
	test "$(grep -c 'a cd-r, not a cd-rw' out)" = 1
	said 0 "$spindle" burn --no-verify --speed 24x data.iso sim:a.disc,trace=trace
	grep -q ' bb 00 .. .. 10 80 ' trace # 24 times 176 kB/s
	# who does not tell of speeds is believed to know best
	echo 'refuse 0xac' >mute
	said 0 "$spindle" burn -n --speed 4x data.iso sim:b.disc,medium=cd-r,profile=mute
	grep -q 'does not tell which speeds it has' out
}
at_once '' 'a speed is one that the drive has, and said where it is another' speeds

trays() {
	echo '200 write-error' >faults
	said 0 "$spindle" burn --eject data.iso sim:a.disc,medium=dvd+r,trace=a.trace
	grep -E '^[0-9]+ \+[0-9]+ 1b ' a.trace | tail -n 1 | grep -q ' 1b .. 00 00 02 00'
	said 0 "$spindle" burn data.iso sim:b.disc,medium=dvd+r,trace=b.trace
	! grep -E '^[0-9]+ \+[0-9]+ 1b .. 00 00 02 00' b.trace
	said 7 "$spindle" burn --eject data.iso sim:c.disc,medium=dvd+r,trace=c.trace,faults=faults
	! grep -E '^[0-9]+ \+[0-9]+ 1b .. 00 00 02 00' c.trace
}
at_once '' 'the tray opens when it is asked to and all is well, and not else' trays

overburn() {
	truncate -s $((359900 * 2048)) large.iso
	said 7 "$spindle" burn -n large.iso sim:a.disc,medium=cd-r
	grep -q 'no room: 359900 sectors are needed, 3598.. are free; --overburn tries it' out
	said 0 "$spindle" burn -n --overburn large.iso sim:a.disc
	grep -q '5. sectors more than it says it holds' out
}
at_once '' 'more than fits is refused, or tried when asked' overburn

# Half of 448 sectors, which is what 437 become, is no multiple of 32.
layers() {
	said 5 "$spindle" burn --layer-break half data.iso sim:one.disc,medium=dvd+r
	grep -q 'a layer break can be set on DVD+R DL, not on this DVD+R$' out
	blank_still one.disc
	said 2 "$spindle" burn --layer-break 225 data.iso sim:two.disc,medium=dvd+r-dl
	said 5 "$spindle" burn --layer-break 208 data.iso sim:two.disc
	grep -q '448 sectors can be parted from 224 to 432' out
	said 5 "$spindle" burn --layer-break 448 data.iso sim:two.disc
	said 0 "$spindle" burn -n --layer-break half data.iso sim:two.disc
	grep -q 'second layer: from LBA 224 on' out
	blank_still two.disc
	said 0 "$spindle" burn --layer-break half data.iso sim:two.disc
	grep -q 'verified: every sector read back equal' out
	"$sim" two.disc -- cmp -n 894976 data.iso /dev/sr0
	"$sim" two.disc -- sg_raw -r 12 /dev/sr0 ad 00 00 00 00 00 00 20 00 0c 00 00 >state 2>&1
	cat state
	grep -q '00 0a 00 00 80 00 00 00  00 00 00 e0' state
	said 0 "$spindle" burn data.iso sim:three.disc,medium=dvd+r-dl
	"$sim" three.disc -- sg_raw -r 12 /dev/sr0 ad 00 00 00 00 00 00 20 00 0c 00 00 >state 2>&1
	grep -q '00 0a 00 00 80 00 00 00  00 1f d8 00' state
}
at_once sg_raw 'the layers of a DVD+R DL part where it was asked' layers

told_all_along() {
	said 0 "$spindle" burn --progress=json data.iso sim:a.disc,medium=cd-r \
		sim:b.disc,medium=dvd+r
	python3 - <<'END'
import json
events = [json.loads(l) for l in open("out") if l.startswith("{")]
told = [e for e in events if "buffer" in e]
phases = [e["phase"] for e in told]
# a short phase may pass between two looks at it
assert set(phases) <= {"lead-in", "checking", "writing", "closing", "verifying", "done"}, phases
assert len(phases) > 2, phases
assert all(e["percent"] < 100 for e in told[:-1]), told
assert told[-1]["percent"] == 100 and told[-1]["phase"] == "done", told[-1]
assert any(e["fifo"] is not None for e in told)
shares = [e["done"] / e["total"] for e in told]
assert shares == sorted(shares), shares
END
	echo '300 unreadable always' >faults
	said 1 "$spindle" burn --progress=json data.iso sim:c.disc,medium=dvd+r,faults=faults
	! grep -q '"phase": *"done"' out
}
at_once python3 'it is at 100 % when all is verified and not before' told_all_along

told
echo "1..$count"
exit $failed
