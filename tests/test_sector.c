/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sector engine against independent answers, real damaged sectors, and there and back. */
#include "codec/digest.h"
#include "disc/edc.h"
#include "disc/scramble.h"
#include "disc/sector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/data/sector_vectors.h"

#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))
#define FRAMING (SP_PART_SYNC | SP_PART_HEADER)

static void fill(unsigned seed, uint8_t *data, size_t size)
{
	uint32_t x = seed;

	for (size_t i = 0; i < size; i++) {
		x = x * 1664525u + 1013904223u;
		data[i] = (uint8_t)(x >> 24);
	}
}

static size_t user_size(unsigned mode)
{
	return sp_sector_size(mode, SP_PART_USER);
}

/* The whole sector a vector describes, put together by hand. */
static void vector_raw(const struct vector *v, uint8_t raw[2352])
{
	static const uint8_t sync[12] = {0,    0xff, 0xff, 0xff, 0xff, 0xff,
					 0xff, 0xff, 0xff, 0xff, 0xff, 0};
	const size_t at = v->mode == SP_MODE_MODE1 ? 16 : 24, size = user_size(v->mode);

	memcpy(raw, sync, 12);
	memcpy(raw + 12, v->header, 4);
	memcpy(raw + 16, v->subheader, 8);
	fill(v->seed, raw + at, size);
	memcpy(raw + at + size, v->tail, 2352 - at - size);
}

static void edc_and_scrambler_give_the_published_values(void **state)
{
	uint8_t raw[2352] = {0}, digest[SP_DIGEST_MAX_SIZE];
	static const uint8_t sha1[20] = {0xc8, 0xf1, 0x87, 0xbb, 0xaa, 0x2a, 0xcd,
					 0x39, 0x4f, 0x39, 0x7b, 0x82, 0x8b, 0x01,
					 0x00, 0x7b, 0x4f, 0xd7, 0x03, 0xb2};

	(void)state;
	assert_int_equal(sp_edc(0, (const uint8_t *)"123456789", 9), 0x6ec2edc4);
	sp_scramble(raw);
	assert_memory_equal(raw + 12, scrambler_bytes, sizeof(scrambler_bytes));
	struct sp_digest_state *sum = sp_digest_new(2);
	assert_non_null(sum);
	sp_digest_update(sum, raw, sizeof(raw));
	assert_int_equal(sp_digest_final(sum, digest), 20);
	assert_memory_equal(digest, sha1, 20);
	sp_scramble(raw);
	for (size_t i = 0; i < sizeof(raw); i++)
		assert_int_equal(raw[i], 0);
}

static void every_vector_is_built_from_its_user_data(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		const struct vector *v = &vectors[i];
		const size_t size = user_size(v->mode);
		const unsigned sub = v->mode == SP_MODE_MODE1 ? 0 : SP_PART_SUBHEADER;
		uint8_t want[2352], in[2352], out[2352];

		vector_raw(v, want);
		memcpy(in, v->subheader, 8);
		fill(v->seed, in + (sub ? 8 : 0), size);
		assert_int_equal(sp_sector_convert(NULL, v->mode, sub | SP_PART_USER, SP_PART_MAIN,
						   v->lba, 1, in, out, NULL, NULL, NULL),
				 0);
		assert_memory_equal(out, want, 2352);
	}
}

static void every_vector_passes_the_check_and_no_flipped_bit_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		const struct vector *v = &vectors[i];
		uint8_t raw[2352];
		uint16_t bits = SP_STATE_C2;

		vector_raw(v, raw);
		sp_sector_check(v->mode, SP_PART_MAIN, v->lba, 1, raw, &bits);
		assert_int_equal(bits, SP_STATE_C2);
		for (size_t at = 0; at < 2352; at += 3) {
			bits = 0;
			raw[at] ^= 0x10;
			sp_sector_check(v->mode, SP_PART_MAIN, v->lba, 1, raw, &bits);
			raw[at] ^= 0x10;
			assert_int_not_equal(bits, 0);
			if (at < 16)
				assert_true(bits & SP_STATE_HEADER);
			else
				assert_false(bits & SP_STATE_HEADER);
		}
	}
}

