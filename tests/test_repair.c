/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Damage up to the power of the P/Q code is corrected, beyond it nothing is made up. */
#include "base/bytes.h"
#include "disc/edc.h"
#include "disc/repair.h"
#include "tests/doubles.h"
#include "tests/streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { CODED = 2340, MATRIX = 2236, BASE = 12, PARITY = 2076 };

static uint32_t seed = 1;

static uint32_t random_below(uint32_t end)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(seed >> 4) * end >> 28);
}

static uint8_t random_error(void)
{
	return (uint8_t)(1 + random_below(255));
}

/* A whole sector of random user data. */
static void sound_sector(unsigned mode, uint8_t raw[SP_RAW_SIZE])
{
	uint8_t user[2336];

	for (size_t i = 0; i < sizeof(user); i++)
		user[i] = (uint8_t)random_below(256);
	assert_int_equal(sp_sector_convert(NULL, mode, SP_PART_USER, SP_PART_MAIN, 1234, 1, user,
					   raw, NULL, NULL, NULL),
			 0);
}

static const unsigned coded_mode[] = {SP_MODE_MODE1, SP_MODE_XA_FORM1};
#define CODED_MODES (sizeof(coded_mode) / sizeof(coded_mode[0]))

/* First byte that the code of a mode covers. */
static unsigned first_covered(unsigned mode)
{
	return mode == SP_MODE_MODE1 ? BASE : 16;
}

static void assert_restored(unsigned mode, uint8_t *raw, const uint8_t *sound, const uint8_t *c2)
{
	unsigned bytes, wrong = 0;
	uint16_t state = 0;

	for (unsigned i = 0; i < SP_RAW_SIZE; i++)
		wrong += raw[i] != sound[i];
	const unsigned verdict = sp_repair_raw(mode, raw, c2, &bytes);
	assert_memory_equal(raw, sound, SP_RAW_SIZE);
	assert_int_equal(bytes, wrong);
	assert_true(wrong ? verdict == SP_REPAIR_CORRECTABLE || verdict == SP_REPAIR_PARITY
			  : verdict == SP_REPAIR_GOOD);
	sp_sector_check(mode, SP_PART_MAIN, 1234, 1, raw, &state);
	assert_int_equal(state, 0);
}

static void one_wrong_byte_anywhere_is_corrected(void **state)
{
	(void)state;
	for (size_t m = 0; m < CODED_MODES; m++) {
		const unsigned mode = coded_mode[m];
		uint8_t sound[SP_RAW_SIZE], raw[SP_RAW_SIZE];

		sound_sector(mode, sound);
		for (unsigned at = mode == SP_MODE_MODE1 ? 0 : 16; at < SP_RAW_SIZE; at++) {
			memcpy(raw, sound, sizeof(raw));
			raw[at] ^= random_error();
			assert_restored(mode, raw, sound, NULL);
		}
	}
}

/* Places of the code words, worked out here anew from ECMA-130 annex A. */
static unsigned p_place(unsigned word, unsigned j)
{
	return BASE + j * 86 + word;
}

static unsigned q_place(unsigned word, unsigned j)
{
	const unsigned n = word / 2;

	if (j >= 43)
		return BASE + MATRIX + (j - 43) * 52 + word;
	return BASE + (44 * j + 43 * n) % 1118 * 2 + word % 2;
}

static void a_wrong_byte_in_every_word_of_one_code_is_corrected(void **state)
{
	static const struct {
		unsigned words, length;
		unsigned (*place)(unsigned word, unsigned j);
	} code[] = {{86, 26, p_place}, {52, 45, q_place}};

	(void)state;
	for (unsigned trial = 0; trial < 400; trial++) {
		const unsigned mode = coded_mode[trial % 2], c = trial / 2 % 2;
		uint8_t sound[SP_RAW_SIZE], raw[SP_RAW_SIZE];

		sound_sector(mode, sound);
		memcpy(raw, sound, sizeof(raw));
		for (unsigned word = 0; word < code[c].words; word++) {
			const unsigned at = code[c].place(word, random_below(code[c].length));

			if (at >= first_covered(mode))
				raw[at] ^= random_error();
		}
		assert_restored(mode, raw, sound, NULL);
	}
}

static void damage(uint8_t *raw, uint8_t *c2, unsigned at)
{
	raw[at] ^= random_error();
	c2[at / 8] |= (uint8_t)(0x80 >> at % 8);
}

