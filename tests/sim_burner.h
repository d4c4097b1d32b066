/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A simulated drive with a disc in it that is written to, in a folder of its own. */
#ifndef TEST_SIM_BURNER_H
#define TEST_SIM_BURNER_H

#include "stream/pattern.h"
#include "stream/store.h"
#include "tests/sim_helper.h"

#include <stdio.h>
#include <unistd.h>

struct burner {
	struct drive d;
	char folder[32], path[48];
	struct sp_sim_setup setup;
};

static inline void tell(void *user, const char *text)
{
	(void)user;
	print_message("%s\n", text);
}

/* The same disc in a drive that knows nothing of it yet. */
static inline void burner_again(struct burner *b, const char *medium)
{
	struct sp_io *io;
	struct sp_error err = {0};

	sp_sim_free(b->d.sim);
	if (sp_sim_new(&b->d.sim, &b->setup, &err) || sp_io_open_update(&io, b->path, &err) ||
	    sp_sim_load_disc(b->d.sim, io, medium, &err))
		fail_msg("%s", err.text);
	drive_ready(&b->d);
}

static inline struct burner *burner(const char *medium, const char *faults)
{
	static const struct sp_notes notes = {.fn = tell};
	struct burner *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->setup = (struct sp_sim_setup){.faults = faults, .notes = &notes};
	memcpy(b->folder, "/tmp/burner-XXXXXX", 19);
	assert_non_null(mkdtemp(b->folder));
	snprintf(b->path, sizeof(b->path), "%s/new.disc", b->folder);
	burner_again(b, medium);
	return b;
}

static inline void burner_free(struct burner *b)
{
	static const char *const files[] = {"new.disc", "new.main", "new.sub", "new.state"};
	char path[64];

	sp_sim_free(b->d.sim);
	for (unsigned i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", b->folder, files[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(b->folder), 0);
	free(b);
}

/* What is on the disc, as any program that opens images finds it. */
static inline struct sp_source *image(struct burner *b)
{
	struct sp_io *io;
	struct sp_store *store;
	struct sp_source *src = NULL;
	struct sp_error err = {0};

	assert_int_equal(sp_io_open_file(&io, b->path, &err), 0);
	if (sp_store_open(&store, io, &err) || sp_store_source(&src, store, &err))
		fail_msg("%s", err.text);
	assert_int_equal(sp_disc_check(src->disc, &err), 0);
	return src;
}

enum { TAO = 1, SAO = 2, RAW = 3 };

/* MODE SELECT of page 05: way of writing, track mode, block type. */
static inline uint32_t page_5(struct burner *b, unsigned type, unsigned mode, unsigned block)
{
	uint8_t list[60] = {[8] = 0x05, 50, (uint8_t)(0x40 | type), (uint8_t)mode, (uint8_t)block};

	list[8 + 15] = 150;
	return SEND(&b->d, list, sizeof(list), 0x55, 0x10, 0, 0, 0, 0, 0, 0, sizeof(list), 0);
}

static inline uint32_t write_10(struct burner *b, sp_lba lba, uint32_t count, const void *data,
				size_t size)
{
	uint8_t cdb[10] = {0x2a, [8] = (uint8_t)count};

	put_be32(cdb + 2, (uint32_t)lba);
	return send(&b->d, data, size, sizeof(cdb), cdb);
}

/* `count` sectors of noise from `lba` on, in pieces. */
static inline void write_noise(struct burner *b, sp_lba lba, uint32_t count, size_t size)
{
	uint8_t data[20 * 2352];

	for (uint32_t done = 0; done < count;) {
		const uint32_t n = count - done < 20 ? count - done : 20;

		for (uint32_t i = 0; i < n; i++)
			sp_pattern_fill(1, lba + done + i, data + i * size, size);
		const uint32_t sense = write_10(b, lba + done, n, data, n * size);
		if (sense)
			fail_msg("LBA %d: %06x", (int)(lba + done), sense);
		done += n;
	}
}

static inline void expect_noise(struct burner *b, sp_lba lba, uint32_t count, size_t size)
{
	uint8_t data[2352];

	for (uint32_t i = 0; i < count; i++) {
		sp_pattern_fill(1, lba + i, data, size);
		assert_int_equal(read_cd(&b->d, 0, lba + i, 1, 0x10, 0), no_sense);
		assert_int_equal(b->d.c.done, size);
		assert_memory_equal(b->d.data, data, size);
	}
}

static inline void sync_cache(struct burner *b)
{
	assert_int_equal(RUN(&b->d, 0, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), no_sense);
}

/* Status of READ DISC INFORMATION, and the writable address of the next track. */
static inline void expect_state(struct burner *b, unsigned status, sp_lba next)
{
	assert_int_equal(RUN(&b->d, 34, 0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0), no_sense);
	assert_int_equal(b->d.data[2], status);
	if (next == SP_LBA_NONE) {
		assert_int_equal(RUN(&b->d, 36, 0x52, 1, 0, 0, 0, 0xff, 0, 0, 36, 0), 0x052400);
		return;
	}
	assert_int_equal(RUN(&b->d, 36, 0x52, 1, 0, 0, 0, 0xff, 0, 0, 36, 0), no_sense);
	assert_int_equal(b->d.data[7] & 1, 1);
	assert_int_equal((int32_t)get_be32(b->d.data + 12), next);
}

#endif
