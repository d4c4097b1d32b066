/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The layout that Q shows of a disc whose TOC is known. The Qs are made here, bit by bit. */
#include "drive/qlayout.h"
#include "drive/toc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

/* Two tracks: 0 … 599 and 600 … 899, as the TOC has them. */
enum { FIRST = 0, SECOND = 600, END = 900 };

struct bench {
	struct sp_disc *toc, *disc;
	struct sp_qlayout *ql;
	struct sp_rip_q facts;
	char notes[2000];
	const char *drive; /* what it says of any code */
	unsigned asked;
};

static void bench_note(void *user, const char *text)
{
	struct bench *b = user;
	const size_t n = strlen(b->notes);

	snprintf(b->notes + n, sizeof(b->notes) - n, "%s\n", text);
}

static const char *bench_code(void *user, unsigned track)
{
	struct bench *b = user;

	(void)track;
	b->asked++;
	return b->drive;
}

static struct bench *bench_open(unsigned first_control)
{
	struct bench *b = calloc(1, sizeof(*b));
	const struct sp_toc toc = {
		.session = {{.number = 1, .lead_out = END}},
		.sessions = 1,
		.track = {{.number = 1, .session = 1, .control = first_control, .start = FIRST},
			  {.number = 2, .session = 1, .start = SECOND}},
		.tracks = 2,
	};
	const unsigned mode[2] = {first_control & 4 ? SP_MODE_MODE1 : SP_MODE_AUDIO, SP_MODE_AUDIO};
	struct sp_error err = {0};

	assert_non_null(b);
	b->toc = sp_toc_disc(&toc, mode);
	assert_non_null(b->toc);
	if (sp_qlayout_new(&b->ql, b->toc, &err))
		fail_msg("%s", err.text);
	return b;
}

static void bench_finish(struct bench *b)
{
	const struct sp_notes notes = {bench_note, b};
	struct sp_error err = {0};

	if (sp_qlayout_finish(b->ql, &b->disc, &b->facts, bench_code, b, &notes, &err))
		fail_msg("%s", err.text);
}

static void bench_close(struct bench *b)
{
	sp_qlayout_free(b->ql);
	sp_disc_free(b->toc);
	sp_disc_free(b->disc);
	free(b);
}

static uint8_t bcd(unsigned n)
{
	return (uint8_t)(n / 10 << 4 | n % 10);
}

/* Twelve bytes with their CRC, x^16 + x^12 + x^5 + 1 inverted, spread over bit 6 of 96 symbols; P
 * in bit 7. */
static void give(struct bench *b, sp_lba lba, uint8_t q[12], unsigned p, bool damaged)
{
	uint8_t pw[96];
	unsigned crc = 0;

	for (unsigned i = 0; i < 80; i++) {
		const unsigned bit = q[i / 8] >> (7 - i % 8) & 1u;

		crc = (crc << 1) ^ ((crc >> 15 & 1) ^ bit ? 0x1021 : 0);
		crc &= 0xffff;
	}
	q[10] = (uint8_t)(~crc >> 8);
	q[11] = (uint8_t)~crc;
	if (damaged)
		q[5] ^= 4;
	for (unsigned i = 0; i < 96; i++)
		pw[i] = (uint8_t)(p << 7 | (q[i / 8] >> (7 - i % 8) & 1u) << 6);
	sp_qlayout_take(b->ql, lba, pw, SP_MODE_AUDIO);
}

/* The sector at `lba` says that it lies at `said`. */
static void place(struct bench *b, sp_lba lba, sp_lba said, unsigned control, unsigned track,
		  unsigned index, unsigned p, bool damaged)
{
	const unsigned at = (unsigned)(said + 150);
	uint8_t q[12] = {
		(uint8_t)(control << 4 | 1), bcd(track),  bcd(index), 0, 0, 0, 0, bcd(at / 4500),
		bcd(at / 75 % 60),           bcd(at % 75)};

	give(b, lba, q, p, damaged);
}

/* All sectors, index 00 of track 2 from `gap` on, P there and a sector on. */
static void whole(struct bench *b, sp_lba gap)
{
	for (sp_lba lba = FIRST; lba < END; lba++) {
		const unsigned track = lba < gap ? 1 : 2;
		const unsigned index = lba >= gap && lba < SECOND ? 0 : 1;
		const unsigned p = lba > gap && lba <= SECOND;

		place(b, lba, lba, 0, track, index, p, false);
	}
}

