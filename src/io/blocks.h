/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks that lie compressed, plain or nowhere in files, as one io of what they hold: the one
 * reader of every compressed container. */
#ifndef SP_IO_BLOCKS_H
#define SP_IO_BLOCKS_H

#include "codec/codec.h"

#include <spindle/io.h>

/* Coded blocks up to this size are decoded whole and kept in a cache. Larger ones are decoded as
 * they are read, in order; read anywhere else, such a block is unpacked into a temporary file. */
#define SP_BLOCKS_WHOLE  (UINT64_C(16) << 20)
#define SP_BLOCKS_CODECS 16 /* different ones in one table */

/* `size` bytes from `at` on, and where they lie: `stored` bytes at `stored_at` of an io. Without a
 * codec they are kept as they are, and zeros follow where `stored` is less than `size`; with
 * `stored` 0 all are zeros. */
struct sp_block {
	uint64_t at, size;
	uint64_t stored_at, stored;
	const struct sp_codec *codec; /* NULL: as they are */
	unsigned io;                  /* number in the table's list */
};

/* Zeroed: nothing yet. What no block covers is zeros. */
struct sp_blocks {
	struct sp_block *block;
	size_t count;
	struct sp_io **io;
	size_t ios;
	uint64_t size; /* bytes of the whole: set it */
};

/* Give an io to the table, which closes it; the number blocks name it by is ios - 1 then.
 * SP_ERR_MEMORY leaves it to the caller. */
int sp_blocks_own(struct sp_blocks *blocks, struct sp_io *io, struct sp_error *err);
/* Append (copied), in any order; size 0 is left out. SP_ERR_FORMAT where the block does not lie
 * within blocks->size, or what it stores not within its io; SP_ERR_UNSUPPORTED where its codec
 * cannot decode blocks so large. The text names the block ("block at byte 512: …") and no file. Set
 * blocks->size before. */
int sp_blocks_add(struct sp_blocks *blocks, const struct sp_block *block, struct sp_error *err);
/* Sort by place. SP_ERR_FORMAT: two overlap; `name` begins the text. */
int sp_blocks_order(struct sp_blocks *blocks, const char *name, struct sp_error *err);
/* Closes the ios. Zeroed is fine. */
void sp_blocks_clear(struct sp_blocks *blocks);

/* A read-only io of all blocks, called `name` (copied), whose siblings are those of the table's
 * first io. Takes the table on success (moves its contents). Orders it first.
 * One thread at a time reads it, and that thread reads the table's ios; decoding and its read-ahead
 * use all cores. Damage is told when it is come to, and names the block:
 * "NAME: block at byte 1048576 (zlib, 4711 bytes at byte 99 of it): …". Memory is bounded by 256 MB
 * whatever the blocks claim. */
int sp_blocks_open(struct sp_io **out, struct sp_blocks *blocks, const char *name,
		   struct sp_error *err);
/* Whether reading there (an io sp_blocks_open gave) decodes no more than SP_BLOCKS_WHOLE bytes: for
 * looks that are not worth more. */
bool sp_blocks_quick(struct sp_io *io, uint64_t at, uint64_t size);

#endif
