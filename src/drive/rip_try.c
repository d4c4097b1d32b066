/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One try of a rip: a read, what it gave into the store, and what that means for the sector. */
#include "drive/rip_own.h"

#include "disc/sector.h"
#include "disc/subchannel.h"

#include <string.h>

enum {
	RIP_WAITS = 60, /* s until a drive that is not ready is given up */
	RIP_WAIT_MS = 1000,
	RIP_SLOW_US = 4000000, /* a read that takes longer is trouble */
	RIP_SAVE_S = 10,
	RIP_APART = 300, /* sectors from which a retry comes near */
};

static int rip_gone(struct sp_rip *rip, const char *what, struct sp_error *err)
{
	return sp_fail(err, SP_ERR_DEVICE,
		       "%s: %s; what was read is kept in %s: the same command goes on from there",
		       rip->drive, what, rip->folder ? rip->folder : "no file");
}

/* The drive says the disc may be another one: it must be the one we had. */
static int rip_again(struct sp_rip *rip, struct sp_error *err)
{
	struct sp_error why;

	if (sp_reader_load(rip->reader, &why) < 0)
		return rip_gone(rip, "the disc cannot be read any more", err);
	if (strcmp(sp_reader_disc_identity(rip->reader), rip->identity) != 0)
		return rip_gone(rip, "the disc was changed for another one", err);
	int rc = sp_reader_probe(rip->reader, err);
	if (!rc && rip->toc->medium == SP_MEDIUM_CD)
		rc = sp_reader_set_offset(rip->reader, rip->setup.offset, err);
	if (!rc)
		rc = sp_reader_set_speed(rip->reader, rip->speed_now, err);
	return rc;
}

int rip_attempt(struct sp_rip *rip, struct sp_read *read, struct sp_error *err)
{
	for (unsigned waits = 0;;) {
		int rc = sp_reader_read(rip->reader, read, err);

		if (rc < 0)
			return rc;
		rip->report.commands += read->commands;
		rip->report.time_us += read->took_us;
		switch (read->outcome) {
		case SP_READ_NOT_READY:
			if (waits++ == RIP_WAITS)
				return rip_gone(rip, "does not become ready", err);
			sp_reader_wait(rip->reader, RIP_WAIT_MS);
			break;
		case SP_READ_CHANGED:
			if (waits++ == RIP_WAITS)
				return rip_gone(rip, "says again and again that the disc changed",
						err);
			rc = rip_again(rip, err);
			if (rc < 0)
				return rc;
			break;
		case SP_READ_GONE:
			return rip_gone(rip, "the disc or the drive is gone", err);
		case SP_READ_PROTECTED:
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "%s: LBA %lld is copy protected (scrambled, no key); this "
				       "program does not circumvent that",
				       rip->drive, (long long)read->lba);
		default:
			return 0;
		}
	}
}

static bool rip_of_audio(const struct sp_rip *rip, sp_lba lba)
{
	const struct sp_region *region = sp_disc_region(rip->toc, lba);

	return region && region->mode == SP_MODE_AUDIO;
}

/* Of what kind a sector without sync in a data track is, Q knows: silence before audio. */
static bool rip_is_audio(const struct sp_rip *rip, sp_lba lba, const uint8_t *record)
{
	uint8_t q[12];
	sp_lba said;

	if (!rip->sub || rip_of_audio(rip, lba) || sp_sector_probe(record, NULL) != SP_MODE_AUDIO)
		return false;
	sp_sub_get_q(record + SP_RAW_SIZE, q);
	return sp_q_valid(q) && !(q[0] >> 4 & SP_CONTROL_DATA) &&
	       (!sp_q_lba(q, lba, &said) || said == lba);
}

/* Records without C2, as the store wants them, from what came. */
static void rip_pack(struct sp_rip *rip, const struct sp_read *read)
{
	const bool c2 = read->parts & SP_PART_C2;
	const bool sub = read->parts & SP_PART_PW;
	const size_t from =
		rip->ql ? SP_RAW_SIZE + (c2 ? SP_C2_SIZE : 0u) + (sub ? SP_SUB_SIZE : 0u) : 2048;

	for (uint32_t i = 0; i < read->count; i++) {
		const uint8_t *in = read->data + i * from;
		uint8_t *out = rip->room.record + i * rip->stride;

		memcpy(out, in, rip->ql ? SP_RAW_SIZE : 2048);
		if (rip->ql && rip->sub && sub)
			memcpy(out + SP_RAW_SIZE, in + from - SP_SUB_SIZE, SP_SUB_SIZE);
		else if (rip->ql && rip->sub)
			memset(out + SP_RAW_SIZE, 0, SP_SUB_SIZE);
	}
}

/* Store what came of a read, in runs. */
static int rip_store_read(struct sp_rip *rip, const struct sp_read *read, uint8_t *status,
			  struct sp_error *err)
{
	const uint8_t *records = rip->room.record;
	int rc = 0;

