/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Q of all sectors, collected and made a layout. */
#include "drive/qlayout.h"

#include "base/bytes.h"
#include "disc/sector.h"
#include "disc/subchannel.h"

#include <stdlib.h>
#include <string.h>

enum {
	QL_SURE = 2,      /* readings of a code that must agree */
	QL_FEW = 200,     /* sectors in which a code need not come twice */
	QL_NO_MODE = 255, /* of a sector's main channel */
	QL_LEAD_OUT = 0xaa,
	QL_START_FLAG = 150, /* sectors of P at least */
};

struct ql_reading {
	uint8_t q[12];
	uint8_t p;    /* 0, 1; 2: no sub-channel */
	uint8_t mode; /* of the main channel */
};

struct sp_qlayout {
	struct sp_disc *toc;
	sp_lba origin;
	uint64_t count;
	struct ql_reading *reading;
	struct sp_disc *disc; /* in the making */
	struct sp_rip_q *facts;
	const struct sp_notes *notes;
	int late; /* sectors by which P rises late, as the disc shows it */
};

int sp_qlayout_new(struct sp_qlayout **out, const struct sp_disc *toc, struct sp_error *err)
{
	struct sp_qlayout *ql = calloc(1, sizeof(*ql));
	const struct sp_region *first = &toc->region[0], *last = &toc->region[toc->regions - 1];

	if (!ql)
		return sp_fail_memory(err);
	ql->origin = first->lba;
	ql->count = (uint64_t)(last->lba - first->lba) + last->count;
	ql->toc = sp_disc_copy(toc);
	ql->reading = ql->count <= SP_LBA_MSF_END + SP_MSF_OFFSET
			      ? malloc((size_t)ql->count * sizeof(ql->reading[0]))
			      : NULL;
	if (!ql->toc || !ql->reading) {
		sp_qlayout_free(ql);
		return sp_fail_memory(err);
	}
	for (uint64_t i = 0; i < ql->count; i++)
		ql->reading[i] = (struct ql_reading){.p = 2, .mode = QL_NO_MODE};
	*out = ql;
	return 0;
}

void sp_qlayout_free(struct sp_qlayout *ql)
{
	if (!ql)
		return;
	sp_disc_free(ql->toc);
	free(ql->reading);
	free(ql);
}

static struct ql_reading *ql_at(const struct sp_qlayout *ql, sp_lba lba)
{
	return lba < ql->origin || (uint64_t)lba - (uint64_t)ql->origin >= ql->count
		       ? NULL
		       : &ql->reading[lba - ql->origin];
}

void sp_qlayout_take(struct sp_qlayout *ql, sp_lba lba, const uint8_t *pw, unsigned mode)
{
	struct ql_reading *r = ql_at(ql, lba);

	if (!r)
		return;
	if (mode < SP_MODES)
		r->mode = (uint8_t)mode;
	if (!pw || (r->p < 2 && sp_q_valid(r->q)))
		return;
	unsigned ones = 0;
	for (unsigned i = 0; i < SP_SUB_SIZE; i++)
		ones += pw[i] >> 7;
	r->p = ones * 2 > SP_SUB_SIZE;
	sp_sub_get_q(pw, r->q);
}

/* --- positions ----------------------------------------------------------------------------- */

/* What a sector says of itself: track and index, when it says its own place. */
static bool ql_place(const struct sp_qlayout *ql, sp_lba lba, unsigned *track, unsigned *index)
{
	const struct ql_reading *r = ql_at(ql, lba);
	sp_lba said;

	if (!r || r->p > 1 || !sp_q_valid(r->q) || !sp_q_lba(r->q, lba, &said) || said != lba ||
	    !sp_bcd_valid(r->q[1]) || !sp_bcd_valid(r->q[2]))
		return false;
	*track = sp_from_bcd(r->q[1]);
	*index = sp_from_bcd(r->q[2]);
	return true;
}

/* A code where a position could be: nothing is wrong with it, it just does not tell. */
static bool ql_is_code(const struct sp_qlayout *ql, sp_lba lba)
{
	const struct ql_reading *r = ql_at(ql, lba);

	return r && r->p < 2 && sp_q_valid(r->q) && (r->q[0] & 15) != 1;
}

static bool ql_p_rises(const struct sp_qlayout *ql, sp_lba lba)
{
	const struct ql_reading *a = ql_at(ql, lba - 1), *b = ql_at(ql, lba);

	return a && b && a->p == 0 && b->p == 1;
}

