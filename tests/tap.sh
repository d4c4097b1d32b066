#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs one test and brings its TAP to what automake's driver accepts: cmocka says "not ok # SKIP"
# and gives each of its groups a plan of its own.
# usage: tap.sh [--valgrind] TEST [ARGUMENT…]

CMOCKA_MESSAGE_OUTPUT=TAP
ASAN_OPTIONS="detect_leaks=1:allocator_may_return_null=1:${ASAN_OPTIONS-}"
UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS-}"
export CMOCKA_MESSAGE_OUTPUT ASAN_OPTIONS UBSAN_OPTIONS

tool=
if test "$1" = --valgrind; then
	tool='valgrind -q --error-exitcode=99 --leak-check=full'
	shift
fi
case $1 in
*.py) tool=python3 ;;
*.sh) read -r tool <"$1" && tool=${tool#??} ;;
esac

# A test that hangs is a failure too.
{
	timeout -k 10 "${SPINDLE_TEST_TIMEOUT:-900}" $tool "$@" 2>&1 </dev/null
	echo "exit status $?"
} | ${AWK:-awk} '
	function say(line) { print line; fflush() }
	{ if (held != "") handle(held); held = $0 }
	function handle(line) {
		if (line ~ /^1\.\.[0-9]+ *#/) { skipped = 1; say(line) }
		else if (line ~ /^1\.\.[0-9]+ *$/) { planned += substr(line, 4); plans++ }
		else if (line ~ /^(not )?ok( |$)/) {
			bad = sub(/^not /, "", line)
			sub(/^ok *[0-9]* */, "", line)
			if (line ~ /# *[Ss][Kk][Ii][Pp]/) bad = 0
			if (bad) failed = 1
			say((bad ? "not ok " : "ok ") ++tests " " line)
		} else say(line)
	}
	END {
		if (plans && !skipped) say("1.." planned)
		status = held; sub(/^exit status /, "", status)
		if (status == 124) { say("# no end in sight: stopped"); exit 124 }
		# what "not ok" has said already is not an error of its own
		exit failed && tests == planned ? 0 : status
	}'