	/* without C2 between, what came is what is stored */
	if (rip->ql ? !(read->parts & SP_PART_C2) && !(read->parts & SP_PART_PW) == !rip->sub
		    : true)
		records = read->data;
	else
		rip_pack(rip, read);
	for (uint32_t i = 0; i < read->count; i++) {
		uint16_t *state = &read->state[i];

		if (rip->ql && *state & SP_STATE_HEADER && !(*state & SP_STATE_UNREAD) &&
		    rip_is_audio(rip, read->lba + i, records + i * rip->stride))
			*state &= (uint16_t) ~(SP_STATE_HEADER | SP_STATE_EDC | SP_STATE_ECC);
		status[i] = rip_status(*state);
	}
	uint32_t all = 0;
	while (all < read->count && status[all] != SP_RESCUE_BAD)
		all++;
	if (all == read->count)
		return rip_put_later(rip, read->lba, all, records, read->state, err);
	for (uint32_t i = 0; !rc && i < read->count;) {
		uint32_t n = 0;

		while (i + n < read->count && status[i + n] != SP_RESCUE_BAD)
			n++;
		if (n)
			rc = rip_put(rip, read->lba + i, n, records + i * rip->stride,
				     read->state + i, err);
		i += n ? n : 1;
	}
	return rc;
}

/* --- what is asked ------------------------------------------------------------------------- */

static void rip_plan(struct sp_rip *rip, const struct sp_rescue_try *attempt, struct sp_read *read)
{
	const bool audio = rip->ql && rip_of_audio(rip, attempt->lba);

	*read = (struct sp_read){.lba = attempt->lba,
				 .count = attempt->count,
				 .parts = SP_PART_USER,
				 .mode = SP_MODES,
				 .data = rip->room.raw,
				 .state = rip->room.state};
	if (!rip->ql)
		return;
	read->parts = SP_PART_MAIN | (rip->sub ? SP_PART_PW : 0u);
	if (rip->c2 && audio)
		read->parts |= SP_PART_C2;
	/* a drive that gives one or the other: what is doubted is read for C2 */
	if (rip->report.able.order == SP_ORDER_SUB_ONLY && attempt->turn && audio &&
	    rip->report.able.c2 != SP_C2_NONE && rip->report.able.c2 != SP_C2_USELESS)
		read->parts = SP_PART_MAIN | SP_PART_C2;
	read->flags = SP_READ_CHECK;
}

/* Retries differ from one another: in speed, in where the pick-up comes from. */
static int rip_vary(struct sp_rip *rip, const struct sp_rescue_try *attempt, struct sp_read *read,
		    struct sp_error *err)
{
	static const unsigned part[] = {1, 2, 4, 1, 8, 2};
	const unsigned turn = attempt->turn ? attempt->turn : attempt->pass;
	const unsigned most = rip->setup.speed ? rip->setup.speed : rip->report.able.speed_max;
	unsigned speed = rip->setup.speed;

	if (attempt->phase == SP_RESCUE_RETRY) {
		const unsigned n = part[turn % (sizeof(part) / sizeof(part[0]))];

		speed = n > 1 && most ? most / n : rip->setup.speed;
		read->flags |= SP_READ_FLUSH;
	}
	if (speed != rip->speed_now) {
		const int rc = sp_reader_set_speed(rip->reader, speed, err);

		if (rc < 0)
			return rc;
		rip->speed_now = speed;
	}
	const sp_lba far = attempt->lba - RIP_APART;
	if (attempt->phase != SP_RESCUE_RETRY || turn % 2 ||
	    sp_rescue_status(rip->rescue, far) != SP_RESCUE_DONE)
		return 0;
	struct sp_read seek = *read;
	seek.lba = far;
	seek.count = 1;
	seek.mode = SP_MODES;
	return rip_attempt(rip, &seek, err);
}

/* --- progress ------------------------------------------------------------------------------ */

static double rip_since(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) * 1e-9;
}

static int rip_tick(struct sp_rip *rip, const struct sp_rescue_try *attempt, struct sp_error *err)
{
	static const char *const phase[] = {"reading", "trimming", "scraping", "retrying",
					    "retrying"};
	const struct sp_rescue_tally *t = sp_rescue_tally(rip->rescue);
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (rip_since(&rip->saved, &now) > RIP_SAVE_S) {
		const int rc = rip_store_save(rip, err);

		if (rc < 0)
			return rc;
		clock_gettime(CLOCK_MONOTONIC, &rip->saved);
	}
	if (!rip->setup.progress || rip_since(&rip->shown, &now) < 0.1)
		return 0;
	rip->shown = now;
	const uint64_t bad = t->sectors[SP_RESCUE_BAD] + t->sectors[SP_RESCUE_DOUBTFUL] +
			     t->sectors[SP_RESCUE_UNTRIMMED] + t->sectors[SP_RESCUE_UNSCRAPED];
	const uint64_t done = t->sectors[SP_RESCUE_DONE];
	const struct sp_progress progress = {
		.phase = phase[attempt->phase],
		.done = done + bad,
		.total = done + bad + t->sectors[SP_RESCUE_UNTRIED],
		.bytes = done * (rip->ql ? SP_RAW_SIZE : 2048),
		.bad = bad,
	};
	if (rip->setup.progress(rip->setup.user, &progress))
		return sp_fail(err, SP_ERR_CANCELLED,
			       "stopped; what was read is kept in %s: the same command goes on "
			       "from there",
			       rip->folder);
	return 0;
}