static void parity_does_not_touch_the_sector_and_sees_the_header_only_in_mode_1(void **state)
{
	uint8_t raw[2352], copy[2352], a[276], b[276];

	(void)state;
	vector_raw(&vectors[0], raw);
	memcpy(copy, raw, 2352);
	sp_ecc(raw, false, a);
	assert_memory_equal(raw, copy, 2352);
	assert_memory_equal(a, raw + 2076, 276);
	sp_ecc(raw, true, a);
	raw[13] ^= 0xff;
	sp_ecc(raw, true, b);
	assert_memory_equal(a, b, 276);
}

/* What the names of the corpus' sectors say of them. A wrong sync is a wrong EDC too where the EDC
 * covers it, unless it was made for the wrong sync. */
static const struct {
	const char *name;
	unsigned mode, bits;
} corpus[] = {
	{"cdi_0_sector17_valid_sync_valid_mode2_form1", SP_MODE_XA, 0},
	{"cdi_1_sector17_invalid_sync_valid_mode2_form1", SP_MODE_XA, SP_STATE_HEADER},
	{"cdi_2_sector17_invalid_sync_valid_mode2_form1_edc_error", SP_MODE_XA,
	 SP_STATE_HEADER | SP_STATE_EDC | SP_STATE_ECC},
	{"cdi_3_sector17_invalid_sync_valid_mode2_form1_ecc_p_error", SP_MODE_XA,
	 SP_STATE_HEADER | SP_STATE_ECC},
	{"cdi_4_sector17_invalid_sync_valid_mode2_form1_ecc_q_error", SP_MODE_XA,
	 SP_STATE_HEADER | SP_STATE_ECC},
	{"cdi_5_sector17_invalid_sync_valid_mode2_form1_ecc_pq_error", SP_MODE_XA,
	 SP_STATE_HEADER | SP_STATE_ECC},
	{"fmt_0_sector202347_valid_sync_valid_mode1_truncated", SP_MODE_MODE1,
	 SP_STATE_EDC | SP_STATE_ECC},
	{"ibmpc_0_sector0_valid_sync_valid_mode1", SP_MODE_MODE1, 0},
	{"ibmpc_1_sector0_invalid_sync_valid_mode1", SP_MODE_MODE1, SP_STATE_HEADER | SP_STATE_EDC},
	{"ibmpc_2_sector0_invalid_sync_valid_mode1_modified_edc_ecc", SP_MODE_MODE1,
	 SP_STATE_HEADER},
	{"ibmpc_3_sector0_invalid_sync_valid_mode1_edc_error", SP_MODE_MODE1,
	 SP_STATE_HEADER | SP_STATE_EDC | SP_STATE_ECC},
	{"ibmpc_4_sector0_invalid_sync_valid_mode1_ecc_p_error", SP_MODE_MODE1,
	 SP_STATE_HEADER | SP_STATE_ECC},
	{"ibmpc_5_sector0_invalid_sync_valid_mode1_ecc_q_error", SP_MODE_MODE1,
	 SP_STATE_HEADER | SP_STATE_ECC},
	{"ibmpc_6_sector0_invalid_sync_valid_mode1_ecc_pq_error", SP_MODE_MODE1,
	 SP_STATE_HEADER | SP_STATE_ECC},
	{"psx_0_sector12_valid_sync_valid_mode2_form2_with_edc", SP_MODE_XA, 0},
	{"psx_1_sector12_invalid_sync_valid_mode2_form2_with_edc", SP_MODE_XA, SP_STATE_HEADER},
	{"psx_2_sector12_invalid_sync_valid_mode2_form2_edc_error", SP_MODE_XA,
	 SP_STATE_HEADER | SP_STATE_EDC},
	{"psx_3_sector12_valid_sync_valid_mode2_form2_no_edc", SP_MODE_XA, 0},
	{"psx_4_sector12_invalid_sync_valid_mode2_form2_no_edc", SP_MODE_XA, SP_STATE_HEADER},
	{"psx_5_sector151739_valid_sync_valid_mode2_form1_no_edc", SP_MODE_XA, 0},
	{"psx_6_sector151740_valid_sync_valid_mode2_form1_no_edc_ecc_pq_error", SP_MODE_XA,
	 SP_STATE_ECC},
};

