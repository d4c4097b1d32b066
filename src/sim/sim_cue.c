/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SEND CUE SHEET: the layout of a session that is written at once. */
#include "sim/sim_drive.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

#define CUE_LINE     8
#define CUE_MAX      4096 /* lines */
#define LEAD_OUT     0xaa
#define CUE_FORM_SUB 0xc0

/* Forms of main data, MMC-6 table 609: bytes that are sent, and whether they are looked at. What
 * comes of sync, header, EDC and parity never is, a form 2's EDC neither. */
static const struct cue_form {
	uint8_t code, mode;
	uint8_t from;
	bool ignored;
} cue_forms[] = {
	{0x00, SP_MODE_AUDIO, SP_PART_USER, false},
	{0x01, SP_MODE_AUDIO, 0, false},
	{0x10, SP_MODE_MODE1, SP_PART_USER, false},
	{0x11, SP_MODE_MODE1, SP_PART_MAIN, false},
	{0x12, SP_MODE_MODE1, SP_PART_USER, true},
	{0x13, SP_MODE_MODE1, SP_PART_MAIN, true},
	{0x14, SP_MODE_MODE1, 0, false},
	{0x20, SP_MODE_XA, SP_PART_SUBHEADER | SP_PART_USER | SP_PART_ECC, false},
	{0x21, SP_MODE_XA, SP_PART_MAIN, false},
	{0x22, SP_MODE_XA, SP_PART_SUBHEADER | SP_PART_USER | SP_PART_ECC, true},
	{0x23, SP_MODE_XA, SP_PART_MAIN, true},
	{0x24, SP_MODE_XA, 0, false},
	{0x30, SP_MODE_MODE2, SP_PART_USER, false},
	{0x31, SP_MODE_MODE2, SP_PART_MAIN, false},
	{0x32, SP_MODE_MODE2, SP_PART_USER, true},
	{0x33, SP_MODE_MODE2, SP_PART_MAIN, true},
	{0x34, SP_MODE_MODE2, 0, false},
};

/* A sheet as it is read, line by line. */
struct cue {
	struct sp_sim *sim;
	struct sp_disc *disc; /* what is there, and what the sheet adds */
	struct sim_run *run;
	size_t runs;
	sp_lba first;     /* where the session's first track may begin */
	sp_lba at;        /* of the line before */
	unsigned session; /* number */
	struct sp_track *track;
	const struct cue_form *form; /* of the line before, from `at` on */
	uint8_t sub;
	bool packed;
	unsigned index;
	char mcn[14], isrc[13]; /* gathered of two lines each */
	bool lead_in_sub, lead_in, ended;
};

static const struct cue_form *cue_form(unsigned code)
{
	for (size_t i = 0; i < sizeof(cue_forms) / sizeof(cue_forms[0]); i++)
		if (cue_forms[i].code == code)
			return &cue_forms[i];
	return NULL;
}

/* Letters of MCN and ISRC, from byte `from` of the line on: of the first seven in the first line,
 * of the second, where the track's number stands before them, six in each (MMC-6 6.35.4). */
static bool cue_code(char *to, size_t size, const uint8_t *line, unsigned from)
{
	const size_t have = strlen(to), room = CUE_LINE - from;
	const size_t want = size - have < room ? size - have : room;

	memcpy(to + have, line + from, want);
	for (size_t i = have; i < have + want; i++)
		if (to[i] < 0x20 || to[i] > 0x7e)
			return false;
	return true;
}