static void two_marked_bytes_in_every_word_of_one_code_are_corrected(void **state)
{
	(void)state;
	for (unsigned trial = 0; trial < 200; trial++) {
		const unsigned mode = coded_mode[trial % 2];
		uint8_t sound[SP_RAW_SIZE], raw[SP_RAW_SIZE], c2[SP_C2_SIZE] = {0};

		sound_sector(mode, sound);
		memcpy(raw, sound, sizeof(raw));
		for (unsigned word = 0; word < 86; word++) {
			const unsigned a = random_below(25), b = a + 1 + random_below(25 - a);

			if (p_place(word, a) >= 16)
				damage(raw, c2, p_place(word, a));
			damage(raw, c2, p_place(word, b));
		}
		assert_restored(mode, raw, sound, c2);
	}
}

static void a_burst_is_corrected_blind_up_to_one_row_and_marked_up_to_two(void **state)
{
	(void)state;
	for (unsigned trial = 0; trial < 300; trial++) {
		const unsigned mode = coded_mode[trial % 2], marked = trial / 2 % 2;
		const unsigned first = first_covered(mode);
		uint8_t sound[SP_RAW_SIZE], raw[SP_RAW_SIZE], c2[SP_C2_SIZE] = {0};
		const unsigned length = 1 + random_below(marked ? 172 : 86);
		const unsigned at = first + random_below(SP_RAW_SIZE - first - length + 1);

		sound_sector(mode, sound);
		memcpy(raw, sound, sizeof(raw));
		for (unsigned i = 0; i < length; i++)
			damage(raw, c2, at + i);
		assert_restored(mode, raw, sound, marked ? c2 : NULL);
	}
}

