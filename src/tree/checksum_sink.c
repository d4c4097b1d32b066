/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sink that sums what volumes have checksums of. Those that begin at one place share one sum, of
 * which each takes a copy where it ends. */
#include "base/bytes.h"
#include "codec/digest.h"
#include "disc/sector.h"
#include "tree/isomd5.h"

#include <spindle/tree.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SINK_USER = 2048 };

/* One sum that runs. */
struct sum_run {
	uint64_t start, end; /* bytes of the disc */
	uint64_t at;         /* summed up to here */
	const struct sp_checksum *isomd5;
	struct sp_digest_state *md5;
	struct sp_isomd5 sum;
	bool broken; /* something did not come */
};
struct sum_sink {
	struct sp_sink sink;
	struct sp_checksums *list;
	struct sum_run run[SP_CHECKSUMS];
	size_t runs;
};

static void sum_hex(char hex[33], const uint8_t *md5)
{
	for (size_t i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", md5[i]);
}

static unsigned sum_wants(struct sp_sink *sink, const struct sp_region *region)
{
	(void)sink;
	if (!region->stored || region->mode == SP_MODE_AUDIO)
		return 0;
	/* mixed XA: volumes are in form 1 sectors, whose user data come first */
	const unsigned parts =
		region->mode == SP_MODE_XA ? SP_PART_USER | SP_PART_ECC : SP_PART_USER;
	return region->parts & SP_PART_USER ? parts : 0;
}

static int sum_begin(struct sp_sink *sink, const struct sp_disc *disc, struct sp_source *source,
		     struct sp_error *err)
{
	struct sum_sink *s = (struct sum_sink *)sink;

	(void)disc;
	(void)source;
	for (size_t i = 0; i < s->list->count; i++) {
		const struct sp_checksum *sum = &s->list->checksum[i];
		struct sum_run *run = s->run;
		const uint64_t end = sum->start + sum->size;

		while (run < s->run + s->runs &&
		       (run->isomd5 || sum->blank || run->start != sum->start))
			run++;
		if (run < s->run + s->runs) {
			run->end = end > run->end ? end : run->end;
			continue;
		}
		*run = (struct sum_run){.start = sum->start, .at = sum->start, .end = end};
		s->runs++;
		if (sum->blank) {
			run->isomd5 = sum;
			const int r = sp_isomd5_begin(&run->sum, sum->size,
						      sum->pieces ? sum->pieces : 1, err);
			if (r < 0)
				return r;
			continue;
		}
		run->md5 = sp_digest_new(ISOMD5_MD5);
		if (!run->md5)
			return sp_fail_memory(err);
	}
	return 0;
}

/* Where the next checksum of the run ends; `taken`: those that end at run->at have been. */
static uint64_t sum_stop(const struct sum_sink *s, const struct sum_run *run)
{
	uint64_t stop = run->end;

	for (size_t i = 0; i < s->list->count; i++) {
		const struct sp_checksum *sum = &s->list->checksum[i];
		const uint64_t end = sum->start + sum->size;
		if (!sum->blank && sum->start == run->start && end > run->at && end < stop)
			stop = end;
	}
	return stop;
}

/* Checksums that end here. */
static int sum_take(struct sum_sink *s, const struct sum_run *run, struct sp_error *err)
{
	uint8_t digest[SP_DIGEST_MAX_SIZE];

	for (size_t i = 0; i < s->list->count; i++) {
		struct sp_checksum *sum = &s->list->checksum[i];
		if (sum->blank || sum->start != run->start || sum->start + sum->size != run->at)
			continue;
		if (sp_digest_final(sp_digest_copy(run->md5), digest) != 16)
			return sp_fail_memory(err);
		sum_hex(sum->found, digest);
	}
	return 0;
}

/* The same bytes, spaces where isomd5sum's own text stands. */
static int sum_blanked(struct sum_run *run, uint64_t at, const uint8_t *data, size_t size,
		       struct sp_error *err)
{
	uint8_t copy[SINK_USER];
	const uint64_t from = run->isomd5->blank, to = from + ISOMD5_ROOM;

	if (at >= to || at + size <= from)
		return sp_isomd5_add(&run->sum, data, size, err);
	memcpy(copy, data, size);
	for (size_t i = 0; i < size; i++)
		if (at + i >= from && at + i < to)
			copy[i] = ' ';
	return sp_isomd5_add(&run->sum, copy, size, err);
}

/* At most a sector's user data, or many of nothing else. */
static int sum_feed(struct sum_sink *s, struct sum_run *run, uint64_t at, const uint8_t *data,
		    size_t size, struct sp_error *err)
{
	int r = 0;

	if (run->broken || at + size <= run->at || run->at >= run->end)
		return 0;
	if (at > run->at) {
		run->broken = true;
		return 0;
	}
	data += run->at - at;
	size -= (size_t)(run->at - at);
	while (size && run->at < run->end && !r) {
		const uint64_t left = sum_stop(s, run) - run->at;
		size_t n = size < left ? size : (size_t)left;

		if (run->isomd5) {
			n = n < SINK_USER ? n : SINK_USER;
			r = sum_blanked(run, run->at, data, n, err);
		} else {
			sp_digest_update(run->md5, data, n);
		}
		run->at += n;
		data += n;
		size -= n;
		if (!r && !run->isomd5)
			r = sum_take(s, run, err);
	}
	return r;
}

static int sum_write(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err)
{
	struct sum_sink *s = (struct sum_sink *)sink;
	const size_t unit = span->mode == SP_MODE_BLOCK512 ? 512 : SINK_USER;
	int r = 0;

	if (span->lba < 0 || span->stride < unit)
		return 0;
	for (size_t i = 0; i < s->runs && !r; i++) {
		const uint64_t at = (uint64_t)span->lba * unit;

		if (span->stride == unit) {
			r = sum_feed(s, &s->run[i], at, span->data, span->count * unit, err);
			continue;
		}
		for (uint32_t j = 0; j < span->count && !r; j++)
			r = sum_feed(s, &s->run[i], at + j * unit, span->data + j * span->stride,
				     unit, err);
	}
	return r;
}

/* The first piece whose digits are others. */
static void sum_piece(struct sp_checksum *sum, const struct sp_isomd5 *found)
{
	for (size_t i = 0; sum->pieces && i < found->pieces; i++) {
		const size_t at = i * found->digits;
		const uint64_t from = i ? found->ended[i - 1] : 0;

		if (at + found->digits > ISOMD5_SUMS ||
		    !memcmp(sum->piece + at, found->text + at, found->digits))
			continue;
		snprintf(sum->where, sizeof(sum->where),
			 "the first wrong fragment is %zu of %u, LBA %llu to %llu", i + 1,
			 sum->pieces, (unsigned long long)((sum->start + from) / SINK_USER),
			 (unsigned long long)((sum->start + found->ended[i] - 1) / SINK_USER));
		return;
	}
	if (sum->pieces && found->pieces)
		snprintf(sum->where, sizeof(sum->where), "every fragment is right up to LBA %llu",
			 (unsigned long long)((sum->start + found->ended[found->pieces - 1] - 1) /
					      SINK_USER));
}

static int sum_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	struct sum_sink *s = (struct sum_sink *)sink;
	uint8_t md5[16];

	(void)disc;
	for (size_t i = 0; i < s->runs; i++) {
		struct sum_run *run = &s->run[i];

		if (!run->isomd5 || run->at != run->end)
			continue;
		const int r = sp_isomd5_end(&run->sum, md5, err);
		if (r < 0)
			return r;
		for (size_t j = 0; j < s->list->count; j++) {
			struct sp_checksum *sum = &s->list->checksum[j];
			if (sum != run->isomd5)
				continue;
			sum_hex(sum->found, md5);
			if (strcmp(sum->found, sum->expected) != 0)
				sum_piece(sum, &run->sum);
		}
	}
	for (size_t i = 0; i < s->list->count; i++) {
		struct sp_checksum *sum = &s->list->checksum[i];

		sum->ok = !strcmp(sum->found, sum->expected);
		if (!sum->found[0])
			snprintf(sum->where, sizeof(sum->where),
				 "what it sums is not all in the image");
	}
	return 0;
}

static void sum_close(struct sp_sink *sink)
{
	struct sum_sink *s = (struct sum_sink *)sink;
	uint8_t digest[SP_DIGEST_MAX_SIZE];

	for (size_t i = 0; i < s->runs; i++) {
		if (s->run[i].md5)
			sp_digest_final(s->run[i].md5, digest);
		sp_isomd5_clear(&s->run[i].sum);
	}
	free(s);
}

int sp_sink_checksums(struct sp_sink **out, struct sp_checksums *list, struct sp_error *err)
{
	static const struct sp_sink_ops ops = {.wants = sum_wants,
					       .begin = sum_begin,
					       .write = sum_write,
					       .finish = sum_finish,
					       .close = sum_close};
	struct sum_sink *s = calloc(1, sizeof(*s));

	*out = NULL;
	if (!s)
		return sp_fail_memory(err);
	s->sink = (struct sp_sink){.ops = &ops, .flags = SP_SINK_OBSERVER, .carries = SP_CARRY_ALL};
	s->list = list;
	*out = &s->sink;
	return 0;
}
