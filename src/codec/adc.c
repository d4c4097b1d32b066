/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Apple Data Compression: literals of up to 128 bytes and matches within 64 KiB, no header, no end
 * mark and no checksum. */
#include "base/bytes.h"
#include "codec/codec.h"
#include "codec/lz.h"

#include <stdlib.h>

enum {
	ADC_HISTORY = 65536,
	ADC_MOST = 128,     /* bytes one instruction makes */
	ADC_LONGEST = 129,  /* bytes one takes */
	ADC_PENDING = 4096, /* input a stream holds */
};

struct adc_stream {
	struct lz_window window;
	size_t pending;
	bool bad;
	uint8_t in[ADC_PENDING];
};

/* Everything from *in, which moves on instruction by instruction. */
static enum lz_result adc_run(const uint8_t **in, const uint8_t *end, struct lz_out *out)
{
	while (lz_room(out) >= out->margin) {
		const uint8_t *p = *in;
		size_t left = (size_t)(end - p), size, distance;

		if (!left)
			return LZ_INPUT;
		const bool fast =
			left >= ADC_LONGEST + LZ_SLACK && lz_room(out) >= ADC_MOST + LZ_SLACK;
		if (*p & 0x80) { /* 1nnnnnnn: n + 1 literals */
			size = (*p & 0x7fu) + 1;
			if (left <= size)
				return LZ_INPUT;
			if (fast) {
				lz_copy_literals(out->at, p + 1, size);
				out->at += size;
			} else if (!lz_put_literals(out, p + 1, size)) {
				return LZ_LONG;
			}
			*in = p + 1 + size;
			continue;
		}
		if (*p & 0x40) { /* 01nnnnnn and 16 bits: n + 4 from that + 1 before */
			if (left < 3)
				return LZ_INPUT;
			size = (*p & 0x3fu) + 4;
			distance = (size_t)get_be16(p + 1) + 1;
			*in = p + 3;
		} else { /* 00nnnndd and 8 bits: n + 3 from 10 bits + 1 before */
			if (left < 2)
				return LZ_INPUT;
			size = (*p >> 2) + 3u;
			distance = (get_be16(p) & 0x3ffu) + 1;
			*in = p + 2;
		}
		if (distance > (size_t)(out->at - out->begin))
			return LZ_BAD;
		if (fast) {
			lz_copy_match(out->at, distance, size);
			out->at += size;
		} else if (!lz_put_match(out, distance, size)) {
			return LZ_LONG;
		}
	}
	return LZ_ROOM;
}

static int adc_decode(void **work, const uint8_t *in, size_t in_size, uint8_t *to, size_t out_size,
		      size_t *done)
{
	const uint8_t *const end = in + in_size;
	struct lz_out out = {to, to, to + out_size, 1};

	(void)work;
	const enum lz_result r = adc_run(&in, end, &out);
	*done = (size_t)(out.at - out.begin);
	return r == LZ_ROOM && in == end && in_size ? 0 : SP_ERR_FORMAT;
}

static void adc_work_free(void *work)
{
	(void)work;
}

static void adc_end(void *stream)
{
	struct adc_stream *s = stream;

	if (s)
		lz_window_free(&s->window);
	free(s);
}

static void *adc_begin(void)
{
	struct adc_stream *s = malloc(sizeof(*s));

	if (!s)
		return NULL;
	s->pending = 0;
	s->bad = false;
	if (!lz_window_init(&s->window, ADC_HISTORY, (size_t)4 * ADC_HISTORY, ADC_MOST)) {
		free(s);
		return NULL;
	}
	return s;
}

static int adc_step(void *stream, const uint8_t **in, size_t *in_size, uint8_t **out,
		    size_t *out_room)
{
	struct adc_stream *s = stream;
	const bool over = !*in_size; /* no end mark: nothing more is how it ends */

	for (;;) {
		if (!lz_window_give(&s->window, out, out_room))
			return SP_CODEC_MORE;
		if (s->bad)
			return SP_CODEC_BAD;
		const size_t space = sizeof(s->in) - s->pending;
		const size_t n = *in_size < space ? *in_size : space;
		if (n)
			memcpy(s->in + s->pending, *in, n);
		*in += n;
		*in_size -= n;
		s->pending += n;
		lz_window_slide(&s->window);

		const uint8_t *p = s->in;
		const enum lz_result r = adc_run(&p, s->in + s->pending, &s->window.out);
		s->pending -= (size_t)(p - s->in);
		memmove(s->in, p, s->pending);
		s->bad = r == LZ_BAD;
		if (r == LZ_INPUT && s->window.given == s->window.out.at && !*in_size)
			return over && !s->pending ? SP_CODEC_END : SP_CODEC_MORE;
	}
}

const struct sp_codec sp_codec_adc = {
	.name = "adc",
	.decode = adc_decode,
	.work_free = adc_work_free,
	.begin = adc_begin,
	.step = adc_step,
	.end = adc_end,
};
