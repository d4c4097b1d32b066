/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Profiles and faults of the simulated drive: each as a host sees it, and the same every time. */
#include "disc/scramble.h"
#include "disc/sector.h"
#include "disc/subchannel.h"
#include "stream/pattern.h"
#include "tests/sim_helper.h"

static struct drive *faulty(const char *layout, const char *profile, const char *faults)
{
	const struct sp_sim_setup setup = {.profile = profile, .faults = faults, .seed = 11};
	struct drive *d = drive_made(&setup, layout);

	drive_ready(d);
	return d;
}

/* The pattern of an audio sector. */
static void samples(sp_lba lba, uint8_t raw[2352])
{
	sp_pattern_fill(7, lba, raw, 2352);
}

static void a_sector_that_fails_thrice_does_not_come_the_fourth_time(void **state)
{
	struct drive *d = faulty("audio-3", "cache 0", "5..6 unreadable times 3\n9 unreadable\n");

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(read_cd(d, 0, 4, 2, 0xf8, 0), 0x031105);
		assert_int_equal(d->c.done, 2352); /* the good one before it came */
		assert_int_equal(d->c.sense[0], 0xf0);
		assert_int_equal(get_be32(d->c.sense + 3), 5);
	}
	assert_int_equal(read_cd(d, 0, 4, 2, 0xf8, 0), no_sense);
	assert_int_equal(read_cd(d, 0, 6, 1, 0xf8, 0), 0x031105); /* each counts by itself */
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(read_cd(d, 0, 9, 1, 0xf8, 0), 0x031105);
	drive_free(d);
}

static unsigned bits(const uint8_t *data, size_t size)
{
	unsigned n = 0;

	for (size_t i = 0; i < size; i++)
		n += (unsigned)__builtin_popcount(data[i]);
	return n;
}

static void c2_does_not_point_at_the_bytes_that_differ(void **state)
{
	struct drive *d = faulty("audio-3", "cache 0", "8 c2 20\n");
	struct drive *again = faulty("audio-3", "cache 0", "8 c2 20\n");
	uint8_t good[2352], first[2352 + 294];

	(void)state;
	samples(8, good);
	assert_int_equal(read_cd(d, 0, 8, 1, 0xfa, 0), no_sense);
	assert_int_equal(read_cd(again, 0, 8, 1, 0xfa, 0), no_sense);
	assert_memory_equal(d->data, again->data, sizeof(first));
	memcpy(first, d->data, sizeof(first));
	for (unsigned i = 0; i < 2352; i++)
		if (!(first[2352 + i / 8] >> (7 - i % 8) & 1))
			assert_int_equal(first[i], good[i]);
	assert_in_range(bits(first + 2352, 294), 15, 20);
	/* another reading errs elsewhere */
	assert_int_equal(read_cd(d, 0, 8, 1, 0xfa, 0), no_sense);
	assert_memory_not_equal(d->data, first, sizeof(first));
	drive_free(d);
	drive_free(again);
}

static void a_cache_answers_anew_unless_flushed(void **state)
{
	struct drive *d = faulty("audio-3", "cache 100\nflush fua read12", "8 c2 20\n");
	uint8_t first[2352];

	(void)state;
	assert_int_equal(read_cd(d, 0, 8, 1, 0xf8, 0), no_sense);
	memcpy(first, d->data, sizeof(first));
	for (unsigned i = 0; i < 3; i++) {
		read_cd(d, 0, 30, 1, 0xf8, 0); /* a seek is not enough */
		assert_int_equal(read_cd(d, 0, 8, 1, 0xf8, 0), no_sense);
		assert_memory_equal(d->data, first, sizeof(first));
	}
	assert_int_equal(RUN(d, 0, 0xa8, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), no_sense);
	assert_int_equal(read_cd(d, 0, 8, 1, 0xf8, 0), no_sense);
	assert_memory_not_equal(d->data, first, sizeof(first));
	drive_free(d);
}

