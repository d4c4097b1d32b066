#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Images made of folders: other readers find every file equal, the same files give the same bytes,
# and what cannot be held, or is not there, is refused by name.

SPINDLE=${SPINDLE:-${builddir:-.}/spindle}
case $SPINDLE in /*) ;; *) SPINDLE=$PWD/$SPINDLE ;; esac
dir=$(mktemp -d "${TMPDIR:-/var/tmp}/mkiso.XXXXXX") || exit 1
trap 'chmod -R u+rwx "$dir" 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
cd "$dir" || exit 1
unset SOURCE_DATE_EPOCH
LC_ALL=C.UTF-8 TZ=UTC
export LC_ALL TZ

number=0
# ok NAME: the last command's status is the result, `out` has what is wrong
ok() {
	status=$?
	number=$((number + 1))
	if test $status = 0; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		test ! -f out || sed 's/^/# /' out | head -n 12
	fi
}
skip() {
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}
have() { command -v "$1" >/dev/null; }
# needs TOOL NAME: a skip where it is not there
needs() {
	have "$1" && return 0
	skip "$2" "no $1"
	return 1
}
mkiso() { "$SPINDLE" mkiso -q "$@" >out 2>&1; }
# refused NAME CODE WORDS ARGUMENT…: it exits so, says so, and leaves no image
refused() {
	name=$1 wanted=$2 words=$3
	shift 3
	rm -f no.iso
	mkiso "$@" -o no.iso
	code=$?
	test $code = "$wanted" && grep -q -e "$words" out && test ! -e no.iso &&
		test "$(wc -l <out)" = 1
	ok "$name"
}
# contents FOLDER: digest and path of every file, target of every link
contents() {
	(cd "$1" && { find . -type f -exec sha256sum {} + && find . -type l -printf 'link %p %l\n' &&
		find . -type d; } | sort)
}

files=600
test -z "${SPINDLE_LONG-}" || files=100000
python3 - "$files" <<'END' || exit 1
import os, random, sys

noise = random.Random(7)
os.makedirs("tree/wide")
for i in range(int(sys.argv[1])):
    with open("tree/wide/%05d" % i, "wb") as f:
        f.write(noise.randbytes(noise.choice((0, 1, 100, 2047, 2048, 2049, 5000))))
deep = "tree/deep"
for i in range(14):
    deep += "/level-%d" % i
os.makedirs(deep)
open(deep + "/bottom", "w").write("down here\n")
os.makedirs("tree/names")
for name in ("Grüße", "日本語のファイル名", "emoji 🎵", "with space", "two.dots.txt", "UPPER", "upper",
             "n" * 100, ".hidden", "-dash", "plus+comma,semi", "percent%20", "tilde~"):
    open("tree/names/" + name, "w").write(name * 3)
open("tree/one", "wb").write(noise.randbytes(70000))
os.link("tree/one", "tree/same-as-one")
os.symlink("one", "tree/link")
os.symlink("deep/level-0/../../one", "tree/longer")
with open("tree/sparse", "wb") as f:
    f.truncate(3 << 20)
    f.seek(2 << 20)
    f.write(b"in the middle")
os.makedirs("tree/empty")
END
contents tree >tree.list

# --- every file, by four other readers ---------------------------------------------------------
mkiso tree -o tree.iso
ok 'a folder becomes an image'
if needs xorriso 'xorriso finds every file equal'; then
	xorriso -osirrox on -indev tree.iso -extract / by-xorriso >out 2>&1
	chmod -R u+rwX by-xorriso
	contents by-xorriso | diff tree.list - >out
	ok 'xorriso finds every file equal'
fi
if needs bsdtar 'bsdtar finds every file equal'; then
	mkdir by-bsdtar && bsdtar -xf tree.iso -C by-bsdtar
	chmod -R u+rwX by-bsdtar
	contents by-bsdtar | diff tree.list - >out
	ok 'bsdtar finds every file equal'
fi
if needs 7zz '7zz finds every file equal in the Joliet tree'; then
	# Joliet has no links: 7zz gives files with their target, or nothing
	7zz x -oby-7zz tree.iso >out 2>&1
	contents by-7zz | grep -v -e '/link$' -e '/longer$' >seven
	grep -v '^link' tree.list | diff - seven >out
	ok '7zz finds every file equal in the Joliet tree'
fi
if needs isoinfo 'isoinfo finds every sampled file equal'; then
	: >out
	find tree -type f | awk "NR % $((files / 26)) == 1" | while read -r file; do
		isoinfo -R -i tree.iso -x "/${file#tree/}" | cmp - "$file" >>out 2>&1
	done
	find tree -type f | awk "NR % $((files / 26)) == 1" | grep -q . && test ! -s out
	ok 'isoinfo finds every sampled file equal'
fi
if needs bsdtar 'hard links stay one file'; then
	bsdtar -tvf tree.iso ./one ./same-as-one >out 2>&1
	test "$(stat -c %s tree.iso)" -lt $(($(du -sb tree | cut -f1) + 4000000)) &&
		test "$(stat -c %i by-bsdtar/one)" = "$(stat -c %i by-bsdtar/same-as-one)"
	ok 'hard links stay one file'
fi
if test -n "${SPINDLE_LONG-}"; then
	mkdir huge && truncate -s 4300M huge/file && printf end >>huge/file
	mkiso huge -o huge.iso && bsdtar -xOf huge.iso file | cmp - huge/file
	ok 'a file over 4 GiB comes back equal'
	rm -rf huge huge.iso
else
	skip 'a file over 4 GiB comes back equal' 'SPINDLE_LONG is not set'
fi

# --- the same files, the same bytes --------------------------------------------------------------
mkdir -p boot/EFI/BOOT boot/b
cp tree/one boot/EFI/BOOT/BOOTX64.EFI
cp -r tree/names tree/link tree/one boot/b/
cp -r boot other && find other -exec touch -h -d '2001-02-03' {} + && chmod 600 other/b/one
test "$(id -u)" != 0 || chown -R 1000:1000 other
if needs mformat 'copied folders give the same bytes'; then
	for tree in boot other; do
		SOURCE_DATE_EPOCH=1700000000 "$SPINDLE" mkiso -q $tree -o $tree.iso --volume-id X \
			--hfsplus --efi auto >out 2>&1
		sleep 1
	done
	cmp boot.iso other.iso >>out 2>&1
	ok 'copied folders give the same bytes'
	mkiso boot -o a.iso --volume-id X --reproducible --efi auto && sleep 1 &&
		mkiso other -o b.iso --volume-id X --reproducible --efi auto && cmp a.iso b.iso >>out 2>&1
	ok 'copied folders give the same bytes with --reproducible'
	mkiso boot -o c.iso --volume-id X --efi auto && ! cmp -s a.iso c.iso
	ok 'without it dates and owners are those of the files'
fi

# --- what boots where ------------------------------------------------------------------------------
# boots NAME WAYS IMAGE: what info says of BIOS and UEFI from a disc, then from a USB disk; and its
# boot catalog is the one that xorriso reports
boots() {
	if needs xorriso "$1"; then
		xorriso -indev "$3" -report_el_torito plain >peer 2>/dev/null
		"$SPINDLE" info --json "$3" >json 2>out && python3 - "$2" <<'END' >>out 2>&1
import json, re, sys

boot = json.load(open("json"))["boot"] or {}
ways = "".join(way["boots"][0] for way in boot.get("boots", ()))
ours = [(e["platform"].replace("x86", "BIOS"), e["bootable"][0], e["load"], e["start"])
        for e in boot.get("boot_catalog", ())]
theirs = [(m[1], m[2], int(m[3]), int(m[4])) for m in re.finditer(
    r"boot img : +\d+ +(\S+) +(\S) .* (\d+) +(\d+)\n", open("peer").read())]
if ways != sys.argv[1] or ours != theirs:
    sys.exit("%s %s %s" % (ways, ours, theirs))
END
		ok "$1"
	fi
}
boots 'info: an image that boots nowhere' '' tree.iso
if test -f a.iso; then
	boots 'info: UEFI from a disc and a USB disk' nyny a.iso
	mkiso boot -o d.iso --efi auto --no-hybrid
	boots 'info: UEFI from a disc alone' nynn d.iso
fi
isolinux=/usr/lib/ISOLINUX/isolinux.bin
if test -f $isolinux; then
	mkdir -p lin && cp $isolinux lin/ && cp -r boot/EFI lin/
	mkiso lin -o lin.iso --bios isolinux.bin
	boots 'info: BIOS from a disc and a USB disk' ynyn lin.iso
	mkiso lin -o lin.iso -f --bios isolinux.bin --no-hybrid
	boots 'info: BIOS from a disc alone' ynnn lin.iso
	"$SPINDLE" convert -q lin.iso lin.cue && "$SPINDLE" info --json lin.cue >json2 2>out &&
		"$SPINDLE" info --json lin.iso >json 2>>out &&
		python3 -c 'import json
a, b = (json.load(open(name))["boot"] for name in ("json", "json2"))
assert a == b and a' >>out 2>&1
	ok 'info: the same of raw sectors'
fi
if test -n "${SPINDLE_CORPUS-}"; then
	boots 'info: the corpus, GRUB rescue' ynyn "$SPINDLE_CORPUS/iso-boot/debian/grub-rescue-cdrom.iso"
	boots 'info: the corpus, iPXE' yyyn "$SPINDLE_CORPUS/iso-boot/debian/ipxe.iso"
	boots 'info: the corpus, memtest86+' yyyy "$SPINDLE_CORPUS/iso-boot/debian/memtest86+x64.iso"
else
	skip 'info: the corpus' 'no corpus'
fi

# --- a folder wherever an image is taken ----------------------------------------------------------
SOURCE_DATE_EPOCH=1700000000 "$SPINDLE" mkiso -q boot -o made.iso >out 2>&1 &&
	SOURCE_DATE_EPOCH=1700000000 "$SPINDLE" convert -q boot/ taken.iso >>out 2>&1 &&
	cmp made.iso taken.iso >>out 2>&1
ok 'convert takes a folder, as mkiso does'
"$SPINDLE" convert -q --verify boot raw.cue >out 2>&1 &&
	"$SPINDLE" convert -q raw.cue raw.iso >>out 2>&1 &&
	if have bsdtar; then
		mkdir raw && bsdtar -xf raw.iso -C raw && chmod -R u+rwX raw && contents boot >boot.list &&
			contents raw | diff boot.list - >>out
	fi
ok 'a folder becomes raw sectors'
mkdir odd && touch 'odd/a:b'
"$SPINDLE" convert odd odd.iso >out 2>&1
test $? = 8 && grep -q 'mkiso --lossy' out && test ! -e odd.iso
ok 'convert refuses what an image of a folder cannot hold'

# --- embedded checksums --------------------------------------------------------------------------
if needs checkisomd5 'checkisomd5 passes'; then
	mkiso tree -o sum.iso --checksum isomd5 && checkisomd5 sum.iso >out 2>&1 </dev/null
	ok 'checkisomd5 passes'
	printf x | dd of=sum.iso bs=1 seek=400000 conv=notrunc 2>/dev/null
	! checkisomd5 sum.iso >out 2>&1 </dev/null
	ok 'checkisomd5 fails where a byte differs'
fi
if needs implantisomd5 'the checksum is the one implantisomd5 makes'; then
	mkiso tree -o sum.iso -f --checksum isomd5 && cp sum.iso peer.iso
	printf '%512s' '' | dd of=peer.iso bs=1 seek=33651 conv=notrunc 2>/dev/null
	implantisomd5 peer.iso >out 2>&1 && cmp sum.iso peer.iso >>out 2>&1
	ok 'the checksum is the one implantisomd5 makes'
fi
if needs xorriso 'xorriso finds the checksums of all files right'; then
	mkiso tree -o sum.iso -f --checksum libisofs &&
		xorriso -md5 on -indev sum.iso -check_md5_r sorry / -- >out 2>&1 &&
		grep -q 'checksums match' out
	ok 'xorriso finds the checksums of all files right'
fi

# --- what is asked ---------------------------------------------------------------------------------
mkdir -p new/sub && echo new >new/file && echo other >new/one && echo x >new/sub/x
mkiso new -o graft.iso -x 'file' --graft sub=tree/names --graft a/b/c=tree/one --graft void= &&
	if have bsdtar; then
		bsdtar -tf graft.iso | sort >list && grep -q '^./a/b/c$' list &&
			grep -q '^./sub/x$' list && grep -q '^./sub/UPPER$' list &&
			grep -q '^./void$' list && ! grep -q '^./file$' list
	fi
ok 'grafts join the folder, and what is excluded is left out'
mkdir -p around/inner around/deep/er && ln -s .. around/inner/back && ln -s ../tree/one around/one &&
	ln -s nowhere around/broken && touch around/deep/er/x around/deep/x around/er around/.hid
refused 'links that lead back are not followed without end' 2 'a link back' around --follow-links
rm around/inner/back
mkiso around -o around.iso --follow-links -x 'er/x' -x '.h*' -x 'inner' &&
	if have bsdtar; then
		bsdtar -tf around.iso | sort >list &&
			printf '%s\n' . ./broken ./deep ./deep/er ./deep/x ./er ./one | diff - list >out &&
			bsdtar -xOf around.iso one | cmp - tree/one >>out
	fi
ok 'links are followed, and ends of paths are left out'
mkiso new -o sort.iso --sort '*/x=100' --sort 'one=-5' &&
	"$SPINDLE" mkiso --json -n new -o none.iso >json && test ! -e none.iso &&
	grep -q '"dry_run": true' json
