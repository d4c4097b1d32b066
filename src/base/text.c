/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A cursor over a text file's lines and words. */
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool text_blank(char c)
{
	return c == ' ' || c == '\t';
}

void sp_text_begin(struct sp_text_cursor *c, const void *data, size_t size)
{
	*c = (struct sp_text_cursor){.at = data, .end = (const char *)data + size};
	if (size >= 3 && !memcmp(data, "\xef\xbb\xbf", 3))
		c->at += 3;
	c->line = c->eol = c->pos = c->at;
}

bool sp_text_line(struct sp_text_cursor *c)
{
	if (c->at == c->end)
		return false;
	c->line = c->pos = c->at;
	while (c->at < c->end && *c->at != '\n' && *c->at != '\r')
		c->at++;
	c->eol = c->at;
	if (c->at < c->end && *c->at++ == '\r' && c->at < c->end && *c->at == '\n')
		c->at++;
	c->number++;
	return true;
}

bool sp_text_word(struct sp_text_cursor *c, struct sp_word *word)
{
	const char *p = c->pos;

	while (p < c->eol && text_blank(*p))
		p++;
	c->pos = p;
	if (p == c->eol)
		return false;
	if (*p == '"') {
		const char *from = ++p;

		while (p < c->eol && !(*p == '"' && (p + 1 == c->eol || text_blank(p[1]))))
			p++;
		*word = (struct sp_word){from, (size_t)(p - from), true};
		c->pos = p < c->eol ? p + 1 : p;
		return true;
	}
	while (p < c->eol && !text_blank(*p))
		p++;
	*word = (struct sp_word){c->pos, (size_t)(p - c->pos), false};
	c->pos = p;
	return true;
}

struct sp_word sp_text_rest(struct sp_text_cursor *c)
{
	const char *from = c->pos, *to = c->eol;

	while (from < to && text_blank(*from))
		from++;
	while (from < to && text_blank(to[-1]))
		to--;
	c->pos = c->eol;
	return (struct sp_word){from, (size_t)(to - from), false};
}

unsigned sp_text_column(const struct sp_text_cursor *c, const struct sp_word *word)
{
	return (unsigned)(word->at - c->line) + 1u - word->quoted;
}

bool sp_word_is(const struct sp_word *word, const char *name)
{
	return strlen(name) == word->size && !strncasecmp(word->at, name, word->size);
}

bool sp_word_number(const struct sp_word *word, unsigned max, unsigned *value)
{
	uint64_t v = 0;

	if (!word->size || word->size > 10)
		return false;
	for (size_t i = 0; i < word->size; i++) {
		if (word->at[i] < '0' || word->at[i] > '9')
			return false;
		v = v * 10 + (unsigned)(word->at[i] - '0');
	}
	if (v > max)
		return false;
	*value = (unsigned)v;
	return true;
}

char *sp_word_copy(const struct sp_word *word)
{
	return strndup(word->at, word->size);
}
