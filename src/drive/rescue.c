/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The phases of a rescue. */
#include "drive/rescue.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
	RESCUE_PASSES = 5,       /* of copying */
	RESCUE_SKIP_PASSES = 2,  /* in which trouble is skipped further and further */
	RESCUE_SKIP_SHARE = 100, /* at most this part of the disc is skipped at once */
};
/* A byte each: 100 GB in sectors of 2048 are 49 million; this is four layers of BD and more */
#define RESCUE_SECTORS_MAX (UINT64_C(1) << 27)

struct sp_rescue {
	struct sp_rescue_setup setup;
	sp_lba origin;
	uint64_t count; /* sectors from origin on */
	uint8_t *status;
	uint8_t *answer; /* of one try */
	struct sp_rescue_area *area;
	unsigned phase, pass;
	uint64_t at; /* index the phase has come to */
	struct sp_rescue_tally tally;
};

static void rescue_put(struct sp_rescue *r, uint64_t index, uint8_t status)
{
	r->tally.sectors[r->status[index]]--;
	r->tally.sectors[status]++;
	r->status[index] = status;
}

static int rescue_check(const struct sp_rescue_setup *setup, struct sp_error *err)
{
	sp_lba end = INT64_MIN;

	for (size_t i = 0; i < setup->areas; i++) {
		const struct sp_rescue_area *a = &setup->area[i];

		if (a->lba < end || !a->count)
			return sp_fail(err, SP_ERR_USAGE, "areas of a rescue do not ascend");
		if (a->lba < -SP_LBA_MSF_END || a->count > RESCUE_SECTORS_MAX ||
		    a->lba > (sp_lba)RESCUE_SECTORS_MAX ||
		    a->lba - setup->area[0].lba + (sp_lba)a->count > (sp_lba)RESCUE_SECTORS_MAX)
			return sp_fail(err, SP_ERR_UNSUPPORTED, "the disc has too many sectors");
		end = a->lba + (sp_lba)a->count;
	}
	if (!setup->areas || !setup->cluster || !setup->align || setup->align > setup->cluster)
		return sp_fail(err, SP_ERR_USAGE, "nothing to rescue");
	return 0;
}

int sp_rescue_new(struct sp_rescue **out, const struct sp_rescue_setup *setup, struct sp_error *err)
{
	const int rc = rescue_check(setup, err);

	if (rc < 0)
		return rc;
	const struct sp_rescue_area *last = &setup->area[setup->areas - 1];
	struct sp_rescue *r = calloc(1, sizeof(*r));
	if (r) {
		r->setup = *setup;
		r->origin = setup->area[0].lba;
		r->count = (uint64_t)(last->lba - r->origin) + last->count;
		r->status = calloc(1, (size_t)r->count);
		r->answer = malloc(setup->cluster);
		r->area = malloc(setup->areas * sizeof(r->area[0]));
	}
	if (!r || !r->status || !r->answer || !r->area) {
		sp_rescue_free(r);
		return sp_fail_memory(err);
	}
	memcpy(r->area, setup->area, setup->areas * sizeof(r->area[0]));
	r->setup.area = r->area;
	for (size_t i = 0; i < setup->areas; i++) {
		memset(r->status + (r->area[i].lba - r->origin), SP_RESCUE_UNTRIED,
		       (size_t)r->area[i].count);
		r->tally.sectors[SP_RESCUE_UNTRIED] += r->area[i].count;
	}
	r->tally.sectors[SP_RESCUE_ABSENT] = r->count - r->tally.sectors[SP_RESCUE_UNTRIED];
	r->pass = 1;
	*out = r;
	return 0;
}

void sp_rescue_free(struct sp_rescue *rescue)
{
	if (!rescue)
		return;
	free(rescue->status);
	free(rescue->answer);
	free(rescue->area);
	free(rescue);
}

void sp_rescue_set(struct sp_rescue *rescue, sp_lba lba, uint64_t count, unsigned status)
{
	for (uint64_t i = 0; i < count; i++, lba++) {
		if (lba < rescue->origin)
			continue;
		if ((uint64_t)(lba - rescue->origin) >= rescue->count)
			return;
		const uint64_t index = (uint64_t)(lba - rescue->origin);
		if (rescue->status[index] != SP_RESCUE_ABSENT && status != SP_RESCUE_ABSENT)
			rescue_put(rescue, index, (uint8_t)status);
	}
}

unsigned sp_rescue_status(const struct sp_rescue *rescue, sp_lba lba)
{
	if (lba < rescue->origin || (uint64_t)(lba - rescue->origin) >= rescue->count)
		return SP_RESCUE_ABSENT;
	return rescue->status[lba - rescue->origin];
}

const struct sp_rescue_tally *sp_rescue_tally(const struct sp_rescue *rescue)
{
	return &rescue->tally;
}

