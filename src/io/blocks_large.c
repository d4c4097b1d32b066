/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks too large to be held: read in order they are decoded piece by piece, read anywhere else
 * they are unpacked once into a temporary file. */
#include "io/blocks_view.h"

#include "base/bytes.h"

#include <stdlib.h>

enum { BLOCKS_PIECE = 256 << 10 };

static void large_end(struct blocks_large *large)
{
	if (large->block)
		large->block->codec->end(large->stream);
	large->block = NULL;
	large->stream = NULL;
}

static int large_begin(struct blocks_large *large, const struct sp_block *block,
		       struct sp_error *err)
{
	large_end(large);
	if (!large->in)
		large->in = malloc(BLOCKS_PIECE);
	large->stream = large->in ? block->codec->begin() : NULL;
	if (!large->stream)
		return sp_fail_memory(err);
	large->block = block;
	large->next = large->in;
	large->left = 0;
	large->fetched = large->produced = 0;
	return 0;
}

/* One step: into `room` bytes at *out, fetching more where all was taken. */
static int large_step(struct blocks_large *large, const struct sp_blocks *blocks, const char *name,
		      uint8_t **out, size_t *room, bool *end, struct sp_error *err)
{
	const struct sp_block *block = large->block;
	const uint64_t rest = block->stored - large->fetched;
	const size_t was = *room;

	if (!large->left && rest) {
		const size_t n = rest < BLOCKS_PIECE ? (size_t)rest : BLOCKS_PIECE;
		const int r = sp_io_read(blocks->io[block->io], block->stored_at + large->fetched,
					 large->in, n, err);
		if (r < 0)
			return r;
		large->next = large->in;
		large->left = n;
		large->fetched += n;
	}
	const size_t given = large->left;
	const int step = block->codec->step(large->stream, &large->next, &large->left, out, room);
	large->produced += was - *room;
	*end = step == SP_CODEC_END;
	if (step == SP_CODEC_NOMEMORY)
		return blocks_fail(blocks, name, block, SP_ERR_MEMORY, large->produced, err);
	/* neither taking nor giving: there is no more to come */
	if (step == SP_CODEC_BAD || (step == SP_CODEC_MORE && was == *room && given == large->left))
		return blocks_fail(blocks, name, block, SP_ERR_FORMAT, large->produced, err);
	return 0;
}

/* The next `size` bytes; behind the block's last one the stream has to end. */
static int large_next(struct blocks_large *large, const struct sp_blocks *blocks, const char *name,
		      uint8_t *data, size_t size, struct sp_error *err)
{
	bool end = false;
	int r = 0;

	while (size && !r && !end)
		r = large_step(large, blocks, name, &data, &size, &end, err);
	if (!r && large->produced == large->block->size) {
		uint8_t more, *out = &more;
		size_t room = 1;

		while (!r && !end && room)
			r = large_step(large, blocks, name, &out, &room, &end, err);
		end = end && room;
	}
	if (!r && (size || (large->produced >= large->block->size && !end)))
		r = blocks_fail(blocks, name, large->block, SP_ERR_FORMAT, large->produced, err);
	if (r < 0 || end)
		large_end(large);
	return r;
}

static const struct blocks_spill *large_spilled(const struct blocks_large *large,
						const struct sp_block *block)
{
	for (size_t i = 0; i < large->spills; i++)
		if (large->spill[i].block == block)
			return &large->spill[i];
	return NULL;
}

static int large_unpack(struct blocks_large *large, const struct sp_blocks *blocks,
			const char *name, const struct sp_block *block, struct sp_error *err)
{
	struct blocks_spill *list = sp_grow(large->spill, large->spills, sizeof(list[0]));
	uint8_t *piece = malloc(BLOCKS_PIECE);
	int r = list && piece ? 0 : sp_fail_memory(err);

	if (list)
		large->spill = list;
	if (!r && !large->temp)
		r = sp_io_open_temp(&large->temp, err);
	const uint64_t at = large->temp ? large->temp->size : 0;
	if (!r)
		r = large_begin(large, block, err);
	for (uint64_t done = 0; !r && done < block->size;) {
		const uint64_t rest = block->size - done;
		const size_t n = rest < BLOCKS_PIECE ? (size_t)rest : BLOCKS_PIECE;

		r = large_next(large, blocks, name, piece, n, err);
		if (!r)
			r = sp_io_write(large->temp, at + done, piece, n, err);
		done += n;
	}
	if (!r)
		list[large->spills++] = (struct blocks_spill){block, at};
	else
		large_end(large);
	free(piece);
	return r;
}

int blocks_large_read(struct blocks_large *large, const struct sp_blocks *blocks, const char *name,
		      const struct sp_block *block, uint64_t at, uint8_t *data, size_t size,
		      struct sp_error *err)
{
	const struct blocks_spill *spill = large_spilled(large, block);
	int r = 0;

	if (!spill && at && (large->block != block || large->produced != at)) {
		r = large_unpack(large, blocks, name, block, err);
		spill = r ? NULL : &large->spill[large->spills - 1];
	}
	if (r < 0)
		return r;
	if (spill)
		return sp_io_read(large->temp, spill->at + at, data, size, err);
	if (!at)
		r = large_begin(large, block, err);
	return r < 0 ? r : large_next(large, blocks, name, data, size, err);
}

bool blocks_large_quick(const struct blocks_large *large, const struct sp_block *block, uint64_t at,
			uint64_t size)
{
	if (large_spilled(large, block))
		return true;
	if (at && (large->block != block || large->produced != at))
		return false;
	return size <= SP_BLOCKS_WHOLE;
}

void blocks_large_clear(struct blocks_large *large)
{
	large_end(large);
	free(large->in);
	free(large->spill);
	sp_io_close(large->temp);
	*large = (struct blocks_large){0};
}
