/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only file that knows libbz2. */
#include "codec/codec.h"

#include <bzlib.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
	BZIP2_UNIT = 100000, /* of which a block has one to nine */
	BZIP2_MARGIN = 19,   /* a block is never filled to its last bytes */
};

struct bzip2_stream {
	bz_stream bz;
	int ended; /* enum sp_codec_step; libbz2 does not stay ended by itself */
};

static void *bzip2_begin(void)
{
	struct bzip2_stream *s = calloc(1, sizeof(*s));

	if (s && BZ2_bzDecompressInit(&s->bz, 0, 0) != BZ_OK) {
		free(s);
		return NULL;
	}
	if (s)
		s->ended = SP_CODEC_MORE;
	return s;
}

static int bzip2_step(void *stream, const uint8_t **in, size_t *in_size, uint8_t **out,
		      size_t *out_room)
{
	struct bzip2_stream *s = stream;

	while (s->ended == SP_CODEC_MORE) {
		const unsigned give = *in_size < UINT_MAX ? (unsigned)*in_size : UINT_MAX;
		const unsigned room = *out_room < UINT_MAX ? (unsigned)*out_room : UINT_MAX;

		s->bz.next_in = (char *)(uintptr_t)*in; /* it only reads there */
		s->bz.avail_in = give;
		s->bz.next_out = (char *)*out;
		s->bz.avail_out = room;
		const int r = BZ2_bzDecompress(&s->bz);
		const bool moved = s->bz.avail_in != give || s->bz.avail_out != room;
		*in += give - s->bz.avail_in;
		*in_size -= give - s->bz.avail_in;
		*out += room - s->bz.avail_out;
		*out_room -= room - s->bz.avail_out;
		if (r == BZ_STREAM_END)
			s->ended = SP_CODEC_END;
		else if (r == BZ_MEM_ERROR)
			s->ended = SP_CODEC_NOMEMORY;
		else if (r != BZ_OK)
			s->ended = SP_CODEC_BAD;
		else if (!*in_size || !*out_room || !moved)
			break;
	}
	return s->ended;
}

static void bzip2_end(void *stream)
{
	struct bzip2_stream *s = stream;

	if (s)
		BZ2_bzDecompressEnd(&s->bz);
	free(s);
}

static int bzip2_decode(void **work, const uint8_t *in, size_t in_size, uint8_t *out,
			size_t out_size, size_t *done)
{
	void *stream = bzip2_begin();

	(void)work;
	*done = 0;
	if (!stream)
		return SP_ERR_MEMORY;
	const int r = sp_codec_whole(&sp_codec_bzip2, stream, in, in_size, out, out_size, done);
	bzip2_end(stream);
	return r;
}

static size_t bzip2_encode(void **work, unsigned level, const uint8_t *in, size_t in_size,
			   uint8_t *out, size_t room)
{
	/* no larger than what is compressed can fill, run lengths being 5 bytes for 4 at worst */
	const size_t enough = (in_size + in_size / 4 + BZIP2_MARGIN) / BZIP2_UNIT + 1;
	unsigned size = room < UINT_MAX ? (unsigned)room : UINT_MAX;

	(void)work;
	if (!level)
		level = 9;
	if (in_size > UINT_MAX ||
	    BZ2_bzBuffToBuffCompress((char *)out, &size, (char *)(uintptr_t)in, (unsigned)in_size,
				     (int)(enough < level ? enough : level), 0, 0) != BZ_OK)
		return 0;
	return size;
}

static void bzip2_work_free(void *work)
{
	(void)work;
}

const struct sp_codec sp_codec_bzip2 = {
	.name = "bzip2",
	.decode = bzip2_decode,
	.encode = bzip2_encode,
	.work_free = bzip2_work_free,
	.begin = bzip2_begin,
	.step = bzip2_step,
	.end = bzip2_end,
};
