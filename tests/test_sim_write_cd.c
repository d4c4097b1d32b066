/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A simulated drive writes CDs: in every way, and what it refuses on the way. */
#include "disc/cdtext.h"
#include "disc/scramble.h"
#include "disc/sector.h"
#include "disc/subchannel.h"
#include "stream/pattern.h"
#include "tests/sim_burner.h"

static void tracks_at_once_do_not_come_back(void **state)
{
	struct burner *b = burner("cd-r", NULL);

	(void)state;
	expect_state(b, 0x00, 0);
	assert_int_equal(page_5(b, TAO, 0xc4, 8), no_sense);
	write_noise(b, 0, 310, 2048);
	expect_state(b, 0x05, 310);
	sync_cache(b);
	/* two sectors of run-out, a pause */
	expect_state(b, 0x05, 462);
	assert_int_equal(page_5(b, TAO, 0xc0, 0), no_sense);
	write_noise(b, 462, 305, 2352);
	sync_cache(b);
	assert_int_equal(RUN(&b->d, 0, 0x5b, 0, 2, 0, 0, 0, 0, 0, 0, 0), no_sense);
	/* lead-out at 769; 11250 sectors on is the next pause, which ends at 12169 */
	expect_state(b, 0x01, 12169);
	expect_noise(b, 0, 310, 2048);
	expect_noise(b, 462, 305, 2352);
	assert_int_equal(RUN(&b->d, 255, 0x43, 0, 0, 0, 0, 0, 0, 0, 255, 0), no_sense);
	ANSWERS(&b->d, 0, 0x1a, 1, 2, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x10, 2, 0, 0, 0, 0x01, 0xce, 0,
		0x10, 0xaa, 0, 0, 0, 0x03, 0x01);

	/* a second session, and no further one */
	assert_int_equal(page_5(b, TAO, 0x04, 8), no_sense);
	write_noise(b, 12169, 300, 2048);
	sync_cache(b);
	assert_int_equal(RUN(&b->d, 0, 0x5b, 0, 2, 0, 0, 0, 0, 0, 0, 0), no_sense);
	expect_state(b, 0x0e, SP_LBA_NONE);
	expect_noise(b, 12169, 300, 2048);
	assert_int_equal(RUN(&b->d, 12, 0x43, 0, 1, 0, 0, 0, 0, 0, 12, 0), no_sense);
	ANSWERS(&b->d, 0, 0x0a, 1, 2, 0, 0x14, 3, 0, 0, 0, 0x2f, 0x89);
	assert_int_equal(write_10(b, 13000, 1, b->d.data, 2048), 0x053005);

	struct sp_source *src = image(b);
	assert_int_equal(src->disc->sessions, 2);
	assert_int_equal(src->disc->tracks, 3);
	assert_int_equal(src->disc->profile, 9);
	assert_int_equal(src->disc->track[1].start, 462);
	assert_int_equal(src->disc->track[1].mode, SP_MODE_AUDIO);
	assert_int_equal(src->disc->session[0].lead_out, 769);
	sp_source_close(src);
	burner_free(b);
}

/* A line of a cue sheet, its address an LBA. */
static void cue(uint8_t **sheet, unsigned ctl_adr, unsigned tno, unsigned index, unsigned form,
		sp_lba lba)
{
	const uint32_t frames = (uint32_t)(lba + 150);
	const uint8_t line[8] = {(uint8_t)ctl_adr,
				 (uint8_t)tno,
				 (uint8_t)index,
				 (uint8_t)form,
				 0,
				 (uint8_t)(frames / 4500),
				 (uint8_t)(frames / 75 % 60),
				 (uint8_t)(frames % 75)};

	memcpy(*sheet, line, sizeof(line));
	*sheet += sizeof(line);
}

static uint32_t send_cue(struct burner *b, const uint8_t *sheet, const uint8_t *end)
{
	const uint8_t cdb[10] = {0x5d, [8] = (uint8_t)(end - sheet)};

	return send(&b->d, sheet, (size_t)(end - sheet), sizeof(cdb), cdb);
}