static void a_fault_is_not_seen_as_what_it_is(void **state)
{
	struct drive *d = faulty("mode1-raw", "cache 0",
				 "3 attention\n4 not-ready 500\n5 reset\n6 change\n"
				 "7 wrong-sector 2\n8 slow 1500\n10 c2 400\n11 c2 4\n");
	uint8_t user[2048];

	(void)state;
	assert_int_equal(read_cd(d, 0, 3, 1, 0xf8, 0), 0x062900);
	assert_int_equal(read_cd(d, 0, 3, 1, 0xf8, 0), no_sense);
	assert_int_equal(read_cd(d, 0, 4, 1, 0xf8, 0), 0x020401);
	assert_int_equal(RUN(d, 0, 0, 0, 0, 0, 0, 0), 0x020401);
	sp_sim_wait(d->sim, 500000);
	assert_int_equal(RUN(d, 0, 0, 0, 0, 0, 0, 0), no_sense);
	assert_int_equal(read_cd(d, 0, 4, 1, 0xf8, 0), no_sense);
	assert_int_equal(read_cd(d, 0, 5, 1, 0xf8, 0), 0x800000 | SP_HOST_RESET);
	assert_int_equal(d->c.done, 0);
	assert_int_equal(read_cd(d, 0, 5, 1, 0xf8, 0), no_sense);
	assert_int_equal(read_cd(d, 0, 6, 1, 0xf8, 0), 0x062800);
	assert_int_equal(RUN(d, 8, 0x4a, 1, 0, 0, 16, 0, 0, 0, 8, 0), no_sense);
	ANSWERS(d, 0, 6, 4, 0x1a, 2, 2, 0, 0);
	assert_int_equal(read_cd(d, 0, 7, 1, 0x10, 0), no_sense);
	sp_pattern_fill(7, 9, user, sizeof(user));
	assert_memory_equal(d->data, user, sizeof(user));
	assert_int_equal(read_cd(d, 0, 8, 1, 0x10, 0), no_sense);
	assert_true(d->c.took_us >= 1500000);
	/* beyond what the parity makes good, unless the host wants it as it comes */
	assert_int_equal(read_cd(d, 0, 10, 1, 0xf8, 0), 0x031105);
	assert_int_equal(read_cd(d, 0, 11, 1, 0x12, 0), no_sense);
	sp_pattern_fill(7, 11, user, sizeof(user));
	assert_memory_equal(d->data, user, sizeof(user));
	assert_in_range(bits(d->data + 2048, 294), 1, 4);
	drive_free(d);
}

static void a_bad_q_has_a_good_crc(void **state)
{
	struct drive *d = faulty("audio-3", "", "5 bad-q\n");
	uint8_t q[12];

	(void)state;
	for (sp_lba lba = 4; lba < 7; lba++) {
		assert_int_equal(read_cd(d, 0, lba, 1, 0, 1), no_sense);
		sp_sub_get_q(d->data, q);
		assert_int_equal(sp_q_valid(q), lba != 5);
	}
	drive_free(d);
}

/* Bytes of the stream of samples the disc is, from a sector's first one less `back`. */
static void stream(sp_lba lba, int64_t back, uint8_t out[2352])
{
	uint8_t raw[2352];

	for (int64_t i = 0; i < 2352; i++) {
		const int64_t at = lba * 2352 + i - back;
		const sp_lba of = at >= 0 ? at / 2352 : -((-at + 2351) / 2352);

		if (of < 0)
			memset(raw, 0, sizeof(raw)); /* the pregap is silence */
		else
			samples(of, raw);
		out[i] = raw[at - of * 2352];
	}
}

static void an_offset_is_not_that_of_the_profile(void **state)
{
	static const struct {
		const char *profile;
		int64_t offset;
	} profiles[] = {{"read-offset 30", 30},    {"read-offset -30", -30},
			{"read-offset 588", 588},  {"read-offset -588", -588},
			{"read-offset 667", 667},  {"read-offset -1164", -1164},
			{"read-offset 5880", 5880}};
	uint8_t want[2352];

	(void)state;
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		struct drive *d = faulty("audio", profiles[i].profile, NULL);

		for (sp_lba lba = 0; lba < 20; lba++) {
			stream(lba, profiles[i].offset * 4, want);
			assert_int_equal(read_cd(d, 0, lba, 1, 0xf8, 0), no_sense);
			assert_memory_equal(d->data, want, sizeof(want));
		}
		drive_free(d);
	}
}

