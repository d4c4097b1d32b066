/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LZFSE in pieces: blocks are gathered, as they are read backwards, and decoded into a window. */
#include "codec/codec.h"
#include "codec/lzfse_block.h"

#include "base/bytes.h"

#include <stdlib.h>

enum {
	STREAM_HISTORY = 1 << 18, /* over LZFSE_D_MAX */
	STREAM_WINDOW = 2 * STREAM_HISTORY,
	STREAM_MARGIN = LZFSE_L_MAX + LZFSE_M_MAX,
};

enum stream_phase {
	STREAM_MAGIC,
	STREAM_RAW_HEADER,
	STREAM_RAW,
	STREAM_VN_HEADER,
	STREAM_VN,
	STREAM_SKIP,   /* what lies behind the end mark in a block bvxn */
	STREAM_HEADER, /* of bvx1 and bvx2, until its size is known */
	STREAM_TABLES,
	STREAM_PAYLOAD,
	STREAM_BLOCK,
};

struct lzfse_stream {
	enum stream_phase phase;
	int ended; /* enum sp_codec_step */
	struct lz_window window;
	size_t have, need;              /* of `in` */
	uint32_t raw_left, packed_left; /* of the block */
	size_t distance;                /* of bvxn */
	size_t header_size;
	struct lzfse_header header;
	struct lzfse_block block;
	uint8_t in[LZFSE_BLOCK_BYTES + 1]; /* a byte more, see lzfse_block_begin */
};

void lzfse_end(void *stream)
{
	struct lzfse_stream *s = stream;

	if (s)
		lz_window_free(&s->window);
	free(s);
}

static void stream_await(struct lzfse_stream *s, enum stream_phase phase, size_t need)
{
	s->phase = phase;
	s->need = need;
}

void *lzfse_begin(void)
{
	struct lzfse_stream *s = malloc(sizeof(*s));

	if (!s)
		return NULL;
	if (!lz_window_init(&s->window, STREAM_HISTORY, STREAM_WINDOW, STREAM_MARGIN)) {
		free(s);
		return NULL;
	}
	s->ended = SP_CODEC_MORE;
	s->have = 0;
	stream_await(s, STREAM_MAGIC, 4);
	return s;
}

/* Up to `most` bytes more of `in`. */
static void stream_take(struct lzfse_stream *s, const uint8_t **in, size_t *in_size, size_t most)
{
	const size_t n = *in_size < most ? *in_size : most;

	if (n)
		memcpy(s->in + s->have, *in, n);
	s->have += n;
	*in += n;
	*in_size -= n;
}

static bool stream_magic(struct lzfse_stream *s)
{
	switch (get_le32(s->in)) {
	case LZFSE_END:
		s->ended = SP_CODEC_END;
		return true;
	case LZFSE_RAW:
		stream_await(s, STREAM_RAW_HEADER, LZFSE_RAW_HEADER);
		return true;
	case LZFSE_VN:
		stream_await(s, STREAM_VN_HEADER, LZFSE_VN_HEADER);
		return true;
	case LZFSE_V1:
	case LZFSE_V2:
		stream_await(s, STREAM_HEADER, LZFSE_V2_HEADER);
		return true;
	default:
		return false;
	}
}

/* What was made since it was `before` is of this block; false: more than that has. */
static bool stream_count(struct lzfse_stream *s, const uint8_t *before)
{
	const size_t made = (size_t)(s->window.out.at - before);

	if (made > s->raw_left)
		return false;
	s->raw_left -= (uint32_t)made;
	return true;
}

static void stream_next(struct lzfse_stream *s)
{
	s->have = 0;
	stream_await(s, STREAM_MAGIC, 4);
}

static bool stream_raw(struct lzfse_stream *s, const uint8_t **in, size_t *in_size)
{
	struct lz_out *const out = &s->window.out;
	size_t n = *in_size < lz_room(out) ? *in_size : lz_room(out);

	if (n > s->raw_left)
		n = s->raw_left;
	lz_put_literals(out, *in, n);
	*in += n;
	*in_size -= n;
	s->raw_left -= (uint32_t)n;
	if (!s->raw_left)
		stream_next(s);
	return true;
}

