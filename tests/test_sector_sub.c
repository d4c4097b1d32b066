/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts after the main channel, through the sector engine: C2, formatted Q and P-W, each made
 * where it is missing and compared where it is dropped; and the byte order of samples. */
#include "disc/sector.h"
#include "disc/subchannel.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void fill(unsigned seed, uint8_t *data, size_t size)
{
	uint32_t x = seed;

	for (size_t i = 0; i < size; i++) {
		x = x * 1664525u + 1013904223u;
		data[i] = (uint8_t)(x >> 24);
	}
}

/* One audio track from LBA 0, 400 sectors long. */
static struct sp_disc *audio_disc(void)
{
	struct sp_disc *disc = sp_disc_new();

	assert_non_null(disc);
	sp_disc_add_session(disc)->lead_out = 400;
	struct sp_track *track = sp_disc_add_track(disc);
	track->mode = SP_MODE_AUDIO;
	track->length = 400;
	track->index[1] = 0;
	sp_disc_add_region(disc, &(struct sp_region){.count = 400,
						     .session = 1,
						     .track = 1,
						     .kind = SP_REGION_TRACK,
						     .mode = SP_MODE_AUDIO,
						     .parts = SP_PART_USER,
						     .stored = true});
	return disc;
}

static void sub_channel_is_built_reduced_and_compared(void **state)
{
	const unsigned user = SP_PART_USER, pw = user | SP_PART_PW, q = user | SP_PART_Q;
	struct sp_disc *disc = audio_disc();
	uint8_t main[2352], full[2448], short_q[2368], back[2448];
	uint16_t bits = 0;
	struct sp_drops drops = {.count = {0}};

	(void)state;
	fill(1, main, sizeof(main));
	assert_int_equal(sp_sector_convert(disc, SP_MODE_AUDIO, user, pw, 5, 1, main, full, NULL,
					   NULL, NULL),
			 0);
	assert_memory_equal(full, main, 2352);
	uint8_t want[96];
	assert_true(sp_sub_generate(disc, 5, want));
	assert_memory_equal(full + 2352, want, 96);
	assert_int_equal(sp_sector_convert(disc, SP_MODE_AUDIO, pw, q, 5, 1, full, short_q, &bits,
					   &drops, NULL),
			 0);
	assert_true(sp_q_valid(short_q + 2352));
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_AUDIO, q, pw, 5, 1, short_q, back, NULL,
					   NULL, NULL),
			 0);
	assert_memory_equal(back, full, sizeof(full));
	/* a formatted Q whose drive gave no CRC gets one */
	memset(short_q + 2352 + 10, 0, 2);
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_AUDIO, q, pw, 5, 1, short_q, back, NULL,
					   NULL, NULL),
			 0);
	assert_memory_equal(back, full, sizeof(full));
	assert_int_equal(sp_sector_convert(disc, SP_MODE_AUDIO, q, user, 5, 1, short_q, main, &bits,
					   &drops, NULL),
			 0);
	assert_int_equal(sp_sector_convert(disc, SP_MODE_AUDIO, pw, user, 5, 1, full, main, &bits,
					   &drops, NULL),
			 0);
	assert_int_equal(drops.count[SP_DROP_SUB], 0);

	full[2352 + 50] ^= 1; /* W */
	assert_int_equal(sp_sector_convert(disc, SP_MODE_AUDIO, pw, user, 5, 1, full, main, &bits,
					   &drops, NULL),
			 0);
	assert_int_equal(drops.count[SP_DROP_SUB], 1);
	assert_int_equal(drops.first[SP_DROP_SUB], 5);
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_AUDIO, pw, q, 5, 1, full, short_q, &bits,
					   &drops, NULL),
			 0);
	assert_int_equal(drops.count[SP_DROP_SUB], 2);
	short_q[2352 + 4] ^= 1;
	assert_int_equal(sp_sector_convert(disc, SP_MODE_AUDIO, q, user, 5, 1, short_q, main, &bits,
					   &drops, NULL),
			 0);
	assert_int_equal(drops.count[SP_DROP_SUB], 3);
	bits = SP_STATE_GENERATED;
	assert_int_equal(sp_sector_convert(disc, SP_MODE_AUDIO, q, user, 5, 1, short_q, main, &bits,
					   &drops, NULL),
			 0);
	assert_int_equal(drops.count[SP_DROP_SUB], 3);
	sp_disc_free(disc);
}

static void c2_is_zeros_where_there_is_none(void **state)
{
	uint8_t in[2352], out[2646], back[2352];

	(void)state;
	fill(2, in, sizeof(in));
	memset(out, 0xaa, sizeof(out));
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_AUDIO, SP_PART_USER,
					   SP_PART_USER | SP_PART_C2, 0, 1, in, out, NULL, NULL,
					   NULL),
			 0);
	for (size_t i = 0; i < 294; i++)
		assert_int_equal(out[2352 + i], 0);
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_AUDIO, SP_PART_USER | SP_PART_C2,
					   SP_PART_USER, 0, 1, out, back, NULL, NULL, NULL),
			 0);
	assert_memory_equal(in, back, sizeof(in));
}

static void swapping_exchanges_the_bytes_of_whole_samples(void **state)
{
	uint8_t data[5] = {1, 2, 3, 4, 5};
	static const uint8_t want[5] = {2, 1, 4, 3, 5};

	(void)state;
	sp_swap16(data, sizeof(data));
	assert_memory_equal(data, want, sizeof(data));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sub_channel_is_built_reduced_and_compared),
		cmocka_unit_test(c2_is_zeros_where_there_is_none),
		cmocka_unit_test(swapping_exchanges_the_bytes_of_whole_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
