/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session of a CD is written at once, as its cue sheet said. */
#include "sim/sim_drive.h"

#include "base/bytes.h"
#include "disc/cdtext.h"
#include "disc/subchannel.h"

#include <stdlib.h>
#include <string.h>

#define PAUSE       150
#define LEAD_IN_LBA (-11077) /* as ATIP tells: 97:34:23 */
#define PACKS_MOST  65520    /* bytes; READ TOC can tell no more */

/* CD-Text of a lead-in comes as R-W: four packs in 96 symbols of six bits, over and over. */
uint32_t sim_cd_packs(struct sim_medium *m, const uint8_t *blocks, uint32_t count)
{
	for (size_t at = 0; at < (size_t)count * SP_SUB_SIZE && !m->packs_whole; at += 24) {
		uint8_t pack[SP_PACK_SIZE];

		for (unsigned i = 0; i < 6; i++) {
			const uint8_t *s = blocks + at + (size_t)i * 4;
			const uint32_t bits = (uint32_t)(s[0] & 0x3f) << 18 |
					      (uint32_t)(s[1] & 0x3f) << 12 |
					      (uint32_t)(s[2] & 0x3f) << 6 | (s[3] & 0x3fu);

			pack[i * 3] = (uint8_t)(bits >> 16);
			put_be16(pack + i * 3 + 1, (uint16_t)bits);
		}
		if (!(pack[0] & 0x80))
			continue;
		if (m->packs_size && !memcmp(pack, m->packs, SP_PACK_SIZE)) {
			m->packs_whole = true;
			break;
		}
		uint8_t *grown = m->packs_size < PACKS_MOST
					 ? realloc(m->packs, m->packs_size + SP_PACK_SIZE)
					 : NULL;
		if (!grown)
			return SIM_INTERNAL;
		m->packs = grown;
		memcpy(grown + m->packs_size, pack, SP_PACK_SIZE);
		m->packs_size += SP_PACK_SIZE;
	}
	return 0;
}

/* R-W as the host has it: P and Q are the drive's. Packs in their own order are spread over those
 * that follow, as MMC-6 4.2.3.6 has it, so that the last ones of a disc are not whole. */
static void session_rw(struct sim_medium *m, const struct sim_run *run, const uint8_t *in,
		       uint8_t sub[SP_SUB_SIZE])
{
	static const uint8_t place[24] = {0,  18, 5,  23, 4,  2,  6, 7,  8,  9,  10, 11,
					  12, 13, 14, 15, 16, 17, 1, 19, 20, 21, 22, 3};
	const uint8_t *rw = in;

	if (run->packed) {
		for (unsigned i = 0; i < SP_SUB_SIZE; i++) {
			const unsigned to = place[i % 24];

			m->rw[(i / 24 + to % 8) * 24 + to] = in[i];
		}
		rw = m->rw;
	}
	for (unsigned i = 0; i < SP_SUB_SIZE; i++)
		sub[i] = (uint8_t)((sub[i] & 0xc0) | (rw[i] & 0x3f));
	if (run->packed) {
		memmove(m->rw, m->rw + SP_SUB_SIZE, sizeof(m->rw) - SP_SUB_SIZE);
		memset(m->rw + sizeof(m->rw) - SP_SUB_SIZE, 0, SP_SUB_SIZE);
	}
}

/* The main channel of one sector of a run: sync, header, EDC and parity are the drive's. */
static bool session_main(const struct sp_sim *sim, const struct sim_run *run, sp_lba lba,
			 const uint8_t *in, uint8_t raw[SP_RAW_SIZE])
{
	unsigned mode = run->mode, from = SP_PART_USER;
	uint8_t data[SP_RAW_SIZE] = {0};

	if (run->from & SP_PART_SYNC)
		in += SP_USER_OFFSET1;
	if (mode == SP_MODE_XA) {
		mode = in[2] & SP_SUBMODE_FORM2 ? SP_MODE_XA_FORM2 : SP_MODE_XA_FORM1;
		from |= SP_PART_SUBHEADER;
	}
	memcpy(data, in,
	       !run->ignored             ? sp_sector_size(mode, from)
	       : run->mode == SP_MODE_XA ? 8
					 : 0);
	return sp_sector_convert(sim->medium->planned, mode, from, SP_PART_MAIN, lba, 1, data, raw,
				 NULL, NULL, NULL) >= 0;
}

/* One sector of a run: what comes of it, and what the drive adds. */
static uint32_t session_sector(struct sp_sim *sim, const struct sim_run *run, sp_lba lba,
			       const uint8_t *in)
{
	struct sim_medium *m = sim->medium;
	uint8_t raw[SP_RAW_SIZE], sub[SP_SUB_SIZE];

	if (run->from && !session_main(sim, run, lba, in, raw))
		return SIM_INTERNAL;
	if (run->sub && !sp_sub_generate(m->planned, lba, sub))
		return SIM_INTERNAL;
	if (run->sub)
		session_rw(m, run, in + sp_sector_size(run->mode, run->from), sub);
	if (!run->from) /* nothing is sent, and nothing stored */
		return 0;
	if (run->mode == SP_MODE_AUDIO && !run->sub)
		return sim_medium_samples(sim, lba, raw);
	const uint32_t sense = sim_medium_samples_end(sim);
	return sense ? sense : sim_medium_put(sim, lba, 1, raw, run->sub ? sub : NULL);
}

