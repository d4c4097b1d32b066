#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by scripts whose tests are functions with a simulated drive: tests/try.sh, and $sim.

sim=${SPINDLE:-./spindle}-sim
case $sim in /*) ;; *) sim=$PWD/$sim ;; esac
test -x "$sim" || sim=${builddir:-.}/spindle-sim
case $sim in /*) ;; *) sim=$PWD/$sim ;; esac
if ! test -x "$sim"; then
	echo "1..0 # SKIP $sim is not built"
	exit 0
fi
. "${top_srcdir:-.}/tests/try.sh"
mkdir tmp || exit 99
export LC_ALL=C TMPDIR=$work/tmp
# what is preloaded into a sanitized program, our own as well, comes before its sanitizer
export ASAN_OPTIONS=verify_asan_link_order=0:$ASAN_OPTIONS

# on DISC COMMAND…: with the disc in /dev/sr0
on() {
	local disc=$1
	shift
	"$sim" "$disc" -- timeout 120 "$@"
}