static void real_sectors_are_judged_as_their_names_say(void **state)
{
	const char *dir = getenv("SPINDLE_CORPUS");

	(void)state;
	if (!dir) {
		print_message("skipped: sectors/DiscImageCreator of the corpus\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(corpus) / sizeof(corpus[0]); i++) {
		const char *name = corpus[i].name;
		uint8_t raw[2352];
		uint16_t bits = 0;
		char path[1024];

		snprintf(path, sizeof(path), "%s/sectors/DiscImageCreator/%s.bin", dir, name);
		FILE *file = fopen(path, "rb");
		if (!file)
			fail_msg("cannot open %s", path);
		assert_int_equal(fread(raw, 1, sizeof(raw), file), sizeof(raw));
		fclose(file);
		const sp_lba lba = atol(strstr(name, "_sector") + 7);
		sp_sector_check(corpus[i].mode, SP_PART_MAIN, lba, 1, raw, &bits);
		if (bits != corpus[i].bits)
			fail_msg("%s: state %u, not %u", name, bits, corpus[i].bits);
		const bool sync = !strstr(name, "invalid_sync");
		assert_int_equal(sp_sector_probe(raw, NULL),
				 sync ? corpus[i].mode : (unsigned)SP_MODE_AUDIO);
	}
}

/* Every mode and selection that can be built from what is left after stripping. */
static const struct {
	unsigned mode, whole, stripped;
} trips[] = {
	{SP_MODE_MODE1, SP_PART_MAIN, SP_PART_USER},
	{SP_MODE_MODE1, SP_PART_MAIN, SP_PART_USER | SP_PART_ECC},
	{SP_MODE_MODE1, SP_PART_MAIN, SP_PART_HEADER | SP_PART_USER},
	{SP_MODE_DATA2048, SP_PART_MAIN, SP_PART_USER},
	{SP_MODE_MODE2, SP_PART_MAIN, SP_PART_USER},
	{SP_MODE_XA, SP_PART_MAIN, SP_PART_SUBHEADER | SP_PART_USER | SP_PART_ECC},
	{SP_MODE_XA_FORM1, SP_PART_MAIN, SP_PART_USER},
	{SP_MODE_XA_FORM1, SP_PART_MAIN, SP_PART_SUBHEADER | SP_PART_USER},
	{SP_MODE_XA_FORM1, SP_PART_MAIN, SP_PART_SUBHEADER | SP_PART_USER | SP_PART_ECC},
	{SP_MODE_XA_FORM2, SP_PART_MAIN, SP_PART_USER},
	{SP_MODE_XA_FORM2, SP_PART_MAIN, SP_PART_SUBHEADER | SP_PART_USER | SP_PART_ECC},
	{SP_MODE_AUDIO, SP_PART_USER | SP_PART_C2, SP_PART_USER},
	{SP_MODE_BLOCK512, SP_PART_USER | SP_PART_C2, SP_PART_USER},
};

static void what_is_built_can_be_stripped_and_built_again(void **state)
{
	enum { COUNT = 3 };

	(void)state;
	for (size_t i = 0; i < sizeof(trips) / sizeof(trips[0]); i++) {
		const unsigned mode = trips[i].mode, whole = trips[i].whole;
		const unsigned stripped = trips[i].stripped;
		uint8_t a[COUNT * 2742], b[COUNT * 2742], c[COUNT * 2742];
		uint16_t bits[COUNT] = {0};
		struct sp_drops drops = {.count = {0}};
		const size_t size = sp_sector_size(mode, stripped) * COUNT;

		fill((unsigned)i, a, size);
		if (stripped & SP_PART_SUBHEADER)
			for (size_t k = 0; k < COUNT; k++) {
				uint8_t *sub = a + k * (size / COUNT);

				memcpy(sub, sub + 4, 4);
				sub[2] = sub[6] = mode == SP_MODE_XA_FORM2 ? 0x20 : 0x08;
			}
		if (stripped & SP_PART_ECC || stripped & SP_PART_HEADER) {
			/* such parts cannot be random: take them from a whole sector */
			const unsigned bare = mode == SP_MODE_XA ? SP_MODE_XA_FORM1 : mode;

			fill((unsigned)i, c, sizeof(c));
			assert_int_equal(sp_sector_convert(NULL, bare, SP_PART_USER, SP_PART_MAIN,
							   100, COUNT, c, b, NULL, NULL, NULL),
					 0);
			assert_int_equal(sp_sector_convert(NULL, mode, SP_PART_MAIN, stripped, 100,
							   COUNT, b, a, NULL, NULL, NULL),
					 0);
		}
		assert_int_equal(sp_sector_convert(NULL, mode, stripped, whole, 100, COUNT, a, b,
						   NULL, NULL, NULL),
				 0);
		sp_sector_check(mode, whole, 100, COUNT, b, bits);
		assert_int_equal(sp_sector_convert(NULL, mode, whole, stripped, 100, COUNT, b, c,
						   bits, &drops, NULL),
				 0);
		assert_memory_equal(a, c, size);
		for (size_t k = 0; k < COUNT; k++)
			assert_int_equal(bits[k], 0);
		for (size_t k = 0; k < SP_DROPS; k++)
			assert_int_equal(drops.count[k], 0);
	}
}

/* Spoil one byte of a sector of the mode and strip it: just these kinds are counted. */
static void assert_drop(unsigned mode, size_t at, uint8_t with, unsigned to, unsigned kinds,
			unsigned bits)
{
	uint8_t user[3 * 2352], raw[3 * 2352], out[3 * 2352];
	uint16_t state[3] = {0};
	struct sp_drops drops = {.count = {0}};

	fill(77, user, sizeof(user));
	assert_int_equal(sp_sector_convert(NULL, mode, SP_PART_USER, SP_PART_MAIN, 40, 3, user, raw,
					   NULL, NULL, NULL),
			 0);
	raw[2352 + at] ^= with;
	assert_int_equal(sp_sector_convert(NULL, mode, SP_PART_MAIN, to, 40, 3, raw, out, state,
					   &drops, NULL),
			 0);
	for (unsigned kind = 0; kind < SP_DROPS; kind++) {
		assert_int_equal(drops.count[kind], kinds >> kind & 1);
		if (kinds >> kind & 1)
			assert_int_equal(drops.first[kind], 41);
	}
	assert_int_equal(state[0], 0);
	assert_int_equal(state[1], bits);
	assert_int_equal(state[2], 0);

	/* nobody asks, nothing is looked at */
	assert_int_equal(
		sp_sector_convert(NULL, mode, SP_PART_MAIN, to, 40, 3, raw, out, NULL, NULL, NULL),
		0);
	/* filler is not compared */
	state[1] = SP_STATE_UNREAD;
	memset(&drops, 0, sizeof(drops));
	assert_int_equal(sp_sector_convert(NULL, mode, SP_PART_MAIN, to, 40, 3, raw, out, state,
					   &drops, NULL),
			 0);
	assert_int_equal(state[1], SP_STATE_UNREAD);
	for (unsigned kind = 0; kind < SP_DROPS; kind++)
		assert_int_equal(drops.count[kind], 0);
}

static void each_kind_of_drop_is_counted(void **state)
{
	const unsigned edc = 1u << SP_DROP_EDC, parity = 1u << SP_DROP_PARITY;
	const unsigned sync = 1u << SP_DROP_SYNC, header = 1u << SP_DROP_HEADER;

	(void)state;
	/* the EDC of mode 1 covers sync and header, its parity the header */
	assert_drop(SP_MODE_MODE1, 3, 1, SP_PART_USER, sync | edc, SP_STATE_HEADER | SP_STATE_EDC);
	assert_drop(SP_MODE_MODE1, 14, 1, SP_PART_USER, header | edc | parity,
		    SP_STATE_HEADER | SP_STATE_EDC | SP_STATE_ECC);
	assert_drop(SP_MODE_MODE1, 100, 1, SP_PART_USER, edc | parity, SP_STATE_EDC | SP_STATE_ECC);
	assert_drop(SP_MODE_MODE1, 2070, 1, SP_PART_USER, parity, SP_STATE_ECC);
	assert_drop(SP_MODE_MODE1, 2300, 1, SP_PART_USER, parity, SP_STATE_ECC);
	assert_drop(SP_MODE_MODE2, 13, 1, SP_PART_USER, header, SP_STATE_HEADER);
	assert_drop(SP_MODE_XA_FORM1, 16, 1, SP_PART_USER, 1u << SP_DROP_SUBHEADER | edc | parity,
		    SP_STATE_EDC | SP_STATE_ECC);
	assert_drop(SP_MODE_XA_FORM1, 2351, 1, SP_PART_USER, parity, SP_STATE_ECC);
	assert_drop(SP_MODE_XA_FORM1, 18, 0x20, SP_PART_USER, 1u << SP_DROP_FORM, 0);
	assert_drop(SP_MODE_XA_FORM1, 18, 0x20, SP_PART_SUBHEADER | SP_PART_USER,
		    1u << SP_DROP_FORM, 0);
	assert_drop(SP_MODE_XA_FORM2, 18, 0x20, SP_PART_USER, 1u << SP_DROP_FORM, 0);
	assert_drop(SP_MODE_XA_FORM2, 2349, 1, SP_PART_USER, edc, SP_STATE_EDC);
	assert_drop(SP_MODE_XA_FORM2, 12, 1, SP_PART_MAIN & ~FRAMING, header, SP_STATE_HEADER);
}

static void a_wrong_header_with_its_own_edc_is_only_a_wrong_header(void **state)
{
	uint8_t user[2048], raw[2352], out[2048];
	uint16_t bits = 0;
	struct sp_drops drops = {.count = {0}};

	(void)state;
	fill(5, user, sizeof(user));
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_MODE1, SP_PART_USER, SP_PART_MAIN, 150, 1,
					   user, raw, NULL, NULL, NULL),
			 0);
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_MODE1, SP_PART_MAIN, SP_PART_USER, 0, 1,
					   raw, out, &bits, &drops, NULL),
			 0);
	assert_int_equal(bits, SP_STATE_HEADER);
	assert_int_equal(drops.count[SP_DROP_HEADER], 1);
	assert_int_equal(drops.count[SP_DROP_EDC] + drops.count[SP_DROP_PARITY], 0);
}

