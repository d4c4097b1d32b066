/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is to be taken out, under which name, and in which order. */
#include "base/bytes.h"
#include "tree/extract.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct planner {
	struct plan *plan;
	struct sp_extract *x;
	struct sp_error *err;
	size_t chain[SP_WALK_DEPTH + 1]; /* folder at each depth of the walk */
	unsigned chosen;                 /* depth of the folder that was wanted whole; 0: none */
	bool *met;                       /* of each wish: something fits */
	struct taken {                   /* names in folders: open addressing, hash 0 is free */
		uint64_t hash;
		size_t folder;
		const char *name;
	} * taken;
	size_t taken_room, taken_count;
	uint64_t others; /* names that were taken: a number no other one has got */
};

/* --- names that are in use --- */

static uint64_t taken_hash(size_t folder, const char *name)
{
	uint64_t hash = (UINT64_C(0xcbf29ce484222325) ^ folder) * UINT64_C(0x100000001b3);

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
	return hash | 1;
}

static struct taken *taken_find(struct taken *list, size_t room, uint64_t hash, size_t folder,
				const char *name)
{
	size_t i = (size_t)(hash >> 20) & (room - 1);

	while (list[i].hash && (list[i].hash != hash || list[i].folder != folder ||
				strcmp(list[i].name, name) != 0))
		i = (i + 1) & (room - 1);
	return &list[i];
}

static int taken_grow(struct planner *p)
{
	const size_t room = p->taken_room ? p->taken_room * 2 : 1024;
	struct taken *more = calloc(room, sizeof(*more));

	if (!more)
		return sp_fail_memory(p->err);
	for (size_t i = 0; i < p->taken_room; i++) {
		const struct taken *t = &p->taken[i];
		if (t->hash)
			*taken_find(more, room, t->hash, t->folder, t->name) = *t;
	}
	free(p->taken);
	p->taken = more;
	p->taken_room = room;
	return 0;
}

/* The name as one a file can have: no way up or down, not too long. */
static char *name_possible(const char *said, bool *changed)
{
	const size_t size = strlen(said), most = NAME_MAX - 24;
	char *name = malloc(size + 2);

	if (!name)
		return NULL;
	memcpy(name, said, size + 1);
	*changed = !size || !strcmp(said, ".") || !strcmp(said, "..") || strchr(said, '/') ||
		   size > NAME_MAX;
	if (!size || !strcmp(said, ".") || !strcmp(said, ".."))
		memset(name, '_', size ? size : 1);
	name[size ? size : 1] = '\0';
	for (char *slash; (slash = strchr(name, '/'));)
		*slash = '_';
	if (size > NAME_MAX) {
		size_t cut = most;
		while (cut && ((uint8_t)name[cut] & 0xc0) == 0x80)
			cut--;
		name[cut] = '\0';
	}
	return name;
}

/* The same name with a number behind it. */
static char *name_other(const char *name, uint64_t number)
{
	size_t cut = strlen(name);

	while (cut > NAME_MAX - 24 || (cut && ((uint8_t)name[cut] & 0xc0) == 0x80))
		cut--;
	return sp_format_text("%.*s~%llu", (int)cut, name, (unsigned long long)number);
}

/* *name becomes one that nothing else in the folder has, the caller's to free. */
static int name_take(struct planner *p, size_t folder, const char *said, const char *path,
		     char **name)
{
	bool changed;

	if (p->taken_count * 2 >= p->taken_room && taken_grow(p) < 0)
		return SP_ERR_MEMORY;
	*name = name_possible(said, &changed);
	while (*name) {
		const uint64_t hash = taken_hash(folder, *name);
		struct taken *t = taken_find(p->taken, p->taken_room, hash, folder, *name);
		if (!t->hash) {
			*t = (struct taken){hash, folder, *name};
			break;
		}
		changed = true;
		char *other = name_other(*name, ++p->others + 1);
		free(*name);
		*name = other;
	}
	if (!*name)
		return sp_fail_memory(p->err);
	p->taken_count++;
	if (changed) {
		p->x->renamed++;
		sp_note(p->x->notes, "%s: is written as \"%s\"", path, *name);
	}
	return 0;
}

/* --- the walk --- */

