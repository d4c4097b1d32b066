/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A JSON writer that streams (RFC 8259). */
#include "report/json.h"

#include "report/printable.h"

#include <inttypes.h>
#include <math.h>

static void json_escape(struct json *json, const char *text)
{
	fputc('"', json->out);
	for (const char *p = text; *p;) {
		const char *from = p;
		const int32_t c = printable_next(&p);

		if (c == -1)
			fputs("\xef\xbf\xbd", json->out);
		else if (c == '"' || c == '\\')
			fprintf(json->out, "\\%c", (char)c);
		else if (c == '\n')
			fputs("\\n", json->out);
		else if (c == '\t')
			fputs("\\t", json->out);
		else if (printable_is_unsafe(c)) /* all are below U+10000 */
			fprintf(json->out, "\\u%04" PRIx32, (uint32_t)c);
		else
			fwrite(from, 1, (size_t)(p - from), json->out);
	}
	fputc('"', json->out);
}

static void json_indent(struct json *json)
{
	if (json->compact)
		return;
	fputc('\n', json->out);
	for (unsigned i = 0; i < json->depth; i++)
		fputs("  ", json->out);
}

/* What stands before a value: the comma after its elder, the line, the key. */
static void json_begin(struct json *json, const char *key)
{
	bool *filled = &json->filled[json->depth < JSON_DEPTH ? json->depth : JSON_DEPTH];

	if (*filled)
		fputc(',', json->out);
	if (json->depth)
		json_indent(json);
	*filled = true;
	if (!key)
		return;
	json_escape(json, key);
	fputs(json->compact ? ":" : ": ", json->out);
}

static void json_open(struct json *json, const char *key, char bracket)
{
	json_begin(json, key);
	fputc(bracket, json->out);
	json->depth++;
	if (json->depth <= JSON_DEPTH)
		json->filled[json->depth] = false;
}

static void json_close(struct json *json, char bracket)
{
	const bool filled = json->filled[json->depth < JSON_DEPTH ? json->depth : JSON_DEPTH];

	if (json->depth)
		json->depth--;
	if (filled)
		json_indent(json);
	fputc(bracket, json->out);
	if (!json->depth) {
		fputc('\n', json->out);
		json->filled[0] = false;
	}
}

void json_object(struct json *json, const char *key)
{
	json_open(json, key, '{');
}

void json_array(struct json *json, const char *key)
{
	json_open(json, key, '[');
}

void json_end_object(struct json *json)
{
	json_close(json, '}');
}

void json_end_array(struct json *json)
{
	json_close(json, ']');
}

void json_string(struct json *json, const char *key, const char *value)
{
	json_begin(json, key);
	if (value)
		json_escape(json, value);
	else
		fputs("null", json->out);
}

void json_u64(struct json *json, const char *key, uint64_t value)
{
	json_begin(json, key);
	fprintf(json->out, "%" PRIu64, value);
}

void json_i64(struct json *json, const char *key, int64_t value)
{
	json_begin(json, key);
	fprintf(json->out, "%" PRId64, value);
}

void json_tenths(struct json *json, const char *key, double value)
{
	/* beyond 2^53 a double has no tenths */
	if (!isfinite(value) || fabs(value) > 9007199254740992.0) {
		json_null(json, key);
		return;
	}
	const int64_t tenths = (int64_t)(fabs(value) * 10 + 0.5);
	json_begin(json, key);
	fprintf(json->out, "%s%" PRId64 ".%" PRId64, value < 0 && tenths ? "-" : "", tenths / 10,
		tenths % 10);
}

void json_bool(struct json *json, const char *key, bool value)
{
	json_begin(json, key);
	fputs(value ? "true" : "false", json->out);
}

void json_null(struct json *json, const char *key)
{
	json_begin(json, key);
	fputs("null", json->out);
}
