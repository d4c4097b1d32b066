/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The phases of a rescue over made-up media: what can be read is read, what is said of a sector is
 * true, and no sector is worn out. Called with a map file, it rescues a medium of which that map
 * tells what is bad, for test_rescue_peers.sh. */
#include "drive/rescue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECTORS_MAX = 20000, CLUSTER = 32, NEVER = 255 };

/* A medium: how often a sector fails before it can be read, and what was done to it. */
struct medium {
	uint64_t count;
	sp_lba origin;
	uint8_t fails[SECTORS_MAX];     /* tries that will fail yet; NEVER: all */
	uint8_t doubt[SECTORS_MAX];     /* readings that are doubtful yet */
	uint16_t together[SECTORS_MAX]; /* tries with others … */
	uint16_t alone[SECTORS_MAX];    /* … and alone */
	uint8_t told[SECTORS_MAX];      /* last status that was answered */
	bool whole;                     /* a read that fails anywhere gives nothing */
	uint64_t stop;                  /* at this try; 0: never */
	uint64_t tries;
	sp_lba turn_lba;
	unsigned turn;
};

static uint64_t medium_seed;

static uint32_t medium_random(uint32_t below)
{
	medium_seed ^= medium_seed << 13;
	medium_seed ^= medium_seed >> 7;
	medium_seed ^= medium_seed << 17;
	return (uint32_t)(medium_seed >> 32) % below;
}

static int medium_try(void *user, struct sp_rescue_try *attempt, struct sp_error *err)
{
	struct medium *m = user;
	const uint64_t first = (uint64_t)(attempt->lba - m->origin);
	bool failed = false;

	if (++m->tries == m->stop)
		return sp_fail(err, SP_ERR_CANCELLED, "stopped");
	assert_true(attempt->lba >= m->origin && first + attempt->count <= m->count);
	assert_in_range(attempt->count, 1, CLUSTER);
	if (attempt->turn) {
		assert_int_equal(attempt->count, 1);
		assert_true(attempt->turn == 1 ||
			    (attempt->lba == m->turn_lba && attempt->turn == m->turn + 1));
	}
	m->turn_lba = attempt->lba;
	m->turn = attempt->turn;
	for (uint32_t i = 0; i < attempt->count; i++) {
		const uint64_t n = first + i;
		bool bad = m->fails[n] != 0;

		/* what was done is not done again */
		assert_int_not_equal(m->told[n], SP_RESCUE_DONE);
		attempt->count > 1 ? m->together[n]++ : m->alone[n]++;
		if (bad && m->fails[n] != NEVER && !failed)
			m->fails[n]--;
		failed |= bad;
		if (failed)
			attempt->status[i] = SP_RESCUE_BAD;
		else
			attempt->status[i] = m->doubt[n] ? SP_RESCUE_DOUBTFUL : SP_RESCUE_DONE;
		m->doubt[n] -= !failed && m->doubt[n];
	}
	for (uint32_t i = 0; i < attempt->count; i++) {
		if (failed && m->whole)
			attempt->status[i] = SP_RESCUE_BAD;
		if (attempt->status[i] != SP_RESCUE_BAD)
			m->told[first + i] = attempt->status[i];
	}
	return 0;
}

static struct medium *medium_new(uint64_t count)
{
	struct medium *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->count = count;
	return m;
}

static struct sp_rescue *medium_rescue(struct medium *m, unsigned retries)
{
	const struct sp_rescue_area area = {m->origin, m->count};
	const struct sp_rescue_setup setup = {.area = &area,
					      .areas = 1,
					      .cluster = CLUSTER,
					      .align = 1,
					      .retries = retries,
					      .attempt = medium_try,
					      .user = m};
	struct sp_rescue *r = NULL;

	assert_int_equal(sp_rescue_new(&r, &setup, NULL), 0);
	return r;
}

