/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of blocks as it is filled: each is looked at before anything is decoded. */
#include "base/bytes.h"
#include "io/blocks_view.h"

#include <inttypes.h>
#include <stdlib.h>

int sp_blocks_own(struct sp_blocks *blocks, struct sp_io *io, struct sp_error *err)
{
	struct sp_io **list = sp_grow(blocks->io, blocks->ios, sizeof(list[0]));

	if (!list)
		return sp_fail_memory(err);
	blocks->io = list;
	list[blocks->ios++] = io;
	return 0;
}

int sp_blocks_add(struct sp_blocks *blocks, const struct sp_block *block, struct sp_error *err)
{
	if (!block->size)
		return 0;
	if (!sp_range_ok(block->at, block->size, blocks->size))
		return sp_fail(err, SP_ERR_FORMAT,
			       "block at byte %" PRIu64 ": %" PRIu64
			       " bytes do not lie within the %" PRIu64 " there are",
			       block->at, block->size, blocks->size);
	if (block->stored || block->codec) {
		if (block->io >= blocks->ios)
			return sp_fail(err, SP_ERR_USAGE, "block at byte %" PRIu64 ": no file %u",
				       block->at, block->io);
		const struct sp_io *io = blocks->io[block->io];
		if (!sp_range_ok(block->stored_at, block->stored, io->size))
			return sp_fail(err, SP_ERR_FORMAT,
				       "block at byte %" PRIu64 ": its %" PRIu64
				       " stored bytes at byte %" PRIu64
				       " do not lie within the %" PRIu64 " there are",
				       block->at, block->stored, block->stored_at, io->size);
		if (!block->codec && block->stored > block->size)
			return sp_fail(err, SP_ERR_FORMAT,
				       "block at byte %" PRIu64 ": stores %" PRIu64
				       " bytes, holds %" PRIu64,
				       block->at, block->stored, block->size);
		if (block->codec && !block->stored)
			return sp_fail(err, SP_ERR_FORMAT,
				       "block at byte %" PRIu64 ": no %s data is stored", block->at,
				       block->codec->name);
		if (blocks_is_large(block) && !block->codec->begin)
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "block at byte %" PRIu64 ": %s blocks of %" PRIu64
				       " bytes cannot be decoded, only up to %" PRIu64,
				       block->at, block->codec->name, block->size, SP_BLOCKS_WHOLE);
	}
	struct sp_block *list = sp_grow(blocks->block, blocks->count, sizeof(list[0]));
	if (!list)
		return sp_fail_memory(err);
	blocks->block = list;
	list[blocks->count++] = *block;
	return 0;
}

void sp_blocks_clear(struct sp_blocks *blocks)
{
	for (size_t i = 0; i < blocks->ios; i++)
		sp_io_close(blocks->io[i]);
	free(blocks->io);
	free(blocks->block);
	*blocks = (struct sp_blocks){0};
}

static int blocks_compare(const void *a, const void *b)
{
	const struct sp_block *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

int sp_blocks_order(struct sp_blocks *blocks, const char *name, struct sp_error *err)
{
	struct sp_block *block = blocks->block;
	size_t i = 1;

	while (i < blocks->count && block[i - 1].at <= block[i].at)
		i++;
	if (i < blocks->count)
		qsort(block, blocks->count, sizeof(block[0]), blocks_compare);
	for (i = 1; i < blocks->count; i++)
		if (block[i].at - block[i - 1].at < block[i - 1].size)
			return sp_fail(err, SP_ERR_FORMAT,
				       "%s: byte %" PRIu64
				       " is in two blocks: of the one at byte %" PRIu64
				       " and of the one at byte %" PRIu64,
				       name, block[i].at, block[i - 1].at, block[i].at);
	return 0;
}

int blocks_list_codecs(const struct sp_blocks *blocks, const struct sp_codec **codec,
		       const char *name, struct sp_error *err)
{
	size_t known = 0;

	for (size_t i = 0; i < blocks->count; i++) {
		size_t at = 0;

		if (!blocks->block[i].codec)
			continue;
		while (at < known && codec[at] != blocks->block[i].codec)
			at++;
		if (at == SP_BLOCKS_CODECS)
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "%s: blocks of more than %d compression methods", name,
				       SP_BLOCKS_CODECS);
		if (at == known)
			codec[known++] = blocks->block[i].codec;
	}
	return 0;
}

/* A plain block as large as this is read straight from its file. */
static bool blocks_stands_alone(const struct sp_block *block)
{
	return block->codec ? blocks_is_large(block) : block->size > BLOCKS_GROUP / 4;
}

int blocks_group(struct blocks_group **out, size_t *count, const struct sp_blocks *blocks,
		 struct sp_error *err)
{
	struct blocks_group *list = NULL, *last = NULL;
	uint64_t size = 0, stored = 0;

	*count = 0;
	for (size_t i = 0; i < blocks->count; i++) {
		const struct sp_block *block = &blocks->block[i];
		const bool alone = blocks_stands_alone(block);

		if (!last || alone || blocks_stands_alone(block - 1) ||
		    block->at != (block - 1)->at + (block - 1)->size ||
		    size + block->size > BLOCKS_GROUP || stored + block->stored > BLOCKS_GROUP) {
			struct blocks_group *grown = sp_grow(list, *count, sizeof(list[0]));
			if (!grown) {
				free(list);
				return sp_fail_memory(err);
			}
			list = grown;
			last = &list[(*count)++];
			*last = (struct blocks_group){.first = i, .plain = true};
			size = stored = 0;
		}
		size += block->size;
		stored += block->stored;
		last->count++;
		last->plain = last->plain && !block->codec;
		last->large = blocks_is_large(block);
	}
	*out = list;
	return 0;
}

int blocks_fail(const struct sp_blocks *blocks, const char *name, const struct sp_block *block,
		int status, uint64_t done, struct sp_error *err)
{
	const struct sp_io *io = blocks->io[block->io];

	if (status == SP_ERR_MEMORY)
		return sp_fail_memory(err);
	sp_fail(err, status,
		"%s: block at byte %" PRIu64 " (%s, %" PRIu64 " bytes at byte %" PRIu64
		" of %s): damaged: %" PRIu64 " of %" PRIu64 " bytes can be decoded",
		name, block->at, block->codec->name, block->stored, block->stored_at, io->name,
		done < block->size ? done : block->size, block->size);
	if (err)
		err->offset = block->stored_at;
	return status;
}