unsigned sp_rescue_phase(const struct sp_rescue *rescue, unsigned *pass)
{
	if (pass)
		*pass = rescue->pass;
	return rescue->phase;
}

/* --- finding what to try ------------------------------------------------------------------- */

/* The area an existing sector lies in, as indexes. */
static void rescue_area(const struct sp_rescue *r, uint64_t index, uint64_t *from, uint64_t *to)
{
	size_t low = 0, high = r->setup.areas;

	while (high - low > 1) {
		const size_t mid = low + (high - low) / 2;

		if ((uint64_t)(r->area[mid].lba - r->origin) <= index)
			low = mid;
		else
			high = mid;
	}
	*from = (uint64_t)(r->area[low].lba - r->origin);
	*to = *from + r->area[low].count;
}

/* The run of sectors with `status` nearest to `at`, at or behind it (backward: the last one that
 * ends at or before it), within one area; its first (backward: last) `most` sectors. False: none.
 */
static bool rescue_find(const struct sp_rescue *r, uint64_t at, bool backward, uint8_t status,
			uint64_t most, uint64_t *from, uint64_t *to)
{
	const uint8_t *s = r->status;
	uint64_t low, high;

	if (backward) {
		const uint8_t *p = at ? memrchr(s, status, (size_t)at) : NULL;

		if (!p)
			return false;
		*to = (uint64_t)(p - s) + 1;
		rescue_area(r, *to - 1, &low, &high);
		for (*from = *to - 1; *from > low && *to - *from < most && s[*from - 1] == status;)
			--*from;
		return true;
	}
	const uint8_t *p = at < r->count ? memchr(s + at, status, (size_t)(r->count - at)) : NULL;
	if (!p)
		return false;
	*from = (uint64_t)(p - s);
	rescue_area(r, *from, &low, &high);
	for (*to = *from + 1; *to < high && *to - *from < most && s[*to] == status;)
		++*to;
	return true;
}

/* Ask for `count` sectors; *bad tells whether any was. */
static int rescue_ask(struct sp_rescue *r, uint64_t index, uint32_t count, bool backward,
		      unsigned turn, bool *bad, bool *slow, struct sp_error *err)
{
	struct sp_rescue_try attempt = {.lba = r->origin + (sp_lba)index,
					.count = count,
					.phase = r->phase,
					.pass = r->pass,
					.turn = turn,
					.backward = backward,
					.status = r->answer};

	*bad = *slow = false;
	memset(r->answer, SP_RESCUE_BAD, count);
	r->at = index;
	const int rc = r->setup.attempt(r->setup.user, &attempt, err);
	if (rc < 0)
		return rc;
	*slow = attempt.slow;
	for (uint32_t i = 0; i < count; i++)
		*bad |= r->answer[i] == SP_RESCUE_BAD;
	r->tally.tries++;
	r->tally.asked += count;
	r->tally.failed += *bad;
	return 0;
}

/* What was answered becomes the sectors' status, a bad one's `failed`. One that something is there
 * of does not become bad again. */
static void rescue_take(struct sp_rescue *r, uint64_t index, uint32_t count, uint8_t failed)
{
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t got = r->answer[i];

		if (got != SP_RESCUE_BAD)
			rescue_put(r, index + i, got);
		else if (r->status[index + i] != SP_RESCUE_DOUBTFUL)
			rescue_put(r, index + i, failed);
	}
}

/* --- copying ------------------------------------------------------------------------------- */

/* How much of the run from…to is read at once: from its end when backward. Several sectors end at a
 * multiple of the alignment of LBAs, so that the next try begins at one. */
static void rescue_cut(const struct sp_rescue *r, bool backward, uint64_t *from, uint64_t *to)
{
	const uint32_t cluster = r->setup.cluster, align = r->setup.align;

	if (*to - *from <= cluster)
		return;
	if (backward) {
		const sp_lba low = r->origin + (sp_lba)(*to - cluster);
		const uint64_t over = low > 0 ? (uint64_t)low % align : 0;
		const uint64_t up = over ? align - over : 0;

		*from = *to - cluster + (up < cluster ? up : 0);
	} else {
		const sp_lba high = r->origin + (sp_lba)(*from + cluster);
		const uint64_t over = high > 0 ? (uint64_t)high % align : 0;

		*to = *from + cluster - (over < cluster ? over : 0);
	}
}

struct rescue_skip {
	uint64_t first, most, next; /* sectors */
};

static struct rescue_skip rescue_skip(const struct sp_rescue *r)
{
	const uint64_t most = r->count / RESCUE_SKIP_SHARE;
	const uint64_t first = r->setup.cluster;

	return (struct rescue_skip){first, most > first ? most : first, first};
}

