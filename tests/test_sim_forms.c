/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The simulated drive's forms of data in a session at once, and what BLANK takes back. */
#include "disc/sector.h"
#include "tests/sim_burner.h"

static uint32_t forms_cue(struct burner *b, unsigned lead, unsigned form)
{
	const uint8_t sheet[4][8] = {
		{0x41, 0x00, 0x00, (uint8_t)lead, 0, 0, 0, 0},
		{0x41, 0x01, 0x00, (uint8_t)form, 0, 0, 0, 0},
		{0x41, 0x01, 0x01, (uint8_t)form, 0, 0, 2, 0},
		{0x41, 0xaa, 0x01, (uint8_t)lead, 0, 0, 2, 10},
	};

	return SEND(&b->d, sheet, sizeof(sheet), 0x5d, 0, 0, 0, 0, 0, 0, 0, sizeof(sheet), 0);
}

/* What is read of a sector whose bytes `sent` were: by hand, but for EDC and parity, which have to
 * fit. */
static void expect_form(const uint8_t got[2352], sp_lba lba, unsigned mode, const uint8_t *sent,
			size_t size, bool ignored)
{
	const bool xa = mode == SP_MODE_XA;
	const uint8_t *data = sent + (size == 2352 ? 16 : 0);
	const bool form2 = xa && data[2] & 0x20;
	const size_t head = xa ? 8 : 0;
	const size_t user = mode == SP_MODE_MODE2 ? 2336 : form2 ? 2324 : 2048;
	const enum sp_protection kind = mode == SP_MODE_MODE1   ? SP_PROTECTION_MODE1
					: mode == SP_MODE_MODE2 ? SP_PROTECTION_NONE
					: form2                 ? SP_PROTECTION_FORM2
								: SP_PROTECTION_FORM1;

	assert_memory_equal(got, sp_sector_sync, 12);
	assert_int_equal(got[12], 0);
	assert_int_equal(got[13], 2);
	assert_int_equal(got[14], lba);
	assert_int_equal(got[15], mode == SP_MODE_MODE1 ? 1 : 2);
	assert_memory_equal(got + 16, data, head);
	if (ignored)
		for (size_t i = 0; i < user; i++)
			assert_int_equal(got[16 + head + i], 0);
	else
		assert_memory_equal(got + 16 + head, data + head, user);
	assert_int_equal(sp_sector_verify(kind, got), 0);
	if (form2 && !ignored) /* an EDC is made also where none has to be */
		assert_true(get_be32(got + 2348) != 0);
}

static void a_form_of_data_is_another_one(void **state)
{
	static const struct {
		uint8_t lead, form;
		unsigned mode;
		uint16_t size;
		bool ignored;
	} forms[] = {
		{0x14, 0x10, SP_MODE_MODE1, 2048, false}, {0x14, 0x11, SP_MODE_MODE1, 2352, false},
		{0x14, 0x12, SP_MODE_MODE1, 2048, true},  {0x14, 0x13, SP_MODE_MODE1, 2352, true},
		{0x24, 0x20, SP_MODE_XA, 2336, false},    {0x24, 0x21, SP_MODE_XA, 2352, false},
		{0x24, 0x22, SP_MODE_XA, 2336, true},     {0x24, 0x23, SP_MODE_XA, 2352, true},
		{0x34, 0x30, SP_MODE_MODE2, 2336, false}, {0x34, 0x31, SP_MODE_MODE2, 2352, false},
		{0x34, 0x32, SP_MODE_MODE2, 2336, true},  {0x34, 0x33, SP_MODE_MODE2, 2352, true},
	};

	(void)state;
	for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
		struct burner *b = burner("cd-r", NULL);
		static uint8_t data[160][2352];
		const size_t size = forms[f].size;

		print_message("%02x\n", forms[f].form);
		assert_int_equal(page_5(b, SAO, 0, 0), no_sense);
		assert_int_equal(forms_cue(b, forms[f].lead, forms[f].form), no_sense);
		for (unsigned i = 0; i < 160; i++) {
			uint8_t *xa = data[i] + (size == 2352 ? 16 : 0);

			sp_pattern_fill(9, i, data[i], size);
			for (unsigned k = 0; forms[f].mode == SP_MODE_XA && k < 8; k++)
				xa[k] = (uint8_t)(k % 4 == 2 ? (i & 1 ? 0x20 : 0x08) : 0);
			const uint32_t sense = write_10(b, (sp_lba)i - 150, 1, data[i], size);
			if (sense)
				fail_msg("%06x", sense);
		}
		/* one of another size is none of that form */
		sync_cache(b);
		expect_state(b, 0x0e, SP_LBA_NONE);
		for (unsigned i = 0; i < 10; i++) {
			assert_int_equal(read_cd(&b->d, 0, i, 1, 0xf8, 0), no_sense);
			assert_int_equal(b->d.c.done, 2352);
			expect_form(b->d.data, i, forms[f].mode, data[150 + i], size,
				    forms[f].ignored);
		}
		burner_free(b);
	}
}

