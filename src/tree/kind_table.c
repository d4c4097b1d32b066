/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures of kinds of discs, each with where it is described. A kind without one is not told. */
#include "tree/kind.h"

#include "base/bytes.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* --- texts --- */

/* Append printable ASCII of a field, runs of spaces as one; '?' is what is not. */
static void kind_add(struct kind_seen *seen, const char *before, const void *field, size_t size)
{
	const uint8_t *p = field;
	size_t used = strlen(seen->text);
	bool any = false;

	for (size_t i = 0; i < size && p[i]; i++) {
		const bool space = p[i] == ' ' || p[i] == '\t';
		const char c = space ? ' ' : p[i] > 0x20 && p[i] < 0x7f ? (char)p[i] : '?';

		if ((space && (!any || seen->text[used - 1] == ' ')) || used + 2 >= SP_KIND_TEXT)
			continue;
		if (!any && used) {
			const size_t n = strlen(before);
			if (used + n + 2 >= SP_KIND_TEXT)
				return;
			memcpy(seen->text + used, before, n);
			used += n;
		}
		any = true;
		seen->text[used++] = c;
	}
	while (any && used && seen->text[used - 1] == ' ')
		used--;
	seen->text[used] = '\0';
}

static void kind_field(struct kind_seen *seen, size_t at, size_t size)
{
	if (sp_range_ok(at, size, seen->size))
		kind_add(seen, ", ", seen->data + at, size);
}

/* --- consoles --- */

/* A value of SYSTEM.CNF, "BOOT = cdrom:\SLUS_012.34;1"; size 0: it has none. */
static struct sp_word cnf_value(const struct kind_seen *seen, const char *key)
{
	struct sp_text_cursor c;
	const size_t size = strlen(key);

	sp_text_begin(&c, seen->data, seen->size);
	while (sp_text_line(&c)) {
		struct sp_word rest = sp_text_rest(&c);

		if (rest.size <= size || memcmp(rest.at, key, size) != 0)
			continue;
		const char *p = rest.at + size, *end = rest.at + rest.size;
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (p == end || *p++ != '=')
			continue;
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		return (struct sp_word){.at = p, .size = (size_t)(end - p)};
	}
	return (struct sp_word){0};
}

/* The last component of a path, without a version: SLUS_012.34 as the number SLUS-01234. */
static void cnf_serial(struct kind_seen *seen, struct sp_word path)
{
	const char *name = path.at, *end = path.at + path.size;
	char serial[12];
	size_t n = 0;

	for (const char *p = path.at; p < end; p++)
		if (*p == '\\' || *p == '/' || *p == ':')
			name = p + 1;
	for (const char *p = name; p < end; p++)
		if (*p == ';' || *p == ' ' || *p == '\t')
			end = p;
	if (end - name == 11 && (name[4] == '_' || name[4] == '-') && name[8] == '.') {
		for (size_t i = 0; i < 11; i++)
			if (i != 8)
				serial[n++] = i == 4 ? '-' : name[i];
		kind_add(seen, ", ", serial, n);
		return;
	}
	kind_add(seen, ", ", name, (size_t)(end - name));
}

static bool tell_ps1(struct kind_seen *seen)
{
	const struct sp_word boot = cnf_value(seen, "BOOT");

	if (boot.size)
		cnf_serial(seen, boot);
	return boot.size;
}

static bool tell_ps2(struct kind_seen *seen)
{
	const struct sp_word boot = cnf_value(seen, "BOOT2"), version = cnf_value(seen, "VER");

	if (!boot.size)
		return false;
	cnf_serial(seen, boot);
	kind_add(seen, ", version ", version.at, version.size);
	return true;
}

/* The licence sector: "Licensed by Sony Computer Entertainment " and "Inc.", "Amer ica", "Euro pe".
 */
static bool tell_licence(struct kind_seen *seen)
{
	static const struct {
		const char *word, *region;
	} regions[] = {{"Inc.", "Japan"}, {"Amer", "America"}, {"Euro", "Europe"}};
	const char *who = "Sony Computer Entertainment ";
	const uint8_t *p = memmem(seen->data, 128, who, strlen(who));

	if (!p)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (!memcmp(p + strlen(who), regions[i].word, 4))
			snprintf(seen->text, SP_KIND_TEXT, "licensed for %s", regions[i].region);
	return true;
}

/* UMD_DATA.BIN: "ULUS-10041|…" */
static bool tell_umd(struct kind_seen *seen)
{
	size_t n = 0;

	while (n < seen->size && n < 16 && seen->data[n] != '|')
		n++;
	if (n < 9 || n == seen->size || seen->data[n] != '|')
		return false;
	kind_add(seen, "", seen->data, n);
	return true;
}

/* Product number, version, date, areas, title. */
static bool tell_saturn(struct kind_seen *seen)
{
	kind_field(seen, 0x20, 10);
	kind_field(seen, 0x2a, 6);
	kind_field(seen, 0x30, 8);
	kind_field(seen, 0x60, 112);
	return true;
}

