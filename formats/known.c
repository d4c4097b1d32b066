/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recognising containers by content: a table of magic bytes, and functions where they do not do. */
#include "formats/known.h"

#include "base/bytes.h"
#include "base/text.h"
#include "disc/sector.h"
#include "disc/subchannel.h"
#include "formats/formats.h"

#include <string.h>

/* Scores: 90 for a container's own signature; 80 for a short one or a structure; 60 for wrappings
 * and tables that other containers may begin with. */

/* `size` bytes at `offset`, negative: from the end of the file. NULL: not in head or tail. */
static const uint8_t *known_at(const struct sp_probe *p, int64_t offset, size_t size)
{
	if (offset >= 0)
		return sp_range_ok((uint64_t)offset, size, p->head_size) ? p->head + offset : NULL;
	uint64_t back = (uint64_t)-offset;
	if (back > p->tail_size || size > back)
		return NULL;
	return p->tail + (p->tail_size - back);
}

static bool known_is(const struct sp_probe *p, int64_t offset, const char *bytes, size_t size)
{
	const uint8_t *at = known_at(p, offset, size);

	return at && !memcmp(at, bytes, size);
}

int sp_magic_probe(const struct sp_magic *magic, const struct sp_probe *probe)
{
	int best = 0;
	bool all = true;

	for (; magic->size; magic++) {
		all = all && known_is(probe, magic->offset, magic->bytes, magic->size);
		if (!magic->score)
			continue;
		if (all && magic->score > best)
			best = magic->score;
		all = true;
	}
	return best;
}

/* Bytes beyond head and tail, exact or false. */
static bool known_read(const struct sp_probe *p, uint64_t at, void *data, size_t size)
{
	return p->io && sp_range_ok(at, size, p->size) && !sp_io_read(p->io, at, data, size, NULL);
}

/* The first word of the next line that has one and is no // comment. */
static bool known_word(struct sp_text_cursor *c, struct sp_word *word)
{
	while (sp_text_line(c))
		if (sp_text_word(c, word) && (word->size < 2 || memcmp(word->at, "//", 2) != 0))
			return true;
	return false;
}

static bool known_word_in(const struct sp_word *word, const char *const *list)
{
	while (*list && !sp_word_is(word, *list))
		list++;
	return *list;
}

/* What tells it from a cue sheet, which shares CATALOG and TRACK: a header no cue sheet has, or a
 * mode where a cue sheet has the track's number. */
static int known_toc(const struct sp_probe *p)
{
	static const char *const header[] = {"CD_DA",   "CD_ROM",         "CD_ROM_XA", "CD_I",
					     "CD_TEXT", "FIRST_TRACK_NO", NULL};
	static const char *const mode[] = {"AUDIO",       "MODE1",          "MODE1_RAW",
					   "MODE2",       "MODE2_RAW",      "MODE2_FORM1",
					   "MODE2_FORM2", "MODE2_FORM_MIX", NULL};
	struct sp_text_cursor c;
	struct sp_word word;

	sp_text_begin(&c, p->head, p->head_size);
	while (known_word(&c, &word)) {
		if (known_word_in(&word, header))
			return 90;
		if (sp_word_is(&word, "TRACK"))
			return sp_text_word(&c, &word) && known_word_in(&word, mode) ? 90 : 0;
		if (!sp_word_is(&word, "CATALOG"))
			return 0;
	}
	return 0;
}

/* A count, then a first line `1 LBA 0|4 SIZE NAME OFFSET`. */
static int known_gdi(const struct sp_probe *p)
{
	struct sp_text_cursor c;
	struct sp_word word, name;
	unsigned tracks, number, lba, control, size, offset;

	sp_text_begin(&c, p->head, p->head_size);
	if (!known_word(&c, &word) || !sp_word_number(&word, SP_TRACK_MAX, &tracks) ||
	    sp_text_rest(&c).size || !known_word(&c, &word) || !sp_word_number(&word, 1, &number))
		return 0;
	if (!sp_text_word(&c, &word) || !sp_word_number(&word, SP_LBA_MSF_END, &lba) ||
	    !sp_text_word(&c, &word) || !sp_word_number(&word, 4, &control) ||
	    !sp_text_word(&c, &word) || !sp_word_number(&word, SP_RAW_SIZE, &size) || size < 2048)
		return 0;
	return sp_text_word(&c, &name) && sp_text_word(&c, &word) &&
			       sp_word_number(&word, UINT32_MAX, &offset)
		       ? 90
		       : 0;
}

