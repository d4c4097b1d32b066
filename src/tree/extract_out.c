/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder that files are taken out to. Nothing is opened or made but beneath it, through no
 * link; workers write while the disc is read on. */
#include "tree/extract_out.h"

#include "base/bytes.h"
#include "io/behind.h"
#include "io/beneath.h"
#include "io/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* --- folders --- */

/* Its path from the destination, the caller's to free. */
static char *folder_path(const struct plan *plan, size_t folder)
{
	size_t size = 1;

	for (size_t f = folder; f; f = plan->folder[f].parent)
		size += strlen(plan->folder[f].name) + 1;
	char *path = malloc(size), *p = path + size - 1;
	if (!path)
		return NULL;
	*p = '\0';
	for (size_t f = folder; f; f = plan->folder[f].parent) {
		const size_t n = strlen(plan->folder[f].name);
		if (*p)
			*--p = '/';
		p -= n;
		memcpy(p, plan->folder[f].name, n);
	}
	memmove(path, p, strlen(p) + 1);
	return path;
}

/* A file that was begun and is not whole goes. */
static void making_drop(struct out_folder *folder)
{
	if (folder->making < 0)
		return;
	close(folder->making);
	unlinkat(folder->fd, folder->temp, 0);
	folder->making = -1;
}

static void folder_close(struct out_folder *folder)
{
	making_drop(folder);
	if (folder->fd >= 0)
		close(folder->fd);
	folder->fd = -1;
}

struct out_folder *sp_out_folder(struct out *out, size_t folder)
{
	struct out_folder *oldest = NULL;

	pthread_mutex_lock(&out->lock);
	for (size_t i = 0; i < OUT_FOLDERS; i++) {
		struct out_folder *f = &out->open[i];
		if (f->fd >= 0 && f->folder == folder) {
			f->used = ++out->clock;
			f->batches++;
			pthread_mutex_unlock(&out->lock);
			return f;
		}
		if (!f->batches && (!oldest || f->used < oldest->used))
			oldest = f;
	}
	pthread_mutex_unlock(&out->lock);
	/* there are more places than batches, so one is free */
	char *path = folder_path(out->plan, folder);
	if (!path || !oldest) {
		free(path);
		errno = ENOMEM;
		return NULL;
	}
	folder_close(oldest);
	*oldest = (struct out_folder){.folder = folder,
				      .fd = sp_beneath_folder(out->root, path),
				      .used = ++out->clock,
				      .making = -1};
	free(path);
	if (oldest->fd < 0)
		return NULL;
	oldest->batches = 1;
	return oldest;
}

void sp_out_leave(struct out *out, struct out_folder *folder)
{
	pthread_mutex_lock(&out->lock);
	folder->batches--;
	pthread_mutex_unlock(&out->lock);
}

void sp_out_failed(struct out *out, const char *path, const char *why)
{
	const size_t n = strlen(path);

	out->x->failed++;
	if (!strncmp(why, path, n) && why[n] == ':')
		sp_note(out->x->notes, "%s", why);
	else
		sp_note(out->x->notes, "%s: %s", path, why);
}

void sp_out_exists(struct out *out, const char *path)
{
	pthread_mutex_lock(&out->lock);
	out->x->exist++;
	if (out->exists < OUT_EXIST)
		out->exist[out->exists++] = path;
	pthread_mutex_unlock(&out->lock);
}

