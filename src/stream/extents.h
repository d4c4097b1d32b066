/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where sectors lie in files: the one reader and writer of every flat format. */
#ifndef SP_STREAM_EXTENTS_H
#define SP_STREAM_EXTENTS_H

#include <spindle/stream.h>

enum sp_encoding {
	SP_ENC_SWAP = 1,       /* audio samples big-endian */
	SP_ENC_SCRAMBLED = 2,  /* bytes 12… of raw sectors as on the disc */
	SP_ENC_SUB_LINEAR = 4, /* P-W as 12 bytes P, 12 Q, … */
	SP_ENC_SUB_COOKED =
		8,            /* R-W packs de-interleaved by the drive: kept as they are, not P-W */
	SP_ENC_SUB_PQ16 = 16, /* Q of 12 bytes and 4 of padding */
	SP_ENC_PADDED = 32,   /* the extent's last sector is cut short in the file: it is filled up
				 with zeros and given as SP_STATE_PADDED */
};

/* `count` sectors from `lba` on, at io's `offset`, `stride` bytes apart (≥ the parts' size), with
 * these parts in this order. Extents never overlap and lie in one region each. */
struct sp_extent {
	sp_lba lba;
	uint64_t count;
	struct sp_io *io; /* borrowed from the map */
	uint64_t offset;
	uint32_t stride;
	unsigned mode, parts, encoding;
};

/* Two lists (main channel, which may have sub-channel in the same stride; and sub-channel in a file
 * of its own) and the ios they use. */
struct sp_extents {
	struct sp_extent *main, *sub;
	size_t mains, subs;
	struct sp_io **io;
	size_t ios;
};

/* Give an io to the map, which closes it in sp_extents_clear. SP_ERR_MEMORY leaves it to the
 * caller.
 */
int sp_extents_own(struct sp_extents *map, struct sp_io *io, struct sp_error *err);
/* Append (copied), ascending by LBA; `sub` chooses the list. Checks that it does not overlap the
 * last one, and that the last byte lies in the io when that is readable (`check`). */
int sp_extents_add(struct sp_extents *map, const struct sp_extent *extent, bool sub, bool check,
		   struct sp_error *err);
void sp_extents_clear(struct sp_extents *map);

/* The two halves every flat format shares. Spans lie in one region of the disc, not necessarily in
 * one extent; what no extent covers reads as zeros with SP_STATE_GENERATED, and is not written. */
int sp_extents_read(const struct sp_extents *map, struct sp_span *span, struct sp_error *err);
int sp_extents_write(const struct sp_extents *map, const struct sp_span *span,
		     struct sp_error *err);

/* A source over disc and map; takes both on success (moves the map's contents). */
int sp_extents_source(struct sp_source **out, struct sp_disc *disc, struct sp_extents *map,
		      struct sp_error *err);

#endif