static void a_session_at_once_is_not_what_its_cue_sheet_says(void **state)
{
	struct burner *b = burner("cd-rw", NULL);
	uint8_t sheet[256], *end = sheet;
	static const uint8_t zeros[150 * 2352];

	(void)state;
	cue(&end, 0x01, 0, 0, 0x01, -150);
	memcpy(end,
	       "\x02"
	       "4006381",
	       8);
	memcpy(end + 8,
	       "\x02"
	       "333931\0",
	       8);
	end += 16;
	cue(&end, 0x01, 1, 0, 0x00, -150);
	cue(&end, 0x01, 1, 1, 0x00, 0);
	cue(&end, 0x01, 1, 2, 0x00, 30);
	memcpy(end,
	       "\x03\x02"
	       "DEABC2",
	       8);
	memcpy(end + 8,
	       "\x03\x02"
	       "400002",
	       8);
	end += 16;
	cue(&end, 0x21, 2, 0, 0x00, 50);
	cue(&end, 0x21, 2, 1, 0x00, 60);
	cue(&end, 0x41, 3, 0, 0x14, 100);
	cue(&end, 0x41, 3, 1, 0x10, 250);
	cue(&end, 0x41, 0xaa, 1, 0x14, 300);

	assert_int_equal(write_10(b, -150, 1, zeros, 2352), 0x052102); /* track at once, still */
	assert_int_equal(send_cue(b, sheet, end), 0x052c00);
	assert_int_equal(page_5(b, SAO, 0xc0, 0), no_sense);
	assert_int_equal(write_10(b, -150, 1, zeros, 2352), 0x052c00); /* no sheet */
	assert_int_equal(send_cue(b, sheet, end - 8), 0x052600);       /* no lead-out */
	assert_int_equal(send_cue(b, sheet, end), no_sense);
	assert_int_equal(write_10(b, 0, 1, zeros, 2352), 0x052102);
	assert_int_equal(write_10(b, -150, 1, zeros, 2048), 0x052400);
	for (sp_lba lba = -150; lba < 0; lba += 10)
		assert_int_equal(write_10(b, lba, 10, zeros, 10 * 2352), no_sense);
	write_noise(b, 0, 100, 2352);
	/* the drive writes the pause of 150 sectors itself */
	assert_int_equal(write_10(b, 100, 1, zeros, 2352), 0x052102);
	write_noise(b, 250, 50, 2048);
	assert_int_equal(write_10(b, 300, 1, zeros, 2048), 0x052100);
	sync_cache(b);
	expect_state(b, 0x11, 11700);
	expect_noise(b, 0, 100, 2352);
	expect_noise(b, 250, 50, 2048);

	/* MCN and ISRC by the drive's own commands */
	assert_int_equal(RUN(&b->d, 24, 0x42, 0, 0x40, 2, 0, 0, 0, 0, 24, 0), no_sense);
	assert_memory_equal(b->d.data + 8,
			    "\x80"
			    "4006381333931",
			    14);
	assert_int_equal(RUN(&b->d, 24, 0x42, 0, 0x40, 3, 0, 0, 2, 0, 24, 0), no_sense);
	assert_memory_equal(b->d.data + 8,
			    "\x80"
			    "DEABC2400002",
			    13);

	struct sp_source *src = image(b);
	assert_int_equal(src->disc->tracks, 3);
	assert_int_equal(src->disc->track[0].index[2], 30);
	assert_int_equal(src->disc->track[1].index[0], 50);
	assert_int_equal(src->disc->track[1].control, 2);
	assert_int_equal(src->disc->track[2].index[0], 100);
	assert_int_equal(src->disc->track[2].mode, SP_MODE_MODE1);
	assert_string_equal(src->disc->mcn, "4006381333931");
	assert_string_equal(src->disc->track[1].isrc, "DEABC2400002");
	assert_string_equal(src->disc->track[0].isrc, "");
	sp_source_close(src);

	/* and it is blank again */
	assert_int_equal(RUN(&b->d, 0, 0xa1, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), no_sense);
	assert_int_equal(RUN(&b->d, 0, 0, 0, 0, 0, 0, 0), 0x020407);
	assert_int_equal(RUN(&b->d, 0, 0, 0, 0, 0, 0, 0), no_sense);
	expect_state(b, 0x10, 0);
	assert_int_equal(read_cd(&b->d, 0, 0, 1, 0xf8, 0), 0x052100);
	burner_free(b);
}

static void a_test_leaves_traces(void **state)
{
	struct burner *b = burner("cd-r", NULL);

	(void)state;
	assert_int_equal(page_5(b, 0x10 | TAO, 0xc4, 8), no_sense);
	write_noise(b, 0, 310, 2048);
	expect_state(b, 0x05, 310);
	sync_cache(b);
	expect_state(b, 0x00, 0);
	assert_int_equal(RUN(&b->d, 0, 0x5b, 0, 2, 0, 0, 0, 0, 0, 0, 0), no_sense);
	expect_state(b, 0x00, 0);
	burner_free(b);
}