/* Give the folder and those it is in their names. */
static int folder_need(struct planner *p, size_t folder, const char *path)
{
	size_t up[SP_WALK_DEPTH + 2], n = 0;

	for (size_t f = folder; f && !p->plan->folder[f].name; f = p->plan->folder[f].parent)
		up[n++] = f;
	while (n) {
		struct plan_folder *f = &p->plan->folder[up[--n]];
		const int r = name_take(p, f->parent, f->said, path, &f->name);
		if (r < 0)
			return r;
		p->x->folders++;
	}
	return 0;
}

static bool wish_fits(const char *want, const struct sp_walk_entry *entry)
{
	want += strspn(want, "/");
	size_t size = strlen(want);
	while (size && want[size - 1] == '/')
		size--;
	if (strlen(entry->path) == size && !memcmp(entry->path, want, size))
		return true;
	if (!want[strcspn(want, "*?[")])
		return false;
	return fnmatch(want, entry->path, FNM_PATHNAME) == 0 ||
	       (!strchr(want, '/') && fnmatch(want, entry->name, 0) == 0);
}

/* Whether the entry is wanted for itself. */
static bool plan_wanted(struct planner *p, const struct sp_walk_entry *entry)
{
	bool wanted = !p->x->wants;

	for (size_t i = 0; i < p->x->wants; i++)
		if (wish_fits(p->x->want[i], entry)) {
			p->met[i] = true;
			wanted = true;
		}
	return wanted;
}

static int plan_folder(struct planner *p, const struct sp_walk_entry *entry, bool wanted)
{
	struct plan *plan = p->plan;
	struct plan_folder *more = sp_grow(plan->folder, plan->folders, sizeof(*more));

	if (!more)
		return sp_fail_memory(p->err);
	plan->folder = more;
	more[plan->folders] = (struct plan_folder){.parent = p->chain[entry->depth - 1],
						   .said = strdup(entry->name),
						   .node = *entry->node};
	if (!more[plan->folders].said)
		return sp_fail_memory(p->err);
	p->chain[entry->depth] = plan->folders++;
	return wanted ? folder_need(p, plan->folders - 1, entry->path) : 0;
}

static int plan_item(struct planner *p, const struct sp_walk_entry *entry)
{
	struct plan *plan = p->plan;
	const size_t folder = p->chain[entry->depth - 1];
	struct plan_item *more;

	int r = folder_need(p, folder, entry->path);
	if (r < 0)
		return r;
	more = sp_grow(plan->item, plan->items, sizeof(*more));
	if (!more)
		return sp_fail_memory(p->err);
	plan->item = more;
	struct plan_item *item = &more[plan->items++];
	*item = (struct plan_item){
		.folder = folder, .path = strdup(entry->path), .node = *entry->node};
	if (!item->path)
		return sp_fail_memory(p->err);
	return name_take(p, folder, entry->name, entry->path, &item->name);
}

/* And the file that goes with it: "._" before its name. */
static int plan_apple(struct planner *p, const struct sp_walk_entry *entry)
{
	struct sp_node node = *entry->node;
	struct sp_error why = {0};
	uint64_t size;
	int r = sp_appledouble_size(p->x->fs, entry->node, &size, &why);

	if (r == SP_ERR_FORMAT || r == SP_ERR_UNSUPPORTED) {
		sp_note(p->x->notes, "%s: %s", entry->path, why.text);
		p->x->failed++;
		return 0;
	}
	if (r < 0 || !size) {
		if (r < 0 && p->err)
			*p->err = why;
		return r;
	}
	char *name = sp_format_text("._%s", entry->name);
	struct sp_walk_entry beside = *entry;
	node.id = 0; /* it is no name of the file itself */
	node.size = size;
	beside.name = name;
	beside.node = &node;
	r = name ? plan_item(p, &beside) : sp_fail_memory(p->err);
	if (!r)
		p->plan->item[p->plan->items - 1].apple = true;
	free(name);
	return r;
}

static int plan_entry(void *user, const struct sp_walk_entry *entry)
{
	struct planner *p = user;

	if (entry->depth > SP_WALK_DEPTH)
		return SP_WALK_SKIP;
	if (p->chosen >= entry->depth)
		p->chosen = 0;
	const bool wanted = plan_wanted(p, entry) || p->chosen;
	if (entry->node->type != SP_NODE_FOLDER) {
		const int r = wanted ? plan_item(p, entry) : 0;
		return !r && wanted && p->x->appledouble && entry->node->type == SP_NODE_FILE
			       ? plan_apple(p, entry)
			       : r;
	}
	if (wanted && !p->chosen)
		p->chosen = entry->depth;
	return plan_folder(p, entry, wanted);
}

