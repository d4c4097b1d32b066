/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tree of an image: of a folder, of grafts, and of the session before. */
#include "tree/isofs.h"

#include "base/bytes.h"
#include "stream/volume.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { AUTHOR_DEPTH_MAX = 4096 };

/* --- the folder ------------------------------------------------------------------------------ */

/* The folder of `path` in the image, made where it is not there; *leaf is the last name. */
static int author_parent(struct author *author, const char *path, IsoDir **dir, const char **leaf,
			 struct sp_error *err)
{
	const char *at = path + strspn(path, "/");

	*dir = iso_image_get_root(author->image);
	for (;;) {
		const size_t size = strcspn(at, "/");
		const char *rest = at + size + strspn(at + size, "/");
		IsoNode *node = NULL;
		IsoDir *made = NULL;

		*leaf = at;
		if (!*rest)
			break;
		char *name = strndup(at, size);
		if (!name)
			return sp_fail_memory(err);
		int r = iso_image_dir_get_node(author->image, *dir, name, &node, 0);
		if (r == 0)
			r = iso_tree_add_new_dir(*dir, name, &made);
		free(name);
		if (r < 0)
			return sp_author_fail(author->from, r, path, err);
		if (node && iso_node_get_type(node) != LIBISO_DIR)
			return sp_fail(err, SP_ERR_USAGE,
				       "%s: a part of that path is a file in the image", path);
		*dir = node ? (IsoDir *)node : made;
		at = rest;
	}
	return 0;
}

/* Move everything in `from` to `into`: folders become one, else what is new replaces what was
 * there. Without recursion: pairs of folders wait in a list. */
static int author_merge(struct author *author, IsoDir *into, IsoDir *from, struct sp_error *err)
{
	struct pair {
		IsoDir *into, *from;
	} *pair = sp_grow(NULL, 0, sizeof(*pair));
	size_t pairs = pair ? 1 : 0;
	int r = pair ? 0 : ISO_OUT_OF_MEM;

	if (pair)
		pair[0] = (struct pair){into, from};
	for (size_t i = 0; r >= 0 && i < pairs; i++) {
		const struct pair now = pair[i];
		IsoDirIter *iter = NULL;
		IsoNode *node, *old;

		r = iso_dir_get_children(now.from, &iter);
		while (r >= 0 && iso_dir_iter_next(iter, &node) == 1) {
			const int found = iso_image_dir_get_node(author->image, now.into,
								 iso_node_get_name(node), &old, 0);
			const bool both = found == 1 && iso_node_get_type(node) == LIBISO_DIR &&
					  iso_node_get_type(old) == LIBISO_DIR;

			if (both) {
				struct pair *list = sp_grow(pair, pairs, sizeof(*pair));

				r = list ? 0 : (int)ISO_OUT_OF_MEM;
				if (list) {
					pair = list;
					pair[pairs++] =
						(struct pair){(IsoDir *)old, (IsoDir *)node};
				}
				continue;
			}
			if (found == 1)
				r = iso_node_remove(old);
			if (r >= 0)
				r = iso_dir_iter_take(iter);
			if (r >= 0)
				r = iso_dir_add_node(now.into, node, 0);
		}
		iso_dir_iter_free(iter);
	}
	free(pair);
	return r < 0 ? sp_author_fail(author->from, r, "the tree", err) : 0;
}

/* A folder's content becomes that of `dir`. */
static int author_add(struct author *author, IsoDir *dir, const char *from, struct sp_error *err)
{
	char *path = sp_author_absolute(from, err);
	IsoDir *new = dir;
	struct stat st;

	if (!path)
		return SP_ERR_IO;
	const bool folder = !stat(path, &st) && S_ISDIR(st.st_mode);
	const bool merge = iso_dir_get_children_count(dir) > 0;
	int r = folder ? 0 : sp_fail(err, SP_ERR_USAGE, "%s: not a folder", from);
	if (!r && merge) {
		r = iso_tree_add_new_dir(dir, "\x01", &new);
		r = r < 0 ? sp_author_fail(author->from, r, from, err) : 0;
	}
	if (!r)
		r = sp_author_folder(author, new, path, err);
	free(path);
	if (new == dir)
		return r;
	/* what is merged is not to meet itself; taken, it is ours to free */
	iso_node_take((IsoNode *)new);
	if (!r)
		r = author_merge(author, dir, new, err);
	iso_node_unref((IsoNode *)new);
	return r;
}

