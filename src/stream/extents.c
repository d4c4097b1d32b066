/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where sectors lie in files: one reader and one writer for every flat format. */
#include "stream/extents.h"

#include "base/bytes.h"
#include "disc/scramble.h"
#include "disc/sector.h"
#include "disc/subchannel.h"

#include <stdlib.h>
#include <string.h>

int sp_extents_own(struct sp_extents *map, struct sp_io *io, struct sp_error *err)
{
	struct sp_io **list = sp_grow(map->io, map->ios, sizeof(list[0]));

	if (!list)
		return sp_fail_memory(err);
	map->io = list;
	map->io[map->ios++] = io;
	return 0;
}

static size_t extents_size(const struct sp_extent *e)
{
	return sp_sector_size(e->mode, e->parts);
}

int sp_extents_add(struct sp_extents *map, const struct sp_extent *extent, bool sub, bool check,
		   struct sp_error *err)
{
	struct sp_extent **list = sub ? &map->sub : &map->main;
	size_t *count = sub ? &map->subs : &map->mains;
	const struct sp_extent *last = *count ? &(*list)[*count - 1] : NULL;
	const size_t size = extents_size(extent);
	uint64_t bytes, end;

	if (!extent->count || !size || extent->stride < size ||
	    !sp_mul_ok(extent->count - 1, extent->stride, &bytes) ||
	    !sp_add_ok(bytes, size, &bytes) || !sp_add_ok(extent->offset, bytes, &end))
		return sp_fail(err, SP_ERR_FORMAT, "%s: sectors from LBA %lld on do not fit a file",
			       extent->io->name, (long long)extent->lba);
	if (last && extent->lba < last->lba + (sp_lba)last->count)
		return sp_fail(err, SP_ERR_FORMAT, "%s: LBA %lld lies in two places",
			       extent->io->name, (long long)extent->lba);
	if (check && extent->encoding & SP_ENC_PADDED && end > extent->io->size)
		end -= size - 1;
	if (check && end > extent->io->size)
		return sp_fail(err, SP_ERR_FORMAT,
			       "%s: ends at byte %llu, its sectors would end at %llu",
			       extent->io->name, (unsigned long long)extent->io->size,
			       (unsigned long long)end);
	struct sp_extent *grown = sp_grow(*list, *count, sizeof(grown[0]));
	if (!grown)
		return sp_fail_memory(err);
	*list = grown;
	grown[(*count)++] = *extent;
	return 0;
}

void sp_extents_clear(struct sp_extents *map)
{
	for (size_t i = 0; i < map->ios; i++)
		sp_io_close(map->io[i]);
	free(map->io);
	free(map->main);
	free(map->sub);
	*map = (struct sp_extents){0};
}

/* The first extent that ends after `lba`, and how many of `count` sectors from `lba` on it decides:
 * those it holds (*held), or those before it. */
static const struct sp_extent *extents_find(const struct sp_extent *list, size_t n, sp_lba lba,
					    uint32_t *count, bool *held)
{
	size_t low = 0, high = n;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (list[mid].lba + (sp_lba)list[mid].count <= lba)
			low = mid + 1;
		else
			high = mid;
	}
	*held = low < n && list[low].lba <= lba;
	if (low == n)
		return NULL;
	const sp_lba end = *held ? list[low].lba + (sp_lba)list[low].count : list[low].lba;
	if (end - lba < (sp_lba)*count)
		*count = (uint32_t)(end - lba);
	return &list[low];
}

/* Encoding as stored ↔ as in a span, in place; both directions are the same but for linear
 * sub-channel. */
static void extents_code(const struct sp_extent *e, uint8_t *sector, bool store)
{
	const size_t main = sp_sector_size(e->mode, e->parts & SP_PART_MAIN);

	if ((e->encoding & SP_ENC_SWAP) && e->mode == SP_MODE_AUDIO)
		sp_swap16(sector, main);
	if ((e->encoding & SP_ENC_SCRAMBLED) && main == SP_RAW_SIZE)
		sp_scramble(sector);
	if ((e->encoding & SP_ENC_SUB_LINEAR) && (e->parts & SP_PART_PW)) {
		uint8_t *sub = sector + extents_size(e) - SP_SUB_SIZE, other[SP_SUB_SIZE];

		if (store)
			sp_sub_to_linear(sub, other);
		else
			sp_sub_to_interleaved(sub, other);
		memcpy(sub, other, SP_SUB_SIZE);
	}
}

/* Read as stored; what is missing of a last sector cut short is zeros. */
static int extents_fetch(const struct sp_extent *e, uint64_t at, void *data, size_t size,
			 struct sp_error *err)
{
	size_t here = size;

	if ((e->encoding & SP_ENC_PADDED) && at < e->io->size && size > e->io->size - at) {
		here = (size_t)(e->io->size - at);
		memset((uint8_t *)data + here, 0, size - here);
	}
	return sp_io_read(e->io, at, data, here, err);
}

/* Sectors between a file and a span whose strides differ or that are stored encoded, by way of a
 * buffer that holds as many as the file has in a row. */
