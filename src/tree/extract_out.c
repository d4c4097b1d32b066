/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder that files are taken out to. Nothing is opened or made but beneath it, through no
 * link; workers write while the disc is read on. */
#include "tree/extract_out.h"

#include "base/bytes.h"
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

struct out_folder *sp_out_folder(struct out *out, size_t folder)
{
	struct out_folder *oldest = NULL;

	pthread_mutex_lock(&out->lock);
	for (size_t i = 0; i < OUT_FOLDERS; i++) {
		struct out_folder *f = &out->open[i];
		if (f->fd >= 0 && f->folder == folder) {
			f->used = ++out->clock;
			f->uses++;
			pthread_mutex_unlock(&out->lock);
			return f;
		}
		if (!f->uses && (!oldest || f->used < oldest->used))
			oldest = f;
	}
	pthread_mutex_unlock(&out->lock);
	/* there are more places than files in the making, so one is free */
	char *path = folder_path(out->plan, folder);
	if (!path || !oldest) {
		free(path);
		errno = ENOMEM;
		return NULL;
	}
	if (oldest->fd >= 0)
		close(oldest->fd);
	*oldest = (struct out_folder){
		.folder = folder, .fd = sp_beneath_folder(out->root, path), .used = ++out->clock};
	free(path);
	if (oldest->fd < 0)
		return NULL;
	oldest->uses = 1;
	return oldest;
}

