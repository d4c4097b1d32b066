/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of a sheet, in the one form every program takes: CR LF, UTF-8 without a mark, codes and
 * flags before INDEX. */
#include "base/bytes.h"
#include "disc/cdtext.h"
#include "formats/cue_text.h"
#include "formats/cue_write.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cue_printer {
	const struct sp_cue_plan *plan;
	const struct sp_disc *disc;
	struct sp_error *err;
	char *text;
	size_t size, room;
	size_t file;  /* the last one named; SIZE_MAX: none */
	bool letters; /* some text is not ASCII */
	bool packs;   /* a file of packs holds what no line can of block 0 */
	int status;   /* the first failure */
};

static void print_fail(struct cue_printer *p, const char *what)
{
	if (!p->status)
		p->status = sp_fail(p->err, SP_ERR_UNSUPPORTED, "%s: a sheet cannot hold %s",
				    p->plan->name, what);
}

/* One line. */
static void print_line(struct cue_printer *p, const char *fmt, ...) SP_PRINTF(2, 3);

static void print_line(struct cue_printer *p, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	const int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (p->status || n < 0)
		return;
	if (p->room - p->size < (size_t)n + 3) {
		const size_t room = (p->room + (size_t)n) * 2 + 1024;
		char *text = realloc(p->text, room);

		if (!text) {
			p->status = sp_fail_memory(p->err);
			return;
		}
		p->text = text;
		p->room = room;
	}
	va_start(args, fmt);
	vsnprintf(p->text + p->size, (size_t)n + 1, fmt, args);
	va_end(args);
	p->size += (size_t)n;
	memcpy(p->text + p->size, "\r\n", 3);
	p->size += 2;
}

/* `fmt` with a time in it. */
static void print_time(struct cue_printer *p, const char *before, uint64_t frames)
{
	struct sp_msf msf;

	if (sp_frames_to_msf(frames, &msf))
		print_line(p, "%s %02u:%02u:%02u", before, msf.m, msf.s, msf.f);
	else if (!p->status)
		p->status = sp_fail(p->err, SP_ERR_UNSUPPORTED,
				    "%s: a file of %llu sectors; a sheet's times end at 99:59:74",
				    p->plan->name, (unsigned long long)frames);
}

static void print_file(struct cue_printer *p, const struct sp_cue_spot *spot)
{
	if (!spot || spot->file == p->file)
		return;
	p->file = spot->file;
	const struct sp_cue_out *out = &p->plan->out[p->file];
	/* WAVE is the word for every sound file: players go by content */
	print_line(p, "FILE \"%s\" %s", out->name, out->sound ? "WAVE" : "BINARY");
}

/* Letters a line of text cannot hold. A tab is one it can. */
static bool print_controls(const char *text)
{
	for (const char *c = text; *c; c++)
		if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
			return true;
	return false;
}

/* Without the control characters, which are counted as lost before it comes to this. */
static void print_keyword(struct cue_printer *p, const char *indent, const char *keyword,
			  const char *text)
{
	char *line = malloc(strlen(text) + 1);
	size_t n = 0;

	if (!line) {
		p->status = sp_fail_memory(p->err);
		return;
	}
	for (const char *c = text; *c; c++)
		if (((unsigned char)*c >= 0x20 || *c == '\t') && *c != 0x7f)
			line[n++] = *c;
	line[n] = '\0';
	if (n)
		print_line(p, "%s%s \"%s\"", indent, keyword, line);
	free(line);
}

static void print_text(struct cue_printer *p, const struct sp_text *text)
{
	const bool remark = text->type == SP_TEXT_REMARK;
	const char *keyword = remark ? "REM" : sp_cue_text_keyword(text->type);
	const char *indent = text->track ? "    " : "";

	if (!*text->text || p->status)
		return;
	if (!keyword || (!sp_cdtext_is_line(text) && !remark && p->packs))
		return;
	if (remark && print_controls(text->text)) {
		p->status = sp_fail(p->err, SP_ERR_UNSUPPORTED,
				    "%s: the REM of track %u holds a control character, which a "
				    "sheet cannot",
				    p->plan->name, text->track);
		return;
	}
	for (const char *c = text->text; *c; c++)
		p->letters = p->letters || (unsigned char)*c >= 0x80;
	if (!remark)
		print_keyword(p, indent, keyword, text->text);
	else if (sp_cue_remark_structural(text->text)) /* from another kind of sheet */
		print_line(p, "%sREM COMMENT %s", indent, text->text);
	else
		print_line(p, "%sREM %s", indent, text->text);
}

