/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the drive knows of sessions, tracks and capacity: READ DISC and TRACK INFORMATION. */
#include "sim/sim_drive.h"

#include "base/bytes.h"

#include <string.h>

void sim_read_capacity(struct sp_sim *sim, struct sp_command *c)
{
	uint8_t reply[8];

	put_be32(reply, (uint32_t)(sim_disc_end(sim->disc) - 1));
	put_be32(reply + 4, 2048);
	sim_reply(c, reply, sizeof(reply), sizeof(reply));
}

/* Standard disc information, MMC-6 table 365 */
void sim_read_disc_info(struct sp_sim *sim, struct sp_command *c)
{
	const struct sp_disc *disc = sim->disc;
	const struct sp_session *session = &disc->session[disc->sessions - 1];
	uint8_t reply[34] = {0, 32, 0x0e}; /* last session complete, disc complete */

	if (c->cdb[1] & 7) {
		sim_fail(c, SIM_INVALID_FIELD);
		return;
	}
	reply[3] = (uint8_t)disc->track[0].number;
	reply[4] = (uint8_t)disc->sessions;
	reply[5] = (uint8_t)disc->track[disc->tracks - 1].number;
	for (size_t i = disc->tracks; i-- && disc->track[i].session == session->number;)
		reply[5] = (uint8_t)disc->track[i].number;
	reply[6] = (uint8_t)disc->track[disc->tracks - 1].number;
	reply[7] = 0x20; /* unrestricted use */
	reply[8] = (uint8_t)(sim->kind->family == SIM_CD ? disc->session[0].type : 0);
	memset(reply + 16, 0xff, 8); /* no further lead-in, no further lead-out */
	sim_reply(c, reply, sizeof(reply), get_be16(c->cdb + 7));
}

/* Which track is asked for: by an LBA, a number, or a session's number. */
static const struct sp_track *track_asked(const struct sp_disc *disc, unsigned by, uint32_t number)
{
	const struct sp_region *r;

	switch (by) {
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

/* MMC-6 table 541 */
void sim_read_track_info(struct sp_sim *sim, struct sp_command *c)
{
	const struct sp_track *t = track_asked(sim->disc, c->cdb[1] & 3, get_be32(c->cdb + 2));
	uint8_t reply[36] = {0, 34};

	if (!t) {
		sim_fail(c, SIM_INVALID_FIELD);
		return;
	}
	const bool cd = sim->kind->family == SIM_CD;
	reply[2] = (uint8_t)t->number;
	reply[3] = (uint8_t)t->session;
	reply[5] = (uint8_t)(cd ? t->control : 4);
	/* data mode: 1, 2, or none of a track that is no data */
	reply[6] = t->mode == SP_MODE_AUDIO                                  ? 0x0f
		   : t->mode == SP_MODE_MODE1 || t->mode == SP_MODE_DATA2048 ? 1
									     : 2;
	put_be32(reply + 8, (uint32_t)t->start);
	put_be32(reply + 24, (uint32_t)t->length);
	reply[7] = cd ? 0 : 2; /* last recorded address is valid */
	put_be32(reply + 28, cd ? 0 : (uint32_t)(t->start + (sp_lba)t->length - 1));
	sim_reply(c, reply, sizeof(reply), get_be16(c->cdb + 7));
}
