#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Holds the completion: what the program offers, and that the shells' scripts hand it on.

top=$(cd "${top_srcdir:-.}" && pwd) || exit 1
SPINDLE=${SPINDLE:-${builddir:-.}/spindle}
case $SPINDLE in /*) ;; *) SPINDLE=$PWD/$SPINDLE ;; esac
if ! command -v python3 >/dev/null; then
	echo '1..0 # SKIP no python3'
	exit 0
fi
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
cd "$dir" || exit 1
export SPINDLE LC_ALL=C HOME="$dir" completion="$top/completion"
touch disc.cue disc.bin games.dat

number=0
# same NAME: the sorted words on `got` are those on `wanted`
same() {
	number=$((number + 1))
	if sort got | diff - wanted >differs; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		sed 's/^/# /' differs
	fi
}
skip() {
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}
# want WORD…
want() { printf '%s\n' "$@" | sort >wanted; }
# formats EXPRESSION: wanted are the words of a list made of f, the formats as the program lists them
formats() {
	"$SPINDLE" formats --json | python3 -c 'import json, sys
f = json.load(sys.stdin)["formats"]
print("\n".join(sorted(eval("(" + sys.argv[1] + ")"))))' "$1" >wanted
}
# options COMMAND: wanted are the long options its help has
options() {
	"$SPINDLE" "$1" --help | grep -oE '^  (-.,|   ) --[a-z-]+(\[?=)?' | sed 's/.*--/--/' |
		awk 'sub(/\[=$/, "") { print; $0 = $0 "=" } 1' | sort >wanted
}
# The program itself, without what it says of each word
ask() { "$SPINDLE" __complete "$@" | cut -f 1 >got; }
# The words as bash splits them: "=" is one of its own
in_bash() {
	bash --norc --noprofile -c '. "$completion/spindle"
		COMP_WORDS=(spindle "$@"); COMP_CWORD=$#
		_spindle "$SPINDLE"
		printf "%s\n" "${COMPREPLY[@]}"' bash "$@" >got
}
in_zsh() {
	zsh -f -c '_describe() {
			local -a lists; local each
			for each; do case $each in whole | open) lists+=("${(P@)each}") ;; esac; done
			print -rl -- "${lists[@]%%:*}"
		}
		_files() { print :files; }
		compset() { return 0; }
		words=("$SPINDLE" "$@"); CURRENT=$#words
		. "$completion/_spindle"' zsh "$@" >got
}
in_fish() { # LINE
	fish --no-config -c 'source $completion/spindle.fish; complete -C $argv[1]' "$1" |
		cut -f 1 >got
}

"$SPINDLE" help | sed -n 's/^  \([a-z]\{2,\}\)  .*/\1/p' >commands
for command in $(cat commands); do
	ask "$command" --
	options "$command"
	same "every option of $command"
done
ask ''
{ cat commands && echo help; } | sort >wanted
same 'every command'
ask help v
want verify
same 'help of a command'
ask --
want --help --version
same 'options before a command'
ask convert --to ''
formats '[x["name"] for x in f if x["writes"]]'
same 'formats to make'
ask info --from=
formats '["--from=" + x["name"] for x in f if x["reads"]]'
same 'formats to open, with ='
ask convert -t c
formats '[x["name"] for x in f if x["writes"] and x["name"][0] == "c"]'
same 'formats that begin so, behind a letter'
ask convert a.iso b.cue -O ''
formats '{o["key"] + "=" for x in f if x["name"] in ("iso", "cue") for o in x["options"]} |
	{"repair="}'
same 'settings of the two formats at hand'
ask convert --from=cue -t iso -O ''
formats '{o["key"] + "=" for x in f if x["name"] in ("iso", "cue") for o in x["options"]} |
	{"repair="}'
same 'settings of the formats that are named'
ask info b.iso -O ''
formats '{o["key"] + "=" for x in f if x["name"] == "iso" for o in x["options"]}'
same 'settings of the source alone'
ask convert -O ''
formats '{o["key"] + "=" for x in f for o in x["options"]} | {"repair="}'
same 'settings of all formats while none is known, each once'
ask convert a.iso b.cue -Ogaps=
want -Ogaps=own -Ogaps=previous
same 'values of a setting, behind its letter'
ask convert a.iso b.cue -O repair=
want repair=no repair=yes
same 'values of a setting of the command itself'
ask hash -a md5,sh
want md5,sha1 md5,sha256
same 'a list of digests'
ask hash --progress ''
want auto always never json
same 'progress modes'
ask convert a.iso ''
want :files
same 'files'
ask hash --dat=
want :files
same 'files as a value'
ask convert a b c
: >wanted
same 'no third file'
ask convert -- --lo
want :files
same 'nothing but files after --'
ask formats ''
: >wanted
same 'nothing where nothing goes'
ask convert "$(printf -- '--to=\033')"
: >wanted
same 'no control characters'

if command -v bash >/dev/null; then
	in_bash conv
	want convert
	same 'bash: a command'
	in_bash convert a.iso b.cue --lo
	want --lossy
	same 'bash: an option'
	in_bash convert a.iso b.cue -O gaps = p
	want previous
	same 'bash: the value of a setting'
	in_bash convert --progress =
	want auto always never json
	same 'bash: values behind ='
	in_bash hash --progress = j
	want json
	same 'bash: a value that has begun'
	in_bash convert a.iso b.cue -O ga
	want gaps=
	same 'bash: a setting'
	in_bash info di
	want ''
	same 'bash: files are its own'
else
	skip bash 'no bash'
fi
if command -v zsh >/dev/null; then
	zsh -n "$top/completion/_spindle" >got 2>&1
	: >wanted
	same 'zsh: parses'
	in_zsh convert --progress=
	want --progress=auto --progress=always --progress=never --progress=json
	same 'zsh: values'
	in_zsh convert a.iso b.cue -O ga
	want gaps=
	same 'zsh: a setting'
	in_zsh info ''
	want :files
	same 'zsh: files'
else
	skip zsh 'no zsh'
fi
if command -v fish >/dev/null; then
	fish -n "$top/completion/spindle.fish" >got 2>&1
	: >wanted
	same 'fish: parses'
	mkdir bin && ln -s "$SPINDLE" bin/spindle
	PATH=$dir/bin:$PATH
	in_fish 'spindle convert a.iso b.cue -O gaps='
	want gaps=own gaps=previous
	same 'fish: values'
	in_fish 'spindle verify dis'
	want disc.bin disc.cue
	same 'fish: files'
	in_fish 'spindle hash --dat=ga'
	want --dat=games.dat
	same 'fish: files as a value'
else
	skip fish 'no fish'
fi
echo "1..$number"