static void a_form_that_is_none_is_taken(void **state)
{
	static const uint8_t forms[] = {0x02, 0x05, 0x15, 0x25, 0x35, 0x40, 0x90, 0x00};

	(void)state;
	for (size_t i = 0; i < sizeof(forms); i++) {
		struct burner *b = burner("cd-r", NULL);

		/* 00h with a control of data */
		assert_int_equal(page_5(b, SAO, 0, 0), no_sense);
		assert_int_equal(forms_cue(b, 0x14, forms[i]), 0x052600);
		/* nothing is begun by it: a sheet that is fine still is */
		assert_int_equal(forms_cue(b, 0x14, 0x10), no_sense);
		burner_free(b);
	}
}

static uint32_t blank(struct burner *b, unsigned type)
{
	return RUN(&b->d, 0, 0xa1, (uint8_t)type, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

static void close_session(struct burner *b)
{
	sync_cache(b);
	assert_int_equal(RUN(&b->d, 0, 0x5b, 0, 2, 0, 0, 0, 0, 0, 0, 0), no_sense);
}

static void blank_takes_another_session(void **state)
{
	struct burner *b = burner("cd-rw", NULL);

	(void)state;
	assert_int_equal(blank(b, 6), 0x052c00); /* there is none */
	assert_int_equal(blank(b, 5), 0x052c00);
	assert_int_equal(page_5(b, TAO, 0xc4, 8), no_sense);
	write_noise(b, 0, 310, 2048);
	close_session(b);
	expect_state(b, 0x11, 312 + 11400);
	assert_int_equal(page_5(b, TAO, 0x04, 8), no_sense);
	write_noise(b, 11712, 300, 2048);
	close_session(b);
	expect_state(b, 0x1e, SP_LBA_NONE);
	assert_int_equal(blank(b, 2), 0x052400); /* a track: not of CD-RW in the field */

	/* the last session alone goes, and its place is free again */
	assert_int_equal(blank(b, 6), no_sense);
	expect_state(b, 0x11, 11712);
	expect_noise(b, 0, 310, 2048);
	assert_int_equal(read_cd(&b->d, 0, 11720, 1, 0x10, 0), 0x052100);
	write_noise(b, 11712, 305, 2048);
	close_session(b);
	expect_noise(b, 11712, 305, 2048);

	/* it is open again: a further track, in the same session */
	assert_int_equal(blank(b, 5), no_sense);
	expect_state(b, 0x15, 11712 + 307 + 150);
	assert_int_equal(blank(b, 5), 0x052c00);
	write_noise(b, 12169, 300, 2048);
	close_session(b);
	expect_state(b, 0x1e, SP_LBA_NONE);
	struct sp_source *src = image(b);
	assert_int_equal(src->disc->sessions, 2);
	assert_int_equal(src->disc->tracks, 3);
	assert_int_equal(src->disc->track[2].session, 2);
	sp_source_close(src);
	expect_noise(b, 0, 310, 2048);
	expect_noise(b, 11712, 305, 2048);
	expect_noise(b, 12169, 300, 2048);
	burner_free(b);
}

/* A sheet can be taken back as long as nothing was written; a lead-in that was written cannot. */
static void a_disc_is_spoilt_by_a_cue_sheet(void **state)
{
	static const uint8_t sheet[4][8] = {
		{0x01, 0x00, 0x00, 0x41, 0, 0, 0, 0},
		{0x01, 0x01, 0x00, 0x00, 0, 0, 0, 0},
		{0x01, 0x01, 0x01, 0x00, 0, 0, 2, 0},
		{0x01, 0xaa, 0x01, 0x01, 0, 0, 2, 10},
	};
	const uint8_t symbols[96] = {0x20};
	struct burner *b = burner("cd-r", NULL);

	(void)state;
	assert_int_equal(page_5(b, SAO, 0, 0), no_sense);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(SEND(&b->d, sheet, sizeof(sheet), 0x5d, 0, 0, 0, 0, 0, 0, 0,
				      sizeof(sheet), 0),
				 no_sense);
		sync_cache(b);
		expect_state(b, 0x00, 0);
	}
	assert_int_equal(
		SEND(&b->d, sheet, sizeof(sheet), 0x5d, 0, 0, 0, 0, 0, 0, 0, sizeof(sheet), 0),
		no_sense);
	assert_int_equal(write_10(b, -11077, 1, symbols, sizeof(symbols)), no_sense);
	sync_cache(b);
	expect_state(b, 0x0a, SP_LBA_NONE);
	burner_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_form_of_data_is_another_one),
		cmocka_unit_test(a_form_that_is_none_is_taken),
		cmocka_unit_test(blank_takes_another_session),
		cmocka_unit_test(a_disc_is_spoilt_by_a_cue_sheet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
