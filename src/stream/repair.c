/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A view that corrects what the P/Q parity can, and keeps a list of it. */
#include "disc/repair.h"
#include "stream/runs.h"

#include <stdlib.h>

struct repair_view {
	struct sp_source source;
	struct sp_source *inner;
	struct sp_repairs *repairs;
};

/* One sector as it came; its state afterwards. */
static int repair_sector(struct repair_view *view, const struct sp_span *span, uint32_t i,
			 struct sp_error *err)
{
	uint8_t *data = span->data + i * span->stride;
	const uint8_t *c2 = span->parts & SP_PART_C2
				    ? data + sp_sector_size(span->mode, span->parts & SP_PART_MAIN)
				    : NULL;
	unsigned bytes;

	if (span->state[i] & (SP_STATE_UNREAD | SP_STATE_GENERATED))
		return 0;
	const enum sp_repair_verdict verdict =
		sp_repair_stored(span->mode, span->parts, data, c2, &bytes);
	if (verdict == SP_REPAIR_CORRECTABLE || verdict == SP_REPAIR_PARITY)
		span->state[i] &= (uint16_t) ~(unsigned)(SP_STATE_C2 | SP_STATE_EDC | SP_STATE_ECC |
							 SP_STATE_PADDED);
	else if (verdict == SP_REPAIR_BEYOND)
		span->state[i] |= SP_STATE_EDC;
	return sp_repairs_add(view->repairs, span->lba + i, verdict, bytes, err);
}

static int repair_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	struct repair_view *view = (struct repair_view *)src;
	int r = sp_source_read(view->inner, span, err);

	for (uint32_t i = 0; i < span->count && !r; i++)
		r = repair_sector(view, span, i, err);
	return r;
}

static int repair_prove(struct sp_source *src, sp_proof_fn *fn, void *user, struct sp_error *err)
{
	return sp_source_prove(((struct repair_view *)src)->inner, fn, user, err);
}

static void repair_close(struct sp_source *src)
{
	sp_source_close(((struct repair_view *)src)->inner);
	free(src);
}

int sp_view_repair(struct sp_source **out, struct sp_source *src, struct sp_repairs *repairs,
		   struct sp_error *err)
{
	static const struct sp_source_ops proving = {
		.read = repair_read, .prove = repair_prove, .close = repair_close};
	static const struct sp_source_ops plain = {.read = repair_read, .close = repair_close};
	struct repair_view *view = malloc(sizeof(*view));

	if (!view)
		return sp_fail_memory(err);
	/* the disc stays the inner source's: it may still learn of metadata as it is read */
	*view = (struct repair_view){
		{src->ops->prove ? &proving : &plain, src->disc, src->caps}, src, repairs};
	*repairs = (struct sp_repairs){0};
	*out = &view->source;
	return 0;
}
