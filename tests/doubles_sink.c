/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The doubles of sinks: one that takes what its plan says, one that watches another. */
#include "tests/doubles.h"

#include "tests/doubles_seen.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct double_sink {
	struct sp_sink sink;
	struct sp_sink *inner; /* of a spy */
	struct double_sink_plan plan;
	struct double_record *record;
	struct sp_disc *disc; /* copy of begin's */
};

static unsigned sink_wants(struct sp_sink *sink, const struct sp_region *region)
{
	const struct double_sink *d = (const struct double_sink *)sink;

	if (d->inner)
		return d->inner->ops->wants(d->inner, region);
	if (d->plan.spared & 1u << region->kind)
		return 0;
	if (!region->stored && !d->plan.unstored)
		return 0;
	if (d->plan.parts && sp_sector_size(region->mode, d->plan.parts))
		return d->plan.parts;
	return region->parts;
}

/* Read the head of the first stored region, as a format that needs the volume's size would. */
static int sink_look(struct sp_source *source, uint64_t sectors, struct sp_error *err)
{
	const struct sp_region *region = source->disc->region;

	while (!region->stored)
		region++;
	const size_t stride = sp_sector_size(region->mode, region->parts);
	const uint32_t count = (uint32_t)(sectors < region->count ? sectors : region->count);
	struct sp_span span = {.lba = region->lba,
			       .count = count,
			       .mode = region->mode,
			       .parts = region->parts,
			       .stride = stride,
			       .data = malloc(count * stride),
			       .state = calloc(count, sizeof(uint16_t))};
	if (!span.data || !span.state)
		abort();
	const int rc = sp_source_read(source, &span, err);
	free(span.data);
	free(span.state);
	return rc;
}

static int sink_begin(struct sp_sink *sink, const struct sp_disc *disc, struct sp_source *source,
		      struct sp_error *err)
{
	struct double_sink *d = (struct double_sink *)sink;
	int rc = 0;

	seen_enter(&d->record->seen, "sink");
	if (d->record->begins++)
		seen_break(&d->record->seen, "sink begun twice");
	sp_disc_free(d->disc);
	d->disc = sp_disc_copy(disc);
	if (!d->disc)
		abort();
	if (d->inner) {
		d->inner->losses = sink->losses;
		rc = d->inner->ops->begin(d->inner, disc, source, err);
	} else if (d->plan.begin_fails) {
		rc = sp_fail(err, SP_ERR_IO, "double: cannot begin");
	} else if (d->plan.read_in_begin) {
		if (source)
			rc = sink_look(source, d->plan.read_in_begin, err);
		else
			seen_break(&d->record->seen, "begin needs the source and has none");
	}
	seen_leave(&d->record->seen);
	return rc;
}

static void sink_judge(struct double_sink *d, const struct sp_span *span)
{
	struct double_record *r = d->record;
	const long long lba = span->lba;

	if (!d->disc && (d->sink.flags & SP_SINK_FORWARDS) && d->sink.dry)
		return; /* a scan: only the losses were asked for */
	if (!d->disc || r->finishes || r->closes) {
		seen_break(&r->seen, "write at %lld before begin or after finish", lba);
		return;
	}
	const struct sp_region *region = sp_disc_region(d->disc, span->lba);
	if (!span->count || !region ||
	    span->lba + span->count > region->lba + (sp_lba)region->count)
		seen_break(&r->seen, "write of %u at %lld leaves its region", span->count, lba);
	else if (span->parts != d->sink.ops->wants(&d->sink, region) || span->mode != region->mode)
		seen_break(&r->seen, "write at %lld: parts %u of mode %u were not asked for", lba,
			   span->parts, span->mode);
	if (span->stride != sp_sector_size(span->mode, span->parts))
		seen_break(&r->seen, "write at %lld: stride %zu", lba, span->stride);
	if (r->writes && span->lba < r->next)
		seen_break(&r->seen, "write at %lld after %lld", lba, (long long)r->next - 1);
}

