#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU ddrescue as the judge of the rescue: the same bad sectors, found with no more failed reads,
# and map files that each reads of the other.

model=$(cd "${builddir:-.}" && pwd)/tests/test_rescue
. "${top_srcdir:-.}/tests/try.sh"

# faults PERCENT BURST SEED: a map of 16000 sectors of 2048 bytes, of which so many are bad
faults() {
	python3 -c '
import random, sys
percent, burst, seed = map(int, sys.argv[1:])
random.seed(seed)
n = 16000
bad = [False] * n
while sum(bad) * 100 < n * percent:
    at = random.randrange(n)
    for i in range(at, min(n, at + random.randint(1, burst))):
        bad[i] = True
print("0x0 ? 1")
for i in range(n):
    print("0x%x 0x800 %s" % (i * 2048, "-" if bad[i] else "+"))
' "$@"
}

# The blocks of a map, without comments and what was being done.
blocks() {
	grep -v '^#' "$1" | tail -n +2 | tr A-F a-f
}

as_ddrescue() { # PERCENT BURST SEED RETRIES
	cd "$work"
	rm -f ./*.map out
	faults "$1" "$2" "$3" >faults.map
	truncate -s 32768000 disc
	ddrescue -q --test-mode=faults.map -b2048 -c32 -r"$4" disc out dd.map || test $? = 1
	theirs=$(ddrescue --test-mode=faults.map -b2048 -c32 -r"$4" disc out2 dd2.map |
		tr '\r' '\n' | sed -n 's/.*read errors: *\([0-9]*\).*/\1/p' | tail -n 1)
	rm -f out2
	ours=$("$model" faults.map "$4" our.map)
	echo "failed reads: ours $ours, ddrescue $theirs"
	blocks dd.map >dd
	blocks our.map >our
	cmp dd our
	test "$ours" -le "$theirs"
}

# ddrescue goes on with what we left, and finds nothing left to do but what is bad.
goes_on() {
	cd "$work"
	faults 5 9 4 >faults.map
	truncate -s 32768000 disc
	"$model" faults.map 0 our.map
	ddrescuelog -t our.map
	ddrescuelog -b2048 -l- our.map >bad
	test "$(wc -l <bad)" = "$(grep -c -- ' -$' faults.map)"
	ddrescue -q -b2048 -r1 disc out our.map
	ddrescuelog -D our.map
}

echo 1..7
try 'ddrescue python3' 'scattered bad sectors, 2 %' as_ddrescue 2 1 1 0
try 'ddrescue python3' 'scratches, 2 %' as_ddrescue 2 80 2 1
try 'ddrescue python3' 'scattered bad sectors, 20 %' as_ddrescue 20 1 3 0
try 'ddrescue python3' 'scratches, 20 %' as_ddrescue 20 60 4 2
try 'ddrescue python3' 'one large hole' as_ddrescue 20 3200 5 0
try 'ddrescue python3' 'a clean disc' as_ddrescue 0 1 6 0
try 'ddrescue ddrescuelog python3' 'ddrescue goes on with our map' goes_on
exit $failed
