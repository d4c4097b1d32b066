/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ring of bytes under one mutex; a burner that runs dry is what it is there to prevent. */
#include "drive/feed.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct sp_feed {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint8_t *ring;
	size_t room, head, used;
	uint64_t taken;
	bool ended, cancelled;
};

int sp_feed_new(struct sp_feed **out, size_t room, struct sp_error *err)
{
	struct sp_feed *feed = calloc(1, sizeof(*feed));
	pthread_condattr_t steady;

	if (!feed || !(feed->ring = malloc(room))) {
		free(feed);
		return sp_fail_memory(err);
	}
	feed->room = room;
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_mutex_init(&feed->lock, NULL);
	pthread_cond_init(&feed->changed, &steady);
	pthread_condattr_destroy(&steady);
	*out = feed;
	return 0;
}

void sp_feed_free(struct sp_feed *feed)
{
	if (!feed)
		return;
	pthread_cond_destroy(&feed->changed);
	pthread_mutex_destroy(&feed->lock);
	free(feed->ring);
	free(feed);
}

/* Copy into the ring at its end, or out of its beginning, around the edge. */
static void feed_in(struct sp_feed *feed, const uint8_t *data, size_t size)
{
	const size_t at = (feed->head + feed->used) % feed->room;
	const size_t first = size < feed->room - at ? size : feed->room - at;

	memcpy(feed->ring + at, data, first);
	memcpy(feed->ring, data + first, size - first);
	feed->used += size;
}

static void feed_out(struct sp_feed *feed, uint8_t *data, size_t size)
{
	const size_t first = size < feed->room - feed->head ? size : feed->room - feed->head;

	memcpy(data, feed->ring + feed->head, first);
	memcpy(data + first, feed->ring, size - first);
	feed->head = (feed->head + size) % feed->room;
	feed->used -= size;
	feed->taken += size;
}

size_t sp_feed_put(struct sp_feed *feed, const void *data, size_t size, unsigned ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&feed->lock);
	while (feed->used == feed->room && !feed->cancelled)
		if (pthread_cond_timedwait(&feed->changed, &feed->lock, &until))
			break;
	const size_t space = feed->cancelled ? 0 : feed->room - feed->used;
	const size_t n = size < space ? size : space;
	feed_in(feed, data, n);
	pthread_cond_broadcast(&feed->changed);
	pthread_mutex_unlock(&feed->lock);
	return n;
}

bool sp_feed_take(struct sp_feed *feed, void *data, size_t size, size_t *taken)
{
	uint8_t *to = data;

	*taken = 0;
	pthread_mutex_lock(&feed->lock);
	while (*taken < size && !feed->cancelled) {
		const size_t left = size - *taken;

		if (!feed->used && feed->ended)
			break;
		if (!feed->used) {
			pthread_cond_wait(&feed->changed, &feed->lock);
			continue;
		}
		const size_t n = left < feed->used ? left : feed->used;
		feed_out(feed, to + *taken, n);
		*taken += n;
		pthread_cond_broadcast(&feed->changed);
	}
	const bool good = !feed->cancelled;
	pthread_mutex_unlock(&feed->lock);
	return good;
}

static void feed_mark(struct sp_feed *feed, bool *what)
{
	pthread_mutex_lock(&feed->lock);
	*what = true;
	pthread_cond_broadcast(&feed->changed);
	pthread_mutex_unlock(&feed->lock);
}

void sp_feed_end(struct sp_feed *feed)
{
	feed_mark(feed, &feed->ended);
}

void sp_feed_cancel(struct sp_feed *feed)
{
	feed_mark(feed, &feed->cancelled);
}

uint64_t sp_feed_taken(struct sp_feed *feed)
{
	pthread_mutex_lock(&feed->lock);
	const uint64_t taken = feed->taken;
	pthread_mutex_unlock(&feed->lock);
	return taken;
}

unsigned sp_feed_full(struct sp_feed *feed)
{
	pthread_mutex_lock(&feed->lock);
	const size_t percent = feed->used / (feed->room / 100);
	pthread_mutex_unlock(&feed->lock);
	return percent < 100 ? (unsigned)percent : 100;
}

bool sp_feed_empty(struct sp_feed *feed)
{
	pthread_mutex_lock(&feed->lock);
	const bool empty = !feed->used;
	pthread_mutex_unlock(&feed->lock);
	return empty;
}
