/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ADC, LZVN and LZFSE decode what Apple wrote, and what random instructions mean when they are
 * followed byte by byte. */
#include "base/bytes.h"
#include "codec/codec.h"
#include "codec/digest.h"
#include "codec/lzfse.h"
#include "codec/lzfse_block.h"

#include <spindle/stream.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

enum { MADE_ROOM = 1 << 20 };

/* Instructions, and what they make. */
struct made {
	uint8_t *in, *out;
	size_t in_size, out_size, distance;
	uint32_t random;
	size_t *cut; /* at in_size cut[i] an instruction ends and makes cut[i + 1] bytes in all */
	size_t cuts;
};

static unsigned chance(struct made *m, unsigned below)
{
	m->random = m->random * 1664525u + 1013904223u;
	return (unsigned)((uint64_t)m->random * below >> 32);
}

static void made_init(struct made *m, unsigned seed)
{
	*m = (struct made){
		.in = malloc(MADE_ROOM),
		.out = malloc(MADE_ROOM),
		.cut = malloc(MADE_ROOM * sizeof(m->cut[0])),
		.random = seed * 77777 + 1,
	};
	assert_true(m->in && m->out && m->cut);
}

static void made_free(struct made *m)
{
	free(m->in);
	free(m->out);
	free(m->cut);
}

static void put(struct made *m, unsigned byte)
{
	m->in[m->in_size++] = (uint8_t)byte;
}

static void literals(struct made *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const unsigned byte = chance(m, 256);
		put(m, byte);
		m->out[m->out_size++] = (uint8_t)byte;
	}
}

static void match(struct made *m, size_t distance, size_t n)
{
	assert_true(distance && distance <= m->out_size);
	for (size_t i = 0; i < n; i++, m->out_size++)
		m->out[m->out_size] = m->out[m->out_size - distance];
	m->distance = distance;
}

static void done(struct made *m)
{
	m->cut[m->cuts++] = m->in_size;
	m->cut[m->cuts++] = m->out_size;
}

/* 1…below, small ones as likely as large ones; not more than `most`. */
static size_t some_distance(struct made *m, size_t below, size_t most)
{
	size_t d = 1 + (chance(m, 65536) >> chance(m, 17)) % below;
	return d < most ? d : most;
}

static void make_adc(struct made *m, unsigned instructions)
{
	for (unsigned i = 0; i < instructions; i++) {
		const unsigned kind = m->out_size ? chance(m, 3) : 0;

		if (kind == 0) {
			const unsigned n = 1 + chance(m, chance(m, 4) ? 8 : 128);
			put(m, 0x80 | (n - 1));
			literals(m, n);
		} else if (kind == 1) {
			const unsigned n = 3 + chance(m, 16);
			const size_t d = some_distance(m, 1024, m->out_size);
			put(m, (n - 3) << 2 | (unsigned)(d - 1) >> 8);
			put(m, (unsigned)(d - 1));
			match(m, d, n);
		} else {
			const unsigned n = 4 + chance(m, 64);
			const size_t d = some_distance(m, 65536, m->out_size);
			put(m, 0x40 | (n - 4));
			put(m, (unsigned)(d - 1) >> 8);
			put(m, (unsigned)(d - 1));
			match(m, d, n);
		}
		done(m);
	}
}

/* Which low bits of the first byte and which L and M are to be had together in LLMMM…: 0111 and
 * 1101 are of no instruction, 101, 1110 and 1111 of others. */
static unsigned lzvn_first(struct made *m, unsigned low, unsigned least_l)
{
	for (;;) {
		const unsigned code = chance(m, 256) >> 3 << 3 | low, high = code >> 4;
		if (high != 7 && high != 13 && code >> 5 != 5 && high < 14 && code >> 6 >= least_l)
			return code;
	}
}

