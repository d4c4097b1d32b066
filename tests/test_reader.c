/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader over simulated drives: what it gives is what lies on the disc, whatever the drive. */
#include "disc/subchannel.h"
#include "tests/reader_bench.h"

#include <stdio.h>

/* Padded at one end: zeros there, and all else as it should be. */
static bool same_but_padding(const uint8_t *given, const uint8_t *raw, size_t size)
{
	size_t head = 0, tail = 0;

	while (head < size && given[head] == raw[head])
		head++;
	while (tail < size && given[size - 1 - tail] == raw[size - 1 - tail])
		tail++;
	if (head == size)
		return true;
	const size_t from = head >= tail ? head : 0, to = head >= tail ? size : size - tail;
	for (size_t i = from; i < to; i++)
		if (given[i])
			return false;
	return true;
}

/* All sectors of a region, as many at once as may be. */
static void walk_region(struct bench *b, const struct sp_region *r, unsigned parts, unsigned mode,
			const char *what)
{
	const bool cd = b->medium->disc->medium == SP_MEDIUM_CD;
	const size_t main = cd ? SP_RAW_SIZE : 2048;
	const size_t stride = main + (parts & SP_PART_C2 ? SP_C2_SIZE : 0u) +
			      (parts & SP_PART_PW ? SP_SUB_SIZE : 0u);
	uint8_t raw[SP_RAW_SIZE], pw[SP_SUB_SIZE], q[12], given[12];
	uint32_t losses = 0;

	for (uint64_t done = 0; done < r->count;) {
		struct sp_read read = {.lba = r->lba + (sp_lba)done, .parts = parts, .mode = mode};
		const uint32_t most = sp_reader_max_count(b->reader, parts);

		read.count = most < MOST ? most : MOST;
		if (read.count > r->count - done)
			read.count = (uint32_t)(r->count - done);
		bench_read(b, &read);
		if (read.outcome != SP_READ_DONE || read.good != read.count) {
			char why[128];

			fail_msg("%s: LBA %d: %s", what, (int)read.lba,
				 sp_reader_reason(&read, why, sizeof(why)));
		}
		for (uint32_t i = 0; i < read.count; i++) {
			const uint8_t *sector = b->data + i * stride;

			medium_sector(b->medium, read.lba + i, raw, pw);
			if (b->state[i] & SP_STATE_PADDED ? !same_but_padding(sector, raw, main)
							  : memcmp(sector, raw, main) != 0)
				fail_msg("%s: LBA %d differs", what, (int)read.lba + (int)i);
			/* Q of the last sectors of a drive that gives it late lies beyond what
			 * it reads: it is not there, and said so */
			const int late = sp_reader_abilities(b->reader)->q_shift;
			const bool lost = parts & SP_PART_PW && late && b->state[i] & SP_STATE_Q &&
					  all_zero(sector + stride - SP_SUB_SIZE, SP_SUB_SIZE);
			if (b->state[i] & ~(SP_STATE_PADDED | (lost ? SP_STATE_Q : 0)))
				fail_msg("%s: LBA %d: state %x", what, (int)read.lba + (int)i,
					 b->state[i]);
			losses += lost;
			if (!(parts & SP_PART_PW))
				continue;
			sp_sub_get_q(pw, q);
			sp_sub_get_q(sector + stride - SP_SUB_SIZE, given);
			if (sp_reader_abilities(b->reader)->sub != SP_SUB_NONE && !lost &&
			    memcmp(q, given, 12) != 0)
				fail_msg("%s: LBA %d: Q differs", what, (int)read.lba + (int)i);
		}
		done += read.count;
	}
	if (losses > 10)
		fail_msg("%s: %u Qs from LBA %d are lost", what, losses, (int)r->lba);
}

static void walk(const char *layout, const char *name, const char *profile, int offset)
{
	struct bench *b = bench_open(layout, profile, NULL);
	const bool cd = b->medium->disc->medium == SP_MEDIUM_CD;
	static const unsigned parts[] = {SP_PART_MAIN, SP_PART_MAIN | SP_PART_C2 | SP_PART_PW,
					 SP_PART_MAIN | SP_PART_PW, SP_PART_MAIN | SP_PART_C2};
	char what[96];

	bench_load(b);
	assert_int_equal(sp_reader_set_offset(b->reader, offset, NULL), 0);
	for (size_t i = 0; i < (cd ? 4 : 1); i++)
		for (size_t k = 0; k < b->medium->disc->regions; k++) {
			const struct sp_region *r = &b->medium->disc->region[k];

			snprintf(what, sizeof(what), "%s, %s, parts %x", layout, name, parts[i]);
			if (r->stored && r->lba >= 0)
				walk_region(b, r, cd ? parts[i] : SP_PART_USER, r->mode, what);
		}
	bench_close(b);
}

static bool reads_whole(const struct layout *l)
{
	return !(l->flags & LAYOUT_HUGE) &&
	       (l->medium == SP_MEDIUM_CD || l->medium == SP_MEDIUM_DVD);
}

static void a_sector_is_not_read_as_it_lies_on_the_disc(void **state)
{
	(void)state;
	for (const struct layout *l = layouts; l->name; l++)
		if (reads_whole(l))
			walk(l->name, "ordinary", "", 0);
}

static void a_drive_of_another_kind_gives_something_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(drives) / sizeof(drives[0]); i++)
		for (const struct layout *l = layouts; l->name; l++)
			if (l->medium == SP_MEDIUM_CD && reads_whole(l))
				walk(l->name, drives[i].name, profile_named(drives[i].name),
				     drives[i].offset);
}

/* What the drive's source says and gives, beside the image that lies in it. */
static void a_disc_in_a_drive_is_not_the_image_that_lies_in_it(void **state)
{
	static const char *const names[] = {"ordinary", "plextor", "lg-asus", "usb-bridge",
					    "bcd-toc",  "pioneer", "no-c2"};
	static const char *const skip[] = {"gap-stored"}; /* a drive shows no gap's contents */

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (const struct layout *l = layouts; l->name; l++) {
			if (l->medium != SP_MEDIUM_CD || !reads_whole(l) ||
			    !strcmp(l->name, skip[0]))
				continue;
			struct bench *b = bench_open(l->name, profile_named(names[i]), NULL);
			struct sp_compared compared;
			struct sp_error err = {0};
			struct sp_source *src = NULL;
			struct sp_sink *sink = NULL;

			bench_load(b);
			if (sp_reader_survey(b->reader, &err) ||
			    sp_reader_set_offset(b->reader, drive_offset(names[i]), &err) ||
			    sp_reader_source(&src, b->reader, &err) ||
			    sp_sink_compare(&sink, b->medium, &compared, &err))
				fail_msg("%s, %s: %s", l->name, names[i], err.text);
			struct sp_copy copy = {.source = src, .sink = sink};
			if (sp_copy(&copy, &err))
				fail_msg("%s, %s: %s", l->name, names[i], err.text);
			sp_sink_close(sink);
			sp_source_close(src);
			b->reader = NULL;
			if (compared.layout[0])
				fail_msg("%s, %s: %s", l->name, names[i], compared.layout);
			/* only samples that the drive does not reach */
			if (compared.differ > copy.tally.state[6] || compared.differ > 8)
				fail_msg("%s, %s: %u differ", l->name, names[i],
					 (unsigned)compared.differ);
			bench_close(b);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sector_is_not_read_as_it_lies_on_the_disc),
		cmocka_unit_test(a_drive_of_another_kind_gives_something_else),
		cmocka_unit_test(a_disc_in_a_drive_is_not_the_image_that_lies_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
