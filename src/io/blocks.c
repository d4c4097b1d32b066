/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One io of what compressed blocks hold: a bounded cache that workers fill ahead of the reader. */
#include "io/blocks.h"

#include "base/bytes.h"
#include "base/pool.h"
#include "io/blocks_view.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	VIEW_SLOTS = 200,
	VIEW_CACHE = 32 << 20,  /* bytes of slots that are kept when nothing needs more */
	VIEW_MEMORY = 96 << 20, /* and of those there may ever be */
	VIEW_WORK = 64 << 20,   /* of all decoders' own memory */
	VIEW_DECODER = 4 << 20, /* of one; with a dictionary (xz) as much again as is decoded */
	VIEW_LOOK = 256,        /* groups the read-ahead passes over to find one to decode */
};

enum view_state { VIEW_EMPTY, VIEW_RUNNING, VIEW_READY };

/* A group that is decoded or being decoded. */
struct view_slot {
	struct sp_job job;
	struct blocks_view *view;
	size_t group;
	unsigned state;
	uint8_t *in, *out;
	size_t in_room, out_room;
	uint64_t used; /* the view's clock when it was read last */
	bool unread;   /* decoded ahead: not given up for what would be read later still */
	bool spent;    /* read in order to its end: given up first, while it is in the processor's
			  cache */
	/* of the job */
	int status;
	size_t bad;  /* block that failed */
	size_t done; /* bytes of it that were right */
};

/* What one decoder works with; no more exist than decode at a time. */
struct view_desk {
	void *work[SP_BLOCKS_CODECS];
	struct view_desk *next;
};

struct blocks_view {
	struct sp_io io;
	char *name;
	struct sp_blocks blocks;
	struct blocks_group *group;
	size_t groups;
	const struct sp_codec *codec[SP_BLOCKS_CODECS];
	unsigned threads;
	struct sp_pool *pool; /* NULL until something is to be decoded */
	bool started;
	pthread_mutex_t lock; /* of `idle` */
	struct view_desk *desk, *idle;
	struct view_slot *slot[VIEW_SLOTS];
	size_t slots;
	uint64_t held;                   /* bytes of all slots */
	const struct view_slot *current; /* is being read */
	uint64_t clock;
	uint64_t next;   /* where a reader that goes on in order will read */
	unsigned streak; /* groups read in order */
	size_t ahead;    /* first group the read-ahead has not looked at */
	struct blocks_large large;
};

static uint64_t view_group_at(const struct blocks_view *view, size_t group)
{
	return view->blocks.block[view->group[group].first].at;
}

static uint64_t view_group_end(const struct blocks_view *view, size_t group)
{
	const struct blocks_group *g = &view->group[group];
	const struct sp_block *last = &view->blocks.block[g->first + g->count - 1];

	return last->at + last->size;
}

