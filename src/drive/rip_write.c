/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was read on its way into the store: written by a thread of its own while the drive reads on.
 */
#include "drive/rip_own.h"

#include "disc/sector.h"

#include <stdlib.h>
#include <string.h>

void rip_learn(struct sp_rip *rip, sp_lba lba, const uint8_t *main, const uint8_t *sub,
	       uint16_t state)
{
	if (!rip->ql)
		return;
	rip->state[lba - rip->origin] = state;
	sp_qlayout_take(rip->ql, lba, sub, sp_sector_probe(main, NULL));
}

/* Few records, with the sub-channel in them. */
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

	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < count; i++, record += rip->stride)
		rip_learn(rip, lba + i, record, rip->sub ? record + SP_RAW_SIZE : NULL, state[i]);
	rip_follow_take(rip, lba, count, span.data, rip->stride, state);
	return 0;
}

static size_t write_main(const struct sp_rip *rip)
{
	return rip->stride - (rip->sub ? SP_SUB_SIZE : 0u);
}

static void write_run(void *arg)
{
	struct rip_batch *b = arg;
	struct sp_rip *rip = b->rip;
	const struct sp_region *region = sp_disc_region(sp_store_disc(rip->store), b->lba);
	const struct sp_span span = {.lba = b->lba,
				     .count = b->count,
				     .mode = region->mode,
				     .parts = region->parts & SP_PART_MAIN,
				     .stride = write_main(rip),
				     .data = b->main,
				     .state = b->state};

	b->rc = sp_store_write_apart(rip->store, &span, rip->sub ? b->sub : NULL, &b->err);
	if (b->rc < 0)
		return;
	for (uint32_t i = 0; i < b->count; i++)
		rip_learn(rip, b->lba + i, b->main + i * span.stride,
			  rip->sub ? b->sub + (size_t)i * SP_SUB_SIZE : NULL, b->state[i]);
	rip_follow_take(rip, b->lba, b->count, b->main, span.stride, b->state);
}

/* What the job of a batch says in the end; then it is empty. */
static int write_wait(struct sp_rip *rip, struct rip_batch *b, struct sp_error *err)
{
	if (b->busy)
		sp_pool_wait(rip->writer.pool, &b->job);
	const int rc = b->busy ? b->rc : 0;
	if (rc < 0 && err)
		*err = b->err;
	b->busy = false;
	b->count = 0;
	return rc;
}

/* The batch that fills up becomes a job; the oldest one is the next to fill up. */
static int write_begin(struct sp_rip *rip, struct sp_error *err)
{
	struct rip_writer *w = &rip->writer;
	struct rip_batch *b = &w->batch[w->next];

	if (!b->count)
		return 0;
	b->rip = rip;
	b->job = (struct sp_job){.run = write_run, .arg = b};
	b->busy = true;
	sp_pool_submit(w->pool, &b->job);
	w->next = (w->next + 1) % RIP_BATCHES;
	return write_wait(rip, &w->batch[w->next], err);
}

int rip_put_wait(struct sp_rip *rip, struct sp_error *err)
{
	int first = write_begin(rip, err);

	for (unsigned i = 0; i < RIP_BATCHES; i++) {
		struct rip_batch *b = &rip->writer.batch[(rip->writer.next + i) % RIP_BATCHES];
		const int rc = write_wait(rip, b, first ? NULL : err);

		first = first ? first : rc;
	}
	return first;
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
	struct rip_batch *next = &rip->writer.batch[rip->writer.next];

	if (next->count &&
	    (lba != next->lba + (sp_lba)next->count || count > next->most - next->count)) {
		const int rc = write_begin(rip, err);

		if (rc < 0)
			return rc;
		next = &rip->writer.batch[rip->writer.next];
	}
	if (!next->count) {
		const struct sp_region *r = sp_disc_region(sp_store_disc(rip->store), lba);
		const uint64_t left = r->count - (uint64_t)(lba - r->lba);

		next->lba = lba;
		next->most = left < RIP_BATCH ? (uint32_t)left : RIP_BATCH;
	}
	const size_t main = write_main(rip);
	memcpy(next->state + next->count, state, count * sizeof(state[0]));
	for (uint32_t i = 0; i < count; i++, record += rip->stride, next->count++) {
		memcpy(next->main + next->count * main, record, main);
		memcpy(next->sub + (size_t)next->count * SP_SUB_SIZE, record + main,
		       rip->stride - main);
	}
	return 0;
}

int rip_writer_make(struct sp_rip *rip, struct sp_error *err)
{
	struct rip_writer *w = &rip->writer;

	w->pool = sp_pool_new(1);
	for (unsigned i = 0; i < RIP_BATCHES; i++) {
		struct rip_batch *b = &w->batch[i];

		b->main = malloc(RIP_BATCH * write_main(rip));
		b->sub = malloc((size_t)RIP_BATCH * SP_SUB_SIZE);
		b->state = malloc(RIP_BATCH * sizeof(b->state[0]));
		if (!b->main || !b->sub || !b->state)
			return sp_fail_memory(err);
	}
	return 0;
}

void rip_writer_clear(struct rip_writer *w)
{
	sp_pool_free(w->pool); /* after what it still writes */
	for (unsigned i = 0; i < RIP_BATCHES; i++) {
		const struct rip_batch *b = &w->batch[i];

		free(b->main);
		free(b->sub);
		free(b->state);
	}
	*w = (struct rip_writer){0};
}