static bool tell_dreamcast(struct kind_seen *seen)
{
	kind_field(seen, 0x40, 10);
	kind_field(seen, 0x4a, 6);
	kind_field(seen, 0x50, 8);
	kind_field(seen, 0x80, 128);
	return true;
}

static bool tell_megacd(struct kind_seen *seen)
{
	kind_field(seen, 0x180, 14);
	kind_field(seen, 0x150, 48);
	return true;
}

static bool tell_gamecube(struct kind_seen *seen)
{
	kind_field(seen, 0, 6);
	kind_field(seen, 0x20, 64);
	return true;
}

/* --- video and photo --- */

/* INFO.VCD: 8 version and profile, 10 album. */
static bool tell_vcd(struct kind_seen *seen)
{
	char version[8] = "";

	if (seen->size < 30)
		return false;
	if (!memcmp(seen->data, "VIDEO_CD", 8))
		snprintf(version, sizeof(version), "%s",
			 seen->data[8] != 1 ? "2.0"
			 : seen->data[9]    ? "1.1"
					    : "1.0");
	kind_add(seen, "", version, strlen(version));
	kind_field(seen, 10, 16);
	return true;
}

/* The version of index.bdmv: INDX0100, 0200, 0300. */
static bool tell_bdmv(struct kind_seen *seen)
{
	if (seen->size < 8)
		return false;
	for (size_t i = 4; i < 8; i++)
		if (!isdigit(seen->data[i]))
			return false;
	snprintf(seen->text, SP_KIND_TEXT, "%sversion %u.%c%c",
		 memcmp(seen->data + 4, "0300", 4) ? "" : "Ultra HD, ",
		 (seen->data[4] - '0') * 10u + seen->data[5] - '0', seen->data[6], seen->data[7]);
	return true;
}

/* --- systems --- */

/* The first line of a text. */
static bool tell_line(struct kind_seen *seen)
{
	struct sp_text_cursor c;

	sp_text_begin(&c, seen->data, seen->size);
	if (!sp_text_line(&c))
		return false;
	const struct sp_word line = sp_text_rest(&c);
	kind_add(seen, "", line.at, line.size);
	return line.size != 0;
}

/* .discinfo: a time, the release, the machine, a line each. */
static bool tell_discinfo(struct kind_seen *seen)
{
	struct sp_text_cursor c;
	bool any = false;

	sp_text_begin(&c, seen->data, seen->size);
	for (unsigned i = 0; i < 3 && sp_text_line(&c); i++) {
		const struct sp_word line = sp_text_rest(&c);

		if (!i && (!line.size || !isdigit((unsigned char)line.at[0])))
			return false;
		if (i)
			kind_add(seen, ", ", line.at, line.size);
		any = i;
	}
	return any;
}

/* ProductVersion of a SystemVersion.plist. */
static bool tell_macos(struct kind_seen *seen)
{
	static const char key[] = "<key>ProductVersion</key>", open[] = "<string>";
	const uint8_t *p = memmem(seen->data, seen->size, key, strlen(key));
	const uint8_t *end = seen->data + seen->size;

	p = p ? memmem(p, (size_t)(end - p), open, strlen(open)) : NULL;
	if (!p)
		return false;
	p += strlen(open);
	const uint8_t *close = memchr(p, '<', (size_t)(end - p));
	if (close)
		kind_add(seen, "", p, (size_t)(close - p));
	return true;
}

#define BYTES(text) sizeof(text) - 1, text

const struct kind_sector kind_sectors[] = {
	/* psx-spx, "CDROM Disk Format": sector 4 */
	{"PlayStation", 4 * 2048, BYTES("          Licensed  by          "), 4 * 2048,
	 tell_licence},
	/* Sega Saturn Disc Format Standards ST-040, "boot system"; Dreamcast Disc Format
	 * Specifications, IP; Mega-CD Disc Format Specifications, "disc header" */
	{"Sega Saturn", 0, BYTES("SEGA SEGASATURN "), 0, tell_saturn},
	{"Sega Dreamcast", 0, BYTES("SEGA SEGAKATANA "), 0, tell_dreamcast},
	{"Sega Mega-CD", 0, BYTES("SEGADISCSYSTEM  "), 0, tell_megacd},
	{"Sega Mega-CD", 0, BYTES("SEGABOOTDISC    "), 0, tell_megacd},
	/* Opera file system: record type, five sync bytes, version; the volume's label at 40 */
	{"3DO", 0, BYTES("\1ZZZZZ\1"), 40, NULL},
	/* Hu7 CD System BIOS manual: IPL information in the track's second sector */
	{"PC Engine CD", 2048 + 32, BYTES("PC Engine CD-ROM SYSTEM"), 2048, NULL},
	{"PC-FX", 0, BYTES("PC-FX:Hu_CD-ROM "), 0, NULL},
	/* Yet Another Gamecube Documentation 13; WiiBrew "Wii disc" */
	{"Nintendo GameCube", 0x1c, BYTES("\xc2\x33\x9f\x3d"), 0, tell_gamecube},
	{"Nintendo Wii", 0x18, BYTES("\x5d\x1c\x9e\xa3"), 0, tell_gamecube},
	/* XDVDFS: the volume descriptor in sector 32 of the game partition */
	{"Xbox", 32 * 2048, BYTES("MICROSOFT*XBOX*MEDIA"), 0, NULL},
	/* Green Book III.2: the disc label; White Book and Photo CD: a bridge disc's system */
	{"CD-i", 16 * 2048 + 1, BYTES("CD-I "), 0, NULL},
	{"CD-i bridge", 16 * 2048 + 8, BYTES("CD-RTOS CD-BRIDGE"), 0, NULL},
	{NULL, 0, 0, NULL, 0, NULL},
};

