/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a file of raw sectors changes from data to audio or back, by looking at sectors. */
#include "base/bytes.h"
#include "disc/sector.h"
#include "formats/raw.h"

#include <stdlib.h>
#include <string.h>

enum {
	SPLIT_LOOKS = 4096, /* of a file with more sectors not each is looked at … */
	SPLIT_STEP = 100,   /* … but never fewer than this: a third of the shortest track */
};

struct split {
	struct sp_raw_runs *runs;
	const struct sp_raw_shape *shape;
	struct sp_raw_file *file;
};

/* Formless mode 2 and XA are one: sectors of both lie in one track. */
static unsigned split_kind(const struct split *s, uint64_t i, bool look)
{
	uint8_t raw[SP_RAW_SIZE];
	sp_lba lba;

	sp_raw_sector(s->file, s->shape, i, raw);
	const unsigned mode = sp_sector_probe(raw, NULL);
	if (look) {
		s->runs->seen++;
		if (s->shape->placed && sp_raw_header(raw, &lba))
			s->runs->away += lba != s->shape->base + (sp_lba)i;
	}
	return mode == SP_MODE_XA ? SP_MODE_MODE2 : mode;
}

/* The first sector of `mode` in (low, high], where low is of another and high is. */
static uint64_t split_edge(const struct split *s, uint64_t low, uint64_t high, unsigned mode)
{
	while (high - low > 1) {
		const uint64_t mid = low + (high - low) / 2;

		if (split_kind(s, mid, false) == mode)
			high = mid;
		else
			low = mid;
	}
	return high;
}

static int split_add(struct sp_raw_runs *runs, uint64_t first, uint64_t count, unsigned mode,
		     struct sp_error *err)
{
	struct sp_raw_run *grown = sp_grow(runs->run, runs->runs, sizeof(grown[0]));

	if (!grown)
		return sp_fail_memory(err);
	runs->run = grown;
	runs->run[runs->runs++] = (struct sp_raw_run){first, count, mode};
	return 0;
}

static int split_look(const struct split *s, uint64_t sectors)
{
	uint64_t step = sectors / SPLIT_LOOKS + 1, first = 0;
	unsigned mode = split_kind(s, 0, true);

	if (step > SPLIT_STEP)
		step = SPLIT_STEP;
	for (uint64_t at = 0; at + 1 < sectors;) {
		const uint64_t next = sectors - at > step ? at + step : sectors - 1;
		const unsigned kind = split_kind(s, next, true);

		if (s->file->status)
			return s->file->status;
		if (kind != mode) {
			const uint64_t edge = split_edge(s, at, next, kind);
			const int r = split_add(s->runs, first, edge - first, mode, s->file->err);

			if (r < 0)
				return r;
			first = edge;
			mode = kind;
		}
		at = next;
	}
	if (s->file->status)
		return s->file->status;
	return split_add(s->runs, first, sectors - first, mode, s->file->err);
}

/* What is shorter than a track stays in the one before it, or the first one after it. Where all are
 * short, the file is one track of what most sectors are. */
static void split_merge(struct sp_raw_runs *runs, uint64_t sectors)
{
	uint64_t most[SP_MODES] = {0};
	size_t kept = 0, best = 0;

	for (size_t i = 0; i < runs->runs; i++)
		most[runs->run[i].mode] += runs->run[i].count;
	for (size_t i = 0; i < runs->runs; i++) {
		const struct sp_raw_run run = runs->run[i];

		if (run.count < SP_RAW_TRACK_LEAST)
			runs->odd += run.count;
		else if (!kept || runs->run[kept - 1].mode != run.mode)
			runs->run[kept++] = run;
	}
	for (size_t i = 0; i < SP_MODES; i++)
		if (most[i] > most[best])
			best = i;
	if (!kept) {
		runs->odd = sectors - most[best];
		runs->run[kept++].mode = (unsigned)best;
	}
	runs->runs = kept < SP_TRACK_MAX ? kept : SP_TRACK_MAX;
	runs->run[0].first = 0;
	for (size_t i = 0; i < runs->runs; i++)
		runs->run[i].count = (i + 1 < runs->runs ? runs->run[i + 1].first : sectors) -
				     runs->run[i].first;
}

/* Of mode 2: XA where most sub-headers are there twice; blank sectors do not count. */
static void split_mode2(const struct split *s, struct sp_raw_run *run)
{
	static const uint8_t blank[8];
	const uint64_t step = run->count / 64 + 1;
	uint64_t xa = 0, formless = 0;
	uint8_t raw[SP_RAW_SIZE];

	for (uint64_t i = 0; i < run->count; i += step) {
		if (!sp_raw_sector(s->file, s->shape, run->first + i, raw) || raw[15] != 2 ||
		    !memcmp(raw + 16, blank, sizeof(blank)))
			continue;
		if (sp_sector_probe(raw, NULL) == SP_MODE_XA)
			xa++;
		else
			formless++;
	}
	run->mode = xa > formless ? SP_MODE_XA : SP_MODE_MODE2;
}

int sp_raw_split(struct sp_raw_runs *runs, const struct sp_raw_shape *shape,
		 struct sp_raw_file *file, uint64_t sectors)
{
	const struct split s = {runs, shape, file};

	*runs = (struct sp_raw_runs){0};
	if (shape->mode != SP_RAW_EACH)
		return split_add(runs, 0, sectors, shape->mode, file->err);
	int r = split_look(&s, sectors);
	if (!r)
		split_merge(runs, sectors);
	for (size_t i = 0; !r && i < runs->runs; i++)
		if (runs->run[i].mode == SP_MODE_MODE2)
			split_mode2(&s, &runs->run[i]);
	return r ? r : file->status;
}
