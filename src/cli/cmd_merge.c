/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle merge: several dumps of one disc become one, each sector from where it is best. */
#include "cli/convert.h"
#include "cli/plan.h"
#include "cli/repairs.h"
#include "report/printable.h"
#include "report/units.h"

#include <inttypes.h>
#include <string.h>

enum { MERGE_SHOWN = 8 };

static const struct {
	const char *name, *text;
} merge_how[SP_MERGE_HOWS] = {
	[SP_MERGE_EQUAL] = {"equal", "the same in all"},
	[SP_MERGE_EVIDENCE] = {"evidence", "better in one than in others"},
	[SP_MERGE_REPAIRED] = {"repaired", "corrected by P/Q parity"},
	[SP_MERGE_VOTED] = {"voted", "as most have them"},
	[SP_MERGE_PREFERRED] = {"preferred", "different, taken from the preferred one"},
	[SP_MERGE_CONFLICT] = {"conflict", "different, and nothing decides"},
	[SP_MERGE_DAMAGED] = {"damaged", "damaged in all"},
	[SP_MERGE_UNREAD] = {"unread", "in none: never read, or cut short"},
};

/* One run of the command. */
struct merge_run {
	struct sp_input in[SP_MERGE_MAX];
	size_t inputs;
	struct sp_source *source; /* the merged one; it has the inputs' */
	struct sp_merged merged;
	struct sp_target target;
	struct sp_output out;
	struct plan plan;
	struct sp_copy copy;
};

static int merge_open(struct merge_run *run, struct ui *ui, const struct cli_args *args,
		      struct sp_error *err)
{
	struct sp_source *source[SP_MERGE_MAX];
	struct sp_merge merge = {
		.source = source,
		.majority = args->count[OPT_MAJORITY] != 0,
		.prefer = args->number[OPT_PREFER],
	};
	int r = 0;

	if (args->words - 1 > SP_MERGE_MAX)
		return sp_fail(err, SP_ERR_USAGE, "at most %d dumps are merged", SP_MERGE_MAX);
	for (int i = 0; i + 1 < args->words && !r; i++) {
		r = cli_open(&run->in[i], ui, args, args->word[i], CLI_AGAIN | CLI_PLAIN, err);
		if (!r)
			source[run->inputs++] = run->in[i].source;
	}
	merge.sources = run->inputs;
	if (!r)
		r = sp_merge_open(&run->source, &merge, &run->merged, err);
	for (size_t i = 0; !r && i < run->inputs; i++)
		run->in[i].source = NULL; /* taken */
	return r;
}

static void merge_close(struct merge_run *run)
{
	sp_output_close(&run->out);
	plan_close(&run->plan);
	sp_target_clear(&run->target);
	sp_source_close(run->source);
	for (size_t i = 0; i < run->inputs; i++)
		sp_input_close(&run->in[i]);
	sp_runs_free(&run->merged.runs);
}

static void merge_json_runs(struct json *json, const struct sp_runs *runs)
{
	json_array(json, "runs");
	for (size_t i = 0; i < runs->count; i++) {
		const struct sp_run *r = &runs->run[i];

		if (r->what == SP_MERGE_EQUAL)
			continue;
		json_object(json, NULL);
		json_i64(json, "lba", r->lba);
		json_u64(json, "count", r->count);
		json_string(json, "how", merge_how[r->what].name);
		if (r->what == SP_MERGE_UNREAD)
			json_null(json, "source");
		else
			json_u64(json, "source", r->source + 1);
		json_u64(json, "bytes", r->bytes);
		json_end_object(json);
	}
	json_end_array(json);
}