static void isrc(struct bench *b, sp_lba lba, const char *text)
{
	const unsigned at = (unsigned)(lba + 150);
	uint8_t q[12] = {3};
	uint64_t bits = 0;

	/* five characters of six bits, two bits, seven digits of four */
	for (unsigned i = 0; i < 5; i++)
		bits = bits << 6 | (uint64_t)(text[i] >= 'A' ? text[i] - 'A' + 17 : text[i] - '0');
	bits <<= 2;
	for (unsigned i = 5; i < 12; i++)
		bits = bits << 4 | (uint64_t)(text[i] - '0');
	for (unsigned i = 0; i < 8; i++)
		q[1 + i] = (uint8_t)(bits << 4 >> (56 - 8 * i));
	q[9] = bcd(at % 75);
	give(b, lba, q, 0, false);
}

static void mcn(struct bench *b, sp_lba lba, const char *text)
{
	uint8_t q[12] = {2};

	for (unsigned i = 0; i < 13; i++)
		q[1 + i / 2] |= (uint8_t)((text[i] - '0') << (i % 2 ? 0 : 4));
	q[9] = bcd((unsigned)(lba + 150) % 75);
	give(b, lba, q, 0, false);
}

static const struct sp_track *second(const struct bench *b)
{
	return &b->disc->track[1];
}

static void index_00_begins_at_the_first_sector_that_says_so(void **state)
{
	struct bench *b = bench_open(0);

	(void)state;
	whole(b, 450);
	bench_finish(b);
	assert_int_equal(second(b)->index[0], 450);
	assert_int_equal(second(b)->start, SECOND);
	assert_int_equal(b->disc->track[0].length, 450);
	assert_int_equal(b->facts.track[2].gap_sure, 150);
	assert_int_equal(b->facts.track[2].gap_unsure, 0);
	assert_int_equal(b->facts.right, END);
	const struct sp_region *r = sp_disc_region(b->disc, 450);
	assert_int_equal(r->kind, SP_REGION_PREGAP);
	assert_int_equal(r->lba, 450);
	assert_int_equal(r->count, 150);
	assert_int_equal(r->track, 2);
	bench_close(b);
}

static void without_q_the_toc_stays_as_it_is(void **state)
{
	struct bench *b = bench_open(0);

	(void)state;
	for (sp_lba lba = FIRST; lba < END; lba++)
		sp_qlayout_take(b->ql, lba, NULL, SP_MODE_AUDIO);
	bench_finish(b);
	assert_true(second(b)->index[0] == SP_LBA_NONE);
	assert_int_equal(b->disc->track[0].length, SECOND);
	assert_int_equal(b->facts.sectors, 0);
	bench_close(b);
}

/* A damaged Q, one with another place in it, and one of a track that is not the next say nothing.
 */
static void what_is_damaged_or_of_another_place_is_no_evidence(void **state)
{
	struct bench *b = bench_open(0);

	(void)state;
	for (sp_lba lba = FIRST; lba < END; lba++) {
		if (lba >= 590 && lba < SECOND)
			place(b, lba, lba, 0, 2, 0, 0, true);
		else if (lba >= 580 && lba < SECOND)
			place(b, lba, lba + 3, 0, 2, 0, 0, false);
		else
			place(b, lba, lba, 0, lba < SECOND ? 1 : 2, 1, 0, false);
	}
	bench_finish(b);
	assert_true(second(b)->index[0] == SP_LBA_NONE);
	assert_int_equal(b->facts.wrong, 10);
	assert_int_equal(b->facts.elsewhere, 10);
	bench_close(b);
}

/* The first sectors of a gap say nothing: P rises a sector behind its begin. */
static void where_q_is_damaged_p_tells_the_begin_of_a_gap(void **state)
{
	struct bench *b = bench_open(0);

	(void)state;
	for (sp_lba lba = FIRST; lba < END; lba++) {
		const bool gap = lba >= 400 && lba < SECOND;

		place(b, lba, lba, 0, lba < 400 ? 1 : 2, gap ? 0 : 1, lba >= 400 && lba <= SECOND,
		      lba >= 395 && lba < 410);
	}
	bench_finish(b);
	assert_int_equal(second(b)->index[0], 400);
	assert_int_equal(b->facts.track[2].gap_unsure, 0);
	bench_close(b);
}