static void edc_without_a_stored_header_is_held_against_a_built_one(void **state)
{
	uint8_t user[2048], in[2336], out[2048];
	struct sp_drops drops = {.count = {0}};

	(void)state;
	fill(4, user, sizeof(user));
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_MODE1, SP_PART_USER,
					   SP_PART_USER | SP_PART_ECC, 33, 1, user, in, NULL, NULL,
					   NULL),
			 0);
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_MODE1, SP_PART_USER | SP_PART_ECC,
					   SP_PART_USER, 33, 1, in, out, NULL, &drops, NULL),
			 0);
	assert_int_equal(drops.count[SP_DROP_EDC] + drops.count[SP_DROP_PARITY], 0);
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_MODE1, SP_PART_USER | SP_PART_ECC,
					   SP_PART_USER, 34, 1, in, out, NULL, &drops, NULL),
			 0);
	assert_int_equal(drops.count[SP_DROP_EDC], 1);
	assert_int_equal(drops.count[SP_DROP_PARITY], 1);
}

static void a_form_2_sector_without_edc_is_no_loss(void **state)
{
	uint8_t user[2324], raw[2352], out[2324];
	uint16_t bits = 0;
	struct sp_drops drops = {.count = {0}};

	(void)state;
	fill(6, user, sizeof(user));
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_XA_FORM2, SP_PART_USER, SP_PART_MAIN, 9, 1,
					   user, raw, NULL, NULL, NULL),
			 0);
	memset(raw + 2348, 0, 4);
	sp_sector_check(SP_MODE_XA, SP_PART_MAIN, 9, 1, raw, &bits);
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_XA_FORM2, SP_PART_MAIN, SP_PART_USER, 9, 1,
					   raw, out, &bits, &drops, NULL),
			 0);
	assert_int_equal(bits, 0);
	assert_int_equal(drops.count[SP_DROP_EDC], 0);
}

