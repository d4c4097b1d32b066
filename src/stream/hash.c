/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digests of a disc in one pass: MD5, the slowest, has a thread of its own and the others share
 * one, over a ring of buffers; the whole disc and the current track have two each. */
#include <spindle/stream.h>

#include "codec/digest.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_SLOTS = 6, HASH_LANES = 2 };

/* SHA-1, SHA-256 and CRC-32 together take about what MD5 takes (OpenSSL 3.0 with SHA extensions),
 * so two threads are as many as help; more only take MD5's processor away. Where that is not asked
 * for, CRC-32 has its thread. */
static unsigned hash_of_lane(unsigned digests, unsigned lane)
{
	const unsigned md5 = 1u << SP_DIGEST_MD5, crc32 = 1u << SP_DIGEST_CRC32;
	const unsigned first = digests & md5 ? md5 : crc32;

	return digests & (lane ? ~first : first);
}

struct hash_sink;

/* Digests that are being computed, by a thread of their own. */
struct hash_lane {
	struct hash_sink *h;
	struct sp_digest_state *state[SP_DIGESTS]; /* changed only while the ring is empty */
	bool of_track; /* takes what lies in a track, not the gaps between */
	uint64_t done; /* slots so far */
	bool running;
	pthread_t thread;
};

struct hash_slot {
	uint8_t *data;
	size_t size, room;
	bool in_track;
};

struct hash_sink {
	struct sp_sink sink;
	unsigned digests;
	struct sp_hashes *result;
	struct sp_disc *disc; /* a copy: a once-only source may change its own meanwhile */
	struct hash_lane whole[HASH_LANES], track[HASH_LANES];
	bool single; /* all that comes is of one track: computed once */
	bool tracks; /* of tracks alone, unless there is a single one */

	pthread_mutex_t lock;
	pthread_cond_t filling, emptying; /* lanes wait for the one, who fills for the other */
	uint64_t behind; /* slots that a lane may be behind, when who fills goes on */
	struct hash_slot slot[HASH_SLOTS];
	uint64_t filled; /* slots so far */
	bool stop;
};

const char *sp_digest_name(unsigned digest)
{
	static const char *const name[SP_DIGESTS] = {"crc32", "md5", "sha1", "sha256"};

	return digest < SP_DIGESTS ? name[digest] : "?";
}