static void a_fault_of_writing_is_not_told(void **state)
{
	struct burner *b = burner("cd-r", "12 write-error\n");
	uint8_t data[20 * 2048] = {1};

	(void)state;
	assert_int_equal(page_5(b, TAO, 0xc4, 8), no_sense);
	assert_int_equal(write_10(b, 0, 20, data, sizeof(data)), 0x030c00);
	assert_int_equal(get_be32(b->d.c.sense + 3), 12);
	burner_free(b);

	b = burner("cd-r", "15 full\n");
	assert_int_equal(page_5(b, TAO, 0xc4, 8), no_sense);
	assert_int_equal(write_10(b, 0, 10, data, 10 * 2048), no_sense);
	assert_int_equal(write_10(b, 10, 10, data, 10 * 2048), 0x056300);
	burner_free(b);

	b = burner("cd-r", "any calibration\n");
	assert_int_equal(page_5(b, TAO, 0xc4, 8), no_sense);
	assert_int_equal(RUN(&b->d, 0, 0x54, 1, 0, 0, 0, 0, 0, 0, 0, 0), 0x037303);
	assert_int_equal(write_10(b, 0, 10, data, 10 * 2048), 0x037303);
	burner_free(b);
}

/* What was not written is gone, with all settings and the lock of the tray. */
static void a_reset_while_writing_is_not_noticed(void **state)
{
	struct burner *b = burner("cd-r", "12 write-reset\n");
	uint8_t data[20 * 2048] = {1};

	(void)state;
	assert_int_equal(page_5(b, TAO, 0xc4, 8), no_sense);
	assert_int_equal(RUN(&b->d, 0, 0x1e, 0, 0, 0, 1, 0), no_sense);
	assert_int_equal(write_10(b, 0, 20, data, sizeof(data)), 0x800000 | SP_HOST_RESET);
	assert_int_equal(RUN(&b->d, 0, 0, 0, 0, 0, 0, 0), 0x062900);
	assert_int_equal(RUN(&b->d, 0, 0, 0, 0, 0, 0, 0), no_sense);
	assert_int_equal(RUN(&b->d, 60, 0x5a, 8, 5, 0, 0, 0, 0, 0, 60, 0), no_sense);
	assert_int_not_equal(b->d.data[8 + 3] & 0xc0, 0xc0); /* not open for a session */
	assert_int_equal(RUN(&b->d, 0, 0x1b, 0, 0, 0, 2, 0), no_sense);
	burner_free(b);

	b = burner("cd-r", "5 write-attention\n30 underrun\n");
	assert_int_equal(page_5(b, TAO, 0xc4, 8), no_sense);
	assert_int_equal(write_10(b, 0, 20, data, sizeof(data)), 0x062900);
	assert_int_equal(write_10(b, 0, 20, data, sizeof(data)), no_sense);
	assert_int_equal(write_10(b, 20, 20, data, sizeof(data)), 0x030c09);
	assert_int_equal(get_be32(b->d.c.sense + 3), 30);
	burner_free(b);

	b = burner("cd-r", "3 write-error times 1\n");
	assert_int_equal(page_5(b, TAO, 0xc4, 8), no_sense);
	assert_int_equal(write_10(b, 0, 10, data, 10 * 2048), 0x030c00);
	assert_int_equal(write_10(b, 3, 10, data, 10 * 2048), no_sense);
	burner_free(b);
}

/* Q of the lead-in and of the program, as a host has to make it. */
static void raw_q(uint8_t pw[96], unsigned control, unsigned tno, unsigned index, sp_lba relative,
		  sp_lba lba)
{
	uint8_t q[12] = {(uint8_t)(control << 4 | 1), (uint8_t)tno, (uint8_t)index};
	struct sp_msf msf;

	assert_true(sp_frames_to_msf((uint64_t)relative, &msf));
	q[3] = sp_to_bcd(msf.m);
	q[4] = sp_to_bcd(msf.s);
	q[5] = sp_to_bcd(msf.f);
	assert_true(sp_lba_to_msf(lba, &msf));
	q[7] = sp_to_bcd(msf.m);
	q[8] = sp_to_bcd(msf.s);
	q[9] = sp_to_bcd(msf.f);
	put_be16(q + 10, sp_crc16_gsm(q, 10));
	memset(pw, index ? 0 : 0x80, 96);
	sp_sub_set_q(pw, q);
}