static void make_lzvn(struct made *m, unsigned instructions)
{
	m->distance = 0;
	for (unsigned i = 0; i < instructions; i++) {
		unsigned kind = chance(m, 9), code, n, far;
		const size_t base = m->out_size;

		if (base < 3 || (!m->distance && (kind == 3 || kind == 6 || kind == 7)))
			kind = 4;
		switch (kind) {
		case 0: /* 11 bits of distance */
			do
				far = (unsigned)some_distance(m, 2047, base);
			while (far >> 8 > 5);
			code = lzvn_first(m, far >> 8, 0);
			put(m, code);
			put(m, far);
			literals(m, code >> 6);
			match(m, far, (code >> 3 & 7) + 3);
			break;
		case 1: /* 14 bits */
			far = (unsigned)some_distance(m, 16383, base);
			n = chance(m, 32);
			code = 0xa0 | chance(m, 4) << 3;
			put(m, code | n >> 2);
			put(m, far << 2 | (n & 3));
			put(m, far >> 6);
			literals(m, code >> 3 & 3);
			match(m, far, n + 3);
			break;
		case 2: /* 16 bits */
			far = (unsigned)some_distance(m, 65535, base);
			code = lzvn_first(m, 7, 0);
			put(m, code);
			put(m, far);
			put(m, far >> 8);
			literals(m, code >> 6);
			match(m, far, (code >> 3 & 7) + 3);
			break;
		case 3: /* as before; without literals the code is another's */
			code = lzvn_first(m, 6, 1);
			put(m, code);
			literals(m, code >> 6);
			match(m, m->distance, (code >> 3 & 7) + 3);
			break;
		case 4:
			n = 1 + chance(m, 15);
			put(m, 0xe0 | n);
			literals(m, n);
			break;
		case 5:
			n = chance(m, 256);
			put(m, 0xe0);
			put(m, n);
			literals(m, n + 16);
			break;
		case 6:
			n = 1 + chance(m, 15);
			put(m, 0xf0 | n);
			match(m, m->distance, n);
			break;
		case 7:
			n = chance(m, 256);
			put(m, 0xf0);
			put(m, n);
			match(m, m->distance, n + 16);
			break;
		default:
			put(m, chance(m, 2) ? 0x0e : 0x16);
		}
		done(m);
	}
}

static void put_le(struct made *m, uint32_t v)
{
	put_le32(m->in + m->in_size, v);
	m->in_size += 4;
}

static void lzvn_mark(struct made *m)
{
	put(m, 6);
	for (int i = 0; i < 7; i++)
		put(m, 0);
}

/* Blocks of both kinds one after the other, whose matches reach into those before. */
static void make_blocks(struct made *m, unsigned blocks)
{
	for (unsigned i = 0; i < blocks; i++) {
		const size_t from = m->out_size;

		if (chance(m, 3)) {
			memcpy(m->in + m->in_size, "bvxn", 4);
			m->in_size += 12;
			const size_t at = m->in_size;
			make_lzvn(m, chance(m, 400));
			lzvn_mark(m);
			put_le32(m->in + at - 8, (uint32_t)(m->out_size - from));
			put_le32(m->in + at - 4, (uint32_t)(m->in_size - at));
		} else {
			const unsigned n = chance(m, 3000);
			memcpy(m->in + m->in_size, "bvx-", 4);
			m->in_size += 4;
			put_le(m, n);
			literals(m, n);
		}
		done(m);
	}
	memcpy(m->in + m->in_size, "bvx$", 4);
	m->in_size += 4;
}

/* A copy of its very size, so that a byte read beyond it is seen. */
static uint8_t *exact(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	assert_non_null(copy);
	memcpy(copy, data, size);
	return copy;
}

/* In pieces of these sizes; how it ended. */
static int steps(const struct sp_codec *codec, const uint8_t *in, size_t in_size, uint8_t *out,
		 size_t out_size, size_t give, size_t room, size_t *got)
{
	void *stream = codec->begin();
	uint8_t *to = out;
	int r = SP_CODEC_MORE;

	assert_non_null(stream);
	while (r == SP_CODEC_MORE) {
		const size_t left = out_size - (size_t)(to - out);
		size_t n = in_size < give ? in_size : give, m = left < room ? left : room;
		const size_t had = n, could = m;
		r = codec->step(stream, &in, &n, &to, &m);
		in_size -= had - n;
		if (r == SP_CODEC_MORE)
			assert_true(!n || !m);
		if (r == SP_CODEC_MORE && had == n && could == m && (!in_size || !left))
			break;
	}
	*got = (size_t)(to - out);
	codec->end(stream);
	return r;
}

