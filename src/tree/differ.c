/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that one tree of a disc has and another one has not, by where their bytes lie: names are
 * shortened, changed and moved from tree to tree, places are not. */
#include "base/bytes.h"
#include "tree/fs.h"

#include <stdlib.h>

#define DIFFER_SECTOR 2048u

struct place {
	uint64_t at, size;
};
struct differ {
	struct sp_fs *fs;
	struct place *place; /* of one tree's files */
	size_t places;
	const struct place *other; /* of the other one's; NULL: places are being taken */
	size_t others;
	uint64_t left; /* entries that may still be looked at */
	bool second;
	sp_differ_fn *fn;
	void *user;
	struct sp_error *err;
};

static int place_order(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->at != y->at      ? (x->at < y->at ? -1 : 1)
	       : x->size < y->size ? -1
				   : x->size > y->size;
}

/* 1: the file's bytes have a place that another tree could name too. What is empty, or lies in its
 * entry as UDF may have it, has none. */
static int differ_place(struct differ *d, const struct sp_node *node, struct place *place)
{
	struct sp_fs_extents list;
	struct sp_error why;
	const int r = sp_fs_map(d->fs, node, SP_FORK_DATA, &list, &why);

	*place = (struct place){0};
	for (size_t i = 0; !r && i < list.count && !place->size; i++)
		if (!list.extent[i].hole)
			*place = (struct place){list.extent[i].at, list.size};
	sp_fs_extents_free(&list);
	if (r == SP_ERR_MEMORY)
		return sp_fail_memory(d->err);
	return place->size && place->at % DIFFER_SECTOR == 0;
}

static int differ_entry(void *user, const struct sp_walk_entry *entry)
{
	struct differ *d = user;
	struct place place;

	if (!d->left--)
		return SP_ERR_CANCELLED;
	if (entry->node->type != SP_NODE_FILE)
		return 0;
	const int r = differ_place(d, entry->node, &place);
	if (r <= 0)
		return r;
	if (d->other)
		return bsearch(&place, d->other, d->others, sizeof(place), place_order)
			       ? 0
			       : d->fn(d->user, d->second, entry->path);
	struct place *more = sp_grow(d->place, d->places, sizeof(*more));
	if (!more)
		return sp_fail_memory(d->err);
	d->place = more;
	d->place[d->places++] = place;
	return 0;
}

/* Sorted, each place once: hard links and names of the same file do not count. */
static void differ_sort(struct differ *d)
{
	size_t kept = 0;

	if (d->places)
		qsort(d->place, d->places, sizeof(d->place[0]), place_order);
	for (size_t i = 0; i < d->places; i++)
		if (!i || place_order(&d->place[i], &d->place[kept - 1]))
			d->place[kept++] = d->place[i];
	d->places = kept;
}

static bool differ_same(const struct differ *a, const struct differ *b)
{
	if (a->places != b->places)
		return false;
	for (size_t i = 0; i < a->places; i++)
		if (place_order(&a->place[i], &b->place[i]))
			return false;
	return true;
}

static int differ_walk(struct differ *d, uint64_t most)
{
	d->left = most;
	return sp_fs_walk(d->fs, sp_fs_root(d->fs), "/", 0, differ_entry, d, d->err);
}

int sp_fs_differ(struct sp_fs *a, struct sp_fs *b, uint64_t most, sp_differ_fn *fn, void *user,
		 bool *whole, struct sp_error *err)
{
	struct differ d[2] = {{.fs = a, .fn = fn, .user = user, .err = err},
			      {.fs = b, .second = true, .fn = fn, .user = user, .err = err}};
	int r = 0;

	for (size_t i = 0; i < 2 && !r; i++) {
		r = differ_walk(&d[i], most);
		differ_sort(&d[i]);
	}
	static const struct place none;
	/* again for the names, where there is one to tell */
	for (size_t i = 0; i < 2 && !r && !differ_same(&d[0], &d[1]); i++) {
		d[i].other = d[!i].places ? d[!i].place : &none;
		d[i].others = d[!i].places;
		r = differ_walk(&d[i], most);
	}
	free(d[0].place);
	free(d[1].place);
	*whole = r != SP_ERR_CANCELLED;
	return r == SP_ERR_CANCELLED ? 0 : r;
}