/* Codes stand where places would: those before a gap's first place belong to it. */
static void codes_at_the_begin_of_a_gap_belong_to_it(void **state)
{
	struct bench *b = bench_open(0);

	(void)state;
	for (sp_lba lba = FIRST; lba < END; lba++) {
		if (lba == 520)
			mcn(b, lba, "4006381333931");
		else
			place(b, lba, lba, 0, lba < 520 ? 1 : 2, lba >= 520 && lba < SECOND ? 0 : 1,
			      0, false);
	}
	bench_finish(b);
	assert_int_equal(second(b)->index[0], 520);
	assert_int_equal(b->facts.track[2].gap_unsure, 1);
	bench_close(b);
}

/* One Q that says index 05 is damage with luck; 02 and then 03 are indexes. */
static void indexes_count_on_by_one(void **state)
{
	struct bench *b = bench_open(0);

	(void)state;
	for (sp_lba lba = FIRST; lba < END; lba++)
		place(b, lba, lba, 0, lba < SECOND ? 1 : 2,
		      lba == 50                 ? 5
		      : lba >= 200 && lba < 600 ? 3
		      : lba >= 100 && lba < 600 ? 2
						: 1,
		      0, false);
	bench_finish(b);
	assert_int_equal(b->disc->track[0].index[2], 100);
	assert_int_equal(b->disc->track[0].index[3], 200);
	assert_true(b->disc->track[0].index[5] == SP_LBA_NONE);
	assert_true(second(b)->index[2] == SP_LBA_NONE);
	bench_close(b);
}

/* The first ISRC of a track may be the one before it: the drive lags. */
static void an_isrc_needs_two_readings_that_are_not_the_first(void **state)
{
	struct bench *b = bench_open(0);

	(void)state;
	for (sp_lba lba = FIRST; lba < END; lba++) {
		const bool first = lba == 10 || lba == 110 || lba == 210;

		if (first || lba == 610)
			isrc(b, lba, "DEABC2400001");
		else if (lba == 710 || lba == 810)
			isrc(b, lba, "DEABC2400002");
		else
			place(b, lba, lba, 0, lba < SECOND ? 1 : 2, 1, 0, false);
	}
	bench_finish(b);
	assert_string_equal(b->disc->track[0].isrc, "DEABC2400001");
	assert_string_equal(second(b)->isrc, "DEABC2400002");
	assert_int_equal(b->facts.track[2].isrc, 2);
	assert_int_equal(b->facts.track[2].isrc_not, 1);
	bench_close(b);
}

/* One reading alone is taken with the drive's word only, and what two tracks have is nobody's. */
static void an_isrc_on_too_little_is_not_taken(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct bench *b = bench_open(0);
		static const char *const drive[] = {NULL, "", "DEABC2400007", "DEABC2400008"};

		b->drive = drive[i];
		for (sp_lba lba = FIRST; lba < END; lba++)
			if (lba == 300)
				isrc(b, lba, "DEABC2400007");
			else
				place(b, lba, lba, 0, lba < SECOND ? 1 : 2, 1, 0, false);
		bench_finish(b);
		assert_string_equal(b->disc->track[0].isrc, i == 2 ? "DEABC2400007" : "");
		assert_int_equal(b->facts.track[1].isrc_drive, i == 2);
		if (i != 2)
			assert_non_null(strstr(b->notes, "track 1: ISRC: 1 reading, too few"));
		bench_close(b);
	}
	struct bench *b = bench_open(0);
	for (sp_lba lba = FIRST; lba < END; lba++)
		if (lba % 100 == 50)
			isrc(b, lba, "DEABC2400009");
		else
			place(b, lba, lba, 0, lba < SECOND ? 1 : 2, 1, 0, false);
	bench_finish(b);
	assert_string_equal(b->disc->track[0].isrc, "");
	assert_string_equal(second(b)->isrc, "");
	assert_non_null(strstr(b->notes, "is another track's too"));
	bench_close(b);
}

