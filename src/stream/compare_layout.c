/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first difference between two layouts, in words. */
#include "stream/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct layout_pair {
	const struct sp_disc *a, *b;
	bool plain; /* one of them is no more than a row of data sectors */
	char *text;
	size_t size;
};

static bool layout_plain(const struct sp_disc *disc)
{
	if (disc->medium != SP_MEDIUM_CD && disc->medium != SP_MEDIUM_GD)
		return true;
	if (disc->tracks > 1)
		return false;
	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *r = &disc->region[i];

		if (r->stored && r->mode != SP_MODE_DATA2048 && r->mode != SP_MODE_BLOCK512)
			return false;
	}
	return true;
}

static const char *layout_word(const char *text)
{
	return text && *text ? text : "none";
}

/* "what: x and y"; true when that is the difference. */
static bool layout_number(struct layout_pair *p, const char *what, unsigned track, int64_t a,
			  int64_t b)
{
	char from[24] = "none", to[24] = "none";

	if (a == b)
		return false;
	if (a != SP_LBA_NONE)
		snprintf(from, sizeof(from), "%" PRId64, a);
	if (b != SP_LBA_NONE)
		snprintf(to, sizeof(to), "%" PRId64, b);
	if (track)
		snprintf(p->text, p->size, "%s of track %u: %s and %s", what, track, from, to);
	else
		snprintf(p->text, p->size, "%s: %s and %s", what, from, to);
	return true;
}

/* Which form a sector of XA has is the sectors' affair; bare user data may be of any data mode. */
static bool layout_mode_differs(unsigned a, unsigned b)
{
	if (a == SP_MODE_DATA2048 || b == SP_MODE_DATA2048)
		return (a == SP_MODE_AUDIO) != (b == SP_MODE_AUDIO);
	return strcmp(sp_mode_name(a), sp_mode_name(b));
}

static bool layout_indexes(struct layout_pair *p, const struct sp_track *a,
			   const struct sp_track *b)
{
	char what[16];

	for (unsigned i = 0; i <= SP_INDEX_MAX; i++) {
		snprintf(what, sizeof(what), "INDEX %02u", i);
		if (layout_number(p, what, a->number, a->index[i], b->index[i]))
			return true;
	}
	return false;
}

static bool layout_track(struct layout_pair *p, const struct sp_track *a, const struct sp_track *b)
{
	if (layout_number(p, "number", a->number, a->number, b->number) ||
	    layout_number(p, "start", a->number, a->start, b->start) ||
	    layout_number(p, "length", a->number, (int64_t)a->length, (int64_t)b->length))
		return true;
	if (layout_mode_differs(a->mode, b->mode)) {
		snprintf(p->text, p->size, "mode of track %u: %s and %s", a->number,
			 sp_mode_name(a->mode), sp_mode_name(b->mode));
		return true;
	}
	if (p->plain)
		return false;
	if (layout_number(p, "session", a->number, a->session, b->session) ||
	    layout_number(p, "control flags", a->number, a->control, b->control) ||
	    layout_indexes(p, a, b))
		return true;
	if (!strcmp(a->isrc, b->isrc))
		return false;
	snprintf(p->text, p->size, "ISRC of track %u: %s and %s", a->number, layout_word(a->isrc),
		 layout_word(b->isrc));
	return true;
}

static const char *layout_text_name(unsigned type)
{
	static const char *const name[] = {"title",    "performer", "songwriter", "composer",
					   "arranger", "message",   "disc id",    "genre"};

	if (type == SP_TEXT_CLOSED)
		return "closed information";
	return type - SP_TEXT_TITLE < sizeof(name) / sizeof(name[0]) ? name[type - SP_TEXT_TITLE]
								     : "UPC/EAN or ISRC text";
}

/* Texts of `from` that `in` has not, or not so. Their words are not printed: any byte may be in
 * them. */
static bool layout_texts(struct layout_pair *p, const struct sp_disc *from,
			 const struct sp_disc *in)
{
	for (size_t i = 0; i < from->texts; i++) {
		const struct sp_text *t = &from->text[i];
		const char *other;

		if (t->type == SP_TEXT_REMARK)
			continue;
		other = sp_disc_block_text(in, t->block, t->track, t->type);
		if (other && !strcmp(other, t->text))
			continue;
		char block[24] = "";

		if (t->block)
			snprintf(block, sizeof(block), " in block %u", t->block);
		if (t->track)
			snprintf(p->text, p->size, "CD-Text: the %s of track %u%s",
				 layout_text_name(t->type), t->track, block);
		else
			snprintf(p->text, p->size, "CD-Text: the %s of the disc%s",
				 layout_text_name(t->type), block);
		return true;
	}
	return false;
}

/* Where both say in what language a block is. */
static bool layout_languages(struct layout_pair *p)
{
	for (unsigned i = 0; i < SP_TEXT_BLOCKS; i++) {
		const unsigned a = p->a->block[i].language, b = p->b->block[i].language;

		if (!a || !b || a == b)
			continue;
		snprintf(p->text, p->size, "CD-Text: the language of block %u: 0x%02x and 0x%02x",
			 i, a, b);
		return true;
	}
	return false;
}

static bool layout_sessions(struct layout_pair *p)
{
	char what[40];

	if (layout_number(p, "sessions", 0, (int64_t)p->a->sessions, (int64_t)p->b->sessions))
		return true;
	for (size_t i = 0; i < p->a->sessions; i++) {
		snprintf(what, sizeof(what), "lead-out of session %u", p->a->session[i].number);
		if (layout_number(p, what, 0, p->a->session[i].lead_out, p->b->session[i].lead_out))
			return true;
	}
	return false;
}

void sp_compare_layout(const struct sp_disc *a, const struct sp_disc *b, char *text, size_t size)
{
	struct layout_pair p = {a, b, layout_plain(a) || layout_plain(b), text, size};

	text[0] = '\0';
	if (p.plain && (!a->tracks || !b->tracks))
		return;
	if (layout_number(&p, "tracks", 0, (int64_t)a->tracks, (int64_t)b->tracks))
		return;
	for (size_t i = 0; i < a->tracks; i++)
		if (layout_track(&p, &a->track[i], &b->track[i]))
			return;
	if (p.plain || layout_sessions(&p))
		return;
	if (strcmp(a->mcn, b->mcn))
		snprintf(text, size, "MCN: %s and %s", layout_word(a->mcn), layout_word(b->mcn));
	else if (!layout_texts(&p, a, b) && !layout_texts(&p, b, a))
		layout_languages(&p);
}
