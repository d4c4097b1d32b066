#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Sparse bundles we write: their files are as Apple's are, put together by other means they are the
# disk, and the folder appears whole or not at all.

. "${top_srcdir:-.}/tests/try.sh"
try_clean() { rm -rf out.* .out.*; }

python3 -c '' 2>/dev/null || {
	echo "1..0 # SKIP no python3"
	exit 0
}
for scheme in gpt apm none; do
	python3 "$tests/dmg_write.py" disk $scheme.img --scheme $scheme || exit 99
done

# By Python's own reader of property lists and nothing of ours
together() { # BUNDLE
	python3 - "$1" <<'END'
import os, plistlib, sys
top = sys.argv[1]
info = plistlib.load(open(os.path.join(top, "Info.plist"), "rb"))
assert open(os.path.join(top, "Info.plist"), "rb").read() == open(os.path.join(top, "Info.bckup"), "rb").read()
assert info["diskimage-bundle-type"] == "com.apple.diskimage.sparsebundle", info
assert info["bundle-backingstore-version"] == 1 and info["CFBundleInfoDictionaryVersion"] == "6.0"
assert sorted(os.listdir(top)) == ["Info.bckup", "Info.plist", "bands", "token"], os.listdir(top)
assert os.path.getsize(os.path.join(top, "token")) == 0
band, disk = info["band-size"], bytearray(info["size"])
for name in os.listdir(os.path.join(top, "bands")):
    at = int(name, 16) * band
    assert name == "%x" % (at // band)
    data = open(os.path.join(top, "bands", name), "rb").read()
    assert any(data) and len(data) <= band, name
    disk[at:at + len(data)] = data
assert len(disk) == info["size"]
open("out.together", "wb").write(disk)
print(band)
END
}

made() { # SCHEME BAND OPTION…
	scheme=$1 band=$2
	shift 2
	"$spindle" convert "$@" "$scheme.img" out.sparsebundle
	test "$(together out.sparsebundle)" -eq "$band"
	cmp out.together "$scheme.img"
	"$spindle" convert out.sparsebundle out.img
	cmp out.img "$scheme.img"
	! ls -A | grep part
}
for scheme in gpt apm none; do
	try '' "a disk of scheme $scheme" made $scheme 8388608
done
try '' 'small bands' made gpt 65536 -O band=64
try '' 'read back before it has its name' made apm 4096 -O band=4 --verify

empty_bands() {
	truncate -s 64M out.raw
	printf x | dd of=out.raw bs=1M seek=40 conv=notrunc 2>/dev/null
	"$spindle" convert --to sparsebundle out.raw out.sparsebundle/ --from img
	test "$(ls out.sparsebundle/bands)" = 5
	"$spindle" convert out.sparsebundle out.img
	cmp out.img out.raw
	# and nothing at all: a first band of no byte
	truncate -s 0 out.raw
	truncate -s 3M out.raw
	"$spindle" convert --from img out.raw out.two.sparsebundle
	test "$(cd out.two.sparsebundle/bands && wc -c *)" = '0 0'
	"$spindle" convert out.two.sparsebundle out.two.img
	cmp out.two.img out.raw
}
try '' 'bands of zeros are left out' empty_bands

replaced() {
	"$spindle" convert gpt.img out.sparsebundle
	code=0
	"$spindle" convert apm.img out.sparsebundle 2>err || code=$?
	test $code -eq 2
	grep 'out.sparsebundle: exists; use --force to replace it$' err
	together out.sparsebundle
	cmp out.together gpt.img
	"$spindle" convert --force -O band=64 apm.img out.sparsebundle
	together out.sparsebundle
	cmp out.together apm.img
	! ls -A | grep part
}
try '' 'an old bundle is replaced as a whole when asked' replaced

kept() {
	mkdir out.sparsebundle
	echo mine >out.sparsebundle/file
	code=0
	"$spindle" convert --force gpt.img out.sparsebundle 2>err || code=$?
	test $code -eq 2
	grep 'is a directory and is not replaced' err
	test "$(cat out.sparsebundle/file)" = mine
	! ls -A | grep part
}
try '' 'a folder that is no bundle is kept' kept

planned() {
	"$spindle" convert -n gpt.img out.sparsebundle >said
	grep 'would write out.sparsebundle (' said
	test ! -e out.sparsebundle
	! ls -A | grep part
}
try '' 'a plan writes nothing' planned

# Only what a dead process left is removed
leavings() {
	mkdir -p .out.sparsebundle.999999999.part/bands
	echo x >.out.sparsebundle.999999999.part/bands/0
	mkdir .out.sparsebundle.1.part
	"$spindle" convert gpt.img out.sparsebundle
	test ! -e .out.sparsebundle.999999999.part
	test -d .out.sparsebundle.1.part
}
try '' 'what a killed one left goes' leavings

refused() { # CODE TEXT SRC OPTION…
	want=$1 text=$2
	shift 2
	code=0
	"$spindle" convert "$@" out.sparsebundle 2>err || code=$?
	cat err
	test $code -eq "$want"
	grep -e "$text" err
	! ls -A | grep sparsebundle
}
try '' 'a band of no size' refused 2 'band=6: a multiple of 4 from 4 to 1048576' gpt.img -O band=6
try '' 'a band too large' refused 2 'band=1048580: a multiple' gpt.img -O band=1048580
truncate -s 100k disc.iso
try '' "a disc's sectors" refused 8 'a sparse bundle has 512-byte blocks' disc.iso

echo "1..$count"
exit $failed
