/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A source's user data as one run of bytes. Small reads go through a few kept pieces, large ones
 * straight to where they are wanted. */
#include "tree/disc_io.h"

#include "base/bytes.h"
#include "disc/sector.h"

#include <stdlib.h>
#include <string.h>

enum {
	IO_SECTOR = 2048,
	IO_PIECE = 32768, /* bytes kept together */
	IO_PIECES = 128,
	IO_STATES = IO_PIECE / 512,
	IO_RAW = 32,     /* sectors with framing read at once */
	IO_DIRECT = 512, /* sectors without */
	IO_BAD =
		SP_STATE_UNREAD | SP_STATE_PADDED | SP_STATE_EDC | SP_STATE_C2 | SP_STATE_GENERATED,
};

struct piece {
	uint64_t number; /* + 1; 0: empty */
	uint16_t state[IO_STATES];
	uint8_t data[IO_PIECE];
};
struct disc_io {
	struct sp_io io;
	struct sp_source *src;
	unsigned unit; /* bytes of a sector */
	struct sp_inside_damage damage;
	uint8_t *raw, *kept;
	uint16_t state[IO_DIRECT];
	struct piece *piece;
};

static void damage_add(struct disc_io *d, uint64_t sector, uint16_t state)
{
	if (!(state & IO_BAD))
		return;
	if (!d->damage.sectors++)
		d->damage.first = (sp_lba)sector;
	d->damage.state |= state;
}

/* Sectors of one region that have framing, or are no data: their first 2048 bytes of it. */
static int fetch_framed(struct disc_io *d, const struct sp_region *region, struct sp_span *span,
			uint8_t *out, struct sp_error *err)
{
	const unsigned user =
		region->mode == SP_MODE_XA ? SP_PART_USER | SP_PART_ECC : SP_PART_USER;
	const size_t keep = sp_sector_size(region->mode, user);

	if (!d->raw) {
		d->raw = malloc((size_t)IO_RAW *
				(SP_RAW_SIZE + SP_C2_SIZE + SP_Q_SIZE + SP_SUB_SIZE));
		d->kept = malloc((size_t)IO_RAW * SP_RAW_SIZE);
		if (!d->raw || !d->kept)
			return sp_fail_memory(err);
	}
	span->count = span->count < IO_RAW ? span->count : IO_RAW;
	span->data = d->raw;
	int r = 0;
	if (region->mode == SP_MODE_AUDIO || keep < IO_SECTOR || !(region->parts & SP_PART_USER)) {
		memset(out, 0, (size_t)span->count * IO_SECTOR);
		for (uint32_t i = 0; i < span->count; i++)
			span->state[i] = SP_STATE_GENERATED;
		return 0;
	}
	r = sp_source_read(d->src, span, err);
	if (!r)
		r = sp_sector_convert(NULL, region->mode, region->parts, user, span->lba,
				      span->count, d->raw, d->kept, NULL, NULL, err);
	for (uint32_t i = 0; !r && i < span->count; i++)
		memcpy(out + (size_t)i * IO_SECTOR, d->kept + i * keep, IO_SECTOR);
	return r;
}

/* `count` sectors and their states. */
static int fetch(struct disc_io *d, uint64_t sector, uint64_t count, uint8_t *out, uint16_t *state,
		 struct sp_error *err)
{
	while (count) {
		const struct sp_region *region = sp_disc_region(d->src->disc, (sp_lba)sector);
		if (!region)
			return sp_fail(err, SP_ERR_FORMAT, "LBA %lld: not on the disc",
				       (long long)sector);
		const uint64_t left = region->count - (sector - (uint64_t)region->lba);
		struct sp_span span = {.lba = (sp_lba)sector,
				       .count = (uint32_t)(count < left ? count : left),
				       .mode = region->mode,
				       .parts = region->parts,
				       .stride = sp_sector_size(region->mode, region->parts),
				       .data = out,
				       .state = state};
		const int r = span.stride == d->unit && region->parts == SP_PART_USER &&
					      region->mode != SP_MODE_AUDIO
				      ? sp_source_read(d->src, &span, err)
				      : fetch_framed(d, region, &span, out, err);
		if (r < 0)
			return r;
		sector += span.count;
		count -= span.count;
		out += (size_t)span.count * d->unit;
		state += span.count;
	}
	return 0;
}

