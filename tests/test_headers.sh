#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every public header compiles alone, as C and as C++.

cd "${top_srcdir:-.}" || exit 1
set -- include/spindle/*.h
for CXX in "${CXX-}" c++ g++ clang++; do
	command -v "${CXX:-none}" >/dev/null && break
done
flags='-fsyntax-only -Wall -Wextra -Werror -pedantic -Iinclude'

# compiles HEADER LANGUAGE COMPILER FLAG…
compiles() {
	number=$((number + 1))
	name="$1 as $2"
	include="#include <${1#include/}>"
	shift 2
	if ! command -v "$1" >/dev/null; then
		echo "ok $number - $name # SKIP no compiler"
	elif said=$(echo "$include" | "$@" $flags - 2>&1); then
		echo "ok $number - $name"
	else
		echo "$said" | sed 's/^/# /'
		echo "not ok $number - $name"
	fi
}

echo "1..$(($# * 2))"
number=0
for header; do
	compiles "$header" C11 ${CC:-cc} -std=c11 -x c
	compiles "$header" C++17 "$CXX" -std=c++17 -x c++
done