/* SP_PART_FORM1 asked of mixed XA: the sink stores form 1, and a form 2 sector is a loss. */
static void mixed_xa_taken_for_form_1_counts_the_sectors_of_form_2(void **state)
{
	uint8_t user[2324], raw[2 * 2352], out[2 * 2048];
	struct sp_drops drops = {.count = {0}};

	(void)state;
	fill(8, user, sizeof(user));
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_XA_FORM1, SP_PART_USER, SP_PART_MAIN, 20,
					   1, user, raw, NULL, NULL, NULL),
			 0);
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_XA_FORM2, SP_PART_USER, SP_PART_MAIN, 21,
					   1, user, raw + 2352, NULL, NULL, NULL),
			 0);
	assert_int_equal(sp_sector_size(SP_MODE_XA, SP_PART_USER | SP_PART_FORM1), 2048);
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_XA, SP_PART_MAIN,
					   SP_PART_USER | SP_PART_FORM1, 20, 2, raw, out, NULL,
					   &drops, NULL),
			 0);
	assert_memory_equal(out, user, 2048);
	assert_int_equal(drops.count[SP_DROP_FORM], 1);
	assert_int_equal(drops.first[SP_DROP_FORM], 21);
	assert_int_equal(drops.count[SP_DROP_SUBHEADER] + drops.count[SP_DROP_EDC], 0);
}

