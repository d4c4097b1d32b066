/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of a CloneCD sheet as a list of what it says, still without its data files. */
#ifndef SP_FORMATS_CCD_PARSE_H
#define SP_FORMATS_CCD_PARSE_H

#include <spindle/disc.h>
#include <spindle/error.h>

enum {
	SP_CCD_TEXT_MAX = 1 << 20, /* bytes */
	SP_CCD_LINE_MAX = 100000,
	SP_CCD_ENTRY_MAX = 2048,
	SP_CCD_PACKS_MAX = 8 * 256, /* blocks of CD-Text × packs (MMC annex J) */
	SP_CCD_PACK = 18,
	SP_CCD_A0 = 0xa0, /* points of the TOC that are no tracks: MMC, READ TOC format 2 */
	SP_CCD_A1 = 0xa1,
	SP_CCD_A2 = 0xa2,
	SP_CCD_B0 = 0xb0,
	SP_CCD_C0 = 0xc0,
};

/* Line and column (in bytes) of a word, from 1. */
struct sp_ccd_place {
	unsigned line, column;
};

/* One line, SP_ERR_FORMAT: "disc.ccd:14:3: …". */
int sp_ccd_fail(const char *sheet, struct sp_ccd_place at, struct sp_error *err, const char *fmt,
		...) SP_PRINTF(4, 5);

enum sp_ccd_key { /* of all sections, those of one from its first on */
		  SP_CCD_VERSION,

		  SP_CCD_TOC_ENTRIES = 0,
		  SP_CCD_SESSIONS,
		  SP_CCD_SCRAMBLED,
		  SP_CCD_CDTEXT_LENGTH,

		  SP_CCD_PREGAP_MODE = 0,
		  SP_CCD_PREGAP_SUBC,

		  SP_CCD_SESSION = 0,
		  SP_CCD_POINT,
		  SP_CCD_ADR,
		  SP_CCD_CONTROL,
		  SP_CCD_TRACK_NO,
		  SP_CCD_AMIN,
		  SP_CCD_ASEC,
		  SP_CCD_AFRAME,
		  SP_CCD_ALBA,
		  SP_CCD_ZERO,
		  SP_CCD_PMIN,
		  SP_CCD_PSEC,
		  SP_CCD_PFRAME,
		  SP_CCD_PLBA,

		  SP_CCD_MODE = 0,
		  SP_CCD_KEYS = 14, /* the most a section has */
};

/* The numbers of one section, and which of them it gave. */
struct sp_ccd_values {
	int32_t value[SP_CCD_KEYS];
	unsigned given; /* bits 1 << sp_ccd_key */
	struct sp_ccd_place at;
};

/* A [TRACK n]. Indexes are as they stand; SP_LBA_NONE: not given. */
struct sp_ccd_track {
	bool given, has_flags;
	unsigned flags; /* SP_CONTROL bits */
	struct sp_ccd_values values;
	sp_lba index[SP_INDEX_MAX + 1];
	struct sp_ccd_place index_at[SP_INDEX_MAX + 1];
	char isrc[13];
};

struct sp_ccd_sheet {
	struct sp_ccd_values clone, disc;
	struct sp_ccd_values *entry;
	size_t entries;
	struct sp_ccd_track *track; /* by number, 0…99 */
	char mcn[14];
	uint8_t *cdtext; /* packs of 18 bytes, the CRC added */
	size_t packs;
};

static inline bool sp_ccd_given(const struct sp_ccd_values *values, unsigned key)
{
	return values->given >> key & 1;
}

/* Fill *sheet (which is cleared first) from `size` bytes of text. `name` is the sheet's, for errors
 * and notes. On failure the sheet is empty. */
int sp_ccd_parse(struct sp_ccd_sheet *sheet, const char *name, const void *text, size_t size,
		 const struct sp_notes *notes, struct sp_error *err);
void sp_ccd_sheet_clear(struct sp_ccd_sheet *sheet);

/* 0…100: does this text begin like a CloneCD sheet? */
int sp_ccd_looks(const void *head, size_t size);

#endif
