#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Holds the layers: who includes whom, who calls what, and what every file begins with.

cd "${top_srcdir:-.}" || exit 1

# layer | its own and other folders it may include | public headers it may include
layers='
src/base   | base                              | error
src/codec  | base codec                        | error
src/io     | base codec io                     | error io
src/disc   | base codec disc                   | error disc
src/stream | base codec io disc stream         | error io disc stream accuraterip
formats    | base codec io disc stream formats | error io disc stream format
src/drive  | base codec io disc stream drive   | error io disc stream drive rip burn
src/tree   | base codec io disc stream tree    | error io disc stream tree
src/sim    | base io disc stream sim drive     | error io disc stream
src/door   | base door sim drive               | spindle error io disc stream format drive
src/report | report                            | spindle error io disc stream format drive rip burn accuraterip tree
src/cli    | cli report                        | spindle error io disc stream format drive rip burn accuraterip tree
src/open.c | base codec io disc stream formats drive sim tree | spindle error io disc stream format drive tree
src/open_drive.c | sim drive          | spindle error io disc stream format drive
src/open_sim.c | base stream sim drive | spindle error io disc stream format drive
'
# What the C library and the system bring; every other <header> is a third party's.
system='assert ctype dirent dlfcn errno fcntl fnmatch inttypes glob limits linux/* locale math poll pthread sched
	scsi/* setjmp signal stdarg stdatomic stdbool stddef stdint stdio stdlib string strings sys/*
	termios threads time unistd wchar'

# Comments out, strings emptied: line numbers stay.
bare() {
	awk '{
		out = ""
		for (s = $0; s != "";) {
			if (inside) {
				end = index(s, "*/")
				if (!end) { s = ""; continue }
				s = substr(s, end + 2); inside = 0
			} else if (match(s, /\/\*|"([^"\\]|\\.)*"|\047([^\047\\]|\\.)*\047/)) {
				found = substr(s, RSTART, RLENGTH)
				out = out substr(s, 1, RSTART - 1)
				if (found == "/*") inside = 1; else out = out "\"\""
				s = substr(s, RSTART + RLENGTH)
			} else { out = out s; s = "" }
		}
		print out
	}' "$1"
}

# prints_nothing NAME COMMAND…: what the command prints is wrong
prints_nothing() {
	number=$((number + 1))
	name=$1
	shift
	wrong=$("$@")
	if test -z "$wrong"; then
		echo "ok $number - $name"
	else
		echo "$wrong" | sed 's/^/# /'
		echo "not ok $number - $name"
	fi
}

in_list() { # WORD LIST…, whose words may be patterns
	word=$1
	shift
	for pattern; do
		case $word in $pattern) return 0 ;; esac
	done
	return 1
}

library=$(find src formats -name '*.[ch]' ! -path 'src/cli/*' ! -path 'src/report/*' \
	! -path 'src/door/preload*' ! -path 'src/door/main.c' | sort)
program=$(find src/cli src/report src/door/main.c src/door/preload* -name '*.[ch]' 2>/dev/null | sort)
test -n "$library" || exit 1
set -f

layer_includes() {
	echo "$layers" | while IFS='|' read -r layer folders public; do
		test -n "$layer" || continue
		layer=${layer%% *}
		for file in $library $program; do
			case $file in "$layer" | "$layer"/*) ;; *) continue ;; esac
			sed -n 's/^#include *\([<"]\)\(.*\)[>"].*/\1\2/p' "$file" | while read -r name; do
				case $name in
				\"*/*) name=${name#?}; in_list "${name%%/*}" $folders ;;
				\"*) name=${name#?}; test -f "${file%/*}/$name" ;;
				'<spindle/'*) name=${name#<spindle/}; in_list "${name%.h}" $public ;;
				esac || echo "$file includes $name"
			done
		done
	done
}

unlayered_files() {
	for file in $library $program; do
		case $file in src/open.c | src/open_drive.c | src/open_sim.c) continue ;; esac
		echo "$layers" | grep -q "^${file%/*} " || echo "$file is in no layer"
	done
}

public_headers() {
	set +f
	for file in include/spindle/*.h; do
		sed -n 's/^#include *\(.*\)/\1/p' "$file" | while read -r name; do
			case $name in '<spindle/'* | '<std'*) ;; *) echo "$file includes $name" ;; esac
		done
	done
}

third_parties() {
	for file in $library $program; do
		sed -n 's/^#include *<\(.*\)>.*/\1/p' "$file" | while read -r name; do
			case $name in spindle/*) continue ;; esac
			in_list "${name%.h}" $system || echo "${name%%/*} $file"
		done
	done | sort -u |
		awk '{ if ($1 in by) print $1 ": " by[$1] " and " $2; by[$1] = $2 }'
}

calls() { # WORDS FILE…: where one of these functions is called, or a type or stream named
	words=$1
	shift
	for file; do
		bare "$file" | grep -nE "(^|[^A-Za-z0-9_.>])($words)" | sed "s|^|$file:|"
	done
}

sources() {
	ls configure.ac Makefile.am setup .ci/run bench/run
	find include src formats tests bench -name '*.[ch]' -o -name '*.sh' -o -name '*.py'
	find man completion -type f
}

unmarked() {
	for file in $(sources); do
		head -n 2 "$file" | grep -q 'SPDX-License-Identifier: GPL-3.0-or-later' ||
			echo "$file: no SPDX line"
	done
}

long_files() {
	wc -l $library $program | awk '$2 != "total" && $1 > 600 { print $2 ": " $1 " lines" }'
}

outward() {
	grep -nE '/(work|root|home|Users)/[a-z]|facts/[a-z]+\.md|design\.md' $(sources) \
		README CONTRIBUTING | grep -v '^tests/test_layers.sh'
}

unsafe='(ato[fil]|atoll|strcpy|strcat|v?sprintf|gets|v?s?scanf|strtok|system|popen|alloca|assert'
unsafe="$unsafe|abort|[a-z]*fopen|freopen|mmap) *\\("
printing='(_?exit|v?f?printf|f?puts|f?putc|putchar|perror) *\(|FILE|std(out|err)[^A-Za-z0-9_]'

echo 1..9
number=0
prints_nothing 'a layer includes only what its line names' layer_includes
prints_nothing 'every source file lies in a layer' unlayered_files
prints_nothing 'public headers need the C standard library and each other' public_headers
prints_nothing 'a third-party library is included by one file' third_parties
prints_nothing 'no unbounded, aborting or unseen calls' calls "$unsafe" $library $program
prints_nothing 'the library neither prints nor exits' calls "$printing" $library
prints_nothing 'every file says its licence' unmarked
prints_nothing 'a file is one idea: at most 600 lines' long_files
prints_nothing 'nothing points outside of the tree' outward