/* The folders that are needed, each behind the one it is in. While they are filled they can be. */
static int folders_make(struct out *out, struct sp_error *err)
{
	const struct plan *plan = out->plan;

	for (size_t i = 1; i < plan->folders; i++) {
		const struct plan_folder *f = &plan->folder[i];
		if (!f->name)
			continue;
		out->bad[i] = out->bad[f->parent];
		if (out->bad[i])
			continue;
		struct out_folder *in = sp_out_folder(out, f->parent);
		if (!in)
			return sp_fail_errno(err, errno, "%s", out->x->to);
		const int r = mkdirat(in->fd, f->name, 0777);
		const int why = errno;
		struct stat st;
		sp_out_leave(out, in);
		if (!r)
			continue;
		if (why != EEXIST)
			return sp_fail_errno(err, why, "%s: cannot make the folder \"%s\"",
					     out->x->to, f->name);
		if (fstatat(in->fd, f->name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISDIR(st.st_mode)) {
			out->bad[i] = true;
			out->x->exist++;
			sp_note(out->x->notes,
				"%s: exists and is no folder; what would be in it is left out",
				f->name);
		}
	}
	return 0;
}

/* --- files --- */

static void out_error(struct out *out, int sys_errno, const char *path)
{
	pthread_mutex_lock(&out->lock);
	if (!out->status)
		out->status = sp_fail_errno(&out->error, sys_errno, "%s: cannot be written", path);
	pthread_mutex_unlock(&out->lock);
}

static struct timespec out_time(const struct sp_time *time)
{
	if (!time->known)
		return (struct timespec){.tv_nsec = UTIME_OMIT};
	return (struct timespec){(time_t)time->seconds, (long)(time->nanoseconds % 1000000000u)};
}

void sp_out_times(const struct sp_node *node, struct timespec times[2])
{
	const struct sp_time *modified = &node->time[SP_TIME_MODIFIED];
	const struct sp_time *accessed = &node->time[SP_TIME_ACCESSED];

	times[0] = out_time(accessed->known ? accessed : modified);
	times[1] = out_time(modified);
}

/* Give what was written its name: 0, or an errno. */
static int file_name(const struct out *out, const struct out_folder *folder, const char *name)
{
	const int dir = folder->fd;

	if (out->x->force)
		return renameat(dir, folder->temp, dir, name) ? errno : 0;
	if (!renameat2(dir, folder->temp, dir, name, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return errno;
	/* a file system that cannot promise it so */
	if (linkat(dir, folder->temp, dir, name, 0))
		return errno;
	return unlinkat(dir, folder->temp, 0) ? errno : 0;
}

/* All of the file is written: its times, and its name. */
static void file_end(struct out *out, struct out_folder *folder, const struct plan_item *item)
{
	struct timespec times[2];

	sp_out_times(&item->node, times);
	int why = futimens(folder->making, times) ? errno : 0;
	if (close(folder->making) && !why)
		why = errno;
	folder->making = -1;
	if (!why)
		why = file_name(out, folder, item->name);
	if (!why) {
		pthread_mutex_lock(&out->lock);
		out->x->files++;
		out->x->bytes += item->node.size;
		pthread_mutex_unlock(&out->lock);
		return;
	}
	unlinkat(folder->fd, folder->temp, 0);
	if (why == EEXIST || why == EISDIR)
		sp_out_exists(out, item->path);
	else
		out_error(out, why, item->path);
}

/* A new file under a name that nobody else has: 0, or an errno. */
static int file_begin(const struct out *out, struct out_folder *folder,
		      const struct plan_item *item)
{
	const mode_t mode = item->node.has & SP_NODE_MODE ? item->node.mode & 0777 : 0666;
	size_t number = (size_t)(item - out->plan->item);

	for (unsigned tries = 0; tries < 100; tries++, number += out->plan->items) {
		snprintf(folder->temp, sizeof(folder->temp), ".spindle-%ld-%zu", out->pid, number);
		folder->making = openat(folder->fd, folder->temp,
					O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
		if (folder->making >= 0 || errno != EEXIST)
			break;
	}
	if (folder->making < 0)
		return errno;
	/* in one piece, and its size changes once; what has no room fails when it is written */
	if (item->node.size > OUT_CHUNK)
		(void)fallocate(folder->making, 0, 0, (off_t)item->node.size);
	return 0;
}

static void piece_write(struct out *out, struct out_folder *folder, const struct out_piece *piece,
			const uint8_t *data)
{
	const struct plan_item *item = piece->item;
	struct sp_error err;

	if (!piece->at) {
		making_drop(folder);
		const int why = file_begin(out, folder, item);
		if (why)
			out_error(out, why, item->path);
	}
	if (folder->making < 0)
		return; /* that was told; so of the file's other pieces */
	if (piece->size &&
	    sp_fd_write(folder->making, item->path, piece->at, data, piece->size, &err) < 0) {
		making_drop(folder);
		out_error(out, err.sys_errno ? err.sys_errno : EIO, item->path);
		return;
	}
	/* what fails there is told by syncfs */
	sp_behind_start(folder->making, piece->at, piece->at + piece->size);
	if (piece->at + piece->size == item->node.size)
		file_end(out, folder, item);
}

static void batch_run(void *arg)
{
	struct out_batch *batch = arg;

	for (size_t i = 0; i < batch->pieces; i++)
		piece_write(batch->out, batch->folder, &batch->piece[i],
			    batch->data + batch->piece[i].from);
	sp_out_leave(batch->out, batch->folder);
}

static void batch_give(struct out *out)
{
	struct out_batch *batch = out->filling;

	if (!batch)
		return;
	out->filling = NULL;
	batch->job = (struct sp_job){.run = batch_run, .arg = batch, .lane = batch->folder};
	batch->waits = true;
	sp_pool_submit(out->pool, &batch->job);
}

/* The batch that is being filled, with room for `size` bytes of the item. */
static int batch_get(struct out *out, const struct plan_item *item, size_t size,
		     struct out_batch **filling, struct sp_error *err)
{
	struct out_batch *batch = out->filling;

	if (batch && (batch->folder->folder != item->folder || batch->pieces == OUT_PIECES ||
		      size > OUT_CHUNK - batch->size))
		batch_give(out);
	if (!out->filling) {
		batch = &out->batch[out->next];
		out->next = (out->next + 1) % OUT_BATCHES;
		if (batch->waits)
			sp_pool_wait(out->pool, &batch->job);
		batch->waits = false;
		if (!batch->data && !(batch->data = malloc(OUT_CHUNK)))
			return sp_fail_memory(err);
		batch->folder = sp_out_folder(out, item->folder);
		if (!batch->folder)
			return sp_fail_errno(err, errno, "%s: its folder cannot be opened",
					     item->path);
		batch->out = out;
		batch->pieces = batch->size = 0;
		out->filling = batch;
	}
	*filling = out->filling;
	return 0;
}

static int out_read(struct out *out, const struct plan_item *item, struct sp_io *file, uint64_t at,
		    uint8_t *data, size_t size, struct sp_error *err)
{
	return file ? sp_io_read(file, at, data, size, err)
		    : sp_io_read(out->x->fs->volume.io, item->at + at, data, size, err);
}

/* Reading it failed: told; only the system's own failure ends everything. */
static int out_unread(struct out *out, const struct plan_item *item, int r,
		      const struct sp_error *why, struct sp_error *err)
{
	if (r != SP_ERR_FORMAT && r != SP_ERR_UNSUPPORTED) {
		if (err)
			*err = *why;
		return r;
	}
	sp_out_failed(out, item->path, why->text);
	return 0;
}

uint64_t sp_out_bytes(struct out *out)
{
	pthread_mutex_lock(&out->lock);
	const uint64_t bytes = out->x->bytes;
	pthread_mutex_unlock(&out->lock);
	return bytes;
}

/* A large file takes long. */
static int out_progress(struct out *out, uint64_t at, struct sp_error *err)
{
	const uint64_t done = sp_out_bytes(out) + at;
	const struct sp_progress progress = {.phase = "extracting",
					     .done = done / 2048,
					     .total = out->plan->bytes / 2048,
					     .bytes = done};

	if (out->x->progress && out->x->progress(out->x->user, &progress))
		return sp_fail(err, SP_ERR_CANCELLED, "stopped");
	return 0;
}

int sp_out_status(struct out *out, struct sp_error *err)
{
	pthread_mutex_lock(&out->lock);
	const int status = out->status;
	if (status && err)
		*err = out->error;
	pthread_mutex_unlock(&out->lock);
	return status;
}

int sp_out_file(struct out *out, const struct plan_item *item, struct sp_io *io,
		struct sp_error *err)
{
	const uint64_t whole = item->node.size;
	uint64_t at = 0;

	if (out->bad[item->folder])
		return sp_out_status(out, err);
	do {
		const size_t size = whole - at < OUT_CHUNK ? (size_t)(whole - at) : OUT_CHUNK;
		struct out_batch *batch;
		struct sp_error why;
		int r = sp_out_status(out, err);
		if (!r)
			r = batch_get(out, item, size, &batch, err);
		if (r < 0)
			return r;
		r = size ? out_read(out, item, io, at, batch->data + batch->size, size, &why) : 0;
		if (r < 0)
			return out_unread(out, item, r, &why, err);
		batch->piece[batch->pieces++] = (struct out_piece){item, at, batch->size, size};
		batch->size += size;
		at += size;
		if (at % (64u << 20) == 0 && at && (r = out_progress(out, at, err)) < 0)
			return r;
	} while (at < whole);
	return 0;
}

void sp_out_wait(struct out *out)
{
	batch_give(out);
	for (size_t i = 0; i < OUT_BATCHES; i++) {
		if (out->batch[i].waits)
			sp_pool_wait(out->pool, &out->batch[i].job);
		out->batch[i].waits = false;
	}
	for (size_t i = 0; i < OUT_FOLDERS; i++)
		making_drop(&out->open[i]);
}

/* --- from its beginning to its end --- */

static int out_room(struct out *out, struct sp_error *err)
{
	struct statvfs st;
	uint64_t room;

	if (fstatvfs(out->root, &st) || !sp_mul_ok(st.f_bavail, st.f_frsize, &room) ||
	    out->plan->bytes <= room)
		return 0;
	return sp_fail(err, SP_ERR_IO, "%s: the files have %llu bytes, there is room for %llu",
		       out->x->to, (unsigned long long)out->plan->bytes, (unsigned long long)room);
}

int sp_out_open(struct out **result, const struct plan *plan, struct sp_extract *x,
		struct sp_error *err)
{
	struct out *out = calloc(1, sizeof(*out));

	*result = NULL;
	if (!out)
		return sp_fail_memory(err);
	pthread_mutex_init(&out->lock, NULL);
	out->plan = plan;
	out->x = x;
	out->root = -1;
	for (size_t i = 0; i < OUT_FOLDERS; i++)
		out->open[i] = (struct out_folder){.fd = -1, .making = -1};
	out->pid = getpid();
	*result = out;
	out->bad = calloc(plan->folders, sizeof(*out->bad));
	if (!out->bad)
		return sp_fail_memory(err);
	out->made = !mkdir(x->to, 0777);
	if (!out->made && errno != EEXIST)
		return sp_fail_errno(err, errno, "%s: cannot be made", x->to);
	out->root = open(x->to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out->root < 0)
		return sp_fail_errno(err, errno, "%s", x->to);
	int r = out_room(out, err);
	if (r < 0 && out->made)
		rmdir(x->to);
	if (!r)
		r = folders_make(out, err);
	/* without threads each job runs at once */
	if (!r)
		out->pool = sp_pool_new(0);
	return r;
}

void sp_out_close(struct out *out)
{
	if (!out)
		return;
	sp_out_wait(out);
	sp_pool_free(out->pool);
	for (size_t i = 0; i < OUT_BATCHES; i++)
		free(out->batch[i].data);
	for (size_t i = 0; i < OUT_FOLDERS; i++)
		folder_close(&out->open[i]);
	if (out->root >= 0)
		close(out->root);
	pthread_mutex_destroy(&out->lock);
	free(out->bad);
	free(out);
}
