/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A CD is written to track by track; and which way of writing is meant. */
#include "sim/sim_drive.h"

#include <string.h>

#define PAUSE       150   /* sectors before a track */
#define RUN_OUT     2     /* behind a track that was written by itself */
#define FIRST_GAP   11250 /* lead-out and lead-in between the first two sessions … */
#define FURTHER_GAP 6750  /* … and between later ones */
#define TRACK_LEAST 300   /* four seconds */

enum cd_type { CD_PACKET, CD_TRACK, CD_SESSION, CD_RAW };

static const uint8_t *cd_page(const struct sp_sim *sim)
{
	return sim->page[SIM_PAGE_WRITE].now;
}

static enum cd_type cd_type(const struct sp_sim *sim)
{
	return cd_page(sim)[2] & 15;
}

/* The blocks of mode page 05h, MMC-6 table 664: what comes of a sector, and as which mode. */
static const struct cd_block {
	unsigned mode, from;
} cd_blocks[16] = {
	[0] = {SP_MODE_AUDIO, SP_PART_USER},
	[8] = {SP_MODE_MODE1, SP_PART_USER},
	[9] = {SP_MODE_MODE2, SP_PART_USER},
	[10] = {SP_MODE_XA_FORM1, SP_PART_USER},
	[11] = {SP_MODE_XA_FORM1, SP_PART_SUBHEADER | SP_PART_USER},
	[12] = {SP_MODE_XA_FORM2, SP_PART_USER},
	[13] = {SP_MODE_XA, SP_PART_SUBHEADER | SP_PART_USER}, /* 2332 bytes: less form 2's EDC */
};
#define CD_BLOCK_XA 2332

static size_t cd_block_size(const struct cd_block *block)
{
	return block->mode == SP_MODE_XA ? CD_BLOCK_XA : sp_sector_size(block->mode, block->from);
}

/* Whole sectors of the host's blocks, EDC, parity and header made here. */
static bool cd_frame(const struct sp_sim *sim, const struct cd_block *block, sp_lba lba,
		     const uint8_t *in, uint8_t raw[SP_RAW_SIZE])
{
	unsigned mode = block->mode;

	if (mode == SP_MODE_XA)
		mode = in[2] & SP_SUBMODE_FORM2 ? SP_MODE_XA_FORM2 : SP_MODE_XA_FORM1;
	return !sp_sector_convert(sim->medium->disc, mode, block->from, SP_PART_MAIN, lba, 1, in,
				  raw, NULL, NULL, NULL);
}

sp_lba sim_cd_session_start(const struct sim_medium *m)
{
	if (!m->closed)
		return 0;
	return m->disc->session[m->closed - 1].lead_out +
	       (m->closed == 1 ? FIRST_GAP : FURTHER_GAP) + PAUSE;
}

static sp_lba cd_next(const struct sp_sim *sim)
{
	const struct sim_medium *m = sim->medium;

	if (m->open || m->writing > SIM_WRITING_TRACK)
		return m->next;
	if (m->disc->sessions > m->closed) /* behind the last track */
		return sim_disc_end(m->disc) + PAUSE;
	return sim_cd_session_start(m);
}

/* MCN and ISRC of the mode page: a byte that says it is valid, and the letters. */
static void cd_codes(const struct sp_sim *sim, struct sp_disc *disc, struct sp_track *track)
{
	const uint8_t *page = cd_page(sim);
	char mcn[14] = "", isrc[13] = "";

	memcpy(mcn, page + 17, 13);
	memcpy(isrc, page + 33, 12);
	if (page[16] & 0x80 && sp_mcn_valid(mcn, false))
		memcpy(disc->mcn, mcn, sizeof(mcn));
	if (page[32] & 0x80 && sp_isrc_valid(isrc))
		memcpy(track->isrc, isrc, sizeof(isrc));
}

/* A session begins, whose first track starts there: what lies between it and the one before. */
static bool cd_begin_session(struct sp_sim *sim, unsigned mode, sp_lba start)
{
	struct sim_medium *m = sim->medium;
	struct sp_session *session = sp_disc_add_session(m->disc);
	const unsigned type = cd_page(sim)[8];

	if (!session)
		return false;
	session->type = type == 0x10 || type == 0x20 ? type : 0;
	if (!m->closed)
		return true;
	const struct sp_region gap = {.session = session->number - 1,
				      .kind = SP_REGION_GAP,
				      .mode = mode == SP_MODE_AUDIO ? mode : SP_MODE_MODE1,
				      .parts = SP_PART_USER};
	const sp_lba end = m->disc->session[m->closed - 1].lead_out;
	return sim_medium_add(m->disc, &gap, (uint64_t)(start - PAUSE - end));
}

