/* SPDX-License-Identifier: GPL-3.0-or-later */
/* zisofs: files whose blocks lie compressed by zlib, behind a table of where each begins. */
#include "tree/iso9660.h"

#include "base/bytes.h"
#include "codec/codec.h"

#include <stdlib.h>
#include <string.h>

enum { ZISOFS_LOG2_LEAST = 15, ZISOFS_LOG2_MOST = 20, ZISOFS_LOG2_MOST_1 = 17 };

struct zisofs {
	struct sp_io io;
	struct sp_io *stored;
	void *work;
	uint8_t *in, *block;
	uint64_t have;                /* the block decoded last + 1; 0: none */
	unsigned log2, header, width; /* width: of a pointer, 4 or 8 */
};

static int zisofs_pointer(struct zisofs *z, uint64_t i, uint64_t *at, struct sp_error *err)
{
	uint8_t raw[8];
	const int r = sp_io_read(z->stored, z->header + i * z->width, raw, z->width, err);

	*at = r < 0 ? 0 : z->width == 8 ? get_le64(raw) : get_le32(raw);
	return r;
}

static int zisofs_block(struct zisofs *z, uint64_t number, size_t size, struct sp_error *err)
{
	uint64_t from, to;
	size_t done = 0;

	if (z->have == number + 1)
		return 0;
	z->have = 0;
	int r = zisofs_pointer(z, number, &from, err);
	if (!r)
		r = zisofs_pointer(z, number + 1, &to, err);
	if (r < 0)
		return r;
	if (to < from || to - from > UINT64_C(2) << z->log2 || to > z->stored->size)
		return sp_fail(err, SP_ERR_FORMAT, "%s: block %llu has no place in the file",
			       z->io.name, (unsigned long long)number);
	if (to == from) { /* nothing stored: zeros */
		memset(z->block, 0, size);
	} else {
		r = sp_io_read(z->stored, from, z->in, (size_t)(to - from), err);
		if (!r)
			r = sp_codec_zlib.decode(&z->work, z->in, (size_t)(to - from), z->block,
						 size, &done);
		if (r == SP_ERR_FORMAT)
			return sp_fail(err, SP_ERR_FORMAT, "%s: block %llu cannot be decompressed",
				       z->io.name, (unsigned long long)number);
		if (r == SP_ERR_MEMORY)
			return sp_fail_memory(err);
	}
	if (!r)
		z->have = number + 1;
	return r;
}

static int zisofs_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct zisofs *z = (struct zisofs *)io;
	uint8_t *out = data;

	while (size) {
		const uint64_t number = at >> z->log2, begins = number << z->log2;
		const uint64_t rest = io->size - begins, whole = UINT64_C(1) << z->log2;
		const size_t length = (size_t)(rest < whole ? rest : whole);
		const size_t skip = (size_t)(at - begins);
		const size_t n = size < length - skip ? size : length - skip;
		const int r = zisofs_block(z, number, length, err);

		if (r < 0)
			return r;
		memcpy(out, z->block + skip, n);
		out += n;
		at += n;
		size -= n;
	}
	return 0;
}

static void zisofs_close(struct sp_io *io)
{
	struct zisofs *z = (struct zisofs *)io;

	sp_io_close(z->stored);
	sp_codec_zlib.work_free(z->work);
	free(z->in);
	free(z->block);
	free(z);
}

static const struct sp_io_ops zisofs_ops = {.read = zisofs_read, .close = zisofs_close};

/* The file's own head says the same as the field that led here. */
static int zisofs_head(struct sp_io *stored, unsigned version, unsigned header, unsigned log2,
		       uint64_t size, struct sp_error *err)
{
	static const char magic[2][9] = {"\x37\xe4\x53\x96\xc9\xdb\xd6\x07",
					 "\xef\x22\x55\xa1\xbc\x1b\x95\xa0"};
	uint8_t head[24];
	const size_t width = version == 2 ? 8 : 4;
	uint64_t table;
	const uint64_t blocks = (size >> log2) + ((size & ((UINT64_C(1) << log2) - 1)) != 0);

	const int r = sp_io_read(stored, 0, head, version == 2 ? 24 : 16, err);
	if (r < 0)
		return r;
	if (memcmp(head, magic[version - 1], 8))
		return sp_fail(err, SP_ERR_FORMAT, "%s: not compressed as its directory says",
			       stored->name);
	if (header < (version == 2 ? 24u : 16u) || !sp_mul_ok(blocks + 1, width, &table) ||
	    !sp_range_ok(header, table, stored->size) || size > INT64_MAX)
		return sp_fail(err, SP_ERR_FORMAT,
			       "%s: %llu bytes do not fit into what is stored of it", stored->name,
			       (unsigned long long)size);
	return 0;
}

int zisofs_open(struct sp_io **out, struct sp_io *stored, unsigned version, unsigned header,
		unsigned log2, uint64_t size, struct sp_error *err)
{
	*out = NULL;
	if (version < 1 || version > 2 || log2 < ZISOFS_LOG2_LEAST ||
	    log2 > (version == 1 ? ZISOFS_LOG2_MOST_1 : ZISOFS_LOG2_MOST))
		return sp_fail(err, SP_ERR_FORMAT, "%s: zisofs blocks of 2^%u bytes", stored->name,
			       log2);
	/* an empty file has no head at all */
	const int r = size ? zisofs_head(stored, version, header, log2, size, err) : 0;
	if (r < 0)
		return r;
	struct zisofs *z = calloc(1, sizeof(*z));
	if (z) {
		z->in = malloc((size_t)2 << log2);
		z->block = malloc((size_t)1 << log2);
	}
	if (!z || !z->in || !z->block) {
		if (z) {
			free(z->in);
			free(z->block);
		}
		free(z);
		return sp_fail_memory(err);
	}
	z->io = (struct sp_io){.ops = &zisofs_ops, .name = stored->name, .size = size};
	z->stored = stored;
	z->log2 = log2;
	z->header = header;
	z->width = version == 2 ? 8 : 4;
	*out = &z->io;
	return 0;
}
