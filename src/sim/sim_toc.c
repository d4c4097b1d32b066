/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the lead-in tells: READ TOC/PMA/ATIP, and where the pick-up stands: READ SUB-CHANNEL. */
#include "sim/sim_drive.h"

#include "base/bytes.h"
#include "disc/cdtext.h"
#include "disc/subchannel.h"

#include <stdlib.h>
#include <string.h>

#define TOC_ENTRY      8
#define TOC_FULL_ENTRY 11
#define TOC_MAX        (4 + (SP_TRACK_MAX + 99 * 5 + 2) * TOC_FULL_ENTRY)
#define LEAD_OUT_TRACK 0xaa

struct toc_reply {
	uint8_t data[TOC_MAX];
	size_t size;
};

static void toc_send(struct sp_command *c, struct toc_reply *reply)
{
	put_be16(reply->data, (uint16_t)(reply->size - 2));
	sim_reply(c, reply->data, reply->size, get_be16(c->cdb + 7));
}

/* An address as the CDB's MSF bit has it; times that there are none of are 0. */
static void toc_put_address(uint8_t to[4], sp_lba lba, bool as_msf)
{
	struct sp_msf msf = {0};

	if (!as_msf) {
		put_be32(to, (uint32_t)lba);
		return;
	}
	sp_lba_to_msf(lba, &msf);
	to[0] = 0;
	to[1] = msf.m;
	to[2] = msf.s;
	to[3] = msf.f;
}

static void toc_entry(struct toc_reply *reply, unsigned control, unsigned number, sp_lba lba,
		      bool as_msf)
{
	uint8_t *to = reply->data + reply->size;

	memset(to, 0, TOC_ENTRY);
	to[1] = (uint8_t)(1 << 4 | control);
	to[2] = (uint8_t)number;
	toc_put_address(to + 4, lba, as_msf);
	reply->size += TOC_ENTRY;
}

/* Format 0: every track from the one asked for on, and the lead-out. */
static void toc_tracks(struct sp_sim *sim, struct sp_command *c)
{
	const struct sp_disc closed = sim_disc_closed(sim), *disc = &closed;
	const struct sp_track *last = &disc->track[disc->tracks - 1];
	const unsigned from = c->cdb[6];
	struct toc_reply reply = {.size = 4};

	if (from > last->number && from != LEAD_OUT_TRACK) {
		sim_fail(c, SIM_INVALID_FIELD);
		return;
	}
	reply.data[2] = (uint8_t)disc->track[0].number;
	reply.data[3] = (uint8_t)last->number;
	for (const struct sp_track *t = disc->track; t <= last; t++)
		if (t->number >= from)
			toc_entry(&reply, t->control, t->number, t->start, c->cdb[1] & 2);
	toc_entry(&reply, last->control, LEAD_OUT_TRACK, sim_disc_end(disc), c->cdb[1] & 2);
	toc_send(c, &reply);
}

static const struct sp_track *toc_first(const struct sp_disc *disc, unsigned session)
{
	for (size_t i = 0; i < disc->tracks; i++)
		if (disc->track[i].session == session)
			return &disc->track[i];
	return NULL;
}

/* Format 1: the first track of the last session. */
static void toc_sessions(struct sp_sim *sim, struct sp_command *c)
{
	const struct sp_disc closed = sim_disc_closed(sim), *disc = &closed;
	const unsigned last = disc->session[disc->sessions - 1].number;
	const struct sp_track *t = toc_first(disc, last);
	struct toc_reply reply = {.size = 4};

	reply.data[2] = (uint8_t)disc->session[0].number;
	reply.data[3] = (uint8_t)last;
	toc_entry(&reply, t->control, t->number, t->start, c->cdb[1] & 2);
	toc_send(c, &reply);
}

/* One entry of the lead-in's Q: `zero` and PMIN, PSEC, PFRAME. */
static void toc_full_entry(struct toc_reply *reply, unsigned session, unsigned adr_control,
			   unsigned point, struct sp_msf at)
{
	const uint8_t entry[TOC_FULL_ENTRY] = {(uint8_t)session,
					       (uint8_t)adr_control,
					       0,
					       (uint8_t)point,
					       0,
					       0,
					       0,
					       0,
					       at.m,
					       at.s,
					       at.f};

	memcpy(reply->data + reply->size, entry, sizeof(entry));
	reply->size += sizeof(entry);
}

/* Where the next session's program area begins, or may begin; SP_LBA_NONE: nowhere. */
static sp_lba toc_next(const struct sp_sim *sim, const struct sp_disc *disc, size_t i)
{
	if (i + 1 < disc->sessions) {
		const struct sp_track *t = toc_first(disc, disc->session[i + 1].number);

		return t->index[0] != SP_LBA_NONE ? t->index[0] : t->start;
	}
	if (!sim->medium || sim->medium->finished)
		return SP_LBA_NONE;
	return sim_cd_session_start(sim->medium) - SP_MSF_OFFSET;
}

/* Pointers of ADR 5, MMC-6 4.2.3.5.3: to the next session, and in the first one to the lead-in of
 * the blank disc this was. */