/* How far to go on behind trouble, where the untried run goes on at `at` (backward: ends there). In
 * the passes that delimit, the rest of the run is left; the last one skips nothing. */
static uint64_t rescue_skip_now(const struct sp_rescue *r, struct rescue_skip *skip, uint64_t at,
				bool backward)
{
	uint64_t from, to;

	if (r->pass >= RESCUE_PASSES ||
	    !rescue_find(r, at, backward, SP_RESCUE_UNTRIED, r->count, &from, &to) ||
	    (backward ? to : from) != at)
		return 0;
	const uint64_t left = to - from, go = skip->next;
	if (r->pass > 1)
		return left;
	skip->next = skip->next * 2 < skip->most ? skip->next * 2 : skip->most;
	return go < left ? go : left;
}

static int rescue_copy_pass(struct sp_rescue *r, struct sp_error *err)
{
	const bool backward = r->pass % 2 == 0;
	struct rescue_skip skip = rescue_skip(r);
	uint64_t at = backward ? r->count : 0, from, to;

	/* one more than is read shows that a run goes on */
	while (rescue_find(r, at, backward, SP_RESCUE_UNTRIED, r->setup.cluster + 1u, &from, &to)) {
		bool bad, slow;

		rescue_cut(r, backward, &from, &to);
		const int rc =
			rescue_ask(r, from, (uint32_t)(to - from), backward, 0, &bad, &slow, err);
		if (rc < 0)
			return rc;
		rescue_take(r, from, (uint32_t)(to - from),
			    to - from > 1 ? SP_RESCUE_UNTRIMMED : SP_RESCUE_BAD);
		const bool trouble = bad || (slow && r->pass <= RESCUE_SKIP_PASSES);
		if (!trouble)
			skip.next = skip.first;
		if (backward)
			at = from - (trouble ? rescue_skip_now(r, &skip, from, true) : 0);
		else
			at = to + (trouble ? rescue_skip_now(r, &skip, to, false) : 0);
	}
	return 0;
}

/* --- trimming and scraping ----------------------------------------------------------------- */

/* One sector alone. */
static int rescue_single(struct sp_rescue *r, uint64_t index, bool backward, bool *bad,
			 struct sp_error *err)
{
	bool slow;
	const int rc = rescue_ask(r, index, 1, backward, 0, bad, &slow, err);

	if (!rc)
		rescue_take(r, index, 1, SP_RESCUE_BAD);
	return rc;
}

/* From both edges of what failed inward to the first bad sector; what lies between is to be
 * scraped. */
static int rescue_trim(struct sp_rescue *r, struct sp_error *err)
{
	uint64_t from, to;
	int rc = 0;

	while (!rc && rescue_find(r, 0, false, SP_RESCUE_UNTRIMMED, r->count, &from, &to)) {
		bool bad = false;

		while (!rc && from < to && !bad)
			rc = rescue_single(r, from++, false, &bad, err);
		bad = false;
		while (!rc && from < to && !bad)
			rc = rescue_single(r, --to, true, &bad, err);
		while (!rc && from < to)
			rescue_put(r, from++, SP_RESCUE_UNSCRAPED);
	}
	return rc;
}

static int rescue_scrape(struct sp_rescue *r, struct sp_error *err)
{
	uint64_t from, to;
	int rc = 0;
	bool bad;

	while (!rc && rescue_find(r, 0, false, SP_RESCUE_UNSCRAPED, r->count, &from, &to))
		while (!rc && from < to)
			rc = rescue_single(r, from++, false, &bad, err);
	return rc;
}

/* --- retrying ------------------------------------------------------------------------------ */

/* A doubtful sector has all its turns one after another, so that what they gave can be compared
 * without being kept for the whole disc. */
static int rescue_turns(struct sp_rescue *r, uint64_t index, bool backward, struct sp_error *err)
{
	bool bad, slow;
	int rc = 0;

	for (unsigned turn = 1;
	     !rc && turn <= r->setup.retries && r->status[index] == SP_RESCUE_DOUBTFUL; turn++) {
		rc = rescue_ask(r, index, 1, backward, turn, &bad, &slow, err);
		if (!rc)
			rescue_take(r, index, 1, SP_RESCUE_BAD);
	}
	return rc;
}

static int rescue_retry_pass(struct sp_rescue *r, struct sp_error *err)
{
	const uint64_t *sectors = r->tally.sectors;
	const bool backward = r->pass % 2 == 0;
	int rc = 0;

	for (uint64_t n = 0; !rc && n < r->count; n++) {
		const uint64_t index = backward ? r->count - 1 - n : n;
		const uint8_t was = r->status[index];
		bool bad;

		if (!sectors[SP_RESCUE_BAD] && !sectors[SP_RESCUE_DOUBTFUL])
			break;
		if (was == SP_RESCUE_BAD)
			rc = rescue_single(r, index, backward, &bad, err);
		/* those that were doubtful before had their turns in the first pass */
		if (!rc && (was == SP_RESCUE_BAD || r->pass == 1))
			rc = rescue_turns(r, index, backward, err);
	}
	return rc;
}