/* The reply of READ TOC format 2 (MMC 6.26.2.4), as readcd -clone and other rippers keep it; readcd
 * adds two or three bytes with the sector types. */
static int known_readcd(const struct sp_probe *p)
{
	const uint8_t *toc = known_at(p, 0, 4);
	size_t length = toc ? get_be16(toc) + 2u : 0;

	if (length < 4 + 3 * 11 || (length - 4) % 11 || p->head_size < length || p->size < length ||
	    p->size - length > 3 || !toc[2] || toc[3] < toc[2] || toc[3] > SP_TRACK_MAX)
		return 0;
	for (const uint8_t *entry = toc + 4; entry < toc + length; entry += 11) {
		unsigned point = entry[3];

		if (entry[0] < toc[2] || entry[0] > toc[3] || entry[2] || !point ||
		    (point > SP_TRACK_MAX && (point < 0xA0 || point > 0xCF)))
			return 0;
	}
	return 80;
}

/* The last 8 bytes: a version and where the descriptor begins, counted from the end since 3.5,
 * from the beginning before. It begins with the number of sessions. */
static int known_cdi(const struct sp_probe *p)
{
	const uint8_t *end = known_at(p, -8, 8);
	uint32_t version = end ? get_le32(end) : 0;
	uint64_t at = end ? get_le32(end + 4) : 0;
	uint8_t sessions;

	if (version < 0x80000004 || version > 0x80000006 || !at || at >= p->size)
		return 0;
	if (version == 0x80000006)
		at = p->size - at;
	return known_read(p, at, &sessions, 1) && sessions && sessions <= SP_TRACK_MAX ? 90 : 0;
}

/* CISO of the PSP has a header size (0 or 24) where that of the GameCube has a block size, which is
 * followed by a map of 0x7FF8 bytes of 0 and 1. */
static int known_cso(const struct sp_probe *p)
{
	const uint8_t *head = known_at(p, 0, 24);

	if (!head || memcmp(head, "CISO", 4) != 0)
		return 0;
	uint32_t size = get_le32(head + 4), block = get_le32(head + 16);
	return (!size || size == 24) && block && !(block & (block - 1)) ? 90 : 0;
}

static int known_ciso(const struct sp_probe *p)
{
	const uint8_t *head = known_at(p, 0, 0x8000);
	unsigned used = 0;

	if (!head || memcmp(head, "CISO", 4) != 0 || get_le32(head + 4) <= 24)
		return 0;
	for (size_t i = 8; i < 0x8000; i++) {
		if (head[i] > 1)
			return 0;
		used += head[i];
	}
	return used ? 90 : 0;
}

/* LBA 16 of a dump that begins at LBA -45150: a sync pattern and a scrambled header (ECMA-130 annex
 * B) of 00:02:16. A dump of audio alone has no mark. */
static int known_scram(const struct sp_probe *p)
{
	static const uint8_t want[15] = {0,    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					 0xff, 0xff, 0xff, 0,    0x01, 0x82, 0x16};
	uint8_t sector[sizeof(want)];

	return known_read(p, (45150 + 16) * (uint64_t)SP_RAW_SIZE, sector, sizeof(sector)) &&
			       !memcmp(sector, want, sizeof(want))
		       ? 90
		       : 0;
}

/* A MacBinary header's fixed zeros, lengths that fit, and its mark (III) or CRC (II). */
static bool known_is_macbinary(const struct sp_probe *p)
{
	const uint8_t *head = known_at(p, 0, 128);

	if (!head || head[0] || head[74] || !head[1] || head[1] > 63)
		return false;
	uint64_t data = (get_be32(head + 83) + UINT64_C(127)) & ~UINT64_C(127);
	uint64_t resource = get_be32(head + 87);
	uint16_t crc = sp_crc16_gsm(head, 124);
	crc ^= 0xffff; /* not inverted here */
	return data + resource && 128 + data + resource <= p->size &&
	       (!memcmp(head + 102, "mBIN", 4) || crc == get_be16(head + 124));
}

/* Its resource map names a resource of type bcem, the block map. */
static int known_ndif(const struct sp_probe *p)
{
	uint8_t fork[16], map[1024];

	if (!known_is_macbinary(p))
		return 0;
	uint64_t data = (get_be32(p->head + 83) + UINT64_C(127)) & ~UINT64_C(127);
	if (!known_read(p, 128 + data, fork, sizeof(fork)))
		return 0;
	uint64_t at = 128 + data + get_be32(fork + 4);
	size_t size = get_be32(fork + 12) < sizeof(map) ? get_be32(fork + 12) : sizeof(map);
	return known_read(p, at, map, size) && memmem(map, size, "bcem", 4) ? 90 : 0;
}

