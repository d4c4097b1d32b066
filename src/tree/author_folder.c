/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder of the file system becomes a tree. libisofs keeps a folder's nodes in a sorted list that
 * it walks from its head for each new one: names come last first, so that a folder of a hundred
 * thousand files costs no more for each than a small one. */
#include "tree/isofs.h"

#include "base/bytes.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FOLDER_DEPTH_MAX = 4096 };

struct folder {
	IsoDir *dir; /* filled with what is in … */
	char *path;
	size_t above; /* the one it lies in; its own for the first */
	dev_t device;
	ino_t inode;
	unsigned depth;
};
struct folders {
	struct folder *list;
	size_t count;
};

/* A pattern with a slash fits as many last parts of the path as it has, one that begins with a
 * slash the whole. */
static bool folder_excluded(const struct sp_author *from, const char *path)
{
	for (size_t i = 0; i < from->excludes; i++) {
		const char *pattern = from->exclude[i], *tail = path + strlen(path);
		size_t parts = 1;

		for (const char *p = pattern; *p; p++)
			parts += *p == '/';
		while (pattern[0] != '/' && tail > path && (tail[-1] != '/' || --parts))
			tail--;
		if (!fnmatch(pattern, pattern[0] == '/' ? path : tail, FNM_PERIOD | FNM_PATHNAME))
			return true;
	}
	return false;
}

static int folder_descending(const void *a, const void *b)
{
	return strcmp(*(char *const *)b, *(char *const *)a);
}

static void folder_names_free(char **name, size_t count)
{
	while (count)
		free(name[--count]);
	free(name);
}

static int folder_names(char ***names, size_t *count, const char *path, struct sp_error *err)
{
	DIR *dir = opendir(path);
	char **name = NULL;
	size_t n = 0;
	int r = 0;

	if (!dir)
		return sp_fail_errno(err, errno, "%s", path);
	errno = 0;
	for (struct dirent *e; !r && (e = readdir(dir)); errno = 0) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		char **list = sp_grow(name, n, sizeof(*name));
		if (list)
			name = list;
		if (!list || !(name[n] = strdup(e->d_name)))
			r = sp_fail_memory(err);
		else
			n++;
	}
	if (!r && errno)
		r = sp_fail_errno(err, errno, "%s", path);
	closedir(dir);
	if (r < 0) {
		folder_names_free(name, n);
		return r;
	}
	if (n)
		qsort(name, n, sizeof(*name), folder_descending);
	*names = name;
	*count = n;
	return 0;
}

/* Takes path. */
static int folder_push(struct folders *all, IsoDir *dir, char *path, size_t above,
		       const struct stat *st, struct sp_error *err)
{
	const bool first = !all->count;
	const unsigned depth = first ? 0 : all->list[above].depth + 1;

	/* links that are followed may lead back */
	for (size_t i = above; !first; i = all->list[i].above) {
		if (all->list[i].device == st->st_dev && all->list[i].inode == st->st_ino) {
			const int r = sp_fail(err, SP_ERR_USAGE,
					      "%s: a link back to a folder it lies in", path);
			free(path);
			return r;
		}
		if (all->list[i].above == i)
			break;
	}
	struct folder *list =
		depth < FOLDER_DEPTH_MAX ? sp_grow(all->list, all->count, sizeof(*list)) : NULL;
	if (!list) {
		const int r = depth < FOLDER_DEPTH_MAX
				      ? sp_fail_memory(err)
				      : sp_fail(err, SP_ERR_USAGE,
						"%.80s…: too deep a path for an image", path);
		free(path);
		return r;
	}
	all->list = list;
	list[all->count++] = (struct folder){dir, path, above, st->st_dev, st->st_ino, depth};
	return 0;
}

/* One name of the folder `at`. */
static int folder_node(struct author *author, struct folders *all, size_t at, const char *name,
		       struct sp_error *err)
{
	const char *folder = all->list[at].path;
	char *path = sp_format_text("%s/%s", strcmp(folder, "/") ? folder : "", name);
	char *real = NULL;
	IsoNode *node = NULL;
	struct stat st;

	if (!path)
		return sp_fail_memory(err);
	if (folder_excluded(author->from, path)) {
		free(path);
		return 0;
	}
	int r = lstat(path, &st) ? sp_fail_errno(err, errno, "%s", path) : 0;
	if (!r && S_ISLNK(st.st_mode) && author->from->follow_links && !stat(path, &st) &&
	    !(real = realpath(path, NULL)))
		r = sp_fail_errno(err, errno, "%s", path);
	if (!r) {
		r = iso_tree_add_new_node(author->image, all->list[at].dir, name,
					  real ? real : path, &node);
		r = r < 0 ? sp_author_fail(author->from, r, path, err) : 0;
	}
	if (!r && S_ISDIR(st.st_mode)) {
		r = folder_push(all, (IsoDir *)node, path, at, &st, err);
		path = NULL;
	}
	free(real);
	free(path);
	return r;
}

int sp_author_folder(struct author *author, IsoDir *dir, const char *path, struct sp_error *err)
{
	struct folders all = {NULL, 0};
	struct stat st;
	char *copy = strdup(path);

	int r = copy ? 0 : sp_fail_memory(err);
	if (!r && stat(path, &st))
		r = sp_fail_errno(err, errno, "%s", path);
	if (r < 0)
		free(copy);
	else
		r = folder_push(&all, dir, copy, 0, &st, err);
	for (size_t i = 0; !r && i < all.count; i++) {
		char **name = NULL;
		size_t names = 0;

		r = folder_names(&name, &names, all.list[i].path, err);
		for (size_t j = 0; !r && j < names; j++)
			r = folder_node(author, &all, i, name[j], err);
		folder_names_free(name, names);
	}
	for (size_t i = 0; i < all.count; i++)
		free(all.list[i].path);
	free(all.list);
	return r;
}