static int io_piece(struct disc_io *d, uint64_t number, struct piece **found, struct sp_error *err)
{
	struct piece *piece = &d->piece[number % IO_PIECES];
	const uint64_t at = number * IO_PIECE, rest = d->io.size - at;

	*found = piece;
	if (piece->number == number + 1)
		return 0;
	piece->number = 0;
	const int r = fetch(d, at / d->unit, (rest < IO_PIECE ? rest : IO_PIECE) / d->unit,
			    piece->data, piece->state, err);
	if (!r)
		piece->number = number + 1;
	return r;
}

static int io_small(struct disc_io *d, uint64_t at, uint8_t *out, size_t size, struct sp_error *err)
{
	while (size) {
		const size_t skip = (size_t)(at % IO_PIECE);
		const size_t n = size < IO_PIECE - skip ? size : IO_PIECE - skip;
		struct piece *piece;
		const int r = io_piece(d, at / IO_PIECE, &piece, err);

		if (r < 0)
			return r;
		memcpy(out, piece->data + skip, n);
		for (size_t i = skip / d->unit; i * d->unit < skip + n; i++)
			damage_add(d, at / IO_PIECE * (IO_PIECE / d->unit) + i, piece->state[i]);
		out += n;
		at += n;
		size -= n;
	}
	return 0;
}

static int io_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct disc_io *d = (struct disc_io *)io;
	uint8_t *out = data;
	int r = 0;

	while (size && !r) {
		const size_t off = (size_t)(at % d->unit);
		size_t n = off ? d->unit - off : size;
		n = n < size ? n : size;
		if (off || size < 2 * IO_PIECE) {
			n = off ? n : size;
			r = io_small(d, at, out, n, err);
		} else {
			uint64_t count = size / d->unit;
			count = count < IO_DIRECT ? count : IO_DIRECT;
			n = (size_t)count * d->unit;
			r = fetch(d, at / d->unit, count, out, d->state, err);
			for (uint64_t i = 0; i < count && !r; i++)
				damage_add(d, at / d->unit + i, d->state[i]);
		}
		out += n;
		at += n;
		size -= n;
	}
	return r;
}

static void io_close(struct sp_io *io)
{
	struct disc_io *d = (struct disc_io *)io;

	free(d->raw);
	free(d->kept);
	free(d->piece);
	free(d);
}

static const struct sp_io_ops disc_io_ops = {.read = io_read, .close = io_close};

int sp_disc_io(struct sp_io **out, struct sp_source *src, struct sp_error *err)
{
	const struct sp_disc *disc = src->disc;
	const struct sp_region *last = disc->regions ? &disc->region[disc->regions - 1] : NULL;
	struct disc_io *d;

	*out = NULL;
	if (src->caps & SP_SOURCE_ONCE)
		return sp_fail(err, SP_ERR_USAGE, "files are read from a disc in any order");
	d = calloc(1, sizeof(*d));
	if (d)
		d->piece = calloc(IO_PIECES, sizeof(*d->piece));
	if (!d || !d->piece) {
		free(d);
		return sp_fail_memory(err);
	}
	d->src = src;
	d->unit = last && last->mode == SP_MODE_BLOCK512 ? 512 : IO_SECTOR;
	d->io = (struct sp_io){.ops = &disc_io_ops, .name = "disc"};
	if (last && last->lba + (sp_lba)last->count > 0)
		d->io.size = ((uint64_t)last->lba + last->count) * d->unit;
	*out = &d->io;
	return 0;
}

unsigned sp_disc_io_unit(const struct sp_io *io)
{
	return ((const struct disc_io *)io)->unit;
}

void sp_disc_io_damage(struct sp_io *io, struct sp_inside_damage *damage)
{
	struct disc_io *d = (struct disc_io *)io;

	*damage = d->damage;
	d->damage = (struct sp_inside_damage){0};
}