/* `made`: it has its name now. */
static void merge_json(const struct cli_args *args, const struct merge_run *run, bool made)
{
	const struct sp_merged *merged = &run->merged;
	struct json json = {.out = stdout};

	json_object(&json, NULL);
	json_u64(&json, "schema", 1);
	json_bool(&json, "dry_run", args->count[OPT_DRY_RUN] != 0);
	json_bool(&json, "made", made);
	json_string(&json, "dst", run->target.path);
	json_string(&json, "format", run->target.format->name);
	json_array(&json, "sources");
	for (size_t i = 0; i < run->inputs; i++) {
		json_object(&json, NULL);
		json_string(&json, "path", run->in[i].path);
		json_string(&json, "format", run->in[i].format->name);
		json_u64(&json, "sectors", merged->source[i]);
		json_end_object(&json);
	}
	json_end_array(&json);
	json_u64(&json, "sectors", merged->sectors);
	for (unsigned i = 0; i < SP_MERGE_HOWS; i++)
		json_u64(&json, merge_how[i].name, merged->how[i]);
	json_u64(&json, "bytes_repaired", merged->bytes);
	merge_json_runs(&json, &merged->runs);
	json_bool(&json, "verified", made && args->count[OPT_VERIFY]);
	json_end_object(&json);
}

static void merge_text(const struct ui *ui, const struct cli_args *args,
		       const struct merge_run *run, bool made)
{
	const struct sp_merged *merged = &run->merged;
	char list[REPAIRS_LIST], size[UNITS_TEXT];

	fputs(made ? "made " : args->count[OPT_DRY_RUN] ? "would make " : "not made: ", stdout);
	printable_put(stdout, run->target.path);
	printf(" (%s): %" PRIu64 " sectors of %zu dumps%s\n",
	       units_size(size, run->copy.tally.bytes), merged->sectors, run->inputs,
	       made && args->count[OPT_VERIFY] ? ", verified: every sector read back equal" : "");
	for (unsigned i = 0; i < SP_MERGE_HOWS; i++) {
		if (!merged->how[i])
			continue;
		printf("  %" PRIu64 " %s", merged->how[i], merge_how[i].text);
		if (i != SP_MERGE_EQUAL)
			printf(": %s", repairs_list(list, run->source->disc, &merged->runs, i,
						    ui->verbose ? SIZE_MAX : MERGE_SHOWN));
		fputc('\n', stdout);
	}
	for (size_t i = 0; i < run->inputs; i++) {
		if (!merged->source[i])
			continue;
		printf("  %" PRIu64 " of these from ", merged->source[i]);
		printable_put(stdout, run->in[i].path);
		fputc('\n', stdout);
	}
}

static void merge_tell(const struct ui *ui, const struct cli_args *args,
		       const struct merge_run *run, bool made)
{
	if (run->out.format && !run->out.set) /* standard output has the image */
		return;
	if (ui->json)
		merge_json(args, run, made);
	else if (!ui->quiet)
		merge_text(ui, args, run, made);
}

static int merge_conflict(struct ui *ui, const struct merge_run *run)
{
	const uint64_t count = run->merged.how[SP_MERGE_CONFLICT];
	char list[REPAIRS_LIST];

	return ui_error(ui, SP_ERR_DIFFERS,
			"%" PRIu64 " sector%s differ%s and nothing decides: %s (--prefer N takes "
			"the N-th%s); nothing was made",
			count, count == 1 ? "" : "s", count == 1 ? "s" : "",
			repairs_list(list, run->source->disc, &run->merged.runs, SP_MERGE_CONFLICT,
				     MERGE_SHOWN),
			run->inputs > 2 ? ", --majority what most have" : "");
}

