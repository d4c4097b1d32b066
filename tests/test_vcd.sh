#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Video CDs that vcdxbuild makes of the corpus' descriptions: sectors of both XA forms from another
# program's hand.

SPINDLE=${SPINDLE:-${builddir:-.}/spindle}
case $SPINDLE in /*) ;; *) SPINDLE=$PWD/$SPINDLE ;; esac
vcds="${SPINDLE_CORPUS-}/vcd/vcdimager"
for tool in vcdxbuild python3; do
	if ! command -v $tool >/dev/null; then
		echo "1..0 # SKIP no $tool"
		exit 0
	fi
done
if ! test -d "$vcds"; then
	echo '1..0 # SKIP no corpus'
	exit 0
fi
vcds=$(cd "$vcds" && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
cp "$vcds"/*.xml "$vcds"/*.m1p "$dir" && cd "$dir" || exit 1
export LC_ALL=C

number=0
ok() {
	status=$?
	number=$((number + 1))
	test $status = 0 || printf 'not '
	echo "ok $number - $1"
	test $status = 0 || sed 's/^/# /' out
}

echo 1..12
for kind in vcd11 vcd20 svcd1; do
	vcdxbuild -c $kind.cue -b $kind.bin check_$kind.xml >out 2>&1
	"$SPINDLE" verify $kind.cue >out 2>&1 && grep -q whole out
	ok "$kind: every sector's EDC and parity are right"

	"$SPINDLE" info --json $kind.cue >info 2>out && python3 - $kind.cue <<'EOF' >out 2>&1
import json, re, sys
tracks = [t for s in json.load(open("info"))["sessions"] for t in s["tracks"]]
assert all(t["mode"] == "xa" for t in tracks), tracks
times = re.findall(r"INDEX 01 (\d+):(\d+):(\d+)", open(sys.argv[1]).read())
assert [t["start"] for t in tracks] == [(int(m) * 60 + int(s)) * 75 + int(f) for m, s, f in times]
EOF
	ok "$kind: all tracks are XA and begin where the sheet says"

	"$SPINDLE" convert -q --verify $kind.cue out-$kind.ccd >out 2>&1 &&
		"$SPINDLE" convert -q --verify out-$kind.ccd back-$kind.cue >out 2>&1 &&
		cmp $kind.bin back-$kind.bin >out 2>&1
	ok "$kind: to ccd and back, the same bytes"

	"$SPINDLE" convert -q $kind.cue $kind.iso --track 1 >out 2>&1
	code=$?
	"$SPINDLE" convert -q --lossy --track 1 $kind.cue $kind.iso >/dev/null 2>&1
	{ test $code = 8 && grep -q "the flags of track 1" out && test "$(dd if=$kind.iso bs=1 skip=32769 count=5 2>/dev/null)" = CD001; }
	ok "$kind: an .iso of its first track names the flags it cannot hold"
done
