/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bounded queue of bytes between the thread that has them and the one that burns them. */
#ifndef SP_DRIVE_FEED_H
#define SP_DRIVE_FEED_H

#include <spindle/error.h>

#include <stdbool.h>
#include <stddef.h>

struct sp_feed;

int sp_feed_new(struct sp_feed **out, size_t room, struct sp_error *err);
void sp_feed_free(struct sp_feed *feed); /* NULL is fine; nobody may be waiting */
/* Put in what there is room for, waiting for some at most `ms`. Returns how many bytes went in: 0
 * when there was no room, or the feed is cancelled. */
size_t sp_feed_put(struct sp_feed *feed, const void *data, size_t size, unsigned ms);
/* Take exactly `size` bytes, waiting for them; less only at the end. False: cancelled. */
bool sp_feed_take(struct sp_feed *feed, void *data, size_t size, size_t *taken);
void sp_feed_end(struct sp_feed *feed);       /* nothing more comes */
void sp_feed_cancel(struct sp_feed *feed);    /* who waits is to give up */
uint64_t sp_feed_taken(struct sp_feed *feed); /* bytes so far */
unsigned sp_feed_full(struct sp_feed *feed);  /* percent */
bool sp_feed_empty(struct sp_feed *feed);

#endif
