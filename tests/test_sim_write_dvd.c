/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A simulated drive writes DVD and BD: each medium in its ways, and what it refuses. */
#include "tests/sim_burner.h"

#define IMMEDIATELY 1

static void pass_busy(struct burner *b, uint32_t sense)
{
	assert_int_equal(RUN(&b->d, 0, 0, 0, 0, 0, 0, 0), sense);
	assert_int_equal(RUN(&b->d, 0, 0, 0, 0, 0, 0, 0), no_sense);
}

static void close_track(struct burner *b, unsigned function, unsigned number)
{
	const uint8_t cdb[10] = {0x5b, IMMEDIATELY, (uint8_t)function, [5] = (uint8_t)number};

	assert_int_equal(run(&b->d, 0, sizeof(cdb), cdb), no_sense);
	pass_busy(b, 0x020408);
}

static uint32_t reserve(struct burner *b, uint32_t blocks)
{
	uint8_t cdb[10] = {0x53};

	put_be32(cdb + 5, blocks);
	return run(&b->d, 0, sizeof(cdb), cdb);
}

static uint32_t format(struct burner *b, unsigned type, uint32_t blocks)
{
	uint8_t list[12] = {0, 2, 0, 8, [8] = (uint8_t)(type << 2)};

	put_be32(list + 4, blocks);
	return SEND(&b->d, list, sizeof(list), 0x04, 0x11, 0, 0, 0, 0);
}

static void expect_blocks(struct burner *b, sp_lba lba, uint32_t count)
{
	uint8_t data[2048], cdb[10] = {0x28, [8] = 1};

	for (uint32_t i = 0; i < count; i++) {
		sp_pattern_fill(1, lba + i, data, sizeof(data));
		put_be32(cdb + 2, (uint32_t)(lba + i));
		assert_int_equal(run(&b->d, 2048, sizeof(cdb), cdb), no_sense);
		assert_int_equal(b->d.c.done, 2048);
		assert_memory_equal(b->d.data, data, sizeof(data));
	}
}

static void expect_image(struct burner *b, uint64_t blocks, unsigned profile)
{
	struct sp_source *src = image(b);

	assert_int_equal(src->disc->track[0].length, blocks);
	assert_int_equal(src->disc->profile, profile);
	sp_source_close(src);
}

/* Start, writable address (-1: none) and size of a track. */
static void expect_track(struct burner *b, unsigned number, uint32_t start, int64_t next,
			 uint32_t size)
{
	const uint8_t cdb[10] = {0x52, 1, [5] = (uint8_t)number, [8] = 36};

	assert_int_equal(run(&b->d, 36, sizeof(cdb), cdb), no_sense);
	assert_int_equal(get_be32(b->d.data + 8), start);
	assert_int_equal(b->d.data[7] & 1, next >= 0);
	if (next >= 0)
		assert_int_equal(get_be32(b->d.data + 12), next);
	assert_int_equal(get_be32(b->d.data + 24), size);
}

static void status(struct burner *b, unsigned want)
{
	assert_int_equal(RUN(&b->d, 34, 0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0), no_sense);
	assert_int_equal(b->d.data[2], want);
}