/* A disc whose own packs have a line break in a message keeps it there. */
static int print_packs(struct cue_printer *p)
{
	struct sp_cdtext_lost lost;
	uint8_t *packs = NULL;
	size_t size;
	const int r = sp_cdtext_packs(p->disc, SP_CDTEXT_BESIDE, &packs, &size, &lost, p->err);

	p->packs = size && !(lost.blocks & 1);
	free(packs);
	return r;
}

static void print_texts(struct cue_printer *p, unsigned track, bool remarks)
{
	for (size_t i = 0; i < p->disc->texts; i++) {
		const struct sp_text *text = &p->disc->text[i];

		if (text->track == track && !text->block &&
		    (text->type == SP_TEXT_REMARK) == remarks)
			print_text(p, text);
	}
}

/* Sectors of one kind and track that are in no file, of those from LBA 0 on. */
static uint64_t print_unstored(const struct cue_printer *p, const struct sp_track *track,
			       unsigned kind)
{
	uint64_t count = 0;

	for (size_t i = 0; i < p->disc->regions; i++) {
		const struct sp_region *r = &p->disc->region[i];
		const sp_lba end = r->lba + (sp_lba)r->count;

		if (r->track == track->number && r->kind == kind && end > 0 &&
		    !sp_cue_stored(p->plan, r))
			count += (uint64_t)(end - (r->lba < 0 ? 0 : r->lba));
	}
	return count;
}

/* The first sector of the track that is in a file. */
static const struct sp_cue_spot *print_first(const struct cue_printer *p,
					     const struct sp_track *track)
{
	for (size_t i = 0; i < p->disc->regions; i++) {
		const struct sp_region *r = &p->disc->region[i];

		if (r->track == track->number && sp_cue_stored(p->plan, r))
			return sp_cue_spot(p->plan, r->lba < 0 ? 0 : r->lba);
	}
	return NULL;
}

/* What parts two sessions, as lengths; or, where it is in the file, as a place there. */
static void print_gap(struct cue_printer *p, const struct sp_track *track, uint64_t pregap)
{
	const struct sp_disc *disc = p->disc;
	const bool joined = p->plan->joined[track->session];
	const sp_lba lead_out = disc->session[track->session - 2].lead_out;
	const struct sp_cue_spot *gap = sp_cue_spot(p->plan, lead_out);
	const sp_lba start = track->index[0] != SP_LBA_NONE ? track->index[0] : track->start;
	const uint64_t length = start > lead_out ? (uint64_t)(start - lead_out) : 0;
	const uint64_t lead_in = length < SP_CUE_LEAD_IN ? 0 : SP_CUE_LEAD_IN;

	if (disc->medium == SP_MEDIUM_GD) {
		print_line(p, "REM HIGH-DENSITY AREA");
		if (pregap)
			print_time(p, "REM PREGAP", pregap);
		return;
	}
	if (joined && gap)
		print_time(p, "REM LEAD-OUT", gap->frame + (uint64_t)(lead_out - gap->lba));
	else
		print_time(p, "REM LEAD-OUT", length - lead_in);
	print_line(p, "REM SESSION %02u", track->session);
	if (!joined) {
		print_time(p, "REM LEAD-IN", lead_in);
		print_time(p, "REM PREGAP", pregap);
	} else if (start == track->start || !sp_cue_spot(p->plan, start)) {
		/* else the 150 sectors before INDEX 01 would be taken for the pregap */
		print_time(p, "REM PREGAP", 0);
	}
}