static void a_raw_disc_is_not_what_its_q_says(void **state)
{
	struct burner *b = burner("cd-r", NULL);
	uint8_t block[2448], user[2048], raw[2352];

	(void)state;
	assert_int_equal(page_5(b, RAW, 0x00, 3), no_sense);
	memset(block, 0, sizeof(block));
	assert_int_equal(write_10(b, 0, 1, block, sizeof(block)), 0x052102); /* without lead-in */
	for (sp_lba lba = -300; lba < -150; lba++) {
		uint8_t q[12] = {0x41, 0, 0xa0, 0x97, 0, 0, 0, 1, 0x20, 0};

		put_be16(q + 10, sp_crc16_gsm(q, 10));
		memset(block, 0, sizeof(block));
		sp_sub_set_q(block + 2352, q);
		assert_int_equal(write_10(b, lba, 1, block, sizeof(block)), no_sense);
	}
	for (sp_lba lba = -150; lba < 400; lba++) {
		const bool data = lba < 100;
		const bool out = lba >= 200;

		memset(block, 0, sizeof(block));
		if (out) {
			raw_q(block + 2352, 0, 0xaa, 1, lba - 200, lba);
		} else if (data) {
			sp_pattern_fill(1, lba, user, sizeof(user));
			assert_int_equal(sp_sector_convert(NULL, SP_MODE_MODE1, SP_PART_USER,
							   SP_PART_MAIN, lba, 1, user, block, NULL,
							   NULL, NULL),
					 0);
			if (lba == 40)
				block[2070] ^= 0xff; /* an EDC that is wrong is kept */
			sp_scramble(block);
			raw_q(block + 2352, 4, 1, lba >= 0, lba < 0 ? -lba : lba, lba);
		} else {
			sp_pattern_fill(1, lba, block, 2352);
			raw_q(block + 2352, 0, 2, lba >= 120, lba < 120 ? 120 - lba : lba - 120,
			      lba);
			block[2352] |= 0x15; /* something in R-W */
		}
		assert_int_equal(write_10(b, lba, 1, block, sizeof(block)), no_sense);
	}
	sync_cache(b);
	expect_state(b, 0x0e, SP_LBA_NONE);
	struct sp_source *src = image(b);
	assert_int_equal(src->disc->session[0].type, 0x20);
	assert_int_equal(src->disc->session[0].lead_out, 200);
	assert_int_equal(src->disc->tracks, 2);
	assert_int_equal(src->disc->track[1].index[0], 100);
	assert_int_equal(src->disc->track[1].start, 120);
	sp_source_close(src);
	expect_noise(b, 0, 100, 2048);
	expect_noise(b, 120, 80, 2352);
	assert_int_equal(read_cd(&b->d, 0, 40, 1, 0xf8, 0), no_sense);
	memcpy(raw, b->d.data, sizeof(raw));
	assert_int_equal(sp_sector_verify(SP_PROTECTION_MODE1, raw) & SP_STATE_ECC, SP_STATE_ECC);
	assert_int_equal(read_cd(&b->d, 0, 150, 1, 0xf8, 1), no_sense);
	assert_int_equal(b->d.data[2352] & 0x3f, 0x15);
	burner_free(b);
}

static void a_write_offset_is_not_that_of_the_profile(void **state)
{
	static const struct {
		const char *profile;
		int offset;
	} profiles[] = {{"write-offset 30", 30},
			{"write-offset -30", -30},
			{"write-offset 700", 700},
			{"write-offset -1200", -1200}};
	uint8_t got[2352];

	(void)state;
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		struct burner *b = burner("cd-r", NULL);
		const int64_t shift = (int64_t)profiles[i].offset * 4;

		b->setup.profile = profiles[i].profile;
		burner_again(b, NULL);
		assert_int_equal(page_5(b, TAO, 0xc0, 0), no_sense);
		write_noise(b, 0, 310, 2352);
		sync_cache(b);
		for (sp_lba lba = 0; lba < 310; lba += 3) {
			assert_int_equal(read_cd(&b->d, 0, lba, 1, 0x10, 0), no_sense);
			for (int64_t k = 0; k < 2352; k += 588) {
				const int64_t at = lba * 2352 + k - shift;
				uint8_t want = 0;

				if (at >= 0 && at < 310 * 2352) {
					sp_pattern_fill(1, at / 2352, got, sizeof(got));
					want = got[at % 2352];
				}
				assert_int_equal(b->d.data[k], want);
			}
		}
		burner_free(b);
	}
}

