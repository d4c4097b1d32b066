/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ADC, LZVN and blocks of LZFSE decode to what random instructions mean when they are followed byte
 * by byte. */
#include "base/bytes.h"
#include "tests/lz_made.h"

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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
