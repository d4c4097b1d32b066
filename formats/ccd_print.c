/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a new .img has a disc's sectors, and the CloneCD sheet that says so. */
#include "formats/ccd.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	PRINT_PLBA_END = 404850, /* 90:00:00 reads as lead-in: from here on an LBA is written so */
	PRINT_WRAP = 450000,
	PRINT_LEAD_IN = 4500, /* sectors of a lead-in, before the pregap: Orange Book */
};

struct print_state {
	char *text;
	size_t size, room;
	bool failed; /* no memory */
	const struct sp_disc *disc;
	const struct sp_ccd_part *part;
	unsigned entries;
};

static void print_put(struct print_state *s, const char *fmt, ...) SP_PRINTF(2, 3);

static void print_put(struct print_state *s, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	const int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (s->failed || n < 0)
		return;
	if (s->room - s->size < (size_t)n + 1) {
		const size_t room = (s->room + (size_t)n) * 2 + 1024;
		char *text = realloc(s->text, room);

		s->failed = !text;
		if (!text)
			return;
		s->text = text;
		s->room = room;
	}
	va_start(args, fmt);
	vsnprintf(s->text + s->size, (size_t)n + 1, fmt, args);
	va_end(args);
	s->size += (size_t)n;
}

/* First and last track of a session. */
static const struct sp_track *print_first(const struct sp_disc *disc, unsigned session,
					  const struct sp_track **last)
{
	const struct sp_track *first = NULL;

	*last = NULL;
	for (size_t i = 0; i < disc->tracks; i++) {
		if (disc->track[i].session != session)
			continue;
		first = first ? first : &disc->track[i];
		*last = &disc->track[i];
	}
	return first;
}

void sp_ccd_plan(const struct sp_disc *disc, struct sp_ccd_part part[SP_TRACK_MAX + 1])
{
	const sp_lba begin = disc->regions ? disc->region[0].lba : 0;
	uint64_t at = 0;

	for (size_t i = 0; i < disc->sessions; i++) {
		const struct sp_session *session = &disc->session[i];
		const struct sp_track *last;
		const struct sp_track *first = print_first(disc, session->number, &last);
		struct sp_ccd_part *p = &part[session->number];

		if (!first)
			continue;
		const bool has = first->index[0] != SP_LBA_NONE;
		const uint64_t pregap = has ? (uint64_t)(first->start - first->index[0]) : 0;
		const uint64_t stored = pregap > SP_MSF_OFFSET ? pregap - SP_MSF_OFFSET : 0;

		p->at = at;
		/* the .img of a whole disc begins at LBA 0 */
		p->base = !i && begin <= 0 ? 0 : first->start - (sp_lba)stored;
		p->implied = !i && begin <= 0 ? SP_MSF_OFFSET : pregap - stored;
		p->count = (uint64_t)(session->lead_out - p->base);
		at += p->count;
	}
}

/* P is a place or, for A0 and A1, numbers; PLBA is the same as an LBA in both. */
static void print_entry(struct print_state *s, unsigned session, unsigned point, unsigned control,
			struct sp_msf p)
{
	const bool numbers = point == SP_CCD_A0 || point == SP_CCD_A1;
	const bool five = point >= SP_CCD_B0;
	struct sp_msf a = {0, 0, 0};
	unsigned zero = 0;
	sp_lba alba = -SP_MSF_OFFSET;
	int64_t plba = ((int64_t)p.m * 60 + p.s) * 75 + p.f - SP_MSF_OFFSET;

	if (plba >= PRINT_PLBA_END && !numbers)
		plba -= PRINT_WRAP;
	if (point == SP_CCD_B0) { /* A: where the next program area begins. MMC, table "Q mode 5" */
		alba = s->part[session + 1].base;
		sp_lba_to_msf(alba, &a);
		zero = session == 1 ? 2 : 1;
	}
	print_put(s,
		  "[Entry %u]\r\nSession=%u\r\nPoint=0x%02x\r\nADR=0x%02x\r\nControl=0x%02x\r\n"
		  "TrackNo=0\r\nAMin=%u\r\nASec=%u\r\nAFrame=%u\r\nALBA=%" PRId64 "\r\nZero=%u\r\n"
		  "PMin=%u\r\nPSec=%u\r\nPFrame=%u\r\nPLBA=%" PRId64 "\r\n\r\n",
		  s->entries++, session, point, five ? 5 : 1, control, a.m, a.s, a.f, (int64_t)alba,
		  zero, p.m, p.s, p.f, plba);
}

static void print_at(struct print_state *s, unsigned session, unsigned point, unsigned control,
		     sp_lba lba)
{
	struct sp_msf msf = {0, 0, 0};

	sp_lba_to_msf(lba, &msf);
	print_entry(s, session, point, control, msf);
}