/* Packs are sent in their order and come back in it, though they lie otherwise on the disc. */
static void packs_of_r_w_do_not_come_back(void **state)
{
	struct burner *b = burner("cd-r", NULL);
	uint8_t sheet[64], *end = sheet, block[2448] = {0}, want[96];
	unsigned spread = 0;

	(void)state;
	cue(&end, 0x01, 0, 0, 0x01, -150);
	cue(&end, 0x01, 1, 0, 0x01, -150);
	cue(&end, 0x01, 1, 1, 0xc0, 0);
	cue(&end, 0x01, 0xaa, 1, 0x01, 30);
	assert_int_equal(page_5(b, SAO, 0x00, 0), no_sense);
	assert_int_equal(send_cue(b, sheet, end), no_sense);
	for (sp_lba lba = 0; lba < 30; lba++) {
		sp_pattern_fill(3, lba, block + 2352, 96);
		assert_int_equal(write_10(b, lba, 1, block, sizeof(block)), no_sense);
	}
	sync_cache(b);
	for (sp_lba lba = 0; lba < 28; lba++) { /* the last two are not whole */
		sp_pattern_fill(3, lba, want, sizeof(want));
		assert_int_equal(read_cd(&b->d, 0, lba, 1, 0, 4), no_sense);
		for (unsigned i = 0; i < 96; i++)
			assert_int_equal(b->d.data[i], want[i] & 0x3f);
		assert_int_equal(read_cd(&b->d, 0, lba, 1, 0, 1), no_sense);
		for (unsigned i = 0; i < 96; i++)
			spread += (b->d.data[i] & 0x3f) != (want[i] & 0x3f);
	}
	assert_true(spread > 1000);
	burner_free(b);
}

static void a_disc_whose_records_do_not_fit_it_is_taken(void **state)
{
	static const struct {
		struct sp_store_shape shape;
		const char *recorder;
	} wrong[] = {
		{{SP_MEDIUM_CD, 9, -150, 2352, true}, "kind dvd-r\ncapacity 100\n"},
		{{SP_MEDIUM_DVD, 0x11, 0, 2352, false}, "kind dvd-r\ncapacity 100\n"},
		{{SP_MEDIUM_CD, 9, 0, 2352, true}, "kind cd-r\ncapacity 100\n"},
		{{SP_MEDIUM_CD, 9, -150, 2048, true}, "kind cd-r\ncapacity 100\n"},
		{{SP_MEDIUM_CD, 9, -150, 2352, true}, "kind cd-r\ncapacity 999999\n"},
		{{SP_MEDIUM_CD, 9, -150, 2352, true}, "kind cd-r\ncapacity 100\nopen 1\n"},
		{{SP_MEDIUM_CD, 9, -150, 2352, true}, "kind cd-r\ncapacity 100\nclosed 1\n"},
		{{SP_MEDIUM_CD, 9, -150, 2352, true}, "kind cd-rom\ncapacity 100\n"},
		{{SP_MEDIUM_CD, 9, -150, 2352, true}, "capacity 100\n"},
		{{SP_MEDIUM_DVD, 0x11, 0, 2048, false},
		 "kind dvd-r\ncapacity 100\ntrack 0 16 17 1 0\n"},
		{{SP_MEDIUM_DVD, 0x11, 0, 2048, false},
		 "kind dvd-r\ncapacity 100\ntrack 0 0 200 1 0\n"},
		{{SP_MEDIUM_DVD, 0x1a, 0, 2048, false}, "kind dvd+rw\ncapacity 100\nformatted 1\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct sp_memory *mem = sp_memory_new();
		struct sp_store *store;
		struct sp_sim *sim;
		struct sp_io *io;
		struct sp_error err = {0};

		assert_int_equal(sp_memory_open(mem, "new.disc", true, &io, NULL), 0);
		assert_int_equal(sp_store_create_blank(&store, io, "new", &wrong[i].shape,
						       wrong[i].recorder, &err),
				 0);
		sp_store_close(store);
		assert_int_equal(sp_memory_open(mem, "new.disc", false, &io, NULL), 0);
		assert_int_equal(sp_sim_new(&sim, NULL, NULL), 0);
		if (sp_sim_load_disc(sim, io, NULL, &err) != SP_ERR_FORMAT)
			fail_msg("%zu: %s", i, err.text);
		sp_io_close(io);
		sp_sim_free(sim);
		sp_memory_free(mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tracks_at_once_do_not_come_back),
		cmocka_unit_test(a_session_at_once_is_not_what_its_cue_sheet_says),
		cmocka_unit_test(a_test_leaves_traces),
		cmocka_unit_test(a_fault_of_writing_is_not_told),
		cmocka_unit_test(a_reset_while_writing_is_not_noticed),
		cmocka_unit_test(a_raw_disc_is_not_what_its_q_says),
		cmocka_unit_test(a_write_offset_is_not_that_of_the_profile),
		cmocka_unit_test(packs_of_r_w_do_not_come_back),
		cmocka_unit_test(a_disc_whose_records_do_not_fit_it_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