/* Three in a word are too many for it, but the words that cross it take them one by one. */
static void three_marked_bytes_in_some_words_are_left_to_the_other_code(void **state)
{
	(void)state;
	for (unsigned trial = 0; trial < 200; trial++) {
		const unsigned mode = coded_mode[trial % 2], word = random_below(84);
		uint8_t sound[SP_RAW_SIZE], raw[SP_RAW_SIZE], c2[SP_C2_SIZE] = {0};

		sound_sector(mode, sound);
		memcpy(raw, sound, sizeof(raw));
		for (unsigned i = 0; i < 6; i++)
			damage(raw, c2, p_place(word + i % 2, 2 + random_below(24)));
		for (unsigned i = 0; i < SP_RAW_SIZE; i++) /* twice the same byte is none */
			if (c2[i / 8] >> (7 - i % 8) & 1 && raw[i] == sound[i])
				c2[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
		assert_restored(mode, raw, sound, c2);
	}
}

static void marks_in_the_wrong_place_do_no_harm(void **state)
{
	(void)state;
	for (unsigned trial = 0; trial < 100; trial++) {
		const unsigned mode = coded_mode[trial % 2];
		uint8_t sound[SP_RAW_SIZE], raw[SP_RAW_SIZE], c2[SP_C2_SIZE];

		sound_sector(mode, sound);
		memcpy(raw, sound, sizeof(raw));
		for (size_t i = 0; i < sizeof(c2); i++)
			c2[i] = (uint8_t)random_below(trial % 3 ? 256 : 1);
		for (unsigned i = 0; i < 40; i++)
			raw[first_covered(mode) + i + 500] ^= random_error();
		assert_restored(mode, raw, sound, c2);
	}
}

/* 100,000 sectors of ever more random errors: what comes back is the sector that was, or what was
 * given. */
static void nothing_beyond_the_code_is_ever_miscorrected(void **state)
{
	const unsigned trials = getenv("SPINDLE_LONG") ? 100000 : 10000;
	unsigned corrected = 0, beyond = 0;

	(void)state;
	for (unsigned trial = 0; trial < trials; trial++) {
		const unsigned mode = coded_mode[trial % 2], marked = trial / 2 % 3;
		const unsigned errors = 1 + random_below(1u << (1 + random_below(9)));
		const unsigned first = first_covered(mode);
		uint8_t sound[SP_RAW_SIZE], raw[SP_RAW_SIZE], was[SP_RAW_SIZE],
			c2[SP_C2_SIZE] = {0};
		unsigned bytes;

		sound_sector(mode, sound);
		memcpy(raw, sound, sizeof(raw));
		for (unsigned i = 0; i < errors; i++)
			damage(raw, c2, first + random_below(SP_RAW_SIZE - first));
		memcpy(was, raw, sizeof(was));
		const unsigned verdict = sp_repair_raw(mode, raw, marked == 1 ? c2 : NULL, &bytes);
		if (verdict == SP_REPAIR_BEYOND) {
			beyond++;
			assert_memory_equal(raw, was, sizeof(raw));
			assert_int_equal(bytes, 0);
		} else {
			corrected++;
			assert_memory_equal(raw, sound, sizeof(raw));
		}
	}
	print_message("# %u corrected, %u beyond\n", corrected, beyond);
	assert_true(corrected > trials / 4 && beyond > trials / 100);
}

static void a_good_edc_with_bad_parity_gets_its_parity_anew(void **state)
{
	(void)state;
	for (size_t m = 0; m < CODED_MODES; m++) {
		uint8_t sound[SP_RAW_SIZE], raw[SP_RAW_SIZE];
		unsigned bytes;

		sound_sector(coded_mode[m], sound);
		memcpy(raw, sound, sizeof(raw));
		memset(raw + PARITY, 0x5a, SP_RAW_SIZE - PARITY);
		assert_int_equal(sp_repair_raw(coded_mode[m], raw, NULL, &bytes), SP_REPAIR_PARITY);
		assert_memory_equal(raw, sound, sizeof(raw));
		assert_true(bytes > 200);
	}
}

static void intermediate_bytes_are_zero_unless_the_parity_says_otherwise(void **state)
{
	uint8_t sound[SP_RAW_SIZE], raw[SP_RAW_SIZE], was[SP_RAW_SIZE];

	(void)state;
	sound_sector(SP_MODE_MODE1, sound);
	memcpy(raw, sound, sizeof(raw));
	raw[2070] = 7;
	assert_int_equal(sp_repair_raw(SP_MODE_MODE1, raw, NULL, NULL), SP_REPAIR_PARITY);
	assert_memory_equal(raw, sound, sizeof(raw));
	raw[2070] = 7; /* made so */
	sp_ecc(raw, false, raw + PARITY);
	memcpy(was, raw, sizeof(was));
	assert_int_equal(sp_repair_raw(SP_MODE_MODE1, raw, NULL, NULL), SP_REPAIR_GOOD);
	assert_memory_equal(raw, was, sizeof(raw));
	raw[100] ^= 1;
	assert_int_equal(sp_repair_raw(SP_MODE_MODE1, raw, NULL, NULL), SP_REPAIR_CORRECTABLE);
	assert_memory_equal(raw, was, sizeof(raw));
	raw[2300] ^= 1;
	assert_int_equal(sp_repair_raw(SP_MODE_MODE1, raw, NULL, NULL), SP_REPAIR_PARITY);
	assert_memory_equal(raw, was, sizeof(raw));
}

/* Mode 1's EDC covers sync and header, its parity the header. XA protects neither. */
static void sync_and_header_are_corrected_only_where_they_are_protected(void **state)
{
	uint8_t sound[SP_RAW_SIZE], raw[SP_RAW_SIZE], was[SP_RAW_SIZE];

	(void)state;
	sound_sector(SP_MODE_MODE1, sound);
	memcpy(raw, sound, sizeof(raw));
	memset(raw, 0xaa, 12);
	raw[13] ^= 0x11;
	raw[15] = 2;
	assert_restored(SP_MODE_MODE1, raw, sound, NULL);
	raw[15] = 0;
	assert_restored(SP_MODE_MODE1, raw, sound, NULL);
	sound_sector(SP_MODE_XA_FORM1, sound);
	memcpy(raw, sound, sizeof(raw));
	memset(raw, 0xaa, 15);
	memcpy(was, raw, sizeof(was));
	assert_int_equal(sp_repair_raw(SP_MODE_XA, raw, NULL, NULL), SP_REPAIR_GOOD);
	assert_memory_equal(raw, was, sizeof(raw));
	raw[100] ^= 1;
	assert_int_equal(sp_repair_raw(SP_MODE_XA, raw, NULL, NULL), SP_REPAIR_CORRECTABLE);
	assert_memory_equal(raw, was, sizeof(raw));
	raw[15] = 1;
	was[15] = 1;
	raw[100] ^= 1;
	assert_int_equal(sp_repair_raw(SP_MODE_XA, raw, NULL, NULL), SP_REPAIR_CORRECTABLE);
	assert_memory_equal(raw, was, sizeof(raw));
}

/* One of the two submodes says form 2: the sector's parity decides which. */
static void a_damaged_form_bit_is_corrected(void **state)
{
	uint8_t sound[SP_RAW_SIZE], raw[SP_RAW_SIZE];

	(void)state;
	sound_sector(SP_MODE_XA_FORM1, sound);
	memcpy(raw, sound, sizeof(raw));
	raw[18] ^= 0x20;
	assert_restored(SP_MODE_XA, raw, sound, NULL);
}

static void what_has_no_parity_is_left_alone(void **state)
{
	static const struct {
		unsigned mode;
		bool no_edc;
		unsigned sound, damaged;
	} row[] = {
		{SP_MODE_AUDIO, false, SP_REPAIR_NONE, SP_REPAIR_NONE},
		{SP_MODE_MODE2, false, SP_REPAIR_NONE, SP_REPAIR_NONE},
		{SP_MODE_XA_FORM2, false, SP_REPAIR_GOOD, SP_REPAIR_BEYOND},
		{SP_MODE_XA_FORM2, true, SP_REPAIR_NONE, SP_REPAIR_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		uint8_t raw[SP_RAW_SIZE] = {0}, was[SP_RAW_SIZE];

		sound_sector(row[i].mode == SP_MODE_AUDIO ? SP_MODE_MODE1 : row[i].mode, raw);
		if (row[i].no_edc)
			memset(raw + 2348, 0, 4);
		assert_int_equal(sp_repair_raw(row[i].mode, raw, NULL, NULL), row[i].sound);
		raw[1000] ^= 0x40;
		memcpy(was, raw, sizeof(was));
		assert_int_equal(sp_repair_raw(row[i].mode, raw, NULL, NULL), row[i].damaged);
		assert_memory_equal(raw, was, sizeof(raw));
	}
}

/* A sector of zeros is a code word, and so near to what is left of one that was not read. */
static void a_sector_cut_short_does_not_become_zeros(void **state)
{
	static const unsigned mode[] = {SP_MODE_MODE1, SP_MODE_XA, SP_MODE_XA_FORM1};
	uint8_t raw[SP_RAW_SIZE], was[SP_RAW_SIZE];

	(void)state;
	for (size_t m = 0; m < sizeof(mode) / sizeof(mode[0]); m++) {
		for (unsigned cut = 0; cut < 200; cut++) {
			sound_sector(mode[m] == SP_MODE_XA ? SP_MODE_XA_FORM1 : mode[m], raw);
			memset(raw + cut, 0, sizeof(raw) - cut);
			memcpy(was, raw, sizeof(was));
			sp_repair_raw(mode[m], raw, NULL, NULL);
			assert_memory_equal(raw, was, sizeof(raw));
		}
	}
}

static void xa_without_framing_is_corrected_too(void **state)
{
	const unsigned parts = SP_PART_SUBHEADER | SP_PART_USER | SP_PART_ECC;
	uint8_t sound[SP_RAW_SIZE], raw[SP_RAW_SIZE], c2[SP_C2_SIZE] = {0};
	unsigned bytes;

	(void)state;
	sound_sector(SP_MODE_XA_FORM1, sound);
	memcpy(raw, sound, sizeof(raw));
	for (unsigned i = 0; i < 172; i++)
		damage(raw + 16, c2, 300 + i);
	assert_int_equal(sp_repair_stored(SP_MODE_XA, parts, raw + 16, c2, &bytes),
			 SP_REPAIR_CORRECTABLE);
	assert_int_equal(bytes, 172);
	assert_memory_equal(raw, sound, sizeof(raw));
	assert_int_equal(sp_repair_stored(SP_MODE_MODE1, SP_PART_USER, raw, NULL, NULL),
			 SP_REPAIR_NONE);
	assert_int_equal(sp_repair_stored(SP_MODE_DATA2048, SP_PART_USER, raw, NULL, NULL),
			 SP_REPAIR_NONE);
}

/* What the names of the corpus' sectors say of them. */
static const struct {
	const char *name;
	unsigned mode, verdict;
} corpus[] = {
	{"cdi_0_sector17_valid_sync_valid_mode2_form1", SP_MODE_XA, SP_REPAIR_GOOD},
	{"cdi_1_sector17_invalid_sync_valid_mode2_form1", SP_MODE_XA, SP_REPAIR_GOOD},
	{"cdi_2_sector17_invalid_sync_valid_mode2_form1_edc_error", SP_MODE_XA,
	 SP_REPAIR_CORRECTABLE},
	{"cdi_3_sector17_invalid_sync_valid_mode2_form1_ecc_p_error", SP_MODE_XA, SP_REPAIR_PARITY},
	{"cdi_4_sector17_invalid_sync_valid_mode2_form1_ecc_q_error", SP_MODE_XA, SP_REPAIR_PARITY},
	{"cdi_5_sector17_invalid_sync_valid_mode2_form1_ecc_pq_error", SP_MODE_XA,
	 SP_REPAIR_PARITY},
	{"fmt_0_sector202347_valid_sync_valid_mode1_truncated", SP_MODE_MODE1, SP_REPAIR_BEYOND},
	{"ibmpc_0_sector0_valid_sync_valid_mode1", SP_MODE_MODE1, SP_REPAIR_GOOD},
	{"ibmpc_1_sector0_invalid_sync_valid_mode1", SP_MODE_MODE1, SP_REPAIR_CORRECTABLE},
	{"ibmpc_2_sector0_invalid_sync_valid_mode1_modified_edc_ecc", SP_MODE_MODE1,
	 SP_REPAIR_GOOD},
	{"ibmpc_3_sector0_invalid_sync_valid_mode1_edc_error", SP_MODE_MODE1,
	 SP_REPAIR_CORRECTABLE},
	{"ibmpc_4_sector0_invalid_sync_valid_mode1_ecc_p_error", SP_MODE_MODE1, SP_REPAIR_PARITY},
	{"ibmpc_5_sector0_invalid_sync_valid_mode1_ecc_q_error", SP_MODE_MODE1, SP_REPAIR_PARITY},
	{"ibmpc_6_sector0_invalid_sync_valid_mode1_ecc_pq_error", SP_MODE_MODE1, SP_REPAIR_PARITY},
	{"psx_0_sector12_valid_sync_valid_mode2_form2_with_edc", SP_MODE_XA, SP_REPAIR_GOOD},
	{"psx_1_sector12_invalid_sync_valid_mode2_form2_with_edc", SP_MODE_XA, SP_REPAIR_GOOD},
	{"psx_2_sector12_invalid_sync_valid_mode2_form2_edc_error", SP_MODE_XA, SP_REPAIR_BEYOND},
	{"psx_3_sector12_valid_sync_valid_mode2_form2_no_edc", SP_MODE_XA, SP_REPAIR_NONE},
	{"psx_4_sector12_invalid_sync_valid_mode2_form2_no_edc", SP_MODE_XA, SP_REPAIR_NONE},
	{"psx_5_sector151739_valid_sync_valid_mode2_form1_no_edc", SP_MODE_XA, SP_REPAIR_GOOD},
	{"psx_6_sector151740_valid_sync_valid_mode2_form1_no_edc_ecc_pq_error", SP_MODE_XA,
	 SP_REPAIR_PARITY},
};

static void real_sectors_get_the_verdict_of_their_names(void **state)
{
	const char *dir = getenv("SPINDLE_CORPUS");

	(void)state;
	if (!dir) {
		print_message("skipped: sectors/DiscImageCreator of the corpus\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(corpus) / sizeof(corpus[0]); i++) {
		const char *name = corpus[i].name;
		uint8_t raw[SP_RAW_SIZE];
		uint16_t bits = 0;
		char path[1024];

		snprintf(path, sizeof(path), "%s/sectors/DiscImageCreator/%s.bin", dir, name);
		FILE *file = fopen(path, "rb");
		if (!file)
			fail_msg("cannot open %s", path);
		assert_int_equal(fread(raw, 1, sizeof(raw), file), sizeof(raw));
		fclose(file);
		const unsigned verdict = sp_repair_raw(corpus[i].mode, raw, NULL, NULL);
		if (verdict != corpus[i].verdict)
			fail_msg("%s: verdict %u, not %u", name, verdict, corpus[i].verdict);
		if (verdict == SP_REPAIR_BEYOND)
			continue;
		sp_sector_check(corpus[i].mode, SP_PART_MAIN, 0, 1, raw, &bits);
		assert_int_equal(bits & (SP_STATE_EDC | SP_STATE_ECC), 0);
	}
}

/* clang-format off */
static const struct layout_piece two_tracks[] = {
	{LAYOUT_SESSION, 0, 0, 0}, {LAYOUT_TRACK, 0, SP_MODE_MODE1, SP_PART_MAIN},
	{LAYOUT_MAIN, 900, 0, 0},
	{LAYOUT_TRACK, 0, SP_MODE_AUDIO, SP_PART_USER}, {LAYOUT_PREGAP, 10, 0, 0},
	{LAYOUT_MAIN, 30, 0, 0}, {LAYOUT_END, 0, 0, 0},
};
/* clang-format on */

static struct sp_source *damaged(sp_lba at, uint64_t count, size_t byte, uint16_t bits,
				 struct double_seen *seen)
{
	const struct double_source_plan plan = {
		.damage_at = at, .damage_count = count, .damage_byte = byte, .damage_state = bits};

	return double_source(streams_source(two_tracks, 0, false), &plan, seen);
}

static void the_view_gives_the_disc_as_it_was_and_counts_a_sector_once(void **state)
{
	struct sp_source *sound = streams_source(two_tracks, 0, false), *view;
	struct double_seen seen = {0};
	struct sp_repairs repairs;

	(void)state;
	assert_int_equal(
		sp_view_repair(&view, damaged(17, 5, 700, SP_STATE_C2, &seen), &repairs, NULL), 0);
	assert_int_equal(streams_differ(sound, view), 0);
	assert_int_equal(streams_differ(sound, view), 0);
	assert_int_equal(repairs.sectors[SP_REPAIR_CORRECTABLE], 5);
	assert_int_equal(repairs.sectors[SP_REPAIR_BEYOND], 0);
	assert_int_equal(repairs.bytes, 5);
	assert_int_equal(repairs.runs.count, 1);
	assert_int_equal(repairs.runs.run[0].lba, 17);
	assert_int_equal(repairs.runs.run[0].count, 5);
	assert_int_equal(repairs.runs.run[0].bytes, 5);
	assert_int_equal(seen.broken, 0);
	sp_runs_free(&repairs.runs);
	sp_source_close(view);
	sp_source_close(sound);
}

static void the_view_leaves_filler_and_audio_alone(void **state)
{
	static const struct {
		sp_lba at;
		uint16_t bits;
	} row[] = {{17, SP_STATE_UNREAD}, {920, 0}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct double_seen seen = {0};
		struct sp_source *plain = damaged(row[i].at, 3, 700, row[i].bits, &seen), *view;
		struct sp_repairs repairs;

		assert_int_equal(sp_view_repair(&view,
						damaged(row[i].at, 3, 700, row[i].bits, &seen),
						&repairs, NULL),
				 0);
		assert_int_equal(streams_differ(plain, view), 0);
		assert_int_equal(repairs.runs.count, 0);
		sp_source_close(plain);
		sp_source_close(view);
	}
}

static void the_check_tells_what_could_be_corrected(void **state)
{
	struct double_seen seen = {0};
	struct sp_repairs repairs = {0};
	struct sp_tally tally;
	struct sp_sink *sink;

	(void)state;
	assert_int_equal(sp_sink_check(&sink, &tally, &repairs, NULL, NULL), 0);
	assert_int_equal(streams_copy(damaged(30, 800, 2200, 0, &seen), sink, NULL), 0);
	assert_int_equal(tally.state[2], 800);
	assert_int_equal(repairs.sectors[SP_REPAIR_PARITY], 800);
	assert_int_equal(repairs.runs.count, 1);
	assert_int_equal(repairs.runs.run[0].count, 800);
	sp_runs_free(&repairs.runs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_wrong_byte_anywhere_is_corrected),
		cmocka_unit_test(a_wrong_byte_in_every_word_of_one_code_is_corrected),
		cmocka_unit_test(two_marked_bytes_in_every_word_of_one_code_are_corrected),
		cmocka_unit_test(a_burst_is_corrected_blind_up_to_one_row_and_marked_up_to_two),
		cmocka_unit_test(three_marked_bytes_in_some_words_are_left_to_the_other_code),
		cmocka_unit_test(marks_in_the_wrong_place_do_no_harm),
		cmocka_unit_test(nothing_beyond_the_code_is_ever_miscorrected),
		cmocka_unit_test(a_good_edc_with_bad_parity_gets_its_parity_anew),
		cmocka_unit_test(intermediate_bytes_are_zero_unless_the_parity_says_otherwise),
		cmocka_unit_test(sync_and_header_are_corrected_only_where_they_are_protected),
		cmocka_unit_test(a_damaged_form_bit_is_corrected),
		cmocka_unit_test(what_has_no_parity_is_left_alone),
		cmocka_unit_test(a_sector_cut_short_does_not_become_zeros),
		cmocka_unit_test(xa_without_framing_is_corrected_too),
		cmocka_unit_test(real_sectors_get_the_verdict_of_their_names),
		cmocka_unit_test(the_view_gives_the_disc_as_it_was_and_counts_a_sector_once),
		cmocka_unit_test(the_view_leaves_filler_and_audio_alone),
		cmocka_unit_test(the_check_tells_what_could_be_corrected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