static void a_quirk_is_not_the_profiles(void **state)
{
	uint8_t raw[2352];
	struct drive *d = faulty("mode1-raw", sp_sim_profile_named("plextor"), NULL);

	(void)state;
	/* data as audio is scrambled, 30 samples late; D8 does the same */
	assert_int_equal(read_cd(d, 0, 4, 2, 0xf8, 0), no_sense);
	sp_scramble(d->data);
	sp_scramble(d->data + 2352);
	memcpy(raw, d->data + 2352 - 120, 120);
	memcpy(raw + 120, d->data + 2352, 2352 - 120);
	assert_int_equal(read_cd(d, 1, 5, 1, 0xf8, 0), no_sense);
	assert_memory_equal(d->data, raw, sizeof(raw));
	assert_int_equal(RUN(d, 2352, 0xd8, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0), no_sense);
	assert_memory_equal(d->data, raw, sizeof(raw));
	assert_int_equal(read_cd(d, 0, 5, 1, 0xfc, 0), 0x052400); /* 296 */
	drive_free(d);

	d = faulty("audio-3", "order sub-c2", "8 c2 20\n");
	assert_int_equal(read_cd(d, 0, 8, 1, 0xfa, 1), no_sense);
	assert_int_equal(d->c.done, 2352 + 96 + 294);
	assert_in_range(bits(d->data + 2352 + 96, 294), 15, 20);
	drive_free(d);

	d = faulty("audio-3", "q hex\nq-crc no\nq-late 2\nc2 none", NULL);
	assert_int_equal(read_cd(d, 0, 29, 1, 0, 2), no_sense);
	ANSWERS(d, 1, 2, 1, 0, 0, 0, 0, 0, 2, 27, 0, 0, 0, 0, 0, 0x80);
	assert_int_equal(read_cd(d, 0, 29, 1, 0xfa, 0), 0x052400);
	drive_free(d);

	d = faulty("audio-3", "toc bcd\nrefuse 0xbe\ntransfer 4096\ntray no", NULL);
	assert_int_equal(RUN(d, 255, 0x43, 2, 2, 0, 0, 0, 0, 0, 255, 0), no_sense);
	assert_int_equal(d->data[4 + 4 * 11 + 10], 0x27);
	assert_int_equal(read_cd(d, 0, 0, 1, 0xf8, 0), 0x052000);
	assert_int_equal(RUN(d, 4097, 0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0), 0x800000 | SP_HOST_TOO_BIG);
	assert_int_equal(RUN(d, 0, 0x1b, 0, 0, 0, 2, 0), no_sense);
	assert_int_equal(RUN(d, 0, 0x1b, 0, 0, 0, 3, 0), 0x023a02);
	drive_free(d);
}

static void a_script_that_is_wrong_is_taken(void **state)
{
	static const struct {
		const char *profile, *faults, *error;
	} wrong[] = {
		{"vendor TOOLONGVENDOR", NULL, "P:1:8: longer than its field"},
		{"# x\n\nfoo 1", NULL, "P:3:1: profiles have no such word"},
		{"c2 295", NULL, "P:1:4: a word that is not known here"},
		{"read-offset 99999", NULL, "P:1:13: not a number from -5880 to 5880"},
		{"read-offset", NULL, "P:1:12: a word is missing"},
		{"like nobody", NULL, "P:1:6: no profile of that name is built in"},
		{"q hex bcd", NULL, "P:1:7: a word too many"},
		{"refuse 0x1be", NULL, "P:1:8: neither an opcode nor a way of writing"},
		{NULL, "5..4 bad-q", "F:1:1: neither an LBA nor FIRST..LAST nor `any'"},
		{NULL, "5 scratch", "F:1:3: no fault has that name"},
		{NULL, "5 c2", "F:1:5: a word is missing"},
		{NULL, "5 c2 0", "F:1:6: not a number from 1 to 2352"},
		{NULL, "5 bad-q sometimes", "F:1:9: neither `times' nor `always'"},
		{NULL, "any unreadable times 2",
		 "F:1:1: too many sectors for a fault that goes away"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const struct sp_sim_setup setup = {.profile = wrong[i].profile,
						   .profile_name = "P",
						   .faults = wrong[i].faults,
						   .faults_name = "F"};
		struct sp_sim *sim;
		struct sp_error err = {0};

		assert_int_equal(sp_sim_new(&sim, &setup, &err), SP_ERR_FORMAT);
		assert_string_equal(err.text, wrong[i].error);
	}
	for (const struct sp_sim_named_profile *p = sp_sim_profiles; p->name; p++) {
		const struct sp_sim_setup setup = {.profile = p->text, .profile_name = p->name};
		struct sp_sim *sim = NULL;
		struct sp_error err = {0};

		if (sp_sim_new(&sim, &setup, &err))
			fail_msg("%s", err.text);
		sp_sim_free(sim);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sector_that_fails_thrice_does_not_come_the_fourth_time),
		cmocka_unit_test(c2_does_not_point_at_the_bytes_that_differ),
		cmocka_unit_test(a_cache_answers_anew_unless_flushed),
		cmocka_unit_test(a_fault_is_not_seen_as_what_it_is),
		cmocka_unit_test(a_bad_q_has_a_good_crc),
		cmocka_unit_test(an_offset_is_not_that_of_the_profile),
		cmocka_unit_test(a_quirk_is_not_the_profiles),
		cmocka_unit_test(a_script_that_is_wrong_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
