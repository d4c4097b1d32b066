/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sink that looks at EDC, parity and headers of what comes, and counts. */
#include <spindle/stream.h>

#include "base/pool.h"
#include "disc/repair.h"
#include "stream/runs.h"

#include <stdlib.h>
#include <string.h>

enum {
	CHECK_CHUNK = 64, /* sectors a job looks at */
	CHECK_JOBS = 32,  /* jobs of one round */
	CHECK_ROUND = CHECK_CHUNK * CHECK_JOBS,
	CHECK_BITS = 16,
};

struct check_job {
	const struct sp_span *span;
	uint32_t first, count; /* sectors of the span */
	uint16_t *state;
	uint16_t *fixed; /* bytes correction would change; NULL: not asked */
	uint8_t *verdict;
	struct sp_job job;
};

struct check_sink {
	struct sp_sink sink;
	struct sp_tally *result;
	struct sp_repairs *repairs;
	struct sp_runs *damaged;
	struct sp_pool *pool;
	struct check_job job[CHECK_JOBS];
	uint16_t state[CHECK_ROUND], fixed[CHECK_ROUND];
	uint8_t verdict[CHECK_ROUND];
};

static unsigned check_wants(struct sp_sink *sink, const struct sp_region *region)
{
	(void)sink;
	return region->stored ? region->parts : 0;
}

static int check_begin(struct sp_sink *sink, const struct sp_disc *disc, struct sp_source *source,
		       struct sp_error *err)
{
	struct check_sink *c = (struct check_sink *)sink;

	(void)disc;
	(void)source;
	(void)err;
	c->pool = sp_pool_new(0); /* without one, jobs run at once */
	return 0;
}

/* Can the i-th sector of a job be corrected? What is filler is not asked. */
static void check_repair(const struct check_job *job, uint32_t i)
{
	const unsigned found = SP_STATE_EDC | SP_STATE_ECC | SP_STATE_HEADER;
	const unsigned filler = SP_STATE_UNREAD | SP_STATE_GENERATED;
	const struct sp_span *span = job->span;
	const size_t main = sp_sector_size(span->mode, span->parts & SP_PART_MAIN);
	uint8_t sector[SP_RAW_SIZE];
	unsigned bytes = 0;

	job->verdict[i] = SP_REPAIR_GOOD;
	if (!(job->state[i] & found) || job->state[i] & filler || main > sizeof(sector))
		return;
	const uint8_t *stored = span->data + (job->first + i) * span->stride;
	memcpy(sector, stored, main);
	job->verdict[i] =
		(uint8_t)sp_repair_stored(span->mode, span->parts, sector,
					  span->parts & SP_PART_C2 ? stored + main : NULL, &bytes);
	job->fixed[i] = (uint16_t)bytes;
}

static void check_run(void *arg)
{
	const struct check_job *job = arg;
	const struct sp_span *span = job->span;

	sp_sector_check(span->mode, span->parts, span->lba + job->first, job->count,
			span->data + job->first * span->stride, job->state);
	for (uint32_t i = 0; job->verdict && i < job->count; i++)
		check_repair(job, i);
}

static void check_count(struct sp_tally *tally, sp_lba lba, uint32_t count, const uint16_t *state)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!state[i])
			continue;
		for (unsigned bit = 0; bit < CHECK_BITS; bit++)
			if (state[i] >> bit & 1 && !tally->state[bit]++)
				tally->first[bit] = lba + i;
	}
}

/* At most CHECK_ROUND sectors, shared among the workers. */
static int check_round(struct check_sink *c, const struct sp_span *span, uint32_t first,
		       uint32_t count, struct sp_error *err)
{
	unsigned jobs = 0;

	memcpy(c->state, span->state + first, count * sizeof(c->state[0]));
	for (uint32_t at = 0; at < count; at += CHECK_CHUNK, jobs++) {
		struct check_job *job = &c->job[jobs];

		*job = (struct check_job){
			.span = span,
			.first = first + at,
			.count = count - at < CHECK_CHUNK ? count - at : CHECK_CHUNK,
			.state = c->state + at,
			.fixed = c->fixed + at,
			.verdict = c->repairs ? c->verdict + at : NULL,
			.job = {.run = check_run, .arg = job},
		};
		/* a lone chunk is not worth waking another thread */
		sp_pool_submit(count > CHECK_CHUNK ? c->pool : NULL, &job->job);
	}
	for (unsigned i = 0; i < jobs; i++)
		sp_pool_wait(c->pool, &c->job[i].job);
	check_count(c->result, span->lba + first, count, c->state);
	int r = c->damaged ? sp_runs_damage(c->damaged, span->lba + first, count, c->state, err)
			   : 0;
	for (uint32_t i = 0; c->repairs && i < count && !r; i++)
		r = sp_repairs_add(c->repairs, span->lba + first + i, c->verdict[i], c->fixed[i],
				   err);
	return r;
}

static int check_write(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err)
{
	struct check_sink *c = (struct check_sink *)sink;

	for (uint32_t at = 0; at < span->count; at += CHECK_ROUND) {
		const uint32_t left = span->count - at;
		const int r =
			check_round(c, span, at, left < CHECK_ROUND ? left : CHECK_ROUND, err);

		if (r < 0)
			return r;
	}
	c->result->sectors += span->count;
	c->result->bytes += span->count * sp_sector_size(span->mode, span->parts & SP_PART_MAIN);
	return 0;
}

static int check_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	(void)sink;
	(void)disc;
	(void)err;
	return 0;
}

static void check_close(struct sp_sink *sink)
{
	struct check_sink *c = (struct check_sink *)sink;

	sp_pool_free(c->pool);
	free(c);
}

int sp_sink_check(struct sp_sink **out, struct sp_tally *result, struct sp_repairs *repairs,
		  struct sp_runs *damaged, struct sp_error *err)
{
	static const struct sp_sink_ops ops = {.wants = check_wants,
					       .begin = check_begin,
					       .write = check_write,
					       .finish = check_finish,
					       .close = check_close};
	struct check_sink *c = calloc(1, sizeof(*c));

	if (!c)
		return sp_fail_memory(err);
	c->sink = (struct sp_sink){.ops = &ops, .flags = SP_SINK_OBSERVER, .carries = SP_CARRY_ALL};
	c->result = result;
	c->repairs = repairs;
	c->damaged = damaged;
	*result = (struct sp_tally){0};
	*out = &c->sink;
	return 0;
}
