/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that HFS+ keeps compressed (com.apple.decmpfs): in the attribute itself, or in blocks of
 * 64 KiB in the resource fork. */
#include "tree/hfsplus.h"

#include "base/bytes.h"
#include "codec/codec.h"
#include "codec/lzfse.h"
#include "io/blocks.h"

#include <stdlib.h>
#include <string.h>

enum {
	CODED_HEAD = 16,
	CODED_BLOCK = 65536,
	CODED_INLINE =
		4 << 20, /* bytes that 3802, the most of an attribute in a node, can become */
};

static int coded_lzvn(void **work, const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size,
		      size_t *done)
{
	(void)work;
	return sp_lzvn_decode(in, in_size, out, out_size, done);
}

static void coded_lzvn_free(void *work)
{
	(void)work;
}

static const struct sp_codec codec_lzvn = {
	.name = "lzvn",
	.decode = coded_lzvn,
	.work_free = coded_lzvn_free,
};

/* A block of one byte more than it holds is kept as it is, behind a byte that no stream of its
 * method begins with. */
static const struct coded_kind {
	const struct sp_codec *codec; /* NULL: none is used */
	bool known, resource;
	uint8_t mark, mask;
} coded_kinds[] = {
	[1] = {NULL, true, false, 0, 0},
	[3] = {&sp_codec_zlib, true, false, 0x0f, 0x0f},
	[4] = {&sp_codec_zlib, true, true, 0x0f, 0x0f},
	[7] = {&codec_lzvn, true, false, 0x06, 0xff},
	[8] = {&codec_lzvn, true, true, 0x06, 0xff},
	[9] = {NULL, true, false, 0, 0},
	[10] = {NULL, true, true, 0, 0},
	[11] = {&sp_codec_lzfse, true, false, 0xff, 0xff},
	[12] = {&sp_codec_lzfse, true, true, 0xff, 0xff},
};

static const struct coded_kind *coded_kind(unsigned type)
{
	return type < sizeof(coded_kinds) / sizeof(coded_kinds[0]) && coded_kinds[type].known
		       ? &coded_kinds[type]
		       : NULL;
}

/* Bytes: 0 "fpmc", 4 type, 8 size, all little-endian. */
bool hfs_coded(const uint8_t *decmpfs, size_t size, struct hfs_coded *coded)
{
	if (size < CODED_HEAD || memcmp(decmpfs, "fpmc", 4) != 0)
		return false;
	coded->type = get_le32(decmpfs + 4);
	coded->size = get_le64(decmpfs + 8);
	const struct coded_kind *kind = coded_kind(coded->type);
	coded->resource = kind && kind->resource;
	return true;
}

struct coded_bytes {
	struct sp_io io;
	uint8_t *data;
};

static int coded_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	(void)err;
	memcpy(data, ((struct coded_bytes *)io)->data + at, size);
	return 0;
}

static void coded_close(struct sp_io *io)
{
	free(((struct coded_bytes *)io)->data);
	free(io);
}

static const struct sp_io_ops coded_ops = {.read = coded_read, .close = coded_close};

static int coded_inline(struct sp_io **out, const uint8_t *data, size_t size, struct sp_error *err)
{
	struct coded_bytes *bytes = calloc(1, sizeof(*bytes));

	if (bytes)
		bytes->data = malloc(size);
	if (!bytes || !bytes->data) {
		free(bytes);
		return sp_fail_memory(err);
	}
	memcpy(bytes->data, data, size);
	bytes->io = (struct sp_io){.ops = &coded_ops, .name = "attribute", .size = size};
	*out = &bytes->io;
	return 0;
}

struct coded_open {
	const struct coded_kind *kind;
	struct sp_blocks blocks;
	struct sp_io *io; /* that of the blocks, which own it */
};

/* The next block: `stored` bytes at `at` of the io. */
static int coded_add(struct coded_open *o, uint64_t to, uint64_t at, uint64_t stored,
		     struct sp_error *err)
{
	const uint64_t left = o->blocks.size - to;
	const bool whole = !o->kind->resource;
	struct sp_block block = {.at = to,
				 .size = whole || left < CODED_BLOCK ? left : CODED_BLOCK,
				 .stored_at = at,
				 .stored = stored,
				 .codec = o->kind->codec};
	uint8_t first = 0;

