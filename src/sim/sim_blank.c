/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BLANK: a CD-RW is made blank, whole or from a session on. */
#include "sim/sim_drive.h"

/* The last session, or all of them, go from a CD-RW. */
static uint32_t blank_sessions(struct sp_sim *sim, unsigned keep, bool wipe)
{
	struct sim_medium *m = sim->medium;
	struct sp_disc *disc = m->disc;
	const sp_lba from = keep ? disc->session[keep - 1].lead_out : -SP_MSF_OFFSET;

	while (disc->sessions > keep)
		disc->sessions--;
	while (disc->tracks && disc->track[disc->tracks - 1].session > keep)
		disc->tracks--;
	while (disc->regions && disc->region[disc->regions - 1].lba >= from)
		disc->regions--;
	if (!keep) {
		struct sp_disc *blank = sp_disc_new();

		if (!blank)
			return SIM_INTERNAL;
		blank->medium = disc->medium;
		blank->profile = disc->profile;
		sp_disc_free(disc);
		m->disc = blank;
	}
	m->open = m->finished = m->ruined = false;
	m->writing = SIM_WRITING_NONE;
	sim_medium_forget(m);
	return wipe ? sim_medium_erase(sim, from, (uint64_t)(m->capacity - from)) : 0;
}

enum {
	BLANK_DISC,
	BLANK_MINIMAL,
	BLANK_TRACK,
	BLANK_UNRESERVE,
	BLANK_TAIL,
	BLANK_UNCLOSE,
	BLANK_SESSION
};

void sim_cd_blank(struct sp_sim *sim, struct sp_command *c, unsigned type)
{
	struct sim_medium *m = sim->medium;
	const unsigned sessions = (unsigned)m->disc->sessions;
	uint32_t sense = 0;

	switch (type) {
	case BLANK_DISC:
	case BLANK_MINIMAL:
		sense = blank_sessions(sim, 0, true);
		m->closed = 0;
		break;
	case BLANK_SESSION:
		if (!sessions) {
			sense = SIM_SEQUENCE;
			break;
		}
		sense = blank_sessions(sim, sessions - 1, true);
		m->closed = sessions - 1;
		break;
	case BLANK_UNCLOSE:
		if (!sessions || m->closed < sessions) {
			sense = SIM_SEQUENCE;
			break;
		}
		m->closed--;
		m->finished = false;
		break;
	default:
		sense = SIM_INVALID_FIELD;
	}
	sim_medium_dirty(sim);
	if (sense)
		sim_fail(c, sense);
}
