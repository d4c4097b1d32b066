/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sink that computes what AccurateRip and CTDB know music by, and keeps the few samples that
 * tell the same for other offsets. */
#include <spindle/accuraterip.h>

#include "base/bytes.h"
#include "codec/deflate.h"

#include <stdlib.h>
#include <string.h>

enum {
	AR_SECTOR = 588,           /* samples */
	AR_SAMPLE = 4,             /* bytes */
	AR_EDGE = 5 * AR_SECTOR,   /* samples left out of the first and last track, but for one */
	AR_FRAME = 450,            /* the sector with a checksum of its own */
	AR_CTDB_STRIDE = 20 * 588, /* 16-bit words of CTDB's Reed-Solomon code: 10 sectors */
	AR_WINDOWS = 3,
};

/* Samples around a place that offsets move. */
struct ar_window {
	int64_t at; /* of the first one; LBA 0 begins at 0 */
	uint32_t count, filled;
	uint32_t *sample;
};
enum { AR_HEAD, AR_TAIL, AR_MIDDLE };

/* A track while it is computed. Samples count from LBA 0, ends are behind the last. */
struct ar_track {
	int64_t first, end;           /* all of it */
	int64_t ar_first, ar_end;     /* AccurateRip's */
	int64_t ctdb_first, ctdb_end; /* CTDB's */
	uint32_t low, high, sum;      /* of sample × number, and of samples */
	struct ar_window window[AR_WINDOWS];
};
struct sp_ar_edges {
	struct ar_track track[SP_TRACK_MAX];
};

struct ar_sink {
	struct sp_sink sink;
	struct sp_ar *result;
	size_t at; /* the first track that is not over */
};

static unsigned ar_wants(struct sp_sink *sink, const struct sp_region *region)
{
	(void)sink;
	return region->mode == SP_MODE_AUDIO && region->track ? SP_PART_USER : 0;
}

/* Where the samples of a track end: at the next track's index 01, its session's lead-out, or where
 * something else than audio begins. */
static sp_lba ar_end(const struct sp_disc *disc, const struct sp_track *track)
{
	const struct sp_track *next = track + 1;
	const bool more = next < disc->track + disc->tracks && next->session == track->session;
	const sp_lba limit = more ? next->start : disc->session[track->session - 1].lead_out;
	sp_lba end = track->start;

	while (end < limit) {
		const struct sp_region *r = sp_disc_region(disc, end);

		if (!r || r->mode != SP_MODE_AUDIO || !r->track)
			break;
		end = r->lba + (sp_lba)r->count;
	}
	return end < limit ? end : limit;
}

static int ar_window(struct ar_window *w, int64_t at, uint32_t count, struct sp_error *err)
{
	w->sample = calloc(count, sizeof(w->sample[0]));
	if (!w->sample)
		return sp_fail_memory(err);
	w->at = at;
	w->count = count;
	return 0;
}

static int ar_windows(struct ar_track *t, struct sp_error *err)
{
	enum { SPAN = 2 * SP_AR_OFFSET_MAX };
	int rc = 0;

	if (t->ar_first < t->ar_end) {
		rc = ar_window(&t->window[AR_HEAD], t->ar_first - SP_AR_OFFSET_MAX, SPAN + 1, err);
		if (!rc)
			rc = ar_window(&t->window[AR_TAIL], t->ar_end - SP_AR_OFFSET_MAX, SPAN + 1,
				       err);
	}
	if (!rc && t->end - t->first > AR_FRAME * AR_SECTOR)
		rc = ar_window(&t->window[AR_MIDDLE],
			       t->first + AR_FRAME * AR_SECTOR - SP_AR_OFFSET_MAX, SPAN + AR_SECTOR,
			       err);
	return rc;
}

static int ar_begin(struct sp_sink *sink, const struct sp_disc *disc, struct sp_source *source,
		    struct sp_error *err)
{
	struct sp_ar *ar = ((struct ar_sink *)sink)->result;
	uint64_t samples = 0;

	(void)source;
	ar->edges = calloc(1, sizeof(*ar->edges));
	if (!ar->edges)
		return sp_fail_memory(err);
	struct ar_track *list = ar->edges->track;
	for (size_t i = 0; i < disc->tracks; i++) {
		const struct sp_track *track = &disc->track[i];
		const sp_lba end = ar_end(disc, track);

		if (track->mode != SP_MODE_AUDIO || ar->tracks == SP_TRACK_MAX)
			continue;
		const int64_t first = track->start * AR_SECTOR, last = end * AR_SECTOR;
		list[ar->tracks] = (struct ar_track){.first = first,
						     .end = last,
						     .ar_first = first,
						     .ar_end = last,
						     .ctdb_first = first,
						     .ctdb_end = last};
		ar->track[ar->tracks++] = (struct sp_ar_track){.number = track->number,
							       .samples = (uint64_t)(last - first),
							       .silent = true};
		samples += (uint64_t)(last - first);
	}
	if (!ar->tracks)
		return 0;
	struct ar_track *last = &list[ar->tracks - 1];
	list[0].ar_first += AR_EDGE - 1;
	last->ar_end -= AR_EDGE;
	/* CTDB: half a stride at the beginning; at the end as much, and what does not fill one */
	list[0].ctdb_first += AR_CTDB_STRIDE / 2;
	last->ctdb_end -= (int64_t)(AR_CTDB_STRIDE + samples * 2 % AR_CTDB_STRIDE) / 2;
	int rc = 0;
	for (size_t i = 0; !rc && i < ar->tracks; i++)
		rc = ar_windows(&list[i], err);
	return rc;
}

