/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LBA ↔ MSF: the known corners, the way there and back, and what is refused. */
#include <spindle/disc.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_msf(struct sp_msf msf, unsigned m, unsigned s, unsigned f)
{
	assert_int_equal(msf.m, m);
	assert_int_equal(msf.s, s);
	assert_int_equal(msf.f, f);
}

static void corners_have_their_known_times(void **state)
{
	static const struct {
		sp_lba lba;
		unsigned m, s, f;
	} known[] = {{-45150, 90, 0, 0},   {-151, 99, 59, 74},  {-150, 0, 0, 0},
		     {-1, 0, 1, 74},       {0, 0, 2, 0},        {16, 0, 2, 16},
		     {404849, 89, 59, 74}, {404850, 90, 0, 0},  {449849, 99, 59, 74},
		     {202347, 44, 59, 72}, {-11077, 97, 34, 23}};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct sp_msf msf;

		assert_true(sp_lba_to_msf(known[i].lba, &msf));
		assert_msf(msf, known[i].m, known[i].s, known[i].f);
	}
}

static void lba_without_an_msf_is_refused(void **state)
{
	static const sp_lba none[] = {-45151, 449850, SP_LBA_MSF_END, INT64_MAX, INT64_MIN};
	struct sp_msf msf;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(sp_lba_to_msf(none[i], &msf));
}

static void every_lba_comes_back(void **state)
{
	(void)state;
	for (sp_lba lba = -45150; lba < SP_LBA_MSF_END; lba++) {
		struct sp_msf msf;
		sp_lba back;

		if (!sp_lba_to_msf(lba, &msf) || !sp_msf_to_lba(msf, lba < -150, &back) ||
		    back != lba)
			fail_msg("LBA %lld is lost", (long long)lba);
	}
}

static void ninety_minutes_are_lead_in_only_when_asked(void **state)
{
	const struct sp_msf msf = {90, 0, 0}, before = {89, 59, 74};
	sp_lba lba;

	(void)state;
	assert_true(sp_msf_to_lba(msf, false, &lba));
	assert_int_equal(lba, 404850);
	assert_true(sp_msf_to_lba(msf, true, &lba));
	assert_int_equal(lba, -45150);
	assert_true(sp_msf_to_lba(before, true, &lba));
	assert_int_equal(lba, 404849);
}

static void times_that_are_none_are_refused(void **state)
{
	static const struct sp_msf wrong[] = {{100, 0, 0}, {0, 60, 0}, {0, 0, 75}, {255, 255, 255}};
	uint32_t frames;
	sp_lba lba;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(sp_msf_to_frames(wrong[i], &frames));
		assert_false(sp_msf_to_lba(wrong[i], true, &lba));
	}
}

static void lengths_have_no_offset(void **state)
{
	struct sp_msf msf;
	uint32_t frames;

	(void)state;
	assert_true(sp_frames_to_msf(0, &msf));
	assert_msf(msf, 0, 0, 0);
	assert_true(sp_frames_to_msf(449999, &msf));
	assert_msf(msf, 99, 59, 74);
	assert_true(sp_msf_to_frames(msf, &frames));
	assert_int_equal(frames, 449999);
	assert_false(sp_frames_to_msf(450000, &msf));
	assert_false(sp_frames_to_msf(UINT64_MAX, &msf));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(corners_have_their_known_times),
		cmocka_unit_test(lba_without_an_msf_is_refused),
		cmocka_unit_test(every_lba_comes_back),
		cmocka_unit_test(ninety_minutes_are_lead_in_only_when_asked),
		cmocka_unit_test(times_that_are_none_are_refused),
		cmocka_unit_test(lengths_have_no_offset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