/* --- the order --- */

static int by_place(const void *a, const void *b)
{
	const struct plan_item *x = a, *y = b;

	return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : strcmp(x->path, y->path);
}

static void plan_place(struct sp_extract *x, struct plan_item *item)
{
	struct sp_fs_extents list;
	struct sp_error err;

	if (item->node.type != SP_NODE_FILE || !item->node.size)
		return;
	const unsigned fork = item->apple ? SP_FORK_RESOURCE : SP_FORK_DATA;
	if (!sp_fs_map(x->fs, &item->node, fork, &list, &err) && list.count) {
		item->at = list.extent[0].at;
		item->in_one = !item->apple && list.count == 1 && !list.coded &&
			       !list.extent[0].hole && list.size == item->node.size;
	}
	sp_fs_extents_free(&list);
}

struct same {
	uint64_t id;
	size_t item;
};

static int by_id(const void *a, const void *b)
{
	const struct same *x = a, *y = b;

	return x->id != y->id ? (x->id > y->id) - (x->id < y->id)
			      : (x->item > y->item) - (x->item < y->item);
}

/* Names of one file: the first one is written, the others are links to it. */
static int plan_same(struct plan *plan, struct sp_error *err)
{
	struct same *same = calloc(plan->items + 1, sizeof(*same));
	size_t n = 0;

	if (!same)
		return sp_fail_memory(err);
	for (size_t i = 0; i < plan->items; i++)
		if (plan->item[i].node.id && plan->item[i].node.type == SP_NODE_FILE)
			same[n++] = (struct same){plan->item[i].node.id, i};
	qsort(same, n, sizeof(*same), by_id);
	for (size_t i = 1, first = 0; i < n; i++) {
		if (same[i].id != same[first].id)
			first = i;
		else
			plan->item[same[i].item].link_to = same[first].item + 1;
	}
	free(same);
	return 0;
}

static int plan_wishes(const struct planner *p)
{
	for (size_t i = 0; i < p->x->wants; i++)
		if (!p->met[i] && p->x->want[i][strspn(p->x->want[i], "/")])
			return sp_fail(p->err, SP_ERR_USAGE, "%s: nothing is called that",
				       p->x->want[i]);
	return 0;
}

int sp_extract_plan(struct plan *plan, struct sp_extract *x, struct sp_error *err)
{
	struct planner p = {.plan = plan, .x = x, .err = err};

	*plan = (struct plan){0};
	for (size_t i = 0; i < x->wants; i++)
		if (!x->want[i][strspn(x->want[i], "/")])
			x->wants = 0; /* the root: everything */
	p.met = calloc(x->wants + 1, sizeof(*p.met));
	plan->folder = calloc(1, sizeof(*plan->folder));
	int r = p.met && plan->folder ? taken_grow(&p) : sp_fail_memory(err);
	if (!r) {
		plan->folders = 1;
		plan->folder[0].node = *sp_fs_root(x->fs);
		r = sp_fs_walk(x->fs, sp_fs_root(x->fs), "", SP_WALK_SORTED, plan_entry, &p, err);
	}
	if (!r)
		r = plan_wishes(&p);
	for (size_t i = 0; i < plan->items && !r; i++)
		plan_place(x, &plan->item[i]);
	if (!r && plan->items)
		qsort(plan->item, plan->items, sizeof(*plan->item), by_place);
	if (!r)
		r = plan_same(plan, err);
	for (size_t i = 0; i < plan->items && !r; i++)
		if (!plan->item[i].link_to &&
		    !sp_add_ok(plan->bytes, plan->item[i].node.size, &plan->bytes))
			r = sp_fail(err, SP_ERR_FORMAT, "the files claim more than 2^64 bytes");
	free(p.taken);
	free(p.met);
	return r;
}

void sp_extract_plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->folders; i++) {
		free(plan->folder[i].name);
		free(plan->folder[i].said);
	}
	for (size_t i = 0; i < plan->items; i++) {
		free(plan->item[i].name);
		free(plan->item[i].path);
	}
	free(plan->folder);
	free(plan->item);
	*plan = (struct plan){0};
}
