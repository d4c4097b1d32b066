/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which kind of disc it is: the layout, places of data tracks, files. The signatures are a table's;
 * all of a tree are looked for at once, each folder read once. */
#include "tree/kind.h"

#include "tree/fs.h"
#include "tree/inside.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	KIND_STEPS = 256,    /* folders that paths of the table lead through, of one tree */
	KIND_FOUND = 64,     /* files of one tree */
	KIND_ENTRIES = 5000, /* of a folder that are looked at */
	KIND_TREES = 32,
};

/* A kind that was seen before gets what is new. */
static void kind_take(struct sp_kinds *kinds, const char *name, const char *text, const char *by)
{
	struct sp_kind *kind = NULL;

	for (size_t i = 0; i < kinds->count && !kind; i++)
		if (!strcmp(kinds->kind[i].name, name))
			kind = &kinds->kind[i];
	if (!kind && kinds->count == SP_KINDS)
		return;
	if (!kind) {
		kind = &kinds->kind[kinds->count++];
		*kind = (struct sp_kind){.name = name};
	}
	const size_t texts = strlen(kind->text), bys = strlen(kind->by);
	if (text[0] && !strstr(kind->text, text))
		snprintf(kind->text + texts, sizeof(kind->text) - texts, "%s%s", texts ? ", " : "",
			 text);
	if (!strstr(kind->by, by) && bys + strlen(by) + 2 < sizeof(kind->by))
		snprintf(kind->by + bys, sizeof(kind->by) - bys, "%s%s", bys ? ", " : "", by);
}

/* --- the layout --- */

/* Red Book; Blue Book (Enhanced CD): audio in the first session, data in the second; data before
 * audio in one session. */
static void kind_layout(struct sp_kinds *kinds, const struct sp_disc *disc)
{
	bool data[2] = {false, false}, audio[2] = {false, false};

	if (disc->medium != SP_MEDIUM_CD)
		return;
	for (size_t i = 0; i < disc->tracks; i++) {
		const struct sp_track *track = &disc->track[i];
		const bool later = track->session != disc->track[0].session;

		data[later] |= track->mode != SP_MODE_AUDIO;
		audio[later] |= track->mode == SP_MODE_AUDIO;
	}
	if (audio[0] && !data[0] && !data[1])
		kind_take(kinds, "Audio CD", "", "tracks");
	else if (audio[0] && !data[0])
		kind_take(kinds, "Enhanced CD", "", "sessions");
	else if (audio[0] && disc->track[0].mode != SP_MODE_AUDIO)
		kind_take(kinds, "mixed mode CD", "", "tracks");
}

/* --- places of a track --- */

static int kind_read(struct sp_io *io, uint64_t at, uint8_t *data, size_t *size,
		     struct sp_error *err)
{
	if (at >= io->size)
		*size = 0;
	else if (*size > io->size - at)
		*size = (size_t)(io->size - at);
	return *size ? sp_io_read(io, at, data, *size, err) : 0;
}

static int kind_track(struct sp_kinds *kinds, struct sp_io *io, const struct sp_track *track,
		      uint64_t start, struct sp_error *err)
{
	uint8_t data[KIND_BYTES];
	char text[SP_KIND_TEXT], by[SP_KIND_BY];

	for (const struct kind_sector *k = kind_sectors; k->name; k++) {
		size_t size = k->size;
		int r = kind_read(io, start + k->at, data, &size, err);

		if (r < 0)
			return r;
		if (size < k->size || memcmp(data, k->bytes, size) != 0)
			continue;
		size = sizeof(data);
		r = kind_read(io, start + k->from, data, &size, err);
		if (r < 0)
			return r;
		text[0] = '\0';
		struct kind_seen seen = {data, size, text};
		if (k->tell && !k->tell(&seen))
			continue;
		snprintf(by, sizeof(by), "track %u, sector %u", track->number, k->at / 2048);
		kind_take(kinds, k->name, text, by);
	}
	return 0;
}

/* --- files --- */

struct step {
	const struct kind_file *file;
	const char *rest; /* of its path, from the folder on */
	struct sp_node folder;
};
struct found {
	const struct kind_file *file;
	struct sp_node node;
};
struct search {
	struct step step[KIND_STEPS];
	size_t steps, at;
	struct found found[KIND_FOUND];
	size_t founds;
	unsigned entries;
};

static bool search_same(const struct sp_node *a, const struct sp_node *b)
{
	return !memcmp(a->key, b->key, sizeof(a->key));
}

static bool search_fits(const char *rest, const char *name)
{
	char pattern[64];
	const size_t size = strcspn(rest, "/");

	if (size >= sizeof(pattern))
		return false;
	memcpy(pattern, rest, size);
	pattern[size] = '\0';
	return !fnmatch(pattern, name, FNM_CASEFOLD | FNM_NOESCAPE | FNM_PERIOD);
}