static void print_session(struct cue_printer *p, const struct sp_track *track, uint64_t pregap)
{
	if (track != p->disc->track)
		print_gap(p, track, pregap);
	else if (p->disc->medium == SP_MEDIUM_GD)
		print_line(p, "REM SINGLE-DENSITY AREA");
	else if (p->disc->sessions > 1)
		print_line(p, "REM SESSION 01");
}

static void print_indexes(struct cue_printer *p, const struct sp_track *track,
			  const struct sp_cue_spot *first)
{
	char word[16];

	for (unsigned i = 0; i <= SP_INDEX_MAX; i++) {
		sp_lba lba = track->index[i];
		const struct sp_cue_spot *spot = first;

		if (lba == SP_LBA_NONE)
			continue;
		if (i == 0)
			lba = first->lba;
		else
			spot = sp_cue_spot(p->plan, lba);
		if (!spot) {
			print_fail(p, "an INDEX whose sectors are not stored");
			return;
		}
		if (i == 0 && lba >= track->start) /* of the pregap nothing is in a file */
			continue;
		print_file(p, spot);
		snprintf(word, sizeof(word), "    INDEX %02u", i);
		print_time(p, word, spot->frame + (uint64_t)(lba - spot->lba));
	}
}

static void print_track(struct cue_printer *p, const struct sp_track *track)
{
	const struct sp_cue_spot *first = print_first(p, track);
	uint64_t pregap = print_unstored(p, track, SP_REGION_PREGAP);
	const uint64_t postgap = print_unstored(p, track, SP_REGION_POSTGAP);
	const bool opens = track == p->disc->track || track[-1].session != track->session;

	if (!first) {
		print_fail(p, "a track that is not stored");
		return;
	}
	/* a disc that begins late has a first pregap that is in no file */
	if (track == p->disc->track)
		pregap = (uint64_t)first->lba;
	if (opens)
		print_session(p, track, pregap);
	if (opens && track != p->disc->track && !p->plan->joined[track->session])
		pregap = 0;
	print_file(p, first);
	print_line(p, "  TRACK %02u %s", track->number,
		   sp_cue_track_type(p->plan, p->disc, track)->name);
	print_texts(p, track->number, true);
	print_texts(p, track->number, false);
	if (track->control & ~(unsigned)SP_CONTROL_DATA)
		print_line(p, "    FLAGS%s%s%s", track->control & SP_CONTROL_COPY ? " DCP" : "",
			   track->control & SP_CONTROL_FOUR_CHANNEL ? " 4CH" : "",
			   track->control & SP_CONTROL_PREEMPHASIS ? " PRE" : "");
	if (track->isrc[0])
		print_line(p, "    ISRC %s", track->isrc);
	if (pregap)
		print_time(p, "    PREGAP", pregap);
	print_indexes(p, track, first);
	if (postgap)
		print_time(p, "    POSTGAP", postgap);
}

int sp_cue_print(const struct sp_cue_plan *plan, const struct sp_disc *disc, const char *cdtext,
		 char **text, size_t *size, struct sp_error *err)
{
	struct cue_printer p = {.plan = plan, .disc = disc, .err = err, .file = SIZE_MAX};

	p.status = print_packs(&p);
	print_texts(&p, 0, true);
	if (disc->mcn[0])
		print_line(&p, "CATALOG %s", disc->mcn);
	if (cdtext)
		print_line(&p, "CDTEXTFILE \"%s\"", cdtext);
	print_texts(&p, 0, false);
	for (size_t i = 0; i < disc->tracks; i++)
		print_track(&p, &disc->track[i]);
	for (size_t i = 0; i < plan->outs; i++)
		if (print_controls(plan->out[i].name))
			print_fail(&p, "a file name with a control character");
	if (!p.status && p.size > SP_CUE_TEXT_MAX)
		print_fail(&p, "more than 1 MiB of text");
	if (!p.status && p.letters && !sp_utf8_valid(p.text, p.size))
		print_fail(&p, "letters that are not UTF-8");
	if (p.status) {
		free(p.text);
		return p.status;
	}
	*text = p.text;
	*size = p.size;
	return 0;
}
