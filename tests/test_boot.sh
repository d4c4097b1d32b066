#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What mkiso makes of Debian's boot loaders boots where it says: BIOS and UEFI, as a disc and as a USB
# disk, in QEMU. GRUB prints to the serial line and switches off; ISOLINUX says its name there.

SPINDLE=${SPINDLE:-${builddir:-.}/spindle}
case $SPINDLE in /*) ;; *) SPINDLE=$PWD/$SPINDLE ;; esac
code=/usr/share/OVMF/OVMF_CODE_4M.fd vars=/usr/share/OVMF/OVMF_VARS_4M.fd
isolinux=/usr/lib/ISOLINUX/isolinux.bin ldlinux=/usr/lib/syslinux/modules/bios/ldlinux.c32
if test -n "${SPINDLE_SANITIZED-}"; then # the machine that boots runs none of our code: once is enough
	echo '1..0 # SKIP the build without sanitizers boots them'
	exit 0
fi
for tool in qemu-system-x86_64 grub-mkimage mformat; do
	if ! command -v $tool >/dev/null; then
		echo "1..0 # SKIP no $tool"
		exit 0
	fi
done
dir=$(mktemp -d "${TMPDIR:-/var/tmp}/boot.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
cd "$dir" || exit 1
unset SOURCE_DATE_EPOCH

number=0
result() { # STATUS NAME
	number=$((number + 1))
	if test "$1" = 0; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		tr -d '\000' <serial 2>/dev/null | strings | tail -n 8 | sed 's/^/# /'
	fi
}
# boots NAME WORDS QEMU_ARGUMENT…: the words come over the serial line before its time is over
boots() {
	name=$1 words=$2
	shift 2
	: >serial
	timeout 120 qemu-system-x86_64 -accel tcg -m 256 -vga std -display none -nodefaults -no-reboot \
		-serial file:serial "$@" >qemu.log 2>&1 &
	pid=$!
	status=1
	while kill -0 $pid 2>/dev/null; do
		sleep 0.3
		if grep -aq "$words" serial; then break; fi
	done
	grep -aq "$words" serial && status=0
	kill $pid 2>/dev/null
	wait $pid 2>/dev/null
	result $status "$name"
}
disc() { boots "$1: $3 as a disc" "$2" -cdrom "$4"; }
usb() {
	boots "$1: $3 as a USB disk" "$2" -device qemu-xhci -device usb-storage,drive=u,bootindex=0 \
		-drive if=none,id=u,format=raw,file="$4"
}
efi_disc() {
	cp $vars vars.fd
	boots "$1: UEFI as a disc" "$2" -drive if=pflash,format=raw,readonly=on,file=$code \
		-drive if=pflash,format=raw,file=vars.fd -cdrom "$3"
}
efi_usb() {
	cp $vars vars.fd
	boots "$1: UEFI as a USB disk" "$2" -drive if=pflash,format=raw,readonly=on,file=$code \
		-drive if=pflash,format=raw,file=vars.fd -device qemu-xhci \
		-device usb-storage,drive=u,bootindex=0 -drive if=none,id=u,format=raw,file="$3"
}

# tells NAME IMAGE WAYS: what info says of BIOS and UEFI from a disc, then from a USB disk
tells() {
	"$SPINDLE" info --json "$2" >serial 2>&1
	python3 -c 'import json, sys
boots = json.load(open("serial"))["boot"]["boots"]
sys.exit("".join(way["boots"][0] for way in boots) != sys.argv[1])' "$3"
	result $? "$1: info says so"
}

mkdir -p grub/boot/grub grub/EFI/BOOT
cat >grub/boot/grub/grub.cfg <<'END'
serial --unit=0 --speed=115200
terminal_output serial
echo "started by spindle on $grub_platform"
halt
END
cat >early.cfg <<'END'
search --file --set=root /boot/grub/grub.cfg
set prefix=($root)/boot/grub
configfile /boot/grub/grub.cfg
END
modules='iso9660 serial terminal echo halt normal search search_fs_file configfile part_gpt part_msdos fat'
# shellcheck disable=SC2086 # a list
grub-mkimage -O i386-pc-eltorito -p /boot/grub -o grub/boot/grub/eltorito.img biosdisk $modules &&
	grub-mkimage -O x86_64-efi -p /boot/grub -c early.cfg -o grub/EFI/BOOT/BOOTX64.EFI $modules &&
	"$SPINDLE" mkiso -q grub -o grub.iso --bios boot/grub/eltorito.img --efi auto >serial 2>&1
result $? 'an image with GRUB for BIOS and UEFI is made'
# what boots from a disc was burned on a simulated drive, and ripped
"$SPINDLE" burn -q grub.iso sim:grub.disc,medium=cd-r >serial 2>&1 &&
	"$SPINDLE" rip -q sim:grub.disc ripped.cue >>serial 2>&1 &&
	"$SPINDLE" convert -q ripped.cue ripped.iso >>serial 2>&1 &&
	cmp -n "$(stat -c %s grub.iso)" grub.iso ripped.iso >>serial 2>&1
result $? 'it is burned to a CD-R, and ripped'
disc 'GRUB, burned and ripped' 'started by spindle on pc' BIOS ripped.iso
usb GRUB 'started by spindle on pc' BIOS grub.iso
if test -f $code; then
	efi_disc 'GRUB, burned and ripped' 'started by spindle on efi' ripped.iso
	efi_usb GRUB 'started by spindle on efi' grub.iso
else
	result 0 'GRUB: UEFI # SKIP no OVMF'
fi
tells GRUB grub.iso yyyy
if test -f $isolinux && test -f $ldlinux; then
	mkdir -p sys/isolinux
	cp $isolinux $ldlinux sys/isolinux/
	cp -r grub/EFI grub/boot sys/
	printf 'SERIAL 0 115200\nPROMPT 1\n' >sys/isolinux/isolinux.cfg
	"$SPINDLE" mkiso -q sys -o sys.iso --bios isolinux/isolinux.bin --efi auto >serial 2>&1
	result $? 'an image with ISOLINUX is made'
	disc ISOLINUX 'ISOLINUX 6' BIOS sys.iso
	usb ISOLINUX 'ISOLINUX 6' BIOS sys.iso
	test ! -f $code || efi_usb 'GRUB beside ISOLINUX' 'started by spindle on efi' sys.iso
	tells ISOLINUX sys.iso yyyy
else
	result 0 'ISOLINUX # SKIP not installed'
fi
echo "1..$number"
