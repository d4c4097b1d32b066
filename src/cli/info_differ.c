/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle info: where the trees of a hybrid disc disagree. */
#include "cli/info.h"

#include <stdlib.h>
#include <string.h>

enum { DIFFER_NAMES = 3 }; /* of files of one tree that are told */

struct only {
	uint64_t files;
	char *name[DIFFER_NAMES];
};

static int differ_file(void *user, bool second, const char *path)
{
	struct only *only = (struct only *)user + second;

	if (only->files < DIFFER_NAMES && !(only->name[only->files] = strdup(path)))
		return SP_ERR_MEMORY;
	only->files++;
	return 0;
}

static void differ_tell(struct ui *ui, struct only *only, const char *has, const char *lacks)
{
	const char *name[DIFFER_NAMES];

	for (size_t i = 0; i < DIFFER_NAMES; i++)
		name[i] = only->name[i] ? only->name[i] : "";
	if (only->files)
		ui_note(ui, "%s has %llu file%s that %s has not: %s%s%s%s%s%s", has,
			(unsigned long long)only->files, only->files > 1 ? "s" : "", lacks, name[0],
			*name[1] ? ", " : "", name[1], *name[2] ? ", " : "", name[2],
			only->files > DIFFER_NAMES ? ", …" : "");
	for (size_t i = 0; i < DIFFER_NAMES; i++)
		free(only->name[i]);
}

static int differ_two(struct ui *ui, struct sp_inside *inside, const struct sp_tree *a,
		      const struct sp_tree *b, uint64_t most, struct sp_error *err)
{
	struct only only[2] = {{0}};
	struct sp_fs *first = NULL, *second = NULL;
	bool whole = false;
	int r = sp_inside_tree(inside, a, &first, err);

	if (!r)
		r = sp_inside_tree(inside, b, &second, err);
	if (!r)
		r = sp_fs_differ(first, second, most, differ_file, only, &whole, err);
	if (r || !whole)
		only[0].files = only[1].files = 0;
	differ_tell(ui, &only[0], a->name, b->name);
	differ_tell(ui, &only[1], b->name, a->name);
	sp_fs_close(first);
	sp_fs_close(second);
	return r == SP_ERR_MEMORY ? r : 0; /* what cannot be read was told */
}

/* Of one session and track, and not two partitions of a disk. */
static bool differ_share(const struct sp_tree *a, const struct sp_tree *b)
{
	return a->session == b->session && a->track == b->track &&
	       (a->start == b->start || !a->partition || !b->partition);
}

int info_differ(struct ui *ui, struct sp_inside *inside, uint64_t most, struct sp_error *err)
{
	size_t trees;
	const struct sp_tree *tree = sp_inside_trees(inside, &trees);
	int r = 0;

	/* each against the one that is shown first */
	for (size_t i = 1; i < trees && !r; i++) {
		size_t first = 0;
		while (first < i && !differ_share(&tree[first], &tree[i]))
			first++;
		if (first < i)
			r = differ_two(ui, inside, &tree[first], &tree[i], most, err);
	}
	return r;
}
