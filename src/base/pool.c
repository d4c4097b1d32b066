/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Worker threads over one queue. */
#include "base/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct sp_pool {
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	struct sp_job *first, **last;
	bool stop;
	unsigned threads;
	pthread_t thread[];
};

static void *pool_worker(void *arg)
{
	struct sp_pool *pool = arg;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		while (!pool->first && !pool->stop)
			pthread_cond_wait(&pool->work, &pool->lock);
		struct sp_job *job = pool->first;
		if (!job)
			break;
		pool->first = job->next;
		if (!pool->first)
			pool->last = &pool->first;
		pthread_mutex_unlock(&pool->lock);
		job->run(job->arg);
		pthread_mutex_lock(&pool->lock);
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
	struct sp_pool *pool = calloc(1, sizeof(*pool) + threads * sizeof(pool->thread[0]));
	if (!pool)
		return NULL;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pthread_cond_init(&pool->done, NULL);
	pool->last = &pool->first;
	for (; pool->threads < threads; pool->threads++)
		if (pthread_create(&pool->thread[pool->threads], NULL, pool_worker, pool))
			break;
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
		pthread_join(pool->thread[--pool->threads], NULL);
	pthread_cond_destroy(&pool->done);
	pthread_cond_destroy(&pool->work);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}