ok 'a dry run makes nothing'
if needs xorriso 'the next session hides old files behind new ones and keeps the rest'; then
	mkiso tree -o first.iso && mkiso new -o second.iso --append first.iso &&
		python3 - <<'END' && xorriso -load sbsector "$(cat at)" -osirrox on -indev whole.iso \
			-extract / session >out 2>&1 && chmod -R u+rwX session &&
first, second = open("first.iso", "rb").read(), open("second.iso", "rb").read()
at = len(first) // 2048 + 11400
open("at", "w").write(str(at))
open("whole.iso", "wb").write(first + bytes(11400 * 2048) + second)
END
		test "$(cat session/one)" = other && cmp session/sparse tree/sparse &&
		test "$(cat session/sub/x)" = x && cmp session/names/UPPER tree/names/UPPER &&
		test "$(stat -c %s second.iso)" -lt $(($(stat -c %s first.iso) / 2))
	ok 'the next session hides old files behind new ones and keeps the rest'
fi
rm -rf session whole.iso

# --- refusals ----------------------------------------------------------------------------------------
mkdir bad && touch 'bad/a:b'
refused 'a name Joliet cannot hold is named' 8 'a:b' bad
refused 'a link without Rock Ridge is named' 8 'symbolic link' tree --no-rock-ridge --no-joliet
refused 'a folder that is not there' 4 'nowhere' nowhere
refused 'a boot image that is not in the image' 2 'no such file in the image' tree --bios nope.bin
refused 'a boot image of no known loader' 2 '\-\-mbr' tree --bios one
refused 'no EFI folder to make a partition of' 2 'no folder EFI' tree --efi auto
refused 'a setting that is none' 2 'no setting' tree -O colour=red
mkiso bad -o lossy.iso --lossy && test -s lossy.iso
ok 'asked to, it changes such names'
mkdir locked && touch locked/secret && chmod 000 locked/secret && chmod 711 "$dir"
if test "$(id -u)" != 0; then
	refused 'a file that cannot be read is not left out' 4 'secret' locked
elif needs setpriv 'a file that cannot be read is not left out'; then # root reads everything
	setpriv --reuid=65534 --clear-groups "$SPINDLE" mkiso -q locked -o - >no.iso 2>out
	test $? = 4 && grep -q secret out
	ok 'a file that cannot be read is not left out'
fi
rm -f no.iso
mkiso tree -o tree.iso
test $? = 2 && grep -q exists out
ok 'an image that exists is not replaced'
echo "1..$number"