static void a_sector_of_another_mode_is_judged_by_its_own(void **state)
{
	uint8_t user[2352], raw[2352];
	uint16_t bits = 0;

	(void)state;
	fill(3, user, sizeof(user));
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_XA_FORM1, SP_PART_USER, SP_PART_MAIN, 7, 1,
					   user, raw, NULL, NULL, NULL),
			 0);
	sp_sector_check(SP_MODE_MODE1, SP_PART_MAIN, 7, 1, raw, &bits);
	assert_int_equal(bits, SP_STATE_HEADER);
	raw[2073] ^= 1;
	sp_sector_check(SP_MODE_MODE1, SP_PART_MAIN, 7, 1, raw, &bits);
	assert_true(bits & SP_STATE_EDC);
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_MODE1, SP_PART_USER, SP_PART_MAIN, 7, 1,
					   user, raw, NULL, NULL, NULL),
			 0);
	bits = 0;
	sp_sector_check(SP_MODE_XA, SP_PART_MAIN, 7, 1, raw, &bits);
	assert_int_equal(bits, SP_STATE_HEADER);
}

static void xa_without_framing_is_checked_too(void **state)
{
	uint8_t raw[2352];
	uint16_t bits[2] = {0};

	(void)state;
	vector_raw(&vectors[5], raw);
	sp_sector_check(SP_MODE_XA, SP_PART_MAIN & ~FRAMING, 0, 1, raw + 16, bits);
	assert_int_equal(bits[0], 0);
	raw[2100] ^= 1;
	sp_sector_check(SP_MODE_XA, SP_PART_MAIN & ~FRAMING, 0, 1, raw + 16, bits);
	assert_int_equal(bits[0], SP_STATE_ECC);
	/* parts that are not whole are left alone */
	sp_sector_check(SP_MODE_MODE1, SP_PART_USER, 0, 1, raw, bits + 1);
	sp_sector_check(SP_MODE_AUDIO, SP_PART_USER, 0, 1, raw, bits + 1);
	assert_int_equal(bits[1], 0);
}

