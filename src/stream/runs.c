/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sorted runs of sectors: what comes in order is appended, the rest finds its place. */
#include "stream/runs.h"

#include <stdlib.h>
#include <string.h>

static sp_lba runs_end(const struct sp_run *run)
{
	return run->lba + (sp_lba)run->count;
}

/* Number of runs that begin at or before `lba`. */
static size_t runs_before(const struct sp_runs *runs, sp_lba lba)
{
	size_t low = 0, high = runs->count;

	if (high && runs->run[high - 1].lba <= lba)
		return high;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (runs->run[middle].lba <= lba)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool runs_alike(const struct sp_run *a, const struct sp_run *b)
{
	return a->what == b->what && a->source == b->source;
}

static bool runs_grow(struct sp_runs *runs)
{
	if (runs->count < runs->room)
		return true;
	const size_t room = runs->room ? runs->room * 2 : 64;
	struct sp_run *run =
		room <= SIZE_MAX / sizeof(*run) ? realloc(runs->run, room * sizeof(*run)) : NULL;
	if (!run)
		return false;
	runs->run = run;
	runs->room = room;
	return true;
}

int sp_runs_add(struct sp_runs *runs, const struct sp_run *sector, struct sp_error *err)
{
	const size_t at = runs_before(runs, sector->lba);
	struct sp_run *before = at ? &runs->run[at - 1] : NULL;
	struct sp_run *after = at < runs->count ? &runs->run[at] : NULL;

	if (before && sector->lba < runs_end(before))
		return 0;
	if (before && runs_end(before) == sector->lba && runs_alike(before, sector)) {
		before->count++;
		before->bytes += sector->bytes;
		return 1;
	}
	if (after && after->lba == sector->lba + 1 && runs_alike(after, sector)) {
		after->lba--;
		after->count++;
		after->bytes += sector->bytes;
		return 1;
	}
	if (!runs_grow(runs))
		return sp_fail_memory(err);
	memmove(&runs->run[at + 1], &runs->run[at], (runs->count - at) * sizeof(runs->run[0]));
	runs->run[at] = *sector;
	runs->run[at].count = 1;
	runs->count++;
	return 1;
}

void sp_runs_free(struct sp_runs *runs)
{
	free(runs->run);
	*runs = (struct sp_runs){0};
}

int sp_repairs_add(struct sp_repairs *repairs, sp_lba lba, enum sp_repair_verdict verdict,
		   unsigned bytes, struct sp_error *err)
{
	const struct sp_run sector = {.lba = lba, .what = verdict, .bytes = bytes};

	if (verdict == SP_REPAIR_GOOD || verdict == SP_REPAIR_NONE)
		return 0;
	const int r = sp_runs_add(&repairs->runs, &sector, err);
	if (r > 0) {
		repairs->sectors[verdict]++;
		repairs->bytes += bytes;
	}
	return r < 0 ? r : 0;
}

int sp_runs_damage(struct sp_runs *runs, sp_lba lba, uint32_t count, const uint16_t *state,
		   struct sp_error *err)
{
	int r = 0;

	for (uint32_t i = 0; i < count && r >= 0; i++) {
		const struct sp_run sector = {.lba = lba + i, .what = state[i] & SP_RUNS_DAMAGE};
		if (sector.what)
			r = sp_runs_add(runs, &sector, err);
	}
	return r < 0 ? r : 0;
}