/* Whole and in pieces of all sizes; one byte more or less is told. */
static void assert_decodes(const struct sp_codec *codec, const uint8_t *data, size_t in_size,
			   const uint8_t *expected, size_t size)
{
	static const size_t step[] = {1, 2, 7, 100, 4096, 65536, MADE_ROOM};
	uint8_t *in = exact(data, in_size), *out = malloc(size + 1), *more = malloc(size + 1);
	uint8_t *less = malloc(size > 1 ? size - 1 : 1);
	void *work = NULL;
	size_t got;

	assert_true(out && more && less);
	assert_int_equal(codec->decode(&work, in, in_size, out, size, &got), 0);
	assert_int_equal(got, size);
	assert_memory_equal(out, expected, size);
	assert_int_equal(codec->decode(&work, in, in_size, more, size + 1, &got), SP_ERR_FORMAT);
	assert_int_equal(got, size);
	assert_memory_equal(more, expected, size);
	if (size) {
		assert_int_equal(codec->decode(&work, in, in_size, less, size - 1, &got),
				 SP_ERR_FORMAT);
		assert_int_equal(got, size - 1);
		assert_memory_equal(less, expected, size - 1);
	}
	for (size_t i = 0; i < LEN(step) * LEN(step); i++) {
		memset(more, 0xee, size + 1);
		assert_int_equal(steps(codec, in, in_size, more, size + 1, step[i % LEN(step)],
				       step[i / LEN(step)], &got),
				 SP_CODEC_END);
		assert_int_equal(got, size);
		assert_memory_equal(more, expected, size);
	}
	codec->work_free(work);
	free(in);
	free(out);
	free(more);
	free(less);
}

static void adc_follows_its_instructions(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 40; seed++) {
		struct made m;

		made_init(&m, seed);
		make_adc(&m, seed < 30 ? 1 + seed * 3 : 9000);
		assert_decodes(&sp_codec_adc, m.in, m.in_size, m.out, m.out_size);
		made_free(&m);
	}
}

static void adc_cut_between_instructions_is_too_short(void **state)
{
	struct made m;
	size_t next = 0, was = 0, got;

	(void)state;
	made_init(&m, 1000);
	make_adc(&m, 300);
	uint8_t *out = malloc(m.out_size);
	void *work = NULL;
	for (size_t cut = 0; cut < m.in_size; cut++) {
		uint8_t *in = exact(m.in, cut);

		if (m.cut[next] == cut) {
			was = m.cut[next + 1];
			next += 2;
		}
		assert_int_equal(sp_codec_adc.decode(&work, in, cut, out, m.out_size, &got),
				 SP_ERR_FORMAT);
		assert_int_equal(got, was);
		assert_memory_equal(out, m.out, was);
		const int r = steps(&sp_codec_adc, in, cut, out, m.out_size, 50, 50, &got);
		const bool between = cut == 0 || (next && m.cut[next - 2] == cut);
		assert_int_equal(r, between ? SP_CODEC_END : SP_CODEC_MORE);
		assert_int_equal(got, was);
		free(in);
	}
	free(out);
	made_free(&m);
}

