/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle verify SRC REF: where two images differ. */
#include "cli/verify.h"

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
			 const struct sp_compared *found)
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
}

static void against_json(const struct sp_input *in, const struct sp_input *ref,
			 const struct sp_compared *found)
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
	json_end_object(&json);
}

int verify_against(struct ui *ui, struct sp_input *in, struct sp_input *ref)
{
	struct sp_compared found;
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
	if (ui->json)
		against_json(in, ref, &found);
	else if (!ui->quiet)
		against_text(ui, in, ref, &found);
	return against_same(&found) ? 0 : sp_status_exit(SP_ERR_DIFFERS);
}
