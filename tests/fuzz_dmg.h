/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is done with a disk image that opens: it is described, read at its beginning, middle and
 * end, and proven where that is little. */
#ifndef TEST_FUZZ_DMG_H
#define TEST_FUZZ_DMG_H

#include "formats/formats.h"

#include <stdlib.h>
#include <string.h>

enum { FUZZ_SECTORS = 512, FUZZ_PROVEN = 16384 };

static inline void fuzz_failed(const struct sp_error *err, int status)
{
	if (err->status != status || !err->text[0])
		abort();
}

static inline void fuzz_note(void *user, const char *text)
{
	if (!text[0])
		abort();
	*(unsigned *)user += 1;
}

static inline void fuzz_fact(void *user, const struct sp_fact *fact)
{
	if (!fact->key || (fact->text && strlen(fact->text) > 1 << 20))
		abort();
	*(unsigned *)user += 1;
}

static inline void fuzz_proof(void *user, const struct sp_proof *proof)
{
	if (strlen(proof->expected) != strlen(proof->found))
		abort();
	*(unsigned *)user += 1;
}

/* `count` sectors from `lba`, as far as there are any. */
static inline void fuzz_read(struct sp_source *src, uint64_t lba, uint64_t count)
{
	static uint8_t data[FUZZ_SECTORS * 2048];
	static uint16_t state[FUZZ_SECTORS];
	const struct sp_region *region = &src->disc->region[0];
	struct sp_error err = {0};

	if (lba >= region->count)
		return;
	if (count > region->count - lba)
		count = region->count - lba;
	struct sp_span span = {.lba = (sp_lba)lba,
			       .count = (uint32_t)count,
			       .mode = region->mode,
			       .parts = region->parts,
			       .stride = sp_sector_size(region->mode, region->parts),
			       .data = data,
			       .state = state};
	const int r = sp_source_read(src, &span, &err);
	if (r < 0)
		fuzz_failed(&err, r);
}

static inline void fuzz_use(struct sp_source *src)
{
	const uint64_t sectors = src->disc->region[0].count;
	struct sp_partitions list;
	struct sp_error err = {0};
	unsigned told = 0;

	if (sp_source_describe(src, fuzz_fact, &told, &err) < 0 || !told)
		abort();
	for (uint64_t at = 0; at < 4 * FUZZ_SECTORS; at += FUZZ_SECTORS)
		fuzz_read(src, at, FUZZ_SECTORS);
	fuzz_read(src, sectors / 2, 100);
	fuzz_read(src, sectors > 99 ? sectors - 99 : 0, 99);
	fuzz_read(src, sectors / 3, 7);
	int r = src->caps & SP_SOURCE_SLOW ? 0 : sp_partitions_find(&list, src, &err);
	if (r < 0)
		fuzz_failed(&err, r);
	if (!(src->caps & SP_SOURCE_SLOW))
		sp_partitions_free(&list);
	if (sectors <= FUZZ_PROVEN && (r = sp_source_prove(src, fuzz_proof, &told, &err)) < 0)
		fuzz_failed(&err, r);
}

/* `mem` has "fuzz.dmg", and what belongs to it. */
static inline void fuzz_image(struct sp_memory *mem)
{
	unsigned told = 0;
	const struct sp_notes notes = {fuzz_note, &told};
	const struct sp_options options = {.notes = &notes};
	struct sp_error err = {0};
	struct sp_source *src;
	struct sp_io *io;

	if (sp_memory_open(mem, "fuzz.dmg", false, &io, &err) < 0)
		abort();
	const int r = sp_format_dmg.open(&src, io, &options, &err);
	if (r < 0) {
		fuzz_failed(&err, r);
		sp_io_close(io);
	} else {
		fuzz_use(src);
		sp_source_close(src);
	}
}

#endif