static int search_entry(void *user, const char *name, const struct sp_node *node)
{
	struct search *s = user;
	const size_t steps = s->steps;

	for (size_t i = s->at; i < steps; i++) {
		const struct step *step = &s->step[i];
		const char *next = step->rest + strcspn(step->rest, "/");
		const bool folder = *next == '/';

		if (!search_same(&step->folder, &s->step[s->at].folder) ||
		    folder != (node->type == SP_NODE_FOLDER) || !search_fits(step->rest, name))
			continue;
		if (folder && next[1] && s->steps < KIND_STEPS)
			s->step[s->steps++] = (struct step){step->file, next + 1, *node};
		else if (!(folder && next[1]) && s->founds < KIND_FOUND)
			s->found[s->founds++] = (struct found){step->file, *node};
	}
	return ++s->entries == KIND_ENTRIES;
}

/* Read each folder that a step begins in, for all steps that do. What cannot be read holds nothing;
 * but for memory. */
static int search_run(struct search *s, struct sp_fs *fs, struct sp_error *err)
{
	for (s->at = 0; s->at < s->steps; s->at++) {
		bool before = false;

		for (size_t i = 0; i < s->at && !before; i++)
			before = search_same(&s->step[i].folder, &s->step[s->at].folder);
		if (before)
			continue;
		s->entries = 0;
		const struct sp_node folder = s->step[s->at].folder;
		if (sp_fs_read_dir(fs, &folder, search_entry, s, err) == SP_ERR_MEMORY)
			return SP_ERR_MEMORY;
	}
	return 0;
}

static int search_look(struct sp_kinds *kinds, struct sp_fs *fs, const struct found *found,
		       struct sp_error *err)
{
	const struct kind_file *file = found->file;
	uint8_t data[KIND_BYTES], mark[32];
	char text[SP_KIND_TEXT] = "";
	struct kind_seen seen = {data, sizeof(data), text};
	struct sp_io *io = NULL;
	size_t size = file->size;

	if (found->node.type == SP_NODE_FOLDER) {
		kind_take(kinds, file->name, "", file->path);
		return 0;
	}
	if (found->node.type != SP_NODE_FILE)
		return 0;
	int r = sp_fs_open_file(fs, &found->node, SP_FORK_DATA, file->path, &io, err);
	if (!r)
		r = kind_read(io, file->at, mark, &size, err);
	if (!r)
		r = kind_read(io, 0, data, &seen.size, err);
	if (!r && size == file->size && !memcmp(mark, file->bytes ? file->bytes : "", size) &&
	    (!file->tell || file->tell(&seen)))
		kind_take(kinds, file->name, text, file->path);
	sp_io_close(io);
	return r == SP_ERR_MEMORY ? r : 0;
}

static int kind_tree(struct sp_kinds *kinds, struct sp_fs *fs, struct sp_error *err)
{
	struct search *s = calloc(1, sizeof(*s));
	int r = s ? 0 : sp_fail_memory(err);

	for (const struct kind_file *file = kind_files; !r && file->name; file++)
		s->step[s->steps++] = (struct step){file, file->path, *sp_fs_root(fs)};
	if (!r)
		r = search_run(s, fs, err);
	for (size_t i = 0; !r && i < s->founds; i++)
		r = search_look(kinds, fs, &s->found[i], err);
	free(s);
	return r;
}

/* Trees of one volume have the same files. */
static bool kind_again(const struct sp_tree *tree, size_t i)
{
	const bool iso = strcmp(tree[i].name, "udf") && strcmp(tree[i].name, "hfs+");

	for (size_t j = 0; j < i; j++)
		if (iso && tree[j].start == tree[i].start && strcmp(tree[j].name, "udf") &&
		    strcmp(tree[j].name, "hfs+"))
			return true;
	return false;
}

int sp_kinds_find(struct sp_kinds *kinds, struct sp_inside *inside, struct sp_error *err)
{
	const struct sp_disc *disc = sp_inside_source(inside)->disc;
	struct sp_io *io = sp_inside_io(inside);
	size_t trees;
	const struct sp_tree *tree = sp_inside_trees(inside, &trees);
	int r = 0;

	*kinds = (struct sp_kinds){0};
	kind_layout(kinds, disc);
	for (size_t i = 0; i < disc->tracks && !r; i++) {
		const struct sp_track *track = &disc->track[i];
		const uint64_t unit = track->mode == SP_MODE_BLOCK512 ? 512 : 2048;

		if (track->mode != SP_MODE_AUDIO && track->start >= 0)
			r = kind_track(kinds, io, track, (uint64_t)track->start * unit, err);
	}
	for (size_t i = 0; i < trees && i < KIND_TREES && !r; i++) {
		struct sp_fs *fs;

		if (kind_again(tree, i))
			continue;
		if (sp_inside_tree(inside, &tree[i], &fs, err) < 0)
			continue;
		r = kind_tree(kinds, fs, err);
		sp_fs_close(fs);
	}
	return r == SP_ERR_MEMORY || r == SP_ERR_IO ? r : 0;
}