static void ar_sum(struct ar_track *t, int64_t at, const uint8_t *data, int64_t count)
{
	uint32_t n = (uint32_t)(at - t->first) + 1, low = 0, high = 0, sum = 0;

	for (int64_t i = 0; i < count; i++, n++) {
		const uint32_t s = get_le32(data + i * AR_SAMPLE);
		const uint64_t product = (uint64_t)s * n;

		low += (uint32_t)product;
		high += (uint32_t)(product >> 32);
		sum += s;
	}
	t->low += low;
	t->high += high;
	t->sum += sum;
}

/* What [at, at + count) has in common with [first, end); false: nothing. */
static bool ar_cut(int64_t first, int64_t end, int64_t *at, const uint8_t **data, int64_t *count)
{
	const int64_t from = *at > first ? *at : first;
	const int64_t to = *at + *count < end ? *at + *count : end;

	if (from >= to)
		return false;
	*data += (from - *at) * AR_SAMPLE;
	*at = from;
	*count = to - from;
	return true;
}

static void ar_fill(struct ar_window *w, int64_t at, const uint8_t *data, int64_t count)
{
	if (!w->sample || !ar_cut(w->at, w->at + w->count, &at, &data, &count))
		return;
	for (int64_t i = 0; i < count; i++)
		w->sample[at - w->at + i] = get_le32(data + i * AR_SAMPLE);
	w->filled += (uint32_t)count;
}

static bool ar_is_silent(const uint8_t *data, int64_t count)
{
	const size_t size = (size_t)count * AR_SAMPLE;

	return !data[0] && !memcmp(data, data + 1, size - 1);
}

/* All of a track counts for CTDB: of all but the first and the last. */
static bool ar_ctdb_whole(const struct ar_track *t)
{
	return t->ctdb_first == t->first && t->ctdb_end == t->end;
}

/* Bytes that count for it. */
static uint64_t ar_ctdb_size(const struct ar_track *t)
{
	return t->ctdb_end > t->ctdb_first ? (uint64_t)(t->ctdb_end - t->ctdb_first) * AR_SAMPLE
					   : 0;
}

/* The part of what came that lies in one track. */
static void ar_take(struct sp_ar *ar, size_t i, int64_t at, const uint8_t *data, int64_t count)
{
	struct ar_track *t = &ar->edges->track[i];
	struct sp_ar_track *track = &ar->track[i];

	if (!ar_cut(t->first, t->end, &at, &data, &count))
		return;
	track->crc32 = sp_crc32(track->crc32, data, (size_t)count * AR_SAMPLE);
	track->silent = track->silent && ar_is_silent(data, count);
	const uint8_t *part = data;
	int64_t from = at, n = count;
	if (ar_cut(t->ar_first, t->ar_end, &from, &part, &n))
		ar_sum(t, from, part, n);
	if (!ar_cut(t->ctdb_first, t->ctdb_end, &at, &data, &count))
		return;
	if (!ar_ctdb_whole(t))
		track->ctdb = sp_crc32(track->ctdb, data, (size_t)count * AR_SAMPLE);
}

/* The product of two polynomials modulo CRC-32's, bits reflected: the highest is x^0. */
static uint32_t crc_product(uint32_t a, uint32_t b)
{
	uint32_t product = 0;

	for (; a; a <<= 1) {
		product ^= a >> 31 ? b : 0;
		b = b >> 1 ^ (b & 1 ? 0xedb88320 : 0);
	}
	return product;
}

/* The CRC of what has `crc`, followed by `size` bytes that have `next`. A CRC is linear: the first
 * counts x^(8 size) times as much as it did. */
static uint32_t crc_join(uint32_t crc, uint32_t next, uint64_t size)
{
	uint32_t power = UINT32_C(1) << 23; /* x^8 */

	for (; size; size >>= 1) {
		if (size & 1)
			crc = crc_product(crc, power);
		power = crc_product(power, power);
	}
	return crc ^ next;
}

