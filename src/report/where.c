/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What damaged sectors belong to, for people and as JSON. */
#include "report/where.h"

#include "report/printable.h"

#include <inttypes.h>
#include <string.h>

static bool where_same(const struct sp_where_part *a, const struct sp_where_part *b)
{
	return a->what == b->what && a->session == b->session && a->track == b->track &&
	       a->partition == b->partition && !strcmp(a->name, b->name);
}

bool report_where_next(const struct sp_where *where, size_t *at, struct where_thing *thing)
{
	if (*at >= where->parts)
		return false;
	*thing = (struct where_thing){.first = &where->part[*at]};
	do
		thing->sectors += where->part[(*at)++].count;
	while (*at < where->parts && where_same(thing->first, &where->part[*at]));
	return true;
}

size_t report_where_from(const struct sp_where *where, sp_lba lba)
{
	size_t low = 0, high = where->parts;

	while (low < high) {
		const size_t half = low + (high - low) / 2;
		if (where->part[half].lba < lba)
			low = half + 1;
		else
			high = half;
	}
	return low;
}

void report_where_put(FILE *out, const struct sp_where_part *part)
{
	static const char *const before[] = {
		[SP_WHERE_FOLDER] = "the folder ",
		[SP_WHERE_ENTRY] = "the entry of ",
		[SP_WHERE_VOLUME] = "the ",
		[SP_WHERE_FREE] = "free space",
		[SP_WHERE_NONE] = "no file that is known",
		[SP_WHERE_OUTSIDE] = "no file system",
	};

	if (part->what < sizeof(before) / sizeof(*before) && before[part->what])
		fputs(before[part->what], out);
	printable_put(out, part->name);
	if (part->what == SP_WHERE_RESOURCE)
		fputs(" (resource fork)", out);
	if (!part->other || !part->tree)
		return;
	fprintf(out, " (%s", part->tree);
	if (part->session)
		fprintf(out, ", session %u", part->session);
	if (part->track)
		fprintf(out, ", track %u", part->track);
	if (part->partition)
		fprintf(out, ", partition %u", part->partition);
	fputc(')', out);
}

bool report_where_any(const struct sp_where *where)
{
	for (size_t i = 0; i < where->parts; i++)
		if (where->part[i].what != SP_WHERE_OUTSIDE)
			return true;
	return false;
}

void report_where_json(struct json *json, const struct sp_where *where)
{
	if (!where) {
		json_null(json, "files");
		json_null(json, "files_complete");
		return;
	}
	json_array(json, "files");
	for (size_t i = 0; i < where->parts; i++) {
		const struct sp_where_part *part = &where->part[i];

		json_object(json, NULL);
		json_string(json, "what", sp_where_name(part->what));
		json_string(json, "name", part->name[0] ? part->name : NULL);
		json_string(json, "tree", part->tree);
		if (part->session)
			json_u64(json, "session", part->session);
		if (part->track)
			json_u64(json, "track", part->track);
		if (part->partition)
			json_u64(json, "partition", part->partition);
		json_i64(json, "lba", part->lba);
		json_u64(json, "count", part->count);
		if (part->what <= SP_WHERE_FOLDER)
			json_u64(json, "offset", part->offset);
		json_end_object(json);
	}
	json_end_array(json);
	json_bool(json, "files_complete", !where->more && !where->damaged);
}