static void sink_keep(struct double_record *r, const struct sp_span *span)
{
	const size_t size = span->count * span->stride;
	uint8_t *data = realloc(r->data, r->size + size);

	if (!data)
		abort();
	memcpy(data + r->size, span->data, size);
	r->data = data;
	r->size += size;
}

static int sink_write(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err)
{
	struct double_sink *d = (struct double_sink *)sink;
	struct double_record *r = d->record;
	int rc = 0;

	seen_enter(&r->seen, "sink");
	sink_judge(d, span);
	if (d->plan.delay)
		usleep(d->plan.delay);
	if (!r->writes++)
		r->first = span->lba;
	r->next = span->lba + span->count;
	r->sectors += span->count;
	for (uint32_t i = 0; i < span->count; i++)
		r->generated += (span->state[i] & SP_STATE_GENERATED) != 0;
	if (d->plan.keep)
		sink_keep(r, span);
	if (d->inner) {
		d->inner->dry = sink->dry;
		rc = d->inner->ops->write(d->inner, span, err);
	} else if (span->lba < d->plan.fail_at + (sp_lba)d->plan.fail_count &&
		   d->plan.fail_at < r->next && d->plan.fail_count) {
		rc = sp_fail(err, SP_ERR_IO, "double: no room for LBA %lld",
			     (long long)d->plan.fail_at);
	}
	seen_leave(&r->seen);
	return rc;
}

static int sink_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	struct double_sink *d = (struct double_sink *)sink;
	int rc = 0;

	seen_enter(&d->record->seen, "sink");
	if (d->record->finishes++ || !d->record->begins)
		seen_break(&d->record->seen, "sink finished twice or not begun");
	sp_disc_free(d->record->disc);
	d->record->disc = sp_disc_copy(disc);
	if (!d->record->disc)
		abort();
	if (d->inner)
		rc = d->inner->ops->finish(d->inner, disc, err);
	else if (d->plan.finish_fails)
		rc = sp_fail(err, SP_ERR_IO, "double: cannot finish");
	seen_leave(&d->record->seen);
	return rc;
}

static void sink_close(struct sp_sink *sink)
{
	struct double_sink *d = (struct double_sink *)sink;

	d->record->closes++;
	sp_sink_close(d->inner);
	sp_disc_free(d->disc);
	free(d);
}

static int sink_losses(struct sp_sink *sink, const struct sp_disc *disc, struct sp_losses *losses,
		       struct sp_error *err)
{
	struct sp_sink *inner = ((struct double_sink *)sink)->inner;

	return inner->ops->losses(inner, disc, losses, err);
}

static struct double_sink *sink_new(struct double_record *record, bool losses)
{
	static const struct sp_sink_ops ops = {.wants = sink_wants,
					       .begin = sink_begin,
					       .write = sink_write,
					       .finish = sink_finish,
					       .close = sink_close};
	static const struct sp_sink_ops counting = {.wants = sink_wants,
						    .begin = sink_begin,
						    .write = sink_write,
						    .finish = sink_finish,
						    .close = sink_close,
						    .losses = sink_losses};
	struct double_sink *d = calloc(1, sizeof(*d));

	if (!d)
		abort();
	d->sink.ops = losses ? &counting : &ops;
	d->record = record;
	return d;
}

struct sp_sink *double_sink(const struct double_sink_plan *plan, struct double_record *record)
{
	struct double_sink *d = sink_new(record, false);

	d->plan = *plan;
	d->sink.flags = plan->flags;
	d->sink.carries = plan->carries;
	d->sink.msf_end = plan->msf_end;
	return &d->sink;
}

struct sp_sink *double_sink_spy(struct sp_sink *inner, struct double_record *record)
{
	struct double_sink *d = sink_new(record, inner->ops->losses != NULL);

	d->inner = inner;
	d->sink.flags = inner->flags;
	d->sink.carries = inner->carries;
	d->sink.msf_end = inner->msf_end;
	return &d->sink;
}

void double_record_clear(struct double_record *record)
{
	sp_disc_free(record->disc);
	free(record->data);
	*record = (struct double_record){0};
}