static void hash_hex(char *hex, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

bool sp_digest_of(unsigned digest, const void *data, size_t size, char hex[65])
{
	struct sp_digest_state *state = digest < SP_DIGESTS ? sp_digest_new(digest) : NULL;
	uint8_t out[SP_DIGEST_MAX_SIZE];

	if (!state)
		return false;
	sp_digest_update(state, data, size);
	const size_t bytes = sp_digest_final(state, out);
	hash_hex(hex, out, bytes);
	return bytes != 0;
}

static unsigned hash_wants(struct sp_sink *sink, const struct sp_region *region)
{
	(void)sink;
	return region->stored ? region->parts & SP_PART_MAIN : 0;
}

static void *hash_run(void *arg)
{
	struct hash_lane *lane = arg;
	struct hash_sink *h = lane->h;

	pthread_mutex_lock(&h->lock);
	for (;;) {
		while (lane->done == h->filled && !h->stop)
			pthread_cond_wait(&h->filling, &h->lock);
		if (lane->done == h->filled)
			break;
		const struct hash_slot *slot = &h->slot[lane->done % HASH_SLOTS];
		pthread_mutex_unlock(&h->lock);
		for (unsigned i = 0; i < SP_DIGESTS; i++)
			if (lane->state[i] && (slot->in_track || !lane->of_track))
				sp_digest_update(lane->state[i], slot->data, slot->size);
		pthread_mutex_lock(&h->lock);
		lane->done++;
		if (h->filled - lane->done == h->behind)
			pthread_cond_signal(&h->emptying);
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

static int hash_start(struct hash_sink *h, struct hash_lane lanes[HASH_LANES], bool of_track,
		      struct sp_error *err)
{
	for (unsigned i = 0; i < HASH_LANES; i++) {
		struct hash_lane *lane = &lanes[i];

		if (!hash_of_lane(h->digests, i))
			continue;
		lane->h = h;
		lane->of_track = of_track;
		const int failed = pthread_create(&lane->thread, NULL, hash_run, lane);
		if (failed)
			return sp_fail_errno(err, failed, "cannot start a thread");
		lane->running = true;
	}
	return 0;
}

/* Wait until no lane is more than `behind` slots behind; but where one is, until it is no more than
 * `least` behind: to be woken for every slot costs more. */
static void hash_wait(struct hash_sink *h, uint64_t behind, uint64_t least)
{
	pthread_mutex_lock(&h->lock);
	h->behind = least;
	for (unsigned i = 0; i < 2 * HASH_LANES;) {
		const struct hash_lane *lane =
			i < HASH_LANES ? &h->whole[i] : &h->track[i - HASH_LANES];

		if (lane->running && h->filled - lane->done > behind) {
			pthread_cond_wait(&h->emptying, &h->lock);
			behind = least;
		} else {
			i++;
		}
	}
	pthread_mutex_unlock(&h->lock);
}

static void hash_drop(struct hash_lane lanes[HASH_LANES])
{
	uint8_t out[SP_DIGEST_MAX_SIZE];

	for (unsigned i = 0; i < HASH_LANES * SP_DIGESTS; i++) {
		struct sp_digest_state **state = &lanes[i / SP_DIGESTS].state[i % SP_DIGESTS];

		sp_digest_final(*state, out);
		*state = NULL;
	}
}

/* Where the state of one digest is kept. */
static struct sp_digest_state **hash_state(const struct hash_sink *h,
					   struct hash_lane lanes[HASH_LANES], unsigned digest)
{
	return &lanes[hash_of_lane(h->digests, 0) >> digest & 1 ? 0 : 1].state[digest];
}

static int hash_open(struct hash_sink *h, struct hash_lane lanes[HASH_LANES], struct sp_error *err)
{
	for (unsigned i = 0; i < SP_DIGESTS; i++) {
		if (!(h->digests & 1u << i))
			continue;
		struct sp_digest_state **state = hash_state(h, lanes, i);

		*state = sp_digest_new(i);
		if (!*state)
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "cannot compute %s: no memory, or this system forbids it",
				       sp_digest_name(i));
	}
	return 0;
}

static int hash_take(struct hash_sink *h, struct hash_lane lanes[HASH_LANES], struct sp_hash *hash,
		     struct sp_error *err)
{
	uint8_t out[SP_DIGEST_MAX_SIZE];

	for (unsigned i = 0; i < SP_DIGESTS; i++) {
		if (!(h->digests & 1u << i))
			continue;
		struct sp_digest_state **state = hash_state(h, lanes, i);
		const size_t size = sp_digest_final(*state, out);

		*state = NULL;
		if (!size)
			return sp_fail(err, SP_ERR_UNSUPPORTED, "cannot compute %s",
				       sp_digest_name(i));
		hash_hex(hash->hex[i], out, size);
	}
	return 0;
}

/* The span is not ours to keep: its bytes go into the ring. */
static int hash_submit(struct hash_sink *h, const struct sp_span *span, bool in_track,
		       struct sp_error *err)
{
	const size_t size = span->count * span->stride;

	hash_wait(h, HASH_SLOTS - 1, HASH_SLOTS / 2);
	struct hash_slot *slot = &h->slot[h->filled % HASH_SLOTS];
	if (size > slot->room) {
		free(slot->data);
		slot->data = malloc(size);
		slot->room = slot->data ? size : 0;
		if (!slot->data)
			return sp_fail_memory(err);
	}
	memcpy(slot->data, span->data, size);
	slot->size = size;
	slot->in_track = in_track;
	pthread_mutex_lock(&h->lock);
	h->filled++;
	pthread_cond_broadcast(&h->filling);
	pthread_mutex_unlock(&h->lock);
	return 0;
}

static int hash_begin(struct sp_sink *sink, const struct sp_disc *disc, struct sp_source *source,
		      struct sp_error *err)
{
	struct hash_sink *h = (struct hash_sink *)sink;
	unsigned track = 0;
	bool gap = false, several = false;

	(void)source;
	h->disc = sp_disc_copy(disc);
	if (!h->disc)
		return sp_fail_memory(err);
	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *r = &disc->region[i];

		if (!hash_wants(sink, r))
			continue;
		gap |= !r->track;
		several |= track && r->track && r->track != track;
		track = r->track ? r->track : track;
	}
	h->single = track && !gap && !several;
	h->tracks = h->tracks && !h->single;
	int rc = h->tracks ? 0 : hash_open(h, h->whole, err);
	if (!rc && !h->tracks)
		rc = hash_start(h, h->whole, false, err);
	if (!rc && !h->single)
		rc = hash_start(h, h->track, true, err);
	return rc;
}

/* The track that was being computed is over. */
static int hash_close_track(struct hash_sink *h, struct sp_error *err)
{
	if (h->single || !h->result->tracks)
		return 0;
	hash_wait(h, 0, 0);
	return hash_take(h, h->track, &h->result->track[h->result->tracks - 1], err);
}

static int hash_enter_track(struct hash_sink *h, unsigned number, struct sp_error *err)
{
	int rc = hash_close_track(h, err);

	if (rc || h->result->tracks == SP_TRACK_MAX)
		return rc;
	h->result->track[h->result->tracks++] = (struct sp_hash){.track = number};
	return h->single ? 0 : hash_open(h, h->track, err);
}

static int hash_write(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err)
{
	struct hash_sink *h = (struct hash_sink *)sink;
	const struct sp_region *region = sp_disc_region(h->disc, span->lba);
	const unsigned number = region ? region->track : 0;
	const size_t last = h->result->tracks;
	const uint64_t size = (uint64_t)span->count * span->stride;

	if (number && (!last || h->result->track[last - 1].track != number)) {
		int rc = hash_enter_track(h, number, err);

		if (rc)
			return rc;
	}
	h->result->whole.size += size;
	if (number)
		h->result->track[h->result->tracks - 1].size += size;
	return hash_submit(h, span, number != 0, err);
}

static int hash_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	struct hash_sink *h = (struct hash_sink *)sink;
	struct sp_hashes *result = h->result;

	(void)disc;
	hash_wait(h, 0, 0);
	int rc = hash_close_track(h, err);
	if (!rc && !h->tracks)
		rc = hash_take(h, h->whole, &result->whole, err);
	if (!rc && h->single && result->tracks)
		memcpy(result->track[0].hex, result->whole.hex, sizeof(result->whole.hex));
	return rc;
}

