/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file that grows is brought to the disk behind its writer, so that the last fsync finds little
 * to do: neither bytes to write nor a full cache of the device to empty. */
#ifndef SP_IO_BEHIND_H
#define SP_IO_BEHIND_H

#include "base/pool.h"

#include <stdint.h>

struct sp_behind {
	uint64_t started; /* writeback has begun below this */
	uint64_t flushed; /* below this the disk was asked to have it */
	int fd;
	struct sp_job job; /* at work when flushed is not 0 */
	int failed;        /* errno of it */
};

/* Start the writeback of what `fd` has got since it had `from` bytes, in pieces of a size that is
 * worth it: where it will go on from. Waits for nothing, and fails with fsync or syncfs later. */
uint64_t sp_behind_start(int fd, uint64_t from, uint64_t size);
/* Bytes below `size` of `fd` are written. The pool, which has one thread and is shared by all files
 * of a set, is made when there is something for it. Never waits. errno of what failed since, or
 * 0. */
int sp_behind_grow(struct sp_behind *behind, struct sp_pool **pool, int fd, uint64_t size);
/* Waits until nothing is under way: errno of what failed, or 0. Then the rest is for fsync; after a
 * failure it is not to be asked, as the kernel tells each only once. */
int sp_behind_end(struct sp_behind *behind, struct sp_pool *pool);

#endif