static void toc_full_pointers(const struct sp_sim *sim, struct toc_reply *reply,
			      const struct sp_disc *disc, size_t i, unsigned control)
{
	const struct sp_session *session = &disc->session[i];
	struct sp_msf end = {0}, begin = {255, 255, 255};
	uint8_t *entry = reply->data + reply->size;

	sp_lba_to_msf(sim->medium ? (sp_lba)sim->medium->capacity : sim_disc_end(disc), &end);
	sp_lba_to_msf(toc_next(sim, disc, i), &begin);
	toc_full_entry(reply, session->number, 5 << 4 | control, 0xb0, end);
	entry[4] = begin.m;
	entry[5] = begin.s;
	entry[6] = begin.f;
	entry[7] = session->number == 1 ? 2 : 1;
	if (session->number == 1)
		toc_full_entry(reply, 1, 5 << 4 | control, 0xc0, (struct sp_msf){97, 34, 23});
}

static void toc_full_session(const struct sp_sim *sim, struct toc_reply *reply,
			     const struct sp_disc *disc, size_t i)
{
	const struct sp_session *session = &disc->session[i];
	const struct sp_track *first = toc_first(disc, session->number), *last = first;
	struct sp_msf at = {0};

	while (last + 1 < disc->track + disc->tracks && last[1].session == session->number)
		last++;
	toc_full_entry(reply, session->number, 1 << 4 | first->control, 0xa0,
		       (struct sp_msf){(uint8_t)first->number, (uint8_t)session->type, 0});
	toc_full_entry(reply, session->number, 1 << 4 | last->control, 0xa1,
		       (struct sp_msf){(uint8_t)last->number, 0, 0});
	sp_lba_to_msf(session->lead_out, &at);
	toc_full_entry(reply, session->number, 1 << 4 | last->control, 0xa2, at);
	for (const struct sp_track *t = first; t <= last; t++) {
		sp_lba_to_msf(t->start, &at);
		toc_full_entry(reply, session->number, 1 << 4 | t->control, t->number, at);
	}
	if (disc->sessions > 1 || toc_next(sim, disc, i) != SP_LBA_NONE)
		toc_full_pointers(sim, reply, disc, i, first->control);
}

/* As some drives have it: all numbers but points beyond the tracks and what is no number. */
static void toc_to_bcd(uint8_t *entry)
{
	for (unsigned i = 3; i < TOC_FULL_ENTRY; i++)
		if (i != 7 && entry[i] < 100 && !(i == 9 && entry[3] == 0xa0))
			entry[i] = sp_to_bcd(entry[i]);
}

/* Format 2. What was read of the real disc goes before what the layout implies. */
static void toc_full(struct sp_sim *sim, struct sp_command *c)
{
	const struct sp_disc closed = sim_disc_closed(sim), *disc = &closed;
	const unsigned from = c->cdb[6];
	struct toc_reply made = {.size = 4}, reply = {.size = 4};
	const uint8_t *entry = made.data;
	size_t size;

	if (from > disc->session[disc->sessions - 1].number) {
		sim_fail(c, SIM_INVALID_FIELD);
		return;
	}
	if (disc->full_toc_size > 4 && disc->full_toc_size <= TOC_MAX) {
		entry = disc->full_toc;
		size = disc->full_toc_size;
	} else {
		for (size_t i = 0; i < disc->sessions; i++)
			toc_full_session(sim, &made, disc, i);
		size = made.size;
	}
	for (size_t at = 4; at + TOC_FULL_ENTRY <= size; at += TOC_FULL_ENTRY) {
		if (entry[at] < from)
			continue;
		memcpy(reply.data + reply.size, entry + at, TOC_FULL_ENTRY);
		if (sim->profile.toc_bcd)
			toc_to_bcd(reply.data + reply.size);
		reply.size += TOC_FULL_ENTRY;
	}
	reply.data[2] = (uint8_t)disc->session[0].number;
	reply.data[3] = (uint8_t)disc->session[disc->sessions - 1].number;
	toc_send(c, &reply);
}

/* Format 5: the packs, or no more than the header where there are none. */
static void toc_text(struct sp_sim *sim, struct sp_command *c)
{
	uint8_t *packs = NULL;
	size_t size = 0;

	if (sp_cdtext_packs(sim->disc, SP_CDTEXT_WHOLE, &packs, &size, NULL, NULL) < 0)
		size = 0;
	uint8_t *reply = malloc(4 + size);
	if (reply) {
		put_be16(reply, (uint16_t)(size + 2));
		reply[2] = reply[3] = 0;
		if (size)
			memcpy(reply + 4, packs, size);
		sim_reply(c, reply, 4 + size, get_be16(c->cdb + 7));
	} else {
		sim_fail(c, SIM_INTERNAL);
	}
	free(reply);
	free(packs);
}