static int author_graft(struct author *author, const struct sp_graft *graft, struct sp_error *err)
{
	IsoDir *dir;
	IsoNode *node = NULL;
	const char *leaf;
	struct stat st;

	int r = author_parent(author, graft->to, &dir, &leaf, err);
	if (r < 0)
		return r;
	const size_t size = strcspn(leaf, "/");
	char *name = strndup(leaf, size);
	char *from = name && graft->from ? sp_author_absolute(graft->from, err) : NULL;
	if (!name || (graft->from && !from)) {
		r = name ? SP_ERR_IO : sp_fail_memory(err);
		free(name);
		return r;
	}
	const bool folder = !from || (!stat(from, &st) && S_ISDIR(st.st_mode));
	if (size)
		iso_image_dir_get_node(author->image, dir, name, &node, 0);
	const bool both = node && folder && iso_node_get_type(node) == LIBISO_DIR;
	if (node && !both && (r = iso_node_remove(node)) < 0)
		r = sp_author_fail(author->from, r, graft->to, err);
	else if (!size && !folder)
		r = sp_fail(err, SP_ERR_USAGE, "--graft =%s: give the file a name in the image",
			    graft->from);
	else if (!folder) {
		r = iso_tree_add_new_node(author->image, dir, name, from, NULL);
		r = r < 0 ? sp_author_fail(author->from, r, graft->from, err) : 0;
	} else {
		IsoDir *inner = both ? (IsoDir *)node : dir;

		r = size && !both ? iso_tree_add_new_dir(dir, name, &inner) : 0;
		if (r < 0)
			r = sp_author_fail(author->from, r, graft->to, err);
		else
			r = from ? author_add(author, inner, graft->from, err) : 0;
	}
	free(from);
	free(name);
	return r;
}

/* One node: pinned where the image is to be reproducible, weighed, its name looked at. */
static void author_node(struct author *author, IsoNode *node, const char *path)
{
	const struct sp_author *from = author->from;
	const enum IsoNodeType type = iso_node_get_type(node);

	if (from->reproducible) {
		const mode_t mode = iso_node_get_permissions(node);
		const bool runs = type == LIBISO_DIR || (mode & 0111) != 0;

		iso_node_set_mtime(node, author->now);
		iso_node_set_atime(node, author->now);
		iso_node_set_ctime(node, author->now);
		iso_node_set_uid(node, 0);
		iso_node_set_gid(node, 0);
		if (type != LIBISO_SYMLINK)
			iso_node_set_permissions(node, runs ? 0555 : 0444);
	}
	for (size_t i = 0; type == LIBISO_FILE && i < from->weights; i++)
		if (!fnmatch(from->weight[i].pattern, path, 0) ||
		    !fnmatch(from->weight[i].pattern, path + 1, 0))
			iso_node_set_sort_weight(node, from->weight[i].weight);
	unsigned kind = SP_AUTHOR_PLAIN;
	if (type == LIBISO_SYMLINK)
		kind = SP_AUTHOR_LINK;
	else if (type == LIBISO_SPECIAL)
		kind = SP_AUTHOR_SPECIAL;
	sp_author_name(&author->names, path, iso_node_get_name(node), kind);
}