static int known_macbinary(const struct sp_probe *p)
{
	return known_is_macbinary(p) ? 60 : 0;
}

static int known_dc42(const struct sp_probe *p)
{
	const uint8_t *head = known_at(p, 0, 84);

	if (!head || head[0] > 63 || head[80] > 3 || get_be16(head + 82) != 0x0100)
		return 0;
	uint64_t data = get_be32(head + 64), tags = get_be32(head + 68);
	return data && data % 512 == 0 && 84 + data + tags == p->size ? 90 : 0;
}

/* An ID3v2 tag, or a frame of MPEG-1 layer III where the next one follows (ISO 11172-3 2.4.1.3). */
static int known_mp3(const struct sp_probe *p)
{
	static const uint16_t kbit[16] = {0,   32,  40,  48,  56,  64,  80,  96,
					  112, 128, 160, 192, 224, 256, 320, 0};
	static const uint16_t rate[4] = {441, 480, 320, 0}; /* hundreds of Hz */
	const uint8_t *head = known_at(p, 0, 10);

	if (!head)
		return 0;
	if (!memcmp(head, "ID3", 3))
		return head[3] < 0x10 && head[4] != 0xff && !((head[6] | head[7] | head[8]) & 0x80)
			       ? 80
			       : 0;
	unsigned bits = kbit[head[2] >> 4], hz = rate[head[2] >> 2 & 3];
	if (head[0] != 0xff || (head[1] & 0xfe) != 0xfa || !bits || !hz)
		return 0;
	unsigned frame = 144 * bits * 10 / hz + (head[2] >> 1 & 1);
	const uint8_t *next = known_at(p, frame, 2);
	return next && next[0] == 0xff && (next[1] & 0xfe) == 0xfa ? 80 : 0;
}

/* clang-format off */
#define EXT(...)        (const char *const[]){__VA_ARGS__, NULL}
#define NO_EXT          (const char *const[]){NULL}
#define AT(at, n, text) {.offset = at, .size = sizeof(text) - 1, .score = n, .bytes = text}
#define MAGIC(...)      (const struct sp_magic[]){__VA_ARGS__, {0}}
#define KNOWN(id, text) .name = id, .summary = text
#define FORMAT(...)     &(const struct sp_format){__VA_ARGS__}

