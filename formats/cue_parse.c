/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of a cue sheet as a list of what it says: one command a line, each checked where it
 * stands. */
#include "formats/cue_parse.h"

#include "base/bytes.h"
#include "formats/cue_lines.h"
#include "formats/cue_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RAW1 (SP_PART_SYNC | SP_PART_HEADER | SP_PART_USER | SP_PART_ECC)

/* Of the types that are probed, mode and parts are those of a formless track. */
const struct sp_cue_type sp_cue_types[] = {
	{"AUDIO", SP_MODE_AUDIO, SP_PART_USER, 2352, false, false},
	{"CDG", SP_MODE_AUDIO, SP_PART_USER | SP_PART_PW, 2448, false, false},
	{"MODE1/2048", SP_MODE_MODE1, SP_PART_USER, 2048, false, false},
	{"MODE1/2352", SP_MODE_MODE1, RAW1, 2352, false, false},
	{"MODE1/2448", SP_MODE_MODE1, RAW1 | SP_PART_PW, 2448, false, false},
	{"MODE2/2048", SP_MODE_XA_FORM1, SP_PART_USER, 2048, false, false},
	{"MODE2/2324", SP_MODE_XA_FORM2, SP_PART_USER, 2324, false, false},
	{"MODE2/2336", SP_MODE_MODE2, SP_PART_USER, 2336, true, false},
	{"MODE2/2352", SP_MODE_MODE2, SP_PART_MAIN, 2352, true, false},
	{"MODE2/2448", SP_MODE_MODE2, SP_PART_MAIN | SP_PART_PW, 2448, true, false},
	{"CDI/2336", SP_MODE_MODE2, SP_PART_USER, 2336, true, true},
	{"CDI/2352", SP_MODE_MODE2, SP_PART_MAIN, 2352, true, true},
	{NULL, 0, 0, 0, false, false},
};

struct sp_cue_place sp_cue_place(const struct sp_cue_parser *p, const struct sp_word *word)
{
	return (struct sp_cue_place){p->c.number, sp_text_column(&p->c, word)};
}

