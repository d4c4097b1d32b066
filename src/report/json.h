/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A JSON writer that streams: nothing is kept but the depth. */
#ifndef SP_REPORT_JSON_H
#define SP_REPORT_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH 16

/* `out` is borrowed (open_memstream makes it a buffer); its error flag tells whether all went well.
 * `compact`: all on one line, as NDJSON wants. */
struct json {
	FILE *out;
	bool compact;
	unsigned depth;
	bool filled[JSON_DEPTH + 1]; /* something stands at this depth already */
};

/* `key` is NULL inside arrays and at the top. Opening an object or array deeper than JSON_DEPTH is
 * a mistake of the caller and is written without its place being known. */
void json_object(struct json *json, const char *key);
void json_array(struct json *json, const char *key);
/* Close the object or array; at the top a newline follows. */
void json_end_object(struct json *json);
void json_end_array(struct json *json);

/* Invalid UTF-8 becomes U+FFFD; NULL is null. Controls and what reorders text are \u escapes, so
 * that the output is safe on a terminal. */
void json_string(struct json *json, const char *key, const char *value);
void json_u64(struct json *json, const char *key, uint64_t value);
void json_i64(struct json *json, const char *key, int64_t value);
/* With one digit after the point, whatever the locale; not finite is null. */
void json_tenths(struct json *json, const char *key, double value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

#endif
