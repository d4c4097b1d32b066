/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Map files printed and parsed. */
#include "drive/map.h"

#include "base/bytes.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAP_LINE = 64, MAP_HEAD = 512 };

int sp_map_add(struct sp_map *map, uint64_t size, char status, struct sp_error *err)
{
	uint64_t sum, end;

	if (!size)
		return 0;
	if (!sp_add_ok(map->size, size, &sum) || !sp_add_ok(map->origin, sum, &end) ||
	    end > SP_MAP_SIZE_MAX)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "too large for a map file");
	if (!map->blocks || map->block[map->blocks - 1].status != status) {
		struct sp_map_block *list = sp_grow(map->block, map->blocks, sizeof(*list));

		if (!list)
			return sp_fail_memory(err);
		map->block = list;
		list[map->blocks++] = (struct sp_map_block){0, status};
	}
	map->block[map->blocks - 1].size += size;
	map->size = sum;
	return 0;
}

/* A comment must not end its line. */
static void map_comment(char *text)
{
	for (; *text; text++)
		if (*text == '\n' || *text == '\r')
			*text = ' ';
}

int sp_map_print(const struct sp_map *map, const char *comment, char **text, size_t *size,
		 struct sp_error *err)
{
	const size_t room = MAP_HEAD + (map->blocks + 1) * MAP_LINE;
	char *out = malloc(room);
	uint64_t at = map->origin;
	size_t used = 0;

	if (!out)
		return sp_fail_memory(err);
	if (comment) {
		used += (size_t)snprintf(out, MAP_HEAD / 2, "# %.200s", comment);
		map_comment(out);
		out[used++] = '\n';
	}
	used += (size_t)snprintf(out + used, room - used,
				 "# current_pos  current_status  current_pass\n"
				 "0x%08" PRIX64 "     %c               %u\n"
				 "#      pos        size  status\n",
				 map->at, map->phase, map->pass);
	for (size_t i = 0; i < map->blocks; i++) {
		used += (size_t)snprintf(out + used, room - used,
					 "0x%08" PRIX64 "  0x%08" PRIX64 "  %c\n", at,
					 map->block[i].size, map->block[i].status);
		at += map->block[i].size;
	}
	*text = out;
	*size = used;
	return 0;
}

/* Decimal, 0x hexadecimal or 0 octal. */
static bool map_number(const struct sp_word *word, uint64_t *value)
{
	const bool hex = word->size > 2 && word->at[0] == '0' && (word->at[1] | 32) == 'x';
	const unsigned base = hex ? 16 : word->size > 1 && word->at[0] == '0' ? 8 : 10;

	*value = 0;
	if (word->quoted)
		return false;
	for (size_t i = hex ? 2 : 0; i < word->size; i++) {
		const char c = word->at[i];
		const unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
				       : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
				       : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
							      : 16;

		if (digit >= base || !sp_mul_ok(*value, base, value) ||
		    !sp_add_ok(*value, digit, value))
			return false;
	}
	return word->size && *value <= SP_MAP_SIZE_MAX;
}

static bool map_sign(const struct sp_word *word, const char *signs, char *sign)
{
	*sign = word->size == 1 ? word->at[0] : '\0';
	return *sign && strchr(signs, *sign);
}

struct map_reader {
	struct sp_text_cursor cursor;
	const char *name;
	struct sp_error *err;
};

static int map_wrong(struct map_reader *m, const char *what)
{
	return sp_fail(m->err, SP_ERR_FORMAT, "%s:%u: %s", m->name, m->cursor.number, what);
}

/* The next line that says something. */
static bool map_line(struct map_reader *m, struct sp_word *first)
{
	while (sp_text_line(&m->cursor)) {
		if (sp_text_word(&m->cursor, first) && (first->quoted || first->at[0] != '#'))
			return true;
	}
	return false;
}

/* Nothing but a comment is left of the line. */
static bool map_over(struct map_reader *m)
{
	const struct sp_word rest = sp_text_rest(&m->cursor);

	return !rest.size || rest.at[0] == '#';
}

static int map_status(struct map_reader *m, struct sp_map *map)
{
	struct sp_word word;

	map->pass = 1;
	if (!map_line(m, &word))
		return map_wrong(m, "the line with the current position is missing");
	if (!map_number(&word, &map->at))
		return map_wrong(m, "no position");
	if (!sp_text_word(&m->cursor, &word) || !map_sign(&word, "?*/-FG+", &map->phase))
		return map_wrong(m, "no current status: one of ? * / - F G +");
	if (map_over(m))
		return 0;
	m->cursor.pos = word.at + word.size;
	if (!sp_text_word(&m->cursor, &word) || !sp_word_number(&word, INT32_MAX, &map->pass) ||
	    !map->pass || !map_over(m))
		return map_wrong(m, "no number of a pass");
	return 0;
}

static int map_block(struct map_reader *m, struct sp_map *map, struct sp_word *word)
{
	uint64_t at, size;
	char status;

	if (!map_number(word, &at))
		return map_wrong(m, "no position");
	if (!sp_text_word(&m->cursor, word) || !map_number(word, &size) || !size)
		return map_wrong(m, "no size");
	if (!sp_text_word(&m->cursor, word) || !map_sign(word, "?*/-+", &status) || !map_over(m))
		return map_wrong(m, "no status: one of ? * / - +");
	if (!map->blocks)
		map->origin = at;
	if (at != map->origin + map->size)
		return map_wrong(m, "the block does not begin where the one before it ends");
	if (size > SP_MAP_SIZE_MAX - at)
		return map_wrong(m, "the block ends too far out");
	return sp_map_add(map, size, status, m->err);
}

int sp_map_parse(struct sp_map *map, const char *name, const void *data, size_t size,
		 struct sp_error *err)
{
	struct map_reader m = {.name = name, .err = err};
	struct sp_word word;

	*map = (struct sp_map){0};
	if (size > SP_MAP_TEXT_MAX)
		return sp_fail(err, SP_ERR_FORMAT, "%s: too large for a map file", name);
	sp_text_begin(&m.cursor, data, size);
	int rc = map_status(&m, map);
	while (!rc && map_line(&m, &word))
		rc = map_block(&m, map, &word);
	return rc;
}

void sp_map_clear(struct sp_map *map)
{
	free(map->block);
	*map = (struct sp_map){0};
}
