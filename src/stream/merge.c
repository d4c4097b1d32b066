/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A source over several dumps of one disc, which takes each sector from where it is best. */
#include "base/bytes.h"
#include "disc/sector.h"
#include "stream/compare.h"
#include "stream/merge_evidence.h"
#include "stream/runs.h"

#include <stdlib.h>
#include <string.h>

enum {
	MERGE_CHUNK = 32, /* sectors */
	MERGE_STRIDE = SP_RAW_SIZE + SP_C2_SIZE + SP_Q_SIZE + SP_SUB_SIZE,
};

/* One source, and what was read of it. */
struct merge_side {
	struct sp_source *source;
	const struct sp_region *region; /* that of the chunk; NULL: not stored there */
	uint8_t data[MERGE_CHUNK * MERGE_STRIDE];
	uint16_t state[MERGE_CHUNK];
};

struct merge_source {
	struct sp_source source;
	struct sp_merge how;
	struct sp_merged *merged;
	struct merge_side *side;
	struct merge_sector sector;
};

/* Read a chunk from one side; *count shrinks to what its region has. */
static int merge_fill(struct merge_side *side, sp_lba lba, uint32_t *count, struct sp_error *err)
{
	const struct sp_disc *disc = side->source->disc;
	const struct sp_region *region = sp_disc_region(disc, lba);

	side->region = NULL;
	if (!region) { /* before its first sector: up to there */
		const sp_lba first = disc->regions ? disc->region[0].lba : lba;

		if (lba < first && (uint64_t)(first - lba) < *count)
			*count = (uint32_t)(first - lba);
		return 0;
	}
	const uint64_t left = (uint64_t)(region->lba - lba) + region->count;
	if (left < *count)
		*count = (uint32_t)left;
	if (!region->stored)
		return 0;
	struct sp_span span = {.lba = lba,
			       .count = *count,
			       .mode = region->mode,
			       .parts = region->parts,
			       .stride = sp_sector_size(region->mode, region->parts),
			       .data = side->data,
			       .state = side->state};
	memset(side->state, 0, sizeof(side->state));
	side->region = region;
	return sp_source_read(side->source, &span, err);
}

/* The i-th sector of the chunk as it is in each side. */
static void merge_gather(struct merge_source *m, const struct sp_span *span, sp_lba first,
			 uint32_t i)
{
	struct merge_sector *s = &m->sector;

	s->lba = first + i;
	s->mode = span->mode;
	s->parts = span->parts;
	s->size = sp_sector_size(span->mode, span->parts & SP_PART_MAIN);
	s->copies = m->how.sources;
	for (size_t j = 0; j < s->copies; j++) {
		struct merge_side *side = &m->side[j];

		s->copy[j] = (struct merge_copy){0};
		if (!side->region)
			continue;
		const size_t stride = sp_sector_size(side->region->mode, side->region->parts);
		s->copy[j].main = side->data + i * stride;
		s->copy[j].sub = s->copy[j].main + s->size;
		s->copy[j].parts = side->region->parts;
		s->copy[j].state = side->state[i];
	}
}

/* Lay out the choice as the merged disc has its sectors. */
static void merge_lay(const struct merge_source *m, const struct merge_choice *choice, uint8_t *out)
{
	const struct merge_sector *s = &m->sector;
	const struct merge_copy *main = &s->copy[choice->source], *sub = &s->copy[choice->channel];
	static const struct {
		unsigned part;
		size_t size;
	} more[] = {{SP_PART_C2, SP_C2_SIZE}, {SP_PART_Q, SP_Q_SIZE}, {SP_PART_PW, SP_SUB_SIZE}};

	if (main->main)
		memcpy(out, main->main, s->size);
	else
		memset(out, 0, s->size);
	out += s->size;
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		const struct merge_copy *from = more[i].part == SP_PART_C2 ? main : sub;
		const uint8_t *at = from->sub;

		if (!(s->parts & more[i].part))
			continue;
		for (size_t j = 0; j < i && at; j++)
			at += from->parts & more[j].part ? more[j].size : 0;
		if (at && from->parts & more[i].part)
			memcpy(out, at, more[i].size);
		else
			memset(out, 0, more[i].size);
		out += more[i].size;
	}
}

