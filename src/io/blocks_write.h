/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes in order become blocks of a container, compressed on all cores and written in order: the
 * one writer of every compressed container. */
#ifndef SP_IO_BLOCKS_WRITE_H
#define SP_IO_BLOCKS_WRITE_H

#include "io/blocks.h"

enum { SP_BLOCKS_WRITE_MIN = 512, SP_BLOCKS_WRITE_MAX = 16 << 20 }; /* bytes of a block */

/* Called in the order of blocks, by the thread that puts, when `block` has been written. `plain`
 * are its bytes (NULL where they were passed over), `stored` what became of them: valid during the
 * call. Not 0: the writer fails with it. */
typedef int sp_blocks_placed_fn(void *user, const struct sp_block *block, const uint8_t *plain,
				const uint8_t *stored, struct sp_error *err);

/* How blocks are made. */
struct sp_blocks_shape {
	size_t size; /* bytes of a block */
	const struct sp_codec
		*codec; /* NULL: as they are. Blocks it does not make smaller are, too */
	unsigned level; /* of the codec */
	size_t memory;  /* bytes the codec takes to encode one block; 0: a few MB */
	bool zeros;     /* blocks of nothing but zeros are not stored: `stored` is 0 */
	uint64_t at;    /* in the io: where the first stored byte goes */
	sp_blocks_placed_fn *placed;
	void *user;
};

struct sp_blocks_writer;
/* `io` is borrowed. Memory is bounded by 200 MB, whatever the blocks' size and the number of cores.
 * SP_ERR_USAGE: a size beyond the bounds above. */
int sp_blocks_writer_new(struct sp_blocks_writer **out, struct sp_io *io,
			 const struct sp_blocks_shape *shape, struct sp_error *err);
/* The next bytes. After an error every call returns it again. */
int sp_blocks_writer_put(struct sp_blocks_writer *writer, const void *data, size_t size,
			 struct sp_error *err);
/* The next byte begins a block; that before it may be short. */
int sp_blocks_writer_cut(struct sp_blocks_writer *writer, struct sp_error *err);
/* Passes over `size` bytes, which are not stored: one block of any size, that begins and ends here.
 */
int sp_blocks_writer_skip(struct sp_blocks_writer *writer, uint64_t size, struct sp_error *err);
/* All of it is in the io, and placed. *end (may be NULL): byte behind what was stored. */
int sp_blocks_writer_finish(struct sp_blocks_writer *writer, uint64_t *end, struct sp_error *err);
/* NULL is fine. */
void sp_blocks_writer_free(struct sp_blocks_writer *writer);

#endif