static void the_mcn_is_the_majoritys(void **state)
{
	struct bench *b = bench_open(0);

	(void)state;
	for (sp_lba lba = FIRST; lba < END; lba++)
		if (lba % 100 == 20)
			mcn(b, lba, lba == 320 ? "4006381333930" : "4006381333931");
		else
			place(b, lba, lba, 0, lba < SECOND ? 1 : 2, 1, 0, false);
	bench_finish(b);
	assert_string_equal(b->disc->mcn, "4006381333931");
	assert_int_equal(b->facts.mcn, 8);
	assert_int_equal(b->facts.mcn_not, 1);
	bench_close(b);
}

/* Discs exist whose pre-emphasis only Q tells. */
static void pre_emphasis_in_q_alone_is_taken_and_told(void **state)
{
	struct bench *b = bench_open(0);

	(void)state;
	for (sp_lba lba = FIRST; lba < END; lba++)
		place(b, lba, lba, lba < SECOND ? 1 : 0, lba < SECOND ? 1 : 2, 1, 0, false);
	bench_finish(b);
	assert_int_equal(b->disc->track[0].control, 1);
	assert_int_equal(second(b)->control, 0);
	assert_int_equal(b->facts.track[1].q_control, 1);
	assert_non_null(strstr(b->notes, "track 1: control is 0 in the TOC and 1 in Q"));
	bench_close(b);
}

/* Behind data the gap's sectors are of the mode that each has. */
static void a_gap_behind_data_is_cut_where_its_sectors_change(void **state)
{
	struct bench *b = bench_open(4);

	(void)state;
	for (sp_lba lba = FIRST; lba < END; lba++) {
		place(b, lba, lba, lba < 525 ? 4 : 0, lba < 450 ? 1 : 2,
		      lba >= 450 && lba < SECOND ? 0 : 1, 0, false);
		sp_qlayout_take(b->ql, lba, NULL, lba < 525 ? SP_MODE_MODE1 : SP_MODE_AUDIO);
	}
	bench_finish(b);
	assert_int_equal(second(b)->index[0], 450);
	const struct sp_region *data = sp_disc_region(b->disc, 450);
	const struct sp_region *audio = sp_disc_region(b->disc, 525);
	assert_int_equal(data->mode, SP_MODE_MODE1);
	assert_int_equal(data->count, 75);
	assert_int_equal(data->kind, SP_REGION_PREGAP);
	assert_int_equal(audio->mode, SP_MODE_AUDIO);
	assert_int_equal(audio->lba, 525);
	assert_int_equal(audio->count, 75);
	bench_close(b);
}

static void sectors_of_no_disc_are_passed_over(void **state)
{
	static const uint8_t pw[96];
	struct bench *b = bench_open(0);

	(void)state;
	sp_qlayout_take(b->ql, -200, pw, SP_MODE_AUDIO);
	sp_qlayout_take(b->ql, INT64_MIN, pw, SP_MODE_AUDIO);
	sp_qlayout_take(b->ql, INT64_MAX, pw, SP_MODES);
	sp_qlayout_take(b->ql, END + 10000, pw, 77);
	bench_finish(b);
	assert_int_equal(b->facts.sectors, 0);
	bench_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(index_00_begins_at_the_first_sector_that_says_so),
		cmocka_unit_test(without_q_the_toc_stays_as_it_is),
		cmocka_unit_test(what_is_damaged_or_of_another_place_is_no_evidence),
		cmocka_unit_test(where_q_is_damaged_p_tells_the_begin_of_a_gap),
		cmocka_unit_test(codes_at_the_begin_of_a_gap_belong_to_it),
		cmocka_unit_test(indexes_count_on_by_one),
		cmocka_unit_test(an_isrc_needs_two_readings_that_are_not_the_first),
		cmocka_unit_test(an_isrc_on_too_little_is_not_taken),
		cmocka_unit_test(the_mcn_is_the_majoritys),
		cmocka_unit_test(pre_emphasis_in_q_alone_is_taken_and_told),
		cmocka_unit_test(a_gap_behind_data_is_cut_where_its_sectors_change),
		cmocka_unit_test(sectors_of_no_disc_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