/* What is bad: `percent` of the sectors, in bursts of up to `burst`. */
static void medium_spoil(struct medium *m, unsigned percent, uint32_t burst, uint8_t most)
{
	for (uint64_t bad = 0; bad * 100 < m->count * percent;) {
		const uint64_t at = medium_random((uint32_t)m->count);
		const uint32_t run = 1 + medium_random(burst);
		const uint8_t fails = most == NEVER ? NEVER : (uint8_t)(1 + medium_random(most));

		for (uint64_t i = at; i < at + run && i < m->count; i++) {
			bad += !m->fails[i];
			m->fails[i] = fails;
		}
	}
}

static void a_clean_disc_takes_one_pass(void **state)
{
	(void)state;
	for (uint64_t count = 1; count < 3000; count += 1 + count / 3) {
		struct medium *m = medium_new(count);
		struct sp_rescue *r = medium_rescue(m, 3);

		m->origin = 0;
		assert_int_equal(sp_rescue_run(r, NULL), 0);
		const struct sp_rescue_tally *t = sp_rescue_tally(r);
		assert_int_equal(t->tries, (count + CLUSTER - 1) / CLUSTER);
		assert_int_equal(t->asked, count);
		assert_int_equal(t->failed, 0);
		assert_int_equal(t->sectors[SP_RESCUE_DONE], count);
		assert_int_equal(sp_rescue_phase(r, NULL), SP_RESCUE_FINISHED);
		sp_rescue_free(r);
		free(m);
	}
}

/* Every status is what the tries came to, and nothing was asked for more often than it may. */
static void medium_check(const struct medium *m, const struct sp_rescue *r, unsigned retries)
{
	uint64_t seen[SP_RESCUE_STATUSES] = {0};

	for (uint64_t i = 0; i < m->count; i++) {
		const unsigned status = sp_rescue_status(r, m->origin + (sp_lba)i);

		seen[status]++;
		assert_int_equal(status, m->told[i] ? m->told[i] : SP_RESCUE_BAD);
		assert_true(m->together[i] <= 1);
		assert_true(m->alone[i] <= 1 + retries);
		/* a sector is given up only after all its tries */
		if (status == SP_RESCUE_BAD)
			assert_int_equal(m->alone[i], 1 + retries);
	}
	for (unsigned i = 0; i < SP_RESCUE_STATUSES; i++)
		assert_int_equal(sp_rescue_tally(r)->sectors[i], seen[i]);
}

static void everything_that_can_be_read_is(void **state)
{
	(void)state;
	static const struct {
		unsigned percent;
		uint32_t burst;
	} kind[] = {{2, 1}, {2, 60}, {20, 1}, {20, 40}, {20, 700}, {70, 3}, {1, 1}};

	for (unsigned n = 0; n < sizeof(kind) / sizeof(kind[0]) * 4; n++) {
		struct medium *m = medium_new(3000 + 997 * n % 9000);
		struct sp_rescue *r = medium_rescue(m, n % 3);

		medium_seed = 77 + n;
		m->whole = n & 1;
		medium_spoil(m, kind[n / 4].percent, kind[n / 4].burst, NEVER);
		assert_int_equal(sp_rescue_run(r, NULL), 0);
		medium_check(m, r, n % 3);
		for (uint64_t i = 0; i < m->count; i++)
			assert_int_equal(sp_rescue_status(r, (sp_lba)i) == SP_RESCUE_BAD,
					 m->fails[i] == NEVER);
		sp_rescue_free(r);
		free(m);
	}
}

static void a_sector_that_fails_less_often_than_it_is_tried_is_read(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 20; n++) {
		struct medium *m = medium_new(6000);
		struct sp_rescue *r = medium_rescue(m, 3);

		medium_seed = 500 + n;
		/* alone it has four tries */
		medium_spoil(m, 10, 1 + n * 4, 3);
		assert_int_equal(sp_rescue_run(r, NULL), 0);
		assert_int_equal(sp_rescue_tally(r)->sectors[SP_RESCUE_DONE], m->count);
		medium_check(m, r, 3);
		sp_rescue_free(r);
		free(m);
	}
}