/* Something begins behind `before`, which is another's, and at `sure` at the latest. */
static sp_lba ql_begin(const struct sp_qlayout *ql, sp_lba before, sp_lba sure, bool p,
		       unsigned *unsure)
{
	bool codes = true;

	*unsure = (unsigned)(sure - before - 1);
	for (sp_lba lba = before + 1; lba < sure; lba++)
		codes = codes && ql_is_code(ql, lba);
	for (sp_lba lba = before + 1 + ql->late; p && lba <= sure + ql->late; lba++)
		if (ql_p_rises(ql, lba)) {
			*unsure = 0;
			return lba - ql->late;
		}
	return codes ? before + 1 : sure;
}

/* Index 00 of the track behind `t`: SP_LBA_NONE where there is none. */
static sp_lba ql_gap(const struct sp_qlayout *ql, const struct sp_track *t,
		     struct sp_rip_q_track *facts, bool *sure)
{
	const struct sp_track *next = t + 1;
	sp_lba first = SP_LBA_NONE, before = t->start;
	unsigned track, index;

	facts->gap_sure = 0;
	for (sp_lba lba = next->start - 1; lba > t->start; lba--) {
		if (!ql_place(ql, lba, &track, &index))
			continue;
		if (track != next->number || index != 0) {
			before = lba;
			break;
		}
		first = lba;
		facts->gap_sure++;
	}
	if (first == SP_LBA_NONE)
		return SP_LBA_NONE;
	*sure = first == before + 1;
	return ql_begin(ql, before, first, next->start - first > QL_START_FLAG, &facts->gap_unsure);
}

/* How late P is, by the gaps whose begin Q tells exactly. */
static void ql_calibrate(struct sp_qlayout *ql)
{
	int votes = 0;

	for (size_t i = 0; i + 1 < ql->disc->tracks; i++) {
		struct sp_rip_q_track facts;
		bool sure = false;
		const sp_lba gap = ql_gap(ql, &ql->disc->track[i], &facts, &sure);

		if (!sure || ql->disc->track[i + 1].start - gap <= QL_START_FLAG)
			continue;
		votes += ql_p_rises(ql, gap + 1) - ql_p_rises(ql, gap);
	}
	ql->late = votes > 0;
}

static void ql_gaps(struct sp_qlayout *ql)
{
	struct sp_disc *disc = ql->disc;

	ql_calibrate(ql);
	for (size_t i = 0; i + 1 < disc->tracks; i++) {
		struct sp_track *t = &disc->track[i], *next = t + 1;
		bool sure;

		if (t->session != next->session)
			continue;
		const sp_lba gap = ql_gap(ql, t, &ql->facts->track[next->number], &sure);
		if (gap == SP_LBA_NONE)
			continue;
		next->index[0] = gap;
		t->length = (uint64_t)(gap - t->start);
	}
}

/* Indexes 02 and on of a track: each begins at the first sector that says so. */
static void ql_indexes(struct sp_qlayout *ql, struct sp_track *t)
{
	const sp_lba end = t->start + (sp_lba)t->length;
	sp_lba before = t->start;
	unsigned now = 1, track, index, unsure;

	for (sp_lba lba = t->start; lba < end; lba++) {
		if (!ql_place(ql, lba, &track, &index) || track != t->number)
			continue;
		/* the next one only: a single Q that says something else is damage with luck */
		if (index == now + 1) {
			now = index;
			t->index[now] = ql_begin(ql, before, lba, false, &unsure);
		} else if (index != now && lba == t->start) {
			sp_note(ql->notes, "track %u: Q says index %u where the TOC has it begin",
				t->number, index);
		}
		before = lba;
	}
}

/* --- control and codes --------------------------------------------------------------------- */

static void ql_control(struct sp_qlayout *ql, struct sp_track *t)
{
	struct sp_rip_q_track *facts = &ql->facts->track[t->number];
	uint64_t said[16] = {0};
	unsigned track, index, most = 16;

	for (sp_lba lba = t->start; lba < t->start + (sp_lba)t->length; lba++)
		if (ql_place(ql, lba, &track, &index) && track == t->number) {
			said[ql_at(ql, lba)->q[0] >> 4]++;
			facts->right++;
		}
	for (unsigned i = 0; i < 16; i++)
		if (said[i] && (most == 16 || said[i] > said[most]))
			most = i;
	facts->q_control = most;
	if (most == 16 || most == t->control)
		return;
	sp_note(ql->notes, "track %u: control is %X in the TOC and %X in Q of %llu sectors",
		t->number, t->control, most, (unsigned long long)said[most]);
	/* pre-emphasis is on whichever says so: the sound is made with it */
	if (t->mode == SP_MODE_AUDIO && !(most & SP_CONTROL_DATA))
		t->control |= most & SP_CONTROL_PREEMPHASIS;
}

