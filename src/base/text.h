/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A cursor over a text file's lines and words, for sheets; it never leaves its bytes. */
#ifndef SP_BASE_TEXT_H
#define SP_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sp_text_cursor {
	const char *at, *end;   /* rest of the text */
	const char *line, *eol; /* the current line without its end */
	const char *pos;        /* rest of the current line */
	unsigned number;        /* of the current line, from 1 */
};

/* A word of a line: not terminated. `quoted` when it stood in double quotes (which are not part of
 * it). */
struct sp_word {
	const char *at;
	size_t size;
	bool quoted;
};

/* Start before the first line; a UTF-8 byte-order mark is passed over. */
void sp_text_begin(struct sp_text_cursor *c, const void *data, size_t size);
/* Go to the next line (LF, CR LF or CR ends one); false at the end of the text. */
bool sp_text_line(struct sp_text_cursor *c);
/* The next word of the line, parted by spaces and tabs; false when none is left. A word that begins
 * with a double quote ends at the next one that is followed by white space or the line's end (so an
 * unescaped quote inside a title stays), or at the line's end. */
bool sp_text_word(struct sp_text_cursor *c, struct sp_word *word);
/* All that is left of the line, without white space around. */
struct sp_word sp_text_rest(struct sp_text_cursor *c);
/* Column of a word, from 1, in bytes. */
unsigned sp_text_column(const struct sp_text_cursor *c, const struct sp_word *word);

/* ASCII case does not count. */
bool sp_word_is(const struct sp_word *word, const char *name);
/* Only decimal digits, at most `max`. */
bool sp_word_number(const struct sp_word *word, unsigned max, unsigned *value);
/* A malloc'd, terminated copy; NULL: no memory. An embedded NUL ends it. */
char *sp_word_copy(const struct sp_word *word);

#endif
