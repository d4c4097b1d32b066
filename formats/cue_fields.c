/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of a cue sheet that state facts of the disc: codes, flags, texts, and remarks, some of
 * which are structure. */
#include "base/bytes.h"
#include "formats/cue_lines.h"
#include "formats/cue_text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *keyword;
	unsigned type;
} fields_texts[] = {
	{"TITLE", SP_TEXT_TITLE},           {"PERFORMER", SP_TEXT_PERFORMER},
	{"SONGWRITER", SP_TEXT_SONGWRITER}, {"COMPOSER", SP_TEXT_COMPOSER},
	{"ARRANGER", SP_TEXT_ARRANGER},     {"MESSAGE", SP_TEXT_MESSAGE},
	{"GENRE", SP_TEXT_GENRE},           {"DISC_ID", SP_TEXT_DISC_ID},
	{"UPC_EAN", SP_TEXT_UPC_EAN},
};
#define FIELDS_TEXTS (sizeof(fields_texts) / sizeof(fields_texts[0]))

unsigned sp_cue_text_type(const char *keyword, size_t size)
{
	const struct sp_word word = {keyword, size, false};

	for (size_t i = 0; i < FIELDS_TEXTS; i++)
		if (sp_word_is(&word, fields_texts[i].keyword))
			return fields_texts[i].type;
	return 0;
}

const char *sp_cue_text_keyword(unsigned type)
{
	for (size_t i = 0; i < FIELDS_TEXTS; i++)
		if (fields_texts[i].type == type)
			return fields_texts[i].keyword;
	return NULL;
}

/* Has the newest session a track yet? */
static bool fields_session_begun(const struct sp_cue_parser *p)
{
	const struct sp_cue_sheet *sheet = p->sheet;

	return sheet->tracks && sheet->track[sheet->tracks - 1].session == sheet->sessions - 1;
}

/* A copy in UTF-8. */
static char *fields_letters(const struct sp_cue_parser *p, const struct sp_word *word)
{
	return sp_charset_decode(p->sheet->charset, word->at, word->size, NULL);
}

static int fields_text_add(struct sp_cue_parser *p, unsigned type, const struct sp_word *word)
{
	struct sp_cue_sheet *sheet = p->sheet;
	const struct sp_cue_track *track = sp_cue_track_now(p);
	struct sp_text *list = sp_grow(sheet->text, sheet->texts, sizeof(list[0]));

	if (!list)
		return sp_fail_memory(p->err);
	sheet->text = list;
	struct sp_text text = {
		.track = track ? track->number : 0, .type = type, .text = fields_letters(p, word)};
	if (!text.text)
		return sp_fail_memory(p->err);
	list[sheet->texts++] = text;
	return 0;
}

int sp_cue_take_flags(struct sp_cue_parser *p)
{
	static const struct {
		const char *name;
		unsigned bit;
	} flags[] = {{"DCP", SP_CONTROL_COPY},
		     {"4CH", SP_CONTROL_FOUR_CHANNEL},
		     {"PRE", SP_CONTROL_PREEMPHASIS},
		     {"SCMS", 0}};
	const size_t count = sizeof(flags) / sizeof(flags[0]);
	const struct sp_cue_track *now = sp_cue_track_now(p);
	struct sp_cue_track *track = sp_cue_once(p, now && now->has_flags);
	struct sp_word word;

	if (!track)
		return SP_ERR_FORMAT;
	track->has_flags = true;
	while (sp_text_word(&p->c, &word)) {
		size_t i = 0;

		while (i < count && !sp_word_is(&word, flags[i].name))
			i++;
		if (i == count)
			return sp_cue_wrong(p, &word, "unknown flag `%.*s'", SP_CUE_SHOWN(word));
		if (!flags[i].bit)
			sp_cue_remark(p, "SCMS of track %u has no place on a disc: left out",
				      track->number);
		track->control |= flags[i].bit;
	}
	return 0;
}