/* A track begins, and a session before its first one. */
static uint32_t cd_begin_track(struct sp_sim *sim, unsigned mode)
{
	struct sim_medium *m = sim->medium;
	struct sp_disc *disc = m->disc;
	const sp_lba start = cd_next(sim);

	if (disc->tracks && disc->track[disc->tracks - 1].number == SP_TRACK_MAX)
		return SIM_SENSE(5, 0x72, 0x05); /* no more track reservations allowed */
	if (disc->sessions == m->closed && !cd_begin_session(sim, mode, start))
		return SIM_INTERNAL;
	struct sp_track *track = sp_disc_add_track(disc);
	if (!track)
		return SIM_INTERNAL;
	track->session = disc->session[disc->sessions - 1].number;
	track->mode = mode;
	/* the mode page's nibble has what is audio and what is data of Q's control */
	track->control = cd_page(sim)[3] & 15;
	track->start = track->index[1] = start;
	track->index[0] = start - PAUSE;
	cd_codes(sim, disc, track);
	const struct sp_region pause = {.lba = start - PAUSE,
					.session = track->session,
					.track = track->number,
					.kind = SP_REGION_PREGAP,
					.mode = mode,
					.parts = mode == SP_MODE_XA ? SP_PART_MAIN : SP_PART_USER};
	if (!sim_medium_add(disc, &pause, PAUSE))
		return SIM_INTERNAL;
	m->open = true;
	m->next = start;
	return 0;
}

/* So many sectors more of the last track. */
static bool cd_extend(struct sim_medium *m, uint64_t count, bool stored, unsigned kind)
{
	struct sp_track *track = &m->disc->track[m->disc->tracks - 1];
	const struct sp_region region = {.session = track->session,
					 .track = track->number,
					 .kind = kind,
					 .mode = track->mode,
					 .parts = stored || track->mode == SP_MODE_XA
							  ? sp_mode_parts(track->mode)
							  : SP_PART_USER,
					 .stored = stored};

	if (!sim_medium_add(m->disc, &region, count))
		return false;
	track->length += count;
	m->disc->session[m->disc->sessions - 1].lead_out = track->start + (sp_lba)track->length;
	m->next += (sp_lba)count;
	return true;
}

/* What stands against writing there. */
static uint32_t cd_refuses(const struct sp_sim *sim, const struct cd_block *block, sp_lba lba,
			   uint32_t count)
{
	const struct sim_medium *m = sim->medium;

	if (lba != cd_next(sim))
		return SIM_INVALID_ADDRESS;
	if (lba < 0 || count > m->capacity - (uint32_t)lba)
		return SIM_OUT_OF_RANGE;
	if (m->open && m->disc->track[m->disc->tracks - 1].mode != block->mode)
		return SIM_ILLEGAL_MODE;
	return 0;
}

/* One sector more of the open track. */
static uint32_t cd_put(struct sp_sim *sim, const struct cd_block *block, sp_lba lba,
		       const uint8_t *in)
{
	uint8_t raw[SP_RAW_SIZE];

	if (!cd_frame(sim, block, lba, in, raw))
		return SIM_INTERNAL;
	const uint32_t sense = block->mode == SP_MODE_AUDIO
				       ? sim_medium_samples(sim, lba, raw)
				       : sim_medium_put(sim, lba, 1, raw, NULL);
	if (!sense && !cd_extend(sim->medium, 1, true, SP_REGION_TRACK))
		return SIM_INTERNAL;
	return sense;
}

static void cd_write_track(struct sp_sim *sim, struct sp_command *c, sp_lba lba, uint32_t count)
{
	struct sim_medium *m = sim->medium;
	const struct cd_block *block = &cd_blocks[cd_page(sim)[4] & 15];
	const bool data = cd_page(sim)[3] & SP_CONTROL_DATA;
	const size_t size = cd_block_size(block);
	uint32_t good = 0;

	if (!size || data != (block->mode != SP_MODE_AUDIO)) {
		sim_fail(c, SIM_ILLEGAL_MODE);
		return;
	}
	const uint32_t refused = cd_refuses(sim, block, lba, count);
	if (refused) {
		sim_fail_at(c, refused, lba);
		return;
	}
	if (c->direction != SP_DATA_OUT || c->size != count * size) {
		sim_fail(c, SIM_INVALID_FIELD); /* the host's blocks have another length */
		return;
	}
	const uint32_t fault = sim_write_fault(sim, lba, count, &good);
	if (!m->open && good) {
		sim_medium_begin(sim);
		m->writing = SIM_WRITING_TRACK;
		const uint32_t failed = cd_begin_track(sim, block->mode);

		if (failed) {
			sim_fail(c, failed);
			return;
		}
	}
	sim_medium_dirty(sim);
	for (uint32_t i = 0; i < good; i++) {
		const uint32_t failed =
			cd_put(sim, block, lba + i, (const uint8_t *)c->data + i * size);

		if (failed) {
			sim_fail_at(c, failed, lba + i);
			return;
		}
		c->done += size;
	}
	if (fault)
		sim_fail_at(c, fault, lba + good);
}

