/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle verify SRC REF: where two images differ. */
#include "cli/verify.h"

#include "cli/where.h"
#include "report/printable.h"

#include <inttypes.h>

enum { AGAINST_SHOWN = 10 };

static bool against_same(const struct sp_compared *found)
{
	return !found->differ && !found->only_a && !found->only_b && !found->layout[0];
}

static void against_run(const struct sp_input *in, const struct sp_input *ref,
			const struct sp_difference *d)
{
	char place[CLI_PLACE], parts[96];

	printf("  %s", cli_place(place, (d->only_b ? ref : in)->source->disc, d->lba));
	if (d->count > 1)
		printf(" and %" PRIu64 " more", d->count - 1);
	if (d->only_a || d->only_b) {
		fputs(": only in ", stdout);
		printable_put(stdout, d->only_a ? in->path : ref->path);
		fputc('\n', stdout);
		return;
	}
	printf(": %s differ%s, from byte %" PRIu32 " on\n",
	       cli_parts(parts, sizeof(parts), d->parts), d->count > 1 ? "" : "s", d->offset);
}

static void against_text(const struct ui *ui, const struct sp_input *in, const struct sp_input *ref,
			 const struct sp_compared *found, const struct sp_where *where)
{
	const size_t most = ui->verbose ? found->differences : AGAINST_SHOWN;

	printable_put(stdout, in->path);
	fputs(" and ", stdout);
	printable_put(stdout, ref->path);
	if (against_same(found)) {
		printf(" are the same: %" PRIu64 " sectors compared\n", found->same);
		return;
	}
	printf(" differ: %" PRIu64 " sectors compared, %" PRIu64 " equal, %" PRIu64
	       " different, %" PRIu64 " only in the first, %" PRIu64 " only in the second\n",
	       found->sectors, found->same, found->differ, found->only_a, found->only_b);
	if (found->layout[0]) {
		fputs("  layout: ", stdout);
		printable_put(stdout, found->layout);
		fputc('\n', stdout);
	}
	for (size_t i = 0; i < found->differences && i < most; i++)
		against_run(in, ref, &found->difference[i]);
	if (found->differences > most)
		fputs("  ... more with -v or --json\n", stdout);
	where_text(in->source->disc, where, ui->verbose ? SIZE_MAX : AGAINST_SHOWN);
}

/* The files that differ: by the reference's tree, which should be the good one, or else by the
 * other. */
static bool against_look(struct sp_where *where, struct ui *ui, struct sp_input *in,
			 struct sp_input *ref, const struct sp_compared *found)
{
	struct sp_run run[sizeof(found->difference) / sizeof(found->difference[0])];
	const struct sp_runs runs = {.run = run, .count = found->differences};

	*where = (struct sp_where){0};
	for (size_t i = 0; i < runs.count; i++)
		run[i] = (struct sp_run){.lba = found->difference[i].lba,
					 .count = found->difference[i].count};
	if (!runs.count)
		return false;
	struct ui silent = *ui;
	silent.quiet = true;
	if (where_look_in(where, &silent, ref, &runs) && report_where_any(where) && !where->damaged)
		return true;
	sp_where_clear(where);
	return where_look_in(where, ui, in, &runs);
}

static void against_json(const struct sp_input *in, const struct sp_input *ref,
			 const struct sp_compared *found, const struct sp_where *where)
{
	struct json json = {.out = stdout};

	json_object(&json, NULL);
	json_u64(&json, "schema", 1);
	json_string(&json, "path", in->path);
	json_string(&json, "reference", ref->path);
	json_bool(&json, "same", against_same(found));
	json_u64(&json, "sectors", found->sectors);
	json_u64(&json, "equal", found->same);
	json_u64(&json, "different", found->differ);
	json_u64(&json, "only_path", found->only_a);
	json_u64(&json, "only_reference", found->only_b);
	json_string(&json, "layout", found->layout[0] ? found->layout : NULL);
	json_array(&json, "differences");
	for (size_t i = 0; i < found->differences; i++) {
		const struct sp_difference *d = &found->difference[i];
		char parts[96];
		json_object(&json, NULL);
		json_i64(&json, "lba", d->lba);
		json_u64(&json, "count", d->count);
		json_string(&json, "only", d->only_a ? "path" : d->only_b ? "reference" : NULL);
		json_string(&json, "parts", cli_parts(parts, sizeof(parts), d->parts));
		json_u64(&json, "offset", d->offset);
		json_end_object(&json);
	}
	json_end_array(&json);
	if (found->differences)
		report_where_json(&json, where);
	json_end_object(&json);
}

int verify_against(struct ui *ui, struct sp_input *in, struct sp_input *ref)
{
	struct sp_compared found;
	struct sp_where where;
	struct sp_sink *sink = NULL;
	struct sp_error err;

	int r = sp_sink_compare(&sink, ref->source, &found, &err);
	if (!r) {
		struct sp_copy copy = {.source = in->source, .sink = sink};
		r = cli_copy(ui, &copy, "comparing", &err);
	}
	sp_sink_close(sink);
	if (r < 0)
		return ui_fail(ui, &err);
	const bool located = against_look(&where, ui, in, ref, &found);
	if (ui->json)
		against_json(in, ref, &found, located ? &where : NULL);
	else if (!ui->quiet)
		against_text(ui, in, ref, &found, &where);
	sp_where_clear(&where);
	return against_same(&found) ? 0 : sp_status_exit(SP_ERR_DIFFERS);
}
