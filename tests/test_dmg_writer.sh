#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Disk images of tests/dmg_write.py as other programs read them, so that what this writer makes is
# what its name says. None of ours runs here.

. "${top_srcdir:-.}/tests/try.sh"
. "$tests/dmg_disks.sh"

# Partitions lie one behind the other, so the files 7-Zip makes of them are the disk.
sevenzip_reads() { # KIND SCHEME OPTION…
	kind=$1 scheme=$2
	shift 2
	write "$kind" 7.dmg "$scheme.img" "$@"
	rm -rf 7
	7zz x -y -tdmg -o7 7.dmg
	7zz t -tdmg 7.dmg >said
	! grep -iE 'warning|error' said
	(cd 7 && ls | sort -n | while read -r name; do cat "$name"; done) >7.img
	cmp 7.img "$scheme.img"
}
for kind in udro udco udzo udbz ulfo ulmo mixed; do
	try 7zz "7-Zip reads the writer's $kind" sevenzip_reads $kind gpt
done
try 7zz "7-Zip reads the writer's LZVN" sevenzip_reads ulfo gpt --lzvn --never-raw --chunk 64
try 7zz "7-Zip reads the writer's Apple partitions" sevenzip_reads udzo apm
try 7zz "7-Zip reads the writer's MBR" sevenzip_reads udzo mbr
try 7zz "7-Zip reads the writer's whole disk" sevenzip_reads udzo none
try 7zz "7-Zip reads the writer's trailer at the start" sevenzip_reads udzo gpt --koly start
try 7zz "7-Zip reads the writer's trailer before garbage" sevenzip_reads udzo gpt --trailing 300
try 7zz "7-Zip reads the writer's resource fork" sevenzip_reads udzo gpt --rsrc
try 7zz "7-Zip reads the writer's comments" sevenzip_reads udzo gpt --comments

# It has a warning, or does not open, test or finish what is wrong.
sevenzip_sees() {
	write udzo --help | sed -n '/^faults:/,$s/^  \([a-z][a-z0-9-]*\) .*/\1/p' |
		grep -v '^segment' >faults
	test "$(wc -l <faults)" -gt 25
	while read -r fault; do
		write udzo bad.dmg gpt.img --chunk 64 --fault "$fault"
		! 7zz t bad.dmg >said 2>&1 || grep -i warning said || { echo "$fault" && return 1; }
	done <faults
}
try 7zz "7-Zip sees each of the writer's faults" sevenzip_sees

qemu_reads() { # KIND OPTION…
	kind=$1
	shift
	write "$kind" q.dmg gpt.img "$@"
	qemu-img convert -f dmg -O raw q.dmg q.img
	cmp q.img gpt.img
}
# its modules for bzip2 and LZFSE are a package of their own; ADC and xz it does not know
try qemu-img "qemu-img reads the writer's raw chunks" qemu_reads udro
try qemu-img "qemu-img reads the writer's zlib chunks" qemu_reads udzo --chunk 64
try qemu-img "qemu-img reads the writer's resource fork" qemu_reads udzo --rsrc

dmg2img_reads() { # KIND OPTION…
	kind=$1
	shift
	write "$kind" d.dmg gpt.img "$@"
	dmg2img d.dmg d.img
	cmp d.img gpt.img
}
for kind in udro udco udzo udbz; do
	try dmg2img "dmg2img reads the writer's $kind" dmg2img_reads $kind
done

# vfdecrypt looks for the password's key at byte 680, where a certificate's key before it leaves it.
# It takes the first bytes of the blob for the HMAC key, not those behind the AES key as images
# of macOS have it, so the first cipher block of each block stays wrong.
vfdecrypt_reads() { # OPTION…
	printf 'secret\n' >password
	write raw v.dmg gpt.img --encrypt v2 --password-file password --other-key "$@"
	vfdecrypt -i v.dmg -o v.img -p secret
	python3 - <<-'END'
		ours, theirs = (open(name, "rb").read() for name in ("gpt.img", "v.img"))
		assert len(ours) == len(theirs)
		for at in range(0, len(ours), 4096):
		    assert ours[at + 16:at + 4096] == theirs[at + 16:at + 4096], at
	END
}
try vfdecrypt "vfdecrypt opens the writer's key blob and data" vfdecrypt_reads

echo "1..$count"
exit $failed