/* The sectors from the line before up to `end`. */
static bool cue_run(struct cue *cue, sp_lba end)
{
	if (!cue->form)
		return true;
	const uint64_t count = (uint64_t)(end - cue->at);
	const unsigned parts = cue->form->from                 ? sp_mode_parts(cue->form->mode)
			       : cue->form->mode == SP_MODE_XA ? SP_PART_MAIN
							       : SP_PART_USER;
	const struct sp_region region = {.lba = cue->at,
					 .session = cue->session,
					 .track = cue->track->number,
					 .kind = cue->index ? SP_REGION_TRACK : SP_REGION_PREGAP,
					 .mode = cue->form->mode,
					 .parts = parts |
						  (cue->sub && cue->form->from ? SP_PART_PW : 0),
					 .stored = cue->form->from != 0};

	if (!sim_medium_add(cue->disc, &region, count))
		return false;
	if (cue->index)
		cue->track->length += count;
	cue->run[cue->runs++] = (struct sim_run){.lba = cue->at,
						 .count = count,
						 .mode = cue->form->mode,
						 .from = cue->form->from,
						 .ignored = cue->form->ignored,
						 .sub = cue->sub,
						 .packed = cue->packed};
	return true;
}

/* TNO 0: the lead-in. */
static bool cue_lead_in(struct cue *cue, const uint8_t *line)
{
	const unsigned form = line[3];
	const bool placed = line[5] || line[6] || line[7];

	if (cue->lead_in || (form & 0x0f) > 0x04)
		return false;
	cue->lead_in = true;
	cue->lead_in_sub = (form & CUE_FORM_SUB) == 0x40;
	return !(placed && cue->sim->profile.writes & SIM_REFUSE_CDTEXT);
}

/* A track's line of another index or another track than the one before. */
static bool cue_track(struct cue *cue, const uint8_t *line, sp_lba at)
{
	const unsigned number = line[1], index = line[2];
	struct sp_disc *disc = cue->disc;
	const bool same =
		cue->track && cue->track->number == number && cue->track->session == cue->session;

	if (!same) {
		if (cue->track && cue->track->session == cue->session && !cue->index)
			return false; /* it ended within its pause */
		if (number < 1 || number > SP_TRACK_MAX || index > 1 ||
		    (disc->tracks && number <= disc->track[disc->tracks - 1].number))
			return false;
		cue->track = sp_disc_add_track(disc);
		if (!cue->track)
			return false;
		cue->track->number = number;
		cue->track->session = cue->session;
		cue->track->control = line[0] >> 4;
		memcpy(cue->track->isrc, cue->isrc, sizeof(cue->isrc));
		memset(cue->isrc, 0, sizeof(cue->isrc));
	} else if (index != cue->index + 1) {
		return false;
	}
	const unsigned kind = line[3] & ~(unsigned)CUE_FORM_SUB;
	cue->form = cue_form(kind);
	if (!cue->form || (line[3] & CUE_FORM_SUB) == 0x80)
		return false;
	cue->sub = line[3] & CUE_FORM_SUB ? SP_SUB_SIZE : 0;
	cue->packed = (line[3] & CUE_FORM_SUB) == 0xc0;
	/* what is data by its control is data by its form */
	if (!(line[0] >> 4 & SP_CONTROL_DATA) != (cue->form->mode == SP_MODE_AUDIO))
		return false;
	cue->index = index;
	cue->at = at;
	cue->track->index[index] = at;
	if (index == 1) {
		/* a pause of data may come before audio: the track is what its index 1 is */
		cue->track->control = line[0] >> 4;
		cue->track->start = at;
		cue->track->mode = cue->form->mode;
	}
	return true;
}

static bool cue_lead_out(struct cue *cue, sp_lba at)
{
	if (!cue->track || !cue->index)
		return false;
	cue->disc->session[cue->disc->sessions - 1].lead_out = at;
	cue->ended = true;
	return true;
}

/* One line; false: refused. */
static bool cue_line(struct cue *cue, const uint8_t *line)
{
	const unsigned adr = line[0] & 15;
	sp_lba at;

	if (cue->ended)
		return false;
	if (adr == 2)
		return cue_code(cue->mcn, 13, line, 1);
	if (adr == 3 && cue->track && cue->track->session == cue->session &&
	    cue->track->number == line[1])
		return cue_code(cue->track->isrc, 12, line, 2);
	if (adr == 3)
		return cue_code(cue->isrc, 12, line, 2);
	if (adr != 1)
		return false;
	if (!line[1])
		return cue_lead_in(cue, line);
	if (!cue->lead_in || !sp_msf_to_lba((struct sp_msf){line[5], line[6], line[7]}, false, &at))
		return false;
	if (!cue->form && at != cue->first - SP_MSF_OFFSET)
		return false; /* the first track begins with its pause, where the session does */
	if (cue->form && (at <= cue->at || !cue_run(cue, at)))
		return false;
	if (at > (sp_lba)cue->sim->medium->capacity)
		return false;
	return line[1] == LEAD_OUT ? cue_lead_out(cue, at) : cue_track(cue, line, at);
}

