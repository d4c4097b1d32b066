/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the drive knows of sessions, tracks and capacity: READ DISC and TRACK INFORMATION. */
#include "sim/sim_drive.h"

#include "base/bytes.h"

#include <string.h>

void sim_read_capacity(struct sp_sim *sim, struct sp_command *c)
{
	uint8_t reply[8];

	const sp_lba end = sim_end(sim);

	put_be32(reply, end > 0 ? (uint32_t)(end - 1) : 0);
	put_be32(reply + 4, 2048);
	sim_reply(c, reply, sizeof(reply), sizeof(reply));
}

/* LBA as an MSF field of four bytes. */
static void track_put_msf(uint8_t *to, sp_lba lba)
{
	struct sp_msf msf = {0};

	sp_lba_to_msf(lba, &msf);
	to[1] = msf.m;
	to[2] = msf.s;
	to[3] = msf.f;
}

/* The first and last track of the last session, an open or empty one too. */
static void track_last_session(const struct sp_sim *sim, uint8_t *first, uint8_t *last)
{
	const struct sp_disc *disc = sim->disc;
	const struct sim_medium *m = sim->medium;
	const bool further = m && !m->finished && (!disc || disc->sessions == m->closed);
	const unsigned tracks = disc ? disc->track[disc->tracks - 1].number : 0;

	*first = *last = (uint8_t)(tracks + further);
	if (further)
		return;
	for (size_t i = disc->tracks;
	     i-- && disc->track[i].session == disc->session[disc->sessions - 1].number;)
		*first = (uint8_t)disc->track[i].number;
	if (m && disc->sessions > m->closed && !m->open) /* the invisible one counts */
		++*last;
}

/* Standard disc information, MMC-6 table 365 */
void sim_read_disc_info(struct sp_sim *sim, struct sp_command *c)
{
	const struct sp_disc *disc = sim->disc;
	const struct sim_medium *m = sim->medium;
	const bool open = m && !m->finished && !m->ruined;
	const bool begun = m && ((disc && disc->sessions > m->closed) || m->ruined);
	/* last session: complete, incomplete, or empty; disc: complete, to be appended to, or blank
	 */
	const unsigned session = !open ? (m && m->ruined ? 2 : 3) : begun ? 1 : 0;
	const unsigned state = !open ? 2 : disc || m->ruined ? 1 : 0;
	uint8_t reply[34] = {0, 32};
	const bool cd = sim->kind->family == SIM_CD;

	if (c->cdb[1] & 7) {
		sim_fail(c, SIM_INVALID_FIELD);
		return;
	}
	if (m && !cd) {
		sim_dvd_disc_info(sim, reply);
		sim_reply(c, reply, sizeof(reply), get_be16(c->cdb + 7));
		return;
	}
	reply[2] = (uint8_t)((sim->kind->flags & SIM_ERASABLE ? 0x10 : 0) | session << 2 | state);
	reply[3] = (uint8_t)(disc ? disc->track[0].number : 1);
	reply[4] = (uint8_t)((disc ? disc->sessions : 0) + (open && !begun) + (m && m->ruined));
	track_last_session(sim, &reply[5], &reply[6]);
	reply[7] = 0x20; /* unrestricted use */
	reply[8] = (uint8_t)(!cd ? 0 : disc ? disc->session[0].type : 0xff);
	memset(reply + 16, 0xff, 8); /* no further lead-in, no further lead-out */
	if (open && cd) {
		memset(reply + 16, 0, 8);
		if (m->closed)
			track_put_msf(reply + 16, disc->session[m->closed - 1].lead_out +
							  (m->closed == 1 ? 6750 : 2250));
		else
			track_put_msf(reply + 16, -11077);
		track_put_msf(reply + 20, m->capacity);
	}
	sim_reply(c, reply, sizeof(reply), get_be16(c->cdb + 7));
}

