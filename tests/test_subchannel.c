/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sub-channel: frames read from real discs, the layout's Q and P at every turn of a disc, the two
 * orders of P-W. */
#include "disc/subchannel.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void crc_is_that_of_frames_from_real_discs(void **state)
{
	static const uint8_t frames[][12] = {
		{0x01, 0x04, 0x01, 0x02, 0x24, 0x26, 0x00, 0x45, 0x18, 0x31, 0x87, 0x08},
		{0x01, 0x05, 0x00, 0x00, 0x01, 0x65, 0x00, 0x45, 0x18, 0x32, 0xf2, 0xcb},
		{0x41, 0x01, 0x01, 0x41, 0x17, 0x34, 0x00, 0x41, 0x19, 0x34, 0x99, 0x51},
	};

	(void)state;
	assert_int_equal(sp_crc16_gsm((const uint8_t *)"123456789", 9), 0xce3c);
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		uint8_t q[12];

		assert_true(sp_q_valid(frames[i]));
		for (unsigned bit = 0; bit < 96; bit++) {
			memcpy(q, frames[i], 12);
			q[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(sp_q_valid(q));
		}
	}
}

static void orders_of_p_to_w_are_each_other_s_inverse(void **state)
{
	uint8_t a[96], linear[96], b[96], q[12];

	(void)state;
	for (unsigned i = 0; i < 96; i++)
		a[i] = (uint8_t)(i * 37 + i * i * 11 + 5);
	sp_sub_to_linear(a, linear);
	for (unsigned i = 0; i < 96; i++) /* symbol i: bit 7-i%8 of byte i/8 of each channel */
		for (unsigned channel = 0; channel < 8; channel++)
			assert_int_equal(linear[channel * 12 + i / 8] >> (7 - i % 8) & 1,
					 a[i] >> (7 - channel) & 1);
	sp_sub_to_interleaved(linear, b);
	assert_memory_equal(a, b, 96);
	sp_sub_get_q(a, q);
	assert_memory_equal(q, linear + 12, 12);
	for (unsigned i = 0; i < 12; i++)
		q[i] ^= 0x5a;
	sp_sub_set_q(b, q);
	for (unsigned i = 0; i < 96; i++)
		assert_int_equal((a[i] ^ b[i]) & ~0x40, 0);
	uint8_t back[12];
	sp_sub_get_q(b, back);
	assert_memory_equal(q, back, 12);
}

static void add_region(struct sp_disc *disc, sp_lba lba, uint64_t count, unsigned session,
		       unsigned track, unsigned kind, unsigned mode)
{
	assert_non_null(sp_disc_add_region(disc, &(struct sp_region){.lba = lba,
								     .count = count,
								     .session = session,
								     .track = track,
								     .kind = kind,
								     .mode = mode,
								     .parts = SP_PART_USER}));
}

static struct sp_track *add_track(struct sp_disc *disc, sp_lba pregap, sp_lba start,
				  uint64_t length, unsigned mode)
{
	struct sp_track *track = sp_disc_add_track(disc);

	assert_non_null(track);
	track->mode = mode;
	track->control = mode == SP_MODE_AUDIO ? 0 : SP_CONTROL_DATA;
	track->index[0] = pregap;
	track->index[1] = track->start = start;
	track->length = length;
	return track;
}

/* Two audio tracks (the second with indexes 2 and 3, and no pause) and, in a second session, data.
 */
static struct sp_disc *layout(void)
{
	struct sp_disc *disc = sp_disc_new();

