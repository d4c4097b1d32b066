/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tracks and sessions of DVD and BD that can be written to: a list of extents, which the model of a
 * disc has no place for. */
#include "sim/sim_drive.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

/* The tracks as a lead-in has them, up to what READ TOC can number. */
static bool tracks_toc(struct sim_medium *m)
{
	struct sp_disc *toc = sp_disc_new();
	bool fine = toc != NULL;

	for (size_t i = 0; fine && i < m->tracks && i < SP_TRACK_MAX; i++) {
		const struct sim_extent *t = &m->track[i];
		const uint64_t size = t->size && t->closed ? t->size : t->written;

		while (fine && toc->sessions < t->session)
			fine = sp_disc_add_session(toc) != NULL;
		struct sp_track *track = fine ? sp_disc_add_track(toc) : NULL;
		fine = track != NULL;
		if (!fine)
			break;
		track->session = t->session;
		track->control = SP_CONTROL_DATA;
		track->mode = SP_MODE_DATA2048;
		track->start = track->index[1] = (sp_lba)t->start;
		track->length = size;
		toc->session[toc->sessions - 1].lead_out = (sp_lba)(t->start + size);
	}
	if (!fine) {
		sp_disc_free(toc);
		return false;
	}
	toc->medium = m->disc->medium;
	sp_disc_free(m->toc);
	m->toc = toc;
	return true;
}

/* One track of blocks from LBA 0 to the last one written; what lies between tracks is not there. */
uint32_t sim_dvd_layout(struct sim_medium *m)
{
	struct sp_disc *disc = sp_disc_new();
	struct sp_region region = {.session = 1,
				   .track = 1,
				   .kind = SP_REGION_TRACK,
				   .mode = SP_MODE_DATA2048,
				   .parts = SP_PART_USER};
	uint64_t end = 0;

	if (!disc)
		return SIM_INTERNAL;
	disc->medium = m->disc->medium;
	disc->profile = m->disc->profile;
	bool fine = true;
	for (size_t i = 0; i < m->tracks && fine; i++) {
		const struct sim_extent *t = &m->track[i];

		if (!t->written)
			continue;
		region.stored = false;
		fine = sim_medium_add(disc, &region, t->start - end);
		region.stored = true;
		fine = fine && sim_medium_add(disc, &region, t->written);
		end = t->start + t->written;
	}
	if (fine && end) {
		struct sp_session *session = sp_disc_add_session(disc);
		struct sp_track *track = sp_disc_add_track(disc);

		fine = session && track;
		if (fine) {
			session->lead_out = (sp_lba)end;
			track->session = 1;
			track->control = SP_CONTROL_DATA;
			track->mode = SP_MODE_DATA2048;
			track->start = track->index[1] = 0;
			track->length = end;
		}
	}
	if (m->layer_break && end > m->layer_break)
		disc->layer_break = m->layer_break;
	if (!fine) {
		sp_disc_free(disc);
		return SIM_INTERNAL;
	}
	sp_disc_free(m->disc);
	m->disc = disc;
	return tracks_toc(m) ? 0 : SIM_INTERNAL;
}

uint32_t sim_dvd_whole(struct sim_medium *m)
{
	struct sim_extent *list = sp_grow(m->track, 0, sizeof(*list));

	if (!list)
		return SIM_INTERNAL;
	list[0] = (struct sim_extent){.size = m->capacity, .session = 1, .closed = true};
	m->track = list;
	m->tracks = 1;
	m->closed = 1;
	return 0;
}

uint32_t sim_dvd_forget(struct sp_sim *sim, unsigned profile)
{
	struct sim_medium *m = sim->medium;
	const uint32_t sense = sim_medium_erase(sim, 0, m->capacity);

	for (const struct sim_kind *kind = sim_kinds; kind->name; kind++)
		if (kind->profile == profile)
			sim->kind = kind;
	free(m->track);
	m->track = NULL;
	m->tracks = 0;
	m->closed = 0;
	m->finished = m->open = m->ruined = m->formatted = false;
	m->writing = SIM_WRITING_NONE;
	m->capacity = sim->kind->capacity;
	sim_medium_dirty(sim);
	return sense;
}

static const struct sim_extent *tracks_open(const struct sim_medium *m)
{
	for (size_t i = 0; i < m->tracks; i++)
		if (!m->track[i].closed)
			return &m->track[i];
	return NULL;
}

