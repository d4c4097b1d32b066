/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An io that encodes: samples are written to it as to any data file, and FLAC comes out. Tags come
 * last, into room left for them, for a disc may still be learning its codes while it is read. */
#include "formats/audio_write.h"

#include "base/bytes.h"
#include "codec/flac.h"

#include <stdlib.h>
#include <string.h>

enum {
	FLAC_BLOCK_HEAD = 4,
	FLAC_COMMENT = 4,
	FLAC_PADDING = 1,
	FLAC_LAST = 0x80,
	FLAC_SPARE = 4096, /* room beyond the tags known at the beginning */
};

struct flac_io {
	struct sp_io io; /* its size is that of the samples so far */
	struct sp_io *under;
	struct sp_flac *flac; /* only while there are samples to come: 99 of them would be much */
	uint64_t bytes;
	uint64_t first; /* of the first frame; 0: the stream has not ended */
	unsigned level;
	uint32_t room;
};

static int flac_out(void *user, uint64_t at, const void *data, size_t size, struct sp_error *err)
{
	return sp_io_write(((struct flac_io *)user)->under, at, data, size, err);
}

static int flac_begin(struct flac_io *f, struct sp_error *err)
{
	if (!f->flac && !f->first)
		f->flac = sp_flac_new(f->level, f->bytes / SP_FLAC_PCM_FRAME, f->room, flac_out, f);
	return f->flac ? 0 : sp_fail_memory(err);
}

static int flac_end(struct flac_io *f, struct sp_error *err)
{
	const int r = sp_flac_end(f->flac, &f->first, err);

	sp_flac_free(f->flac);
	f->flac = NULL;
	return r;
}

static int flac_write(struct sp_io *io, uint64_t at, const void *data, size_t size,
		      struct sp_error *err)
{
	struct flac_io *f = (struct flac_io *)io;

	if (size % SP_FLAC_PCM_FRAME || !sp_range_ok(at, size, f->bytes))
		return sp_fail(err, SP_ERR_USAGE, "%s: takes %llu bytes of whole samples", io->name,
			       (unsigned long long)f->bytes);
	int r = flac_begin(f, err);
	if (!r)
		r = sp_flac_encode(f->flac, data, size / SP_FLAC_PCM_FRAME, err);
	return r < 0 || at + size < f->bytes ? r : flac_end(f, err);
}

static int flac_sync(struct sp_io *io, struct sp_error *err)
{
	return sp_io_sync(((struct flac_io *)io)->under, err);
}

static void flac_close(struct sp_io *io)
{
	struct flac_io *f = (struct flac_io *)io;

	sp_flac_free(f->flac);
	sp_io_close(f->under);
	free(f);
}

/* Bytes of a tag in a comment block: its length, and "KEY=value". */
static size_t flac_tag_size(const struct sp_tag *tag)
{
	return 4 + strlen(tag->key) + 1 + strlen(tag->value);
}

int sp_flac_writer(struct sp_io **out, struct sp_io *io, uint64_t bytes, unsigned level,
		   const struct sp_tags *tags, struct sp_error *err)
{
	static const struct sp_io_ops ops = {
		.write = flac_write, .sync = flac_sync, .close = flac_close};
	struct flac_io *f = malloc(sizeof(*f));
	size_t room = FLAC_SPARE;

	if (!f)
		return sp_fail_memory(err);
	for (size_t i = 0; i < tags->count; i++)
		room += flac_tag_size(&tags->tag[i]);
	*f = (struct flac_io){
		.io = {.ops = &ops, .name = io->name, .flags = SP_IO_WRITABLE | SP_IO_SEQUENTIAL},
		.under = io,
		.bytes = bytes,
		.level = level,
		.room = room < SP_FLAC_BLOCK_MAX ? (uint32_t)room : SP_FLAC_BLOCK_MAX,
	};
	*out = &f->io;
	return 0;
}

static void flac_fill_head(uint8_t *p, uint8_t type, size_t size)
{
	put_be32(p, (uint32_t)type << 24 | (uint32_t)size);
}

static uint8_t *flac_fill_text(uint8_t *p, const char *key, const char *value)
{
	const size_t n = strlen(key), m = strlen(value);

	put_le32(p, (uint32_t)(n + (n > 0) + m));
	memcpy(p + 4, key, n);
	if (n)
		p[4 + n] = '=';
	memcpy(p + 4 + n + (n > 0), value, m);
	return p + 4 + n + (n > 0) + m;
}

/* A comment block (RFC 9639 8.6: lengths are little-endian there) and padding, exactly `size`
 * bytes, which are zeros. */
static void flac_fill(uint8_t *area, size_t size, const struct sp_tags *tags)
{
	const size_t fixed = 2 * FLAC_BLOCK_HEAD + 4 + strlen(sp_flac_vendor()) + 4;
	size_t used = fixed, count = 0;

	while (count < tags->count && flac_tag_size(&tags->tag[count]) <= size - used)
		used += flac_tag_size(&tags->tag[count++]);
	flac_fill_head(area, FLAC_COMMENT, used - 2 * FLAC_BLOCK_HEAD);
	uint8_t *p = flac_fill_text(area + FLAC_BLOCK_HEAD, "", sp_flac_vendor());
	put_le32(p, (uint32_t)count);
	p += 4;
	for (size_t i = 0; i < count; i++)
		p = flac_fill_text(p, tags->tag[i].key, tags->tag[i].value);
	flac_fill_head(p, FLAC_LAST | FLAC_PADDING, size - used);
}

int sp_flac_finish(struct sp_io *flac, const struct sp_tags *tags, struct sp_error *err)
{
	struct flac_io *f = (struct flac_io *)flac;
	int r = f->first ? 0 : flac_begin(f, err);

	if (!r && !f->first)
		r = flac_end(f, err);
	if (r < 0)
		return r;
	const size_t size = (size_t)(f->first - SP_FLAC_HEAD);
	uint8_t *area = calloc(1, size);
	if (!area)
		return sp_fail_memory(err);
	flac_fill(area, size, tags);
	r = sp_io_write(f->under, SP_FLAC_HEAD, area, size, err);
	free(area);
	return r;
}