/* One code out of readings. */
struct ql_code {
	struct sp_q_vote vote;
	unsigned readings, held; /* held: of the one taken */
	char first[14];          /* the first reading, which is not counted */
	bool begun;
};

static void ql_code_take(struct ql_code *c, const char *text, bool skip)
{
	if (skip && !c->begun)
		memcpy(c->first, text, strlen(text) + 1);
	else
		sp_q_vote(&c->vote, text);
	c->begun = true;
	c->readings++;
}

/* The code most readings have, when they are enough or the drive agrees; "" else. */
static const char *ql_code_decide(struct ql_code *c, const char *drive, bool *needed)
{
	*needed = false;
	if (c->vote.lead >= QL_SURE)
		return c->vote.text;
	const char *hint = c->vote.lead ? c->vote.text : c->first;
	*needed = drive && drive[0] && (!c->readings || !strcmp(drive, hint));
	return *needed ? drive : "";
}

/* The drive's word, where Q's is not enough: readings that are too few, or none in so few sectors
 * that there need not be one. */
static const char *ql_ask(sp_qlayout_code_fn *code, void *user, unsigned track, uint64_t sectors,
			  const struct ql_code *c)
{
	const bool wanted = c->readings ? c->vote.lead < QL_SURE : sectors < QL_FEW;

	return code && wanted ? code(user, track) : NULL;
}

static void ql_mcn(struct sp_qlayout *ql, sp_qlayout_code_fn *code, void *user)
{
	struct ql_code c = {.readings = 0};
	char text[14];

	for (uint64_t i = 0; i < ql->count; i++)
		if (ql->reading[i].p < 2 && sp_q_get_mcn(ql->reading[i].q, text))
			ql_code_take(&c, text, false);
	const char *taken =
		ql_code_decide(&c, ql_ask(code, user, 0, ql->count, &c), &ql->facts->mcn_drive);
	for (uint64_t i = 0; i < ql->count; i++)
		if (ql->reading[i].p < 2 && sp_q_get_mcn(ql->reading[i].q, text))
			*(strcmp(text, taken) ? &ql->facts->mcn_not : &ql->facts->mcn) += 1;
	if (c.readings && !taken[0])
		sp_note(ql->notes, "MCN: %u readings that do not agree; none is taken", c.readings);
	memcpy(ql->disc->mcn, taken, strlen(taken) + 1);
}

static void ql_isrc(struct sp_qlayout *ql, struct sp_track *t, sp_qlayout_code_fn *code, void *user)
{
	struct sp_rip_q_track *facts = &ql->facts->track[t->number];
	const sp_lba end = t->start + (sp_lba)t->length;
	struct ql_code c = {.readings = 0};
	char text[13];

	for (sp_lba lba = t->start; lba < end; lba++) {
		const struct ql_reading *r = ql_at(ql, lba);

		if (r && r->p < 2 && sp_q_get_isrc(r->q, text))
			ql_code_take(&c, text, true);
	}
	const char *taken = ql_code_decide(&c, ql_ask(code, user, t->number, t->length, &c),
					   &facts->isrc_drive);
	for (sp_lba lba = t->start; lba < end; lba++) {
		const struct ql_reading *r = ql_at(ql, lba);

		if (r && r->p < 2 && sp_q_get_isrc(r->q, text))
			*(strcmp(text, taken) ? &facts->isrc_not : &facts->isrc) += 1;
	}
	if (c.readings && !taken[0])
		sp_note(ql->notes,
			"track %u: ISRC: %u reading%s, too few that agree; none is taken",
			t->number, c.readings, c.readings == 1 ? "" : "s");
	memcpy(t->isrc, taken, strlen(taken) + 1);
}

/* The same ISRC on two tracks is a drive that did not follow. */
static void ql_isrc_twice(struct sp_qlayout *ql)
{
	struct sp_disc *disc = ql->disc;
	bool twice[SP_TRACK_MAX] = {false};

	for (size_t i = 0; i < disc->tracks; i++)
		for (size_t j = i + 1; j < disc->tracks && disc->track[i].isrc[0]; j++)
			if (!strcmp(disc->track[i].isrc, disc->track[j].isrc))
				twice[i] = twice[j] = true;
	for (size_t i = 0; i < disc->tracks; i++)
		if (twice[i]) {
			sp_note(ql->notes, "track %u: ISRC %s is another track's too; not taken",
				disc->track[i].number, disc->track[i].isrc);
			disc->track[i].isrc[0] = '\0';
		}
}