static void a_match_from_before_the_beginning_is_malformed(void **state)
{
	static const struct {
		const struct sp_codec *codec; /* NULL: bare LZVN */
		const char *in;
		size_t size;
		int status;
	} tries[] = {
		{&sp_codec_adc,
		 "\x80"
		 "a\x00\x00",
		 4, 0},
		{&sp_codec_adc,
		 "\x80"
		 "a\x00\x01",
		 4, SP_ERR_FORMAT},
		{&sp_codec_adc,
		 "\x80"
		 "a\x40\x00\x00",
		 5, SP_ERR_FORMAT}, /* one too long */
		{&sp_codec_adc,
		 "\x80"
		 "a\x40\x00\x01",
		 5, SP_ERR_FORMAT},
		{NULL,
		 "\xe1"
		 "a\x00\x01",
		 4, 0},
		{NULL,
		 "\xe1"
		 "a\x00\x02",
		 4, SP_ERR_FORMAT},
		{NULL,
		 "\xe1"
		 "a\x00\x00",
		 4, SP_ERR_FORMAT}, /* from nowhere */
		{NULL,
		 "\xe1"
		 "a\xf3",
		 3, SP_ERR_FORMAT}, /* as none before */
		{NULL,
		 "\x40\x01"
		 "a",
		 3, 0}, /* its own literal */
		{NULL,
		 "\xe4"
		 "abcd\x1e",
		 6, SP_ERR_FORMAT}, /* no instruction */
		{NULL,
		 "\xe4"
		 "abcd\x70",
		 6, SP_ERR_FORMAT},
		{NULL,
		 "\xe4"
		 "abcd\xd7",
		 6, SP_ERR_FORMAT},
		{NULL,
		 "\xe4"
		 "abcd\x06",
		 6, 0},
	};
	uint8_t out[8];
	void *work = NULL;
	size_t got;

	(void)state;
	for (size_t i = 0; i < LEN(tries); i++) {
		uint8_t *in = exact((const uint8_t *)tries[i].in, tries[i].size);
		const int r = tries[i].codec ? tries[i].codec->decode(&work, in, tries[i].size, out,
								      4, &got)
					     : sp_lzvn_decode(in, tries[i].size, out, 4, &got);
		if (r != tries[i].status)
			print_message("try %zu\n", i);
		assert_int_equal(r, tries[i].status);
		free(in);
	}
}

static void lzvn_follows_its_instructions(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 60; seed++) {
		struct made m;
		size_t got;

		made_init(&m, seed);
		make_lzvn(&m, seed < 40 ? 1 + seed * 3 : 6000);
		uint8_t *out = malloc(m.out_size + 1), *in = exact(m.in, m.in_size);
		/* with and without the mark */
		assert_int_equal(sp_lzvn_decode(in, m.in_size, out, m.out_size, &got), 0);
		assert_memory_equal(out, m.out, m.out_size);
		free(in);
		lzvn_mark(&m);
		in = exact(m.in, m.in_size);
		memset(out, 0, m.out_size);
		assert_int_equal(sp_lzvn_decode(in, m.in_size, out, m.out_size, &got), 0);
		assert_memory_equal(out, m.out, m.out_size);
		assert_int_equal(sp_lzvn_decode(in, m.in_size, out, m.out_size + 1, &got),
				 SP_ERR_FORMAT);
		assert_int_equal(got, m.out_size);
		if (m.out_size) {
			uint8_t *less = malloc(m.out_size);
			assert_int_equal(sp_lzvn_decode(in, m.in_size, less, m.out_size - 1, &got),
					 SP_ERR_FORMAT);
			assert_int_equal(got, m.out_size - 1);
			assert_memory_equal(less, m.out, got);
			free(less);
		}
		free(in);
		free(out);
		made_free(&m);
	}
}

static void blocks_reach_into_those_before(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 40; seed++) {
		struct made m;

		made_init(&m, seed + 500);
		make_blocks(&m, seed % 12);
		assert_decodes(&sp_codec_lzfse, m.in, m.in_size, m.out, m.out_size);
		made_free(&m);
	}
}

/* Cut anywhere, and what came until then is right. */
static void assert_cuts(const uint8_t *data, size_t in_size, const uint8_t *expected, size_t size)
{
	uint8_t *out = malloc(size);
	void *work = NULL;

	for (size_t cut = 0; cut < in_size; cut++) {
		uint8_t *in = exact(data, cut);
		size_t got;

		assert_int_equal(sp_codec_lzfse.decode(&work, in, cut, out, size, &got),
				 SP_ERR_FORMAT);
		assert_memory_equal(out, expected, got);
		assert_int_equal(steps(&sp_codec_lzfse, in, cut, out, size, 300, 4096, &got),
				 SP_CODEC_MORE);
		assert_memory_equal(out, expected, got);
		free(in);
	}
	sp_codec_lzfse.work_free(work);
	free(out);
}

