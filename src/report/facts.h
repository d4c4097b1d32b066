/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts of a container, kept and printed: fields, and tables of a section's rows. */
#ifndef SP_REPORT_FACTS_H
#define SP_REPORT_FACTS_H

#include "report/json.h"

#include <spindle/stream.h>

struct facts {
	struct sp_fact *fact; /* with texts of their own */
	size_t count;
	bool failed; /* no memory */
};

sp_fact_fn facts_take; /* user is the facts */
void facts_free(struct facts *facts);

void facts_text(FILE *out, const struct facts *facts);
/* One object: facts of the whole as its keys, a section as an array of rows or an object. Null
 * where there is no fact. */
void facts_json(struct json *json, const char *key, const struct facts *facts);
/* The rows of the only section as an array. */
void facts_json_list(struct json *json, const char *key, const struct facts *facts);

#endif
