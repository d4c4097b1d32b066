#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every kind of dmg that is written, of every kind of disk: right by a reader of the layout that
# shares nothing with the program, right for 7zz with all its checksums, and the same bytes back by
# 7zz, qemu-img, dmg2img and ourselves.
#
# Known: dmg2img 1.6.7 knows neither xz nor LZFSE (and says so by an image of zeros and status 0);
# qemu-img has bzip2 and LZFSE in a package of their own.

here=$(cd "${top_srcdir:-.}/tests" && pwd)
spindle=${SPINDLE:-./spindle}
case $spindle in /*) ;; *) spindle=$PWD/$spindle ;; esac
skip() {
	echo "1..0 # SKIP $1"
	exit 0
}
test -x "$spindle" || skip "$spindle is not built"
python3 -c '' 2>/dev/null || skip "no python3"
PATH=$PATH:/sbin:/usr/sbin
work=$(mktemp -d "${TMPDIR:-/tmp}/dmgpeers.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM
cd "$work" || exit 99
count=0 failed=0

ok() { # ok STATUS NAME
	count=$((count + 1))
	if test "$1" = 0; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		sed 's/^/# /' log
		failed=1
	fi
}
omit() { # omit NAME WHY
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# by PEER NAME COMMAND…: a test; skipped when the peer is not installed
by() {
	peer=$1 what=$2
	shift 2
	if ! command -v "$peer" >/dev/null; then
		omit "$what" "$peer is not installed"
		return
	fi
	(set -ex; "$@") >log 2>&1
	ok $? "$what"
}

same_7zz() { 7zz e -tdmg -so disk.dmg >back 2>/dev/null; cmp back "$disk"; }
parts_7zz() { # 7zz gives each part a file of its own
	rm -rf parts
	7zz x -tdmg -oparts disk.dmg >/dev/null
	python3 - "$disk" <<-'END'
		import os, sys
		disk = open(sys.argv[1], "rb").read()
		names = sorted(os.listdir("parts"), key=lambda n: int(n.split(".")[0]))
		data = b"".join(open("parts/" + n, "rb").read() for n in names)
		sys.exit(data != disk)
	END
}
same_qemu() { qemu-img convert -f dmg -O raw disk.dmg back; cmp back "$disk"; }
same_dmg2img() { dmg2img -s disk.dmg back; cmp back "$disk"; }
same_ours() {
	"$spindle" convert -q --force $1 disk.dmg "back.$2"
	cmp "back.$2" "$disk"
}
check() { python3 "$here/dmg_check.py" disk.dmg "$disk" "$kind" >parts.txt; }
# parts DISK: as they must be called
parts() {
	case $1 in
	gpt) cat <<-'END'
		Protective Master Boot Record (MBR : 0) 0 1
		GPT Header (Primary GPT Header : 1) 1 1
		GPT Partition Data (Primary GPT Table : 2) 2 32
		 (Apple_Free : 3) 34 6
		disk image (Apple_HFS : 4) 40 985
		 (Apple_Free : 5) 1025 255
		second (EBD0A0A2-B9E5-4433-87C0-68B6B72699C7 : 6) 1280 729
		 (Apple_Free : 7) 2009 6
		GPT Partition Data (Backup GPT Table : 8) 2015 32
		GPT Header (Backup GPT Header : 9) 2047 1
		END
		;;
	apm) cat <<-'END'
		Driver Descriptor Map (DDM : 0) 0 1
		Apple (Apple_partition_map : 1) 1 63
		disk image (Apple_HFS : 2) 64 1024
		 (Apple_Free : 3) 1088 960
		END
		;;
	mbr) cat <<-'END'
		Master Boot Record (MBR : 0) 0 1
		 (Apple_Free : 1) 1 62
		 (Apple_HFS : 2) 63 682
		 (Apple_Free : 3) 745 342
		 (DOS_FAT_32 : 4) 1087 682
		 (Apple_Free : 5) 1769 279
		END
		;;
	none) echo "whole disk (unknown partition : 0) 0 2048" ;;
	fat) echo "whole disk (DOS_FAT_12 : 0) 0 2880" ;;
	ext4) echo "whole disk (Linux : 0) 0 8192" ;;
	iso) echo "whole disk (Apple_ISO : 0) 0 $(($(wc -c <iso.iso) / 512))" ;;
	esac
}

for scheme in gpt apm mbr none; do
	python3 "$here/dmg_write.py" disk $scheme.img --scheme $scheme --sectors 2048 || exit 99
done
if command -v mformat >/dev/null; then
	mformat -C -i fat.img -f 1440 -v FLOPPY :: && mcopy -i fat.img "$here/dmg_write.py" ::
fi
if command -v mke2fs >/dev/null; then
	mke2fs -q -t ext4 -d "$here/../formats" ext4.img 4096k
fi
if command -v xorriso >/dev/null; then
	xorriso -as mkisofs -quiet -hfsplus -o iso.iso "$here/data" 2>/dev/null
fi

schemes='gpt apm mbr none fat ext4 iso'
test -z "${SPINDLE_SANITIZED-}" || schemes='gpt iso' # each kind; the others only cut a disk otherwise
for scheme in $schemes; do
	disk=$scheme.img
	test $scheme = iso && disk=iso.iso
	for kind in UDZO UDRO UDBZ ULFO ULMO; do
		name="$kind of $scheme"
		case $kind-$scheme in UD[RB]?-fat | UD[RB]?-ext4 | UL?O-fat | UL?O-ext4) continue ;; esac
		if ! test -f "$disk"; then
			omit "$name" "no mformat, mke2fs or xorriso to make $scheme"
			continue
		fi
		"$spindle" convert -q --force -O kind=$kind -O chunk=64 "$disk" disk.dmg >log 2>&1
		ok $? "$name is written"
		by python3 "$name: every field and checksum" check
		if test $kind = UDZO; then
			parts $scheme >want.txt
			diff want.txt parts.txt >log 2>&1
			ok $? "$name: parts are called as macOS calls them"
		fi
		by 7zz "$name: 7zz finds no fault" 7zz t -tdmg disk.dmg
		by 7zz "$name: the same bytes by 7zz" parts_7zz
		case $kind in UDZO | UDRO)
			by qemu-img "$name: the same bytes by qemu-img" same_qemu
			;;
		UDBZ | ULFO)
			# modules of their own, which Debian 12 has in no package
			module=block-dmg-bz2
			test "$kind" = UDBZ || module=block-dmg-lzfse
			if ls /usr/lib/*/qemu/$module.so >/dev/null 2>&1; then
				by qemu-img "$name: the same bytes by qemu-img" same_qemu
			else
				omit "$name: the same bytes by qemu-img" "qemu has no $module"
			fi
			;;
		esac
		case $kind in UD*) by dmg2img "$name: the same bytes by dmg2img" same_dmg2img ;; esac
		if test $scheme = iso; then
			by python3 "$name: the same bytes by ourselves" same_ours '' iso
		else
			by python3 "$name: the same bytes by ourselves" same_ours '' img
		fi
	done
