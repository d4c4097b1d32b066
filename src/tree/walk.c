/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walking a tree, and finding a path in it. Nothing here recurses: what is left to do lies in a
 * list. */
#include "base/bytes.h"
#include "tree/fs.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct entry {
	char *name;
	struct sp_node node;
};
/* A folder's entries, as they are being gone through. */
struct frame {
	struct entry *entry;
	size_t count, room, next;
	size_t path; /* length of its path */
};
struct walk {
	struct sp_fs *fs;
	struct frame *frame;
	size_t frames;
	char *path;
	size_t path_size, path_room;
	uint64_t *seen; /* ids of folders; 0: free */
	size_t seen_room, seen_count;
	uint64_t entries;
	bool sorted;
};

/* --- folders that were entered --- */

static size_t seen_slot(const uint64_t *seen, size_t room, uint64_t id)
{
	size_t i = (size_t)((id * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (room - 1);

	while (seen[i] && seen[i] != id)
		i = (i + 1) & (room - 1);
	return i;
}

/* 1: it was not there before. */
static int seen_add(struct walk *walk, uint64_t id, struct sp_error *err)
{
	if (walk->seen_count * 2 >= walk->seen_room) {
		const size_t room = walk->seen_room ? walk->seen_room * 2 : 256;
		uint64_t *more = calloc(room, sizeof(*more));
		if (!more)
			return sp_fail_memory(err);
		for (size_t i = 0; i < walk->seen_room; i++)
			if (walk->seen[i])
				more[seen_slot(more, room, walk->seen[i])] = walk->seen[i];
		free(walk->seen);
		walk->seen = more;
		walk->seen_room = room;
	}
	const size_t i = seen_slot(walk->seen, walk->seen_room, id);
	if (walk->seen[i])
		return 0;
	walk->seen[i] = id;
	walk->seen_count++;
	return 1;
}

/* --- the path --- */

static int path_room(struct walk *walk, size_t more, struct sp_error *err)
{
	if (walk->path_room - walk->path_size > more)
		return 0;
	const size_t room = (walk->path_size + more + 1) * 2;
	char *path = realloc(walk->path, room);
	if (!path)
		return sp_fail_memory(err);
	walk->path = path;
	walk->path_room = room;
	return 0;
}

/* The name behind the first `size` bytes of the path. */
static int path_add(struct walk *walk, size_t size, const char *name, struct sp_error *err)
{
	walk->path_size = size;
	if (path_room(walk, strlen(name) * 4 + 2, err) < 0)
		return SP_ERR_MEMORY;
	if (size && walk->path[size - 1] != '/')
		walk->path[walk->path_size++] = '/';
	for (; *name; name++) {
		if (*name == '/') {
			memcpy(walk->path + walk->path_size, "\\x2F", 4);
			walk->path_size += 4;
		} else {
			walk->path[walk->path_size++] = *name;
		}
	}
	walk->path[walk->path_size] = '\0';
	return 0;
}

/* --- folders --- */

static void frame_free(struct frame *frame)
{
	for (size_t i = 0; i < frame->count; i++)
		free(frame->entry[i].name);
	free(frame->entry);
	*frame = (struct frame){0};
}

static int frame_take(void *user, const char *name, const struct sp_node *node)
{
	struct walk *walk = user;
	struct frame *frame = &walk->frame[walk->frames];

	if (++walk->entries > SP_WALK_ENTRIES)
		return SP_ERR_UNSUPPORTED;
	struct entry *more = sp_grow(frame->entry, frame->count, sizeof(*more));
	if (!more)
		return SP_ERR_MEMORY;
	frame->entry = more;
	more[frame->count] = (struct entry){strdup(name), *node};
	if (!more[frame->count].name)
		return SP_ERR_MEMORY;
	frame->count++;
	return 0;
}

static int entry_order(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

/* The folder whose path is the walk's becomes the innermost frame. What makes it unreadable is told
 * and no reason to stop. */
static int walk_enter(struct walk *walk, const struct sp_node *folder, struct sp_error *err)
{
	struct sp_fs *fs = walk->fs;
	const char *path = walk->path_size ? walk->path : "the root";

	if (walk->frames >= SP_WALK_DEPTH) {
		sp_fs_damaged(fs, "%s: folders more than %d deep; what is in it is left out", path,
			      SP_WALK_DEPTH);
		return 0;
	}
	int r = folder->id ? seen_add(walk, folder->id, err) : 1;
	if (r == 0)
		sp_fs_damaged(fs,
			      "%s: the same folder as another one; what is in it is not "
			      "repeated",
			      path);
	if (r <= 0)
		return r;
	struct frame *more = sp_grow(walk->frame, walk->frames, sizeof(*more));
	if (!more)
		return sp_fail_memory(err);
	walk->frame = more;
	more[walk->frames] = (struct frame){.path = walk->path_size};
	r = sp_fs_read_dir(fs, folder, frame_take, walk, err);
	if (walk->entries > SP_WALK_ENTRIES)
		r = sp_fail(err, SP_ERR_FORMAT, "more than %u files and folders", SP_WALK_ENTRIES);
	else if (r == SP_ERR_MEMORY)
		r = sp_fail_memory(err);
	else if (r == SP_ERR_FORMAT) {
		sp_fs_damaged(fs, "%s: %s", path, err->text);
		r = 0;
	}
	struct frame *frame = &walk->frame[walk->frames];
	if (walk->sorted && frame->count)
		qsort(frame->entry, frame->count, sizeof(*frame->entry), entry_order);
	walk->frames++;
	return r;
}

int sp_fs_walk(struct sp_fs *fs, const struct sp_node *from, const char *path, unsigned flags,
	       sp_walk_fn *fn, void *user, struct sp_error *err)
{
	struct walk walk = {.fs = fs, .sorted = flags & SP_WALK_SORTED};
	int r = path_add(&walk, 0, "", err);

	if (!r)
		r = path_room(&walk, strlen(path), err);
	if (!r) {
		walk.path_size = strlen(path);
		memcpy(walk.path, path, walk.path_size + 1);
		r = walk_enter(&walk, from, err);
	}
	while (!r && walk.frames) {
		struct frame *frame = &walk.frame[walk.frames - 1];
		if (frame->next == frame->count) {
			frame_free(frame);
			walk.frames--;
			continue;
		}
		struct entry *entry = &frame->entry[frame->next++];
		r = path_add(&walk, frame->path, entry->name, err);
		if (r < 0)
			break;
		const struct sp_walk_entry here = {.path = walk.path,
						   .name = entry->name,
						   .node = &entry->node,
						   .depth = (unsigned)walk.frames,
						   .last = frame->next == frame->count};
		r = fn(user, &here);
		if (r == 0 && entry->node.type == SP_NODE_FOLDER) {
			const struct sp_node folder = entry->node;
			r = walk_enter(&walk, &folder, err);
		}
		r = r > 0 ? 0 : r;
	}
	while (walk.frames)
		frame_free(&walk.frame[--walk.frames]);
	free(walk.frame);
	free(walk.path);
	free(walk.seen);
	return r;
}

/* --- how much there is --- */

struct counting {
	struct sp_fs_count *count;
	uint64_t most, seen;
	bool stopped;
};

static int counting_take(void *user, const struct sp_walk_entry *entry)
{
	struct counting *counting = user;
	struct sp_fs_count *count = counting->count;

	if (entry->node->type == SP_NODE_FOLDER)
		count->folders++;
	else
		count->files++;
	count->coded += (entry->node->has & SP_NODE_CODED) != 0;
	counting->stopped = ++counting->seen == counting->most;
	return counting->stopped ? SP_ERR_CANCELLED : 0;
}

int sp_fs_count(struct sp_fs *fs, uint64_t most, struct sp_fs_count *count, struct sp_error *err)
{
	struct counting counting = {.count = count, .most = most};

	*count = (struct sp_fs_count){0};
	const int r = sp_fs_walk(fs, sp_fs_root(fs), "", 0, counting_take, &counting, err);
	count->whole = !r;
	fs->counted = *count;
	return counting.stopped ? 0 : r;
}

/* --- a path --- */

struct find {
	const char *want; /* the component, not terminated */
	size_t size;
	struct sp_node node;
	unsigned best; /* 3: as written, 1: but for case, 0: none yet */
	bool several;
};

/* Whether the name, with '/' escaped, is the wanted component. */
static bool find_alike(const struct find *find, const char *name, bool any_case)
{
	const char *want = find->want, *end = want + find->size;

	for (; *name; name++) {
		const size_t n = *name == '/' ? 4 : 1;
		const char *as = *name == '/' ? "\\x2F" : name;
		if ((size_t)(end - want) < n ||
		    ((any_case || n == 4) ? strncasecmp(want, as, n) : strncmp(want, as, n)) != 0)
			return false;
		want += n;
	}
	return want == end;
}

static int find_entry(void *user, const char *name, const struct sp_node *node)
{
	struct find *find = user;
	const unsigned fits = find_alike(find, name, false)  ? 3
			      : find_alike(find, name, true) ? 1
							     : 0;

	if (!fits || fits < find->best)
		return 0;
	find->several = fits == find->best;
	if (fits == 3 && find->several)
		return 0; /* the first of two entries alike */
	find->best = fits;
	find->node = *node;
	return 0;
}

int sp_fs_find(struct sp_fs *fs, const char *path, struct sp_node *node, struct sp_error *err)
{
	const char *at = path;

	*node = *sp_fs_root(fs);
	for (;;) {
		at += strspn(at, "/");
		if (!*at)
			return 0;
		struct find find = {.want = at, .size = strcspn(at, "/")};
		at += find.size;
		if (find.size == 1 && find.want[0] == '.')
			continue;
		if (node->type != SP_NODE_FOLDER)
			return sp_fail(err, SP_ERR_USAGE, "%s: \"%.*s\" is not in a folder", path,
				       (int)find.size, find.want);
		const int r = sp_fs_read_dir(fs, node, find_entry, &find, err);
		if (r < 0)
			return r;
		if (!find.best || (find.best == 1 && find.several))
			return sp_fail(err, SP_ERR_USAGE,
				       find.best ? "%s: several names are \"%.*s\" but for case"
						 : "%s: there is no \"%.*s\"",
				       path, (int)find.size, find.want);
		*node = find.node;
	}
}