static bool stream_vn(struct lzfse_stream *s, const uint8_t **in, size_t *in_size)
{
	const size_t space = sizeof(s->in) - s->have, was = s->have;
	const uint8_t *p = s->in, *const before = s->window.out.at;

	stream_take(s, in, in_size, space < s->packed_left ? space : s->packed_left);
	s->packed_left -= (uint32_t)(s->have - was);
	const enum lz_result r = lzvn_run(&p, s->in + s->have, &s->distance, &s->window.out);
	s->have -= (size_t)(p - s->in);
	memmove(s->in, p, s->have);
	if (!stream_count(s, before))
		return false;
	if (r == LZ_END) {
		s->phase = STREAM_SKIP;
		return !s->raw_left;
	}
	return r == LZ_ROOM || (r == LZ_INPUT && s->packed_left);
}

static bool stream_skip(struct lzfse_stream *s, const uint8_t **in, size_t *in_size)
{
	const size_t n = *in_size < s->packed_left ? *in_size : s->packed_left;

	*in += n;
	*in_size -= n;
	s->packed_left -= (uint32_t)n;
	if (!s->packed_left)
		stream_next(s);
	return true;
}

static bool stream_block(struct lzfse_stream *s)
{
	const uint8_t *const before = s->window.out.at;
	const enum lz_result r = lzfse_block_run(&s->block, &s->window.out);

	if (!stream_count(s, before))
		return false;
	if (r != LZ_END)
		return r == LZ_ROOM;
	stream_next(s);
	return !s->raw_left;
}

/* Something that was awaited is there. */
static bool stream_arrived(struct lzfse_stream *s)
{
	switch (s->phase) {
	case STREAM_MAGIC:
		return stream_magic(s);
	case STREAM_RAW_HEADER:
		s->raw_left = get_le32(s->in + 4);
		s->phase = STREAM_RAW;
		return true;
	case STREAM_VN_HEADER:
		s->raw_left = get_le32(s->in + 4);
		s->packed_left = get_le32(s->in + 8);
		s->distance = 0;
		s->have = 0;
		s->phase = STREAM_VN;
		return true;
	case STREAM_HEADER:
		s->header_size = lzfse_header_size(s->in);
		stream_await(s, STREAM_TABLES, s->header_size);
		return s->header_size;
	case STREAM_TABLES:
		stream_await(s, STREAM_PAYLOAD, 0);
		if (!lzfse_header_parse(&s->header, s->in))
			return false;
		s->need = s->header_size + s->header.literal_bytes + s->header.lmd_bytes;
		return true;
	default:
		s->phase = STREAM_BLOCK;
		s->raw_left = s->header.raw_bytes;
		s->in[s->have] = 0;
		return lzfse_block_begin(&s->block, &s->header, s->in + s->header_size);
	}
}

int lzfse_step(void *stream, const uint8_t **in, size_t *in_size, uint8_t **out, size_t *out_room)
{
	struct lzfse_stream *s = stream;

	for (;;) {
		const size_t had = *in_size;
		const enum stream_phase phase = s->phase;
		bool good;

		if (!lz_window_give(&s->window, out, out_room))
			return SP_CODEC_MORE;
		if (s->ended != SP_CODEC_MORE)
			return s->ended;
		lz_window_slide(&s->window);
		const uint8_t *const before = s->window.out.at;
		switch (phase) {
		case STREAM_RAW:
			good = stream_raw(s, in, in_size);
			break;
		case STREAM_VN:
			good = stream_vn(s, in, in_size);
			break;
		case STREAM_SKIP:
			good = stream_skip(s, in, in_size);
			break;
		case STREAM_BLOCK:
			good = stream_block(s);
			break;
		default:
			stream_take(s, in, in_size, s->need - s->have);
			good = s->have < s->need || stream_arrived(s);
		}
		if (!good)
			s->ended = SP_CODEC_BAD;
		/* nothing moved, so it is input that is missing */
		else if (!had && phase == s->phase && before == s->window.out.at &&
			 s->ended == SP_CODEC_MORE)
			return SP_CODEC_MORE;
	}
}