static int extents_bounce(const struct sp_extent *e, uint64_t at, uint32_t count, uint8_t *data,
			  size_t span_stride, bool store, struct sp_error *err)
{
	uint8_t bounce[32768];
	const size_t size = extents_size(e);
	/* what lies between sectors in the file is not ours to write over */
	const bool single = store && e->stride != size;
	const size_t fit = single || e->stride > sizeof(bounce) ? 1 : sizeof(bounce) / e->stride;

	for (uint32_t done = 0; done < count;) {
		const uint32_t n = count - done < fit ? count - done : (uint32_t)fit;
		const size_t bytes = (n - 1) * (size_t)e->stride + size;
		const uint64_t from = at + (uint64_t)done * e->stride;
		int r = store ? 0 : extents_fetch(e, from, bounce, bytes, err);

		for (uint32_t i = 0; !r && i < n; i++) {
			uint8_t *sector = data + (done + i) * span_stride;
			uint8_t *stored = bounce + i * (size_t)e->stride;

			memcpy(store ? stored : sector, store ? sector : stored, size);
			extents_code(e, store ? stored : sector, store);
		}
		if (!r && store)
			r = sp_io_write(e->io, from, bounce, bytes, err);
		if (r < 0)
			return r;
		done += n;
	}
	return 0;
}

/* One run within one extent, whose parts stand at `data` in each sector of the span. Where the
 * file's sectors lie as the span's do, one call moves them all. */
static int extents_run(const struct sp_extent *e, sp_lba lba, uint32_t count, uint8_t *data,
		       size_t span_stride, bool store, struct sp_error *err)
{
	const size_t size = extents_size(e);
	const uint64_t at = e->offset + (uint64_t)(lba - e->lba) * e->stride;

	if (e->stride != span_stride || size != span_stride || (store && e->encoding))
		return extents_bounce(e, at, count, data, span_stride, store, err);
	if (store)
		return sp_io_write(e->io, at, data, (size_t)count * size, err);
	const int r = extents_fetch(e, at, data, (size_t)count * size, err);
	for (uint32_t i = 0; !r && e->encoding && i < count; i++)
		extents_code(e, data + i * size, false);
	return r;
}

/* Move what one list holds of a span; `parts` is what that list is for. */
static int extents_move(const struct sp_extent *list, size_t n, struct sp_span *span,
			unsigned parts, bool store, struct sp_error *err)
{
	const size_t shift = parts & SP_PART_USER
				     ? 0
				     : sp_sector_size(span->mode, span->parts) -
					       sp_sector_size(span->mode, span->parts & parts);

	for (uint32_t done = 0; done < span->count;) {
		uint32_t count = span->count - done;
		bool held;
		const sp_lba lba = span->lba + done;
		const struct sp_extent *e = extents_find(list, n, lba, &count, &held);

		if (held) {
			const int r =
				extents_run(e, lba, count, span->data + done * span->stride + shift,
					    span->stride, store, err);
			if (r < 0)
				return r;
			if (!store && (e->encoding & SP_ENC_PADDED) &&
			    lba + (sp_lba)count == e->lba + (sp_lba)e->count)
				span->state[done + count - 1] |= SP_STATE_PADDED;
		} else if (!store && !(parts & SP_PART_USER)) {
			for (uint32_t i = 0; i < count; i++)
				memset(span->data + (done + i) * span->stride + shift, 0,
				       span->stride - shift);
		} else if (!store) {
			memset(span->data + done * span->stride, 0, count * span->stride);
			for (uint32_t i = 0; i < count; i++)
				span->state[done + i] |= SP_STATE_GENERATED;
		}
		done += count;
	}
	return 0;
}

int sp_extents_read(const struct sp_extents *map, struct sp_span *span, struct sp_error *err)
{
	int r = extents_move(map->main, map->mains, span,
			     map->subs ? SP_PART_MAIN : SP_PART_MAIN | SP_PART_PW, false, err);

	if (!r && map->subs && (span->parts & SP_PART_PW))
		r = extents_move(map->sub, map->subs, span, SP_PART_PW, false, err);
	return r;
}

int sp_extents_write(const struct sp_extents *map, const struct sp_span *span, struct sp_error *err)
{
	struct sp_span in = *span; /* only read from */
	int r = extents_move(map->main, map->mains, &in, SP_PART_MAIN, true, err);

	if (!r && map->subs && (span->parts & SP_PART_PW))
		r = extents_move(map->sub, map->subs, &in, SP_PART_PW, true, err);
	return r;
}

struct extents_source {
	struct sp_source source;
	struct sp_extents map;
};

static int extents_source_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	return sp_extents_read(&((struct extents_source *)src)->map, span, err);
}

static void extents_source_close(struct sp_source *src)
{
	struct extents_source *extents = (struct extents_source *)src;

	sp_extents_clear(&extents->map);
	sp_disc_free(src->disc);
	free(extents);
}

int sp_extents_source(struct sp_source **out, struct sp_disc *disc, struct sp_extents *map,
		      struct sp_error *err)
{
	static const struct sp_source_ops ops = {.read = extents_source_read,
						 .close = extents_source_close};
	struct extents_source *src = malloc(sizeof(*src));

	if (!src)
		return sp_fail_memory(err);
	*src = (struct extents_source){{&ops, disc, 0}, *map};
	*map = (struct sp_extents){0};
	*out = &src->source;
	return 0;
}