/* The first group that ends after `at`. */
static size_t view_find(const struct blocks_view *view, uint64_t at)
{
	size_t low = 0, high = view->groups;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (view_group_end(view, mid) <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* --- decoding, on a worker ----------------------------------------------------------------- */

static struct view_desk *view_take_desk(struct blocks_view *view)
{
	pthread_mutex_lock(&view->lock);
	struct view_desk *desk = view->idle;
	view->idle = desk->next;
	pthread_mutex_unlock(&view->lock);
	return desk;
}

static void view_give_desk(struct blocks_view *view, struct view_desk *desk)
{
	pthread_mutex_lock(&view->lock);
	desk->next = view->idle;
	view->idle = desk;
	pthread_mutex_unlock(&view->lock);
}

static void view_decode(void *arg)
{
	struct view_slot *slot = arg;
	struct blocks_view *view = slot->view;
	const struct blocks_group *group = &view->group[slot->group];
	struct view_desk *desk = view_take_desk(view);
	const uint8_t *in = slot->in;
	uint8_t *out = slot->out;

	slot->status = 0;
	for (unsigned i = 0; !slot->status && i < group->count; i++) {
		const struct sp_block *block = &view->blocks.block[group->first + i];
		const size_t size = (size_t)block->size, stored = (size_t)block->stored;
		unsigned which = 0;

		if (block->codec) {
			while (view->codec[which] != block->codec)
				which++;
			slot->done = 0;
			slot->bad = group->first + i;
			slot->status = block->codec->decode(&desk->work[which], in, stored, out,
							    size, &slot->done);
		} else {
			memcpy(out, in, stored);
			memset(out + stored, 0, size - stored);
		}
		in += stored;
		out += size;
	}
	view_give_desk(view, desk);
}

/* --- slots --------------------------------------------------------------------------------- */

/* A pool that cannot be had is no failure: the reader decodes. Neither is a desk too few. */
static int view_start(struct blocks_view *view, struct sp_error *err)
{
	if (view->started)
		return 0;
	view->desk = calloc(view->threads, sizeof(view->desk[0]));
	if (!view->desk)
		return sp_fail_memory(err);
	for (unsigned i = 0; i < view->threads; i++)
		view_give_desk(view, &view->desk[i]);
	view->pool = sp_pool_new(view->threads);
	view->started = true;
	return 0;
}

static bool view_idle(struct blocks_view *view, struct view_slot *slot)
{
	if (slot->state == VIEW_RUNNING && sp_pool_done(view->pool, &slot->job))
		slot->state = VIEW_READY;
	return slot->state != VIEW_RUNNING;
}

static void view_drop(struct blocks_view *view, struct view_slot *slot)
{
	view->held -= slot->in_room + slot->out_room;
	free(slot->in);
	free(slot->out);
	slot->in = slot->out = NULL;
	slot->in_room = slot->out_room = 0;
	slot->state = VIEW_EMPTY;
}

/* The slot to give up first: an empty one, else the one read longest ago. `filled`: one that holds
 * memory; `ahead`: for what will be read later. */
static struct view_slot *view_oldest(struct blocks_view *view, bool filled, bool ahead)
{
	struct view_slot *oldest = NULL;

	for (size_t i = 0; i < view->slots; i++) {
		struct view_slot *slot = view->slot[i];

		if (!view_idle(view, slot) || slot == view->current || (ahead && slot->unread) ||
		    (filled && !slot->out_room))
			continue;
		if (slot->state == VIEW_EMPTY || slot->spent)
			return slot;
		if (!oldest || slot->used < oldest->used)
			oldest = slot;
	}
	return oldest;
}

static struct view_slot *view_new_slot(struct blocks_view *view)
{
	struct view_slot *slot = view->slots < VIEW_SLOTS ? calloc(1, sizeof(*slot)) : NULL;

	if (!slot)
		return NULL;
	slot->view = view;
	return view->slot[view->slots++] = slot;
}

/* Room for `size` more bytes; false: all there is belongs to jobs that run. */
static bool view_make_room(struct blocks_view *view, uint64_t size, bool ahead)
{
	while (view->held + size > VIEW_MEMORY) {
		struct view_slot *oldest = view_oldest(view, true, ahead);

		if (!oldest)
			return !view->held;
		view_drop(view, oldest);
	}
	return true;
}

static bool view_fit(struct blocks_view *view, struct view_slot *slot, size_t in, size_t out,
		     bool ahead)
{
	if (slot->in_room >= in && slot->out_room >= out)
		return true;
	view_drop(view, slot);
	if (!view_make_room(view, (uint64_t)in + out, ahead))
		return false;
	slot->in = malloc(in ? in : 1);
	slot->out = malloc(out);
	slot->in_room = in;
	slot->out_room = out;
	view->held += (uint64_t)in + out;
	if (slot->in && slot->out)
		return true;
	view_drop(view, slot);
	return false;
}

/* A slot with room for a group. NULL: none is free, or no memory. */
static struct view_slot *view_slot_for(struct blocks_view *view, size_t in, size_t out, bool ahead)
{
	struct view_slot *slot = view_oldest(view, false, ahead);

	if (!slot || (slot->state != VIEW_EMPTY && !slot->spent)) {
		struct view_slot *added = NULL;
		if (view->held + in + out <= VIEW_CACHE || view->slots < 2 * view->threads + 2)
			added = view_new_slot(view);
		slot = added ? added : slot;
	}
	if (!slot || !view_fit(view, slot, in, out, ahead))
		return NULL;
	slot->state = VIEW_EMPTY;
	slot->unread = ahead;
	slot->spent = false;
	return slot;
}

/* What a group stores, one after another; blocks that lie in a row are one read. */
static int view_fetch(struct blocks_view *view, const struct blocks_group *group, uint8_t *in,
		      struct sp_error *err)
{
	const struct sp_block *block = &view->blocks.block[group->first];

	for (unsigned i = 0; i < group->count;) {
		const struct sp_block *from = &block[i];
		uint64_t size = 0;

		do
			size += block[i++].stored;
		while (i < group->count && block[i].io == from->io &&
		       block[i].stored_at == from->stored_at + size);
		if (size) {
			const int r = sp_io_read(view->blocks.io[from->io], from->stored_at, in,
						 (size_t)size, err);
			if (r < 0)
				return r;
		}
		in += size;
	}
	return 0;
}

static struct view_slot *view_cached(struct blocks_view *view, size_t group)
{
	for (size_t i = 0; i < view->slots; i++)
		if (view->slot[i]->state != VIEW_EMPTY && view->slot[i]->group == group)
			return view->slot[i];
	return NULL;
}

/* Have a group decoded. *out NULL without an error: there is no slot just now. */
static int view_submit(struct blocks_view *view, size_t group, bool ahead, struct view_slot **out,
		       struct sp_error *err)
{
	const struct blocks_group *g = &view->group[group];
	size_t stored = 0, size = 0;

	for (unsigned i = 0; i < g->count; i++) {
		stored += (size_t)view->blocks.block[g->first + i].stored;
		size += (size_t)view->blocks.block[g->first + i].size;
	}
	*out = NULL;
	int r = view_start(view, err);
	struct view_slot *slot = r < 0 ? NULL : view_slot_for(view, stored, size, ahead);
	if (!slot)
		return r;
	if ((r = view_fetch(view, g, slot->in, err)) < 0)
		return r;
	slot->group = group;
	slot->state = VIEW_RUNNING;
	slot->used = ++view->clock;
	slot->job = (struct sp_job){.run = view_decode, .arg = slot};
	sp_pool_submit(view->pool, &slot->job);
	*out = slot;
	return 0;
}

/* Keep the workers busy with what follows. What fails here is met again when it is come to. */
static void view_read_ahead(struct blocks_view *view, size_t group)
{
	const unsigned most = 2 * view->threads + 1;
	const unsigned depth = view->streak < most ? view->streak : most;
	unsigned coded = 0, looked = 0;

	for (size_t i = group + 1; i < view->groups && coded < depth && looked < VIEW_LOOK; i++) {
		struct view_slot *slot;

		looked++;
		if (view->group[i].plain)
			continue;
		if (view->group[i].large)
			break;
		coded++;
		if (i < view->ahead || view_cached(view, i))
			continue;
		if (view_submit(view, i, true, &slot, NULL) < 0 || !slot)
			break;
		view->ahead = i + 1;
	}
}

/* False: no job runs that could be waited for. */
static bool view_wait_any(struct blocks_view *view)
{
	for (size_t i = 0; i < view->slots; i++) {
		struct view_slot *slot = view->slot[i];

		if (slot->state != VIEW_RUNNING)
			continue;
		sp_pool_wait(view->pool, &slot->job);
		slot->state = VIEW_READY;
		return true;
	}
	return false;
}

/* The slot of a group, decoded; good until the next one is asked for. */
static int view_demand(struct blocks_view *view, size_t group, struct view_slot **out,
		       struct sp_error *err)
{
	struct view_slot *slot = view_cached(view, group);
	int r = 0;

	while (!slot && !r) {
		r = view_submit(view, group, false, &slot, err);
		if (!r && !slot && !view_wait_any(view))
			r = sp_fail_memory(err);
	}
	if (r < 0)
		return r;
	view->current = slot;
	slot->unread = slot->spent = false;
	slot->used = ++view->clock;
	if (view->ahead <= group)
		view->ahead = group + 1;
	view_read_ahead(view, group);
	sp_pool_wait(view->pool, &slot->job);
	slot->state = VIEW_READY;
	if (slot->status) {
		r = blocks_fail(&view->blocks, view->io.name, &view->blocks.block[slot->bad],
				slot->status, slot->done, err);
		slot->state = VIEW_EMPTY;
	}
	*out = slot;
	return r;
}

/* --- reading ------------------------------------------------------------------------------- */

/* Part of one group without codecs: straight from the files. */
static int view_read_plain(struct blocks_view *view, size_t group, uint64_t at, uint8_t *data,
			   size_t size, struct sp_error *err)
{
	const struct sp_block *block = &view->blocks.block[view->group[group].first];

	while (block->at + block->size <= at)
		block++;
	for (; size; block++) {
		const uint64_t skip = at - block->at, rest = block->size - skip;
		const size_t n = rest < size ? (size_t)rest : size;
		const uint64_t there = skip < block->stored ? block->stored - skip : 0;
		const size_t real = there < n ? (size_t)there : n;
		int r = 0;

		if (real)
			r = sp_io_read(view->blocks.io[block->io], block->stored_at + skip, data,
				       real, err);
		if (r < 0)
			return r;
		memset(data + real, 0, n - real);
		data += n;
		size -= n;
		at += n;
	}
	return 0;
}

/* Part of one group. */
static int view_read_group(struct blocks_view *view, size_t group, uint64_t at, uint8_t *data,
			   size_t size, struct sp_error *err)
{
	const struct blocks_group *g = &view->group[group];
	const uint64_t from = at - view_group_at(view, group);

	if (g->plain)
		return view_read_plain(view, group, at, data, size, err);
	if (g->large)
		return blocks_large_read(&view->large, &view->blocks, view->io.name,
					 &view->blocks.block[g->first], from, data, size, err);
	struct view_slot *slot;
	const int r = view_demand(view, group, &slot, err);
	if (r < 0)
		return r;
	memcpy(data, slot->out + from, size);
	slot->spent = view->streak && at + size == view_group_end(view, group);
	return 0;
}

/* What was decoded ahead may not be wanted any more. */
static void view_seek(struct blocks_view *view)
{
	view->streak = 0;
	view->ahead = 0;
	for (size_t i = 0; i < view->slots; i++)
		view->slot[i]->unread = false;
}

static int view_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct blocks_view *view = (struct blocks_view *)io;
	uint8_t *out = data;
	size_t group = view_find(view, at);

	if (at != view->next)
		view_seek(view);
	view->next = at + size;
	while (size) {
		const uint64_t start =
			group < view->groups ? view_group_at(view, group) : view->io.size;
		const uint64_t end =
			at < start ? start : view_group_end(view, group); /* a hole, or the group */
		const size_t n = end - at < size ? (size_t)(end - at) : size;
		int r = 0;

		if (at < start)
			memset(out, 0, n);
		else
			r = view_read_group(view, group, at, out, n, err);
		if (r < 0)
			return r;
		at += n;
		out += n;
		size -= n;
		if (at == end && end != start) {
			view->streak += view->streak < 1u << 16;
			group++;
		}
	}
	return 0;
}

static int view_sibling(struct sp_io *io, const char *name, struct sp_io **out,
			struct sp_error *err)
{
	const struct sp_blocks *blocks = &((struct blocks_view *)io)->blocks;

	return blocks->ios ? sp_io_sibling(blocks->io[0], name, out, err)
			   : sp_fail(err, SP_ERR_IO, "%s: nothing lies beside %s", name, io->name);
}

static void view_free(struct blocks_view *view)
{
	sp_pool_free(view->pool);
	for (size_t i = 0; i < view->slots; i++) {
		view_drop(view, view->slot[i]);
		free(view->slot[i]);
	}
	for (unsigned i = 0; view->desk && i < view->threads; i++)
		for (unsigned c = 0; c < SP_BLOCKS_CODECS && view->codec[c]; c++)
			if (view->codec[c]->work_free)
				view->codec[c]->work_free(view->desk[i].work[c]);
	free(view->desk);
	blocks_large_clear(&view->large);
	pthread_mutex_destroy(&view->lock);
	free(view->group);
	free(view->name);
	free(view);
}

static void view_close(struct sp_io *io)
{
	struct blocks_view *view = (struct blocks_view *)io;
	struct sp_blocks blocks = view->blocks;

	view_free(view);
	sp_blocks_clear(&blocks);
}

static const struct sp_io_ops view_ops = {
	.read = view_read,
	.sibling = view_sibling,
	.close = view_close,
};

bool sp_blocks_quick(struct sp_io *io, uint64_t at, uint64_t size)
{
	const struct blocks_view *view = (const struct blocks_view *)io;
	uint64_t end, coded = 0;

	if (io->ops != &view_ops || !sp_add_ok(at, size, &end))
		return io->ops != &view_ops;
	for (size_t i = view_find(view, at); i < view->groups; i++) {
		const struct blocks_group *group = &view->group[i];
		const struct sp_block *block = &view->blocks.block[group->first];

		if (view_group_at(view, i) >= end)
			break;
		if (group->large && !blocks_large_quick(&view->large, block,
							at > block->at ? at - block->at : 0, size))
			return false;
		coded += group->plain || group->large ? 0 : view_group_end(view, i) - block->at;
		if (coded > SP_BLOCKS_WHOLE)
			return false;
	}
	return true;
}

/* One per processor, as far as the decoders' own memory allows. */
static unsigned view_threads(const struct blocks_view *view, const struct sp_blocks *blocks)
{
	uint64_t largest = 0, all = 1;

	for (size_t i = 0; i < blocks->count; i++)
		if (blocks->block[i].codec && !blocks_is_large(&blocks->block[i]) &&
		    blocks->block[i].size > largest)
			largest = blocks->block[i].size;
	for (unsigned c = 0; c < SP_BLOCKS_CODECS && view->codec[c]; c++)
		all += VIEW_DECODER + largest;
	const unsigned threads = sp_pool_size(0);
	if (threads <= VIEW_WORK / all)
		return threads;
	return all < VIEW_WORK ? (unsigned)(VIEW_WORK / all) : 1;
}

int sp_blocks_open(struct sp_io **out, struct sp_blocks *blocks, const char *name,
		   struct sp_error *err)
{
	struct blocks_view *view = calloc(1, sizeof(*view));

	*out = NULL;
	if (!view)
		return sp_fail_memory(err);
	pthread_mutex_init(&view->lock, NULL);
	view->name = strdup(name);
	int r = view->name ? 0 : sp_fail_memory(err);
	if (!r)
		r = sp_blocks_order(blocks, name, err);
	if (!r)
		r = blocks_list_codecs(blocks, view->codec, name, err);
	if (!r)
		r = blocks_group(&view->group, &view->groups, blocks, err);
	if (r < 0) {
		view_free(view);
		return r;
	}
	view->threads = view_threads(view, blocks);
	view->blocks = *blocks;
	*blocks = (struct sp_blocks){0};
	view->io = (struct sp_io){.ops = &view_ops, .name = view->name, .size = view->blocks.size};
	*out = &view->io;
	return 0;
}
