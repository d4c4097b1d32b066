/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several sinks in one pass: the tee wants what any of them wants, and gives each its own. */
#include "disc/sector.h"
#include "stream/loss.h"

#include <spindle/stream.h>

#include <stdlib.h>

struct tee_sink {
	struct sp_sink sink;
	struct sp_disc *disc; /* as it was at the start, to build sub-channel from */
	uint8_t *buffer;
	size_t buffer_size;
	size_t count;
	struct sp_sink *child[];
};

static unsigned tee_wants(struct sp_sink *sink, const struct sp_region *region)
{
	const struct tee_sink *tee = (const struct tee_sink *)sink;
	unsigned wants = 0;

	for (size_t i = 0; i < tee->count; i++)
		wants |= tee->child[i]->ops->wants(tee->child[i], region);
	return wants;
}

/* The first call of every copy, scan or not. */
static int tee_losses(struct sp_sink *sink, const struct sp_disc *disc, struct sp_losses *losses,
		      struct sp_error *err)
{
	struct tee_sink *tee = (struct tee_sink *)sink;

	sp_disc_free(tee->disc);
	tee->disc = sp_disc_copy(disc);
	if (!tee->disc)
		return sp_fail_memory(err);
	for (size_t i = 0; i < tee->count; i++) {
		tee->child[i]->source = sink->source;
		const int r = sp_losses_layout(losses, tee->child[i], disc, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int tee_begin(struct sp_sink *sink, const struct sp_disc *disc, struct sp_source *source,
		     struct sp_error *err)
{
	struct tee_sink *tee = (struct tee_sink *)sink;

	for (size_t i = 0; i < tee->count; i++) {
		const int r = tee->child[i]->ops->begin(tee->child[i], disc, source, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int tee_need(struct tee_sink *tee, size_t size, struct sp_error *err)
{
	if (size <= tee->buffer_size)
		return 0;
	free(tee->buffer);
	tee->buffer = malloc(size);
	tee->buffer_size = tee->buffer ? size : 0;
	return tee->buffer ? 0 : sp_fail_memory(err);
}

/* What the whole tee was given beyond one child's wishes is that child's loss, if it differs from
 * what would be rebuilt. */
static int tee_give(struct tee_sink *tee, struct sp_sink *child, const struct sp_region *region,
		    const struct sp_span *span, struct sp_error *err)
{
	const bool keeps = !(child->flags & SP_SINK_OBSERVER), dry = tee->sink.dry;
	const unsigned wants = child->ops->wants(child, region);
	struct sp_drops drops = {0};
	struct sp_span own = *span;

	const bool spare = dry && !(child->flags & SP_SINK_FORWARDS);
	child->dry = dry;
	child->losses = keeps ? tee->sink.losses : NULL;
	own.parts = wants;
	own.stride = wants ? sp_sector_size(span->mode, wants) : span->stride;
	if (dry && !keeps)
		return 0;
	if (wants == span->parts)
		return spare ? 0 : child->ops->write(child, span, err);
	int r = tee_need(tee, own.stride * span->count, err);
	if (r < 0)
		return r;
	own.data = tee->buffer;
	if (!wants)
		return keeps && region->stored && region->kind != SP_REGION_TRACK
			       ? sp_losses_silence(tee->sink.losses, span, tee->buffer, err)
			       : 0;
	r = sp_sector_convert(tee->disc, span->mode, span->parts, wants, span->lba, span->count,
			      span->data, own.data, span->state, keeps ? &drops : NULL, err);
	if (r < 0)
		return r;
	sp_losses_drops(tee->sink.losses, &drops);
	return spare ? 0 : child->ops->write(child, &own, err);
}

static int tee_write(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err)
{
	struct tee_sink *tee = (struct tee_sink *)sink;
	const struct sp_region *region = sp_disc_region(tee->disc, span->lba);

	for (size_t i = 0; i < tee->count; i++) {
		const int r = tee_give(tee, tee->child[i], region, span, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int tee_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	struct tee_sink *tee = (struct tee_sink *)sink;

	for (size_t i = 0; i < tee->count; i++) {
		const int r = tee->child[i]->ops->finish(tee->child[i], disc, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static void tee_close(struct sp_sink *sink)
{
	struct tee_sink *tee = (struct tee_sink *)sink;

	for (size_t i = 0; i < tee->count; i++)
		sp_sink_close(tee->child[i]);
	sp_disc_free(tee->disc);
	free(tee->buffer);
	free(tee);
}

int sp_sink_tee(struct sp_sink **out, struct sp_sink *const *sinks, size_t count,
		struct sp_error *err)
{
	static const struct sp_sink_ops ops = {.wants = tee_wants,
					       .begin = tee_begin,
					       .write = tee_write,
					       .finish = tee_finish,
					       .close = tee_close,
					       .losses = tee_losses};
	struct tee_sink *tee = calloc(1, sizeof(*tee) + count * sizeof(tee->child[0]));

	if (!tee)
		return sp_fail_memory(err);
	tee->sink = (struct sp_sink){
		.ops = &ops, .flags = SP_SINK_OBSERVER | SP_SINK_FORWARDS, .carries = SP_CARRY_ALL};
	for (size_t i = 0; i < count; i++) {
		const struct sp_sink *child = sinks[i];

		tee->child[i] = sinks[i];
		tee->sink.flags |= child->flags & SP_SINK_READS_SOURCE;
		if (child->flags & SP_SINK_OBSERVER)
			continue;
		tee->sink.flags &= ~(unsigned)SP_SINK_OBSERVER;
		tee->sink.carries &= child->carries;
		if (child->msf_end && (!tee->sink.msf_end || child->msf_end < tee->sink.msf_end))
			tee->sink.msf_end = child->msf_end;
	}
	tee->count = count;
	*out = &tee->sink;
	return 0;
}