int sp_cue_wrong(struct sp_cue_parser *p, const struct sp_word *word, const char *fmt, ...)
{
	char text[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return sp_cue_fail(p->name, sp_cue_place(p, word), p->err, "%s", text);
}

int sp_cue_fail(const char *sheet, struct sp_cue_place at, struct sp_error *err, const char *fmt,
		...)
{
	char text[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return sp_fail(err, SP_ERR_FORMAT, "%s:%u:%u: %s", sheet, at.line, at.column, text);
}

void sp_cue_remark(const struct sp_cue_parser *p, const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	sp_note(p->notes, "%s:%u: %s", p->name, p->c.number, text);
}

struct sp_cue_track *sp_cue_track_now(const struct sp_cue_parser *p)
{
	return p->sheet->tracks ? &p->sheet->track[p->sheet->tracks - 1] : NULL;
}

struct sp_cue_track *sp_cue_once(struct sp_cue_parser *p, bool given)
{
	struct sp_cue_track *track = sp_cue_track_now(p);

	if (track && !given)
		return track;
	if (track)
		sp_cue_wrong(p, &p->command, "a second %.*s of track %u", SP_CUE_SHOWN(p->command),
			     track->number);
	else
		sp_cue_wrong(p, &p->command, "%.*s before any TRACK", SP_CUE_SHOWN(p->command));
	return NULL;
}

int sp_cue_argument(struct sp_cue_parser *p, struct sp_word *word)
{
	if (sp_text_word(&p->c, word) && word->size)
		return 0;
	return sp_cue_wrong(p, &p->command, "%.*s lacks its value", SP_CUE_SHOWN(p->command));
}

/* mm:ss:ff, a length or a position in a file: no 00:02:00 is in it. */
bool sp_cue_time(const struct sp_word *word, uint32_t *frames)
{
	unsigned part[3] = {0};
	size_t n = 0, digits = 0;

	for (size_t i = 0; i < word->size; i++) {
		const char c = word->at[i];

		if (c == ':') {
			if (!digits || ++n == 3)
				return false;
			digits = 0;
		} else if (c < '0' || c > '9' || ++digits > 2) {
			return false;
		} else {
			part[n] = part[n] * 10 + (unsigned)(c - '0');
		}
	}
	const struct sp_msf msf = {(uint8_t)part[0], (uint8_t)part[1], (uint8_t)part[2]};
	return n == 2 && digits && sp_msf_to_frames(msf, frames);
}

static int parse_time(struct sp_cue_parser *p, uint32_t *frames)
{
	struct sp_word word;

	if (sp_cue_argument(p, &word) < 0)
		return SP_ERR_FORMAT;
	if (sp_cue_time(&word, frames))
		return 0;
	return sp_cue_wrong(p, &word, "`%.*s' is no time (mm:ss:ff, to 99:59:74)",
			    SP_CUE_SHOWN(word));
}

/* FILE names with spaces come without quotes too: the last word is the type, whatever stands before
 * it the name. */
static int parse_file(struct sp_cue_parser *p)
{
	static const struct {
		const char *name;
		unsigned data;
	} types[] = {
		{"BINARY", SP_CUE_BINARY}, {"MOTOROLA", SP_CUE_MOTOROLA}, {"WAVE", SP_CUE_SOUND},
		{"AIFF", SP_CUE_SOUND},    {"AIFC", SP_CUE_SOUND},        {"MP3", SP_CUE_SOUND},
		{"FLAC", SP_CUE_SOUND},    {"OGG", SP_CUE_SOUND},         {"APE", SP_CUE_SOUND},
		{"WV", SP_CUE_SOUND},      {"WAVPACK", SP_CUE_SOUND},     {"TTA", SP_CUE_SOUND}};
	const size_t count = sizeof(types) / sizeof(types[0]);
	struct sp_cue_sheet *sheet = p->sheet;
	struct sp_word rest = sp_text_rest(&p->c);
	size_t n = rest.size, i = 0;

	while (n && rest.at[n - 1] != ' ' && rest.at[n - 1] != '\t')
		n--;
	const struct sp_word type = {rest.at + n, rest.size - n, false};
	while (n && (rest.at[n - 1] == ' ' || rest.at[n - 1] == '\t'))
		n--;
	struct sp_word name = {rest.at, n, false};
	if (n && *name.at == '"') {
		name = (struct sp_word){name.at + 1, n < 2 ? 0 : n - 2, true};
		if (n < 2 || rest.at[n - 1] != '"')
			name.size = 0;
	}
	if (!name.size)
		return sp_cue_wrong(p, &p->command, "FILE wants a name and a type");
	while (i < count && !sp_word_is(&type, types[i].name))
		i++;
	if (i == count)
		return sp_cue_wrong(p, &type, "unknown file type `%.*s'", SP_CUE_SHOWN(type));
	if (sheet->files == SP_CUE_FILE_MAX)
		return sp_cue_wrong(p, &p->command, "more than %d files", SP_CUE_FILE_MAX);
	if (sheet->files &&
	    (!sheet->indexes || sheet->index[sheet->indexes - 1].file != sheet->files - 1))
		return sp_cue_fail(p->name, sheet->file[sheet->files - 1].at, p->err,
				   "no INDEX lies in this FILE");
	struct sp_cue_file *list = sp_grow(sheet->file, sheet->files, sizeof(list[0]));
	if (!list)
		return sp_fail_memory(p->err);
	sheet->file = list;
	struct sp_cue_file file = {sp_word_copy(&name), types[i].data,
				   sp_cue_place(p, &p->command)};
	if (!file.name)
		return sp_fail_memory(p->err);
	list[sheet->files++] = file;
	return 0;
}

/* The newest track is whole when another begins or the sheet ends. */
static int parse_track_end(struct sp_cue_parser *p)
{
	const struct sp_cue_sheet *sheet = p->sheet;
	const struct sp_cue_track *track = sp_cue_track_now(p);

	for (size_t i = sheet->indexes; track && i--;) {
		if (sheet->index[i].track != sheet->tracks - 1)
			break;
		if (sheet->index[i].number == 1)
			return 0;
	}
	if (!track)
		return 0;
	return sp_cue_fail(p->name, track->at, p->err, "track %u has no INDEX 01", track->number);
}

static int parse_track(struct sp_cue_parser *p)
{
	struct sp_cue_sheet *sheet = p->sheet;
	const struct sp_cue_track *last = sp_cue_track_now(p);
	struct sp_word number, type;
	unsigned n;

	if (!sheet->files)
		return sp_cue_wrong(p, &p->command, "TRACK before any FILE");
	if (sp_cue_argument(p, &number) < 0)
		return SP_ERR_FORMAT;
	if (!sp_word_number(&number, SP_TRACK_MAX, &n) || !n)
		return sp_cue_wrong(p, &number, "`%.*s' is no track number (1 to 99)",
				    SP_CUE_SHOWN(number));
	if (last && n <= last->number)
		return sp_cue_wrong(p, &number, "TRACK %02u after TRACK %02u", n, last->number);
	if (parse_track_end(p) < 0 || sp_cue_argument(p, &type) < 0)
		return SP_ERR_FORMAT;
	const struct sp_cue_type *t = sp_cue_types;
	while (t->name && !sp_word_is(&type, t->name))
		t++;
	if (!t->name)
		return sp_cue_wrong(p, &type, "unknown track type `%.*s'", SP_CUE_SHOWN(type));
	if (last && n != last->number + 1)
		sp_cue_remark(p, "TRACK %02u after TRACK %02u: no track lies between", n,
			      last->number);
	sheet->track[sheet->tracks++] = (struct sp_cue_track){
		.number = n,
		.control = t->mode == SP_MODE_AUDIO ? 0 : SP_CONTROL_DATA,
		.session = sheet->sessions - 1,
		.type = t,
		.at = sp_cue_place(p, &p->command),
	};
	return 0;
}

static void parse_show_time(uint32_t frames, char text[9])
{
	snprintf(text, 9, "%02u:%02u:%02u", (unsigned)(frames / 4500 % 100),
		 (unsigned)(frames / 75 % 60), (unsigned)(frames % 75));
}

/* Numbers ascend in a track, times in a file. INDEX 00 where INDEX 01 is says that there is no
 * pregap. */
static int parse_index_order(struct sp_cue_parser *p, const struct sp_cue_index *index,
			     const struct sp_word *number, const struct sp_word *time)
{
	const struct sp_cue_sheet *sheet = p->sheet;
	const struct sp_cue_index *last = sheet->indexes ? &sheet->index[sheet->indexes - 1] : NULL;
	const bool same_track = last && last->track == index->track;
	char now[9], before[9];

	if (same_track && index->number <= last->number)
		return sp_cue_wrong(p, number, "INDEX %02u after INDEX %02u", index->number,
				    last->number);
	if (index->number > 1 && (!same_track || last->number == 0))
		return sp_cue_wrong(p, number, "INDEX %02u before INDEX 01", index->number);
	if (!last || last->file != index->file || index->frames > last->frames ||
	    (same_track && last->number == 0 && index->frames == last->frames))
		return 0;
	parse_show_time(index->frames, now);
	parse_show_time(last->frames, before);
	return sp_cue_wrong(p, time, "%s does not come after INDEX %02u of track %u at %s", now,
			    last->number, sheet->track[last->track].number, before);
}

/* Some writers repeat the FILE line before every track: where times go on, so does the file. */
static void parse_join_files(struct sp_cue_parser *p, struct sp_cue_index *index)
{
	struct sp_cue_sheet *sheet = p->sheet;
	const struct sp_cue_index *last = sheet->indexes ? &sheet->index[sheet->indexes - 1] : NULL;

	if (!last || last->file + 1 != index->file || index->frames <= last->frames)
		return;
	struct sp_cue_file *now = &sheet->file[index->file];
	if (strcmp(now->name, now[-1].name) != 0 || now->data != now[-1].data)
		return;
	sp_cue_remark(p, "the FILE of INDEX %02u is the one before, which goes on", index->number);
	free(now->name);
	index->file = (unsigned)--sheet->files - 1;
}

static int parse_index(struct sp_cue_parser *p)
{
	struct sp_cue_sheet *sheet = p->sheet;
	struct sp_cue_index index = {.at = sp_cue_place(p, &p->command)};
	struct sp_word number, time;

	if (!sheet->tracks)
		return sp_cue_wrong(p, &p->command, "INDEX before any TRACK");
	if (sp_cue_argument(p, &number) < 0)
		return SP_ERR_FORMAT;
	if (!sp_word_number(&number, SP_INDEX_MAX, &index.number))
		return sp_cue_wrong(p, &number, "`%.*s' is no index number (0 to 99)",
				    SP_CUE_SHOWN(number));
	struct sp_text_cursor before = p->c;
	if (parse_time(p, &index.frames) < 0)
		return SP_ERR_FORMAT;
	sp_text_word(&before, &time);
	index.track = sheet->tracks - 1;
	index.file = (unsigned)sheet->files - 1;
	parse_join_files(p, &index);
	if (parse_index_order(p, &index, &number, &time) < 0)
		return SP_ERR_FORMAT;
	struct sp_cue_index *list = sp_grow(sheet->index, sheet->indexes, sizeof(list[0]));
	if (!list)
		return sp_fail_memory(p->err);
	sheet->index = list;
	list[sheet->indexes++] = index;
	return 0;
}

static int parse_pregap(struct sp_cue_parser *p)
{
	const struct sp_cue_sheet *sheet = p->sheet;
	const struct sp_cue_track *now = sp_cue_track_now(p);
	struct sp_cue_track *track = sp_cue_once(p, now && now->has_pregap);

	if (!track)
		return SP_ERR_FORMAT;
	track->has_pregap = true;
	if (sheet->indexes && sheet->index[sheet->indexes - 1].track == sheet->tracks - 1)
		return sp_cue_wrong(p, &p->command, "PREGAP after INDEX");
	return parse_time(p, &track->pregap);
}

static int parse_postgap(struct sp_cue_parser *p)
{
	const struct sp_cue_track *now = sp_cue_track_now(p);
	struct sp_cue_track *track = sp_cue_once(p, now && now->has_postgap);

	if (!track)
		return SP_ERR_FORMAT;
	track->has_postgap = true;
	return parse_time(p, &track->postgap);
}

struct parse_command {
	const char *name;
	int (*take)(struct sp_cue_parser *p);
};

static const struct parse_command parse_commands[] = {
	{"FILE", parse_file},
	{"TRACK", parse_track},
	{"INDEX", parse_index},
	{"PREGAP", parse_pregap},
	{"POSTGAP", parse_postgap},
	{"FLAGS", sp_cue_take_flags},
	{"ISRC", sp_cue_take_isrc},
	{"CATALOG", sp_cue_take_catalog},
	{"CDTEXTFILE", sp_cue_take_cdtextfile},
	{"REM", sp_cue_take_rem},
	{NULL, NULL},
};

static int parse_line(struct sp_cue_parser *p)
{
	const struct parse_command *command = parse_commands;
	struct sp_word extra;
	int (*take)(struct sp_cue_parser *) = NULL;

	if (!sp_text_word(&p->c, &p->command))
		return 0;
	while (command->name && !sp_word_is(&p->command, command->name))
		command++;
	take = command->take;
	if (!take && sp_cue_text_type(p->command.at, p->command.size))
		take = sp_cue_take_text;
	if (!take || p->command.quoted)
		return sp_cue_wrong(p, &p->command, "unknown keyword `%.*s'",
				    SP_CUE_SHOWN(p->command));
	const int r = take(p);
	if (!r && sp_text_word(&p->c, &extra))
		return sp_cue_wrong(p, &extra, "`%.*s' is not expected here: one command a line",
				    SP_CUE_SHOWN(extra));
	return r;
}

/* A file name or a session that nothing came of is a sheet cut short. */
static int parse_end(struct sp_cue_parser *p)
{
	const struct sp_cue_sheet *sheet = p->sheet;
	const struct sp_cue_place end = {p->c.number ? p->c.number : 1, 1};

	if (parse_track_end(p) < 0)
		return SP_ERR_FORMAT;
	if (!sheet->tracks)
		return sp_cue_fail(p->name, end, p->err, "the sheet ends without a TRACK");
	if (sheet->index[sheet->indexes - 1].file != sheet->files - 1)
		return sp_cue_fail(p->name, sheet->file[sheet->files - 1].at, p->err,
				   "no INDEX lies in this FILE");
	if (sheet->track[sheet->tracks - 1].session != sheet->sessions - 1)
		return sp_cue_fail(p->name, sheet->session[sheet->sessions - 1].at, p->err,
				   "session %zu has no track", sheet->sessions);
	if (p->zeros)
		sp_note(p->notes, "%s: %u ISRC%s of zeros %s taken as none", p->name, p->zeros,
			p->zeros == 1 ? "" : "s", p->zeros == 1 ? "is" : "are");
	return 0;
}

static int parse_lines(struct sp_cue_parser *p)
{
	while (sp_text_line(&p->c)) {
		const struct sp_word line = {p->c.line, (size_t)(p->c.eol - p->c.line), false};
		const char *nul = memchr(line.at, 0, line.size);

		if (p->c.number > SP_CUE_LINE_MAX)
			return sp_cue_wrong(p, &line, "more than %d lines", SP_CUE_LINE_MAX);
		if (nul)
			return sp_cue_wrong(p, &(struct sp_word){nul, 1, false},
					    "a NUL byte: not a sheet of 8-bit letters");
		const int r = parse_line(p);
		if (r < 0)
			return r;
	}
	return parse_end(p);
}

/* Which encoding it is. That of 16 bits becomes UTF-8 as a whole: *wide, malloc'd. */
static int parse_letters(struct sp_cue_parser *p, const char **text, size_t *size,
			 const char *charset, char **wide)
{
	unsigned known = sp_cue_charset(*text, *size);

	if (!sp_cue_charset_named(charset, &known))
		return sp_fail(p->err, SP_ERR_USAGE,
			       "-O charset=%s: the values are auto|utf-8|cp1252|cp1251|shift-jis",
			       charset);
	if (known == SP_CHARSET_UTF16LE || known == SP_CHARSET_UTF16BE) {
		*wide = sp_charset_decode(known, *text, *size, size);
		if (!*wide)
			return sp_fail_memory(p->err);
		*text = *wide;
		sp_note(p->notes, "%s: read as %s", p->name, sp_cue_charset_title(known));
		known = SP_CHARSET_UTF8;
	} else if (known != SP_CHARSET_UTF8) {
		sp_note(p->notes, "%s: not UTF-8, read as %s", p->name,
			sp_cue_charset_title(known));
	}
	p->sheet->charset = known;
	while (*size && ((*text)[*size - 1] == 0x1a || !(*text)[*size - 1]))
		--*size; /* end of file, to DOS */
	return 0;
}

int sp_cue_parse(struct sp_cue_sheet *sheet, const char *name, const void *text, size_t size,
		 const char *charset, const struct sp_notes *notes, struct sp_error *err)
{
	struct sp_cue_parser p = {.sheet = sheet, .name = name, .notes = notes, .err = err};
	const char *letters = text;
	char *wide = NULL;

	*sheet = (struct sp_cue_sheet){.sessions = 1};
	if (size > SP_CUE_TEXT_MAX)
		return sp_fail(err, SP_ERR_FORMAT, "%s: larger than 1 MiB: no cue sheet", name);
	int r = parse_letters(&p, &letters, &size, charset, &wide);
	if (!r) {
		sp_text_begin(&p.c, letters, size);
		r = parse_lines(&p);
	}
	free(wide);
	if (r < 0)
		sp_cue_sheet_clear(sheet);
	return r;
}

void sp_cue_sheet_clear(struct sp_cue_sheet *sheet)
{
	for (size_t i = 0; i < sheet->files; i++)
		free(sheet->file[i].name);
	for (size_t i = 0; i < sheet->texts; i++)
		free(sheet->text[i].text);
	free(sheet->file);
	free(sheet->index);
	free(sheet->text);
	free(sheet->cdtext);
	*sheet = (struct sp_cue_sheet){0};
}

static int parse_looks(const char *head, size_t size)
{
	struct sp_text_cursor c;
	struct sp_word word, rest;
	bool file = false, track = false;

	if (memchr(head, 0, size))
		return 0;
	sp_text_begin(&c, head, size);
	while (!track && c.number < 4096 && sp_text_line(&c)) {
		unsigned number;

		if (!sp_text_word(&c, &word))
			continue;
		if (sp_word_is(&word, "CD_DA") || sp_word_is(&word, "CD_ROM") ||
		    sp_word_is(&word, "CD_ROM_XA") || sp_word_is(&word, "CD_I"))
			return 0; /* the TOC of cdrdao, which has FILE and TRACK too */
		if (sp_word_is(&word, "FILE")) {
			rest = sp_text_rest(&c);
			file = file || rest.size;
		} else if (sp_word_is(&word, "TRACK")) {
			track = file && sp_text_word(&c, &word) &&
				sp_word_number(&word, SP_TRACK_MAX, &number);
		}
	}
	return track ? 95 : file ? 40 : 0;
}

int sp_cue_looks(const void *head, size_t size)
{
	const unsigned charset = sp_cue_charset(head, size < 2 ? size : 2);
	char *wide = NULL;

	if (charset == SP_CHARSET_UTF16LE || charset == SP_CHARSET_UTF16BE)
		head = wide = sp_charset_decode(charset, head, size, &size);
	const int score = head ? parse_looks(head, size) : 0;
	free(wide);
	return score;
}