const struct kind_file kind_files[] = {
	/* psx-spx, "CDROM File Playstation EXE and SYSTEM.CNF" */
	{"PlayStation", "SYSTEM.CNF", 0, 0, NULL, tell_ps1},
	{"PlayStation", "PSX.EXE", 0, BYTES("PS-X EXE"), NULL},
	{"PlayStation 2", "SYSTEM.CNF", 0, 0, NULL, tell_ps2},
	{"PlayStation 3", "PS3_DISC.SFB", 0, BYTES(".SFB"), NULL},
	{"PSP", "UMD_DATA.BIN", 0, 0, NULL, tell_umd},
	/* White Book (IEC 62107): INFO.VCD, INFO.SVD */
	{"Video CD", "VCD/INFO.VCD", 0, BYTES("VIDEO_CD"), tell_vcd},
	{"Super Video CD", "SVCD/INFO.SVD", 0, BYTES("SUPERVCD"), tell_vcd},
	{"Super Video CD", "SVCD/INFO.SVD", 0, BYTES("HQ-VCD  "), tell_vcd},
	/* DVD Specifications for Read-Only Disc part 3 and 4, for rewritable discs part 3 */
	{"DVD-Video", "VIDEO_TS/VIDEO_TS.IFO", 0, BYTES("DVDVIDEO-VMG"), NULL},
	{"DVD-Audio", "AUDIO_TS/AUDIO_TS.IFO", 0, BYTES("DVDAUDIO-AMG"), NULL},
	{"DVD Video Recording", "DVD_RTAV/VR_MANGR.IFO", 0, BYTES("DVD_RTR_VMG0"), NULL},
	/* Blu-ray Disc Read-Only Format part 3, "index.bdmv"; AVCHD has it as INDEX.BDM */
	{"Blu-ray video", "BDMV/index.bdmv", 0, BYTES("INDX"), tell_bdmv},
	{"AVCHD", "BDMV/INDEX.BDM", 0, BYTES("INDX"), tell_bdmv},
	/* Photo CD: INFO.PCD */
	{"Photo CD", "PHOTO_CD/INFO.PCD", 0, BYTES("PHOTO_CD"), NULL},
	/* What boots live: the file system, by its own signature, where the loader looks for it */
	{"Debian family", ".disk/info", 0, 0, NULL, tell_line},
	{"live system (casper)", "casper/*.squashfs", 0, BYTES("hsqs"), NULL},
	{"live system (live-boot)", "live/*.squashfs", 0, BYTES("hsqs"), NULL},
	{"live system (dracut)", "LiveOS/squashfs.img", 0, BYTES("hsqs"), NULL},
	{"live system (dracut)", "LiveOS/squashfs.img", 1024, BYTES("\xe2\xe1\xf5\xe0"), NULL},
	{"live system (archiso)", "arch/*/airootfs.sfs", 0, BYTES("hsqs"), NULL},
	{"live system (archiso)", "arch/*/airootfs.erofs", 1024, BYTES("\xe2\xe1\xf5\xe0"), NULL},
	{"Fedora family", ".discinfo", 0, 0, NULL, tell_discinfo},
	/* Windows Imaging Format: the header's signature */
	{"Windows installer", "sources/boot.wim", 0, BYTES("MSWIM\0\0\0"), NULL},
	{"Windows installer", "sources/install.wim", 0, BYTES("MSWIM\0\0\0"), NULL},
	/* What createinstallmedia and the store's images have */
	{"macOS installer", "Install macOS *.app/Contents/", 0, 0, NULL, NULL},
	{"macOS installer", "Install OS X *.app/Contents/", 0, 0, NULL, NULL},
	{"macOS", "System/Library/CoreServices/SystemVersion.plist", 0, 0, NULL, tell_macos},
	{NULL, NULL, 0, 0, NULL, NULL},
};
