#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Other people's programs take the simulated drive for a real one: unmodified, through spindle-sim
# they see it and what is in it, and read it as it is.
#
# The burns are a sample; SPINDLE_LONG runs the whole table of judge, medium and mode and prints it.
#
# Why some are asked the way they are:
#   cdrdao      takes data before audio for TAO's and leaves its last 150 sectors out; says of a
#               pregap where in the block of sectors that it had at hand index 0 first came by
#   cd-read     takes the number of bytes that read(2) answers for an error, so that it says "error
#               reading block" of every sector of mode 1 that it has read
#   cdparanoia  measures time to see what is cached, and warns of a drive this fast

. "${top_srcdir:-.}/tests/sim.sh"

# Noise: what repeats itself can be put together wrongly without being seen.
python3 - <<'END' || exit 99
import os, random
random.seed(20240501)
os.mkdir("tree")
for name, size in (("noise", 300001), ("small", 12)):
    open("tree/" + name, "wb").write(random.randbytes(size))
open("audio.bin", "wb").write(random.randbytes(1500 * 2352))
open("audio.cue", "w").write("""CATALOG 4006381333931
TITLE "Disc of Noise"
PERFORMER "Chance"
FILE "audio.bin" BINARY
TRACK 01 AUDIO
TITLE "First"
ISRC DEABC2400001
INDEX 01 00:00:00
TRACK 02 AUDIO
TITLE "Second"
FLAGS DCP
INDEX 00 00:08:00
INDEX 01 00:10:00
TRACK 03 AUDIO
ISRC DEABC2400003
INDEX 01 00:15:00
""")
END
if command -v xorriso >/dev/null; then
	xorriso -as mkisofs -quiet -r -J -V JUDGES -o data.iso tree 2>/dev/null
else
	python3 - <<'END'
import random, struct
random.seed(1)
volume = bytearray(random.randbytes(282 * 2048))
volume[16 * 2048:17 * 2048] = b"\1CD001\1".ljust(80, b"\0") + struct.pack("<I", 282) + \
    struct.pack(">I", 282) + bytes(2048 - 88)
volume[17 * 2048:18 * 2048] = b"\xffCD001\1".ljust(2048, b"\0")
open("data.iso", "wb").write(volume)
END
fi
test -s data.iso || exit 99
sectors=$(($(wc -c <data.iso) / 2048))
"$spindle" convert -q data.iso data.cue || exit 99
cat data.bin audio.bin >mixed.bin
msf() { # FRAMES
	printf '%02d:%02d:%02d' $(($1 / 4500)) $(($1 / 75 % 60)) $(($1 % 75))
}
cat >mixed.cue <<END
FILE "mixed.bin" BINARY
TRACK 01 MODE1/2352
INDEX 01 00:00:00
TRACK 02 AUDIO
INDEX 00 $(msf $sectors)
INDEX 01 $(msf $((sectors + 150)))
TRACK 03 AUDIO
INDEX 01 $(msf $((sectors + 900)))
END

# long 'JUDGE…' …: a line of the whole table
long() {
	test -z "${SPINDLE_LONG-}" || try "$@"
}

# --- the drive -----------------------------------------------------------------------------------

sees_devices() {
	on data.iso ls -l /dev/sr0 /dev/sg0 /dev/cdrom >list
	grep -q '^brw.* 11, *0 .* /dev/sr0$' list
	grep -q '^crw.* 21, *0 .* /dev/sg0$' list
	grep -q '/dev/cdrom -> sr0$' list
	on data.iso ls /dev >names
	grep -qx sr0 names
	! on data.iso ls /dev/sr1
}
try '' 'the drive is in /dev, and no other one' sees_devices

scans() { # COMMAND…: lists the drive by its name
	on data.iso "$@" >list 2>&1 || test $? -eq 1
	grep -q 'SPINDLE.*SIMULATED DRIVE' list
}
try cdrskin 'cdrskin finds the drive' scans cdrskin --devices
try xorriso 'xorriso finds the drive' scans xorriso -devices
try wodim 'wodim finds the drive by its bus' scans wodim -scanbus
try wodim 'wodim finds the drive by its name' scans wodim --devices
try cd-info 'cd-drive finds the drive' scans sh -c 'cd-drive | tr -s " \n" " "'
try sg_inq 'sg_inq asks through /dev/sg0' scans sh -c 'sg_inq /dev/sg0 | tr -s "\n" " "'