static void an_incremental_disc_is_not_what_was_sent(void **state)
{
	struct burner *b = burner("dvd-r", NULL);
	uint8_t data[2048] = {0};

	(void)state;
	status(b, 0x00);
	expect_track(b, 1, 0, 0, 2298496);
	assert_int_equal(page_5(b, TAO, 0xe5, 8), no_sense);
	assert_int_equal(write_10(b, 0, 1, data, 2048), 0x056400); /* no such way */
	assert_int_equal(page_5(b, 0, 0xe5, 8), no_sense);
	assert_int_equal(write_10(b, 16, 1, data, 2048), 0x052102);
	write_noise(b, 0, 70, 2048);
	status(b, 0x05);
	sync_cache(b);
	expect_track(b, 1, 0, 80, 2298496); /* padded to a whole ECC block */
	close_track(b, 1, 1);
	expect_track(b, 1, 0, -1, 80);
	expect_track(b, 2, 80, 80, 2298496 - 80);
	close_track(b, 2, 0);
	status(b, 0x01);
	burner_again(b, NULL);
	status(b, 0x01);
	/* behind lead-out and lead-in */
	expect_track(b, 2, 80 + 28672, 80 + 28672, 2298496 - 80 - 28672);
	expect_blocks(b, 0, 70);
	assert_int_equal(page_5(b, 0, 0x25, 8), no_sense);
	write_noise(b, 80 + 28672, 16, 2048);
	sync_cache(b);
	close_track(b, 1, 2);
	close_track(b, 2, 0);
	status(b, 0x0e);
	assert_int_equal(write_10(b, 80 + 28672 + 16, 1, data, 2048), 0x053005);
	assert_int_equal(RUN(&b->d, 12, 0x43, 0, 1, 0, 0, 0, 0, 0, 12, 0), no_sense);
	ANSWERS(&b->d, 0, 0x0a, 1, 2, 0, 0x14, 2, 0, 0, 0, 0x70, 0x50);
	expect_blocks(b, 80 + 28672, 16);
	expect_image(b, 80 + 28672 + 16, 0x11);
	burner_free(b);
}

static void a_disc_at_once_is_not_what_was_sent(void **state)
{
	struct burner *b = burner("dvd-rw", NULL);

	(void)state;
	assert_int_equal(page_5(b, SAO, 0x04, 8), no_sense);
	assert_int_equal(reserve(b, 40), no_sense);
	expect_track(b, 1, 0, 0, 48);
	write_noise(b, 0, 40, 2048);
	sync_cache(b);
	status(b, 0x1e);
	expect_blocks(b, 0, 40);
	expect_image(b, 48, 0x14);
	assert_int_equal(RUN(&b->d, 0, 0xa1, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), no_sense);
	pass_busy(b, 0x020407);
	status(b, 0x10);
	/* test writing leaves it blank */
	assert_int_equal(page_5(b, 0x10 | SAO, 0x04, 8), no_sense);
	write_noise(b, 0, 40, 2048);
	sync_cache(b);
	status(b, 0x10);
	/* formatted: any ECC block at any time */
	assert_int_equal(format(b, 0x15, 0), no_sense);
	pass_busy(b, 0x020404);
	status(b, 0x1e);
	assert_int_equal(RUN(&b->d, 8, 0x46, 0, 0, 0, 0, 0, 0, 0, 8, 0), no_sense);
	assert_int_equal(get_be16(b->d.data + 6), 0x13);
	assert_int_equal(write_10(b, 8, 16, b->d.data, 16 * 2048), 0x052102);
	burner_again(b, NULL);
	for (sp_lba lba = 320; lba >= 0; lba -= 160) {
		uint8_t data[16 * 2048];

		for (unsigned i = 0; i < 16; i++)
			sp_pattern_fill(1, lba + i, data + i * 2048, 2048);
		assert_int_equal(write_10(b, lba, 16, data, sizeof(data)), no_sense);
	}
	sync_cache(b);
	for (sp_lba lba = 320; lba >= 0; lba -= 160)
		expect_blocks(b, lba, 16);
	expect_image(b, 336, 0x13);
	burner_free(b);
}

