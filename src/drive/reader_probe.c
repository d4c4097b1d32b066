/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a drive can, found by executing: what it says of itself is wrong too often. */
#include "drive/reader_own.h"

#include "base/bytes.h"
#include "disc/subchannel.h"

#include <stdlib.h>
#include <string.h>

#define PROBE_SECTORS 8
#define PROBE_PLACES  6
#define PROBE_TRIES   12 /* places that are looked at for C2 */
#define PROBE_BLOCK   (SP_RAW_SIZE + SP_C2_SIZE + 2 + SP_SUB_SIZE)
#define PROBE_OVER    150     /* sectors beyond the tracks that are looked for */
#define PROBE_SHIFT   10      /* sectors Q may come late or early */
#define PROBE_LIMIT   4000000 /* µs: a read at the edge that takes longer is one too many */

/* Where it is tried, and what lies there. */
struct probe {
	struct sp_reader *reader;
	unsigned kind;
	const struct sp_track *track;
	unsigned place; /* in it: the next one to try */
	sp_lba lba;
	uint32_t count;
	uint8_t *plain; /* count × 2352, read without anything else */
	uint8_t *data;  /* room for count blocks with all parts */
};

/* Read with what the abilities say now. False: refused, or not as long as they say. */
static bool probe_read(struct probe *p, unsigned parts, struct reader_block *block)
{
	struct sp_read read = {.parts = parts};
	uint32_t good = 0;

	reader_block_plan(&p->reader->able, parts, block);
	memset(p->data, 0xa5, (size_t)p->count * PROBE_BLOCK);
	reader_command(p->reader, &read, p->kind, p->lba, p->count, block, p->data, &good, NULL);
	return good == p->count;
}

/* The main channel lies where blocks of this size have it: how many do. */
static uint32_t probe_same(const struct probe *p, const struct reader_block *block)
{
	uint32_t same = 0;

	for (uint32_t i = 0; i < p->count; i++)
		same += !memcmp(p->data + i * block->size, p->plain + (size_t)i * SP_RAW_SIZE,
				SP_RAW_SIZE);
	return same;
}

/* Noise and jitter may touch one; most must agree. */
static bool probe_most(const struct probe *p, uint32_t count)
{
	return count * 4 >= p->count * 3 && count;
}

/* Blocks whose C2 is zero, and in the form of 296 bytes sums itself up. */
static uint32_t probe_clean(const struct probe *p, const struct reader_block *block)
{
	uint32_t clean = 0;

	for (uint32_t i = 0; i < p->count; i++) {
		const uint8_t *c2 = p->data + i * block->size + block->c2_at;
		uint8_t any = 0;

		for (unsigned k = 0; k < SP_C2_SIZE; k++)
			any |= c2[k];
		clean += !any && (block->c2 == SP_C2_SIZE || !c2[SP_C2_SIZE]);
	}
	return clean;
}

/* Sectors of the track that can be read and lie far enough from its ends: the next such place. */
static bool probe_place(struct probe *p)
{
	const struct reader_block block = {.size = SP_RAW_SIZE};
	const struct sp_track *track = p->track;

	p->kind = track->mode == SP_MODE_AUDIO ? READER_AUDIO : READER_DATA;
	p->count = track->length < PROBE_SECTORS ? (uint32_t)track->length : PROBE_SECTORS;
	while (p->place < PROBE_PLACES) {
		struct sp_read read = {.parts = SP_PART_MAIN};
		uint32_t good = 0;

		p->lba = track->start +
			 (sp_lba)((track->length - p->count) * ++p->place / (PROBE_PLACES + 1));
		reader_command(p->reader, &read, p->kind, p->lba, p->count, &block, p->plain, &good,
			       NULL);
		if (good == p->count)
			return true;
	}
	return false;
}