/* The session that the sheet fills, and the gap before it. */
static bool cue_begin(struct cue *cue)
{
	const struct sim_medium *m = cue->sim->medium;
	const uint8_t *page = cue->sim->page[SIM_PAGE_WRITE].now;
	const unsigned type = page[8];

	cue->disc = sp_disc_copy(m->disc);
	struct sp_session *session = cue->disc ? sp_disc_add_session(cue->disc) : NULL;
	if (!session)
		return false;
	session->type = type == 0x10 || type == 0x20 ? type : 0;
	cue->session = session->number;
	cue->first = sim_cd_session_start(m);
	if (!m->closed)
		return true;
	const sp_lba before = m->disc->session[m->closed - 1].lead_out;
	const struct sp_region gap = {.session = m->disc->session[m->closed - 1].number,
				      .kind = SP_REGION_GAP,
				      .mode = SP_MODE_AUDIO,
				      .parts = SP_PART_USER};
	return sim_medium_add(cue->disc, &gap, (uint64_t)(cue->first - SP_MSF_OFFSET - before));
}

static bool cue_read(struct cue *cue, const uint8_t *data, size_t lines)
{
	cue->run = calloc(lines, sizeof(cue->run[0]));
	if (!cue->run || !cue_begin(cue))
		return false;
	for (size_t i = 0; i < lines; i++)
		if (!cue_line(cue, data + i * CUE_LINE))
			return false;
	if (sp_mcn_valid(cue->mcn, false))
		memcpy(cue->disc->mcn, cue->mcn, sizeof(cue->mcn));
	for (size_t i = 0; i < cue->disc->tracks; i++)
		if (!sp_isrc_valid(cue->disc->track[i].isrc))
			memset(cue->disc->track[i].isrc, 0, sizeof(cue->disc->track[i].isrc));
	return cue->ended && !sp_disc_check(cue->disc, NULL);
}

void sim_send_cue_sheet(struct sp_sim *sim, struct sp_command *c)
{
	struct sim_medium *m = sim->medium;
	const uint32_t size = get_be32(c->cdb + 5) & 0xffffff;
	struct cue cue = {.sim = sim};

	if ((sim->page[SIM_PAGE_WRITE].now[2] & 15) != 2 || m->writing ||
	    m->disc->sessions > m->closed) {
		sim_fail(c, SIM_SEQUENCE); /* page 05 does not say session at once */
		return;
	}
	if (m->finished || m->ruined) {
		sim_fail(c, SIM_NOT_WRITABLE);
		return;
	}
	const uint8_t *data = sim_sent(c, size);
	if (!data)
		return;
	if (!size || size % CUE_LINE || size / CUE_LINE > CUE_MAX ||
	    !cue_read(&cue, data, size / CUE_LINE)) {
		sp_disc_free(cue.disc);
		free(cue.run);
		sim_fail(c, SIM_INVALID_PARAMETER);
		return;
	}
	sim_medium_begin(sim);
	sim_medium_forget(m);
	m->planned = cue.disc;
	m->run = cue.run;
	m->runs = cue.runs;
	m->lead_in = cue.lead_in_sub;
	m->next = cue.first - SP_MSF_OFFSET;
	m->writing = SIM_WRITING_SESSION;
	while (!m->lead_in && m->runs && !m->run[0].from && !m->run[0].sub &&
	       m->next == m->run[0].lba)
		m->next += (sp_lba)m->run[0].count;
}