static void a_doubtful_sector_is_kept_and_has_its_turns(void **state)
{
	(void)state;
	struct medium *m = medium_new(2000);
	struct sp_rescue *r = medium_rescue(m, 4);

	/* one reading in the copy and four turns are five */
	for (uint64_t i = 0; i < m->count; i += 10)
		m->doubt[i] = (uint8_t)(1 + i / 10 % 7);
	m->fails[35] = 2;
	m->fails[40] = NEVER;
	m->doubt[35] = 2; /* doubtful only when it can be read at all */
	assert_int_equal(sp_rescue_run(r, NULL), 0);
	for (uint64_t i = 0; i < m->count; i++) {
		const unsigned status = sp_rescue_status(r, (sp_lba)i);

		if (i == 40)
			assert_int_equal(status, SP_RESCUE_BAD);
		else if (i % 10 == 0 && i / 10 % 7 >= 4)
			assert_int_equal(status, SP_RESCUE_DOUBTFUL);
		else
			assert_int_equal(status, SP_RESCUE_DONE);
	}
	sp_rescue_free(r);
	free(m);
}

/* Stop at a try, write the map, go on in a new rescue as another process would. */
static struct sp_rescue *medium_again(struct medium *m, struct sp_rescue *old, unsigned retries)
{
	struct sp_rescue *r = medium_rescue(m, retries);
	struct sp_map map, read;
	char *text;
	size_t size;

	assert_int_equal(sp_rescue_to_map(old, m->origin, 2048, &map, NULL), 0);
	assert_int_equal(map.size, m->count * 2048);
	assert_int_equal(sp_map_print(&map, NULL, &text, &size, NULL), 0);
	assert_int_equal(sp_map_parse(&read, "x.map", text, size, NULL), 0);
	for (uint64_t i = 0; i < m->count; i++) /* what the store has */
		if (m->told[i])
			sp_rescue_set(r, m->origin + (sp_lba)i, 1, m->told[i]);
	sp_rescue_from_map(r, m->origin, 2048, &read);
	for (uint64_t i = 0; i < m->count; i++)
		assert_int_equal(sp_rescue_status(r, m->origin + (sp_lba)i),
				 sp_rescue_status(old, m->origin + (sp_lba)i));
	free(text);
	sp_map_clear(&map);
	sp_map_clear(&read);
	sp_rescue_free(old);
	return r;
}

static void an_interrupted_rescue_goes_on_where_it_was(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 8; n++) {
		struct medium *m = medium_new(4000);
		struct sp_error err;
		unsigned stops = 0;

		medium_seed = 9000 + n;
		m->origin = n & 1 ? -150 : 0;
		m->whole = n & 2;
		medium_spoil(m, 3 + n, 40, NEVER);
		struct sp_rescue *r = medium_rescue(m, 0);
		for (m->stop = 1 + medium_random(40); sp_rescue_run(r, &err) < 0; stops++) {
			assert_int_equal(err.status, SP_ERR_CANCELLED);
			m->stop = m->tries + 1 + medium_random(200);
			r = medium_again(m, r, 0);
		}
		assert_true(stops >= 5);
		medium_check(m, r, 0);
		for (uint64_t i = 0; i < m->count; i++)
			assert_int_equal(m->told[i] == SP_RESCUE_DONE, m->fails[i] != NEVER);
		sp_rescue_free(r);
		free(m);
	}
}

