/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writeback and flushes of a growing file, on a thread beside its writer. */
#include "io/behind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#define BEHIND_WINDOW (UINT64_C(8) << 20)  /* writeback of whole windows is started */
#define BEHIND_FLUSH  (UINT64_C(32) << 20) /* and of so many the disk's cache is emptied */

static void behind_flush(void *arg)
{
	struct sp_behind *behind = arg;

	behind->failed = fdatasync(behind->fd) ? errno : 0;
}

uint64_t sp_behind_start(int fd, uint64_t from, uint64_t size)
{
	const uint64_t start = from / BEHIND_WINDOW * BEHIND_WINDOW;
	const uint64_t end = size / BEHIND_WINDOW * BEHIND_WINDOW;

	if (end > start)
		/* a failure is not lost: fsync and syncfs tell it again */
		sync_file_range(fd, (off_t)start, (off_t)(end - start), SYNC_FILE_RANGE_WRITE);
	return end > start ? end : start;
}

int sp_behind_grow(struct sp_behind *behind, struct sp_pool **pool, int fd, uint64_t size)
{
	behind->started = sp_behind_start(fd, behind->started, size);
	const bool busy = behind->flushed && !sp_pool_done(*pool, &behind->job);
	if (busy)
		return 0;
	if (!behind->failed && size >= behind->flushed + BEHIND_FLUSH) {
		if (!*pool && !(*pool = sp_pool_new(1)))
			return 0; /* fsync does it all */
		behind->flushed = size;
		behind->fd = fd;
		behind->job = (struct sp_job){.run = behind_flush, .arg = behind};
		sp_pool_submit(*pool, &behind->job);
		return 0;
	}
	return behind->failed;
}

int sp_behind_end(struct sp_behind *behind, struct sp_pool *pool)
{
	if (behind->flushed)
		sp_pool_wait(pool, &behind->job);
	return behind->failed;
}
