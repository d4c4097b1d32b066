/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of the view of compressed blocks have of each other. */
#ifndef SP_IO_BLOCKS_VIEW_H
#define SP_IO_BLOCKS_VIEW_H

#include "io/blocks.h"

enum { BLOCKS_GROUP = 256 << 10 }; /* small blocks that lie in a row are decoded in one go */

/* Blocks `first` … + count of the table, that lie in a row: decoded together. */
struct blocks_group {
	size_t first;
	unsigned count;
	bool plain; /* nothing to decode: read straight through */
	bool large; /* one coded block, too large to be held */
};

/* What becomes of stored data is allowed to be a little larger than what it holds. */
static inline bool blocks_is_large(const struct sp_block *block)
{
	return block->codec && (block->size > SP_BLOCKS_WHOLE ||
				block->stored > SP_BLOCKS_WHOLE + (SP_BLOCKS_WHOLE >> 4));
}

/* The different codecs, NULL behind the last where there are less than SP_BLOCKS_CODECS. */
int blocks_list_codecs(const struct sp_blocks *blocks, const struct sp_codec **codec,
		       const char *name, struct sp_error *err);
/* Groups of an ordered table, the caller's to free. */
int blocks_group(struct blocks_group **out, size_t *count, const struct sp_blocks *blocks,
		 struct sp_error *err);

/* What is wrong with a block, `done` bytes after its beginning. */
int blocks_fail(const struct sp_blocks *blocks, const char *name, const struct sp_block *block,
		int status, uint64_t done, struct sp_error *err);

/* Large blocks: one that is being read in order, and those unpacked into a temporary file. */
struct blocks_spill {
	const struct sp_block *block;
	uint64_t at; /* in the temporary file */
};
struct blocks_large {
	const struct sp_block *block; /* that is open; NULL: none */
	void *stream;
	uint8_t *in;                /* BLOCKS_PIECE */
	const uint8_t *next;        /* of what was read, not yet taken */
	size_t left;                /* bytes there */
	uint64_t fetched, produced; /* of the block */
	struct sp_io *temp;
	struct blocks_spill *spill;
	size_t spills;
};
/* `size` bytes at `at` of a large block, both within it. */
int blocks_large_read(struct blocks_large *large, const struct sp_blocks *blocks, const char *name,
		      const struct sp_block *block, uint64_t at, uint8_t *data, size_t size,
		      struct sp_error *err);
bool blocks_large_quick(const struct blocks_large *large, const struct sp_block *block, uint64_t at,
			uint64_t size);
void blocks_large_clear(struct blocks_large *large);

#endif
