/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What sectors belong to. What is asked for is a short list and the trees are long: each file's
 * extents are looked up in the list, so that only what is hit takes memory. */
#include "base/bytes.h"
#include "tree/disc_io.h"
#include "tree/fs.h"
#include "tree/inside.h"

#include <stdlib.h>
#include <string.h>

enum {
	WHERE_PARTS = 1 << 16,    /* kept, with … */
	WHERE_NAMES = 64 << 20,   /* … so many bytes of names at most */
	WHERE_EXTENTS = 64 << 20, /* of all files of a tree that are looked at */
	WHERE_UNITS = 4 << 20,    /* sectors asked for being free */
};

struct left { /* runs of sectors that nothing has been said of */
	uint64_t from, to;
};
struct finder {
	struct sp_where *where;
	struct sp_inside *inside;
	const struct sp_disc *disc;
	const struct sp_tree *trees;
	size_t count;
	struct sp_fs *fs;
	const struct sp_tree *tree; /* NULL: none */
	struct sp_error *err;
	struct left *left;
	size_t lefts;
	size_t run, last; /* run of `left` that a part is added of, and that the last one was of;
			     parts are not joined over its ends */
	size_t begun;     /* parts that are of the trees before, or of its files */
	uint64_t unit, names, extents;
	const char *path; /* of the node whose places come */
	uint64_t offset;
};

/* --- one place --- */

static int where_add(struct finder *f, unsigned what, const char *name, uint64_t from, uint64_t to,
		     uint64_t offset)
{
	struct sp_where *where = f->where;
	struct sp_where_part *last = where->parts ? &where->part[where->parts - 1] : NULL;
	const size_t size = strlen(name);

	/* pieces that follow each other, and an entry that has its file in it */
	if (last && where->parts > f->begun && f->run == f->last &&
	    (uint64_t)last->lba + last->count >= from && (uint64_t)last->lba <= from &&
	    !strcmp(last->name, name) &&
	    (last->what == what || (uint64_t)last->lba + last->count >= to)) {
		if ((uint64_t)last->lba + last->count < to)
			last->count = to - (uint64_t)last->lba;
		return 0;
	}
	if (where->parts >= WHERE_PARTS || f->names + size > WHERE_NAMES) {
		where->more = true;
		return SP_ERR_CANCELLED;
	}
	struct sp_where_part *more = sp_grow(where->part, where->parts, sizeof(*more));
	if (!more)
		return sp_fail_memory(f->err);
	where->part = more;
	more += where->parts;
	*more = (struct sp_where_part){.lba = (sp_lba)from,
				       .count = to - from,
				       .what = what,
				       .name = strdup(name),
				       .offset = offset};
	if (!more->name)
		return sp_fail_memory(f->err);
	if (f->tree) {
		more->tree = f->tree->name;
		more->session = f->tree->session;
		more->track = f->tree->track;
		more->partition = f->tree->partition;
		more->other = f->tree != f->trees;
	}
	f->names += size;
	f->last = f->run;
	where->parts++;
	return 0;
}

/* The first run that goes beyond the sector. */
static size_t left_find(const struct finder *f, uint64_t sector)
{
	size_t low = 0, high = f->lefts;

	while (low < high) {
		const size_t half = low + (high - low) / 2;
		if (f->left[half].to <= sector)
			low = half + 1;
		else
			high = half;
	}
	return low;
}

/* Bytes that something has, whose first is byte `offset` of it. */
static int where_place(struct finder *f, unsigned what, const char *name, uint64_t at,
		       uint64_t size, uint64_t offset)
{
	int r = 0;

	if (!size || !sp_range_ok(at, size, sp_inside_io(f->inside)->size))
		return 0;
	const uint64_t first = at / f->unit, end = (at + size - 1) / f->unit + 1;
	for (size_t i = left_find(f, first); i < f->lefts && f->left[i].from < end && !r; i++) {
		const uint64_t from = f->left[i].from > first ? f->left[i].from : first;
		const uint64_t to = f->left[i].to < end ? f->left[i].to : end;
		const uint64_t byte = from * f->unit;

		f->run = i;
		r = where_add(f, what, name, from, to, offset + (byte > at ? byte - at : 0));
	}
	return r;
}

/* --- what has been said --- */

