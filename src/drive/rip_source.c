/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a rip has read, as a source: its store by the layout that Q showed. */
#include "drive/rip_own.h"

#include "stream/runs.h"

#include <stdlib.h>
#include <string.h>

enum { SOURCE_ROOM = 64 }; /* sectors that are put in another form at once */

/* The store by the bettered layout: regions are cut otherwise than there, and P-W may be left out.
 */
struct rip_source {
	struct sp_source source;
	struct sp_store *store;
	uint8_t *record;
	uint32_t room; /* sectors of record */
};

/* `count` sectors that lie in one region of the store too. */
static int rip_source_some(struct rip_source *s, const struct sp_span *span, uint32_t first,
			   uint32_t count, const struct sp_region *r, struct sp_error *err)
{
	const unsigned main = r->parts & SP_PART_MAIN;
	const unsigned parts =
		sp_sector_size(r->mode, main) == span->stride ? main : (unsigned)r->parts;
	const size_t stride = sp_sector_size(r->mode, parts);
	struct sp_span own = {.lba = span->lba + first,
			      .count = count,
			      .mode = r->mode,
			      .parts = parts,
			      .stride = stride,
			      .data = s->record,
			      .state = span->state + first};
	const bool same = stride == span->stride;

	if (same)
		own.data = span->data + first * span->stride;
	const int rc = sp_store_read(s->store, &own, err);
	for (uint32_t i = 0; !rc && !same && i < count; i++)
		memcpy(span->data + (first + i) * span->stride, s->record + i * stride,
		       span->stride);
	return rc;
}

static int rip_source_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	struct rip_source *s = (struct rip_source *)src;
	const struct sp_region *mine = sp_disc_region(src->disc, span->lba);
	int rc = 0;

	if (!mine || !mine->stored) {
		memset(span->data, 0, span->count * span->stride);
		for (uint32_t i = 0; i < span->count; i++)
			span->state[i] = SP_STATE_GENERATED;
		return 0;
	}
	for (uint32_t done = 0; !rc && done < span->count;) {
		const sp_lba lba = span->lba + done;
		const struct sp_region *r = sp_disc_region(sp_store_disc(s->store), lba);
		const uint64_t left = r->count - (uint64_t)(lba - r->lba);
		uint32_t n = span->count - done;

		n = n < left ? n : (uint32_t)left;
		n = n < s->room ? n : s->room;
		rc = rip_source_some(s, span, done, n, r, err);
		done += n;
	}
	return rc;
}

static void rip_source_close(struct sp_source *src)
{
	struct rip_source *s = (struct rip_source *)src;

	sp_store_close(s->store);
	sp_disc_free(src->disc);
	free(s->record);
	free(s);
}

/* Only the tracks that were asked for. */
static int rip_source_part(struct sp_source **out, const struct sp_rip *rip, struct sp_error *err)
{
	const struct sp_disc *disc = (*out)->disc;
	const struct sp_track *first = sp_disc_track(disc, rip->setup.first);
	const struct sp_track *last = sp_disc_track(disc, rip->setup.last);
	struct sp_source *view;

	if (!rip->setup.first)
		return 0;
	const sp_lba from = first->index[0] != SP_LBA_NONE ? first->index[0] : first->start;
	const sp_lba to = last->start + (sp_lba)last->length;
	const int rc = sp_view_range(&view, *out, from, (uint64_t)(to - from), err);
	if (!rc)
		*out = view;
	return rc;
}

struct sp_disc *rip_layout(const struct sp_rip *rip, const struct sp_disc *disc)
{
	struct sp_disc *copy = sp_disc_copy(disc);

	if (!copy)
		return NULL;
	free(copy->full_toc);
	free(copy->pfi);
	free(copy->dmi);
	copy->full_toc = copy->pfi = copy->dmi = NULL;
	copy->full_toc_size = 0;
	copy->layer_break = SP_LBA_NONE;
	for (size_t i = 0; i < copy->regions; i++)
		if (copy->region[i].stored)
			copy->region[i].parts = (copy->region[i].parts & SP_PART_MAIN) |
						(rip->sub && rip->setup.sub ? SP_PART_PW : 0u);
	return copy;
}

int sp_rip_source(struct sp_source **out, struct sp_rip *rip, struct sp_error *err)
{
	static const struct sp_source_ops ops = {.read = rip_source_read,
						 .close = rip_source_close};
	if (!rip->store || !rip->disc)
		return sp_fail(err, SP_ERR_USAGE, "%s: was not read yet", rip->drive);
	struct rip_source *s = calloc(1, sizeof(*s));
	struct sp_disc *disc = rip_layout(rip, rip->disc);
	if (s) {
		s->room = SOURCE_ROOM;
		s->record = malloc((size_t)s->room * RIP_RECORD);
	}
	if (!s || !disc || !s->record) {
		sp_disc_free(disc);
		free(s ? s->record : NULL);
		free(s);
		return sp_fail_memory(err);
	}
	s->source = (struct sp_source){&ops, disc, 0};
	s->store = rip->store;
	rip->store = NULL;
	*out = &s->source;
	const int rc = rip_source_part(out, rip, err);
	if (rc < 0)
		sp_source_close(&s->source);
	return rc;
}
