/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A few worker threads that run jobs; the owner waits for each job it gave. */
#ifndef SP_BASE_POOL_H
#define SP_BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>

struct sp_pool;

/* One piece of work, in the caller's memory from submit until wait returns. */
struct sp_job {
	void (*run)(void *arg);
	void *arg;
	const void *lane; /* jobs of one lane run one behind the other; NULL: of none */
	/* the pool's: */
	struct sp_job *next;
	int done;
};

/* `threads` workers; 0: one per processor. NULL: no memory or no threads to be had. */
struct sp_pool *sp_pool_new(unsigned threads);
/* How many workers that would be: `threads`, or one per processor, at most 64. */
unsigned sp_pool_size(unsigned threads);
/* Queue; jobs start in order, but for those whose lane is in use. Never fails: without a pool
 * (NULL) it runs at once. */
void sp_pool_submit(struct sp_pool *pool, struct sp_job *job);
void sp_pool_wait(struct sp_pool *pool, struct sp_job *job);
/* Whether a wait would return at once. */
bool sp_pool_done(struct sp_pool *pool, struct sp_job *job);
/* Finishes what was submitted. NULL is fine. */
void sp_pool_free(struct sp_pool *pool);

#endif
