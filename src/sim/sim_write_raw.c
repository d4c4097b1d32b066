/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A CD is written raw: the host sends lead-in, sub-channel and scrambled sectors, and the drive
 * finds in Q what the disc is. */
#include "sim/sim_drive.h"

#include "base/bytes.h"
#include "disc/cdtext.h"
#include "disc/scramble.h"
#include "disc/subchannel.h"

#include <string.h>

#define PROGRAM     (-150) /* behind the lead-in */
#define LEAD_IN_LBA (-11077)
#define LEAD_OUT    0xaa

/* Blocks of mode page 05h: bytes of sub-channel behind the sector. */
static const uint8_t raw_sub[4] = {0, SP_Q_SIZE, SP_SUB_SIZE, SP_SUB_SIZE};

/* P-W as it goes on the disc. */
static void raw_channel(unsigned block, const uint8_t *from, uint8_t pw[SP_SUB_SIZE])
{
	if (block != 1) {
		memcpy(pw, from, SP_SUB_SIZE);
		return;
	}
	memset(pw, from[SP_Q_SIZE - 1] & 0x80, SP_SUB_SIZE);
	sp_sub_set_q(pw, from);
}

static uint32_t raw_begin(struct sp_sim *sim, sp_lba lba)
{
	struct sim_medium *m = sim->medium;

	if (m->finished || m->ruined || m->disc->sessions)
		return SIM_NOT_WRITABLE;
	if (lba < LEAD_IN_LBA || lba >= PROGRAM)
		return SIM_INVALID_ADDRESS; /* without its lead-in a disc is none */
	sim_medium_begin(sim);
	sim_medium_forget(m);
	m->planned = sp_disc_copy(m->disc);
	if (!m->planned || !sp_disc_add_session(m->planned)) {
		sim_medium_end(sim);
		return SIM_INTERNAL;
	}
	m->writing = SIM_WRITING_RAW;
	m->next = lba;
	m->lead_in = true;
	m->ruined = !m->test;
	return sim_medium_record(sim);
}

/* A sector of the lead-in: the session's type is all that the program area does not tell. */
static uint32_t raw_lead_in(struct sim_medium *m, const uint8_t q[12], const uint8_t *pw)
{
	if (sp_q_valid(q) && (q[0] & 15) == 1 && !q[1] && q[2] == 0xa0)
		m->planned->session[0].type = q[8] == 0x10 || q[8] == 0x20 ? q[8] : 0;
	return sim_cd_packs(m, pw, 1);
}

/* What Q says of a sector of the program: track, index, control. False: the disc is none. */
static bool raw_place(struct sim_medium *m, sp_lba lba, const uint8_t q[12])
{
	struct sp_disc *disc = m->planned;
	struct sp_track *track = disc->tracks ? &disc->track[disc->tracks - 1] : NULL;
	char mcn[14], isrc[13];

	if (sp_q_get_mcn(q, mcn))
		memcpy(disc->mcn, mcn, sizeof(mcn));
	if (track && sp_q_get_isrc(q, isrc))
		memcpy(track->isrc, isrc, sizeof(isrc));
	if (!sp_q_valid(q) || (q[0] & 15) != 1)
		return track != NULL;
	m->control = q[0] >> 4;
	if (q[1] == LEAD_OUT) {
		if (!m->lead_out) {
			disc->session[0].lead_out = lba;
			m->lead_out = true;
		}
		return track != NULL;
	}
	const unsigned number = sp_from_bcd(q[1]), index = sp_from_bcd(q[2]);
	if (!sp_bcd_valid(q[1]) || !sp_bcd_valid(q[2]) || !number)
		return false;
	if (!track || track->number != number) {
		if ((track && number <= track->number) || index > 1)
			return false;
		track = sp_disc_add_track(disc);
		if (!track)
			return false;
		track->number = number;
		track->session = 1;
		track->control = q[0] >> 4;
		track->start = SP_LBA_NONE;
		m->index = SP_INDEX_MAX + 1;
	}
	if (index != m->index) {
		if (track->index[index] != SP_LBA_NONE)
			return false;
		track->index[index] = lba;
		if (index == 1) {
			/* a pause of data may come before audio */
			track->control = q[0] >> 4;
			track->start = lba;
		}
		m->index = index;
	}
	return true;
}