done

# The same disk gives the same file, however many threads raced for it and whatever the time.
disk=gpt.img
reproducible() {
	"$spindle" convert -q --force -O chunk=64 gpt.img one.dmg
	sleep 1
	SOURCE_DATE_EPOCH=1 taskset -c 0 "$spindle" convert -q --force -O chunk=64 gpt.img two.dmg
	cmp one.dmg two.dmg
	"$spindle" convert -q --force -O chunk=64 mbr.img other.dmg
	test "$(tail -c 448 one.dmg | head -c 16 | md5sum)" != \
		"$(tail -c 448 other.dmg | head -c 16 | md5sum)"
}
by taskset "the same disk gives the same file" reproducible
through_a_pipe() {
	"$spindle" convert -q --to dmg gpt.img - | cat >pipe.dmg
	"$spindle" convert -q --force gpt.img disk.dmg
	cmp pipe.dmg disk.dmg
}
by python3 "a pipe takes a dmg" through_a_pipe
refused() {
	for set in kind=UDXX 'kind=UDRO -O level=3' level=13 level=0 'kind=UDBZ -O level=10' \
		chunk=3 chunk=16385 chunk=1k; do
		# shellcheck disable=SC2086
		status=0
		"$spindle" convert -q -O $set gpt.img no.dmg || status=$?
		test $status = 2
		test ! -e no.dmg
	done
}
by python3 "settings that are none are refused" refused
levels() {
	cat "$here"/*.c | head -c 500000 | dd bs=512 conv=sync of=text.img
	disk=text.img kind=UDZO
	for level in 1 9 12; do
		"$spindle" convert -q --force --from img -O level=$level text.img disk.dmg
		check
		wc -c <disk.dmg
	done >sizes
	sort -rnu sizes | cmp - sizes
}
by python3 "a higher level is smaller" levels
large_chunks() {
	kind=ULMO
	"$spindle" convert -q --force -O kind=ULMO -O chunk=16384 gpt.img disk.dmg
	check
	kind=UDZO
	"$spindle" convert -q --force -O chunk=4 gpt.img disk.dmg
	check
}
by python3 "the largest and the smallest chunk" large_chunks

echo "1..$count"
exit $failed
