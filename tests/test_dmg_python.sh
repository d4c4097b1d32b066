#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Disk images of tests/dmg_write.py, which other programs read in test_dmg_writer.sh.

. "${top_srcdir:-.}/tests/try.sh"
. "$tests/dmg_disks.sh"

printf 'secret\n' >password
printf 'Secret\n' >wrong

# reads NAME INPUT SAID…: the image gives INPUT, by convert and by hash; info says all of SAID.
# Files' names have no spaces.
reads() {
	image=$1 input=$2
	shift 2
	rm -f out.img
	"$spindle" convert -q --password-file password "$image" --to img out.img </dev/null
	cmp out.img "$input"
	sha=$(sha256sum <"$input")
	"$spindle" hash -q -a sha256 --password-file=password "$image" | grep "${sha%% *}"
	"$spindle" verify -q --password-file password "$image"
	"$spindle" info --password-file password "$image" >info
	for said; do
		grep -F -e "$said" info
	done
}

# refuses CODE LINE COMMAND…: and leaves no output
refuses() {
	code=$1 line=$2
	shift 2
	rm -f out.img
	status=0
	"$@" </dev/null >/dev/null 2>said || status=$?
	cat said
	test $status = "$code"
	test "$(cat said)" = "spindle: $line"
	! ls out.img* .out.img* 2>/dev/null
}

encrypted() { # SAID OPTION…
	said=$1
	shift
	write raw e.dmg gpt.img --password-file password "$@"
	reads e.dmg gpt.img "$said" 'Scheme       gpt'
}
try '' 'version 1 is decrypted' encrypted 'Wrapped in cdsaencr (encrypted Apple disk image, version 1): AES-128, version 1, a password of 1000 iterations.' \
	--encrypt v1
try '' 'version 2 is decrypted' encrypted 'AES-128, version 2, a password of 1000 iterations.' \
	--encrypt v2
try '' 'AES of 256 bits is decrypted' encrypted 'AES-256, version 2, a password of 70000 iterations.' \
	--encrypt v2 --bits 256 --block 512 --iterations 70000
try '' 'a key wrapped by AES is unwrapped' encrypted 'AES-256' \
	--encrypt v2 --bits 256 --wrap aes192
try '' "a certificate's key is passed over" encrypted 'AES-128, version 2, a password of 1000 iterations, 1 other key.' \
	--encrypt v2 --other-key

passwords() {
	write raw e.dmg gpt.img --password-file password --encrypt v2
	refuses 2 'e.dmg: the password does not open it' \
		"$spindle" convert --password-file wrong e.dmg --to img out.img
	: >empty
	refuses 2 'empty: its first line, the password, is empty' \
		"$spindle" convert --password-file empty e.dmg --to img out.img
	refuses 4 'none: No such file or directory' \
		"$spindle" convert --password-file none e.dmg --to img out.img
	refuses 2 'standard input cannot be the image and its password' \
		"$spindle" convert --password-file - - --to img out.img
	head -c 1024 /dev/zero | tr '\0' x >long
	refuses 2 'e.dmg: the password does not open it' \
		"$spindle" convert --password-file long e.dmg --to img out.img
	printf x >>long
	refuses 2 'long: a password has at most 1024 bytes' \
		"$spindle" convert --password-file long e.dmg --to img out.img
	printf 'secret\nmore' | "$spindle" convert -q --password-file - e.dmg --to img out.img
	cmp out.img gpt.img
	"$spindle" hash -q -a crc32 --password-file password - <e.dmg
	# an image that is not encrypted does not ask
	"$spindle" hash -q -a crc32 --password-file none gpt.img
}
try '' 'a password comes from a file or a pipe, and is told to be wrong' passwords

without_terminal() {
	write raw e.dmg gpt.img --password-file password --encrypt v2
	refuses 2 'e.dmg: is encrypted, and there is no terminal to ask for its password: give --password-file' \
		setsid "$spindle" convert e.dmg --to img out.img
}
try setsid 'without a terminal the option is asked for' without_terminal

