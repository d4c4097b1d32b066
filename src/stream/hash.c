/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digests of a disc in one pass: each state of the whole and of the current track is a job. */
#include <spindle/stream.h>

#include "base/pool.h"
#include "codec/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One digest that is being computed. */
struct hash_lane {
	struct sp_digest_state *state;
	const struct sp_span *span;
	struct sp_job job;
};

struct hash_sink {
	struct sp_sink sink;
	unsigned digests;
	struct sp_hashes *result;
	struct sp_disc *disc; /* a copy: a once-only source may change its own meanwhile */
	struct sp_pool *pool;
	struct hash_lane whole[SP_DIGESTS], track[SP_DIGESTS];
	bool single; /* all that comes is of one track: computed once */
};

/* Slowest first, so that the last job to end is a short one. */
static const unsigned char hash_order[SP_DIGESTS] = {SP_DIGEST_SHA256, SP_DIGEST_MD5,
						     SP_DIGEST_SHA1, SP_DIGEST_CRC32};

const char *sp_digest_name(unsigned digest)
{
	static const char *const name[SP_DIGESTS] = {"crc32", "md5", "sha1", "sha256"};

	return digest < SP_DIGESTS ? name[digest] : "?";
}

static unsigned hash_wants(struct sp_sink *sink, const struct sp_region *region)
{
	(void)sink;
	return region->stored ? region->parts & SP_PART_MAIN : 0;
}

static void hash_run(void *arg)
{
	struct hash_lane *lane = arg;

	sp_digest_update(lane->state, lane->span->data, lane->span->count * lane->span->stride);
}

static void hash_drop(struct hash_lane lanes[SP_DIGESTS])
{
	uint8_t out[SP_DIGEST_MAX_SIZE];

	for (unsigned i = 0; i < SP_DIGESTS; i++) {
		sp_digest_final(lanes[i].state, out);
		lanes[i].state = NULL;
	}
}

static int hash_open(struct hash_sink *h, struct hash_lane lanes[SP_DIGESTS], struct sp_error *err)
{
	for (unsigned i = 0; i < SP_DIGESTS; i++) {
		if (!(h->digests & 1u << i))
			continue;
		lanes[i].state = sp_digest_new(i);
		if (!lanes[i].state)
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "cannot compute %s: no memory, or this system forbids it",
				       sp_digest_name(i));
	}
	return 0;
}

static int hash_take(struct hash_sink *h, struct hash_lane lanes[SP_DIGESTS], struct sp_hash *hash,
		     struct sp_error *err)
{
	uint8_t out[SP_DIGEST_MAX_SIZE];

	for (unsigned i = 0; i < SP_DIGESTS; i++) {
		if (!(h->digests & 1u << i))
			continue;
		const size_t size = sp_digest_final(lanes[i].state, out);
		lanes[i].state = NULL;
		if (!size)
			return sp_fail(err, SP_ERR_UNSUPPORTED, "cannot compute %s",
				       sp_digest_name(i));
		for (size_t j = 0; j < size; j++)
			snprintf(hash->hex[i] + 2 * j, 3, "%02x", out[j]);
	}
	return 0;
}

static void hash_submit(struct hash_sink *h, struct hash_lane lanes[SP_DIGESTS],
			const struct sp_span *span)
{
	for (unsigned i = 0; i < SP_DIGESTS; i++) {
		struct hash_lane *lane = &lanes[hash_order[i]];

		if (!lane->state)
			continue;
		lane->span = span;
		lane->job = (struct sp_job){.run = hash_run, .arg = lane};
		sp_pool_submit(h->pool, &lane->job);
	}
}

static void hash_wait(struct hash_sink *h, struct hash_lane lanes[SP_DIGESTS])
{
	for (unsigned i = 0; i < SP_DIGESTS; i++)
		if (lanes[i].state)
			sp_pool_wait(h->pool, &lanes[i].job);
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
	h->pool = sp_pool_new(0); /* without one, jobs run at once */
	return hash_open(h, h->whole, err);
}

/* The track that was being computed is over. */
static int hash_close_track(struct hash_sink *h, struct sp_error *err)
{
	if (h->single || !h->result->tracks)
		return 0;
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
	hash_submit(h, h->whole, span);
	if (number) {
		h->result->track[h->result->tracks - 1].size += size;
		if (!h->single)
			hash_submit(h, h->track, span);
	}
	hash_wait(h, h->whole);
	if (number && !h->single)
		hash_wait(h, h->track);
	return 0;
}

static int hash_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	struct hash_sink *h = (struct hash_sink *)sink;
	struct sp_hashes *result = h->result;

	(void)disc;
	int rc = hash_close_track(h, err);
	if (!rc)
		rc = hash_take(h, h->whole, &result->whole, err);
	if (!rc && h->single && result->tracks)
		memcpy(result->track[0].hex, result->whole.hex, sizeof(result->whole.hex));
	return rc;
}

static void hash_close(struct sp_sink *sink)
{
	struct hash_sink *h = (struct hash_sink *)sink;

	sp_pool_free(h->pool);
	hash_drop(h->whole);
	hash_drop(h->track);
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
	h->digests = digests;
	h->result = result;
	*result = (struct sp_hashes){0};
	*out = &h->sink;
	return 0;
}
