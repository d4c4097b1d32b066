/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The layout of what lies in the tray: media by name, and discs from their first sector on. */
#include "sim/sim_drive.h"

#include <string.h>

/* clang-format off */
const struct sim_kind sim_kinds[] = {
	{"bd-re", 0x43, SIM_BD, SIM_ERASABLE | SIM_OVERWRITE, 12219392, &sim_writer_overwrite},
	{"bd-r", 0x41, SIM_BD, 0, 12219392, &sim_writer_sequence},
	{"bd-rom", 0x40, SIM_BD, 0, 0, NULL},
	{"dvd+r-dl", 0x2b, SIM_DVD, 0, 4173824, &sim_writer_sequence},
	{"dvd+r", 0x1b, SIM_DVD, 0, 2295104, &sim_writer_sequence},
	{"dvd+rw", 0x1a, SIM_DVD, SIM_ERASABLE | SIM_OVERWRITE, 2295104, &sim_writer_overwrite},
	{"dvd-rw", 0x14, SIM_DVD, SIM_ERASABLE, 2298496, &sim_writer_sequence},
	{"dvd-rw-ro", 0x13, SIM_DVD, SIM_ERASABLE | SIM_OVERWRITE, 2297888, &sim_writer_overwrite},
	{"dvd-r", 0x11, SIM_DVD, 0, 2298496, &sim_writer_sequence},
	{"dvd-rom", 0x10, SIM_DVD, 0, 0, NULL},
	/* lead-out at 79:59:74 at the latest */
	{"cd-rw", 0x0a, SIM_CD, SIM_ERASABLE, 359849, &sim_writer_cd},
	{"cd-r", 0x09, SIM_CD, 0, 359849, &sim_writer_cd},
	{"cd-rom", 0x08, SIM_CD, 0, 0, NULL},
	{NULL, 0, 0, 0, 0, NULL},
};
/* clang-format on */

/* The row of a finished disc: by the profile it was read with, else as a pressed one. */
const struct sim_kind *sim_kind_of(const struct sp_disc *disc)
{
	static const struct {
		unsigned medium, family, profile;
	} pressed[] = {{SP_MEDIUM_CD, SIM_CD, 0x08},
		       {SP_MEDIUM_GD, SIM_CD, 0x08},
		       {SP_MEDIUM_DVD, SIM_DVD, 0x10},
		       {SP_MEDIUM_BD, SIM_BD, 0x40}};
	const struct sim_kind *found = NULL;

	for (size_t i = 0; i < sizeof(pressed) / sizeof(pressed[0]); i++) {
		if (pressed[i].medium != disc->medium)
			continue;
		for (const struct sim_kind *kind = sim_kinds; kind->name; kind++)
			if (kind->profile == disc->profile && kind->family == pressed[i].family)
				return kind;
			else if (kind->profile == pressed[i].profile)
				found = kind;
	}
	return found;
}

/* A CD has the 150 sectors before LBA 0 whether or not its image tells of them. */
static int disc_add_pregap(struct sp_disc *disc, struct sp_error *err)
{
	const struct sp_region first = disc->region[0];
	struct sp_track *track =
		first.kind == SP_REGION_GAP
			? NULL
			: &disc->track[sp_disc_track(disc, first.track) - disc->track];
	const bool xa = first.mode == SP_MODE_XA;

	if (first.lba <= -SP_MSF_OFFSET || !track || track != disc->track)
		return 0;
	if (!sp_disc_add_region(disc, &first))
		return sp_fail_memory(err);
	memmove(disc->region + 1, disc->region, (disc->regions - 1) * sizeof(disc->region[0]));
	disc->region[0] = (struct sp_region){.lba = -SP_MSF_OFFSET,
					     .count = (uint64_t)(first.lba + SP_MSF_OFFSET),
					     .session = first.session,
					     .track = first.track,
					     .kind = SP_REGION_PREGAP,
					     .mode = xa ? SP_MODE_XA_FORM1 : first.mode,
					     .parts = SP_PART_USER};
	track->index[0] = -SP_MSF_OFFSET;
	return 0;
}

int sim_disc_make(struct sp_disc **out, const struct sp_disc *disc, struct sp_error *err)
{
	struct sp_disc *copy = sp_disc_copy(disc);
	int rc = copy ? 0 : sp_fail_memory(err);

	if (!rc && (disc->medium == SP_MEDIUM_CD || disc->medium == SP_MEDIUM_GD))
		rc = disc_add_pregap(copy, err);
	if (!rc)
		rc = sp_disc_check(copy, err);
	if (rc < 0)
		sp_disc_free(copy);
	else
		*out = copy;
	return rc;
}

sp_lba sim_disc_end(const struct sp_disc *disc)
{
	return disc && disc->sessions ? disc->session[disc->sessions - 1].lead_out : 0;
}

sp_lba sim_end(const struct sp_sim *sim)
{
	const struct sim_medium *m = sim->medium;

	return m && m->formatted && sim->kind->flags & SIM_OVERWRITE ? (sp_lba)m->capacity
								     : sim_disc_end(sim->disc);
}

struct sp_disc sim_disc_closed(const struct sp_sim *sim)
{
	const struct sim_medium *m = sim->medium;
	struct sp_disc closed = *(m && m->toc ? m->toc : sim->disc);

	if (!m)
		return closed;
	if (closed.sessions > m->closed)
		closed.sessions = m->closed;
	while (closed.tracks && closed.track[closed.tracks - 1].session > m->closed)
		closed.tracks--;
	return closed;
}