static const struct sim_run *session_run(const struct sim_medium *m, sp_lba lba)
{
	for (size_t i = 0; i < m->runs; i++)
		if (lba >= m->run[i].lba && lba - m->run[i].lba < (sp_lba)m->run[i].count)
			return &m->run[i];
	return NULL;
}

/* Runs of which nothing is sent are passed over. */
static void session_skip_runs(struct sim_medium *m)
{
	const struct sim_run *run;

	while ((run = session_run(m, m->next)) && !run->from && !run->sub)
		m->next = run->lba + (sp_lba)run->count;
}

/* The laser is on: from here on there is no way back. */
static uint32_t session_burns(struct sp_sim *sim)
{
	struct sim_medium *m = sim->medium;

	if (m->ruined || m->test)
		return 0;
	m->ruined = true;
	return sim_medium_record(sim);
}

static void session_lead_in(struct sp_sim *sim, struct sp_command *c, uint32_t count)
{
	struct sim_medium *m = sim->medium;

	if (c->size != (size_t)count * SP_SUB_SIZE) {
		sim_fail(c, SIM_INVALID_FIELD);
		return;
	}
	uint32_t sense = session_burns(sim);
	if (!sense)
		sense = sim_cd_packs(m, c->data, count);
	if (sense) {
		sim_fail(c, sense);
		return;
	}
	m->next += count;
	c->done = c->size;
	if (m->next == -PAUSE) {
		m->lead_in = false;
		session_skip_runs(m);
	}
}

void sim_session_write(struct sp_sim *sim, struct sp_command *c, sp_lba lba, uint32_t count)
{
	struct sim_medium *m = sim->medium;
	uint32_t good = 0;

	if (m->writing != SIM_WRITING_SESSION) {
		sim_fail(c, SIM_SEQUENCE); /* no cue sheet came */
		return;
	}
	/* where the lead-in begins is the host's choice */
	if (m->lead_in && m->next == -PAUSE && lba >= LEAD_IN_LBA && lba < -PAUSE)
		m->next = lba;
	if (lba != m->next) {
		sim_fail_at(c, SIM_INVALID_ADDRESS, lba);
		return;
	}
	if (c->direction != SP_DATA_OUT) {
		sim_fail(c, SIM_INVALID_FIELD);
		return;
	}
	if (m->lead_in && lba < -PAUSE && count <= (uint32_t)(-PAUSE - lba)) {
		session_lead_in(sim, c, count);
		return;
	}
	size_t size = 0; /* of all the sectors, and each by its run */
	for (uint32_t i = 0; i < count; i++) {
		const struct sim_run *run = session_run(m, lba + i);

		if (!run) {
			sim_fail_at(c, SIM_OUT_OF_RANGE, lba + i);
			return;
		}
		size += sp_sector_size(run->mode, run->from) + run->sub;
	}
	if (c->size != size) {
		sim_fail(c, SIM_INVALID_FIELD);
		return;
	}
	const uint32_t burns = session_burns(sim);
	if (burns) {
		sim_fail(c, burns);
		return;
	}
	const uint32_t sense = sim_write_fault(sim, lba, count, &good);
	for (uint32_t i = 0; i < good; i++) {
		const struct sim_run *run = session_run(m, lba + i);
		const uint32_t failed =
			session_sector(sim, run, lba + i, (const uint8_t *)c->data + c->done);

		if (failed) {
			sim_fail_at(c, failed, lba + i);
			return;
		}
		c->done += sp_sector_size(run->mode, run->from) + run->sub;
		m->next++;
	}
	session_skip_runs(m);
	if (sense)
		sim_fail_at(c, sense, lba + good);
}

/* All that the cue sheet promised came: the lead-in and the lead-out are written. */
uint32_t sim_session_sync(struct sp_sim *sim)
{
	struct sim_medium *m = sim->medium;

	if (m->next != sim_disc_end(m->planned)) {
		if (m->ruined)
			return 0;    /* not all: the session stays as it is */
		sim_medium_end(sim); /* not even begun: there was but a sheet */
		sim_medium_forget(m);
		return 0;
	}
	const uint32_t sense = sim_medium_samples_end(sim);
	if (sense)
		return sense;
	if (m->packs_size && sp_disc_set_cdtext(m->planned, m->packs, m->packs_size) < 0)
		return SIM_INTERNAL;
	if (m->packs_size)
		sp_cdtext_decode(m->planned, NULL, NULL);
	if (!m->test) {
		sp_disc_free(m->disc);
		m->disc = m->planned;
		m->planned = NULL;
		m->closed = (unsigned)m->disc->sessions;
		m->finished = !sim_cd_leaves_open(sim);
		m->ruined = false;
	}
	sim_medium_end(sim);
	sim_medium_forget(m);
	sim_medium_dirty(sim);
	return 0;
}