static void every_truncation_of_blocks_is_malformed(void **state)
{
	struct made m;

	(void)state;
	made_init(&m, 777);
	make_blocks(&m, 2);
	assert_cuts(m.in, m.in_size, m.out, m.out_size);
	made_free(&m);
}

/* A size that is not the block's own. */
static void a_block_that_lies_about_its_size_is_malformed(void **state)
{
	static const int off[] = {-1, 1, 1000};
	struct made m;
	size_t got;

	(void)state;
	made_init(&m, 42);
	memcpy(m.in, "bvxn\0\0\0\0\0\0\0\0", 12);
	m.in_size = 12;
	make_lzvn(&m, 100);
	lzvn_mark(&m);
	put_le32(m.in + 8, (uint32_t)m.in_size - 12);
	memcpy(m.in + m.in_size, "bvx$", 4);
	for (size_t i = 0; i < LEN(off); i++) {
		uint8_t *out = malloc(m.out_size);
		void *work = NULL;

		put_le32(m.in + 4, (uint32_t)((int)m.out_size + off[i]));
		assert_int_equal(
			sp_codec_lzfse.decode(&work, m.in, m.in_size + 4, out, m.out_size, &got),
			SP_ERR_FORMAT);
		assert_int_equal(steps(&sp_codec_lzfse, m.in, m.in_size + 4, out, m.out_size, 512,
				       512, &got),
				 SP_CODEC_BAD);
		sp_codec_lzfse.work_free(work);
		free(out);
	}
	made_free(&m);
}

/* A block bvx2 as bvx1: the same payload after a header of plain fields. */
static size_t as_bvx1(const uint8_t *in, size_t in_size, uint8_t *out)
{
	struct lzfse_header h;
	const uint32_t header = get_le32(in + 24);

	assert_memory_equal(in, "bvx2", 4);
	assert_true(lzfse_header_parse(&h, in));
	const uint32_t payload = h.literal_bytes + h.lmd_bytes;
	assert_memory_equal(in + header + payload, "bvx$", 4); /* there is but one */
	assert_int_equal(header + payload + 4, in_size);
	memset(out, 0, 772);
	memcpy(out, "bvx1", 4);
	put_le32(out + 4, h.raw_bytes);
	put_le32(out + 8, payload);
	put_le32(out + 12, h.literals);
	put_le32(out + 16, h.matches);
	put_le32(out + 20, h.literal_bytes);
	put_le32(out + 24, h.lmd_bytes);
	put_le32(out + 28, 0u - h.literal_bits);
	for (size_t i = 0; i < 4; i++)
		put_le16(out + 32 + 2 * i, h.literal_state[i]);
	put_le32(out + 40, 0u - h.lmd_bits);
	put_le16(out + 44, h.l_state);
	put_le16(out + 46, h.m_state);
	put_le16(out + 48, h.d_state);
	for (size_t i = 0; i < 360; i++)
		put_le16(out + 50 + 2 * i, h.frequency[i]);
	memcpy(out + 772, in + header, payload + 4);
	return 772 + payload + 4;
}

/* Bytes with matches of many lengths and distances between literals. */
static void make_bytes(struct made *m, size_t size)
{
	while (m->out_size < size) {
		for (unsigned n = chance(m, chance(m, 9) ? 12 : 700); n; n--)
			m->out[m->out_size++] = (uint8_t)(chance(m, 64) + chance(m, 64));
		if (m->out_size)
			match(m, some_distance(m, 262139, m->out_size),
			      3 + (chance(m, 65536) >> (4 + chance(m, 12))));
	}
	m->out_size = size;
}

static void plain_headers_mean_the_same(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 8; seed++) {
		struct made m;
		uint8_t *in = malloc(MADE_ROOM);
		void *work = NULL;

		made_init(&m, seed + 60);
		make_bytes(&m, 17000 + 1000 * seed);
		const size_t n =
			sp_codec_lzfse.encode(&work, 0, m.out, m.out_size, m.in, MADE_ROOM);
		const size_t size = as_bvx1(m.in, n, in);
		assert_decodes(&sp_codec_lzfse, in, size, m.out, m.out_size);
		if (!seed)
			assert_cuts(in, size, m.out, m.out_size);
		sp_codec_lzfse.work_free(work);
		free(in);
		made_free(&m);
	}
}