static int part_order(const void *a, const void *b)
{
	const struct sp_where_part *x = a, *y = b;

	if (x->lba != y->lba)
		return x->lba < y->lba ? -1 : 1;
	if (x->what != y->what)
		return x->what < y->what ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Runs of which parts tell are left no more. */
static int left_take(struct finder *f)
{
	struct sp_where *where = f->where;
	const size_t parts = where->parts - f->begun;
	struct left *left;
	size_t lefts = 0, i = f->begun;

	if (!parts)
		return 0;
	qsort(where->part + f->begun, parts, sizeof(*where->part), part_order);
	/* each part begins a piece at most, each run another one */
	left = calloc(f->lefts + parts + 1, sizeof(*left));
	if (!left)
		return sp_fail_memory(f->err);
	for (size_t n = 0; n < f->lefts; n++) {
		uint64_t from = f->left[n].from;

		for (; i < where->parts && (uint64_t)where->part[i].lba < f->left[n].to; i++) {
			const uint64_t lba = (uint64_t)where->part[i].lba;
			const uint64_t end = lba + where->part[i].count;
			if (lba > from)
				left[lefts++] = (struct left){from, lba};
			from = end > from ? end : from;
		}
		if (from < f->left[n].to)
			left[lefts++] = (struct left){from, f->left[n].to};
	}
	free(f->left);
	f->left = left;
	f->lefts = lefts;
	f->begun = where->parts;
	return 0;
}

/* --- a tree --- */

static int where_node_place(void *user, unsigned what, const char *name, uint64_t at, uint64_t size)
{
	struct finder *f = user;
	const uint64_t offset = f->offset;

	if (++f->extents > WHERE_EXTENTS) {
		f->where->more = true;
		return SP_ERR_CANCELLED;
	}
	f->offset += size;
	return where_place(f, what, name ? name : f->path, at, size, name ? 0 : offset);
}

/* A node that is not understood is damage, which the reader has told. */
static int where_calm(struct finder *f, int r, const struct sp_error *why)
{
	if (r == SP_ERR_FORMAT || r == SP_ERR_UNSUPPORTED) {
		sp_fs_damaged(f->fs, "%s: %s", f->path, why->text);
		return 0;
	}
	if (r < 0 && r != SP_ERR_CANCELLED && r != SP_ERR_MEMORY && f->err)
		*f->err = *why;
	return r;
}

static int where_fork(struct finder *f, const struct sp_node *node, unsigned fork)
{
	struct sp_fs_extents list;
	struct sp_error why = {0};
	int r = where_calm(f, sp_fs_map(f->fs, node, fork, &list, &why), &why);

	f->offset = 0;
	for (size_t i = 0; i < list.count && !r; i++) {
		if (list.extent[i].hole)
			f->offset += list.extent[i].size;
		else
			r = where_node_place(
				f, fork == SP_FORK_DATA ? SP_WHERE_FILE : SP_WHERE_RESOURCE, NULL,
				list.extent[i].at, list.extent[i].size);
	}
	sp_fs_extents_free(&list);
	return r;
}

static int where_node(struct finder *f, const char *path, const struct sp_node *node)
{
	struct sp_error why = {0};
	int r = 0;

	f->path = path;
	f->offset = 0;
	if (f->fs->ops->holds)
		r = where_calm(f, f->fs->ops->holds(f->fs, node, where_node_place, f, &why), &why);
	if (!r && node->type == SP_NODE_FILE)
		r = where_fork(f, node, SP_FORK_DATA);
	if (!r && node->type == SP_NODE_FILE && node->resource)
		r = where_fork(f, node, SP_FORK_RESOURCE);
	return r;
}

static int where_entry(void *user, const struct sp_walk_entry *entry)
{
	return where_node(user, entry->path, entry->node);
}

/* What the volume says is not in use. */
static int where_free(struct finder *f)
{
	uint64_t asked = 0;
	int r = 0;

	for (size_t i = 0; i < f->lefts && !r; i++) {
		const uint64_t end = f->left[i].to;

		f->run = i;
		for (uint64_t at = f->left[i].from; at < end && asked < WHERE_UNITS && !r;) {
			const uint64_t from = at;
			while (at < end && asked++ < WHERE_UNITS &&
			       f->fs->ops->unused(f->fs, at * f->unit, f->unit))
				at++;
			if (at > from)
				r = where_add(f, SP_WHERE_FREE, "", from, at, 0);
			at += at == from;
		}
	}
	return r;
}

static int where_tree(struct finder *f, const struct sp_tree *tree)
{
	struct sp_error why = {0};
	int r = sp_inside_tree(f->inside, tree, &f->fs, &why);

	f->tree = tree;
	f->extents = 0;
	if (r == SP_ERR_FORMAT || r == SP_ERR_UNSUPPORTED) {
		f->where->damaged++;
		return 0;
	}
	if (r < 0) {
		if (f->err)
			*f->err = why;
		return r;
	}
	r = where_node(f, "/", sp_fs_root(f->fs));
	if (!r) {
		r = sp_fs_walk(f->fs, sp_fs_root(f->fs), "", 0, where_entry, f, &why);
		f->path = "/";
		r = where_calm(f, r, &why);
	}
	if (!r)
		r = left_take(f);
	if (!r && f->lefts && f->fs->ops->places)
		r = where_calm(f, f->fs->ops->places(f->fs, where_node_place, f, &why), &why);
	if (!r)
		r = left_take(f);
	if (!r && f->lefts && f->fs->ops->unused)
		r = where_free(f);
	if (!r)
		r = left_take(f);
	f->where->damaged += sp_fs_damage(f->fs) > 0;
	sp_fs_close(f->fs);
	return r;
}

/* --- what no tree has --- */

static bool rest_outside(const struct finder *f, uint64_t sector)
{
	const struct sp_region *region = sp_disc_region(f->disc, (sp_lba)sector);

	if (!region || region->mode == SP_MODE_AUDIO || region->kind != SP_REGION_TRACK)
		return true;
	for (size_t i = 0; i < f->count; i++) {
		const struct sp_tree *tree = &f->trees[i];
		const uint64_t at = sector * f->unit;
		if (at >= tree->start && at - tree->start < tree->size)
			return false;
	}
	return true;
}

static int where_rest(struct finder *f)
{
	int r = 0;

	f->tree = NULL;
	for (size_t i = 0; i < f->lefts && !r; i++) {
		uint64_t at = f->left[i].from, end;

		f->run = i;
		for (; at < f->left[i].to && !r; at = end) {
			const struct sp_region *region = sp_disc_region(f->disc, (sp_lba)at);
			end = region ? (uint64_t)region->lba + region->count : f->left[i].to;
			/* a volume's ends are within regions too */
			for (size_t t = 0; t < f->count; t++) {
				const struct sp_tree *tree = &f->trees[t];
				const uint64_t from = tree->start / f->unit;
				const uint64_t to = (tree->start + tree->size) / f->unit;
				end = from > at && from < end ? from : end;
				end = to > at && to < end ? to : end;
			}
			end = end < f->left[i].to ? end : f->left[i].to;
			r = where_add(f, rest_outside(f, at) ? SP_WHERE_OUTSIDE : SP_WHERE_NONE, "",
				      at, end, 0);
		}
	}
	return r;
}

int sp_where_find(struct sp_where *where, struct sp_inside *inside, const struct sp_run *run,
		  size_t runs, struct sp_error *err)
{
	struct finder f = {.where = where,
			   .inside = inside,
			   .disc = sp_inside_source(inside)->disc,
			   .err = err,
			   .unit = sp_disc_io_unit(sp_inside_io(inside))};

	*where = (struct sp_where){0};
	f.trees = sp_inside_trees(inside, &f.count);
	int r = f.count ? 0 : sp_inside_find(inside, 0, err);
	if (r < 0)
		return r;
	f.trees = sp_inside_trees(inside, &f.count);
	f.left = calloc(runs + 1, sizeof(*f.left));
	if (!f.left)
		return sp_fail_memory(err);
	for (size_t i = 0; i < runs; i++) {
		const sp_lba end = run[i].lba + (sp_lba)run[i].count;
		const sp_lba from = run[i].lba < 0 ? 0 : run[i].lba;
		if (from < end) /* nothing lies in the pregap of the first track */
			f.left[f.lefts++] = (struct left){(uint64_t)from, (uint64_t)end};
	}
	for (size_t i = 0; i < f.count && f.lefts && !r; i++)
		r = where_tree(&f, &f.trees[i]);
	if (!r)
		r = where_rest(&f);
	free(f.left);
	if (where->parts)
		qsort(where->part, where->parts, sizeof(*where->part), part_order);
	return r == SP_ERR_CANCELLED ? 0 : r;
}

void sp_where_clear(struct sp_where *where)
{
	for (size_t i = 0; i < where->parts; i++)
		free(where->part[i].name);
	free(where->part);
	*where = (struct sp_where){0};
}

const char *sp_where_name(unsigned what)
{
	static const char *const name[] = {"file",   "resource", "folder", "entry",
					   "volume", "free",     "none",   "outside"};

	return what < sizeof(name) / sizeof(*name) ? name[what] : "?";
}