	assert_non_null(disc);
	strcpy(disc->mcn, "4006381333931");
	sp_disc_add_session(disc)->lead_out = 2000;
	strcpy(add_track(disc, -150, 0, 1000, SP_MODE_AUDIO)->isrc, "QM7281905204");
	struct sp_track *second = add_track(disc, SP_LBA_NONE, 1000, 1000, SP_MODE_AUDIO);
	second->index[2] = 1200;
	second->index[3] = 1300;
	sp_disc_add_session(disc)->lead_out = 14000;
	add_track(disc, 13250, 13400, 600, SP_MODE_MODE1);
	add_region(disc, -150, 150, 1, 1, SP_REGION_PREGAP, SP_MODE_AUDIO);
	add_region(disc, 0, 1000, 1, 1, SP_REGION_TRACK, SP_MODE_AUDIO);
	add_region(disc, 1000, 1000, 1, 2, SP_REGION_TRACK, SP_MODE_AUDIO);
	add_region(disc, 2000, 11250, 1, 0, SP_REGION_GAP, SP_MODE_AUDIO);
	add_region(disc, 13250, 150, 2, 3, SP_REGION_PREGAP, SP_MODE_MODE1);
	add_region(disc, 13400, 600, 2, 3, SP_REGION_TRACK, SP_MODE_MODE1);
	assert_int_equal(sp_disc_check(disc, NULL), 0);
	return disc;
}

static void position_is_right_at_every_turn(void **state)
{
	static const struct {
		sp_lba lba;
		uint8_t q[10];
	} known[] = {
		{-150, {0x01, 0x01, 0x00, 0x00, 0x02, 0x00, 0, 0x00, 0x00, 0x00}},
		{-1, {0x01, 0x01, 0x00, 0x00, 0x00, 0x01, 0, 0x00, 0x01, 0x74}},
		{0, {0x01, 0x01, 0x01, 0x00, 0x00, 0x00, 0, 0x00, 0x02, 0x00}},
		{999, {0x01, 0x01, 0x01, 0x00, 0x13, 0x24, 0, 0x00, 0x15, 0x24}},
		{1000, {0x01, 0x02, 0x01, 0x00, 0x00, 0x00, 0, 0x00, 0x15, 0x25}},
		{1199, {0x01, 0x02, 0x01, 0x00, 0x02, 0x49, 0, 0x00, 0x17, 0x74}},
		{1200, {0x01, 0x02, 0x02, 0x00, 0x02, 0x50, 0, 0x00, 0x18, 0x00}},
		{1300, {0x01, 0x02, 0x03, 0x00, 0x04, 0x00, 0, 0x00, 0x19, 0x25}},
		{2000, {0x01, 0xaa, 0x01, 0x00, 0x00, 0x00, 0, 0x00, 0x28, 0x50}},
		{2001, {0x01, 0xaa, 0x01, 0x00, 0x00, 0x01, 0, 0x00, 0x28, 0x51}},
		{13250, {0x41, 0x03, 0x00, 0x00, 0x02, 0x00, 0, 0x02, 0x58, 0x50}},
		{13400, {0x41, 0x03, 0x01, 0x00, 0x00, 0x00, 0, 0x03, 0x00, 0x50}},
		{14000, {0x41, 0xaa, 0x01, 0x00, 0x00, 0x00, 0, 0x03, 0x08, 0x50}},
		{14075, {0x41, 0xaa, 0x01, 0x00, 0x01, 0x00, 0, 0x03, 0x09, 0x50}},
	};
	struct sp_disc *disc = layout();
	uint8_t q[12];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_true(sp_q_position(disc, known[i].lba, q));
		assert_memory_equal(q, known[i].q, 10);
		assert_true(sp_q_valid(q));
	}
	assert_false(sp_q_position(disc, -151, q));
	assert_false(sp_q_position(disc, 449850, q));
	sp_disc_free(disc);
}

static void p_flags_pauses_and_at_least_two_seconds_before_a_track(void **state)
{
	static const struct {
		sp_lba lba;
		bool p;
	} known[] = {{-150, true},  {-1, true},    {0, true},      {1, false},
		     {849, false},  {850, true},   {999, true},    {1000, true},
		     {1001, false}, {1999, false}, {2000, false},  {13249, false},
		     {13250, true}, {13400, true}, {13401, false}, {14000, false}};
	struct sp_disc *disc = layout();

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		uint8_t sub[96];

		assert_true(sp_sub_generate(disc, known[i].lba, sub));
		for (unsigned k = 0; k < 96; k++)
			assert_int_equal(sub[k] & 0xbf, known[i].p ? 0x80 : 0);
	}
	sp_disc_free(disc);
}

