/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of a cue sheet as a list of what it says, still without any file it names. */
#ifndef SP_FORMATS_CUE_PARSE_H
#define SP_FORMATS_CUE_PARSE_H

#include <spindle/disc.h>
#include <spindle/error.h>

enum {
	SP_CUE_TEXT_MAX = 1 << 20, /* bytes */
	SP_CUE_LINE_MAX = 100000,
	SP_CUE_FILE_MAX = 255,    /* each is open while the image is */
	SP_CUE_LEAD_OUT = 6750,   /* sectors after the first session, */
	SP_CUE_LEAD_OUT_2 = 2250, /* after later ones; */
	SP_CUE_LEAD_IN = 4500,    /* before every session but the first */
	SP_CUE_GD_DENSE = 45000,  /* LBA of a GD-ROM's high-density area */
};

/* Line and column (in bytes) of a word, from 1. */
struct sp_cue_place {
	unsigned line, column;
};

/* One line, SP_ERR_FORMAT: "sheet.cue:14:3: …". */
int sp_cue_fail(const char *sheet, struct sp_cue_place at, struct sp_error *err, const char *fmt,
		...) SP_PRINTF(4, 5);

enum sp_cue_data { /* by the last word of a FILE line */
		   SP_CUE_BINARY,
		   SP_CUE_MOTOROLA,
		   SP_CUE_SOUND, /* whatever it is called: a sound file, told by its content */
};

struct sp_cue_file {
	char *name; /* as it stands, also where the sheet's letters are not UTF-8 */
	unsigned data;
	struct sp_cue_place at;
};

/* A word after TRACK nn, and what one sector of such a track is. */
struct sp_cue_type {
	const char *name;
	unsigned mode, parts;
	uint32_t size;
	bool probed; /* formless or XA: only the sectors tell */
	bool cdi;
};
/* NULL-named at the end. */
extern const struct sp_cue_type sp_cue_types[];

struct sp_cue_index {
	size_t track; /* position in the sheet's list */
	unsigned number, file;
	uint32_t frames; /* from the beginning of the file */
	struct sp_cue_place at;
};

struct sp_cue_track {
	unsigned number, control;
	size_t session; /* position in the sheet's list */
	const struct sp_cue_type *type;
	bool has_flags, has_pregap, has_postgap;
	uint32_t pregap, postgap; /* frames that are in no file */
	char isrc[13];
	struct sp_cue_place at;
};

/* Lengths are frames; `lead_out` is a length, or a position in the file where the next session goes
 * on in the same file. */
struct sp_cue_session {
	bool has_lead_out, has_lead_in, has_pregap;
	uint32_t lead_out, lead_in, pregap;
	bool dense; /* the high-density area of a GD-ROM */
	struct sp_cue_place at, lead_out_at;
};

struct sp_cue_sheet {
	struct sp_cue_file *file;
	size_t files;
	struct sp_cue_track track[SP_TRACK_MAX];
	size_t tracks;
	struct sp_cue_index *index; /* of all tracks, as they follow one another */
	size_t indexes;
	struct sp_cue_session session[SP_TRACK_MAX];
	size_t sessions;
	struct sp_text *text; /* UTF-8 */
	size_t texts;
	char mcn[14];
	char *cdtext;     /* name of a file of CD-Text packs, or NULL */
	unsigned charset; /* of enum sp_charset: that of file[].name; texts are UTF-8 */
	bool gd;
};

/* Fill *sheet (which is cleared first) from `size` bytes of text. `name` is the sheet's, for errors
 * and notes; `charset` the encoding as -O charset=NAME has it, NULL: told by the bytes. On failure
 * the sheet is empty. */
int sp_cue_parse(struct sp_cue_sheet *sheet, const char *name, const void *text, size_t size,
		 const char *charset, const struct sp_notes *notes, struct sp_error *err);
void sp_cue_sheet_clear(struct sp_cue_sheet *sheet);

/* 0…100: does this text begin like a cue sheet? */
int sp_cue_looks(const void *head, size_t size);

/* The CD-Text type of a keyword, 0: none; and the keyword of a type, NULL: none. */
unsigned sp_cue_text_type(const char *keyword, size_t size);
const char *sp_cue_text_keyword(unsigned type);
/* Would a reader take a remark with this text for structure (REM SESSION 02 …)? */
bool sp_cue_remark_structural(const char *text);

#endif