static uint32_t raw_program(struct sp_sim *sim, sp_lba lba, const uint8_t *in, const uint8_t *pw)
{
	struct sim_medium *m = sim->medium;
	uint8_t sector[SP_RAW_SIZE], q[12];

	sp_sub_get_q(pw, q);
	if (!raw_place(m, lba, q))
		return SIM_INVALID_PARAMETER;
	if (m->lead_out)
		return 0;
	struct sp_track *track = &m->planned->track[m->planned->tracks - 1];
	unsigned mode = SP_MODE_AUDIO;
	memcpy(sector, in, sizeof(sector));
	if (m->control & SP_CONTROL_DATA) {
		sp_scramble(sector);
		mode = sp_sector_probe(sector, NULL);
		mode = mode == SP_MODE_AUDIO ? SP_MODE_MODE1 : mode;
	}
	const bool pregap = track->start == SP_LBA_NONE || lba < track->start;
	const struct sp_region region = {.lba = lba,
					 .session = 1,
					 .track = track->number,
					 .kind = pregap ? SP_REGION_PREGAP : SP_REGION_TRACK,
					 .mode = mode,
					 .parts = sp_mode_parts(mode) | SP_PART_PW,
					 .stored = true};
	if (!sim_medium_add(m->planned, &region, 1))
		return SIM_INTERNAL;
	if (!pregap && !track->length++)
		track->mode = mode;
	return sim_medium_put(sim, lba, 1, sector, pw);
}

void sim_raw_write(struct sp_sim *sim, struct sp_command *c, sp_lba lba, uint32_t count)
{
	struct sim_medium *m = sim->medium;
	const unsigned block = sim->page[SIM_PAGE_WRITE].now[4] & 15;
	const size_t size = SP_RAW_SIZE + (block < 4 ? raw_sub[block] : 0u);
	uint32_t sense = 0, good = 0;

	if (size == SP_RAW_SIZE)
		sense = SIM_ILLEGAL_MODE;
	else if (c->direction != SP_DATA_OUT || c->size != count * size)
		sense = SIM_INVALID_FIELD;
	else if (!m->writing)
		sense = raw_begin(sim, lba);
	else if (m->writing != SIM_WRITING_RAW)
		sense = SIM_SEQUENCE;
	if (!sense && lba != m->next)
		sense = SIM_INVALID_ADDRESS;
	const uint32_t fault = sense ? 0 : sim_write_fault(sim, lba, count, &good);
	for (uint32_t i = 0; !sense && i < good; i++) {
		const uint8_t *in = (const uint8_t *)c->data + i * size;
		uint8_t pw[SP_SUB_SIZE], q[12];

		raw_channel(block, in + SP_RAW_SIZE, pw);
		sp_sub_get_q(pw, q);
		if (m->next < PROGRAM)
			sense = raw_lead_in(m, q, pw);
		else if (!m->lead_out && m->next >= (sp_lba)m->capacity)
			sense = SIM_OUT_OF_RANGE;
		else
			sense = raw_program(sim, m->next, in, pw);
		if (sense)
			break;
		m->next++;
		c->done += size;
	}
	sense = sense ? sense : fault;
	if (sense)
		sim_fail_at(c, sense, m->next);
}

void sim_raw_sync(struct sp_sim *sim, struct sp_command *c)
{
	struct sim_medium *m = sim->medium;
	struct sp_disc *disc = m->planned;
	struct sp_error err = {0};

	if (!m->lead_out)
		return; /* more is to come */
	if (sp_disc_check(disc, &err) < 0) {
		sp_note(sim->notes, "what Q says is no disc: %s", err.text);
		sim_fail(c, SIM_WRITE_ERROR);
		return;
	}
	if (m->packs_size && sp_disc_set_cdtext(disc, m->packs, m->packs_size) < 0) {
		sim_fail(c, SIM_INTERNAL);
		return;
	}
	if (m->packs_size)
		sp_cdtext_decode(disc, NULL, NULL);
	if (!m->test) {
		sp_disc_free(m->disc);
		m->disc = disc;
		m->planned = NULL;
		m->closed = 1;
		m->finished = true;
		m->ruined = false;
	}
	sim_medium_end(sim);
	sim_medium_forget(m);
	sim_medium_dirty(sim);
}
