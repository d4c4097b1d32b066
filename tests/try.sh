#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by scripts each of whose tests is a function run in a shell of its own: finds the program,
# goes to a folder that is gone in the end, and gives `try` and `skip`. The plan is `1..$count`.

spindle=${SPINDLE:-./spindle}
case $spindle in /*) ;; *) spindle=$PWD/$spindle ;; esac
if ! test -x "$spindle"; then
	echo "1..0 # SKIP $spindle is not built"
	exit 0
fi
tests=$(cd "${top_srcdir:-.}/tests" && pwd) || exit 99
work=$(mktemp -d "${TMPDIR:-/tmp}/spindle-test.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM
cd "$work" || exit 99
count=0 failed=0

skip() { # NAME WHY
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# What each test is to begin without; a script may say so.
try_clean() { :; }

# try 'PROGRAM…' NAME FUNCTION [ARGUMENT…]: a test; skipped when one of the programs is missing
try() {
	try_needs=$1 try_name=$2
	shift 2
	for try_program in $try_needs; do
		if ! command -v "$try_program" >/dev/null; then
			skip "$try_name" "$try_program is not installed"
			return
		fi
	done
	count=$((count + 1))
	try_clean
	(set -ex; "$@") >"$work/log" 2>&1
	if test $? -eq 0; then
		echo "ok $count - $try_name"
	else
		echo "not ok $count - $try_name"
		tail -n 60 "$work/log" | sed 's/^/# /'
		failed=1
	fi
}
