/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was read on its way into the store: written by a thread of its own while the drive reads on.
 */
#include "drive/rip_own.h"

#include "disc/sector.h"

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
	return rc;
}

static void write_run(void *arg)
{
	struct rip_writer *w = arg;

	w->rc = write_records(w->rip, w->lba, w->count, w->record, w->state, &w->err);
}

int rip_put_wait(struct sp_rip *rip, struct sp_error *err)
{
	struct rip_writer *w = &rip->writer;

	if (w->busy)
		sp_pool_wait(w->pool, &w->job);
	w->busy = false;
	const int rc = w->rc;
	w->rc = 0;
	if (rc < 0 && err)
		*err = w->err;
	return rc;
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
	struct rip_writer *w = &rip->writer;
	const int rc = rip_put_wait(rip, err);

	if (rc < 0)
		return rc;
	if (!w->pool)
		return write_records(rip, lba, count, record, state, err);
	struct rip_room next = w->spare;
	w->spare = rip->room;
	rip->room = next;
	w->rip = rip;
	w->lba = lba;
	w->count = count;
	w->record = record;
	w->state = state;
	w->job = (struct sp_job){.run = write_run, .arg = w};
	w->busy = true;
	sp_pool_submit(w->pool, &w->job);
	return 0;
}
