/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only file that knows libdeflate: CRC-32, and RFC 1950 streams that are in memory whole. */
#include "codec/deflate.h"

#include "codec/codec.h"
#include "codec/inflate.h"

#include <libdeflate.h>
#include <stdlib.h>

struct deflate_work {
	struct libdeflate_decompressor *decompressor;
	struct libdeflate_compressor *compressor;
	unsigned level; /* of the compressor */
};

uint32_t sp_crc32(uint32_t crc, const void *data, size_t size)
{
	return libdeflate_crc32(crc, data, size);
}

static struct deflate_work *deflate_work(void **work)
{
	if (!*work)
		*work = calloc(1, sizeof(struct deflate_work));
	return *work;
}

/* libdeflate does not tell how far it came; who must know asks zlib. */
static int deflate_place(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size,
			 size_t *done)
{
	void *stream = sp_inflate_begin();
	if (!stream)
		return SP_ERR_MEMORY;
	const int r = sp_codec_whole(&sp_codec_zlib, stream, in, in_size, out, out_size, done);
	sp_inflate_end(stream);
	return r;
}

static int deflate_decode(void **work, const uint8_t *in, size_t in_size, uint8_t *out,
			  size_t out_size, size_t *done)
{
	struct deflate_work *w = deflate_work(work);
	size_t used;

	*done = 0;
	if (w && !w->decompressor)
		w->decompressor = libdeflate_alloc_decompressor();
	if (!w || !w->decompressor)
		return SP_ERR_MEMORY;
	if (libdeflate_zlib_decompress_ex(w->decompressor, in, in_size, out, out_size, &used,
					  NULL) != LIBDEFLATE_SUCCESS)
		return deflate_place(in, in_size, out, out_size, done);
	*done = out_size;
	return 0;
}

static size_t deflate_encode(void **work, unsigned level, const uint8_t *in, size_t in_size,
			     uint8_t *out, size_t room)
{
	struct deflate_work *w = deflate_work(work);

	if (!w)
		return 0;
	if (!level)
		level = SP_DEFLATE_LEVEL;
	if (w->compressor && w->level != level) {
		libdeflate_free_compressor(w->compressor);
		w->compressor = NULL;
	}
	if (!w->compressor)
		w->compressor = libdeflate_alloc_compressor((int)level);
	if (!w->compressor)
		return 0;
	w->level = level;
	return libdeflate_zlib_compress(w->compressor, in, in_size, out, room);
}

static void deflate_work_free(void *work)
{
	struct deflate_work *w = work;

	if (!w)
		return;
	libdeflate_free_decompressor(w->decompressor);
	libdeflate_free_compressor(w->compressor);
	free(w);
}

const struct sp_codec sp_codec_zlib = {
	.name = "zlib",
	.decode = deflate_decode,
	.encode = deflate_encode,
	.work_free = deflate_work_free,
	.begin = sp_inflate_begin,
	.step = sp_inflate_step,
	.end = sp_inflate_end,
};