# A terminal of its own: what is typed is not seen on it.
terminal() {
	write raw e.dmg gpt.img --password-file password --encrypt v2
	cat >ask.py <<-'END'
		import os, pty, sys, time
		typed, code = sys.argv[1].encode(), int(sys.argv[2])
		pid, fd = pty.fork()
		if pid == 0:
		    os.execv(sys.argv[3], sys.argv[3:])
		seen = b""
		while b"assword of" not in seen:
		    seen += os.read(fd, 1000)
		time.sleep(0.3)
		os.write(fd, typed)
		try:
		    while piece := os.read(fd, 1000):
		        seen += piece
		except OSError:
		    pass
		status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
		print(seen.decode(), status)
		assert b"Password of e.dmg: " in seen and b"ecret" not in seen
		assert status == code
	END
	nl=$(printf '\nx')
	rm -f out.img
	python3 ask.py "secret${nl%x}" 0 "$spindle" convert -q e.dmg --to img out.img
	cmp out.img gpt.img
	python3 ask.py "Secret${nl%x}" 2 "$spindle" hash -q e.dmg
	python3 ask.py "$(printf 'sec\003')" 130 "$spindle" hash -q e.dmg
}
try '' 'the terminal is asked without an echo' terminal

sparse() { # OPTION…
	write sparseimage s.sparseimage gpt.img "$@"
	reads s.sparseimage gpt.img 'Wrapped in sparseimage' 'Scheme       gpt'
}
try '' 'a sparse image is read' sparse
try '' 'a sparse image of bands in no order is read' sparse --band 64 --shuffle
try '' 'a sparse image of many index nodes is read' sparse --band 16 --shuffle --node-bands 7
try '' 'an encrypted sparse image is read' sparse --encrypt v2 --password-file password
try '' 'an encrypted sparse image of version 1 is read' sparse --encrypt v1 --password-file password

bundle() { # OPTION…
	rm -rf b.sparsebundle
	write sparsebundle b.sparsebundle gpt.img "$@"
	reads b.sparsebundle gpt.img 'Wrapped in sparsebundle' 'Scheme       gpt'
	reads b.sparsebundle/Info.plist gpt.img
}
try '' 'a sparse bundle is read' bundle --band 64
try '' 'a sparse bundle of short bands is read' bundle --band 200 --short-bands
try '' 'an encrypted sparse bundle is read' bundle --band 64 --encrypt v2 --password-file password

bad_bundles() {
	rm -rf b.sparsebundle
	write sparsebundle b.sparsebundle gpt.img --store-version 2
	refuses 5 'b.sparsebundle/Info.plist: a bundle-backingstore-version that is not 1 is not known' \
		"$spindle" convert b.sparsebundle --to img out.img
	rm -rf b.sparsebundle
	write sparsebundle b.sparsebundle gpt.img
	rm -r b.sparsebundle/bands b.sparsebundle/token
	refuses 3 'b.sparsebundle/Info.plist: no band and no token lie beside it' \
		"$spindle" convert b.sparsebundle --to img out.img
}
try '' 'sparse bundles that are not whole are refused' bad_bundles

udif_in() { # OPTION…: in an encrypted file
	write udzo e.dmg gpt.img --password-file password "$@"
	reads e.dmg gpt.img 'DMG image' 'Wrapped in'
}
try '' 'a UDIF image in an encrypted one is read' udif_in --encrypt v2
try '' 'a UDIF image in an encrypted one of version 1 is read' udif_in --encrypt v1

sparse_nodes() { # real nodes: more bands than one holds
	write disk big.img --sectors 9000 --scheme none
	python3 -c '
import sys
data = bytearray(open("big.img", "rb").read())
for i in range(0, len(data), 512): data[i] |= 1
open("big.img", "wb").write(data)'
	write sparseimage s.sparseimage big.img --band 4 --shuffle
	reads s.sparseimage big.img '2250 of 2250 bands of 2 KiB'
	head -c 4000000 s.sparseimage >cut.sparseimage
	refuses 3 "cut.sparseimage: truncated: band 601 at byte 3999744 is not all there" \
		"$spindle" convert cut.sparseimage --to img out.img
}
try '' 'a sparse image whose nodes are full is read, and told where it is cut' sparse_nodes

echo "1..$count"
exit $failed
