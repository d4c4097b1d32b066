/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Worker threads over one queue. */
#include "base/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct worker {
	pthread_t thread;
	struct sp_pool *pool;
	const void *lane; /* of the job it runs */
};
struct sp_pool {
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	struct sp_job *first, **last;
	bool stop;
	unsigned threads, room; /* that run, that were wanted */
	struct worker worker[];
};

static bool pool_uses(const struct sp_pool *pool, const void *lane)
{
	for (unsigned i = 0; lane && i < pool->room; i++)
		if (pool->worker[i].lane == lane)
			return true;
	return false;
}

/* The first job whose lane is free, off the queue; NULL: there is none. */
static struct sp_job *pool_take(struct sp_pool *pool)
{
	struct sp_job **at = &pool->first;

	while (*at && pool_uses(pool, (*at)->lane))
		at = &(*at)->next;
	struct sp_job *job = *at;
	if (job && !(*at = job->next))
		pool->last = at;
	return job;
}

static void *pool_worker(void *arg)
{
	struct worker *self = arg;
	struct sp_pool *pool = self->pool;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		struct sp_job *job;
		while (!(job = pool_take(pool)) && !pool->stop)
			pthread_cond_wait(&pool->work, &pool->lock);
		if (!job) /* what waits for a lane is left to the worker that is in it */
			break;
		self->lane = job->lane;
		pthread_mutex_unlock(&pool->lock);
		job->run(job->arg);
		pthread_mutex_lock(&pool->lock);
		self->lane = NULL;
		job->done = 1;
		pthread_cond_broadcast(&pool->done);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

unsigned sp_pool_size(unsigned threads)
{
	if (threads)
		return threads;
	const long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > 64 ? 64 : (unsigned)n;
}

struct sp_pool *sp_pool_new(unsigned threads)
{
	threads = sp_pool_size(threads);
	struct sp_pool *pool = calloc(1, sizeof(*pool) + threads * sizeof(pool->worker[0]));
	if (!pool)
		return NULL;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pthread_cond_init(&pool->done, NULL);
	pool->last = &pool->first;
	pool->room = threads;
	for (; pool->threads < threads; pool->threads++) {
		struct worker *worker = &pool->worker[pool->threads];
		worker->pool = pool;
		if (pthread_create(&worker->thread, NULL, pool_worker, worker))
			break;
	}
	if (pool->threads)
		return pool;
	sp_pool_free(pool);
	return NULL;
}

void sp_pool_submit(struct sp_pool *pool, struct sp_job *job)
{
	job->next = NULL;
	job->done = 0;
	if (!pool) {
		job->run(job->arg);
		job->done = 1;
		return;
	}
	pthread_mutex_lock(&pool->lock);
	*pool->last = job;
	pool->last = &job->next;
	pthread_cond_signal(&pool->work);
	pthread_mutex_unlock(&pool->lock);
}

void sp_pool_wait(struct sp_pool *pool, struct sp_job *job)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	while (!job->done)
		pthread_cond_wait(&pool->done, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
}

bool sp_pool_done(struct sp_pool *pool, struct sp_job *job)
{
	if (!pool)
		return job->done;
	pthread_mutex_lock(&pool->lock);
	const bool done = job->done;
	pthread_mutex_unlock(&pool->lock);
	return done;
}

void sp_pool_free(struct sp_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	while (pool->threads)
		pthread_join(pool->worker[--pool->threads].thread, NULL);
	pthread_cond_destroy(&pool->done);
	pthread_cond_destroy(&pool->work);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}