/* Fields of bvx1 that no table or count allows. */
static void headers_beyond_their_limits_are_malformed(void **state)
{
	static const struct {
		size_t at;
		uint32_t value;
	} tries[] = {
		{8, 1},           /* payload that is not the sum */
		{12, 40004},      /* literals */
		{12, 1},          /* not in fours */
		{16, 10001},      /* matches */
		{28, 1},          /* bits that are not 0…-7 */
		{28, 0u - 8},     /* … */
		{32, 1024},       /* states: also the next, which is none of one */
		{40, 0u - 8},     /* … */
		{44, 64},         /* L */
		{46, 64},         /* M */
		{48, 256},        /* D */
		{50, 0xffffffff}, /* frequencies over the sum */
		{50, 0},          /* or short of it */
	};
	struct made m;
	uint8_t *in = malloc(MADE_ROOM), *out = malloc(20000);
	void *work = NULL;
	size_t got;

	(void)state;
	made_init(&m, 61);
	make_bytes(&m, 20000);
	const size_t n = sp_codec_lzfse.encode(&work, 0, m.out, m.out_size, m.in, MADE_ROOM);
	for (size_t i = 0; i < LEN(tries); i++) {
		const size_t size = as_bvx1(m.in, n, in);

		put_le32(in + tries[i].at, tries[i].value);
		assert_int_equal(sp_codec_lzfse.decode(&work, in, size, out, 20000, &got),
				 SP_ERR_FORMAT);
		assert_int_equal(got, 0);
		assert_int_equal(steps(&sp_codec_lzfse, in, size, out, 20000, 1000, 1000, &got),
				 SP_CODEC_BAD);
		assert_int_equal(got, 0);
	}
	sp_codec_lzfse.work_free(work);
	free(in);
	free(out);
	made_free(&m);
}

/* Everything a block or a triple can hold, and one more: literals, matches, lengths, distance. */
static void what_is_more_than_a_block_holds_goes_on_in_the_next(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 9; kind++) {
		struct made m;
		void *work = NULL;
		uint8_t *in = malloc(MADE_ROOM + 65536);

		made_init(&m, kind + 90);
		switch (kind) {
		case 0: /* nothing */
		case 1: /* too little for a match */
			literals(&m, kind * 2);
			break;
		case 2: /* nothing but literals */
			literals(&m, 200000);
			break;
		case 3: /* a single match of 1000000, its literal in the first block */
			literals(&m, 1);
			match(&m, 1, 1000000);
			break;
		case 4: /* more than 10000 matches */
			literals(&m, 1000);
			for (unsigned i = 0; i < 30000; i++) {
				literals(&m, 1);
				match(&m, 1 + chance(&m, 900), 5 + chance(&m, 3));
			}
			break;
		case 5: /* as far as there is, and one further */
		case 6:
			literals(&m, 400);
			match(&m, 1, 262139 + kind - 5 - 400);
			match(&m, 262139 + kind - 5, 400);
			break;
		case 7: /* lengths to either side of every limit */
			literals(&m, 70000);
			for (unsigned i = 0; i < 200; i++) {
				static const unsigned edge[] = {15, 16, 315, 316, 2359, 2360, 630};
				literals(&m, edge[i % LEN(edge)]);
				match(&m, 60000 + i, edge[i / LEN(edge) % LEN(edge)]);
			}
			break;
		default:
			make_bytes(&m, 900000);
		}
		const size_t n =
			sp_codec_lzfse.encode(&work, 0, m.out, m.out_size, in, MADE_ROOM + 65536);
		assert_true(n);
		if (kind == 5)
			assert_true(n < 1200); /* the second time they are a match */
		assert_decodes(&sp_codec_lzfse, in, n, m.out, m.out_size);
		sp_codec_lzfse.work_free(work);
		free(in);
		made_free(&m);
	}
}