/* Is there, beside those of the list, the track that would be written next? */
static bool tracks_further(const struct sp_sim *sim)
{
	const struct sim_medium *m = sim->medium;
	const struct sim_extent *open = tracks_open(m);

	return !m->finished && !(sim->kind->flags & SIM_OVERWRITE && m->formatted) &&
	       (!open || open->size) && sim->kind->writer->next(sim) <= (sp_lba)m->capacity;
}

void sim_dvd_disc_info(const struct sp_sim *sim, uint8_t reply[34])
{
	const struct sim_medium *m = sim->medium;
	const bool over = sim->kind->flags & SIM_OVERWRITE && m->formatted;
	const bool begun = m->tracks && m->track[m->tracks - 1].session > m->closed;
	const bool open = !m->finished && !over;
	const unsigned session = !open ? 3 : begun ? 1 : 0;
	const unsigned state = !open ? 2 : m->tracks ? 1 : 0;
	const unsigned sessions = m->closed + open;
	unsigned first = 1;
	const unsigned last = (unsigned)m->tracks + tracks_further(sim);

	while (first <= m->tracks && m->track[first - 1].session < sessions)
		first++;
	reply[2] = (uint8_t)((sim->kind->flags & SIM_ERASABLE ? 0x10 : 0) | session << 2 | state);
	reply[3] = 1;
	reply[4] = (uint8_t)sessions;
	reply[9] = (uint8_t)(sessions >> 8);
	reply[5] = (uint8_t)first;
	reply[10] = (uint8_t)(first >> 8);
	reply[6] = (uint8_t)last;
	reply[11] = (uint8_t)(last >> 8);
	/* unrestricted use; background formatting of a DVD+RW is complete, or was never begun */
	reply[7] = (uint8_t)(0x20 | (sim->kind->profile == 0x1a && m->formatted ? 3 : 0));
	memset(reply + 16, 0, 8);
}

bool sim_dvd_track_info(const struct sp_sim *sim, unsigned by, uint32_t number, uint8_t reply[36])
{
	const struct sim_medium *m = sim->medium;
	const bool further = tracks_further(sim);
	const bool over = sim->kind->flags & SIM_OVERWRITE && m->formatted;
	const sp_lba next = sim->kind->writer->next(sim);
	const struct sim_extent *t = NULL;
	size_t i = 0;

	for (; i < m->tracks && !t; i++) {
		const struct sim_extent *at = &m->track[i];
		const uint64_t size = at->size ? at->size : at->closed ? at->written : UINT32_MAX;

		if ((by == 0 && number >= at->start && number - at->start < size) ||
		    (by == 1 && number == i + 1) || (by == 2 && number == at->session))
			t = at;
	}
	if (!t && by == 1 && number == 0xff && !further && tracks_open(m))
		i = (size_t)((t = tracks_open(m)) - m->track) + 1;
	if (!t &&
	    !(further && (by == 0 || (by == 1 && (number == 0xff || number == m->tracks + 1)) ||
			  (by == 2 && number == m->closed + 1))))
		return false;
	const uint64_t end = m->tracks && !over
				     ? m->track[m->tracks - 1].start + m->track[m->tracks - 1].size
				     : 0;
	const uint64_t start = t ? t->start : (uint64_t)(next > (sp_lba)end ? next : (sp_lba)end);
	const uint64_t room = start < m->capacity ? m->capacity - start : 0;
	const uint64_t at = t ? t->start + t->written : start;
	const uint64_t size = !t ? room : t->size ? t->size : t->closed ? t->written : room;
	const unsigned track = (unsigned)(t ? i : m->tracks + 1);
	const unsigned session = t ? t->session : m->closed + 1;

	reply[2] = (uint8_t)track;
	reply[32] = (uint8_t)(track >> 8);
	reply[3] = (uint8_t)session;
	reply[33] = (uint8_t)(session >> 8);
	reply[5] = 4;
	reply[6] = (uint8_t)((t && t->size && !over ? 0x80 : 0) | /* reserved */
			     (!t || (!t->written && !over) ? 0x40 : 0) | 1);
	put_be32(reply + 8, (uint32_t)start);
	put_be32(reply + 24, (uint32_t)size);
	if ((!t || !t->closed) && !over) {
		reply[7] |= 1;
		put_be32(reply + 12, (uint32_t)at);
		put_be32(reply + 16, (uint32_t)(start + size - at));
	}
	if (t && t->written) {
		reply[7] |= 2;
		put_be32(reply + 28, (uint32_t)(t->start + t->written - 1));
	}
	return true;
}