static void a_plus_or_blu_ray_disc_is_not_what_was_sent(void **state)
{
	static const struct {
		const char *medium;
		unsigned profile, unit, finalize, gap;
	} media[] = {{"dvd+r", 0x1b, 16, 5, 28672},
		     {"dvd+r-dl", 0x2b, 16, 5, 28672},
		     {"bd-r", 0x41, 32, 6, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(media) / sizeof(media[0]); i++) {
		struct burner *b = burner(media[i].medium, NULL);
		const uint32_t unit = media[i].unit, second = 2 * unit + media[i].gap;
		uint8_t data[2048] = {0};

		status(b, 0x00);
		assert_int_equal(reserve(b, unit + 1), no_sense);
		expect_track(b, 1, 0, 0, 2 * unit);
		write_noise(b, 0, unit + 1, 2048);
		assert_int_equal(write_10(b, 0, 1, data, 2048), 0x052102);
		sync_cache(b);
		close_track(b, 1, 1);
		close_track(b, 2, 0);
		status(b, 0x01);
		burner_again(b, media[i].medium);
		write_noise(b, second, unit, 2048);
		sync_cache(b);
		close_track(b, 1, 2);
		close_track(b, media[i].finalize, 0);
		status(b, 0x0e);
		assert_int_equal(write_10(b, second + unit, 1, data, 2048), 0x053005);
		assert_int_equal(reserve(b, 16), 0x053005);
		expect_blocks(b, 0, unit + 1);
		expect_blocks(b, second, unit);
		expect_image(b, second + unit, media[i].profile);
		burner_free(b);
	}
}

static void an_overwritable_disc_is_not_what_was_sent(void **state)
{
	static const struct {
		const char *medium;
		unsigned profile, unit, type;
		uint32_t capacity;
	} media[] = {{"dvd+rw", 0x1a, 16, 0x26, 2295104},
		     {"bd-re", 0x43, 32, 0x31, 12219392},
		     {"bd-re", 0x43, 32, 0x00, 11826176}};

	(void)state;
	for (size_t i = 0; i < sizeof(media) / sizeof(media[0]); i++) {
		struct burner *b = burner(media[i].medium, NULL);
		static const uint8_t zeros[2048];

		status(b, 0x10);
		assert_int_equal(write_10(b, 0, 1, zeros, 2048), 0x053010);
		assert_int_equal(format(b, 0x15, 0), 0x052600); /* another medium's */
		assert_int_equal(format(b, media[i].type, UINT32_MAX), no_sense);
		pass_busy(b, 0x020404);
		status(b, 0x1e);
		assert_int_equal(RUN(&b->d, 8, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), no_sense);
		assert_int_equal(get_be32(b->d.data), media[i].capacity - 1);
		write_noise(b, 100, 40, 2048);
		write_noise(b, 0, 3, 2048);
		write_noise(b, 101, 3, 2048);
		sync_cache(b);
		burner_again(b, NULL);
		expect_blocks(b, 0, 3);
		expect_blocks(b, 100, 40);
		assert_int_equal(RUN(&b->d, 2048, 0x28, 0, 0, 0, 0x10, 0, 0, 0, 1, 0), no_sense);
		assert_memory_equal(b->d.data, zeros, 2048);
		assert_int_equal(write_10(b, media[i].capacity, 1, zeros, 2048), 0x052100);
		expect_image(b, media[i].unit == 16 ? 144 : 160, media[i].profile);
		assert_int_equal(RUN(&b->d, 0, 0xa1, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0x053005);
		burner_free(b);
	}
}

static void format_capacities_are_not_the_mediums(void **state)
{
	struct burner *b = burner("dvd+rw", NULL);

	(void)state;
	assert_int_equal(RUN(&b->d, 255, 0x23, 0, 0, 0, 0, 0, 0, 0, 255, 0), no_sense);
	ANSWERS(&b->d, 0, 0, 0, 16, 0, 0x23, 0x05, 0x40, 1, 0, 8, 0, 0, 0x23, 0x05, 0x40, 0x26 << 2,
		0, 0, 0);
	assert_int_equal(format(b, 0x26, UINT32_MAX), no_sense);
	assert_int_equal(RUN(&b->d, 12, 0x23, 0, 0, 0, 0, 0, 0, 0, 12, 0), no_sense);
	ANSWERS(&b->d, 0, 0, 0, 16, 0, 0x23, 0x05, 0x40, 2, 0, 8, 0);
	burner_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_incremental_disc_is_not_what_was_sent),
		cmocka_unit_test(a_disc_at_once_is_not_what_was_sent),
		cmocka_unit_test(a_plus_or_blu_ray_disc_is_not_what_was_sent),
		cmocka_unit_test(an_overwritable_disc_is_not_what_was_sent),
		cmocka_unit_test(format_capacities_are_not_the_mediums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
