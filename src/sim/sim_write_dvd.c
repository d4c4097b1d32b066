/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DVD and BD that are written in sequence: incrementally, at once, or in tracks reserved before. */
#include "sim/sim_drive.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK 2048

enum dvd_close {
	DVD_STOP,
	DVD_TRACK,
	DVD_SESSION,
	DVD_FINALIZE = 3,
	DVD_FINALIZE_RADIUS = 5,
	DVD_FINALIZE_DISC = 6
};

static uint32_t dvd_unit(const struct sp_sim *sim)
{
	return sim->kind->family == SIM_BD ? 32 : 16;
}

static uint64_t dvd_align(const struct sp_sim *sim, uint64_t blocks)
{
	const uint32_t unit = dvd_unit(sim);

	return (blocks + unit - 1) / unit * unit;
}

static bool dvd_minus(const struct sp_sim *sim)
{
	return sim->kind->profile == 0x11 || sim->kind->profile == 0x14;
}

/* Disc at once, or incrementally: only DVD-R and -RW ask mode page 05h. */
static bool dvd_at_once(const struct sp_sim *sim)
{
	return dvd_minus(sim) && (sim->page[SIM_PAGE_WRITE].now[2] & 15) == 2;
}

/* A track whose next address this is; NULL: none. */
static struct sim_extent *dvd_at(const struct sim_medium *m, sp_lba lba)
{
	for (size_t i = 0; i < m->tracks; i++) {
		struct sim_extent *t = &m->track[i];

		if (!t->closed && (sp_lba)(t->start + t->written) == lba)
			return t;
	}
	return NULL;
}

static struct sim_extent *dvd_open(const struct sim_medium *m)
{
	for (size_t i = 0; i < m->tracks; i++)
		if (!m->track[i].closed)
			return &m->track[i];
	return NULL;
}

/* Where a further track would begin. */
static uint64_t dvd_free(const struct sp_sim *sim)
{
	const struct sim_medium *m = sim->medium;

	if (!m->tracks)
		return 0;
	const struct sim_extent *last = &m->track[m->tracks - 1];
	const uint64_t end = last->start + dvd_align(sim, last->size ? last->size : last->written);
	/* lead-out, and the lead-in of the next session; BD has none between sessions */
	const uint64_t gap = sim->kind->family == SIM_BD ? 0 : m->closed == 1 ? 28672 : 6144;
	return end + (last->session <= m->closed ? gap : 0);
}

static sp_lba dvd_next(const struct sp_sim *sim)
{
	const struct sim_extent *open = dvd_open(sim->medium);

	return (sp_lba)(open ? open->start + open->written : dvd_free(sim));
}

static struct sim_extent *dvd_add(struct sp_sim *sim, uint64_t size)
{
	struct sim_medium *m = sim->medium;
	const uint64_t start = dvd_free(sim);
	struct sim_extent *list =
		m->tracks < SIM_TRACKS_MAX ? sp_grow(m->track, m->tracks, sizeof(*list)) : NULL;

	if (!list)
		return NULL;
	m->track = list;
	list[m->tracks] =
		(struct sim_extent){.start = start, .size = size, .session = m->closed + 1};
	return &list[m->tracks++];
}

/* Zeros up to the end of an ECC block. */
static uint32_t dvd_pad(struct sp_sim *sim, struct sim_extent *t, uint64_t to)
{
	static const uint8_t zeros[32 * BLOCK];
	uint32_t sense = 0;

	while (!sense && t->written < to) {
		const uint64_t left = to - t->written;
		const uint32_t n = left < 32 ? (uint32_t)left : 32;

		sense = sim_medium_put(sim, (sp_lba)(t->start + t->written), n, zeros, NULL);
		t->written += n;
	}
	return sense;
}