/* What C2 there is, as this place shows it. *refused: none, whatever the place. */
static unsigned probe_c2_here(struct probe *p, bool *refused)
{
	static const uint8_t kinds[] = {SP_C2_294, SP_C2_296};
	struct sp_drive_abilities *able = &p->reader->able;
	struct reader_block block;

	*refused = true;
	for (size_t i = 0; i < sizeof(kinds); i++) {
		able->c2 = kinds[i];
		if (!probe_read(p, SP_PART_MAIN | SP_PART_C2, &block))
			continue;
		*refused = false;
		if (probe_most(p, probe_same(p, &block)))
			return probe_most(p, probe_clean(p, &block)) ? able->c2 : SP_C2_USELESS;
	}
	return SP_C2_NONE;
}

/* Errors, or samples that come otherwise each time, may be the place's and not the drive's: others
 * are looked at until one is without. Errors everywhere are none. */
static void probe_c2(struct probe *p)
{
	const struct sp_track *const track = p->track;
	const struct sp_disc *disc = p->reader->disc;
	const unsigned place = p->place;
	bool refused;
	unsigned c2 = probe_c2_here(p, &refused);

	for (size_t i = 0, tries = 0; i <= disc->tracks; i++) {
		const struct sp_track *t = i ? &disc->track[i - 1] : track;

		if ((i && t == track) || t->mode != track->mode || !t->length)
			continue;
		p->track = t;
		p->place = i ? 0 : place;
		while (!refused && (c2 == SP_C2_NONE || c2 == SP_C2_USELESS) &&
		       tries++ < PROBE_TRIES && probe_place(p)) {
			const unsigned here = probe_c2_here(p, &refused);

			c2 = here == SP_C2_NONE ? c2 : here;
		}
		if (refused || (c2 != SP_C2_NONE && c2 != SP_C2_USELESS))
			break;
	}
	p->reader->able.c2 = (uint8_t)c2;
	if (c2 != SP_C2_NONE && c2 != SP_C2_USELESS)
		return;
	p->track = track;
	p->place = place - 1;
	probe_place(p); /* what comes next is tried where it was */
}

/* What the Qs of the blocks say. */
struct probe_q {
	uint32_t valid, zero;
	uint32_t at[2 * PROBE_SHIFT + 1]; /* how many are how late */
};

static void probe_look(const struct probe *p, const struct reader_block *block,
		       struct probe_q *seen)
{
	*seen = (struct probe_q){.valid = 0};
	for (uint32_t i = 0; i < p->count; i++) {
		const sp_lba lba = p->lba + i;
		uint8_t pw[SP_SUB_SIZE], q[12];
		sp_lba at;

		reader_block_sub(&p->reader->able, block, p->data + i * block->size, pw);
		sp_sub_get_q(pw, q);
		seen->zero += !q[0] && !memcmp(q, q + 1, 9);
		if (!sp_q_valid(q) || !(q[0] & 15))
			continue;
		seen->valid++;
		if (sp_q_lba(q, lba, &at) && at >= lba - PROBE_SHIFT && at <= lba + PROBE_SHIFT)
			seen->at[lba - at + PROBE_SHIFT]++;
	}
}

/* By how many sectors most are late; false: they do not agree. */
static bool probe_shift(const struct probe_q *seen, int *shift)
{
	uint32_t all = 0, most = 0;

	for (unsigned i = 0; i <= 2 * PROBE_SHIFT; i++) {
		all += seen->at[i];
		if (seen->at[i] > most) {
			most = seen->at[i];
			*shift = (int)i - PROBE_SHIFT;
		}
	}
	return most && most * 4 >= all * 3;
}

/* Formatted Q without a CRC tells by where it says it is whether it counts in BCD: one of them is
 * more often near. */
static bool probe_formatted(struct probe *p)
{
	struct sp_drive_abilities *able = &p->reader->able;
	struct reader_block block;
	struct probe_q seen;

	able->sub = SP_SUB_Q;
	able->q_hex = false;
	if (!probe_read(p, SP_PART_MAIN | SP_PART_PW, &block) ||
	    !probe_most(p, probe_same(p, &block)))
		return false;
	/* with the CRC that comes first: it proves the counting too */
	for (unsigned crc = 2; crc-- > 0;) {
		for (unsigned hex = 0; hex < 2; hex++) {
			int shift;

			able->q_crc = crc;
			able->q_hex = hex;
			probe_look(p, &block, &seen);
			if (!probe_shift(&seen, &shift))
				continue;
			able->q_shift = shift;
			return true;
		}
	}
	able->q_hex = able->q_crc = false;
	return false;
}

