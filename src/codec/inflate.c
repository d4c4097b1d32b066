/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only file that knows zlib, which decodes piece by piece what libdeflate cannot. */
#include "codec/inflate.h"

#include "codec/codec.h"

#define ZLIB_CONST
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

void *sp_inflate_begin(void)
{
	z_stream *z = calloc(1, sizeof(*z));

	if (z && inflateInit(z) != Z_OK) {
		free(z);
		return NULL;
	}
	return z;
}

int sp_inflate_step(void *stream, const uint8_t **in, size_t *in_size, uint8_t **out,
		    size_t *out_room)
{
	z_stream *z = stream;

	for (;;) { /* what zlib counts in 32 bits goes in several turns */
		const unsigned give = *in_size < UINT_MAX ? (unsigned)*in_size : UINT_MAX;
		const unsigned room = *out_room < UINT_MAX ? (unsigned)*out_room : UINT_MAX;

		z->next_in = *in;
		z->avail_in = give;
		z->next_out = *out;
		z->avail_out = room;
		const int r = inflate(z, Z_NO_FLUSH);
		*in += give - z->avail_in;
		*in_size -= give - z->avail_in;
		*out += room - z->avail_out;
		*out_room -= room - z->avail_out;
		if (r == Z_STREAM_END)
			return SP_CODEC_END;
		if (r == Z_MEM_ERROR)
			return SP_CODEC_NOMEMORY;
		if (r != Z_OK && r != Z_BUF_ERROR)
			return SP_CODEC_BAD; /* also a preset dictionary, which nothing here has */
		if (!*in_size || !*out_room || r == Z_BUF_ERROR)
			return SP_CODEC_MORE;
	}
}

void sp_inflate_end(void *stream)
{
	if (stream)
		inflateEnd(stream);
	free(stream);
}