static void dvd_write(struct sp_sim *sim, struct sp_command *c, sp_lba lba, uint32_t count)
{
	struct sim_medium *m = sim->medium;
	struct sim_extent *t = dvd_at(m, lba);
	const unsigned type = sim->page[SIM_PAGE_WRITE].now[2] & 15;
	uint32_t sense = 0, good = 0;

	if (dvd_minus(sim) && type != 0 && type != 2)
		sense = SIM_ILLEGAL_MODE;
	else if (lba < 0 || (!t && (dvd_open(m) || lba != dvd_next(sim))))
		sense = SIM_INVALID_ADDRESS;
	else if ((uint64_t)lba + count > m->capacity)
		sense = SIM_OUT_OF_RANGE;
	else if (c->direction != SP_DATA_OUT || c->size < (size_t)count * BLOCK)
		sense = SIM_INVALID_FIELD;
	else if (t && t->size && count > t->size - t->written)
		sense = SIM_END_OF_USER_AREA;
	if (!sense && !m->writing) {
		if (dvd_minus(sim))
			sim_medium_begin(sim);
		m->writing = SIM_WRITING_TRACK;
	}
	if (!sense && !t && !(t = dvd_add(sim, 0)))
		sense = SIM_SENSE(5, 0x72, 0x05);
	if (sense) {
		sim_fail_at(c, sense, lba);
		return;
	}
	const uint32_t fault = sim_write_fault(sim, lba, count, &good);
	sense = good ? sim_medium_put(sim, lba, good, c->data, NULL) : 0;
	if (!sense) {
		t->written += good;
		c->done = (size_t)good * BLOCK;
		sim_medium_dirty(sim);
	}
	if (sense || fault)
		sim_fail_at(c, sense ? sense : fault, lba + good);
}

static uint32_t dvd_close_tracks(struct sp_sim *sim)
{
	struct sim_medium *m = sim->medium;
	uint32_t sense = 0;

	for (size_t i = 0; i < m->tracks; i++) {
		struct sim_extent *t = &m->track[i];

		if (!t->closed && !sense)
			sense = dvd_pad(sim, t, t->size ? t->size : dvd_align(sim, t->written));
		t->closed = true;
	}
	return sense;
}

static uint32_t dvd_close_session(struct sp_sim *sim, bool finish)
{
	struct sim_medium *m = sim->medium;
	const uint32_t sense = dvd_close_tracks(sim);

	if (m->tracks && m->track[m->tracks - 1].session > m->closed)
		m->closed++;
	if (finish)
		m->finished = true;
	sim_medium_end(sim);
	sim_medium_dirty(sim);
	return sense;
}

static void dvd_sync(struct sp_sim *sim, struct sp_command *c)
{
	struct sim_medium *m = sim->medium;
	struct sim_extent *t = dvd_open(m);
	uint32_t sense = 0;

	if (m->writing && dvd_at_once(sim)) {
		sense = dvd_close_session(sim, true);
	} else if (t && t->written) {
		const uint64_t to = dvd_align(sim, t->written);

		sense = dvd_pad(sim, t, t->size && t->size < to ? t->size : to);
		sim_medium_dirty(sim);
	}
	if (sense)
		sim_fail(c, sense);
}

static void dvd_close(struct sp_sim *sim, struct sp_command *c, unsigned function, unsigned number)
{
	struct sim_medium *m = sim->medium;
	uint32_t sense = 0;

	switch (function) {
	case DVD_STOP:
		break;
	case DVD_TRACK:
		if (!number || number > m->tracks)
			sense = SIM_INVALID_FIELD;
		else
			sense = dvd_close_tracks(sim);
		sim_medium_end(sim);
		sim_medium_dirty(sim);
		break;
	case DVD_SESSION: /* of a DVD-R it says in mode page 05h whether that is the last one */
		sense = dvd_close_session(sim, dvd_minus(sim) &&
						       !(sim->page[SIM_PAGE_WRITE].now[3] >> 6));
		break;
	case DVD_FINALIZE:
	case DVD_FINALIZE_RADIUS:
	case DVD_FINALIZE_DISC:
		sense = dvd_close_session(sim, true);
		break;
	default:
		sense = SIM_INVALID_FIELD;
	}
	if (sense)
		sim_fail(c, sense);
}

