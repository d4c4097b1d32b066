/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sink that is given what is read while it is read: then a disc is not read a second time from
 * the store for its digests and an image that the store has already. */
#include "drive/rip_own.h"

#include "disc/sector.h"
#include "stream/loss.h"

#include <stdlib.h>
#include <string.h>

void sp_rip_follow(struct sp_rip *rip, struct sp_sink *sink)
{
	rip->follow.sink = sink;
}

bool sp_rip_followed(const struct sp_rip *rip)
{
	return rip->follow.done;
}

/* To the next sector that is wanted; false: there is none. */
static bool follow_seek(struct rip_follow *f)
{
	for (; f->region < f->disc->regions; f->region++) {
		const struct sp_region *r = &f->disc->region[f->region];
		const bool wanted = f->sink->ops->wants(f->sink, r) != 0;

		if (wanted && f->next < r->lba)
			f->next = r->lba;
		if (wanted && f->next < r->lba + (sp_lba)r->count)
			return true;
	}
	f->next = INT64_MAX;
	return false;
}

/* The sink takes whole main channels as they come, and nothing else. */
static bool follow_can(const struct rip_follow *f)
{
	if (f->sink->flags & SP_SINK_READS_SOURCE)
		return false;
	for (size_t i = 0; i < f->disc->regions; i++) {
		const struct sp_region *r = &f->disc->region[i];
		const unsigned wants = f->sink->ops->wants(f->sink, r);
		const bool spared = !r->stored || f->sink->flags & SP_SINK_OBSERVER;

		if (wants ? !r->stored || wants != (r->parts & SP_PART_MAIN) : !spared)
			return false;
	}
	return true;
}

/* What it cannot hold of the layout, or could not of the sectors, is for an ordinary copy to tell.
 */
static bool follow_loses(struct rip_follow *f, const struct sp_disc *disc)
{
	return sp_losses_layout(&f->losses, f->sink, disc, NULL) < 0 || sp_losses_any(&f->losses);
}

void rip_follow_begin(struct sp_rip *rip)
{
	struct rip_follow *f = &rip->follow;

	/* of a CD of several tracks Q may tell that one begins elsewhere */
	if (!f->sink || rip->setup.first || (rip->ql && rip->toc->tracks != 1))
		return;
	f->disc = rip_layout(rip, rip->toc);
	f->room = malloc((size_t)RIP_BATCH * RIP_RECORD);
	f->state = malloc(RIP_BATCH * sizeof(f->state[0]));
	f->sink->losses = &f->losses;
	f->on = f->disc && f->room && f->state && follow_can(f) && !follow_loses(f, f->disc) &&
		!f->sink->ops->begin(f->sink, f->disc, NULL, NULL);
	if (f->on) {
		f->next = INT64_MIN;
		follow_seek(f);
	}
}

/* `count` records from f->next on, which lie in one region. */
static void follow_feed(struct rip_follow *f, uint32_t count, const uint8_t *main, size_t stride,
			const uint16_t *state)
{
	const struct sp_region *r = &f->disc->region[f->region];
	const size_t size = sp_sector_size(r->mode, r->parts & SP_PART_MAIN);
	struct sp_span span = {.lba = f->next,
			       .count = count,
			       .mode = r->mode,
			       .parts = r->parts & SP_PART_MAIN,
			       .stride = size,
			       .data = (uint8_t *)(uintptr_t)main,
			       .state = (uint16_t *)(uintptr_t)state};

	if (size != stride) {
		/* in place where it is what was read here for this */
		for (uint32_t i = 0; i < count; i++)
			memmove(f->room + i * size, main + i * stride, size);
		span.data = f->room;
	}
	f->on = f->sink->ops->write(f->sink, &span, NULL) >= 0;
	f->next += count;
	follow_seek(f);
}

void rip_follow_take(struct sp_rip *rip, sp_lba lba, uint32_t count, const uint8_t *main,
		     size_t stride, const uint16_t *state)
{
	struct rip_follow *f = &rip->follow;
	uint32_t sure = 0;

	if (!f->on || lba > f->next)
		return;
	if (lba < f->next) { /* what it was given is no longer so */
		f->on = false;
		return;
	}
	const struct sp_region *r = &f->disc->region[f->region];
	const uint64_t left = r->count - (uint64_t)(lba - r->lba);
	count = left < count ? (uint32_t)left : count;
	/* others may be read again */
	while (sure < count && rip_status(state[sure]) == SP_RESCUE_DONE)
		sure++;
	if (sure)
		follow_feed(f, sure, main, stride, state);
}

/* The layout it was begun with is that of the disc. */
static bool follow_same(const struct sp_disc *a, const struct sp_disc *b)
{
	bool same = a->regions == b->regions && a->tracks == b->tracks;

	for (size_t i = 0; same && i < a->regions; i++) {
		const struct sp_region *p = &a->region[i], *q = &b->region[i];

		same = p->lba == q->lba && p->count == q->count && p->track == q->track &&
		       p->kind == q->kind && p->mode == q->mode && p->stored == q->stored &&
		       p->parts == q->parts;
	}
	for (size_t i = 0; same && i < a->tracks; i++)
		same = a->track[i].start == b->track[i].start &&
		       a->track[i].length == b->track[i].length;
	return same;
}

/* What is left, from the store. */
static void follow_rest(struct sp_rip *rip)
{
	struct rip_follow *f = &rip->follow;

	while (f->on && f->next != INT64_MAX) {
		const struct sp_region *mine = &f->disc->region[f->region];
		const struct sp_region *r = sp_disc_region(sp_store_disc(rip->store), f->next);
		const uint64_t one = mine->count - (uint64_t)(f->next - mine->lba);
		const uint64_t other = r->count - (uint64_t)(f->next - r->lba);
		const uint64_t left = one < other ? one : other;
		struct sp_span span = {.lba = f->next,
				       .count = left < RIP_BATCH ? (uint32_t)left : RIP_BATCH,
				       .mode = r->mode,
				       .parts = r->parts,
				       .stride = rip->stride,
				       .data = f->room,
				       .state = f->state};

		f->on = sp_store_read(rip->store, &span, NULL) >= 0;
		if (f->on)
			follow_feed(f, span.count, f->room, span.stride, f->state);
	}
}

void rip_follow_end(struct sp_rip *rip)
{
	struct rip_follow *f = &rip->follow;
	struct sp_disc *disc = f->on ? rip_layout(rip, rip->disc) : NULL;

	f->on = f->on && disc && follow_same(f->disc, disc);
	follow_rest(rip);
	f->done = f->on && !follow_loses(f, disc) && f->sink->ops->finish(f->sink, disc, NULL) >= 0;
	f->on = false;
	sp_disc_free(disc);
}

void rip_follow_clear(struct rip_follow *follow)
{
	sp_disc_free(follow->disc);
	free(follow->room);
	free(follow->state);
	*follow = (struct rip_follow){0};
}
