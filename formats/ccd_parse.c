/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A CloneCD sheet line by line: [sections] of key=value, most of them numbers that a table names.
 */
#include "formats/ccd_parse.h"

#include "base/bytes.h"
#include "base/text.h"
#include "disc/subchannel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A word quoted in a message: as much of it as helps. */
#define CCD_SHOWN(w) (int)((w).size < 40 ? (w).size : 40), (w).at

enum { CCD_PAYLOAD = 16 }; /* bytes of a pack without its CRC */

enum ccd_section_kind { CCD_CLONE, CCD_DISC, CCD_SESSION, CCD_ENTRY, CCD_TRACK, CCD_CDTEXT };

struct ccd_range {
	const char *key;
	int32_t least, most;
};

/* The names of sections and of their numbers; a number in the name where `most` is not 0. */
static const struct ccd_section {
	const char *name;
	unsigned most;
	struct ccd_range key[SP_CCD_KEYS + 1];
} ccd_section[] = {
	[CCD_CLONE] = {"CloneCD", 0, {{"Version", 0, 1000}}},
	[CCD_DISC] = {"Disc",
		      0,
		      {{"TocEntries", 0, SP_CCD_ENTRY_MAX},
		       {"Sessions", 1, SP_TRACK_MAX},
		       {"DataTracksScrambled", 0, 1},
		       {"CDTextLength", 0, INT32_MAX}}},
	[CCD_SESSION] = {"Session",
			 SP_TRACK_MAX,
			 {{"PreGapMode", INT32_MIN, INT32_MAX},
			  {"PreGapSubC", INT32_MIN, INT32_MAX}}},
	[CCD_ENTRY] = {"Entry",
		       SP_CCD_ENTRY_MAX - 1,
		       {{"Session", 1, SP_TRACK_MAX},
			{"Point", 0, 255},
			{"ADR", 0, 15},
			{"Control", 0, 15},
			{"TrackNo", INT32_MIN, INT32_MAX},
			{"AMin", INT32_MIN, INT32_MAX},
			{"ASec", INT32_MIN, INT32_MAX},
			{"AFrame", INT32_MIN, INT32_MAX},
			{"ALBA", INT32_MIN, INT32_MAX},
			{"Zero", INT32_MIN, INT32_MAX},
			{"PMin", INT32_MIN, INT32_MAX},
			{"PSec", INT32_MIN, INT32_MAX},
			{"PFrame", INT32_MIN, INT32_MAX},
			{"PLBA", INT32_MIN, INT32_MAX}}},
	[CCD_TRACK] = {"TRACK", SP_TRACK_MAX, {{"MODE", 0, 2}}},
	[CCD_CDTEXT] = {"CDText", 0, {{"Entries", 0, SP_CCD_PACKS_MAX}}},
};
enum { CCD_SECTIONS = sizeof(ccd_section) / sizeof(ccd_section[0]) };

struct ccd_parser {
	struct sp_ccd_sheet *sheet;
	const char *name;
	const struct sp_notes *notes;
	struct sp_error *err;
	struct sp_text_cursor c;
	const struct ccd_section *section; /* NULL: none yet, or one that is not known */
	unsigned number;
	bool any;                     /* a section has begun */
	struct sp_ccd_values *values; /* of the section */
	struct sp_ccd_values scrap;   /* of sections whose numbers say nothing of the disc */
	struct sp_ccd_values cdtext;
	bool seen[CCD_SECTIONS][SP_TRACK_MAX + 1];
	unsigned unknown, unknown_line; /* lines that are passed over */
};