static void mcn_and_isrc_survive_q(void **state)
{
	static const uint8_t mcn_frame[10] = {0x12, 0x40, 0x06, 0x38, 0x13,
					      0x33, 0x93, 0x10, 0x00, 0x50};
	uint8_t q[12];
	char mcn[14], isrc[13];

	(void)state;
	assert_true(sp_q_mcn(1, "4006381333931", 50, q));
	assert_memory_equal(q, mcn_frame, 10);
	assert_true(sp_q_get_mcn(q, mcn));
	assert_string_equal(mcn, "4006381333931");
	assert_false(sp_q_get_isrc(q, isrc));
	q[2] ^= 1;
	assert_false(sp_q_get_mcn(q, mcn));

	/* Q M 7 2 8: 21 1D 07 02 08 in six bits each */
	static const uint8_t isrc_frame[10] = {0x03, 0x85, 0xd1, 0xc2, 0x20,
					       0x19, 0x05, 0x20, 0x40, 0x74};
	assert_true(sp_q_isrc(0, "QM7281905204", -1, q));
	assert_memory_equal(q, isrc_frame, 10);
	assert_true(sp_q_get_isrc(q, isrc));
	assert_string_equal(isrc, "QM7281905204");
	assert_false(sp_q_get_mcn(q, mcn));

	assert_false(sp_q_mcn(0, "400638133393", 0, q));
	assert_false(sp_q_isrc(0, "qm7281905204", 0, q));
	assert_false(sp_q_mcn(0, "4006381333931", 449850, q));
}

static void seal(uint8_t q[12])
{
	const uint16_t crc = sp_crc16_gsm(q, 10);

	q[10] = (uint8_t)(crc >> 8);
	q[11] = (uint8_t)crc;
}

static void what_is_no_mcn_or_isrc_is_not_read_as_one(void **state)
{
	uint8_t q[12] = {0x02};
	char mcn[14], isrc[13];

	(void)state;
	seal(q); /* all zeros: none */
	assert_false(sp_q_get_mcn(q, mcn));
	q[3] = 0x0a; /* no digit */
	seal(q);
	assert_false(sp_q_get_mcn(q, mcn));
	memset(q, 0, sizeof(q));
	q[0] = 0x03;
	seal(q);
	assert_false(sp_q_get_isrc(q, isrc));
	assert_true(sp_q_isrc(0, "QM7281905204", 0, q));
	q[1] = 0x3c; /* code 0F has no character */
	seal(q);
	assert_false(sp_q_get_isrc(q, isrc));
}

static void generated_sub_channel_carries_mcn_and_isrc_in_their_places(void **state)
{
	struct sp_disc *disc = layout();
	unsigned mcns = 0, isrcs = 0;

	(void)state;
	for (sp_lba lba = -150; lba < 14000; lba++) {
		uint8_t sub[96], q[12];
		char text[14];

		assert_true(sp_sub_generate(disc, lba, sub));
		sp_sub_get_q(sub, q);
		assert_true(sp_q_valid(q));
		if (sp_q_get_mcn(q, text)) {
			mcns++;
			assert_int_equal(lba % 100, 0);
		} else if (sp_q_get_isrc(q, text)) {
			isrcs++;
			assert_int_equal((lba + 1000) % 100, 50);
			assert_true(lba < 1000); /* track 1 alone has one */
		} else {
			assert_int_equal(q[0] & 15, 1);
		}
	}
	assert_int_equal(mcns, 21 + 7); /* -100…1900, 13300…13900 */
	assert_int_equal(isrcs, 12);    /* -150, -50, 50…950 */
	sp_disc_free(disc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc_is_that_of_frames_from_real_discs),
		cmocka_unit_test(orders_of_p_to_w_are_each_other_s_inverse),
		cmocka_unit_test(position_is_right_at_every_turn),
		cmocka_unit_test(p_flags_pauses_and_at_least_two_seconds_before_a_track),
		cmocka_unit_test(mcn_and_isrc_survive_q),
		cmocka_unit_test(what_is_no_mcn_or_isrc_is_not_read_as_one),
		cmocka_unit_test(generated_sub_channel_carries_mcn_and_isrc_in_their_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