static int merge_result(struct ui *ui, const struct cli_args *args, struct merge_run *run)
{
	struct sp_error err;
	int r = 0;

	if (sp_losses_any(&run->copy.losses) && !args->count[OPT_LOSSY])
		return convert_refused(ui, &run->copy.losses);
	if (run->merged.how[SP_MERGE_CONFLICT]) {
		merge_tell(ui, args, run, false);
		return merge_conflict(ui, run);
	}
	if (!args->count[OPT_DRY_RUN]) {
		if (args->count[OPT_VERIFY])
			r = convert_verify(ui, &run->out, run->source,
					   sp_losses_any(&run->copy.losses), &err);
		if (!r)
			r = sp_output_commit(&run->out, &err);
		if (r < 0)
			return ui_fail(ui, &err);
	}
	merge_tell(ui, args, run, !args->count[OPT_DRY_RUN]);
	for (size_t i = 0; i < run->plan.files && !args->count[OPT_FORCE]; i++)
		if (run->plan.file[i]->exists)
			return ui_error(ui, SP_ERR_USAGE, "%s: exists; use --force to replace it",
					run->plan.file[i]->path);
	return run->merged.how[SP_MERGE_UNREAD] ? sp_status_exit(SP_ERR_UNREADABLE) : 0;
}

static int merge_check(const struct cli_args *args, struct sp_error *err)
{
	if (strcmp(args->word[args->words - 1], "-") != 0)
		return 0;
	return sp_fail(err, SP_ERR_USAGE,
		       "a merge may be refused at its end, so it is not written to a pipe");
}

static int merge_run(struct ui *ui, const struct cli_args *args)
{
	const struct sp_options options = {
		.option = args->pair, .options = args->pairs, .notes = &ui->sink};
	struct merge_run run = {0};
	struct sp_error err;
	int code;

	int r = merge_check(args, &err);
	if (!r)
		r = merge_open(&run, ui, args, &err);
	if (!r)
		r = sp_target_find(&run.target, args->word[args->words - 1], args->text[OPT_TO],
				   NULL, &options, &err);
	if (!r)
		r = sp_options_check(&options, NULL, run.target.format, &err);
	if (!r && args->count[OPT_DRY_RUN])
		r = plan_create(&run.plan, &run.target, &err);
	else if (!r)
		r = sp_output_create(&run.out, run.target.path, run.target.format->name,
				     run.target.flags |
					     (args->count[OPT_FORCE] ? SP_OUTSET_FORCE : 0),
				     &run.target.options, &err);
	if (!r && !args->count[OPT_DRY_RUN])
		r = sp_output_room(&run.out, run.source->disc, &err);
	if (!r) {
		run.copy = (struct sp_copy){
			.source = run.source,
			.sink = args->count[OPT_DRY_RUN] ? run.plan.sink : run.out.sink,
			.lossy = args->count[OPT_LOSSY] || args->count[OPT_DRY_RUN],
		};
		r = cli_copy(ui, &run.copy, "merging", &err);
	}
	if (r < 0 && !(r == SP_ERR_LOSSY && sp_losses_any(&run.copy.losses)))
		code = ui_fail(ui, &err);
	else
		code = merge_result(ui, args, &run);
	merge_close(&run);
	return code;
}

const struct cli_command cli_merge = {
	.name = "merge",
	.summary = "Make one good image from several dumps of one disc",
	.usage = "A B... OUT",
	.more = "The dumps have the same layout. Of each sector the one with the best evidence is "
		"taken:\n"
		"a right EDC, then what P/Q parity corrects, then what has no protection, then "
		"what was\n"
		"read with C2 errors, then what is damaged; damaged ones are corrected together "
		"where\n"
		"they differ. Audio that differs is as most of three or more have it. What nothing "
		"decides\n"
		"is listed and refused: exit code 1.",
	.example = "spindle merge first.cue second.cue merged.cue\n"
		   "spindle merge --verify --prefer 2 a.cue b.cue c.cue merged.cue\n"
		   "spindle merge --dry-run --json a.cue b.cue merged.cue",
	.least = 3,
	.most = SP_MERGE_MAX + 1,
	.option = (const unsigned char[]){OPT_MAJORITY, OPT_PREFER, OPT_TO, OPT_SET, OPT_DRY_RUN,
					  OPT_LOSSY, OPT_FORCE, OPT_VERIFY, OPT_NONE},
	.run = merge_run,
};