int sp_ccd_fail(const char *sheet, struct sp_ccd_place at, struct sp_error *err, const char *fmt,
		...)
{
	char text[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return sp_fail(err, SP_ERR_FORMAT, "%s:%u:%u: %s", sheet, at.line, at.column, text);
}

static struct sp_ccd_place ccd_place(const struct ccd_parser *p, const struct sp_word *word)
{
	return (struct sp_ccd_place){p->c.number, (unsigned)(word->at - p->c.line) + 1u};
}

#define CCD_WRONG(p, word, ...) sp_ccd_fail((p)->name, ccd_place(p, word), (p)->err, __VA_ARGS__)

static bool ccd_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct sp_word ccd_trim(const char *from, const char *to)
{
	while (from < to && ccd_blank(*from))
		from++;
	while (from < to && ccd_blank(to[-1]))
		to--;
	return (struct sp_word){from, (size_t)(to - from), false};
}

/* Decimal, or hexadecimal after 0x; a sign may stand before either. */
static bool ccd_number(const struct sp_word *word, int32_t *value)
{
	const char *at = word->at, *end = at + word->size;
	const bool minus = at < end && *at == '-';
	unsigned base = 10, digits = 0;
	int64_t v = 0;

	if (at < end && (*at == '-' || *at == '+'))
		at++;
	if (end - at > 2 && at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
		base = 16;
		at += 2;
	}
	for (; at < end; at++, digits++) {
		const char c = *at;
		const unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
				       : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
				       : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
							      : base;

		if (digit >= base || digits == 12)
			return false;
		v = v * base + digit;
	}
	v = minus ? -v : v;
	*value = (int32_t)v;
	return digits && v >= INT32_MIN && v <= INT32_MAX;
}

static int ccd_begin_entry(struct ccd_parser *p, const struct sp_word *word)
{
	struct sp_ccd_sheet *sheet = p->sheet;

	if (p->number != sheet->entries)
		return CCD_WRONG(p, word, "[Entry %u] stands where [Entry %zu] is due", p->number,
				 sheet->entries);
	struct sp_ccd_values *list = sp_grow(sheet->entry, sheet->entries, sizeof(list[0]));
	if (!list)
		return sp_fail_memory(p->err);
	sheet->entry = list;
	p->values = &list[sheet->entries++];
	*p->values = (struct sp_ccd_values){.at = ccd_place(p, word)};
	return 0;
}

/* Where the numbers of the section that begins go. */
static int ccd_begin(struct ccd_parser *p, const struct sp_word *word)
{
	const size_t kind = (size_t)(p->section - ccd_section);
	struct sp_ccd_sheet *sheet = p->sheet;

	if (kind == CCD_ENTRY)
		return ccd_begin_entry(p, word);
	if ((kind == CCD_TRACK || kind == CCD_SESSION) && !p->number)
		return CCD_WRONG(p, word, "[%s 0]: numbers begin at 1", p->section->name);
	if (p->seen[kind][p->number])
		return CCD_WRONG(p, word, "a second [%.*s]", CCD_SHOWN(*word));
	p->seen[kind][p->number] = true;
	p->scrap = (struct sp_ccd_values){0};
	p->values = kind == CCD_CLONE    ? &sheet->clone
		    : kind == CCD_DISC   ? &sheet->disc
		    : kind == CCD_TRACK  ? &sheet->track[p->number].values
		    : kind == CCD_CDTEXT ? &p->cdtext
					 : &p->scrap;
	p->values->at = ccd_place(p, word);
	if (kind == CCD_TRACK)
		sheet->track[p->number].given = true;
	return 0;
}

/* [Name] or [Name n]. */
static int ccd_take_section(struct ccd_parser *p, const struct sp_word *line)
{
	if (line->size < 2 || line->at[line->size - 1] != ']')
		return CCD_WRONG(p, line, "a section's name without its ]");
	const struct sp_word inside = ccd_trim(line->at + 1, line->at + line->size - 1);
	const char *space = memchr(inside.at, ' ', inside.size);
	const size_t size = space ? (size_t)(space - inside.at) : inside.size;
	const struct sp_word name = {inside.at, size, false};
	const struct sp_word number = ccd_trim(inside.at + size, inside.at + inside.size);

	p->any = true;
	p->section = NULL;
	p->number = 0;
	for (size_t i = 0; i < CCD_SECTIONS; i++)
		if (sp_word_is(&name, ccd_section[i].name))
			p->section = &ccd_section[i];
	if (!p->section) {
		if (!p->unknown++)
			p->unknown_line = p->c.number;
		return 0;
	}
	if (p->section->most ? !sp_word_number(&number, p->section->most, &p->number)
			     : number.size != 0)
		return CCD_WRONG(p, &inside, "[%.*s]: %s", CCD_SHOWN(inside),
				 p->section->most ? "no such number" : "has no number");
	return ccd_begin(p, &inside);
}

/* One of the numbers of the section's table; *known false: it is none. */
static int ccd_take_number(struct ccd_parser *p, const struct sp_word *key,
			   const struct sp_word *value, bool *known)
{
	int32_t number;
	unsigned i = 0;

	while (i < SP_CCD_KEYS && p->section->key[i].key &&
	       !sp_word_is(key, p->section->key[i].key))
		i++;
	const struct ccd_range *range = &p->section->key[i];
	*known = range->key != NULL;
	if (!*known)
		return 0;
	if (sp_ccd_given(p->values, i))
		return CCD_WRONG(p, key, "a second %s", range->key);
	if (!ccd_number(value, &number) || number < range->least || number > range->most)
		return CCD_WRONG(p, value, "`%.*s' is no %s", CCD_SHOWN(*value), range->key);
	p->values->value[i] = number;
	p->values->given |= 1u << i;
	return 0;
}

/* The number behind `name` in a key such as "INDEX 1"; false: the key is another. */
static bool ccd_key_number(const struct sp_word *key, const char *name, struct sp_word *number)
{
	const size_t size = strlen(name);
	const struct sp_word first = {key->at, size < key->size ? size : key->size, false};

	if (key->size <= size || !sp_word_is(&first, name) || !ccd_blank(key->at[size]))
		return false;
	*number = ccd_trim(key->at + size, key->at + key->size);
	return true;
}

static int ccd_take_index(struct ccd_parser *p, const struct sp_word *key,
			  const struct sp_word *index, const struct sp_word *value)
{
	struct sp_ccd_track *track = &p->sheet->track[p->number];
	int32_t number;
	unsigned i;

	if (!sp_word_number(index, SP_INDEX_MAX, &i))
		return CCD_WRONG(p, key, "`%.*s' is no index", CCD_SHOWN(*key));
	if (track->index[i] != SP_LBA_NONE)
		return CCD_WRONG(p, key, "a second INDEX %u", i);
	if (!ccd_number(value, &number))
		return CCD_WRONG(p, value, "`%.*s' is no LBA", CCD_SHOWN(*value));
	track->index[i] = number;
	track->index_at[i] = ccd_place(p, key);
	return 0;
}

static int ccd_take_flags(struct ccd_parser *p, const struct sp_word *value)
{
	static const struct {
		const char *name;
		unsigned bit;
	} flag[] = {{"DCP", SP_CONTROL_COPY},
		    {"4CH", SP_CONTROL_FOUR_CHANNEL},
		    {"PRE", SP_CONTROL_PREEMPHASIS},
		    {"DATA", SP_CONTROL_DATA}};
	struct sp_ccd_track *track = &p->sheet->track[p->number];

	track->has_flags = true;
	for (const char *at = value->at, *end = at + value->size; at < end;) {
		const char *from = at;

		while (at < end && !ccd_blank(*at))
			at++;
		const struct sp_word word = {from, (size_t)(at - from), false};
		bool known = false;
		for (size_t i = 0; i < sizeof(flag) / sizeof(flag[0]); i++) {
			if (!sp_word_is(&word, flag[i].name))
				continue;
			track->flags |= flag[i].bit;
			known = true;
		}
		if (!known)
			return CCD_WRONG(p, &word, "unknown flag `%.*s'", CCD_SHOWN(word));
		while (at < end && ccd_blank(*at))
			at++;
	}
	return 0;
}

/* Codes of a fixed length; all zeros are none. */
static int ccd_take_code(struct ccd_parser *p, const struct sp_word *value, char *to, size_t size,
			 bool (*valid)(const char *code), const char *what)
{
	char code[16] = "";

	if (to[0])
		return CCD_WRONG(p, value, "a second %s", what);
	if (value->size <= size)
		memcpy(code, value->at, value->size);
	if (!value->size || (value->size == size && strspn(code, "0") == size))
		return 0;
	if (value->size != size || !valid(code))
		return CCD_WRONG(p, value, "`%.*s' is no %s", CCD_SHOWN(*value), what);
	memcpy(to, code, size + 1);
	return 0;
}

static bool ccd_mcn_valid(const char *mcn)
{
	return sp_mcn_valid(mcn, false);
}

static bool ccd_hex(const char *at, const char *end, uint8_t *byte)
{
	unsigned v = 0;

	if (end - at < 2)
		return false;
	for (unsigned i = 0; i < 2; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit = at[i] ? strchr(digits, at[i] | 0x20) : NULL;

		/* | 0x20 makes digits of some control characters */
		if (!digit || (at[i] < '0'))
			return false;
		v = v * 16 + (unsigned)(digit - digits);
	}
	*byte = (uint8_t)v;
	return true;
}

/* Sixteen bytes in hexadecimal: a pack without its CRC. */
static int ccd_take_pack(struct ccd_parser *p, const struct sp_word *key,
			 const struct sp_word *index, const struct sp_word *value)
{
	struct sp_ccd_sheet *sheet = p->sheet;
	const char *at = value->at, *end = at + value->size;
	unsigned number, i = 0;

	if (!sp_word_number(index, SP_CCD_PACKS_MAX - 1, &number) || number != sheet->packs)
		return CCD_WRONG(p, key, "`%.*s' stands where Entry %zu is due", CCD_SHOWN(*key),
				 sheet->packs);
	uint8_t(*list)[SP_CCD_PACK] = sp_grow(sheet->cdtext, sheet->packs, sizeof(list[0]));
	if (!list)
		return sp_fail_memory(p->err);
	sheet->cdtext = list[0];
	uint8_t *pack = list[sheet->packs];
	for (; at < end && i < CCD_PAYLOAD && ccd_hex(at, end, &pack[i]); i++) {
		at += 2;
		if (at < end && !ccd_blank(*at))
			break;
		while (at < end && ccd_blank(*at))
			at++;
	}
	if (i != CCD_PAYLOAD || at != end)
		return CCD_WRONG(p, value, "`%.*s' is no pack of 16 bytes", CCD_SHOWN(*value));
	put_be16(pack + CCD_PAYLOAD, sp_crc16_gsm(pack, CCD_PAYLOAD));
	sheet->packs++;
	return 0;
}

/* What is no number. */
static int ccd_take_other(struct ccd_parser *p, const struct sp_word *key,
			  const struct sp_word *value)
{
	const size_t kind = (size_t)(p->section - ccd_section);
	struct sp_word number;

	if (kind == CCD_DISC && sp_word_is(key, "CATALOG"))
		return ccd_take_code(p, value, p->sheet->mcn, 13, ccd_mcn_valid,
				     "catalog number of 13 digits");
	if (kind == CCD_TRACK && sp_word_is(key, "ISRC"))
		return ccd_take_code(p, value, p->sheet->track[p->number].isrc, 12, sp_isrc_valid,
				     "ISRC (CCOOOYYSSSSS)");
	if (kind == CCD_TRACK && sp_word_is(key, "FLAGS"))
		return ccd_take_flags(p, value);
	if (kind == CCD_TRACK && ccd_key_number(key, "INDEX", &number))
		return ccd_take_index(p, key, &number, value);
	if (kind == CCD_CDTEXT && ccd_key_number(key, "Entry", &number))
		return ccd_take_pack(p, key, &number, value);
	if (!p->unknown++)
		p->unknown_line = p->c.number;
	return 0;
}

static int ccd_take_line(struct ccd_parser *p)
{
	const struct sp_word line = ccd_trim(p->c.line, p->c.eol);
	const char *nul = memchr(p->c.line, '\0', (size_t)(p->c.eol - p->c.line));

	if (nul)
		return CCD_WRONG(p, &((struct sp_word){nul, 1, false}), "a zero byte: no text");
	if (!line.size || *line.at == ';')
		return 0;
	if (p->c.number > SP_CCD_LINE_MAX)
		return CCD_WRONG(p, &line, "more than %d lines", SP_CCD_LINE_MAX);
	if (*line.at == '[')
		return ccd_take_section(p, &line);
	const char *equals = memchr(line.at, '=', line.size);
	if (!equals)
		return CCD_WRONG(p, &line, "`%.*s' is neither [section] nor key=value",
				 CCD_SHOWN(line));
	if (!p->any)
		return CCD_WRONG(p, &line, "a value before the first [section]");
	if (!p->section) /* counted where it began */
		return 0;
	const struct sp_word key = ccd_trim(line.at, equals);
	const struct sp_word value = ccd_trim(equals + 1, line.at + line.size);
	bool known;
	const int r = ccd_take_number(p, &key, &value, &known);
	return r < 0 || known ? r : ccd_take_other(p, &key, &value);
}

/* What the whole sheet must have. */
static int ccd_check(struct ccd_parser *p)
{
	const struct sp_ccd_sheet *sheet = p->sheet;
	const struct sp_ccd_values *disc = &sheet->disc;
	const unsigned msf = 7u << SP_CCD_PMIN, one = 1;

	if (!p->seen[CCD_CLONE][0] || !p->seen[CCD_DISC][0])
		return sp_fail(p->err, SP_ERR_FORMAT, "%s: no [%s] section", p->name,
			       p->seen[CCD_CLONE][0] ? "Disc" : "CloneCD");
	for (size_t i = 0; i < sheet->entries; i++) {
		const struct sp_ccd_values *e = &sheet->entry[i];

		for (unsigned key = SP_CCD_SESSION; key <= SP_CCD_POINT; key++)
			if (!sp_ccd_given(e, key))
				return sp_ccd_fail(p->name, e->at, p->err, "[Entry %zu] has no %s",
						   i, ccd_section[CCD_ENTRY].key[key].key);
		if (!(e->given & one << SP_CCD_PLBA) && (e->given & msf) != msf)
			return sp_ccd_fail(p->name, e->at, p->err,
					   "[Entry %zu] has neither PLBA nor PMin, PSec and PFrame",
					   i);
	}
	if (sp_ccd_given(disc, SP_CCD_TOC_ENTRIES) &&
	    (size_t)disc->value[SP_CCD_TOC_ENTRIES] != sheet->entries)
		return sp_ccd_fail(p->name, disc->at, p->err,
				   "TocEntries=%d, and there are %zu [Entry] sections",
				   (int)disc->value[SP_CCD_TOC_ENTRIES], sheet->entries);
	if (sp_ccd_given(&p->cdtext, 0) && (size_t)p->cdtext.value[0] != sheet->packs)
		return sp_ccd_fail(p->name, p->cdtext.at, p->err,
				   "[CDText] says Entries=%d and has %zu", (int)p->cdtext.value[0],
				   sheet->packs);
	if (disc->value[SP_CCD_CDTEXT_LENGTH] && !sheet->packs)
		sp_note(p->notes, "%s: CDTextLength=%d, and no CD-Text is there", p->name,
			(int)disc->value[SP_CCD_CDTEXT_LENGTH]);
	if (p->unknown)
		sp_note(p->notes, "%s:%u: not known, passed over%s", p->name, p->unknown_line,
			p->unknown > 1 ? ", and so are others" : "");
	return 0;
}

int sp_ccd_parse(struct sp_ccd_sheet *sheet, const char *name, const void *text, size_t size,
		 const struct sp_notes *notes, struct sp_error *err)
{
	struct ccd_parser *p = calloc(1, sizeof(*p));
	int r = 0;

	*sheet = (struct sp_ccd_sheet){.track = calloc(SP_TRACK_MAX + 1, sizeof(sheet->track[0]))};
	if (!p || !sheet->track)
		r = sp_fail_memory(err);
	for (size_t n = 0; !r && n <= SP_TRACK_MAX; n++)
		for (size_t i = 0; i <= SP_INDEX_MAX; i++)
			sheet->track[n].index[i] = SP_LBA_NONE;
	if (!r) {
		p->sheet = sheet;
		p->name = name;
		p->notes = notes;
		p->err = err;
		sp_text_begin(&p->c, text, size);
	}
	while (!r && sp_text_line(&p->c))
		r = ccd_take_line(p);
	if (!r)
		r = ccd_check(p);
	free(p);
	if (r < 0)
		sp_ccd_sheet_clear(sheet);
	return r;
}

void sp_ccd_sheet_clear(struct sp_ccd_sheet *sheet)
{
	free(sheet->entry);
	free(sheet->track);
	free(sheet->cdtext);
	*sheet = (struct sp_ccd_sheet){0};
}

int sp_ccd_looks(const void *head, size_t size)
{
	struct sp_text_cursor c;

	sp_text_begin(&c, head, size);
	while (sp_text_line(&c)) {
		const struct sp_word line = ccd_trim(c.line, c.eol);

		if (line.size && *line.at != ';')
			return sp_word_is(&line, "[CloneCD]") ? 95 : 0;
	}
	return 0;
}
