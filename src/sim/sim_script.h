/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scripts of profiles and faults: lines of words, and errors that name line and column. */
#ifndef SP_SIM_SCRIPT_H
#define SP_SIM_SCRIPT_H

#include "base/text.h"

#include <spindle/error.h>

struct sim_script {
	struct sp_text_cursor cursor;
	const char *name;
	struct sp_error *err;
};

/* Numbers are decimal, or hexadecimal with 0x. */
bool sim_word_number(const struct sp_word *word, int64_t min, int64_t max, int64_t *value);

/* The next line that says something, and its first word; false at the end. */
bool sim_script_line(struct sim_script *s, struct sp_word *word);
int sim_script_fail(struct sim_script *s, const struct sp_word *word, const char *what);
/* The next word; SP_ERR_FORMAT when there is none. */
int sim_script_word(struct sim_script *s, struct sp_word *word);
int sim_script_number(struct sim_script *s, int64_t min, int64_t max, int64_t *value);
/* One of `names` (NULL-ended): its place. */
int sim_script_choice(struct sim_script *s, const char *const *names, unsigned *value);
/* Nothing is left of the line. */
int sim_script_end(struct sim_script *s);

#endif
