/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scripts of profiles and faults, word by word. */
#include "sim/sim_script.h"

bool sim_word_number(const struct sp_word *word, int64_t min, int64_t max, int64_t *value)
{
	const bool minus = word->size && word->at[0] == '-';
	const size_t sign = minus ? 1 : 0;
	const bool hex = word->size > sign + 2 && word->at[sign] == '0' &&
			 (word->at[sign + 1] | 0x20) == 'x';
	size_t i = sign + (hex ? 2 : 0);
	int64_t v = 0;

	if (i >= word->size || word->size - i > 15)
		return false;
	for (; i < word->size; i++) {
		const char c = word->at[i], low = (char)(c | 0x20);
		const int digit = c >= '0' && c <= '9'              ? c - '0'
				  : hex && low >= 'a' && low <= 'f' ? low - 'a' + 10
								    : -1;

		if (digit < 0)
			return false;
		v = v * (hex ? 16 : 10) + digit;
	}
	*value = minus ? -v : v;
	return *value >= min && *value <= max;
}

bool sim_script_line(struct sim_script *s, struct sp_word *word)
{
	while (sp_text_line(&s->cursor))
		if (sp_text_word(&s->cursor, word) && word->at[0] != '#')
			return true;
	return false;
}

int sim_script_fail(struct sim_script *s, const struct sp_word *word, const char *what)
{
	return sp_fail(s->err, SP_ERR_FORMAT, "%s:%u:%u: %s", s->name, s->cursor.number,
		       sp_text_column(&s->cursor, word), what);
}

int sim_script_word(struct sim_script *s, struct sp_word *word)
{
	if (sp_text_word(&s->cursor, word) && (word->quoted || word->at[0] != '#'))
		return 0;
	*word = (struct sp_word){.at = s->cursor.eol};
	return sim_script_fail(s, word, "a word is missing");
}

int sim_script_number(struct sim_script *s, int64_t min, int64_t max, int64_t *value)
{
	struct sp_word word;
	const int rc = sim_script_word(s, &word);

	if (rc < 0 || sim_word_number(&word, min, max, value))
		return rc;
	return sp_fail(s->err, SP_ERR_FORMAT, "%s:%u:%u: not a number from %lld to %lld", s->name,
		       s->cursor.number, sp_text_column(&s->cursor, &word), (long long)min,
		       (long long)max);
}

int sim_script_choice(struct sim_script *s, const char *const *names, unsigned *value)
{
	struct sp_word word;
	const int rc = sim_script_word(s, &word);

	if (rc < 0)
		return rc;
	for (*value = 0; names[*value]; ++*value)
		if (sp_word_is(&word, names[*value]))
			return 0;
	return sim_script_fail(s, &word, "a word that is not known here");
}

int sim_script_end(struct sim_script *s)
{
	struct sp_word word;

	if (!sp_text_word(&s->cursor, &word) || (!word.quoted && word.at[0] == '#'))
		return 0;
	return sim_script_fail(s, &word, "a word too many");
}
