/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What damaged sectors belong to, for people and as JSON. */
#ifndef SP_REPORT_WHERE_H
#define SP_REPORT_WHERE_H

#include "report/json.h"

#include <spindle/tree.h>

/* Parts from *at on that are of one thing and follow each other; *at becomes the next one. */
struct where_thing {
	const struct sp_where_part *first;
	uint64_t sectors;
};
bool report_where_next(const struct sp_where *where, size_t *at, struct where_thing *thing);
/* The first part at or behind the sector. */
size_t report_where_from(const struct sp_where *where, sp_lba lba);
/* "boot/vmlinuz", "the path table", "free space". */
void report_where_put(FILE *out, const struct sp_where_part *part);
/* Is any of it in a file system? */
bool report_where_any(const struct sp_where *where);
/* An array of {what, name, tree, lba, count, offset}, and whether it is all: files_complete. NULL:
 * it was not looked up, both are null. */
void report_where_json(struct json *json, const struct sp_where *where);

#endif