	if (!sp_range_ok(at, stored, o->io->size))
		return sp_fail(err, SP_ERR_FORMAT,
			       "the compressed block for byte %llu lies beyond its fork",
			       (unsigned long long)to);
	if (stored == block.size + 1) {
		const int r = sp_io_read(o->io, at, &first, 1, err);

		if (r < 0)
			return r;
		if (!block.codec || (first & o->kind->mask) == o->kind->mark) {
			block.codec = NULL;
			block.stored_at++;
			block.stored--;
		}
	}
	if (!block.codec && block.stored != block.size)
		return sp_fail(err, SP_ERR_FORMAT, "the block for byte %llu has %llu bytes",
			       (unsigned long long)to, (unsigned long long)block.stored);
	return sp_blocks_add(&o->blocks, &block, err);
}

/* A resource fork whose data begins with a length, then counts blocks: place and size of each, from
 * the count on. */
static int coded_zlib_table(struct coded_open *o, struct sp_error *err)
{
	uint8_t head[16], entry[8];
	int r = sp_io_read(o->io, 0, head, 4, err);

	const uint64_t base = r < 0 ? 0 : (uint64_t)get_be32(head) + 4;
	if (!r)
		r = sp_io_read(o->io, base, entry, 4, err);
	if (r < 0)
		return r;
	const uint64_t count = get_le32(entry);
	if (count != (o->blocks.size + CODED_BLOCK - 1) / CODED_BLOCK ||
	    !sp_range_ok(base + 4, 8 * count, o->io->size))
		return sp_fail(err, SP_ERR_FORMAT, "its table has %llu compressed blocks",
			       (unsigned long long)count);
	for (uint64_t i = 0; !r && i < count; i++) {
		r = sp_io_read(o->io, base + 4 + 8 * i, entry, sizeof(entry), err);
		if (!r)
			r = coded_add(o, i * CODED_BLOCK, base + get_le32(entry),
				      get_le32(entry + 4), err);
	}
	return r;
}

/* A fork that begins with where each block begins, and where the last one ends. */
static int coded_table(struct coded_open *o, struct sp_error *err)
{
	const uint64_t count = (o->blocks.size + CODED_BLOCK - 1) / CODED_BLOCK;
	uint8_t entry[8];
	int r = 0;

	if (!sp_range_ok(0, 4 * (count + 1), o->io->size))
		return sp_fail(err, SP_ERR_FORMAT, "its table of compressed blocks is cut short");
	for (uint64_t i = 0; !r && i < count; i++) {
		r = sp_io_read(o->io, 4 * i, entry, sizeof(entry), err);
		if (r < 0)
			break;
		const uint32_t from = get_le32(entry), to = get_le32(entry + 4);
		r = to < from ? sp_fail(err, SP_ERR_FORMAT,
					"its table of compressed blocks is not in order")
			      : coded_add(o, i * CODED_BLOCK, from, to - from, err);
	}
	return r;
}

int hfs_coded_open(struct sp_io **out, const char *name, const uint8_t *decmpfs, size_t size,
		   struct sp_io *fork, struct sp_error *err)
{
	struct hfs_coded coded = {0};
	struct coded_open o = {0};
	struct sp_io *io = fork;

	*out = NULL;
	if (!hfs_coded(decmpfs, size, &coded))
		return sp_fail(err, SP_ERR_FORMAT, "%s: its compression header is not sound", name);
	o.kind = coded_kind(coded.type);
	if (!o.kind)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: is compressed by method %u, which is not known", name,
			       coded.type);
	if (o.kind->resource && !fork)
		return sp_fail(err, SP_ERR_FORMAT, "%s: its resource fork is missing", name);
	/* a block each 64 KiB needs four bytes of a table; one that is whole must be in memory */
	if (o.kind->resource ? coded.size / CODED_BLOCK > fork->size / 4
			     : coded.size > CODED_INLINE)
		return sp_fail(err, SP_ERR_FORMAT, "%s: claims %llu bytes", name,
			       (unsigned long long)coded.size);
	int r = o.kind->resource ? 0 : coded_inline(&io, decmpfs, size, err);
	if (r < 0)
		return r;
	o.blocks.size = coded.size;
	o.io = io;
	/* the fork becomes the table's last: until then a failure leaves it to the caller */
	r = sp_blocks_own(&o.blocks, io, err);
	if (r < 0) {
		if (io != fork)
			sp_io_close(io);
		return r;
	}
	if (!coded.size)
		r = 0;
	else if (!o.kind->resource)
		r = coded_add(&o, 0, CODED_HEAD, size - CODED_HEAD, err);
	else
		r = coded.type == 4 ? coded_zlib_table(&o, err) : coded_table(&o, err);
	if (!r)
		r = sp_blocks_open(out, &o.blocks, name, err);
	if (r < 0 && io == fork)
		o.blocks.ios = 0; /* stays the caller's */
	if (r < 0)
		sp_blocks_clear(&o.blocks);
	return r;
}
