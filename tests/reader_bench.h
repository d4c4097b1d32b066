/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A reader over a simulated drive, and the same disc beside it. */
#ifndef TESTS_READER_BENCH_H
#define TESTS_READER_BENCH_H

#include "disc/sector.h"
#include "drive/reader.h"
#include "tests/sim_helper.h"

enum { SEED = 5, MOST = 64, BLOCK = SP_RAW_SIZE + SP_C2_SIZE + SP_SUB_SIZE };

struct bench {
	struct sp_reader *reader;
	struct sp_source *medium; /* the same pattern once more */
	unsigned notes;
	char note[240];
	uint8_t data[MOST * BLOCK];
	uint16_t state[MOST];
};

static inline void bench_note(void *user, const char *text)
{
	struct bench *b = user;

	b->notes++;
	strncpy(b->note, text, sizeof(b->note) - 1);
}

static inline struct bench *bench_open(const char *layout, const char *profile, const char *faults)
{
	struct bench *b = calloc(1, sizeof(*b));
	const struct sp_notes notes = {bench_note, b};
	const struct sp_sim_setup setup = {.profile = profile,
					   .profile_name = "profile",
					   .faults = faults,
					   .faults_name = "f"};
	struct sp_transport *transport;
	struct sp_error err = {0};
	struct sp_sim *sim;

	if (!b || sp_sim_new(&sim, &setup, &err) ||
	    sp_sim_load(sim, layout_source(layout_named(layout), SEED), &err) ||
	    sp_sim_transport(&transport, sim, "sim", &err) ||
	    sp_reader_open(&b->reader, transport, &notes, &err))
		fail_msg("%s, %s: %s", layout, profile, err.text);
	b->medium = layout_source(layout_named(layout), SEED);
	return b;
}

static inline void bench_load(struct bench *b)
{
	struct sp_error err = {0};

	if (sp_reader_load(b->reader, &err))
		fail_msg("%s", err.text);
}

static inline void bench_close(struct bench *b)
{
	sp_reader_close(b->reader);
	sp_source_close(b->medium);
	free(b);
}

/* A sector of the medium, 2352 bytes (2048 of a DVD) and P-W; what no region stores is zeros. */
static inline unsigned medium_sector(struct sp_source *src, sp_lba lba, uint8_t *raw, uint8_t *pw)
{
	const struct sp_region *r = sp_disc_region(src->disc, lba);
	uint8_t data[BLOCK], whole[BLOCK];
	uint16_t state = 0;

	memset(raw, 0, SP_RAW_SIZE);
	memset(pw, 0, SP_SUB_SIZE);
	if (!r || !r->stored)
		return SP_MODE_AUDIO;
	const bool cd = src->disc->medium == SP_MEDIUM_CD;
	struct sp_span span = {.lba = lba,
			       .count = 1,
			       .mode = r->mode,
			       .parts = r->parts,
			       .stride = sp_sector_size(r->mode, r->parts),
			       .data = data,
			       .state = &state};
	struct sp_error err;

	assert_int_equal(sp_source_read(src, &span, &err), 0);
	if (!cd) {
		memcpy(raw, data, 2048);
		return r->mode;
	}
	if (sp_sector_convert(src->disc, r->mode, r->parts, SP_PART_MAIN | SP_PART_PW, lba, 1, data,
			      whole, NULL, NULL, &err))
		fail_msg("%s", err.text);
	memcpy(raw, whole, SP_RAW_SIZE);
	memcpy(pw, whole + SP_RAW_SIZE, SP_SUB_SIZE);
	return r->mode == SP_MODE_DATA2048 ? SP_MODE_MODE1 : r->mode;
}

static inline void bench_read(struct bench *b, struct sp_read *read)
{
	struct sp_error err = {0};

	read->data = b->data;
	read->state = b->state;
	memset(b->data, 0xa5, sizeof(b->data));
	memset(b->state, 0xff, sizeof(b->state));
	if (sp_reader_read(b->reader, read, &err))
		fail_msg("LBA %d: %s", (int)read->lba, err.text);
}

/* Profiles and the correction that makes their samples the disc's. Where a profile cannot reach
 * beyond the tracks, samples at the ends are padded: the pattern's ends would differ. */
static const struct {
	const char *name;
	int offset;
} drives[] = {
	{"ideal", 0},        {"plextor", 30},    {"lg-asus", 6},     {"pioneer", 667},
	{"usb-bridge", 102}, {"laptop-slim", 6}, {"no-c2", 12},      {"lying-c2", 48},
	{"dirty-c2", 0},     {"bcd-toc", 0},     {"stale-cache", 0}, {"reader", 594},
};

static inline int drive_offset(const char *name)
{
	for (size_t i = 0; i < sizeof(drives) / sizeof(drives[0]); i++)
		if (!strcmp(drives[i].name, name))
			return drives[i].offset;
	return 0;
}

static inline bool all_zero(const uint8_t *data, size_t size)
{
	while (size && !data[size - 1])
		size--;
	return !size;
}

#endif
