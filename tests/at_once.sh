# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by scripts of many burns, after tests/sim.sh.

# Burning is mostly waiting, for libburn and for drives: all tests run at once, each in a folder of
# its own with copies of the files in `given`, and are told of in the end. at_once 'PROGRAM…' NAME FUNCTION
names=() whys=()
at_once() {
	local needs=$1 program
	names+=("$2")
	for program in $needs; do
		if ! command -v "$program" >/dev/null; then
			whys[${#names[@]}]="$program is not installed"
			return
		fi
	done
	mkdir "$work/${#names[@]}"
	test -z "$given" || cp $given "$work/${#names[@]}"
	(
		export TMPDIR=$work/t${#names[@]}
		mkdir "$TMPDIR"
		cd "$work/${#names[@]}" || exit 99
		(set -ex; "$3") >log 2>&1
		echo $? >status
	) &
}
told() {
	local n
	wait
	for n in $(seq ${#names[@]}); do
		if test -n "${whys[n]-}"; then
			skip "${names[n - 1]}" "${whys[n]}"
			continue
		fi
		count=$((count + 1))
		if test "$(cat "$work/$n/status")" = 0; then
			echo "ok $count - ${names[n - 1]}"
			continue
		fi
		echo "not ok $count - ${names[n - 1]}"
		tail -n 60 "$work/$n/log" | sed 's/^/# /'
		failed=1
	done
}

# said STATUS COMMAND…: exits so; `out` has what it said
said() {
	local want=$1 status=0
	shift
	"$@" >out 2>&1 || status=$?
	cat out
	test $status -eq "$want"
}

blank_still() { # DISC
	"$sim" "$1" -- sg_raw -r 34 /dev/sr0 51 00 00 00 00 00 00 00 22 00 >state 2>&1
	cat state
	grep -q '00 20 [01]0 01' state # status 0: empty; 1 of the first digit: erasable
}