/* Which track is asked for: by an LBA, a number, or a session's number. */
static const struct sp_track *track_asked(const struct sp_disc *disc, unsigned by, uint32_t number)
{
	const struct sp_region *r;

	switch (disc ? by : 3) {
	case 0:
		r = sp_disc_region(disc, (int32_t)number);
		return r ? sp_disc_track(disc, r->track) : NULL;
	case 1:
		return sp_disc_track(disc, number);
	case 2:
		for (size_t i = 0; i < disc->tracks; i++)
			if (disc->track[i].session == number)
				return &disc->track[i];
		return NULL;
	default:
		return NULL;
	}
}

enum { TRACK_INVISIBLE = 0xff };

/* The track that a writer would begin, or goes on with. */
static bool track_next_asked(const struct sp_sim *sim, unsigned by, uint32_t number)
{
	const struct sim_medium *m = sim->medium;

	if (!m || m->finished || m->ruined)
		return false;
	const unsigned next =
		(m->disc->tracks ? m->disc->track[m->disc->tracks - 1].number : 0) + !m->open;
	const sp_lba at = sim->kind->writer->next(sim);
	switch (by) {
	case 0:
		return !m->open && (int32_t)number >= at;
	case 1:
		return number == TRACK_INVISIBLE || (number == next && !m->open);
	default:
		return number == m->closed + 1;
	}
}

/* MMC-6 table 541 */
void sim_read_track_info(struct sp_sim *sim, struct sp_command *c)
{
	const unsigned by = c->cdb[1] & 3;
	const uint32_t number = get_be32(c->cdb + 2);
	const struct sp_track *t = track_asked(sim->disc, by, number);
	const struct sim_medium *m = sim->medium;
	uint8_t reply[36] = {0, 34};
	const bool next =
		!t && (!m || sim->kind->family == SIM_CD) && track_next_asked(sim, by, number);

	const bool cd = sim->kind->family == SIM_CD;
	if (m && !cd) {
		if (sim_dvd_track_info(sim, by, number, reply))
			sim_reply(c, reply, sizeof(reply), get_be16(c->cdb + 7));
		else
			sim_fail(c, SIM_INVALID_FIELD);
		return;
	}
	if (!t && !next) {
		sim_fail(c, SIM_INVALID_FIELD);
		return;
	}
	if (next && m->open)
		t = &sim->disc->track[sim->disc->tracks - 1];
	const bool goes_on = t && m && m->open && t == &sim->disc->track[sim->disc->tracks - 1];
	if (t) {
		reply[2] = (uint8_t)t->number;
		reply[3] = (uint8_t)t->session;
		reply[5] = (uint8_t)(cd ? t->control : 4);
		/* data mode: 1, 2, or none of a track that is no data */
		reply[6] = t->mode == SP_MODE_AUDIO                                  ? 0x0f
			   : t->mode == SP_MODE_MODE1 || t->mode == SP_MODE_DATA2048 ? 1
										     : 2;
		put_be32(reply + 8, (uint32_t)t->start);
		put_be32(reply + 24, (uint32_t)t->length);
	} else {
		reply[2] = (uint8_t)(sim->disc ? sim->disc->track[sim->disc->tracks - 1].number + 1
					       : 1);
		reply[3] = (uint8_t)(m->closed + 1);
		reply[5] = (uint8_t)(cd ? sim->page[SIM_PAGE_WRITE].now[3] & 15 : 4);
		reply[6] = 0x40 | 0x0f; /* blank */
		put_be32(reply + 8, (uint32_t)sim->kind->writer->next(sim));
	}
	if (!t || goes_on) { /* next writable address, and free blocks from there on */
		const sp_lba at = sim->kind->writer->next(sim);
		const uint32_t left = at < (sp_lba)m->capacity ? (uint32_t)(m->capacity - at) : 0;

		reply[7] |= 1;
		put_be32(reply + 12, (uint32_t)at);
		put_be32(reply + 16, left);
		if (!t)
			put_be32(reply + 24, left);
	}
	if (t && !cd) {
		reply[7] |= 2; /* last recorded address is valid */
		put_be32(reply + 28, (uint32_t)(t->start + (sp_lba)t->length - 1));
	}
	sim_reply(c, reply, sizeof(reply), get_be16(c->cdb + 7));
}