static int ar_write(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err)
{
	struct ar_sink *s = (struct ar_sink *)sink;
	struct sp_ar *ar = s->result;
	const int64_t at = span->lba * AR_SECTOR, count = (int64_t)span->count * AR_SECTOR;

	(void)err;
	while (s->at < ar->tracks && ar->edges->track[s->at].end <= at)
		s->at++;
	for (size_t i = s->at; i < ar->tracks && ar->edges->track[i].first < at + count; i++) {
		const struct ar_track *t = &ar->edges->track[i];

		ar_take(ar, i, at, span->data, count);
		for (uint32_t n = 0; n < span->count; n++) {
			const int64_t sector = at + (int64_t)n * AR_SECTOR;

			if (sector >= t->first && sector < t->end)
				ar->track[i].damaged |=
					(span->state[n] & (SP_STATE_UNREAD | SP_STATE_C2)) != 0;
		}
	}
	for (size_t i = 0; i < ar->tracks; i++)
		for (unsigned w = 0; w < AR_WINDOWS; w++)
			ar_fill(&ar->edges->track[i].window[w], at, span->data, count);
	return 0;
}

static int ar_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	struct sp_ar *ar = ((struct ar_sink *)sink)->result;

	(void)disc;
	(void)err;
	for (size_t i = 0; i < ar->tracks; i++) {
		const struct ar_track *t = &ar->edges->track[i];

		if (ar_ctdb_whole(t))
			ar->track[i].ctdb = ar->track[i].crc32;
		ar->ctdb = crc_join(ar->ctdb, ar->track[i].ctdb, ar_ctdb_size(t));
		ar->track[i].v1 = t->low;
		ar->track[i].v2 = t->low + t->high;
		if (!sp_ar_frame450_at(ar, i, 0, &ar->track[i].frame450))
			ar->track[i].frame450 = 0;
	}
	return 0;
}

static void ar_close(struct sp_sink *sink)
{
	free(sink);
}

int sp_sink_accuraterip(struct sp_sink **out, struct sp_ar *result, struct sp_error *err)
{
	static const struct sp_sink_ops ops = {.wants = ar_wants,
					       .begin = ar_begin,
					       .write = ar_write,
					       .finish = ar_finish,
					       .close = ar_close};
	struct ar_sink *s = calloc(1, sizeof(*s));

	if (!s)
		return sp_fail_memory(err);
	s->sink = (struct sp_sink){.ops = &ops, .flags = SP_SINK_OBSERVER, .carries = SP_CARRY_ALL};
	s->result = result;
	*result = (struct sp_ar){0};
	*out = &s->sink;
	return 0;
}

void sp_ar_clear(struct sp_ar *ar)
{
	for (size_t i = 0; ar->edges && i < ar->tracks; i++)
		for (unsigned w = 0; w < AR_WINDOWS; w++)
			free(ar->edges->track[i].window[w].sample);
	free(ar->edges);
	*ar = (struct sp_ar){0};
}

/* --- other offsets ------------------------------------------------------------------------- */

static uint32_t ar_sample(const struct ar_window *w, int64_t at)
{
	return w->sample[at - w->at];
}

static bool ar_whole(const struct ar_window *w)
{
	return w->sample && w->filled == w->count;
}

/*
 * With V(o) = Σ s[i+o]·i and S(o) = Σ s[i+o], i from a to b, all modulo 2^32:
 *   S(o+1) = S(o) − s[a+o] + s[b+1+o]
 *   V(o+1) = V(o) − S(o) − (a−1)·s[a+o] + b·s[b+1+o]
 */
bool sp_ar_v1_at(const struct sp_ar *ar, size_t i, int offset, uint32_t *v1)
{
	if (!ar->edges || i >= ar->tracks || offset < -SP_AR_OFFSET_MAX ||
	    offset > SP_AR_OFFSET_MAX)
		return false;
	const struct ar_track *t = &ar->edges->track[i];
	const struct ar_window *head = &t->window[AR_HEAD], *tail = &t->window[AR_TAIL];
	const uint32_t a = (uint32_t)(t->ar_first - t->first) + 1;
	const uint32_t b = (uint32_t)(t->ar_end - t->first);
	uint32_t v = t->low, s = t->sum;

	if (!ar_whole(head) || !ar_whole(tail))
		return false;
	for (int o = 0; o < offset; o++) {
		const uint32_t out = ar_sample(head, t->ar_first + o);
		const uint32_t in = ar_sample(tail, t->ar_end + o);

		v += b * in - s - (a - 1) * out;
		s += in - out;
	}
	for (int o = 0; o > offset; o--) {
		const uint32_t in = ar_sample(head, t->ar_first + o - 1);
		const uint32_t out = ar_sample(tail, t->ar_end + o - 1);

		s += in - out;
		v += s + (a - 1) * in - b * out;
	}
	*v1 = v;
	return true;
}

bool sp_ar_frame450_at(const struct sp_ar *ar, size_t i, int offset, uint32_t *crc)
{
	if (!ar->edges || i >= ar->tracks || offset < -SP_AR_OFFSET_MAX ||
	    offset > SP_AR_OFFSET_MAX)
		return false;
	const struct ar_track *t = &ar->edges->track[i];
	const struct ar_window *w = &t->window[AR_MIDDLE];
	const int64_t at = t->first + AR_FRAME * AR_SECTOR + offset;

	if (!ar_whole(w))
		return false;
	*crc = 0;
	for (uint32_t k = 0; k < AR_SECTOR; k++)
		*crc += ar_sample(w, at + k) * (k + 1);
	return true;
}