static void a_map_brings_no_data(void **state)
{
	(void)state;
	struct medium *m = medium_new(100);
	struct sp_rescue *r = medium_rescue(m, 0);
	struct sp_map map = {.phase = '+', .pass = 1};

	assert_int_equal(sp_map_add(&map, 20 * 2048, '+', NULL), 0);
	assert_int_equal(sp_map_add(&map, 10 * 2048 + 100, '-', NULL), 0);
	assert_int_equal(sp_map_add(&map, 10 * 2048, '/', NULL), 0);
	assert_int_equal(sp_map_add(&map, 500 * 2048, '-', NULL), 0);
	sp_rescue_set(r, 25, 1, SP_RESCUE_DONE);
	sp_rescue_from_map(r, 0, 2048, &map);
	assert_int_equal(sp_rescue_status(r, 19), SP_RESCUE_UNTRIED);
	assert_int_equal(sp_rescue_status(r, 20), SP_RESCUE_BAD);
	assert_int_equal(sp_rescue_status(r, 25), SP_RESCUE_DONE);
	/* a block that ends within a sector says nothing about that */
	assert_int_equal(sp_rescue_status(r, 30), SP_RESCUE_UNTRIED);
	assert_int_equal(sp_rescue_status(r, 31), SP_RESCUE_UNSCRAPED);
	assert_int_equal(sp_rescue_status(r, 99), SP_RESCUE_BAD);
	assert_int_equal(sp_rescue_status(r, 100), SP_RESCUE_ABSENT);
	sp_map_clear(&map);
	sp_rescue_free(r);
	free(m);
}

/* --- areas and alignment ------------------------------------------------------------------- */

static const struct sp_rescue_area apart[] = {{-150, 150}, {0, 333}, {333, 40}, {11400, 77}};

static int apart_try(void *user, struct sp_rescue_try *attempt, struct sp_error *err)
{
	const sp_lba end = attempt->lba + (sp_lba)attempt->count;
	bool inside = false;

	(void)err;
	for (size_t i = 0; i < sizeof(apart) / sizeof(apart[0]); i++)
		inside |= attempt->lba >= apart[i].lba &&
			  end <= apart[i].lba + (sp_lba)apart[i].count;
	assert_true(inside);
	*(uint64_t *)user += attempt->count;
	for (uint32_t i = 0; i < attempt->count; i++)
		attempt->status[i] = attempt->lba + i == 340 ? SP_RESCUE_BAD : SP_RESCUE_DONE;
	return 0;
}

static void a_try_stays_within_its_area(void **state)
{
	(void)state;
	uint64_t asked = 0;
	const struct sp_rescue_setup setup = {.area = apart,
					      .areas = 4,
					      .cluster = 27,
					      .align = 1,
					      .attempt = apart_try,
					      .user = &asked};
	struct sp_rescue *r;
	struct sp_map map;

	assert_int_equal(sp_rescue_new(&r, &setup, NULL), 0);
	assert_int_equal(sp_rescue_run(r, NULL), 0);
	assert_int_equal(sp_rescue_status(r, 5000), SP_RESCUE_ABSENT);
	assert_int_equal(sp_rescue_status(r, 340), SP_RESCUE_BAD);
	assert_int_equal(sp_rescue_tally(r)->sectors[SP_RESCUE_DONE], 599);
	/* from LBA 0, where the image begins; nothing is to be rescued between sessions */
	assert_int_equal(sp_rescue_to_map(r, 0, 2352, &map, NULL), 0);
	assert_int_equal(map.blocks, 3);
	assert_int_equal(map.block[0].size, 340 * 2352);
	assert_int_equal(map.size, 11477 * 2352);
	sp_map_clear(&map);
	sp_rescue_free(r);
}

static int aligned_try(void *user, struct sp_rescue_try *attempt, struct sp_error *err)
{
	const sp_lba end = attempt->lba + (sp_lba)attempt->count;

	(void)err;
	(void)user;
	/* but where the disc or what is left of it begins and ends */
	if (attempt->count > 1 && !attempt->backward)
		assert_true(end % 16 == 0 || end == 5000);
	if (attempt->count > 1 && attempt->backward)
		assert_true(attempt->lba % 16 == 0 || attempt->lba == 3);
	for (uint32_t i = 0; i < attempt->count; i++)
		attempt->status[i] =
			(attempt->lba + i) / 16 % 9 == 4 ? SP_RESCUE_BAD : SP_RESCUE_DONE;
	return 0;
}