/* --- regions ------------------------------------------------------------------------------- */

static unsigned ql_mode(const struct sp_qlayout *ql, sp_lba lba, unsigned otherwise)
{
	const struct ql_reading *r = ql_at(ql, lba);

	return r && r->mode != QL_NO_MODE ? r->mode : otherwise;
}

/* Parts of one mode of [from, end), added as regions like `like`; where a sector's mode is not
 * known it is that of the one before it. */
static int ql_cut(struct sp_qlayout *ql, const struct sp_region *like, sp_lba from, sp_lba end,
		  struct sp_error *err)
{
	unsigned mode = like->mode;

	for (sp_lba lba = from; lba < end; lba++) /* the first one that is known */
		if (ql_mode(ql, lba, QL_NO_MODE) != QL_NO_MODE) {
			mode = ql_mode(ql, lba, mode);
			break;
		}
	while (from < end) {
		struct sp_region r = *like;
		sp_lba to = from;

		mode = ql_mode(ql, from, mode);
		while (to < end && ql_mode(ql, to, mode) == mode)
			to++;
		r.lba = from;
		r.count = (uint64_t)(to - from);
		r.mode = mode;
		r.parts = sp_mode_parts(mode) | (like->parts & SP_PART_PW);
		if (!sp_disc_add_region(ql->disc, &r))
			return sp_fail_memory(err);
		from = to;
	}
	return 0;
}

/* The TOC's regions, in which index 00 of the next track makes a pregap of the end. */
static int ql_regions(struct sp_qlayout *ql, struct sp_error *err)
{
	const struct sp_disc *toc = ql->toc;
	int rc = 0;

	ql->disc->regions = 0;
	for (size_t i = 0; !rc && i < toc->regions; i++) {
		struct sp_region r = toc->region[i];
		const sp_lba end = r.lba + (sp_lba)r.count;
		const struct sp_track *next = sp_disc_track(ql->disc, r.track + 1);
		sp_lba gap = SP_LBA_NONE;

		if (r.kind == SP_REGION_TRACK && next && next->session == r.session &&
		    next->index[0] > r.lba && next->index[0] < end)
			gap = next->index[0];
		if (gap != SP_LBA_NONE)
			r.count = (uint64_t)(gap - r.lba);
		if (!sp_disc_add_region(ql->disc, &r))
			return sp_fail_memory(err);
		if (gap == SP_LBA_NONE)
			continue;
		r.track = next->number;
		r.kind = SP_REGION_PREGAP;
		rc = ql_cut(ql, &r, gap, end, err);
	}
	return rc;
}

static void ql_count(struct sp_qlayout *ql)
{
	struct sp_rip_q *facts = ql->facts;
	unsigned track, index;

	for (uint64_t i = 0; i < ql->count; i++) {
		const struct ql_reading *r = &ql->reading[i];
		const sp_lba lba = ql->origin + (sp_lba)i;

		if (r->p > 1)
			continue;
		facts->sectors++;
		if (!sp_q_valid(r->q))
			facts->wrong++;
		else if ((r->q[0] & 15) == 1 && r->q[1] != QL_LEAD_OUT &&
			 !ql_place(ql, lba, &track, &index))
			facts->elsewhere++;
		else
			facts->right++;
	}
}

int sp_qlayout_finish(struct sp_qlayout *ql, struct sp_disc **out, struct sp_rip_q *facts,
		      sp_qlayout_code_fn *code, void *user, const struct sp_notes *notes,
		      struct sp_error *err)
{
	struct sp_disc *disc = sp_disc_copy(ql->toc);

	*facts = (struct sp_rip_q){0};
	if (!disc)
		return sp_fail_memory(err);
	ql->disc = disc;
	ql->facts = facts;
	ql->notes = notes;
	ql_count(ql);
	ql_gaps(ql);
	for (size_t i = 0; i < disc->tracks; i++) {
		ql_control(ql, &disc->track[i]);
		ql_indexes(ql, &disc->track[i]);
		ql_isrc(ql, &disc->track[i], code, user);
	}
	ql_isrc_twice(ql);
	ql_mcn(ql, code, user);
	int rc = ql_regions(ql, err);
	if (!rc)
		rc = sp_disc_check(disc, err);
	ql->disc = NULL;
	if (rc < 0)
		sp_disc_free(disc);
	else
		*out = disc;
	return rc;
}
