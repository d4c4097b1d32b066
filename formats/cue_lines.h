/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Taking a sheet line by line: what the commands share, and those that state facts of the disc. */
#ifndef SP_FORMATS_CUE_LINES_H
#define SP_FORMATS_CUE_LINES_H

#include "base/text.h"
#include "formats/cue_parse.h"

/* A word quoted in a message: as much of it as helps. */
#define SP_CUE_SHOWN(w) (int)((w).size < 40 ? (w).size : 40), (w).at

struct sp_cue_parser {
	struct sp_cue_sheet *sheet;
	const char *name;
	const struct sp_notes *notes;
	struct sp_error *err;
	struct sp_text_cursor c;
	struct sp_word command;     /* first word of the line */
	struct sp_cue_session next; /* what was said of a session that has not begun */
	unsigned zeros;             /* ISRCs that are none */
};

struct sp_cue_place sp_cue_place(const struct sp_cue_parser *p, const struct sp_word *word);
int sp_cue_wrong(struct sp_cue_parser *p, const struct sp_word *word, const char *fmt, ...)
	SP_PRINTF(3, 4);
/* A note that names the line. */
void sp_cue_remark(const struct sp_cue_parser *p, const char *fmt, ...) SP_PRINTF(2, 3);
/* The next word, which the command cannot do without. */
int sp_cue_argument(struct sp_cue_parser *p, struct sp_word *word);
/* mm:ss:ff, a length or a position in a file: no 00:02:00 is in it. */
bool sp_cue_time(const struct sp_word *word, uint32_t *frames);
/* The track at hand, NULL: none yet. */
struct sp_cue_track *sp_cue_track_now(const struct sp_cue_parser *p);

/* Commands; each takes its line from behind the first word. */
int sp_cue_take_flags(struct sp_cue_parser *p);
int sp_cue_take_isrc(struct sp_cue_parser *p);
int sp_cue_take_catalog(struct sp_cue_parser *p);
int sp_cue_take_cdtextfile(struct sp_cue_parser *p);
int sp_cue_take_text(struct sp_cue_parser *p);
int sp_cue_take_rem(struct sp_cue_parser *p);
/* What a second one of a command is told; NULL: there is no track, which is told too. */
struct sp_cue_track *sp_cue_once(struct sp_cue_parser *p, bool given);

#endif