static void large_reads_end_with_an_ecc_block(void **state)
{
	(void)state;
	const struct sp_rescue_area area = {3, 4997};
	const struct sp_rescue_setup setup = {
		.area = &area, .areas = 1, .cluster = 31, .align = 16, .attempt = aligned_try};
	struct sp_rescue *r;

	assert_int_equal(sp_rescue_new(&r, &setup, NULL), 0);
	assert_int_equal(sp_rescue_run(r, NULL), 0);
	sp_rescue_free(r);
}

static void a_wrong_setup_is_refused(void **state)
{
	(void)state;
	static const struct sp_rescue_area bad[] = {{0, 10}, {5, 10}}, large[] = {{0, 1ull << 40}},
					   far[] = {{0, 1}, {1ll << 40, 1}}, none[] = {{0, 0}};
	struct sp_rescue_setup setup = {
		.area = bad, .areas = 2, .cluster = 1, .align = 1, .attempt = aligned_try};
	struct sp_rescue *r;

	assert_int_equal(sp_rescue_new(&r, &setup, NULL), SP_ERR_USAGE);
	setup.area = large;
	setup.areas = 1;
	assert_int_equal(sp_rescue_new(&r, &setup, NULL), SP_ERR_UNSUPPORTED);
	setup.area = far;
	setup.areas = 2;
	assert_int_equal(sp_rescue_new(&r, &setup, NULL), SP_ERR_UNSUPPORTED);
	setup.area = none;
	setup.areas = 1;
	assert_int_equal(sp_rescue_new(&r, &setup, NULL), SP_ERR_USAGE);
	setup.areas = 0;
	assert_int_equal(sp_rescue_new(&r, &setup, NULL), SP_ERR_USAGE);
}

/* --- for the script ------------------------------------------------------------------------ */

/* test_rescue FAULTS.map RETRIES OUT.map: prints how many tries failed. */
static int rescue_model(char **argv)
{
	static char text[1 << 20];
	struct medium *m = calloc(1, sizeof(*m));
	FILE *file = fopen(argv[1], "rb");
	struct sp_map map;
	char *out;

	if (!m || !file)
		return 99;
	size_t size = fread(text, 1, sizeof(text), file);
	fclose(file);
	if (sp_map_parse(&map, argv[1], text, size, NULL) < 0 || map.size / 2048 > SECTORS_MAX)
		return 99;
	uint64_t at = 0;
	for (size_t b = 0; b < map.blocks; at += map.block[b++].size)
		for (uint64_t i = at / 2048; i < (at + map.block[b].size) / 2048; i++)
			m->fails[i] = map.block[b].status == '-' ? NEVER : 0;
	m->count = map.size / 2048;
	sp_map_clear(&map);
	struct sp_rescue *r = medium_rescue(m, (unsigned)strtoul(argv[2], NULL, 10));
	if (sp_rescue_run(r, NULL) < 0 || sp_rescue_to_map(r, 0, 2048, &map, NULL) < 0 ||
	    sp_map_print(&map, "Mapfile of a test", &out, &size, NULL) < 0)
		return 99;
	file = fopen(argv[3], "wb");
	if (!file || fwrite(out, 1, size, file) != size || fclose(file))
		return 99;
	printf("%llu\n", (unsigned long long)sp_rescue_tally(r)->failed);
	free(out);
	sp_map_clear(&map);
	sp_rescue_free(r);
	free(m);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clean_disc_takes_one_pass),
		cmocka_unit_test(everything_that_can_be_read_is),
		cmocka_unit_test(a_sector_that_fails_less_often_than_it_is_tried_is_read),
		cmocka_unit_test(a_doubtful_sector_is_kept_and_has_its_turns),
		cmocka_unit_test(an_interrupted_rescue_goes_on_where_it_was),
		cmocka_unit_test(a_map_brings_no_data),
		cmocka_unit_test(a_try_stays_within_its_area),
		cmocka_unit_test(large_reads_end_with_an_ecc_block),
		cmocka_unit_test(a_wrong_setup_is_refused),
	};

	return argc == 4 ? rescue_model(argv) : cmocka_run_group_tests(tests, NULL, NULL);
}