int sp_cue_take_isrc(struct sp_cue_parser *p)
{
	const struct sp_cue_track *now = sp_cue_track_now(p);
	struct sp_cue_track *track = sp_cue_once(p, now && now->isrc[0]);
	struct sp_word word;
	char isrc[13] = "";
	bool raised = false, dashes = false, zero = true;
	size_t n = 0;

	if (!track || sp_cue_argument(p, &word) < 0)
		return SP_ERR_FORMAT;
	for (size_t i = 0; i < word.size; i++) {
		char c = word.at[i];

		if (c == '-') {
			dashes = true;
			continue;
		}
		if (c >= 'a' && c <= 'z') {
			raised = true;
			c = (char)(c - 'a' + 'A');
		}
		zero = zero && c == '0';
		if (n < 12)
			isrc[n] = c;
		n++;
	}
	if (zero && n) {
		p->zeros++;
		return 0;
	}
	if (n != 12 || !sp_isrc_valid(isrc))
		return sp_cue_wrong(p, &word, "`%.*s' is no ISRC (CCOOOYYSSSSS)",
				    SP_CUE_SHOWN(word));
	if (raised || dashes)
		sp_cue_remark(p, "ISRC %.*s is taken as %s", SP_CUE_SHOWN(word), isrc);
	memcpy(track->isrc, isrc, sizeof(isrc));
	return 0;
}

int sp_cue_take_catalog(struct sp_cue_parser *p)
{
	char mcn[14] = "0";
	struct sp_word word;

	if (sp_cue_argument(p, &word) < 0)
		return SP_ERR_FORMAT;
	if (p->sheet->mcn[0])
		return sp_cue_wrong(p, &p->command, "a second CATALOG");
	const size_t pad = word.size == 12;
	if (pad + word.size == 13)
		memcpy(mcn + pad, word.at, word.size);
	if (!sp_mcn_valid(mcn, false))
		return sp_cue_wrong(p, &word, "`%.*s' is no catalog number (13 digits)",
				    SP_CUE_SHOWN(word));
	if (!strcmp(mcn, "0000000000000")) {
		sp_cue_remark(p, "CATALOG of zeros is taken as none");
		return 0;
	}
	if (pad)
		sp_cue_remark(p, "CATALOG of 12 digits is taken as %s", mcn);
	if (!sp_mcn_valid(mcn, true))
		sp_cue_remark(p, "the check digit of CATALOG %s is wrong", mcn);
	memcpy(p->sheet->mcn, mcn, sizeof(mcn));
	return 0;
}

int sp_cue_take_cdtextfile(struct sp_cue_parser *p)
{
	struct sp_word word;

	if (sp_cue_argument(p, &word) < 0)
		return SP_ERR_FORMAT;
	if (p->sheet->cdtext)
		return sp_cue_wrong(p, &p->command, "a second CDTEXTFILE");
	p->sheet->cdtext = sp_word_copy(&word);
	return p->sheet->cdtext ? 0 : sp_fail_memory(p->err);
}

/* Quotes inside stay: only those around the whole are not of the text. */
int sp_cue_take_text(struct sp_cue_parser *p)
{
	const unsigned type = sp_cue_text_type(p->command.at, p->command.size);
	struct sp_word text = sp_text_rest(&p->c);

	if (text.size >= 2 && *text.at == '"' && text.at[text.size - 1] == '"') {
		text.at++;
		text.size -= 2;
	} else if (text.size && *text.at == '"' && !memchr(text.at + 1, '"', text.size - 1)) {
		sp_cue_remark(p, "%.*s: the closing quote is missing", SP_CUE_SHOWN(p->command));
		text.at++;
		text.size--;
	}
	return text.size ? fields_text_add(p, type, &text) : 0;
}

/* What a remark says about structure. */
enum fields_structure { FIELDS_NONE, FIELDS_SESSION, FIELDS_TIME, FIELDS_AREA };

