#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Holds the manual to the program: its options, exit codes and formats are those there are, and its
# examples do what they say. In EXAMPLES a line "$ COMMAND" is run, in the order they stand, in a
# folder with the images of manual_images.sh; it exits with 0, or with N where "# exit N" ends it.

top=$(cd "${top_srcdir:-.}" && pwd) || exit 1
build=$(cd "${builddir:-.}" && pwd) || exit 1
SPINDLE=${SPINDLE:-$build/spindle}
case $SPINDLE in /*) ;; *) SPINDLE=$PWD/$SPINDLE ;; esac
if ! command -v python3 >/dev/null; then
	echo '1..0 # SKIP no python3'
	exit 0
fi
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
mkdir "$dir/bin" "$dir/images" && ln -s "$SPINDLE" "$dir/bin/spindle" &&
	ln -s "$build/spindle-sim" "$dir/bin/spindle-sim"
PATH=$dir/bin:$PATH
export SPINDLE LC_ALL=C PATH
cd "$dir" || exit 1

number=0
# ok NAME [FILE]: the last command's status is the result, the file has what is wrong
ok() {
	status=$?
	number=$((number + 1))
	if test $status = 0; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		test -z "${2-}" || sed 's/^/# /' "$2" | head -n 20
	fi
}
skip() {
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}
# same NAME: the sorted lines of `page` and `program` are equal
same() {
	sort page >page.sorted
	sort program | diff page.sorted - >differs
	ok "$1" differs
}
# section TITLE FILE: the lines of one section of a page
section() { awk -v title=".Sh $1" '/^\.Sh / { on = $0 == title } on' "$2"; }
# literal: what one reads of the lines of a literal block
literal() { sed 's/\\e/\\/g; s/\\&//g'; }

# --- mark-up ---------------------------------------------------------------------------------
for page in "$top"/man/*.[135]; do
	name=$(basename "$page")
	if command -v mandoc >/dev/null; then
		! mandoc -T lint -W warning "$page" 2>&1 | grep -v 'referenced manual not found' >lint
		ok "$name: mandoc has no warning" lint
	elif command -v groff >/dev/null; then
		groff -mandoc -ww -z "$page" >lint 2>&1
		! test -s lint
		ok "$name: groff has no warning" lint
	else
		skip "$name: lint" 'neither mandoc nor groff'
	fi
	grep -q "man/$name" "$top/Makefile.am"
	ok "$name: is installed"
done

# --- commands, options, exit codes -----------------------------------------------------------
spindle help | sed -n 's/^  \([a-z]\{2,\}\)  .*/\1/p' >commands
sed 's/^/spindle-/' commands >program
awk '$1 == ".It" && $2 == "Xr" { print $3 }' "$top/man/spindle.1" >page
same 'spindle.1 lists every command'
while read -r command; do
	page=$top/man/spindle-$command.1
	spindle "$command" --help | grep -oE '^  (-.,|   ) --[a-z-]+' | grep -oE -e '-[-a-zA-Z]+' >program
	if test -f "$page"; then
		awk '$1 == ".It" { for (i = 2; i < NF; i++) if ($i == "Fl") print "-" $(i + 1) }' "$page" >page
	else
		: >page
	fi
	same "spindle-$command.1 has the command's options and no others"
done <commands
spindle help | tr '\n' ' ' | sed 's/.*Exit codes: *//; s/\. *Example:.*//' | tr ';' '\n' |
	sed 's/^ *//; s/  */ /g' >program
section 'EXIT STATUS' "$top/man/spindle.1" | awk '
	$1 == ".It" { code = $2; next }
	code != "" && $1 !~ /^\./ { sub(/\.$/, ""); print code " " tolower(substr($0, 1, 1)) substr($0, 2) }
' >page
tr A-Z a-z <program >lower && tr A-Z a-z <page >page.lower && mv lower program && mv page.lower page
same 'spindle.1 has the exit codes of the help'

# --- formats ---------------------------------------------------------------------------------
spindle formats --json >formats.json
python3 - "$top/man/spindle-formats.5" >page 3>program <<'END'
import json, os, re, sys
out = os.fdopen(3, "w")
for f in json.load(open("formats.json"))["formats"]:
    if not f["reads"] and not f["writes"]:
        print("recognised:", f["name"], f["summary"], file=out)
        continue
    print("paragraph:", f["name"], file=out)
    for o in f["options"]:
        print("option:", f["name"], o["key"] + "=" + o["values"], file=out)
section, name, known = "", "", ""
for line in open(sys.argv[1]):
    line = line.rstrip("\n")
    if line.startswith(".Sh "):
        section, name = line[4:], ""
    elif "RECOGNISED" in section:
        if known:
            print("recognised:", known, line)
        known = line[7:] if line.startswith(".It Cm ") else ""
    elif line.startswith(".Ss "):
        name = line[4:]
    elif name and not line.startswith("."):
        if line and name[0] != "!":
            print("paragraph:", name)
            name = "!" + name
    elif name and line.startswith(".It Cm ") and "=" in line:
        print("option:", name.lstrip("!"), line[7:])
END
same 'spindle-formats.5 has every format and setting and no others'

# --- examples --------------------------------------------------------------------------------
(cd images && sh "$top/tests/manual_images.sh") >out 2>&1
ok 'the images of the examples are made' out
for page in "$top"/man/*.[15]; do
	name=$(basename "$page")
	section EXAMPLES "$page" | literal | sed -n 's/^\$ //p' >examples
	test -s examples
	ok "$name: has examples"
	rm -rf run && cp -r images run || exit 1
	while read -r line; do
		wanted=$(echo "$line" | sed -n 's/.*# exit \([0-9]*\)$/\1/p')
		(cd run && sh -c "$line") >out 2>&1 </dev/null
		got=$?
		test $got = "${wanted:-0}" || echo "exit $got" >>out
		test $got = "${wanted:-0}"
		ok "$name: ${line%%#*}" out
	done <examples
done

section EXAMPLES "$top/man/libspindle.3" | literal |
	awk '/^\.Ed/ { on = 0 } on; /^\.Bd -literal/ { on = 1 }' >example.c
for flags in '' -fsanitize=address,undefined; do # as a sanitized library needs it
	${CC:-cc} -std=c11 -Wall -Wextra -Werror $flags -I"$top/include" example.c -o example \
		-L"$build" -Wl,-rpath,"$build" -lspindle >out 2>&1 && break
done
ok 'libspindle.3: the example compiles' out
./example images/disc.cue >got 2>&1 &&
	spindle hash --json -a sha1 images/disc.cue | python3 -c 'import json, sys
for t in json.load(sys.stdin)["tracks"]: print(t["number"], t["sha1"])' | cmp - got
ok 'libspindle.3: the example prints what spindle hash does' got
echo "1..$number"