static void print_session(struct print_state *s, const struct sp_session *session)
{
	const struct sp_disc *disc = s->disc;
	const struct sp_track *last, *first = print_first(disc, session->number, &last);
	const unsigned n = session->number;
	const sp_lba end = disc->session[disc->sessions - 1].lead_out;

	if (!first)
		return;
	print_entry(s, n, SP_CCD_A0, first->control,
		    (struct sp_msf){(uint8_t)first->number, (uint8_t)session->type, 0});
	print_entry(s, n, SP_CCD_A1, last->control, (struct sp_msf){(uint8_t)last->number, 0, 0});
	print_at(s, n, SP_CCD_A2, last->control, session->lead_out);
	if (n < disc->sessions) {
		print_at(s, n, SP_CCD_B0, last->control, end);
		if (n == 1)
			print_at(s, n, SP_CCD_C0, last->control, -SP_MSF_OFFSET - PRINT_LEAD_IN);
	}
	for (const struct sp_track *t = first; t <= last; t++)
		print_at(s, n, t->number, t->control, t->start);
}

static unsigned print_mode(unsigned mode)
{
	return mode == SP_MODE_AUDIO ? 0
	       : mode == SP_MODE_MODE2 || mode == SP_MODE_XA || mode == SP_MODE_XA_FORM1 ||
			       mode == SP_MODE_XA_FORM2
		       ? 2
		       : 1;
}

static void print_track(struct print_state *s, const struct sp_track *t)
{
	static const struct {
		unsigned bit;
		const char *name;
	} flag[] = {{SP_CONTROL_COPY, "DCP"},
		    {SP_CONTROL_FOUR_CHANNEL, "4CH"},
		    {SP_CONTROL_PREEMPHASIS, "PRE"}};
	const struct sp_ccd_part *part = &s->part[t->session];
	const bool first = t == s->disc->track || t[-1].session != t->session;
	/* of a session's first pregap only what is not the usual 150 is worth a word */
	const bool odd = part->base < t->start || part->implied != SP_MSF_OFFSET;
	const char *before = "FLAGS=";

	print_put(s, "[TRACK %u]\r\nMODE=%u\r\n", t->number, print_mode(t->mode));
	for (size_t i = 0; i < sizeof(flag) / sizeof(flag[0]); i++) {
		if (!(t->control & flag[i].bit))
			continue;
		print_put(s, "%s%s", before, flag[i].name);
		before = " ";
	}
	print_put(s, "%s%s%s%s", *before == ' ' ? "\r\n" : "", *t->isrc ? "ISRC=" : "", t->isrc,
		  *t->isrc ? "\r\n" : "");
	for (unsigned i = 0; i <= SP_INDEX_MAX; i++) {
		if (t->index[i] == SP_LBA_NONE || (!i && first && !odd))
			continue;
		int64_t at = t->index[i] - part->base;
		if (!i && first) /* the 150 sectors before the file need no number */
			at = part->implied == SP_MSF_OFFSET ? 0 : -(int64_t)part->implied;
		print_put(s, "INDEX %u=%" PRId64 "\r\n", i, at);
	}
	print_put(s, "\r\n");
}

static void print_head(struct print_state *s, size_t size)
{
	const struct sp_disc *disc = s->disc;
	size_t entries = disc->tracks + 3 * disc->sessions + (disc->sessions - 1);

	if (disc->sessions > 1)
		entries++;
	print_put(s,
		  "[CloneCD]\r\nVersion=3\r\n\r\n[Disc]\r\nTocEntries=%zu\r\nSessions=%zu\r\n"
		  "DataTracksScrambled=0\r\nCDTextLength=%zu\r\n",
		  entries, disc->sessions, size);
	if (*disc->mcn)
		print_put(s, "CATALOG=%s\r\n", disc->mcn);
	print_put(s, "\r\n");
	for (size_t i = 0; i < disc->sessions; i++) {
		const struct sp_track *last;
		const struct sp_track *first = print_first(disc, disc->session[i].number, &last);

		print_put(s, "[Session %u]\r\nPreGapMode=%u\r\nPreGapSubC=0\r\n\r\n",
			  disc->session[i].number, first ? print_mode(first->mode) : 0);
	}
}

static void print_cdtext(struct print_state *s, const uint8_t *packs, size_t count)
{
	print_put(s, "[CDText]\r\nEntries=%zu\r\n", count);
	for (size_t i = 0; i < count; i++, packs += SP_CCD_PACK) {
		print_put(s, "Entry %zu=", i);
		for (unsigned k = 0; k < SP_CCD_PACK - 2; k++)
			print_put(s, "%s%02x", k ? " " : "", packs[k]);
		print_put(s, "\r\n");
	}
}

int sp_ccd_print(const struct sp_disc *disc, const struct sp_ccd_part part[SP_TRACK_MAX + 1],
		 const uint8_t *packs, size_t size, char **text, size_t *text_size,
		 struct sp_error *err)
{
	struct print_state s = {.disc = disc, .part = part};

	*text = NULL;
	print_head(&s, size);
	for (size_t i = 0; i < disc->sessions; i++)
		print_session(&s, &disc->session[i]);
	for (size_t i = 0; i < disc->tracks; i++)
		print_track(&s, &disc->track[i]);
	if (size)
		print_cdtext(&s, packs, size / SP_CCD_PACK);
	if (s.failed) {
		free(s.text);
		return sp_fail_memory(err);
	}
	*text = s.text;
	*text_size = s.size;
	return 0;
}
