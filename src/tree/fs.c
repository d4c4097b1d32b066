/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file system whatever its kind: the public calls, and notes that are said once. */
#include "tree/fs.h"

#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines are known by a hash: a second one alike but for it is not worth their memory. */
struct sp_fs_said {
	uint64_t hash[SP_FS_TOLD];
	size_t count;
	bool more;
};

/* FNV-1a */
static uint64_t said_hash(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return hash;
}

/* Whether the line is new, and there is room for it. */
static bool said_add(struct sp_fs *fs, const char *text)
{
	const uint64_t hash = said_hash(text);

	if (!fs->said)
		fs->said = calloc(1, sizeof(*fs->said));
	struct sp_fs_said *said = fs->said;
	for (size_t i = 0; said && i < said->count; i++)
		if (said->hash[i] == hash)
			return false;
	if (!said)
		return true;
	if (said->count < SP_FS_TOLD) {
		said->hash[said->count++] = hash;
		return true;
	}
	if (!said->more)
		sp_note(fs->notes, "there is more to tell; these were the first %u notes",
			SP_FS_TOLD);
	said->more = true;
	return false;
}

static bool said(struct sp_fs *fs, const char *fmt, va_list args) SP_PRINTF(2, 0);
static bool said(struct sp_fs *fs, const char *fmt, va_list args)
{
	char text[sizeof(((struct sp_error *)0)->text)];

	vsnprintf(text, sizeof(text), fmt, args);
	const bool new = said_add(fs, text);
	if (new)
		sp_note(fs->notes, "%s", text);
	return new;
}

void sp_fs_odd(struct sp_fs *fs, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	said(fs, fmt, args);
	va_end(args);
}

void sp_fs_damaged(struct sp_fs *fs, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (said(fs, fmt, args) || (fs->said && fs->said->more))
		fs->damage++;
	va_end(args);
}

int sp_fs_read(struct sp_fs *fs, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	if (!sp_range_ok(at, size, fs->volume.io->size))
		return sp_fail(err, SP_ERR_FORMAT, "sector %llu: beyond the end of the disc",
			       (unsigned long long)(at / 2048));
	return sp_io_read(fs->volume.io, at, data, size, err);
}

const struct sp_node *sp_fs_root(const struct sp_fs *fs)
{
	return &fs->root;
}

int sp_fs_read_dir(struct sp_fs *fs, const struct sp_node *folder, sp_entry_fn *fn, void *user,
		   struct sp_error *err)
{
	if (folder->type != SP_NODE_FOLDER)
		return sp_fail(err, SP_ERR_USAGE, "not a folder");
	struct sp_inside_damage damage = {0};
	if (fs->inside)
		sp_inside_damage(fs->inside, &damage);
	const int r = fs->ops->read_dir(fs, folder, fn, user, err);
	if (fs->inside)
		sp_inside_damage(fs->inside, &damage);
	if (damage.sectors)
		sp_fs_damaged(fs, "LBA %lld: a damaged sector in a folder",
			      (long long)damage.first);
	return r;
}

int sp_fs_link(struct sp_fs *fs, const struct sp_node *node, char **target, struct sp_error *err)
{
	*target = NULL;
	if (node->type != SP_NODE_LINK || !fs->ops->link)
		return sp_fail(err, SP_ERR_USAGE, "not a symbolic link");
	return fs->ops->link(fs, node, target, err);
}

int sp_fs_map(struct sp_fs *fs, const struct sp_node *node, unsigned fork,
	      struct sp_fs_extents *list, struct sp_error *err)
{
	*list = (struct sp_fs_extents){0};
	if (node->type != SP_NODE_FILE)
		return sp_fail(err, SP_ERR_USAGE, "not a file");
	if (fork == SP_FORK_RESOURCE && !node->resource)
		return 0;
	return fs->ops->map(fs, node, fork, list, err);
}

int sp_fs_open_file(struct sp_fs *fs, const struct sp_node *node, unsigned fork, const char *name,
		    struct sp_io **out, struct sp_error *err)
{
	struct sp_fs_extents list;
	int r = sp_fs_map(fs, node, fork, &list, err);

	*out = NULL;
	if (!r && list.coded)
		r = fs->ops->open(fs, node, fork, name, &list, out, err);
	else if (!r)
		r = sp_fs_extents_io(out, fs->volume.io, &list,
				     fork == SP_FORK_RESOURCE ? node->resource : node->size, name,
				     err);
	sp_fs_extents_free(&list);
	return r;
}

int sp_fs_xattrs(struct sp_fs *fs, const struct sp_node *node, sp_xattr_fn *fn, void *user,
		 struct sp_error *err)
{
	return fs->ops->xattrs ? fs->ops->xattrs(fs, node, fn, user, err) : 0;
}

const char *sp_fs_label(const struct sp_fs *fs)
{
	return fs->label ? fs->label : "";
}

int sp_fs_describe(struct sp_fs *fs, sp_fact_fn *fn, void *user, struct sp_error *err)
{
	return fs->ops->describe ? fs->ops->describe(fs, fn, user, err) : 0;
}

int sp_fs_check(struct sp_fs *fs, struct sp_error *err)
{
	return fs->ops->check ? fs->ops->check(fs, err) : 0;
}

uint64_t sp_fs_declared(const struct sp_fs *fs)
{
	return fs->declared;
}

uint64_t sp_fs_damage(const struct sp_fs *fs)
{
	return fs->damage;
}

void sp_fs_close(struct sp_fs *fs)
{
	if (!fs)
		return;
	free(fs->said);
	free(fs->label);
	fs->ops->close(fs);
}