static unsigned fields_structural(struct sp_text_cursor *c, struct sp_word *word, uint32_t *value)
{
	struct sp_word next, extra;
	unsigned number, what = FIELDS_NONE;

	if (!sp_text_word(c, word) || !sp_text_word(c, &next))
		return FIELDS_NONE;
	if (sp_word_is(word, "SESSION") && sp_word_number(&next, 99, &number) && number) {
		*value = number;
		what = FIELDS_SESSION;
	} else if (sp_word_is(word, "LEAD-OUT") || sp_word_is(word, "LEAD-IN") ||
		   sp_word_is(word, "PREGAP")) {
		what = sp_cue_time(&next, value) ? FIELDS_TIME : FIELDS_NONE;
	} else if (sp_word_is(&next, "AREA") &&
		   (sp_word_is(word, "SINGLE-DENSITY") || sp_word_is(word, "HIGH-DENSITY"))) {
		what = FIELDS_AREA;
	}
	return sp_text_word(c, &extra) ? FIELDS_NONE : what;
}

bool sp_cue_remark_structural(const char *text)
{
	struct sp_text_cursor c;
	struct sp_word word;
	uint32_t value;

	sp_text_begin(&c, text, strlen(text));
	return sp_text_line(&c) && fields_structural(&c, &word, &value) != FIELDS_NONE;
}

static int fields_session(struct sp_cue_parser *p, unsigned number)
{
	struct sp_cue_sheet *sheet = p->sheet;
	const struct sp_cue_place at = sp_cue_place(p, &p->command);

	if (number == sheet->sessions && !fields_session_begun(p)) {
		sheet->session[number - 1].at = at;
		return 0;
	}
	if (number != sheet->sessions + 1 || !fields_session_begun(p))
		return sp_cue_wrong(p, &p->command, "SESSION %02u after %s %zu", number,
				    fields_session_begun(p) ? "session" : "empty session",
				    sheet->sessions);
	p->next.at = at;
	sheet->session[sheet->sessions++] = p->next;
	p->next = (struct sp_cue_session){0};
	return 0;
}

static int fields_area(struct sp_cue_parser *p, const struct sp_word *word)
{
	p->sheet->gd = true;
	if (sp_word_is(word, "SINGLE-DENSITY"))
		return 0;
	if (!fields_session_begun(p))
		return sp_cue_wrong(p, &p->command, "HIGH-DENSITY AREA before any TRACK");
	if (p->sheet->session[p->sheet->sessions - 1].dense)
		return sp_cue_wrong(p, &p->command, "a second HIGH-DENSITY AREA");
	p->next.dense = true;
	return fields_session(p, (unsigned)p->sheet->sessions + 1);
}

static void fields_lead(struct sp_cue_parser *p, const struct sp_word *word, uint32_t frames)
{
	struct sp_cue_session *now = &p->sheet->session[p->sheet->sessions - 1];
	struct sp_cue_session *to = fields_session_begun(p) ? &p->next : now;

	if (sp_word_is(word, "LEAD-OUT")) {
		now->has_lead_out = true;
		now->lead_out = frames;
		now->lead_out_at = sp_cue_place(p, &p->command);
	} else if (sp_word_is(word, "LEAD-IN")) {
		to->has_lead_in = true;
		to->lead_in = frames;
	} else {
		to->has_pregap = true;
		to->pregap = frames;
	}
}

int sp_cue_take_rem(struct sp_cue_parser *p)
{
	struct sp_text_cursor look = p->c;
	struct sp_word word, rest = sp_text_rest(&p->c);
	uint32_t value;

	switch (fields_structural(&look, &word, &value)) {
	case FIELDS_SESSION:
		return fields_session(p, value);
	case FIELDS_TIME:
		fields_lead(p, &word, value);
		return 0;
	case FIELDS_AREA:
		return fields_area(p, &word);
	default:
		return rest.size ? fields_text_add(p, SP_TEXT_REMARK, &rest) : 0;
	}
}