exclusive() {
	on data.iso python3 - <<'END'
import errno, os
first = os.open("/dev/sr0", os.O_RDWR | os.O_NONBLOCK | os.O_EXCL)
try:
    os.open("/dev/sr0", os.O_RDWR | os.O_NONBLOCK | os.O_EXCL)
    raise SystemExit("opened twice")
except OSError as error:
    assert error.errno == errno.EBUSY, error
os.close(os.open("/dev/sr0", os.O_RDONLY | os.O_NONBLOCK))
copy = os.dup(first)
os.close(first)
try:
    os.open("/dev/sr0", os.O_RDWR | os.O_NONBLOCK | os.O_EXCL)
    raise SystemExit("opened while a copy is open")
except OSError as error:
    assert error.errno == errno.EBUSY, error
os.close(copy)
os.close(os.open("/dev/sr0", os.O_RDWR | os.O_NONBLOCK | os.O_EXCL))
END
}
try python3 'the drive is opened for one alone' exclusive

# A command that was sent in part, a reader that is killed, a handle that is left: nobody else
# notices.
killed() {
	on data.iso sh -ec '
		dd if=/dev/sr0 bs=2048 2>/dev/null | head -c 4096 >/dev/null
		sh -c "exec 3</dev/sr0; kill -9 \$\$" || test $? -eq 137
		python3 -c "
import os, socket
fd = os.open(\"/dev/sr0\", os.O_RDONLY | os.O_NONBLOCK)
for size in 0, 1, 30, 76, 200:
    s = socket.socket(socket.AF_UNIX)
    s.connect(os.environ[\"SPINDLE_SIM\"].split(\":\")[1] + \"/socket\")
    s.send(b\"\\1\\x44\\x50\\x53\\2\" + b\"\\xff\" * size)
    s.close()
os.kill(os.getpid(), 9)" || test $? -eq 137
		cmp data.iso /dev/sr0'
}
try python3 'a client that is killed does not take the drive along' killed

profile() {
	"$sim" --profile plextor data.iso -- cd-drive | tr -s ' \n' ' ' | grep 'PLEXTOR'
	echo 'vendor OWN' >own.profile
	"$sim" --profile own.profile data.iso -- cdrskin --devices | grep "'OWN "
	! "$sim" --profile no-such data.iso -- true
}
try 'cd-info cdrskin' 'the drive is what its profile says' profile

scratch() {
	echo '120 unreadable' >faults
	"$sim" --faults faults data.iso -- sh -ec '
		dd if=/dev/sr0 bs=2048 count=100 | cmp -n 204800 - data.iso
		! dd if=/dev/sr0 bs=2048 skip=120 count=1 of=none 2>said
		grep -i "input/output error" said
		sg_raw -r 2048 /dev/sr0 28 00 00 00 00 78 00 00 01 00 >said 2>&1 || :
		grep -i "sense key: Medium Error" said
		dd if=/dev/sr0 bs=2048 skip=121 count=1 | cmp -n 2048 -i 0:247808 - data.iso'
}
try sg_raw 'a scratch is sense 3/11 and an input/output error, the rest is read' scratch

# Each kind of fault, as others tell it. Burns that fail are below.
fault() { # SCRIPT 'SAID' COMMAND…
	echo "$1" >faults
	"$sim" --faults faults "$disc" -- timeout 60 "${@:3}" >said 2>&1 || true
	grep -i "$2" said || { cat said; false; }
}
read_100='sg_raw -r 2048 /dev/sr0 28 00 00 00 00 64 00 00 01 00'
faults() {
	disc=data.iso
	fault '100 unreadable' 'sense key: medium error' $read_100
	fault '100 unreadable' 'additional sense: l-ec uncorrectable error' $read_100
	fault '100 attention' 'additional sense: power on, reset, or bus device reset' $read_100
	fault '100 not-ready 2000' 'additional sense: logical unit is in process of becoming ready' $read_100
	fault '100 reset' 'Host_status=0x08 .DID_RESET' $read_100
	fault '100 change' 'additional sense: not ready to ready change, medium may have changed' $read_100
	fault '100 wrong-sector 3' 'another one' sh -c 'dd if=/dev/sr0 bs=2048 skip=100 count=1 |
		cmp -n 2048 -i 0:$((103 * 2048)) - data.iso && echo another one'
	cat >slow.py <<-'END'
		import ctypes, fcntl, os, struct
		fd = os.open("/dev/sr0", os.O_RDONLY | os.O_NONBLOCK)
		cdb = ctypes.create_string_buffer(bytes([0x28, 0, 0, 0, 0, 100, 0, 0, 1, 0]), 10)
		data, sense = ctypes.create_string_buffer(2048), ctypes.create_string_buffer(32)
		for i in range(3): # the first ones are told that the disc is new
		    header = bytearray(struct.pack("@iiBBHIPPPIIiP4BHHiII", 83, -3, 10, 32, 0, 2048,
		        ctypes.addressof(data), ctypes.addressof(cdb), ctypes.addressof(sense),
		        60000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
		    fcntl.ioctl(fd, 0x2285, header)
		    print("took", struct.unpack("@iiBBHIPPPIIiP4BHHiII", header)[-2], "ms")
	END
	fault '100 slow 3000' 'took 3[01][0-9][0-9] ms' python3 slow.py
	disc=audio.cue
	fault '100..101 c2 40' 'C2 errors total: .* in 2 sectors' readom dev=/dev/sr0 -c2scan
	fault '100 bad-q' '^bad Q: 100$' sh -c 'readom dev=/dev/sr0 -clone f=bad-q && python3 bad_q.py'
}
cat >bad_q.py <<'END'
clone = open("bad-q", "rb").read()
for i in range(len(clone) // 2448):
    q = bytes(sum((clone[i * 2448 + 2352 + 8 * n + b] >> 6 & 1) << 7 - b for b in range(8))
              for n in range(12))
    crc = 0
    for byte in q[:10]:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xffff
    if crc ^ 0xffff != q[10] << 8 | q[11]:
        print("bad Q:", i)
END
try 'sg_raw readom python3' 'every fault of reading is told by others as a real one' faults

calibration() {
	echo 'any calibration' >faults
	"$sim" --medium cd-r --faults faults opc.disc -- sh -c 'sg_turs /dev/sr0; sg_turs /dev/sr0
		sg_raw /dev/sr0 54 01 00 00 00 00 00 00 00 00' >said 2>&1 || true
	grep -i 'additional sense: power calibration area error' said
}
try 'sg_raw sg_turs' 'a power calibration that fails is told' calibration

burn_fails() {
	echo "$2" >faults
	s=0; "$sim" --medium cd-r --faults faults "fault-$1.disc" -- \
		timeout 120 cdrskin dev=/dev/sr0 -sao -data data.iso >said 2>&1 || s=$?
	cat said
	test $s -ne 0
	grep -qi "$3" said
}
try cdrskin 'a write error ends a burn' burn_fails write '100 write-error' 'write error\|3 0C'
long cdrskin 'a disc that is full early ends a burn' burn_fails full '200 full' '5 63 00'

# What one program burned, sent again as it was written down.
replays() {
	"$sim" --medium cd-rw --trace burn.trace traced.disc -- \
		timeout 120 cdrskin dev=/dev/sr0 -sao -data data.iso
	"$sim" --replay burn.trace --medium cd-rw replayed.disc >said || { cat said; false; }
	grep -x "$(wc -l <burn.trace) commands, 0 answered otherwise" said
	# a trace has no data, so what is told of the file system behind the layout lacks
	"$spindle" info replayed.disc >there
	grep '^Lead-out' there
	"$spindle" info traced.disc | sed 's/traced/replayed/' | cmp -n "$(stat -c %s there)" - there
	s=0; "$sim" --replay burn.trace data.iso >said || s=$?
	test $s -eq 1
	grep ' answered otherwise$' said
	s=0; "$sim" --replay data.iso data.iso >said 2>&1 || s=$?
	test $s -eq 125
	grep 'data.iso:1:1: not a time' said
}
try cdrskin 'a trace of a burn, sent again, gets the same answers' replays

status() {
	on data.iso true
	for n in 1 77; do
		s=0; on data.iso sh -c "exit $n" || s=$?; test $s -eq $n
	done
	s=0; "$sim" data.iso -- sh -c 'kill -9 $$' || s=$?; test $s -eq 137
	s=0; "$sim" data.iso -- ./nothing || s=$?; test $s -eq 127
	s=0; "$sim" data.iso -- ./tree || s=$?; test $s -eq 126
	s=0; "$sim" none.iso -- true 2>said || s=$?; test $s -eq 125
	grep 'none.iso: is not there' said
	s=0; "$sim" data.iso 2>said || s=$?; test $s -eq 125
	s=0; "$sim" --wrong data.iso -- true 2>said || s=$?; test $s -eq 125
	grep 'no option --wrong' said
	test -z "$(find "$TMPDIR" -name 'spindle-sim.*')"
}
try '' 'the exit status is the command'"'"'s' status

several() {
	"$sim" --drive data.iso --drive audio.cue -- sh -ec '
		cmp data.iso /dev/sr0
		cd-info --no-cddb /dev/sr1 >two
		cdrskin --devices >both'
	grep '4006381333931' two
	grep -q "dev='/dev/sr0'" both
	grep -q "dev='/dev/sr1'" both
}
try 'cd-info cdrskin' 'two drives have their own discs' several

# --- reading -------------------------------------------------------------------------------------

plain() {
	on data.iso sh -ec '
		cmp data.iso /dev/sr0
		cat /dev/cdrom | cmp - data.iso
		dd if=/dev/sr0 bs=65536 | cmp - data.iso
		dd if=/dev/sr0 bs=1000 skip=7 count=100 | cmp -n 100000 -i 0:7000 - data.iso
		test "$(md5sum </dev/sr0)" = "$(md5sum <data.iso)"
		test "$(sha256sum /dev/sr0 | cut -d" " -f1)" = "$(sha256sum data.iso | cut -d" " -f1)"
		test "$(blockdev --getsize64 /dev/sr0)" = "$(wc -c <data.iso)"
		exec 3</dev/sr0; head -c 2048 <&3 >/dev/null; cat <&3 >rest'
	tail -c "$(wc -c <rest)" data.iso | cmp - rest
	! on audio.cue dd if=/dev/sr0 of=none count=1
}
try '' 'cat, dd, cmp and the shell read sectors' plain

cdinfo_audio() {
	on audio.cue cd-info --no-cddb --no-header >info
	grep '^  1: 00:02:00  000000 audio  false  no ' info
	grep '^  2: 00:12:00  000750 audio  true   yes ' info
	grep '^  3: 00:17:00  001125 audio  false  no ' info
	grep '^170: 00:22:00  001500 leadout' info
	grep '(MCN): 4006381333931' info
	grep 'TRACK  1 ISRC: DEABC2400001' info
	grep 'TRACK  3 ISRC: DEABC2400003' info
	! grep 'TRACK  2 ISRC' info
	grep -i 'title: .*Disc of Noise' info
}
try cd-info 'cd-info sees tracks, MCN, ISRC and CD-Text of an audio disc' cdinfo_audio

cdinfo_mixed() {
	on mixed.cue cd-info --no-cddb --no-header >info
	grep '^  1: 00:02:00  000000 data ' info
	grep "^  2: $(msf $((sectors + 300)))  *0*$((sectors + 150)) audio" info
	grep 'ISO 9660: .* label .JUDGES' info
}
try 'cd-info xorriso' 'cd-info sees a mixed disc and its volume' cdinfo_mixed

cdread() {
	on audio.cue cd-read -m audio -s 700 -e 799 -o cd-read.bin
	tail -c +$((700 * 2352 + 1)) audio.bin | head -c 235200 | cmp - cd-read.bin
}
try cd-read 'cd-read reads audio' cdread

readom_data() {
	on data.iso readom dev=/dev/sr0 f=readom.iso
	cmp readom.iso data.iso
	test -n "${SPINDLE_LONG-}" || return 0 # it looks at each bus there may be
	on data.iso readom dev=0,0,0 f=readom.iso
	cmp readom.iso data.iso
}
try readom 'readom reads data, by name and by bus' readom_data

readom_clone() {
	on audio.cue readom dev=/dev/sr0 -clone f=clone
	python3 - <<'END'
audio, clone = open("audio.bin", "rb").read(), open("clone", "rb").read()
assert len(clone) == 1500 * 2448
for i in range(1500):
    assert clone[i * 2448:i * 2448 + 2352] == audio[i * 2352:i * 2352 + 2352], i
    q = bytes(sum((clone[i * 2448 + 2352 + 8 * n + b] >> 6 & 1) << 7 - b for b in range(8))
              for n in range(12))
    crc = 0
    for byte in q[:10]:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xffff
    assert crc ^ 0xffff == q[10] << 8 | q[11], i
    if q[0] & 15 == 1:
        at = i + 150
        assert q[7:10] == bytes(int("%02d" % n, 16) for n in (at // 4500, at // 75 % 60, at % 75))
END
}
try readom 'readom reads audio with its sub-channel' readom_clone

swapped() { # FILE: each two bytes turned
	python3 -c 'import array, sys
a = array.array("H", open(sys.argv[1], "rb").read()); a.byteswap(); sys.stdout.buffer.write(a.tobytes())' "$1"
}
cdrdao_audio() {
	on audio.cue cdrdao read-cd -v 0 --device /dev/sr0 --datafile cdrdao.bin cdrdao.toc
	swapped cdrdao.bin | cmp - audio.bin
	grep 'CATALOG "4006381333931"' cdrdao.toc
	grep 'ISRC "DEABC2400003"' cdrdao.toc
	grep 'TITLE "Second"' cdrdao.toc
	test "$(grep -c '^COPY' cdrdao.toc)" -eq 1
	on audio.cue cdrdao read-toc -v 0 --device /dev/sr0 toc.toc
	grep 'START 00:0[12]:' toc.toc
	test "$(grep -c '^TRACK AUDIO' toc.toc)" -eq 3
}
try cdrdao 'cdrdao reads an audio disc' cdrdao_audio

cdrdao_mixed() {
	on mixed.cue cdrdao read-cd -v 0 --device /dev/sr0 --datafile mixed-cdrdao.bin mixed.toc
	head -c $(((sectors - 150) * 2048)) mixed-cdrdao.bin | cmp -n $(((sectors - 150) * 2048)) - data.iso
	grep '^TRACK MODE1' mixed.toc
}
try cdrdao 'cdrdao reads a mixed disc' cdrdao_mixed

icedax_audio() {
	on audio.cue icedax -D /dev/sr0 -q -H -B -O wav icedax
	for n in 1 2 3; do tail -c +45 icedax_0$n.wav; done | cmp - audio.bin
	on audio.cue icedax -D /dev/sr0 -J -B -H -v titles,catalog >said 2>&1
	grep 'Media catalog number: 4006381333931' said
	grep 'Second' said
}
try icedax 'icedax reads an audio disc, with MCN and titles' icedax_audio

cdparanoia_audio() {
	on audio.cue cdparanoia -q -d /dev/sr0 -Z -r -B -- '1-3'
	cat track0[123].cdda.raw | cmp - audio.bin
	rm track0*
	on audio.cue cdparanoia -q -d /dev/sr0 -r -- '1[.700]-2[.50]' paranoia.raw
	tail -c +$((700 * 2352 + 1)) audio.bin | head -c "$(wc -c <paranoia.raw)" | cmp - paranoia.raw
}
try cdparanoia 'cdparanoia reads an audio disc' cdparanoia_audio

toc() { # COMMAND…: says where the tracks begin
	on audio.cue "$@" >said
	grep 'track: *1 lba: *0 ' said
	grep 'track: *2 lba: *750 ' said
	grep 'track: *3 lba: *1125 ' said
	grep 'track: *lout lba: *1500 ' said
}
try wodim 'wodim reads a table of contents' toc wodim dev=/dev/sr0 -toc
try cdrskin 'cdrskin reads a table of contents' toc cdrskin dev=/dev/sr0 -toc

xorriso_extracts() {
	on data.iso xorriso -osirrox on -indev /dev/sr0 -extract / from-disc
	chmod -R u+w from-disc
	diff -r tree from-disc
}
try xorriso 'xorriso extracts files from the disc' xorriso_extracts

sg_tools() {
	on data.iso sg_raw -r 2048 -o sector /dev/sr0 28 00 00 00 00 10 00 00 01 00
	tail -c +32769 data.iso | cmp -n 2048 - sector
	on audio.cue sh -c 'sg_turs /dev/sg0; sg_turs /dev/sg0
		! sg_raw -r 2048 /dev/sg0 28 00 00 00 00 10 00 00 01 00' >said 2>&1
	grep -i 'illegal mode for this track' said
	on data.iso sg_get_config /dev/sr0 >said
	grep 'CD read feature' said
	on data.iso sg_readcap /dev/sr0 | grep "Last LBA=$((sectors - 1)) "
	on data.iso sh -ec 'sg_turs /dev/sg0 || sg_turs /dev/sg0; sg_prevent --prevent=1 /dev/sg0; ! sg_start --eject /dev/sg0
		sg_prevent --allow /dev/sg0; sg_start --eject /dev/sg0
		! sg_turs /dev/sg0; sg_start --load /dev/sg0; sg_turs /dev/sg0 || sg_turs /dev/sg0'
}
try 'sg_raw sg_get_config sg_readcap' 'sg3-utils send their own commands' sg_tools

ejects() {
	on data.iso sh -ec 'eject() { python3 -c "
import fcntl, os, sys
fd = os.open(\"/dev/cdrom\", os.O_RDONLY | os.O_NONBLOCK)
print(fcntl.ioctl(fd, int(sys.argv[1], 16)))" $1; }
		eject 5309; test "$(eject 5326)" = 2
		eject 5319; test "$(eject 5326)" = 4
		cmp data.iso /dev/sr0'
}
try python3 'the tray goes out and in again' ejects

# --- burning -------------------------------------------------------------------------------------

# burn KIND DISC COMMAND…
burn() {
	local kind=$1 disc=$2
	shift 2
	"$sim" --medium "$kind" "$disc" -- timeout 300 "$@"
}
# burned DISC IMAGE SECTORS: those of the image are on the disc as they are in the image. More is on
# a disc: a pregap before LBA 0, a track's run-out.
burned() {
	"$spindle" verify "$1" "$2" >said && return 0
	cat said
	grep -qE " $3 equal, 0 different, [0-9]+ only in the first, 0 only in the second" said
}
# read_back DISC IMAGE.iso: by two others
read_back() {
	on "$1" sh -c 'head -c "$(wc -c <"$1")" /dev/sr0 | cmp - "$1"' sh "$2"
	if command -v readom >/dev/null; then
		on "$1" readom dev=/dev/sr0 f=back.iso sectors=0-$(($(wc -c <"$2") / 2048))
		cmp back.iso "$2"
	fi
}

cdrdao_burns() {
	cat >burn.toc <<-'END'
		CD_DA
		CATALOG "4006381333931"
		TRACK AUDIO
		ISRC "DEABC2400001"
		FILE "audio.wav" 0 00:08:00
		TRACK AUDIO
		COPY
		FILE "audio.wav" 00:08:00 00:07:00
		START 00:02:00
		TRACK AUDIO
		ISRC "DEABC2400003"
		FILE "audio.wav" 00:15:00 00:05:00
	END
	python3 -c 'import wave
w = wave.open("audio.wav", "wb"); w.setparams((2, 2, 44100, 0, "NONE", ""))
w.writeframes(open("audio.bin", "rb").read())'
	grep -v -e TITLE -e PERFORMER audio.cue >plain.cue
	burn "$1" "cdrdao-$1.disc" cdrdao write -n -v 1 --device /dev/sr0 burn.toc
	burned "cdrdao-$1.disc" plain.cue 1500
	"$spindle" info --json "cdrdao-$1.disc" | grep 4006381333931
	on "cdrdao-$1.disc" cd-info --no-cddb --no-header >info
	grep 'TRACK  1 ISRC: DEABC2400001' info
	grep 'TRACK  3 ISRC: DEABC2400003' info
	if command -v cdparanoia >/dev/null; then
		on "cdrdao-$1.disc" cdparanoia -q -d /dev/sr0 -Z -r -B -- '1-3'
		cat track0[123].cdda.raw | cmp - audio.bin
	fi
}
try 'cdrdao cd-info' 'cdrdao burns an audio CD-R at once' cdrdao_burns cd-r
long 'cdrdao cd-info' 'cdrdao burns an audio CD-RW at once' cdrdao_burns cd-rw

data_burns() { # KIND COMMAND…
	rm -f data.disc
	burn "$1" data.disc "${@:2}" data.iso
	burned data.disc data.iso "$sectors"
	read_back data.disc data.iso
}
try wodim 'wodim burns data on a CD-R, the track alone' data_burns cd-r \
	wodim -s gracetime=2 dev=/dev/sr0 -tao -data
try wodim 'wodim burns data on a CD-RW, the disc at once' data_burns cd-rw \
	wodim -s gracetime=2 dev=/dev/sr0 -sao -data
try cdrskin 'cdrskin burns data on a CD-R, the track alone' data_burns cd-r \
	cdrskin dev=/dev/sr0 -tao -data
long cdrskin 'cdrskin burns data on a CD-RW, the disc at once' data_burns cd-rw \
	cdrskin dev=/dev/sr0 -sao -data
try xorriso 'xorriso burns data on a CD-R' data_burns cd-r \
	xorriso -as cdrecord dev=/dev/sr0

again() {
	rm -f again.disc
	burn cd-rw again.disc cdrskin dev=/dev/sr0 -sao -data data.iso
	burn cd-rw again.disc "$@"
	"$spindle" info again.disc 2>&1 | grep blank
	burn cd-rw again.disc cdrskin dev=/dev/sr0 -tao -data second.iso
	burned again.disc second.iso $((sectors + 1))
	read_back again.disc second.iso
}
cat data.iso >second.iso && head -c 2048 audio.bin >>second.iso
try cdrskin 'cdrskin blanks a CD-RW and burns it again' again cdrskin dev=/dev/sr0 blank=fast
long 'cdrskin cdrdao' 'cdrdao blanks a CD-RW for cdrskin' again \
	cdrdao blank --device /dev/sr0 --blank-mode minimal
long 'cdrskin wodim' 'wodim blanks a CD-RW for cdrskin' again \
	wodim -s gracetime=2 dev=/dev/sr0 blank=fast

# --- the whole table -----------------------------------------------------------------------------

long wodim 'wodim burns data on a CD-R, raw with P-W' data_burns cd-r \
	wodim -s gracetime=2 dev=/dev/sr0 -raw96r -data

# The sheet's two sessions are the same sectors, which the second one has again.
sessions() {
	rm -f sessions.disc
	burn "$1" sessions.disc "${@:2}" -multi -data data.iso
	on sessions.disc cdrskin dev=/dev/sr0 -msinfo >msinfo
	next=$(sed -n 's/^0,\([0-9]*\)$/\1/p' msinfo)
	test "$next" -eq $((sectors + 2 + 11250 + 150))
	burn "$1" sessions.disc "${@:2}" -data data.iso
	burned sessions.disc data.iso "$sectors" 2>&1 || true
	grep -q " $sectors equal, 0 different" said
	on sessions.disc sh -c '
		dd if=/dev/sr0 bs=2048 skip="$1" count="$2" | cmp - data.iso' sh "$next" "$sectors"
	"$spindle" info sessions.disc | grep 'of session 2'
}
long cdrskin 'cdrskin burns two sessions on a CD-R' sessions cd-r cdrskin dev=/dev/sr0 -tao
long 'cdrskin wodim' 'wodim burns two sessions on a CD-RW' sessions cd-rw \
	wodim -s gracetime=2 dev=/dev/sr0 -tao

grows() {
	rm -f grown.disc
	burn cd-rw grown.disc xorriso -outdev /dev/sr0 -map tree /a -commit -dev /dev/sr0 \
		-map tree /b -commit
	on grown.disc xorriso -osirrox on -indev /dev/sr0 -extract / grown
	chmod -R u+w grown
	diff -r tree grown/a
	diff -r tree grown/b
	"$spindle" info grown.disc | grep 'of session 2'
}
long xorriso 'xorriso adds a session on a CD-RW' grows

# 600 sectors of a pattern would do; noise it is, whole seconds of it.
audio_at_once() {
	rm -f whole.disc
	burn cd-r whole.disc "$@" audio.wav
	burned whole.disc audio.cue 1500
	on whole.disc cdparanoia -q -d /dev/sr0 -Z -r -- 1 whole.raw
	cmp -n $((1500 * 2352)) whole.raw audio.bin # a track written alone has two sectors of run-out
}
long 'wodim cdparanoia' 'wodim burns audio at once' audio_at_once \
	wodim -s gracetime=2 dev=/dev/sr0 -sao -audio
long 'wodim cdparanoia' 'wodim burns audio raw with P-W' audio_at_once \
	wodim -s gracetime=2 dev=/dev/sr0 -raw96r -audio
long 'cdrskin cdparanoia' 'cdrskin burns audio at once' audio_at_once \
	cdrskin dev=/dev/sr0 -sao -audio
long 'cdrskin cdparanoia' 'cdrskin burns an audio track alone' audio_at_once \
	cdrskin dev=/dev/sr0 -tao -audio

cdrdao_text() { # DRIVER: with CD-Text
	rm -f text.disc
	sed '/^CATALOG/a CD_TEXT { LANGUAGE_MAP { 0 : EN } LANGUAGE 0 { TITLE "Noise" PERFORMER "Chance" } }
		s/^FILE/CD_TEXT { LANGUAGE 0 { TITLE "Part" PERFORMER "Dice" } }\n&/' burn.toc >text.toc
	burn cd-r text.disc cdrdao write -n -v 1 --driver "$1" --device /dev/sr0 text.toc
	burned text.disc plain.cue 1500
}
titles() {
	on text.disc cd-info --no-cddb --no-header >info
	grep 'TITLE: Noise' info
	grep 'PERFORMER: Dice' info
	on text.disc cdrskin dev=/dev/sr0 -vv -toc cdtext_to_v07t=- | grep 'Album Title *= *Noise'
}
text_at_once() {
	cdrdao_text generic-mmc:0x10
	titles
}
long 'cdrdao cd-info cdrskin' 'cdrdao burns CD-Text' text_at_once
long cdrdao 'cdrdao burns raw with P-W' cdrdao_text generic-mmc-raw

mixed_burns() {
	cat >mixed-burn.toc <<-'END'
		CD_ROM
		TRACK MODE1
		DATAFILE "data.iso"
		ZERO 00:02:00
		TRACK AUDIO
		PREGAP 00:02:00
		FILE "audio.wav" 0
	END
	rm -f mixed.disc
	burn cd-r mixed.disc cdrdao write -n -v 1 --device /dev/sr0 mixed-burn.toc
	read_back mixed.disc data.iso
	on mixed.disc cdparanoia -q -d /dev/sr0 -Z -r -- 2 mixed.raw
	cmp mixed.raw audio.bin
}
long 'cdrdao cdparanoia' 'cdrdao burns data and audio' mixed_burns

mediainfo() { # KIND
	rm -f blank.disc
	burn "$1" blank.disc dvd+rw-mediainfo /dev/sr0 >info || test $? -lt 128
	cat info
	grep -i "Mounted Media: .*$(echo "$1" | sed 's/-dl$//; s/+/[+]/')" info
}
dvd_burns() { # KIND COMMAND…
	rm -f dvd.disc
	burn "$1" dvd.disc "${@:2}"
	burned dvd.disc data.iso "$sectors"
	read_back dvd.disc data.iso
}
dvd_sessions() { # KIND
	rm -rf dvd.disc out second
	mkdir second
	cp audio.wav second/
	burn "$1" dvd.disc xorriso -dev /dev/sr0 -map tree / -commit
	on dvd.disc xorriso -dev /dev/sr0 -map second / -commit
	on dvd.disc xorriso -osirrox on -indev /dev/sr0 -extract / out
	cmp out/noise tree/noise
	cmp out/audio.wav audio.wav
}
dvd_formatted() { # KIND HOW WORDS
	rm -f dvd.disc
	burn "$1" dvd.disc cdrskin dev=/dev/sr0 "blank=$2"
	on dvd.disc cdrskin dev=/dev/sr0 -data data.iso
	test "$1" = bd-r || on dvd.disc cdrskin dev=/dev/sr0 -data data.iso
	read_back dvd.disc data.iso
	on dvd.disc dvd+rw-mediainfo /dev/sr0 | grep "Mounted Media: .*$3"
}
# Not asked: growisofs -M, which hands the open drive to genisoimage over exec, where the door does
# not know it again.
force='-use-the-force-luke=notray -use-the-force-luke=tty'
try growisofs 'growisofs burns a DVD+R' dvd_burns dvd+r growisofs $force -Z /dev/sr0=data.iso
try cdrskin 'cdrskin burns a BD-R' dvd_burns bd-r cdrskin dev=/dev/sr0 -data data.iso
# BD-RE is not formatted unasked by cdrskin; wodim formats no DVD+RW and knows no BD.
for kind in dvd-r dvd-rw dvd+r dvd+rw dvd+r-dl bd-r bd-re; do
	long cdrskin "cdrskin burns a $kind" dvd_burns $kind \
		cdrskin dev=/dev/sr0 blank=format_if_needed -data data.iso
	long xorriso "xorriso burns a $kind" dvd_burns $kind xorriso -as cdrecord dev=/dev/sr0 data.iso
	long growisofs "growisofs burns a $kind" dvd_burns $kind \
		growisofs $force -Z /dev/sr0=data.iso
	case $kind in
	dvd-r | dvd-rw)
		long cdrskin "cdrskin burns a $kind at once" dvd_burns $kind \
			cdrskin dev=/dev/sr0 -sao -data data.iso
		long growisofs "growisofs burns a $kind at once" dvd_burns $kind growisofs $force \
			-use-the-force-luke=dao -dvd-compat -Z /dev/sr0=data.iso
		;;
	esac
	case $kind in
	dvd-r | dvd-rw | dvd+r | dvd+r-dl)
		long wodim "wodim burns a $kind" dvd_burns $kind \
			wodim -s gracetime=2 dev=/dev/sr0 -dao -data data.iso
		;;
	dvd+rw)
		long 'wodim dvd+rw-format' "wodim burns a $kind that was formatted" dvd_burns $kind \
			sh -c 'dvd+rw-format /dev/sr0 && wodim -s gracetime=2 dev=/dev/sr0 -dao -data data.iso'
		;;
	esac
	long dvd+rw-mediainfo "dvd+rw-mediainfo sees a blank $kind" mediainfo $kind
	long xorriso "xorriso burns two sessions on a $kind" dvd_sessions $kind
done
long 'cdrskin dvd+rw-mediainfo' 'cdrskin formats a dvd-rw for restricted overwrite, and burns it twice' \
	dvd_formatted dvd-rw format_overwrite 'DVD-RW Restricted Overwrite'
long 'cdrskin dvd+rw-mediainfo' 'cdrskin formats a bd-r with spares, and burns it' \
	dvd_formatted bd-r format_defectmgt 'BD-R SRM'

if test -n "${SPINDLE_LONG-}"; then
	echo '# judge × medium × mode: the lines "burns" above; each was read back by others'
fi
echo "1..$count"
exit $failed
