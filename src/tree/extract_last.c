/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is made when all files are written: links, the folders' own modes and times. */
#include "tree/extract_out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A link that stays beneath the destination wherever it is followed: ".." only at its beginning,
 * and not so many that they lead out of folders that are none but real ones. */
static bool link_stays(const struct plan *plan, const struct plan_item *item, const char *target)
{
	size_t depth = 0;
	bool named = false;

	for (size_t f = item->folder; f; f = plan->folder[f].parent)
		depth++;
	if (target[0] == '/')
		return false;
	while (*target) {
		const size_t n = strcspn(target, "/");
		const bool up = n == 2 && target[0] == '.' && target[1] == '.';
		if (up && (named || !depth))
			return false;
		depth -= up;
		named |= n && !up && !(n == 1 && target[0] == '.');
		target += n;
		target += *target == '/';
	}
	return true;
}

/* Make room for what cannot be renamed onto another. */
static int out_replace(struct out *out, int dir, const char *name)
{
	return out->x->force && !unlinkat(dir, name, 0);
}

static int out_link(struct out *out, const struct plan_item *item, int dir, struct sp_error *err)
{
	struct sp_extract *x = out->x;
	struct timespec times[2];
	char *target;
	struct sp_error why;

	if (sp_fs_link(x->fs, &item->node, &target, &why) < 0) {
		sp_out_failed(out, item->path, why.text);
		return 0;
	}
	int r = 0;
	if (!target[0] || !link_stays(out->plan, item, target)) {
		x->left++;
		sp_note(x->notes, "%s: a link to \"%s\", which leads out of the folder; not made",
			item->path, target);
	} else if (symlinkat(target, dir, item->name) &&
		   !(errno == EEXIST && out_replace(out, dir, item->name) &&
		     !symlinkat(target, dir, item->name))) {
		if (errno == EEXIST || errno == EISDIR || errno == EPERM) {
			sp_out_exists(out, item->path);
		} else {
			r = sp_fail_errno(err, errno, "%s: cannot be made", item->path);
		}
	} else {
		x->links++;
		sp_out_times(&item->node, times);
		utimensat(dir, item->name, times, AT_SYMLINK_NOFOLLOW);
	}
	free(target);
	return r;
}

/* Another name of a file that was written. */
static int out_same(struct out *out, const struct plan_item *item, int dir, struct sp_error *err)
{
	const struct plan_item *first = &out->plan->item[item->link_to - 1];
	struct out_folder *from = sp_out_folder(out, first->folder);

	if (!from)
		return sp_fail_errno(err, errno, "%s: its folder cannot be opened", first->path);
	int r = linkat(from->fd, first->name, dir, item->name, 0);
	if (r && errno == EEXIST && out_replace(out, dir, item->name))
		r = linkat(from->fd, first->name, dir, item->name, 0);
	const int why = r ? errno : 0;
	sp_out_leave(out, from);
	if (!why) {
		out->x->files++;
	} else if (why == EEXIST) {
		sp_out_exists(out, item->path);
	} else {
		sp_out_failed(out, item->path, strerror(why));
	}
	return 0;
}

static int out_special(struct out *out, const struct plan_item *item, struct sp_error *err)
{
	const unsigned type = item->node.type;

	if (out->bad[item->folder] || (type == SP_NODE_FILE && !item->link_to))
		return 0;
	if (type != SP_NODE_FILE && type != SP_NODE_LINK) {
		out->x->left++;
		sp_note(out->x->notes, "%s: a device, a pipe or a socket; not made", item->path);
		return 0;
	}
	struct out_folder *folder = sp_out_folder(out, item->folder);
	if (!folder)
		return sp_fail_errno(err, errno, "%s: its folder cannot be opened", item->path);
	const int r = type == SP_NODE_LINK ? out_link(out, item, folder->fd, err)
					   : out_same(out, item, folder->fd, err);
	sp_out_leave(out, folder);
	return r;
}

/* Folders get their modes and times behind everything in them. */
static void folders_end(struct out *out)
{
	const mode_t mask = umask(0);

	umask(mask);
	for (size_t i = out->plan->folders; i-- > 1;) {
		const struct plan_folder *f = &out->plan->folder[i];
		struct timespec times[2];
		if (!f->name || out->bad[i])
			continue;
		struct out_folder *folder = sp_out_folder(out, i);
		if (!folder)
			continue;
		sp_out_times(&f->node, times);
		futimens(folder->fd, times);
		if (f->node.has & SP_NODE_MODE)
			fchmod(folder->fd, f->node.mode & 0777 & ~mask);
		sp_out_leave(out, folder);
	}
}

int sp_out_finish(struct out *out, struct sp_error *err)
{
	sp_out_wait(out);
	int r = sp_out_status(out, err);
	for (size_t i = 0; i < out->plan->items && !r; i++)
		r = out_special(out, &out->plan->item[i], err);
	for (size_t i = 0; i < out->exists; i++)
		sp_note(out->x->notes, "%s: exists, and is left as it is", out->exist[i]);
	if (!r)
		folders_end(out);
	if (!r && syncfs(out->root))
		r = sp_fail_errno(err, errno, "%s: cannot be written to the disk", out->x->to);
	return r;
}