/* Format 3: where tracks begin and end, also of a session that is not closed. */
static void toc_pma(struct sp_sim *sim, struct sp_command *c)
{
	struct toc_reply reply = {.size = 4};

	for (size_t i = 0; sim->disc && i < sim->disc->tracks; i++) {
		const struct sp_track *t = &sim->disc->track[i];
		uint8_t *entry = reply.data + reply.size;
		struct sp_msf begin = {0}, end = {0};

		sp_lba_to_msf(t->start, &begin);
		sp_lba_to_msf(t->start + (sp_lba)t->length, &end);
		toc_full_entry(&reply, 0, 1 << 4 | t->control, t->number, begin);
		entry[4] = end.m;
		entry[5] = end.s;
		entry[6] = end.f;
	}
	toc_send(c, &reply);
}

/* Format 4: what is in the groove of a blank disc. */
static void toc_atip(struct sp_sim *sim, struct sp_command *c)
{
	struct toc_reply reply = {.size = 28};
	const bool rewritable = sim->kind->flags & SIM_ERASABLE;
	struct sp_msf out = {79, 59, 74};
	uint8_t *atip = reply.data + 4;

	sp_lba_to_msf(sim->kind->capacity, &out);
	atip[0] = rewritable ? 0xd1 : 0xd0; /* indicative power; a CD-RW's reference speed */
	atip[1] = 0;                        /* restricted use: no */
	atip[2] = rewritable ? 0xc0 : 0x80;
	atip[4] = 97; /* the lead-in begins at 97:34:23 */
	atip[5] = 34;
	atip[6] = 23;
	atip[8] = out.m;
	atip[9] = out.s;
	atip[10] = out.f;
	toc_send(c, &reply);
}

void sim_read_toc(struct sp_sim *sim, struct sp_command *c)
{
	/* ATAPI drives of old have the format in the last byte, SFF-8020i 10.8.20 */
	const unsigned format = c->cdb[2] & 15 ? c->cdb[2] & 15 : c->cdb[9] >> 6;
	const bool cd = sim->kind->family == SIM_CD;

	if (cd && sim->medium && format == 3) {
		toc_pma(sim, c);
		return;
	}
	if (cd && sim->kind->writer && format == 4) {
		toc_atip(sim, c);
		return;
	}
	if (!sim->disc || !sim_disc_closed(sim).sessions)
		sim_fail(c, SIM_INVALID_FIELD); /* no lead-in tells anything */
	else if (format == 0)
		toc_tracks(sim, c);
	else if (format == 1)
		toc_sessions(sim, c);
	else if (format == 2 && cd)
		toc_full(sim, c);
	else if (format == 5 && cd)
		toc_text(sim, c);
	else
		sim_fail(c, SIM_INVALID_FIELD);
}

/* Format 1: where the pick-up stands. */
static void subchannel_position(const struct sp_sim *sim, bool as_msf, uint8_t to[12])
{
	const sp_lba lba = sim->at > 0 ? sim->at - 1 : 0;
	const struct sp_region *r = sp_disc_region(sim->disc, lba);
	const struct sp_track *t = r ? sp_disc_track(sim->disc, r->track) : NULL;
	struct sp_msf relative = {0};

	to[0] = 1;
	toc_put_address(to + 4, lba, as_msf);
	if (!t)
		return;
	const sp_lba distance = lba - t->start;
	to[1] = (uint8_t)(1 << 4 | t->control);
	to[2] = (uint8_t)t->number;
	for (unsigned i = 1; i <= SP_INDEX_MAX; i++)
		if (t->index[i] != SP_LBA_NONE && t->index[i] <= lba)
			to[3] = (uint8_t)i;
	sp_frames_to_msf((uint64_t)(distance < 0 ? -distance : distance), &relative);
	if (as_msf) {
		to[9] = relative.m;
		to[10] = relative.s;
		to[11] = relative.f;
	} else {
		put_be32(to + 8, (uint32_t)distance);
	}
}

void sim_read_subchannel(struct sp_sim *sim, struct sp_command *c)
{
	const struct sp_track *t = sp_disc_track(sim->disc, c->cdb[6]);
	uint8_t reply[24] = {0, 0x15}; /* no audio status to return */
	size_t size = 4;

	if (c->cdb[2] & 0x40) {
		reply[4] = c->cdb[3];
		size = sizeof(reply);
		switch (c->cdb[3]) {
		case 1:
			subchannel_position(sim, c->cdb[1] & 2, reply + 4);
			size = 16;
			break;
		case 2:
			reply[8] = sim->disc->mcn[0] ? 0x80 : 0;
			memcpy(reply + 9, sim->disc->mcn, strlen(sim->disc->mcn));
			break;
		case 3:
			if (!t) {
				sim_fail(c, SIM_INVALID_FIELD);
				return;
			}
			reply[5] = (uint8_t)(3 << 4 | t->control);
			reply[6] = (uint8_t)t->number;
			reply[8] = t->isrc[0] ? 0x80 : 0;
			memcpy(reply + 9, t->isrc, strlen(t->isrc));
			break;
		default:
			sim_fail(c, SIM_INVALID_FIELD);
			return;
		}
	}
	put_be16(reply + 2, (uint16_t)(size - 4));
	sim_reply(c, reply, size, get_be16(c->cdb + 7));
}
