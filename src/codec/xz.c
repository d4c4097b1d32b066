/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only file that knows liblzma: .xz streams of one block each. */
#include "codec/codec.h"

#include <lzma.h>
#include <stdlib.h>

enum {
	/* What `xz -9` needs, a dictionary of 64 MiB, and no more. The dictionary is memory only as
	 * far as it was written to, so that a block of 1 MiB costs 1 MiB whatever it claims. */
	XZ_DECODE_LIMIT = 67 << 20,
	XZ_DICTIONARY_MIN = 4096,
	XZ_DICTIONARY_MAX = 4 << 20, /* encoding takes 12 times as much */
};

struct xz_stream {
	lzma_stream lzma;
	int ended; /* enum sp_codec_step */
};

/* Begins anew, keeping the memory. */
static int xz_reset(struct xz_stream *s)
{
	s->ended = SP_CODEC_MORE;
	return lzma_stream_decoder(&s->lzma, XZ_DECODE_LIMIT, 0) == LZMA_OK ? 0 : SP_ERR_MEMORY;
}

static void xz_end(void *stream)
{
	struct xz_stream *s = stream;

	if (s)
		lzma_end(&s->lzma);
	free(s);
}

static void *xz_begin(void)
{
	struct xz_stream *s = malloc(sizeof(*s));

	if (!s)
		return NULL;
	s->lzma = (lzma_stream)LZMA_STREAM_INIT;
	if (xz_reset(s) < 0) {
		xz_end(s);
		return NULL;
	}
	return s;
}

static int xz_step(void *stream, const uint8_t **in, size_t *in_size, uint8_t **out,
		   size_t *out_room)
{
	struct xz_stream *s = stream;

	if (s->ended != SP_CODEC_MORE)
		return s->ended;
	s->lzma.next_in = *in;
	s->lzma.avail_in = *in_size;
	s->lzma.next_out = *out;
	s->lzma.avail_out = *out_room;
	const lzma_ret r = lzma_code(&s->lzma, LZMA_RUN);
	*in = s->lzma.next_in;
	*in_size = s->lzma.avail_in;
	*out = s->lzma.next_out;
	*out_room = s->lzma.avail_out;
	if (r == LZMA_STREAM_END)
		s->ended = SP_CODEC_END;
	else if (r == LZMA_MEM_ERROR || r == LZMA_MEMLIMIT_ERROR)
		s->ended = SP_CODEC_NOMEMORY;
	else if (r != LZMA_OK && r != LZMA_BUF_ERROR)
		s->ended = SP_CODEC_BAD;
	return s->ended;
}

static int xz_decode(void **work, const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size,
		     size_t *done)
{
	*done = 0;
	if (!*work)
		*work = xz_begin();
	else if (xz_reset(*work) < 0)
		return SP_ERR_MEMORY;
	if (!*work)
		return SP_ERR_MEMORY;
	return sp_codec_whole(&sp_codec_xz, *work, in, in_size, out, out_size, done);
}

static size_t xz_encode(void **work, unsigned level, const uint8_t *in, size_t in_size,
			uint8_t *out, size_t room)
{
	lzma_options_lzma options;
	const lzma_filter chain[] = {
		{.id = LZMA_FILTER_LZMA2, .options = &options},
		{.id = LZMA_VLI_UNKNOWN},
	};
	size_t size = 0;

	(void)work; /* of the decoder */
	if (lzma_lzma_preset(&options, level ? level : 6))
		return 0;
	if (options.dict_size > XZ_DICTIONARY_MAX)
		options.dict_size = XZ_DICTIONARY_MAX;
	if (options.dict_size > in_size)
		options.dict_size =
			in_size < XZ_DICTIONARY_MIN ? XZ_DICTIONARY_MIN : (uint32_t)in_size;
	if (lzma_stream_buffer_encode((lzma_filter *)(uintptr_t)chain, LZMA_CHECK_CRC32, NULL, in,
				      in_size, out, &size, room) != LZMA_OK)
		return 0;
	return size;
}

const struct sp_codec sp_codec_xz = {
	.name = "xz",
	.decode = xz_decode,
	.encode = xz_encode,
	.work_free = xz_end,
	.begin = xz_begin,
	.step = xz_step,
	.end = xz_end,
};