static void probe_sub(struct probe *p)
{
	struct sp_drive_abilities *able = &p->reader->able;
	struct reader_block block;
	struct probe_q seen = {.valid = 0};
	bool answered = false;

	able->sub = SP_SUB_RAW;
	able->q_crc = true;
	able->q_hex = false;
	able->q_shift = 0;
	if (probe_read(p, SP_PART_MAIN | SP_PART_PW, &block) &&
	    probe_most(p, probe_same(p, &block))) {
		answered = true;
		probe_look(p, &block, &seen);
		if (probe_shift(&seen, &able->q_shift))
			return;
		able->q_shift = 0;
	}
	if (probe_formatted(p))
		return;
	able->q_crc = able->q_hex = false;
	able->sub = answered ? SP_SUB_USELESS : SP_SUB_NONE;
}

/* Both at once: which order explains what comes, if any. */
static void probe_order(struct probe *p)
{
	static const uint8_t orders[] = {SP_ORDER_C2_SUB, SP_ORDER_SUB_C2};
	struct sp_drive_abilities *able = &p->reader->able;
	struct reader_block block;
	struct probe_q seen;

	for (size_t i = 0; i < sizeof(orders); i++) {
		able->order = orders[i];
		if (!probe_read(p, SP_PART_MAIN | SP_PART_C2 | SP_PART_PW, &block) ||
		    !probe_most(p, probe_same(p, &block)))
			continue;
		probe_look(p, &block, &seen);
		if ((!block.c2 || probe_most(p, probe_clean(p, &block))) &&
		    (!block.sub || seen.valid))
			return;
	}
	able->order = SP_ORDER_SUB_ONLY;
}

/* Whether a sector beyond the tracks comes, within reasonable time. */
static bool probe_beyond(struct probe *p, sp_lba lba)
{
	const struct reader_block block = {.size = SP_RAW_SIZE};
	struct sp_read read = {.parts = SP_PART_MAIN};
	uint32_t good = 0;

	reader_command(p->reader, &read, p->kind == READER_AUDIO ? READER_SCRAMBLED : READER_DATA,
		       lba, 1, &block, p->data, &good, NULL);
	return good && read.took_us <= PROBE_LIMIT;
}

/* How many sectors from `lba` on in steps of `step` can be read: by halves, most limits being
 * plain ones. */
static unsigned probe_limit(struct probe *p, sp_lba lba, int step)
{
	unsigned low = 0, high = PROBE_OVER; /* low can be read, high + 1 was not tried or cannot */

	if (!probe_beyond(p, lba))
		return 0;
	for (low = 1; low < high;) {
		const unsigned mid = low + (high - low + 1) / 2;

		if (probe_beyond(p, lba + (sp_lba)step * (sp_lba)(mid - 1)))
			low = mid;
		else
			high = mid - 1;
	}
	return low;
}

/* The most blocks with all parts that one command gives. */
static void probe_blocks(struct probe *p, uint64_t room)
{
	struct sp_reader *reader = p->reader;
	struct reader_block block;
	const unsigned parts = SP_PART_MAIN | SP_PART_C2 | SP_PART_PW;

	reader_block_plan(&reader->able, parts, &block);
	uint64_t count = reader->transport->max_transfer / block.size;
	count = count < room ? count : room;
	uint8_t *data = count > 1 ? malloc((size_t)count * block.size) : NULL;
	for (; data && count > 1; count /= 2) {
		struct sp_read read = {.parts = parts};
		uint32_t good = 0;

		reader_command(reader, &read, p->kind, p->lba, (uint32_t)count, &block, data, &good,
			       NULL);
		if (good == count || read.outcome == SP_READ_MEDIUM)
			break;
	}
	free(data);
	/* a short track proves no limit */
	const bool limited =
		count < room && count * block.size * 2 <= reader->transport->max_transfer;
	reader->able.max_blocks = limited ? (uint32_t)(count ? count : 1) : 0;
}