const struct sp_format *const sp_known_formats[] = {
	/* sheets and CD images */
	FORMAT(KNOWN("toc", "cdrdao TOC file"), .extension = EXT(".toc"), .flags = SP_FORMAT_SHEET,
	       .probe = known_toc),
	FORMAT(KNOWN("gdi", "GD-ROM track list"), .extension = EXT(".gdi"),
	       .flags = SP_FORMAT_SHEET, .probe = known_gdi),
	FORMAT(KNOWN("readcd", "full TOC as read from a drive"), .extension = EXT(".fulltoc"),
	       .flags = SP_FORMAT_SHEET, .probe = known_readcd),
	FORMAT(KNOWN("nrg", "Nero image"), .extension = EXT(".nrg"),
	       .magic = MAGIC(AT(-12, 90, "NER5"), AT(-8, 90, "NERO"))),
	FORMAT(KNOWN("mds", "Alcohol 120% descriptor"), .extension = EXT(".mds"),
	       .flags = SP_FORMAT_SHEET,
	       .magic = MAGIC(AT(0, 90, "MEDIA DESCRIPTOR\1"))),
	FORMAT(KNOWN("mdx", "DAEMON Tools image"), .extension = EXT(".mdx"),
	       .magic = MAGIC(AT(0, 90, "MEDIA DESCRIPTOR\2"))),
	FORMAT(KNOWN("cdi", "DiscJuggler image"), .extension = EXT(".cdi"), .probe = known_cdi),
	FORMAT(KNOWN("b6t", "BlindWrite 5/6 descriptor"), .extension = EXT(".b6t", ".b5t"),
	       .flags = SP_FORMAT_SHEET, .magic = MAGIC(AT(0, 90, "BWT5 STREAM SIGN"))),
	FORMAT(KNOWN("bwt", "BlindWrite 4 descriptor"), .extension = EXT(".bwt"),
	       .flags = SP_FORMAT_SHEET, .magic = MAGIC(AT(0, 90, "BLINDWRITE TOC FILE"))),
	FORMAT(KNOWN("c2d", "Roxio WinOnCD image"), .extension = EXT(".c2d"),
	       .magic = MAGIC(AT(0, 90, "Roxio Image File Format 3.0"),
			      AT(0, 90, "Adaptec CeQuadrat VirtualCD File"))),
	FORMAT(KNOWN("cif", "Easy CD Creator image"), .extension = EXT(".cif"),
	       .magic = MAGIC(AT(0, 0, "RIFF"), AT(8, 90, "imag"))),
	FORMAT(KNOWN("scram", "scrambled dump from the lead-in on"), .extension = EXT(".scram"),
	       .probe = known_scram),
	FORMAT(KNOWN("aaru", "AaruFormat image"), .extension = EXT(".aaru", ".dicf"),
	       .magic = MAGIC(AT(0, 90, "AARUFRMT"), AT(0, 90, "DICMFRMT"))),

	/* compressed discs */
	FORMAT(KNOWN("chd", "MAME compressed image"), .extension = EXT(".chd"),
	       .magic = MAGIC(AT(0, 90, "MComprHD"))),
	FORMAT(KNOWN("cso", "PSP compressed ISO"), .extension = EXT(".cso"), .probe = known_cso),
	FORMAT(KNOWN("ciso", "GameCube/Wii sparse disc"), .extension = EXT(".ciso"),
	       .probe = known_ciso),
	FORMAT(KNOWN("zso", "LZ4-compressed ISO"), .extension = EXT(".zso"),
	       .magic = MAGIC(AT(0, 90, "ZISO"))),
	FORMAT(KNOWN("dax", "DAX compressed ISO"), .extension = EXT(".dax"),
	       .magic = MAGIC(AT(0, 80, "DAX\0"))),
	FORMAT(KNOWN("jso", "JSO compressed ISO"), .extension = EXT(".jso"),
	       .magic = MAGIC(AT(0, 90, "JISO"))),
	FORMAT(KNOWN("isz", "UltraISO compressed image"), .extension = EXT(".isz"),
	       .magic = MAGIC(AT(0, 90, "IsZ!"))),
	FORMAT(KNOWN("daa", "PowerISO image"), .extension = EXT(".daa"),
	       .magic = MAGIC(AT(0, 90, "DAA\0\0\0\0\0\0\0\0\0\0\0\0\0"),
			      AT(0, 90, "DAA VOL\0\0\0\0\0\0\0\0\0"))),
	FORMAT(KNOWN("gbi", "gBurner image"), .extension = EXT(".gbi"),
	       .magic = MAGIC(AT(0, 90, "GBI\0\0\0\0\0\0\0\0\0\0\0\0\0"),
			      AT(0, 90, "GBI VOL\0\0\0\0\0\0\0\0\0"))),
	FORMAT(KNOWN("ecm", "ECM-stripped image"), .extension = EXT(".ecm"),
	       .magic = MAGIC(AT(0, 80, "ECM\0"))),
	FORMAT(KNOWN("cloop", "compressed loop image"), .extension = EXT(".cloop"),
	       .magic = MAGIC(AT(0, 90, "#!/bin/sh\n#V1"), AT(0, 90, "#!/bin/sh\n#V2"),
			      AT(0, 90, "#!/bin/sh\n#V3"), AT(0, 90, "#!/bin/sh\n#V4"))),

	/* consoles */
	FORMAT(KNOWN("pbp", "PSP package of a PlayStation disc"), .extension = EXT(".pbp"),
	       .magic = MAGIC(AT(0, 80, "\0PBP"))),
	FORMAT(KNOWN("rvz", "Dolphin compressed disc"), .extension = EXT(".rvz"),
	       .magic = MAGIC(AT(0, 90, "RVZ\1"))),
	FORMAT(KNOWN("wia", "Wii compressed disc"), .extension = EXT(".wia"),
	       .magic = MAGIC(AT(0, 90, "WIA\1"))),
	FORMAT(KNOWN("gcz", "Dolphin zlib-compressed disc"), .extension = EXT(".gcz"),
	       .magic = MAGIC(AT(0, 90, "\x01\xc0\x0b\xb1"))),
	FORMAT(KNOWN("wbfs", "Wii backup file system"), .extension = EXT(".wbfs"),
	       .magic = MAGIC(AT(0, 90, "WBFS"))),
	FORMAT(KNOWN("wux", "Wii U deduplicated disc"), .extension = EXT(".wux"),
	       .magic = MAGIC(AT(0, 90, "WUX0\x2e\xd0\x99\x10"))),
	FORMAT(KNOWN("tgc", "GameCube embedded disc"), .extension = EXT(".tgc"),
	       .magic = MAGIC(AT(0, 90, "\xae\x0f\x38\xa2"))),
	FORMAT(KNOWN("nfs", "Wii disc for the Wii U"), .extension = EXT(".nfs"),
	       .magic = MAGIC(AT(0, 0, "EGGS"), AT(0x1fc, 90, "SGGE"))),
	FORMAT(KNOWN("xdvdfs", "Xbox game partition"), .extension = EXT(".xiso"),
	       .magic = MAGIC(AT(0x10000, 90, "MICROSOFT*XBOX*MEDIA"))),

	/* Apple and plain disks */
	FORMAT(KNOWN("ndif", "Apple NDIF disk image in MacBinary"), .extension = NO_EXT,
	       .probe = known_ndif),
	FORMAT(KNOWN("dc42", "Disk Copy 4.2 image"), .extension = EXT(".dc42"),
	       .probe = known_dc42),
	FORMAT(KNOWN("macbinary", "Macintosh file in MacBinary"), .extension = NO_EXT,
	       .probe = known_macbinary),
	FORMAT(KNOWN("appledouble", "Macintosh file in AppleSingle or AppleDouble"),
	       .extension = NO_EXT,
	       .magic = MAGIC(AT(0, 60, "\0\5\x16\0\0\2\0\0"), AT(0, 60, "\0\5\x16\7\0\2\0\0"))),
	FORMAT(KNOWN("binhex", "Macintosh file in BinHex"), .extension = NO_EXT,
	       .magic = MAGIC(AT(0, 60, "(This file must be converted with "))),

	/* wrapped in an archive or a compressed file */
	FORMAT(KNOWN("gz", "gzip-compressed file"), .extension = EXT(".gz"),
	       .magic = MAGIC(AT(0, 60, "\x1f\x8b\x08"))),
	FORMAT(KNOWN("bz2", "bzip2-compressed file"), .extension = EXT(".bz2"),
	       .magic = MAGIC(AT(0, 0, "BZh"), AT(4, 60, "1AY&SY"))),
	FORMAT(KNOWN("xz", "xz-compressed file"), .extension = EXT(".xz"),
	       .magic = MAGIC(AT(0, 60, "\xfd" "7zXZ\0"))),
	FORMAT(KNOWN("zst", "Zstandard-compressed file"), .extension = EXT(".zst"),
	       .magic = MAGIC(AT(0, 60, "\x28\xb5\x2f\xfd"))),
	FORMAT(KNOWN("zip", "ZIP archive"), .extension = EXT(".zip"),
	       .magic = MAGIC(AT(0, 60, "PK\3\4"))),
	FORMAT(KNOWN("7z", "7-Zip archive"), .extension = EXT(".7z"),
	       .magic = MAGIC(AT(0, 60, "7z\xbc\xaf\x27\x1c"))),
	FORMAT(KNOWN("rar", "RAR archive"), .extension = EXT(".rar"),
	       .magic = MAGIC(AT(0, 60, "Rar!\x1a\7"))),

	/* audio without a sheet */
	FORMAT(KNOWN("wave", "WAVE audio file"), .extension = EXT(".wav"),
	       .magic = MAGIC(AT(0, 0, "RIFF"), AT(8, 90, "WAVE"),
			      AT(0, 0, "RF64"), AT(8, 90, "WAVE"))),
	FORMAT(KNOWN("aiff", "AIFF audio file"), .extension = EXT(".aiff", ".aif"),
	       .magic = MAGIC(AT(0, 0, "FORM"), AT(8, 90, "AIFF"),
			      AT(0, 0, "FORM"), AT(8, 90, "AIFC"))),
	FORMAT(KNOWN("flac", "FLAC audio file"), .extension = EXT(".flac"),
	       .magic = MAGIC(AT(0, 90, "fLaC"))),
	FORMAT(KNOWN("ogg", "Ogg audio file"), .extension = EXT(".ogg"),
	       .magic = MAGIC(AT(0, 80, "OggS\0"))),
	FORMAT(KNOWN("mp3", "MP3 audio file"), .extension = EXT(".mp3"), .probe = known_mp3),
	NULL,
};
/* clang-format on */