static void the_shortest_kind_of_block_is_written(void **state)
{
	static const char text[] = "sessions, tracks and sectors; sectors, tracks and sessions";
	uint8_t out[1024];
	void *work = NULL;
	struct made m;

	(void)state;
	assert_true(sp_codec_lzfse.encode(&work, 0, (const uint8_t *)text, sizeof(text), out,
					  sizeof(out)));
	assert_memory_equal(out, "bvxn", 4);
	made_init(&m, 3);
	make_bytes(&m, 100000);
	assert_true(sp_codec_lzfse.encode(&work, 0, m.out, m.out_size, m.in, MADE_ROOM));
	assert_memory_equal(m.in, "bvx2", 4);
	sp_codec_lzfse.work_free(work);
	made_free(&m);
}

/* A part of a corpus file, malloc'd; skips the test without it. */
static uint8_t *corpus_part(const char *name, size_t at, size_t size)
{
	const char *corpus = getenv("SPINDLE_CORPUS");
	char path[4096];
	uint8_t *data = malloc(size);

	if (!corpus || !*corpus) {
		print_message("%s: SPINDLE_CORPUS is not set\n", name);
		free(data);
		skip();
	}
	snprintf(path, sizeof(path), "%s/%s", corpus, name);
	FILE *file = fopen(path, "rb");
	if (!file) {
		print_message("%s: not there\n", path);
		free(data);
		skip();
	}
	assert_non_null(data);
	assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
	assert_int_equal(fread(data, 1, size, file), size);
	fclose(file);
	return data;
}