static void hash_join(struct hash_lane lanes[HASH_LANES])
{
	for (unsigned i = 0; i < HASH_LANES; i++)
		if (lanes[i].running)
			pthread_join(lanes[i].thread, NULL);
}

static void hash_close(struct sp_sink *sink)
{
	struct hash_sink *h = (struct hash_sink *)sink;

	pthread_mutex_lock(&h->lock);
	h->stop = true;
	pthread_cond_broadcast(&h->filling);
	pthread_mutex_unlock(&h->lock);
	hash_join(h->whole);
	hash_join(h->track);
	hash_drop(h->whole);
	hash_drop(h->track);
	for (unsigned i = 0; i < HASH_SLOTS; i++)
		free(h->slot[i].data);
	pthread_cond_destroy(&h->filling);
	pthread_cond_destroy(&h->emptying);
	pthread_mutex_destroy(&h->lock);
	sp_disc_free(h->disc);
	free(h);
}

int sp_sink_hash(struct sp_sink **out, unsigned digests, struct sp_hashes *result,
		 struct sp_error *err)
{
	static const struct sp_sink_ops ops = {.wants = hash_wants,
					       .begin = hash_begin,
					       .write = hash_write,
					       .finish = hash_finish,
					       .close = hash_close};
	struct hash_sink *h = calloc(1, sizeof(*h));

	if (!h)
		return sp_fail_memory(err);
	h->sink = (struct sp_sink){.ops = &ops, .flags = SP_SINK_OBSERVER, .carries = SP_CARRY_ALL};
	h->digests = digests & ~SP_HASH_TRACKS;
	h->tracks = digests & SP_HASH_TRACKS;
	h->result = result;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->filling, NULL);
	pthread_cond_init(&h->emptying, NULL);
	*result = (struct sp_hashes){0};
	*out = &h->sink;
	return 0;
}