static void sizes_are_those_of_the_standards(void **state)
{
	static const struct {
		unsigned mode, parts;
		size_t size;
	} known[] = {
		{SP_MODE_AUDIO, SP_PART_USER, 2352},
		{SP_MODE_AUDIO, SP_PART_MAIN, 2352},
		{SP_MODE_AUDIO, SP_PART_USER | SP_PART_PW, 2448},
		{SP_MODE_AUDIO, SP_PART_USER | SP_PART_Q, 2368},
		{SP_MODE_AUDIO, SP_PART_USER | SP_PART_C2 | SP_PART_PW, 2742},
		{SP_MODE_AUDIO, SP_PART_SYNC, 0},
		{SP_MODE_MODE1, SP_PART_USER, 2048},
		{SP_MODE_MODE1, SP_PART_MAIN, 2352},
		{SP_MODE_DATA2048, SP_PART_USER, 2048},
		{SP_MODE_DATA2048, SP_PART_MAIN, 2352},
		{SP_MODE_MODE2, SP_PART_USER, 2336},
		{SP_MODE_MODE2, SP_PART_MAIN, 2352},
		{SP_MODE_XA, SP_PART_USER, 0},
		{SP_MODE_XA, SP_PART_ECC, 0},
		{SP_MODE_XA, SP_PART_USER | SP_PART_ECC, 2328},
		{SP_MODE_XA, SP_PART_SUBHEADER | SP_PART_USER | SP_PART_ECC, 2336},
		{SP_MODE_XA, SP_PART_MAIN, 2352},
		{SP_MODE_XA_FORM1, SP_PART_USER, 2048},
		{SP_MODE_XA_FORM1, SP_PART_SUBHEADER | SP_PART_USER, 2056},
		{SP_MODE_XA_FORM2, SP_PART_USER, 2324},
		{SP_MODE_XA_FORM2, SP_PART_MAIN, 2352},
		{SP_MODE_BLOCK512, SP_PART_USER, 512},
		{SP_MODES, SP_PART_USER, 0},
		{SP_MODE_MODE1, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_int_equal(sp_sector_size(known[i].mode, known[i].parts), known[i].size);
	for (unsigned mode = 0; mode < SP_MODES; mode++) {
		const size_t size = sp_sector_size(mode, sp_mode_parts(mode));

		assert_int_equal(size, mode == SP_MODE_DATA2048   ? 2048
				       : mode == SP_MODE_BLOCK512 ? 512
								  : 2352);
	}
}

static void what_cannot_be_built_is_refused(void **state)
{
	uint8_t in[2742] = {0}, out[2742];
	struct sp_error err;

	(void)state;
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_MODE1, SP_PART_USER, SP_PART_MAIN, 449850,
					   1, in, out, NULL, NULL, &err),
			 SP_ERR_UNSUPPORTED);
	assert_string_equal(err.text, "LBA 449850 has no MSF, so no sector header can be built");
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_XA, SP_PART_MAIN, SP_PART_USER, 0, 1, in,
					   out, NULL, NULL, &err),
			 SP_ERR_USAGE);
	assert_string_equal(err.text, "mode xa has no selection of parts 0x08");
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_XA, SP_PART_USER | SP_PART_ECC,
					   SP_PART_MAIN, 0, 1, in, out, NULL, NULL, &err),
			 SP_ERR_USAGE);
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_MODE1, SP_PART_HEADER, SP_PART_MAIN, 0, 1,
					   in, out, NULL, NULL, &err),
			 SP_ERR_USAGE);
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_MODE1, SP_PART_HEADER, SP_PART_ECC, 0, 1,
					   in, out, NULL, NULL, &err),
			 SP_ERR_USAGE);
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_AUDIO, SP_PART_USER,
					   SP_PART_USER | SP_PART_PW, 0, 1, in, out, NULL, NULL,
					   &err),
			 SP_ERR_USAGE);
	assert_int_equal(sp_sector_convert(NULL, 99, SP_PART_USER, SP_PART_MAIN, 0, 1, in, out,
					   NULL, NULL, &err),
			 SP_ERR_USAGE);
}

static void a_sector_s_mode_is_found_in_its_bytes(void **state)
{
	uint8_t raw[2352];
	unsigned form = 9;

	(void)state;
	vector_raw(&vectors[0], raw);
	assert_int_equal(sp_sector_probe(raw, &form), SP_MODE_MODE1);
	assert_int_equal(form, 0);
	vector_raw(&vectors[5], raw);
	assert_int_equal(sp_sector_probe(raw, &form), SP_MODE_XA);
	assert_int_equal(form, 1);
	vector_raw(&vectors[7], raw);
	assert_int_equal(sp_sector_probe(raw, &form), SP_MODE_XA);
	assert_int_equal(form, 2);
	raw[17] ^= 1;
	assert_int_equal(sp_sector_probe(raw, &form), SP_MODE_MODE2);
	assert_int_equal(form, 0);
	raw[0] = 1;
	assert_int_equal(sp_sector_probe(raw, &form), SP_MODE_AUDIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edc_and_scrambler_give_the_published_values),
		cmocka_unit_test(every_vector_is_built_from_its_user_data),
		cmocka_unit_test(every_vector_passes_the_check_and_no_flipped_bit_does),
		cmocka_unit_test(
			parity_does_not_touch_the_sector_and_sees_the_header_only_in_mode_1),
		cmocka_unit_test(real_sectors_are_judged_as_their_names_say),
		cmocka_unit_test(what_is_built_can_be_stripped_and_built_again),
		cmocka_unit_test(each_kind_of_drop_is_counted),
		cmocka_unit_test(a_wrong_header_with_its_own_edc_is_only_a_wrong_header),
		cmocka_unit_test(edc_without_a_stored_header_is_held_against_a_built_one),
		cmocka_unit_test(a_form_2_sector_without_edc_is_no_loss),
		cmocka_unit_test(mixed_xa_taken_for_form_1_counts_the_sectors_of_form_2),
		cmocka_unit_test(a_sector_of_another_mode_is_judged_by_its_own),
		cmocka_unit_test(xa_without_framing_is_checked_too),
		cmocka_unit_test(sizes_are_those_of_the_standards),
		cmocka_unit_test(what_cannot_be_built_is_refused),
		cmocka_unit_test(a_sector_s_mode_is_found_in_its_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