/* --- one try ------------------------------------------------------------------------------- */

/* A sector that was read and is doubted, read once more: all readings of it are weighed. */
static int rip_turn(struct sp_rip *rip, const struct sp_rescue_try *attempt,
		    const struct sp_read *read, struct sp_error *err)
{
	const bool audio = sp_sector_probe(read->data, NULL) == SP_MODE_AUDIO;
	const unsigned agree = rip->setup.paranoid || !(read->parts & SP_PART_C2) ? 2 : 1;
	uint16_t state;

	if (attempt->turn == 1) { /* the first reading is in the store, its C2 is not */
		const struct sp_region *region =
			sp_disc_region(sp_store_disc(rip->store), attempt->lba);
		struct sp_span span = {.lba = attempt->lba,
				       .count = 1,
				       .mode = region->mode,
				       .parts = region->parts,
				       .stride = rip->stride,
				       .data = rip->room.record,
				       .state = &state};
		int rc = rip_put_wait(rip, err);

		if (!rc)
			rc = sp_store_read(rip->store, &span, err);
		if (rc < 0)
			return rc;
		rip->vote.readings = 0;
		if (!(state & SP_STATE_UNREAD))
			sp_vote_add(&rip->vote, rip->room.record, NULL, state);
	}
	if (!(read->state[0] & SP_STATE_UNREAD))
		sp_vote_add(&rip->vote, read->data,
			    read->parts & SP_PART_C2 ? read->data + SP_RAW_SIZE : NULL,
			    read->state[0]);
	if (!rip->vote.readings)
		return 0;
	/* the record keeps the sub-channel of the last reading that had one */
	if (read->parts & SP_PART_PW && !(read->state[0] & SP_STATE_UNREAD))
		rip_pack(rip, read);
	const bool settled = sp_vote_decide(&rip->vote, audio, agree, rip->room.record, &state);
	/* a Q of another place, twice, on a sector that says it is in the right one */
	if (settled && !audio &&
	    sp_sector_placed(sp_sector_probe(rip->room.record, NULL), attempt->lba,
			     rip->room.record))
		state &= (uint16_t)~SP_STATE_HEADER;
	attempt->status[0] = settled ? SP_RESCUE_DONE : SP_RESCUE_DOUBTFUL;
	rip->report.retried++;
	return rip_put(rip, attempt->lba, 1, rip->room.record, &state, err);
}

/* Read audio a second time and doubt what differs. */
static int rip_twice(struct sp_rip *rip, const struct sp_read *first, struct sp_error *err)
{
	const size_t stride = SP_RAW_SIZE + (first->parts & SP_PART_C2 ? SP_C2_SIZE : 0u) +
			      (first->parts & SP_PART_PW ? SP_SUB_SIZE : 0u);
	struct sp_read second = *first;

	second.data = rip->room.raw + (size_t)rip->cluster * RIP_RECORD;
	second.state = rip->room.state + rip->cluster;
	second.flags |= SP_READ_FLUSH;
	const int rc = rip_attempt(rip, &second, err);
	for (uint32_t i = 0; !rc && i < first->count; i++)
		if (!(first->state[i] & SP_STATE_UNREAD) &&
		    (second.state[i] & SP_STATE_UNREAD ||
		     memcmp(first->data + i * stride, second.data + i * stride, SP_RAW_SIZE) != 0))
			first->state[i] |= SP_STATE_C2;
	return rc;
}

int rip_try(void *user, struct sp_rescue_try *attempt, struct sp_error *err)
{
	struct sp_rip *rip = user;
	struct sp_read read;
	int rc = rip_tick(rip, attempt, err);

	if (rc < 0)
		return rc;
	rip_plan(rip, attempt, &read);
	rc = rip_vary(rip, attempt, &read, err);
	if (!rc)
		rc = rip_attempt(rip, &read, err);
	if (!rc && read.outcome == SP_READ_REFUSED && attempt->count == 1 && rip->ql) {
		/* another kind of sector than the TOC has there: a pregap */
		read.mode = rip_of_audio(rip, read.lba) ? SP_MODE_MODE1 : SP_MODE_AUDIO;
		rc = rip_attempt(rip, &read, err);
	}
	if (rc < 0)
		return rc;
	attempt->slow = read.took_us > RIP_SLOW_US;
	if (attempt->phase == SP_RESCUE_COPY)
		rip->report.padded += read.padded;
	if (attempt->turn)
		return rip_turn(rip, attempt, &read, err);
	if (rip->setup.paranoid && rip->ql && rip_of_audio(rip, read.lba) && read.good)
		rc = rip_twice(rip, &read, err);
	return rc ? rc : rip_store_read(rip, &read, attempt->status, err);
}