void sp_out_leave(struct out *out, struct out_folder *folder)
{
	pthread_mutex_lock(&out->lock);
	folder->uses--;
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
static int file_name(struct out_file *file)
{
	const int dir = file->folder->fd;
	const char *name = file->item->name;

	if (file->out->x->force)
		return renameat(dir, file->temp, dir, name) ? errno : 0;
	if (!renameat2(dir, file->temp, dir, name, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return errno;
	/* a file system that cannot promise it so */
	if (linkat(dir, file->temp, dir, name, 0))
		return errno;
	return unlinkat(dir, file->temp, 0) ? errno : 0;
}

/* The last job of a file: its name, when all of it is there. */
static void file_end(struct out_file *file)
{
	struct out *out = file->out;
	struct timespec times[2];
	int why = 0;

	if (!file->failed) {
		sp_out_times(&file->item->node, times);
		if (futimens(file->fd, times))
			why = errno;
	}
	if (close(file->fd) && !why)
		why = errno;
	if (!file->failed && !why)
		why = file_name(file);
	if (file->failed || why)
		unlinkat(file->folder->fd, file->temp, 0);
	pthread_mutex_lock(&out->lock);
	file->folder->uses--;
	if (!file->failed && !why) {
		out->x->files++;
		out->x->bytes += file->item->node.size;
	}
	pthread_mutex_unlock(&out->lock);
	if (why == EEXIST || why == EISDIR)
		sp_out_exists(out, file->item->path);
	else if (why)
		out_error(out, why, file->item->path);
	free(file);
}

static void file_drop(struct out_file *file)
{
	pthread_mutex_lock(&file->out->lock);
	const bool last = --file->pending == 0;
	pthread_mutex_unlock(&file->out->lock);
	if (last)
		file_end(file);
}

static int file_begin(struct out_file *file)
{
	struct out *out = file->out;
	const mode_t mode =
		file->item->node.has & SP_NODE_MODE ? file->item->node.mode & 0777 : 0666;

	for (unsigned tries = 0; tries < 100; tries++) {
		pthread_mutex_lock(&out->lock);
		const uint64_t number = out->temps++;
		pthread_mutex_unlock(&out->lock);
		snprintf(file->temp, sizeof(file->temp), ".spindle-%ld-%llu", (long)getpid(),
			 (unsigned long long)number);
		file->fd = openat(file->folder->fd, file->temp,
				  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
		if (file->fd >= 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	return errno;
}

static void job_run(void *arg)
{
	struct out_job *job = arg;
	struct out_file *file = job->file;
	struct sp_error err;

	if (file->fd < 0) { /* small: it is all in this job */
		const int why = file_begin(file);
		if (why) {
			out_error(file->out, why, file->item->path);
			sp_out_leave(file->out, file->folder);
			free(file);
			return;
		}
	}
	if (job->size &&
	    sp_fd_write(file->fd, file->item->path, job->at, job->data, job->size, &err) < 0) {
		out_error(file->out, err.sys_errno ? err.sys_errno : EIO, file->item->path);
		pthread_mutex_lock(&file->out->lock);
		file->failed = true;
		pthread_mutex_unlock(&file->out->lock);
	}
	file_drop(file);
}

/* A job whose buffer is free. */
static struct out_job *job_get(struct out *out)
{
	struct out_job *job = &out->job[out->next];

	out->next = (out->next + 1) % OUT_JOBS;
	if (job->waits)
		sp_pool_wait(out->pool, &job->job);
	job->waits = false;
	if (!job->data)
		job->data = malloc(OUT_CHUNK);
	return job->data ? job : NULL;
}

static void job_give(struct out *out, struct out_job *job, struct out_file *file, uint64_t at,
		     size_t size)
{
	job->job = (struct sp_job){.run = job_run, .arg = job};
	job->file = file;
	job->at = at;
	job->size = size;
	job->waits = true;
	sp_pool_submit(out->pool, &job->job);
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

/* A file that is one job's: the worker opens and ends it. */
static int out_small(struct out *out, struct out_file *file, struct sp_io *io, struct sp_error *err)
{
	const struct plan_item *item = file->item;
	const size_t size = (size_t)item->node.size;
	struct out_job *job = job_get(out);
	struct sp_error why;

	int r = job ? 0 : sp_fail_memory(&why);
	if (!r && size)
		r = out_read(out, item, io, 0, job->data, size, &why);
	if (r < 0) {
		sp_out_leave(out, file->folder);
		r = out_unread(out, item, r, &why, err);
		free(file);
		return r;
	}
	file->pending = 1;
	job_give(out, job, file, 0, size);
	return 0;
}

static int out_large(struct out *out, struct out_file *file, struct sp_io *io, struct sp_error *err)
{
	const struct plan_item *item = file->item;
	struct sp_error why;
	const int begun = file_begin(file);

	if (begun) {
		sp_out_leave(out, file->folder);
		free(file);
		return sp_fail_errno(err, begun, "%s: cannot be written", item->path);
	}
	file->pending = 1;
	int r = 0;
	/* in one piece, and its size changes once; what has no room fails when it is written */
	(void)fallocate(file->fd, 0, 0, (off_t)item->node.size);
	for (uint64_t at = 0; at < item->node.size && !r && !sp_out_status(out, NULL);) {
		const uint64_t left = item->node.size - at;
		const size_t size = left < OUT_CHUNK ? (size_t)left : OUT_CHUNK;
		struct out_job *job = job_get(out);
		r = job ? out_read(out, item, io, at, job->data, size, &why) : sp_fail_memory(&why);
		if (r < 0)
			break;
		pthread_mutex_lock(&out->lock);
		file->pending++;
		pthread_mutex_unlock(&out->lock);
		job_give(out, job, file, at, size);
		at += size;
		if (at % (64u << 20) == 0 && out->x->progress) {
			const uint64_t done = sp_out_bytes(out);
			const struct sp_progress progress = {.phase = "extracting",
							     .done = (done + at) / 2048,
							     .total = out->plan->bytes / 2048,
							     .bytes = done + at};
			if (out->x->progress(out->x->user, &progress))
				r = sp_fail(&why, SP_ERR_CANCELLED, "stopped");
		}
	}
	if (r < 0) {
		pthread_mutex_lock(&out->lock);
		file->failed = true;
		pthread_mutex_unlock(&out->lock);
		r = out_unread(out, item, r, &why, err);
	}
	file_drop(file);
	return r;
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
	int r = sp_out_status(out, err);

	if (r < 0 || out->bad[item->folder])
		return r;
	struct out_file *file = calloc(1, sizeof(*file));
	if (!file)
		return sp_fail_memory(err);
	*file = (struct out_file){.out = out, .item = item, .fd = -1};
	file->folder = sp_out_folder(out, item->folder);
	if (!file->folder) {
		free(file);
		return sp_fail_errno(err, errno, "%s: its folder cannot be opened", item->path);
	}
	r = item->node.size <= OUT_CHUNK ? out_small(out, file, io, err)
					 : out_large(out, file, io, err);
	return r;
}

void sp_out_wait(struct out *out)
{
	for (size_t i = 0; i < OUT_JOBS; i++) {
		if (out->job[i].waits)
			sp_pool_wait(out->pool, &out->job[i].job);
		out->job[i].waits = false;
	}
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
		out->open[i].fd = -1;
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
	for (size_t i = 0; i < OUT_JOBS; i++)
		free(out->job[i].data);
	for (size_t i = 0; i < OUT_FOLDERS; i++)
		if (out->open[i].fd >= 0)
			close(out->open[i].fd);
	if (out->root >= 0)
		close(out->root);
	pthread_mutex_destroy(&out->lock);
	free(out->bad);
	free(out);
}
