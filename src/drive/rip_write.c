/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was read on its way into the store: written by a thread of its own while the drive reads on.
 */
#include "drive/rip_own.h"

#include "disc/sector.h"

#include <stdlib.h>
#include <string.h>

void rip_learn(struct sp_rip *rip, sp_lba lba, const uint8_t *record, uint16_t state)
{
	if (!rip->ql)
		return;
	rip->state[lba - rip->origin] = state;
	sp_qlayout_take(rip->ql, lba, rip->sub ? record + SP_RAW_SIZE : NULL,
			sp_sector_probe(record, NULL));
}

static int write_records(struct sp_rip *rip, sp_lba lba, uint32_t count, const uint8_t *record,
			 const uint16_t *state, struct sp_error *err)
{
	const struct sp_region *region = sp_disc_region(sp_store_disc(rip->store), lba);
	const struct sp_span span = {.lba = lba,
				     .count = count,
				     .mode = region->mode,
				     .parts = region->parts,
				     .stride = rip->stride,
				     .data = (uint8_t *)(uintptr_t)record,
				     .state = (uint16_t *)(uintptr_t)state};
	const int rc = sp_store_write(rip->store, &span, err);

	for (uint32_t i = 0; !rc && i < count; i++)
		rip_learn(rip, lba + i, record + i * rip->stride, state[i]);
	if (!rc)
		rip_follow_take(rip, lba, count, record, state);
	return rc;
}

static void write_run(void *arg)
{
	struct rip_writer *w = arg;

	w->rc = write_records(w->rip, w->now.lba, w->now.count, w->now.record, w->now.state,
			      &w->err);
}

/* What the job that runs says in the end. */
static int write_wait(struct rip_writer *w, struct sp_error *err)
{
	if (w->busy)
		sp_pool_wait(w->pool, &w->job);
	w->busy = false;
	const int rc = w->rc;
	w->rc = 0;
	if (rc < 0 && err)
		*err = w->err;
	return rc;
}

/* The batch that fills up becomes the job. */
static int write_begin(struct rip_writer *w, struct sp_error *err)
{
	const struct rip_batch batch = w->next;
	const int rc = write_wait(w, err);

	w->next = w->now;
	w->next.count = 0;
	w->now = batch;
	if (rc < 0 || !batch.count)
		return rc;
	w->job = (struct sp_job){.run = write_run, .arg = w};
	w->busy = true;
	sp_pool_submit(w->pool, &w->job);
	return 0;
}

int rip_put_wait(struct sp_rip *rip, struct sp_error *err)
{
	const int rc = write_begin(&rip->writer, err);

	return rc ? rc : write_wait(&rip->writer, err);
}

int rip_put(struct sp_rip *rip, sp_lba lba, uint32_t count, const uint8_t *record,
	    const uint16_t *state, struct sp_error *err)
{
	const int rc = rip_put_wait(rip, err);

	return rc ? rc : write_records(rip, lba, count, record, state, err);
}

int rip_put_later(struct sp_rip *rip, sp_lba lba, uint32_t count, const uint8_t *record,
		  const uint16_t *state, struct sp_error *err)
{
	struct rip_batch *next = &rip->writer.next;

	if (next->count &&
	    (lba != next->lba + (sp_lba)next->count || count > next->most - next->count)) {
		const int rc = write_begin(&rip->writer, err);

		if (rc < 0)
			return rc;
	}
	if (!next->count) {
		const struct sp_region *r = sp_disc_region(sp_store_disc(rip->store), lba);
		const uint64_t left = r->count - (uint64_t)(lba - r->lba);

		next->lba = lba;
		next->most = left < RIP_BATCH ? (uint32_t)left : RIP_BATCH;
	}
	memcpy(next->record + next->count * rip->stride, record, count * rip->stride);
	memcpy(next->state + next->count, state, count * sizeof(state[0]));
	next->count += count;
	return 0;
}

int rip_writer_make(struct sp_rip *rip, struct sp_error *err)
{
	struct rip_writer *w = &rip->writer;

	w->rip = rip;
	w->pool = sp_pool_new(1);
	w->next.record = malloc(RIP_BATCH * rip->stride);
	w->next.state = malloc(RIP_BATCH * sizeof(w->next.state[0]));
	w->now.record = malloc(RIP_BATCH * rip->stride);
	w->now.state = malloc(RIP_BATCH * sizeof(w->now.state[0]));
	return w->next.record && w->next.state && w->now.record && w->now.state
		       ? 0
		       : sp_fail_memory(err);
}

void rip_writer_clear(struct rip_writer *w)
{
	sp_pool_free(w->pool); /* after what it still writes */
	free(w->next.record);
	free(w->next.state);
	free(w->now.record);
	free(w->now.state);
	*w = (struct rip_writer){0};
}