/* Every node of the tree, without recursion; paths begin with a slash. */
int sp_author_walk(struct author *author, struct sp_error *err)
{
	struct author_level {
		IsoDirIter *at;
		size_t path; /* its length up to here */
	} *level = calloc(AUTHOR_DEPTH_MAX, sizeof(level[0]));
	char *path = malloc(PATH_MAX * 2);
	unsigned depth = 0;
	IsoNode *node;

	int r = level && path
			? iso_dir_get_children(iso_image_get_root(author->image), &level[0].at)
			: (int)ISO_OUT_OF_MEM;
	if (r >= 0) {
		author_node(author, (IsoNode *)iso_image_get_root(author->image), "/");
		depth = 1;
	}
	while (r >= 0 && depth) {
		struct author_level *top = &level[depth - 1];

		if (iso_dir_iter_next(top->at, &node) != 1) {
			iso_dir_iter_free(top->at);
			depth--;
			continue;
		}
		const size_t size = strlen(iso_node_get_name(node));
		if (top->path + size + 2 > PATH_MAX * 2 || depth == AUTHOR_DEPTH_MAX) {
			r = sp_fail(err, SP_ERR_USAGE, "%.*s: too deep a path for an image", 80,
				    path);
			break;
		}
		path[top->path] = '/';
		memcpy(path + top->path + 1, iso_node_get_name(node), size + 1);
		author_node(author, node, path);
		if (iso_node_get_type(node) != LIBISO_DIR)
			continue;
		level[depth].path = top->path + 1 + size;
		r = iso_dir_get_children((IsoDir *)node, &level[depth].at);
		depth += r >= 0;
	}
	while (depth)
		iso_dir_iter_free(level[--depth].at);
	free(level);
	free(path);
	if (r == SP_ERR_USAGE)
		return r;
	return r < 0 ? sp_author_fail(author->from, r, "the tree", err) : 0;
}

/* --- the session before --------------------------------------------------------------------- */

static int author_disc_nothing(IsoDataSource *disc)
{
	(void)disc;
	return 1;
}

static int author_disc_read(IsoDataSource *disc, uint32_t lba, uint8_t *block)
{
	const int r = sp_volume_sector(disc->data, 0, (uint64_t)UINT32_MAX + 1, lba, block, NULL);

	return r == 1 ? 1 : (int)ISO_DATA_SOURCE_FAILURE;
}

static void author_disc_free(IsoDataSource *disc)
{
	(void)disc; /* the source is the caller's */
}

/* Take over the files of the disc's last session, which has those of the ones before it. */
static int author_append(struct author *author, struct sp_error *err)
{
	struct sp_source *old = author->from->append;
	const struct sp_track *track = NULL;
	IsoDataSource *disc;
	IsoReadOpts *opts = NULL;
	sp_lba next;

	for (size_t i = 0; i < old->disc->tracks && !track; i++)
		if (old->disc->track[i].session == old->disc->sessions &&
		    old->disc->track[i].mode != SP_MODE_AUDIO)
			track = &old->disc->track[i];
	if (!track || track->start < 0 || track->start > UINT32_MAX)
		return sp_fail(err, SP_ERR_USAGE, "the last session has no data to go on with");
	int r = sp_author_next(&next, author->from, err);
	if (r < 0)
		return r;
	if (!(disc = calloc(1, sizeof(*disc))))
		return sp_fail_memory(err);
	*disc = (IsoDataSource){.refcount = 1,
				.open = author_disc_nothing,
				.close = author_disc_nothing,
				.read_block = author_disc_read,
				.free_data = author_disc_free,
				.data = old};
	r = iso_read_opts_new(&opts, 0);
	if (r >= 0)
		r = iso_read_opts_set_start_block(opts, (uint32_t)track->start);
	if (r >= 0)
		r = iso_image_import(author->image, disc, opts, NULL);
	if (opts)
		iso_read_opts_free(opts);
	iso_data_source_unref(disc);
	if (r >= 0)
		r = iso_write_opts_set_appendable(author->opts, 1);
	if (r >= 0)
		r = iso_write_opts_set_ms_block(author->opts, (uint32_t)next);
	return r < 0 ? sp_author_fail(author->from, r, "the session before", err) : 0;
}

/* --- all of it
 * ------------------------------------------------------------------------------------ */

int sp_author_tree(struct author *author, struct sp_error *err)
{
	const struct sp_author *from = author->from;
	int r = from->append ? author_append(author, err) : 0;

	if (r < 0)
		return r;
	iso_image_set_ignore_aclea(author->image, 3);
	r = from->folder ? author_add(author, iso_image_get_root(author->image), from->folder, err)
			 : 0;
	for (size_t i = 0; !r && i < from->grafts; i++)
		r = author_graft(author, &from->graft[i], err);
	return r;
}
