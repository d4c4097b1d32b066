/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Views of a disc of blocks by its bytes: a partition of it, or the same bytes in sectors of
 * another size. */
#include "disc/data.h"
#include "disc/partition.h"
#include "stream/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REBLOCK_PIECE = 64, REBLOCK_SECTOR = 2048, REBLOCK_NAMED = 24 };

struct reblock {
	struct sp_source source;
	struct sp_source *inner;
	uint32_t from, to;   /* bytes of a sector: of inner, of ours */
	uint64_t at, length; /* of inner's bytes; what is ours beyond them is zeros */
	uint8_t data[REBLOCK_PIECE * REBLOCK_SECTOR];
	uint16_t state[REBLOCK_PIECE];
};

/* Of the span's bytes, those from `done` on as far as one read of inner goes; returns how many. */
static int reblock_piece(struct reblock *view, struct sp_span *span, uint64_t done, size_t *moved,
			 struct sp_error *err)
{
	const uint64_t ours = (uint64_t)span->lba * view->to + done;
	const uint64_t all = (uint64_t)span->count * view->to;
	uint64_t left = view->length > ours ? view->length - ours : 0;

	if (left > all - done)
		left = all - done;
	if (!left) {
		*moved = (size_t)(all - done);
		memset(span->data + done, 0, *moved);
		return 0;
	}
	const sp_lba lba = (sp_lba)((view->at + ours) / view->from);
	const size_t skip = (size_t)((view->at + ours) % view->from);
	const struct sp_region *region = sp_disc_region(view->inner->disc, lba);
	uint64_t count = (skip + left + view->from - 1) / view->from;

	if (!region)
		return sp_fail(err, SP_ERR_FORMAT, "LBA %lld: not on the disc", (long long)lba);
	const uint64_t there = region->count - (uint64_t)(lba - region->lba);
	count = count < there ? count : there;
	count = count < REBLOCK_PIECE ? count : REBLOCK_PIECE;
	struct sp_span piece = {.lba = lba,
				.count = (uint32_t)count,
				.mode = region->mode,
				.parts = region->parts,
				.stride = view->from,
				.data = view->data,
				.state = view->state};
	memset(view->state, 0, sizeof(view->state));
	const int r = sp_source_read(view->inner, &piece, err);
	if (r < 0)
		return r;
	*moved = (size_t)count * view->from - skip;
	if (*moved > left)
		*moved = (size_t)left;
	memcpy(span->data + done, view->data + skip, *moved);
	/* what is known of one sector is known of each that has bytes of it */
	for (uint32_t i = 0; i < count; i++) {
		const size_t begin = i ? (size_t)i * view->from - skip : 0;
		const size_t end = (size_t)(i + 1) * view->from - skip;

		for (size_t b = begin; view->state[i] && b < end && b < *moved; b += SP_DISK_BLOCK)
			span->state[(done + b) / view->to] |= view->state[i];
	}
	return 0;
}

static int reblock_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	struct reblock *view = (struct reblock *)src;
	const uint64_t all = (uint64_t)span->count * view->to;
	size_t moved;

	memset(span->state, 0, span->count * sizeof(span->state[0]));
	for (uint64_t done = 0; done < all; done += moved) {
		const int r = reblock_piece(view, span, done, &moved, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Those of the whole: what they cover and was not read is read for them. */
static int reblock_prove(struct sp_source *src, sp_proof_fn *fn, void *user, struct sp_error *err)
{
	return sp_source_prove(((struct reblock *)src)->inner, fn, user, err);
}

static void reblock_close(struct sp_source *src)
{
	sp_source_close(((struct reblock *)src)->inner);
	sp_disc_free(src->disc);
	free(src);
}

/* `src` is one that sp_bytes_open takes. Takes it on success. */
static int reblock_make(struct sp_source **out, struct sp_source *src, uint64_t at, uint64_t length,
			uint32_t to, struct sp_error *err)
{
	static const struct sp_source_ops ops = {
		.read = reblock_read, .prove = reblock_prove, .close = reblock_close};
	const uint64_t sectors = length / to + (length % to != 0);
	struct sp_disc *disc = to == REBLOCK_SECTOR
				       ? sp_disc_data(sectors)
				       : sp_disc_plain(SP_MEDIUM_BLOCK, SP_MODE_BLOCK512, sectors);
	struct reblock *view = malloc(sizeof(*view));
	int r = disc && view ? sp_disc_check(disc, err) : sp_fail_memory(err);

	if (r < 0) {
		sp_disc_free(disc);
		free(view);
		return r;
	}
	*view = (struct reblock){.source = {&ops, disc, src->caps},
				 .inner = src,
				 .from = src->disc->region[0].mode == SP_MODE_BLOCK512
						 ? SP_DISK_BLOCK
						 : REBLOCK_SECTOR,
				 .to = to,
				 .at = at,
				 .length = length};
	*out = &view->source;
	return 0;
}

/* "1, 2, 5": those there are. */
static void reblock_numbers(char *text, size_t size, const struct sp_partitions *list)
{
	size_t used = 0;

	snprintf(text, size, "none");
	for (size_t i = 0; i < list->count && i <= REBLOCK_NAMED && used < size; i++) {
		const int n = i == REBLOCK_NAMED
				      ? snprintf(text + used, size - used, ", …")
				      : snprintf(text + used, size - used, "%s%u", i ? ", " : "",
						 list->partition[i].number);
		used += n > 0 ? (size_t)n : 0;
	}
}

static int reblock_choose(const struct sp_partition **out, const struct sp_partitions *list,
			  unsigned number, struct sp_error *err)
{
	char numbers[128];

	if (list->scheme == SP_SCHEME_WHOLE)
		return sp_fail(err, SP_ERR_USAGE,
			       "there is no partition %u: there is no partition table", number);
	*out = sp_partitions_number(list, number);
	reblock_numbers(numbers, sizeof(numbers), list);
	if (!*out)
		return sp_fail(err, SP_ERR_USAGE, "there is no partition %u; the table has: %s",
			       number, numbers);
	if ((*out)->first >= list->blocks || (*out)->count > list->blocks - (*out)->first)
		return sp_fail(err, SP_ERR_FORMAT,
			       "partition %u ends at block %" PRIu64 ", beyond the disk's end at "
			       "block %" PRIu64,
			       number, (*out)->first + (*out)->count, list->blocks);
	return 0;
}

int sp_view_partition(struct sp_source **out, struct sp_source *src, unsigned number,
		      struct sp_error *err)
{
	const struct sp_partition *p;
	struct sp_partitions list;
	int r = sp_partitions_find(&list, src, err);

	if (!r)
		r = reblock_choose(&p, &list, number, err);
	/* an optical disc's volume has sectors of its own */
	if (!r)
		r = reblock_make(out, src, p->first * SP_DISK_BLOCK, p->count * SP_DISK_BLOCK,
				 sp_filesystem_optical(p->filesystem) && p->count % 4 == 0
					 ? REBLOCK_SECTOR
					 : SP_DISK_BLOCK,
				 err);
	sp_partitions_free(&list);
	return r;
}

int sp_view_sectors(struct sp_source **out, struct sp_source *src, unsigned *padding,
		    struct sp_error *err)
{
	struct sp_disk disk;
	int r = sp_bytes_open(&disk, src, err);

	if (!r)
		r = reblock_make(out, src, 0, disk.size, REBLOCK_SECTOR, err);
	*padding = (unsigned)(-disk.size % REBLOCK_SECTOR);
	sp_bytes_close(&disk);
	return r;
}
