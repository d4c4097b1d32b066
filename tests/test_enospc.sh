#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The disk fills up, at many sizes: exit 4, one line that names the file, nothing left behind.

SPINDLE=${SPINDLE:-${builddir:-.}/spindle}
case $SPINDLE in /*) ;; *) SPINDLE=$PWD/$SPINDLE ;; esac
export SPINDLE

# A mount of our own, gone when we are: as root, or as root of a namespace. Else a limit on the
# size of files.
if test "$1" != --inside; then
	for way in 'unshare -m' 'unshare -rm'; do
		# shellcheck disable=SC2086
		if $way sh -c 'd=$(mktemp -d) && mount -t tmpfs -o size=64k none "$d" && umount "$d" &&
			rmdir "$d"' 2>/dev/null; then
			exec $way sh "$0" --inside tmpfs
		fi
	done
	exec sh "$0" --inside ulimit
fi
how=$2

number=0
failed=0
ok() { # ok STATUS NAME
	number=$((number + 1))
	if test "$1" = 0; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		failed=1
	fi
}

base=$(mktemp -d) || exit 1
full=$base/full
mkdir "$full"
trap 'umount "$full" 2>/dev/null; rm -rf "$base"' EXIT INT TERM

# 300 sectors: 600 KiB as .iso, 689 KiB raw
dd if=/dev/urandom of="$base/a.iso" bs=2048 count=300 2>/dev/null
dd if=/dev/urandom of="$base/a.bin" bs=2352 count=300 2>/dev/null
printf 'FILE "a.bin" BINARY\r\n  TRACK 01 AUDIO\r\n    INDEX 01 00:00:00\r\n  TRACK 02 AUDIO\r\n    INDEX 01 00:02:00\r\n' \
	>"$base/a.cue"
"$SPINDLE" convert "$base/a.iso" "$base/m.cue" >/dev/null 2>&1
ok $? "the conversions work where there is room"
"$SPINDLE" convert "$base/a.iso" "$base/a.dmg" >/dev/null 2>&1
ok $? "also to a disk image"

# Free space is asked for before: here nobody tells, so that the disk does fill up.
LIBFAULT=${LIBFAULT:-${builddir:-.}/tests/libfault.so}
case $LIBFAULT in /*) ;; *) LIBFAULT=$PWD/$LIBFAULT ;; esac
untold() {
	env LD_PRELOAD="$LIBFAULT" SPINDLE_FAULT=fstatvfs:1+ \
		ASAN_OPTIONS="verify_asan_link_order=0:$ASAN_OPTIONS" "$@"
}
test -f "$LIBFAULT" || untold() { "$@"; }

# room KIB COMMAND…: run where that much can be written
room() {
	kib=$1
	shift
	if test "$how" = tmpfs; then
		mount -t tmpfs -o "size=${kib}k" none "$full" || return 99
		"$@" >"$base/out" 2>"$base/err" </dev/null
	else
		(ulimit -f $((kib * 2)) && "$@") >"$base/out" 2>"$base/err" </dev/null
	fi
	status=$?
	left=$(ls -A "$full")
	if test "$how" = tmpfs; then umount "$full"; else rm -rf "${full:?}"/* "$full"/.[!.]*; fi
	return $status
}

# refused NAME KIB COMMAND…
refused() {
	name="$1, room for $2 KiB"
	shift
	room "$@"
	status=$?
	why=
	test $status = 4 || why="exit $status"
	test -z "$left" || why="$why; leaves $left"
	test "$(grep -v '^spindle: note: ' "$base/err" | grep -c '^spindle: ')" = 1 || why="$why; not one line"
	grep -q "^spindle: .*out\\.\\|^spindle: .*full" "$base/err" || why="$why; names no file"
	test -z "$why"
	ok $? "$name"
	test -z "$why" || echo "# $why: $(cat "$base/err")"
}

for kib in 4 8 12 16 36 64 100 128 256 400 512 560 596; do
	refused 'cue to iso' "$kib" untold "$SPINDLE" convert "$base/m.cue" "$full/out.iso"
	refused 'iso to cue' "$kib" untold "$SPINDLE" convert "$base/a.iso" "$full/out.cue"
done
mkdir "$base/folder"
cp "$base/a.iso" "$base/folder/file"
for kib in 4 100 512 640; do
	refused 'folder to iso' "$kib" "$SPINDLE" mkiso "$base/folder" -o "$full/out.iso"
done
if test "$how" = tmpfs; then
	# one file is limited otherwise than all together; the last ones leave no room for the sheet
	for kib in 600 640 684 688; do
		refused 'iso to cue' "$kib" untold "$SPINDLE" convert "$base/a.iso" "$full/out.cue"
		refused 'a bin a track' "$kib" untold "$SPINDLE" convert "$base/a.cue" "$full/out.cue" -O bins=track
	done
	for kib in 4 16 400 592 600; do
		refused 'iso to dmg' "$kib" "$SPINDLE" convert "$base/a.iso" "$full/out.dmg"
		refused 'iso to a plain dmg' "$kib" "$SPINDLE" convert "$base/a.iso" "$full/out.dmg" -O kind=UDRO
	done
	for kib in 16 32 100 400 596 600; do
		refused 'img to sparsebundle' "$kib" "$SPINDLE" convert --from img "$base/a.iso" "$full/out.sparsebundle" -O band=64
	done
	refused 'dmg to iso' 400 untold "$SPINDLE" convert "$base/a.dmg" "$full/out.iso"
	for kib in 64 400; do
		refused 'with --verify' "$kib" untold "$SPINDLE" convert "$base/a.iso" "$full/out.cue" --verify
	done
else
	echo "# no mount to be had: files were limited by ulimit"
fi
for kib in 2048; do
	room $kib "$SPINDLE" convert "$base/a.iso" "$full/out.cue"
	ok $? "iso to cue, room for $kib KiB"
done

# Where the size is known, nothing is written at all, and both numbers are told.
if test "$how" = tmpfs; then
	refused 'told before' 512 "$SPINDLE" convert "$base/m.cue" "$full/out.iso"
	grep -q 'out\.iso: needs 614400 bytes, and there is room for 524288 there$' "$base/err"
	ok $? "what is needed and what there is"
	truncate -s 1T "$base/huge.img"
	refused 'a bomb' 512 timeout 5 "$SPINDLE" convert "$base/huge.img" "$full/out.raw.img" --to img
fi

# An older set on a disk without room for a second one stays as it is.
number=$((number + 1))
if test "$how" = tmpfs; then
	mount -t tmpfs -o size=1000k none "$full"
	cp "$base/m.cue" "$full/out.cue"
	dd if=/dev/urandom of="$full/out.bin" bs=2352 count=300 2>/dev/null
	before=$(cat "$full/out.cue" "$full/out.bin" | cksum)
	untold "$SPINDLE" convert "$base/a.iso" "$full/out.cue" --force >/dev/null 2>&1
	status=$?
	if test $status = 4 && test "$(cat "$full/out.cue" "$full/out.bin" | cksum)" = "$before" &&
		test "$(ls -A "$full" | wc -l)" = 2; then
		echo "ok $number - an old set stays when the new one finds no room"
	else
		echo "not ok $number - an old set stays when the new one finds no room: exit $status"
		failed=1
	fi
	umount "$full"
else
	echo "ok $number - an old set stays when the new one finds no room # SKIP no mount to be had"
fi

echo "1..$number"
exit $failed