static int merge_note(struct sp_merged *merged, sp_lba lba, const struct merge_choice *choice,
		      struct sp_error *err)
{
	const struct sp_run run = {
		.lba = lba, .what = choice->how, .source = choice->source, .bytes = choice->bytes};
	const int r = sp_runs_add(&merged->runs, &run, err);

	if (r <= 0)
		return r;
	merged->sectors++;
	merged->bytes += choice->bytes;
	merged->how[choice->how]++;
	if (choice->how != SP_MERGE_EQUAL && choice->how != SP_MERGE_UNREAD)
		merged->source[choice->source]++;
	return 0;
}

static int merge_chunk(struct merge_source *m, struct sp_span *span, uint32_t at, uint32_t *count,
		       struct sp_error *err)
{
	const sp_lba first = span->lba + at;

	/* the later sides may shorten what the earlier ones have read: they only give less of it */
	for (size_t i = 0; i < m->how.sources; i++) {
		const int r = merge_fill(&m->side[i], first, count, err);

		if (r < 0)
			return r;
	}
	for (uint32_t i = 0; i < *count; i++) {
		merge_gather(m, span, first, i);
		const struct merge_choice choice = merge_choose(&m->sector, &m->how);
		merge_lay(m, &choice, span->data + (at + i) * span->stride);
		span->state[at + i] = choice.state;
		if (choice.how == SP_MERGE_UNREAD && !m->sector.copy[choice.source].main)
			span->state[at + i] = SP_STATE_UNREAD;
		const int r = merge_note(m->merged, first + i, &choice, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int merge_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	struct merge_source *m = (struct merge_source *)src;
	const struct sp_region *region = sp_disc_region(src->disc, span->lba);

	if (!region || !region->stored)
		return sp_source_read(m->side[0].source, span, err);
	for (uint32_t at = 0; at < span->count;) {
		uint32_t count = span->count - at < MERGE_CHUNK ? span->count - at : MERGE_CHUNK;
		const int r = merge_chunk(m, span, at, &count, err);

		if (r < 0)
			return r;
		at += count;
	}
	return 0;
}

static void merge_free(struct merge_source *m)
{
	sp_disc_free(m->source.disc);
	free(m->side);
	free(m);
}

static void merge_close(struct sp_source *src)
{
	struct merge_source *m = (struct merge_source *)src;

	for (size_t i = 0; i < m->how.sources; i++)
		sp_source_close(m->side[i].source);
	merge_free(m);
}

/* What dumps of one disc may differ in: what a drive could not read, or a format not hold. */
static void merge_bare(struct sp_disc *disc)
{
	disc->mcn[0] = '\0';
	for (size_t i = 0; i < disc->tracks; i++)
		disc->track[i].isrc[0] = '\0';
	for (size_t i = 0; i < disc->texts; i++)
		free(disc->text[i].text);
	disc->texts = 0;
}

/* Sectors are of the same kind wherever both store them. */
static int merge_regions(const struct sp_disc *a, const struct sp_disc *b, unsigned number,
			 struct sp_error *err)
{
	for (size_t i = 0, j = 0; i < a->regions && j < b->regions;) {
		const struct sp_region *r = &a->region[i], *q = &b->region[j];
		const sp_lba end = r->lba + (sp_lba)r->count, other = q->lba + (sp_lba)q->count;
		const sp_lba both = r->lba > q->lba ? r->lba : q->lba;

		if (r->stored && q->stored && both < end && both < other &&
		    (r->mode != q->mode || ((r->parts ^ q->parts) & SP_PART_MAIN)))
			return sp_fail(err, SP_ERR_DIFFERS,
				       "from LBA %lld on, sectors are %s of %zu bytes in source 1 "
				       "and %s of %zu in source %u: convert one of them first",
				       (long long)both, sp_mode_name(r->mode),
				       sp_sector_size(r->mode, r->parts & SP_PART_MAIN),
				       sp_mode_name(q->mode),
				       sp_sector_size(q->mode, q->parts & SP_PART_MAIN), number);
		i += end <= other;
		j += other <= end;
	}
	return 0;
}

static int merge_compare(const struct sp_disc *a, const struct sp_disc *b, unsigned number,
			 struct sp_error *err)
{
	struct sp_disc *one = sp_disc_copy(a), *other = sp_disc_copy(b);
	char text[160];
	int r = 0;

	if (!one || !other) {
		r = sp_fail_memory(err);
		goto out;
	}
	merge_bare(one);
	merge_bare(other);
	sp_compare_layout(one, other, text, sizeof(text));
	if (text[0])
		r = sp_fail(err, SP_ERR_DIFFERS, "sources 1 and %u are not dumps of one disc: %s",
			    number, text);
	else if (a->medium != b->medium)
		r = sp_fail(err, SP_ERR_DIFFERS,
			    "sources 1 and %u are not dumps of one disc: medium: %s and %s", number,
			    sp_medium_name(a->medium), sp_medium_name(b->medium));
	else
		r = merge_regions(a, b, number, err);
out:
	sp_disc_free(one);
	sp_disc_free(other);
	return r;
}

/* What only another drive got. */
static void merge_fill_in(struct sp_disc *disc, const struct sp_disc *from)
{
	if (!disc->mcn[0])
		memcpy(disc->mcn, from->mcn, sizeof(disc->mcn));
	for (size_t i = 0; i < disc->tracks && i < from->tracks; i++)
		if (!disc->track[i].isrc[0])
			memcpy(disc->track[i].isrc, from->track[i].isrc,
			       sizeof(disc->track[i].isrc));
}

static int merge_check(const struct sp_merge *merge, struct sp_error *err)
{
	if (merge->sources < 2 || merge->sources > SP_MERGE_MAX)
		return sp_fail(err, SP_ERR_USAGE, "from 2 to %d dumps are merged, not %zu",
			       SP_MERGE_MAX, merge->sources);
	if (merge->prefer > merge->sources)
		return sp_fail(err, SP_ERR_USAGE, "there is no source %u to prefer", merge->prefer);
	if (merge->majority && merge->sources < 3)
		return sp_fail(err, SP_ERR_USAGE, "two sources have no majority");
	for (size_t i = 0; i < merge->sources; i++)
		if (merge->source[i]->caps & SP_SOURCE_ONCE)
			return sp_fail(err, SP_ERR_USAGE,
				       "a source that is read once has to be spooled before it is "
				       "merged");
	return 0;
}

int sp_merge_open(struct sp_source **out, const struct sp_merge *merge, struct sp_merged *merged,
		  struct sp_error *err)
{
	static const struct sp_source_ops ops = {.read = merge_read, .close = merge_close};
	int r = merge_check(merge, err);

	if (r < 0)
		return r;
	struct merge_source *m = calloc(1, sizeof(*m));
	if (!m)
		return sp_fail_memory(err);
	*m = (struct merge_source){.source = {.ops = &ops}, .how = *merge, .merged = merged};
	m->how.source = NULL; /* the caller's list need not outlive this call */
	m->side = calloc(merge->sources, sizeof(m->side[0]));
	m->source.disc = sp_disc_copy(merge->source[0]->disc);
	if (!m->side || !m->source.disc) {
		r = sp_fail_memory(err);
		goto out;
	}
	for (size_t i = 1; i < merge->sources && !r; i++) {
		r = merge_compare(merge->source[0]->disc, merge->source[i]->disc, (unsigned)i + 1,
				  err);
		if (!r)
			merge_fill_in(m->source.disc, merge->source[i]->disc);
	}
	if (r < 0)
		goto out;
	for (size_t i = 0; i < merge->sources; i++)
		m->side[i].source = merge->source[i];
	*merged = (struct sp_merged){0};
	*out = &m->source;
out:
	if (r < 0)
		merge_free(m);
	return r;
}