static void dvd_reserve(struct sp_sim *sim, struct sp_command *c, uint32_t size)
{
	struct sim_medium *m = sim->medium;
	const uint64_t blocks = dvd_align(sim, size), at = dvd_free(sim);

	if (dvd_open(m) && !dvd_open(m)->size)
		sim_fail(c, SIM_SEQUENCE); /* a track without an end is open */
	else if (!blocks || at > m->capacity || blocks > m->capacity - at)
		sim_fail(c, SIM_END_OF_USER_AREA);
	else if (!dvd_add(sim, blocks))
		sim_fail(c, SIM_SENSE(5, 0x72, 0x05));
	else
		sim_medium_dirty(sim);
}

/* BLANK of a DVD-RW: whole or minimal; afterwards it is sequential. */
static void dvd_blank(struct sp_sim *sim, struct sp_command *c, unsigned type)
{
	if (sim->kind->profile != 0x13 && sim->kind->profile != 0x14) {
		sim_fail(c, SIM_NOT_WRITABLE); /* the others are only written over */
		return;
	}
	if (type > 1) {
		sim_fail(c, SIM_INVALID_FIELD);
		return;
	}
	const uint32_t sense = sim_dvd_forget(sim, 0x14);
	if (sense)
		sim_fail(c, sense);
}

const struct sim_writer sim_writer_sequence = {
	.write = dvd_write,
	.sync = dvd_sync,
	.close = dvd_close,
	.blank = dvd_blank,
	.reserve = dvd_reserve,
	.next = dvd_next,
};

/* Any block of formatted media can be written at any time. */
static void over_write(struct sp_sim *sim, struct sp_command *c, sp_lba lba, uint32_t count)
{
	struct sim_medium *m = sim->medium;
	struct sim_extent *t = m->track;
	const bool restricted = sim->kind->profile == 0x13;
	uint32_t sense = 0, good = 0;

	if (!m->formatted)
		sense = SIM_NOT_FORMATTED;
	else if (lba < 0 || (uint64_t)lba + count > m->capacity)
		sense = SIM_OUT_OF_RANGE;
	else if (restricted && (lba % 16 || count % 16))
		sense = SIM_INVALID_ADDRESS;
	else if (c->direction != SP_DATA_OUT || c->size < (size_t)count * BLOCK)
		sense = SIM_INVALID_FIELD;
	if (sense) {
		sim_fail_at(c, sense, lba);
		return;
	}
	const uint32_t fault = sim_write_fault(sim, lba, count, &good);
	sense = dvd_pad(sim, t,
			(uint64_t)lba); /* what lies between is zeros, as formatting left it */
	if (!sense && good)
		sense = sim_medium_put(sim, lba, good, c->data, NULL);
	if (!sense) {
		if (t->written < (uint64_t)lba + good)
			t->written = (uint64_t)lba + good;
		c->done = (size_t)good * BLOCK;
		sim_medium_dirty(sim);
	}
	if (sense || fault)
		sim_fail_at(c, sense ? sense : fault, lba + good);
}

static void over_sync(struct sp_sim *sim, struct sp_command *c)
{
	struct sim_extent *t = sim->medium->track;
	const uint64_t to = t ? dvd_align(sim, t->written) : 0;

	if (!t || t->written == to)
		return;
	const uint32_t sense = dvd_pad(sim, t, to);
	sim_medium_dirty(sim);
	if (sense)
		sim_fail(c, sense);
}

static void over_close(struct sp_sim *sim, struct sp_command *c, unsigned function, unsigned number)
{
	(void)number;
	if (function == DVD_STOP || function == DVD_SESSION || function == DVD_FINALIZE)
		over_sync(sim,
			  c); /* background formatting ends, or the lead-out comes to its place */
	else
		sim_fail(c, SIM_INVALID_FIELD);
}

static sp_lba over_next(const struct sp_sim *sim)
{
	(void)sim;
	return 0;
}

const struct sim_writer sim_writer_overwrite = {
	.write = over_write,
	.sync = over_sync,
	.close = over_close,
	.blank = dvd_blank,
	.next = over_next,
};