static void assert_md5(const uint8_t *data, size_t size, const char *hex)
{
	struct sp_digest_state *md5 = sp_digest_new(SP_DIGEST_MD5);
	uint8_t sum[SP_DIGEST_MAX_SIZE];
	char text[33];

	assert_non_null(md5);
	sp_digest_update(md5, data, size);
	assert_int_equal(sp_digest_final(md5, sum), 16);
	for (size_t i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", sum[i]);
	assert_string_equal(text, hex);
}

/* Chunks of two images of one disk; the sums are those of what 7zz makes of its partitions. */
static void apples_images_decode(void **state)
{
	static const struct {
		const struct sp_codec *codec;
		const char *name;
		size_t at, packed, size;
		const char *md5;
	} chunks[] = {
		{&sp_codec_adc, "dmg/node-udif/compression-adc.dmg", 0, 445, 512,
		 "495840e0586e3fe904a7756b65ddb121"},
		{&sp_codec_adc, "dmg/node-udif/compression-adc.dmg", 445, 2358, 27648,
		 "07f612294d737c6c93afcbc282fa1f9c"},
		{&sp_codec_adc, "dmg/node-udif/compression-adc.dmg", 2803, 2308, 27648,
		 "0eeec972883c90bb06a39b3d3ddc4d20"},
		{&sp_codec_lzfse, "dmg/node-udif/compression-lzfse.dmg", 0, 470, 512,
		 "495840e0586e3fe904a7756b65ddb121"},
		{&sp_codec_lzfse, "dmg/node-udif/compression-lzfse.dmg", 470, 1198, 27648,
		 "07f612294d737c6c93afcbc282fa1f9c"},
		{&sp_codec_lzfse, "dmg/node-udif/compression-lzfse.dmg", 1668, 1156, 27648,
		 "0eeec972883c90bb06a39b3d3ddc4d20"},
	};

	(void)state;
	for (size_t i = 0; i < LEN(chunks); i++) {
		uint8_t *in = corpus_part(chunks[i].name, chunks[i].at, chunks[i].packed);
		uint8_t *out = malloc(chunks[i].size);
		void *work = NULL;
		size_t got;

		assert_int_equal(chunks[i].codec->decode(&work, in, chunks[i].packed, out,
							 chunks[i].size, &got),
				 0);
		assert_md5(out, chunks[i].size, chunks[i].md5);
		assert_decodes(chunks[i].codec, in, chunks[i].packed, out, chunks[i].size);
		if (chunks[i].codec == &sp_codec_lzfse)
			assert_cuts(in, chunks[i].packed, out, chunks[i].size);
		chunks[i].codec->work_free(work);
		free(out);
		free(in);
	}
}

#define DECMPFS "hfsplus/hfsplus-forensic/decmpfs/"

static void apples_compressed_file_decodes(void **state)
{
	uint8_t *in = corpus_part(DECMPFS "real_lzfse_inline.payload", 0, 1021);
	uint8_t *expected = corpus_part(DECMPFS "real_zlib_inline.expected", 0, 2000);

	(void)state;
	assert_decodes(&sp_codec_lzfse, in, 1021, expected, 2000);
	assert_cuts(in, 1021, expected, 2000);
	free(in);
	free(expected);
}

/* The same file twice, compressed by zlib and by LZFSE, in pieces of 64 KiB. */
static void apples_resource_forks_agree(void **state)
{
	static const struct {
		size_t zlib_at, zlib_size, lzfse_at, lzfse_size, size;
	} pieces[] = {
		{288, 20905, 24, 21768, 65536},
		{21193, 19804, 21792, 20621, 65536},
		{40997, 6053, 42413, 6329, 18928},
	};

	(void)state;
	for (size_t i = 0; i < LEN(pieces); i++) {
		uint8_t *z = corpus_part(DECMPFS "real_zlib_rsrc.rsrc", pieces[i].zlib_at,
					 pieces[i].zlib_size);
		uint8_t *in = corpus_part(DECMPFS "real_lzfse_rsrc.rsrc", pieces[i].lzfse_at,
					  pieces[i].lzfse_size);
		uint8_t *expected = malloc(pieces[i].size);
		void *work = NULL;
		size_t got;

		assert_int_equal(sp_codec_zlib.decode(&work, z, pieces[i].zlib_size, expected,
						      pieces[i].size, &got),
				 0);
		assert_decodes(&sp_codec_lzfse, in, pieces[i].lzfse_size, expected, pieces[i].size);
		sp_codec_zlib.work_free(work);
		free(expected);
		free(in);
		free(z);
	}
}

static void apples_lzvn_decodes(void **state)
{
	static const struct {
		const char *in, *expected;
		size_t at, packed, from, size;
	} files[] = {
		{DECMPFS "lzvn.rsrc", DECMPFS "lzvn.expected", 12, 27758, 0, 65536},
		{DECMPFS "lzvn.rsrc", DECMPFS "lzvn.expected", 27770, 6003, 65536, 14464},
		{DECMPFS "tahoe_type8.rsrc", DECMPFS "tahoe_type8.expected", 8, 1180, 0, 1936},
	};

	(void)state;
	for (size_t i = 0; i < LEN(files); i++) {
		uint8_t *in = corpus_part(files[i].in, files[i].at, files[i].packed);
		uint8_t *expected = corpus_part(files[i].expected, files[i].from, files[i].size);
		uint8_t *out = malloc(files[i].size);
		size_t got;

		assert_int_equal(sp_lzvn_decode(in, files[i].packed, out, files[i].size, &got), 0);
		assert_memory_equal(out, expected, files[i].size);
		free(out);
		free(expected);
		free(in);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adc_follows_its_instructions),
		cmocka_unit_test(adc_cut_between_instructions_is_too_short),
		cmocka_unit_test(a_match_from_before_the_beginning_is_malformed),
		cmocka_unit_test(lzvn_follows_its_instructions),
		cmocka_unit_test(blocks_reach_into_those_before),
		cmocka_unit_test(every_truncation_of_blocks_is_malformed),
		cmocka_unit_test(a_block_that_lies_about_its_size_is_malformed),
		cmocka_unit_test(plain_headers_mean_the_same),
		cmocka_unit_test(headers_beyond_their_limits_are_malformed),
		cmocka_unit_test(what_is_more_than_a_block_holds_goes_on_in_the_next),
		cmocka_unit_test(the_shortest_kind_of_block_is_written),
		cmocka_unit_test(apples_images_decode),
		cmocka_unit_test(apples_compressed_file_decodes),
		cmocka_unit_test(apples_resource_forks_agree),
		cmocka_unit_test(apples_lzvn_decodes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
