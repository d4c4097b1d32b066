/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts of a container: kept as they are told, printed as fields and tables or as JSON. */
#include "report/facts.h"

#include "report/printable.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FACTS_COLUMNS = 12, FACTS_NUMBER = 24 };

static char *facts_copy(struct facts *facts, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	facts->failed = facts->failed || (text && !copy);
	return copy;
}

void facts_take(void *user, const struct sp_fact *fact)
{
	struct facts *facts = user;
	struct sp_fact *list = realloc(facts->fact, (facts->count + 1) * sizeof(*list));

	if (!list) {
		facts->failed = true;
		return;
	}
	facts->fact = list;
	list[facts->count++] = (struct sp_fact){
		facts_copy(facts, fact->section), fact->row,    facts_copy(facts, fact->key),
		facts_copy(facts, fact->text),    fact->number,
	};
}

void facts_free(struct facts *facts)
{
	for (size_t i = 0; i < facts->count; i++) {
		free((char *)facts->fact[i].section);
		free((char *)facts->fact[i].key);
		free((char *)facts->fact[i].text);
	}
	free(facts->fact);
	*facts = (struct facts){0};
}

/* Where the section that begins at `at` ends. */
static size_t facts_section(const struct facts *facts, size_t at)
{
	const char *section = facts->fact[at].section;
	size_t end = at + 1;

	while (end < facts->count && !section == !facts->fact[end].section &&
	       (!section || !strcmp(section, facts->fact[end].section)))
		end++;
	return end;
}

static void facts_value(const struct sp_fact *fact, char number[FACTS_NUMBER], const char **text)
{
	snprintf(number, FACTS_NUMBER, "%" PRIu64, fact->number);
	*text = fact->text ? fact->text : number;
}

/* "code_signature" as "Code signature", "lba" as "LBA" */
static void facts_label(char label[32], const char *key)
{
	static const char *const letters[] = {"lba", "md5", "xa"};

	snprintf(label, 32, "%s", key);
	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++)
		for (char *p = label; !strcmp(key, letters[i]) && *p; p++)
			*p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
	for (char *p = label; *p; p++)
		if (*p == '_')
			*p = ' ';
	if (label[0] >= 'a' && label[0] <= 'z')
		label[0] = (char)(label[0] - 'a' + 'A');
}

static void facts_cell(FILE *out, const char *text, size_t width, bool right, bool last)
{
	const size_t columns = printable_columns(text);

	for (size_t i = columns; right && i < width; i++)
		fputc(' ', out);
	printable_put(out, text);
	for (size_t i = columns; !right && !last && i < width; i++)
		fputc(' ', out);
	if (!last)
		fputs("  ", out);
}

/* Rows of the same keys, as wide as their longest cells. */
static void facts_table(FILE *out, const struct sp_fact *fact, size_t count)
{
	size_t columns = 1, width[FACTS_COLUMNS];
	char label[32], number[FACTS_NUMBER];
	const char *text;

	while (columns < count && fact[columns].row == fact[0].row && columns < FACTS_COLUMNS)
		columns++;
	for (size_t c = 0; c < columns; c++) {
		facts_label(label, fact[c].key);
		width[c] = strlen(label);
		for (size_t i = c; i < count; i += columns) {
			facts_value(&fact[i], number, &text);
			const size_t n = printable_columns(text);
			width[c] = n > width[c] ? n : width[c];
		}
	}
	for (size_t c = 0; c < columns; c++) {
		facts_label(label, fact[c].key);
		facts_cell(out, label, width[c], !fact[c].text, c + 1 == columns);
	}
	fputc('\n', out);
	for (size_t i = 0; i < count; i++) {
		const size_t c = i % columns;
		facts_value(&fact[i], number, &text);
		facts_cell(out, text, width[c], !fact[i].text, c + 1 == columns);
		if (c + 1 == columns)
			fputc('\n', out);
	}
}

/* Fields, their values below each other. */
static void facts_fields(FILE *out, const struct sp_fact *fact, size_t count)
{
	char label[32], number[FACTS_NUMBER];
	const char *text;
	int width = 12;

	for (size_t i = 0; i < count; i++) {
		facts_label(label, fact[i].key);
		width = strlen(label) > (size_t)width ? (int)strlen(label) : width;
	}
	for (size_t i = 0; i < count; i++) {
		facts_label(label, fact[i].key);
		facts_value(&fact[i], number, &text);
		fprintf(out, "%-*s ", width, label);
		printable_put(out, text);
		fputc('\n', out);
	}
}

void facts_text(FILE *out, const struct facts *facts)
{
	char label[32];

	for (size_t at = 0, end; at < facts->count; at = end) {
		end = facts_section(facts, at);
		fputc('\n', out);
		if (facts->fact[at].row) {
			facts_label(label, facts->fact[at].section);
			fprintf(out, "%s\n", label);
			facts_table(out, &facts->fact[at], end - at);
			continue;
		}
		facts_fields(out, &facts->fact[at], end - at);
	}
}

static void facts_json_one(struct json *json, const struct sp_fact *fact)
{
	if (fact->text)
		json_string(json, fact->key, fact->text);
	else
		json_u64(json, fact->key, fact->number);
}

static void facts_json_rows(struct json *json, const char *key, const struct sp_fact *fact,
			    size_t count)
{
	json_array(json, key);
	for (size_t i = 0; i < count; i++) {
		if (!i || fact[i].row != fact[i - 1].row)
			json_object(json, NULL);
		facts_json_one(json, &fact[i]);
		if (i + 1 == count || fact[i].row != fact[i + 1].row)
			json_end_object(json);
	}
	json_end_array(json);
}

void facts_json(struct json *json, const char *key, const struct facts *facts)
{
	if (!facts->count) {
		json_null(json, key);
		return;
	}
	json_object(json, key);
	for (size_t at = 0, end; at < facts->count; at = end) {
		const struct sp_fact *fact = &facts->fact[at];

		end = facts_section(facts, at);
		if (fact->row) {
			facts_json_rows(json, fact->section, fact, end - at);
			continue;
		}
		if (fact->section)
			json_object(json, fact->section);
		for (size_t i = at; i < end; i++)
			facts_json_one(json, &facts->fact[i]);
		if (fact->section)
			json_end_object(json);
	}
	json_end_object(json);
}

void facts_json_list(struct json *json, const char *key, const struct facts *facts)
{
	facts_json_rows(json, key, facts->fact, facts->count);
}