/* Audio first: C2 and offsets matter there. Longest track first. */
static bool probe_find(struct probe *p)
{
	const struct sp_disc *disc = p->reader->disc;
	bool tried[SP_TRACK_MAX] = {false};

	for (unsigned n = 0; n < 2 * PROBE_PLACES; n++) {
		size_t best = disc->tracks;

		for (size_t i = 0; i < disc->tracks && i < SP_TRACK_MAX; i++) {
			const struct sp_track *t = &disc->track[i];
			const bool audio = t->mode == SP_MODE_AUDIO;

			if (tried[i] || !t->length)
				continue;
			if (best == disc->tracks ||
			    audio > (disc->track[best].mode == SP_MODE_AUDIO) ||
			    (audio == (disc->track[best].mode == SP_MODE_AUDIO) &&
			     t->length > disc->track[best].length))
				best = i;
		}
		if (best == disc->tracks)
			return false;
		p->track = &disc->track[best];
		p->place = 0;
		if (probe_place(p))
			return true;
		tried[best] = true;
	}
	return false;
}

/* A data track read as CD-DA: it comes scrambled, or at least comes. */
static bool probe_data_as_audio(struct probe *p)
{
	const struct sp_disc *disc = p->reader->disc;
	const struct reader_block block = {.size = SP_RAW_SIZE};

	for (size_t i = 0; i < disc->tracks; i++) {
		struct sp_read read = {.parts = SP_PART_MAIN};
		uint32_t good = 0;

		if (disc->track[i].mode == SP_MODE_AUDIO)
			continue;
		reader_command(p->reader, &read, READER_SCRAMBLED, disc->track[i].start, 1, &block,
			       p->data, &good, NULL);
		return good == 1;
	}
	return false;
}

static void probe_all(struct probe *p)
{
	struct sp_reader *reader = p->reader;
	struct sp_drive_abilities *able = &reader->able;

	probe_c2(p);
	probe_sub(p);
	able->order = SP_ORDER_C2_SUB;
	if (able->c2 != SP_C2_NONE && able->c2 != SP_C2_USELESS && able->sub != SP_SUB_NONE &&
	    able->sub != SP_SUB_USELESS)
		probe_order(p);
	const struct sp_region *region = sp_disc_region(reader->disc, p->lba);
	probe_blocks(p, region ? region->count - (uint64_t)(p->lba - region->lba) : p->count);
	able->data_as_audio = probe_data_as_audio(p);
	able->lead_in = probe_limit(p, -1, -1);
	able->lead_out = probe_limit(p, reader_end(reader->disc), 1);
}

int sp_reader_probe(struct sp_reader *reader, struct sp_error *err)
{
	struct sp_drive_abilities *able = &reader->able;
	struct probe probe = {.reader = reader};

	if (!reader->disc)
		return sp_fail(err, SP_ERR_USAGE, "%s: no disc was loaded",
			       reader->transport->name);
	if (able->probed)
		return 0;
	able->flush = sp_mmc_flush(reader->transport, 0, NULL) < 0 ? SP_FLUSH_NONE : SP_FLUSH_FUA;
	if (reader->disc->medium != SP_MEDIUM_CD) {
		able->probed = true;
		return 0;
	}
	probe.plain = malloc((size_t)PROBE_SECTORS * (SP_RAW_SIZE + PROBE_BLOCK));
	if (!probe.plain)
		return sp_fail_memory(err);
	probe.data = probe.plain + (size_t)PROBE_SECTORS * SP_RAW_SIZE;
	if (probe_find(&probe))
		probe_all(&probe);
	else
		sp_note(&reader->notes,
			"no place on the disc reads well enough to try out the drive: no C2 and no "
			"sub-channel are read");
	able->probed = true;
	free(probe.plain);
	return 0;
}
