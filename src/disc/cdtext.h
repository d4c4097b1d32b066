/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CD-Text: packs of the lead-in ↔ the texts of a disc. MMC annex J. */
#ifndef SP_DISC_CDTEXT_H
#define SP_DISC_CDTEXT_H

#include <spindle/disc.h>

/* A pack: type, track, sequence number, block and position, 12 bytes of payload, CRC. */
enum {
	SP_PACK_SIZE = 18,
	SP_PACK_PAYLOAD = 12,
	SP_PACK_POSITION = 15, /* what a pack can say of a text's letters before it */
	SP_PACK_WIDE = 0x80,   /* in the fourth byte: two bytes a letter */
	SP_PACK_TOC = 0x88,    /* types that are tables */
	SP_PACK_TOC_2 = 0x89,
	SP_PACK_SIZES = 0x8f,
	SP_PACK_SIZES_BYTES = 36, /* that table, over three packs */
	SP_PACKS_MAX = 256,       /* of a block: the sequence number is one byte */
	SP_CDTEXT_MAX = SP_TEXT_BLOCKS * SP_PACKS_MAX * SP_PACK_SIZE,
};
/* Places in the table of sizes. */
enum {
	SP_SIZES_CHARSET = 0,
	SP_SIZES_FIRST = 1, /* track */
	SP_SIZES_LAST = 2,
	SP_SIZES_COPYRIGHT = 3,
	SP_SIZES_PACKS = 4,     /* of each of 16 types */
	SP_SIZES_SEQUENCE = 20, /* the last one of each of 8 blocks */
	SP_SIZES_LANGUAGE = 28, /* of each block */
};

/* Texts of every block from disc->cdtext into disc->text, where no text is set already, and what
 * the blocks say of themselves into disc->block; call it when the disc has its tracks, as texts of
 * others are left out. That and packs with a wrong CRC, packs that are missing, character sets and
 * letters that cannot be read are noted. A genre without text is its code's name. */
int sp_cdtext_decode(struct sp_disc *disc, const struct sp_notes *notes, struct sp_error *err);

/* What packs could not hold. */
struct sp_cdtext_lost {
	unsigned letters; /* that no character set of CD-Text has, and control characters: left out
			   */
	unsigned texts;   /* cut short for want of room, or without a place: a track's genre */
	unsigned packs;   /* of the source, with a wrong CRC or without room beside changed texts */
	unsigned blocks;  /* in which letters or texts were lost, as bits */
	unsigned track, type; /* of the first text that lost something */
};

enum sp_cdtext_use {
	SP_CDTEXT_WHOLE,  /* packs are all there is */
	SP_CDTEXT_BESIDE, /* keywords of a sheet hold the texts of block 0 that are lines: what
			     packs lose of those is no loss, and there are packs only where they say
			     more */
};

/* Packs for a target, *packs the caller's to free, *size 0 when there is nothing to say. They are
 * disc->cdtext byte for byte as long as that says what the texts say; else the blocks that do, and
 * the others made anew from the texts with the tables (TOC and such) they had. Of a
 * block too long for its 256 packs all texts are cut to the same length.
 * *lost (NULL is fine) is filled whatever it held. */
int sp_cdtext_packs(const struct sp_disc *disc, unsigned use, uint8_t **packs, size_t *size,
		    struct sp_cdtext_lost *lost, struct sp_error *err);
/* The same from the texts alone, whatever packs the disc has. */
int sp_cdtext_encode(const struct sp_disc *disc, uint8_t **packs, size_t *size,
		     struct sp_cdtext_lost *lost, struct sp_error *err);

/* One block made from the texts, into `packs` (room for 256); *count is how many. `old`: packs of
 * that block of the source, for its tables and what else is no text; the sequence numbers and
 * languages of all blocks in its table of sizes are left 0. `beside` as SP_CDTEXT_BESIDE. */
struct sp_cdtext_block {
	const struct sp_disc *disc;
	unsigned block;
	bool beside;
	const uint8_t *old;
	size_t olds;
	uint8_t *packs;
	size_t count;
	struct sp_cdtext_lost lost;
};
int sp_cdtext_encode_block(struct sp_cdtext_block *block, struct sp_error *err);

/* Where the packs lie in a file: bare, or behind the four bytes of a READ TOC reply, and some
 * writers end them with a zero. False: these are no packs. */
bool sp_cdtext_find(const uint8_t *data, size_t size, size_t *at, size_t *packs);
/* Is the pack at `at` whole and none of the padding? Some drives give no CRC with the last one. */
bool sp_cdtext_pack_good(const uint8_t *packs, size_t size, size_t at);
/* The table of sizes of a block; false: not all of its three packs are there, the bytes of others
 * stay as they were. */
bool sp_cdtext_sizes(const uint8_t *packs, size_t size, unsigned block,
		     uint8_t sizes[SP_PACK_SIZES_BYTES]);
void sp_cdtext_seal(uint8_t *pack); /* set its CRC */

bool sp_cdtext_is_text(unsigned type); /* not a table */
bool sp_cdtext_of_disc(unsigned type); /* tracks have none */
/* Can one line of a sheet say it? */
bool sp_cdtext_is_line(const struct sp_text *text);
/* In which set the letters of a type are, in a block of `charset`: iconv's name; NULL: unknown. */
const char *sp_cdtext_letters(unsigned charset, unsigned type);
const char *sp_cdtext_genre(unsigned code);      /* NULL: none */
unsigned sp_cdtext_genre_code(const char *name); /* in any case; 0: none */

#endif
