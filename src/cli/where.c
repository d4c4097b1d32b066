/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Naming the files that damaged sectors are part of. */
#include "cli/where.h"

#include <inttypes.h>
#include <string.h>

int where_mend(struct sp_input *in, struct sp_repairs *repairs, struct sp_error *err)
{
	const struct sp_disc *disc = in->source->disc;
	struct sp_source *view;
	bool framed = false;

	for (size_t i = 0; i < disc->regions; i++)
		framed |= disc->region[i].mode != SP_MODE_AUDIO &&
			  (disc->region[i].parts & SP_PART_ECC) != 0;
	if (!framed)
		return 0;
	const int r = sp_view_repair(&view, in->source, repairs, err);
	if (!r)
		in->source = view;
	return r;
}

static bool where_data(const struct sp_disc *disc)
{
	for (size_t i = 0; i < disc->tracks; i++)
		if (disc->track[i].mode != SP_MODE_AUDIO)
			return true;
	return false;
}

bool where_look(struct sp_where *where, struct ui *ui, struct sp_source *source,
		const struct sp_runs *runs)
{
	struct sp_inside *inside = NULL;
	struct sp_error err;

	*where = (struct sp_where){0};
	if (!runs->count || !where_data(source->disc))
		return false;
	int r = source->caps & SP_SOURCE_ONCE
			? sp_fail(&err, SP_ERR_USAGE, "it can be read but once")
			: sp_inside_open(&inside, source, NULL, &err);
	if (!r)
		r = sp_where_find(where, inside, runs->run, runs->count, &err);
	sp_inside_close(inside);
	if (r < 0)
		ui_note(ui, "which files are hit cannot be told: %s", err.text);
	else if (where->damaged)
		ui_note(ui, "the tree of files is damaged itself: more files may be hit than are "
			    "named");
	if (!r && where->more)
		ui_note(ui, "more files are hit than are named");
	return !r;
}

bool where_look_in(struct sp_where *where, struct ui *ui, struct sp_input *in,
		   const struct sp_runs *runs)
{
	struct sp_repairs repairs = {0};
	struct sp_error err;

	*where = (struct sp_where){0};
	if (!runs->count)
		return false;
	if (!(in->source->caps & SP_SOURCE_ONCE) && where_mend(in, &repairs, &err) < 0) {
		ui_note(ui, "which files are hit cannot be told: %s", err.text);
		return false;
	}
	const bool found = where_look(where, ui, in->source, runs);
	/* the view outlives what it counts into, but is read no more */
	sp_runs_free(&repairs.runs);
	return found;
}

void where_text(const struct sp_disc *disc, const struct sp_where *where, size_t most)
{
	struct where_thing thing;
	char place[CLI_PLACE];
	size_t shown = 0;

	if (!report_where_any(where))
		return;
	for (size_t at = 0; report_where_next(where, &at, &thing);) {
		if (shown++ == most) {
			fputs("  ... more with -v or --json\n", stdout);
			return;
		}
		fputs("  hit: ", stdout);
		report_where_put(stdout, thing.first);
		printf(": %s", cli_place(place, disc, thing.first->lba));
		if (thing.sectors > 1)
			printf(" and %" PRIu64 " more", thing.sectors - 1);
		if (thing.first->what == SP_WHERE_FILE || thing.first->what == SP_WHERE_RESOURCE)
			printf(", from byte %" PRIu64 " of it on", thing.first->offset);
		fputc('\n', stdout);
	}
}
