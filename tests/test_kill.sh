#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Kills and faults at every I/O call of small conversions; the sweep itself is kill_sweep.py.

here=${top_srcdir:-.}/tests
SPINDLE=${SPINDLE:-${builddir:-.}/spindle}
LIBFAULT=${LIBFAULT:-${builddir:-.}/tests/libfault.so}
export SPINDLE LIBFAULT

skip() {
	echo "1..0 # SKIP $1"
	exit 0
}

python3 -c '' 2>/dev/null || skip "no python3"
test -f "$LIBFAULT" || skip "no libfault.so"
if ! test -x "$SPINDLE"; then
	echo "1..1"
	echo "not ok 1 - there is a program $SPINDLE"
	exit 1
fi
exec python3 "$here/kill_sweep.py"