/* The last track ends: padded to its least length, and two sectors of run-out. */
static uint32_t cd_end_track(struct sp_sim *sim)
{
	static const uint8_t zeros[SP_RAW_SIZE];
	struct sim_medium *m = sim->medium;
	const struct sp_track *track = &m->disc->track[m->disc->tracks - 1];
	const bool xa = track->mode == SP_MODE_XA;
	const struct cd_block pad = {xa ? SP_MODE_XA_FORM2 : track->mode, SP_PART_USER};
	uint8_t raw[SP_RAW_SIZE];
	uint32_t sense = sim_medium_samples_end(sim);

	while (!sense && track->length < TRACK_LEAST) {
		if (!cd_frame(sim, &pad, m->next, zeros, raw))
			return SIM_INTERNAL;
		sense = sim_medium_put(sim, m->next, 1, raw, NULL);
		if (!sense && !cd_extend(m, 1, true, SP_REGION_TRACK))
			sense = SIM_INTERNAL;
	}
	if (!sense && !cd_extend(m, RUN_OUT, false, SP_REGION_POSTGAP))
		sense = SIM_INTERNAL;
	m->open = false;
	sim_medium_dirty(sim);
	return sense;
}

bool sim_cd_leaves_open(const struct sp_sim *sim)
{
	return cd_page(sim)[3] >> 6 == 3;
}

static void cd_sync(struct sp_sim *sim, struct sp_command *c)
{
	struct sim_medium *m = sim->medium;
	uint32_t sense = 0;

	if (m->writing == SIM_WRITING_SESSION) {
		sense = sim_session_sync(sim);
	} else if (m->writing == SIM_WRITING_RAW) {
		sim_raw_sync(sim, c);
	} else if (m->open) {
		sense = cd_end_track(sim);
		sim_medium_end(sim);
	}
	if (sense)
		sim_fail(c, sense);
}

enum { CD_CLOSE_TRACK = 1, CD_CLOSE_SESSION = 2 };

static void cd_close(struct sp_sim *sim, struct sp_command *c, unsigned function, unsigned track)
{
	struct sim_medium *m = sim->medium;
	uint32_t sense = 0;

	(void)track;
	if (function != CD_CLOSE_TRACK && function != CD_CLOSE_SESSION) {
		sim_fail(c, SIM_INVALID_FIELD);
		return;
	}
	if (m->writing == SIM_WRITING_SESSION || m->writing == SIM_WRITING_RAW) {
		cd_sync(sim, c);
		return;
	}
	if (m->open) {
		sense = cd_end_track(sim);
		sim_medium_end(sim);
	}
	if (!sense && function == CD_CLOSE_SESSION && m->disc->sessions > m->closed) {
		m->closed = (unsigned)m->disc->sessions;
		m->finished = !sim_cd_leaves_open(sim);
		sim_medium_dirty(sim);
	}
	if (sense)
		sim_fail(c, sense);
}

static void cd_write(struct sp_sim *sim, struct sp_command *c, sp_lba lba, uint32_t count)
{
	switch (cd_type(sim)) {
	case CD_TRACK:
		if (sim->medium->writing > SIM_WRITING_TRACK)
			sim_fail(c, SIM_SEQUENCE);
		else
			cd_write_track(sim, c, lba, count);
		break;
	case CD_SESSION:
		sim_session_write(sim, c, lba, count);
		break;
	case CD_RAW:
		sim_raw_write(sim, c, lba, count);
		break;
	default:
		sim_fail(c, SIM_ILLEGAL_MODE);
	}
}

const struct sim_writer sim_writer_cd = {
	.write = cd_write,
	.sync = cd_sync,
	.close = cd_close,
	.blank = sim_cd_blank,
	.next = cd_next,
};