static int rescue_phase(struct sp_rescue *r, unsigned phase, unsigned passes,
			int (*run)(struct sp_rescue *r, struct sp_error *err), struct sp_error *err)
{
	int rc = 0;

	r->phase = phase;
	for (unsigned pass = 1; !rc && pass <= passes; pass++) {
		r->pass = pass;
		rc = run(r, err);
	}
	return rc;
}

int sp_rescue_run(struct sp_rescue *rescue, struct sp_error *err)
{
	int rc = rescue_phase(rescue, SP_RESCUE_COPY, RESCUE_PASSES, rescue_copy_pass, err);

	if (!rc)
		rc = rescue_phase(rescue, SP_RESCUE_TRIM, 1, rescue_trim, err);
	if (!rc)
		rc = rescue_phase(rescue, SP_RESCUE_SCRAPE, 1, rescue_scrape, err);
	if (!rc)
		rc = rescue_phase(rescue, SP_RESCUE_RETRY, rescue->setup.retries, rescue_retry_pass,
				  err);
	if (!rc)
		rescue->phase = SP_RESCUE_FINISHED;
	return rc;
}

/* --- map files ----------------------------------------------------------------------------- */

static const char rescue_sign[SP_RESCUE_STATUSES] = {
	[SP_RESCUE_ABSENT] = SP_MAP_DONE,
	[SP_RESCUE_UNTRIED] = SP_MAP_UNTRIED,
	[SP_RESCUE_UNTRIMMED] = SP_MAP_UNTRIMMED,
	[SP_RESCUE_UNSCRAPED] = SP_MAP_UNSCRAPED,
	[SP_RESCUE_BAD] = SP_MAP_BAD,
	[SP_RESCUE_DOUBTFUL] = SP_MAP_BAD,
	[SP_RESCUE_DONE] = SP_MAP_DONE,
};

int sp_rescue_to_map(const struct sp_rescue *rescue, sp_lba lba, size_t size, struct sp_map *map,
		     struct sp_error *err)
{
	static const char phase[] = {SP_MAP_COPYING, SP_MAP_TRIMMING, SP_MAP_SCRAPING,
				     SP_MAP_RETRYING, SP_MAP_FINISHED};
	const sp_lba end = rescue->origin + (sp_lba)rescue->count;
	const sp_lba at = rescue->origin + (sp_lba)rescue->at;
	int rc = 0;

	*map = (struct sp_map){.at = at > lba ? (uint64_t)(at - lba) * size : 0,
			       .phase = phase[rescue->phase],
			       .pass = rescue->pass};
	if (lba < rescue->origin) /* nothing to rescue there */
		rc = sp_map_add(map, (uint64_t)(rescue->origin - lba) * size, SP_MAP_DONE, err);
	for (sp_lba i = lba > rescue->origin ? lba : rescue->origin; !rc && i < end;) {
		const char sign = rescue_sign[rescue->status[i - rescue->origin]];
		uint64_t n = 0;

		for (; i < end && rescue_sign[rescue->status[i - rescue->origin]] == sign; i++)
			n++;
		rc = sp_map_add(map, n * size, sign, err);
	}
	return rc;
}

void sp_rescue_from_map(struct sp_rescue *rescue, sp_lba lba, size_t size, const struct sp_map *map)
{
	static const uint8_t status[] = {SP_RESCUE_UNTRIED, SP_RESCUE_UNTRIMMED,
					 SP_RESCUE_UNSCRAPED, SP_RESCUE_BAD};
	static const char signs[] = {SP_MAP_UNTRIED, SP_MAP_UNTRIMMED, SP_MAP_UNSCRAPED,
				     SP_MAP_BAD};
	uint64_t at = map->origin;

	for (size_t b = 0; b < map->blocks; at += map->block[b++].size) {
		const char *known = memchr(signs, map->block[b].status, sizeof(signs));
		const sp_lba first = lba + (sp_lba)((at + size - 1) / size);
		const sp_lba end = lba + (sp_lba)((at + map->block[b].size) / size);

		for (sp_lba i = first > rescue->origin ? first : rescue->origin;
		     known && i < end && (uint64_t)(i - rescue->origin) < rescue->count; i++) {
			const uint64_t index = (uint64_t)(i - rescue->origin);
			const uint8_t was = rescue->status[index];

			if (was != SP_RESCUE_ABSENT && was < SP_RESCUE_DOUBTFUL)
				rescue_put(rescue, index, status[known - signs]);
		}
	}
}
